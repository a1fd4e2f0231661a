//! Recognizes documents that are meant for fleetcron although their `apiVersion` is misspelt.
//!
//! Such a document must not pass for one of another program: its tasks would count as removed.

use super::{API_VERSION, KINDS};
use crate::diag::{Code, Diagnostic};
use crate::tree::Span;
use crate::yaml::{Data, Entry, Node};

/// The name of the key.
const KEY: &str = "apiVersion";

/// The group of [`API_VERSION`], with what follows it.
const GROUP: &str = "fleetcron.dev/";

/// The word that every spelling of the group has in common.
const WORD: &str = "fleetcron";

/// A document that is meant for fleetcron and is misspelt.
pub(super) struct DocumentNearMiss {
    /// What is wrong with it.
    pub(super) diagnostic: Diagnostic,
    /// The document with the right `apiVersion`, so that what else is wrong with it can be reported in the same run;
    /// `None` if it cannot be read as this version.
    pub(super) repaired: Option<Node>,
}

/// Whether a text, as an `apiVersion`, names our group or is a misspelling of it: other case, no version or another one,
/// another domain ending, a slip of one letter.
pub(super) fn names_us(version: &str) -> bool {
    // No apiVersion is longer than a DNS name and a version; to compare more would cost the product of the lengths.
    if version.len() > 256 {
        return false;
    }
    let lower = version.trim().to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.contains(WORD) {
        return true;
    }
    let allowed = if lower.contains("dev") { 2 } else { 1 };
    let group = lower.split('/').next().unwrap_or_default();
    group.split('.').any(|label| label.len() > 6 && strsim::damerau_levenshtein(label, WORD) <= allowed)
}

/// Whether a key is `apiVersion` or a misspelling of it.
fn is_key(key: &str) -> bool {
    if key.len() > 32 {
        return false;
    }
    let letters: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    strsim::damerau_levenshtein(&letters, "apiversion") <= 2
}

/// Whether a text that cannot be read as YAML names an `apiVersion` of ours or nearly so.
pub(super) fn text_names_us(text: &str) -> bool {
    let named = |part: &str| {
        let (key, value) = part.split_once(':')?;
        let bare = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || "\"'-?".contains(c)).to_owned();
        (is_key(&bare(key)) && names_us(value.split('#').next().map(bare)?.as_str())).then_some(())
    };
    text.to_ascii_lowercase().contains(GROUP) || text.split(['\n', '\r', '{', ',']).any(|part| named(part).is_some())
}

/// Looks for what makes a document a near miss; `None` for our own documents and for those of other programs.
pub(super) fn find(root: &Node) -> Option<DocumentNearMiss> {
    if root.get(KEY).and_then(Node::as_str) == Some(API_VERSION) {
        return None;
    }
    match &root.data {
        Data::Map(entries) => match root.entry(KEY) {
            Some(entry) => known_key(root, entry),
            None => other_key(root, entries),
        }
        .or_else(|| nested(root)),
        Data::String(text) if text_names_us(text) || text.to_ascii_lowercase().contains(GROUP) => {
            let message = "this is one text, and it names an apiVersion of fleetcron";
            let diagnostic = Diagnostic::new(Code::UnknownKind, root.span, message);
            Some(refused(
                diagnostic.help(format!("write a map with a space behind each colon: `{KEY}: {API_VERSION}`")),
            ))
        }
        _ => nested(root),
    }
}

fn refused(diagnostic: Diagnostic) -> DocumentNearMiss {
    DocumentNearMiss { diagnostic, repaired: None }
}

