//! Joins tasks with their bases and overrides.
//!
//! Precedence is the order of layers (file, built-in, fleet defaults, bases, task) and of overrides (documents by name,
//! bases, task).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::context::DocumentContext;
use super::forms::TextOr;
use super::wire::{
    BaseDocument, CronJobSpec, ExcludeSpec, MatchSpec, OverrideDocument, OverrideEntry, PatchSpec, TaskDocument,
    TasksSpec,
};
use super::{body, image, names, placing, resource, sharing, spreading};
use crate::diag::{Code, Diagnostic, Severity, nearest};
use crate::model::{
    Active, Body, BodyOrigin, Fleet, Identity, LabelExpression, Layer, Override, Placement, Reach, ScheduleLayer,
    Source, TimeZone, Unit, name_of,
};
use crate::tree::{Located, Span, SpanTree, Spanned};

/// A base, understood.
struct JoinedBase {
    layer: Arc<Layer>,
    placement: Option<Arc<Placement>>,
    instances: Option<Spanned<u32>>,
    active: Option<Arc<Active>>,
    pod_template: Option<(Span, Option<Located>)>,
    cron_job: Option<(Span, Option<Located>)>,
    overrides: Vec<Arc<Override>>,
}

/// An `Override` document: which tasks, and what.
struct JoinedOverride {
    tasks: Option<TaskFilter>,
    what: Arc<Override>,
}

struct TaskFilter {
    labels: Vec<(Spanned<String>, Spanned<String>)>,
    expressions: Vec<LabelExpression>,
    names: Option<Vec<Spanned<String>>>,
    namespaces: Option<Vec<Spanned<String>>>,
    /// A part of it could not be read: then it meets no task.
    unread: bool,
}

/// All tasks, joined, sorted by identity.
pub(super) fn units(
    bases: Vec<(Span, BaseDocument)>,
    tasks: Vec<(Span, TaskDocument)>,
    overrides: Vec<(Span, OverrideDocument)>,
    fleet: &mut Fleet,
    task_filters: Vec<TasksSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> Vec<Unit> {
    let filters: Vec<TaskFilter> = task_filters.into_iter().map(|spec| task_filter(spec, context)).collect();
    fleet.task_sets = vec![BTreeSet::new(); filters.len()];
    let bases = lower_bases(bases, context);
    let documents = lower_documents(overrides, context);
    let mut units: BTreeMap<Identity, Unit> = BTreeMap::new();
    for (document, task) in tasks {
        let Some(unit) = lower_task((document, task), &bases, &documents, (&filters, fleet), context) else { continue };
        match units.get(&unit.identity) {
            Some(first) => context.diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    unit.name,
                    format!("there are two tasks of the name `{}`", unit.identity),
                )
                .other(first.name, "the first is here")
                .help("a task is known by its `metadata.name` and `metadata.namespace`; change one"),
            ),
            None => {
                units.insert(unit.identity.clone(), unit);
            }
        }
    }
    let named = documents.iter().filter_map(|document| document.tasks.as_ref()).chain(&filters);
    check_task_names(named, &units, context);
    units.into_values().collect()
}

fn lower_bases(
    documents: Vec<(Span, BaseDocument)>,
    context: &mut DocumentContext<'_, '_>,
) -> BTreeMap<String, JoinedBase> {
    let mut bases: BTreeMap<String, JoinedBase> = BTreeMap::new();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    for (_, document) in documents {
        let name = document.metadata.name;
        if let Some(first) = places.get(&name.value) {
            context.diags.push(
                Diagnostic::new(Code::DuplicateName, name.span, format!("there are two bases of the name `{}`", *name))
                    .other(*first, "the first is here"),
            );
            continue;
        }
        places.insert(name.value.clone(), name.span);
        let mut spec = document.spec;
        let body = spec.take_body();
        let extras = Extras {
            description: spec.description,
            labels: document.metadata.labels,
            annotations: document.metadata.annotations,
            pod_template: spec.pod_template,
        };
        let template = extras.pod_template.as_ref().map(|located| located.spans.key);
        let mut body = full_body(body, extras, context);
        let pod_template = template.map(|span| (span, body.pod_template.take()));
        let layer = Arc::new(Layer { origin: BodyOrigin::Base(name.value.clone()), body });
        let base = JoinedBase {
            instances: sharing::instances(spec.instances, context),
            active: spec.active.map(|active| Arc::new(spreading::active(active, context))),
            layer,
            placement: spec.placement.map(|placement| Arc::new(placing::placement(placement, context))),
            pod_template,
            cron_job: spec.cron_job.map(|file| cron_job(file, context)),
            overrides: lower_overrides(spec.overrides, Reach::Shared, context),
        };
        bases.insert(name.value, base);
    }
    bases
}

