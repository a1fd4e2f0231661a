//! Adds written paths to Git's index, all of them or none.

use std::path::{Path, PathBuf};

use git2::{Index, Repository, RepositoryOpenFlags};

use super::WriteError;

/// Stages `added`, which stand on disk, and the removal of `removed`; both relative to `root`, a folder of a work tree.
/// `file` is another index than the repository's own, if Git named one.
///
/// # Errors
/// There is no work tree, its index is locked or cannot be written, or a path is not on disk.
pub fn stage(root: &Path, file: Option<&Path>, added: &[PathBuf], removed: &[PathBuf]) -> Result<(), WriteError> {
    let wrong = |why: git2::Error| WriteError::Stage(why.message().to_owned());
    let nowhere: [&Path; 0] = [];
    let canonical = root.canonicalize().map_err(WriteError::write(root))?;
    let repository = Repository::open_ext(&canonical, RepositoryOpenFlags::empty(), nowhere).map_err(wrong)?;
    let top = repository.workdir().and_then(|workdir| workdir.canonicalize().ok());
    let prefix = top.and_then(|top| canonical.strip_prefix(&top).ok().map(Path::to_path_buf));
    let prefix = prefix.ok_or_else(|| WriteError::Stage("there is no work tree".to_owned()))?;
    let mut index = match file {
        None => repository.index().map_err(wrong)?,
        Some(file) => {
            let mut index = Index::open(file).map_err(wrong)?;
            // Otherwise it knows no work tree.
            repository.set_index(&mut index).map_err(wrong)?;
            index
        }
    };
    for path in removed {
        index.remove_path(&prefix.join(path)).map_err(wrong)?;
    }
    for path in added {
        index.add_path(&prefix.join(path)).map_err(wrong)?;
    }
    index.write().map_err(wrong)
}
