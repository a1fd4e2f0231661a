//! Discovers the Git repository around a fleet: work tree, hooks folder, remote. Answers come from Git's own settings
//! and environment.

#![expect(clippy::disallowed_methods, reason = "this room reads files")]

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use git2::{AttrCheckFlags, AttrValue, Repository, RepositoryOpenFlags};

use super::error::Error;
use super::git;
use crate::tree::RepoPath;

/// The Git repository around a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// The top of the work tree.
    pub top: PathBuf,
    /// What leads from the top to the folder, `/`-separated; empty at the top itself.
    pub prefix: String,
    /// The folder in which Git looks for hooks.
    pub hooks: PathBuf,
    /// That folder is beside the one that husky makes and gives to Git: what stands in this one is what it runs.
    pub husky: bool,
    /// `core.hooksPath` leads out of the repository: other repositories may use that folder too.
    pub shared: bool,
    /// The URL of the remote `origin`.
    pub origin: Option<String>,
    /// The branch that everybody starts from: the remote's own, else the one that is checked out.
    pub branch: Option<String>,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Nothing.
    Nothing,
    /// A plain file with these bytes.
    File(Vec<u8>),
    /// A folder, a symbolic link, or something stranger: in words.
    Other(&'static str),
}

/// The repository around a folder, which need not exist yet; `None` if there is none with a work tree.
///
/// # Errors
/// There is one, and it cannot be used.
pub fn around(folder: &Path) -> Result<Option<Around>, Error> {
    let wrong = |why: String| Error::Git { folder: folder.to_owned(), why };
    let Some(exists) = folder.ancestors().find(|above| above.is_dir()) else { return Ok(None) };
    let exists = exists.canonicalize().map_err(Error::read(exists))?;
    let Some(plain) = git::open(&exists).map_err(wrong)? else { return Ok(None) };
    let Some(top) = plain.workdir().and_then(|top| top.canonicalize().ok()) else { return Ok(None) };
    let missing = folder.ancestors().take_while(|above| !above.is_dir()).filter_map(Path::file_name);
    let mut missing: Vec<_> = missing.collect();
    missing.reverse();
    let full = missing.iter().fold(exists.clone(), |path, part| path.join(part));
    let below = full.strip_prefix(&top).unwrap_or(Path::new(""));
    let parts: Option<Vec<&str>> = below.components().map(|part| part.as_os_str().to_str()).collect();
    let prefix = parts.ok_or_else(|| wrong(format!("the path `{}` is not UTF-8", below.display())))?.join("/");
    let common = plain.commondir().canonicalize().unwrap_or_else(|_| plain.commondir().to_owned());
    let (mut hooks, shared) = match hooks_path(&exists, &plain) {
        Some(said) => {
            let hooks = top.join(said);
            // What does not exist yet is found as it is written.
            let real = hooks.canonicalize().unwrap_or_else(|_| hooks.clone());
            let shared = !real.starts_with(&top) && !real.starts_with(&common);
            (hooks, shared)
        }
        None => (common.join("hooks"), false),
    };
    let husky = !shared && hooks.ends_with(".husky/_");
    if husky {
        hooks.pop();
    }
    let origin = plain.find_remote("origin").ok().and_then(|remote| remote.url().ok().map(str::to_owned));
    let branch = branch(&plain);
    Ok(Some(Around { top, prefix, hooks, husky, shared, origin, branch }))
}

/// Whether Git ignores a file that leads from the folder, and does not track it; the file need not exist.
pub fn ignores(around: &Around, path: &str) -> bool {
    let Ok(Some(plain)) = git::open(&around.top) else { return false };
    let full = Path::new(&around.prefix).join(path);
    let tracked = plain.index().is_ok_and(|index| index.get_path(&full, 0).is_some());
    !tracked && plain.is_path_ignored(&full).unwrap_or(false)
}

/// The first of some files of the fleet at `root` that Git ignores and does not track; they need not exist.
pub fn first_ignored(root: &Path, paths: impl IntoIterator<Item = String>) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let plain = git::open(&root).ok()??;
    let top = plain.workdir()?.canonicalize().ok()?;
    let prefix = root.strip_prefix(&top).ok()?;
    let index = plain.index().ok()?;
    paths.into_iter().find(|path| {
        let full = prefix.join(path);
        index.get_path(&full, 0).is_none() && plain.is_path_ignored(&full).unwrap_or(false)
    })
}

/// The first file of the fleet at `root` to which `.gitattributes` gives a filter, as git-crypt and Git LFS use them, with
/// its name.
pub fn filtered(root: &Path, paths: &[RepoPath]) -> Option<(RepoPath, String)> {
    let root = root.canonicalize().ok()?;
    let plain = git::open(&root).ok()??;
    let top = plain.workdir()?.canonicalize().ok()?;
    let prefix = root.strip_prefix(&top).ok()?;
    paths.iter().find_map(|path| {
        let full = prefix.join(path.as_str());
        let said = plain.get_attr_bytes(&full, "filter", AttrCheckFlags::FILE_THEN_INDEX).ok()?;
        let name = match AttrValue::from_bytes(said) {
            AttrValue::Bytes(name) => String::from_utf8_lossy(name).into_owned(),
            AttrValue::String(name) => name.to_owned(),
            AttrValue::True | AttrValue::False | AttrValue::Unspecified => return None,
        };
        Some((path.clone(), name))
    })
}

fn branch(repository: &Repository) -> Option<String> {
    let target = |name: &str, before: &str| {
        let reference = repository.find_reference(name).ok()?;
        let target = reference.symbolic_target().ok()??;
        target.strip_prefix(before).map(str::to_owned)
    };
    target("refs/remotes/origin/HEAD", "refs/remotes/origin/").or_else(|| target("HEAD", "refs/heads/"))
}

/// `core.hooksPath`, its `~` resolved, as Git would find it: with the settings that the environment names.
fn hooks_path(folder: &Path, plain: &Repository) -> Option<PathBuf> {
    let nowhere: [&Path; 0] = [];
    let asked = Repository::open_ext(folder, RepositoryOpenFlags::FROM_ENV, nowhere);
    let config = asked.as_ref().unwrap_or(plain).config().ok()?;
    config.get_path("core.hooksPath").ok().filter(|path| !path.as_os_str().is_empty())
}

/// What stands at a path; no link is followed.
///
/// # Errors
/// The system refuses to say.
pub fn stands(path: &Path) -> Result<Stands, Error> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Stands::Nothing);
        }
        Err(error) => return Err(Error::read(path)(error)),
    };
    Ok(match meta.file_type() {
        kind if kind.is_symlink() => Stands::Other("a symbolic link"),
        kind if kind.is_dir() => Stands::Other("a folder"),
        kind if kind.is_file() => Stands::File(read(path)?),
        _ => Stands::Other("neither a file nor a folder"),
    })
}

/// The first part of the way to a path that exists and is no folder.
pub fn blocked(path: &Path) -> Option<PathBuf> {
    let above = path.ancestors().skip(1).find(|above| above.symlink_metadata().is_ok())?;
    if above.is_dir() { None } else { Some(above.to_owned()) }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes: io::Result<Vec<u8>> = fs::read(path);
    bytes.map_err(Error::read(path))
}
