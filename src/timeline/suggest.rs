//! Proposes staggers that bring the peaks of starts under their limits with few tasks moved.
//!
//! Greedy: of the tasks that start in windows over a limit, the one whose stagger takes most starts out of such windows
//! is moved first, until no window is over, or no move helps.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;

use super::{CopyState, Timeline, TimelineCopies, budget, stagger, windowed};
use crate::model::{Budget, BudgetPer, CopySelector, LimitOf, Model};
use crate::tree::{FileId, Span, Spanned};

/// The windows that are tried, in minutes, narrower ones first.
const WINDOWS: [u32; 3] = [15, 30, 60];

/// The salts that are tried: a task on one cluster has one offset, and it may be a bad one.
const SALTS: [&str; 3] = ["", "2", "3"];

/// So many tasks are looked at for a move, those with most starts in windows over a limit.
const CANDIDATES: usize = 12;

/// So many tasks are moved at most.
const MOST_MOVES: usize = 60;

/// A stagger for a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaggerMove {
    /// The task, by index in the model.
    pub task: usize,
    /// The window in minutes that works for all of its schedules.
    pub window_minutes: u32,
    /// The salt; empty for none.
    pub salt: String,
}

/// The peak of something that is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalPeak {
    /// The budget, or all clusters where there is none.
    pub name: String,
    /// The window in minutes.
    pub window_minutes: u32,
    /// The most that is aimed at.
    pub most: u64,
    /// The peak before and after.
    pub before: u64,
    /// The peak with the moves.
    pub after: u64,
}

/// What is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// The moves, the most useful first.
    pub moves: Vec<StaggerMove>,
    /// The peaks.
    pub peaks: Vec<GoalPeak>,
    /// Copies without a starting deadline whose schedule changes: they may start at once when it is applied.
    pub starts_at_once: usize,
}

/// A limit of starts, with what starts by group and minute.
struct Goal {
    budget: Budget,
    instances: bool,
    most: u64,
    sums: BTreeMap<String, Vec<u64>>,
}

/// What one task starts, by goal and group: minutes with counts.
type Starts = Vec<BTreeMap<String, Vec<(usize, u64)>>>;

/// Proposes staggers for the budgets of starts and instances; where there are none, to halve the peak of one minute.
pub fn suggest(model: &Model, copies: &[TimelineCopies], spans: &[Range<Timestamp>]) -> Suggestion {
    let running: Vec<TimelineCopies> = copies.iter().filter(|one| one.state == CopyState::Runs).cloned().collect();
    let mut goals = goals(model);
    for goal in &mut goals {
        goal.sums = sums(model, &running, spans, goal);
        if goal.most == 0 {
            goal.most = goal.peak().div_ceil(2);
        }
    }
    let before: Vec<u64> = goals.iter().map(Goal::peak).collect();
    let mut suggestion = Suggestion::default();
    let mut moved = BTreeSet::new();
    while suggestion.moves.len() < MOST_MOVES && goals.iter().any(|goal| goal.excess() > 0) {
        let Some((next, starts)) = best_move(model, &running, spans, &goals, &moved) else { break };
        moved.insert(next.task);
        for (goal, (old, new)) in goals.iter_mut().zip(starts.0.iter().zip(&starts.1)) {
            goal.apply(old, new);
        }
        suggestion.moves.push(next);
    }
    suggestion.peaks = goals
        .iter()
        .zip(before)
        .map(|(goal, before)| GoalPeak {
            name: goal.budget.name.value.clone(),
            window_minutes: goal.budget.window_minutes,
            most: goal.most,
            before,
            after: goal.peak(),
        })
        .collect();
    let unbounded = running.iter().filter(|one| !one.bounded && moved.contains(&one.task));
    suggestion.starts_at_once = unbounded.map(|one| one.clusters.len()).sum();
    suggestion
}

