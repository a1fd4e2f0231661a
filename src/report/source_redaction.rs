//! Redacts source files for reports: values of Secrets, and of variables whose name or value looks secret. Where a file
//! cannot be parsed, more is redacted rather than less.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Included, Unbounded};
use std::ops::Range;

use crate::diag::{Diagnostic, Diagnostics, Place};
use crate::diff::Redaction;
use crate::secrets::{self, SecretNames};
use crate::tree::{FileId, MANIFEST, SourceTree, Span};
use crate::yaml::{self, Data, Entry, Node};

/// Shorter texts stand in too many words to be starred inside one.
const TELLING: usize = 4;

/// What begins like so much of a secret is starred as the secret is.
const LONGEST: usize = 256;
/// So many secrets of one scalar are starred one by one; where there are more, all of it is.
const PARTS: usize = 100;

/// The names that announce secrets as the Fleet says, read from its text: it counts also where the repository is not
/// understood.
fn names_of_fleet(sources: &SourceTree) -> SecretNames {
    let Some((file, source)) = sources.files().find(|(_, source)| source.path.as_str() == MANIFEST) else {
        return SecretNames::default();
    };
    let parsed = yaml::parse(file, &source.bytes);
    let fleet =
        parsed.documents.iter().find(|document| document.root.get("kind").and_then(Node::as_str) == Some("Fleet"));
    let redact = fleet.and_then(|fleet| fleet.root.get("spec")?.get("reports")?.get("redact"));
    let list = |name: &str| -> Vec<String> {
        let items = redact.and_then(|redact| redact.get(name)).and_then(Node::as_seq).unwrap_or_default();
        items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
    };
    SecretNames::new(list("names"), list("show"))
}

/// Whether all values of a map are secrets because of its name.
fn is_secret_section(name: &str, entries: &[Entry]) -> bool {
    secrets::is_section_name(name) && entries.iter().all(|entry| entry.value.as_map().is_none())
}

/// A text, as YAML of Kubernetes, with stars in the place of its secrets and of `known` ones.
pub fn starred_manifest(text: &str, redaction: &Redaction, sources: &SourceTree) -> String {
    let tree = SourceTree::of([("manifest.yaml", text)]);
    let mut secrets = Secrets { names: names_of_fleet(sources), ..Secrets::default() };
    let file = FileId(0);
    let parsed = yaml::parse(file, text.as_bytes());
    parsed.documents.iter().for_each(|document| secrets.document(&document.root, &tree));
    let starred = String::from_utf8_lossy(&secrets.shown(file, &tree)).into_owned();
    redaction.known().filter(|known| !known.contains('\n')).fold(starred, |text, known| text.replace(known, "***"))
}

/// The places and the texts to star.
#[derive(Default)]
pub struct Secrets {
    /// The places, in all files that diagnostics point to, by file.
    spans: BTreeMap<FileId, Vec<Span>>,
    texts: BTreeSet<String>,
    /// The names that announce secrets.
    names: SecretNames,
    /// Of the texts that are starred inside a word those that do not begin with another: of these at most one begins at
    /// any place.
    begun: BTreeSet<String>,
}

impl Secrets {
    /// Those of all files that diagnostics point to.
    pub fn of(diags: &Diagnostics, sources: &SourceTree) -> Secrets {
        let mut secrets = Secrets { names: names_of_fleet(sources), ..Secrets::default() };
        diags.iter().filter_map(|d| d.secret).for_each(|span| secrets.span(span));
        let places = diags.iter().flat_map(|diagnostic| {
            let own = match &diagnostic.place {
                Place::Text(span) => Some(span.file),
                Place::Path(_) | Place::Whole => None,
            };
            own.into_iter().chain(diagnostic.others.iter().map(|other| other.span.file))
        });
        for file in places.collect::<BTreeSet<FileId>>() {
            let parsed = yaml::parse(file, &sources.file(file).bytes);
            parsed.documents.iter().for_each(|document| secrets.document(&document.root, sources));
            // A member that is there twice is read once, and of a broken document nothing is read.
            if !parsed.diagnostics.is_empty() {
                secrets.broken(file, &String::from_utf8_lossy(&sources.file(file).bytes));
            }
        }
        for text in secrets.texts.iter().filter(|text| text.len() >= TELLING) {
            let text = &text[..text.floor_char_boundary(TELLING.max(LONGEST))];
            // In order each stands behind what it begins with.
            if secrets.begun.last().is_none_or(|last| !text.starts_with(last.as_str())) {
                secrets.begun.insert(text.to_owned());
            }
        }
        secrets
    }

    fn document(&mut self, root: &Node, sources: &SourceTree) {
        let kind = root.get("kind").and_then(Node::as_str).unwrap_or_default();
        let items = root.get("items").filter(|_| kind.ends_with("List")).and_then(Node::as_seq);
        items.into_iter().flatten().for_each(|item| self.document(item, sources));
        let secret = kind == "Secret";
        for entry in root.as_map().into_iter().flatten().filter(|_| secret) {
            if !matches!(entry.key.as_str(), "apiVersion" | "kind" | "metadata" | "type" | "immutable") {
                self.all(&entry.value, sources);
            }
        }
        self.read("", root, sources);
    }

