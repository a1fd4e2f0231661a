//! `fleetcron build`: compiles, compares with the existing output, and writes.
//!
//! Diagnostics, foreign files and the deletion guard are checked for the whole run before the first byte is written.

use serde_json::json;

use super::args::Build;
use super::compare;
use super::deletions::{self, AllowedBy, Basis};
use super::outcome::{Failure, Outcome};
use super::renames::{self, Known, RemovalCommand};
use super::selection::{check_cluster_names, check_task_names, lock_mode, written_summary};
use super::session::Session;
use super::{ignored, moved, publish, stage};
use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Place};
use crate::lock::{self, LockMode};
use crate::repo::View;
use crate::report::lock_changes;
use crate::sink;

/// Runs `build`.
pub(super) fn build(session: &mut Session, args: &Build) -> Result<Outcome, Failure> {
    if args.stage {
        return stage::run(session, args);
    }
    if let Some(branch) = &args.commit_to {
        return publish::run(session, args, branch);
    }
    if session.view != View::Folder && args.out.is_none() && !args.dry_run {
        let say = "say where with `--out DIR`, or `--dry-run`; `--stage` writes and stages what is staged";
        return Err(Failure::Run(format!("what is read from Git is not written over the work tree: {say}")));
    }
    let mode = lock_mode(args);
    let mut compilation = session.compile_as(&mode)?;
    check_cluster_names(&compilation.model, &args.clusters)?;
    if let LockMode::Fresh(tasks) = &mode {
        check_task_names(&compilation.model, tasks)?;
    }
    if session.diags.has_errors() {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    session.progress.now("comparing and writing");
    let dir = session.output(&compilation)?;
    let wanted = |name: &str| args.writes(name);
    if !args.clusters.is_empty() || args.shard.is_some() {
        compilation.output.retain_clusters(wanted);
    }
    let difference = compare::on_disk(&compilation.output, &dir, wanted)?;
    let shown = session.shown(&dir);
    let known = Known { existing: &[&difference], base: None, removal: RemovalCommand::Disk(&shown) };
    let stopped = renames::report(session, &compilation, &known);
    let recorded = deletions::recorded(session.tree());
    let basis = Basis {
        difference: &difference,
        recorded: &recorded,
        since: None,
        unknown: None,
        partly: None,
        allowed: &args.allow_deletions,
        way: AllowedBy::Option,
        looks: &wanted,
    };
    if let Err(outcome) = compare::refused(session, &compilation, &difference, &basis, &shown) {
        return Ok(outcome);
    }
    if stopped {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    compare::strays(session, &compilation, &difference, &session.shown(&dir));
    moved::told(session, &compilation, None);
    unmerged(session, &compilation);
    let mut remarks = Vec::new();
    if !args.dry_run {
        // First what was decided, then what follows from it: whoever is killed in between goes on from the decision.
        if compilation.lock_differs && !matches!(mode, LockMode::Locked | LockMode::Frozen) {
            remarks.extend(record(session, &compilation, args.out.is_some())?);
        }
        sink::directory::apply(&dir, &difference).map_err(|error| Failure::run(&error))?;
        remarks.extend(ignored::remark(session, &compilation));
    }
    let mut text = written_summary(&compilation, &difference, session, &dir, args.dry_run);
    if mode != LockMode::Frozen {
        text.push_str(&lock_changes::text(&compilation, session.tree(), !args.dry_run && mode != LockMode::Locked));
    }
    let drift = || lock_changes::value(&compilation, session.tree());
    let mut outcome = Outcome::said(
        text,
        session.value(|| {
            let mut value = compare::value(&difference, !args.dry_run);
            value["drift"] = drift();
            value
        }),
    );
    outcome.remarks = remarks;
    // The process ends next: to take a large compilation down piece by piece would be work for nothing.
    std::mem::forget(compilation);
    Ok(outcome)
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
