//! Text of other people in logs and reports: no line of it is a workflow command, and nothing in it is obeyed by a terminal or
//! stands there unseen, whatever the command, the format and the stream.

use std::fs;
use std::path::Path;

use crate::support::{Files, program, put, run};

/// Escape, bell, control sequence introducer, bidirectional and zero-width characters, a tag, a variation selector.
const ODD: [char; 14] = [
    '\u{1b}',
    '\u{7}',
    '\u{9b}',
    '\u{85}',
    '\u{202e}',
    '\u{2066}',
    '\u{200f}',
    '\u{200b}',
    '\u{200d}',
    '\u{2060}',
    '\u{feff}',
    '\u{ad}',
    '\u{e0041}',
    '\u{fe0f}',
];

/// Every odd character, and commands behind all kinds of line breaks.
fn hostile() -> String {
    let odd: String = ODD.iter().collect();
    format!(
        "x{odd}\n::error file=a::forged\r::add-mask::x\n \t\u{a0}::stop-commands::y\u{2028}::z ##[error]w ##vso[task]v"
    )
}

/// What of that a manifest may carry.
fn mild() -> String {
    hostile().chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// A text as YAML and JSON both write it in quotes.
fn quoted(text: &str) -> String {
    text.chars().fold(String::from("\""), |quoted, c| match c {
        '"' | '\\' => format!("{quoted}\\{c}"),
        c if c.is_ascii_graphic() || c == ' ' => format!("{quoted}{c}"),
        c => format!("{quoted}\\U{:08x}", u32::from(c)),
    }) + "\""
}

const FLEET: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {defaults: {namespace: batch, timeZone: Etc/UTC}}\n";
const CLUSTERS: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu}\n---\n\
                        apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: us}\n";

fn task(name: &str, more: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}}}\nspec:\n  placement: {{clusters: \"*\"}}\n  \
         schedule: \"0 3 * * *\"\n  container: {{image: \"a:1\", command: [sh, -c, {}]}}\n{more}",
        quoted(&mild())
    )
}

/// A fleet that builds, its texts hostile.
fn sound() -> Files {
    // Line breaks as they are, and raw odd characters of those that YAML takes.
    let raw = "  annotations:\n    note: |\n      ::error::raw\n      \t::add-mask::raw\n      a\u{202e}\u{200b}\u{ad}\u{e0041}\n";
    Files::from([
        ("fleetcron.yaml".to_owned(), FLEET.to_owned()),
        ("clusters.yaml".to_owned(), CLUSTERS.to_owned()),
        ("tasks/::error::a\u{202e}\u{200b}.yaml".to_owned(), task("a", raw)),
    ])
}

/// The same with mistakes that quote the texts, and files with hostile names.
fn broken() -> Files {
    let hostile = quoted(&hostile());
    let mut files = sound();
    files.extend([
        (
            "::warning::b\u{202e}.yaml".to_owned(),
            task("b", &format!("  {hostile}: x\n  labels: {{{hostile}: {hostile}}}\n")),
        ),
        ("c.yaml".to_owned(), task(&hostile, &format!("  job: {{restartPolicy: {hostile}}}\n  bases: [{hostile}]\n"))),
        ("d.yaml".to_owned(), format!("apiVersion: fleetcron.dev/v1alpha1\nkind: {hostile}\n")),
        (
            "e.yaml".to_owned(),
            format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {hostile}}}\n"),
        ),
        ("f.yaml".to_owned(), task("f", &format!("  resources: [{hostile}]\n  variables: {{v: {hostile}}}\n"))),
        ("g.yaml".to_owned(), task("g", "").replace("\"*\"", &format!("[{hostile}, eu]"))),
        ("h.yaml".to_owned(), task("h", "").replace("0 3 * * *", "::error::\u{202e} 3 * * *")),
        ("i.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\n::x: [\u{200b}\n  ::error::\u{202e}\n".to_owned()),
        ("j\u{7}\n::error::k.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\n".to_owned()),
    ]);
    files
}

/// What is wrong with what went to a stream: raw odd characters, and lines that are commands.
fn faults(text: &[u8], own_commands: bool) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).expect("text");
    let mut faults = Vec::new();
    for odd in ODD {
        if text.contains(odd) {
            faults.push(format!("{odd:?} in {text:?}"));
        }
    }
    // As .NET reads lines, and as it takes white space from their beginning.
    for line in text.split(['\n', '\r']) {
        let ours = ["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own));
        let titled = ours && line.split_once("::").is_some_and(|(_, rest)| rest.contains("title="));
        // `::: path` leads to another file in a report: no command is called `:`.
        let start = line.trim_start();
        if start.starts_with("::") && !start.starts_with("::: ") && !(own_commands && titled) {
            faults.push(format!("a command: {line:?}"));
        }
        if line.contains("##[") || line.contains("##vso[") {
            faults.push(format!("an older command: {line:?}"));
        }
    }
    faults
}

