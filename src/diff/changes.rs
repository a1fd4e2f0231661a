//! Compares two compilations: inventory, tasks, deletions, and the verdict of the deletion guard.
//!
//! Deletions are counted from the files, not from the changes of tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::consequences::{Consequences, consequences};
use super::guard::{Allowed, GuardRefusal, guard, names_to_allow};
use super::inventory::{self, InventoryChanges};
use super::losses::{self, Baseline, RecordedCopies, is_marker};
use super::objects::Comparer;
use super::pairs::pairs;
use super::redaction::Redaction;
use super::task::{self, ComparedState, Pair, Sides, TaskChanges};
use crate::compile::Compilation;
use crate::lock;
use crate::model::{Guards, Model, Unit};
use crate::place::{Reason, Verdict};
use crate::tree::{Difference, FileId, RepoPath, ownership};

/// What changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The inventory.
    pub inventory: InventoryChanges,
    /// The tasks that change, in order of identity.
    pub tasks: Vec<TaskChanges>,
    /// Tasks of which nothing changes but how their objects are written, in order of identity.
    pub written: Vec<TaskChanges>,
    /// Objects that belong to no task, and kustomizations that come or go: what becomes of them, what they are, and on
    /// which clusters.
    pub others: Vec<(ObjectFate, String, Vec<String>)>,
    /// Numbers.
    pub totals: Totals,
    /// Clusters that stay and lose all objects of tasks, with how many those were.
    pub emptied: Vec<(String, usize)>,
    /// Clusters from which a NoExecute taint takes objects, with how many.
    pub drained: Vec<(String, usize)>,
    /// Updates that the API server refuses, and deletions that take more with them.
    pub consequences: Consequences,
    /// Where the guard would stop this.
    pub refusals: Vec<GuardRefusal>,
    /// The names that would allow it.
    pub to_allow: Vec<String>,
    /// The settings of the guard, if they change.
    pub guards: Option<(Guards, Guards)>,
    /// The directory of the output, where it is committed and another.
    pub moved: Option<(String, String)>,
    /// The source files that differ, and how.
    pub sources: Vec<(String, ObjectFate)>,
}

/// What becomes of a file or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectFate {
    /// It is new.
    New,
    /// It differs.
    Changed,
    /// It goes.
    Gone,
}

/// How much changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tasks that are there before and after and change, other names aside.
    pub tasks_changed: usize,
    /// Tasks that are new.
    pub tasks_added: usize,
    /// Tasks that go.
    pub tasks_removed: usize,
    /// Tasks that have another name.
    pub tasks_renamed: usize,
    /// Tasks there are now.
    pub tasks: usize,
    /// Clusters on which an object changes.
    pub touched: usize,
    /// Clusters of both sides.
    pub clusters: usize,
    /// Objects that are new.
    pub created: usize,
    /// Objects that differ.
    pub changed: usize,
    /// Objects that go.
    pub deleted: usize,
    /// Files that are written otherwise and mean the same.
    pub spelling: usize,
}

impl Changes {
    /// Whether no object changes, no file that Argo CD and Flux read with them comes or goes, and all stays where it is.
    pub fn is_empty(&self) -> bool {
        self.totals.objects() == 0 && self.others.is_empty() && self.moved.is_none()
    }
}

impl Totals {
    /// How many objects are new, differ or go.
    pub fn objects(&self) -> usize {
        self.created + self.changed + self.deleted
    }
}

/// Whether a file of the output is an object that counts: no index, no kustomization, no marker of an idle cluster.
pub(super) fn counts(path: &RepoPath) -> bool {
    ownership::is_manifest(path) && !is_marker(path)
}

/// What leads from one compilation to another.
pub fn changes(before: ComparedState<'_>, after: ComparedState<'_>, redaction: &Redaction) -> Changes {
    let mut found = Changes { inventory: inventory::inventory(before, after), ..Changes::default() };
    let renames: BTreeMap<String, String> =
        found.inventory.renamed.iter().map(|renamed| (renamed.from.clone(), renamed.to.clone())).collect();
    let mut comparer = Comparer::new(redaction);
    found.sources = sources(before, after);
    let sides = Sides::new(before, after, &renames);
    for pair in pairs(&sides, &comparer) {
        let Some(mut task) = task::task(&sides, pair, &mut comparer) else { continue };
        if task.changes.is_empty() && task.was.is_none() {
            found.written.push(task);
            continue;
        }
        task.sources = made_of((before, after), pair, &found.sources);
        found.tasks.push(task);
    }
    found.tasks.sort_by(|a, b| a.name.cmp(&b.name));
    found.written.sort_by(|a, b| a.name.cmp(&b.name));
    losses(before, after, &mut found);
    files(before, after, &mut comparer, &mut found);
    let totals = &mut found.totals;
    for task in &found.tasks {
        *match (task.there, &task.was) {
            ((false, _), _) => &mut totals.tasks_added,
            ((_, false), _) => &mut totals.tasks_removed,
            (_, Some(_)) => &mut totals.tasks_renamed,
            (_, None) => &mut totals.tasks_changed,
        } += 1;
    }
    totals.tasks = after.compilation.model.units.len();
    let (old, new) = (before.compilation.model.fleet.guards, after.compilation.model.fleet.guards);
    let (was, is) = (&before.compilation.model.fleet.output, &after.compilation.model.fleet.output);
    let moves = was.committed && is.committed && was.dir != is.dir;
    found.moved = moves.then(|| (was.dir.clone(), is.dir.clone()));
    found.guards = ((old.percent, old.min) != (new.percent, new.min)).then_some((old, new));
    found
}

