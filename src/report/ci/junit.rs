//! JUnit XML: one test per task, which fails if an error points into its document, and one for the repository. A test
//! has at most one failure, because readers differ about several.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::CiReport;
use super::finding::CiFinding;
use crate::diag::Severity;
use crate::tree::{FileId, Span};
use crate::yaml;

/// What a test stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// A task, by its number.
    Task(usize),
    /// A file outside of every task.
    File(String),
    /// The repository.
    Repository,
}

/// The document.
pub fn document(report: &CiReport<'_>) -> String {
    let mut tests: BTreeMap<Subject, Vec<&CiFinding>> = (0..report.tasks.len())
        .map(Subject::Task)
        .chain([Subject::Repository])
        .map(|test| (test, Vec::new()))
        .collect();
    let extents = extents(report);
    for found in &report.findings {
        tests.entry(subject(found, &extents)).or_default().push(found);
    }
    let failed = |found: &[&CiFinding]| found.iter().any(|found| found.severity == Severity::Error);
    let errors = usize::from(report.failure.is_some());
    let failures = tests
        .iter()
        .filter(|(subject, found)| failed(found) && !(errors > 0 && **subject == Subject::Repository))
        .count();
    let title = attribute(&report.title());
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"", tests.len());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{title}\" {counts}>\n  \
         <testsuite name=\"{title}\" {counts}>\n"
    );
    for (subject, found) in &tests {
        test(&mut text, report, subject, found);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn test(text: &mut String, report: &CiReport<'_>, subject: &Subject, found: &[&CiFinding]) {
    let (class, name, file) = match subject {
        Subject::Task(at) => {
            let task = &report.tasks[*at];
            let class = task.identity.namespace.as_deref().unwrap_or("tasks");
            (class, task.identity.name.as_str(), Some(report.source(task.name_span.file)))
        }
        Subject::File(path) => ("files", path.as_str(), Some(path.clone())),
        Subject::Repository => ("repository", "repository", None),
    };
    let file = file.map_or_else(String::new, |file| format!(" file=\"{}\"", attribute(&file)));
    let _infallible =
        write!(text, "    <testcase classname=\"{}\" name=\"{}\"{file}>", attribute(class), attribute(name));
    let (errors, others): (Vec<&CiFinding>, Vec<&CiFinding>) =
        found.iter().partition(|found| found.severity == Severity::Error);
    match report.failure.filter(|_| *subject == Subject::Repository) {
        Some(failure) => {
            let all = format!("{failure}\n{}", said(&errors));
            element(text, "error", "fleetcron", failure, &all);
        }
        None => {
            if let Some(first) = errors.first() {
                let more = errors.len() - 1;
                let message = match more {
                    0 => first.message.clone(),
                    more => format!("{} (and {more} more)", first.message),
                };
                element(text, "failure", first.code.name(), &message, &said(&errors));
            }
        }
    }
    if !others.is_empty() {
        let _infallible = write!(text, "\n      <system-out>{}</system-out>", content(&said(&others)));
    }
    let inside = text.ends_with("</system-out>") || text.ends_with("</failure>") || text.ends_with("</error>");
    text.push_str(if inside { "\n    </testcase>\n" } else { "</testcase>\n" });
}

fn element(text: &mut String, name: &str, kind: &str, message: &str, said: &str) {
    let (kind, message, said) = (attribute(kind), attribute(message), content(said));
    let _infallible = write!(text, "\n      <{name} type=\"{kind}\" message=\"{message}\">{said}</{name}>");
}

/// All words of some, each under its level and code.
fn said(found: &[&CiFinding]) -> String {
    let blocks = found.iter().map(|found| {
        let place = found.place().map_or_else(String::new, |place| format!("\n{place}"));
        let more: String = found.more.iter().map(|line| format!("\n{line}")).collect();
        format!("{}[{}]: {}{place}{more}\n", found.severity.word(), found.code.name(), found.message)
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// The documents of tasks, each with the number of its task.
fn extents(report: &CiReport<'_>) -> Vec<(Span, usize)> {
    let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (at, task) in report.tasks.iter().enumerate() {
        by_file.entry(task.name_span.file).or_default().push(at);
    }
    // Only files that something was found in have to be read again.
    let pointed = |file: &FileId| report.findings.iter().any(|found| found.span.is_some_and(|span| span.file == *file));
    let mut extents = Vec::new();
    for (file, tasks) in by_file.into_iter().filter(|(file, _)| pointed(file)) {
        for document in yaml::parse(file, &report.sources.file(file).bytes).documents {
            let whole = document.root.span;
            let inside = tasks.iter().find(|at| covers(whole, report.tasks[**at].name_span));
            extents.extend(inside.map(|at| (whole, *at)));
        }
    }
    extents
}

fn covers(whole: Span, part: Span) -> bool {
    whole.file == part.file && whole.start <= part.start && part.start <= whole.end
}

fn subject(found: &CiFinding, extents: &[(Span, usize)]) -> Subject {
    let task = found.span.and_then(|span| extents.iter().find(|(whole, _)| covers(*whole, span)));
    match (task, &found.path) {
        (Some((_, at)), _) => Subject::Task(*at),
        (None, Some(path)) => Subject::File(path.clone()),
        (None, None) => Subject::Repository,
    }
}

fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

/// A text in XML 1.0, which cannot carry every character.
fn content(text: &str) -> String {
    text.chars().fold(String::new(), |mut content, c| {
        match c {
            '&' => content.push_str("&amp;"),
            '<' => content.push_str("&lt;"),
            '>' => content.push_str("&gt;"),
            '\n' | '\t' => content.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => content.extend(c.escape_unicode()),
            c => content.push(c),
        }
        content
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_breaks_the_document() {
        assert_eq!(content("a<b>&\u{1}\r\n\t\u{ffff}\u{85}"), "a&lt;b&gt;&amp;\\u{1}\\u{d}\n\t\\u{ffff}\\u{85}");
        assert_eq!(attribute("\"\n\t"), "&quot;&#10;&#9;");
    }
}
