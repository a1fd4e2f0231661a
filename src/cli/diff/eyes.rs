//! What the comparison asks of the porch: texts as objects, which lists have keys, and secrets, covered. It compares
//! nothing.
//!
//! The one idea: a secret is covered in both states before they are compared; that it changed can still be told, for its
//! two covers differ, and what it was stands nowhere any longer.

use std::collections::BTreeSet;

use serde_json::Value;

use super::meaning;
use crate::compile::Compilation;
use crate::diff;
use crate::lint;
use crate::patch::Shape;
use crate::patch::table::List;
use crate::tree::FileId;
use crate::yaml;

/// Stands for a secret that is the same on both sides, or that only one side has.
pub(super) const HIDDEN: &str = diff::HIDDEN;

/// Stand for a secret that differs.
const BEFORE: &str = "(hidden: before)";
const AFTER: &str = "(hidden: after)";

/// A text shorter than this stands in too many words to be starred inside one.
const TELLING: usize = 8;

/// Whether a text stands for a secret that differs.
pub(super) fn is_hidden(value: &Value) -> bool {
    let covers = |text: &str| [HIDDEN, BEFORE, AFTER].iter().any(|cover| text.contains(cover));
    match value {
        Value::String(text) => covers(text),
        Value::Array(items) => items.iter().any(is_hidden),
        Value::Object(members) => members.values().any(is_hidden),
        _ => false,
    }
}

/// The eyes of the porch.
pub(super) struct Eyes {
    /// Texts that are secret wherever they stand: the values of variables that look it.
    known: BTreeSet<String>,
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
                if value.len() >= TELLING && secret(name, value) {
                    known.insert(value.clone());
                }
            }
        }
        Self { known }
    }
}

/// Whether a value of that name is shown to nobody. As in reports, what only might be a secret is one here: beside a
/// change a false cover costs less than a miss.
fn secret(name: &str, value: &str) -> bool {
    let might = lint::names_secret(name) && value.len() >= 4 && !value.starts_with('$') && !plain(value);
    might || lint::looks_secret(name, value)
}

/// A switch, a number, a path: these are told whatever the name.
fn plain(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null") || value.starts_with('/')
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

    fn lists(&self, object: &Value) -> Keys {
        Keys::of(object)
    }

    fn cover(&self, old: Option<&mut Value>, new: Option<&mut Value>) {
        let found = |value: &Option<&mut Value>| {
            let mut found = BTreeSet::new();
            if let Some(value) = value {
                let mut copy = (**value).clone();
                Cover {
                    known: &self.known,
                    replace: &mut |key, text| {
                        found.insert((key.to_owned(), text.to_owned()));
                        HIDDEN.to_owned()
                    },
                }
                .object(&mut copy);
            }
            found
        };
        let (of_old, of_new) = (found(&old), found(&new));
        let both = old.is_some() && new.is_some();
        for (value, others, differs) in [(old, &of_new, BEFORE), (new, &of_old, AFTER)] {
            let Some(value) = value else { continue };
            let mut replace = |key: &str, text: &str| {
                let same = !both || others.contains(&(key.to_owned(), text.to_owned()));
                (if same { HIDDEN } else { differs }).to_owned()
            };
            Cover { known: &self.known, replace: &mut replace }.object(value);
        }
    }

    fn meaning(&self, old: &Value, new: &Value, found: Vec<diff::Field>) -> (Vec<diff::Field>, Vec<diff::Field>) {
        meaning::meaning(old, new, found)
    }

    fn hides(&self, name: &str, value: &str) -> bool {
        secret(name, value)
    }
}

/// A walk over an object that replaces what is secret.
struct Cover<'a> {
    known: &'a BTreeSet<String>,
    /// Given the place in words and the secret, what to write instead.
    replace: &'a mut dyn FnMut(&str, &str) -> String,
}

