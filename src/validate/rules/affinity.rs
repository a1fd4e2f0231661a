//! Node and pod affinity: `validateAffinity` in `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::selector;
use crate::validate::names;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The affinity of a pod's `spec`.
pub(super) fn check(pod: &At<'_>, found: &mut Findings) {
    let Some(affinity) = pod.get("affinity") else { return };
    if let Some(node) = affinity.get("nodeAffinity") {
        node_affinity(&node, found);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = affinity.get(kind) else { continue };
        pods.items(REQUIRED).for_each(|term| pod_term(&term, found));
        for weighted in pods.items(PREFERRED) {
            found.within(&weighted, "weight", 1, 100);
            if let Some(term) = weighted.get("podAffinityTerm") {
                pod_term(&term, found);
            }
        }
    }
}

/// `validateNodeAffinity`. The scheduler passes over a bad value in a preferred term, so only required ones are held to it.
fn node_affinity(node: &At<'_>, found: &mut Findings) {
    if let Some(required) = node.get(REQUIRED) {
        if required.list("nodeSelectorTerms").is_empty() && required.has("nodeSelectorTerms") {
            found.refuse(&required, "`nodeSelectorTerms` needs one term at least");
        }
        required.items("nodeSelectorTerms").for_each(|term| node_term(&term, true, found));
    }
    for preferred in node.items(PREFERRED) {
        found.within(&preferred, "weight", 1, 100);
        if let Some(term) = preferred.get("preference") {
            node_term(&term, false, found);
        }
    }
}

/// `ValidateNodeSelectorTerm`
fn node_term(term: &At<'_>, required: bool, found: &mut Findings) {
    for requirement in term.items("matchExpressions") {
        let count = requirement.list("values").len();
        let values = requirement.get("values");
        let values = values.as_ref().unwrap_or(&requirement);
        match requirement.words("operator") {
            "In" | "NotIn" if count == 0 => {
                found.refuse(values, "`In` and `NotIn` need one of `values` at least");
            }
            "Exists" | "DoesNotExist" if count > 0 => {
                found.refuse(values, "`Exists` and `DoesNotExist` take no `values`");
            }
            "Gt" | "Lt" if count != 1 => {
                found.refuse(values, "`Gt` and `Lt` need exactly one of `values`");
            }
            _ => {}
        }
        found.named(&requirement, "key", names::label_key);
        if required {
            for value in requirement.items("values") {
                found.name(&value, names::label_value(value.value().as_str().unwrap_or_default()));
            }
        }
    }
    for requirement in term.items("matchFields") {
        let values = requirement.get("values");
        if !matches!(requirement.words("operator"), "In" | "NotIn") {
            if let Some(operator) = requirement.get("operator") {
                found.refuse(&operator, "`matchFields` knows the operators `In` and `NotIn` alone");
            }
        } else if requirement.list("values").len() != 1 {
            let message = "`matchFields` needs exactly one of `values`";
            found.refuse(values.as_ref().unwrap_or(&requirement), message);
        }
        if requirement.words("key") == "metadata.name" {
            for value in requirement.items("values") {
                found.name(&value, names::dns1123_subdomain(value.value().as_str().unwrap_or_default()));
            }
        } else if let Some(key) = requirement.get("key") {
            found.refuse(&key, "the only key of `matchFields` is `metadata.name`");
        }
    }
}

/// `validatePodAffinityTerm`
fn pod_term(term: &At<'_>, found: &mut Findings) {
    selector::label_selector(term, "labelSelector", found);
    selector::label_selector(term, "namespaceSelector", found);
    for namespace in term.items("namespaces") {
        found.name(&namespace, names::namespace(namespace.value().as_str().unwrap_or_default()));
    }
    label_keys(term, found);
    found.named(term, "topologyKey", names::label_key);
}

/// `validateMatchLabelKeysAndMismatchLabelKeys`
fn label_keys(term: &At<'_>, found: &mut Findings) {
    key_names(term, "matchLabelKeys", found);
    key_names(term, "mismatchLabelKeys", found);
    for key in term.items("matchLabelKeys") {
        if term.list("mismatchLabelKeys").contains(key.value()) {
            let message = format!("{} stands in `matchLabelKeys` and in `mismatchLabelKeys`", key.value());
            found.refuse(&key, message.replace('"', "`"));
        }
        let name = key.value().as_str().unwrap_or_default();
        if selections(term, name) > 1 {
            found.refuse(&key, format!("`{name}` stands in `matchLabelKeys` and in `labelSelector`"));
        }
    }
}

