//! `no-memory-limit`: a container may use all memory of its node.

use super::Running;
use crate::diag::{Code, Diagnostic};

const MESSAGE: &str = "this container has no memory limit";

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    if running.pod().is_none_or(|pod| pod.pointer("/resources/limits/memory").is_some()) {
        return Vec::new();
    }
    let containers = running.containers();
    let unbounded = containers.iter().filter(|container| !container.init && !container.amount("limits", "memory"));
    unbounded
        .map(|container| {
            Diagnostic::new(Code::NoMemoryLimit, running.said(&container.resources_or_name()), MESSAGE)
                .note("one run that leaks takes the memory of its neighbours on the node")
                .help("say the most it may take: `resources: {limits: {memory: 256Mi}}`")
        })
        .collect()
}
