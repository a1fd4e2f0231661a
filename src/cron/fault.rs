//! Explains why a schedule is invalid and what to write instead.
//!
//! Guesses what was meant from the syntax of Quartz, Jenkins, systemd, Vixie cron and crontabs.

use std::fmt;
use std::ops::Range;

use super::parse::NAMES;
use super::short::{Short, short};
use super::{CronField, Expression, Zone};

/// Why a schedule is refused, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronError {
    /// Why.
    pub kind: FaultKind,
    /// The bytes of the expression that it is about; all of it where no part is to blame.
    pub at: Range<usize>,
}

/// Why a schedule is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// There is nothing.
    Empty,
    /// `TZ=` or `CRON_TZ=`, or only the letters: Kubernetes wants the zone in `timeZone`.
    Zone,
    /// An `@` name that does not exist.
    Name,
    /// `@every` with something that is no Go duration.
    Duration,
    /// Not five fields, but so many.
    Count(usize),
    /// Something that is neither a number nor a name of this field.
    Number(CronField),
    /// A number with a minus sign.
    Negative(CronField),
    /// A number above or below what the field takes.
    Bounds(CronField, u64),
    /// A range whose end comes before its start.
    Backwards(CronField, u32, u32),
    /// A step of 0.
    StepZero(CronField),
    /// `1-2-3`
    Hyphens(CronField),
    /// `*/2/3`
    Slashes(CronField),
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::Empty => f.write_str("the schedule is empty"),
            FaultKind::Zone => f.write_str("a schedule may not hold `TZ`: Kubernetes takes the zone from `timeZone`"),
            FaultKind::Name => f.write_str("Kubernetes knows no schedule of this name"),
            FaultKind::Duration => f.write_str("this is no duration such as `90m` or `1h30m`"),
            FaultKind::Count(count) => write!(f, "a schedule has 5 fields, this has {count}"),
            FaultKind::Number(unit) if unit.names().is_empty() => {
                write!(f, "the {} is not a number", unit.name())
            }
            FaultKind::Number(unit) => {
                let names = unit.names();
                let (first, last) = (names[0], names[names.len() - 1]);
                write!(f, "the {} is neither a number nor a name from `{first}` to `{last}`", unit.name())
            }
            FaultKind::Negative(unit) => write!(f, "the {} has a negative number", unit.name()),
            FaultKind::Bounds(unit, u64::MAX) => write!(f, "the {} is too large a number", unit.name()),
            FaultKind::Bounds(unit, number) => {
                let (low, high) = unit.bounds();
                write!(f, "{number} is no {}: it goes from {low} to {high}", unit.name())
            }
            FaultKind::Backwards(unit, start, end) => {
                write!(f, "the range of the {} ends at {end}, before its start at {start}", unit.name())
            }
            FaultKind::StepZero(unit) => write!(f, "the step of the {} is 0", unit.name()),
            FaultKind::Hyphens(unit) => write!(f, "a range of the {} has more than two ends", unit.name()),
            FaultKind::Slashes(unit) => write!(f, "an item of the {} has more than one step", unit.name()),
        }
    }
}

impl std::error::Error for CronError {}

impl CronError {
    /// What to write instead, if we can tell; `text` is the schedule that was refused. What is proposed as a whole
    /// schedule is one that Kubernetes accepts.
    pub fn help(&self, text: &str) -> Option<String> {
        let part = text.get(self.at.clone()).unwrap_or_default();
        match &self.kind {
            FaultKind::Empty => Some("write five fields, such as `0 3 * * *`".to_owned()),
            FaultKind::Zone => zone(text),
            FaultKind::Name => name(text),
            FaultKind::Duration => duration(part),
            FaultKind::Count(_) if short(text).is_some() => short(text)
                .map(|Short { expression, object }| format!("write `{expression}`, or in a task `schedule: {object}`")),
            FaultKind::Count(count) => fields(text, *count),
            FaultKind::Number(unit) => number(part, *unit),
            FaultKind::Negative(_) if part.contains("/-") => Some("write a step as `*/5`".to_owned()),
            FaultKind::Negative(_) | FaultKind::Hyphens(_) => Some("write a range as `1-5`".to_owned()),
            FaultKind::Bounds(unit, number) => bounds(part, *unit, *number),
            FaultKind::Backwards(unit, start, end) => wrapped(part, *unit, *start, *end),
            FaultKind::StepZero(unit) => {
                let whole = part.split('/').next().filter(|whole| !whole.is_empty())?;
                let hint = if *unit == CronField::Minute { ", or a step such as `*/5`" } else { "" };
                Some(format!("write `{whole}` without the step{hint}"))
            }
            FaultKind::Slashes(_) => {
                let mut pieces = part.split('/');
                Some(format!("write one step, such as `{}/{}`", pieces.next()?, pieces.next()?))
            }
        }
    }
}

