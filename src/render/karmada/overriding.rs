//! Override policies on one object for one cluster. Source: `pkg/util/overridemanager/overridemanager.go
//! applyClusterOverrides`, `applyNamespacedOverrides`, `getOverridersFromOverridePolicies`.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::YAML;
use crate::model::Model;
use crate::model::karmada::{OverridePolicy, PolicyScope, Template, TemplateKey, labels_of};
use crate::patch::karmada::{self, OverrideError, OverriderEffect, Sees};
use crate::place::{Affinity, CandidateInventory};
use crate::tree::Span;

/// What one rule of an override policy did.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The policy, by its place in the template's list.
    pub policy: usize,
    /// The rule in it.
    pub rule: usize,
    /// What its overriders did.
    pub effects: Vec<OverriderEffect>,
}

impl Applied {
    /// Whether it changed something at, above or below a pointer.
    pub(super) fn touches(&self, pointer: &str) -> bool {
        let near = |touched: &String| pointer.starts_with(touched.as_str()) || touched.starts_with(pointer);
        self.effects.iter().flat_map(|effect| &effect.touched).any(near)
    }

    /// Where the overrider stands that did.
    pub(super) fn span(&self, template: &Template, pointer: &str) -> Span {
        let near = |touched: &String| pointer.starts_with(touched.as_str()) || touched.starts_with(pointer);
        let effect = self.effects.iter().rev().find(|effect| effect.touched.iter().any(near));
        let policy = &template.overrides[self.policy];
        effect.map_or(policy.name.span, |effect| overrider(policy, self.rule, effect.kind.field(), effect.index))
    }
}

/// Where the overrider stands that failed.
pub fn place(policy: &OverridePolicy, rule: usize, error: &OverrideError) -> Span {
    overrider(policy, rule, error.kind.field(), error.index)
}

/// Where an overrider stands.
pub fn overrider(policy: &OverridePolicy, rule: usize, field: &str, index: usize) -> Span {
    let path = policy.rules[rule].path.iter().map(String::as_str);
    let index = index.to_string();
    let path: Vec<&str> = path.chain([field, index.as_str()]).collect();
    policy.place(&path).value
}

/// An override that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The policy, by its place in the template's list.
    pub policy: usize,
    /// The rule in it.
    pub rule: usize,
    /// Why.
    pub error: OverrideError,
}

/// Which clusters the rules of all override policies are for: found once for all templates.
#[derive(Debug, Default)]
pub struct OverrideReach(HashMap<usize, Vec<Vec<bool>>>);

impl OverrideReach {
    /// That of all override policies of a model.
    pub fn of(model: &Model, inventory: &CandidateInventory) -> Self {
        let mut reach = HashMap::new();
        let templates = model.units.iter().filter_map(|unit| unit.template.as_ref());
        for policy in templates.flat_map(|template| &template.overrides) {
            reach.entry(Arc::as_ptr(policy).addr()).or_insert_with(|| {
                let rules = policy.rules.iter().map(|rule| match &rule.target {
                    None => vec![true; inventory.clusters().len()],
                    Some(terms) => {
                        let affinity = Affinity::new(terms);
                        inventory.clusters().iter().map(|cluster| affinity.meets(cluster)).collect()
                    }
                });
                rules.collect()
            });
        }
        Self(reach)
    }

    /// The rules that are for a cluster: policy and rule, by their places.
    pub(super) fn rules(&self, template: &Template, cluster: usize) -> Vec<(usize, usize)> {
        let mut rules = Vec::new();
        for (at, policy) in template.overrides.iter().enumerate() {
            let of_policy = self.0.get(&Arc::as_ptr(policy).addr()).into_iter().flatten();
            rules.extend(of_policy.enumerate().filter(|(_, clusters)| clusters[cluster]).map(|(rule, _)| (at, rule)));
        }
        rules
    }

    /// Whether a rule is for a cluster.
    pub fn meets(&self, policy: &Arc<OverridePolicy>, rule: usize, cluster: usize) -> bool {
        self.0.get(&Arc::as_ptr(policy).addr()).is_some_and(|rules| rules[rule][cluster])
    }
}

/// Runs the rules that are for a cluster on an object: cluster-wide policies first, then those of its namespace. What a
/// scope selects is settled before its first overrider runs.
pub(super) fn override_object(
    object: &mut Value,
    template: &Template,
    rules: &[(usize, usize)],
    sees: Sees,
) -> Result<Vec<Applied>, RuleError> {
    let mut applied = Vec::new();
    if template.verbatim.is_some() && rules.is_empty() {
        return Ok(applied);
    }
    for wide in [true, false] {
        let selected = select(object, template, rules, wide);
        for (policy, rule) in selected {
            let overriders = &template.overrides[policy].rules[rule].overriders;
            let effects =
                karmada::apply(object, overriders, sees, YAML).map_err(|error| RuleError { policy, rule, error })?;
            applied.push(Applied { policy, rule, effects });
        }
    }
    Ok(applied)
}

/// The rules of a scope that concern the object as it is now, in the order in which they run.
fn select(object: &Value, template: &Template, rules: &[(usize, usize)], wide: bool) -> Vec<(usize, usize)> {
    let key = key_of(object, &template.key);
    let labels = labels_of(object);
    let in_scope = |policy: &OverridePolicy| match (&policy.scope, wide) {
        (PolicyScope::Cluster, true) => true,
        (PolicyScope::Namespace(namespace), false) => Some(namespace) == key.namespace.as_ref(),
        _ => false,
    };
    let mut selected: Vec<(u8, &str, usize)> = Vec::new();
    for (at, policy) in template.overrides.iter().enumerate().filter(|(_, policy)| in_scope(policy)) {
        if let Some(implicit) = policy.selects(&key, &labels) {
            selected.push((implicit, policy.name.as_str(), at));
        }
    }
    selected.sort_unstable();
    let of = |at: usize| rules.iter().copied().filter(move |(policy, _)| *policy == at);
    selected.into_iter().flat_map(|(_, _, at)| of(at)).collect()
}

fn key_of(object: &Value, template: &TemplateKey) -> TemplateKey {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).filter(|text| !text.is_empty());
    TemplateKey {
        api_version: text(object.get("apiVersion")),
        kind: text(object.get("kind")),
        namespace: namespace.map(str::to_owned).filter(|_| template.namespace.is_some()),
        name: text(object.pointer("/metadata/name")),
    }
}
