//! A map with the locations of its keys, and a text that may look like a number.

use std::ops::Deref;

use super::Spanned;

/// A map in the author's order that knows the places of its keys; no key stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Keyed<T> {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(k, _)| k.value == key).map(|(_, value)| value)
    }
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Keyed<T> {
    type Target = [(Spanned<String>, T)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A text; a number or a boolean is taken as the author wrote it (`on` stays `on`, `1_000` stays `1_000`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScalarText(pub String);

impl Deref for ScalarText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
