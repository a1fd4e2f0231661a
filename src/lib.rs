//! fleetcron compiles a Git repository of scheduled tasks and cluster inventories into one directory of
//! Kubernetes manifests per cluster. The library is the compiler; `cli` is the program around it.
//!
//! # The pipeline, in reading order
//!
//! 1. `repo` reads the working tree into a [`tree::SourceTree`]: the only reader of disk and Git.
//! 2. `yaml` turns bytes into nodes with source locations.
//! 3. `frontend` turns documents into a `Model`: what the user means.
//! 4. `place` decides which clusters a task runs on, and why not on the others.
//! 5. `render` builds each distinct manifest of a task once: body, overrides, references, bytes.
//! 6. `validate` finds what Kubernetes would refuse; `lint` what is odd.
//! 7. `timeline` joins the runs of all tasks on all clusters by minute.
//! 8. `compile` runs 2 to 7 over the whole repository and joins the results.
//! 9. `sink` writes the difference between what is there and what should be: the only writer.
//!
//! A module may use only the modules below it; `tests/layers.rs` holds the table.

pub mod cli;
pub mod compile;
pub mod cron;
pub mod diag;
pub mod diff;
pub mod frontend;
pub mod import;
pub mod lint;
pub mod lock;
pub mod model;
pub mod patch;
pub mod place;
pub mod render;
pub mod repo;
pub mod report;
pub mod scaffold;
pub mod secrets;
pub mod sink;
pub mod timeline;
pub mod tree;
pub mod validate;
pub mod yaml;
