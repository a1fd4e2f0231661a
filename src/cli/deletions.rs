//! Counts what a run would delete, asks the guard, and reports what it stops: which clusters and tasks lose too much, or
//! why that is not known, and the names that allow it.

use std::collections::BTreeSet;

use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Diagnostics, Place, Severity, nearest};
use crate::diff::{self, ALL, Allowed, Baseline, GuardRefusal, LossCause, Losses, Measured, RecordedCopies};
use crate::lock;
use crate::report::consequences::{self as consequent, Reported};
use crate::report::table::{count, names};
use crate::tree::{Difference, RepoPath, SourceTree};

/// The environment variable that allows deletions where no option can be given, as in a Git hook.
pub(super) const ALLOW: &str = "FLEETCRON_ALLOW_DELETIONS";

/// So many clusters, and so many tasks, are reported one by one.
const SHOWN: usize = 10;

/// So many names stand in a note.
const NAMED: usize = 10;

/// What the deletions of a run are counted against.
pub(super) struct Basis<'a> {
    /// From the output that was published last to the new one.
    pub(super) difference: &'a Difference,
    /// Where tasks ran, by the lock that belongs to that output.
    pub(super) recorded: &'a RecordedCopies,
    /// The revision or branch that has it; `None` where it is the output that is written to.
    pub(super) since: Option<&'a str>,
    /// Why it is not known.
    pub(super) unknown: Option<&'a str>,
    /// Why only recorded copies could be counted.
    pub(super) partly: Option<&'a str>,
    /// What `--allow-deletions` names.
    pub(super) allowed: &'a [String],
    /// How deletions are allowed.
    pub(super) way: AllowedBy,
    /// The clusters that the run looks at.
    pub(super) looks: &'a dyn Fn(&str) -> bool,
}

/// How the user of a run allows deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllowedBy {
    /// By the option.
    Option,
    /// By the option, or in a hook of Git by the variable.
    Hook,
    /// By the variable, in the Application of Argo CD.
    Plugin,
}

impl AllowedBy {
    fn helps(self, meant: &str, names: &str) -> Vec<String> {
        let option = format!("if {meant}, run again with `--allow-deletions {names}`");
        match self {
            Self::Option => vec![option],
            Self::Hook => vec![option, format!("in a hook: `{ALLOW}={names} git commit`")],
            Self::Plugin => {
                let variable = format!("`{{name: {ALLOW}, value: {names:?}}}`");
                vec![format!("if {meant}, add {variable} to `spec.source.plugin.env` of the Application")]
            }
        }
    }
}

/// What the guard says of a run.
pub(super) struct Judged {
    /// It must not go on.
    pub(super) stopped: bool,
    /// What is deleted, or could not be counted, and does not stop it.
    pub(super) remarks: Vec<String>,
}

/// Where tasks run by the lock of a tree; a lock that cannot be read is an error of its own.
pub(super) fn recorded(tree: &SourceTree) -> RecordedCopies {
    let lock = RepoPath::new(lock::PATH).ok().and_then(|path| tree.get(&path));
    let read = |(id, file): (_, &crate::tree::SourceFile)| lock::read(id, &file.bytes, &mut Diagnostics::new());
    lock.map(read).map_or_else(RecordedCopies::new, |found| diff::recorded(&found))
}

