//! Schedules: what robfig/cron accepts as Kubernetes calls it, and when it runs next, in every zone.
//!
//! The one idea: rows that cannot agree stand in a list with a reason and with our own answer. Nothing else may
//! differ, and a row of the list that agrees after all is a failure too.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::cron::{Expression, Zone};
use jiff::Timestamp;
use serde_json::Value;

use super::{counted, report, vectors};

/// The rows that cannot agree.
const LISTED: &str = include_str!("../../fixtures/conformance/schedule-differences.tsv");

/// The reason of rows whose zone has other data in the release that we have than in the one they were recorded with.
const CHANGED: &str = "zone data changed";

/// A row of the list: the reason, and our runs.
struct Listed {
    schedule: String,
    zone: &'static str,
    reason: &'static str,
    ours: &'static str,
}

/// The rows by their ids, and all zones with other data.
fn listed() -> (BTreeMap<u64, Listed>, BTreeSet<&'static str>) {
    let (mut rows, mut zones) = (BTreeMap::new(), BTreeSet::new());
    for line in LISTED.lines().filter(|line| !line.starts_with('#')) {
        let [id, schedule, zone, reason, ours] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        if reason == CHANGED {
            zones.insert(zone);
        }
        if id != "*" {
            let schedule = serde_json::from_str(schedule).expect("a schedule is written as JSON");
            rows.insert(id.parse().expect("an id is a number"), Listed { schedule, zone, reason, ours });
        }
    }
    (rows, zones)
}

/// The fields that are refused, or the runs.
fn ours(case: &Value) -> Result<Vec<Timestamp>, BTreeSet<String>> {
    let expression = Expression::parse(case["schedule"].as_str().expect("a schedule"));
    let zone = case["timeZone"].as_str().map_or_else(|| Ok(Zone::utc()), Zone::parse);
    match (expression, zone) {
        (Ok(expression), Ok(zone)) => {
            let from = case["from"].as_str().expect("an instant").parse().expect("an instant");
            let n = case["n"].as_u64().expect("a count") as usize;
            Ok(expression.runs(from, &zone).take(n).collect())
        }
        (expression, zone) => {
            let refused = [expression.err().map(|_| "spec.schedule"), zone.err().map(|_| "spec.timeZone")];
            Err(refused.into_iter().flatten().map(str::to_owned).collect())
        }
    }
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().expect("text").to_owned()).collect()
}

/// Nothing if the row agrees, the reason why it need not, or how it differs. The ids of the list mean nothing in
/// another folder: there `changed` says in which zones a row may differ.
fn judge(
    case: &Value,
    listed: &BTreeMap<u64, Listed>,
    changed: Option<&BTreeSet<&str>>,
) -> Result<Option<String>, String> {
    let expect = &case["expect"];
    let runs = match (ours(case), expect["ok"].as_bool().expect("a verdict")) {
        (Err(refused), false) => {
            let expected: BTreeSet<String> = words(&expect["fields"]).into_iter().collect();
            return if refused == expected { Ok(None) } else { Err(format!("{refused:?} are refused")) };
        }
        (Err(refused), true) => return Err(format!("{refused:?} are refused, and should not be")),
        (Ok(_), false) => return Err(format!("accepted, in spite of {}", expect["error"])),
        (Ok(runs), true) => runs,
    };
    let runs: Vec<String> = runs.iter().map(Timestamp::to_string).collect();
    let expected = words(&expect["next"]);
    let hang = expect["hang"] == true;
    let exhausted = (runs.len() as u64) < case["n"].as_u64().expect("a count");
    let agrees = !hang && runs == expected && exhausted == (expect["exhausted"] == true);
    let begins = !hang || runs.starts_with(&expected);
    let zone = case["timeZone"].as_str().unwrap_or_default();
    let said = || format!("{} instead of {expected:?}", runs.join(" "));
    if let Some(changed) = changed {
        return match (agrees, hang) {
            (true, _) => Ok(None),
            (false, true) if begins => Ok(Some("robfig's search does not end".to_owned())),
            (false, false) if changed.contains(zone) => Ok(Some(CHANGED.to_owned())),
            _ => Err(said()),
        };
    }
    match listed.get(&case["id"].as_u64().expect("an id")) {
        Some(_) if agrees => Err("agrees, and stands in the list".to_owned()),
        Some(row) if row.schedule == case["schedule"] && row.zone == zone && row.ours == runs.join(" ") && begins => {
            Ok(Some(row.reason.to_owned()))
        }
        None if agrees => Ok(None),
        _ => Err(said()),
    }
}

#[test]
fn schedule() {
    let Some(cases) = vectors("schedule") else { return };
    let elsewhere = std::env::var_os("FLEETCRON_VECTORS").is_some_and(|folder| !folder.is_empty());
    let (listed, zones) = listed();
    let (mut failures, mut apart) = (Vec::new(), BTreeMap::new());
    for case in &cases {
        match judge(case, &listed, elsewhere.then_some(&zones)) {
            Ok(None) => {}
            Ok(Some(reason)) => *apart.entry(reason).or_insert(0) += 1,
            Err(why) => failures.push(format!("{} {} {}: {why}", case["id"], case["schedule"], case["timeZone"])),
        }
    }
    counted("schedule", "listed", &apart);
    report("schedule", cases.len(), &failures);
    assert!(elsewhere || apart.values().sum::<usize>() == listed.len(), "the list names rows that do not exist");
}
