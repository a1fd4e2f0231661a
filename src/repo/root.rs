//! Finds the fleet root.

use std::path::{Component, Path, PathBuf};

use super::Error;
use super::git::Git;
use crate::tree::MANIFEST;

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

/// The folder in which Argo CD's plugin server makes its copies, each in a folder of its own.
const COPIES: &str = "_cmp_server";

/// The top of the copy of a repository that Argo CD made for its plugin, `start` being in it; `None` if there is no sign
/// of one. The path of the application below the top is `application`, as far as Argo CD sent what is above it.
pub fn top_of_copy(start: &Path, application: Option<&str>) -> Option<PathBuf> {
    // The repository may hold a folder of that name too, further down.
    let of_server = start.ancestors().filter(|above| above.parent().and_then(Path::file_name) == Some(COPIES.as_ref()));
    let by_path = || {
        let below = Path::new(application?);
        let names = below.components().filter(|part| *part != Component::CurDir);
        let plain = names.clone().all(|part| matches!(part, Component::Normal(_)));
        let below: PathBuf = names.collect();
        let top = start.ancestors().nth(below.components().count())?;
        (plain && start.ends_with(&below)).then(|| top.to_owned())
    };
    of_server.last().map(Path::to_owned).or_else(by_path)
}

/// As [`find_root`], but nothing above `top` is looked at: without a [`MANIFEST`] the root is `top`.
pub fn find_root_within(start: &Path, top: &Path) -> PathBuf {
    let inside = start.ancestors().take_while(|folder| folder.starts_with(top));
    inside.into_iter().find(|folder| folder.join(MANIFEST).is_file()).unwrap_or(top).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_ends_at_its_top() {
        let copy = Path::new("/tmp/_cmp_server/1b4e");
        let top = |start: &str, application| top_of_copy(Path::new(start), application);
        assert_eq!(top("/tmp/_cmp_server/1b4e", None).as_deref(), Some(copy));
        assert_eq!(top("/tmp/_cmp_server/1b4e/a/b", Some("x/a/b")).as_deref(), Some(copy));
        assert_eq!(top("/tmp/_cmp_server/1b4e/_cmp_server/a", None).as_deref(), Some(copy));
        assert_eq!(top("/srv/repo/a/b", Some("./a/b/")).as_deref(), Some(Path::new("/srv/repo")));
        assert_eq!(top("/srv/repo", Some(".")).as_deref(), Some(Path::new("/srv/repo")));
        assert_eq!(top("/srv/repo/a", Some("b")), None);
        assert_eq!(top("/srv/repo/a", Some("../a")), None);
        assert_eq!(top("/srv/repo/a", None), None);
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().join("top");
        std::fs::DirBuilder::new().recursive(true).create(top.join("a/b")).unwrap();
        let manifest = |path: &Path| std::fs::OpenOptions::new().create(true).append(true).open(path.join(MANIFEST));
        manifest(temporary.path()).unwrap();
        assert_eq!(find_root_within(&top.join("a/b"), &top), top);
        manifest(&top.join("a")).unwrap();
        assert_eq!(find_root_within(&top.join("a/b"), &top), top.join("a"));
    }

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
