//! Prepares the inventory for placement once per run: quantities parsed, free capacity computed.

use std::collections::BTreeMap;

use crate::model::{self, Cluster};
use crate::place::{Candidate, CandidateInventory, CandidateTaint, FreeCapacity, Nodes, ResourceAmounts};
use crate::tree::Spanned;
use crate::validate::quantity;

/// The clusters in the order of the model, which is that of their names. What is no quantity was said to be none.
pub fn of(clusters: &[Cluster]) -> CandidateInventory {
    CandidateInventory::new(clusters.iter().map(candidate).collect())
}

fn candidate(cluster: &Cluster) -> Candidate {
    let taint = |taint: &model::ClusterTaint| CandidateTaint {
        key: taint.key.value.clone(),
        value: taint.value.clone(),
        effect: taint.effect,
    };
    let said = |text: &Spanned<String>| text.value.clone();
    Candidate {
        name: cluster.name.value.clone(),
        labels: cluster.labels.iter().map(|(key, value)| (key.clone(), said(value))).collect(),
        provider: cluster.provider.as_ref().map(said),
        region: cluster.region.as_ref().map(said),
        zones: cluster.zones.iter().map(said).collect(),
        release: cluster.release.as_ref().map(|release| release.value),
        taints: cluster.taints.iter().map(taint).collect(),
        capacity: cluster.capacity.as_ref().map(|capacity| {
            let model::ClusterCapacity { allocatable, allocated, allocating, .. } = capacity;
            let summed = FreeCapacity::new(&amounts(allocatable), &amounts(allocated), &amounts(allocating));
            summed.with_nodes(nodes(cluster))
        }),
        apis: cluster.karmada.iter().flat_map(|karmada| &karmada.apis).flatten().cloned().collect(),
        serves_all: cluster.karmada.as_ref().is_none_or(|karmada| karmada.apis.is_none()),
        leaving: cluster.karmada.as_ref().is_some_and(|karmada| karmada.leaving),
    }
}

/// The nodes of a cluster of Karmada by grade.
fn nodes(cluster: &Cluster) -> Vec<Nodes> {
    let read = |least: &BTreeMap<String, String>| -> ResourceAmounts {
        least.iter().filter_map(|(name, text)| Some((name.clone(), quantity::parse(text).ok()?.nanos()))).collect()
    };
    let grades = cluster.karmada.iter().flat_map(|karmada| &karmada.grades);
    grades.map(|grade| Nodes::new(grade.count, &read(&grade.least))).collect()
}

fn amounts(list: &BTreeMap<String, Spanned<String>>) -> ResourceAmounts {
    list.iter().filter_map(|(name, text)| Some((name.clone(), quantity::parse(text).ok()?.nanos()))).collect()
}
