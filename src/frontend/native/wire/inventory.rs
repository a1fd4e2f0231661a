//! Serde types of `Cluster` and `ClusterCapacity`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::kubernetes as k8s;
use crate::tree::{Located, Spanned};

/// `spec` of a Cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterSpec {
    /// Who runs it.
    pub(crate) provider: Option<Spanned<String>>,
    /// Its region.
    pub(crate) region: Option<Spanned<String>>,
    /// Its zones.
    pub(crate) zones: Option<Vec<Spanned<String>>>,
    /// Its only zone: the short form of `zones`.
    pub(crate) zone: Option<Spanned<String>>,
    /// Taints: NoSchedule takes nothing new, NoExecute is drained, PreferNoSchedule is the last choice.
    pub(crate) taints: Option<Vec<Spanned<TaintSpec>>>,
    /// Its version, as `"1.33"`.
    pub(crate) kubernetes_version: Option<Spanned<String>>,
    /// What `timeZone: cluster` in a task means here.
    pub(crate) time_zone: Option<Spanned<String>>,
    /// Where tasks go that name no namespace.
    pub(crate) namespace: Option<Spanned<String>>,
    /// Values for `$(var.NAME)`.
    #[schemars(with = "Option<k8s::Variables>")]
    pub(crate) variables: Option<Located>,
    /// A snapshot of what it can take.
    pub(crate) capacity: Option<Spanned<CapacitySpec>>,
}

/// A taint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaintSpec {
    /// Its key.
    pub(crate) key: Spanned<String>,
    /// Its value.
    pub(crate) value: Option<String>,
    /// What it does.
    pub(crate) effect: EffectSpec,
}

/// The effect of a taint.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum EffectSpec {
    /// Takes nothing new.
    NoSchedule,
    /// Is drained.
    NoExecute,
    /// The last choice where there is one.
    PreferNoSchedule,
}

/// What a cluster can take.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CapacitySpec {
    /// What the nodes offer.
    pub(crate) allocatable: Option<BTreeMap<String, Spanned<String>>>,
    /// What is requested by pods that have a node.
    pub(crate) allocated: Option<BTreeMap<String, Spanned<String>>>,
    /// What is requested by pods that have none yet.
    pub(crate) allocating: Option<BTreeMap<String, Spanned<String>>>,
}
