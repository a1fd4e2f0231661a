//! What a Fleet says about time: blackouts, budgets and pauses.

use std::ops::Range;

use jiff::civil::DateTime;

use super::{Selector, WeeklyWindow, WindowZone};
use crate::tree::{Span, Spanned};

/// Which copies an entry of the Fleet is about.
#[derive(Clone, Debug, Default)]
pub struct CopySelector {
    /// Which clusters; absent means all.
    pub clusters: Option<Selector>,
    /// Which tasks, as an index in [`Fleet::task_sets`](super::Fleet::task_sets); absent means all.
    pub tasks: Option<usize>,
}

/// One of `blackouts`.
#[derive(Clone, Debug)]
pub struct Blackout {
    /// Its name.
    pub name: Spanned<String>,
    /// Which copies.
    pub copies: CopySelector,
    /// When.
    pub when: BlackoutWhen,
}

/// When a blackout is.
#[derive(Clone, Debug)]
pub enum BlackoutWhen {
    /// Every week: it is cut out of the schedules.
    Weekly(WeeklyWindow),
    /// Once: cron has no year, so the runs are reported.
    Dated {
        /// Local times, half-open.
        span: Range<DateTime>,
        /// The zone of these times.
        zone: WindowZone,
    },
}

/// One of `pauses`.
#[derive(Clone, Debug)]
pub struct Pause {
    /// Its name.
    pub name: Spanned<String>,
    /// Which copies.
    pub copies: CopySelector,
    /// `reason`
    pub reason: Option<String>,
    /// `reviewBy`: the day on which it should be looked at again.
    pub review_by: Option<Spanned<jiff::civil::Date>>,
    /// `resume.startingDeadlineSeconds`: written where a copy has none.
    pub resume_deadline: Option<i64>,
}

/// One of `budgets`.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Its name.
    pub name: Spanned<String>,
    /// Which copies.
    pub copies: CopySelector,
    /// What is counted together.
    pub per: BudgetPer,
    /// The most of each measure, with where it is written.
    pub limits: Vec<Limit>,
    /// The length of the sliding window in minutes, for starts and instances.
    pub window_minutes: u32,
    /// Only runs in this part of the week count.
    pub hours: Option<WeeklyWindow>,
}

/// What a budget counts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetPer {
    /// All that it selects.
    Fleet,
    /// Each cluster.
    Cluster,
    /// Each region.
    Region,
    /// Each provider.
    Provider,
    /// Each value of a label of the clusters.
    Label(String),
}

/// The most that a budget allows of something.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Of what.
    pub of: LimitOf,
    /// The most: a count, thousandths of a core, or bytes.
    pub most: u64,
    /// As it is written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// What a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitOf {
    /// Jobs that start within the window.
    Starts,
    /// Their pods.
    Instances,
    /// Jobs that run at once.
    Running,
    /// CPU that is requested at once.
    Cpu,
    /// Memory that is requested at once.
    Memory,
}

impl LimitOf {
    /// The field of the budget.
    pub fn name(self) -> &'static str {
        match self {
            LimitOf::Starts => "starts",
            LimitOf::Instances => "instances",
            LimitOf::Running => "running",
            LimitOf::Cpu => "cpu",
            LimitOf::Memory => "memory",
        }
    }
}
