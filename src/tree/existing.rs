//! What exists in the output: an ordered list of paths and kinds. Bytes are read on demand through [`Contents`].

use std::sync::Arc;

use super::RepoPath;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, whatever it leads to.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// What stands in the output, or in some of its cluster directories.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    entries: Vec<(RepoPath, ExistingKind)>,
    empty: Vec<RepoPath>,
    leftovers: Vec<RepoPath>,
    unnamed: Vec<String>,
}

/// Lends the bytes of what stands in the output.
pub trait Contents {
    /// Why they could not be lent.
    type Error;

    /// The first bytes of the plain file at `path`: all of them, if they are not more than `limit`.
    ///
    /// # Errors
    /// Whatever keeps the file from being read.
    fn read(&mut self, path: &RepoPath, limit: usize) -> Result<&[u8], Self::Error>;

    /// Whether the file at `path` holds just these bytes, if that can be told without opening it.
    fn same(&mut self, _path: &RepoPath, _bytes: &Arc<[u8]>) -> Option<bool> {
        None
    }
}

impl Existing {
    /// Adds what stands at a path. The order does not matter: [`Existing::sorted`] comes last.
    pub fn push(&mut self, path: RepoPath, kind: ExistingKind) {
        self.entries.push((path, kind));
    }

    /// Says of a folder that it holds nothing at all.
    pub fn push_empty(&mut self, path: RepoPath) {
        self.empty.push(path);
    }

    /// Adds a temporary file or folder that a killed run of ours left.
    pub fn push_leftover(&mut self, path: RepoPath) {
        self.leftovers.push(path);
    }

    /// Adds something whose name cannot be a [`RepoPath`]; it can never be ours.
    pub fn push_unnamed(&mut self, path: String) {
        self.unnamed.push(path);
    }

    /// Puts everything in path order.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.empty.sort_unstable();
        self.leftovers.sort_unstable();
        self.unnamed.sort_unstable();
        self
    }

    /// Everything that has a path and is not a leftover, in path order.
    pub fn entries(&self) -> &[(RepoPath, ExistingKind)] {
        &self.entries
    }

    /// The plain files, in path order.
    pub fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.entries.iter().filter(|(_, kind)| *kind == ExistingKind::File).map(|(path, _)| path)
    }

    /// What stands at a path.
    pub fn get(&self, path: &str) -> Option<ExistingKind> {
        let at = self.entries.binary_search_by(|(entry, _)| entry.as_str().cmp(path)).ok()?;
        Some(self.entries[at].1)
    }

    /// The folders that hold nothing.
    pub fn empty_folders(&self) -> &[RepoPath] {
        &self.empty
    }

    /// What killed runs left.
    pub fn leftovers(&self) -> &[RepoPath] {
        &self.leftovers
    }

    /// What has a name that cannot be a path of ours.
    pub fn unnamed(&self) -> &[String] {
        &self.unnamed
    }
}
