//! The lines of a file that a diagnostic shows. The cost depends on what is shown, not on the length of the file or
//! line.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diag::{Diagnostics, Place};
use crate::report::source_redaction::Secrets;
use crate::tree::{FileId, SourceTree, Span, line_starts};

/// Places that are nearer to each other are drawn together, with what stands between them.
const NEAR: usize = 8 << 10;
/// How much of a very long line is drawn on each side of a place.
const MARGIN: usize = 512;

/// The texts of the files that diagnostics point to, without secrets.
pub(super) struct Pages(BTreeMap<FileId, Page>);

/// One of them.
pub(super) struct Page {
    text: String,
    lines: Vec<usize>,
}

/// A part of a text, and the places in it.
#[derive(Debug, PartialEq)]
pub(super) struct Excerpt<'p, L> {
    /// The part.
    pub(super) text: &'p str,
    /// The number of its first line.
    pub(super) line: usize,
    /// How many characters of its first line are left out before it.
    pub(super) skipped: usize,
    /// The places in the part, with what belongs to each.
    pub(super) labels: Vec<(Range<usize>, L)>,
}

impl Pages {
    /// Those of all files that diagnostics point to.
    pub(super) fn of(diags: &Diagnostics, sources: &SourceTree, secrets: &Secrets) -> Pages {
        let files = diags.iter().flat_map(|diagnostic| {
            let own = match &diagnostic.place {
                Place::Text(span) => Some(span.file),
                Place::Path(_) | Place::Whole => None,
            };
            own.into_iter().chain(diagnostic.others.iter().map(|other| other.span.file))
        });
        let mut pages = BTreeMap::new();
        for file in files {
            pages
                .entry(file)
                .or_insert_with(|| Page::new(String::from_utf8_lossy(&secrets.shown(file, sources)).into()));
        }
        Pages(pages)
    }

    /// The text of a file.
    pub(super) fn get(&self, file: FileId) -> Option<&Page> {
        self.0.get(&file)
    }
}

impl Page {
    fn new(text: String) -> Page {
        let lines = line_starts(text.as_bytes());
        Page { text, lines }
    }

    /// The parts that show some places: that of the first place first, the others as they stand in the file.
    pub(super) fn excerpts<L>(&self, labels: Vec<(Span, L)>) -> Vec<Excerpt<'_, L>> {
        let mut places: Vec<(usize, Range<usize>, L)> =
            labels.into_iter().enumerate().map(|(at, (span, label))| (at, self.within(span), label)).collect();
        places.sort_by_key(|(_, range, _)| (range.start, range.end));
        let mut groups: Vec<Vec<(usize, Range<usize>, L)>> = Vec::new();
        for place in places {
            match groups.last_mut() {
                Some(group) if place.1.end <= group[0].1.start + NEAR => group.push(place),
                _ => groups.push(vec![place]),
            }
        }
        if let Some(at) = groups.iter().position(|group| group.iter().any(|(at, ..)| *at == 0)) {
            groups[..=at].rotate_right(1);
        }
        groups.into_iter().map(|group| self.excerpt(group)).collect()
    }

    /// The lines of places that are near each other, or what of very long ones is near the places.
    fn excerpt<L>(&self, mut group: Vec<(usize, Range<usize>, L)>) -> Excerpt<'_, L> {
        let first = group.iter().map(|(_, range, _)| range.start).min().unwrap_or_default();
        let last = group.iter().map(|(_, range, _)| range.end).max().unwrap_or_default().min(first + NEAR).max(first);
        let line = self.lines.partition_point(|start| *start <= first);
        let begin = self.lines[line - 1];
        // A span may end behind the last line end that it holds: the line that begins there is of it too.
        let next = self.lines.partition_point(|start| *start <= last);
        let end = self.lines.get(next).copied().unwrap_or(self.text.len());
        let from = if first - begin > NEAR { self.floor(first - MARGIN) } else { begin };
        let to = if end - last > NEAR { self.floor(last + MARGIN) } else { end };
        // The author's order, in which the wrong text itself comes first.
        group.sort_by_key(|(at, ..)| *at);
        let inside = |at: usize| at.min(to) - from;
        let labels =
            group.into_iter().map(|(_, range, label)| (inside(range.start)..inside(range.end), label)).collect();
        let skipped = self.text[begin..from].chars().count();
        Excerpt { text: &self.text[from..to], line, skipped, labels }
    }

    /// A span that surely lies within the text, on borders of characters and on one line where it can.
    fn within(&self, span: Span) -> Range<usize> {
        let start = self.floor(span.start as usize);
        let end = self.floor(span.end as usize).max(start);
        let next = self.lines.partition_point(|line| *line <= start);
        let line_end = self.lines.get(next).map_or(self.text.len(), |next| next - 1);
        start..if line_end > start { end.min(line_end) } else { end }
    }

    fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(range: Range<usize>) -> Span {
        Span::new(FileId(0), range.start, range.end)
    }

    #[test]
    fn whole_lines_are_shown_with_their_number() {
        let page = Page::new("a\nbé c\nd\ne\n".to_owned());
        let shown = page.excerpts(vec![(span(6..7), 1), (span(8..9), 2)]);
        assert_eq!(shown, [Excerpt { text: "bé c\nd\n", line: 2, skipped: 0, labels: vec![(4..5, 1), (6..7, 2)] }]);
        let end = page.excerpts(vec![(span(900..901), ())]);
        assert_eq!((end[0].text, end[0].line), ("", 5));
    }

    #[test]
    fn places_far_from_each_other_are_shown_apart_and_the_wrong_text_first() {
        let page = Page::new(format!("first\n{}last\n", "x\n".repeat(NEAR)));
        let end = page.text.len();
        let shown = page.excerpts(vec![(span(end - 5..end - 1), 1), (span(0..5), 2)]);
        let parts: Vec<_> = shown.iter().map(|part| (part.text, part.line, part.labels.clone())).collect();
        assert_eq!(parts, [("last\n", NEAR + 2, vec![(0..4, 1)]), ("first\n", 1, vec![(0..5, 2)])]);
    }

    #[test]
    fn of_a_very_long_line_a_part_is_shown() {
        let before = "é".repeat(NEAR);
        let page = Page::new(format!("a\n{before}wrong{}", "y".repeat(3 * NEAR)));
        let at = 2 + before.len();
        let shown = page.excerpts(vec![(span(at..at + 5), ())]).remove(0);
        assert_eq!(&shown.text[shown.labels[0].0.clone()], "wrong");
        assert_eq!((shown.line, shown.skipped, shown.text.len()), (2, NEAR - MARGIN / 2, 2 * MARGIN + 5));
        let all = page.excerpts(vec![(span(at..page.text.len()), ())]).remove(0);
        assert_eq!(all.labels[0].0, MARGIN..all.text.len());
        assert!(all.text.len() < 2 * NEAR);
    }
}
