//! The result or failure of a command, and the exit code of each.
//!
//! 0 fine; 1 the files are wrong, the output differs, or a guard stopped the run; 2 could not run.

use serde_json::Value;

use crate::diag::Diagnostics;
use crate::report::TextAndJson;
use crate::report::diagnostics::InvalidArgument;

/// What a command found.
#[derive(Debug)]
pub(super) struct Outcome {
    /// For people, to standard output.
    pub(super) text: String,
    /// For programs.
    pub(super) value: Value,
    /// The text goes to a file or another program: it is printed byte for byte.
    pub(super) data: bool,
    /// The files are wrong, the output differs, or a guard stopped.
    pub(super) wrong: bool,
    /// The text only says that all went well: `-q` leaves it out.
    pub(super) chatty: bool,
    /// For people, to standard error.
    pub(super) remarks: Vec<String>,
    /// What is wrong, of a command that has no session to hold it; none has a place in a text.
    pub(super) diags: Diagnostics,
}

impl Outcome {
    /// A result, all fine.
    pub(super) fn result(text: String, value: Value) -> Self {
        let (remarks, diags) = (Vec::new(), Diagnostics::new());
        Self { text, value, data: false, wrong: false, chatty: false, remarks, diags }
    }

    /// A result that another program reads: manifests, documents, a script.
    pub(super) fn data(text: String, value: Value) -> Self {
        Self { data: true, ..Self::result(text, value) }
    }

    /// A result that `-q` leaves out.
    pub(super) fn said(text: String, value: Value) -> Self {
        Self { chatty: true, ..Self::result(text, value) }
    }

    /// The files are wrong: what is wrong was said already.
    pub(super) fn wrong(remarks: Vec<String>, value: Value) -> Self {
        Self { wrong: true, remarks, ..Self::result(String::new(), value) }
    }
}

impl From<TextAndJson> for Outcome {
    fn from(report: TextAndJson) -> Self {
        Self::result(report.text, report.json)
    }
}

/// Why a command could not give a result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// What was asked for is not in the files: exit 1.
    #[error("{0}")]
    Files(String),
    /// A text of Kubernetes that was typed, and that Kubernetes would refuse: exit 1.
    #[error("{0}")]
    Typed(InvalidArgument),
    /// Flags, disk, Git: exit 2.
    #[error("{0}")]
    Run(String),
}

impl Failure {
    /// What was asked for is not in the files.
    pub(super) fn files(message: impl Into<String>) -> Self {
        Failure::Files(message.into())
    }

    /// A name that nothing has.
    pub(super) fn unknown(what: &str, name: &str, near: Option<&str>) -> Self {
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Failure::Files(format!("there is no {what} `{name}`{hint}"))
    }

    /// An error of the machine, its causes behind it.
    pub(super) fn run(error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let text = next.to_string();
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = next.source();
        }
        Failure::Run(message)
    }
}