/// Counts the deletions of a run and asks the guard; what stops the run becomes diagnostics.
pub(super) fn judge(
    diags: &mut Diagnostics,
    strict: bool,
    compilation: &Compilation,
    basis: &Basis<'_>,
    shown: &str,
) -> Judged {
    let consequences = diff::consequences(compilation, basis.difference);
    let baseline = Baseline {
        difference: basis.difference,
        recorded: basis.recorded,
        drained: &BTreeSet::new(),
        consequences: &consequences,
    };
    let losses = diff::losses(compilation, baseline, basis.looks);
    let (given, variable) = (split(basis.allowed.iter().map(String::as_str)), variable());
    unknown_names(diags, compilation, basis, &losses, (&given, &variable));
    let allowed = Allowed::new(given.into_iter().chain(variable));
    let guards = compilation.model.fleet.guards;
    let refusals = diff::guard(&losses, guards, &allowed);
    let mut judged = Judged { stopped: !refusals.is_empty(), remarks: Vec::new() };
    let mut found = Diagnostics::new();
    for refusal in shortened(&refusals) {
        found.push(diagnostic(refusal, &losses, compilation, basis, shown));
    }
    found.extend(left_over(&refusals, shown));
    found.sort();
    let mut found: Vec<Diagnostic> = found.into_iter().collect();
    if let Some(last) = found.pop() {
        // One command for all of them, where the eye ends.
        let names = diff::names_to_allow(&losses, guards, &allowed, &refusals).join(",");
        let what = if found.is_empty() { "it is meant" } else { "all of it is meant" };
        found.push(basis.way.helps(what, &names).into_iter().fold(last, Diagnostic::help));
    }
    diags.extend(found);
    diags.extend(consequent::diagnostics(&consequences, &allowed, &Reported { dir: shown, since: basis.since }));
    for why in [basis.unknown, basis.partly].into_iter().flatten() {
        let passes = basis.unknown.is_none() || allowed.all();
        if passes && !strict {
            judged.remarks.push(format!("note: not everything that is deleted was counted: {why}"));
            continue;
        }
        judged.stopped = true;
        diags.push(undecided(why, strict, basis.way, shown));
    }
    if !judged.stopped && !losses.losses.is_empty() {
        judged.remarks.extend(basis.since.map(|since| passed(&losses, since)));
    }
    judged
}

/// The names in some texts, with commas or spaces between them.
fn split<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let names = texts.flat_map(|text| text.split([',', ' ']));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The names in the environment variable. What is not UTF-8 in it becomes a name that nothing has, and is reported.
fn variable() -> Vec<String> {
    let text = std::env::var_os(ALLOW).unwrap_or_default();
    split(std::iter::once(&*text.to_string_lossy()))
}

/// Warns of names that no cluster and no task has.
fn unknown_names(
    diags: &mut Diagnostics,
    compilation: &Compilation,
    basis: &Basis<'_>,
    losses: &Losses,
    (given, variable): (&[String], &[String]),
) {
    // A cluster that is gone from the inventory is known by its output, a task that is gone by the lock.
    let clusters = losses.inventory.iter().chain(losses.clusters.keys()).map(String::as_str);
    let units: Vec<String> = compilation.model.units.iter().map(|unit| unit.identity.to_string()).collect();
    let tasks = units.iter().chain(basis.recorded.keys()).chain(losses.tasks.keys()).map(String::as_str);
    let short = |task: &'_ str| task.rsplit_once('/').map_or(task.len(), |(_, name)| name.len());
    let names: BTreeSet<&str> = tasks.flat_map(|task| [task, &task[task.len() - short(task)..]]).collect();
    let known: BTreeSet<&str> = clusters.chain(names).chain([ALL]).collect();
    for (by, names) in [("--allow-deletions", given), (ALLOW, variable)] {
        for name in names.iter().filter(|name| !known.contains(name.as_str())) {
            let message = format!("{by} names `{name}`, and there is no such cluster or task");
            let diagnostic = Diagnostic::at(Code::UnknownCluster, Place::Whole, message).severity(Severity::Warning);
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.'));
            diags.push(match plain {
                true => diagnostic.did_you_mean(nearest(name, known.iter().copied())),
                false => diagnostic.help("separate the names of clusters and tasks by commas or spaces"),
            });
        }
    }
}

/// The refusals that are reported one by one.
fn shortened(refusals: &[GuardRefusal]) -> impl Iterator<Item = &GuardRefusal> {
    let clusters = refusals.iter().filter(|refusal| refusal.cluster().is_some()).take(SHOWN);
    let tasks = refusals.iter().filter(|refusal| refusal.task().is_some()).take(SHOWN);
    clusters.chain(tasks).chain(refusals.iter().filter(|refusal| refusal.of == Measured::Fleet))
}

