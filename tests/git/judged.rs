//! `check` in a repository: what is staged is judged by its staged bytes, stale is told from hand-edited, and what would
//! be lost is counted from the revision before.

use std::fs;
use std::path::Path;

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
        assert_eq!(told.matches("error[deletions]").count(), 4, "{how:?}: {told}");
        assert!(
            told.contains("compared with ") && told.contains("FLEETCRON_ALLOW_DELETIONS=eu-1,us-1,us-2 git commit"),
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
    assert_eq!(grumbled(&repo.run(&["check", "--at", "HEAD"])).matches("error[deletions]").count(), 4);
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
    assert_eq!(told.matches("error[deletions]").count(), 3, "{told}");
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

#[test]
fn what_was_committed_past_the_hook_is_stale_and_nobody_s_edit() {
    let repo = Repo::new();
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.commit("without the output");
    let told = grumbled(&repo.run(&["check"]));
    assert_eq!(told.matches("error[stale-output]: this file is stale").count(), 3, "{told}");
    assert!(!told.contains("by hand"), "{told}");
}

#[test]
fn what_the_target_branch_gained_is_no_deletion_of_ours() {
    let repo = Repo::new();
    repo.git(&["checkout", "-q", "-b", "ours"]);
    repo.put("notes.txt", "ours");
    repo.commit("ours");
    repo.git(&["checkout", "-q", "main"]);
    for i in 0..8 {
        repo.put(&format!("tasks/t{i}.yaml"), &task(&format!("t{i}"), "1"));
    }
    repo.build();
    repo.commit("theirs");
    repo.git(&["checkout", "-q", "ours"]);
    let ran = repo.run(&["check", "--base", "main"]);
    assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
}

#[test]
fn a_base_that_is_not_known_stops() {
    let repo = Repo::new();
    repo.put("notes.txt", "more");
    repo.commit("more");
    let url = format!("file://{}", repo.dir.display());
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let ran = run(&home.join("shallow"), &["check", "--at", "HEAD"]);
    assert_eq!(ran.status.code(), Some(1), "{}", grumbled(&ran));
    assert!(grumbled(&ran).contains("is not known: this clone is shallow"), "{}", grumbled(&ran));
    let ran = repo.run(&["check", "--at", "HEAD^{tree}"]);
    assert!(grumbled(&ran).contains("is not known: `HEAD^{tree}` is no commit"), "{}", grumbled(&ran));
    for revision in [":/more", "HEAD^{/more}", "HEAD^{/more}:", "@:"] {
        let ran = repo.run(&["check", "--at", revision]);
        assert_eq!((ran.status.code(), grumbled(&ran)), (Some(0), String::new()), "{revision}");
    }
}

#[test]
fn what_git_cannot_give_does_not_pass_for_deleted_by_nobody() {
    let repo = Repo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.put("notes.txt", "more");
    repo.commit("more");
    let url = format!("file://{}", repo.dir.display());
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "--no-checkout", "--filter=tree:1", &url, "partial"]);
    for args in [&["check", "--at", "HEAD"][..], &["render", "eu-1", "--at", "HEAD"], &["plan", "--at", "HEAD"]] {
        let ran = run(&home.join("partial"), args);
        assert_ne!(ran.status.code(), Some(0), "{args:?}: {}", said(&ran));
        assert!(grumbled(&ran).contains("partial clone"), "{args:?}: {}", grumbled(&ran));
    }
}

#[test]
fn a_sparse_checkout_is_not_taken_for_the_whole() {
    let repo = Repo::new();
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/tasks/report.yaml", "!/rendered/us-2/"]);
    assert!(!repo.dir.join("tasks/report.yaml").exists());
    for args in [&["build"][..], &["check"], &["plan"]] {
        let ran = repo.run(args);
        assert_eq!(ran.status.code(), Some(2), "{args:?}");
        assert!(grumbled(&ran).contains("this is a sparse checkout: 3 files"), "{}", grumbled(&ran));
    }
    assert!(repo.run(&["check", "--staged"]).status.success(), "{}", grumbled(&repo.run(&["check", "--staged"])));
    assert_eq!(repo.git(&["status", "--short"]), "");
}

