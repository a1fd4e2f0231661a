//! Any bytes as a schedule, a zone and a moment: nothing panics, runs ascend, they are what was written, and none takes
//! long. It builds the room `cron` alone, without the rest of the crate: the room needs nothing of it.
//!
//! The one idea: the input is text for people, one part a line, so that what the fuzzer finds can be read.
#![no_main]

#[allow(dead_code, unused_imports, reason = "the target uses a part of the room")]
#[path = "../../src/cron/mod.rs"]
mod cron;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cron::{Expression, Form, Zone};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

/// The most that one look for the next run may take.
const LIMIT: Duration = Duration::from_millis(10);

/// Every zone, read once.
static ZONES: LazyLock<Vec<Zone>> =
    LazyLock::new(|| Zone::names().map(|name| Zone::parse(name).expect("a name of the database")).collect());

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let (schedule, zone, second) = (lines.next(), lines.next(), lines.next());
    let schedule = schedule.unwrap_or_default();
    let zone = zone.unwrap_or_default();
    let sum = bytes.iter().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    // A zone that does not exist is any zone, so that the fuzzer need not guess names. What it was meant to be is a
    // long search, so not every input is asked.
    let zone = match ZONES.iter().find(|known| known.name() == zone) {
        Some(known) => known,
        None => {
            if sum.is_multiple_of(64) {
                let fault = Zone::parse(zone).expect_err("it is not in the database");
                assert!(fault.nearest.is_none_or(|nearest| Zone::parse(nearest).is_ok()));
            }
            &ZONES[sum % ZONES.len()]
        }
    };
    let second = second.and_then(|second| second.trim().parse().ok()).unwrap_or(1_790_000_000);
    let from = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    match Expression::parse(schedule) {
        Ok(expression) => check(&expression, zone, from),
        Err(fault) => {
            assert!(schedule.get(fault.at.clone()).is_some());
            let _said = (fault.to_string(), fault.help(schedule));
        }
    }
});

fn check(expression: &Expression, zone: &Zone, from: Timestamp) {
    let mut last = from;
    for _ in 0..4 {
        // The machine may have other things to do: it is slow if it is slow three times.
        let slow = (0..3).all(|_| {
            let start = Instant::now();
            let _next = expression.next(last, zone);
            start.elapsed() >= LIMIT
        });
        assert!(!slow, "{} in {} after {last}", expression.text(), zone.name());
        let Some(next) = expression.next(last, zone) else { break };
        assert!(expression.fires() && next > last, "{next} after {last}");
        last = next;
        let Form::Fields(fields) = expression.form() else { continue };
        let wall = Offset::from_seconds(zone.offset(next)).expect("an offset").to_datetime(next);
        assert!(wall.second() == 0 && fields.minute.has(wall.minute() as u32), "{wall}");
        // Where clocks were set, robfig's search may miss that a day or an hour has begun.
        if clocks_were_set(zone, next) {
            continue;
        }
        let month = fields.month.has(wall.month() as u32) || a_month_began_as_clocks_were_set(zone, next);
        let day = fields.day.has(wall.day() as u32);
        let weekday = fields.weekday.has(wall.weekday().to_sunday_zero_offset() as u32);
        let both = fields.day.star || fields.weekday.star;
        assert!(if both { day && weekday } else { day || weekday }, "{wall}");
        assert!(month && fields.hour.has(wall.hour() as u32), "{wall}");
    }
}

/// Whether in the two years before a month began when the clocks were set: then robfig's search may go on from the last
/// evening of the month before, by months and by days, and miss that a month has begun.
fn a_month_began_as_clocks_were_set(zone: &Zone, at: Timestamp) -> bool {
    let before = at.checked_sub(SignedDuration::from_hours(24 * 800)).unwrap_or(Timestamp::MIN);
    zone.transitions(before..at).any(|change| {
        let hour_on = change.at.checked_add(SignedDuration::from_hours(1)).unwrap_or(change.at);
        Offset::from_seconds(change.after).expect("an offset").to_datetime(hour_on).day() == 1
    })
}

/// Whether the clocks were set in a day and an hour before.
fn clocks_were_set(zone: &Zone, at: Timestamp) -> bool {
    let before = at.checked_sub(SignedDuration::from_hours(25)).unwrap_or(Timestamp::MIN);
    zone.transitions(before..at).next().is_some() || zone.offset(before) != zone.offset(at)
}
