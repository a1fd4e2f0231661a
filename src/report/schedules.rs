//! The distinct schedules of a task, the clusters of each, and the next runs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{layout, table, time};
use crate::compile::TaskResult;
use crate::cron::{Expression, ExpressionForm, Zone};
use crate::render::Variant;
use crate::validate::shown;

/// One of the schedules of a task.
pub struct TaskSchedule {
    /// As it stands in the CronJob.
    pub text: String,
    /// As it stands in the CronJob; without one the controller's counts.
    zone: Option<String>,
    suspended: bool,
    /// The clusters on which it holds, by index in the inventory, in order.
    pub clusters: Vec<usize>,
    /// What it means; nothing, if Kubernetes refuses it.
    expression: Option<Expression>,
}

/// The schedules of a task, in order of their first cluster.
pub fn of(built: &TaskResult) -> Vec<TaskSchedule> {
    let mut found: Vec<TaskSchedule> = Vec::new();
    // Objects of other kinds, which policies of Karmada place, have no schedule.
    let runs = |variant: &&Variant| variant.manifests.first().is_none_or(|first| first.kind == "CronJob");
    for variant in built.rendered.variants.iter().filter(runs) {
        let timing = &variant.timing;
        let same = |known: &&mut TaskSchedule| {
            let paused = timing.suspended || !timing.paused.is_empty();
            (&known.text, &known.zone, known.suspended) == (&timing.schedule, &timing.time_zone, paused)
        };
        match found.iter_mut().find(same) {
            Some(known) => known.clusters.extend(&variant.clusters),
            None => found.push(TaskSchedule {
                text: if timing.is_refused() { "refused".to_owned() } else { shown(&timing.schedule) },
                zone: timing.time_zone.clone(),
                suspended: timing.suspended || !timing.paused.is_empty(),
                clusters: variant.clusters.clone(),
                expression: Expression::parse(&timing.schedule).ok().filter(|_| !timing.is_refused()),
            }),
        }
    }
    for schedule in &mut found {
        schedule.clusters.sort_unstable();
    }
    found.sort_by_key(|schedule| schedule.clusters.first().copied());
    found
}

impl TaskSchedule {
    /// What it means, in words.
    pub fn meaning(&self) -> String {
        self.expression.as_ref().map_or_else(|| "refused".to_owned(), Expression::words)
    }

    /// The zone, or that there is none.
    pub fn zone(&self) -> &str {
        self.zone.as_deref().unwrap_or("none: the controller's own")
    }

    /// `all 3`, or `2 of 3: eu-a, eu-b`, of the clusters on which the task runs.
    pub fn on<'n>(&self, all: usize, name: impl Fn(usize) -> &'n str) -> String {
        match self.clusters.len() {
            n if n == all => format!("all {all}"),
            n => format!("{n} of {all}: {}", table::names(self.clusters.iter().map(|at| name(*at)), 3)),
        }
    }

    /// A few lines for `explain`: what is not said is left out.
    pub fn lines(&self, from: Timestamp, most: usize, on: Option<String>, width: usize) -> String {
        const INDENT: usize = 8;
        let said = [("zone", Some(self.zone().to_owned())), ("on", on), ("next", Some(self.next(from, most)))];
        let mut text = layout::sentence(0, &format!("schedule `{}`: {}", self.text, self.meaning()), width);
        for (what, said) in said {
            let Some(said) = said else { continue };
            // A moment is a word.
            let lines = layout::fill(said.split_inclusive(", ").map(str::trim_end), width.saturating_sub(INDENT));
            for (at, line) in lines.iter().enumerate() {
                let what = if at == 0 { what } else { "" };
                text.push_str(&format!("  {what:4}  {line}\n"));
            }
        }
        text
    }

    /// The next runs in its zone, or why there is none to be named.
    pub fn next(&self, from: Timestamp, most: usize) -> String {
        let (Some(expression), Some(zone)) = (&self.expression, self.place()) else { return "none".to_owned() };
        if self.suspended {
            return "none while it is suspended".to_owned();
        }
        if let ExpressionForm::Every(_) = expression.form() {
            return "counted from the last run".to_owned();
        }
        let runs = time::runs(expression, &zone, from, most);
        let shown: Vec<String> = runs.iter().map(|run| time::shown(*run, &zone, false)).collect();
        match (shown.is_empty(), &self.zone) {
            (true, _) if expression.fires() => "none within five years".to_owned(),
            (true, _) => "never".to_owned(),
            (false, None) => format!("{} if that is UTC", shown.join(", ")),
            (false, Some(_)) => shown.join(", "),
        }
    }

    /// The next run, where it has a known minute.
    pub(super) fn next_run(&self, from: Timestamp) -> Option<Timestamp> {
        let expression = self.expression.as_ref().filter(|_| !self.suspended)?;
        let zone = self.place().filter(|_| matches!(expression.form(), ExpressionForm::Fields(_)))?;
        crate::report::time::runs(expression, &zone, from, 1).first().copied()
    }

    /// For programs.
    pub fn value<'n>(&self, from: Timestamp, most: usize, name: impl Fn(usize) -> &'n str) -> Value {
        let runs = |expression: &Expression| -> Vec<Value> {
            let due = !self.suspended && matches!(expression.form(), ExpressionForm::Fields(_));
            let Some(zone) = self.place().filter(|_| due) else { return Vec::new() };
            time::runs(expression, &zone, from, most).iter().map(|run| time::value(*run, &zone)).collect()
        };
        json!({
            "expression": self.text,
            "meaning": self.expression.as_ref().map(Expression::words),
            "zone": self.zone,
            "suspended": self.suspended,
            "clusters": self.clusters.iter().map(|at| name(*at)).collect::<Vec<_>>(),
            "runs": self.expression.as_ref().map(runs).unwrap_or_default(),
        })
    }

    /// The zone in which runs are shown: UTC where none is said; nothing, if Kubernetes refuses it.
    fn place(&self) -> Option<Zone> {
        self.zone.as_deref().map_or_else(|| Some(Zone::utc()), |name| Zone::parse(name).ok())
    }
}
