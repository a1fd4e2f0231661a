//! A placement in Karmada's words, with Karmada's defaults and refusals. Source: `pkg/webhook/propagationpolicy/mutating.go`,
//! `pkg/util/validation/validation.go`.

use std::collections::BTreeSet;

use super::terms::{LabelRequirement, Terms};

/// A placement as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrittenPlacement {
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftGroup {
    /// `affinityName`
    pub name: String,
    /// The affinity.
    pub terms: Terms,
    /// `overflowAffinities`, which have none of their own.
    pub overflow: Vec<DraftGroup>,
}

/// A member of `clusterTolerations`; absent words are empty.
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scheduling {
    /// `replicaSchedulingType`
    pub kind: String,
    /// `replicaDivisionPreference`
    pub preference: String,
    /// `weightPreference`
    pub weights: Option<DraftWeights>,
}

/// `weightPreference`
#[derive(Clone, Debug, Default, PartialEq)]
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

impl WrittenPlacement {
    /// The placement with defaults filled in.
    ///
    /// # Errors
    /// All that Karmada's admission refuses.
    pub fn checked(mut self) -> Result<Self, Vec<Objection>> {
        self.fill_in();
        let objections = self.objections();
        if objections.is_empty() { Ok(self) } else { Err(objections) }
    }

    /// Whether replicas are shared out by what is free (`newAssignState`).
    pub fn needs_capacity(&self) -> bool {
        self.scheduling.as_ref().is_some_and(|scheduling| {
            let dynamic = |weights: &DraftWeights| !weights.dynamic.is_empty();
            scheduling.kind != "Duplicated"
                && (scheduling.preference == "Aggregated" || scheduling.weights.as_ref().is_some_and(dynamic))
        })
    }

    /// Whether replicas are shared out at all.
    pub fn divides(&self) -> bool {
        self.scheduling.as_ref().is_some_and(|scheduling| scheduling.kind != "Duplicated")
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

    /// `ValidatePlacement`
    fn objections(&self) -> Vec<Objection> {
        let mut found = Objections::default();
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

    fn object_to_groups(&self, found: &mut Objections) {
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
            if !self.needs_capacity() {
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

    fn object_to_spread(&self, found: &mut Objections) {
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
struct Objections(Vec<Objection>);

impl Objections {
    fn say(&mut self, path: impl Into<String>, message: &str) {
        self.0.push(Objection { path: path.into(), message: message.to_owned() });
    }

    /// `ValidateClusterAffinity`: only three fields, only two operators.
    fn fields(&mut self, path: &str, terms: &Terms) {
        for LabelRequirement { key, operator, .. } in terms.fields.iter().flatten() {
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
