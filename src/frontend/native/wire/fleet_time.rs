//! Serde types of what a Fleet says about time: blackouts, budgets, pauses.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::forms::TextOrList;
use super::{DaySpec, ExcludeSpec, MatchSpec, TasksSpec, WindowSpec};
use crate::tree::{ScalarText, Spanned};

/// One of `blackouts`: weekly with `days`, `from`, `to`, or once with `from` and `until` as dates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BlackoutSpec {
    /// Its name, unique.
    pub(crate) name: Spanned<String>,
    /// The days on which it begins every week.
    pub(crate) days: Option<Spanned<Vec<Spanned<DaySpec>>>>,
    /// When it begins: `"22:00"`, or a date as `2026-12-20`.
    pub(crate) from: Option<Spanned<ScalarText>>,
    /// When it ends every week, up to `"24:00"`.
    pub(crate) to: Option<Spanned<String>>,
    /// The day after its last, as `2027-01-02`.
    pub(crate) until: Option<Spanned<ScalarText>>,
    /// The zone of these times, or `cluster`.
    pub(crate) time_zone: Spanned<String>,
    /// Which tasks; absent means all.
    pub(crate) tasks: Option<Spanned<TasksSpec>>,
    /// Which clusters, by name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// Which clusters, by property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Which clusters not.
    pub(crate) exclude: Option<ExcludeSpec>,
}

/// One of `budgets`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BudgetSpec {
    /// Its name, unique.
    pub(crate) name: Spanned<String>,
    /// Which tasks; absent means all.
    pub(crate) tasks: Option<Spanned<TasksSpec>>,
    /// Which clusters, by name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// Which clusters, by property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Which clusters not.
    pub(crate) exclude: Option<ExcludeSpec>,
    /// What is counted together: `fleet` (default), `cluster`, `region`, `provider` or `label:KEY`.
    pub(crate) per: Option<Spanned<String>>,
    /// Jobs that start within the window.
    pub(crate) starts: Option<Spanned<u32>>,
    /// Pods that start within the window.
    pub(crate) instances: Option<Spanned<u32>>,
    /// Jobs that run at once.
    pub(crate) running: Option<Spanned<u32>>,
    /// CPU that is requested at once, as `"20"` or `500m`.
    pub(crate) cpu: Option<Spanned<ScalarText>>,
    /// Memory that is requested at once, as `64Gi`.
    pub(crate) memory: Option<Spanned<ScalarText>>,
    /// The sliding window of `starts` and `instances`, from `1m` (default) to `60m`.
    pub(crate) window: Option<Spanned<String>>,
    /// Only in this part of the week.
    pub(crate) hours: Option<Spanned<WindowSpec>>,
}

/// One of `pauses`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PauseSpec {
    /// Its name, unique.
    pub(crate) name: Spanned<String>,
    /// Why.
    pub(crate) reason: Option<Spanned<String>>,
    /// The day on which it should be looked at again, as `2027-01-04`; `check --on` fails after it.
    pub(crate) review_by: Option<Spanned<ScalarText>>,
    /// What paused copies get for the time after the pause.
    pub(crate) resume: Option<ResumeSpec>,
    /// Which tasks; absent means all.
    pub(crate) tasks: Option<Spanned<TasksSpec>>,
    /// Which clusters, by name; absent means all.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// Which clusters, by property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Which clusters not.
    pub(crate) exclude: Option<ExcludeSpec>,
}

/// `resume` of a pause.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResumeSpec {
    /// Written where a paused copy has none, so that a run missed long ago does not start when the pause ends.
    pub(crate) starting_deadline_seconds: Spanned<u32>,
}
