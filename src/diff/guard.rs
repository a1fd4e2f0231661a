//! The deletion guard: judges what is lost per cluster, per task and over the whole fleet, and finds the names that would
//! allow it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::losses::{Loss, Losses};
use crate::model::Guards;

/// The word that allows every deletion.
pub const ALL: &str = "all";

/// So many names are worth typing; beyond that `all` is offered.
const NAMES: usize = 8;

/// What is measured: the three levels at which losses are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measured {
    /// The objects of one cluster.
    Cluster(String),
    /// The copies of one task.
    Task(String),
    /// The objects of all clusters.
    Fleet,
}

/// A level at which too much would be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRefusal {
    /// Which.
    pub of: Measured,
    /// How many objects or copies would go.
    pub deleted: usize,
    /// How many there are now.
    pub before: usize,
    /// How many there would be.
    pub after: usize,
    /// The cluster is no longer in the inventory, or no document of the task exists any longer.
    pub dropped: bool,
}

impl GuardRefusal {
    /// The cluster, if the level is one.
    pub fn cluster(&self) -> Option<&str> {
        if let Measured::Cluster(name) = &self.of { Some(name) } else { None }
    }

    /// The task, if the level is one.
    pub fn task(&self) -> Option<&str> {
        if let Measured::Task(name) = &self.of { Some(name) } else { None }
    }
}

impl fmt::Display for GuardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deleted, before, after, .. } = self;
        let all = deleted >= before;
        let noun = if matches!(self.of, Measured::Task(_)) { ("copy", "copies") } else { ("object", "objects") };
        let some = format!("{deleted} of {before} {}", if *before == 1 { noun.0 } else { noun.1 });
        let own = if *before == 1 { format!("its only {}", noun.0) } else { format!("all its {before} {}", noun.1) };
        match &self.of {
            Measured::Cluster(name) if self.dropped => {
                write!(f, "{name}: the cluster is gone from the inventory, and {own} would be deleted")
            }
            Measured::Cluster(name) if all && *after == 0 => {
                write!(f, "{name}: it would be emptied: {own} would be deleted")
            }
            Measured::Task(name) if self.dropped && all => {
                write!(f, "task {name}: its document is gone, and {own} would be deleted")
            }
            Measured::Task(name) if *after == 0 => {
                write!(f, "task {name}: no copy of it would be left: {own} would be deleted")
            }
            Measured::Cluster(name) if all => write!(f, "{name}: {own} would be deleted, though it gets others"),
            Measured::Task(name) if all => write!(f, "task {name}: {own} would be deleted, though it gets others"),
            Measured::Cluster(name) => write!(f, "{name}: {some} would be deleted"),
            Measured::Task(name) => write!(f, "task {name}: {some} would be deleted"),
            Measured::Fleet if all => write!(f, "the whole fleet: {own} would be deleted"),
            Measured::Fleet => write!(f, "the whole fleet: {some} would be deleted"),
        }
    }
}

/// The deletions that a user allows: clusters, tasks as `name` or `namespace/name`, or [`ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    names: BTreeSet<String>,
}

impl Allowed {
    /// These names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().collect() }
    }

    /// Whether every deletion is allowed.
    pub fn all(&self) -> bool {
        self.names.contains(ALL)
    }

    /// Whether deletions in a cluster are allowed.
    fn cluster(&self, name: &str) -> bool {
        self.all() || self.names.contains(name)
    }

    /// Whether deletions of a task are allowed.
    fn task(&self, identity: &str) -> bool {
        let name = identity.rsplit_once('/').map_or(identity, |(_, name)| name);
        self.all() || self.names.contains(identity) || self.names.contains(name)
    }

    /// Whether a loss on all of some clusters is allowed, by their names or by that of the only task that it concerns.
    pub fn covers(&self, clusters: &[String], tasks: &BTreeSet<String>) -> bool {
        let by_task = tasks.len() == 1 && tasks.iter().all(|task| self.task(task));
        by_task || clusters.iter().all(|cluster| self.cluster(cluster))
    }

    fn loss(&self, loss: &Loss) -> bool {
        self.cluster(&loss.cluster) || loss.task.as_deref().is_some_and(|task| self.task(task))
    }
}

