//! Diagnostics become text for people, or JSON. It decides nothing about them.
//!
//! The one idea: a reader at night sees the place, the line itself, the other place where two disagree, and what to do.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::outcome::Typed;
use super::plain;
use super::secrets::Secrets;
use crate::diag::{Clusters, Diagnostic, Diagnostics, Place, Severity};
use crate::tree::{FileId, SourceTree, Span};

/// The text of a bag, in its order.
pub(super) fn text(diags: &Diagnostics, sources: &SourceTree, color: bool) -> String {
    let renderer = renderer(color);
    let secrets = Secrets::of(diags, sources);
    let mut out = String::new();
    for diagnostic in diags {
        out.push_str(&one(&secrets.without(diagnostic), sources, &secrets, &renderer));
        out.push_str("\n\n");
    }
    out
}

fn renderer(color: bool) -> Renderer {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(120)
}

/// What is wrong with a text that was typed.
pub(super) fn typed(typed: &Typed, color: bool) -> String {
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

fn one(diagnostic: &Diagnostic, sources: &SourceTree, secrets: &Secrets, renderer: &Renderer) -> String {
    let texts = by_file(diagnostic, sources, secrets);
    let title = level(diagnostic.severity).primary_title(&*diagnostic.message).id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    for (id, text, labels) in &texts {
        let mut snippet = Snippet::source(text).path(sources.file(*id).path.as_str());
        for (span, label, primary) in labels {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(within(text, *span));
            snippet = snippet.annotation(if label.is_empty() { annotation } else { annotation.label(*label) });
        }
        group = group.element(snippet);
    }
    if let Place::Path(path) = &diagnostic.place {
        group = group.element(Origin::path(plain::plain(path)));
    }
    if let Some(said) = clusters(diagnostic.clusters.as_ref()) {
        group = group.element(Level::NOTE.message(said));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(plain::lines(note)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(plain::lines(help)));
    }
    let drawn = renderer.render(&[group]);
    if texts.is_empty() { aligned(&drawn) } else { drawn }
}

/// A report without any source line, drawn as those with one are: the renderer makes room for a line number of no
/// digits, and begins with an empty line of source where there is not even a path.
fn aligned(drawn: &str) -> String {
    let mut lines = drawn.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let rest = lines.filter(|line| anstream::adapter::strip_str(line).to_string().trim() != "|");
    rest.fold(title, |text, line| format!("{text}\n {line}"))
}

/// A file, its text, and its labels: place, words, and whether it is the wrong text itself.
type Shown<'d> = (FileId, String, Vec<(Span, &'d str, bool)>);

/// The places of a diagnostic, file by file, that of the wrong text first. Whoever points at them, secrets are not shown.
fn by_file<'d>(diagnostic: &'d Diagnostic, sources: &SourceTree, secrets: &Secrets) -> Vec<Shown<'d>> {
    let mut files: Vec<Shown<'d>> = Vec::new();
    let primary = match &diagnostic.place {
        Place::Text(span) => Some((*span, diagnostic.label.as_str(), true)),
        Place::Path(_) | Place::Whole => None,
    };
    let others = diagnostic.others.iter().map(|label| (label.span, label.text.as_str(), false));
    for label in primary.into_iter().chain(others) {
        match files.iter_mut().find(|(id, ..)| *id == label.0.file) {
            Some((_, _, labels)) => labels.push(label),
            None => {
                let text = String::from_utf8_lossy(&secrets.shown(label.0.file, sources)).into_owned();
                files.push((label.0.file, text, vec![label]));
            }
        }
    }
    files
}

/// A span that surely lies within the text, on borders of characters and on one line where it can.
fn within(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..if line_end > start { end.min(line_end) } else { end }
}

/// `on 3 of 12 clusters: a, b, c`
pub(super) fn clusters(clusters: Option<&Clusters>) -> Option<String> {
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
pub(super) fn json(diags: &Diagnostics, sources: &SourceTree) -> Value {
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
pub(super) fn totals(diags: &Diagnostics) -> Option<String> {
    let some = |severity: Severity| {
        let count = diags.count(severity);
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {}{plural}", severity.word()))
    };
    let said: Vec<String> = [Severity::Error, Severity::Warning].into_iter().filter_map(some).collect();
    (!said.is_empty()).then(|| said.join(" and "))
}
