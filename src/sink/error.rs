//! Errors of writing.

use std::io;
use std::path::{Path, PathBuf};

use crate::tree::ConflictKind;

/// The output could not be written, or must not be.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refused a file or folder.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that is not ours stands in the way; nothing was written.
    #[error("`{}` is in the way: it is {kind}; move it away and run this again", path.display())]
    Conflict {
        /// Where.
        path: PathBuf,
        /// What.
        kind: ConflictKind,
    },
    /// Another process writes to the same directory; nothing was written.
    #[error("another fleetcron is writing to `{}`", .0.display())]
    Busy(PathBuf),
    /// The commit could not be made, or the branch not be moved.
    #[error("cannot commit to the branch `{branch}`: {why}")]
    Commit {
        /// Its name.
        branch: String,
        /// What Git says.
        why: String,
    },
    /// What was written could not be put into the index of Git.
    #[error("cannot stage what was written: {0}")]
    Stage(String),
}

impl WriteError {
    /// The system refused `path`.
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}
