//! Selection for spreads that Karmada does not have: provider, zone, labels, no maximum.
//!
//! From the widest group to the narrowest, Karmada's choice of groups is repeated among the remaining clusters. If a
//! narrower constraint cannot be met, the wider one takes more groups. Every chosen group gets one cluster before any
//! gets a second.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::account::{Scored, SpreadLevel};
use super::candidate::{Candidate, CandidateInventory};
use super::failure::PlacementFailure;
use super::groups::{self, ClusterGroup, GroupBounds};
use super::prioritize::ScoredCluster;
use super::rules::{Demand, PlacementRules, ReplicaStrategy, SpreadBy, SpreadRule};
use super::select::{by_cluster, make_room, score};

/// Steps after which the search gives up and reports that no choice was found, so that the answer depends on the input
/// alone and never on the clock. It takes about half a second; levels within levels multiply.
const MAX_WORK: u64 = 60_000_000;

/// What all levels need.
struct Selection<'a> {
    inventory: &'a CandidateInventory,
    rules: &'a PlacementRules,
    demand: &'a Demand,
    /// At least and at most so many clusters.
    least: usize,
    most: usize,
    /// How much was tried.
    work: Cell<u64>,
}

/// The groups chosen at one level, best first, each with those of its clusters that were left there.
#[derive(Clone)]
struct Chosen {
    groups: Vec<Vec<usize>>,
    /// How many of them must have a cluster in the end.
    min: usize,
}

/// Takes clusters from the fitting ones, which come in base order; `told` hears which groups there were.
pub(super) fn spread(
    inventory: &CandidateInventory,
    entries: Vec<ScoredCluster>,
    rules: &PlacementRules,
    demand: &Demand,
    told: Option<&mut Vec<SpreadLevel>>,
) -> Result<Vec<ScoredCluster>, PlacementFailure> {
    if rules.spread.is_empty() {
        return Ok(entries);
    }
    let cluster = rules.spread_by(&SpreadBy::Cluster);
    let least = cluster.map_or(0, |cluster| cluster.min);
    let most = cluster.and_then(|cluster| cluster.max).unwrap_or(usize::MAX);
    let mut levels: Vec<&SpreadRule> = rules.spread.iter().filter(|spread| spread.by != SpreadBy::Cluster).collect();
    if levels.is_empty() {
        return by_cluster(entries, least, most, rules, demand);
    }
    levels.sort_by_key(|spread| match spread.by {
        SpreadBy::Provider => 0,
        SpreadBy::Region => 1,
        SpreadBy::Zone => 2,
        SpreadBy::Label(_) | SpreadBy::Cluster => 3,
    });
    Selection { inventory, rules, demand, least, most, work: Cell::new(0) }.descend(entries, &levels, Vec::new(), told)
}

