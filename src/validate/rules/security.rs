//! Security contexts: `ValidateSecurityContext`, `validatePodSpecSecurityContext` in
//! `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::at::At;
use super::files;
use super::found::Findings;
use super::windows;
use crate::validate::names;

const MOST: i64 = 2_147_483_647;
const SYSCTL_MAX: usize = 253;

/// The security context of a pod, and what of its `spec` depends on the host.
pub(super) fn pod(pod: &At<'_>, found: &mut Findings) {
    if let Some(context) = pod.get("securityContext") {
        shared(&context, found);
        found.within(&context, "fsGroup", 0, MOST);
        for group in context.items("supplementalGroups") {
            if let Some(number) = group.value().as_i64().filter(|number| !(0..=MOST).contains(number)) {
                found.refuse(&group, format!("a group is {number}, and it must be between 0 and {MOST}"));
            }
        }
        sysctls(pod, &context, found);
        found.one_of(&context, "seLinuxChangePolicy", &["Recursive"]);
    }
    if pod.is_true("shareProcessNamespace")
        && pod.is_true("hostPID")
        && let (Some(share), Some(host)) = (pod.get("shareProcessNamespace"), pod.get("hostPID"))
    {
        found.refuse(&share, "`shareProcessNamespace` and `hostPID` exclude each other").beside(&host);
    }
    host_users(pod, found);
}

/// `validateHostUsers`
fn host_users(pod: &At<'_>, found: &mut Findings) {
    let Some(users) = pod.get("hostUsers").filter(|_| pod.truth("hostUsers") == Some(false)) else { return };
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(at) = pod.get(field).filter(|_| pod.is_true(field)) {
            found.refuse(&at, format!("`{field}` and `hostUsers: false` exclude each other")).beside(&users);
        }
    }
    if !found.since(35) {
        return;
    }
    for list in ["containers", "initContainers"] {
        for container in pod.items(list) {
            if let Some(at) = container.get("volumeDevices").filter(|_| !container.list("volumeDevices").is_empty()) {
                let message = "`volumeDevices` and the pod's `hostUsers: false` exclude each other";
                found.refuse(&at, message).at_key().beside(&users);
            }
        }
    }
}

/// The security context of a container.
pub(super) fn container(container: &At<'_>, pod: &At<'_>, found: &mut Findings) {
    let Some(context) = container.get("securityContext") else { return };
    shared(&context, found);
    if context.words("procMount") == "Unmasked"
        && pod.truth("hostUsers") != Some(false)
        && found.since(33)
        && let Some(at) = context.get("procMount")
    {
        found.refuse(&at, "`procMount: Unmasked` needs `hostUsers: false` in the pod");
    }
    if let Some(escalation) = context.get("allowPrivilegeEscalation")
        && context.truth("allowPrivilegeEscalation") == Some(false)
    {
        if context.is_true("privileged") {
            let message = "`privileged: true` and `allowPrivilegeEscalation: false` exclude each other";
            if let Some(privileged) = context.get("privileged") {
                found.refuse(&privileged, message).beside(&escalation);
            }
        }
        let capabilities = context.get("capabilities");
        let added = capabilities.iter().flat_map(|it| it.list("add")).any(|it| it == "CAP_SYS_ADMIN");
        if added {
            let message = "the capability `CAP_SYS_ADMIN` and `allowPrivilegeEscalation: false` exclude each other";
            found.refuse(&escalation, message);
        }
    }
}

/// What pods and containers have in common.
fn shared(context: &At<'_>, found: &mut Findings) {
    found.within(context, "runAsUser", 0, MOST);
    found.within(context, "runAsGroup", 0, MOST);
    if let Some(profile) = context.get("seccompProfile") {
        localhost(&profile, found);
        files::local_descending(&profile, "localhostProfile", found);
    }
    if let Some(profile) = context.get("appArmorProfile") {
        localhost(&profile, found);
        app_armor(&profile, found);
    }
    windows::options(context, found);
}

/// The profile that belongs to `type: Localhost`.
fn localhost(profile: &At<'_>, found: &mut Findings) {
    match (profile.words("type"), profile.get("localhostProfile")) {
        ("Localhost", None) => {
            found.missing(profile, "localhostProfile", ", which `type: Localhost` needs");
        }
        ("RuntimeDefault" | "Unconfined", Some(own)) => {
            let finding = found.refuse(&own, "`localhostProfile` is for `type: Localhost` alone").at_key();
            if let Some(kind) = profile.get("type") {
                finding.beside(&kind);
            }
        }
        _ => {}
    }
}

/// `ValidateAppArmorProfileField`
fn app_armor(profile: &At<'_>, found: &mut Findings) {
    let Some(at) = profile.get("localhostProfile").filter(|_| profile.words("type") == "Localhost") else { return };
    let name = profile.words("localhostProfile");
    if name.is_empty() {
        found.refuse(&at, "`localhostProfile` is empty");
    } else if name.trim() != name {
        found.refuse(&at, "`localhostProfile` has white space around it");
    }
    if name.len() > 4095 {
        found.refuse(&at, format!("`localhostProfile` has {} bytes, and 4095 are allowed", name.len()));
    }
}

/// `validateSysctls`. That a sysctl belongs to a namespace of the host is refused since 1.28.
fn sysctls(pod: &At<'_>, context: &At<'_>, found: &mut Findings) {
    let mut known = BTreeSet::new();
    for sysctl in context.items("sysctls") {
        let (name, Some(at)) = (sysctl.words("name"), sysctl.get("name")) else { continue };
        if !found.filled(&sysctl, "name") {
            continue;
        }
        if !is_sysctl(name) {
            found.refuse(&at, format!("`{}` is not the name of a sysctl", super::shown(name)));
        } else if !known.insert(name) {
            found.refuse(&at, format!("the sysctl `{name}` is set twice"));
        }
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter().any(|it| dotted.starts_with(it));
        for (field, is) in [("hostNetwork", dotted.starts_with("net.")), ("hostIPC", ipc)] {
            if let Some(host) = pod.get(field).filter(|_| is && pod.is_true(field)) {
                found.refuse(&at, format!("`{name}` cannot be set with `{field}: true`")).beside(&host);
            }
        }
    }
}

