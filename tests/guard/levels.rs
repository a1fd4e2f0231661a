//! The three levels, and everywhere that they hold: the working tree, `--out`, output that is not committed, a branch, a
//! hook, and the plugin of Argo CD.

use std::fs;

use super::{edit, fleet_document, halves, hint, task, with_variable};
use crate::git::{Repo, git, run};
use crate::support::{fine, grumbled, said, wrong};

/// What somebody does to a repository.
type Act = fn(&Repo);

/// Changes that take much away and put as much in its place.
const REPLACING: [(&str, Act); 5] = [
    ("a retargeted task", |repo| edit(repo, "tasks/t0.yaml", "half: one", "half: two")),
    ("a renamed task", |repo| edit(repo, "tasks/t0.yaml", "name: t0", "name: t9")),
    ("a renamed object", |repo| edit(repo, "tasks/t0.yaml", "spec:\n", "spec:\n  objectName: other\n")),
    ("another namespace", |repo| edit(repo, "tasks/t0.yaml", "spec:\n", "spec:\n  namespace: other\n")),
    ("a changed default namespace", |repo| {
        repo.put("fleetcron.yaml", &fleet_document("{defaults: {namespace: other}}"));
    }),
];

/// Four tasks on six clusters each; one of them, or all, take their namespace from the Fleet.
fn repository() -> Repo {
    let repo = halves(6, 4, "{defaults: {namespace: batch}}");
    for at in 0..4 {
        edit(&repo, &format!("tasks/t{at}.yaml"), ", namespace: billing", "");
    }
    fine(&repo.run(&["build", "--allow-deletions", "all"]));
    repo.commit("namespaces");
    repo
}

#[test]
fn what_comes_in_place_of_what_goes_does_not_hide_it() {
    for (name, act) in REPLACING {
        let repo = repository();
        act(&repo);
        let before = crate::support::read(&repo.dir);
        let told = wrong(&repo.run(&["build"]), 1);
        assert!(told.contains("error[deletions]") && told.contains("nothing was written"), "{name}: {told}");
        assert_eq!(crate::support::read(&repo.dir), before, "{name}");
        assert!(wrong(&repo.run(&["build", "--dry-run"]), 1).contains("error[deletions]"), "{name}");
        // The one command that is offered lets all of it through.
        fine(&repo.run(&["build", "--allow-deletions", &hint(&told)]));
        // The hook compares with the commit before, not with what lies on disk by now.
        repo.git(&["add", "-A"]);
        let told = wrong(&repo.run(&["check", "--staged"]), 1);
        assert!(told.contains("compared with HEAD"), "{name}: {told}");
        let names = told.split("FLEETCRON_ALLOW_DELETIONS=").nth(1).and_then(|rest| rest.split(' ').next());
        let (code, told) = with_variable(&repo, names.expect("a hint"), &["check", "--staged"]);
        assert_eq!(code, Some(0), "{name}: {told}");
        assert!(told.contains("note: compared with HEAD"), "{name}: {told}");
    }
}

#[test]
fn a_small_fleet_renames_and_retargets_in_peace() {
    for (name, act) in REPLACING.iter().take(3) {
        let repo = halves(2, 2, "{}");
        act(&repo);
        fine(&repo.run(&["build"]));
        repo.git(&["add", "-A"]);
        let checked = repo.run(&["check", "--staged"]);
        fine(&checked);
        // What goes is said all the same.
        assert!(grumbled(&checked).contains("2 objects are deleted: one-00/"), "{name}: {}", grumbled(&checked));
    }
}

