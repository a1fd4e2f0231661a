//! Merges diagnostics of several tasks that say the same about the same text.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diag::{Diagnostic, Diagnostics, Label, Place};

/// What makes two diagnostics one.
type Key = (Place, &'static str, String, Vec<String>, Vec<Label>);

/// Adds what was said of each task.
pub(super) fn say(tasks: impl Iterator<Item = Diagnostics>, diags: &mut Diagnostics) {
    let mut all: BTreeMap<Key, (Diagnostic, usize)> = BTreeMap::new();
    for one in tasks.flatten() {
        let key = (one.place.clone(), one.code.name(), one.message.clone(), one.help.clone(), one.others.clone());
        match all.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert((one, 0))),
            Entry::Occupied(mut entry) => {
                let (first, more) = entry.get_mut();
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
