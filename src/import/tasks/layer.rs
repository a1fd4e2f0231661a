//! The shortest layer that turns one body into another under the format's merge, and the merge itself.

use serde_json::{Map, Value, json};

use super::leaves::{LeafPath, key_text, keys_of};
use crate::patch::{ListShape, typed};

/// Members of a body of which the last one said replaces the whole.
const REPLACED: [&str; 4] = ["schedule", "timeZone", "placement", "active"];

/// Lays a layer over a body, as the compiler lays bases, task and overrides over one another.
pub(super) fn lay(body: &mut Value, layer: &Value) {
    let (Value::Object(body), Value::Object(layer)) = (body, layer) else { return };
    for (name, value) in layer {
        if REPLACED.contains(&name.as_str()) {
            body.insert(name.clone(), value.clone());
            continue;
        }
        let shape = match LeafPath::Body.member(name) {
            LeafPath::Inside(shape) => shape,
            LeafPath::Body => ListShape::UNKNOWN,
        };
        let target = body.entry(name.clone()).or_insert(Value::Null);
        if target.is_null() {
            *target = json!({});
        }
        // What cannot be laid was not made here, and the proof finds it.
        let _unlaid = typed::merge(target, &with_lists(value), shape);
    }
}

/// A layer in which every `env` is a list, as the compiler reads it.
fn with_lists(layer: &Value) -> Value {
    match layer {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match value {
                Value::Object(variables) if name == "env" => (name.clone(), variables.iter().map(variable).collect()),
                _ => (name.clone(), with_lists(value)),
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(with_lists).collect(),
        other => other.clone(),
    }
}

fn variable((name, value): (&String, &Value)) -> Value {
    match value {
        Value::Null => json!({"name": name, "$patch": "delete"}),
        Value::Object(members) if members.contains_key("valueFrom") => {
            json!({"name": name, "value": null, "valueFrom": members["valueFrom"]})
        }
        Value::Object(_) => json!({"name": name, "value": null, "valueFrom": null}),
        text => json!({"name": name, "value": text, "valueFrom": null}),
    }
}

/// What must be laid over `old` so that it becomes `new`; `None` if nothing. An order that no layer gives is left to the
/// patches that the proof adds.
pub(super) fn difference(old: &Value, new: &Value) -> Option<Value> {
    change(Some(old), Some(new), LeafPath::Body, "", false)
}

fn change(old: Option<&Value>, new: Option<&Value>, place: LeafPath, name: &str, is_top: bool) -> Option<Value> {
    match (old, new) {
        (old, new) if old == new => None,
        // The parts of a body are always there; what is in them goes.
        (Some(Value::Object(old)), None)
            if matches!(name, "job" | "pod" | "container" | "labels" | "annotations" | "variables") && is_top =>
        {
            Some(Value::Object(members(old, &Map::new(), place))).filter(|layer| *layer != json!({}))
        }
        (_, None) => Some(Value::Null),
        (Some(Value::Object(old)), Some(Value::Object(new)))
            if !matches!(place, LeafPath::Inside(_)) || !REPLACED.contains(&name) =>
        {
            Some(Value::Object(members(old, new, place)))
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => Some(match place.key() {
            Some(key) => items(old, new, key, place, name)?,
            None => Value::Array(new.clone()),
        }),
        (None, Some(Value::Array(new))) if name == "env" => Some(as_variables(new)),
        (_, Some(new)) => Some(new.clone()),
    }
}

fn members(old: &Map<String, Value>, new: &Map<String, Value>, place: LeafPath) -> Map<String, Value> {
    let mut layer = Map::new();
    let is_top = matches!(place, LeafPath::Body);
    for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
        if let Some(value) = change(old.get(name), new.get(name), place.member(name), name, is_top) {
            layer.insert(name.clone(), value);
        }
    }
    layer
}

/// The items that differ, by key: those of `env` as a map, where the order in which they are added does not show.
fn items(old: &[Value], new: &[Value], key: &str, place: LeafPath, name: &str) -> Option<Value> {
    let (Some(_), Some(_)) = (keys_of(old, key), keys_of(new, key)) else { return Some(Value::Array(new.to_vec())) };
    let find = |items: &'_ [Value], wanted: &str| {
        items.iter().find(|item| key_text(item, key).as_deref() == Some(wanted)).cloned()
    };
    let (mut layer, mut added) = (Vec::new(), Vec::new());
    for item in old {
        let own = key_text(item, key)?;
        if find(new, &own).is_none() {
            layer.push(json!({key: item[key], "$patch": "delete"}));
        }
    }
    for item in new {
        let own = key_text(item, key)?;
        match find(old, &own) {
            None => {
                layer.push(item.clone());
                added.push(own);
            }
            Some(before) => {
                if let Some(Value::Object(mut changed)) = change(Some(&before), Some(item), place.item(), "", false) {
                    changed.insert(key.to_owned(), item[key].clone());
                    layer.push(Value::Object(changed));
                }
            }
        }
    }
    if layer.is_empty() {
        // Only the order differs, and no layer changes that.
        return None;
    }
    if name != "env" {
        return Some(Value::Array(layer));
    }
    let is_free = added.len() < 2 || added.is_sorted() && !new.iter().any(refers);
    match is_free.then(|| variables_map(&layer)).flatten() {
        Some(map) => Some(map),
        None => Some(Value::Array(layer.iter().map(without_source_nulls).collect())),
    }
}

