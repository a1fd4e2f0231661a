//! Warns of files that gave documents in the base revision and give none now: emptied, encrypted, left out by `sources`.
//!
//! To remove a task its file is deleted. A file that is still there and has no document any more was probably damaged.

use std::collections::{BTreeMap, BTreeSet};

use super::base::BaseRevision;
use super::session::Session;
use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic};
use crate::model::DocumentName;
use crate::repo::{Note, ReadSources};
use crate::report::table::names;
use crate::tree::{RepoPath, may_hold_documents};

/// The documents of each file.
type ByFile = BTreeMap<RepoPath, Vec<DocumentName>>;

/// How many documents of a file a message names.
const SHOWN: usize = 5;

/// Compares with a base revision. Its documents are read only if a file without documents had one there.
pub(super) fn report_since(session: &mut Session, compilation: &Compilation, base: &BaseRevision) {
    let tree = session.tree();
    let without = tree.files().map(|(_, file)| file).filter(|file| may_hold_documents(file.path.as_str()));
    let without = without.filter(|file| !file.link && !compilation.documents.contains_key(&file.path));
    let paths: Vec<RepoPath> = without.map(|file| file.path.clone()).collect();
    let before = base.files(&paths);
    let had = |bytes: &[u8]| bytes.windows(b"fleetcron.dev/".len()).any(|part| part == b"fleetcron.dev/");
    let nothing = compilation.documents_left_out.is_empty() && nested(session.notes()).next().is_none();
    if nothing && !before.files().any(|(_, file)| had(&file.bytes)) {
        return;
    }
    let before = base.documents(&compilation.model.fleet.output.dir);
    let sources = session.sources().clone();
    report(session, compilation, &sources, &before, base.title());
}

/// Compares with the documents of a base revision, whose title is given.
pub(super) fn report(
    session: &mut Session,
    compilation: &Compilation,
    sources: &ReadSources,
    before: &ByFile,
    title: &str,
) {
    let now: BTreeSet<&DocumentName> = compilation.documents.values().flatten().collect();
    let mut found = Vec::new();
    for (path, documents) in before.iter().filter(|(path, _)| !compilation.documents.contains_key(*path)) {
        // A document that moved to another file is not gone.
        let gone: Vec<&DocumentName> = documents.iter().filter(|name| !now.contains(name)).collect();
        if gone.is_empty() {
            continue;
        }
        let left_out =
            compilation.documents_left_out.iter().find(|(_, names)| names.iter().any(|name| gone.contains(&name)));
        let (place, why) = if let Some((_, file)) = sources.tree.get(path) {
            (path, why(&file.bytes, compilation.documents_left_out.contains_key(path)))
        } else if let Some(repository) = nested(&sources.notes).find(|folder| is_below(path, folder)) {
            (path, format!("`{repository}` is a Git repository of its own, and its files are not read"))
        } else if let Some((other, _)) = left_out {
            (other, format!("`{path}` moved to `{other}`, which `sources` of the Fleet leaves out"))
        } else {
            // The file was deleted, and its documents with it.
            continue;
        };
        let many = gone.iter().map(ToString::to_string).collect::<Vec<String>>();
        let many = names(many.iter().map(String::as_str), SHOWN);
        let message = format!("in {title} `{path}` gave {many}, and now it gives no document");
        found.push(Diagnostic::path(Code::DocumentsGone, place, message).note(why).help(format!(
            "if that is meant, delete the file; else `git diff {} -- {path}` shows what changed",
            revision(title)
        )));
    }
    if !found.is_empty() {
        session.diags.extend(found);
        session.relevel(&compilation.model);
        session.diags.sort();
    }
}

/// What is seen in a file that gives no document.
fn why(bytes: &[u8], left_out: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let none = if left_out {
        "it is left out by `sources` of the Fleet"
    } else if text.trim().is_empty() {
        "it is empty"
    } else if lines.all(|line| line.starts_with('#') || line == "---") {
        "it has only comments"
    } else if text.contains(crate::frontend::native::API_VERSION) {
        "the document is inside a text of another one"
    } else {
        "it has no `apiVersion` of fleetcron"
    };
    none.to_owned()
}

/// The revision of a title such as `HEAD (1a2b3c4)` or `1a2b3c4 where it left main`.
fn revision(title: &str) -> &str {
    title.split([' ', ',']).next().unwrap_or(title)
}

/// The folders that are repositories of their own.
fn nested(notes: &[Note]) -> impl Iterator<Item = &str> {
    notes.iter().filter_map(|note| match note {
        Note::NestedRepository(folder) => Some(folder.as_str()),
        Note::NoGit
        | Note::UnusableGit(_)
        | Note::IgnoredRoot
        | Note::HiddenFolder { .. }
        | Note::IgnoredReference(_) => None,
    })
}

fn is_below(path: &RepoPath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
