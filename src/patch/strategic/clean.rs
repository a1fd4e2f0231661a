//! Removes directives and nulls from new content of a strategic patch, where kubectl does and where it forgets to.

use super::{PATCH, is_directive};
use serde_json::Value;

/// How new content is made clean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Brush {
    /// Whatever carries a `$patch` is dropped, as kubectl does where the object has nothing to merge with.
    Drop,
    /// Where kubectl takes content over raw: what is to be deleted is dropped, what is to merge with or replace
    /// nothing stays, and a list element that only says `$patch: replace` has done its work.
    Keep,
}

/// New content without directives and nulls; nothing if nothing is left of it.
pub(super) fn clean(value: &Value, brush: Brush) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let directive = map.get(PATCH);
            if directive.is_some_and(|d| brush == Brush::Drop || d == "delete") {
                return None;
            }
            let members = map.iter().filter(|(key, _)| !is_directive(key));
            let members = members.filter_map(|(key, v)| Some((key.clone(), clean(v, brush)?)));
            Some(Value::Object(members.collect()))
        }
        Value::Array(items) => Some(Value::Array(clean_list(items, brush))),
        scalar => Some(scalar.clone()),
    }
}

pub(super) fn clean_list(items: &[Value], brush: Brush) -> Vec<Value> {
    let spent = |item: &&Value| item.get(PATCH).is_some_and(|directive| directive == "replace");
    let items = items.iter().filter(|item| brush == Brush::Drop || !spent(item));
    // A null element is no member that is unset: it stays, for the schema check to refuse.
    items.filter_map(|item| if item.is_null() { Some(Value::Null) } else { clean(item, brush) }).collect()
}
