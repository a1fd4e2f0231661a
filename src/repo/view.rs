//! The state that is read: a folder, the index, or a revision, behind one interface.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::objects::GitFiles;
use super::worktree::{ReadSources, Worktree};
use crate::tree::RepoPath;

/// Where the files of a fleet are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// As they lie on disk.
    Folder,
    /// As they are staged; in another index file than the repository's own, if one is named.
    Index(Option<PathBuf>),
    /// As a revision has them: whatever `git rev-parse` takes, `REV:folder` too.
    Revision(String),
}

/// A view, opened.
pub enum Opened {
    /// A folder.
    Folder(Worktree),
    /// An index or a revision.
    Objects(GitFiles),
}

impl View {
    /// Opens it, for the fleet at `root`.
    ///
    /// # Errors
    /// As [`Worktree::open`], [`GitFiles::staged`] and [`GitFiles::at`].
    pub fn open(&self, root: &Path) -> Result<Opened, Error> {
        Ok(match self {
            Self::Folder => Opened::Folder(Worktree::open(root)?),
            Self::Index(file) => Opened::Objects(GitFiles::staged(root, file.as_deref())?),
            Self::Revision(revision) => Opened::Objects(GitFiles::at(root, revision)?),
        })
    }
}

impl Opened {
    /// What a reader knows it as.
    pub fn title(&self) -> &str {
        match self {
            Self::Folder(_) => "the working tree",
            Self::Objects(objects) => objects.title(),
        }
    }

    /// Reads what may hold documents. Left out is the output directory, which is relative to the root, and, on disk, the
    /// folders `skip`.
    pub fn read(&self, output: &str, skip: &[PathBuf]) -> ReadSources {
        match self {
            Self::Folder(worktree) => {
                let skip: Vec<PathBuf> = skip.iter().cloned().chain([worktree.root().join(output)]).collect();
                worktree.read(&skip)
            }
            Self::Objects(objects) => objects.read(&RepoPath::new(output).into_iter().collect::<Vec<_>>()),
        }
    }

    /// Adds the files that documents refer to.
    pub fn read_more(&self, sources: &ReadSources, paths: &[RepoPath]) -> ReadSources {
        match self {
            Self::Folder(worktree) => worktree.read_more(sources, paths),
            Self::Objects(objects) => objects.read_more(sources, paths),
        }
    }
}