/// `TZ=Europe/Berlin 0 3 * * *`, as robfig alone takes it.
fn zone(text: &str) -> Option<String> {
    let written = text.trim_start();
    let zone = written.strip_prefix("CRON_TZ=").or_else(|| written.strip_prefix("TZ="))?;
    let (zone, rest) = zone.split_once(char::is_whitespace).unwrap_or((zone, ""));
    let rest = rest.trim();
    let zone = match Zone::parse(zone) {
        Ok(zone) => Some(zone.deprecated().unwrap_or(zone.name())),
        Err(fault) => fault.nearest,
    };
    let rest = Expression::parse(rest).is_ok().then_some(rest);
    match (zone, rest) {
        (Some(zone), Some(rest)) => Some(format!("write `timeZone: {zone}`, and the schedule `{rest}` alone")),
        (Some(zone), None) => Some(format!("write `timeZone: {zone}`")),
        (None, Some(rest)) => Some(format!("write the schedule `{rest}` alone")),
        (None, None) => None,
    }
}

/// An `@` name in another spelling, or one of other programs.
fn name(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    if Expression::parse(&lower).is_ok() {
        return Some(format!("write `{lower}`"));
    }
    match lower.as_str() {
        "@reboot" | "@startup" => {
            return Some("Kubernetes has no reboot to run after: write a schedule, or use a Job".to_owned());
        }
        "@every" => return Some("write a duration after it, such as `@every 1h30m`".to_owned()),
        "@minutely" | "@every_minute" => return Some("write `* * * * *`".to_owned()),
        "@quarterly" => return Some("write `0 0 1 */3 *`".to_owned()),
        "@semiannually" => return Some("write `0 0 1 */6 *`".to_owned()),
        _ => {}
    }
    if let Some(duration) = lower.strip_prefix("@every") {
        let duration = duration.trim();
        let whole = format!("@every {duration}");
        return if Expression::parse(&whole).is_ok() {
            Some(format!("write `{whole}`"))
        } else {
            self::duration(duration)
        };
    }
    let near = NAMES.iter().map(|(name, _)| (strsim::damerau_levenshtein(&lower, name), *name)).min()?;
    (near.0 <= 2).then(|| format!("write `{}`", near.1))
}

/// A duration in units that Go does not have, or with blanks.
fn duration(text: &str) -> Option<String> {
    let accepted = |text: &str| Expression::parse(&format!("@every {text}")).is_ok();
    let lower: String = text.to_lowercase().split_whitespace().collect();
    if accepted(&lower) {
        return Some(format!("write `{lower}`"));
    }
    let at = lower.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = if at == 0 { return None } else { lower[..at].parse().ok()? };
    let written = match &lower[at..] {
        "d" | "day" | "days" => format!("{}h", number.checked_mul(24)?),
        "w" | "week" | "weeks" => format!("{}h", number.checked_mul(24 * 7)?),
        "hr" | "hrs" | "hour" | "hours" => format!("{number}h"),
        "min" | "mins" | "minute" | "minutes" => format!("{number}m"),
        "sec" | "secs" | "second" | "seconds" => format!("{number}s"),
        _ => return None,
    };
    accepted(&written).then(|| format!("write `{written}`"))
}

/// More or fewer than five fields.
fn fields(text: &str, count: usize) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let accepted = |fields: &[&str]| {
        let text = fields.join(" ");
        Expression::parse(&text).is_ok().then_some(text)
    };
    match count {
        6 => {
            let without_seconds = "Kubernetes has no field for seconds: leave the first out";
            let user = fields[5].chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '/');
            if user && let Some(five) = accepted(&fields[..5]) {
                return Some(format!("a CronJob has its command and its user elsewhere: write `{five}`"));
            }
            // A `?` stands for a day: third or fifth where years come last, fourth or sixth where seconds come first.
            let year = fields[5] == "*" && (fields[2] == "?" || fields[4] == "?")
                || fields[5].contains("20") && fields[5].len() >= 4
                || accepted(&fields[1..]).is_none() && accepted(&fields[..5]).is_some();
            if year {
                let without_year = "Kubernetes has no field for years: leave the last out";
                return Some(match accepted(&fields[..5]) {
                    Some(five) => format!("{without_year}: write `{five}`"),
                    None => without_year.to_owned(),
                });
            }
            match accepted(&fields[1..]) {
                Some(five) => Some(format!("{without_seconds}: write `{five}`")),
                None => Some(without_seconds.to_owned()),
            }
        }
        7 => {
            let without = "Kubernetes has no fields for seconds and years: leave the first and the last out";
            match accepted(&fields[1..6]) {
                Some(five) => Some(format!("{without}: write `{five}`")),
                None => Some(without.to_owned()),
            }
        }
        _ => Some("write minute, hour, day of the month, month and day of the week, such as `0 3 * * *`".to_owned()),
    }
}

