//! The JSON and CSV of a timeline.

use serde_json::{Value, json};

use super::timeline::TimelineView;
use crate::timeline::{Measure, busiest_minutes};

/// Busiest minutes that are listed.
const MOST_MINUTES: usize = 20;

/// For programs.
pub(super) fn value(view: &TimelineView<'_>) -> Value {
    let timeline = &view.timeline;
    let starts = view.starts();
    let instances = view.instances();
    let instant = |minute: usize| timeline.instant(minute).to_string();
    let groups = view.strips(96).into_iter().map(|strip| {
        json!({
            "names": strip.names,
            "starts": strip.starts,
            "peak": strip.peak,
            "peakAt": strip.peak_minutes.iter().take(MOST_MINUTES).map(|minute| instant(*minute)).collect::<Vec<_>>(),
            "quarters": strip.cells,
        })
    });
    let busiest = busiest_minutes(&starts, MOST_MINUTES).into_iter().map(|busiest| {
        let composition = view.composition(busiest.minute);
        let counts = |all: &[(String, usize)]| -> Value {
            all.iter().map(|(name, starts)| json!({"name": name, "starts": starts})).collect()
        };
        json!({
            "at": instant(busiest.minute),
            "starts": busiest.sum,
            "instances": instances[busiest.minute],
            "clusters": counts(&composition.clusters),
            "schedules": counts(&composition.schedules),
            "tasks": counts(&composition.tasks),
        })
    });
    let rates = timeline.rates.iter().map(|rate| {
        let copies = &view.copies[rate.member];
        let starts = timeline.rate_starts(rate);
        json!({
            "task": view.model.units[copies.task].identity.to_string(),
            "copies": copies.clusters.len(),
            "seconds": rate.seconds,
            "min": starts.min,
            "max": starts.max,
        })
    });
    json!({
        "from": timeline.span.start.to_string(),
        "until": timeline.span.end.to_string(),
        "zone": view.zone_name(),
        "starts": starts.iter().sum::<u64>(),
        "instances": instances.iter().sum::<u64>(),
        "suspendedCopies": timeline.suspended,
        "pausedCopies": timeline.paused,
        "copiesWithoutTimeZone": timeline.without_zone,
        "groups": groups.collect::<Value>(),
        "byMinuteOfHour": view.by_minute_of_hour().to_vec(),
        "busiest": busiest.collect::<Value>(),
        "every": rates.collect::<Value>(),
        "atOnce": at_once(view),
    })
}

fn at_once(view: &TimelineView<'_>) -> Value {
    let load = |measure| view.timeline.load(&view.copies, measure, |member| view.copies[member].clusters.len());
    let peak = |sums: &[u64]| sums.iter().copied().max().unwrap_or(0);
    let running = load(Measure::Running);
    json!({
        "running": peak(&running.least),
        "runningUpTo": peak(&running.most),
        "cpuMillis": peak(&load(Measure::Cpu).least),
        "memoryBytes": peak(&load(Measure::Memory).least),
        "copies": running.copies,
        "copiesWithoutDuration": running.unknown,
    })
}

/// A line for each minute with a start and each group that has one there.
pub(super) fn csv(view: &TimelineView<'_>) -> String {
    let mut text = "utc,group,starts\n".to_owned();
    let (names, sums) = view.starts_by_name();
    for minute in 0..view.timeline.minutes() {
        let instant = view.timeline.instant(minute);
        for (name, sums) in names.iter().zip(&sums).filter(|(_, sums)| sums[minute] > 0) {
            text.push_str(&format!("{instant},{},{}\n", field(name), sums[minute]));
        }
    }
    text
}

/// A field of CSV, in quotes where RFC 4180 asks for them.
pub(super) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
