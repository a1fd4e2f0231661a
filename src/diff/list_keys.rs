//! Which lists of an object have keys, so that their items can be matched by key instead of by position.

use serde_json::Value;

use crate::patch::ListShape;
use crate::patch::table::List;

/// A cursor that walks beside a value: keys of a strategic merge, and the identity of items under server-side apply.
#[derive(Clone, Copy)]
pub struct ListKeys(ListShape);

impl ListKeys {
    /// The lists of an object, by its apiVersion and kind.
    pub fn new(object: &Value) -> Self {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        ListKeys(ListShape::of(text("apiVersion"), text("kind")))
    }

    /// The value of a member.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        ListKeys(self.0.field(name))
    }

    /// An item of a list.
    #[must_use]
    pub fn item(self) -> Self {
        ListKeys(self.0.item())
    }

    /// The members that together identify an item of this list; none where the list is one value.
    pub fn key(self) -> &'static [&'static str] {
        match self.0.list() {
            List::Keyed { identity, .. } => identity,
            List::Atomic | List::Union => &[],
        }
    }
}
