//! Turns what other tools and people have into documents of this format. Only the command line opens files.

pub mod clusters;
pub mod tasks;
