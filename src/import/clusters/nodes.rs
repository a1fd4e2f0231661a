//! Sums the nodes and pods of one cluster into its capacity.
//!
//! The sums are Karmada's: `getClusterAllocatable`, `getAllocatedResource` and `getAllocatingResource` in
//! `pkg/controllers/status/cluster_status_controller.go`. All nodes count, cordoned ones too; a pod counts as the
//! scheduler counts it (`PodRequests` in `k8s.io/component-helpers/resource/helpers.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::amounts;
use super::collector::Collector;
use super::imported::{ImportedCapacity, ImportedCluster};
use super::object::{KubernetesObject, text};
use crate::validate::Quantity;
use crate::validate::requests;

/// Whether it is a node or a pod.
pub fn is_part(object: &KubernetesObject) -> bool {
    object.is("", "Node") || object.is("", "Pod")
}

/// Adds all of the input up, if it has nodes.
pub(super) fn read(all: &[KubernetesObject], cluster: &str, collector: &mut Collector<'_>) -> Option<ImportedCluster> {
    let mut seen = BTreeSet::new();
    let parts: Vec<&KubernetesObject> = all.iter().filter(|object| is_part(object)).collect();
    let parts = || parts.iter().copied();
    let first = parts().find(|object| object.kind == "Node")?;
    let mut found = collector.begin(first, "the nodes of", cluster);
    found.source = format!("the nodes of `{cluster}`");
    found.capacity_alone = true;
    found.labels.clear();
    let (mut allocatable, mut allocated, mut allocating) = Default::default();
    let (mut idle, mut pods, mut scheduled) = (0_usize, 0_usize, 0_usize);
    for object in parts() {
        if !seen.insert((object.kind.clone(), object.full_name())) {
            continue;
        }
        if object.kind == "Node" {
            idle += usize::from(is_idle(object));
            let amounts = amounts::read(object.at(&["status", "allocatable"]));
            amounts::add(&mut allocatable, &collector.amounts_of(object, amounts));
            continue;
        }
        pods += 1;
        if matches!(object.text(&["status", "phase"]), Some("Succeeded" | "Failed")) {
            continue;
        }
        if is_of_cron_job(object) {
            scheduled += 1;
            continue;
        }
        let mut amounts = collector.amounts_of(object, requests::of_pod(object.at(&["spec"]).unwrap_or(&Value::Null)));
        amounts.insert("pods".to_owned(), Quantity::from_units(1));
        let bound = object.text(&["spec", "nodeName"]).is_some();
        amounts::add(if bound { &mut allocated } else { &mut allocating }, &amounts);
    }
    if idle > 0 {
        let message = "nodes that take no pods now (cordoned, or not ready) count too, as Karmada counts them";
        collector.note(format!("{message}: {idle}"));
    }
    if scheduled > 0 {
        let message =
            "pods of CronJobs are left out: they come and go, and what a task was placed with counts by itself";
        collector.note(format!("{message}: {scheduled}"));
    }
    found.capacity = ImportedCapacity { allocatable: Some(allocatable), allocated: None, allocating: None };
    if pods == 0 {
        collector.note("there are no pods in the input: `allocated` and `allocating` are not known".to_owned());
    } else {
        found.capacity.allocated = Some(allocated);
        found.capacity.allocating = Some(allocating);
    }
    Some(found)
}

/// Whether a pod belongs to a Job that a CronJob made, by the name that the controller gives it: `NAME-` and the minutes
/// since 1970, which have eight digits since 1989 (`getJobName` in Kubernetes' `pkg/controller/cronjob/utils.go`).
fn is_of_cron_job(pod: &KubernetesObject) -> bool {
    let scheduled = |name: &str| {
        let minutes = name.rsplit_once('-').filter(|(task, _)| !task.is_empty()).map(|(_, minutes)| minutes);
        minutes.is_some_and(|minutes| minutes.len() >= 8 && minutes.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let owners = pod.list(&["metadata", "ownerReferences"]);
    let is_job = |owner: &&Value| {
        let api = text(owner, &["apiVersion"]).unwrap_or_default();
        text(owner, &["kind"]) == Some("Job") && (api.is_empty() || api.starts_with("batch/"))
    };
    owners.iter().filter(is_job).any(|owner| text(owner, &["name"]).is_some_and(scheduled))
}

/// Whether a node takes no pods now.
fn is_idle(node: &KubernetesObject) -> bool {
    let cordoned = node.at(&["spec", "unschedulable"]).is_some_and(|cordoned| cordoned == true);
    let ready = |condition: &Value| text(condition, &["type"]) == Some("Ready");
    let conditions = node.list(&["status", "conditions"]);
    cordoned || conditions.iter().any(|condition| ready(condition) && text(condition, &["status"]) != Some("True"))
}
