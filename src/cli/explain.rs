//! `fleetcron explain`: why a task is placed where it is and what each override changes, or the page of a diagnostic.

use super::args::Explain;
use super::moment;
use super::outcome::{Failure, Outcome};
use super::scope::DiagnosticScope;
use super::session::Session;
use crate::cron::Zone;
use crate::diag::{Code, nearest};
use crate::report::explain;

/// The page of a code.
pub(super) fn code_page(args: &Explain, name: &str) -> Result<Outcome, Failure> {
    moment::from(&args.moment, &Zone::utc())?;
    let code = Code::named(name).ok_or_else(|| Failure::unknown("code", name, None))?;
    Ok(explain::page_of_code(code).into())
}

/// Finds the task or the code that is asked about.
pub(super) fn run(session: &mut Session, args: &Explain, subject: &str) -> Result<Outcome, Failure> {
    let from = moment::from(&args.moment, &Zone::utc())?;
    let compilation = session.compile()?;
    let hits: Vec<usize> = (0..compilation.model.units.len())
        .filter(|i| {
            let identity = &compilation.model.units[*i].identity;
            identity.to_string() == subject || identity.name == subject
        })
        .collect();
    let at = match hits.as_slice() {
        [only] => *only,
        [] => {
            let names = compilation.model.units.iter().map(|unit| unit.identity.to_string());
            let mut names: Vec<String> = names.collect();
            names.extend(compilation.model.units.iter().map(|unit| unit.identity.name.clone()));
            names.extend(Code::ALL.iter().map(|code| code.name().to_owned()));
            let near = nearest(subject, names.iter().map(String::as_str));
            return Err(Failure::unknown("task or code", subject, near));
        }
        several => {
            let names: Vec<String> = several.iter().map(|i| compilation.model.units[*i].identity.to_string()).collect();
            return Err(Failure::files(format!("`{}` is the name of several tasks: {}", subject, names.join(", "))));
        }
    };
    session.scope = DiagnosticScope::task(compilation.model.units[at].identity.to_string(), args.cluster.as_ref());
    let context = session.report_context();
    let template = compilation.model.units[at].template.clone();
    match &args.cluster {
        None => Ok(match template {
            Some(template) => explain::template(at, None, &template, &compilation, &context).into(),
            None => explain::task(at, from, &compilation, &context).into(),
        }),
        Some(name) => {
            let found = compilation.model.clusters.iter().position(|cluster| *cluster.name == *name);
            let Some(cluster) = found else {
                let names = compilation.model.clusters.iter().map(|cluster| cluster.name.as_str());
                return Err(Failure::unknown("cluster", name, nearest(name, names)));
            };
            Ok(match template {
                Some(template) => explain::template(at, Some(cluster), &template, &compilation, &context).into(),
                None => explain::on_cluster(at, cluster, from, &compilation, &context).into(),
            })
        }
    }
}
