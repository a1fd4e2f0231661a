//! `fleetcron build` and `fleetcron check`: compile, compare, and write or say what differs. They decide nothing.
//!
//! The one idea: the whole run is checked before the first byte is written: diagnostics, paths that are not ours,
//! deletions that nobody allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Build, Check};
use super::moves;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::table::{self, count};
use crate::compile::{Compilation, MARKER_PREFIX};
use crate::diag::{Code, Diagnostic, Place, Severity, nearest};
use crate::diff::{self, Refusal};
use crate::lock::{self, Mode};
use crate::model::Model;
use crate::repo::{self, Standing};
use crate::sink;
use crate::tree::{Difference, RepoPath};

/// Runs `build`.
pub(super) fn build(session: &mut Session, args: &Build) -> Result<Outcome, Failure> {
    let mode = mode(args);
    let mut compilation = session.compile_as(&mode)?;
    known(&compilation.model, &args.clusters)?;
    if let Mode::Fresh(tasks) = &mode {
        known_tasks(&compilation.model, tasks)?;
    }
    if session.diags.has_errors() {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    session.progress.now("comparing and writing");
    let dir = session.output(&compilation)?;
    let wanted = |name: &str| args.clusters.is_empty() || args.clusters.iter().any(|cluster| cluster == name);
    if !args.clusters.is_empty() {
        compilation.output.retain_clusters(wanted);
    }
    let difference = difference(&compilation, &dir, wanted)?;
    if let Some(outcome) = refused(session, &compilation, &difference, &dir, &args.allow_deletions) {
        return Ok(outcome);
    }
    strays(session, &compilation, &difference, &dir);
    unmerged(session, &compilation);
    let mut remarks = Vec::new();
    if !args.dry_run {
        // First what was decided, then what follows from it: whoever is killed in between goes on from the decision.
        if compilation.lock_differs && !matches!(mode, Mode::Locked | Mode::Frozen) {
            remarks.extend(record(session, &compilation, args.out.is_some())?);
        }
        sink::directory::apply(&dir, &difference).map_err(|error| Failure::run(&error))?;
    }
    let mut text = summary(&compilation, &difference, session, &dir, args.dry_run);
    if mode != Mode::Frozen {
        text.push_str(&moves::text(&compilation, session.tree(), !args.dry_run && mode != Mode::Locked));
    }
    let drift = || moves::value(&compilation, session.tree());
    let mut outcome = Outcome::said(
        text,
        session.value(|| {
            let mut value = value(&difference, !args.dry_run);
            value["drift"] = drift();
            value
        }),
    );
    outcome.remarks = remarks;
    // The process ends next: to take a large compilation down piece by piece would be work for nothing.
    std::mem::forget(compilation);
    Ok(outcome)
}

/// How the lock is used.
fn mode(args: &Build) -> Mode {
    match args {
        Build { locked: true, .. } => Mode::Locked,
        Build { frozen: true, .. } => Mode::Frozen,
        Build { fresh, .. } if fresh.is_empty() => Mode::Steady,
        Build { fresh, .. } if fresh.iter().any(String::is_empty) => Mode::Fresh(Vec::new()),
        Build { fresh, .. } => Mode::Fresh(fresh.clone()),
    }
}

/// Writes the lock. Where the output goes elsewhere the repository may be somebody else's: then it is only said that
/// the lock was not written.
fn record(session: &Session, compilation: &Compilation, elsewhere: bool) -> Result<Option<String>, Failure> {
    match sink::write_file(&session.root.join(lock::PATH), &compilation.lock.bytes()) {
        Ok(_) => Ok(None),
        Err(error) if elsewhere => match Failure::run(&error) {
            Failure::Run(why) => Ok(Some(format!("note: what was decided is not recorded: {why}"))),
            other => Err(other),
        },
        Err(error) => Err(Failure::run(&error)),
    }
}

/// Says that Git is not told how to merge the lock.
fn unmerged(session: &mut Session, compilation: &Compilation) {
    if session.unions || compilation.lock.tasks.is_empty() {
        return;
    }
    let place = Place::Path(lock::PATH.to_owned());
    let message = "two branches that both add tasks will conflict in the lock";
    let diagnostic = Diagnostic::at(Code::LockMerge, place, message);
    let line = format!("{} merge=union", lock::PATH);
    session.diags.push(diagnostic.help(format!("add the line `{line}` to .gitattributes")));
    session.relevel(&compilation.model);
    session.diags.sort();
}

/// Runs `check`.
pub(super) fn check(session: &mut Session, args: &Check) -> Result<Outcome, Failure> {
    let compilation = session.compile_as(&Mode::Locked)?;
    let of_lock = |code: Code| code == Code::LockChanged;
    if session.diags.iter().any(|diagnostic| diagnostic.severity == Severity::Error && !of_lock(diagnostic.code)) {
        return Ok(Outcome::wrong(Vec::new(), json!({"checked": false})));
    }
    let sizes = format!(
        "{} on {} give {}",
        count(compilation.model.units.len(), "task"),
        count(compilation.model.clusters.len(), "cluster"),
        count(compilation.output.len(), "file"),
    );
    if !compilation.model.fleet.output.committed && args.out.is_none() {
        let text = format!("{sizes}; the output is not committed and was not compared\n");
        return Ok(Outcome::said(text, json!({"checked": true, "compared": false})));
    }
    let dir = session.output(&compilation)?;
    let difference = difference(&compilation, &dir, |_| true)?;
    if let Some(outcome) = refused(session, &compilation, &difference, &dir, &args.allow_deletions) {
        return Ok(outcome);
    }
    strays(session, &compilation, &difference, &dir);
    if difference.is_empty() {
        return Ok(Outcome::said(
            format!("{sizes}; the output is up to date\n"),
            session.value(|| value(&difference, false)),
        ));
    }
    let shown = session.shown(&dir);
    for (what, path) in changes(&difference) {
        let message = match what {
            "create" => "this file is missing from the output",
            "update" => "this file differs from what the inputs give",
            _ => "this file is in the output and the inputs do not give it",
        };
        let place = Place::Path(format!("{shown}/{path}"));
        session.diags.push(
            Diagnostic::at(Code::StaleOutput, place, message).help("run `fleetcron build` and commit the result"),
        );
    }
    session.diags.sort();
    Ok(Outcome::wrong(Vec::new(), session.value(|| value(&difference, false))))
}

fn known(model: &Model, clusters: &[String]) -> Result<(), Failure> {
    for wanted in clusters {
        if !model.clusters.iter().any(|cluster| *cluster.name == *wanted) {
            let names = model.clusters.iter().map(|cluster| cluster.name.as_str());
            return Err(Failure::unknown("cluster", wanted, nearest(wanted, names)));
        }
    }
    Ok(())
}

fn known_tasks(model: &Model, tasks: &[String]) -> Result<(), Failure> {
    for wanted in tasks {
        if !model.units.iter().any(|unit| unit.identity.to_string() == *wanted || unit.identity.name == *wanted) {
            let names: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
            return Err(Failure::unknown("task", wanted, nearest(wanted, names.iter().map(String::as_str))));
        }
    }
    Ok(())
}

fn difference(compilation: &Compilation, dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Difference, Failure> {
    let existing = repo::existing(dir, wanted).map_err(|error| Failure::run(&error))?;
    Difference::between(&compilation.output, &existing, &mut Standing::new(dir)).map_err(|error| Failure::run(&error))
}

/// What stops a run before the first byte: files in the way, and deletions.
fn refused(
    session: &mut Session,
    compilation: &Compilation,
    difference: &Difference,
    dir: &Path,
    allowed: &[String],
) -> Option<Outcome> {
    let shown = session.shown(dir);
    for conflict in &difference.conflicts {
        let place = Place::Path(format!("{shown}/{}", conflict.path));
        let message = format!("{} stands where fleetcron must write", conflict.kind);
        session.diags.push(
            Diagnostic::at(Code::ForeignFile, place, message)
                .help("move it away if you need it, or delete it; fleetcron never replaces what it did not write"),
        );
    }
    let inventory: Vec<&str> = compilation.model.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let drained = compilation.drained();
    let marked: BTreeSet<String> = compilation
        .output
        .files()
        .filter(|(path, _)| path.file_name() == format!("{MARKER_PREFIX}{}.configmap.yaml", path.first()))
        .map(|(path, _)| path.first().to_owned())
        .collect();
    let known = diff::Known { inventory: &inventory, marked: &marked, drained: &drained, allowed };
    let refusals = diff::guard(difference, compilation.model.fleet.guards, known);
    for refusal in &refusals {
        let place = Place::Path(format!("{shown}/{}", refusal.cluster));
        session.diags.push(deletion(refusal, difference, place));
    }
    if difference.conflicts.is_empty() && refusals.is_empty() {
        return None;
    }
    session.diags.sort();
    let value = session.value(|| value(difference, false));
    Some(Outcome::wrong(vec!["nothing was written".to_owned()], value))
}

fn deletion(refusal: &Refusal, difference: &Difference, place: Place) -> Diagnostic {
    let gone = difference.delete.iter().filter(|removal| removal.path.first() == refusal.cluster);
    let paths: Vec<&str> = gone.map(|removal| removal.path.as_str()).collect();
    Diagnostic::at(Code::Deletions, place, refusal.to_string())
        .note(format!("would delete {}", table::names(paths.iter().copied(), 10)))
        .help(format!("if it is meant, run again with `--allow-deletions {}`", refusal.cluster))
}

fn strays(session: &mut Session, compilation: &Compilation, difference: &Difference, dir: &Path) {
    let shown = session.shown(dir);
    for path in &difference.strangers {
        let place = Place::Path(format!("{shown}/{path}"));
        session.diags.push(
            Diagnostic::at(Code::StrayFile, place, "fleetcron did not write this file and leaves it alone")
                .help("Argo CD and Flux apply everything in this directory: move it away if that is not meant"),
        );
    }
    session.relevel(&compilation.model);
    session.diags.sort();
}

fn changes(difference: &Difference) -> impl Iterator<Item = (&'static str, &RepoPath)> {
    let create = difference.create.iter().map(|write| ("create", &write.path));
    let update = difference.update.iter().map(|write| ("update", &write.path));
    let delete = difference.delete.iter().map(|removal| ("delete", &removal.path));
    create.chain(update).chain(delete)
}

fn value(difference: &Difference, written: bool) -> Value {
    let list = |what: &str| -> Vec<&str> {
        changes(difference).filter(|(kind, _)| *kind == what).map(|(_, path)| path.as_str()).collect()
    };
    json!({
        "written": written,
        "create": list("create"),
        "update": list("update"),
        "delete": list("delete"),
        "unchanged": difference.unchanged,
        "strangers": difference.strangers,
    })
}

fn summary(compilation: &Compilation, difference: &Difference, session: &Session, dir: &Path, dry: bool) -> String {
    let shown = session.shown(dir);
    let mut text = format!(
        "{} on {}: {} in {shown}\n",
        count(compilation.model.units.len(), "task"),
        count(compilation.model.clusters.len(), "cluster"),
        count(compilation.output.len(), "file"),
    );
    if difference.is_empty() {
        text.push_str("nothing to write: everything is up to date\n");
        return text;
    }
    let numbers = [
        (difference.create.len(), "new"),
        (difference.update.len(), "changed"),
        (difference.delete.len(), "removed"),
        (difference.unchanged, "unchanged"),
    ];
    let said: Vec<String> = numbers.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let verb = if dry { "would write" } else { "wrote" };
    let _infallible = writeln!(text, "{verb}: {}", said.join(", "));
    let drained = compilation.drained();
    let gone = difference.delete.iter().filter(|removal| drained.contains(removal.path.as_str()));
    let mut clusters: BTreeMap<&str, usize> = BTreeMap::new();
    gone.for_each(|removal| *clusters.entry(removal.path.first()).or_default() += 1);
    for (cluster, number) in clusters {
        let _infallible =
            writeln!(text, "  {} removed from {cluster}, which a NoExecute taint drains", count(number, "object"));
    }
    if dry {
        for (what, path) in changes(difference) {
            let _infallible = writeln!(text, "  {what} {shown}/{path}");
        }
    }
    text
}