/// `IsValidSysctlName`
fn is_sysctl(name: &str) -> bool {
    let segment = |part: &str| {
        let bytes = part.as_bytes();
        let plain = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        plain(bytes.first())
            && plain(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(b))
    };
    name.len() <= SYSCTL_MAX && name.split(['.', '/']).all(segment)
}

/// The names that a `spec` gives to other things of the cluster.
pub(super) fn references(pod: &At<'_>, found: &mut Findings) {
    for field in ["serviceAccountName", "serviceAccount", "priorityClassName", "nodeName"] {
        if !pod.words(field).is_empty() {
            // Of the two names of the service account the new one counts.
            if field == "serviceAccount" && !pod.words("serviceAccountName").is_empty() {
                continue;
            }
            found.named(pod, field, names::dns1123_subdomain);
        }
    }
    found.named(pod, "runtimeClassName", names::dns1123_subdomain);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of_container(context: Value) -> Vec<String> {
        let found =
            found_by(json!({ "securityContext": context }), |at, found| container(at, &At::root(&Value::Null), found));
        found.into_iter().map(|pointer| pointer.replace("/securityContext", "")).collect()
    }

    /// `pkg/apis/core/validation.ValidateSecurityContext`
    #[test]
    fn validate_security_context() {
        assert_eq!(of_container(json!({"runAsUser": 0, "privileged": true})), NONE);
        assert_eq!(
            of_container(json!({"runAsUser": -1, "runAsGroup": 2_147_483_648_i64})),
            ["/runAsUser", "/runAsGroup"]
        );
        assert_eq!(of_container(json!({"privileged": true, "allowPrivilegeEscalation": false})), ["/privileged"]);
        let admin = json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": false});
        assert_eq!(of_container(admin), ["/allowPrivilegeEscalation"]);
        assert_eq!(of_container(json!({"procMount": "Unmasked"})), ["/procMount"]);
    }

    /// `pkg/apis/core/validation.validateSeccompProfileField`, `ValidateAppArmorProfileField`
    #[test]
    fn validate_seccomp_profile_field() {
        let seccomp = |profile: Value| of_container(json!({ "seccompProfile": profile }));
        assert_eq!(seccomp(json!({"type": "Localhost", "localhostProfile": "a/b"})), NONE);
        assert_eq!(seccomp(json!({"type": "Localhost"})), ["/seccompProfile"]);
        assert_eq!(
            seccomp(json!({"type": "Localhost", "localhostProfile": "/a"})),
            ["/seccompProfile/localhostProfile"]
        );
        let stray = json!({"type": "RuntimeDefault", "localhostProfile": "a"});
        assert_eq!(seccomp(stray.clone()), ["/seccompProfile/localhostProfile"]);
        let armor = |profile: Value| of_container(json!({ "appArmorProfile": profile }));
        assert_eq!(armor(json!({"type": "Localhost", "localhostProfile": "/a"})), NONE);
        assert_eq!(
            armor(json!({"type": "Localhost", "localhostProfile": " a"})),
            ["/appArmorProfile/localhostProfile"]
        );
        assert_eq!(armor(stray), ["/appArmorProfile/localhostProfile"]);
    }

    /// `pkg/apis/core/validation.validateSysctls`
    #[test]
    fn validate_sysctls() {
        let one = |name: &str, host: &str| {
            found_by(json!({"securityContext": {"sysctls": [{"name": name, "value": "1"}]}, host: true}), pod).len()
        };
        assert_eq!(
            [one("net.core.somaxconn", "x"), one("net/core/a", "x"), one("kernel.shm_rmid_forced", "x")],
            [0, 0, 0]
        );
        assert_eq!([one("Bad Name", "x"), one("a..b", "x"), one("", "x")], [1, 1, 1]);
        assert_eq!([one("net.core.a", "hostNetwork"), one("kernel.shmall", "hostIPC")], [1, 1]);
        let twice = json!({"securityContext": {"sysctls": [{"name": "a", "value": ""}, {"name": "a", "value": ""}]}});
        assert_eq!(found_by(twice, pod), ["/securityContext/sysctls/1/name"]);
    }

    /// `pkg/apis/core/validation.validatePodSpecSecurityContext`, `validateHostUsers`
    #[test]
    fn validate_pod_spec_security_context() {
        let context = json!({"fsGroup": -1, "supplementalGroups": [1, -1], "seLinuxChangePolicy": "MountOption"});
        let prefix = "/securityContext";
        assert_eq!(
            found_by(json!({ "securityContext": context }), pod),
            ["fsGroup", "supplementalGroups/1", "seLinuxChangePolicy"].map(|it| format!("{prefix}/{it}"))
        );
        assert_eq!(found_by(json!({"shareProcessNamespace": true, "hostPID": true}), pod), ["/shareProcessNamespace"]);
        assert_eq!(found_by(json!({"hostUsers": false, "hostNetwork": true}), pod), ["/hostNetwork"]);
        let device = json!({"hostUsers": false, "containers": [{"volumeDevices": [{"name": "v"}]}]});
        assert_eq!(found_by(device.clone(), pod), ["/containers/0/volumeDevices"]);
        assert_eq!(found_in(34, device, pod), NONE);
    }
}
