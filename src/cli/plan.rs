//! `fleetcron plan`: tasks by clusters with instances, or tasks by schedules with their next runs. It decides nothing.
//!
//! The one idea: the answer to "what runs where", or "when", in one table, which a reviewer can read in a pull request.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Plan;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::table::{self, count};
use super::{moment, schedules};
use crate::compile::Compilation;
use crate::cron::Zone;
use crate::diag::nearest;
use crate::model::Unit;

/// Runs it.
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
    Ok(match args.schedules {
        true => when(session, args, from, &compilation),
        false => whereabouts(session, args, &compilation),
    })
}

/// Whether `--task` asks for it.
fn asked_for(unit: &Unit, args: &Plan) -> bool {
    let named = |task: &String| *task == unit.identity.to_string() || *task == unit.identity.name;
    args.tasks.is_empty() || args.tasks.iter().any(named)
}

/// Tasks by clusters.
fn whereabouts(session: &Session, args: &Plan, compilation: &Compilation) -> Outcome {
    let model = &compilation.model;
    let mut rows = Vec::new();
    let mut tasks = Vec::new();
    let mut instances_in_all: u64 = 0;
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| asked_for(unit, args)) {
        let full = unit.identity.to_string();
        let all: Vec<(&str, u32)> =
            built.decision.chosen().map(|(i, n)| (model.clusters[i].name.as_str(), n)).collect();
        let shown: Vec<(&str, u32)> = match args.clusters.as_slice() {
            [] => all.clone(),
            wanted => all.iter().copied().filter(|(name, _)| wanted.iter().any(|w| w == name)).collect(),
        };
        if shown.is_empty() && !args.clusters.is_empty() {
            continue;
        }
        let instances: u64 = shown.iter().map(|(_, n)| u64::from(*n)).sum();
        instances_in_all += instances;
        rows.push(vec![
            full.clone(),
            format!("{} of {}", all.len(), model.clusters.len()),
            instances.to_string(),
            table::names(shown.iter().map(|(name, _)| *name), 6),
        ]);
        tasks.push(session.value(|| {
            let clusters: Vec<Value> = shown.iter().map(|(name, n)| json!({"cluster": name, "instances": n})).collect();
            json!({"task": full, "clusters": clusters, "instances": instances})
        }));
    }
    let mut text = table::table(&["TASK", "CLUSTERS", "INSTANCES", "WHERE"], &rows);
    let idle: Vec<&str> = model
        .clusters
        .iter()
        .enumerate()
        .filter(|(i, _)| !compilation.plan.iter().any(|built| built.decision.chosen().any(|(at, _)| at == *i)))
        .map(|(_, cluster)| cluster.name.as_str())
        .collect();
    text.push_str(&format!(
        "\n{} on {}, {} in all\n",
        count(rows.len(), "task"),
        count(model.clusters.len(), "cluster"),
        count(usize::try_from(instances_in_all).unwrap_or(usize::MAX), "instance"),
    ));
    if !idle.is_empty() && args.clusters.is_empty() && args.tasks.is_empty() {
        text.push_str(&format!("nothing runs on {}\n", table::names(idle.iter().copied(), 6)));
    }
    Outcome::result(text, session.value(|| json!({"tasks": tasks, "idle": idle})))
}

/// Tasks by schedules.
fn when(session: &Session, args: &Plan, from: Timestamp, compilation: &Compilation) -> Outcome {
    let model = &compilation.model;
    let name = |at: usize| model.clusters[at].name.as_str();
    let wanted = |at: &usize| args.clusters.is_empty() || args.clusters.iter().any(|wanted| wanted == name(*at));
    let mut rows = Vec::new();
    let mut tasks = Vec::new();
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| asked_for(unit, args)) {
        let full = unit.identity.to_string();
        let all = built.decision.chosen().count();
        let mut found = schedules::of(built);
        found.retain(|schedule| schedule.clusters.iter().any(wanted));
        if found.is_empty() {
            continue;
        }
        rows.extend(found.iter().map(|schedule| {
            vec![
                full.clone(),
                schedule.text.clone(),
                schedule.zone().to_owned(),
                schedule.next(from, 1),
                schedule.on(all, name),
                schedule.meaning(),
            ]
        }));
        tasks.push(session.value(|| {
            let found: Vec<Value> = found.iter().map(|schedule| schedule.value(from, 1, name)).collect();
            json!({"task": full, "schedules": found})
        }));
    }
    let mut text = table::table(&["TASK", "SCHEDULE", "ZONE", "NEXT RUN", "ON", "MEANING"], &rows);
    text.push_str(&format!(
        "\n{} with {}; next runs from {}\n",
        count(tasks.len(), "task"),
        count(rows.len(), "schedule"),
        moment::shown(from, &Zone::utc(), false),
    ));
    Outcome::result(text, session.value(|| json!({"from": from.to_string(), "tasks": tasks})))
}
