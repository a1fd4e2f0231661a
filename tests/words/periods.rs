//! A period, its cron expression and its sentence say the same. It knows what a period means from its own words alone.
//!
//! The one idea: each period is written into a task, compiled, and the sentence of the schedule in the manifest is read
//! back; the times and days that it claims must be those that the period asks for.

use std::collections::BTreeSet;

use fleetcron::compile::compile;
use fleetcron::cron::Expression;

use super::reader::{Claim, calendar, read};
use crate::support;

type Times = BTreeSet<u32>;

/// The times of day in minutes, and the dates, of the sentence that a period ends in; and that sentence.
fn claimed(period: &str) -> (Times, BTreeSet<(u32, u32, u32)>, String) {
    let task = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: t, namespace: ops}}\nspec:\n  \
         placement: {{clusters: \"*\"}}\n  schedule: {{{period}, timeZone: Etc/UTC}}\n  container: {{image: i:1}}\n"
    );
    let cluster = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: c}\n";
    let files = vec![("t.yaml".to_owned(), task), ("c.yaml".to_owned(), cluster.to_owned())];
    let sources = support::tree(&files);
    let compilation = compile(&sources);
    assert_eq!(support::errors(&compilation, &sources), Vec::<String>::new(), "{period}");
    let schedule = &compilation.plan[0].rendered.variants[0].timing.schedule;
    let sentence = Expression::parse(schedule).unwrap_or_else(|fault| panic!("{schedule}: {fault}")).words();
    match read(&sentence) {
        Some(Claim::Runs { times, dates }) => (times, dates, sentence),
        other => panic!("{period}: {schedule}: {sentence}: {other:?}"),
    }
}

#[track_caller]
fn says(period: &str, times: &Times, on: impl Fn((u32, u32, u32)) -> bool) {
    let (claimed_times, dates, sentence) = claimed(period);
    assert_eq!(claimed_times, *times, "{period}: {sentence}");
    let wanted: BTreeSet<_> = calendar(true).filter(|date| on(*date)).collect();
    assert_eq!(dates, wanted, "{period}: {sentence}");
}

#[test]
fn every_so_many_minutes_or_hours() {
    for minutes in (1..=60).filter(|n| 60 % n == 0) {
        says(&format!("every: {minutes}m"), &(0..1440).step_by(minutes).map(|n| n as u32).collect(), |_| true);
    }
    for hours in (1..=24).filter(|n| 24 % n == 0) {
        says(&format!("every: {hours}h"), &(0..1440).step_by(hours * 60).map(|n| n as u32).collect(), |_| true);
        says(&format!("every: {}m", hours * 60), &(0..1440).step_by(hours * 60).map(|n| n as u32).collect(), |_| true);
    }
}

#[test]
fn hourly_at_a_minute() {
    for every in (1..=24).filter(|n| 24 % n == 0) {
        for minute in [0, 1, 10, 59] {
            let times = (0..24).step_by(every).map(|hour| hour as u32 * 60 + minute).collect();
            says(&format!("hourly: {{minute: {minute}, every: {every}}}"), &times, |_| true);
        }
    }
}

#[test]
fn daily_weekly_and_monthly_at_a_time() {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    for (at, minute) in [("00:00", 0), ("03:00", 180), ("9:05", 545), ("23:59", 1439)] {
        let times = BTreeSet::from([minute]);
        says(&format!("daily: {{at: \"{at}\"}}"), &times, |_| true);
        for set in 1..128u32 {
            let chosen = |day: u32| set >> day & 1 == 1;
            let names: Vec<&str> = (0..7).filter(|day| chosen(*day)).map(|day| DAYS[day as usize]).collect();
            let period = format!("weekly: {{on: [{}], at: \"{at}\"}}", names.join(", "));
            says(&period, &times, |(_, _, weekday)| chosen(weekday));
        }
    }
    let times = BTreeSet::from([180]);
    for days in [vec![1], vec![1, 15], vec![28], vec![31], vec![29, 30], (1..=31).collect(), (15..=31).collect()] {
        let list = days.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        says(&format!("monthly: {{on: [{list}], at: \"03:00\"}}"), &times, |(_, day, _)| days.contains(&day));
    }
}
