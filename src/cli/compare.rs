//! Compares what a run would write with the existing output, and stops it where something is in the way or too much would
//! be deleted. Files in the way are looked for where the run writes; deletions are counted against the output that was
//! published last.

use std::path::Path;

use serde_json::{Value, json};

use super::deletions::{self, Basis, Judged};
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::session::output_dir;
use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Place};
use crate::repo::{self, ExistingBytes, Opened};
use crate::tree::{ConflictKind, Difference, OutputTree, RepoPath};

/// What leads from what stands in a directory of this machine to an output.
pub(super) fn on_disk(output: &OutputTree, dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Difference, Failure> {
    let existing = repo::existing(dir, wanted).map_err(|error| Failure::run(&error))?;
    Difference::between(output, &existing, &mut ExistingBytes::new(dir)).map_err(|error| Failure::run(&error))
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

/// Stops a run before the first byte: files in the way, and deletions that the guard does not let pass. What it does let
/// pass is listed in the remarks that are returned.
pub(super) fn refused(
    session: &mut Session,
    compilation: &Compilation,
    difference: &Difference,
    basis: &Basis<'_>,
    shown: &str,
) -> Result<Vec<String>, Outcome> {
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
    let Judged { stopped, remarks } = {
        let strict = session.strict();
        deletions::judge(&mut session.diags, strict, compilation, basis, shown)
    };
    session.diags.extend(on_inputs(difference, shown));
    if difference.conflicts.is_empty() && difference.inputs.is_empty() && !stopped {
        return Ok(remarks);
    }
    session.diags.sort();
    let value = session.value(|| value(difference, false));
    Err(Outcome::wrong(vec!["nothing was written".to_owned()], value))
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

/// Documents of fleetcron in the output: they are not read, and their tasks would be missing.
fn on_inputs(difference: &Difference, shown: &str) -> Option<Diagnostic> {
    let first = difference.inputs.first()?;
    let place = Place::Path(format!("{shown}/{first}"));
    let message = "a document of fleetcron stands in the output folder, where it is not read";
    let diagnostic = Diagnostic::at(Code::OutputOnInputs, place, message);
    let diagnostic = match difference.inputs.len() {
        1 => diagnostic,
        files => diagnostic.note(format!("{files} files in it hold documents of fleetcron")),
    };
    Some(diagnostic.help("move it out of the output folder, or write the output to another one"))
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
