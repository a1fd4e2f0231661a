//! One cluster of the inventory: a committed snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Release, Variables};
use crate::tree::{Span, Spanned};

/// A cluster, or an environment in one.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name: DNS-1123 label, also the name of its output directory.
    pub name: Spanned<String>,
    /// `metadata.labels`
    pub labels: BTreeMap<String, Spanned<String>>,
    /// `spec.provider`
    pub provider: Option<Spanned<String>>,
    /// `spec.region`
    pub region: Option<Spanned<String>>,
    /// `spec.zones`, or `spec.zone` as a list of one.
    pub zones: Vec<Spanned<String>>,
    /// `spec.taints`, in the author's order.
    pub taints: Vec<ClusterTaint>,
    /// `spec.kubernetesVersion` as (major, minor).
    pub kubernetes_version: Option<Spanned<(u32, u32)>>,
    /// Its release, that of the Fleet where it states none; `None` where neither does.
    pub release: Option<Spanned<Release>>,
    /// `spec.timeZone`: what `timeZone: cluster` means here.
    pub time_zone: Option<Spanned<String>>,
    /// `spec.namespace`: where tasks go that name none.
    pub namespace: Option<Spanned<String>>,
    /// `spec.variables`
    pub variables: Variables,
    /// `spec.capacity`, or that of a `ClusterCapacity` document.
    pub capacity: Option<ClusterCapacity>,
    /// What only a Cluster of Karmada says; nothing where it is a native one.
    pub karmada: Option<Arc<KarmadaCluster>>,
}

/// What a Cluster of Karmada says beside what a native one can say.
#[derive(Clone, Debug, Default)]
pub struct KarmadaCluster {
    /// The group-versions and kinds that it serves (`status.apiEnablements`); `None` is taken to serve all.
    pub apis: Option<BTreeSet<(String, String)>>,
    /// It is being deleted.
    pub leaving: bool,
    /// Its nodes by grade (`spec.resourceModels` with `status.resourceSummary.allocatableModelings`).
    pub grades: Vec<Grade>,
}

/// Nodes of one grade: how many, and what each has at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Grade {
    /// How many.
    pub count: i64,
    /// What each has at least, as quantities.
    pub least: BTreeMap<String, String>,
}

/// A snapshot of what a cluster can take; quantities as Kubernetes writes them.
#[derive(Clone, Debug)]
pub struct ClusterCapacity {
    /// What the nodes offer.
    pub allocatable: BTreeMap<String, Spanned<String>>,
    /// What is requested by pods that have a node.
    pub allocated: BTreeMap<String, Spanned<String>>,
    /// What is requested by pods that have none yet.
    pub allocating: BTreeMap<String, Spanned<String>>,
    /// Where it is said.
    pub span: Span,
}

/// A taint of a cluster, as `corev1.Taint`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterTaint {
    /// Its key.
    pub key: Spanned<String>,
    /// Its value; empty if absent.
    pub value: String,
    /// What it does.
    pub effect: TaintEffect,
    /// The whole of it.
    pub span: Span,
}

/// What a taint does to tasks that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaintEffect {
    /// Takes nothing new.
    NoSchedule,
    /// Is drained.
    NoExecute,
    /// The last choice where there is one.
    PreferNoSchedule,
}

impl TaintEffect {
    /// Its name in Kubernetes.
    pub fn name(self) -> &'static str {
        match self {
            TaintEffect::NoSchedule => "NoSchedule",
            TaintEffect::NoExecute => "NoExecute",
            TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        }
    }
}

impl std::fmt::Display for ClusterTaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", *self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect.name())
    }
}

/// A toleration of a placement, as `corev1.Toleration`; absent parts are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct TaintToleration {
    /// Empty matches every key.
    pub key: String,
    /// `operator: Exists`; otherwise Equal.
    pub exists: bool,
    /// Compared under Equal.
    pub value: String,
    /// `None` matches every effect.
    pub effect: Option<TaintEffect>,
    /// The whole of it.
    pub span: Span,
}

impl TaintToleration {
    /// One of every taint.
    pub fn everything(span: Span) -> Self {
        Self { key: String::new(), exists: true, value: String::new(), effect: None, span }
    }
}

impl Cluster {
    /// A cluster of that name and nothing else; for capacities that come before their cluster, and tests.
    pub fn bare(name: Spanned<String>) -> Self {
        Self {
            name,
            labels: BTreeMap::new(),
            provider: None,
            region: None,
            zones: Vec::new(),
            taints: Vec::new(),
            kubernetes_version: None,
            release: None,
            time_zone: None,
            namespace: None,
            variables: Variables::default(),
            capacity: None,
            karmada: None,
        }
    }
}
