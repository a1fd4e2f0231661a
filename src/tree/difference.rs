//! The difference between the wanted and the existing output.
//!
//! A file is only replaced or removed if fleetcron owns it, and ownership is only asked for files that change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::existing::{Contents, Existing, ExistingKind};
use super::ownership::{
    FIRST_LINE, INDEX, has_header, holds_document, is_index, is_manifest, is_yaml, owner, read_index,
};
use super::{OutputTree, RepoPath};

/// A file longer than this is not read as a document.
const DOCUMENT_LIMIT: usize = 8 << 20;

/// An index longer than this is not one of ours.
const INDEX_LIMIT: usize = 1 << 20;

/// The kinds, as they stand in file names, of which the former bytes of a changed or deleted file are kept: the API server
/// refuses some updates of them, or deletes more with them.
const FORMER_KEPT: [&str; 8] = [
    "clusterrolebinding",
    "configmap",
    "customresourcedefinition",
    "job",
    "namespace",
    "persistentvolumeclaim",
    "rolebinding",
    "secret",
];

/// How we know that a file that stands there is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Its first line says so.
    Header,
    /// The index of its cluster directory names it.
    Listed,
    /// It is empty, at a path that we need: a machine that crashed may leave that, and nothing is lost with it.
    Empty,
}

/// A file that is to be written.
#[derive(Clone, Debug)]
pub struct Write {
    /// Where, relative to the output directory.
    pub path: RepoPath,
    /// What.
    pub bytes: Arc<[u8]>,
    /// What makes the file that it replaces ours; `None` if there is none.
    pub replaces: Option<Mark>,
    /// The task whose CronJob the replaced file holds, if that is not the task of the new one.
    pub former_owner: Option<String>,
    /// The bytes of the replaced file, for the few kinds of objects where they matter.
    pub former: Option<Arc<[u8]>>,
}

/// A file that is to be removed.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Where, relative to the output directory.
    pub path: RepoPath,
    /// What makes it ours.
    pub mark: Mark,
    /// The task whose CronJob it holds, if it holds one.
    pub owner: Option<String>,
    /// Its bytes, for the few kinds of objects where they matter.
    pub former: Option<Arc<[u8]>>,
}

/// Something at a path that we need, or above it, that is not ours to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Where it stands.
    pub path: RepoPath,
    /// What it is.
    pub kind: ConflictKind,
}

/// The kinds of [`Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// A file without our header, which no index of ours names.
    NotOurs,
    /// A file where a folder is needed.
    FileForFolder,
    /// A folder where a file is needed.
    FolderForFile,
    /// A symbolic link: nothing is ever written through one.
    Link,
    /// A pipe, a socket or a device.
    Special,
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOurs => "a file that fleetcron did not write",
            Self::FileForFolder => "a file where a folder is needed",
            Self::FolderForFile => "a folder where a file is needed",
            Self::Link => "a symbolic link",
            Self::Special => "neither a file nor a folder",
        })
    }
}

/// How many manifests of one cluster change; the index and a kustomization do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New ones.
    pub create: usize,
    /// Ones with other bytes.
    pub update: usize,
    /// Ones that go.
    pub delete: usize,
    /// Ones that stay as they are.
    pub unchanged: usize,
}

impl Counts {
    /// How many of ours stand there now.
    pub fn before(self) -> usize {
        self.update + self.delete + self.unchanged
    }

    /// How many there will be.
    pub fn after(self) -> usize {
        self.create + self.update + self.unchanged
    }
}

/// What has to be done to the output, everything in path order.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Files where none stands.
    pub create: Vec<Write>,
    /// Files of ours with other bytes.
    pub update: Vec<Write>,
    /// Files of ours that nobody wants any longer.
    pub delete: Vec<Removal>,
    /// How many files stay as they are.
    pub unchanged: usize,
    /// What is not ours and not in the way: it is never touched.
    pub strangers: Vec<String>,
    /// Those of them that hold a document of fleetcron: it is no input while the output stands there.
    pub inputs: Vec<RepoPath>,
    /// What is not ours and in the way: with one of these nothing may be written.
    pub conflicts: Vec<Conflict>,
    /// Folders that hold nothing and have a name that a folder of ours could have: a killed run may have left them.
    pub empty: Vec<RepoPath>,
    /// Temporary files and folders that a killed run left.
    pub leftovers: Vec<RepoPath>,
    /// Cluster by cluster.
    pub clusters: BTreeMap<String, Counts>,
}

