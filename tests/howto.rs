//! The examples of `docs/howto.md`: each job begins with the fleet at the top of the page, changes its files, and shows what
//! commands print.
//!
//! Only sections with a number in the heading are read so. In what a command prints, `...` stands for any lines.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What a section does, in its order.
enum Step {
    /// Writes a file.
    Write(String, String),
    /// Removes a file.
    Remove(String),
    /// Runs a command, and what it prints.
    Run(String, Vec<String>),
}

/// A section by its heading.
struct Section {
    heading: String,
    steps: Vec<Step>,
}

/// The path in a line of the form "`path`:".
fn named(line: &str) -> Option<&str> {
    line.strip_prefix('`')?.strip_suffix("`:")
}

fn sections(page: &str) -> Vec<Section> {
    let mut sections = vec![Section { heading: String::new(), steps: Vec::new() }];
    let (mut path, mut lines) = (None, page.lines());
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push(Section { heading: heading.to_owned(), steps: Vec::new() });
        }
        let steps = &mut sections.last_mut().expect("the first is there").steps;
        if let Some(found) = named(line) {
            path = Some(found.to_owned());
        } else if let Some(found) = line.strip_prefix("Remove `").and_then(|rest| rest.strip_suffix("`.")) {
            steps.push(Step::Remove(found.to_owned()));
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match (language, path.take()) {
                ("yaml", Some(path)) => steps.push(Step::Write(path, block.join("\n") + "\n")),
                ("console", _) => commands(&block, steps),
                _ => {}
            }
        }
    }
    sections
}

fn commands(block: &[&str], steps: &mut Vec<Step>) {
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step::Run(command.to_owned(), Vec::new())),
            (None, Some(Step::Run(_, shown))) => shown.push((*line).to_owned()),
            (None, _) => panic!("a block begins with a command: {line}"),
        }
    }
}

fn git(root: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(args)
        .current_dir(root)
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What a command prints, both streams.
fn run(root: &Path, command: &str) -> String {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("fleetcron"), "{command}");
    let done = Command::new(env!("CARGO_BIN_EXE_fleetcron"))
        .args(words)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .current_dir(root)
        .output()
        .expect("the program runs");
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

/// Whether the runs of lines between `...` stand in a text, in their order.
fn holds(shown: &[String], printed: &str) -> bool {
    let printed: Vec<&str> = printed.lines().collect();
    let mut from = 0;
    shown.split(|line| line == "...").filter(|run| !run.is_empty()).all(|run| {
        let found =
            (from..printed.len()).find(|at| printed[*at..].len() >= run.len() && printed[*at..at + run.len()] == *run);
        found.inspect(|at| from = at + run.len()).is_some()
    })
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
    fs::write(path, text).expect("written");
}

fn do_steps(root: &Path, heading: &str, steps: &[Step], wrong: &mut Vec<String>) {
    for step in steps {
        match step {
            Step::Write(path, text) => write(root, path, text),
            Step::Remove(path) => fs::remove_file(root.join(path)).expect("a file of the fleet"),
            Step::Run(command, shown) => {
                let printed = run(root, command);
                if !holds(shown, &printed) {
                    wrong
                        .push(format!("{heading}: {command}\n--- shown\n{}\n--- printed\n{printed}", shown.join("\n")));
                }
            }
        }
    }
}

#[test]
fn every_job_prints_what_the_page_shows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/howto.md");
    let sections = sections(&fs::read_to_string(page).expect("the page"));
    let mut wrong = Vec::new();
    let numbered = |section: &&Section| section.heading.starts_with(|c: char| c.is_ascii_digit());
    let jobs: Vec<&Section> = sections.iter().filter(numbered).collect();
    assert_eq!(jobs.len(), 12);
    for job in jobs {
        let shows =
            job.steps.iter().filter(|step| matches!(step, Step::Run(_, shown) if shown.iter().any(|it| it != "...")));
        assert!(shows.count() > 0, "{} shows nothing", job.heading);
        let folder = tempfile::tempdir().expect("a folder");
        do_steps(folder.path(), "the fleet", &sections[0].steps, &mut wrong);
        git(folder.path(), &["init", "-q"]);
        run(folder.path(), "fleetcron build");
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-q", "-m", "the fleet"]);
        do_steps(folder.path(), &job.heading, &job.steps, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
