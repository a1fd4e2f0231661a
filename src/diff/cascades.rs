//! Deletions that take more with them: what Kubernetes deletes together with a Namespace, a CustomResourceDefinition or a
//! PersistentVolumeClaim.
//!
//! Source: the namespace controller deletes everything in a Namespace (`pkg/controller/namespace/deletion`, `Delete`); the
//! finalizer `customresourcecleanup.apiextensions.k8s.io` deletes all objects of a kind
//! (`apiextensions-apiserver/pkg/controller/finalizer`, `deleteInstances`); the volume of a deleted claim is deleted by the
//! reclaim policy `Delete`, the default of dynamic volumes (`pkg/controller/volume/persistentvolume`, `reclaimVolume`).

use serde_json::Value;

/// What is deleted together with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Everything in a namespace.
    Namespace(String),
    /// All objects of a kind.
    Kind {
        /// The kind, with the group of its API.
        kind: String,
        /// How the files of its objects end.
        ending: String,
    },
    /// The data of a volume.
    Data,
}

impl Takes {
    /// What the deletion of an object takes with it; `None` if nothing, or if the object says that it is not to be deleted.
    pub fn of(object: &Value) -> Option<Self> {
        if is_kept(object) {
            return None;
        }
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let version = text("/apiVersion")?;
        let group = version.split_once('/').map_or("", |(group, _)| group);
        match (group, text("/kind")?) {
            ("", "Namespace") => Some(Self::Namespace(text("/metadata/name")?.to_owned())),
            ("", "PersistentVolumeClaim") => Some(Self::Data),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                let (kind, group) = (text("/spec/names/kind")?, text("/spec/group")?);
                let file = kind.to_lowercase();
                // Files of kinds of Kubernetes' own groups do not name the group.
                let ending = match group.ends_with(".k8s.io") {
                    true => format!(".{file}.yaml"),
                    false => format!(".{file}.{group}.yaml"),
                };
                Some(Self::Kind { kind: format!("{kind}.{group}"), ending })
            }
            _ => None,
        }
    }

    /// Whether an object goes with it, by its path below the directory of the cluster.
    pub fn takes(&self, path: &str) -> bool {
        match self {
            Self::Namespace(name) => path.split_once('/').is_some_and(|(namespace, _)| namespace == name),
            Self::Kind { ending, .. } => path.ends_with(ending),
            Self::Data => false,
        }
    }
}

/// Whether an object has the annotation with which Argo CD or Flux leaves it in the cluster when its file goes.
fn is_kept(object: &Value) -> bool {
    let annotation = |name: &str| object.get("metadata")?.get("annotations")?.get(name)?.as_str();
    let options = annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
    options.split(',').any(|option| option.trim() == "Prune=false")
        || annotation("kustomize.toolkit.fluxcd.io/prune").is_some_and(|prune| prune.eq_ignore_ascii_case("disabled"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn namespace(annotations: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "batch", "annotations": annotations}})
    }

    #[test]
    fn a_namespace_takes_everything_in_it() {
        let takes = Takes::of(&namespace(json!({}))).expect("it takes something");
        assert!(takes.takes("batch/a.cronjob.yaml"));
        assert!(!takes.takes("batch2/a.cronjob.yaml") && !takes.takes("batch.clusterrole.yaml"));
    }

    #[test]
    fn what_is_not_pruned_takes_nothing() {
        let argocd = json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true, Prune=false"});
        let flux = json!({"kustomize.toolkit.fluxcd.io/prune": "disabled"});
        assert_eq!([argocd, flux].map(|kept| Takes::of(&namespace(kept))), [None, None]);
        let other = json!({"argocd.argoproj.io/sync-options": "Delete=false"});
        assert!(Takes::of(&namespace(other)).is_some());
    }

    #[test]
    fn a_custom_resource_definition_takes_its_kind() {
        let definition = |group: &str| {
            let spec = json!({"group": group, "names": {"kind": "Gadget", "plural": "gadgets"}});
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": "gadgets.example.com"}, "spec": spec})
        };
        let takes = Takes::of(&definition("example.com")).expect("it takes something");
        assert!(takes.takes("batch/a.gadget.example.com.yaml") && takes.takes("a.gadget.example.com.yaml"));
        assert!(!takes.takes("batch/a.gadget.example.org.yaml") && !takes.takes("batch/a.gizmo.example.com.yaml"));
        let own = Takes::of(&definition("gadgets.x-k8s.io")).expect("it takes something");
        assert!(own.takes("batch/a.gadget.gadgets.x-k8s.io.yaml"));
        let own = Takes::of(&definition("snapshot.storage.k8s.io")).expect("it takes something");
        assert!(own.takes("batch/a.gadget.yaml"));
    }

    #[test]
    fn a_persistent_volume_claim_takes_its_data() {
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}});
        assert_eq!(Takes::of(&claim), Some(Takes::Data));
        assert_eq!(Takes::of(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})), None);
    }
}
