//! The objects that a template brings along if its policy says so. Source:
//! `pkg/resourceinterpreter/default/native/dependencies.go`, `pkg/util/helper/pod.go GetDependenciesFromPodTemplate`,
//! `pkg/util/lifted/visitpod.go`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::karmada::TemplateKey;

/// What brings along what: kind and name, in the namespace of the template.
pub(super) fn dependencies(key: &TemplateKey, object: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    match (key.group(), key.kind.as_str()) {
        ("apps", "StatefulSet") => {
            if let Some(pod) = object.pointer("/spec/template/spec") {
                of_pod(pod, &mut found);
            }
            let claims = object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array).into_iter().flatten();
            for name in claims.filter_map(|claim| claim.pointer("/metadata/name")?.as_str()) {
                found.remove(&("PersistentVolumeClaim", name.to_owned()));
            }
        }
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") | ("batch", "Job") => {
            object.pointer("/spec/template/spec").into_iter().for_each(|pod| of_pod(pod, &mut found));
        }
        ("batch", "CronJob") => {
            let pod = object.pointer("/spec/jobTemplate/spec/template/spec");
            pod.into_iter().for_each(|pod| of_pod(pod, &mut found));
        }
        ("", "Pod") => object.get("spec").into_iter().for_each(|pod| of_pod(pod, &mut found)),
        ("networking.k8s.io", "Ingress") => {
            let list = object.pointer("/spec/tls").and_then(Value::as_array).into_iter().flatten();
            list.for_each(|tls| add("Secret", tls.get("secretName"), &mut found));
        }
        ("multicluster.x-k8s.io", "ServiceImport") => {
            found.insert(("Service", format!("derived-{}", key.name)));
        }
        _ => {}
    }
    found
}

fn add(kind: &'static str, name: Option<&Value>, found: &mut BTreeSet<(&'static str, String)>) {
    if let Some(name) = name.and_then(Value::as_str).filter(|name| !name.is_empty()) {
        found.insert((kind, name.to_owned()));
    }
}

fn of_pod(pod: &Value, found: &mut BTreeSet<(&'static str, String)>) {
    let list = |value: &'_ Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for secret in list(pod, "imagePullSecrets") {
        add("Secret", secret.get("name"), found);
    }
    let account = pod.get("serviceAccountName").or_else(|| pod.get("serviceAccount"));
    add("ServiceAccount", account.filter(|name| name.as_str() != Some("default")), found);
    for containers in ["initContainers", "containers", "ephemeralContainers"] {
        for container in list(pod, containers) {
            for from in list(&container, "envFrom") {
                add("ConfigMap", from.pointer("/configMapRef/name"), found);
                add("Secret", from.pointer("/secretRef/name"), found);
            }
            for variable in list(&container, "env") {
                add("ConfigMap", variable.pointer("/valueFrom/configMapKeyRef/name"), found);
                add("Secret", variable.pointer("/valueFrom/secretKeyRef/name"), found);
            }
        }
    }
    for volume in list(pod, "volumes") {
        of_volume(&volume, found);
    }
}

fn of_volume(volume: &Value, found: &mut BTreeSet<(&'static str, String)>) {
    add("ConfigMap", volume.pointer("/configMap/name"), found);
    add("PersistentVolumeClaim", volume.pointer("/persistentVolumeClaim/claimName"), found);
    for pointer in [
        "/secret/secretName",
        "/azureFile/secretName",
        "/cephfs/secretRef/name",
        "/cinder/secretRef/name",
        "/flexVolume/secretRef/name",
        "/rbd/secretRef/name",
        "/scaleIO/secretRef/name",
        "/iscsi/secretRef/name",
        "/storageos/secretRef/name",
        "/csi/nodePublishSecretRef/name",
    ] {
        add("Secret", volume.pointer(pointer), found);
    }
    let sources = volume.pointer("/projected/sources").and_then(Value::as_array).into_iter().flatten();
    for source in sources {
        add("ConfigMap", source.pointer("/configMap/name"), found);
        add("Secret", source.pointer("/secret/name"), found);
    }
}
