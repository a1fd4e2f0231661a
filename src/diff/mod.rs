//! What changes, and whether it may. It writes nothing and reads no disk.
//!
//! The one idea: a deletion that nobody meant is the one mistake that cannot be taken back, so it is counted before
//! anything is written.

mod guard;

pub use guard::{Known, Refusal, guard};
