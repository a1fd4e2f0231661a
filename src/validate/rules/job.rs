//! Numbers and modes of a Job and a CronJob: `ValidateCronJobSpec`, `ValidateJobTemplateSpec`, `validateJobSpec` in
//! `pkg/apis/batch/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::{policies, since};
use crate::diag::Code;
use crate::validate::{FindingKind, names};

/// Above so many completions a Job has limits of its own.
const MANY: i64 = 100_000;
const MOST_AT_MANY: i64 = 10_000;
const MANAGED_BY_MAX: usize = 63;

/// Numbers of a CronJob that may not be negative, and what to write instead.
const CRON: [(&str, &str); 3] = [
    ("startingDeadlineSeconds", "write 0 or more"),
    ("successfulJobsHistoryLimit", "0 keeps none"),
    ("failedJobsHistoryLimit", "0 keeps none"),
];
/// The same of a Job.
const JOB: [(&str, &str); 7] = [
    ("parallelism", "write 0 or more"),
    ("completions", "write 0 or more"),
    ("activeDeadlineSeconds", "null means no limit"),
    ("backoffLimit", "0 means that a failed pod is not tried again"),
    ("ttlSecondsAfterFinished", "write 0 or more"),
    ("backoffLimitPerIndex", "0 means that a failed index is not tried again"),
    ("maxFailedIndexes", "write 0 or more"),
];

/// The `spec` of a CronJob, its own numbers.
pub(super) fn cron(spec: &At<'_>, found: &mut Findings) {
    not_negative(spec, &CRON, found);
}

/// `ValidateNonnegativeField`, over a list of places.
fn not_negative(at: &At<'_>, fields: &[(&str, &str)], found: &mut Findings) {
    for (field, help) in fields {
        let Some(number) = at.number(field).filter(|number| *number < 0) else { continue };
        if let Some(place) = at.get(field) {
            found.refuse(&place, format!("`{field}` is {number}, and it may not be negative")).help(*help);
        }
    }
}

/// The `spec` of a Job in a CronJob.
pub(super) fn check(job: &At<'_>, found: &mut Findings) {
    since::of("JobSpec", job, found);
    not_negative(job, &JOB, found);
    managed_by(job, found);
    if job.words("completionMode") == "Indexed" {
        indexed(job, found);
    } else if matches!(job.text("completionMode"), None | Some("NonIndexed")) {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            if let Some(at) = job.get(field) {
                let finding = found.refuse(&at, format!("`{field}` is for `completionMode: Indexed` alone"));
                if field == "successPolicy" {
                    finding.at_key();
                }
            }
        }
    }
    if job.has("maxFailedIndexes") && !job.has("backoffLimitPerIndex") {
        found.missing(job, "backoffLimitPerIndex", ", which `maxFailedIndexes` needs");
    }
    policies::failure(job, found);
    if job.words("completionMode") == "Indexed" {
        policies::success(job, found);
    }
    if let Some(policy) = job.get("podReplacementPolicy")
        && let Some(other) = job.get("podFailurePolicy")
        && job.words("podReplacementPolicy") == "TerminatingOrFailed"
    {
        found
            .refuse(&policy, "with a `podFailurePolicy` the `podReplacementPolicy` can only be `Failed`")
            .beside(&other);
    }
    if let Some(selector) = job.get("selector") {
        found.refuse(&selector, "the controller makes the `selector` of a Job itself").at_key().help("leave it out");
    }
    if let Some(manual) = job.get("manualSelector").filter(|_| job.is_true("manualSelector")) {
        found.refuse(&manual, "the Jobs of a CronJob cannot have a selector of their own").help("leave it out");
    }
}

fn managed_by(job: &At<'_>, found: &mut Findings) {
    let Some(at) = job.get("managedBy") else { return };
    let name = job.words("managedBy");
    if !found.filled(job, "managedBy") {
        return;
    }
    if found.named(job, "managedBy", names::domain_path) && name.len() > MANAGED_BY_MAX {
        let message = format!("`managedBy` has {} characters, and {MANAGED_BY_MAX} are allowed", name.len());
        found.add(&at, Code::NameTooLong, FindingKind::Rule, message);
    }
}

