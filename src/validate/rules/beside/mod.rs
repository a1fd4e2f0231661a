//! Objects that go with a task: rules for all objects, and more for the kinds in `schemas/k8s/beside.txt`.

mod access;
mod data;
mod kinds;
mod network;

use serde_json::Value;

use super::at::At;
use super::found::Findings;
use super::{claims, meta, shown};
use crate::diag::{Code, Severity};
use crate::validate::names::{self, NameError};
use crate::validate::{Finding, FindingKind, Options, SchemaNode, Version, check, nulls, once};

/// Everything that is wrong with an object beside a task, for a Kubernetes of that version.
pub(in crate::validate) fn object(value: &Value, version: Version) -> Vec<Finding> {
    let mut found = Findings::new(version);
    let object = At::root(value);
    let (api, kind) = (object.words("apiVersion"), object.words("kind"));
    of_any(&object, &mut found);
    let Some(schema) = SchemaNode::object(api, kind) else {
        unread_nulls(value, api, &mut found);
        of_unknown(&object, &mut found);
        return found.into_findings();
    };
    let mut findings = check(value, schema, Options { version, partial: false });
    let beyond = of_kind(&object, kind, found);
    let again = |mended: &Value| {
        let mut found = Findings::new(version);
        of_any(&At::root(mended), &mut found);
        of_kind(&At::root(mended), kind, found)
    };
    findings.extend(once::told(value, &findings, beyond, again));
    findings
}

/// What holds for an object of any kind.
fn of_any(object: &At<'_>, found: &mut Findings) {
    let (api, kind) = (object.words("apiVersion"), object.words("kind"));
    kinds::check(object, found);
    if let Some(metadata) = object.get("metadata") {
        found.named(&metadata, "name", name_rule(api, kind));
        if !metadata.words("namespace").is_empty() {
            found.named(&metadata, "namespace", names::namespace);
        }
        meta::object(&metadata, found);
        copied(&metadata, found);
    }
}

/// Nulls whose meaning only the schema of a kind could tell, and that are never written. In a kind of Kubernetes' own a
/// member that is null is absent; the controller of a custom kind may read it otherwise.
fn unread_nulls(value: &Value, api: &str, found: &mut Findings) {
    for pointer in nulls::places(value) {
        let Some((parent, last)) = pointer.rsplit_once('/') else { continue };
        let in_list = value.pointer(parent).is_some_and(Value::is_array);
        let elsewhere = nulls::built_in(api) || ["/metadata/", "/status"].iter().any(|part| pointer.starts_with(part));
        let (severity, message, help) = match (in_list, elsewhere) {
            (true, _) => {
                let list = parent.rsplit('/').next().unwrap_or_default();
                let message = format!("`{list}[{last}]` is null, and no null is written");
                (Severity::Error, message, "remove the item, or write the value that is meant, such as `\"\"`")
            }
            (false, true) => continue,
            (false, false) => {
                let name = last.replace("~1", "/").replace("~0", "~");
                let message = format!("`{name}` is null, and no null is written: it is left out");
                (Severity::Warning, message, "remove it, or write the value that is meant, such as `\"\"`")
            }
        };
        found.push(Finding {
            pointer: pointer.clone(),
            at_key: !in_list,
            code: Code::ResourceInvalid,
            severity,
            message,
            help: vec![help.to_owned()],
            kind: FindingKind::Rule,
            within: None,
            beside: None,
        });
    }
}

/// The types of name and namespace, which the structure of a known kind has.
fn of_unknown(object: &At<'_>, found: &mut Findings) {
    let Some(metadata) = object.get("metadata") else { return };
    for field in ["name", "namespace"] {
        if let Some(at) = metadata.get(field).filter(|at| !at.value().is_string()) {
            kinds::wrong_type(&at, found);
        }
    }
}

/// What more holds for one of the kinds that we know.
fn of_kind(object: &At<'_>, kind: &str, mut found: Findings) -> Vec<Finding> {
    match kind {
        "ConfigMap" => data::config_map(object, &mut found),
        "Secret" => data::secret(object, &mut found),
        "Role" | "ClusterRole" => access::role(object, &mut found),
        "RoleBinding" | "ClusterRoleBinding" => access::binding(object, &mut found),
        "PersistentVolumeClaim" => match object.get("spec") {
            Some(spec) => claims::claim(&spec, &mut found),
            None => drop(found.missing(object, "spec", "")),
        },
        "NetworkPolicy" => network::policy(object, &mut found),
        _ => {}
    }
    found.into_findings()
}

/// What the name of an object must be: `ValidateObjectMeta` in each kind's `Validate…` function.
fn name_rule(api: &str, kind: &str) -> fn(&str) -> Result<(), NameError> {
    match (api.split_once('/').map_or("", |(group, _)| group), kind) {
        // `minimalNameRequirements` in `pkg/apis/rbac/validation`.
        ("rbac.authorization.k8s.io", _) => names::path_segment,
        ("", "Namespace") => names::namespace,
        ("", "Service") => names::dns1123_label,
        _ => names::dns1123_subdomain,
    }
}

