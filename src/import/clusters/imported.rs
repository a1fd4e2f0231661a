//! An imported cluster or capacity, and the document written for it.
//!
//! What the input does not know is absent; what it knows to be empty is an empty list or map. Only the latter may
//! remove something from an existing file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::amounts::{self, ResourceQuantities};
use crate::frontend::native::API_VERSION;
use crate::model::TaintEffect;
use crate::validate::Version;
use crate::yaml::FieldOrder;

/// What is known of a cluster.
#[derive(Clone, Debug, Default)]
pub struct ImportedCluster {
    /// Its name; checked by whoever collects them.
    pub name: String,
    /// The object's own name, for `--rename`: `namespace/name`.
    pub full_name: String,
    /// The object in words.
    pub source: String,
    /// The input that it came from.
    pub file: String,
    /// Only the capacity is known: a `ClusterCapacity`.
    pub capacity_alone: bool,
    /// Labels that Kubernetes would accept.
    pub labels: BTreeMap<String, String>,
    /// `aws`, `gcp`, `azure` and so on.
    pub provider: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The zones.
    pub zones: Vec<String>,
    /// None where the input does not know of taints.
    pub taints: Option<Vec<ImportedTaint>>,
    /// As `1.33`.
    pub version: Option<String>,
    /// What the cluster can take.
    pub capacity: ImportedCapacity,
}

/// A taint; its value is empty if there is none.
#[derive(Clone, Debug)]
pub struct ImportedTaint {
    /// The key.
    pub key: String,
    /// The value; empty if there is none.
    pub value: String,
    /// The effect.
    pub effect: TaintEffect,
}

/// What a cluster can take; None is not known.
#[derive(Clone, Debug, Default)]
pub struct ImportedCapacity {
    /// What all nodes can take.
    pub allocatable: Option<ResourceQuantities>,
    /// What running pods request.
    pub allocated: Option<ResourceQuantities>,
    /// What pending pods request.
    pub allocating: Option<ResourceQuantities>,
}

impl ImportedCapacity {
    /// Its members that are known.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &ResourceQuantities)> {
        let all =
            [("allocatable", &self.allocatable), ("allocated", &self.allocated), ("allocating", &self.allocating)];
        all.into_iter().filter_map(|(name, amounts)| Some((name, amounts.as_ref()?)))
    }

    /// As it is written, members of nothing left out.
    fn value(&self) -> Map<String, Value> {
        let members = self.members().map(|(name, amounts)| (name.to_owned(), amounts::write(amounts)));
        members.filter(|(_, value)| value != &json!({})).collect()
    }
}

/// Keys of labels that say nothing about the cluster: whole keys.
const NOISE: [&str; 8] = [
    "app.kubernetes.io/managed-by",
    "cluster.x-k8s.io/cluster-name",
    "clusterID",
    "helm.sh/chart",
    "kubernetes.io/metadata.name",
    "objectset.rio.cattle.io/hash",
    "topology.cluster.x-k8s.io/cluster-name",
    "topology.cluster.x-k8s.io/owned",
];

/// Keys of labels that other tools write for themselves: everything below a prefix.
const NOISY: [&str; 7] = [
    "argocd.argoproj.io/",
    "feature.open-cluster-management.io/",
    "helm.toolkit.fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
    "sveltos-agent.projectsveltos.io/",
    "velero.io/",
    "addon.open-cluster-management.io/",
];

/// Labels that name the region, the provider or the zone, where nothing better does; the first wins.
const REGION: [&str; 3] = ["topology.kubernetes.io/region", "region", "failure-domain.beta.kubernetes.io/region"];
const PROVIDER: [&str; 2] = ["provider", "cloud"];
const ZONE: [&str; 3] = ["topology.kubernetes.io/zone", "zone", "failure-domain.beta.kubernetes.io/zone"];

impl ImportedCluster {
    /// Fills in from labels what nothing better has said, and leaves out the labels that are noise.
    pub fn settle(mut self) -> Self {
        let label = |keys: &[&str]| keys.iter().find_map(|key| self.labels.get(*key)).filter(|text| !text.is_empty());
        let region = label(&REGION).cloned();
        let provider = label(&PROVIDER).and_then(|word| provider(word));
        let zone = label(&ZONE).cloned();
        self.region = self.region.take().or(region);
        self.provider = self.provider.take().or(provider);
        if self.zones.is_empty() {
            self.zones.extend(zone);
        }
        let name = &self.name;
        self.labels.retain(|key, value| {
            let own_name = key == "name" && value == name;
            !own_name && !NOISE.contains(&key.as_str()) && !NOISY.iter().any(|prefix| key.starts_with(prefix))
        });
        self
    }

