//! Pod failure and success policies: `validatePodFailurePolicy`, `validateSuccessPolicy` in
//! `pkg/apis/batch/validation/validation.go`.

use std::collections::BTreeSet;

use super::at::At;
use super::found::Findings;
use crate::diag::{Code, nearest};
use crate::validate::{FindingKind, names};

const RULES_MAX: usize = 20;
const CODES_MAX: usize = 255;
const PATTERNS_MAX: usize = 20;
const INDEXES_MAX: usize = 64 * 1024;

/// The `podFailurePolicy` of a Job.
pub(super) fn failure(job: &At<'_>, found: &mut Findings) {
    let Some(policy) = job.get("podFailurePolicy") else { return };
    found.at_most(&policy, "rules", RULES_MAX);
    let template = job.get("template");
    let pod = template.as_ref().and_then(|template| template.get("spec"));
    if let Some(pod) = &pod
        && pod.words("restartPolicy") == "OnFailure"
        && let Some(at) = pod.get("restartPolicy")
    {
        let message = "with a `podFailurePolicy` the pod's `restartPolicy` must be `Never`".to_owned();
        found.add(&at, Code::RestartPolicy, FindingKind::Rule, message).beside(&policy);
    }
    for rule in policy.items("rules") {
        if let Some(action) = rule.get("action").filter(|_| rule.words("action") == "FailIndex")
            && !job.has("backoffLimitPerIndex")
        {
            found.refuse(&action, "`FailIndex` needs a `backoffLimitPerIndex`");
        }
        let codes = rule.get("onExitCodes");
        let conditions = !rule.list("onPodConditions").is_empty();
        if codes.is_some() == conditions {
            found.refuse(&rule, "a rule has `onExitCodes` or `onPodConditions`, one of them and not both");
        }
        if let Some(codes) = codes {
            exit_codes(&codes, pod.as_ref(), found);
        }
        found.at_most(&rule, "onPodConditions", PATTERNS_MAX);
        for pattern in rule.items("onPodConditions") {
            found.named(&pattern, "type", names::qualified_name);
            // The empty text is the default, `True`.
            if !pattern.words("status").is_empty() {
                found.one_of(&pattern, "status", &["False", "True", "Unknown"]);
            }
        }
    }
}

/// `validatePodFailurePolicyRuleOnExitCodes`
fn exit_codes(codes: &At<'_>, pod: Option<&At<'_>>, found: &mut Findings) {
    if let (Some(at), Some(name)) = (codes.get("containerName"), codes.text("containerName")) {
        let lists = pod.into_iter().flat_map(|pod| ["containers", "initContainers"].map(|list| pod.list(list)));
        let known: Vec<&str> = lists.flatten().filter_map(|container| container.get("name")?.as_str()).collect();
        if !known.contains(&name) {
            let finding = found.refuse(&at, format!("there is no container `{}` in the pod", super::shown(name)));
            finding.help.extend(nearest(name, known).map(|meant| format!("did you mean `{meant}`?")));
        }
    }
    let values = codes.get("values");
    if let Some(values) = values.as_ref().filter(|_| codes.list("values").is_empty()) {
        found.refuse(values, "`values` is empty, and one is needed at least");
    }
    found.at_most(codes, "values", CODES_MAX);
    let (mut known, mut last) = (BTreeSet::new(), i64::MIN);
    let mut ordered = true;
    for value in codes.items("values") {
        let Some(code) = value.value().as_i64() else { continue };
        if code == 0 && codes.words("operator") == "In" {
            found.refuse(&value, "0 is success, so it cannot be among the codes of a failure");
        }
        if !known.insert(code) {
            found.refuse(&value, format!("{code} stands there twice"));
        }
        ordered &= last <= code;
        last = code;
    }
    if let Some(values) = values.filter(|_| !ordered) {
        found.refuse(&values, "`values` must be in order, the smallest first");
    }
}

/// The `successPolicy` of an indexed Job.
pub(super) fn success(job: &At<'_>, found: &mut Findings) {
    let Some(policy) = job.get("successPolicy") else { return };
    if let Some(rules) = policy.get("rules").filter(|_| policy.list("rules").is_empty()) {
        found.refuse(&rules, "`rules` is empty, and one is needed at least");
    }
    found.at_most(&policy, "rules", RULES_MAX);
    let completions = job.number("completions").unwrap_or(i64::MAX);
    for rule in policy.items("rules") {
        if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
            found.refuse(&rule, "a rule needs a `succeededCount` or `succeededIndexes`");
        }
        let mut total = i64::MAX;
        if let (Some(at), Some(text)) = (rule.get("succeededIndexes"), rule.text("succeededIndexes")) {
            match indexes(text, completions) {
                _ if text.len() > INDEXES_MAX => {
                    found.refuse(&at, "`succeededIndexes` is longer than 64 KiB");
                }
                Ok(count) => total = count,
                Err(message) => {
                    found.refuse(&at, message);
                }
            }
        }
        found.not_negative(&rule, "succeededCount");
        if let (Some(at), Some(count)) = (rule.get("succeededCount"), rule.number("succeededCount")) {
            let (most, what) = if total < completions {
                (total, "the indexes of `succeededIndexes`")
            } else {
                (completions, "the `completions`")
            };
            if count > most {
                found.refuse(&at, format!("`succeededCount` is {count}, and {what} are {most}"));
            }
        }
    }
}

