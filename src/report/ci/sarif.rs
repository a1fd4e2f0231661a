//! SARIF 2.1.0. A rule is a diagnostic code with its page; fingerprints stay when lines move.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::CiReport;
use super::finding::{CiFinding, Region};
use crate::diag::Code;

/// Services show no more of a description, in characters.
const DESCRIPTION: usize = 1000;
/// The name of the top of the repository.
const TOP: &str = "%SRCROOT%";

/// The log: one run.
pub fn document(report: &CiReport<'_>) -> String {
    let codes: BTreeSet<Code> = report.findings.iter().map(|found| found.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let results: Vec<Value> = report.findings.iter().map(|found| result(report, &codes, found)).collect();
    let mut invocation = json!({"executionSuccessful": report.failure.is_none(), "exitCode": report.exit});
    if let Some(failure) = report.failure {
        invocation["toolExecutionNotifications"] = json!([{"level": "error", "message": {"text": failure}}]);
    }
    // Two fleets of one repository are two categories: neither report ends what the other found.
    let category = format!("fleetcron/{}", report.places.prefix).trim_end_matches('/').to_owned();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "fleetcron",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<Value>>(),
            }},
            "automationDetails": {"id": format!("{}/", encoded(&category))},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {TOP: {"description": {"text": "the top of the Git repository"}}},
            "invocations": [invocation],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    let page = code.page();
    let why = page.split("\n## Why\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default().trim();
    let why = if why.is_empty() { code.summary() } else { why };
    json!({
        "id": code.name(),
        "shortDescription": {"text": code.summary()},
        "fullDescription": {"text": sentences(why)},
        "help": {"text": page, "markdown": page},
        "helpUri": super::page(code),
        "defaultConfiguration": {"enabled": !code.waits(), "level": code.severity().word()},
    })
}

/// The sentences that there is room for.
fn sentences(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = text.char_indices().nth(DESCRIPTION) else { return text };
    let end = text[..cut].rfind(". ").map_or(cut, |dot| dot + 1);
    text[..end].to_owned()
}

fn result(report: &CiReport<'_>, codes: &[Code], found: &CiFinding) -> Value {
    let home = report.places.home();
    let path = found.path.as_deref().unwrap_or(&home);
    let related: Vec<Value> = found
        .related
        .iter()
        .enumerate()
        .map(|(id, related)| {
            let mut location = location(&related.path, Some(related.region));
            location["id"] = json!(id);
            location["message"] = json!({"text": related.text});
            location
        })
        .collect();
    let (hash, alike) = found.mark;
    let mut result = json!({
        "ruleId": found.code.name(),
        "ruleIndex": codes.binary_search(&found.code).unwrap_or_default(),
        "level": found.severity.word(),
        "message": {"text": found.words()},
        "locations": [location(path, found.region)],
        "partialFingerprints": {"primaryLocationLineHash": format!("{hash:016x}:{alike}")},
    });
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

/// A place; services want a line of whatever is a file.
fn location(path: &str, region: Option<Region>) -> Value {
    let region = region.map_or_else(
        || json!({"startLine": 1}),
        |Region { start, end }| {
            json!({
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            })
        },
    );
    json!({"physicalLocation": {"artifactLocation": {"uri": encoded(path), "uriBaseId": TOP}, "region": region}})
}

/// A path as a relative URI: every byte that RFC 3986 does not let stand in a path is encoded, and `:` too, because a
/// first part that holds one would be taken for a scheme.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_uri() {
        assert_eq!(encoded("a b/c:d,é%.yaml"), "a%20b/c%3Ad%2C%C3%A9%25.yaml");
    }

    #[test]
    fn a_long_description_ends_with_a_sentence() {
        let long = "One is here. ".repeat(100);
        let cut = sentences(&long);
        assert!(cut.chars().count() <= DESCRIPTION && cut.ends_with("here."), "{cut}");
        assert_eq!(sentences("a\n b"), "a b");
        for code in Code::ALL {
            assert!(rule(*code)["fullDescription"]["text"].as_str().is_some_and(|text| text.len() > 10), "{code:?}");
        }
    }
}
