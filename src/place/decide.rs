//! Places one unit by its rules and its recorded placement.
//!
//! A recorded placement that still passes every rule is kept; else Karmada's algorithm runs with it as the previous
//! assignment. Where all that fit are taken, the inventory is followed, and the record only says who may stay in spite
//! of NoSchedule.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::affinity::Affinity;
use super::candidate::{Candidate, CandidateInventory};
use super::decision::{Decision, Passed, Reason, Verdict};
use super::filter;
use super::rules::{self, Area, Demand, PlacementRules, Previous, SpreadBy, Ways};
use super::schedule::choose_told;
use crate::model::{Cluster, InstanceStrategy, Named, Placement, Selector, SpreadConstraint, TaintToleration};
use crate::tree::Spanned;

/// What is asked about one unit.
#[derive(Clone, Copy, Debug)]
pub struct DecisionRequest<'a> {
    /// Where its author wants it.
    pub placement: &'a Placement,
    /// The inventory.
    pub clusters: &'a [Cluster],
    /// The same as the algorithm sees it, in the same order.
    pub inventory: &'a CandidateInventory,
    /// How much there is to place.
    pub demand: &'a Demand,
    /// What was decided before, if anything is recorded.
    pub recorded: Option<&'a RecordedPlacement>,
}

/// What is recorded about one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedPlacement {
    /// Its clusters with their instances.
    pub clusters: Vec<(String, i64)>,
    /// The fallback group that worked.
    pub group: Option<String>,
    /// The copies that ran.
    pub active: Vec<String>,
    /// It was decided by the rules that hold now, and does not contradict itself.
    pub valid: bool,
    /// The numbers of instances can be relied on.
    pub counted: bool,
    /// Fewer instances are asked for than are recorded, and nothing else has changed: nothing grows, so nothing has to
    /// fit that did not before.
    pub shrinks: bool,
}

/// Decides where a unit goes.
pub fn decide(asked: DecisionRequest<'_>) -> Decision {
    decide_told(asked, &mut Account::default())
}

/// The same decision with what was taken into account, for those who want to follow it. What was kept as recorded is
/// decided anew for that, with the record as the previous assignment.
pub fn account(asked: DecisionRequest<'_>) -> (Decision, Account) {
    let mut account = Account { listens: true, ..Account::default() };
    let decision = decide_told(asked, &mut account);
    if decision.kept {
        let fitting: Vec<usize> = (0..decision.verdicts.len())
            .filter(|at| decision.possible(*at))
            .filter(|at| decision.group.is_none_or(|group| in_group(asked, group, *at)))
            .collect();
        let (rules, previous) = (rules(asked.placement), previous(asked.recorded));
        let _kept = choose_told(asked.inventory, &fitting, &rules, asked.demand, &previous, &mut account);
        account.selected = decision.chosen().map(|(at, _)| at).collect();
        account.shares = decision.chosen().map(|(at, instances)| (at, i64::from(instances))).collect();
    }
    (decision, account)
}

/// The clusters that pass every rule of a placement, nothing being there yet.
pub fn possible(placement: &Placement, clusters: &[Cluster]) -> impl Iterator<Item = usize> {
    (0..clusters.len()).filter(|at| filter::fits(placement, &clusters[*at], false).is_ok())
}

/// A rule that alone keeps clusters away: of every other rule they would fit.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The rule, as it refuses the first of them.
    pub reason: Reason,
    /// The clusters.
    pub clusters: Vec<usize>,
}

/// The rule that alone keeps the most clusters away, of those without which the task would be placed somewhere: each is
/// tried. It is decided as if those clusters and those that fit already passed every rule, and no others were there.
pub fn helpful_rule(asked: DecisionRequest<'_>) -> Option<NearMiss> {
    let mut rules = lone_rules(asked.placement, asked.clusters);
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.clusters.len()));
    let fitting: Vec<usize> = possible(asked.placement, asked.clusters).collect();
    rules.into_iter().find(|rule| {
        let span = asked.placement.span;
        let names = rule.clusters.iter().chain(&fitting).map(|at| asked.clusters[*at].name.clone()).collect();
        let selector = Selector { clusters: Some(Named::Names(Spanned::new(names, span))), ..Selector::default() };
        let tolerations = vec![TaintToleration::everything(span)];
        let mut placement = Placement { selector, tolerations, ..asked.placement.clone() };
        match rule.reason {
            Reason::NoGroup { .. } => placement.fallback.clear(),
            Reason::Lacks { .. } => placement.spread.clear(),
            Reason::Excluded { .. }
            | Reason::NotNamed { .. }
            | Reason::Property { .. }
            | Reason::Taint { .. }
            | Reason::Karmada { .. } => {}
        }
        decide(DecisionRequest { placement: &placement, recorded: None, ..asked }).chosen().next().is_some()
    })
}

