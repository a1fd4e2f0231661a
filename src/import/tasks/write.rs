//! The text of documents, as a person writes it.

use serde_json::{Map, Value, json};

use crate::validate::SchemaNode;
use crate::yaml::{Layout, pretty};

/// No line grows longer by what could stand on several.
const WIDTH: usize = 110;

/// An override as it is written.
pub(super) struct WrittenEntry {
    pub(super) name: String,
    /// `clusters`, `match`, `exclude`.
    pub(super) selector: Value,
    pub(super) layer: Value,
}

/// The order of members in the documents of the format.
const DOCUMENT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
const SPEC: [&str; 33] = [
    "name",
    "description",
    "sources",
    "defaults",
    "lints",
    "provider",
    "region",
    "zones",
    "bases",
    "cronJob",
    "tasks",
    "clusters",
    "match",
    "exclude",
    "placement",
    "instances",
    "active",
    "namespace",
    "objectName",
    "schedule",
    "labels",
    "annotations",
    "job",
    "pod",
    "podTemplate",
    "container",
    "containers",
    "images",
    "variables",
    "set",
    "resources",
    "patches",
    "overrides",
];

/// Where in a document one stands.
#[derive(Clone, Copy)]
enum Spot {
    Document,
    Spec,
    /// An override, or anything else of the format.
    Part,
    /// The names of clusters, of which there may be many.
    Names,
    Kubernetes(Option<SchemaNode>),
}

impl Layout for Spot {
    fn position(&self, name: &str) -> usize {
        let within = |names: &[&str]| names.iter().position(|known| *known == name).unwrap_or(names.len());
        match self {
            Self::Document => within(&DOCUMENT),
            Self::Spec | Self::Part => within(&SPEC),
            Self::Kubernetes(Some(schema)) if name == "name" && schema.position(name).is_some() => 0,
            Self::Kubernetes(Some(schema)) => schema.position(name).map_or(usize::MAX, |at| at + 1),
            Self::Kubernetes(None) if name == "name" => 0,
            Self::Kubernetes(None) | Self::Names => 1,
        }
    }

    fn member(&self, name: &str) -> Self {
        match self {
            Self::Document if name == "spec" => Self::Spec,
            Self::Spec | Self::Part => match name {
                "container" => Self::Kubernetes(Some(SchemaNode::container())),
                "pod" => Self::Kubernetes(Some(SchemaNode::pod_spec())),
                "job" => Self::Kubernetes(Some(SchemaNode::job_spec())),
                "overrides" | "variables" | "patches" | "placement" | "exclude" => Self::Part,
                "active" | "clusters" => Self::Names,
                _ => Self::Kubernetes(None),
            },
            Self::Kubernetes(Some(schema)) if name == "env" => Self::Kubernetes(schema.field(name)),
            Self::Kubernetes(Some(schema)) => Self::Kubernetes(schema.field(name).or_else(|| schema.item())),
            _ => Self::Kubernetes(None),
        }
    }

    fn item(&self) -> Self {
        match self {
            Self::Kubernetes(Some(schema)) => Self::Kubernetes(schema.item()),
            other => *other,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Document | Self::Spec)
    }

    fn is_filled(&self) -> bool {
        matches!(self, Self::Names)
    }
}

/// A document of the format.
pub(super) fn document(kind: &str, metadata: Value, spec: Value) -> String {
    let mut document = json!({"apiVersion": crate::frontend::native::API_VERSION, "kind": kind, "metadata": metadata});
    if spec.as_object().is_some_and(|spec| !spec.is_empty()) {
        document["spec"] = spec;
    }
    pretty(&document, Spot::Document, WIDTH)
}

/// A task or base: what its body says beyond that of its bases, and its overrides.
pub(super) fn task(
    kind: &str,
    metadata: Value,
    bases: &[String],
    layer: Option<Value>,
    overrides: &[WrittenEntry],
) -> String {
    let mut spec = match layer {
        Some(Value::Object(layer)) => with_schedule(layer),
        _ => Map::new(),
    };
    if overrides
        .iter()
        .all(|entry| entry.layer.pointer(&format!("/annotations/{}", DESCRIPTION.replace('/', "~1"))).is_none())
    {
        with_description(&mut spec);
    }
    if !bases.is_empty() {
        spec.insert("bases".to_owned(), json!(bases));
    }
    if !overrides.is_empty() {
        spec.insert("overrides".to_owned(), overrides.iter().map(entry).collect());
    }
    document(kind, metadata, Value::Object(spec))
}

fn entry(entry: &WrittenEntry) -> Value {
    let mut value = match &entry.layer {
        Value::Object(layer) => with_schedule(layer.clone()),
        _ => Map::new(),
    };
    value.extend(entry.selector.as_object().cloned().unwrap_or_default());
    value.insert("name".to_owned(), json!(entry.name));
    Value::Object(value)
}

/// The annotation that a description becomes.
const DESCRIPTION: &str = "kubernetes.io/description";

/// A description under its own name, where it is one that the format takes.
fn with_description(spec: &mut Map<String, Value>) {
    let Some(Value::Object(annotations)) = spec.get_mut("annotations") else { return };
    let fits = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= 512 && !text.contains("$("));
    if !annotations.get(DESCRIPTION).is_some_and(fits) {
        return;
    }
    let description = annotations.remove(DESCRIPTION);
    if annotations.is_empty() {
        spec.remove("annotations");
    }
    spec.extend(description.map(|text| ("description".to_owned(), text)));
}

/// Expression and zone in the one field that the format has for them.
fn with_schedule(mut layer: Map<String, Value>) -> Map<String, Value> {
    if let Some(zone) = layer.remove("timeZone") {
        let schedule = match layer.remove("schedule") {
            Some(cron) => json!({"cron": cron, "timeZone": zone}),
            None => json!({"timeZone": zone}),
        };
        layer.insert("schedule".to_owned(), schedule);
    }
    layer
}

/// The name and namespace of a task.
pub(super) fn identity(name: &str, namespace: Option<&str>) -> Value {
    match namespace {
        Some(namespace) => json!({"name": name, "namespace": namespace}),
        None => json!({"name": name}),
    }
}

/// The inventory: one document a cluster, with its variables.
pub(super) fn clusters(clusters: &[(&String, Option<&Map<String, Value>>)]) -> String {
    let one = |(name, variables): &(&String, Option<&Map<String, Value>>)| {
        let spec = variables.map_or(json!({}), |variables| json!({"variables": variables}));
        document("Cluster", json!({"name": name}), spec)
    };
    clusters.iter().map(one).collect::<Vec<String>>().join("---\n")
}

/// Any object of Kubernetes.
pub(super) fn object(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let schema = SchemaNode::object(text("apiVersion"), text("kind"));
    let mut lines = String::new();
    // The first lines say what it is, one a member.
    for name in ["apiVersion", "kind", "metadata"] {
        if let Some(member) = value.get(name) {
            lines.push_str(&pretty(&json!({name: member}), Spot::Kubernetes(None), WIDTH));
        }
    }
    let mut rest = value.clone();
    if let Value::Object(members) = &mut rest {
        members.retain(|name, _| !DOCUMENT[..3].contains(&name.as_str()));
        if members.is_empty() {
            return lines;
        }
    }
    lines + &pretty(&rest, Spot::Kubernetes(schema), WIDTH)
}
