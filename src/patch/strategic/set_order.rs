//! The directive `$setElementOrder`, applied together with its list and before everything else, as kubectl does.

use super::clean::{Brush, clean_list};
use super::order::{ElementKey, arrange};
use super::{JsonMap, PATCH, SET_ORDER, element_type, elements, field_of, malformed, merge_list};
use crate::patch::error::{PatchError, PatchProblem, type_name};
use crate::patch::table::{List, ListShape};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every `$setElementOrder/x` of a map, each together with the list `x` that it is about. Gives the fields that are
/// done with.
pub(super) fn set_orders<'a>(
    target: &mut JsonMap,
    patch: &'a JsonMap,
    shape: ListShape,
) -> Result<BTreeSet<&'a str>, PatchError> {
    let mut done = BTreeSet::new();
    for (key, order) in patch.iter().filter(|(key, _)| key.starts_with(SET_ORDER)) {
        let field = field_of(key, SET_ORDER).ok_or_else(|| malformed(key, SET_ORDER))?;
        let order = elements(order, &format!("`{key}`")).map_err(|e| e.under(key))?;
        let old = target.get(field).map(|old| elements(old, &format!("the object's `{field}`")));
        let old = old.transpose().map_err(|e| e.under(key))?;
        let new = patch.get(field).map(|new| elements(new, &format!("`{field}`")));
        let new = new.transpose().map_err(|e| e.under(field))?;
        let shape = shape.field(field);
        if !shape.is_list() {
            return Err(PatchError::at(key, PatchProblem::NoSuchList { directive: key.clone() }));
        }
        let by = match shape.list() {
            List::Keyed { key, .. } => ElementKey::Key(key),
            List::Union | List::Atomic => ElementKey::Itself,
        };
        check_order(new.map_or(&[], Vec::as_slice), order, key, field, by)?;
        let merged = match (old, new) {
            (None, None) => continue,
            (Some(old), None) => old.clone(),
            (None, Some(new)) => clean_list(new, Brush::Drop),
            (Some(old), Some(new)) => {
                let mut merged = old.clone();
                merge_list(&mut merged, new, shape, false).map_err(|e| e.under(field))?;
                merged
            }
        };
        if element_type(old.into_iter().chain(new).flatten()).map_err(|e| e.under(field))?.is_none() {
            return Err(PatchError::at(key, PatchProblem::NothingToOrder { directive: key.clone() }));
        }
        for (list, whose) in [(&merged, "an element of the list"), (order, "the element")] {
            check_keys(list, by, whose).map_err(|e| e.under(key))?;
        }
        let old = old.map_or_else(Vec::new, |old| by.all(old));
        let arranged = arrange(merged, &by.all(order), &old, by);
        target.insert(field.to_owned(), Value::Array(arranged));
        done.insert(field);
    }
    Ok(done)
}

/// The elements of the patch must stand in the order of `$setElementOrder`, and all be named there.
fn check_order(new: &[Value], order: &[Value], directive: &str, field: &str, by: ElementKey) -> Result<(), PatchError> {
    if new.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut order = order.iter().enumerate().peekable();
    for (index, element) in new.iter().enumerate() {
        let keyed = matches!(by, ElementKey::Key(_));
        if keyed && !element.is_object() {
            let what = "an element of this list".to_owned();
            let error = PatchError::at(index, PatchProblem::NotAMap { what, found: type_name(element) });
            return Err(error.under(field));
        }
        match element.get(PATCH) {
            Some(directive) if directive == "delete" || order.peek().is_some() => continue,
            _ => {}
        }
        // A key is asked for only as far as the comparison comes, as kubectl does.
        let found = order.find_map(|(rank, wanted)| match (by.of(element), by.of(wanted)) {
            (Some(a), Some(b)) => (a == b).then_some(Ok(())),
            (None, _) => Some(Err(missing_key(by, "the element").under(index).under(field))),
            (_, None) => Some(Err(missing_key(by, "the element").under(rank).under(directive))),
        });
        match found {
            Some(found) => found?,
            None => {
                let directive = directive.to_owned();
                let error = PatchError::at(index, PatchProblem::OrderMismatch { directive }).under(field);
                return Err(error.help("list every element of the patch there, in the same order"));
            }
        }
    }
    Ok(())
}

pub(super) fn missing_key(by: ElementKey, whose: &'static str) -> PatchError {
    let ElementKey::Key(key) = by else {
        return PatchError::here(PatchProblem::ElementType("null"));
    };
    let help = format!("say with `{key}` which element is meant");
    PatchError::here(PatchProblem::MissingMergeKey { key: key.to_owned(), whose }).help(help)
}

/// Every element of a keyed list must be a map that has the key.
pub(super) fn check_keys(list: &[Value], by: ElementKey, whose: &'static str) -> Result<(), PatchError> {
    for element in list {
        match by {
            ElementKey::Key(_) if !element.is_object() => {
                let what = whose.to_owned();
                return Err(PatchError::here(PatchProblem::NotAMap { what, found: type_name(element) }));
            }
            ElementKey::Itself if element.is_object() || element.is_array() => {
                return Err(PatchError::here(PatchProblem::ElementType(type_name(element))));
            }
            _ if by.of(element).is_none() => return Err(missing_key(by, whose)),
            _ => {}
        }
    }
    Ok(())
}
