//! What all readers of clusters share: names, labels, versions, amounts and taints of an object, notes and diagnostics.

use std::collections::BTreeMap;

use super::amounts::ResourceQuantities;
use super::imported::{ImportedCluster, ImportedTaint};
use super::object::{KubernetesObject, text};
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::model::TaintEffect;
use crate::validate::quantity::QuantityError;
use crate::validate::{Version, names};

/// Collects what was found, and what there is to say.
pub(super) struct Collector<'d> {
    pub(super) diags: &'d mut Diagnostics,
    pub(super) notes: Vec<String>,
}

impl Collector<'_> {
    /// Something to know, and nothing wrong.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A cluster of which only the name and the labels are known. A label that Kubernetes would refuse has strayed in from
    /// elsewhere in a broken object, and may be anything.
    pub(super) fn begin(&mut self, object: &KubernetesObject, what: &str, name: &str) -> ImportedCluster {
        let source = format!("{what} `{}`", object.full_name());
        let all = object.labels();
        let count = all.len();
        let fine = |key: &str, value: &str| names::label_key(key).is_ok() && names::label_value(value).is_ok();
        let labels: BTreeMap<String, String> = all.into_iter().filter(|(key, value)| fine(key, value)).collect();
        if labels.len() < count {
            self.note(format!("{source}: labels that Kubernetes would refuse are left out: {}", count - labels.len()));
        }
        let (full_name, file) = (object.full_name(), object.file.clone());
        ImportedCluster { name: name.to_owned(), full_name, source, file, labels, ..ImportedCluster::default() }
    }

    /// A version as `1.33`.
    pub(super) fn version(&mut self, found: &ImportedCluster, text: Option<&str>) -> Option<String> {
        let text = text?;
        let version = Version::parse(text).map(|version| version.to_string());
        if version.is_none() {
            self.note(format!("{}: its version cannot be read and is left out", found.source));
        }
        version
    }

    /// Amounts of a cluster.
    pub(super) fn amounts(
        &mut self,
        found: &ImportedCluster,
        amounts: Result<ResourceQuantities, QuantityError>,
    ) -> ResourceQuantities {
        self.amounts_in(&found.file, &found.source, amounts)
    }

    /// Amounts of an object.
    pub(super) fn amounts_of(
        &mut self,
        object: &KubernetesObject,
        amounts: Result<ResourceQuantities, QuantityError>,
    ) -> ResourceQuantities {
        self.amounts_in(&object.file, &format!("{} `{}`", object.kind, object.full_name()), amounts)
    }

    /// The taints of an object, those aside that only say how it is at the hour; `effect` knows the words of its kind.
    pub(super) fn taints(
        &mut self,
        found: &ImportedCluster,
        object: &KubernetesObject,
        health: &[&str],
        effect: impl Fn(&str) -> Option<TaintEffect>,
    ) -> Vec<ImportedTaint> {
        let mut taints = Vec::new();
        for taint in object.list(&["spec", "taints"]) {
            let (Some(key), Some(word)) = (text(taint, &["key"]), text(taint, &["effect"])) else { continue };
            let why = match effect(word) {
                None => "has an unknown effect",
                Some(_) if health.contains(&key) => "is the health of the hour",
                Some(effect) => {
                    let value = text(taint, &["value"]).unwrap_or_default().to_owned();
                    taints.push(ImportedTaint { key: key.to_owned(), value, effect });
                    continue;
                }
            };
            self.note(format!("{}: the taint `{key}` {why} and is left out", found.source));
        }
        taints
    }

    fn amounts_in(
        &mut self,
        file: &str,
        source: &str,
        amounts: Result<ResourceQuantities, QuantityError>,
    ) -> ResourceQuantities {
        amounts.unwrap_or_else(|error| {
            let message = format!("{source}: {}", error.message);
            self.diags.push(Diagnostic::at(Code::InvalidQuantity, Place::Path(file.to_owned()), message));
            ResourceQuantities::new()
        })
    }
}
