//! Takes out of objects of files what an API server or a GitOps tool wrote into them: exported manifests carry it along.

use serde_json::{Map, Value};

use super::context::DocumentContext;
use super::resource::text;
use crate::diag::{Code, Diagnostic, Severity};
use crate::tree::{Located, Span, SpanTree, Spots};

/// Fields of ObjectMeta that an API server writes, or that only mean something on the cluster where the object was made
/// (`ObjectMeta` in `k8s.io/apimachinery/pkg/apis/meta/v1/types.go`: "Populated by the system. Read-only."; the uid of an owner
/// is that of one object of one cluster).
const METADATA: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Annotations and labels by which `kubectl apply` and Argo CD know objects again: copied, they claim this one for another
/// application (`util/argo/resource_tracking.go`), or are taken for what was applied last.
const TRACKING: [(&str, &str); 3] = [
    ("annotations", "argocd.argoproj.io/tracking-id"),
    ("annotations", "kubectl.kubernetes.io/last-applied-configuration"),
    ("labels", "argocd.argoproj.io/instance"),
];

/// Finalizers of a deletion that is under way, and of claims that are in use
/// (`FinalizerOrphanDependents` and `FinalizerDeleteDependents` in `meta/v1/types.go`, `pkg/volume/util/finalizer.go`).
const FINALIZERS: [&str; 4] =
    ["foregroundDeletion", "kubernetes.io/pv-protection", "kubernetes.io/pvc-protection", "orphan"];

/// Removes them, with a note that names them.
pub(super) fn remove_fields(object: &mut Located, context: &mut DocumentContext<'_, '_>) {
    let mut removed = Removed::default();
    removed.take(&mut object.value, &mut object.spans, "status", "status");
    for path in [
        &["metadata"][..],
        &["spec", "jobTemplate", "metadata"],
        &["spec", "jobTemplate", "spec", "template", "metadata"],
    ] {
        // The deeper two are a CronJob's; another kind may mean something else by such names.
        if path.len() > 1 && text(object, "kind") != Some("CronJob") {
            continue;
        }
        let Some((metadata, spans)) = at(object, path) else { continue };
        let shown = path.join(".");
        for name in METADATA {
            removed.take(metadata, spans, name, &format!("{shown}.{name}"));
        }
        for (map, key) in TRACKING {
            let Some((inner, places)) = step(metadata, spans, map) else { continue };
            let taken = removed.take(inner, places, key, &format!("{shown}.{map}[{key}]"));
            if taken && inner.as_object().is_some_and(Map::is_empty) {
                removed.take_silently(metadata, spans, map);
            }
        }
        removed.finalizers(metadata, spans, &shown);
    }
    let kind = text(object, "kind").unwrap_or("object").to_owned();
    if let Some(first) = removed.first {
        let names: Vec<String> = removed.names.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("this {kind} holds what a cluster wrote: {}; that is left out", names.join(", "));
        context.diags.push(Diagnostic::new(Code::ServerField, first, message).help("remove it from the file"));
    }
    for (name, span) in removed.kept {
        let message = format!("the finalizer `{name}` stays: without its controller the {kind} can never be deleted");
        context.diags.push(
            Diagnostic::new(Code::ServerField, span, message)
                .severity(Severity::Warning)
                .help("remove it, unless each cluster of the task runs that controller"),
        );
    }
}

/// What was taken out of an object.
#[derive(Default)]
struct Removed {
    /// The place of the first.
    first: Option<Span>,
    names: Vec<String>,
    /// Finalizers that stay.
    kept: Vec<(String, Span)>,
}

impl Removed {
    /// Takes a member out of a map, if it is there; a null says nothing and is not named.
    fn take(&mut self, value: &mut Value, spans: &mut SpanTree, name: &str, shown: &str) -> bool {
        let Some(member) = value.as_object_mut().and_then(|map| map.remove(name)) else { return false };
        let place = remove_place(spans, name);
        if !member.is_null() {
            self.first = self.first.or(place);
            self.names.push(shown.to_owned());
        }
        true
    }

    fn finalizers(&mut self, metadata: &mut Value, spans: &mut SpanTree, shown: &str) {
        let Some((Value::Array(list), places)) = step(metadata, spans, "finalizers") else { return };
        let written_by_server = |value: &Value| value.as_str().is_some_and(|finalizer| FINALIZERS.contains(&finalizer));
        let whole = places.key;
        let Spots::Items(items) = &mut places.spots else { return };
        let mut kept = (Vec::new(), Vec::new());
        for (value, place) in std::mem::take(list).into_iter().zip(std::mem::take(items)) {
            if written_by_server(&value) {
                self.first = self.first.or(Some(place.value));
                self.names.push(format!("{shown}.finalizers: {}", value.as_str().unwrap_or_default()));
            } else {
                self.kept.extend(value.as_str().map(|name| (name.to_owned(), place.value)));
                kept.0.push(value);
                kept.1.push(place);
            }
        }
        (*list, *items) = kept;
        if list.is_empty() {
            self.first = self.first.or(Some(whole));
            self.take_silently(metadata, spans, "finalizers");
        }
    }

    fn take_silently(&mut self, value: &mut Value, spans: &mut SpanTree, name: &str) {
        if let Some(map) = value.as_object_mut() {
            map.remove(name);
        }
        remove_place(spans, name);
    }
}

/// Takes the place of a member out of a map's.
fn remove_place(spans: &mut SpanTree, name: &str) -> Option<Span> {
    let Spots::Members(members) = &mut spans.spots else { return None };
    let at = members.iter().position(|(key, _)| key == name)?;
    Some(members.remove(at).1.key)
}

/// A member with its places.
fn step<'o>(value: &'o mut Value, spans: &'o mut SpanTree, name: &str) -> Option<(&'o mut Value, &'o mut SpanTree)> {
    let Spots::Members(members) = &mut spans.spots else { return None };
    let place = members.iter_mut().find(|(key, _)| key == name).map(|(_, place)| place)?;
    Some((value.get_mut(name)?, place))
}

/// The member at a path, with its places.
fn at<'o>(object: &'o mut Located, path: &[&str]) -> Option<(&'o mut Value, &'o mut SpanTree)> {
    let Located { value, spans } = object;
    path.iter().try_fold((value, spans), |(value, spans), name| step(value, spans, name))
}
