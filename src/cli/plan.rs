//! `fleetcron plan`: tasks by cluster with instances, or tasks by schedule with their next runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Plan;
use super::outcome::{Failure, Outcome};
use super::schedules::{self, Schedule};
use super::session::Session;
use super::table::{self, count};
use super::{moment, moves, page, room};
use crate::compile::{self, Built, Compilation, Load};
use crate::cron::Zone;
use crate::diag::nearest;
use crate::lock::Change;
use crate::model::{Model, Unit};

/// A list of names takes no more lines, unless one task is asked for.
const LINES: usize = 2;

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Plan) -> Result<Outcome, Failure> {
    let from = moment::from(&args.moment, &Zone::utc())?;
    let compilation = session.compile()?;
    let model = &compilation.model;
    for wanted in &args.clusters {
        if !model.clusters.iter().any(|cluster| *cluster.name == *wanted) {
            let names = model.clusters.iter().map(|cluster| cluster.name.as_str());
            return Err(Failure::unknown("cluster", wanted, nearest(wanted, names)));
        }
    }
    for wanted in &args.tasks {
        if !model.units.iter().any(|unit| unit.identity.to_string() == *wanted || unit.identity.name == *wanted) {
            let names: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
            return Err(Failure::unknown("task", wanted, nearest(wanted, names.iter().map(String::as_str))));
        }
    }
    Ok(match args.schedules {
        true => when(session, args, from, &compilation),
        false => whereabouts(session, args, &compilation),
    })
}

/// Whether `--task` asks for it.
fn asked_for(unit: &Unit, args: &Plan) -> bool {
    let named = |task: &String| *task == unit.identity.to_string() || *task == unit.identity.name;
    args.tasks.is_empty() || args.tasks.iter().any(named)
}

/// One task in the table.
struct Row<'a> {
    unit: &'a Unit,
    built: &'a Built,
    /// The clusters asked for, with their instances and what their copy does.
    shown: Vec<(usize, u32, Copy)>,
    /// All of its clusters.
    all: usize,
}

/// What a copy does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// It runs when it is due.
    Runs,
    /// It is suspended because another one is active.
    Standby,
    /// It is suspended by its author.
    Suspended,
}

impl Row<'_> {
    fn instances(&self) -> u64 {
        self.shown.iter().map(|(_, instances, _)| u64::from(*instances)).sum()
    }

    fn group(&self) -> Option<&str> {
        self.built.decision.group.map(|group| self.unit.placement.fallback[group].name.as_str())
    }

    /// Where it runs, in so much room.
    fn places(&self, model: &Model, narrowed: bool, room: usize, most: usize) -> Vec<String> {
        if self.all == 0 {
            return vec!["nowhere".to_owned()];
        }
        let differ = self.shown.windows(2).any(|pair| pair[0].1 != pair[1].1);
        let name = |at: usize| model.clusters[at].name.value.as_str();
        let mut lines = Vec::new();
        for (copy, lead) in [(Copy::Runs, ""), (Copy::Standby, "standby:"), (Copy::Suspended, "suspended:")] {
            let these: Vec<&(usize, u32, Copy)> = self.shown.iter().filter(|one| one.2 == copy).collect();
            if these.is_empty() {
                continue;
            }
            let names: Vec<String> = these
                .iter()
                .map(|(at, instances, _)| match differ {
                    true => format!("{} ({instances})", name(*at)),
                    false => name(*at).to_owned(),
                })
                .collect();
            let others = || -> Vec<String> {
                let has = |at: usize| these.binary_search_by_key(&at, |one| one.0).is_ok();
                (0..model.clusters.len()).filter(|at| !has(*at)).map(|at| name(at).to_owned()).collect()
            };
            let whole = !narrowed && !differ && these.len() > 1;
            if whole && these.len() == model.clusters.len() {
                lines.extend(page::fill([lead, "all"].into_iter().filter(|word| !word.is_empty()), room));
                continue;
            }
            let long = |names: &[String]| names.iter().map(|name| page::measure(name) + 2).sum::<usize>();
            let others = if whole && these.len() * 3 > model.clusters.len() { others() } else { Vec::new() };
            match !others.is_empty() && long(&others) + "all but ".len() < long(&names) {
                true => lines.extend(page::names(format!("{lead} all but").trim(), &others, room, most)),
                false => lines.extend(page::names(lead, &names, room, most)),
            }
        }
        let fell_back = self.built.decision.group.is_some_and(|group| group > 0);
        if let Some(group) = self.group().filter(|_| fell_back) {
            lines.extend(page::fill(["fallback", "group", group], room));
        }
        lines
    }
}

