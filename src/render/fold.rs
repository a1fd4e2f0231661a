//! Merges the layers of a task into one CronJob, step by step in order of precedence, so that blame can replay any
//! prefix.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::misplaced;
use super::path::{self, JOB, JOB_METADATA, POD, POD_METADATA, TEMPLATE};
use super::pod;
use super::references::{self, Scope, TroubleKind};
use super::spots;
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{Body, HashSettings, Layer, Source, Stagger, TimeZone, Unit, WeeklyWindow, name_of};
use crate::patch::{ListShape, MAX_OBJECT, PatchError, typed, weight};
use crate::tree::{Located, SourceTree, Span, SpanTree, Spanned};
use crate::validate::SchemaNode;
use crate::validate::nulls::{as_read, fill, holds_null};

/// A CronJob on its way, and what is said beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoldedCronJob {
    /// The object as far as it is folded.
    pub(super) object: Value,
    /// The zone as said last.
    pub(super) zone: Option<Spanned<TimeZone>>,
    /// The namespace as said last.
    pub(super) namespace: Option<String>,
    /// The object's name as its file or the last `objectName` gives it; else it is the task's.
    pub(super) object_name: Option<String>,
    /// How many resources are named.
    pub(super) resources: usize,
    /// `job.shardEnv` as said last.
    pub(super) shard_env: Option<Spanned<bool>>,
    /// `schedule.hash` as said last.
    pub(super) hash: HashSettings,
    /// `schedule.stagger` as said last.
    pub(super) stagger: Option<Stagger>,
    /// `notDuring` as said last.
    pub(super) not_during: Vec<WeeklyWindow>,
    /// `expectedDuration` as said last.
    pub(super) expected_duration: Option<u32>,
}

/// One fold of a unit's layers for one cluster.
pub(super) struct Fold<'a> {
    pub(super) unit: &'a Unit,
    pub(super) sources: &'a SourceTree,
    /// What references mean; `None` folds layers that have none.
    pub(super) scope: Option<&'a Scope<'a>>,
    pub(super) state: FoldedCronJob,
    pub(super) troubles: Vec<Diagnostic>,
    /// Of the troubles, the references without a value, as written: a later layer may replace the text that they stand in.
    unset: Vec<(usize, String)>,
    /// The entries of `images` that found no image by their name, and the names that there were.
    pub(super) missed: Vec<(Span, BTreeSet<String>)>,
    /// The object is heavier than any that can be stored, so that nothing more is laid over it.
    pub(super) too_heavy: bool,
}

