//! Finds objects that client-side apply cannot carry: it stores the whole object in an annotation of the object.

use serde_json::Value;

use crate::diag::{Code, Diagnostic};
use crate::tree::Span;

/// `TotalAnnotationSizeLimitB` in `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`.
const MOST: usize = 262_144;
/// `LastAppliedConfigAnnotation` in `k8s.io/api/core/v1/annotation_key_constants.go`.
const KEY: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// By these the sync of Argo CD is not client-side (`gitops-engine/pkg/sync/common/types.go`).
const OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// What is wrong with an object of which so many bytes are written.
pub(super) fn fault(object: &Value, written: usize, span: Span) -> Option<Diagnostic> {
    // JSON without white space is at most a little longer than YAML: quotes around texts.
    if written < MOST / 4 {
        return None;
    }
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let annotation = |name: &str| annotations.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default();
    if ["ServerSideApply=true", "Replace=true"].iter().any(|option| annotation(OPTIONS).contains(option)) {
        return None;
    }
    let own: usize =
        annotations.into_iter().flatten().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    // `kubectl` ends it with a line end.
    let size = object.to_string().len() + 1;
    if own + KEY.len() + size <= MOST {
        return None;
    }
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("object");
    let message = format!("this {kind} has {size} bytes as JSON, and client-side apply stores {MOST} at most");
    Some(
        Diagnostic::new(Code::ClientSideApply, span, message)
            .note("Argo CD and `kubectl apply` put the object into one of its annotations; Flux does not")
            .help(format!("sync it by server-side apply: `metadata: {{annotations: {{{OPTIONS}: ServerSideApply=true}}}}`"))
            .help("where Flux or `ServerSideApply=true` in the Application syncs everything, write `lints: {client-side-apply: off}`"),
    )
}

#[cfg(test)]
mod tests {
    use super::{MOST, fault};
    use serde_json::json;

    #[test]
    fn the_object_with_its_other_annotations_must_fit() {
        let object = |length: usize, options: &str| {
            json!({"kind": "ConfigMap", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": options}},
                "data": {"a": "x".repeat(length)}})
        };
        let span = crate::tree::Span::new(crate::tree::FileId(0), 0, 0);
        let empty = object(0, "").to_string().len() + 1 + 48 + "argocd.argoproj.io/sync-options".len();
        let fits = MOST - empty;
        assert!(fault(&object(fits, ""), MOST, span).is_none());
        assert!(fault(&object(fits + 1, ""), MOST, span).is_some());
        assert!(fault(&object(MOST, "Prune=false,ServerSideApply=true"), MOST, span).is_none());
    }
}
