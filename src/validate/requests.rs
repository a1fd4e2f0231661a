//! What a pod requests, as the scheduler counts it.
//!
//! Source: `k8s.io/component-helpers/resource/helpers.go` (`PodRequests`), `pkg/apis/core/v1/defaults.go`
//! (`SetDefaults_Pod`: requests from limits).

use std::collections::BTreeMap;

use serde_json::Value;

use super::quantity::{self, Quantity, QuantityError};

/// Amounts by resource.
pub type ResourceQuantities = BTreeMap<String, Quantity>;

/// Reads a ResourceList.
///
/// # Errors
/// An amount that is no quantity.
pub fn read(value: Option<&Value>) -> Result<ResourceQuantities, QuantityError> {
    let mut amounts = ResourceQuantities::new();
    for (name, value) in value.and_then(Value::as_object).into_iter().flatten() {
        let amount = match value {
            Value::String(text) => quantity::parse(text)?,
            Value::Number(number) => quantity::parse_number(number)?,
            _ => continue,
        };
        amounts.insert(name.clone(), amount);
    }
    Ok(amounts)
}

/// Adds some to others.
pub fn add(to: &mut ResourceQuantities, more: &ResourceQuantities) {
    for (name, amount) in more {
        let sum = to.entry(name.clone()).or_default();
        *sum = sum.plus(*amount);
    }
}

/// The larger of two, resource by resource.
pub fn raise(to: &mut ResourceQuantities, other: &ResourceQuantities) {
    for (name, amount) in other {
        let most = to.entry(name.clone()).or_default();
        *most = (*most).max(*amount);
    }
}

/// What a PodSpec requests: the larger of its containers together and of each moment of its start, where sidecars run
/// beside the init containers after them; requests of the pod as a whole win; overhead comes on top.
///
/// # Errors
/// An amount that is no quantity.
pub fn of_pod(spec: &Value) -> Result<ResourceQuantities, QuantityError> {
    let requested = |container: &Value| {
        let resources = container.get("resources");
        let mut amounts = read(resources.and_then(|all| all.get("limits")))?;
        amounts.append(&mut read(resources.and_then(|all| all.get("requests")))?);
        Ok(amounts)
    };
    let list = |name: &str| spec.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut together = ResourceQuantities::new();
    for container in list("containers") {
        add(&mut together, &requested(container)?);
    }
    let (mut sidecars, mut start) = (ResourceQuantities::new(), ResourceQuantities::new());
    for container in list("initContainers") {
        let mut moment = requested(container)?;
        if container.get("restartPolicy").and_then(Value::as_str) == Some("Always") {
            add(&mut together, &moment);
            add(&mut sidecars, &moment);
            raise(&mut start, &sidecars);
        } else {
            add(&mut moment, &sidecars);
            raise(&mut start, &moment);
        }
    }
    raise(&mut together, &start);
    for (name, amount) in read(spec.get("resources").and_then(|all| all.get("requests")))? {
        if name == "cpu" || name == "memory" || name.starts_with("hugepages-") {
            together.insert(name, amount);
        }
    }
    add(&mut together, &read(spec.get("overhead"))?);
    Ok(together)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cpu(spec: &Value) -> Quantity {
        of_pod(spec).unwrap()["cpu"]
    }

    fn container(cpu: &str) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}})
    }

    fn sidecar(cpu: &str) -> Value {
        json!({"restartPolicy": "Always", "resources": {"requests": {"cpu": cpu}}})
    }

    /// `PodRequests`
    #[test]
    fn pod_requests() {
        let two = [container("1"), container("500m")];
        let limited = json!({"resources": {"limits": {"cpu": "2"}, "requests": {"memory": "1Gi"}}});
        for (spec, wanted) in [
            (json!({"containers": two}), "1500m"),
            (json!({"containers": two, "initContainers": [container("1"), container("2")]}), "2"),
            (json!({"containers": two, "initContainers": [sidecar("1")]}), "2500m"),
            (json!({"containers": two, "initContainers": [sidecar("1"), container("2")]}), "3"),
            (json!({"containers": two, "initContainers": [container("2"), sidecar("1")]}), "2500m"),
            (json!({"containers": two, "overhead": {"cpu": "250m"}}), "1750m"),
            (json!({"containers": two, "resources": {"requests": {"cpu": "4"}}, "overhead": {"cpu": "1"}}), "5"),
            (json!({"containers": [limited]}), "2"),
        ] {
            assert_eq!(cpu(&spec), quantity::parse(wanted).unwrap(), "{spec}");
        }
        assert!(of_pod(&json!({"containers": [container("one")]})).is_err());
    }
}
