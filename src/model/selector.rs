//! Selects clusters by name, place and label. Each part keeps its location, so a verdict can name the part that
//! excluded a cluster.

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
    pub expressions: Vec<Expression>,
    /// The whole of it.
    pub span: Span,
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
pub struct Expression {
    /// The label's key.
    pub key: Spanned<String>,
    /// How it must hold.
    pub operator: Operator,
    /// For In and NotIn.
    pub values: Vec<Spanned<String>>,
    /// The whole of it.
    pub span: Span,
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
}

/// `exclude`: names or properties, either suffices.
#[derive(Clone, Debug, PartialEq)]
pub struct Exclude {
    /// `clusters`
    pub clusters: Option<Named>,
    /// `match`
    pub matching: Option<Match>,
}
