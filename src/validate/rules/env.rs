//! Environment variables: `ValidateEnv`, `ValidateEnvFrom` in `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::files;
use super::found::Findings;
use crate::validate::names;
use crate::validate::quantity::{self, Quantity};

/// What a variable may hold of its own pod.
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// What a file may hold of it.
const FILE_FIELDS: [&str; 5] =
    ["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];
/// `ConvertDownwardAPIFieldLabel` knows these too, and they are refused one step later.
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
];
const HUGE_PAGES: [&str; 2] = ["limits.hugepages-", "requests.hugepages-"];
/// `validContainerResourceDivisorForMemory` and its kin.
const SIZES: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

/// The `env` and `envFrom` of a container.
pub(super) fn check(container: &At<'_>, found: &mut Findings) {
    for variable in container.items("env") {
        if found.filled(&variable, "name") {
            name(&variable, "name", found);
        }
        if let Some(from) = variable.get("valueFrom") {
            value_from(&variable, &from, found);
        }
    }
    for source in container.items("envFrom") {
        env_from(&source, found);
    }
}

/// `IsRelaxedEnvVarName`, and before 1.32 `IsEnvVarName`.
fn name(at: &At<'_>, field: &str, found: &mut Findings) {
    if names::strict_env_name(at.words(field)).is_err() {
        let rule = if found.since(32) { names::env_name } else { names::strict_env_name };
        found.named(at, field, rule);
    }
}

/// `validateEnvVarValueFrom`
fn value_from(variable: &At<'_>, from: &At<'_>, found: &mut Findings) {
    if let Some(field) = from.get("fieldRef") {
        field_ref(&field, false, found);
    }
    if let Some(field) = from.get("resourceFieldRef") {
        resource_field_ref(&field, false, found);
    }
    for source in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(source) = from.get(source) {
            key_ref(&source, found);
        }
    }
    if let Some(file) = from.get("fileKeyRef") {
        file_key_ref(&file, found);
    }
    let count = SOURCES.iter().filter(|source| from.has(source)).count();
    if count == 0 {
        found.refuse(from, "`valueFrom` names no source").help(format!("its sources are {}", super::list(&SOURCES)));
    } else if !variable.words("value").is_empty() {
        let finding = found.refuse(from, "a variable has a `value` or a `valueFrom`, and not both");
        if let Some(value) = variable.get("value") {
            finding.beside(&value);
        }
    } else if count > 1 {
        found.refuse(from, "`valueFrom` takes one source, and here are several");
    }
}

/// `ValidateEnvFrom`
fn env_from(source: &At<'_>, found: &mut Findings) {
    if !source.words("prefix").is_empty() {
        name(source, "prefix", found);
    }
    for kind in ["configMapRef", "secretRef"] {
        if let Some(reference) = source.get(kind)
            && found.required(&reference, "name")
        {
            found.named(&reference, "name", names::subdomain_prefix);
        }
    }
    match (source.has("configMapRef"), source.has("secretRef")) {
        (true, true) => {
            found.refuse(source, "`configMapRef` or `secretRef`, and not both");
        }
        (false, false) => {
            found.refuse(source, "`envFrom` names no source").help("write `configMapRef` or `secretRef`");
        }
        _ => {}
    }
}

