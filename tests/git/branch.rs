//! The rendered branch: what `build --commit-to` writes into Git is what a build writes into a folder.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::{Repo, git, git_command, run, scrub, task};
use crate::support::{self, fine, grumbled, said};

impl Repo {
    /// Commits the output to `rendered` and gives what was said.
    fn publish(&self, more: &[&str]) -> String {
        let mut args = vec!["build", "--commit-to", "rendered"];
        args.extend(more);
        let ran = self.run(&args);
        assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
        said(&ran)
    }

    fn tip(&self) -> String {
        self.git(&["rev-parse", "rendered"]).trim().to_owned()
    }

    /// The tree that Git itself makes of a build's directory.
    fn tree_of_a_build(&self) -> String {
        let out = tempfile::tempdir().expect("a folder");
        let ran = self.run(&["build", "--out", out.path().to_str().expect("text")]);
        assert!(ran.status.success(), "{}", grumbled(&ran));
        git(out.path(), &["init", "-q"]);
        git(out.path(), &["add", "-A"]);
        git(out.path(), &["write-tree"]).trim().to_owned()
    }

    fn is_whole(&self) {
        let ran = git_command(&self.dir).args(["fsck", "--strict", "--full"]).output().expect("git starts");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
        let wrong: Vec<&str> = told.lines().filter(|line| !line.starts_with("dangling ")).collect();
        assert!(ran.status.success() && wrong.is_empty(), "{told}");
    }
}

/// A fleet of so many clusters and tasks, its output not committed.
fn fleet(clusters: usize, tasks: usize) -> Repo {
    let repo = Repo::empty();
    repo.put(
        "fleetcron.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {output: {committed: false}}\n",
    );
    repo.put(".gitignore", "/rendered\n");
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    let cluster = |i| format!("---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c-{i:03}}}\n");
    repo.put("clusters/all.yaml", &(0..clusters).map(cluster).collect::<String>());
    for i in 0..tasks {
        repo.put(&format!("tasks/t{i}.yaml"), &task(&format!("t{i}"), "1"));
    }
    repo.build();
    repo.commit("first");
    repo
}

#[test]
fn the_commit_has_the_tree_that_git_makes_of_the_directory() {
    for (clusters, tasks) in [(3, 2), (40, 8)] {
        let repo = fleet(clusters, tasks);
        let said = repo.publish(&[]);
        assert!(said.starts_with("rendered: ") && said.contains(&format!("({clusters} clusters: ")), "{said}");
        assert_eq!(repo.git(&["rev-parse", "rendered^{tree}"]).trim(), repo.tree_of_a_build());
        let packs = fs::read_dir(repo.dir.join(".git/objects/pack")).expect("a folder").count();
        assert_eq!(packs > 0, clusters * tasks > 100, "objects go into one pack when many");
        // Neither the work tree nor the index was touched.
        assert_eq!(repo.git(&["status", "--short"]), "");
        let before = repo.tip();
        assert!(repo.publish(&[]).starts_with("nothing to commit: rendered ("));
        assert_eq!(repo.tip(), before);
        repo.is_whole();
    }
}

#[test]
fn a_commit_names_its_source_and_says_it_the_same_way_again() {
    let repo = fleet(3, 2);
    repo.publish(&[]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    let text = repo.git(&["log", "-1", "--format=%B%an %at", "rendered", "--"]);
    let (short, head) = (&head[..7], head.trim());
    assert_eq!(
        text,
        format!(
            "Render {short}: first\n\n3 clusters: 6 files new\n\nFleetcron-source-commit: {head}\n\
             Fleetcron-source-author: a <a@example.com>\nFleetcron-source-date: 2026-01-01T00:00:00+00:00\n\
             a 1767225600\n"
        )
    );
    let first = repo.tip();
    repo.git(&["branch", "-D", "rendered"]);
    repo.publish(&["--at", "HEAD"]);
    assert_eq!(repo.tip(), first, "the same source gives the same commit");
    let mut odd = support::program(&repo.dir);
    scrub(&mut odd);
    odd.env("GIT_AUTHOR_NAME", "a\nb <c>").args(["build", "--commit-to", "odd"]);
    assert!(odd.output().expect("the program starts").status.success());
    repo.is_whole();

    repo.put("tasks/t0.yaml", &task("t0", "2"));
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert!(grumbled(&ran).contains("there are changes that are not committed"), "{}", grumbled(&ran));
    let trailer =
        repo.git(&["log", "-1", "--format=%(trailers:key=Fleetcron-source-commit,valueonly)", "rendered", "--"]);
    assert_eq!(trailer.trim(), format!("{head} with changes"));
    assert_eq!(repo.git(&["rev-parse", "rendered~1"]).trim(), first);
}

#[test]
fn twenty_shards_at_once_all_land_in_one_line() {
    let repo = fleet(60, 3);
    repo.publish(&[]);
    let old = repo.tip();
    for i in 0..3 {
        repo.put(&format!("tasks/t{i}.yaml"), &task(&format!("t{i}"), "2"));
    }
    repo.git(&["rm", "-q", "--cached", "tasks/t2.yaml"]);
    fs::remove_file(repo.dir.join("tasks/t2.yaml")).expect("removed");
    fine(&repo.run(&["build", "--allow-deletions", "t2"]));
    repo.commit("second");
    let children: Vec<_> = (1..=20)
        .map(|number| {
            let mut command = support::program(&repo.dir);
            scrub(&mut command);
            let shard = format!("{number}/20");
            let args = ["build", "--commit-to", "rendered", "--shard", &shard, "--allow-deletions", "t2"];
            command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
        })
        .collect();
    let mut commits = 0;
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{}", grumbled(&output));
        commits += usize::from(said(&output).starts_with("rendered: "));
    }
    assert!(commits > 10, "{commits}");
    let line = repo.git(&["rev-list", "--count", "--max-parents=1", &format!("{old}..rendered")]);
    assert_eq!(line.trim(), commits.to_string(), "every commit has one parent and none is lost");
    assert_eq!(repo.git(&["rev-parse", "rendered^{tree}"]).trim(), repo.tree_of_a_build());
    repo.is_whole();
    // Each commit touches the directories of its own shard, and no cluster has two.
    let mut owners = std::collections::BTreeMap::new();
    for commit in repo.git(&["rev-list", &format!("{old}..rendered")]).lines() {
        let shard = repo.git(&["log", "-1", "--format=%B", commit]);
        let shard = shard.lines().find_map(|line| line.strip_prefix("Shard ")).expect("a shard").to_owned();
        for path in repo.git(&["diff", "--name-only", &format!("{commit}~1"), commit]).lines() {
            let cluster = path.split('/').next().expect("a cluster").to_owned();
            assert_eq!(owners.entry(cluster).or_insert_with(|| shard.clone()), &shard);
        }
    }
    assert_eq!(owners.len(), 60);
}

