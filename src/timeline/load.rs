//! What runs at once: from each start to the end of its expected duration.

use std::collections::BTreeMap;

use super::{Overlap, Schedule, Timeline, TimelineCopies};

/// What is added up over the runs that go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Jobs.
    Running,
    /// CPU requests, in thousandths of a core.
    Cpu,
    /// Memory requests, in bytes.
    Memory,
}

/// What runs at once, by minute.
#[derive(Clone, Debug)]
pub struct MinuteLoad {
    /// By minute of the span: the sum of the measure, a run of unknown duration counted in its starting minute only.
    pub least: Vec<u64>,
    /// The same with runs of unknown duration counted until `activeDeadlineSeconds` ends them, where that is set.
    pub most: Vec<u64>,
    /// Copies that run in the span, and those of them without an expected duration.
    pub copies: usize,
    /// Those without an expected duration.
    pub unknown: usize,
}

impl Measure {
    /// What one run of a copy adds.
    fn of(self, copies: &TimelineCopies) -> u64 {
        let pods = u64::from(copies.instances);
        match self {
            Measure::Running => 1,
            Measure::Cpu => copies.cost.cpu_millis.saturating_mul(pods),
            Measure::Memory => copies.cost.memory_bytes.saturating_mul(pods),
        }
    }
}

impl Timeline {
    /// What the copies chosen run at once; `chosen` says how many clusters of a member count.
    pub fn load(&self, copies: &[TimelineCopies], measure: Measure, chosen: impl Fn(usize) -> usize) -> MinuteLoad {
        let mut least = vec![0i128; self.minutes() + 1];
        let mut most = vec![0i128; self.minutes() + 1];
        let mut load = MinuteLoad { least: Vec::new(), most: Vec::new(), copies: 0, unknown: 0 };
        for schedule in &self.schedules {
            // Copies that last equally long add up to one weight.
            let mut weights: BTreeMap<(u32, u32, Overlap), i128> = BTreeMap::new();
            for member in &schedule.members {
                let (one, count) = (&copies[*member], chosen(*member));
                load.copies += count;
                load.unknown += if one.cost.minutes.is_none() { count } else { 0 };
                let shortest = one.cost.minutes.unwrap_or(1).max(1);
                let longest = one.cost.minutes.or(one.cost.limit_minutes).unwrap_or(1).max(1);
                let weight = i128::from(measure.of(one)) * count as i128;
                *weights.entry((shortest, longest, one.cost.overlap)).or_default() += weight;
            }
            for ((shortest, longest, overlap), weight) in weights.into_iter().filter(|(_, weight)| *weight > 0) {
                add_runs(&mut least, schedule, (shortest, overlap), weight);
                add_runs(&mut most, schedule, (longest, overlap), weight);
            }
        }
        (load.least, load.most) = (running_sums(&least), running_sums(&most));
        load
    }

    /// The longest duration of all copies in minutes, at most a week: how long before the span a run may have started
    /// that still goes on in it.
    pub fn lead_minutes(copies: &[TimelineCopies]) -> u32 {
        const WEEK: u32 = 7 * 24 * 60;
        copies
            .iter()
            .filter_map(|copies| copies.cost.minutes.or(copies.cost.limit_minutes))
            .max()
            .unwrap_or(0)
            .min(WEEK)
    }
}

/// Adds the runs of a schedule to differences by minute.
fn add_runs(changes: &mut [i128], schedule: &Schedule, (minutes, overlap): (u32, Overlap), weight: i128) {
    let minutes = i64::from(minutes);
    let clamp = |minute: i64| usize::try_from(minute.max(0)).unwrap_or(0).min(changes.len() - 1);
    let mut spans: Vec<(i64, i64)> = Vec::with_capacity(schedule.starts.len());
    for start in schedule.starts.iter().map(|start| i64::from(*start)) {
        match spans.last_mut().filter(|(_, end)| start < *end) {
            Some(_) if overlap == Overlap::Forbid => {}
            Some((_, end)) if overlap == Overlap::Replace => *end = start + minutes,
            _ => spans.push((start, start + minutes)),
        }
    }
    let spans: Vec<(usize, usize)> = spans.into_iter().map(|(from, to)| (clamp(from), clamp(to))).collect();
    for (from, to) in spans {
        changes[from] += weight;
        changes[to] -= weight;
    }
}

fn running_sums(changes: &[i128]) -> Vec<u64> {
    let mut sum = 0;
    let sums = changes.iter().map(|change| {
        sum += change;
        u64::try_from(sum).unwrap_or(u64::MAX)
    });
    sums.take(changes.len() - 1).collect()
}