/// The others, by name.
fn left_over(refusals: &[GuardRefusal], shown: &str) -> Vec<Diagnostic> {
    let clusters: Vec<&str> = refusals.iter().filter_map(GuardRefusal::cluster).skip(SHOWN).collect();
    let tasks: Vec<&str> = refusals.iter().filter_map(GuardRefusal::task).skip(SHOWN).collect();
    let line = |(left, noun): (Vec<&str>, &str)| {
        let message = format!("{} more would lose too much", count(left.len(), noun));
        let diagnostic = Diagnostic::at(Code::Deletions, Place::Path(shown.to_owned()), message);
        (!left.is_empty()).then(|| diagnostic.note(names(left.iter().copied(), left.len())))
    };
    [(clusters, "cluster"), (tasks, "task")].into_iter().filter_map(line).collect()
}

/// One level at which too much would be deleted.
fn diagnostic(
    refusal: &GuardRefusal,
    losses: &Losses,
    compilation: &Compilation,
    basis: &Basis<'_>,
    shown: &str,
) -> Diagnostic {
    let since = basis.since.map_or_else(String::new, |since| format!(", compared with {since}"));
    match &refusal.of {
        Measured::Cluster(cluster) => {
            let place = Place::Path(format!("{shown}/{cluster}"));
            let of = || losses.losses.iter().filter(|(_, loss)| loss.cluster == *cluster);
            let paths: Vec<&str> = of().map(|(path, _)| path.as_str()).collect();
            let recorded = of().all(|(_, loss)| loss.cause == LossCause::Recorded);
            let diagnostic = Diagnostic::at(Code::Deletions, place, refusal.to_string())
                .note(format!("would delete {}{since}", names(paths.iter().copied(), NAMED)));
            match recorded {
                true => diagnostic.note(format!("there is no output of it here: {} records these copies", lock::PATH)),
                false => diagnostic,
            }
        }
        Measured::Task(task) => {
            let place = task_place(task, compilation);
            let lost = losses.tasks.get(task).into_iter().flat_map(|copies| &copies.lost);
            let clusters: Vec<&str> = lost.map(String::as_str).collect();
            let excluded = compilation.model.excluded_tasks.keys().any(|known| known.to_string() == *task);
            let diagnostic = Diagnostic::at(Code::Deletions, place, refusal.to_string())
                .note(format!("would be deleted from {}{since}", names(clusters.iter().copied(), NAMED)));
            match excluded {
                true => diagnostic.note("`sources` of the Fleet leaves its document out"),
                false => diagnostic,
            }
        }
        Measured::Fleet => {
            let clusters: BTreeSet<&str> = losses.losses.values().map(|loss| loss.cluster.as_str()).collect();
            let note = format!("would be deleted from {}{since}", names(clusters.iter().copied(), NAMED));
            Diagnostic::at(Code::Deletions, Place::Path(shown.to_owned()), refusal.to_string()).note(note)
        }
    }
}

/// Where a task's name stands; the lock, where it has no document.
fn task_place(task: &str, compilation: &Compilation) -> Place {
    let model = &compilation.model;
    let unit = model.units.iter().find(|unit| unit.identity.to_string() == task).map(|unit| unit.name);
    let excluded = || model.excluded_tasks.iter().find(|(known, _)| known.to_string() == task).map(|(_, span)| *span);
    unit.or_else(excluded).map_or_else(|| Place::Path(lock::PATH.to_owned()), Place::Text)
}

/// The guard cannot look.
fn undecided(why: &str, strict: bool, way: AllowedBy, shown: &str) -> Diagnostic {
    let message = format!("what would be deleted is not known: {why}");
    let diagnostic = Diagnostic::at(Code::Deletions, Place::Path(shown.to_owned()), message);
    match strict {
        true => diagnostic.help("`--strict` never passes where deletions could not be counted"),
        false => way.helps("every deletion is meant", ALL).into_iter().fold(diagnostic, Diagnostic::help),
    }
}

/// What is deleted and stops nothing.
fn passed(losses: &Losses, since: &str) -> String {
    let paths = losses.losses.keys().map(String::as_str);
    let (number, verb) = (losses.losses.len(), if losses.losses.len() == 1 { "is" } else { "are" });
    format!("note: compared with {since}, {} {verb} deleted: {}", count(number, "object"), names(paths, NAMED))
}
