//! Serde types of schedules: a cron expression, or exactly one of the periods.

use schemars::JsonSchema;
use serde::Deserialize;

use super::said;
use crate::tree::Spanned;

/// A schedule in its long form: a cron expression or one period.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScheduleSpec {
    /// A Kubernetes cron expression.
    pub(crate) cron: Option<Spanned<String>>,
    /// `15m`: a divisor of 60 minutes, or whole hours that divide 24.
    pub(crate) every: Option<Spanned<String>>,
    /// At a minute of every hour, or of every so many hours.
    pub(crate) hourly: Option<Spanned<HourlySpec>>,
    /// At a time of every day.
    pub(crate) daily: Option<Spanned<DailySpec>>,
    /// At a time of some days of the week.
    pub(crate) weekly: Option<Spanned<WeeklySpec>>,
    /// At a time of some days of the month.
    pub(crate) monthly: Option<Spanned<MonthlySpec>>,
    /// An IANA name, or `cluster` for each cluster's own.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>")]
    pub(crate) time_zone: Option<Option<Spanned<String>>>,
}

/// `schedule.hourly`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HourlySpec {
    /// The minute (default 0).
    pub(crate) minute: Option<Spanned<u32>>,
    /// Every so many hours, a divisor of 24 (default 1).
    pub(crate) every: Option<Spanned<u32>>,
}

/// `schedule.daily`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DailySpec {
    /// The time, as `"03:00"`.
    pub(crate) at: Spanned<String>,
}

/// `schedule.weekly`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WeeklySpec {
    /// The days, as `[Mon, Thu]`.
    pub(crate) on: Spanned<Vec<Spanned<DaySpec>>>,
    /// The time, as `"03:00"`.
    pub(crate) at: Spanned<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub(crate) enum DaySpec {
    /// Sunday, 0 in cron.
    Sun,
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
}

/// `schedule.monthly`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MonthlySpec {
    /// The days, from 1 to 31.
    pub(crate) on: Spanned<Vec<Spanned<u32>>>,
    /// The time, as `"03:00"`.
    pub(crate) at: Spanned<String>,
}
