//! The same thing found on several clusters is said once. It decides nothing.
//!
//! The one idea: diagnostics that are equal are one, and their clusters add up.

use std::collections::BTreeSet;

use super::{Clusters, Diagnostic, Diagnostics};

/// Diagnostics of one task, each with the clusters it was found on, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Gather {
    found: Vec<(Diagnostic, BTreeSet<usize>)>,
}

impl Gather {
    /// Adds one that was found on some clusters, by index in the inventory.
    pub fn add(&mut self, diagnostic: Diagnostic, clusters: &[usize]) {
        match self.found.iter_mut().find(|(known, _)| *known == diagnostic) {
            Some((_, known)) => known.extend(clusters),
            None => self.found.push((diagnostic, clusters.iter().copied().collect())),
        }
    }

    /// Puts them into a bag; `name` is that of a cluster, `of` how many the task is placed on.
    pub fn into_bag<'n>(self, name: impl Fn(usize) -> &'n str, of: usize, bag: &mut Diagnostics) {
        for (mut diagnostic, clusters) in self.found {
            let names = clusters.into_iter().map(|cluster| name(cluster).to_owned()).collect();
            diagnostic.clusters = Some(Clusters { names, of });
            bag.push(diagnostic);
        }
    }
}
