//! What the API server writes into an object before Karmada reads it. Overriders see it, and it is not in the output:
//! the member cluster's API server writes the same.
//!
//! Source: `pkg/apis/{core,batch,apps,rbac}/v1/defaults.go` of Kubernetes, and fields that are no pointers and so are
//! always written (`resources`, `metadata` of templates, `strategy`).

use serde_json::{Map, Value, json};

/// Fills in the defaults of the kinds that Kubernetes brings; others are left as they are.
pub(super) fn fill(object: &mut Value) {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group).to_owned();
    let kind = text("kind").to_owned();
    match (group.as_str(), kind.as_str()) {
        ("batch", "CronJob") => cron_job(object),
        ("batch", "Job") => job(object),
        ("apps", "Deployment") => deployment(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("", "Pod") => standalone_pod(object),
        ("", "Service") => service(object),
        ("", "Secret") => set(object, &[], "type", json!("Opaque")),
        ("", "PersistentVolumeClaim") => {
            set(object, &["spec"], "volumeMode", json!("Filesystem"));
            set(object, &[], "status", json!({"phase": "Pending"}));
        }
        ("", "Namespace") => namespace(object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => binding(object),
        _ => {}
    }
}

/// The map at a path, made where it is missing; nothing where something else stands in the way.
fn at<'v>(value: &'v mut Value, path: &[&str]) -> Option<&'v mut Map<String, Value>> {
    let mut at = value;
    for name in path {
        at = at.as_object_mut()?.entry(*name).or_insert_with(|| json!({}));
    }
    at.as_object_mut()
}

/// Sets a member that is missing.
fn set(value: &mut Value, path: &[&str], name: &str, default: Value) {
    if let Some(map) = at(value, path) {
        map.entry(name).or_insert(default);
    }
}

