//! Hands the finished CronJobs of all tasks to the timeline.

use super::Built;
use crate::model::{Concurrency, Idle};
use crate::render::Variant;
use crate::timeline::{Copies, CopyState, Cost, Overlap};

/// All copies of a plan that have a schedule, in its order.
pub fn copies(plan: &[Built]) -> Vec<Copies> {
    let of_task = |(task, built): (usize, &Built)| {
        let variants = built.rendered.variants.iter().filter(|variant| !variant.timing.is_refused());
        variants.map(|variant| of_variant(task, variant)).collect::<Vec<_>>()
    };
    plan.iter().enumerate().flat_map(of_task).collect()
}

fn of_variant(task: usize, variant: &Variant) -> Copies {
    let timing = &variant.timing;
    let idle = timing.idle == Some(Idle::StartingDeadline);
    Copies {
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
