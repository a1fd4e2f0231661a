//! Chooses the active copies among the placed ones; the others are standby.
//!
//! A recorded active copy stays as long as it may; else the author's order, then untainted clusters, then by name.

use super::decision::Decision;
use super::filter;
use crate::model::{Active, Cluster, Named};

/// Which copies run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The clusters whose copy runs, in the order of the inventory.
    pub running: Vec<usize>,
    /// The placed clusters whose copy may run, best first.
    pub eligible: Vec<usize>,
}

/// Decides which of the placed copies run; `recorded` are the clusters whose copies ran before.
pub fn activate(active: &Active, clusters: &[Cluster], decision: &Decision, recorded: &[String]) -> Activation {
    let selector = active.selector();
    let placed = decision.chosen().map(|(at, _)| at);
    let mut eligible: Vec<usize> = match &active.clusters {
        Some(Named::Names(names)) if names.value.is_empty() => Vec::new(),
        _ => placed.filter(|at| filter::matches(&selector, &clusters[*at]).is_ok()).collect(),
    };
    let listed = |at: usize| match &active.clusters {
        Some(Named::Names(names)) => names.value.iter().position(|name| name.value == clusters[at].name.value),
        _ => None,
    };
    eligible.sort_by_key(|at| {
        let cluster = &clusters[*at];
        let ran = recorded.contains(&cluster.name.value);
        (!ran, listed(*at), !cluster.taints.is_empty(), *at)
    });
    let most = active.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let mut running: Vec<usize> = eligible.iter().copied().take(most).collect();
    running.sort_unstable();
    Activation { running, eligible }
}
