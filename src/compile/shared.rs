//! Merges diagnostics of several tasks that say the same about the same text, and names the tasks of each diagnostic.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diag::{Diagnostic, Diagnostics, Label, Place};
use crate::model::Model;
use crate::tree::{FileId, Span};

/// What makes two diagnostics one.
type DiagnosticKey = (Place, &'static str, String, Vec<String>, Vec<Label>);

/// Adds the diagnostics of each task; they come in the order of the tasks.
pub(super) fn say(model: &Model, tasks: impl Iterator<Item = Diagnostics>, diags: &mut Diagnostics) {
    let mut all: BTreeMap<DiagnosticKey, (Diagnostic, usize)> = BTreeMap::new();
    let owned = model.units.iter().zip(tasks).flat_map(|(unit, diags)| {
        let task = unit.identity.to_string();
        diags.into_iter().map(move |mut diagnostic| {
            diagnostic.add_task(&task);
            diagnostic
        })
    });
    for one in owned {
        let key = (one.place.clone(), one.code.name(), one.message.clone(), one.help.clone(), one.others.clone());
        match all.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert((one, 0))),
            Entry::Occupied(mut entry) => {
                let (first, more) = entry.get_mut();
                one.tasks.iter().for_each(|task| first.add_task(task));
                // One task may say a thing twice where no cluster is named.
                let Some(new) = one.clusters else { continue };
                *more += 1;
                if let Some(known) = &mut first.clusters {
                    known.add(&new);
                }
            }
        }
    }
    for (diagnostic, more) in all.into_values() {
        diags.push(match more {
            0 => diagnostic,
            1 => diagnostic.note("another task shares this text"),
            more => diagnostic.note(format!("{more} other tasks share this text")),
        });
    }
}

/// Names the tasks of diagnostics that name none and point into the document of a task.
pub(super) fn attribute(model: &Model, diags: &mut Diagnostics) {
    let mut extents: BTreeMap<(FileId, u32), (u32, usize)> = BTreeMap::new();
    for (at, unit) in model.units.iter().enumerate() {
        extents.insert((unit.document.file, unit.document.start), (unit.document.end, at));
    }
    let task_at = |span: &Span| {
        let (_, (end, at)) =
            extents.range(..=(span.file, span.start)).next_back().filter(|((file, _), _)| *file == span.file)?;
        (span.start < *end).then(|| model.units[*at].identity.to_string())
    };
    for diagnostic in diags.iter_mut().filter(|diagnostic| diagnostic.tasks.is_empty()) {
        let own = match &diagnostic.place {
            Place::Text(span) => Some(span),
            Place::Path(_) | Place::Whole => None,
        };
        let spans = own.into_iter().chain(diagnostic.others.iter().map(|other| &other.span));
        let tasks: Vec<String> = spans.filter_map(task_at).collect();
        tasks.iter().for_each(|task| diagnostic.add_task(task));
    }
}