/// A word that is none, or a sign of another program's cron.
fn number(part: &str, unit: CronField) -> Option<String> {
    let range = part.split('/').next().unwrap_or_default();
    let mut changed = false;
    let pieces: Vec<String> = range
        .split('-')
        .map(|piece| match meant(piece, unit) {
            Some(name) => {
                changed = true;
                name.to_owned()
            }
            None => piece.to_owned(),
        })
        .collect();
    if changed {
        let step = part.find('/').map_or("", |at| &part[at..]);
        return accepted(&format!("{}{step}", pieces.join("-")), unit);
    }
    let days = matches!(unit, CronField::Day | CronField::Weekday);
    let digits = |c: char| c.is_ascii_digit();
    match part.to_uppercase().trim_end_matches(digits) {
        upper if days && upper.contains('#') => Some(
            "`#` is not in Kubernetes' cron: run on that day of every week, and let the job look at the date"
                .to_owned(),
        ),
        upper if days && upper.trim_start_matches(digits).starts_with('W') || upper == "LW" => Some(
            "`W` is not in Kubernetes' cron: write `1-5` as the day of the week, or one day of the month".to_owned(),
        ),
        upper if unit == CronField::Day && upper.starts_with('L') => {
            Some("`L` is not in Kubernetes' cron: run on `28-31`, and let the job look at the date".to_owned())
        }
        upper if days && upper.trim_start_matches(char::is_alphanumeric).is_empty() && upper.ends_with('L') => Some(
            "`L` is not in Kubernetes' cron: run on that day of every week, and let the job look at the date"
                .to_owned(),
        ),
        upper if upper == "H" || upper.starts_with("H/") || upper.starts_with("H(") => {
            Some("Kubernetes' cron has no `H`; in the schedule of a task fleetcron expands it, in upper case: write `H`, or a number".to_owned())
        }
        upper if upper.contains('~') => Some("`~` is not in Kubernetes' cron: write a number".to_owned()),
        upper if upper.contains("..") => Some("write a range as `1-5`".to_owned()),
        _ => None,
    }
}

/// An item of a field if Kubernetes takes it, else what to write instead of it: `mon-sun` ends before it starts.
fn accepted(item: &str, unit: CronField) -> Option<String> {
    let alone = CronField::ALL.map(|other| if other == unit { item } else { "*" }).join(" ");
    match Expression::parse(&alone) {
        Ok(_) => Some(format!("write `{item}`")),
        // Another piece is no name either: there is nothing to propose, and to ask again could go on for ever.
        Err(CronError { kind: FaultKind::Number(_), .. }) => None,
        Err(fault) => fault.help(&alone),
    }
}

/// The name that a longer or misspelt one stands for: `tues`, `sept`, `monday`.
fn meant(piece: &str, unit: CronField) -> Option<&'static str> {
    let lower = piece.to_lowercase();
    let longer = lower.chars().count() > 3 && lower.chars().all(char::is_alphabetic);
    let names = unit.names();
    if names.contains(&lower.as_str()) {
        return None;
    }
    names.iter().find(|name| longer && lower.starts_with(**name)).copied().or_else(|| {
        let near = |name: &&&str| strsim::damerau_levenshtein(&lower, name) == 1;
        let mut near = names.iter().filter(near);
        let first = near.next().filter(|_| lower.chars().count() >= 3)?;
        near.next().is_none().then_some(*first)
    })
}

