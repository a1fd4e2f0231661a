//! What a run would do to the output, compared with what stands there; what stops it; what is to be said. It writes
//! nothing.
//!
//! The one idea: what stands in the way is asked of the place that would be written to, what would be lost is asked of
//! whatever people have seen last.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::session::output_dir;
use super::table;
use crate::compile::{Compilation, MARKER_PREFIX};
use crate::diag::{Code, Diagnostic, Place, Severity, nearest};
use crate::diff::{self, Refusal};
use crate::repo::{self, Opened, Standing};
use crate::tree::{ConflictKind, Difference, OutputTree, RepoPath};

/// The environment variable that lets more be deleted where no option can be given, in a hook of Git for instance: names
/// of clusters, with commas or spaces between them.
pub(super) const ALLOW: &str = "FLEETCRON_ALLOW_DELETIONS";

/// What leads from what stands in a directory of this machine to an output.
pub(super) fn on_disk(output: &OutputTree, dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Difference, Failure> {
    let existing = repo::existing(dir, wanted).map_err(|error| Failure::run(&error))?;
    Difference::between(output, &existing, &mut Standing::new(dir)).map_err(|error| Failure::run(&error))
}

/// What leads from what stands in the output directory of the state that is looked at to an output.
pub(super) fn standing(
    session: &Session,
    compilation: &Compilation,
    output: &OutputTree,
) -> Result<Difference, Failure> {
    match session.opened() {
        Some(Opened::Objects(objects)) if !session.elsewhere() => {
            let dir = output_dir(compilation)?;
            let (existing, mut blobs) = objects.existing(Some(&dir), |_| true).map_err(|error| Failure::run(&error))?;
            Difference::between(output, &existing, &mut blobs).map_err(|error| Failure::run(&error))
        }
        _ => on_disk(output, &session.output(compilation)?, |_| true),
    }
}

/// What a run would lose, and what that is measured by.
pub(super) struct Losses<'a> {
    /// From what people have seen last to the new output.
    pub(super) difference: &'a Difference,
    /// What they have seen last, if it is not what stands in the output.
    pub(super) since: Option<&'a str>,
    /// The clusters in which it is allowed.
    pub(super) allowed: &'a [String],
}

/// What stops a run before the first byte: files in the way, and deletions.
pub(super) fn refused(
    session: &mut Session,
    compilation: &Compilation,
    difference: &Difference,
    losses: &Losses<'_>,
    shown: &str,
) -> Option<Outcome> {
    let paths: Vec<RepoPath> = difference.conflicts.iter().map(|conflict| conflict.path.clone()).collect();
    let filter = filtered(session, compilation, paths.iter());
    for conflict in &difference.conflicts {
        let place = Place::Path(format!("{shown}/{}", conflict.path));
        let message = format!("{} stands where fleetcron must write", conflict.kind);
        let diagnostic = Diagnostic::at(Code::ForeignFile, place, message);
        session.diags.push(match &filter {
            Some((_, filter)) if conflict.kind == ConflictKind::NotOurs => diagnostic
                .note(format!("Git runs the filter `{filter}` over it, and fleetcron runs none"))
                .help(unfilter(&compilation.model.fleet.output.dir)),
            _ => diagnostic
                .help("move it away if you need it, or delete it; fleetcron never replaces what it did not write"),
        });
    }
    let inventory: Vec<&str> = compilation.model.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let drained = compilation.drained();
    let marked: BTreeSet<String> = compilation
        .output
        .files()
        .filter(|(path, _)| path.file_name() == format!("{MARKER_PREFIX}{}.configmap.yaml", path.first()))
        .map(|(path, _)| path.first().to_owned())
        .collect();
    let mut allowed = losses.allowed.to_vec();
    let named = std::env::var(ALLOW).unwrap_or_default();
    allowed.extend(named.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned));
    // A cluster that is gone from the inventory is known by what stands of it.
    let standing = difference.clusters.keys().chain(losses.difference.clusters.keys());
    let clusters: BTreeSet<&str> = inventory.iter().copied().chain(standing.map(String::as_str)).collect();
    for (at, name) in allowed.iter().enumerate().filter(|(_, name)| !clusters.contains(name.as_str())) {
        let by = if at < losses.allowed.len() { "--allow-deletions" } else { ALLOW };
        let message = format!("{by} names `{name}`, and there is no such cluster");
        let diagnostic = Diagnostic::at(Code::UnknownCluster, Place::Whole, message).severity(Severity::Warning);
        let near = nearest(name, clusters.iter().copied());
        let listed = at >= losses.allowed.len() && !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        session.diags.push(match listed {
            true => diagnostic.help("names of clusters stand with commas or spaces between them"),
            false => diagnostic.did_you_mean(near),
        });
    }
    let known = diff::Known { inventory: &inventory, marked: &marked, drained: &drained, allowed: &allowed };
    let refusals = diff::guard(losses.difference, compilation.model.fleet.guards, known);
    for refusal in &refusals {
        let place = Place::Path(format!("{shown}/{}", refusal.cluster));
        session.diags.push(deletion(refusal, losses, place));
    }
    if difference.conflicts.is_empty() && refusals.is_empty() {
        return None;
    }
    session.diags.sort();
    let value = session.value(|| value(difference, false));
    Some(Outcome::wrong(vec!["nothing was written".to_owned()], value))
}

