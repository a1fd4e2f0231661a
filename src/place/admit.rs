//! Karmada's admission of a placement: defaults and refusals. Source: `pkg/webhook/propagationpolicy/mutating.go`,
//! `pkg/util/validation/validation.go`.

use std::collections::BTreeSet;

use super::affinity::{Affinity, Requirement, Terms};
use super::rules::{Area, By, Group, Rules, Spread, Strategy, Toleration, Ways, Weight};
use crate::model::TaintEffect;

/// A placement as it was written.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// `clusterAffinity`
    pub affinity: Option<Terms>,
    /// `clusterAffinities`
    pub groups: Vec<DraftGroup>,
    /// `clusterTolerations`
    pub tolerations: Vec<DraftToleration>,
    /// `spreadConstraints`
    pub spread: Vec<DraftSpread>,
    /// `replicaScheduling`
    pub scheduling: Option<Scheduling>,
}

/// A member of `clusterAffinities` or of its `overflowAffinities`.
#[derive(Clone, Debug, Default)]
pub struct DraftGroup {
    /// `affinityName`
    pub name: String,
    /// The affinity.
    pub terms: Terms,
    /// `overflowAffinities`, which have none of their own.
    pub overflow: Vec<DraftGroup>,
}

/// A member of `clusterTolerations`; absent words are empty.
#[derive(Clone, Debug, Default)]
pub struct DraftToleration {
    /// `key`
    pub key: String,
    /// `operator`
    pub operator: String,
    /// `value`
    pub value: String,
    /// `effect`
    pub effect: String,
}

/// A member of `spreadConstraints`; absent words are empty, absent numbers zero.
#[derive(Clone, Debug, Default)]
pub struct DraftSpread {
    /// `spreadByField`
    pub field: String,
    /// `spreadByLabel`
    pub label: String,
    /// `minGroups`
    pub min: i64,
    /// `maxGroups`
    pub max: i64,
}

/// `replicaScheduling`; absent words are empty.
#[derive(Clone, Debug, Default)]
pub struct Scheduling {
    /// `replicaSchedulingType`
    pub kind: String,
    /// `replicaDivisionPreference`
    pub preference: String,
    /// `weightPreference`
    pub weights: Option<DraftWeights>,
}

/// `weightPreference`
#[derive(Clone, Debug, Default)]
pub struct DraftWeights {
    /// `dynamicWeight`; empty if absent.
    pub dynamic: String,
    /// `staticWeightList`
    pub fixed: Vec<(Terms, i64)>,
}

/// One thing that Karmada refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The path in the placement.
    pub path: String,
    /// What is wrong, in Karmada's words.
    pub message: String,
}

impl Draft {
    /// The placement with defaults filled in.
    ///
    /// # Errors
    /// All that Karmada's admission refuses.
    pub fn admit(mut self) -> Result<Rules, Vec<Objection>> {
        self.fill_in();
        let objections = self.objections();
        if objections.is_empty() { Ok(self.settle()) } else { Err(objections) }
    }

    /// The defaults. A largest number of groups has none.
    fn fill_in(&mut self) {
        if let Some(scheduling) = &mut self.scheduling {
            if scheduling.kind.is_empty() {
                scheduling.kind = "Divided".to_owned();
            }
            if scheduling.kind == "Divided" && scheduling.preference.is_empty() {
                scheduling.preference = "Weighted".to_owned();
            }
        }
        for spread in &mut self.spread {
            if spread.field.is_empty() && spread.label.is_empty() {
                spread.field = "cluster".to_owned();
            }
            if spread.min == 0 {
                spread.min = 1;
            }
        }
    }

    /// What the words mean, unchecked; what means nothing is left out or matches nothing.
    pub fn settle(&self) -> Rules {
        let area = match &self.affinity {
            Some(terms) => Area::One(Affinity::new(terms)),
            None if self.groups.is_empty() => Area::Everywhere,
            None => Area::Groups(self.groups.iter().map(DraftGroup::settle).collect()),
        };
        Rules {
            ways: Ways::Karmada,
            area,
            tolerations: self.tolerations.iter().filter_map(DraftToleration::settle).collect(),
            spread: self.spread.iter().filter_map(DraftSpread::settle).collect(),
            strategy: self.strategy(),
        }
    }

    /// `newAssignState`
    fn strategy(&self) -> Strategy {
        let Some(scheduling) = self.scheduling.as_ref().filter(|scheduling| scheduling.kind != "Duplicated") else {
            return Strategy::Duplicated;
        };
        if scheduling.preference == "Aggregated" {
            return Strategy::Aggregated;
        }
        match &scheduling.weights {
            Some(weights) if !weights.dynamic.is_empty() => Strategy::DynamicWeight,
            weights => Strategy::StaticWeight(weights.as_ref().map(|weights| {
                let rule = |(terms, weight): &(Terms, i64)| Weight { affinity: Affinity::new(terms), weight: *weight };
                weights.fixed.iter().map(rule).collect()
            })),
        }
    }

