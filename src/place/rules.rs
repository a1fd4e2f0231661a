//! The input of a decision: rules, demand, and the previous assignment, with all defaults filled in.

use super::affinity::Affinity;
use super::candidate::{ResourceAmounts, measure};
use crate::model::TaintEffect;

pub use crate::model::SpreadBy;

/// Whose ways count where fleetcron means to do better than Karmada.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Exactly Karmada's: a cluster that already has the task keeps it in spite of any taint or missing API, only
    /// `cluster` and `region` spread, and an absent maximum is zero.
    Karmada,
    /// Fleetcron's own: NoSchedule keeps what is there, NoExecute drains, PreferNoSchedule comes last; everything
    /// spreads, and an absent maximum is no limit.
    Own,
}

/// A placement.
#[derive(Clone, Debug)]
pub struct PlacementRules {
    /// Whose ways.
    pub ways: Ways,
    /// Where it may go.
    pub area: Area,
    /// Which taints it bears.
    pub tolerations: Vec<PlacementToleration>,
    /// How it spreads, in the author's order.
    pub spread: Vec<SpreadRule>,
    /// How its replicas are shared out.
    pub strategy: ReplicaStrategy,
}

/// Where a task may go.
#[derive(Clone, Debug)]
pub enum Area {
    /// Everywhere.
    Everywhere,
    /// `clusterAffinity`
    One(Affinity),
    /// `clusterAffinities`: ordered groups, the first that works.
    Groups(Vec<AffinityGroup>),
}

/// One of several ordered groups.
#[derive(Clone, Debug)]
pub struct AffinityGroup {
    /// Its name.
    pub name: String,
    /// Its clusters.
    pub affinity: Affinity,
    /// `overflowAffinities`: clusters taken, in this order, once those before them are full.
    pub overflow: Vec<Affinity>,
}

/// A toleration, as `corev1.Toleration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementToleration {
    /// Empty matches every key.
    pub key: String,
    /// Exists; otherwise Equal.
    pub exists: bool,
    /// Compared under Equal.
    pub value: String,
    /// `None` matches every effect.
    pub effect: Option<TaintEffect>,
}

/// A spread constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpreadRule {
    /// What makes a group.
    pub by: SpreadBy,
    /// At least so many groups.
    pub min: usize,
    /// At most so many groups, if it is said.
    pub max: Option<usize>,
}

/// How replicas are shared out among the selected clusters (Karmada's `newAssignState`).
#[derive(Clone, Debug)]
pub enum ReplicaStrategy {
    /// All of them in every cluster.
    Duplicated,
    /// Into as few clusters as can take them.
    Aggregated,
    /// By what is free.
    DynamicWeight,
    /// By given weights; `None` where none were asked for, which is not the same as an empty list.
    StaticWeight(Option<Vec<ReplicaWeight>>),
}

/// A weight for some clusters; the greatest that meets a cluster counts.
#[derive(Clone, Debug)]
pub struct ReplicaWeight {
    /// Which clusters.
    pub affinity: Affinity,
    /// The weight.
    pub weight: i64,
}

/// What has to be placed.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// Replicas in all (Duplicated: in each cluster).
    pub replicas: i64,
    /// What one replica requests; `None` and nothing are different things.
    pub request: Option<ReplicaRequest>,
    /// The group-version and kind that a cluster must serve.
    pub api: Option<(String, String)>,
    /// Clusters that were selected and get no replica are listed all the same.
    pub keep_empty: bool,
    /// Who gets the next replica of two that have the same claim.
    pub tie: Tie,
}

/// What one replica requests, measured as capacities are.
#[derive(Clone, Debug, Default)]
pub struct ReplicaRequest {
    pub(super) amounts: Vec<(String, i64)>,
}

/// Who wins a tie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tie {
    /// The smaller name.
    #[default]
    Smaller,
    /// The greater name.
    Greater,
}

/// What was decided before, and what has happened since.
#[derive(Clone, Debug, Default)]
pub struct Previous {
    /// The clusters with their replicas, in the order of that decision.
    pub clusters: Vec<(String, i64)>,
    /// Clusters that the task is being evicted from.
    pub evicting: Vec<String>,
    /// The group that worked.
    pub group: Option<String>,
    /// Shares are to be worked out anew, and groups tried from the first.
    pub fresh: bool,
    /// Replicas take part of what is free and count only as far as their cluster can take them; the rest is placed anew.
    /// Only in our own ways.
    pub bounded: bool,
}

impl ReplicaRequest {
    /// What is nothing after rounding is not asked for at all.
    pub fn new(amounts: &ResourceAmounts) -> Self {
        let measured = amounts.iter().map(|(name, nanos)| (name.clone(), measure(name, *nanos)));
        Self { amounts: measured.filter(|(_, amount)| *amount > 0).collect() }
    }
}

impl Tie {
    /// As Karmada's `TakeByWeight` has it: the greater name wins if the 32-bit FNV-1a hash of the object's UID is odd.
    pub fn of(uid: &str) -> Self {
        let hash = uid.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        if !uid.is_empty() && hash % 2 == 1 { Tie::Greater } else { Tie::Smaller }
    }
}

impl Demand {
    /// Karmada's `IsWorkload`: otherwise there is nothing to share out.
    pub fn is_workload(&self) -> bool {
        self.replicas > 0 || self.request.is_some()
    }
}

impl PlacementRules {
    /// The constraint on that, if there is one; of several the last counts, as in Karmada's map.
    pub(super) fn spread_by(&self, by: &SpreadBy) -> Option<&SpreadRule> {
        self.spread.iter().rev().find(|spread| spread.by == *by)
    }
}
