//! Serde types of Karmada's five kinds. Unknown fields are refused, as `kubectl apply` does (`strict decoding error`).
//! Source: `pkg/apis/policy/v1alpha1` and `pkg/apis/cluster/v1alpha1` of Karmada.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

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

/// An OverridePolicy or ClusterOverridePolicy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverrideDocument {
    /// `policy.karmada.io/v1alpha1`
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) api_version: String,
    /// The kind.
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) kind: String,
    /// Name, namespace, labels.
    #[expect(dead_code, reason = "read from the document itself")]
    pub(crate) metadata: MetadataSpec,
    /// What differs, and where.
    pub(crate) spec: OverrideSpec,
}

/// A member cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterDocument {
    /// `cluster.karmada.io/v1alpha1`
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) api_version: String,
    /// The kind.
    #[expect(dead_code, reason = "read to know the document; kept for the schema")]
    pub(crate) kind: String,
    /// Name and labels.
    #[expect(dead_code, reason = "read from the document itself")]
    pub(crate) metadata: MetadataSpec,
    /// Where it is and what it bears.
    pub(crate) spec: Option<ClusterSpec>,
    /// What it serves and what is free, as Karmada's agents wrote it.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub(crate) status: Option<Located>,
}

/// `metadata`, with what a server writes into it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "read from the document itself")]
pub(crate) struct MetadataSpec {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its namespace.
    pub(crate) namespace: Option<String>,
    /// Its labels.
    pub(crate) labels: Option<BTreeMap<String, String>>,
    /// Its annotations.
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    /// Written by a server.
    pub(crate) generate_name: Option<String>,
    /// Written by a server.
    pub(crate) uid: Option<String>,
    /// Written by a server.
    pub(crate) resource_version: Option<String>,
    /// Written by a server.
    pub(crate) generation: Option<i64>,
    /// Written by a server.
    pub(crate) creation_timestamp: Option<String>,
    /// Written by a server.
    pub(crate) deletion_timestamp: Option<String>,
    /// Written by a server.
    pub(crate) deletion_grace_period_seconds: Option<i64>,
    /// Written by a server.
    pub(crate) self_link: Option<String>,
    /// Written by controllers.
    pub(crate) finalizers: Option<Vec<String>>,
    /// Written by controllers.
    #[schemars(with = "Option<Vec<Map<String, Value>>>")]
    pub(crate) owner_references: Option<Located>,
    /// Written by a server.
    #[schemars(with = "Option<Vec<Map<String, Value>>>")]
    pub(crate) managed_fields: Option<Located>,
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

/// `spec` of an OverridePolicy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverrideSpec {
    /// Which objects; none means all.
    pub(crate) resource_selectors: Option<Vec<Spanned<SelectorSpec>>>,
    /// What differs where.
    pub(crate) override_rules: Option<Vec<RuleSpec>>,
    /// The old form: where.
    pub(crate) target_cluster: Option<Spanned<AffinitySpec>>,
    /// The old form: what.
    pub(crate) overriders: Option<Spanned<OverridersSpec>>,
}

/// One of `overrideRules`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleSpec {
    /// Where; absent means everywhere.
    pub(crate) target_cluster: Option<AffinitySpec>,
    /// What.
    pub(crate) overriders: OverridersSpec,
}

/// The seven overriders.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverridersSpec {
    /// RFC 6902.
    pub(crate) plaintext: Option<Vec<PlaintextSpec>>,
    /// Parts of images.
    pub(crate) image_overrider: Option<Vec<ImageSpec>>,
    /// Commands of containers.
    pub(crate) command_overrider: Option<Vec<ListSpec>>,
    /// Arguments of containers.
    pub(crate) args_overrider: Option<Vec<ListSpec>>,
    /// Labels of the object.
    pub(crate) labels_overrider: Option<Vec<MapSpec>>,
    /// Annotations of the object.
    pub(crate) annotations_overrider: Option<Vec<MapSpec>>,
    /// Parts of a text that is JSON or YAML.
    pub(crate) field_overrider: Option<Vec<FieldSpec>>,
}

/// `operator` of most overriders.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OperatorSpec {
    /// Adds.
    Add,
    /// Removes.
    Remove,
    /// Replaces.
    Replace,
}

/// `operator` of command and args.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListOperatorSpec {
    /// Appends.
    Add,
    /// Removes equal items.
    Remove,
}

