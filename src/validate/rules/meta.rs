//! Metadata of any object: `ValidateObjectMeta` in `k8s.io/apimachinery/pkg/api/validation/objectmeta.go` and in
//! `pkg/apis/core/validation/validation.go`.

use super::at::At;
use super::found::Findings;
use crate::validate::names;

/// All annotations of an object together, keys and values.
pub(crate) const ANNOTATIONS_MAX: usize = 256 * 1024;
/// `standardFinalizers` in `pkg/apis/core/helper/helpers.go`.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// The metadata of an object that is sent to the API server.
pub(crate) fn object(meta: &At<'_>, found: &mut Findings) {
    labels(meta, "labels", found);
    annotations(meta, found);
    owners(meta, found);
    finalizers(meta, found);
    found.not_negative(meta, "generation");
}

/// The metadata of a template, of which only labels and annotations count (`ValidatePodTemplateSpec`).
pub(crate) fn template(meta: &At<'_>, found: &mut Findings) {
    labels(meta, "labels", found);
    annotations(meta, found);
}

/// `ValidateLabels` in `k8s.io/apimachinery/pkg/apis/meta/v1/validation`.
pub(crate) fn labels(at: &At<'_>, field: &str, found: &mut Findings) {
    for (key, entry) in at.entries(field) {
        found.key(&entry, names::label_key(key));
        let value = entry.value().as_str().unwrap_or_default();
        found.name(&entry, names::label_value(value));
    }
}

/// `ValidateAnnotations`, sizes with it.
pub(crate) fn annotations(meta: &At<'_>, found: &mut Findings) {
    for (key, entry) in meta.entries("annotations") {
        found.key(&entry, names::annotation_key(key));
    }
    let size = annotations_size(meta);
    if let Some(all) = meta.get("annotations").filter(|_| size > ANNOTATIONS_MAX) {
        let message = format!("the annotations have {size} bytes in all, and {ANNOTATIONS_MAX} are allowed");
        found.refuse(&all, message).at_key();
    }
}

/// `TotalAnnotationSizeLimitB` counts keys and values.
pub(crate) fn annotations_size(meta: &At<'_>) -> usize {
    meta.entries("annotations").map(|(key, entry)| key.len() + entry.value().as_str().map_or(0, str::len)).sum()
}

/// `ValidateOwnerReferences`.
fn owners(meta: &At<'_>, found: &mut Findings) {
    let mut controllers = 0;
    for owner in meta.items("ownerReferences") {
        for field in ["apiVersion", "kind", "name", "uid"] {
            found.filled(&owner, field);
        }
        if let Some(version) = owner.get("apiVersion")
            && let Some(text) =
                version.value().as_str().filter(|text| text.matches('/').count() > 1 || text.ends_with('/'))
        {
            found.refuse(&version, format!("`{}` is not the `apiVersion` of any object", super::shown(text)));
        }
        if (owner.words("apiVersion"), owner.words("kind")) == ("v1", "Event") {
            found.refuse(&owner, "an Event cannot be the owner of an object");
        }
        controllers += usize::from(owner.is_true("controller"));
        if controllers > 1 && owner.is_true("controller") {
            found.refuse(&owner, "an object can have one owner that is its controller");
        }
    }
}

/// `ValidateFinalizers`, `ValidateFinalizerName` and `validateKubeFinalizerName`.
pub(crate) fn finalizers(meta: &At<'_>, found: &mut Findings) {
    let mut exclusive = None;
    for item in meta.items("finalizers") {
        let Some(name) = item.value().as_str() else { continue };
        if found.name(&item, names::qualified_name(name)) && !name.contains('/') && !STANDARD_FINALIZERS.contains(&name)
        {
            let message =
                format!("`{name}` is no finalizer of Kubernetes, and others are written `example.com/{name}`");
            found.refuse(&item, message);
        }
        if matches!(name, "orphan" | "foregroundDeletion") {
            match exclusive {
                Some(other) if other != name => {
                    found.refuse(&item, "the finalizers `orphan` and `foregroundDeletion` exclude each other");
                }
                _ => exclusive = Some(name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use serde_json::json;

    /// `k8s.io/apimachinery/pkg/api/validation.ValidateObjectMeta`
    #[test]
    fn validate_object_meta() {
        let meta = |value| found_by(value, object);
        assert_eq!(meta(json!({"labels": {"app": "a", "x.io/Y": ""}, "finalizers": ["orphan", "a.b/c"]})), NONE);
        assert_eq!(meta(json!({"labels": {"X.io/y": "a", "n": "-"}})), ["/labels/X.io~1y", "/labels/n"]);
        assert_eq!(meta(json!({"annotations": {"X.io/y": "any thing", "a b": ""}})), ["/annotations/a b"]);
        assert_eq!(meta(json!({"finalizers": ["bad key/x", "mine"]})), ["/finalizers/0", "/finalizers/1"]);
        assert_eq!(meta(json!({"finalizers": ["orphan", "foregroundDeletion"]})), ["/finalizers/1"]);
        assert_eq!(meta(json!({"generation": -1})), ["/generation"]);
    }

    /// `k8s.io/apimachinery/pkg/api/validation.ValidateAnnotationsSize`
    #[test]
    fn validate_annotations_size() {
        let meta = |size: usize| found_by(json!({"annotations": {"a": "x".repeat(size)}}), template);
        assert_eq!(meta(ANNOTATIONS_MAX - 1), NONE);
        assert_eq!(meta(ANNOTATIONS_MAX), ["/annotations"]);
    }

    /// `k8s.io/apimachinery/pkg/api/validation.ValidateOwnerReferences`
    #[test]
    fn validate_owner_references() {
        let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "u", "controller": true});
        assert_eq!(found_by(json!({"ownerReferences": [owner]}), object), NONE);
        assert_eq!(found_by(json!({"ownerReferences": [owner, owner]}), object), ["/ownerReferences/1"]);
        let event = json!({"apiVersion": "v1", "kind": "Event", "name": "a", "uid": ""});
        assert_eq!(
            found_by(json!({"ownerReferences": [event]}), object),
            ["/ownerReferences/0/uid", "/ownerReferences/0"]
        );
    }
}
