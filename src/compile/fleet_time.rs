//! Whole-fleet checks over time: budgets, dated blackouts, pauses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::TaskResult;
use crate::cron::{Expression, Zone};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::model::{BlackoutWhen, CopySelector, LimitOf, Model, Pause, WindowZone};
use crate::place;
use crate::timeline::{self, CopyState, Excess, Timeline, TimelineCopies};

/// How many tasks a message names.
const NAMED: usize = 6;

/// Looks at what the Fleet says about time.
pub(super) fn check(model: &Model, plan: &[TaskResult], diags: &mut Diagnostics) {
    let fleet = &model.fleet;
    if fleet.budgets.is_empty() && fleet.blackouts.is_empty() && fleet.pauses.is_empty() {
        return;
    }
    let copies = super::copies(plan);
    let year = fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year);
    for excess in timeline::over_budget(model, &copies, &timeline::horizon(year)) {
        diags.push(over_budget(&excess, model));
    }
    blackouts(model, &copies, diags);
    for (index, pause) in fleet.pauses.iter().enumerate() {
        diags.push(paused(index, pause, model, plan));
    }
}

/// `a 3, b 2 and 4 more`
fn list(tasks: &[(usize, u64)], model: &Model) -> String {
    let named: Vec<String> =
        tasks.iter().take(NAMED).map(|(task, n)| format!("{} {n}", model.units[*task].identity)).collect();
    let more = tasks.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") }
}

fn over_budget(excess: &Excess<'_>, model: &Model) -> Diagnostic {
    let Excess { budget, limit, group, others, found, at, tasks, staggered, unknown } = excess;
    let on = group.as_ref().map(|group| format!(" on `{group}`")).unwrap_or_default();
    let at = jiff::tz::Offset::UTC.to_datetime(*at).strftime("%a %Y-%m-%d %H:%M");
    let shown = |amount: u64| match limit.of {
        LimitOf::Cpu => format!("{} CPU", f64::from(u32::try_from(amount).unwrap_or(u32::MAX)) / 1000.0),
        LimitOf::Memory => format!("{} MiB", amount.div_ceil(1 << 20)),
        LimitOf::Starts if amount == 1 => "1 start".to_owned(),
        LimitOf::Starts => format!("{amount} starts"),
        LimitOf::Instances if amount == 1 => "1 pod".to_owned(),
        LimitOf::Instances => format!("{amount} pods"),
        LimitOf::Running => format!("{amount} running"),
    };
    let within = match limit.of {
        LimitOf::Starts | LimitOf::Instances if budget.window_minutes == 1 => " in a minute".to_owned(),
        LimitOf::Starts | LimitOf::Instances => format!(" in {} minutes", budget.window_minutes),
        _ => " at once".to_owned(),
    };
    let message = format!(
        "budget `{}` allows `{}: {}`{within}{on}, and there are {} from {at} UTC",
        *budget.name,
        limit.of.name(),
        limit.text,
        shown(*found)
    );
    let mut diagnostic = Diagnostic::new(Code::OverBudget, limit.span, message);
    if !tasks.is_empty() {
        diagnostic = diagnostic.note(format!("the tasks are {}", list(tasks, model)));
    }
    if *others > 0 {
        let groups = if *others == 1 { "group is" } else { "groups are" };
        diagnostic = diagnostic.note(format!("{others} more {groups} over this budget"));
    }
    if let Some((unknown, of)) = unknown.filter(|(unknown, _)| *unknown > 0) {
        diagnostic = diagnostic.note(format!("at least: {unknown} of {of} copies have no `expectedDuration`"));
    }
    match staggered {
        Some(peak) if *peak < *found => {
            let enough = if *peak <= limit.most { "" } else { ", which is not enough" };
            diagnostic.help(format!(
                "`stagger: {{window: {}m}}` in the schedules of these tasks brings the peak to {}{enough}; `fleetcron timeline` shows the hours",
                timeline::PROPOSED_STAGGER,
                shown(*peak)
            ))
        }
        _ => diagnostic.help("move some of these tasks to another time: `fleetcron timeline` shows the hours"),
    }
}

fn selects(copies: &CopySelector, model: &Model, task: usize, cluster: usize) -> bool {
    let clusters = copies.clusters.as_ref();
    clusters.is_none_or(|selector| place::matches(selector, &model.clusters[cluster]).is_ok())
        && model.fleet.selects_task(copies, &model.units[task].identity)
}

