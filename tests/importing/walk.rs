//! Runs the walk of docs/migrate.md, command by command, on the copies that it is about.

use std::fs;
use std::path::Path;

use crate::readme::{shown, words};
use crate::support;

#[test]
fn every_command_of_the_page_about_migration_answers_as_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/migrate.md")).expect("the page");
    let dir = tempfile::tempdir().expect("a folder");
    for (path, bytes) in support::read(&root.join("fixtures/import/copies")) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }
    let commands = shown(&page);
    assert!(commands.len() >= 4, "the page shows {} commands", commands.len());
    for (command, answer) in commands {
        let words = words(&command);
        let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let found = match words[0].as_str() {
            "cat" => args.iter().map(|path| fs::read_to_string(dir.path().join(path)).expect("a file")).collect(),
            program => {
                assert_eq!(program, "fleetcron", "{command}");
                let output = support::program(dir.path()).args(&args).env("COLUMNS", "100").output().expect("started");
                assert_eq!(output.status.code(), Some(0), "{command}: {}", support::grumbled(&output));
                format!("{}{}", support::said(&output), support::grumbled(&output))
            }
        };
        assert_eq!(found.trim(), answer.trim(), "$ {command}");
    }
}
