//! Finds runs that daylight saving skips or repeats.
//!
//! The runs that the fields ask for on the days around a clock change are compared with the runs that the search gives,
//! so any irregularity is found, not only that of a one-hour gap.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::zone::Transition;
use super::{Expression, ExpressionForm, Fields, Zone};

const DAY: i64 = 86_400;

/// A change of the clock that matters to a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The change.
    pub transition: Transition,
    /// Local times that the fields ask for and that have no run.
    pub skipped: Vec<DateTime>,
    /// Local times with two runs.
    pub doubled: Vec<DateTime>,
    /// Local times with a run that the fields do not ask for: robfig's search has missed that a day began.
    pub added: Vec<DateTime>,
}

/// So many local times are named before the rest is counted.
const NAMED: usize = 3;

/// `clocks go from 02:00 to 03:00: no run at Sun 2026-03-29 02:30`
impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transition { at, before, after } = self.transition;
        let clock = |offset: i32| Offset::from_seconds(offset).unwrap_or(Offset::UTC).to_datetime(at);
        write!(f, "clocks go from {} to {}", clock(before).strftime("%H:%M"), clock(after).strftime("%H:%M"))?;
        let told =
            [("no run", &self.skipped), ("two runs", &self.doubled), ("a run on a day that is not meant", &self.added)];
        let told = told.into_iter();
        for (at, (what, times)) in told.filter(|(_, times)| !times.is_empty()).enumerate() {
            write!(f, "{} {what} at {}", if at == 0 { ":" } else { ";" }, named(times))?;
        }
        Ok(())
    }
}

/// `Sun 2026-03-29 02:00, 02:15 and 2 more`
fn named(times: &[DateTime]) -> String {
    let mut said = Vec::new();
    let mut day = None;
    for at in times.iter().take(NAMED) {
        let pattern = if day == Some(at.date()) { "%H:%M" } else { "%a %Y-%m-%d %H:%M" };
        said.push(at.strftime(pattern).to_string());
        day = Some(at.date());
    }
    match times.len() - said.len() {
        0 => said.join(", "),
        more => format!("{} and {more} more", said.join(", ")),
    }
}

impl Expression {
    /// The changes of the clock in a span of instants that take runs away or give one twice, in order.
    ///
    /// A schedule for every hour keeps its distance when the clock moves by whole hours, so of it only what is lost
    /// outside the gap counts: a day whose midnight does not exist. `@every` has none.
    /// That local times are skipped or come twice: kubernetes#121594.
    pub fn shifts(&self, zone: &Zone, span: Range<Timestamp>) -> Vec<Shift> {
        let ExpressionForm::Fields(fields) = self.form() else { return Vec::new() };
        if !self.fires() {
            return Vec::new();
        }
        let near = |transition: &Transition| may_matter(fields, transition);
        zone.transitions(span).filter(near).filter_map(|transition| self.shift(fields, zone, transition)).collect()
    }

    /// The changes of the clock that take runs away or give one twice with some offset below so many minutes.
    pub fn staggered_shifts(&self, window_minutes: u32, zone: &Zone, span: Range<Timestamp>) -> Vec<Shift> {
        let mut found: Vec<Shift> = Vec::new();
        for transition in zone.transitions(span) {
            // Offsets at which a start first comes near the change; the others are like one of them.
            let near = (0..window_minutes).filter_map(|minutes| {
                let moved = Expression::parse(&self.shifted(minutes).ok()?).ok()?;
                let ExpressionForm::Fields(fields) = moved.form() else { return None };
                may_matter(fields, &transition).then(|| moved.shift(fields, zone, transition)).flatten()
            });
            found.extend(near.take(1));
        }
        found
    }

