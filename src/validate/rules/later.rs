//! What is accepted as a CronJob and refused as the Job or Pod made of it: `ValidateJob` in
//! `pkg/apis/batch/validation/validation.go`, `ValidatePodCreate` in `pkg/apis/core/validation/validation.go`, and the
//! admission plugins Priority and RuntimeClass.

use super::at::At;
use super::found::Findings;
use super::{affinity, meta, ports, resources};
use crate::diag::{Code, Severity};
use crate::validate::{Finding, FindingKind};

/// Labels that the controller puts on pods itself.
const RESERVED: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];
/// A DNS label.
const HOST_MAX: usize = 63;
/// What the controller appends to the CronJob's name: `-` and the minutes since 1970.
const STAMP: usize = 9;

/// The Job and the Pod that a CronJob makes.
pub(super) fn check(object: &At<'_>, job: &At<'_>, found: &mut Findings) {
    let template = job.get("template");
    if let Some(template) = &template {
        if let Some(metadata) = template.get("metadata") {
            pod_metadata(&metadata, found);
        }
        if let Some(pod) = template.get("spec") {
            check_pod(&pod, found);
            merged_keys(template, &pod, found);
        }
    }
    host_names(object, job, found);
    annotations_of_controllers(object, job, found);
}

/// What the controllers add to the annotations of a Job and of its pods: `getJobFromTemplate2` in
/// `pkg/controller/cronjob/utils.go`, `addCompletionIndexAnnotation` and `addIndexFailureCountAnnotation` in
/// `pkg/controller/job/indexed_job_utils.go`.
fn annotations_of_controllers(object: &At<'_>, job: &At<'_>, found: &mut Findings) {
    const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
    const INDEX: &str = "batch.kubernetes.io/job-completion-index";
    const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
    let Some(spec) = object.get("spec") else { return };
    // RFC 3339, whose zone is `Z` or `+00:00`.
    let moment = if matches!(spec.words("timeZone"), "" | "UTC" | "Etc/UTC") { 20 } else { 25 };
    if let Some(template) = spec.get("jobTemplate") {
        tipped(&template, &[(SCHEDULED, moment)], Code::JobRefused, found);
    }
    if job.words("completionMode") == "Indexed"
        && let Some(template) = job.get("template")
    {
        let digits = job.number("completions").map_or(1, |count| (count - 1).max(0).to_string().len());
        let both = [(INDEX, digits), (FAILURES, 1)];
        let count = if job.has("backoffLimitPerIndex") && found.since(29) { 2 } else { 1 };
        tipped(&template, &both[..count], Code::PodRefused, found);
    }
}

/// Annotations that fit, and no longer do with those of a controller.
fn tipped(template: &At<'_>, more: &[(&str, usize)], code: Code, found: &mut Findings) {
    let Some(metadata) = template.get("metadata") else { return };
    let Some(at) = metadata.get("annotations") else { return };
    let size = meta::annotations_size(&metadata);
    let own = |key: &str| metadata.entries("annotations").find(|entry| entry.0 == key);
    let more: usize = more.iter().filter(|(key, _)| own(key).is_none()).map(|(key, length)| key.len() + length).sum();
    if size <= meta::ANNOTATIONS_MAX && size + more > meta::ANNOTATIONS_MAX {
        let message = format!(
            "the annotations have {size} bytes, and with the {more} that the controller adds more than the {} that are allowed",
            meta::ANNOTATIONS_MAX
        );
        found.add(&at, code, FindingKind::Later, message).at_key();
    }
}

/// The metadata of a Job: no rule looks at it before there is a Job.
pub(super) fn job_metadata(metadata: &At<'_>, found: &mut Findings) {
    let mut inner = Findings::new(found.version);
    meta::template(metadata, &mut inner);
    for finding in inner.into_findings() {
        let message = format!("{}; the CronJob is accepted, and none of its Jobs", finding.message);
        found.push(Finding {
            code: Code::JobRefused,
            kind: FindingKind::Later,
            severity: Severity::Error,
            message,
            ..finding
        });
    }
}

