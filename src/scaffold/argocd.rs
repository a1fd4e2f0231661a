//! The ApplicationSet that gives each cluster directory to Argo CD.
//!
//! A directory that disappears by mistake must not take running jobs with it, so nothing here deletes an Application or
//! its objects.

use super::output_source::OutputSource;
use super::repository::fleet_name;
use crate::model::Fleet;
use crate::scaffold::yaml_text::scalar;

/// Where it stands, below the root.
pub const PATH: &str = "argocd/applicationset.yaml";

/// Its text.
pub fn application_set(fleet: &Fleet, source: &OutputSource) -> String {
    let name = fleet_name(fleet.name.as_deref());
    let revision = source.branch.as_deref().unwrap_or("HEAD");
    let all = if source.folder.is_empty() { "*".to_owned() } else { format!("{}/*", literal(&source.folder)) };
    let (url, revision) = (scalar(&source.url), scalar(revision));
    let marked = if source.unknown { "    # REPLACE: the URL of this repository" } else { "" };
    let namespace = match &fleet.defaults {
        defaults if defaults.namespace_said && defaults.namespace.is_none() => {
            "\n        namespace: default    # of objects that say none, because `defaults.namespace` is null"
        }
        _ => "",
    };
    let directory = if fleet.output.kustomization {
        "        # No `directory:` here: with `output.kustomization: true` each directory has a kustomization.yaml, so Argo CD
        # runs kustomize, and it refuses the mix."
    } else {
        "        directory:
          recurse: true    # objects stand in one folder a namespace"
    };
    format!(
        "# One Application for each cluster directory that fleetcron renders. Apply it where Argo CD runs:
#   kubectl apply -n argocd -f {PATH}
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: {name}
  namespace: argocd
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  # A directory that goes away, by a mistake or because a cluster was renamed, deletes neither the Application nor what
  # runs in the cluster. When a cluster is really gone, delete its Application by hand.
  syncPolicy:
    applicationsSync: create-update
    preserveResourcesOnDeletion: true
  generators:
  - git:
      repoURL: {url}{marked}
      revision: {revision}
      directories:
      - path: {all}
  template:
    metadata:
      name: '{{{{.path.basename}}}}'
      annotations:
        # A commit that touches one directory refreshes one Application: fleetcron keeps the bytes of all others.
        argocd.argoproj.io/manifest-generate-paths: .
    spec:
      project: default
      source:
        repoURL: {url}
        targetRevision: {revision}
        path: '{{{{.path.path}}}}'
{directory}
      destination:
        # The directory has the name of the cluster: register the cluster in Argo CD under the same name.
        name: '{{{{.path.basename}}}}'{namespace}
      syncPolicy:
        automated:
          prune: true          # a task that leaves a cluster is removed there
          selfHeal: true
          allowEmpty: false    # a directory without any object is a mistake: fleetcron leaves a marker in idle clusters
",
        all = quoted(&all),
    )
}

/// A folder as Go's `path.Match`, by which Argo CD finds directories, takes it for itself.
fn literal(folder: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | '\\');
    folder.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// In single quotes, as `*` needs them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
