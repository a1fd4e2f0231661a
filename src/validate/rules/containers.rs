//! Containers and init containers: `validateContainers`, `validateInitContainers`, `validateContainerCommon` in
//! `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::at::At;
use super::found::Findings;
use super::mounts::{self, Volumes};
use super::{env, ports, probes, resources, security, since};
use crate::validate::names;

/// What a pod gets that does not say how long it may take to end.
const GRACE: i64 = 30;
const RULES_MAX: usize = 20;
const CODES_MAX: usize = 255;

/// All containers of a pod's `spec`.
pub(super) fn check(pod: &At<'_>, volumes: &Volumes<'_>, found: &mut Findings) {
    let grace = pod.number("terminationGracePeriodSeconds").unwrap_or(GRACE);
    if let Some(at) = pod.get("containers").filter(|_| pod.list("containers").is_empty()) {
        found.refuse(&at, "`containers` is empty, and a pod needs one at least");
    }
    let mut known = BTreeSet::new();
    for container in pod.items("containers") {
        common(&container, pod, volumes, found);
        unique(&container, &mut known, found);
        probes::check(&container, grace, found);
        restarts(&container, found);
    }
    ports::conflicts(pod.items("containers"), found);
    for container in pod.items("initContainers") {
        common(&container, pod, volumes, found);
        unique(&container, &mut known, found);
        ports::conflicts(std::iter::once(container), found);
        restarts(&container, found);
        if container.words("restartPolicy") == "Always" {
            probes::check(&container, grace, found);
        } else {
            probes::none(&container, found);
        }
        if let Some(policy) = container.get("resizePolicy").filter(|_| !container.list("resizePolicy").is_empty())
            && container.words("restartPolicy") != "Always"
        {
            found
                .refuse(&policy, "`resizePolicy` is not for an init container without `restartPolicy: Always`")
                .at_key();
        }
    }
}

/// `validateContainerCommon`
fn common(container: &At<'_>, pod: &At<'_>, volumes: &Volumes<'_>, found: &mut Findings) {
    since::container(container, found);
    if found.filled(container, "name") {
        found.named(container, "name", names::dns1123_label);
    }
    found.filled(container, "image");
    ports::check(container, found);
    env::check(container, found);
    mounts::check(container, volumes, found);
    resources::container(container, pod, found);
    resize(container, pod, found);
    security::container(container, pod, found);
}

/// Names are unique over containers and init containers.
fn unique<'a>(container: &At<'a>, known: &mut BTreeSet<&'a str>, found: &mut Findings) {
    let Some(name) = container.text("name").filter(|name| !name.is_empty()) else { return };
    if !known.insert(name)
        && let Some(at) = container.get("name")
    {
        found.refuse(&at, format!("two containers of the pod are called `{}`", super::shown(name)));
    }
}

/// `validateContainerRestartPolicy`
fn restarts(container: &At<'_>, found: &mut Findings) {
    if !(container.has("restartPolicy") || container.has("restartPolicyRules")) || !found.since(35) {
        return;
    }
    found.one_of(container, "restartPolicy", &["Always", "Never", "OnFailure"]);
    let rules = container.list("restartPolicyRules");
    if !rules.is_empty() && !container.has("restartPolicy") {
        found.missing(container, "restartPolicy", ", which `restartPolicyRules` needs");
    }
    found.at_most(container, "restartPolicyRules", RULES_MAX);
    for rule in container.items("restartPolicyRules") {
        // The second is on since 1.36.
        let actions: &[&str] = if found.since(36) { &["Restart", "RestartAllContainers"] } else { &["Restart"] };
        found.one_of(&rule, "action", actions);
        let Some(codes) = rule.get("exitCodes") else {
            found.refuse(&rule, "a rule needs `exitCodes`");
            continue;
        };
        // Neither an empty list nor a code that is there twice is refused.
        found.one_of(&codes, "operator", &["In", "NotIn"]);
        found.at_most(&codes, "values", CODES_MAX);
    }
}

