//! Placement and activity of a task as written, with Karmada's words and the location of each.

use super::{Exclude, Match, Named, Selector, TaintToleration};
use crate::tree::{Span, Spanned};

/// `placement`: where a task goes.
#[derive(Clone, Debug)]
pub struct Placement {
    /// Which clusters may be chosen; with `fallback` it only excludes.
    pub selector: Selector,
    /// Which taints it bears.
    pub tolerations: Vec<TaintToleration>,
    /// How it spreads, in the author's order.
    pub spread: Vec<SpreadConstraint>,
    /// Ordered groups, the first that works; empty where there are none.
    pub fallback: Vec<FallbackGroup>,
    /// How the instances are shared out.
    pub strategy: InstanceStrategy,
    /// Where the strategy is said, if it is.
    pub strategy_said: Option<Span>,
    /// For StaticWeight.
    pub weights: Vec<InstanceWeight>,
    /// The whole of it.
    pub span: Span,
}

/// One of `spread`: at least and at most so many groups.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadConstraint {
    /// What makes a group.
    pub by: SpreadBy,
    /// At least so many; at least one.
    pub min: u32,
    /// At most so many; absent means no limit.
    pub max: Option<u32>,
    /// The whole of it.
    pub span: Span,
}

/// What makes a group of clusters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpreadBy {
    /// The provider.
    Provider,
    /// The region.
    Region,
    /// Each of its zones.
    Zone,
    /// The value of a label.
    Label(String),
    /// The cluster itself.
    Cluster,
}

impl std::fmt::Display for SpreadBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SpreadBy::Provider => f.write_str("provider"),
            SpreadBy::Region => f.write_str("region"),
            SpreadBy::Zone => f.write_str("zone"),
            SpreadBy::Label(key) => write!(f, "label:{key}"),
            SpreadBy::Cluster => f.write_str("cluster"),
        }
    }
}

/// One of `fallback`.
#[derive(Clone, Debug)]
pub struct FallbackGroup {
    /// Its name, unique in its task.
    pub name: Spanned<String>,
    /// Its clusters.
    pub selector: Selector,
}

/// One of `weights`; the greatest that meets a cluster counts.
#[derive(Clone, Debug)]
pub struct InstanceWeight {
    /// The weight.
    pub weight: u32,
    /// Which clusters.
    pub selector: Selector,
}

/// `strategy`: how instances are shared out (Karmada's `replicaScheduling`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstanceStrategy {
    /// All of them in every cluster.
    #[default]
    Duplicated,
    /// Into as few clusters as can take them.
    Aggregated,
    /// By what is free.
    DynamicWeight,
    /// By given weights.
    StaticWeight,
}

impl InstanceStrategy {
    /// Its name in the format.
    pub fn name(self) -> &'static str {
        match self {
            InstanceStrategy::Duplicated => "Duplicated",
            InstanceStrategy::Aggregated => "Aggregated",
            InstanceStrategy::DynamicWeight => "DynamicWeight",
            InstanceStrategy::StaticWeight => "StaticWeight",
        }
    }

    /// Whether instances are shared out: every strategy but Duplicated.
    pub fn divides(self) -> bool {
        self != InstanceStrategy::Duplicated
    }

    /// Whether it counts on what is free.
    pub fn needs_capacity(self) -> bool {
        matches!(self, InstanceStrategy::Aggregated | InstanceStrategy::DynamicWeight)
    }
}

impl Placement {
    /// Everywhere that a selector meets, with nothing more said; for tests and examples.
    pub fn of(selector: Selector, span: Span) -> Self {
        Self {
            selector,
            tolerations: Vec::new(),
            spread: Vec::new(),
            fallback: Vec::new(),
            strategy: InstanceStrategy::Duplicated,
            strategy_said: None,
            weights: Vec::new(),
            span,
        }
    }

    /// Whether the clusters are chosen among those that fit, so that the choice is worth recording and keeping. Where
    /// all that fit are taken, Duplicated and StaticWeight follow the inventory.
    pub fn chooses(&self) -> bool {
        !self.spread.is_empty() || self.strategy.needs_capacity()
    }

    /// Whether a selector of it could not be read: then where the task goes is not known.
    pub fn is_unread(&self) -> bool {
        let groups = self.fallback.iter().map(|group| &group.selector);
        let mut others = groups.chain(self.weights.iter().map(|weight| &weight.selector));
        self.selector.unread.is_some() || others.any(|selector| selector.unread.is_some())
    }
}

/// `active`: which of the placed clusters run the task; the others get it suspended.
#[derive(Clone, Debug)]
pub struct Active {
    /// By name, in order of preference.
    pub clusters: Option<Named>,
    /// By property.
    pub matching: Option<Match>,
    /// Which of the placed clusters never run it.
    pub exclude: Option<Exclude>,
    /// At most so many.
    pub max: Option<u32>,
    /// By what the groups are made in each of which `max` counts; never by zone or cluster.
    pub per: Option<SpreadBy>,
    /// The whole of it.
    pub span: Span,
    /// A part of it could not be read.
    pub unread: bool,
}

impl Active {
    /// Whether it plainly says that no copy runs: `active: []`, or at most none.
    pub fn says_none(&self) -> bool {
        self.max == Some(0) || matches!(&self.clusters, Some(Named::Names(names)) if names.value.is_empty())
    }

    /// What it asks of a cluster, as a selector.
    pub fn selector(&self) -> Selector {
        Selector {
            clusters: self.clusters.clone(),
            matching: self.matching.clone(),
            exclude: self.exclude.clone(),
            unread: self.unread.then_some(self.span),
        }
    }
}