/// Each rule that alone keeps clusters away, in the order of its words.
fn lone_rules(placement: &Placement, clusters: &[Cluster]) -> Vec<NearMiss> {
    let mut rules: BTreeMap<String, NearMiss> = BTreeMap::new();
    for (at, cluster) in clusters.iter().enumerate() {
        let refusals: Vec<Reason> =
            filter::examine(placement, cluster, false).into_iter().filter_map(|(_, refusal)| refusal).collect();
        if let [only] = refusals.as_slice() {
            let rule = rules.entry(only.rule());
            let nearest = rule.or_insert_with(|| NearMiss { reason: only.clone(), clusters: Vec::new() });
            nearest.clusters.push(at);
        }
    }
    rules.into_values().collect()
}

fn decide_told(asked: DecisionRequest<'_>, account: &mut Account) -> Decision {
    let DecisionRequest { placement, clusters, .. } = asked;
    let before: BTreeSet<&str> =
        asked.recorded.into_iter().flat_map(|recorded| &recorded.clusters).map(|(name, _)| name.as_str()).collect();
    let there = |cluster: &Cluster| !before.is_empty() && before.contains(cluster.name.as_str());
    let verdicts = clusters.iter().map(|cluster| match filter::fits(placement, cluster, there(cluster)) {
        Ok(()) => Verdict::Passed(Passed::Nothing),
        Err(reason) => Verdict::Refused(reason),
    });
    let mut decision = Decision { verdicts: verdicts.collect(), group: None, kept: false, failure: None };
    let kept = placement.chooses().then_some(asked.recorded).flatten().filter(|said| said.valid && said.counted);
    let kept = kept.and_then(|recorded| Some((recorded, keeps(asked, recorded, &decision)?)));
    let keep = |mut decision: Decision, recorded: &RecordedPlacement, group| {
        (decision.kept, decision.group, decision.failure) = (true, group, None);
        let shares: Vec<(usize, i64)> =
            recorded.clusters.iter().filter_map(|(name, n)| Some((asked.inventory.find(name)?, *n))).collect();
        settle(asked, &mut decision, &shares, &[]);
        decision
    };
    if let Some((recorded, (group, true))) = kept {
        return keep(decision, recorded, group);
    }
    let (rules, previous) = (rules(placement), previous(asked.recorded));
    for group in attempts(asked) {
        let fitting: Vec<usize> = (0..clusters.len())
            .filter(|at| decision.possible(*at))
            .filter(|at| group.is_none_or(|group| in_group(asked, group, *at)))
            .collect();
        if fitting.is_empty() {
            continue;
        }
        match choose_told(asked.inventory, &fitting, &rules, asked.demand, &previous, account) {
            Ok(mut shares) => {
                if placement.strategy.divides() {
                    even_out(asked, account, &mut shares);
                    shares.sort_unstable();
                    account.shares.clone_from(&shares);
                }
                decision.failure = None;
                decision.group = group;
                settle(asked, &mut decision, &shares, &account.selected);
                return decision;
            }
            Err(failure) => {
                account.failed.push((group, failure.clone()));
                decision.failure = decision.failure.or(Some(failure));
            }
        }
    }
    match kept {
        // Nothing better can be had.
        Some((recorded, (group, false))) if placement.strategy.divides() => keep(decision, recorded, group),
        _ => decision,
    }
}

/// The fallback groups in the order in which they are tried: from the recorded one on, then from the first.
fn attempts(asked: DecisionRequest<'_>) -> Vec<Option<usize>> {
    let groups = &asked.placement.fallback;
    if groups.is_empty() {
        return vec![None];
    }
    let named = asked.recorded.and_then(|recorded| recorded.group.as_ref());
    let start = named.and_then(|name| groups.iter().position(|group| *group.name == **name)).unwrap_or(0);
    (start..groups.len()).chain(0..start).map(Some).collect()
}

fn in_group(asked: DecisionRequest<'_>, group: usize, at: usize) -> bool {
    filter::matches(&asked.placement.fallback[group].selector, &asked.clusters[at]).is_ok()
}

