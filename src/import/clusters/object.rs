//! One object of the input, with access to its parts by path. A part of another type reads as absent.

use std::collections::BTreeMap;

use serde_json::Value;

/// An object of Kubernetes.
#[derive(Clone, Debug)]
pub struct KubernetesObject {
    /// The input that it came from.
    pub file: String,
    /// The group of its API; empty for the core.
    pub group: String,
    /// Its kind.
    pub kind: String,
    value: Value,
}

impl KubernetesObject {
    /// An object of an `apiVersion` and a kind.
    pub fn new(file: &str, version: &str, kind: String, value: Value) -> Self {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Self { file: file.to_owned(), group: group.to_owned(), kind, value }
    }

    /// Whether it is of this group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// What stands at a path.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        at(&self.value, path)
    }

    /// The text at a path, unless it is empty.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        text(&self.value, path)
    }

    /// The items of the list at a path.
    pub fn list(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// `metadata.name`
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"]).unwrap_or_default()
    }

    /// `metadata.namespace`
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"]).unwrap_or_default()
    }

    /// `namespace/name`, or the name alone.
    pub fn full_name(&self) -> String {
        match self.namespace() {
            "" => self.name().to_owned(),
            namespace => format!("{namespace}/{}", self.name()),
        }
    }

    /// `metadata.labels`
    pub fn labels(&self) -> BTreeMap<String, String> {
        let labels = self.at(&["metadata", "labels"]).and_then(Value::as_object);
        let texts = labels.into_iter().flatten().filter_map(|(key, value)| Some((key, value.as_str()?)));
        texts.map(|(key, value)| (key.clone(), value.to_owned())).collect()
    }

    /// Whether it is being deleted.
    pub fn is_going(&self) -> bool {
        self.text(&["metadata", "deletionTimestamp"]).is_some()
    }
}

/// What stands at a path of a value.
pub fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// The text at a path of a value, unless it is empty.
pub fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    at(value, path)?.as_str().filter(|text| !text.is_empty())
}
