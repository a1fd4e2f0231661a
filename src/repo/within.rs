//! The path of the fleet inside its Git repository.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use git2::ObjectType;

use super::git;
use super::view::View;

/// What leads from the top of the Git work tree around `root` to a folder, which is absolute or meant from `root` and need
/// not exist; empty if it is the top. Without Git the top is `root`. `None` if the folder lies elsewhere.
pub fn within(root: &Path, folder: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let found = git::open(&root).ok().flatten();
    let top = found.and_then(|repository| repository.workdir()?.canonicalize().ok());
    let top = top.filter(|top| root.starts_with(top)).unwrap_or_else(|| root.clone());
    let folder = resolved(&root.join(folder))?;
    Some(slashed(folder.strip_prefix(&top).ok()?))
}

/// What leads from the top of the repository to the fleet root, in the state that is looked at.
pub fn prefix(root: &Path, view: &View) -> String {
    if let View::Revision(revision) = view
        && let Some((_, folder)) = revision.split_once(':')
        && git::open(root).ok().flatten().is_some_and(|repository| {
            repository.revparse_single(revision).is_ok_and(|object| object.kind() == Some(ObjectType::Tree))
        })
    {
        return folder.trim_matches('/').to_owned();
    }
    within(root, root).unwrap_or_default()
}

/// The folder without links and `..`, as far as it exists.
pub(super) fn resolved(folder: &Path) -> Option<PathBuf> {
    let mut missing: Vec<&OsStr> = Vec::new();
    let mut there = folder;
    loop {
        if let Ok(canonical) = there.canonicalize() {
            return Some(missing.iter().rev().fold(canonical, |path, name| path.join(name)));
        }
        match there.components().next_back()? {
            Component::Normal(name) => missing.push(name),
            // What stands above something that does not exist cannot be known.
            Component::ParentDir => return None,
            _ => {}
        }
        there = there.parent()?;
    }
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_from_the_top_of_the_work_tree_or_from_the_root() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().canonicalize().unwrap().join("top");
        let fleet = top.join("fleets/a");
        std::fs::DirBuilder::new().recursive(true).create(&fleet).unwrap();
        assert_eq!(within(&fleet, &fleet).as_deref(), Some(""));
        assert_eq!(within(&fleet, &fleet.join("out/x")).as_deref(), Some("out/x"));
        assert_eq!(within(&fleet, &top), None);
        git2::Repository::init(&top).unwrap();
        assert_eq!(within(&fleet, &fleet).as_deref(), Some("fleets/a"));
        assert_eq!(within(&fleet, &fleet.join("../../out/x")).as_deref(), Some("out/x"));
        assert_eq!(within(&fleet, &top).as_deref(), Some(""));
        assert_eq!(within(&fleet, temporary.path()), None);
        assert_eq!(within(&fleet, &fleet.join("gone/../../x")), None);
        assert_eq!(prefix(&fleet, &View::Folder), "fleets/a");
        assert_eq!(prefix(&fleet, &View::Revision("HEAD".to_owned())), "fleets/a");
    }
}