/// The fields of CronJobSpec that `job` takes; the others of `job` belong to JobSpec.
pub(super) const CRON_JOB_FIELDS: [&str; 5] =
    ["startingDeadlineSeconds", "concurrencyPolicy", "suspend", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"];

impl<'a> Fold<'a> {
    /// An empty CronJob; the short form has its one container from the start, named after the task.
    pub(super) fn new(unit: &'a Unit, sources: &'a SourceTree, scope: Option<&'a Scope<'a>>) -> Self {
        let mut object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {}, "spec": {}});
        if unit.source == Source::Container {
            *path::ensure(&mut object, POD) = json!({"containers": [{"name": unit.identity.name}]});
        }
        let state = FoldedCronJob {
            object,
            zone: None,
            namespace: None,
            object_name: None,
            resources: 0,
            shard_env: None,
            hash: HashSettings::default(),
            stagger: None,
            not_during: Vec::new(),
            expected_duration: None,
        };
        Self {
            unit,
            sources,
            scope,
            state,
            troubles: Vec::new(),
            unset: Vec::new(),
            missed: Vec::new(),
            too_heavy: false,
        }
    }

    /// Goes on from a state.
    pub(super) fn from(
        unit: &'a Unit,
        sources: &'a SourceTree,
        scope: Option<&'a Scope<'a>>,
        state: FoldedCronJob,
    ) -> Self {
        let too_heavy = weight(&state.object) > MAX_OBJECT;
        Self { unit, sources, scope, state, troubles: Vec::new(), unset: Vec::new(), missed: Vec::new(), too_heavy }
    }

    /// Applies the typed fields of a layer.
    pub(super) fn layer(&mut self, layer: &'a Layer) {
        if self.too_heavy {
            return;
        }
        let body = &layer.body;
        if let Some(object) = &body.object {
            self.file(object);
        }
        if let Some(template) = &body.pod_template {
            self.template(template);
        }
        if let Some(expression) = &body.schedule.expression {
            let spec = path::ensure(&mut self.state.object, &["spec"]);
            path::set(spec, "schedule", expression.value.clone());
        }
        if let Some(zone) = &body.schedule.time_zone {
            self.state.zone = Some(zone.clone());
        }
        self.starts(body);
        if let Some(job) = &body.job {
            self.job(job);
        }
        if let Some(pod) = &body.pod {
            self.pod(pod, body.job.as_ref());
        }
        if let Some(container) = &body.container {
            pod::container(self, container);
        }
        for (name, container) in &body.containers {
            pod::named_container(self, name, container);
        }
        if let Some(description) = &body.description {
            let annotations = path::ensure(&mut self.state.object, &["metadata", "annotations"]);
            path::set(annotations, "kubernetes.io/description", description.value.clone());
        }
        for (member, parts) in [("labels", &body.labels), ("annotations", &body.annotations)] {
            for part in parts {
                self.merge(part, &["metadata", member], ListShape::UNKNOWN);
            }
        }
        self.names(body);
        for rule in &body.images {
            pod::images(self, rule);
        }
        self.state.resources += body.resources.len();
        self.weigh();
    }

    /// Looks whether the object is still one that can be stored: layers that each are small may multiply.
    pub(super) fn weigh(&mut self) {
        self.too_heavy = weight(&self.state.object) > MAX_OBJECT;
    }

    /// What is said of starts beside the expression.
    fn starts(&mut self, body: &Body) {
        let state = &mut self.state;
        state.hash = body.schedule.hash.clone().unwrap_or_else(|| std::mem::take(&mut state.hash));
        state.stagger = body.schedule.stagger.clone().unwrap_or_else(|| state.stagger.take());
        state.not_during = body.not_during.clone().unwrap_or_else(|| std::mem::take(&mut state.not_during));
        state.expected_duration = body.expected_duration.unwrap_or(state.expected_duration);
    }

    fn names(&mut self, body: &'a Body) {
        if let Some(namespace) = &body.namespace {
            self.state.namespace = Some(self.text(namespace));
        }
        if let Some(name) = &body.object_name {
            self.state.object_name = Some(self.text(name));
        }
    }

    fn text(&mut self, text: &'a Spanned<String>) -> String {
        let mut troubles = Vec::new();
        let expanded = self.scope.and_then(|scope| references::expand_text(text, scope, &mut troubles));
        self.report(troubles, &SpanTree::leaf(text.span));
        expanded.unwrap_or_else(|| text.value.clone())
    }

    /// The CronJob of a file, as it stands, nulls as the API server reads them.
    fn file(&mut self, file: &'a Located) {
        let mut object = file.value.clone();
        as_read(&mut object, SchemaNode::cronjob());
        object["apiVersion"] = Value::String("batch/v1".to_owned());
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
        self.state.namespace = namespace.or(self.state.namespace.take());
        self.state.object_name = name_of(file).map(|name| name.value.to_owned());
        self.state.object = object;
    }

    /// A pod template in Kubernetes' own words, nulls in its maps and lists as the API server reads them.
    fn template(&mut self, template: &'a Located) {
        let mut value = self.expanded(template);
        if holds_null(&value) {
            fill(value.to_mut(), SchemaNode::pod_template());
        }
        self.merge_value(&value, &template.spans, TEMPLATE, shape_at(TEMPLATE));
    }

    fn job(&mut self, job: &'a Located) {
        let value = self.expanded(job);
        let Some(members) = value.as_object() else { return };
        for (name, member) in members {
            let Some(spans) = job.spans.member(name) else {
                let spans = SpanTree::leaf(job.span());
                self.job_field(name, member, &spans);
                continue;
            };
            self.job_field(name, member, spans);
        }
    }

    fn job_field(&mut self, name: &str, member: &Value, spans: &SpanTree) {
        let beside = |what: &str| format!("write `{what}` beside `job`, not in it");
        let misplaced = match name {
            "schedule" => Some(beside("schedule")),
            "timeZone" => Some("write `schedule: {timeZone: ...}` beside `job`, not in it".to_owned()),
            "template" | "jobTemplate" => Some(beside("pod")),
            "containers" | "container" => Some(beside(name)),
            "shardEnv" => return self.shard_env(member, spans),
            _ => None,
        };
        if let Some(help) = misplaced {
            let message = format!("`job` has no field `{name}`");
            return self.troubles.push(Diagnostic::new(Code::UnknownField, spans.key, message).help(help));
        }
        if let Some(diagnostic) = misplaced::find("job", name, spans.key) {
            return self.troubles.push(diagnostic);
        }
        match name {
            "labels" | "annotations" => {
                self.merge_value(member, spans, &[JOB_METADATA, &[name]].concat(), ListShape::UNKNOWN);
            }
            "restartPolicy" => self.merge_value(member, spans, &[POD, &[name]].concat(), ListShape::UNKNOWN),
            _ if CRON_JOB_FIELDS.contains(&name) => {
                self.merge_value(member, spans, &["spec", name], ListShape::UNKNOWN);
            }
            _ => {
                let path = [JOB, &[name]].concat();
                self.merge_value(member, spans, &path, shape_at(&path));
            }
        }
    }

    /// Ours, not Kubernetes': whether pods are told which part of a shared-out run is theirs.
    fn shard_env(&mut self, member: &Value, spans: &SpanTree) {
        match member {
            Value::Bool(told) => self.state.shard_env = Some(Spanned::new(*told, spans.value)),
            Value::Null => self.state.shard_env = None,
            _ => {
                let diagnostic = Diagnostic::new(Code::WrongType, spans.value, "`shardEnv` is not a boolean");
                self.troubles.push(diagnostic.help("write `shardEnv: true`"));
            }
        }
    }

    fn pod(&mut self, pod: &'a Located, job: Option<&Located>) {
        let policy = |part: &Located| part.member("restartPolicy").map(|(value, spans)| (value.clone(), spans.value));
        if let Some((in_pod, pod_span)) = policy(pod)
            && let Some((in_job, job_span)) = job.and_then(policy)
            && in_pod != in_job
        {
            self.troubles.push(
                Diagnostic::new(Code::RestartPolicy, pod_span, "two different restart policies are given")
                    .other(job_span, "the other is here")
                    .help("`job.restartPolicy` and `pod.restartPolicy` are the same field: keep one"),
            );
        }
        let value = self.expanded(pod);
        let Some(members) = value.as_object() else { return };
        for (name, member) in members {
            let leaf = SpanTree::leaf(pod.span());
            let spans = pod.spans.member(name).unwrap_or(&leaf);
            if let Some(diagnostic) = misplaced::find("pod", name, spans.key) {
                self.troubles.push(diagnostic);
                continue;
            }
            let path = match name.as_str() {
                "labels" | "annotations" => [POD_METADATA, &[name.as_str()]].concat(),
                _ => [POD, &[name.as_str()]].concat(),
            };
            self.merge_value(member, spans, &path, shape_at(&path));
        }
    }

    /// Merges a part of a layer at a path, references replaced.
    pub(super) fn merge(&mut self, part: &'a Located, path: &[&str], shape: ListShape) {
        let value = self.expanded(part);
        self.merge_value(&value, &part.spans, path, shape);
    }

    fn merge_value(&mut self, value: &Value, spans: &SpanTree, path: &[&str], shape: ListShape) {
        let Some((last, parents)) = path.split_last() else { return };
        let value = &*super::nulls::in_layer(value, spans, (schema_at(path), shape), &mut self.troubles);
        let parent = path::ensure(&mut self.state.object, parents);
        let Value::Object(parent) = parent else { return };
        if value.is_null() {
            parent.remove(*last);
            return;
        }
        let target = parent.entry(*last).or_insert(Value::Null);
        if let Err(error) = typed::merge(target, value, shape) {
            self.troubles.push(merge_trouble(&error, spans));
        }
    }

    /// A part of a layer with its references replaced and its files in place.
    pub(super) fn expanded(&mut self, part: &'a Located) -> Cow<'a, Value> {
        let Some(scope) = self.scope else { return Cow::Borrowed(&part.value) };
        let mut names = BTreeSet::new();
        references::names_in(&part.value, &mut names);
        if names.is_empty() {
            return Cow::Borrowed(&part.value);
        }
        let mut value = part.value.clone();
        let mut troubles = Vec::new();
        references::expand(&mut value, scope, &mut troubles);
        self.report(troubles, &part.spans);
        Cow::Owned(value)
    }

    /// References without a value become diagnostics at the reference.
    pub(super) fn report(&mut self, troubles: Vec<references::Trouble>, spans: &SpanTree) {
        for trouble in troubles {
            let span = place(&trouble, spans, self.sources);
            if trouble.kind == TroubleKind::Undefined {
                self.unset.push((self.troubles.len(), trouble.written.clone()));
            }
            self.troubles.push(reference_trouble(trouble, span));
        }
    }

    /// Forgets the references without a value whose text a later layer or patch replaced: nothing of them is in the object.
    pub(super) fn forget_replaced(&mut self) {
        let gone: BTreeSet<usize> = (self.unset.iter())
            .filter(|(_, written)| !contains_text(&self.state.object, written))
            .map(|(at, _)| *at)
            .collect();
        let mut at = 0..;
        self.troubles.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
        self.unset.clear();
    }

    /// Says the object's name, namespace and zone, which no layer may spoil.
    pub(super) fn finish(&mut self, scope: &Scope<'_>, default_namespace: Option<&str>, task: Span) {
        pod::settle_variables(&mut self.state.object);
        let name = self.state.object_name.clone().unwrap_or_else(|| self.unit.identity.name.clone());
        let namespace = self.state.namespace.clone().or_else(|| default_namespace.map(str::to_owned));
        let metadata = path::ensure(&mut self.state.object, &["metadata"]);
        path::set(metadata, "name", name);
        if let Value::Object(metadata) = metadata {
            match namespace {
                Some(namespace) => metadata.insert("namespace".to_owned(), Value::String(namespace)),
                None => metadata.remove("namespace"),
            };
        }
        let Some(zone) = self.state.zone.clone() else { return };
        let name = match zone.value {
            TimeZone::Name(name) => Some(name),
            TimeZone::Unset => None,
            TimeZone::Cluster => match &scope.cluster.time_zone {
                Some(name) => Some(name.value.clone()),
                None => {
                    // The same words for all clusters, so that it is one message that names them.
                    let task = self.sources.text(task);
                    let message = format!("task `{task}` asks for each cluster's own zone, and there is none");
                    let diagnostic = Diagnostic::new(Code::UndefinedReference, zone.span, message);
                    self.troubles
                        .push(diagnostic.help("give each cluster its `spec.timeZone`, or name a zone in the task"));
                    None
                }
            },
        };
        let spec = path::ensure(&mut self.state.object, &["spec"]);
        if let Value::Object(spec) = spec {
            match name {
                Some(name) => spec.insert("timeZone".to_owned(), Value::String(name)),
                None => spec.remove("timeZone"),
            };
        }
    }
}