fn cron_job(file: Spanned<TextOr<CronJobSpec>>, context: &mut DocumentContext<'_, '_>) -> (Span, Option<Located>) {
    (file.span, resource::cron_job(file, context))
}

/// A description is for people, and the same everywhere.
const IN_DESCRIPTION: (&str, &str) =
    ("in a description", "say it without; an annotation takes references: `annotations: {KEY: ...}`");

struct Extras {
    description: Option<Spanned<String>>,
    labels: Option<Located>,
    annotations: Option<Located>,
    pod_template: Option<Located>,
}

fn full_body(spec: super::wire::BodySpec, extras: Extras, context: &mut DocumentContext<'_, '_>) -> Body {
    let mut body = body::lower(spec, context);
    if let Some(description) = &extras.description {
        context.refuses_reference(description, IN_DESCRIPTION);
        let length = description.chars().count();
        if length > 512 {
            context.diags.push(
                Diagnostic::new(
                    Code::DescriptionTooLong,
                    description.span,
                    format!("this description has {length} characters, and 512 are allowed"),
                )
                .help("keep what an operator needs at night; put the rest into your documentation"),
            );
        }
    }
    body.description = extras.description;
    body.labels.splice(0..0, extras.labels);
    body.annotations.splice(0..0, extras.annotations);
    body.pod_template = extras.pod_template.and_then(|template| body::pod_template(template, context));
    body
}

fn lower_overrides(
    entries: Option<Vec<OverrideEntry>>,
    reach: Reach,
    context: &mut DocumentContext<'_, '_>,
) -> Vec<Arc<Override>> {
    let mut overrides: Vec<Arc<Override>> = Vec::new();
    for mut entry in entries.into_iter().flatten() {
        if let Some(first) = overrides.iter().find(|first| first.name == entry.name) {
            context.diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    entry.name.span,
                    format!("there are two overrides of the name `{}` here", *entry.name),
                )
                .other(first.name.span, "the first is here"),
            );
        }
        let body = entry.take_body();
        let selecting = (entry.clusters, entry.matching, entry.exclude);
        let lowered = lower_override(entry.name, selecting, body, (entry.images, entry.patches), reach, context);
        overrides.push(Arc::new(lowered));
    }
    overrides
}

type Selecting = (Option<Spanned<super::forms::TextOrList>>, Option<Spanned<MatchSpec>>, Option<ExcludeSpec>);
type Editing = (Option<Spanned<super::wire::ImagesSpec>>, Option<Vec<Spanned<PatchSpec>>>);

fn lower_override(
    name: Spanned<String>,
    (clusters, matching, exclude): Selecting,
    body: super::wire::BodySpec,
    (images, patches): Editing,
    reach: Reach,
    context: &mut DocumentContext<'_, '_>,
) -> Override {
    let mut selector = placing::selector(clusters, matching, exclude, context);
    if selector.says_nothing() {
        selector.unread = Some(name.span);
        context.diags.push(
            Diagnostic::new(
                Code::EmptyPlacement,
                name.span,
                format!("override `{}` does not say on which clusters", *name),
            )
            .help("name `clusters`, or give `match`; `clusters: \"*\"` means all of the task's"),
        );
    }
    let before = context.diags.len();
    let mut body = body::lower(body, context);
    body.images = images.map(|images| image::rules(images, context)).unwrap_or_default();
    body.patches = patches.into_iter().flatten().filter_map(|patch| body::patch(patch, context)).collect();
    let layer = Layer { origin: BodyOrigin::Override(name.value.clone()), body };
    let broken = context.diags.iter().skip(before).any(|diagnostic| diagnostic.severity == Severity::Error);
    Override { name, selector, layer, reach, broken }
}

