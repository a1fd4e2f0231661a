//! `root-refused`: a container that must not run as root and is told to, which the kubelet does not start.

use serde_json::Value;

use super::{Container, POD, Running};
use crate::diag::{Code, Diagnostic};

/// `verifyRunAsNonRoot` in `pkg/kubelet/kuberuntime/security_context.go`. What the container says takes the place of what
/// the pod says, member by member (`securitycontext.DetermineEffectiveSecurityContext`).
pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let Some(pod) = running.pod() else { return Vec::new() };
    // A Windows pod has names of users, and no numbers.
    if pod.pointer("/os/name").and_then(Value::as_str) == Some("windows") {
        return Vec::new();
    }
    running.containers().iter().filter_map(|container| refused(running, pod, container)).collect()
}

fn refused(running: &Running<'_>, pod: &Value, container: &Container<'_>) -> Option<Diagnostic> {
    let context = |holder: &Value, member: &str| holder.get("securityContext")?.get(member).cloned();
    let own = |member: &str| context(container.value, member);
    let of_pod = |member: &str| context(pod, member);
    let must = own("runAsNonRoot").or_else(|| of_pod("runAsNonRoot")).and_then(|value| value.as_bool());
    let user = own("runAsUser").or_else(|| of_pod("runAsUser")).and_then(|value| value.as_i64());
    if must != Some(true) || user != Some(0) {
        return None;
    }
    let place = |member: &str| match own(member) {
        Some(_) => running.said(&container.at(&format!("securityContext/{member}"))),
        None => running.said(&format!("{POD}/securityContext/{member}")),
    };
    let message = "`runAsUser: 0` is root, and with `runAsNonRoot: true` the kubelet does not start the container";
    Some(
        Diagnostic::new(Code::RootRefused, place("runAsUser"), message)
            .other(place("runAsNonRoot"), "the other is here")
            .help("write the number of another user, or leave out `runAsNonRoot`"),
    )
}
