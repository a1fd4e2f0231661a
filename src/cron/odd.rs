//! Finds schedules that Kubernetes accepts and that probably mean something else. Looks at the expression alone,
//! without zones and deadlines.

use std::ops::Range;

use super::calendar::{LENGTHS, MONTHS, WEEKDAYS, joined};
use super::{CronField, Expression, ExpressionForm, FieldValues, Fields, Item};

const FEBRUARY: u32 = 2;

/// Something odd about a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What kind of oddity.
    pub kind: OddityKind,
    /// The bytes of the expression that it is about; empty for an `@` name.
    pub at: Range<usize>,
    /// What happens, in a sentence.
    pub message: String,
    /// What to write for what was probably meant.
    pub help: String,
}

/// The kinds of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OddityKind {
    /// It is accepted and never runs.
    NeverRuns,
    /// Every minute of some hours, where the writer mostly means once.
    EveryMinute,
    /// A step that does not divide its field: the distance differs where the field begins anew.
    UnevenStep,
    /// Both day fields: a day that matches either will do.
    BothDays,
    /// Days that some months do not have.
    LateDays,
    /// `@every` below a minute: the controller names Jobs by the minute.
    SubMinute,
}

impl Expression {
    /// Everything odd about it, in the order of the fields.
    pub fn oddities(&self) -> Vec<Oddity> {
        if !self.fires() {
            return vec![Oddity {
                kind: OddityKind::NeverRuns,
                at: 0..self.text().len(),
                message: format!("this schedule never runs: {}", self.words().trim_start_matches("never: ")),
                help: "Kubernetes accepts it and never starts a Job; `suspend: true` says that openly".to_owned(),
            }];
        }
        match self.form() {
            ExpressionForm::Every(seconds) if *seconds < 60 => vec![Oddity {
                kind: OddityKind::SubMinute,
                at: 0..self.text().len(),
                message: format!(
                    "this schedule is due every {seconds} seconds, and a Job's name holds only the minute"
                ),
                help: "the second Job of a minute is not made: write `* * * * *`, or loop in the container".to_owned(),
            }],
            ExpressionForm::Every(_) => Vec::new(),
            ExpressionForm::Fields(fields) => in_fields(self.text(), fields),
        }
    }
}

fn in_fields(text: &str, fields: &Fields) -> Vec<Oddity> {
    let mut found = Vec::new();
    found.extend(every_minute(fields));
    found.extend(fields.all().into_iter().filter_map(|field| uneven(text, fields, field)));
    found.extend(late_days(fields));
    found.extend(both_days(fields));
    found
}

/// `* */4 * * *` and `* 3 * * *`: a range of hours (`* 8-17 * * *`) is taken at its word.
fn every_minute(fields: &Fields) -> Option<Oddity> {
    let (minute, hour) = (&fields.minute, &fields.hour);
    let meant = hour.items.iter().all(|item| item.step == 1 && item.start != item.end);
    if !minute.full() || hour.full() || meant {
        return None;
    }
    let hours = hour.numbers().count();
    let hours = if hours == 1 { "that hour".to_owned() } else { format!("those {hours} hours") };
    Some(Oddity {
        kind: OddityKind::EveryMinute,
        at: minute.at.clone(),
        message: format!("this runs every minute of {hours}"),
        help: "write `0` for the minute to run once an hour".to_owned(),
    })
}

