//! Serde types of Cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::MetadataSpec;
use crate::tree::{Located, Spanned};

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
