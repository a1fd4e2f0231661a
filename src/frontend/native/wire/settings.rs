//! Serde types of `Fleet`. Every setting is optional.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::forms::TextOrList;
use super::super::kubernetes as k8s;
use super::{BlackoutSpec, BudgetSpec, ExcludeSpec, MatchSpec, PauseSpec, said};
use crate::tree::{Keyed, Located, ScalarText, Spanned};

/// `spec` of a Fleet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FleetSpec {
    /// Which files are looked at.
    pub(crate) sources: Option<SourcesSpec>,
    /// Defaults of tasks and clusters.
    pub(crate) defaults: Option<DefaultsSpec>,
    /// Variables for all clusters, or some; later ones win.
    pub(crate) variables: Option<Vec<VariableSetSpec>>,
    /// The output tree.
    pub(crate) output: Option<OutputSpec>,
    /// What stops a build.
    pub(crate) guards: Option<GuardsSpec>,
    /// What reports show.
    pub(crate) reports: Option<ReportsSpec>,
    /// Levels of diagnostics, by code.
    #[schemars(with = "Option<BTreeMap<String, LevelSpec>>")]
    pub(crate) lints: Option<Keyed<Spanned<ScalarText>>>,
    /// The span in which changes of the clock are looked for (default: the year of the time zone database).
    pub(crate) daylight_saving: Option<DaylightSavingSpec>,
    /// When tasks do not start: weekly windows are cut out of schedules, dated ones are reported.
    pub(crate) blackouts: Option<Vec<BlackoutSpec>>,
    /// The most that may start or run at once.
    pub(crate) budgets: Option<Vec<Spanned<BudgetSpec>>>,
    /// What is suspended until the entry is removed.
    pub(crate) pauses: Option<Vec<PauseSpec>>,
    /// Repositories written for Karmada.
    pub(crate) karmada: Option<KarmadaSpec>,
    /// The versions of fleetcron that may compile this repository, as `>=0.3 <0.4`; with another, every command ends with exit code 2.
    pub(crate) requires: Option<Spanned<String>>,
}

/// `daylightSaving` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DaylightSavingSpec {
    /// The first day, as `2026-01-01`.
    pub(crate) from: Spanned<String>,
    /// The day after the last, as `2027-01-01`.
    pub(crate) until: Spanned<String>,
}

/// Globs relative to the fleet root.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SourcesSpec {
    /// Only these files.
    pub(crate) include: Option<Vec<Spanned<String>>>,
    /// Not these files.
    pub(crate) exclude: Option<Vec<Spanned<String>>>,
}

/// `defaults` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DefaultsSpec {
    /// Where tasks go that name no namespace; null leaves it to the destination.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>")]
    pub(crate) namespace: Option<Option<Spanned<String>>>,
    /// The time zone of schedules that name none.
    pub(crate) time_zone: Option<Spanned<String>>,
    /// The version of clusters that name none, as `"1.33"`.
    pub(crate) kubernetes_version: Option<Spanned<String>>,
    /// Defaults of the job for tasks of the `container` form.
    #[schemars(with = "Option<k8s::Job>")]
    pub(crate) job: Option<Located>,
}

/// Variables for some clusters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VariableSetSpec {
    /// Which clusters, by name.
    pub(crate) clusters: Option<Spanned<TextOrList>>,
    /// Which clusters, by property.
    #[serde(rename = "match")]
    pub(crate) matching: Option<Spanned<MatchSpec>>,
    /// Which clusters not.
    pub(crate) exclude: Option<ExcludeSpec>,
    /// The variables.
    #[schemars(with = "k8s::Variables")]
    pub(crate) set: Located,
}

/// `output` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OutputSpec {
    /// The folder, relative to the fleet root (default `rendered`).
    pub(crate) dir: Option<Spanned<String>>,
    /// The output is committed beside the inputs (default true).
    pub(crate) committed: Option<bool>,
    /// A Namespace object beside the tasks (default false).
    pub(crate) namespaces: Option<bool>,
    /// The ConfigMap that keeps an idle cluster's directory alive.
    pub(crate) marker: Option<MarkerSpec>,
    /// A kustomization.yaml in each cluster directory (default false).
    pub(crate) kustomization: Option<bool>,
    /// What to do about `${...}`, which Flux would substitute (default warn).
    pub(crate) flux_substitution: Option<FluxSpec>,
    /// Labels and annotations of all objects; an object's own win.
    pub(crate) metadata: Option<OutputMetadataSpec>,
}

/// `output.metadata`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OutputMetadataSpec {
    /// Labels of all objects but those that SOPS has encrypted.
    #[schemars(with = "Option<k8s::StringMap>")]
    pub(crate) labels: Option<Located>,
    /// Annotations of the same.
    #[schemars(with = "Option<k8s::StringMap>")]
    pub(crate) annotations: Option<Located>,
    /// The pods of tasks get them too (default false).
    pub(crate) pods: Option<bool>,
}

/// `output.marker`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MarkerSpec {
    /// When it is written (default idle).
    pub(crate) when: Option<MarkerWhenSpec>,
    /// Its namespace (default `default`).
    pub(crate) namespace: Option<Spanned<String>>,
}

/// When the marker is written.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MarkerWhenSpec {
    /// In every cluster.
    Always,
    /// In clusters without any object.
    Idle,
    /// Nowhere.
    Never,
}

/// What to do about `${...}`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FluxSpec {
    /// It is meant.
    Allow,
    /// Say so.
    Warn,
    /// Write `$${...}`.
    Escape,
    /// Turn substitution off on the object.
    Disable,
}

/// `reports` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportsSpec {
    /// Which values are redacted.
    pub(crate) redact: Option<RedactSpec>,
}

/// `reports.redact`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RedactSpec {
    /// Names whose values are redacted too, as `LICENSE_ID`; upper and lower case and the signs between words do not count.
    pub(crate) names: Option<Vec<String>>,
    /// Names whose values are shown, although they sound like those of secrets.
    pub(crate) show: Option<Vec<String>>,
}

/// `guards` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GuardsSpec {
    /// How much may be deleted at once.
    pub(crate) deletions: Option<DeletionsSpec>,
}

/// `guards.deletions`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeletionsSpec {
    /// Percent of a cluster's objects (default 30).
    pub(crate) percent: Option<Spanned<u32>>,
    /// Below that many the percentage does not count (default 5).
    pub(crate) min: Option<u32>,
}

/// The level of a diagnostic. It is read as a text, because a bare `off` is a boolean to Kubernetes' YAML.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LevelSpec {
    /// Never said.
    Off,
    /// A warning.
    Warn,
    /// An error.
    Error,
}

/// `karmada` of a Fleet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KarmadaSpec {
    /// What Karmada's objects mean.
    pub(crate) compatibility: Option<Spanned<CompatibilitySpec>>,
    /// The version of Karmada that they are written for (default `"1.19"`).
    pub(crate) version: Option<Spanned<String>>,
}

/// `karmada.compatibility`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CompatibilitySpec {
    /// What the author plainly meant.
    Intended,
    /// What Karmada really does.
    Exact,
}
