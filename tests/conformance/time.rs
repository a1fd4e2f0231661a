//! Time in a fleet: `H`, staggered starts, shifts, windows and the timeline, recorded by a reference whose runs
//! robfig/cron confirmed.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::cron::{Cut, Expression, ExpressionForm, HashFaultKind, HashSeed, HashedExpression, Window, Zone};
use fleetcron::timeline::{Busiest, CopyState, Cost, Timeline, TimelineCopies, busiest_minutes};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{counted, report, vectors};

/// The two years over which the recorded runs were counted.
fn years() -> std::ops::Range<Timestamp> {
    let begin = |text: &str| text.parse::<Timestamp>().expect("an instant");
    begin("2026-01-01T00:00:00Z")..begin("2028-01-01T00:00:00Z")
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

fn number(case: &Value, name: &str) -> u32 {
    u32::try_from(case[name].as_u64().expect("a number")).expect("a small number")
}

fn seed(case: &Value) -> HashSeed<'_> {
    let by_task = case["hash"] == "task";
    HashSeed {
        namespace: text(case, "namespace"),
        task: text(case, "task"),
        cluster: if by_task { "" } else { text(case, "cluster") },
        salt: text(case, "salt"),
    }
}

/// The sets and star bits of an expression: two texts with the same ones mean the same.
fn meaning(text: &str) -> Vec<(u64, bool)> {
    let expression = Expression::parse(text).unwrap_or_else(|fault| panic!("`{text}`: {fault}"));
    let ExpressionForm::Fields(fields) = expression.form() else { return Vec::new() };
    let day = |field: &fleetcron::cron::FieldValues, counts: bool| (field.bits, counts && field.star);
    let [minute, hour, month_day, month, weekday] = fields.all();
    vec![day(minute, false), day(hour, false), day(month_day, true), day(month, false), day(weekday, true)]
}

fn meanings<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<Vec<(u64, bool)>> {
    texts.into_iter().map(meaning).collect()
}

/// How many times it runs in UTC in the two years, counted from its sets day by day.
fn runs_in_two_years(text: &str) -> u64 {
    let fields = meaning(text);
    let [(minutes, _), (hours, _), (days, day_star), (months, _), (weekdays, weekday_star)] = fields[..] else {
        return 0;
    };
    let has = |bits: u64, number: i8| bits >> number & 1 == 1;
    let mut date = jiff::civil::date(2026, 1, 1);
    let mut count = 0;
    while date.year() < 2028 {
        let (day, weekday) = (has(days, date.day()), has(weekdays, date.weekday().to_sunday_zero_offset()));
        let matches = if day_star || weekday_star { day && weekday } else { day || weekday };
        count += u64::from(has(months, date.month()) && matches);
        date = date.tomorrow().expect("a date");
    }
    count * u64::from(minutes.count_ones()) * u64::from(hours.count_ones())
}

/// Compares the recorded count of runs: in UTC with the sets, elsewhere with robfig's search.
fn counts_runs<'a>(case: &Value, texts: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let Some(expected) = case["runs2y"].as_u64() else { return Ok(()) };
    let count = |text: &'a str| match case["timeZone"].as_str() {
        None | Some("UTC") => runs_in_two_years(text),
        Some(zone) => {
            let zone = Zone::parse(zone).expect("a zone");
            let expression = Expression::parse(text).expect("a schedule");
            let before = years().start - jiff::SignedDuration::from_secs(1);
            expression.runs(before, &zone).take_while(|run| *run < years().end).count() as u64
        }
    };
    let found: u64 = texts.into_iter().map(count).sum();
    if found == expected { Ok(()) } else { Err(format!("{found} runs in two years instead of {expected}")) }
}

fn check_all(suite: &str, mut judge: impl FnMut(&Value) -> Result<(), String>) {
    let Some(cases) = vectors(&format!("time-{suite}")) else { return };
    let judged = cases.iter().filter_map(|case| judge(case).err().map(|why| format!("{case}: {why}")));
    let failures: Vec<String> = judged.collect();
    report(&format!("time-{suite}"), cases.len(), &failures);
}