fn lower_documents(
    documents: Vec<(Span, OverrideDocument)>,
    context: &mut DocumentContext<'_, '_>,
) -> Vec<JoinedOverride> {
    let mut result: BTreeMap<String, JoinedOverride> = BTreeMap::new();
    for (_, document) in documents {
        let mut spec = document.spec;
        let name = document.metadata.name;
        if let Some(first) = result.get(&name.value) {
            context.diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    name.span,
                    format!("there are two overrides of the name `{}`", *name),
                )
                .other(first.what.name.span, "the first is here"),
            );
            continue;
        }
        let body = spec.take_body();
        let selecting = (spec.clusters, spec.matching, spec.exclude);
        let editing = (spec.images, spec.patches);
        let what = lower_override(name.clone(), selecting, body, editing, Reach::Shared, context);
        let tasks = spec.tasks.map(|tasks| task_filter(tasks.value, context));
        result.insert(name.value, JoinedOverride { tasks, what: Arc::new(what) });
    }
    result.into_values().collect()
}

fn task_filter(spec: TasksSpec, context: &mut DocumentContext<'_, '_>) -> TaskFilter {
    let before = context.diags.len();
    let matching = spec.matching.unwrap_or_default();
    let (labels, mut expressions) = placing::labels(matching.labels, context);
    expressions.extend(matching.expressions.into_iter().flatten().map(|spec| placing::expression(spec, context)));
    let unread = placing::has_errors_since(before, context);
    TaskFilter { labels, expressions, names: spec.names, namespaces: spec.namespaces, unread }
}

impl TaskFilter {
    /// Whether an `Override` document concerns a task: its names, namespace and labels must all be met. The namespace
    /// is that of the task's identity, or the one that its object goes to.
    fn meets(&self, identity: &Identity, lives_in: Option<&str>, labels: &BTreeMap<String, String>) -> bool {
        let full = identity.to_string();
        let named = |names: &Vec<Spanned<String>>| names.iter().any(|name| **name == identity.name || **name == full);
        let spaced = |spaces: &Vec<Spanned<String>>| {
            spaces.iter().any(|space| {
                let space = space.as_str();
                lives_in == Some(space) || identity.namespace.as_deref() == Some(space)
            })
        };
        !self.unread
            && self.names.as_ref().is_none_or(named)
            && self.namespaces.as_ref().is_none_or(spaced)
            && self.labels.iter().all(|(key, value)| labels.get(key.as_str()) == Some(&value.value))
            && (self.expressions.iter())
                .all(|expression| expression.holds(labels.get(expression.key.as_str()).map(String::as_str)))
    }
}

/// A name in `tasks.names` that no task has is a mistake.
fn check_task_names<'f>(
    filters: impl Iterator<Item = &'f TaskFilter>,
    units: &BTreeMap<Identity, Unit>,
    context: &mut DocumentContext<'_, '_>,
) {
    if context.diags.has_errors() {
        return;
    }
    for name in filters.filter_map(|filter| filter.names.as_ref()).flatten() {
        let known = |identity: &Identity| identity.name == **name || identity.to_string() == **name;
        if !units.keys().any(known) {
            let names: Vec<&str> = units.keys().map(|identity| identity.name.as_str()).collect();
            let diagnostic = Diagnostic::new(Code::InvalidValue, name.span, format!("there is no task `{}`", **name));
            context.diags.push(diagnostic.did_you_mean(nearest(name, names)));
        }
    }
}

