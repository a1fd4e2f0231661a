//! Whether there is such a kind: the built-in ones, by `apiVersion`. Of custom kinds it knows nothing.
//!
//! The one idea: the core group has no other version than `v1` and a list of kinds that hardly ever grows; of other
//! groups only what was moved is told (the deprecation guide of Kubernetes, releases 1.16 to 1.32).

use super::super::at::At;
use super::super::found::Found;
use super::shown;
use crate::diag::{Code, nearest};
use crate::validate::FindingKind;

/// The kinds of `v1`.
const CORE: [&str; 16] = [
    "Binding",
    "ConfigMap",
    "Endpoints",
    "Event",
    "LimitRange",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
];

/// Where other well-known kinds are.
const ELSEWHERE: [(&str, &str); 17] = [
    ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ("DaemonSet", "apps/v1"),
    ("Deployment", "apps/v1"),
    ("HorizontalPodAutoscaler", "autoscaling/v2"),
    ("Ingress", "networking.k8s.io/v1"),
    ("IngressClass", "networking.k8s.io/v1"),
    ("Job", "batch/v1"),
    ("NetworkPolicy", "networking.k8s.io/v1"),
    ("PodDisruptionBudget", "policy/v1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
    ("ReplicaSet", "apps/v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ("StatefulSet", "apps/v1"),
    ("StorageClass", "storage.k8s.io/v1"),
];

/// Versions of the kinds above that were taken away, and the release of Kubernetes 1 that did it.
const GONE: [(&str, u16); 14] = [
    ("apiextensions.k8s.io/v1beta1", 22),
    ("apps/v1beta1", 16),
    ("apps/v1beta2", 16),
    ("autoscaling/v2beta1", 25),
    ("autoscaling/v2beta2", 26),
    ("batch/v1beta1", 25),
    ("extensions/v1beta1", 22),
    ("networking.k8s.io/v1beta1", 22),
    ("policy/v1beta1", 25),
    ("rbac.authorization.k8s.io/v1alpha1", 22),
    ("rbac.authorization.k8s.io/v1beta1", 22),
    ("scheduling.k8s.io/v1alpha1", 22),
    ("scheduling.k8s.io/v1beta1", 22),
    ("storage.k8s.io/v1beta1", 22),
];

pub(super) fn check(object: &At<'_>, found: &mut Found) {
    let (version, kind) = (object.words("apiVersion"), object.words("kind"));
    let (Some(version_at), Some(kind_at)) = (object.get("apiVersion"), object.get("kind")) else { return };
    let home = ELSEWHERE.iter().find(|(known, _)| *known == kind).map(|(_, home)| *home);
    let core = CORE.contains(&kind);
    if version == "v1" {
        if core {
            return;
        }
        if let Some(home) = home {
            let message = format!("there is no {kind} in `v1`");
            found.refuse(&version_at, message).help(format!("write `apiVersion: {home}`"));
            return;
        }
        let message = format!("there is no kind `{}` in `v1`", shown(kind));
        let finding = found.refuse(&kind_at, message);
        finding.help.extend(nearest(kind, CORE).map(|meant| format!("did you mean `{meant}`?")));
    } else if !version.contains('/') {
        let message = format!("`{}` is not the `apiVersion` of any object", shown(version));
        let meant = if core { Some("v1") } else { home };
        let finding = found.refuse(&version_at, message);
        finding.help.extend(meant.map(|meant| format!("write `apiVersion: {meant}`")));
    } else if let Some(home) = home.filter(|_| GONE.iter().any(|(gone, minor)| *gone == version && found.since(*minor)))
    {
        let message = format!("`{version}` of {kind} is no longer served by Kubernetes");
        found
            .add(&version_at, Code::DeprecatedApi, FindingKind::Rule, message)
            .help(format!("write `apiVersion: {home}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::check;
    use serde_json::json;

    #[test]
    fn a_kind_is_looked_for_where_it_is() {
        let found = |version: &str, kind: &str| found_by(json!({"apiVersion": version, "kind": kind}), check);
        for (version, kind) in [
            ("v1", "ConfigMap"),
            ("apps/v1", "Deployment"),
            ("autoscaling/v1", "HorizontalPodAutoscaler"),
            ("example.com/v1", "ConfigMap"),
            ("storage.k8s.io/v1beta1", "VolumeAttributesClass"),
        ] {
            assert_eq!(found(version, kind), NONE, "{version} {kind}");
        }
        assert_eq!(found("v1", "Configmap"), ["/kind"]);
        assert_eq!(found("v1", "Role"), ["/apiVersion"]);
        assert_eq!(found("v2", "Secret"), ["/apiVersion"]);
        assert_eq!(found("policy/v1beta1", "PodDisruptionBudget"), ["/apiVersion"]);
        let old = json!({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"});
        assert_eq!(found_in(24, old, check), NONE);
    }
}
