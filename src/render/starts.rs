//! Settles when a copy starts: weekly windows are cut out of the cron expression, `H` is expanded, the stagger is added,
//! and a pause suspends it. What comes out is a plain expression.

use serde_json::Value;

use super::blame;
use super::fold::FoldedCronJob;
use super::path;
use crate::cron::{
    Cut, Expression, HashFaultKind, HashSeed, HashedExpression, Inexact, MAX_STAGGER_MINUTES, Window, Zone,
};
use crate::diag::{Code, Diagnostic};
use crate::model::{
    BlackoutWhen, Cluster, CopySelector, Fleet, HashBy, HashSettings, REFUSED_SCHEDULE, StartSpread, Unit,
    WeeklyWindow, WindowZone,
};
use crate::place;
use crate::tree::{SourceTree, Span};

const SCHEDULE: &[&str] = &["spec", "schedule"];

/// The annotation of a paused CronJob: the names and reasons of its pauses.
const PAUSED: &str = "fleetcron.dev/paused";

/// What tells copies apart by when they start.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StartKey {
    /// What the hash gives: the expanded expression and the offset, or the cluster where a patch changes the schedule.
    hashed: Option<String>,
    /// The weekly blackouts of the fleet that select it.
    blackouts: Vec<usize>,
    /// The pauses that select it.
    pub(super) pauses: Vec<usize>,
}

/// Where a copy is.
#[derive(Clone, Copy)]
pub(super) struct StartSpot<'a> {
    pub(super) unit: &'a Unit,
    pub(super) overrides: &'a [usize],
    pub(super) cluster: &'a Cluster,
    pub(super) fleet: &'a Fleet,
    pub(super) sources: &'a SourceTree,
}

fn selects(copies: &CopySelector, spot: &StartSpot<'_>) -> bool {
    let cluster = |selector| place::matches(selector, spot.cluster).is_ok();
    copies.clusters.as_ref().is_none_or(cluster) && spot.fleet.selects_task(copies, &spot.unit.identity)
}

/// The key of a copy.
pub(super) fn key(spot: StartSpot<'_>) -> StartKey {
    let blackouts = spot.fleet.blackouts.iter().enumerate();
    let weekly = blackouts.filter(|(_, blackout)| matches!(blackout.when, BlackoutWhen::Weekly(_)));
    let pauses = spot.fleet.pauses.iter().enumerate();
    StartKey {
        hashed: hashed(&spot),
        blackouts: weekly.filter(|(_, blackout)| selects(&blackout.copies, &spot)).map(|(at, _)| at).collect(),
        pauses: pauses.filter(|(_, pause)| selects(&pause.copies, &spot)).map(|(at, _)| at).collect(),
    }
}

/// What of the start depends on the cluster's name.
fn hashed(spot: &StartSpot<'_>) -> Option<String> {
    let (mut text, mut hash, mut stagger) = (None, HashSettings::default(), None);
    for layer in spot.unit.layers_with(spot.overrides) {
        let body = &layer.body;
        let of_file = body.object.as_ref().and_then(|object| object.value.pointer("/spec/schedule")?.as_str());
        text = body.schedule.expression.as_ref().map(|text| text.value.as_str()).or(of_file).or(text);
        hash = body.schedule.hash.clone().unwrap_or(hash);
        stagger = body.schedule.stagger.clone().unwrap_or(stagger);
    }
    let expression =
        text.filter(|text| text.contains('H')).and_then(|text| HashedExpression::parse(text).ok().flatten());
    if blame::patched(spot.unit, spot.overrides, SCHEDULE).is_some() && (stagger.is_some() || patches_hash(spot)) {
        return Some(spot.cluster.name.value.clone());
    }
    if expression.is_none() && stagger.is_none() {
        return None;
    }
    let expanded = expression.map(|expression| expression.expand(&seed(spot, &hash))).unwrap_or_default();
    let offset = stagger.map_or(0, |stagger| seed(spot, &stagger.hash).stagger_minutes(stagger.window_minutes));
    Some(format!("{expanded}+{offset}"))
}

