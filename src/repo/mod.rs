//! Reads the disk and Git. The only reader, and it never writes.
//!
//! Everything that could differ between two machines ends here: what leaves is a
//! [`SourceTree`](crate::tree::SourceTree) or an [`Existing`](crate::tree::Existing).

mod around;
mod blobs;
mod branch;
mod error;
mod existing;
mod fork;
mod git;
mod listing;
mod manifests;
mod note;
mod objects;
mod place;
mod root;
mod view;
mod walk;
mod within;
mod worktree;

pub use around::{Around, Stands, around, blocked, filtered, first_ignored, ignores, stands};
pub use blobs::Blobs;
pub use branch::{
    Ancestry, CommitOrigin, SOURCE_TRAILER, Tip, before, contents_of, fetched_after, fork, index_file, order, origin,
    tip,
};
pub use error::Error;
pub use existing::{ExistingBytes, contents, existing, output_dir};
pub use fork::merge_base;
pub use git::{Started, started};
pub use manifests::{Manifests, manifests};
pub use note::Note;
pub use objects::GitFiles;
pub use place::{check_against, check_out};
pub use root::{find_root, find_root_within, top_of_copy};
pub use view::{Opened, View};
pub use within::{prefix, within};
pub use worktree::{LOCK, ReadSources, SIZE_LIMIT, Worktree, read_sources};
