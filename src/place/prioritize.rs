//! Step 2, prioritize: what each fitting cluster can take, and the order in which they are considered.
//!
//! The order is total: earlier group, already there, more free capacity, smaller name. Source: Karmada's
//! `group_clusters.go generateClustersInfo`, `core/util.go calAvailableReplicas`, `pkg/estimator/client/general.go`.

use super::candidate::{Candidate, CandidateInventory, Nodes};
use super::plugins::{Attempt, tolerated};
use super::rules::{Demand, Previous, ReplicaRequest, ReplicaStrategy, Ways};
use crate::model::TaintEffect;

/// What Karmada takes for "as much as you like".
const PLENTY: i64 = i32::MAX as i64;

/// How many pods of one grade of nodes Karmada counts on each.
const PODS_OF_A_NODE: i64 = 110;

/// The score of a cluster that has the task already (Karmada's plugin ClusterLocality).
const LOCAL: i64 = 100;

/// A fitting cluster with all that the later verbs ask about it.
#[derive(Clone, Copy, Debug)]
pub struct ScoredCluster {
    /// Its place in the inventory, which compares as its name.
    pub at: usize,
    /// The overflow group it belongs to; 0 is the group itself.
    pub tier: usize,
    /// It has a PreferNoSchedule taint that nothing tolerates, and not the task; only in our own ways.
    pub shunned: bool,
    /// Its place in the previous decision and its replicas then, as far as they count.
    pub before: Option<(usize, i64)>,
    /// What it can take besides what it has.
    pub room: i64,
    /// Its weight under StaticWeight.
    pub weight: i64,
}

impl ScoredCluster {
    /// Karmada's score.
    pub(super) fn score(&self) -> i64 {
        if self.before.is_some() { LOCAL } else { 0 }
    }

    /// What it has and what it can take besides.
    pub fn available(&self) -> i64 {
        self.room.saturating_add(self.before.map_or(0, |(_, replicas)| replicas))
    }
}

/// The place and replicas of every cluster in the previous decision.
pub(super) fn before(inventory: &CandidateInventory, previous: &Previous) -> Vec<Option<(usize, i64)>> {
    let mut before = vec![None; inventory.clusters().len()];
    for (order, (name, replicas)) in previous.clusters.iter().enumerate() {
        if let Some(at) = inventory.find(name) {
            before[at] = before[at].or(Some((order, *replicas)));
        }
    }
    before
}

/// The fitting clusters in base order.
///
/// Karmada takes what is free for what a cluster can take besides the replicas it has, because they run there and its
/// inventory sees them. Ours does not see them: pods of a CronJob's Jobs come and go, and are no part of a capacity. So
/// where the previous decision is bounded, because something grows, a cluster can take what is free, less what it has.
pub(super) fn prioritize(
    inventory: &CandidateInventory,
    fitting: &[usize],
    attempt: &Attempt<'_>,
    before: &[Option<(usize, i64)>],
    bounded: bool,
) -> Vec<ScoredCluster> {
    let rooms = Rooms::new(inventory, attempt.demand);
    let bounded = bounded && attempt.rules.ways == Ways::Own;
    let entries: Vec<ScoredCluster> = fitting
        .iter()
        .map(|&at| {
            let cluster = &inventory.clusters()[at];
            let free = rooms.of(at);
            let limit = |had: i64| if bounded { had.min(free) } else { had };
            let before = before[at].map(|(order, had)| (order, limit(had)));
            let taken = before.filter(|_| bounded).map_or(0, |(_, had)| had);
            ScoredCluster {
                at,
                tier: tier(cluster, attempt),
                shunned: before.is_none() && shunned(cluster, attempt),
                before,
                room: free.saturating_sub(taken).max(0),
                weight: weight(cluster, attempt),
            }
        })
        .collect();
    in_order(entries)
}

