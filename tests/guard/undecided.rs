//! Where the guard cannot look it says so and stops: commits and trees that are missing, owners that are not trusted,
//! clones that are cut off.

use std::fs;
use std::path::{Path, PathBuf};

use super::{edit, fleet_document, halves, with_variable};
use crate::git::{Repo, git, run, task};
use crate::support::{fine, grumbled, wrong};

const UNKNOWN: &str = "error[deletions]: what would be deleted is not known";

/// Takes an object out of the database; Git may have stored it in a pack.
fn lose(repo: &Repo, id: &str) {
    let packs = repo.dir.join(".git/objects/pack");
    for entry in fs::read_dir(&packs).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        assert!(entry.extension().is_none_or(|ending| ending != "pack"), "these repositories are too small for packs");
    }
    let path = repo.dir.join(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(path).expect("a loose object");
}

fn id(repo: &Repo, revision: &str) -> String {
    repo.git(&["rev-parse", revision]).trim().to_owned()
}

/// What a hook says while an object of HEAD is missing.
fn without(object: &str, missing: &str) {
    let repo = halves(2, 2, "{}");
    let lost = id(&repo, object);
    repo.git(&["rm", "-q", "--cached", "tasks/t0.yaml"]);
    lose(&repo, &lost);
    for args in [&["check"][..], &["check", "--staged"], &["build", "--stage"]] {
        let told = wrong(&repo.run(args), 1);
        assert!(told.contains(UNKNOWN) && told.contains(missing), "{args:?}: {told}");
    }
    // Only the word for everything lets it pass, and `--strict` not even then.
    assert!(wrong(&repo.run(&["check", "--allow-deletions", "one-00"]), 1).contains(UNKNOWN));
    let (code, told) = with_variable(&repo, "all", &["check"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("note: not everything that is deleted was counted"), "{told}");
    assert!(wrong(&repo.run(&["check", "--strict", "--allow-deletions", "all"]), 1).contains(UNKNOWN));
}

#[test]
fn a_head_whose_commit_is_missing_is_not_an_unborn_one() {
    without("HEAD", "the commit of HEAD");
    // One that is unborn has nothing to lose.
    let repo = halves(2, 2, "{}");
    repo.git(&["checkout", "-q", "--orphan", "new"]);
    repo.git(&["rm", "-q", "-r", "--cached", "."]);
    repo.git(&["add", "-A"]);
    for args in [&["check"][..], &["check", "--staged"], &["check", "--staged", "--strict"]] {
        let checked = repo.run(args);
        fine(&checked);
        assert_eq!(grumbled(&checked), "", "{args:?}");
    }
}

#[test]
fn a_head_whose_tree_is_missing_cannot_be_compared_with() {
    without("HEAD^{tree}", "the tree of HEAD");
}

#[test]
fn a_folder_that_git_cannot_give_is_not_a_folder_that_is_not_there() {
    let repo = Repo::empty();
    repo.put("jobs/fleets/fleetcron.yaml", &fleet_document("{}"));
    repo.put("jobs/fleets/.gitattributes", "fleetcron.lock merge=union\n");
    repo.put("jobs/fleets/a.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n");
    repo.put("jobs/fleets/rollup.yaml", &task("rollup", "1"));
    let root = repo.dir.join("jobs/fleets");
    fine(&run(&root, &["build"]));
    repo.put("notes", "");
    repo.git(&["add", "notes"]);
    repo.git(&["commit", "-q", "-m", "before the fleet"]);
    repo.git(&["add", "-A"]);
    // A fleet that is new in a repository has nothing to lose either.
    let checked = run(&root, &["check", "--staged"]);
    fine(&checked);
    assert!(grumbled(&checked).contains("nothing was there before"), "{}", grumbled(&checked));
    repo.git(&["commit", "-q", "-m", "the fleet"]);
    lose(&repo, &id(&repo, "HEAD:jobs"));
    assert!(wrong(&run(&root, &["check"]), 1).contains(UNKNOWN));
}

#[test]
fn a_base_that_is_not_there_stops() {
    let repo = halves(2, 2, "{}");
    for args in [&["check", "--base", "nowhere"][..], &["check", "--base", "nowhere", "--allow-deletions", "all"]] {
        assert!(wrong(&repo.run(args), 2).contains("there is no revision `nowhere`"));
    }
    // A base whose inputs do not compile and that has neither output nor a lock.
    repo.git(&["rm", "-q", "-r", "rendered", "fleetcron.lock"]);
    repo.put("tasks/broken.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\n");
    repo.commit("broken");
    repo.git(&["rm", "-q", "tasks/broken.yaml"]);
    repo.build();
    repo.git(&["add", "-A"]);
    let told = wrong(&repo.run(&["check", "--staged"]), 1);
    assert!(told.contains(UNKNOWN) && told.contains("does not compile"), "{told}");
    fine(&repo.run(&["check", "--staged", "--allow-deletions", "all"]));
}

#[test]
fn a_repository_of_another_owner_is_no_repository_without_history() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let repo = halves(2, 2, "{}");
    let mine = fs::metadata(&repo.dir).expect("there").uid();
    // Only root may give files away.
    if chown(repo.dir.join(".git"), Some(mine + 1), None).is_err() || chown(&repo.dir, Some(mine + 1), None).is_err() {
        return;
    }
    let checks = [(&["check"][..], 1), (&["check", "--staged"], 2), (&["build", "--commit-to", "live"], 2)];
    for (args, code) in checks {
        let told = wrong(&repo.run(args), code);
        assert!(told.contains("it belongs to another user"), "{args:?}: {told}");
        assert!(code == 2 || told.contains(UNKNOWN), "{args:?}: {told}");
    }
}

