//! Reads existing manifests for comparison: lists unpacked, fields of servers and tools removed and counted by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::standing::{ExistingObject, ObjectKey};
use crate::diag::Place;
use crate::render::cluster_wide;
use crate::tree::FileId;
use crate::validate;
use crate::yaml;

/// What was left out, by name, with how often.
pub type Ignored = BTreeMap<String, usize>;

/// The objects of a file.
#[derive(Debug, Default)]
pub struct ExistingObjects {
    /// Objects, in the form in which equal means the same.
    pub objects: Vec<ExistingObject>,
    /// Documents that are no objects, or that no cluster is given.
    pub others: usize,
}

/// Members of the metadata that a server writes.
const SERVER: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Labels and annotations that deployers add to objects in a cluster: whole keys, and all below a prefix. What stands in a
/// manifest before it is applied, `helm.sh/chart` and `app.kubernetes.io/managed-by` say, is compared.
const TOOLS: [&str; 6] = [
    "argocd.argoproj.io/instance",
    "argocd.argoproj.io/tracking-id",
    "cronjob.kubernetes.io/instantiate",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "objectset.rio.cattle.io/hash",
];
const BELOW: [&str; 8] = [
    "config.kubernetes.io/",
    "helm.toolkit.fluxcd.io/",
    "internal.config.kubernetes.io/",
    "kapp.k14s.io/",
    "meta.helm.sh/",
    "objectset.rio.cattle.io/",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/checksum",
];

/// Reads a file; an error has its place and says no word of the text.
pub fn read_objects(file: &str, bytes: &[u8], ignored: &mut Ignored) -> Result<ExistingObjects, String> {
    let parsed = yaml::parse(FileId(0), bytes);
    if let Some(wrong) = parsed.diagnostics.first() {
        let at = match wrong.place {
            Place::Text(span) => (span.start as usize).min(bytes.len()),
            Place::Path(_) | Place::Whole => 0,
        };
        let before = &bytes[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        return Err(format!("{}:{line}:{column}: {}", file, wrong.code.summary()));
    }
    let mut taken = ExistingObjects::default();
    for document in &parsed.documents {
        unpack(file, document.root.to_value(), None, &mut taken, ignored);
    }
    Ok(taken)
}

/// A list gives its items; those of a typed list may leave out what they are.
fn unpack(file: &str, mut value: Value, of: Option<(&str, &str)>, taken: &mut ExistingObjects, ignored: &mut Ignored) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let (Some((version, kind)), Value::Object(members)) = (of, &mut value) {
        members.entry("apiVersion").or_insert_with(|| version.into());
        members.entry("kind").or_insert_with(|| kind.into());
    }
    let (version, kind) = (text(&value, "apiVersion"), text(&value, "kind"));
    if let (Some(item), Some(Value::Array(items))) = (kind.strip_suffix("List"), value.get_mut("items")) {
        let of = (!item.is_empty()).then_some((version.as_str(), item));
        for item in std::mem::take(items) {
            unpack(file, item, of, taken, ignored);
        }
        return;
    }
    // What a build tool reads is applied to no cluster.
    let built = version.starts_with("kustomize.config.k8s.io/");
    match ObjectKey::of(&value).filter(|_| !built) {
        Some(_) => taken.objects.extend(object(file, value, ignored)),
        None => taken.others += 1,
    }
}

/// An object as it is compared.
pub(super) fn object(file: &str, mut value: Value, ignored: &mut Ignored) -> Option<ExistingObject> {
    let mut drop = |what: String| *ignored.entry(what).or_default() += 1;
    if let Value::Object(members) = &mut value
        && members.remove("status").is_some()
    {
        drop("status".to_owned());
    }
    for pointer in ["/metadata", "/spec/jobTemplate/metadata", "/spec/jobTemplate/spec/template/metadata"] {
        let Some(Value::Object(metadata)) = value.pointer_mut(pointer) else { continue };
        for name in SERVER {
            // An empty time says nothing, and many tools write it.
            if metadata.remove(name).is_some_and(|value| !value.is_null()) {
                drop(format!("metadata.{name}"));
            }
        }
        for kind in ["labels", "annotations"] {
            let Some(Value::Object(all)) = metadata.get_mut(kind) else { continue };
            let tools: Vec<String> = all.keys().filter(|key| of_tool(key)).cloned().collect();
            for key in tools {
                all.remove(&key);
                drop(format!("{} {key}", &kind[..kind.len() - 1]));
            }
        }
    }
    // The API server drops the namespace of an object that can have none, and so does a build.
    if cluster_wide(&value)
        && let Some(Value::Object(metadata)) = value.get_mut("metadata")
        && metadata.remove("namespace").is_some_and(|namespace| !namespace.is_null())
    {
        drop("metadata.namespace of objects that have none".to_owned());
    }
    let mut value = validate::normal(&value);
    let key = ObjectKey::of(&value)?;
    // Whose namespace is whose was decided by the key.
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        Map::remove(metadata, "namespace");
    }
    Some(ExistingObject { key, value: value.into(), file: file.to_owned() })
}

fn of_tool(key: &str) -> bool {
    TOOLS.contains(&key) || BELOW.iter().any(|prefix| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_unpacked_and_what_tools_wrote_is_counted() {
        let mut ignored = Ignored::new();
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1beta1\n  kind: CronJob\n  metadata:\n    name: a\n    \
            uid: x\n    labels: {argocd.argoproj.io/instance: a-1, app: a}\n  status: {}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n\
            ---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: c}\n---\njust: text\n";
        let taken = read_objects("x.yaml", text.as_bytes(), &mut ignored).expect("YAML");
        let keys: Vec<String> = taken.objects.iter().map(|object| object.key.to_string()).collect();
        assert_eq!((keys, taken.others), (vec!["CronJob a".to_owned(), "ConfigMap b".to_owned()], 2));
        assert_eq!(taken.objects[0].value["apiVersion"], "batch/v1");
        let said: Vec<String> = ignored.iter().map(|(what, n)| format!("{what} {n}")).collect();
        assert_eq!(said, ["label argocd.argoproj.io/instance 1", "metadata.uid 1", "status 1"]);
        let typed = read_objects(
            "x.json",
            br#"{"kind": "CronJobList", "apiVersion": "batch/v1", "items": [{"metadata": {"name": "a"}}]}"#,
            &mut ignored,
        );
        assert_eq!(typed.expect("JSON").objects[0].key.kind, "CronJob");
        let broken =
            read_objects("x.yaml", b"kind: Secret\ndata: {a: HIDDEN: HIDDEN\n", &mut ignored).expect_err("no YAML");
        assert!(broken.starts_with("x.yaml:2:") && !broken.contains("HIDDEN"), "{broken}");
    }
}
