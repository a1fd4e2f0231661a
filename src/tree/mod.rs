//! Files as values: what was read, what is to be written, and places in them. It never opens a file.
//!
//! `repo` fills a [`SourceTree`], the stages turn it into an [`OutputTree`], `sink` writes that.
//! In between, a [`Span`] names a place in a source file and a [`Located`] JSON value knows where each
//! of its members was written.

mod located;
mod output;
mod path;
mod source;
mod span;

pub use located::{Located, SpanTree, Spots};
pub use output::OutputTree;
pub use path::{PathError, RepoPath};
pub use source::{Problem, ProblemKind, SourceFile, SourceTree};
pub use span::{FileId, LineCol, Span, Spanned};
