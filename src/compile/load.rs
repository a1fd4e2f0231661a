//! What the plan puts on each cluster, and what that leaves of it. It decides nothing and warns of nothing.
//!
//! The one idea: where a task goes never depends on another task, so what all of them take together is worked out
//! afterwards, for people: as if everything ran at once, standby copies aside.

use std::collections::BTreeMap;

use super::{Compilation, inventory};
use crate::place::Amounts;

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
    pub requests: Amounts,
    /// By resource that the cluster offers or that is requested: what is free and what is left of that; nothing where
    /// nobody says what the cluster can take.
    pub room: Option<BTreeMap<String, (i64, i64)>>,
}

/// What every cluster carries, in the order of the inventory.
pub fn loads(compilation: &Compilation) -> Vec<Load> {
    let clusters = &compilation.model.clusters;
    let mut loads = vec![Load::default(); clusters.len()];
    for built in &compilation.plan {
        for variant in &built.rendered.variants {
            for at in &variant.clusters {
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
    let inventory = inventory::of(clusters);
    for ((load, candidate), cluster) in loads.iter_mut().zip(inventory.clusters()).zip(clusters) {
        let Some(capacity) = &candidate.capacity else { continue };
        let offered = cluster.capacity.iter().flat_map(|capacity| capacity.allocatable.keys());
        let names = offered.chain(load.requests.keys());
        let room = names.map(|name| {
            let taken = load.requests.get(name).copied().unwrap_or(0);
            (name.clone(), (capacity.free_of(name), capacity.left(name, taken)))
        });
        load.room = Some(room.collect());
    }
    loads
}
