//! `init` and `new` as a user runs them: an empty folder becomes a repository, a task comes into it.

mod asked;
mod hooks;
mod init;
mod new;
mod start;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::git::scrub;
use crate::support;

/// A folder of its own, and the program in it.
pub(super) struct Place {
    _home: tempfile::TempDir,
    pub(super) dir: PathBuf,
}

impl Place {
    /// An empty folder.
    pub(super) fn empty() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().canonicalize().expect("a folder").join("acme");
        std::fs::create_dir(&dir).expect("a folder");
        Self { _home: home, dir }
    }

    /// A new fleet in a new Git repository.
    pub(super) fn fleet() -> Self {
        let place = Self::empty();
        place.git(&["init", "-q", "-b", "main"]);
        place.fine(&["init"]);
        place
    }

    pub(super) fn put(&self, path: &str, text: &str) {
        support::put(&self.dir, &vec![(path.to_owned(), text.to_owned())]);
    }

    pub(super) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.join(path)).unwrap_or_default()
    }

    /// All files but Git's own.
    pub(super) fn files(&self) -> Vec<String> {
        support::read(&self.dir).into_keys().filter(|path| !path.starts_with(".git/")).collect()
    }

    pub(super) fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = match program {
            "fleetcron" => support::program(dir),
            other => {
                let mut command = Command::new(other);
                command.current_dir(dir);
                command
            }
        };
        scrub(&mut command);
        command.env("HOME", self.dir.parent().expect("a folder"));
        command.env_remove("XDG_CONFIG_HOME");
        command
    }

    pub(super) fn git(&self, args: &[&str]) -> String {
        let output = self.command("git", &self.dir).args(args).output().expect("git starts");
        assert!(output.status.success(), "git {args:?}\n{}", support::grumbled(&output));
        support::said(&output)
    }

    pub(super) fn run(&self, args: &[&str]) -> Output {
        self.command("fleetcron", &self.dir).args(args).output().expect("the program starts")
    }

    /// Runs the program, which must find everything right; what it said.
    pub(super) fn fine(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}\n{}{}", support::said(&output), support::grumbled(&output));
        support::said(&output)
    }

    /// Runs the program, which must end with that code; what it said and grumbled.
    pub(super) fn ends(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let told = format!("{}{}", support::said(&output), support::grumbled(&output));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{told}");
        told
    }
}

/// The documents of a text, as another reader of YAML sees them.
pub(super) fn documents(text: &str) -> Vec<serde_json::Value> {
    use serde::Deserialize as _;
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.map(|document| serde_json::Value::deserialize(document).expect("YAML")).collect()
}
