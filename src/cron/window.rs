//! Cuts weekly windows out of a schedule, where one expression can say what is left exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::hash::HashedExpression;
use super::pattern::{DAY_MINUTES, DayTimes, Pattern, PatternDays, full, set_text};
use super::{CronField, Expression, Inexact, Zone};

const WEEK_MINUTES: i64 = 7 * DAY_MINUTES as i64;

/// A span of the week in which nothing may start, half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days of the week on which it begins, Sunday is bit 0.
    pub weekdays: u8,
    /// The minute of the day at which it begins.
    pub from: u32,
    /// The minute of the day at which it ends, at most 1440; on the next day if not after `from`.
    pub to: u32,
    /// The zone of its times, if it is not that of the schedule.
    pub zone: Option<Zone>,
}

/// What is left of a schedule without its windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The expression, or why there is none.
    pub result: Result<String, Inexact>,
    /// The distances in minutes from the zones of the windows to that of the schedule at its runs; empty if the windows
    /// are of the same zone.
    pub differences: BTreeSet<Vec<i32>>,
    /// What is left by each distance, where they do not agree.
    pub by_difference: Vec<(Vec<i32>, Result<String, Inexact>)>,
    /// What is left if the windows are cut out by all distances, where the distances do not agree.
    pub covering: Option<String>,
}

/// The next windows with edges on whole hours that can be cut, and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The windows.
    pub windows: Vec<Window>,
    /// What they leave.
    pub expression: String,
}

impl Window {
    /// Whether it covers the whole of its days.
    fn end(&self) -> u32 {
        if self.to > self.from { self.to } else { self.to + DAY_MINUTES }
    }

    fn block(&self, difference: i32, blocked: &mut [DayTimes; 7]) {
        for weekday in (0..7u32).filter(|weekday| self.weekdays >> weekday & 1 == 1) {
            for minute in self.from..self.end() {
                let of_week = i64::from(weekday * DAY_MINUTES + minute) + i64::from(difference);
                let of_week = of_week.rem_euclid(WEEK_MINUTES);
                let day = of_week / i64::from(DAY_MINUTES);
                blocked[day as usize].insert((of_week % i64::from(DAY_MINUTES)) as u32);
            }
        }
    }

    /// The edges moved to whole hours; `None` if that leaves nothing of it.
    fn to_whole_hours(&self, outwards: bool) -> Option<Window> {
        let (from, end) = match outwards {
            true => (self.from / 60 * 60, self.end().div_ceil(60) * 60),
            false => (self.from.div_ceil(60) * 60, self.end() / 60 * 60),
        };
        if from >= end || from >= DAY_MINUTES || end - from > DAY_MINUTES {
            return None;
        }
        let to = if end > DAY_MINUTES { end - DAY_MINUTES } else { end };
        Some(Window { from, to, ..self.clone() })
    }
}

/// The minutes of the week that windows block; one distance for each window.
fn block(windows: &[Window], differences: &[i32]) -> [DayTimes; 7] {
    let mut blocked = [DayTimes::default(); 7];
    for (index, window) in windows.iter().enumerate() {
        window.block(differences.get(index).copied().unwrap_or(0), &mut blocked);
    }
    blocked
}

impl Expression {
    /// What is left of this schedule in a zone without the windows; `span` is where distances between zones are looked
    /// for.
    pub fn cut(&self, windows: &[Window], zone: &Zone, span: Range<Timestamp>) -> Cut {
        let Some(pattern) = Pattern::of_expression(self) else { return Cut::failed(Inexact::Every) };
        if !self.fires() {
            return Cut::failed(Inexact::NeverRuns);
        }
        let differences = self.differences(windows, zone, span);
        let cut = cut_all(&pattern, windows, differences);
        match cut.result {
            // Nothing was cut out: an `@` name stays one.
            Ok(ref text) if *text == pattern.text() => Cut { result: Ok(self.text().to_owned()), ..cut },
            _ => cut,
        }
    }

    /// The nearest windows with edges on whole hours that can be cut: wider ones, and narrower ones.
    pub fn nearest_windows(&self, windows: &[Window]) -> [Option<Nearest>; 2] {
        [true, false].map(|outwards| {
            let moved: Vec<Window> =
                windows.iter().map(|window| window.to_whole_hours(outwards)).collect::<Option<_>>()?;
            let pattern = Pattern::of_expression(self)?;
            let expression = cut_one(&pattern, &block(&moved, &[])).ok()?;
            Some(Nearest { windows: moved, expression })
        })
    }

