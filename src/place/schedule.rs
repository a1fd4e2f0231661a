//! One scheduling run: filter, prioritize, select, assign; of several affinity groups the first that works. Source:
//! Karmada's `core/generic_scheduler.go Schedule` and `scheduler.go scheduleResourceBindingWithClusterAffinities`.

use std::collections::BTreeMap;

use super::account::{Account, Heard};
use super::assign::assign;
use super::candidate::CandidateInventory;
use super::failure::PlacementFailure;
use super::plugins::{Attempt, PluginRefusal};
use super::prioritize::{before, prioritize};
use super::rules::{AffinityGroup, Area, Demand, PlacementRules, Previous, Ways};
use super::select::select;
use super::spread::spread;

/// Where the replicas go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledReplicas {
    /// Places in the inventory with replicas, in the order of the decision.
    pub shares: Vec<(usize, i64)>,
    /// The place of the group that worked, if there are groups.
    pub group: Option<usize>,
}

/// Decides where the replicas go.
///
/// # Errors
/// Why they go nowhere; of several groups, what was wrong with the first that was tried.
pub fn schedule(
    inventory: &CandidateInventory,
    rules: &PlacementRules,
    demand: &Demand,
    previous: &Previous,
) -> Result<ScheduledReplicas, PlacementFailure> {
    let before = before(inventory, previous);
    let attempt = |group| Attempt { rules, demand, group, evicting: &previous.evicting };
    let Area::Groups(groups) = &rules.area else {
        return once(inventory, &attempt(None), &before, previous)
            .map(|shares| ScheduledReplicas { shares, group: None });
    };
    let mut first = None;
    for (at, group) in groups.iter().enumerate().skip(start(groups, previous)) {
        match once(inventory, &attempt(Some(group)), &before, previous) {
            Ok(shares) => return Ok(ScheduledReplicas { shares, group: Some(at) }),
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    Err(first.unwrap_or(PlacementFailure::NoneFits { clusters: inventory.clusters().len(), rules: Vec::new() }))
}

/// Everything that speaks against a cluster, in a fixed order; of several groups, in that one.
pub fn refusals(
    inventory: &CandidateInventory,
    at: usize,
    rules: &PlacementRules,
    group: Option<usize>,
    demand: &Demand,
    previous: &Previous,
) -> Vec<PluginRefusal> {
    let group = match (&rules.area, group) {
        (Area::Groups(groups), Some(at)) => groups.get(at),
        _ => None,
    };
    let cluster = &inventory.clusters()[at];
    let there = previous.clusters.iter().any(|(name, _)| *name == cluster.name);
    Attempt { rules, demand, group, evicting: &previous.evicting }.refusals(cluster, there).collect()
}

/// The group to begin with: that of the previous decision, or the first (`getAffinityIndex`).
fn start(groups: &[AffinityGroup], previous: &Previous) -> usize {
    let named = previous.group.as_ref().filter(|_| !previous.fresh);
    named.and_then(|name| groups.iter().position(|group| group.name == *name)).unwrap_or(0)
}

/// One attempt.
fn once(
    inventory: &CandidateInventory,
    attempt: &Attempt<'_>,
    before: &[Option<(usize, i64)>],
    previous: &Previous,
) -> Result<Vec<(usize, i64)>, PlacementFailure> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut fitting = Vec::with_capacity(inventory.clusters().len());
    let mut refused = Vec::new();
    for (at, cluster) in inventory.clusters().iter().enumerate().filter(|(_, cluster)| !cluster.leaving) {
        match attempt.refusals(cluster, before[at].is_some()).next() {
            None => fitting.push(at),
            Some(refusal) => refused.push(refusal),
        }
    }
    if fitting.is_empty() {
        for refusal in refused {
            *counts.entry(refusal.to_string()).or_default() += 1;
        }
        return Err(PlacementFailure::NoneFits {
            clusters: inventory.clusters().len(),
            rules: counts.into_iter().collect(),
        });
    }
    among(inventory, &fitting, attempt, before, previous, None)
}

/// Decides among clusters that pass all filters, whoever looked at them; groups and evictions are settled then.
///
/// # Errors
/// Why the replicas go nowhere.
pub fn choose(
    inventory: &CandidateInventory,
    fitting: &[usize],
    rules: &PlacementRules,
    demand: &Demand,
    previous: &Previous,
) -> Result<Vec<(usize, i64)>, PlacementFailure> {
    choose_told(inventory, fitting, rules, demand, previous, &mut Account::default())
}

/// As [`choose`], and says what was taken into account.
pub(super) fn choose_told(
    inventory: &CandidateInventory,
    fitting: &[usize],
    rules: &PlacementRules,
    demand: &Demand,
    previous: &Previous,
    account: &mut Account,
) -> Result<Vec<(usize, i64)>, PlacementFailure> {
    let attempt = Attempt { rules, demand, group: None, evicting: &[] };
    among(inventory, fitting, &attempt, &before(inventory, previous), previous, Some(account))
}

/// Prioritize, select, assign.
fn among(
    inventory: &CandidateInventory,
    fitting: &[usize],
    attempt: &Attempt<'_>,
    before: &[Option<(usize, i64)>],
    previous: &Previous,
    mut account: Option<&mut Account>,
) -> Result<Vec<(usize, i64)>, PlacementFailure> {
    let entries = prioritize(inventory, fitting, attempt, before, previous.bounded);
    if let Some(account) = account.as_deref_mut() {
        let (listens, failed) = (account.listens, std::mem::take(&mut account.failed));
        *account = Account { fitting: entries.clone(), listens, failed, ..Account::default() };
    }
    let selected = match attempt.rules.ways {
        Ways::Karmada => select(inventory, entries, attempt.rules, attempt.demand)?,
        Ways::Own => {
            let told = account.as_deref_mut().map(|account| &mut account.levels);
            spread(inventory, entries, attempt.rules, attempt.demand, told)?
        }
    };
    let overflows = attempt.group.is_some_and(|group| !group.overflow.is_empty());
    let listens = account.as_deref().is_some_and(|account| account.listens);
    let mut heard = Heard { listens, division: None };
    let shares = assign(&selected, attempt.rules, attempt.demand, (previous.fresh, overflows), &mut heard);
    if let Some(account) = account {
        account.selected = selected.iter().map(|entry| entry.at).collect();
        account.division = heard.division;
        account.shares = shares.clone().unwrap_or_default();
    }
    shares
}