/// How many indexes a text names, `validateIndexesFormat`: `0,2-5`, increasing, below the completions.
fn indexes(text: &str, completions: i64) -> Result<i64, String> {
    let (mut total, mut last) = (0i64, None);
    if text.is_empty() {
        return Ok(0);
    }
    for part in text.split(',') {
        let number = |text: &str| -> Result<i64, String> {
            let plain = text.strip_prefix('+').unwrap_or(text);
            let fine = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit());
            match plain.parse::<i64>().ok().filter(|_| fine) {
                Some(number) if number < completions => Ok(number),
                Some(number) => Err(format!("there is no index {number}: they go from 0 to {}", completions - 1)),
                None => Err(format!("`{}` is not an index or a range of them", super::shown(part))),
            }
        };
        let (first, end) = match part.split_once('-') {
            None => (number(part)?, number(part)?),
            Some((first, end)) => (number(first)?, number(end)?),
        };
        let descends = part.contains('-') && first >= end;
        if descends || last.is_some_and(|last| last >= first) {
            return Err(format!("the indexes must increase, and `{}` does not", super::shown(part)));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn rule(rule: Value) -> Vec<String> {
        let pod = json!({"restartPolicy": "Never", "containers": [{"name": "main"}]});
        let found = found_by(json!({"podFailurePolicy": {"rules": [rule]}, "template": {"spec": pod}}), failure);
        found.into_iter().map(|pointer| pointer.replace("/podFailurePolicy/rules/0", "")).collect()
    }

    /// `pkg/apis/batch/validation.validatePodFailurePolicy`
    #[test]
    fn validate_pod_failure_policy() {
        let codes = |operator: &str, values: Value| {
            let found = rule(json!({"action": "FailJob", "onExitCodes": {"operator": operator, "values": values}}));
            found.into_iter().map(|pointer| pointer.replace("/onExitCodes", "")).collect::<Vec<_>>()
        };
        assert_eq!(codes("In", json!([1, 42])), NONE);
        assert_eq!(codes("NotIn", json!([0])), NONE);
        assert_eq!(codes("In", json!([0])), ["/values/0"]);
        assert_eq!(codes("In", json!([])), ["/values"]);
        assert_eq!(codes("In", json!([2, 1])), ["/values"]);
        assert_eq!(codes("In", json!([1, 1])), ["/values/1"]);
        let named = |name: &str| json!({"action": "Count", "onExitCodes": {"containerName": name, "operator": "In", "values": [1]}});
        assert_eq!(rule(named("main")), NONE);
        assert_eq!(rule(named("mian")), ["/onExitCodes/containerName"]);
        assert_eq!(rule(json!({"action": "Ignore"})), [""]);
        let condition = json!({"type": "bad type", "status": "true"});
        let found = rule(json!({"action": "FailIndex", "onPodConditions": [condition]}));
        assert_eq!(found, ["/action", "/onPodConditions/0/type", "/onPodConditions/0/status"]);
        let rules: Vec<Value> = vec![named("main"); 21];
        let pod = json!({"restartPolicy": "OnFailure", "containers": [{"name": "main"}]});
        let all = found_by(json!({"podFailurePolicy": {"rules": rules}, "template": {"spec": pod}}), failure);
        assert_eq!(all, ["/podFailurePolicy/rules", "/template/spec/restartPolicy"]);
    }

    /// `pkg/apis/batch/validation.validateSuccessPolicy`, `validateIndexesFormat`
    #[test]
    fn validate_success_policy() {
        let one = |rule: Value| {
            let found = found_by(json!({"completions": 5, "successPolicy": {"rules": [rule]}}), success);
            found.into_iter().map(|pointer| pointer.replace("/successPolicy/rules/0", "")).collect::<Vec<_>>()
        };
        assert_eq!(one(json!({"succeededIndexes": "0,2-4", "succeededCount": 4})), NONE);
        assert_eq!(one(json!({"succeededIndexes": "0,2-4", "succeededCount": 5})), ["/succeededCount"]);
        assert_eq!(one(json!({"succeededCount": 6})), ["/succeededCount"]);
        assert_eq!(one(json!({})), [""]);
        for bad in ["5", "2-1", "1,1", "2,1", "a", "1-", "-1", "1-2-3", "0,", " 1"] {
            assert_eq!(one(json!({ "succeededIndexes": bad })), ["/succeededIndexes"], "{bad}");
        }
        assert_eq!(found_by(json!({"successPolicy": {"rules": []}}), success), ["/successPolicy/rules"]);
    }
}
