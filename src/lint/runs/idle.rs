//! `idle-job`: a CronJob that makes Jobs on time, none of which ever starts a pod.
//!
//! The API server accepts these fields, and the Jobs look like runs: nothing fails, and nothing is done. A starting
//! deadline of 0 is judged with the other starting deadlines.

use serde_json::Value;

use super::Running;
use crate::diag::{Code, Diagnostic};
use crate::model::Idle;
use crate::tree::reach;

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let suspended = reach(running.cron_job, "/spec/suspend").and_then(Value::as_bool).unwrap_or(false);
    let Some(idle) = Idle::find(running.cron_job).filter(|idle| !suspended && *idle != Idle::StartingDeadline) else {
        return Vec::new();
    };
    let diagnostic = Diagnostic::new(Code::IdleJob, running.said(idle.pointer()), format!("this never runs: {idle}"));
    let diagnostic = match idle {
        Idle::Suspended => diagnostic
            .note("only another controller, such as Kueue, would resume it, and Kueue suspends Jobs by itself"),
        _ => diagnostic.note("Kubernetes accepts it, and nothing fails or warns"),
    };
    vec![diagnostic.help(
        "remove it; to keep the task from running, suspend the CronJob itself: `job: {suspend: true}`, or `active: []` where `active` is given",
    )]
}
