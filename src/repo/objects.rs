//! Reads the files of a fleet from Git's object database: the index or a revision, without a checkout.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository, Tree};

use super::blobs::Blobs;
use super::error::Error;
use super::listing::{FileMode, ListedPath, Listing};
use super::note::Note;
use super::walk::in_git;
use super::worktree::{LOCK, ReadSources, limit_of, stand_in};
use crate::tree::ownership::{INDEX, is_temporary};
use crate::tree::{
    Existing, ExistingKind, GIT_ATTRIBUTES, ProblemKind, ReadProblem, RepoPath, SourceFile, SourceTree,
    may_hold_documents,
};

/// So many files may have the content of another file that is read: a few objects of Git can name any number of files.
const REPEATED: usize = 20_000;

/// So many symbolic links may stand on the way to one file.
const LINKS: usize = 40;

/// The files of a fleet in an index or a revision.
pub struct GitFiles {
    repository: Repository,
    listing: Listing,
    title: String,
    /// Submodules were met here.
    modules: RefCell<BTreeSet<String>>,
}

/// Where a path leads in the end.
enum ResolvedPath {
    File(Oid),
    /// By its path without links.
    Folder(String),
    Missing,
    Bad(ProblemKind),
}

impl GitFiles {
    /// What is staged, of the fleet at `root`. `index` is another index file than the repository's own: Git names one to
    /// hooks while it commits only some paths.
    ///
    /// # Errors
    /// There is no repository, its index cannot be read, or paths of the fleet are unmerged in it.
    pub fn staged(root: &Path, index: Option<&Path>) -> Result<Self, Error> {
        let (repository, prefix) = around(root)?;
        let listing = Listing::of_index(&repository, index, prefix)?;
        Ok(Self { repository, listing, title: "the index".to_owned(), modules: RefCell::default() })
    }

    /// The fleet at `root` as a revision has it: whatever `git rev-parse` takes. `REV:folder` says where the fleet root
    /// is in it; else it is where it is now.
    ///
    /// # Errors
    /// There is no repository, no such revision, or no such folder in it.
    pub fn at(root: &Path, revision: &str) -> Result<Self, Error> {
        let (repository, prefix) = around(root)?;
        let unknown = |why: git2::Error, repository: &Repository| Error::Revision {
            revision: revision.to_owned(),
            why: why.message().to_owned(),
            shallow: repository.is_shallow(),
        };
        let (tree, short) = {
            let object = repository.revparse_single(revision).map_err(|why| unknown(why, &repository))?;
            let commit = super::branch::commit_of(&repository, revision);
            let tree = object.peel_to_tree().map_err(|why| unknown(why, &repository))?;
            let named = commit.as_ref().is_some_and(|(_, folder)| folder.is_some());
            let tree = if named || prefix.as_os_str().is_empty() {
                tree.id()
            } else {
                let folder = folder(&repository, tree, &prefix).map_err(|why| unknown(why, &repository))?;
                folder.ok_or_else(|| Error::NoFolder { revision: revision.to_owned(), folder: prefix.clone() })?
            };
            (tree, commit.map(|(commit, _)| commit.id().to_string()[..7].to_owned()))
        };
        let title = match short {
            Some(short) if !revision.starts_with(&short) => format!("{revision} ({short})"),
            _ => revision.to_owned(),
        };
        Ok(Self { repository, listing: Listing::of_tree(tree), title, modules: RefCell::default() })
    }

