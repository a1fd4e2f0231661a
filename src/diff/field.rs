//! Compares two values field by field. Items of keyed lists are matched by key, so an inserted item is one difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use super::list_keys::ListKeys;

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Where.
    pub path: Vec<PathSegment>,
    /// What stood there, if anything did.
    pub old: Option<Value>,
    /// What stands there, if anything does.
    pub new: Option<Value>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A member of a map.
    Member(String),
    /// An item of a list, by its key.
    Item(String),
    /// The order of a list's items, which are told by their keys.
    Order,
}

/// Where two values differ.
pub fn fields(old: &Value, new: &Value, lists: ListKeys) -> Vec<FieldChange> {
    let mut found = Vec::new();
    walk(Some(old), Some(new), lists, &mut Vec::new(), &mut found);
    found
}

fn walk(
    old: Option<&Value>,
    new: Option<&Value>,
    lists: ListKeys,
    path: &mut Vec<PathSegment>,
    found: &mut Vec<FieldChange>,
) {
    if old == new {
        return;
    }
    let nothing = Map::new();
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => members(old, new, lists, path, found),
        // What is new in a map, or gone, is told member by member; an item of a list is told whole.
        (Some(Value::Object(old)), None) if plain(path) && !old.is_empty() => {
            members(old, &nothing, lists, path, found);
        }
        (None, Some(Value::Object(new))) if plain(path) && !new.is_empty() => {
            members(&nothing, new, lists, path, found);
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => match (keyed(old, lists), keyed(new, lists)) {
            (Some(before), Some(after)) => items((&before, &after), lists, path, found),
            _ => add(Some(&Value::Array(old.clone())), Some(&Value::Array(new.clone())), path, found),
        },
        (Some(Value::Array(old)), None) => match keyed(old, lists) {
            Some(before) if !before.is_empty() => items((&before, &Vec::new()), lists, path, found),
            _ => add(Some(&Value::Array(old.clone())), None, path, found),
        },
        (None, Some(Value::Array(new))) => match keyed(new, lists) {
            Some(after) if !after.is_empty() => items((&Vec::new(), &after), lists, path, found),
            _ => add(None, Some(&Value::Array(new.clone())), path, found),
        },
        (old, new) => add(old, new, path, found),
    }
}

/// What stands at a path, if anything does.
pub fn value_at<'v>(value: &'v Value, path: &[PathSegment], lists: ListKeys) -> Option<&'v Value> {
    match path {
        [] | [PathSegment::Order] => Some(value),
        [PathSegment::Member(name), rest @ ..] => value_at(value.get(name)?, rest, lists.field(name)),
        [PathSegment::Item(key), rest @ ..] => {
            let item = keyed(value.as_array()?, lists)?.into_iter().find(|(known, _)| known == key)?.1;
            value_at(item, rest, lists.item())
        }
        [PathSegment::Order, ..] => None,
    }
}

/// The value with another one at a path, or with none; `None` where the path leads nowhere.
pub fn value_with(value: &Value, path: &[PathSegment], put: Option<&Value>, lists: ListKeys) -> Option<Value> {
    let (step, rest) = path.split_first()?;
    match (step, value) {
        (PathSegment::Member(name), Value::Object(members)) => {
            let mut members = members.clone();
            let there = members.get(name).cloned();
            match (rest, put) {
                ([], None) => _ = members.remove(name),
                ([], Some(put)) => _ = members.insert(name.clone(), put.clone()),
                _ => {
                    let below = value_with(&there.unwrap_or_else(|| Map::new().into()), rest, put, lists.field(name))?;
                    members.insert(name.clone(), below);
                }
            }
            Some(members.into())
        }
        (PathSegment::Item(key), Value::Array(items)) => {
            let at = keyed(items, lists)?.iter().position(|(known, _)| known == key);
            let mut items = items.clone();
            match (rest, put, at) {
                ([], None, Some(at)) => _ = items.remove(at),
                ([], Some(put), Some(at)) => items[at] = put.clone(),
                ([], Some(put), None) => items.push(put.clone()),
                (_, _, Some(at)) => items[at] = value_with(&items[at], rest, put, lists.item())?,
                (_, _, None) => return None,
            }
            Some(items.into())
        }
        _ => None,
    }
}

