//! `fleetcron cmp generate`: renders the manifests of one cluster for Argo CD, as the lock records them.
//!
//! An empty answer, or one for another cluster, deletes what runs. So the cluster must be named without doubt, and a
//! cluster without objects is an error.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::super::args::Global;
use super::super::compare;
use super::super::deletions::{self, AllowedBy, Basis, Judged};
use super::super::outcome::Failure;
use super::super::progress::Progress;
use super::super::session::output_dir;
use super::super::side::Side;
use super::answer;
use super::request::{CLUSTER, PluginRequest, TASKS};
use super::wrong::Wrong;
use super::{PluginAnswer, PluginPlace};
use crate::compile::Compilation;
use crate::diag::{Diagnostics, Severity, nearest};
use crate::lock::{self, LockMode};
use crate::model::Model;
use crate::repo::{self, Opened, Worktree};
use crate::report::diagnostics;
use crate::report::table::{count, names};
use crate::sink;
use crate::tree::ownership::is_manifest;
use crate::tree::{Difference, RepoPath, SourceTree};

/// How many names a message lists.
const MOST: usize = 20;

/// Runs it.
pub(super) fn run(global: &Global, here: &Path, ask: &dyn Fn(&str) -> Option<OsString>) -> Result<PluginAnswer, Wrong> {
    let request = PluginRequest::read(ask)?;
    let place = PluginPlace::find(here, &request, global)?;
    let worktree = Worktree::plain(&place.root).map_err(|error| Failure::run(&error))?;
    let opened = Opened::Folder(worktree);
    let mut side = Side::of(&opened, &[], &LockMode::Frozen, &mut Progress::new(false, &place.root))?;
    if global.strict {
        side.diags.relevel(|found| match found.severity {
            Severity::Warning => Some(Severity::Error),
            other => Some(other),
        });
    }
    if side.diags.has_errors() {
        let locked = has_lock(&side.sources.tree);
        return Err(Wrong::files(&side.diags, &side.sources.tree, !locked));
    }
    let compilation = &side.compilation;
    let (at, by) = choose(&compilation.model, &request, &place)?;
    let cluster = compilation.model.clusters[at].name.as_str();
    let mut remarks = vec![format!("fleetcron: cluster {cluster}, as {by} says")];
    let mut stops = Diagnostics::new();
    let counted = losses(compilation, cluster, &side.sources.tree, &place, &request, global.strict, &mut stops)?;
    if !stops.is_empty() {
        let locked = has_lock(&side.sources.tree);
        return Err(Wrong::files(&stops, &side.sources.tree, !locked));
    }
    remarks.extend(counted);
    let wanted = wanted(compilation, at, &request.tasks, &mut remarks)?;
    let of_cluster = |path: &RepoPath| path.first() == cluster && is_manifest(path);
    let chosen = |path: &RepoPath| wanted.as_ref().is_none_or(|wanted| wanted.contains(path.as_str()));
    let files: Vec<(&RepoPath, &Arc<[u8]>)> =
        compilation.output.files().filter(|(path, _)| of_cluster(path) && chosen(path)).collect();
    if files.is_empty() {
        return Err(empty(compilation, cluster, &request.tasks).into());
    }
    answer::check(&files, request.limit)?;
    let mut stdout = Vec::with_capacity(files.iter().map(|(_, bytes)| bytes.len() + 5).sum());
    sink::stream(&mut stdout, files.iter().copied()).map_err(|error| Failure::run(&error))?;
    remarks.extend(version_note(&compilation.model, at, request.version.as_deref()));
    remarks.extend(
        diagnostics::totals(&side.diags).map(|totals| format!("fleetcron: {totals}; `fleetcron check` shows them")),
    );
    let revision = request.revision.as_deref().map(|revision| format!(" at {}", short(revision))).unwrap_or_default();
    let number = count(files.len(), "object");
    remarks.push(format!("fleetcron {}: {number} for cluster {cluster}{revision}", env!("CARGO_PKG_VERSION")));
    // The process ends next.
    std::mem::forget(side);
    Ok(PluginAnswer { stdout, remarks })
}

fn has_lock(sources: &SourceTree) -> bool {
    RepoPath::new(lock::PATH).is_ok_and(|path| sources.get(&path).is_some())
}

/// What the answer would delete: counted against the output that is committed in the copy, and by the lock. The answer is
/// what the lock records, so without a lock and without a task nothing tells whether something ran there.
fn losses(
    compilation: &Compilation,
    cluster: &str,
    sources: &SourceTree,
    place: &PluginPlace,
    request: &PluginRequest,
    strict: bool,
    stops: &mut Diagnostics,
) -> Result<Vec<String>, Failure> {
    let committed = compilation.model.fleet.output.committed;
    let dir = output_dir(compilation)?;
    let looks = |name: &str| name == cluster;
    let difference = if committed {
        let mut output = compilation.output.clone();
        output.retain_clusters(looks);
        compare::on_disk(&output, &repo::output_dir(&place.root, &dir).map_err(|error| Failure::run(&error))?, looks)?
    } else {
        Difference::default()
    };
    let nothing = compilation.model.units.is_empty() && !has_lock(sources);
    let unknown = format!("there is no task and no {}, so nothing tells what ran on cluster {cluster}", lock::PATH);
    let basis = Basis {
        difference: &difference,
        recorded: &deletions::recorded(sources),
        since: None,
        unknown: nothing.then_some(unknown.as_str()),
        partly: None,
        allowed: &request.allowed,
        way: AllowedBy::Plugin,
        looks: &looks,
    };
    let mut found = Diagnostics::new();
    let Judged { stopped, remarks } = deletions::judge(&mut found, strict, compilation, &basis, dir.as_str());
    if stopped {
        stops.extend(found);
        stops.sort();
    }
    Ok(remarks)
}