fn goals(model: &Model) -> Vec<Goal> {
    let mut goals: Vec<Goal> = Vec::new();
    for budget in &model.fleet.budgets {
        for limit in &budget.limits {
            if matches!(limit.of, LimitOf::Starts | LimitOf::Instances) {
                let instances = limit.of == LimitOf::Instances;
                goals.push(Goal { budget: budget.clone(), instances, most: limit.most.max(1), sums: BTreeMap::new() });
            }
        }
    }
    if goals.is_empty() {
        let budget = Budget {
            name: Spanned::new("all clusters".to_owned(), Span::new(FileId(0), 0, 0)),
            copies: CopySelector::default(),
            per: BudgetPer::Fleet,
            limits: Vec::new(),
            window_minutes: 1,
            hours: None,
        };
        goals.push(Goal { budget, instances: false, most: 0, sums: BTreeMap::new() });
    }
    goals
}

impl Goal {
    fn windowed(&self, sums: &[u64]) -> Vec<u64> {
        windowed(sums, self.budget.window_minutes as usize)
    }

    fn peak(&self) -> u64 {
        self.sums.values().flat_map(|sums| self.windowed(sums)).max().unwrap_or(0)
    }

    /// How much all windows together are over the limit.
    fn excess(&self) -> u64 {
        self.sums.values().map(|sums| self.excess_of(sums)).sum()
    }

    fn excess_of(&self, sums: &[u64]) -> u64 {
        self.windowed(sums).iter().map(|sum| sum.saturating_sub(self.most)).sum()
    }

    fn apply(&mut self, old: &BTreeMap<String, Vec<(usize, u64)>>, new: &BTreeMap<String, Vec<(usize, u64)>>) {
        for (group, sums) in &mut self.sums {
            change(sums, old.get(group), new.get(group));
        }
    }

    /// By how much a move lowers the excess; negative if it raises it.
    fn gain(&self, old: &BTreeMap<String, Vec<(usize, u64)>>, new: &BTreeMap<String, Vec<(usize, u64)>>) -> i64 {
        let touched = self.sums.iter().filter(|(group, _)| old.contains_key(*group));
        touched
            .map(|(group, sums)| {
                let mut after = sums.clone();
                change(&mut after, old.get(group), new.get(group));
                self.excess_of(sums) as i64 - self.excess_of(&after) as i64
            })
            .sum()
    }
}

fn change(sums: &mut [u64], old: Option<&Vec<(usize, u64)>>, new: Option<&Vec<(usize, u64)>>) {
    for (minute, count) in old.into_iter().flatten() {
        sums[*minute] = sums[*minute].saturating_sub(*count);
    }
    for (minute, count) in new.into_iter().flatten() {
        sums[*minute] += count;
    }
}

/// What starts by group, the spans one behind the other.
fn sums(
    model: &Model,
    copies: &[TimelineCopies],
    spans: &[Range<Timestamp>],
    goal: &Goal,
) -> BTreeMap<String, Vec<u64>> {
    let groups = budget::groups(model, copies, &goal.budget);
    let mut sums: BTreeMap<String, Vec<u64>> = groups.keys().map(|name| (name.clone(), Vec::new())).collect();
    for span in spans {
        let timeline = Timeline::of(copies, span.clone(), 0);
        for (name, counts) in &groups {
            let weight = |member: usize| weight(goal, copies, counts, member);
            sums.entry(name.clone()).or_default().extend(timeline.sum(weight));
        }
    }
    sums
}

fn weight(goal: &Goal, copies: &[TimelineCopies], counts: &budget::WindowCounts, member: usize) -> u64 {
    let count = counts.get(&member).copied().unwrap_or(0);
    if goal.instances { count * u64::from(copies[member].instances) } else { count }
}

