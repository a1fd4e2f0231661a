//! `privileged-container`: a container with the rights of its node.

use serde_json::Value;

use super::Running;
use crate::diag::{Code, Diagnostic};

const MESSAGE: &str = "this container is privileged: it has the rights of root on its node";

pub(super) fn run(running: &Running<'_>) -> Vec<Diagnostic> {
    let containers = running.containers();
    let privileged = containers.iter().filter(|container| {
        container.value.pointer("/securityContext/privileged").and_then(Value::as_bool).unwrap_or_default()
    });
    privileged
        .map(|container| {
            let span = running.said(&container.at("securityContext/privileged"));
            Diagnostic::new(Code::PrivilegedContainer, span, MESSAGE)
                .note("the Pod Security Standards `baseline` and `restricted` refuse its pods")
                .help("add the one capability that it needs: `securityContext: {capabilities: {add: [...]}}`")
        })
        .collect()
}
