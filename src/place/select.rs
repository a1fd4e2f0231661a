//! Step 3, select: which of the fitting clusters are taken.
//!
//! Source: Karmada's `spreadconstraint/select_clusters.go`, `select_clusters_by_cluster.go`,
//! `select_clusters_by_region.go`, `group_clusters.go`.

use std::collections::BTreeMap;

use super::candidate::CandidateInventory;
use super::failure::PlacementFailure;
use super::groups::{self, ClusterGroup, GroupBounds};
use super::prioritize::ScoredCluster;
use super::rules::{Demand, PlacementRules, ReplicaStrategy, SpreadBy, SpreadRule};

/// Takes clusters from the fitting ones, which come in base order, as Karmada does (`SelectBestClusters`).
pub(super) fn select(
    inventory: &CandidateInventory,
    entries: Vec<ScoredCluster>,
    rules: &PlacementRules,
    demand: &Demand,
) -> Result<Vec<ScoredCluster>, PlacementFailure> {
    if rules.spread.is_empty() || ignores_spread(&rules.strategy) {
        return Ok(entries);
    }
    let cluster = rules.spread_by(&SpreadBy::Cluster);
    match (rules.spread_by(&SpreadBy::Region), cluster) {
        (Some(region), cluster) => by_region(inventory, &entries, region, cluster, rules, demand),
        (None, Some(cluster)) => by_cluster(entries, cluster.min, cluster.max.unwrap_or(0), rules, demand),
        (None, None) => Err(PlacementFailure::NoSuchSpread),
    }
}

/// `shouldIgnoreSpreadConstraint`: static weights are for all clusters, unless the list of weights is there and empty.
fn ignores_spread(strategy: &ReplicaStrategy) -> bool {
    match strategy {
        ReplicaStrategy::StaticWeight(weights) => weights.as_ref().is_none_or(|weights| !weights.is_empty()),
        _ => false,
    }
}

/// The first clusters (`selectBestClustersByCluster`).
pub(super) fn by_cluster(
    mut entries: Vec<ScoredCluster>,
    min: usize,
    max: usize,
    rules: &PlacementRules,
    demand: &Demand,
) -> Result<Vec<ScoredCluster>, PlacementFailure> {
    if entries.len() < min {
        return Err(PlacementFailure::TooFewGroups { of: "clusters".to_owned() });
    }
    let rest = entries.split_off(max.min(entries.len()));
    if matches!(rules.strategy, ReplicaStrategy::Duplicated) {
        Ok(entries)
    } else {
        make_room(entries, 0, rest, demand)
    }
}

/// Where the chosen clusters are too small for the replicas, greater ones take their places, from the last on; the first
/// `fixed` stay (`selectClustersByAvailableResource`).
pub(super) fn make_room(
    mut keep: Vec<ScoredCluster>,
    fixed: usize,
    mut rest: Vec<ScoredCluster>,
    demand: &Demand,
) -> Result<Vec<ScoredCluster>, PlacementFailure> {
    let mut room = keep.iter().map(ScoredCluster::available).fold(0, i64::saturating_add);
    for at in (fixed..keep.len()).rev() {
        if room >= demand.replicas {
            break;
        }
        let greatest = (0..rest.len()).rev().max_by_key(|other| rest[*other].available());
        if let Some(other) = greatest.filter(|other| rest[*other].available() > keep[at].available()) {
            room = room.saturating_add(rest[other].available() - keep[at].available());
            std::mem::swap(&mut keep[at], &mut rest[other]);
        }
    }
    if keep.is_empty() || room < demand.replicas {
        Err(PlacementFailure::NoRoom { clusters: keep.len() })
    } else {
        Ok(keep)
    }
}

/// Regions first; then one cluster of each, then the best of all of them (`selectBestClustersByRegion`).
fn by_region(
    inventory: &CandidateInventory,
    entries: &[ScoredCluster],
    region: &SpreadRule,
    cluster: Option<&SpreadRule>,
    rules: &PlacementRules,
    demand: &Demand,
) -> Result<Vec<ScoredCluster>, PlacementFailure> {
    let mut members: BTreeMap<&str, Vec<&ScoredCluster>> = BTreeMap::new();
    for entry in entries {
        if let Some(region) = &inventory.clusters()[entry.at].region {
            members.entry(region).or_default().push(entry);
        }
    }
    if members.len() < region.min {
        return Err(PlacementFailure::TooFewGroups { of: "region".to_owned() });
    }
    let (least, most) = cluster.map_or((0, 0), |cluster| (cluster.min, cluster.max.unwrap_or(0)));
    let groups: Vec<ClusterGroup<'_>> = members
        .iter()
        .map(|(name, group)| ClusterGroup {
            name,
            count: group.len(),
            score: score(group, region.min, least, rules, demand),
        })
        .collect();
    let wanted = GroupBounds { min: region.min, max: region.max.unwrap_or(0), clusters: least };
    let chosen = groups::choose(&groups, wanted).ok_or(PlacementFailure::NoGroups)?;
    let members: Vec<&Vec<&ScoredCluster>> = chosen.iter().map(|at| &members[groups[*at].name]).collect();
    let mut taken: Vec<ScoredCluster> = members.iter().map(|group| *group[0]).collect();
    if most > taken.len() {
        let mut chosen = vec![false; inventory.clusters().len()];
        for entry in members.iter().flat_map(|group| &group[1..]) {
            chosen[entry.at] = true;
        }
        let more = entries.iter().filter(|entry| chosen[entry.at]).take(most - taken.len());
        taken.extend(more.copied());
    }
    Ok(taken)
}

/// How well a group could take its part (`calcGroupScore`, `calcGroupScore4Duplicate`). Thousands say how much room
/// there is, the rest how many of its clusters have the task already.
pub(super) fn score(
    group: &[&ScoredCluster],
    min: usize,
    clusters: usize,
    rules: &PlacementRules,
    demand: &Demand,
) -> i64 {
    const UNIT: i64 = 1000;
    let mean = |sum: i64, count: usize| i64::try_from(count).map_or(0, |count| sum.checked_div(count).unwrap_or(0));
    if matches!(rules.strategy, ReplicaStrategy::Duplicated) {
        let valid = || group.iter().filter(|entry| entry.available() >= demand.replicas);
        let count = valid().count();
        let score = mean(valid().map(|entry| entry.score()).sum(), count);
        return i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(UNIT).saturating_add(score);
    }
    let parts = i64::try_from(min.max(1)).unwrap_or(i64::MAX);
    let part = demand.replicas / parts + i64::from(demand.replicas % parts > 0);
    let (mut room, mut sum) = (0_i64, 0);
    for (at, entry) in group.iter().enumerate() {
        room = room.saturating_add(entry.available());
        sum += entry.score();
        if at + 1 >= clusters.max(min) && room >= part {
            return part.saturating_mul(UNIT).saturating_add(mean(sum, at + 1));
        }
    }
    // A group with fewer clusters than asked for has been walked to its end.
    let enough = part.min(room);
    enough.saturating_mul(UNIT).saturating_add(mean(sum, group.len()))
}
