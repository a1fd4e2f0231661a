//! Karmada's Cluster: admission, and what it means to placement. Source: `pkg/apis/cluster/mutation/mutation.go`,
//! `pkg/apis/cluster/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::wire::{ClusterDocument, ClusterSpec, TaintEffectSpec};
use super::{Reader, refuse};
use crate::model::karmada::is_name;
use crate::model::{Cluster, ClusterCapacity, ClusterTaint, Grade, KarmadaCluster, TaintEffect};
use crate::tree::{Located, SpanTree, Spanned};
use crate::yaml::Node;

/// The longest name of a cluster (`ClusterNameMaxLength`).
const NAME_MAX: usize = 48;

/// Reads a cluster; one that is refused is reported and does not exist.
pub(super) fn cluster(root: &Node, name: Spanned<String>, reader: &mut Reader<'_>) -> Option<Cluster> {
    let document: ClusterDocument = reader.read(root)?;
    let before = reader.errors;
    let located = root.located();
    let spec = document.spec.unwrap_or_default();
    check(&name, &spec, &located, reader);
    if reader.errors > before {
        return None;
    }
    let mut cluster = Cluster::bare(name);
    if let Some((Value::Object(labels), spans)) = located
        .member("metadata")
        .and_then(|(metadata, spans)| Some((metadata.get("labels")?, spans.member("labels")?)))
    {
        for (key, value) in labels {
            let span = spans.member(key).map_or(spans.value, |spot| spot.value);
            let value = value.as_str().unwrap_or_default().to_owned();
            cluster.labels.insert(key.clone(), Spanned::new(value, span));
        }
    }
    let given = |text: &Spanned<String>| !text.is_empty();
    cluster.provider = spec.provider.filter(given);
    cluster.region = spec.region.filter(given);
    cluster.zones = match spec.zones.unwrap_or_default() {
        zones if zones.is_empty() => spec.zone.filter(given).into_iter().collect(),
        zones => zones,
    };
    for taint in spec.taints.into_iter().flatten() {
        cluster.taints.push(ClusterTaint {
            key: taint.value.key,
            value: taint.value.value.unwrap_or_default(),
            effect: effect(taint.value.effect),
            span: taint.span,
        });
    }
    let leaving = located.value.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    let status = document.status.as_ref();
    let summary = status.and_then(|status| status.member("resourceSummary")).filter(|(value, _)| value.is_object());
    cluster.capacity = summary.map(|(value, spans)| capacity(value, spans));
    cluster.kubernetes_version = status.and_then(version);
    cluster.karmada = Some(Arc::new(KarmadaCluster {
        apis: status.and_then(|status| apis(&status.value)),
        leaving,
        grades: grades(spec.resource_models.as_ref(), summary.map(|(value, _)| value)),
    }));
    Some(cluster)
}

fn effect(spec: TaintEffectSpec) -> TaintEffect {
    match spec {
        TaintEffectSpec::NoSchedule => TaintEffect::NoSchedule,
        TaintEffectSpec::NoExecute => TaintEffect::NoExecute,
    }
}

/// `ValidateCluster`
fn check(name: &Spanned<String>, spec: &ClusterSpec, located: &Located, reader: &mut Reader<'_>) {
    let length = name.chars().count();
    if length > NAME_MAX {
        let message =
            format!("a cluster of Karmada has a name of at most {NAME_MAX} characters, and this one has {length}");
        reader.push(refuse(name.span, message).help("give it a shorter name"));
    } else if !is_label(name) {
        let message = format!("`{}` cannot be the name of a cluster", **name);
        reader.push(
            refuse(name.span, message).help("write lower-case letters, digits and `-`, a letter or digit at both ends"),
        );
    }
    if spec.sync_mode.is_none() {
        let span = located.spans.member("spec").map_or(name.span, |spot| spot.key);
        reader.push(refuse(span, "`spec.syncMode` is required").help("write `syncMode: Push`"));
    }
    let zones = spec.zones.iter().flatten();
    if let (Some(zone), Some(_)) = (spec.zone.as_ref().filter(|zone| !zone.is_empty()), zones.clone().next()) {
        reader.push(refuse(zone.span, "`zone` cannot stand beside `zones`").help("keep `zones`"));
    }
    for text in zones.chain(&spec.zone).chain(&spec.provider).chain(&spec.region) {
        if !text.is_empty() && !is_name(text) {
            let message = format!("`{}` is not a provider, region or zone: it is no value of a label", **text);
            let help = "write at most 63 letters, digits, `-`, `_` and `.`";
            reader.push(refuse(text.span, message).help(help));
        }
    }
    let mut seen = BTreeSet::new();
    for taint in spec.taints.iter().flatten() {
        if !seen.insert((&taint.value.key.value, taint.value.effect as u8)) {
            reader.push(refuse(taint.span, "a taint of the same key and effect stands before this one"));
        }
    }
}

/// `validation.IsDNS1123Label`
fn is_label(name: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

fn capacity(summary: &Value, spans: &SpanTree) -> ClusterCapacity {
    let part = |name: &str| amounts(summary.get(name), spans.member(name).unwrap_or(spans));
    ClusterCapacity {
        allocatable: part("allocatable"),
        allocated: part("allocated"),
        allocating: part("allocating"),
        span: spans.value,
    }
}

fn amounts(value: Option<&Value>, spans: &SpanTree) -> BTreeMap<String, Spanned<String>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let spot = |name: &str| spans.member(name).map_or(spans.value, |spot| spot.value);
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, value)| (name.clone(), Spanned::new(text(value), spot(name)))).collect()
}

/// The group-versions and kinds that a cluster serves, if it says so.
fn apis(status: &Value) -> Option<BTreeSet<(String, String)>> {
    let list = status.get("apiEnablements")?.as_array()?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut apis = BTreeSet::new();
    for version in list {
        let kinds = version.get("resources").and_then(Value::as_array).into_iter().flatten();
        apis.extend(kinds.map(|resource| (text(version, "groupVersion"), text(resource, "kind"))));
    }
    Some(apis)
}

/// The nodes of a cluster by grade; none where it has no models or no counts.
fn grades(models: Option<&Located>, summary: Option<&Value>) -> Vec<Grade> {
    let models = models.and_then(|models| models.value.as_array()).map_or(&[][..], Vec::as_slice);
    let counts = summary.and_then(|summary| summary.get("allocatableModelings")).and_then(Value::as_array);
    if models.is_empty() {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let grade = |count: &Value| {
        let model = models.iter().find(|model| model.get("grade") == count.get("grade"));
        let ranges = model.and_then(|model| model.get("ranges")).and_then(Value::as_array).into_iter().flatten();
        let range = |range: &Value| Some((range.get("name")?.as_str()?.to_owned(), text(range.get("min")?)));
        Grade {
            count: count.get("count").and_then(Value::as_i64).unwrap_or_default(),
            least: ranges.filter_map(range).collect(),
        }
    };
    counts.into_iter().flatten().map(grade).collect()
}

/// `status.kubernetesVersion`, `v1.33.1+k3s1` say.
fn version(status: &Located) -> Option<Spanned<(u32, u32)>> {
    let (value, spans) = status.member("kubernetesVersion")?;
    let mut numbers = value.as_str()?.trim_start_matches('v').split('.');
    let mut number = || {
        let digits: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    Some(Spanned::new((number()?, number()?), spans.value))
}
