//! `fleetcron timeline`: all runs of all tasks on all clusters in a span.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::args::{Format, Timeline as Args};
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::{moment, timeline_clock, timeline_data, timeline_moments, timeline_suggest, timeline_text};
use crate::compile;
use crate::cron::Zone;
use crate::diag::nearest;
use crate::model::{Cluster, Model, Unit};
use crate::timeline::{Clock, Strip, Timeline, TimelineCopies};

const DAY_MINUTES: usize = 24 * 60;

/// A timeline with the names that it is shown by.
pub(super) struct TimelineView<'a> {
    pub(super) model: &'a Model,
    pub(super) copies: Vec<TimelineCopies>,
    pub(super) timeline: Timeline,
    /// The zone of the times that are shown; UTC stands for each copy's own where the clock is so.
    pub(super) zone: Zone,
    pub(super) group_by: GroupBy,
    pub(super) by_weekday: bool,
}

/// What makes a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GroupBy {
    Cluster,
    Region,
    Provider,
    Namespace,
    Label(String),
}

impl std::str::FromStr for GroupBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "cluster" => GroupBy::Cluster,
            "region" => GroupBy::Region,
            "provider" => GroupBy::Provider,
            "namespace" => GroupBy::Namespace,
            _ => match text.strip_prefix("label:").filter(|key| !key.is_empty()) {
                Some(key) => GroupBy::Label(key.to_owned()),
                None => return Err("write cluster, region, provider, namespace or label:KEY".to_owned()),
            },
        })
    }
}

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Args, format: Format, colored: bool) -> Result<Outcome, Failure> {
    let (zone, clock) = match args.zone.as_str() {
        "cluster" => (Zone::utc(), Clock::Own),
        name => (parse_zone(name)?, Clock::Utc),
    };
    let from = moment::from(&args.moment, &zone)?;
    let span = span(args, from)?;
    let asked = timeline_moments::Asked::parse(args)?;
    let compilation = session.compile()?;
    if args.suggest {
        return timeline_suggest::run(session, &compilation);
    }
    let model = &compilation.model;
    let copies = select(compile::copies(&compilation.plan), args, model)?;
    let lead = Timeline::lead_minutes(&copies);
    let timeline = Timeline::by_clock(&copies, span, lead, clock);
    let group_by = args.group_by.clone().unwrap_or(GroupBy::Cluster);
    let view = TimelineView { model, copies, timeline, zone, group_by, by_weekday: args.by.is_some() };
    if let Some(year) = args.daylight_saving {
        return timeline_clock::run(session, &view, year, format);
    }
    if let Some(asked) = asked {
        let found = timeline_moments::find(&view, &asked);
        let text = match format {
            Format::Csv => timeline_moments::csv(&view, &found),
            _ => timeline_moments::text(&view, &asked, &found),
        };
        let value = session.value(|| timeline_moments::value(&view, &found));
        return Ok(if format == Format::Csv { Outcome::data(text, value) } else { Outcome::result(text, value) });
    }
    let value = session.value(|| timeline_data::value(&view));
    Ok(match format {
        Format::Csv => Outcome::data(timeline_data::csv(&view), value),
        _ => Outcome::result(timeline_text::text(&view, colored), value),
    })
}

fn parse_zone(name: &str) -> Result<Zone, Failure> {
    Zone::parse(name).map_err(|fault| {
        let help = fault.help().map(|help| format!(": {help}")).unwrap_or_default();
        Failure::Run(format!("`--zone {name}`: {fault}{help}"))
    })
}

/// What `--for` says after `--from`; a day, or a week by weekdays.
fn span(args: &Args, from: Timestamp) -> Result<Range<Timestamp>, Failure> {
    /// Runs by minute of more than a year are no timeline any more.
    const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
    let usual = if args.by.is_some() { "7d" } else { "24h" };
    let text = args.length.as_deref().unwrap_or(usual);
    let length = parse_length(text).filter(|length| *length > SignedDuration::ZERO && *length <= LONGEST);
    let length = length.ok_or_else(|| {
        Failure::Run(format!("`--for {text}` is no length of up to 366 days: write it as `90m`, `24h` or `7d`"))
    })?;
    let end = from.checked_add(length).map_err(|error| Failure::run(&error))?;
    Ok(from..end)
}

fn parse_length(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        "w" => 7 * 24 * 60,
        _ => return None,
    };
    let number: i64 = number.parse().ok()?;
    Some(SignedDuration::from_mins(number.checked_mul(minutes)?.min(1_000_000)))
}

