//! Joins the manifests of all tasks into one output tree, and reports where two tasks disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::TaskResult;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Place};
use crate::model::{Cluster, Fleet, Identity, MarkerWhen, Model, Unit};
use crate::render::{HEADER, Manifest, Ordered};
use crate::tree::{Located, OutputTree, RepoPath, Span, ownership};
use crate::validate::{self, SchemaNode};
use crate::yaml;

/// What the name of a marker ConfigMap begins with; the cluster follows.
pub const MARKER_PREFIX: &str = "fleetcron-";

/// One cluster's directory: what stands at each path, in path order.
type Directory<'a> = Vec<(&'a Manifest, &'a Unit)>;

/// Joins the manifests; of tasks in `named` it was reported already that they give a CronJob of one file one name.
pub(super) fn assemble(
    model: &Model,
    plan: &[TaskResult],
    named: &BTreeSet<&Identity>,
    diags: &mut Diagnostics,
) -> OutputTree {
    let mut directories: Vec<Directory<'_>> = vec![Vec::new(); model.clusters.len()];
    for (unit, built) in model.units.iter().zip(plan) {
        for variant in &built.rendered.variants {
            for manifest in &variant.manifests {
                for cluster in &variant.clusters {
                    directories[*cluster].push((manifest, unit));
                }
            }
        }
    }
    let mut collisions: BTreeMap<(Span, Span, String), Collision<'_>> = BTreeMap::new();
    for (cluster, directory) in directories.iter_mut().enumerate() {
        // The sort is stable: of two at one path the first task keeps it.
        directory.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        directory.dedup_by(|(second, unit), (first, owner)| {
            if first.path != second.path {
                return false;
            }
            let cron_jobs = first.file.is_none() && second.file.is_none();
            let reported = cron_jobs
                && [&*owner, &*unit].iter().all(|unit| named.contains(&unit.identity))
                && owner.file_object().map(Located::span) == unit.file_object().map(Located::span);
            if !shared(first, second) && !reported {
                let key = (first.span, second.span, second.path.to_string());
                let new = || Collision { first, owner, second, unit, clusters: Vec::new() };
                collisions.entry(key).or_insert_with(new).clusters.push(cluster);
            }
            true
        });
    }
    for collision in collisions.into_values() {
        diags.push(collision.diagnostic(model));
    }
    let mut output = Vec::new();
    for (cluster, directory) in model.clusters.iter().zip(&directories) {
        same_but_for_case(directory, diags);
        let Ok(folder) = RepoPath::new(&cluster.name) else {
            let refused = |d: &Diagnostic| d.code == Code::InvalidName && d.place == Place::Text(cluster.name.span);
            if !diags.iter().any(refused) {
                diags.push(unnamed(cluster, directory));
            }
            continue;
        };
        for (manifest, _) in directory {
            output.push((folder.append(&manifest.path), manifest.bytes.clone()));
        }
        for (path, bytes) in beside(cluster, directory, &model.fleet, diags) {
            output.push((folder.append(&path), bytes));
        }
    }
    OutputTree::of(output)
}

/// A cluster whose name cannot be that of a directory: all of it is missing from the output.
fn unnamed(cluster: &Cluster, directory: &Directory<'_>) -> Diagnostic {
    let message = format!(
        "`{}` cannot be the name of a directory, so the {} objects of this cluster are not in the output",
        validate::shown(&cluster.name),
        directory.len()
    );
    Diagnostic::new(Code::InvalidName, cluster.name.span, message)
}

/// Two tasks may bring an equal object, from one file or from two; a CronJob belongs to one task alone.
fn shared(first: &Manifest, second: &Manifest) -> bool {
    first.file.is_some() && second.file.is_some() && first.bytes == second.bytes
}

struct Collision<'a> {
    first: &'a Manifest,
    owner: &'a Unit,
    second: &'a Manifest,
    unit: &'a Unit,
    clusters: Vec<usize>,
}

impl Collision<'_> {
    fn diagnostic(&self, model: &Model) -> Diagnostic {
        let Self { first, owner, second, unit, clusters } = self;
        let full = match &second.namespace {
            Some(namespace) => format!("{} `{namespace}/{}`", second.kind, second.name),
            None => format!("{} `{}`", second.kind, second.name),
        };
        let message = if owner.identity == unit.identity {
            format!("task `{}` makes {full} twice", unit.identity)
        } else {
            format!("tasks `{}` and `{}` both make {full}", owner.identity, unit.identity)
        };
        let mut names: Vec<String> = clusters.iter().map(|i| model.clusters[*i].name.value.clone()).collect();
        names.sort();
        names.dedup();
        let mut diagnostic = Diagnostic::new(Code::ObjectCollision, second.span, message)
            .other(first.span, "the first is asked for here");
        diagnostic = if first.file.is_some() && first.file == second.file {
            diagnostic.help("the same file gives different objects here: its references or patches differ")
        } else if second.file.is_none() {
            diagnostic.help("give one of them another namespace, or another `objectName`")
        } else {
            diagnostic.help("name it in one file that both tasks share, or give it two names")
        };
        diagnostic.clusters = Some(Clusters { of: names.len(), names });
        diagnostic
    }
}

