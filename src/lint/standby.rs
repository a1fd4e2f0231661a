//! `standby-deadline`: a standby copy without `startingDeadlineSeconds`.
//!
//! An unsuspended CronJob starts its latest missed run at once. Source: `pkg/controller/cronjob/utils.go`,
//! `mostRecentScheduleTime`.

use crate::diag::{Clusters, Code, Diagnostic, Diagnostics};
use crate::model::{Model, Timing, Unit};

/// Looks at one task: its copies with the clusters of each.
pub fn standby(unit: &Unit, copies: &[(&Timing, &[usize])], model: &Model, diags: &mut Diagnostics) {
    let Some(active) = &unit.active else { return };
    // Where no copy runs, none stands by for another.
    if active.says_none() || copies.iter().all(|(timing, _)| timing.suspended) {
        return;
    }
    let without = copies.iter().filter(|(timing, _)| timing.suspended && timing.starting_deadline.is_none());
    let mut names: Vec<String> =
        without.flat_map(|(_, clusters)| *clusters).map(|at| model.clusters[*at].name.value.clone()).collect();
    if names.is_empty() {
        return;
    }
    names.sort();
    let of = copies.iter().map(|(_, clusters)| clusters.len()).sum();
    let message = format!("the suspended copies of task `{}` have no `startingDeadlineSeconds`", unit.identity);
    let mut diagnostic = Diagnostic::new(Code::StandbyDeadline, active.span, message)
        .note("a copy that becomes active starts its latest missed run at once, however late it is")
        .help("write `job: {startingDeadlineSeconds: 300}`, or what is late enough to leave a run out");
    diagnostic.clusters = Some(Clusters { names, of });
    diags.push(diagnostic);
}
