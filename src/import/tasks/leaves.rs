//! Splits the body of a task into leaves, one a field that may differ by itself, and puts it together again. A list whose
//! items have a key becomes a map by that key and the order of the keys.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use crate::patch::ListShape;
use crate::patch::table::List;

/// Values by path. A path is `a/b/c`; a step that begins with `#` is the key of a list's item.
pub(super) type Leaves = BTreeMap<String, Value>;

/// By path of a list, the keys of its items in order.
pub(super) type LeafOrders = BTreeMap<String, Vec<String>>;

/// A body as leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub(super) leaves: Leaves,
    pub(super) orders: LeafOrders,
}

/// How the parts of a body merge: those of a CronJob that stand below a name of their own.
#[derive(Clone, Copy)]
pub(super) enum LeafPath {
    /// The body itself.
    Body,
    /// Something in it.
    Inside(ListShape),
}

impl LeafPath {
    pub(super) fn member(self, name: &str) -> Self {
        Self::Inside(match self {
            Self::Body => match name {
                "container" => ListShape::container(),
                "pod" => ListShape::pod_spec(),
                "job" => ListShape::job_spec(),
                _ => ListShape::UNKNOWN,
            },
            Self::Inside(shape) => shape.field(name),
        })
    }

    pub(super) fn item(self) -> Self {
        match self {
            Self::Body => self,
            Self::Inside(shape) => Self::Inside(shape.item()),
        }
    }

    /// The key by which the items of a list merge.
    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::Inside(shape) => match shape.list() {
                List::Keyed { key, .. } => Some(key),
                _ => None,
            },
            Self::Body => None,
        }
    }
}

/// A step of a path, so that slashes and signs of its own stay apart.
pub(super) fn step(name: &str) -> String {
    if name.contains(['~', '/']) || name.starts_with('#') {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        return match escaped.strip_prefix('#') {
            Some(rest) => format!("~2{rest}"),
            None => escaped,
        };
    }
    name.to_owned()
}

/// The name that a step stands for.
pub(super) fn unstep(step: &str) -> String {
    if step.contains('~') { step.replace("~2", "#").replace("~1", "/").replace("~0", "~") } else { step.to_owned() }
}

/// A path with a further step.
pub(super) fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") }
}

/// The key of a list's item as text.
pub(super) fn key_text(item: &Value, key: &str) -> Option<String> {
    match item.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The keys of all items, if each has one and no two are equal.
pub(super) fn keys_of(items: &[Value], key: &str) -> Option<Vec<String>> {
    let keys: Vec<String> = items.iter().map(|item| key_text(item, key)).collect::<Option<_>>()?;
    let distinct: HashSet<&String> = keys.iter().collect();
    (distinct.len() == keys.len() && !keys.is_empty()).then_some(keys)
}

impl Parts {
    /// Splits a body.
    pub(super) fn of(body: &Value) -> Self {
        let mut parts = Self::default();
        split(body, String::new(), LeafPath::Body, &mut parts);
        parts
    }

    /// The body of the leaves. Items whose list has no place for them stand at its end, by key.
    pub(super) fn to_body(&self) -> Value {
        let mut root = LeafNode::Map(BTreeMap::new());
        for (path, value) in &self.leaves {
            root.put(path, value);
        }
        root.into_value("", LeafPath::Body, &self.orders)
    }
}

fn split(value: &Value, path: String, place: LeafPath, parts: &mut Parts) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                split(member, below(&path, &step(name)), place.member(name), parts);
            }
        }
        Value::Array(items) => match place.key().and_then(|key| keys_of(items, key)) {
            Some(keys) => {
                // Containers have fields that differ by themselves; other items are small.
                let is_deep = path.ends_with("ontainers");
                for (key, item) in keys.iter().zip(items) {
                    let path = below(&path, &format!("#{}", step(key)));
                    match is_deep {
                        true => split(item, path, place.item(), parts),
                        false => _ = parts.leaves.insert(path, item.clone()),
                    }
                }
                parts.orders.insert(path, keys);
            }
            None => _ = parts.leaves.insert(path, value.clone()),
        },
        _ => _ = parts.leaves.insert(path, value.clone()),
    }
}

/// A body on its way back.
enum LeafNode {
    Leaf(Value),
    Map(BTreeMap<String, LeafNode>),
}

impl LeafNode {
    fn put(&mut self, path: &str, value: &Value) {
        let LeafNode::Map(members) = self else { return };
        match path.split_once('/') {
            None => _ = members.insert(path.to_owned(), LeafNode::Leaf(value.clone())),
            Some((first, rest)) => {
                members.entry(first.to_owned()).or_insert_with(|| LeafNode::Map(BTreeMap::new())).put(rest, value);
            }
        }
    }

    fn into_value(self, path: &str, place: LeafPath, orders: &LeafOrders) -> Value {
        let mut members = match self {
            LeafNode::Leaf(value) => return value,
            LeafNode::Map(members) => members,
        };
        if !members.keys().any(|name| name.starts_with('#')) {
            let member = |(name, node): (String, LeafNode)| {
                let plain = unstep(&name);
                let value = node.into_value(&below(path, &name), place.member(&plain), orders);
                (plain, value)
            };
            return Value::Object(members.into_iter().map(member).collect::<Map<_, _>>());
        }
        let mut items = Vec::new();
        for key in orders.get(path).into_iter().flatten() {
            let step = format!("#{}", step(key));
            if let Some(node) = members.remove(&step) {
                items.push(node.into_value(&below(path, &step), place.item(), orders));
            }
        }
        let rest = members.into_iter().map(|(step, node)| node.into_value(&below(path, &step), place.item(), orders));
        items.extend(rest.collect::<Vec<_>>());
        Value::Array(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_comes_back_as_it_was() {
        let body = json!({
            "labels": {"a/b": "c", "#x": "y", "~1": "z"},
            "pod": {"volumes": [{"name": "b", "emptyDir": {}}, {"name": "a", "emptyDir": {}}], "tolerations": [{"key": "k"}],
                "initContainers": [{"name": "i", "env": [{"name": "Z"}, {"name": "A", "value": "1"}]}], "nodeSelector": {}},
            "container": {"args": ["x"], "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}], "env": []},
        });
        let parts = Parts::of(&body);
        assert_eq!(parts.to_body(), body);
        assert_eq!(parts.orders["pod/volumes"], ["b", "a"]);
        assert_eq!(parts.leaves["pod/initContainers/#i/env/#A"], json!({"name": "A", "value": "1"}));
    }
}
