//! One fleet through seven days: what moves, what stays, and what the lock says of it. It looks into no room of the house.
//!
//! The one idea: `fixtures/story/` can be read without a program. A folder a step, holding the files that change
//! (`repo/`), the command if it is not `build`, what is said (`expect.stdout`), the lock after it (`expect.lock`) and what
//! changed in it (`expect.diff`). `BLESS=1` rewrites the expectations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support;

/// The folders of the steps, in order.
fn steps() -> Vec<PathBuf> {
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/story");
    let found = fs::read_dir(story).expect("the story").map(|entry| entry.expect("an entry").path());
    let mut steps: Vec<PathBuf> = found.filter(|path| path.is_dir()).collect();
    steps.sort();
    steps
}

/// The lines that went, then those that came.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (before.lines().collect(), after.lines().collect());
    let went = old.difference(&new).map(|line| format!("- {line}\n"));
    went.chain(new.difference(&old).map(|line| format!("+ {line}\n"))).collect()
}

/// Runs a command that must succeed; what was placed stays on a cluster that became too full, and of nothing else is
/// there a warning. Returns both streams.
fn told(root: &Path, args: &[&str]) -> (String, String) {
    let output = support::run(root, args);
    let (said, grumbled) = (support::said(&output), support::grumbled(&output));
    let all = grumbled.lines().filter(|line| line.starts_with("warning[")).count();
    let full = grumbled.lines().filter(|line| line.starts_with("warning[overcommitted]")).count();
    let expected = all == full && grumbled.is_empty() == (full == 0);
    assert!(output.status.success() && expected, "fleetcron {}\n{said}{grumbled}", args.join(" "));
    (said, grumbled)
}

#[test]
fn seven_days_of_a_fleet() {
    let bless = std::env::var_os("BLESS").is_some();
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("repo");
    let lock = || fs::read_to_string(root.join("fleetcron.lock")).unwrap_or_default();
    let steps = steps();
    assert_eq!(steps.len(), 7, "the story has seven steps");
    let mut wrong = Vec::new();
    for step in steps {
        let name = step.file_name().expect("a name").to_string_lossy().into_owned();
        for (path, bytes) in support::read(&step.join("repo")) {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        let command = fs::read_to_string(step.join("command")).unwrap_or_else(|_| "build".to_owned());
        let before = lock();
        let (said, grumbled) = told(&root, &command.split_whitespace().collect::<Vec<_>>());
        for (file, found) in [
            ("expect.stdout", said),
            ("expect.stderr", grumbled),
            ("expect.lock", lock()),
            ("expect.diff", difference(&before, &lock())),
        ] {
            if bless && !(found.is_empty() && file == "expect.stderr") {
                fs::write(step.join(file), &found).expect("written");
            }
            let expected = fs::read_to_string(step.join(file)).unwrap_or_default();
            if expected != found {
                wrong.push(format!("{name}/{file}\n--- expected\n{expected}\n--- found\n{found}"));
            }
        }
        // The commit is complete, and whoever may decide nothing gets the same.
        told(&root, &["check"]);
        let other = home.path().join(format!("frozen-{name}"));
        told(&root, &["build", "--frozen", "--out", &other.to_string_lossy()]);
        assert!(support::read(&root.join("rendered")) == support::read(&other), "{name}: frozen output differs");
        assert_eq!(
            told(&root, &["build"]).0.lines().nth(1),
            Some("nothing to write: everything is up to date"),
            "{name}"
        );
    }
    assert!(wrong.is_empty(), "{}\n\n`BLESS=1` rewrites the expectations", wrong.join("\n\n"));
}
