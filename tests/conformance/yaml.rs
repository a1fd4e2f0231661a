//! What `kubectl` reads, read the same; what it must not misread, written in quotes.

use std::collections::BTreeMap;

use fleetcron::tree::FileId;
use fleetcron::yaml::{FieldOrder, Parsed, emit, parse};
use serde_json::{Value, json};

use super::{line, raw, say, vectors};

/// Sorted maps everywhere.
#[derive(Clone, Copy)]
struct Free;

impl FieldOrder for Free {
    fn is_ordered(&self) -> bool {
        false
    }

    fn field(&self, _: &str) -> Option<(usize, Self)> {
        None
    }

    fn other(&self) -> Self {
        Free
    }

    fn item(&self) -> Self {
        Free
    }
}

/// Equality of values, numbers by their value.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.as_i64().is_none() || b.as_i64().is_none()) && a.as_f64() == b.as_f64()
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        _ => a == b,
    }
}

/// Why we refused: the code, and for plain syntax the message without the author's words.
pub(super) fn kind(parsed: &Parsed) -> String {
    let Some(first) = parsed.diagnostics.first() else { return "accepted".to_owned() };
    match first.code.name() {
        "yaml-syntax" => {
            let mut words = String::new();
            for (i, part) in first.message.split('`').enumerate() {
                words.push_str(if i % 2 == 0 { part } else { "…" });
            }
            format!("yaml-syntax: {words}")
        }
        code => code.to_owned(),
    }
}

/// The document that was sent, without the lines that made it an object.
fn sent(parsed: &Parsed) -> Value {
    let mut value = parsed.documents.first().map_or(Value::Null, |document| document.root.to_value());
    if let Some(map) = value.as_object_mut() {
        for prefix in ["apiVersion", "kind", "metadata"] {
            map.remove(prefix);
        }
    }
    value
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let Some(cases) = vectors("yaml-scalars.jsonl.gz") else { return };
    let mut wrong = Vec::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut lenient: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        let text = case["sent"].as_str().expect("a case has a text");
        let parsed = parse(FileId(0), text.as_bytes());
        // kubectl ends the last line of a file with a newline before go-yaml sees it (`LineReader.Read` in
        // `k8s.io/apimachinery/pkg/util/yaml`), so that a block scalar gets one too; kustomize and the API server do not.
        let as_it_stands = case.pointer("/kustomize/json").filter(|_| !text.ends_with('\n'));
        match as_it_stands.or(case.get("json")) {
            Some(_) if !parsed.diagnostics.is_empty() => {
                // Bare syntax errors are no purpose of ours: they count as wrong.
                let kind = kind(&parsed);
                if kind.starts_with("yaml-syntax") && !DELIBERATE.contains(&kind.as_str()) {
                    wrong.push(format!("{} {:?}: refused, {kind}", case["id"], case["yaml"]));
                }
                *refused.entry(kind).or_default() += 1;
            }
            Some(expected) if !same(&sent(&parsed), expected) => {
                wrong.push(format!("{} {:?}: {} for {expected}", case["id"], case["yaml"], sent(&parsed)));
            }
            Some(_) => {}
            // The object lacks a kind, or stands beside one that does: no matter of YAML.
            None if case.get("partial_json").is_some() => {}
            None if parsed.diagnostics.is_empty() => {
                let error = case["error"].as_str().unwrap_or_default().rsplit(": ").next().unwrap_or_default();
                *lenient.entry(error.to_owned()).or_default() += 1;
            }
            None => {}
        }
    }
    for (kind, count) in &refused {
        say(&format!("  refused on purpose: {count} {kind}"));
    }
    for (kind, count) in &lenient {
        say(&format!("  read though kubectl does not: {count} {kind}"));
    }
    for line in &wrong {
        say(&format!("  {line}"));
    }
    line("yaml-scalars", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty());
}

/// Refusals of our own making, and of YAML 1.2, that bear the code of a syntax error: other readers would refuse or
/// misread these, though kubectl takes them.
pub(super) const DELIBERATE: [&str; 9] = [
    "yaml-syntax: Kubernetes drops what follows … without a word",
    "yaml-syntax: a comment needs a space before its …",
    "yaml-syntax: … is a key to some YAML readers and a text to others",
    "yaml-syntax: a space is missing after the tag",
    "yaml-syntax: an unquoted text in brackets cannot begin with …",
    "yaml-syntax: double quotes have no such escape",
    "yaml-syntax: an unquoted text cannot begin like this",
    "yaml-syntax: the tag cannot be read",
    "yaml-syntax: the escape is half a character",
];

#[test]
fn strings_are_written_so_that_nobody_misreads_them() {
    let Some(bytes) = raw("yaml-must-quote.json") else { return };
    let lists: Value = serde_json::from_slice(&bytes).expect("the file is JSON");
    let mut ok = 0;
    let mut wrong = Vec::new();
    for (name, texts) in lists.as_object().expect("the file is a map") {
        for text in texts.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let value = json!({ "a": text, text: [text, {text: text}] });
            let written = emit(&value, Free);
            let bare = emit(&json!({ "a": text }), Free) == format!("a: {text}\n");
            let parsed = parse(FileId(0), written.as_bytes());
            let back = parsed.documents.first().map(|document| document.root.to_value());
            // What does not arrive is refused, however it is written.
            let carried = !text.contains(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'));
            if (bare && name.starts_with("must_quote"))
                || back.as_ref() != Some(&value)
                || parsed.diagnostics.is_empty() != carried
            {
                wrong.push(format!("{name} {text:?}: {written}"));
            } else {
                ok += 1;
            }
        }
    }
    for line in &wrong {
        say(&format!("  {line}"));
    }
    line("yaml-must-quote", ok, ok + wrong.len());
    assert!(wrong.is_empty());
}