/// Whether a patch writes something that may be an `H`.
fn patches_hash(spot: &StartSpot<'_>) -> bool {
    let steps = spot.overrides.iter().flat_map(|at| &spot.unit.overrides[*at].layer.body.patches);
    steps.map(|step| &step.patch.value).any(|value| value.to_string().contains('H'))
}

/// The names that a start is hashed by. Where `active` chooses, the copies share their start, so that a failover moves no
/// run.
fn seed<'a>(spot: &StartSpot<'a>, settings: &'a HashSettings) -> HashSeed<'a> {
    let usual = if spot.unit.active.is_some() { HashBy::Task } else { HashBy::Cluster };
    HashSeed {
        namespace: spot.unit.identity.namespace.as_deref().unwrap_or_default(),
        task: &spot.unit.identity.name,
        cluster: if settings.by.unwrap_or(usual) == HashBy::Cluster { &spot.cluster.name.value } else { "" },
        salt: &settings.salt,
    }
}

/// Puts the plain expression into the CronJob; what cannot be settled leaves an expression that is never written.
pub(super) fn settle(
    spot: StartSpot<'_>,
    key: &StartKey,
    state: &mut FoldedCronJob,
    diags: &mut Vec<Diagnostic>,
) -> StartSpread {
    let Some(text) = path::at(&state.object, SCHEDULE).and_then(Value::as_str).map(str::to_owned) else {
        return StartSpread::default();
    };
    if text == REFUSED_SCHEDULE {
        return StartSpread::default();
    }
    let span = blame::said(spot.unit, spot.overrides, SCHEDULE).unwrap_or(spot.unit.name);
    let mut settling = Settling { spot, key, state, span, found: Vec::new() };
    let (settled, spread) = settling.run(&text);
    diags.append(&mut settling.found);
    if settled.as_ref() != Some(&text) {
        let spec = path::ensure(&mut state.object, &["spec"]);
        path::set(spec, "schedule", settled.unwrap_or_else(|| REFUSED_SCHEDULE.to_owned()));
    }
    spread
}

struct Settling<'a> {
    spot: StartSpot<'a>,
    key: &'a StartKey,
    state: &'a FoldedCronJob,
    /// Where the schedule is written.
    span: Span,
    found: Vec<Diagnostic>,
}

