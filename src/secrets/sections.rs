//! Secrets in sections of a text whose name says that all in them are: `[secrets]` of an INI file.

use std::ops::Range;

use super::{harmless, names};

/// The values of such sections.
pub(super) fn find_in_text(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let (mut start, mut inside) = (0, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = names::is_section_name(name);
        } else if inside {
            all.extend(value(line).map(|range| start + range.start..start + range.end));
        }
        start += line.len();
    }
    all
}

/// What stands behind the `=` or `:` of a line.
fn value(line: &str) -> Option<Range<usize>> {
    let sign = line.find(['=', ':'])?;
    bare(line, sign + 1, line.len())
}

/// A part of a line without blanks and quotes around it, unless it reveals nothing.
fn bare(line: &str, from: usize, to: usize) -> Option<Range<usize>> {
    let part = &line[from..to];
    let inner = part.trim().trim_matches(['"', '\'']);
    let start = from + part.find(inner)?;
    (!inner.is_empty() && !harmless::is_harmless(inner)).then_some(start..start + inner.len())
}
