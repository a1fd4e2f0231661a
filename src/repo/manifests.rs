//! Reads a folder of existing manifests. What is not read is named, so that nothing counts as compared that was not.

#![expect(clippy::disallowed_methods, reason = "this room reads files")]

use std::path::Path;

use walkdir::WalkDir;

use super::error::Error;
use super::worktree::SIZE_LIMIT;
use crate::tree::may_hold_documents;

/// The files of a folder.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// What may hold manifests: `/`-separated path below the folder, and bytes; in order of path.
    pub files: Vec<(String, Vec<u8>)>,
    /// What was passed over: other endings, links that lead nowhere, what is hidden not counted.
    pub others: Vec<String>,
    /// The folders right below it.
    pub folders: Vec<String>,
}

/// Reads every `.yaml`, `.yml` and `.json` file below a folder. What is hidden is left out.
///
/// # Errors
/// It is no folder, something in it cannot be read, or a file is too large.
pub fn manifests(dir: &Path) -> Result<Manifests, Error> {
    let meta = std::fs::metadata(dir).map_err(Error::read(dir))?;
    if !meta.is_dir() {
        return Err(Error::NotAFolder(dir.to_owned()));
    }
    let mut found = Manifests::default();
    let shown =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    for entry in WalkDir::new(dir).sort_by_file_name().into_iter().filter_entry(shown) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(dir).to_owned();
            Error::Read { path, source: error.into() }
        })?;
        let below = entry.path().strip_prefix(dir).unwrap_or(entry.path());
        let name = below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        if entry.file_type().is_dir() {
            if entry.depth() == 1 {
                found.folders.push(name);
            }
            continue;
        }
        let meta = std::fs::metadata(entry.path()).ok().filter(std::fs::Metadata::is_file);
        let Some(meta) = meta.filter(|_| may_hold_documents(&name)) else {
            found.others.push(name);
            continue;
        };
        if meta.len() > SIZE_LIMIT {
            let source = std::io::Error::other(format!("it has {} bytes, which is more than we read", meta.len()));
            return Err(Error::Read { path: entry.path().to_owned(), source });
        }
        let bytes = std::fs::read(entry.path()).map_err(Error::read(entry.path()))?;
        found.files.push((name, bytes));
    }
    Ok(found)
}