fn lower_task(
    (document, task): (Span, TaskDocument),
    bases: &BTreeMap<String, JoinedBase>,
    documents: &[JoinedOverride],
    (filters, fleet): (&[TaskFilter], &mut Fleet),
    context: &mut DocumentContext<'_, '_>,
) -> Option<Unit> {
    let mut spec = task.spec;
    let name = task.metadata.name;
    let body = spec.take_body();
    let namespace = task.metadata.namespace;
    let identity =
        Identity { kind: None, namespace: namespace.as_ref().map(|n| n.value.clone()), name: name.value.clone() };
    let mut used = Vec::new();
    for base in spec.bases.iter().flatten() {
        match bases.get(&base.value) {
            Some(found) => used.push(found),
            None => context.diags.push(unknown_base(base, bases)),
        }
    }
    if used.len() != spec.bases.as_ref().map_or(0, Vec::len) {
        context.files.miss_a_task();
        return None;
    }
    let extras = Extras {
        description: spec.description,
        labels: task.metadata.labels,
        annotations: task.metadata.annotations,
        pod_template: spec.pod_template,
    };
    let template = extras.pod_template.as_ref().map(|located| located.spans.key);
    let mut own = full_body(body, extras, context);
    let own_template = template.map(|span| (span, own.pod_template.take()));
    own.namespace = own.namespace.or(namespace);
    let own_active = spec.active.map(|active| Arc::new(spreading::active(active, context)));
    let active = own_active.or_else(|| used.iter().rev().find_map(|base| base.active.clone()));
    let once = spec.once.filter(|once| once.value).map(|once| once.span);
    let own_instances = sharing::instances(spec.instances, context);
    let instances = own_instances.or_else(|| used.iter().rev().find_map(|base| base.instances.clone()));
    let own_file = spec.cron_job.map(|file| cron_job(file, context));

    let files: Vec<&(Span, Option<Located>)> =
        used.iter().filter_map(|base| base.cron_job.as_ref()).chain(own_file.as_ref()).collect();
    let object = files.last().and_then(|(_, object)| object.as_ref());
    context.files.take(object);
    let named_elsewhere = object.is_some_and(|object| name_of(object).is_some())
        || used.iter().map(|base| &base.layer.body).chain([&own]).any(|body| body.object_name.is_some());
    check_name(&name, named_elsewhere, context);
    let templates = used.iter().filter_map(|base| base.pod_template.as_ref()).chain(&own_template);
    let templates: Vec<Span> = templates.map(|(span, _)| *span).collect();
    let short = used.iter().map(|base| &base.layer.body).chain([&own]).any(|body| body.container.is_some());
    let source = source(&name, &files, &templates, short, context)?;

    let own_placement = spec.placement.map(|placement| Arc::new(placing::placement(placement, context)));
    let placement = own_placement.or_else(|| used.iter().rev().find_map(|base| base.placement.clone()));
    let Some(placement) = placement else {
        context.diags.push(
            Diagnostic::new(Code::EmptyPlacement, name.span, format!("task `{identity}` does not say where it goes"))
                .help("add `placement: {clusters: [...]}` or `placement: {match: {...}}`; `clusters: \"*\"` means everywhere"),
        );
        return None;
    };
    spreading::check_active(active.as_deref(), &placement, context);
    let mut layers = Vec::new();
    match source {
        Source::CronJob => {
            let object = files.last()?.1.clone()?;
            let body = Body { object: Some(object), ..Body::default() };
            layers.push(Arc::new(Layer { origin: BodyOrigin::File, body }));
        }
        // As a file's, its text stands first: a base may change what the task's template says.
        Source::PodTemplate => {
            let bases = used.iter().filter_map(|base| {
                let (_, template) = base.pod_template.as_ref()?;
                Some((base.layer.origin.clone(), template.clone()))
            });
            for (origin, pod_template) in bases.chain(own_template.map(|(_, template)| (BodyOrigin::Task, template))) {
                layers.push(Arc::new(Layer { origin, body: Body { pod_template, ..Body::default() } }));
            }
        }
        Source::Container => layers.extend(defaults(fleet, name.span).map(Arc::new)),
        // No native document is one.
        Source::Template => {}
    }
    layers.extend(fleet_wide(fleet, &layers).map(Arc::new));
    layers.extend(used.iter().map(|base| base.layer.clone()));
    let own_overrides = lower_overrides(spec.overrides, Reach::Task, context);
    let labels = labels_of(&layers, &own);
    let lives_in = namespace_of(&layers, &own);
    layers.push(Arc::new(Layer { origin: BodyOrigin::Task, body: own }));
    if let Some(instances) = &instances {
        let said: Vec<&Layer> = layers.iter().map(Arc::as_ref).collect();
        if placement.strategy.divides() {
            sharing::agrees(instances, &said, context);
        } else {
            let layer = sharing::layer(instances, &said, context);
            layers.push(Arc::new(layer));
        }
    }
    let meets = |filter: &TaskFilter| filter.meets(&identity, lives_in.as_deref(), &labels);
    for (_, tasks) in filters.iter().zip(&mut fleet.task_sets).filter(|(filter, _)| meets(filter)) {
        tasks.insert(identity.clone());
    }
    let concerned = documents.iter().filter(|shared| shared.tasks.as_ref().is_none_or(meets));
    let mut overrides: Vec<Arc<Override>> = concerned.map(|shared| shared.what.clone()).collect();
    overrides.extend(used.iter().flat_map(|base| base.overrides.iter().cloned()));
    overrides.extend(own_overrides);
    let name = name.span;
    Some(Unit {
        identity,
        name,
        document,
        source,
        layers,
        placement,
        instances,
        active,
        once,
        overrides,
        template: None,
    })
}

