//! What reports do not show: the page about it is true, and the rule is the same in every command.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{self, fine, grumbled, run, said};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/redaction.md");
    std::fs::read_to_string(path).expect("the page")
}

/// A fleet with a task that has secrets of several kinds in the open, and these lines in the Fleet.
fn fleet(settings: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let fleet =
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  defaults: {namespace: ops}\n";
    let fleet = format!("{fleet}{settings}");
    let cluster = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n".to_owned();
    let task = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: tt}\nspec:\n  placement: {clusters: \"*\"}\n  \
                schedule: \"0 3 * * *\"\n  container:\n    image: r.example.com/a:1\n    \
                env: {DB_PASSWORD: hunter2-one, LICENSE_ID: acme-77, PAGE_TOKEN: page-two}\n    \
                args: [--api-key, hunter2-key, \"--mode=open\"]\n";
    let files = [("fleetcron.yaml", fleet), ("clusters.yaml", cluster), ("task.yaml", task.to_owned())];
    support::put(dir.path(), &files.map(|(path, text)| (path.to_owned(), text)).to_vec());
    dir
}

/// All that the commands print, but `render`.
fn reports(dir: &Path) -> String {
    let commands = [
        ["check"].as_slice(),
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "junit"],
        &["plan", "--schedules", "-v"],
        &["explain", "tt"],
        &["explain", "tt", "eu-1"],
        &["explain", "tt", "eu-1", "--format", "json"],
    ];
    commands.iter().map(|args| run(dir, args)).map(|output| said(&output) + &grumbled(&output)).collect()
}

#[test]
fn no_report_shows_a_secret_and_render_shows_what_a_cluster_gets() {
    let dir = fleet("");
    let all = reports(dir.path());
    for secret in ["hunter2-one", "hunter2-key", "page-two"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let explained = fine(&run(dir.path(), &["explain", "tt", "eu-1"]));
    assert!(
        explained.contains("name: DB_PASSWORD") && explained.contains("acme-77") && explained.contains("--mode=open"),
        "{explained}"
    );
    let rendered = fine(&run(dir.path(), &["render", "eu-1"]));
    assert!(rendered.contains("hunter2-one") && rendered.contains("hunter2-key"), "{rendered}");
}

#[test]
fn the_fleet_adds_names_and_takes_names_away() {
    let dir = fleet("  reports: {redact: {names: [license-id], show: [pageToken]}}\n");
    let all = reports(dir.path());
    assert!(!all.contains("acme-77") && !all.contains("hunter2-one"), "{all}");
    let explained = fine(&run(dir.path(), &["explain", "tt", "eu-1"]));
    assert!(explained.contains("page-two"), "{explained}");
    // It counts also where the repository has errors.
    let path = dir.path().join("task.yaml");
    let text = std::fs::read_to_string(&path).expect("text");
    std::fs::write(&path, text.replace("LICENSE_ID: acme-77", "LICENSE_ID: [acme-77]")).expect("a file");
    let broken = run(dir.path(), &["check"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(!grumbled(&broken).contains("acme-77"), "{}", grumbled(&broken));
}

#[test]
fn the_example_of_the_page_is_a_fleet() {
    let page = page();
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let dir = tempfile::tempdir().expect("a folder");
    support::put(dir.path(), &vec![("fleetcron.yaml".to_owned(), example.to_owned())]);
    let said = grumbled(&run(dir.path(), &["build", "--dry-run"]));
    assert!(!said.contains("fleetcron.yaml:"), "nothing is wrong with it: {said}");
}

/// The page names the words of the lists and the rows of the table, all and no others.
#[test]
fn the_page_lists_what_the_program_knows() {
    let page = page();
    let source = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/secrets").join(file);
        std::fs::read_to_string(path).expect("source")
    };
    let names = source("names.rs");
    for (list, begin) in [
        ("WORDS", "- last words: "),
        ("ENDS", "- ends of the last word: "),
        ("KEYS", "- `key` behind one of: "),
        ("WHOLE", "- whole names: "),
    ] {
        let from = names.find(&format!("const {list}: ")).expect("the list");
        let body = names[from..].split_once("] =").and_then(|(_, rest)| rest.split_once("];")).expect("its words").0;
        let known: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
        let line = page.lines().find_map(|line| line.strip_prefix(begin)).expect("its line");
        let told: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        assert_eq!(told, known, "{list}");
    }
    let commands = source("commands.rs");
    let from = commands.find("const OPTIONS").expect("the table");
    for row in commands[from..].lines().skip(1).take_while(|line| !line.starts_with("];")) {
        let mut parts = row.split('"').skip(1).step_by(2);
        let (first, second) = (parts.next().expect("a word"), parts.next());
        let (program, option) = second.map_or(("any other program", first), |option| (first, option));
        let told = page
            .lines()
            .any(|line| line.starts_with('|') && line.contains(program) && line.contains(&format!("`{option}")));
        assert!(told, "{program} {option}");
    }
}
