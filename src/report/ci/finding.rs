//! Diagnostics prepared for CI formats: plain words, paths from the top of the Git repository, no secrets, and a
//! fingerprint that stays when lines move.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Diagnostics, Place, Severity};
use crate::report::diagnostics;
use crate::report::escape;
use crate::report::source_redaction::Secrets;
use crate::tree::MANIFEST;
use crate::tree::{FileId, LineCol, SourceTree, Span};

/// Where the output that was looked at lies.
#[derive(Clone, Debug)]
pub enum OutputLocation {
    /// Below the fleet root.
    Below,
    /// In a folder: as it was given, and from the top of the repository if it lies there.
    Folder(String, Option<String>),
    /// In a branch: it has no file in the work tree.
    Branch,
}

/// How the paths of a report become paths from the top of the repository.
#[derive(Clone, Debug)]
pub struct ReportPaths {
    /// What leads from the top to the fleet root.
    pub prefix: String,
    /// Where the output lies.
    pub output: OutputLocation,
}

impl ReportPaths {
    /// Where that which has no place of its own is shown: the settings of the fleet.
    pub(super) fn home(&self) -> String {
        join(&self.prefix, MANIFEST)
    }

    /// A file of the fleet, from the top of the repository.
    pub(super) fn source(&self, sources: &SourceTree, file: FileId) -> String {
        join(&self.prefix, sources.file(file).path.as_str())
    }

    /// The path from the top of the repository; `None` if it is not in the work tree.
    fn path(&self, code: Code, path: &str) -> Option<String> {
        let of_output = matches!(
            code,
            Code::StaleOutput
                | Code::EditedOutput
                | Code::ForeignFile
                | Code::StrayFile
                | Code::OutputOnInputs
                | Code::Deletions
        );
        match &self.output {
            OutputLocation::Folder(given, at) if of_output => {
                let below = path.strip_prefix(given.as_str())?.trim_start_matches('/');
                Some(join(at.as_deref()?, below))
            }
            OutputLocation::Branch if of_output => None,
            _ => Some(join(&self.prefix, path)),
        }
    }
}

fn join(folder: &str, path: &str) -> String {
    let path = path.replace(std::path::MAIN_SEPARATOR, "/");
    if folder.is_empty() || path.is_empty() { format!("{folder}{path}") } else { format!("{folder}/{path}") }
}

/// A text in a file: lines and columns from 1, columns in characters, the last one exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Where it begins.
    pub(super) start: LineCol,
    /// Where it ends.
    pub(super) end: LineCol,
}

/// Another place that matters.
#[derive(Clone, Debug)]
pub(super) struct Related {
    /// From the top of the repository.
    pub(super) path: String,
    /// Where in it.
    pub(super) region: Region,
    /// What to say there.
    pub(super) text: String,
}

/// One diagnostic.
#[derive(Clone, Debug)]
pub(super) struct CiFinding {
    /// Which mistake it is.
    pub(super) code: Code,
    /// How much it matters.
    pub(super) severity: Severity,
    /// One sentence.
    pub(super) message: String,
    /// Which clusters, where else, what to know, what to do.
    pub(super) more: Vec<String>,
    /// From the top of the repository; `None` for the repository as a whole and for what is not in the work tree.
    pub(super) path: Option<String>,
    /// Where in the file, if it is a text.
    pub(super) region: Option<Region>,
    /// Other places.
    pub(super) related: Vec<Related>,
    /// The text itself.
    pub(super) span: Option<Span>,
    /// What stands there: the code and the line without blanks, hashed, and how many of that file are alike, from 1.
    pub(super) mark: (u64, usize),
}

impl CiFinding {
    /// All words, a line each.
    pub(super) fn words(&self) -> String {
        std::iter::once(&self.message).chain(&self.more).map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// `path:line:column`, as far as there is one.
    pub(super) fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(match self.region {
            Some(Region { start, .. }) => format!("{path}:{}:{}", start.line, start.column),
            None => path.clone(),
        })
    }
}

/// All that was found, errors first, then in the order of report.
pub(super) fn collect(diags: &Diagnostics, sources: &SourceTree, places: &ReportPaths) -> Vec<CiFinding> {
    let secrets = Secrets::of(diags, sources);
    let mut texts: BTreeMap<FileId, Vec<u8>> = BTreeMap::new();
    let mut seen: BTreeMap<(Option<String>, u64), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for diagnostic in diags {
        let mut one = self::one(&secrets.without(diagnostic), sources, places);
        let line = one.span.map(|span| {
            let text = texts.entry(span.file).or_insert_with(|| secrets.shown(span.file, sources));
            let first = sources.line(Span { end: span.start, ..span });
            text.get(first.range()).unwrap_or_default().to_vec()
        });
        let solid = line.unwrap_or_default().into_iter().filter(|byte| !byte.is_ascii_whitespace());
        let hash = fnv(one.code.name().bytes().chain([0]).chain(solid));
        let alike = seen.entry((one.path.clone(), hash)).or_default();
        *alike += 1;
        one.mark = (hash, *alike);
        found.push(one);
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.severity));
    found
}