/// `validateLabelKeys`
pub(super) fn key_names(term: &At<'_>, field: &str, found: &mut Findings) {
    let Some(keys) = term.get(field).filter(|_| !term.list(field).is_empty()) else { return };
    if !term.has("labelSelector") {
        found.refuse(&keys, format!("`{field}` adds to `labelSelector`, and there is none")).at_key();
    }
    for key in term.items(field) {
        found.name(&key, names::label_key(key.value().as_str().unwrap_or_default()));
    }
}

/// How often the selector of a term asks for a label. Once goes with `matchLabelKeys`: the server looks for a second time.
pub(super) fn selections(term: &At<'_>, label: &str) -> usize {
    let Some(selector) = term.get("labelSelector") else { return 0 };
    let asked = selector.map("matchLabels").is_some_and(|labels| labels.contains_key(label));
    usize::from(asked) + selector.items("matchExpressions").filter(|it| it.words("key") == label).count()
}

/// The terms about other pods, required and preferred.
pub(super) fn pod_terms(pod: &At<'_>, mut each: impl FnMut(&At<'_>)) {
    let Some(affinity) = pod.get("affinity") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = affinity.get(kind) else { continue };
        pods.items(REQUIRED).for_each(|term| each(&term));
        for weighted in pods.items(PREFERRED) {
            if let Some(term) = weighted.get("podAffinityTerm") {
                each(&term);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn node(kind: &str, terms: Value) -> Vec<String> {
        let pointers = found_by(json!({"affinity": {"nodeAffinity": {kind: terms}}}), check);
        let prefix = format!("/affinity/nodeAffinity/{kind}");
        pointers.into_iter().map(|pointer| pointer.replace(&prefix, "")).collect()
    }

    fn requirement(operator: &str, values: &[&str]) -> Vec<String> {
        let term = json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
        let found = node(REQUIRED, json!({"nodeSelectorTerms": [term]}));
        found.into_iter().map(|pointer| pointer.replace("/nodeSelectorTerms/0/matchExpressions/0", "")).collect()
    }

    /// `pkg/apis/core/validation.ValidateNodeSelectorRequirement`
    #[test]
    fn validate_node_selector_requirement() {
        assert_eq!(requirement("In", &["x"]), NONE);
        assert_eq!(requirement("NotIn", &[]), ["/values"]);
        assert_eq!(requirement("Exists", &["x"]), ["/values"]);
        assert_eq!(requirement("Gt", &["1", "2"]), ["/values"]);
        assert_eq!(requirement("In", &["x!"]), ["/values/0"]);
        let preferred = json!([{"weight": 0, "preference": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["x!"]}]}}]);
        assert_eq!(node(PREFERRED, preferred), ["/0/weight"]);
    }

    /// `pkg/apis/core/validation.ValidateNodeSelector`, `ValidateNodeFieldSelectorRequirement`
    #[test]
    fn validate_node_selector() {
        assert_eq!(node(REQUIRED, json!({"nodeSelectorTerms": []})), [""]);
        let field = |key: &str, operator: &str, values: Value| {
            let term = json!({"matchFields": [{"key": key, "operator": operator, "values": values}]});
            node(REQUIRED, json!({"nodeSelectorTerms": [term]})).len()
        };
        assert_eq!(field("metadata.name", "In", json!(["n1"])), 0);
        assert_eq!(field("metadata.name", "In", json!(["n1", "n2"])), 1);
        assert_eq!(field("metadata.name", "Exists", json!([])), 1);
        assert_eq!(field("metadata.uid", "In", json!(["n1"])), 1);
        assert_eq!(field("metadata.name", "In", json!(["N_1"])), 1);
    }

    /// `pkg/apis/core/validation.validatePodAffinityTerm`
    #[test]
    fn validate_pod_affinity_term() {
        let term = |more: Value| {
            let mut term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}});
            term.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let value = json!({"affinity": {"podAntiAffinity": {REQUIRED: [term]}}});
            let prefix = format!("/affinity/podAntiAffinity/{REQUIRED}/0");
            found_by(value, check).into_iter().map(|it| it.replace(&prefix, "")).collect::<Vec<_>>()
        };
        assert_eq!(term(json!({"matchLabelKeys": ["c"], "namespaces": ["a"]})), NONE);
        assert_eq!(term(json!({"topologyKey": "", "namespaces": ["BAD"]})), ["/namespaces/0", "/topologyKey"]);
        assert_eq!(term(json!({"labelSelector": null, "mismatchLabelKeys": ["c"]})), ["/mismatchLabelKeys"]);
        assert_eq!(term(json!({"matchLabelKeys": ["c"], "mismatchLabelKeys": ["c"]})), ["/matchLabelKeys/0"]);
        let twice = json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]});
        assert_eq!(term(json!({"labelSelector": twice, "matchLabelKeys": ["a"]})), ["/matchLabelKeys/0"]);
        assert_eq!(term(json!({"matchLabelKeys": ["a"]})), NONE);
    }
}
