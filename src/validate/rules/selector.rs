//! Label selectors: `ValidateLabelSelector` in `k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::meta;
use crate::validate::names;

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// The selector under a field, if it is there.
pub(crate) fn label_selector(at: &At<'_>, field: &str, found: &mut Findings) {
    if let Some(selector) = at.get(field) {
        of(&selector, found);
    }
}

/// A selector where it stands.
pub(crate) fn of(selector: &At<'_>, found: &mut Findings) {
    meta::labels(selector, "matchLabels", found);
    for requirement in selector.items("matchExpressions") {
        match requirement.text("operator") {
            Some("In" | "NotIn") if requirement.list("values").is_empty() => {
                found.missing(&requirement, "values", ": `In` and `NotIn` need one at least");
            }
            Some("Exists" | "DoesNotExist") if !requirement.list("values").is_empty() => {
                if let Some(values) = requirement.get("values") {
                    found.refuse(&values, "`Exists` and `DoesNotExist` take no `values`").at_key();
                }
            }
            _ => found.one_of(&requirement, "operator", &OPERATORS),
        }
        found.named(&requirement, "key", names::label_key);
        for value in requirement.items("values") {
            found.name(&value, names::label_value(value.value().as_str().unwrap_or_default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use serde_json::json;

    /// `k8s.io/apimachinery/pkg/apis/meta/v1/validation.ValidateLabelSelector`
    #[test]
    fn validate_label_selector() {
        let found = |value| found_by(json!({ "s": value }), |at, found| super::label_selector(at, "s", found));
        assert_eq!(
            found(json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]})),
            NONE
        );
        assert_eq!(found(json!({"matchLabels": {"a": "b c"}})), ["/s/matchLabels/a"]);
        let one = |operator: &str, values: &[&str]| {
            found(json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}))
        };
        assert_eq!(one("In", &["x"]), NONE);
        assert_eq!(one("In", &[]), ["/s/matchExpressions/0"]);
        assert_eq!(one("In", &["x y"]), ["/s/matchExpressions/0/values/0"]);
        assert_eq!(one("DoesNotExist", &["x"]), ["/s/matchExpressions/0/values"]);
        assert_eq!(one("in", &["x"]), ["/s/matchExpressions/0/operator"]);
    }
}
