//! Strategic merge patch, as `kubectl patch` does it (`k8s.io/apimachinery/pkg/util/strategicpatch`).
//!
//! Lists are known by the given [`ListShape`]. New content is taken over without directives: `Brush::Drop` is kubectl's own
//! cleaning, `Brush::Keep` is used where kubectl has none.

mod clean;
mod order;
mod set_order;

use super::error::{PatchError, PatchProblem, plain, type_name};
use super::table::{List, ListShape};
use clean::{Brush, clean, clean_list};
use order::{ElementKey, arrange};
use serde_json::{Map, Value};
use set_order::{check_keys, missing_key, set_orders};
use std::collections::BTreeSet;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";

type JsonMap = Map<String, Value>;

/// Applies a strategic merge patch to an object of this shape. On an error the object is as it was.
///
/// New elements of a merged list stand in front, unless `$setElementOrder` says otherwise. No directive and no null of
/// the patch remains. `apiVersion`, `kind` and `metadata.name` are members like others: see [`identify`].
///
/// # Errors
/// What kubectl refuses: unknown directives, elements without merge key, elements of several types, an order that
/// contradicts itself. The pointer leads into the patch.
pub fn apply(target: &mut Value, patch: &Value, shape: ListShape) -> Result<(), PatchError> {
    let patch = members(patch, "a strategic patch")?;
    let mut result = members(target, "the object")?.clone();
    merge_map(&mut result, patch, shape)?;
    *target = Value::Object(result);
    Ok(())
}

/// Takes `apiVersion`, `kind` and `metadata.name` out of a patch: they say which object it is for.
///
/// # Errors
/// They name another object than this one.
pub fn identify(patch: &mut Value, object: &Value) -> Result<(), PatchError> {
    for path in [&["apiVersion"][..], &["kind"], &["metadata", "name"]] {
        let said = path.iter().try_fold(&*patch, |value, name| value.get(name));
        let Some(said) = said.filter(|said| !said.is_null()) else {
            continue;
        };
        let real = path.iter().try_fold(object, |value, name| value.get(name));
        if real.is_some_and(|real| real != said && !(path[0] == "apiVersion" && same_api(said, real))) {
            let field = path.last().map_or("", |name| if *name == "name" { "metadata.name" } else { name });
            let (expected, found) = (plain(said), real.map(plain).unwrap_or_default());
            let error = PatchError::here(PatchProblem::WrongTarget { field, expected, found });
            return Err(path
                .iter()
                .rev()
                .fold(error, |error, step| error.under(step))
                .help("leave it out, or say with `target` which object the patch is for"));
        }
    }
    if let Value::Object(patch) = patch {
        patch.remove("apiVersion");
        patch.remove("kind");
        if let Some(Value::Object(metadata)) = patch.get_mut("metadata")
            && metadata.remove("name").is_some()
            && metadata.is_empty()
        {
            patch.remove("metadata");
        }
    }
    Ok(())
}

/// Whether two apiVersions mean one: `batch/v1beta1` is read as `batch/v1`, in patches as in files.
fn same_api(said: &Value, real: &Value) -> bool {
    real == "batch/v1" && (said == "batch/v1beta1" || said == "batch/v2alpha1")
}

/// Whether a member of this name is a directive of a strategic merge patch, not data.
pub fn is_directive(name: &str) -> bool {
    name == PATCH || name == RETAIN_KEYS || name.starts_with(SET_ORDER) || name.starts_with(DELETE_FROM)
}

/// The list field that `$setElementOrder/x` or `$deleteFromPrimitiveList/x` is about.
fn field_of<'a>(name: &'a str, directive: &str) -> Option<&'a str> {
    name.strip_prefix(directive)?.strip_prefix('/')
}

fn members<'a>(value: &'a Value, what: &str) -> Result<&'a JsonMap, PatchError> {
    let found = type_name(value);
    value.as_object().ok_or_else(|| PatchError::here(PatchProblem::NotAMap { what: what.to_owned(), found }))
}

