//! Walks the files below the root. Folders that do not count are never entered.

#![expect(clippy::disallowed_methods, reason = "this room reads files")]

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::git::Git;
use super::note::Note;
use super::worktree::LOCK;
use crate::tree::{GIT_ATTRIBUTES, ProblemKind, ReadProblem, RepoPath, may_hold_documents};

/// What a walk found.
#[derive(Default)]
pub(super) struct WalkedFiles {
    /// Plain files, with their path on this machine.
    pub(super) files: Vec<(RepoPath, PathBuf)>,
    /// Symbolic links to plain files below the root, with the file that they lead to in the end.
    pub(super) links: Vec<(RepoPath, PathBuf)>,
    pub(super) problems: Vec<ReadProblem>,
    pub(super) notes: Vec<Note>,
}

/// Where a symbolic link leads.
pub(super) enum LinkTarget {
    /// To a plain file below the root.
    File(PathBuf),
    /// To a folder below the root.
    Folder(PathBuf),
    /// Nowhere good.
    Bad(ProblemKind),
}

/// Looks at everything below `root`, which is canonical, but for the folders `skip`, canonical too.
pub(super) fn walk(root: &Path, git: Option<&Git>, skip: &[PathBuf]) -> WalkedFiles {
    let mut found = WalkedFiles::default();
    let mut entries = WalkDir::new(root).min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root);
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                found.problems.push(ReadProblem { path: relative(root, path), kind: ProblemKind::Unreadable(reason) });
                continue;
            }
        };
        if entry.file_type().is_dir() {
            if !enters(root, git, skip, &entry, &mut found.notes) {
                entries.skip_current_dir();
            }
        } else {
            look(root, git, &entry, &mut found);
        }
    }
    found
}

/// Whether a folder is entered.
fn enters(root: &Path, git: Option<&Git>, skip: &[PathBuf], entry: &DirEntry, notes: &mut Vec<Note>) -> bool {
    if is_hidden(entry.file_name()) || skip.iter().any(|skipped| skipped == entry.path()) {
        return false;
    }
    if git.is_some_and(|git| !git.counts(below(root, entry.path()), true)) {
        return false;
    }
    if is_repository(entry.path()) {
        notes.push(Note::NestedRepository(relative(root, entry.path())));
        return false;
    }
    true
}

/// Whether a folder is the top of a Git repository of its own: `is_git_directory` and `read_gitfile` in Git's `setup.c`.
/// Git reads a folder with any other `.git` as part of the repository around it, and so do we.
fn is_repository(folder: &Path) -> bool {
    let git = folder.join(".git");
    let own = match std::fs::read_to_string(&git) {
        Ok(text) => match text.strip_prefix("gitdir: ") {
            Some(said) => folder.join(said.trim_end_matches(['\n', '\r'])),
            None => return false,
        },
        Err(_) => git,
    };
    let common = std::fs::read_to_string(own.join("commondir")).map(|said| own.join(said.trim_end()));
    let common = common.unwrap_or_else(|_| own.clone());
    let head = std::fs::read_to_string(own.join("HEAD")).unwrap_or_default();
    let names = head.starts_with("ref:") || head.len() >= 40 && head.trim_end().bytes().all(|b| b.is_ascii_hexdigit());
    names && common.join("objects").is_dir() && common.join("refs").is_dir()
}

/// Looks at a file, a link, or something stranger.
fn look(root: &Path, git: Option<&Git>, entry: &DirEntry, found: &mut WalkedFiles) {
    let at_root = entry.depth() == 1;
    let named = at_root && (entry.file_name() == LOCK || entry.file_name() == GIT_ATTRIBUTES);
    let wanted = named || (!is_hidden(entry.file_name()) && may_hold_documents(&entry.file_name().to_string_lossy()));
    let link = entry.file_type().is_symlink();
    // A link with any name may lead to a folder.
    if !wanted && (!link || is_hidden(entry.file_name())) {
        return;
    }
    if !named && git.is_some_and(|git| !git.counts(below(root, entry.path()), false)) {
        return;
    }
    let path = relative(root, entry.path());
    let target = if link {
        match follow(root, entry.path()) {
            // What is in the folder is read there, unless it is hidden.
            LinkTarget::Folder(target) => {
                if below(root, &target).components().any(|part| is_hidden(part.as_os_str())) {
                    found.notes.push(Note::HiddenFolder { link: path, folder: relative(root, &target) });
                }
                return;
            }
            LinkTarget::File(_) if !wanted => return,
            LinkTarget::Bad(kind) => {
                if wanted || entry.path().is_dir() {
                    found.problems.push(ReadProblem { path, kind });
                }
                return;
            }
            LinkTarget::File(target) => Some(target),
        }
    } else if entry.file_type().is_file() {
        None
    } else {
        found.problems.push(ReadProblem { path, kind: special() });
        return;
    };
    let Some(clean) = below(root, entry.path()).to_str().and_then(|name| RepoPath::new(&with_slashes(name)).ok())
    else {
        found.problems.push(ReadProblem { path, kind: ProblemKind::Name });
        return;
    };
    match target {
        Some(target) => found.links.push((clean, target)),
        None => found.files.push((clean, entry.path().to_owned())),
    }
}

/// Where a path leads in the end, if a symbolic link stands at its end or on the way. Nothing outside of the root is
/// opened, only looked up.
pub(super) fn follow(root: &Path, path: &Path) -> LinkTarget {
    let written = || {
        let link = path.ancestors().take_while(|above| *above != root).find_map(|above| above.read_link().ok());
        link.unwrap_or_default().to_string_lossy().into_owned()
    };
    let target = match path.canonicalize() {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return LinkTarget::Bad(ProblemKind::Unreadable(error.to_string()));
        }
        Err(_) => return LinkTarget::Bad(ProblemKind::LinkBroken(written())),
    };
    if !target.starts_with(root) {
        return LinkTarget::Bad(ProblemKind::LinkOutside(written()));
    }
    match target.symlink_metadata() {
        Ok(meta) if meta.is_dir() => LinkTarget::Folder(target),
        Ok(_) if in_git_folder(root, &target) => LinkTarget::Bad(in_git()),
        Ok(meta) if meta.is_file() => LinkTarget::File(target),
        Ok(_) => LinkTarget::Bad(special()),
        Err(error) => LinkTarget::Bad(ProblemKind::Unreadable(error.to_string())),
    }
}

/// Whether a path goes through Git's own folder, which may hold credentials.
pub(super) fn in_git_folder(root: &Path, path: &Path) -> bool {
    below(root, path).components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"))
}

/// The refusal of such a path.
pub(super) fn in_git() -> ProblemKind {
    ProblemKind::Unreadable("it lies in Git's own folder".to_owned())
}

/// The refusal of what may never end when it is read.
pub(super) fn special() -> ProblemKind {
    ProblemKind::Unreadable("it is a pipe, a socket or a device".to_owned())
}

/// A path as `/`-separated text relative to the root, for messages.
fn relative(root: &Path, path: &Path) -> String {
    with_slashes(&below(root, path).to_string_lossy())
}

fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

fn with_slashes(path: &str) -> String {
    if std::path::MAIN_SEPARATOR == '/' { path.to_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
