//! Where a field belongs that stands one level too high: fields of Kubernetes that a task has in `job`, `pod` or
//! `container`, and parts of `placement` and `schedule`.

use crate::yaml::Stray;

/// Fields of CronJobSpec and JobSpec.
const JOB: [&str; 20] = [
    "startingDeadlineSeconds",
    "concurrencyPolicy",
    "suspend",
    "successfulJobsHistoryLimit",
    "failedJobsHistoryLimit",
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
    "podFailurePolicy",
    "successPolicy",
    "ttlSecondsAfterFinished",
    "completionMode",
    "podReplacementPolicy",
    "managedBy",
    "manualSelector",
    "selector",
    "shardEnv",
];

/// Fields of PodSpec that are no fields of Container, or are more often meant for the pod.
const POD: [&str; 33] = [
    "activeDeadline",
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "hostname",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "resourceClaims",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "serviceAccount",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
];

/// More of them.
const POD_TOO: [&str; 2] = ["topologySpreadConstraints", "volumes"];

/// Fields of Container.
const CONTAINER: [&str; 16] = [
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "env",
    "envFrom",
    "ports",
    "volumeMounts",
    "volumeDevices",
    "workingDir",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "stdin",
    "tty",
];

/// Parts of a placement.
const PLACEMENT: [&str; 6] = ["clusters", "match", "exclude", "spread", "strategy", "fallback"];

/// Parts of a schedule.
const SCHEDULE: [&str; 7] = ["cron", "every", "hourly", "daily", "weekly", "monthly", "timeZone"];

/// Where a member that its map does not have belongs, as a help.
pub(super) fn help(stray: Stray<'_>) -> Option<String> {
    let field = stray.field;
    let body = stray.path == "spec" || is_override(stray.path);
    let into = |part: &str| Some(format!("move `{field}` into `{part}`"));
    match field {
        _ if stray.path == "metadata" || !body => None,
        "name" if stray.path == "spec" => Some("move `name` into `metadata`".to_owned()),
        _ if JOB.contains(&field) => into("job"),
        // An override may change the images of all containers.
        "image" if is_override(stray.path) => into("container"),
        _ if CONTAINER.contains(&field) => into("container"),
        _ if POD.contains(&field) || POD_TOO.contains(&field) => into("pod"),
        "securityContext" => {
            Some("move `securityContext` into `container`, or into `pod` for all containers".to_owned())
        }
        _ if SCHEDULE.contains(&field) => into("schedule"),
        _ if stray.path == "spec" && PLACEMENT.contains(&field) => into("placement"),
        _ => None,
    }
}

/// Whether a path leads to one of the `overrides` of a task or base.
fn is_override(path: &str) -> bool {
    path.strip_prefix("spec.overrides[").is_some_and(|rest| rest.ends_with(']') && !rest.contains('.'))
}
