//! Windows pods: `validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod`, `validateWindows`,
//! `validateLinux` in `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use crate::validate::names;

const POD: [&str; 5] = ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace", "resources"];
const POD_CONTEXT: [&str; 11] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seLinuxChangePolicy",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];
const CONTAINER_CONTEXT: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];
const CREDENTIAL_MAX: usize = 64 * 1024;
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// The options of a security context.
pub(super) fn options(context: &At<'_>, found: &mut Findings) {
    let Some(options) = context.get("windowsOptions") else { return };
    found.named(&options, "gmsaCredentialSpecName", names::dns1123_subdomain);
    if found.filled(&options, "gmsaCredentialSpec")
        && let Some(at) = options.get("gmsaCredentialSpec")
        && options.words("gmsaCredentialSpec").len() > CREDENTIAL_MAX
    {
        found.refuse(&at, "`gmsaCredentialSpec` is larger than 64 KiB");
    }
    if let (Some(at), Some(name)) = (options.get("runAsUserName"), options.text("runAsUserName"))
        && let Some(wrong) = user_name(name)
    {
        found.refuse(&at, format!("`runAsUserName` {wrong}"));
    }
}

/// What is wrong with `DOMAIN\USER` or `USER`.
fn user_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.bytes().any(|b| b.is_ascii_control()) {
        return Some("holds a control character".to_owned());
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, user)) if user.contains('\\') => return Some("has more than one backslash".to_owned()),
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    if domain.is_some_and(|domain| domain.len() >= 256 || !(is_netbios(domain) || is_dns(domain))) {
        return Some("has a domain that is neither a NetBIOS nor a DNS name".to_owned());
    }
    if user.is_empty() || user.len() > 104 {
        return Some(format!("has a user of {} characters, and 1 to 104 are allowed", user.len()));
    }
    if user.chars().all(|c| matches!(c, '.' | ' ')) {
        return Some("has a user of dots and spaces alone".to_owned());
    }
    let odd = user.chars().find(|c| "\"/\\:;|=,+*?<>@[]".contains(*c))?;
    Some(format!("has `{odd}` in its user"))
}

fn is_netbios(domain: &str) -> bool {
    let count = domain.chars().count();
    (1..=15).contains(&count)
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns(domain: &str) -> bool {
    let label = |part: &str| {
        let bytes = part.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    domain.split('.').all(label)
}

/// Containers that are processes of the host: all or none.
pub(super) fn host_process(pod: &At<'_>, found: &mut Findings) {
    let own = process(pod);
    let (mut all, mut on) = (0, 0);
    for list in LISTS {
        for container in pod.items(list) {
            all += 1;
            let theirs = process(&container);
            on += usize::from(theirs.or(own) == Some(true));
            if let (Some(own), Some(theirs)) = (own, theirs)
                && own != theirs
                && let Some(context) = container.get("securityContext")
                && let Some(options) = context.get("windowsOptions")
                && let Some(at) = options.get("hostProcess")
            {
                found.refuse(&at, format!("`hostProcess` is {own} for the pod and {theirs} here"));
            }
        }
    }
    if on == 0 {
        return;
    }
    if on != all {
        found.refuse(pod, "if one container has `hostProcess: true`, all of the pod must have it").at_key();
    }
    if !pod.is_true("hostNetwork") {
        let at = pod.get("hostNetwork");
        let message = "containers with `hostProcess: true` need `hostNetwork: true` in the pod";
        found.refuse(at.as_ref().unwrap_or(pod), message).at_key();
    }
}

fn process(at: &At<'_>) -> Option<bool> {
    at.get("securityContext")?.get("windowsOptions")?.truth("hostProcess")
}

/// `validateOS`, and what the system does not have.
pub(super) fn system(pod: &At<'_>, found: &mut Findings) {
    let Some(os) = pod.get("os") else { return };
    if !found.filled(&os, "name") {
        return;
    }
    found.one_of(&os, "name", &["linux", "windows"]);
    match os.words("name") {
        "linux" => {
            let mut refuse = |at: &At<'_>| {
                if let Some(context) = at.get("securityContext")
                    && let Some(options) = context.get("windowsOptions")
                {
                    found.refuse(&options, "`windowsOptions` are not for a pod with `os: {name: linux}`").at_key();
                }
            };
            refuse(pod);
            LISTS.iter().for_each(|list| pod.items(list).for_each(|container| refuse(&container)));
        }
        "windows" => {
            without(pod, &POD, found);
            if let Some(context) = pod.get("securityContext") {
                without(&context, &POD_CONTEXT, found);
            }
            for list in LISTS {
                for container in pod.items(list) {
                    if let Some(context) = container.get("securityContext") {
                        without(&context, &CONTAINER_CONTEXT, found);
                    }
                }
            }
        }
        _ => {}
    }
}

fn without(at: &At<'_>, fields: &[&str], found: &mut Findings) {
    for field in fields {
        // Some of them are plain truths, which Go does not tell from absent ones.
        let counts = !matches!(*field, "hostPID" | "hostIPC") || at.is_true(field);
        let empty = *field == "sysctls" && at.list(field).is_empty();
        if let Some(place) = at.get(field).filter(|_| counts && !empty) {
            found.refuse(&place, format!("`{field}` is not for a pod with `os: {{name: windows}}`")).at_key();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    /// `pkg/apis/core/validation.validateWindowsSecurityContextOptions`
    #[test]
    fn validate_windows_security_context_options() {
        for good in ["user", "NT AUTHORITY\\SYSTEM", "a.b-c.de\\me", "a b"] {
            assert_eq!(user_name(good), None, "{good}");
        }
        for bad in ["", "a\\b\\c", "\\u", "d\\", "a\tb", "...", "u@d", ".d\\u"] {
            assert!(user_name(bad).is_some(), "{bad}");
        }
        let value = json!({"windowsOptions": {"gmsaCredentialSpecName": "A_", "gmsaCredentialSpec": ""}});
        assert_eq!(found_by(value, options).len(), 2);
    }

    /// `pkg/apis/core/validation.validateWindowsHostProcessPod`
    #[test]
    fn validate_windows_host_process_pod() {
        let context = |on: Value| json!({"windowsOptions": {"hostProcess": on}});
        let pod = |pod: Value, one: Value, network: bool| {
            let containers = json!([{"securityContext": context(one)}]);
            let value = json!({"securityContext": context(pod), "containers": containers, "hostNetwork": network});
            found_by(value, host_process)
        };
        assert_eq!(pod(json!(true), Value::Null, true), NONE);
        assert_eq!(pod(json!(true), Value::Null, false), ["/hostNetwork"]);
        let differ = pod(json!(true), json!(false), true);
        assert_eq!(differ, ["/containers/0/securityContext/windowsOptions/hostProcess"]);
    }

    /// `pkg/apis/core/validation.validateOS`, `validateLinux`, `validateWindows`
    #[test]
    fn validate_os() {
        let with = |os: &str| {
            found_by(json!({"os": {"name": os}, "containers": [{"securityContext": {"privileged": false}}]}), system)
        };
        assert_eq!(with("linux"), NONE);
        assert_eq!(with("windows"), ["/containers/0/securityContext/privileged"]);
        assert_eq!(with("mac"), ["/os/name"]);
        assert_eq!(with(""), ["/os/name"]);
        let linux = json!({"os": {"name": "linux"}, "securityContext": {"windowsOptions": {}}});
        assert_eq!(found_by(linux, system), ["/securityContext/windowsOptions"]);
    }
}