/// A step over the whole field. A range with a step ends where the writer says.
fn uneven(text: &str, fields: &Fields, field: &FieldValues) -> Option<Oddity> {
    let [Item { start: first, end, step, at, .. }] = field.items.as_slice() else { return None };
    let (low, high) = field.unit.bounds();
    if *step == 1 || *end != high || text.get(at.clone()).is_some_and(|item| item.contains('-')) {
        return None;
    }
    if !comes_again(fields, field.unit) {
        return None;
    }
    let size = high - low + 1;
    let last = field.numbers().last()?;
    let back = size - last + first;
    // Months differ in length, so no step divides them all.
    if field.unit != CronField::Day && u64::from(back) == *step {
        return None;
    }
    let (cycle, noun) = match field.unit {
        CronField::Minute => ("hour", "minute"),
        CronField::Hour => ("day", "hour"),
        CronField::Day => ("month", "day"),
        CronField::Month => ("year", "month"),
        CronField::Weekday => ("week", "day"),
    };
    let shown = |number: u32| match field.unit {
        CronField::Month => MONTHS[(number - low) as usize].to_owned(),
        CronField::Weekday => WEEKDAYS[(number - low) as usize].to_owned(),
        _ => format!("{noun} {number}"),
    };
    let message = if *first == last {
        format!("a step of {step} is longer than what is left of the {cycle}: this is {} alone", shown(last))
    } else if field.unit == CronField::Day {
        format!("a step of {step} begins anew on day {first} of each month, however short ago the last run was")
    } else {
        let many = if back == 1 { "" } else { "s" };
        let (last, first) = (shown(last), shown(*first));
        format!(
            "a step of {step} does not divide the {cycle}: from {last} to {first} of the next {cycle} it is {back} {noun}{many}"
        )
    };
    let divides = |n: &u64| u64::from(size).is_multiple_of(*n);
    let below = (2..u64::from(size).min(*step)).rev().find(divides);
    let above = (step.saturating_add(1)..u64::from(size)).find(divides);
    let near: Vec<String> = below.into_iter().chain(above).map(|n| format!("`*/{n}`")).collect();
    let help = match (field.unit, near.as_slice()) {
        (CronField::Day, _) => "name the days that you mean: `1,11,21`".to_owned(),
        (CronField::Weekday, _) => "name the days that you mean: `mon,wed,fri`".to_owned(),
        (_, near) => format!("write {} for even distances, or name the {noun}s that you mean", near.join(" or ")),
    };
    Some(Oddity { kind: OddityKind::UnevenStep, at: at.clone(), message, help })
}

/// Whether the field begins anew right after its end: an hour follows an hour, a day a day, a month a month.
fn comes_again(fields: &Fields, unit: CronField) -> bool {
    let neighbours = |field: &FieldValues| field.full() || field.numbers().any(|number| field.has(number + 1));
    match unit {
        CronField::Minute => neighbours(&fields.hour),
        CronField::Hour => neighbours(&fields.day) && neighbours(&fields.weekday),
        CronField::Day => neighbours(&fields.month),
        CronField::Month | CronField::Weekday => true,
    }
}

