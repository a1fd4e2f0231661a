//! Compares two texts of one object by meaning, secrets redacted.
//!
//! Clusters share the bytes of a variant, so each pair of texts is parsed and compared once.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::field::{FieldChange, fields};
use super::list_keys::ListKeys;
use super::redaction::Redaction;
use super::significance::split_by_meaning;
use crate::compile::Manifest;
use crate::tree::FileId;
use crate::yaml;

/// Two states of one object, secrets covered; at least one of them is there.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What was.
    pub old: Option<Value>,
    /// What is.
    pub new: Option<Value>,
    /// Where they differ, if both are there; nothing if they mean the same.
    pub fields: Vec<FieldChange>,
    /// Where they are written otherwise and mean the same.
    pub written: Vec<FieldChange>,
}

impl Compared {
    /// Whether both are there and mean the same.
    pub fn same(&self) -> bool {
        self.old.is_some() && self.new.is_some() && self.fields.is_empty()
    }

    /// Whether there is nothing to show: both are there and are written alike.
    pub(super) fn alike(&self) -> bool {
        self.same() && self.written.is_empty()
    }
}

/// A text and the object of it that is meant: a file that passes byte for byte may hold several.
#[derive(Clone, Copy)]
pub(super) struct ObjectText<'a> {
    pub(super) bytes: &'a Arc<[u8]>,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

impl<'a> ObjectText<'a> {
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        Self { bytes: &manifest.bytes, kind: &manifest.kind, name: &manifest.name }
    }
}

/// Differences of what nobody may see, without what differs: two secrets that changed places look the same when covered.
pub fn unseen(found: Vec<FieldChange>) -> Vec<FieldChange> {
    let hide = |value: Option<Value>, cover: &str| value.map(|_| Value::from(cover));
    let unseen = found.into_iter().map(|field| FieldChange {
        old: hide(field.old, "(hidden: before)"),
        new: hide(field.new, "(hidden: after)"),
        path: field.path,
    });
    unseen.collect()
}

/// Compares texts, each pair once.
pub(super) struct Comparer<'r> {
    redaction: &'r Redaction,
    known: BTreeMap<(usize, usize, String), Rc<Compared>>,
}

impl<'r> Comparer<'r> {
    pub(super) fn new(redaction: &'r Redaction) -> Self {
        Self { redaction, known: BTreeMap::new() }
    }

    /// Two states of an object. Where its name has changed, `renamed` leaves name and namespace out of the comparison.
    pub(super) fn pair(
        &mut self,
        old: Option<ObjectText<'_>>,
        new: Option<ObjectText<'_>>,
        renamed: bool,
    ) -> Rc<Compared> {
        let at = |text: Option<ObjectText<'_>>| text.map_or(0, |text| text.bytes.as_ptr().addr());
        let name =
            |text: Option<ObjectText<'_>>| text.map_or_else(String::new, |text| format!("{}/{}", text.kind, text.name));
        let key = (at(old), at(new), format!("{} {}", name(old), name(new)));
        if let Some(known) = self.known.get(&key) {
            return Rc::clone(known);
        }
        let compared = Rc::new(self.compare(old, new, renamed));
        self.known.insert(key, Rc::clone(&compared));
        compared
    }

    /// Whether two texts say the same; what is known of their objects already is not asked again.
    pub(super) fn same(&mut self, old: &Arc<[u8]>, new: &Arc<[u8]>) -> bool {
        let (from, to) = (old.as_ptr().addr(), new.as_ptr().addr());
        let known = self.known.range((from, to, String::new())..);
        let mut known = known.take_while(|((a, b, _), _)| (*a, *b) == (from, to)).peekable();
        if known.peek().is_some() {
            return known.all(|(_, compared)| compared.same());
        }
        let text = |bytes| ObjectText { bytes, kind: "", name: "" };
        self.pair(Some(text(old)), Some(text(new)), false).same()
    }

    fn compare(&self, old: Option<ObjectText<'_>>, new: Option<ObjectText<'_>>, renamed: bool) -> Compared {
        if let (Some(old), Some(new)) = (old, new)
            && old.bytes == new.bytes
        {
            return Compared { old: Some(Value::Null), new: Some(Value::Null), ..Compared::default() };
        }
        let mut old = old.map(|text| self.object(text));
        let mut new = new.map(|text| self.object(text));
        let bare = (old.clone(), new.clone());
        self.redaction.redact(old.as_mut(), new.as_mut());
        let (fields, written) = match (&old, &new, &bare) {
            (Some(old), Some(new), (Some(bare_old), Some(bare_new))) => {
                let mut found = fields(old, new, ListKeys::new(new));
                if found.is_empty() {
                    found = unseen(fields(bare_old, bare_new, ListKeys::new(bare_new)));
                }
                let of_name =
                    |field: &FieldChange| field.is_at(&["metadata", "name"]) || field.is_at(&["metadata", "namespace"]);
                found.retain(|field| !renamed || !of_name(field));
                split_by_meaning(bare_old, bare_new, found)
            }
            _ => (Vec::new(), Vec::new()),
        };
        Compared { old, new, fields, written }
    }

    /// The object that a text is about. What cannot be read is compared as a text.
    pub(super) fn object(&self, text: ObjectText<'_>) -> Value {
        let kind = text.kind.rsplit('/').next().unwrap_or_default();
        let mut objects = parse_objects(text.bytes);
        let meant = |object: &Value| {
            object.get("kind").and_then(Value::as_str) == Some(kind)
                && object.pointer("/metadata/name").and_then(Value::as_str) == Some(text.name)
        };
        let at = objects.iter().position(meant).unwrap_or(0);
        match objects.get(at) {
            Some(_) => objects.swap_remove(at),
            None => Value::String(String::from_utf8_lossy(text.bytes).into_owned()),
        }
    }
}

/// The objects of a text; none where it cannot be parsed.
fn parse_objects(bytes: &[u8]) -> Vec<Value> {
    let parsed = yaml::parse(FileId(0), bytes);
    if !parsed.diagnostics.is_empty() {
        return Vec::new();
    }
    parsed.documents.iter().map(|document| document.root.to_value()).collect()
}
