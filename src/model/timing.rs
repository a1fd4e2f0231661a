//! What decides when a task runs on some clusters, as its finished CronJob says it. It reads no schedule.
//!
//! The one idea: rules about time look at six fields; here they are, taken out once, whoever said them.

use serde_json::Value;

/// What stands for a schedule that was refused and said so: one that Kubernetes takes, in a spelling that nobody
/// writes. It is never written, and no more is said of it.
pub const REFUSED_SCHEDULE: &str = "0  0  1  1  *  ";

/// The fields of a finished CronJob that decide when it runs. What has a wrong type counts as not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// `spec.schedule`
    pub schedule: String,
    /// `spec.timeZone`
    pub time_zone: Option<String>,
    /// `spec.startingDeadlineSeconds`
    pub starting_deadline: Option<i64>,
    /// `spec.jobTemplate.spec.activeDeadlineSeconds`
    pub active_deadline: Option<i64>,
    /// `spec.concurrencyPolicy`
    pub concurrency: Concurrency,
    /// `spec.suspend`
    pub suspended: bool,
    /// Somebody decided about the zone, be it that there is none: `null`, or each cluster's own.
    pub zone_decided: bool,
}

/// `spec.concurrencyPolicy`: what becomes of a run that is due while another goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// Both run.
    #[default]
    Allow,
    /// The new one is skipped.
    Forbid,
    /// The old one is killed.
    Replace,
}

impl Timing {
    /// Whether the schedule was refused where it was said.
    pub fn is_refused(&self) -> bool {
        self.schedule == REFUSED_SCHEDULE
    }

    /// Of a CronJob.
    pub fn of(cron_job: &Value) -> Self {
        let Some(spec) = cron_job.get("spec") else { return Self::default() };
        let text = |name: &str| spec.get(name).and_then(Value::as_str).map(str::to_owned);
        let job = spec.get("jobTemplate").and_then(|template| template.get("spec"));
        Self {
            schedule: text("schedule").unwrap_or_default(),
            time_zone: text("timeZone"),
            starting_deadline: spec.get("startingDeadlineSeconds").and_then(Value::as_i64),
            active_deadline: job.and_then(|job| job.get("activeDeadlineSeconds")).and_then(Value::as_i64),
            concurrency: match spec.get("concurrencyPolicy").and_then(Value::as_str) {
                Some("Forbid") => Concurrency::Forbid,
                Some("Replace") => Concurrency::Replace,
                _ => Concurrency::Allow,
            },
            suspended: spec.get("suspend").and_then(Value::as_bool).unwrap_or_default(),
            zone_decided: false,
        }
    }
}
