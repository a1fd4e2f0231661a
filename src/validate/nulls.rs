//! Null as the API server reads it: an absent member of an object, and the zero of its type in a map under the author's
//! own names and in a list.
//!
//! Source: `encoding/json` in Go, `literalStore` (null leaves a pointer, map or slice nil and anything else as it is, which
//! in a new map entry or slice element is the zero), and `Quantity.UnmarshalJSON` in `k8s.io/apimachinery/pkg/api/resource`.

use serde_json::{Map, Value};

use super::schema::{SchemaNode, ValueKind};

/// Kinds without a schema of their own that hold a pod: their version and names, where it stands and what it is.
const POD_OWNERS: [(&str, &[&str], &str, &str); 4] = [
    ("apps/v1", &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"], "/spec/template", "PodTemplateSpec"),
    ("batch/v1", &["Job"], "/spec", "JobSpec"),
    ("v1", &["Pod"], "/spec", "PodSpec"),
    ("v1", &["ReplicationController"], "/spec/template", "PodTemplateSpec"),
];

/// Maps of texts by their name, for kinds without a schema.
const TEXT_MAPS: [&str; 6] = ["annotations", "labels", "matchLabels", "nodeSelector", "options", "volumeAttributes"];

/// The same, in kinds of Kubernetes' own: of a Service, a StorageClass.
const BUILT_IN_TEXT_MAPS: [&str; 2] = ["parameters", "selector"];

/// Maps of amounts by their name, for kinds without a schema.
const AMOUNT_MAPS: [&str; 2] = ["limits", "requests"];

/// The same, in kinds of Kubernetes' own: of a ResourceQuota, a LimitRange, a PersistentVolume, a RuntimeClass.
const BUILT_IN_AMOUNT_MAPS: [&str; 8] =
    ["capacity", "default", "defaultRequest", "hard", "max", "maxLimitRequestRatio", "min", "podFixed"];

/// Whether a null stands anywhere in a value.
pub fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(members) => members.values().any(holds_null),
        _ => false,
    }
}

/// What null is as the value of a map under the author's own names, or as an item of a list; `None` where it is nothing.
pub fn zero(schema: SchemaNode) -> Option<Value> {
    Some(match schema.kind() {
        ValueKind::String => "".into(),
        ValueKind::Quantity => "0".into(),
        ValueKind::Object | ValueKind::Map => Value::Object(Map::new()),
        ValueKind::Int32 | ValueKind::Int64 | ValueKind::IntOrString => 0.into(),
        ValueKind::Boolean => false.into(),
        ValueKind::List | ValueKind::Time | ValueKind::Any => return None,
    })
}

/// Replaces the nulls of maps and lists by what they mean; members of objects keep theirs, which mean absence.
pub fn fill(value: &mut Value, schema: SchemaNode) {
    match (schema.kind(), value) {
        (ValueKind::Object, Value::Object(members)) => {
            for (name, member) in members {
                if let Some(schema) = schema.field(name) {
                    fill(member, schema);
                }
            }
        }
        (ValueKind::Map, Value::Object(members)) => {
            let Some(schema) = schema.item() else { return };
            members.values_mut().for_each(|member| fill_one(member, schema));
        }
        (ValueKind::List, Value::Array(items)) => {
            let Some(schema) = schema.item() else { return };
            items.iter_mut().for_each(|item| fill_one(item, schema));
        }
        _ => {}
    }
}

fn fill_one(value: &mut Value, schema: SchemaNode) {
    if value.is_null()
        && let Some(zero) = zero(schema)
    {
        *value = zero;
    }
    fill(value, schema);
}

/// A value as the API server reads it: [`fill`], and no null is left.
pub fn as_read(value: &mut Value, schema: SchemaNode) {
    if holds_null(value) {
        fill(value, schema);
        strip(value);
    }
}

/// Takes out all nulls.
pub fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(strip);
        }
        _ => {}
    }
}

/// [`fill`] for an object of any kind. Of a kind without a schema the metadata and the pod are known, and in the rest the
/// maps of texts and amounts by their names.
pub fn fill_object(object: &mut Value) {
    if !holds_null(object) {
        return;
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion").to_owned(), text("kind").to_owned());
    if let Some(schema) = SchemaNode::object(&version, &kind) {
        return fill(object, schema);
    }
    for (pointer, schema) in known_parts(&version, &kind) {
        if let Some(part) = object.pointer_mut(pointer) {
            fill(part, schema);
        }
    }
    fill_by_name(object, built_in(&version));
}

/// Whether an `apiVersion` is one of Kubernetes' own: without group, or of a group without a dot or below `k8s.io`.
pub fn built_in(version: &str) -> bool {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// What is known of an object whose kind has no schema: its metadata, and its pod where the kind holds one.
pub(super) fn known_parts(version: &str, kind: &str) -> impl Iterator<Item = (&'static str, SchemaNode)> {
    let pod = POD_OWNERS.iter().find(|(of, names, ..)| *of == version && names.contains(&kind));
    let pod = pod.and_then(|(.., pointer, shape)| Some((*pointer, SchemaNode::named(shape)?)));
    [("/metadata", SchemaNode::object_meta())].into_iter().chain(pod)
}

fn fill_by_name(value: &mut Value, built_in: bool) {
    let listed =
        |name: &str, everywhere: &[&str], own: &[&str]| everywhere.contains(&name) || built_in && own.contains(&name);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let zero = if listed(name, &TEXT_MAPS, &BUILT_IN_TEXT_MAPS) {
                    Some("")
                } else if listed(name, &AMOUNT_MAPS, &BUILT_IN_AMOUNT_MAPS) {
                    Some("0")
                } else {
                    None
                };
                if let (Some(zero), Value::Object(entries)) = (zero, &mut *member) {
                    // A LabelSelector is called `selector` too: its members are no texts of the author's own.
                    let own = |key: &str| name != "selector" || !matches!(key, "matchLabels" | "matchExpressions");
                    let nulls = entries.iter_mut().filter(|(key, entry)| entry.is_null() && own(key));
                    nulls.for_each(|(_, entry)| *entry = zero.into());
                }
                fill_by_name(member, built_in);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_by_name(item, built_in)),
        _ => {}
    }
}

