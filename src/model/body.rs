//! The body that Task, Base and every override share. A layer is kept as written, JSON with source locations; `render`
//! merges layers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{HashSettings, Stagger, WeeklyWindow};
use crate::tree::{FileId, Located, RepoPath, Span, Spanned};

/// Variables as said in one place: a value that is null unsets.
pub type Variables = BTreeMap<String, Spanned<Option<String>>>;

/// One layer of a task and who said it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Who.
    pub origin: BodyOrigin,
    /// What.
    pub body: Body,
}

/// Who said a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyOrigin {
    /// fleetcron's own defaults.
    BuiltIn,
    /// `defaults` of the Fleet.
    Defaults,
    /// The text of the `cronJob` file.
    File,
    /// A Base, by name.
    Base(String),
    /// The task itself.
    Task,
    /// An override, by name.
    Override(String),
}

impl std::fmt::Display for BodyOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BodyOrigin::BuiltIn => f.write_str("the built-in defaults"),
            BodyOrigin::Defaults => f.write_str("the fleet's defaults"),
            BodyOrigin::File => f.write_str("the `cronJob` file"),
            BodyOrigin::Base(name) => write!(f, "base `{name}`"),
            BodyOrigin::Task => f.write_str("the task"),
            BodyOrigin::Override(name) => write!(f, "override `{name}`"),
        }
    }
}

/// What a layer says.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `schedule`
    pub schedule: ScheduleLayer,
    /// `job`: fields of CronJobSpec and JobSpec; labels and annotations of the job template.
    pub job: Option<Located>,
    /// `pod`: fields of PodSpec; labels and annotations of the pod template.
    pub pod: Option<Located>,
    /// `container`: the one container.
    pub container: Option<Located>,
    /// `containers`: by name.
    pub containers: Vec<(Spanned<String>, Located)>,
    /// `podTemplate`: a whole PodTemplateSpec.
    pub pod_template: Option<Located>,
    /// `labels` of the CronJob; in a task `metadata.labels` stands before them.
    pub labels: Vec<Located>,
    /// `annotations` of the CronJob; in a task `metadata.annotations` and the description stand before them.
    pub annotations: Vec<Located>,
    /// `namespace` of the object.
    pub namespace: Option<Spanned<String>>,
    /// `objectName`
    pub object_name: Option<Spanned<String>>,
    /// `description`
    pub description: Option<Spanned<String>>,
    /// `notDuring`: replaces what a lower layer says.
    pub not_during: Option<Vec<WeeklyWindow>>,
    /// `expectedDuration` in seconds; null removes what a lower layer says.
    pub expected_duration: Option<Option<u32>>,
    /// `variables`
    pub variables: Variables,
    /// `resources`
    pub resources: Vec<Resource>,
    /// `images`, in overrides only.
    pub images: Vec<ImageRule>,
    /// `patches`, in overrides only.
    pub patches: Vec<PatchStep>,
    /// An existing CronJob, whole: the text of a `cronJob` file.
    pub object: Option<Located>,
}

impl Body {
    /// Whether it says variables and nothing else.
    pub fn is_variables(&self) -> bool {
        let parts = [&self.job, &self.pod, &self.container, &self.pod_template, &self.object];
        let texts = [&self.namespace, &self.object_name, &self.description];
        !self.variables.is_empty()
            && self.schedule.is_empty()
            && self.not_during.is_none()
            && self.expected_duration.is_none()
            && parts.iter().all(|part| part.is_none())
            && texts.iter().all(|text| text.is_none())
            && self.containers.is_empty()
            && self.labels.is_empty()
            && self.annotations.is_empty()
            && self.resources.is_empty()
            && self.images.is_empty()
            && self.patches.is_empty()
    }
}

/// What a layer says about the schedule; either part may be absent and is then kept from below.
#[derive(Clone, Debug, Default)]
pub struct ScheduleLayer {
    /// The cron expression; a period is lowered to one.
    pub expression: Option<Spanned<String>>,
    /// `timeZone`
    pub time_zone: Option<Spanned<TimeZone>>,
    /// `hash`
    pub hash: Option<HashSettings>,
    /// `stagger`; null removes what a lower layer says.
    pub stagger: Option<Option<Stagger>>,
}

impl ScheduleLayer {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.expression.is_none() && self.time_zone.is_none() && self.hash.is_none() && self.stagger.is_none()
    }
}

/// What is said about a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeZone {
    /// An IANA name.
    Name(String),
    /// Each cluster's own.
    Cluster,
    /// Null: as if never said.
    Unset,
}

/// One of `resources`: an object file that goes with the task.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Where the file is named.
    pub span: Span,
    /// References in it are expanded.
    pub expand: bool,
    /// The file, shared by all who name it; `None` if it could not be read (already said).
    pub file: Option<std::sync::Arc<ResourceFile>>,
}

/// A file of objects beside a task.
#[derive(Clone, Debug)]
pub struct ResourceFile {
    /// Its path.
    pub path: RepoPath,
    /// Its number.
    pub id: FileId,
    /// Its objects; a SOPS file has its documents read for their names only.
    pub objects: Vec<Located>,
    /// The bytes, if it must pass byte for byte (SOPS).
    pub verbatim: Option<std::sync::Arc<[u8]>>,
}

/// One of `images`.
#[derive(Clone, Debug)]
pub struct ImageRule {
    /// Kustomize's `name`: which images; absent means all.
    pub name: Option<Spanned<String>>,
    /// The parts to set, as an object with registry, repository, tag, digest.
    pub parts: Value,
    /// The whole of it.
    pub span: Span,
}

/// One of `patches`.
#[derive(Clone, Debug)]
pub struct PatchStep {
    /// Which kind of patch.
    pub kind: PatchKind,
    /// The patch itself.
    pub patch: Located,
    /// `target`; absent means the CronJob.
    pub target: Option<PatchTarget>,
    /// The whole of it.
    pub span: Span,
}

/// The three kinds of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// As kubectl's strategic merge.
    Strategic,
    /// RFC 7396.
    Merge,
    /// RFC 6902.
    Json,
}

/// `target` of a patch: an object beside the CronJob.
#[derive(Clone, Debug)]
pub struct PatchTarget {
    /// Its kind.
    pub kind: Spanned<String>,
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// The only member of a map that stands for the text of a file; references in that text are not read.
pub const FROM_FILE: &str = "$fromFile";
