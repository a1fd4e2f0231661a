//! A cluster as placement sees it: plain values that do not depend on the task.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::TaintEffect;

/// The clusters a decision chooses from, ordered by name: an index into it compares as the name does.
#[derive(Clone, Debug, Default)]
pub struct CandidateInventory {
    clusters: Vec<Candidate>,
    /// Only looked into, never walked.
    places: HashMap<String, usize>,
    /// Pods that each can take, in the order of the clusters.
    pods: Vec<i64>,
    /// What is free in each, by resource: a decision asks all clusters about few resources.
    free: BTreeMap<String, Vec<i64>>,
}

/// One cluster, as Karmada's scheduler sees it.
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    /// Its name, unique.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its provider, if it names one.
    pub provider: Option<String>,
    /// Its region, if it names one.
    pub region: Option<String>,
    /// Its zones.
    pub zones: Vec<String>,
    /// Its release, where it is stated.
    pub release: Option<crate::model::Release>,
    /// Its taints, in the author's order.
    pub taints: Vec<CandidateTaint>,
    /// The group-versions and kinds that it serves.
    pub apis: BTreeSet<(String, String)>,
    /// It serves every group-version and kind: it does not say which.
    pub serves_all: bool,
    /// What it can take; `None` takes nothing that is counted.
    pub capacity: Option<FreeCapacity>,
    /// It is being deleted: never chosen, and no rule says so.
    pub leaving: bool,
}

/// A taint, as `corev1.Taint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateTaint {
    /// Its key.
    pub key: String,
    /// Its value; empty if absent.
    pub value: String,
    /// What it does.
    pub effect: TaintEffect,
}

/// Amounts of resources by name, in billionths.
pub type ResourceAmounts = BTreeMap<String, i128>;

/// What is free in a cluster: thousandths of processors, whole units of everything else.
#[derive(Clone, Debug, Default)]
pub struct FreeCapacity {
    /// Pods.
    pub(super) pods: i64,
    /// Everything, rounded up as Karmada does.
    pub(super) free: BTreeMap<String, i64>,
    /// Nodes by what each has at least; empty where the cluster does not say.
    pub(super) nodes: Vec<Nodes>,
}

/// Nodes of one grade, as in Karmada's resource models.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// How many.
    pub(super) count: i64,
    /// What each has at least.
    pub(super) least: BTreeMap<String, i64>,
}

impl CandidateInventory {
    /// Takes clusters in any order.
    pub fn new(mut clusters: Vec<Candidate>) -> Self {
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        let places = clusters.iter().enumerate().map(|(at, cluster)| (cluster.name.clone(), at)).collect();
        let pods =
            clusters.iter().map(|cluster| cluster.capacity.as_ref().map_or(0, |capacity| capacity.pods)).collect();
        let mut free: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (at, cluster) in clusters.iter().enumerate() {
            for (name, amount) in cluster.capacity.iter().flat_map(|capacity| &capacity.free) {
                free.entry(name.clone()).or_insert_with(|| vec![0; clusters.len()])[at] = *amount;
            }
        }
        Self { clusters, places, pods, free }
    }

    /// All clusters, by name.
    pub fn clusters(&self) -> &[Candidate] {
        &self.clusters
    }

    /// Pods that a cluster can take.
    pub(super) fn pods(&self, at: usize) -> i64 {
        self.pods[at]
    }

    /// What is free of a resource in each cluster; nothing where nobody has it.
    pub(super) fn free(&self, resource: &str) -> &[i64] {
        self.free.get(resource).map_or(&[], Vec::as_slice)
    }

    /// The place of a cluster.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

impl FreeCapacity {
    /// What is left: offered, less what pods on nodes and pods still waiting for one request.
    /// Karmada's `getAllowedPodNumber` and `getMaximumReplicasBasedOnClusterSummary`.
    pub fn new(allocatable: &ResourceAmounts, allocated: &ResourceAmounts, allocating: &ResourceAmounts) -> Self {
        let amount = |amounts: &ResourceAmounts, name: &str| amounts.get(name).copied().unwrap_or(0);
        let pods = |amounts| measure("pods", amount(amounts, "pods"));
        let free = allocatable.iter().map(|(name, offered)| {
            let taken = amount(allocated, name).saturating_add(amount(allocating, name));
            (name.clone(), measure(name, offered.saturating_sub(taken)))
        });
        Self {
            pods: pods(allocatable).saturating_sub(pods(allocated)).saturating_sub(pods(allocating)),
            free: free.collect(),
            nodes: Vec::new(),
        }
    }

