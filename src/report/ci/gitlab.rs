//! GitLab Code Quality report. Fingerprints stay when lines move, and no two are equal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::CiReport;
use super::finding::fnv;
use crate::diag::Severity;

/// The report.
pub fn document(report: &CiReport<'_>) -> String {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let mut fingerprint = |path: &str, mark: u64| {
        let hash = fnv(path.bytes().chain([0]).chain(mark.to_be_bytes()));
        let alike = seen.entry(hash).or_default();
        *alike += 1;
        format!("{hash:016x}-{alike}")
    };
    let home = report.places.home();
    let entry = |name: &str, said: &str, severity: &str, path: &str, line: usize, fingerprint: String| {
        json!({
            "description": said,
            "check_name": name,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {"path": path, "lines": {"begin": line}},
        })
    };
    let mut entries: Vec<Value> = Vec::new();
    if let Some(failure) = report.failure {
        let mark = fingerprint(&home, fnv(failure.bytes()));
        entries.push(entry("fleetcron", &one_line(failure), "blocker", &home, 1, mark));
    }
    for found in &report.findings {
        let severity = match found.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        };
        let path = found.path.as_deref().unwrap_or(&home);
        let line = found.region.map_or(1, |region| region.start.line);
        let mark = fingerprint(path, found.mark.0);
        entries.push(entry(found.code.name(), &one_line(&found.words()), severity, path, line, mark));
    }
    format!("{:#}\n", Value::Array(entries))
}

/// GitLab shows a description on one line.
fn one_line(text: &str) -> String {
    text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("; ")
}
