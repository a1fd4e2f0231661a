//! A schedule as people say it: a cron expression, or one of the periods of the format. It checks neither.
//!
//! The one idea: only the form is known here; what is wrong with a time or a step the compiler says, at the text of the
//! file that would be written.

use super::super::hand::Hand;
use super::super::outcome::Failure;

/// When.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// An expression.
    Cron(String),
    /// `every`
    Every(String),
    /// `hourly`, at a minute.
    Hourly(u32),
    /// `daily`, at a time.
    Daily(String),
    /// `weekly`, on days and at a time.
    Weekly(Vec<String>, String),
    /// `monthly`, on days and at a time.
    Monthly(Vec<String>, String),
}

/// The days as the format writes them.
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Period {
    /// Reads what was said.
    pub(super) fn read(said: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = said.split_whitespace().collect();
        let time = |time: &str| time.to_owned();
        Ok(match words.as_slice() {
            [] => return Err(Failure::Run("the schedule is empty".to_owned())),
            ["every", every] => Self::Every((*every).to_owned()),
            ["hourly"] => Self::Hourly(0),
            ["hourly", minute] => {
                let minute = minute.trim_start_matches(':').parse().map_err(|_| form(said, "hourly 10"))?;
                Self::Hourly(minute)
            }
            ["daily", at] => Self::Daily(time(at)),
            ["weekly", days, at] => Self::Weekly(days.split(',').map(day).collect(), time(at)),
            ["monthly", days, at] => {
                let days: Vec<String> = days.split(',').map(str::to_owned).collect();
                if days.iter().any(|day| day.parse::<u32>().is_err()) {
                    return Err(form(said, "monthly 1,15 03:00"));
                }
                Self::Monthly(days, time(at))
            }
            ["every", ..] => return Err(form(said, "every 15m")),
            ["hourly", ..] => return Err(form(said, "hourly 10")),
            ["daily", ..] => return Err(form(said, "daily 03:00")),
            ["weekly", ..] => return Err(form(said, "weekly mon,thu 03:00")),
            ["monthly", ..] => return Err(form(said, "monthly 1,15 03:00")),
            _ => Self::Cron(said.to_owned()),
        })
    }

    /// As it stands in a file.
    pub(super) fn hand(&self, zone: Option<&str>) -> Hand {
        let quoted = |text: &String| Hand::Quoted(text.clone());
        let at = |at: &String| ("at".to_owned(), quoted(at));
        let (key, value) = match self {
            Self::Cron(text) if zone.is_none() => return quoted(text),
            Self::Cron(text) => ("cron", quoted(text)),
            Self::Every(every) => ("every", Hand::text(every)),
            Self::Hourly(minute) => ("hourly", Hand::Map(vec![("minute".to_owned(), Hand::Bare(minute.to_string()))])),
            Self::Daily(time) => ("daily", Hand::Map(vec![at(time)])),
            Self::Weekly(days, time) => ("weekly", Hand::Map(vec![("on".to_owned(), Hand::texts(days)), at(time)])),
            Self::Monthly(days, time) => {
                let days = days.iter().map(|day| Hand::Bare(day.clone())).collect();
                ("monthly", Hand::Map(vec![("on".to_owned(), Hand::List(days)), at(time)]))
            }
        };
        let mut members = vec![(key.to_owned(), value)];
        members.extend(zone.map(|zone| ("timeZone".to_owned(), Hand::text(zone))));
        Hand::Open(members)
    }
}

/// Their whole names.
const WHOLE: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A day with its capital letter; what is no day stays, and is refused where it is read.
fn day(said: &str) -> String {
    let known =
        DAYS.iter().zip(WHOLE).find(|(day, whole)| [*day, whole].iter().any(|name| name.eq_ignore_ascii_case(said)));
    let known = known.map(|(day, _)| day);
    known.map_or_else(|| said.to_owned(), |day| (*day).to_owned())
}

fn form(said: &str, example: &str) -> Failure {
    Failure::Run(format!("`{said}` is no schedule: write it as `{example}`, or as a cron expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_whole_word() {
        for (said, wanted) in
            [("mon", "Mon"), ("SUNDAY", "Sun"), ("mon-fri", "mon-fri"), ("month", "month"), ("Su", "Su")]
        {
            assert_eq!(day(said), wanted, "{said}");
        }
    }

    #[test]
    fn periods_and_expressions_are_told_apart() {
        let days = || vec!["Mon".to_owned(), "Thu".to_owned()];
        for (said, period) in [
            ("0 3 * * *", Period::Cron("0 3 * * *".to_owned())),
            ("@daily", Period::Cron("@daily".to_owned())),
            ("every 15m", Period::Every("15m".to_owned())),
            ("hourly", Period::Hourly(0)),
            ("hourly :10", Period::Hourly(10)),
            ("daily 03:00", Period::Daily("03:00".to_owned())),
            ("weekly monday,thu 03:00", Period::Weekly(days(), "03:00".to_owned())),
            ("monthly 1,15 03:00", Period::Monthly(vec!["1".to_owned(), "15".to_owned()], "03:00".to_owned())),
        ] {
            assert_eq!(Period::read(said).unwrap(), period, "{said}");
        }
        for said in ["", "every", "hourly ten", "daily", "weekly mon", "monthly first 03:00", "daily 3 4"] {
            assert!(Period::read(said).is_err(), "{said}");
        }
    }
}
