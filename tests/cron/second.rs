//! A second opinion: the crate `cron`, in UTC. It reads another dialect, so it may differ, but only in the ways that
//! `docs/decisions/0013-cron-second-opinion.md` lists.
//!
//! The one idea: each way is an evaluator. A difference is explained if reading the schedule in that way, and trying every
//! minute, gives exactly the other answer; what no set of ways explains is a fault of one of the two.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use fleetcron::cron::{Expression, ExpressionForm, Fields, Zone};
use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use crate::conformance::{say, vectors};

const RUNS: usize = 8;

/// The runs that the other crate finds; `None` if it refuses the schedule.
fn theirs(text: &str, from: Timestamp) -> Option<Vec<Timestamp>> {
    let text = if text.starts_with('@') { text.to_owned() } else { format!("0 {text}") };
    let schedule = ::cron::Schedule::from_str(&text).ok()?;
    let from = DateTime::<Utc>::from_timestamp(from.as_second(), 0)?;
    Some(schedule.after(&from).take(RUNS).map(|run| Timestamp::from_second(run.timestamp()).unwrap()).collect())
}

/// The ways in which the other crate may differ from Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Days of the week go from 1 to 7.
    SundayIsOne,
    /// A day must be in both fields of days, however they are written.
    BothDays,
    /// A search does not end after the fifth year.
    NoFiveYears,
    /// There are no runs after the year 2100.
    UpTo2100,
}

const WAYS: [Way; 4] = [Way::SundayIsOne, Way::BothDays, Way::NoFiveYears, Way::UpTo2100];

/// The fewest ways that together make our answer theirs.
fn explain(text: &str, fields: &Fields, from: Timestamp, theirs: &[Timestamp]) -> Option<Vec<Way>> {
    let subsets = 1u32..1 << WAYS.len();
    let mut subsets: Vec<Vec<Way>> = subsets
        .map(|set| WAYS.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, way)| *way).collect())
        .collect();
    subsets.sort_by_key(Vec::len);
    subsets.into_iter().find(|ways| predicted(text, fields, from, ways) == theirs)
}

/// The runs if schedules were read in these ways, by trying every minute.
fn predicted(text: &str, fields: &Fields, from: Timestamp, ways: &[Way]) -> Vec<Timestamp> {
    let has = |way| ways.contains(&way);
    let weekdays = if has(Way::SundayIsOne) { counted_from_one(text, fields) } else { fields.weekday.bits };
    let both = has(Way::BothDays) || fields.day.star || fields.weekday.star;
    let mut runs = Vec::new();
    let mut date = Offset::UTC.to_datetime(from).date();
    let mut limit = date.year() + 5;
    while runs.len() < RUNS && date.year() <= if has(Way::UpTo2100) { 2100 } else { 2400 } {
        if !has(Way::NoFiveYears) && date.year() > limit {
            break;
        }
        let day = fields.day.has(date.day() as u32);
        let weekday = weekdays >> date.weekday().to_sunday_zero_offset() & 1 == 1;
        if fields.month.has(date.month() as u32) && if both { day && weekday } else { day || weekday } {
            for (hour, minute) in
                fields.hour.numbers().flat_map(|hour| fields.minute.numbers().map(move |minute| (hour, minute)))
            {
                let run = Offset::UTC.to_timestamp(date.at(hour as i8, minute as i8, 0, 0)).unwrap();
                if run > from && runs.len() < RUNS {
                    limit = date.year() + 5;
                    runs.push(run);
                }
            }
        }
        date = date.tomorrow().unwrap();
    }
    runs
}

/// The days of the week, Sunday at bit 0, if numbers are counted from 1 for Sunday; names and stars stay.
fn counted_from_one(text: &str, fields: &Fields) -> u64 {
    let mut bits = 0;
    for item in &fields.weekday.items {
        let written = &text[item.at.clone()];
        let (range, stepped) = written.split_once('/').map_or((written, false), |(range, _)| (range, true));
        let counted = range.starts_with(|c: char| c.is_ascii_digit());
        let open = stepped && !range.contains('-');
        let (start, end) = match counted {
            true => (item.start - 1, if open { 6 } else { item.end - 1 }),
            false => (item.start, item.end),
        };
        (start..=end).step_by(item.step as usize).for_each(|number| bits |= 1 << number);
    }
    bits
}

#[test]
fn the_two_agree_or_differ_in_a_way_that_is_known() {
    let mut cases: Vec<(String, Timestamp)> = vectors("schedule")
        .into_iter()
        .flatten()
        .filter(|case| case["expect"]["ok"] == true)
        .map(|case| (case["schedule"].as_str().unwrap().to_owned(), case["from"].as_str().unwrap().parse().unwrap()))
        .collect();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let from = "1990-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_second();
    let generated = (super::fields(), 0..2_500_000_000i64);
    for _ in 0..4_000 {
        let ((_, text), seconds) = generated.new_tree(&mut runner).unwrap().current();
        cases.push((text, Timestamp::from_second(from + seconds).unwrap()));
    }
    let (mut ways, mut agreed, mut unknown) = (BTreeMap::new(), 0, Vec::new());
    for (text, from) in cases {
        let Ok(expression) = Expression::parse(&text) else { continue };
        let Some(theirs) = theirs(&text, from) else { continue };
        let ExpressionForm::Fields(fields) = expression.form() else { continue };
        let ours: Vec<_> = expression.runs(from, &Zone::utc()).take(RUNS).collect();
        if ours == theirs {
            agreed += 1;
            continue;
        }
        match explain(&text, fields, from, &theirs) {
            Some(found) => *ways.entry(found).or_insert(0) += 1,
            None => unknown.push(format!("{text:?} after {from}: {ours:?}, not {theirs:?}")),
        }
    }
    let named: Vec<_> = ways.iter().map(|(ways, count)| format!("{ways:?} {count}")).collect();
    say(&format!("second opinion: {agreed} agree, {}", named.join(", ")));
    assert!(unknown.is_empty(), "{} differ:\n{}", unknown.len(), unknown[..unknown.len().min(30)].join("\n"));
}
