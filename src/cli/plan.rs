//! `fleetcron plan`: tasks by cluster with instances, or tasks by schedule with their next runs.

use super::args::{Plan, SortBy};
use super::moment;
use super::outcome::{Failure, Outcome};
use super::scope::DiagnosticScope;
use super::selection::{check_cluster_names, check_task_names};
use super::session::Session;
use crate::cron::Zone;
use crate::model::Unit;
use crate::report::plan::{self, PlanFilter};

/// Compiles and draws the table.
pub(super) fn run(session: &mut Session, args: &Plan) -> Result<Outcome, Failure> {
    let from = moment::from(&args.moment, &Zone::utc())?;
    let compilation = session.compile()?;
    let model = &compilation.model;
    check_cluster_names(model, &args.clusters)?;
    check_task_names(model, &args.tasks)?;
    if args.tasks.is_empty() && args.clusters.is_empty() {
        session.scope = DiagnosticScope::Overview;
    } else if args.tasks.is_empty() {
        session.scope = DiagnosticScope::on_clusters(&compilation, &args.clusters);
    } else {
        let named = |unit: &&Unit| {
            args.tasks.iter().any(|task| *task == unit.identity.to_string() || *task == unit.identity.name)
        };
        let tasks = model.units.iter().filter(named).map(|unit| unit.identity.to_string()).collect();
        session.scope = DiagnosticScope::Some { tasks, clusters: args.clusters.clone() };
    }
    let filter = PlanFilter { tasks: &args.tasks, clusters: &args.clusters, by_time: args.sort == SortBy::Time };
    let context = session.report_context();
    Ok(Outcome::from(match args.schedules {
        true => plan::by_schedule(&filter, from, &compilation, &context),
        false => plan::by_cluster(&filter, &compilation, &context),
    }))
}