/// What the copy of a task on each of its clusters does.
fn copies(built: &Built) -> BTreeMap<usize, Copy> {
    let mut copies = BTreeMap::new();
    let running = built.planned.activation.as_ref().map(|activation| &activation.running);
    for variant in &built.rendered.variants {
        for at in &variant.clusters {
            let copy = match (variant.timing.suspended, running) {
                (false, _) => Copy::Runs,
                // Where none is active, nothing stands by.
                (true, Some(running)) if !running.is_empty() && !running.contains(at) => Copy::Standby,
                (true, _) => Copy::Suspended,
            };
            copies.insert(*at, copy);
        }
    }
    copies
}

/// Tasks by clusters.
fn whereabouts(session: &Session, args: &Plan, compilation: &Compilation) -> Outcome {
    let model = &compilation.model;
    let narrowed = !args.clusters.is_empty();
    let asked = |at: usize| !narrowed || args.clusters.iter().any(|wanted| *model.clusters[at].name == **wanted);
    let mut rows = Vec::new();
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| asked_for(unit, args)) {
        let copies = copies(built);
        let copy = |at: usize| copies.get(&at).copied().unwrap_or(Copy::Runs);
        let shown = built.decision.chosen().filter(|(at, _)| asked(*at));
        let row = Row {
            unit,
            built,
            shown: shown.map(|(at, instances)| (at, instances, copy(at))).collect(),
            all: built.decision.chosen().count(),
        };
        if !row.shown.is_empty() || !narrowed {
            rows.push(row);
        }
    }
    let loads = compile::loads(compilation);
    let value = session.value(|| value(&rows, &loads, compilation, session));
    Outcome::result(text(&rows, &loads, args, compilation, session), value)
}

fn text(rows: &[Row<'_>], loads: &[Load], args: &Plan, compilation: &Compilation, session: &Session) -> String {
    let model = &compilation.model;
    let width = page::width();
    let narrowed = !args.clusters.is_empty();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let clusters = format!("{} of {}", row.all, model.clusters.len());
            vec![row.unit.identity.to_string(), clusters, row.instances().to_string()]
        })
        .collect();
    let most = if args.tasks.is_empty() { LINES } else { usize::MAX };
    let heading = ["TASK", "CLUSTERS", "INSTANCES", "WHERE"];
    let mut text =
        table::wide(&heading, &cells, width, |at, room| rows[at].places(model, narrowed, room.max(12), most));
    if args.tasks.is_empty() {
        let asked: Vec<usize> = (0..loads.len())
            .filter(|at| !narrowed || args.clusters.iter().any(|wanted| *model.clusters[*at].name == **wanted))
            .collect();
        text.push_str(&room::text(loads, &asked, narrowed, model, width));
    }
    let instances: u64 = rows.iter().map(Row::instances).sum();
    let suspended = rows.iter().flat_map(|row| &row.shown).filter(|one| one.2 != Copy::Runs).count();
    let copies = if suspended == 1 { "1 copy".to_owned() } else { format!("{suspended} copies") };
    text.push_str(&format!(
        "\n{} on {}, {} in all{}\n",
        count(rows.len(), "task"),
        count(model.clusters.len(), "cluster"),
        count(usize::try_from(instances).unwrap_or(usize::MAX), "instance"),
        if suspended > 0 { format!(", {copies} suspended") } else { String::new() },
    ));
    if args.clusters.is_empty() && args.tasks.is_empty() {
        let idle = idle(loads, model);
        if !idle.is_empty() {
            page::names("nothing runs on", &idle, width, LINES).iter().for_each(|line| {
                text.push_str(line);
                text.push('\n');
            });
        }
        if compilation
            .drift
            .iter()
            .any(|drift| drift.changes.iter().any(|change| !matches!(change, Change::New { .. })))
        {
            let moves = format!("the next build changes {}", moves::text(compilation, session.tree(), true));
            text.push('\n');
            for line in moves.lines() {
                text.push_str(&page::sentence(line.len() - line.trim_start().len(), line.trim_start(), width));
            }
        }
    }
    text
}