/// Whether a text stands anywhere in the strings of a value.
fn contains_text(value: &Value, written: &str) -> bool {
    match value {
        Value::String(text) => text.contains(written),
        Value::Array(items) => items.iter().any(|item| contains_text(item, written)),
        Value::Object(members) => members.values().any(|member| contains_text(member, written)),
        _ => false,
    }
}

/// How lists merge at a path of a CronJob.
pub(super) fn shape_at(path: &[&str]) -> ListShape {
    path.iter().fold(ListShape::cron_job(), |shape, name| shape.field(name))
}

/// What stands at a path of a CronJob.
pub(super) fn schema_at(path: &[&str]) -> Option<SchemaNode> {
    path.iter().try_fold(SchemaNode::cronjob(), |schema, name| schema.field(name))
}

pub(super) fn merge_trouble(error: &PatchError, spans: &SpanTree) -> Diagnostic {
    let spot = spots::deepest(spans, error.pointer.tokens());
    let mut diagnostic = Diagnostic::new(Code::InvalidValue, spot.value, error.problem.to_string());
    if let Some(help) = &error.help {
        diagnostic = diagnostic.help(help.clone());
    }
    diagnostic
}

/// Where a reference stands, if that can be told: that of which several are wrong is one mistake of the whole text.
pub(super) fn place(trouble: &references::Trouble, spans: &SpanTree, sources: &SourceTree) -> Span {
    let spot = spots::deepest(spans, &trouble.path);
    let whole = if trouble.kind == TroubleKind::InKey { spot.key } else { spot.value };
    let found = match trouble.kind {
        TroubleKind::TooMuch => {
            let text = sources.text(whole);
            let hit = text.match_indices(&trouble.written).nth(trouble.before);
            hit.map(|(at, written)| {
                let start = whole.start as usize + at;
                Span::new(whole.file, start, start + written.len())
            })
        }
        TroubleKind::Undefined | TroubleKind::InKey | TroubleKind::OddValue => sources.find(whole, &trouble.written),
    };
    found.unwrap_or(whole)
}

