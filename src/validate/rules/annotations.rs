//! Pod annotations that Kubernetes reads: `ValidatePodSpecificAnnotations`, `validateSeccompAnnotationsAndFields` in
//! `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;

const MIRROR: &str = "kubernetes.io/config.mirror";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR_OF: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The annotations of a pod, beside its `spec`.
pub(super) fn check(meta: &At<'_>, pod: Option<&At<'_>>, found: &mut Findings) {
    for (key, entry) in meta.entries("annotations") {
        let value = entry.value().as_str().unwrap_or_default();
        if key == MIRROR && pod.is_none_or(|pod| pod.words("nodeName").is_empty()) {
            found.refuse(&entry, "the annotation is for pods that a node mirrors, and there is no `nodeName`").at_key();
        } else if key == TOLERATIONS
            && !value.is_empty()
            && serde_json::from_str::<Vec<serde_json::Value>>(value).is_err()
        {
            found
                .refuse(&entry, "the annotation must hold a list in JSON")
                .help("write `tolerations` in the pod instead");
        } else if key == DELETION_COST && !is_cost(value) {
            found.refuse(&entry, "the annotation must hold an integer of 32 bits");
        } else if key == SECCOMP {
            let context = pod.and_then(|pod| pod.get("securityContext"));
            seccomp(&entry, value, context.as_ref(), found);
        } else if let Some(name) = key.strip_prefix(SECCOMP_OF) {
            each(pod, name, |container| {
                let context = container.and_then(|container| container.get("securityContext"));
                seccomp(&entry, value, context.as_ref(), found);
            });
        } else if let Some(name) = key.strip_prefix(APP_ARMOR_OF) {
            each(pod, name, |container| app_armor(&entry, name, value, container, pod, found));
        }
    }
}

/// The container of that name, wherever it stands.
fn each(pod: Option<&At<'_>>, name: &str, mut judge: impl FnMut(Option<&At<'_>>)) {
    for list in ["containers", "initContainers"] {
        let container = pod.and_then(|pod| pod.items(list).find(|container| container.text("name") == Some(name)));
        if let Some(container) = container {
            return judge(Some(&container));
        }
    }
    judge(None);
}

/// `GetDeletionCostFromPodAnnotations`: no `+` and no zeros in front.
fn is_cost(text: &str) -> bool {
    let first = text.strip_prefix('-').unwrap_or(text);
    (text == "0" || !first.starts_with(['0', '+'])) && text.parse::<i32>().is_ok()
}

/// `ValidateSeccompProfile`, and that a field beside it says the same.
fn seccomp(entry: &At<'_>, value: &str, context: Option<&At<'_>>, found: &mut Findings) {
    let local = value.strip_prefix("localhost/");
    let upwards = |path: &str| path.starts_with('/') || path.split('/').any(|part| part == "..");
    if !matches!(value, "runtime/default" | "docker/default" | "unconfined") && local.is_none_or(upwards) {
        let message = format!("`{}` is not a profile of seccomp", super::shown(value));
        found.refuse(entry, message).help("write `securityContext: {seccompProfile: {type: RuntimeDefault}}` instead");
        return;
    }
    let Some(profile) = context.and_then(|context| context.get("seccompProfile")) else { return };
    let agrees = match profile.words("type") {
        "Unconfined" => value == "unconfined",
        "RuntimeDefault" => matches!(value, "runtime/default" | "docker/default"),
        "Localhost" => local == profile.text("localhostProfile"),
        _ => true,
    };
    if !agrees {
        found.refuse(&profile, "`seccompProfile` and the pod's annotation contradict each other").beside(entry);
    }
}

/// `ValidateAppArmorPodAnnotations`, and that a field beside it says the same: `validateAppArmorAnnotationsAndFieldsMatch`.
fn app_armor(
    entry: &At<'_>,
    name: &str,
    value: &str,
    container: Option<&At<'_>>,
    pod: Option<&At<'_>>,
    found: &mut Findings,
) {
    if container.is_none() {
        found.refuse(entry, format!("there is no container `{}` in the pod", super::shown(name))).at_key();
    }
    let local = value.strip_prefix("localhost/");
    if !matches!(value, "" | "runtime/default" | "unconfined") && local.is_none() {
        found.refuse(entry, format!("`{}` is not a profile of AppArmor", super::shown(value)));
        return;
    }
    let context = container.and_then(|container| container.get("securityContext"));
    let whole = pod.and_then(|pod| pod.get("securityContext"));
    let own = context.as_ref().and_then(|context| context.get("appArmorProfile"));
    let Some(profile) = own.or_else(|| whole.as_ref().and_then(|context| context.get("appArmorProfile"))) else {
        return;
    };
    // Before, the field is dropped.
    if !found.since(30) {
        return;
    }
    let agrees = match profile.words("type") {
        "Unconfined" => value == "unconfined",
        "RuntimeDefault" => value == "runtime/default",
        "Localhost" => local == profile.text("localhostProfile"),
        _ => true,
    };
    if !agrees {
        found.refuse(&profile, "`appArmorProfile` and the pod's annotation contradict each other").beside(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(key: &str, value: &str, pod: Value) -> Vec<String> {
        let template = json!({"metadata": {"annotations": {key: value}}, "spec": pod});
        found_by(template, |at, found| check(&at.get("metadata").unwrap(), at.get("spec").as_ref(), found))
    }

    /// `pkg/apis/core/validation.ValidatePodSpecificAnnotations`
    #[test]
    fn validate_pod_specific_annotations() {
        assert_eq!(of("example.com/x", "any thing", json!({})), NONE);
        for good in ["0", "-5", "2147483647"] {
            assert_eq!(of(DELETION_COST, good, json!({})), NONE, "{good}");
        }
        for bad in ["", "+1", "01", "1.5", "2147483648", "x"] {
            assert_eq!(of(DELETION_COST, bad, json!({})).len(), 1, "{bad}");
        }
        assert_eq!(of(MIRROR, "x", json!({"nodeName": "n"})), NONE);
        assert_eq!(of(MIRROR, "x", json!({})).len(), 1);
        assert_eq!(of(TOLERATIONS, "[]", json!({})), NONE);
        assert_eq!(of(TOLERATIONS, "{", json!({})).len(), 1);
    }

    /// `pkg/apis/core/validation.ValidateSeccompPodAnnotations`, `ValidateAppArmorPodAnnotations`
    #[test]
    fn validate_profiles_in_annotations() {
        let pod = |profile: Value| json!({"containers": [{"name": "main", "securityContext": {"seccompProfile": profile, "appArmorProfile": profile}}]});
        let seccomp = format!("{SECCOMP_OF}main");
        assert_eq!(of(&seccomp, "runtime/default", pod(json!({"type": "RuntimeDefault"}))), NONE);
        assert_eq!(of(&seccomp, "unconfined", pod(json!({"type": "RuntimeDefault"}))).len(), 1);
        assert_eq!(of(&seccomp, "localhost/../a", json!({})).len(), 1);
        assert_eq!(of(SECCOMP, "x", json!({})).len(), 1);
        let armor = format!("{APP_ARMOR_OF}main");
        assert_eq!(of(&armor, "localhost/a", pod(json!({"type": "Localhost", "localhostProfile": "a"}))), NONE);
        assert_eq!(of(&armor, "unconfined", pod(json!({"type": "RuntimeDefault"}))).len(), 1);
        assert_eq!(of(&armor, "bad", pod(Value::Null)).len(), 1);
        assert_eq!(of(&armor, "", json!({})).len(), 1);
    }
}
