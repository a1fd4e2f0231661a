//! Budgets: the most that starts within a sliding window, or runs at once, against what a fleet allows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{CopyState, Measure, Timeline, TimelineCopies, stagger, windowed};
use crate::cron::Zone;
use crate::model::{Budget, BudgetPer, Cluster, Limit, LimitOf, Model, WeeklyWindow, WindowZone};
use crate::place;

/// The stagger that a message proposes, in minutes.
pub const PROPOSED_STAGGER: u32 = 30;

/// A limit of a budget that is passed.
#[derive(Clone, Debug)]
pub struct Excess<'a> {
    /// The budget.
    pub budget: &'a Budget,
    /// The limit.
    pub limit: &'a Limit,
    /// The group that passes it most; `None` where the fleet is counted as one.
    pub group: Option<String>,
    /// How many other groups pass it too.
    pub others: usize,
    /// What there is at the worst moment.
    pub found: u64,
    /// The worst moment: the begin of its window.
    pub at: Timestamp,
    /// The tasks that take part in it, greater parts first.
    pub tasks: Vec<(usize, u64)>,
    /// The peak with a stagger on these tasks, where starts are counted.
    pub staggered: Option<u64>,
    /// Copies without an expected duration, of how many, where a duration counts.
    pub unknown: Option<(usize, usize)>,
}

/// The spans that budgets are looked at in, without a clock: a week from 1 February and one from 1 July, so that both
/// clocks, all weekdays and the first of a month are among them.
pub fn horizon(year: Range<Timestamp>) -> [Range<Timestamp>; 2] {
    let year = Offset::UTC.to_datetime(year.start).year();
    [2, 7].map(|month| {
        let begin = format!("{year:04}-{month:02}-01T00:00:00Z").parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let week = jiff::SignedDuration::from_hours(7 * 24);
        begin..begin.checked_add(week).unwrap_or(begin)
    })
}

/// The limits that are passed, in the order of the settings.
pub fn over_budget<'a>(model: &'a Model, copies: &[TimelineCopies], spans: &[Range<Timestamp>]) -> Vec<Excess<'a>> {
    if model.fleet.budgets.is_empty() {
        return Vec::new();
    }
    let lead = Timeline::lead_minutes(copies);
    let timelines: Vec<Timeline> = spans.iter().map(|span| Timeline::of(copies, span.clone(), lead)).collect();
    let budgets = model.fleet.budgets.iter().flat_map(|budget| budget.limits.iter().map(move |limit| (budget, limit)));
    budgets.filter_map(|(budget, limit)| excess(model, copies, &timelines, budget, limit)).collect()
}

/// The peak of what a budget limits, of its busiest group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetPeak {
    /// The name of the budget.
    pub budget: String,
    /// What is limited.
    pub of: LimitOf,
    /// The most that is allowed.
    pub most: u64,
    /// What there is.
    pub found: u64,
}

/// The peaks of all budgets, in the order of the settings.
pub fn budget_peaks(model: &Model, copies: &[TimelineCopies], spans: &[Range<Timestamp>]) -> Vec<BudgetPeak> {
    let lead = Timeline::lead_minutes(copies);
    let timelines: Vec<Timeline> = spans.iter().map(|span| Timeline::of(copies, span.clone(), lead)).collect();
    let budgets = model.fleet.budgets.iter().flat_map(|budget| budget.limits.iter().map(move |limit| (budget, limit)));
    let peak = |(budget, limit): (&Budget, &Limit)| {
        let groups = groups(model, copies, budget);
        let series = groups
            .values()
            .flat_map(|counts| timelines.iter().flat_map(|timeline| series(timeline, copies, counts, budget, limit)));
        let found = series.max().unwrap_or(0);
        BudgetPeak { budget: budget.name.value.clone(), of: limit.of, most: limit.most, found }
    };
    budgets.map(peak).collect()
}

/// Which copies a group counts: by member, how many of its clusters.
pub(super) type WindowCounts = BTreeMap<usize, u64>;

