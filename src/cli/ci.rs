//! Prints what `build` and `check` found in the formats of CI services, and appends the job summary of GitHub Actions.
#![expect(clippy::disallowed_methods, reason = "GITHUB_STEP_SUMMARY names the job summary")]

use std::path::Path;

use super::args::{Command, Format};
use super::session::Session;
use crate::diag::Diagnostics;
use crate::report::ci::{self, CiReport, OutputLocation, ReportPaths};
use crate::report::escape;
use crate::tree::SourceTree;
use crate::{repo, sink};

/// Names the file that GitHub Actions shows as the summary of a job.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Why a format makes no sense for a command; `None` if it does.
pub(super) fn refused(format: Format, command: &Command) -> Option<String> {
    if format == Format::Markdown && !matches!(command, Command::Diff(_)) {
        return Some("`--format markdown` is there for `diff` alone: take `--format text` or `json`".to_owned());
    }
    if format == Format::Csv && !matches!(command, Command::Timeline(_)) {
        return Some("`--format csv` is there for `timeline` alone: take `--format text` or `json`".to_owned());
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
    let failure = failure.map(escape::lines);
    let failure = failure.as_deref();
    let nothing = (Diagnostics::new(), SourceTree::default());
    let (diags, sources) = session.map_or((&nothing.0, &nothing.1), |session| (&session.diags, session.tree()));
    let (name, out, branch) = match command {
        Command::Build(args) => ("build", args.out.as_deref(), args.commit_to.is_some()),
        Command::Check(args) => ("check", args.out.as_deref(), false),
        _ => ("", None, false),
    };
    let places = ReportPaths {
        prefix: session.map(|session| repo::prefix(&session.root, &session.view)).unwrap_or_default(),
        output: match (out, session) {
            (Some(out), Some(session)) => OutputLocation::Folder(out.display().to_string(), at(session)),
            _ if branch => OutputLocation::Branch,
            _ => OutputLocation::Below,
        },
    };
    let tasks = session.map_or(&[][..], |session| &session.tasks);
    let report = CiReport::new(name, (diags, sources), places, tasks, failure, exit);
    let (text, remark) = match format {
        Format::Github => (ci::github(&report), append_job_summary(&report)),
        Format::Sarif => (ci::sarif(&report), None),
        Format::Gitlab => (ci::gitlab(&report), None),
        Format::Junit => (ci::junit(&report), None),
        Format::Text | Format::Json | Format::Markdown | Format::Csv => (String::new(), None),
    };
    (escape::report(format, &text).into_owned(), remark)
}

/// `--out` from the top of the repository.
fn at(session: &Session) -> Option<String> {
    repo::within(&session.root, session.out.as_deref()?)
}

/// Adds the report to the summary of the job, if there is one. That it cannot be written is worth a remark, no more.
fn append_job_summary(report: &CiReport<'_>) -> Option<String> {
    let file = std::env::var_os(SUMMARY).filter(|file| !file.is_empty())?;
    let mut full = false;
    let written = sink::append(Path::new(&file), |held| {
        let room = usize::try_from(held).map_or(0, |held| ci::SUMMARY_LIMIT.saturating_sub(held));
        let text = escape::lines(&ci::job_summary(report, room));
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
