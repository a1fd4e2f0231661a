//! Compares one task between two compilations: placement, schedule, objects.
//!
//! Clusters that had one variant and get one variant change alike, so variants are compared pairwise.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::beside::{self, full};
use super::field::FieldChange;
use super::objects::{Compared, Comparer, ObjectText};
use super::whereabouts::{self, Why};
use crate::compile::Compilation;
use crate::model::Timing;
use crate::tree::{RepoPath, SourceTree};

/// A compilation with the texts that it was made from.
#[derive(Clone, Copy)]
pub struct ComparedState<'a> {
    /// What they come to.
    pub compilation: &'a Compilation,
    /// The texts.
    pub sources: &'a SourceTree,
}

/// What changes about a task.
#[derive(Clone, Debug)]
pub struct TaskChanges {
    /// Its identity; that from before, if it is gone.
    pub name: String,
    /// Its identity before, if it has another one now.
    pub was: Option<String>,
    /// Whether it is there before and after.
    pub there: (bool, bool),
    /// On how many clusters it runs before and after.
    pub clusters: (usize, usize),
    /// What changes; empty if it is only written otherwise, or only has another identity.
    pub changes: Vec<Change>,
    /// The objects that differ, each distinct pair once.
    pub documents: Vec<ObjectChange>,
    /// The files that changed and that it is made of.
    pub sources: Vec<String>,
}

/// One change, on the clusters on which it holds.
#[derive(Clone, Debug)]
pub struct Change {
    /// What.
    pub what: What,
    /// Where, in order of name.
    pub clusters: Vec<String>,
    /// It holds on all clusters on which it could.
    pub everywhere: bool,
}

/// The kinds of changes.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The task is new here.
    New {
        /// Pods of one run.
        instances: u32,
        /// When it runs.
        when: When,
        /// The images of its containers.
        images: Vec<String>,
    },
    /// The task is gone from here with its document.
    Gone,
    /// The CronJob has another name or namespace.
    Renamed {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// It does not run here any longer.
    Left(Why),
    /// It runs here too.
    Came {
        /// Why it did not before.
        why: Why,
        /// Pods of one run.
        instances: u32,
    },
    /// Other copies run, where they are chosen by `active`.
    Active {
        /// The clusters whose copy ran and does so no longer.
        from: Vec<String>,
        /// The clusters whose copy runs from now on.
        to: Vec<String>,
        /// Why the first of them does so no longer.
        why: Option<Why>,
    },
    /// Another fallback group works.
    Group {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// Another number of pods of one run.
    Instances {
        /// Before.
        from: u32,
        /// Now.
        to: u32,
    },
    /// It runs at other times.
    When {
        /// Before.
        from: When,
        /// Now.
        to: When,
    },
    /// A field of an object.
    Field {
        /// Which object; nothing for the CronJob.
        object: Option<String>,
        /// The field.
        field: FieldChange,
    },
    /// An object beside the CronJob is new.
    ObjectNew {
        /// Which.
        object: String,
    },
    /// An object beside the CronJob goes.
    ObjectGone {
        /// Which.
        object: String,
    },
}

/// When a task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The schedule.
    pub schedule: String,
    /// The zone; none is the controller's.
    pub zone: Option<String>,
    /// It does not run at all.
    pub suspended: bool,
}

impl When {
    fn of(timing: &Timing) -> Self {
        Self {
            schedule: timing.schedule.clone(),
            zone: timing.time_zone.clone(),
            suspended: timing.suspended || !timing.paused.is_empty(),
        }
    }
}

/// An object that differs, and where it does so alike.
#[derive(Clone, Debug)]
pub struct ObjectChange {
    /// Its path below a cluster's directory before, if it was there.
    pub old_path: Option<String>,
    /// Its path below a cluster's directory now, if it is there.
    pub new_path: Option<String>,
    /// The object that is no CronJob; nothing for the CronJob.
    pub object: Option<String>,
    /// Before and now, secrets covered.
    pub compared: Rc<Compared>,
    /// The clusters.
    pub clusters: Vec<String>,
    /// What those of them were called that have another name now.
    pub was: BTreeMap<String, String>,
}