fn excess<'a>(
    model: &'a Model,
    copies: &[TimelineCopies],
    timelines: &[Timeline],
    budget: &'a Budget,
    limit: &'a Limit,
) -> Option<Excess<'a>> {
    let groups = groups(model, copies, budget);
    let mut worst: Vec<(u64, &String, usize, usize)> = Vec::new();
    for (name, counts) in &groups {
        let peaks = timelines.iter().enumerate().map(|(index, timeline)| {
            let series = series(timeline, copies, counts, budget, limit);
            let (minute, most) =
                series.iter().enumerate().max_by_key(|(minute, sum)| (**sum, std::cmp::Reverse(*minute)))?;
            Some((*most, index, minute))
        });
        let peak = peaks.flatten().max_by_key(|(most, index, _)| (*most, std::cmp::Reverse(*index)));
        worst.extend(
            peak.filter(|(most, _, _)| *most > limit.most).map(|(most, index, minute)| (most, name, index, minute)),
        );
    }
    worst.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let (found, name, index, minute) = *worst.first()?;
    let counts = &groups[name];
    let timeline = &timelines[index];
    let windowed = matches!(limit.of, LimitOf::Starts | LimitOf::Instances);
    let minute = if windowed { first_start(timeline, counts, minute, budget.window_minutes) } else { minute };
    let tasks =
        tasks(timeline, copies, counts, (minute, if windowed { budget.window_minutes as usize } else { 1 }), limit);
    let staggered = windowed.then(|| staggered_peak(model, copies, counts, timelines, &tasks, budget, limit)).flatten();
    let unknown = (!windowed).then(|| {
        let load =
            timeline.load(copies, Measure::Running, |member| counts.get(&member).map_or(0, |count| *count as usize));
        (load.unknown, load.copies)
    });
    let group = (budget.per != BudgetPer::Fleet).then(|| name.clone());
    let at = timeline.instant(minute);
    Some(Excess { budget, limit, group, others: worst.len() - 1, found, at, tasks, staggered, unknown })
}

/// The first minute of a window in which something starts.
fn first_start(timeline: &Timeline, counts: &WindowCounts, minute: usize, window_minutes: u32) -> usize {
    let sums = timeline.sum(|member| counts.get(&member).copied().unwrap_or(0));
    let within = sums.iter().enumerate().skip(minute).take(window_minutes as usize);
    within.filter(|(_, sum)| **sum > 0).map(|(minute, _)| minute).next().unwrap_or(minute)
}

/// The copies that run and that a budget counts, by group.
pub(super) fn groups(model: &Model, copies: &[TimelineCopies], budget: &Budget) -> BTreeMap<String, WindowCounts> {
    let selected: Vec<bool> = model
        .clusters
        .iter()
        .map(|cluster| budget.copies.clusters.as_ref().is_none_or(|selector| place::matches(selector, cluster).is_ok()))
        .collect();
    let mut groups: BTreeMap<String, WindowCounts> = BTreeMap::new();
    for (member, one) in copies.iter().enumerate().filter(|(_, one)| one.state == CopyState::Runs) {
        if !model.fleet.selects_task(&budget.copies, &model.units[one.task].identity) {
            continue;
        }
        for cluster in one.clusters.iter().filter(|cluster| selected[**cluster]) {
            if let Some(name) = group_name(budget, &model.clusters[*cluster]) {
                *groups.entry(name).or_default().entry(member).or_default() += 1;
            }
        }
    }
    groups
}

/// The group of a cluster; a cluster without the property is in none.
fn group_name(budget: &Budget, cluster: &Cluster) -> Option<String> {
    match &budget.per {
        BudgetPer::Fleet => Some(String::new()),
        BudgetPer::Cluster => Some(cluster.name.value.clone()),
        BudgetPer::Region => cluster.region.as_ref().map(|region| region.value.clone()),
        BudgetPer::Provider => cluster.provider.as_ref().map(|provider| provider.value.clone()),
        BudgetPer::Label(key) => cluster.labels.get(key).map(|value| value.value.clone()),
    }
}

/// What a limit is about, by the minute in which its window begins.
fn series(
    timeline: &Timeline,
    copies: &[TimelineCopies],
    counts: &WindowCounts,
    budget: &Budget,
    limit: &Limit,
) -> Vec<u64> {
    let weight = |member: usize| {
        let count = counts.get(&member).copied().unwrap_or(0);
        match limit.of {
            LimitOf::Instances => count * u64::from(copies[member].instances),
            _ => count,
        }
    };
    let measure = match limit.of {
        LimitOf::Starts | LimitOf::Instances => None,
        LimitOf::Running => Some(Measure::Running),
        LimitOf::Cpu => Some(Measure::Cpu),
        LimitOf::Memory => Some(Measure::Memory),
    };
    let Some(measure) = measure else {
        let mut sums = timeline.sum(weight);
        keep_hours(timeline, &mut sums, budget);
        let mut sums = windowed(&sums, budget.window_minutes as usize);
        // `@every` may start at any second, so each counts with the most that a window can hold.
        let window = u64::from(budget.window_minutes) * 60;
        let rates = timeline.rates.iter().map(|rate| weight(rate.member) * window.div_ceil(rate.seconds));
        let rates: u64 = rates.sum();
        sums.iter_mut().for_each(|sum| *sum += rates);
        return sums;
    };
    let mut sums =
        timeline.load(copies, measure, |member| counts.get(&member).map_or(0, |count| *count as usize)).least;
    keep_hours(timeline, &mut sums, budget);
    sums
}