fn pod_metadata(metadata: &At<'_>, found: &mut Findings) {
    for (key, entry) in metadata.entries("labels") {
        if RESERVED.contains(&key) {
            let message = format!("the controller sets the label `{key}` itself, and refuses a Job that has another");
            found.add(&entry, Code::JobRefused, FindingKind::Later, message).at_key().help("leave it out");
        }
    }
    let mut inner = Findings::new(found.version);
    meta::finalizers(metadata, &mut inner);
    for finding in inner.into_findings() {
        let message = format!("{}; the Job is accepted, and none of its pods", finding.message);
        found.push(Finding {
            code: Code::PodRefused,
            kind: FindingKind::Later,
            severity: Severity::Error,
            message,
            ..finding
        });
    }
}

/// `ValidateJob`: a pod of an indexed Job is called after the Job and its index, and that is its host name.
fn host_names(object: &At<'_>, job: &At<'_>, found: &mut Findings) {
    let Some(metadata) = object.get("metadata") else { return };
    let (Some(at), Some(name)) = (metadata.get("name"), metadata.text("name")) else { return };
    let completions = job.number("completions").filter(|_| job.words("completionMode") == "Indexed");
    let Some(last) = completions.filter(|count| *count > 0).map(|count| count - 1) else { return };
    let length = name.len() + STAMP + 1 + last.to_string().len();
    let message = if name.contains('.') {
        format!(
            "the pods of an indexed Job are called after it, and `{}` with its dots is no host name",
            super::shown(name)
        )
    } else if length > HOST_MAX {
        format!(
            "the pods of this indexed Job would have names of {length} characters, and a host name has {HOST_MAX} at most"
        )
    } else {
        return;
    };
    let finding = found.add(&at, Code::JobRefused, FindingKind::Later, message);
    if let Some(mode) = job.get("completionMode") {
        finding.beside(&mode);
    }
}

fn check_pod(pod: &At<'_>, found: &mut Findings) {
    let mut refuse = |at: &At<'_>, message: String| {
        found.add(at, Code::PodRefused, FindingKind::Later, message);
    };
    // `validateContainerOnlyForPod`
    for list in ["containers", "initContainers"] {
        for container in pod.items(list) {
            let image = container.words("image");
            if let Some(at) = container.get("image").filter(|_| image.trim() != image) {
                refuse(&at, format!("`{}` has white space around it, and no pod with it is made", super::shown(image)));
            }
        }
    }
    for volume in pod.items("volumes") {
        if let Some(image) = volume.get("image")
            && image.words("reference").is_empty()
        {
            refuse(&image, "`image` has no `reference`, and no pod with it is made".to_owned());
        }
    }
    if let Some(node) = pod.get("nodeName").filter(|_| !pod.words("nodeName").is_empty())
        && !pod.list("schedulingGates").is_empty()
    {
        refuse(&node, "a pod with `schedulingGates` cannot have a `nodeName` yet".to_owned());
    }
    // The RuntimeClass plugin
    if let Some(overhead) = pod.get("overhead").filter(|_| !pod.has("runtimeClassName"))
        && pod.map("overhead").is_some_and(|map| !map.is_empty())
    {
        refuse(&overhead, "the `overhead` of a pod comes from its RuntimeClass, and it names none".to_owned());
    }
    ports::host_ports_of_pod(pod, found);
    resources::requests_of_pod(pod, found);
    priority(pod, found);
}