fn bounds(part: &str, unit: CronField, number: u64) -> Option<String> {
    match (unit, number) {
        (CronField::Weekday, 7) => Some(match part {
            "7" => "write `0` or `sun`".to_owned(),
            // From a day to Sunday: Sunday is the first day, not the last.
            _ => match part.split_once('-') {
                // Not `*`: beside a day of the month that would be another rule.
                Some(("0" | "1", "7")) => "write `0-6`".to_owned(),
                Some((start @ ("2" | "3" | "4" | "5"), "7")) => format!("write `{start}-6,0`"),
                Some((start, "7")) if start.starts_with(char::is_alphabetic) => format!("write `{start}-sat,sun`"),
                _ => "Sunday is `0` or `sun`".to_owned(),
            },
        }),
        (CronField::Hour, 24) => Some(match part {
            "24" => "write `0`".to_owned(),
            "0-24" | "1-24" => "write `*`".to_owned(),
            _ => "midnight is hour 0".to_owned(),
        }),
        (CronField::Minute, 60) => Some(match part {
            "60" | "*/60" => "write `0`".to_owned(),
            "0-60" | "1-60" => "write `*`".to_owned(),
            _ => "the full hour is minute 0".to_owned(),
        }),
        (CronField::Day | CronField::Month, 0) => Some("write `1` for the first".to_owned()),
        _ => None,
    }
}

