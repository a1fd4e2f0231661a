//! What a schedule's sentence says is what the schedule does.
//!
//! The one idea: a reader of the sentences alone, `reader`, says when a sentence claims a run; the sets and the rule of
//! the day fields say when there is one.

mod periods;
mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fleetcron::cron::{CronField, Expression, ExpressionForm, Fields};
use proptest::prelude::*;
use proptest::sample::select;
use reader::{Claim, calendar, read};

/// The longest a sentence may be.
const LENGTH: usize = 600;

fn words(text: &str) -> String {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).words()
}

/// robfig's `dayMatches`, and the month.
fn meant(fields: &Fields, (month, day, weekday): (u32, u32, u32)) -> bool {
    let (day, week) = (fields.day.has(day), fields.weekday.has(weekday));
    let both = fields.day.star || fields.weekday.star;
    fields.month.has(month) && if both { day && week } else { day || week }
}

/// What is untrue of the sentence, if anything is.
fn untrue(expression: &Expression) -> Option<String> {
    let sentence = expression.words();
    let wrong = |what: &str| Some(format!("{}: {what}: {sentence}", expression.text()));
    let shape = sentence.starts_with(|c: char| c.is_ascii_lowercase()) && !sentence.ends_with('.');
    if !shape || !sentence.is_ascii() || sentence.len() > LENGTH || sentence.contains("  ") {
        return wrong("the shape");
    }
    let Some(claim) = read(&sentence) else { return wrong("it cannot be read") };
    let fields = match expression.form() {
        ExpressionForm::Every(seconds) => {
            return if claim == Claim::Delay(*seconds) { None } else { wrong("the delay") };
        }
        ExpressionForm::Fields(fields) => fields,
    };
    let numbers = |unit: usize| fields.all()[unit].numbers().collect::<BTreeSet<u32>>();
    let (minutes, hours) = (numbers(0), numbers(1));
    let runs: BTreeSet<u32> =
        (0..1440).filter(|time| minutes.contains(&(time % 60)) && hours.contains(&(time / 60))).collect();
    let days: BTreeSet<_> = calendar(true).filter(|date| meant(fields, *date)).collect();
    let none = runs.is_empty() || days.is_empty();
    match claim {
        Claim::Delay(_) => wrong("no delay was meant"),
        Claim::Runs { .. } if none => wrong("it never runs"),
        Claim::Runs { times, .. } if times != runs => wrong("the times"),
        Claim::Runs { dates, .. } if dates != days => wrong("the days"),
        Claim::Runs { .. } => None,
        _ if !none => wrong("it does run"),
        Claim::Empty(names) => {
            let units = ["minutes", "hours", "days of the month", "months", "days of the week"];
            let empty =
                |name: &String| units.iter().position(|unit| unit == name).is_some_and(|u| numbers(u).is_empty());
            if names.iter().all(empty) { None } else { wrong("the field is not empty") }
        }
        Claim::NoSuchDay { days, months } if days != numbers(2) || months != numbers(3) => wrong("other days"),
        Claim::NoSuchDay { .. } => None,
    }
}

#[track_caller]
fn say(text: &str, sentence: &str) {
    assert_eq!(words(text), sentence, "{text}");
}

#[test]
fn a_star_minute_under_chosen_hours_is_every_minute_of_them() {
    say("* */4 * * *", "every minute of the hours 00, 04, 08, 12, 16 and 20");
    say("* 3 * * *", "every minute from 03:00 to 03:59");
    say("* 8-17 * * 1-5", "every minute from 08:00 to 17:59, from Monday to Friday");
}

#[test]
fn every_is_said_only_of_steps_that_divide_or_of_a_stretch_with_its_ends() {
    say("*/15 * * * *", "every 15 minutes");
    say("*/45 * * * *", "at minutes 0 and 45 of every hour");
    say("*/7 * * * *", "every 7 minutes from minute 0 to 56 of every hour");
    say("*/7 8-17 * * *", "every 7 minutes from minute 0 to 56 of the hours 08 to 17");
    say("0 */5 * * *", "at 00:00, 05:00, 10:00, 15:00 and 20:00 every day");
    say("*/10 8-17 * * *", "every 10 minutes from 08:00 to 17:50");
    say("*/90 * * * *", "at minute 0 of every hour");
}

