//! Laws of runs, in every zone and at every moment.

use fleetcron::cron::{CronField, Expression, ExpressionForm, Zone};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::select;

use super::{Fields, Meant, fields, texts};

/// Zones that have done odd things: half hours, midnights without an hour, days without any, seconds.
const ODD: [&str; 10] = [
    "UTC",
    "Africa/Cairo",
    "Africa/Monrovia",
    "America/Havana",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
];

fn zones() -> impl Strategy<Value = Zone> {
    let names = prop_oneof![select(ODD.to_vec()), select(Zone::names().collect::<Vec<_>>())];
    names.prop_map(|name| Zone::parse(name).unwrap())
}

fn instants() -> impl Strategy<Value = Timestamp> {
    let seconds = |from: Timestamp, to: Timestamp| from.as_second()..=to.as_second();
    let near = |text: &str| text.parse::<Timestamp>().unwrap();
    prop_oneof![
        8 => seconds(near("1970-01-01T00:00:00Z"), near("2110-01-01T00:00:00Z")),
        2 => seconds(Timestamp::MIN, Timestamp::MAX),
        1 => select(vec![Timestamp::MIN.as_second(), Timestamp::MAX.as_second(), 0, -1]),
    ]
    .prop_flat_map(|second| (Just(second), 0..1_000_000_000))
    .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap_or(Timestamp::MAX))
}

fn local(zone: &Zone, at: Timestamp) -> DateTime {
    Offset::from_seconds(zone.offset(at)).unwrap().to_datetime(at)
}

/// Whether the clocks were set in a day and an hour before.
fn clocks_were_set(zone: &Zone, at: Timestamp) -> bool {
    let before = at.checked_sub(SignedDuration::from_hours(25)).unwrap_or(Timestamp::MIN);
    zone.transitions(before..at).next().is_some() || zone.offset(before) != zone.offset(at)
}

/// Whether in the two years before a month began when the clocks were set: then robfig's search may go on from the last
/// evening of the month before, by months and by days, and miss that a month has begun.
fn a_month_began_as_clocks_were_set(zone: &Zone, at: Timestamp) -> bool {
    let before = at.checked_sub(SignedDuration::from_hours(24 * 800)).unwrap_or(Timestamp::MIN);
    let hour = SignedDuration::from_hours(1);
    zone.transitions(before..at).any(|change| change.at.checked_add(hour).is_ok_and(|at| local(zone, at).day() == 1))
}

fn check(expression: &Expression, zone: &Zone, from: Timestamp) -> Result<(), TestCaseError> {
    let mut last = from;
    for run in expression.runs(from, zone).take(6) {
        prop_assert!(run > last, "{run} after {last}");
        prop_assert_eq!(expression.next(last, zone), Some(run));
        last = run;
        let ExpressionForm::Fields(fields) = expression.form() else { continue };
        let wall = local(zone, run);
        prop_assert_eq!((wall.second(), wall.subsec_nanosecond()), (0, 0), "{}", run);
        prop_assert!(fields.minute.has(wall.minute() as u32), "{run} is {wall}");
        // Where clocks were set, robfig's search may miss that a day or an hour has begun.
        if clocks_were_set(zone, run) {
            continue;
        }
        let month = fields.month.has(wall.month() as u32) || a_month_began_as_clocks_were_set(zone, run);
        let day = fields.day.has(wall.day() as u32);
        let weekday = fields.weekday.has(wall.weekday().to_sunday_zero_offset() as u32);
        let both = fields.day.star || fields.weekday.star;
        prop_assert!(if both { day && weekday } else { day || weekday }, "{run} is {wall}");
        prop_assert!(month && fields.hour.has(wall.hour() as u32), "{run} is {wall}");
    }
    prop_assert!(expression.fires() || last == from);
    Ok(())
}

