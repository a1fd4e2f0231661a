//! Updates of an object that the Kubernetes API server refuses: the fields that cannot change once the object exists.
//!
//! Source: the functions for updates in Kubernetes 1.36, named at each rule: `pkg/apis/core/validation`,
//! `pkg/apis/batch/validation` and `pkg/apis/rbac/validation` (`validation.go` in each).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// How a value that SOPS encrypted begins. Two of them can differ and mean the same.
const ENCRYPTED: &str = "ENC[";

/// The fields that an update changes and that cannot change, by their paths; none if the API server accepts the update.
/// Both states are in normal form: defaults left out, amounts in one spelling, `stringData` moved to `data`.
pub(super) fn refused_fields(old: &Value, new: &Value) -> Vec<&'static str> {
    let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = text(new, "apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = text(new, "kind");
    if text(old, "kind") != kind {
        return Vec::new();
    }
    match (group, kind.as_str()) {
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => role_binding(old, new),
        ("", "ConfigMap") => config_map(old, new),
        ("", "Secret") => secret(old, new),
        ("", "PersistentVolumeClaim") => persistent_volume_claim(old, new),
        ("batch", "Job") => job(old, new),
        _ => Vec::new(),
    }
}

/// `ValidateRoleBindingUpdate` and `ValidateClusterRoleBindingUpdate`: `roleRef` is immutable.
fn role_binding(old: &Value, new: &Value) -> Vec<&'static str> {
    changed_of(old, new, &["/roleRef"])
}

/// `ValidateConfigMapUpdate`: with `immutable: true`, neither that nor the data can change.
fn config_map(old: &Value, new: &Value) -> Vec<&'static str> {
    match is_immutable(old) {
        true => changed_of(old, new, &["/immutable", "/data", "/binaryData"]),
        false => Vec::new(),
    }
}

/// `ValidateSecretUpdate`: `type` is immutable; with `immutable: true`, neither that nor the data can change.
fn secret(old: &Value, new: &Value) -> Vec<&'static str> {
    // `SetDefaults_Secret`: the type of a Secret that has none is `Opaque`.
    let mut found = Vec::new();
    let kind = |object: &Value| object.get("type").cloned().unwrap_or_else(|| "Opaque".into());
    if differ(Some(&kind(old)), Some(&kind(new))) {
        found.push("type");
    }
    if is_immutable(old) {
        found.extend(changed_of(old, new, &["/immutable"]));
        // A Secret that SOPS encrypted is not in normal form: its texts still stand in `stringData`.
        let data = |object: &Value| {
            let parts = ["data", "stringData"].into_iter().filter_map(|name| object.get(name)?.as_object());
            parts.flatten().map(|(key, value)| (key.clone(), value.clone())).collect::<Map<String, Value>>()
        };
        if differ(Some(&data(old).into()), Some(&data(new).into())) {
            found.push("data");
        }
    }
    found
}

/// `ValidatePersistentVolumeClaimUpdate`: the spec is immutable, but for a larger request of storage and
/// `volumeAttributesClassName`. What only the cluster knows (the class that it filled in, the volume that it bound) is not
/// judged, so a field that the old state leaves out may be added.
fn persistent_volume_claim(old: &Value, new: &Value) -> Vec<&'static str> {
    let mut found = changed_of(old, new, &["/spec/accessModes", "/spec/selector"]);
    for pointer in ["/spec/storageClassName", "/spec/volumeName"] {
        if old.pointer(pointer).is_some_and(|value| *value != "" || pointer == "/spec/storageClassName") {
            found.extend(changed_of(old, new, &[pointer]));
        }
    }
    // `SetDefaults_PersistentVolumeClaimSpec`
    let mode = |object: &Value| object.pointer("/spec/volumeMode").cloned().unwrap_or_else(|| "Filesystem".into());
    if mode(old) != mode(new) {
        found.push("spec.volumeMode");
    }
    let size = |object: &Value| amount(object.pointer("/spec/resources/requests/storage")?);
    if size(old).zip(size(new)).is_some_and(|(old, new)| new < old) {
        found.push("spec.resources.requests.storage");
    }
    found
}

/// `ValidateJobUpdate` with `ValidateJobSpecUpdate`, `validateCompletions` and `validatePodTemplateUpdate`.
fn job(old: &Value, new: &Value) -> Vec<&'static str> {
    const IMMUTABLE: [&str; 6] = [
        "/spec/selector",
        "/spec/completionMode",
        "/spec/podFailurePolicy",
        "/spec/backoffLimitPerIndex",
        "/spec/managedBy",
        "/spec/successPolicy",
    ];
    let mut found = changed_of(old, new, &IMMUTABLE);
    let template = |object: &Value| {
        let mut template = object.pointer("/spec/template").cloned().unwrap_or_default();
        // Where the pods of a Job go can change until it has started.
        if old.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
            drop_scheduling(&mut template);
        }
        template
    };
    if template(old) != template(new) {
        found.push("spec.template");
    }
    let number = |object: &Value, name: &str| object.pointer(&format!("/spec/{name}")).and_then(Value::as_u64);
    // `SetDefaults_Job`: one completion, where neither number is given.
    let completions =
        |object: &Value| number(object, "completions").or_else(|| number(object, "parallelism").is_none().then_some(1));
    let indexed = new.pointer("/spec/completionMode").is_some_and(|mode| mode == "Indexed");
    let scaled = indexed && completions(new) == Some(number(new, "parallelism").unwrap_or(1));
    if completions(old) != completions(new) && !scaled {
        found.push("spec.completions");
    }
    found
}

