//! Prints diagnostics as text in the style of rustc, or as JSON.
//!
//! Warnings and notes of one code in many places are one block with the first few places and a count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Place, Severity};
use crate::report::escape;
use crate::report::excerpt::Pages;
use crate::report::source_redaction::Secrets;
use crate::tree::{FileId, SourceTree, Span};

/// So many diagnostics are drawn, which is more than anybody reads.
const MOST: usize = 2000;

/// Warnings and notes of one code in more places than this are drawn as one block that shows so many.
const GATHERED: usize = 3;

/// Columns that an excerpt takes where no terminal says how many there are.
const DEFAULT_WIDTH: usize = 120;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    /// Whether colour is used.
    pub color: bool,
    /// Columns of the terminal, if there is one: longer lines of an excerpt are cut around the mark.
    pub width: Option<usize>,
    /// Whether each is drawn, however many of one code there are.
    pub all: bool,
}

/// A text that was typed, and what is wrong with it.
#[derive(Debug)]
pub struct InvalidArgument {
    /// The diagnostic whose page tells more.
    pub code: Code,
    /// The text.
    pub text: String,
    /// The bytes of it that are to blame.
    pub at: Range<usize>,
    /// Why.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.text, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// The text of diagnostics, in their order.
pub fn text(diags: &Diagnostics, sources: &SourceTree, drawing: Drawing) -> String {
    let renderer = renderer(drawing.color).term_width(drawing.width.unwrap_or(DEFAULT_WIDTH));
    let gathered = if drawing.all { BTreeMap::new() } else { gathered(diags) };
    let mut drawn = BTreeSet::new();
    let secrets = Secrets::of(diags, sources);
    let pages = Pages::of(diags, sources, &secrets);
    let mut out = String::new();
    // Where there are too many to show, errors come first.
    let errors = diags.count(Severity::Error).min(MOST);
    let mut left = [MOST - errors, errors];
    let (mut all, mut shown) = (0, 0);
    for diagnostic in diags {
        if let Some(alike) = gathered.get(&(diagnostic.severity, diagnostic.code)) {
            if drawn.insert((diagnostic.severity, diagnostic.code)) {
                let first: Vec<Diagnostic> = alike.iter().take(GATHERED).map(|one| secrets.without(one)).collect();
                out.push_str(&block(&first, alike.len(), sources, &pages, &renderer));
                out.push_str("\n\n");
            }
            continue;
        }
        let left = &mut left[usize::from(diagnostic.severity == Severity::Error)];
        all += 1;
        if *left == 0 {
            continue;
        }
        *left -= 1;
        shown += 1;
        out.push_str(&one(&secrets.without(diagnostic), sources, &pages, &renderer));
        out.push_str("\n\n");
    }
    if all > shown {
        out.push_str(&format!(
            "{} of {all} messages are not shown; `--format json` gives all of them\n\n",
            all - shown
        ));
    }
    out
}

fn renderer(color: bool) -> Renderer {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(DEFAULT_WIDTH)
}

/// What is wrong with a text that was typed.
pub fn invalid_argument(typed: &InvalidArgument, color: bool) -> String {
    let group = Group::with_title(Level::ERROR.primary_title(&*typed.message).id(typed.code.name()));
    let annotation = AnnotationKind::Primary.span(typed.at.clone());
    let group = group.element(Snippet::source(&*typed.text).annotation(annotation));
    let group = group.elements(typed.help.iter().map(|help| Level::HELP.message(&**help)));
    renderer(color).render(&[group]) + "\n"
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The warnings and notes whose code is found in more places than are shown one by one.
fn gathered(diags: &Diagnostics) -> BTreeMap<(Severity, Code), Vec<&Diagnostic>> {
    let mut gathered: BTreeMap<(Severity, Code), Vec<&Diagnostic>> = BTreeMap::new();
    let may = |one: &&Diagnostic| one.severity != Severity::Error && !one.code.is_loss();
    for diagnostic in diags.iter().filter(may) {
        gathered.entry((diagnostic.severity, diagnostic.code)).or_default().push(diagnostic);
    }
    gathered.retain(|_, alike| alike.len() > GATHERED);
    gathered
}

/// Several diagnostics of one code as one, whose title is the message of the first; `total` is how many there are.
fn block(alike: &[Diagnostic], total: usize, sources: &SourceTree, pages: &Pages, renderer: &Renderer) -> String {
    let Some((first, others)) = alike.split_first() else { return String::new() };
    let title = level(first.severity).primary_title(&*first.message).id(first.code.name());
    let mut group = Group::with_title(title);
    let mut cut = Vec::new();
    let mut lines = false;
    for one in alike {
        let label = if one.message == first.message { &one.label } else { &one.message };
        match &one.place {
            Place::Text(span) => {
                let places = vec![(*span, (label.as_str(), true))];
                group = excerpts(group, (span.file, places), sources, pages, &mut cut);
                lines = true;
            }
            Place::Path(path) => group = group.element(Origin::path(escape::plain(path))),
            Place::Whole => {}
        }
    }
    let shared = |said: &String, of: fn(&Diagnostic) -> &Vec<String>| others.iter().all(|one| of(one).contains(said));
    if let Some(said) =
        clusters(first.clusters.as_ref()).filter(|_| others.iter().all(|o| o.clusters == first.clusters))
    {
        group = group.element(Level::NOTE.message(said));
    }
    for note in first.notes.iter().filter(|note| shared(note, |one| &one.notes)) {
        group = group.element(Level::NOTE.message(escape::lines(note)));
    }
    for help in &first.help {
        let help = match &first.place {
            Place::Text(span) if !shared(help, |one| &one.help) => format!("at {}: {help}", sources.place(*span)),
            Place::Text(_) | Place::Path(_) | Place::Whole => help.clone(),
        };
        group = group.element(Level::HELP.message(escape::lines(&help)));
    }
    let more = format!("{} in {total} places, of which {} are shown; `-v` shows all", first.code.name(), alike.len());
    let drawn = renderer.render(&[group.element(Level::NOTE.message(more))]);
    with_columns(if lines { drawn } else { aligned(&drawn) }, &cut)
}

/// Where the front of a line is left out, its columns are counted on.
fn with_columns(drawn: String, cut: &[(String, String)]) -> String {
    cut.iter().fold(drawn, |drawn, (shown, real)| drawn.replacen(shown, real, 1))
}

/// Adds the lines of one file, with the marks and their labels.
fn excerpts<'d>(
    mut group: Group<'d>,
    (file, labels): Shown<'d>,
    sources: &'d SourceTree,
    pages: &'d Pages,
    cut: &mut Vec<(String, String)>,
) -> Group<'d> {
    let path = sources.file(file).path.as_str();
    for part in pages.get(file).into_iter().flat_map(|page| page.excerpts(labels.clone())) {
        let mut snippet = Snippet::source(part.text).line_start(part.line).path(path);
        if part.skipped > 0 {
            let at = part.labels.first().map_or(0, |(range, _)| range.start);
            let shown = part.text[..at].chars().count() + 1;
            cut.push((
                format!("{path}:{}:{shown}", part.line),
                format!("{path}:{}:{}", part.line, shown + part.skipped),
            ));
        }
        for (range, (label, primary)) in part.labels {
            let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(range);
            snippet = snippet.annotation(if label.is_empty() { annotation } else { annotation.label(label) });
        }
        group = group.element(snippet);
    }
    group
}

