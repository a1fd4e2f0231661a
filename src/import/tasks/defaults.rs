//! Removes from a CronJob that a server gave what the server filled in, as `pkg/apis/{batch,core}/v1/defaults.go` of
//! Kubernetes fills it in: a person never wrote it.

use serde_json::Value;

use crate::validate::normal;

/// Fields that the API server writes where they are absent, below the pod and below each container.
const OF_POD: [&str; 5] =
    ["dnsPolicy", "schedulerName", "securityContext", "serviceAccount", "terminationGracePeriodSeconds"];
const OF_CONTAINER: [&str; 4] = ["imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy"];
const OF_SPEC: [&str; 4] = ["concurrencyPolicy", "failedJobsHistoryLimit", "successfulJobsHistoryLimit", "suspend"];

/// Removes each default whose removal leaves the meaning as it is.
pub(super) fn remove(object: &mut Value, count: &mut impl FnMut(String)) {
    let meaning = normal(object);
    let mut try_without = |object: &mut Value, pointer: &str, names: &[&str]| {
        for name in names {
            let Some(Value::Object(members)) = object.pointer_mut(pointer) else { return };
            let Some(removed) = members.remove(*name) else { continue };
            if normal(object) == meaning {
                count(format!("defaults of the server: {name}"));
            } else if let Some(Value::Object(members)) = object.pointer_mut(pointer) {
                members.insert((*name).to_owned(), removed);
            }
        }
    };
    try_without(object, "/spec", &OF_SPEC);
    let pod = "/spec/jobTemplate/spec/template/spec";
    try_without(object, pod, &OF_POD);
    for list in ["containers", "initContainers"] {
        let number = object.pointer(&format!("{pod}/{list}")).and_then(Value::as_array).map_or(0, Vec::len);
        for at in 0..number {
            try_without(object, &format!("{pod}/{list}/{at}"), &OF_CONTAINER);
        }
    }
}
