//! What is written to disk, or to a stream. It is the only room that writes, and it knows neither how the output was
//! made nor what a manifest is.
//!
//! The one idea: a reader, and whoever comes after a run that was killed, sees each file old or new and never half.
//! So every file is written under a temporary name beside its place and then renamed; what was left behind under such
//! a name is removed by the next run.

pub mod branch;
pub mod directory;
mod error;
mod file;
mod index;
mod stream;

pub use error::Error;
pub use file::{append, write_file, write_program};
pub use index::stage;
pub use stream::stream;
