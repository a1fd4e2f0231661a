//! What a task asks of its starts beside the cron expression: a hash, a stagger, windows to stay out of.

use crate::tree::Span;

/// What a hashed or staggered start depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashBy {
    /// Task and cluster: each cluster starts at a time of its own.
    Cluster,
    /// The task alone: all clusters start at the same time.
    Task,
}

/// `schedule.hash`: how `H` is expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashSettings {
    /// `by`; without it the cluster counts, except where `active` chooses.
    pub by: Option<HashBy>,
    /// `salt`: moves the task.
    pub salt: String,
}

/// `schedule.stagger`: a stable offset within a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stagger {
    /// `window` in minutes, 1 to 1440.
    pub window_minutes: u32,
    /// `by` and `salt`.
    pub hash: HashSettings,
    /// Where the window is written.
    pub span: Span,
}

/// A span of the week in which nothing may start: an item of `notDuring`, or a weekly blackout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyWindow {
    /// The days on which it begins, Sunday is bit 0.
    pub weekdays: u8,
    /// The minute of the day at which it begins.
    pub from: u32,
    /// The minute of the day at which it ends, at most 1440; on the next day if not after `from`.
    pub to: u32,
    /// `timeZone`: without one, that of the schedule.
    pub zone: Option<WindowZone>,
    /// The whole of it.
    pub span: Span,
}

/// The zone of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowZone {
    /// An IANA name.
    Name(String),
    /// Each cluster's own.
    Cluster,
}

/// Where the start of a copy comes from, if not from the cron expression alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartSpread {
    /// The expression with every number that `H` may become, if it has one.
    pub widest: Option<String>,
    /// The expression before the stagger, if there is one.
    pub unshifted: Option<String>,
    /// The window of `stagger` in minutes; 0 without one.
    pub stagger_minutes: u32,
}

impl StartSpread {
    /// Whether copies of the task may start at different times by hash.
    pub fn is_spread(&self) -> bool {
        self.widest.is_some() || self.stagger_minutes > 0
    }
}
