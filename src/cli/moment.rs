//! Reads `--from`, the moment from which runs are shown, and writes moments. The only place that reads the clock for a
//! result.

#![expect(clippy::disallowed_methods, reason = "the clock is read here")]

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::args::Moment;
use super::outcome::Failure;
use crate::cron::{Expression, Form, Zone};

/// What `--from` says, in full seconds: an instant, or a local time or date of the zone; now if it is absent.
pub(super) fn from(said: &Moment, zone: &Zone) -> Result<Timestamp, Failure> {
    let Some(said) = &said.from else { return Ok(full(Timestamp::now())) };
    // A zone in brackets would be passed over: the zone is said by `--zone`.
    let said_plainly = !said.contains('[');
    let instant = said.parse().ok();
    let local = || zone.instant(said.parse::<DateTime>().ok()?);
    instant.or_else(local).filter(|_| said_plainly).map(full).ok_or_else(|| {
        let forms = "`2026-03-28`, `2026-03-28T12:00` or `2026-03-28T12:00:00Z`";
        Failure::Run(format!("`--from {said}` is no moment: write it as {forms}"))
    })
}

/// Now, for what has no moment of its own.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// The next full second, or the moment itself if it is one.
fn full(at: Timestamp) -> Timestamp {
    let begun = i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(at.as_second() + begun).unwrap_or(Timestamp::MAX)
}

/// The first runs at or after a full second; of `@every`, those that are counted from it.
pub(super) fn runs(expression: &Expression, zone: &Zone, from: Timestamp, most: usize) -> Vec<Timestamp> {
    let after = match expression.form() {
        Form::Every(_) => from,
        Form::Fields(_) => from.checked_sub(SignedDuration::from_secs(1)).unwrap_or(from),
    };
    expression.runs(after, zone).take(most).collect()
}

/// The local time in a zone.
pub(super) fn local(at: Timestamp, zone: &Zone) -> DateTime {
    Offset::from_seconds(zone.offset(at)).unwrap_or(Offset::UTC).to_datetime(at)
}

/// `Mon 2026-03-30 03:00 +02:00`, with seconds if they matter.
pub(super) fn shown(at: Timestamp, zone: &Zone, seconds: bool) -> String {
    let clock = if seconds { "%H:%M:%S" } else { "%H:%M" };
    format!("{} {}", local(at, zone).strftime(&format!("%a %Y-%m-%d {clock}")), offset(zone.offset(at)))
}

/// `{"utc": "2026-03-30T01:00:00Z", "local": "2026-03-30T03:00:00+02:00"}`
pub(super) fn value(at: Timestamp, zone: &Zone) -> Value {
    let local = local(at, zone).strftime("%Y-%m-%dT%H:%M:%S");
    json!({"utc": at.to_string(), "local": format!("{local}{}", offset(zone.offset(at)))})
}

/// `+02:00`; zones of old have seconds too.
pub(super) fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, rest) = (seconds.abs() / 3600, seconds.abs() % 3600);
    let (minutes, rest) = (rest / 60, rest % 60);
    let tail = if rest == 0 { String::new() } else { format!(":{rest:02}") };
    format!("{sign}{hours:02}:{minutes:02}{tail}")
}