fn unknown_base(base: &Spanned<String>, bases: &BTreeMap<String, JoinedBase>) -> Diagnostic {
    let names: Vec<&str> = bases.keys().map(String::as_str).collect();
    let diagnostic = Diagnostic::new(Code::UnknownBase, base.span, format!("there is no base `{}`", **base));
    match (nearest(base, names.iter().copied()), names.len()) {
        (None, 0) => diagnostic.help("a base is a document of `kind: Base`, known by its `metadata.name`"),
        (None, 1..=10) => diagnostic.note(format!("there is {}", names.join(", "))),
        (near, _) => diagnostic.did_you_mean(near),
    }
}

/// The labels of a task as its layers give them: what `kind: Override` selects by.
fn labels_of(layers: &[Arc<Layer>], own: &Body) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for body in layers.iter().map(|layer| &layer.body).chain([own]) {
        let file = body.object.as_ref().and_then(|object| object.value.pointer("/metadata/labels"));
        for map in file.into_iter().chain(body.labels.iter().map(|located| &located.value)) {
            for (key, value) in map.as_object().into_iter().flatten() {
                match value {
                    Value::String(text) => labels.insert(key.clone(), text.clone()),
                    _ => labels.remove(key),
                };
            }
        }
    }
    labels
}

/// The namespace of a task as its layers give it; references in it are not replaced.
fn namespace_of(layers: &[Arc<Layer>], own: &Body) -> Option<String> {
    let bodies = layers.iter().map(|layer| &layer.body).chain([own]);
    let mut said = bodies.filter_map(|body| {
        let file = body.object.as_ref().and_then(|object| object.value.pointer("/metadata/namespace")?.as_str());
        body.namespace.as_ref().map(|namespace| namespace.as_str()).or(file).map(str::to_owned)
    });
    said.next_back()
}

/// Where the containers come from: exactly one of three.
fn source(
    name: &Spanned<String>,
    files: &[&(Span, Option<Located>)],
    templates: &[Span],
    short: bool,
    context: &mut DocumentContext<'_, '_>,
) -> Option<Source> {
    match (files, templates, short) {
        ([(file, _), ..], [template, ..], _) => {
            context.diags.push(
                Diagnostic::new(
                    Code::ContainerSource,
                    *template,
                    "the containers come both from `podTemplate` and from `cronJob`",
                )
                .other(*file, "`cronJob` is here")
                .help("keep one; `pod` and `container` change single fields of a `cronJob` file"),
            );
            None
        }
        ([_, ..], [], _) => Some(Source::CronJob),
        ([], [_, ..], _) => Some(Source::PodTemplate),
        ([], [], true) => Some(Source::Container),
        ([], [], false) => {
            context.diags.push(
                Diagnostic::new(Code::ContainerSource, name.span, format!("task `{}` has no container", **name))
                    .help("give `container: {image: ...}`, or a whole `podTemplate`, or `cronJob: FILE`"),
            );
            None
        }
    }
}

