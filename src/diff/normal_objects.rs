//! Reads the objects of a manifest in normal form, in which two that mean the same are equal.

use serde_json::Value;

use crate::tree::FileId;
use crate::validate::normal;
use crate::yaml;

/// The objects of a text; none if it cannot be read. An object that SOPS encrypted stays as it is written, so that what is
/// encrypted in it can be told from what is not.
pub(super) fn normal_objects(bytes: &[u8]) -> Vec<Value> {
    let parsed = yaml::parse(FileId(0), bytes);
    if !parsed.diagnostics.is_empty() {
        return Vec::new();
    }
    let objects = parsed.documents.iter().map(|document| document.root.to_value());
    objects.map(|object| if object.get("sops").is_some() { object } else { normal(&object) }).collect()
}
