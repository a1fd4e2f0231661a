//! Parses a schedule: robfig/cron v3.0.1 `parser.go` and `validateScheduleFormat` of Kubernetes' batch validation.

use std::num::IntErrorKind;
use std::ops::Range;

use super::duration;
use super::{CronError, CronField, ExpressionForm, FaultKind, FieldValues, Fields, Item};

/// The names for five fields, and the fields.
pub(super) const NAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

pub(super) fn expression(text: &str) -> Result<ExpressionForm, CronError> {
    let fault = |kind, at| Err(CronError { kind, at });
    if text.is_empty() {
        return fault(FaultKind::Empty, 0..0);
    }
    if let Some(found) = text.find("TZ") {
        return fault(FaultKind::Zone, found..found + 2);
    }
    if text.starts_with('@') {
        return at_name(text);
    }
    let fields = split(text, 0, char::is_whitespace);
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return fault(FaultKind::Count(fields.len()), 0..text.len());
    };
    Ok(ExpressionForm::Fields(Box::new(Fields {
        minute: field(text, minute, CronField::Minute)?,
        hour: field(text, hour, CronField::Hour)?,
        day: field(text, day, CronField::Day)?,
        month: field(text, month, CronField::Month)?,
        weekday: field(text, weekday, CronField::Weekday)?,
    })))
}

fn at_name(text: &str) -> Result<ExpressionForm, CronError> {
    if let Some((_, fields)) = NAMES.iter().find(|(name, _)| *name == text) {
        let mut form = expression(fields)?;
        if let ExpressionForm::Fields(fields) = &mut form {
            for field in [&mut fields.minute, &mut fields.hour, &mut fields.day, &mut fields.month, &mut fields.weekday]
            {
                field.at = 0..0;
                field.items.iter_mut().for_each(|item| item.at = 0..0);
            }
        }
        return Ok(form);
    }
    let Some(duration) = text.strip_prefix("@every ") else {
        return Err(CronError { kind: FaultKind::Name, at: 0..text.len() });
    };
    match duration::nanoseconds(duration) {
        // As robfig's `Every`: less than a second is one second, and parts of a second are dropped.
        Some(nanoseconds) => Ok(ExpressionForm::Every(u64::try_from(nanoseconds / 1_000_000_000).unwrap_or(0).max(1))),
        None => Err(CronError { kind: FaultKind::Duration, at: text.len() - duration.len()..text.len() }),
    }
}

/// The parts between separators, empty ones dropped, as bytes of the whole text; `from` is where `text` begins there.
pub(super) fn split(text: &str, from: usize, separator: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (separator(c), start) {
            (true, Some(begun)) => {
                parts.push(from + begun..from + at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    parts.extend(start.map(|begun| from + begun..from + text.len()));
    parts
}

fn field(text: &str, at: &Range<usize>, unit: CronField) -> Result<FieldValues, CronError> {
    let mut field = FieldValues { unit, items: Vec::new(), bits: 0, star: false, at: at.clone() };
    for part in split(&text[at.clone()], at.start, |c| c == ',') {
        let item = item(&text[part.clone()], part, unit)?;
        field.bits |= bits(&item);
        field.star |= item.any && item.step == 1;
        field.items.push(item);
    }
    Ok(field)
}

/// The numbers of an item, as bits.
pub(super) fn bits(item: &Item) -> u64 {
    let mut bits = 0;
    let mut number = u64::from(item.start);
    while number <= u64::from(item.end) {
        bits |= 1 << number;
        number = number.saturating_add(item.step);
    }
    bits
}

/// robfig's `getRange`.
pub(super) fn item(text: &str, at: Range<usize>, unit: CronField) -> Result<Item, CronError> {
    let fault = |kind| Err(CronError { kind, at: at.clone() });
    let (low, high) = unit.bounds();
    let mut slashes = text.split('/');
    let range = slashes.next().unwrap_or_default();
    let step = slashes.next();
    if slashes.next().is_some() {
        return fault(FaultKind::Slashes(unit));
    }
    let pieces: Vec<&str> = range.split('-').collect();
    let any = matches!(pieces[0], "*" | "?");
    let number = |piece: &str| number_or_name(piece, unit).map_err(|kind| CronError { kind, at: at.clone() });
    let (start, mut end) = match pieces.as_slice() {
        _ if any => (u64::from(low), u64::from(high)),
        [one] => {
            let one = number(one)?;
            (one, one)
        }
        [start, end] => (number(start)?, number(end)?),
        _ => return fault(FaultKind::Hyphens(unit)),
    };
    let step = match step {
        None => 1,
        Some(step) => {
            if pieces.len() == 1 {
                end = u64::from(high);
            }
            self::number(step, unit).map_err(|kind| CronError { kind, at: at.clone() })?
        }
    };
    let within = |number: u64| u32::try_from(number).ok().filter(|number| (low..=high).contains(number));
    match (within(start), within(end)) {
        (None, _) => fault(FaultKind::Bounds(unit, start)),
        (_, None) => fault(FaultKind::Bounds(unit, end)),
        (Some(start), Some(end)) if start > end => fault(FaultKind::Backwards(unit, start, end)),
        _ if step == 0 => fault(FaultKind::StepZero(unit)),
        (Some(start), Some(end)) => Ok(Item { any, start, end, step, at }),
    }
}

fn number_or_name(text: &str, unit: CronField) -> Result<u64, FaultKind> {
    // Go lowers letter by letter: `\u{130}` becomes `i`, where Rust makes two characters of it.
    let lowered: String = text.chars().filter_map(|c| c.to_lowercase().next()).collect();
    match unit.names().iter().position(|name| *name == lowered) {
        Some(position) => Ok(u64::from(unit.bounds().0) + position as u64),
        None => number(text, unit),
    }
}

/// Go's `strconv.Atoi`, negative numbers refused.
fn number(text: &str, unit: CronField) -> Result<u64, FaultKind> {
    match text.parse::<i64>() {
        Ok(number) => u64::try_from(number).map_err(|_| FaultKind::Negative(unit)),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(FaultKind::Bounds(unit, u64::MAX)),
        Err(_) => Err(FaultKind::Number(unit)),
    }
}