/// The group that a recorded choice belongs to, if it still passes every rule, and whether that is true of the minimum of
/// each spread too: where nobody had room, it was never met.
fn keeps(
    asked: DecisionRequest<'_>,
    recorded: &RecordedPlacement,
    decision: &Decision,
) -> Option<(Option<usize>, bool)> {
    let placement = asked.placement;
    let places: Vec<usize> =
        recorded.clusters.iter().map(|(name, _)| asked.inventory.find(name)).collect::<Option<_>>()?;
    if places.is_empty() || !places.iter().all(|at| decision.possible(*at)) {
        return None;
    }
    let group = match (&recorded.group, placement.fallback.is_empty()) {
        (_, true) => None,
        (Some(name), false) => Some(placement.fallback.iter().position(|group| *group.name == **name)?),
        (None, false) => return None,
    };
    if !group.is_none_or(|group| places.iter().all(|at| in_group(asked, group, *at))) {
        return None;
    }
    let replicas = asked.demand.replicas;
    let numbers = || recorded.clusters.iter().map(|(_, instances)| *instances);
    // Under Duplicated every cluster has what the finished manifest says, overrides included.
    let counted = !placement.strategy.divides() || numbers().fold(0, i64::saturating_add) == replicas;
    (counted && covers(asked, &places)).then(|| (group, unmet(asked, &places).is_empty()))
}

/// Whether clusters are in no more groups than a spread allows.
fn covers(asked: DecisionRequest<'_>, places: &[usize]) -> bool {
    let most =
        |spread: &SpreadConstraint| spread.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    asked.placement.spread.iter().all(|spread| {
        let groups = |at: &usize| groups_of(&asked.inventory.clusters()[*at], &spread.by);
        most(spread) >= places.len() || covered(&places.iter().map(groups).collect::<Vec<_>>(), most(spread))
    })
}

/// The constraints of a spread whose minimum these clusters do not meet, each with the groups that they do bring. Where
/// instances are shared out, fewer instances than groups leave some groups without any, as in Karmada.
pub fn unmet<'a>(asked: DecisionRequest<'a>, places: &[usize]) -> Vec<(&'a SpreadConstraint, BTreeSet<&'a str>)> {
    let met = |spread: &'a SpreadConstraint| {
        let groups = places.iter().flat_map(|at| groups_of(&asked.inventory.clusters()[*at], &spread.by));
        (spread, groups.collect::<BTreeSet<&str>>())
    };
    let spread = asked.placement.spread.iter().map(met);
    spread.filter(|(spread, groups)| groups.len() < least(asked, spread)).collect()
}

/// In how many groups a constraint wants instances.
fn least(asked: DecisionRequest<'_>, spread: &SpreadConstraint) -> usize {
    let min = usize::try_from(spread.min).unwrap_or(usize::MAX);
    match asked.placement.strategy.divides() {
        true => min.min(usize::try_from(asked.demand.replicas).unwrap_or(usize::MAX)),
        false => min,
    }
}

fn groups_of<'a>(cluster: &'a Candidate, by: &'a SpreadBy) -> BTreeSet<&'a str> {
    match by {
        SpreadBy::Provider => cluster.provider.iter().map(String::as_str).collect(),
        SpreadBy::Region => cluster.region.iter().map(String::as_str).collect(),
        SpreadBy::Zone => cluster.zones.iter().map(String::as_str).collect(),
        SpreadBy::Label(key) => cluster.labels.get(key).iter().map(|value| value.as_str()).collect(),
        SpreadBy::Cluster => BTreeSet::from([cluster.name.as_str()]),
    }
}

/// Whether so many groups can hold all clusters; a cluster in several zones needs one of them.
fn covered(sets: &[BTreeSet<&str>], most: usize) -> bool {
    let Some(first) = sets.first() else { return true };
    most > 0
        && first.iter().any(|group| {
            let rest: Vec<BTreeSet<&str>> = sets.iter().filter(|set| !set.contains(group)).cloned().collect();
            rest.len() < most || covered(&rest, most - 1)
        })
}

