//! `fleetcron build --stage`: compiles the index, then writes and stages the output.
//!
//! A commit is what its index says: unstaged edits neither get into the output nor are lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Build;
use super::base::{BaseLookup, BaseRevision, Published};
use super::compare;
use super::deletions::{self, AllowedBy, Basis};
use super::documents;
use super::line_ends;
use super::moved;
use super::outcome::{Failure, Outcome};
use super::renames::{self, Known, RemovalCommand};
use super::selection::{self, check_task_names, lock_mode};
use super::session::{Session, output_dir};
use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Place};
use crate::lock::{self, LockMode};
use crate::repo::{self, Opened, View};
use crate::report::lock_changes;
use crate::sink;
use crate::tree::{Contents, Difference, RepoPath};

/// What `pre-commit` sets for its hooks: it has put aside all edits that are not staged.
const ASIDE: &str = "PRE_COMMIT";

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Build) -> Result<Outcome, Failure> {
    let mode = lock_mode(args);
    let compilation = session.compile_as(&mode)?;
    if let LockMode::Fresh(tasks) = &mode {
        check_task_names(&compilation.model, tasks)?;
    }
    if !compilation.model.fleet.output.committed {
        return Err(Failure::files("`output.committed` is false in this fleet: there is no output to stage"));
    }
    if session.diags.has_errors() {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    session.progress.now("comparing and writing");
    let below = output_dir(&compilation)?;
    let dir = repo::output_dir(&session.root, &below).map_err(|error| Failure::run(&error))?;
    let staged = compare::standing(session, &compilation, &compilation.output)?;
    let touched: BTreeSet<&RepoPath> = compare::changes(&staged).map(|(_, path)| path).collect();
    let mut disk = compare::on_disk(&compilation.output, &dir, |_| true)?;
    keep(&mut disk, &touched);
    // What is staged in the way of a file stops the run as what lies there on disk does.
    for conflict in &staged.conflicts {
        if !disk.conflicts.contains(conflict) {
            disk.conflicts.push(conflict.clone());
        }
    }
    let mut remarks = Vec::new();
    let BaseLookup { base, unknown } = BaseRevision::of(session, None, &mut remarks)?;
    let published = match &base {
        Some(base) => base.published(session, &compilation)?,
        None => Published { recorded: deletions::recorded(session.tree()), unknown, ..Published::default() },
    };
    if let Some(base) = &base {
        documents::report_since(session, &compilation, base);
    }
    let basis = Basis {
        difference: if base.is_some() { &published.difference } else { &staged },
        recorded: &published.recorded,
        since: base.as_ref().map(BaseRevision::title),
        unknown: published.unknown.as_deref(),
        partly: published.partly.as_deref(),
        allowed: &args.allow_deletions,
        way: AllowedBy::Hook,
        looks: &|_| true,
    };
    let shown = session.shown(&dir);
    // What is not staged as an output yet is written by this run: the base alone stops no rename here.
    let known = Known { existing: &[&staged], base: None, removal: RemovalCommand::Index(&shown) };
    let stopped = renames::report(session, &compilation, &known);
    match compare::refused(session, &compilation, &disk, &basis, &shown) {
        Ok(counted) => remarks.extend(counted),
        Err(outcome) => return Ok(outcome),
    }
    if stopped {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    let lock = new_lock(session, &compilation, &mode);
    let changes = lock.is_some() || !staged.is_empty();
    if changes
        && let View::Index(Some(file)) = &session.view
        && is_passing(file)
    {
        let say = "`git add` them and commit without paths";
        let why = "Git commits only some paths, and its own index would undo what is staged now";
        return Err(Failure::Run(format!("{why}: {say}")));
    }
    if let Some((path, filter)) = filtered(session, &compilation, &touched, lock.is_some()) {
        let why = format!("Git runs the filter `{filter}` over `{path}`, and fleetcron would stage it as it is");
        let way = match path == lock::PATH {
            true => format!("add the line `{path} -filter` to the end of .gitattributes"),
            false => compare::unfilter(below.as_str()),
        };
        let or = "or leave the staging to Git: `fleetcron build`, then `git add`";
        return Err(Failure::files(format!("{why}: {way}, {or}; nothing was written")));
    }
    if moved::told(session, &compilation, base.as_ref()) {
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    let edits = edits(session, &compilation, &touched, lock.as_deref())?;
    if !edits.is_empty() {
        for path in &edits {
            let place = Place::Path(path.clone());
            let message = "this file has edits that are not staged, and the commit needs another version of it";
            let help =
                format!("`git add {path}` takes the edits along, `git restore {path}` drops them; then commit again");
            session.diags.push(Diagnostic::at(Code::UnstagedOutput, place, message).help(help));
        }
        session.diags.sort();
        return Ok(Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false})));
    }
    // New paths can be staged whoever calls. The others stand in what `pre-commit` has put aside: were they staged, it could
    // not put back what is not in this commit, and would leave it out.
    let aside = std::env::var_os(ASIDE).is_some_and(|set| set == "1");
    let tracked = RepoPath::new(lock::PATH).is_ok_and(|path| session.tree().get(&path).is_some());
    let mut added: Vec<PathBuf> = Vec::new();
    let mut removed: Vec<PathBuf> = Vec::new();
    if let Some(bytes) = &lock {
        sink::write_file(&session.root.join(lock::PATH), bytes).map_err(|error| Failure::run(&error))?;
        added.extend((!aside || !tracked).then(|| PathBuf::from(lock::PATH)));
    }
    sink::directory::apply(&dir, &disk).map_err(|error| Failure::run(&error))?;
    let at = |path: &RepoPath| PathBuf::from(format!("{below}/{path}"));
    added.extend(staged.create.iter().map(|write| at(&write.path)));
    if !aside {
        added.extend(staged.update.iter().map(|write| at(&write.path)));
        removed.extend(staged.delete.iter().map(|removal| at(&removal.path)));
    }
    if !added.is_empty() || !removed.is_empty() {
        let file =
            if let View::Index(Some(file)) = &session.view { repo::index_file(&session.root, file) } else { None };
        sink::stage(&session.root, file.as_deref(), &added, &removed).map_err(|error| Failure::run(&error))?;
    }
    let left = aside && (lock.is_some() && tracked || !staged.update.is_empty() || !staged.delete.is_empty());
    let mut text = match staged.is_empty() && lock.is_some() {
        true => format!("the output is up to date; {} is written\n", lock::PATH),
        false => selection::written_summary(&compilation, &staged, session, &dir, false),
    };
    if !left {
        text = text.replacen("wrote: ", "wrote and staged: ", 1);
    }
    text.push_str(&lock_changes::text(&compilation, session.tree(), true));
    let value = session.value(|| compare::value(&staged, true));
    if left {
        remarks.push(format!(
            "new files are staged; look at the others, `git add -u -- {below} {}`, commit again",
            lock::PATH
        ));
        return Ok(Outcome { wrong: true, remarks, chatty: false, ..Outcome::result(text, value) });
    }
    Ok(Outcome { remarks, ..Outcome::said(text, value) })
}