#[test]
fn what_others_put_on_the_branch_stays() {
    let repo = fleet(3, 2);
    let home = repo.dir.parent().expect("a folder");
    repo.git(&["worktree", "add", "-q", "--orphan", "-b", "rendered", "../out"]);
    let out = home.join("out");
    for (path, text) in [("README.md", "ours"), (".github/x.yaml", "a: b"), ("c-000/mine.yaml", "kind: Mine")] {
        fs::create_dir_all(out.join(path).parent().expect("a folder")).expect("a folder");
        fs::write(out.join(path), text).expect("written");
    }
    git(&out, &["add", "-A"]);
    git(&out, &["commit", "-q", "-m", "by hand"]);
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(grumbled(&ran).contains("it is checked out in "), "{}", grumbled(&ran));
    repo.git(&["worktree", "remove", "../out"]);
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
    assert!(grumbled(&ran).contains("warning[stray-file]") && grumbled(&ran).contains("rendered/c-000/mine.yaml"));
    let files = repo.git(&["ls-tree", "-r", "--name-only", "rendered"]);
    assert!(files.contains("README.md") && files.contains(".github/x.yaml") && files.contains("c-000/mine.yaml"));
    assert_eq!(files.lines().count(), 9, "{files}");
    let ran = repo.run(&["build", "--commit-to", "main"]);
    assert!(grumbled(&ran).contains("it is checked out in "), "{}", grumbled(&ran));
}

#[test]
fn the_guard_compares_with_the_tip_and_a_file_in_the_way_stops_everything() {
    let repo = fleet(3, 2);
    repo.publish(&[]);
    let before = repo.tip();
    repo.git(&["rm", "-q", "tasks/t0.yaml", "tasks/t1.yaml"]);
    repo.put("tasks/t2.yaml", &task("t2", "1").replace("\"*\"", "[c-000]"));
    repo.run(&["build", "--allow-deletions", "c-000", "--allow-deletions", "c-001", "--allow-deletions", "c-002"]);
    repo.commit("fewer");
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(1));
    let told = grumbled(&ran);
    assert_eq!(told.matches("error[deletions]").count(), 3, "{told}");
    assert!(told.contains("the whole fleet: all its 6 objects") && told.contains("`--allow-deletions c-001,c-002`"));
    assert!(told.contains("--> rendered/c-001") && told.contains("nothing was committed"), "{told}");
    assert_eq!(repo.tip(), before);
    repo.publish(&["--allow-deletions", "c-001", "--allow-deletions", "c-002"]);
    assert_eq!(repo.git(&["rev-parse", "rendered^{tree}"]).trim(), repo.tree_of_a_build());

    let blob = repo.git(&["hash-object", "-w", "tasks/t2.yaml"]);
    let info = format!("100644,{},c-000/billing/t2.cronjob.yaml", blob.trim());
    repo.git(&["read-tree", "rendered"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &info]);
    let tree = repo.git(&["write-tree"]);
    repo.git(&["read-tree", "HEAD"]);
    let commit = repo.git(&["commit-tree", tree.trim(), "-p", "rendered", "-m", "by hand"]);
    repo.git(&["update-ref", "refs/heads/rendered", commit.trim()]);
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(grumbled(&ran).contains("error[foreign-file]"), "{}", grumbled(&ran));
    assert_eq!(repo.tip(), commit.trim());
}