/// Gives an instance to groups that a spread wants and that got none, where there are enough instances and there is room:
/// each takes one from the cluster that has most and can spare it. Karmada lets a minimum go unmet here.
fn even_out(asked: DecisionRequest<'_>, account: &Account, shares: &mut Vec<(usize, i64)>) {
    let clusters = asked.inventory.clusters();
    let distinct = |shares: &[(usize, i64)], by: &SpreadBy| -> usize {
        let groups: BTreeSet<&str> = shares.iter().flat_map(|(at, _)| groups_of(&clusters[*at], by)).collect();
        groups.len()
    };
    for spread in &asked.placement.spread {
        while distinct(shares, &spread.by) < least(asked, spread) {
            let has: BTreeSet<&str> = shares.iter().flat_map(|(at, _)| groups_of(&clusters[*at], &spread.by)).collect();
            let room = |at: usize| account.fitting.iter().any(|entry| entry.at == at && entry.available() > 0);
            let missing = |at: &&usize| {
                !shares.iter().any(|(there, _)| there == *at)
                    && room(**at)
                    && groups_of(&clusters[**at], &spread.by).iter().any(|group| !has.contains(group))
            };
            let Some(taker) = account.selected.iter().find(missing).copied() else { break };
            // Whoever gives may not leave a group without any.
            let spares = |giver: usize| {
                let mut without: Vec<(usize, i64)> = shares.clone();
                without[giver].1 -= 1;
                without.retain(|(_, instances)| *instances > 0);
                without.push((taker, 1));
                let kept = |other: &SpreadConstraint| {
                    let (now, then) = (distinct(shares, &other.by), distinct(&without, &other.by));
                    then >= now.min(least(asked, other))
                };
                let more = distinct(&without, &spread.by) > distinct(shares, &spread.by);
                (more && asked.placement.spread.iter().all(kept)).then_some(without)
            };
            let mut givers: Vec<usize> = (0..shares.len()).collect();
            givers.sort_by_key(|at| (std::cmp::Reverse(shares[*at].1), shares[*at].0));
            let Some(better) = givers.into_iter().find_map(spares) else { break };
            *shares = better;
        }
    }
}

/// Puts the shares into the verdicts, and says of the others what they were passed over for.
fn settle(asked: DecisionRequest<'_>, decision: &mut Decision, shares: &[(usize, i64)], selected: &[usize]) {
    let placement = asked.placement;
    let group = decision.group;
    let spread = placement.spread.first().map(|spread| spread.span);
    for (at, verdict) in decision.verdicts.iter_mut().enumerate() {
        if matches!(verdict, Verdict::Refused(_)) {
            continue;
        }
        let passed = match group.map(|group| &placement.fallback[group]) {
            Some(used) if filter::matches(&used.selector, &asked.clusters[at]).is_err() => {
                Passed::Group { used: used.name.value.clone(), task: used.name.span }
            }
            _ if decision.kept => Passed::Kept,
            _ => match spread.filter(|_| !selected.contains(&at)) {
                Some(task) => Passed::Spread { task },
                None => Passed::Share { task: placement.strategy_said.unwrap_or(placement.span) },
            },
        };
        *verdict = Verdict::Passed(passed);
    }
    for (at, instances) in shares {
        let instances = u32::try_from(*instances).unwrap_or(u32::MAX);
        decision.verdicts[*at] = Verdict::Chosen { instances };
    }
}

/// The rules as the algorithm wants them; who fits is settled before it.
fn rules(placement: &Placement) -> PlacementRules {
    let tolerations = placement.tolerations.iter().map(|toleration| rules::PlacementToleration {
        key: toleration.key.clone(),
        exists: toleration.exists,
        value: toleration.value.clone(),
        effect: toleration.effect,
    });
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let spread = placement.spread.iter().map(|spread| rules::SpreadRule {
        by: spread.by.clone(),
        min: number(spread.min),
        max: spread.max.map(number),
    });
    let strategy = match placement.strategy {
        InstanceStrategy::Duplicated => rules::ReplicaStrategy::Duplicated,
        InstanceStrategy::Aggregated => rules::ReplicaStrategy::Aggregated,
        InstanceStrategy::DynamicWeight => rules::ReplicaStrategy::DynamicWeight,
        InstanceStrategy::StaticWeight => rules::ReplicaStrategy::StaticWeight(Some(
            (placement.weights.iter())
                .map(|weight| rules::ReplicaWeight {
                    affinity: Affinity::from(&weight.selector),
                    weight: i64::from(weight.weight),
                })
                .collect(),
        )),
    };
    PlacementRules {
        ways: Ways::Own,
        area: Area::Everywhere,
        tolerations: tolerations.collect(),
        spread: spread.collect(),
        strategy,
    }
}

/// The record as the previous assignment; numbers that cannot be relied on are as good as none.
fn previous(recorded: Option<&RecordedPlacement>) -> Previous {
    let clusters = recorded.filter(|recorded| recorded.counted).map(|recorded| recorded.clusters.clone());
    // What is asked for may have grown: the digest does not tell by what it differs.
    let bounded = recorded.is_some_and(|recorded| !recorded.valid && !recorded.shrinks);
    Previous { clusters: clusters.unwrap_or_default(), bounded, ..Previous::default() }
}
