//! `useless-probe`: a readiness probe in a pod that no Service selects. It only decides whether a Service sends
//! requests (`GetPodReadyCondition`, endpoint controllers).

use super::Running;
use crate::diag::{Code, Diagnostic};

const MESSAGE: &str = "this readiness probe means nothing for a job";

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    if running.service {
        return Vec::new();
    }
    let containers = running.containers();
    let probed = containers.iter().filter(|container| container.value.get("readinessProbe").is_some());
    probed
        .map(|container| {
            Diagnostic::new(Code::UselessProbe, running.said(&container.at("readinessProbe")), MESSAGE)
                .note("it decides whether a Service sends requests to the pod, and no Service stands beside the task")
                .help("remove it; a `livenessProbe` kills a container that hangs")
        })
        .collect()
}
