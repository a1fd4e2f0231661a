//! Lists an index or a Git tree: paths, kinds and object ids.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, Index, IndexEntryExtendedFlag, Oid, Repository, Tree};

use super::error::Error;

/// Folders within folders; nobody has so many.
const DEPTH: usize = 500;

/// So many entries of folders that are the same as another folder are walked: a few objects of Git can name any number.
const REPEATED: usize = 1_000_000;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileMode {
    File,
    Folder,
    Link,
    /// A submodule.
    Module,
}

/// Something at a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListedPath {
    pub(super) mode: FileMode,
    /// Zero for a folder of an index.
    pub(super) id: Oid,
}

/// The paths below a fleet root.
pub(super) struct Listing {
    kind: ListingKind,
    /// Paths that are not UTF-8, as far as they can be shown.
    unnamed: RefCell<BTreeSet<String>>,
    /// Folders that Git could not give, and why.
    faults: RefCell<Vec<(String, String)>>,
    /// The folders that were walked.
    walked: RefCell<BTreeSet<Oid>>,
    /// How many entries there were in folders that were walked before.
    repeated: Cell<usize>,
}

enum ListingKind {
    /// In path order of their bytes, relative to the fleet root.
    Index(Vec<(String, ListedPath)>),
    /// The tree at the fleet root.
    Tree(Oid),
}

impl Listing {
    /// What is staged below `prefix`. What is only intended to be added is not staged.
    pub(super) fn of_index(repository: &Repository, file: Option<&Path>, prefix: PathBuf) -> Result<Self, Error> {
        let wrong = |why: git2::Error| Error::Index(super::git::explained(why.message()));
        let index = match file.and_then(|file| super::git::index_of(repository, file)) {
            Some(file) if !file.is_file() => return Err(Error::Index(format!("there is no `{}`", file.display()))),
            Some(file) => Index::open(&file),
            None => repository.index(),
        };
        let index = index.map_err(wrong)?;
        let mut above = prefix.to_string_lossy().replace('\\', "/");
        if !above.is_empty() {
            above.push('/');
        }
        let mut entries = Vec::new();
        let mut unmerged = BTreeSet::new();
        let unnamed = RefCell::new(BTreeSet::new());
        for entry in index.iter() {
            let Some(below) = entry.path.strip_prefix(above.as_bytes()) else { continue };
            let Ok(path) = std::str::from_utf8(below) else {
                unnamed.borrow_mut().insert(String::from_utf8_lossy(below).into_owned());
                continue;
            };
            if (entry.flags >> 12) & 0x3 != 0 {
                unmerged.insert(path.to_owned());
            } else if !IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended)
                .contains(IndexEntryExtendedFlag::INTENT_TO_ADD)
            {
                entries.push((path.to_owned(), ListedPath { mode: mode(entry.mode), id: entry.id }));
            }
        }
        if !unmerged.is_empty() {
            return Err(Error::Unmerged(unmerged.into_iter().collect()));
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { unnamed, ..Self::new(ListingKind::Index(entries)) })
    }

    /// What a tree holds.
    pub(super) fn of_tree(tree: Oid) -> Self {
        Self::new(ListingKind::Tree(tree))
    }

    fn new(kind: ListingKind) -> Self {
        Self {
            kind,
            unnamed: RefCell::default(),
            faults: RefCell::default(),
            walked: RefCell::default(),
            repeated: Cell::new(0),
        }
    }

    /// What was met and has no name that can be read.
    pub(super) fn unnamed(&self) -> BTreeSet<String> {
        self.unnamed.borrow().clone()
    }

    /// The folders that Git could not give since this was asked last, and why: what is missing must not pass for empty.
    pub(super) fn faults(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.faults.borrow_mut())
    }

    fn fault(&self, folder: &str, why: &git2::Error) {
        self.faults.borrow_mut().push((folder.to_owned(), why.message().to_owned()));
    }

    /// What stands at a path.
    pub(super) fn get(&self, repository: &Repository, path: &str) -> Option<ListedPath> {
        match &self.kind {
            ListingKind::Index(entries) => {
                let at = entries.partition_point(|(other, _)| other.as_str() < path);
                match entries.get(at) {
                    Some((other, entry)) if other == path => Some(*entry),
                    _ => {
                        let inside = format!("{path}/");
                        let at = entries.partition_point(|(other, _)| other.as_str() < inside.as_str());
                        let folder = entries.get(at).is_some_and(|(other, _)| other.starts_with(&inside));
                        folder.then_some(ListedPath { mode: FileMode::Folder, id: Oid::ZERO_SHA1 })
                    }
                }
            }
            ListingKind::Tree(root) => {
                let found = repository.find_tree(*root).and_then(|tree| tree.get_path(Path::new(path)));
                // That there is no such path is no fault; that there is no such object is one.
                let fault = |why: &git2::Error| {
                    if why.class() != ErrorClass::Tree {
                        self.fault(path, why)
                    }
                };
                let entry = found.inspect_err(fault).ok()?;
                Some(ListedPath { mode: mode(u32::try_from(entry.filemode_raw()).ok()?), id: entry.id() })
            }
        }
    }

    /// Shows everything below a folder (`""` is the root), in an order that depends on nothing else. A folder that
    /// `enters` refuses is passed over whole; it is asked once a folder, the first one excepted.
    pub(super) fn each(
        &self,
        repository: &Repository,
        folder: &str,
        enters: &dyn Fn(&str) -> bool,
        see: &mut dyn FnMut(&str, ListedPath),
    ) {
        match &self.kind {
            ListingKind::Index(entries) => each_flat(entries, folder, enters, see),
            ListingKind::Tree(root) => {
                self.walked.borrow_mut().clear();
                self.repeated.set(0);
                let found = repository.find_tree(*root).and_then(|tree| {
                    if folder.is_empty() {
                        return Ok(tree);
                    }
                    repository.find_tree(tree.get_path(Path::new(folder))?.id())
                });
                match found {
                    Ok(tree) => self.each_deep(repository, &tree, (folder, 0), enters, see),
                    Err(why) if why.class() == ErrorClass::Tree => {}
                    Err(why) => self.fault(folder, &why),
                }
            }
        }
    }

    fn each_deep(
        &self,
        repository: &Repository,
        tree: &Tree<'_>,
        (folder, depth): (&str, usize),
        enters: &dyn Fn(&str) -> bool,
        see: &mut dyn FnMut(&str, ListedPath),
    ) {
        if depth > DEPTH {
            self.fault(folder, &git2::Error::from_str("folders are nested too deeply"));
            return;
        }
        let again = !self.walked.borrow_mut().insert(tree.id());
        for entry in tree {
            if again {
                self.repeated.set(self.repeated.get() + 1);
            }
            if self.repeated.get() > REPEATED {
                if self.repeated.get() == REPEATED + 1 {
                    let why =
                        format!("{REPEATED} paths before it are in copies of other folders, and no more are walked");
                    self.fault(folder, &git2::Error::from_str(&why));
                    self.repeated.set(REPEATED + 2);
                }
                return;
            }
            let lossy = String::from_utf8_lossy(entry.name_bytes());
            let path = if folder.is_empty() { lossy.into_owned() } else { format!("{folder}/{lossy}") };
            if std::str::from_utf8(entry.name_bytes()).is_err() {
                // What is in such a folder has no name that could be read either.
                let folder = entry.kind() == Some(git2::ObjectType::Tree);
                self.unnamed.borrow_mut().insert(if folder { format!("{path}/") } else { path });
                continue;
            }
            let Ok(raw) = u32::try_from(entry.filemode_raw()) else { continue };
            match mode(raw) {
                FileMode::Folder if enters(&path) => match repository.find_tree(entry.id()) {
                    Ok(below) => self.each_deep(repository, &below, (&path, depth + 1), enters, see),
                    Err(why) => self.fault(&path, &why),
                },
                FileMode::Folder => {}
                mode => see(&path, ListedPath { mode, id: entry.id() }),
            }
        }
    }
}

