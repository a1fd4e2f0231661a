//! Serde types of PropagationPolicy and ClusterPropagationPolicy.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{LabelSelectorSpec, MetadataSpec, PlacementSpec};
use crate::tree::{Located, Spanned};

/// A PropagationPolicy or ClusterPropagationPolicy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PolicyDocument {
    /// `policy.karmada.io/v1alpha1`
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) api_version: String,
    /// The kind.
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) kind: String,
    /// Name, namespace, labels.
    #[expect(dead_code, reason = "read from the document itself")]
    pub(crate) metadata: MetadataSpec,
    /// What is propagated, and where to.
    pub(crate) spec: PropagationSpec,
}

/// `spec` of a PropagationPolicy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PropagationSpec {
    /// An old name of `propagateDeps`; without effect.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) association: Option<Spanned<bool>>,
    /// Whether ConfigMaps, Secrets and the like that a pod names go along.
    pub(crate) propagate_deps: Option<bool>,
    /// Which objects.
    pub(crate) resource_selectors: Vec<Spanned<SelectorSpec>>,
    /// Where to.
    pub(crate) placement: Option<PlacementSpec>,
    /// The greater wins.
    pub(crate) priority: Option<i32>,
    /// Whether it takes objects from other policies.
    pub(crate) preemption: Option<Spanned<Preemption>>,
    /// Override policies that must exist.
    pub(crate) dependent_overrides: Option<Vec<Spanned<String>>>,
    /// Who places.
    pub(crate) scheduler_name: Option<Spanned<String>>,
    /// What happens when a cluster or the workload fails.
    #[schemars(with = "Option<FailoverSpec>")]
    pub(crate) failover: Option<Spanned<FailoverSpec>>,
    /// What happens where the object exists already.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) conflict_resolution: Option<Spanned<ConflictResolution>>,
    /// When a changed policy counts.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) activation_preference: Option<Spanned<Activation>>,
    /// Whether objects stay when the policy goes.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) preserve_resources_on_deletion: Option<Spanned<bool>>,
    /// What is placed and not sent.
    pub(crate) suspension: Option<SuspensionSpec>,
    /// The order in the queue of the scheduler.
    pub(crate) schedule_priority: Option<Spanned<SchedulePriority>>,
}

/// Which objects a policy is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SelectorSpec {
    /// `batch/v1`
    pub(crate) api_version: String,
    /// `CronJob`
    pub(crate) kind: String,
    /// Only in this namespace.
    pub(crate) namespace: Option<Spanned<String>>,
    /// Only that of this name; then labels are not looked at.
    pub(crate) name: Option<Spanned<String>>,
    /// Only those with these labels.
    pub(crate) label_selector: Option<Spanned<LabelSelectorSpec>>,
}

/// What is placed and not sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SuspensionSpec {
    /// Nothing is sent.
    pub(crate) dispatching: Option<Spanned<bool>>,
    /// Nothing is sent to these.
    pub(crate) dispatching_on_clusters: Option<SuspendedClusters>,
}

/// Clusters that nothing is sent to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SuspendedClusters {
    /// By name.
    pub(crate) cluster_names: Option<Vec<String>>,
}

/// `preemption`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Preemption {
    /// It takes objects; its feature gate is off by default.
    Always,
    /// It does not.
    Never,
}

/// `conflictResolution`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum ConflictResolution {
    /// The object there stays.
    Abort,
    /// It is replaced.
    Overwrite,
}

/// `activationPreference`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum Activation {
    /// Changes count when the object changes.
    Lazy,
}

/// `failover`; its feature gate is off by default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FailoverSpec {
    /// When the workload fails.
    pub(crate) application: Option<Spanned<ApplicationFailover>>,
    /// When the cluster fails.
    pub(crate) cluster: Option<ClusterFailover>,
}

/// `failover.application`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApplicationFailover {
    /// After how long.
    pub(crate) decision_conditions: Option<DecisionConditions>,
    /// Directly, Gracefully, Never.
    pub(crate) purge_mode: Option<Spanned<String>>,
    /// With Gracefully.
    pub(crate) grace_period_seconds: Option<Spanned<i64>>,
    /// What of its state goes along.
    #[schemars(with = "Option<Map<String, Value>>")]
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) state_preservation: Option<Located>,
}

/// `failover.application.decisionConditions`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DecisionConditions {
    /// Not negative.
    pub(crate) toleration_seconds: Option<Spanned<i64>>,
}

/// `failover.cluster`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterFailover {
    /// Directly, Gracefully.
    pub(crate) purge_mode: Option<Spanned<String>>,
    /// What of its state goes along.
    #[schemars(with = "Option<Map<String, Value>>")]
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) state_preservation: Option<Located>,
}

/// `schedulePriority`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SchedulePriority {
    /// KubePriorityClass.
    #[expect(dead_code, reason = "there is one source")]
    pub(crate) priority_class_source: PriorityClassSource,
    /// The PriorityClass.
    pub(crate) priority_class_name: Spanned<String>,
}

/// `priorityClassSource`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum PriorityClassSource {
    /// A PriorityClass of Kubernetes.
    KubePriorityClass,
}