#[test]
fn two_day_fields_without_a_star_are_an_or() {
    say("0 0 13 * 5", "at 00:00 on day 13 of the month or on any Friday");
    say("0 0 13 1,7 5", "at 00:00 in January and July, on day 13 of the month or on any Friday");
    say("0 0 , * 1", "at 00:00 on Monday");
    say("0 0 30 2 5", "at 00:00 on Friday in February");
}

#[test]
fn a_step_clears_the_star_so_that_it_is_an_or() {
    say("0 0 */2 * 1", "at 00:00 on odd days of the month or on any Monday");
    say("0 0 */1 * 1", "at 00:00 on Monday");
}

#[test]
fn one_star_in_a_list_makes_it_an_and() {
    say("0 0 13 * *,5", "at 00:00 on day 13 of every month");
    say("0 0 *,1 * 1", "at 00:00 on Monday");
}

#[test]
fn a_full_day_field_without_a_star_is_every_day() {
    say("0 0 13 * 0-6", "at 00:00 every day");
    say("0 0 1-31 * 5", "at 00:00 every day");
    say("0 0 1-30 4 5", "at 00:00 every day in April");
    say("0 0 1-28 2 *", "at 00:00 on days 1 to 28 of February");
}

#[test]
fn days_that_do_not_come_are_never_and_why() {
    say("0 0 30 2 *", "never: there is no 30 February");
    say("0 0 31 4,6 *", "never: there is no day 31 in April or June");
    say(", * * * *", "never: the field for minutes is empty");
    say("0 0 , * *", "never: the field for days of the month is empty");
    say("0 0 , * ,", "never: both fields for days are empty");
}

#[test]
fn days_that_some_months_lack_are_owned_up_to() {
    say("0 0 29 2 *", "at 00:00 on 29 February, in leap years");
    say("0 0 31 * *", "at 00:00 on day 31 of every month that has one");
    say("0 0 30,31 4,5 *", "at 00:00 on days 30 and 31 of April and May, where they exist");
    say("0 0 31 4-10 *", "at 00:00 on day 31 of May, July, August and October");
    say("0 0 20-31 * *", "at 00:00 from day 20 to the last day of every month");
}

#[test]
fn an_exception_among_days_is_not_one_among_months() {
    say("0 0 * * 1-6", "at 00:00 every day except Sunday");
    say("0 0 * 7 1-6", "at 00:00 in July, every day except Sunday");
}

#[test]
fn the_set_is_said_and_not_the_writing() {
    for same in ["* * * * *", "*/1 ? 1-31 jan-dec *", "0-59 0-23 * * sun-sat", "*/2,1/2 * * * *", "*-7 * * * *"] {
        say(same, "every minute");
    }
    say("0 0 * * 5,4,wed,tue,2", "at 00:00 from Tuesday to Friday");
    say("0 0 * 10-12,1-3 6,0,5", "at 00:00 from Friday to Sunday, from October to March");
    say("@weekly", "at 00:00 on Sunday");
}

#[test]
fn a_delay_is_told_in_whole_units() {
    say("@every 90s", "every 1 minute and 30 seconds, counted from the last run");
    say("@every 1ms", "every second, counted from the last run");
    say("@every 48h", "every 48 hours, counted from the last run");
}

#[test]
fn the_reader_refuses_what_is_untrue_by_itself() {
    for sentence in [
        "every 45 minutes",
        "every 7 minutes from 08:00 to 09:00",
        "at 00:00",
        "at 00:00 in January",
        "at 03:00 and 01:00 every day",
        "at 00:00 on day 31 of every month",
        "at 00:00 on day 30 of every month, where it exists.",
        "at 00:00 on day 13 of every month that has one",
        "at 00:00 on 30 February",
        "at 00:00 on 29 February",
        "at 00:00 on Monday Thursday",
        "at 00:00 from Monday to Tuesday",
        "at minutes 5 of every hour",
        "every 5 seconds",
    ] {
        assert_eq!(read(sentence), None, "{sentence}");
    }
    let runs = |sentence: &str| match read(sentence) {
        Some(Claim::Runs { times, dates }) => (times.len(), dates.len()),
        other => panic!("{sentence}: {other:?}"),
    };
    assert_eq!(runs("at 03:00 on Monday and Thursday"), (1, 366 * 2));
    assert_eq!(runs("every 15 minutes in the hours 00 and 12 in February"), (8, 29 * 7));
    assert_eq!(runs("at minute 5 of every hour on day 1 of the month or on any Friday"), (24, 366 + 12 * 6));
}

