//! `fleetcron explain`: why a task runs where it runs, why not elsewhere, which override did what; or the page of a
//! diagnostic. It decides nothing.
//!
//! The one idea: every verdict was data all along; here it is only put into words, with both places.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Explain;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::table::{self, count};
use super::{moment, schedules};
use crate::compile::{Built, Compilation};
use crate::cron::Zone;
use crate::diag::{Code, nearest};
use crate::model::{Origin, Source, Unit};
use crate::place::Verdict;
use crate::tree::SourceTree;

/// So many next runs are shown.
const RUNS: usize = 3;

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Explain) -> Result<Outcome, Failure> {
    if args.cluster.is_none()
        && let Some(code) = Code::named(&args.subject)
    {
        return Ok(page(code));
    }
    let from = moment::from(&args.moment, &Zone::utc())?;
    let compilation = session.compile()?;
    let sources = session.tree();
    let hits: Vec<usize> = (0..compilation.model.units.len())
        .filter(|i| {
            let identity = &compilation.model.units[*i].identity;
            identity.to_string() == args.subject || identity.name == args.subject
        })
        .collect();
    let at = match hits.as_slice() {
        [only] => *only,
        [] => {
            let names = compilation.model.units.iter().map(|unit| unit.identity.to_string());
            let mut names: Vec<String> = names.collect();
            names.extend(compilation.model.units.iter().map(|unit| unit.identity.name.clone()));
            names.extend(Code::ALL.iter().map(|code| code.name().to_owned()));
            let near = nearest(&args.subject, names.iter().map(String::as_str));
            return Err(Failure::unknown("task or code", &args.subject, near));
        }
        several => {
            let names: Vec<String> = several.iter().map(|i| compilation.model.units[*i].identity.to_string()).collect();
            return Err(Failure::files(format!(
                "`{}` is the name of several tasks: {}",
                args.subject,
                names.join(", ")
            )));
        }
    };
    let (unit, built) = (&compilation.model.units[at], &compilation.plan[at]);
    match &args.cluster {
        None => Ok(task(unit, built, from, &compilation, sources)),
        Some(name) => {
            let found = compilation.model.clusters.iter().position(|cluster| *cluster.name == *name);
            let Some(cluster) = found else {
                let names = compilation.model.clusters.iter().map(|cluster| cluster.name.as_str());
                return Err(Failure::unknown("cluster", name, nearest(name, names)));
            };
            Ok(on_cluster(unit, built, cluster, from, &compilation, sources))
        }
    }
}

fn page(code: Code) -> Outcome {
    let severity = if code.waits() { "off" } else { code.severity().word() };
    let value = json!({"code": code.name(), "severity": severity, "summary": code.summary(), "page": code.page()});
    Outcome::result(code.page().to_owned(), value)
}

fn origin(unit: &Unit, sources: &SourceTree) -> String {
    format!("task {}  ({})\n", unit.identity, sources.place(unit.name))
}

fn made_of(unit: &Unit) -> String {
    let mut bases: Vec<&str> = unit
        .layers
        .iter()
        .filter_map(|layer| match &layer.origin {
            Origin::Base(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    // A base with a `podTemplate` is two layers.
    let mut seen = std::collections::BTreeSet::new();
    bases.retain(|name| seen.insert(*name));
    let containers = match unit.source {
        Source::Container => "`container`",
        Source::PodTemplate => "`podTemplate`",
        Source::CronJob => "a `cronJob` file",
    };
    match bases.as_slice() {
        [] => format!("made of {containers}\n"),
        bases => format!("made of {containers}, bases {}\n", bases.join(", ")),
    }
}

fn task(unit: &Unit, built: &Built, from: Timestamp, compilation: &Compilation, sources: &SourceTree) -> Outcome {
    let clusters = &compilation.model.clusters;
    let chosen = built.decision.chosen().count();
    let mut text = origin(unit, sources);
    text.push_str(&made_of(unit));
    text.push_str(&format!(
        "runs on {} of {} as {}; placement at {}\n\n",
        chosen,
        count(clusters.len(), "cluster"),
        count(built.rendered.variants.len(), "variant"),
        sources.place(unit.placement.span),
    ));
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (i, (cluster, verdict)) in clusters.iter().zip(&built.decision.verdicts).enumerate() {
        let name = cluster.name.as_str();
        match verdict {
            Verdict::Chosen { instances } => {
                let overrides = applied(unit, built, i);
                let names: Vec<&str> = overrides.iter().map(|at| unit.overrides[*at].name.as_str()).collect();
                let with = if names.is_empty() { String::new() } else { format!("with {}", names.join(", ")) };
                rows.push((
                    0,
                    vec![name.to_owned(), format!("chosen ({})", count(*instances as usize, "instance")), with],
                ));
                values.push(json!({"cluster": name, "chosen": true, "instances": instances, "overrides": names}));
            }
            Verdict::Passed(passed) => {
                let place: Vec<String> = passed.task().map(|span| sources.place(span)).into_iter().collect();
                rows.push((1, vec![name.to_owned(), passed.to_string(), place.join("")]));
                values.push(json!({"cluster": name, "chosen": false, "reason": passed.to_string(), "places": place}));
            }
            Verdict::Refused(reason) => {
                let mut places: Vec<String> = Vec::new();
                places.extend(reason.task().map(|span| sources.place(span)));
                places.extend(reason.inventory().map(|span| sources.place(span)));
                let near = usize::from(reason.inventory().is_none()) + 1;
                rows.push((near, vec![name.to_owned(), reason.to_string(), places.join("  ")]));
                values.push(json!({"cluster": name, "chosen": false, "reason": reason.rule(), "places": places}));
            }
        }
    }
    rows.sort_by_key(|(rank, _)| *rank);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    text.push_str(&table::table(&["CLUSTER", "VERDICT", "WHERE IT IS SAID"], &rows));
    if !unit.overrides.is_empty() {
        text.push('\n');
        text.push_str(&overrides(unit, built, compilation, sources));
    }
    let name = |at: usize| clusters[at].name.as_str();
    let found = schedules::of(built);
    for (at, schedule) in found.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { "" });
        text.push_str(&schedule.lines(from, RUNS, Some(schedule.on(chosen, name))));
    }
    text.push_str(&concurrency(chosen));
    let found: Vec<Value> = found.iter().map(|schedule| schedule.value(from, RUNS, name)).collect();
    Outcome::result(text, json!({"task": unit.identity.to_string(), "clusters": values, "schedules": found}))
}

/// What holds within one cluster only; said because people expect otherwise.
fn concurrency(chosen: usize) -> String {
    if chosen < 2 {
        return String::new();
    }
    format!(
        "\nconcurrencyPolicy holds within one cluster: a run on one of the {chosen} does not stop a run on another\n"
    )
}

fn applied<'b>(unit: &Unit, built: &'b Built, cluster: usize) -> &'b [usize] {
    debug_assert!(built.rendered.effects.len() == unit.overrides.len() || built.rendered.effects.is_empty());
    let variant = built.rendered.variants.iter().find(|variant| variant.clusters.contains(&cluster));
    variant.map_or(&[], |variant| &variant.overrides)
}

