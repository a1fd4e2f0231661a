//! Asks Git about files of the work tree: tracked, ignored, attributes. Tracked files count even where a rule ignores
//! them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use git2::{AttrCheckFlags, ErrorCode, Index, IndexEntryExtendedFlag, Repository, RepositoryOpenFlags};

use crate::tree::RepoPath;

/// A Git work tree around a folder.
pub(super) struct Git {
    repository: Repository,
    index: Index,
    workdir: PathBuf,
    /// What leads from the work tree's root to the fleet root.
    prefix: PathBuf,
}

/// What Git told its hook, which started us.
#[derive(Debug, Default)]
pub struct Started {
    /// The repository, and the work tree, if Git was told both apart; as they are, without links.
    pub apart: Option<(PathBuf, PathBuf)>,
    /// Where else objects are: those of a push that is not accepted yet are not in the repository.
    pub objects: Vec<PathBuf>,
}

static STARTED: OnceLock<Started> = OnceLock::new();

/// Takes down what Git told its hook, once, before anything is opened.
pub fn started(by: Started) {
    let _known_already = STARTED.set(by);
}

/// Why a repository cannot be found from its work tree, if it is kept apart from it without a `.git` that leads there.
fn apart(folder: &Path, found: Option<&Repository>) -> Option<String> {
    let (repository, top) = STARTED.get()?.apart.as_ref()?;
    let own = |found: &Repository| {
        let folders = [found.path(), found.commondir()];
        folders.iter().any(|folder| folder.canonicalize().is_ok_and(|folder| folder == *repository))
    };
    if !folder.starts_with(top) || found.is_some_and(own) {
        return None;
    }
    let (repository, top) = (repository.display(), top.display());
    let way = format!("`git init --separate-git-dir={repository} {top}` makes one");
    Some(format!("GIT_DIR says that it is `{repository}`, and no `.git` in the work tree leads there; {way}"))
}

/// The repository that `folder` lies in, bare or not; `None` if there is none. Of the environment only
/// what [`started`] was told is asked.
///
/// # Errors
/// In words, why the repository that is there cannot be used.
pub(super) fn open(folder: &Path) -> Result<Option<Repository>, String> {
    let nowhere: [&Path; 0] = [];
    match Repository::open_ext(folder, RepositoryOpenFlags::empty(), nowhere) {
        Ok(repository) => {
            if let Some(why) = apart(folder, Some(&repository)) {
                return Err(why);
            }
            let beside = STARTED.get().into_iter().flat_map(|started| &started.objects);
            for objects in beside.filter_map(|objects| objects.to_str()) {
                // What is not there is missed when it is asked for.
                let _best_effort = repository.odb().and_then(|odb| odb.add_disk_alternate(objects));
            }
            Ok(Some(repository))
        }
        Err(error) if error.code() == ErrorCode::NotFound => {
            if let Some(why) = apart(folder, None) {
                return Err(why);
            }
            // A `.git` that libgit2 passes over is worth a word.
            let broken = folder.ancestors().map(|above| above.join(".git")).find(|git| git.exists());
            broken.map_or(Ok(None), |_| Err("`.git` is not a repository".to_owned()))
        }
        Err(error) if error.code() == ErrorCode::Owner => {
            let top = folder.ancestors().find(|above| above.join(".git").exists()).unwrap_or(folder);
            Err(format!(
                "it belongs to another user; `git config --global --add safe.directory {}` would trust it",
                top.display()
            ))
        }
        Err(error) => Err(explained(error.message())),
    }
}

