//! Warnings in proportion to what was asked, lines as wide as their reader has room for, and colours.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{self, fine, grumbled, run, said};

/// Six tasks without a time zone, one with, and one whose name is long, on two clusters.
fn repository() -> TempDir {
    let mut text =
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {defaults: {namespace: ops}}\n"
            .to_owned();
    for cluster in ["eu-1", "us-1"] {
        text.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {cluster}}}\n"
        ));
    }
    let mut task = |name: &str, clusters: &str, zone: &str, more: &str| {
        text.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}}}\nspec:\n  placement: {{clusters: {clusters}}}\n  \
             schedule: {{cron: \"{} 3 * * *\"{zone}}}\n  container: {{image: \"r.example.com/a:1\"}}\n{more}",
            name.bytes().map(usize::from).sum::<usize>() % 50,
        ));
    };
    for number in 1..=6 {
        task(&format!("loose-{number}"), if number == 6 { "[us-1]" } else { "[eu-1]" }, "", "");
    }
    task("quiet", "\"*\"", ", timeZone: Etc/UTC", "");
    task("a-name-that-needs-more-room-than-many-terminals-have", "\"*\"", ", timeZone: Etc/UTC", "");
    task("pair", "\"*\"", ", timeZone: Etc/UTC", "  active: {max: 1}\n  job: {startingDeadlineSeconds: 300}\n");
    let dir = tempfile::tempdir().expect("a folder");
    support::put(dir.path(), &vec![("all.yaml".to_owned(), text)]);
    dir
}

fn marks(text: &str) -> usize {
    text.matches("warning[unset-time-zone]").count()
}

#[test]
fn an_overview_counts_warnings_and_an_answer_about_a_task_shows_its_own() {
    let dir = repository();
    let plan = run(dir.path(), &["plan"]);
    fine(&plan);
    assert_eq!(grumbled(&plan), "6 warnings: run `fleetcron check`\n");
    let quiet = grumbled(&run(dir.path(), &["explain", "quiet"]));
    assert_eq!(quiet, "6 warnings elsewhere: run `fleetcron check`\n");
    let one = grumbled(&run(dir.path(), &["explain", "loose-2"]));
    assert_eq!(marks(&one), 1, "{one}");
    assert!(one.contains("all.yaml:27:"), "its own place: {one}");
    assert!(one.ends_with("1 warning; 5 warnings elsewhere: run `fleetcron check`\n"), "{one}");
    let asked = grumbled(&run(dir.path(), &["plan", "--task", "loose-2"]));
    assert_eq!(marks(&asked), 1, "{asked}");
    let render = grumbled(&run(dir.path(), &["render", "us-1"]));
    assert_eq!(marks(&render), 1, "only what runs there: {render}");
    let all = grumbled(&run(dir.path(), &["plan", "-v"]));
    assert_eq!(marks(&all), 6, "{all}");
    let quiet = grumbled(&run(dir.path(), &["plan", "-q"]));
    assert_eq!(quiet, "");
}

#[test]
fn programs_get_every_diagnostic_whatever_is_asked() {
    let dir = repository();
    for args in [["plan", "--format=json"].as_slice(), &["explain", "quiet", "--format=json"]] {
        let output = run(dir.path(), args);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(value["diagnostics"].as_array().expect("a list").len(), 6, "{args:?}");
    }
}

#[test]
fn an_error_is_shown_whatever_is_asked_and_decides_the_exit_code() {
    let dir = repository();
    let broken =
        ("tasks/broken.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nnonsense: 1\n".to_owned());
    support::put(dir.path(), &vec![broken]);
    for args in [["plan"].as_slice(), &["explain", "quiet"], &["plan", "--task", "quiet"]] {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(grumbled(&output).contains("error[unknown-field]"), "{args:?}: {}", grumbled(&output));
    }
}

#[test]
fn many_warnings_of_one_code_are_one_block_with_the_first_three_and_a_count() {
    let dir = repository();
    let build = grumbled(&run(dir.path(), &["build", "--dry-run"]));
    assert_eq!(marks(&build), 1, "{build}");
    assert_eq!(build.lines().filter(|line| line.contains('^')).count(), 3, "three places: {build}");
    assert!(build.contains("note: unset-time-zone in 6 places, of which 3 are shown; `-v` shows all"), "{build}");
    assert!(build.contains("help: at all.yaml:"), "a help that is about one place names it: {build}");
    assert!(build.contains("help: `defaults: {timeZone: Etc/UTC}` in the Fleet"), "{build}");
    assert!(build.contains("6 warnings"), "{build}");
    assert_eq!(marks(&grumbled(&run(dir.path(), &["build", "--dry-run", "-v"]))), 6);
    let strict = grumbled(&run(dir.path(), &["build", "--dry-run", "--strict"]));
    assert_eq!(strict.matches("error[unset-time-zone]").count(), 6, "errors are never gathered: {strict}");
}