fn overrides(unit: &Unit, built: &Built, compilation: &Compilation, sources: &SourceTree) -> String {
    let rows: Vec<Vec<String>> = unit
        .overrides
        .iter()
        .zip(&built.rendered.effects)
        .map(|(over, effect)| {
            let name = |i: &usize| compilation.model.clusters[*i].name.as_str();
            let reached = table::names(effect.reached.iter().map(name), 6);
            let idle = effect.reached.len() - effect.changed.len();
            let what = match (effect.reached.len(), idle) {
                (0, _) => "reaches none of the task's clusters".to_owned(),
                (_, 0) => reached,
                (all, idle) if all == idle => format!("{reached} (changes nothing)"),
                (_, idle) => format!("{reached} (changes nothing on {idle})"),
            };
            vec![over.name.value.clone(), what, sources.place(over.name.span)]
        })
        .collect();
    table::table(&["OVERRIDE", "ON", "WHERE IT IS SAID"], &rows)
}

fn on_cluster(
    unit: &Unit,
    built: &Built,
    at: usize,
    from: Timestamp,
    compilation: &Compilation,
    sources: &SourceTree,
) -> Outcome {
    let cluster = &compilation.model.clusters[at];
    let mut text = origin(unit, sources);
    text.push_str(&made_of(unit));
    let name = cluster.name.as_str();
    let mut value = json!({"task": unit.identity.to_string(), "cluster": name});
    match &built.decision.verdicts[at] {
        Verdict::Passed(passed) => {
            text.push_str(&format!("does not run on {name}: {passed}\n"));
            value["chosen"] = json!(false);
            value["reason"] = json!(passed.to_string());
        }
        Verdict::Refused(reason) => {
            text.push_str(&format!("does not run on {name}: {reason}\n"));
            for (what, span) in [("the task says so", reason.task()), ("the inventory says so", reason.inventory())] {
                if let Some(span) = span {
                    text.push_str(&format!("  {what} at {}\n", sources.place(span)));
                }
            }
            value["chosen"] = Value::Bool(false);
            value["reason"] = Value::String(reason.rule());
        }
        Verdict::Chosen { instances } => {
            text.push_str(&format!("runs on {name} with {}\n", count(*instances as usize, "instance")));
            value["chosen"] = Value::Bool(true);
            value["instances"] = json!(instances);
            let mut said = Vec::new();
            for i in applied(unit, built, at) {
                let over = &unit.overrides[*i];
                let changes = built.rendered.effects[*i].changed.contains(&at);
                let what = if changes { "changes it" } else { "changes nothing" };
                text.push_str(&format!("  override {} {what}  ({})\n", *over.name, sources.place(over.name.span)));
                said.push(json!({"name": over.name.value, "changes": changes, "place": sources.place(over.name.span)}));
            }
            value["overrides"] = Value::Array(said);
            let variant = built.rendered.variants.iter().find(|variant| variant.clusters.contains(&at));
            if let Some(variant) = variant {
                let others = variant.clusters.len() - 1;
                if others > 0 {
                    text.push_str(&format!("  its manifests are the same on {}\n", count(others, "other cluster")));
                }
                if let Some(schedule) =
                    schedules::of(built).into_iter().find(|schedule| schedule.clusters.contains(&at))
                {
                    text.push('\n');
                    text.push_str(&schedule.lines(from, RUNS, None));
                    value["schedule"] = schedule.value(from, RUNS, |at| compilation.model.clusters[at].name.as_str());
                }
                let paths: Vec<String> = variant.manifests.iter().map(|m| format!("{name}/{}", m.path)).collect();
                for (path, manifest) in paths.iter().zip(&variant.manifests) {
                    text.push_str(&format!("\n--- {path}\n{}", String::from_utf8_lossy(&manifest.bytes)));
                }
                value["files"] = json!(paths);
            }
        }
    }
    Outcome::result(text, value)
}
