//! The table of what each cluster carries and has left.
//!
//! One column per resource, as many as fit; of very many clusters, those with the least left.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::compile::Load;
use crate::model::Model;
use crate::place;
use crate::report::layout::measure;
use crate::report::table;

/// So many clusters are all shown.
const MOST: usize = 100;

/// Of more than that, so many.
const FULLEST: usize = 30;

/// The table; `asked` are the clusters to show, `named` says that they were asked for by name.
pub fn text(loads: &[Load], asked: &[usize], named: bool, model: &Model, width: usize) -> String {
    // Of one on which nothing runs and nobody knows what it can take, nothing can be said.
    let mut shown: Vec<usize> =
        asked.iter().copied().filter(|at| named || loads[*at].tasks > 0 || loads[*at].room.is_some()).collect();
    if shown.is_empty() {
        return String::new();
    }
    let left_out = if named || shown.len() <= MOST { 0 } else { shown.len() - FULLEST };
    if left_out > 0 {
        shown.sort_by_key(|at| (tightness(&loads[*at]), Reverse(loads[*at].instances), *at));
        shown.truncate(FULLEST);
        shown.sort_unstable();
    }
    let suspended = shown.iter().any(|at| loads[*at].suspended > 0);
    let mut heading = vec!["CLUSTER".to_owned(), "TASKS".to_owned(), "INSTANCES".to_owned()];
    heading.extend(suspended.then(|| "SUSPENDED".to_owned()));
    let mut rows: Vec<Vec<String>> = shown
        .iter()
        .map(|at| {
            let load = &loads[*at];
            let mut row =
                vec![model.clusters[*at].name.value.clone(), load.tasks.to_string(), load.instances.to_string()];
            row.extend(suspended.then(|| load.suspended.to_string()));
            row
        })
        .collect();
    let column = |rows: &[Vec<String>], heading: &[String], at: usize| {
        rows.iter().map(|row| measure(&row[at])).max().unwrap_or(0).max(measure(&heading[at]))
    };
    let mut taken: usize = (0..heading.len()).map(|at| column(&rows, &heading, at) + 2).sum();
    let mut dropped = Vec::new();
    for name in resources(loads, &shown) {
        let title = format!("{} LEFT", if name.contains('/') { name.clone() } else { name.to_uppercase() });
        let cells: Vec<String> = shown.iter().map(|at| left(&loads[*at], &name)).collect();
        let wide = cells.iter().map(|cell| measure(cell)).max().unwrap_or(0).max(measure(&title));
        if taken + wide > width {
            dropped.push(name);
            continue;
        }
        taken += wide + 2;
        heading.push(title);
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }
    let titles: Vec<&str> = heading.iter().map(String::as_str).collect();
    let mut text = format!("\n{}", table::table(&titles, &rows));
    let mut say = |sentence: &str| text.push_str(&crate::report::layout::sentence(0, sentence, width));
    if left_out > 0 {
        let known = shown.iter().any(|at| loads[*at].room.is_some());
        let why = if known { "with more left" } else { "with no more instances" };
        say(&format!("and {left_out} more, {why}; `--cluster` and `--format json` show them"));
    }
    if shown.iter().any(|at| loads[*at].room.is_some()) {
        let unsaid = shown.iter().any(|at| loads[*at].room.is_none());
        let unsaid = if unsaid { "; ?: the inventory does not say" } else { "" };
        say(&format!(
            "left: what is free in the inventory less what the copies that run request, as if all ran at once{unsaid}"
        ));
    }
    if !dropped.is_empty() {
        say(&format!("no room for {}: a wider terminal or `--format json` shows it", dropped.join(", ")));
    }
    let unknown: usize = shown.iter().map(|at| loads[*at].unknown).sum();
    if unknown > 0 {
        say(&format!("the requests of {} cannot be read and are not counted", table::count(unknown, "copy's pod")));
    }
    text
}

/// The resources of which something is requested, and those that everybody asks about.
fn resources(loads: &[Load], shown: &[usize]) -> Vec<String> {
    let known = || shown.iter().filter_map(|at| loads[*at].room.as_ref().map(|room| (&loads[*at], room)));
    let mut all: BTreeSet<&str> = BTreeSet::new();
    for (load, room) in known() {
        all.extend(room.keys().map(String::as_str).filter(|name| load.requests.get(*name).is_some_and(|n| *n > 0)));
        all.extend(["cpu", "memory", "pods"].into_iter().filter(|name| room.contains_key(*name)));
    }
    let mut all: Vec<String> = all.into_iter().map(str::to_owned).collect();
    all.sort_by_key(|name| !matches!(name.as_str(), "cpu" | "memory" | "pods"));
    all
}

fn left(load: &Load, name: &str) -> String {
    let Some(room) = &load.room else { return "?".to_owned() };
    let Some((free, left)) = room.get(name) else { return "-".to_owned() };
    format!("{} of {}", place::shown(name, *left), place::shown(name, *free))
}

/// How little is left of what is scarcest, in thousandths of what is free; most where nobody knows.
fn tightness(load: &Load) -> i128 {
    let taken = |name: &String| load.requests.get(name).is_some_and(|nanos| *nanos > 0);
    let parts = load
        .room
        .iter()
        .flatten()
        .filter(|(name, _)| taken(name))
        .map(|(_, (free, left))| i128::from(*left) * 1000 / i128::from((*free).max(1)));
    parts.min().unwrap_or(i128::MAX)
}

/// The same for programs, of all clusters.
pub fn value(loads: &[Load], model: &Model) -> Value {
    let one = |(load, cluster): (&Load, &crate::model::Cluster)| {
        let room = load.room.as_ref().map(|room| {
            let one = |(name, (free, left)): (&String, &(i64, i64))| {
                (name.clone(), json!({"free": quantity(name, *free), "left": quantity(name, *left)}))
            };
            room.iter().map(one).collect::<BTreeMap<String, Value>>()
        });
        json!({
            "cluster": cluster.name.value,
            "tasks": load.tasks,
            "instances": load.instances,
            "suspended": load.suspended,
            "unknown": load.unknown,
            "room": room,
        })
    };
    loads.iter().zip(&model.clusters).map(one).collect()
}

/// An amount as Kubernetes writes it, exactly.
pub fn quantity(name: &str, amount: i64) -> String {
    if name == "cpu" { format!("{amount}m") } else { amount.to_string() }
}
