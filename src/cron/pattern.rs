//! Five fields as sets of numbers with their text, so that a field can be replaced and the others kept byte for byte;
//! and the times of a day as a set.

use super::hash::HashedExpression;
use super::parse::NAMES;
use super::{CronField, Expression, ExpressionForm, FieldValues};

pub(super) const DAY_MINUTES: u32 = 24 * 60;

/// A field of a [`Pattern`].
#[derive(Clone, Debug)]
pub(super) struct PatternField {
    pub(super) unit: CronField,
    pub(super) text: String,
    /// Bit n is set if n is in the set, or may be after `H` was expanded.
    pub(super) bits: u64,
    pub(super) star: bool,
    /// Whether an `H` stands in it: then it cannot be replaced by a set.
    pub(super) hashed: bool,
}

/// The five fields of a schedule.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) minute: PatternField,
    pub(super) hour: PatternField,
    pub(super) day: PatternField,
    pub(super) month: PatternField,
    pub(super) weekday: PatternField,
}

/// On which days a pattern runs, within its months. robfig's `dayMatches` needs both day fields if one has a star; a
/// field with a star is full, so the other decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternDays {
    All,
    OfMonth,
    OfWeek,
    Either,
}

/// Times of a day, as one mask of minutes for each hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayTimes {
    pub(super) hours: [u64; 24],
}

/// All numbers of a field, as bits.
pub(super) fn full(unit: CronField) -> u64 {
    let (low, high) = unit.bounds();
    (low..=high).fold(0, |bits, number| bits | 1 << number)
}

impl PatternField {
    fn plain(text: &str, field: &FieldValues) -> PatternField {
        let text = text.get(field.at.clone()).unwrap_or_default().to_owned();
        PatternField { unit: field.unit, text, bits: field.bits, star: field.star, hashed: false }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bits == full(self.unit)
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let (low, high) = self.unit.bounds();
        let bits = self.bits;
        (low..=high).filter(move |number| bits >> number & 1 == 1)
    }

    /// The set replaced, and the text with it; a set that is the same keeps the text.
    pub(super) fn with_bits(&self, bits: u64) -> PatternField {
        if bits == self.bits {
            return self.clone();
        }
        let text = set_text(self.unit, bits);
        PatternField { unit: self.unit, star: text == "*", text, bits, hashed: false }
    }

    /// The field with every number and the star bit; one that has it keeps its text.
    pub(super) fn with_star(&self) -> PatternField {
        if self.star {
            return self.clone();
        }
        PatternField { unit: self.unit, text: "*".to_owned(), bits: full(self.unit), star: true, hashed: false }
    }
}

impl Pattern {
    /// The five fields of a plain expression; an `@` name as those it stands for. `None` for `@every`.
    pub(super) fn of_expression(expression: &Expression) -> Option<Pattern> {
        let text = NAMES.iter().find(|(name, _)| *name == expression.text());
        if let Some((_, text)) = text {
            return Pattern::of_expression(&Expression::parse(text).ok()?);
        }
        let ExpressionForm::Fields(fields) = expression.form() else { return None };
        let field = |field| PatternField::plain(expression.text(), field);
        Some(Pattern {
            minute: field(&fields.minute),
            hour: field(&fields.hour),
            day: field(&fields.day),
            month: field(&fields.month),
            weekday: field(&fields.weekday),
        })
    }

    /// The five fields of a schedule with `H`, each with every number that it may get.
    pub(super) fn of_hashed(hashed: &HashedExpression) -> Option<Pattern> {
        let fields = hashed.fields().iter().map(|field| PatternField {
            unit: field.unit,
            text: hashed.text()[field.at.clone()].to_owned(),
            bits: field.possible(),
            star: field.star(),
            hashed: field.hashes().next().is_some(),
        });
        let [minute, hour, day, month, weekday] = fields.collect::<Vec<_>>().try_into().ok()?;
        Some(Pattern { minute, hour, day, month, weekday })
    }

    pub(super) fn text(&self) -> String {
        let fields = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        fields.map(|field| field.text.as_str()).join(" ")
    }

    /// Which of its day fields decides.
    pub(super) fn days(&self) -> PatternDays {
        let (day, weekday) = (&self.day, &self.weekday);
        match (day.star, weekday.star) {
            (true, _) if weekday.is_full() => PatternDays::All,
            (true, _) => PatternDays::OfWeek,
            (_, true) if day.is_full() => PatternDays::All,
            (_, true) => PatternDays::OfMonth,
            _ if day.is_full() || weekday.is_full() => PatternDays::All,
            _ if day.bits == 0 => PatternDays::OfWeek,
            _ if weekday.bits == 0 => PatternDays::OfMonth,
            _ => PatternDays::Either,
        }
    }

