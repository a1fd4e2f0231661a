//! Where the output may be written, and folders that hold inputs.
//!
//! A folder of the output is not read as input, and files in it that fleetcron wrote are removed when they are no longer
//! wanted. So it is a folder of its own: not the fleet root, none above it, none with documents, and nothing of Git's.

use std::path::{Path, PathBuf};

use super::existing::{ExistingBytes, existing};
use super::within::resolved;
use super::{Error, git};
use crate::tree::Contents;
use crate::tree::ownership::{HEADER, has_header, holds_document, is_yaml};

/// A file longer than this is not read as a document.
const LIMIT: usize = 8 << 20;

/// Refuses a folder for the output of the fleet at `root`; `dir` may be relative to `root` and need not exist.
///
/// # Errors
/// It is the root or above it, or it lies in Git's own folder.
pub(super) fn check(root: &Path, dir: &Path) -> Result<(), Error> {
    let refused = |why: &str| Error::Output { dir: dir.to_owned(), why: why.to_owned() };
    let home = root.canonicalize().map_err(Error::read(root))?;
    let Some(place) = resolved(&home.join(dir)) else {
        return Err(refused("`..` stands behind a folder that does not exist; write the path without it"));
    };
    if home == place {
        return Err(refused("it is the fleet root; name a folder of its own, such as `rendered`"));
    }
    if home.starts_with(&place) {
        return Err(refused("the fleet root lies in it; name a folder of its own, such as `rendered`"));
    }
    let git = |path: &Path| path.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    let own = |folder: &Path| folder.canonicalize().is_ok_and(|folder| place.starts_with(folder));
    // A repository that cannot be used has been reported, or is when the fleet is read.
    let repository = git::open(&home).ok().flatten();
    if git(&place) || git(dir) || repository.is_some_and(|found| own(found.path()) || own(found.commondir())) {
        return Err(refused("it lies in the folder of Git; name a folder of its own, such as `rendered`"));
    }
    Ok(())
}

/// Refuses a folder that `--out` names: as `check`, and where a document of fleetcron stands in it, which would not be
/// read.
///
/// # Errors
/// As `check`, or the folder cannot be read.
pub fn check_out(root: &Path, dir: &Path) -> Result<(), Error> {
    check(root, dir)?;
    refuse_documents(dir, "name a folder of its own, such as `rendered`")
}

/// Refuses a folder to compare with that lies below the fleet root and holds a document of fleetcron, which would not be
/// read.
///
/// # Errors
/// There is such a document, or the folder cannot be read.
pub fn check_against(root: &Path, dir: &Path) -> Result<(), Error> {
    let home = root.canonicalize().map_err(Error::read(root))?;
    match dir.canonicalize() {
        Ok(place) if place != home && place.starts_with(&home) => {
            refuse_documents(dir, "name the folder that holds nothing but manifests")
        }
        // What lies elsewhere hides no input, and that nothing is there is reported by what reads it.
        _ => Ok(()),
    }
}

fn refuse_documents(dir: &Path, way: &str) -> Result<(), Error> {
    let Some(document) = first_document(dir)? else { return Ok(()) };
    let why = format!("`{}` in it is a document of fleetcron, which would not be read; {way}", document.display());
    Err(Error::Output { dir: dir.to_owned(), why })
}

/// The first file below a folder that holds a document of fleetcron; `None` if there is none, or no such folder.
fn first_document(dir: &Path) -> Result<Option<PathBuf>, Error> {
    let existing = existing(dir, |_| true)?;
    let mut standing = ExistingBytes::new(dir);
    for path in existing.files().filter(|path| is_yaml(path.file_name())) {
        if !has_header(standing.read(path, HEADER.len())?) && holds_document(standing.read(path, LIMIT)?) {
            return Ok(Some(PathBuf::from(path.as_str())));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "this room reads files")]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_output_has_a_folder_of_its_own() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path().canonicalize().unwrap();
        let root = top.join("fleet");
        for folder in ["tasks/deep", "rendered/a", ".git/objects", "x/.GIT/y"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(&root, root.join("here")).unwrap();
        std::os::unix::fs::symlink(root.join(".git"), root.join("there")).unwrap();
        std::os::unix::fs::symlink(root.join("tasks"), root.join("inputs")).unwrap();
        fs::write(root.join("tasks/deep/a.YML"), "kind: Task\napiVersion: fleetcron.dev/v1alpha1\n").unwrap();
        fs::write(root.join("rendered/a/b.yaml"), format!("{HEADER}. Do not edit.\nkind: ConfigMap\n")).unwrap();
        let refused = |dir: &str| check_out(&root, &root.join(dir)).is_err();
        for dir in [
            "",
            ".",
            "tasks/..",
            "..",
            "../..",
            "/",
            "here",
            "here/here",
            "gone/../tasks",
            ".git",
            ".git/x",
            ".Git/new",
            "x/.GIT/y",
            "there/x",
            "tasks",
            "tasks/deep",
            "inputs",
            "here/tasks",
        ] {
            assert!(refused(dir), "{dir}");
        }
        for dir in ["rendered", "rendered/a", "new", "new/er", "here/rendered", "../other", "tasks/new", "x/git"] {
            assert!(!refused(dir), "{dir}");
        }
        let against = |dir: &str| check_against(&root, &root.join(dir)).is_err();
        assert!(against("tasks") && against("inputs") && !against("rendered") && !against(".") && !against("gone"));
    }
}