/// The levels at which a change loses too much: more than `percent` of what is there and at least `min`; all that a cluster
/// or an existing task has; or anything of a cluster that is dropped. What is allowed is not counted as lost.
pub fn guard(losses: &Losses, guards: Guards, allowed: &Allowed) -> Vec<GuardRefusal> {
    let many = |lost: usize, before: usize| {
        lost as u64 * 100 > before as u64 * u64::from(guards.percent) && lost >= guards.min as usize
    };
    let mut refusals = Vec::new();
    let mut by_cluster: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for loss in losses.losses.values() {
        let (all, counted) = by_cluster.entry(&loss.cluster).or_default();
        *all += 1;
        *counted += usize::from(!allowed.loss(loss));
    }
    for (cluster, (all, counted)) in &by_cluster {
        let size = losses.clusters.get(*cluster).copied().unwrap_or_default();
        let dropped = !losses.inventory.contains(*cluster);
        let emptied = *all >= size.before && size.after == 0;
        if *counted > 0 && (many(*counted, size.before) || emptied || dropped) {
            let of = Measured::Cluster((*cluster).to_owned());
            refusals.push(GuardRefusal { of, deleted: *counted, before: size.before, after: size.after, dropped });
        }
    }
    for (task, copies) in losses.tasks.iter().filter(|(task, _)| !allowed.task(task)) {
        let counted = copies.lost.iter().filter(|cluster| !allowed.cluster(cluster)).count();
        let emptied = copies.exists && copies.after.is_empty();
        if counted > 0 && (many(counted, copies.before.len()) || emptied) {
            let (before, after) = (copies.before.len(), copies.after.len());
            let of = Measured::Task(task.clone());
            refusals.push(GuardRefusal { of, deleted: counted, before, after, dropped: !copies.exists });
        }
    }
    let counted = by_cluster.values().map(|(_, counted)| counted).sum();
    let sum = |pick: fn(&super::losses::CopyCount) -> usize| losses.clusters.values().map(pick).sum();
    let before = sum(|size| size.before);
    // Where all of it is in one cluster that is refused already, that is said.
    let said = by_cluster.len() == 1 && refusals.iter().any(|refusal| refusal.cluster().is_some());
    if many(counted, before) && !said {
        let after = sum(|size| size.after);
        refusals.push(GuardRefusal { of: Measured::Fleet, deleted: counted, before, after, dropped: false });
    }
    refusals
}

/// The fewest names that let everything pass that is refused: tasks, clusters or both, beside those that are allowed
/// already; else [`ALL`].
pub fn names_to_allow(losses: &Losses, guards: Guards, allowed: &Allowed, refusals: &[GuardRefusal]) -> Vec<String> {
    let tasks = || refusals.iter().filter_map(GuardRefusal::task).map(str::to_owned);
    let clusters = || refusals.iter().filter_map(GuardRefusal::cluster).map(str::to_owned);
    let mut choices: Vec<Vec<String>> = vec![tasks().collect(), clusters().collect()];
    choices.sort_by_key(Vec::len);
    choices.push(clusters().chain(tasks()).collect());
    let all = vec![ALL.to_owned()];
    let passes = |names: &Vec<String>| {
        let more = allowed.names.iter().chain(names).cloned();
        guard(losses, guards, &Allowed::new(more)).is_empty()
    };
    let short = choices.into_iter().filter(|names| !names.is_empty() && names.len() <= NAMES);
    let found = short.into_iter().find(|names| passes(names));
    // Given again, what is allowed already must be given again too.
    found.map_or(all, |names| allowed.names.iter().cloned().chain(names).collect())
}
