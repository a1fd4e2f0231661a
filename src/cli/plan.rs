//! `fleetcron plan`: tasks by clusters with instances. It decides nothing.
//!
//! The one idea: the answer to "what runs where" in one table, which a reviewer can read in a pull request.

use serde_json::{Value, json};

use super::args::Plan;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::table::{self, count};
use crate::diag::nearest;

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Plan) -> Result<Outcome, Failure> {
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
    let mut rows = Vec::new();
    let mut tasks = Vec::new();
    let mut instances_in_all = 0;
    for (unit, built) in model.units.iter().zip(&compilation.plan) {
        let full = unit.identity.to_string();
        if !args.tasks.is_empty() && !args.tasks.contains(&full) && !args.tasks.contains(&unit.identity.name) {
            continue;
        }
        let all: Vec<(&str, u32)> =
            built.decision.chosen().map(|(i, n)| (model.clusters[i].name.as_str(), n)).collect();
        let shown: Vec<(&str, u32)> = match args.clusters.as_slice() {
            [] => all.clone(),
            wanted => all.iter().copied().filter(|(name, _)| wanted.iter().any(|w| w == name)).collect(),
        };
        if shown.is_empty() && !args.clusters.is_empty() {
            continue;
        }
        let instances: u32 = shown.iter().map(|(_, n)| n).sum();
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
        count(instances_in_all as usize, "instance"),
    ));
    if !idle.is_empty() && args.clusters.is_empty() && args.tasks.is_empty() {
        text.push_str(&format!("nothing runs on {}\n", table::names(idle.iter().copied(), 6)));
    }
    Ok(Outcome::result(text, session.value(|| json!({"tasks": tasks, "idle": idle}))))
}
