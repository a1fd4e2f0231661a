//! Commits a difference to a branch through the object database, without work tree and index.
//!
//! Everything is in the database before the branch moves, and the branch moves only from where it was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use git2::{
    Buf, ErrorCode, Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, RepositoryOpenFlags, Signature, Time,
    Tree,
};

use super::WriteError;
use crate::tree::Difference;

/// As many objects as this are written one by one; more go into a pack.
const LOOSE: usize = 100;

/// Who makes a commit, and what it says.
#[derive(Clone, Debug)]
pub struct Message {
    /// The whole text, trailers included.
    pub text: String,
    /// Name and address; `None` is what Git is configured with, or the program itself.
    pub author: Option<(String, String)>,
    /// The same for the committer.
    pub committer: Option<(String, String)>,
    /// Seconds since 1970.
    pub seconds: i64,
    /// How many minutes that clock is ahead of UTC.
    pub offset: i32,
}

/// Where a commit goes.
#[derive(Clone, Copy, Debug)]
pub struct CommitTarget<'a> {
    /// The branch, without `refs/heads/`.
    pub branch: &'a str,
    /// The commit it goes on top of, in hexadecimal.
    pub parent: Option<&'a str>,
    /// What the local branch pointed at when the difference was made, in hexadecimal.
    pub local: Option<&'a str>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// The new tip and its tree, in hexadecimal.
    Done {
        /// The commit.
        commit: String,
        /// Its tree.
        tree: String,
    },
    /// Somebody else moved the branch, or is moving it; it stayed where they put it.
    Moved,
}

/// Commits a difference that was made with what `parent` holds.
///
/// # Errors
/// The difference has conflicts, or the database or the branch cannot be written.
pub fn commit(
    root: &Path,
    target: CommitTarget<'_>,
    difference: &Difference,
    message: &Message,
) -> Result<Committed, WriteError> {
    if let Some(conflict) = difference.conflicts.first() {
        return Err(WriteError::Conflict { path: conflict.path.as_str().into(), kind: conflict.kind });
    }
    let wrong =
        |why: git2::Error| WriteError::Commit { branch: target.branch.to_owned(), why: why.message().to_owned() };
    let nowhere: [&Path; 0] = [];
    let repository = Repository::open_ext(root, RepositoryOpenFlags::empty(), nowhere).map_err(wrong)?;
    let parent = match target.parent {
        Some(id) => Some(repository.find_commit(Oid::from_str(id).map_err(wrong)?).map_err(wrong)?),
        None => None,
    };
    let before = parent.as_ref().map(|parent| parent.tree()).transpose().map_err(wrong)?;
    let odb = repository.odb().map_err(wrong)?;
    let many = difference.create.len() + difference.update.len() > LOOSE;
    // What is written stays in memory until it is packed.
    let _held = if many { Some(odb.add_new_mempack_backend(1000).map_err(wrong)?) } else { None };
    let mut new = BTreeSet::new();
    let tree = write_tree(&repository, before.as_ref(), difference, &mut new).map_err(wrong)?;
    let after = repository.find_tree(tree).map_err(wrong)?;
    let author = signature(&repository, message.author.as_ref(), message).map_err(wrong)?;
    let committer = signature(&repository, message.committer.as_ref(), message).map_err(wrong)?;
    let parents: Vec<_> = parent.iter().collect();
    let id = repository.commit(None, &author, &committer, &message.text, &after, &parents).map_err(wrong)?;
    if many {
        new_trees(&repository, &after, before.as_ref(), &mut new).map_err(wrong)?;
        new.insert(id);
        pack(&repository, &new).map_err(wrong)?;
    }
    let name = format!("refs/heads/{}", target.branch);
    let log = format!("fleetcron: {}", message.text.lines().next().unwrap_or_default());
    let moved = match target.local {
        Some(local) => {
            repository.reference_matching(&name, id, true, Oid::from_str(local).map_err(wrong)?, &log).map(|_| ())
        }
        None => repository.reference(&name, id, false, &log).map(|_| ()),
    };
    match moved {
        Ok(()) => Ok(Committed::Done { commit: id.to_string(), tree: tree.to_string() }),
        Err(why) if matches!(why.code(), ErrorCode::Modified | ErrorCode::Locked | ErrorCode::Exists) => {
            Ok(Committed::Moved)
        }
        // The branch was deleted in between.
        Err(why) if why.code() == ErrorCode::NotFound => Ok(Committed::Moved),
        Err(why) => Err(wrong(why)),
    }
}

