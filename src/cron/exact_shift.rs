//! Moves all runs of a schedule by some minutes of local time, where one expression can say the result exactly.

use std::collections::BTreeSet;

use super::calendar::LENGTHS;
use super::pattern::{DAY_MINUTES, DayTimes, Pattern, PatternDays, full};
use super::{CronField, Expression, Inexact};

/// The widest window of a staggered start, in minutes.
pub const MAX_STAGGER_MINUTES: u32 = DAY_MINUTES;

impl Expression {
    /// The expression whose runs are those of this one, each moved by so many minutes of local time.
    ///
    /// Fields that do not change keep their text. An `@` name becomes its five fields.
    ///
    /// # Errors
    /// Why one expression cannot say that.
    pub fn shifted(&self, minutes: u32) -> Result<String, Inexact> {
        let pattern = Pattern::of_expression(self).ok_or(Inexact::Every)?;
        if !self.fires() {
            return Err(Inexact::NeverRuns);
        }
        if minutes == 0 {
            return Ok(pattern.text());
        }
        shift(&pattern, minutes).map(|pattern| pattern.text())
    }

    /// The largest window in minutes all of whose offsets can be said, at most a day, and why the next cannot.
    ///
    /// # Errors
    /// If it can be moved by nothing at all: it never runs, or is `@every`.
    pub fn largest_stagger(&self) -> Result<(u32, Option<Inexact>), Inexact> {
        self.shifted(0)?;
        let pattern = Pattern::of_expression(self).ok_or(Inexact::Every)?;
        for minutes in 1..MAX_STAGGER_MINUTES {
            if let Err(reason) = shift(&pattern, minutes) {
                return Ok((minutes, Some(reason)));
            }
        }
        Ok((MAX_STAGGER_MINUTES, None))
    }

    /// The distance in minutes at which its runs repeat within a day, if they come at even distances all day: a
    /// staggered start has no more different offsets than that.
    pub fn period_minutes(&self) -> Option<u32> {
        let pattern = Pattern::of_expression(self).filter(|pattern| pattern.days() == PatternDays::All)?;
        let minutes: Vec<u32> = pattern.times().minutes().collect();
        let tomorrow = minutes.first()? + DAY_MINUTES;
        let next = minutes.iter().copied().skip(1).chain([tomorrow]);
        let distances: BTreeSet<u32> = minutes.iter().zip(next).map(|(minute, next)| next - minute).collect();
        let months = pattern.month.is_full();
        distances.first().copied().filter(|_| months && distances.len() == 1)
    }
}

fn shift(pattern: &Pattern, minutes: u32) -> Result<Pattern, Inexact> {
    let parts = carry(&pattern.times(), minutes);
    if pattern.days() == PatternDays::All && pattern.month.is_full() {
        let times = parts.iter().fold(DayTimes::default(), |all, (_, part)| all.union(part));
        let moved = pattern.with_times(&times).ok_or(Inexact::SplitsHour)?;
        // Every day, however it is written: `1-31` beside a day of the week too.
        return Ok(Pattern { day: moved.day.with_star(), weekday: moved.weekday.with_star(), ..moved });
    }
    let [(carried, times)] = parts.as_slice() else { return Err(Inexact::SplitsDay) };
    let moved = pattern.with_times(times).ok_or(Inexact::SplitsHour)?;
    match carried {
        0 => Ok(moved),
        carried => shift_days(moved, *carried),
    }
}

