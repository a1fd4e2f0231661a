//! Reads what a branch holds and what its commits say. A branch known only from its remote counts, so a fresh clone
//! continues it.

use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, Oid, ReferenceType, Repository, message_trailers_bytes};

use super::error::Error;
use super::objects::{GitFiles, around};
use super::view::View;

/// The trailer of a commit of ours that names the commit it was made from.
pub const SOURCE_TRAILER: &str = "Fleetcron-source-commit";

/// A commit, as far as others want to name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOrigin {
    /// Its id, in hexadecimal.
    pub id: String,
    /// `Name <address>`.
    pub author: String,
    /// Seconds since 1970.
    pub seconds: i64,
    /// How many minutes its clock was ahead of UTC.
    pub offset: i32,
    /// The first line of what it says.
    pub subject: String,
}

/// The tip of a branch.
pub struct Tip {
    /// The commit that a new one goes on top of, in hexadecimal; `None` if there is no such branch.
    pub commit: Option<String>,
    /// What the local branch points at, in hexadecimal: the same, or behind it, or nothing.
    pub local: Option<String>,
    /// The remote's branch that is ahead of the local one.
    pub ahead: Option<String>,
    /// The commit that the tip was made from, if it says so.
    pub source: Option<String>,
}

/// Looks up a branch.
///
/// # Errors
/// There is no repository, the name cannot be a branch's, the branch is checked out somewhere, or it cannot be read.
pub fn tip(root: &Path, branch: &str) -> Result<Tip, Error> {
    let (repository, _) = around(root)?;
    let wrong = |why: String| Error::Branch { branch: branch.to_owned(), why };
    let failed = |why: git2::Error| wrong(why.message().to_owned());
    if !git2::Branch::name_is_valid(branch).unwrap_or(false) {
        return Err(wrong("that cannot be the name of a branch".to_owned()));
    }
    let remotes = repository.remotes().map_err(failed)?;
    let remote = remotes.iter().filter_map(|remote| remote.ok().flatten());
    let mut remote = remote.filter(|remote| branch.starts_with(&format!("{remote}/")));
    if branch.starts_with("refs/") || branch == "HEAD" || branch == "@" {
        return Err(wrong("give the name of a branch, without `refs/heads/`".to_owned()));
    }
    if let Some(remote) = remote.next() {
        let own = &branch[remote.len() + 1..];
        return Err(wrong(format!("that is the branch of a remote; commit to `{own}`, and push it")));
    }
    if let Some(place) = checked_out(&repository, branch) {
        return Err(wrong(format!("it is checked out in {place}, and its files would not follow")));
    }
    let local = match repository.refname_to_id(&format!("refs/heads/{branch}")) {
        Ok(id) => Some(id),
        Err(why) if why.code() == ErrorCode::NotFound => None,
        Err(why) => return Err(failed(why)),
    };
    let reference = repository.find_reference(&format!("refs/heads/{branch}"));
    if reference.is_ok_and(|reference| reference.kind() == Some(ReferenceType::Symbolic)) {
        return Err(wrong("it only points at another branch; commit to that one".to_owned()));
    }
    let remote = of_remote(&repository, branch)?;
    let (commit, ahead) = match (local, remote) {
        (Some(local), Some((name, remote))) => match repository.graph_ahead_behind(local, remote) {
            Err(why) => {
                let why = why.message();
                return Err(wrong(format!("it cannot be compared with {name} ({why}); fetch both branches whole")));
            }
            Ok((0, behind)) if behind > 0 => (Some(remote), Some(name)),
            Ok((ahead, behind)) if ahead > 0 && behind > 0 => {
                let way = format!("`git branch -f {branch} {name}` gives up what was not pushed; then run this again");
                return Err(wrong(format!("it and {name} have gone apart, so it could not be pushed: {way}")));
            }
            _ => (Some(local), None),
        },
        (Some(local), None) => (Some(local), None),
        (None, Some((name, remote))) => (Some(remote), Some(name)),
        (None, None) => (None, None),
    };
    let top = commit.map(|id| repository.find_commit(id)).transpose().map_err(failed)?;
    let source = top.as_ref().and_then(trailer);
    let hex = |id: Oid| id.to_string();
    Ok(Tip { commit: commit.map(hex), local: local.map(hex), ahead, source })
}

/// What a commit holds, from its top.
///
/// # Errors
/// It is not there.
pub fn contents_of(root: &Path, commit: &str) -> Result<GitFiles, Error> {
    GitFiles::at(root, &format!("{commit}:"))
}

