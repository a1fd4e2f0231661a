//! Branches that change the lock, merged by the real Git. It looks into no room of the house.
//!
//! The one idea: what people do in pull requests: each branch builds and commits its lock, Git merges, and the next build
//! finds the lock right or says what it repairs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support;

/// What tells Git how to merge the lock.
const UNION: &str = "fleetcron.lock merge=union\n";

const FLEET: &str =
    "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: acme}\nspec:\n  defaults: {timeZone: Etc/UTC}\n";

fn cluster(name: &str, more: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n  \
         capacity: {{allocatable: {{cpu: \"8\", pods: \"110\"}}}}\n{more}"
    )
}

fn task(name: &str, placing: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}, namespace: billing}}\nspec:\n  {placing}\n  \
         schedule: \"0 3 * * *\"\n  container: {{image: registry.example.com/{name}:1.4, resources: {{requests: {{cpu: \"1\"}}}}}}\n"
    )
}

/// A repository in a temporary folder.
struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    /// Three clusters, a task everywhere, a task whose instances are shared out; built and committed. `None` without Git.
    fn new(attributes: &str) -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            println!("SKIPPED: git is not installed, so nothing is merged");
            return None;
        }
        let repository = Self { dir: tempfile::tempdir().expect("a folder") };
        repository.right(&["init", "-q", "-b", "main"]);
        repository.put("fleetcron.yaml", FLEET);
        repository.put(".gitattributes", attributes);
        for name in ["c1", "c2", "c3"] {
            repository.put(&format!("clusters/{name}.yaml"), &cluster(name, ""));
        }
        repository.put("tasks/m.yaml", &task("m", "placement: {clusters: \"*\"}"));
        repository.put("tasks/shares.yaml", &shares(10));
        repository.built("main");
        Some(repository)
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn put(&self, path: &str, text: &str) {
        support::put(self.root(), &vec![(path.to_owned(), text.to_owned())]);
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.root().join("fleetcron.lock")).expect("a lock")
    }

    fn git(&self, args: &[&str]) -> Output {
        let mut git = Command::new("git");
        git.current_dir(self.root()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        git.args(args).output().expect("git runs")
    }

    /// A command of Git that must succeed.
    fn right(&self, args: &[&str]) {
        let output = self.git(args);
        assert!(output.status.success(), "git {}: {output:?}", args.join(" "));
    }

    /// Builds; what is said, and what is grumbled.
    fn build(&self) -> (String, String) {
        let output = support::run(self.root(), &["build"]);
        let (said, grumbled) = (support::said(&output), support::grumbled(&output));
        assert!(output.status.success(), "{said}{grumbled}");
        (said, grumbled)
    }

    /// Builds and commits all.
    fn built(&self, message: &str) {
        self.build();
        self.right(&["add", "-A"]);
        self.right(&["commit", "-q", "-m", message]);
    }

    /// A branch off `main` with some files changed, built and committed.
    fn branch(&self, name: &str, changes: &[(&str, &str)]) {
        self.right(&["checkout", "-q", "-b", name, "main"]);
        changes.iter().for_each(|(path, text)| self.put(path, text));
        self.built(name);
    }

    /// What `check` says, and whether it is satisfied.
    fn check(&self) -> (bool, String) {
        let output = support::run(self.root(), &["check"]);
        (output.status.success(), format!("{}{}", support::said(&output), support::grumbled(&output)))
    }

    /// The lock is right and in order, and another build changes nothing.
    fn settled(&self) {
        let lock = self.lock();
        let mut lines: Vec<&str> = lock.lines().skip(1).collect();
        lines.sort_unstable();
        assert!(lock.lines().skip(1).eq(lines), "not in order:\n{lock}");
        let (satisfied, said) = self.check();
        assert!(satisfied, "{said}\n{lock}");
        self.build();
        assert_eq!(self.lock(), lock);
    }
}

fn shares(instances: u32) -> String {
    task("shares", &format!("placement: {{clusters: \"*\", strategy: Aggregated}}\n  instances: {instances}"))
}

#[test]
fn two_branches_that_add_tasks_merge_by_themselves() {
    let Some(repository) = Repository::new(UNION) else { return };
    repository.branch("one", &[("tasks/n1.yaml", &task("n1", "placement: {clusters: \"*\"}"))]);
    repository.branch("two", &[("tasks/n2.yaml", &task("n2", "placement: {clusters: [c2]}\n  active: [c2]"))]);
    repository.right(&["merge", "-q", "--no-edit", "one"]);
    let (satisfied, said) = repository.check();
    assert!(satisfied, "the merged lock is right as it is, in whatever order\n{said}");
    let (said, grumbled) = repository.build();
    assert!(!said.contains("change") && grumbled.is_empty(), "{said}{grumbled}");
    repository.settled();
}

#[test]
fn two_branches_that_add_clusters_merge_by_themselves() {
    let Some(repository) = Repository::new(UNION) else { return };
    repository.branch("one", &[("clusters/c4.yaml", &cluster("c4", ""))]);
    repository.branch("two", &[("clusters/c5.yaml", &cluster("c5", ""))]);
    let shares: Vec<String> = lines(&repository.lock(), "billing/shares ");
    repository.right(&["merge", "-q", "--no-edit", "one"]);
    let (satisfied, said) = repository.check();
    assert!(satisfied, "{said}");
    repository.build();
    repository.settled();
    assert_eq!(lines(&repository.lock(), "billing/m ").len(), 5);
    assert_eq!(lines(&repository.lock(), "billing/shares "), shares, "a new cluster moves nothing that is recorded");
}

