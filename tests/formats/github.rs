//! Workflow commands, read as the runner of GitHub Actions reads them, and the job summary.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use super::{below, pairs};
use crate::git::{self, Repo};
use crate::support::{grumbled, program, said};

/// GitHub shows so many of each kind a step.
const SHOWN: usize = 10;

/// A command, unescaped.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) kind: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) message: String,
}

/// As `ActionCommand.TryParseV2` and `UnescapeData` of the runner do it.
fn command(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    let (kind, properties) = head.split_once(' ').unwrap_or((head, ""));
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| data(&text.replace("%3A", ":").replace("%2C", ","));
    let pairs = properties.split(',').filter_map(|pair| pair.split_once('='));
    Some(Command {
        kind: kind.to_owned(),
        properties: pairs.map(|(name, value)| (name.to_owned(), property(value))).collect(),
        message: data(message),
    })
}

/// The commands of a text: every line must be one.
pub(super) fn commands(text: &str) -> Vec<Command> {
    text.lines().map(|line| command(line).unwrap_or_else(|| panic!("no command: {line}"))).collect()
}

#[test]
fn annotations_say_what_json_says() {
    let mut places = 0;
    for pair in pairs("github") {
        let name = &pair.name;
        let commands = commands(&pair.text);
        for (kind, severity) in [("error", "error"), ("warning", "warning"), ("notice", "note")] {
            let these: Vec<&Command> = commands.iter().filter(|command| command.kind == kind).collect();
            let wanted: Vec<_> = pair.diagnostics.iter().filter(|one| one["severity"] == severity).collect();
            assert!(these.len() == wanted.len().min(SHOWN), "{name}: {} of {}", these.len(), wanted.len());
            let over = wanted.len() > SHOWN;
            for (command, diagnostic) in these.iter().zip(&wanted).take(if over { SHOWN - 1 } else { SHOWN }) {
                let message = diagnostic["message"].as_str().expect("a message");
                assert!(command.message.starts_with(message), "{name}: {command:?}");
                for help in diagnostic["help"].as_array().expect("a list") {
                    let line = format!("\nhelp: {}", help.as_str().expect("a text"));
                    assert!(command.message.contains(&line), "{name}: {line}");
                }
                assert_eq!(command.properties["title"], diagnostic["code"].as_str().expect("a code"), "{name}");
                let place = &diagnostic["place"];
                if place["line"].is_u64() {
                    places += 1;
                    let is = |property: &str, member: &str| {
                        assert_eq!(command.properties[property], place[member].to_string(), "{name}: {command:?}");
                    };
                    assert_eq!(command.properties["file"], place["path"].as_str().expect("a path"), "{name}");
                    let one_line = command.properties["line"] == command.properties["endLine"];
                    assert_eq!(command.properties.contains_key("col"), one_line, "{name}: {command:?}");
                    assert_eq!(command.properties.contains_key("endColumn"), one_line, "{name}: {command:?}");
                    if one_line && place["line"] == place["endLine"] {
                        is("line", "line");
                        is("col", "column");
                    }
                }
            }
            if over {
                let more = format!("and {} more {severity}s", wanted.len() - (SHOWN - 1));
                assert!(these[SHOWN - 1].message.starts_with(&more), "{name}: {:?}", these[SHOWN - 1]);
            }
        }
        let stray = pair.log.lines().find(|line| line.contains("##[") || line.trim_start().starts_with("::"));
        assert_eq!(stray, None, "{name}");
    }
    assert!(places > 100, "only {places} places were compared");
}

