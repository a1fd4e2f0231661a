//! The pod spec: `ValidatePodTemplateSpec`, `ValidatePodSpec` in `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::at::At;
use super::found::Findings;
use super::mounts::Volumes;
use super::{
    affinity, annotations, containers, meta, ports, resources, security, since, spread, tolerations, volumes, windows,
};
use crate::validate::names;

const NAMESERVERS_MAX: usize = 3;
const SEARCHES_MAX: usize = 32;
const SEARCH_CHARACTERS_MAX: usize = 2048;
const HOST_MAX: usize = 64;

/// The pod of a Job, its metadata with it.
pub(super) fn template(template: &At<'_>, found: &mut Findings) {
    let metadata = template.get("metadata");
    let spec = template.get("spec");
    if let Some(metadata) = &metadata {
        meta::template(metadata, found);
        annotations::check(metadata, spec.as_ref(), found);
    }
    if let Some(spec) = &spec {
        check(spec, found);
    }
}

fn check(pod: &At<'_>, found: &mut Findings) {
    since::pod(pod, found);
    volumes::check(pod, found);
    let known = Volumes::of(pod);
    claims(pod, found);
    containers::check(pod, &known, found);
    files_of_variables(pod, found);
    if let Some(at) = pod.get("ephemeralContainers").filter(|_| !pod.list("ephemeralContainers").is_empty()) {
        found.refuse(&at, "`ephemeralContainers` are added to a pod that runs, and no template has them").at_key();
    }
    ports::host_network(pod, found);
    security::pod(pod, found);
    security::references(pod, found);
    windows::host_process(pod, found);
    windows::system(pod, found);
    tolerations::check(pod, found);
    affinity::check(pod, found);
    spread::check(pod, found);
    dns(pod, found);
    gates(pod, found);
    found.within(pod, "activeDeadlineSeconds", 1, i64::from(i32::MAX));
    hosts(pod, found);
    resources::overhead(pod, found);
    resources::pod(pod, found);
}

