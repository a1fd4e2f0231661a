//! Unified diff of one object's canonical text, secrets redacted.

use std::collections::BTreeSet;

use serde_json::Value;
use similar::TextDiff;

use crate::diff::ObjectChange;
use crate::render::Ordered;
use crate::report::diff::sections::list;
use crate::report::escape::plain;
use crate::report::table::count;
use crate::validate::SchemaNode;
use crate::yaml;

/// So many lines stand around what differs.
const CONTEXT: usize = 3;

/// The patch, with a line before it that says on which clusters it is the same.
pub(super) fn unified(document: &ObjectChange) -> String {
    let compared = &document.compared;
    let (old, new) = (written(compared.old.as_ref()), written(compared.new.as_ref()));
    if old == new {
        return String::new();
    }
    let on: BTreeSet<&str> = document.clusters.iter().map(String::as_str).collect();
    let first = on.first().copied().unwrap_or_default();
    let path = |side: &str, path: &Option<String>| match path {
        // A cluster with another name has its files in another directory now.
        Some(path) if side == "a" => {
            format!("{side}/{}/{path}", document.was.get(first).map_or(first, String::as_str))
        }
        Some(path) => format!("{side}/{first}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let same = if on.len() == 1 {
        format!("on {first}")
    } else {
        format!("same on {}: {}", count(on.len(), "cluster"), list(on))
    };
    let same = if document.same() { format!("written otherwise, means the same, {same}") } else { same };
    let difference = TextDiff::from_lines(&old, &new);
    let mut unified = difference.unified_diff();
    unified.context_radius(CONTEXT).header(&path("a", &document.old_path), &path("b", &document.new_path));
    let text: Vec<String> = unified.to_string().lines().map(plain).collect();
    format!("# {same}\n{}\n", text.join("\n"))
}

/// The canonical text of an object; nothing if there is none.
fn written(object: Option<&Value>) -> String {
    let Some(object) = object else { return String::new() };
    let schema = match object.get("kind").and_then(Value::as_str) {
        Some("CronJob") => SchemaNode::cronjob(),
        _ => SchemaNode::other_object(),
    };
    yaml::emit(object, Ordered(Some(schema)))
}
