//! Numbers of a CronJob that may not be negative. It looks at no other number and no other kind.
//!
//! The one idea: the rules are a list of places; each is `ValidateNonnegativeField` in Kubernetes'
//! `pkg/apis/batch/validation` (`validateCronJobSpec`, `validateJobSpec`).

use serde_json::Value;

use super::structure::{Finding, FindingKind};
use crate::diag::{Code, Severity};

/// Where a map stands, and its numbers.
const PLACES: [(&[&str], &[&str]); 3] = [
    (&["spec"], &["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"]),
    (
        &["spec", "jobTemplate", "spec"],
        &[
            "activeDeadlineSeconds",
            "backoffLimit",
            "backoffLimitPerIndex",
            "completions",
            "maxFailedIndexes",
            "parallelism",
            "ttlSecondsAfterFinished",
        ],
    ),
    (&["spec", "jobTemplate", "spec", "template", "spec"], &["terminationGracePeriodSeconds"]),
];

/// Every number of a CronJob that is negative and may not be.
pub fn check(object: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, names) in PLACES {
        let Some(map) = path.iter().try_fold(object, |value, step| value.get(step)) else { continue };
        for name in names {
            let negative = map.get(name).and_then(Value::as_i64).filter(|number| *number < 0);
            findings.extend(negative.map(|number| finding(path, name, number)));
        }
    }
    findings
}

fn finding(path: &[&str], name: &str, number: i64) -> Finding {
    Finding {
        pointer: format!("/{}/{name}", path.join("/")),
        at_key: false,
        code: Code::InvalidValue,
        severity: Severity::Error,
        message: format!("`{name}` is {number}, and it may not be negative"),
        help: vec![match name {
            "backoffLimit" => "0 means that a failed pod is not tried again".to_owned(),
            "successfulJobsHistoryLimit" | "failedJobsHistoryLimit" => "0 keeps none".to_owned(),
            "activeDeadlineSeconds" => "null means no limit".to_owned(),
            _ => "write 0 or more".to_owned(),
        }],
        kind: FindingKind::OutOfRange,
        within: None,
        beside: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// `pkg/apis/batch/validation.validateCronJobSpec`, `ValidateNonnegativeField`
    #[test]
    fn validate_nonnegative_field() {
        let object =
            |n: i64| json!({"spec": {"failedJobsHistoryLimit": n, "jobTemplate": {"spec": {"backoffLimit": n}}}});
        assert!(check(&object(0)).is_empty());
        let pointers: Vec<String> = check(&object(-1)).into_iter().map(|finding| finding.pointer).collect();
        assert_eq!(pointers, ["/spec/failedJobsHistoryLimit", "/spec/jobTemplate/spec/backoffLimit"]);
    }
}
