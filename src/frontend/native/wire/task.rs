//! Serde types of tasks, bases and overrides. The body has one shape in all of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::forms::{ListOr, TextListOr, TextOr, TextOrList};
use super::super::kubernetes as k8s;
use super::{
    ActiveSpec, ExcludeSpec, ExpressionSpec, LabelsSpec, MatchSpec, NotInSpec, PlacementSpec, ScheduleSpec, WindowSpec,
    said,
};
use crate::tree::{Located, Spanned};

/// `cronJob` in its long form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CronJobSpec {
    /// The file.
    pub(crate) file: Spanned<String>,
    /// Which CronJob of the file, if it has several.
    pub(crate) name: Option<Spanned<String>>,
}

/// One of `resources` in its long form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResourceSpec {
    /// The file.
    pub(crate) file: Spanned<String>,
    /// References in its strings are replaced.
    pub(crate) expand: Option<bool>,
}

/// The tasks that an `Override` document concerns; all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TasksSpec {
    /// By label.
    #[serde(rename = "match")]
    pub(crate) matching: Option<TaskMatchSpec>,
    /// By name, or `namespace/name`.
    pub(crate) names: Option<Vec<Spanned<String>>>,
    /// By namespace.
    pub(crate) namespaces: Option<Vec<Spanned<String>>>,
}

/// Labels of tasks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaskMatchSpec {
    /// Labels it has: a value, a list of them, or `{notIn: [...]}`.
    #[schemars(with = "Option<BTreeMap<String, TextListOr<NotInSpec>>>")]
    pub(crate) labels: Option<LabelsSpec>,
    /// As in a Kubernetes label selector.
    pub(crate) expressions: Option<Vec<Spanned<ExpressionSpec>>>,
}

/// `images`: the parts to set in all containers, or kustomize's list.
#[derive(Clone, Debug)]
pub(crate) enum ImagesSpec {
    /// The parts to set.
    Parts(ImagePartsSpec),
    /// Kustomize's list.
    Rules(Vec<Spanned<ImageRuleSpec>>),
}

impl<'de> Deserialize<'de> for ImagesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = ImagesSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the parts of an image, or a list of `{name, newName, newTag, digest}`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(ImagesSpec::Rules)
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                ImagePartsSpec::deserialize(MapAccessDeserializer::new(members)).map(ImagesSpec::Parts)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for ImagesSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Images")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parts = generator.subschema_for::<ImagePartsSpec>();
        let rules = generator.subschema_for::<Vec<ImageRuleSpec>>();
        json_schema!({"anyOf": [parts, rules]})
    }
}

/// The parts of an image; what is not given stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImagePartsSpec {
    /// `registry.example.com:5000`
    pub(crate) registry: Option<Spanned<String>>,
    /// `team/app`
    pub(crate) repository: Option<Spanned<String>>,
    /// `v1`
    pub(crate) tag: Option<Spanned<String>>,
    /// `sha256:...`; null removes it.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>")]
    pub(crate) digest: Option<Option<Spanned<String>>>,
}

/// One of kustomize's `images`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImageRuleSpec {
    /// Which images, without tag or digest.
    pub(crate) name: Spanned<String>,
    /// The new name.
    pub(crate) new_name: Option<Spanned<String>>,
    /// The new tag.
    pub(crate) new_tag: Option<Spanned<String>>,
    /// The new digest; null removes it.
    #[serde(default, deserialize_with = "said")]
    #[schemars(with = "Option<String>")]
    pub(crate) digest: Option<Option<Spanned<String>>>,
}

/// One of `patches`: exactly one of `strategic`, `merge`, `json`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchSpec {
    /// As kubectl's strategic merge.
    #[schemars(with = "Option<k8s::Object>")]
    pub(crate) strategic: Option<Located>,
    /// RFC 7396.
    #[schemars(with = "Option<k8s::Object>")]
    pub(crate) merge: Option<Located>,
    /// RFC 6902.
    #[schemars(with = "Option<Vec<k8s::Object>>")]
    pub(crate) json: Option<Located>,
    /// The object; absent means the CronJob.
    pub(crate) target: Option<TargetSpec>,
}

/// The object of a patch.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TargetSpec {
    /// Its kind.
    pub(crate) kind: Spanned<String>,
    /// Its name; absent means the only one of that kind.
    pub(crate) name: Option<Spanned<String>>,
}

