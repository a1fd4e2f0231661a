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
    /// How `H` in the cron expression is expanded.
    pub(crate) hash: Option<HashSpec>,
    /// A stable offset for each cluster within a window; null removes it.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<StaggerSpec>")]
    pub(crate) stagger: Option<Option<StaggerSpec>>,
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

/// `schedule.hash`: what the hash of a start depends on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HashSpec {
    /// `cluster` for a start of each cluster's own, `task` for the same start everywhere (default: cluster, task where `active` is given).
    pub(crate) by: Option<HashBySpec>,
    /// Moves the task: 1 to 63 letters, digits, `.`, `_` and `-`.
    pub(crate) salt: Option<Spanned<String>>,
}

/// `by` of a hash.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HashBySpec {
    /// A start of each cluster's own.
    Cluster,
    /// The same start everywhere.
    Task,
}

/// `schedule.stagger`: a stable offset within a window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StaggerSpec {
    /// The window, from `1m` to `24h`.
    pub(crate) window: Spanned<String>,
    /// As in `hash`.
    pub(crate) by: Option<HashBySpec>,
    /// As in `hash`.
    pub(crate) salt: Option<Spanned<String>>,
}

/// A weekly window in which nothing may start.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WindowSpec {
    /// The days on which it begins (default: all).
    pub(crate) days: Option<Spanned<Vec<Spanned<DaySpec>>>>,
    /// When it begins, as `"22:00"` (default 00:00).
    pub(crate) from: Option<Spanned<String>>,
    /// When it ends, up to `"24:00"` (default); on the next day if not after `from`.
    pub(crate) to: Option<Spanned<String>>,
    /// The zone of these times (default: that of the schedule), or `cluster`.
    pub(crate) time_zone: Option<Spanned<String>>,
}
