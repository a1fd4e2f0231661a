//! Probes and lifecycle hooks: `validateProbe`, `validateLifecycle`, `validateHandler` in
//! `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::ports;
use crate::validate::names;

/// The probes and the lifecycle of a container that may have them.
pub(super) fn check(container: &At<'_>, grace: i64, found: &mut Findings) {
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get(kind) {
            one(&probe, kind, found);
        }
    }
    let Some(lifecycle) = container.get("lifecycle") else { return };
    for hook in ["postStart", "preStop"] {
        if let Some(hook) = lifecycle.get(hook) {
            handler(&hook, &["exec", "httpGet", "tcpSocket", "sleep"], grace, found);
        }
    }
}

/// What an init container that ends may not have.
pub(super) fn none(container: &At<'_>, found: &mut Findings) {
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(at) = container.get(field) {
            let message = format!("`{field}` is not for an init container without `restartPolicy: Always`");
            found.refuse(&at, message).at_key();
        }
    }
}

fn one(probe: &At<'_>, kind: &str, found: &mut Findings) {
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], 0, found);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        found.not_negative(probe, field);
    }
    if kind == "readinessProbe" {
        if let Some(at) = probe.get("terminationGracePeriodSeconds") {
            found.refuse(&at, "a `readinessProbe` ends nothing, so it has no `terminationGracePeriodSeconds`").at_key();
        }
        return;
    }
    found.within(probe, "terminationGracePeriodSeconds", 1, i64::MAX);
    // 0 is the default, 1.
    if probe.number("successThreshold").is_some_and(|number| number > 1)
        && let Some(at) = probe.get("successThreshold")
    {
        found.refuse(&at, format!("`successThreshold` of a `{kind}` must be 1"));
    }
}

/// `validateHandler`; the first of several counts.
fn handler(at: &At<'_>, kinds: &[&str], grace: i64, found: &mut Findings) {
    let mut given = kinds.iter().filter_map(|kind| at.get(kind).map(|place| (*kind, place)));
    let Some((kind, first)) = given.next() else {
        let message = format!("`{}` does not say what to do", at.place());
        found.refuse(at, message).help(format!("write one of {}", super::list(kinds)));
        return;
    };
    match kind {
        "exec" => {
            if first.list("command").is_empty() {
                let command = first.get("command");
                found.refuse(command.as_ref().unwrap_or(&first), "`exec` needs a `command`");
            }
        }
        "httpGet" => http_get(&first, found),
        "sleep" => sleep(&first, grace, found),
        _ => ports::number_or_name(&first, "port", found),
    }
    for (other, place) in given {
        found.refuse(&place, format!("`{kind}` or `{other}`, and not both")).at_key().beside(&first);
    }
}

/// `validateHTTPGetAction`; the path has a default.
fn http_get(action: &At<'_>, found: &mut Findings) {
    ports::number_or_name(action, "port", found);
    for header in action.items("httpHeaders") {
        found.named(&header, "name", names::http_header);
    }
}

/// `validateSleepAction`; 0 is allowed since 1.33.
fn sleep(action: &At<'_>, grace: i64, found: &mut Findings) {
    let seconds = action.number("seconds").unwrap_or(0);
    let least = i64::from(seconds < 1 && !found.since(33));
    if (least..=grace).contains(&seconds) {
        return;
    }
    let message = format!(
        "`seconds` is {seconds}, and it must be between {least} and `terminationGracePeriodSeconds`, which is {grace}"
    );
    let at = action.get("seconds");
    found.refuse(at.as_ref().unwrap_or(action), message);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn probe(kind: &str, probe: Value) -> Vec<String> {
        let found = found_by(json!({ kind: probe }), |at, found| check(at, 30, found));
        found.into_iter().map(|pointer| pointer.replace(&format!("/{kind}"), "")).collect()
    }

    /// `pkg/apis/core/validation.validateProbe`, `validateLivenessProbe`, `validateReadinessProbe`
    #[test]
    fn validate_probe() {
        let exec = json!({"command": ["true"]});
        assert_eq!(probe("livenessProbe", json!({"exec": exec, "successThreshold": 1, "periodSeconds": 0})), NONE);
        assert_eq!(probe("livenessProbe", json!({"exec": exec, "successThreshold": 2})), ["/successThreshold"]);
        assert_eq!(probe("readinessProbe", json!({"exec": exec, "successThreshold": 2})), NONE);
        assert_eq!(probe("startupProbe", json!({"exec": exec, "timeoutSeconds": -1})), ["/timeoutSeconds"]);
        let grace = "terminationGracePeriodSeconds";
        assert_eq!(probe("livenessProbe", json!({"exec": exec, grace: 0})), [format!("/{grace}")]);
        assert_eq!(probe("readinessProbe", json!({"exec": exec, grace: 5})), [format!("/{grace}")]);
    }

    /// `pkg/apis/core/validation.validateHandler`
    #[test]
    fn validate_handler() {
        assert_eq!(probe("livenessProbe", json!({})), [""]);
        let both = json!({"exec": {"command": ["true"]}, "tcpSocket": {"port": 1}});
        assert_eq!(probe("livenessProbe", both), ["/tcpSocket"]);
        assert_eq!(probe("livenessProbe", json!({"exec": {"command": []}})), ["/exec/command"]);
        assert_eq!(probe("livenessProbe", json!({"grpc": {"port": 0}})), ["/grpc/port"]);
        let get = |port: Value, header: &str| {
            probe("livenessProbe", json!({"httpGet": {"port": port, "httpHeaders": [{"name": header, "value": ""}]}}))
        };
        assert_eq!(get(json!("http"), "X-Y"), NONE);
        assert_eq!(get(json!(70000), "X Y"), ["/httpGet/port", "/httpGet/httpHeaders/0/name"]);
        assert_eq!(get(json!("Bad Port"), "X"), ["/httpGet/port"]);
    }

    /// `pkg/apis/core/validation.validateSleepAction`
    #[test]
    fn validate_sleep_action() {
        let hook = |minor, seconds: i64| {
            let container = json!({"lifecycle": {"preStop": {"sleep": {"seconds": seconds}}}});
            found_in(minor, container, |at, found| check(at, 30, found)).len()
        };
        assert_eq!([hook(36, 0), hook(36, 30), hook(36, 31), hook(36, -1), hook(32, 0)], [0, 0, 1, 1, 1]);
    }
}
