//! Serde types of `placement` and of selectors of clusters.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::tree::Spanned;

/// A label selector of Kubernetes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LabelSelectorSpec {
    /// Equality.
    pub(crate) match_labels: Option<BTreeMap<String, String>>,
    /// Requirements.
    pub(crate) match_expressions: Option<Vec<RequirementSpec>>,
}

/// One requirement on a label or a field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequirementSpec {
    /// The label, or provider, region, zone.
    pub(crate) key: String,
    /// In, NotIn, Exists, DoesNotExist.
    pub(crate) operator: String,
    /// For In and NotIn.
    pub(crate) values: Option<Vec<String>>,
}

/// A selector of cluster fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldSelectorSpec {
    /// Requirements.
    pub(crate) match_expressions: Option<Vec<RequirementSpec>>,
}

/// Where objects are placed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlacementSpec {
    /// Which clusters may be chosen.
    pub(crate) cluster_affinity: Option<AffinitySpec>,
    /// Ordered groups of clusters; the first that works.
    pub(crate) cluster_affinities: Option<Vec<GroupSpec>>,
    /// Taints that are borne.
    pub(crate) cluster_tolerations: Option<Vec<TolerationSpec>>,
    /// How many groups of clusters.
    pub(crate) spread_constraints: Option<Vec<SpreadSpec>>,
    /// How replicas are shared out.
    pub(crate) replica_scheduling: Option<SchedulingSpec>,
    /// Near to, or apart from, other workloads.
    #[schemars(with = "Option<WorkloadAffinitySpec>")]
    pub(crate) workload_affinity: Option<Spanned<WorkloadAffinitySpec>>,
}

/// Which clusters; all that is given must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AffinitySpec {
    /// By label.
    pub(crate) label_selector: Option<LabelSelectorSpec>,
    /// By provider, region, zone.
    pub(crate) field_selector: Option<FieldSelectorSpec>,
    /// By name.
    pub(crate) cluster_names: Option<Vec<String>>,
    /// Not these.
    pub(crate) exclude: Option<Vec<String>>,
}

/// One of `clusterAffinities`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GroupSpec {
    /// Its name.
    pub(crate) affinity_name: String,
    /// By label.
    pub(crate) label_selector: Option<LabelSelectorSpec>,
    /// By provider, region, zone.
    pub(crate) field_selector: Option<FieldSelectorSpec>,
    /// By name.
    pub(crate) cluster_names: Option<Vec<String>>,
    /// Not these.
    pub(crate) exclude: Option<Vec<String>>,
    /// Clusters taken once those before them are full.
    pub(crate) overflow_affinities: Option<Vec<OverflowSpec>>,
}

/// One of `overflowAffinities`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverflowSpec {
    /// Its name.
    pub(crate) affinity_name: String,
    /// By label.
    pub(crate) label_selector: Option<LabelSelectorSpec>,
    /// By provider, region, zone.
    pub(crate) field_selector: Option<FieldSelectorSpec>,
    /// By name.
    pub(crate) cluster_names: Option<Vec<String>>,
    /// Not these.
    pub(crate) exclude: Option<Vec<String>>,
}

/// A toleration of a taint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TolerationSpec {
    /// Absent means every key.
    pub(crate) key: Option<String>,
    /// Exists or Equal.
    pub(crate) operator: Option<String>,
    /// Compared under Equal.
    pub(crate) value: Option<String>,
    /// Absent means every effect.
    pub(crate) effect: Option<String>,
    /// Of meaning at run time only.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) toleration_seconds: Option<i64>,
}

/// At least and at most so many groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpreadSpec {
    /// What makes a group.
    pub(crate) spread_by_field: Option<SpreadField>,
    /// A label that makes a group.
    pub(crate) spread_by_label: Option<String>,
    /// At most so many; there is no default.
    pub(crate) max_groups: Option<i64>,
    /// At least so many.
    pub(crate) min_groups: Option<i64>,
}

/// `spreadByField`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SpreadField {
    /// The cluster itself.
    Cluster,
    /// The region.
    Region,
    /// The zone; only filters.
    Zone,
    /// The provider; only filters.
    Provider,
}

/// How replicas are shared out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SchedulingSpec {
    /// Whether they are.
    pub(crate) replica_scheduling_type: Option<SchedulingType>,
    /// How.
    pub(crate) replica_division_preference: Option<DivisionPreference>,
    /// For Weighted.
    pub(crate) weight_preference: Option<WeightPreference>,
}

/// `replicaSchedulingType`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum SchedulingType {
    /// All of them in every cluster.
    Duplicated,
    /// Shared out.
    Divided,
}

/// `replicaDivisionPreference`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum DivisionPreference {
    /// Into as few clusters as can take them.
    Aggregated,
    /// By weights.
    Weighted,
}

/// Weights of clusters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WeightPreference {
    /// Given ones.
    pub(crate) static_weight_list: Option<Vec<StaticWeight>>,
    /// By what is free.
    pub(crate) dynamic_weight: Option<DynamicWeight>,
}

/// `dynamicWeight`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum DynamicWeight {
    /// By what is free.
    AvailableReplicas,
}

/// One of `staticWeightList`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StaticWeight {
    /// Which clusters.
    pub(crate) target_cluster: AffinitySpec,
    /// At least 1.
    pub(crate) weight: Spanned<i64>,
}

/// `workloadAffinity`; its feature gate is off by default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WorkloadAffinitySpec {
    /// Near to others.
    pub(crate) affinity: Option<WorkloadGroup>,
    /// Apart from others.
    pub(crate) anti_affinity: Option<WorkloadGroup>,
}

/// A group of workloads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WorkloadGroup {
    /// The label whose value makes a group.
    pub(crate) group_by_label_key: Spanned<String>,
}