/// The clusters on which nothing runs.
fn idle(loads: &[Load], model: &Model) -> Vec<String> {
    let idle = loads.iter().zip(&model.clusters).filter(|(load, _)| load.tasks == 0);
    idle.map(|(_, cluster)| cluster.name.value.clone()).collect()
}

fn value(rows: &[Row<'_>], loads: &[Load], compilation: &Compilation, session: &Session) -> Value {
    let model = &compilation.model;
    let one = |row: &Row<'_>| {
        let clusters = row.shown.iter().map(|(at, instances, copy)| {
            let suspended = *copy != Copy::Runs;
            let standby = *copy == Copy::Standby;
            json!({
                "cluster": model.clusters[*at].name.value,
                "instances": instances,
                "standby": standby,
                "suspended": suspended,
            })
        });
        json!({
            "task": row.unit.identity.to_string(),
            "clusters": clusters.collect::<Vec<Value>>(),
            "instances": row.instances(),
            "group": row.group(),
            "kept": row.built.decision.kept,
        })
    };
    json!({
        "tasks": rows.iter().map(one).collect::<Vec<Value>>(),
        "clusters": room::value(loads, model),
        "idle": idle(loads, model),
        "lock": moves::value(compilation, session.tree()),
    })
}

/// Tasks by schedules.
fn when(session: &Session, args: &Plan, from: Timestamp, compilation: &Compilation) -> Outcome {
    let model = &compilation.model;
    let name = |at: usize| model.clusters[at].name.as_str();
    let wanted = |at: &usize| args.clusters.is_empty() || args.clusters.iter().any(|wanted| wanted == name(*at));
    let mut rows = Vec::new();
    let mut tasks = Vec::new();
    let mut narrow = String::new();
    let width = page::width();
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| asked_for(unit, args)) {
        let full = unit.identity.to_string();
        let all = built.decision.chosen().count();
        let mut found = schedules::of(built);
        found.retain(|schedule| schedule.clusters.iter().any(wanted));
        if found.is_empty() {
            continue;
        }
        rows.extend(found.iter().map(|schedule| {
            vec![
                full.clone(),
                schedule.text.clone(),
                schedule.zone().to_owned(),
                schedule.next(from, 1),
                schedule.on(all, name),
                schedule.meaning(),
            ]
        }));
        let gap = if narrow.is_empty() { "" } else { "\n" };
        narrow.push_str(&format!("{gap}{full}\n"));
        let lines = |schedule: &Schedule| schedule.lines(from, 1, Some(schedule.on(all, name)), width);
        narrow.extend(found.iter().map(lines));
        tasks.push(session.value(|| {
            let found: Vec<Value> = found.iter().map(|schedule| schedule.value(from, 1, name)).collect();
            json!({"task": full, "schedules": found})
        }));
    }
    let mut text = table::table(&["TASK", "SCHEDULE", "ZONE", "NEXT RUN", "ON", "MEANING"], &rows);
    if page::limit().is_some_and(|limit| text.lines().any(|line| page::measure(line) > limit)) {
        text = narrow;
    }
    text.push_str(&format!(
        "\n{} with {}; next runs from {}\n",
        count(tasks.len(), "task"),
        count(rows.len(), "schedule"),
        moment::shown(from, &Zone::utc(), false),
    ));
    Outcome::result(text, session.value(|| json!({"from": from.to_string(), "tasks": tasks})))
}