impl Settling<'_> {
    /// The plain expression, unless it was refused, and how it came about.
    fn run(&mut self, text: &str) -> (Option<String>, StartSpread) {
        let hashed = match HashedExpression::parse(text) {
            Ok(hashed) => hashed,
            Err(fault) => {
                self.refuse_hash(text, &fault);
                return (None, StartSpread::default());
            }
        };
        let stagger = self.state.stagger.as_ref().map_or(0, |stagger| stagger.window_minutes);
        let widest = hashed.as_ref().map(HashedExpression::widest);
        let mut spread = StartSpread { widest, unshifted: None, stagger_minutes: stagger };
        if let Some(hashed) = &hashed {
            self.look_at_items(hashed);
        }
        let windows = self.windows();
        let Some(cut) = self.cut(text, hashed.as_ref(), &windows) else { return (None, spread) };
        let expanded = match HashedExpression::parse(&cut) {
            Ok(Some(hashed)) => hashed.expand(&seed(&self.spot, &self.state.hash)),
            _ => cut,
        };
        spread.unshifted = (stagger > 0).then(|| expanded.clone());
        let settled = self.stagger(&expanded, hashed.is_some(), &windows);
        (settled, spread)
    }

    fn part(&self, text: &str, at: std::ops::Range<usize>) -> Span {
        self.spot.sources.part(self.span, text, at)
    }

    fn refuse_hash(&mut self, text: &str, fault: &crate::cron::HashFault) {
        let code = match fault.kind {
            HashFaultKind::BothDays => Code::HashBothDays,
            HashFaultKind::Plain(_) => Code::InvalidSchedule,
            _ => Code::InvalidHash,
        };
        let span = self.part(text, fault.at.clone());
        let mut diagnostic = Diagnostic::new(code, span, format!("`{text}`: {fault}"));
        diagnostic.help.extend(fault.help(text));
        self.found.push(diagnostic);
    }

    /// What is odd about an `H` whatever the hash says.
    fn look_at_items(&mut self, hashed: &HashedExpression) {
        for field in hashed.fields() {
            for item in field.hashes() {
                let span = self.part(hashed.text(), item.at.clone());
                let written = &hashed.text()[item.at.clone()];
                if let Some(step) = item.step.filter(|step| item.size() % step != 0) {
                    let (fewer, more) = (item.size() / step, item.size().div_ceil(step));
                    let message = format!(
                        "`{written}` does not divide its range of {} numbers: it becomes {fewer} or {more} of them, by hash",
                        item.size()
                    );
                    let divisors = (2..item.size()).filter(|divisor| item.size() % divisor == 0);
                    let near: Vec<String> = divisors.map(|divisor| divisor.to_string()).collect();
                    let help = match near.as_slice() {
                        [] => "leave out the step".to_owned(),
                        near => format!("take a step that divides it: {}", near.join(", ")),
                    };
                    self.found.push(Diagnostic::new(Code::UnevenStep, span, message).help(help));
                }
                if field.unit == crate::cron::CronField::Day && item.last > 28 {
                    let message = format!("`{written}` may become a day that some months do not have");
                    let help = "`H` alone stays within 1-28, or write a range that ends at 28";
                    self.found.push(Diagnostic::new(Code::LateDays, span, message).help(help));
                }
            }
        }
    }

    /// `notDuring` and the weekly blackouts, with where each is written.
    fn windows(&mut self) -> Vec<(Window, Span)> {
        let fleet = self.spot.fleet;
        let blackouts = self.key.blackouts.iter().filter_map(|at| match &fleet.blackouts[*at].when {
            BlackoutWhen::Weekly(window) => Some(window),
            BlackoutWhen::Dated { .. } => None,
        });
        let all: Vec<&WeeklyWindow> = self.state.not_during.iter().chain(blackouts).collect();
        let own =
            path::at(&self.state.object, &["spec", "timeZone"]).and_then(Value::as_str).unwrap_or("UTC").to_owned();
        let mut windows = Vec::new();
        for window in all {
            let name = match &window.zone {
                None => None,
                Some(WindowZone::Name(name)) => Some(name.clone()),
                Some(WindowZone::Cluster) => match &self.spot.cluster.time_zone {
                    Some(zone) => Some(zone.value.clone()),
                    None => {
                        let message = "a window asks for each cluster's own zone, and there is none";
                        let help = "give each cluster its `spec.timeZone`, or name a zone in the window";
                        let diagnostic = Diagnostic::new(Code::UndefinedReference, window.span, message);
                        self.found.push(diagnostic.help(help));
                        continue;
                    }
                },
            };
            let zone =
                match name.filter(|name| *name != own).map(|name| Zone::parse(&name).map_err(|fault| (name, fault))) {
                    None => None,
                    Some(Ok(zone)) => Some(zone),
                    Some(Err((name, fault))) => {
                        let mut diagnostic =
                            Diagnostic::new(Code::UnknownTimeZone, window.span, format!("`{name}`: {fault}"));
                        diagnostic.help.extend(fault.help());
                        self.found.push(diagnostic);
                        continue;
                    }
                };
            windows.push((Window { weekdays: window.weekdays, from: window.from, to: window.to, zone }, window.span));
        }
        windows
    }

    fn zone(&self) -> Zone {
        let name = path::at(&self.state.object, &["spec", "timeZone"]).and_then(Value::as_str);
        name.and_then(|name| Zone::parse(name).ok()).unwrap_or_else(Zone::utc)
    }

    /// The expression without the windows.
    fn cut(&mut self, text: &str, hashed: Option<&HashedExpression>, placed: &[(Window, Span)]) -> Option<String> {
        if placed.is_empty() {
            return Some(text.to_owned());
        }
        let windows: Vec<Window> = placed.iter().map(|(window, _)| window.clone()).collect();
        let (zone, span) = (self.zone(), clock_span(self.spot.fleet));
        let plain = Expression::parse(text).ok();
        let cut = match (hashed, &plain) {
            (Some(hashed), _) => hashed.cut(&windows, &zone, span),
            (None, Some(plain)) => plain.cut(&windows, &zone, span),
            // It is refused as it is, and never cut.
            (None, None) => return Some(text.to_owned()),
        };
        let reason = match cut.result {
            Ok(left) => return Some(left),
            Err(reason) => reason,
        };
        let message = format!("`{text}` cannot leave out these times in one cron expression: {reason}");
        let mut diagnostic =
            Diagnostic::new(Code::InexactWindow, placed[0].1, message).other(self.span, "the schedule is here");
        diagnostic.notes.extend(notes(&cut));
        if let Some(covering) = &cut.covering {
            diagnostic.help.push(format!("write `{covering}`, which leaves out the times by every distance"));
        }
        diagnostic.help.extend(self.window_help(reason, &windows, plain.as_ref(), hashed));
        self.found.push(diagnostic);
        None
    }

    /// What to write where a window cannot be cut.
    fn window_help(
        &self,
        reason: Inexact,
        windows: &[Window],
        plain: Option<&Expression>,
        hashed: Option<&HashedExpression>,
    ) -> Vec<String> {
        let mut help = Vec::new();
        let own_zone = windows.iter().all(|window| window.zone.is_none());
        if let Some(narrowed) = hashed.filter(|_| own_zone).and_then(|hashed| hashed.narrowed(windows)) {
            help.push(format!("write `{narrowed}`: no hash falls into a window then"));
        }
        if let Some(plain) = plain.filter(|_| own_zone) {
            let split = plain.split(windows);
            let split: Vec<String> = split.iter().map(|part| format!("`{part}`")).collect();
            if split.len() > 1 {
                help.push(format!("exactly these times are left by {} tasks: {}", split.len(), split.join(", ")));
            }
            for (found, what) in plain.nearest_windows(windows).into_iter().zip(["wider", "narrower"]) {
                let Some(found) = found.filter(|_| reason == Inexact::SplitsHour) else { continue };
                let edges: Vec<String> = found.windows.iter().map(shown_edges).collect();
                help.push(format!("a {what} window leaves `{}`: {}", found.expression, edges.join(", ")));
            }
        }
        if help.is_empty() {
            help.push(match reason {
                Inexact::NeverRuns => "all runs fall into these times: change the schedule or the window".to_owned(),
                Inexact::Every => "write a cron expression, or `every: 15m`, which becomes one".to_owned(),
                Inexact::Zones => "write the window in the zone of the schedule".to_owned(),
                _ => "write the schedule without these times, in several tasks if need be".to_owned(),
            });
        }
        help
    }

    /// The expression with the offset of the copy.
    fn stagger(&mut self, text: &str, hashed: bool, placed: &[(Window, Span)]) -> Option<String> {
        let Some(stagger) = self.state.stagger.clone() else { return Some(text.to_owned()) };
        // What Kubernetes refuses is reported as it is written.
        let Ok(expression) = Expression::parse(text) else { return Some(text.to_owned()) };
        let window = stagger.window_minutes;
        if hashed {
            let message = "`H` and `stagger` both move the start of this task";
            let diagnostic = Diagnostic::new(Code::InexactStagger, stagger.span, message);
            let help = "remove `stagger`, or write a number instead of `H`";
            self.found.push(diagnostic.other(self.span, "the schedule is here").help(help));
            return None;
        }
        if let Some(reason) = (0..window).find_map(|minutes| expression.shifted(minutes).err()) {
            // A schedule that never runs is an error of its own.
            if reason == Inexact::NeverRuns {
                return Some(text.to_owned());
            }
            self.refuse_stagger(&expression, window, reason, stagger.span);
            return None;
        }
        let windows: Vec<Window> = placed.iter().map(|(window, _)| window.clone()).collect();
        let blocked = expression.first_blocked_offset(&windows, &self.zone(), clock_span(self.spot.fleet), window);
        if let Some(minutes) = blocked.filter(|_| !windows.is_empty()) {
            let message =
                format!("`{text}` with an offset of {minutes} minutes would start in a time that is left out");
            let diagnostic =
                Diagnostic::new(Code::InexactWindow, stagger.span, message).other(placed[0].1, "the time is here");
            self.found.push(diagnostic.help(match minutes {
                0 | 1 => "leave out `stagger`, or start earlier".to_owned(),
                most => format!("write `stagger: {{window: {most}m}}`, or start earlier"),
            }));
            return None;
        }
        self.note_wide_window(&expression, window, stagger.span);
        expression.shifted(seed(&self.spot, &stagger.hash).stagger_minutes(window)).ok()
    }

    fn refuse_stagger(&mut self, expression: &Expression, window: u32, reason: Inexact, span: Span) {
        let text = expression.text();
        let message = format!("`{text}` cannot be moved by every offset within {window} minutes: {reason}");
        let diagnostic = Diagnostic::new(Code::InexactStagger, span, message).other(self.span, "the schedule is here");
        let largest = expression.largest_stagger().map_or(0, |(largest, _)| largest).min(MAX_STAGGER_MINUTES);
        self.found.push(diagnostic.help(match (reason, largest) {
            (Inexact::Every, _) => "write a cron expression, or `every: 15m`, which becomes one".to_owned(),
            (_, 0 | 1) => "no window works for this schedule: leave out `stagger`".to_owned(),
            (_, largest) => format!("the largest window that works is {largest} minutes: write `window: {largest}m`"),
        }));
    }

    /// A window that is wider than the distance of the runs gives no more offsets.
    fn note_wide_window(&mut self, expression: &Expression, window: u32, span: Span) {
        let Some(period) = expression.period_minutes().filter(|period| *period < window) else { return };
        let message = format!(
            "`{}` runs every {period} minutes, so a window of {window} minutes spreads no further",
            expression.text()
        );
        let help = format!("write `window: {period}m`");
        self.found.push(Diagnostic::new(Code::WideStagger, span, message).help(help));
    }
}

