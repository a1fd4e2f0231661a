//! Serde types of all native kinds.
//!
//! Documents are read with them and JSON Schemas are generated from them, so both always agree.

mod fleet_time;
mod inventory;
mod placing;
mod settings;
mod task;
mod timing;

pub(crate) use fleet_time::*;
pub(crate) use inventory::*;
pub(crate) use placing::*;
pub(crate) use settings::*;
pub(crate) use task::*;
pub(crate) use timing::*;

use schemars::JsonSchema;
use serde::Deserialize;

use super::kubernetes as k8s;
use crate::tree::{Located, Spanned};

/// Tells an explicit null from an absent member.
pub(super) fn said<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

macro_rules! document {
    ($(#[$meta:meta])* $name:ident, $spec:ty, $kind:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[schemars(rename = $kind)]
        pub(crate) struct $name {
            /// `fleetcron.dev/v1alpha1`
            #[expect(dead_code, reason = "the dispatcher has looked at it")]
            pub(crate) api_version: String,
            /// The kind of the document.
            #[expect(dead_code, reason = "the dispatcher has looked at it")]
            pub(crate) kind: String,
            /// Name, namespace, labels and annotations.
            pub(crate) metadata: Metadata,
            /// What it says.
            pub(crate) spec: $spec,
        }
    };
}

document!(
    /// The settings of the repository.
    FleetDocument, Option<FleetSpec>, "Fleet"
);
document!(
    /// One target: a cluster, or an environment in one.
    ClusterDocument, Option<ClusterSpec>, "Cluster"
);
document!(
    /// What a cluster can take, apart from the file that people edit.
    CapacityDocument, CapacitySpec, "ClusterCapacity"
);
document!(
    /// What several tasks share.
    BaseDocument, BaseSpec, "Base"
);
document!(
    /// A scheduled task.
    TaskDocument, TaskSpec, "Task"
);
document!(
    /// What differs on some clusters for many tasks.
    OverrideDocument, OverrideSpec, "Override"
);

/// `metadata` of a document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    /// The name.
    pub(crate) name: Spanned<String>,
    /// The namespace of the task; part of its identity.
    pub(crate) namespace: Option<Spanned<String>>,
    /// Labels: of a cluster, or of the CronJob.
    #[schemars(with = "Option<k8s::StringMap>")]
    pub(crate) labels: Option<Located>,
    /// Annotations of the CronJob.
    #[schemars(with = "Option<k8s::StringMap>")]
    pub(crate) annotations: Option<Located>,
}