/// The commit that a state of the repository is, or was changed from: of a folder and an index it is HEAD.
pub fn origin(root: &Path, view: &View) -> Option<CommitOrigin> {
    let (repository, _) = around(root).ok()?;
    let revision = match view {
        View::Folder | View::Index(_) => "HEAD",
        View::Revision(revision) => revision,
    };
    let (commit, _) = commit_of(&repository, revision)?;
    let author = commit.author();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(CommitOrigin {
        id: commit.id().to_string(),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
        seconds: commit.time().seconds(),
        offset: commit.time().offset_minutes(),
        subject: commit.summary_bytes().map(text).unwrap_or_default(),
    })
}

/// The commit that a revision names, and the folder in it if it is `REV:folder`.
pub(super) fn commit_of<'r>(repository: &'r Repository, revision: &str) -> Option<(Commit<'r>, Option<String>)> {
    let commit = |text: &str| repository.revparse_single(text).ok()?.peel_to_commit().ok();
    if let Some(commit) = commit(revision) {
        return Some((commit, None));
    }
    // A revision may hold colons itself: `HEAD^{/fix: it}:fleet`.
    let mut splits = revision.match_indices(':').filter(|(at, _)| *at > 0);
    splits.find_map(|(at, _)| Some((commit(&revision[..at])?, Some(revision[at + 1..].to_owned()))))
}

/// The revision before a state of the repository: HEAD, or the first parent. `Ok(None)` if nothing was before.
///
/// # Errors
/// In words, why it is not known.
pub fn before(root: &Path, view: &View) -> Result<Option<String>, String> {
    let (repository, _) = match around(root) {
        Ok(found) => found,
        Err(Error::NoGit(_)) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let View::Revision(revision) = view else { return head(&repository) };
    let Some((commit, folder)) = commit_of(&repository, revision) else {
        return Err(format!("`{revision}` is no commit, so nothing is before it"));
    };
    match commit.parent_id(0) {
        Ok(parent) => Ok(Some(folder.map_or(parent.to_string(), |folder| format!("{parent}:{folder}")))),
        Err(_) if repository.is_shallow() => Err(format!(
            "this clone is shallow and does not have what was before `{revision}`; `git fetch --unshallow` gets it"
        )),
        Err(_) => Ok(None),
    }
}

/// `HEAD`, if it is a commit that can be read; `Ok(None)` if it is a branch without a commit. A branch whose commit or tree
/// is missing is something else: what it held is not known.
fn head(repository: &Repository) -> Result<Option<String>, String> {
    let head = match repository.head() {
        Ok(head) => head,
        Err(why) if why.code() == ErrorCode::UnbornBranch => return Ok(None),
        Err(why) => return Err(format!("HEAD cannot be read: {}", why.message())),
    };
    let id = head.target().map(|id| format!(" {}", &id.to_string()[..7])).unwrap_or_default();
    let missing = |what: &str, why: &git2::Error| {
        let way = "`git fsck` shows what is missing, and fetching it or a fresh clone brings it back";
        Err(format!("{what} of HEAD{id} cannot be read ({}); {way}", why.message()))
    };
    match head.peel_to_commit() {
        Ok(commit) => match commit.tree() {
            Ok(_) => Ok(Some("HEAD".to_owned())),
            Err(why) => missing("the tree", &why),
        },
        Err(why) => missing("the commit", &why),
    }
}

/// Where the history of a state of the repository left that of another revision: what was done there since is nobody's
/// deletion here. The revision itself where that cannot be told.
pub fn fork(root: &Path, view: &View, revision: &str) -> String {
    let found = || {
        let (repository, _) = around(root).ok()?;
        let (base, folder) = commit_of(&repository, revision)?;
        let ours = if let View::Revision(ours) = view { ours } else { "HEAD" };
        let (ours, _) = commit_of(&repository, ours)?;
        let fork = repository.merge_base(base.id(), ours.id()).ok().filter(|fork| *fork != base.id())?;
        Some(folder.map_or(fork.to_string(), |folder| format!("{fork}:{folder}")))
    };
    found().unwrap_or_else(|| revision.to_owned())
}

/// The index that Git tells a hook to look at, if it is one of the repository around a folder.
pub fn index_file(root: &Path, named: &Path) -> Option<PathBuf> {
    let (repository, _) = around(root).ok()?;
    super::git::index_of(&repository, named)
}

/// How one commit stands to another in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// It is the other, comes before it, or is on another line.
    NotAfter,
    /// It comes after the other.
    After,
    /// Why that is not known.
    Unknown(String),
}

