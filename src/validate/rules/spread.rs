//! Topology spread: `validateTopologySpreadConstraints` in `pkg/apis/core/validation/validation.go`.

use std::collections::HashMap;

use serde_json::Value;

use super::at::At;
use super::found::Findings;
use super::{affinity, selector};

/// The constraints of a pod's `spec`.
pub(super) fn check(pod: &At<'_>, found: &mut Findings) {
    fn pair(constraint: &Value) -> (Option<&Value>, Option<&Value>) {
        (constraint.get("topologyKey"), constraint.get("whenUnsatisfiable"))
    }
    let all = pod.list("topologySpreadConstraints").iter().enumerate();
    let last: HashMap<_, usize> = all.map(|(at, constraint)| (pair(constraint), at)).collect();
    for (at, constraint) in pod.items("topologySpreadConstraints").enumerate() {
        found.within(&constraint, "maxSkew", 1, i64::from(i32::MAX));
        found.filled(&constraint, "topologyKey");
        if last.get(&pair(constraint.value())).is_some_and(|last| *last > at) {
            let message = "two constraints have the same `topologyKey` and `whenUnsatisfiable`";
            found.refuse(&constraint, message);
        }
        found.within(&constraint, "minDomains", 1, i64::from(i32::MAX));
        if let Some(domains) = constraint.get("minDomains")
            && constraint.words("whenUnsatisfiable") != "DoNotSchedule"
        {
            found.refuse(&domains, "`minDomains` is for `whenUnsatisfiable: DoNotSchedule` alone");
        }
        label_keys(&constraint, found);
        selector::label_selector(&constraint, "labelSelector", found);
    }
}

/// `validateMatchLabelKeysInTopologySpread`. From 1.34 on the keys are merged into the selector, and may stand there as
/// often as those of pod affinity may.
fn label_keys(constraint: &At<'_>, found: &mut Findings) {
    affinity::key_names(constraint, "matchLabelKeys", found);
    for key in constraint.items("matchLabelKeys") {
        let name = key.value().as_str().unwrap_or_default();
        let count = affinity::selections(constraint, name);
        if count > 1 || count == 1 && !found.since(34) {
            found.refuse(&key, format!("`{name}` stands in `matchLabelKeys` and in `labelSelector`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::json;

    fn one(more: Value) -> Value {
        let mut constraint = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"});
        constraint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        constraint
    }

    /// `pkg/apis/core/validation.validateTopologySpreadConstraints`
    #[test]
    fn validate_topology_spread_constraints() {
        let all = |constraints: Value| {
            let pointers = found_by(json!({"topologySpreadConstraints": constraints}), check);
            pointers.into_iter().map(|it| it.replace("/topologySpreadConstraints", "")).collect::<Vec<_>>()
        };
        assert_eq!(all(json!([one(json!({})), one(json!({"topologyKey": "host"}))])), NONE);
        assert_eq!(all(json!([one(json!({})), one(json!({}))])), ["/0"]);
        let between = one(json!({"topologyKey": "host"}));
        assert_eq!(all(json!([one(json!({})), between, one(json!({})), one(json!({}))])), ["/0", "/2"]);
        assert_eq!(all(json!([one(json!({"maxSkew": 0, "topologyKey": ""}))])), ["/0/maxSkew", "/0/topologyKey"]);
        assert_eq!(all(json!([one(json!({"minDomains": 0}))])), ["/0/minDomains"]);
        let anyway = json!({"minDomains": 2, "whenUnsatisfiable": "ScheduleAnyway"});
        assert_eq!(all(json!([one(anyway)])), ["/0/minDomains"]);
        assert_eq!(all(json!([one(json!({"matchLabelKeys": ["a b"]}))])), ["/0/matchLabelKeys", "/0/matchLabelKeys/0"]);
    }

    /// `pkg/apis/core/validation.validateMatchLabelKeysInTopologySpread`
    #[test]
    fn validate_match_label_keys_in_topology_spread() {
        let both = one(json!({"labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["a"]}));
        let pod = json!({"topologySpreadConstraints": [both]});
        assert_eq!(found_in(33, pod.clone(), check), ["/topologySpreadConstraints/0/matchLabelKeys/0"]);
        assert_eq!(found_in(34, pod, check), NONE);
    }

    /// `pkg/apis/core/validation.ValidateMatchLabelKeysAndMismatchLabelKeys`
    #[test]
    fn validate_match_label_keys_and_mismatch_label_keys() {
        let selector = |labels: Value, keys: &[&str]| {
            let expressions: Vec<Value> = keys.iter().map(|key| json!({"key": key, "operator": "Exists"})).collect();
            let selector = json!({"matchLabels": labels, "matchExpressions": expressions});
            let constraint = one(json!({"labelSelector": selector, "matchLabelKeys": ["a"]}));
            let pod = json!({"topologySpreadConstraints": [constraint]});
            [33, 34].map(|minor| found_in(minor, pod.clone(), check).len())
        };
        assert_eq!(selector(json!({}), &["b", "b"]), [0, 0]);
        assert_eq!(selector(json!({}), &["a"]), [1, 0]);
        assert_eq!(selector(json!({"a": "b"}), &["a"]), [1, 1]);
        assert_eq!(selector(json!({}), &["a", "a"]), [1, 1]);
    }
}
