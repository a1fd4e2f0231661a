//! Reads what a schedule asks of its starts: hash, stagger, windows.

use super::context::DocumentContext;
use super::wire::{DaySpec, HashBySpec, StaggerSpec, WindowSpec};
use super::{durations, period};
use crate::diag::{Code, Diagnostic};
use crate::model::{HashBy, HashSettings, Stagger, WeeklyWindow, WindowZone};
use crate::tree::{Span, Spanned};

const DAY_MINUTES: u32 = 24 * 60;

/// All days of the week as bits.
pub(super) const EVERY_DAY: u8 = 0x7f;

/// `hash`, or the same fields of `stagger`.
pub(super) fn hash_settings(
    by: Option<HashBySpec>,
    salt: Option<Spanned<String>>,
    context: &mut DocumentContext<'_, '_>,
) -> HashSettings {
    let by = by.map(|by| match by {
        HashBySpec::Cluster => HashBy::Cluster,
        HashBySpec::Task => HashBy::Task,
    });
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let salt = salt.filter(|salt| {
        let fits = salt.len() <= 63 && salt.chars().all(letter);
        if !fits {
            let message = format!("`{}` is not a salt: it has up to 63 letters, digits, `.`, `_` and `-`", **salt);
            context.diags.push(Diagnostic::new(Code::InvalidValue, salt.span, message).help("write `salt: \"2\"`"));
        }
        fits
    });
    HashSettings { by, salt: salt.map(|salt| salt.value).unwrap_or_default() }
}

/// `stagger`; the outer `None` says that it was refused.
pub(super) fn stagger(spec: Option<StaggerSpec>, context: &mut DocumentContext<'_, '_>) -> Option<Option<Stagger>> {
    let Some(spec) = spec else { return Some(None) };
    let hash = hash_settings(spec.by, spec.salt, context);
    let window_minutes = durations::window(&spec.window, (1, DAY_MINUTES), context)?;
    Some(Some(Stagger { window_minutes, hash, span: spec.window.span }))
}

/// `notDuring`.
pub(super) fn windows(list: Vec<Spanned<WindowSpec>>, context: &mut DocumentContext<'_, '_>) -> Vec<WeeklyWindow> {
    list.into_iter().filter_map(|window| weekly(window, context)).collect()
}

/// A weekly window.
pub(super) fn weekly(window: Spanned<WindowSpec>, context: &mut DocumentContext<'_, '_>) -> Option<WeeklyWindow> {
    let span = window.span;
    let WindowSpec { days, from, to, time_zone } = window.value;
    let weekdays = days.map_or(Some(EVERY_DAY), |days| weekdays(&days, context))?;
    let from = from.map_or(Some(0), |from| time_of_day(&from, DAY_MINUTES - 1, context))?;
    let to = to.map_or(Some(DAY_MINUTES), |to| time_of_day(&to, DAY_MINUTES, context))?;
    if from == to {
        let message = "this window ends when it begins";
        context.diags.push(
            Diagnostic::new(Code::InvalidValue, span, message).help("leave out `from` and `to` to mean whole days"),
        );
        return None;
    }
    Some(WeeklyWindow { weekdays, from, to, zone: time_zone.map(|zone| window_zone(&zone)), span })
}

/// The days as bits, Sunday first.
pub(super) fn weekdays(days: &Spanned<Vec<Spanned<DaySpec>>>, context: &mut DocumentContext<'_, '_>) -> Option<u8> {
    if days.is_empty() {
        context.error(Code::InvalidValue, days.span, "name at least one day");
        return None;
    }
    Some(days.iter().fold(0, |bits, day| bits | 1 << period::weekday(day.value)))
}

/// A zone, or `cluster`.
pub(super) fn window_zone(zone: &Spanned<String>) -> WindowZone {
    if **zone == "cluster" { WindowZone::Cluster } else { WindowZone::Name(zone.value.clone()) }
}

/// `HH:MM` in minutes, up to a bound.
fn time_of_day(text: &Spanned<String>, most: u32, context: &mut DocumentContext<'_, '_>) -> Option<u32> {
    if text.value == "24:00" && most == DAY_MINUTES {
        return Some(DAY_MINUTES);
    }
    let (hour, minute) = period::time(text, context)?;
    Some(hour * 60 + minute)
}

/// Reports a zone that does not exist where a window names it.
pub(super) fn refuse_reference(zone: &Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<Span> {
    context.refuses_reference(zone, super::context::IN_ZONE).then_some(zone.span)
}
