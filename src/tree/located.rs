//! A JSON value with the source location of each member. Values and locations are kept side by side, so the fast path
//! works on a plain [`Value`].

use serde_json::Value;

use super::Span;

/// Where a value, and each of its members, was written.
#[derive(Clone, Debug)]
pub struct SpanTree {
    /// The key that the value stands under; the value's own span where it has no key (list items, the root).
    pub key: Span,
    /// The value.
    pub value: Span,
    /// Its members.
    pub spots: Spots,
}

/// The members of a [`SpanTree`].
#[derive(Clone, Debug)]
pub enum Spots {
    /// A text or null.
    Leaf,
    /// A number or a boolean, with the text that the author wrote: `on`, `1_000`.
    Source(Box<str>),
    /// The items of a list, in order.
    Items(Vec<SpanTree>),
    /// The members of a map, in the author's order.
    Members(Vec<(String, SpanTree)>),
}

impl SpanTree {
    /// A scalar's place.
    pub fn leaf(span: Span) -> Self {
        Self { key: span, value: span, spots: Spots::Leaf }
    }

    /// The member of a map.
    pub fn member(&self, name: &str) -> Option<&SpanTree> {
        match &self.spots {
            Spots::Members(members) => members.iter().find(|(key, _)| key == name).map(|(_, tree)| tree),
            _ => None,
        }
    }

    /// The text that the author wrote for a number or a boolean.
    pub fn source(&self) -> Option<&str> {
        match &self.spots {
            Spots::Source(text) => Some(text),
            _ => None,
        }
    }

    /// The item of a list.
    pub fn item(&self, index: usize) -> Option<&SpanTree> {
        match &self.spots {
            Spots::Items(items) => items.get(index),
            _ => None,
        }
    }
}

/// A JSON value with its places. Members and items of `value` and `spans` correspond one to one.
#[derive(Clone, Debug)]
pub struct Located {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub spans: SpanTree,
}

impl Located {
    /// The place of the whole value.
    pub fn span(&self) -> Span {
        self.spans.value
    }

    /// A member of a map with its places.
    pub fn member(&self, name: &str) -> Option<(&Value, &SpanTree)> {
        Some((self.value.get(name)?, self.spans.member(name)?))
    }
}

/// Equality is of the value, not of the place.
impl PartialEq for Located {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
