//! The nodes and pods of one cluster become its capacity. It asks no scheduler.
//!
//! The one idea: the sums are those that Karmada makes (`getClusterAllocatable`, `getAllocatedResource` and
//! `getAllocatingResource` in `pkg/controllers/status/cluster_status_controller.go`): all nodes count, cordoned ones too,
//! and a pod counts as the scheduler counts it (`PodRequests` in `k8s.io/component-helpers/resource/helpers.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::amounts::{self, Amounts};
use super::found::{Capacity, Found};
use super::gather::Gather;
use super::object::{Object, at, text};
use crate::validate::Quantity;
use crate::validate::quantity::QuantityError;

/// Whether it is a node or a pod.
pub(super) fn is_part(object: &Object) -> bool {
    object.is("", "Node") || object.is("", "Pod")
}

/// Adds all of the input up, if it has nodes.
pub(super) fn read(all: &[Object], cluster: &str, gather: &mut Gather<'_>) -> Option<Found> {
    let mut seen = BTreeSet::new();
    let parts: Vec<&Object> = all.iter().filter(|object| is_part(object)).collect();
    let parts = || parts.iter().copied();
    let first = parts().find(|object| object.kind == "Node")?;
    let mut found = gather.begin(first, "the nodes of", cluster);
    found.source = format!("the nodes of `{cluster}`");
    found.capacity_alone = true;
    found.labels.clear();
    let (mut allocatable, mut allocated, mut allocating) = Default::default();
    let (mut idle, mut pods) = (0_usize, 0_usize);
    for object in parts() {
        if !seen.insert((object.kind.clone(), object.full_name())) {
            continue;
        }
        if object.kind == "Node" {
            idle += usize::from(is_idle(object));
            let amounts = amounts::read(object.at(&["status", "allocatable"]));
            amounts::add(&mut allocatable, &gather.amounts_of(object, amounts));
            continue;
        }
        pods += 1;
        if matches!(object.text(&["status", "phase"]), Some("Succeeded" | "Failed")) {
            continue;
        }
        let mut amounts = gather.amounts_of(object, requests(object));
        amounts.insert("pods".to_owned(), Quantity::from_units(1));
        let bound = object.text(&["spec", "nodeName"]).is_some();
        amounts::add(if bound { &mut allocated } else { &mut allocating }, &amounts);
    }
    if idle > 0 {
        let message = "nodes that take no pods now (cordoned, or not ready) count too, as Karmada counts them";
        gather.note(format!("{message}: {idle}"));
    }
    found.capacity = Capacity { allocatable: Some(allocatable), allocated: None, allocating: None };
    if pods == 0 {
        gather.note("there are no pods in the input: `allocated` and `allocating` are not known".to_owned());
    } else {
        found.capacity.allocated = Some(allocated);
        found.capacity.allocating = Some(allocating);
    }
    Some(found)
}

/// Whether a node takes no pods now.
fn is_idle(node: &Object) -> bool {
    let cordoned = node.at(&["spec", "unschedulable"]).is_some_and(|cordoned| cordoned == true);
    let ready = |condition: &Value| text(condition, &["type"]) == Some("Ready");
    let conditions = node.list(&["status", "conditions"]);
    cordoned || conditions.iter().any(|condition| ready(condition) && text(condition, &["status"]) != Some("True"))
}

/// What a pod requests: the larger of its containers together and of each moment of its start, where sidecars run beside
/// the init containers after them; requests of the pod as a whole win; overhead comes on top.
fn requests(pod: &Object) -> Result<Amounts, QuantityError> {
    let requested = |container: &Value| amounts::read(at(container, &["resources", "requests"]));
    let mut together = Amounts::new();
    for container in pod.list(&["spec", "containers"]) {
        amounts::add(&mut together, &requested(container)?);
    }
    let (mut sidecars, mut start) = (Amounts::new(), Amounts::new());
    for container in pod.list(&["spec", "initContainers"]) {
        let mut moment = requested(container)?;
        if text(container, &["restartPolicy"]) == Some("Always") {
            amounts::add(&mut together, &moment);
            amounts::add(&mut sidecars, &moment);
            amounts::raise(&mut start, &sidecars);
        } else {
            amounts::add(&mut moment, &sidecars);
            amounts::raise(&mut start, &moment);
        }
    }
    amounts::raise(&mut together, &start);
    for (name, amount) in amounts::read(pod.at(&["spec", "resources", "requests"]))? {
        if name == "cpu" || name == "memory" || name.starts_with("hugepages-") {
            together.insert(name, amount);
        }
    }
    amounts::add(&mut together, &amounts::read(pod.at(&["spec", "overhead"]))?);
    Ok(together)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cpu(spec: Value) -> Value {
        let pod = Object::new("-", "v1", "Pod".to_owned(), json!({"spec": spec}));
        amounts::write(&requests(&pod).unwrap())["cpu"].clone()
    }

    fn container(cpu: &str) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}})
    }

    fn sidecar(cpu: &str) -> Value {
        json!({"restartPolicy": "Always", "resources": {"requests": {"cpu": cpu}}})
    }

    #[test]
    fn a_pod_is_counted_as_the_scheduler_counts_it() {
        let two = [container("1"), container("500m")];
        assert_eq!(cpu(json!({"containers": two})), "1500m");
        assert_eq!(cpu(json!({"containers": two, "initContainers": [container("1"), container("2")]})), "2");
        assert_eq!(cpu(json!({"containers": two, "initContainers": [sidecar("1")]})), "2500m");
        assert_eq!(cpu(json!({"containers": two, "initContainers": [sidecar("1"), container("2")]})), "3");
        assert_eq!(cpu(json!({"containers": two, "initContainers": [container("2"), sidecar("1")]})), "2500m");
        assert_eq!(cpu(json!({"containers": two, "overhead": {"cpu": "250m"}})), "1750m");
        let whole = json!({"containers": two, "resources": {"requests": {"cpu": "4"}}, "overhead": {"cpu": "1"}});
        assert_eq!(cpu(whole), "5");
    }
}
