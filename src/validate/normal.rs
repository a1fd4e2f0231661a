//! Normalizes an object so that two that mean the same are equal: defaults removed, quantities in one spelling.
//!
//! Source: `pkg/apis/{batch,core,rbac,networking}/v1/defaults.go`, and what admission fills in everywhere.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::nulls;
use super::quantity;
use super::schema::{SchemaNode, ValueKind};
use crate::patch::variables::late;

/// The normal form of an object.
pub fn normal(object: &Value) -> Value {
    let mut value = object.clone();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if (text(&value, "apiVersion").as_str(), text(&value, "kind").as_str()) == ("batch/v1beta1", "CronJob") {
        value["apiVersion"] = "batch/v1".into();
    }
    nulls::fill_object(&mut value);
    let (version, kind) = (text(&value, "apiVersion"), text(&value, "kind"));
    match SchemaNode::object(&version, &kind) {
        Some(schema) => walk(&mut value, schema),
        None => {
            for (pointer, schema) in nulls::known_parts(&version, &kind) {
                if let Some(part) = value.pointer_mut(pointer) {
                    walk(part, schema);
                }
            }
        }
    }
    whole(&mut value);
    value
}

/// What concerns an object as a whole.
fn whole(object: &mut Value) {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let Value::Object(members) = object else { return };
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    // Somebody else's kind may have the same name.
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    match (group, text("kind")) {
        ("", "Secret") => {
            // `stringData` is written to `data` by the API server, over what stands there.
            if let Some(Value::Object(texts)) = members.remove("stringData") {
                let data = members.entry("data").or_insert_with(|| json!({}));
                if let Value::Object(data) = data {
                    let encoded = |value: &Value| value.as_str().map(|text| STANDARD.encode(text).into());
                    data.extend(texts.iter().filter_map(|(key, value)| Some((key.clone(), encoded(value)?))));
                }
            }
            drop_if(members, "type", &json!("Opaque"));
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            if let Some(Value::Object(spec)) = members.get_mut("spec") {
                let egress = spec.contains_key("egress");
                let types = spec.remove("policyTypes").unwrap_or_else(|| match egress {
                    true => json!(["Egress", "Ingress"]),
                    false => json!(["Ingress"]),
                });
                spec.insert("policyTypes".to_owned(), sorted(types));
            }
        }
        (RBAC, "RoleBinding" | "ClusterRoleBinding") => {
            if let Some(Value::Object(reference)) = members.get_mut("roleRef") {
                drop_if(reference, "apiGroup", &json!(RBAC));
            }
            for subject in members.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(subject) = subject {
                    drop_if(subject, "apiGroup", &json!(RBAC));
                }
            }
        }
        _ => {}
    }
}

fn drop_if(members: &mut Map<String, Value>, name: &str, default: &Value) {
    if members.get(name) == Some(default) {
        members.remove(name);
    }
}

