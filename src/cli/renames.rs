//! Reports CronJobs that a run renames, and stops a rename that was not chosen.

use super::session::Session;
use crate::compile::Compilation;
use crate::diag::{Clusters, Code, Diagnostic, Severity};
use crate::diff::{RenamedCronJob, renamed_cron_jobs};
use crate::tree::{Difference, RepoPath};

/// So many files are named one by one.
const SHOWN: usize = 20;

/// What a run is compared with.
pub(super) struct Known<'a> {
    /// The existing output: where a run writes, or what is checked.
    pub(super) existing: &'a [&'a Difference],
    /// What stood there before this change, with its title.
    pub(super) base: Option<(&'a Difference, &'a str)>,
    /// How a file of the existing output is removed.
    pub(super) removal: RemovalCommand<'a>,
}

/// How a file of the existing output is removed.
#[derive(Clone, Copy)]
pub(super) enum RemovalCommand<'a> {
    /// By `rm`, below that folder.
    Disk(&'a str),
    /// By `git rm`, below that folder.
    Index(&'a str),
    /// By a commit on that branch.
    Branch(&'a str),
}

/// Reports the renames; whether one of them stops the run.
pub(super) fn report(session: &mut Session, compilation: &Compilation, known: &Known<'_>) -> bool {
    let of = |difference: &&Difference| renamed_cron_jobs(compilation, difference);
    let existing: Vec<RenamedCronJob> = known.existing.iter().flat_map(of).collect();
    let mut found = Vec::new();
    for renamed in existing.iter().filter(|renamed| renamed.undecided) {
        found.push(undecided(compilation, renamed, to_move(renamed, known.removal)));
    }
    let (others, since) = match known.base {
        Some((difference, title)) => (renamed_cron_jobs(compilation, difference), Some(title)),
        None => (existing.clone(), None),
    };
    let stopped = |renamed: &RenamedCronJob| existing.iter().any(|other| other.undecided && other.unit == renamed.unit);
    for renamed in others.iter().filter(|renamed| !stopped(renamed)) {
        // The file under the old name is gone and the one under the new name is there, so it was moved on purpose.
        let is_moved = || {
            let mut missing = known.existing.iter().flat_map(|difference| &difference.create);
            !missing.any(|write| renamed.clusters.values().any(|(_, to)| *to == write.path))
        };
        found.push(if renamed.undecided && since.is_some() && !is_moved() {
            let help = "to rename it, run `fleetcron build` and commit the result".to_owned();
            undecided(compilation, renamed, help)
        } else {
            decided(compilation, renamed, since)
        });
    }
    session.diags.extend(found);
    session.relevel(&compilation.model);
    session.diags.sort();
    session.diags.iter().any(|said| said.code == Code::ObjectRenamed && said.severity == Severity::Error)
}

/// A rename that was not chosen.
fn undecided(compilation: &Compilation, renamed: &RenamedCronJob, help: String) -> Diagnostic {
    let unit = &compilation.model.units[renamed.unit];
    let name = unit.identity.name.as_str();
    let message = format!(
        "the existing CronJob `{}` of task `{}` would become `{}`, as its file names it",
        renamed.from, unit.identity, renamed.to
    );
    let place = unit.name_in_file().map_or(unit.name, |name| name.span);
    let diagnostic = Diagnostic::new(Code::ObjectRenamed, place, message)
        .other(unit.name, "the task")
        .note(CONSEQUENCE)
        .help(format!("to keep it, write `objectName: {name}` in the `spec` of task `{}`", unit.identity));
    on_clusters(compilation, renamed, diagnostic).help(help)
}

/// What to do to let a CronJob be renamed.
fn to_move(renamed: &RenamedCronJob, removal: RemovalCommand<'_>) -> String {
    let old = || renamed.clusters.values().map(|(from, _)| from);
    let listed = |dir: &str| -> String {
        let all = if renamed.clusters.len() <= SHOWN {
            old().map(|path| format!("{dir}/{path}")).collect::<Vec<_>>()
        } else {
            vec![format!("{dir}/*/{}.cronjob.yaml", renamed.from)]
        };
        all.join(" ")
    };
    match removal {
        RemovalCommand::Disk(dir) => format!("to rename it, `rm {}`, then `fleetcron build`", listed(dir)),
        RemovalCommand::Index(dir) => format!("to rename it, `git rm {}`, then `fleetcron build --stage`", listed(dir)),
        RemovalCommand::Branch(branch) => {
            let paths: Vec<&str> = old().map(RepoPath::as_str).take(SHOWN).collect();
            let more = renamed.clusters.len() - paths.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "to rename it, commit to `{branch}` that {}{more} is deleted, then run this again",
                paths.join(", ")
            )
        }
    }
}

/// A rename that follows from a change of the inputs.
fn decided(compilation: &Compilation, renamed: &RenamedCronJob, since: Option<&str>) -> Diagnostic {
    let unit = &compilation.model.units[renamed.unit];
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    let message =
        format!("the CronJob `{}` of task `{}` is renamed to `{}`{since}", renamed.from, unit.identity, renamed.to);
    let place = unit.object_name(&[]).map_or(unit.name, |name| name.span);
    let diagnostic = Diagnostic::new(Code::ObjectRenamed, place, message).severity(Severity::Note).note(CONSEQUENCE);
    on_clusters(compilation, renamed, diagnostic)
}

const CONSEQUENCE: &str =
    "Kubernetes deletes one CronJob and creates another: running Jobs are deleted with the old one";

fn on_clusters(compilation: &Compilation, renamed: &RenamedCronJob, mut diagnostic: Diagnostic) -> Diagnostic {
    let of = compilation.plan[renamed.unit].decision.chosen().count();
    diagnostic.clusters = Some(Clusters { names: renamed.clusters.keys().cloned().collect(), of });
    diagnostic
}
