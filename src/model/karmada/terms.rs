//! Requirements on labels and fields as Karmada's documents write them.

use std::collections::BTreeMap;

use crate::model::Operator;

/// One requirement as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRequirement {
    /// The label's key, or the field's name.
    pub key: String,
    /// How it must hold: In, NotIn, Exists or DoesNotExist; any other word makes the affinity meet nothing.
    pub operator: String,
    /// For In and NotIn.
    pub values: Vec<String>,
}

/// What an affinity is made of; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// `clusterNames`; none means all.
    pub names: Vec<String>,
    /// `exclude`
    pub exclude: Vec<String>,
    /// `labelSelector`; equality is In with one value.
    pub labels: Option<Vec<LabelRequirement>>,
    /// `fieldSelector`
    pub fields: Option<Vec<LabelRequirement>>,
}

impl Terms {
    /// Nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.exclude.is_empty() && self.labels.is_none() && self.fields.is_none()
    }
}

impl LabelRequirement {
    /// The operator, if there is one of that name.
    pub fn operator(&self) -> Option<Operator> {
        match self.operator.as_str() {
            "In" => Some(Operator::In),
            "NotIn" => Some(Operator::NotIn),
            "Exists" => Some(Operator::Exists),
            "DoesNotExist" => Some(Operator::DoesNotExist),
            _ => None,
        }
    }

    /// Whether Kubernetes reads it as a part of a selector: In and NotIn need values, Exists and DoesNotExist have none,
    /// keys and values are well formed (`labels.NewRequirement`).
    pub fn is_selector(&self, operator: Operator) -> bool {
        let listing = matches!(operator, Operator::In | Operator::NotIn);
        listing != self.values.is_empty()
            && is_key(&self.key)
            && self.values.iter().all(|value| value.is_empty() || is_name(value))
    }

    /// Whether labels meet it; those that cannot be read meet nothing.
    pub fn matches(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let Some(operator) = self.operator().filter(|operator| self.is_selector(*operator)) else { return false };
        operator.holds(self.values.iter().map(String::as_str), labels.get(self.key.as_str()).copied())
    }
}

/// `validation.IsQualifiedName`
pub fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(key),
    }
}

/// Up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub fn is_name(text: &str) -> bool {
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
