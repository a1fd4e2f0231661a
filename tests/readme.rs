//! What README.md shows is what comes out. It judges no prose.
//!
//! The one idea: every `console` block is run from the root of the project, line by line, and its answer compared. The
//! `console tour` blocks of a page are one session of a shell, begun in an empty folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support;

/// The words of a command line; double quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// The commands of the blocks that begin so, each with the answer shown.
fn shown(page: &str, begin: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let blocks = page.split(begin).skip(1).filter_map(|rest| rest.split("```").next());
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, answer))) => {
                answer.push_str(line);
                answer.push('\n');
            }
            (None, None) => panic!("an answer without a command: {line}"),
        }
    }
    commands
}

#[test]
fn every_command_of_the_readme_answers_as_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    let commands = shown(&page, "```console\n");
    assert!(commands.len() >= 4, "the README shows {} commands", commands.len());
    for (command, answer) in commands {
        let words = words(&command);
        assert_eq!(words.first().map(String::as_str), Some("fleetcron"), "{command}");
        let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let output = support::run(root, &args);
        let said = format!("{}{}", support::said(&output), support::grumbled(&output));
        assert_eq!(said.trim(), answer.trim(), "$ {command}");
    }
}

/// A shell that goes from command to command, as a reader does.
struct Walk {
    _home: tempfile::TempDir,
    here: PathBuf,
}

impl Walk {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let here = home.path().canonicalize().expect("a folder");
        Self { _home: home, here }
    }

    /// What a command answers, standard error included.
    fn answer(&mut self, command: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder");
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(binary.to_path_buf()).chain(std::env::split_paths(&old)));
        let script = format!("{{ {command}\n}} 2>&1; pwd > \"$0\"");
        let place = self._home.path().join("place");
        let mut shell = Command::new("sh");
        crate::git::scrub(&mut shell);
        shell.env("PATH", path.expect("a path")).env("HOME", self._home.path()).env_remove("NO_COLOR").env("COLUMNS", "100");
        let ran = shell.current_dir(&self.here).arg("-c").arg(script).arg(&place).output().expect("a shell");
        let moved = std::fs::read_to_string(&place).expect("a place");
        self.here = PathBuf::from(moved.trim());
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        text.replace(&*self._home.path().to_string_lossy(), "~")
    }
}

/// Runs the tour of a page; `BLESS=1` writes what is answered into it.
fn tour(name: &str) {
    const BEGIN: &str = "```console tour\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let page = std::fs::read_to_string(&file).expect("the page");
    let commands = shown(&page, BEGIN);
    assert!(commands.len() >= 6, "{name} shows {} commands", commands.len());
    let bless = std::env::var_os("BLESS").is_some();
    let (mut walk, mut wrong, mut blessed) = (Walk::new(), Vec::new(), page.clone());
    for (command, answer) in commands {
        let said = walk.answer(&command);
        if said.trim_end() != answer.trim_end() {
            let whole = |answer: &str| match answer.trim_end() {
                "" => format!("$ {command}\n"),
                answer => format!("$ {command}\n{answer}\n"),
            };
            blessed = blessed.replacen(&whole(&answer), &whole(&said), 1);
            wrong.push(format!("$ {command}\n--- shown\n{answer}--- said\n{said}"));
        }
    }
    if bless {
        std::fs::write(&file, blessed).expect("written");
    } else {
        assert!(wrong.is_empty(), "{name}\n{}\n`BLESS=1` writes what is said", wrong.join("\n"));
    }
}

#[test]
fn the_tour_of_the_readme_can_be_walked() {
    tour("README.md");
}
