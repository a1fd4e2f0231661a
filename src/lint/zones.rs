//! `unknown-time-zone` and `deprecated-time-zone` in the inventory and the settings. Zones of tasks are checked with
//! the task.

use crate::cron::Zone;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::Model;

pub(super) fn run(model: &Model, diags: &mut Diagnostics) {
    let default = model.fleet.defaults.time_zone.iter().filter(|zone| zone.as_str() != "cluster");
    for zone in model.clusters.iter().filter_map(|cluster| cluster.time_zone.as_ref()).chain(default) {
        match Zone::parse(zone) {
            Ok(known) => diags.extend(super::schedule::deprecated(&known, zone.span)),
            Err(fault) => {
                let diagnostic = Diagnostic::new(Code::UnknownTimeZone, zone.span, format!("`{}`: {fault}", **zone));
                diags.push(fault.help().into_iter().fold(diagnostic, Diagnostic::help));
            }
        }
    }
}
