//! Hands the finished CronJobs of all tasks to the timeline.

use std::collections::BTreeMap;

use super::TaskResult;
use crate::diag::{Code, Diagnostic};
use crate::model::{Concurrency, Idle, Timing};
use crate::render::Variant;
use crate::timeline::{CopyState, Cost, Overlap, TimelineCopies};

/// All copies of a plan that have a schedule, in its order.
pub fn copies(plan: &[TaskResult]) -> Vec<TimelineCopies> {
    let of_task = |(task, built): (usize, &TaskResult)| {
        let variants = built.rendered.variants.iter().filter(|variant| !variant.timing.is_refused());
        variants.map(|variant| of_variant(task, variant)).collect::<Vec<_>>()
    };
    plan.iter().enumerate().flat_map(of_task).collect()
}

fn of_variant(task: usize, variant: &Variant) -> TimelineCopies {
    let timing = &variant.timing;
    let idle = timing.idle == Some(Idle::StartingDeadline);
    TimelineCopies {
        task,
        clusters: variant.clusters.clone(),
        namespace: variant.manifests.first().and_then(|cron_job| cron_job.namespace.clone()),
        schedule: timing.schedule.clone(),
        time_zone: timing.time_zone.clone(),
        instances: variant.instances,
        cost: cost(variant),
        // With a deadline of 0 no Job is ever made; the other idle ones are made and wait.
        state: match timing.paused.is_empty() {
            _ if timing.suspended || idle => CopyState::Suspended,
            true => CopyState::Runs,
            false => CopyState::Paused,
        },
        spread: timing.spread.is_spread(),
        bounded: timing.starting_deadline.is_some(),
    }
}

fn cost(variant: &Variant) -> Cost {
    let timing = &variant.timing;
    let requested = |name: &str| variant.requests.as_ref().and_then(|requests| requests.get(name)).copied();
    let amount = |number: i128| u64::try_from(number).unwrap_or(0);
    let minutes = |seconds: i64| u32::try_from(seconds.div_euclid(60) + i64::from(seconds % 60 > 0)).ok();
    Cost {
        minutes: timing.expected_duration.map(|seconds| seconds.div_ceil(60)),
        limit_minutes: timing.active_deadline.and_then(minutes),
        overlap: match timing.concurrency {
            Concurrency::Allow => Overlap::Allow,
            Concurrency::Forbid => Overlap::Forbid,
            Concurrency::Replace => Overlap::Replace,
        },
        cpu_millis: requested("cpu").map_or(0, |cpu| amount(cpu.millis())),
        memory_bytes: requested("memory").map_or(0, |memory| amount(memory.units())),
    }
}

/// Lints of a task whose starts are spread: its variants have as many expressions, and one mistake is one message.
#[derive(Default)]
pub(super) struct SpreadLints {
    first: BTreeMap<Code, Diagnostic>,
    /// Whether the variant that was looked at last is spread.
    pub(super) is_spread: bool,
}

impl SpreadLints {
    /// A diagnostic in the words of the first variant that had it; the notes stay its own.
    pub(super) fn one_a_task(&mut self, diagnostic: Diagnostic, timing: &Timing) -> Diagnostic {
        if !timing.spread.is_spread() {
            return diagnostic;
        }
        let first = self.first.entry(diagnostic.code).or_insert_with(|| diagnostic.clone());
        let notes = if first.code == Code::DaylightSaving { diagnostic.notes } else { first.notes.clone() };
        Diagnostic { notes, ..first.clone() }
    }

    /// Remembers whether a variant is spread.
    pub(super) fn look(&mut self, timing: &Timing) {
        self.is_spread = timing.spread.is_spread();
    }

    /// Whether some variant had a diagnostic of a code.
    pub(super) fn knows(&self, code: Code) -> bool {
        self.first.contains_key(&code)
    }
}
