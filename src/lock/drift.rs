//! Describes what changed between the lock and the decision: from where, to where, and why.

use std::collections::BTreeSet;

use super::{LockMode, Record, RecordedTask};
use crate::model::{Cluster, Unit};
use crate::place::{Decision, Reason, Verdict};
use crate::tree::Span;

/// One task's change.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The task.
    pub task: String,
    /// What changed; never empty.
    pub changes: Vec<PlacementChange>,
    /// Why, as far as it can be told.
    pub because: Vec<Because>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum PlacementChange {
    /// It was not recorded.
    New {
        /// Where it runs.
        on: Vec<String>,
    },
    /// It is recorded and is no task any longer.
    Gone {
        /// Where it ran.
        from: Vec<String>,
    },
    /// It runs elsewhere.
    Moved {
        /// The clusters that it left.
        from: Vec<String>,
        /// The clusters that it came to.
        to: Vec<String>,
    },
    /// A cluster has another number of instances.
    Instances {
        /// The clusters with the old and the new number.
        on: Vec<(String, i64, i64)>,
    },
    /// Other copies are active.
    Active {
        /// Those that ran.
        from: Vec<String>,
        /// Those that run.
        to: Vec<String>,
    },
    /// Another fallback group works.
    Group {
        /// The one before.
        from: Option<String>,
        /// The one now.
        to: Option<String>,
    },
    /// What it asks for has changed, or the record contradicts itself, and it stays where it is.
    Asked,
}

/// A reason and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Because {
    /// In words.
    pub words: String,
    /// Where.
    pub span: Option<Span>,
}

/// What changed about one task; `None` if nothing did.
pub fn drift(
    unit: &Unit,
    then: Option<&RecordedTask>,
    now: &Record,
    decision: &Decision,
    clusters: &[Cluster],
    mode: &LockMode,
) -> Option<Drift> {
    let task = unit.identity.to_string();
    let names = |record: &Record| -> Vec<String> { record.clusters.keys().cloned().collect() };
    let Some(entry) = then else {
        return Some(Drift { task, changes: vec![PlacementChange::New { on: names(now) }], because: Vec::new() });
    };
    let then = &entry.record;
    let from: Vec<String> = names(then).into_iter().filter(|name| !now.clusters.contains_key(name)).collect();
    let to: Vec<String> = names(now).into_iter().filter(|name| !then.clusters.contains_key(name)).collect();
    let on: Vec<(String, i64, i64)> = (now.clusters.iter())
        .filter_map(|(name, number)| Some((name.clone(), *then.clusters.get(name)?, *number)))
        .filter(|(_, then, now)| then != now)
        .collect();
    let list = |of: &BTreeSet<String>, without: &BTreeSet<String>| of.difference(without).cloned().collect();
    let (stopped, started): (Vec<String>, Vec<String>) =
        (list(&then.active, &now.active), list(&now.active, &then.active));
    let left: BTreeSet<&String> = from.iter().chain(&stopped).collect();
    let mut because: Vec<Because> =
        left.into_iter().filter_map(|name| left_because(name, decision, clusters)).collect();
    if because.is_empty() {
        because.extend(if mode.forgets(&unit.identity) {
            Some(Because { words: "it was decided anew".to_owned(), span: None })
        } else if !entry.contradictions.is_empty() {
            let words = format!("the lock contradicts itself: {}", entry.contradictions.join(", "));
            Some(Because { words, span: Some(entry.span) })
        } else {
            Some(asked_because(unit, then, now, &[&from, &stopped].map(|left| left.first())))
        });
    }
    let mut changes = Vec::new();
    if !from.is_empty() || !to.is_empty() {
        changes.push(PlacementChange::Moved { from, to });
    }
    if then.group != now.group {
        changes.push(PlacementChange::Group { from: then.group.clone(), to: now.group.clone() });
    }
    if !on.is_empty() {
        changes.push(PlacementChange::Instances { on });
    }
    if !stopped.is_empty() || !started.is_empty() {
        changes.push(PlacementChange::Active { from: stopped, to: started });
    }
    if changes.is_empty() && (then.digest != now.digest || !entry.contradictions.is_empty()) {
        changes.push(PlacementChange::Asked);
    }
    (!changes.is_empty()).then_some(Drift { task, changes, because })
}

