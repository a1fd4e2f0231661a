//! Volumes of particular storage systems: a table of required fields, and a small function per system named after that
//! of `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::files;
use super::found::Findings;
use crate::validate::names;

/// The fields of each that must not be empty; whether they are there the schema says, but for [`ABSENT`].
const FILLED: [(&str, &[&str]); 15] = [
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("nfs", &["server", "path"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("glusterfs", &["endpoints", "path"]),
    ("rbd", &["image"]),
    ("cinder", &["volumeID"]),
    ("quobyte", &["registry", "volume"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system"]),
];
/// Fields that the schema leaves open and the API server asks for.
const ABSENT: [(&str, &str); 2] = [("scaleIO", "volumeName"), ("storageos", "volumeName")];
/// Of these a secret without name is refused.
const SECRETS: [&str; 2] = ["cinder", "storageos"];

/// A source of that kind.
pub(super) fn check(volume: &At<'_>, kind: &str, at: &At<'_>, found: &mut Findings) {
    for field in FILLED.iter().filter(|row| row.0 == kind).flat_map(|row| row.1) {
        found.filled(at, field);
    }
    for (_, field) in ABSENT.iter().filter(|row| row.0 == kind) {
        found.required(at, field);
    }
    if SECRETS.contains(&kind)
        && let Some(secret) = at.get("secretRef")
    {
        found.required(&secret, "name");
    }
    match kind {
        "gitRepo" => files::local_descending(at, "directory", found),
        "gcePersistentDisk" | "awsElasticBlockStore" => found.within(at, "partition", 0, 255),
        "nfs" => absolute(at, found),
        "iscsi" => iscsi(volume, at, found),
        "fc" => fc(at, found),
        "rbd" | "cephfs" => {
            if let Some(monitors) = at.get("monitors").filter(|_| at.list("monitors").is_empty()) {
                found.refuse(&monitors, "`monitors` is empty");
            }
        }
        "quobyte" => quobyte(at, found),
        "flocker" => flocker(at, found),
        "flexVolume" => flex(at, found),
        "azureDisk" => azure_disk(at, found),
        "storageos" => {
            for field in ["volumeName", "volumeNamespace"] {
                if !at.words(field).is_empty() {
                    found.named(at, field, names::dns1123_label);
                }
            }
        }
        _ => {}
    }
}

/// `validateNFSVolumeSource`
fn absolute(at: &At<'_>, found: &mut Findings) {
    if !at.words("path").is_empty()
        && !at.words("path").starts_with('/')
        && let Some(path) = at.get("path")
    {
        found.refuse(&path, "`path` must begin with `/`");
    }
}

/// `validateISCSIVolumeSource`
fn iscsi(volume: &At<'_>, at: &At<'_>, found: &mut Findings) {
    for field in ["iqn", "initiatorName"] {
        // An empty `iqn` is missing, and an empty `initiatorName` is there.
        let there = field == "initiatorName" || !at.words(field).is_empty();
        if let Some(place) = at.get(field).filter(|_| there && !is_iscsi_name(at.words(field))) {
            let message = format!("`{}` is not a name of iSCSI", super::shown(at.words(field)));
            found.refuse(&place, message).help("such a name begins with `iqn.`, `eui.` or `naa.`");
        }
    }
    found.within(at, "lun", 0, 255);
    if (at.is_true("chapAuthDiscovery") || at.is_true("chapAuthSession")) && !at.has("secretRef") {
        found.missing(at, "secretRef", ", which CHAP needs");
    }
    let length = volume.words("name").len() + 1 + at.words("targetPortal").len();
    if at.has("initiatorName")
        && length > 64
        && let Some(name) = volume.get("name")
    {
        found.refuse(
            &name,
            format!("the volume's name and `targetPortal` have {length} characters, and 64 are allowed"),
        );
    }
}

fn is_iscsi_name(name: &str) -> bool {
    let exact =
        |rest: &str, count: usize| rest.len() == count + 1 && rest.bytes().skip(1).all(|b| b.is_ascii_alphanumeric());
    if let Some(rest) = name.strip_prefix("iqn") {
        // iqn.YEAR-MONTH.DOMAIN:WHATEVER, `iscsiInitiatorIqnRegex`
        let Some((head, tail)) = rest.strip_prefix('.').and_then(|rest| rest.split_once(':')) else { return false };
        let digits = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let domain = head.get(8..).unwrap_or_default();
        return digits(head.get(..4))
            && head.get(4..5) == Some("-")
            && digits(head.get(5..7))
            && head.get(7..8) == Some(".")
            && !domain.is_empty()
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
            && !tail.is_empty()
            && !tail.contains([',', ';', '*', '&', '$', '|', ' ', '\t', '\n', '\r']);
    }
    name.strip_prefix("eui").is_some_and(|rest| exact(rest, 16))
        || name.strip_prefix("naa").is_some_and(|rest| exact(rest, 32))
}

/// `validateFCVolumeSource`
fn fc(at: &At<'_>, found: &mut Findings) {
    let (names, ids) = (!at.list("targetWWNs").is_empty(), !at.list("wwids").is_empty());
    if names == ids {
        let place = at.get("targetWWNs");
        found.refuse(place.as_ref().unwrap_or(at), "`targetWWNs` or `wwids`, one of them and not both");
    }
    if names && !at.has("lun") {
        found.missing(at, "lun", ", which `targetWWNs` need");
    } else if names {
        found.within(at, "lun", 0, 255);
    }
}

/// `validateQuobyteVolumeSource`
fn quobyte(at: &At<'_>, found: &mut Findings) {
    let pair = |part: &str| {
        part.rsplit_once(':')
            .is_some_and(|(host, _)| !host.contains(':') || (host.starts_with('[') && host.ends_with(']')))
    };
    if let Some(tenant) = at.get("tenant").filter(|_| at.words("tenant").len() >= 65) {
        found.refuse(&tenant, "`tenant` has more than 64 characters");
    } else if let Some(registry) = at.get("registry")
        && !at.words("registry").is_empty()
        && !at.words("registry").split(',').all(pair)
    {
        found.refuse(&registry, "`registry` is one `host:port`, or several with commas between them");
    }
}

/// `validateFlockerVolumeSource`
fn flocker(at: &At<'_>, found: &mut Findings) {
    let (name, id) = (at.words("datasetName"), at.words("datasetUUID"));
    if name.is_empty() == id.is_empty() {
        found.refuse(at, "`datasetName` or `datasetUUID`, one of them and not both");
    }
    if let Some(place) = at.get("datasetName").filter(|_| name.contains('/')) {
        found.refuse(&place, "`datasetName` holds a `/`");
    }
}

/// `validateFlexVolumeSource`
fn flex(at: &At<'_>, found: &mut Findings) {
    for (key, option) in at.entries("options") {
        let space = format!(".{}", key.split('/').next().unwrap_or(key).to_lowercase());
        if space.ends_with(".kubernetes.io") || space.ends_with(".k8s.io") {
            found.refuse(&option, "options below `kubernetes.io` and `k8s.io` are kept for Kubernetes").at_key();
        }
    }
}

/// `validateAzureDisk`
fn azure_disk(at: &At<'_>, found: &mut Findings) {
    found.filled(at, "diskName");
    if !found.filled(at, "diskURI") {
        return;
    }
    // `SetDefaults_AzureDiskVolumeSource`
    let (uri, kind) = (at.words("diskURI"), at.text("kind").unwrap_or("Shared"));
    let begins = match kind {
        "Managed" => "/subscriptions/",
        // Not a kind, as the schema says.
        "" => return,
        _ => "https://",
    };
    if !uri.starts_with(begins)
        && let Some(place) = at.get("diskURI")
    {
        found.refuse(&place, format!("`diskURI` of a disk with `kind: {kind}` begins with `{begins}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(kind: &str, source: Value) -> Vec<String> {
        let volume = json!({"name": "v"});
        found_by(source, |at, found| check(&At::root(&volume), kind, at, found))
    }

    /// `pkg/apis/core/validation.validateNFSVolumeSource`
    #[test]
    fn validate_nfs_volume_source() {
        assert_eq!(of("nfs", json!({"server": "s", "path": "/p"})), NONE);
        assert_eq!(of("nfs", json!({"server": "", "path": "p"})), ["/server", "/path"]);
    }

    /// `pkg/apis/core/validation.validateISCSIVolumeSource`
    #[test]
    fn validate_iscsi_volume_source() {
        let iqn = |iqn: &str| of("iscsi", json!({"targetPortal": "p", "iqn": iqn, "lun": 0})).len();
        assert_eq!([iqn("iqn.2015-02.example.com:test"), iqn("eui.0123456789ABCDEF")], [0, 0]);
        assert_eq!([iqn("iqn.2015-02.example.com"), iqn("eui.01"), iqn("x"), iqn("iqn.20-é")], [1, 1, 1, 1]);
        let auth = json!({"targetPortal": "p", "iqn": "eui.0123456789ABCDEF", "lun": 256, "chapAuthSession": true});
        assert_eq!(of("iscsi", auth), ["/lun", ""]);
        let unnamed = json!({"targetPortal": "p", "iqn": "eui.0123456789ABCDEF", "lun": 0, "initiatorName": ""});
        assert_eq!(of("iscsi", unnamed), ["/initiatorName"]);
    }

    /// `pkg/apis/core/validation.validateFCVolumeSource`, `validateFlockerVolumeSource`
    #[test]
    fn one_of_two() {
        assert_eq!(of("fc", json!({"targetWWNs": ["a"], "lun": 1})), NONE);
        assert_eq!(of("fc", json!({})), [""]);
        assert_eq!(of("fc", json!({"targetWWNs": ["a"], "wwids": ["b"], "lun": 1})), ["/targetWWNs"]);
        assert_eq!(of("flocker", json!({"datasetName": "a"})), NONE);
        assert_eq!(of("flocker", json!({"datasetName": "a/b", "datasetUUID": "u"})), ["", "/datasetName"]);
    }

    /// `pkg/apis/core/validation.validateAzureDisk`, `validateFlexVolumeSource`, `validateQuobyteVolumeSource`
    #[test]
    fn other_systems() {
        assert_eq!(of("azureDisk", json!({"diskName": "d", "diskURI": "/subscriptions/x", "kind": "Managed"})), NONE);
        assert_eq!(of("azureDisk", json!({"diskName": "d", "diskURI": "/subscriptions/x"})), ["/diskURI"]);
        assert_eq!(of("azureDisk", json!({"diskName": "d", "diskURI": "https://a/b.vhd"})), NONE);
        assert_eq!(
            of("azureDisk", json!({"diskName": "", "diskURI": "x", "kind": "Shared"})),
            ["/diskName", "/diskURI"]
        );
        assert_eq!(
            of("flexVolume", json!({"driver": "d", "options": {"a.k8s.io/x": "", "b": ""}})),
            ["/options/a.k8s.io~1x"]
        );
        assert_eq!(of("quobyte", json!({"registry": "a:1,b", "volume": "v"})), ["/registry"]);
        assert_eq!(of("storageos", json!({"volumeName": "V"})), ["/volumeName"]);
        assert_eq!(of("scaleIO", json!({"gateway": "g", "system": "s"})), [""]);
        assert_eq!(of("gitRepo", json!({"repository": "r", "directory": "../a"})), ["/directory"]);
    }
}
