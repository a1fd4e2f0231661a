//! Turns results into text, tables, JSON, Markdown and the formats of CI services.
//!
//! Everything here is a pure function of values: the command line knows the terminal, its width and where the text goes.

pub mod capacity;
pub mod ci;
pub mod consequences;
pub mod diagnostics;
pub mod diff;
pub mod escape;
mod excerpt;
pub mod explain;
mod format;
pub mod layout;
pub mod lock_changes;
pub mod paint;
pub mod plan;
pub mod schedules;
pub mod source_redaction;
pub mod table;
pub mod time;

use serde_json::Value;

pub use self::format::Format;

use self::paint::Paint;
use crate::tree::SourceTree;

/// A result in both forms.
#[derive(Debug)]
pub struct TextAndJson {
    /// For people.
    pub text: String,
    /// For programs; null where no program reads it.
    pub json: Value,
}

/// What a report needs to know beside its data.
#[derive(Clone, Copy, Debug)]
pub struct ReportContext<'a> {
    /// The files that source locations point into.
    pub sources: &'a SourceTree,
    /// Columns to lay the text out for; very many where lines may be as long as they are.
    pub width: usize,
    /// Columns that a table may not exceed; `None` where lines may be as long as they are.
    pub limit: Option<usize>,
    /// Whether a person reads it on a terminal: then a long name may have a line of its own.
    pub is_terminal: bool,
    /// The colours of the text.
    pub paint: Paint,
    /// Whether JSON is wanted: it is costly to make for a large fleet.
    pub wants_json: bool,
}

impl ReportContext<'_> {
    /// The JSON, made only if it is wanted.
    pub fn json(&self, make: impl FnOnce() -> Value) -> Value {
        if self.wants_json { make() } else { Value::Null }
    }
}
