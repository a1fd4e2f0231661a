//! What a build changes in the lock. New entries are counted; moves are listed one by one.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compile::{self, Compilation};
use crate::lock::{PATH, PlacementChange};
use crate::report::table::count;
use crate::tree::SourceTree;

/// So many moves are shown.
const SHOWN: usize = 20;

/// The lines behind a build's summary; none where nothing changed.
pub fn text(compilation: &Compilation, sources: &SourceTree, written: bool) -> String {
    let mut text = String::new();
    let (new, moved): (Vec<_>, Vec<_>) =
        compilation.drift.iter().partition(|drift| matches!(drift.changes[..], [PlacementChange::New { .. }]));
    if compilation.drift.is_empty() {
        if compilation.lock_differs && written {
            let _infallible = writeln!(text, "{PATH}: put in order");
        }
        return text;
    }
    let mut parts = Vec::new();
    if !new.is_empty() {
        parts.push(format!("{} new", count(new.len(), "task")));
    }
    if !moved.is_empty() {
        parts.push(count(moved.len(), "change"));
    }
    let _infallible = writeln!(text, "{PATH}: {}", parts.join(", "));
    for drift in moved.iter().take(SHOWN) {
        let _infallible = writeln!(text, "  {}", drift.words(|span| compile::line(sources, span)));
    }
    if moved.len() > SHOWN {
        let _infallible = writeln!(text, "  and {} more; `git diff {PATH}` shows all", moved.len() - SHOWN);
    }
    text
}

/// The same for programs, all of it.
pub fn value(compilation: &Compilation, sources: &SourceTree) -> Value {
    let change = |change: &PlacementChange| {
        let (kind, from, to) = match change {
            PlacementChange::New { on } => ("new", json!([]), json!(on)),
            PlacementChange::Gone { from } => ("gone", json!(from), json!([])),
            PlacementChange::Moved { from, to } => ("moved", json!(from), json!(to)),
            PlacementChange::Instances { on } => {
                let list = |pick: fn(&(String, i64, i64)) -> i64| -> Value {
                    on.iter().map(|one| json!({"cluster": one.0, "instances": pick(one)})).collect()
                };
                ("instances", list(|one| one.1), list(|one| one.2))
            }
            PlacementChange::Active { from, to } => ("active", json!(from), json!(to)),
            PlacementChange::Group { from, to } => ("group", json!(from), json!(to)),
            PlacementChange::Asked => ("asked", Value::Null, Value::Null),
        };
        json!({"change": kind, "from": from, "to": to})
    };
    let one = |drift: &crate::lock::Drift| {
        let words = drift.words(|span| compile::line(sources, span));
        json!({"task": drift.task, "changes": drift.changes.iter().map(change).collect::<Vec<Value>>(), "words": words})
    };
    compilation.drift.iter().map(one).collect()
}
