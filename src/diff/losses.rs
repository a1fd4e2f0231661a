//! What the deletion guard counts: objects that leave a cluster and copies that leave a task, with the numbers they are
//! measured against.

use std::collections::{BTreeMap, BTreeSet};

use super::consequences::Consequences;
use crate::compile::{Compilation, MARKER_PREFIX};
use crate::lock::{Lock, ParsedLock};
use crate::model::Unit;
use crate::place::{Reason, Verdict};
use crate::tree::{Difference, Removal, RepoPath, ownership};

/// Why an object counts as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossCause {
    /// Its file is deleted, whatever is created in its place.
    Deleted,
    /// No output of its cluster exists to compare with, and the lock records a copy that is no longer placed there.
    Recorded,
    /// The API server refuses the update, so the object has to be deleted and created again.
    Replaced,
    /// It stays in the output, and something that is deleted takes it along, as a Namespace does.
    TakenAlong,
}

/// An object, or a recorded copy of a task, that leaves a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The cluster that it leaves.
    pub cluster: String,
    /// The task that it belongs to, where that is known.
    pub task: Option<String>,
    /// Why it counts.
    pub cause: LossCause,
}

/// How many objects of tasks a cluster has, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyCount {
    /// Baseline, without what a drain explains.
    pub before: usize,
    /// After.
    pub after: usize,
}

/// Where a task has copies: the clusters that the lock or the existing output names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Baseline, without those that a drain explains.
    pub before: BTreeSet<String>,
    /// Those of them that go: no longer recorded, or the CronJob has another path now.
    pub lost: BTreeSet<String>,
    /// After.
    pub after: BTreeSet<String>,
    /// A document of this task still exists.
    pub exists: bool,
}

/// Everything that the guard counts about one change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// What is lost, by its path below the output directory; a copy that only the lock knows is `CLUSTER/TASK`.
    /// What a NoExecute taint explains is not in it.
    pub losses: BTreeMap<String, Loss>,
    /// The size of each cluster that has or had an object.
    pub clusters: BTreeMap<String, CopyCount>,
    /// The copies of each task that loses one.
    pub tasks: BTreeMap<String, Copies>,
    /// The clusters of the inventory.
    pub inventory: BTreeSet<String>,
}

impl Losses {
    /// Counts one more object as lost; one that is counted already stays as it is.
    fn add(&mut self, path: &str, loss: Loss) {
        self.losses.entry(path.to_owned()).or_insert(loss);
    }
}

/// The clusters of each task, as a lock records them.
pub type RecordedCopies = BTreeMap<String, BTreeSet<String>>;

/// What a lock that was read records.
pub fn recorded(found: &ParsedLock) -> RecordedCopies {
    let clusters = |entry: &crate::lock::RecordedTask| entry.record.clusters.keys().cloned().collect();
    found.tasks.iter().map(|(task, entry)| (task.clone(), clusters(entry))).collect()
}

/// What a change is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Baseline<'a> {
    /// From the existing output to the new one.
    pub difference: &'a Difference,
    /// What the lock recorded.
    pub recorded: &'a RecordedCopies,
    /// Paths that go because a NoExecute taint drains their cluster, beyond those that the new compilation knows.
    pub drained: &'a BTreeSet<String>,
    /// What follows from the difference beyond its files.
    pub consequences: &'a Consequences,
}

/// Counts what a change takes away; `looks` tells which clusters the difference was made for.
pub fn losses(after: &Compilation, baseline: Baseline<'_>, looks: impl Fn(&str) -> bool) -> Losses {
    let count = Count::new(after, baseline);
    let mut found = Losses { inventory: count.inventory.clone(), ..Losses::default() };
    for cluster in baseline.difference.clusters.keys() {
        count.objects(cluster, &mut found);
    }
    count.consequences(&mut found);
    count.copies(&mut found);
    count.unseen(looks, &mut found);
    found
}

/// What the counting looks up.
struct Count<'a> {
    baseline: Baseline<'a>,
    units: BTreeMap<String, (&'a Unit, &'a [Verdict])>,
    clusters: BTreeMap<&'a str, usize>,
    inventory: BTreeSet<String>,
    drained: BTreeSet<String>,
    /// The clusters whose directory has the marker from now on: it keeps an idle directory alive and is no task's object.
    marked: BTreeSet<&'a str>,
    /// The clusters of them whose directory did not have it.
    unmarked: BTreeSet<&'a str>,
    /// The objects that are deleted, by cluster.
    gone: BTreeMap<&'a str, Vec<&'a Removal>>,
    lock: &'a Lock,
    excluded: BTreeSet<String>,
    /// The objects that stay in the output and that something deleted takes along, by path, with the task whose CronJob
    /// they are.
    taken: BTreeMap<&'a RepoPath, Option<&'a str>>,
}

