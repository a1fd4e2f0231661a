//! The Code Quality report of GitLab: the keys and values that its documentation names, and no fingerprint twice.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Seen, below, in_fleet, pairs};
use crate::support::said;

fn list(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("a JSON list")
}

/// Code, path and line of each entry.
pub(super) fn entries(text: &str) -> Vec<Seen> {
    let text_of = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = list(text).into_iter();
    let seen = entries.map(|one| {
        let location = &one["location"];
        (text_of(&one["check_name"]), text_of(&location["path"]), location["lines"]["begin"].as_u64().expect("a line"))
    });
    seen.collect()
}

/// Why there is no result.
pub(super) fn failure(text: &str) -> Option<String> {
    let all = list(text);
    let blocker = all.iter().find(|one| one["severity"] == "blocker")?;
    blocker["description"].as_str().map(str::to_owned)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn every_report_is_one_that_gitlab_reads() {
    for pair in pairs("gitlab") {
        let name = &pair.name;
        let mut marks = BTreeSet::new();
        let all = list(&pair.text);
        assert_eq!(all.len(), pair.diagnostics.len(), "{name}");
        for (one, diagnostic) in all.iter().zip(&pair.diagnostics) {
            assert_eq!(keys(one), ["check_name", "description", "fingerprint", "location", "severity"], "{name}");
            assert_eq!(keys(&one["location"]), ["lines", "path"], "{name}");
            assert_eq!(keys(&one["location"]["lines"]), ["begin"], "{name}");
            assert!(one["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0), "{name}");
            let path = one["location"]["path"].as_str().expect("a path");
            assert!(!path.is_empty() && !path.starts_with(['/', '.']), "{name}: {path}");
            assert!(marks.insert(one["fingerprint"].as_str().expect("a text")), "{name}: {one} twice");
            let severity = match diagnostic["severity"].as_str() {
                Some("error") => "critical",
                Some("warning") => "minor",
                _ => "info",
            };
            assert_eq!(one["severity"], severity, "{name}");
            assert_eq!(one["check_name"], diagnostic["code"], "{name}");
            let words = one["description"].as_str().expect("a text");
            let first = diagnostic["message"].as_str().and_then(|message| message.lines().next()).expect("a message");
            assert!(words.starts_with(first) && !words.contains('\n'), "{name}: {words}");
            if diagnostic["place"]["line"].is_u64() {
                assert_eq!(path, diagnostic["place"]["path"].as_str().expect("a path"), "{name}");
            }
        }
    }
}

#[test]
fn a_fleet_without_findings_is_an_empty_list() {
    let output = in_fleet(&below(), &["check"], "gitlab");
    assert_eq!((said(&output).as_str(), output.status.code()), ("[]\n", Some(0)));
}
