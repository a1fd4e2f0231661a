//! The tables of `fleetcron plan`: tasks by cluster with instances, or tasks by schedule with their next runs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::paint::Paint;
use super::schedules::{self, TaskSchedule};
use super::table::{self, LongNames, count};
use super::{ReportContext, TextAndJson, capacity, layout, lock_changes, time};

use crate::compile::{self, Compilation, Load, TaskResult};
use crate::cron::Zone;
use crate::lock::PlacementChange;
use crate::model::{Cluster, Model, Unit};

/// So many clusters are named; more are described by what only they have in common, if there is such a thing.
const NAMED: usize = 6;

/// A list of names takes no more lines, unless one task is asked for.
const LINES: usize = 2;

/// Which tasks and clusters are shown; empty lists show all.
#[derive(Clone, Copy, Debug)]
pub struct PlanFilter<'a> {
    /// Tasks, as `namespace/name` or `name`.
    pub tasks: &'a [String],
    /// Clusters by name.
    pub clusters: &'a [String],
    /// Schedules stand in the order of their next runs, else by task.
    pub by_time: bool,
}

impl PlanFilter<'_> {
    fn has_task(&self, unit: &Unit) -> bool {
        let named = |task: &String| *task == unit.identity.to_string() || *task == unit.identity.name;
        self.tasks.is_empty() || self.tasks.iter().any(named)
    }

    fn has_cluster(&self, name: &str) -> bool {
        self.clusters.is_empty() || self.clusters.iter().any(|wanted| wanted == name)
    }
}

/// One task in the table.
struct TaskRow<'a> {
    unit: &'a Unit,
    built: &'a TaskResult,
    /// The clusters asked for, with their instances and what their copy does.
    shown: Vec<(usize, u32, Copy)>,
    /// All of its clusters.
    all: usize,
}

/// `env=staging (100 of 300)`, if a provider, a region or a label describes a set of clusters exactly.
fn described(set: &[usize], model: &Model) -> Option<String> {
    let first = &model.clusters[*set.first()?];
    let one = |text: &Option<crate::tree::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    let mut tried: Vec<(String, Property)> = Vec::new();
    tried.extend(one(&first.region).map(|value| (format!("region={value}"), Property::Region)));
    tried.extend(one(&first.provider).map(|value| (format!("provider={value}"), Property::Provider)));
    let labels = first.labels.iter();
    tried.extend(labels.map(|(key, value)| (format!("{key}={}", value.value), Property::Label(key.clone()))));
    let value = |property: &Property, cluster: &Cluster| match property {
        Property::Region => one(&cluster.region),
        Property::Provider => one(&cluster.provider),
        Property::Label(key) => cluster.labels.get(key).map(|value| value.value.clone()),
    };
    let fits = |property: &Property| {
        let wanted = value(property, first);
        let has = model.clusters.iter().enumerate().filter(|(_, cluster)| value(property, cluster) == wanted);
        has.map(|(at, _)| at).eq(set.iter().copied())
    };
    let (words, _) = tried.into_iter().find(|(_, property)| fits(property))?;
    Some(format!("{words} ({} of {})", set.len(), model.clusters.len()))
}

/// What a set of clusters may have in common.
enum Property {
    Region,
    Provider,
    Label(String),
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
    /// It is suspended by a pause of the fleet.
    Paused,
}

