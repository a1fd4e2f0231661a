//! Where the output may stand: never where it hides inputs, and so never at the cost of the lock.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{Files, fine, put, run, said, wrong};

/// Two clusters, and a task whose place the lock alone knows.
fn fleet(dir: &Path, output: &str) {
    let cluster = |name: &str, taints: &str| {
        format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{taints: [{taints}]}}\n"
        )
    };
    let fleet = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: a}}\nspec:\n  \
         defaults: {{namespace: batch, timeZone: Etc/UTC}}\n  output: {{{output}}}\n"
    );
    let task = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: a}\nspec:\n  \
                placement: {clusters: \"*\", spread: [{by: cluster, max: 1}]}\n  schedule: \"0 3 * * *\"\n  \
                container: {image: \"registry.example.com/a:1\"}\n";
    let files = |first: &str| {
        Files::from([
            ("fleetcron.yaml".to_owned(), fleet.clone()),
            ("clusters/all.yaml".to_owned(), cluster("c-1", first) + &cluster("c-2", "")),
            ("tasks/a.yaml".to_owned(), task.to_owned()),
        ])
    };
    put(dir, &files("{key: a, effect: NoSchedule}"));
    if output.is_empty() {
        fine(&run(dir, &["build"]));
        put(dir, &files(""));
        fine(&run(dir, &["build"]));
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn out_on_a_folder_with_inputs_writes_nothing() {
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = temporary.path();
    fleet(dir, "");
    symlink("tasks", dir.join("link")).expect("a link");
    let lock = text(&dir.join("fleetcron.lock"));
    assert!(lock.contains("a cluster c-2 1"), "{lock}");
    for out in ["tasks", "clusters", ".", "..", "link", "rendered/../tasks", ".git/out", ".GIT/out", "new/../tasks"] {
        for command in ["build", "check"] {
            let message = wrong(&run(dir, &[command, "--out", out]), 2);
            assert!(message.contains("cannot be the output folder"), "{command} --out {out}: {message}");
        }
        assert_eq!(text(&dir.join("fleetcron.lock")), lock, "{out}");
    }
    assert!(!dir.join("new").exists() && !dir.join(".git").exists() && !dir.join("tasks/c-2").exists());
    fine(&run(dir, &["build", "--out", "elsewhere"]));
    assert_eq!(text(&dir.join("fleetcron.lock")), lock);
    assert!(dir.join("elsewhere/c-2/batch/a.cronjob.yaml").exists());
}

#[test]
fn a_comparison_hides_no_input() {
    let temporary = tempfile::tempdir().expect("a folder");
    fleet(temporary.path(), "");
    let message = wrong(&run(temporary.path(), &["diff", "--against", "tasks"]), 2);
    assert!(message.contains("`a.yaml` in it is a document of fleetcron"), "{message}");
    fine(&run(temporary.path(), &["diff", "--against", "rendered"]));
}

#[test]
fn the_output_folder_of_the_settings_hides_no_input() {
    for (output, code, message) in [
        ("dir: tasks", 1, "`tasks/a.yaml` in it is a document of fleetcron"),
        ("dir: .Git/out", 1, "it lies in the folder of Git"),
        ("dir: link", 1, "output-on-inputs"),
        ("dir: here", 2, "it is the fleet root"),
        ("dir: here/here", 2, "it is the fleet root"),
        ("dir: there/out", 2, "it lies in the folder of Git"),
    ] {
        let temporary = tempfile::tempdir().expect("a folder");
        let dir = temporary.path();
        fs::create_dir(dir.join(".git")).expect("a folder");
        symlink("tasks", dir.join("link")).expect("a link");
        symlink(".", dir.join("here")).expect("a link");
        symlink(".git", dir.join("there")).expect("a link");
        fleet(dir, output);
        let told = wrong(&run(dir, &["build"]), code);
        assert!(told.contains(message), "{output}: {told}");
        assert!(!dir.join("fleetcron.lock").exists() && !dir.join("tasks/c-2").exists(), "{output}");
    }
}

#[test]
fn a_document_in_the_output_is_not_passed_over() {
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = temporary.path();
    fleet(dir, "");
    fs::rename(dir.join("tasks/a.yaml"), dir.join("rendered/c-2/batch/a.JSON")).expect("moved");
    for command in ["build", "check"] {
        let message = wrong(&run(dir, &[command]), 1);
        assert!(message.contains("rendered/c-2/batch/a.JSON") && message.contains("output-on-inputs"), "{message}");
    }
    assert!(text(&dir.join("fleetcron.lock")).contains("a cluster c-2 1"));
    assert!(dir.join("rendered/c-2/batch/a.cronjob.yaml").exists());
}

#[test]
fn a_branch_that_holds_inputs_takes_no_output() {
    let temporary = tempfile::tempdir().expect("a folder");
    let dir = temporary.path();
    fleet(dir, "");
    let git = |args: &[&str]| {
        let output = Command::new("git").current_dir(dir).args(args).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["config", "user.email", "a@example.com"]);
    git(&["config", "user.name", "a"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "a"]);
    git(&["branch", "other"]);
    let output = run(dir, &["build", "--commit-to", "other"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("output-on-inputs") && message.contains("nothing was committed"), "{message}");
    fine(&run(dir, &["build", "--commit-to", "output"]));
}

/// Without Git nothing says what belongs to the fleet but the folder itself.
#[test]
fn a_folder_that_only_looks_like_a_repository_hides_nothing() {
    for (name, make) in [
        ("an empty folder", (|git: &Path| fs::create_dir(git).expect("a folder")) as fn(&Path)),
        ("an empty file", |git| fs::write(git, "").expect("a file")),
        ("a file that leads nowhere", |git| fs::write(git, "gitdir: ../gone\n").expect("a file")),
        ("a dangling link", |git| symlink("gone", git).expect("a link")),
        ("a folder with a head alone", |git| {
            fs::create_dir(git).expect("a folder");
            fs::write(git.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
        }),
    ] {
        let temporary = tempfile::tempdir().expect("a folder");
        let dir = temporary.path();
        fleet(dir, "");
        make(&dir.join("tasks/.git"));
        let plan = fine(&run(dir, &["plan"]));
        assert!(plan.contains("c-2"), "{name}: {plan}");
        assert!(fine(&run(dir, &["build"])).contains("nothing to write"), "{name}");
    }
    let temporary = tempfile::tempdir().expect("a folder");
    fleet(temporary.path(), "");
    let made = Command::new("git").current_dir(temporary.path()).args(["init", "-q", "tasks"]).status().expect("git");
    assert!(made.success());
    let output = run(temporary.path(), &["plan", "-v"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`tasks` is a Git repository of its own"));
}