/// 64-bit FNV-1a: it guards nothing.
pub(super) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn one(diagnostic: &Diagnostic, sources: &SourceTree, places: &ReportPaths) -> CiFinding {
    let source = |span: Span| places.source(sources, span.file);
    let related: Vec<Related> = diagnostic
        .others
        .iter()
        .map(|other| Related {
            path: source(other.span),
            region: region(sources, other.span),
            text: if other.text.is_empty() { "see here too".to_owned() } else { escape::lines(&other.text) },
        })
        .collect();
    let (path, region, span) = match &diagnostic.place {
        Place::Text(span) => (Some(source(*span)), Some(region(sources, *span)), Some(*span)),
        Place::Path(path) => (places.path(diagnostic.code, path), None, None),
        Place::Whole => (None, None, None),
    };
    let mut more = Vec::new();
    if let (Place::Path(said), None) = (&diagnostic.place, &path) {
        more.push(format!("at {said}"));
    }
    more.extend(diagnostics::clusters(diagnostic.clusters.as_ref()));
    for Related { path, region: Region { start, .. }, text } in &related {
        more.push(format!("{text}: {path}:{}:{}", start.line, start.column));
    }
    more.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    more.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    let (code, severity, message) = (diagnostic.code, diagnostic.severity, escape::lines(&diagnostic.message));
    more.iter_mut().for_each(|line| *line = escape::lines(line));
    CiFinding { code, severity, message, more, path, region, related, span, mark: (0, 0) }
}

/// Lines and columns of a span, without the blanks at its end; past the last line it is the end of that line.
fn region(sources: &SourceTree, span: Span) -> Region {
    let bytes = &sources.file(span.file).bytes;
    let mut start = (span.start as usize).min(bytes.len());
    if start == bytes.len() {
        let ends = [b'\n', b'\r'];
        start -= usize::from(start > 0 && bytes[start - 1] == ends[0]);
        start -= usize::from(start > 0 && start < bytes.len() && bytes[start - 1] == ends[1]);
    }
    let mut end = (span.end as usize).clamp(start, bytes.len());
    while end > start && bytes[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    let at = |byte: usize| sources.line_col(Span::new(span.file, byte, byte));
    Region { start: at(start), end: at(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> ReportPaths {
        ReportPaths { prefix: String::new(), output: OutputLocation::Below }
    }

    fn marks(text: &str, needle: &str) -> Vec<(u64, usize)> {
        let sources = SourceTree::of([("a.yaml", text)]);
        let file = sources.files().next().unwrap().0;
        let mut diags = Diagnostics::new();
        for (at, _) in text.match_indices(needle) {
            diags.push(Diagnostic::new(Code::UnknownField, Span::new(file, at, at + needle.len()), "m"));
        }
        collect(&diags, &sources, &places()).iter().map(|found| found.mark).collect()
    }

    #[test]
    fn a_mark_stays_when_lines_move_and_tells_alike_lines_apart() {
        let before = marks("a: 1\n  bad: x\n", "bad");
        assert_eq!(before, marks("# one more\n\na: 1\n    bad:  x\n", "bad"));
        assert_ne!(before, marks("a: 1\n  bad: y\n", "bad"));
        let twice = marks("bad: x\nbad: x\n", "bad");
        assert_eq!((twice[0].0, twice[0].1, twice[1].1), (twice[1].0, 1, 2));
        assert_eq!(twice[0], before[0]);
    }

    #[test]
    fn a_region_lies_in_lines_that_exist() {
        let text = "é: |\n  x\n\nb: 1\r\n";
        let sources = SourceTree::of([("a.yaml", text)]);
        let file = sources.files().next().unwrap().0;
        let at = |start, end| {
            let Region { start, end } = region(&sources, Span::new(file, start, end));
            ((start.line, start.column), (end.line, end.column))
        };
        assert_eq!(at(4, 11), ((1, 4), (2, 4)));
        assert_eq!(at(0, 2), ((1, 1), (1, 2)));
        assert_eq!(at(text.len(), text.len()), ((4, 5), (4, 5)));
        assert_eq!(at(text.len() + 9, text.len() + 9), ((4, 5), (4, 5)));
        let empty = SourceTree::of([("a.yaml", "")]);
        let file = empty.files().next().unwrap().0;
        let one = LineCol { line: 1, column: 1 };
        assert_eq!(region(&empty, Span::new(file, 0, 0)), Region { start: one, end: one });
    }

    #[test]
    fn paths_begin_at_the_top_of_the_repository() {
        let mut places = ReportPaths { prefix: "fleets/a".to_owned(), output: OutputLocation::Below };
        assert_eq!(places.path(Code::StaleOutput, "rendered/x").as_deref(), Some("fleets/a/rendered/x"));
        assert_eq!(places.home(), "fleets/a/fleetcron.yaml");
        places.output = OutputLocation::Folder("../out".to_owned(), Some("fleets/out".to_owned()));
        assert_eq!(places.path(Code::StaleOutput, "../out/x").as_deref(), Some("fleets/out/x"));
        assert_eq!(places.path(Code::StaleOutput, "../out").as_deref(), Some("fleets/out"));
        assert_eq!(places.path(Code::LockMerge, "fleetcron.lock").as_deref(), Some("fleets/a/fleetcron.lock"));
        places.output = OutputLocation::Folder("/elsewhere".to_owned(), None);
        assert_eq!(places.path(Code::StrayFile, "/elsewhere/x"), None);
        places.output = OutputLocation::Branch;
        assert_eq!(places.path(Code::Deletions, "rendered/eu-a"), None);
    }
}
