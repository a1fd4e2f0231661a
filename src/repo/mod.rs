//! What is read from disk and from Git. It is the only room that reads, it never writes, and it knows neither YAML
//! nor what the files mean.
//!
//! The one idea: everything that could differ between two machines ends here. What leaves is a value: a
//! [`SourceTree`](crate::tree::SourceTree) for the compiler, an [`Existing`](crate::tree::Existing) for what stands in
//! the output.

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

pub use around::{Around, Stands, around, blocked, filtered, ignores, stands};
pub use blobs::Blobs;
pub use branch::{
    Order, Origin, SOURCE_TRAILER, Tip, before, contents_of, fetched_after, fork, index_file, order, origin, tip,
};
pub use error::Error;
pub use existing::{Standing, contents, existing, output_dir};
pub use fork::merge_base;
pub use git::{Started, started};
pub use manifests::{Manifests, manifests};
pub use note::Note;
pub use objects::Objects;
pub use place::{check_against, check_out};
pub use root::{MANIFEST, find_root, find_root_within, top_of_copy};
pub use view::{Opened, View};
pub use within::{prefix, within};
pub use worktree::{ATTRIBUTES, LOCK, SIZE_LIMIT, Sources, Worktree, read_sources};
