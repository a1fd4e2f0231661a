//! Writes one file whole or not at all: a temporary name beside it, then a rename.
//!
//! Nothing is flushed: a killed process needs none of it, and after a power failure a file may be empty at worst, which
//! the next run replaces. Seven thousand flushes would cost minutes.

#![expect(clippy::disallowed_methods, reason = "this room writes files")]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::WriteError;
use crate::tree::ConflictKind;
use crate::tree::ownership::{TEMPORARY, is_temporary};

/// How many temporary names this process has used.
static USED: AtomicU32 = AtomicU32::new(0);

/// A path in `folder` that no other file of this process has had.
pub(super) fn temporary(folder: &Path) -> PathBuf {
    let count = USED.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{TEMPORARY}{}-{count}", std::process::id()))
}

/// Writes a file that must not exist.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

/// Keeps other processes from writing to the same folder, for as long as it lives, even if we are killed. Where a file
/// system or a platform cannot do that, nothing is kept from anybody.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, WriteError> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(WriteError::Busy(folder.to_owned())),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Writes one file, as the lock file is, unless it holds these bytes already. Says whether it was written.
///
/// # Errors
/// A symbolic link or a folder stands there, or the system refuses.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<bool, WriteError> {
    write(path, bytes, |_| Ok(()))
}

/// As [`write_file`], a file that the system may run.
///
/// # Errors
/// As [`write_file`].
pub fn write_program(path: &Path, bytes: &[u8]) -> Result<bool, WriteError> {
    write(path, bytes, runnable)
}

#[cfg(unix)]
fn runnable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn runnable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes one file; before it gets its name it is made ready.
fn write(path: &Path, bytes: &[u8], ready: impl FnOnce(&Path) -> io::Result<()>) -> Result<bool, WriteError> {
    let conflict = |kind| Err(WriteError::Conflict { path: path.to_owned(), kind });
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => return conflict(ConflictKind::Link),
        Ok(meta) if meta.is_dir() => return conflict(ConflictKind::FolderForFile),
        Ok(meta) if !meta.is_file() => return conflict(ConflictKind::Special),
        Ok(meta) if meta.len() == bytes.len() as u64 && fs::read(path).is_ok_and(|held| held == bytes) => {
            return Ok(false);
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(WriteError::Write { path: path.to_owned(), source }),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(WriteError::write(folder))?;
    let _guard = lock(folder)?;
    clean(folder);
    let beside = temporary(folder);
    let written = write_new(&beside, bytes).and_then(|()| ready(&beside)).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // Best effort: if it stays, the next run removes it.
        let _ = fs::remove_file(&beside);
        WriteError::Write { path: path.to_owned(), source }
    })?;
    Ok(true)
}

/// Adds to the end of a file that others write to as well; what is added may depend on how long the file is.
///
/// # Errors
/// The system refuses.
pub fn append(path: &Path, text: impl FnOnce(u64) -> String) -> Result<(), WriteError> {
    let add = || {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        let held = file.metadata()?.len();
        file.write_all(text(held).as_bytes())
    };
    add().map_err(WriteError::write(path))
}

/// Removes what killed runs left beside a file. Best effort: leftovers are hidden and harm nobody.
fn clean(folder: &Path) {
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.flatten() {
        let left = entry.file_name().to_str().is_some_and(is_temporary);
        if left && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
