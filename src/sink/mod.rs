//! Writes to disk, streams and Git. The only writer.
//!
//! A reader sees each file old or new and never half, also after a killed run: files are written under temporary names
//! and renamed; leftovers are removed by the next run.

pub mod branch;
pub mod directory;
mod error;
mod file;
mod index;
mod stream;

pub use error::WriteError;
pub use file::{append, write_file, write_program};
pub use index::stage;
pub use stream::stream;
