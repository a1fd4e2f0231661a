//! Step 4, assign: how many replicas each selected cluster gets.
//!
//! Every strategy is a list of (cluster, weight) and a target for Webster's method. Source: Karmada's `core/common.go`,
//! `assignment.go`, `division_algorithm.go`.

use std::cmp::Reverse;

use super::account::{Division, DivisionStep, Heard};
use super::failure::PlacementFailure;
use super::prioritize::ScoredCluster;
use super::rules::{Demand, PlacementRules, ReplicaStrategy, Tie, Ways};
use super::webster;

/// Clusters by their places in the inventory, with replicas.
pub(super) type Shares = Vec<(usize, i64)>;

/// Shares the replicas out among the selected clusters, which come in order of selection; `told` hears how.
pub(super) fn assign(
    selected: &[ScoredCluster],
    rules: &PlacementRules,
    demand: &Demand,
    (fresh, overflows): (bool, bool),
    told: &mut Heard,
) -> Result<Shares, PlacementFailure> {
    if selected.is_empty() {
        return Err(PlacementFailure::NothingSelected);
    }
    if !demand.is_workload() {
        return Ok(duplicate(selected.iter().map(|entry| entry.at), 0));
    }
    let mut divide =
        |entries: &[&ScoredCluster], replicas| dynamic(entries, replicas, rules, (demand.tie, fresh), told);
    let all: Vec<&ScoredCluster> = selected.iter().collect();
    let mut shares = match &rules.strategy {
        ReplicaStrategy::Duplicated => duplicate(selected.iter().map(|entry| entry.at), demand.replicas),
        ReplicaStrategy::StaticWeight(_) => by_static_weight(selected, demand, told),
        _ if overflows => by_tiers(&all, demand.replicas, divide)?,
        _ => divide(&all, demand.replicas)?,
    };
    shares.retain(|(_, replicas)| *replicas > 0);
    if demand.keep_empty {
        let mut has: Vec<usize> = shares.iter().map(|(at, _)| *at).collect();
        has.sort_unstable();
        let empty = selected.iter().filter(|entry| has.binary_search(&entry.at).is_err());
        shares.extend(empty.map(|entry| (entry.at, 0)));
    }
    Ok(shares)
}

/// All replicas in every cluster; what is free does not count (`assignByDuplicatedStrategy`).
pub(super) fn duplicate(clusters: impl Iterator<Item = usize>, replicas: i64) -> Shares {
    clusters.map(|at| (at, replicas)).collect()
}

/// By the given weights; all the same where nobody has one (`assignByStaticWeightStrategy`).
fn by_static_weight(selected: &[ScoredCluster], demand: &Demand, told: &mut Heard) -> Shares {
    let mut list: Vec<(usize, i64)> =
        selected.iter().filter(|entry| entry.weight > 0).map(|entry| (entry.at, entry.weight)).collect();
    if list.is_empty() {
        list = selected.iter().map(|entry| (entry.at, 1)).collect();
    }
    told.note(|| Division {
        step: DivisionStep::Weights,
        target: demand.replicas,
        weights: by_name(&list),
        base: Vec::new(),
    });
    dispense(demand.replicas, list, demand.tie)
}

/// Group after group: each takes as much as it can, the rest overflows into the next.
fn by_tiers(
    entries: &[&ScoredCluster],
    replicas: i64,
    mut divide: impl FnMut(&[&ScoredCluster], i64) -> Result<Shares, PlacementFailure>,
) -> Result<Shares, PlacementFailure> {
    let mut shares = Shares::new();
    let mut left = replicas;
    for tier in entries.chunk_by(|a, b| a.tier == b.tier) {
        if left == 0 {
            break;
        }
        let part = left.min(total(tier.iter().map(|entry| entry.available())));
        shares.extend(divide(tier, part)?);
        left -= part;
    }
    if left > 0 { Err(PlacementFailure::TooLittle { doing: None, free: replicas - left }) } else { Ok(shares) }
}

