//! Output that Git ignores: `git add` leaves it out, so nobody else would have it.

use std::collections::BTreeMap;

use super::session::Session;
use crate::compile::Compilation;
use crate::repo::{self, View};
use crate::{lock, tree::RepoPath};

/// So many folders of the output are asked about.
const FOLDERS: usize = 2000;

/// What to say where Git ignores the lock or a file of the output that is to be committed.
pub(super) fn remark(session: &Session, compilation: &Compilation) -> Option<String> {
    if session.view != View::Folder || session.elsewhere() {
        return None;
    }
    let dir = &compilation.model.fleet.output.dir;
    let mut folders: BTreeMap<&str, &RepoPath> = BTreeMap::new();
    if compilation.model.fleet.output.committed {
        for (path, _) in compilation.output.files() {
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            folders.entry(folder).or_insert(path);
        }
    }
    let files = folders.into_values().take(FOLDERS).map(|path| format!("{dir}/{path}"));
    let lock = (!compilation.lock.tasks.is_empty()).then(|| lock::PATH.to_owned());
    let first = repo::first_ignored(&session.root, lock.into_iter().chain(files))?;
    let folder = if first == lock::PATH { lock::PATH } else { dir };
    Some(format!("note: Git ignores `{first}`: {}", way_out(&first, folder)))
}

/// How to see the rule, and how to stage the files all the same.
pub(super) fn way_out(path: &str, folder: &str) -> String {
    format!("`git check-ignore -v {path}` names the rule; remove it, or stage by `git add -f {folder}`")
}
