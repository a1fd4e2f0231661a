//! `check --fix`: fixes are applied to the files, keep the meaning, and what is left is reported.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{self, fine, grumbled, run, said};

/// A built fleet, then spoilt by the mistakes.
fn fleet(spoil: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let files = [
        ("fleetcron.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n"),
        ("clusters.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n"),
        ("task.yaml", TASK),
    ];
    support::put(dir.path(), &files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec());
    fine(&run(dir.path(), &["build"]));
    let spoilt = spoil.iter().fold(TASK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    std::fs::write(dir.path().join("task.yaml"), spoilt).expect("a file");
    dir
}

const TASK: &str = "apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: tt, namespace: ns}
spec:
  # what it is for
  description: \"1.10\"
  placement: {clusters: \"*\"}
  schedule: {daily: {at: \"17:00\"}, timeZone: Etc/UTC}
  container: {image: \"r.example.com/a:1\", stdin: true}
";

fn task(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("task.yaml")).expect("text")
}

/// Each mistake alone and all together: the fixed file gives the output of the file without the mistake.
#[test]
fn safe_fixes_give_back_what_was_meant() {
    let mistakes =
        [("\"17:00\"", "5pm"), ("timeZone", "timezone"), ("stdin: true", "stdin: yes"), ("\"1.10\"", "1.10")];
    let sets = mistakes.iter().map(std::slice::from_ref).chain([mistakes.as_slice()]);
    for set in sets {
        let dir = fleet(set);
        let before = run(dir.path(), &["check"]);
        assert!(grumbled(&before).contains("help:"), "{set:?}: {}", grumbled(&before));
        let mut left = run(dir.path(), &["check", "--fix"]);
        // What a reader of the file cannot see before another mistake is gone is fixed by the next run.
        for _ in 0..2 {
            left = run(dir.path(), &["check", "--fix"]);
        }
        assert_eq!(left.status.code(), Some(0), "{set:?}: {}{}", task(dir.path()), grumbled(&left));
        assert!(task(dir.path()).contains("# what it is for"), "comments stay");
        fine(&run(dir.path(), &["check"]));
    }
}

#[test]
fn another_spelling_is_applied_only_if_it_is_asked_for() {
    let dir = fleet(&[("placement", "placment")]);
    let spoilt = task(dir.path());
    let kept = run(dir.path(), &["check", "--fix"]);
    assert_eq!(kept.status.code(), Some(1));
    assert!(grumbled(&kept).contains("1 more fix only with `--unsafe-fixes`"), "{}", grumbled(&kept));
    assert_eq!(task(dir.path()), spoilt);
    let fixed = run(dir.path(), &["check", "--fix", "--unsafe-fixes"]);
    assert!(grumbled(&fixed).contains("fixed 1 mistake in 1 file"), "{}", grumbled(&fixed));
    assert_eq!(task(dir.path()), TASK);
}

#[test]
fn the_difference_is_a_patch_and_nothing_is_written() {
    let dir = fleet(&[("\"17:00\"", "5pm")]);
    let spoilt = task(dir.path());
    let shown = run(dir.path(), &["check", "--fix", "--diff"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(said(&shown).contains("--- a/task.yaml\n+++ b/task.yaml\n"), "{}", said(&shown));
    assert!(
        said(&shown).contains("-  schedule: {daily: {at: 5pm}")
            && said(&shown).contains("+  schedule: {daily: {at: \"17:00\"}")
    );
    assert_eq!(task(dir.path()), spoilt);
    let none = fleet(&[]);
    assert_eq!(fine(&run(none.path(), &["check", "--fix", "--diff"])), "");
    assert_eq!(run(none.path(), &["check", "--fix", "--staged"]).status.code(), Some(2));
}
