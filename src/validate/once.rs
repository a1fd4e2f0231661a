//! Drops findings that only follow from a structural mistake, so that one mistake gives one message.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Finding, FindingKind};
use crate::diag::Severity;

/// Drops of `beyond`, what the rules found in a value, what follows from the errors of its structure; `rules` finds it
/// again in a mended value.
pub(super) fn told(
    value: &Value,
    structure: &[Finding],
    beyond: Vec<Finding>,
    rules: impl FnOnce(&Value) -> Vec<Finding>,
) -> Vec<Finding> {
    // What is missing makes nothing that is there wrong.
    let lack = |finding: &Finding| matches!(finding.kind, FindingKind::Missing | FindingKind::RestartPolicy);
    let errors = structure.iter().filter(|finding| finding.severity == Severity::Error && !lack(finding));
    let errors: Vec<&Finding> = errors.collect();
    if errors.is_empty() || beyond.is_empty() {
        return beyond;
    }
    let mut beyond = beyond;
    let places = ErrorPlaces::of(&errors);
    beyond.retain(|finding| !places.explain(&finding.pointer));
    let mut mended = value.clone();
    let slips = errors.iter().filter(|error| mend(&mut mended, error)).count();
    if slips > 0 && !beyond.is_empty() {
        let mut found: HashMap<String, Vec<Finding>> = HashMap::new();
        rules(&mended).into_iter().for_each(|one| found.entry(one.pointer.clone()).or_default().push(one));
        beyond.retain(|finding| found.get(&finding.pointer).is_some_and(|same| same.contains(finding)));
    }
    beyond
}

/// Where the errors are, by pointer: a file may have any number of errors and of findings, so no finding is compared with
/// every error.
struct ErrorPlaces<'e> {
    errors: HashSet<&'e str>,
    /// The objects that have a member with an error.
    objects: HashSet<&'e str>,
}

