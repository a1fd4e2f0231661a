//! Finds the merge base of two revisions.

use std::path::Path;

use super::error::Error;
use super::objects::around;

/// The commit from which two revisions both come, the last there is.
///
/// # Errors
/// There is no repository, one of the revisions is none, or they have no history in common.
pub fn merge_base(root: &Path, one: &str, other: &str) -> Result<String, Error> {
    let (repository, _) = around(root)?;
    let shallow = repository.is_shallow();
    let wrong =
        |revision: &str, why: &str| Error::Revision { revision: revision.to_owned(), why: why.to_owned(), shallow };
    let commit = |revision: &str| {
        let found = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        found.map(|commit| commit.id()).map_err(|why| wrong(revision, why.message()))
    };
    let (one_id, other_id) = (commit(one)?, commit(other)?);
    let base = repository.merge_base(one_id, other_id);
    base.map(|id| id.to_string()).map_err(|_| wrong(&format!("{one}...{other}"), "the two have no commit in common"))
}
