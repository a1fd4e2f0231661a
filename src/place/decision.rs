//! The decision about a unit: a verdict per cluster, with the rule and both source locations.

use std::collections::BTreeMap;

use super::failure::PlacementFailure;
use crate::model::SpreadBy;
use crate::tree::Span;

/// What was decided about one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// One verdict per cluster, in the order of the inventory.
    pub verdicts: Vec<Verdict>,
    /// The fallback group that works, by its place among the groups.
    pub group: Option<usize>,
    /// The recorded choice passed every rule and was kept as it is.
    pub kept: bool,
    /// Why nothing was placed, if clusters fit all the same.
    pub failure: Option<PlacementFailure>,
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
    /// It might, but others are taken.
    Passed(Passed),
}

/// Why a cluster that passes every rule is not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Passed {
    /// Another fallback group works.
    Group {
        /// The name of the one that does.
        used: String,
        /// Where it is said.
        task: Span,
    },
    /// The spread takes no more, or takes others.
    Spread {
        /// The constraints.
        task: Span,
    },
    /// All instances are shared out among others.
    Share {
        /// The strategy, or the placement.
        task: Span,
    },
    /// What was placed before stays, and it was not placed here.
    Kept,
    /// The lock decides, and it does not name this cluster.
    NotRecorded,
    /// Nothing could be placed.
    Nothing,
    /// It is placed here, and its policy suspends dispatching.
    Suspended {
        /// Where that is said.
        task: Span,
    },
    /// An override fails for this cluster, so it goes without.
    OverrideFailed {
        /// Where the override policy is.
        task: Span,
    },
}

impl std::fmt::Display for Passed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Passed::Group { used, .. } => write!(f, "not taken: the fallback group `{used}` works"),
            Passed::Spread { .. } => f.write_str("not taken: the spread takes others"),
            Passed::Share { .. } => f.write_str("not taken: no instance falls to it"),
            Passed::Kept => f.write_str("not taken: what was placed stays"),
            Passed::NotRecorded => f.write_str("not taken: the lock does not name it"),
            Passed::Nothing => f.write_str("fits, but nothing could be placed"),
            Passed::Suspended { .. } => f.write_str("placed, but its policy suspends dispatching"),
            Passed::OverrideFailed { .. } => f.write_str("placed, but an override fails there"),
        }
    }
}

impl Passed {
    /// The place in the task, if there is one.
    pub fn task(&self) -> Option<Span> {
        match self {
            Passed::Group { task, .. }
            | Passed::Spread { task }
            | Passed::Share { task }
            | Passed::Suspended { task }
            | Passed::OverrideFailed { task } => Some(*task),
            Passed::Kept | Passed::NotRecorded | Passed::Nothing => None,
        }
    }
}

/// The rules that a placement may have, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `exclude`
    Exclude,
    /// `clusters`
    Named,
    /// A part of `match`.
    Property(FilteredProperty),
    /// `fallback`: some group must want it.
    Fallback,
    /// The cluster's taints and the task's tolerations.
    Taints,
    /// `spread`: it must have what the groups are made by.
    Spread(SpreadBy),
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rule::Exclude => f.write_str("exclude"),
            Rule::Named => f.write_str("clusters"),
            Rule::Property(property) => write!(f, "match {property}"),
            Rule::Fallback => f.write_str("fallback"),
            Rule::Taints => f.write_str("taints"),
            Rule::Spread(by) => write!(f, "spread by {by}"),
        }
    }
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
        property: FilteredProperty,
        /// What was asked, in words.
        asked: String,
        /// What the cluster has; `None` where it has nothing.
        has: Option<String>,
        /// The word in the task.
        task: Span,
        /// The word in the inventory, where there is one.
        cluster: Option<Span>,
    },
    /// No fallback group wants it.
    NoGroup {
        /// The first group.
        task: Span,
    },
    /// A taint that nothing tolerates.
    Taint {
        /// `key=value:Effect`.
        taint: String,
        /// The taint in the inventory.
        cluster: Span,
        /// It drains what is there (NoExecute).
        drains: bool,
    },
    /// It lacks what the spread makes its groups by.
    Lacks {
        /// What.
        property: FilteredProperty,
        /// The constraint.
        task: Span,
    },
    /// A filter of Karmada's scheduler, in its words.
    Karmada {
        /// The words.
        words: String,
        /// The word in the policy.
        task: Span,
    },
}

/// A property of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilteredProperty {
    /// `spec.provider`
    Provider,
    /// `spec.region`
    Region,
    /// `spec.zones`
    Zone,
    /// A label, by key.
    Label(String),
    /// `spec.kubernetesVersion`, or that of the Fleet.
    KubernetesVersion,
    /// One of several sets of properties.
    AnyOf,
}

impl std::fmt::Display for FilteredProperty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FilteredProperty::Provider => f.write_str("provider"),
            FilteredProperty::Region => f.write_str("region"),
            FilteredProperty::Zone => f.write_str("zone"),
            FilteredProperty::Label(key) => write!(f, "label {key}"),
            FilteredProperty::KubernetesVersion => f.write_str("Kubernetes version"),
            FilteredProperty::AnyOf => f.write_str("anyOf"),
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
            Reason::NoGroup { .. } => "in no fallback group".to_owned(),
            Reason::Taint { taint, .. } => format!("untolerated taint {taint}"),
            Reason::Lacks { property, .. } => format!("no {property} to spread by"),
            Reason::Karmada { words, .. } => words.clone(),
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
            Reason::Excluded { task }
            | Reason::NotNamed { task }
            | Reason::Property { task, .. }
            | Reason::NoGroup { task }
            | Reason::Lacks { task, .. }
            | Reason::Karmada { task, .. } => Some(*task),
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
            _ => None,
        })
    }

    /// The same about so many clusters of which nothing was decided.
    #[must_use]
    pub fn over(mut self, clusters: usize) -> Self {
        self.verdicts.resize(clusters, Verdict::Passed(Passed::Nothing));
        self
    }

    /// Whether a cluster passes every rule, chosen or not.
    pub fn possible(&self, at: usize) -> bool {
        !matches!(self.verdicts[at], Verdict::Refused(_))
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