/// The expanded text, or the name of the error.
fn expand(case: &Value) -> Result<String, &'static str> {
    let cron = text(case, "cron");
    let expanded = match HashedExpression::parse(cron) {
        Ok(Some(hashed)) => hashed.expand(&seed(case)),
        Ok(None) => cron.to_owned(),
        Err(fault) => {
            return Err(match fault.kind {
                HashFaultKind::Syntax(_) => "hash-syntax",
                HashFaultKind::Outside(_) | HashFaultKind::Backwards(_) => "hash-range",
                HashFaultKind::SmallStep(_) | HashFaultKind::LargeStep(..) => "hash-step",
                HashFaultKind::Overlap(..) => "hash-overlap",
                HashFaultKind::BothDays => "hash-both-days",
                HashFaultKind::Plain(_) => "plain",
            });
        }
    };
    Expression::parse(&expanded).map_err(|_| "plain")?;
    Ok(expanded)
}

#[test]
fn time_hash() {
    check_all("hash", |case| {
        let expected = match case["error"].as_str() {
            Some(error) => Err(error),
            None => Ok(text(case, "expect").to_owned()),
        };
        let found = expand(case);
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

#[test]
fn time_stagger() {
    check_all("stagger", |case| {
        let schedule = Expression::parse(text(case, "schedule")).expect("a schedule");
        let window = number(case, "windowMinutes");
        let (largest, reason) = schedule.largest_stagger().expect("it can be shifted");
        if let Some(expected) = case["reason"].as_str() {
            let reason = reason.map(|reason| reason.name());
            let agrees = reason == Some(expected) && largest == number(case, "largestWindow") && largest < window;
            return if agrees { Ok(()) } else { Err(format!("{reason:?}, at most {largest}")) };
        }
        let offset = seed(case).stagger_minutes(window);
        let shifted = schedule.shifted(offset).map_err(|reason| reason.to_string())?;
        let agrees = offset == number(case, "offset")
            && largest >= window
            && meaning(&shifted) == meaning(text(case, "expect"))
            && shifted == text(case, "expect");
        if agrees { Ok(()) } else { Err(format!("{offset}: {shifted}, at most {largest}")) }
    });
}

#[test]
fn time_shift() {
    check_all("shift", |case| {
        let schedule = Expression::parse(text(case, "schedule")).expect("a schedule");
        let found = schedule.shifted(number(case, "shift"));
        let largest = schedule.largest_stagger().ok().map(|(minutes, _)| u64::from(minutes));
        if case["largestWindow"].as_u64() != largest {
            return Err(format!("the largest window is {largest:?}"));
        }
        match (found, case["reason"].as_str()) {
            (Err(reason), Some(expected)) if reason.name() == expected => Ok(()),
            (Ok(shifted), None) if meaning(&shifted) == meaning(text(case, "expect")) => {
                counts_runs(case, [shifted.as_str()])
            }
            (found, _) => Err(format!("{found:?}")),
        }
    });
}

fn minute_of_day(text: &str) -> u32 {
    let (hour, minute) = text.split_once(':').expect("a time");
    hour.parse::<u32>().expect("an hour") * 60 + minute.parse::<u32>().expect("a minute")
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

fn window(value: &Value) -> Window {
    let time = |name: &str, absent: u32| value[name].as_str().map_or(absent, minute_of_day);
    let bit = |day: &Value| 1 << WEEKDAYS.iter().position(|name| day == name).expect("a day");
    Window {
        weekdays: value["days"].as_array().map_or(0x7f, |days| days.iter().map(bit).fold(0, |bits, bit| bits | bit)),
        from: time("from", 0),
        to: time("to", 24 * 60),
        zone: value["timeZone"].as_str().map(|name| Zone::parse(name).expect("a zone")),
    }
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether edges were moved inwards past each other, which the recording then reads as a window around the clock.
fn goes_round(recorded: &Value, windows: &Value) -> bool {
    let ends_after = |window: &Value| match (window["from"].as_str(), window["to"].as_str()) {
        (Some(from), Some(to)) => minute_of_day(to) > minute_of_day(from),
        _ => true,
    };
    let pairs = recorded["windows"].as_array().into_iter().flatten().zip(windows.as_array().into_iter().flatten());
    pairs.into_iter().any(|(moved, window)| ends_after(window) && !ends_after(moved))
}

/// The runs in the two years of some expressions together.
fn runs_of(texts: &[String], zone: &Zone) -> BTreeSet<Timestamp> {
    let before = years().start - jiff::SignedDuration::from_secs(1);
    let expressions = texts.iter().map(|text| Expression::parse(text).expect("a schedule"));
    let runs = |expression: Expression| -> Vec<Timestamp> {
        expression.runs(before, zone).take_while(|run| *run < years().end).collect()
    };
    expressions.flat_map(runs).collect()
}

/// Whether an instant lies in one of the windows, by the local time of the schedule's zone.
fn is_blocked(at: Timestamp, windows: &[Window], zone: &Zone) -> bool {
    let offset = jiff::tz::Offset::from_seconds(zone.offset(at)).expect("an offset");
    let local = offset.to_datetime(at);
    let day = |back: i8| (local.weekday().to_sunday_zero_offset() + 7 - back) % 7;
    let minute = local.hour() as u32 * 60 + local.minute() as u32;
    windows.iter().any(|window| {
        let begins = |back| window.weekdays >> day(back) & 1 == 1;
        let wraps = window.to <= window.from;
        let today = begins(0) && minute >= window.from && (wraps || minute < window.to);
        today || wraps && begins(1) && minute < window.to
    })
}

/// Compares the count of runs; where Kubernetes' runs of the answer are recorded as others than those of the schedule
/// less the windows, which they are.
fn compare_runs(
    case: &Value,
    windows: &[Window],
    zone: &Zone,
    split: &[String],
    apart: &mut BTreeMap<String, usize>,
) -> Result<(), String> {
    if case["robfigMissing"].is_null() {
        return counts_runs(case, split.iter().map(String::as_str));
    }
    let wanted = runs_of(&[text(case, "schedule").to_owned()], zone);
    let wanted: BTreeSet<Timestamp> = wanted.into_iter().filter(|run| !is_blocked(*run, windows, zone)).collect();
    let found = runs_of(split, zone);
    let texts = |runs: Vec<&Timestamp>| runs.into_iter().map(Timestamp::to_string).collect::<Vec<_>>();
    let missing = texts(wanted.difference(&found).collect());
    let extra = texts(found.difference(&wanted).collect());
    if missing != list(&case["robfigMissing"]) || extra != list(&case["robfigExtra"]) {
        return Err(format!("missing {missing:?}, extra {extra:?}"));
    }
    let what = format!("{} in {}, robfig's own runs differ", case["schedule"], zone.name());
    *apart.entry(what).or_default() += missing.len() + extra.len();
    Ok(())
}

fn check_window(case: &Value, apart: &mut BTreeMap<String, usize>) -> Result<(), String> {
    let schedule = Expression::parse(text(case, "schedule")).expect("a schedule");
    let zone = Zone::parse(text(case, "timeZone")).expect("a zone");
    let windows: Vec<Window> = case["windows"].as_array().expect("windows").iter().map(window).collect();
    let Cut { result, differences, by_difference, covering } = schedule.cut(&windows, &zone, years());
    let differences: BTreeSet<i64> = differences.iter().flatten().map(|difference| i64::from(*difference)).collect();
    let recorded: BTreeSet<i64> =
        case["differences"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    if recorded != differences {
        return Err(format!("the zones differ by {differences:?}"));
    }
    let split = schedule.split(&windows);
    let split_texts = || split.iter().map(String::as_str);
    match (&result, case["reason"].as_str()) {
        (Ok(left), None) if meaning(left) == meaning(text(case, "expect")) => {
            return compare_runs(case, &windows, &zone, std::slice::from_ref(left), apart);
        }
        (Err(reason), Some(expected)) if reason.name() == expected => {}
        _ => return Err(format!("{result:?}")),
    }
    for (difference, result) in &by_difference {
        let recorded = &case["byDifference"][difference[0].to_string()];
        let agrees = match result {
            Ok(left) => recorded.as_str().is_some_and(|text| meaning(text) == meaning(left)),
            Err(reason) => recorded == &json!(format!("no: {}", reason.name())),
        };
        if !agrees {
            return Err(format!("by {difference:?}: {result:?}"));
        }
    }
    let recorded_differences = case["byDifference"].as_object().map_or(0, serde_json::Map::len);
    if recorded_differences != by_difference.len() {
        return Err(format!("{by_difference:?}"));
    }
    if covering.as_deref().map(meaning) != case["covering"].as_str().map(meaning) {
        return Err(format!("covering {covering:?}"));
    }
    if !case["split"].is_null() {
        if meanings(split_texts()) != meanings(list(&case["split"])) {
            return Err(format!("split into {split:?}"));
        }
        compare_runs(case, &windows, &zone, &split, apart)?;
    }
    if case["nearest"].is_null() {
        return Ok(());
    }
    let nearest = schedule.nearest_windows(&windows);
    for (name, found) in ["wider", "narrower"].into_iter().zip(nearest) {
        let recorded = &case["nearest"][name];
        if goes_round(recorded, &case["windows"]) {
            *apart.entry("a narrower window of less than nothing".to_owned()).or_default() += 1;
            if found.is_some() {
                return Err(format!("{name} {found:?}"));
            }
            continue;
        }
        let expected = recorded["cron"].as_str().map(meaning);
        if found.as_ref().map(|found| meaning(&found.expression)) != expected {
            return Err(format!("{name} {found:?}"));
        }
        let moved: Vec<Window> = recorded["windows"].as_array().into_iter().flatten().map(window).collect();
        if found.is_some_and(|found| found.windows != moved) {
            return Err(format!("{name} has other windows"));
        }
    }
    Ok(())
}

#[test]
fn time_window() {
    let mut apart = BTreeMap::new();
    check_all("window", |case| check_window(case, &mut apart));
    counted("time-window", "listed", &apart);
}

/// The copies of a case, one for each cluster of a task.
fn copies(case: &Value) -> Vec<TimelineCopies> {
    let clusters = case["clusters"].as_array().expect("clusters");
    let index = |name: &Value| clusters.iter().position(|cluster| cluster["name"] == *name).expect("a cluster");
    let mut copies = Vec::new();
    for (number, task) in case["tasks"].as_array().expect("tasks").iter().enumerate() {
        for name in task["clusters"].as_array().expect("names") {
            let cluster = index(name);
            let zone = match task["timeZone"].as_str() {
                Some("cluster") => clusters[cluster]["timeZone"].as_str(),
                zone => zone,
            };
            let suspended = task["suspended"].as_array().is_some_and(|names| names.contains(name));
            copies.push(TimelineCopies {
                task: number,
                clusters: vec![cluster],
                namespace: None,
                schedule: text(task, "schedule").to_owned(),
                time_zone: zone.map(str::to_owned),
                instances: task["instances"].as_u64().map_or(1, |instances| instances as u32),
                cost: Cost::default(),
                spread: false,
                bounded: false,
                state: if suspended { CopyState::Suspended } else { CopyState::Runs },
            });
        }
    }
    copies
}

/// What a timeline says, in the form of the recordings.
fn told(case: &Value) -> Value {
    let instant = |name: &str| text(case, name).parse::<Timestamp>().expect("an instant");
    let copies = copies(case);
    let timeline = Timeline::of(&copies, instant("from")..instant("until"), 0);
    let names = |list: &str| -> Vec<String> {
        case[list].as_array().into_iter().flatten().map(|one| text(one, "name").to_owned()).collect()
    };
    let (tasks, clusters) = (names("tasks"), names("clusters"));
    let starts = timeline.sum(|member| copies[member].clusters.len() as u64);
    let instances = timeline.sum(|member| u64::from(copies[member].instances) * copies[member].clusters.len() as u64);
    let at = |minute: usize| timeline.instant(minute).to_string();
    let busiest = |sums: &[u64]| -> Value {
        busiest_minutes(sums, 5).iter().map(|Busiest { sum, minute }| json!([at(*minute), sum])).collect()
    };
    let mut counts = [BTreeMap::new(), BTreeMap::new()];
    for schedule in &timeline.schedules {
        for copy in schedule.members.iter().map(|member| &copies[*member]) {
            *counts[0].entry(tasks[copy.task].clone()).or_insert(0) += schedule.minutes().count();
            *counts[1].entry(clusters[copy.clusters[0]].clone()).or_insert(0) += schedule.minutes().count();
        }
    }
    let every = timeline.rates.iter().map(|rate| {
        let (copy, starts) = (&copies[rate.member], timeline.rate_starts(rate));
        json!({
            "task": tasks[copy.task],
            "cluster": clusters[copy.clusters[0]],
            "seconds": rate.seconds,
            "min": starts.min,
            "max": starts.max,
            "anchoredAtFrom": starts.from_begin,
        })
    });
    json!({
        "total": starts.iter().sum::<u64>(),
        "instances": instances.iter().sum::<u64>(),
        "perTask": counts[0],
        "perCluster": counts[1],
        "perMinute": starts.iter().enumerate().filter(|(_, sum)| **sum > 0)
            .map(|(minute, sum)| json!([at(minute), sum])).collect::<Value>(),
        "busiest": busiest(&starts),
        "busiestInstances": busiest(&instances),
        "suspendedCopies": timeline.suspended,
        "every": every.collect::<Value>(),
    })
}

#[test]
fn time_timeline() {
    check_all("timeline", |case| {
        let told = told(case);
        let expected = case["expect"].as_object().expect("an answer");
        for (name, value) in expected {
            if told[name] != *value {
                return Err(format!("{name} is {}", told[name]));
            }
        }
        Ok(())
    });
}
