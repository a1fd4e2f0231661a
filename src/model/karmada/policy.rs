//! Policies and override policies, admitted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::WrittenPlacement;
use super::selector::{ResourceSelector, best};
use super::template::TemplateKey;
use super::terms::Terms;
use crate::patch::karmada::Overriders;
use crate::tree::{Located, Span, SpanTree, Spanned};

/// Whether a policy stands in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyScope {
    /// For the whole cluster.
    Cluster,
    /// For one namespace.
    Namespace(String),
}

/// A PropagationPolicy or ClusterPropagationPolicy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Where it stands.
    pub scope: PolicyScope,
    /// `metadata.name`
    pub name: Spanned<String>,
    /// `resourceSelectors`
    pub selectors: Vec<ResourceSelector>,
    /// `placement`, with defaults.
    pub draft: WrittenPlacement,
    /// `priority`
    pub priority: i64,
    /// `propagateDeps`
    pub propagates_dependencies: bool,
    /// `suspension`
    pub suspension: Suspension,
    /// `schedulerName`, if it is another than Karmada's own.
    pub foreign_scheduler: Option<Spanned<String>>,
    /// `dependentOverrides`
    pub dependent_overrides: Vec<Spanned<String>>,
    /// `schedulePriority.priorityClassName`
    pub priority_class: Option<Spanned<String>>,
    /// The document.
    pub document: Arc<Located>,
}

/// `suspension`: what is placed and not sent.
#[derive(Clone, Debug, Default)]
pub struct Suspension {
    /// `dispatching: true`: nothing is sent anywhere.
    pub everywhere: bool,
    /// `dispatchingOnClusters.clusterNames`
    pub clusters: Vec<String>,
}

/// An OverridePolicy or ClusterOverridePolicy.
#[derive(Clone, Debug)]
pub struct OverridePolicy {
    /// Where it stands.
    pub scope: PolicyScope,
    /// `metadata.name`
    pub name: Spanned<String>,
    /// `resourceSelectors`; none selects everything.
    pub selectors: Vec<ResourceSelector>,
    /// `overrideRules`, or the old `targetCluster` and `overriders` as one.
    pub rules: Vec<OverrideRule>,
    /// The document.
    pub document: Arc<Located>,
}

/// One of `overrideRules`.
#[derive(Clone, Debug)]
pub struct OverrideRule {
    /// `targetCluster`; absent means every cluster.
    pub target: Option<Terms>,
    /// `overriders`
    pub overriders: Overriders,
    /// Where `overriders` stands in the document.
    pub path: Vec<String>,
}

impl Policy {
    /// The implicit priority with which it selects an object, if it does.
    pub fn selects(&self, key: &TemplateKey, labels: &BTreeMap<&str, &str>) -> Option<u8> {
        best(&self.selectors, key, labels)
    }

    /// Its kind.
    pub fn kind(&self) -> &'static str {
        match self.scope {
            PolicyScope::Cluster => "ClusterPropagationPolicy",
            PolicyScope::Namespace(_) => "PropagationPolicy",
        }
    }

    /// Where a part of it was written, as far as the path leads.
    pub fn place(&self, path: &[&str]) -> &SpanTree {
        deepest(&self.document.spans, path)
    }
}

impl OverridePolicy {
    /// The implicit priority with which it selects an object, if it does. Without selectors it selects everything.
    pub fn selects(&self, key: &TemplateKey, labels: &BTreeMap<&str, &str>) -> Option<u8> {
        if self.selectors.is_empty() { Some(1) } else { best(&self.selectors, key, labels) }
    }

    /// Its kind.
    pub fn kind(&self) -> &'static str {
        match self.scope {
            PolicyScope::Cluster => "ClusterOverridePolicy",
            PolicyScope::Namespace(_) => "OverridePolicy",
        }
    }

    /// Where a part of it was written, as far as the path leads.
    pub fn place(&self, path: &[&str]) -> &SpanTree {
        deepest(&self.document.spans, path)
    }
}

/// The place at the end of a path of members and numbers, or that of the last part that is there.
fn deepest<'s>(spans: &'s SpanTree, path: &[&str]) -> &'s SpanTree {
    let mut at = spans;
    for part in path {
        let next = at.member(part).or_else(|| part.parse().ok().and_then(|number| at.item(number)));
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// `namespace/name`, or the name alone.
pub(super) fn full_name(scope: &PolicyScope, name: &str) -> String {
    match scope {
        PolicyScope::Cluster => name.to_owned(),
        PolicyScope::Namespace(namespace) => format!("{namespace}/{name}"),
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind(), full_name(&self.scope, &self.name))
    }
}

impl std::fmt::Display for OverridePolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind(), full_name(&self.scope, &self.name))
    }
}

impl OverridePolicy {
    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.name.span
    }
}
