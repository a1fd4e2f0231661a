//! The members of a map while it is read: duplicates, and merge keys as in go-yaml v2.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::tree::Span;

use super::node::{Data, Entry, Node};

/// The members of a map so far.
#[derive(Default)]
pub(super) struct MapBuilder {
    pub(super) entries: Vec<Entry>,
    /// Beside each entry: whether the author wrote it here, or a merge brought it.
    written: Vec<bool>,
    /// Where each key is, once there are many.
    index: HashMap<String, usize>,
    pub(super) pending: Pending,
}

/// A key that waits for its value.
#[derive(Default)]
pub(super) enum Pending {
    #[default]
    None,
    Key(String, Span),
    Merge,
    /// A key that cannot be one; it has been reported.
    Bad,
}

/// For whoever wrote two different keys.
const WORDS: &str =
    "without quotes the keys `y`, `yes`, `on` are `true`, and `n`, `no`, `off` are `false`: put them in quotes";

/// What `<<` may not merge, and where it stands.
fn no_map(span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::YamlSyntax, span, "`<<` merges a map or a list of maps, and this is neither"))
}

impl MapBuilder {
    /// From here on an index pays.
    const MANY: usize = 16;

    fn find(&self, key: &str) -> Option<usize> {
        if self.entries.len() > Self::MANY {
            self.index.get(key).copied()
        } else {
            self.entries.iter().position(|entry| entry.key == key)
        }
    }

    fn push(&mut self, entry: Entry, written: bool) {
        if self.entries.len() >= Self::MANY {
            if self.index.is_empty() {
                self.index = self.entries.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
            }
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push(entry);
        self.written.push(written);
    }

    /// Adds a member that the author wrote here.
    pub(super) fn write(&mut self, entry: Entry) -> Result<(), Box<Diagnostic>> {
        match self.find(&entry.key) {
            Some(at) if self.written[at] => {
                let first = self.entries[at].key_span;
                let message = format!("the key `{}` stands here twice", entry.key);
                let diagnostic = Diagnostic::new(Code::DuplicateKey, entry.key_span, message);
                let diagnostic = diagnostic.label("again here").other(first, "first here");
                let word = matches!(entry.key.as_str(), "true" | "false");
                return Err(Box::new(if word { diagnostic.help(WORDS) } else { diagnostic }));
            }
            Some(at) => {
                self.entries[at] = entry;
                self.written[at] = true;
            }
            None => self.push(entry, true),
        }
        Ok(())
    }

    /// `<<`, as `decode.go` of go-yaml v2 does it: a map, or a list of maps of which the first wins, and that list not by alias.
    pub(super) fn merge(&mut self, node: Node, alias: bool) -> Result<(), Box<Diagnostic>> {
        let maps = match node.data {
            Data::Map(entries) => vec![entries],
            Data::Seq(items) if !alias => {
                let mut maps = Vec::with_capacity(items.len());
                for item in items.into_iter().rev() {
                    let Data::Map(entries) = item.data else { return Err(no_map(item.span)) };
                    maps.push(entries);
                }
                maps
            }
            _ => return Err(no_map(node.span)),
        };
        for entry in maps.into_iter().flatten() {
            match self.find(&entry.key) {
                Some(at) => self.entries[at].value = entry.value,
                None => self.push(entry, false),
            }
        }
        Ok(())
    }
}
