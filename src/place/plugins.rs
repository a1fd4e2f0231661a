//! Karmada's filter plugins.
//!
//! Karmada asks them in the order of a Go map and reports a random refusal of several; here the order is fixed, and all
//! refusals are available.

use std::fmt;

use super::candidate::{Candidate, CandidateTaint};
use super::holds::Bearing;
use super::rules::{AffinityGroup, Area, Demand, PlacementRules, PlacementToleration, SpreadBy, Ways};
use crate::model::TaintEffect;

/// Why a cluster was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginRefusal {
    /// `ClusterAffinity`
    Affinity,
    /// `TaintToleration`: the first taint that nothing tolerates.
    Taint(CandidateTaint),
    /// `APIEnablement`
    Api,
    /// `SpreadConstraint`: it has no such property.
    Spread(SpreadBy),
    /// `ClusterEviction`
    Eviction,
}

impl PluginRefusal {
    /// The plugin that says so.
    pub fn plugin(&self) -> &'static str {
        match self {
            PluginRefusal::Affinity => "ClusterAffinity",
            PluginRefusal::Taint(_) => "TaintToleration",
            PluginRefusal::Api => "APIEnablement",
            PluginRefusal::Spread(_) => "SpreadConstraint",
            PluginRefusal::Eviction => "ClusterEviction",
        }
    }
}

impl fmt::Display for PluginRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PluginRefusal::Affinity => {
                f.write_str("cluster(s) did not match the placement cluster affinity constraint")
            }
            PluginRefusal::Taint(CandidateTaint { key, value, effect }) => {
                let equals = if value.is_empty() { "" } else { "=" };
                write!(f, "cluster(s) had untolerated taint {{{key}{equals}{value}:{}}}", effect.name())
            }
            PluginRefusal::Api => f.write_str("cluster(s) did not have the API resource"),
            PluginRefusal::Spread(by) => match by {
                SpreadBy::Provider => f.write_str("cluster(s) did not have provider property"),
                SpreadBy::Region => f.write_str("cluster(s) did not have region property"),
                SpreadBy::Zone => f.write_str("cluster(s) did not have zones property"),
                SpreadBy::Label(key) => write!(f, "cluster(s) did not have label {key}"),
                SpreadBy::Cluster => f.write_str("cluster(s) did not have a name"),
            },
            PluginRefusal::Eviction => f.write_str("cluster(s) is in the process of eviction"),
        }
    }
}

type Plugin<'a> = fn(&Attempt<'a>, &Candidate, bool) -> Option<PluginRefusal>;

/// One attempt to place: the rules, and of several groups the one being tried.
pub(super) struct Attempt<'a> {
    pub(super) rules: &'a PlacementRules,
    pub(super) demand: &'a Demand,
    pub(super) group: Option<&'a AffinityGroup>,
    pub(super) evicting: &'a [String],
}

impl<'a> Attempt<'a> {
    /// All refusals of a cluster; `there` says that it has the task already.
    pub(super) fn refusals(&self, cluster: &Candidate, there: bool) -> impl Iterator<Item = PluginRefusal> {
        let checks: [Plugin<'a>; 5] = [Self::affinity, Self::taint, Self::api, Self::spread, Self::eviction];
        checks.into_iter().filter_map(move |check| check(self, cluster, there))
    }

    /// `clusteraffinity`: overflow groups are looked at for workloads only.
    fn affinity(&self, cluster: &Candidate, _: bool) -> Option<PluginRefusal> {
        let met = match (&self.rules.area, self.group) {
            (Area::One(affinity), _) => affinity.meets(cluster),
            (_, Some(group)) => {
                let overflow = self.demand.is_workload() && group.overflow.iter().any(|more| more.meets(cluster));
                group.affinity.meets(cluster) || overflow
            }
            _ => true,
        };
        (!met).then_some(PluginRefusal::Affinity)
    }

    /// `tainttoleration`: Karmada does not look at the taints of a cluster that has the task. We keep it only in spite
    /// of NoSchedule.
    fn taint(&self, cluster: &Candidate, there: bool) -> Option<PluginRefusal> {
        let minded = |effect| match (effect, self.rules.ways) {
            (TaintEffect::PreferNoSchedule, _) => false,
            (TaintEffect::NoExecute, Ways::Own) => true,
            _ => !there,
        };
        let mut taints = cluster.taints.iter().filter(|taint| minded(taint.effect));
        let taint = taints.find(|taint| !tolerated(taint, &self.rules.tolerations))?;
        Some(PluginRefusal::Taint(taint.clone()))
    }

    /// `apienablement`
    fn api(&self, cluster: &Candidate, there: bool) -> Option<PluginRefusal> {
        let serves = |api| cluster.serves_all || cluster.apis.contains(api);
        let served = self.demand.api.as_ref().is_none_or(serves);
        (!there && !served).then_some(PluginRefusal::Api)
    }

    /// `spreadconstraint`: Karmada has no rule for labels.
    fn spread(&self, cluster: &Candidate, _: bool) -> Option<PluginRefusal> {
        let has = |by: &SpreadBy| match by {
            SpreadBy::Provider => cluster.provider.is_some(),
            SpreadBy::Region => cluster.region.is_some(),
            SpreadBy::Zone => !cluster.zones.is_empty(),
            SpreadBy::Label(key) => self.rules.ways == Ways::Karmada || cluster.labels.contains_key(key),
            SpreadBy::Cluster => true,
        };
        let lacking = self.rules.spread.iter().find(|spread| !has(&spread.by))?;
        Some(PluginRefusal::Spread(lacking.by.clone()))
    }

    /// `clustereviction`
    fn eviction(&self, cluster: &Candidate, _: bool) -> Option<PluginRefusal> {
        self.evicting.contains(&cluster.name).then_some(PluginRefusal::Eviction)
    }
}

/// Whether some toleration bears the taint.
pub(super) fn tolerated(taint: &CandidateTaint, tolerations: &[PlacementToleration]) -> bool {
    tolerations.iter().any(|toleration| {
        let PlacementToleration { key, exists, value, effect } = toleration;
        Bearing { key, exists: *exists, value, effect: *effect }.tolerates(&taint.key, &taint.value, taint.effect)
    })
}