/// Runs a command in every format and style, and looks at both streams.
fn look(dir: &Path, args: &[&str], formats: &[&str]) {
    for format in formats {
        let mut all = args.to_vec();
        all.extend(["--format", format]);
        let summary = dir.join("summary.md");
        fs::write(&summary, "").expect("written");
        let output = program(dir).args(&all).env("GITHUB_STEP_SUMMARY", &summary).output().expect("it runs");
        let mut found = faults(&output.stderr, false);
        found.extend(faults(&output.stdout, *format == "github"));
        found.extend(faults(&fs::read(&summary).expect("read"), false));
        assert!(found.is_empty(), "{all:?}: {}", found.join("\n"));
        fs::remove_file(&summary).expect("removed");
    }
}

const REPORTS: [&str; 6] = ["text", "json", "github", "sarif", "gitlab", "junit"];

#[test]
fn what_is_wrong_with_hostile_files_is_told_harmlessly() {
    let dir = tempfile::tempdir().expect("a folder");
    put(dir.path(), &broken());
    for args in [&["build"][..], &["build", "-v"], &["check"], &["build", "--dry-run", "--out", "::error::out"]] {
        look(dir.path(), args, &REPORTS);
    }
    for args in [&["plan"][..], &["explain", "a"], &["render", "eu"]] {
        look(dir.path(), args, &["text", "json"]);
    }
}

#[test]
fn results_about_hostile_texts_are_harmless() {
    let dir = tempfile::tempdir().expect("a folder");
    let git = |args: &[&str]| {
        let status = std::process::Command::new("git").current_dir(dir.path()).args(args).output().expect("git");
        assert!(status.status.success(), "{args:?}: {}", String::from_utf8_lossy(&status.stderr));
    };
    put(dir.path(), &sound());
    git(&["init", "-q"]);
    git(&["config", "user.email", "a@example.com"]);
    git(&["config", "user.name", "a"]);
    let built = run(dir.path(), &["build"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    look(dir.path(), &["build"], &REPORTS);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "a"]);
    let more = "  annotations: {note: \"a\\n::error::b\\n\\u202e\"}\n  description: \"::error::\\u200b\"\n";
    put(dir.path(), &Files::from([("tasks/z.yaml".to_owned(), task("z", more))]));
    for args in [&["plan"][..], &["explain", "z"], &["explain", "a", "eu"], &["plan", "--schedules"], &["diff"]] {
        look(dir.path(), args, &["text", "json"]);
    }
    look(dir.path(), &["diff", "--patch"], &["text", "json", "markdown"]);
    look(dir.path(), &["diff", "--against", "rendered"], &["text", "json"]);
    fs::create_dir_all(dir.path().join("rendered/eu/::x")).expect("a folder");
    fs::write(dir.path().join("rendered/eu/::x/::error::\u{202e}.yaml"), "a: 1\n").expect("written");
    look(dir.path(), &["check"], &REPORTS);
}

/// Colours of ours stay, and nothing else that begins with an escape.
#[test]
fn coloured_output_holds_no_other_sequence() {
    let dir = tempfile::tempdir().expect("a folder");
    put(dir.path(), &broken());
    let output = run(dir.path(), &["build", "--color", "always"]);
    let text = String::from_utf8(output.stderr).expect("text");
    let sequences: Vec<&str> = text.split('\u{1b}').skip(1).collect();
    assert!(!sequences.is_empty());
    for after in sequences {
        let colour = after.strip_prefix('[').and_then(|rest| rest.split_once('m')).map(|(numbers, _)| numbers);
        let numbers = colour.unwrap_or_else(|| panic!("no colour: {after:?}"));
        assert!(numbers.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{after:?}");
    }
}

/// A manifest is data: `render` prints what `build` writes, byte for byte.
#[test]
fn a_rendered_manifest_is_not_changed() {
    let dir = tempfile::tempdir().expect("a folder");
    put(dir.path(), &sound());
    let built = run(dir.path(), &["build"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let written = fs::read_to_string(dir.path().join("rendered/eu/batch/a.cronjob.yaml")).expect("read");
    let rendered = run(dir.path(), &["render", "eu"]);
    assert_eq!(String::from_utf8(rendered.stdout).expect("text"), format!("---\n{written}"));
}
