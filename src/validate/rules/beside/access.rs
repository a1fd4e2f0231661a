//! RBAC: `validatePolicyRule`, `ValidateRoleBinding`, `validateRoleBindingSubject` in
//! `pkg/apis/rbac/validation/validation.go`, after `pkg/apis/rbac/v1/defaults.go`.

use super::super::at::At;
use super::super::found::Findings;
use super::super::selector;
use crate::validate::names;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(role: &At<'_>, found: &mut Findings) {
    let whole = role.words("kind") == "ClusterRole";
    for rule in role.items("rules") {
        policy_rule(&rule, whole, found);
    }
    let Some(aggregation) = role.get("aggregationRule") else { return };
    if aggregation.list("clusterRoleSelectors").is_empty() {
        found.missing(&aggregation, "clusterRoleSelectors", "");
    }
    for selectors in aggregation.items("clusterRoleSelectors") {
        selector::of(&selectors, found);
    }
}

fn policy_rule(rule: &At<'_>, whole: bool, found: &mut Findings) {
    let some = |field: &str| !rule.list(field).is_empty();
    if let Some(verbs) = rule.get("verbs").filter(|_| !some("verbs")) {
        found.refuse(&verbs, "`verbs` is empty, and a rule allows one verb at least");
    }
    if let Some(urls) = rule.get("nonResourceURLs").filter(|_| some("nonResourceURLs")) {
        if !whole {
            found.refuse(&urls, "a Role is for one namespace, and URLs are in none").at_key().help("use a ClusterRole");
        }
        if ["apiGroups", "resources", "resourceNames"].into_iter().any(some) {
            found.refuse(&urls, "a rule is for resources or for URLs, not for both").at_key();
        }
        return;
    }
    if !some("apiGroups") {
        found.missing(rule, "apiGroups", "").help("`apiGroups: [\"\"]` is the group of ConfigMaps, Pods and Secrets");
    }
    if !some("resources") {
        found.missing(rule, "resources", "");
    }
}

pub(super) fn binding(binding: &At<'_>, found: &mut Findings) {
    let whole = binding.words("kind") == "ClusterRoleBinding";
    if let Some(role) = binding.get("roleRef") {
        if !role.words("apiGroup").is_empty() {
            found.one_of(&role, "apiGroup", &[GROUP]);
        }
        found.one_of(&role, "kind", if whole { &["ClusterRole"] } else { &["Role", "ClusterRole"] });
        if found.filled(&role, "name") {
            found.named(&role, "name", names::path_segment);
        }
    }
    for subject in binding.items("subjects") {
        let named = found.filled(&subject, "name");
        match subject.words("kind") {
            "ServiceAccount" => {
                if named {
                    found.named(&subject, "name", names::dns1123_subdomain);
                }
                if !subject.words("apiGroup").is_empty() {
                    found.one_of(&subject, "apiGroup", &[""]);
                }
                if whole && subject.words("namespace").is_empty() {
                    found.missing(&subject, "namespace", "");
                }
            }
            "User" | "Group" if !subject.words("apiGroup").is_empty() => found.one_of(&subject, "apiGroup", &[GROUP]),
            "User" | "Group" => {}
            _ => found.one_of(&subject, "kind", &["ServiceAccount", "User", "Group"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use serde_json::{Value, json};

    /// `pkg/apis/rbac/validation.validatePolicyRule`
    #[test]
    fn validate_policy_rule() {
        let found = |kind: &str, rule: Value| found_by(json!({"kind": kind, "rules": [rule]}), super::role);
        let sound = json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]});
        assert_eq!(found("Role", sound), NONE);
        assert_eq!(found("Role", json!({"verbs": []})), ["/rules/0/verbs", "/rules/0", "/rules/0"]);
        let urls = json!({"nonResourceURLs": ["/healthz"], "verbs": ["get"]});
        assert_eq!(found("ClusterRole", urls.clone()), NONE);
        assert_eq!(found("Role", urls), ["/rules/0/nonResourceURLs"]);
        let both = json!({"nonResourceURLs": ["/healthz"], "resources": ["pods"], "verbs": ["get"]});
        assert_eq!(found("ClusterRole", both), ["/rules/0/nonResourceURLs"]);
        let names =
            json!({"apiGroups": [""], "resources": ["pods", "secrets"], "resourceNames": ["a"], "verbs": ["get"]});
        assert_eq!(found("Role", names), NONE);
    }

    /// `pkg/apis/rbac/validation.ValidateClusterRole`
    #[test]
    fn validate_cluster_role() {
        let found = |rule: Value| found_by(json!({"kind": "ClusterRole", "aggregationRule": rule}), super::role);
        assert_eq!(found(json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]})), NONE);
        assert_eq!(found(json!({})), ["/aggregationRule"]);
        assert_eq!(
            found(json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b c"}}]})),
            ["/aggregationRule/clusterRoleSelectors/0/matchLabels/a"]
        );
    }

    /// `pkg/apis/rbac/validation.ValidateRoleBinding`, `validateRoleBindingSubject`
    #[test]
    fn validate_role_binding() {
        let found = |kind: &str, role: Value, subject: Value| {
            found_by(json!({"kind": kind, "roleRef": role, "subjects": [subject]}), super::binding)
        };
        let role = || json!({"kind": "Role", "name": "a"});
        let account = || json!({"kind": "ServiceAccount", "name": "a"});
        assert_eq!(found("RoleBinding", role(), account()), NONE);
        assert_eq!(found("RoleBinding", role(), json!({"kind": "User", "name": "Any One"})), NONE);
        assert_eq!(found("ClusterRoleBinding", role(), account()), ["/roleRef/kind", "/subjects/0"]);
        assert_eq!(
            found("RoleBinding", json!({"kind": "role", "name": "a/b"}), account()),
            ["/roleRef/kind", "/roleRef/name"]
        );
        assert_eq!(
            found("RoleBinding", json!({"apiGroup": "rbac", "kind": "Role", "name": ""}), account()),
            ["/roleRef/apiGroup", "/roleRef/name"]
        );
        for (subject, pointer) in [
            (json!({"kind": "ServiceAccount", "name": "A"}), "/subjects/0/name"),
            (json!({"kind": "ServiceAccount", "name": "a", "apiGroup": super::GROUP}), "/subjects/0/apiGroup"),
            (json!({"kind": "User", "name": "a", "apiGroup": "users"}), "/subjects/0/apiGroup"),
            (json!({"kind": "Serviceaccount", "name": "a"}), "/subjects/0/kind"),
        ] {
            assert_eq!(found("RoleBinding", role(), subject), [pointer]);
        }
    }
}
