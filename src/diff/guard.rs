//! The guard against deletions. It stops; it never deletes and never forgives by itself.
//!
//! The one idea: what counts is one cluster at a time. Losing more than a share of its objects, all of them, or the
//! cluster itself is stopped with a list, until somebody names the cluster.

use std::collections::BTreeSet;

use crate::model::Guards;
use crate::tree::Difference;

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

/// The clusters in which a difference deletes more than `percent` of the objects and at least `min`, or all of them;
/// clusters that are named in `allowed` may. What goes because a cluster is `drained` is no deletion by accident: it is
/// neither counted as deleted nor as having been there.
pub fn guard(
    difference: &Difference,
    guards: Guards,
    inventory: &[&str],
    allowed: &[String],
    drained: &BTreeSet<String>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (cluster, counts) in &difference.clusters {
        let gone = difference.delete.iter().filter(|removal| removal.path.first() == cluster);
        let explained = gone.filter(|removal| drained.contains(removal.path.as_str())).count();
        let delete = counts.delete.saturating_sub(explained);
        let (before, after) = (counts.before().saturating_sub(explained), counts.after());
        if delete == 0 || allowed.iter().any(|name| name == cluster) {
            continue;
        }
        let many = delete as u64 * 100 > before as u64 * u64::from(guards.percent) && delete >= guards.min as usize;
        let emptied = delete == before;
        let dropped = !inventory.contains(&cluster.as_str());
        if many || emptied || dropped {
            refusals.push(Refusal { cluster: cluster.clone(), deleted: delete, before, after, dropped });
        }
    }
    refusals
}
