//! `implicit-timeout`: a task without a deadline of its own may hang. What follows depends on the concurrency policy.

use serde_json::Value;

use super::{JOB, POD, Running};
use crate::diag::{Code, Diagnostic};
use crate::tree::reach;

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    const FIELD: &str = "activeDeadlineSeconds";
    let limited = |spec: &str| reach(running.cron_job, spec).is_none_or(|spec| spec.get(FIELD).is_some());
    if limited(JOB) || limited(POD) {
        return Vec::new();
    }
    let span = running.said(&format!("{JOB}/{FIELD}"));
    // Who writes `null` means none.
    if ["null", "~", ""].contains(&running.sources.text(span).to_lowercase().as_str()) {
        return Vec::new();
    }
    let then = match reach(running.cron_job, "/spec/concurrencyPolicy").and_then(Value::as_str) {
        Some("Forbid") => "a run that hangs keeps all later ones from starting (`concurrencyPolicy: Forbid`)",
        Some("Replace") => "a run that hangs goes on until the next one is due (`concurrencyPolicy: Replace`)",
        _ => "runs that hang pile up (`concurrencyPolicy: Allow`)",
    };
    vec![
        Diagnostic::new(Code::ImplicitTimeout, span, "nothing limits how long a run may take")
            .note(then)
            .help("write `job: {activeDeadlineSeconds: 3600}` in the task, or the field itself in the `cronJob` file"),
    ]
}
