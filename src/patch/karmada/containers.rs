//! The containers that `imageOverrider`, `commandOverrider` and `argsOverrider` see, and the latter two.
//! Source: `pkg/util/overridemanager/commandargsoverride.go`.

use serde_json::Value;

use super::{Fault, ListOverrider, PlaintextOperator, Problem, Sees};

/// Where an object of that kind has its containers, if the overriders look at such objects. The kind alone decides, as in
/// `buildCommandArgsPatches` and `buildPatchesWithEmptyPredicate`.
pub(super) fn pointer(object: &Value, sees: Sees) -> Option<&'static str> {
    match object.get("kind").and_then(Value::as_str)? {
        "Pod" => Some("/spec/containers"),
        "ReplicaSet" | "Deployment" | "DaemonSet" | "StatefulSet" | "Job" => Some("/spec/template/spec/containers"),
        "CronJob" if sees == Sees::CronJobs => Some("/spec/jobTemplate/spec/template/spec/containers"),
        _ => None,
    }
}

/// Edits `command` or `args` of the containers of that name. An absent list counts as empty and is written.
pub(super) fn apply(
    object: &mut Value,
    member: &str,
    overrider: &ListOverrider,
    sees: Sees,
) -> Result<Vec<String>, Fault> {
    let Some(pointer) = pointer(object, sees) else { return Ok(Vec::new()) };
    let containers = match object.pointer_mut(pointer) {
        Some(Value::Array(containers)) => containers,
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(_) => return Err(Fault::new(pointer, Problem::Not("a list"))),
    };
    let mut touched = Vec::new();
    for (at, container) in containers.iter_mut().enumerate() {
        if container.get("name").and_then(Value::as_str) != Some(&overrider.container) {
            continue;
        }
        let place = format!("{pointer}/{at}/{member}");
        let mut list =
            texts(container.get(member)).ok_or_else(|| Fault::new(place.clone(), Problem::Not("a list of texts")))?;
        match overrider.operator {
            PlaintextOperator::Add => list.extend(overrider.value.iter().cloned()),
            PlaintextOperator::Remove => list.retain(|item| !overrider.value.contains(item)),
            PlaintextOperator::Replace => {}
        }
        let new: Value = list.into();
        if container.get(member) != Some(&new) {
            container[member] = new;
            touched.push(place);
        }
    }
    Ok(touched)
}

/// The texts of a list; none where there is no list, `None` where it is something else.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    }
}