impl ObjectChange {
    /// Whether it is the same object before and after, and means the same.
    pub fn same(&self) -> bool {
        self.old_path == self.new_path && self.compared.same()
    }
}

/// A task before and after, by its place in the model of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
}

/// Both sides, and the clusters that only have another name now.
pub(super) struct Sides<'a> {
    pub(super) before: ComparedState<'a>,
    pub(super) after: ComparedState<'a>,
    /// By their names of before.
    renames: &'a BTreeMap<String, String>,
    /// By their names of now.
    formers: BTreeMap<&'a str, &'a str>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(
        before: ComparedState<'a>,
        after: ComparedState<'a>,
        renames: &'a BTreeMap<String, String>,
    ) -> Self {
        let formers = renames.iter().map(|(from, to)| (to.as_str(), from.as_str())).collect();
        Self { before, after, renames, formers }
    }

    /// What a cluster of before is called now.
    pub(super) fn today<'n>(&'n self, cluster: &'n str) -> &'n str {
        self.renames.get(cluster).map_or(cluster, String::as_str)
    }

    /// What a cluster of now was called.
    pub(super) fn former<'n>(&'n self, cluster: &'n str) -> &'n str {
        self.formers.get(cluster).copied().unwrap_or(cluster)
    }
}

/// Where the clusters of one side run which variant.
fn variants(state: ComparedState<'_>, unit: Option<usize>) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    let Some(unit) = unit else { return found };
    let Compilation { model, plan, .. } = state.compilation;
    for (at, variant) in plan[unit].rendered.variants.iter().enumerate() {
        found.extend(variant.clusters.iter().map(|cluster| (model.clusters[*cluster].name.as_str(), at)));
    }
    found
}

/// Changes under construction: each with the clusters it holds on, in the order in which they were met.
#[derive(Default)]
pub(super) struct ChangesBuilder {
    changes: Vec<(What, BTreeSet<String>)>,
    known: BTreeMap<String, usize>,
    documents: Vec<ObjectChange>,
}

impl ChangesBuilder {
    /// A change on some clusters.
    pub(super) fn add<'c>(&mut self, what: What, clusters: impl IntoIterator<Item = &'c str>) {
        let key = format!("{what:?}");
        let at = *self.known.entry(key).or_insert_with(|| {
            self.changes.push((what, BTreeSet::new()));
            self.changes.len() - 1
        });
        self.changes[at].1.extend(clusters.into_iter().map(str::to_owned));
    }
}

