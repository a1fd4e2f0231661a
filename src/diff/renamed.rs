//! CronJobs that existing output holds under another name or namespace than their task gives them now.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Compilation, Manifest};
use crate::model::{Source, Unit};
use crate::tree::{Difference, RepoPath};

/// How the file of a CronJob ends, below the directory of its cluster.
const CRON_JOB: &str = ".cronjob.yaml";

/// A CronJob under two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedCronJob {
    /// Its task, by index in the model.
    pub unit: usize,
    /// The name it has in the existing output, with its namespace.
    pub from: String,
    /// The name it gets.
    pub to: String,
    /// Nobody chose the new name: it stands in the `cronJob` file, and the old one is the task's, which such a CronJob had
    /// before files kept their names.
    pub undecided: bool,
    /// The clusters, with the existing and the new file below the output directory.
    pub clusters: BTreeMap<String, (RepoPath, RepoPath)>,
}

/// What makes the copies of a task on several clusters one entry: unit, old name, new name, undecided.
type RenameKey = (usize, String, String, bool);

/// The CronJobs that a difference renames, in order of their tasks. Whose a file is its first line says.
pub fn renamed_cron_jobs(compilation: &Compilation, difference: &Difference) -> Vec<RenamedCronJob> {
    let removed = difference.delete.iter().filter_map(|removal| Some((&removal.path, removal.owner.as_deref()?)));
    // Another task may have taken the old name.
    let replaced = difference.update.iter().filter_map(|write| Some((&write.path, write.former_owner.as_deref()?)));
    let gone: Vec<(&RepoPath, &str)> = removed.chain(replaced).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let model = &compilation.model;
    let units: BTreeMap<String, usize> =
        model.units.iter().enumerate().map(|(at, unit)| (unit.identity.to_string(), at)).collect();
    let new: BTreeSet<&RepoPath> =
        difference.create.iter().chain(&difference.update).map(|write| &write.path).collect();
    let mut found: BTreeMap<RenameKey, BTreeMap<String, (RepoPath, RepoPath)>> = BTreeMap::new();
    for (path, owner) in gone {
        let Some((cluster, from)) = named_by(path) else { continue };
        let Some(at) = units.get(owner).copied() else { continue };
        let Some((job, overrides)) = cron_job_on(compilation, at, cluster) else { continue };
        // A CronJob that stands there under its new name already is not renamed: the old file is left over.
        let Some(to) = new.iter().find(|to| to.as_str() == format!("{cluster}/{}", job.path)) else { continue };
        let unit = &model.units[at];
        let old_name = from.rsplit('/').next().unwrap_or(&from);
        let key = (at, from.clone(), full_name(job), is_undecided(unit, overrides, old_name, &job.name));
        found.entry(key).or_default().insert(cluster.to_owned(), (path.clone(), (*to).clone()));
    }
    let entry = |((unit, from, to, undecided), clusters)| RenamedCronJob { unit, from, to, undecided, clusters };
    found.into_iter().map(entry).collect()
}

fn is_undecided(unit: &Unit, overrides: &[usize], old: &str, new: &str) -> bool {
    unit.source == Source::CronJob
        && unit.object_name(overrides).is_none()
        && unit.name_in_file().is_some_and(|name| name.value == new)
        && old == unit.identity.name
        && old != new
}

/// The cluster and the full name that the path of a CronJob says.
fn named_by(path: &RepoPath) -> Option<(&str, String)> {
    let (cluster, below) = path.as_str().split_once('/')?;
    Some((cluster, below.strip_suffix(CRON_JOB)?.to_owned()))
}

fn full_name(manifest: &Manifest) -> String {
    match &manifest.namespace {
        Some(namespace) => format!("{namespace}/{}", manifest.name),
        None => manifest.name.clone(),
    }
}

/// The CronJob of a task on a cluster, with the overrides that apply.
fn cron_job_on<'c>(compilation: &'c Compilation, unit: usize, cluster: &str) -> Option<(&'c Manifest, &'c [usize])> {
    let clusters = &compilation.model.clusters;
    let on = |at: &usize| clusters[*at].name.as_str() == cluster;
    let variant = compilation.plan[unit].rendered.variants.iter().find(|variant| variant.clusters.iter().any(on))?;
    Some((variant.manifests.first()?, &variant.overrides))
}
