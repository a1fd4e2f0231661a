//! The laws of time in a fleet: hashed and staggered starts depend on names alone, shifts and cuts have exactly their
//! runs, and a pause changes neither placement nor lock.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::compile::compile;
use fleetcron::cron::{Expression, HashSeed, HashedExpression, MAX_STAGGER_MINUTES, Window, Zone};
use fleetcron::tree::SourceTree;
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{self, Files};

const API: &str = "apiVersion: fleetcron.dev/v1alpha1\n";

fn cluster(name: &str) -> (String, String) {
    (format!("clusters/{name}.yaml"), format!("{API}kind: Cluster\nmetadata: {{name: {name}}}\n"))
}

fn task(name: &str, schedule: &str) -> (String, String) {
    let body =
        format!("schedule: {schedule}\n  placement: {{clusters: \"*\"}}\n  container: {{image: example.com/a:1}}\n");
    (
        format!("tasks/{name}.yaml"),
        format!("{API}kind: Task\nmetadata: {{name: {name}, namespace: x}}\nspec:\n  {body}"),
    )
}

fn fleet(more: &str) -> (String, String) {
    let text = format!("{API}kind: Fleet\nmetadata: {{name: acme}}\nspec:\n  defaults: {{timeZone: Etc/UTC}}\n{more}");
    ("fleetcron.yaml".to_owned(), text)
}

/// The schedule of every manifest by its path.
fn schedules(files: &Files) -> BTreeMap<String, String> {
    let line = |text: String| text.lines().find_map(|line| line.strip_prefix("  schedule: ").map(str::to_owned));
    let output = support::right(files);
    let manifests = output.into_iter().filter(|(path, _)| path.ends_with(".cronjob.yaml"));
    manifests.map(|(path, bytes)| (path, line(String::from_utf8(bytes).expect("text")).expect("a schedule"))).collect()
}

#[test]
fn another_task_cluster_or_folder_moves_no_start() {
    let tasks = [
        task("hashed", "\"H H(0-5) * * *\""),
        task("staggered", "{cron: \"0 3 * * *\", stagger: {window: 2h}}"),
        task("both-fields", "\"H/20 3 H * *\""),
    ];
    let clusters = ["a", "b", "c"].map(cluster);
    let files: Files = [fleet("")].into_iter().chain(tasks.clone()).chain(clusters).collect();
    let before = schedules(&files);
    let mut more = files.clone();
    more.extend([task("another", "\"H * * * *\""), cluster("aa"), cluster("z")]);
    let after = schedules(&more);
    assert!(before.iter().all(|(path, schedule)| after.get(path) == Some(schedule)), "{before:?}\n{after:?}");
    let mut fewer = files.clone();
    fewer.retain(|(path, _)| path != "clusters/b.yaml");
    let left = schedules(&fewer);
    assert_eq!(left.len(), 6);
    assert!(left.iter().all(|(path, schedule)| before.get(path) == Some(schedule)));
    let mut moved = files;
    for (path, _) in moved.iter_mut().filter(|(path, _)| path == "tasks/hashed.yaml") {
        "elsewhere/deep/x.yaml".clone_into(path);
    }
    assert_eq!(schedules(&moved), before);
    assert!(before.values().collect::<BTreeSet<_>>().len() > 4, "starts differ by cluster: {before:?}");
}

#[test]
fn a_pause_changes_neither_lock_nor_placement() {
    let tasks = [
        task("plain", "\"0 3 * * *\""),
        task("chosen", "\"0 4 * * *\"\n  active: {max: 1}\n  once: true\n  job: {startingDeadlineSeconds: 60}"),
    ];
    let of = |pauses: &str| -> Files {
        [fleet(pauses)].into_iter().chain(tasks.clone()).chain(["a", "b", "c"].map(cluster)).collect()
    };
    let (without, with) = (of(""), of("  pauses: [{name: all, reason: test}]\n"));
    let compiled = |files: &Files| {
        let sources: SourceTree = support::tree(files);
        let compilation = compile(&sources);
        assert_eq!(support::errors(&compilation, &sources), Vec::<String>::new());
        let verdicts: Vec<String> =
            compilation.plan.iter().map(|built| format!("{:?}", built.decision.verdicts)).collect();
        let active: Vec<String> =
            compilation.plan.iter().map(|built| format!("{:?}", built.planned.activation)).collect();
        (format!("{:?}", compilation.lock), verdicts, active, support::output(&compilation))
    };
    let (before, paused) = (compiled(&without), compiled(&with));
    assert_eq!((&before.0, &before.1, &before.2), (&paused.0, &paused.1, &paused.2));
    let count = |output: &BTreeMap<String, Vec<u8>>, text: &str| {
        output.values().filter(|bytes| String::from_utf8_lossy(bytes).contains(text)).count()
    };
    assert_eq!((count(&before.3, "suspend: true"), count(&paused.3, "suspend: true")), (2, 6));
    assert_eq!(count(&paused.3, "fleetcron.dev/paused: \"all: test\""), 4, "standby copies are not touched");
}