/// By what is free, with regard to what was assigned before (`assignByDynamicStrategy`).
fn dynamic(
    entries: &[&ScoredCluster],
    replicas: i64,
    rules: &PlacementRules,
    (tie, fresh): (Tie, bool),
    told: &mut Heard,
) -> Result<Shares, PlacementFailure> {
    let mut scheduled: Vec<(usize, usize, i64)> =
        entries.iter().filter_map(|entry| entry.before.map(|(order, had)| (order, entry.at, had))).collect();
    scheduled.sort_unstable();
    let mut scheduled: Shares = scheduled.into_iter().map(|(_, at, had)| (at, had)).collect();
    let assigned = total(scheduled.iter().map(|(_, had)| *had));
    let mut divide = |step, target, list, base: &[(usize, i64)]| {
        by_room((step, target), list, base, (rules, tie), told).map(|shares| merge(shares, base))
    };
    let aggregate = matches!(rules.strategy, ReplicaStrategy::Aggregated);
    let room = |of: fn(&ScoredCluster) -> i64| {
        let mut list = entries.to_vec();
        if aggregate {
            list.sort_by_key(|entry| (entry.shunned, Reverse(of(entry))));
        }
        list.into_iter().map(|entry| (entry.at, of(entry))).collect::<Shares>()
    };
    if fresh {
        divide(DivisionStep::Anew, replicas, room(ScoredCluster::available), &[])
    } else if assigned > replicas {
        scheduled.sort_by_key(|(_, had)| Reverse(*had));
        divide(DivisionStep::Fewer, replicas, scheduled, &[])
    } else if assigned < replicas {
        divide(DivisionStep::More, replicas - assigned, room(|entry| entry.room), &scheduled)
    } else {
        told.note(|| Division { step: DivisionStep::Stay, target: 0, weights: Vec::new(), base: scheduled.clone() });
        Ok(scheduled)
    }
}

/// Shares the target out by what each can take. Aggregated, whose list comes sorted, uses no more clusters than it needs,
/// those of the base before all others.
fn by_room(
    (step, target): (DivisionStep, i64),
    mut list: Shares,
    base: &[(usize, i64)],
    (rules, tie): (&PlacementRules, Tie),
    told: &mut Heard,
) -> Result<Shares, PlacementFailure> {
    let mut tell = |list: &Shares| {
        told.note(|| Division { step, target, weights: by_name(list), base: base.to_vec() });
    };
    let free = sum(&list, target, rules.ways);
    if free < target {
        tell(&list);
        // Karmada names what is free besides the replicas that stay; ours are part of what is asked for.
        let stays = if rules.ways == Ways::Own { total(base.iter().map(|(_, had)| *had)) } else { 0 };
        return Err(PlacementFailure::TooLittle { doing: step.doing(), free: free.saturating_add(stays) });
    }
    if matches!(rules.strategy, ReplicaStrategy::Aggregated) {
        let mut has: Vec<usize> = base.iter().filter(|(_, had)| *had > 0).map(|(at, _)| *at).collect();
        has.sort_unstable();
        let (mut first, rest): (Shares, Shares) = list.into_iter().partition(|(at, _)| has.binary_search(at).is_ok());
        first.extend(rest);
        let mut sum = 0_i64;
        let needed = first.iter().position(|(_, room)| {
            sum = sum.saturating_add(*room);
            sum >= target
        });
        first.truncate(needed.map_or(first.len(), |at| at + 1));
        list = first;
    }
    tell(&list);
    Ok(dispense(target, list, tie))
}

fn by_name(list: &Shares) -> Shares {
    let mut list = list.clone();
    list.sort_unstable();
    list
}

/// Webster's method over clusters; the result is ordered by name.
fn dispense(seats: i64, mut list: Shares, tie: Tie) -> Shares {
    list = in_order_of_names(list);
    let weights: Vec<i64> = list.iter().map(|(_, weight)| *weight).collect();
    list.iter().map(|(at, _)| *at).zip(webster::share(seats, &weights, tie)).collect()
}

/// A list by name. A place in the inventory compares as its name does, so of many clusters each is put straight where it
/// belongs.
fn in_order_of_names(mut list: Shares) -> Shares {
    let most = list.iter().map(|(at, _)| *at + 1).max().unwrap_or(0);
    if most > list.len().saturating_mul(4) {
        list.sort_unstable();
        return list;
    }
    let mut slots = vec![None; most];
    for (at, weight) in &list {
        slots[*at] = Some(*weight);
    }
    slots.into_iter().enumerate().filter_map(|(at, weight)| Some((at, weight?))).collect()
}

/// The shares with those of the base added. What stands in the base only comes last, in the order it had; Karmada takes
/// it out of a Go map in any order.
fn merge(mut shares: Shares, base: &[(usize, i64)]) -> Shares {
    let dealt = shares.len();
    for (at, had) in base {
        match shares[..dealt].binary_search_by_key(at, |(at, _)| *at) {
            Ok(place) => shares[place].1 = shares[place].1.saturating_add(*had),
            Err(_) => shares.push((*at, *had)),
        }
    }
    shares
}

/// What all can take. Karmada adds in 32 bits: nothing to place, with "as much as you like" from every cluster, fails on an
/// even number of them.
fn sum(list: &[(usize, i64)], target: i64, ways: Ways) -> i64 {
    let sum = total(list.iter().map(|(_, room)| *room));
    if target == 0 && ways == Ways::Karmada { i64::from(sum as i32) } else { sum }
}

fn total(numbers: impl Iterator<Item = i64>) -> i64 {
    numbers.fold(0, i64::saturating_add)
}
