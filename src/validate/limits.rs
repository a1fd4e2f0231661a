//! Numbers of a CronJob that may not be negative. It looks at no other number and no other kind.
//!
//! The one idea: the rules are a list of places; each is `ValidateNonnegativeField` in Kubernetes'
//! `pkg/apis/batch/validation` (`validateCronJobSpec`, `validateJobSpec`).

use serde_json::Value;

use super::structure::{Finding, FindingKind};
use crate::diag::{Code, Severity};

const PLACES: [&str; 11] = [
    "/spec/startingDeadlineSeconds",
    "/spec/successfulJobsHistoryLimit",
    "/spec/failedJobsHistoryLimit",
    "/spec/jobTemplate/spec/activeDeadlineSeconds",
    "/spec/jobTemplate/spec/backoffLimit",
    "/spec/jobTemplate/spec/backoffLimitPerIndex",
    "/spec/jobTemplate/spec/completions",
    "/spec/jobTemplate/spec/maxFailedIndexes",
    "/spec/jobTemplate/spec/parallelism",
    "/spec/jobTemplate/spec/ttlSecondsAfterFinished",
    "/spec/jobTemplate/spec/template/spec/terminationGracePeriodSeconds",
];

/// Every number of a CronJob that is negative and may not be.
pub fn check(object: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pointer in PLACES {
        let Some(number) = object.pointer(pointer).and_then(Value::as_i64).filter(|number| *number < 0) else {
            continue;
        };
        let name = pointer.rsplit('/').next().unwrap_or_default();
        findings.push(Finding {
            pointer: pointer.to_owned(),
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
        });
    }
    findings
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