/// Whether a day is meant.
fn day_is_meant([_, _, day, month, weekday]: &Fields, date: Date) -> bool {
    let has = |field: &[Meant], number: i8| field.iter().any(|item| item.has(number as u32));
    let star = |field: &[Meant], unit| field.iter().any(|item| item.is_star(unit) && item.step == 1);
    let days = (has(day, date.day()), has(weekday, date.weekday().to_sunday_zero_offset()));
    let both = star(day, CronField::Day) || star(weekday, CronField::Weekday);
    has(month, date.month()) && if both { days.0 && days.1 } else { days.0 || days.1 }
}

/// The next run in UTC by trying every day up to the end of the fifth year, and every minute of it.
fn by_trying(fields: &Fields, from: Timestamp) -> Option<Timestamp> {
    let [minutes, hours, ..] = fields;
    let has = |field: &[Meant], number: u32| field.iter().any(|item| item.has(number));
    let start = local(&Zone::utc(), from.checked_add(1.second()).ok()?);
    let mut date = start.date();
    while date.year() <= start.year() + 5 {
        if day_is_meant(fields, date) {
            for minute in 0..24 * 60 {
                if has(hours, minute / 60) && has(minutes, minute % 60) {
                    let run = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                    // The first and the last day of all time are no whole days.
                    if let Some(run) = Offset::UTC.to_timestamp(run).ok().filter(|run| *run > from) {
                        return Some(run);
                    }
                }
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in texts(), zone in zones(), from in instants()) {
        match Expression::parse(&text) {
            Ok(expression) => check(&expression, &zone, from)?,
            Err(fault) => {
                prop_assert!(text.get(fault.at.clone()).is_some(), "{:?}", fault);
                prop_assert!(!fault.to_string().is_empty() && fault.help(&text).is_none_or(|help| !help.is_empty()));
            }
        }
    }

    #[test]
    fn no_name_of_a_zone_makes_it_panic(name in any::<String>(), ascii in "[A-Za-z/_+ -]{0,40}") {
        for name in [name, ascii] {
            match Zone::parse(&name) {
                Ok(zone) => prop_assert_eq!(zone.name(), name),
                Err(fault) => prop_assert!(fault.nearest.is_none_or(|nearest| Zone::parse(nearest).is_ok())),
            }
        }
    }

    #[test]
    fn runs_ascend_and_match_what_is_written((_, text) in fields(), zone in zones(), from in instants()) {
        check(&Expression::parse(&text).unwrap(), &zone, from)?;
    }

    #[test]
    fn what_is_meant_is_what_is_read((fields, text) in fields()) {
        let expression = Expression::parse(&text).unwrap();
        let ExpressionForm::Fields(read) = expression.form() else { panic!("{text}") };
        for (meant, read) in fields.iter().zip(read.all()) {
            for number in 0..64 {
                prop_assert_eq!(meant.iter().any(|item| item.has(number)), read.has(number), "{}: {}", text, number);
            }
        }
    }

    #[test]
    fn in_utc_no_run_is_missed((fields, text) in fields(), from in instants()) {
        let expression = Expression::parse(&text).unwrap();
        prop_assert_eq!(expression.next(from, &Zone::utc()), by_trying(&fields, from), "{}", text);
    }

    #[test]
    fn transitions_are_where_the_offset_changes(zone in zones(), from in instants()) {
        let to = from.checked_add(SignedDuration::from_hours(24 * 500)).unwrap_or(Timestamp::MAX);
        let nanosecond = SignedDuration::from_nanos(1);
        let mut offset = zone.offset(from.checked_sub(nanosecond).unwrap_or(from));
        for change in zone.transitions(from..to) {
            prop_assert_eq!(change.before, offset);
            prop_assert_eq!(change.before, zone.offset(change.at.checked_sub(nanosecond).unwrap()));
            prop_assert_eq!(change.after, zone.offset(change.at));
            prop_assert!((from..to).contains(&change.at));
            offset = change.after;
        }
        prop_assert_eq!(offset, zone.offset(to.checked_sub(nanosecond).unwrap()));
    }
}
