//! Repositories of Git as people have them, and the program run in them.

mod branch;
mod hooks;
mod judged;
mod left;
mod renamed;
mod views;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support;

/// A Git that knows neither the user nor the machine.
pub(crate) fn git_command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    scrub(&mut command);
    command.current_dir(dir);
    command
}

/// Takes away what could differ between two machines.
pub(crate) fn scrub(command: &mut Command) {
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "FLEETCRON_ALLOW_DELETIONS"]
        .iter()
        .chain(&["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"])
    {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.com");
        command.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
    }
}

/// Runs Git; it must succeed.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let output = git_command(dir).args(args).output().expect("git starts");
    assert!(output.status.success(), "git {args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A repository with a fleet, built and committed.
pub(super) struct Repo {
    _home: tempfile::TempDir,
    pub(super) dir: PathBuf,
}

const CLUSTERS: &str = "apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: eu-1, labels: {env: prod}}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: us-1, labels: {env: prod}}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: us-2, labels: {env: test}}
";

/// A task of that name everywhere, with an image of that tag.
pub(super) fn task(name: &str, tag: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}, namespace: billing}}\nspec:\n  \
         placement: {{clusters: \"*\"}}\n  schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  \
         container: {{image: \"registry.example.com/billing/{name}:{tag}\"}}\n"
    )
}

impl Repo {
    /// An empty repository.
    pub(super) fn empty() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().canonicalize().expect("a folder").join("repo");
        std::fs::create_dir(&dir).expect("a folder");
        git(&dir, &["init", "-q", "-b", "main"]);
        Self { _home: home, dir }
    }

    /// Two tasks on three clusters, built and committed.
    pub(super) fn new() -> Self {
        let repo = Self::empty();
        repo.put(".gitattributes", "fleetcron.lock merge=union\n");
        repo.put("clusters/all.yaml", CLUSTERS);
        repo.put("tasks/rollup.yaml", &task("rollup", "1.4"));
        repo.put("tasks/report.yaml", &task("report", "2.0"));
        repo.build();
        repo.commit("first");
        repo
    }

    pub(super) fn put(&self, path: &str, text: &str) {
        support::put(&self.dir, &vec![(path.to_owned(), text.to_owned())]);
    }

    pub(super) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.join(path)).unwrap_or_default()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.dir, args)
    }

    pub(super) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// Runs the program here.
    pub(super) fn run(&self, args: &[&str]) -> Output {
        run(&self.dir, args)
    }

    pub(super) fn build(&self) {
        let output = self.run(&["build"]);
        assert!(output.status.success(), "{}", support::grumbled(&output));
    }
}

/// Runs the program in a folder, with nothing of the user's Git.
pub(super) fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = support::program(dir);
    scrub(&mut command);
    // The texts that are kept are as wide as a terminal of a hundred columns.
    command.args(args).env("COLUMNS", "100").output().expect("the program starts")
}
