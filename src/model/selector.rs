//! Selects clusters by name, place and label. Each part keeps its location, so a verdict can name the part that
//! excluded a cluster.

use super::requirement::{FleetcronVersion, VersionRequirement, release};
use crate::tree::{Span, Spanned};

/// A set of clusters as design says it: names and properties, everything given must hold, `exclude` wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// `clusters`
    pub clusters: Option<Named>,
    /// `match`
    pub matching: Option<Match>,
    /// `exclude`
    pub exclude: Option<Exclude>,
    /// Where a part stands that could not be read. Then the selector meets no cluster, and nothing follows from it.
    pub unread: Option<Span>,
}

impl Selector {
    /// Whether neither names nor properties are given: a selector must say where.
    pub fn says_nothing(&self) -> bool {
        self.clusters.is_none() && self.matching.is_none()
    }
}

/// `clusters: "*"` or a list of names.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    /// All clusters.
    All(Span),
    /// These, in the author's order; the place of the whole list beside them.
    Names(Spanned<Vec<Spanned<String>>>),
}

/// `match`: all that is given must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// `provider`
    pub provider: Option<Values>,
    /// `region`
    pub region: Option<Values>,
    /// `zone`: In holds if some zone of the cluster is listed, NotIn if none is (Karmada's `matchZones`).
    pub zone: Option<Values>,
    /// `labels`: equality.
    pub labels: Vec<(Spanned<String>, Spanned<String>)>,
    /// `expressions`
    pub expressions: Vec<LabelExpression>,
    /// `kubernetesVersion`
    pub kubernetes_version: Option<VersionRange>,
    /// `anyOf`: one of these must hold; none asks for nothing.
    pub any_of: Vec<Match>,
    /// The whole of it.
    pub span: Span,
}

/// A range of versions, `>=1.27 <1.31`.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRange {
    /// As it is written.
    pub text: Spanned<String>,
    /// What it means.
    pub requirement: VersionRequirement,
}

impl VersionRange {
    /// Whether a cluster of that version is in the range; one whose version is not stated never is.
    pub fn holds(&self, version: Option<FleetcronVersion>) -> bool {
        version.is_some_and(|version| self.requirement.accepts(version))
    }
}

/// `a`, `[a, b]` or `{notIn: [a, b]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The contrary is meant.
    pub not: bool,
    /// The values.
    pub values: Vec<Spanned<String>>,
    /// The whole of it.
    pub span: Span,
}

/// One of `match.expressions`, as in a Kubernetes label selector.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelExpression {
    /// The label's key.
    pub key: Spanned<String>,
    /// How it must hold.
    pub operator: Operator,
    /// For In and NotIn; one number for Gt and Lt, one range for `SemVer`.
    pub values: Vec<Spanned<String>>,
    /// The whole of it.
    pub span: Span,
}

impl LabelExpression {
    /// Whether it holds for the value of the label; `None` where the label is absent.
    pub fn holds(&self, has: Option<&str>) -> bool {
        self.operator.holds(self.values.iter().map(|value| value.as_str()), has)
    }
}

/// The operators of a Kubernetes label selector (`metav1.LabelSelectorOperator`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer above the value, as in a node selector.
    Gt,
    /// The label is an integer below the value.
    Lt,
    /// The label is a version in the range.
    SemVer,
}

impl Operator {
    /// Whether it holds for the value of a label; `None` where the label is absent. Gt and Lt compare integers of 64 bits
    /// (`Requirement.Matches` in `k8s.io/apimachinery/pkg/labels/selector.go`); what is not one is neither.
    pub fn holds<'v>(self, mut values: impl Iterator<Item = &'v str>, has: Option<&str>) -> bool {
        let number = |text: &str| text.parse::<i64>().ok();
        match self {
            Operator::In => has.is_some_and(|has| values.any(|value| value == has)),
            Operator::NotIn => has.is_none_or(|has| values.all(|value| value != has)),
            Operator::Exists => has.is_some(),
            Operator::DoesNotExist => has.is_none(),
            Operator::Gt | Operator::Lt => {
                let both = has.and_then(number).zip(values.next().and_then(number));
                both.is_some_and(|(has, value)| if self == Operator::Gt { has > value } else { has < value })
            }
            Operator::SemVer => {
                let range = values.next().and_then(|range| VersionRequirement::parse(range).ok());
                has.and_then(release).zip(range).is_some_and(|(has, range)| range.accepts(has))
            }
        }
    }

    /// How it is said of a label before its values: `other than`, `above`.
    pub fn words(self) -> &'static str {
        match self {
            Operator::In => "",
            Operator::NotIn => "other than ",
            Operator::Exists => "there",
            Operator::DoesNotExist => "absent",
            Operator::Gt => "above ",
            Operator::Lt => "below ",
            Operator::SemVer => "in the range ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Operator;

    /// `k8s.io/apimachinery/pkg/labels.Requirement.Matches`
    #[test]
    fn requirement_matches() {
        for (operator, values, has, expected) in [
            (Operator::Gt, "5", Some("6"), true),
            (Operator::Gt, "5", Some("5"), false),
            (Operator::Gt, "5", Some("x"), false),
            (Operator::Gt, "5", None, false),
            (Operator::Gt, "9", Some("10"), true),
            (Operator::Lt, "5", Some("-6"), true),
            (Operator::Lt, "5", None, false),
            (Operator::SemVer, ">=4.13 <4.13.10", Some("4.13.2"), true),
            (Operator::SemVer, ">=4.13 <4.13.10", Some("4.13.10"), false),
            (Operator::SemVer, ">=4.13", Some("v4.14-rc.1"), true),
            (Operator::SemVer, ">=4.13", Some("new"), false),
            (Operator::SemVer, ">=4.13", None, false),
            (Operator::NotIn, "a", None, true),
        ] {
            assert_eq!(operator.holds(std::iter::once(values), has), expected, "{operator:?} {values} {has:?}");
        }
    }
}

/// `exclude`: names or properties, either suffices.
#[derive(Clone, Debug, PartialEq)]
pub struct Exclude {
    /// `clusters`
    pub clusters: Option<Named>,
    /// `match`
    pub matching: Option<Match>,
}
