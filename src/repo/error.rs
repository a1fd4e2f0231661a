//! Errors that stop reading altogether. Problems of a single file are a [`Problem`](crate::tree::Problem) in the tree
//! instead.

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
    /// No fleet is around a folder.
    #[error(
        "no fleet was found: there is no fleetcron.yaml in `{}` or above it, and it is in no Git repository; \
             run `fleetcron init` to create a fleet there, or name one by `--root DIR`",
        .0.display()
    )]
    NoFleet(PathBuf),
    /// A plain file was asked for.
    #[error("`{}` is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// The output directory of a repository must lie in it.
    #[error("the output directory `{}` leads out of the fleet root through a symbolic link", .0.display())]
    OutputOutside(PathBuf),
    /// Nothing of the output may be written there.
    #[error("`{}` cannot be the output folder: {why}", dir.display())]
    Output {
        /// As it was named.
        dir: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// Something of Git was asked for, and there is no repository.
    #[error("`{}` is in no Git repository", .0.display())]
    NoGit(PathBuf),
    /// There is a repository that cannot be used.
    #[error("the Git repository of `{}` cannot be used: {why}", folder.display())]
    Git {
        /// The folder in it.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// A revision that the repository does not have.
    #[error("there is no revision `{revision}`: {why}{}", Self::hint(*shallow))]
    Revision {
        /// As it was asked for.
        revision: String,
        /// What Git says.
        why: String,
        /// The clone is shallow, so the revision may only not be here.
        shallow: bool,
    },
    /// A revision that has no such folder.
    #[error("`{revision}` has no folder `{}`", folder.display())]
    NoFolder {
        /// As it was asked for.
        revision: String,
        /// What leads from the top of the repository to the fleet root.
        folder: PathBuf,
    },
    /// A branch that cannot be written to.
    #[error("cannot commit to the branch `{branch}`: {why}")]
    Branch {
        /// Its name.
        branch: String,
        /// Why.
        why: String,
    },
    /// Files of the fleet that are tracked are not on disk, and nobody removed them.
    #[error(
        "this is a sparse checkout: {missing} files of the fleet are not on disk, `{first}` the first of them; \
             `git sparse-checkout add` their folders, or read them from Git with `--staged` or `--at HEAD`"
    )]
    Sparse {
        /// How many.
        missing: usize,
        /// The first, from the top of the repository.
        first: String,
    },
    /// The index cannot be read.
    #[error("the index of Git cannot be read: {0}")]
    Index(String),
    /// A merge is not done.
    #[error("the index of Git has unmerged paths, `{}` the first of {}: resolve them and `git add` them", .0[0], .0.len())]
    Unmerged(Vec<String>),
    /// A file or folder of the output that Git cannot give.
    #[error("cannot read `{path}` from Git: {why}; in a partial clone, fetch what is missing first")]
    Blob {
        /// Below the output directory.
        path: String,
        /// What Git says.
        why: String,
    },
}

impl Error {
    fn hint(shallow: bool) -> &'static str {
        if shallow {
            "; this clone is shallow: fetch that revision first, or all with `git fetch --unshallow`"
        } else {
            "; if it is a branch of a remote, fetch it first"
        }
    }

    /// The system refused `path`.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}