    /// What looks secret in the scalars below a node that stands under a name.
    fn read(&mut self, name: &str, node: &Node, sources: &SourceTree) {
        match &node.data {
            Data::Seq(items) => {
                let words: Vec<&str> = items.iter().filter_map(Node::as_str).collect();
                let mut found = secrets::find_in_command(&words, &[], &self.names).into_iter();
                for item in items {
                    if item.as_str().is_some() {
                        self.parts(item, &found.next().unwrap_or_default(), sources);
                    }
                    self.read(name, item, sources);
                }
            }
            Data::Map(entries) if is_secret_section(name, entries) => {
                let open = |value: &Node| value.as_str().is_some_and(secrets::is_harmless);
                let hidden = entries.iter().filter(|entry| !open(&entry.value));
                hidden.for_each(|entry| self.all(&entry.value, sources));
            }
            Data::Map(entries) => {
                let own = node.get("name").and_then(Node::as_str).filter(|own| self.names.announces(own));
                for entry in entries {
                    let held = entry.key == "value";
                    let name = if held { own.unwrap_or(name) } else { entry.key.as_str() };
                    self.read(name, &entry.value, sources);
                }
            }
            Data::Null | Data::Bool(_) => {}
            Data::String(_) | Data::Number(_) => {
                let value = node.as_str().or(node.raw()).unwrap_or_default();
                self.parts(node, &secrets::find_secrets(name, value, &self.names), sources);
            }
        }
    }

    /// Parts of a scalar, where they stand as they are read; else all of it.
    fn parts(&mut self, node: &Node, parts: &[Range<usize>], sources: &SourceTree) {
        if parts.is_empty() {
            return;
        }
        let value = node.as_str().or(node.raw()).unwrap_or_default();
        let different: BTreeSet<&str> = parts.iter().map(|range| &value[range.clone()]).collect();
        if different.len() > PARTS {
            different.into_iter().for_each(|part| self.text(part));
            return self.all(node, sources);
        }
        let source = sources.text(node.span).into_owned();
        for part in different {
            let found: Vec<usize> = source.match_indices(part).map(|(at, _)| at).collect();
            if found.is_empty() {
                self.all(node, sources);
            }
            let start = node.span.start as usize;
            let places = found.iter().map(|at| Span::new(node.span.file, start + at, start + at + part.len()));
            places.for_each(|place| self.span(place));
            self.text(part);
        }
    }

    /// All scalars below a node.
    fn all(&mut self, node: &Node, sources: &SourceTree) {
        match &node.data {
            Data::Null => {}
            Data::Seq(items) => items.iter().for_each(|item| self.all(item, sources)),
            Data::Map(entries) => entries.iter().for_each(|entry| self.all(&entry.value, sources)),
            Data::String(_) | Data::Number(_) | Data::Bool(_) => {
                self.span(node.span);
                self.text(&sources.text(node.span));
                match node.to_value() {
                    serde_json::Value::String(text) => self.text(&text),
                    other => self.text(&other.to_string()),
                }
            }
        }
    }

    fn span(&mut self, span: Span) {
        self.spans.entry(span.file).or_default().push(span);
    }

    fn text(&mut self, text: &str) {
        let bare = text.trim().trim_matches(['"', '\'']);
        self.texts.extend((!bare.is_empty()).then(|| bare.to_owned()));
    }

    /// A file that cannot be read: of a Secret all that follows a colon, else what follows a name that looks secret, to
    /// the end of the line and on the deeper lines below it.
    fn broken(&mut self, file: FileId, text: &str) {
        for range in secrets::find_secrets("", text, &self.names) {
            self.text(&text[range.clone()]);
            self.span(Span::new(file, range.start, range.end));
        }
        let (mut at, mut secret, mut below) = (0, false, None::<usize>);
        let mut name = String::new();
        let documents: Vec<&str> = text.split_inclusive("\n---").collect();
        for document in documents {
            let bare = |line: &str| line.replace([' ', '\t', '"', '\''], "").contains("kind:Secret");
            secret |= document.lines().any(bare);
            for line in document.split_inclusive('\n') {
                let indent = line.len() - line.trim_start().len();
                let deeper = below.is_some_and(|above| indent > above) && !line.trim().is_empty();
                let from = if deeper { Some(indent) } else { self.begins(line, secret, &mut name) };
                if !deeper {
                    below = from.map(|_| indent);
                }
                if let Some(from) = from {
                    self.span(Span::new(file, at + from, at + line.trim_end().len().max(from)));
                    let parts = line[from..].split(|c: char| c.is_whitespace() || "{}[],\"'".contains(c));
                    parts.filter(|part| part.len() > 1 && !part.ends_with(':')).for_each(|part| self.text(part));
                    self.text(&line[from..]);
                }
                at += line.len();
            }
            secret = false;
        }
    }

