//! The width of the terminal that results are printed to.

#![expect(clippy::disallowed_methods, reason = "only the command line knows the terminal and its width")]

use std::io::IsTerminal;

/// Width in columns where neither the terminal nor `COLUMNS` tells one.
const DEFAULT_WIDTH: usize = 100;

/// Nothing is laid out for fewer columns.
const LEAST_WIDTH: usize = 40;

/// Columns to lay a result out for: those of the terminal, else `COLUMNS`, else a default.
pub(super) fn width() -> usize {
    known_width().unwrap_or(DEFAULT_WIDTH)
}

/// Columns of the terminal, else `COLUMNS`; `None` for a pipe without it, where lines may be as long as they are.
pub(super) fn known_width() -> Option<usize> {
    let terminal = || {
        let out = std::io::stdout();
        let (width, _) = out.is_terminal().then(|| terminal_size::terminal_size_of(out))??;
        Some(usize::from(width.0))
    };
    let columns = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    terminal().or_else(columns).map(|width: usize| width.max(LEAST_WIDTH))
}
