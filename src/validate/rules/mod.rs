//! The rules beyond structure: what the API server refuses of an object that it can decode. They change nothing, and what
//! is of the wrong type they pass over: the structure says it.
//!
//! The one idea: one small file a rule family, each after the functions of Kubernetes 1.36 that it names; a rule sees a
//! place ([`at::At`]) and says what it finds ([`found::Found`]), and a clean object costs no allocation.

mod at;
mod beside;
mod claims;
mod found;
mod meta;
mod selector;

pub(super) use beside::object as beside;

use serde_json::Value;

use super::quantity::{self, Quantity};
use super::structure::{list, shown};

/// The amount that stands there, if it is one.
fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => quantity::parse(text).ok(),
        Value::Number(number) => quantity::parse_number(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of the rules share. It knows no rule.
    //!
    //! The one idea: a rule on a value gives the pointers of what it finds.

    use super::at::At;
    use super::found::Found;
    use super::*;
    use crate::validate::{SCHEMA_VERSION, Version};

    /// No findings.
    pub(super) const NONE: [&str; 0] = [];

    /// What a rule finds, for the newest Kubernetes.
    pub(super) fn found_by(value: Value, rule: impl Fn(&At<'_>, &mut Found)) -> Vec<String> {
        found_in(SCHEMA_VERSION.minor, value, rule)
    }

    /// What a rule finds, for Kubernetes 1.`minor`.
    pub(super) fn found_in(minor: u16, value: Value, rule: impl Fn(&At<'_>, &mut Found)) -> Vec<String> {
        let mut found = Found::new(Version { major: 1, minor });
        rule(&At::root(&value), &mut found);
        found.into_findings().into_iter().map(|finding| finding.pointer).collect()
    }
}