/// `validatePodResourceClaims`. Before they were on they were dropped unread.
fn claims(pod: &At<'_>, found: &mut Findings) {
    if !pod.has("resourceClaims") || !found.since(34) {
        return;
    }
    let mut known = BTreeSet::new();
    for claim in pod.items("resourceClaims") {
        if found.filled(&claim, "name")
            && found.named(&claim, "name", names::dns1123_label)
            && let (Some(at), Some(name)) = (claim.get("name"), claim.text("name"))
            && !known.insert(name)
        {
            found.refuse(&at, format!("two claims of the pod are called `{name}`"));
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        if sources.iter().filter(|field| claim.has(field)).count() != 1 {
            let message =
                "a claim has a `resourceClaimName` or a `resourceClaimTemplateName`, one of them and not both";
            found.refuse(&claim, message);
        }
        for field in sources {
            found.named(&claim, field, names::dns1123_subdomain);
        }
    }
}

/// `validateFileKeyRefVolumes`: a file of variables stands in an empty folder that another container filled.
fn files_of_variables(pod: &At<'_>, found: &mut Findings) {
    for list in ["containers", "initContainers"] {
        for container in pod.items(list) {
            for variable in container.items("env") {
                let Some(from) = variable.get("valueFrom") else { continue };
                let Some(file) = from.get("fileKeyRef") else { continue };
                let (Some(at), name) = (file.get("volumeName"), file.words("volumeName")) else { continue };
                if name.is_empty() {
                    continue;
                }
                match pod.items("volumes").find(|volume| volume.text("name") == Some(name)) {
                    None => {
                        found.refuse(&at, format!("there is no volume `{}` in the pod", super::shown(name)));
                    }
                    // A volume without a source is an empty folder: `SetDefaults_Volume`.
                    Some(volume) if volume.has("emptyDir") || !volumes::has_source(&volume) => {}
                    Some(_) => {
                        found.refuse(&at, format!("the volume `{name}` must be an `emptyDir`"));
                    }
                }
            }
        }
    }
}

/// `validatePodDNSConfig`
fn dns(pod: &At<'_>, found: &mut Findings) {
    let config = pod.get("dnsConfig");
    if pod.words("dnsPolicy") == "None" {
        let Some(config) = &config else {
            let finding = found.missing(pod, "dnsConfig", ", which `dnsPolicy: None` needs");
            if let Some(policy) = pod.get("dnsPolicy") {
                finding.beside(&policy);
            }
            return;
        };
        if config.list("nameservers").is_empty() {
            let servers = config.get("nameservers");
            found.refuse(servers.as_ref().unwrap_or(config), "`dnsPolicy: None` needs one of `nameservers` at least");
            return;
        }
    }
    let Some(config) = config else { return };
    found.at_most(&config, "nameservers", NAMESERVERS_MAX);
    config.items("nameservers").for_each(|server| ip(&server, found));
    found.at_most(&config, "searches", SEARCHES_MAX);
    let length: usize = config.list("searches").iter().filter_map(|it| it.as_str()).map(|it| it.len() + 1).sum();
    if let Some(searches) = config.get("searches").filter(|_| length > SEARCH_CHARACTERS_MAX + 1) {
        let message = format!("`searches` have {} characters, and {SEARCH_CHARACTERS_MAX} are allowed", length - 1);
        found.refuse(&searches, message);
    }
    for search in config.items("searches") {
        let name = search.value().as_str().unwrap_or_default();
        if found.since(33) {
            if name != "." {
                found.name(&search, names::search_domain(name.strip_suffix('.').unwrap_or(name)));
            }
        } else {
            found.name(&search, names::dns1123_subdomain(name.strip_suffix('.').unwrap_or(name)));
        }
    }
    for option in config.items("options") {
        if option.words("name").is_empty() {
            found.refuse(&option, "an option of DNS needs a `name`");
        }
    }
}

/// `validateReadinessGates`, `validateSchedulingGates`
fn gates(pod: &At<'_>, found: &mut Findings) {
    for gate in pod.items("readinessGates") {
        found.named(&gate, "conditionType", names::qualified_name);
    }
    let mut known = BTreeSet::new();
    for gate in pod.items("schedulingGates") {
        found.named(&gate, "name", names::qualified_name);
        if let (Some(at), Some(name)) = (gate.get("name"), gate.text("name"))
            && !known.insert(name)
        {
            found.refuse(&at, format!("the gate `{}` is named twice", super::shown(name)));
        }
    }
}

/// Names of the pod and of others: `hostname`, `subdomain`, `hostnameOverride`, `hostAliases`.
fn hosts(pod: &At<'_>, found: &mut Findings) {
    for field in ["hostname", "subdomain"] {
        if !pod.words(field).is_empty() {
            found.named(pod, field, names::dns1123_label);
        }
    }
    if let Some(at) = pod.get("hostnameOverride").filter(|_| found.since(35)) {
        found.named(pod, "hostnameOverride", names::dns1123_subdomain);
        if pod.words("hostnameOverride").len() > HOST_MAX {
            found.refuse(&at, format!("`hostnameOverride` has more than {HOST_MAX} characters"));
        }
        for field in ["setHostnameAsFQDN", "hostNetwork"] {
            if let Some(other) = pod.get(field).filter(|_| pod.is_true(field)) {
                found
                    .refuse(&at, format!("`hostnameOverride` and `{field}` exclude each other"))
                    .at_key()
                    .beside(&other);
            }
        }
    }
    for alias in pod.items("hostAliases") {
        if let Some(at) = alias.get("ip") {
            ip(&at, found);
        }
        for name in alias.items("hostnames") {
            found.name(&name, names::dns1123_subdomain(name.value().as_str().unwrap_or_default()));
        }
    }
}

/// `IsValidIPForLegacyField`, strict since 1.36: `01.2.3.4` and `::ffff:1.2.3.4` passed before.
fn ip(at: &At<'_>, found: &mut Findings) {
    let Some(text) = at.value().as_str() else { return };
    let parsed = text.parse::<IpAddr>();
    let fine = match parsed {
        Ok(IpAddr::V6(address)) if found.since(36) => address.to_ipv4_mapped().is_none(),
        Ok(_) => true,
        Err(_) => !found.since(36) && unpadded(text).parse::<IpAddr>().is_ok(),
    };
    if !fine {
        let finding = found.refuse(at, format!("`{}` is not an IP address", super::shown(text)));
        let meant = unpadded(text);
        if meant != text && meant.parse::<IpAddr>().is_ok() {
            finding.help(format!("did you mean `{meant}`?"));
        }
    }
}

/// The same address without zeros in front of its numbers.
fn unpadded(text: &str) -> String {
    let part = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    if text.contains(':') { text.to_owned() } else { text.split('.').map(part).collect::<Vec<_>>().join(".") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    /// `pkg/apis/core/validation.validatePodDNSConfig`
    #[test]
    fn validate_pod_dns_config() {
        let config = |policy: &str, config: Value| found_by(json!({"dnsPolicy": policy, "dnsConfig": config}), dns);
        assert_eq!(config("None", json!({"nameservers": ["1.1.1.1"], "searches": ["a.b.", "_x.y", "."]})), NONE);
        assert_eq!(config("None", Value::Null), [""]);
        assert_eq!(config("None", json!({})), ["/dnsConfig"]);
        assert_eq!(config("Default", json!({"nameservers": vec!["1.1.1.1"; 4]})), ["/dnsConfig/nameservers"]);
        assert_eq!(config("Default", json!({"nameservers": ["dns"], "searches": ["a", "b_!"]})).len(), 2);
        assert_eq!(config("Default", json!({"options": [{"value": "1"}]})), ["/dnsConfig/options/0"]);
        assert_eq!(found_in(32, json!({"dnsConfig": {"searches": ["_x"]}}), dns), ["/dnsConfig/searches/0"]);
    }

    /// `pkg/apis/core/validation.ValidateHostAliases`
    #[test]
    fn validate_host_aliases() {
        let alias = |ip: &str, name: &str| json!({"hostAliases": [{"ip": ip, "hostnames": [name]}]});
        assert_eq!(found_by(alias("::1", "a.b"), hosts), NONE);
        assert_eq!(found_by(alias("01.2.3.4", "BAD_"), hosts), ["/hostAliases/0/ip", "/hostAliases/0/hostnames/0"]);
        assert_eq!(found_by(alias("::ffff:1.2.3.4", "a"), hosts), ["/hostAliases/0/ip"]);
        assert_eq!(found_in(35, alias("01.2.3.4", "a"), hosts), NONE);
        assert_eq!(found_in(35, alias("1.2.3", "a"), hosts), ["/hostAliases/0/ip"]);
    }

    /// `pkg/apis/core/validation.validateSchedulingGates`, `validateReadinessGates`
    #[test]
    fn validate_scheduling_gates() {
        let pod = |names: &[&str]| {
            let gates: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            found_by(json!({ "schedulingGates": gates }), gates_of)
        };
        assert_eq!(pod(&["a/b", "a/c"]), NONE);
        assert_eq!(pod(&["a/b", "a/b", "bad gate"]), ["/schedulingGates/1/name", "/schedulingGates/2/name"]);
        assert_eq!(found_by(json!({"readinessGates": [{"conditionType": "x y"}]}), gates_of).len(), 1);
    }

    fn gates_of(at: &At<'_>, found: &mut Findings) {
        gates(at, found);
    }

    /// `pkg/apis/core/validation.validatePodResourceClaims`, `validateFileKeyRefVolumes`, `ValidatePodSpec`
    #[test]
    fn validate_pod_spec() {
        let claim = |more: Value| found_by(json!({ "resourceClaims": [more] }), claims);
        assert_eq!(claim(json!({"name": "c", "resourceClaimName": "r"})), NONE);
        assert_eq!(claim(json!({"name": "C"})), ["/resourceClaims/0/name", "/resourceClaims/0"]);
        let both = json!({"name": "c", "resourceClaimName": "r", "resourceClaimTemplateName": "t"});
        assert_eq!(found_in(33, json!({"resourceClaims": [both]}), claims), NONE);
        assert_eq!(claim(both), ["/resourceClaims/0"]);
        let file = |volumes: Value| {
            let from = json!({"fileKeyRef": {"volumeName": "v", "path": "p", "key": "k"}});
            let container = json!({"env": [{"name": "A", "valueFrom": from}]});
            found_by(json!({"containers": [container], "volumes": volumes}), files_of_variables).len()
        };
        assert_eq!(file(json!([{"name": "v", "emptyDir": {}}])), 0);
        assert_eq!(file(json!([{"name": "v", "configMap": {"name": "c"}}])), 1);
        assert_eq!(file(json!([])), 1);
        let host = json!({"hostname": "a.b", "subdomain": "A", "hostnameOverride": "a_b", "hostNetwork": true});
        assert_eq!(found_by(host, hosts).len(), 4);
    }
}
