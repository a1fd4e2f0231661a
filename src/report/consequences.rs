//! Updates that the API server refuses and deletions that take more with them, in words and as diagnostics.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diag::{Code, Diagnostic, Place, Severity};
use crate::diff::{Allowed, Cascade, Consequences, RefusedUpdate, StartCause, StartsAtOnce, Takes};
use crate::report::table::{count, names};

/// So many names of clusters, tasks or objects stand in a line.
const NAMED: usize = 6;

/// What is refused and what is deleted with something else, one a line.
pub fn lines(consequences: &Consequences) -> Vec<String> {
    let refused = consequences.refused.iter().map(refused_line);
    refused.chain(consequences.cascades.iter().map(cascade_line)).collect()
}

/// The copies that may start at once, a line for each cause.
pub fn starts(consequences: &Consequences) -> Vec<String> {
    consequences.starts.iter().map(starts_line).collect()
}

/// All of them, for programs.
pub fn values(consequences: &Consequences) -> [Value; 3] {
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
    let starts = consequences.starts.iter().map(|starts| {
        json!({
            "cause": match starts.cause {
                StartCause::Schedule => "schedule",
                StartCause::Resumed => "resumed",
                StartCause::PauseEnded => "pause-ended",
            },
            "copies": starts.count(),
            "tasks": starts.copies,
            "words": starts_line(starts),
        })
    });
    [refused.collect(), cascades.collect(), starts.collect()]
}

/// Where diagnostics are reported: the output directory, and what it is compared with.
pub struct Reported<'a> {
    /// The output directory, as it is shown.
    pub dir: &'a str,
    /// The revision or branch that is compared with; `None` where it is the output that is written to.
    pub since: Option<&'a str>,
}

/// A warning for each of them; a note, where it is allowed by name.
pub fn diagnostics(consequences: &Consequences, allowed: &Allowed, at: &Reported<'_>) -> Vec<Diagnostic> {
    let level =
        |diagnostic: Diagnostic, clusters: &[String], tasks: &BTreeSet<String>| match allowed.covers(clusters, tasks) {
            true => diagnostic.severity(Severity::Note),
            false => diagnostic,
        };
    let refused = consequences.refused.iter().map(|update| {
        let diagnostic = refused_update(update, at);
        level(diagnostic, &update.clusters, &update.tasks)
    });
    let cascades = consequences.cascades.iter().map(|cascade| {
        let tasks = cascade.tasks().into_iter().map(str::to_owned).collect();
        level(deletion_that_cascades(cascade, at), &cascade.clusters, &tasks)
    });
    let starts = consequences.starts.iter().map(|starts| starts_at_once(starts, at));
    refused.chain(cascades).chain(starts).collect()
}

fn refused_update(update: &RefusedUpdate, at: &Reported<'_>) -> Diagnostic {
    let message =
        format!("the API server refuses the update of {}: {}", quoted(&update.object), refusals(&update.fields));
    let diagnostic = placed(Code::UpdateRefused, (&update.clusters, &update.path), message, at);
    let fields: Vec<String> = update.fields.iter().map(|field| format!("`{field}`")).collect();
    let diagnostic = match update.tasks.is_empty() {
        true => diagnostic,
        false => diagnostic.note(format!("brought by {}", tasks(update.tasks.iter().map(String::as_str).collect()))),
    };
    diagnostic.help(format!(
        "write {} as before; or give the object another `metadata.name`, and write that name wherever it is used",
        fields.join(", ")
    ))
}

fn deletion_that_cascades(cascade: &Cascade, at: &Reported<'_>) -> Diagnostic {
    let message = format!("{} is deleted: {}", quoted(&cascade.object), taken(cascade));
    let diagnostic = placed(Code::DeletionCascades, (&cascade.clusters, &cascade.path), message, at);
    let diagnostic = match kept(cascade) {
        Some(kept) => diagnostic.note(format!("the output still has {kept}")),
        None => diagnostic,
    };
    match cascade.tasks().first() {
        Some(task) => diagnostic.help(format!("to keep it, add its file to `resources` of task `{task}`")),
        None => diagnostic.help(
            "to keep it, bring its file back with the annotation `argocd.argoproj.io/sync-options: Prune=false` \
             (Argo CD) or `kustomize.toolkit.fluxcd.io/prune: disabled` (Flux), and remove the file after the next sync",
        ),
    }
}

fn starts_at_once(starts: &StartsAtOnce, at: &Reported<'_>) -> Diagnostic {
    let clusters: Vec<String> = starts.clusters().into_iter().map(str::to_owned).collect();
    let message = starts_line(starts);
    let diagnostic = placed(Code::StartsAtOnce, (&clusters, &starts.path), message, at)
        .note("the controller starts the latest time of a schedule that lies between the last run and now");
    diagnostic.help(
        "write `job: {startingDeadlineSeconds: 120}` for these tasks in the same change; for `@every` more than its period",
    )
}

/// `12 copies of 2 tasks may start at once, because their schedule changes: a (eu-a, eu-b), b (eu-a)`
fn starts_line(starts: &StartsAtOnce) -> String {
    let why = match (starts.cause, starts.count()) {
        (StartCause::Schedule, 1) => "its schedule changes",
        (StartCause::Schedule, _) => "their schedule changes",
        (StartCause::Resumed, 1) => "it is no longer suspended",
        (StartCause::Resumed, _) => "they are no longer suspended",
        (StartCause::PauseEnded, 1) => "its pause ends",
        (StartCause::PauseEnded, _) => "their pause ends",
    };
    let tasks: Vec<String> = starts
        .copies
        .iter()
        .map(|(task, clusters)| format!("{task} on {}", names(clusters.iter().map(String::as_str), NAMED)))
        .collect();
    let copies = if starts.count() == 1 { "1 copy".to_owned() } else { format!("{} copies", starts.count()) };
    format!(
        "{copies} of {} may start at once, because {why}: {}",
        count(starts.copies.len(), "task"),
        tasks.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ")
            + &match tasks.len().checked_sub(NAMED) {
                None | Some(0) => String::new(),
                Some(more) => format!(" and {more} more tasks"),
            }
    )
}

/// A diagnostic at the file of an object on the first of some clusters.
fn placed(code: Code, (clusters, path): (&[String], &str), message: String, at: &Reported<'_>) -> Diagnostic {
    let first = clusters.first().map_or("", String::as_str);
    let since = at.since.map_or_else(String::new, |since| format!(", compared with {since}"));
    Diagnostic::at(code, Place::Path(format!("{}/{first}/{path}", at.dir)), message)
        .note(format!("on {}{since}", on(clusters)))
}

/// `Kind namespace/name` with the name in backticks.
fn quoted(object: &str) -> String {
    object.split_once(' ').map_or_else(|| object.to_owned(), |(kind, name)| format!("{kind} `{name}`"))
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