impl<'e> ErrorPlaces<'e> {
    fn of(errors: &[&'e Finding]) -> Self {
        let errors: HashSet<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        let objects = errors.iter().filter_map(|error| Some(error.rsplit_once('/')?.0)).collect();
        Self { errors, objects }
    }

    /// Whether an error is at the place, above it, or a member of the object there. Objects of many members, pods and
    /// containers say, have mistakes that know nothing of each other.
    fn explain(&self, place: &str) -> bool {
        let ends = place.match_indices('/').map(|(end, _)| end).chain([place.len()]);
        ends.map(|end| &place[..end]).any(|above| self.errors.contains(above))
            || (self.objects.contains(place) && !is_large(place))
    }
}

/// The whole object, a `spec`, or a container.
fn is_large(place: &str) -> bool {
    let mut steps = place.rsplit('/');
    let (last, before) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    matches!(last, "" | "spec" | "jobTemplate" | "template") || matches!(before, "containers" | "initContainers")
}

/// Mends a slip as its help says; whether it could.
fn mend(value: &mut Value, error: &Finding) -> bool {
    let said = |before: &str, after: &str| {
        error.help.iter().find_map(|help| Some(help.strip_prefix(before)?.strip_suffix(after)?.to_owned()))
    };
    match error.kind {
        FindingKind::UnknownField => {
            let Some(meant) = said("did you mean `", "`?") else { return false };
            let Some((object, key)) = error.pointer.rsplit_once('/') else { return false };
            let key = key.replace("~1", "/").replace("~0", "~");
            let Some(members) = value.pointer_mut(object).and_then(Value::as_object_mut) else { return false };
            // What is there by its right name is not meant.
            if members.get(&meant).is_some_and(|there| !there.is_null()) {
                return false;
            }
            members.remove(&key).map(|there| members.insert(meant, there)).is_some()
        }
        FindingKind::WrongType => {
            let meant = said("write `", "` without quotes").and_then(|text| serde_json::from_str(&text).ok());
            match (value.pointer_mut(&error.pointer), meant) {
                (Some(there), Some(meant)) => {
                    *there = meant;
                    true
                }
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Options, cron_job};
    use serde_json::json;

    /// What is found in a pod of one container, beyond the paths down to the pod.
    fn pod(container: Value, more: Value) -> Vec<String> {
        let mut pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]});
        let merge = |into: &mut Value, from: Value| {
            let from = from.as_object().cloned().unwrap_or_default();
            into.as_object_mut().into_iter().for_each(|members| members.extend(from.clone()));
        };
        merge(&mut pod["containers"][0], container);
        merge(&mut pod, more);
        pod.as_object_mut().into_iter().for_each(|members| members.retain(|_, value| !value.is_null()));
        let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"},
            "spec": {"schedule": "0 1 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}});
        let findings = cron_job(&object, Options::default()).into_iter();
        findings.map(|finding| finding.pointer.replace("/spec/jobTemplate/spec/template/spec", "")).collect()
    }

    #[test]
    fn one_mistake_gives_one_message() {
        let variable = |from: Value| json!({"env": [{"name": "A", "valueFrom": from}]});
        let volume = |more: Value| {
            let mut volume = json!({"name": "v"});
            volume.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "volumes": [volume] })
        };
        let sidecar = json!({"name": "s", "image": "i:1", "restartPolcy": "Always",
            "livenessProbe": {"exec": {"command": ["a"]}}, "lifecycle": {"preStop": {"exec": {"command": ["a"]}}}});
        for (container, more) in [
            (variable(json!({"secretRef": {"name": "s", "key": "k"}})), json!({})),
            (variable(json!({"secretKeyRef": {"nme": "s", "key": "k"}})), json!({})),
            (variable(json!({"fieldRef": {"fieldPath": {"a": "b"}}})), json!({})),
            (variable(json!({"resourceFieldRef": {"resource": ["limits.cpu"]}})), json!({})),
            (json!({"envFrom": [{"configMap": {"name": "c"}}]}), json!({})),
            (json!({"livenessProbe": {"httpget": {"port": 80}}}), json!({})),
            (json!({"livenessProbe": {"exec": {"comand": ["a"]}}}), json!({})),
            (json!({"lifecycle": {"preStop": {"grpc": {"port": 80}}}}), json!({})),
            (
                json!({"volumeDevices": [{"name": "v", "devicePath": "/d"}], "volumeMounts": [{"name": "v", "mountPath": "/d"}]}),
                volume(json!({"persistentVolumeClaim": {"claimName": "c"}})),
            ),
            (json!({"resources": {"limits": {"hugepages-foo": 1}}}), json!({})),
            (
                json!({"resources": {"limits": {"example.com/gpu": "100m"}, "requests": {"example.com/gpu": "100m"}}}),
                json!({}),
            ),
            (json!({}), volume(json!({"configMap": {"nme": "x"}}))),
            (json!({}), volume(json!({"secret": {"name": "s"}}))),
            (
                json!({}),
                volume(json!({"downwardAPI": {"items": [{"path": "p",
                "resourceFieldRef": {"containerName": "", "resource": "limits.cpu"}}]}})),
            ),
            (json!({}), json!({"containers": {"name": "c"}})),
            (json!({}), json!({"tolerations": [{"operater": "Exists"}]})),
            (json!({}), json!({"restartPolicy": null, "restartPolcy": "Never"})),
            (json!({}), json!({"dnsPolicy": "None", "dnsConfg": {"nameservers": ["10.0.0.1"]}})),
            (json!({}), json!({"hostUsers": "false", "hostNetwork": true})),
            (json!({}), json!({"initContainers": [sidecar]})),
        ] {
            let found = pod(container.clone(), more.clone());
            assert_eq!(found.len(), 1, "{container} {more}: {found:?}");
        }
    }

    /// The same by comparing every place with every error.
    #[test]
    fn a_finding_follows_from_an_error_at_above_or_right_below_it() {
        let pointers =
            ["", "/a", "/a/b", "/a/b/c", "/a/bc", "/spec", "/spec/x", "/containers/0", "/containers/0/x", "/a/b~1c"];
        for error in pointers {
            let finding = Finding { pointer: error.to_owned(), ..finding() };
            let places = ErrorPlaces::of(&[&finding]);
            for place in pointers {
                let above = place.strip_prefix(error).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                let member = error.rsplit_once('/').is_some_and(|(object, _)| object == place);
                assert_eq!(places.explain(place), above || (member && !is_large(place)), "{place} {error}");
            }
        }
    }

    fn finding() -> Finding {
        let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": 1});
        cron_job(&object, Options::default()).remove(0)
    }

    #[test]
    fn two_mistakes_give_two() {
        let probe = json!({"livenessProbe": {"httpGet": {"port": 0}}, "imge": "x", "ports": [{"containerPort": 0}]});
        assert_eq!(pod(probe, json!({})).len(), 3);
        let network = json!({"hostNetwork": "true", "dnsPolicy": "None"});
        assert_eq!(pod(json!({}), network), ["/hostNetwork", ""]);
    }
}
