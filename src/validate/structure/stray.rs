//! Suggests where an unknown field belongs. Most are right words at the wrong level of a CronJob's five nested specs.

use serde_json::{Map, Value};

use super::{Path, words};
use crate::diag::nearest;
use crate::validate::{SchemaNode, ValueKind};

/// The shapes from a CronJob down to a container, with what they are called; in between stand shapes without a name
/// of their own.
pub(super) const SPINE: [(&str, &str); 7] = [
    ("CronJob", ""),
    ("CronJobSpec", "the CronJob's `spec`"),
    ("JobTemplateSpec", ""),
    ("JobSpec", "the Job's `spec`, under `jobTemplate`"),
    ("PodTemplateSpec", ""),
    ("PodSpec", "the pod's `spec`, under `template`"),
    ("Container", "a container"),
];

/// Shapes that are taken for one another: here, the other, and what that is called.
pub(super) const TWINS: [(&str, &str, &str); 4] = [
    ("SecurityContext", "PodSecurityContext", "the pod's `securityContext`"),
    ("PodSecurityContext", "SecurityContext", "a container's `securityContext`"),
    ("VolumeMount", "Volume", "the pod's `volumes`"),
    ("VolumeMount", "ConfigMapVolumeSource", "the volume's source, under the pod's `volumes`"),
];

/// Words from elsewhere: Docker, systemd, crontabs, other schedulers.
pub(super) const SYNONYMS: [(&str, &str, &str); 16] = [
    ("CronJobSpec", "cron", "schedule"),
    ("CronJobSpec", "paused", "suspend"),
    ("CronJobSpec", "deadline", "startingDeadlineSeconds"),
    ("JobSpec", "retries", "backoffLimit"),
    ("JobSpec", "timeout", "activeDeadlineSeconds"),
    ("JobSpec", "deadline", "activeDeadlineSeconds"),
    ("JobSpec", "ttl", "ttlSecondsAfterFinished"),
    ("PodSpec", "restart", "restartPolicy"),
    ("PodSpec", "secrets", "imagePullSecrets"),
    ("Container", "environment", "env"),
    ("Container", "cmd", "command"),
    ("Container", "entrypoint", "command"),
    ("Container", "arguments", "args"),
    ("Container", "mounts", "volumeMounts"),
    ("Container", "cwd", "workingDir"),
    ("EnvVar", "val", "value"),
];

/// Words that stand under a name of the user's own, where no schema knows them.
const ELSEWHERE: [(&str, &str, &str); 5] = [
    ("ResourceRequirements", "cpu", "`requests` or `limits`"),
    ("ResourceRequirements", "memory", "`requests` or `limits`"),
    ("Container", "cpu", "`resources`, under `requests` or `limits`"),
    ("Container", "memory", "`resources`, under `requests` or `limits`"),
    ("Container", "user", "`securityContext`, as `runAsUser`"),
];

/// The proposal of another spelling.
pub(super) fn did_you_mean(field: &str) -> String {
    format!("did you mean `{field}`?")
}

/// What was probably meant by a field that the schema does not have, if it resembles anything.
pub(super) fn proposal(key: &str, map: &Map<String, Value>, schema: SchemaNode, path: &Path<'_>) -> Option<String> {
    let fields = schema.fields();
    let belongs = |place: &str| format!("`{}` belongs in {place}", words::shown(key));
    // Another case, one or several: `Image`, `request`.
    let singular = |word: &str| word.trim_end_matches('s').to_ascii_lowercase();
    if let Some(field) = fields.iter().find(|field| singular(field) == singular(key)) {
        return Some(did_you_mean(field));
    }
    if let Some(place) = on_the_spine(key, schema).or_else(|| in_the_twin(key, schema)) {
        return Some(belongs(place));
    }
    let said = |table: &[(&str, &str, &'static str)]| {
        let row = table.iter().find(|row| (row.0, row.1) == (schema.name(), key));
        row.map(|row| row.2)
    };
    if let Some(place) = said(&ELSEWHERE) {
        return Some(belongs(place));
    }
    if let Some(field) = said(&SYNONYMS) {
        return Some(did_you_mean(field));
    }
    if let Some(field) = one_level_down(key, map, schema) {
        return Some(belongs(&format!("`{field}`")));
    }
    if let Some(field) = nearest(key, fields.iter().copied()) {
        return Some(did_you_mean(field));
    }
    one_level_up(key, path).map(|place| format!("`{}` belongs one level up, beside `{place}`", words::shown(key)))
}

/// The fields that there are, if they are few.
pub(super) fn fields(schema: SchemaNode) -> Option<String> {
    let fields = schema.fields();
    (1..=8).contains(&fields.len()).then(|| format!("its fields are {}", words::list(fields)))
}

fn has(shape: &str, key: &str) -> bool {
    SchemaNode::named(shape).is_some_and(|shape| shape.position(key).is_some())
}

/// The nearest shape of the spine with that field; of two equally near the inner one.
fn on_the_spine(key: &str, schema: SchemaNode) -> Option<&'static str> {
    let here = SPINE.iter().position(|(shape, _)| *shape == schema.name())?;
    if matches!(key, "name" | "namespace" | "labels" | "annotations") {
        return Some(if schema.position("metadata").is_some() {
            "`metadata`"
        } else {
            "the `metadata` beside the `spec`"
        })
        .filter(|_| schema.name() != "Container");
    }
    let there = SPINE.iter().enumerate().filter(|(_, (shape, words))| !words.is_empty() && has(shape, key));
    there.min_by_key(|(at, _)| (at.abs_diff(here), *at < here)).map(|(_, (_, words))| *words)
}

fn in_the_twin(key: &str, schema: SchemaNode) -> Option<&'static str> {
    let twin = TWINS.iter().find(|(shape, twin, _)| *shape == schema.name() && has(twin, key));
    twin.map(|(_, _, words)| *words)
}

/// A field whose own fields, or whose items' fields, have the key: the only one, or the only one that is there.
fn one_level_down(key: &str, map: &Map<String, Value>, schema: SchemaNode) -> Option<&'static str> {
    let holds = |field: &&&str| {
        let inner = schema
            .field(field)
            .map(|inner| if inner.kind() == ValueKind::List { inner.item().unwrap_or(inner) } else { inner });
        inner.is_some_and(|inner| inner.position(key).is_some())
    };
    let mut all = schema.fields().iter().filter(holds);
    let first = all.next()?;
    if all.next().is_none() {
        return Some(first);
    }
    let mut there = schema.fields().iter().filter(holds).filter(|field| map.contains_key(**field));
    let first = there.next()?;
    there.next().is_none().then_some(*first)
}

/// The key that leads here from an object that has the field.
fn one_level_up(key: &str, path: &Path<'_>) -> Option<String> {
    if path.is_root() {
        return None;
    }
    let step = if path.owner.kind() == ValueKind::List { path.parent? } else { path };
    (!step.is_root() && step.owner.position(key).is_some()).then(|| step.name().to_owned())
}