/// 63 as for a label, 52 because the controller appends eleven characters to make the name of a Job
/// (`pkg/apis/batch/validation.ValidateCronJobCreate`).
fn check_name(name: &Spanned<String>, renamed: bool, context: &mut DocumentContext<'_, '_>) {
    let length = name.len();
    if let Some(diagnostic) = names::characters(name, "a task") {
        context.diags.push(diagnostic);
    } else if length > 63 {
        let message = format!("this name has {length} characters, and a task's name has at most 63");
        let diagnostic = Diagnostic::new(Code::NameTooLong, name.span, message);
        context.diags.push(
            diagnostic.help(format!("shorten it by {} to 52, which the name of a CronJob may have", length - 52)),
        );
    } else if length > 52 && !renamed {
        context.diags.push(
            Diagnostic::new(
                Code::NameTooLong,
                name.span,
                format!("this name has {length} characters, and the API server refuses a CronJob name of more than 52"),
            )
            .note("the controller appends 11 characters to it to name each Job, which may have 63")
            .help("shorten it, or give the object another name: `objectName`"),
        );
    }
}

/// `output.metadata` of the Fleet, as far as the text that stands before it says nothing else.
fn fleet_wide(fleet: &Fleet, before: &[Arc<Layer>]) -> Option<Layer> {
    let metadata = &fleet.output.metadata;
    if metadata.is_empty() {
        return None;
    }
    let object = before.iter().find_map(|layer| layer.body.object.as_ref()).map(|object| &object.value);
    let templates = before.iter().filter_map(|layer| layer.body.pod_template.as_ref()).map(|template| &template.value);
    let templates: Vec<&Value> =
        templates.chain(object.and_then(|object| object.pointer("/spec/jobTemplate/spec/template"))).collect();
    let without = |map: &Option<Located>, name: &str, others: &[&Value]| -> Option<Located> {
        let mut map = map.clone()?;
        let said = |key: &str| {
            others.iter().any(|other| other.pointer("/metadata").is_some_and(|it| it[name].get(key).is_some()))
        };
        map.value.as_object_mut()?.retain(|key, _| !said(key));
        Some(map)
    };
    let objects: Vec<&Value> = object.into_iter().collect();
    let mut body = Body {
        labels: without(&metadata.labels, "labels", &objects).into_iter().collect(),
        annotations: without(&metadata.annotations, "annotations", &objects).into_iter().collect(),
        ..Body::default()
    };
    if metadata.pods {
        let parts = [("labels", &metadata.labels), ("annotations", &metadata.annotations)];
        let parts = parts.into_iter().filter_map(|(name, map)| Some((name, without(map, name, &templates)?)));
        let (mut values, mut places) = (serde_json::Map::new(), Vec::new());
        for (name, Located { value, spans }) in parts {
            values.insert(name.to_owned(), value);
            places.push((name.to_owned(), spans));
        }
        let span = places.first().map(|(_, spans): &(String, SpanTree)| spans.value)?;
        let spans = SpanTree { key: span, value: span, spots: crate::tree::Spots::Members(places) };
        body.pod = Some(Located { value: Value::Object(values), spans });
    }
    Some(Layer { origin: BodyOrigin::Defaults, body })
}

/// Built-in and fleet defaults, for the short form alone.
fn defaults(fleet: &Fleet, span: Span) -> [Layer; 2] {
    let leaf = |value: Value| Located { value, spans: SpanTree::leaf(span) };
    let built_in =
        Body { job: Some(leaf(json!({"activeDeadlineSeconds": 360, "restartPolicy": "Never"}))), ..Body::default() };
    let zone = fleet.defaults.time_zone.as_ref().map(|zone| {
        let value = if **zone == "cluster" { TimeZone::Cluster } else { TimeZone::Name(zone.value.clone()) };
        Spanned::new(value, zone.span)
    });
    let fleet = Body {
        job: fleet.defaults.job.clone(),
        schedule: ScheduleLayer { time_zone: zone, ..ScheduleLayer::default() },
        ..Body::default()
    };
    [Layer { origin: BodyOrigin::BuiltIn, body: built_in }, Layer { origin: BodyOrigin::Defaults, body: fleet }]
}
