//! Takes keys and values that are the author's own names as written.
//!
//! `on` and `y` are booleans to Kubernetes' YAML, also as keys; as names they are what they look like.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::tree::Span;
use crate::yaml::{Data, Entry, Node};

/// The maps of ours whose keys are names that the author gave.
const NAMES: [&str; 7] = ["annotations", "containers", "env", "labels", "lints", "set", "variables"];

/// Parts that are Kubernetes' own text, to be read as Kubernetes reads it.
const THEIRS: [&str; 2] = ["patches", "podTemplate"];

/// A document of ours with its keys as they were written where they are names.
pub(super) fn settle<'n>(root: &'n Node, text: &[u8]) -> Cow<'n, Node> {
    let ours =
        root.get("apiVersion").and_then(Node::as_str).is_some_and(|version| version.starts_with("fleetcron.dev/"));
    if !ours || !needs(root, "", text) {
        return Cow::Borrowed(root);
    }
    let mut copy = root.clone();
    rename(&mut copy, "", text);
    Cow::Owned(copy)
}

/// The places of all that is taken as it was written, so that YAML readers may disagree about it as they like: keys, and
/// the values of `env`, `variables` and `lints`, which are texts.
pub(super) fn kept(root: &Node, text: &[u8], places: &mut BTreeSet<Span>) {
    walk(root, "", &mut |entry, name, map| {
        if matches!(name, "env" | "variables" | "set" | "lints") && entry.value.raw().is_some() {
            places.insert(entry.value.span);
        }
        if written(entry, name, map, text).is_some() {
            places.insert(entry.key_span);
        }
    });
}

fn needs(root: &Node, name: &str, text: &[u8]) -> bool {
    let mut any = false;
    walk(root, name, &mut |entry, name, map| any |= written(entry, name, map, text).is_some());
    any
}

/// Visits the members of all maps of ours, with the name of the map they stand in, and its members.
fn walk(node: &Node, name: &str, visit: &mut impl FnMut(&Entry, &str, &[Entry])) {
    let map = node.as_map().unwrap_or_default();
    for entry in map {
        visit(entry, name, map);
        if !THEIRS.contains(&entry.key.as_str()) {
            walk(&entry.value, &entry.key, visit);
        }
    }
    node.as_seq().unwrap_or_default().iter().for_each(|item| walk(item, "", visit));
}

fn rename(node: &mut Node, name: &str, text: &[u8]) {
    match &mut node.data {
        Data::Map(entries) => {
            let keys: Vec<Option<String>> = entries.iter().map(|entry| written(entry, name, entries, text)).collect();
            for (entry, key) in entries.iter_mut().zip(keys) {
                if let Some(key) = key {
                    entry.key = key;
                }
                if !THEIRS.contains(&entry.key.as_str()) {
                    rename(&mut entry.value, &entry.key, text);
                }
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| rename(item, "", text)),
        _ => {}
    }
}

/// A key as it was written, if it was read as something else, is a name, and no other key of its map is that name.
fn written(entry: &Entry, name: &str, map: &[Entry], text: &[u8]) -> Option<String> {
    let names = NAMES.contains(&name);
    if !names && !matches!(name, "weekly" | "monthly") {
        return None;
    }
    let source = text.get(entry.key_span.start as usize..entry.key_span.end as usize)?;
    let source = std::str::from_utf8(source).ok().filter(|source| !source.starts_with(['"', '\'']))?;
    let meant = source != entry.key && (names || source == "on") && map.iter().all(|other| other.key != source);
    meant.then(|| source.to_owned())
}
