//! What is read from disk and from Git. It is the only room that reads, it never writes, and it knows neither YAML
//! nor what the files mean.
//!
//! The one idea: everything that could differ between two machines ends here. What leaves is a value: a
//! [`SourceTree`](crate::tree::SourceTree) for the compiler, an [`Existing`](crate::tree::Existing) for what stands in
//! the output.

mod error;
mod existing;
mod git;
mod note;
mod root;
mod walk;
mod worktree;

pub use error::Error;
pub use existing::{Standing, existing, output_dir};
pub use note::Note;
pub use root::{MANIFEST, find_root};
pub use worktree::{ATTRIBUTES, LOCK, SIZE_LIMIT, Sources, Worktree, read_sources};
