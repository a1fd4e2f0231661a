//! Updates that the API server refuses and deletions that take more with them, in words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::table::{count, names};
use crate::diff::{Cascade, Consequences, RefusedUpdate, Takes};

/// So many names of clusters, tasks or objects stand in a line.
const NAMED: usize = 6;

/// All of them, one a line.
pub(super) fn lines(consequences: &Consequences) -> Vec<String> {
    let refused = consequences.refused.iter().map(refused_line);
    refused.chain(consequences.cascades.iter().map(cascade_line)).collect()
}

/// All of them, for programs.
pub(super) fn values(consequences: &Consequences) -> [Value; 2] {
    let refused = consequences.refused.iter().map(|update| {
        json!({
            "object": update.object,
            "fields": update.fields,
            "clusters": update.clusters,
            "tasks": update.tasks,
            "words": refused_line(update),
        })
    });
    let cascades = consequences.cascades.iter().map(|cascade| {
        json!({
            "object": cascade.object,
            "clusters": cascade.clusters,
            "paths": cascade.taken.iter().map(|taken| taken.path.as_str()).collect::<Vec<&str>>(),
            "tasks": cascade.tasks(),
            "words": cascade_line(cascade),
        })
    });
    [refused.collect(), cascades.collect()]
}

/// `task a`, `tasks a, b`
fn tasks(tasks: BTreeSet<&str>) -> String {
    let noun = if tasks.len() == 1 { "task" } else { "tasks" };
    format!("{noun} {}", names(tasks.iter().copied(), NAMED))
}

fn on(clusters: &[String]) -> String {
    let all = names(clusters.iter().map(String::as_str), NAMED);
    format!("{} ({all})", count(clusters.len(), "cluster"))
}

fn refused_line(update: &RefusedUpdate) -> String {
    format!(
        "the API server refuses the update of {} on {}: {}",
        update.object,
        on(&update.clusters),
        refusals(&update.fields),
    )
}

/// `roleRef cannot change`
fn refusals(fields: &[&str]) -> String {
    let (sizes, others): (Vec<&str>, Vec<&str>) = fields.iter().partition(|field| field.ends_with("requests.storage"));
    let changed = (!others.is_empty()).then(|| format!("{} cannot change", names(others.iter().copied(), NAMED)));
    let smaller = sizes.first().map(|size| format!("{size} cannot get smaller"));
    changed.into_iter().chain(smaller).collect::<Vec<String>>().join(", ")
}

fn cascade_line(cascade: &Cascade) -> String {
    let line = format!("{} is deleted from {}: {}", cascade.object, on(&cascade.clusters), taken(cascade));
    match kept(cascade) {
        Some(kept) => format!("{line}; the output still has {kept}"),
        None => line,
    }
}

/// What goes with an object.
fn taken(cascade: &Cascade) -> String {
    match &cascade.takes {
        Takes::Namespace(_) => "everything in it is deleted with it".to_owned(),
        Takes::Kind { kind, .. } => format!("every object of kind {kind} is deleted with it"),
        Takes::Data => "its data is deleted with it, unless the volume has the reclaim policy Retain".to_owned(),
    }
}

/// What of that the output still has: objects of tasks, and objects of no task.
fn kept(cascade: &Cascade) -> Option<String> {
    if cascade.taken.is_empty() {
        return None;
    }
    let objects = format!("{} of that", count(cascade.taken.len(), "object"));
    let others = cascade.others();
    let brought = (!cascade.tasks().is_empty()).then(|| format!("of {}", tasks(cascade.tasks())));
    let others = (!others.is_empty()).then(|| names(others.iter().copied(), NAMED));
    let parts: Vec<String> = brought.into_iter().chain(others).collect();
    Some(format!("{objects} ({})", parts.join("; ")))
}