/// What some copies start, by goal.
fn starts(model: &Model, copies: &[TimelineCopies], spans: &[Range<Timestamp>], goals: &[Goal]) -> Starts {
    let timelines: Vec<Timeline> = spans.iter().map(|span| Timeline::of(copies, span.clone(), 0)).collect();
    let of_goal = |goal: &Goal| {
        let mut starts: BTreeMap<String, Vec<(usize, u64)>> = BTreeMap::new();
        for (name, counts) in budget::groups(model, copies, &goal.budget) {
            let mut offset = 0;
            for timeline in &timelines {
                for schedule in &timeline.schedules {
                    let sum: u64 = schedule.members.iter().map(|member| weight(goal, copies, &counts, *member)).sum();
                    if sum > 0 {
                        let minutes = schedule.minutes().map(|minute| (offset + minute, sum));
                        starts.entry(name.clone()).or_default().extend(minutes);
                    }
                }
                offset += timeline.minutes();
            }
        }
        starts
    };
    goals.iter().map(of_goal).collect()
}

/// The stagger that lowers the excess most, with what the task starts before and after it.
fn best_move(
    model: &Model,
    copies: &[TimelineCopies],
    spans: &[Range<Timestamp>],
    goals: &[Goal],
    moved: &BTreeSet<usize>,
) -> Option<(StaggerMove, (Starts, Starts))> {
    let mut best: Option<(i64, StaggerMove, (Starts, Starts))> = None;
    for task in candidates(model, copies, spans, goals, moved) {
        let own: Vec<TimelineCopies> = copies.iter().filter(|one| one.task == task).cloned().collect();
        let old = starts(model, &own, spans, goals);
        let windows = own.iter().map(|one| stagger::window_for(&one.schedule, WINDOWS[WINDOWS.len() - 1]));
        let Some(largest) = windows.collect::<Option<Vec<u32>>>().and_then(|windows| windows.into_iter().min()) else {
            continue;
        };
        let tried: BTreeSet<u32> = WINDOWS.iter().map(|window| *window.min(&largest)).collect();
        for (window, salt) in tried.into_iter().flat_map(|window| SALTS.iter().map(move |salt| (window, *salt))) {
            let after = stagger::with_salt(&own, model, &BTreeSet::from([task]), (window, salt));
            let new = starts(model, &after, spans, goals);
            let gain: i64 = goals.iter().zip(old.iter().zip(&new)).map(|(goal, (old, new))| goal.gain(old, new)).sum();
            if gain > 0 && best.as_ref().is_none_or(|(most, _, _)| gain > *most) {
                let proposal = StaggerMove { task, window_minutes: window, salt: salt.to_owned() };
                best = Some((gain, proposal, (old.clone(), new)));
            }
        }
    }
    best.map(|(_, proposal, starts)| (proposal, starts))
}

/// The tasks with most starts in windows over a limit, those that can be staggered.
fn candidates(
    model: &Model,
    copies: &[TimelineCopies],
    spans: &[Range<Timestamp>],
    goals: &[Goal],
    moved: &BTreeSet<usize>,
) -> Vec<usize> {
    let timelines: Vec<Timeline> = spans.iter().map(|span| Timeline::of(copies, span.clone(), 0)).collect();
    let mut parts: BTreeMap<usize, u64> = BTreeMap::new();
    for goal in goals {
        for (name, counts) in budget::groups(model, copies, &goal.budget) {
            let Some(sums) = goal.sums.get(&name) else { continue };
            let window = goal.budget.window_minutes as usize;
            let mut over = vec![false; sums.len()];
            for (minute, _) in goal.windowed(sums).into_iter().enumerate().filter(|(_, sum)| *sum > goal.most) {
                over[minute..(minute + window).min(sums.len())].fill(true);
            }
            let mut offset = 0;
            for timeline in &timelines {
                for schedule in &timeline.schedules {
                    let starts = schedule.minutes().filter(|minute| over[offset + minute]).count() as u64;
                    for member in schedule.members.iter().filter(|member| starts > 0 && counts.contains_key(member)) {
                        let one = &copies[*member];
                        if !one.spread && !moved.contains(&one.task) {
                            *parts.entry(one.task).or_default() += starts * weight(goal, copies, &counts, *member);
                        }
                    }
                }
                offset += timeline.minutes();
            }
        }
    }
    let mut parts: Vec<(usize, u64)> = parts.into_iter().collect();
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    parts.into_iter().map(|(task, _)| task).take(CANDIDATES).collect()
}
