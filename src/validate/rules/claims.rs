//! Persistent volume claims: `ValidatePersistentVolumeClaimTemplate`, `ValidatePersistentVolumeClaimSpec` in
//! `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use super::{meta, selector, since};
use crate::diag::Code;
use crate::validate::{FindingKind, names};

/// An `ephemeral` volume.
pub(super) fn template(at: &At<'_>, found: &mut Findings) {
    let Some(template) = at.get("volumeClaimTemplate") else {
        found.missing(at, "volumeClaimTemplate", "");
        return;
    };
    if let Some(metadata) = template.get("metadata") {
        meta::template(&metadata, found);
        let map = metadata.value().as_object().into_iter().flatten();
        for (field, _) in map.filter(|(field, value)| !value.is_null() && *field != "labels" && *field != "annotations")
        {
            if let Some(at) = metadata.get(field) {
                found.refuse(&at, format!("the claim of a volume takes no `{}`", super::shown(field))).at_key();
            }
        }
    }
    if let Some(spec) = template.get("spec") {
        claim(&spec, found);
    }
}

/// The `spec` of a claim.
pub(crate) fn claim(spec: &At<'_>, found: &mut Findings) {
    since::of("PersistentVolumeClaimSpec", spec, found);
    let modes = spec.get("accessModes");
    if spec.list("accessModes").is_empty() {
        match &modes {
            Some(modes) => {
                found.refuse(modes, "`accessModes` is empty, and one is needed at least");
            }
            None => {
                found.missing(spec, "accessModes", "");
            }
        }
    }
    let alone = |mode: &serde_json::Value| mode == "ReadWriteOncePod";
    let all = spec.list("accessModes");
    if let Some(modes) = modes.filter(|_| all.iter().any(alone) && !all.iter().all(alone)) {
        found.refuse(&modes, "`ReadWriteOncePod` allows no other access mode beside it");
    }
    selector::label_selector(spec, "selector", found);
    storage(spec, found);
    for field in ["storageClassName", "volumeAttributesClassName"] {
        if !spec.words(field).is_empty() {
            found.named(spec, field, names::dns1123_subdomain);
        }
    }
    sources(spec, found);
}

/// How much is asked for.
fn storage(spec: &At<'_>, found: &mut Findings) {
    let resources = spec.get("resources");
    let requests = resources.as_ref().and_then(|resources| resources.get("requests"));
    let Some(amount) = requests.as_ref().and_then(|requests| requests.get("storage")) else {
        let place = requests.as_ref().or(resources.as_ref()).unwrap_or(spec);
        found.missing(place, "storage", ", as one of `resources: {requests: {...}}`");
        return;
    };
    if super::amount(amount.value()).is_some_and(|amount| amount.nanos() <= 0) {
        let message = "a claim asks for more than nothing".to_owned();
        found.add(&amount, Code::InvalidQuantity, FindingKind::Rule, message);
    }
}

/// `validateDataSource`, `validateDataSourceRef`
fn sources(spec: &At<'_>, found: &mut Findings) {
    for field in ["dataSource", "dataSourceRef"] {
        let Some(source) = spec.get(field) else { continue };
        found.filled(&source, "name");
        found.filled(&source, "kind");
        match source.words("apiGroup") {
            "" if !matches!(source.words("kind"), "" | "PersistentVolumeClaim") => {
                found.refuse(&source, "without `apiGroup` the only kind of source is `PersistentVolumeClaim`");
            }
            "" => {}
            _ => {
                found.named(&source, "apiGroup", names::dns1123_subdomain);
            }
        }
    }
    if let (Some(one), Some(other)) = (spec.get("dataSource"), spec.get("dataSourceRef")) {
        let same = ["apiGroup", "kind", "name"].iter().all(|field| one.text(field) == other.text(field));
        if !same {
            found.refuse(&one, "`dataSource` and `dataSourceRef` name different things").beside(&other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::{Value, json};

    fn spec(more: Value) -> Vec<String> {
        let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        found_by(spec, claim)
    }

    /// `pkg/apis/core/validation.ValidatePersistentVolumeClaimSpec`
    #[test]
    fn validate_persistent_volume_claim_spec() {
        assert_eq!(spec(json!({"storageClassName": ""})), NONE);
        assert_eq!(spec(json!({"accessModes": []})), ["/accessModes"]);
        assert_eq!(spec(json!({"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]})), ["/accessModes"]);
        assert_eq!(spec(json!({"resources": {"requests": {}}})), ["/resources/requests"]);
        assert_eq!(spec(json!({"resources": {"requests": {"storage": 0}}})), ["/resources/requests/storage"]);
        assert_eq!(spec(json!({"storageClassName": "A_"})), ["/storageClassName"]);
        assert_eq!(spec(json!({"dataSource": {"kind": "VolumeSnapshot", "name": "s"}})), ["/dataSource"]);
    }

    /// `pkg/apis/core/validation.ValidatePersistentVolumeClaimTemplate`
    #[test]
    fn validate_persistent_volume_claim_template() {
        assert_eq!(found_by(json!({}), template), [""]);
        let named = json!({"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}, "name": "n"}}});
        assert_eq!(found_by(named, template), ["/volumeClaimTemplate/metadata/name"]);
    }
}