fn each_flat(
    entries: &[(String, ListedPath)],
    folder: &str,
    enters: &dyn Fn(&str) -> bool,
    see: &mut dyn FnMut(&str, ListedPath),
) {
    let inside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let first = entries.partition_point(|(path, _)| path.as_str() < inside.as_str());
    // The folders that the last path went through, with whether they were entered.
    let mut way: Vec<(usize, bool)> = Vec::new();
    let mut last = "";
    for (path, entry) in entries[first..].iter().take_while(|(path, _)| path.starts_with(&inside)) {
        way.retain(|(end, _)| last.get(..=*end) == path.get(..=*end));
        let known = way.last().map_or(inside.len(), |(end, _)| end + 1);
        let mut open = way.last().is_none_or(|(_, entered)| *entered);
        for (at, _) in path[known..].match_indices('/') {
            let end = known + at;
            open = open && enters(&path[..end]);
            way.push((end, open));
        }
        last = path;
        if open {
            see(path, *entry);
        }
    }
}

/// The kind that the mode of an entry names.
fn mode(raw: u32) -> FileMode {
    match raw & 0o170_000 {
        0o040_000 => FileMode::Folder,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Module,
        _ => FileMode::File,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_list_is_walked_as_folders_are() {
        let paths = ["a", "b/c", "b/d/e", "b/d/f", "b0", "x/y"];
        let entry = ListedPath { mode: FileMode::File, id: Oid::ZERO_SHA1 };
        let entries: Vec<(String, ListedPath)> = paths.iter().map(|path| ((*path).to_owned(), entry)).collect();
        let asked = RefCell::new(Vec::new());
        let mut seen = Vec::new();
        let enters = |folder: &str| {
            asked.borrow_mut().push(folder.to_owned());
            folder != "b/d"
        };
        each_flat(&entries, "", &enters, &mut |path, _| seen.push(path.to_owned()));
        assert_eq!(seen, ["a", "b/c", "b0", "x/y"]);
        assert_eq!(asked.into_inner(), ["b", "b/d", "x"]);
        let mut below = Vec::new();
        each_flat(&entries, "b", &|_| true, &mut |path, _| below.push(path.to_owned()));
        assert_eq!(below, ["b/c", "b/d/e", "b/d/f"]);
    }
}