/// The pointers of all nulls in a value.
pub fn places(value: &Value) -> Vec<String> {
    fn look(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Null => found.push(path.to_owned()),
            Value::Object(members) => members.iter().for_each(|(name, member)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                look(member, &format!("{path}/{name}"), found);
            }),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| look(item, &format!("{path}/{at}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    if holds_null(value) {
        look(value, "", &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(mut value: Value, schema: SchemaNode) -> Value {
        as_read(&mut value, schema);
        value
    }

    /// `literalStore` in `encoding/json/decode.go`.
    #[test]
    fn literal_store_of_null_is_the_zero_in_maps_and_lists() {
        let pod = json!({"nodeSelector": {"a": null}, "containers": [{"args": ["x", null], "env": null, "tty": null,
            "resources": {"limits": {"cpu": null}}}], "volumes": [{"csi": {"volumeAttributes": {"s": null}}}],
            "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": null}, "matchExpressions": [null]}}]}}});
        let expected = json!({"nodeSelector": {"a": ""}, "containers": [{"args": ["x", ""],
            "resources": {"limits": {"cpu": "0"}}}], "volumes": [{"csi": {"volumeAttributes": {"s": ""}}}],
            "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": ""}, "matchExpressions": [{}]}}]}}});
        assert_eq!(read(pod, SchemaNode::pod_spec()), expected);
    }

    #[test]
    fn every_map_of_the_schema_keeps_a_key_without_a_value() {
        let mut maps = 0;
        for shape in SchemaNode::shapes().filter(|shape| !shape.is_open()) {
            for field in shape.fields() {
                let Some(schema) = shape.field(field).filter(|schema| schema.kind() == ValueKind::Map) else {
                    continue;
                };
                let zero = schema.item().and_then(zero).expect("a map of values that have a zero");
                assert_eq!(
                    read(json!({*field: {"k": null}}), shape),
                    json!({*field: {"k": zero}}),
                    "{shape:?} {field}"
                );
                maps += 1;
            }
        }
        assert!(maps > 15, "{maps}");
    }

    #[test]
    fn a_kind_without_a_schema_has_its_maps_of_texts_by_name() {
        let filled = |version: &str, kind: &str, spec: Value| {
            let mut object =
                json!({"apiVersion": version, "kind": kind, "metadata": {"labels": {"a": null}}, "spec": spec});
            fill_object(&mut object);
            assert_eq!(object["metadata"]["labels"]["a"], "");
            object["spec"].take()
        };
        let selector = json!({"selector": {"app": null}});
        assert_eq!(filled("v1", "Service", selector.clone()), json!({"selector": {"app": ""}}));
        assert_eq!(filled("example.com/v1", "Thing", selector.clone()), selector);
        let selector = json!({"selector": {"matchLabels": {"app": null}, "matchExpressions": null}});
        let meant = json!({"selector": {"matchLabels": {"app": ""}, "matchExpressions": null}});
        assert_eq!(filled("policy/v1", "PodDisruptionBudget", selector), meant);
        assert_eq!(filled("v1", "ResourceQuota", json!({"hard": {"pods": null}})), json!({"hard": {"pods": "0"}}));
        let pod = json!({"template": {"spec": {"nodeSelector": {"a": null}, "tolerations": [null], "hostname": null}}});
        let meant = json!({"template": {"spec": {"nodeSelector": {"a": ""}, "tolerations": [{}], "hostname": null}}});
        assert_eq!(filled("apps/v1", "Deployment", pod.clone()), meant);
        let meant = json!({"template": {"spec": {"nodeSelector": {"a": ""}, "tolerations": [null], "hostname": null}}});
        assert_eq!(filled("example.com/v1", "Rollout", pod), meant);
    }

    #[test]
    fn no_null_is_left_and_the_rest_is_as_it_was() {
        let value = json!({"a": [null, {"b": null, "c": 1}], "d": null});
        assert_eq!(places(&value), ["/a/0", "/a/1/b", "/d"]);
        assert_eq!(read(value, SchemaNode::other_object()), json!({"a": [{"c": 1}]}));
        assert_eq!(read(json!({"a": [1]}), SchemaNode::cronjob()), json!({"a": [1]}));
    }
}
