//! Reads a node as a type of the program and reports everything wrong in one go.
//!
//! After an error the offending node is cut away and the type is read again; what an earlier cut caused is not
//! reported.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use crate::diag::{Code, Diagnostic, Diagnostics, Fix, Place, nearest};

use super::de::{De, Id, ReadContext, Unknown, id};
use super::fault::{ErrorKind, ErrorNode, ReadFault, Segment, list};
use super::node::{Data, Node};

/// After so many errors in one document nobody reads on.
const MAX_ERRORS: usize = 100;
/// More known fields or words than this are not listed in a help.
const MAX_LISTED: usize = 12;

/// A member that its map does not have.
#[derive(Clone, Copy, Debug)]
pub struct Stray<'a> {
    /// The way from the root to the map: `spec.overrides[0]`.
    pub path: &'a str,
    /// The member.
    pub field: &'a str,
}

/// Reads a value of a type. `None` if anything is wrong with it; every unknown field, wrong type and missing field of
/// the whole value is then in `diags`.
pub fn read<T: DeserializeOwned>(node: &Node, diags: &mut Diagnostics) -> Option<T> {
    read_with(node, |_| None, diags)
}

/// As [`read`]; `belongs` knows where some unknown members belong, as a help.
pub fn read_with<T: DeserializeOwned>(
    node: &Node,
    belongs: impl Fn(Stray<'_>) -> Option<String>,
    diags: &mut Diagnostics,
) -> Option<T> {
    let mut context = ReadContext::default();
    let mut reported = 0;
    let mut parts: Option<HashMap<Id, NodePosition<'_>>> = None;
    // What was cut away because its value is wrong: what is then found wrong around it may be a consequence.
    let mut wrong: Vec<Id> = Vec::new();
    // Fields that are missing, by their map: one that is there misspelt is said once, as what it is.
    let mut missing: Vec<(Id, &str, Diagnostic)> = Vec::new();
    let value = loop {
        let fault = match T::deserialize(De { node, key: None, context: &context }) {
            Ok(value) => break Some(value),
            Err(error) => error.into_fault(),
        };
        let parts = parts.get_or_insert_with(|| parts_of(node));
        let Some(at) = &fault.at else {
            diags.push(diagnostic(&fault, &place_of(node)));
            break None;
        };
        let cut = cut(node, at, &fault.kind);
        let consequence = wrong.iter().filter_map(|id| parts.get(id)).any(|part| {
            part.whole == at.id
                && match fault.kind {
                    ErrorKind::Missing(field) => part.key == Some(field),
                    _ => true,
                }
        });
        if !consequence {
            match fault.kind {
                ErrorKind::Missing(field) => missing.push((at.id, field, diagnostic(&fault, at))),
                _ => diags.push(diagnostic(&fault, at)),
            }
            reported += 1;
        }
        if !matches!(fault.kind, ErrorKind::Unknown(..)) {
            wrong.push(cut);
        }
        if cut == id(node) || reported >= MAX_ERRORS || !context.pruned.insert(cut) {
            break None;
        }
    };
    let unknown = context.unknown.into_inner();
    let clean = context.pruned.is_empty() && unknown.is_empty();
    let misspelt = |map: Id, field: &str| {
        let slip = |member: &Unknown| nearest(&member.field, member.known.iter().copied()) == Some(field);
        unknown.values().filter(|member| member.map == map).any(slip)
    };
    let missing = missing.into_iter().filter(|(map, field, _)| !misspelt(*map, field));
    diags.extend(missing.map(|(.., diagnostic)| diagnostic));
    let mut paths: Option<HashMap<Id, String>> = None;
    for ((span, _), member) in unknown {
        let paths = paths.get_or_insert_with(|| {
            let mut paths = HashMap::new();
            paths_of(node, String::new(), &mut paths);
            paths
        });
        let path = paths.get(&member.map).map_or("", String::as_str);
        let known = if belongs(Stray { path, field: &member.field }).is_some() { &[] } else { member.known };
        let diagnostic = unknown_field(&member.field, known, path, span);
        diags.push(match belongs(Stray { path, field: &member.field }) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }
    value.filter(|_| clean)
}

/// The root, as the place of an error that has none.
fn place_of(node: &Node) -> ErrorNode {
    ErrorNode { id: id(node), span: node.span, head: node.span, found: String::new(), bare: None }
}

/// What to cut away after an error: the node itself, or for an unknown field that member.
fn cut(root: &Node, at: &ErrorNode, kind: &ErrorKind) -> Id {
    if let ErrorKind::Unknown(field, _) = kind
        && let Some(entry) = find(root, at.id).and_then(|map| map.entry(field))
    {
        return id(&entry.value);
    }
    at.id
}

fn find(node: &Node, wanted: Id) -> Option<&Node> {
    if id(node) == wanted {
        return Some(node);
    }
    match &node.data {
        Data::Seq(items) => items.iter().find_map(|item| find(item, wanted)),
        Data::Map(entries) => entries.iter().find_map(|entry| find(&entry.value, wanted)),
        _ => None,
    }
}

/// Where a node stands.
struct NodePosition<'a> {
    /// The list or map it is a part of.
    whole: Id,
    key: Option<&'a str>,
}

/// Each node of the tree but the root.
fn parts_of(node: &Node) -> HashMap<Id, NodePosition<'_>> {
    let mut parts = HashMap::new();
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        let whole = id(node);
        for item in node.as_seq().into_iter().flatten() {
            parts.insert(id(item), NodePosition { whole, key: None });
            rest.push(item);
        }
        for entry in node.as_map().into_iter().flatten() {
            parts.insert(id(&entry.value), NodePosition { whole, key: Some(&entry.key) });
            rest.push(&entry.value);
        }
    }
    parts
}

