//! Serde types of selectors and placements. The same fields (`clusters`, `match`, `exclude`) select everywhere.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::forms::{TextListOr, TextOrList};
use super::EffectSpec;
use crate::tree::{Keyed, Spanned};

/// Properties of clusters; all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MatchSpec {
    /// Who runs it.
    pub(crate) provider: Option<Spanned<TextListOr<NotInSpec>>>,
    /// Its region.
    pub(crate) region: Option<Spanned<TextListOr<NotInSpec>>>,
    /// One of its zones.
    pub(crate) zone: Option<Spanned<TextListOr<NotInSpec>>>,
    /// Labels it has: a value, a list of them, or `{notIn: [...]}`.
    #[schemars(with = "Option<BTreeMap<String, TextListOr<NotInSpec>>>")]
    pub(crate) labels: Option<LabelsSpec>,
    /// As in a Kubernetes label selector.
    pub(crate) expressions: Option<Vec<Spanned<ExpressionSpec>>>,
    /// A range of Kubernetes versions, as `>=1.27 <1.31`.
    pub(crate) kubernetes_version: Option<Spanned<String>>,
    /// One of these must hold too.
    pub(crate) any_of: Option<Spanned<Vec<Spanned<MatchSpec>>>>,
}

/// What is asked of labels, by key.
pub(crate) type LabelsSpec = Keyed<Spanned<TextListOr<NotInSpec>>>;

/// The contrary of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NotInSpec {
    /// None of these.
    pub(crate) not_in: Vec<Spanned<String>>,
}

/// A label expression.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExpressionSpec {
    /// The label.
    pub(crate) key: Spanned<String>,
    /// How it must hold.
    pub(crate) operator: Spanned<OperatorSpec>,
    /// For In and NotIn; one number for Gt and Lt, one range for SemVer.
    pub(crate) values: Option<Vec<Spanned<String>>>,
}

/// The operator of a label expression.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum OperatorSpec {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer above the only value.
    Gt,
    /// The label is an integer below the only value.
    Lt,
    /// The label is a version in the range that is the only value.
    SemVer,
}

/// Clusters that are left out; either part suffices.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExcludeSpec {
    /// By name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// By property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
}

/// Where a task goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlacementSpec {
    /// By name; `"*"` means all.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// By place and label.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Not these; wins over everything.
    pub(crate) exclude: Option<ExcludeSpec>,
    /// Which taints the task bears.
    pub(crate) tolerations: Option<Vec<Spanned<TolerationSpec>>>,
    /// How many regions, zones, clusters.
    pub(crate) spread: Option<Spanned<Vec<Spanned<SpreadSpec>>>>,
    /// Ordered groups, the first that works.
    pub(crate) fallback: Option<Spanned<Vec<FallbackSpec>>>,
    /// How instances are shared out.
    pub(crate) strategy: Option<Spanned<StrategySpec>>,
    /// For StaticWeight.
    pub(crate) weights: Option<Spanned<Vec<WeightSpec>>>,
}

/// A toleration, as in a pod.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TolerationSpec {
    /// The taint's key; absent means every key.
    pub(crate) key: Option<String>,
    /// How the value counts (default Equal).
    pub(crate) operator: Option<TolerationOperatorSpec>,
    /// The taint's value, under Equal.
    pub(crate) value: Option<Spanned<String>>,
    /// The taint's effect; absent means every effect.
    pub(crate) effect: Option<EffectSpec>,
}

/// The operator of a toleration.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum TolerationOperatorSpec {
    /// The value does not count.
    Exists,
    /// The value must be equal.
    Equal,
}

/// One constraint of `spread`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpreadSpec {
    /// `cluster`, `region`, `zone`, `provider` or `label:KEY`.
    pub(crate) by: Spanned<String>,
    /// At least so many groups (default 1).
    pub(crate) min: Option<Spanned<u32>>,
    /// At most so many groups; absent means no limit.
    pub(crate) max: Option<Spanned<u32>>,
}

/// One group of `fallback`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FallbackSpec {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// By name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// By property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Not these.
    pub(crate) exclude: Option<ExcludeSpec>,
}

/// How instances are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum StrategySpec {
    /// All instances in every cluster.
    Duplicated,
    /// On as few clusters as can take them.
    Aggregated,
    /// By what the clusters have left.
    DynamicWeight,
    /// By given weights.
    StaticWeight,
}

/// One of `weights`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WeightSpec {
    /// The weight.
    pub(crate) weight: Spanned<u32>,
    /// By name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// By property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
}

/// Which of the placed clusters run the task; the others get it suspended.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ActiveSpec {
    /// By name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// By property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Not these; wins over everything.
    pub(crate) exclude: Option<ExcludeSpec>,
    /// At most so many.
    pub(crate) max: Option<u32>,
    /// `max` counts in each group: `region`, `provider` or `label:KEY`.
    pub(crate) per: Option<Spanned<String>>,
}
