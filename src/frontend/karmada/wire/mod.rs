//! Serde types of Karmada's five kinds. Unknown fields are refused, as `kubectl apply` does (`strict decoding error`).
//! Source: `pkg/apis/policy/v1alpha1` and `pkg/apis/cluster/v1alpha1` of Karmada.

mod cluster;
mod overriding;
mod placing;
mod propagation;

pub(crate) use cluster::{ClusterDocument, ClusterSpec, TaintEffectSpec};
pub(crate) use overriding::{
    ComponentSpec, FieldSpec, InnerSpec, ListOperatorSpec, ListSpec, MapSpec, OperatorSpec, OverrideDocument,
    OverridersSpec, PlaintextSpec,
};
pub(crate) use placing::{
    AffinitySpec, DivisionPreference, GroupSpec, LabelSelectorSpec, OverflowSpec, PlacementSpec, RequirementSpec,
    SchedulingSpec, SchedulingType, SpreadField, SpreadSpec, TolerationSpec,
};
pub(crate) use propagation::{PolicyDocument, Preemption, PropagationSpec, SelectorSpec};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tree::Located;

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