/// The times of a day moved by some minutes, by the days that they are carried.
fn carry(times: &DayTimes, minutes: u32) -> Vec<(u32, DayTimes)> {
    const HOUR_MINUTES: u32 = 60;
    let whole_hour = full(CronField::Minute);
    let (hours, minutes) = (minutes / HOUR_MINUTES, minutes % HOUR_MINUTES);
    let mut parts: Vec<(u32, DayTimes)> = Vec::new();
    for (hour, mask) in (0..).zip(times.hours) {
        let moved = u128::from(mask) << minutes;
        let within = (moved & u128::from(whole_hour)) as u64;
        let beyond = (moved >> HOUR_MINUTES) as u64;
        for (hour, mask) in [(hour + hours, within), (hour + hours + 1, beyond)] {
            if mask == 0 {
                continue;
            }
            let (carried, hour) = (hour / 24, hour as usize % 24);
            match parts.iter_mut().find(|(days, _)| *days == carried) {
                Some((_, part)) => part.hours[hour] |= mask,
                None => {
                    let mut part = DayTimes::default();
                    part.hours[hour] = mask;
                    parts.push((carried, part));
                }
            }
        }
    }
    parts
}

fn shift_days(mut pattern: Pattern, carried: u32) -> Result<Pattern, Inexact> {
    let months = pattern.month.bits;
    match pattern.days() {
        PatternDays::OfWeek if pattern.month.is_full() => {}
        PatternDays::OfWeek => return Err(Inexact::MonthWeekday),
        PatternDays::All | PatternDays::OfMonth => {
            let (months, days) = shift_dates(months, dates(&pattern), carried).ok_or(Inexact::MonthEnd)?;
            pattern.month = pattern.month.with_bits(months);
            pattern.day = pattern.day.with_bits(days);
            return Ok(pattern);
        }
        PatternDays::Either if !pattern.month.is_full() => return Err(Inexact::MonthWeekday),
        PatternDays::Either => {
            let moved =
                shift_dates(months, pattern.day.bits, carried).filter(|(months, _)| *months == full(CronField::Month));
            let (_, days) = moved.ok_or(Inexact::BothDays)?;
            pattern.day = pattern.day.with_bits(days);
        }
    }
    let weekdays = pattern.weekday.numbers().fold(0, |bits, day| bits | 1 << ((day + carried) % 7));
    pattern.weekday = pattern.weekday.with_bits(weekdays);
    Ok(pattern)
}

/// The days of the month on which it runs, where the day of the week does not count.
fn dates(pattern: &Pattern) -> u64 {
    if pattern.days() == PatternDays::All { full(CronField::Day) } else { pattern.day.bits }
}

/// Moves the dates of a common and of a leap year. `None` unless months and days of what comes out give back the same
/// dates in both.
fn shift_dates(months: u64, days: u64, carried: u32) -> Option<(u64, u64)> {
    let dates = |leap: bool| -> BTreeSet<(u32, u32)> {
        let has = |bits: u64, number: u32| bits >> number & 1 == 1;
        (1..=12)
            .filter(|month| has(months, *month))
            .flat_map(|month| (1..=month_length(month, leap)).map(move |day| (month, day)))
            .filter(|(_, day)| has(days, *day))
            .collect()
    };
    let moved = [false, true].map(|leap| -> BTreeSet<(u32, u32)> {
        dates(leap).into_iter().map(|date| days_later(date, carried, leap)).collect()
    });
    let all = || moved.iter().flatten();
    let (months, days) = all().fold((0, 0), |(months, days), (month, day)| (months | 1 << month, days | 1 << day));
    let given_back = [false, true].into_iter().zip(&moved).all(|(leap, moved)| {
        let product = (1..=12).filter(|month| months >> month & 1 == 1).flat_map(|month| {
            (1..=month_length(month, leap)).filter(move |day| days >> day & 1 == 1).map(move |day| (month, day))
        });
        product.eq(moved.iter().copied())
    });
    given_back.then_some((months, days))
}

fn month_length(month: u32, leap: bool) -> u32 {
    LENGTHS[month as usize - 1] - u32::from(month == 2 && !leap)
}

fn days_later((mut month, mut day): (u32, u32), carried: u32, leap: bool) -> (u32, u32) {
    for _ in 0..carried {
        day += 1;
        if day > month_length(month, leap) {
            (month, day) = (month % 12 + 1, 1);
        }
    }
    (month, day)
}
