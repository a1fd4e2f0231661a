//! Which objects are templates, and what they are called. Source: `pkg/util/apigroup.go NewSkippedResourceConfig`,
//! `pkg/detector/detector.go EventFilter`, `pkg/util/names/names.go IsReservedNamespace`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Reader, Request, admit, metadata, text, unfold};
use crate::diag::{Code, Diagnostic, Severity};
use crate::model::cluster_wide;
use crate::model::karmada::{TemplateKey, labels_of};
use crate::tree::{Located, SourceFile, Span, SpanTree, Spots};
use crate::yaml::Node;

/// An object that policies may be about.
pub(super) struct FoundTemplate {
    pub(super) key: TemplateKey,
    pub(super) object: Arc<Located>,
    pub(super) verbatim: Option<Arc<[u8]>>,
    pub(super) span: Span,
    /// Karmada never looks at it.
    pub(super) skipped: bool,
}

/// Whether kinds of the repository's own CustomResourceDefinitions have namespaces, by group and kind.
#[derive(Default)]
pub(super) struct Scopes(BTreeMap<(String, String), bool>);

impl Scopes {
    /// Looks through all documents.
    pub(super) fn find(request: &Request<'_, '_>) -> Self {
        let mut scopes = BTreeMap::new();
        if !request.policies {
            return Self(scopes);
        }
        for file in request.files {
            let parsed = request.library.parsed(*file);
            for document in &parsed.documents {
                for root in unfold(&document.root) {
                    if text(&root, "kind") != "CustomResourceDefinition" {
                        continue;
                    }
                    let Some(spec) = root.get("spec") else { continue };
                    let kind = spec.get("names").map(|names| text(names, "kind")).unwrap_or_default();
                    let key = (text(spec, "group").to_owned(), kind.to_owned());
                    scopes.insert(key, text(spec, "scope") != "Cluster");
                }
            }
        }
        Self(scopes)
    }

    /// Whether an object's kind has namespaces; of an unknown kind its own namespace tells.
    fn has_namespace(&self, version: &str, kind: &str, object: &Value, said: bool) -> bool {
        if cluster_wide(object) {
            return false;
        }
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let built_in = !group.contains('.') || group.ends_with(".k8s.io");
        let own = self.0.get(&(group.to_owned(), kind.to_owned()));
        own.copied().unwrap_or(built_in || said)
    }
}

/// The object of a document, if that is one.
pub(super) fn find(
    root: &Node,
    source: &SourceFile,
    single: bool,
    scopes: &Scopes,
    seen: &mut BTreeMap<(String, String, Option<String>, String), Span>,
    reader: &mut Reader<'_>,
) -> Option<FoundTemplate> {
    let (version, kind) = (text(root, "apiVersion"), text(root, "kind"));
    if version.is_empty() || kind.is_empty() {
        return None;
    }
    if version.starts_with("kustomize.config.k8s.io/") {
        return None;
    }
    let Some(name) = metadata(root, "name") else {
        let span = root.get("metadata").map_or(root.span, |metadata| metadata.span);
        let message = format!("this {kind} has no `metadata.name`, so Karmada cannot have it");
        reader.diags.push(
            Diagnostic::new(Code::MissingField, span, message)
                .severity(Severity::Warning)
                .help("give it a name, or leave the file out by `sources.exclude`"),
        );
        return None;
    };
    let mut object = root.located();
    let written = metadata(root, "namespace");
    let namespace = scopes
        .has_namespace(version, kind, &object.value, written.is_some())
        .then(|| written.map_or_else(|| "default".to_owned(), |written| written.value));
    let encrypted = root.get("sops").is_some();
    if !encrypted {
        set_namespace(&mut object, namespace.as_deref(), name.span);
    }
    let key =
        TemplateKey { api_version: version.to_owned(), kind: kind.to_owned(), namespace, name: name.value.clone() };
    // One object has several versions, and is one all the same.
    let identity = (key.group().to_owned(), kind.to_owned(), key.namespace.clone(), name.value.clone());
    if let Some(first) = seen.get(&identity) {
        reader.push(admit::duplicate(name.span, *first, &key.to_string()));
        return None;
    }
    seen.insert(identity, name.span);
    let bytes =
        || -> Arc<[u8]> { if single { source.bytes.as_ref().into() } else { source.bytes[root.span.range()].into() } };
    let skipped = is_skipped(&key, &object.value);
    Some(FoundTemplate { key, object: Arc::new(object), verbatim: encrypted.then(bytes), span: name.span, skipped })
}

/// Writes the namespace that the API server gives an object, or takes it from one that can have none.
fn set_namespace(object: &mut Located, namespace: Option<&str>, span: Span) {
    let Located { value, spans } = object;
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Spots::Members(members) = &mut spans.spots else { return };
    let Some((_, place)) = members.iter_mut().find(|(name, _)| name == "metadata") else { return };
    let Spots::Members(places) = &mut place.spots else { return };
    match namespace {
        Some(namespace) => {
            if metadata.insert("namespace".to_owned(), namespace.into()).is_none() {
                places.push(("namespace".to_owned(), SpanTree::leaf(span)));
            }
        }
        None => {
            metadata.remove("namespace");
            places.retain(|(name, _)| name != "namespace");
        }
    }
}

/// Whether Karmada never looks at an object.
fn is_skipped(key: &TemplateKey, object: &Value) -> bool {
    let api = match (key.group(), key.kind.as_str()) {
        ("events.k8s.io" | "coordination.k8s.io", _) | ("", "Event") => true,
        (group, _) => group.ends_with(".karmada.io"),
    };
    let claimed = labels_of(object).get("resourcetemplate.karmada.io/claimed-by").is_some_and(|by| !by.is_empty());
    api || claimed || key.namespace.as_deref().is_some_and(is_reserved)
}

/// Namespaces of Karmada and of Kubernetes (`--skipped-propagating-namespaces` is `kube-.*` by default).
pub(super) fn is_reserved(namespace: &str) -> bool {
    matches!(namespace, "karmada-system" | "karmada-cluster")
        || namespace.starts_with("karmada-es-")
        || namespace.starts_with("kube-")
}

/// Whether a Namespace goes to every cluster (`pkg/controllers/namespace/namespace_sync_controller.go`).
pub(super) fn goes_everywhere(key: &TemplateKey, object: &Value) -> bool {
    let skip = labels_of(object)
        .get("namespace.karmada.io/skip-auto-propagation")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    key.group().is_empty() && key.kind == "Namespace" && key.name != "default" && !is_reserved(&key.name) && !skip
}