/// Pearson's chi-square of counts against an even spread.
fn chi_square(counts: &[u32]) -> f64 {
    let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum()
}

/// The figures of 10,000 names are fixed, so a change of the hash shows; the limits are those of one in a thousand.
#[test]
fn hashed_starts_are_even_over_ten_thousand_names() {
    const NAMES: u32 = 10_000;
    for (schedule, field, low, size, limit) in [
        ("H * * * *", 0, 0, 60, 98.3),
        ("0 H * * *", 1, 0, 24, 49.7),
        ("0 0 H * *", 2, 1, 28, 55.5),
        ("0 0 1 H *", 3, 1, 12, 31.3),
        ("0 0 * * H", 4, 0, 7, 22.5),
        ("H(10-29) * * * *", 0, 10, 20, 43.8),
    ] {
        let hashed = HashedExpression::parse(schedule).expect("it is right").expect("it has an `H`");
        let mut counts = vec![0; size];
        for name in 0..NAMES {
            let task = format!("task-{name}");
            let seed = HashSeed { namespace: "team", task: &task, cluster: "eu-1", salt: "" };
            let number: usize = hashed.expand(&seed).split(' ').nth(field).expect("a field").parse().expect("a number");
            counts[number - low] += 1;
        }
        let found = chi_square(&counts);
        assert!(found < limit, "{schedule}: {found}");
    }
    let mut times = BTreeSet::new();
    let hashed = HashedExpression::parse("H H * * *").expect("it is right").expect("it has an `H`");
    for name in 0..100_000 {
        let task = format!("task-{name}");
        times.insert(hashed.expand(&HashSeed { namespace: "", task: &task, cluster: "", salt: "" }));
    }
    assert_eq!(times.len(), 1440, "two hashes of one name do not depend on one another");
}

/// Fields as people write them.
fn schedule() -> impl Strategy<Value = String> {
    let minutes = select(vec!["0", "7", "*/15", "*/20", "5,35", "10-20/5", "*", "59"]);
    let hours = select(vec!["*", "3", "0", "23", "*/6", "9-17", "22,23", "0,12", "8-16/2"]);
    let days = select(vec!["*", "*", "*", "1", "15", "28", "31", "1-7", "*/2"]);
    let months = select(vec!["*", "*", "*", "6", "2", "1-3", "12"]);
    let weekdays = select(vec!["*", "*", "1-5", "0", "6", "MON", "0,6"]);
    (minutes, hours, days, months, weekdays).prop_map(|(a, b, c, d, e)| format!("{a} {b} {c} {d} {e}"))
}

/// The runs in UTC over two years, as minutes, by trying each day of the sets; a day before too.
fn runs(text: &str) -> Vec<i64> {
    let expression = Expression::parse(text).expect("it is right");
    let before: Timestamp = "2025-12-30T23:59:59Z".parse().expect("an instant");
    let until: Timestamp = "2028-01-01T00:00:00Z".parse().expect("an instant");
    let utc = Zone::utc();
    expression.runs(before, &utc).take_while(|run| *run < until).map(|run| run.as_second() / 60).collect()
}

fn within_two_years(minutes: impl Iterator<Item = i64>) -> Vec<i64> {
    let begin = |year: i16| {
        let midnight = jiff::tz::Offset::UTC.to_timestamp(date(year, 1, 1).at(0, 0, 0, 0)).expect("an instant");
        midnight.as_second() / 60
    };
    let span = begin(2026)..begin(2028);
    minutes.filter(|minute| span.contains(minute)).collect()
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let time = || (0..24u32, select(vec![0, 0, 0, 10, 30])).prop_map(|(hour, minute)| hour * 60 + minute);
    let window = (1..128u8, time(), time()).prop_filter("it is empty", |(_, from, to)| from != to);
    let window = window.prop_map(|(weekdays, from, to)| Window { weekdays, from, to, zone: None });
    let whole = (1..127u8).prop_map(|weekdays| Window { weekdays, from: 0, to: 1440, zone: None });
    prop::collection::vec(prop_oneof![window, whole], 1..3)
}