#[test]
fn tasks_that_a_glob_leaves_out_are_not_emptied_without_a_word() {
    let repo = halves(6, 4, "{}");
    repo.put("fleetcron.yaml", &fleet_document("{sources: {exclude: [tasks/**]}}"));
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("task billing/t0: no copy of it would be left: all its 6 copies would be deleted"), "{told}");
    assert!(told.contains("`sources` of the Fleet leaves its document out"), "{told}");
    assert!(told.contains("the whole fleet: all its 24 objects would be deleted"), "{told}");
    assert_eq!(repo.git(&["status", "--short"]), " M fleetcron.yaml\n");
    // One of two small tasks: no count is exceeded, but its document is still there.
    let repo = halves(1, 2, "{}");
    repo.put("fleetcron.yaml", &fleet_document("{sources: {exclude: [tasks/t1.yaml]}}"));
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("task billing/t1: no copy of it would be left: its only copy would be deleted"), "{told}");
    assert!(told.contains("--> tasks/t1.yaml:3:18"), "{told}");
    assert_eq!(hint(&told), "billing/t1");
    // Without the document it is a task that was removed.
    repo.git(&["rm", "-q", "tasks/t1.yaml"]);
    fine(&repo.run(&["build"]));
}

#[test]
fn the_lock_stands_for_output_that_is_not_here() {
    let repo = halves(6, 4, "{output: {committed: false}}");
    fs::remove_dir_all(repo.dir.join("rendered")).expect("removed");
    let out = tempfile::tempdir().expect("a folder");
    let out = out.path().to_str().expect("text");
    edit(&repo, "tasks/t0.yaml", "half: one", "half: two");
    for args in [&["build"][..], &["build", "--out", out]] {
        let told = wrong(&repo.run(args), 1);
        assert!(told.contains("task billing/t0: all its 6 copies would be deleted, though it gets others"), "{told}");
    }
    // A cluster that is left with nothing, and one that is dropped.
    repo.git(&["checkout", "-q", "tasks"]);
    edit(&repo, "clusters/all.yaml", "name: one-03, labels: {half: one}", "name: one-03, labels: {half: two}");
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("one-03: it would be emptied: all its 4 objects would be deleted"), "{told}");
    assert!(told.contains("there is no output of it here: fleetcron.lock records these copies"), "{told}");
    edit(&repo, "clusters/all.yaml", "one-03", "three-03");
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("one-03: the cluster is gone from the inventory"), "{told}");
    fine(&repo.run(&["build", "--allow-deletions", "one-03"]));
    // The hook has the lock of the commit before, even where its inputs do not compile.
    repo.git(&["add", "-A"]);
    assert!(wrong(&repo.run(&["check", "--staged"]), 1).contains("one-03: the cluster is gone"));
    repo.git(&["reset", "-q", "--hard"]);
    repo.put("tasks/broken.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\n");
    repo.commit("past the hook");
    repo.git(&["rm", "-q", "tasks/broken.yaml", "tasks/t0.yaml"]);
    fine(&repo.run(&["build", "--allow-deletions", "t0"]));
    repo.git(&["add", "-A"]);
    let told = wrong(&repo.run(&["check", "--staged"]), 1);
    assert!(told.contains("task billing/t0: its document is gone, and all its 6 copies would be deleted"), "{told}");
    let checked = repo.run(&["check", "--staged", "--allow-deletions", "t0"]);
    fine(&checked);
    assert!(grumbled(&checked).contains("so only the copies in its fleetcron.lock were"), "{}", grumbled(&checked));
    let strict = wrong(&repo.run(&["check", "--staged", "--strict", "--allow-deletions", "t0"]), 1);
    assert!(strict.contains("error[deletions]: what would be deleted is not known"), "{strict}");
}

#[test]
fn out_is_compared_with_what_stands_there() {
    let repo = halves(6, 4, "{}");
    let out = tempfile::tempdir().expect("a folder");
    let out = out.path().to_str().expect("text");
    fine(&repo.run(&["build", "--out", out]));
    fs::remove_file(repo.dir.join("fleetcron.lock")).expect("removed");
    // Without a lock the files name the tasks that they belong to.
    edit(&repo, "tasks/t0.yaml", "half: one", "half: two");
    let told = wrong(&repo.run(&["build", "--out", out]), 1);
    assert!(told.contains("task billing/t0: all its 6 copies would be deleted"), "{told}");
    fine(&repo.run(&["build", "--out", out, "--allow-deletions", &hint(&told)]));
}

