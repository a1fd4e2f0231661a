//! What the deletion guard counts: objects that leave a cluster and copies that leave a task, with the numbers they are
//! measured against.

use std::collections::{BTreeMap, BTreeSet};

/// Why an object counts as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
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
    pub cause: Cause,
}

/// How many objects of tasks a cluster has, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Before, without what a drain explains.
    pub before: usize,
    /// After.
    pub after: usize,
}

/// Where a task has copies: the clusters that the lock or the existing output names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Before, without those that a drain explains.
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
    pub clusters: BTreeMap<String, Size>,
    /// The copies of each task that loses one.
    pub tasks: BTreeMap<String, Copies>,
    /// The clusters of the inventory.
    pub inventory: BTreeSet<String>,
}

impl Losses {
    /// Counts one more object as lost; one that is counted already stays as it is.
    pub fn add(&mut self, path: &str, loss: Loss) {
        self.losses.entry(path.to_owned()).or_insert(loss);
    }
}
