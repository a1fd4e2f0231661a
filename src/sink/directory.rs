//! Applies a difference to a directory. Only files that the difference names are touched, and no link is followed.
//!
//! The order of the steps makes a kill harmless at any moment: every file is old or new, every file of ours is still known
//! as ours, and running again finishes the work:
//!
//! 1. what a killed run left is removed;
//! 2. all that is new is written under temporary names, a folder that does not exist yet with all its files; a full
//!    disk is noticed here, when nothing has changed;
//! 3. files that only the old index knows are removed or replaced, before the index forgets them;
//! 4. indexes are put in their places, before the files that only they know;
//! 5. the other files and folders are put in their places;
//! 6. the other files that nobody wants are removed, and then the folders that are empty.
//!
#![expect(clippy::disallowed_methods, reason = "this room writes files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::WriteError;
use super::file::{lock, temporary, write_new};
use crate::tree::{ConflictKind, Difference, Mark, RepoPath, Write};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// New files.
    pub created: usize,
    /// Files with other bytes.
    pub updated: usize,
    /// Files that are gone.
    pub deleted: usize,
    /// Files that were not touched, nor their times.
    pub unchanged: usize,
}

/// Applies a difference to the directory it was made with. The whole difference is checked before the first byte is
/// written. To be called even if the difference is empty: it also removes what killed runs left.
///
/// # Errors
/// The difference has conflicts, a symbolic link stands on the way, another process is writing, or the system refuses.
pub fn apply(dir: &Path, difference: &Difference) -> Result<Written, WriteError> {
    if let Some(conflict) = difference.conflicts.first() {
        return Err(WriteError::Conflict { path: dir.join(conflict.path.as_str()), kind: conflict.kind });
    }
    let Difference { create, update, delete, unchanged, leftovers, empty, .. } = difference;
    let written =
        Written { created: create.len(), updated: update.len(), deleted: delete.len(), unchanged: *unchanged };
    if difference.is_empty() && leftovers.is_empty() && empty.is_empty() {
        return Ok(written);
    }
    fs::create_dir_all(dir).map_err(WriteError::write(dir))?;
    let _guard = lock(dir)?;
    let steps = steps(dir, difference)?;
    steps.iter().try_for_each(|step| step.take(dir)).inspect_err(|_| steps.iter().for_each(WriteStep::forget))?;
    Ok(written)
}

