//! Turns foreign objects into fleetcron documents. Only the command line opens files.

pub mod clusters;