/// The source files that differ, in order of path; the lock is no source.
fn sources(before: ComparedState<'_>, after: ComparedState<'_>) -> Vec<(String, ObjectFate)> {
    let mut found: BTreeMap<&str, ObjectFate> = BTreeMap::new();
    let is_source = |path: &RepoPath| path.as_str() != lock::PATH;
    for (_, file) in before.sources.files().filter(|(_, file)| is_source(&file.path)) {
        match after.sources.get(&file.path) {
            Some((_, other)) if other.bytes == file.bytes => {}
            Some(_) => _ = found.insert(file.path.as_str(), ObjectFate::Changed),
            None => _ = found.insert(file.path.as_str(), ObjectFate::Gone),
        }
    }
    let new = after.sources.files().filter(|(_, file)| before.sources.get(&file.path).is_none());
    found.extend(new.filter(|(_, file)| is_source(&file.path)).map(|(_, file)| (file.path.as_str(), ObjectFate::New)));
    found.into_iter().map(|(path, fate)| (path.to_owned(), fate)).collect()
}

/// The files that differ and that a task is made of, in order of path.
fn made_of(
    (before, after): (ComparedState<'_>, ComparedState<'_>),
    pair: Pair,
    differ: &[(String, ObjectFate)],
) -> Vec<String> {
    let mut files: BTreeSet<&str> = BTreeSet::new();
    for (state, unit) in [(before, pair.before), (after, pair.after)] {
        let Some(unit) = unit else { continue };
        let of = said_in(&state.compilation.model.units[unit]);
        files.extend(of.into_iter().map(|file| state.sources.file(file).path.as_str()));
    }
    let differs = |path: &&str| differ.binary_search_by(|(known, _)| known.as_str().cmp(path)).is_ok();
    files.into_iter().filter(differs).map(str::to_owned).collect()
}

/// The files in which a task is said: its own, those of its bases, overrides, and of objects beside it.
fn said_in(unit: &Unit) -> BTreeSet<FileId> {
    let mut files = BTreeSet::from([unit.name.file]);
    let layers = unit.layers.iter().map(AsRef::as_ref).chain(unit.overrides.iter().map(|over| &over.layer));
    for body in layers.map(|layer| &layer.body) {
        let parts = [&body.job, &body.pod, &body.container, &body.pod_template, &body.object];
        files.extend(parts.into_iter().flatten().map(|part| part.span().file));
        files.extend(body.containers.iter().map(|(name, _)| name.span.file));
        files.extend(body.labels.iter().chain(&body.annotations).map(|part| part.span().file));
        files.extend(body.schedule.expression.iter().map(|said| said.span.file));
        files.extend(body.variables.values().map(|said| said.span.file));
        files.extend(body.patches.iter().map(|patch| patch.span.file));
        files.extend(body.images.iter().map(|rule| rule.span.file));
        for resource in &body.resources {
            files.insert(resource.span.file);
            files.extend(resource.file.iter().map(|file| file.id));
        }
    }
    files.extend(unit.overrides.iter().map(|over| over.name.span.file));
    files
}

