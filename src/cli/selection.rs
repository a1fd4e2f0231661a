//! What a command works on and what it did: names of clusters and tasks, the mode of the lock, the numbers of a build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::args::Build;
use super::compare;
use super::outcome::Failure;
use super::session::Session;
use crate::compile::Compilation;
use crate::diag::nearest;
use crate::lock::LockMode;
use crate::model::Model;
use crate::report::table::count;
use crate::tree::Difference;

/// How the lock is used, by the arguments of `build`.
pub(super) fn lock_mode(args: &Build) -> LockMode {
    let given = args.state.at.is_some() || args.state.staged && !args.stage;
    match args {
        // What Git has is a state of its own, with its own lock; of a part or a branch nobody would see the rest move.
        Build { frozen: false, .. } if given || args.commit_to.is_some() || args.shard.is_some() => LockMode::Locked,
        Build { locked: true, .. } => LockMode::Locked,
        Build { frozen: true, .. } => LockMode::Frozen,
        Build { fresh, .. } if fresh.is_empty() => LockMode::Steady,
        Build { fresh, .. } if fresh.iter().any(String::is_empty) => LockMode::Fresh(Vec::new()),
        Build { fresh, .. } => LockMode::Fresh(fresh.clone()),
    }
}

/// Fails for a name that no cluster has.
pub(super) fn check_cluster_names(model: &Model, clusters: &[String]) -> Result<(), Failure> {
    for wanted in clusters {
        if !model.clusters.iter().any(|cluster| *cluster.name == *wanted) {
            let names = model.clusters.iter().map(|cluster| cluster.name.as_str());
            return Err(Failure::unknown("cluster", wanted, nearest(wanted, names)));
        }
    }
    Ok(())
}

/// Fails for a name that no task has.
pub(super) fn check_task_names(model: &Model, tasks: &[String]) -> Result<(), Failure> {
    for wanted in tasks {
        if !model.units.iter().any(|unit| unit.identity.to_string() == *wanted || unit.identity.name == *wanted) {
            let names: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
            return Err(Failure::unknown("task", wanted, nearest(wanted, names.iter().map(String::as_str))));
        }
    }
    Ok(())
}

/// What was written, in numbers.
pub(super) fn written_summary(
    compilation: &Compilation,
    difference: &Difference,
    session: &Session,
    dir: &Path,
    dry: bool,
) -> String {
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
        for (what, path) in compare::changes(difference) {
            let _infallible = writeln!(text, "  {what} {shown}/{path}");
        }
    }
    text
}
