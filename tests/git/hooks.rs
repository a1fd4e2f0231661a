//! The real `pre-commit`, with the hooks that the repository offers, and a plain hook of Git.
//!
//! The hooks of `language: system` run this build; building one by `language: rust` would take minutes and a network, so of
//! these only the manifest is checked, by `pre-commit` itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Repo, scrub, task};

/// Where `pre-commit` is; `None` says loudly that it is not.
fn pre_commit() -> Option<PathBuf> {
    let there = |name: &Path| Command::new(name).arg("--version").output().is_ok_and(|ran| ran.status.success());
    let named = std::env::var_os("FLEETCRON_PRE_COMMIT").map(PathBuf::from);
    let found = named.into_iter().chain([PathBuf::from("pre-commit")]).find(|name| there(name));
    if found.is_none() {
        println!("SKIPPED: `pre-commit` is not installed (`pip install pre-commit`), the hooks are not tried");
    }
    found
}

/// A repository whose commits go through `pre-commit`.
struct Hooked {
    repo: Repo,
    path: std::ffi::OsString,
    home: PathBuf,
}

impl Hooked {
    fn new(pre_commit: &Path, id: &str) -> Self {
        let repo = Repo::new();
        let home = repo.dir.parent().expect("a folder").to_path_buf();
        // The hooks come from a repository, as people use them: this one's manifest, committed.
        let hooks = home.join("hooks");
        fs::create_dir(&hooks).expect("a folder");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
        fs::copy(manifest, hooks.join(".pre-commit-hooks.yaml")).expect("a copy");
        super::git(&hooks, &["init", "-q"]);
        super::git(&hooks, &["add", "-A"]);
        super::git(&hooks, &["commit", "-q", "-m", "hooks"]);
        let rev = super::git(&hooks, &["rev-parse", "HEAD"]);
        let config = format!("repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: {id}\n", hooks.display(), rev.trim());
        repo.put(".pre-commit-config.yaml", &config);
        let binary = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder");
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(binary.to_path_buf()).chain(std::env::split_paths(&old)));
        let hooked = Self { repo, path: path.expect("a path"), home };
        let installed = hooked.command(pre_commit).arg("install").output().expect("pre-commit starts");
        assert!(installed.status.success(), "{}", told(&installed));
        hooked.repo.git(&["add", "-A"]);
        let first = hooked.commit("hooks");
        assert!(first.status.success(), "{}", told(&first));
        hooked
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        scrub(&mut command);
        command.current_dir(&self.repo.dir).env("PATH", &self.path).env("PRE_COMMIT_HOME", self.home.join("cache"));
        command
    }

    fn commit(&self, message: &str) -> Output {
        self.command(Path::new("git")).args(["commit", "-m", message]).output().expect("git starts")
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn pre_commit_finds_the_manifest_right() {
    let Some(pre_commit) = pre_commit() else { return };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let ran = Command::new(pre_commit).arg("validate-manifest").arg(manifest).output().expect("pre-commit starts");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{}", told(&ran));
}

#[test]
fn pre_commit_check() {
    let Some(pre_commit) = pre_commit() else { return };
    let hooked = Hooked::new(&pre_commit, "fleetcron-check-system");
    let repo = &hooked.repo;

    // A clean commit passes.
    repo.put("notes.txt", "a");
    repo.git(&["add", "-A"]);
    let ran = hooked.commit("clean");
    assert!(ran.status.success() && told(&ran).contains("fleetcron check"), "{}", told(&ran));

    // Stale output fails and names the command.
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.git(&["add", "-A"]);
    let ran = hooked.commit("stale");
    assert!(
        !ran.status.success() && told(&ran).contains("`fleetcron build`, then `git add rendered`"),
        "{}",
        told(&ran)
    );
    repo.build();
    repo.git(&["add", "-A"]);
    assert!(hooked.commit("built").status.success());

    // A task is judged by its staged bytes: the rest of the edit is not in the commit.
    repo.put("tasks/rollup.yaml", &task("rollup", "1.6"));
    repo.build();
    repo.git(&["add", "-A"]);
    repo.put("tasks/rollup.yaml", "half a thought: [");
    let ran = hooked.commit("partly staged");
    assert!(ran.status.success(), "{}", told(&ran));
    assert_eq!(repo.text("tasks/rollup.yaml"), "half a thought: [");
    repo.git(&["restore", "."]);

    // An untracked task does not leak.
    repo.put("tasks/untracked.yaml", &task("untracked", "1"));
    repo.put("notes.txt", "b");
    repo.git(&["add", "notes.txt"]);
    let ran = hooked.commit("beside an untracked task");
    assert!(ran.status.success(), "{}", told(&ran));
    fs::remove_file(repo.dir.join("tasks/untracked.yaml")).expect("removed");

    // A commit that only deletes a task is caught.
    repo.git(&["rm", "-q", "tasks/report.yaml"]);
    let ran = hooked.commit("only a deletion");
    assert!(!ran.status.success(), "{}", told(&ran));
    assert!(told(&ran).contains("report.cronjob.yaml") && told(&ran).contains("lock-changed"), "{}", told(&ran));
}

#[test]
fn pre_commit_build() {
    let Some(pre_commit) = pre_commit() else { return };
    let hooked = Hooked::new(&pre_commit, "fleetcron-build-system");
    let repo = &hooked.repo;

    // The new files are added; the lock is written, and for whoever commits to look at.
    repo.put("tasks/new.yaml", &task("new", "1"));
    repo.git(&["add", "tasks/new.yaml"]);
    let ran = hooked.commit("a task");
    assert!(!ran.status.success() && told(&ran).contains("wrote: 3 new"), "{}", told(&ran));
    assert!(told(&ran).contains("`git add -u -- rendered fleetcron.lock`, commit again"), "{}", told(&ran));
    let status = repo.git(&["status", "--short"]);
    assert!(
        status.contains("A  rendered/eu-1/billing/new.cronjob.yaml") && status.contains(" M fleetcron.lock"),
        "{status}"
    );
    repo.git(&["add", "-u"]);
    assert!(hooked.commit("a task").status.success());
    assert_eq!(repo.git(&["status", "--short"]), "");
    assert_eq!(repo.run(&["check", "--at", "HEAD"]).status.code(), Some(0));

    // Of a partly staged task the staged part is built, and no edit is lost, of the output neither.
    repo.put("notes.txt", "one\n");
    repo.git(&["add", "notes.txt"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "notes"]);
    repo.put("notes.txt", "one\ntwo\n");
    repo.put("tasks/new.yaml", &task("new", "2"));
    repo.git(&["add", "tasks"]);
    repo.put("tasks/new.yaml", &task("new", "3"));
    repo.build();
    let before =
        (repo.text("notes.txt"), repo.text("tasks/new.yaml"), repo.text("rendered/us-1/billing/new.cronjob.yaml"));
    let ran = hooked.commit("half of it");
    assert!(!ran.status.success(), "{}", told(&ran));
    let after =
        (repo.text("notes.txt"), repo.text("tasks/new.yaml"), repo.text("rendered/us-1/billing/new.cronjob.yaml"));
    assert_eq!(before, after, "{}", told(&ran));
    repo.git(&["add", "-A"]);
    assert!(hooked.commit("all of it").status.success());
    assert_eq!(repo.git(&["status", "--short"]), "");

    // A commit that only deletes a task takes its output along; one that would empty a cluster is stopped.
    repo.git(&["rm", "-q", "tasks/new.yaml"]);
    assert!(!hooked.commit("without it").status.success());
    repo.git(&["add", "-u"]);
    let ran = hooked.commit("without it");
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(!repo.dir.join("rendered/eu-1/billing/new.cronjob.yaml").exists());
    repo.git(&["rm", "-q", "-r", "tasks"]);
    let ran = hooked.commit("without all");
    assert!(!ran.status.success() && told(&ran).contains("error[deletions]"), "{}", told(&ran));
    assert!(repo.dir.join("rendered/eu-1/billing/rollup.cronjob.yaml").exists());
    let meant = || {
        let mut commit = hooked.command(Path::new("git"));
        commit.env("FLEETCRON_ALLOW_DELETIONS", "eu-1,us-1,us-2").args(["commit", "-m", "meant"]);
        commit.output().expect("git starts")
    };
    assert!(!meant().status.success());
    repo.git(&["add", "-u"]);
    let ran = meant();
    assert!(ran.status.success(), "{}", told(&ran));
    assert_eq!(repo.git(&["ls-files", "rendered"]).lines().count(), 3, "the markers of idle clusters");
}

#[test]
fn a_plain_hook_of_git() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::new();
    let hook = repo.dir.join(".git/hooks/pre-commit");
    let script = format!("#!/bin/sh\nexec '{}' check --staged\n", env!("CARGO_BIN_EXE_fleetcron"));
    repo.put(".git/hooks/pre-commit", &script);
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).expect("executable");
    let commit = || super::git_command(&repo.dir).args(["commit", "-m", "x"]).output().expect("git starts");
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.git(&["add", "-A"]);
    let ran = commit();
    assert!(!ran.status.success() && told(&ran).contains("`git add rendered`"), "{}", told(&ran));
    repo.build();
    repo.git(&["add", "-A"]);
    // Nothing is stashed here: what lies in the work tree is half a thought, and the index is right.
    repo.put("tasks/rollup.yaml", "half a thought: [");
    repo.put("tasks/untracked.yaml", &task("untracked", "1"));
    let ran = commit();
    assert!(ran.status.success(), "{}", told(&ran));
    repo.git(&["restore", "."]);
    fs::remove_file(repo.dir.join("tasks/untracked.yaml")).expect("removed");
    repo.git(&["rm", "-q", "tasks/report.yaml"]);
    let ran = commit();
    assert!(!ran.status.success() && told(&ran).contains("report.cronjob.yaml"), "{}", told(&ran));
}
