//! The lock file: recorded placements, parsed, printed and compared.
//!
//! One fact per line, each complete in itself, so Git can merge branches by taking the lines of both, and the diff of
//! two locks is the summary of what moves.

mod digest;
mod drift;
mod frozen;
mod read;
mod write;

pub use digest::{digest, hash};
pub use drift::{Because, Drift, PlacementChange, drift};
pub use frozen::thaw;
pub use read::{ParsedLock, read};

use std::collections::{BTreeMap, BTreeSet};

use crate::place::RecordedPlacement;
use crate::tree::Span;

/// Where the lock lies, below the fleet root.
pub const PATH: &str = "fleetcron.lock";

/// The version of the format, major and minor. A reader takes every minor version of its major one: it keeps the facts
/// that it does not know, and says so.
pub const VERSION: (u32, u32) = (1, 0);

/// How the record is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LockMode {
    /// What is recorded stays as long as it may.
    #[default]
    Steady,
    /// These tasks, as `name` or `namespace/name`, are decided anew; none means all.
    Fresh(Vec<String>),
    /// As steady; it is an error if the lock would change.
    Locked,
    /// What is recorded is rendered, and nothing is decided.
    Frozen,
}

impl LockMode {
    /// Whether a task's record is forgotten.
    pub fn forgets(&self, identity: &crate::model::Identity) -> bool {
        let named = |task: &String| *task == identity.name || *task == identity.to_string();
        matches!(self, LockMode::Fresh(tasks) if tasks.is_empty() || tasks.iter().any(named))
    }
}

/// What runs where, by the task's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The records.
    pub tasks: BTreeMap<String, Record>,
    /// The minor version of the lock that was read: facts that only a newer one knows are written back under it.
    pub minor: u32,
}

/// What is recorded about one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its clusters with their instances.
    pub clusters: BTreeMap<String, i64>,
    /// The fallback group that works.
    pub group: Option<String>,
    /// The clusters whose copy runs, where `active` is said.
    pub active: BTreeSet<String>,
    /// What decided it, where there was a choice.
    pub digest: Option<String>,
    /// Facts that only a newer fleetcron knows, as they were written behind the task.
    pub more: BTreeSet<String>,
}

/// A record with what is known about it.
#[derive(Clone, Debug)]
pub struct RecordedTask {
    /// The facts.
    pub record: Record,
    /// Where its first fact stands.
    pub span: Span,
    /// Facts that contradict each other, in words.
    pub contradictions: Vec<String>,
    /// Two numbers of instances for one cluster.
    pub miscounted: bool,
}

impl RecordedTask {
    /// The record as the decision wants it; `digest` is what would decide now.
    pub fn recorded(&self, digest: Option<&str>) -> RecordedPlacement {
        let Record { clusters, group, active, digest: then, .. } = &self.record;
        RecordedPlacement {
            clusters: clusters.iter().map(|(name, instances)| (name.clone(), *instances)).collect(),
            group: group.clone(),
            active: active.iter().cloned().collect(),
            valid: then.as_deref() == digest && self.contradictions.is_empty(),
            counted: !self.miscounted,
            shrinks: false,
        }
    }
}