/// Why the same clusters, or others, are taken now, where no cluster says so itself: the number asked for, the rules, what
/// all that fit come to, or a choice that no longer meets its rules. `left` are the first cluster left, and the first copy
/// stopped.
fn asked_because(unit: &Unit, then: &Record, now: &Record, left: &[Option<&String>; 2]) -> Because {
    let placement = &unit.placement;
    let sum = |record: &Record| record.clusters.values().fold(0, |sum: i64, n| sum.saturating_add(*n));
    let of = |record: &Record| {
        if placement.strategy.divides() { sum(record) } else { record.clusters.values().copied().max().unwrap_or(0) }
    };
    let at = |words: &str, span| Because { words: words.to_owned(), span: Some(span) };
    let [from, stopped] = left;
    if of(then) != of(now) {
        return match &unit.instances {
            Some(said) => at(&format!("`instances` is {}", said.value), said.span),
            None => at("the number of instances has changed", placement.span),
        };
    }
    if then.digest != now.digest {
        return at("what it asks for has changed", placement.span);
    }
    if let (None, Some(_), Some(active)) = (from, stopped, &unit.active) {
        return at("of the copies that may run `active` takes these", active.span);
    }
    if placement.chooses() {
        return at("what was recorded no longer meets every rule", placement.span);
    }
    if placement.strategy.divides() {
        return at("shares follow the weights and the inventory", placement.strategy_said.unwrap_or(placement.span));
    }
    at("it goes to every cluster that fits", placement.span)
}

/// Why a task is on a cluster no longer.
fn left_because(name: &str, decision: &Decision, clusters: &[Cluster]) -> Option<Because> {
    let Ok(at) = clusters.binary_search_by(|cluster| cluster.name.value.as_str().cmp(name)) else {
        return Some(Because { words: format!("{name} is no longer in the inventory"), span: None });
    };
    match &decision.verdicts[at] {
        Verdict::Refused(Reason::Taint { taint, cluster, .. }) => {
            Some(Because { words: format!("{name} is now tainted {taint}"), span: Some(*cluster) })
        }
        Verdict::Refused(reason) => {
            Some(Because { words: format!("on {name}: {reason}"), span: reason.task().or(reason.inventory()) })
        }
        Verdict::Chosen { .. } | Verdict::Passed(_) => None,
    }
}

impl Drift {
    /// One line: what changed and why; `place` says where a text stands.
    pub fn words(&self, place: impl Fn(Span) -> String) -> String {
        let list = |names: &[String]| short(names);
        let words = |change: &PlacementChange| match change {
            PlacementChange::New { on } => format!("new, on {}", list(on)),
            PlacementChange::Gone { from } if from.is_empty() => "gone".to_owned(),
            PlacementChange::Gone { from } => format!("gone from {}", list(from)),
            PlacementChange::Moved { from, to } => match (from.as_slice(), to.as_slice()) {
                (from, []) => format!("no longer on {}", list(from)),
                ([], to) => format!("now also on {}", list(to)),
                (from, to) => format!("{} -> {}", list(from), list(to)),
            },
            PlacementChange::Instances { on } => {
                let all: Vec<String> = on.iter().map(|(name, then, now)| format!("{name} {then} -> {now}")).collect();
                format!("instances {}", list(&all))
            }
            PlacementChange::Active { from, to } => match (from.as_slice(), to.as_slice()) {
                (from, []) => format!("no longer active on {}", list(from)),
                ([], to) => format!("active on {}", list(to)),
                (from, to) => format!("active {} -> {}", list(from), list(to)),
            },
            PlacementChange::Group { from, to } => {
                let name = |group: &Option<String>| group.clone().unwrap_or_else(|| "none".to_owned());
                format!("group {} -> {}", name(from), name(to))
            }
            PlacementChange::Asked => "stays where it is".to_owned(),
        };
        let changes: Vec<String> = self.changes.iter().map(words).collect();
        let mut text = format!("{}: {}", self.task, changes.join("; "));
        for (at, because) in self.because.iter().enumerate() {
            text.push_str(if at == 0 { ", because " } else { ", and " });
            text.push_str(&because.words);
            if let Some(span) = because.span {
                text.push_str(&format!(" ({})", place(span)));
            }
        }
        text
    }
}

/// The first few of a list.
fn short(names: &[String]) -> String {
    const SHOWN: usize = 6;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
}