/// What changes about a task; `None` if nothing does, not even how it is written.
pub(super) fn task(sides: &Sides<'_>, pair: Pair, comparer: &mut Comparer<'_>) -> Option<TaskChanges> {
    let (before, after) = (sides.before, sides.after);
    let (mut old, new) = (variants(before, pair.before), variants(after, pair.after));
    let pairs = pair.before.zip(pair.after);
    if pairs.is_some() {
        // A cluster with another name is the same cluster; its directories are told with the inventory.
        old = old.into_iter().map(|(name, at)| (sides.today(name), at)).collect();
    }
    let identity = |state: ComparedState<'_>, unit: usize| state.compilation.model.units[unit].identity.to_string();
    let was = pair.before.map(|unit| identity(before, unit));
    let is = pair.after.map(|unit| identity(after, unit));
    let mut build = ChangesBuilder::default();
    let mut groups: BTreeMap<(Option<usize>, Option<usize>), Vec<&str>> = BTreeMap::new();
    for name in old.keys().chain(new.keys()).copied().collect::<BTreeSet<&str>>() {
        groups.entry((old.get(name).copied(), new.get(name).copied())).or_default().push(name);
    }
    for ((from, to), clusters) in &groups {
        match (from.zip(pair.before), to.zip(pair.after)) {
            (Some((from, old_unit)), Some((to, new_unit))) => {
                changed(sides, [(old_unit, from), (new_unit, to)], clusters, &mut build, comparer);
            }
            (None, Some((to, unit))) => {
                let variant = &after.compilation.plan[unit].rendered.variants[to];
                match pair.before {
                    None => {
                        let when = When::of(&variant.timing);
                        let job = variant.manifests.first();
                        let images =
                            job.map(|job| images(comparer.pair(None, Some(ObjectText::of(job)), false).new.as_ref()));
                        let images = images.unwrap_or_default();
                        build.add(What::New { instances: variant.instances, when, images }, clusters.iter().copied());
                    }
                    Some(old_unit) => {
                        for name in clusters {
                            let why = whereabouts::absent(before, old_unit, sides.former(name));
                            build.add(What::Came { why, instances: variant.instances }, [*name]);
                        }
                    }
                }
                for (place, manifest) in variant.manifests.iter().enumerate() {
                    beside::came(sides, manifest, clusters, (place == 0, true), &mut build, comparer);
                }
            }
            (Some((from, unit)), None) => {
                match pair.after {
                    None => build.add(What::Gone, clusters.iter().copied()),
                    Some(new_unit) => {
                        for name in clusters {
                            let why = whereabouts::left((before, unit), (after, new_unit), name);
                            build.add(What::Left(why), [*name]);
                        }
                    }
                }
                let variant = &before.compilation.plan[unit].rendered.variants[from];
                for (place, manifest) in variant.manifests.iter().enumerate() {
                    beside::went(sides, manifest, clusters, (place == 0, true), &mut build, comparer);
                }
            }
            (None, None) => {}
        }
    }
    if let Some((old_unit, new_unit)) = pairs {
        let ran = running(before, old_unit);
        let ran = ran.map(|names| names.iter().map(|name| sides.today(name).to_owned()).collect::<BTreeSet<String>>());
        if let (Some(running), Some(ran)) = (running(after, new_unit), ran)
            && running != ran
        {
            // It ran under the name that the cluster had.
            let from: Vec<String> = ran.difference(&running).map(|name| sides.former(name).to_owned()).collect();
            let to: Vec<String> = running.difference(&ran).cloned().collect();
            let why = from.first().filter(|name| !new.contains_key(name.as_str()));
            let why = why.map(|name| whereabouts::left((before, old_unit), (after, new_unit), name));
            let on: Vec<String> = from.iter().chain(&to).cloned().collect();
            build.add(What::Active { from, to, why }, on.iter().map(String::as_str));
        }
        let (from, to) = (group(before, old_unit), group(after, new_unit));
        if from != to {
            build.add(What::Group { from, to }, new.keys().copied());
        }
    }
    build.one_move();
    let both = old.keys().filter(|name| new.contains_key(*name)).count();
    let mut changes: Vec<Change> = Vec::new();
    for (what, clusters) in build.changes {
        let of = match what {
            What::New { .. } | What::Group { .. } => new.len(),
            What::Gone => old.len(),
            What::Left(_) | What::Came { .. } | What::Active { .. } => usize::MAX,
            _ => both,
        };
        changes.push(Change { everywhere: clusters.len() == of, clusters: clusters.into_iter().collect(), what });
    }
    if changes.is_empty() && build.documents.is_empty() && was == is {
        return None;
    }
    let renamed = was.clone().filter(|was| is.as_ref().is_some_and(|is| is != was));
    Some(TaskChanges {
        name: is.or(was)?,
        was: renamed,
        there: (pair.before.is_some(), pair.after.is_some()),
        clusters: (old.len(), new.len()),
        changes,
        documents: build.documents,
        sources: Vec::new(),
    })
}

/// The images of the containers of a CronJob.
fn images(object: Option<&Value>) -> Vec<String> {
    let pod = object.and_then(|object| object.pointer("/spec/jobTemplate/spec/template/spec"));
    let containers = |list: &str| pod.and_then(|pod| pod.get(list)).and_then(Value::as_array).into_iter().flatten();
    let all = containers("initContainers").chain(containers("containers"));
    let mut found: Vec<String> =
        all.filter_map(|container| container.get("image").and_then(Value::as_str)).map(str::to_owned).collect();
    found.dedup();
    found
}

