//! Notes about reading. A note is never an error and changes no exit code.

use std::fmt;

/// Something worth a line on standard error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// There is no Git work tree: every file counts, nothing is ignored.
    NoGit,
    /// There is a Git repository that cannot be used, and why: every file counts, nothing is ignored.
    UnusableGit(String),
    /// The Git work tree around the fleet root ignores the whole root: its rules are not used.
    IgnoredRoot,
    /// A repository within the repository, a submodule for instance: its files do not count.
    NestedRepository(String),
    /// A symbolic link to a folder below the root that is hidden: its files are read neither there nor here.
    HiddenFolder {
        /// The link.
        link: String,
        /// The folder.
        folder: String,
    },
    /// A file that is ignored by Git but that another file refers to: another checkout may not have it.
    IgnoredReference(String),
}

impl Note {
    /// Whether it may change what is built: then it is said to whoever did not ask too.
    pub fn is_grave(&self) -> bool {
        matches!(self, Self::UnusableGit(_) | Self::HiddenFolder { .. })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGit => f.write_str("not in a Git work tree: every file below the root is read, nothing is ignored"),
            Self::UnusableGit(reason) => {
                write!(f, "the Git repository cannot be used, so nothing is ignored: {reason}")
            }
            Self::IgnoredRoot => f.write_str("Git ignores the whole fleet root: its ignore rules are not used"),
            Self::NestedRepository(path) => write!(f, "`{path}` is a Git repository of its own and is not read"),
            Self::HiddenFolder { link, folder } => {
                write!(f, "`{link}` is a symbolic link to `{folder}`, which is hidden: no file in it is read")
            }
            Self::IgnoredReference(path) => {
                write!(f, "`{path}` is referred to but ignored by Git: another checkout may not have it")
            }
        }
    }
}
