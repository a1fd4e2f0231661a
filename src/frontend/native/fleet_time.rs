//! Reads the blackouts, budgets and pauses of a Fleet.

use jiff::civil::{Date, DateTime};

use super::context::DocumentContext;
use super::forms::TextOrList;
use super::wire::{BlackoutSpec, BudgetSpec, ExcludeSpec, MatchSpec, PauseSpec, TasksSpec, WindowSpec};
use super::{durations, placing, starting};
use crate::diag::{Code, Diagnostic};
use crate::model::{Blackout, BlackoutWhen, Budget, BudgetPer, CopySelector, Fleet, Limit, LimitOf, Pause};
use crate::tree::{ScalarText, Span, Spanned};

/// The widest sliding window of a budget, in minutes.
const WIDEST_WINDOW: u32 = 60;

/// What the Fleet says.
pub(super) struct Entries {
    pub(super) blackouts: Option<Vec<BlackoutSpec>>,
    pub(super) budgets: Option<Vec<Spanned<BudgetSpec>>>,
    pub(super) pauses: Option<Vec<PauseSpec>>,
}

/// Reads them into the settings; what comes back are the tasks that entries select, by the index that these hold.
pub(super) fn lower(entries: Entries, fleet: &mut Fleet, context: &mut DocumentContext<'_, '_>) -> Vec<TasksSpec> {
    let mut filters = Vec::new();
    for spec in entries.blackouts.into_iter().flatten() {
        fleet.blackouts.extend(blackout(spec, &mut filters, context));
    }
    for spec in entries.budgets.into_iter().flatten() {
        fleet.budgets.extend(budget(spec, &mut filters, context));
    }
    for spec in entries.pauses.into_iter().flatten() {
        fleet.pauses.push(pause(spec, &mut filters, context));
    }
    unique(fleet.blackouts.iter().map(|blackout| &blackout.name), "blackouts", context);
    unique(fleet.budgets.iter().map(|budget| &budget.name), "budgets", context);
    unique(fleet.pauses.iter().map(|pause| &pause.name), "pauses", context);
    filters
}

fn unique<'n>(names: impl Iterator<Item = &'n Spanned<String>>, what: &str, context: &mut DocumentContext<'_, '_>) {
    let mut known: Vec<&Spanned<String>> = Vec::new();
    for name in names {
        match known.iter().find(|first| first.value == name.value) {
            Some(first) => context.diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    name.span,
                    format!("there are two {what} of the name `{}`", **name),
                )
                .other(first.span, "the first is here"),
            ),
            None => known.push(name),
        }
    }
}

type CopySelecting = (Option<Spanned<TextOrList>>, Option<Spanned<MatchSpec>>, Option<ExcludeSpec>);