/// What holds for a Job whose pods are numbered.
fn indexed(job: &At<'_>, found: &mut Findings) {
    let completions = job.number("completions");
    if !job.has("completions") {
        found.missing(job, "completions", ", which `completionMode: Indexed` needs");
    }
    let many = completions.is_some_and(|count| count > MANY) && job.has("backoffLimitPerIndex");
    let most = if many { MOST_AT_MANY } else { MANY };
    let why = if many { format!(" with more than {MANY} `completions`") } else { String::new() };
    for field in ["parallelism", "maxFailedIndexes"] {
        let Some(number) = job.number(field).filter(|number| *number > most) else { continue };
        if let Some(at) = job.get(field) {
            found.refuse(&at, format!("`{field}` is {number}, and an indexed Job{why} takes {most} at most"));
        }
    }
    if let (Some(wanted), Some(failed), Some(at)) =
        (completions, job.number("maxFailedIndexes"), job.get("maxFailedIndexes"))
        && wanted >= 0
        && failed > wanted
        && failed <= most
    {
        found.refuse(&at, format!("`maxFailedIndexes` is {failed}, and there are {wanted} `completions`"));
    }
    if many && !job.has("maxFailedIndexes") {
        found.missing(job, "maxFailedIndexes", &format!(", which more than {MANY} `completions` need"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn job(job: Value) -> Vec<String> {
        found_by(job, check)
    }

    /// `pkg/apis/batch/validation.validateCronJobSpec`, `ValidateNonnegativeField`
    #[test]
    fn validate_nonnegative_field() {
        assert_eq!(found_by(json!({"failedJobsHistoryLimit": 0}), cron), NONE);
        assert_eq!(found_by(json!({"failedJobsHistoryLimit": -1}), cron), ["/failedJobsHistoryLimit"]);
        assert_eq!(job(json!({"backoffLimit": -1, "completions": -2})), ["/completions", "/backoffLimit"]);
    }

    /// `pkg/apis/batch/validation.validateJobSpec`
    #[test]
    fn validate_job_spec() {
        let indexed = |more: Value| {
            let mut spec = json!({"completionMode": "Indexed", "completions": 3});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            job(spec)
        };
        assert_eq!(indexed(json!({"backoffLimitPerIndex": 1, "maxFailedIndexes": 3})), NONE);
        assert_eq!(indexed(json!({"completions": null})), [""]);
        assert_eq!(indexed(json!({"maxFailedIndexes": 4, "backoffLimitPerIndex": 1})), ["/maxFailedIndexes"]);
        assert_eq!(indexed(json!({"maxFailedIndexes": 1})), [""]);
        assert_eq!(indexed(json!({"parallelism": 100_001})), ["/parallelism"]);
        assert_eq!(indexed(json!({"completions": 100_001, "backoffLimitPerIndex": 1})), [""]);
        let high = json!({"completions": 100_001, "backoffLimitPerIndex": 1, "maxFailedIndexes": 10_001});
        assert_eq!(indexed(high), ["/maxFailedIndexes"]);
        assert_eq!(job(json!({"backoffLimitPerIndex": 1})), ["/backoffLimitPerIndex"]);
        assert_eq!(job(json!({"successPolicy": {"rules": []}})), ["/successPolicy"]);
        assert_eq!(job(json!({"managedBy": "a.b/c"})), NONE);
        for bad in ["", "noslash", "A/b", "a.b/", &format!("a.b/{}", "c".repeat(60))] {
            assert_eq!(job(json!({ "managedBy": bad })), ["/managedBy"], "{bad}");
        }
    }

    /// `pkg/apis/batch/validation.ValidateJobTemplateSpec`
    #[test]
    fn validate_job_template_spec() {
        assert_eq!(job(json!({"manualSelector": false})), NONE);
        assert_eq!(job(json!({"selector": {}, "manualSelector": true})), ["/selector", "/manualSelector"]);
    }
}
