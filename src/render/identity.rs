//! What an object is called and where it belongs (`apiVersion`, `kind`, `metadata.name`, `metadata.namespace`), checked again
//! after references and patches have changed it.

use serde_json::Value;

use super::blame;
use super::file_path;
use crate::diag::{Code, Diagnostic, Severity};
use crate::model::PatchStep;
use crate::tree::{Span, reach};
use crate::validate::{self, Version};

/// The members that make the path of a manifest.
const PARTS: [&str; 4] = ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];

/// Which patch took the namespace from an object that had one.
#[derive(Default)]
pub(super) struct NamespaceWatch<'a> {
    removed: Option<(&'a PatchStep, String)>,
}

impl<'a> NamespaceWatch<'a> {
    /// Compares an object before and after a patch.
    pub(super) fn look(&mut self, step: &'a PatchStep, before: &Value, after: &Value) {
        match (namespace(before), namespace(after)) {
            (Some(Value::String(before)), None) => self.removed = Some((step, before.clone())),
            (_, Some(_)) => self.removed = None,
            _ => {}
        }
    }

    /// What is wrong with the finished object: it would be applied to whatever namespace the deployer has in mind.
    pub(super) fn fault(&self, object: &Value) -> Option<Diagnostic> {
        let (step, before) = self.removed.as_ref()?;
        // Without metadata it has no name either, and that is reported.
        object.get("metadata").filter(|metadata| metadata.is_object())?;
        let path = ["metadata".to_owned(), "namespace".to_owned()];
        let span = blame::in_patch(step, object, &path).map_or(step.span, |(spot, _)| spot.key);
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or("object");
        let message = format!("this patch removes `metadata.namespace` of a {kind}, which was `{before}`");
        let help = "leave `namespace` out of the patch, or write another one; `defaults: {namespace: null}` in the Fleet \
                    writes none for tasks that name none";
        Some(Diagnostic::new(Code::MissingField, span, message).help(help))
    }
}

fn namespace(object: &Value) -> Option<&Value> {
    object.get("metadata").and_then(|metadata| metadata.get("namespace")).filter(|namespace| !namespace.is_null())
}

/// What references or patches made of an object beside a task that no object beside a task may be, at `span`. In the file
/// itself the same is refused where it is read.
pub(super) fn unfit(object: &Value, span: Span) -> Option<Diagnostic> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let tool = group.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case("fleetcron"))
        || group == "kustomize.config.k8s.io";
    let message = if tool {
        "this makes the object a document of fleetcron or kustomize, and no cluster takes it"
    } else if text("kind") == "CronJob" && matches!(group, "batch" | "") {
        "this makes the object a CronJob, and a CronJob cannot be a resource of a task"
    } else if object.get("items").is_some_and(Value::is_array) {
        "this gives the object `items`, which makes it a list to Argo CD and kubectl"
    } else {
        return None;
    };
    Some(Diagnostic::new(Code::ResourceInvalid, span, message))
}

/// Why an object cannot be given a path, at `span`; `None` where the checks of the object say so already.
pub(super) fn no_path(object: &Value, version: Version, span: Span) -> Option<Diagnostic> {
    let about = |pointer: &str| PARTS.iter().any(|part| part.starts_with(pointer));
    let findings = validate::object_beside(object, version);
    if findings.iter().any(|finding| finding.severity == Severity::Error && about(&finding.pointer)) {
        return None;
    }
    let odd = PARTS.iter().find_map(|pointer| odd_part(object, pointer));
    let message = odd.unwrap_or_else(|| "no file can be named after this object".to_owned());
    Some(Diagnostic::new(Code::ResourceInvalid, span, message))
}

/// What keeps a member from being a part of a path, as a message.
fn odd_part(object: &Value, pointer: &str) -> Option<String> {
    let name = pointer.trim_start_matches('/').replace('/', ".");
    let sound = |text: &str| match pointer {
        "/apiVersion" => text.split('/').all(file_path::is_sound),
        _ => file_path::is_sound(text),
    };
    match reach(object, pointer) {
        Some(Value::String(text)) if sound(text) => None,
        Some(Value::String(text)) if text.is_empty() => Some(format!("an object cannot have an empty `{name}`")),
        Some(Value::String(text)) => Some(format!("`{}` cannot be the `{name}` of an object", validate::shown(text))),
        Some(_) => Some(format!("the `{name}` of an object must be a string")),
        None if pointer == "/metadata/namespace" => None,
        None => Some(format!("this object has no `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;
    use crate::validate::SCHEMA_VERSION;
    use serde_json::json;

    /// Whatever a path cannot be made of is an error of the checks, or one of `no_path`.
    #[test]
    fn an_object_without_a_path_is_always_reported() {
        let span = Span::new(FileId(0), 0, 0);
        let odd =
            [json!(null), json!(5), json!([]), json!({}), json!(""), json!("../x"), json!("a\nb"), json!("a/b/c")];
        for api in ["v1", "example.com/v1", "rbac.authorization.k8s.io/v1"] {
            for kind in ["ConfigMap", "Thing", "Role"] {
                let sound = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "a", "namespace": "b"}});
                for pointer in PARTS {
                    for odd in &odd {
                        let mut object = sound.clone();
                        *object.pointer_mut(pointer).unwrap() = odd.clone();
                        let findings = validate::object_beside(&object, SCHEMA_VERSION);
                        let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
                        let reported = refused || no_path(&object, SCHEMA_VERSION, span).is_some();
                        assert!(reported, "{object}");
                    }
                }
            }
        }
    }
}