    /// The expressions that together run at what is left without the windows, all of the schedule's own zone, sorted.
    /// Empty if cron cannot say that either.
    pub fn split(&self, windows: &[Window]) -> Vec<String> {
        let Some(pattern) = Pattern::of_expression(self) else { return Vec::new() };
        if !matches!(pattern.days(), PatternDays::All | PatternDays::OfWeek) {
            return Vec::new();
        }
        let kept = kept_times(&pattern, &block(windows, &[]));
        let mut groups: BTreeMap<DayTimes, u64> = BTreeMap::new();
        for (weekday, times) in kept.into_iter().filter(|(_, times)| !times.is_empty()) {
            *groups.entry(times).or_default() |= 1 << weekday;
        }
        let mut parts = Vec::new();
        for (times, weekdays) in groups {
            for (minutes, hours) in times.products() {
                let minute = pattern.minute.with_bits(minutes);
                let part = Pattern { minute, hour: pattern.hour.with_bits(hours), ..pattern.clone() };
                parts.push(on_weekdays(part, weekdays).text());
            }
        }
        parts.sort();
        parts
    }

    /// The first minute of an offset, below `window_minutes`, with which some run would start in a window; the zone is
    /// that of the schedule.
    pub fn first_blocked_offset(
        &self,
        windows: &[Window],
        zone: &Zone,
        span: Range<Timestamp>,
        window_minutes: u32,
    ) -> Option<u32> {
        let pattern = Pattern::of_expression(self)?;
        let blocked: Vec<[DayTimes; 7]> =
            self.differences(windows, zone, span).iter().map(|differences| block(windows, differences)).collect();
        let weekdays: Vec<u32> = pattern.weekdays().collect();
        let times: Vec<u32> = pattern.times().minutes().collect();
        (0..window_minutes).find(|offset| {
            weekdays.iter().any(|weekday| {
                times.iter().any(|minute| {
                    let moved = minute + offset;
                    let day = ((weekday + moved / DAY_MINUTES) % 7) as usize;
                    blocked.iter().any(|blocked| blocked[day].has(moved % DAY_MINUTES))
                })
            })
        })
    }

    /// The distances between the zones at the runs of the schedule: the offset of a run may change only where either
    /// zone sets its clocks, so one run between two changes is enough.
    fn differences(&self, windows: &[Window], zone: &Zone, span: Range<Timestamp>) -> BTreeSet<Vec<i32>> {
        let others: Vec<&Zone> = windows.iter().map(|window| window.zone.as_ref().unwrap_or(zone)).collect();
        let at = |instant: Timestamp| -> Vec<i32> {
            others.iter().map(|other| (zone.offset(instant) - other.offset(instant)) / 60).collect()
        };
        let mut edges: BTreeSet<Timestamp> = BTreeSet::from([span.start, span.end]);
        for zone in others.iter().copied().chain([zone]) {
            edges.extend(zone.transitions(span.clone()).map(|transition| transition.at));
        }
        let edges: Vec<Timestamp> = edges.into_iter().collect();
        let mut found = BTreeSet::new();
        for pair in edges.windows(2) {
            let before = pair[0].checked_sub(SignedDuration::from_secs(1)).unwrap_or(pair[0]);
            if self.next(before, zone).is_some_and(|run| run < pair[1]) {
                found.insert(at(pair[0]));
            }
        }
        // A schedule without a run in the span: 29 February.
        if found.is_empty() {
            found.insert(at(span.start));
        }
        found
    }
}

impl HashedExpression {
    /// What is left of this schedule without the windows, `H` still in it: no expansion may fall into a window.
    pub fn cut(&self, windows: &[Window], zone: &Zone, span: Range<Timestamp>) -> Cut {
        let widest = Expression::parse(&self.widest()).ok();
        let (Some(pattern), Some(widest)) = (Pattern::of_hashed(self), widest) else {
            return Cut::failed(Inexact::NeverRuns);
        };
        let differences = widest.differences(windows, zone, span);
        cut_all(&pattern, windows, differences)
    }

    /// The longest range for the only `H` of the minute or the hour with which no expansion starts in a window of the
    /// schedule's own zone, as a whole expression.
    pub fn narrowed(&self, windows: &[Window]) -> Option<String> {
        let blocked = block(windows, &[]);
        let pattern = Pattern::of_hashed(self)?;
        let mut found: Option<(u32, String)> = None;
        for unit in [CronField::Minute, CronField::Hour] {
            let field = self.fields().iter().find(|field| field.unit == unit)?;
            let hashes: Vec<_> = field.hashes().collect();
            let [hash] = hashes.as_slice() else { continue };
            if hash.step.is_some() || field.at != hash.at {
                continue;
            }
            for first in hash.first..=hash.last {
                for last in first + 1..=hash.last {
                    let bits = (first..=last).fold(0, |bits, number| bits | 1 << number);
                    let mut narrowed = pattern.clone();
                    let changed = if unit == CronField::Minute { &mut narrowed.minute } else { &mut narrowed.hour };
                    changed.bits = bits;
                    changed.text = format!("H({first}-{last})");
                    let longer = found.as_ref().is_none_or(|(size, _)| last - first > *size);
                    if longer && let Ok(left) = cut_one(&narrowed, &blocked) {
                        found = Some((last - first, left));
                    }
                }
            }
        }
        found.map(|(_, text)| text)
    }
}

