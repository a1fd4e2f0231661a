//! What has changed between the record and the decision, in words. It judges nothing.
//!
//! The one idea: a reviewer reads one line a task: from where, to where, because of what, with the place that says it.

use std::collections::BTreeSet;

use super::{Mode, Record};
use crate::model::{Cluster, Unit};
use crate::place::{Decision, Reason, Verdict};
use crate::tree::Span;

/// One task's change.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The task.
    pub task: String,
    /// What changed.
    pub change: Change,
    /// Why, as far as it can be told.
    pub because: Vec<Because>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
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
    /// What it asks for has changed, and it stays where it is.
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

/// Everything that changed about one task.
pub fn drift(
    unit: &Unit,
    then: Option<&Record>,
    now: &Record,
    decision: &Decision,
    clusters: &[Cluster],
    mode: &Mode,
) -> Vec<Drift> {
    let task = unit.identity.to_string();
    let names = |record: &Record| -> Vec<String> { record.clusters.keys().cloned().collect() };
    let Some(then) = then else {
        return vec![Drift { task, change: Change::New { on: names(now) }, because: Vec::new() }];
    };
    let mut all = Vec::new();
    let mut push = |change, because| all.push(Drift { task: task.clone(), change, because });
    let from: Vec<String> = names(then).into_iter().filter(|name| !now.clusters.contains_key(name)).collect();
    let to: Vec<String> = names(now).into_iter().filter(|name| !then.clusters.contains_key(name)).collect();
    let asked = || Because { words: "what it asks for has changed".to_owned(), span: Some(unit.placement.span) };
    let anew = || Because { words: "it was decided anew".to_owned(), span: None };
    let because = |left: &[String]| {
        let mut all: Vec<Because> = left.iter().filter_map(|name| left_because(name, decision, clusters)).collect();
        if all.is_empty() && mode.forgets(&unit.identity) {
            all.push(anew());
        } else if all.is_empty() && then.digest != now.digest {
            all.push(asked());
        }
        all
    };
    let moved = !from.is_empty() || !to.is_empty();
    if moved {
        push(Change::Moved { from: from.clone(), to }, because(&from));
    }
    if then.group != now.group {
        push(Change::Group { from: then.group.clone(), to: now.group.clone() }, Vec::new());
    }
    let on: Vec<(String, i64, i64)> = (now.clusters.iter())
        .filter_map(|(name, number)| Some((name.clone(), *then.clusters.get(name)?, *number)))
        .filter(|(_, then, now)| then != now)
        .collect();
    if !on.is_empty() {
        let said = unit.instances.as_ref().filter(|_| !moved);
        let because =
            said.map(|said| Because { words: format!("`instances` is {}", said.value), span: Some(said.span) });
        push(Change::Instances { on }, because.into_iter().collect());
    }
    if then.active != now.active {
        let list = |of: &BTreeSet<String>, without: &BTreeSet<String>| of.difference(without).cloned().collect();
        let left: Vec<String> = list(&then.active, &now.active);
        let because: Vec<Because> = left.iter().filter_map(|name| left_because(name, decision, clusters)).collect();
        push(Change::Active { from: left, to: list(&now.active, &then.active) }, because);
    }
    if then.digest != now.digest && all.is_empty() {
        all.push(Drift { task, change: Change::Asked, because: vec![asked()] });
    }
    all
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
        let mut text = format!("{}: ", self.task);
        text.push_str(&match &self.change {
            Change::New { on } => format!("new, on {}", list(on)),
            Change::Gone { from } => format!("gone from {}", list(from)),
            Change::Moved { from, to } => match (from.as_slice(), to.as_slice()) {
                (from, []) => format!("no longer on {}", list(from)),
                ([], to) => format!("now also on {}", list(to)),
                (from, to) => format!("{} -> {}", list(from), list(to)),
            },
            Change::Instances { on } => {
                let all: Vec<String> = on.iter().map(|(name, then, now)| format!("{name} {then} -> {now}")).collect();
                format!("instances {}", list(&all))
            }
            Change::Active { from, to } => match (from.as_slice(), to.as_slice()) {
                (from, []) => format!("no longer active on {}", list(from)),
                ([], to) => format!("active on {}", list(to)),
                (from, to) => format!("active {} -> {}", list(from), list(to)),
            },
            Change::Group { from, to } => {
                let name = |group: &Option<String>| group.clone().unwrap_or_else(|| "none".to_owned());
                format!("group {} -> {}", name(from), name(to))
            }
            Change::Asked => "stays where it is".to_owned(),
        });
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
