//! The command line as the argument parser sees it: for each command the formats that it takes and examples.

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory, ValueEnum};

use super::{Cli, Format};

/// What a command takes as `--format` beside `text` and `json`, and how it is used.
struct Manual {
    name: &'static str,
    formats: &'static [Format],
    examples: [&'static str; 2],
}

/// The formats of CI services.
const REPORTS: &[Format] = &[Format::Github, Format::Sarif, Format::Gitlab, Format::Junit];

/// One row for each command.
const MANUALS: [Manual; 16] = [
    manual("init", &[], ["fleetcron init fleet", "fleetcron init --hook --ci github"]),
    manual(
        "new",
        &[],
        [
            "fleetcron new backup --image r.example.com/backup:1.4 --schedule 'daily 03:00' --all",
            "fleetcron new report --base report --schedule '0 6 * * mon' --cluster eu-1 --dry-run",
        ],
    ),
    manual("build", REPORTS, ["fleetcron build", "fleetcron build --dry-run --cluster eu-1"]),
    manual("check", REPORTS, ["fleetcron check", "fleetcron check --staged --strict"]),
    manual("render", &[], ["fleetcron render eu-1", "fleetcron render eu-1 --at HEAD~1"]),
    manual("plan", &[], ["fleetcron plan --task batch/backup", "fleetcron plan --schedules --cluster eu-1"]),
    manual("timeline", &[Format::Csv], ["fleetcron timeline --for 7d", "fleetcron timeline --at 02:00 --zone cluster"]),
    manual("explain", &[], ["fleetcron explain batch/backup eu-1", "fleetcron explain unset-time-zone"]),
    manual("diff", &[Format::Markdown], ["fleetcron diff main --format markdown", "fleetcron diff --against live/"]),
    manual("cron", &[], ["fleetcron cron '0 3 * * mon-fri' --zone Europe/Berlin", "fleetcron cron '@every 90m' -n 3"]),
    manual(
        "import",
        &[],
        [
            "fleetcron import tasks live/ --into fleet",
            "kubectl get nodes,pods -A -o json | fleetcron import clusters --cluster eu-1 --into clusters",
        ],
    ),
    manual("tidy", &[], ["fleetcron tidy", "fleetcron tidy batch/backup --write"]),
    manual("cmp", &[], ["fleetcron cmp generate", "fleetcron cmp parameters"]),
    manual("schema", &[], ["fleetcron schema Task", "fleetcron schema --out .vscode/schemas"]),
    manual(
        "completions",
        &[],
        [
            "fleetcron completions bash > ~/.local/share/bash-completion/completions/fleetcron",
            "fleetcron completions zsh",
        ],
    ),
    manual("man", &[], ["fleetcron man | man -l -", "fleetcron man --out share/man/man1"]),
];

const fn manual(name: &'static str, formats: &'static [Format], examples: [&'static str; 2]) -> Manual {
    Manual { name, formats, examples }
}

/// The whole command line, with the formats and examples of each command.
pub(in crate::cli) fn command() -> Command {
    let mut command = Cli::command();
    // A group of options is listed where its first option is: *Input* comes before *Output*.
    let root = command.get_arguments().find(|arg| arg.get_id() == "root").cloned();
    for Manual { name, formats, examples } in &MANUALS {
        let examples: Vec<String> = examples.iter().map(|example| format!("  {example}")).collect();
        let examples = format!("Examples:\n{}", examples.join("\n"));
        command = command.mut_subcommand(*name, |sub| {
            let below: Vec<String> = sub.get_subcommands().map(|below| below.get_name().to_owned()).collect();
            let grouped =
                |sub: Command| sub.after_help(examples.clone()).args(root.clone()).arg(format_argument(formats));
            below.iter().fold(grouped(sub), |sub, name| sub.mut_subcommand(name, grouped))
        });
    }
    command
}

/// `--format` as one command has it: other formats are left out of its help, and refused with what takes them.
fn format_argument(formats: &'static [Format]) -> Arg {
    Arg::new("format")
        .long("format")
        .global(true)
        .value_name("FORMAT")
        .default_value("text")
        .hide_default_value(false)
        .help("Print results in this format")
        .help_heading(super::OUTPUT)
        .value_parser(FormatParser(formats))
}

/// Reads every format and lists those that a command takes.
#[derive(Clone)]
struct FormatParser(&'static [Format]);

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &std::ffi::OsStr) -> Result<Format, clap::Error> {
        let parser = clap::builder::EnumValueParser::<Format>::new();
        parser.parse_ref(command, arg, value).map_err(|error| match error.kind() {
            ErrorKind::InvalidValue => error,
            _ => error.with_cmd(command),
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let takes = |format: &Format| matches!(format, Format::Text | Format::Json) || self.0.contains(format);
        let values = Format::value_variants().iter().filter(move |format| takes(format));
        Some(Box::new(values.filter_map(Format::to_possible_value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_and_every_example_is_understood() {
        let whole = command();
        let names: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
        let known: Vec<&str> = MANUALS.iter().map(|manual| manual.name).collect();
        assert_eq!(names, known);
        for example in MANUALS.iter().flat_map(|manual| manual.examples) {
            let own = example.split(" | ").find(|part| part.starts_with("fleetcron ")).expect("one of ours");
            let own = own.split(" > ").next().unwrap_or(own);
            let words: Vec<String> = own
                .split('\'')
                .enumerate()
                .flat_map(|(at, part)| match at % 2 {
                    0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                    _ => vec![part.to_owned()],
                })
                .collect();
            command().try_get_matches_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn the_parser_finds_no_fault_in_the_command_line() {
        command().debug_assert();
    }
}
