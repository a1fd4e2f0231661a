//! What to change in a file to mend a mistake, as data: help texts and `check --fix` are made from it.

use crate::tree::Span;

/// A change of one place in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// The text that is changed.
    pub span: Span,
    /// What becomes of it.
    pub edit: Edit,
    /// Whether the meaning is surely what the author meant: it is what is read today, or nothing else can be meant.
    pub safe: bool,
}

/// What becomes of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// A name gets another spelling.
    Rename(String),
    /// Another text stands in its place.
    Replace(String),
}

impl Fix {
    /// Another spelling of a name; sure if only the case differs.
    pub fn rename(span: Span, from: &str, to: &str) -> Self {
        Self { span, edit: Edit::Rename(to.to_owned()), safe: from.eq_ignore_ascii_case(to) }
    }

    /// Another text with a meaning that is certain.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, edit: Edit::Replace(text.into()), safe: true }
    }

    /// The text to write.
    pub fn text(&self) -> &str {
        match &self.edit {
            Edit::Rename(text) | Edit::Replace(text) => text,
        }
    }

    /// The same in words.
    pub fn help(&self) -> String {
        match &self.edit {
            Edit::Rename(name) => format!("did you mean `{name}`?"),
            Edit::Replace(text) => format!("write `{text}`"),
        }
    }
}
