//! What docs/start.md shows is what comes out. It judges no prose.
//!
//! The one idea: the page is one session in one shell, from an empty folder on; `BLESS=1` writes down what it answers.

use std::fs;
use std::path::{Path, PathBuf};

use super::Place;
use crate::support::{grumbled, said};

/// What a line typed in a folder answers.
fn answer(place: &Place, dir: &Path, line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder");
    let old = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binary.to_path_buf()).chain(std::env::split_paths(&old)));
    let mut command = place.command("sh", dir);
    command.env("PATH", path.expect("a path")).env_remove("COLUMNS").env_remove("CLICOLOR_FORCE");
    let output = command.args(["-c", line]).output().expect("sh starts");
    format!("{}{}", said(&output), grumbled(&output))
}

/// Walks a page: every command of the blocks that begin with `fence`, in one session from an empty folder on.
pub(crate) fn walk(name: &str, fence: &str, least: usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let page = fs::read_to_string(&file).expect("the page");
    let place = Place::empty();
    let mut dir: PathBuf = place.dir.clone();
    let mut found = String::new();
    let (mut console, mut commands) = (false, 0);
    for line in page.lines() {
        match (console, line) {
            (false, begins) if begins == fence => {
                console = true;
                found.push_str(&format!("{line}\n"));
            }
            (true, "```") => {
                console = false;
                found.push_str(&format!("{line}\n"));
            }
            (false, line) => found.push_str(&format!("{line}\n")),
            (true, line) => {
                let Some(typed) = line.strip_prefix("$ ") else { continue };
                commands += 1;
                found.push_str(&format!("{line}\n"));
                match typed.strip_prefix("cd ") {
                    Some(below) => dir = dir.join(below),
                    None => {
                        let told = answer(&place, &dir, typed);
                        found.push_str(&told);
                        found.push_str(if told.is_empty() || told.ends_with('\n') { "" } else { "\n" });
                    }
                }
            }
        }
    }
    // A report ends with an empty line; in a page that is only white space.
    let found = found.replace("\n\n```\n", "\n```\n");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &found).expect("written");
    }
    assert!(commands >= least, "{name} shows {commands} commands");
    assert_eq!(found, fs::read_to_string(&file).expect("the page"));
}

#[test]
fn every_command_of_the_page_answers_as_shown() {
    walk("docs/start.md", "```console", 15);
}
