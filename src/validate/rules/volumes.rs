//! Volumes: `ValidateVolumes`, `validateVolumeSource` in `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::at::At;
use super::found::Findings;
use super::{claims, files, projected, since, storage};
use crate::diag::Code;
use crate::validate::{FindingKind, names};

/// The sources in the order in which the API server meets them: the first counts.
const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// The volumes of a pod's `spec`.
pub(super) fn check(pod: &At<'_>, found: &mut Findings) {
    let mut known = BTreeSet::new();
    for volume in pod.items("volumes") {
        since::of("Volume", &volume, found);
        sources(&volume, found);
        if !found.filled(&volume, "name") {
            continue;
        }
        found.named(&volume, "name", names::dns1123_label);
        if let (Some(at), Some(name)) = (volume.get("name"), volume.text("name"))
            && !known.insert(name)
        {
            found.refuse(&at, format!("two volumes of the pod are called `{}`", super::shown(name)));
        }
    }
}

/// Whether a volume names a source, of whatever kind.
pub(super) fn has_source(volume: &At<'_>) -> bool {
    SOURCES.iter().any(|kind| volume.has(kind))
}

fn sources(volume: &At<'_>, found: &mut Findings) {
    // Most volumes have one, so what is there is asked, and not all that could be.
    let rank = |kind: &str| SOURCES.iter().position(|known| *known == kind);
    let fields = volume.value().as_object().into_iter().flatten();
    let mut given: Vec<(usize, &str)> =
        fields.filter(|(_, value)| !value.is_null()).filter_map(|(key, _)| Some((rank(key)?, key.as_str()))).collect();
    given.sort_unstable();
    // A volume without source is an empty folder.
    let Some(((_, kind), others)) = given.split_first() else { return };
    let Some(first) = volume.get(kind) else { return };
    source(volume, kind, &first, found);
    for at in others.iter().filter_map(|(_, other)| volume.get(other)) {
        let message = format!("a volume has one source, and here are `{kind}` and `{}`", at.key());
        found.refuse(&at, message).at_key().beside(&first);
    }
}

fn source(volume: &At<'_>, kind: &str, at: &At<'_>, found: &mut Findings) {
    match kind {
        "emptyDir" => empty_dir(at, found),
        "hostPath" => {
            if found.filled(at, "path") {
                files::no_backsteps(at, "path", found);
            }
        }
        "secret" => keys(at, "secretName", found),
        "configMap" => keys(at, "name", found),
        "persistentVolumeClaim" => {
            found.filled(at, "claimName");
        }
        "downwardAPI" => {
            files::mode(at, "defaultMode", found);
            at.items("items").for_each(|file| projected::downward_file(&file, found));
        }
        "projected" => projected::check(at, found),
        "csi" => csi(at, found),
        "ephemeral" => claims::template(at, found),
        "image" => {}
        _ => storage::check(volume, kind, at, found),
    }
}

/// The limit of an empty folder.
fn empty_dir(at: &At<'_>, found: &mut Findings) {
    let Some(limit) = at.get("sizeLimit") else { return };
    if super::amount(limit.value()).is_some_and(|amount| amount.is_negative()) {
        let message = "`sizeLimit` may not be negative".to_owned();
        found.add(&limit, Code::InvalidQuantity, FindingKind::Rule, message);
    }
}

/// `validateSecretVolumeSource`, `validateConfigMapVolumeSource`
fn keys(at: &At<'_>, name: &str, found: &mut Findings) {
    found.required(at, name);
    files::mode(at, "defaultMode", found);
    at.items("items").for_each(|item| key_to_path(&item, found));
}

/// `validateKeyToPath`
pub(super) fn key_to_path(item: &At<'_>, found: &mut Findings) {
    found.filled(item, "key");
    if found.filled(item, "path") {
        files::local_non_reserved(item, "path", found);
    }
    files::mode(item, "mode", found);
}

/// `validateCSIVolumeSource`
fn csi(at: &At<'_>, found: &mut Findings) {
    if found.filled(at, "driver") {
        found.named(at, "driver", names::csi_driver);
    }
    if let Some(reference) = at.get("nodePublishSecretRef")
        && found.required(&reference, "name")
    {
        found.named(&reference, "name", names::dns1123_subdomain);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(source: Value) -> Vec<String> {
        let mut volume = json!({"name": "v"});
        volume.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
        let found = found_by(json!({ "volumes": [volume] }), check);
        found.into_iter().map(|pointer| pointer.replace("/volumes/0", "")).collect()
    }

    /// `pkg/apis/core/validation.ValidateVolumes`
    #[test]
    fn validate_volumes() {
        assert_eq!(
            found_by(json!({"volumes": [{"name": "a"}, {"name": "a"}, {"name": "A"}, {"name": ""}]}), check).len(),
            3
        );
        assert_eq!(of(json!({"emptyDir": {}, "configMap": {"name": "c"}})), ["/configMap"]);
    }

    /// `pkg/apis/core/validation.validateVolumeSource`
    #[test]
    fn validate_volume_source() {
        assert_eq!(of(json!({"emptyDir": {"sizeLimit": "-1"}})), ["/emptyDir/sizeLimit"]);
        assert_eq!(of(json!({"hostPath": {"path": "/a/../b"}})), ["/hostPath/path"]);
        assert_eq!(of(json!({"secret": {"secretName": "s", "defaultMode": 420}})), NONE);
        assert_eq!(of(json!({"secret": {}})), ["/secret"]);
        assert_eq!(of(json!({"configMap": {"name": "c", "defaultMode": 644}})), ["/configMap/defaultMode"]);
        assert_eq!(of(json!({"configMap": {"name": "", "items": [{"key": "", "path": "..a"}]}})).len(), 3);
        assert_eq!(of(json!({"csi": {"driver": "Secrets-store.csi.k8s.io"}})), NONE);
        assert_eq!(of(json!({"csi": {"driver": "a_b", "nodePublishSecretRef": {"name": "N"}}})).len(), 2);
    }
}
