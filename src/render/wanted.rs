//! What a task requests before it is placed: instances, and the resource requests of one pod, without overrides and
//! references.

use serde_json::Value;

use super::Surroundings;
use super::blame;
use super::fold::Fold;
use super::path::{self, JOB, POD};
use crate::diag::{Code, Diagnostic};
use crate::model::{Unit, reference};
use crate::validate::ResourceQuantities;
use crate::validate::requests;

/// What a task asks for.
#[derive(Clone, Debug, Default)]
pub struct RequestedRuns {
    /// `parallelism`, if it is a number.
    pub parallelism: Option<i64>,
    /// `completions`, if it is a number.
    pub completions: Option<i64>,
    /// The Job is Indexed, so `completions` is never left out.
    pub indexed: bool,
    /// What one pod requests.
    pub requests: ResourceQuantities,
    /// What keeps it from being known.
    pub trouble: Option<Diagnostic>,
}

/// Looks at the layers of a task.
pub fn wanted(unit: &Unit, around: Surroundings<'_>) -> RequestedRuns {
    let mut fold = Fold::new(unit, around.sources, None);
    unit.layers.iter().for_each(|layer| fold.layer(layer));
    let object = fold.state.object;
    let job = path::at(&object, JOB);
    let number = |name: &str| {
        job.and_then(|job| job.get(name))
            .and_then(Value::as_i64)
            .filter(|number| (0..=i64::from(i32::MAX)).contains(number))
    };
    let indexed = job.and_then(|job| job.get("completionMode")).and_then(Value::as_str) == Some("Indexed");
    let mut wanted = RequestedRuns {
        parallelism: number("parallelism"),
        completions: number("completions"),
        indexed,
        ..RequestedRuns::default()
    };
    let Some(pod) = path::at(&object, POD) else { return wanted };
    match requests::of_pod(pod) {
        Ok(requests) => wanted.requests = requests,
        // An amount that is no quantity is refused in the manifest, where it is known who said it.
        Err(_) => wanted.trouble = reference_in_requests(unit, pod),
    }
    wanted
}

/// A reference among the requests: it has no value before the cluster is chosen.
fn reference_in_requests(unit: &Unit, pod: &Value) -> Option<Diagnostic> {
    for list in path::CONTAINERS {
        for (at, container) in pod.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            for kind in ["requests", "limits"] {
                let amounts = container.pointer(&format!("/resources/{kind}")).and_then(Value::as_object);
                let mut amounts = amounts.into_iter().flatten();
                let refers = |amount: &Value| amount.as_str().is_some_and(|text| reference::first(text).is_some());
                let Some((name, _)) = amounts.find(|(_, amount)| refers(amount)) else { continue };
                let index = at.to_string();
                let path = [POD, &[list, &index, "resources", kind, name]].concat();
                let span = blame::said(unit, &[], &path).unwrap_or(unit.placement.span);
                let message = format!("`{name}` must be known before clusters are chosen, and this is a reference");
                return Some(
                    Diagnostic::new(Code::UndefinedReference, span, message)
                        .other(unit.placement.span, "the placement counts what is free")
                        .help("write the amount here; an override may change it per cluster"),
                );
            }
        }
    }
    None
}
