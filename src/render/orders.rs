//! The fields that only the plan may set in one cluster's copy: its share of the instances and whether it is suspended.
//! Written after all layers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::path::{self, CONTAINERS, JOB, POD};
use crate::diag::{Code, Diagnostic};
use crate::patch::variables;
use crate::tree::{Spanned, reach};

/// What the plan says, by cluster.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The shares, where instances are shared out.
    pub shares: Option<BTreeMap<usize, Share>>,
    /// The clusters whose copy runs, where `active` is said.
    pub active: Option<BTreeSet<usize>>,
}

/// One cluster's part of a shared-out task; a number that is absent is left out of the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// `parallelism`
    pub parallelism: Option<i64>,
    /// `completions`
    pub completions: Option<i64>,
    /// The completions of the clusters before it, by name.
    pub offset: i64,
    /// The completions of all clusters.
    pub total: i64,
}

/// What the plan says of one cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClusterOrder {
    share: Option<Share>,
    active: Option<bool>,
}

impl Orders {
    /// What it says of one cluster; offsets tell copies apart only where pods are told of them.
    pub(super) fn of(&self, cluster: usize, told: bool) -> ClusterOrder {
        let share = self.shares.as_ref().and_then(|shares| shares.get(&cluster)).copied();
        let share = share.map(|share| if told { share } else { Share { offset: 0, total: 0, ..share } });
        ClusterOrder { share, active: self.active.as_ref().map(|active| active.contains(&cluster)) }
    }
}

impl ClusterOrder {
    /// Writes it into the CronJob; `told` is where `shardEnv` is said, if it is.
    pub(super) fn apply(self, object: &mut Value, told: Option<&Spanned<bool>>) -> Option<Diagnostic> {
        if let Some(active) = self.active {
            path::ensure(object, &["spec"])["suspend"] = Value::Bool(!active);
        }
        if let Some(share) = self.share
            && let Value::Object(job) = path::ensure(object, JOB)
        {
            for (name, number) in [("parallelism", share.parallelism), ("completions", share.completions)] {
                // What is no number stays, for the checks to refuse.
                if job.get(name).is_some_and(|said| !said.is_null() && !is_count(said)) {
                    continue;
                }
                match number {
                    Some(number) => job.insert(name.to_owned(), json!(number)),
                    None => job.remove(name),
                };
            }
        }
        let told = told.filter(|told| told.value)?;
        let job = path::at(object, JOB)?;
        let completions = job.get("completions").and_then(Value::as_i64);
        let indexed = job.get("completionMode").and_then(Value::as_str) == Some("Indexed");
        let (true, Some(completions)) = (indexed, completions) else {
            let message = "`shardEnv` numbers the pods of an Indexed job, and this is none";
            return Some(
                Diagnostic::new(Code::InvalidValue, told.span, message)
                    .help("write `completionMode: Indexed` beside it, with `completions` or `instances`"),
            );
        };
        let (offset, total) = self.share.map_or((0, completions), |share| (share.offset, share.total));
        let pod = path::at_mut(object, POD)?;
        for list in CONTAINERS {
            for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                for (name, number) in [("FLEETCRON_SHARD_OFFSET", offset), ("FLEETCRON_SHARD_TOTAL", total)] {
                    let env = path::ensure_list(container, "env")?;
                    if env.iter().any(|variable| variable.get("name").and_then(Value::as_str) == Some(name)) {
                        let message = format!("`{name}` is set by `shardEnv`, and the container sets it too");
                        return Some(
                            Diagnostic::new(Code::InvalidValue, told.span, message).help("leave out one of the two"),
                        );
                    }
                    env.push(json!({"name": name, "value": number.to_string()}));
                    variables::arrange(env, 1);
                }
            }
        }
        None
    }

    /// Whether the finished CronJob still says what the plan says.
    pub(super) fn stands(self, object: &Value, told: bool) -> bool {
        let job = path::at(object, JOB);
        let says = |name: &str, number: Option<i64>| {
            let said = job.and_then(|job| job.get(name));
            // What is no number is refused as such.
            said.is_some_and(|said| !is_count(said)) || said.and_then(Value::as_i64) == number
        };
        let suspended = reach(object, "/spec/suspend").and_then(Value::as_bool).unwrap_or_default();
        self.active.is_none_or(|active| active != suspended)
            && self
                .share
                .is_none_or(|share| says("parallelism", share.parallelism) && says("completions", share.completions))
            && self.share.filter(|_| told).is_none_or(|share| counts(object, share))
    }
}

/// Whether a value is what `parallelism` and `completions` may be.
fn is_count(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| (0..=i64::from(i32::MAX)).contains(&number))
}

/// Whether every container is told its part.
fn counts(object: &Value, share: Share) -> bool {
    let pod = path::at(object, POD);
    let list = |name: &str| pod.and_then(|pod| pod.get(name)).and_then(Value::as_array).into_iter().flatten();
    CONTAINERS.into_iter().flat_map(list).all(|container| {
        let env = |name: &str| {
            let mut env = container.get("env").and_then(Value::as_array).into_iter().flatten();
            let variable = env.find(|variable| variable.get("name").and_then(Value::as_str) == Some(name));
            variable.and_then(|variable| variable.get("value")?.as_str()).map(str::to_owned)
        };
        env("FLEETCRON_SHARD_OFFSET") == Some(share.offset.to_string())
            && env("FLEETCRON_SHARD_TOTAL") == Some(share.total.to_string())
    })
}