/// The copies that the options ask for.
fn select(copies: Vec<TimelineCopies>, args: &Args, model: &Model) -> Result<Vec<TimelineCopies>, Failure> {
    let named = |unit: &Unit, wanted: &String| unit.identity.to_string() == *wanted || unit.identity.name == *wanted;
    for wanted in &args.tasks {
        if !model.units.iter().any(|unit| named(unit, wanted)) {
            let names: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
            return Err(Failure::unknown("task", wanted, nearest(wanted, names.iter().map(String::as_str))));
        }
    }
    for wanted in &args.clusters {
        if !model.clusters.iter().any(|cluster| *cluster.name == *wanted) {
            let names = model.clusters.iter().map(|cluster| cluster.name.as_str());
            return Err(Failure::unknown("cluster", wanted, nearest(wanted, names)));
        }
    }
    for wanted in &args.namespaces {
        let has = |copies: &TimelineCopies| copies.namespace.as_ref() == Some(wanted);
        if !copies.iter().any(has) {
            let names: Vec<&str> = copies.iter().filter_map(|copies| copies.namespace.as_deref()).collect();
            return Err(Failure::unknown("namespace", wanted, nearest(wanted, names)));
        }
    }
    let asked = |copies: &TimelineCopies| {
        let task = args.tasks.is_empty() || args.tasks.iter().any(|wanted| named(&model.units[copies.task], wanted));
        let place = || copies.namespace.as_ref().is_some_and(|namespace| args.namespaces.contains(namespace));
        task && (args.namespaces.is_empty() || place())
    };
    let mut copies: Vec<TimelineCopies> = copies.into_iter().filter(asked).collect();
    if !args.clusters.is_empty() {
        let wanted = |at: &usize| args.clusters.contains(&model.clusters[*at].name.value);
        copies.iter_mut().for_each(|copies| copies.clusters.retain(wanted));
        copies.retain(|copies| !copies.clusters.is_empty());
    }
    Ok(copies)
}

