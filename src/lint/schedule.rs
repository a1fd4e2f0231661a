//! Lints over when a task runs: its schedule, zone and deadlines. A limit that nobody wrote says nothing about how long
//! runs take, so built-in limits do not count.

use crate::cron::{Expression, ExpressionForm, Fields, OddityKind, Zone};
use crate::diag::{Code, Diagnostic, Severity};
use crate::model::{Cluster, Concurrency, Fleet, Timing};
use crate::tree::{SourceTree, Span};

/// The controller looks at a CronJob every ten seconds: a shorter deadline may pass between two looks.
/// Source: `pkg/controller/cronjob`, and the reference of `startingDeadlineSeconds`.
const ROUND: i64 = 10;

/// A schedule is frequent if more than a hundred runs are due in a day: so many missed ones are what the controller
/// warns of (`pkg/controller/cronjob/utils.go`, `mostRecentScheduleTime`).
const FREQUENT: u64 = 864;

/// Releases of Kubernetes: from the first `timeZone` is known, from the second it cannot be switched off.
const ZONES_KNOWN: (u32, u32) = (1, 25);
const ZONES_STABLE: (u32, u32) = (1, 27);

/// One variant of a task, as these rules see it.
pub struct ScheduleVariant<'a> {
    /// When its CronJob runs.
    pub timing: &'a Timing,
    /// The clusters, with their places in the inventory.
    pub clusters: Vec<(usize, &'a Cluster)>,
    /// Where the task's name stands.
    pub task: Span,
    /// Where a field of the CronJob was said; nowhere, if it is a built-in default.
    pub said: &'a dyn Fn(&[&str]) -> Option<Span>,
}

/// Everything odd about when a variant runs, each with the clusters that it concerns; nothing of one that is suspended,
/// because no run of it can start.
pub fn schedule(variant: &ScheduleVariant<'_>, fleet: &Fleet, sources: &SourceTree) -> Vec<(Diagnostic, Vec<usize>)> {
    let timing = variant.timing;
    if timing.suspended {
        return Vec::new();
    }
    let Some(expression) = Expression::parse(&timing.schedule).ok().filter(|_| !timing.is_refused()) else {
        return Vec::new();
    };
    let zone = timing.time_zone.as_deref().map(Zone::parse).transpose().ok();
    let rules = ScheduleRules { variant, fleet, sources, expression: &expression };
    let all: Vec<usize> = variant.clusters.iter().map(|(at, _)| *at).collect();
    let mut found: Vec<Diagnostic> = rules.oddities();
    match &zone {
        Some(None) => found.extend(rules.unset_zone()),
        Some(Some(zone)) => {
            found.extend(rules.deprecated(zone));
            found.extend(rules.daylight(zone));
        }
        // A zone that does not exist is an error, said elsewhere.
        None => {}
    }
    found.extend(rules.short_starting_deadline());
    found.extend(rules.every_deadline());
    found.extend(rules.no_starting_deadline());
    found.extend(rules.overlapping());
    let mut found: Vec<(Diagnostic, Vec<usize>)> = found.into_iter().map(|one| (one, all.clone())).collect();
    found.extend(rules.zone_support());
    found
}

/// What a changing clock could do to starts that the hash did not give, of a variant of a task none of whose variants has
/// such a start.
pub fn possible_daylight(variant: &ScheduleVariant<'_>, fleet: &Fleet, sources: &SourceTree) -> Option<Diagnostic> {
    let timing = variant.timing;
    let expression = Expression::parse(&timing.schedule).ok().filter(|_| !timing.is_refused())?;
    let zone = Zone::parse(timing.time_zone.as_deref()?).ok()?;
    ScheduleRules { variant, fleet, sources, expression: &expression }.possible_daylight(&zone)
}

/// The code of an oddity.
pub fn code(kind: OddityKind) -> Code {
    match kind {
        OddityKind::NeverRuns => Code::NeverRuns,
        OddityKind::EveryMinute => Code::EveryMinute,
        OddityKind::UnevenStep => Code::UnevenStep,
        OddityKind::BothDays => Code::BothDays,
        OddityKind::LateDays => Code::LateDays,
        OddityKind::SubMinute => Code::SubMinute,
    }
}

struct ScheduleRules<'a> {
    variant: &'a ScheduleVariant<'a>,
    fleet: &'a Fleet,
    sources: &'a SourceTree,
    expression: &'a Expression,
}

