//! The six fields of a finished CronJob that decide when it runs.

use serde_json::Value;

use super::StartSpread;

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
    /// Why its Jobs never start a pod although it is not suspended itself, if so.
    pub idle: Option<Idle>,
    /// `expectedDuration` in seconds, which no manifest carries.
    pub expected_duration: Option<u32>,
    /// How its start was spread over the clusters.
    pub spread: StartSpread,
    /// The names of the pauses that suspend it; then `suspended` is true for that reason alone.
    pub paused: Vec<String>,
    /// Somebody decided about the zone, be it that there is none: `null`, or each cluster's own.
    pub zone_decided: bool,
}

/// A field of a CronJob that Kubernetes accepts and that keeps every Job from starting a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Idle {
    /// `suspend: true` in the job template: a Job is made and waits.
    /// Source: Kubernetes' `pkg/controller/job/job_controller.go syncJob`, `jobSuspended`.
    Suspended,
    /// `parallelism: 0`: no pod is wanted at any time (`manageJob` there).
    Parallelism,
    /// `completions: 0`: the Job is complete from the start (`syncJob` there).
    Completions,
    /// `activeDeadlineSeconds: 0`: the Job fails from the start (`pastActiveDeadline` there).
    ActiveDeadline,
    /// `startingDeadlineSeconds: 0`: every run is too late.
    /// Source: Kubernetes' `pkg/controller/cronjob/utils.go mostRecentScheduleTime`.
    StartingDeadline,
}

impl Idle {
    /// The first such field of a CronJob.
    pub fn find(cron_job: &Value) -> Option<Self> {
        let spec = cron_job.get("spec")?;
        let job = spec.get("jobTemplate").and_then(|template| template.get("spec"));
        let in_job = |name: &str| job.and_then(|job| job.get(name));
        let is_zero = |value: Option<&Value>| value.and_then(Value::as_f64) == Some(0.0);
        [
            (Self::Suspended, in_job("suspend") == Some(&Value::Bool(true))),
            (Self::Parallelism, is_zero(in_job("parallelism"))),
            (Self::Completions, is_zero(in_job("completions"))),
            (Self::ActiveDeadline, is_zero(in_job("activeDeadlineSeconds"))),
            (Self::StartingDeadline, is_zero(spec.get("startingDeadlineSeconds"))),
        ]
        .into_iter()
        .find_map(|(idle, applies)| applies.then_some(idle))
    }

    /// Where the field stands in a CronJob.
    pub fn pointer(self) -> &'static str {
        match self {
            Idle::Suspended => "/spec/jobTemplate/spec/suspend",
            Idle::Parallelism => "/spec/jobTemplate/spec/parallelism",
            Idle::Completions => "/spec/jobTemplate/spec/completions",
            Idle::ActiveDeadline => "/spec/jobTemplate/spec/activeDeadlineSeconds",
            Idle::StartingDeadline => "/spec/startingDeadlineSeconds",
        }
    }
}

impl std::fmt::Display for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Idle::Suspended => "`suspend: true` in the job template makes every Job wait",
            Idle::Parallelism => "`parallelism: 0` starts no pod",
            Idle::Completions => "`completions: 0` ends every Job before it starts a pod",
            Idle::ActiveDeadline => "`activeDeadlineSeconds: 0` fails every Job before it starts a pod",
            Idle::StartingDeadline => "`startingDeadlineSeconds: 0` makes every run too late",
        })
    }
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
    /// Whether a run ever starts a pod, as far as these fields decide it.
    pub fn runs(&self) -> bool {
        !self.suspended && self.idle.is_none()
    }

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
            idle: Idle::find(cron_job),
            expected_duration: None,
            spread: StartSpread::default(),
            paused: Vec::new(),
            zone_decided: false,
        }
    }
}