#[test]
fn a_branch_knows_the_lock_of_the_commit_that_it_was_made_from() {
    let repo = halves(12, 4, "{}");
    fine(&repo.run(&["build", "--commit-to", "live"]));
    edit(&repo, "tasks/t0.yaml", "half: one", "half: two");
    fine(&repo.run(&["build", "--allow-deletions", "t0"]));
    repo.commit("retargeted");
    // A shard sees few of the files that go; the lock knows all of them.
    for shard in ["1/1", "1/6", "4/6"] {
        let told = wrong(&repo.run(&["build", "--commit-to", "live", "--shard", shard]), 1);
        assert!(told.contains("task billing/t0: all its 12 copies would be deleted"), "{shard}: {told}");
        assert!(told.contains("nothing was committed") && !told.contains("git commit"), "{shard}: {told}");
    }
    let told = wrong(&repo.run(&["build", "--commit-to", "live"]), 1);
    fine(&repo.run(&["build", "--commit-to", "live", "--allow-deletions", &hint(&told)]));
}

#[test]
fn the_plugin_of_argo_cd_counts_against_the_output_in_its_copy() {
    let repo = halves(6, 6, "{}");
    let generate = |repo: &Repo, variable: &str| {
        let mut command = crate::support::program(&repo.dir);
        crate::git::scrub(&mut command);
        command.env("ARGOCD_ENV_CLUSTER", "one-00").env("ARGOCD_ENV_FLEETCRON_ALLOW_DELETIONS", variable);
        command.args(["cmp", "generate"]).output().expect("the program starts")
    };
    fine(&generate(&repo, ""));
    // The lock says the same, but every object has another name.
    for at in 0..6 {
        edit(&repo, &format!("tasks/t{at}.yaml"), "spec:\n", &format!("spec:\n  objectName: other-{at}\n"));
    }
    let stopped = generate(&repo, "");
    let told = wrong(&stopped, 1);
    assert_eq!(said(&stopped), "");
    assert!(told.contains("one-00: all its 6 objects would be deleted, though it gets others"), "{told}");
    assert!(told.contains("FLEETCRON_ALLOW_DELETIONS, value: \"one-00\"}` to `spec.source.plugin.env`"), "{told}");
    fine(&generate(&repo, "one-00"));
    // Neither a task nor a lock: an answer of nothing but a marker would delete whatever ran there.
    repo.git(&["reset", "-q", "--hard"]);
    for path in ["tasks", "rendered"] {
        fs::remove_dir_all(repo.dir.join(path)).expect("removed");
    }
    fs::remove_file(repo.dir.join("fleetcron.lock")).expect("removed");
    let told = wrong(&generate(&repo, ""), 1);
    assert!(told.contains("there is no task and no fleetcron.lock, so nothing tells what ran"), "{told}");
    assert!(fine(&generate(&repo, "all")).contains("kind: ConfigMap"));
}

#[test]
fn what_a_drain_takes_is_listed_and_not_counted() {
    let repo = halves(6, 4, "{}");
    let text = repo.text("clusters/all.yaml");
    let taint = "half: one}}\nspec: {taints: [{key: broken, effect: NoExecute}]}\n";
    repo.put("clusters/all.yaml", &text.replacen("half: one}}\n", taint, 3));
    let built = fine(&repo.run(&["build"]));
    assert!(built.contains("4 objects removed from one-00, which a NoExecute taint drains"), "{built}");
    repo.git(&["add", "-A"]);
    fine(&repo.run(&["check", "--staged"]));
    // It explains what it drains and nothing else.
    repo.put("fleetcron.yaml", &fleet_document("{sources: {exclude: [tasks/t0.yaml]}}"));
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("task billing/t0: no copy of it would be left: all its 3 copies"), "{told}");
}

#[test]
fn a_copy_that_stands_by_is_no_deletion() {
    let repo = halves(6, 4, "{}");
    for at in 0..4 {
        edit(&repo, &format!("tasks/t{at}.yaml"), "  schedule:", "  active: [one-00]\n  schedule:");
    }
    fine(&repo.run(&["build"]));
    for at in 0..4 {
        edit(&repo, &format!("tasks/t{at}.yaml"), "active: [one-00]", "active: []");
    }
    fine(&repo.run(&["build"]));
    repo.git(&["add", "-A"]);
    fine(&repo.run(&["check", "--staged"]));
}