    pub(super) fn times(&self) -> DayTimes {
        let mut times = DayTimes::default();
        for hour in self.hour.numbers() {
            times.hours[hour as usize] = self.minute.bits;
        }
        times
    }

    /// Minute and hour replaced by the times of a day.
    pub(super) fn with_times(&self, times: &DayTimes) -> Option<Pattern> {
        let (minutes, hours) = times.product()?;
        Some(Pattern { minute: self.minute.with_bits(minutes), hour: self.hour.with_bits(hours), ..self.clone() })
    }
}

impl Expression {
    /// Whether each of its runs is a run of another schedule of the same zone, as far as their fields say so.
    pub fn runs_within(&self, other: &Expression) -> bool {
        let (ExpressionForm::Fields(own), ExpressionForm::Fields(others)) = (self.form(), other.form()) else {
            return self == other;
        };
        let subset = |own: &FieldValues, others: &FieldValues| own.bits & !others.bits == 0;
        let days = (1..=31)
            .all(|day| (0..7).all(|weekday| !own.day_matches(day, weekday) || others.day_matches(day, weekday)));
        days && subset(&own.minute, &others.minute)
            && subset(&own.hour, &others.hour)
            && subset(&own.month, &others.month)
    }
}

impl DayTimes {
    pub(super) fn is_empty(&self) -> bool {
        self.hours.iter().all(|minutes| *minutes == 0)
    }

    pub(super) fn insert(&mut self, minute_of_day: u32) {
        self.hours[(minute_of_day / 60) as usize] |= 1 << (minute_of_day % 60);
    }

    pub(super) fn has(&self, minute_of_day: u32) -> bool {
        self.hours[(minute_of_day / 60) as usize] >> (minute_of_day % 60) & 1 == 1
    }

    pub(super) fn minutes(&self) -> impl Iterator<Item = u32> + use<> {
        let times = *self;
        (0..DAY_MINUTES).filter(move |minute| times.has(*minute))
    }

    pub(super) fn without(&self, other: &DayTimes) -> DayTimes {
        let mut times = *self;
        times.hours.iter_mut().zip(other.hours).for_each(|(minutes, less)| *minutes &= !less);
        times
    }

    pub(super) fn union(&self, other: &DayTimes) -> DayTimes {
        let mut times = *self;
        times.hours.iter_mut().zip(other.hours).for_each(|(minutes, more)| *minutes |= more);
        times
    }

    /// The minutes and the hours whose product the set is; `None` if it is none.
    pub(super) fn product(&self) -> Option<(u64, u64)> {
        let minutes = self.hours.iter().copied().find(|minutes| *minutes != 0)?;
        let mut hours = 0;
        for (hour, found) in self.hours.iter().enumerate() {
            match *found {
                0 => {}
                found if found == minutes => hours |= 1 << hour,
                _ => return None,
            }
        }
        Some((minutes, hours))
    }

    /// The products that make it up together, one for each set of minutes.
    pub(super) fn products(&self) -> Vec<(u64, u64)> {
        let mut parts: Vec<(u64, u64)> = Vec::new();
        for (hour, minutes) in self.hours.iter().enumerate().filter(|(_, minutes)| **minutes != 0) {
            match parts.iter_mut().find(|(known, _)| known == minutes) {
                Some((_, hours)) => *hours |= 1 << hour,
                None => parts.push((*minutes, 1 << hour)),
            }
        }
        parts
    }
}

/// A set of numbers as cron writes it: `*`, `n`, `a-b`, `*/n`, `a-b/n`, else a list of numbers and ranges.
pub(super) fn set_text(unit: CronField, bits: u64) -> String {
    let (low, high) = unit.bounds();
    let numbers: Vec<u32> = (low..=high).filter(|number| bits >> number & 1 == 1).collect();
    let ([first, second, ..], Some(last)) = (numbers.as_slice(), numbers.last()) else {
        return numbers.iter().map(u32::to_string).collect();
    };
    if bits == full(unit) {
        return "*".to_owned();
    }
    let step = second - first;
    if numbers.len() > 2 && numbers.windows(2).all(|pair| pair[1] - pair[0] == step) {
        return match step {
            1 => format!("{first}-{last}"),
            _ if *first == low && last + step > high => format!("*/{step}"),
            _ => format!("{first}-{last}/{step}"),
        };
    }
    list_text(&numbers)
}

fn list_text(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let items: Vec<String> = runs
        .iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    items.join(",")
}
