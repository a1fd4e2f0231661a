//! Describes a schedule in English.
//!
//! The sets are described, not the text, and every phrase has one meaning, so a reader (a test does it) gets the sets
//! back from the sentence.

mod days;
mod lists;
mod time;

use super::calendar::joined;
use super::{Expression, ExpressionForm, Fields};

impl Expression {
    /// When it runs, as a sentence without a full stop: "at 03:00 on Monday and Thursday", or "never: " and why.
    ///
    /// Times are local times of the schedule's zone. The text is ASCII and begins in lower case.
    pub fn words(&self) -> String {
        match &self.form {
            ExpressionForm::Every(seconds) => format!("every {}, counted from the last run", delay(*seconds)),
            ExpressionForm::Fields(fields) => sentence(fields).unwrap_or_else(|why| format!("never: {why}")),
        }
    }
}

/// The sentence, or why there is no run.
fn sentence(fields: &Fields) -> Result<String, String> {
    for (field, name) in [(&fields.minute, "minutes"), (&fields.hour, "hours")] {
        if field.bits == 0 {
            return Err(format!("the field for {name} is empty"));
        }
    }
    let date = days::Date::of(fields)?;
    Ok(date.after(time::Times::of(fields.minute.bits, fields.hour.bits)))
}

/// "1 hour and 30 minutes"; alone, one of a unit needs no number. There are no days: those are not always 24 hours.
fn delay(seconds: u64) -> String {
    let parts: Vec<(u64, &str)> = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect();
    match parts.as_slice() {
        [(1, unit)] => (*unit).to_owned(),
        parts => {
            let plural = |count: u64| if count == 1 { "" } else { "s" };
            let parts = parts.iter().map(|(count, unit)| format!("{count} {unit}{}", plural(*count)));
            joined(&parts.collect::<Vec<_>>(), "and")
        }
    }
}