/// `applyMatchLabelKeysAndMismatchLabelKeys` and `mutateTopologySpreadConstraints` in `pkg/registry/core/pod/strategy.go`:
/// the value of the pod's label goes into the selector, where it may not stand already.
fn merged_keys(template: &At<'_>, pod: &At<'_>, found: &mut Findings) {
    let metadata = template.get("metadata");
    let own = metadata.as_ref().and_then(|metadata| metadata.map("labels"));
    let carried = |label: &str| RESERVED.contains(&label) || own.is_some_and(|own| own.contains_key(label));
    let mut merge = |term: &At<'_>, since: u16| {
        for (at, key) in term.items("matchLabelKeys").enumerate() {
            let label = key.value().as_str().unwrap_or_default();
            // The first of two merges, and the second finds what it has merged.
            let before = term.list("matchLabelKeys").iter().take(at).any(|other| other == key.value());
            let selections = affinity::selections(term, label);
            if (selections == 1 || before && selections == 0) && carried(label) && found.since(since) {
                let places = if before { "`matchLabelKeys` twice" } else { "`matchLabelKeys` and in `labelSelector`" };
                let message = format!("`{label}` stands in {places}, and no pod that has this label is made");
                found.add(&key, Code::PodRefused, FindingKind::Later, message).help("leave it out of one of them");
            }
        }
    };
    pod.items("topologySpreadConstraints").for_each(|constraint| merge(&constraint, 34));
    affinity::pod_terms(pod, |term| merge(term, 31));
}

