//! YAML values with their locations. Numbers and booleans keep their source text: `1_000` is a number to Kubernetes and
//! may be a word to the author.

use serde_json::{Map, Number, Value};

use crate::diag::Diagnostic;
use crate::tree::{Located, Span, SpanTree, Spots};

/// What came out of a file.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its documents in order, without empty ones and without those that are not YAML.
    pub documents: Vec<Document>,
    /// What is wrong with it; all are errors.
    pub diagnostics: Vec<Diagnostic>,
    /// What is odd in it: scalars that YAML readers disagree about. Of interest only for files that are ours.
    pub warnings: Vec<Diagnostic>,
}

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its value; never null.
    pub root: Node,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands: quotes and brackets included, tags and anchors not. What an alias repeats keeps the place of its definition.
    pub span: Span,
    /// What it is.
    pub data: Data,
    /// How it was written.
    pub style: NodeStyle,
    /// The source text of a number or a boolean.
    pub(super) source: Option<Box<str>>,
}

/// The kinds of values: those of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A map in the author's order; no key twice.
    Map(Vec<Entry>),
}

/// How a value was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeStyle {
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes.
    Quoted,
    /// A literal or folded text, or a list or map by indentation.
    Block,
    /// A list or map in brackets.
    Flow,
}

/// A member of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A node without source text.
    pub(super) fn new(span: Span, data: Data, style: NodeStyle) -> Self {
        Self { span, data, style, source: None }
    }

    /// The value under a key, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The member with a key, if this is a map that has it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == name)
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if this is a map.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// The source text of a number or a boolean: `on`, `1_000`.
    pub fn raw(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::String(text) => Value::String(text.clone()),
            Data::Seq(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Data::Map(entries) => {
                Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_value())).collect::<Map<_, _>>())
            }
        }
    }

    /// The value with its places.
    pub fn located(&self) -> Located {
        Located { value: self.to_value(), spans: self.spans(self.span) }
    }

    fn spans(&self, key: Span) -> SpanTree {
        let spots = match &self.data {
            Data::Seq(items) => Spots::Items(items.iter().map(|item| item.spans(item.span)).collect()),
            Data::Map(entries) => {
                Spots::Members(entries.iter().map(|e| (e.key.clone(), e.value.spans(e.key_span))).collect())
            }
            _ => match &self.source {
                Some(source) => Spots::Source(source.clone()),
                None => Spots::Leaf,
            },
        };
        SpanTree { key, value: self.span, spots }
    }
}

/// Equality is of the value, not of the place or the spelling.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

/// Equality is of key and value, not of the place.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}
