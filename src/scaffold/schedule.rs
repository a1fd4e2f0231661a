//! A schedule as a cron expression or a period of the format. Only the form is checked here; the compiler checks the
//! values.

use crate::scaffold::yaml_text::PrettyValue;

/// When.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleRequest {
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
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl ScheduleRequest {
    /// Reads `daily 03:00` and its kin, or a cron expression.
    ///
    /// # Errors
    /// The text is empty, or begins as a period and does not go on as one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            [] => return Err("the schedule is empty".to_owned()),
            ["every", every] => Self::Every(plain(every)),
            ["hourly"] => Self::Hourly(0),
            ["hourly", minute] => {
                let minute =
                    minute.trim_start_matches(':').parse().map_err(|_| schedule_form_error(text, "hourly 10"))?;
                Self::Hourly(minute)
            }
            ["daily", at] => Self::Daily(time(at)),
            ["weekly", days, at] => Self::Weekly(days.split(',').map(day).collect(), time(at)),
            ["monthly", days, at] => {
                let days: Result<Vec<u32>, _> = days.split(',').map(str::parse).collect();
                let days = days.map_err(|_| schedule_form_error(text, "monthly 1,15 03:00"))?;
                Self::Monthly(days.iter().map(u32::to_string).collect(), time(at))
            }
            ["every", ..] => return Err(schedule_form_error(text, "every 15m")),
            ["hourly", ..] => return Err(schedule_form_error(text, "hourly 10")),
            ["daily", ..] => return Err(schedule_form_error(text, "daily 03:00")),
            ["weekly", ..] => return Err(schedule_form_error(text, "weekly mon,thu 03:00")),
            ["monthly", ..] => return Err(schedule_form_error(text, "monthly 1,15 03:00")),
            _ => Self::Cron(text.to_owned()),
        })
    }

    /// The `schedule` as it is written in a task, with its time zone.
    pub fn to_yaml(&self, zone: Option<&str>) -> PrettyValue {
        let quoted = |text: &String| PrettyValue::Quoted(text.clone());
        let at = |at: &String| ("at".to_owned(), quoted(at));
        let (key, value) = match self {
            Self::Cron(text) if zone.is_none() => return quoted(text),
            Self::Cron(text) => ("cron", quoted(text)),
            Self::Every(every) => ("every", PrettyValue::text(every)),
            Self::Hourly(minute) => {
                ("hourly", PrettyValue::Map(vec![("minute".to_owned(), PrettyValue::Bare(minute.to_string()))]))
            }
            Self::Daily(time) => ("daily", PrettyValue::Map(vec![at(time)])),
            Self::Weekly(days, time) => {
                ("weekly", PrettyValue::Map(vec![("on".to_owned(), PrettyValue::texts(days)), at(time)]))
            }
            Self::Monthly(days, time) => {
                let days = days.iter().map(|day| PrettyValue::Bare(day.clone())).collect();
                ("monthly", PrettyValue::Map(vec![("on".to_owned(), PrettyValue::List(days)), at(time)]))
            }
        };
        let mut members = vec![(key.to_owned(), value)];
        members.extend(zone.map(|zone| ("timeZone".to_owned(), PrettyValue::text(zone))));
        PrettyValue::Open(members)
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

fn schedule_form_error(said: &str, example: &str) -> String {
    format!("`{said}` is no schedule: write it as `{example}`, or as a cron expression")
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
            ("0 3 * * *", ScheduleRequest::Cron("0 3 * * *".to_owned())),
            ("@daily", ScheduleRequest::Cron("@daily".to_owned())),
            ("every 15m", ScheduleRequest::Every("15m".to_owned())),
            ("hourly", ScheduleRequest::Hourly(0)),
            ("hourly :10", ScheduleRequest::Hourly(10)),
            ("daily 03:00", ScheduleRequest::Daily("03:00".to_owned())),
            ("weekly monday,thu 03:00", ScheduleRequest::Weekly(days(), "03:00".to_owned())),
            ("every 015m", ScheduleRequest::Every("15m".to_owned())),
            ("every 0m", ScheduleRequest::Every("0m".to_owned())),
            ("daily 3:0", ScheduleRequest::Daily("03:00".to_owned())),
            ("daily 3pm", ScheduleRequest::Daily("3pm".to_owned())),
            ("daily 003:00", ScheduleRequest::Daily("003:00".to_owned())),
            ("monthly 010 03:00", ScheduleRequest::Monthly(vec!["10".to_owned()], "03:00".to_owned())),
            ("monthly 1,15 03:00", ScheduleRequest::Monthly(vec!["1".to_owned(), "15".to_owned()], "03:00".to_owned())),
        ] {
            assert_eq!(ScheduleRequest::parse(said).unwrap(), period, "{said}");
        }
        for said in ["", "every", "hourly ten", "daily", "weekly mon", "monthly first 03:00", "daily 3 4"] {
            assert!(ScheduleRequest::parse(said).is_err(), "{said}");
        }
    }
}
