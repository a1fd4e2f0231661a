//! Turns the long form of a schedule into a cron expression. A period that cron cannot express exactly is an error that
//! offers the nearest.

use super::context::DocumentContext;
use super::forms::TextOr;
use super::starting;
use super::wire::{DaySpec, ScheduleSpec};
use crate::diag::{Code, Diagnostic, Fix};
use crate::model::{REFUSED_SCHEDULE, ScheduleLayer, TimeZone};
use crate::tree::{Span, Spanned};

/// What a layer says about the schedule.
pub(super) fn schedule(spec: Spanned<TextOr<ScheduleSpec>>, context: &mut DocumentContext<'_, '_>) -> ScheduleLayer {
    let span = spec.span;
    match spec.value {
        TextOr::Text(text) => ScheduleLayer { expression: Some(Spanned::new(text, span)), ..ScheduleLayer::default() },
        TextOr::Object(object) => long_form(object, span, context),
    }
}

fn long_form(spec: ScheduleSpec, span: Span, context: &mut DocumentContext<'_, '_>) -> ScheduleLayer {
    let time_zone = spec.time_zone.map(|said| match said {
        None => Spanned::new(TimeZone::Unset, span),
        Some(name) if *name == "cluster" => Spanned::new(TimeZone::Cluster, name.span),
        Some(name) => {
            let at = name.span;
            Spanned::new(TimeZone::Name(name.value), at)
        }
    });
    let hash = spec.hash.map(|hash| starting::hash_settings(hash.by, hash.salt, context));
    let stagger = spec.stagger.and_then(|stagger| starting::stagger(stagger, context));
    let mut said: Vec<(&str, Span, Option<String>)> = Vec::new();
    if let Some(cron) = spec.cron {
        said.push(("cron", cron.span, Some(cron.value)));
    }
    if let Some(every) = spec.every {
        said.push(("every", every.span, lower_every(&every, context)));
    }
    if let Some(hourly) = spec.hourly {
        let minute = hourly.value.minute.as_ref().map_or(Some(0), |minute| bound(minute, 0, 59, "minute", context));
        let every = hourly.value.every.as_ref().map_or(Some(1), |every| divisor(every, 24, "hours of a day", context));
        let cron = minute.zip(every).map(|(minute, every)| match every {
            1 => format!("{minute} * * * *"),
            24 => format!("{minute} 0 * * *"),
            every => format!("{minute} */{every} * * *"),
        });
        said.push(("hourly", hourly.span, cron));
    }
    if let Some(daily) = spec.daily {
        let cron = time(&daily.value.at, context).map(|(hour, minute)| format!("{minute} {hour} * * *"));
        said.push(("daily", daily.span, cron));
    }
    if let Some(weekly) = spec.weekly {
        let days = days(&weekly.value.on, context, |day, _| Some(weekday(day.value)));
        let cron = time(&weekly.value.at, context).zip(days);
        said.push(("weekly", weekly.span, cron.map(|((hour, minute), days)| format!("{minute} {hour} * * {days}"))));
    }
    if let Some(monthly) = spec.monthly {
        let days = days(&monthly.value.on, context, |day, context| bound(day, 1, 31, "day of the month", context));
        let cron = time(&monthly.value.at, context).zip(days);
        said.push(("monthly", monthly.span, cron.map(|((hour, minute), days)| format!("{minute} {hour} {days} * *"))));
    }
    if let [first, second, ..] = said.as_slice() {
        context.diags.push(
            Diagnostic::new(
                Code::InvalidSchedule,
                second.1,
                format!("this schedule has both `{}` and `{}`", first.0, second.0),
            )
            .other(first.1, format!("`{}` is here", first.0))
            .help("keep one: cron, every, hourly, daily, weekly or monthly"),
        );
    }
    // A period that was refused still is a schedule: that it is missing would be a second word about one mistake.
    let expression = said
        .into_iter()
        .next()
        .map(|(_, span, cron)| Spanned::new(cron.unwrap_or_else(|| REFUSED_SCHEDULE.to_owned()), span));
    ScheduleLayer { expression, time_zone, hash, stagger }
}

fn lower_every(every: &Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<String> {
    let text = every.trim();
    let split = text.len() - text.chars().next_back().map_or(0, char::len_utf8);
    let number = Some(&text[..split]).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|digits| digits.parse::<u32>().ok()).filter(|n| *n > 0);
    let minutes = match (number, &text[split..]) {
        (Some(n), "m") => Some(n),
        (Some(n), "h") => n.checked_mul(60),
        _ => None,
    };
    let diagnostic = |message: String| Diagnostic::new(Code::InvalidSchedule, every.span, message);
    let Some(minutes) = minutes else {
        let message = format!("`{text}` is not a period");
        context.diags.push(diagnostic(message).help("write minutes or hours: `15m`, `6h`"));
        return None;
    };
    match minutes {
        1 => Some("* * * * *".to_owned()),
        60 => Some("0 * * * *".to_owned()),
        1440 => Some("0 0 * * *".to_owned()),
        n if n < 60 && 60 % n == 0 => Some(format!("*/{n} * * * *")),
        n if n.is_multiple_of(60) && 1440 % n == 0 => Some(format!("0 */{} * * *", n / 60)),
        n => {
            let whole = if n < 60 { "an hour" } else { "a day" };
            let message = format!("`{text}` does not divide {whole} evenly");
            let spoken = |n: u32| if n.is_multiple_of(60) { format!("{}h", n / 60) } else { format!("{n}m") };
            let help = offer(n, &PERIODS, spoken);
            context.diags.push(diagnostic(message).help(help));
            None
        }
    }
}