/// A document with an `apiVersion`, be it wrong.
fn known_key(root: &Node, entry: &Entry) -> Option<DocumentNearMiss> {
    let version = entry.value.as_str().or_else(|| entry.value.raw()).unwrap_or_default();
    let shown = if version.is_empty() { entry.key_span } else { entry.value.span };
    if !names_us(version) {
        // Groups of others have a slash; the kinds of Kubernetes' own group are not called as ours.
        let kind = our_kind(root).filter(|_| !version.contains('/') && is_object(root))?;
        let message = match version {
            "" => format!("this {kind} has no `{KEY}`"),
            _ => format!("`{version}` is not an apiVersion of fleetcron, and {kind} is one of its kinds"),
        };
        let diagnostic =
            Diagnostic::new(Code::UnknownKind, shown, message).help(format!("write `{KEY}: {API_VERSION}`"));
        return Some(DocumentNearMiss { diagnostic: elsewhere(diagnostic), repaired: repaired(root, KEY) });
    }
    let message = format!("`{version}` is not an apiVersion of fleetcron");
    let diagnostic = Diagnostic::new(Code::UnknownKind, shown, message).help(format!("write `{API_VERSION}`"));
    let same = version.rsplit_once('/').is_none_or(|(_, version)| version.trim().eq_ignore_ascii_case("v1alpha1"));
    Some(DocumentNearMiss { diagnostic, repaired: if same { repaired(root, KEY) } else { None } })
}

/// A document without `apiVersion`.
fn other_key(root: &Node, entries: &[Entry]) -> Option<DocumentNearMiss> {
    let ours = |entry: &&Entry| {
        let text = entry.value.as_str().unwrap_or_default();
        is_key(&entry.key) && names_us(text) || text.get(..GROUP.len()).is_some_and(|t| t.eq_ignore_ascii_case(GROUP))
    };
    if let Some(entry) = entries.iter().find(ours) {
        let message =
            format!("`{}` is not a field of a document, and its value is an apiVersion of fleetcron", entry.key);
        let diagnostic = Diagnostic::new(Code::UnknownKind, entry.key_span, message);
        let diagnostic = diagnostic.help(format!("write `{KEY}: {API_VERSION}`"));
        return Some(DocumentNearMiss { diagnostic, repaired: repaired(root, &entry.key) });
    }
    let kind = our_kind(root).filter(|_| is_object(root))?;
    let span = root.entry("kind").map_or(root.span, |entry| entry.key_span);
    let diagnostic = Diagnostic::new(Code::UnknownKind, span, format!("this {kind} has no `{KEY}`"));
    let diagnostic = elsewhere(diagnostic.help(format!("write `{KEY}: {API_VERSION}`")));
    Some(DocumentNearMiss { diagnostic, repaired: repaired(root, "kind") })
}

/// What to do if the document belongs to another program after all.
fn elsewhere(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.help("if the file is for another program, leave it out: `sources: {exclude: [...]}` in the Fleet")
}

/// The kind, if it is one of ours.
fn our_kind(root: &Node) -> Option<&str> {
    root.get("kind").and_then(Node::as_str).filter(|kind| KINDS.contains(kind))
}

/// Whether a document has the parts that every document of ours has.
fn is_object(root: &Node) -> bool {
    root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some())
}

/// A document of ours inside another value: an item of a `List`, or what follows a stray character.
fn nested(root: &Node) -> Option<DocumentNearMiss> {
    let mut rest: Vec<&Node> = vec![root];
    while let Some(node) = rest.pop() {
        rest.extend(node.as_seq().into_iter().flatten().rev());
        let entries = node.as_map().unwrap_or_default();
        rest.extend(entries.iter().rev().map(|entry| &entry.value));
        let named = |entry: &&Entry| is_key(&entry.key) && entry.value.as_str().is_some_and(names_us);
        if let Some(entry) = entries.iter().find(named).filter(|_| our_kind(node).is_some()) {
            let message = "this document of fleetcron stands inside another value and is not read";
            return Some(refused(elsewhere(
                Diagnostic::new(Code::UnknownKind, span_of(entry), message)
                    .help("write it at the beginning of the line, separated from other documents by a line `---`"),
            )));
        }
    }
    None
}