/// `validateObjectFieldSelector`, with `ConvertDownwardAPIFieldLabel` in `pkg/apis/core/pods/helpers.go`.
pub(super) fn field_ref(field: &At<'_>, file: bool, found: &mut Findings) {
    if !found.filled(field, "fieldPath") {
        return;
    }
    let (Some(at), path) = (field.get("fieldPath"), field.words("fieldPath")) else { return };
    if !matches!(field.words("apiVersion"), "" | "v1") {
        let version = field.get("apiVersion");
        let message = format!("`apiVersion` is `{}`, and it can only be `v1`", super::shown(field.words("apiVersion")));
        found.refuse(version.as_ref().unwrap_or(&at), message);
        return;
    }
    if let Some((of, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        match of {
            "metadata.annotations" => {
                found.name(&at, names::annotation_key(key));
            }
            "metadata.labels" => {
                found.name(&at, names::label_key(key));
            }
            _ => {
                found.refuse(&at, format!("`{}` has no keys to choose from", super::shown(of)));
            }
        }
        return;
    }
    let allowed: &[&str] = if file { &FILE_FIELDS } else { &FIELDS };
    // The old name of a field that is still understood.
    if allowed.contains(&path) || (path == "spec.host" && !file) {
        return;
    }
    let message = format!("`{}` is not a field that a pod can be told of itself", super::shown(path));
    let finding = found.refuse(&at, message);
    let quoted = path.split_once('[').and_then(|(of, key)| Some((of, key.strip_suffix(']')?)));
    match quoted.filter(|(of, _)| matches!(*of, "metadata.labels" | "metadata.annotations")) {
        Some((of, key)) => finding.help(format!("write the key in quotes, as in `{of}['{}']`", key.trim_matches('"'))),
        None if matches!(path, "metadata.labels" | "metadata.annotations") => {
            finding.help(format!("choose one by its key, as in `{path}['KEY']`"))
        }
        None => finding.help(format!("its fields are {}", super::list(allowed))),
    };
}

/// `validateContainerResourceFieldSelector`
pub(super) fn resource_field_ref(field: &At<'_>, file: bool, found: &mut Findings) {
    if file && !found.required(field, "containerName") {
        return;
    }
    if !found.filled(field, "resource") {
        return;
    }
    let resource = field.words("resource");
    let huge = HUGE_PAGES.iter().any(|prefix| resource.starts_with(prefix));
    if let Some(at) = field.get("resource").filter(|_| !huge && !RESOURCES.contains(&resource)) {
        let message = format!("`{}` is not a resource that a container can be told of itself", super::shown(resource));
        let finding = found.refuse(&at, message);
        finding.help.extend(crate::diag::nearest(resource, RESOURCES).map(|meant| format!("did you mean `{meant}`?")));
        finding.help(format!("its resources are {}", super::list(&RESOURCES)));
    }
    divisor(field, resource, huge, found);
}

/// `validateContainerResourceDivisor`, which compares texts: the author's own where `ParseQuantity` keeps it, else the
/// canonical one, in which a number with a binary unit is never one with a decimal unit.
fn divisor(field: &At<'_>, resource: &str, huge: bool, found: &mut Findings) {
    let Some(at) = field.get("divisor") else { return };
    let Some(amount) = super::amount(at.value()).filter(|amount| *amount != Quantity::ZERO) else { return };
    let text = quantity::text_of(at.value()).unwrap_or_default();
    let (allowed, words): (&[&str], _) = match resource {
        "limits.cpu" | "requests.cpu" => (&["1m", "1"], "`1m` and `1`"),
        _ if huge || RESOURCES.contains(&resource) => (&SIZES, "`1`, `1k` to `1E` and `1Ki` to `1Ei`"),
        _ => return,
    };
    let fits = if quantity::keeps_spelling(&text) {
        allowed.contains(&text.as_ref())
    } else {
        // Below 1024 the canonical text has no binary unit, and with an exponent it has no unit at all.
        let binary = text.ends_with('i') && amount.units() >= 1024;
        let exponent = text.trim_end_matches('E').contains(['e', 'E']);
        let unit = |text: &str| text.ends_with('i') == binary && (!exponent || text == "1");
        let spellings = allowed.iter().filter(|text| **text == "1" || unit(text));
        spellings.into_iter().any(|text| quantity::parse(text).is_ok_and(|size| size == amount))
    };
    if !fits {
        found.refuse(&at, format!("the divisor of `{resource}` can be {words}"));
    }
}

/// `validateConfigMapKeySelector`, `validateSecretKeySelector`
fn key_ref(reference: &At<'_>, found: &mut Findings) {
    if found.required(reference, "name") {
        found.named(reference, "name", names::dns1123_subdomain);
    }
    if found.filled(reference, "key") {
        found.named(reference, "key", names::config_map_key);
    }
}

/// `validateFileKeySelector`
fn file_key_ref(reference: &At<'_>, found: &mut Findings) {
    if found.filled(reference, "volumeName") {
        found.named(reference, "volumeName", names::dns1123_label);
    }
    if found.filled(reference, "key") {
        found.named(reference, "key", names::env_name);
    }
    if found.filled(reference, "path") {
        // An absolute path is accepted, whatever the documentation says (answers of kube-apiserver 1.36).
        files::non_reserved(reference, "path", found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn variable(variable: Value) -> Vec<String> {
        let found = found_by(json!({ "env": [variable] }), check);
        found.into_iter().map(|pointer| pointer.replace("/env/0", "")).collect()
    }

    fn from(source: Value) -> Vec<String> {
        let found = variable(json!({"name": "A", "valueFrom": source}));
        found.into_iter().map(|pointer| pointer.replace("/valueFrom", "")).collect()
    }

    /// `pkg/apis/core/validation.ValidateEnv`
    #[test]
    fn validate_env() {
        assert_eq!(variable(json!({"name": "a b", "value": "c"})), NONE);
        assert_eq!(variable(json!({"name": ""})), ["/name"]);
        assert_eq!(variable(json!({"name": "=x"})), ["/name"]);
        assert_eq!(found_in(31, json!({"env": [{"name": "a b"}]}), check), ["/env/0/name"]);
    }

    /// `pkg/apis/core/validation.validateEnvVarValueFrom`
    #[test]
    fn validate_env_var_value_from() {
        let secret = json!({"name": "s", "key": "k"});
        assert_eq!(from(json!({"secretKeyRef": secret})), NONE);
        assert_eq!(
            from(json!({"secretKeyRef": {"name": "S_", "key": ""}})),
            ["/secretKeyRef/name", "/secretKeyRef/key"]
        );
        assert_eq!(from(json!({"configMapKeyRef": {"key": "a/b"}})), ["/configMapKeyRef", "/configMapKeyRef/key"]);
        assert_eq!(from(json!({})), [""]);
        assert_eq!(from(json!({"secretKeyRef": secret, "fieldRef": {"fieldPath": "metadata.name"}})), [""]);
        let both = variable(json!({"name": "A", "value": "x", "valueFrom": {"secretKeyRef": secret}}));
        assert_eq!(both, ["/valueFrom"]);
    }

    /// `pkg/apis/core/validation.validateObjectFieldSelector`
    #[test]
    fn validate_object_field_selector() {
        let path = |path: &str| from(json!({"fieldRef": {"fieldPath": path}})).len();
        for good in ["metadata.name", "status.podIPs", "metadata.labels['a.b/c']", "metadata.annotations['A/b']"] {
            assert_eq!(path(good), 0, "{good}");
        }
        for bad in
            ["metadata.labels", "metadata.labels[a]", "metadata.labels['a b']", "status.phase", "metadata.name['a']"]
        {
            assert_eq!(path(bad), 1, "{bad}");
        }
        assert_eq!(from(json!({"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}})).len(), 1);
    }

    /// `pkg/apis/core/validation.validateContainerResourceFieldSelector`, `validateContainerResourceDivisor`
    #[test]
    fn validate_container_resource_field_selector() {
        let one = |resource: &str, divisor: &str| {
            from(json!({"resourceFieldRef": {"resource": resource, "divisor": divisor}}))
        };
        assert_eq!(one("limits.cpu", "1m"), NONE);
        assert_eq!(one("limits.memory", "1Mi"), NONE);
        assert_eq!(one("requests.hugepages-2Mi", "1"), NONE);
        for (bad, good) in [("2", "1000m"), ("+1", "1.0"), ("1e-3", "0.001")] {
            assert_eq!(one("limits.cpu", bad), ["/resourceFieldRef/divisor"], "{bad}");
            assert_eq!(one("limits.cpu", good), NONE, "{good}");
        }
        assert_eq!([one("limits.memory", "1000"), one("limits.memory", "1024Ki")], [NONE, NONE]);
        for bad in ["1m", "1024", "1e3", "2Mi", "+1Mi", "01", "1e0", "1."] {
            assert_eq!(one("limits.memory", bad), ["/resourceFieldRef/divisor"], "{bad}");
        }
        assert_eq!(one("limits.gpu", "0"), ["/resourceFieldRef/resource"]);
        assert_eq!(one("", "0"), ["/resourceFieldRef/resource"]);
    }

    /// `pkg/apis/core/validation.validateFileKeySelector`
    #[test]
    fn validate_file_key_selector() {
        let file = |volume: &str, path: &str, key: &str| {
            from(json!({"fileKeyRef": {"volumeName": volume, "path": path, "key": key}})).len()
        };
        assert_eq!([file("v", "a/b.env", "KEY"), file("v", "/a", "KEY")], [0, 0]);
        assert_eq!(file("V", "../a", "="), 3);
        assert_eq!(file("", "", ""), 3);
    }

    /// `pkg/apis/core/validation.ValidateEnvFrom`
    #[test]
    fn validate_env_from() {
        let one = |source: Value| found_by(json!({ "envFrom": [source] }), check);
        assert_eq!(one(json!({"prefix": "P_", "configMapRef": {"name": "c"}})), NONE);
        assert_eq!(one(json!({})), ["/envFrom/0"]);
        assert_eq!(one(json!({"configMapRef": {"name": "c"}, "secretRef": {"name": "s"}})), ["/envFrom/0"]);
        assert_eq!(
            one(json!({"secretRef": {"name": "BAD"}, "prefix": "="})),
            ["/envFrom/0/prefix", "/envFrom/0/secretRef/name"]
        );
        assert_eq!(one(json!({"secretRef": {}})), ["/envFrom/0/secretRef"]);
    }
}
