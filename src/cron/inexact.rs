//! Why one cron expression cannot say a shifted or cut schedule exactly.

use std::fmt;

/// Why a schedule cannot be shifted, or a window cut out of it, and stay one expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Inexact {
    /// It is `@every`, which counts from the last run and knows no time of day.
    Every,
    /// It never runs, or would no more.
    NeverRuns,
    /// Some runs would move to the next day and some would not.
    SplitsDay,
    /// The hours would no longer share one set of minutes.
    SplitsHour,
    /// The runs would move over the end of a month.
    MonthEnd,
    /// Days of the week in some months only would move into another month.
    MonthWeekday,
    /// A day of the month or a day of the week: cron cannot say what is left.
    BothDays,
    /// A day of the month falls on any day of the week.
    DayOfMonth,
    /// Different times would be left on different days of the week.
    DaysDiffer,
    /// The two zones differ by more than one offset over the year, and what is left depends on it.
    Zones,
    /// An `H` may or may not fall into the window.
    Hashed,
}

impl Inexact {
    /// Its short name.
    pub fn name(self) -> &'static str {
        match self {
            Inexact::Every => "every",
            Inexact::NeverRuns => "never-runs",
            Inexact::SplitsDay => "splits-day",
            Inexact::SplitsHour => "splits-hour",
            Inexact::MonthEnd => "month-end",
            Inexact::MonthWeekday => "month-weekday",
            Inexact::BothDays => "both-days",
            Inexact::DayOfMonth => "day-of-month",
            Inexact::DaysDiffer => "days-differ",
            Inexact::Zones => "zones",
            Inexact::Hashed => "hashed",
        }
    }
}

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Inexact::Every => "`@every` counts from the last run and has no time of day",
            Inexact::NeverRuns => "no run would be left",
            Inexact::SplitsDay => "some runs would move to the next day and others would not",
            Inexact::SplitsHour => "not every hour would have the same minutes",
            Inexact::MonthEnd => "runs would move over the end of a month, and months differ in length",
            Inexact::MonthWeekday => "runs on a day of the week would move into another month",
            Inexact::BothDays => "it runs on a day of the month or a day of the week, whichever matches",
            Inexact::DayOfMonth => "a day of the month falls on every day of the week",
            Inexact::DaysDiffer => "different times would be left on different days of the week",
            Inexact::Zones => "the distance between the two time zones changes over the year, and what is left with it",
            Inexact::Hashed => "an `H` may fall into the window on one cluster and not on another",
        })
    }
}

impl std::error::Error for Inexact {}