pub(super) fn reference_trouble(trouble: references::Trouble, span: Span) -> Diagnostic {
    match trouble.kind {
        TroubleKind::OddValue => {
            return Diagnostic::new(Code::ReferenceQuoting, span, trouble.message)
                .help("quote it where it is used, or keep such characters out of it");
        }
        TroubleKind::TooMuch => {
            return Diagnostic::new(Code::ObjectTooLarge, span, trouble.message)
                .help("no object can hold so much: shorten the value, or name it less often");
        }
        TroubleKind::InKey => {
            return Diagnostic::new(Code::UndefinedReference, span, trouble.message)
                .help("write the name itself; where clusters differ, an override gives theirs");
        }
        TroubleKind::Undefined => {}
    }
    let variable = trouble.written.strip_prefix("$(var.").and_then(|rest| rest.strip_suffix(')'));
    let help = variable.map(|name| {
        format!("set `{name}` in `variables` of the task, a base, an override, the cluster or, for all, the Fleet")
    });
    let diagnostic =
        Diagnostic::new(Code::UndefinedReference, span, trouble.message).did_you_mean(trouble.near.as_deref());
    let more = match trouble.more {
        0 => None,
        1 => Some("one more reference of this text has no value".to_owned()),
        more => Some(format!("{more} more references of this text have no value")),
    };
    more.into_iter().fold(help.into_iter().fold(diagnostic, Diagnostic::help), Diagnostic::note)
}

/// Where a name is looked for among names.
pub(super) fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    nearest(name, names)
}
