//! Diagnostics: what is wrong with the user's files, as data.
//!
//! A stage never returns early: it reports a [`Diagnostic`] and goes on. Diagnostics sort themselves by place, so
//! neither threads nor the order of stages show.

mod bag;
mod codes;
mod fix;
mod gather;
mod nearest;

pub use bag::Diagnostics;
pub use codes::Code;
pub use fix::{Edit, Fix};
pub use gather::Gather;
pub use nearest::nearest;

use crate::tree::{RepoPath, Span};

/// How much a diagnostic matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said, and no more.
    Note,
    /// Probably not what was meant; an error under `--strict`.
    Warning,
    /// Nothing is written.
    Error,
}

impl Severity {
    /// The word in a report.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a diagnostic points at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// A text in a source file.
    Text(Span),
    /// A whole path, of a file that has no text to show; relative to the fleet root.
    Path(String),
    /// The repository as a whole.
    Whole,
}

/// A place with a few words about it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// One thing that is wrong, or odd, in the user's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which mistake it is; stable over releases.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence, lower case, no full stop, backticks round the user's words.
    pub message: String,
    /// The wrong text, as narrow as it can be.
    pub place: Place,
    /// What to say at the wrong text; may be empty.
    pub label: String,
    /// Other places that matter.
    pub others: Vec<Label>,
    /// More to know.
    pub notes: Vec<String>,
    /// What to do, if there is something to do.
    pub help: Vec<String>,
    /// What to change in the file, if a program can.
    pub fix: Option<Fix>,
    /// The clusters it concerns, of how many; said as `on 3 of 12 clusters`.
    pub clusters: Option<Clusters>,
    /// A text that no report may show, though it stands where the diagnostic points.
    pub secret: Option<Span>,
    /// The tasks it is about, as `namespace/name`, sorted; empty for what is about no task.
    pub tasks: Vec<String>,
}

/// The clusters a diagnostic concerns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clusters {
    /// Their names, sorted.
    pub names: Vec<String>,
    /// How many the task is placed on.
    pub of: usize,
}

impl Clusters {
    /// Adds those of another task.
    pub fn add(&mut self, new: &Clusters) {
        self.names.extend(new.names.iter().cloned());
        self.names.sort();
        self.names.dedup();
        self.of = self.of.max(new.of).max(self.names.len());
    }
}

impl Diagnostic {
    /// A diagnostic of a code's own severity at a text.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::at(code, Place::Text(span), message)
    }

    /// A diagnostic of a code's own severity about a whole file.
    pub fn path(code: Code, path: &RepoPath, message: impl Into<String>) -> Self {
        Self::at(code, Place::Path(path.to_string()), message)
    }

    /// A diagnostic of a code's own severity at any place.
    pub fn at(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            place,
            label: String::new(),
            others: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
            clusters: None,
            secret: None,
            tasks: Vec::new(),
        }
    }

    /// Adds a task that it is about.
    pub fn add_task(&mut self, task: &str) {
        if let Err(at) = self.tasks.binary_search_by(|known| known.as_str().cmp(task)) {
            self.tasks.insert(at, task.to_owned());
        }
    }

    /// Keeps a text out of every report.
    #[must_use]
    pub fn secret(mut self, span: Span) -> Self {
        self.secret = Some(span);
        self
    }

    /// Says something at the wrong text itself.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Points at another place too.
    #[must_use]
    pub fn other(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }

    /// Adds something to know.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds something to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds what to change in the file, and says it as a help.
    #[must_use]
    pub fn fix(self, fix: Fix) -> Self {
        let help = fix.help();
        self.quiet_fix(fix).help(help)
    }

    /// Adds what to change in the file; the help says it in other words.
    #[must_use]
    pub fn quiet_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds `did you mean …?` if there is a near spelling.
    #[must_use]
    pub fn did_you_mean(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
