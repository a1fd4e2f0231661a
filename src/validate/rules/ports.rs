//! Container ports: `validateContainerPorts`, `checkHostPortConflicts`, `validatePodHostNetworkDeps` in
//! `pkg/apis/core/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::at::At;
use super::found::Findings;
use crate::diag::Code;
use crate::validate::{FindingKind, names};

const MOST: i64 = 65_535;

/// The ports of one container.
pub(super) fn check(container: &At<'_>, found: &mut Findings) {
    let mut known = BTreeSet::new();
    for port in container.items("ports") {
        let name = port.words("name");
        if !name.is_empty()
            && found.named(&port, "name", names::port_name)
            && !known.insert(name)
            && let Some(at) = port.get("name")
        {
            found.refuse(&at, format!("two ports of the container are called `{name}`"));
        }
        found.within(&port, "containerPort", 1, MOST);
        if port.number("hostPort") != Some(0) {
            found.within(&port, "hostPort", 1, MOST);
        }
    }
}

/// `checkHostPortConflicts`: containers that run together want the same port of the node.
pub(super) fn conflicts<'a>(containers: impl Iterator<Item = At<'a>>, found: &mut Findings) {
    let mut taken = BTreeSet::new();
    for container in containers {
        for port in container.items("ports") {
            let Some(number) = port.number("hostPort").filter(|number| *number != 0) else { continue };
            let protocol = port.text("protocol").filter(|text| !text.is_empty()).unwrap_or("TCP");
            if !taken.insert((protocol.to_owned(), port.words("hostIP").to_owned(), number))
                && let Some(at) = port.get("hostPort")
            {
                found.refuse(&at, format!("`hostPort` {number} is taken by another port of the pod"));
            }
        }
    }
}

/// `defaultHostNetworkPorts` in `pkg/apis/core/v1/defaults.go`, which is for pods and not for templates, and then
/// `checkHostPortConflicts`: in the network of the node each port is one of the node's.
pub(super) fn host_ports_of_pod(pod: &At<'_>, found: &mut Findings) {
    if !pod.is_true("hostNetwork") {
        return;
    }
    let mut taken = BTreeMap::new();
    for container in pod.items("containers") {
        for port in container.items("ports") {
            let written = port.number("hostPort").filter(|number| *number != 0);
            let Some(number) = written.or_else(|| port.number("containerPort")) else { continue };
            let protocol = port.text("protocol").filter(|text| !text.is_empty()).unwrap_or("TCP");
            let place = (protocol.to_owned(), port.words("hostIP").to_owned(), number);
            let other = taken.insert(place, (written.is_some(), port.pointer()));
            // Of two that are written the template is refused.
            if let Some((other_is_written, other)) = other
                && !(other_is_written && written.is_some())
                && let Some(at) = port.get("containerPort")
            {
                let message =
                    format!("with `hostNetwork` port {number} is the node's, and another port of the pod has taken it");
                found.add(&at, Code::PodRefused, FindingKind::Later, message).beside = Some(other);
            }
        }
    }
}

/// `validatePodHostNetworkDeps`
pub(super) fn host_network(pod: &At<'_>, found: &mut Findings) {
    if !pod.is_true("hostNetwork") {
        return;
    }
    for container in pod.items("containers") {
        for port in container.items("ports") {
            let (Some(host), Some(own)) = (port.number("hostPort"), port.number("containerPort")) else { continue };
            if host != 0
                && host != own
                && let Some(at) = port.get("hostPort")
            {
                let message =
                    format!("`hostPort` is {host} and `containerPort` {own}: with `hostNetwork` they are one");
                found.refuse(&at, message);
            }
        }
    }
}

/// `ValidatePortNumOrName`
pub(super) fn number_or_name(at: &At<'_>, field: &str, found: &mut Findings) {
    if at.text(field).is_some() {
        found.named(at, field, names::port_name);
    } else {
        found.within(at, field, 1, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    /// `pkg/apis/core/validation.validateContainerPorts`
    #[test]
    fn validate_container_ports() {
        let ports = |ports: Value| found_by(json!({ "ports": ports }), check);
        assert_eq!(ports(json!([{"containerPort": 80, "name": "http"}, {"containerPort": 80, "hostPort": 0}])), NONE);
        assert_eq!(ports(json!([{"containerPort": 0}, {"containerPort": 65536, "hostPort": -1}])).len(), 3);
        let same = json!([{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]);
        assert_eq!(ports(same), ["/ports/1/name"]);
        for bad in ["Web", "8080", "a-", "a--b", "a_b", "aaaaaaaaaaaaaaaa"] {
            assert_eq!(ports(json!([{"containerPort": 1, "name": bad}])), ["/ports/0/name"], "{bad}");
        }
    }

    /// `pkg/apis/core/validation.checkHostPortConflicts`
    #[test]
    fn check_host_port_conflicts() {
        let pod = json!({"containers": [
            {"ports": [{"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}, {"hostPort": 80, "hostIP": "10.0.0.1"}]},
            {"ports": [{"hostPort": 80, "protocol": "TCP"}]},
        ]});
        let found = found_by(pod, |at, found| conflicts(at.items("containers"), found));
        assert_eq!(found, ["/containers/1/ports/0/hostPort"]);
    }

    /// `pkg/apis/core/v1.defaultHostNetworkPorts`
    #[test]
    fn default_host_network_ports() {
        let pod = |on: bool, first: Value, second: Value| {
            let containers = json!([{"ports": [first]}, {"ports": [second]}]);
            found_by(json!({"hostNetwork": on, "containers": containers}), host_ports_of_pod)
        };
        let port = || json!({"containerPort": 80});
        let written = || json!({"containerPort": 80, "hostPort": 80});
        assert_eq!(pod(true, port(), port()), ["/containers/1/ports/0/containerPort"]);
        assert_eq!(pod(true, written(), port()), ["/containers/1/ports/0/containerPort"]);
        assert_eq!(pod(true, written(), written()), NONE);
        assert_eq!(pod(false, port(), port()), NONE);
        assert_eq!(pod(true, port(), json!({"containerPort": 81})), NONE);
        assert_eq!(pod(true, port(), json!({"containerPort": 80, "protocol": "UDP"})), NONE);
    }

    /// `pkg/apis/core/validation.validatePodHostNetworkDeps`
    #[test]
    fn validate_pod_host_network_deps() {
        let pod = |host: i64, on: bool| {
            let container = json!({"ports": [{"containerPort": 80, "hostPort": host}]});
            found_by(json!({"hostNetwork": on, "containers": [container]}), host_network).len()
        };
        assert_eq!([pod(80, true), pod(0, true), pod(81, false), pod(81, true)], [0, 0, 0, 1]);
    }
}
