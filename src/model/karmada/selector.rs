//! Which objects a policy selects. Source: `pkg/util/selector.go ResourceMatches`, `ResourceMatchSelectorsPriority`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::TemplateKey;
use super::terms::LabelRequirement;
use crate::tree::Span;

/// One of `resourceSelectors`.
#[derive(Clone, Debug)]
pub struct ResourceSelector {
    /// `apiVersion`, compared as text.
    pub api_version: String,
    /// `kind`; case counts.
    pub kind: String,
    /// `namespace`; empty means any.
    pub namespace: String,
    /// `name`; empty means any. Where it is given the labels are not looked at.
    pub name: String,
    /// `labelSelector`, where there is one.
    pub labels: Option<Vec<LabelRequirement>>,
    /// The whole of it.
    pub span: Span,
    /// Where the name stands.
    pub name_span: Option<Span>,
    /// Where `labelSelector` stands.
    pub labels_span: Option<Span>,
}

impl ResourceSelector {
    /// The implicit priority with which it selects an object: by name 3, by labels 2, all of a kind 1; nothing where it
    /// does not select it.
    pub fn priority(&self, key: &TemplateKey, labels: &BTreeMap<&str, &str>) -> Option<u8> {
        if !self.meets_kind(key)
            || !self.namespace.is_empty() && Some(self.namespace.as_str()) != key.namespace.as_deref()
        {
            return None;
        }
        if !self.name.is_empty() {
            return (self.name == key.name).then_some(3);
        }
        match &self.labels {
            Some(requirements) => requirements.iter().all(|required| required.matches(labels)).then_some(2),
            None => Some(1),
        }
    }

    /// Whether apiVersion and kind are the object's.
    pub fn meets_kind(&self, key: &TemplateKey) -> bool {
        self.api_version == key.api_version && self.kind == key.kind
    }

    /// Whether Kubernetes reads the labels as a selector; others select nothing.
    pub fn is_readable(&self) -> bool {
        let readable =
            |required: &LabelRequirement| required.operator().is_some_and(|operator| required.is_selector(operator));
        self.labels.iter().flatten().all(readable)
    }
}

/// The labels of an object; none where one of them is no text (`unstructured.GetLabels`).
pub fn labels_of(object: &Value) -> BTreeMap<&str, &str> {
    let labels = object.get("metadata").and_then(|metadata| metadata.get("labels")).and_then(Value::as_object);
    let texts = labels.into_iter().flatten().map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    texts.collect::<Option<BTreeMap<_, _>>>().unwrap_or_default()
}

/// The best priority with which a list of selectors selects an object.
pub(super) fn best(selectors: &[ResourceSelector], key: &TemplateKey, labels: &BTreeMap<&str, &str>) -> Option<u8> {
    selectors.iter().filter_map(|selector| selector.priority(key, labels)).max()
}
