//! The basic predicates of all filters: whether a toleration tolerates a taint, whether a value meets a requirement.

use super::rules::PlacementToleration;
use crate::model::{ClusterTaint, Operator, TaintEffect};

/// A toleration, whoever holds it.
pub(super) struct Bearing<'a> {
    /// Empty bears every key.
    pub(super) key: &'a str,
    /// `Exists`; otherwise `Equal`.
    pub(super) exists: bool,
    /// Compared under `Equal`.
    pub(super) value: &'a str,
    /// `None` bears every effect.
    pub(super) effect: Option<TaintEffect>,
}

impl Bearing<'_> {
    /// `corev1.Toleration.ToleratesTaint`: an empty effect or key matches all; Exists ignores the value.
    pub(super) fn tolerates(&self, key: &str, value: &str, effect: TaintEffect) -> bool {
        self.effect.is_none_or(|own| own == effect)
            && (self.key.is_empty() || self.key == key)
            && (self.exists || self.value == value)
    }
}

/// `labels.Requirement.Matches` and Karmada's `matchZones`: In holds if one of the values is listed, NotIn if none is,
/// also where there are none.
pub(super) fn holds<'a>(
    operator: Operator,
    mut has: impl Iterator<Item = &'a str>,
    listed: impl Fn(&str) -> bool,
) -> bool {
    match operator {
        Operator::In => has.any(listed),
        Operator::NotIn => !has.any(listed),
        Operator::Exists => has.next().is_some(),
        Operator::DoesNotExist => has.next().is_none(),
        // Asked of labels alone, by `Operator::holds`.
        Operator::Gt | Operator::Lt | Operator::SemVer => false,
    }
}

/// Whether a toleration of Karmada's tolerates a taint.
pub fn tolerates(toleration: &PlacementToleration, taint: &ClusterTaint) -> bool {
    let PlacementToleration { key, exists, value, effect } = toleration;
    Bearing { key, exists: *exists, value, effect: *effect }.tolerates(&taint.key, &taint.value, taint.effect)
}