/// The way from the root to each map of the tree.
fn paths_of(node: &Node, path: String, paths: &mut HashMap<Id, String>) {
    match &node.data {
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                paths_of(item, format!("{path}[{index}]"), paths);
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                let dot = if path.is_empty() { "" } else { "." };
                paths_of(&entry.value, format!("{path}{dot}{}", entry.key), paths);
            }
            paths.insert(id(node), path);
        }
        _ => {}
    }
}

fn path_text(segments: &[Segment]) -> String {
    let mut path = String::new();
    for segment in segments.iter().rev() {
        match segment {
            Segment::Member(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Segment::Item(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

fn diagnostic(fault: &ReadFault, at: &ErrorNode) -> Diagnostic {
    let path = path_text(&fault.path);
    let named = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
    match &fault.kind {
        ErrorKind::Type(expected) => {
            let diagnostic =
                Diagnostic::new(Code::WrongType, at.span, format!("{named}expected {expected}, found {}", at.found));
            match &at.bare {
                Some(bare) if expected.contains("string") || expected.starts_with("one of") => {
                    let quoted = format!("\"{bare}\"");
                    let help = format!("quote it: `{quoted}`");
                    let plain = !bare.contains(['"', '\\', '\n']);
                    let diagnostic = diagnostic.help(help);
                    if plain { diagnostic.quiet_fix(Fix::replace(at.span, quoted)) } else { diagnostic }
                }
                _ => diagnostic,
            }
        }
        ErrorKind::Value(expected) => {
            Diagnostic::new(Code::InvalidValue, at.span, format!("{named}expected {expected}, found {}", at.found))
        }
        ErrorKind::Variant(word, allowed) => {
            let message = format!("{named}`{word}` is not among the allowed values");
            let diagnostic = Diagnostic::new(Code::InvalidValue, at.span, message);
            proposal(diagnostic, word, allowed, "allowed")
        }
        ErrorKind::Unknown(field, known) => unknown_field(field, known, &path, at.span),
        ErrorKind::Missing(field) => {
            let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
            Diagnostic::new(Code::MissingField, at.head, format!("`{field}` is missing{place}"))
        }
        ErrorKind::Custom(message) => Diagnostic::new(Code::InvalidValue, at.span, format!("{named}{message}")),
    }
}

fn unknown_field(field: &str, known: &[&str], path: &str, span: crate::tree::Span) -> Diagnostic {
    let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
    proposal(
        Diagnostic::new(Code::UnknownField, span, format!("unknown field `{field}`{place}")),
        field,
        known,
        "known",
    )
}

/// Adds the nearest spelling, and the whole list if it is short or nothing is near.
fn proposal(diagnostic: Diagnostic, word: &str, words: &[&str], adjective: &str) -> Diagnostic {
    let near = nearest(word, words.iter().copied());
    let place = diagnostic.place.clone();
    let listed = words.len() <= MAX_LISTED && !words.is_empty() && (near.is_none() || adjective == "allowed");
    let diagnostic = match (near, place) {
        (Some(near), Place::Text(span)) => diagnostic.fix(Fix::rename(span, word, near)),
        _ => diagnostic,
    };
    if listed { diagnostic.help(format!("{adjective}: {}", list(words))) } else { diagnostic }
}