impl TaskRow<'_> {
    fn instances(&self) -> u64 {
        self.shown.iter().map(|(_, instances, _)| u64::from(*instances)).sum()
    }

    fn group(&self) -> Option<&str> {
        self.built.decision.group.map(|group| self.unit.placement.fallback[group].name.as_str())
    }

    /// Where it runs, in so much room.
    fn places(&self, model: &Model, narrowed: bool, room: usize, most: usize, paint: Paint) -> Vec<String> {
        if self.all == 0 {
            return vec![paint.red("nowhere")];
        }
        let differ = self.shown.windows(2).any(|pair| pair[0].1 != pair[1].1);
        let name = |at: usize| model.clusters[at].name.value.as_str();
        let mut lines = Vec::new();
        let leads =
            [(Copy::Runs, ""), (Copy::Standby, "standby:"), (Copy::Suspended, "suspended:"), (Copy::Paused, "paused:")];
        for (copy, lead) in leads {
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
            let painted = |line: String| if copy == Copy::Runs { line } else { paint.dim(&line) };
            let whole = !narrowed && !differ && these.len() > 1;
            if whole && these.len() == model.clusters.len() {
                let all = layout::fill([lead, "all"].into_iter().filter(|word| !word.is_empty()), room);
                lines.extend(all.into_iter().map(painted));
                continue;
            }
            let set: Vec<usize> = these.iter().map(|one| one.0).collect();
            if let Some(words) = Some(&set).filter(|_| whole && set.len() > NAMED).and_then(|set| described(set, model))
            {
                lines.extend(
                    layout::fill(lead.split(' ').filter(|word| !word.is_empty()).chain(words.split(' ')), room)
                        .into_iter()
                        .map(painted),
                );
                continue;
            }
            let long = |names: &[String]| names.iter().map(|name| layout::measure(name) + 2).sum::<usize>();
            let others = if whole && these.len() * 3 > model.clusters.len() { others() } else { Vec::new() };
            let shown = match !others.is_empty() && long(&others) + "all but ".len() < long(&names) {
                true => layout::names(format!("{lead} all but").trim(), &others, room, most),
                false => layout::names(lead, &names, room, most),
            };
            lines.extend(shown.into_iter().map(painted));
        }
        let fell_back = self.built.decision.group.is_some_and(|group| group > 0);
        if let Some(group) = self.group().filter(|_| fell_back) {
            lines.extend(layout::fill(["fallback", "group", group], room));
        }
        lines
    }
}