    /// Where a value to star begins in a line.
    fn begins(&self, line: &str, secret: bool, name: &mut String) -> Option<usize> {
        const OPEN: [&str; 9] =
            ["apiVersion", "kind", "metadata", "type", "immutable", "name", "namespace", "labels", "annotations"];
        let mut from = 0;
        while let Some(colon) = line[from..].find(':').map(|colon| colon + from) {
            let key = line[from..colon].rsplit(|c: char| c.is_whitespace() || "{[,-".contains(c) && c != '-').next();
            let key = key.unwrap_or_default().trim_matches(['"', '\'']);
            let rest = &line[colon + 1..];
            if key == "name" {
                // Of a longer name the end would decide: what stands beside it is starred.
                let rest = &rest[..rest.floor_char_boundary(LONGEST)];
                let value = rest.trim_start().split([',', '}', '\n']).next().unwrap_or_default();
                let whole = value.len() < rest.len() || rest.len() < LONGEST;
                let value = if whole { value.trim().trim_matches(['"', '\'']) } else { "password" };
                value.clone_into(name);
            }
            let of_secret = secret && !OPEN.contains(&key);
            let by_name = self.names.announces(key)
                && !rest.trim().is_empty()
                && (!self.names.is_ambiguous(key) || secrets::is_secret(key, rest.trim(), &self.names));
            if of_secret || by_name || (key == "value" && self.names.announces(name)) {
                return Some(colon + 1 + (rest.len() - rest.trim_start_matches(' ').len()));
            }
            from = colon + 1;
        }
        // A line without a key goes on with a value.
        let bare = secret && from == 0 && !line.trim().is_empty() && !line.starts_with("---");
        bare.then(|| line.len() - line.trim_start().len())
    }

    /// The bytes of a file without them: as many as before, so that all places stay where they are.
    pub fn shown(&self, file: FileId, sources: &SourceTree) -> Vec<u8> {
        let mut bytes = sources.file(file).bytes.to_vec();
        for secret in self.spans.get(&file).into_iter().flatten() {
            let hidden = bytes.get_mut(secret.range()).into_iter().flatten();
            hidden.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
        }
        bytes
    }

    /// A diagnostic without them.
    pub fn without(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let mut diagnostic = diagnostic.clone();
        if self.texts.is_empty() {
            return diagnostic;
        }
        let others = diagnostic.others.iter_mut().map(|other| &mut other.text);
        let said = [&mut diagnostic.message, &mut diagnostic.label].into_iter().chain(others);
        for text in said.chain(&mut diagnostic.notes).chain(&mut diagnostic.help) {
            *text = self.starred(text);
        }
        diagnostic
    }

    /// Whether one of the texts stands somewhere in another text.
    fn within(&self, text: &str) -> bool {
        text.char_indices().map(|(at, _)| &text[at..]).any(|rest| {
            let before = self.begun.range::<str, _>((Unbounded, Included(rest))).next_back();
            before.is_some_and(|secret| rest.starts_with(secret.as_str()))
        })
    }

    /// Whether one of the texts begins with another text.
    fn begins_with(&self, begun: &str) -> bool {
        self.texts.range::<str, _>((Included(begun), Unbounded)).next().is_some_and(|secret| secret.starts_with(begun))
    }

    /// The user's words stand in backticks: those that are or hold a secret become stars.
    fn starred(&self, text: &str) -> String {
        let star = |(at, part): (usize, &str)| {
            let bare = part.trim().trim_matches(['"', '\'']);
            // A long text was cut short.
            let begun = bare.strip_suffix("...").filter(|begun| begun.len() >= TELLING);
            let hides =
                || self.texts.contains(bare) || self.within(part) || begun.is_some_and(|begun| self.begins_with(begun));
            if at % 2 == 1 && hides() { "***".to_owned() } else { part.to_owned() }
        };
        text.split('`').enumerate().map(star).collect::<Vec<_>>().join("`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is looked up is what walking through all texts finds.
        #[test]
        fn a_secret_is_found_wherever_it_stands(
            texts in prop::collection::vec("[ab]{1,7}", 0..8),
            said in "[ab]{0,12}(\\.\\.\\.)?",
        ) {
            let mut text = "kind: Secret\nstringData:\n".to_owned();
            texts.iter().enumerate().for_each(|(at, secret)| text.push_str(&format!("  k{at}: {secret}\n")));
            let sources = SourceTree::of([("s.yaml", text.as_str())]);
            let mut diags = Diagnostics::new();
            diags.push(Diagnostic::new(crate::diag::Code::InvalidValue, Span::new(FileId(0), 0, 1), ""));
            let secrets = Secrets::of(&diags, &sources);
            let begun = said.strip_suffix("...").filter(|begun| begun.len() >= TELLING);
            let hidden = texts.iter().any(|secret| {
                *secret == said
                    || (secret.len() >= TELLING && said.contains(secret.as_str()))
                    || begun.is_some_and(|begun| secret.starts_with(begun))
            });
            let expected = if hidden { "`***`".to_owned() } else { format!("`{said}`") };
            prop_assert_eq!(secrets.starred(&format!("`{said}`")), expected);
        }
    }
}