/// A key and its value.
fn span_of(entry: &Entry) -> Span {
    Span { end: entry.value.span.end.max(entry.key_span.end), ..entry.key_span }
}

/// The document with the right `apiVersion` in place of the member `key`, or before it if that is `kind`.
fn repaired(root: &Node, key: &str) -> Option<Node> {
    let mut copy = root.clone();
    let Data::Map(entries) = &mut copy.data else { return None };
    let at = entries.iter().position(|entry| entry.key == key)?;
    let mut entry = entries[at].clone();
    entry.key = KEY.to_owned();
    entry.value.data = Data::String(API_VERSION.to_owned());
    if key == "kind" {
        entries.insert(at, entry);
    } else {
        entries[at] = entry;
    }
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;
    use crate::yaml::parse;

    fn miss(text: &str) -> Option<DocumentNearMiss> {
        let parsed = parse(FileId(0), text.as_bytes());
        assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
        parsed.documents.iter().find_map(|document| find(&document.root))
    }

    #[test]
    fn near_misses_of_the_api_version_are_found() {
        let body = "kind: Task\nmetadata: {name: a}\nspec: {}\n";
        for head in [
            "apiversion: fleetcron.dev/v1alpha1",
            "APIVersion: fleetcron.dev/v1alpha1",
            "api_version: fleetcron.dev/v1alpha1",
            "apiVerison: fleetcron.dev/v1alpha1",
            "schema: fleetcron.dev/v1alpha1",
            "apiVersion: Fleetcron.dev/v1alpha1",
            "apiVersion: fleetcron.dev",
            "apiVersion: fleetcron.dev/v1",
            "apiVersion: fleetcron.io/v1alpha1",
            "apiVersion: fleet-cron.dev/v1alpha1",
            "apiVersion: fletcron.dev/v1alpha1",
            "apiVersion: fleetcorn.dev/v1alpha1",
            "apiVersion: fleetcron/v1alpha1",
            "apiVersion: ' fleetcron.dev/v1alpha1'",
            "apiVersion: v1alpha1",
            "apiVersion: 1",
            "apiVersion:",
            "# none",
        ] {
            assert!(miss(&format!("{head}\n{body}")).is_some(), "{head}");
        }
        for text in [
            "- apiVersion: fleetcron.dev/v1alpha1\n  kind: Task\n",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: fleetcron.dev/v1alpha1\n  kind: Task\n",
            "x:\n  apiVersion: fleetcron.io/v1alpha1\n  kind: Cluster\n",
            "{\"items\": [{\"apiVersion\": \"fleetcron.dev/v1alpha1\", \"kind\": \"Task\"}]}",
            "apiVersion:fleetcron.dev/v1alpha1",
        ] {
            assert!(miss(text).is_some(), "{text}");
        }
    }

    #[test]
    fn documents_of_others_and_our_own_are_no_near_misses() {
        for text in [
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\n",
            "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\n",
            "apiVersion: fleet.cattle.io/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n",
            "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nmetadata: {name: a}\n",
            "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fleetcron}\n",
            "name: fleetcron\nversion: 0.1.0\n",
            "repo: https://github.com/fleetcron/fleetcron\n",
            "version: '3'\ntasks: {build: {cmds: [make]}}\n",
            "kind: pipeline\nname: default\n",
            "kind: Task\n",
            "- a\n- b\n",
            "some text\n",
        ] {
            assert!(miss(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_yaml_names_us_by_a_line_of_its_own() {
        for text in [
            "a: [\napiVersion: fleetcron.dev/v1alpha1\n",
            "{\"apiversion\":\"fleetcron.io/v1\",",
            "apiVersion: Fleetcron.dev # x\n\t",
        ] {
            assert!(text_names_us(text), "{text}");
        }
        for text in ["image: {{ .Values.fleetcron }}\napiVersion: batch/v1\n", "{{ fleetcron }}: fleetcron\n", ""] {
            assert!(!text_names_us(text), "{text}");
        }
    }
}
