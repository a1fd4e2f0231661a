//! JUnit XML, read by an XML parser.

use roxmltree::{Document, Node};

use super::{Seen, below, in_fleet, pairs};
use crate::git;
use crate::support::said;

/// The tests of a document.
fn tests<'a>(document: &'a Document<'_>) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name("testcase")).collect()
}

fn child<'a>(test: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    test.children().find(|node| node.has_tag_name(name))
}

/// Code, path and line of whatever is said in the tests.
pub(super) fn problems(text: &str) -> Vec<Seen> {
    let document = Document::parse(text).expect("XML");
    let said = document.descendants().filter(|node| node.has_tag_name("failure") || node.has_tag_name("system-out"));
    let mut seen = Vec::new();
    for text in said.filter_map(|node| node.text()) {
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let head = ["error[", "warning[", "note["].iter().find_map(|level| line.strip_prefix(level));
            let Some((code, _)) = head.and_then(|rest| rest.split_once("]: ")) else { continue };
            let place = lines.peek().copied().unwrap_or_default();
            let placed = place.contains(".yaml").then_some(place).filter(|place| !place.starts_with("at "));
            let mut parts = placed.unwrap_or_default().rsplitn(3, ':');
            let (column, line, path) = (parts.next(), parts.next(), parts.next());
            seen.push(match (path, line.and_then(|line| line.parse().ok()), column) {
                (Some(path), Some(line), _) => (code.to_owned(), path.to_owned(), line),
                _ => (code.to_owned(), placed.unwrap_or_default().to_owned(), 0),
            });
        }
    }
    seen
}

/// Why there is no result.
pub(super) fn failure(text: &str) -> Option<String> {
    let document = Document::parse(text).expect("XML");
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).expect("a suite");
    assert_eq!(suite.attribute("errors"), Some("1"));
    let error = document.descendants().find(|node| node.has_tag_name("error"))?;
    error.attribute("message").map(str::to_owned)
}

#[test]
fn every_report_counts_right() {
    for pair in pairs("junit") {
        let name = &pair.name;
        let document = Document::parse(&pair.text).unwrap_or_else(|error| panic!("{name}: {error}\n{}", pair.text));
        let tests = tests(&document);
        let of = |kind: &str| tests.iter().filter(|test| child(**test, kind).is_some()).count().to_string();
        for node in document.descendants().filter(|node| matches!(node.tag_name().name(), "testsuite" | "testsuites")) {
            assert_eq!(node.attribute("tests"), Some(&*tests.len().to_string()), "{name}");
            assert_eq!(node.attribute("failures"), Some(&*of("failure")), "{name}");
            assert_eq!(node.attribute("errors"), Some("0"), "{name}");
        }
        assert!(!tests.is_empty(), "{name}");
        assert!(tests.iter().all(|test| test.children().filter(|node| node.has_tag_name("failure")).count() < 2));
        let problems = problems(&pair.text);
        assert_eq!(problems.len(), pair.diagnostics.len(), "{name}: {problems:?}");
        let failed = pair.diagnostics.iter().any(|one| one["severity"] == "error");
        assert_eq!(of("failure") != "0", failed, "{name}");
    }
}

#[test]
fn a_task_passes_unless_an_error_points_into_its_document() {
    let repo = below();
    let two = format!("{}---\n{}", git::task("good", "1"), git::task("bad", "1"));
    repo.put(
        "fleets/a/tasks/two.yaml",
        &two.replace("billing/bad:1\"", "billing/bad:1\", resources: {limits: {cpu: 1x}}"),
    );
    let output = in_fleet(&repo, &["check"], "junit");
    let text = said(&output);
    let document = Document::parse(&text).expect("XML");
    let named = |name: &str| {
        let found = tests(&document).into_iter().find(|test| test.attribute("name") == Some(name));
        found.unwrap_or_else(|| panic!("no test `{name}`: {text}"))
    };
    for (name, passes) in [("good", true), ("rollup", true), ("repository", true), ("bad", false)] {
        assert_eq!(child(named(name), "failure").is_none(), passes, "{name}: {text}");
    }
    assert_eq!(named("bad").attribute("classname"), Some("billing"));
    assert_eq!(named("bad").attribute("file"), Some("fleets/a/tasks/two.yaml"));
    let failure = child(named("bad"), "failure").expect("a failure");
    assert_eq!(failure.attribute("type"), Some("invalid-quantity"));
    assert!(failure.text().is_some_and(|text| text.contains("fleets/a/tasks/two.yaml:")), "{text}");
}

#[test]
fn a_warning_fails_a_task_only_where_warnings_are_errors() {
    let repo = below();
    repo.put("fleets/a/tasks/rollup.yaml", &git::task("rollup", "latest"));
    let built = in_fleet(&repo, &["build"], "text");
    assert!(built.status.success());
    for (more, code) in [(&[][..], 0), (&["--strict"][..], 1)] {
        let output = in_fleet(&repo, &[&["check"], more].concat(), "junit");
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        let text = said(&output);
        let document = Document::parse(&text).expect("XML");
        let all = tests(&document);
        let rollup = all.iter().find(|test| test.attribute("name") == Some("rollup")).expect("the task");
        let told = if code == 1 { "failure" } else { "system-out" };
        assert!(
            child(*rollup, told).is_some_and(|node| node.text().is_some_and(|t| t.contains("unpinned-image"))),
            "{text}"
        );
    }
}

/// XML cannot carry every character that a file can.
#[test]
fn a_character_that_xml_lacks_is_shown() {
    let repo = below();
    let wrong = git::task("report", "1").replace("schedule:", r#""a\u0001]]>&<b":"#);
    repo.put("fleets/a/tasks/report.yaml", &wrong);
    let text = said(&in_fleet(&repo, &["check"], "junit"));
    let document = Document::parse(&text).expect("XML");
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
    assert!(failure.attribute("message").is_some_and(|message| message.contains("]]>&<b")), "{text}");
}