impl Cut {
    fn failed(reason: Inexact) -> Cut {
        Cut { result: Err(reason), differences: BTreeSet::new(), by_difference: Vec::new(), covering: None }
    }
}

impl Pattern {
    /// The days of the week on which it may run.
    fn weekdays(&self) -> impl Iterator<Item = u32> + use<> {
        let bits = if self.days() == PatternDays::OfWeek { self.weekday.bits } else { full(CronField::Weekday) };
        (0..7).filter(move |weekday| bits >> weekday & 1 == 1)
    }
}

fn cut_all(pattern: &Pattern, windows: &[Window], differences: BTreeSet<Vec<i32>>) -> Cut {
    let each: Vec<(Vec<i32>, Result<Pattern, Inexact>)> = differences
        .iter()
        .map(|difference| (difference.clone(), cut_pattern(pattern, &block(windows, difference))))
        .collect();
    let text = |result: &Result<Pattern, Inexact>| result.as_ref().map(Pattern::text).map_err(|reason| *reason);
    let agreed = each.first().map(|(_, first)| text(first));
    let foreign = windows.iter().any(|window| window.zone.is_some());
    match agreed {
        Some(result) if each.iter().all(|(_, other)| text(other) == result) => {
            let differences = if foreign { differences } else { BTreeSet::new() };
            Cut { result, differences, by_difference: Vec::new(), covering: None }
        }
        _ => {
            let all = differences.iter().map(|difference| block(windows, difference));
            let covered = all.fold([DayTimes::default(); 7], |mut covered, blocked| {
                covered.iter_mut().zip(blocked).for_each(|(day, more)| *day = day.union(&more));
                covered
            });
            let by_difference = each.iter().map(|(difference, result)| (difference.clone(), text(result))).collect();
            Cut { result: Err(Inexact::Zones), differences, by_difference, covering: cut_one(pattern, &covered).ok() }
        }
    }
}

fn cut_one(pattern: &Pattern, blocked: &[DayTimes; 7]) -> Result<String, Inexact> {
    cut_pattern(pattern, blocked).map(|pattern| pattern.text())
}

/// What is left on each day of the week on which it may run.
fn kept_times(pattern: &Pattern, blocked: &[DayTimes; 7]) -> Vec<(u32, DayTimes)> {
    let times = pattern.times();
    pattern.weekdays().map(|weekday| (weekday, times.without(&blocked[weekday as usize]))).collect()
}

fn cut_pattern(pattern: &Pattern, blocked: &[DayTimes; 7]) -> Result<Pattern, Inexact> {
    let times = pattern.times();
    let kept = kept_times(pattern, blocked);
    if kept.iter().all(|(_, left)| *left == times) {
        return Ok(pattern.clone());
    }
    if kept.iter().all(|(_, left)| left.is_empty()) {
        return Err(Inexact::NeverRuns);
    }
    let left: BTreeSet<DayTimes> = kept.iter().map(|(_, left)| *left).collect();
    match pattern.days() {
        PatternDays::OfMonth if left.len() > 1 => return Err(Inexact::DayOfMonth),
        PatternDays::Either if left.len() > 1 => return Err(Inexact::BothDays),
        _ => {}
    }
    let mut given = left.iter().filter(|left| !left.is_empty());
    let (Some(one), None) = (given.next(), given.next()) else { return Err(Inexact::DaysDiffer) };
    let mut changed = pattern.with_times(one).ok_or(Inexact::SplitsHour)?;
    let weekdays = kept.iter().filter(|(_, left)| !left.is_empty()).fold(0, |bits, (weekday, _)| bits | 1 << weekday);
    if left.iter().any(DayTimes::is_empty) {
        changed = on_weekdays(changed, weekdays);
    }
    let replaced = |before: &super::pattern::PatternField, after: &super::pattern::PatternField| {
        before.hashed && before.bits != after.bits
    };
    if replaced(&pattern.minute, &changed.minute)
        || replaced(&pattern.hour, &changed.hour)
        || replaced(&pattern.weekday, &changed.weekday)
    {
        return Err(Inexact::Hashed);
    }
    Ok(changed)
}

/// The pattern on some days of the week alone. A full day of the month needs its star then, or either day would do.
fn on_weekdays(mut pattern: Pattern, weekdays: u64) -> Pattern {
    let days = pattern.days();
    let before = if days == PatternDays::OfWeek { pattern.weekday.bits } else { full(CronField::Weekday) };
    if weekdays == before {
        return pattern;
    }
    if days == PatternDays::All {
        pattern.day = pattern.day.with_star();
    }
    if pattern.weekday.bits != weekdays {
        pattern.weekday.text = set_text(CronField::Weekday, weekdays);
        pattern.weekday.bits = weekdays;
        pattern.weekday.star = false;
        pattern.weekday.hashed = false;
    }
    pattern
}
