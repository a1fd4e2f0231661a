//! Merges a diagnostic that several clusters have into one. Diagnostics that are equal but for their notes are one;
//! clusters and notes add up.

use std::collections::{BTreeSet, HashMap};

use super::{Clusters, Code, Diagnostic, Diagnostics, Place};

/// Diagnostics of one task, each with the clusters it was found on, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Gather {
    found: Vec<(Diagnostic, BTreeSet<usize>)>,
    /// Where in the list those of a code and a place stand.
    places: HashMap<(Code, Place), Vec<usize>>,
}

/// So many notes are shown of one diagnostic.
const NOTES: usize = 8;

/// Whether two are the same but for what is noted beside them: zones, places in manifests.
fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    (a.code, a.severity, &a.message, &a.place, &a.help, &a.others)
        == (b.code, b.severity, &b.message, &b.place, &b.help, &b.others)
}

impl Gather {
    /// Adds one that was found on some clusters, by index in the inventory.
    pub fn add(&mut self, diagnostic: Diagnostic, clusters: &[usize]) {
        let alike = self.places.entry((diagnostic.code, diagnostic.place.clone())).or_default();
        let known = alike.iter().copied().find(|at| same(&self.found[*at].0, &diagnostic));
        match known.map(|at| &mut self.found[at]) {
            Some((known, places)) => {
                places.extend(clusters);
                let new = diagnostic.notes.into_iter().filter(|note| !known.notes.contains(note)).collect::<Vec<_>>();
                known.notes.extend(new);
            }
            None => {
                alike.push(self.found.len());
                self.found.push((diagnostic, clusters.iter().copied().collect()));
            }
        }
    }

    /// Puts them into a bag; `name` is that of a cluster, `of` how many the task is placed on.
    pub fn into_bag<'n>(self, name: impl Fn(usize) -> &'n str, of: usize, bag: &mut Diagnostics) {
        for (mut diagnostic, clusters) in self.found {
            if diagnostic.notes.len() > NOTES {
                let more = diagnostic.notes.len() - NOTES;
                diagnostic.notes.truncate(NOTES);
                diagnostic.notes.push(format!("and {more} more of these"));
            }
            let names = clusters.into_iter().map(|cluster| name(cluster).to_owned()).collect();
            diagnostic.clusters = Some(Clusters { names, of });
            bag.push(diagnostic);
        }
    }
}
