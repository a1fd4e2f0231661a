//! `timeline --daylight-saving YEAR`: every run of the fleet that a changing clock skips, repeats or adds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::terminal;
use super::timeline::TimelineView;
use super::timeline_data::field;
use super::timeline_text;
use crate::cli::args::Format;
use crate::cron::{Expression, Shift, Zone};
use crate::report::layout;
use crate::report::table;

/// What a change of the clock does to one task.
struct Affected {
    task: String,
    schedule: String,
    clusters: Vec<usize>,
    shift: Shift,
    zone: &'static str,
}

/// What happens to a run.
const KINDS: [&str; 3] = ["skipped", "repeated", "added"];

impl Affected {
    fn times(&self) -> [&Vec<DateTime>; 3] {
        [&self.shift.skipped, &self.shift.doubled, &self.shift.added]
    }
}

/// Lists them.
pub(super) fn run(session: &Session, view: &TimelineView<'_>, year: i16, format: Format) -> Result<Outcome, Failure> {
    let begin = |year: i16| format!("{year:04}-01-01T00:00:00Z").parse::<Timestamp>();
    let span = begin(year).and_then(|from| Ok(from..begin(year + 1)?));
    let span = span.map_err(|error| Failure::Run(format!("`--daylight-saving {year}`: {error}")))?;
    let affected = find(view, &span);
    let value = session.value(|| value(view, year, &affected));
    Ok(match format {
        Format::Csv => Outcome::data(csv(view, &affected), value),
        _ => Outcome::result(text(view, year, &affected), value),
    })
}

fn find(view: &TimelineView<'_>, span: &std::ops::Range<Timestamp>) -> Vec<Affected> {
    let mut known: BTreeMap<(&str, &str), Vec<Shift>> = BTreeMap::new();
    let mut found: Vec<Affected> = Vec::new();
    for schedule in &view.timeline.schedules {
        let shifts = known.entry((&schedule.text, schedule.zone.name())).or_insert_with(|| {
            let expression = Expression::parse(&schedule.text).ok();
            expression.map(|expression| expression.shifts(&schedule.zone, span.clone())).unwrap_or_default()
        });
        let mut by_task: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for copies in schedule.members.iter().map(|member| &view.copies[*member]) {
            by_task.entry(copies.task).or_default().extend(&copies.clusters);
        }
        for (task, clusters) in by_task {
            found.extend(shifts.iter().map(|shift| Affected {
                task: view.model.units[task].identity.to_string(),
                schedule: schedule.text.clone(),
                clusters: clusters.clone(),
                shift: shift.clone(),
                zone: schedule.zone.name(),
            }));
        }
    }
    found.sort_by(|a, b| {
        (a.shift.transition.at, &a.task, &a.schedule).cmp(&(b.shift.transition.at, &b.task, &b.schedule))
    });
    found
}

fn names<'a>(view: &'a TimelineView<'_>, one: &'a Affected) -> impl ExactSizeIterator<Item = &'a str> {
    one.clusters.iter().map(|cluster| view.model.clusters[*cluster].name.as_str())
}

fn text(view: &TimelineView<'_>, year: i16, affected: &[Affected]) -> String {
    let mut counts = [0u64; 3];
    for one in affected {
        for (count, times) in counts.iter_mut().zip(one.times()) {
            *count += (times.len() * one.clusters.len()) as u64;
        }
    }
    let counted: Vec<String> =
        counts.iter().zip(KINDS).map(|(count, kind)| format!("{} {kind}", timeline_text::number(*count))).collect();
    let mut text = format!("Runs that changing clocks touch in {year}: {}\n", counted.join(", "));
    text.push_str(&format!("Zone data of the release {}\n", Zone::release()));
    if view.timeline.without_zone > 0 {
        let copies = timeline_text::copies(view.timeline.without_zone, "");
        text.push_str(&format!("Taken as UTC: {copies} without a time zone\n"));
    }
    let rows: Vec<Vec<String>> = affected.iter().map(|one| vec![one.task.clone(), one.schedule.clone()]).collect();
    if rows.is_empty() {
        return text;
    }
    text.push('\n');
    text.push_str(&table::wide(
        &["TASK", "SCHEDULE", "WHAT"],
        &rows,
        terminal::width(),
        table::LongNames::OwnLine,
        |at, room| {
            let one = &affected[at];
            let on = table::names(names(view, one), 3);
            layout::fill(format!("in {} {}; on {on}", one.zone, one.shift).split(' '), room.max(20))
        },
    ));
    text
}

fn value(view: &TimelineView<'_>, year: i16, affected: &[Affected]) -> Value {
    let one = |affected: &Affected| {
        let [skipped, repeated, added] =
            affected.times().map(|times| times.iter().map(DateTime::to_string).collect::<Vec<_>>());
        json!({
            "task": affected.task,
            "schedule": affected.schedule,
            "zone": affected.zone,
            "at": affected.shift.transition.at.to_string(),
            "skipped": skipped,
            "repeated": repeated,
            "added": added,
            "clusters": names(view, affected).collect::<Vec<_>>(),
        })
    };
    json!({"year": year, "zoneData": Zone::release(), "changes": affected.iter().map(one).collect::<Vec<_>>()})
}

fn csv(view: &TimelineView<'_>, affected: &[Affected]) -> String {
    let mut text = "task,cluster,schedule,zone,what,local\n".to_owned();
    for one in affected {
        for (times, kind) in one.times().into_iter().zip(KINDS) {
            for (time, cluster) in times.iter().flat_map(|time| names(view, one).map(move |cluster| (time, cluster))) {
                let time = time.to_string();
                let fields = [one.task.as_str(), cluster, &one.schedule, one.zone, kind, &time].map(field);
                text.push_str(&format!("{}\n", fields.join(",")));
            }
        }
    }
    text
}
