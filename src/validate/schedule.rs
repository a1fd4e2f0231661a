//! Schedule and time zone of a CronJob: `validateScheduleFormat` and `validateTimeZone` in `pkg/apis/batch/validation`.

use serde_json::Value;

use super::structure::{Finding, FindingKind, shown};
use crate::cron::{Expression, Zone};
use crate::diag::{Code, Severity};

/// What is wrong with `spec.schedule` and `spec.timeZone`; other types than text are found by structure.
pub fn check(object: &Value) -> Vec<Finding> {
    let text = |name: &str| object.get("spec").and_then(|spec| spec.get(name)).and_then(Value::as_str);
    let finding = |field: &str, code, message, help: Option<String>, within| Finding {
        pointer: format!("/spec/{field}"),
        at_key: false,
        code,
        severity: Severity::Error,
        message,
        help: help.into_iter().collect(),
        kind: FindingKind::Timing,
        within,
        beside: None,
    };
    let mut findings = Vec::new();
    if let Some(schedule) = text("schedule")
        && let Err(fault) = Expression::parse(schedule)
    {
        let message = if schedule.is_empty() { fault.to_string() } else { format!("`{}`: {fault}", shown(schedule)) };
        let help = fault.help(schedule);
        findings.push(finding("schedule", Code::InvalidSchedule, message, help, Some(fault.at)));
    }
    if let Some(zone) = text("timeZone")
        && let Err(fault) = Zone::parse(zone)
    {
        let message = format!("`{}`: {fault}", shown(zone));
        findings.push(finding("timeZone", Code::UnknownTimeZone, message, fault.help(), None));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(spec: Value) -> Vec<String> {
        check(&json!({ "spec": spec })).into_iter().map(|finding| finding.message).collect()
    }

    /// `pkg/apis/batch/validation.validateScheduleFormat`
    #[test]
    fn validate_schedule_format() {
        assert!(messages(json!({"schedule": "0 3 * * *"})).is_empty());
        assert_eq!(messages(json!({"schedule": ""})), ["the schedule is empty"]);
        assert_eq!(
            messages(json!({"schedule": "0 3 * * 7"})),
            ["`0 3 * * 7`: 7 is no day of the week: it goes from 0 to 6"]
        );
        let finding = check(&json!({"spec": {"schedule": "0 3 * * 7"}})).remove(0);
        assert_eq!(finding.within, Some(8..9));
    }

    /// `pkg/apis/batch/validation.validateTimeZone`
    #[test]
    fn validate_time_zone() {
        assert!(messages(json!({"schedule": "@daily", "timeZone": "Europe/Berlin"})).is_empty());
        assert_eq!(
            messages(json!({"schedule": "@daily", "timeZone": "europe/berlin"})),
            ["`europe/berlin`: there is no such time zone in the IANA database"]
        );
    }
}