#[test]
fn a_fresh_clone_goes_on_from_the_branch_of_its_remote() {
    let repo = fleet(3, 2);
    repo.publish(&[]);
    let first = repo.tip();
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "repo", "clone"]);
    let clone = home.join("clone");
    let publish = |dir: &Path| {
        let ran = run(dir, &["build", "--commit-to", "rendered"]);
        assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
        said(&ran)
    };
    assert!(publish(&clone).starts_with("nothing to commit: origin/rendered ("));
    fs::write(clone.join("tasks/t0.yaml"), task("t0", "2")).expect("written");
    git(&clone, &["commit", "-q", "-am", "second"]);
    assert!(publish(&clone).contains("on top of origin/rendered"));
    assert_eq!(git(&clone, &["rev-parse", "rendered~1"]).trim(), first);
    git(&clone, &["push", "-q", "origin", "rendered"]);
    // A local branch that is behind is no reason to make a commit that cannot be pushed.
    git(&clone, &["branch", "-f", "rendered", &first]);
    fs::write(clone.join("tasks/t0.yaml"), task("t0", "3")).expect("written");
    git(&clone, &["commit", "-q", "-am", "third"]);
    assert!(publish(&clone).contains("on top of origin/rendered"));
    git(&clone, &["push", "-q", "origin", "rendered"]);
    repo.is_whole();
    // Where both have gone on, neither is taken back.
    git(&clone, &["branch", "-f", "rendered", &first]);
    let other = git(&clone, &["commit-tree", "rendered^{tree}", "-p", "rendered", "-m", "other"]);
    git(&clone, &["update-ref", "refs/heads/rendered", other.trim()]);
    let ran = run(&clone, &["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(grumbled(&ran).contains("git branch -f rendered origin/rendered"), "{}", grumbled(&ran));
}

#[test]
fn a_run_that_was_overtaken_does_not_turn_the_branch_back() {
    let repo = fleet(3, 2);
    repo.publish(&[]);
    repo.put("tasks/t0.yaml", &task("t0", "2"));
    repo.commit("second");
    repo.publish(&[]);
    let newer = repo.tip();
    repo.git(&["checkout", "-q", "HEAD~1"]);
    let said = repo.publish(&[]);
    assert!(said.starts_with("nothing was committed: rendered has the output of ") && repo.tip() == newer, "{said}");
    // Whoever names the revision means it.
    assert!(repo.publish(&["--at", "HEAD"]).starts_with("rendered: "));
    assert_eq!(repo.git(&["rev-parse", "rendered^{tree}"]), repo.git(&["rev-parse", "rendered~2^{tree}"]));
}

#[test]
fn a_bare_repository_is_enough_and_a_changed_lock_stops() {
    let repo = fleet(3, 2);
    let home = repo.dir.parent().expect("a folder");
    git(home, &["clone", "-q", "--bare", "repo", "bare.git"]);
    let bare = home.join("bare.git");
    let ran = run(&bare, &["build", "--at", "main", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
    assert_eq!(git(&bare, &["rev-parse", "rendered^{tree}"]).trim(), repo.tree_of_a_build());
    repo.put("tasks/new.yaml", &task("new", "1"));
    repo.commit("the lock was forgotten");
    let ran = repo.run(&["build", "--commit-to", "rendered"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(grumbled(&ran).contains("error[lock-changed]"), "{}", grumbled(&ran));
    assert_eq!(repo.git(&["branch", "--list", "rendered"]), "");
    repo.git(&["symbolic-ref", "refs/heads/points", "refs/heads/main"]);
    repo.git(&["remote", "add", "origin", "."]);
    for name in ["a..b", "-x", "refs/heads/ /", "refs/heads/x", "HEAD", "@", "origin/x", "points"] {
        let ran = repo.run(&["build", &format!("--commit-to={name}")]);
        assert_eq!(ran.status.code(), Some(2), "{name}");
    }
}

#[test]
fn a_shard_of_a_directory_leaves_the_other_clusters_alone() {
    let repo = fleet(12, 1);
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().to_str().expect("text");
    let mut seen = 0;
    for number in 1..=4 {
        let ran = repo.run(&["build", "--out", folder, "--shard", &format!("{number}/4")]);
        assert_eq!(ran.status.code(), Some(0), "{}", grumbled(&ran));
        let now = support::read(out.path()).len();
        assert!(now >= seen, "a shard removed what another wrote");
        seen = now;
    }
    let whole = tempfile::tempdir().expect("a folder");
    repo.run(&["build", "--out", whole.path().to_str().expect("text")]);
    assert_eq!(support::read(out.path()), support::read(whole.path()));
    let ran = repo.run(&["build", "--shard", "5/4"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(grumbled(&ran).contains("`5/4` is no shard"), "{}", grumbled(&ran));
}