/// Puts entries in base order: earlier group, not shunned, there already, more room, smaller name. The first four are
/// packed into one number, so that thousands of them are compared as fast as names.
fn in_order(entries: Vec<ScoredCluster>) -> Vec<ScoredCluster> {
    let rank = |entry: &ScoredCluster| {
        let tier = u128::from(u32::try_from(entry.tier).unwrap_or(u32::MAX));
        // The greatest room comes first: as a number without sign, upside down.
        let room = !(entry.available().cast_unsigned() ^ (1 << 63));
        tier << 66 | u128::from(entry.shunned) << 65 | u128::from(entry.before.is_none()) << 64 | u128::from(room)
    };
    let mut order: Vec<(u128, usize, usize)> =
        entries.iter().enumerate().map(|(place, entry)| (rank(entry), entry.at, place)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, place)| entries[place]).collect()
}

/// The first of the group and its overflow groups that meets the cluster.
fn tier(cluster: &Candidate, attempt: &Attempt<'_>) -> usize {
    let Some(group) = attempt.group.filter(|group| !group.overflow.is_empty()) else { return 0 };
    if group.affinity.meets(cluster) {
        return 0;
    }
    group.overflow.iter().position(|more| more.meets(cluster)).map_or(0, |at| at + 1)
}

fn shunned(cluster: &Candidate, attempt: &Attempt<'_>) -> bool {
    let rules = attempt.rules;
    rules.ways == Ways::Own
        && (cluster.taints.iter())
            .any(|taint| taint.effect == TaintEffect::PreferNoSchedule && !tolerated(taint, &rules.tolerations))
}

/// The greatest weight of the rules that meet the cluster (Karmada's `getStaticWeightInfoList`).
fn weight(cluster: &Candidate, attempt: &Attempt<'_>) -> i64 {
    let ReplicaStrategy::StaticWeight(Some(weights)) = &attempt.rules.strategy else { return 0 };
    let met = weights.iter().filter(|weight| weight.affinity.meets(cluster));
    met.map(|weight| weight.weight).max().unwrap_or(0).max(0)
}

/// How many replicas each cluster can take besides those it has.
struct Rooms<'a> {
    inventory: &'a CandidateInventory,
    replicas: i64,
    request: Option<&'a ReplicaRequest>,
    /// What is free of each requested resource, and how much is requested.
    asked: Vec<(&'a [i64], i64)>,
}

impl<'a> Rooms<'a> {
    fn new(inventory: &'a CandidateInventory, demand: &'a Demand) -> Self {
        let request = demand.request.as_ref();
        let amounts = request.into_iter().flat_map(|request| &request.amounts);
        let asked = amounts.map(|(name, amount)| (inventory.free(name), *amount)).collect();
        Self { inventory, replicas: demand.replicas, request, asked }
    }

    fn of(&self, at: usize) -> i64 {
        if self.replicas == 0 {
            return PLENTY;
        }
        let pods = self.inventory.pods(at).max(0);
        let Some(request) = self.request.filter(|_| pods > 0) else { return pods };
        let nodes = self.inventory.clusters()[at].capacity.as_ref().map_or(&[][..], |capacity| &capacity.nodes);
        if !nodes.is_empty() {
            return nodes.iter().map(|nodes| on_nodes(nodes, request)).fold(0, i64::saturating_add).min(pods);
        }
        let times = |(free, amount): &(&[i64], i64)| free.get(at).map_or(0, |free| free.max(&0) / amount);
        self.asked.iter().map(times).min().map_or(pods, |times| times.min(pods))
    }
}

/// How many replicas the nodes of one grade can take, each by what it has at least.
fn on_nodes(nodes: &Nodes, request: &ReplicaRequest) -> i64 {
    let times = |(name, amount): &(String, i64)| nodes.least.get(name).map_or(0, |least| least.max(&0) / amount);
    let each = request.amounts.iter().map(times).min().map_or(PODS_OF_A_NODE, |each| each.min(PODS_OF_A_NODE));
    each.saturating_mul(nodes.count.max(0))
}
