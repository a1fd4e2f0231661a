//! `no-resource-requests`: a container requests neither CPU nor memory. Limits count as requests (`SetDefaults_Pod` in
//! `pkg/apis/core/v1/defaults.go`), and so do requests of the whole pod. It is reported once, at the task.

use super::Running;
use crate::diag::{Code, Diagnostic};

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    if running.pod().is_none_or(|pod| pod.get("resources").is_some()) {
        return Vec::new();
    }
    let containers = running.containers();
    let asks = |container: &super::Container<'_>| {
        ["requests", "limits"].iter().any(|of| container.amount(of, "cpu") || container.amount(of, "memory"))
    };
    let silent: Vec<&str> = containers
        .iter()
        .filter(|container| !container.init && !asks(container))
        .map(|container| container.text("name").unwrap_or_default())
        .collect();
    let message = match silent.as_slice() {
        [] => return Vec::new(),
        [one] => format!("container `{one}` requests neither CPU nor memory"),
        several => format!("containers `{}` request neither CPU nor memory", several.join("`, `")),
    };
    vec![
        Diagnostic::new(Code::NoResourceRequests, running.task, message)
            .note("its pod goes to any node, however full, and is the first to be evicted there")
            .help("say what it needs: `resources: {requests: {cpu: 100m, memory: 128Mi}}`"),
    ]
}
