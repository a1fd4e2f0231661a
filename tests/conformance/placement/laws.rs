//! What holds of every decision, whatever Karmada says: tried on the recorded cases, in both ways.

use std::collections::BTreeSet;

use fleetcron::place::{
    Area, Candidate, CandidateInventory, Demand, PlacementRules, Previous, ReplicaStrategy, ScheduledReplicas,
    SpreadBy, Ways, schedule,
};
use serde_json::Value;

use super::read;
use crate::conformance::vectors;

struct Case {
    id: String,
    inventory: CandidateInventory,
    rules: PlacementRules,
    demand: Demand,
    previous: Previous,
}

impl Case {
    fn decide(&self, previous: &Previous) -> Option<ScheduledReplicas> {
        schedule(&self.inventory, &self.rules, &self.demand, previous).ok()
    }

    /// The decision as the next one will see it.
    fn then(&self, placed: &ScheduledReplicas) -> Previous {
        let name = |at: usize| self.inventory.clusters()[at].name.clone();
        let group = match (&self.rules.area, placed.group) {
            (Area::Groups(groups), Some(at)) => Some(groups[at].name.clone()),
            _ => None,
        };
        let clusters = placed.shares.iter().map(|(at, replicas)| (name(*at), *replicas)).collect();
        Previous { clusters, group, fresh: false, ..self.previous.clone() }
    }

    /// Overflow counts what is free and what is there, so an inventory that does not see its own tasks has more the next time.
    fn overflows(&self) -> bool {
        matches!(&self.rules.area, Area::Groups(groups) if groups.iter().any(|group| !group.overflow.is_empty()))
    }

    fn divided(&self) -> bool {
        self.demand.is_workload() && !matches!(self.rules.strategy, ReplicaStrategy::Duplicated)
    }
}

/// All cases that admission lets pass, in those ways.
fn cases(ways: Ways) -> Vec<Case> {
    let cases = vectors("placement").unwrap_or_default();
    let read = |case: &Value| {
        let rules = read::draft(&case["placement"]).admit().ok()?;
        Some(Case {
            id: case["id"].to_string(),
            inventory: read::inventory(case),
            rules: PlacementRules { ways, ..rules },
            demand: read::demand(case),
            previous: read::previous(case),
        })
    };
    cases.iter().filter_map(read).collect()
}

#[test]
fn the_order_of_the_inventory_does_not_matter() {
    for case in [cases(Ways::Karmada), cases(Ways::Own)].into_iter().flatten() {
        let reversed: Vec<Candidate> = case.inventory.clusters().iter().rev().cloned().collect();
        let other = schedule(&CandidateInventory::new(reversed), &case.rules, &case.demand, &case.previous);
        assert_eq!(case.decide(&case.previous), other.ok(), "{}", case.id);
    }
}

#[test]
fn all_replicas_are_shared_out_and_stay_where_they_are() {
    for case in [cases(Ways::Karmada), cases(Ways::Own)].into_iter().flatten() {
        let Some(placed) = case.decide(&case.previous) else { continue };
        if case.divided() {
            let sum: i64 = placed.shares.iter().map(|(_, replicas)| replicas).sum();
            assert_eq!(sum, case.demand.replicas, "{}", case.id);
        }
        if case.rules.spread.is_empty() && !case.overflows() {
            let again = case.decide(&case.then(&placed)).expect("what was placed stays");
            let set = |placed: &ScheduledReplicas| placed.shares.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(set(&again), set(&placed), "{}", case.id);
        }
    }
}

#[test]
fn without_taints_spread_and_a_past_both_ways_are_one() {
    let mut compared = 0;
    for (theirs, ours) in cases(Ways::Karmada).into_iter().zip(cases(Ways::Own)) {
        let tainted = theirs.inventory.clusters().iter().any(|cluster| !cluster.taints.is_empty());
        if tainted || !theirs.rules.spread.is_empty() || !theirs.previous.clusters.is_empty() {
            continue;
        }
        compared += 1;
        assert_eq!(theirs.decide(&theirs.previous), ours.decide(&ours.previous), "{}", theirs.id);
    }
    assert!(compared > 0 || cases(Ways::Own).is_empty(), "no case was compared");
}

fn values<'a>(cluster: &'a Candidate, by: &SpreadBy) -> Vec<&'a String> {
    match by {
        SpreadBy::Provider => cluster.provider.iter().collect(),
        SpreadBy::Region => cluster.region.iter().collect(),
        SpreadBy::Zone => cluster.zones.iter().collect(),
        SpreadBy::Label(key) => cluster.labels.get(key).into_iter().collect(),
        SpreadBy::Cluster => vec![&cluster.name],
    }
}

#[test]
fn in_our_own_ways_every_constraint_is_kept() {
    for case in cases(Ways::Own) {
        if !matches!(case.rules.strategy, ReplicaStrategy::Duplicated)
            || !case.demand.is_workload()
            || case.demand.replicas == 0
        {
            continue;
        }
        let Some(placed) = case.decide(&case.previous) else { continue };
        for spread in &case.rules.spread {
            let chosen = placed.shares.iter().map(|(at, _)| &case.inventory.clusters()[*at]);
            let groups: BTreeSet<&String> = chosen.flat_map(|cluster| values(cluster, &spread.by)).collect();
            assert!(groups.len() >= spread.min, "{}: {spread:?} {groups:?}", case.id);
            // A cluster in several zones may bring more of them.
            let max = spread.max.filter(|_| spread.by != SpreadBy::Zone);
            assert!(max.is_none_or(|max| groups.len() <= max), "{}: {spread:?} {groups:?}", case.id);
        }
    }
}