    /// What a reader knows it as: `the index`, or `HEAD (1a2b3c4)`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Reads what [`Worktree::read`](super::Worktree::read) reads.
    pub fn read(&self, skip: &[RepoPath]) -> ReadSources {
        let mut files = Vec::new();
        let mut problems = Vec::new();
        let mut links = Vec::new();
        let mut plain = BTreeSet::new();
        let mut repeated = 0;
        let enters = |folder: &str| !is_hidden(folder) && !skip.iter().any(|skipped| skipped.as_str() == folder);
        self.listing.each(&self.repository, "", &enters, &mut |path, entry| {
            if entry.mode == FileMode::Module {
                self.modules.borrow_mut().insert(path.to_owned());
                return;
            }
            let at_root = !path.contains('/');
            let named = at_root && (path == LOCK || path == GIT_ATTRIBUTES);
            let wanted = named || (!is_hidden(path) && may_hold_documents(path));
            match entry.mode {
                // A link with any name may lead to a folder.
                FileMode::Link if !is_hidden(path) => links.push((path.to_owned(), wanted)),
                _ if !wanted => {}
                _ if repeated > REPEATED => {}
                _ => {
                    repeated += usize::from(!plain.insert(entry.id));
                    if repeated > REPEATED {
                        let why = format!(
                            "{REPEATED} files before it have the content of another file, and no more are read"
                        );
                        problems.push(ReadProblem { path: path.to_owned(), kind: ProblemKind::Unreadable(why) });
                        return;
                    }
                    self.take(path, entry.id, false, &mut files, &mut problems);
                }
            }
        });
        let mut notes = Vec::new();
        for (path, wanted) in links {
            match self.resolve(&path) {
                ResolvedPath::Folder(folder) => {
                    if folder.split('/').any(|part| part.starts_with('.')) {
                        notes.push(Note::HiddenFolder { link: path, folder });
                    }
                }
                _ if !wanted => {}
                // A link to a file that is not read itself stands for that file.
                ResolvedPath::File(id) => self.take(&path, id, plain.contains(&id), &mut files, &mut problems),
                ResolvedPath::Missing => {
                    let kind = ProblemKind::LinkBroken(self.written(&path));
                    problems.push(ReadProblem { path, kind });
                }
                ResolvedPath::Bad(kind) => problems.push(ReadProblem { path, kind }),
            }
        }
        let unnamed = self.listing.unnamed().into_iter();
        let unnamed = unnamed.filter(|path| path.ends_with('/') || may_hold_documents(path));
        problems.extend(unnamed.map(|path| ReadProblem { path, kind: ProblemKind::Name }));
        let faults = self.listing.faults().into_iter();
        problems.extend(faults.map(|(path, why)| ReadProblem {
            path: if path.is_empty() { ".".to_owned() } else { path },
            kind: ProblemKind::Unreadable(format!("Git cannot give it: {why}; in a partial clone, fetch it first")),
        }));
        notes.extend(self.modules.borrow().iter().cloned().map(Note::NestedRepository));
        ReadSources { tree: SourceTree::new(files, problems), notes }
    }