#[test]
fn an_object_that_another_task_takes_over_stays() {
    let repo = halves(6, 4, "{}");
    // The task has another name; its object keeps its own.
    edit(
        &repo,
        "tasks/t0.yaml",
        "name: t0, namespace: billing}\nspec:\n",
        "name: t9, namespace: billing}\nspec:\n  objectName: t0\n",
    );
    fine(&repo.run(&["build"]));
    assert!(
        repo.text("rendered/one-00/billing/t0.cronjob.yaml").starts_with("# Generated by fleetcron for billing/t9.")
    );
}

#[test]
fn a_cluster_is_dropped_in_peace_once_it_is_empty() {
    let repo = halves(2, 2, "{output: {marker: {when: never}}}");
    let without = repo.text("clusters/all.yaml").replace(
        "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: one-01, labels: {half: one}}\n",
        "",
    );
    repo.put("clusters/all.yaml", &without);
    let told = wrong(&repo.run(&["build"]), 1);
    assert!(told.contains("one-01: the cluster is gone from the inventory"), "{told}");
    repo.git(&["checkout", "-q", "clusters"]);
    edit(&repo, "clusters/all.yaml", "one-01, labels: {half: one}", "one-01, labels: {half: gone}");
    fine(&repo.run(&["build", "--allow-deletions", "one-01"]));
    repo.put("clusters/all.yaml", &without);
    fine(&repo.run(&["build"]));
}

#[test]
fn deletions_are_allowed_by_cluster_by_task_and_all_at_once() {
    let repo = halves(6, 4, "{}");
    repo.git(&["rm", "-q", "tasks/t0.yaml", "tasks/t1.yaml"]);
    edit(&repo, "clusters/all.yaml", "name: one-05, labels: {half: one}", "name: one-05, labels: {half: two}");
    let told = wrong(&repo.run(&["build", "--dry-run"]), 1);
    for expected in ["one-05: it would be emptied", "task billing/t0", "task billing/t1", "the whole fleet"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(hint(&told), "one-05,billing/t0,billing/t1");
    let all = ["one-05,billing/t0,billing/t1", "all", "t0,t1,one-05", "t0 t1, one-05"];
    for names in all {
        fine(&repo.run(&["build", "--dry-run", "--allow-deletions", names]));
        let (code, told) = with_variable(&repo, names, &["build", "--dry-run"]);
        assert_eq!(code, Some(0), "{names}: {told}");
    }
    let repeated = ["build", "--dry-run", "--allow-deletions", "t0", "--allow-deletions", "t1,one-05"];
    fine(&repo.run(&repeated));
    // What is left after some were allowed is still stopped, and the hint names those too.
    let told = wrong(&repo.run(&["build", "--dry-run", "--allow-deletions", "t0,t1"]), 1);
    assert_eq!(told.matches("error[deletions]").count(), 1, "{told}");
    assert_eq!(hint(&told), "t0,t1,one-05");
    let (code, told) = with_variable(&repo, "t0", &["build", "--dry-run", "--allow-deletions", "one-05"]);
    assert_eq!(code, Some(1), "{told}");
    // A name that nothing has is no word for anything.
    let told = wrong(&repo.run(&["build", "--dry-run", "--allow-deletions", "t7"]), 1);
    assert!(told.contains("warning[unknown-cluster]: --allow-deletions names `t7`"), "{told}");
    for command in ["build", "check"] {
        assert!(fine(&repo.run(&[command, "--help"])).contains("FLEETCRON_ALLOW_DELETIONS"), "{command}");
    }
}

#[test]
fn a_clone_is_guarded_from_its_first_build() {
    let repo = halves(6, 4, "{}");
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "repo", "clone"]);
    let clone = home.join("clone");
    fs::write(clone.join("tasks/t0.yaml"), task("t0").replace("half: one", "half: two")).expect("written");
    assert!(wrong(&run(&clone, &["build"]), 1).contains("task billing/t0: all its 6 copies"));
}
