//! Describes the days of a schedule in English, from both day fields, the rule that joins them, and the months.

use super::lists::{circle, numbers, set};
use super::time::Times;
use crate::cron::Fields;
use crate::cron::calendar::{LENGTHS, MONTHS, WEEKDAYS, joined};

const FEBRUARY: u32 = 2;
/// The bits of all months, and of all days of the week.
const ALL_MONTHS: u64 = 0b1_1111_1111_1110;
const ALL_WEEK: u64 = 0b111_1111;
/// The bits of all odd numbers.
const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// The days that are meant.
pub(super) struct Date {
    days: Days,
    months: u64,
}

/// Which days of those months.
enum Days {
    Every,
    /// Days of the month; each is in one of the months at least.
    Month(u64),
    /// Days of the week.
    Week(u64),
    /// Days of the month, and days of the week too.
    Either(u64, u64),
}

impl Date {
    /// The days of five fields.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) fn of(fields: &Fields) -> Result<Date, String> {
        let (day, week, months) = (fields.day.bits, fields.weekday.bits, fields.month.bits);
        if months == 0 {
            return Err("the field for months is empty".to_owned());
        }
        // A field with the star bit is full: where both must match, it has no say.
        let days = match (fields.day.star, fields.weekday.star) {
            (true, true) => Days::Every,
            (true, false) if week == 0 => return Err("the field for days of the week is empty".to_owned()),
            (false, true) if day == 0 => return Err("the field for days of the month is empty".to_owned()),
            (false, false) if day == 0 && week == 0 => return Err("both fields for days are empty".to_owned()),
            (_, false) if week == ALL_WEEK => Days::Every,
            (true, false) => Days::Week(week),
            (false, true) => Days::Month(day),
            (false, false) => match real(day, months) {
                0 if week == 0 => Days::Month(day),
                0 => Days::Week(week),
                _ if week == 0 => Days::Month(day),
                day => Days::Either(day, week),
            },
        };
        match days {
            Days::Month(day) | Days::Either(day, _) if covers(day, months) => Ok(Date { days: Days::Every, months }),
            Days::Month(day) if real(day, months) == 0 => Err(no_such_day(day, months)),
            Days::Month(day) if months != ALL_MONTHS => {
                let having = numbers(months).into_iter().filter(|month| day & length(*month) != 0);
                Ok(Date { days: Days::Month(real(day, months)), months: having.map(|month| 1 << month).sum() })
            }
            days => Ok(Date { days, months }),
        }
    }

    /// The sentence that begins with the times.
    pub(super) fn after(&self, times: Times) -> String {
        let months = (self.months != ALL_MONTHS).then(|| in_months(self.months));
        // Where the days have an "or" or an "except", the months come first: they are for all of it.
        let (days, months_first) = match &self.days {
            Days::Every if times.every_hour || months.is_none() && times.text.starts_with("every ") => (None, false),
            Days::Every => (Some("every day".to_owned()), false),
            Days::Week(week) => (Some(on_week(*week)), week.count_ones() == 6),
            Days::Month(day) => return after(times.text, &of_months(*day, self.months)),
            Days::Either(day, week) => {
                (Some(format!("{} of the month or on {}", on_days(*day, self.months).0, any_week(*week))), true)
            }
        };
        match (months, days) {
            (Some(months), Some(days)) if months_first => after(times.text, &months) + ", " + &days,
            (months, days) => [days, months].into_iter().flatten().fold(times.text, |text, part| after(text, &part)),
        }
    }
}

/// The two, with a comma where the second would run into the first: "from" after "to", "every" after "every", and
/// whatever follows a list with prepositions of its own.
fn after(first: String, second: &str) -> String {
    let comma = second.starts_with("from ") && first.contains(" to ") && !first.ends_with(" every day")
        || second.starts_with("every ") && first.contains("every ")
        || first.contains(" and on ")
        || first.contains(" and from ");
    first + if comma { ", " } else { " " } + second
}

/// The bits of the days that a month can have.
fn length(month: u32) -> u64 {
    (2 << LENGTHS[month as usize - 1]) - 2
}

/// The days that one of the months can have.
fn real(day: u64, months: u64) -> u64 {
    day & numbers(months).into_iter().fold(0, |all, month| all | length(month))
}

/// Whether the days are all days of the months.
fn covers(day: u64, months: u64) -> bool {
    numbers(months).into_iter().all(|month| length(month) & !day == 0)
}

fn no_such_day(day: u64, months: u64) -> String {
    let (days, months) = (numbers(day), numbers(months));
    if let ([day], [month]) = (days.as_slice(), months.as_slice()) {
        return format!("there is no {day} {}", month_name(*month));
    }
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    let months: Vec<String> = months.into_iter().map(month_name).collect();
    format!("there is no day {} in {}", joined(&days, "or"), joined(&months, "or"))
}

