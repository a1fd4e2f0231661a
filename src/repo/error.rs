//! Why nothing could be read at all. What is wrong with a single file is never one of these: it is a
//! [`Problem`](crate::tree::Problem) in the tree, so that all of them are reported at once.
//!
//! The one idea: the message names the path, the cause says what the system said.

use std::io;
use std::path::{Path, PathBuf};

/// The machine would not let us read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused a file or folder.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder was asked for.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The output directory of a repository must lie in it.
    #[error("the output directory `{}` leads out of the fleet root through a symbolic link", .0.display())]
    OutputOutside(PathBuf),
}

impl Error {
    /// The system refused `path`.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}