    /// The local days before and after the change; a gap at midnight can take a whole day away.
    fn shift(&self, fields: &Fields, zone: &Zone, transition: Transition) -> Option<Shift> {
        let at = transition.at.as_second();
        let first = (at + i64::from(transition.before.min(transition.after))).div_euclid(DAY) - 1;
        let days = first..first + 4;
        let local = days.start * DAY..days.end * DAY;
        // Wide enough for any offset; what is outside the local days is cut below.
        let from = Timestamp::from_second(local.start - 2 * DAY).ok()?;
        let mut runs: BTreeMap<i64, usize> = BTreeMap::new();
        for run in self.runs(from, zone) {
            let second = run.as_second() + i64::from(zone.offset(run));
            if second >= local.end + DAY {
                break;
            }
            if local.contains(&second) {
                *runs.entry(second).or_default() += 1;
            }
        }
        let (low, high) = (transition.before.min(transition.after), transition.before.max(transition.after));
        let gap = at + i64::from(low)..at + i64::from(high);
        let keeps_distance = fields.hour.full() && (high - low) % 3600 == 0;
        let counts = |second: &i64| !keeps_distance || !gap.contains(second);
        let wanted: BTreeSet<i64> = days.flat_map(|day| asked_for(fields, day)).collect();
        let added = runs.keys().filter(|second| !wanted.contains(second)).filter_map(|second| civil(*second)).collect();
        let skipped = wanted
            .into_iter()
            .filter(|second| !runs.contains_key(second) && counts(second))
            .filter_map(civil)
            .collect::<Vec<_>>();
        let doubled = runs.iter().filter(|(second, count)| **count > 1 && counts(second));
        let doubled = doubled.filter_map(|(second, _)| civil(*second)).collect();
        let shift = Shift { transition, skipped, doubled, added };
        let irregular = [&shift.skipped, &shift.doubled, &shift.added].iter().any(|times| !times.is_empty());
        irregular.then_some(shift)
    }
}

/// Whether an hour of the schedule lies where the clock changes. Near midnight the search may lose or add runs of the
/// whole day, and so it may where the clock moves by a part of an hour, because it goes on by whole hours.
fn may_matter(fields: &Fields, transition: &Transition) -> bool {
    let at = transition.at.as_second();
    let (low, high) = (transition.before.min(transition.after), transition.before.max(transition.after));
    let (from, until) = (at + i64::from(low), at + i64::from(high));
    let hours = from.div_euclid(3600)..=(until - 1).div_euclid(3600);
    if (until - from) % 3600 != 0 {
        return true;
    }
    let of_day = |hour: i64| hour.rem_euclid(24);
    hours.clone().any(|hour| {
        matches!(of_day(hour), 0 | 23) || u32::try_from(of_day(hour)).is_ok_and(|hour| fields.hour.has(hour))
    })
}

/// The local times that the fields ask for on a day, counted in days and seconds since 1970.
fn asked_for(fields: &Fields, day: i64) -> Vec<i64> {
    let Some(date) = civil(day * DAY) else { return Vec::new() };
    let number = |n: i8| u32::from(n.unsigned_abs());
    let weekday = u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
    let (in_month, in_week) = (fields.day.has(number(date.day())), fields.weekday.has(weekday));
    // robfig's `dayMatches`.
    let matches = if fields.day.star || fields.weekday.star { in_month && in_week } else { in_month || in_week };
    if !matches || !fields.month.has(number(date.month())) {
        return Vec::new();
    }
    let hours = fields.hour.numbers();
    hours
        .flat_map(|hour| fields.minute.numbers().map(move |minute| (hour, minute)))
        .map(|(hour, minute)| day * DAY + i64::from(hour) * 3600 + i64::from(minute) * 60)
        .collect()
}

