//! What Karmada writes into an object and takes out of it again. Source: `pkg/detector/detector.go ClaimPolicyForObject`,
//! `pkg/resourceinterpreter/default/native/prune/prune.go RemoveIrrelevantFields`.

use serde_json::{Map, Value, json};

use crate::model::karmada::{Policy, PolicyScope};

/// Labels of Karmada; never in the output.
const LABELS: [&str; 6] = [
    "karmada.io/managed",
    "resourcebinding.karmada.io/permanent-id",
    "clusterresourcebinding.karmada.io/permanent-id",
    "work.karmada.io/permanent-id",
    "propagationpolicy.karmada.io/permanent-id",
    "clusterpropagationpolicy.karmada.io/permanent-id",
];

/// Annotations of Karmada; never in the output.
const ANNOTATIONS: [&str; 13] = [
    "propagationpolicy.karmada.io/name",
    "propagationpolicy.karmada.io/namespace",
    "clusterpropagationpolicy.karmada.io/name",
    "resourcebinding.karmada.io/name",
    "resourcebinding.karmada.io/namespace",
    "clusterresourcebinding.karmada.io/name",
    "resourcetemplate.karmada.io/uid",
    "resourcetemplate.karmada.io/generation",
    "resourcetemplate.karmada.io/managed-annotations",
    "resourcetemplate.karmada.io/managed-labels",
    "work.karmada.io/name",
    "work.karmada.io/namespace",
    "work.karmada.io/conflict-resolution",
];

/// Fields of ObjectMeta that belong to one object of one cluster.
const METADATA: [&str; 10] = [
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
    "ownerReferences",
    "finalizers",
];

/// Writes what marks an object as that of a policy.
pub(super) fn claim(object: &mut Value, policy: &Policy) {
    let (prefix, namespace) = match &policy.scope {
        PolicyScope::Cluster => ("clusterpropagationpolicy", None),
        PolicyScope::Namespace(namespace) => ("propagationpolicy", Some(namespace)),
    };
    let mut write = |member: &str, key: String, value: &str| {
        let metadata = object.as_object_mut().and_then(|object| object.get_mut("metadata")?.as_object_mut());
        let Some(metadata) = metadata else { return };
        let map = metadata.entry(member).or_insert_with(|| json!({}));
        if !map.as_object().is_some_and(|map| map.values().all(Value::is_string)) {
            *map = json!({});
        }
        map[key] = value.into();
    };
    write("labels", format!("{prefix}.karmada.io/permanent-id"), "00000000-0000-0000-0000-000000000000");
    write("annotations", format!("{prefix}.karmada.io/name"), &policy.name);
    if let Some(namespace) = namespace {
        write("annotations", format!("{prefix}.karmada.io/namespace"), namespace);
    }
}

/// Takes out what a control plane wrote, and what means nothing on another cluster.
pub(super) fn prune(object: &mut Value) {
    let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let group = text(object, "apiVersion").split_once('/').map_or("", |(group, _)| group).to_owned();
    let kind = text(object, "kind");
    let Some(members) = object.as_object_mut() else { return };
    members.remove("status");
    if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
        METADATA.iter().for_each(|name| drop(metadata.remove(*name)));
        without(metadata, "labels", &LABELS);
        without(metadata, "annotations", &ANNOTATIONS);
        match (group.as_str(), kind.as_str()) {
            ("apps", "Deployment") => without(
                metadata,
                "annotations",
                &["deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"],
            ),
            ("", "PersistentVolumeClaim") => {
                without(metadata, "annotations", &["volume.kubernetes.io/selected-node"]);
            }
            _ => {}
        }
    }
    match (group.as_str(), kind.as_str()) {
        ("batch", "Job") => job(members),
        ("", "Service") => service(members),
        ("", "ServiceAccount") => service_account(members),
        ("", "Secret") if members.get("type") == Some(&json!("kubernetes.io/service-account-token")) => {
            members.remove("data");
            if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
                without(metadata, "annotations", &["kubernetes.io/service-account.uid"]);
            }
        }
        _ => {}
    }
}

/// Takes out the annotations by which kubectl and Argo CD know an object again.
pub(super) fn without_tracking(object: &mut Value) {
    const TRACKING: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "argocd.argoproj.io/tracking-id"];
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        without(metadata, "annotations", &TRACKING);
    }
}

/// Takes keys out of a map of texts, and the map if nothing is left of it.
fn without(metadata: &mut Map<String, Value>, member: &str, keys: &[&str]) {
    let Some(Value::Object(map)) = metadata.get_mut(member) else { return };
    let before = map.len();
    map.retain(|key, _| !keys.contains(&key.as_str()));
    if map.is_empty() && before > 0 {
        metadata.remove(member);
    }
}

/// `removeJobIrrelevantField` and its TTL: a finished Job of the member would be created again.
fn job(members: &mut Map<String, Value>) {
    const GENERATED: [&str; 4] =
        ["controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"];
    let Some(Value::Object(spec)) = members.get_mut("spec") else { return };
    spec.remove("ttlSecondsAfterFinished");
    if spec.get("manualSelector") == Some(&json!(true)) {
        return;
    }
    if let Some(Value::Object(selector)) = spec.get_mut("selector") {
        if let Some(Value::Object(labels)) = selector.get_mut("matchLabels") {
            labels.retain(|key, _| !GENERATED.contains(&key.as_str()));
            if labels.is_empty() {
                selector.remove("matchLabels");
            }
        }
        if selector.is_empty() {
            spec.remove("selector");
        }
    }
    if let Some(Value::Object(metadata)) = spec.get_mut("template").and_then(|template| template.get_mut("metadata")) {
        without(metadata, "labels", &GENERATED);
    }
}

/// Addresses that the API server of a cluster gives; `None` asks for none.
fn service(members: &mut Map<String, Value>) {
    let Some(Value::Object(spec)) = members.get_mut("spec") else { return };
    if spec.get("clusterIP").is_some_and(|address| *address != json!("None")) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
}

/// Tokens that a cluster makes. Of two in a row the second is passed over, as in Karmada's loop.
fn service_account(members: &mut Map<String, Value>) {
    let name = members.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str);
    let prefix = format!("{}-token-", name.unwrap_or_default());
    let Some(Value::Array(secrets)) = members.get_mut("secrets") else { return };
    let mut at = 0;
    while at < secrets.len() {
        let token = secrets[at].get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with(&prefix));
        if token {
            secrets.remove(at);
        }
        at += 1;
    }
}
