//! All runs of all tasks on all clusters in a span of time, by UTC minute.
//!
//! Copies with equal schedule and zone run at the same instants, so each distinct pair is searched once and counted with
//! a weight: a thousand tasks on two hundred clusters have few of them unless their starts are hashed.

mod budget;
mod load;
mod peak;
mod stagger;
mod strip;
mod suggest;

pub use budget::{BudgetPeak, Excess, PROPOSED_STAGGER, budget_peaks, horizon, over_budget};
pub use load::{Measure, MinuteLoad};
pub use peak::{Busiest, busiest_minutes, windowed};
pub use stagger::{staggered, window_for};
pub use strip::Strip;
pub use suggest::{GoalPeak, StaggerMove, Suggestion, suggest};

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use crate::cron::{Expression, ExpressionForm, Zone};

const MINUTE_SECONDS: i64 = 60;

/// Copies of one task that run at the same instants: on some clusters, with everything that counts them.
#[derive(Clone, Debug)]
pub struct TimelineCopies {
    /// The task, by index in the model.
    pub task: usize,
    /// The clusters, by index in the inventory.
    pub clusters: Vec<usize>,
    /// `metadata.namespace` of the CronJob.
    pub namespace: Option<String>,
    /// `spec.schedule` as it is written in the manifest.
    pub schedule: String,
    /// `spec.timeZone`; without one the runs are taken as UTC.
    pub time_zone: Option<String>,
    /// Pods of one run.
    pub instances: u32,
    /// What a run takes, where that is known.
    pub cost: Cost,
    /// Whether they run.
    pub state: CopyState,
    /// Whether their start is spread by hash.
    pub spread: bool,
    /// Whether `startingDeadlineSeconds` lets runs go that were missed long ago.
    pub bounded: bool,
}

/// What one run of a copy takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Minutes that a run takes, rounded up: `expectedDuration`.
    pub minutes: Option<u32>,
    /// Minutes after which a run is ended, rounded up: `activeDeadlineSeconds`.
    pub limit_minutes: Option<u32>,
    /// What becomes of a run that is due while another goes on.
    pub overlap: Overlap,
    /// CPU that one pod requests, in thousandths of a core.
    pub cpu_millis: u64,
    /// Memory that one pod requests, in bytes.
    pub memory_bytes: u64,
}

/// What becomes of a run that is due while another of the same copy goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overlap {
    /// Both go on.
    #[default]
    Allow,
    /// The new one is skipped.
    Forbid,
    /// The old one ends.
    Replace,
}

/// Whether copies run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyState {
    /// They run when they are due.
    Runs,
    /// They are suspended, by their author or because another copy is active.
    Suspended,
    /// They are suspended by a pause of the fleet.
    Paused,
}

/// The runs of one distinct pair of schedule and zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The schedule as written.
    pub text: String,
    /// The zone in which it runs.
    pub zone: Zone,
    /// Those who have it, by index in the list that the timeline was made of.
    pub members: Vec<usize>,
    /// Its runs, as minutes after the begin of the timeline, ascending; negative ones are of the lead before it.
    pub starts: Vec<i32>,
}

/// Copies with `@every`: their minute is not known, because it counts from a run that only the cluster knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Those who have it, by index in the list that the timeline was made of.
    pub member: usize,
    /// The distance of its runs.
    pub seconds: u64,
}

/// What the minutes of a timeline are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Instants: what starts at once is counted together.
    Utc,
    /// The local time of each schedule's zone, as if it were UTC: what starts at 02:00 in its own zone is counted together.
    Own,
}

/// The runs of a fleet in a span.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The span, half-open: a run at its begin counts.
    pub span: Range<Timestamp>,
    /// What minutes are counted by.
    pub clock: Clock,
    /// The distinct schedules that have a minute.
    pub schedules: Vec<Schedule>,
    /// Those that have none.
    pub rates: Vec<Rate>,
    /// How many copies are left out because they are suspended.
    pub suspended: usize,
    /// How many copies are left out because of a pause.
    pub paused: usize,
    /// How many copies are taken as UTC because they have no zone.
    pub without_zone: usize,
}

impl Timeline {
    /// Searches the runs of all copies in a span; `lead_minutes` before it are searched too, for runs that go on into it.
    ///
    /// A schedule or zone that Kubernetes refuses is left out: the compiler has reported it.
    pub fn of(copies: &[TimelineCopies], span: Range<Timestamp>, lead_minutes: u32) -> Timeline {
        Timeline::by_clock(copies, span, lead_minutes, Clock::Utc)
    }

    /// As [`Timeline::of`], by some clock.
    pub fn by_clock(copies: &[TimelineCopies], span: Range<Timestamp>, lead_minutes: u32, clock: Clock) -> Timeline {
        let (schedules, rates) = (Vec::new(), Vec::new());
        let mut timeline = Timeline { span, clock, schedules, rates, suspended: 0, paused: 0, without_zone: 0 };
        let mut known: BTreeMap<(&str, &str), Option<usize>> = BTreeMap::new();
        for (member, copy) in copies.iter().enumerate() {
            match copy.state {
                CopyState::Runs => {}
                CopyState::Suspended => timeline.suspended += copy.clusters.len(),
                CopyState::Paused => timeline.paused += copy.clusters.len(),
            }
            if copy.state != CopyState::Runs {
                continue;
            }
            let zone = copy.time_zone.as_deref().unwrap_or("UTC");
            let index = *known.entry((&copy.schedule, zone)).or_insert_with(|| {
                let schedule = timeline.search(&copy.schedule, zone, lead_minutes)?;
                timeline.schedules.push(schedule);
                Some(timeline.schedules.len() - 1)
            });
            match index {
                Some(index) => timeline.schedules[index].members.push(member),
                None => match Expression::parse(&copy.schedule).map(|expression| expression.form().clone()) {
                    Ok(ExpressionForm::Every(seconds)) => timeline.rates.push(Rate { member, seconds }),
                    _ => continue,
                },
            }
            // A rate has no time of day, so no zone plays a part.
            if copy.time_zone.is_none() && index.is_some() {
                timeline.without_zone += copy.clusters.len();
            }
        }
        timeline
    }