/// The periods that cron can say exactly, in minutes.
const PERIODS: [u32; 19] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440];

/// The nearest of the allowed numbers below and above.
fn offer(n: u32, allowed: &[u32], show: impl Fn(u32) -> String) -> String {
    let below = allowed.iter().rev().find(|a| **a < n);
    let above = allowed.iter().find(|a| **a > n);
    match (below, above) {
        (Some(below), Some(above)) => format!("the nearest are `{}` and `{}`", show(*below), show(*above)),
        (Some(one), None) | (None, Some(one)) => format!("the nearest is `{}`", show(*one)),
        (None, None) => "write minutes or hours: `15m`, `6h`".to_owned(),
    }
}

fn divisor(n: &Spanned<u32>, of: u32, what: &str, context: &mut DocumentContext<'_, '_>) -> Option<u32> {
    if n.value > 0 && of.is_multiple_of(n.value) {
        return Some(n.value);
    }
    let allowed: Vec<u32> = (1..=of).filter(|d| of.is_multiple_of(*d)).collect();
    let message = format!("{} does not divide the {of} {what}", n.value);
    context.diags.push(
        Diagnostic::new(Code::InvalidSchedule, n.span, message).help(offer(n.value, &allowed, |n| n.to_string())),
    );
    None
}

fn bound(n: &Spanned<u32>, low: u32, high: u32, what: &str, context: &mut DocumentContext<'_, '_>) -> Option<u32> {
    if (low..=high).contains(&n.value) {
        return Some(n.value);
    }
    let message = format!("{} is not a {what}: it goes from {low} to {high}", n.value);
    context.error(Code::InvalidSchedule, n.span, message);
    None
}

/// `HH:MM` as (hour, minute).
pub(super) fn time(at: &Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<(u32, u32)> {
    let digits = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |text: &str| digits(text).then(|| text.parse::<u32>().ok()).flatten();
    let read = at.split_once(':').and_then(|(hour, minute)| part(hour).zip(part(minute)));
    match read {
        Some((hour, minute)) if hour < 24 && minute < 60 => Some((hour, minute)),
        _ => {
            let message = format!("`{}` is not a time of day", **at);
            let diagnostic = Diagnostic::new(Code::InvalidSchedule, at.span, message);
            context.diags.push(match meant_time(at) {
                Some((hour, minute)) => diagnostic.fix(Fix::replace(at.span, format!("\"{hour:02}:{minute:02}\""))),
                None => diagnostic.help("write hours and minutes: `\"03:00\"`"),
            });
            None
        }
    }
}

/// Hours and minutes of a time in another spelling: `5pm`, `5:30 PM`, `17h`, `17h30`, `17.30`, `1730`.
fn meant_time(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().to_ascii_lowercase();
    let (time, half) =
        match text.strip_suffix("am").map(|time| (time, 0)).or(text.strip_suffix("pm").map(|time| (time, 12))) {
            Some((time, half)) => (time.trim_end(), Some(half)),
            None => (text.as_str(), None),
        };
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let part = |part: &str| digits(part).then(|| part.parse::<u32>().ok()).flatten();
    let (hour, minute) = match time.split_once([':', '.', 'h']) {
        Some((hour, minute)) => (part(hour)?, if minute.is_empty() { 0 } else { part(minute)? }),
        None if time.len() == 4 && half.is_none() && time.is_ascii() => (part(&time[..2])?, part(&time[2..])?),
        None => (part(time)?, half.map(|_| 0)?),
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// Days as a sorted list without repetitions; an empty list is an error.
fn days<T>(
    on: &Spanned<Vec<Spanned<T>>>,
    context: &mut DocumentContext<'_, '_>,
    number: impl Fn(&Spanned<T>, &mut DocumentContext<'_, '_>) -> Option<u32>,
) -> Option<String> {
    if on.is_empty() {
        context.error(Code::InvalidSchedule, on.span, "name at least one day");
        return None;
    }
    let mut numbers = Vec::new();
    for day in on.iter() {
        numbers.push(number(day, context)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(","))
}

/// The number of a day of the week in cron.
pub(super) fn weekday(day: DaySpec) -> u32 {
    match day {
        DaySpec::Sun => 0,
        DaySpec::Mon => 1,
        DaySpec::Tue => 2,
        DaySpec::Wed => 3,
        DaySpec::Thu => 4,
        DaySpec::Fri => 5,
        DaySpec::Sat => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::meant_time;

    #[test]
    fn times_in_other_spellings_are_understood() {
        for (text, meant) in [
            ("5pm", Some((17, 0))),
            ("5:30 PM", Some((17, 30))),
            ("12am", Some((0, 0))),
            ("12pm", Some((12, 0))),
            ("17h", Some((17, 0))),
            ("17h30", Some((17, 30))),
            ("17.30", Some((17, 30))),
            ("1730", Some((17, 30))),
            ("13pm", None),
            ("0am", None),
            ("25:00", None),
            ("noon", None),
            ("5", None),
        ] {
            assert_eq!(meant_time(text), meant, "{text}");
        }
    }
}