#[test]
fn three_warnings_of_one_code_are_shown_one_by_one() {
    let dir = repository();
    let text = std::fs::read_to_string(dir.path().join("all.yaml")).expect("text");
    let fewer = text.replacen(" 3 * * *\"}", " 3 * * *\", timeZone: Etc/UTC}", 3);
    std::fs::write(dir.path().join("all.yaml"), fewer).expect("a file");
    let build = grumbled(&run(dir.path(), &["build", "--dry-run"]));
    assert_eq!(marks(&build), 3, "{build}");
    assert!(!build.contains("places, of which"), "{build}");
}

fn row(dir: &Path, columns: Option<&str>) -> String {
    let mut command = support::program(dir);
    command.arg("plan").envs(columns.map(|columns| ("COLUMNS", columns)));
    let text = said(&command.output().expect("it starts"));
    let row = text.lines().find(|line| line.contains("a-name-that-needs")).expect("a row");
    row.to_owned()
}

#[test]
fn a_row_of_the_plan_is_one_line_where_no_terminal_reads_it() {
    let dir = repository();
    for columns in [None, Some("80"), Some("200")] {
        assert!(row(dir.path(), columns).contains("2 of 2"), "{columns:?}: {}", row(dir.path(), columns));
    }
    assert!(row(dir.path(), None).ends_with("all"), "{}", row(dir.path(), None));
}

#[test]
fn a_long_list_is_whole_where_no_terminal_reads_it_and_a_set_is_described_by_what_only_it_has() {
    let dir = tempfile::tempdir().expect("a folder");
    let head = "---\napiVersion: fleetcron.dev/v1alpha1\n";
    let mut text = String::new();
    for number in 0..40 {
        let labels = format!("labels: {{slot: \"{}\"}}", number % 4);
        text.push_str(&format!("{head}kind: Cluster\nmetadata: {{name: c-{number:02}, {labels}}}\n"));
    }
    let names: Vec<String> = (3..20).map(|number| format!("c-{number:02}")).collect();
    let places =
        [("tt", "match: {labels: {slot: \"1\"}}".to_owned()), ("uu", format!("clusters: [{}]", names.join(", ")))];
    for (task, placement) in places {
        text.push_str(&format!(
            "{head}kind: Task\nmetadata: {{name: {task}, namespace: ns}}\nspec: {{placement: {{{placement}}}, \
             schedule: {{cron: \"1 3 * * *\", timeZone: Etc/UTC}}, container: {{image: \"r.example.com/a:1\"}}}}\n"
        ));
    }
    support::put(dir.path(), &vec![("all.yaml".to_owned(), text)]);
    let plan = said(&run(dir.path(), &["plan"]));
    let row = |task: &str| plan.lines().find(|line| line.starts_with(task)).expect("a row").to_owned();
    assert!(row("ns/tt ").ends_with("slot=1 (10 of 40)"), "{plan}");
    assert!(row("ns/uu ").contains("c-03") && row("ns/uu ").contains("c-19"), "{plan}");
    let narrow = support::program(dir.path()).arg("plan").env("COLUMNS", "60").output().expect("it starts");
    assert!(said(&narrow).lines().all(|line| line.chars().count() <= 60), "{}", said(&narrow));
}

/// Colours that are asked for are there in a pipe too, and without them the text is the same.
#[test]
fn colours_mark_losses_additions_and_standby_and_change_no_word() {
    let dir = repository();
    let plain = |args: &[&str]| said(&run(dir.path(), &[args, &["--color", "never"]].concat()));
    let painted = |args: &[&str]| said(&run(dir.path(), &[args, &["--color", "always"]].concat()));
    let without = |text: &str| anstream::adapter::strip_str(text).to_string();
    for (args, mark) in [
        (["plan"].as_slice(), "\u{1b}[2mstandby: us-1\u{1b}[0m"),
        (&["explain", "pair"], "\u{1b}[2m  standing by, the next first: us-1\u{1b}[0m"),
        (&["explain", "loose-1", "us-1"], "\u{1b}[31mdoes not run on us-1"),
        (
            &["cron", "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-01-01"],
            "\u{1b}[33modd[daylight-saving]\u{1b}[0m",
        ),
    ] {
        let colored = painted(args);
        assert!(colored.contains(mark), "{args:?}: {colored:?}");
        assert_eq!(without(&colored), plain(args), "{args:?}");
        assert!(!plain(args).contains('\u{1b}'), "{args:?}");
    }
}
