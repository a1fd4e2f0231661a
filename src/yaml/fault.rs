//! Errors of `serde` in the words of YAML, with the path from the root.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::tree::Span;

use super::de::{Id, id};
use super::node::{Data, Entry, Node, NodeStyle};

/// Why a node is not what was asked for.
#[derive(Debug)]
pub(super) struct ReadError(Box<ReadFault>);

#[derive(Debug)]
pub(super) struct ReadFault {
    pub(super) kind: ErrorKind,
    pub(super) at: Option<ErrorNode>,
    /// The way from the root, backwards.
    pub(super) path: Vec<Segment>,
}

/// The kinds of [`ReadError`].
#[derive(Debug)]
pub(super) enum ErrorKind {
    /// Another type was expected.
    Type(String),
    /// The type is right, the value is not.
    Value(String),
    /// A word that is not among the allowed ones.
    Variant(String, &'static [&'static str]),
    /// A field that does not exist.
    Unknown(String, &'static [&'static str]),
    /// A required field is not there.
    Missing(&'static str),
    /// What a type of the program says.
    Custom(String),
}

/// The node that an error arose at.
#[derive(Debug)]
pub(super) struct ErrorNode {
    pub(super) id: Id,
    /// The value if it is short, else its key.
    pub(super) span: Span,
    /// Its key, or its own first key, or the value.
    pub(super) head: Span,
    /// What was found, in words.
    pub(super) found: String,
    /// The source, if quotes would make it a text.
    pub(super) bare: Option<String>,
}

/// A step from a node to its part.
#[derive(Debug)]
pub(super) enum Segment {
    Member(String),
    Item(usize),
}

impl ReadError {
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(ReadFault { kind, at: None, path: Vec::new() }))
    }

    pub(super) fn into_fault(self) -> ReadFault {
        *self.0
    }

    /// Puts an error that has no place yet at this node.
    pub(super) fn place(mut self, node: &Node, key: Option<Span>) -> Self {
        if self.0.at.is_none() {
            let first_key = node.as_map().and_then(|map| map.first()).map(|entry| entry.key_span);
            let head = key.or(first_key).unwrap_or(node.span);
            let short = matches!(node.data, Data::String(_) | Data::Bool(_) | Data::Number(_) | Data::Null)
                && node.style != NodeStyle::Block
                && node.span.start < node.span.end;
            self.0.at = Some(ErrorNode {
                id: id(node),
                span: if short || node.style == NodeStyle::Flow { node.span } else { head },
                head,
                found: found(node),
                bare: node.source.as_deref().map(str::to_owned),
            });
        }
        self
    }

    pub(super) fn under(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }
}

/// A node in words.
fn found(node: &Node) -> String {
    match &node.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => {
            format!("the boolean `{}`", node.source.as_deref().unwrap_or(if *value { "true" } else { "false" }))
        }
        Data::Number(number) => match node.source.as_deref() {
            Some(source) => format!("the number `{source}`"),
            None => format!("the number `{number}`"),
        },
        Data::String(text) if text.chars().count() <= 60 && !text.contains('\n') => {
            format!("the string `{text}`")
        }
        Data::String(_) => "a long string".to_owned(),
        Data::Seq(_) => "a list".to_owned(),
        Data::Map(_) => "a map".to_owned(),
    }
}

/// What `serde` expects, in the words of YAML.
fn expectation(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let words = match text.as_str() {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "unit" => "null",
        text if text.starts_with("struct ") => "a map",
        text => text,
    };
    words.to_owned()
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ErrorKind::Type(text) | ErrorKind::Value(text) => write!(f, "expected {text}"),
            ErrorKind::Variant(word, _) => write!(f, "`{word}` is not allowed"),
            ErrorKind::Unknown(field, _) => write!(f, "unknown field `{field}`"),
            ErrorKind::Missing(field) => write!(f, "`{field}` is missing"),
            ErrorKind::Custom(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Custom(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(ErrorKind::Type(expectation(expected)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(ErrorKind::Value(expectation(expected)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(ErrorKind::Custom(format!("expected {}, found {length}", expectation(expected))))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::Variant(variant.to_owned(), expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::Unknown(field.to_owned(), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ErrorKind::Missing(field))
    }
}

/// An error at a key: what is to be cut away is the whole member.
pub(super) fn at_key(mut error: ReadError, entry: &Entry) -> ReadError {
    if error.0.at.is_none() {
        error.0.at = Some(ErrorNode {
            id: id(&entry.value),
            span: entry.key_span,
            head: entry.key_span,
            found: format!("the key `{}`", entry.key),
            bare: None,
        });
    }
    error
}

/// Words in backticks, separated by commas.
pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
