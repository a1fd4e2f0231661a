//! Karmada's cluster affinity: names, labels and fields that all must match.
//!
//! One that Kubernetes could not read as a selector matches nothing, as in Karmada's `pkg/util/selector.go
//! ClusterMatches`.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::holds::holds;
use crate::model::karmada::{LabelRequirement as Requirement, Terms};
use crate::model::{Match, Named, Operator, Selector, Values, VersionRange};

/// Which clusters are met.
#[derive(Clone, Debug, Default)]
pub struct Affinity {
    names: BTreeSet<String>,
    exclude: BTreeSet<String>,
    tests: Vec<Test>,
    /// A range of versions that must hold.
    release: Option<VersionRange>,
    /// Of each list one must be met.
    any_of: Vec<Vec<Affinity>>,
    /// It cannot be read as a selector.
    never: bool,
}

#[derive(Clone, Debug)]
struct Test {
    of: Of,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Debug)]
enum Of {
    Label(String),
    Provider,
    Region,
    Zone,
    Nothing,
}

impl Affinity {
    /// Reads the terms.
    pub fn new(terms: &Terms) -> Self {
        let mut affinity = Self {
            names: terms.names.iter().cloned().collect(),
            exclude: terms.exclude.iter().cloned().collect(),
            ..Self::default()
        };
        for requirement in terms.labels.iter().flatten() {
            affinity.add(Of::Label(requirement.key.clone()), requirement);
        }
        for requirement in terms.fields.iter().flatten() {
            let of = match requirement.key.as_str() {
                "provider" => Of::Provider,
                "region" => Of::Region,
                "zone" => Of::Zone,
                _ => Of::Nothing,
            };
            affinity.add(of, requirement);
        }
        affinity
    }

    fn add(&mut self, of: Of, requirement: &Requirement) {
        let readable = |operator: &Operator| matches!(of, Of::Zone) || requirement.is_selector(*operator);
        match requirement.operator().filter(readable) {
            Some(operator) => self.tests.push(Test { of, operator, values: requirement.values.clone() }),
            None => self.never = true,
        }
    }

    /// `ClusterMatches`
    pub fn meets(&self, cluster: &Candidate) -> bool {
        !self.never
            && !self.exclude.contains(&cluster.name)
            && (self.names.is_empty() || self.names.contains(&cluster.name))
            && self.tests.iter().all(|test| test.holds(cluster))
            && self.release.as_ref().is_none_or(|range| range.holds(cluster.release))
            && self.any_of.iter().all(|any| any.iter().any(|one| one.meets(cluster)))
    }
}

impl From<&Selector> for Affinity {
    /// A selector of our own: checked where it was read, so whatever a cluster may be called is looked for as it is.
    fn from(selector: &Selector) -> Self {
        let mut affinity = Self { never: selector.unread.is_some(), ..Self::default() };
        match &selector.clusters {
            Some(Named::Names(names)) => affinity.names = names.value.iter().map(|name| name.value.clone()).collect(),
            Some(Named::All(_)) | None => {}
        }
        if let Some(matching) = &selector.matching {
            affinity.ask(matching);
        }
        affinity
    }
}

impl Affinity {
    /// Adds what a `match` asks.
    fn ask(&mut self, matching: &Match) {
        let texts = |list: &[crate::tree::Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
        let affinity = self;
        let mut place = |of: Of, values: &Option<Values>| {
            if let Some(values) = values {
                let operator = if values.not { Operator::NotIn } else { Operator::In };
                affinity.tests.push(Test { of, operator, values: texts(&values.values) });
            }
        };
        place(Of::Provider, &matching.provider);
        place(Of::Region, &matching.region);
        place(Of::Zone, &matching.zone);
        for (key, value) in &matching.labels {
            let (of, values) = (Of::Label(key.value.clone()), vec![value.value.clone()]);
            affinity.tests.push(Test { of, operator: Operator::In, values });
        }
        for expression in &matching.expressions {
            let (of, values) = (Of::Label(expression.key.value.clone()), texts(&expression.values));
            affinity.tests.push(Test { of, operator: expression.operator, values });
        }
        affinity.release.clone_from(&matching.kubernetes_version);
        if !matching.any_of.is_empty() {
            let one = |matching: &Match| {
                let mut one = Affinity::default();
                one.ask(matching);
                one
            };
            affinity.any_of.push(matching.any_of.iter().map(one).collect());
        }
    }
}

impl Test {
    fn holds(&self, cluster: &Candidate) -> bool {
        let listed = |has: &str| self.values.iter().any(|value| value == has);
        let one = |value: Option<&String>| holds(self.operator, value.map(String::as_str).into_iter(), listed);
        match &self.of {
            Of::Label(key) => {
                self.operator.holds(self.values.iter().map(String::as_str), cluster.labels.get(key).map(String::as_str))
            }
            Of::Provider => one(cluster.provider.as_ref()),
            Of::Region => one(cluster.region.as_ref()),
            Of::Zone => holds(self.operator, cluster.zones.iter().map(String::as_str), listed),
            Of::Nothing => one(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(key: &str, operator: &str, values: &[&str]) -> Requirement {
        Requirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_no_selector_meets_nothing() {
        let bare = Candidate { name: "a".to_owned(), ..Candidate::default() };
        let label = |r| Affinity::new(&Terms { labels: Some(vec![r]), ..Terms::default() }).meets(&bare);
        let field = |r| Affinity::new(&Terms { fields: Some(vec![r]), ..Terms::default() }).meets(&bare);
        for (met, expected) in [
            (label(requirement("env", "NotIn", &["prod"])), true),
            (label(requirement("env", "NotIn", &[])), false),
            (label(requirement("env", "DoesNotExist", &[])), true),
            (label(requirement("env", "DoesNotExist", &["x"])), false),
            (label(requirement("-env", "DoesNotExist", &[])), false),
            (label(requirement("Big.example/env", "DoesNotExist", &[])), false),
            (label(requirement("env", "NotIn", &["not a label"])), false),
            (field(requirement("region", "NotIn", &["x"])), true),
            (field(requirement("region", "NotIn", &[])), false),
            (field(requirement("zone", "NotIn", &[])), true),
            (field(requirement("zone", "In", &[])), false),
            (field(requirement("zone", "Gt", &[])), false),
            (Affinity::new(&Terms::default()).meets(&bare), true),
        ] {
            assert_eq!(met, expected);
        }
    }
}
