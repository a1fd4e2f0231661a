//! `check` in a repository: what is staged is judged by its staged bytes, stale is told from hand-edited, and what would
//! be lost is counted from the revision before.

use std::fs;

use super::{Repo, git, run, task};
use crate::support::{grumbled, said};

#[test]
fn a_partially_staged_task_is_judged_by_its_staged_bytes() {
    let repo = Repo::new();
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.build();
    repo.git(&["add", "-A"]);
    repo.put("tasks/rollup.yaml", "this is no task yet: [");
    assert_eq!(repo.run(&["check", "--staged"]).status.code(), Some(0));
    assert_eq!(repo.run(&["check"]).status.code(), Some(1));

    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.put("tasks/report.yaml", &task("report", "3.0"));
    repo.build();
    repo.git(&["add", "tasks"]);
    assert_eq!(repo.run(&["check"]).status.code(), Some(0));
    let ran = repo.run(&["check", "--staged"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(grumbled(&ran).contains("error[stale-output]"), "{}", grumbled(&ran));
    assert!(grumbled(&ran).contains("run `fleetcron build`, then `git add rendered`"), "{}", grumbled(&ran));
}

#[test]
fn an_untracked_task_does_not_leak_into_what_is_staged() {
    let repo = Repo::new();
    repo.put("tasks/new.yaml", &task("new", "1"));
    assert_eq!(repo.run(&["check", "--staged"]).status.code(), Some(0));
    let ran = repo.run(&["build", "--stage"]);
    assert_eq!(ran.status.code(), Some(0));
    assert!(said(&ran).contains("nothing to write"), "{}", said(&ran));
    assert_eq!(repo.git(&["status", "--short"]), "?? tasks/new.yaml\n");
}

#[test]
fn stage_writes_and_adds_what_follows_from_the_index_and_nothing_else() {
    let repo = Repo::new();
    repo.put("tasks/new.yaml", &task("new", "1"));
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.git(&["add", "tasks"]);
    repo.git(&["rm", "-q", "tasks/report.yaml"]);
    repo.put("notes.txt", "mine");
    repo.put("rendered/eu-1/billing/mine.txt", "mine");
    let ran = repo.run(&["build", "--stage", "--allow-deletions", "eu-1"]);
    assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
    assert!(said(&ran).contains("wrote and staged: 3 new, 3 changed, 3 removed"), "{}", said(&ran));
    let status = repo.git(&["status", "--short"]);
    let mut unstaged =
        status.lines().filter(|line| !line.starts_with(['A', 'M', 'D', 'R']) || line.as_bytes()[1] != b' ');
    assert_eq!(unstaged.next(), Some("?? notes.txt"));
    assert_eq!(unstaged.next(), Some("?? rendered/eu-1/billing/mine.txt"));
    assert_eq!(unstaged.next(), None, "{status}");
    assert!(status.contains("fleetcron.lock"), "{status}");
    let allow = ["check", "--staged", "--allow-deletions", "eu-1"];
    assert_eq!(repo.run(&allow).status.code(), Some(0), "{}", grumbled(&repo.run(&allow)));
}

#[test]
fn stage_refuses_where_a_generated_file_has_unstaged_edits() {
    let repo = Repo::new();
    let path = "rendered/eu-1/billing/rollup.cronjob.yaml";
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.git(&["add", "tasks"]);
    let edited = format!("{}# mine\n", repo.text(path));
    repo.put(path, &edited);
    let before = repo.git(&["status", "--short"]);
    let ran = repo.run(&["build", "--stage"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(grumbled(&ran).contains("error[unstaged-output]"), "{}", grumbled(&ran));
    assert_eq!((repo.text(path), repo.git(&["status", "--short"])), (edited, before));
    // An edit of a file that the commit does not change is nobody's business.
    repo.git(&["restore", path]);
    repo.put("rendered/eu-1/billing/report.cronjob.yaml", "edited");
    assert_eq!(repo.run(&["build", "--stage"]).status.code(), Some(0));
    assert_eq!(repo.text("rendered/eu-1/billing/report.cronjob.yaml"), "edited");
}

#[test]
fn stale_is_told_from_hand_edited_and_neither_is_claimed_without_git() {
    let repo = Repo::new();
    let path = "rendered/eu-1/billing/rollup.cronjob.yaml";
    repo.put("tasks/report.yaml", &task("report", "3.0"));
    repo.put(path, &repo.text(path).replace("0 3", "0 4"));
    fs::remove_file(repo.dir.join("rendered/us-2/billing/rollup.cronjob.yaml")).expect("removed");
    let told = grumbled(&repo.run(&["check"]));
    let count = |what: &str| told.matches(what).count();
    assert_eq!(count("error[stale-output]: this file is stale"), 3, "{told}");
    assert_eq!(count("error[edited-output]: this file was edited by hand"), 1, "{told}");
    assert_eq!(count("error[edited-output]: this file was removed by hand"), 1, "{told}");
    // The same from the index, and from the commit in which it got through.
    repo.git(&["add", "-A"]);
    let staged = grumbled(&repo.run(&["check", "--staged"]));
    assert_eq!(staged.matches("error[edited-output]").count(), 2, "{staged}");
    repo.commit("past the hook");
    let at = grumbled(&repo.run(&["check", "--at", "HEAD"]));
    assert_eq!(at.matches("error[edited-output]").count(), 2, "{at}");
    assert_eq!(at.matches("error[stale-output]").count(), 3, "{at}");
    let base = grumbled(&repo.run(&["check", "--base", "HEAD~1"]));
    assert_eq!(base.matches("error[edited-output]").count(), 2, "{base}");
    fs::remove_dir_all(repo.dir.join(".git")).expect("removed");
    let plain = grumbled(&repo.run(&["check"]));
    assert!(
        !plain.contains("edited-output") && plain.contains("this file differs from what the inputs give"),
        "{plain}"
    );
}

#[test]
fn many_stale_files_are_counted_and_not_listed_without_end() {
    let repo = Repo::new();
    for i in 0..12 {
        repo.put(&format!("tasks/t{i}.yaml"), &task(&format!("t{i}"), "1"));
    }
    let told = grumbled(&repo.run(&["check"]));
    assert_eq!(told.matches("error[stale-output]: this file is missing").count(), 20, "{told}");
    assert!(told.contains("error[stale-output]: 16 more files are not what the inputs give"), "{told}");
}

#[test]
fn what_a_commit_deletes_is_counted_from_the_revision_before() {
    let repo = Repo::new();
    // The output is deleted along with the task: the folder on disk has nothing left to compare with.
    repo.git(&["rm", "-q", "-r", "tasks"]);
    repo.build_with(&["--allow-deletions", "eu-1", "--allow-deletions", "us-1", "--allow-deletions", "us-2"]);
    repo.git(&["add", "-A"]);
    for how in [&["check", "--staged"][..], &["check"], &["check", "--base", "main"]] {
        let ran = repo.run(how);
        assert_eq!(ran.status.code(), Some(1), "{how:?}");
        let told = grumbled(&ran);
        assert_eq!(told.matches("error[deletions]").count(), 3, "{how:?}: {told}");
        assert!(
            told.contains("compared with ") && told.contains("FLEETCRON_ALLOW_DELETIONS=eu-1 git commit"),
            "{told}"
        );
    }
    let all = ["check", "--staged", "--allow-deletions", "eu-1", "--allow-deletions", "us-1"];
    assert_eq!(grumbled(&repo.run(&all)).matches("error[deletions]").count(), 1);
    let mut allowed = crate::support::program(&repo.dir);
    super::scrub(&mut allowed);
    let allowed = allowed.args(["check", "--staged"]).env("FLEETCRON_ALLOW_DELETIONS", "eu-1,us-1 us-2").output();
    assert!(allowed.expect("the program starts").status.success());
    repo.commit("gone");
    assert_eq!(grumbled(&repo.run(&["check", "--at", "HEAD"])).matches("error[deletions]").count(), 3);
    assert_eq!(repo.run(&["check", "--staged"]).status.code(), Some(0));
}

#[test]
fn where_the_output_is_not_committed_the_inputs_before_are_compiled() {
    let repo = Repo::empty();
    let fleet =
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {output: {committed: false}}\n";
    repo.put("fleetcron.yaml", fleet);
    repo.put(".gitignore", "/rendered\n");
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    repo.put("clusters/a.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n");
    repo.put("tasks/rollup.yaml", &task("rollup", "1"));
    repo.build();
    repo.commit("first");
    assert_eq!(repo.run(&["check", "--staged"]).status.code(), Some(0));
    repo.git(&["rm", "-q", "tasks/rollup.yaml"]);
    repo.build_with(&["--allow-deletions", "a"]);
    repo.git(&["add", "-A"]);
    let ran = repo.run(&["check", "--staged"]);
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert!(grumbled(&ran).contains("error[deletions]: a: it would be emptied"), "{}", grumbled(&ran));
    let ran = repo.run(&["build", "--stage"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(grumbled(&ran).contains("`output.committed` is false"), "{}", grumbled(&ran));
}

#[test]
fn the_directory_of_the_output_may_move() {
    let repo = Repo::new();
    let fleet = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {output: {dir: out}}\n";
    repo.put("fleetcron.yaml", fleet);
    repo.git(&["mv", "rendered", "out"]);
    repo.build();
    repo.git(&["add", "-A"]);
    assert_eq!(
        repo.run(&["check", "--staged"]).status.code(),
        Some(0),
        "{}",
        grumbled(&repo.run(&["check", "--staged"]))
    );
    repo.git(&["rm", "-q", "tasks/report.yaml", "tasks/rollup.yaml"]);
    repo.put("tasks/other.yaml", &task("other", "1").replace("\"*\"", "[eu-1]"));
    repo.build_with(&["--allow-deletions", "us-1", "--allow-deletions", "us-2", "--allow-deletions", "eu-1"]);
    repo.git(&["add", "-A"]);
    let told = grumbled(&repo.run(&["check", "--staged"]));
    assert_eq!(told.matches("error[deletions]").count(), 2, "{told}");
}

#[test]
fn in_a_repository_without_a_commit_nothing_was_there_before() {
    let repo = Repo::empty();
    repo.put("clusters/a.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n");
    repo.put("tasks/rollup.yaml", &task("rollup", "1"));
    repo.build();
    repo.git(&["add", "-A"]);
    assert_eq!(repo.run(&["check", "--staged"]).status.code(), Some(0));
    assert_eq!(repo.run(&["check"]).status.code(), Some(0));
}

#[test]
fn git_s_own_index_for_a_commit_of_some_paths_is_the_one_that_counts() {
    let repo = Repo::new();
    repo.put(
        ".git/hooks/pre-commit",
        &format!("#!/bin/sh\nexec '{}' check --staged\n", env!("CARGO_BIN_EXE_fleetcron")),
    );
    executable(&repo);
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    let commit = |args: &[&str]| super::git_command(&repo.dir).args(args).output().expect("git starts");
    assert!(!commit(&["commit", "-a", "-m", "no output"]).status.success());
    repo.build();
    assert!(!commit(&["commit", "-m", "only the task", "tasks"]).status.success());
    assert!(commit(&["commit", "-m", "both", "tasks", "rendered"]).status.success());
    repo.put("tasks/rollup.yaml", &task("rollup", "1.6"));
    repo.build();
    assert!(commit(&["commit", "-a", "-m", "all"]).status.success());
}

fn executable(repo: &Repo) {
    use std::os::unix::fs::PermissionsExt;
    let hook = repo.dir.join(".git/hooks/pre-commit");
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).expect("executable");
}

#[test]
fn stage_refuses_a_commit_of_some_paths() {
    let repo = Repo::new();
    repo.put(
        ".git/hooks/pre-commit",
        &format!("#!/bin/sh\nexec '{}' build --stage\n", env!("CARGO_BIN_EXE_fleetcron")),
    );
    executable(&repo);
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    let some = super::git_command(&repo.dir).args(["commit", "-m", "x", "tasks"]).output().expect("git starts");
    assert!(!some.status.success());
    assert!(String::from_utf8_lossy(&some.stderr).contains("commit without paths"));
    let all = super::git_command(&repo.dir).args(["commit", "-a", "-m", "x"]).output().expect("git starts");
    assert!(all.status.success(), "{}", String::from_utf8_lossy(&all.stderr));
    assert_eq!(repo.git(&["status", "--short"]), "");
    assert_eq!(repo.git(&["show", "--stat", "--format="]).lines().count(), 5);
}

#[test]
fn what_is_read_from_git_is_not_written_over_the_work_tree() {
    let repo = Repo::new();
    for how in [&["build", "--at", "HEAD"][..], &["build", "--staged"]] {
        let ran = repo.run(how);
        assert_eq!(ran.status.code(), Some(2), "{how:?}");
        assert!(grumbled(&ran).contains("say where with `--out DIR`"), "{}", grumbled(&ran));
    }
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "--bare", "repo", "bare.git"]);
    assert_eq!(run(&home.join("bare.git"), &["check", "--at", "main"]).status.code(), Some(0));
}

impl Repo {
    fn build_with(&self, args: &[&str]) {
        let all: Vec<&str> = ["build"].iter().chain(args).copied().collect();
        let ran = self.run(&all);
        assert!(ran.status.success(), "{}", grumbled(&ran));
    }
}

#[test]
fn nothing_is_never_rendered_with_success() {
    let repo = Repo::empty();
    let fleet = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {output: {marker: {when: never}}}\n";
    repo.put("fleetcron.yaml", fleet);
    let cluster =
        |name: &str| format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\n");
    repo.put("clusters/a.yaml", &cluster("a"));
    repo.put("clusters/idle.yaml", &cluster("idle"));
    repo.put("tasks/rollup.yaml", &task("rollup", "1").replace("\"*\"", "[a]"));
    assert!(repo.run(&["render", "a"]).status.success());
    let ran = repo.run(&["render", "idle"]);
    assert_eq!((ran.status.code(), said(&ran)), (Some(1), String::new()));
    assert!(grumbled(&ran).contains("there is nothing to render for `idle`"), "{}", grumbled(&ran));
}