fn elements<'a>(value: &'a Value, what: &str) -> Result<&'a Vec<Value>, PatchError> {
    let found = type_name(value);
    value.as_array().ok_or_else(|| PatchError::here(PatchProblem::NotAList { what: what.to_owned(), found }))
}

fn merge_map(target: &mut JsonMap, patch: &JsonMap, shape: ListShape) -> Result<(), PatchError> {
    match patch.get(PATCH).map(|directive| (directive.as_str(), directive)) {
        None => {}
        Some((Some("replace"), _)) => {
            *target = patch
                .iter()
                .filter(|(key, _)| !is_directive(key))
                .filter_map(|(key, value)| Some((key.clone(), clean(value, Brush::Keep)?)))
                .collect();
            return Ok(());
        }
        Some((Some("delete"), _)) => {
            target.clear();
            return Ok(());
        }
        Some((_, directive)) => {
            let error = PatchError::at(PATCH, PatchProblem::UnknownDirective(plain(directive)));
            return Err(error.help("in a map it is `replace` or `delete`; without it maps merge"));
        }
    }
    if let Some(kept) = patch.get(RETAIN_KEYS) {
        retain_keys(target, patch, kept)?;
    }
    let ordered = set_orders(target, patch, shape)?;
    for (key, value) in patch {
        if key == RETAIN_KEYS || key.starts_with(SET_ORDER) || ordered.contains(key.as_str()) {
            continue;
        }
        if !key.starts_with(DELETE_FROM) {
            merge_member(target, key, value, shape.field(key), false).map_err(|e| e.under(key))?;
            continue;
        }
        let field = field_of(key, DELETE_FROM).ok_or_else(|| malformed(key, DELETE_FROM))?;
        merge_member(target, field, value, shape.field(field), true).map_err(|e| e.under(key))?;
    }
    Ok(())
}

fn malformed(key: &str, directive: &str) -> PatchError {
    PatchError::at(key, PatchProblem::MalformedDirective(key.to_owned()))
        .help(format!("write `{directive}/` and the name of the list"))
}

/// One member of a patch. `deletes`: it stands behind `$deleteFromPrimitiveList/`, and lists the elements to go.
fn merge_member(
    target: &mut JsonMap,
    key: &str,
    value: &Value,
    shape: ListShape,
    deletes: bool,
) -> Result<(), PatchError> {
    if value.is_null() {
        target.remove(key);
        return Ok(());
    }
    match (target.get_mut(key), value) {
        (Some(Value::Object(target)), Value::Object(patch)) => merge_map(target, patch, shape),
        (Some(Value::Array(target)), Value::Array(patch)) => merge_list(target, patch, shape, deletes),
        (old, new) => {
            // Go compares types: deleting from what is no list of the same type does nothing.
            let alike = old.is_some_and(|old| type_name(old) == type_name(new));
            if alike || !deletes {
                match clean(new, Brush::Drop) {
                    Some(new) => target.insert(key.to_owned(), new),
                    None => target.remove(key),
                };
            }
            Ok(())
        }
    }
}

/// `$retainKeys`: of what the object has in this map only the keys listed stay.
fn retain_keys(target: &mut JsonMap, patch: &JsonMap, kept: &Value) -> Result<(), PatchError> {
    let kept = elements(kept, "`$retainKeys`").map_err(|e| e.under(RETAIN_KEYS))?;
    let kept: BTreeSet<&str> = kept.iter().filter_map(Value::as_str).collect();
    for (key, value) in patch {
        let directive = key == RETAIN_KEYS || key.starts_with(SET_ORDER) || key.starts_with(DELETE_FROM);
        if !directive && !value.is_null() && !kept.contains(key.as_str()) {
            let error = PatchError::at(RETAIN_KEYS, PatchProblem::NotRetained(key.clone()));
            return Err(error.help(format!("add `{key}` to `$retainKeys`")));
        }
    }
    target.retain(|key, _| kept.contains(key.as_str()));
    Ok(())
}

