//! Hides secrets in two states of an object before they are compared.
//!
//! Each secret is replaced by a numbered placeholder. Equal secrets get equal numbers, so a comparison still shows whether
//! a secret changed, and no later step can print it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::compile::Compilation;
use crate::model::Model;
use crate::secrets::{self, Redactor, SecretNames};

/// Start of a placeholder; its number follows.
const HIDDEN: &str = "(hidden";

/// Shorter secrets occur by chance inside other words, so they are only redacted where they were found.
const SHORTEST_KNOWN_SECRET: usize = 6;

/// Whether a value is or contains a placeholder.
pub fn is_redacted(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(HIDDEN),
        Value::Array(items) => items.iter().any(is_redacted),
        Value::Object(members) => members.values().any(is_redacted),
        _ => false,
    }
}

/// The names that announce secrets in a fleet.
pub fn secret_names(model: &Model) -> SecretNames {
    SecretNames::new(&model.fleet.redact.names, &model.fleet.redact.show)
}

/// Replaces secrets by numbered placeholders.
pub struct Redaction {
    /// Values of variables that look like secrets: redacted wherever they occur.
    known: BTreeSet<String>,
    /// The names that announce secrets.
    names: SecretNames,
    /// The secrets found so far, with their numbers.
    numbers: RefCell<BTreeMap<String, usize>>,
}

impl Redaction {
    /// Collects the secret values of all variables of these compilations.
    pub fn new(compilations: &[&Compilation]) -> Self {
        let mut known = BTreeSet::new();
        let settings = compilations.iter().map(|compilation| secret_names(&compilation.model));
        let names = settings.reduce(|all, more| all.join(&more)).unwrap_or_default();
        for model in compilations.iter().map(|compilation| &compilation.model) {
            let fleet = model.fleet.variables.iter().map(|set| &set.set);
            let clusters = model.clusters.iter().map(|cluster| &cluster.variables);
            let layers = model.units.iter().flat_map(|unit| {
                let own = unit.layers.iter().map(|layer| &layer.body.variables);
                own.chain(unit.overrides.iter().map(|over| &over.layer.body.variables))
            });
            for (name, value) in fleet.chain(clusters).chain(layers).flatten() {
                let Some(value) = &value.value else { continue };
                let secrets = secrets::find_secrets(name, value, &names).into_iter().map(|range| &value[range]);
                known.extend(secrets.filter(|secret| secret.len() >= SHORTEST_KNOWN_SECRET).map(str::to_owned));
            }
        }
        Self { known, names, numbers: RefCell::default() }
    }

    /// Values of variables that look like secrets.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// The placeholder of a secret: equal secrets get equal placeholders, whatever object they are in.
    fn placeholder(&self, secret: &str) -> String {
        let mut numbers = self.numbers.borrow_mut();
        let next = numbers.len() + 1;
        let number = *numbers.entry(secret.to_owned()).or_insert(next);
        format!("{HIDDEN} {number})")
    }

    /// Redacts two states of an object, or the only one that exists. Whatever differs between them still differs afterwards.
    pub fn redact(&self, old: Option<&mut Value>, new: Option<&mut Value>) {
        let mut replace = |secret: &str| self.placeholder(secret);
        for object in old.into_iter().chain(new) {
            Redactor { known: &self.known, names: &self.names, replace: &mut replace }.object(object);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn covered(mut old: Value, mut new: Value) -> (String, String) {
        let known = BTreeSet::from(["s3cr3t-of-a-variable".to_owned()]);
        let redaction = Redaction { known, names: SecretNames::default(), numbers: RefCell::default() };
        redaction.redact(Some(&mut old), Some(&mut new));
        (old.to_string(), new.to_string())
    }

    fn pod(container: Value) -> Value {
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"containers": [container]}})
    }

    #[test]
    fn a_secret_is_seen_to_change_and_never_seen() {
        let secret =
            |text: &str| json!({"kind": "Secret", "metadata": {"name": "x"}, "data": {"a": text, "b": "QQ=="}});
        let env = |text: &str| pod(json!({"env": [{"name": "DB_PASSWORD", "value": text}]}));
        let flag = |text: &str| pod(json!({"args": ["--password", text, format!("--token=tok{text}A1b2C3d4")]}));
        let script = |text: &str| pod(json!({"args": [format!("export API_TOKEN={text}Xy9\nrun")]}));
        let known = |text: &str| pod(json!({"args": [format!("--x=s3cr3t-of-a-variable"), text]}));
        let sops = |text: &str| json!({"kind": "ConfigMap", "data": {"a": text}, "sops": {"mac": text}});
        for make in [&secret as &dyn Fn(&str) -> Value, &env, &flag, &script, &sops] {
            let (old, new) = covered(make("hunter2AAA"), make("hunter3BBB"));
            assert!(!old.contains("hunter2") && !new.contains("hunter3"), "{old}{new}");
            assert_ne!(old, new, "that it changed is told");
            let (old, new) = covered(make("hunter2AAA"), make("hunter2AAA"));
            assert_eq!(old, new);
            assert!(!old.contains("hunter2"), "{old}");
        }
        let (old, _) = covered(known("a"), known("b"));
        assert!(!old.contains("s3cr3t"), "{old}");
    }

    #[test]
    fn two_secrets_that_change_places_do_change() {
        let of = |a: &str, b: &str| json!({"kind": "Secret", "data": {"a": a, "b": b}});
        let (old, new) = covered(of("one-one-one", "two-two-two"), of("two-two-two", "one-one-one"));
        assert_ne!(old, new);
    }

    #[test]
    fn what_is_no_secret_stays() {
        let value = pod(json!({
            "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "PASSWORD_FILE", "value": "/run/x"},
                {"name": "ASK_FOR_PASSWORD", "value": "false"}],
            "args": ["--level=debug", "-v", "run"],
        }));
        assert_eq!(covered(value.clone(), value.clone()).0, value.to_string());
    }
}