/// The clusters whose copy runs, where copies are chosen.
fn running(state: ComparedState<'_>, unit: usize) -> Option<BTreeSet<String>> {
    let activation = state.compilation.plan[unit].planned.activation.as_ref()?;
    let name = |at: &usize| state.compilation.model.clusters[*at].name.value.clone();
    Some(activation.running.iter().map(name).collect())
}

/// The fallback group that works.
fn group(state: ComparedState<'_>, unit: usize) -> Option<String> {
    let group = state.compilation.plan[unit].decision.group?;
    Some(state.compilation.model.units[unit].placement.fallback[group].name.value.clone())
}

/// What differs between two variants of a task, on the clusters that had the one and get the other.
fn changed(
    sides: &Sides<'_>,
    [(old_unit, from), (new_unit, to)]: [(usize, usize); 2],
    clusters: &[&str],
    build: &mut ChangesBuilder,
    comparer: &mut Comparer<'_>,
) {
    let (before, after) = (sides.before, sides.after);
    let old = &before.compilation.plan[old_unit].rendered.variants[from];
    let new = &after.compilation.plan[new_unit].rendered.variants[to];
    let (Some(old_job), Some(new_job)) = (old.manifests.first(), new.manifests.first()) else { return };
    let renamed = old_job.path != new_job.path;
    if renamed {
        // Where another task takes the old name, or had the new one, that CronJob stays and is another.
        let free =
            |name: &&str| sides.stands(name, &old_job.path).is_none() && sides.stood(name, &new_job.path).is_none();
        let (clean, taken): (Vec<&str>, Vec<&str>) = clusters.iter().copied().partition(free);
        if !clean.is_empty() {
            build.add(What::Renamed { from: full(old_job), to: full(new_job) }, clean);
        }
        beside::went(sides, old_job, &taken, (true, false), build, comparer);
        beside::came(sides, new_job, &taken, (true, false), build, comparer);
    }
    let compared = comparer.pair(Some(ObjectText::of(old_job)), Some(ObjectText::of(new_job)), renamed);
    let moved_copies = running(before, old_unit).is_some() && running(after, new_unit).is_some();
    let hidden = Hidden {
        instances: (old.instances != new.instances).then_some((old.instances, new.instances)),
        when: (&old.timing.schedule, &old.timing.time_zone) != (&new.timing.schedule, &new.timing.time_zone),
        suspended: moved_copies && old.timing.suspended != new.timing.suspended,
    };
    if let Some((from, to)) = hidden.instances {
        build.add(What::Instances { from, to }, clusters.iter().copied());
    }
    if hidden.when {
        let (from, to) = (When::of(&old.timing), When::of(&new.timing));
        build.add(What::When { from, to }, clusters.iter().copied());
    }
    let named = [(before, old_unit), (after, new_unit)]
        .map(|(state, unit)| state.compilation.model.units[unit].identity.name.as_str());
    let same = |field: &&FieldChange| named[0] != named[1] && only_named(field, &compared.fields, named);
    for field in compared.fields.iter().filter(|field| !hidden.covers(field) && !same(field)) {
        build.add(What::Field { object: None, field: field.clone() }, clusters.iter().copied());
    }
    if !compared.alike() || renamed {
        document((Some(&old_job.path), Some(&new_job.path)), None, compared, (sides, clusters), build);
    }
    for manifest in &old.manifests[1..] {
        let Some(other) = new.manifests[1..].iter().find(|other| other.path == manifest.path) else {
            beside::went(sides, manifest, clusters, (false, false), build, comparer);
            continue;
        };
        let object = beside::titled(manifest);
        let compared = comparer.pair(Some(ObjectText::of(manifest)), Some(ObjectText::of(other)), false);
        for field in &compared.fields {
            build.add(What::Field { object: Some(object.clone()), field: field.clone() }, clusters.iter().copied());
        }
        if !compared.alike() {
            let paths = (Some(&manifest.path), Some(&other.path));
            document(paths, Some(object), compared, (sides, clusters), build);
        }
    }
    for manifest in &new.manifests[1..] {
        if !old.manifests[1..].iter().any(|other| other.path == manifest.path) {
            beside::came(sides, manifest, clusters, (false, false), build, comparer);
        }
    }
}