fn one(diagnostic: &Diagnostic, sources: &SourceTree, pages: &Pages, renderer: &Renderer) -> String {
    let title = level(diagnostic.severity).primary_title(&*diagnostic.message).id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    let mut cut = Vec::new();
    let files = by_file(diagnostic);
    let lines = !files.is_empty();
    for file in files {
        group = excerpts(group, file, sources, pages, &mut cut);
    }
    if let Place::Path(path) = &diagnostic.place {
        group = group.element(Origin::path(escape::plain(path)));
    }
    if let Some(said) = clusters(diagnostic.clusters.as_ref()) {
        group = group.element(Level::NOTE.message(said));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(escape::lines(note)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(escape::lines(help)));
    }
    let drawn = renderer.render(&[group]);
    with_columns(if lines { drawn } else { aligned(&drawn) }, &cut)
}

/// A report without any source line, drawn as those with one are: the renderer makes room for a line number of no
/// digits, and begins with an empty line of source where there is not even a path.
fn aligned(drawn: &str) -> String {
    let mut lines = drawn.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let rest = lines.filter(|line| anstream::adapter::strip_str(line).to_string().trim() != "|");
    rest.fold(title, |text, line| format!("{text}\n {line}"))
}

/// A file, and what is said of places in it: the words, and whether it is the wrong text itself.
type Shown<'d> = (FileId, Vec<(Span, (&'d str, bool))>);