/// What the zones of the windows have to do with it.
fn notes(cut: &Cut) -> Vec<String> {
    cut.by_difference
        .iter()
        .map(|(difference, result)| {
            let ahead: Vec<String> = difference.iter().map(i32::to_string).collect();
            let left = match result {
                Ok(text) => format!("`{text}` is left"),
                Err(reason) => reason.to_string(),
            };
            format!("while the schedule's zone is {} minutes ahead of the window's: {left}", ahead.join(", "))
        })
        .collect()
}

fn shown_edges(window: &Window) -> String {
    let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("`from: \"{}\", to: \"{}\"`", clock(window.from), clock(window.to))
}

/// The span in which distances between zones and changes of the clock are looked for.
fn clock_span(fleet: &Fleet) -> std::ops::Range<jiff::Timestamp> {
    fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year)
}

/// Suspends a copy that pauses select and that would run; returns the names of the pauses.
pub(super) fn pause(
    spot: StartSpot<'_>,
    key: &StartKey,
    object: &mut Value,
    diags: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let suspended = path::at(object, &["spec", "suspend"]).and_then(Value::as_bool).unwrap_or_default();
    if key.pauses.is_empty() || suspended {
        return Vec::new();
    }
    let pauses: Vec<_> = key.pauses.iter().map(|at| &spot.fleet.pauses[*at]).collect();
    if let Some(span) = blame::patched(spot.unit, spot.overrides, &["spec", "suspend"]) {
        let message = format!("a patch sets `suspend`, which pause `{}` decides", *pauses[0].name);
        let diagnostic = Diagnostic::new(Code::DecidedField, span, message);
        diags.push(diagnostic.other(pauses[0].name.span, "the pause is here").help("remove it from the patch"));
    }
    let shown = pauses.iter().map(|pause| match &pause.reason {
        Some(reason) => format!("{}: {reason}", *pause.name),
        None => pause.name.value.clone(),
    });
    let shown: Vec<String> = shown.collect();
    let every = path::at(object, SCHEDULE).and_then(Value::as_str).is_some_and(|text| text.starts_with("@every"));
    let deadline = pauses.iter().filter_map(|pause| pause.resume_deadline).max().filter(|_| !every);
    let spec = path::ensure(object, &["spec"]);
    spec["suspend"] = Value::Bool(true);
    if let Some(seconds) = deadline.filter(|_| spec.get("startingDeadlineSeconds").is_none()) {
        spec["startingDeadlineSeconds"] = Value::from(seconds);
    }
    path::set(path::ensure(object, &["metadata", "annotations"]), PAUSED, shown.join("; "));
    pauses.iter().map(|pause| pause.name.value.clone()).collect()
}