/// A range over the end of a field, as two.
fn wrapped(part: &str, unit: CronField, start: u32, end: u32) -> Option<String> {
    if part.contains('/') {
        return Some("write two ranges, one up to the end and one from the start".to_owned());
    }
    let (low, high) = unit.bounds();
    let (written_start, written_end) = part.split_once('-')?;
    // As it was written: names where names were written.
    let spell = |number: u32, like: &str| match like.chars().all(|c| c.is_ascii_digit()) {
        true => number.to_string(),
        false => {
            unit.names().get((number - low) as usize).map_or_else(|| number.to_string(), |name| (*name).to_owned())
        }
    };
    let range = |first: u32, last: u32, like: &str| match first == last {
        true => spell(first, like),
        false => format!("{}-{}", spell(first, like), spell(last, like)),
    };
    Some(format!("write `{},{}`", range(start, high, written_start), range(low, end, written_end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(text: &str) -> Option<String> {
        Expression::parse(text).expect_err(text).help(text)
    }

    fn said(text: &str) -> String {
        Expression::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn every_reason_is_one_sentence() {
        for (text, sentence) in [
            ("", "the schedule is empty"),
            ("TZ=UTC 0 3 * * *", "a schedule may not hold `TZ`: Kubernetes takes the zone from `timeZone`"),
            ("@reboot", "Kubernetes knows no schedule of this name"),
            ("@every 1d", "this is no duration such as `90m` or `1h30m`"),
            ("x", "a schedule has 5 fields, this has 1"),
            ("* * *", "a schedule has 5 fields, this has 3"),
            ("x * * * *", "the minute is not a number"),
            ("* * * x *", "the month is neither a number nor a name from `jan` to `dec`"),
            ("*/-5 * * * *", "the minute has a negative number"),
            ("60 * * * *", "60 is no minute: it goes from 0 to 59"),
            ("* 22-2 * * *", "the range of the hour ends at 2, before its start at 22"),
            ("*/0 * * * *", "the step of the minute is 0"),
            ("1-2-3 * * * *", "a range of the minute has more than two ends"),
            ("*/2/3 * * * *", "an item of the minute has more than one step"),
        ] {
            assert_eq!(said(text), sentence, "{text}");
        }
    }

    #[test]
    fn what_to_write_instead() {
        for (text, instead) in [
            ("0 0 3 * * *", "Kubernetes has no field for seconds: leave the first out: write `0 3 * * *`"),
            ("0 0 0 ? * MON-FRI", "Kubernetes has no field for seconds: leave the first out: write `0 0 ? * MON-FRI`"),
            ("0 0 3 L * ?", "Kubernetes has no field for seconds: leave the first out"),
            ("0 3 * * * root", "a CronJob has its command and its user elsewhere: write `0 3 * * *`"),
            (
                "0 0 12 * * ? *",
                "Kubernetes has no fields for seconds and years: leave the first and the last out: write `0 12 * * ?`",
            ),
            ("0 3", "write minute, hour, day of the month, month and day of the week, such as `0 3 * * *`"),
            ("0 3 * * 7", "write `0` or `sun`"),
            ("0 3 * * 1-7", "write `0-6`"),
            ("0 3 * * 5-7", "write `5-6,0`"),
            ("0 3 * * fri-7", "write `fri-sat,sun`"),
            ("0 3 * * 7-7", "Sunday is `0` or `sun`"),
            ("0 3 * * fri-mon", "write `fri-sat,sun-mon`"),
            ("0 3 * * sat-sun", "write `sat,sun`"),
            ("0 3 * * 5-1", "write `5-6,0-1`"),
            ("0 3 * nov-feb *", "write `nov-dec,jan-feb`"),
            ("0 22-2 * * *", "write `22-23,0-2`"),
            ("0 22-2/2 * * *", "write two ranges, one up to the end and one from the start"),
            ("0 24 * * *", "write `0`"),
            ("0 0-24 * * *", "write `*`"),
            ("60 * * * *", "write `0`"),
            ("0 0 0 * *", "write `1` for the first"),
            ("@reboot", "Kubernetes has no reboot to run after: write a schedule, or use a Job"),
            ("@Daily", "write `@daily`"),
            (" @daily", "write minute, hour, day of the month, month and day of the week, such as `0 3 * * *`"),
            ("@daily ", "write `@daily`"),
            ("@dayly", "write `@daily`"),
            ("@quarterly", "write `0 0 1 */3 *`"),
            ("@every", "write a duration after it, such as `@every 1h30m`"),
            ("@every\t5m", "write `@every 5m`"),
            ("@Every 5m", "write `@every 5m`"),
            ("@every 1d", "write `24h`"),
            ("@every 2 weeks", "write `336h`"),
            ("@every 1h 30m", "write `1h30m`"),
            ("@every 5min", "write `5m`"),
            ("TZ=Europe/Berlin 0 3 * * *", "write `timeZone: Europe/Berlin`, and the schedule `0 3 * * *` alone"),
            ("CRON_TZ=Asia/Tokyo", "write `timeZone: Asia/Tokyo`"),
            ("TZ=europe/berlin @Daily", "write `timeZone: Europe/Berlin`"),
            ("TZ=Local 0 3 * * *", "write the schedule `0 3 * * *` alone"),
            ("TZ= 0 3 * * *", "write the schedule `0 3 * * *` alone"),
            ("*/0 * * * *", "write `*` without the step, or a step such as `*/5`"),
            ("0 */0 * * *", "write `*` without the step"),
            ("*/2/3 * * * *", "write one step, such as `*/2`"),
            ("1-2-3 * * * *", "write a range as `1-5`"),
            ("0 3 * * tues", "write `tue`"),
            ("0 3 * * mon-sunday", "write `mon-sat,sun`"),
            ("0 3 * * Monday-Friday", "write `mon-fri`"),
            ("0 3 * * thr", "write `thu`"),
            ("0 3 * sept *", "write `sep`"),
            ("0 3 * june-sept/2 *", "write `jun-sep/2`"),
            ("0 3 L * *", "`L` is not in Kubernetes' cron: run on `28-31`, and let the job look at the date"),
            (
                "0 3 * * 5L",
                "`L` is not in Kubernetes' cron: run on that day of every week, and let the job look at the date",
            ),
            (
                "0 3 15W * *",
                "`W` is not in Kubernetes' cron: write `1-5` as the day of the week, or one day of the month",
            ),
            (
                "0 3 LW * *",
                "`W` is not in Kubernetes' cron: write `1-5` as the day of the week, or one day of the month",
            ),
            (
                "0 3 * * 2#1",
                "`#` is not in Kubernetes' cron: run on that day of every week, and let the job look at the date",
            ),
            (
                "H 3 * * *",
                "Kubernetes' cron has no `H`; in the schedule of a task fleetcron expands it, in upper case: write `H`, or a number",
            ),
            (
                "H/15 * * * *",
                "Kubernetes' cron has no `H`; in the schedule of a task fleetcron expands it, in upper case: write `H`, or a number",
            ),
            ("0~30 * * * *", "`~` is not in Kubernetes' cron: write a number"),
        ] {
            assert_eq!(help(text).as_deref(), Some(instead), "{text}");
        }
    }

    /// `mar` is one letter from `may`, and both are names: neither stands for the other.
    #[test]
    fn a_right_name_beside_a_wrong_one_is_left_alone() {
        let help = |text: &str| Expression::parse(text).unwrap_err().help(text);
        assert_eq!(help("0 0 1 j??-mar sun"), None);
        assert_eq!(help("0 0 1 june-julyx *").as_deref(), Some("write `jun-jul`"));
        assert_eq!(help("0 0 1 xyz-mar *"), None);
    }

    #[test]
    fn where_nothing_can_be_told_nothing_is_said() {
        for text in ["x * * * *", "0 3 * * TZ", "@foo", "@every now", "99 * * * *", "0 3 * * 1 2 3 4 TZ"] {
            assert_eq!(help(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_proposed_as_a_whole_is_accepted() {
        for text in ["@Daily", "@quarterly", "@semiannually", "@minutely", "@every5m", "0 0 3 * * *", "TZ=UTC @daily"] {
            let help = help(text).unwrap();
            let proposed = help.rsplit('`').nth(1).unwrap();
            assert!(Expression::parse(proposed).is_ok(), "{text}: {proposed}");
        }
    }
}