impl Difference {
    /// Compares what should be with what is. Where only some clusters are built, both trees hold only these.
    ///
    /// # Errors
    /// What `contents` failed with.
    pub fn between<C: Contents>(output: &OutputTree, existing: &Existing, contents: &mut C) -> Result<Self, C::Error> {
        let mut build = DifferenceBuilder {
            existing,
            contents,
            lists: BTreeMap::new(),
            obstacles: BTreeMap::new(),
            found: Self::default(),
        };
        let mut standing = existing.entries().iter().peekable();
        let mut open_folder = "";
        for (path, bytes) in output.files() {
            while let Some((path, kind)) = standing.next_if(|entry| entry.0 < *path) {
                build.unwanted(path, *kind)?;
            }
            match standing.next_if(|entry| entry.0 == *path) {
                Some((_, ExistingKind::File)) => build.compare(path, bytes)?,
                Some((_, ExistingKind::Folder)) => build.obstacle(path.as_str(), ConflictKind::FolderForFile),
                Some((_, ExistingKind::Link)) => build.obstacle(path.as_str(), ConflictKind::Link),
                Some((_, ExistingKind::Other)) => build.obstacle(path.as_str(), ConflictKind::Special),
                None => {
                    let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
                    if folder != open_folder {
                        build.way_to(folder);
                        open_folder = folder;
                    }
                    build.count(path, |counts| &mut counts.create);
                    build.found.create.push(Write::new(path.clone(), Arc::clone(bytes)));
                }
            }
        }
        for (path, kind) in standing {
            build.unwanted(path, *kind)?;
        }
        Ok(build.finish())
    }

    /// Whether the output already is what it should be. Crumbs of killed runs do not count.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty() && self.conflicts.is_empty()
    }
}

/// A difference under construction.
struct DifferenceBuilder<'a, C> {
    existing: &'a Existing,
    contents: &'a mut C,
    /// The indexes that were read: cluster -> names.
    lists: BTreeMap<&'a str, BTreeSet<String>>,
    obstacles: BTreeMap<String, ConflictKind>,
    found: Difference,
}

impl<'a, C: Contents> DifferenceBuilder<'a, C> {
    /// A wanted file stands there: the same, ours to replace, or in the way.
    fn compare(&mut self, path: &'a RepoPath, bytes: &Arc<[u8]>) -> Result<(), C::Error> {
        let mut held: &[u8] = &[];
        let mut same = self.contents.same(path, bytes) == Some(true);
        if !same {
            // One byte more than wanted tells a longer file from an equal one.
            let limit = if keeps_former(path) || is_cron_job(path) { DOCUMENT_LIMIT } else { FIRST_LINE };
            held = self.contents.read(path, (bytes.len() + 1).max(limit))?;
            same = *held == **bytes;
        }
        if same {
            self.found.unchanged += 1;
            self.count(path, |counts| &mut counts.unchanged);
            return Ok(());
        }
        let former_owner = owner(held).filter(|task| owner(bytes) != Some(task)).map(str::to_owned);
        let starts = is_cron_job(path) && start_lines(held).ne(start_lines(bytes));
        let former = (starts || keeps_former(path)).then(|| Arc::from(held));
        let mark = if held.is_empty() {
            Some(Mark::Empty)
        } else if has_header(held) {
            Some(Mark::Header)
        } else {
            self.is_listed(path)?.then_some(Mark::Listed)
        };
        if mark.is_some() {
            self.count(path, |counts| &mut counts.update);
            let write = Write { replaces: mark, former_owner, former, ..Write::new(path.clone(), Arc::clone(bytes)) };
            self.found.update.push(write);
        } else {
            self.obstacle(path.as_str(), ConflictKind::NotOurs);
        }
        Ok(())
    }

    /// Nobody wants what stands there: ours to remove, or a stranger.
    fn unwanted(&mut self, path: &'a RepoPath, kind: ExistingKind) -> Result<(), C::Error> {
        let mut task = None;
        let mut former = None;
        let mut with_header = false;
        if kind == ExistingKind::File {
            let kept = keeps_former(path);
            let first = self.contents.read(path, if kept { DOCUMENT_LIMIT } else { FIRST_LINE })?;
            with_header = has_header(first);
            task = owner(first).map(str::to_owned);
            former = kept.then(|| Arc::from(first));
        }
        let mark = match kind {
            ExistingKind::Folder => return Ok(()),
            ExistingKind::Link | ExistingKind::Other => None,
            ExistingKind::File if with_header => Some(Mark::Header),
            ExistingKind::File => self.is_listed(path)?.then_some(Mark::Listed),
        };
        match mark {
            Some(mark) => {
                self.count(path, |counts| &mut counts.delete);
                self.found.delete.push(Removal { path: path.clone(), mark, owner: task, former });
            }
            None => {
                self.found.strangers.push(path.to_string());
                if kind == ExistingKind::File
                    && is_yaml(path.file_name())
                    && holds_document(self.contents.read(path, DOCUMENT_LIMIT)?)
                {
                    self.found.inputs.push(path.clone());
                }
            }
        }
        Ok(())
    }

