//! Aligned columns: two spaces between them, no lines, nothing after the last, so that eyes and `awk` can read them.

use crate::report::escape::plain;
use crate::report::layout::measure;

/// What becomes of a first cell that would take more than two fifths of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongNames {
    /// It has a line of its own, and the rest of its row follows: for a reader.
    OwnLine,
    /// The row stays one line, which `grep` finds.
    SameLine,
}

/// Rows under a heading whose last column takes what is left of the page, line below line; `last` says what stands there
/// in so much room.
pub fn wide(
    heading: &[&str],
    rows: &[Vec<String>],
    page: usize,
    long: LongNames,
    last: impl Fn(usize, usize) -> Vec<String>,
) -> String {
    let rows = &shown(rows);
    let most = if long == LongNames::OwnLine { page * 2 / 5 } else { usize::MAX };
    let columns = heading.len() - 1;
    let mut widths: Vec<usize> = heading[..columns].iter().map(|cell| measure(cell)).collect();
    for (at, width) in widths.iter_mut().enumerate() {
        let cells = rows.iter().map(|row| measure(&row[at])).filter(|wide| at > 0 || *wide <= most);
        *width = cells.max().unwrap_or(0).max(*width);
    }
    let indent: usize = widths.iter().map(|width| width + 2).sum();
    let room = page.saturating_sub(indent);
    let mut text = String::new();
    let put = |text: &mut String, cells: &[&str], last: &str| {
        let start = text.len();
        for (cell, width) in cells.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(measure(cell)) + 2));
        }
        text.push_str(last);
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    };
    put(&mut text, &heading[..columns], heading[columns]);
    for (at, row) in rows.iter().enumerate() {
        let mut cells: Vec<&str> = row.iter().map(String::as_str).collect();
        if measure(&row[0]) > most.max(measure(heading[0])) {
            put(&mut text, &cells[..1], "");
            cells[0] = "";
        }
        let lines = last(at, room);
        put(&mut text, &cells, lines.first().map_or("", String::as_str));
        for line in lines.iter().skip(1) {
            put(&mut text, &vec![""; columns], line);
        }
    }
    text
}

/// Cells without what a terminal would obey.
fn shown(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect()
}

/// Rows under a heading; every column is as wide as its widest cell.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let rows = &shown(rows);
    let width = measure;
    let mut widths: Vec<usize> = heading.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(width(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (at, cell) in cells.iter().enumerate() {
            text.push_str(cell);
            if at + 1 < cells.len() {
                text.extend(std::iter::repeat_n(' ', widths[at] - width(cell) + 2));
            }
        }
        format!("{}\n", text.trim_end())
    };
    let mut text = line(heading.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

/// `1 file`, `2 files`.
pub fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Names joined by commas, the first few of them.
pub fn names<'n>(names: impl ExactSizeIterator<Item = &'n str>, most: usize) -> String {
    let total = names.len();
    let shown: Vec<&str> = names.take(most).collect();
    if total > shown.len() {
        format!("{} and {} more", shown.join(", "), total - shown.len())
    } else {
        shown.join(", ")
    }
}
