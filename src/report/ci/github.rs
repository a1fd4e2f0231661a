//! GitHub Actions workflow commands: annotations at changed lines.
//!
//! GitHub shows ten annotations of each kind per step, so the tenth counts the rest. Escapes are those of
//! `actions/toolkit`.

use std::fmt::Write as _;

use super::CiReport;
use super::finding::CiFinding;
use crate::diag::Severity;

/// So many of each kind are shown a step.
const SHOWN: usize = 10;

/// The annotations, errors first.
pub fn annotations(report: &CiReport<'_>) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let kind = kind(severity);
        let failure = report.failure.filter(|_| severity == Severity::Error);
        if let Some(failure) = failure {
            let _infallible = writeln!(text, "::{kind} title={}::{}", property(&report.title()), data(failure));
        }
        let these: Vec<&CiFinding> = report.findings.iter().filter(|found| found.severity == severity).collect();
        let room = SHOWN - usize::from(failure.is_some());
        let shown = if these.len() > room { room - 1 } else { these.len() };
        for found in &these[..shown] {
            let _infallible =
                writeln!(text, "::{kind} {}title={}::{}", place(found), found.code.name(), data(&found.words()));
        }
        if these.len() > shown {
            let plural = if these.len() - shown == 1 { "" } else { "s" };
            let words =
                format!("and {} more {}{plural}: the job summary has all", these.len() - shown, severity.word());
            let _infallible = writeln!(text, "::{kind} title={}::{}", property(&report.title()), data(&words));
        }
    }
    text
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// `file=…,line=…,…,`: columns only where the text begins and ends on one line, else GitHub refuses them.
fn place(found: &CiFinding) -> String {
    let Some(path) = &found.path else { return String::new() };
    let mut text = format!("file={},", property(path));
    if let Some(region) = found.region {
        let (start, end) = (region.start, region.end);
        let _infallible = write!(text, "line={},endLine={},", start.line, end.line);
        if start.line == end.line {
            let _infallible = write!(text, "col={},endColumn={},", start.column, end.column);
        }
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