/// The cluster that is meant, by its place in the inventory, and who says so.
fn choose(model: &Model, request: &PluginRequest, place: &PluginPlace) -> Result<(usize, String), Failure> {
    let named = |name: &str| model.clusters.iter().position(|cluster| *cluster.name == name);
    let inventory = || {
        let all = model.clusters.iter().map(|cluster| cluster.name.as_str());
        match all.len() {
            0 => "the inventory has no clusters".to_owned(),
            _ => format!("the clusters are {}", names(all, MOST)),
        }
    };
    if let Some((name, by)) = &request.cluster {
        return match named(name) {
            Some(at) => Ok((at, by.clone())),
            None => {
                let near = nearest(name, model.clusters.iter().map(|cluster| cluster.name.as_str()));
                // The list is long, and the end of a long line is cut.
                let hint = near.map_or_else(|| ";".to_owned(), |near| format!("; did you mean `{near}`?"));
                Err(Failure::files(format!("there is no cluster `{name}`, which {by} asks for{hint} {}", inventory())))
            }
        };
    }
    let folder = place.folder();
    if let Some(at) = folder.and_then(named) {
        return Ok((at, "the last folder of the application's path".to_owned()));
    }
    let folder = folder.map_or_else(String::new, |folder| format!(", and its folder `{folder}` has no cluster's name"));
    Err(Failure::files(format!(
        "the application does not say which cluster it is for{folder}: give it the plugin parameter `{CLUSTER}`; {}",
        inventory()
    )))
}

/// The paths of the objects of the tasks that were asked for; `None` is all.
fn wanted(
    compilation: &Compilation,
    cluster: usize,
    tasks: &[String],
    remarks: &mut Vec<String>,
) -> Result<Option<BTreeSet<String>>, Failure> {
    if tasks.is_empty() {
        return Ok(None);
    }
    let Compilation { model, plan, .. } = compilation;
    let name = model.clusters[cluster].name.as_str();
    let mut paths = BTreeSet::new();
    for task in tasks {
        let mut found = false;
        let mut placed = false;
        for (unit, built) in model.units.iter().zip(plan) {
            if unit.identity.to_string() != *task && unit.identity.name != *task {
                continue;
            }
            found = true;
            for variant in built.rendered.variants.iter().filter(|variant| variant.clusters.contains(&cluster)) {
                placed = true;
                paths.extend(variant.manifests.iter().map(|manifest| format!("{name}/{}", manifest.path)));
            }
        }
        if !found {
            let whole = task.contains('/');
            let known = model
                .units
                .iter()
                .map(|unit| if whole { unit.identity.to_string() } else { unit.identity.name.clone() });
            let known: Vec<String> = known.collect();
            let near = nearest(task, known.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(Failure::files(format!(
                "there is no task `{task}`, which the parameter `{TASKS}` asks for{hint}"
            )));
        }
        if !placed {
            remarks.push(format!("fleetcron: task {task} is not placed on cluster {name}"));
        }
    }
    Ok(Some(paths))
}

/// There is nothing to answer.
fn empty(compilation: &Compilation, cluster: &str, tasks: &[String]) -> Failure {
    let why = "an empty answer would delete what runs there";
    if tasks.is_empty() {
        return Failure::files(format!(
            "cluster `{cluster}` has no object: no task is placed on it, and `output.marker.when: never` leaves out the \
             marker that keeps an idle cluster alive; {why}. Set it to `idle`, or remove the application"
        ));
    }
    let Compilation { model, plan, .. } = compilation;
    let mut elsewhere = BTreeSet::new();
    for (unit, built) in model.units.iter().zip(plan) {
        if tasks.iter().any(|task| unit.identity.to_string() == *task || unit.identity.name == *task) {
            elsewhere.extend(built.decision.chosen().map(|(at, _)| model.clusters[at].name.as_str()));
        }
    }
    let elsewhere: Vec<&str> = elsewhere.into_iter().collect();
    let runs = names(elsewhere.iter().copied(), MOST);
    Failure::files(format!(
        "none of the tasks {} is placed on cluster `{cluster}`, but on {runs} ({}); {why}. Remove the application, or place a task there",
        tasks.join(", "),
        lock::PATH,
    ))
}

/// A cluster that runs another Kubernetes than the inventory says.
fn version_note(model: &Model, cluster: usize, said: Option<&str>) -> Option<String> {
    let (major, minor) = model.clusters[cluster].kubernetes_version.as_ref()?.value;
    let said = said?.trim_start_matches('v');
    let mut numbers = said.split(['.', '+', '-']).map(|part| part.parse::<u32>().ok());
    let there = (numbers.next()??, numbers.next()??);
    (there != (major, minor)).then(|| {
        let (at, name) = (there, &model.clusters[cluster].name.value);
        format!("fleetcron: cluster {name} runs Kubernetes {}.{}, the inventory says {major}.{minor}", at.0, at.1)
    })
}

/// A commit as people write it.
fn short(revision: &str) -> String {
    let hash = revision.len() >= 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    revision.chars().take(if hash { 7 } else { 40 }).collect()
}
