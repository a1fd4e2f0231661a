//! Tolerations and node selector: `ValidateTolerations` in `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::meta;
use crate::validate::names;

/// The tolerations and the node selector of a pod's `spec`.
pub(super) fn check(pod: &At<'_>, found: &mut Findings) {
    meta::labels(pod, "nodeSelector", found);
    for toleration in pod.items("tolerations") {
        one(&toleration, found);
    }
}

fn one(toleration: &At<'_>, found: &mut Findings) {
    let (key, operator, value) = (toleration.words("key"), toleration.words("operator"), toleration.words("value"));
    if !key.is_empty() {
        found.named(toleration, "key", names::label_key);
    }
    let place = toleration.get("operator");
    let place = place.as_ref().unwrap_or(toleration);
    if key.is_empty() && operator != "Exists" {
        found
            .refuse(place, "a toleration without `key` needs `operator: Exists`, which tolerates everything")
            .help("write `operator: Exists`, or the `key` of the taint");
    }
    if toleration.has("tolerationSeconds") && toleration.words("effect") != "NoExecute" {
        let effect = toleration.get("effect");
        let finding =
            found.refuse(effect.as_ref().unwrap_or(toleration), "`tolerationSeconds` is for `effect: NoExecute` alone");
        if let Some(seconds) = toleration.get("tolerationSeconds") {
            finding.beside(&seconds);
        }
    }
    match operator {
        "" | "Equal" => {
            if let Err(error) = names::label_value(value) {
                let at = toleration.get("value");
                found.name(at.as_ref().unwrap_or(place), Err(error));
            }
        }
        "Exists" if !value.is_empty() => {
            let finding = found.refuse(place, "`operator: Exists` takes no `value`");
            finding.help("leave out `value`, or write `operator: Equal`");
            if let Some(value) = toleration.get("value") {
                finding.beside(&value);
            }
        }
        "Gt" | "Lt" => {
            let message =
                format!("`{operator}` is an operator of tolerations that no release of Kubernetes turns on yet");
            found.refuse(place, message);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    /// `pkg/apis/core/validation.ValidateTolerations`
    #[test]
    fn validate_tolerations() {
        let one = |toleration: Value| found_by(json!({"tolerations": [toleration]}), check);
        assert_eq!(one(json!({"operator": "Exists"})), NONE);
        assert_eq!(one(json!({"key": "a", "value": "b", "effect": "NoSchedule"})), NONE);
        assert_eq!(one(json!({"key": "a", "operator": "Exists", "value": "v"})), ["/tolerations/0/operator"]);
        assert_eq!(one(json!({"operator": "Equal", "value": "v"})), ["/tolerations/0/operator"]);
        assert_eq!(one(json!({})), ["/tolerations/0"]);
        assert_eq!(one(json!({"key": "a b", "operator": "Exists"})), ["/tolerations/0/key"]);
        assert_eq!(one(json!({"key": "a", "value": "a b"})), ["/tolerations/0/value"]);
        assert_eq!(one(json!({"key": "a", "operator": "Gt", "value": "1"})), ["/tolerations/0/operator"]);
        let seconds = |effect: &str| one(json!({"key": "a", "effect": effect, "tolerationSeconds": 5}));
        assert_eq!(seconds("NoExecute"), NONE);
        assert_eq!(seconds("NoSchedule"), ["/tolerations/0/effect"]);
    }
}
