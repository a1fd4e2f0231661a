//! A CronJob schedule as Kubernetes reads it: robfig/cron v3.0.1 behind `batch/validation`.
//!
//! No clock: the moment is an argument. Errors are values with byte ranges in the expression. An expression is five
//! sets of numbers that remember how they were written.

mod calendar;
mod daylight;
mod duration;
mod exact_shift;
mod fault;
mod hash;
mod inexact;
mod next;
mod odd;
mod pace;
mod parse;
mod pattern;
mod short;
mod window;
mod words;
mod zone;

pub use daylight::Shift;
pub use exact_shift::MAX_STAGGER_MINUTES;
pub use fault::{CronError, FaultKind};
pub use hash::{HashFault, HashFaultKind, HashItem, HashSeed, HashedExpression, HashedField};
pub use inexact::Inexact;
pub use next::Runs;
pub use odd::{Oddity, OddityKind};
pub use short::{Short, short};
pub use window::{Cut, Nearest, Window};
pub use zone::{Transition, Zone, ZoneFault, ZoneFaultKind};

use std::ops::Range;

/// A schedule that Kubernetes accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: String,
    form: ExpressionForm,
}

/// The two ways a schedule can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionForm {
    /// Five fields, or an `@` name that stands for five fields.
    Fields(Box<Fields>),
    /// `@every DURATION`: that many whole seconds after the last run, at least 1; no zone plays a part.
    Every(u64),
}

/// The five fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// 0-59
    pub minute: FieldValues,
    /// 0-23
    pub hour: FieldValues,
    /// Day of the month, 1-31.
    pub day: FieldValues,
    /// 1-12
    pub month: FieldValues,
    /// Day of the week, 0-6, Sunday is 0.
    pub weekday: FieldValues,
}

/// Which of the five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CronField {
    /// 0-59
    Minute,
    /// 0-23
    Hour,
    /// 1-31
    Day,
    /// 1-12, or names.
    Month,
    /// 0-6, or names; Sunday is 0.
    Weekday,
}

/// One field: the numbers it stands for, and how they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldValues {
    /// Which one.
    pub unit: CronField,
    /// The items of its comma list, empty ones dropped; none at all is the empty set.
    pub items: Vec<Item>,
    /// Bit n is set if n is in the set.
    pub bits: u64,
    /// Whether one of its items is a `*` or `?` with a step of 1: then the two day fields must both match.
    pub star: bool,
    /// Its bytes in the expression; empty for an `@` name.
    pub at: Range<usize>,
}

/// One item of a field: `*`, `5`, `1-5`, each perhaps with a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whether it was written `*` or `?`.
    pub any: bool,
    /// The first number.
    pub start: u32,
    /// The last number it may reach: the highest of the field for `a/n`.
    pub end: u32,
    /// The step; 1 if none was written.
    pub step: u64,
    /// Its bytes in the expression; empty for an `@` name.
    pub at: Range<usize>,
}

impl Expression {
    /// Reads a schedule as the API server does.
    ///
    /// # Errors
    /// What the API server would refuse, with the bytes it is about.
    pub fn parse(text: &str) -> Result<Expression, CronError> {
        parse::expression(text).map(|form| Expression { text: text.to_owned(), form })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it runs.
    pub fn form(&self) -> &ExpressionForm {
        &self.form
    }
}

impl CronField {
    /// The five, in the order of an expression.
    pub const ALL: [CronField; 5] =
        [CronField::Minute, CronField::Hour, CronField::Day, CronField::Month, CronField::Weekday];

    /// The lowest and the highest number.
    pub fn bounds(self) -> (u32, u32) {
        match self {
            CronField::Minute => (0, 59),
            CronField::Hour => (0, 23),
            CronField::Day => (1, 31),
            CronField::Month => (1, 12),
            CronField::Weekday => (0, 6),
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            CronField::Minute => "minute",
            CronField::Hour => "hour",
            CronField::Day => "day of the month",
            CronField::Month => "month",
            CronField::Weekday => "day of the week",
        }
    }

    /// The names it may be written with, lower case, from the lowest number on.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            CronField::Month => &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            CronField::Weekday => &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
            _ => &[],
        }
    }
}

impl Fields {
    /// The five, in the order of an expression.
    pub fn all(&self) -> [&FieldValues; 5] {
        [&self.minute, &self.hour, &self.day, &self.month, &self.weekday]
    }
}

impl FieldValues {
    /// Whether the number is in the set.
    pub fn has(&self, number: u32) -> bool {
        number < 64 && self.bits >> number & 1 == 1
    }

    /// The numbers of the set, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let (low, high) = self.unit.bounds();
        (low..=high).filter(|number| self.has(*number))
    }

    /// Whether the set holds every number of the field.
    pub fn full(&self) -> bool {
        let (low, high) = self.unit.bounds();
        (low..=high).all(|number| self.has(number))
    }
}