impl Cover<'_> {
    fn object(&mut self, object: &mut Value) {
        let kind = object.get("kind").and_then(Value::as_str).map(str::to_owned);
        let encrypted = object.get("sops").is_some_and(Value::is_object);
        let Value::Object(members) = object else {
            // What could not be read is shown to nobody.
            let text = object.as_str().unwrap_or_default().to_owned();
            *object = Value::String((self.replace)("", &text));
            return;
        };
        if encrypted {
            // Its signature and its date change with every edit and say nothing.
            members.remove("sops");
        }
        for (name, value) in members.iter_mut() {
            let open = matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "type" | "immutable");
            match (open, kind.as_deref()) {
                (false, Some("Secret")) => self.all(name, value),
                (false, _) if encrypted => self.all(name, value),
                _ => self.value("", name, value),
            }
        }
    }

    /// All scalars below a value.
    fn all(&mut self, place: &str, value: &mut Value) {
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter_mut().for_each(|item| self.all(place, item)),
            Value::Object(members) => {
                members.iter_mut().for_each(|(name, value)| self.all(&format!("{place}.{name}"), value));
            }
            scalar => {
                let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
                *scalar = Value::String((self.replace)(place, &text));
            }
        }
    }

    /// A value under a name.
    fn value(&mut self, place: &str, name: &str, value: &mut Value) {
        let place = format!("{place}.{name}");
        match value {
            Value::String(text) => {
                if let Some(covered) = self.text(&place, name, text) {
                    *text = covered;
                }
            }
            Value::Array(items) => {
                let mut flag: Option<String> = None;
                for item in items {
                    match item {
                        Value::String(text) => {
                            let named = flag.take();
                            let before = text.clone();
                            if let Some(covered) = self.text(&place, named.as_deref().unwrap_or_default(), text) {
                                *text = covered;
                            }
                            let is_flag = before.starts_with('-') && !before.contains(['=', ' ', '\n']);
                            flag = is_flag.then(|| before.trim_start_matches('-').to_owned());
                        }
                        other => {
                            let item_name = other.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                            self.value(&place, &item_name, other);
                        }
                    }
                }
            }
            Value::Object(members) => {
                let own = members.get("name").and_then(Value::as_str).map(str::to_owned);
                for (name, value) in members.iter_mut() {
                    // The value of a variable goes by the variable's name.
                    let name = if name == "value" { own.as_deref().unwrap_or(name) } else { name };
                    self.value(&place, name, value);
                }
            }
            _ => {}
        }
    }

    /// A text that is or holds a secret, covered.
    fn text(&mut self, place: &str, name: &str, text: &str) -> Option<String> {
        // The last applied object repeats all others.
        if name == "kubectl.kubernetes.io/last-applied-configuration" || (!name.is_empty() && secret(name, text)) {
            return Some((self.replace)(place, text));
        }
        if lint::looks_secret("", text) {
            return Some((self.replace)(place, text));
        }
        let mut covered: Option<String> = None;
        for known in self.known.iter().filter(|known| text.contains(known.as_str())) {
            let cover = (self.replace)(place, known);
            covered = Some(covered.as_deref().unwrap_or(text).replace(known.as_str(), &cover));
        }
        // `--password=...`, `export TOKEN=...`, a token among other words.
        if text.contains(['=', ' ', '\n']) {
            let so_far = covered.clone().unwrap_or_else(|| text.to_owned());
            let words = so_far.split_inclusive(char::is_whitespace);
            let mut whole = String::with_capacity(so_far.len());
            let mut hit = false;
            let mut flag: Option<String> = None;
            for word in words {
                let bare = word.trim_end();
                let named = flag.take();
                flag = (bare.starts_with("--") && !bare.contains('=')).then(|| bare.trim_start_matches('-').to_owned());
                let (name, value) = bare.split_once('=').unwrap_or((named.as_deref().unwrap_or_default(), bare));
                let value = value.trim_matches(['"', '\'', ';']);
                let name = name.trim_start_matches('-');
                if value.is_empty() || value.contains(HIDDEN) || !lint::looks_secret(name, value) {
                    whole.push_str(word);
                    continue;
                }
                let cover = (self.replace)(place, value);
                whole.push_str(&word.replacen(value, &cover, 1));
                hit = true;
            }
            if hit {
                covered = Some(whole);
            }
        }
        covered
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
        let eyes = Eyes { known: BTreeSet::from(["s3cr3t-of-a-variable".to_owned()]) };
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