impl ScheduleRules<'_> {
    fn said(&self, path: &[&str]) -> Span {
        (self.variant.said)(path).unwrap_or(self.variant.task)
    }

    fn oddities(&self) -> Vec<Diagnostic> {
        let diagnostic = |odd: crate::cron::Oddity| {
            let code = code(odd.kind);
            let span = self.sources.part(self.said(&["spec", "schedule"]), self.expression.text(), odd.at);
            let mut diagnostic = Diagnostic::new(code, span, odd.message).help(odd.help);
            if odd.kind != OddityKind::NeverRuns {
                diagnostic = diagnostic.note(format!("`{}` runs {}", self.expression.text(), self.expression.words()));
            }
            diagnostic
        };
        self.expression.oddities().into_iter().map(diagnostic).collect()
    }

    /// kubernetes#47202: the zone is then that of the controller, whatever that is. It does not matter to a schedule
    /// that is the same in every hour of every day.
    fn unset_zone(&self) -> Option<Diagnostic> {
        let ExpressionForm::Fields(fields) = self.expression.form() else { return None };
        // Who writes `null` means none, and a cluster that lacks the zone it is asked for is an error elsewhere.
        let decided = self.variant.timing.zone_decided || self.fleet.unread;
        if decided || !zone_matters(fields) || !self.expression.fires() {
            return None;
        }
        let span = self.said(&["spec", "schedule"]);
        let diagnostic = Diagnostic::new(
            Code::UnsetTimeZone,
            span,
            "this schedule has no time zone: it runs in whatever zone each cluster's controller has",
        );
        let text = self.expression.text();
        let own = format!("name one: `schedule: {{cron: \"{text}\", timeZone: Etc/UTC}}`");
        Some(
            diagnostic
                .help(format!("{own}, or `timeZone: Etc/UTC` beside the `schedule` of an existing CronJob"))
                .help("`defaults: {timeZone: Etc/UTC}` in the Fleet names one for all tasks with `container`"),
        )
    }

    /// The place where the task itself names its zone; the inventory's and the Fleet's are judged there.
    fn own_zone(&self) -> Option<Span> {
        let span = (self.variant.said)(&["spec", "timeZone"])?;
        let default = self.fleet.defaults.time_zone.as_ref().is_some_and(|zone| zone.span == span);
        let name = self.variant.timing.time_zone.as_deref()?;
        (!default && self.sources.text(span).contains(name)).then_some(span)
    }

    fn deprecated(&self, zone: &Zone) -> Option<Diagnostic> {
        deprecated(zone, self.own_zone()?)
    }

    /// As [`ScheduleRules::daylight`], for the starts that the hash could give and did not.
    fn possible_daylight(&self, zone: &Zone) -> Option<Diagnostic> {
        let span = self.fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year);
        let spread = &self.variant.timing.spread;
        let widest = spread.widest.as_deref().and_then(|text| Expression::parse(text).ok());
        let unshifted = spread.unshifted.as_deref().and_then(|text| Expression::parse(text).ok());
        let shifts = match (widest, unshifted) {
            (_, Some(unshifted)) => unshifted.staggered_shifts(spread.stagger_minutes, zone, span),
            (Some(widest), None) => widest.shifts(zone, span),
            (None, None) => Vec::new(),
        };
        let first = shifts.first()?;
        let message = "some of the starts that the hash may give are skipped or doubled by a changing clock";
        let diagnostic = Diagnostic::new(Code::DaylightSaving, self.said(&["spec", "schedule"]), message)
            .note("no copy has such a start now: another cluster or name may get one")
            .note(format!("in {} {first}", zone.name()));
        Some(
            diagnostic.help(
                "choose a range or window in which the clock does not change, or a zone that never does: Etc/UTC",
            ),
        )
    }

    /// kubernetes#121594
    fn daylight(&self, zone: &Zone) -> Option<Diagnostic> {
        let span = self.fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year);
        let shifts = self.expression.shifts(zone, span);
        if shifts.is_empty() {
            return None;
        }
        let skips = shifts.iter().any(|shift| !shift.skipped.is_empty());
        let doubles = shifts.iter().any(|shift| !shift.doubled.is_empty());
        let what = match (skips, doubles) {
            (true, true) => "skips and doubles",
            (true, false) => "skips",
            _ => "doubles",
        };
        let message = format!("a changing clock {what} runs of this schedule");
        let mut diagnostic = Diagnostic::new(Code::DaylightSaving, self.said(&["spec", "schedule"]), message);
        for shift in &shifts {
            diagnostic = diagnostic.note(format!("in {} {shift}", zone.name()));
        }
        Some(diagnostic.help("choose a time at which the clock does not change, or a zone that never does: Etc/UTC"))
    }

    fn short_starting_deadline(&self) -> Option<Diagnostic> {
        let seconds = self.variant.timing.starting_deadline.filter(|seconds| (0..ROUND).contains(seconds))?;
        let message = format!(
            "a starting deadline of {seconds} seconds: the controller looks every {ROUND} seconds and may never be in time"
        );
        let span = self.said(&["spec", "startingDeadlineSeconds"]);
        Some(Diagnostic::new(Code::ShortStartingDeadline, span, message).help("write at least `10`; `60` leaves room"))
    }

    /// With a deadline below its period `@every` never starts: `now - deadline` takes the place of the last run, so the next
    /// one is always ahead. Source: Kubernetes' `pkg/controller/cronjob/utils.go`, `mostRecentScheduleTime`.
    fn every_deadline(&self) -> Option<Diagnostic> {
        let ExpressionForm::Every(period) = self.expression.form() else { return None };
        let deadline = self.variant.timing.starting_deadline.and_then(|seconds| u64::try_from(seconds).ok())?;
        // A deadline of 0 is an idle job, said elsewhere.
        if deadline == 0 || deadline >= *period || self.variant.timing.suspended {
            return None;
        }
        let message = format!(
            "`{}` with a starting deadline of {} never starts: the controller counts from the deadline, and the next run is always ahead",
            self.expression.text(),
            spoken(deadline)
        );
        let span = self.said(&["spec", "startingDeadlineSeconds"]);
        let diagnostic = Diagnostic::new(Code::EveryDeadline, span, message);
        let diagnostic = diagnostic.other(self.said(&["spec", "schedule"]), "the schedule is here");
        Some(diagnostic.help(format!("write `startingDeadlineSeconds: {}` or more, or a cron expression", period + 60)))
    }

    fn no_starting_deadline(&self) -> Option<Diagnostic> {
        let timing = self.variant.timing;
        let meant = self
            .expression
            .oddities()
            .iter()
            .all(|odd| !matches!(odd.kind, OddityKind::EveryMinute | OddityKind::SubMinute));
        if timing.starting_deadline.is_some() || !meant {
            return None;
        }
        let seconds = self.expression.closer_than(FREQUENT)?;
        let span = self.said(&["spec", "schedule"]);
        let message = format!("runs come as close as {}, and there is no `startingDeadlineSeconds`", spoken(seconds));
        let diagnostic = Diagnostic::new(Code::NoStartingDeadline, span, message);
        Some(
            diagnostic
                .note("after a pause of the controller the latest run that was missed starts at once, however late")
                .help(format!(
                    "write `job: {{startingDeadlineSeconds: {}}}` to let missed runs go",
                    (seconds / 2).max(10)
                )),
        )
    }

    fn overlapping(&self) -> Option<Diagnostic> {
        let timing = self.variant.timing;
        let limit = u64::try_from(timing.active_deadline?).ok()?;
        let apart = self.expression.closer_than(limit)?;
        let span = (self.variant.said)(&["spec", "jobTemplate", "spec", "activeDeadlineSeconds"])?;
        let then = match timing.concurrency {
            Concurrency::Allow => "two runs may go on at once",
            Concurrency::Forbid => "a run that is due while another goes on is skipped",
            Concurrency::Replace => "a run is killed when the next one is due",
        };
        let message = format!("a run may take {} and the next is due after {}: {then}", spoken(limit), spoken(apart));
        let mut diagnostic = Diagnostic::new(Code::OverlappingRuns, span, message);
        // Forbid is how people say that runs may take longer: then it is worth knowing, and no more.
        if timing.concurrency == Concurrency::Forbid {
            diagnostic = diagnostic.severity(Severity::Note);
        }
        let diagnostic = diagnostic.other(self.said(&["spec", "schedule"]), "the schedule is here");
        Some(diagnostic.help(match timing.concurrency {
            Concurrency::Allow => {
                format!("let a run take at most {apart} seconds, or say what is meant: `concurrencyPolicy: Forbid`")
            }
            _ => format!("let a run take at most {apart} seconds, or run less often"),
        }))
    }

    /// `timeZone` came with 1.24, was on by default from 1.25 and cannot be switched off from 1.27.
    fn zone_support(&self) -> Option<(Diagnostic, Vec<usize>)> {
        self.variant.timing.time_zone.as_ref()?;
        if !matches!(self.expression.form(), ExpressionForm::Fields(fields) if zone_matters(fields)) {
            return None;
        }
        let version = |cluster: &Cluster| match &cluster.kubernetes_version {
            Some(version) => version.value,
            None => self.fleet.defaults.kubernetes_version,
        };
        let old: Vec<(usize, (u32, u32))> = self.variant.clusters.iter().map(|(at, c)| (*at, version(c))).collect();
        let old: Vec<_> = old.into_iter().filter(|(_, version)| *version < ZONES_STABLE).collect();
        let (major, minor) = old.iter().map(|(_, version)| *version).min()?;
        let what = match (major, minor) < ZONES_KNOWN {
            true => "drops it without a word, and the schedule runs in the controller's zone",
            false => "knows it only if nobody switched it off",
        };
        let message = format!("`timeZone` needs Kubernetes 1.27; {major}.{minor} {what}");
        let span = self.said(&["spec", "timeZone"]);
        let diagnostic = Diagnostic::new(Code::TimeZoneSupport, span, message)
            .help("write the schedule in the zone of those clusters' controllers, with `timeZone: null` there");
        Some((diagnostic, old.into_iter().map(|(at, _)| at).collect()))
    }
}

/// Whether the schedule is not the same in every hour of every day, so that the zone says when it runs.
fn zone_matters(fields: &Fields) -> bool {
    fields.all().iter().skip(1).any(|field| !field.full())
}

/// A zone under an old name.
pub(super) fn deprecated(zone: &Zone, span: Span) -> Option<Diagnostic> {
    let current = zone.deprecated()?;
    let message = format!("`{}` is an old name of the time zone `{current}`", zone.name());
    let diagnostic = Diagnostic::new(Code::DeprecatedTimeZone, span, message);
    Some(diagnostic.help(format!("write `{current}`: newer systems may come without the old name")))
}

/// `5 minutes`
fn spoken(seconds: u64) -> String {
    let (number, unit) = match seconds {
        s if s >= 3600 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
