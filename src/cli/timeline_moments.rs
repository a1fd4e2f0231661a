//! `timeline --at` and `--between`: what starts at a time of the day, and in which zone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::Timeline as Args;
use super::outcome::Failure;
use super::terminal;
use super::timeline::TimelineView;
use super::timeline_data::field;
use super::timeline_text;
use crate::report::layout;
use crate::report::table;
use crate::timeline::Clock;

const DAY_MINUTES: u32 = 24 * 60;

/// The times of the day that are asked for, as minutes; the end is not one of them.
pub(super) struct Asked {
    from: u32,
    to: u32,
    text: String,
}

/// What starts then: one task by one schedule in one zone.
pub(super) struct MinuteRuns {
    task: String,
    schedule: String,
    zone: Option<String>,
    clusters: Vec<usize>,
    starts: u64,
    /// The first minute of the span.
    first: usize,
}

impl Asked {
    /// What `--at` or `--between` says.
    pub(super) fn parse(args: &Args) -> Result<Option<Asked>, Failure> {
        let wrong = |option: &str, text: &str, form: &str| {
            Failure::Run(format!("`--{option} {text}` is no time of the day: write it as `{form}`"))
        };
        if let Some(text) = &args.at {
            let from = parse_time(text).filter(|from| *from < DAY_MINUTES).ok_or_else(|| wrong("at", text, "02:00"))?;
            return Ok(Some(Asked { from, to: from + 1, text: format!("at {text}") }));
        }
        let Some(text) = &args.between else { return Ok(None) };
        let wrong = || wrong("between", text, "01:00-05:00");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (parse_time(from).ok_or_else(wrong)?, parse_time(to).ok_or_else(wrong)?);
        if from >= DAY_MINUTES || from == to {
            return Err(wrong());
        }
        Ok(Some(Asked { from, to, text: format!("between {}", text.replace('-', " and ")) }))
    }

    fn has(&self, minute_of_day: u32) -> bool {
        if self.to > self.from {
            (self.from..self.to).contains(&minute_of_day)
        } else {
            minute_of_day >= self.from || minute_of_day < self.to
        }
    }
}

/// `02:00`, up to `24:00`, in minutes.
fn parse_time(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let time = hour * 60 + minute;
    (minute < 60 && time <= DAY_MINUTES).then_some(time)
}

/// What starts at the times asked for, busier tasks first.
pub(super) fn find(view: &TimelineView<'_>, asked: &Asked) -> Vec<MinuteRuns> {
    let clocks = view.clocks();
    let mut found: BTreeMap<(usize, &str, Option<&str>), MinuteRuns> = BTreeMap::new();
    for schedule in &view.timeline.schedules {
        let minutes: Vec<usize> = schedule.minutes().filter(|minute| asked.has(u32::from(clocks[*minute].0))).collect();
        let Some(first) = minutes.first() else { continue };
        for copies in schedule.members.iter().map(|member| &view.copies[*member]) {
            let key = (copies.task, schedule.text.as_str(), copies.time_zone.as_deref());
            let one = found.entry(key).or_insert_with(|| MinuteRuns {
                task: view.model.units[copies.task].identity.to_string(),
                schedule: schedule.text.clone(),
                zone: copies.time_zone.clone(),
                clusters: Vec::new(),
                starts: 0,
                first: *first,
            });
            one.clusters.extend(&copies.clusters);
            one.starts += (minutes.len() * copies.clusters.len()) as u64;
        }
    }
    let mut found: Vec<MinuteRuns> = found.into_values().collect();
    found.iter_mut().for_each(|one| one.clusters.sort_unstable());
    found.sort_by(|a, b| b.starts.cmp(&a.starts).then_with(|| a.task.cmp(&b.task)));
    found
}

fn names<'a>(view: &'a TimelineView<'_>, found: &'a MinuteRuns) -> impl ExactSizeIterator<Item = &'a str> {
    found.clusters.iter().map(|cluster| view.model.clusters[*cluster].name.as_str())
}

/// For people.
pub(super) fn text(view: &TimelineView<'_>, asked: &Asked, found: &[MinuteRuns]) -> String {
    let starts: u64 = found.iter().map(|one| one.starts).sum();
    let clock = match view.timeline.clock {
        Clock::Own => "the time of each schedule's own zone".to_owned(),
        Clock::Utc => view.zone.name().to_owned(),
    };
    let from = crate::report::time::local(view.timeline.span.start, &view.zone).strftime("%a %Y-%m-%d %H:%M");
    let head = format!(
        "{} {clock}, in {} from {from}: {} of {}",
        asked.text,
        view.length(),
        if starts == 1 { "1 start".to_owned() } else { format!("{} starts", timeline_text::number(starts)) },
        table::count(found.iter().map(|one| &one.task).collect::<std::collections::BTreeSet<_>>().len(), "task"),
    );
    let mut text = layout::sentence(0, &head, terminal::width());
    if view.timeline.without_zone > 0 {
        let copies = timeline_text::copies(view.timeline.without_zone, "");
        text.push_str(&format!("Taken as UTC: {copies} without a time zone\n"));
    }
    if !view.timeline.rates.is_empty() {
        text.push_str("Not shown: tasks with `@every`, whose minute only the cluster knows\n");
    }
    if found.is_empty() {
        return text;
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            vec![
                one.task.clone(),
                timeline_text::number(one.starts),
                one.schedule.clone(),
                one.zone.clone().unwrap_or_else(|| "none".to_owned()),
                timeline_text::at(view, one.first),
            ]
        })
        .collect();
    text.push('\n');
    let heading = ["TASK", "STARTS", "SCHEDULE", "ZONE", "FIRST", "ON"];
    text.push_str(&table::wide(&heading, &rows, terminal::width(), table::LongNames::OwnLine, |at, room| {
        let names: Vec<String> = names(view, &found[at]).map(str::to_owned).collect();
        layout::names("", &names, room.max(12), 2)
    }));
    text
}

/// For programs.
pub(super) fn value(view: &TimelineView<'_>, found: &[MinuteRuns]) -> Value {
    let one = |found: &MinuteRuns| {
        json!({
            "task": found.task,
            "schedule": found.schedule,
            "zone": found.zone,
            "starts": found.starts,
            "first": crate::report::time::value(view.timeline.instant(found.first), &view.zone),
            "clusters": names(view, found).collect::<Vec<_>>(),
        })
    };
    json!({
        "from": view.timeline.span.start.to_string(),
        "until": view.timeline.span.end.to_string(),
        "zone": view.zone_name(),
        "starts": found.iter().map(|one| one.starts).sum::<u64>(),
        "runs": found.iter().map(one).collect::<Vec<_>>(),
    })
}

/// A line for each task, schedule and cluster.
pub(super) fn csv(view: &TimelineView<'_>, found: &[MinuteRuns]) -> String {
    let mut text = "task,cluster,schedule,zone,first\n".to_owned();
    for one in found {
        for cluster in names(view, one) {
            let zone = one.zone.as_deref().unwrap_or_default();
            let first = view.timeline.instant(one.first).to_string();
            let fields = [one.task.as_str(), cluster, &one.schedule, zone, &first].map(field);
            text.push_str(&format!("{}\n", fields.join(",")));
        }
    }
    text
}
