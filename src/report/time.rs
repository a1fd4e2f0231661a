//! Run times and how they are written: local time, weekday and offset.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cron::{Expression, ExpressionForm, Zone};

/// The first runs at or after a full second; of `@every`, those that are counted from it.
pub fn runs(expression: &Expression, zone: &Zone, from: Timestamp, most: usize) -> Vec<Timestamp> {
    let after = match expression.form() {
        ExpressionForm::Every(_) => from,
        ExpressionForm::Fields(_) => from.checked_sub(SignedDuration::from_secs(1)).unwrap_or(from),
    };
    expression.runs(after, zone).take(most).collect()
}

/// The local time in a zone.
pub fn local(at: Timestamp, zone: &Zone) -> DateTime {
    Offset::from_seconds(zone.offset(at)).unwrap_or(Offset::UTC).to_datetime(at)
}

/// `Mon 2026-03-30 03:00 +02:00`, with seconds if they matter.
pub fn shown(at: Timestamp, zone: &Zone, seconds: bool) -> String {
    let clock = if seconds { "%H:%M:%S" } else { "%H:%M" };
    format!("{} {}", local(at, zone).strftime(&format!("%a %Y-%m-%d {clock}")), offset(zone.offset(at)))
}

/// `{"utc": "2026-03-30T01:00:00Z", "local": "2026-03-30T03:00:00+02:00"}`
pub fn value(at: Timestamp, zone: &Zone) -> Value {
    let local = local(at, zone).strftime("%Y-%m-%dT%H:%M:%S");
    json!({"utc": at.to_string(), "local": format!("{local}{}", offset(zone.offset(at)))})
}

/// `+02:00`; zones of old have seconds too.
pub fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, rest) = (seconds.abs() / 3600, seconds.abs() % 3600);
    let (minutes, rest) = (rest / 60, rest % 60);
    let tail = if rest == 0 { String::new() } else { format!(":{rest:02}") };
    format!("{sign}{hours:02}:{minutes:02}{tail}")
}