/// Neither branch could know what the other one needs.
#[test]
fn a_task_and_a_cluster_meet_in_the_next_build() {
    let Some(repository) = Repository::new(UNION) else { return };
    repository.branch("one", &[("clusters/c4.yaml", &cluster("c4", ""))]);
    repository.branch("two", &[("tasks/new.yaml", &task("new", "placement: {clusters: \"*\"}"))]);
    repository.right(&["merge", "-q", "--no-edit", "one"]);
    let (satisfied, said) = repository.check();
    assert!(
        !satisfied && said.contains("[lock-changed]: the lock would change: billing/new: now also on c4"),
        "{said}"
    );
    let (said, _) = repository.build();
    assert!(
        said.contains(
            "fleetcron.lock: 1 change\n  billing/new: now also on c4, because it goes to every cluster that fits"
        ),
        "{said}"
    );
    repository.settled();
}

/// One drains a cluster, the other another: the facts of both sides do not add up, and none contradicts another.
#[test]
fn two_drains_are_brought_together() {
    let Some(repository) = Repository::new(UNION) else { return };
    let drained = "  taints: [{key: maintenance, effect: NoExecute}]\n";
    repository.put("tasks/shares.yaml", &shares(6));
    repository.built("less");
    repository.branch("one", &[("clusters/c1.yaml", &cluster("c1", drained))]);
    repository.branch("two", &[("clusters/c2.yaml", &cluster("c2", drained))]);
    // In the output a file is gone here and changed there; the next build settles that too.
    let merge = repository.git(&["merge", "-q", "--no-edit", "one"]);
    assert!(!String::from_utf8_lossy(&merge.stdout).contains("CONFLICT (content): Merge conflict in fleetcron.lock"));
    let (said, _) = repository.build();
    assert!(said.contains("c1 is now tainted") || said.contains("c2 is now tainted"), "{said}");
    assert_eq!(lines(&repository.lock(), "billing/shares cluster"), ["billing/shares cluster c3 6"]);
    assert_eq!(lines(&repository.lock(), "billing/m cluster"), ["billing/m cluster c3 1"]);
    repository.settled();
}

#[test]
fn two_numbers_of_instances_are_a_contradiction_and_decided_anew() {
    let Some(repository) = Repository::new(UNION) else { return };
    repository.branch("one", &[("tasks/shares.yaml", &shares(12))]);
    repository.branch("two", &[("tasks/shares.yaml", &shares(14))]);
    // The text of the task is for people to resolve; the lock is not.
    repository.right(&["merge", "-q", "--no-edit", "-X", "ours", "one"]);
    let (satisfied, said) = repository.check();
    assert!(!satisfied && said.contains("[lock-contradiction]") && said.contains("[lock-changed]"), "{said}");
    let (said, grumbled) = repository.build();
    assert!(
        grumbled.contains("[lock-contradiction]: the lock contradicts itself about task `billing/shares`"),
        "{grumbled}"
    );
    assert!(said.contains("billing/shares: ") && said.contains("the lock contradicts itself"), "{said}");
    assert_eq!(instances(&repository.lock(), "billing/shares"), 14);
    repository.settled();
}

#[test]
fn without_the_attribute_the_markers_are_read_as_both_sides() {
    let Some(repository) = Repository::new("") else { return };
    repository.branch("one", &[("tasks/n1.yaml", &task("n1", "placement: {clusters: \"*\"}"))]);
    let (_, grumbled) = repository.build();
    assert!(grumbled.contains("[lock-merge]"), "{grumbled}");
    repository.branch("two", &[("tasks/n2.yaml", &task("n2", "placement: {clusters: \"*\"}"))]);
    for style in ["merge", "diff3", "zdiff3"] {
        let merge = repository.git(&["-c", &format!("merge.conflictStyle={style}"), "merge", "-q", "--no-edit", "one"]);
        assert!(!merge.status.success() && repository.lock().contains("<<<<<<< "), "{style}: {merge:?}");
        let (satisfied, said) = repository.check();
        assert!(!satisfied && said.contains("[lock-changed]: the lock holds an unresolved merge"), "{said}");
        let (said, grumbled) = repository.build();
        assert!(grumbled.contains("note[lock-conflict]") && !said.contains("change"), "{style}: {said}{grumbled}");
        assert!(said.contains("fleetcron.lock: put in order"), "{said}");
        repository.settled();
        repository.right(&["merge", "--abort"]);
    }
}

#[test]
fn without_the_attribute_a_contradiction_is_decided_anew_too() {
    let Some(repository) = Repository::new("") else { return };
    repository.branch("one", &[("tasks/shares.yaml", &shares(12))]);
    repository.branch("two", &[("tasks/shares.yaml", &shares(14))]);
    for style in ["merge", "diff3"] {
        let merge = repository.git(&["-c", &format!("merge.conflictStyle={style}"), "merge", "-q", "--no-edit", "one"]);
        assert!(!merge.status.success(), "{merge:?}");
        repository.right(&["checkout", "-q", "--theirs", "tasks/shares.yaml"]);
        let (said, grumbled) = repository.build();
        assert!(grumbled.contains("[lock-conflict]") && grumbled.contains("[lock-contradiction]"), "{grumbled}");
        assert!(said.contains("the lock contradicts itself"), "{said}");
        assert_eq!(instances(&repository.lock(), "billing/shares"), 12);
        repository.settled();
        repository.right(&["merge", "--abort"]);
    }
}

/// The lines of a lock that begin so.
fn lines(lock: &str, with: &str) -> Vec<String> {
    lock.lines().filter(|line| line.starts_with(with)).map(str::to_owned).collect()
}

/// All instances of a task.
fn instances(lock: &str, task: &str) -> u32 {
    let counts = lines(lock, &format!("{task} cluster "));
    counts.iter().map(|line| line.rsplit(' ').next().expect("a number").parse::<u32>().expect("a number")).sum()
}