/// Whether `commit` comes after `other`, both as hexadecimal ids.
pub fn order(root: &Path, commit: &str, other: &str) -> Ancestry {
    if commit == other {
        return Ancestry::NotAfter;
    }
    let repository = match around(root) {
        Ok((repository, _)) => repository,
        Err(error) => return Ancestry::Unknown(error.to_string()),
    };
    let shallow = repository.is_shallow();
    let way = if shallow {
        "this clone is shallow; `git fetch --unshallow` gets the history"
    } else {
        "it is not in this clone; `git fetch` may bring it"
    };
    let unknown = || Ancestry::Unknown(way.to_owned());
    let (Ok(id), Ok(other)) = (Oid::from_str(commit), Oid::from_str(other)) else { return unknown() };
    if repository.find_commit(id).is_err() {
        return unknown();
    }
    let after = |later, earlier| repository.graph_descendant_of(later, earlier);
    match (after(other, id), after(id, other)) {
        (Ok(true), _) => Ancestry::NotAfter,
        (_, Ok(true)) => Ancestry::After,
        // Where history is cut off, two commits only seem to be on different lines.
        (Ok(false), Ok(false)) if !shallow => Ancestry::NotAfter,
        _ => unknown(),
    }
}

/// The branch of the remote from which everybody starts, as it was fetched last, if it has later commits than this one.
pub fn fetched_after(root: &Path, commit: &str) -> Option<String> {
    let (repository, _) = around(root).ok()?;
    let head = repository.find_reference("refs/remotes/origin/HEAD").ok();
    let named = head.and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
    let usual = ["main", "master"].map(|name| format!("refs/remotes/origin/{name}"));
    let mut names = named.into_iter().chain(usual);
    let (name, tip) = names.find_map(|name| repository.refname_to_id(&name).ok().map(|tip| (name, tip)))?;
    let after = repository.graph_descendant_of(tip, Oid::from_str(commit).ok()?).unwrap_or(false);
    after.then(|| name.trim_start_matches("refs/remotes/").to_owned())
}

/// The one branch of that name that a remote has; that of `origin` if several have one.
fn of_remote(repository: &Repository, branch: &str) -> Result<Option<(String, Oid)>, Error> {
    let wrong = |why: git2::Error| Error::Branch { branch: branch.to_owned(), why: why.message().to_owned() };
    let remotes = repository.remotes().map_err(wrong)?;
    let mut found: Vec<(String, Oid)> = Vec::new();
    for remote in remotes.iter().filter_map(|remote| remote.ok().flatten()) {
        if let Ok(id) = repository.refname_to_id(&format!("refs/remotes/{remote}/{branch}")) {
            found.push((format!("{remote}/{branch}"), id));
        }
    }
    let origin = found.iter().position(|(name, _)| name.starts_with("origin/"));
    Ok(match (found.len(), origin) {
        (_, Some(at)) => Some(found.swap_remove(at)),
        (1, None) => found.pop(),
        _ => None,
    })
}

/// The folder in which a branch is checked out.
fn checked_out(repository: &Repository, branch: &str) -> Option<String> {
    let name = format!("refs/heads/{branch}");
    let on = |repository: &Repository| {
        let head = repository.find_reference("HEAD").ok()?;
        let target = head.symbolic_target().ok().flatten()?.to_owned();
        let place = repository.workdir()?.display().to_string();
        (target == name).then_some(place)
    };
    let main = Repository::open(repository.commondir()).ok();
    let linked = repository.worktrees().ok();
    let linked: Vec<Repository> = linked
        .iter()
        .flat_map(|names| names.iter())
        .filter_map(|name| repository.find_worktree(name.ok().flatten()?).ok())
        .filter_map(|worktree| Repository::open_from_worktree(&worktree).ok())
        .collect();
    std::iter::once(repository).chain(&main).chain(&linked).find_map(on)
}

/// The source that the trailers of a commit name.
fn trailer(commit: &Commit<'_>) -> Option<String> {
    let trailers = message_trailers_bytes(commit.message_bytes()).ok()?;
    let source = trailers.iter().find(|(key, _)| *key == SOURCE_TRAILER.as_bytes());
    source.and_then(|(_, value)| Some(std::str::from_utf8(value).ok()?.split_whitespace().next()?.to_owned()))
}
