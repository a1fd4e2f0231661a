//! Adds up what the plan puts on each cluster, and what that leaves of its capacity.
//!
//! Where a task goes never depends on another task, so what all of them take together is worked out afterwards: as if
//! everything ran at once, suspended copies aside. The table of `plan` and the lint `overcommitted` read the same numbers.

use std::collections::BTreeMap;

use super::{Compilation, TaskResult, inventory};
use crate::lint;
use crate::model::{Cluster, Unit};
use crate::place::{CandidateInventory, FreeCapacity, ResourceAmounts};

/// What one cluster carries.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Tasks that are placed there.
    pub tasks: usize,
    /// Their instances.
    pub instances: u64,
    /// The tasks of which that copy is suspended.
    pub suspended: usize,
    /// The tasks whose requests cannot be read.
    pub unknown: usize,
    /// What all copies that run request together, in billionths; pods are instances.
    pub requests: ResourceAmounts,
    /// By resource that the cluster offers or that is requested: what is free and what is left of that; nothing where
    /// nobody says what the cluster can take.
    pub room: Option<BTreeMap<String, (i64, i64)>>,
}

/// What every cluster carries, in the order of the inventory.
pub fn loads(compilation: &Compilation) -> Vec<Load> {
    let clusters = &compilation.model.clusters;
    let mut loads = carried(&compilation.plan, clusters, |_| true);
    let inventory = inventory::of(clusters);
    for ((load, candidate), cluster) in loads.iter_mut().zip(inventory.clusters()).zip(clusters) {
        load.room = candidate.capacity.as_ref().map(|capacity| room(load, capacity, cluster));
    }
    loads
}

/// The clusters of which something is negative once every copy runs that is not suspended, with the tasks of these copies:
/// exactly what [`loads`] shows as less than nothing.
pub(super) fn overcommitted<'a>(
    units: &'a [Unit],
    plan: &[TaskResult],
    clusters: &[Cluster],
    inventory: &CandidateInventory,
) -> Vec<lint::Overcommitted<'a>> {
    let known = |at: usize| inventory.clusters()[at].capacity.as_ref();
    let loads = carried(plan, clusters, |at| known(at).is_some());
    let mut over: BTreeMap<usize, lint::Overcommitted<'a>> = BTreeMap::new();
    for (at, load) in loads.iter().enumerate() {
        let Some(capacity) = known(at) else { continue };
        let room = room(load, capacity, &clusters[at]).into_iter().filter(|(_, (_, left))| *left < 0);
        let lacking: Vec<(String, i64, i64)> = room.map(|(name, (free, left))| (name, free, left)).collect();
        if !lacking.is_empty() {
            over.insert(at, lint::Overcommitted { cluster: at, lacking, tasks: Vec::new() });
        }
    }
    if over.is_empty() {
        return Vec::new();
    }
    for (unit, built) in units.iter().zip(plan) {
        for variant in built.rendered.variants.iter().filter(|variant| !variant.timing.suspended) {
            for at in &variant.clusters {
                if let Some(over) = over.get_mut(at) {
                    over.tasks.push(unit);
                }
            }
        }
    }
    over.into_values().collect()
}

/// What is free and what is left of everything that a cluster offers or that is requested of it.
fn room(load: &Load, capacity: &FreeCapacity, cluster: &Cluster) -> BTreeMap<String, (i64, i64)> {
    let offered = cluster.capacity.iter().flat_map(|capacity| capacity.allocatable.keys());
    let names = offered.chain(load.requests.keys());
    let room = names.map(|name| {
        let taken = load.requests.get(name).copied().unwrap_or(0);
        (name.clone(), (capacity.free_of(name), capacity.left(name, taken)))
    });
    room.collect()
}

/// What the finished manifests put on each cluster that is asked about.
fn carried(plan: &[TaskResult], clusters: &[Cluster], asked: impl Fn(usize) -> bool) -> Vec<Load> {
    let mut loads = vec![Load::default(); clusters.len()];
    for built in plan {
        for variant in &built.rendered.variants {
            for at in variant.clusters.iter().filter(|at| asked(**at)) {
                let load = &mut loads[*at];
                load.tasks += 1;
                load.instances += u64::from(variant.instances);
                if variant.timing.suspended {
                    load.suspended += 1;
                    continue;
                }
                let count = i128::from(variant.instances);
                let mut add = |name: &str, nanos: i128| {
                    let nanos = nanos.saturating_mul(count);
                    match load.requests.get_mut(name) {
                        Some(sum) => *sum = sum.saturating_add(nanos),
                        None => _ = load.requests.insert(name.to_owned(), nanos),
                    }
                };
                add("pods", 1_000_000_000);
                match &variant.requests {
                    Some(requests) => requests.iter().for_each(|(name, amount)| add(name, amount.nanos())),
                    None => load.unknown += 1,
                }
            }
        }
    }
    loads
}
