//! Reads the lock before tasks are built, and makes the new lock afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ground, TaskResult};
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::lock::{self, Drift, Lock, ParsedLock, PlacementChange};
use crate::model::Model;
use crate::tree::{RepoPath, SourceTree, Span};

/// The lock of a tree; nothing where there is none.
pub(super) fn read(sources: &SourceTree, diags: &mut Diagnostics) -> Option<ParsedLock> {
    let path = RepoPath::new(lock::PATH).ok()?;
    let (id, file) = sources.get(&path)?;
    Some(lock::read(id, &file.bytes, diags))
}

/// What is recorded from now on, and what that changes.
pub(super) fn renew(plan: &[TaskResult], ground: &Ground<'_>) -> (Lock, Vec<Drift>) {
    let model = ground.model;
    let mut lock = Lock { minor: ground.lock.minor, ..Lock::default() };
    let mut drifts = Vec::new();
    for (unit, built) in model.units.iter().zip(plan) {
        let task = unit.identity.to_string();
        let before = ground.lock.tasks.get(&task);
        if unit.is_unread() {
            lock.tasks.extend(before.map(|entry| (task, entry.record.clone())));
            continue;
        }
        let record = match &built.karmada {
            Some(_) => super::karmada::record(unit, built, ground),
            None => super::planning::record(unit, &built.decision, &built.planned, ground),
        };
        let Some(record) = record else { continue };
        if before.is_none_or(|entry| entry.record != record || !entry.contradictions.is_empty()) {
            let said = lock::drift(unit, before, &record, &built.decision, &model.clusters, ground.mode);
            drifts.extend(said);
        }
        lock.tasks.insert(task, record);
    }
    let known = names(model);
    for (task, entry) in ground.lock.tasks.iter().filter(|(task, _)| !known.contains_key(*task)) {
        let from = entry.record.clusters.keys().cloned().collect();
        drifts.push(Drift { task: task.clone(), changes: vec![PlacementChange::Gone { from }], because: Vec::new() });
    }
    drifts.sort_by(|a, b| a.task.cmp(&b.task));
    (lock, drifts)
}

/// Where each task is named: asked once, for there may be as many changes as tasks.
fn names(model: &Model) -> BTreeMap<String, Span> {
    model.units.iter().map(|unit| (unit.identity.to_string(), unit.name)).collect()
}

/// Under `--locked`: that the lock would change.
pub(super) fn locked(
    found: Option<&ParsedLock>,
    drifts: &[Drift],
    model: &Model,
    sources: &SourceTree,
    diags: &mut Diagnostics,
) {
    let help = format!("run `fleetcron build` and commit {} with the change", lock::PATH);
    let Some(found) = found else {
        if !model.units.is_empty() {
            let place = Place::Path(lock::PATH.to_owned());
            let message = "there is no lock, so nobody knows what ran where";
            diags.push(Diagnostic::at(Code::LockChanged, place, message).help(help));
        }
        return;
    };
    if found.conflict {
        let place = Place::Path(lock::PATH.to_owned());
        let message = "the lock holds an unresolved merge";
        diags.push(Diagnostic::at(Code::LockChanged, place, message).help(help.clone()));
    }
    let named = names(model);
    for drift in drifts {
        let span = named.get(&drift.task).copied().or_else(|| found.tasks.get(&drift.task).map(|entry| entry.span));
        let place = span.map_or_else(|| Place::Path(lock::PATH.to_owned()), Place::Text);
        let words = drift.words(|span| line(sources, span));
        let mut diagnostic = Diagnostic::at(Code::LockChanged, place, format!("the lock would change: {words}"));
        let mut told: BTreeSet<Span> = span.into_iter().collect();
        for because in &drift.because {
            for span in because.span.into_iter().filter(|span| told.insert(*span)) {
                diagnostic = diagnostic.other(span, because.words.clone());
            }
        }
        diags.push(diagnostic.help(help.clone()));
    }
}

/// Under `--frozen`: that there is no lock, or that manifests have other numbers of instances than it says. All else was
/// said where it was looked for.
pub(super) fn frozen(found: Option<&ParsedLock>, drifts: &[Drift], model: &Model, diags: &mut Diagnostics) {
    let help = format!("run `fleetcron build` and commit {} with the change", lock::PATH);
    if found.is_none() && !model.units.is_empty() {
        let place = Place::Path(lock::PATH.to_owned());
        diags.push(Diagnostic::at(Code::NotInLock, place, "there is no lock to render").help(help.clone()));
    }
    let named = names(model);
    // What is recorded and has no task any more would be left out without a word, and deleted where it runs.
    for drift in drifts.iter().filter(|drift| matches!(drift.changes[..], [PlacementChange::Gone { .. }])) {
        let span = found.and_then(|found| found.tasks.get(&drift.task)).map(|entry| entry.span);
        let place = span.map_or_else(|| Place::Path(lock::PATH.to_owned()), Place::Text);
        let message = format!("the lock says where {} runs, and there is no such task", drift.task);
        diags.push(Diagnostic::at(Code::NotInLock, place, message).help(help.clone()));
    }
    for drift in drifts
        .iter()
        .filter(|drift| drift.changes.iter().any(|change| matches!(change, PlacementChange::Instances { .. })))
    {
        let Some(name) = named.get(&drift.task) else { continue };
        let words = drift.words(|_| "by the inputs".to_owned());
        let diagnostic = Diagnostic::new(Code::NotInLock, *name, format!("the lock says otherwise of {words}"));
        diags.push(diagnostic.help(help.clone()));
    }
}

/// `path:line` of a place.
pub fn line(sources: &SourceTree, span: Span) -> String {
    format!("{}:{}", sources.file(span.file).path, sources.line_col(span).line)
}

/// Whether a build must write the lock: its bytes differ.
pub(super) fn differs(sources: &SourceTree, lock: &Lock) -> bool {
    let there = RepoPath::new(lock::PATH).ok().and_then(|path| sources.get(&path).map(|(_, file)| file.bytes.clone()));
    match there {
        Some(bytes) => *bytes != *lock.bytes(),
        None => !lock.tasks.is_empty(),
    }
}