/// Whether a minute since 1970 lies in a window, in UTC.
fn is_blocked(minute: i64, windows: &[Window]) -> bool {
    let (of_day, weekday) = (minute.rem_euclid(1440) as u32, (minute.div_euclid(1440) + 4).rem_euclid(7) as u32);
    let begins = |window: &Window, back: u32| window.weekdays >> ((weekday + 7 - back) % 7) & 1 == 1;
    windows.iter().any(|window| match window.to > window.from {
        true => begins(window, 0) && (window.from..window.to).contains(&of_day),
        false => begins(window, 0) && of_day >= window.from || begins(window, 1) && of_day < window.to,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_shifted_schedule_has_exactly_its_runs_moved(text in schedule(), minutes in 0..MAX_STAGGER_MINUTES) {
        let expression = Expression::parse(&text).expect("it is right");
        let Ok(shifted) = expression.shifted(minutes) else { return Ok(()) };
        let moved = within_two_years(runs(&text).into_iter().map(|run| run + i64::from(minutes)));
        prop_assert_eq!(within_two_years(runs(&shifted).into_iter()), moved, "{} + {} = {}", text, minutes, shifted);
    }

    #[test]
    fn a_cut_or_split_schedule_has_exactly_what_is_left(text in schedule(), windows in windows()) {
        let expression = Expression::parse(&text).expect("it is right");
        let span = Zone::release_year();
        let left = || within_two_years(runs(&text).into_iter().filter(|run| !is_blocked(*run, &windows)));
        if let Ok(cut) = expression.cut(&windows, &Zone::utc(), span).result {
            prop_assert_eq!(within_two_years(runs(&cut).into_iter()), left(), "{} becomes {}", text, cut);
        }
        let split = expression.split(&windows);
        if !split.is_empty() {
            let mut all: Vec<i64> = split.iter().flat_map(|part| runs(part)).collect();
            all.sort_unstable();
            prop_assert_eq!(within_two_years(all.into_iter()), left(), "{} becomes {:?}", text, split);
        }
    }

    #[test]
    fn offsets_lie_within_the_window_and_every_one_can_be_said(text in schedule(), window in 1..=MAX_STAGGER_MINUTES, name in "[a-z]{1,20}") {
        let expression = Expression::parse(&text).expect("it is right");
        let seed = HashSeed { namespace: "x", task: &name, cluster: "c", salt: "" };
        let offset = seed.stagger_minutes(window);
        prop_assert!(offset < window);
        if let Ok((largest, reason)) = expression.largest_stagger() {
            prop_assert_eq!(reason.is_none(), largest == MAX_STAGGER_MINUTES);
            prop_assert!(offset >= largest || expression.shifted(offset).is_ok(), "{} + {}", text, offset);
            prop_assert!(reason.is_none() || expression.shifted(largest).is_err());
        }
    }

    #[test]
    fn an_expansion_never_leaves_its_range(first in 0..60u32, size in 1..60u32, step in 2..30u32, name in "[a-z0-9-]{1,30}") {
        let last = (first + size).min(59);
        prop_assume!(last > first);
        let seed = HashSeed { namespace: "x", task: &name, cluster: "c", salt: "" };
        let number = |text: String| -> BTreeSet<u32> {
            let expression = Expression::parse(&HashedExpression::parse(&text).unwrap().unwrap().expand(&seed)).unwrap();
            let fleetcron::cron::ExpressionForm::Fields(fields) = expression.form() else { panic!("{text}") };
            fields.minute.numbers().collect()
        };
        let one = number(format!("H({first}-{last}) * * * *"));
        prop_assert!(one.len() == 1 && one.iter().all(|minute| (first..=last).contains(minute)));
        if step <= last - first + 1 {
            let steps = number(format!("H({first}-{last})/{step} * * * *"));
            let (fewer, more) = ((last - first + 1) / step, (last - first + 1).div_ceil(step));
            prop_assert!((fewer..=more).contains(&(steps.len() as u32)) && steps.iter().all(|minute| (first..=last).contains(minute)));
            let all: Vec<u32> = steps.into_iter().collect();
            prop_assert!(all.windows(2).all(|pair| pair[1] - pair[0] == step));
        }
    }
}