impl<'a> Selection<'a> {
    /// Chooses groups at the first level, then goes on with their clusters.
    fn descend(
        &self,
        entries: Vec<ScoredCluster>,
        levels: &[&SpreadRule],
        chosen: Vec<Chosen>,
        mut told: Option<&mut Vec<SpreadLevel>>,
    ) -> Result<Vec<ScoredCluster>, PlacementFailure> {
        let Some((level, narrower)) = levels.split_first() else { return self.take(entries, &chosen) };
        let members = self.members(&entries, &level.by);
        let depth = chosen.len();
        if let Some(told) = told.as_deref_mut() {
            told.truncate(depth);
            told.push(SpreadLevel { by: level.by.clone(), groups: Vec::new() });
        }
        if members.len() < level.min {
            return Err(PlacementFailure::TooFewGroups { of: name(&level.by) });
        }
        let inner = narrower.first().filter(|inner| inner.min > 1);
        let groups: Vec<ClusterGroup<'_>> = members
            .iter()
            .map(|(name, group)| ClusterGroup {
                name,
                count: inner.map_or(group.len(), |inner| self.members(group.iter().copied(), &inner.by).len()),
                score: score(group, level.min, self.least, self.rules, self.demand),
            })
            .collect();
        if let Some(told) = told.as_deref_mut() {
            told[depth].groups = groups.iter().map(|group| scored(group, &members)).collect();
        }
        let clusters = inner.map_or(self.least, |inner| inner.min);
        let most = level.max.unwrap_or(usize::MAX).min(self.most).min(groups.len());
        let mut failure = PlacementFailure::NoGroups;
        for min in level.min..=most {
            let wanted = GroupBounds { min, max: most, clusters };
            let work = self.work.get() + groups::work(groups.len(), wanted) + 100 * entries.len() as u64;
            self.work.set(work);
            if work > MAX_WORK {
                return Err(PlacementFailure::TooManyChoices);
            }
            let Some(best) = groups::choose(&groups, wanted) else { continue };
            if let Some(told) = told.as_deref_mut() {
                told.truncate(depth + 1);
                let groups = told[depth].groups.iter_mut().enumerate();
                groups.for_each(|(at, group)| group.taken = best.contains(&at));
            }
            let members = best.iter().map(|at| &members[groups[*at].name]);
            let places: Vec<Vec<usize>> = members.map(|group| group.iter().map(|entry| entry.at).collect()).collect();
            let mut kept = vec![false; self.inventory.clusters().len()];
            places.iter().flatten().for_each(|at| kept[*at] = true);
            let left = entries.iter().filter(|entry| kept[entry.at]).copied().collect();
            let mut all = chosen.clone();
            all.push(Chosen { groups: places, min: level.min });
            match self.descend(left, narrower, all, told.as_deref_mut()) {
                Err(why) if why != PlacementFailure::TooManyChoices => failure = why,
                selected => return selected,
            }
        }
        Err(failure)
    }

    /// One cluster for each chosen group, the narrowest groups first; then as many more as may be.
    fn take(&self, entries: Vec<ScoredCluster>, chosen: &[Chosen]) -> Result<Vec<ScoredCluster>, PlacementFailure> {
        if entries.len() < self.least {
            return Err(PlacementFailure::NoGroups);
        }
        let mut left: BTreeMap<usize, (usize, ScoredCluster)> =
            entries.into_iter().enumerate().map(|(order, entry)| (entry.at, (order, entry))).collect();
        let mut taken: Vec<ScoredCluster> = Vec::new();
        let mut has = vec![false; self.inventory.clusters().len()];
        for level in chosen.iter().rev() {
            let mut met = 0;
            for group in &level.groups {
                if !group.iter().any(|at| has[*at]) {
                    // None of its clusters is left where a narrower choice has passed it over.
                    let Some((at, (_, entry))) = group.iter().find_map(|at| left.remove_entry(at)) else { continue };
                    has[at] = true;
                    taken.push(entry);
                }
                met += 1;
            }
            if met < level.min {
                return Err(PlacementFailure::NoGroups);
            }
        }
        if taken.len() > self.most {
            return Err(PlacementFailure::NoGroups);
        }
        let fixed = taken.len();
        let mut rest: Vec<(usize, ScoredCluster)> = left.into_values().collect();
        rest.sort_unstable_by_key(|(order, _)| *order);
        let mut rest: Vec<ScoredCluster> = rest.into_iter().map(|(_, entry)| entry).collect();
        let over = rest.split_off((self.most - fixed).min(rest.len()));
        taken.extend(rest);
        if matches!(self.rules.strategy, ReplicaStrategy::Duplicated) {
            return Ok(taken);
        }
        make_room(taken, fixed, over, self.demand)
    }

    /// The clusters by group, each group in base order. A cluster in several zones stands in each of them.
    fn members<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e ScoredCluster>,
        by: &SpreadBy,
    ) -> BTreeMap<&'a str, Vec<&'e ScoredCluster>> {
        let mut members: BTreeMap<&str, Vec<&ScoredCluster>> = BTreeMap::new();
        for entry in entries {
            for value in values(&self.inventory.clusters()[entry.at], by) {
                members.entry(value).or_default().push(entry);
            }
        }
        members
    }
}

fn scored(group: &ClusterGroup<'_>, members: &BTreeMap<&str, Vec<&ScoredCluster>>) -> Scored {
    Scored {
        name: group.name.to_owned(),
        clusters: members[group.name].iter().map(|entry| entry.at).collect(),
        score: group.score,
        taken: false,
    }
}

