//! Reads `ManagedCluster` of Open Cluster Management: fields, cluster claims and well-known labels. API server
//! addresses are not copied.

use super::amounts;
use super::collector::Collector;
use super::imported::{ImportedCluster, provider};
use super::object::{KubernetesObject, text};
use crate::model::TaintEffect;

pub(super) const GROUP: &str = "cluster.open-cluster-management.io";

/// Taints that the hub sets by the health of the hour.
const HEALTH: [&str; 2] =
    ["cluster.open-cluster-management.io/unavailable", "cluster.open-cluster-management.io/unreachable"];

/// Reads one, unless the hub has not accepted it.
pub(super) fn read(object: &KubernetesObject, collector: &mut Collector<'_>) -> Option<ImportedCluster> {
    let mut found = collector.begin(object, "OCM ManagedCluster", object.name());
    if object.at(&["spec", "hubAcceptsClient"]).is_some_and(|accepted| accepted == false) {
        collector.note(format!("{} is not accepted by the hub and is left out", found.source));
        return None;
    }
    let claim = |name: &str| {
        let mut claims = object.list(&["status", "clusterClaims"]).iter();
        claims.find(|claim| text(claim, &["name"]) == Some(name)).and_then(|claim| text(claim, &["value"]))
    };
    found.region = claim("region.open-cluster-management.io").map(str::to_owned);
    found.provider = claim("platform.open-cluster-management.io").and_then(provider);
    let version = object.text(&["status", "version", "kubernetes"]);
    found.version = collector.version(&found, claim("kubeversion.open-cluster-management.io").or(version));
    // NoSelect ends decisions that stand, NoSelectIfNew does not, as NoExecute and NoSchedule do with pods.
    let effect = |effect: &str| match effect {
        "NoSelect" => Some(TaintEffect::NoExecute),
        "NoSelectIfNew" => Some(TaintEffect::NoSchedule),
        "PreferNoSelect" => Some(TaintEffect::PreferNoSchedule),
        _ => None,
    };
    found.taints = Some(collector.taints(&found, object, &HEALTH, effect));
    if let Some(allocatable) = object.at(&["status", "allocatable"]) {
        found.capacity.allocatable = Some(collector.amounts(&found, amounts::read(Some(allocatable))));
    }
    Some(found)
}