/// What the files of the output say: how many objects are new, differ and go, and those that are no task's.
fn files(before: ComparedState<'_>, after: ComparedState<'_>, comparer: &mut Comparer<'_>, found: &mut Changes) {
    let (old, new) = (&before.compilation.output, &after.compilation.output);
    let Ok(difference) = Difference::between(new, &old.standing(), &mut old.contents());
    let owned: BTreeSet<&str> = [before, after].iter().flat_map(|state| paths(state.compilation)).collect();
    let mut touched: BTreeSet<&str> = BTreeSet::new();
    let mut others: BTreeMap<(ObjectFate, String), Vec<String>> = BTreeMap::new();
    let created = difference.create.iter().map(|write| (ObjectFate::New, &write.path));
    let updated = difference.update.iter().map(|write| (ObjectFate::Changed, &write.path));
    let deleted = difference.delete.iter().map(|removal| (ObjectFate::Gone, &removal.path));
    let both = |name: &str| [before, after].iter().all(|state| named(&state.compilation.model, name));
    for (fate, path) in created.chain(updated).chain(deleted) {
        let below = path.as_str().split_once('/').map_or("", |(_, below)| below);
        if !ownership::is_manifest(path) {
            // It lists the manifests, so it differs when they do; that it is there at all is a setting.
            if below == ownership::KUSTOMIZATION && fate != ObjectFate::Changed && both(path.first()) {
                others.entry((fate, below.to_owned())).or_default().push(path.first().to_owned());
            }
            continue;
        }
        if fate == ObjectFate::Changed && same(before, after, path, comparer) {
            found.totals.spelling += 1;
            continue;
        }
        *match fate {
            ObjectFate::New => &mut found.totals.created,
            ObjectFate::Changed => &mut found.totals.changed,
            ObjectFate::Gone => &mut found.totals.deleted,
        } += 1;
        touched.insert(path.first());
        if !owned.contains(below) {
            let what = match below.strip_suffix(".namespace.yaml") {
                _ if is_marker(path) => "the marker of an idle cluster".to_owned(),
                Some(name) => format!("Namespace {name}"),
                None => below.to_owned(),
            };
            others.entry((fate, what)).or_default().push(path.first().to_owned());
        }
    }
    found.others = others.into_iter().map(|((fate, what), clusters)| (fate, what, clusters)).collect();
    let names = |state: ComparedState<'_>| -> BTreeSet<String> {
        state.compilation.model.clusters.iter().map(|cluster| cluster.name.value.clone()).collect()
    };
    found.totals.clusters = names(before).union(&names(after)).count();
    found.totals.touched = touched.len();
    let drained_since = drained_since(before, after);
    let recorded: RecordedCopies = (before.compilation.lock.tasks.iter())
        .map(|(task, record)| (task.clone(), record.clusters.keys().cloned().collect()))
        .collect();
    found.consequences = consequences(after.compilation, &difference);
    let counted = Baseline {
        difference: &difference,
        recorded: &recorded,
        drained: &drained_since,
        consequences: &found.consequences,
    };
    let counted = losses::losses(after.compilation, counted, |_| true);
    let (guards, nothing) = (after.compilation.model.fleet.guards, Allowed::default());
    found.refusals = guard(&counted, guards, &nothing);
    if !found.refusals.is_empty() {
        found.to_allow = names_to_allow(&counted, guards, &nothing, &found.refusals);
    }
    let mut drained = after.compilation.drained();
    drained.extend(drained_since);
    let mut by_cluster: BTreeMap<&str, usize> = BTreeMap::new();
    let gone = difference.delete.iter().filter(|removal| drained.contains(removal.path.as_str()));
    gone.for_each(|removal| *by_cluster.entry(removal.path.first()).or_default() += 1);
    found.drained = by_cluster.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
}

/// Whether a cluster is in the inventory.
fn named(model: &Model, name: &str) -> bool {
    model.clusters.binary_search_by(|known| known.name.value.as_str().cmp(name)).is_ok()
}

/// Whether two files say the same.
fn same(before: ComparedState<'_>, after: ComparedState<'_>, path: &RepoPath, comparer: &mut Comparer<'_>) -> bool {
    let (Some(old), Some(new)) = (before.compilation.output.get(path), after.compilation.output.get(path)) else {
        return false;
    };
    comparer.same(old, new)
}

/// The paths of all objects of tasks, below a cluster's directory.
fn paths(compilation: &Compilation) -> impl Iterator<Item = &str> {
    let variants = compilation.plan.iter().flat_map(|built| &built.rendered.variants);
    variants.flat_map(|variant| &variant.manifests).map(|manifest| manifest.path.as_str())
}

/// The files that tasks had on clusters that are drained now. The lock may be up to date already, so what stood there is
/// asked of the side before.
fn drained_since(before: ComparedState<'_>, after: ComparedState<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (old, new) = (&before.compilation.model, &after.compilation.model);
    for (unit, built) in old.units.iter().zip(&before.compilation.plan) {
        let Ok(at) = new.units.binary_search_by(|known| known.identity.cmp(&unit.identity)) else { continue };
        let decision = &after.compilation.plan[at].decision;
        for variant in &built.rendered.variants {
            for name in variant.clusters.iter().map(|cluster| &old.clusters[*cluster].name.value) {
                let Ok(now) = new.clusters.binary_search_by(|known| known.name.value.cmp(name)) else { continue };
                if matches!(decision.verdicts[now], Verdict::Refused(Reason::Taint { drains: true, .. })) {
                    found.extend(variant.manifests.iter().map(|manifest| format!("{name}/{}", manifest.path)));
                }
            }
        }
    }
    found
}

/// The clusters that stay and lose all that tasks had there.
fn losses(before: ComparedState<'_>, after: ComparedState<'_>, found: &mut Changes) {
    // What several tasks bring is one object.
    let number = |state: ComparedState<'_>| -> BTreeMap<String, usize> {
        let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for variant in state.compilation.plan.iter().flat_map(|built| &built.rendered.variants) {
            for cluster in &variant.clusters {
                let name = state.compilation.model.clusters[*cluster].name.as_str();
                paths.entry(name).or_default().extend(variant.manifests.iter().map(|manifest| manifest.path.as_str()));
            }
        }
        paths.into_iter().map(|(name, paths)| (name.to_owned(), paths.len())).collect()
    };
    let (old, new) = (number(before), number(after));
    let stays = |name: &String| after.compilation.model.clusters.iter().any(|cluster| *cluster.name.value == **name);
    found.emptied = old.into_iter().filter(|(name, _)| !new.contains_key(name) && stays(name)).collect();
}