/// Whether the text of a variable refers to another.
fn refers(variable: &Value) -> bool {
    variable["value"].as_str().is_some_and(|text| text.contains("$("))
}

/// A new `env`: a map where its order is that of the names, else the list.
fn as_variables(list: &[Value]) -> Value {
    let Some(names) = keys_of(list, "name") else { return Value::Array(list.to_vec()) };
    let is_free = names.is_sorted() && !list.iter().any(refers);
    is_free.then(|| variables_map(list)).flatten().unwrap_or_else(|| Value::Array(list.to_vec()))
}

/// An entry of a list of variables as its author writes it: the reader knows that a text takes the place of a source.
fn without_source_nulls(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Value::Object(members) = &mut entry {
        members.retain(|name, value| !(value.is_null() && matches!(name.as_str(), "value" | "valueFrom")));
    }
    entry
}

/// Variables as a map by name, if all of them can be written so.
fn variables_map(list: &[Value]) -> Option<Value> {
    let mut map = Map::new();
    for entry in list {
        let members = entry.as_object()?;
        let own = |name: &str| members.get(name).filter(|value| !value.is_null());
        if members.keys().any(|name| !matches!(name.as_str(), "name" | "value" | "valueFrom" | "$patch")) {
            return None;
        }
        let value = match (own("$patch"), own("value"), own("valueFrom")) {
            (Some(_), _, _) => Value::Null,
            (None, Some(value @ Value::String(_)), None) => value.clone(),
            // A source that changes in part is merged.
            (None, None, Some(source)) => json!({"valueFrom": source}),
            (None, None, None) => json!({}),
            _ => return None,
        };
        map.insert(members.get("name")?.as_str()?.to_owned(), value);
    }
    Some(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body() -> impl Strategy<Value = Value> {
        let text = prop::sample::select(vec!["a", "b", "1"]);
        let variable =
            (prop::sample::select(vec!["A", "B", "C"]), text.clone(), 0..3).prop_map(|(name, text, kind)| match kind {
                0 => json!({"name": name, "value": text}),
                1 => json!({"name": name, "valueFrom": {"secretKeyRef": {"name": text, "key": "k"}}}),
                _ => json!({"name": name}),
            });
        let labels = prop::collection::btree_map(prop::sample::select(vec!["x", "y"]), text.clone(), 0..3);
        (
            labels,
            prop::collection::vec(variable, 0..4),
            prop::collection::vec(text.clone(), 0..3),
            prop::option::of(text),
        )
            .prop_map(|(labels, mut env, args, schedule)| {
                let mut seen = std::collections::HashSet::new();
                env.retain(|entry: &Value| seen.insert(entry["name"].as_str().map(str::to_owned)));
                env.sort_by_key(|entry| entry["name"].as_str().map(str::to_owned));
                let mut body = json!({"labels": labels, "container": {"args": args}});
                if !env.is_empty() {
                    body["container"]["env"] = env.into();
                }
                if let Some(schedule) = schedule {
                    body["schedule"] = schedule.into();
                }
                body
            })
    }

    /// Equal but for the order of items, which the proof's patches set.
    fn sorted(mut body: Value) -> Value {
        if let Some(env) = body.pointer_mut("/container/env").and_then(Value::as_array_mut) {
            env.sort_by_key(|entry| entry["name"].as_str().map(str::to_owned));
        }
        body
    }

    proptest! {
        #[test]
        fn the_difference_laid_over_the_old_body_gives_the_new_one(old in body(), mut new in body()) {
            if new.get("schedule").is_none() && old.get("schedule").is_some() {
                new["schedule"] = "z".into();
            }
            let mut laid = old.clone();
            if let Some(layer) = difference(&old, &new) {
                lay(&mut laid, &layer);
            }
            prop_assert_eq!(sorted(laid), sorted(new));
        }
    }
}
