//! Reads the files of a fleet from disk.
//!
//! In two steps: every file that may hold documents, then the files that documents refer to. One bad file never keeps
//! others from being read.

#![expect(clippy::disallowed_methods, reason = "this room reads files")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::Error;
use super::git::Git;
use super::note::Note;
use super::walk::{self, LinkTarget};
use crate::tree::{ProblemKind, ReadProblem, RepoPath, SourceFile, SourceTree};

/// A file longer than this is not read.
pub const SIZE_LIMIT: u64 = 8 << 20;

/// The lock is the tool's own, and grows with tasks times clusters.
const LOCK_LIMIT: u64 = 512 << 20;

/// The record of what runs where; it is read at the root, ignored or not.
pub const LOCK: &str = "fleetcron.lock";

/// What was read, and what is worth a word about it.
#[derive(Clone, Debug, Default)]
pub struct ReadSources {
    /// The files and the problems.
    pub tree: SourceTree,
    /// In order, no note twice.
    pub notes: Vec<Note>,
}

/// A folder with the files of a fleet, in a Git work tree or not.
pub struct Worktree {
    root: PathBuf,
    git: Option<Git>,
    note: Option<Note>,
}

/// [`Worktree::open`] and [`Worktree::read`] in one.
///
/// # Errors
/// As these.
pub fn read_sources(root: &Path, skip: &[PathBuf]) -> Result<ReadSources, Error> {
    Ok(Worktree::open(root)?.read(skip))
}

impl Worktree {
    /// Opens a folder. Without a usable Git repository around it, it is read as a plain folder.
    ///
    /// # Errors
    /// The folder is missing, is none, or may not be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let canonical = folder(root)?;
        let (git, note) = match Git::around(&canonical) {
            Ok(Some(git)) if git.ignores_root() => (None, Some(Note::IgnoredRoot)),
            Ok(Some(git)) if let Some((missing, first)) = git.left_out() => {
                return Err(Error::Sparse { missing, first });
            }
            Ok(Some(git)) => (Some(git), None),
            Ok(None) => (None, Some(Note::NoGit)),
            Err(reason) => (None, Some(Note::UnusableGit(reason))),
        };
        Ok(Self { root: canonical, git, note })
    }

    /// Opens a folder without asking Git, also where there is one: a copy that somebody made of a repository.
    ///
    /// # Errors
    /// As [`Worktree::open`].
    pub fn plain(root: &Path) -> Result<Self, Error> {
        Ok(Self { root: folder(root)?, git: None, note: Some(Note::NoGit) })
    }

    /// The root, with every symbolic link on the way to it resolved.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether Git's index and ignore rules are used.
    pub fn has_git(&self) -> bool {
        self.git.is_some()
    }

    /// The value of a Git attribute of a file (`merge` of the lock, for instance); `None` if it is unset, or without Git.
    pub fn attribute(&self, path: &RepoPath, name: &str) -> Option<String> {
        self.git.as_ref()?.attribute(path, name)
    }

    /// Whether a file that does not exist yet would be read: Git ignores neither it nor a folder above it.
    pub fn would_count(&self, path: &RepoPath) -> bool {
        self.git.as_ref().is_none_or(|git| git.counts(Path::new(path.as_str()), false))
    }

    /// Reads every `.yaml`, `.yml` and `.json` file below the root, the lock and the attributes at the root. Left out
    /// are hidden files, what Git ignores and does not track, repositories within, and the folders `skip`, relative to
    /// the root or absolute; one that is the root itself or above it is not left out.
    pub fn read(&self, skip: &[PathBuf]) -> ReadSources {
        let skip: Vec<PathBuf> = skip.iter().filter_map(|path| self.root.join(path).canonicalize().ok()).collect();
        let found = walk::walk(&self.root, self.git.as_ref(), &skip);
        let walk::WalkedFiles { files: plain, links, mut problems, mut notes } = found;
        let scanned: BTreeSet<&Path> = plain.iter().map(|(_, path)| path.as_path()).collect();
        let mut files = Vec::with_capacity(plain.len() + links.len());
        // A link to a file that is not read itself stands for that file.
        let links = links.iter().map(|(path, target)| (path, target, scanned.contains(target.as_path())));
        for (path, place, link) in plain.iter().map(|(path, place)| (path, place, false)).chain(links) {
            match read_file(place, limit_of(path.as_str())) {
                Ok(bytes) => files.push(SourceFile { path: path.clone(), bytes, link }),
                Err(kind) => problems.push(ReadProblem { path: path.to_string(), kind }),
            }
        }
        notes.extend(self.note.clone());
        notes.sort();
        ReadSources { tree: SourceTree::new(files, problems), notes }
    }

    /// Adds the files that documents refer to: hidden, ignored (with a note) or of any name. What does not exist is not
    /// added, and the one who refers to it says so. The files are numbered anew.
    pub fn read_more(&self, sources: &ReadSources, paths: &[RepoPath]) -> ReadSources {
        let mut files: Vec<SourceFile> = sources.tree.files().map(|(_, file)| file.clone()).collect();
        let mut problems = sources.tree.problems().to_vec();
        let mut notes = sources.notes.clone();
        let wanted: BTreeSet<&RepoPath> = paths.iter().filter(|path| sources.tree.get(path).is_none()).collect();
        for path in wanted {
            match self.read_reference(path) {
                Ok(Some(file)) => {
                    if self.git.as_ref().is_some_and(|git| !git.counts(Path::new(path.as_str()), false)) {
                        notes.push(Note::IgnoredReference(path.to_string()));
                    }
                    files.push(file);
                }
                Ok(None) => {}
                Err(kind) => problems.push(ReadProblem { path: path.to_string(), kind }),
            }
        }
        problems.sort();
        problems.dedup();
        notes.sort();
        notes.dedup();
        ReadSources { tree: SourceTree::new(files, problems), notes }
    }

    /// A file that is referred to; `None` if there is none.
    fn read_reference(&self, path: &RepoPath) -> Result<Option<SourceFile>, ProblemKind> {
        let place = self.root.join(path.as_str());
        if walk::in_git_folder(&self.root, &place) {
            return Err(walk::in_git());
        }
        match place.symlink_metadata() {
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(ProblemKind::Unreadable(error.to_string())),
            Ok(_) => {}
        }
        match walk::follow(&self.root, &place) {
            LinkTarget::File(target) => Ok(Some(SourceFile {
                path: path.clone(),
                bytes: read_file(&target, SIZE_LIMIT)?,
                link: target != place,
            })),
            LinkTarget::Folder(_) => Err(ProblemKind::Unreadable("it is a folder".to_owned())),
            LinkTarget::Bad(kind) => Err(kind),
        }
    }
}