/// The Priority plugin computes both from the class, and refuses others. Which classes a cluster has is not known here.
fn priority(pod: &At<'_>, found: &mut Findings) {
    let class = pod.words("priorityClassName");
    let system = match class {
        "system-cluster-critical" => Some(2_000_000_000),
        "system-node-critical" => Some(2_000_001_000),
        _ => None,
    };
    let mut warn = |at: &At<'_>, message: String| {
        found.add(at, Code::PodRefused, FindingKind::Later, message).severity = Severity::Warning;
    };
    if let (Some(at), Some(number)) = (pod.get("priority"), pod.number("priority")) {
        let fine = if class.is_empty() { number == 0 } else { system == Some(number) };
        if !fine {
            let whose = if class.is_empty() {
                "the default class, usually 0".to_owned()
            } else {
                format!("the class `{class}`")
            };
            warn(&at, format!("`priority` is {number}, and a pod is refused whose `priority` is not that of {whose}"));
        }
    }
    if let Some(at) =
        pod.get("preemptionPolicy").filter(|_| pod.words("preemptionPolicy") == "Never" && class.is_empty())
    {
        warn(&at, "a pod is refused whose `preemptionPolicy` is not that of its class, and it names none".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    /// `pkg/controller/cronjob.getJobFromTemplate2`, then `ValidateJob`
    #[test]
    fn validate_job() {
        let labels = |key: &str| json!({"labels": {key: "x"}});
        assert_eq!(found_by(labels("app"), job_metadata), NONE);
        assert_eq!(found_by(labels("a b"), job_metadata), ["/labels/a b"]);
        assert_eq!(found_by(labels("job-name"), pod_metadata), ["/labels/job-name"]);
        assert_eq!(found_by(json!({"finalizers": ["bad"]}), pod_metadata), ["/finalizers/0"]);
        let names = |name: &str, completions: i64| {
            let object = json!({"metadata": {"name": name}});
            let job = json!({"completionMode": "Indexed", "completions": completions});
            found_by(object, |at, found| host_names(at, &At::root(&job), found)).len()
        };
        let long = "a".repeat(50);
        assert_eq!([names(&long, 0), names(&long, 100), names(&long, 1001), names("a.b", 1)], [0, 0, 1, 1]);
    }

    /// `pkg/apis/core/validation.ValidatePodCreate`
    #[test]
    fn validate_pod_create() {
        let pod = |pod: Value| found_by(pod, check_pod);
        assert_eq!(
            pod(json!({"containers": [{"image": "a "}], "volumes": [{"image": {}}]})),
            ["/containers/0/image", "/volumes/0/image"]
        );
        assert_eq!(pod(json!({"nodeName": "n", "schedulingGates": [{"name": "a/b"}]})), ["/nodeName"]);
        assert_eq!(pod(json!({"overhead": {"cpu": 1}})), ["/overhead"]);
        assert_eq!(pod(json!({"overhead": {"cpu": 1}, "runtimeClassName": "r"})), NONE);
    }

    /// `pkg/registry/core/pod.applyMatchLabelKeysAndMismatchLabelKeys`, `mutateTopologySpreadConstraints`
    #[test]
    fn mutate_topology_spread_constraints() {
        let template = |labels: Value, selector: Value| {
            let term = json!({"labelSelector": selector, "matchLabelKeys": ["a"]});
            let affinity = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
            let spec = json!({"topologySpreadConstraints": [term], "affinity": affinity});
            let value = json!({"metadata": {"labels": labels}, "spec": spec});
            [30, 31, 34].map(|minor| {
                let merged = |at: &At<'_>, found: &mut Findings| merged_keys(at, &at.get("spec").unwrap(), found);
                found_in(minor, value.clone(), merged).len()
            })
        };
        let selects = || json!({"matchLabels": {"a": "b"}});
        assert_eq!(template(json!({"a": "b"}), selects()), [0, 1, 2]);
        assert_eq!(template(json!({"b": "a"}), selects()), [0, 0, 0]);
        let term = json!({"labelSelector": {"matchLabels": {"b": "c"}}, "matchLabelKeys": ["a", "a"]});
        let twice = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"topologySpreadConstraints": [term]}});
        let merged = |at: &At<'_>, found: &mut Findings| merged_keys(at, &at.get("spec").unwrap(), found);
        assert_eq!(found_by(twice, merged), ["/spec/topologySpreadConstraints/0/matchLabelKeys/1"]);
        assert_eq!(template(json!({"a": "b"}), json!({"matchLabels": {"b": "a"}})), [0, 0, 0]);
    }

    /// `pkg/controller/cronjob.getJobFromTemplate2`, `pkg/controller/job.addCompletionIndexAnnotation`
    #[test]
    fn annotations_of_controllers_count_too() {
        let of = |length: usize, zone: Value, job: Value| {
            let metadata = json!({"annotations": {"a": "x".repeat(length - 1)}});
            let mut job = job;
            job["template"] = json!({"metadata": metadata});
            let object = json!({"spec": {"timeZone": zone, "jobTemplate": {"metadata": metadata, "spec": job}}});
            let check = |at: &At<'_>, found: &mut Findings| annotations_of_controllers(at, &At::root(&job), found);
            found_by(object.clone(), check).len()
        };
        let most = 256 * 1024;
        assert_eq!([of(most - 67, json!("UTC"), json!({})), of(most - 66, json!("UTC"), json!({}))], [0, 1]);
        assert_eq!(of(most - 71, json!("Europe/Berlin"), json!({})), 1);
        let indexed = json!({"completionMode": "Indexed", "completions": 11});
        assert_eq!([of(most - 66, json!(null), indexed.clone()), of(most - 41, json!(null), indexed)], [1, 2]);
        assert_eq!(of(most + 1, json!(null), json!({})), 0, "refused at once");
    }

    /// `plugin/pkg/admission/priority`
    #[test]
    fn the_priority_is_that_of_the_class() {
        let pod = |pod: Value| found_by(pod, priority);
        assert_eq!(pod(json!({"priority": 0, "preemptionPolicy": "PreemptLowerPriority"})), NONE);
        assert_eq!(pod(json!({"priority": 2_000_001_000, "priorityClassName": "system-node-critical"})), NONE);
        assert_eq!(pod(json!({"priority": 100, "preemptionPolicy": "Never"})), ["/priority", "/preemptionPolicy"]);
        assert_eq!(pod(json!({"priority": 100, "priorityClassName": "high"})), ["/priority"]);
    }
}