/// One of `plaintext`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaintextSpec {
    /// A JSON pointer.
    pub(crate) path: String,
    /// What is done.
    pub(crate) operator: OperatorSpec,
    /// The value.
    #[schemars(with = "Option<Value>")]
    pub(crate) value: Option<Located>,
}

/// One of `imageOverrider`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImageSpec {
    /// Which text; absent means the containers.
    pub(crate) predicate: Option<PredicateSpec>,
    /// Which part.
    pub(crate) component: ComponentSpec,
    /// What is done.
    pub(crate) operator: OperatorSpec,
    /// The value.
    pub(crate) value: Option<String>,
}

/// `predicate`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PredicateSpec {
    /// A JSON pointer.
    pub(crate) path: String,
}

/// `component`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum ComponentSpec {
    /// The host.
    Registry,
    /// The path at the host.
    Repository,
    /// The tag or digest.
    Tag,
}

/// One of `commandOverrider` or `argsOverrider`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListSpec {
    /// Which container.
    pub(crate) container_name: String,
    /// What is done.
    pub(crate) operator: ListOperatorSpec,
    /// The items.
    pub(crate) value: Option<Vec<String>>,
}

/// One of `labelsOverrider` or `annotationsOverrider`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MapSpec {
    /// What is done.
    pub(crate) operator: OperatorSpec,
    /// The entries.
    pub(crate) value: BTreeMap<String, String>,
}

/// One of `fieldOverrider`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldSpec {
    /// Which text.
    pub(crate) field_path: String,
    /// Operations on JSON.
    pub(crate) json: Option<Vec<InnerSpec>>,
    /// Operations on YAML.
    pub(crate) yaml: Option<Vec<InnerSpec>>,
}

/// An operation on a text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InnerSpec {
    /// A JSON pointer into the text.
    pub(crate) sub_path: String,
    /// What is done.
    pub(crate) operator: OperatorSpec,
    /// The value.
    #[schemars(with = "Option<Value>")]
    pub(crate) value: Option<Located>,
}

/// `spec` of a Cluster. Addresses and credentials are read and not used.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "addresses and credentials are for Karmada")]
pub(crate) struct ClusterSpec {
    /// The uid of `kube-system` there.
    pub(crate) id: Option<String>,
    /// Push or Pull.
    pub(crate) sync_mode: Option<SyncMode>,
    /// Its address.
    pub(crate) api_endpoint: Option<String>,
    /// Credentials.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub(crate) secret_ref: Option<Located>,
    /// Credentials.
    #[schemars(with = "Option<Map<String, Value>>")]
    pub(crate) impersonator_secret_ref: Option<Located>,
    /// Whether its certificate is checked.
    #[serde(rename = "insecureSkipTLSVerification")]
    pub(crate) insecure_skip_tls_verification: Option<bool>,
    /// On the way to it.
    #[serde(rename = "proxyURL")]
    pub(crate) proxy_url: Option<String>,
    /// On the way to it.
    pub(crate) proxy_header: Option<BTreeMap<String, String>>,
    /// Who runs it.
    pub(crate) provider: Option<Spanned<String>>,
    /// Its region.
    pub(crate) region: Option<Spanned<String>>,
    /// Its only zone, by the old name.
    pub(crate) zone: Option<Spanned<String>>,
    /// Its zones.
    pub(crate) zones: Option<Vec<Spanned<String>>>,
    /// Its taints.
    pub(crate) taints: Option<Vec<Spanned<TaintSpec>>>,
    /// Grades of nodes.
    #[schemars(with = "Option<Vec<Map<String, Value>>>")]
    pub(crate) resource_models: Option<Located>,
}

/// `syncMode`
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum SyncMode {
    /// Karmada writes there.
    Push,
    /// An agent there reads.
    Pull,
}

/// A taint of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaintSpec {
    /// Its key.
    pub(crate) key: Spanned<String>,
    /// Its value.
    pub(crate) value: Option<String>,
    /// What it does.
    pub(crate) effect: TaintEffectSpec,
    /// When it was set.
    #[expect(dead_code, reason = "of meaning at run time only")]
    pub(crate) time_added: Option<String>,
}

/// The effects of taints that a Cluster of Karmada may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum TaintEffectSpec {
    /// Takes nothing new.
    NoSchedule,
    /// Is drained, where Karmada is told to.
    NoExecute,
}