/// The file that keeps a branch from being moved, and when it was made; `None` if nothing does.
pub fn lock_of(root: &Path, branch: &str) -> Option<(PathBuf, SystemTime)> {
    let nowhere: [&Path; 0] = [];
    let repository = Repository::open_ext(root, RepositoryOpenFlags::empty(), nowhere).ok()?;
    let names = [format!("refs/heads/{branch}.lock"), "packed-refs.lock".to_owned()];
    names.iter().find_map(|name| {
        let path = repository.commondir().join(name);
        let made = path.metadata().and_then(|meta| meta.modified()).ok()?;
        Some((path, made))
    })
}

/// Writes the blobs and the tree; the ids of blobs that the database did not have go into `new`.
fn write_tree(
    repository: &Repository,
    before: Option<&Tree<'_>>,
    difference: &Difference,
    new: &mut BTreeSet<Oid>,
) -> Result<Oid, git2::Error> {
    let odb = repository.odb()?;
    let mut index = Index::new()?;
    if let Some(before) = before {
        index.read_tree(before)?;
    }
    for removal in &difference.delete {
        index.remove(Path::new(removal.path.as_str()), 0)?;
    }
    // Clusters share the bytes of their files: each is hashed and written once.
    let mut ids: BTreeMap<usize, Oid> = BTreeMap::new();
    for write in difference.create.iter().chain(&difference.update) {
        let at = write.bytes.as_ptr() as usize;
        let id = match ids.get(&at) {
            Some(id) => *id,
            None => {
                let id = Oid::hash_object(ObjectType::Blob, &write.bytes)?;
                if !odb.exists(id) {
                    odb.write(ObjectType::Blob, &write.bytes)?;
                    new.insert(id);
                }
                ids.insert(at, id);
                id
            }
        };
        index.add(&entry(write.path.as_str(), id))?;
    }
    index.write_tree_to(repository)
}

fn entry(path: &str, id: Oid) -> IndexEntry {
    let never = || IndexTime::new(0, 0);
    IndexEntry {
        ctime: never(),
        mtime: never(),
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// The trees of `after` that `before` does not have in the same place.
fn new_trees(
    repository: &Repository,
    after: &Tree<'_>,
    before: Option<&Tree<'_>>,
    new: &mut BTreeSet<Oid>,
) -> Result<(), git2::Error> {
    new.insert(after.id());
    for entry in after.iter().filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
        let old = before.and_then(|before| before.get_name_bytes(entry.name_bytes()));
        if old.as_ref().is_some_and(|old| old.id() == entry.id()) {
            continue;
        }
        let old = old.and_then(|old| repository.find_tree(old.id()).ok());
        new_trees(repository, &repository.find_tree(entry.id())?, old.as_ref(), new)?;
    }
    Ok(())
}

/// Writes objects that are only in memory into one pack.
fn pack(repository: &Repository, objects: &BTreeSet<Oid>) -> Result<(), git2::Error> {
    let mut builder = repository.packbuilder()?;
    for id in objects {
        builder.insert_object(*id, None)?;
    }
    let mut packed = Buf::new();
    builder.write_buf(&mut packed)?;
    let odb = repository.odb()?;
    let mut writer = odb.packwriter()?;
    writer.write_all(&packed).map_err(|why| git2::Error::from_str(&why.to_string()))?;
    writer.commit()?;
    Ok(())
}

fn signature(
    repository: &Repository,
    given: Option<&(String, String)>,
    message: &Message,
) -> Result<Signature<'static>, git2::Error> {
    let time = Time::new(message.seconds, message.offset);
    if let Some((name, address)) = given {
        return Signature::new(name, address, &time);
    }
    match repository.signature() {
        Ok(own) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Signature::new(&text(own.name_bytes()), &text(own.email_bytes()), &time)
        }
        Err(_) => Signature::new("fleetcron", "fleetcron@localhost", &time),
    }
}