fn copies(
    tasks: Option<Spanned<TasksSpec>>,
    (clusters, matching, exclude): CopySelecting,
    filters: &mut Vec<TasksSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> CopySelector {
    let said = clusters.is_some() || matching.is_some() || exclude.is_some();
    let selector = said.then(|| placing::selector(clusters, matching, exclude, context));
    let tasks = tasks.map(|tasks| {
        filters.push(tasks.value);
        filters.len() - 1
    });
    CopySelector { clusters: selector, tasks }
}

fn blackout(
    spec: BlackoutSpec,
    filters: &mut Vec<TasksSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> Option<Blackout> {
    let copies = copies(spec.tasks, (spec.clusters, spec.matching, spec.exclude), filters, context);
    let name = spec.name;
    if starting::refuse_reference(&spec.time_zone, context).is_some() {
        return None;
    }
    let Some(until) = spec.until else {
        let from = spec.from.map(|from| from.span_text());
        let window = WindowSpec { days: spec.days, from, to: spec.to, time_zone: Some(spec.time_zone) };
        let window = starting::weekly(Spanned::new(window, name.span), context)?;
        return Some(Blackout { name, copies, when: BlackoutWhen::Weekly(window) });
    };
    if let Some(other) = spec.days.as_ref().map(|days| days.span).or(spec.to.as_ref().map(|to| to.span)) {
        let message = "`until` ends a blackout by a date, and `days` and `to` repeat one every week";
        let help = "keep `from` and `until` as dates, or `days`, `from` and `to`";
        context.diags.push(Diagnostic::new(Code::InvalidValue, other, message).help(help));
        return None;
    }
    let Some(from) = spec.from else {
        context.error(Code::MissingField, until.span, "a blackout with `until` needs `from`, a date too");
        return None;
    };
    let (begin, end) = (moment(&from, context)?, moment(&until, context)?);
    if begin >= end {
        context.error(Code::InvalidValue, until.span, "this blackout ends before it begins");
        return None;
    }
    let zone = starting::window_zone(&spec.time_zone);
    Some(Blackout { name, copies, when: BlackoutWhen::Dated { span: begin..end, zone } })
}

trait SpanText {
    /// The text with its place.
    fn span_text(self) -> Spanned<String>;
}

impl SpanText for Spanned<ScalarText> {
    fn span_text(self) -> Spanned<String> {
        Spanned::new(self.value.0, self.span)
    }
}

/// A date, or a date and a time.
fn moment(text: &Spanned<ScalarText>, context: &mut DocumentContext<'_, '_>) -> Option<DateTime> {
    let written: &str = &text.value;
    let date = written.parse::<Date>().ok().filter(|_| written.len() == 10).map(|date| date.at(0, 0, 0, 0));
    let read = date.or_else(|| written.parse::<DateTime>().ok().filter(|_| written.len() > 10));
    if read.is_none() {
        let message = format!("`{written}` is not a date");
        let help = "write year, month and day, and a time if need be: `2026-12-20`, `2026-12-20T18:00`";
        context.diags.push(Diagnostic::new(Code::InvalidValue, text.span, message).help(help));
    }
    read
}

fn pause(spec: PauseSpec, filters: &mut Vec<TasksSpec>, context: &mut DocumentContext<'_, '_>) -> Pause {
    let copies = copies(spec.tasks, (spec.clusters, spec.matching, spec.exclude), filters, context);
    let review_by = spec.review_by.and_then(|text| {
        let date = moment(&text, context)?;
        Some(Spanned::new(date.date(), text.span))
    });
    let reason = spec.reason.map(|reason| reason.value);
    let resume_deadline = spec.resume.map(|resume| {
        let seconds = resume.starting_deadline_seconds;
        if seconds.value < 10 {
            let message =
                format!("a starting deadline of {} seconds: the controller looks every 10 seconds", seconds.value);
            context.diags.push(
                Diagnostic::new(Code::InvalidValue, seconds.span, message)
                    .help("write at least `10`; `120` leaves room"),
            );
        }
        i64::from(seconds.value)
    });
    Pause { name: spec.name, copies, reason, review_by, resume_deadline }
}

fn budget(
    spec: Spanned<BudgetSpec>,
    filters: &mut Vec<TasksSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> Option<Budget> {
    let span = spec.span;
    let spec = spec.value;
    let copies = copies(spec.tasks, (spec.clusters, spec.matching, spec.exclude), filters, context);
    let per = spec.per.map_or(Some(BudgetPer::Fleet), |per| budget_per(&per, context))?;
    let window = spec.window.as_ref().map(|window| window.span);
    let window_minutes =
        spec.window.map_or(Some(1), |window| durations::window(&window, (1, WIDEST_WINDOW), context))?;
    let mut limits = Vec::new();
    for (of, count) in
        [(LimitOf::Starts, spec.starts), (LimitOf::Instances, spec.instances), (LimitOf::Running, spec.running)]
    {
        let limit = |count: Spanned<u32>| Limit {
            of,
            most: u64::from(count.value),
            text: count.value.to_string(),
            span: count.span,
        };
        limits.extend(count.map(limit));
    }
    for (of, amount) in [(LimitOf::Cpu, spec.cpu), (LimitOf::Memory, spec.memory)] {
        limits.extend(amount.and_then(|amount| quantity(of, &amount, context)));
    }
    if limits.is_empty() {
        context.diags.push(
            Diagnostic::new(Code::MissingField, span, format!("budget `{}` limits nothing", *spec.name))
                .help("give `starts`, `instances`, `running`, `cpu` or `memory`"),
        );
        return None;
    }
    let windowed = limits.iter().any(|limit| matches!(limit.of, LimitOf::Starts | LimitOf::Instances));
    if let Some(window) = window.filter(|_| !windowed) {
        context.diags.push(
            Diagnostic::new(Code::InvalidValue, window, "`window` is for `starts` and `instances`")
                .help("remove it: `running`, `cpu` and `memory` are of one moment"),
        );
    }
    let hours = match spec.hours {
        Some(hours) => Some(starting::weekly(hours, context)?),
        None => None,
    };
    Some(Budget { name: spec.name, copies, per, limits, window_minutes, hours })
}

fn budget_per(per: &Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<BudgetPer> {
    Some(match per.as_str() {
        "fleet" => BudgetPer::Fleet,
        "cluster" => BudgetPer::Cluster,
        "region" => BudgetPer::Region,
        "provider" => BudgetPer::Provider,
        text => match text.strip_prefix("label:").filter(|key| !key.is_empty()) {
            Some(key) => BudgetPer::Label(key.to_owned()),
            None => {
                let message = format!("a budget cannot be per `{text}`");
                let help = "write `fleet`, `cluster`, `region`, `provider` or `label:KEY`";
                context.diags.push(Diagnostic::new(Code::InvalidValue, per.span, message).help(help));
                return None;
            }
        },
    })
}

/// CPU in thousandths of a core, or memory in bytes, as Kubernetes writes quantities.
fn quantity(of: LimitOf, amount: &Spanned<ScalarText>, context: &mut DocumentContext<'_, '_>) -> Option<Limit> {
    const SUFFIXES: [(&str, f64); 14] = [
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("", 1.0),
    ];
    let text: &str = &amount.value;
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let suffix = SUFFIXES.iter().find(|(suffix, _)| *suffix == &text[digits..]);
    let number = text[..digits].parse::<f64>().ok().zip(suffix).map(|(number, (_, factor))| number * factor);
    let scale = if of == LimitOf::Cpu { 1000.0 } else { 1.0 };
    let most = number.map(|number| (number * scale).ceil()).filter(|number| (1.0..1e19).contains(number));
    match most {
        Some(most) => Some(Limit { of, most: most as u64, text: text.to_owned(), span: amount.span }),
        None => {
            refuse_quantity(text, amount.span, context);
            None
        }
    }
}

fn refuse_quantity(text: &str, span: Span, context: &mut DocumentContext<'_, '_>) {
    let message = format!("`{text}` is not an amount of CPU or memory");
    let help = "write it as Kubernetes does: `\"20\"`, `500m`, `64Gi`";
    context.diags.push(Diagnostic::new(Code::InvalidQuantity, span, message).help(help));
}
