//! The widths of the terminals that results and diagnostics are printed to.

#![expect(clippy::disallowed_methods, reason = "only the command line knows the terminal and its width")]

use std::io::IsTerminal;

/// Columns where neither a terminal nor `COLUMNS` limits them: more than any line has.
const UNLIMITED: usize = 1_000_000;

/// Nothing is laid out for fewer columns.
const LEAST_WIDTH: usize = 40;

/// Columns to lay a result out for: those of the terminal, else `COLUMNS`, else no limit, so that a line is found whole
/// by `grep`.
pub(super) fn width() -> usize {
    known_width().unwrap_or(UNLIMITED)
}

/// Columns of the terminal, else `COLUMNS`; `None` for a pipe without it, where lines may be as long as they are.
pub(super) fn known_width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    columns_of(std::io::stdout()).or_else(columns).map(|width: usize| width.max(LEAST_WIDTH))
}

/// Columns of the terminal that diagnostics go to, if it is one.
pub(super) fn error_width() -> Option<usize> {
    columns_of(std::io::stderr()).map(|width| width.max(LEAST_WIDTH))
}

/// Whether results go to a terminal.
pub(super) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

#[cfg(unix)]
fn columns_of(stream: impl IsTerminal + std::os::fd::AsFd) -> Option<usize> {
    let (width, _) = stream.is_terminal().then(|| terminal_size::terminal_size_of(stream))??;
    Some(usize::from(width.0))
}

#[cfg(windows)]
fn columns_of(stream: impl IsTerminal + std::os::windows::io::AsHandle) -> Option<usize> {
    let (width, _) = stream.is_terminal().then(|| terminal_size::terminal_size_of(stream))??;
    Some(usize::from(width.0))
}