/// The places of a diagnostic, file by file, that of the wrong text first.
fn by_file(diagnostic: &Diagnostic) -> Vec<Shown<'_>> {
    let mut files: Vec<Shown<'_>> = Vec::new();
    let primary = match &diagnostic.place {
        Place::Text(span) => Some((*span, (diagnostic.label.as_str(), true))),
        Place::Path(_) | Place::Whole => None,
    };
    let others = diagnostic.others.iter().map(|label| (label.span, (label.text.as_str(), false)));
    for label in primary.into_iter().chain(others) {
        match files.iter_mut().find(|(id, _)| *id == label.0.file) {
            Some((_, labels)) => labels.push(label),
            None => files.push((label.0.file, vec![label])),
        }
    }
    files
}

/// `on 3 of 12 clusters: a, b, c`
pub fn clusters(clusters: Option<&Clusters>) -> Option<String> {
    let Clusters { names, of } = clusters?;
    let shown: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
    let more = names.len() - shown.len();
    let list = if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") };
    Some(match (names.len(), *of) {
        (n, of) if n == of && of > 1 => format!("on all {of} clusters of the task: {list}"),
        (1, 1) => format!("on cluster {list}"),
        (n, of) => format!("on {n} of {of} clusters: {list}"),
    })
}

/// A bag as JSON.
pub fn json(diags: &Diagnostics, sources: &SourceTree) -> Value {
    let secrets = Secrets::of(diags, sources);
    diags.iter().map(|diagnostic| one_json(&secrets.without(diagnostic), sources)).collect()
}

fn place_json(span: Span, sources: &SourceTree) -> Value {
    let start = sources.line_col(span);
    let end = sources.line_col(Span { start: span.end, ..span });
    json!({
        "path": sources.file(span.file).path.as_str(),
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn one_json(diagnostic: &Diagnostic, sources: &SourceTree) -> Value {
    let place = match &diagnostic.place {
        Place::Text(span) => place_json(*span, sources),
        Place::Path(path) => json!({"path": path}),
        Place::Whole => Value::Null,
    };
    let others: Vec<Value> = diagnostic
        .others
        .iter()
        .map(|label| json!({"place": place_json(label.span, sources), "text": label.text}))
        .collect();
    json!({
        "code": diagnostic.code.name(),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "place": place,
        "related": others,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "clusters": diagnostic.clusters.as_ref().map(|clusters| json!({"names": clusters.names, "of": clusters.of})),
    })
}

/// `2 errors and 1 warning`, or nothing.
pub fn totals(diags: &Diagnostics) -> Option<String> {
    let some = |severity: Severity| {
        let count = diags.count(severity);
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {}{plural}", severity.word()))
    };
    let said: Vec<String> = [Severity::Error, Severity::Warning].into_iter().filter_map(some).collect();
    (!said.is_empty()).then(|| said.join(" and "))
}