/// Cron has no year, so the runs in a dated blackout are counted and named.
fn blackouts(model: &Model, copies: &[TimelineCopies], diags: &mut Diagnostics) {
    for blackout in &model.fleet.blackouts {
        let BlackoutWhen::Dated { span, zone } = &blackout.when else { continue };
        let mut runs: BTreeMap<usize, u64> = BTreeMap::new();
        let mut rates = BTreeSet::new();
        let mut spans: BTreeMap<(Timestamp, Timestamp), Vec<TimelineCopies>> = BTreeMap::new();
        for one in copies.iter().filter(|one| one.state == CopyState::Runs) {
            for cluster in one.clusters.iter().filter(|cluster| selects(&blackout.copies, model, one.task, **cluster)) {
                let name = match zone {
                    WindowZone::Name(name) => Some(name.as_str()),
                    WindowZone::Cluster => model.clusters[*cluster].time_zone.as_ref().map(|zone| zone.as_str()),
                };
                let zone = name.and_then(|name| Zone::parse(name).ok()).unwrap_or_else(Zone::utc);
                let (Some(from), Some(until)) = (zone.instant(span.start), zone.instant(span.end)) else { continue };
                let here = spans.entry((from, until)).or_default();
                here.push(TimelineCopies { clusters: vec![*cluster], ..one.clone() });
            }
        }
        for ((from, until), copies) in spans {
            let timeline = Timeline::of(&copies, from..until, 0);
            for schedule in &timeline.schedules {
                let starts = schedule.minutes().count() as u64;
                for member in schedule.members.iter().filter(|_| starts > 0) {
                    *runs.entry(copies[*member].task).or_default() += starts;
                }
            }
            rates.extend(timeline.rates.iter().map(|rate| copies[rate.member].task));
        }
        diags.extend(blackout_runs(blackout, model, &runs, &rates));
    }
}

fn blackout_runs(
    blackout: &crate::model::Blackout,
    model: &Model,
    runs: &BTreeMap<usize, u64>,
    rates: &BTreeSet<usize>,
) -> Option<Diagnostic> {
    let mut tasks: Vec<(usize, u64)> = runs.iter().map(|(task, runs)| (*task, *runs)).collect();
    tasks.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if tasks.is_empty() && rates.is_empty() {
        return None;
    }
    let total: u64 = tasks.iter().map(|(_, runs)| runs).sum();
    let (verb, s) = if total == 1 { ("falls", "") } else { ("fall", "s") };
    let message = format!("{total} run{s} {verb} into blackout `{}`", *blackout.name);
    let mut diagnostic = Diagnostic::new(Code::BlackoutRuns, blackout.name.span, message);
    if !tasks.is_empty() {
        diagnostic = diagnostic.note(format!("the tasks are {}", list(&tasks, model)));
    }
    if !rates.is_empty() {
        diagnostic = diagnostic.note(format!("and {} with `@every`, whose runs are not counted", rates.len()));
    }
    Some(
        diagnostic
            .help("cron has no year, so they are not cut out: an entry of `pauses` suspends these tasks for that time"),
    )
}

/// What a pause suspends, and what happens when it ends.
fn paused(index: usize, pause: &Pause, model: &Model, plan: &[TaskResult]) -> Diagnostic {
    let name = &pause.name.value;
    let (mut copies, mut tasks, mut catch_up, mut once) = (0, BTreeSet::new(), 0, Vec::new());
    for (task, built) in plan.iter().enumerate() {
        for variant in built.rendered.variants.iter().filter(|variant| variant.timing.paused.contains(name)) {
            copies += variant.clusters.len();
            tasks.insert(task);
            let every = matches!(
                Expression::parse(&variant.timing.schedule).map(|it| it.form().clone()),
                Ok(crate::cron::ExpressionForm::Every(_))
            );
            let bounded = variant.timing.starting_deadline.is_some()
                || !every
                    && model.fleet.pauses.iter().any(|pause| {
                        variant.timing.paused.contains(&pause.name.value) && pause.resume_deadline.is_some()
                    });
            catch_up += if bounded { 0 } else { variant.clusters.len() };
        }
        if tasks.contains(&task) && model.units[task].once.is_some() {
            once.push(model.units[task].identity.to_string());
        }
    }
    if copies == 0 {
        let message = format!("pause `{name}` suspends nothing");
        return Diagnostic::new(Code::Paused, pause.name.span, message)
            .severity(Severity::Warning)
            .help(format!("remove it, or let entry {} of `pauses` select copies that run", index + 1));
    }
    let noun = if copies == 1 { "copy" } else { "copies" };
    let s = if tasks.len() == 1 { "" } else { "s" };
    let reason = pause.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let message = format!("pause `{name}` suspends {copies} {noun} of {} task{s}{reason}", tasks.len());
    let mut diagnostic = Diagnostic::new(Code::Paused, pause.name.span, message)
        .note("Jobs that run go on; placement, `active` and the lock stay, and no standby copy takes over");
    if let Some(review) = &pause.review_by {
        diagnostic = diagnostic.note(format!("to be reviewed by {}", review.value));
    }
    if !once.is_empty() {
        diagnostic = diagnostic.note(format!("`once` is met by a paused copy: {}", once.join(", ")));
    }
    if catch_up > 0 {
        let noun = if catch_up == 1 { "copy starts its" } else { "copies start their" };
        diagnostic = diagnostic
            .note(format!("when the pause ends, {catch_up} {noun} latest missed run at once"))
            .help("write `resume: {startingDeadlineSeconds: 120}` in the pause, or `job: {startingDeadlineSeconds: 120}` in the tasks, before it ends");
    }
    diagnostic
}
