//! An object that exists under the task's name, while its `cronJob` file gives it another: every command that compares with
//! existing output stops, and both ways out that it prints lead out.

use super::Repo;
use crate::support::{fine, grumbled, wrong};

const OLD: &str = "rendered/eu-1/billing/rollup.cronjob.yaml";
const NEW: &str = "rendered/eu-1/billing/rollup-nightly.cronjob.yaml";
const TASK: &str = "apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: rollup, namespace: billing}
spec:
  placement: {clusters: [eu-1]}
  cronJob: /legacy/rollup.yaml
";
const FILE: &str = "apiVersion: batch/v1
kind: CronJob
metadata: {name: rollup-nightly}
spec:
  schedule: \"0 3 * * *\"
  timeZone: Etc/UTC
  jobTemplate:
    spec:
      activeDeadlineSeconds: 600
      template:
        spec:
          restartPolicy: Never
          containers: [{name: rollup, image: \"registry.example.com/rollup:1\"}]
";

/// A repository whose committed output has the CronJob under the task's name, as older versions wrote it.
fn existing(fleet: &str) -> Repo {
    let repo = Repo::empty();
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    repo.put(
        "fleetcron.yaml",
        &format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: a}}\nspec: {{{fleet}}}\n"),
    );
    repo.put("clusters/a.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n");
    repo.put("legacy/rollup.yaml", &FILE.replace("rollup-nightly", "rollup"));
    repo.put("tasks/rollup.yaml", TASK);
    repo.build();
    repo.put("legacy/rollup.yaml", FILE);
    repo.commit("first");
    repo
}

#[test]
fn a_rename_that_nobody_chose_stops_every_command() {
    let repo = existing("");
    for args in [
        &["build"][..],
        &["build", "--dry-run"],
        &["build", "--out", "rendered"],
        &["build", "--stage"],
        &["check"],
        &["check", "--staged"],
        &["check", "--base", "HEAD"],
    ] {
        let told = wrong(&repo.run(args), 1);
        let message =
            "the existing CronJob `billing/rollup` of task `billing/rollup` would become `billing/rollup-nightly`";
        assert!(told.contains(message) && told.contains("write `objectName: rollup`"), "{args:?}\n{told}");
        assert_eq!(told.matches("[object-renamed]").count(), 1, "{args:?}\n{told}");
    }
    assert!(!repo.text(OLD).is_empty() && repo.text(NEW).is_empty());
}

#[test]
fn an_object_name_keeps_the_object() {
    let repo = existing("");
    repo.put("tasks/rollup.yaml", &format!("{TASK}  objectName: rollup\n"));
    let before = repo.text(OLD);
    fine(&repo.run(&["build"]));
    assert_eq!(repo.text(OLD), before);
    repo.commit("second");
    let ran = repo.run(&["check"]);
    fine(&ran);
    assert!(!grumbled(&ran).contains("object-renamed"), "{}", grumbled(&ran));
}

/// What the help says to run, in a shell.
fn follow(repo: &Repo, told: &str) {
    let help = told.lines().find_map(|line| line.split("help: to rename it, `").nth(1)).expect("a help");
    let (remove, rest) = help.split_once("`, then `fleetcron ").expect("two commands");
    let ran = std::process::Command::new("sh").arg("-c").arg(remove).current_dir(&repo.dir).status().expect("a shell");
    assert!(ran.success(), "{remove}");
    let args: Vec<&str> = rest.trim_end_matches('`').split(' ').collect();
    fine(&repo.run(&args));
}

#[test]
fn deleting_the_old_object_renames_it_and_says_so() {
    for command in [&["build"][..], &["build", "--stage"], &["check"], &["check", "--staged"]] {
        let repo = existing("");
        follow(&repo, &wrong(&repo.run(command), 1));
        assert!(repo.text(OLD).is_empty() && !repo.text(NEW).is_empty());
        repo.git(&["add", "-A"]);
        for args in [&["check"][..], &["check", "--staged"]] {
            let ran = repo.run(args);
            fine(&ran);
            let said = "note[object-renamed]: the CronJob `billing/rollup` of task `billing/rollup` is renamed to \
                        `billing/rollup-nightly` since HEAD";
            assert!(grumbled(&ran).contains(said), "{}", grumbled(&ran));
        }
        repo.commit("second");
        let ran = repo.run(&["check"]);
        assert!(!grumbled(&ran).contains("object-renamed"), "{}", grumbled(&ran));
    }
}

#[test]
fn the_old_object_may_stand_on_the_branch() {
    let repo = existing("output: {committed: false}");
    repo.put("legacy/rollup.yaml", &FILE.replace("rollup-nightly", "rollup"));
    repo.commit("as it was");
    fine(&repo.run(&["build", "--commit-to", "rendered"]));
    repo.put("legacy/rollup.yaml", FILE);
    repo.commit("the file has a name of its own");
    let tip = repo.git(&["rev-parse", "rendered"]);
    let told = wrong(&repo.run(&["build", "--commit-to", "rendered"]), 1);
    assert!(told.contains("error[object-renamed]") && told.contains("commit to `rendered`"), "{told}");
    assert_eq!(repo.git(&["rev-parse", "rendered"]), tip);
    // Both ways out.
    repo.put("tasks/rollup.yaml", &format!("{TASK}  objectName: rollup\n"));
    assert!(fine(&repo.run(&["build", "--commit-to", "rendered"])).contains("nothing to commit"));
    repo.put("tasks/rollup.yaml", TASK);
    repo.git(&["checkout", "-q", "-f", "rendered"]);
    repo.git(&["rm", "-q", "eu-1/billing/rollup.cronjob.yaml"]);
    repo.git(&["commit", "-q", "-m", "the old object goes"]);
    repo.git(&["checkout", "-q", "main"]);
    fine(&repo.run(&["build", "--commit-to", "rendered"]));
    let files = repo.git(&["ls-tree", "-r", "--name-only", "rendered"]);
    assert!(files.contains("eu-1/billing/rollup-nightly.cronjob.yaml"), "{files}");
}

#[test]
fn a_rename_by_whatever_cause_is_a_note() {
    let plain = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: rollup, namespace: billing}\nspec:\n  \
                 placement: {clusters: [eu-1]}\n  schedule: \"0 3 * * *\"\n  container: {image: \"registry.example.com/rollup:1\"}\n";
    let patched = "  overrides:\n    - {name: o, clusters: \"*\", patches: [{json: [{op: replace, path: /metadata/name, value: p}]}]}\n";
    for (change, name) in [
        ("  objectName: other\n", "billing/other"),
        ("  namespace: payments\n", "payments/rollup"),
        ("  overrides: [{name: o, clusters: \"*\", objectName: over}]\n", "billing/over"),
        (patched, "billing/p"),
    ] {
        let repo = existing("");
        repo.put("tasks/rollup.yaml", plain);
        repo.build();
        repo.commit("a task of its own");
        repo.put("tasks/rollup.yaml", &format!("{plain}{change}"));
        let told = repo.run(&["build", "--allow-deletions", "eu-1"]);
        fine(&told);
        let said = format!(
            "note[object-renamed]: the CronJob `billing/rollup` of task `billing/rollup` is renamed to `{name}`"
        );
        assert!(grumbled(&told).contains(&said), "{}", grumbled(&told));
        let checked = repo.run(&["check", "--base", "HEAD", "--allow-deletions", "eu-1"]);
        fine(&checked);
        assert!(grumbled(&checked).contains(&format!("{said} since")), "{}", grumbled(&checked));
    }
}
