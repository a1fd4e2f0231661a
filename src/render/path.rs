//! Paths inside a CronJob, from the CronJob down to the pod.

use serde_json::{Map, Value};

/// To the job template's spec.
pub(super) const JOB: &[&str] = &["spec", "jobTemplate", "spec"];
/// To the job template's metadata.
pub(super) const JOB_METADATA: &[&str] = &["spec", "jobTemplate", "metadata"];
/// To the pod template.
pub(super) const TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template"];
/// To the pod template's metadata.
pub(super) const POD_METADATA: &[&str] = &["spec", "jobTemplate", "spec", "template", "metadata"];
/// To the pod.
pub(super) const POD: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec"];

/// The two lists of containers in a pod.
pub(super) const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// The value at a path, if all of the path is there.
pub(super) fn at<'v>(object: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, name| value.get(name))
}

/// The same, to be changed.
pub(super) fn at_mut<'v>(object: &'v mut Value, path: &[&str]) -> Option<&'v mut Value> {
    path.iter().try_fold(object, |value, name| value.get_mut(name))
}

/// The value at a path; what is missing of the path becomes maps. What stands in the way as something else is
/// replaced by a map, and the schema check finds what that leaves.
pub(super) fn ensure<'v>(object: &'v mut Value, path: &[&str]) -> &'v mut Value {
    let mut value = object;
    for name in path {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        let Value::Object(map) = value else { unreachable!("it was just made a map") };
        value = map.entry(*name).or_insert(Value::Null);
    }
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value
}

/// The list under a name, made if it is not there; `None` where something else stands.
pub(super) fn ensure_list<'v>(object: &'v mut Value, name: &str) -> Option<&'v mut Vec<Value>> {
    object.as_object_mut()?.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

/// Puts a text into a map; what an author wrote in place of a map stays, for the checks to refuse.
pub(super) fn set(value: &mut Value, member: &str, text: String) {
    if value.is_null() {
        *value = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(map) = value {
        map.insert(member.to_owned(), Value::String(text));
    }
}