/// The one type of all elements, if there are any. Null and lists cannot be merged.
fn element_type<'a>(elements: impl Iterator<Item = &'a Value>) -> Result<Option<&'static str>, PatchError> {
    let mut first = None;
    for other in elements {
        let other = type_name(other);
        match first {
            Some(first) if first != other => {
                return Err(PatchError::here(PatchProblem::MixedElements { first, other }));
            }
            Some(_) => {}
            None if other == "null" || other == "a list" => {
                return Err(PatchError::here(PatchProblem::ElementType(other)));
            }
            None => first = Some(other),
        }
    }
    Ok(first)
}

fn merge_list(target: &mut Vec<Value>, patch: &[Value], shape: ListShape, deletes: bool) -> Result<(), PatchError> {
    let list = shape.list();
    if list == List::Atomic && !deletes {
        *target = clean_list(patch, Brush::Keep);
        return Ok(());
    }
    let Some(kind) = element_type(target.iter().chain(patch))? else {
        return Ok(());
    };
    match (kind, list) {
        ("a map", List::Keyed { key, .. }) => merge_keyed(target, patch, shape, key),
        ("a map", _) => Err(PatchError::here(PatchProblem::ElementType(kind))),
        (_, _) if deletes => {
            target.retain(|element| !patch.contains(element));
            Ok(())
        }
        (_, List::Keyed { .. }) => {
            let what = "an element of this list".to_owned();
            Err(PatchError::here(PatchProblem::NotAMap { what, found: kind }))
        }
        _ => {
            let mut merged: Vec<Value> = target.iter().chain(patch).cloned().collect();
            deduplicate(&mut merged);
            *target = arrange(merged, patch, target, ElementKey::Itself);
            Ok(())
        }
    }
}

