//! What a schedule's sentence says is what the schedule does.
//!
//! The one idea: a reader of the sentences alone, `reader`, says when a sentence claims a run; the sets and the rule of
//! the day fields say when there is one.

mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fleetcron::cron::{Expression, Fields, Form, Unit};
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
        Form::Every(seconds) => return if claim == Claim::Delay(*seconds) { None } else { wrong("the delay") },
        Form::Fields(fields) => fields,
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

fn number(unit: Unit, number: u32, how: u8) -> String {
    match unit.names().get((number - unit.bounds().0) as usize) {
        Some(name) if how % 3 == 0 => (*name).to_owned(),
        Some(name) if how % 3 == 1 => name.to_uppercase(),
        _ if how % 7 == 0 => format!("0{number}"),
        _ => number.to_string(),
    }
}

fn item(unit: Unit) -> impl Strategy<Value = String> {
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

fn field(unit: Unit) -> impl Strategy<Value = String> {
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
        (select(vec!["0", "*/9"]), proptest::collection::vec(27..=31u32, 1..4), field(Unit::Month), any::<bool>())
            .prop_map(|(hour, days, months, star)| {
                let days: Vec<String> = days.iter().map(ToString::to_string).collect();
                format!("0 {hour} {} {months} {}", days.join(","), if star { "*" } else { "," })
            });
    let fields = Unit::ALL.map(|unit| field(unit).boxed()).prop_map(|fields| fields.join(" "));
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
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &now).expect("written");
    }
    let differing: Vec<String> = told
        .lines()
        .zip(now.lines())
        .filter(|(told, now)| told != now)
        .map(|(told, now)| format!("- {told}\n+ {now}"))
        .collect();
    assert!(now == told, "`BLESS=1` rewrites them\n{}", differing.join("\n"));
}