/// The first file that would be staged and that Git filters, with the filter.
fn filtered(
    session: &Session,
    compilation: &Compilation,
    touched: &BTreeSet<&RepoPath>,
    lock: bool,
) -> Option<(String, String)> {
    let lock = RepoPath::new(lock::PATH).ok().filter(|_| lock);
    let lock = lock.and_then(|path| repo::filtered(&session.root, &[path]));
    let wanted = || touched.iter().copied().filter(|path| compilation.output.get(path).is_some());
    let found = lock.or_else(|| compare::filtered(session, compilation, wanted()));
    found.map(|(path, filter)| (path.to_string(), filter))
}

/// Whether an index is the one that Git makes for a single commit of named paths, and throws away afterwards.
fn is_passing(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.starts_with("next-index-"))
}

/// The lock to be written and staged, unless the index has it already.
fn new_lock(session: &Session, compilation: &Compilation, mode: &LockMode) -> Option<Vec<u8>> {
    if matches!(mode, LockMode::Locked | LockMode::Frozen) || !compilation.lock_differs {
        return None;
    }
    let bytes = compilation.lock.bytes();
    let held = RepoPath::new(lock::PATH).ok().and_then(|path| Some(session.tree().get(&path)?.1.bytes.clone()));
    (held.as_deref() != Some(&bytes[..])).then_some(bytes)
}

/// Keeps of a difference to the disk what concerns some paths.
fn keep(disk: &mut Difference, touched: &BTreeSet<&RepoPath>) {
    disk.create.retain(|write| touched.contains(&write.path));
    disk.update.retain(|write| touched.contains(&write.path));
    disk.delete.retain(|removal| touched.contains(&removal.path));
    disk.conflicts.retain(|conflict| touched.iter().any(|path| path.is_below(&conflict.path)));
}

/// The paths, relative to the root, that on disk are neither what the index has nor what it will have.
fn edits(
    session: &Session,
    compilation: &Compilation,
    touched: &BTreeSet<&RepoPath>,
    lock: Option<&[u8]>,
) -> Result<Vec<String>, Failure> {
    let Some(Opened::Objects(objects)) = session.opened() else { return Ok(Vec::new()) };
    let below = output_dir(compilation)?;
    let (existing, mut blobs) = objects.existing(Some(&below), |_| true).map_err(|error| Failure::run(&error))?;
    let mut edits = Vec::new();
    for path in touched {
        let full = format!("{below}/{path}");
        let disk = repo::contents(&session.root.join(&full)).map_err(|error| Failure::run(&error))?;
        let wanted = compilation.output.get(path);
        let same = match &disk {
            None => wanted.is_none() || existing.get(path.as_str()).is_none(),
            Some(bytes) => {
                // Git may have changed the line ends at checkout: nobody edited that.
                let plain = line_ends::unix(bytes);
                let all = std::iter::once(bytes).chain(&plain);
                wanted == Some(bytes) || all.into_iter().any(|bytes| blobs.same(path, bytes) == Some(true))
            }
        };
        if !same {
            edits.push(full);
        }
    }
    if let Some(wanted) = lock {
        let disk = repo::contents(&session.root.join(lock::PATH)).map_err(|error| Failure::run(&error))?;
        let held = RepoPath::new(lock::PATH).ok().and_then(|path| Some(session.tree().get(&path)?.1.bytes.clone()));
        let plain = disk.as_deref().and_then(line_ends::unix);
        if disk != held && disk.as_deref() != Some(wanted) && (plain.is_none() || plain != held) {
            edits.push(lock::PATH.to_owned());
        }
    }
    Ok(edits)
}