/// Removes repetitions as kubectl does: the last element takes the place of the repeated one.
fn deduplicate(list: &mut Vec<Value>) {
    let mut i = 0;
    while i < list.len() {
        let mut j = i + 1;
        while j < list.len() {
            if list[i] == list[j] {
                list.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
}

fn merge_keyed(
    target: &mut Vec<Value>,
    patch: &[Value],
    shape: ListShape,
    key: &'static str,
) -> Result<(), PatchError> {
    let by = ElementKey::Key(key);
    let mut plain_elements = Vec::with_capacity(patch.len());
    let mut replace = false;
    for (index, element) in patch.iter().enumerate() {
        match element.get(PATCH).map(|directive| (directive.as_str(), directive)) {
            None => plain_elements.push((index, element)),
            Some((Some("delete"), _)) => match by.of(element) {
                Some(gone) => target.retain(|old| old.get(key) != Some(gone)),
                None => return Err(missing_key(by, "the element").under(index)),
            },
            Some((Some("replace"), _)) => replace = true,
            Some((Some("merge"), _)) => {
                let error = PatchError::here(PatchProblem::MergeInList);
                return Err(error.under(PATCH).under(index).help("leave it out: elements merge by key"));
            }
            Some((_, directive)) => {
                let error = PatchError::here(PatchProblem::UnknownDirective(plain(directive)));
                let help = "in a list element it is `delete` or `replace`";
                return Err(error.under(PATCH).under(index).help(help));
            }
        }
    }
    if replace {
        if let Some((index, _)) = plain_elements.iter().find(|(_, element)| by.of(element).is_none()) {
            return Err(missing_key(by, "the element").under(index));
        }
        let new = plain_elements.iter().filter_map(|(_, element)| clean(element, Brush::Keep));
        *target = new.collect();
        return Ok(());
    }
    let old = by.all(target);
    for (index, element) in &plain_elements {
        let identity = by.of(element).ok_or_else(|| missing_key(by, "the element").under(index))?;
        match (target.iter_mut().find(|old| old.get(key) == Some(identity)), element) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                merge_map(old, new, shape.item()).map_err(|e| e.under(index))?;
            }
            _ => target.extend(clean(element, Brush::Keep)),
        }
    }
    check_keys(target, by, "an element of the object's list")?;
    let wanted: Vec<Value> = plain_elements.iter().filter_map(|(_, element)| by.of(element).cloned()).collect();
    *target = arrange(std::mem::take(target), &wanted, &old, by);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pod(spec: Value) -> Value {
        json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}})
    }

    fn patched(spec: Value, patch: Value) -> Value {
        let mut object = pod(spec);
        apply(&mut object, &pod(patch), ListShape::cron_job()).unwrap();
        object["spec"]["jobTemplate"]["spec"]["template"]["spec"].take()
    }

    fn refusal(spec: Value, patch: Value) -> String {
        let mut object = pod(spec);
        let before = object.clone();
        let error = apply(&mut object, &pod(patch), ListShape::cron_job()).unwrap_err();
        assert_eq!(object, before, "whole or not at all");
        let message = error.to_string();
        message.replacen("/spec/jobTemplate/spec/template/spec", "", 1)
    }

    fn containers(names: &str) -> Value {
        let list = names.chars().map(|c| json!({"name": c.to_string(), "image": "i"}));
        json!({"containers": Value::from_iter(list)})
    }

    fn names(spec: &Value) -> String {
        let list = spec["containers"].as_array().unwrap();
        list.iter().filter_map(|c| c["name"].as_str()).collect()
    }

    #[test]
    fn a_new_element_stands_in_front_and_a_known_one_stays() {
        let patch = json!({"containers": [{"name": "b", "image": "j"}, {"name": "x"}]});
        let result = patched(containers("abc"), patch);
        assert_eq!(names(&result), "abxc");
        assert_eq!(result["containers"][1], json!({"name": "b", "image": "j"}));
    }

    #[test]
    fn set_element_order_decides_where_elements_stand() {
        let order = json!([{"name": "c"}, {"name": "x"}, {"name": "a"}]);
        let patch = json!({"containers": [{"name": "x"}], "$setElementOrder/containers": order});
        assert_eq!(names(&patched(containers("abc"), patch)), "bcxa");
    }

    #[test]
    fn an_element_is_deleted_and_a_list_replaced() {
        let delete = json!({"containers": [{"name": "b", "$patch": "delete"}]});
        assert_eq!(names(&patched(containers("abc"), delete)), "ac");
        let replace = json!({"containers": [{"name": "a", "$patch": "replace"}, {"name": "x"}]});
        assert_eq!(names(&patched(containers("abc"), replace)), "x");
    }

    #[test]
    fn a_map_is_replaced_or_emptied() {
        let spec = json!({"nodeSelector": {"a": "1", "b": "2"}});
        let replace = json!({"nodeSelector": {"$patch": "replace", "c": "3"}});
        assert_eq!(patched(spec.clone(), replace), json!({"nodeSelector": {"c": "3"}}));
        let delete = json!({"nodeSelector": {"$patch": "delete"}});
        assert_eq!(patched(spec, delete), json!({"nodeSelector": {}}));
    }

    #[test]
    fn retain_keys_clears_the_other_source_of_a_volume() {
        let spec = json!({"volumes": [{"name": "v", "emptyDir": {}}]});
        let volume = json!({"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}});
        let result = json!({"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]});
        assert_eq!(patched(spec, json!({"volumes": [volume]})), result);
    }

    #[test]
    fn scalars_are_deleted_from_a_list_of_any_kind() {
        let mut object = json!({"metadata": {"finalizers": ["a", "b"]}, "spec": {}});
        let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}});
        apply(&mut object, &patch, ListShape::cron_job()).unwrap();
        assert_eq!(object["metadata"]["finalizers"], json!(["c", "b"]));
        let spec = json!({"containers": [{"name": "a", "args": ["x", "y"]}]});
        let patch = json!({"containers": [{"name": "a", "$deleteFromPrimitiveList/args": ["x"]}]});
        assert_eq!(patched(spec, patch)["containers"][0]["args"], json!(["y"]));
    }

    #[test]
    fn what_kubectl_takes_over_raw_is_clean_here() {
        let new = json!({"name": "x", "tty": null, "env": [{"name": "A", "$patch": "delete"}], "resources": {"$retainKeys": [], "limits": {"cpu": "1"}}});
        let result = patched(containers("a"), json!({"containers": [new]}));
        assert_eq!(result["containers"][0], json!({"name": "x", "env": [], "resources": {"limits": {"cpu": "1"}}}));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (patch, message) in [
            (
                json!({"containers": [{"image": "x"}]}),
                "`/containers/0`: the element has no `name`, by which this list is merged",
            ),
            (
                json!({"containers": [{"name": "a", "$patch": "merge"}]}),
                "`/containers/0/$patch`: `$patch: merge` has no meaning in a list",
            ),
            (json!({"$patch": "merge"}), "`/$patch`: unknown `$patch` directive `merge`"),
            (
                json!({"containers": ["x"]}),
                "`/containers`: the elements of a merged list must be of one type, here a map and a string",
            ),
            (
                json!({"containers": [{"name": "a", "$retainKeys": ["name"], "image": "x"}]}),
                "`/containers/0/$retainKeys`: `$retainKeys` does not list `image`, which the patch sets",
            ),
            (
                json!({"containers": [{"name": "a"}], "$setElementOrder/containers": [{"name": "b"}]}),
                "`/containers/0`: the elements are not in the order of `$setElementOrder/containers`, or are missing there",
            ),
            (
                json!({"$setElementOrder/nodeSelector": []}),
                "`/$setElementOrder~1nodeSelector`: `$setElementOrder/nodeSelector` names no list of this object",
            ),
        ] {
            assert_eq!(refusal(containers("ab"), patch), message);
        }
    }

    #[test]
    fn identity_is_checked_and_taken_out() {
        let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"}});
        let mut patch = json!({"kind": "CronJob", "metadata": {"name": "a"}, "spec": {}});
        identify(&mut patch, &object).unwrap();
        assert_eq!(patch, json!({"spec": {}}));
        let error = identify(&mut json!({"metadata": {"name": "b"}}), &object).unwrap_err();
        assert_eq!(error.to_string(), "`/metadata/name`: the patch is for metadata.name `b`, but the object's is `a`");
    }

    /// Patches and objects that look a little like a container.
    fn value(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
        let word = prop::sample::select(vec!["a", "b", "replace", "delete", "merge"]);
        let leaf = prop_oneof![Just(Value::Null), (0..2).prop_map(Value::from), word.prop_map(Value::from)];
        let key = prop::sample::select(keys.to_vec()).prop_map(str::to_owned);
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    const DATA: &[&str] = &["env", "name", "args", "ports"];
    const PATCHES: &[&str] = &[
        "env",
        "env",
        "name",
        "name",
        "args",
        PATCH,
        RETAIN_KEYS,
        "$setElementOrder/env",
        "$deleteFromPrimitiveList/args",
        "$setElementOrder/args",
    ];

    fn is_clean(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.iter().all(|(k, v)| !is_directive(k) && !v.is_null() && is_clean(v)),
            Value::Array(items) => items.iter().all(is_clean),
            _ => true,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_directive_and_no_null_is_left(mut target in value(DATA), patch in value(PATCHES)) {
            crate::patch::typed::strip_nulls(&mut target);
            if apply(&mut target, &patch, ListShape::container()).is_ok() {
                prop_assert!(is_clean(&target), "{target}");
            }
        }

        #[test]
        fn an_empty_patch_changes_nothing(env in value(DATA)) {
            let target = json!({"env": env});
            let mut result = target.clone();
            apply(&mut result, &json!({}), ListShape::container()).unwrap();
            prop_assert_eq!(result, target);
        }
    }
}