/// Days above 28, unless they only carry a range on to the end of the month.
fn late_days(fields: &Fields) -> Option<Oddity> {
    let day = &fields.day;
    if day.full() || day.star || day.items.iter().any(|item| item.step > 1) {
        return None;
    }
    let months: Vec<u32> = fields.month.numbers().collect();
    // The 29th of February alone says leap years itself.
    if months.len() == 1 {
        return None;
    }
    let carried = |number: u32| (28..=number).all(|before| day.has(before));
    let late = (29..=31).filter(|number| day.has(*number) && !carried(*number));
    let missing: Vec<String> = late
        .filter_map(|late| {
            let lacks = |month: &&u32| LENGTHS[**month as usize - 1] - u32::from(**month == FEBRUARY) < late;
            let names: Vec<&str> = months.iter().filter(lacks).map(|month| MONTHS[*month as usize - 1]).collect();
            let leap = if late == 29 { ", leap years aside" } else { "" };
            (!names.is_empty()).then(|| format!("no day {late} in {}{leap}", joined(&names, "and")))
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    Some(Oddity {
        kind: OddityKind::LateDays,
        at: day.at.clone(),
        message: format!("there is {}", joined(&missing, "and")),
        help: "cron cannot say the last day of a month: run on `28-31` and let the container look at the date, or write `1` and do yesterday's work"
            .to_owned(),
    })
}

/// Neither has a star: robfig takes a day that matches either.
fn both_days(fields: &Fields) -> Option<Oddity> {
    let (day, weekday) = (&fields.day, &fields.weekday);
    if day.star || weekday.star || day.bits == 0 || weekday.bits == 0 || day.full() && weekday.full() {
        return None;
    }
    let message = match (day.full(), weekday.full()) {
        (true, _) => "every day of the month, or some days of the week: either will do, so this runs every day",
        (_, true) => "some days of the month, or every day of the week: either will do, so this runs every day",
        _ => "a day of the month and a day of the week: this runs on days that match either, not both",
    };
    Some(Oddity {
        kind: OddityKind::BothDays,
        at: day.at.start..weekday.at.end,
        message: message.to_owned(),
        help: "write `*` for one of them; for both at once let the container look at the date".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(schedule: &str) -> Vec<(OddityKind, String, String)> {
        let expression = Expression::parse(schedule).unwrap();
        let found = expression.oddities().into_iter();
        found.map(|odd| (odd.kind, schedule[odd.at].to_owned(), odd.message)).collect()
    }

    fn kinds(schedule: &str) -> Vec<OddityKind> {
        odd(schedule).into_iter().map(|(kind, ..)| kind).collect()
    }

    #[test]
    fn ordinary_schedules_are_not_odd() {
        for schedule in [
            "0 3 * * *",
            "*/15 * * * *",
            "0 */6 * * *",
            "30 9 * * 1-5",
            "@daily",
            "@every 1h",
            "* * * * *",
            "0 0 1 * *",
            "*/60 * * * *",
            "0 */24 * * *",
            "5/15 * * * *",
            "* 8-17 * * 1-5",
            "10-50/7 * * * *",
            "0 0 15-31 * *",
            "0 0 29 2 *",
            "0 0 31 1 *",
            "0 0 13 * *,5",
            "0 0 */1 * *",
        ] {
            assert_eq!(odd(schedule), [], "{schedule}");
        }
    }

    /// nomad#23753: the minute was meant to be 0.
    #[test]
    fn a_star_minute_under_an_hour_step_runs_every_minute() {
        let found = odd("* */4 * * *");
        assert_eq!(
            found,
            [(OddityKind::EveryMinute, "*".to_owned(), "this runs every minute of those 6 hours".to_owned())]
        );
        assert_eq!(kinds("* 3 * * *"), [OddityKind::EveryMinute]);
        assert_eq!(kinds("* 3,15 * * *"), [OddityKind::EveryMinute]);
    }

    #[test]
    fn a_step_that_does_not_divide_says_where_it_breaks() {
        let message = |schedule: &str| odd(schedule).remove(0).2;
        assert_eq!(
            message("*/45 * * * *"),
            "a step of 45 does not divide the hour: from minute 45 to minute 0 of the next hour it is 15 minutes"
        );
        assert_eq!(
            message("0 */5 * * *"),
            "a step of 5 does not divide the day: from hour 20 to hour 0 of the next day it is 4 hours"
        );
        assert_eq!(
            message("0 0 */2 * *"),
            "a step of 2 begins anew on day 1 of each month, however short ago the last run was"
        );
        assert_eq!(
            message("0 0 1 */5 *"),
            "a step of 5 does not divide the year: from November to January of the next year it is 2 months"
        );
        assert_eq!(
            message("0 0 * * */2"),
            "a step of 2 does not divide the week: from Saturday to Sunday of the next week it is 1 day"
        );
        assert_eq!(
            message("*/90 * * * *"),
            "a step of 90 is longer than what is left of the hour: this is minute 0 alone"
        );
        let help = Expression::parse("*/45 * * * *").unwrap().oddities().remove(0).help;
        assert_eq!(help, "write `*/30` for even distances, or name the minutes that you mean");
        assert_eq!(kinds("*/9223372036854775807 * * * *"), [OddityKind::UnevenStep]);
    }

    #[test]
    fn a_step_whose_field_does_not_come_again_is_even() {
        for schedule in ["*/40 3 * * *", "0 */5 * * 1", "0 0 */2 2 *", "*/7 0,12 * * *"] {
            assert_eq!(kinds(schedule), [], "{schedule}");
        }
        assert_eq!(kinds("*/45 8-17 * * *"), [OddityKind::UnevenStep]);
        assert_eq!(kinds("0 */5 * * 1-5"), [OddityKind::UnevenStep]);
    }

    #[test]
    fn two_day_fields_are_an_or_only_where_neither_has_a_star() {
        assert_eq!(odd("0 0 13 * 5")[0].1, "13 * 5");
        assert_eq!(kinds("0 0 13 * 5"), [OddityKind::BothDays]);
        assert_eq!(kinds("0 0 */2 * 1"), [OddityKind::UnevenStep, OddityKind::BothDays]);
        assert_eq!(kinds("0 0 13 * 0-6"), [OddityKind::BothDays]);
        assert_eq!(kinds("0 0 1-31 * 0-6"), []);
    }

    #[test]
    fn late_days_name_the_months_without_them() {
        let found = odd("0 0 31 * *");
        assert_eq!(found[0].0, OddityKind::LateDays);
        assert_eq!(found[0].2, "there is no day 31 in February, April, June, September and November");
        assert_eq!(kinds("0 0 1,29 * *"), [OddityKind::LateDays]);
        assert_eq!(kinds("0 0 28-31 * *"), []);
        let message = |schedule: &str| odd(schedule).remove(0).2;
        assert_eq!(message("0 0 30,31 1,2 *"), "there is no day 30 in February and no day 31 in February");
    }

    #[test]
    fn never_and_below_a_minute() {
        assert_eq!(odd("0 0 30 2 *")[0].2, "this schedule never runs: there is no 30 February");
        assert_eq!(kinds(", * * * *"), [OddityKind::NeverRuns]);
        assert_eq!(kinds("@every 30s"), [OddityKind::SubMinute]);
        assert_eq!(kinds("@every 90s"), []);
    }
}