fn values<'a>(cluster: &'a Candidate, by: &SpreadBy) -> &'a [String] {
    let one = |value: Option<&'a String>| value.map_or(&[][..], std::slice::from_ref);
    match by {
        SpreadBy::Provider => one(cluster.provider.as_ref()),
        SpreadBy::Region => one(cluster.region.as_ref()),
        SpreadBy::Zone => &cluster.zones,
        SpreadBy::Label(key) => one(cluster.labels.get(key)),
        SpreadBy::Cluster => std::slice::from_ref(&cluster.name),
    }
}

fn name(by: &SpreadBy) -> String {
    match by {
        SpreadBy::Provider => "provider".to_owned(),
        SpreadBy::Region => "region".to_owned(),
        SpreadBy::Zone => "zone".to_owned(),
        SpreadBy::Label(key) => format!("label {key}"),
        SpreadBy::Cluster => "clusters".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::model::TaintEffect;
    use crate::place::{
        Area, Candidate, CandidateInventory, CandidateTaint, Demand, FreeCapacity, PlacementFailure, PlacementRules,
        Previous, ReplicaStrategy, ResourceAmounts, ScheduledReplicas, SpreadBy, SpreadRule, Ways, schedule,
    };

    /// Name, provider, region, zones, room.
    fn cluster(name: &str, provider: &str, region: &str, zones: &[&str], pods: i128) -> Candidate {
        let pods = ResourceAmounts::from([("pods".to_owned(), pods * 1_000_000_000)]);
        Candidate {
            name: name.to_owned(),
            provider: Some(provider.to_owned()),
            region: Some(region.to_owned()),
            zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
            labels: BTreeMap::from([("rack".to_owned(), region[..1].to_owned())]),
            capacity: Some(FreeCapacity::new(&pods, &ResourceAmounts::new(), &ResourceAmounts::new())),
            ..Candidate::default()
        }
    }

    fn clusters() -> Vec<Candidate> {
        vec![
            cluster("a", "aws", "eu-1", &["eu-1a"], 9),
            cluster("b", "aws", "eu-1", &["eu-1b"], 8),
            cluster("c", "aws", "us-1", &["us-1a"], 7),
            cluster("d", "gcp", "eu-2", &["eu-2a", "eu-2b"], 20),
            cluster("e", "gcp", "eu-2", &["eu-2b"], 5),
        ]
    }

    fn rules(spread: &[(SpreadBy, usize, Option<usize>)], strategy: ReplicaStrategy) -> PlacementRules {
        let spread = spread.iter().map(|(by, min, max)| SpreadRule { by: by.clone(), min: *min, max: *max });
        PlacementRules {
            ways: Ways::Own,
            area: Area::Everywhere,
            tolerations: vec![],
            spread: spread.collect(),
            strategy,
        }
    }

    fn names(inventory: &CandidateInventory, placed: &ScheduledReplicas) -> String {
        placed.shares.iter().map(|(at, _)| inventory.clusters()[*at].name.as_str()).collect()
    }

    fn chosen(spread: &[(SpreadBy, usize, Option<usize>)]) -> Result<String, PlacementFailure> {
        let inventory = CandidateInventory::new(clusters());
        let demand = Demand { replicas: 1, ..Demand::default() };
        let placed = schedule(&inventory, &rules(spread, ReplicaStrategy::Duplicated), &demand, &Previous::default());
        placed.map(|placed| names(&inventory, &placed))
    }

    #[test]
    fn every_constraint_selects_and_no_maximum_is_no_limit() {
        let label = || SpreadBy::Label("rack".to_owned());
        for (spread, expected) in [
            (vec![(SpreadBy::Region, 1, None)], "ab"),
            (vec![(SpreadBy::Region, 2, None)], "adbe"),
            (vec![(SpreadBy::Region, 3, None)], "adcbe"),
            (vec![(SpreadBy::Region, 2, None), (SpreadBy::Cluster, 1, Some(2))], "ad"),
            (vec![(SpreadBy::Provider, 1, Some(1))], "abc"),
            (vec![(SpreadBy::Provider, 2, None), (SpreadBy::Cluster, 1, Some(3))], "adb"),
            (vec![(SpreadBy::Provider, 1, Some(1)), (SpreadBy::Region, 2, None)], "acb"),
            (vec![(SpreadBy::Zone, 1, Some(1))], "de"),
            (vec![(label(), 2, None), (SpreadBy::Cluster, 1, Some(2))], "dc"),
            (vec![(SpreadBy::Cluster, 1, Some(2))], "da"),
            (vec![(SpreadBy::Cluster, 1, None)], "dabce"),
        ] {
            let ours = chosen(&spread).unwrap_or_else(|failure| panic!("{spread:?}: {failure}"));
            assert_eq!(ours, expected, "{spread:?}");
        }
    }

    #[test]
    fn a_wider_group_gives_way_to_a_narrower_constraint() {
        assert!(chosen(&[(SpreadBy::Provider, 1, Some(1)), (SpreadBy::Region, 3, None)]).is_err());
        assert_eq!(chosen(&[(SpreadBy::Provider, 1, None), (SpreadBy::Region, 3, None)]).as_deref(), Ok("adcbe"));
        assert!(
            chosen(&[(SpreadBy::Region, 4, None)])
                .is_err_and(|failure| failure.to_string().contains("feasible region"))
        );
        assert_eq!(
            chosen(&[(SpreadBy::Region, 2, None), (SpreadBy::Cluster, 1, Some(1))]),
            Err(PlacementFailure::NoGroups)
        );
    }

    #[test]
    fn constraints_within_constraints_are_not_tried_forever() {
        let name = |prefix: &str, at: usize| format!("{prefix}{at}");
        let list = (0..300).map(|at| {
            let (region, zone) = (name("r", at % 50), name("z", at % 200));
            cluster(&name("c", at), "p", &region, &[&zone], 100)
        });
        let inventory = CandidateInventory::new(list.collect());
        let spread =
            [(SpreadBy::Region, 2, Some(1000)), (SpreadBy::Zone, 1, Some(1000)), (SpreadBy::Cluster, 100, Some(2000))];
        let demand = |replicas| Demand { replicas, ..Demand::default() };
        let run = |replicas| {
            schedule(&inventory, &rules(&spread, ReplicaStrategy::Aggregated), &demand(replicas), &Previous::default())
        };
        assert_eq!(run(2_000_000_000).map(|placed| placed.shares.len()), Err(PlacementFailure::TooManyChoices));
        assert!(run(200).is_ok(), "what is found soon is found");
    }

    #[test]
    fn what_is_shunned_comes_last_and_what_is_there_stays() {
        let mut list = clusters();
        let taint = |effect| CandidateTaint { key: "old".to_owned(), value: String::new(), effect };
        list[3].taints = vec![taint(TaintEffect::PreferNoSchedule)];
        list[0].taints = vec![taint(TaintEffect::NoSchedule)];
        list[1].taints = vec![taint(TaintEffect::NoExecute)];
        let inventory = CandidateInventory::new(list);
        let previous = |names: &[&str]| Previous {
            clusters: names.iter().map(|name| ((*name).to_owned(), 1)).collect(),
            ..Previous::default()
        };
        let demand = Demand { replicas: 8, ..Demand::default() };
        let run = |rules: &PlacementRules, before: &[&str]| {
            let placed = schedule(&inventory, rules, &demand, &previous(before)).expect("room");
            names(&inventory, &placed)
        };
        let duplicated = |ways| PlacementRules { ways, ..rules(&[], ReplicaStrategy::Duplicated) };
        assert_eq!(run(&duplicated(Ways::Own), &[]), "ced");
        assert_eq!(run(&duplicated(Ways::Own), &["a", "b", "d"]), "dace");
        assert_eq!(run(&duplicated(Ways::Karmada), &["a", "b", "d"]), "dabce");
        assert_eq!(run(&rules(&[], ReplicaStrategy::Aggregated), &[]), "ce");
    }
}
