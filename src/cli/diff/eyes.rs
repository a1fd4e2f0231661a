//! Lends `diff` YAML parsing, list keys and secret redaction.
//!
//! Each secret is replaced by a numbered placeholder in both states before they are compared. Equal secrets get equal
//! numbers, so a comparison shows whether a secret changed, and no later step can print it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cover::Cover;
use super::meaning;
use crate::cli::leaks;
use crate::cli::normal_objects::normal_objects;
use crate::compile::Compilation;
use crate::diff;
use crate::patch::Shape;
use crate::patch::table::List;
use crate::tree::FileId;
use crate::yaml;

/// How a cover begins; its number follows.
const HIDDEN: &str = "(hidden";

/// A text shorter than this stands in too many words to be starred inside one.
const TELLING: usize = 6;

/// Whether a text stands for a secret, or one stands in it.
pub(super) fn is_hidden(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(HIDDEN),
        Value::Array(items) => items.iter().any(is_hidden),
        Value::Object(members) => members.values().any(is_hidden),
        _ => false,
    }
}

/// What `diff` borrows from the command line.
pub(super) struct Eyes {
    /// Texts that are secret wherever they stand: the values of variables that look it.
    known: BTreeSet<String>,
    /// The secrets that were met, and their numbers.
    numbers: RefCell<BTreeMap<String, usize>>,
}

impl Eyes {
    /// For some compilations: their variables are looked at.
    pub(super) fn of(compilations: &[&Compilation]) -> Self {
        let mut known = BTreeSet::new();
        for model in compilations.iter().map(|compilation| &compilation.model) {
            let fleet = model.fleet.variables.iter().map(|set| &set.set);
            let clusters = model.clusters.iter().map(|cluster| &cluster.variables);
            let layers = model.units.iter().flat_map(|unit| {
                let own = unit.layers.iter().map(|layer| &layer.body.variables);
                own.chain(unit.overrides.iter().map(|over| &over.layer.body.variables))
            });
            for (name, value) in fleet.chain(clusters).chain(layers).flatten() {
                let Some(value) = &value.value else { continue };
                let secrets = leaks::found(name, value).into_iter().map(|range| &value[range]);
                known.extend(secrets.filter(|secret| secret.len() >= TELLING).map(str::to_owned));
            }
        }
        Self { known, numbers: RefCell::default() }
    }

    /// What stands for a secret: the same for the same, whatever object it is in.
    fn cover_of(&self, secret: &str) -> String {
        let mut numbers = self.numbers.borrow_mut();
        let next = numbers.len() + 1;
        let number = *numbers.entry(secret.to_owned()).or_insert(next);
        format!("{HIDDEN} {number})")
    }
}

impl diff::Eyes for Eyes {
    type Lists = Keys;

    fn read(&self, bytes: &[u8]) -> Vec<Value> {
        let parsed = yaml::parse(FileId(0), bytes);
        if !parsed.diagnostics.is_empty() {
            return Vec::new();
        }
        parsed.documents.iter().map(|document| document.root.to_value()).collect()
    }

    fn normal_objects(&self, bytes: &[u8]) -> Vec<Value> {
        normal_objects(bytes)
    }

    fn lists(&self, object: &Value) -> Keys {
        Keys::of(object)
    }

    fn cover(&self, old: Option<&mut Value>, new: Option<&mut Value>) {
        let mut replace = |secret: &str| self.cover_of(secret);
        for object in old.into_iter().chain(new) {
            Cover { known: &self.known, replace: &mut replace }.object(object);
        }
    }

    fn meaning(&self, old: &Value, new: &Value, found: Vec<diff::Field>) -> (Vec<diff::Field>, Vec<diff::Field>) {
        meaning::meaning(old, new, found)
    }

    fn hides(&self, name: &str, value: &str) -> bool {
        leaks::hides(name, value)
    }
}

/// Which lists have keys: those of a strategic merge, and their identity under server-side apply.
#[derive(Clone, Copy)]
pub(super) struct Keys(Shape);

impl Keys {
    /// Those of an object.
    pub(super) fn of(object: &Value) -> Self {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        Keys(Shape::of(text("apiVersion"), text("kind")))
    }
}

impl diff::Lists for Keys {
    fn field(self, name: &str) -> Self {
        Keys(self.0.field(name))
    }

    fn item(self) -> Self {
        Keys(self.0.item())
    }

    fn key(self) -> &'static [&'static str] {
        match self.0.list() {
            List::Keyed { identity, .. } => identity,
            List::Atomic | List::Union => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff::Eyes as _;

    fn covered(mut old: Value, mut new: Value) -> (String, String) {
        let known = BTreeSet::from(["s3cr3t-of-a-variable".to_owned()]);
        let eyes = Eyes { known, numbers: RefCell::default() };
        eyes.cover(Some(&mut old), Some(&mut new));
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
