//! Turns existing CronJobs per cluster into clusters, bases, tasks and overrides that compile to the same objects.
//!
//! In reading order: `read` unpacks the sources, `group` finds the copies of one task, `factor` reduces them to what most
//! share (with `template` and `variables`), `across` and `bases` find what tasks share, `write` prints, and `prove`
//! compiles the result and compares it with the sources. Nothing here opens a file.

mod across;
mod bases;
mod body;
mod defaults;
mod explain;
mod factor;
mod group;
mod layer;
mod leaves;
mod oddities;
mod proposals;
mod prove;
mod read;
mod repair;
mod resources;
mod selectors;
mod template;
mod variables;
mod work;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::across::Spread;
pub use self::oddities::ImportOddity;
pub use self::read::SourceText;
use self::selectors::Described;
use self::template::Refs;
use self::work::Work;
use crate::compile::{self, Compilation};
use crate::diag::Diagnostic;
use crate::model::Cluster;
use crate::tree::SourceTree;

/// How CronJobs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskForm {
    /// As `container` tasks, and as a file where the format has no word for something.
    #[default]
    Auto,
    /// As `container` tasks.
    Native,
    /// One existing file as it is, with overrides over it.
    CronJob,
}

/// What an import is asked for.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Labels and annotations that are left out, by globs.
    pub drop_labels: Vec<String>,
    /// How CronJobs are written.
    pub form: TaskForm,
    /// Leave out what does not come out as it is in the sources.
    pub partial: bool,
    /// What the fleet is called; `fleet` if nothing is said.
    pub fleet: Option<String>,
    /// The task, as `name` or `namespace/name`, whose form is explained.
    pub explain: Option<String>,
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
    /// What a partial import left out, with the reason.
    pub left_out: Vec<String>,
    /// What looks like a mistake in the sources, the oddest first.
    pub oddities: Vec<ImportOddity>,
    /// Why the task that was asked about is written as it is; empty if there is none of that name.
    pub explanation: Vec<String>,
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
    /// Other objects of the sources.
    pub other_objects: usize,
    /// CronJobs and other objects that the existing fleet gives already.
    pub there_already: usize,
    /// Clusters of the sources.
    pub clusters: usize,
    /// Tasks made of them.
    pub tasks: usize,
    /// Bases.
    pub bases: usize,
    /// Overrides, in tasks and bases.
    pub overrides: usize,
    /// Variables of clusters.
    pub variables: usize,
    /// Lines that only remove what a base or the shared text gives.
    pub nulls: usize,
    /// Objects that were compiled and are equal to those of the sources.
    pub equal: usize,
}

/// Imports existing manifests, into the fleet that `existing` holds, if it holds one.
///
/// # Errors
/// Files that cannot be read, and objects that a cluster has twice with different content.
pub fn import(
    texts: &[SourceText],
    existing: Option<&SourceTree>,
    options: &ImportOptions,
) -> Result<Imported, Vec<Diagnostic>> {
    let before = existing.map(compile::compile);
    let inventory: &[Cluster] = before.as_ref().map_or(&[], |before| &before.model.clusters);
    let known: Vec<String> = inventory.iter().map(|cluster| cluster.name.value.clone()).collect();
    let mut sources = read::read(texts, &options.drop_labels, &known)?;
    let mut imported = Imported::default();
    let summary = &mut imported.summary;
    summary.files_before = texts.len();
    summary.lines_before = texts.iter().map(|text| text.bytes.iter().filter(|byte| **byte == b'\n').count()).sum();
    summary.clusters = texts.iter().map(|text| &text.cluster).collect::<BTreeSet<&String>>().len();
    summary.cron_jobs = sources.objects.iter().filter(|found| group::is_cron_job(found)).count();
    summary.other_objects = sources.objects.len() - summary.cron_jobs;
    let given = before.as_ref().map(prove::objects).unwrap_or_default();
    sources.objects.retain(|found| match given.get(&(sources.clusters[found.cluster].clone(), found.key.clone())) {
        None => true,
        Some(value) if prove::is_equal(value, &found.value) => {
            imported.summary.there_already += 1;
            false
        }
        Some(_) => {
            let cluster = &sources.clusters[found.cluster];
            imported
                .unproven
                .push(format!("{} of cluster `{cluster}` is in the fleet already, and differs there", found.key));
            false
        }
    });
    if options.partial {
        imported.left_out.append(&mut imported.unproven);
    }
    let (described, refs) = describe(&sources.clusters, inventory);
    let work = Work {
        texts,
        sources: &sources,
        described: &described,
        refs: &refs,
        options,
        existing,
        before: before.as_ref(),
        given: given.into_keys().collect(),
    };
    work.run(&mut imported);
    imported.notes.extend(dropped_words(&sources));
    let broken = read::broken_images(&sources);
    if let Some(first) = broken.iter().next() {
        imported.notes.push(format!(
            "no container runtime takes the image `{first}` (1 of {} such): in a new fleet `invalid-image` is a warning until \
             they are mended, and `fleetcron check` names them",
            broken.len()
        ));
    }
    Ok(imported)
}

/// The clusters as selectors see them, and what each may be told by in a text.
fn describe(names: &[String], inventory: &[Cluster]) -> (Vec<Described>, Vec<Refs>) {
    let one = |name: &String| {
        let mut refs = vec![("$(cluster.name)".to_owned(), name.clone())];
        let Some(cluster) = inventory.iter().find(|cluster| cluster.name.value == *name) else {
            return (Described::bare(name), refs);
        };
        let mut add = |reference: String, value: &str| {
            if value.len() > 1 && refs.iter().all(|(_, known)| known != value) {
                refs.push((reference, value.to_owned()));
            }
        };
        cluster.region.iter().for_each(|region| add("$(cluster.region)".to_owned(), region));
        cluster.labels.iter().for_each(|(key, value)| add(format!("$(cluster.labels.{key})"), value));
        cluster.provider.iter().for_each(|provider| add("$(cluster.provider)".to_owned(), provider));
        for (key, value) in &cluster.variables {
            value.value.iter().for_each(|value| add(format!("$(var.{key})"), value));
        }
        (Described::of(cluster), refs)
    };
    names.iter().map(one).unzip()
}

/// What was left out of the sources, by kind.
fn dropped_words(sources: &read::Sources) -> Vec<String> {
    let mut notes: Vec<String> =
        sources.dropped.iter().map(|(what, number)| format!("left out: {what} ({number})")).collect();
    if sources.others > 0 {
        notes.push(format!("documents that are no objects of Kubernetes were passed over ({})", sources.others));
    }
    notes
}

/// The folder of a task's file.
fn folder_of(task: &Spread) -> String {
    task.namespace.as_ref().map_or_else(|| "tasks/".to_owned(), |namespace| format!("tasks/{namespace}/"))
}

/// What the objects of a file are called: kind, namespace and name.
pub fn keys(bytes: &[u8]) -> Vec<String> {
    read::keys(bytes)
}

/// The names of bases that an existing fleet has.
fn base_names(before: Option<&Compilation>) -> BTreeSet<String> {
    let documents = before.into_iter().flat_map(|before| before.documents.values().flatten());
    documents.filter(|document| document.kind == "Base").map(|document| document.name.clone()).collect()
}