    /// Adds the files that documents refer to, as [`Worktree::read_more`](super::Worktree::read_more) does.
    pub fn read_more(&self, sources: &ReadSources, paths: &[RepoPath]) -> ReadSources {
        let mut files: Vec<SourceFile> = sources.tree.files().map(|(_, file)| file.clone()).collect();
        let mut problems = sources.tree.problems().to_vec();
        let wanted: BTreeSet<&RepoPath> = paths.iter().filter(|path| sources.tree.get(path).is_none()).collect();
        for path in wanted {
            if path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
                problems.push(ReadProblem { path: path.to_string(), kind: in_git() });
                continue;
            }
            match self.resolve(path.as_str()) {
                ResolvedPath::File(id) => {
                    let direct = self.listing.get(&self.repository, path.as_str());
                    let link = direct.is_none_or(|entry| entry.mode == FileMode::Link);
                    self.take(path.as_str(), id, link, &mut files, &mut problems);
                }
                ResolvedPath::Folder(_) => {
                    let kind = ProblemKind::Unreadable("it is a folder".to_owned());
                    problems.push(ReadProblem { path: path.to_string(), kind });
                }
                ResolvedPath::Missing => {}
                ResolvedPath::Bad(kind) => problems.push(ReadProblem { path: path.to_string(), kind }),
            }
        }
        problems.sort();
        problems.dedup();
        ReadSources { tree: SourceTree::new(files, problems), notes: sources.notes.clone() }
    }

    /// What stands in an output directory, as [`existing`](super::existing()) lists it on disk; without a directory, at the
    /// top.
    ///
    /// # Errors
    /// The directory is a link or a file, or leads through one.
    pub fn existing(
        &self,
        dir: Option<&RepoPath>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(Existing, Blobs<'_>), Error> {
        let dir = match dir {
            Some(dir) => self.folder(dir)?,
            None => String::new(),
        };
        let dir = dir.as_str();
        let existing = RefCell::new(Existing::default());
        let mut blobs = Blobs::new(&self.repository);
        let below = |path: &str| path.strip_prefix(dir).map(|rest| rest.trim_start_matches('/').to_owned());
        let enters = |folder: &str| {
            let Some(rest) = below(folder).filter(|rest| !rest.is_empty()) else { return true };
            if is_hidden(&rest) || !rest.contains('/') && !wanted(&rest) {
                return false;
            }
            if let Ok(clean) = RepoPath::new(&rest) {
                existing.borrow_mut().push(clean, ExistingKind::Folder);
            }
            true
        };
        self.listing.each(&self.repository, dir, &enters, &mut |path, entry| {
            let Some(rest) = below(path) else { return };
            let name = rest.rsplit('/').next().unwrap_or_default().to_owned();
            if !rest.contains('/') && !wanted(&rest) || name.starts_with('.') && name != INDEX || is_temporary(&name) {
                return;
            }
            let mut existing = existing.borrow_mut();
            let Ok(clean) = RepoPath::new(&rest) else {
                existing.push_unnamed(rest);
                return;
            };
            let kind = match entry.mode {
                FileMode::File => ExistingKind::File,
                FileMode::Link => ExistingKind::Link,
                FileMode::Folder | FileMode::Module => ExistingKind::Other,
            };
            if kind == ExistingKind::File {
                blobs.push(clean.clone(), entry.id);
            }
            existing.push(clean, kind);
        });
        if let Some((path, why)) = self.listing.faults().into_iter().next() {
            return Err(Error::Blob { path, why });
        }
        Ok((existing.into_inner().sorted(), blobs))
    }

    /// Where an output directory is, symbolic links inside the root followed.
    fn folder(&self, dir: &RepoPath) -> Result<String, Error> {
        match self.resolve(dir.as_str()) {
            ResolvedPath::Folder(path) => Ok(path),
            ResolvedPath::Missing => {
                let ends = dir.as_str().match_indices('/').map(|(at, _)| at).chain([dir.as_str().len()]);
                let file = ends.map(|end| &dir.as_str()[..end]).find(|above| {
                    let entry = self.listing.get(&self.repository, above);
                    entry.is_some_and(|entry| entry.mode != FileMode::Folder)
                });
                file.map_or(Ok(dir.to_string()), |file| Err(Error::NotAFolder(PathBuf::from(file))))
            }
            ResolvedPath::File(_) => Err(Error::NotAFolder(PathBuf::from(dir.as_str()))),
            ResolvedPath::Bad(_) => Err(Error::OutputOutside(PathBuf::from(dir.as_str()))),
        }
    }

    /// Puts a blob among the files, or what keeps it from being there.
    fn take(&self, path: &str, id: Oid, link: bool, files: &mut Vec<SourceFile>, problems: &mut Vec<ReadProblem>) {
        let Ok(clean) = RepoPath::new(path) else {
            problems.push(ReadProblem { path: path.to_owned(), kind: ProblemKind::Name });
            return;
        };
        match self.blob(id, limit_of(path)) {
            Ok(bytes) => files.push(SourceFile { path: clean, bytes, link }),
            Err(kind) => problems.push(ReadProblem { path: path.to_owned(), kind }),
        }
    }

    fn blob(&self, id: Oid, limit: u64) -> Result<Arc<[u8]>, ProblemKind> {
        let unreadable = |error: git2::Error| {
            let partial = format!("Git has no object {id} ({}); is this a partial clone?", error.message());
            ProblemKind::Unreadable(partial)
        };
        let odb = self.repository.odb().map_err(unreadable)?;
        let (size, _) = odb.read_header(id).map_err(unreadable)?;
        if size as u64 > limit {
            return Err(ProblemKind::TooLarge(size as u64));
        }
        let object = odb.read(id).map_err(unreadable)?;
        stand_in(object.data()).map_or_else(|| Ok(object.data().into()), Err)
    }

    /// What a symbolic link says, as written: of the one nearest to the end of the path.
    fn written(&self, path: &str) -> String {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let prefixes: Vec<&str> = ends.map(|end| &path[..end]).collect();
        let link = prefixes
            .iter()
            .rev()
            .find_map(|prefix| self.listing.get(&self.repository, prefix).filter(|entry| entry.mode == FileMode::Link));
        link.map(|entry| self.link(entry)).unwrap_or_default()
    }

    fn link(&self, entry: ListedPath) -> String {
        let blob = self.repository.find_blob(entry.id);
        blob.map(|blob| String::from_utf8_lossy(blob.content()).into_owned()).unwrap_or_default()
    }

    /// Follows a path through symbolic links, inside the fleet root only.
    fn resolve(&self, path: &str) -> ResolvedPath {
        let outside = || ResolvedPath::Bad(ProblemKind::LinkOutside(self.written(path)));
        let mut rest: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut there: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if there.pop().is_none() {
                        return outside();
                    }
                    continue;
                }
                part if part.eq_ignore_ascii_case(".git") => return ResolvedPath::Bad(in_git()),
                _ => there.push(part),
            }
            let here = there.join("/");
            let Some(entry) = self.listing.get(&self.repository, &here) else {
                return if links > 0 {
                    ResolvedPath::Bad(ProblemKind::LinkBroken(self.written(path)))
                } else {
                    ResolvedPath::Missing
                };
            };
            match entry.mode {
                FileMode::Folder => {}
                FileMode::File if rest.is_empty() => return ResolvedPath::File(entry.id),
                FileMode::File => return ResolvedPath::Missing,
                FileMode::Module => {
                    self.modules.borrow_mut().insert(here);
                    return ResolvedPath::Missing;
                }
                FileMode::Link => {
                    links += 1;
                    if links > LINKS {
                        return ResolvedPath::Bad(ProblemKind::LinkBroken(self.written(path)));
                    }
                    let target = self.link(entry);
                    if target.starts_with('/') {
                        return outside();
                    }
                    there.pop();
                    rest.extend(target.rsplit('/').map(str::to_owned));
                }
            }
        }
        ResolvedPath::Folder(there.join("/"))
    }
}

