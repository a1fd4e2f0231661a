//! Fields that a cluster's Kubernetes version does not know or drops, by `schemas/k8s/since.tsv`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::at::At;
use super::found::Findings;
use crate::diag::Code;
use crate::validate::{FindingKind, Version};

/// A field that came late.
#[derive(Debug)]
struct FieldAge {
    field: &'static str,
    /// Of these values alone: whether they must be equal, and to what.
    value: Option<(bool, &'static str)>,
    first: Version,
    on: Option<Version>,
    gate: &'static str,
}

static ROWS: LazyLock<BTreeMap<&'static str, Vec<FieldAge>>> =
    LazyLock::new(|| read(include_str!("../../../schemas/k8s/since.tsv")).expect("a test reads the table"));

fn read(text: &'static str) -> Option<BTreeMap<&'static str, Vec<FieldAge>>> {
    let mut rows: BTreeMap<&str, Vec<FieldAge>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [shape, field, first, on, _stage, gate, _source] = line.split('\t').collect::<Vec<_>>()[..] else {
            return None;
        };
        let (field, value) = match field.split_once('=') {
            Some((field, value)) => match field.strip_suffix('!') {
                Some(field) => (field, Some((false, value))),
                None => (field, Some((true, value))),
            },
            None => (field, None),
        };
        let on = if on == "-" { None } else { Some(Version::parse(on)?) };
        rows.entry(shape).or_default().push(FieldAge { field, value, first: Version::parse(first)?, on, gate });
    }
    Some(rows)
}

/// What of an object of that shape the cluster does not know or drops.
pub(super) fn of(shape: &str, at: &At<'_>, found: &mut Findings) {
    for row in ROWS.get(shape).into_iter().flatten() {
        let Some(place) = at.get(row.field) else { continue };
        if row.value.is_some_and(|(equal, value)| (place.value() == value) != equal) {
            continue;
        }
        if !row.on.is_some_and(|on| found.reached(on)) {
            late(row, &place, found);
        }
    }
}

/// Whether the cluster does not know a field of that shape or drops it.
pub(super) fn is_off(shape: &str, field: &str, found: &mut Findings) -> bool {
    let mut rows = ROWS.get(shape).into_iter().flatten().filter(|row| row.field == field && row.value.is_none());
    rows.any(|row| !row.on.is_some_and(|on| found.reached(on)))
}

fn late(row: &FieldAge, place: &At<'_>, found: &mut Findings) {
    let field = match row.value {
        Some(_) => format!("`{}: {}`", row.field, super::shown(place.value().as_str().unwrap_or_default())),
        None => format!("`{}`", row.field),
    };
    // No version of a cluster in the message: clusters of several versions hear it once.
    if !found.reached(row.first) {
        let message = format!("{field} is new in Kubernetes {}, and the cluster is older", row.first);
        let finding = found.add(place, Code::FieldTooNew, FindingKind::Version, message);
        finding.at_key().help("leave it out there, with an override");
        return;
    }
    let who = row.on.map_or_else(String::new, |on| format!(" before {on}"));
    let message =
        format!("Kubernetes{who} drops {field} without a word, unless its feature gate `{}` is turned on", row.gate);
    found.add(place, Code::FieldDropped, FindingKind::Version, message).at_key();
}

/// The pod, and what below it no other rule walks past.
pub(super) fn pod(pod: &At<'_>, found: &mut Findings) {
    of("PodSpec", pod, found);
    if let Some(context) = pod.get("securityContext") {
        of("PodSecurityContext", &context, found);
    }
    for constraint in pod.items("topologySpreadConstraints") {
        of("TopologySpreadConstraint", &constraint, found);
    }
    let Some(affinity) = pod.get("affinity") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = affinity.get(kind) else { continue };
        for term in pods.items("requiredDuringSchedulingIgnoredDuringExecution") {
            of("PodAffinityTerm", &term, found);
        }
        for weighted in pods.items("preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = weighted.get("podAffinityTerm") {
                of("PodAffinityTerm", &term, found);
            }
        }
    }
}

/// A container, and what is inside it.
pub(super) fn container(container: &At<'_>, found: &mut Findings) {
    of("Container", container, found);
    of(if container.key() == "initContainers" { "InitContainer" } else { "AppContainer" }, container, found);
    for (field, shape) in [("securityContext", "SecurityContext"), ("resources", "ResourceRequirements")] {
        if let Some(at) = container.get(field) {
            of(shape, &at, found);
        }
    }
    for mount in container.items("volumeMounts") {
        of("VolumeMount", &mount, found);
    }
    for variable in container.items("env") {
        if let Some(from) = variable.get("valueFrom") {
            of("EnvVarSource", &from, found);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get(probe) {
            of("Probe", &probe, found);
        }
    }
    let Some(lifecycle) = container.get("lifecycle") else { return };
    of("Lifecycle", &lifecycle, found);
    for hook in ["postStart", "preStop"] {
        if let Some(hook) = lifecycle.get(hook) {
            of("LifecycleHandler", &hook, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::validate::SchemaNode;
    use serde_json::json;

    #[test]
    fn the_table_is_about_fields_that_exist() {
        for (shape, rows) in ROWS.iter() {
            let name = if shape.ends_with("Container") { "Container" } else { shape };
            let shape = SchemaNode::named(name).unwrap();
            for row in rows {
                assert!(shape.field(row.field).is_some(), "{name}.{}", row.field);
                assert!(row.on.is_none_or(|on| on >= row.first), "{name}.{}", row.field);
            }
        }
    }

    #[test]
    fn a_field_is_unknown_then_dropped_then_on() {
        let codes = |minor| {
            let mut found = Findings::new(Version { major: 1, minor });
            of("PodSpec", &At::root(&json!({"hostUsers": false})), &mut found);
            found.into_findings().into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(24), [Code::FieldTooNew]);
        assert_eq!(codes(32), [Code::FieldDropped]);
        assert_eq!(codes(33), []);
    }

    #[test]
    fn a_value_may_be_newer_than_its_field() {
        let policy = |list: &str, policy: &str| {
            let pod = json!({list: [{"restartPolicy": policy}]});
            found_in(30, pod, |at, found| at.items(list).for_each(|it| container(&it, found))).len()
        };
        assert_eq!([policy("initContainers", "Always"), policy("initContainers", "Never")], [0, 1]);
        assert_eq!(policy("containers", "Always"), 1);
    }
}