/// Whether a path ends at a member.
fn plain(path: &[PathSegment]) -> bool {
    !matches!(path.last(), Some(PathSegment::Item(_)))
}

fn add(old: Option<&Value>, new: Option<&Value>, path: &[PathSegment], found: &mut Vec<FieldChange>) {
    found.push(FieldChange { path: path.to_vec(), old: old.cloned(), new: new.cloned() });
}

fn members(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    lists: ListKeys,
    path: &mut Vec<PathSegment>,
    found: &mut Vec<FieldChange>,
) {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        path.push(PathSegment::Member(name.clone()));
        walk(old.get(name), new.get(name), lists.field(name), path, found);
        path.pop();
    }
}

/// The items of a list by their keys, if it has keys and no two are the same.
fn keyed(items: &[Value], lists: ListKeys) -> Option<KeyedItems<'_>> {
    let key = lists.key();
    if key.is_empty() {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let parts: Vec<String> = key.iter().filter_map(|name| Some(scalar(item.get(name)?))).collect();
        let text = parts.join("/");
        if parts.is_empty() || !seen.insert(text.clone()) {
            return None;
        }
        found.push((text, item));
    }
    Some(found)
}

/// A scalar without quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

type KeyedItems<'v> = Vec<(String, &'v Value)>;

fn items(
    (old, new): (&KeyedItems<'_>, &KeyedItems<'_>),
    lists: ListKeys,
    path: &mut Vec<PathSegment>,
    found: &mut Vec<FieldChange>,
) {
    let before: BTreeMap<&String, &Value> = old.iter().map(|(key, item)| (key, *item)).collect();
    let after: BTreeMap<&String, &Value> = new.iter().map(|(key, item)| (key, *item)).collect();
    // In the order in which they stand, those that are gone first.
    let gone = old.iter().map(|(key, _)| key).filter(|key| !after.contains_key(key));
    for key in gone.chain(new.iter().map(|(key, _)| key)) {
        path.push(PathSegment::Item(key.clone()));
        walk(before.get(key).copied(), after.get(key).copied(), lists.item(), path, found);
        path.pop();
    }
    let order = |of: &KeyedItems<'_>, in_both: &BTreeMap<&String, &Value>| -> Vec<Value> {
        let keys = of.iter().map(|(key, _)| key).filter(|key| in_both.contains_key(key));
        keys.map(|key| Value::String(key.clone())).collect()
    };
    let (was, is) = (order(old, &after), order(new, &before));
    if was != is {
        path.push(PathSegment::Order);
        add(Some(&Value::Array(was)), Some(&Value::Array(is)), path, found);
        path.pop();
    }
}

impl FieldChange {
    /// The path as a reader writes it: `spec.jobTemplate.spec.template.spec.containers[main].image`.
    pub fn at(&self) -> String {
        path_text(&self.path)
    }

    /// Whether one path leads to the other's place, or on from there; the order of a list is the list.
    pub fn touches(&self, other: &FieldChange) -> bool {
        let plain = |field: &FieldChange| {
            field.path.iter().filter(|step| **step != PathSegment::Order).cloned().collect::<Vec<PathSegment>>()
        };
        plain(self).iter().zip(&plain(other)).all(|(a, b)| a == b)
    }

    /// Whether only the order of a list's items differs here.
    pub fn is_order(&self) -> bool {
        self.path.last() == Some(&PathSegment::Order)
    }

    /// Whether the path is that one, items whatever their key: `["spec", "containers", "*", "image"]`.
    pub fn is_at(&self, pattern: &[&str]) -> bool {
        self.path.len() == pattern.len() && self.starts(pattern)
    }