/// Whether a field is a container that is called after its task, and differs in nothing but that name.
fn only_named(field: &FieldChange, all: &[FieldChange], [was, is]: [&str; 2]) -> bool {
    const AT: [&str; 7] = ["spec", "jobTemplate", "spec", "template", "spec", "containers", "*"];
    let called = |field: &FieldChange, name: &str| {
        field.is_at(&AT) && field.path.last() == Some(&super::field::PathSegment::Item(name.to_owned()))
    };
    let body = |value: &Option<Value>| {
        let mut body = value.clone();
        if let Some(Value::Object(members)) = &mut body {
            members.remove("name");
        }
        body
    };
    let old = all.iter().find(|field| called(field, was) && field.new.is_none());
    let new = all.iter().find(|field| called(field, is) && field.old.is_none());
    let (Some(old), Some(new)) = (old, new) else { return false };
    (field == old || field == new) && body(&old.old) == body(&new.new)
}

/// Fields that another change tells already.
struct Hidden {
    instances: Option<(u32, u32)>,
    when: bool,
    suspended: bool,
}

impl Hidden {
    fn covers(&self, field: &FieldChange) -> bool {
        let job = |name| field.is_at(&["spec", "jobTemplate", "spec", name]);
        // One pod is what there is where nobody says a number; another number than that of instances is news.
        let is = |value: &Option<Value>, number: u32| {
            value.as_ref().map_or(Some(1), Value::as_u64) == Some(u64::from(number))
        };
        let counted = |(from, to)| is(&field.old, from) && is(&field.new, to);
        ((job("parallelism") || job("completions")) && self.instances.is_some_and(counted))
            || (self.when && (field.is_at(&["spec", "schedule"]) || field.is_at(&["spec", "timeZone"])))
            || (self.suspended && field.is_at(&["spec", "suspend"]))
    }
}

impl ChangesBuilder {
    /// A task that is suspended in one place and runs again in another moves: that is one change and not two.
    fn one_move(&mut self) {
        let suspends = |what: &What, whether: bool| match what {
            What::Field { object: None, field } if field.is_at(&["spec", "suspend"]) => {
                (field.new == Some(Value::Bool(true))) == whether
            }
            _ => false,
        };
        let on = |whether: bool| -> Vec<String> {
            let alike = self.changes.iter().filter(|(what, _)| suspends(what, whether));
            alike.flat_map(|(_, clusters)| clusters).cloned().collect()
        };
        let (from, to) = (on(true), on(false));
        if from.is_empty() || to.is_empty() {
            return;
        }
        self.changes.retain(|(what, _)| !suspends(what, true) && !suspends(what, false));
        let clusters = from.iter().chain(&to).cloned().collect();
        self.changes.push((What::Active { from, to, why: None }, clusters));
    }
}

/// An object to show, on some clusters.
pub(super) fn document(
    (old, new): (Option<&RepoPath>, Option<&RepoPath>),
    object: Option<String>,
    compared: Rc<Compared>,
    (sides, clusters): (&Sides<'_>, &[&str]),
    build: &mut ChangesBuilder,
) {
    let was = clusters.iter().map(|name| ((*name).to_owned(), sides.former(name).to_owned()));
    let was: BTreeMap<String, String> = was.filter(|(is, was)| is != was).collect();
    let (old_path, new_path) = (old.map(RepoPath::to_string), new.map(RepoPath::to_string));
    let same = |known: &&mut ObjectChange| {
        Rc::ptr_eq(&known.compared, &compared) && known.old_path == old_path && known.new_path == new_path
    };
    match build.documents.iter_mut().find(same) {
        Some(known) => {
            known.clusters.extend(clusters.iter().map(|name| (*name).to_owned()));
            known.clusters.sort_unstable();
            known.was.extend(was);
        }
        None => {
            let clusters = clusters.iter().map(|name| (*name).to_owned()).collect();
            build.documents.push(ObjectChange { old_path, new_path, object, compared, clusters, was });
        }
    }
}
