//! What Git says about files of the work tree: tracked, ignored, their attributes. It reads no file of the fleet.
//!
//! The one idea: tracked files count even where a rule ignores them, so the index is asked first, and the rules,
//! which cost a look at every `.gitignore` on the way, only for the rest.

use std::path::{Path, PathBuf};

use git2::{AttrCheckFlags, ErrorCode, Index, Repository, RepositoryOpenFlags};

use crate::tree::RepoPath;

/// A Git work tree around a folder.
pub(super) struct Git {
    repository: Repository,
    index: Index,
    workdir: PathBuf,
    /// What leads from the work tree's root to the fleet root.
    prefix: PathBuf,
}

/// The repository that `folder` lies in, bare or not; `None` if there is none. The environment is not asked.
///
/// # Errors
/// In words, why the repository that is there cannot be used.
pub(super) fn open(folder: &Path) -> Result<Option<Repository>, String> {
    let nowhere: [&Path; 0] = [];
    match Repository::open_ext(folder, RepositoryOpenFlags::empty(), nowhere) {
        Ok(repository) => Ok(Some(repository)),
        Err(error) if error.code() == ErrorCode::NotFound => {
            // A `.git` that libgit2 passes over is worth a word.
            let broken = folder.ancestors().map(|above| above.join(".git")).find(|git| git.exists());
            broken.map_or(Ok(None), |_| Err("`.git` is not a repository".to_owned()))
        }
        Err(error) if error.code() == ErrorCode::Owner => Err(format!(
            "it belongs to another user; `git config --global --add safe.directory {}` would trust it",
            folder.display()
        )),
        Err(error) => Err(error.message().to_owned()),
    }
}

impl Git {
    /// The work tree that `folder` lies in; `None` if there is none. The environment is not asked.
    ///
    /// # Errors
    /// In words, why the repository that is there cannot be used.
    pub(super) fn around(folder: &Path) -> Result<Option<Self>, String> {
        let Some(repository) = open(folder)? else { return Ok(None) };
        let Some(workdir) = repository.workdir().and_then(|workdir| workdir.canonicalize().ok()) else {
            return Ok(None);
        };
        let Ok(below) = folder.strip_prefix(&workdir) else { return Ok(None) };
        let prefix = below.to_owned();
        let index = repository.index().map_err(|error| error.message().to_owned())?;
        Ok(Some(Self { repository, index, workdir, prefix }))
    }

    /// The root of the work tree.
    pub(super) fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// Whether the fleet root itself is ignored, and nothing in it tracked.
    pub(super) fn ignores_root(&self) -> bool {
        !self.prefix.as_os_str().is_empty() && !self.counts(Path::new(""), true)
    }

    /// Whether a file or folder, relative to the fleet root, counts: it is tracked, holds something tracked, or is not
    /// ignored.
    pub(super) fn counts(&self, path: &Path, folder: bool) -> bool {
        let mut full = self.prefix.join(path);
        let tracked = if folder {
            // Both Git and its index tell a folder by the `/` at its end.
            full.push("");
            self.index.find_prefix(full.as_path()).is_ok()
        } else {
            self.index.get_path(&full, 0).is_some()
        };
        // A path that the rules cannot be asked about is not ignored.
        tracked || !self.repository.is_path_ignored(&full).unwrap_or(false)
    }

    /// The value of an attribute as `.gitattributes` files give it.
    pub(super) fn attribute(&self, path: &RepoPath, name: &str) -> Option<String> {
        let full = self.prefix.join(path.as_str());
        let value = self.repository.get_attr(&full, name, AttrCheckFlags::FILE_THEN_INDEX);
        value.ok().flatten().map(str::to_owned)
    }
}