impl<'a> Count<'a> {
    fn new(after: &'a Compilation, baseline: Baseline<'a>) -> Self {
        let model = &after.model;
        let decided = model.units.iter().zip(&after.plan);
        let units = decided.map(|(unit, built)| (unit.identity.to_string(), (unit, &built.decision.verdicts[..])));
        let mut drained = after.drained();
        drained.extend(baseline.drained.iter().cloned());
        let mut gone: BTreeMap<&str, Vec<&Removal>> = BTreeMap::new();
        for removal in baseline.difference.delete.iter().filter(|removal| ownership::is_manifest(&removal.path)) {
            gone.entry(removal.path.first()).or_default().push(removal);
        }
        let created = baseline.difference.create.iter().map(|write| &write.path);
        let taken = baseline.consequences.cascades.iter().flat_map(|cascade| &cascade.taken);
        Self {
            unmarked: created.filter(|path| is_marker(path)).map(RepoPath::first).collect(),
            gone,
            baseline,
            units: units.collect(),
            clusters: model.clusters.iter().enumerate().map(|(at, cluster)| (cluster.name.as_str(), at)).collect(),
            inventory: model.clusters.iter().map(|cluster| cluster.name.value.clone()).collect(),
            drained,
            marked: after
                .output
                .files()
                .map(|(path, _)| path)
                .filter(|path| is_marker(path))
                .map(RepoPath::first)
                .collect(),
            lock: &after.lock,
            excluded: model.excluded_tasks.keys().map(ToString::to_string).collect(),
            // What is not there yet cannot be lost.
            taken: taken.filter(|taken| !taken.created).map(|taken| (&taken.path, taken.owner.as_deref())).collect(),
        }
    }

    /// Whether a NoExecute taint takes a task from a cluster.
    fn drains(&self, task: &str, cluster: &str) -> bool {
        let (Some((_, verdicts)), Some(at)) = (self.units.get(task), self.clusters.get(cluster)) else { return false };
        matches!(verdicts.get(*at), Some(Verdict::Refused(Reason::Taint { drains: true, .. })))
    }

    /// Counts the objects of one cluster. What a drain explains is neither counted as lost nor as having been there, and
    /// nor is the marker.
    fn objects(&self, cluster: &str, found: &mut Losses) {
        let difference = self.baseline.difference;
        let counts = difference.clusters.get(cluster).copied().unwrap_or_default();
        let gone = || self.gone.get(cluster).into_iter().flatten().copied();
        let explained = |path: &RepoPath, task: Option<&str>| {
            self.drained.contains(path.as_str()) || task.is_some_and(|task| self.drains(task, cluster))
        };
        let drains = gone().any(|removal| explained(&removal.path, removal.owner.as_deref()));
        let dropped = !self.inventory.contains(cluster);
        let mut without = 0;
        for removal in gone() {
            // A Namespace goes with the objects of tasks.
            let beside = drains && removal.path.as_str().ends_with(".namespace.yaml");
            let marker = is_marker(&removal.path) && !dropped;
            if marker || beside || explained(&removal.path, removal.owner.as_deref()) {
                without += 1;
                continue;
            }
            let loss = Loss { cluster: cluster.to_owned(), task: removal.owner.clone(), cause: LossCause::Deleted };
            found.add(removal.path.as_str(), loss);
        }
        let marked = self.marked.contains(cluster);
        let created = self.unmarked.contains(cluster);
        let before = counts.before().saturating_sub(without + usize::from(marked && !created));
        let taken = self.taken.keys().filter(|path| path.first() == cluster && !is_marker(path)).count();
        let after = counts.after().saturating_sub(usize::from(marked) + taken);
        found.clusters.insert(cluster.to_owned(), CopyCount { before, after });
    }

    /// Counts the objects that stay in the output and are lost all the same.
    fn consequences(&self, found: &mut Losses) {
        let of = |cluster: &str, tasks: &BTreeSet<String>, cause| Loss {
            cluster: cluster.to_owned(),
            // An object of several tasks is no single task's to allow.
            task: tasks.first().filter(|_| tasks.len() == 1).cloned(),
            cause,
        };
        for update in &self.baseline.consequences.refused {
            for cluster in &update.clusters {
                found.add(&format!("{cluster}/{}", update.path), of(cluster, &update.tasks, LossCause::Replaced));
            }
        }
        for taken in self.baseline.consequences.cascades.iter().flat_map(|cascade| &cascade.taken) {
            if self.taken.contains_key(&taken.path) && !is_marker(&taken.path) {
                found.add(taken.path.as_str(), of(taken.path.first(), &taken.tasks, LossCause::TakenAlong));
            }
        }
    }

