//! Finds the fleet root.

#![expect(clippy::disallowed_methods, reason = "this module reads the disk")]

use std::path::{Component, Path, PathBuf};

use super::Error;
use super::git::{self, Git};
use crate::tree::MANIFEST;

/// The root: what was asked for, else the nearest folder upwards from `start` with a [`MANIFEST`], else the root of
/// the Git work tree, else `start` if documents of ours stand in it. A relative `explicit` is meant from `start`, which is
/// an absolute path.
///
/// # Errors
/// [`Error::NotAFolder`] if what was asked for is none; [`Error::NoFleet`] if there is no fleet around.
pub fn find_root(start: &Path, explicit: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(asked) = explicit {
        let root = start.join(asked);
        return if root.is_dir() { Ok(root) } else { Err(Error::NotAFolder(root)) };
    }
    if let Some(root) = start.ancestors().find(|folder| folder.join(MANIFEST).is_file()) {
        return Ok(root.to_owned());
    }
    // A repository that cannot be used has no root; `Worktree::open` will say why.
    match Git::around(start) {
        Ok(Some(git)) => Ok(git.workdir().to_owned()),
        // A bare repository has revisions to read.
        Ok(None) if matches!(git::open(start), Ok(None)) && !holds_documents(start, 1) => {
            Err(Error::NoFleet(start.to_owned()))
        }
        Ok(None) | Err(_) => Ok(start.to_owned()),
    }
}

/// So many entries of a folder are looked at.
const LOOKED_AT: usize = 500;

/// Whether a file of a folder, or of folders so deep in it, names our group or Karmada's. A home folder is not walked for that.
fn holds_documents(folder: &Path, depth: usize) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).take(LOOKED_AT);
    let mut folders = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let yaml = path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
        if path.is_dir() && !hidden {
            folders.push(path);
        } else if yaml && std::fs::read(&path).is_ok_and(|bytes| names_us(&bytes)) {
            return true;
        }
    }
    depth > 0 && folders.iter().any(|folder| holds_documents(folder, depth - 1))
}

/// Whether a text names our group or that of Karmada's policies, whose repositories compile as they are.
fn names_us(bytes: &[u8]) -> bool {
    [&b"fleetcron.dev/"[..], b"karmada.io/"].iter().any(|group| bytes.windows(group.len()).any(|part| part == *group))
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
        assert!(matches!(find_root(&deep, None), Err(Error::NoFleet(folder)) if folder == deep));
        std::fs::DirBuilder::new().create(deep.join("tasks")).unwrap();
        let document = deep.join("tasks/a.yaml");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(document).unwrap();
        std::io::Write::write_all(&mut file, b"apiVersion: fleetcron.dev/v1alpha1\n").unwrap();
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