impl TimelineView<'_> {
    /// The minute of the day, in the zone that is shown, and the day of the week from Sunday on.
    pub(super) fn clock(&self, minute: usize) -> (usize, usize) {
        let local = crate::report::time::local(self.timeline.instant(minute), &self.zone);
        let of_day = local.hour().unsigned_abs() as usize * 60 + local.minute().unsigned_abs() as usize;
        (of_day, local.weekday().to_sunday_zero_offset().unsigned_abs() as usize)
    }

    /// [`TimelineView::clock`] of every minute: an offset changes rarely, so it is looked up once for each quarter of an hour.
    pub(super) fn clocks(&self) -> Vec<(u16, u8)> {
        let mut clocks = Vec::with_capacity(self.timeline.minutes());
        let (mut of_day, mut weekday) = (0, 0);
        for minute in 0..self.timeline.minutes() {
            if self.timeline.instant(minute).as_second() % 900 == 0 || minute == 0 {
                (of_day, weekday) = self.clock(minute);
            }
            clocks.push((of_day as u16, weekday as u8));
            of_day += 1;
            if of_day == DAY_MINUTES {
                (of_day, weekday) = (0, (weekday + 1) % 7);
            }
        }
        clocks
    }

    /// What the times that are shown are of.
    pub(super) fn zone_name(&self) -> &str {
        if self.timeline.clock == Clock::Own { "own zone" } else { self.zone.name() }
    }

    /// Starts by minute of all clusters.
    pub(super) fn starts(&self) -> Vec<u64> {
        self.timeline.sum(|member| self.copies[member].clusters.len() as u64)
    }

    /// Pods that start, by minute.
    pub(super) fn instances(&self) -> Vec<u64> {
        self.timeline.sum(|member| {
            let copies = &self.copies[member];
            u64::from(copies.instances) * copies.clusters.len() as u64
        })
    }

    /// The groups that rows are made of, and the group of a copy.
    fn groups(&self) -> (Vec<String>, impl Fn(usize, usize) -> Option<usize>) {
        let none = "(none)";
        let name_of = move |member: usize, cluster: usize| -> String {
            let found: &Cluster = &self.model.clusters[cluster];
            let text = match &self.group_by {
                GroupBy::Cluster => Some(found.name.as_str()),
                GroupBy::Region => found.region.as_ref().map(|region| region.as_str()),
                GroupBy::Provider => found.provider.as_ref().map(|provider| provider.as_str()),
                GroupBy::Namespace => self.copies[member].namespace.as_deref(),
                GroupBy::Label(key) => found.labels.get(key).map(|value| value.as_str()),
            };
            text.unwrap_or(none).to_owned()
        };
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for (member, copies) in self.copies.iter().enumerate() {
            for cluster in &copies.clusters {
                names.entry(name_of(member, *cluster)).or_default();
            }
        }
        for (at, index) in names.values_mut().enumerate() {
            *index = at;
        }
        let list = names.keys().cloned().collect();
        (list, move |member, cluster| names.get(&name_of(member, cluster)).copied())
    }

    /// The groups, and the starts of each by minute.
    pub(super) fn starts_by_name(&self) -> (Vec<String>, Vec<Vec<u32>>) {
        let (names, group) = self.groups();
        let sums = self.timeline.starts_by_group(&self.copies, names.len(), group);
        (names, sums)
    }

    /// A row for each group, equal ones folded; `cells` of them lie in a day.
    pub(super) fn strips(&self, cells: usize) -> Vec<Strip> {
        let clocks = self.clocks();
        let cell = |minute: usize| clocks[minute].0 as usize * cells / DAY_MINUTES;
        if self.by_weekday {
            return self.weekday_strips(cells, &clocks);
        }
        let (names, sums) = self.starts_by_name();
        let strips = names.into_iter().zip(sums);
        let strips = strips.map(|(name, sums)| Strip::of(name, sums.iter().map(|sum| u64::from(*sum)), cells, &cell));
        Strip::fold(strips.collect())
    }

    /// A row for each day of the week, from Monday on.
    fn weekday_strips(&self, cells: usize, clocks: &[(u16, u8)]) -> Vec<Strip> {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let all = self.starts();
        let cell = |minute: usize| clocks[minute].0 as usize * cells / DAY_MINUTES;
        let days = [1, 2, 3, 4, 5, 6, 0].into_iter().filter(|day| clocks.iter().any(|(_, other)| other == day));
        let strip = |day: u8| {
            let sums = all.iter().zip(clocks).map(|(sum, (_, other))| if *other == day { *sum } else { 0 });
            Strip::of(NAMES[usize::from(day)].to_owned(), sums, cells, &cell)
        };
        days.map(strip).collect()
    }

    /// The row of all clusters.
    pub(super) fn total_strip(&self, cells: usize) -> Strip {
        let clocks = self.clocks();
        let cell = |minute: usize| clocks[minute].0 as usize * cells / DAY_MINUTES;
        Strip::of("all clusters".to_owned(), self.starts().into_iter(), cells, &cell)
    }

    /// Starts by minute of the hour.
    pub(super) fn by_minute_of_hour(&self) -> [u64; 60] {
        let clocks = self.clocks();
        let mut sums = [0; 60];
        for (sum, (of_day, _)) in self.starts().iter().zip(clocks) {
            sums[usize::from(of_day) % 60] += sum;
        }
        sums
    }

    /// What starts in a minute: by cluster, by schedule and by task, greater counts first.
    pub(super) fn composition(&self, minute: usize) -> Composition {
        let mut counts = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
        for schedule in self.timeline.starting(minute) {
            for copies in schedule.members.iter().map(|member| &self.copies[*member]) {
                for cluster in &copies.clusters {
                    *counts[0].entry(self.model.clusters[*cluster].name.value.clone()).or_insert(0) += 1;
                }
                *counts[1].entry(schedule.text.clone()).or_insert(0) += copies.clusters.len();
                let task = self.model.units[copies.task].identity.to_string();
                *counts[2].entry(task).or_insert(0) += copies.clusters.len();
            }
        }
        let [clusters, schedules, tasks] = counts.map(|counts: BTreeMap<String, usize>| {
            let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
            counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            counts
        });
        Composition { clusters, schedules, tasks }
    }

    /// `24 hours`, `7 days`, `90 minutes`.
    pub(super) fn length(&self) -> String {
        let minutes = self.timeline.span.end.duration_since(self.timeline.span.start).as_mins();
        let (number, unit) = match minutes {
            minutes if minutes > 1440 && minutes % 1440 == 0 => (minutes / 1440, "day"),
            minutes if minutes % 60 == 0 => (minutes / 60, "hour"),
            minutes => (minutes, "minute"),
        };
        crate::report::table::count(usize::try_from(number).unwrap_or(0), unit)
    }
}

/// What starts in a minute, with counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Composition {
    pub(super) clusters: Vec<(String, usize)>,
    pub(super) schedules: Vec<(String, usize)>,
    pub(super) tasks: Vec<(String, usize)>,
}