fn sorted(list: Value) -> Value {
    match list {
        Value::Array(mut items) => {
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

fn walk(value: &mut Value, schema: SchemaNode) {
    match (schema.kind(), &mut *value) {
        (ValueKind::Object, Value::Object(members)) => {
            members.retain(|_, member| !member.is_null());
            for (name, member) in members.iter_mut() {
                if let Some(schema) = schema.field(name) {
                    walk(member, schema);
                }
            }
            defaults(members, schema);
            members.retain(|name, member| !says_nothing(name, member, schema));
        }
        (ValueKind::Map, Value::Object(members)) => {
            members.retain(|_, member| !member.is_null());
            if let Some(item) = schema.item() {
                members.values_mut().for_each(|member| walk(member, item));
            }
        }
        (ValueKind::List, Value::Array(items)) => {
            if let Some(item) = schema.item() {
                items.iter_mut().for_each(|member| walk(member, item));
            }
        }
        (ValueKind::Quantity, Value::String(_) | Value::Number(_)) => {
            let amount = match &*value {
                Value::String(text) => quantity::parse(text),
                Value::Number(number) => quantity::parse_number(number),
                _ => return,
            };
            if let Ok(amount) = amount {
                *value = spelt(amount.nanos()).into();
            }
        }
        // A port in quotes is read as a number where no port has that name, and no name has digits alone.
        (ValueKind::IntOrString, Value::String(text)) => {
            if let Ok(number) = text.parse::<i64>() {
                *value = number.into();
            }
        }
        (ValueKind::Int32 | ValueKind::Int64, Value::Number(number)) => {
            if let (None, Some(float)) = (number.as_i64(), number.as_f64())
                && let Ok(whole) = format!("{float:.0}").parse::<i64>()
                && json!(whole).as_f64() == Some(float)
            {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// An amount, spelt as people do as far as it is whole.
fn spelt(nanos: i128) -> String {
    const NANOS: i128 = 1_000_000_000;
    const UNITS: [(i128, &str); 4] = [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    if nanos % NANOS != 0 {
        let milli = NANOS / 1000;
        return if nanos % milli == 0 { format!("{}m", nanos / milli) } else { format!("{nanos}n") };
    }
    let units = nanos / NANOS;
    match UNITS.iter().find(|(unit, _)| units != 0 && units % unit == 0) {
        Some((unit, suffix)) => format!("{}{suffix}", units / unit),
        None => units.to_string(),
    }
}

/// Shapes of which an empty one is as good as none.
const EMPTY: [&str; 15] = [
    "ObjectMeta",
    "PodSecurityContext",
    "SecurityContext",
    "ResourceRequirements",
    "VolumeResourceRequirements",
    "Affinity",
    "NodeAffinity",
    "PodAffinity",
    "PodAntiAffinity",
    "PodDNSConfig",
    "SELinuxOptions",
    "WindowsSecurityContextOptions",
    "Capabilities",
    "Lifecycle",
    // A volume without any source is an empty folder.
    "EmptyDirVolumeSource",
];

/// Whether a member is as good as absent.
fn says_nothing(name: &str, value: &Value, owner: SchemaNode) -> bool {
    let Some(schema) = owner.field(name) else { return false };
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => {
            members.is_empty() && (schema.kind() == ValueKind::Map || EMPTY.contains(&schema.name()))
        }
        // An empty class of storage turns the default one off.
        Value::String(text) => text.is_empty() && schema.kind() == ValueKind::String && name != "storageClassName",
        _ => false,
    }
}

/// Fields with one default, by shape.
fn default_of(shape: &str, field: &str) -> Option<Value> {
    Some(match (shape, field) {
        ("CronJobSpec", "concurrencyPolicy") => json!("Allow"),
        ("CronJobSpec", "successfulJobsHistoryLimit") => json!(3),
        ("CronJobSpec", "failedJobsHistoryLimit") => json!(1),
        ("JobSpec", "completionMode") => json!("NonIndexed"),
        ("PodFailurePolicyOnPodConditionsPattern", "status") => json!("True"),
        ("PodSpec", "dnsPolicy") => json!("ClusterFirst"),
        ("PodSpec", "terminationGracePeriodSeconds") => json!(30),
        ("PodSpec", "schedulerName") => json!("default-scheduler"),
        ("PodSpec", "enableServiceLinks" | "hostUsers") => json!(true),
        ("PodSpec", "serviceAccountName") => json!("default"),
        ("PodSecurityContext", "fsGroupChangePolicy") => json!("Always"),
        ("PodSecurityContext", "supplementalGroupsPolicy") => json!("Merge"),
        ("SecurityContext", "procMount") => json!("Default"),
        ("Container", "terminationMessagePath") => json!("/dev/termination-log"),
        ("Container", "terminationMessagePolicy") => json!("File"),
        ("ContainerPort" | "NetworkPolicyPort", "protocol") => json!("TCP"),
        ("ContainerPort", "hostPort") => json!(0),
        ("Probe", "timeoutSeconds" | "successThreshold") => json!(1),
        ("Probe", "periodSeconds") => json!(10),
        ("Probe", "failureThreshold") => json!(3),
        ("Probe", "initialDelaySeconds") => json!(0),
        ("HTTPGetAction", "path") => json!("/"),
        ("HTTPGetAction", "scheme") => json!("HTTP"),
        ("ObjectFieldSelector", "apiVersion") => json!("v1"),
        (
            "SecretVolumeSource" | "ConfigMapVolumeSource" | "ProjectedVolumeSource" | "DownwardAPIVolumeSource",
            "defaultMode",
        ) => json!(420),
        ("ServiceAccountTokenProjection", "expirationSeconds") => json!(3600),
        ("VolumeMount", "mountPropagation") => json!("None"),
        ("Toleration", "operator") => json!("Equal"),
        ("TopologySpreadConstraint", "nodeAffinityPolicy") => json!("Honor"),
        ("TopologySpreadConstraint", "nodeTaintsPolicy") => json!("Ignore"),
        ("TopologySpreadConstraint", "minDomains") => json!(1),
        ("PersistentVolumeClaimSpec", "volumeMode") => json!("Filesystem"),
        // Flags that are off unless they are set; of the others `false` says something.
        (_, "suspend" | "manualSelector" | "hostNetwork" | "hostPID" | "hostIPC" | "shareProcessNamespace")
        | (_, "setHostnameAsFQDN" | "stdin" | "stdinOnce" | "tty" | "optional" | "readOnly" | "privileged")
        | (_, "readOnlyRootFilesystem" | "immutable") => json!(false),
        _ => return None,
    })
}

/// Leaves out what would be filled in.
fn defaults(members: &mut Map<String, Value>, schema: SchemaNode) {
    let shape = schema.name();
    members.retain(|name, value| default_of(shape, name).as_ref() != Some(value));
    match shape {
        "JobSpec" => job(members),
        "PodSpec" => {
            if let Some(old) = members.remove("serviceAccount")
                && old != json!("default")
            {
                members.entry("serviceAccountName").or_insert(old);
            }
            for list in ["tolerations", "imagePullSecrets"] {
                if let Some(items) = members.remove(list) {
                    members.insert(list.to_owned(), sorted(items));
                }
            }
        }
        "Container" => container(members),
        "ResourceFieldSelector" => {
            members.retain(|name, value| name != "divisor" || !matches!(value.as_str(), Some("0" | "1")))
        }
        "ResourceRequirements" => {
            // What is limited and not requested is requested as it is limited.
            let limits = members.get("limits").and_then(Value::as_object).cloned().unwrap_or_default();
            if !limits.is_empty()
                && let Value::Object(requests) = members.entry("requests").or_insert_with(|| json!({}))
            {
                limits.into_iter().for_each(|(name, amount)| _ = requests.entry(name).or_insert(amount));
            }
        }
        // The controllers make up the names of Jobs and pods; `PodTemplate` and `JobTemplate` carry theirs nowhere.
        "JobTemplateSpec" | "PodTemplateSpec" => {
            if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
                ["name", "generateName", "namespace"].iter().for_each(|name| _ = metadata.remove(*name));
            }
        }
        "ObjectMeta" => {
            if let Some(list) = members.remove("finalizers") {
                members.insert("finalizers".to_owned(), sorted(list));
            }
        }
        "PersistentVolumeClaimSpec" => {
            if let Some(list) = members.remove("accessModes") {
                members.insert("accessModes".to_owned(), sorted(list));
            }
        }
        _ => {}
    }
}

/// `SetDefaults_Job`
fn job(members: &mut Map<String, Value>) {
    let one = Some(&json!(1));
    let (parallel, complete) = (members.get("parallelism"), members.get("completions"));
    let (no_parallel, no_complete) = (parallel.is_none() || parallel == one, complete == one);
    let indexed = members.contains_key("completionMode");
    if complete.is_some() && no_parallel {
        members.remove("parallelism");
    }
    if no_complete && no_parallel && !indexed {
        members.remove("completions");
    }
    if !members.contains_key("backoffLimitPerIndex") {
        drop_if(members, "backoffLimit", &json!(6));
    }
    let default = if members.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    drop_if(members, "podReplacementPolicy", &json!(default));
}

/// `SetDefaults_Container`, and the variables in an order that means the same.
fn container(members: &mut Map<String, Value>) {
    let image = members.get("image").and_then(Value::as_str).unwrap_or_default();
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let tag = name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    // `ParseImageName`: no tag is `latest`, unless there is a digest; one that is written stays.
    let latest = tag == Some("latest") || (tag.is_none() && !digest);
    drop_if(members, "imagePullPolicy", &json!(if latest { "Always" } else { "IfNotPresent" }));
    if let Some(Value::Array(env)) = members.get_mut("env") {
        variables(env);
    }
}

/// The member that says of a variable which references in it stand before what they refer to: they are not replaced.
pub const UNEXPANDED: &str = "refersTooEarlyTo";

/// Variables sorted by name, if no name stands there twice. Their order matters only where one refers to another.
fn variables(env: &mut [Value]) {
    let name = |variable: &Value| variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let names: Vec<String> = env.iter().map(name).collect();
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        return;
    }
    let late = late(env);
    for (at, variable) in env.iter_mut().enumerate() {
        let unexpanded = late.iter().filter(|late| late.from == at).map(|late| names[late.to].as_str().into());
        let unexpanded: Vec<Value> = unexpanded.collect();
        if !unexpanded.is_empty() {
            variable[UNEXPANDED] = unexpanded.into();
        }
    }
    env.sort_by_key(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(spec: Value, job: Value, pod: Value) -> Value {
        let mut spec = spec;
        let mut job = job;
        job["template"] = json!({"spec": pod});
        spec["jobTemplate"] = json!({"spec": job});
        normal(&json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}, "spec": spec}))
    }

    fn pod(pod: Value) -> Value {
        job(json!({}), json!({}), pod)
    }

    fn one(container: Value) -> Value {
        pod(json!({"containers": [container]}))
    }

    #[test]
    fn defaults_written_out_say_nothing() {
        let plain =
            job(json!({"schedule": "0 3 * * *"}), json!({}), json!({"containers": [{"name": "a", "image": "b:1"}]}));
        let spelt = job(
            json!({"schedule": "0 3 * * *", "concurrencyPolicy": "Allow", "suspend": false,
                "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, "timeZone": null}),
            json!({"backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed",
                "podReplacementPolicy": "TerminatingOrFailed"}),
            json!({"dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {},
                "terminationGracePeriodSeconds": 30, "serviceAccount": "default", "serviceAccountName": "default",
                "nodeSelector": {}, "tolerations": [], "hostNetwork": false,
                "containers": [{"name": "a", "image": "b:1", "imagePullPolicy": "IfNotPresent", "resources": {},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}]}),
        );
        assert_eq!(plain, spelt);
        let beta = normal(&json!({"apiVersion": "batch/v1beta1", "kind": "CronJob"}));
        assert_eq!(beta["apiVersion"], "batch/v1");
    }

    #[test]
    fn names_of_templates_say_nothing() {
        let spec = |job: Value, pod: Value| {
            let template = json!({"metadata": pod, "spec": {"containers": [{"name": "a", "image": "b:1"}]}});
            let spec =
                json!({"schedule": "0 3 * * *", "jobTemplate": {"metadata": job, "spec": {"template": template}}});
            normal(&json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}, "spec": spec}))
        };
        let plain = spec(json!({}), json!({"labels": {"a": "b"}}));
        assert_eq!(plain, spec(json!({"name": "y"}), json!({"name": "z", "namespace": "n", "labels": {"a": "b"}})));
        assert_ne!(plain, spec(json!({"annotations": {"name": "y"}}), json!({"labels": {"a": "b"}})));
    }

    #[test]
    fn what_says_something_stays() {
        for (a, b) in [
            (one(json!({"image": "b"})), one(json!({"image": "b", "imagePullPolicy": "IfNotPresent"}))),
            (one(json!({"image": "b:1"})), one(json!({"image": "b:1", "imagePullPolicy": "Always"}))),
            (one(json!({})), one(json!({"securityContext": {"runAsNonRoot": false}}))),
            (one(json!({})), one(json!({"securityContext": {"allowPrivilegeEscalation": false}}))),
            (pod(json!({})), pod(json!({"automountServiceAccountToken": false}))),
            (pod(json!({})), pod(json!({"enableServiceLinks": false}))),
            (job(json!({}), json!({}), json!({})), job(json!({}), json!({"parallelism": 1}), json!({}))),
            (job(json!({}), json!({}), json!({})), job(json!({}), json!({"backoffLimit": 0}), json!({}))),
            (job(json!({"suspend": true}), json!({}), json!({})), job(json!({}), json!({}), json!({}))),
        ] {
            assert_ne!(a, b);
        }
    }

    #[test]
    fn amounts_and_ports_have_one_spelling() {
        let of = |cpu: Value, memory: Value| one(json!({"resources": {"limits": {"cpu": cpu, "memory": memory}}}));
        assert_eq!(of(json!("1000m"), json!("1Gi")), of(json!(1), json!("1024Mi")));
        assert_ne!(of(json!("1000m"), json!("1G")), of(json!("1"), json!("1Gi")));
        let requested = one(json!({"resources": {"limits": {"cpu": 1}, "requests": {"cpu": "1000m"}}}));
        assert_eq!(requested, one(json!({"resources": {"limits": {"cpu": 1}}})));
        let probe = |port: Value| one(json!({"livenessProbe": {"httpGet": {"port": port}}}));
        assert_eq!(probe(json!("8080")), probe(json!(8080)));
        assert_ne!(probe(json!("http")), probe(json!(8080)));
    }

    #[test]
    fn the_order_of_variables_matters_where_one_refers_to_another() {
        let env = |list: [(&str, &str); 3]| {
            let list: Vec<Value> = list.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            one(json!({"env": list}))
        };
        let given = [("A", "1"), ("B", "$(A)"), ("C", "3")];
        assert_eq!(env(given), env([given[2], given[0], given[1]]));
        assert_ne!(env(given), env([given[1], given[0], given[2]]), "$(A) would stay as it is");
    }

    #[test]
    fn pods_are_pods_in_whatever_holds_them() {
        let of = |version: &str, kind: &str, pod: Value| {
            let spec = if kind == "Pod" { pod } else { json!({"template": {"spec": pod}}) };
            normal(&json!({"apiVersion": version, "kind": kind, "spec": spec}))
        };
        let env = |first: &str, second: &str| {
            let value = |name: &str| json!({"name": name, "value": if name == "B" { "$(A)" } else { "1" }});
            json!({"containers": [{"image": "x:1", "env": [value(first), value(second)]}]})
        };
        for (version, kind) in [("apps/v1", "Deployment"), ("batch/v1", "Job"), ("v1", "Pod")] {
            assert_ne!(of(version, kind, env("A", "B")), of(version, kind, env("B", "A")), "{kind}");
            assert_eq!(of(version, kind, env("A", "C")), of(version, kind, env("C", "A")), "{kind}");
        }
        // Of somebody else's kinds everything counts.
        assert_ne!(of("x.io/v1", "Job", env("A", "C")), of("x.io/v1", "Job", env("C", "A")));
        let policy = |spec: Value| normal(&json!({"apiVersion": "x.io/v1", "kind": "NetworkPolicy", "spec": spec}));
        assert_ne!(policy(json!({})), policy(json!({"policyTypes": ["Ingress"]})));
        let secret = |kind: Value| normal(&json!({"apiVersion": "x.io/v1", "kind": "Secret", "type": kind}));
        assert_ne!(secret(json!(null)), secret(json!("Opaque")));
    }

    #[test]
    fn latest_is_always_pulled_even_with_a_digest() {
        let of = |image: &str, policy: Option<&str>| match policy {
            Some(policy) => one(json!({"image": image, "imagePullPolicy": policy})),
            None => one(json!({"image": image})),
        };
        let digest = "@sha256:aaaa";
        for (image, default, other) in [
            ("b".to_owned(), "Always", "IfNotPresent"),
            ("b:latest".to_owned(), "Always", "IfNotPresent"),
            (format!("b:latest{digest}"), "Always", "IfNotPresent"),
            (format!("b{digest}"), "IfNotPresent", "Always"),
            ("r:5000/b:1".to_owned(), "IfNotPresent", "Always"),
            ("r:5000/b".to_owned(), "Always", "IfNotPresent"),
        ] {
            assert_eq!(of(&image, None), of(&image, Some(default)), "{image}");
            assert_ne!(of(&image, None), of(&image, Some(other)), "{image}");
        }
    }

    #[test]
    fn a_selector_that_is_empty_takes_all() {
        let of = |peer: Value| {
            normal(&json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "spec": {"podSelector": {}, "ingress": [{"from": [peer]}]}}))
        };
        assert_ne!(of(json!({"podSelector": {}, "namespaceSelector": {}})), of(json!({"podSelector": {}})));
        let text = normal(&json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": {"a": "b"}}));
        assert_eq!(text, normal(&json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "Yg=="}})));
    }
}
