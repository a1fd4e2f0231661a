//! Karmada's `Cluster`. It copies no address and no reference to a Secret.
//!
//! The one idea: almost every field has its like in ours, for the inventory of Karmada was the model.

use super::amounts;
use super::found::{Capacity, Found, Taint};
use super::gather::Gather;
use super::object::{Object, text};
use crate::model::TaintEffect;

pub(super) const GROUP: &str = "cluster.karmada.io";

/// Taints that Karmada's controllers set by the health of the hour (`pkg/apis/cluster/v1alpha1/well_known_constants.go`).
const HEALTH: [&str; 3] =
    ["cluster.karmada.io/not-ready", "cluster.karmada.io/unreachable", "cluster.karmada.io/terminating"];

/// Reads one.
pub(super) fn read(object: &Object, gather: &mut Gather<'_>) -> Found {
    let mut found = gather.begin(object, "Karmada Cluster", object.name());
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
    let mut taints = Vec::new();
    for taint in object.list(&["spec", "taints"]) {
        let (Some(key), Some(effect)) = (text(taint, &["key"]), text(taint, &["effect"])) else { continue };
        let effect = match effect {
            "NoSchedule" => TaintEffect::NoSchedule,
            "NoExecute" => TaintEffect::NoExecute,
            "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
            _ => {
                gather.note(format!("{}: the taint `{key}` has an unknown effect and is left out", found.source));
                continue;
            }
        };
        if HEALTH.contains(&key) {
            gather.note(format!("{}: the taint `{key}` is the health of the hour and is left out", found.source));
            continue;
        }
        let value = text(taint, &["value"]).unwrap_or_default().to_owned();
        taints.push(Taint { key: key.to_owned(), value, effect });
    }
    found.taints = Some(taints);
    found.version = gather.version(&found, object.text(&["status", "kubernetesVersion"]));
    if object.at(&["status", "resourceSummary"]).is_some() {
        let mut read = |name: &str| {
            let amounts = amounts::read(object.at(&["status", "resourceSummary", name]));
            Some(gather.amounts(&found, amounts))
        };
        let (allocatable, allocated, allocating) = (read("allocatable"), read("allocated"), read("allocating"));
        found.capacity = Capacity { allocatable, allocated, allocating };
    }
    found
}
