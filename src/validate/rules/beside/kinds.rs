//! Whether a built-in kind exists under an `apiVersion`. Which releases serve a version that does, `ages` knows.

use super::super::at::At;
use super::super::found::Findings;
use super::shown;
use crate::diag::{Code, nearest};
use crate::validate::{FindingKind, SchemaNode, names, structure};

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

pub(super) fn check(object: &At<'_>, found: &mut Findings) {
    // Both are asked for, so that two mistakes are two messages.
    let (has_version, has_kind) = (is_text(object, "apiVersion", found), is_text(object, "kind", found));
    let (version, kind) = (object.words("apiVersion"), object.words("kind"));
    let (Some(version_at), Some(kind_at)) = (object.get("apiVersion"), object.get("kind")) else { return };
    if !has_version || !has_kind || !is_well_formed(&version_at, &kind_at, found) {
        return;
    }
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
    }
}

/// Whether a member is a text and not empty; what it is instead is reported.
pub(super) fn is_text(object: &At<'_>, field: &str, found: &mut Findings) -> bool {
    let Some(at) = object.get(field) else {
        found.missing(object, field, "").message = format!("this object has no `{field}`");
        return false;
    };
    if at.value().is_string() {
        return found.filled(object, field);
    }
    wrong_type(&at, found);
    false
}

/// A value where a text is expected.
pub(super) fn wrong_type(at: &At<'_>, found: &mut Findings) {
    let (message, help) = structure::wrong_type(at.value(), SchemaNode::text(), at.key(), false);
    found.add(at, Code::WrongType, FindingKind::WrongType, message).help.extend(help);
}

/// Whether `apiVersion` and `kind` can be those of any object: `ParseGroupVersion` in
/// `k8s.io/apimachinery/pkg/runtime/schema/group_version.go`, and `ValidateCustomResourceDefinitionNames` in
/// `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`. No built-in kind breaks them.
fn is_well_formed(version_at: &At<'_>, kind_at: &At<'_>, found: &mut Findings) -> bool {
    let (version, kind) =
        (version_at.value().as_str().unwrap_or_default(), kind_at.value().as_str().unwrap_or_default());
    let (group, number) = version.rsplit_once('/').map_or((None, version), |(group, number)| (Some(group), number));
    let fits =
        group.is_none_or(|group| names::dns1123_subdomain(group).is_ok()) && names::dns1035_label(number).is_ok();
    if !fits {
        let message = format!("`{}` is not the `apiVersion` of any object", shown(version));
        found.refuse(version_at, message).help("write `v1`, or a group and a version such as `apps/v1`");
    }
    let named = names::dns1035_label(&kind.to_ascii_lowercase()).is_ok();
    if !named {
        let message = format!("`{}` is not the `kind` of any object", shown(kind));
        found.refuse(kind_at, message).help("write letters and digits, beginning with a letter");
    }
    fits && named
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
    }

    /// `k8s.io/apimachinery/pkg/runtime/schema.ParseGroupVersion`
    #[test]
    fn parse_group_version() {
        let found = |version: &str| found_by(json!({"apiVersion": version, "kind": "Thing"}), check);
        for version in ["apps/v1", "a.example.com/v1alpha1", "x/v2"] {
            assert_eq!(found(version), NONE, "{version}");
        }
        for version in ["../../x", "a/b/v1", "/v1", "a/", "a/..", "A/v1", "a b/v1", "a/v1\n", "a/1"] {
            assert_eq!(found(version), ["/apiVersion"], "{version:?}");
        }
    }

    /// `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation.ValidateCustomResourceDefinitionNames`
    #[test]
    fn validate_custom_resource_definition_names() {
        let found = |kind: &str| found_by(json!({"apiVersion": "example.com/v1", "kind": kind}), check);
        for kind in ["Thing", "HTTPRoute", "thing2", "A-b"] {
            assert_eq!(found(kind), NONE, "{kind}");
        }
        for kind in ["Thing\n", "../../evil", "a/b", "2x", "a b", "Ä", "."] {
            assert_eq!(found(kind), ["/kind"], "{kind:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_neither_kind_nor_version() {
        let found = |version, kind| found_by(json!({"apiVersion": version, "kind": kind}), check);
        assert_eq!(found(json!("v1"), json!(5)), ["/kind"]);
        assert_eq!(found(json!(["v1"]), json!({})), ["/apiVersion", "/kind"]);
        assert_eq!(found(json!(null), json!("Thing")), [""]);
        assert_eq!(found(json!(""), json!("")), ["/apiVersion", "/kind"]);
    }
}
