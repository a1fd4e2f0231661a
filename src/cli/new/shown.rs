//! Shows what a new task comes to: where it is placed, when it runs, what differs where.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::session::Session;
use super::super::terminal;
use super::draft::TaskDraft;
use crate::report::table::count;
use crate::report::{explain, layout, schedules};

/// So many next runs are shown.
const RUNS: usize = 3;

/// A list of clusters takes no more lines.
const LINES: usize = 3;

/// Where it would run; empty if it is no task.
pub(super) fn places(draft: &TaskDraft) -> String {
    let Some(at) = draft.unit else { return String::new() };
    let (unit, built) = (&draft.compilation.model.units[at], &draft.compilation.plan[at]);
    let clusters = &draft.compilation.model.clusters;
    let chosen: Vec<usize> = built.decision.chosen().map(|(at, _)| at).collect();
    let width = terminal::width();
    let lead = format!("{} runs on {} of {}:", unit.identity, chosen.len(), count(clusters.len(), "cluster"));
    let mut text = String::new();
    for line in layout::names(&lead, &explain::placed(built, &chosen, clusters), width, LINES) {
        text.push_str(&line);
        text.push('\n');
    }
    if let Some(active) = built.planned.activation.as_ref().filter(|active| active.running.len() < chosen.len()) {
        let names: Vec<String> = active.running.iter().map(|at| clusters[*at].name.value.clone()).collect();
        for line in layout::names("active, the others stand by:", &names, width, LINES) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// When it would run.
pub(super) fn times(draft: &TaskDraft, from: Timestamp) -> String {
    let Some(at) = draft.unit else { return String::new() };
    let built = &draft.compilation.plan[at];
    let clusters = &draft.compilation.model.clusters;
    let all = built.decision.chosen().count();
    let found = schedules::of(built);
    let name = |at: usize| clusters[at].name.as_str();
    let several = found.len() > 1;
    let lines = found.iter().map(|one| {
        let on = several.then(|| one.on(all, name));
        one.lines(from, RUNS, on, terminal::width())
    });
    lines.collect()
}

/// What would differ where.
pub(super) fn differences(draft: &TaskDraft, session: &Session) -> String {
    let Some(at) = draft.unit else { return String::new() };
    let (unit, built) = (&draft.compilation.model.units[at], &draft.compilation.plan[at]);
    if unit.overrides.is_empty() {
        return String::new();
    }
    explain::overrides(unit, built, &draft.compilation, session.tree(), terminal::width())
}

/// For programs.
pub(super) fn value(draft: &TaskDraft, from: Timestamp, written: bool) -> Value {
    let clusters = &draft.compilation.model.clusters;
    let name = |at: usize| clusters[at].name.as_str();
    let unit = draft.unit.map(|at| (&draft.compilation.model.units[at], &draft.compilation.plan[at]));
    let on = unit.iter().flat_map(|(_, built)| built.decision.chosen());
    let on: Vec<Value> = on.map(|(at, instances)| json!({"cluster": name(at), "instances": instances})).collect();
    let found = unit.map(|(_, built)| schedules::of(built)).unwrap_or_default();
    json!({
        "written": written,
        "path": draft.path.as_str(),
        "text": draft.text,
        "task": unit.map(|(unit, _)| unit.identity.to_string()),
        "clusters": on,
        "schedules": found.iter().map(|one| one.value(from, RUNS, name)).collect::<Vec<_>>(),
    })
}
