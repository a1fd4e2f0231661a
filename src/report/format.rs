//! The formats that results are written in.

use clap::ValueEnum;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document, its shape in docs/json.md.
    Json,
    /// For a comment on a pull request, for `diff` alone.
    Markdown,
    /// Annotations and a job summary of GitHub Actions, for `build` and `check`.
    Github,
    /// SARIF 2.1.0 for code scanning, for `build` and `check`.
    Sarif,
    /// The Code Quality report of GitLab, for `build` and `check`.
    Gitlab,
    /// JUnit XML, a test a task, for `build` and `check`.
    Junit,
    /// Comma-separated values, for `timeline` alone.
    Csv,
}

impl Format {
    /// What to type.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether a service of CI reads it.
    pub fn is_report(self) -> bool {
        matches!(self, Format::Github | Format::Sarif | Format::Gitlab | Format::Junit)
    }
}
