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
    use proptest::prelude::*;

    fn requirement(key: &str, operator: &str, values: &[&str]) -> Requirement {
        Requirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        }
    }

    fn said(text: String) -> crate::tree::Spanned<String> {
        let here = crate::tree::Span { file: crate::tree::FileId(0), start: 0, end: 0 };
        crate::tree::Spanned::new(text, here)
    }

    /// A `match` of a few words that clusters have too, with alternatives inside.
    fn matching() -> impl Strategy<Value = Match> {
        let values = || {
            let list = proptest::collection::vec("[ab]", 1..3);
            let values = (any::<bool>(), list).prop_map(|(not, list)| {
                let values: Vec<_> = list.into_iter().map(said).collect();
                Values { not, span: values[0].span, values }
            });
            proptest::option::weighted(0.3, values)
        };
        let operators = [
            (Operator::In, "a"),
            (Operator::NotIn, "b"),
            (Operator::Exists, ""),
            (Operator::DoesNotExist, ""),
            (Operator::Gt, "3"),
            (Operator::Lt, "3"),
            (Operator::SemVer, ">=2 <4"),
        ];
        let expression = ("[kl]", proptest::sample::select(operators.to_vec())).prop_map(|(key, (operator, value))| {
            let key = said(key);
            let values = if value.is_empty() { vec![] } else { vec![said(value.to_owned())] };
            crate::model::LabelExpression { span: key.span, key, operator, values }
        });
        let version = proptest::sample::select(vec![">=1.27", "<1.27", ">=1.20 <1.30"]).prop_map(|text| VersionRange {
            requirement: crate::model::VersionRequirement::parse(text).unwrap(),
            text: said(text.to_owned()),
        });
        let parts = (
            values(),
            values(),
            values(),
            proptest::collection::vec(("[kl]", "[ab3]"), 0..2),
            proptest::collection::vec(expression, 0..2),
            proptest::option::weighted(0.3, version),
        );
        let leaf = parts.prop_map(|(provider, region, zone, labels, expressions, kubernetes_version)| Match {
            provider,
            region,
            zone,
            labels: labels.into_iter().map(|(key, value)| (said(key), said(value))).collect(),
            expressions,
            kubernetes_version,
            any_of: vec![],
            span: said(String::new()).span,
        });
        leaf.prop_recursive(2, 6, 2, |inner| {
            (inner.clone(), proptest::collection::vec(inner, 0..3))
                .prop_map(|(matching, any_of)| Match { any_of, ..matching })
        })
    }

    fn cluster() -> impl Strategy<Value = crate::model::Cluster> {
        let word = || proptest::option::of("[ab]");
        let labels = proptest::collection::btree_map("[kl]", "[ab25]", 0..3);
        let release = proptest::option::of((1..2u64, 19..32u64, 0..3u64));
        let zones = proptest::collection::vec("[ab]", 0..3);
        (word(), word(), zones, labels, release).prop_map(|(provider, region, zones, labels, release)| {
            let mut cluster = crate::model::Cluster::bare(said("c".to_owned()));
            cluster.provider = provider.map(said);
            cluster.region = region.map(said);
            cluster.zones = zones.into_iter().map(said).collect();
            cluster.labels = labels.into_iter().map(|(key, value)| (key, said(value))).collect();
            cluster.release = release.map(|release| crate::tree::Spanned::new(release, cluster.name.span));
            cluster
        })
    }

    proptest! {
        /// Weights are asked of candidates and everything else of clusters: by two readings of one `match`.
        #[test]
        fn both_readings_of_a_match_agree(matching in matching(), cluster in cluster()) {
            let candidate = Candidate {
                name: cluster.name.value.clone(),
                labels: cluster.labels.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect(),
                provider: cluster.provider.as_ref().map(|it| it.value.clone()),
                region: cluster.region.as_ref().map(|it| it.value.clone()),
                zones: cluster.zones.iter().map(|it| it.value.clone()).collect(),
                release: cluster.release.as_ref().map(|it| it.value),
                ..Candidate::default()
            };
            let selector = Selector { matching: Some(matching), ..Selector::default() };
            let by_rules = super::super::filter::matches(&selector, &cluster).is_ok();
            prop_assert_eq!(Affinity::from(&selector).meets(&candidate), by_rules);
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