/// A folder that can be read, with every symbolic link on the way to it resolved.
fn folder(root: &Path) -> Result<PathBuf, Error> {
    let canonical = root.canonicalize().map_err(Error::read(root))?;
    if !canonical.is_dir() {
        return Err(Error::NotAFolder(root.to_owned()));
    }
    canonical.read_dir().map_err(Error::read(root))?;
    Ok(canonical)
}

/// How long the file at a path may be.
pub(super) fn limit_of(path: &str) -> u64 {
    if path == LOCK { LOCK_LIMIT } else { SIZE_LIMIT }
}

/// What keeps the bytes of a file from being what its author wrote: a pointer of Git LFS, or the ciphertext of git-crypt
/// (its header: `commands.cpp`, `clean`).
pub(super) fn stand_in(bytes: &[u8]) -> Option<ProblemKind> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n") {
        Some(ProblemKind::LargeFilePointer)
    } else if bytes.starts_with(b"\0GITCRYPT\0") {
        Some(ProblemKind::Encrypted)
    } else {
        None
    }
}

/// Nothing stands there, or a part of the way to it is not a folder.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename)
}

/// The bytes of a plain file, unless there are too many.
fn read_file(path: &Path, limit: u64) -> Result<Arc<[u8]>, ProblemKind> {
    let read = || -> io::Result<Result<Vec<u8>, u64>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        if length > limit {
            return Ok(Err(length));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
        // The file may grow while it is read.
        (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
        let length = bytes.len() as u64;
        Ok(if length > limit { Err(length) } else { Ok(bytes) })
    };
    match read() {
        Ok(Ok(bytes)) => stand_in(&bytes).map_or_else(|| Ok(bytes.into()), Err),
        Ok(Err(length)) => Err(ProblemKind::TooLarge(length)),
        Err(error) => Err(ProblemKind::Unreadable(error.to_string())),
    }
}
