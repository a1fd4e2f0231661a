//! Karmada's cluster affinity: names, labels and fields that all must match.
//!
//! One that Kubernetes could not read as a selector matches nothing, as in Karmada's `pkg/util/selector.go
//! ClusterMatches`.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::holds::holds;
use crate::model::{Named, Operator, Selector, Values};

/// One requirement as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key, or the field's name.
    pub key: String,
    /// How it must hold: In, NotIn, Exists or DoesNotExist; any other word makes the affinity meet nothing.
    pub operator: String,
    /// For In and NotIn.
    pub values: Vec<String>,
}

/// What an affinity is made of; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// `clusterNames`; none means all.
    pub names: Vec<String>,
    /// `exclude`
    pub exclude: Vec<String>,
    /// `labelSelector`; equality is In with one value.
    pub labels: Option<Vec<Requirement>>,
    /// `fieldSelector`
    pub fields: Option<Vec<Requirement>>,
}

/// Which clusters are met.
#[derive(Clone, Debug, Default)]
pub struct Affinity {
    names: BTreeSet<String>,
    exclude: BTreeSet<String>,
    tests: Vec<Test>,
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

impl Terms {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.exclude.is_empty() && self.labels.is_none() && self.fields.is_none()
    }
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
        let readable = |operator: &Operator| matches!(of, Of::Zone) || is_selector(*operator, requirement);
        match operator(&requirement.operator).filter(readable) {
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
    }
}

impl From<&Selector> for Affinity {
    /// A selector of our own: checked where it was read, so whatever a cluster may be called is looked for as it is.
    fn from(selector: &Selector) -> Self {
        let texts = |list: &[crate::tree::Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
        let mut affinity = Self { never: selector.unread.is_some(), ..Self::default() };
        match &selector.clusters {
            Some(Named::Names(names)) => affinity.names = names.value.iter().map(|name| name.value.clone()).collect(),
            Some(Named::All(_)) | None => {}
        }
        let Some(matching) = &selector.matching else { return affinity };
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
        affinity
    }
}

impl Test {
    fn holds(&self, cluster: &Candidate) -> bool {
        let listed = |has: &str| self.values.iter().any(|value| value == has);
        let one = |value: Option<&String>| holds(self.operator, value.map(String::as_str).into_iter(), listed);
        match &self.of {
            Of::Label(key) => one(cluster.labels.get(key)),
            Of::Provider => one(cluster.provider.as_ref()),
            Of::Region => one(cluster.region.as_ref()),
            Of::Zone => holds(self.operator, cluster.zones.iter().map(String::as_str), listed),
            Of::Nothing => one(None),
        }
    }
}

fn operator(word: &str) -> Option<Operator> {
    match word {
        "In" => Some(Operator::In),
        "NotIn" => Some(Operator::NotIn),
        "Exists" => Some(Operator::Exists),
        "DoesNotExist" => Some(Operator::DoesNotExist),
        _ => None,
    }
}

/// `labels.NewRequirement`: In and NotIn need values, Exists and DoesNotExist have none, keys and values are well formed.
fn is_selector(operator: Operator, requirement: &Requirement) -> bool {
    let listing = matches!(operator, Operator::In | Operator::NotIn);
    listing != requirement.values.is_empty()
        && is_key(&requirement.key)
        && requirement.values.iter().all(|value| value.is_empty() || is_name(value))
}

/// `validation.IsQualifiedName`
fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(key),
    }
}

/// Up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_name(text: &str) -> bool {
    let edge = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
}

/// `validation.IsDNS1123Subdomain`
fn is_subdomain(text: &str) -> bool {
    let lower = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            let edge = |c: Option<&u8>| c.is_some_and(|c| lower(*c));
            edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|c| lower(*c) || *c == b'-')
        })
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
