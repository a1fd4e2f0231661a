//! The report of `fleetcron diff`: changes in the order in which a reviewer needs them, as text, Markdown or JSON.

pub mod json;
pub mod markdown;
mod patch;
pub mod sections;
pub mod text;
pub mod totals;
pub mod values;
pub mod words;