/// The body fields, once: a struct that has them all, and others that have them beside their own.
macro_rules! with_body {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)*
            /// When: a cron expression, or an object.
            pub(crate) schedule: Option<Spanned<TextOr<ScheduleSpec>>>,
            /// Weekly windows in which it does not start; they are cut out of the cron expression.
            pub(crate) not_during: Option<Vec<Spanned<WindowSpec>>>,
            /// How long a run takes, as `20m`; null removes it. No manifest carries it.
            #[serde(default, deserialize_with = "said")]
            #[schemars(with = "Option<String>")]
            pub(crate) expected_duration: Option<Option<Spanned<String>>>,
            /// Fields of CronJobSpec and JobSpec; labels and annotations of the job template.
            #[schemars(with = "Option<k8s::Job>")]
            pub(crate) job: Option<Located>,
            /// Fields of PodSpec; labels and annotations of the pod.
            #[schemars(with = "Option<k8s::Pod>")]
            pub(crate) pod: Option<Located>,
            /// The one container.
            #[schemars(with = "Option<k8s::Container>")]
            pub(crate) container: Option<Located>,
            /// Containers by name, init containers too.
            #[schemars(with = "Option<BTreeMap<String, k8s::Container>>")]
            pub(crate) containers: Option<Located>,
            /// Labels of the CronJob.
            #[schemars(with = "Option<k8s::StringMap>")]
            pub(crate) labels: Option<Located>,
            /// Annotations of the CronJob.
            #[schemars(with = "Option<k8s::StringMap>")]
            pub(crate) annotations: Option<Located>,
            /// The namespace of the CronJob; wins over metadata.namespace.
            pub(crate) namespace: Option<Spanned<String>>,
            /// The name of the CronJob, if it differs from the task's.
            pub(crate) object_name: Option<Spanned<String>>,
            /// Values for `$(var.NAME)`.
            #[schemars(with = "Option<k8s::Variables>")]
            pub(crate) variables: Option<Located>,
            /// Files of other objects that go with the task.
            pub(crate) resources: Option<Vec<Spanned<TextOr<ResourceSpec>>>>,
        }
    };
}

with_body!(
    /// The body by itself.
    BodySpec {}
);

macro_rules! take_body {
    ($($name:ident)*) => {$(
        impl $name {
            /// The body alone.
            pub(crate) fn take_body(&mut self) -> BodySpec {
                BodySpec {
                    schedule: self.schedule.take(),
                    not_during: self.not_during.take(),
                    expected_duration: self.expected_duration.take(),
                    job: self.job.take(),
                    pod: self.pod.take(),
                    container: self.container.take(),
                    containers: self.containers.take(),
                    labels: self.labels.take(),
                    annotations: self.annotations.take(),
                    namespace: self.namespace.take(),
                    object_name: self.object_name.take(),
                    variables: self.variables.take(),
                    resources: self.resources.take(),
                }
            }
        }
    )*};
}

take_body!(TaskSpec BaseSpec OverrideEntry OverrideSpec);

with_body!(
    /// `spec` of a Task.
    TaskSpec {
        /// What the task is for, at most 512 characters.
        description: Option<Spanned<String>>,
        /// Bases, merged in this order.
        bases: Option<Vec<Spanned<String>>>,
        /// Where it goes.
        placement: Option<Spanned<PlacementSpec>>,
        /// Pods of one run.
        instances: Option<Spanned<u32>>,
        /// Which of the placed clusters run it.
        active: Option<Spanned<ListOr<ActiveSpec>>>,
        /// Over the whole output exactly one definition is active.
        once: Option<Spanned<bool>>,
        /// A whole PodTemplateSpec, instead of `container`.
        #[schemars(with = "Option<k8s::PodTemplate>")]
        pod_template: Option<Located>,
        /// A file with an existing CronJob, instead of `container`.
        cron_job: Option<Spanned<TextOr<CronJobSpec>>>,
        /// What differs on some clusters.
        overrides: Option<Vec<OverrideEntry>>,
    }
);

with_body!(
    /// `spec` of a Base.
    BaseSpec {
        /// What the tasks are for, at most 512 characters.
        description: Option<Spanned<String>>,
        /// Where they go.
        placement: Option<Spanned<PlacementSpec>>,
        /// Pods of one run.
        instances: Option<Spanned<u32>>,
        /// Which of the placed clusters run them.
        active: Option<Spanned<ListOr<ActiveSpec>>>,
        /// A whole PodTemplateSpec, instead of `container`.
        #[schemars(with = "Option<k8s::PodTemplate>")]
        pod_template: Option<Located>,
        /// A file with an existing CronJob, instead of `container`.
        cron_job: Option<Spanned<TextOr<CronJobSpec>>>,
        /// What differs on some clusters.
        overrides: Option<Vec<OverrideEntry>>,
    }
);

with_body!(
    /// One of `overrides`.
    OverrideEntry {
        /// Its name, unique in its place.
        name: Spanned<String>,
        /// Which clusters, by name.
        clusters: Option<Spanned<TextOrList>>,
        /// Which clusters, by property.
        #[serde(rename = "match")]
        matching: Option<Spanned<MatchSpec>>,
        /// Which clusters not.
        exclude: Option<ExcludeSpec>,
        /// Images of all containers and image volumes.
        images: Option<Spanned<ImagesSpec>>,
        /// Patches of the finished object.
        patches: Option<Vec<Spanned<PatchSpec>>>,
    }
);

with_body!(
    /// `spec` of an Override document.
    OverrideSpec {
        /// Which tasks; absent means all.
        tasks: Option<Spanned<TasksSpec>>,
        /// Which clusters, by name.
        clusters: Option<Spanned<TextOrList>>,
        /// Which clusters, by property.
        #[serde(rename = "match")]
        matching: Option<Spanned<MatchSpec>>,
        /// Which clusters not.
        exclude: Option<ExcludeSpec>,
        /// Images of all containers and image volumes.
        images: Option<Spanned<ImagesSpec>>,
        /// Patches of the finished object.
        patches: Option<Vec<Spanned<PatchSpec>>>,
    }
);
