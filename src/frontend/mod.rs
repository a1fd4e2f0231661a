//! Documents of any dialect become one [`Model`]. It reads no disk, places nothing and merges nothing.
//!
//! The one idea: whatever dialect spoke, later rooms cannot tell. Each dialect has a folder of its own; a file
//! that holds none of its documents is passed over.

mod karmada;
mod library;
pub mod native;

use std::collections::BTreeSet;

use crate::diag::Diagnostics;
use crate::model::Model;
use crate::tree::{RepoPath, SourceTree};

/// What the documents of a repository mean.
#[derive(Debug, Default)]
pub struct Understood {
    /// The meaning.
    pub model: Model,
    /// Files that are referred to and are not in the tree: it may have been read without them.
    pub wanted: BTreeSet<RepoPath>,
    /// Paths that could not be read and that the settings leave out, so that it does not matter.
    pub left_out: BTreeSet<String>,
}

/// Reads every document of a tree and says what it means. Mistakes go into `diags`; what is not wrong is kept.
pub fn understand(sources: &SourceTree, diags: &mut Diagnostics) -> Understood {
    let (library, read) = library::Library::read(sources, native::read_file);
    native::understand(&library, read, diags)
}
