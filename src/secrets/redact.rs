//! Redacts secrets in a JSON object: by position, by name, or by shape.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::SecretNames;

/// Members that hold the value of what their neighbour `name` or `key` calls.
const VALUES: [&str; 8] = ["value", "values", "default", "data", "content", "text", "stringValue", "plaintext"];

/// A walk over an object that replaces what is secret.
pub struct Redactor<'a> {
    /// Texts that are secret wherever they stand.
    pub known: &'a BTreeSet<String>,
    /// The names that announce secrets.
    pub names: &'a SecretNames,
    /// What to write instead of a secret.
    pub replace: &'a mut dyn FnMut(&str) -> String,
}

impl Redactor<'_> {
    /// Redacts an object in place; what is not an object becomes one placeholder.
    pub fn object(&mut self, object: &mut Value) {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let encrypted = object.get("sops").is_some_and(Value::is_object);
        let Value::Object(members) = object else {
            // What could not be read is shown to nobody.
            *object = Value::String((self.replace)(object.as_str().unwrap_or_default()));
            return;
        };
        if encrypted {
            // Its signature and its date change with every edit and say nothing.
            members.remove("sops");
        }
        if let (true, Some(Value::Array(items))) = (kind.ends_with("List"), members.get_mut("items")) {
            items.iter_mut().for_each(|item| self.object(item));
        }
        // Names of keys, of which an ExternalSecret is full.
        let names = version.starts_with("external-secrets.io/");
        for (name, value) in members.iter_mut() {
            let open = matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "type" | "immutable");
            match kind.as_str() {
                "Secret" if !open => self.all(value),
                _ if !open && encrypted => self.all(value),
                "ConfigMap" if name == "binaryData" => self.encoded(value),
                _ if !open && names => self.named("", value, &|name| name == "secretKey"),
                _ => self.named(name, value, &|_| false),
            }
        }
    }

    /// All scalars below a value.
    fn all(&mut self, value: &mut Value) {
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter_mut().for_each(|item| self.all(item)),
            Value::Object(members) => members.values_mut().for_each(|value| self.all(value)),
            Value::String(text) => *text = (self.replace)(text),
            scalar => *scalar = Value::String((self.replace)(&scalar.to_string())),
        }
    }

    /// Texts in base64.
    fn encoded(&mut self, value: &mut Value) {
        for (name, value) in value.as_object_mut().into_iter().flatten() {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
            if super::is_secret(name, &String::from_utf8_lossy(&bytes), self.names) {
                self.all(value);
            }
        }
    }

    /// A value under a name; of some names only a part of the walk knows that they speak of no secret.
    fn named(&mut self, name: &str, value: &mut Value, harmless: &dyn Fn(&str) -> bool) {
        match value {
            Value::String(text) => {
                let name = if harmless(name) { "" } else { name };
                if let Some(covered) = self.text(name, text) {
                    *text = covered;
                }
            }
            Value::Number(_) if super::is_secret(name, &value.to_string(), self.names) => self.all(value),
            Value::Array(items) => self.list(name, items, &[], harmless),
            Value::Object(members)
                if super::is_section_name(name) && members.values().all(|value| !value.is_object()) =>
            {
                let open = |value: &&mut Value| value.as_str().is_some_and(super::is_harmless);
                members.values_mut().filter(|value| !open(value)).for_each(|value| self.all(value));
            }
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
                let own = text("name").or_else(|| text("key"));
                let program = program(members);
                for (member, value) in members.iter_mut() {
                    let held = VALUES.contains(&member.as_str());
                    let name = match &own {
                        Some(own) if held && self.names.announces(own) => own,
                        _ if held && self.names.announces(name) => name,
                        _ => member,
                    };
                    match value {
                        Value::Array(items) if matches!(member.as_str(), "command" | "args") => {
                            self.list(name, items, &program, harmless);
                        }
                        value => self.named(name, value, harmless),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The items of a list, words of a command among them.
    fn list(&mut self, name: &str, items: &mut [Value], program: &[String], harmless: &dyn Fn(&str) -> bool) {
        let secret = self.names.announces(name) && !harmless(name);
        let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
        let program: Vec<&str> = program.iter().map(String::as_str).collect();
        let mut hidden = super::find_in_command(&words, &program, self.names).into_iter();
        for item in items {
            match item {
                Value::String(text) => {
                    let ranges = hidden.next().unwrap_or_default();
                    let covered = if secret { self.text(name, text) } else { self.covered(text, &ranges) };
                    if let Some(covered) = covered {
                        *text = covered;
                    }
                }
                other => self.named(if secret { name } else { "" }, other, harmless),
            }
        }
    }

    /// A text that is or holds a secret, covered.
    fn text(&mut self, name: &str, text: &str) -> Option<String> {
        // The last applied object repeats all others.
        if name == "kubectl.kubernetes.io/last-applied-configuration" {
            return Some((self.replace)(text));
        }
        let ranges = super::find_secrets(name, text, self.names);
        self.covered(text, &ranges)
    }

    /// A text without these parts, and without what is known to be secret.
    fn covered(&mut self, text: &str, ranges: &[std::ops::Range<usize>]) -> Option<String> {
        let mut covered = String::with_capacity(text.len());
        let mut at = 0;
        for range in ranges {
            covered.push_str(&self.without_known(&text[at..range.start]));
            covered.push_str(&(self.replace)(&text[range.clone()]));
            at = range.end;
        }
        covered.push_str(&self.without_known(&text[at..]));
        (covered != text).then_some(covered)
    }

    fn without_known(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: one may stand in another.
        let mut known: Vec<&String> = self.known.iter().filter(|known| text.contains(known.as_str())).collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.len()));
        for known in known {
            if text.contains(known.as_str()) {
                text = text.replace(known.as_str(), &(self.replace)(known));
            }
        }
        text
    }
}

/// What may say which program a container runs: the first word of its command, or its image.
fn program(members: &Map<String, Value>) -> Vec<String> {
    let first = |name: &str| members.get(name)?.as_array()?.first()?.as_str().map(str::to_owned);
    let image = members.get("image").and_then(Value::as_str).map(|image| {
        let bare = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        bare.split(':').next().unwrap_or_default().to_owned()
    });
    [first("command"), first("args"), image].into_iter().flatten().collect()
}
