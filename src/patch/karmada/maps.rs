//! `labelsOverrider` and `annotationsOverrider`.
//! Source: `pkg/util/overridemanager/labelannotationoverrider.go applyLabelAnnotationOverriders`.

use serde_json::{Map, Value};

use super::{Fault, MapOverrider, PlaintextOperator, Problem};

/// Edits `metadata.labels` or `metadata.annotations`. A map with a value that is no text counts as absent, so `add`
/// replaces it whole and the others find nothing (`unstructured.NestedStringMap`, whose error is not looked at).
pub(super) fn apply(object: &mut Value, member: &str, overrider: &MapOverrider) -> Result<Vec<String>, Fault> {
    let Some(object) = object.as_object_mut() else { return Err(Fault::new("", Problem::Not("an object"))) };
    let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else {
        return Err(Fault::new("/metadata", Problem::Not("a map")));
    };
    let readable = |value: &&Value| value.as_object().is_some_and(|map| map.values().all(Value::is_string));
    let before = metadata.get(member).filter(readable).and_then(Value::as_object).cloned();
    let mut map = before.clone().unwrap_or_default();
    let mut touched = Vec::new();
    for (key, value) in &overrider.value {
        let new = match overrider.operator {
            PlaintextOperator::Add => Some(value),
            PlaintextOperator::Replace if map.contains_key(key) => Some(value),
            PlaintextOperator::Remove if map.contains_key(key) => None,
            PlaintextOperator::Replace | PlaintextOperator::Remove => continue,
        };
        let old = match new {
            Some(value) => map.insert(key.clone(), Value::String(value.clone())),
            None => map.remove(key),
        };
        if old.as_ref().and_then(Value::as_str) != new.map(String::as_str) {
            touched.push(format!("/metadata/{member}/{}", crate::patch::pointer::escape(key)));
        }
    }
    if !touched.is_empty() {
        metadata.insert(member.to_owned(), Value::Object(map));
    }
    Ok(touched)
}
