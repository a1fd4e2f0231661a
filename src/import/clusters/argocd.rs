//! Reads Argo CD's cluster Secrets: name and labels only.
//!
//! A Secret holds credentials, and an address may hold some too, so nothing else is read or shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::collector::Collector;
use super::imported::ImportedCluster;
use super::object::KubernetesObject;

/// Members of a Secret's data and of its `config` that are no labels.
const DATA: [&str; 7] = ["bearerToken", "caData", "certData", "config", "keyData", "password", "server"];

/// Whether it is one.
pub(super) fn is_cluster(object: &KubernetesObject) -> bool {
    let kind = object.at(&["metadata", "labels", "argocd.argoproj.io/secret-type"]);
    object.is("", "Secret") && kind.is_some_and(|kind| kind == "cluster")
}

/// Reads one; a cluster without a usable name has an empty one.
pub(super) fn read(object: &KubernetesObject, collector: &mut Collector<'_>) -> ImportedCluster {
    let plain = object.text(&["stringData", "name"]).map(str::to_owned);
    let name = plain.or_else(|| decoded(object.text(&["data", "name"])?)).filter(|name| !is_address(name));
    let mut found = collector.begin(object, "Argo CD Secret", name.as_deref().unwrap_or_default());
    // Data that slipped under the labels in a broken Secret.
    found.labels.retain(|key, _| !DATA.contains(&key.as_str()));
    let version = found.labels.get("argocd.argoproj.io/kubernetes-version").cloned();
    found.version = collector.version(&found, version.as_deref());
    found
}

fn decoded(text: &str) -> Option<String> {
    let bare: String = text.split_ascii_whitespace().collect();
    String::from_utf8(STANDARD.decode(bare).ok()?).ok().filter(|text| !text.is_empty())
}

/// Argo CD takes the address for the name where there is none, and an address may hold a password.
fn is_address(name: &str) -> bool {
    name.contains("://") || name.contains('@') || name.contains(char::is_control)
}
