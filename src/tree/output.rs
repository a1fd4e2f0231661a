//! The output: an ordered map from path to bytes that equal documents share.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use super::RepoPath;
use super::existing::{Contents, Existing, ExistingKind};

/// The files below the output directory, in path order; the first part of each path is the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputTree {
    files: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl OutputTree {
    /// A tree of many files at once, which costs less than to add them one by one; of two at one path the last stays.
    pub fn of(files: Vec<(RepoPath, Arc<[u8]>)>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// Adds a file; returns what stood at that path before.
    pub fn insert(&mut self, path: RepoPath, bytes: Arc<[u8]>) -> Option<Arc<[u8]>> {
        self.files.insert(path, bytes)
    }

    /// The files in path order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&RepoPath, &Arc<[u8]>)> {
        self.files.iter()
    }

    /// The bytes at a path.
    pub fn get(&self, path: &RepoPath) -> Option<&Arc<[u8]>> {
        self.files.get(path)
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Keeps the directories of some clusters only.
    pub fn retain_clusters(&mut self, keep: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| keep(path.first()));
    }

    /// The tree as if it stood somewhere already.
    pub fn standing(&self) -> Existing {
        let mut existing = Existing::default();
        self.files.keys().for_each(|path| existing.push(path.clone(), ExistingKind::File));
        existing
    }

    /// Lends the bytes of what [`OutputTree::standing`] lists.
    pub fn contents(&self) -> Lent<'_> {
        Lent(self)
    }
}

/// The bytes of an output that was never written.
pub struct Lent<'a>(&'a OutputTree);

impl Contents for Lent<'_> {
    type Error = Infallible;

    fn read(&mut self, path: &RepoPath, limit: usize) -> Result<&[u8], Infallible> {
        let bytes = self.0.get(path).map_or(&[][..], |bytes| &bytes[..]);
        Ok(&bytes[..bytes.len().min(limit)])
    }
}
