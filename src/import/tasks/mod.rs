//! Turns existing CronJobs per cluster into clusters, bases, tasks and overrides that compile to the same objects.
//!
//! In reading order: `read` unpacks the sources, `group` finds the copies of one task, `factor` reduces them to what most
//! share (with `template` and `variables`), `across` and `bases` find what tasks share, `write` prints, and `prove`
//! compiles the result and compares it with the sources. Nothing here opens a file.

mod across;
mod bases;
mod body;
mod defaults;
mod factor;
mod group;
mod layer;
mod leaves;
mod prove;
mod read;
mod selectors;
mod template;
mod variables;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use self::across::Spread;
use self::bases::Plan;
use self::factor::Matrix;
use self::group::Group;
use self::prove::Proof;
pub use self::read::SourceText;
use self::read::{Found, Sources};
use self::selectors::Described;
use self::template::Refs;
use self::variables::Pool;
use crate::diag::Diagnostic;

/// What an import is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Labels and annotations that are left out, by globs.
    pub drop_labels: Vec<String>,
}

/// What an import comes to.
#[derive(Debug, Default)]
pub struct Imported {
    /// The files to write, by path.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// What was counted.
    pub summary: Summary,
    /// What does not come out as it is in the sources; empty if the import is proven.
    pub unproven: Vec<String>,
    /// What is good to know.
    pub notes: Vec<String>,
}

/// The numbers of an import.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Files of the sources.
    pub files_before: usize,
    /// Their lines.
    pub lines_before: usize,
    /// Lines of the files to write.
    pub lines_after: usize,
    /// CronJobs of the sources.
    pub cron_jobs: usize,
    /// Clusters of the sources.
    pub clusters: usize,
    /// Tasks made of them.
    pub tasks: usize,
    /// Bases.
    pub bases: usize,
    /// Overrides, in tasks and bases.
    pub overrides: usize,
    /// Variables of clusters and tasks.
    pub variables: usize,
    /// Lines that only remove what a base gives.
    pub nulls: usize,
    /// Objects that were compiled and are equal to those of the sources.
    pub equal: usize,
}

/// Imports existing manifests.
///
/// # Errors
/// Files that cannot be read, and objects that a cluster has twice with different content.
pub fn import(texts: &[SourceText], options: &Options) -> Result<Imported, Vec<Diagnostic>> {
    let sources = read::read(texts, &options.drop_labels)?;
    let described: Vec<Described> = sources.clusters.iter().map(|name| Described::bare(name)).collect();
    let refs: Vec<Refs> =
        sources.clusters.iter().map(|name| vec![("$(cluster.name)".to_owned(), name.clone())]).collect();
    let (groups, refused) = group::group(&sources, &refs);
    let mut imported = Imported::default();
    let mut work = Work { sources: &sources, described: &described, refs: &refs, groups: &groups };
    imported.unproven.extend(refused.iter().map(|refused| {
        format!(
            "{} of cluster `{}` ({}): {}",
            refused.object, sources.clusters[refused.cluster], texts[refused.file].path, refused.reason
        )
    }));
    work.run(&mut imported);
    let summary = &mut imported.summary;
    summary.files_before = texts.len();
    summary.lines_before = texts.iter().map(|text| text.bytes.iter().filter(|byte| **byte == b'\n').count()).sum();
    summary.clusters = sources.clusters.len();
    summary.cron_jobs = sources.objects.iter().filter(|found| group::is_cron_job(found)).count();
    Ok(imported)
}

/// What the objects of a file are called: kind, namespace and name.
pub fn keys(bytes: &[u8]) -> Vec<String> {
    read::keys(bytes)
}

/// An import under way.
struct Work<'w> {
    sources: &'w Sources,
    described: &'w [Described],
    refs: &'w [Refs],
    groups: &'w [Group],
}