/// What a stranger writes into a file can be read in the report, and is no command of its own.
#[test]
fn no_text_of_the_user_is_a_command() {
    let repo = below();
    let field = r#""100%25\n::stop-commands::x\r::set-env name=A::b ##[add-mask]c""#;
    let wrong = git::task("report", "1").replace("schedule:", &format!("{field}:"));
    repo.put("fleets/a/tasks/a,b:c%0A.yaml", &wrong);
    let output = git::run(&repo.dir.join("fleets/a"), &["check", "--format", "github"]);
    let json = git::run(&repo.dir.join("fleets/a"), &["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said(&json)).expect("JSON");
    let commands = commands(&said(&output));
    let found = json["diagnostics"].as_array().expect("a list").iter().find(|one| one["code"] == "unknown-field");
    let message = found.expect("the unknown field")["message"].as_str().expect("a message");
    assert!(message.contains("100%25"), "{message}");
    let command =
        commands.iter().find(|command| command.properties["title"] == "unknown-field").expect("an annotation");
    // Line breaks aside, what a terminal would obey is escaped, and older commands are broken up.
    let shown = message.replace('\r', "\\r").replace("##[", "## [");
    assert!(command.message.starts_with(&shown), "{command:?}");
    assert_eq!(command.properties["file"], "fleets/a/tasks/a,b:c%0A.yaml");
    assert!(commands.iter().all(|command| matches!(&*command.kind, "error" | "warning" | "notice")), "{commands:?}");
    let log = grumbled(&output);
    assert!(log.contains("add-mask"), "{log}");
    let mut lines = log.split(['\n', '\r']);
    assert!(lines.all(|line| !line.contains("##[") && !line.trim_start().starts_with("::")), "{log}");
}

/// Twelve wrong tasks.
fn wrong() -> Repo {
    let repo = below();
    for at in 0..12 {
        let text = git::task(&format!("report-{at}"), "1").replace("schedule:", "she|dule:");
        repo.put(&format!("fleets/a/tasks/report-{at}.yaml"), &text);
    }
    repo
}

fn summed_up(repo: &Repo, summary: &Path, more: &[&str]) -> Output {
    let mut command = program(&repo.dir.join("fleets/a"));
    git::scrub(&mut command);
    command.env("GITHUB_STEP_SUMMARY", summary).args(["check", "--format", "github"]).args(more);
    command.output().expect("it runs")
}

#[test]
fn the_job_summary_has_all_of_it() {
    let repo = wrong();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("summary.md");
    std::fs::write(&file, "what another command said\n\n").expect("written");
    let output = summed_up(&repo, &file, &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = std::fs::read_to_string(&file).expect("a summary");
    assert!(text.starts_with("what another command said\n\n### fleetcron check: "), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| error | [unknown-field](")).collect();
    assert_eq!(rows.len(), 12, "{text}");
    // A table has as many borders in each row, whatever the user wrote.
    assert!(rows.iter().all(|row| row.matches('|').count() == 5 && row.contains("she&#124;dule")), "{text}");
    let commands = commands(&said(&output));
    assert_eq!(commands.iter().filter(|command| command.kind == "error").count(), SHOWN);
    // The same once more is added behind.
    summed_up(&repo, &file, &[]);
    let twice = std::fs::read_to_string(&file).expect("a summary");
    assert_eq!(twice.matches("### fleetcron check: ").count(), 2);
    assert!(twice.starts_with(&text));
    let fine = folder.path().join("fine.md");
    let output = summed_up(&below(), &fine, &[]);
    assert!(output.status.success(), "{}", grumbled(&output));
    let text = std::fs::read_to_string(&fine).expect("a summary");
    assert_eq!(text.lines().next(), Some("### fleetcron check: nothing is wrong"));
}

#[test]
fn a_summary_is_cut_between_two_rows_and_never_fails_the_run() {
    const LIMIT: usize = 1 << 20;
    let repo = wrong();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("summary.md");
    std::fs::write(&file, "x".repeat(LIMIT - 1500)).expect("written");
    let output = summed_up(&repo, &file, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
    let text = std::fs::read_to_string(&file).expect("a summary");
    assert!(text.len() <= LIMIT, "{}", text.len());
    let rows = text.lines().filter(|line| line.starts_with("| error |") && line.ends_with(" |")).count();
    let all = grumbled(&output).matches("error[").count() + grumbled(&output).matches("warning[").count();
    assert!(rows > 0 && rows < all, "{rows} of {all}");
    let others = text.lines().filter(|line| line.starts_with("| warning |") || line.starts_with("| note |")).count();
    assert!(
        text.contains(&format!("\n{} more are left out: ", all - rows - others)),
        "{rows} of {all}: {}",
        &text[LIMIT - 1500..]
    );
    std::fs::write(&file, "x".repeat(LIMIT)).expect("written");
    let full = summed_up(&repo, &file, &[]);
    assert_eq!(full.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&file).expect("a summary").len(), LIMIT);
    assert!(grumbled(&full).contains("note: the job summary has nothing of this: it is full"), "{}", grumbled(&full));
    let nowhere = summed_up(&repo, folder.path(), &[]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert_eq!(said(&nowhere), said(&output));
    assert!(grumbled(&nowhere).contains("note: the job summary has nothing of this: cannot write"));
}