/// One thing to do. Between two of them is a good moment to be killed at; so is any within one.
enum WriteStep<'a> {
    /// Removes what a killed run left.
    Clean(&'a RepoPath),
    /// Writes a file under a temporary name.
    Write(PathBuf, &'a Write),
    /// Makes the folder of that name, which does not exist, with all its files under a temporary name.
    Fill(PathBuf, &'a str, Vec<&'a Write>),
    /// Gives what has that temporary name its own.
    Place(PathBuf, &'a str),
    /// Removes a file.
    Remove(&'a RepoPath),
    /// Removes a folder if it is empty, and those above it that are empty then.
    Prune(&'a str),
}

impl WriteStep<'_> {
    fn take(&self, dir: &Path) -> Result<(), WriteError> {
        match self {
            Self::Clean(path) => remove_leftover(&dir.join(path.as_str())),
            Self::Write(beside, write) => {
                write_new(beside, &write.bytes).map_err(|source| refused(dir, write.path.as_str(), source))
            }
            Self::Fill(beside, missing, writes) => fill(dir, beside, missing, writes),
            Self::Place(beside, path) => {
                fs::rename(beside, dir.join(path)).map_err(|source| refused(dir, path, source))
            }
            Self::Remove(path) => remove(&dir.join(path.as_str())),
            Self::Prune(folder) => {
                prune(dir, folder);
                Ok(())
            }
        }
    }

    /// Removes what it wrote under a temporary name, if it is still there. Best effort: the next run does the rest.
    fn forget(&self) {
        if let Self::Write(beside, _) | Self::Fill(beside, ..) = self {
            let _ = remove_leftover(beside);
        }
    }
}

fn refused(dir: &Path, path: &str, source: io::Error) -> WriteError {
    WriteError::Write { path: dir.join(path), source }
}

/// What is to be done, in order. Every folder on the way is looked at, and nothing is done yet.
fn steps<'a>(dir: &Path, difference: &'a Difference) -> Result<Vec<WriteStep<'a>>, WriteError> {
    let Difference { create, update, delete, leftovers, empty, .. } = difference;
    let mut folders = Folders { dir, known: BTreeMap::new() };
    let mut writes = Vec::new();
    let mut fresh: BTreeMap<&str, Vec<&Write>> = BTreeMap::new();
    for write in create.iter().chain(update) {
        match folders.first_missing(folder(write.path.as_str()))? {
            Some(missing) => fresh.entry(missing).or_default().push(write),
            None => writes.push(write),
        }
    }
    for removal in delete {
        folders.first_missing(folder(removal.path.as_str()))?;
    }
    // Files that only the old index knows, then indexes, then the others; each in path order.
    writes.sort_by_key(|write| (write.replaces != Some(Mark::Listed), !write.is_index()));
    let (early, late): (Vec<_>, Vec<_>) = delete.iter().partition(|removal| removal.mark == Mark::Listed);
    let left = delete.iter().map(|removal| folder(removal.path.as_str()));
    let left: BTreeSet<&str> = left.chain(empty.iter().map(RepoPath::as_str)).collect();

    let mut steps: Vec<WriteStep<'a>> = leftovers.iter().map(WriteStep::Clean).collect();
    let mut places = Vec::with_capacity(writes.len() + fresh.len());
    for write in writes {
        let beside = temporary(&dir.join(folder(write.path.as_str())));
        places.push(WriteStep::Place(beside.clone(), write.path.as_str()));
        steps.push(WriteStep::Write(beside, write));
    }
    for (missing, writes) in fresh {
        let beside = temporary(&dir.join(folder(missing)));
        places.push(WriteStep::Place(beside.clone(), missing));
        steps.push(WriteStep::Fill(beside, missing, writes));
    }
    steps.extend(early.into_iter().map(|removal| WriteStep::Remove(&removal.path)));
    steps.extend(places);
    steps.extend(late.into_iter().map(|removal| WriteStep::Remove(&removal.path)));
    // From the inside out.
    steps.extend(left.into_iter().rev().map(WriteStep::Prune));
    Ok(steps)
}

/// The folders below `dir` that were looked at.
struct Folders<'d, 'a> {
    dir: &'d Path,
    /// Whether it exists.
    known: BTreeMap<&'a str, bool>,
}

impl<'a> Folders<'_, 'a> {
    /// The topmost folder on the way to `folder`, itself included, that does not exist. What does exist is a folder and
    /// not a link to one.
    fn first_missing(&mut self, folder: &'a str) -> Result<Option<&'a str>, WriteError> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for above in ends.map(|end| &folder[..end]).filter(|above| !above.is_empty()) {
            let exists = match self.known.get(above) {
                Some(exists) => *exists,
                None => {
                    let exists = is_folder(&self.dir.join(above))?;
                    self.known.insert(above, exists);
                    exists
                }
            };
            if !exists {
                return Ok(Some(above));
            }
        }
        Ok(None)
    }
}

/// Whether a folder stands there, or nothing; all else is in the way.
fn is_folder(path: &Path) -> Result<bool, WriteError> {
    let conflict = |kind| Err(WriteError::Conflict { path: path.to_owned(), kind });
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(meta) if meta.is_symlink() => conflict(ConflictKind::Link),
        Ok(meta) if meta.is_file() => conflict(ConflictKind::FileForFolder),
        Ok(_) => conflict(ConflictKind::Special),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(WriteError::Write { path: path.to_owned(), source }),
    }
}

/// Makes the folder `beside` with the files that are to lie in `missing`.
fn fill(dir: &Path, beside: &Path, missing: &str, writes: &[&Write]) -> Result<(), WriteError> {
    let mut open = PathBuf::new();
    for write in writes {
        let below = write.path.as_str().get(missing.len() + 1..).unwrap_or_default();
        let parent = beside.join(folder(below));
        if parent != open {
            fs::create_dir_all(&parent).map_err(WriteError::write(&parent))?;
            open = parent;
        }
        write_new(&beside.join(below), &write.bytes).map_err(|source| refused(dir, write.path.as_str(), source))?;
    }
    Ok(())
}