/// Leaves only what lies in the hours of the budget.
fn keep_hours(timeline: &Timeline, sums: &mut [u64], budget: &Budget) {
    let Some(hours) = &budget.hours else { return };
    let zone = match &hours.zone {
        Some(WindowZone::Name(name)) => Zone::parse(name).unwrap_or_else(|_| Zone::utc()),
        _ => Zone::utc(),
    };
    for (minute, sum) in sums.iter_mut().enumerate() {
        if *sum > 0 && !is_within(hours, timeline.instant(minute), &zone) {
            *sum = 0;
        }
    }
}

fn is_within(window: &WeeklyWindow, at: Timestamp, zone: &Zone) -> bool {
    let local = Offset::from_seconds(zone.offset(at)).unwrap_or(Offset::UTC).to_datetime(at);
    let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
    let weekday = local.weekday().to_sunday_zero_offset().unsigned_abs();
    let begins = |day: u8| window.weekdays >> (day % 7) & 1 == 1;
    let wraps = window.to <= window.from;
    let today = begins(weekday) && minute >= window.from && (wraps || minute < window.to);
    today || wraps && begins(weekday + 6) && minute < window.to
}

/// The tasks that start in a window, or run in a minute, with their parts.
fn tasks(
    timeline: &Timeline,
    copies: &[TimelineCopies],
    counts: &WindowCounts,
    (minute, window): (usize, usize),
    limit: &Limit,
) -> Vec<(usize, u64)> {
    let mut parts: BTreeMap<usize, u64> = BTreeMap::new();
    for schedule in &timeline.schedules {
        for member in &schedule.members {
            let (Some(count), one) = (counts.get(member), &copies[*member]) else { continue };
            let lasts = one.cost.minutes.unwrap_or(1).max(1) as i64;
            let (first, last) = match limit.of {
                LimitOf::Starts | LimitOf::Instances => (minute as i64, (minute + window) as i64),
                _ => (minute as i64 - lasts + 1, minute as i64 + 1),
            };
            let within = schedule.starts.iter().filter(|start| (first..last).contains(&i64::from(**start))).count();
            if within > 0 {
                let per_start = if limit.of == LimitOf::Instances { u64::from(one.instances) } else { 1 };
                *parts.entry(one.task).or_default() += within as u64 * count * per_start;
            }
        }
    }
    let mut parts: Vec<(usize, u64)> = parts.into_iter().collect();
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    parts
}

/// The peak with a stagger on the tasks of the worst moment.
fn staggered_peak(
    model: &Model,
    copies: &[TimelineCopies],
    counts: &WindowCounts,
    timelines: &[Timeline],
    tasks: &[(usize, u64)],
    budget: &Budget,
    limit: &Limit,
) -> Option<u64> {
    let tasks: BTreeSet<usize> = tasks.iter().map(|(task, _)| *task).collect();
    let own: Vec<TimelineCopies> = counts
        .keys()
        .map(|member| {
            let one = &copies[*member];
            let within = |cluster: &&usize| {
                budget
                    .copies
                    .clusters
                    .as_ref()
                    .is_none_or(|selector| place::matches(selector, &model.clusters[**cluster]).is_ok())
            };
            let clusters: Vec<usize> = one.clusters.iter().filter(within).copied().collect();
            TimelineCopies { clusters, ..one.clone() }
        })
        .collect();
    let moved = stagger::staggered(&own, model, &tasks, PROPOSED_STAGGER);
    let groups = groups(model, &moved, budget);
    let peaks = timelines.iter().flat_map(|timeline| {
        let timeline = Timeline::of(&moved, timeline.span.clone(), 0);
        let series = groups.values().map(|counts| series(&timeline, &moved, counts, budget, limit));
        series.flatten().max().into_iter().collect::<Vec<_>>()
    });
    peaks.max()
}