/// A local time, counted in seconds since 1970.
fn civil(second: i64) -> Option<DateTime> {
    Timestamp::from_second(second).ok().map(|at| Offset::UTC.to_datetime(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifts(schedule: &str, zone: &str, year: i16) -> Vec<(Vec<String>, Vec<String>)> {
        let begin = |year: i16| format!("{year}-01-01T00:00:00Z").parse::<Timestamp>().unwrap();
        let shown = |times: Vec<DateTime>| times.iter().map(|at| at.strftime("%m-%d %H:%M").to_string()).collect();
        let found =
            Expression::parse(schedule).unwrap().shifts(&Zone::parse(zone).unwrap(), begin(year)..begin(year + 1));
        found.into_iter().map(|shift| (shown(shift.skipped), shown(shift.doubled))).collect()
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_time_in_the_gap_is_skipped_and_one_in_the_overlap_comes_twice() {
        let found = shifts("30 2 * * *", "Europe/Berlin", 2025);
        assert_eq!(found, [(texts(&["03-30 02:30"]), vec![]), (vec![], texts(&["10-26 02:30"]))]);
        assert_eq!(shifts("0 3 * * *", "Europe/Berlin", 2025), []);
        assert_eq!(shifts("30 2 * * 1", "Europe/Berlin", 2025), []);
    }

    /// Lord Howe moves its clocks by half an hour; Cairo's midnight takes the Friday away.
    #[test]
    fn what_runs_in_every_hour_can_lose_runs_all_the_same() {
        let found = shifts("0 * * * 5", "Africa/Cairo", 2026);
        assert_eq!(found[0].0[0], "04-24 01:00");
        assert_eq!(found.len(), 1);
        let found = shifts("15 * * * *", "Australia/Lord_Howe", 2026);
        assert_eq!(found, [(texts(&["10-04 02:15"]), vec![])]);
    }

    #[test]
    fn what_runs_in_every_hour_keeps_its_distance() {
        assert_eq!(shifts("*/5 * * * 0", "Europe/Berlin", 2025), []);
        assert_eq!(shifts("*/5 * * * *", "Europe/Berlin", 2025), []);
        assert_eq!(shifts("@every 2h", "Europe/Berlin", 2025), []);
        assert_eq!(shifts("30 2 * * *", "Asia/Tokyo", 2025), []);
    }

    /// Cairo sets its clocks at midnight: the search misses that the day has begun.
    #[test]
    fn a_gap_at_midnight_adds_runs_on_the_next_day() {
        let begin = |year: i16| format!("{year}-01-01T00:00:00Z").parse::<Timestamp>().unwrap();
        let cairo = Zone::parse("Africa/Cairo").unwrap();
        let found = Expression::parse("50 15 * * Thu").unwrap().shifts(&cairo, begin(2026)..begin(2027));
        let added: Vec<String> = found.iter().flat_map(|shift| &shift.added).map(DateTime::to_string).collect();
        assert_eq!(added, ["2026-04-24T15:50:00"]);
        assert!(
            found[0].to_string().ends_with("a run on a day that is not meant at Fri 2026-04-24 15:50"),
            "{}",
            found[0]
        );
        let santiago = Zone::parse("America/Santiago").unwrap();
        let found = Expression::parse("0 0,12 * * 1-6").unwrap().shifts(&santiago, begin(2026)..begin(2027));
        assert!(
            found.iter().flat_map(|shift| &shift.added).any(|at| at.to_string() == "2026-09-06T12:00:00"),
            "{found:?}"
        );
    }

    /// The hour that the search steps by is longer than the half hour by which the clock moves.
    #[test]
    fn a_clock_that_moves_by_half_an_hour_loses_runs_of_other_hours() {
        let found = shifts("0 6 * * *", "Australia/Lord_Howe", 2026);
        assert!(found.iter().any(|(skipped, _)| skipped == &texts(&["04-05 06:00"])), "{found:?}");
    }

    #[test]
    fn a_gap_at_midnight_can_take_the_whole_day() {
        let found = shifts("0 12 24 4 *", "Africa/Cairo", 2026);
        assert_eq!(found, [(texts(&["04-24 12:00"]), vec![])]);
    }
}