fn number(unit: CronField, number: u32, how: u8) -> String {
    match unit.names().get((number - unit.bounds().0) as usize) {
        Some(name) if how < 80 => (*name).to_owned(),
        Some(name) if how < 160 => name.to_uppercase(),
        _ if how > 220 => format!("0{number}"),
        _ => number.to_string(),
    }
}

fn item(unit: CronField) -> impl Strategy<Value = String> {
    let (low, high) = unit.bounds();
    let steps =
        prop_oneof![4 => 1..=high + 1, 1 => Just(1u32), 1 => Just(2), 1 => Just(15), 1 => 60..=2_000_000_000u32];
    (0..12u8, low..=high, low..=high, steps, any::<[u8; 2]>()).prop_map(move |(form, a, b, step, how)| {
        let (first, last) = (number(unit, a.min(b), how[0]), number(unit, a.max(b), how[1]));
        match form {
            0 | 1 => "*".to_owned(),
            2 => "?".to_owned(),
            3 => format!("*/{step}"),
            4 => format!("{first}/{step}"),
            5 => format!("{first}-{last}/{step}"),
            6 | 7 => format!("{first}-{last}"),
            8 => String::new(),
            _ => first,
        }
    })
}

fn field(unit: CronField) -> impl Strategy<Value = String> {
    let list = |items| {
        proptest::collection::vec(item(unit), items).prop_map(|items| match items.join(",") {
            empty if empty.is_empty() => ",".to_owned(),
            list => list,
        })
    };
    prop_oneof![3 => Just("*".to_owned()), 4 => list(1..=1usize), 4 => list(2..=4), 1 => list(5..=9)]
}

fn expression() -> impl Strategy<Value = String> {
    let named = select(vec!["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);
    let every = (any::<bool>(), 0..400_000u64, 0..9_000_000_000u64)
        .prop_map(|(short, less, more)| format!("@every {}s", if short { less } else { more }));
    // Days that a month may lack, in months that may lack them.
    let late =
        (select(vec!["0", "*/9"]), proptest::collection::vec(27..=31u32, 1..4), field(CronField::Month), any::<bool>())
            .prop_map(|(hour, days, months, star)| {
                let days: Vec<String> = days.iter().map(ToString::to_string).collect();
                format!("0 {hour} {} {months} {}", days.join(","), if star { "*" } else { "," })
            });
    let fields = CronField::ALL.map(|unit| field(unit).boxed()).prop_map(|fields| fields.join(" "));
    prop_oneof![24 => fields, 3 => late, 1 => every, 1 => named.prop_map(str::to_owned)]
}

fn config(cases: u32) -> ProptestConfig {
    let times: u32 = std::env::var("FLEETCRON_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    ProptestConfig { cases: cases * times, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn a_sentence_claims_the_runs_and_no_others(text in expression()) {
        let expression = Expression::parse(&text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        prop_assert_eq!(untrue(&expression), None);
    }
}

#[test]
fn what_is_said_of_recorded_schedules_is_true() {
    let Some(cases) = crate::conformance::vectors("schedule") else { return };
    let texts: BTreeSet<&str> = cases.iter().filter_map(|case| case["schedule"].as_str()).collect();
    let accepted: Vec<Expression> = texts.iter().filter_map(|text| Expression::parse(text).ok()).collect();
    assert!(accepted.len() > 1500, "{} schedules", accepted.len());
    let failures: Vec<String> = accepted.iter().filter_map(untrue).collect();
    crate::conformance::report("words", accepted.len(), &failures);
}

#[test]
fn sentences_are_as_they_were_judged() {
    let bless = std::env::var_os("BLESS").is_some();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/words/sentences.tsv");
    let told = fs::read_to_string(&path).expect("the sentences");
    let mut now = String::new();
    let mut seen = BTreeSet::new();
    for line in told.lines() {
        let text = line.split('\t').next().unwrap_or_default();
        let expression = Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert_eq!(untrue(&expression), None);
        assert!(seen.insert(text), "{text} stands there twice");
        now += &format!("{text}\t{}\n", expression.words());
    }
    if bless {
        fs::write(&path, &now).expect("written");
    }
    let differing: Vec<String> = told
        .lines()
        .zip(now.lines())
        .filter(|(told, now)| told != now)
        .map(|(told, now)| format!("- {told}\n+ {now}"))
        .collect();
    assert!(bless || now == told, "`BLESS=1` rewrites them\n{}", differing.join("\n"));
}