    /// The document, with what is known.
    pub fn document(&self) -> Value {
        if self.capacity_alone {
            return json!({
                "apiVersion": API_VERSION,
                "kind": "ClusterCapacity",
                "metadata": {"name": self.name},
                "spec": self.capacity.value(),
            });
        }
        let mut metadata = Map::from_iter([("name".to_owned(), json!(self.name))]);
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), json!(self.labels));
        }
        let mut spec = Map::new();
        self.fill(&mut spec);
        let capacity = self.capacity.value();
        if !capacity.is_empty() {
            spec.insert("capacity".to_owned(), capacity.into());
        }
        let mut document = json!({"apiVersion": API_VERSION, "kind": "Cluster", "metadata": metadata});
        if !spec.is_empty() {
            document["spec"] = spec.into();
        }
        document
    }

    /// Brings `spec` of a Cluster up to what is known, its capacity aside; what means the same stays as it was written.
    pub fn fill(&self, spec: &mut Map<String, Value>) {
        let mut put = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                spec.insert(name.to_owned(), json!(value));
            }
        };
        put("provider", &self.provider);
        put("region", &self.region);
        if !self.zones.is_empty() && spec.get("zone").is_none_or(|zone| json!([zone]) != json!(self.zones)) {
            spec.remove("zone");
            spec.insert("zones".to_owned(), json!(self.zones));
        }
        match self.taints.as_deref() {
            None => {}
            Some([]) => drop(spec.remove("taints")),
            Some(taints) => {
                let taints: Vec<Value> = taints.iter().map(ImportedTaint::value).collect();
                let same = spec.get("taints").and_then(Value::as_array).is_some_and(|old| alike(old, &taints));
                if !same {
                    spec.insert("taints".to_owned(), taints.into());
                }
            }
        }
        if let Some(version) = &self.version {
            let old = spec.get("kubernetesVersion").and_then(Value::as_str).and_then(Version::parse);
            if old.is_none() || old != Version::parse(version) {
                spec.insert("kubernetesVersion".to_owned(), json!(version));
            }
        }
    }
}

/// Whether two lists of taints are the same, where an empty value is none.
fn alike(old: &[Value], new: &[Value]) -> bool {
    let plain = |taint: &Value| {
        let mut taint = taint.clone();
        if let Some(map) = taint.as_object_mut() {
            map.retain(|_, value| value != "");
        }
        taint
    };
    old.iter().map(plain).eq(new.iter().map(plain))
}

impl ImportedTaint {
    fn value(&self) -> Value {
        let mut taint = json!({"key": self.key, "effect": self.effect.name()});
        if !self.value.is_empty() {
            taint["value"] = json!(self.value);
        }
        taint
    }
}

/// The short name of a cloud, from any of its names; a name that is not known is taken in lower case.
pub fn provider(word: &str) -> Option<String> {
    let word = word.trim().to_ascii_lowercase();
    let short = match word.as_str() {
        "" | "other" | "auto-detect" | "none" | "unknown" => return None,
        "amazon" | "amazon web services" | "eks" => "aws",
        "google" | "google cloud" | "gke" => "gcp",
        "microsoft" | "microsoft azure" | "aks" => "azure",
        "alibaba" | "alibabacloud" | "alicloud" | "aliyun" => "alibaba",
        other => other,
    };
    Some(short.to_owned())
}

/// The order in which a person writes the fields of a document.
#[derive(Clone, Copy)]
pub enum DocumentOrder {
    /// A whole document.
    Document,
    /// `metadata`.
    Metadata,
    /// `spec`.
    Spec,
    /// A taint.
    Taint,
    /// A capacity, or one of its members.
    Capacity,
    /// A map with keys of the user's own.
    Free,
}

impl DocumentOrder {
    fn fields(self) -> &'static [(&'static str, DocumentOrder)] {
        use DocumentOrder::{Capacity, Document, Free, Metadata, Spec, Taint};
        match self {
            Document => &[("apiVersion", Free), ("kind", Free), ("metadata", Metadata), ("spec", Spec)],
            Metadata => &[("name", Free), ("labels", Free)],
            Spec => &[
                ("provider", Free),
                ("region", Free),
                ("zone", Free),
                ("zones", Free),
                ("taints", Taint),
                ("kubernetesVersion", Free),
                ("timeZone", Free),
                ("namespace", Free),
                ("variables", Free),
                ("capacity", Capacity),
                ("allocatable", Free),
                ("allocated", Free),
                ("allocating", Free),
            ],
            Taint => &[("key", Free), ("value", Free), ("effect", Free)],
            Capacity => &[("allocatable", Free), ("allocated", Free), ("allocating", Free)],
            Free => &[],
        }
    }
}

impl FieldOrder for DocumentOrder {
    fn is_ordered(&self) -> bool {
        !self.fields().is_empty()
    }

    fn field(&self, name: &str) -> Option<(usize, Self)> {
        let at = self.fields().iter().position(|(field, _)| *field == name)?;
        Some((at, self.fields()[at].1))
    }

    fn other(&self) -> Self {
        DocumentOrder::Free
    }

    fn item(&self) -> Self {
        *self
    }
}