/// What libgit2 says of a kind of repository that it does not know, with a way out.
pub(super) fn explained(message: &str) -> String {
    const WAYS: [(&str, &str); 5] = [
        ("'link'", "the index is split, which is not supported; `git update-index --no-split-index` puts it together"),
        (
            "'sdir'",
            "the index is sparse, which is not supported; `git sparse-checkout reapply --no-sparse-index` fills it",
        ),
        (
            "'FSMN'",
            "the index is kept by a monitor, which is not supported; `git config core.fsmonitor false` turns it off",
        ),
        ("objectformat", "its objects are named by SHA-256, which is not supported"),
        (
            "refstorage",
            "its references are a reftable, which is not supported; `git refs migrate --ref-format=files` turns it back",
        ),
    ];
    let known = WAYS.iter().find(|(word, _)| message.contains(word));
    known.map_or_else(|| message.to_owned(), |(_, way)| (*way).to_owned())
}

/// The index that Git tells a hook to look at, if it is one of this repository: its path may be relative, and is then
/// meant from the top. Of another repository, which only started us, it is none of our business.
pub(super) fn index_of(repository: &Repository, named: &Path) -> Option<PathBuf> {
    let path = match repository.workdir() {
        Some(top) if named.is_relative() => top.join(named),
        _ => named.to_owned(),
    };
    let folder = path.parent()?.canonicalize().ok()?;
    let own = [repository.path(), repository.commondir()];
    own.iter().any(|own| own.canonicalize().is_ok_and(|own| folder.starts_with(own))).then_some(path)
}

impl Git {
    /// The work tree that `folder` lies in; `None` if there is none. The environment is not asked.
    ///
    /// # Errors
    /// In words, why the repository that is there cannot be used.
    pub(super) fn around(folder: &Path) -> Result<Option<Self>, String> {
        let Some(repository) = open(folder)? else { return Ok(None) };
        let Some(workdir) = repository.workdir().and_then(|workdir| workdir.canonicalize().ok()) else {
            return Ok(None);
        };
        let Ok(below) = folder.strip_prefix(&workdir) else { return Ok(None) };
        let prefix = below.to_owned();
        let index = repository.index().map_err(|error| explained(error.message()))?;
        Ok(Some(Self { repository, index, workdir, prefix }))
    }

    /// Files of the fleet that Git tracks and a sparse checkout left out: how many, and the first.
    pub(super) fn left_out(&self) -> Option<(usize, String)> {
        let sparse = self.repository.config().and_then(|config| config.get_bool("core.sparseCheckout"));
        if !sparse.unwrap_or(false) {
            return None;
        }
        let skipped = IndexEntryExtendedFlag::SKIP_WORKTREE;
        let mut missing: Vec<String> = Vec::new();
        for entry in self.index.iter() {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            let flags = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
            let below = Path::new(&path).starts_with(&self.prefix);
            if below && flags.contains(skipped) && self.workdir.join(&path).symlink_metadata().is_err() {
                missing.push(path);
            }
        }
        let first = missing.first()?.clone();
        Some((missing.len(), first))
    }

    /// The root of the work tree.
    pub(super) fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// Whether the fleet root itself is ignored, and nothing in it tracked.
    pub(super) fn ignores_root(&self) -> bool {
        !self.prefix.as_os_str().is_empty() && !self.counts(Path::new(""), true)
    }

    /// Whether a file or folder, relative to the fleet root, counts: it is tracked, holds something tracked, or is not
    /// ignored.
    pub(super) fn counts(&self, path: &Path, folder: bool) -> bool {
        let mut full = self.prefix.join(path);
        let tracked = if folder {
            // Both Git and its index tell a folder by the `/` at its end.
            full.push("");
            self.index.find_prefix(full.as_path()).is_ok()
        } else {
            self.index.get_path(&full, 0).is_some()
        };
        // A path that the rules cannot be asked about is not ignored.
        tracked || !self.repository.is_path_ignored(&full).unwrap_or(false)
    }

    /// The value of an attribute as `.gitattributes` files give it.
    pub(super) fn attribute(&self, path: &RepoPath, name: &str) -> Option<String> {
        let full = self.prefix.join(path.as_str());
        let value = self.repository.get_attr(&full, name, AttrCheckFlags::FILE_THEN_INDEX);
        value.ok().flatten().map(str::to_owned)
    }
}
