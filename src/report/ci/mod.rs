//! Formats that CI services read: GitHub annotations and job summary, SARIF, GitLab Code Quality, JUnit.
//!
//! Each format is a function from a [`CiReport`] to a text. A run that fails before anything was found is a report too,
//! never an empty one.

mod finding;
mod github;
mod gitlab;
mod junit;
mod sarif;
mod summary;

use self::finding::CiFinding;
pub use self::finding::{OutputLocation, ReportPaths};
pub use self::github::annotations as github;
pub use self::gitlab::document as gitlab;
pub use self::junit::document as junit;
pub use self::sarif::document as sarif;
pub use self::summary::{LIMIT as SUMMARY_LIMIT, summary as job_summary};
use crate::diag::{Code, Diagnostics};
use crate::model::Identity;
use crate::tree::{FileId, SourceTree, Span};

/// A task and where its name stands.
pub struct TaskSource {
    /// Namespace and name.
    pub identity: Identity,
    /// The span of its name.
    pub name_span: Span,
}

/// What all formats are made from.
pub struct CiReport<'a> {
    /// `build` or `check`.
    command: &'static str,
    diags: &'a Diagnostics,
    sources: &'a SourceTree,
    /// The diagnostics in plain words, errors first.
    findings: Vec<CiFinding>,
    places: ReportPaths,
    tasks: &'a [TaskSource],
    /// Why there is no result.
    failure: Option<&'a str>,
    exit: u8,
}

impl<'a> CiReport<'a> {
    /// Collects what all formats share; `exit` is the exit code.
    pub fn new(
        command: &'static str,
        (diags, sources): (&'a Diagnostics, &'a SourceTree),
        places: ReportPaths,
        tasks: &'a [TaskSource],
        failure: Option<&'a str>,
        exit: u8,
    ) -> Self {
        let findings = finding::collect(diags, sources, &places);
        Self { command, diags, sources, findings, places, tasks, failure, exit }
    }

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
