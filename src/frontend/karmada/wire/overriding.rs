//! Serde types of OverridePolicy and ClusterOverridePolicy.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{AffinitySpec, MetadataSpec, SelectorSpec};
use crate::tree::{Located, Spanned};

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