/// "on day 1", and whether it is a list of numbers that a month may lack.
fn on_days(day: u64, months: u64) -> (String, bool) {
    let longest = real(u64::MAX, months);
    let days = numbers(day);
    let first = days[0];
    if day == longest & ODD {
        ("on odd days".to_owned(), false)
    } else if day == longest & !ODD {
        ("on even days".to_owned(), false)
    } else if first <= 28 && day == longest & (u64::MAX << first) && days.len() > 1 {
        (format!("from day {first} to the last day"), false)
    } else {
        let plural = if days.len() == 1 { "" } else { "s" };
        (format!("on day{plural} {}", set(&days, |day| day.to_string())), true)
    }
}

fn of_months(day: u64, months: u64) -> String {
    let (days, named) = (numbers(day), numbers(months));
    if let ([day], [month]) = (days.as_slice(), named.as_slice()) {
        let leap = if (*day, *month) == (29, FEBRUARY) { ", in leap years" } else { "" };
        return format!("on {day} {}{leap}", month_name(*month));
    }
    let of = match circle(&named, (1, 12)).as_slice() {
        _ if months == ALL_MONTHS => "every month".to_owned(),
        _ if named.len() == 11 => all_but_one(months),
        [(first, last)] if first != last => {
            format!("every month from {} to {}", month_name(*first), month_name(*last))
        }
        _ => joined(&named.iter().map(|month| month_name(*month)).collect::<Vec<_>>(), "and"),
    };
    let (on, listed) = on_days(day, months);
    let lacking = |month: &u32| day & !(length(*month) & if *month == FEBRUARY { !(1 << 29) } else { u64::MAX }) != 0;
    let exist = match listed && named.iter().any(lacking) {
        false => "",
        true if days.len() == 1 && months == ALL_MONTHS => " that has one",
        true if days.len() == 1 => ", where it exists",
        true => ", where they exist",
    };
    format!("{on} of {of}{exist}")
}

fn in_months(months: u64) -> String {
    if months.count_ones() == 11 {
        return format!("in {}", all_but_one(months));
    }
    listed(&circle(&numbers(months), (1, 12)), "in", month_name)
}

/// Eleven months.
fn all_but_one(months: u64) -> String {
    format!("every month except {}", month_name((ALL_MONTHS & !months).trailing_zeros()))
}

fn on_week(week: u64) -> String {
    match week.count_ones() {
        6 => format!("every day except {}", weekday_name((ALL_WEEK & !week).trailing_zeros())),
        _ => listed(&week_ranges(week), "on", weekday_name),
    }
}

/// "on A and B", "from A to C"; where both are needed, "on A and from C to E".
fn listed(ranges: &[(u32, u32)], preposition: &str, name: impl Fn(u32) -> String) -> String {
    if ranges.iter().all(|(first, last)| first == last) {
        let names: Vec<String> = ranges.iter().map(|(one, _)| name(*one)).collect();
        return format!("{preposition} {}", joined(&names, "and"));
    }
    let parts = ranges.iter().map(|(first, last)| match first == last {
        true => format!("{preposition} {}", name(*first)),
        false => format!("from {} to {}", name(*first), name(*last)),
    });
    joined(&parts.collect::<Vec<_>>(), "and")
}

/// Days of the week as the second part of an "or".
fn any_week(week: u64) -> String {
    let ranges = week_ranges(week);
    if week.count_ones() == 6 {
        return format!("any day except {}", weekday_name((ALL_WEEK & !week).trailing_zeros()));
    }
    if ranges.iter().all(|(first, last)| first == last) {
        let names: Vec<String> = ranges.iter().map(|(one, _)| weekday_name(*one)).collect();
        return format!("any {}", joined(&names, "or"));
    }
    let parts = ranges.iter().map(|(first, last)| match first == last {
        true => format!("any {}", weekday_name(*first)),
        false => format!("any day from {} to {}", weekday_name(*first), weekday_name(*last)),
    });
    joined(&parts.collect::<Vec<_>>(), "or")
}

/// The ranges of a week that begins on Monday and ends with Sunday as day 7.
fn week_ranges(week: u64) -> Vec<(u32, u32)> {
    let from_monday = if week & 1 == 1 { week & !1 | 1 << 7 } else { week };
    circle(&numbers(from_monday), (1, 7))
}

fn month_name(month: u32) -> String {
    MONTHS[month as usize - 1].to_owned()
}

fn weekday_name(weekday: u32) -> String {
    WEEKDAYS[weekday as usize % 7].to_owned()
}
