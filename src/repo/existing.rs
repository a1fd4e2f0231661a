//! Lists what exists in the output directory. Links are listed and never followed.

#![expect(clippy::disallowed_methods, reason = "this room reads files")]

use std::fs::{DirEntry, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Error, place};
use crate::tree::ownership::{INDEX, is_temporary};
use crate::tree::{Contents, Existing, ExistingKind, RepoPath};

/// Lists what stands in the output directory `dir`: nothing, if there is none. Where only some clusters are built,
/// `wanted` says which of the entries of `dir` are looked at; the others are not even listed.
///
/// # Errors
/// `dir` is not a folder, or a folder in it may not be read.
pub fn existing(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Existing, Error> {
    let mut existing = Existing::default();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let place = dir.join(&folder);
        let entries = match std::fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if folder.is_empty() && error.kind() == io::ErrorKind::NotFound => return Ok(existing),
            Err(error) if folder.is_empty() && error.kind() == io::ErrorKind::NotADirectory => {
                return Err(Error::NotAFolder(place));
            }
            Err(source) => return Err(Error::Read { path: place, source }),
        };
        let mut empty = true;
        for entry in entries {
            let entry = entry.map_err(Error::read(&place))?;
            empty = false;
            list(&mut existing, &mut folders, &folder, &entry, &wanted).map_err(Error::read(&place))?;
        }
        if empty && let Ok(folder) = RepoPath::new(&folder) {
            existing.push_empty(folder);
        }
    }
    Ok(existing.sorted())
}

fn list(
    existing: &mut Existing,
    folders: &mut Vec<String>,
    folder: &str,
    entry: &DirEntry,
    wanted: &impl Fn(&str) -> bool,
) -> io::Result<()> {
    let name = entry.file_name();
    let text = name.to_string_lossy();
    let at_top = folder.is_empty();
    let path = if at_top { text.clone().into_owned() } else { format!("{folder}/{text}") };
    let clean = if name.to_str().is_some() { RepoPath::new(&path).ok() } else { None };
    let Some(clean) = clean else {
        existing.push_unnamed(path);
        return Ok(());
    };
    if is_temporary(&text) {
        existing.push_leftover(clean);
        return Ok(());
    }
    if at_top && !wanted(&text) {
        return Ok(());
    }
    let kind = entry.file_type()?;
    let kind = if kind.is_file() {
        ExistingKind::File
    } else if kind.is_dir() {
        ExistingKind::Folder
    } else if kind.is_symlink() {
        ExistingKind::Link
    } else {
        ExistingKind::Other
    };
    // No folder of ours is hidden; that of a checkout's Git can be large.
    if kind == ExistingKind::Folder && !text.starts_with('.') {
        folders.push(path);
    }
    // What is hidden and not our index is none of our business, not even to report it.
    if !text.starts_with('.') || text == INDEX {
        existing.push(clean, kind);
    }
    Ok(())
}

/// The bytes of a plain file; `None` if there is none. A link is not followed.
///
/// # Errors
/// Something else stands there, or the system refuses.
pub fn contents(path: &Path) -> Result<Option<Arc<[u8]>>, Error> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Ok(Some(std::fs::read(path).map_err(Error::read(path))?.into())),
        Ok(_) => Err(Error::NotAFile(path.to_owned())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// The output directory of a fleet, on this machine.
///
/// # Errors
/// A symbolic link on the way leads out of the root: nothing that a repository says makes us write elsewhere.
pub fn output_dir(root: &Path, dir: &RepoPath) -> Result<PathBuf, Error> {
    let home = root.canonicalize().map_err(Error::read(root))?;
    let mut place = root.to_owned();
    for part in dir.as_str().split('/') {
        place.push(part);
        match place.symlink_metadata() {
            Ok(meta) if !meta.is_symlink() => {}
            Ok(_) if place.canonicalize().is_ok_and(|target| target.starts_with(&home)) => {}
            Ok(_) => return Err(Error::OutputOutside(root.join(dir.as_str()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(source) => return Err(Error::Read { path: place, source }),
        }
    }
    let place = root.join(dir.as_str());
    place::check(root, &place)?;
    Ok(place)
}

/// The bytes of what [`existing`] listed. One buffer serves all files.
pub struct ExistingBytes {
    dir: PathBuf,
    place: PathBuf,
    buffer: Vec<u8>,
}

impl ExistingBytes {
    /// The files below the output directory `dir`.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), place: PathBuf::new(), buffer: Vec::new() }
    }
}

impl Contents for ExistingBytes {
    type Error = Error;

    fn read(&mut self, path: &RepoPath, limit: usize) -> Result<&[u8], Error> {
        self.place.clear();
        self.place.push(&self.dir);
        self.place.push(path.as_str());
        if self.buffer.len() < limit {
            self.buffer.resize(limit, 0);
        }
        let mut held = 0;
        let mut fill = || -> io::Result<()> {
            let mut file = File::open(&self.place)?;
            while held < limit {
                let room = limit - held;
                match file.read(&mut self.buffer[held..limit]) {
                    // A plain file gives less than it is asked for only at its end.
                    Ok(more) if more < room => {
                        held += more;
                        break;
                    }
                    Ok(more) => held += more,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        fill().map_err(Error::read(&self.place))?;
        Ok(&self.buffer[..held])
    }
}