    /// Counts the copies of each task that loses one.
    fn copies(&self, found: &mut Losses) {
        let difference = self.baseline.difference;
        let mut deleted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for removal in &difference.delete {
            if let Some(task) = &removal.owner {
                deleted.entry(task).or_default().insert(removal.path.first());
            }
        }
        let mut taken: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (path, owner) in &self.taken {
            if let Some(task) = owner {
                taken.entry(task).or_default().insert(path.first());
            }
        }
        let recorded = self.baseline.recorded.keys().map(String::as_str);
        let tasks: BTreeSet<&str> = recorded.chain(deleted.keys().copied()).chain(taken.keys().copied()).collect();
        if tasks.is_empty() {
            return;
        }
        // The clusters on which the file of a task is new, or was that of another task until now; and the files that
        // another task writes from now on, whose objects stay.
        let mut anew: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut passed: BTreeSet<(&str, &str)> = BTreeSet::new();
        for write in &difference.create {
            anew.extend(ownership::owner(&write.bytes).map(|task| (task, write.path.first())));
        }
        for write in &difference.update {
            let (cluster, now) = (write.path.first(), ownership::owner(&write.bytes));
            let Some(was) = write.former_owner.as_deref().filter(|was| now != Some(was)) else { continue };
            passed.insert((was, cluster));
            anew.extend(now.map(|now| (now, cluster)));
        }
        for task in tasks {
            let after: BTreeSet<&str> = (self.lock.tasks.get(task).into_iter())
                .flat_map(|record| record.clusters.keys())
                .map(String::as_str)
                .collect();
            let recorded = || self.baseline.recorded.get(task).into_iter().flatten().map(String::as_str);
            let removed = || deleted.get(task).into_iter().flatten().copied();
            let moved = removed().filter(|cluster| !after.contains(cluster) || anew.contains(&(task, cluster)));
            let left = recorded().filter(|cluster| !after.contains(cluster) && !passed.contains(&(task, cluster)));
            let mut lost: BTreeSet<&str> = left.chain(moved).filter(|cluster| !self.drains(task, cluster)).collect();
            let along = || taken.get(task).into_iter().flatten().copied();
            lost.extend(along());
            if lost.is_empty() {
                continue;
            }
            let stays = |cluster: &&str| {
                difference.clusters.get(*cluster).is_some_and(|counts| counts.before() > 0)
                    && !anew.contains(&(task, *cluster))
            };
            let before = recorded().chain(removed()).chain(after.iter().copied().filter(stays));
            let before = before.chain(along()).filter(|cluster| !self.drains(task, cluster));
            let own = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
            found.tasks.insert(
                task.to_owned(),
                Copies {
                    before: own(before.collect()),
                    lost: own(lost),
                    after: own(after.into_iter().filter(|cluster| along().all(|taken| taken != *cluster)).collect()),
                    exists: self.units.contains_key(task) || self.excluded.contains(task),
                },
            );
        }
    }

    /// Where a cluster has no output to compare with, as where it is not committed, the recorded copies stand for it.
    fn unseen(&self, looks: impl Fn(&str) -> bool, found: &mut Losses) {
        let mut recorded: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (task, clusters) in self.baseline.recorded {
            for cluster in clusters.iter().filter(|cluster| looks(cluster) && !self.drains(task, cluster)) {
                recorded.entry(cluster).or_default().push(task);
            }
        }
        for (cluster, tasks) in recorded {
            if found.clusters.get(cluster).is_some_and(|size| size.before > 0) {
                continue;
            }
            found.clusters.entry(cluster.to_owned()).or_default().before = tasks.len();
            for task in tasks {
                if found.tasks.get(task).is_some_and(|copies| copies.lost.contains(cluster)) {
                    let loss =
                        Loss { cluster: cluster.to_owned(), task: Some(task.to_owned()), cause: LossCause::Recorded };
                    found.add(&format!("{cluster}/{task}"), loss);
                }
            }
        }
    }
}

/// Whether a file of the output is the marker of an idle cluster.
pub(super) fn is_marker(path: &RepoPath) -> bool {
    // Asked of every file of the output: the ending tells most apart without looking for the name.
    if !path.as_str().ends_with(".configmap.yaml") {
        return false;
    }
    let name = path.file_name();
    name.starts_with(MARKER_PREFIX) && name == format!("{MARKER_PREFIX}{}.configmap.yaml", path.first())
}
