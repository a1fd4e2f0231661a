//! Where a unit goes, and why not elsewhere. It knows no text, no patches, no YAML, and no other unit.
//!
//! The one idea: a verdict is data. For every cluster it is `chosen` or the first rule that refused it, with
//! the place in the task and the place in the inventory; `plan` and `explain` only print it. The verbs are
//! Karmada's (`pkg/scheduler/core/generic_scheduler.go`): filter, prioritize, select, assign.
//!
//! There are two filters: `filter` knows the author's words and where they stand, `plugins` knows Karmada's. The verbs
//! after that are the same for both; [`Ways`] says where ours differ from Karmada's, and `docs/karmada-parity.md` why.

mod admit;
mod affinity;
mod assign;
mod candidate;
mod failure;
mod filter;
mod groups;
mod holds;
mod plugins;
mod prioritize;
mod rules;
mod schedule;
mod select;
mod spread;
mod webster;

pub use admit::{Draft, DraftGroup, DraftSpread, DraftToleration, DraftWeights, Objection, Scheduling, effect};
pub use affinity::{Affinity, Requirement, Terms};
pub use candidate::{Amounts, Candidate, Capacity, Inventory, Nodes, Taint};
pub use failure::{Cause, Failure};
pub use filter::{matches, taint_refusal};
pub use plugins::Refusal;
pub use rules::{Area, By, Demand, Group, Previous, Request, Rules, Spread, Strategy, Tie, Toleration, Ways, Weight};
pub use schedule::{Placed, choose, refusals, schedule};

use std::collections::BTreeMap;

use crate::model::{Cluster, Placement};
use crate::tree::Span;

/// What was decided about one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// One verdict per cluster, in the order of the inventory.
    pub verdicts: Vec<Verdict>,
}

/// What was decided about one cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The unit runs there, with that many instances.
    Chosen {
        /// Pods of one run.
        instances: u32,
    },
    /// It does not, because of this rule.
    Refused(Reason),
}

/// The rule that refused a cluster, the word in the task and the word in the inventory.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is excluded.
    Excluded {
        /// The part of `exclude` that meets it.
        task: Span,
    },
    /// Clusters are named and it is not among them.
    NotNamed {
        /// The list of names.
        task: Span,
    },
    /// A property is not as asked.
    Property {
        /// Which.
        property: Property,
        /// What was asked, in words.
        asked: String,
        /// What the cluster has; `None` where it has nothing.
        has: Option<String>,
        /// The word in the task.
        task: Span,
        /// The word in the inventory, where there is one.
        cluster: Option<Span>,
    },
    /// A taint that nothing tolerates.
    Taint {
        /// `key=value:Effect`.
        taint: String,
        /// The taint in the inventory.
        cluster: Span,
    },
}

/// A property of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// `spec.provider`
    Provider,
    /// `spec.region`
    Region,
    /// `spec.zones`
    Zone,
    /// A label, by key.
    Label(String),
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Property::Provider => f.write_str("provider"),
            Property::Region => f.write_str("region"),
            Property::Zone => f.write_str("zone"),
            Property::Label(key) => write!(f, "label {key}"),
        }
    }
}

impl Reason {
    /// The rule in a few words, the same for all clusters that it refuses alike.
    pub fn rule(&self) -> String {
        match self {
            Reason::Excluded { .. } => "excluded".to_owned(),
            Reason::NotNamed { .. } => "not named".to_owned(),
            Reason::Property { property, asked, .. } => format!("{property} is not {asked}"),
            Reason::Taint { taint, .. } => format!("untolerated taint {taint}"),
        }
    }

    /// The place in the inventory, if the rule has one.
    pub fn inventory(&self) -> Option<Span> {
        match self {
            Reason::Property { cluster, .. } => *cluster,
            Reason::Taint { cluster, .. } => Some(*cluster),
            _ => None,
        }
    }

    /// The place in the task, if the rule has one.
    pub fn task(&self) -> Option<Span> {
        match self {
            Reason::Excluded { task } | Reason::NotNamed { task } | Reason::Property { task, .. } => Some(*task),
            Reason::Taint { .. } => None,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rule())?;
        match self {
            Reason::Property { has: Some(has), .. } => write!(f, " (it is {has})"),
            Reason::Property { has: None, .. } => f.write_str(" (it has none)"),
            _ => Ok(()),
        }
    }
}

impl Decision {
    /// The indices of the chosen clusters with their instances.
    pub fn chosen(&self) -> impl Iterator<Item = (usize, u32)> {
        self.verdicts.iter().enumerate().filter_map(|(i, verdict)| match verdict {
            Verdict::Chosen { instances } => Some((i, *instances)),
            Verdict::Refused(_) => None,
        })
    }

    /// Like Karmada's `FitError`: how many clusters each rule refused, sorted by the text of the rule.
    pub fn histogram(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for verdict in &self.verdicts {
            if let Verdict::Refused(reason) = verdict {
                *counts.entry(reason.rule()).or_insert(0) += 1;
            }
        }
        counts.into_iter().collect()
    }
}

/// Decides where a unit with that placement goes. Duplicated: every cluster that passes the filters runs it
/// with all its instances.
pub fn place(placement: &Placement, clusters: &[Cluster]) -> Decision {
    let fits: Vec<Result<(), Reason>> = clusters.iter().map(|cluster| filter::fits(placement, cluster)).collect();
    let fitting = (0..fits.len()).filter(|at| fits[*at].is_ok());
    let shares: BTreeMap<usize, i64> = assign::duplicate(fitting, 1).into_iter().collect();
    let verdicts = fits.into_iter().enumerate().map(|(at, fit)| match fit {
        Ok(()) => {
            let instances = shares.get(&at).map_or(0, |instances| u32::try_from(*instances).unwrap_or(u32::MAX));
            Verdict::Chosen { instances }
        }
        Err(reason) => Verdict::Refused(reason),
    });
    Decision { verdicts: verdicts.collect() }
}
