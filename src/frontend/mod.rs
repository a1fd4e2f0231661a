//! Turns documents of any dialect into one [`Model`]. Later stages cannot tell which dialect was used.

pub mod karmada;
mod library;
pub mod native;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostics;
use crate::model::{DocumentName, Model};
use crate::tree::{RepoPath, SourceTree, Span};

/// `requires` of the Fleet, where this program does not meet it.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// The requirement as it is written.
    pub requirement: String,
    /// Where it is written.
    pub span: Span,
    /// The version of this program.
    pub version: &'static str,
}

/// What the documents of a repository mean.
#[derive(Debug, Default)]
pub struct Understood {
    /// The meaning.
    pub model: Model,
    /// Files that are referred to and are not in the tree: it may have been read without them.
    pub wanted: BTreeSet<RepoPath>,
    /// Paths that could not be read and that the settings leave out, so that it does not matter.
    pub left_out: BTreeSet<String>,
    /// By file, the documents of ours that were taken from it, those with mistakes too.
    pub documents: BTreeMap<RepoPath, Vec<DocumentName>>,
    /// The same of files that `sources` leaves out.
    pub documents_left_out: BTreeMap<RepoPath, Vec<DocumentName>>,
    /// This version may not compile the repository; then nothing else of it was read.
    pub unmet: Option<Unmet>,
}

/// Reads every document of a tree and says what it means. Mistakes go into `diags`; what is not wrong is kept.
pub fn understand(sources: &SourceTree, diags: &mut Diagnostics) -> Understood {
    let (library, read) = library::Library::read(sources, native::read_file);
    native::understand(&library, read, diags)
}