    /// Whether the path begins like that.
    pub fn starts(&self, pattern: &[&str]) -> bool {
        self.path.len() >= pattern.len()
            && self.path.iter().zip(pattern).all(|(step, wanted)| match step {
                PathSegment::Member(name) => name == wanted,
                PathSegment::Item(_) => *wanted == "*",
                PathSegment::Order => false,
            })
    }
}

/// A path as a reader writes it; the order of a list is the list.
pub fn path_text(path: &[PathSegment]) -> String {
    let mut text = String::new();
    for step in path {
        let _infallible = fmt::Write::write_fmt(&mut text, format_args!("{step}"));
    }
    text.strip_prefix('.').map(str::to_owned).unwrap_or(text)
}

impl fmt::Display for PathSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
        };
        match self {
            PathSegment::Member(name) if bare(name) => write!(f, ".{name}"),
            PathSegment::Member(name) => write!(f, "[{}]", Value::String(name.clone())),
            PathSegment::Item(key) => write!(f, "[{key}]"),
            PathSegment::Order => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The lists of a container.
    fn container() -> ListKeys {
        let pod = ListKeys::new(&json!({"apiVersion": "v1", "kind": "Pod"}));
        pod.field("spec").field("containers").item()
    }

    fn said(old: Value, new: Value) -> Vec<String> {
        let show = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), Value::to_string);
        let fields = fields(&old, &new, container());
        fields.iter().map(|field| format!("{} {} {}", field.at(), show(&field.old), show(&field.new))).collect()
    }

    #[test]
    fn items_with_keys_are_told_by_them() {
        let old = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let new = json!({"env": [{"name": "N"}, {"name": "A", "value": "1"}, {"name": "B", "value": "3"}]});
        assert_eq!(said(old.clone(), new), [r#"env[N] - {"name":"N"}"#, r#"env[B].value "2" "3""#]);
        let turned = json!({"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]});
        assert_eq!(said(old.clone(), turned), [r#"env ["A","B"] ["B","A"]"#]);
        let twice = json!({"env": [{"name": "A"}, {"name": "A"}]});
        assert_eq!(said(old, twice.clone()).len(), 1, "a key that is there twice tells nothing");
        assert_eq!(said(twice.clone(), twice), [""; 0]);
        let port = |protocol: &str| json!({"ports": [{"containerPort": 1, "protocol": protocol}]});
        assert_eq!(said(port("TCP"), port("UDP")).len(), 2);
    }

    #[test]
    fn a_difference_can_be_taken_back() {
        let old = json!({"a": {"b": 1}, "env": [{"name": "A", "value": "1"}, {"name": "B"}]});
        let new = json!({"c": 2, "env": [{"name": "A", "value": "2"}, {"name": "C"}]});
        let lists = container();
        let mut back = new.clone();
        for field in fields(&old, &new, lists) {
            back = value_with(&back, &field.path, value_at(&old, &field.path, lists), lists).expect("a place");
        }
        assert_eq!(fields(&old, &back, lists), []);
        let nowhere = [
            PathSegment::Member("env".to_owned()),
            PathSegment::Item("Z".to_owned()),
            PathSegment::Member("value".to_owned()),
        ];
        assert_eq!(value_with(&new, &nowhere, Some(&json!(1)), lists), None);
    }

    #[test]
    fn maps_are_told_member_by_member_and_other_lists_whole() {
        assert_eq!(
            said(json!({}), json!({"labels": {"a": "x", "b/c": "y"}})),
            [r#"labels.a - "x""#, r#"labels["b/c"] - "y""#]
        );
        assert_eq!(said(json!({"args": ["a"]}), json!({"args": ["b"]})), [r#"args ["a"] ["b"]"#]);
        assert_eq!(said(json!({"a": {}}), json!({})), ["a {} -"]);
        assert_eq!(said(json!({"a": [1]}), json!({"a": {"b": 1}})), [r#"a [1] {"b":1}"#]);
        assert_eq!(said(json!({"env": [{"name": "A"}]}), json!({})), [r#"env[A] {"name":"A"} -"#]);
    }
}
