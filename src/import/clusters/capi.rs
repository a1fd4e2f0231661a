//! Reads `Cluster` of Cluster API (v1beta1, v1beta2) with the infrastructure and control plane objects it refers to.
//! Endpoints are not copied.

use serde_json::Value;

use super::collector::Collector;
use super::imported::ImportedCluster;
use super::object::{KubernetesObject, text};

pub(super) const GROUP: &str = "cluster.x-k8s.io";

/// Whether it is one of the objects that clusters refer to.
pub(super) fn is_part(object: &KubernetesObject) -> bool {
    object.group.ends_with(".cluster.x-k8s.io")
}

/// Reads one, with all objects of the input.
pub(super) fn read(
    object: &KubernetesObject,
    all: &[KubernetesObject],
    collector: &mut Collector<'_>,
) -> ImportedCluster {
    let mut found = collector.begin(object, "Cluster API Cluster", object.name());
    let infrastructure = referred(object, "infrastructureRef", all);
    let control_plane = referred(object, "controlPlaneRef", all);
    let parts = || infrastructure.into_iter().chain(control_plane);
    found.provider = object.text(&["spec", "infrastructureRef", "kind"]).and_then(provider);
    let azure = found.provider.as_deref() == Some("azure");
    let region = parts().find_map(|part| {
        let of_aws = part.text(&["spec", "region"]);
        of_aws.or_else(|| part.text(&["spec", "location"]).filter(|_| azure))
    });
    found.region = region.or_else(|| variable(object)).map(str::to_owned);
    let version = object.text(&["spec", "topology", "version"]);
    let version = version.or_else(|| control_plane.and_then(|plane| plane.text(&["spec", "version"])));
    found.version = collector.version(&found, version);
    let region = found.region.as_deref();
    found.zones = failure_domains(object).into_iter().filter_map(|domain| zone(domain, region, azure)).collect();
    found.zones.sort();
    found.zones.dedup();
    found
}

/// The object that a cluster refers to, if the input has it.
fn referred<'a>(
    object: &KubernetesObject,
    reference: &str,
    all: &'a [KubernetesObject],
) -> Option<&'a KubernetesObject> {
    let kind = object.text(&["spec", reference, "kind"])?;
    let name = object.text(&["spec", reference, "name"])?;
    let namespace = object.text(&["spec", reference, "namespace"]).unwrap_or_else(|| object.namespace());
    let mut parts = all.iter().filter(|part| is_part(part));
    parts.find(|part| part.kind == kind && part.name() == name && part.namespace() == namespace)
}

/// The variable of the topology that names the region.
fn variable(object: &KubernetesObject) -> Option<&str> {
    let mut variables = object.list(&["spec", "topology", "variables"]).iter();
    let named = |variable: &&Value| matches!(text(variable, &["name"]), Some("region" | "location"));
    variables.find(named).and_then(|variable| text(variable, &["value"]))
}

/// `AWSManagedCluster` is aws.
fn provider(kind: &str) -> Option<String> {
    let plain = kind.strip_suffix("ControlPlane").or_else(|| kind.strip_suffix("Cluster"))?;
    let plain = plain.strip_suffix("Managed").unwrap_or(plain);
    super::imported::provider(match plain {
        "AzureASO" => "azure",
        "IBMVPC" | "IBMPowerVS" => "ibm",
        "DO" => "digitalocean",
        "Osc" => "outscale",
        "Packet" => "equinix",
        other => other,
    })
}

/// The names of `status.failureDomains`: a map in v1beta1, a list in v1beta2.
fn failure_domains(object: &KubernetesObject) -> Vec<&str> {
    match object.at(&["status", "failureDomains"]) {
        Some(Value::Object(map)) => map.keys().map(String::as_str).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|domain| text(domain, &["name"])).collect(),
        _ => Vec::new(),
    }
}

/// The zone that a failure domain is, as nodes there are labelled: Azure counts its zones within a region.
fn zone(domain: &str, region: Option<&str>, azure: bool) -> Option<String> {
    let number = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_digit());
    if azure && number {
        return region.map(|region| format!("{region}-{domain}"));
    }
    let of_region = region.is_some_and(|region| domain.strip_prefix(region).is_some_and(|rest| !rest.is_empty()));
    let looks = domain.contains('-')
        && domain.ends_with(|c: char| c.is_ascii_lowercase())
        && domain.trim_end_matches(|c: char| c.is_ascii_lowercase()).trim_end_matches('-').ends_with(char::is_numeric);
    (of_region || looks).then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_domains_that_look_like_zones_are_zones() {
        let zone = |domain: &str, region, azure| zone(domain, region, azure);
        assert_eq!(zone("eu-west-1a", None, false).as_deref(), Some("eu-west-1a"));
        assert_eq!(zone("europe-west4-a", None, false).as_deref(), Some("europe-west4-a"));
        assert_eq!(zone("nova-2", Some("nova"), false).as_deref(), Some("nova-2"));
        assert_eq!(zone("2", Some("westeurope"), true).as_deref(), Some("westeurope-2"));
        for (domain, region, azure) in [("2", None, true), ("1", Some("eu"), false), ("rack-seven", None, false)] {
            assert_eq!(zone(domain, region, azure), None, "{domain}");
        }
    }

    #[test]
    fn the_kind_of_the_infrastructure_names_the_provider() {
        for (kind, name) in [
            ("AWSCluster", "aws"),
            ("AWSManagedControlPlane", "aws"),
            ("GCPManagedCluster", "gcp"),
            ("AzureASOManagedCluster", "azure"),
            ("IBMPowerVSCluster", "ibm"),
            ("VSphereCluster", "vsphere"),
            ("Metal3Cluster", "metal3"),
        ] {
            assert_eq!(provider(kind).as_deref(), Some(name), "{kind}");
        }
        assert_eq!(provider("Thing"), None);
    }
}
