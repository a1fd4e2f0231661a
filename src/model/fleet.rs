//! The settings of a repository with their defaults. A repository without `fleetcron.yaml` is a [`Fleet::default`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::karmada::Compatibility;
use super::{Blackout, Budget, CopySelector, Identity, Pause, Selector, Variables};
use crate::tree::{Located, Spanned};

/// `kind: Fleet`.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// `metadata.name`
    pub name: Option<String>,
    /// `spec.defaults`
    pub defaults: Defaults,
    /// `spec.variables`: later ones win.
    pub variables: Vec<VariableSet>,
    /// `spec.output`
    pub output: Output,
    /// `spec.guards`
    pub guards: Guards,
    /// `spec.karmada`
    pub karmada: Karmada,
    /// `spec.reports.redact`
    pub redact: Redact,
    /// `spec.lints`: the level of a code.
    pub lints: BTreeMap<String, LintLevel>,
    /// `spec.daylightSaving`: the span in which changes of the clock are looked for; by default the year of the
    /// time zone database.
    pub daylight_saving: Option<Range<Timestamp>>,
    /// `spec.blackouts`
    pub blackouts: Vec<Blackout>,
    /// `spec.budgets`
    pub budgets: Vec<Budget>,
    /// `spec.pauses`
    pub pauses: Vec<Pause>,
    /// The tasks that entries of these select, each by its index here.
    pub task_sets: Vec<BTreeSet<Identity>>,
    /// The document is there and could not be understood: what it settles is not known.
    pub unread: bool,
}

/// The newest Kubernetes whose schema we know, as (major, minor).
pub(crate) const NEWEST_KUBERNETES: (u32, u32) = (1, 36);

impl Default for Fleet {
    fn default() -> Self {
        Self {
            name: None,
            defaults: Defaults {
                namespace: None,
                namespace_said: false,
                time_zone: None,
                kubernetes_version: NEWEST_KUBERNETES,
                release: None,
                job: None,
            },
            variables: Vec::new(),
            output: Output {
                dir: "rendered".to_owned(),
                committed: true,
                namespaces: false,
                marker: Marker { when: MarkerWhen::Idle, namespace: "default".to_owned() },
                kustomization: false,
                flux: FluxSubstitution::Warn,
                metadata: OutputMetadata::default(),
            },
            guards: Guards { percent: 30, min: 5 },
            karmada: Karmada::default(),
            redact: Redact::default(),
            lints: BTreeMap::new(),
            daylight_saving: None,
            blackouts: Vec::new(),
            budgets: Vec::new(),
            pauses: Vec::new(),
            task_sets: Vec::new(),
            unread: false,
        }
    }
}

/// `spec.karmada`: how documents of Karmada are to be understood.
#[derive(Clone, Debug, Default)]
pub struct Karmada {
    /// As Karmada does it, or as it was meant.
    pub compatibility: Compatibility,
    /// The version of Karmada that the documents are written for, as (major, minor).
    pub version: Option<Spanned<(u32, u32)>>,
}

impl Fleet {
    /// Whether an entry selects a task.
    pub fn selects_task(&self, copies: &CopySelector, task: &Identity) -> bool {
        copies.tasks.is_none_or(|set| self.task_sets.get(set).is_some_and(|tasks| tasks.contains(task)))
    }
}

/// `spec.defaults`.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Where tasks go that name no namespace; `None` with `namespace_said` writes none.
    pub namespace: Option<Spanned<String>>,
    /// The author wrote `namespace`, if only as null; else it is `default` with a lint.
    pub namespace_said: bool,
    /// The time zone of schedules that name none.
    pub time_zone: Option<Spanned<String>>,
    /// The version of clusters that name none.
    pub kubernetes_version: (u32, u32),
    /// The same as a release, where the Fleet states it.
    pub release: Option<Spanned<super::Release>>,
    /// Defaults of the job, for tasks of the `container` form.
    pub job: Option<Located>,
}

/// One of `spec.variables`.
#[derive(Clone, Debug)]
pub struct VariableSet {
    /// Which clusters; absent means all.
    pub when: Option<Selector>,
    /// What they get.
    pub set: Variables,
}

/// `spec.output`.
#[derive(Clone, Debug)]
pub struct Output {
    /// The folder, relative to the fleet root.
    pub dir: String,
    /// The output is committed beside the inputs.
    pub committed: bool,
    /// A Namespace object beside the tasks.
    pub namespaces: bool,
    /// The marker that keeps an idle cluster's directory alive.
    pub marker: Marker,
    /// A `kustomization.yaml` in each cluster directory.
    pub kustomization: bool,
    /// What to do about `${...}`.
    pub flux: FluxSubstitution,
    /// Labels and annotations of all objects.
    pub metadata: OutputMetadata,
}

/// `spec.output.metadata`: what every object carries unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub struct OutputMetadata {
    /// `labels`, a map of texts.
    pub labels: Option<Located>,
    /// `annotations`, a map of texts.
    pub annotations: Option<Located>,
    /// The pods of tasks get them too.
    pub pods: bool,
}

impl OutputMetadata {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_none() && self.annotations.is_none()
    }

    /// Adds to an object what it does not say itself.
    pub fn add_to(&self, object: &mut Value) {
        if self.is_empty() {
            return;
        }
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        for (name, more) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            let Some(more) = more.as_ref().and_then(|more| more.value.as_object()) else { continue };
            let own = metadata.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new()));
            if own.is_null() {
                *own = Value::Object(serde_json::Map::new());
            }
            let Some(own) = own.as_object_mut() else { continue };
            for (key, value) in more {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// `spec.output.marker`.
#[derive(Clone, Debug)]
pub struct Marker {
    /// When it is written.
    pub when: MarkerWhen,
    /// The namespace of its ConfigMap.
    pub namespace: String,
}

/// `spec.output.marker.when`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerWhen {
    /// In every cluster.
    Always,
    /// In clusters without any object.
    Idle,
    /// Nowhere.
    Never,
}

/// `spec.output.fluxSubstitution`: what to do about `${...}`, which Flux' envsubst would eat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxSubstitution {
    /// It is meant.
    Allow,
    /// Say so.
    Warn,
    /// Write `$${...}`.
    Escape,
    /// Annotate the object `kustomize.toolkit.fluxcd.io/substitute: disabled`.
    Disable,
}

/// `spec.reports.redact`: names that announce secrets in reports, beside those that are known, and names that do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    /// Names whose values are redacted.
    pub names: Vec<String>,
    /// Names whose values are shown.
    pub show: Vec<String>,
}

/// `spec.guards.deletions`.
#[derive(Clone, Copy, Debug)]
pub struct Guards {
    /// Percent of a cluster's objects that may go at once.
    pub percent: u32,
    /// Below that many deletions the percentage does not count.
    pub min: u32,
}

/// The level of a diagnostic in `spec.lints`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintLevel {
    /// Never said.
    Off,
    /// A warning.
    Warn,
    /// An error.
    Error,
}
