//! Formats that CI services read: GitHub annotations and job summary, SARIF, GitLab Code Quality, JUnit.
//!
//! Each format is a function from a [`Report`] to a text; only this file knows the environment and the folders that a
//! report is made from. A run that fails before anything was found is a report too, never an empty one.

mod found;
mod github;
mod gitlab;
mod junit;
mod sarif;
mod summary;

use std::path::Path;

use self::found::{Found, Output, Places};
use super::args::{Command, Format};
use super::plain;
use super::session::{Session, Task};
use crate::diag::{Code, Diagnostics};
use crate::repo;
use crate::sink;
use crate::tree::{FileId, SourceTree};

/// The file that GitHub Actions shows as the summary of a job.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// What all forms are made from.
struct Report<'a> {
    /// `build` or `check`.
    command: &'static str,
    diags: &'a Diagnostics,
    sources: &'a SourceTree,
    /// The diagnostics in plain words, errors first.
    found: Vec<Found>,
    places: Places,
    tasks: &'a [Task],
    /// Why there is no result.
    failure: Option<&'a str>,
    exit: u8,
}

impl Report<'_> {
    fn title(&self) -> String {
        format!("fleetcron {}", self.command)
    }

    /// A file of the fleet from the top of the repository.
    fn source(&self, file: FileId) -> String {
        self.places.source(self.sources, file)
    }
}

/// The page of a code, for a browser.
fn page(code: Code) -> String {
    format!("{}/blob/main/docs/errors/{}.md", env!("CARGO_PKG_REPOSITORY"), code.name())
}

/// Why a format makes no sense for a command; `None` if it does.
pub(super) fn refused(format: Format, command: &Command) -> Option<String> {
    if format == Format::Markdown && !matches!(command, Command::Diff(_)) {
        return Some("`--format markdown` is there for `diff` alone: take `--format text` or `json`".to_owned());
    }
    let fits = !format.is_report() || matches!(command, Command::Build(_) | Command::Check(_));
    (!fits).then(|| {
        let name = format.name();
        format!(
            "`--format {name}` reports what `build` or `check` found: take one of them, or `--format text` or `json`"
        )
    })
}

/// What goes to standard output, and a remark if there is one. The summary of a job is written where GitHub asks for it.
pub(super) fn report(
    format: Format,
    command: &Command,
    session: Option<&Session>,
    failure: Option<&str>,
    exit: u8,
) -> (String, Option<String>) {
    let failure = failure.map(plain::lines);
    let failure = failure.as_deref();
    let nothing = (Diagnostics::new(), SourceTree::default());
    let (diags, sources) = session.map_or((&nothing.0, &nothing.1), |session| (&session.diags, session.tree()));
    let (name, out, branch) = match command {
        Command::Build(args) => ("build", args.out.as_deref(), args.commit_to.is_some()),
        Command::Check(args) => ("check", args.out.as_deref(), false),
        _ => ("", None, false),
    };
    let places = Places {
        prefix: session.map(|session| repo::prefix(&session.root, &session.view)).unwrap_or_default(),
        output: match (out, session) {
            (Some(out), Some(session)) => Output::Folder(out.display().to_string(), at(session)),
            _ if branch => Output::Branch,
            _ => Output::Below,
        },
    };
    let found = found::all(diags, sources, &places);
    let tasks = session.map_or(&[][..], |session| &session.tasks);
    let report = Report { command: name, diags, sources, found, places, tasks, failure, exit };
    let (text, remark) = match format {
        Format::Github => (github::annotations(&report), summed_up(&report)),
        Format::Sarif => (sarif::document(&report), None),
        Format::Gitlab => (gitlab::document(&report), None),
        Format::Junit => (junit::document(&report), None),
        Format::Text | Format::Json | Format::Markdown => (String::new(), None),
    };
    (plain::report(format, &text).into_owned(), remark)
}

/// `--out` from the top of the repository.
fn at(session: &Session) -> Option<String> {
    repo::within(&session.root, session.out.as_deref()?)
}

/// Adds the report to the summary of the job, if there is one. That it cannot be written is worth a remark, no more.
fn summed_up(report: &Report<'_>) -> Option<String> {
    let file = std::env::var_os(SUMMARY).filter(|file| !file.is_empty())?;
    let mut full = false;
    let written = sink::append(Path::new(&file), |held| {
        let room = usize::try_from(held).map_or(0, |held| summary::LIMIT.saturating_sub(held));
        let text = plain::lines(&summary::summary(report, room));
        full = text.is_empty();
        text
    });
    match written {
        Err(error) => {
            Some(format!("note: the job summary has nothing of this: {}", super::outcome::Failure::run(&error)))
        }
        Ok(()) if full => Some("note: the job summary has nothing of this: it is full".to_owned()),
        Ok(()) => None,
    }
}