/// What only the server writes, and what stands in a file that was copied from a live object.
fn copied(metadata: &At<'_>, found: &mut Findings) {
    const HELP: &str = "remove it: the file was copied from an object of a cluster";
    if !metadata.words("resourceVersion").is_empty()
        && let Some(at) = metadata.get("resourceVersion")
    {
        // `BeforeCreate` and `GuaranteedUpdate` in `k8s.io/apiserver/pkg/registry`.
        found.refuse(&at, "an object with a `resourceVersion` cannot be made, only changed").at_key().help(HELP);
    }
    if !metadata.words("uid").is_empty()
        && let Some(at) = metadata.get("uid")
    {
        let finding = found.refuse(&at, "no other object than the one with this `uid` can be changed by this file");
        finding.at_key().help(HELP).severity = Severity::Warning;
    }
    if !metadata.list("managedFields").is_empty()
        && let Some(at) = metadata.get("managedFields")
    {
        let finding = found.refuse(&at, "server-side apply refuses an object with `managedFields`");
        finding.at_key().help(HELP).severity = Severity::Warning;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::NONE;
    use super::*;
    use crate::validate::SCHEMA_VERSION;
    use serde_json::json;

    fn pointers(value: Value) -> Vec<String> {
        object(&value, SCHEMA_VERSION).into_iter().map(|finding| finding.pointer).collect()
    }

    /// The names of each kind: `ValidateConfigMapName`, `minimalNameRequirements`, `ValidateNamespaceName`, and that of
    /// custom objects in `k8s.io/apiextensions-apiserver/pkg/registry/customresource`.
    #[test]
    fn validate_object_meta_name_by_kind() {
        let named = |version: &str, kind: &str, name: &str| {
            pointers(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}}))
        };
        let rbac = "rbac.authorization.k8s.io/v1";
        for (version, kind, good, bad) in [
            ("v1", "ConfigMap", "a.b", "A"),
            ("v1", "ServiceAccount", "a.b", "a_b"),
            ("v1", "Namespace", "a-b", "a.b"),
            (rbac, "Role", "system:a_B", "a/b"),
            (rbac, "ClusterRole", "a b", "."),
            ("example.com/v1", "Thing", "a.b", "a:b"),
        ] {
            assert_eq!(named(version, kind, good), NONE, "{kind} {good}");
            assert_eq!(named(version, kind, bad), ["/metadata/name"], "{kind} {bad}");
        }
    }

    #[test]
    fn an_unknown_kind_has_any_field_and_a_known_one_its_own() {
        let meta = json!({"name": "a", "labels": {"x y": "z"}, "namespace": "B"});
        let custom = json!({"apiVersion": "a.b/v1", "kind": "C", "metadata": meta, "spec": {"x": 1}});
        assert_eq!(pointers(custom), ["/metadata/namespace", "/metadata/labels/x y"]);
        let known = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "secret": []});
        let findings = object(&known, SCHEMA_VERSION);
        assert_eq!(findings[0].pointer, "/secret");
        assert_eq!(findings[0].help, ["did you mean `secrets`?"]);
    }

    #[test]
    fn name_and_namespace_of_any_kind_are_texts() {
        for (version, kind) in [("v1", "ConfigMap"), ("example.com/v1", "Thing")] {
            for odd in [json!(5), json!(true), json!(["x"]), json!({"a": 1})] {
                let meta = json!({"name": "a", "namespace": odd});
                let object = json!({"apiVersion": version, "kind": kind, "metadata": meta});
                assert_eq!(pointers(object), ["/metadata/namespace"], "{kind}");
                let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": odd}});
                assert_eq!(pointers(object), ["/metadata/name"], "{kind}");
            }
        }
    }

    #[test]
    fn a_file_copied_from_a_live_object_is_told() {
        let meta = json!({"name": "a", "resourceVersion": "1", "uid": "u", "managedFields": [{"manager": "m"}],
            "creationTimestamp": null});
        let findings = object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}), SCHEMA_VERSION);
        let said: Vec<(&str, Severity)> = findings.iter().map(|f| (f.pointer.as_str(), f.severity)).collect();
        assert_eq!(
            said,
            [
                ("/metadata/resourceVersion", Severity::Error),
                ("/metadata/uid", Severity::Warning),
                ("/metadata/managedFields", Severity::Warning),
            ]
        );
    }

    #[test]
    fn a_null_that_only_a_schema_could_explain_is_reported() {
        let found = |api: &str, kind: &str, spec: Value| {
            let meta = json!({"name": "a", "creationTimestamp": null});
            let findings = object(
                &json!({"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec, "status": null}),
                SCHEMA_VERSION,
            );
            findings.into_iter().map(|finding| (finding.pointer, finding.severity)).collect::<Vec<_>>()
        };
        let spec = json!({"a": null, "l": [1, null]});
        let (member, item) = (("/spec/a".to_owned(), Severity::Warning), ("/spec/l/1".to_owned(), Severity::Error));
        assert_eq!(found("example.com/v1", "Thing", spec.clone()), [member, item.clone()]);
        assert_eq!(found("apps/v1", "Deployment", spec), [item]);
    }
}