/// The repository around a folder, and what leads from its root to that folder.
pub(super) fn around(root: &Path) -> Result<(Repository, PathBuf), Error> {
    let canonical = root.canonicalize().map_err(Error::read(root))?;
    let repository = super::git::open(&canonical)
        .map_err(|why| Error::Git { folder: root.to_owned(), why })?
        .ok_or_else(|| Error::NoGit(root.to_owned()))?;
    let top = repository.workdir().and_then(|workdir| workdir.canonicalize().ok());
    let prefix = top.and_then(|top| canonical.strip_prefix(&top).ok().map(Path::to_path_buf)).unwrap_or_default();
    Ok((repository, prefix))
}

/// The folder at a path of a tree; `None` if there is none. A tree on the way that Git cannot give is an error: whether the
/// folder is there is not known then.
fn folder(repository: &Repository, top: Tree<'_>, path: &Path) -> Result<Option<Oid>, git2::Error> {
    let mut id = top.id();
    for part in path.iter() {
        let tree = repository.find_tree(id)?;
        let entry = part.to_str().and_then(|part| tree.get_name(part));
        let Some(entry) = entry.filter(|entry| entry.kind() == Some(ObjectType::Tree)) else { return Ok(None) };
        id = entry.id();
    }
    Ok(Some(id))
}

/// Whether the last part of a path is hidden.
fn is_hidden(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten copies of ten copies, and so on: a commit of seven folders that names ten million files.
    #[test]
    fn a_revision_of_few_objects_and_any_number_of_files_is_not_read_forever() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let blob = repository.blob(b"a: b\n").unwrap();
        let mut below = (blob, 0o100_644);
        for _ in 0..7 {
            let mut tree = repository.treebuilder(None).unwrap();
            for at in 0..10 {
                tree.insert(format!("{at}.yaml"), below.0, below.1).unwrap();
            }
            below = (tree.write().unwrap(), 0o040_000);
        }
        let objects = GitFiles::at(folder.path(), &below.0.to_string()).unwrap();
        let sources = objects.read(&[]);
        assert_eq!(sources.tree.files().len(), REPEATED + 1);
        let why: Vec<String> = sources.tree.problems().iter().map(|problem| format!("{:?}", problem.kind)).collect();
        assert_eq!(why.len(), 2, "{why:?}");
        assert!(why.iter().any(|why| why.contains("no more are read")), "{why:?}");
        assert!(why.iter().any(|why| why.contains("no more are walked")), "{why:?}");
    }
}