/// `validateResizePolicy`
fn resize(container: &At<'_>, pod: &At<'_>, found: &mut Findings) {
    if !container.has("resizePolicy") || !found.since(33) {
        return;
    }
    let mut known = BTreeSet::new();
    for policy in container.items("resizePolicy") {
        let (name, restart) = (policy.words("resourceName"), policy.words("restartPolicy"));
        if !known.insert(name) {
            found.refuse(&policy, format!("two entries are for `{}`", super::shown(name)));
        }
        found.one_of(&policy, "resourceName", &["cpu", "memory"]);
        found.one_of(&policy, "restartPolicy", &["NotRequired", "RestartContainer"]);
        // A restart policy of the container itself does not matter here.
        if restart == "RestartContainer"
            && pod.words("restartPolicy") == "Never"
            && let Some(at) = policy.get("restartPolicy")
        {
            found
                .refuse(&at, "`RestartContainer` contradicts the pod's `restartPolicy: Never`")
                .help("write `NotRequired`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn pod(pod: Value) -> Vec<String> {
        found_by(pod, |at, found| check(at, &Volumes::default(), found))
    }

    /// `pkg/apis/core/validation.validateContainers`
    #[test]
    fn validate_containers() {
        assert_eq!(pod(json!({"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "$%"}]})), NONE);
        assert_eq!(pod(json!({"containers": []})), ["/containers"]);
        let twice = json!({"containers": [{"name": "a", "image": ""}, {"name": "a", "image": "i"}, {"name": "A"}]});
        assert_eq!(pod(twice), ["/containers/0/image", "/containers/1/name", "/containers/2/name"]);
    }

    /// `pkg/apis/core/validation.validateInitContainers`
    #[test]
    fn validate_init_containers() {
        let init = |more: Value| {
            let mut container = json!({"name": "i", "image": "i"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            pod(json!({"containers": [{"name": "a", "image": "i"}], "initContainers": [container]}))
        };
        let probe = json!({"exec": {"command": ["true"]}});
        assert_eq!(init(json!({})), NONE);
        assert_eq!(init(json!({"name": "a"})), ["/initContainers/0/name"]);
        assert_eq!(init(json!({"livenessProbe": probe})), ["/initContainers/0/livenessProbe"]);
        assert_eq!(init(json!({"livenessProbe": probe, "restartPolicy": "Always"})), NONE);
    }

    /// `pkg/apis/core/validation.validateContainerRestartPolicy`
    #[test]
    fn validate_container_restart_policy() {
        let one = |policy: Value, rule: Value| {
            let container = json!({"name": "a", "image": "i", "restartPolicy": policy, "restartPolicyRules": [rule]});
            pod(json!({ "containers": [container] }))
        };
        let rule = json!({"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}});
        assert_eq!(one(json!("Never"), rule.clone()), NONE);
        assert_eq!(one(Value::Null, rule.clone()), ["/containers/0"]);
        assert_eq!(one(json!("never"), rule), ["/containers/0/restartPolicy"]);
        let bad = json!({"action": "Stop", "exitCodes": {"operator": "in", "values": [1, 1]}});
        assert_eq!(one(json!("Never"), bad).len(), 2);
        let none = json!({"action": "Restart", "exitCodes": {"operator": "In", "values": []}});
        assert_eq!(one(json!("Never"), none), NONE);
        assert_eq!(one(json!("Never"), json!({"action": "Restart"})), ["/containers/0/restartPolicyRules/0"]);
    }

    /// `pkg/apis/core/validation.validateResizePolicy`
    #[test]
    fn validate_resize_policy() {
        let one = |name: &str, restart: &str| {
            let policy = json!([{"resourceName": name, "restartPolicy": restart}]);
            let container = json!({"name": "a", "image": "i", "resizePolicy": policy});
            pod(json!({"restartPolicy": "Never", "containers": [container]}))
        };
        assert_eq!(one("cpu", "NotRequired"), NONE);
        assert_eq!(one("cpu", "RestartContainer"), ["/containers/0/resizePolicy/0/restartPolicy"]);
        assert_eq!(one("gpu", "NotRequired"), ["/containers/0/resizePolicy/0/resourceName"]);
        let policy = json!([{"resourceName": "memory", "restartPolicy": "RestartContainer"}]);
        let sidecar = json!({"name": "s", "image": "i", "restartPolicy": "Always", "resizePolicy": policy});
        let spec =
            json!({"restartPolicy": "Never", "containers": [{"name": "a", "image": "i"}], "initContainers": [sidecar]});
        assert_eq!(pod(spec), ["/initContainers/0/resizePolicy/0/restartPolicy"]);
    }
}
