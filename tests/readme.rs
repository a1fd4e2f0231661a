//! Runs every command that README.md and docs/tour.md show, and compares the answers.

use std::path::Path;

use crate::support;

/// The words of a command line; double quotes hold words together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// The commands of the `console` blocks, each with the answer shown.
pub(crate) fn shown(page: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
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

fn check_page(name: &str, least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join(name)).expect("the page");
    let commands = shown(&page);
    assert!(commands.len() >= least, "{name} shows {} commands", commands.len());
    for (command, answer) in commands {
        let words = words(&command);
        assert_eq!(words.first().map(String::as_str), Some("fleetcron"), "{command}");
        let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let output = support::program(root).args(&args).env("COLUMNS", "100").output().expect("the program starts");
        let said = format!("{}{}", support::said(&output), support::grumbled(&output));
        assert_eq!(said.trim(), answer.trim(), "{name}: $ {command}");
    }
}

#[test]
fn every_command_of_the_readme_answers_as_shown() {
    check_page("README.md", 2);
}

#[test]
fn every_command_of_the_tour_answers_as_shown() {
    check_page("docs/tour.md", 5);
}

#[test]
fn the_readme_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    assert!(page.split_whitespace().count() < 900);
}