/// What the copy of a task on each of its clusters does.
fn copies(built: &TaskResult) -> BTreeMap<usize, Copy> {
    let mut copies = BTreeMap::new();
    let running = built.planned.activation.as_ref().map(|activation| &activation.running);
    for variant in &built.rendered.variants {
        for at in &variant.clusters {
            let copy = match (variant.timing.suspended, running) {
                (false, _) if !variant.timing.paused.is_empty() => Copy::Paused,
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
pub fn by_cluster(filter: &PlanFilter<'_>, compilation: &Compilation, context: &ReportContext<'_>) -> TextAndJson {
    let model = &compilation.model;
    let narrowed = !filter.clusters.is_empty();
    let asked = |at: usize| filter.has_cluster(&model.clusters[at].name);
    let mut rows = Vec::new();
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| filter.has_task(unit)) {
        let copies = copies(built);
        let copy = |at: usize| copies.get(&at).copied().unwrap_or(Copy::Runs);
        let shown = built.decision.chosen().filter(|(at, _)| asked(*at));
        let row = TaskRow {
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
    let json = context.json(|| value(&rows, &loads, compilation, context));
    TextAndJson { text: text(&rows, &loads, filter, compilation, context), json }
}

fn text(
    rows: &[TaskRow<'_>],
    loads: &[Load],
    filter: &PlanFilter<'_>,
    compilation: &Compilation,
    context: &ReportContext<'_>,
) -> String {
    let model = &compilation.model;
    let width = context.width;
    let paint = context.paint;
    let long = if context.is_terminal { LongNames::OwnLine } else { LongNames::SameLine };
    let narrowed = !filter.clusters.is_empty();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let clusters = format!("{} of {}", row.all, model.clusters.len());
            vec![row.unit.identity.to_string(), clusters, row.instances().to_string()]
        })
        .collect();
    let most = if filter.tasks.is_empty() { LINES } else { usize::MAX };
    let heading = ["TASK", "CLUSTERS", "INSTANCES", "WHERE"];
    let mut text = table::wide(&heading, &cells, width, long, |at, room| {
        rows[at].places(model, narrowed, room.max(12), most, paint)
    });
    if filter.tasks.is_empty() {
        let asked: Vec<usize> = (0..loads.len()).filter(|at| filter.has_cluster(&model.clusters[*at].name)).collect();
        text.push_str(&capacity::text(loads, &asked, narrowed, model, width));
    }
    let instances: u64 = rows.iter().map(TaskRow::instances).sum();
    let suspended = rows.iter().flat_map(|row| &row.shown).filter(|one| one.2 != Copy::Runs).count();
    let copies = if suspended == 1 { "1 copy".to_owned() } else { format!("{suspended} copies") };
    text.push_str(&format!(
        "\n{} on {}, {} in all{}\n",
        count(rows.len(), "task"),
        count(model.clusters.len(), "cluster"),
        count(usize::try_from(instances).unwrap_or(usize::MAX), "instance"),
        if suspended > 0 { format!(", {copies} suspended") } else { String::new() },
    ));
    if filter.clusters.is_empty() && filter.tasks.is_empty() {
        let idle = idle(loads, model);
        if !idle.is_empty() {
            layout::names("nothing runs on", &idle, width, LINES).iter().for_each(|line| {
                text.push_str(&paint.dim(line));
                text.push('\n');
            });
        }
        if compilation
            .drift
            .iter()
            .any(|drift| drift.changes.iter().any(|change| !matches!(change, PlacementChange::New { .. })))
        {
            let moves = format!("the next build changes {}", lock_changes::text(compilation, context.sources, true));
            text.push('\n');
            for line in moves.lines() {
                text.push_str(&layout::sentence(line.len() - line.trim_start().len(), line.trim_start(), width));
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

fn value(rows: &[TaskRow<'_>], loads: &[Load], compilation: &Compilation, context: &ReportContext<'_>) -> Value {
    let model = &compilation.model;
    let one = |row: &TaskRow<'_>| {
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
        "clusters": capacity::value(loads, model),
        "idle": idle(loads, model),
        "lock": lock_changes::value(compilation, context.sources),
    })
}

/// Tasks with the number of their clusters and their schedules, in the order that is asked for.
fn schedules_in_order(
    filter: &PlanFilter<'_>,
    from: Timestamp,
    compilation: &Compilation,
) -> Vec<(String, usize, Vec<TaskSchedule>)> {
    let model = &compilation.model;
    let wanted = |at: &usize| filter.has_cluster(&model.clusters[*at].name);
    let mut found: Vec<(String, usize, Vec<TaskSchedule>)> = Vec::new();
    for (unit, built) in model.units.iter().zip(&compilation.plan).filter(|(unit, _)| filter.has_task(unit)) {
        let all = built.decision.chosen().count();
        let mut schedules = schedules::of(built);
        schedules.retain(|schedule| schedule.clusters.iter().any(wanted));
        if filter.by_time {
            // Each schedule stands by itself then.
            found.extend(schedules.into_iter().map(|schedule| (unit.identity.to_string(), all, vec![schedule])));
        } else if !schedules.is_empty() {
            found.push((unit.identity.to_string(), all, schedules));
        }
    }
    if filter.by_time {
        found.sort_by_key(|(_, _, schedules)| {
            let next = schedules.first().and_then(|schedule| schedule.next_run(from));
            (next.is_none(), next)
        });
    }
    found
}

/// Tasks by schedules.
pub fn by_schedule(
    filter: &PlanFilter<'_>,
    from: Timestamp,
    compilation: &Compilation,
    context: &ReportContext<'_>,
) -> TextAndJson {
    let model = &compilation.model;
    let name = |at: usize| model.clusters[at].name.as_str();
    let width = context.width;
    let found = schedules_in_order(filter, from, compilation);
    let mut rows = Vec::new();
    let mut tasks = Vec::new();
    let mut narrow = String::new();
    for (full, all, found) in &found {
        rows.extend(found.iter().map(|schedule| {
            vec![
                full.clone(),
                schedule.text.clone(),
                schedule.zone().to_owned(),
                schedule.next(from, 1),
                schedule.on(*all, name),
                schedule.meaning(),
            ]
        }));
        let gap = if narrow.is_empty() { "" } else { "\n" };
        narrow.push_str(&format!("{gap}{full}\n"));
        let lines = |schedule: &TaskSchedule| schedule.lines(from, 1, Some(schedule.on(*all, name)), width);
        narrow.extend(found.iter().map(lines));
        tasks.push(context.json(|| {
            let found: Vec<Value> = found.iter().map(|schedule| schedule.value(from, 1, name)).collect();
            json!({"task": full, "schedules": found})
        }));
    }
    let mut text = table::table(&["TASK", "SCHEDULE", "ZONE", "NEXT RUN", "ON", "MEANING"], &rows);
    if context.limit.is_some_and(|limit| text.lines().any(|line| layout::measure(line) > limit)) {
        text = narrow;
    }
    text.push_str(&format!(
        "\n{} with {}; next runs from {}\n",
        count(found.iter().map(|(full, _, _)| full).collect::<BTreeSet<_>>().len(), "task"),
        count(rows.len(), "schedule"),
        time::shown(from, &Zone::utc(), false),
    ));
    let json = context.json(|| json!({"from": from.to_string(), "tasks": tasks}));
    TextAndJson { text, json }
}
