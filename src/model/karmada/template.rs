//! Resource templates: objects of any kind that policies place.

use std::sync::Arc;

use super::policy::{OverridePolicy, Policy};
use crate::model::Identity;
use crate::tree::{Located, Span};

/// What tells an object from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateKey {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.namespace`; none for kinds of the whole cluster.
    pub namespace: Option<String>,
    /// `metadata.name`
    pub name: String,
}

impl TemplateKey {
    /// The group of its API; empty for the core.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// What it is called in the lock and in lists: a CronJob as a task is, others with their kind.
    pub fn identity(&self) -> Identity {
        let kind = match (self.group(), self.kind.as_str()) {
            ("batch", "CronJob") => None,
            ("", kind) => Some(kind.to_lowercase()),
            (group, kind) => Some(format!("{}.{group}", kind.to_lowercase())),
        };
        Identity { kind, namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

impl std::fmt::Display for TemplateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} `{namespace}/{}`", self.kind, self.name),
            None => write!(f, "{} `{}`", self.kind, self.name),
        }
    }
}

/// Why a template that a policy has is never placed.
#[derive(Clone, Debug)]
pub enum Obstacle {
    /// It waits for ever: one of `dependentOverrides` does not exist, or the priority class.
    Detect,
    /// Another scheduler is to place it.
    OtherScheduler,
}

/// An object that policies place.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is.
    pub key: TemplateKey,
    /// The object as it was written, with its namespace.
    pub object: Arc<Located>,
    /// It must pass byte for byte (SOPS).
    pub verbatim: Option<Arc<[u8]>>,
    /// Where its name stands.
    pub span: Span,
    /// The policy that has it.
    pub policy: Option<Arc<Policy>>,
    /// The policies that select it too, in the order in which they would have had it.
    pub losers: Vec<Arc<Policy>>,
    /// Why that policy does not place it.
    pub obstacle: Option<Obstacle>,
    /// It is a Namespace that goes to every cluster.
    pub everywhere: bool,
    /// Override policies that may concern it, cluster-wide ones first; which do is known cluster by cluster.
    pub overrides: Vec<Arc<OverridePolicy>>,
    /// The objects that it brings along, if its policy says so.
    pub dependencies: Vec<Identity>,
    /// The objects that bring it along.
    pub required_by: Vec<Identity>,
}

impl Template {
    /// Whether it is a CronJob.
    pub fn is_cron_job(&self) -> bool {
        self.key.kind == "CronJob" && self.key.group() == "batch"
    }
}

/// `spec.karmada.compatibility` of the Fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compatibility {
    /// As Karmada does it.
    #[default]
    Exact,
    /// A CronJob is a workload, and all overriders see its containers.
    Intended,
}