/// The first of some files of the output over which Git would run a filter, with its name; fleetcron runs none.
pub(super) fn filtered<'p>(
    session: &Session,
    compilation: &Compilation,
    mut paths: impl Iterator<Item = &'p RepoPath>,
) -> Option<(RepoPath, String)> {
    let dir = &compilation.model.fleet.output.dir;
    let first = paths.next().filter(|_| !session.elsewhere())?;
    let below = |path: &RepoPath| RepoPath::new(&format!("{dir}/{path}")).ok();
    let all: Vec<RepoPath> = std::iter::once(first).chain(paths).filter_map(below).collect();
    repo::filtered(&session.root, &all)
}

/// What to do about such a filter.
pub(super) fn unfilter(dir: &str) -> String {
    format!("add the line `{dir}/** -filter` to the end of .gitattributes, then `git add --renormalize {dir}`")
}

fn deletion(refusal: &Refusal, losses: &Losses<'_>, place: Place) -> Diagnostic {
    let gone = losses.difference.delete.iter().filter(|removal| removal.path.first() == refusal.cluster);
    let paths: Vec<&str> = gone.map(|removal| removal.path.as_str()).collect();
    let since = losses.since.map_or_else(String::new, |since| format!(", compared with {since}"));
    let diagnostic = Diagnostic::at(Code::Deletions, place, refusal.to_string())
        .note(format!("would delete {}{since}", table::names(paths.iter().copied(), 10)))
        .help(format!("if it is meant, run again with `--allow-deletions {}`", refusal.cluster));
    match losses.since {
        Some(_) => diagnostic.help(format!("in a hook: `{ALLOW}={} git commit`", refusal.cluster)),
        None => diagnostic,
    }
}

/// Says what is not ours in the output directory.
pub(super) fn strays(session: &mut Session, compilation: &Compilation, difference: &Difference, shown: &str) {
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

/// Every change, in words of one kind.
pub(super) fn changes(difference: &Difference) -> impl Iterator<Item = (&'static str, &RepoPath)> {
    let create = difference.create.iter().map(|write| ("create", &write.path));
    let update = difference.update.iter().map(|write| ("update", &write.path));
    let delete = difference.delete.iter().map(|removal| ("delete", &removal.path));
    create.chain(update).chain(delete)
}

/// A difference, for programs.
pub(super) fn value(difference: &Difference, written: bool) -> Value {
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