/// Two paths that a file system without case would take for one.
fn same_but_for_case(directory: &Directory<'_>, diags: &mut Diagnostics) {
    // Names in Kubernetes are lower case nearly always, and then there is nothing to fold.
    if !directory
        .iter()
        .any(|(manifest, _)| manifest.path.as_str().bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()))
    {
        return;
    }
    let mut folded: BTreeMap<String, &Manifest> = BTreeMap::new();
    for (manifest, unit) in directory {
        let lower = manifest.path.as_str().to_lowercase();
        if let Some(first) = folded.get(&lower) {
            let message = format!("`{}` and `{}` are one file on some systems", first.path, manifest.path);
            let mut diagnostic = Diagnostic::new(Code::PathCollision, manifest.span, message)
                .note(format!("the second belongs to task `{}`", unit.identity))
                .help("give one of the two objects a name that differs in more than case");
            if first.span != manifest.span {
                diagnostic = diagnostic.other(first.span, "the first is asked for here");
            }
            diags.push(diagnostic);
        }
        folded.insert(lower, manifest);
    }
}

/// What stands in a cluster's directory beside the tasks' objects.
fn beside(
    cluster: &Cluster,
    directory: &Directory<'_>,
    fleet: &Fleet,
    diags: &mut Diagnostics,
) -> Vec<(RepoPath, Arc<[u8]>)> {
    let mut files: Vec<(String, Arc<[u8]>)> = Vec::new();
    let marker = &fleet.output.marker;
    let wanted = match marker.when {
        MarkerWhen::Always => true,
        MarkerWhen::Idle => directory.is_empty(),
        MarkerWhen::Never => false,
    };
    let stands = |path: &str| directory.iter().find(|(manifest, _)| manifest.path.as_str() == path);
    if fleet.output.namespaces {
        let mut namespaces: Vec<&str> = directory.iter().filter_map(|(m, _)| m.namespace.as_deref()).collect();
        namespaces.extend(wanted.then_some(marker.namespace.as_str()));
        namespaces.sort_unstable();
        namespaces.dedup();
        for namespace in namespaces {
            let path = format!("{namespace}.namespace.yaml");
            if namespace != "default" && !namespace.starts_with("kube-") && stands(&path).is_none() {
                files.push((path, emit(namespace_object(namespace), fleet)));
            }
        }
    }
    if wanted {
        let name = format!("{MARKER_PREFIX}{}", *cluster.name);
        let path = format!("{}/{name}.configmap.yaml", marker.namespace);
        match stands(&path) {
            Some((manifest, unit)) => diags.push(marker_taken(manifest, unit, cluster)),
            None => files.push((path, emit(marker_object(&name, &marker.namespace, &cluster.name), fleet))),
        }
    }
    if fleet.output.kustomization {
        let mut resources: Vec<&str> =
            directory.iter().map(|(m, _)| m.path.as_str()).chain(files.iter().map(|(path, _)| path.as_str())).collect();
        resources.sort_unstable();
        let object = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        });
        let bytes = emit_as_is(&object);
        files.push((ownership::KUSTOMIZATION.to_owned(), bytes));
    }
    let verbatim: Vec<&str> = directory.iter().filter(|(m, _)| m.verbatim).map(|(m, _)| m.path.as_str()).collect();
    if !verbatim.is_empty() {
        files.push((ownership::INDEX.to_owned(), ownership::write_index(verbatim).into_bytes().into()));
    }
    // Namespaces were checked where they are written: with one that is no part of a path there is an error already.
    files.into_iter().filter_map(|(path, bytes)| Some((RepoPath::new(&path).ok()?, bytes))).collect()
}

/// An object of a task at the place of the marker: one of them would be lost.
fn marker_taken(manifest: &Manifest, unit: &Unit, cluster: &Cluster) -> Diagnostic {
    let message = format!(
        "task `{}` makes ConfigMap `{}`, which is the marker of cluster `{}`",
        unit.identity, manifest.name, *cluster.name
    );
    Diagnostic::new(Code::ObjectCollision, manifest.span, message)
        .help("give the ConfigMap another name, or write `marker: {when: idle}` under `output` in the Fleet")
}

/// The ConfigMap that keeps the directory of an idle cluster alive.
fn marker_object(name: &str, namespace: &str, cluster: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"cluster": cluster},
    })
}

/// A Namespace that neither Argo CD nor Flux ever deletes.
fn namespace_object(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "annotations": {
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
                "kustomize.toolkit.fluxcd.io/prune": "disabled",
            },
        },
    })
}

fn emit(mut object: serde_json::Value, fleet: &Fleet) -> Arc<[u8]> {
    fleet.output.metadata.add_to(&mut object);
    emit_as_is(&object)
}

fn emit_as_is(object: &serde_json::Value) -> Arc<[u8]> {
    let mut bytes = HEADER.as_bytes().to_vec();
    yaml::emit_into(&mut bytes, object, Ordered(Some(SchemaNode::other_object())));
    bytes.into()
}