fn shallow(repo: &Repo, name: &str, branch: &str) -> PathBuf {
    let home = repo.dir.parent().expect("a folder");
    let url = format!("file://{}", repo.dir.display());
    git(home, &["clone", "-q", "--depth", "1", "-b", branch, &url, name]);
    home.join(name)
}

#[test]
fn what_was_before_the_only_commit_of_a_clone_is_not_known() {
    let repo = halves(2, 2, "{}");
    repo.put("notes", "more");
    repo.commit("more");
    let clone = shallow(&repo, "clone", "main");
    let told = wrong(&run(&clone, &["check", "--at", "HEAD"]), 1);
    assert!(told.contains(UNKNOWN) && told.contains("`git fetch --unshallow` gets it"), "{told}");
    git(&clone, &["fetch", "-q", "--unshallow"]);
    fine(&run(&clone, &["check", "--at", "HEAD"]));
    // Compared with the commit that it has, all is known.
    fine(&run(&shallow(&repo, "other", "main"), &["check", "--strict"]));
}

/// Publishes to the branch `live` in a clone.
fn publish(clone: &Path, more: &[&str]) -> std::process::Output {
    run(clone, &[&["build", "--commit-to", "live"], more].concat())
}

#[test]
fn a_clone_without_history_does_not_overtake_a_newer_run() {
    let repo = halves(2, 2, "{}");
    repo.git(&["branch", "older"]);
    edit(&repo, "tasks/t0.yaml", ":1", ":2");
    repo.build();
    repo.commit("newer");
    fine(&publish(&repo.dir, &[]));
    let tip = id(&repo, "live");
    // The commit that the tip was made from is not in this clone, or is and its history is not.
    let clone = shallow(&repo, "clone", "older");
    git(&clone, &["fetch", "-q", "--depth", "1", "origin", "live:refs/remotes/origin/live"]);
    for _ in 0..2 {
        let told = wrong(&publish(&clone, &[]), 2);
        assert!(told.contains("nothing was committed: live has the output of "), "{told}");
        assert!(told.contains("`git fetch --unshallow`") && told.contains("`--at HEAD`"), "{told}");
        assert_eq!(git(&clone, &["branch", "--list", "live"]), "");
        git(&clone, &["fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"]);
    }
    // Both ways out do what they say.
    let whole = shallow(&repo, "whole", "older");
    git(&whole, &["fetch", "-q", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    assert!(fine(&publish(&whole, &[])).contains("which comes after this commit"));
    assert!(fine(&publish(&clone, &["--at", "HEAD"])).starts_with("live: "));
    // Where the run that made the tip came before this one, a shallow clone is as good as a whole one.
    git(&repo.dir, &["checkout", "-q", "older"]);
    let same = shallow(&repo, "same", "main");
    git(&same, &["fetch", "-q", "--depth", "1", "origin", "live:refs/remotes/origin/live"]);
    assert!(fine(&publish(&same, &[])).starts_with("nothing to commit"));
    assert_eq!(id(&repo, "live"), tip);
}

#[test]
fn a_source_that_this_clone_has_not_fetched_may_be_newer() {
    let repo = halves(2, 2, "{}");
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "repo", "clone"]);
    let clone = home.join("clone");
    edit(&repo, "tasks/t0.yaml", ":1", ":2");
    repo.build();
    repo.commit("newer");
    fine(&publish(&repo.dir, &[]));
    // The branch was fetched again, the one that it is made from was not: as if its commit were from elsewhere.
    let tree = id(&repo, "live^{tree}");
    let message = format!("Render\n\nFleetcron-source-commit: {}\n", "1".repeat(40));
    git(&clone, &["fetch", "-q", "origin", "live:refs/remotes/origin/live"]);
    let commit = git(&clone, &["commit-tree", &tree, "-m", &message]);
    git(&clone, &["update-ref", "refs/remotes/origin/live", commit.trim()]);
    let told = wrong(&publish(&clone, &[]), 2);
    assert!(told.contains("is not known: it is not in this clone; `git fetch` may bring it"), "{told}");
}
