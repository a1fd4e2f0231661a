//! Reads Karmada's `Cluster`. Addresses and references to Secrets are not copied.

use super::amounts;
use super::collector::Collector;
use super::imported::{ImportedCapacity, ImportedCluster};
use super::object::KubernetesObject;
use crate::model::TaintEffect;

pub(super) const GROUP: &str = "cluster.karmada.io";

/// Taints that Karmada's controllers set by the health of the hour (`pkg/apis/cluster/v1alpha1/well_known_constants.go`).
const HEALTH: [&str; 3] =
    ["cluster.karmada.io/not-ready", "cluster.karmada.io/unreachable", "cluster.karmada.io/terminating"];

/// Reads one.
pub(super) fn read(object: &KubernetesObject, collector: &mut Collector<'_>) -> ImportedCluster {
    let mut found = collector.begin(object, "Karmada Cluster", object.name());
    found.provider = object.text(&["spec", "provider"]).map(str::to_owned);
    found.region = object.text(&["spec", "region"]).map(str::to_owned);
    let zones = object.list(&["spec", "zones"]).iter().filter_map(|zone| zone.as_str());
    found.zones = zones.chain(object.text(&["spec", "zone"])).map(str::to_owned).collect();
    let mut seen = Vec::new();
    found.zones.retain(|zone| {
        !seen.contains(zone) && {
            seen.push(zone.clone());
            true
        }
    });
    let effect = |effect: &str| match effect {
        "NoSchedule" => Some(TaintEffect::NoSchedule),
        "NoExecute" => Some(TaintEffect::NoExecute),
        "PreferNoSchedule" => Some(TaintEffect::PreferNoSchedule),
        _ => None,
    };
    found.taints = Some(collector.taints(&found, object, &HEALTH, effect));
    found.version = collector.version(&found, object.text(&["status", "kubernetesVersion"]));
    if object.at(&["status", "resourceSummary"]).is_some() {
        let mut read = |name: &str| {
            let amounts = amounts::read(object.at(&["status", "resourceSummary", name]));
            Some(collector.amounts(&found, amounts))
        };
        let (allocatable, allocated, allocating) = (read("allocatable"), read("allocated"), read("allocating"));
        found.capacity = ImportedCapacity { allocatable, allocated, allocating };
    }
    found
}
