//! A position in a JSON value with the way back to the root. Null counts as absent, as for the API server.

use serde_json::{Map, Value};

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    value: &'a Value,
    step: ChildStep<'a>,
    parent: Option<&'a At<'a>>,
}

#[derive(Clone, Copy)]
enum ChildStep<'a> {
    Root,
    Key(&'a str),
    /// An item of the list under that key.
    Item(&'a str, usize),
    /// An entry of the map under that key, whose own keys are the user's.
    Entry(&'a str, &'a str),
}

impl<'a> At<'a> {
    /// The whole value.
    pub(crate) fn root(value: &'a Value) -> At<'a> {
        At { value, step: ChildStep::Root, parent: None }
    }

    /// The value itself.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    fn present(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.present(key).is_some()
    }

    /// The field, if it is there.
    pub(crate) fn get<'s>(&'s self, key: &'s str) -> Option<At<'s>> {
        let value = self.present(key)?;
        Some(At { value, step: ChildStep::Key(key), parent: Some(self) })
    }

    /// The items of the list under a key; none if there is no list.
    pub(crate) fn items<'s>(&'s self, key: &'s str) -> impl Iterator<Item = At<'s>> {
        let items = self.list(key).iter().enumerate();
        items.map(move |(at, value)| At { value, step: ChildStep::Item(key, at), parent: Some(self) })
    }

    /// The list under a key; empty if there is none.
    pub(crate) fn list(&self, key: &str) -> &'a [Value] {
        self.present(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The entries of the map under a key; none if there is no map.
    pub(crate) fn entries<'s>(&'s self, key: &'s str) -> impl Iterator<Item = (&'s str, At<'s>)> {
        let entries = self.map(key).into_iter().flatten();
        entries.map(move |(name, value)| {
            (name.as_str(), At { value, step: ChildStep::Entry(key, name), parent: Some(self) })
        })
    }

    /// The map under a key.
    pub(crate) fn map(&self, key: &str) -> Option<&'a Map<String, Value>> {
        self.present(key).and_then(Value::as_object)
    }

    /// The text under a key.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.present(key).and_then(Value::as_str)
    }

    /// The text under a key, empty if there is none, as Go has it.
    pub(crate) fn words(&self, key: &str) -> &'a str {
        self.text(key).unwrap_or_default()
    }

    /// The whole number under a key.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.present(key).and_then(Value::as_i64)
    }

    /// The truth under a key.
    pub(crate) fn truth(&self, key: &str) -> Option<bool> {
        self.present(key).and_then(Value::as_bool)
    }

    /// Whether `true` stands under a key.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.truth(key) == Some(true)
    }

    /// The nearest key of a field, without index.
    pub(crate) fn key(&self) -> &'a str {
        match self.step {
            ChildStep::Root => "",
            ChildStep::Key(key) | ChildStep::Item(key, _) | ChildStep::Entry(key, _) => key,
        }
    }

    /// What the place is called: the nearest key, with an index if it is an item.
    pub(crate) fn place(&self) -> String {
        match self.step {
            ChildStep::Root => "the object".to_owned(),
            ChildStep::Key(key) | ChildStep::Entry(_, key) => super::shown(key),
            ChildStep::Item(key, at) => format!("{}[{at}]", super::shown(key)),
        }
    }

    /// The place as RFC 6901 writes it.
    pub(crate) fn pointer(&self) -> String {
        let mut text = self.parent.map(At::pointer).unwrap_or_default();
        let mut push = |key: &str| {
            text.push('/');
            text.push_str(&key.replace('~', "~0").replace('/', "~1"));
        };
        match self.step {
            ChildStep::Root => {}
            ChildStep::Key(key) => push(key),
            ChildStep::Item(key, at) => {
                push(key);
                push(&at.to_string());
            }
            ChildStep::Entry(map, key) => {
                push(map);
                push(key);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_knows_the_way_back() {
        let value = json!({"a": [{"b/c": {"d~": 1}}], "n": null});
        let root = At::root(&value);
        assert!(!root.has("n") && root.get("n").is_none());
        let item = root.items("a").next().unwrap();
        let (name, entry) = item.entries("b/c").next().unwrap();
        assert_eq!((name, entry.pointer().as_str()), ("d~", "/a/0/b~1c/d~0"));
        assert_eq!((item.place().as_str(), entry.value()), ("a[0]", &json!(1)));
    }
}
