//! The room's own tests, by what is asked of it.

mod hostile;
mod places;
mod reading;
mod refusing;
mod writing;

use super::{Parsed, parse};
use crate::tree::FileId;

/// A file of that text.
fn parsed(text: &str) -> Parsed {
    parse(FileId(0), text.as_bytes())
}

/// Each diagnostic as `code: message [text it points at]`.
fn said<'a>(text: &str, diagnostics: impl IntoIterator<Item = &'a crate::diag::Diagnostic>) -> Vec<String> {
    diagnostics
        .into_iter()
        .map(|d| {
            let place = match &d.place {
                crate::diag::Place::Text(span) => text.get(span.range()).unwrap_or("(outside)"),
                _ => "(nowhere)",
            };
            format!("{}: {} [{place}]", d.code.name(), d.message)
        })
        .collect()
}