    /// Whether the index of the cluster names the file. The index is read at the first question.
    fn is_listed(&mut self, path: &'a RepoPath) -> Result<bool, C::Error> {
        let Some((cluster, below)) = path.as_str().split_once('/') else { return Ok(false) };
        if !self.lists.contains_key(cluster) {
            let index = RepoPath::new(&format!("{cluster}/{INDEX}")).ok();
            let index = index.filter(|index| self.existing.get(index.as_str()) == Some(ExistingKind::File));
            let names = match index {
                Some(index) => read_index(self.contents.read(&index, INDEX_LIMIT)?),
                None => BTreeSet::new(),
            };
            self.lists.insert(cluster, names);
        }
        Ok(self.lists.get(cluster).is_some_and(|names| names.contains(below)))
    }

    /// Every folder on the way to a new file must be a folder or be missing.
    fn way_to(&mut self, folder: &str) {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for above in ends.map(|end| &folder[..end]) {
            match self.existing.get(above) {
                None | Some(ExistingKind::Folder) => {}
                Some(ExistingKind::File) => self.obstacle(above, ConflictKind::FileForFolder),
                Some(ExistingKind::Link) => self.obstacle(above, ConflictKind::Link),
                Some(ExistingKind::Other) => self.obstacle(above, ConflictKind::Special),
            }
        }
    }

    fn obstacle(&mut self, path: &str, kind: ConflictKind) {
        self.obstacles.insert(path.to_owned(), kind);
    }

    fn count(&mut self, path: &RepoPath, field: impl FnOnce(&mut Counts) -> &mut usize) {
        if !is_manifest(path) {
            return;
        }
        let counts = match self.found.clusters.get_mut(path.first()) {
            Some(counts) => counts,
            None => self.found.clusters.entry(path.first().to_owned()).or_default(),
        };
        *field(counts) += 1;
    }

    fn finish(self) -> Difference {
        let Self { existing, obstacles, mut found, .. } = self;
        found.strangers.extend(existing.unnamed().iter().cloned());
        found.strangers.retain(|path| !obstacles.contains_key(path));
        found.strangers.sort_unstable();
        found.conflicts = obstacles
            .into_iter()
            .filter_map(|(path, kind)| Some(Conflict { path: RepoPath::new(&path).ok()?, kind }))
            .collect();
        found.empty = existing.empty_folders().iter().filter(|path| could_be_ours(path)).cloned().collect();
        found.leftovers = existing.leftovers().to_vec();
        found
    }
}

/// Whether a path is that of a CronJob. There are many of them, so the former bytes are kept only where a line differs
/// that decides when it starts.
fn is_cron_job(path: &RepoPath) -> bool {
    path.as_str().ends_with(".cronjob.yaml")
}

/// The lines of a CronJob that decide when it starts, as fleetcron writes them.
fn start_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const KEYS: [&[u8]; 4] = [b"  schedule:", b"  timeZone:", b"  suspend:", b"  startingDeadlineSeconds:"];
    bytes.split(|byte| *byte == b'\n').filter(|line| KEYS.iter().any(|key| line.starts_with(key)))
}

/// Whether the former bytes of a file are kept, by the kind in its name.
fn keeps_former(path: &RepoPath) -> bool {
    let kind = path.file_name().strip_suffix(".yaml").and_then(|name| name.rsplit('.').next());
    kind.is_some_and(|kind| FORMER_KEPT.contains(&kind))
}

/// Whether every part is a name that a cluster or a namespace can have (`lost+found` is not).
fn could_be_ours(folder: &RepoPath) -> bool {
    folder.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'/'))
}

impl Write {
    /// A file where none stands.
    pub fn new(path: RepoPath, bytes: Arc<[u8]>) -> Self {
        Self { path, bytes, replaces: None, former_owner: None, former: None }
    }

    /// Whether this is the index of a cluster directory.
    pub fn is_index(&self) -> bool {
        is_index(&self.path)
    }
}
