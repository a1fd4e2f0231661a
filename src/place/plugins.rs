//! Karmada's filter plugins.
//!
//! Karmada asks them in the order of a Go map and reports a random refusal of several; here the order is fixed, and all
//! refusals are available.

use std::fmt;

use super::candidate::{Candidate, Taint};
use super::holds::Bearing;
use super::rules::{Area, By, Demand, Group, Rules, Toleration, Ways};
use crate::model::TaintEffect;

/// Why a cluster was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `ClusterAffinity`
    Affinity,
    /// `TaintToleration`: the first taint that nothing tolerates.
    Taint(Taint),
    /// `APIEnablement`
    Api,
    /// `SpreadConstraint`: it has no such property.
    Spread(By),
    /// `ClusterEviction`
    Eviction,
}

impl Refusal {
    /// The plugin that says so.
    pub fn plugin(&self) -> &'static str {
        match self {
            Refusal::Affinity => "ClusterAffinity",
            Refusal::Taint(_) => "TaintToleration",
            Refusal::Api => "APIEnablement",
            Refusal::Spread(_) => "SpreadConstraint",
            Refusal::Eviction => "ClusterEviction",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Affinity => f.write_str("cluster(s) did not match the placement cluster affinity constraint"),
            Refusal::Taint(Taint { key, value, effect }) => {
                let equals = if value.is_empty() { "" } else { "=" };
                write!(f, "cluster(s) had untolerated taint {{{key}{equals}{value}:{}}}", effect.name())
            }
            Refusal::Api => f.write_str("cluster(s) did not have the API resource"),
            Refusal::Spread(by) => match by {
                By::Provider => f.write_str("cluster(s) did not have provider property"),
                By::Region => f.write_str("cluster(s) did not have region property"),
                By::Zone => f.write_str("cluster(s) did not have zones property"),
                By::Label(key) => write!(f, "cluster(s) did not have label {key}"),
                By::Cluster => f.write_str("cluster(s) did not have a name"),
            },
            Refusal::Eviction => f.write_str("cluster(s) is in the process of eviction"),
        }
    }
}

type Plugin<'a> = fn(&Attempt<'a>, &Candidate, bool) -> Option<Refusal>;

/// One attempt to place: the rules, and of several groups the one being tried.
pub(super) struct Attempt<'a> {
    pub(super) rules: &'a Rules,
    pub(super) demand: &'a Demand,
    pub(super) group: Option<&'a Group>,
    pub(super) evicting: &'a [String],
}

impl<'a> Attempt<'a> {
    /// All refusals of a cluster; `there` says that it has the task already.
    pub(super) fn refusals(&self, cluster: &Candidate, there: bool) -> impl Iterator<Item = Refusal> {
        let checks: [Plugin<'a>; 5] = [Self::affinity, Self::taint, Self::api, Self::spread, Self::eviction];
        checks.into_iter().filter_map(move |check| check(self, cluster, there))
    }

    /// `clusteraffinity`: overflow groups are looked at for workloads only.
    fn affinity(&self, cluster: &Candidate, _: bool) -> Option<Refusal> {
        let met = match (&self.rules.area, self.group) {
            (Area::One(affinity), _) => affinity.meets(cluster),
            (_, Some(group)) => {
                let overflow = self.demand.is_workload() && group.overflow.iter().any(|more| more.meets(cluster));
                group.affinity.meets(cluster) || overflow
            }
            _ => true,
        };
        (!met).then_some(Refusal::Affinity)
    }

    /// `tainttoleration`: Karmada does not look at the taints of a cluster that has the task. We keep it only in spite
    /// of NoSchedule.
    fn taint(&self, cluster: &Candidate, there: bool) -> Option<Refusal> {
        let minded = |effect| match (effect, self.rules.ways) {
            (TaintEffect::PreferNoSchedule, _) => false,
            (TaintEffect::NoExecute, Ways::Own) => true,
            _ => !there,
        };
        let mut taints = cluster.taints.iter().filter(|taint| minded(taint.effect));
        let taint = taints.find(|taint| !tolerated(taint, &self.rules.tolerations))?;
        Some(Refusal::Taint(taint.clone()))
    }

    /// `apienablement`
    fn api(&self, cluster: &Candidate, there: bool) -> Option<Refusal> {
        let serves = |api| cluster.serves_all || cluster.apis.contains(api);
        let served = self.demand.api.as_ref().is_none_or(serves);
        (!there && !served).then_some(Refusal::Api)
    }

    /// `spreadconstraint`: Karmada has no rule for labels.
    fn spread(&self, cluster: &Candidate, _: bool) -> Option<Refusal> {
        let has = |by: &By| match by {
            By::Provider => cluster.provider.is_some(),
            By::Region => cluster.region.is_some(),
            By::Zone => !cluster.zones.is_empty(),
            By::Label(key) => self.rules.ways == Ways::Karmada || cluster.labels.contains_key(key),
            By::Cluster => true,
        };
        let lacking = self.rules.spread.iter().find(|spread| !has(&spread.by))?;
        Some(Refusal::Spread(lacking.by.clone()))
    }

    /// `clustereviction`
    fn eviction(&self, cluster: &Candidate, _: bool) -> Option<Refusal> {
        self.evicting.contains(&cluster.name).then_some(Refusal::Eviction)
    }
}

/// Whether some toleration bears the taint.
pub(super) fn tolerated(taint: &Taint, tolerations: &[Toleration]) -> bool {
    tolerations.iter().any(|toleration| {
        let Toleration { key, exists, value, effect } = toleration;
        Bearing { key, exists: *exists, value, effect: *effect }.tolerates(&taint.key, &taint.value, taint.effect)
    })
}
