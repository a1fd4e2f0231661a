//! SARIF logs, held to the schema of SARIF 2.1.0.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{Seen, below, in_fleet, pairs};
use crate::git;
use crate::support::said;

fn validator() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sarif/sarif-schema-2.1.0.json");
    let text = std::fs::read_to_string(path).expect("the schema");
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    // Its pattern for a language holds a bracket too many, which our reader of regular expressions refuses; no report
    // says its language.
    for part in ["run", "toolComponent"] {
        let language = schema["definitions"][part]["properties"]["language"].as_object_mut().expect("a property");
        assert!(language.remove("pattern").is_some(), "the schema is mended: {part}");
    }
    jsonschema::validator_for(&schema).expect("a schema")
}

/// The one run of a log.
fn run(text: &str) -> Value {
    let log: Value = serde_json::from_str(text).expect("JSON");
    let runs = log["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    runs[0].clone()
}

fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'%' {
            let hex = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(hex, 16).expect("a byte"));
            rest = &after[2..];
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("text")
}

fn path(location: &Value) -> String {
    let artifact = &location["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
    let uri = artifact["uri"].as_str().expect("a URI");
    assert!(!uri.contains([' ', ':', '\\']) && !uri.starts_with('/'), "{uri}");
    decoded(uri)
}

/// Code, path and line of each result.
pub(super) fn results(text: &str) -> Vec<Seen> {
    let run = run(text);
    let results = run["results"].as_array().expect("results").iter();
    let seen = results.map(|result| {
        let location = &result["locations"][0];
        let line = location["physicalLocation"]["region"]["startLine"].as_u64().expect("a line");
        (result["ruleId"].as_str().expect("a rule").to_owned(), path(location), line)
    });
    seen.collect()
}

/// Why there is no result.
pub(super) fn failure(text: &str) -> Option<String> {
    let log: Value = serde_json::from_str(text).expect("JSON");
    assert!(validator().is_valid(&log), "{text}");
    let invocation = &run(text)["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = &invocation["toolExecutionNotifications"][0];
    assert_eq!(said["level"], "error");
    said["message"]["text"].as_str().map(str::to_owned)
}

#[test]
fn every_report_is_valid_sarif() {
    let validator = validator();
    let refused = serde_json::json!({"version": "2.1.0", "runs": [{"results": []}]});
    assert!(!validator.is_valid(&refused), "the schema refuses nothing");
    let mut places = 0;
    for pair in pairs("sarif") {
        let name = &pair.name;
        let log: Value = serde_json::from_str(&pair.text).expect("JSON");
        let wrong: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        let run = run(&pair.text);
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), pair.diagnostics.len(), "{name}");
        let mut marks = BTreeSet::new();
        let mut used = BTreeSet::new();
        for (result, diagnostic) in results.iter().zip(&pair.diagnostics) {
            assert_eq!(result["ruleId"], diagnostic["code"], "{name}");
            assert_eq!(result["level"], diagnostic["severity"], "{name}");
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small")];
            assert_eq!(rule["id"], result["ruleId"], "{name}");
            used.insert(result["ruleId"].to_string());
            let message = result["message"]["text"].as_str().expect("a text");
            assert!(message.starts_with(diagnostic["message"].as_str().expect("a text")), "{name}: {message}");
            let mark = result["partialFingerprints"]["primaryLocationLineHash"].as_str().expect("a fingerprint");
            assert!(marks.insert((path(&result["locations"][0]), mark.to_owned())), "{name}: {mark} twice");
            let related = diagnostic["related"].as_array().expect("a list").len();
            assert_eq!(result["relatedLocations"].as_array().map_or(0, Vec::len), related, "{name}");
            if diagnostic["place"]["line"].is_u64() {
                places += 1;
                assert_eq!(path(&result["locations"][0]), diagnostic["place"]["path"].as_str().expect("a path"));
            }
        }
        assert_eq!(used.len(), rules.len(), "{name}: a rule that nothing uses");
        for rule in rules {
            let id = rule["id"].as_str().expect("an id");
            let end = format!("/docs/errors/{id}.md");
            assert!(rule["helpUri"].as_str().is_some_and(|uri| uri.starts_with("https://") && uri.ends_with(&end)));
            assert!(rule["help"]["markdown"].as_str().is_some_and(|page| page.starts_with(&format!("# {id}\n"))));
        }
        assert_eq!(run["invocations"][0]["executionSuccessful"], true, "{name}");
    }
    assert!(places > 100, "only {places} places were compared");
}

#[test]
fn a_fingerprint_stays_when_the_lines_above_move() {
    let repo = below();
    let marks = || {
        let run = run(&said(&in_fleet(&repo, &["check"], "sarif")));
        let results = run["results"].as_array().expect("results").clone();
        let mark = |one: &Value| {
            (one["partialFingerprints"].clone(), one["locations"][0]["physicalLocation"]["region"].clone())
        };
        results.iter().filter(|one| one["ruleId"] == "unknown-field").map(mark).collect::<Vec<_>>()
    };
    let wrong = git::task("report", "1").replace("schedule:", "shedule:").replace("placement:", "plaice:");
    repo.put("fleets/a/tasks/report.yaml", &wrong);
    let before = marks();
    assert_eq!(before.len(), 2);
    repo.put("fleets/a/tasks/report.yaml", &format!("# a line\n\n{wrong}"));
    let after = marks();
    for (a, b) in before.iter().zip(&after) {
        assert_eq!(a.0, b.0);
        assert_ne!(a.1, b.1);
    }
}

/// Two fleets of one repository do not end each other's findings.
#[test]
fn each_fleet_has_its_own_category() {
    let repo = below();
    let run = run(&said(&in_fleet(&repo, &["check"], "sarif")));
    assert_eq!(run["automationDetails"]["id"], "fleetcron/fleets/a/");
    assert_eq!(run["results"], serde_json::json!([]));
}