#[test]
fn a_repository_that_cannot_be_used_is_said_with_a_way_out() {
    let repo = Repo::new();
    repo.put(".gitignore", "drafts/\n");
    repo.put("drafts/x.yaml", "kind: Task\napiVersion: fleetcron.dev/v1alpha1\n");
    repo.git(&["update-index", "--split-index"]);
    let told = grumbled(&repo.run(&["build"]));
    assert!(told.contains("so nothing is ignored: the index is split, which is not supported"), "{told}");
    assert!(told.contains("git update-index --no-split-index"), "{told}");
    let ran = repo.run(&["check", "--staged"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(grumbled(&ran).contains("git update-index --no-split-index"), "{}", grumbled(&ran));
}

#[test]
fn a_foreign_file_that_is_staged_in_the_way_stops_the_stage() {
    let repo = Repo::new();
    let path = "rendered/eu-1/billing/rollup.cronjob.yaml";
    let right = repo.text(path);
    repo.put(path, "kind: Mine\n");
    repo.git(&["add", "-A"]);
    repo.put(path, &right);
    let ran = repo.run(&["build", "--stage"]);
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert!(grumbled(&ran).contains("error[foreign-file]"), "{}", grumbled(&ran));
}

#[test]
fn a_hook_that_works_in_a_sub_folder_sees_the_same_index() {
    let repo = Repo::new();
    let hook = format!("#!/bin/sh\ncd tasks && exec '{}' check --staged --root ..\n", env!("CARGO_BIN_EXE_fleetcron"));
    repo.put(".git/hooks/pre-commit", &hook);
    executable(&repo);
    repo.put("notes.txt", "more");
    repo.git(&["add", "-A"]);
    let ran = super::git_command(&repo.dir).args(["commit", "-m", "x"]).output().expect("git starts");
    assert!(ran.status.success(), "{}", grumbled(&ran));
}

#[test]
fn an_output_directory_behind_a_link_is_found_in_every_view() {
    let repo = Repo::new();
    repo.git(&["mv", "rendered", "deploy"]);
    std::os::unix::fs::symlink("deploy", repo.dir.join("rendered")).expect("a link");
    repo.commit("linked");
    for how in [&["check"][..], &["check", "--staged"], &["check", "--at", "HEAD"]] {
        let ran = repo.run(how);
        assert_eq!(ran.status.code(), Some(0), "{how:?}: {}", grumbled(&ran));
    }
}

#[test]
fn a_recorded_task_that_is_gone_is_no_frozen_answer() {
    let repo = Repo::new();
    fs::remove_file(repo.dir.join("tasks/report.yaml")).expect("removed");
    let mut cmp = crate::support::program(&repo.dir);
    super::scrub(&mut cmp);
    let cmp = cmp.args(["cmp", "generate"]).env("ARGOCD_ENV_CLUSTER", "eu-1").output().expect("the program starts");
    for ran in [cmp, repo.run(&["build", "--frozen"])] {
        assert_eq!((ran.status.code(), said(&ran)), (Some(1), String::new()));
        let told = grumbled(&ran);
        assert!(told.contains("error[not-in-lock]") && told.contains("billing/report"), "{told}");
        assert!(told.contains("there is no such task"), "{told}");
    }
}

#[test]
fn the_hooks_of_two_fleets_both_run() {
    let repo = Repo::empty();
    for fleet in ["one", "onetwo"] {
        let made = repo.run(&["init", fleet]);
        assert!(made.status.success(), "{}", grumbled(&made));
        let root = repo.dir.join(fleet);
        assert!(run(&root, &["build"]).status.success());
    }
    assert!(run(&repo.dir.join("onetwo"), &["init", "--hook"]).status.success());
    let second = run(&repo.dir.join("one"), &["init", "--hook"]);
    assert_eq!(second.status.code(), Some(1), "{}", said(&second));
    let told = said(&second) + &grumbled(&second);
    let line = told.lines().find(|line| line.trim().starts_with("fleetcron check --staged --root=one"));
    let line = line.unwrap_or_else(|| panic!("{told}")).trim().to_owned();
    assert!(told.contains("args: [\"--root=one\"]"), "{told}");
    let hook = repo.text(".git/hooks/pre-commit");
    repo.put(".git/hooks/pre-commit", &format!("{hook}{line}\n"));
    let fleetcron = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder");
    let commit = || {
        let mut commit = super::git_command(&repo.dir);
        let path = std::env::var("PATH").unwrap_or_default();
        commit.env("PATH", format!("{}:{path}", fleetcron.display())).args(["commit", "-m", "x"]);
        commit.output().expect("git starts")
    };
    repo.git(&["add", "-A"]);
    let ran = commit();
    assert!(ran.status.success(), "{}", grumbled(&ran));
    for fleet in ["one", "onetwo"] {
        repo.put(&format!("{fleet}/tasks/broken.yaml"), "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\n");
        repo.git(&["add", "-A"]);
        assert!(!commit().status.success(), "{fleet}");
        repo.git(&["rm", "-q", "-f", &format!("{fleet}/tasks/broken.yaml")]);
    }
    let nested = run(&repo.dir.join("one"), &["init", "tasks/sub"]);
    assert_eq!(nested.status.code(), Some(1));
    assert!(grumbled(&nested).contains("lies in the fleet at"), "{}", grumbled(&nested));
}