/// Removes a file; that it is gone already is as good.
fn remove(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(WriteError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Removes what a killed run left. A link is removed itself, never what it leads to.
fn remove_leftover(path: &Path) -> Result<(), WriteError> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(WriteError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Removes a folder that holds nothing, and those above it that then hold nothing, but not `dir` itself. The system
/// refuses to remove one that holds anything, and that is as it should be.
fn prune(dir: &Path, innermost: &str) {
    let mut next = innermost;
    while !next.is_empty() && fs::remove_dir(dir.join(next)).is_ok() {
        next = folder(next);
    }
}

/// What stands before the last `/`: the folder that a file or folder lies in.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tree::ownership::{is_temporary, write_index};
    use crate::tree::{Contents, Existing, ExistingKind, OutputTree};

    struct Disk<'a>(&'a Path, Vec<u8>);

    impl Contents for Disk<'_> {
        type Error = io::Error;

        fn read(&mut self, path: &RepoPath, limit: usize) -> io::Result<&[u8]> {
            self.1 = fs::read(self.0.join(path.as_str()))?;
            self.1.truncate(limit);
            Ok(&self.1)
        }
    }

    type Files = BTreeMap<String, String>;

    fn list(dir: &Path, below: &str, existing: &mut Existing, files: &mut Files) {
        for entry in fs::read_dir(dir.join(below)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}{}", entry.file_name().to_str().unwrap());
            let clean = RepoPath::new(&path).unwrap();
            if is_temporary(clean.file_name()) {
                existing.push_leftover(clean);
            } else if entry.file_type().unwrap().is_dir() {
                existing.push(clean, ExistingKind::Folder);
                list(dir, &format!("{path}/"), existing, files);
            } else {
                existing.push(clean, ExistingKind::File);
                files.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }

    fn compare(dir: &Path, wanted: &Files) -> (Difference, Files) {
        let (mut existing, mut files) = (Existing::default(), Files::new());
        list(dir, "", &mut existing, &mut files);
        let mut output = OutputTree::default();
        for (path, text) in wanted {
            output.insert(RepoPath::new(path).unwrap(), text.as_bytes().into());
        }
        (Difference::between(&output, &existing.sorted(), &mut Disk(dir, Vec::new())).unwrap(), files)
    }

    fn cluster(name: &str, listed: &[(&str, &str)], headed: &[(&str, &str)]) -> Files {
        let mut files: Files = listed.iter().map(|(path, text)| (format!("{name}/{path}"), (*text).into())).collect();
        if !listed.is_empty() {
            files.insert(format!("{name}/.fleetcron"), write_index(listed.iter().map(|(path, _)| *path)));
        }
        let head = |text: &str| format!("# Generated by fleetcron. Do not edit.\n{text}\n");
        files.extend(headed.iter().map(|(path, text)| (format!("{name}/{path}"), head(text))));
        files
    }

    /// Another test may start a program just now, and between fork and exec that holds our lock too.
    fn applied(dir: &Path, difference: &Difference) {
        loop {
            match apply(dir, difference) {
                Err(WriteError::Busy(_)) => std::thread::yield_now(),
                other => {
                    other.unwrap();
                    return;
                }
            }
        }
    }

    #[test]
    fn whoever_is_killed_between_two_steps_can_go_on_or_back() {
        let old: Files = [
            cluster("a", &[("x/gone", "1"), ("x/kept", "1"), ("x/to-head", "1")], &[("x/to-list", "1"), ("x/h", "1")]),
            cluster("b", &[("x/gone", "1")], &[("x/h", "1")]),
            cluster("c", &[], &[("x/h", "1"), ("y/h", "1")]),
            cluster("d", &[("x/gone", "1")], &[("x/h", "1")]),
        ]
        .into_iter()
        .flatten()
        .collect();
        let new: Files = [
            cluster("a", &[("x/kept", "2"), ("x/to-list", "2"), ("z/new", "2")], &[("x/to-head", "2"), ("x/h", "1")]),
            cluster("b", &[], &[("x/h", "2")]),
            cluster("c", &[("x/new", "2"), ("z/new", "2")], &[("x/h", "1")]),
            cluster("e", &[("x/new", "2")], &[("x/h", "2")]),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (old, new) in [(&old, &new), (&new, &old)] {
            for target in [old, new, &Files::new()] {
                for killed_after in 0.. {
                    let dir = tempfile::tempdir().unwrap();
                    applied(dir.path(), &compare(dir.path(), old).0);
                    let difference = compare(dir.path(), new).0;
                    let steps = steps(dir.path(), &difference).unwrap();
                    if killed_after > steps.len() {
                        break;
                    }
                    for step in steps.iter().take(killed_after) {
                        step.take(dir.path()).unwrap();
                    }
                    let (next, files) = compare(dir.path(), target);
                    for (path, text) in &files {
                        assert!(old.get(path) == Some(text) || new.get(path) == Some(text), "{path}");
                    }
                    assert!(next.conflicts.is_empty() && next.strangers.is_empty(), "{killed_after}: {next:?}");
                    applied(dir.path(), &next);
                    assert_eq!(compare(dir.path(), target).1, *target);
                }
            }
        }
    }
}