fn items<'v>(value: &'v mut Value, pointer: &str) -> impl Iterator<Item = &'v mut Value> {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// `SetDefaults_CronJob`. `SetDefaults_Job` is not called for a job template.
fn cron_job(object: &mut Value) {
    set(object, &["spec"], "concurrencyPolicy", json!("Allow"));
    set(object, &["spec"], "suspend", json!(false));
    set(object, &["spec"], "successfulJobsHistoryLimit", json!(3));
    set(object, &["spec"], "failedJobsHistoryLimit", json!(1));
    set(object, &["spec", "jobTemplate"], "metadata", json!({}));
    template(object, &["spec", "jobTemplate", "spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_Job`
fn job(object: &mut Value) {
    let spec = |name: &str| object.pointer(&format!("/spec/{name}")).is_some();
    if !spec("completions") && !spec("parallelism") {
        set(object, &["spec"], "completions", json!(1));
    }
    let mode = if object.pointer("/spec/podFailurePolicy").is_some() { "Failed" } else { "TerminatingOrFailed" };
    for (name, default) in [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("manualSelector", json!(false)),
        ("podReplacementPolicy", json!(mode)),
    ] {
        set(object, &["spec"], name, default);
    }
    let labels = object.pointer("/spec/template/metadata/labels").cloned();
    let own = object.pointer("/metadata/labels").and_then(Value::as_object).is_some_and(|labels| !labels.is_empty());
    if let (Some(labels), false) = (labels, own)
        && labels.as_object().is_some_and(|labels| !labels.is_empty())
        && let Some(metadata) = at(object, &["metadata"])
    {
        metadata.insert("labels".to_owned(), labels);
    }
    template(object, &["spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_Deployment`
fn deployment(object: &mut Value) {
    set(object, &["spec"], "replicas", json!(1));
    set(object, &["spec"], "revisionHistoryLimit", json!(10));
    set(object, &["spec"], "progressDeadlineSeconds", json!(600));
    set(object, &["spec", "strategy"], "type", json!("RollingUpdate"));
    if object.pointer("/spec/strategy/type") == Some(&json!("RollingUpdate")) {
        set(object, &["spec", "strategy", "rollingUpdate"], "maxUnavailable", json!("25%"));
        set(object, &["spec", "strategy", "rollingUpdate"], "maxSurge", json!("25%"));
    }
    template(object, &["spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_DaemonSet`
fn daemon_set(object: &mut Value) {
    set(object, &["spec"], "revisionHistoryLimit", json!(10));
    set(object, &["spec", "updateStrategy"], "type", json!("RollingUpdate"));
    if object.pointer("/spec/updateStrategy/type") == Some(&json!("RollingUpdate")) {
        set(object, &["spec", "updateStrategy", "rollingUpdate"], "maxUnavailable", json!(1));
        set(object, &["spec", "updateStrategy", "rollingUpdate"], "maxSurge", json!(0));
    }
    template(object, &["spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_StatefulSet`
fn stateful_set(object: &mut Value) {
    set(object, &["spec"], "replicas", json!(1));
    set(object, &["spec"], "revisionHistoryLimit", json!(10));
    set(object, &["spec"], "podManagementPolicy", json!("OrderedReady"));
    set(object, &["spec", "updateStrategy"], "type", json!("RollingUpdate"));
    if object.pointer("/spec/updateStrategy/type") == Some(&json!("RollingUpdate")) {
        set(object, &["spec", "updateStrategy", "rollingUpdate"], "partition", json!(0));
    }
    set(object, &["spec", "persistentVolumeClaimRetentionPolicy"], "whenDeleted", json!("Retain"));
    set(object, &["spec", "persistentVolumeClaimRetentionPolicy"], "whenScaled", json!("Retain"));
    template(object, &["spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_ReplicaSet`
fn replica_set(object: &mut Value) {
    set(object, &["spec"], "replicas", json!(1));
    template(object, &["spec", "template"]);
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_Pod`
fn standalone_pod(object: &mut Value) {
    if let Some(spec) = object.get_mut("spec") {
        set(spec, &[], "enableServiceLinks", json!(true));
        pod(spec);
    }
    set(object, &[], "status", json!({}));
}

/// `SetDefaults_Service`; what is allocated is not known here, and pruned.
fn service(object: &mut Value) {
    set(object, &["spec"], "sessionAffinity", json!("None"));
    set(object, &["spec"], "type", json!("ClusterIP"));
    let kind = object.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind != "ExternalName" {
        set(object, &["spec"], "internalTrafficPolicy", json!("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        set(object, &["spec"], "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set(object, &["spec"], "allocateLoadBalancerNodePorts", json!(true));
    }
    for port in items(object, "/spec/ports") {
        set(port, &[], "protocol", json!("TCP"));
        if let Some(number) = port.get("port").cloned() {
            set(port, &[], "targetPort", number);
        }
    }
    set(object, &[], "status", json!({"loadBalancer": {}}));
}

/// The label that admission writes, and the finalizer of a new namespace.
fn namespace(object: &mut Value) {
    let name = object.pointer("/metadata/name").cloned().unwrap_or_default();
    set(object, &["metadata", "labels"], "kubernetes.io/metadata.name", name);
    set(object, &["spec"], "finalizers", json!(["kubernetes"]));
    set(object, &[], "status", json!({"phase": "Active"}));
}

/// `SetDefaults_RoleBinding`
fn binding(object: &mut Value) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if object.get("roleRef").is_some() {
        set(object, &["roleRef"], "apiGroup", json!(GROUP));
    }
    for subject in items(object, "/subjects") {
        if matches!(subject.get("kind").and_then(Value::as_str), Some("User" | "Group")) {
            set(subject, &[], "apiGroup", json!(GROUP));
        }
    }
}

/// A pod template that is there.
fn template(object: &mut Value, path: &[&str]) {
    let pointer: String = path.iter().map(|name| format!("/{name}")).collect();
    let Some(template) = object.pointer_mut(&pointer) else { return };
    set(template, &[], "metadata", json!({}));
    if let Some(spec) = template.get_mut("spec") {
        pod(spec);
    }
}

/// `SetDefaults_PodSpec`
fn pod(spec: &mut Value) {
    for (name, default) in [
        ("dnsPolicy", json!("ClusterFirst")),
        ("restartPolicy", json!("Always")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        set(spec, &[], name, default);
    }
    // The old name of the field is written beside the new one, and read where that is missing.
    for (from, to) in [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")] {
        if let Some(account) = spec.get(from).cloned() {
            set(spec, &[], to, account);
        }
    }
    let host = spec.get("hostNetwork") == Some(&json!(true));
    for list in ["/containers", "/initContainers", "/ephemeralContainers"] {
        items(spec, list).for_each(|each| container(each, host));
    }
    items(spec, "/volumes").for_each(volume);
}

/// `SetDefaults_Container`
fn container(container: &mut Value, host_network: bool) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = pull_policy(image);
    for (name, default) in [
        ("imagePullPolicy", json!(policy)),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("resources", json!({})),
    ] {
        set(container, &[], name, default);
    }
    for port in items(container, "/ports") {
        set(port, &[], "protocol", json!("TCP"));
        if let (true, Some(number)) = (host_network, port.get("containerPort").cloned()) {
            set(port, &[], "hostPort", number);
        }
    }
    for variable in items(container, "/env") {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            set(field, &[], "apiVersion", json!("v1"));
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(found) = container.get_mut(name) {
            probe(found);
        }
    }
    for pointer in ["/lifecycle/postStart/httpGet", "/lifecycle/preStop/httpGet"] {
        if let Some(get) = container.pointer_mut(pointer) {
            http_get(get);
        }
    }
}

/// By the tag: `latest`, or none, is pulled every time (`parsers.ParseImageName`, which reads no tag beside a digest).
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let tag = name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    match (tag, digest) {
        (Some("latest"), _) | (None, None) => "Always",
        _ => "IfNotPresent",
    }
}

/// `SetDefaults_Probe`
fn probe(probe: &mut Value) {
    for (name, default) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        set(probe, &[], name, json!(default));
    }
    if let Some(get) = probe.get_mut("httpGet") {
        http_get(get);
    }
    if let Some(grpc) = probe.get_mut("grpc") {
        set(grpc, &[], "service", json!(""));
    }
}

/// `SetDefaults_HTTPGetAction`
fn http_get(get: &mut Value) {
    set(get, &[], "path", json!("/"));
    set(get, &[], "scheme", json!("HTTP"));
}

/// `SetDefaults_Volume` and those of its sources.
fn volume(volume: &mut Value) {
    if volume.as_object().is_some_and(|volume| volume.keys().all(|name| name == "name")) {
        set(volume, &[], "emptyDir", json!({}));
    }
    for name in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = volume.get_mut(name) {
            set(source, &[], "defaultMode", json!(420));
        }
    }
    if let Some(path) = volume.get_mut("hostPath") {
        set(path, &[], "type", json!(""));
    }
    for pointer in ["/downwardAPI/items", "/projected/sources"] {
        for item in items(volume, pointer) {
            if let Some(field) = item.get_mut("fieldRef") {
                set(field, &[], "apiVersion", json!("v1"));
            }
            for inner in items(item, "/downwardAPI/items") {
                if let Some(field) = inner.get_mut("fieldRef") {
                    set(field, &[], "apiVersion", json!("v1"));
                }
            }
            if let Some(token) = item.get_mut("serviceAccountToken") {
                set(token, &[], "expirationSeconds", json!(3600));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_defaults_container_reads_the_tag() {
        for (image, policy) in [
            ("busybox", "Always"),
            ("busybox:latest", "Always"),
            ("busybox:1", "IfNotPresent"),
            ("reg:5000/busybox", "Always"),
            ("busybox@sha256:0000", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn set_defaults_job_is_not_called_for_a_job_template() {
        let mut object =
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {}}}}});
        fill(&mut object);
        assert_eq!(object.pointer("/spec/suspend"), Some(&json!(false)));
        assert_eq!(object.pointer("/spec/jobTemplate/spec/backoffLimit"), None);
        assert_eq!(object.pointer("/spec/jobTemplate/spec/template/metadata"), Some(&json!({})));
    }
}
