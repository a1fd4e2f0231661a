//! The guard against deletions. It stops; it never deletes and never forgives by itself.
//!
//! The one idea: what counts is one cluster at a time. Losing more than a share of its objects, all of them, or the
//! cluster itself is stopped with a list, until somebody names the cluster.

use std::collections::BTreeSet;

use crate::compile::MARKER_PREFIX as MARKER;
use crate::model::Guards;
use crate::tree::{Difference, RepoPath};

/// A cluster in which too much would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The cluster.
    pub cluster: String,
    /// How many of its objects would go.
    pub deleted: usize,
    /// How many it has now.
    pub before: usize,
    /// How many it would have.
    pub after: usize,
    /// The cluster is not in the inventory any longer.
    pub dropped: bool,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cluster, deleted, before, after, .. } = self;
        let plural = if *before == 1 { "" } else { "s" };
        let all = if *before == 1 { "its only object".to_owned() } else { format!("all its {before} objects") };
        if self.dropped {
            write!(f, "{cluster}: the cluster is gone from the inventory, and {all} would be deleted")
        } else if deleted == before && *after == 0 {
            write!(f, "{cluster}: it would be emptied: {all} would be deleted")
        } else if deleted == before {
            write!(f, "{cluster}: {all} would be deleted, though it gets others")
        } else {
            write!(f, "{cluster}: {deleted} of {before} object{plural} would be deleted")
        }
    }
}

/// What a guard knows beside the difference.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The clusters of the inventory.
    pub inventory: &'a [&'a str],
    /// The clusters whose directory has the marker from now on: it keeps an idle directory alive and is no task's object.
    pub marked: &'a BTreeSet<String>,
    /// The paths that go because a NoExecute taint drains their cluster.
    pub drained: &'a BTreeSet<String>,
    /// The clusters in which somebody allowed it.
    pub allowed: &'a [String],
}

/// The clusters in which a difference deletes more than `percent` of the objects and at least `min`, or all of them and
/// leaves none, or that are dropped. What a drain takes away is no deletion by accident: it is neither counted as deleted
/// nor as having been there, and nor is the marker.
pub fn guard(difference: &Difference, guards: Guards, known: Known<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (cluster, counts) in &difference.clusters {
        if counts.delete == 0 || known.allowed.iter().any(|name| name == cluster) {
            continue;
        }
        let marker = format!("{MARKER}{cluster}.configmap.yaml");
        let is_marker = |path: &RepoPath| path.first() == cluster && path.file_name() == marker;
        let gone: Vec<&RepoPath> =
            difference.delete.iter().map(|removal| &removal.path).filter(|path| path.first() == cluster).collect();
        let drains = gone.iter().any(|path| known.drained.contains(path.as_str()));
        // What stands beside the objects of a task goes with them.
        let beside =
            |path: &RepoPath| path.as_str().ends_with(".namespace.yaml") || path.file_name() == "kustomization.yaml";
        let explained = |path: &&&RepoPath| known.drained.contains(path.as_str()) || drains && beside(path);
        let explained = gone.iter().filter(explained).count();
        let dropped = !known.inventory.contains(&cluster.as_str());
        let unmarked = usize::from(gone.iter().any(|path| is_marker(path)) && !dropped);
        let created = difference.create.iter().any(|write| is_marker(&write.path));
        let marked = known.marked.contains(cluster);
        let delete = counts.delete.saturating_sub(explained + unmarked);
        let was_marked = unmarked + usize::from(marked && !created);
        let before = counts.before().saturating_sub(explained + was_marked);
        let after = counts.after().saturating_sub(usize::from(marked));
        if delete == 0 {
            continue;
        }
        let many = delete as u64 * 100 > before as u64 * u64::from(guards.percent) && delete >= guards.min as usize;
        let emptied = delete >= before && after == 0;
        if many || emptied || dropped {
            refusals.push(Refusal { cluster: cluster.clone(), deleted: delete, before, after, dropped });
        }
    }
    refusals
}