/// Removes from a pod template what says where its pods go.
fn drop_scheduling(template: &mut Value) {
    for (pointer, names) in [
        ("/metadata", &["labels", "annotations"][..]),
        ("/spec", &["nodeSelector", "tolerations", "schedulingGates"]),
        ("/spec/affinity", &["nodeAffinity"]),
    ] {
        if let Some(Value::Object(members)) = template.pointer_mut(pointer) {
            members.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
    let empty = |value: Option<&Value>| value.and_then(Value::as_object).is_some_and(Map::is_empty);
    if let Some(Value::Object(spec)) = template.get_mut("spec")
        && empty(spec.get("affinity"))
    {
        spec.remove("affinity");
    }
    if let Value::Object(members) = template
        && empty(members.get("metadata"))
    {
        members.remove("metadata");
    }
}

fn is_immutable(object: &Value) -> bool {
    object.get("immutable") == Some(&Value::Bool(true))
}

/// Those of some fields that differ.
fn changed_of(old: &Value, new: &Value, pointers: &[&'static str]) -> Vec<&'static str> {
    let changed = pointers.iter().filter(|pointer| differ(old.pointer(pointer), new.pointer(pointer)));
    changed.map(|pointer| shown(pointer)).collect()
}

/// A pointer in the form in which Kubernetes writes paths.
fn shown(pointer: &'static str) -> &'static str {
    match pointer {
        "/spec/accessModes" => "spec.accessModes",
        "/spec/backoffLimitPerIndex" => "spec.backoffLimitPerIndex",
        "/spec/completionMode" => "spec.completionMode",
        "/spec/managedBy" => "spec.managedBy",
        "/spec/podFailurePolicy" => "spec.podFailurePolicy",
        "/spec/selector" => "spec.selector",
        "/spec/storageClassName" => "spec.storageClassName",
        "/spec/successPolicy" => "spec.successPolicy",
        "/spec/volumeName" => "spec.volumeName",
        top => &top[1..],
    }
}

/// Whether two values are certain to differ. Encrypted texts are never certain to; an empty map or list is as good as none.
fn differ(old: Option<&Value>, new: Option<&Value>) -> bool {
    let encrypted = |value: &Value| value.as_str().is_some_and(|text| text.starts_with(ENCRYPTED));
    let nothing = |value: &&Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    match (old.filter(|value| !nothing(value)), new.filter(|value| !nothing(value))) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            // A key with an empty value is a key.
            names.into_iter().any(|name| match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => differ(Some(old), Some(new)),
                _ => true,
            })
        }
        (Some(old), Some(new)) => old != new && !encrypted(old) && !encrypted(new),
        (old, new) => old != new,
    }
}

/// An amount in normal form, in thousandths of its unit; `None` if it is not an amount.
fn amount(value: &Value) -> Option<u128> {
    const UNITS: [(&str, u128); 5] =
        [("Ti", 1000 << 40), ("Gi", 1000 << 30), ("Mi", 1000 << 20), ("Ki", 1000 << 10), ("m", 1)];
    let text = value.as_str()?;
    let unit = UNITS.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (digits, unit) = unit.unwrap_or((text, 1000));
    digits.parse::<u128>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(version: &str, kind: &str, parts: Value) -> Value {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}});
        let members = parts.as_object().expect("a map").clone();
        object.as_object_mut().expect("a map").extend(members);
        object
    }

    #[track_caller]
    fn refused(version: &str, kind: &str, old: Value, new: Value, fields: &[&str]) {
        let (old, new) = (with(version, kind, old), with(version, kind, new));
        assert_eq!(refused_fields(&old, &new), fields, "{old} {new}");
        assert!(refused_fields(&new, &new).is_empty());
    }

    #[test]
    fn validate_role_binding_update() {
        let version = "rbac.authorization.k8s.io/v1";
        let to = |role: &str| json!({"roleRef": {"kind": "Role", "name": role}, "subjects": [{"name": role}]});
        refused(version, "RoleBinding", to("a"), to("b"), &["roleRef"]);
        refused(version, "ClusterRoleBinding", to("a"), to("b"), &["roleRef"]);
        refused("example.com/v1", "RoleBinding", to("a"), to("b"), &[]);
        let subjects = json!({"roleRef": {"kind": "Role", "name": "a"}, "subjects": []});
        refused(version, "RoleBinding", to("a"), subjects, &[]);
    }

    #[test]
    fn validate_config_map_update() {
        let of = |immutable: bool, text: &str| json!({"immutable": immutable, "data": {"a": text}});
        refused("v1", "ConfigMap", of(true, "1"), of(true, "2"), &["data"]);
        refused("v1", "ConfigMap", of(true, "1"), of(false, "1"), &["immutable"]);
        refused(
            "v1",
            "ConfigMap",
            of(true, "1"),
            json!({"binaryData": {"b": "QQ=="}}),
            &["immutable", "data", "binaryData"],
        );
        refused("v1", "ConfigMap", of(false, "1"), of(true, "2"), &[]);
        refused("v1", "ConfigMap", json!({"data": {}, "immutable": true}), json!({"immutable": true}), &[]);
        let empty_key = json!({"immutable": true, "data": {"a": "1", "b": ""}});
        refused("v1", "ConfigMap", of(true, "1"), empty_key, &["data"]);
    }

    #[test]
    fn validate_secret_update() {
        let of = |kind: &str, text: &str| json!({"type": kind, "data": {"a": text}});
        refused("v1", "Secret", of("Opaque", "QQ=="), of("kubernetes.io/tls", "Qg=="), &["type"]);
        refused("v1", "Secret", of("kubernetes.io/tls", "QQ=="), json!({"data": {"a": "QQ=="}}), &["type"]);
        refused("v1", "Secret", of("Opaque", "QQ=="), json!({"data": {"a": "Qg=="}}), &[]);
        let fixed = |text: &str| json!({"immutable": true, "data": {"a": text}});
        refused("v1", "Secret", fixed("QQ=="), fixed("Qg=="), &["data"]);
        refused("v1", "Secret", fixed("QQ=="), json!({"data": {"a": "QQ=="}}), &["immutable"]);
        refused("v1", "Secret", fixed("ENC[AES256,1]"), fixed("ENC[AES256,2]"), &[]);
        let more = json!({"immutable": true, "data": {"a": "ENC[x]"}, "stringData": {"b": "ENC[y]"}});
        refused("v1", "Secret", fixed("ENC[AES256,1]"), more, &["data"]);
    }

    #[test]
    fn validate_persistent_volume_claim_update() {
        let of = |name: &str, value: Value| json!({"spec": {name: value}});
        let size = |text: &str| of("resources", json!({"requests": {"storage": text}}));
        let case = |old: Value, new: Value, fields: &[&str]| refused("v1", "PersistentVolumeClaim", old, new, fields);
        case(size("10Gi"), size("5Gi"), &["spec.resources.requests.storage"]);
        case(size("1Ti"), size("1000Gi"), &["spec.resources.requests.storage"]);
        case(size("5Gi"), size("10Gi"), &[]);
        case(size("1Gi"), size("2000000000"), &[]);
        case(
            of("accessModes", json!(["ReadWriteOnce"])),
            of("accessModes", json!(["ReadWriteMany"])),
            &["spec.accessModes"],
        );
        case(of("storageClassName", "a".into()), of("storageClassName", "b".into()), &["spec.storageClassName"]);
        case(of("storageClassName", "a".into()), json!({"spec": {}}), &["spec.storageClassName"]);
        // The class that the cluster filled in is not known, and may be this one.
        case(json!({"spec": {}}), of("storageClassName", "b".into()), &[]);
        case(json!({"spec": {}}), of("volumeName", "b".into()), &[]);
        case(of("volumeName", "a".into()), of("volumeName", "b".into()), &["spec.volumeName"]);
        case(json!({"spec": {}}), of("volumeMode", "Block".into()), &["spec.volumeMode"]);
        case(json!({"spec": {}}), of("volumeMode", "Filesystem".into()), &[]);
        case(json!({"spec": {}}), of("volumeAttributesClassName", "fast".into()), &[]);
    }

    #[test]
    fn validate_job_update() {
        let case = |old: Value, new: Value, fields: &[&str]| {
            refused("batch/v1", "Job", json!({"spec": old}), json!({"spec": new}), fields);
        };
        let image = |image: &str| json!({"template": {"spec": {"containers": [{"name": "a", "image": image}]}}});
        case(image("x:1"), image("x:2"), &["spec.template"]);
        case(json!({"selector": {"matchLabels": {"a": "b"}}}), json!({}), &["spec.selector"]);
        case(json!({"completions": 2}), json!({"completions": 3}), &["spec.completions"]);
        case(json!({}), json!({"completions": 1, "parallelism": 1}), &[]);
        case(json!({"parallelism": 2}), json!({"parallelism": 3, "backoffLimit": 1, "suspend": true}), &[]);
        let indexed = |completions: u64, parallelism: u64| json!({"completionMode": "Indexed", "completions": completions, "parallelism": parallelism});
        case(indexed(2, 2), indexed(3, 3), &[]);
        case(indexed(2, 2), indexed(3, 2), &["spec.completions"]);
        let on = |zone: &str, suspend: bool| json!({"suspend": suspend, "template": {"spec": {"nodeSelector": {"zone": zone}}}});
        case(on("a", true), on("b", true), &[]);
        case(on("a", false), on("b", false), &["spec.template"]);
    }
}