    /// What is free of a resource: thousandths of processors, whole units of everything else.
    pub fn free_of(&self, name: &str) -> i64 {
        if name == "pods" { self.pods } else { self.free.get(name).copied().unwrap_or(0) }
    }

    /// What is left of a resource once so much of it is taken, in billionths; below nothing where that is too much.
    pub fn left(&self, name: &str, nanos: i128) -> i64 {
        self.free_of(name).saturating_sub(measure(name, nanos))
    }

    /// What is asked of a resource and what is free, if that is less; in billionths asked.
    pub fn lacks(&self, name: &str, nanos: i128) -> Option<(i64, i64)> {
        let (asked, free) = (measure(name, nanos), self.free_of(name));
        (asked > free.max(0)).then_some((asked, free))
    }

    /// The same with nodes by grade, which then say more than the sums.
    #[must_use]
    pub fn with_nodes(mut self, nodes: Vec<Nodes>) -> Self {
        self.nodes = nodes;
        self
    }
}

impl Nodes {
    /// So many nodes that have at least that.
    pub fn new(count: i64, least: &ResourceAmounts) -> Self {
        Self { count, least: least.iter().map(|(name, amount)| (name.clone(), measure(name, *amount))).collect() }
    }
}

/// An amount as a whole number: thousandths of `cpu`, units of anything else, rounded away from nothing.
pub(super) fn measure(name: &str, nanos: i128) -> i64 {
    let unit = if name == "cpu" { 1_000_000 } else { 1_000_000_000 };
    let whole = nanos / unit + (nanos % unit).signum();
    i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
}

/// A measured amount as people read it: `1500m` processors, `12Gi` of what is counted in bytes, else the number.
/// Bytes are rounded down to three or four digits.
pub fn shown(name: &str, amount: i64) -> String {
    let tail = name.rsplit('.').next().unwrap_or(name);
    if name == "cpu" {
        return if amount % 1000 == 0 { (amount / 1000).to_string() } else { format!("{amount}m") };
    }
    if tail != "memory" && !tail.ends_with("storage") && !tail.starts_with("hugepages-") {
        return amount.to_string();
    }
    let units = [(1_i64 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let exact = units.iter().find(|(unit, _)| amount != 0 && amount % unit == 0);
    let rough = units.iter().find(|(unit, _)| amount.unsigned_abs() >= unit.unsigned_abs().saturating_mul(10));
    let best = exact.filter(|(unit, _)| (amount / unit).abs() < 10_000).or(rough);
    best.map_or_else(|| amount.to_string(), |(unit, suffix)| format!("{}{suffix}", amount / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(list: &[(&str, i128)]) -> ResourceAmounts {
        list.iter().map(|(name, milli)| ((*name).to_owned(), milli * 1_000_000)).collect()
    }

    #[test]
    fn what_is_free_is_rounded_up_once() {
        let capacity = FreeCapacity::new(
            &amounts(&[("cpu", 1500), ("memory", 2001)]),
            &amounts(&[("cpu", 499)]),
            &ResourceAmounts::new(),
        );
        assert_eq!(capacity.free["cpu"], 1001);
        assert_eq!(capacity.free["memory"], 3);
        assert_eq!(capacity.pods, 0);
        assert_eq!(measure("memory", i128::MAX), i64::MAX);
        assert_eq!(measure("memory", -1), -1);
    }

    #[test]
    fn amounts_are_shown_as_people_read_them() {
        for (name, amount, wanted) in [
            ("cpu", 1500, "1500m"),
            ("cpu", 44_000, "44"),
            ("cpu", -500, "-500m"),
            ("memory", 176 << 30, "176Gi"),
            ("memory", (176 << 30) + 1, "176Gi"),
            ("memory", 1536 << 20, "1536Mi"),
            ("memory", 0, "0"),
            ("memory", 1001, "1001"),
            ("pods", 380, "380"),
            ("nvidia.com/gpu", 8, "8"),
        ] {
            assert_eq!(shown(name, amount), wanted, "{name} {amount}");
        }
    }

    #[test]
    fn an_index_compares_as_the_name_does() {
        let named = |name: &str| Candidate { name: name.to_owned(), ..Candidate::default() };
        let inventory = CandidateInventory::new(vec![named("b"), named("a-b"), named("a")]);
        assert_eq!(inventory.find("b"), Some(2));
        assert_eq!(inventory.find("a"), Some(0));
        assert_eq!(inventory.find("c"), None);
    }
}
