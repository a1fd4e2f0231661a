//! Files as values: what was read, what is to be written, and places in them. It never opens a file.
//!
//! `repo` fills a [`SourceTree`], the stages turn it into an [`OutputTree`], `sink` writes its [`Difference`]
//! to what is [`Existing`]. In between, a [`Span`] names a place in a source file and a [`Located`] JSON value
//! knows where each of its members was written.

mod de;
mod difference;
mod existing;
mod keyed;
mod located;
mod output;
pub mod ownership;
mod path;
mod reach;
mod source;
mod span;

pub use de::present;
pub(crate) use de::protocol;
pub use difference::{Conflict, ConflictKind, Counts, Difference, Mark, Removal, Write};
pub use existing::{Contents, Existing, ExistingKind};
pub use keyed::{Keyed, ScalarText};
pub use located::{Located, SpanTree, Spots};
pub use output::{Lent, OutputTree};
pub use path::{PathError, RepoPath};
pub use reach::reach;
pub use source::{ProblemKind, ReadProblem, SourceFile, SourceTree, line_starts, may_hold_documents};
pub use span::{FileId, LineCol, Span, Spanned};

/// The file name of the Fleet document, which marks the fleet root.
pub const MANIFEST: &str = "fleetcron.yaml";

/// The file in which Git is told how to merge the lock file; it is read at the fleet root although its name is hidden.
pub const GIT_ATTRIBUTES: &str = ".gitattributes";
