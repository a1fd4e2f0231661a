//! `fleetcron plan`: tasks by cluster with instances, or tasks by schedule with their next runs.

use super::args::Plan;
use super::moment;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use crate::cron::Zone;
use crate::diag::nearest;
use crate::report::plan::{self, PlanFilter};

/// Compiles and draws the table.
pub(super) fn run(session: &mut Session, args: &Plan) -> Result<Outcome, Failure> {
    let from = moment::from(&args.moment, &Zone::utc())?;
    let compilation = session.compile()?;
    let model = &compilation.model;
    for wanted in &args.clusters {
        if !model.clusters.iter().any(|cluster| *cluster.name == *wanted) {
            let names = model.clusters.iter().map(|cluster| cluster.name.as_str());
            return Err(Failure::unknown("cluster", wanted, nearest(wanted, names)));
        }
    }
    for wanted in &args.tasks {
        if !model.units.iter().any(|unit| unit.identity.to_string() == *wanted || unit.identity.name == *wanted) {
            let names: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
            return Err(Failure::unknown("task", wanted, nearest(wanted, names.iter().map(String::as_str))));
        }
    }
    let filter = PlanFilter { tasks: &args.tasks, clusters: &args.clusters };
    let context = session.report_context();
    Ok(Outcome::from(match args.schedules {
        true => plan::by_schedule(&filter, from, &compilation, &context),
        false => plan::by_cluster(&filter, &compilation, &context),
    }))
}