impl Work<'_> {
    fn run(&mut self, imported: &mut Imported) {
        let mut pool = Pool::default();
        let matrices: Vec<Matrix> = self.groups.iter().map(|group| Matrix::of(group, self.refs)).collect();
        matrices.iter().for_each(|matrix| matrix.count(&mut pool, self.refs));
        pool.choose(&BTreeSet::new());
        let drafts = self.groups.iter().zip(&matrices);
        let drafts: Vec<factor::Draft> =
            drafts.map(|(group, matrix)| factor::factor(group, matrix, &mut pool, self.refs, self.described)).collect();
        drop(matrices);
        let mut tasks: Vec<Spread> = drafts.into_iter().map(Spread::of).collect();
        across::name_references(&mut tasks);
        let taken: BTreeSet<String> = pool.used().map(|variable| variable.name.clone()).collect();
        let mut named = tasks.clone();
        across::name_variables(&mut named, &taken);
        let without_deadline = tasks.iter().any(|task| !task.parts.leaves.contains_key("job/activeDeadlineSeconds"));
        let mut job_defaults = Map::new();
        if without_deadline {
            job_defaults.insert("activeDeadlineSeconds".to_owned(), Value::Null);
        }
        let ground = bases::ground(&job_defaults, None);
        // The least text wins; the first of equal ones.
        let mut best: Option<Plan<'_>> = None;
        for (tasks, wide) in [(&tasks, false), (&tasks, true), (&named, false), (&named, true)] {
            let mut plan = Plan::new(tasks, self.described, &ground);
            plan.fill(wide);
            if best.as_ref().is_none_or(|best| plan.lines() < best.lines()) {
                best = Some(plan);
            }
        }
        let Some(mut plan) = best else { return };
        let (bases, texts) = plan.written(&BTreeSet::new());
        imported.summary.bases = bases.len();
        imported.summary.tasks = texts.len();
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for (name, text) in bases {
            files.insert(format!("bases/{name}.yaml"), text);
        }
        for (task, text) in tasks.iter().zip(texts) {
            let folder = task.namespace.as_ref().map_or_else(String::new, |namespace| format!("{namespace}/"));
            files.insert(format!("tasks/{folder}{}.yaml", task.name), text);
        }
        let variables = self.cluster_variables(&pool);
        files.insert("clusters.yaml".to_owned(), write::clusters(&self.sources.clusters, &variables.1));
        files.insert("fleetcron.yaml".to_owned(), self.fleet(&job_defaults, variables.0, &tasks));
        imported.summary.variables = pool.used().count();
        imported.files = files.into_iter().map(|(path, text)| (path, text.into_bytes().into())).collect();
        let tree = prove::tree(&imported.files, None);
        let own: Vec<&Found> = self.sources.objects.iter().filter(|found| group::is_cron_job(found)).collect();
        let (proof, _compilation) = prove::prove(&tree, &self.sources.clusters, &own, &BTreeSet::new());
        self.report(&proof, &own, imported);
        imported.summary.equal = proof.equal;
        let count = |wanted: fn(&str) -> bool| {
            let texts = imported.files.values().map(|bytes| String::from_utf8_lossy(bytes));
            texts.map(|text| text.lines().filter(|line| wanted(line)).count()).sum()
        };
        imported.summary.lines_after = count(|_| true);
        imported.summary.nulls = count(|line| line.trim_end().ends_with(": null"));
        imported.summary.overrides =
            count(|line| line.starts_with("    - {name: ") || line.starts_with("    - name: "));
    }

    /// What most clusters say in the Fleet, exceptions in the Cluster.
    fn cluster_variables(&self, pool: &Pool) -> (Map<String, Value>, BTreeMap<usize, Map<String, Value>>) {
        let (mut fleet, mut clusters) = (Map::new(), BTreeMap::<usize, Map<String, Value>>::new());
        for variable in pool.used() {
            let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
            variable.values.values().for_each(|text| *counts.entry(text).or_default() += 1);
            let most = counts.iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a))).filter(|(_, n)| **n > 1);
            if let Some((text, _)) = most {
                fleet.insert(variable.name.clone(), json!(text));
            }
            for (cluster, text) in variable.values.iter().filter(|(_, text)| most.is_none_or(|(most, _)| most != text))
            {
                clusters.entry(*cluster).or_default().insert(variable.name.clone(), json!(text));
            }
        }
        (fleet, clusters)
    }

    fn fleet(&self, job_defaults: &Map<String, Value>, variables: Map<String, Value>, tasks: &[Spread]) -> String {
        let mut spec = Map::new();
        let mut defaults = Map::new();
        if !job_defaults.is_empty() {
            defaults.insert("job".to_owned(), Value::Object(job_defaults.clone()));
        }
        if tasks.iter().any(|task| task.namespace.is_none()) {
            defaults.insert("namespace".to_owned(), Value::Null);
        }
        if !defaults.is_empty() {
            spec.insert("defaults".to_owned(), Value::Object(defaults));
        }
        if tasks.iter().any(|task| !task.parts.leaves.contains_key("timeZone")) {
            spec.insert("lints".to_owned(), json!({"unset-time-zone": "off"}));
        }
        if !variables.is_empty() {
            spec.insert("variables".to_owned(), json!([{"set": variables}]));
        }
        write::document("Fleet", json!({"name": "fleet"}), Value::Object(spec))
    }

    fn report(&self, proof: &Proof, own: &[&Found], imported: &mut Imported) {
        let said = |at: usize| format!("{} of cluster `{}`", own[at].key, self.sources.clusters[own[at].cluster]);
        imported.unproven.extend(proof.errors.iter().map(|error| format!("the result does not compile: {error}")));
        for (at, value) in &proof.differing {
            let fields = crate::diff::fields(value, &own[*at].value, crate::diff::ListKeys::new(value));
            let fields: Vec<String> = fields.iter().map(|field| field.at()).collect();
            imported.unproven.push(format!("{} differs: {}", said(*at), fields.join(", ")));
        }
        imported.unproven.extend(proof.missing.iter().map(|at| format!("{} does not come out", said(*at))));
        imported
            .unproven
            .extend(proof.extra.iter().map(|(cluster, key)| format!("{key} of cluster `{cluster}` is in no source")));
    }
}
