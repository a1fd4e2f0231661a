//! The source and the Kustomization that Flux needs in each cluster, one file per cluster.

use std::collections::BTreeSet;

use super::FileText;
use super::output_source::OutputSource;
use super::repository::fleet_name;
use crate::model::{Fleet, FluxSubstitution, Model};
use crate::scaffold::yaml_text::scalar;
use crate::tree::SourceTree;
use crate::yaml;

/// Where they stand, below the root.
const FOLDER: &str = "flux";

/// How the file of a cluster begins.
const OURS: &str = "# What fleetcron renders for ";

/// The name of the source: no cluster can have a name with a dot.
const SOURCE: &str = "fleetcron.gitrepository";

/// Their texts: the source first, then the clusters in order.
pub fn flux_files(model: &Model, source: &OutputSource) -> Vec<FileText> {
    let name = fleet_name(model.fleet.name.as_deref());
    let marked = if source.unknown { "    # REPLACE: the URL of this repository" } else { "" };
    let secret = match source.url.starts_with("ssh://") {
        true => {
            "  secretRef: {name: flux-system}    # the key that `flux bootstrap` or `flux create secret git` made\n"
        }
        false => "",
    };
    let repository = format!(
        "# Where Flux finds what fleetcron renders; the same in every cluster.
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: {name}, namespace: flux-system}}
spec:
  interval: 1m
  url: {url}{marked}
  ref: {{branch: {branch}}}
{secret}",
        url = scalar(&source.url),
        branch = scalar(source.branch.as_deref().unwrap_or(&source.main)),
    );
    let folder = if source.folder.is_empty() { String::new() } else { format!("{}/", source.folder) };
    let of_cluster = |cluster: &str| {
        let text = format!(
            "{OURS}{cluster}. Apply it there, and nowhere else:
#   kubectl --context {cluster} apply -f {FOLDER}/{SOURCE}.yaml -f {FOLDER}/{cluster}.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {cluster}, namespace: flux-system}}
spec:
  interval: 10m
  retryInterval: 2m
  path: {path}
  prune: true    # a task that leaves the cluster is removed; an idle cluster keeps a marker, so this is never empty
  wait: false    # a CronJob is ready as soon as it is there
  sourceRef: {{kind: GitRepository, name: {name}}}
  # No `postBuild`: its substitution would take every `${{...}}` in a script for its own.
",
            cluster = scalar(cluster),
            path = scalar_path(&format!("./{folder}{cluster}")),
        );
        (path(cluster), text)
    };
    let clusters = model.clusters.iter().map(|cluster| of_cluster(&cluster.name));
    std::iter::once((format!("{FOLDER}/{SOURCE}.yaml"), repository)).chain(clusters).collect()
}

fn path(cluster: &str) -> String {
    format!("{FOLDER}/{cluster}.yaml")
}

/// A path that begins with a dot needs no quotes, which a person would not write.
fn scalar_path(path: &str) -> String {
    let rest = path.trim_start_matches("./");
    if scalar(&format!("x{rest}")) == format!("x{rest}") { path.to_owned() } else { scalar(path) }
}

/// The files of clusters that the inventory does not have any more.
pub fn files_of_removed_clusters(model: &Model, tree: &SourceTree) -> Vec<String> {
    let names: BTreeSet<String> = model.clusters.iter().map(|cluster| path(&cluster.name)).collect();
    let prefix = format!("{FOLDER}/");
    let files = tree.files().filter(|(_, file)| {
        let below = file.path.as_str().strip_prefix(&prefix);
        below.is_some_and(|name| !name.contains('/')) && !names.contains(file.path.as_str())
    });
    let ours = files.filter(|(_, file)| file.bytes.starts_with(OURS.as_bytes()));
    let ours = ours.filter(|(id, file)| {
        let parsed = yaml::parse(*id, &file.bytes);
        parsed.documents.iter().any(|document| {
            let text = |name: &str| document.root.get(name).and_then(|node| node.as_str()).unwrap_or_default();
            text("kind") == "Kustomization" && text("apiVersion").starts_with("kustomize.toolkit.fluxcd.io/")
        })
    });
    ours.map(|(_, file)| file.path.to_string()).collect()
}

/// What the setting means for whoever uses Flux.
pub fn substitution_note(fleet: &Fleet) -> String {
    let (word, means) = match fleet.output.flux {
        FluxSubstitution::Allow => ("allow", "`${...}` passes, and is Flux' own where `postBuild` is used"),
        FluxSubstitution::Warn => (
            "warn",
            "`${...}` in the output is warned of, for `postBuild` would replace it; `escape` writes it as `$${...}`, \
             `disable` tells Flux to leave the object alone",
        ),
        FluxSubstitution::Escape => ("escape", "`${...}` is written as `$${...}`, which `postBuild` turns back"),
        FluxSubstitution::Disable => ("disable", "objects with `${...}` tell Flux not to substitute in them"),
    };
    format!("output.fluxSubstitution is `{word}`: {means}")
}
