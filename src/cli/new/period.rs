//! A schedule as a cron expression or a period of the format. Only the form is checked here; the compiler checks the
//! values.

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
        Ok(match words.as_slice() {
            [] => return Err(Failure::Run("the schedule is empty".to_owned())),
            ["every", every] => Self::Every(plain(every)),
            ["hourly"] => Self::Hourly(0),
            ["hourly", minute] => {
                let minute = minute.trim_start_matches(':').parse().map_err(|_| form(said, "hourly 10"))?;
                Self::Hourly(minute)
            }
            ["daily", at] => Self::Daily(time(at)),
            ["weekly", days, at] => Self::Weekly(days.split(',').map(day).collect(), time(at)),
            ["monthly", days, at] => {
                let days: Result<Vec<u32>, _> = days.split(',').map(str::parse).collect();
                let days = days.map_err(|_| form(said, "monthly 1,15 03:00"))?;
                Self::Monthly(days.iter().map(u32::to_string).collect(), time(at))
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

/// A time of day as the format writes it, two digits for the hour; what is none stays, and is refused where it is read.
fn time(said: &str) -> String {
    let parts = said.split_once(':').and_then(|(hour, minute)| Some((number(hour)?, number(minute)?)));
    parts.map_or_else(|| said.to_owned(), |(hour, minute)| format!("{hour:02}:{minute:02}"))
}

/// A number of at most two digits: `007` is refused where it is read.
fn number(said: &str) -> Option<u8> {
    let digits = (1..=2).contains(&said.len()) && said.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| said.parse().ok()).flatten()
}

/// A length of time without zeros in front, which other readers of YAML take for another number.
fn plain(said: &str) -> String {
    let short = said.trim_start_matches('0');
    let begins = short.starts_with(|c: char| c.is_ascii_digit());
    if begins { short.to_owned() } else { said.to_owned() }
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
            ("every 015m", Period::Every("15m".to_owned())),
            ("every 0m", Period::Every("0m".to_owned())),
            ("daily 3:0", Period::Daily("03:00".to_owned())),
            ("daily 3pm", Period::Daily("3pm".to_owned())),
            ("daily 003:00", Period::Daily("003:00".to_owned())),
            ("monthly 010 03:00", Period::Monthly(vec!["10".to_owned()], "03:00".to_owned())),
            ("monthly 1,15 03:00", Period::Monthly(vec!["1".to_owned(), "15".to_owned()], "03:00".to_owned())),
        ] {
            assert_eq!(Period::read(said).unwrap(), period, "{said}");
        }
        for said in ["", "every", "hourly ten", "daily", "weekly mon", "monthly first 03:00", "daily 3 4"] {
            assert!(Period::read(said).is_err(), "{said}");
        }
    }
}
