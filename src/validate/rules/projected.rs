//! Projected volumes: `validateProjectionSources` in `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::at::At;
use super::found::Findings;
use super::{env, files, since, volumes};

const KINDS: [&str; 6] =
    ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];

/// A `projected` volume.
pub(super) fn check(at: &At<'_>, found: &mut Findings) {
    files::mode(at, "defaultMode", found);
    let mut paths = BTreeSet::new();
    for source in at.items("sources") {
        since::of("VolumeProjection", &source, found);
        // A source that the cluster drops is dropped before the others are counted.
        let counts = |kind: &&str| source.has(kind) && !since::is_off("VolumeProjection", kind, found);
        let kinds: Vec<&str> = KINDS.iter().copied().filter(counts).collect();
        if kinds.len() > 1 {
            found.refuse(&source, format!("a source has one kind, and here are {}", super::list(&kinds)));
        }
        for kind in kinds {
            let Some(own) = source.get(kind) else { continue };
            one(kind, &own, found);
            for file in own.items("items") {
                taken(&file, &mut paths, found);
            }
        }
    }
}

/// Two files at one path.
fn taken(file: &At<'_>, paths: &mut BTreeSet<String>, found: &mut Findings) {
    let Some(path) = file.text("path").filter(|path| !path.is_empty()) else { return };
    if !paths.insert(path.to_owned())
        && let Some(at) = file.get("path")
    {
        found.refuse(&at, format!("two files of the volume are at `{}`", super::shown(path)));
    }
}

fn one(kind: &str, at: &At<'_>, found: &mut Findings) {
    match kind {
        "secret" | "configMap" => {
            found.required(at, "name");
            at.items("items").for_each(|item| volumes::key_to_path(&item, found));
        }
        "downwardAPI" => at.items("items").for_each(|file| downward_file(&file, found)),
        "serviceAccountToken" => {
            found.within(at, "expirationSeconds", 600, 1 << 32);
            if found.filled(at, "path") {
                files::local_non_reserved(at, "path", found);
            }
        }
        // The others are off in every release, and what is off is dropped unread.
        _ => {}
    }
}

/// `validateDownwardAPIVolumeFile`
pub(super) fn downward_file(file: &At<'_>, found: &mut Findings) {
    if found.filled(file, "path") {
        files::local_non_reserved(file, "path", found);
    }
    let (field, resource) = (file.get("fieldRef"), file.get("resourceFieldRef"));
    match (&field, &resource) {
        (Some(_), Some(_)) => {
            found.refuse(file, "`fieldRef` or `resourceFieldRef`, and not both");
        }
        (None, None) => {
            found.refuse(file, "the file says nothing").help("write `fieldRef` or `resourceFieldRef`");
        }
        _ => {}
    }
    if let Some(field) = &field {
        env::field_ref(field, true, found);
    } else if let Some(resource) = &resource {
        env::resource_field_ref(resource, true, found);
    }
    files::mode(file, "mode", found);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn of(sources: Value) -> Vec<String> {
        found_by(json!({ "sources": sources }), check)
    }

    /// `pkg/apis/core/validation.validateProjectionSources`
    #[test]
    fn validate_projection_sources() {
        let secret = json!({"secret": {"name": "s", "items": [{"key": "a", "path": "p"}]}});
        assert_eq!(of(json!([secret])), NONE);
        assert_eq!(of(json!([secret, secret])), ["/sources/1/secret/items/0/path"]);
        assert_eq!(of(json!([{"secret": {"name": "s"}, "configMap": {"name": "c"}}])), ["/sources/0"]);
        assert_eq!(of(json!([{"secret": {}}])), ["/sources/0/secret"]);
        let token =
            |seconds: i64| of(json!([{"serviceAccountToken": {"path": "t", "expirationSeconds": seconds}}])).len();
        assert_eq!([token(600), token(599)], [0, 1]);
    }

    /// `pkg/apis/core/validation.validateDownwardAPIVolumeFile`
    #[test]
    fn validate_downward_api_volume_file() {
        let file = |more: Value| {
            let mut file = json!({"path": "p"});
            file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            found_by(file, downward_file).len()
        };
        assert_eq!(file(json!({"fieldRef": {"fieldPath": "metadata.labels"}})), 0);
        assert_eq!(file(json!({"fieldRef": {"fieldPath": "spec.nodeName"}})), 1);
        assert_eq!(file(json!({"resourceFieldRef": {"containerName": "a", "resource": "limits.cpu"}})), 0);
        assert_eq!(file(json!({"resourceFieldRef": {"resource": "limits.cpu"}})), 1);
        assert_eq!(file(json!({})), 1);
    }
}
