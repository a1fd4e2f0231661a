//! Reads existing output from Git. A blob whose id equals that of the wanted bytes is never opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository};

use super::error::Error;
use crate::tree::{Contents, RepoPath};

/// Lends the bytes of what [`GitFiles::existing`](super::GitFiles::existing) listed.
pub struct Blobs<'r> {
    repository: &'r Repository,
    ids: BTreeMap<RepoPath, Oid>,
    /// The names of the bytes that were asked for, by where they lie in memory; whoever asks keeps them there.
    names: BTreeMap<usize, (Arc<[u8]>, Oid)>,
    held: Vec<u8>,
    /// How many blobs were opened.
    opened: usize,
}

impl<'r> Blobs<'r> {
    pub(super) fn new(repository: &'r Repository) -> Self {
        Self { repository, ids: BTreeMap::new(), names: BTreeMap::new(), held: Vec::new(), opened: 0 }
    }

    pub(super) fn push(&mut self, path: RepoPath, id: Oid) {
        self.ids.insert(path, id);
    }

    /// How many blobs were opened so far.
    pub fn opened(&self) -> usize {
        self.opened
    }

    fn name(&mut self, bytes: &Arc<[u8]>) -> Option<Oid> {
        let at = bytes.as_ptr() as usize;
        if let Some((_, id)) = self.names.get(&at) {
            return Some(*id);
        }
        let id = Oid::hash_object(ObjectType::Blob, bytes).ok()?;
        self.names.insert(at, (Arc::clone(bytes), id));
        Some(id)
    }
}

impl Contents for Blobs<'_> {
    type Error = Error;

    fn read(&mut self, path: &RepoPath, limit: usize) -> Result<&[u8], Error> {
        self.held.clear();
        if let Some(id) = self.ids.get(path) {
            let blob = self.repository.find_blob(*id);
            let blob = blob.map_err(|why| Error::Blob { path: path.to_string(), why: why.message().to_owned() })?;
            let content = blob.content();
            self.held.extend_from_slice(&content[..content.len().min(limit)]);
            self.opened += 1;
        }
        Ok(&self.held)
    }

    fn same(&mut self, path: &RepoPath, bytes: &Arc<[u8]>) -> Option<bool> {
        let standing = *self.ids.get(path)?;
        Some(self.name(bytes)? == standing)
    }
}
