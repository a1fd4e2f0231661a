//! Copies that may start at once when a change is applied.
//!
//! The controller starts the latest time of the new schedule that lies between the last run and now; a CronJob that is
//! unsuspended likewise starts its latest missed run. `startingDeadlineSeconds` bounds how far back it looks.
//! Source: Kubernetes' `pkg/controller/cronjob/utils.go`, `mostRecentScheduleTime`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cron::Expression;
use crate::model::Timing;

/// The annotation of a CronJob that a pause of the fleet suspends.
const PAUSED: &str = "/metadata/annotations/fleetcron.dev~1paused";

/// Copies that may start at once, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartsAtOnce {
    /// Why.
    pub cause: StartCause,
    /// By task or object: the clusters.
    pub copies: BTreeMap<String, BTreeSet<String>>,
    /// The path of the first of them below the directory of its cluster.
    pub path: String,
}

/// Why a copy may start at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StartCause {
    /// Its schedule or its zone is another one.
    Schedule,
    /// It is no longer suspended.
    Resumed,
    /// A pause of the fleet ends for it.
    PauseEnded,
}

impl StartsAtOnce {
    /// How many copies they are.
    pub fn count(&self) -> usize {
        self.copies.values().map(BTreeSet::len).sum()
    }

    /// The clusters, in order of name.
    pub fn clusters(&self) -> BTreeSet<&str> {
        self.copies.values().flatten().map(String::as_str).collect()
    }
}

/// Why an update of a CronJob may start it at once, if it may.
pub(super) fn cause(old: &Value, new: &Value) -> Option<StartCause> {
    if [old, new].iter().any(|object| object.get("kind").and_then(Value::as_str) != Some("CronJob")) {
        return None;
    }
    let (before, after) = (Timing::of(old), Timing::of(new));
    if after.suspended || after.starting_deadline.is_some() {
        return None;
    }
    if before.suspended {
        return Some(if old.pointer(PAUSED).is_some() { StartCause::PauseEnded } else { StartCause::Resumed });
    }
    let same_zone = before.time_zone == after.time_zone;
    if before.schedule == after.schedule && same_zone {
        return None;
    }
    let (old, new) = (Expression::parse(&before.schedule).ok()?, Expression::parse(&after.schedule).ok()?);
    // No time of the new schedule can lie after the last run if each is one of the old schedule too.
    (!same_zone || !new.runs_within(&old)).then_some(StartCause::Schedule)
}