    fn search(&self, text: &str, zone: &str, lead_minutes: u32) -> Option<Schedule> {
        let (expression, zone) = (Expression::parse(text).ok()?, Zone::parse(zone).ok()?);
        if matches!(expression.form(), ExpressionForm::Every(_)) {
            return None;
        }
        // No zone is further from UTC than this.
        const FURTHEST: i64 = 26 * 60;
        let margin = if self.clock == Clock::Own { FURTHEST } else { 0 };
        let from = self.first_minute() - i64::from(lead_minutes);
        let until = minute_of(self.span.end - SignedDuration::from_nanos(1));
        let before = Timestamp::from_second(
            self.span.start.as_second() - 1 - (i64::from(lead_minutes) + margin) * MINUTE_SECONDS,
        );
        let shown = |run: Timestamp| match self.clock {
            Clock::Utc => minute_of(run),
            Clock::Own => minute_of(run) + i64::from(zone.offset(run)).div_euclid(MINUTE_SECONDS),
        };
        let last = self.span.end.as_second() + margin * MINUTE_SECONDS;
        let runs =
            expression.runs(before.ok()?, &zone).take_while(|run| run.as_second() < last && *run < Timestamp::MAX);
        let runs = runs.filter(|run| self.clock == Clock::Own || *run < self.span.end);
        let minutes = runs.map(shown).filter(|minute| (from..=until).contains(minute));
        let mut starts: Vec<i32> =
            minutes.filter_map(|minute| i32::try_from(minute - self.first_minute()).ok()).collect();
        starts.sort_unstable();
        Some(Schedule { text: text.to_owned(), zone, members: Vec::new(), starts })
    }

    fn first_minute(&self) -> i64 {
        minute_of(self.span.start)
    }

    /// How many minutes the span touches.
    pub fn minutes(&self) -> usize {
        let last = minute_of(self.span.end - SignedDuration::from_nanos(1));
        usize::try_from(last - self.first_minute() + 1).unwrap_or(0)
    }

    /// The instant at which a minute of the span begins.
    pub fn instant(&self, minute: usize) -> Timestamp {
        let second = (self.first_minute() + minute as i64) * MINUTE_SECONDS;
        Timestamp::from_second(second).unwrap_or(self.span.start)
    }

    /// The minute of the span in which an instant lies, if it does.
    pub fn minute(&self, at: Timestamp) -> Option<usize> {
        let minute = usize::try_from(minute_of(at) - self.first_minute()).ok()?;
        (minute < self.minutes()).then_some(minute)
    }

    /// For each minute the sum of a weight over all that start in it.
    pub fn sum(&self, weight: impl Fn(usize) -> u64) -> Vec<u64> {
        let mut sums = vec![0; self.minutes()];
        for schedule in &self.schedules {
            let weight: u64 = schedule.members.iter().map(|member| weight(*member)).sum();
            if weight > 0 {
                schedule.minutes().for_each(|minute| sums[minute] += weight);
            }
        }
        sums
    }

    /// As [`Timeline::sum`], of starts, for each of some groups of (member, cluster); `None` is in no group.
    pub fn starts_by_group(
        &self,
        copies: &[TimelineCopies],
        groups: usize,
        group: impl Fn(usize, usize) -> Option<usize>,
    ) -> Vec<Vec<u32>> {
        let mut sums = vec![vec![0; self.minutes()]; groups];
        for schedule in &self.schedules {
            let mut weights: BTreeMap<usize, u32> = BTreeMap::new();
            for member in &schedule.members {
                let clusters = copies[*member].clusters.iter();
                for group in clusters.filter_map(|cluster| group(*member, *cluster)) {
                    *weights.entry(group).or_default() += 1;
                }
            }
            for (group, weight) in weights {
                schedule.minutes().for_each(|minute| sums[group][minute] += weight);
            }
        }
        sums
    }

    /// The schedules that start in a minute.
    pub fn starting(&self, minute: usize) -> impl Iterator<Item = &Schedule> {
        let wanted = i32::try_from(minute).unwrap_or(i32::MAX);
        self.schedules.iter().filter(move |schedule| schedule.starts.binary_search(&wanted).is_ok())
    }

    /// How many starts of an `@every` lie in the span: at least, at most, and counted from its begin.
    pub fn rate_starts(&self, rate: &Rate) -> RateStarts {
        let length = u64::try_from(self.span.end.as_second() - self.span.start.as_second()).unwrap_or(0);
        RateStarts {
            min: length / rate.seconds,
            max: length.div_ceil(rate.seconds),
            from_begin: length.saturating_sub(1) / rate.seconds,
        }
    }
}

impl Schedule {
    /// The minutes of the span in which it starts; one that comes twice in a minute is there twice.
    pub fn minutes(&self) -> impl Iterator<Item = usize> + '_ {
        self.starts.iter().filter_map(|start| usize::try_from(*start).ok())
    }
}

/// How many starts a rate has in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateStarts {
    /// At least.
    pub min: u64,
    /// At most.
    pub max: u64,
    /// If the last run was at the begin of the span.
    pub from_begin: u64,
}

/// The minute since 1970 in which an instant lies.
fn minute_of(at: Timestamp) -> i64 {
    let floor = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    floor.div_euclid(MINUTE_SECONDS)
}