    /// `ValidatePlacement`
    fn objections(&self) -> Vec<Objection> {
        let mut found = Found::default();
        if self.affinity.is_some() && !self.groups.is_empty() {
            found.say("spec.placement", "clusterAffinities cannot co-exist with clusterAffinity");
        }
        for (at, toleration) in self.tolerations.iter().enumerate() {
            if matches!(toleration.operator.as_str(), "Lt" | "Gt") {
                let path = format!("spec.placement.clusterTolerations[{at}].operator");
                found.say(path, r#"supported values: "", "Exists", "Equal""#);
            }
        }
        if let Some(terms) = &self.affinity {
            found.fields("spec.placement.clusterAffinity", terms);
        }
        self.object_to_groups(&mut found);
        self.object_to_spread(&mut found);
        found.0
    }

    fn object_to_groups(&self, found: &mut Found) {
        const PATH: &str = "spec.placement.clusterAffinities";
        let mut names = BTreeSet::new();
        for (at, group) in self.groups.iter().enumerate() {
            if !names.insert(&group.name) {
                found.say(PATH, "each affinity term in a policy must have a unique name");
            }
            found.fields(&format!("{PATH}[{at}]"), &group.terms);
            if group.overflow.is_empty() {
                continue;
            }
            let path = format!("{PATH}[{at}].overflowAffinities");
            if !matches!(self.strategy(), Strategy::Aggregated | Strategy::DynamicWeight) {
                found.say(
                    path.clone(),
                    "overflowAffinities can only be used together with dynamic weight or aggregated scheduling",
                );
            }
            if group.terms.is_empty() {
                found.say(path.clone(), "overflowAffinities can only be used together with the inline clusterAffinity");
            }
            let mut inner = BTreeSet::from([&group.name]);
            for (at, more) in group.overflow.iter().enumerate() {
                if !inner.insert(&more.name) {
                    found.say(
                        format!("{path}[{at}].affinityName"),
                        "overflow affinity name must be unique and must not duplicate the primary group's affinityName",
                    );
                }
                found.fields(&format!("{path}[{at}]"), &more.terms);
            }
        }
    }

    fn object_to_spread(&self, found: &mut Found) {
        const PATH: &str = "spec.placement.spreadConstraints";
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for (at, spread) in self.spread.iter().enumerate() {
            let path = format!("{PATH}[{at}]");
            if !spread.field.is_empty() && !spread.label.is_empty() {
                found.say(path.clone(), "spreadByLabel should not co-exist with spreadByField");
            }
            if spread.min < 0 {
                found.say(path.clone(), "minGroups lower than 0 is not allowed");
            }
            if spread.max < 0 {
                found.say(path.clone(), "maxGroups lower than 0 is not allowed");
            }
            if spread.max > 0 && spread.max < spread.min {
                found.say(path, "maxGroups lower than minGroups is not allowed");
            }
            if !spread.field.is_empty() && !seen.insert(spread.field.as_str()) {
                twice.insert(spread.field.as_str());
            }
        }
        for field in twice {
            found.say(PATH, &format!("multiple {field} spread constraints are not allowed"));
        }
        if !seen.is_empty() && !seen.contains("cluster") {
            found.say(
                PATH,
                "the cluster spread constraint must be enabled in one of the constraints in case of SpreadByField is enabled",
            );
        }
    }
}

/// Objections as they are found.
#[derive(Default)]
struct Found(Vec<Objection>);

impl Found {
    fn say(&mut self, path: impl Into<String>, message: &str) {
        self.0.push(Objection { path: path.into(), message: message.to_owned() });
    }

    /// `ValidateClusterAffinity`: only three fields, only two operators.
    fn fields(&mut self, path: &str, terms: &Terms) {
        for Requirement { key, operator, .. } in terms.fields.iter().flatten() {
            let path = format!("{path}.fieldSelector");
            if !matches!(key.as_str(), "provider" | "region" | "zone") {
                self.say(path.clone(), &format!("unsupported key {key:?}, must be provider, region, or zone"));
            }
            if !matches!(operator.as_str(), "In" | "NotIn") {
                self.say(path, &format!("unsupported operator {operator:?}, must be In or NotIn"));
            }
        }
    }
}

impl DraftGroup {
    fn settle(&self) -> Group {
        Group {
            name: self.name.clone(),
            affinity: Affinity::new(&self.terms),
            overflow: self.overflow.iter().map(|more| Affinity::new(&more.terms)).collect(),
        }
    }
}

impl DraftToleration {
    /// `None` where a word is unknown: such a toleration bears nothing.
    fn settle(&self) -> Option<Toleration> {
        let exists = match self.operator.as_str() {
            "" | "Equal" => false,
            "Exists" => true,
            _ => return None,
        };
        let effect = match self.effect.as_str() {
            "" => None,
            word => Some(effect(word)?),
        };
        Some(Toleration { key: self.key.clone(), exists, value: self.value.clone(), effect })
    }
}

/// The effect of that name.
pub fn effect(word: &str) -> Option<TaintEffect> {
    [TaintEffect::NoSchedule, TaintEffect::NoExecute, TaintEffect::PreferNoSchedule]
        .into_iter()
        .find(|effect| effect.name() == word)
}

impl DraftSpread {
    /// `None` where the field is unknown.
    fn settle(&self) -> Option<Spread> {
        let by = match self.field.as_str() {
            "provider" => By::Provider,
            "region" => By::Region,
            "zone" => By::Zone,
            "cluster" => By::Cluster,
            "" => By::Label(self.label.clone()),
            _ => return None,
        };
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        Some(Spread { by, min: count(self.min), max: Some(count(self.max)).filter(|max| *max > 0) })
    }
}
