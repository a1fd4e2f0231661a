//! Why nothing was placed, printed as Karmada's own sentence. Karmada's three kinds say whether the previous result
//! stays.

use std::fmt;

/// What came of a failed decision (the condition's reason in Karmada's `pkg/scheduler/scheduler.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureCause {
    /// No cluster passes the filters: the previous result is given up.
    NoClusterFit,
    /// Too little is free: the previous result stays.
    Unschedulable,
    /// The constraints cannot be met: the previous result stays.
    SchedulerError,
}

/// Why nothing was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacementFailure {
    /// No cluster passes the filters: how many there are, and how many each rule refused, sorted by its words.
    NoneFits {
        /// All clusters.
        clusters: usize,
        /// How many clusters each rule refused.
        rules: Vec<(String, usize)>,
    },
    /// There are fewer groups than asked for.
    TooFewGroups {
        /// `clusters`, `region`, …
        of: String,
    },
    /// No choice of groups has enough clusters.
    NoGroups,
    /// No choice of groups was found in as many steps as are taken.
    TooManyChoices,
    /// So many clusters together cannot take the replicas.
    NoRoom {
        /// How many.
        clusters: usize,
    },
    /// Only constraints that Karmada does not know.
    NoSuchSpread,
    /// The constraints leave no cluster.
    NothingSelected,
    /// The selected clusters cannot take the replicas.
    TooLittle {
        /// What was being done, as Karmada says it; nothing for overflow.
        doing: Option<&'static str>,
        /// What is free in all.
        free: i64,
    },
}

impl PlacementFailure {
    /// Which of the three.
    pub fn cause(&self) -> FailureCause {
        match self {
            PlacementFailure::NoneFits { .. } => FailureCause::NoClusterFit,
            PlacementFailure::TooLittle { .. } => FailureCause::Unschedulable,
            _ => FailureCause::SchedulerError,
        }
    }
}

impl FailureCause {
    /// Its name in Karmada.
    pub fn name(self) -> &'static str {
        match self {
            FailureCause::NoClusterFit => "NoClusterFit",
            FailureCause::Unschedulable => "Unschedulable",
            FailureCause::SchedulerError => "SchedulerError",
        }
    }
}

impl fmt::Display for PlacementFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SELECT: &str = "failed to select clusters:";
        const ASSIGN: &str = "failed to assign replicas:";
        match self {
            PlacementFailure::NoneFits { clusters, rules } => {
                write!(f, "0/{clusters} clusters are available: ")?;
                if rules.is_empty() {
                    return f.write_str("no cluster exists.");
                }
                let mut parts: Vec<String> = rules.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
                parts.sort();
                write!(f, "{}.", parts.join(", "))
            }
            PlacementFailure::TooFewGroups { of } => {
                write!(f, "{SELECT} the number of feasible {of} is less than spreadConstraint.MinGroups")
            }
            PlacementFailure::NoGroups => {
                write!(f, "{SELECT} the number of clusters is less than the cluster spreadConstraint.MinGroups")
            }
            PlacementFailure::TooManyChoices => write!(f, "{SELECT} too many choices of groups"),
            PlacementFailure::NoRoom { clusters } => {
                write!(f, "{SELECT} no enough resource when selecting {clusters} clusters")
            }
            PlacementFailure::NoSuchSpread => write!(f, "{SELECT} just support cluster and region spread constraint"),
            PlacementFailure::NothingSelected => write!(f, "{ASSIGN} no clusters available to schedule"),
            PlacementFailure::TooLittle { doing, free } => {
                write!(f, "{ASSIGN} ")?;
                if let Some(doing) = doing {
                    write!(f, "failed to {doing}: ")?;
                }
                match doing {
                    Some(_) => write!(f, "Clusters available replicas {free} are not enough to schedule."),
                    None => f.write_str("Clusters available replicas are not enough to schedule."),
                }
            }
        }
    }
}
