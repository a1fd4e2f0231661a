//! The files that were read: an ordered map from path to bytes, and problems of reading.

use std::sync::{Arc, OnceLock};

use super::{FileId, LineCol, RepoPath, Span};

/// The endings of the names of files that may hold documents.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Whether the name or path of a file ends in `.yaml`, `.yml` or `.json`, whatever the case.
pub fn may_hold_documents(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it lies.
    pub path: RepoPath,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// It is a symbolic link to another file of the tree: it may be referred to, but its documents count only once, at its target.
    pub link: bool,
}

/// Something in the folder that could not become a [`SourceFile`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadProblem {
    /// Where, as `/`-separated text relative to the root (it may not be valid as a [`RepoPath`]).
    pub path: String,
    /// What.
    pub kind: ProblemKind,
}

/// The kinds of [`ReadProblem`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A symbolic link that leads out of the root; its target as written.
    LinkOutside(String),
    /// A symbolic link to nothing, or a circle of links; its target as written.
    LinkBroken(String),
    /// A file over the size limit; its size in bytes.
    TooLarge(u64),
    /// A file or folder that the system would not let us read; the reason.
    Unreadable(String),
    /// Git LFS keeps the file elsewhere; here stands only a pointer to it.
    LargeFilePointer,
    /// git-crypt encrypted the file, so what is in it is not known.
    Encrypted,
    /// The name is not UTF-8 or holds control characters.
    Name,
}

/// An ordered set of files: path order, no path twice.
#[derive(Clone, Debug, Default)]
pub struct SourceTree {
    files: Vec<SourceFile>,
    problems: Vec<ReadProblem>,
    /// Where the lines of each file begin, once somebody asked: a report of thousands of places asks for each.
    lines: Vec<OnceLock<Vec<usize>>>,
}

impl SourceTree {
    /// Builds a tree; the order in which files come does not matter. Of two files with one path the last wins.
    pub fn new(mut files: Vec<SourceFile>, mut problems: Vec<ReadProblem>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, earlier| {
            let same = later.path == earlier.path;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        problems.sort();
        let lines = files.iter().map(|_| OnceLock::new()).collect();
        Self { files, problems, lines }
    }

    /// A tree of texts, for tests and examples. Panics on a path that is not clean.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = files
            .into_iter()
            .map(|(path, text)| SourceFile {
                path: RepoPath::new(path).expect("the caller gives clean paths"),
                bytes: text.as_bytes().into(),
                link: false,
            })
            .collect();
        Self::new(files, Vec::new())
    }

    /// All files with their numbers, in path order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(u32::try_from(i).unwrap_or(u32::MAX)), f))
    }

    /// What could not be read, in path order.
    pub fn problems(&self) -> &[ReadProblem] {
        &self.problems
    }

    /// The file of that number.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file at that path.
    pub fn get(&self, path: &RepoPath) -> Option<(FileId, &SourceFile)> {
        let i = self.files.binary_search_by(|f| f.path.cmp(path)).ok()?;
        Some((FileId(u32::try_from(i).unwrap_or(u32::MAX)), &self.files[i]))
    }

    /// The text of a span; bytes that are not UTF-8 are shown as U+FFFD.
    pub fn text(&self, span: Span) -> std::borrow::Cow<'_, str> {
        let bytes = &self.file(span.file).bytes;
        String::from_utf8_lossy(bytes.get(span.range()).unwrap_or_default())
    }

    /// The place of a text within a place, if it stands there literally and once.
    pub fn find(&self, span: Span, written: &str) -> Option<Span> {
        let text = self.text(span);
        let mut hits = text.match_indices(written);
        let (first, second) = (hits.next(), hits.next());
        let (at, _) = first.filter(|_| second.is_none())?;
        let start = span.start as usize + at;
        Some(Span::new(span.file, start, start + written.len()))
    }

    /// The place of some bytes of a text that stands literally and once in a place; else that place.
    pub fn part(&self, span: Span, text: &str, bytes: std::ops::Range<usize>) -> Span {
        match self.find(span, text) {
            Some(found) if !bytes.is_empty() => {
                let start = found.start as usize;
                Span::new(span.file, start + bytes.start, start + bytes.end)
            }
            _ => span,
        }
    }

    /// The whole lines that a span touches, without the last line's end.
    pub fn line(&self, span: Span) -> Span {
        let bytes = &self.file(span.file).bytes;
        let (start, end) = ((span.start as usize).min(bytes.len()), (span.end as usize).min(bytes.len()));
        let from = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let to = bytes[end..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| end + at);
        Span::new(span.file, from, to)
    }

    /// Line and column of the start of a span.
    pub fn line_col(&self, span: Span) -> LineCol {
        let bytes = &self.file(span.file).bytes;
        let at = (span.start as usize).min(bytes.len());
        let lines = self.lines[span.file.0 as usize].get_or_init(|| line_starts(bytes));
        let line = lines.partition_point(|start| *start <= at);
        let before = &bytes[lines[line - 1]..at];
        LineCol { line, column: String::from_utf8_lossy(before).chars().count() + 1 }
    }

    /// `path:line:column` of the start of a span.
    pub fn place(&self, span: Span) -> String {
        let LineCol { line, column } = self.line_col(span);
        format!("{}:{line}:{column}", self.file(span.file).path)
    }
}

/// Where lines begin: at the front, and behind every line end.
pub fn line_starts(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_the_line_and_the_column_that_counting_gives() {
        for text in ["", "\n", "a", "é\n\nü: y\n", "a\r\nb"] {
            let tree = SourceTree::of([("a.yaml", text)]);
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let (line, last) = (text[..at].matches('\n').count() + 1, text[..at].rsplit('\n').next().unwrap());
                let counted = LineCol { line, column: last.chars().count() + 1 };
                assert_eq!(tree.line_col(Span::new(FileId(0), at, at)), counted, "{text:?} at {at}");
            }
        }
    }

    #[test]
    fn files_are_numbered_in_path_order_and_columns_count_characters() {
        let tree = SourceTree::of([("b.yaml", "é: x\nü: y"), ("a.yaml", "")]);
        let (id, _) = tree.get(&RepoPath::new("b.yaml").unwrap()).unwrap();
        assert_eq!(id, FileId(1));
        assert_eq!(tree.place(Span::new(id, 10, 11)), "b.yaml:2:4");
        assert_eq!(tree.text(Span::new(id, 6, 8)), "ü");
        assert_eq!(tree.text(tree.line(Span::new(id, 6, 8))), "ü: y");
    }
}
