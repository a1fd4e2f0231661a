//! Where a fleet begins. It does not look at what the manifest of the fleet says.
//!
//! The one idea: the same command does the same thing in every folder below the root.

use std::path::{Path, PathBuf};

use super::Error;
use super::git::Git;

/// The file that marks the root of a fleet.
pub const MANIFEST: &str = "fleetcron.yaml";

/// The root: what was asked for, else the nearest folder upwards from `start` with a [`MANIFEST`], else the root of
/// the Git work tree, else `start`. A relative `explicit` is meant from `start`, which is an absolute path.
///
/// # Errors
/// [`Error::NotAFolder`] if what was asked for is none.
pub fn find_root(start: &Path, explicit: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(asked) = explicit {
        let root = start.join(asked);
        return if root.is_dir() { Ok(root) } else { Err(Error::NotAFolder(root)) };
    }
    if let Some(root) = start.ancestors().find(|folder| folder.join(MANIFEST).is_file()) {
        return Ok(root.to_owned());
    }
    // A repository that cannot be used has no root; `Worktree::open` will say why.
    let git = Git::around(start).ok().flatten();
    Ok(git.map_or_else(|| start.to_owned(), |git| git.workdir().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_asked_one_or_the_nearest_manifest_or_git_or_here() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().canonicalize().unwrap();
        let deep = top.join("a/b/c");
        std::fs::DirBuilder::new().recursive(true).create(&deep).unwrap();
        assert_eq!(find_root(&deep, None).unwrap(), deep);
        git2::Repository::init(&top).unwrap();
        assert_eq!(find_root(&deep, None).unwrap(), top);
        std::fs::OpenOptions::new().create(true).append(true).open(top.join("a/b/fleetcron.yaml")).unwrap();
        assert_eq!(find_root(&deep, None).unwrap(), top.join("a/b"));
        assert_eq!(find_root(&top.join("a"), Some(Path::new("b/c"))).unwrap(), deep);
        assert!(matches!(find_root(&top, Some(Path::new("gone"))), Err(Error::NotAFolder(_))));
        assert!(matches!(find_root(&top, Some(Path::new("a/b/fleetcron.yaml"))), Err(Error::NotAFolder(_))));
    }
}
