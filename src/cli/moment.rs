//! Reads `--from`, the moment from which runs are shown. The only place that reads the clock for a result.

#![expect(clippy::disallowed_methods, reason = "the clock is read here")]

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::args::Moment;
use super::outcome::Failure;
use crate::cron::Zone;

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
