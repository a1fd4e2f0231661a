//! Maps an error in a rendered object back to the source location that caused it, by replaying the layers one at a
//! time. Only runs once an error was found.

use std::collections::HashSet;

use serde_json::Value;

use super::fold::Fold;
use super::patching;
use super::path::{self, JOB, JOB_METADATA, POD, POD_METADATA, TEMPLATE};
use super::pod;
use super::references::Scope;
use crate::diag::Code;
use crate::model::{Body, BodyOrigin, Layer, Override, PatchKind, PatchStep, Source, Unit};
use crate::tree::{Located, SourceTree, Span, SpanTree, Spots};
use crate::validate::{self, Finding, Options, Version};

/// The place to blame, and what stands there.
#[derive(Clone, Debug)]
pub(super) struct Blame {
    /// The narrowest text that covers the fault.
    pub(super) span: Span,
    /// The layer that said it, in words; `None` if nobody did.
    pub(super) who: Option<String>,
    /// It is a patch, which says things by the names they have in the manifest.
    pub(super) patch: bool,
    /// Where the member stands that the fault combines with.
    pub(super) beside: Option<Span>,
}

/// One step of the replay.
enum ReplayStep<'a> {
    Layer(&'a Layer),
    Finish,
    Patch(&'a Layer, &'a PatchStep),
}

/// Everything needed to fold again.
pub(super) struct Replay<'a> {
    pub(super) unit: &'a Unit,
    pub(super) overrides: &'a [usize],
    pub(super) sources: &'a SourceTree,
    pub(super) scope: &'a Scope<'a>,
    pub(super) default_namespace: Option<&'a str>,
    pub(super) version: Version,
}

impl<'a> Replay<'a> {
    fn steps(&self) -> Vec<ReplayStep<'a>> {
        let unit = self.unit;
        let overrides = self.overrides.iter().map(|i| &unit.overrides[*i].layer);
        let mut steps: Vec<ReplayStep<'a>> = unit.layers_with(self.overrides).map(ReplayStep::Layer).collect();
        steps.push(ReplayStep::Finish);
        let patches = overrides.flat_map(|layer| layer.body.patches.iter().map(move |patch| (layer, patch)));
        steps.extend(
            patches
                .filter(|(_, patch)| patching::for_cron_job(patch))
                .map(|(layer, patch)| ReplayStep::Patch(layer, patch)),
        );
        steps
    }

    /// How the finished object is checked.
    pub(super) fn options(&self) -> Options {
        Options { version: self.version, partial: false }
    }

    /// Shows the object after each step with the number of steps, the empty one first. None is kept: a thousand
    /// overrides would make a thousand objects.
    fn walk(&self, steps: &[ReplayStep<'a>], mut look: impl FnMut(usize, &Value)) -> Value {
        let mut fold = Fold::new(self.unit, self.sources, Some(self.scope));
        let mut object = fold.state.object.clone();
        look(0, &object);
        for (at, step) in steps.iter().enumerate() {
            match step {
                ReplayStep::Layer(layer) => fold.layer(layer),
                ReplayStep::Finish => fold.finish(self.scope, self.default_namespace, self.unit.name),
                ReplayStep::Patch(_, patch) => {
                    let _already_said = patching::apply(&mut fold, patch);
                }
            }
            object.clone_from(&fold.state.object);
            validate::nulls::as_read(&mut object, validate::SchemaNode::cronjob());
            pod::settle_variables(&mut object);
            look(at + 1, &object);
        }
        object
    }

    /// The places to blame for faults of the finished object.
    pub(super) fn blame(&self, findings: &[Finding]) -> Vec<Blame> {
        let steps = self.steps();
        let finished = self.walk(&steps, |_, _| {});
        let mut suspects: Vec<Suspect<'_>> = findings.iter().map(|fault| Suspect::new(fault, &finished)).collect();
        self.walk(&steps, |at, object| {
            if at == steps.len() {
                return;
            }
            let findings = validate::cron_job(object, self.options());
            let faults = findings.iter().map(|fault| (keyed(object, &segments(&fault.pointer)), fault));
            let present: HashSet<FaultKey<'_>> =
                faults.map(|(path, fault)| (path, fault.code, fault.message.as_str())).collect();
            suspects.iter_mut().for_each(|suspect| suspect.seen(at, &present));
        });
        self.walk(&steps, |at, object| {
            let Some(step) = at.checked_sub(1) else { return };
            suspects.iter_mut().for_each(|suspect| suspect.said(at, &steps[step], object, steps.len()));
        });
        suspects.into_iter().map(|suspect| self.locate(&steps, suspect)).collect()
    }

    /// The text of the step to blame; where it has none (a field that nobody gave), the nearest in a step before,
    /// and at last the task's name.
    fn locate(&self, steps: &[ReplayStep<'a>], suspect: Suspect<'_>) -> Blame {
        let Suspect { finding, path, other, .. } = &suspect;
        let first = suspect.first(steps.len());
        let by_patch = first.checked_sub(1).is_some_and(|at| matches!(steps[at], ReplayStep::Patch(..)));
        let own_form = self.unit.source != Source::CronJob && !by_patch;
        if finding.code == Code::MissingField && path.len() < 2 && own_form {
            return Blame { span: self.unit.name, who: None, patch: false, beside: None };
        }
        let blamed = suspect.here[0].as_ref();
        let better = other.as_ref().zip(suspect.here[1].as_ref()).filter(|(other, said)| {
            // The step may have said the other of two members that do not go together.
            blamed.is_none_or(|it| it.depth < path.len()) && said.depth == other.len()
        });
        let (best, length, beside) = match better {
            Some((other, said)) => (Some(said), other.len(), &suspect.whole[0]),
            None => (blamed.or(suspect.deepest.as_ref()), path.len(), &suspect.whole[1]),
        };
        let beside = *beside;
        match best {
            Some(PathClaim { spot, depth, step }) => {
                let span = if finding.at_key || *depth != length { spot.key } else { spot.value };
                let (layer, patch) = match &steps[*step] {
                    ReplayStep::Layer(layer) => (Some(layer), false),
                    ReplayStep::Patch(layer, _) => (Some(layer), true),
                    ReplayStep::Finish => (None, false),
                };
                Blame { span, who: layer.map(|layer| layer.origin.to_string()), patch, beside }
            }
            None => Blame { span: self.unit.name, who: None, patch: false, beside },
        }
    }
}

/// A fault by what is the same of it whatever else is in the object: its path by names, its code and its message.
type FaultKey<'f> = (Vec<String>, Code, &'f str);

/// What a step says of a path.
#[derive(Clone, Copy)]
struct PathClaim {
    spot: Spot,
    /// How much of the path it covers.
    depth: usize,
    /// Its number.
    step: usize,
}

impl PathClaim {
    fn by(step: usize, says: &ReplayStep<'_>, object: &Value, path: &[String]) -> Option<PathClaim> {
        let (spot, depth) = match says {
            ReplayStep::Layer(layer) => in_body(&layer.body, object, path)?,
            ReplayStep::Finish => return None,
            ReplayStep::Patch(_, patch) => in_patch(patch, object, path)?,
        };
        Some(PathClaim { spot, depth, step })
    }
}

/// What is gathered about one fault while the steps go by.
struct Suspect<'f> {
    finding: &'f Finding,
    fault: FaultKey<'f>,
    path: Vec<String>,
    /// The member that the fault combines with.
    other: Option<Vec<String>>,
    /// The number of steps since which the fault is there without a break.
    since: Option<usize>,
    /// What the first of these steps says of the path, and of the other.
    here: [Option<PathClaim>; 2],
    /// What says most of the path; of those that say as much the last.
    deepest: Option<PathClaim>,
    /// Where the whole of the path, and of the other, was said last.
    whole: [Option<Span>; 2],
}

impl<'f> Suspect<'f> {
    fn new(finding: &'f Finding, finished: &Value) -> Self {
        let path = segments(&finding.pointer);
        let fault = (keyed(finished, &path), finding.code, finding.message.as_str());
        let other = finding.beside.as_deref().map(segments);
        let (here, whole) = ([None, None], [None, None]);
        Self { finding, fault, path, other, since: None, here, deepest: None, whole }
    }

    fn seen(&mut self, at: usize, present: &HashSet<FaultKey<'_>>) {
        self.since = if present.contains(&self.fault) { self.since.or(Some(at)) } else { None };
    }

    /// After how many of the steps the fault is there.
    fn first(&self, steps: usize) -> usize {
        self.since.unwrap_or(steps)
    }

    fn said(&mut self, at: usize, step: &ReplayStep<'_>, object: &Value, steps: usize) {
        let own = PathClaim::by(at - 1, step, object, &self.path);
        let other = self.other.as_ref().and_then(|other| PathClaim::by(at - 1, step, object, other));
        if self.first(steps) == at {
            self.here = [own, other];
        }
        for (said, path, whole) in [(own, Some(&self.path), 0), (other, self.other.as_ref(), 1)] {
            if let Some(said) = said.filter(|said| path.is_some_and(|path| path.len() == said.depth)) {
                self.whole[whole] = Some(said.spot.value);
            }
        }
        if own.is_some_and(|own| self.deepest.is_none_or(|best| own.depth >= best.depth)) {
            self.deepest = own;
        }
    }
}

/// Where somebody said the text or number at a path of the CronJob, the last one to say it with these overrides; not
/// those who said it by the built-in defaults.
pub fn said(unit: &Unit, overrides: &[usize], path: &[&str]) -> Option<Span> {
    let layers = unit.layers_with(overrides).rev().filter(|layer| layer.origin != BodyOrigin::BuiltIn);
    let path_in_layers = owned(path);
    patched(unit, overrides, path).or_else(|| {
        let mut spans = layers.map(|layer| whole(in_body(&layer.body, &Value::Null, &path_in_layers), path.len()));
        spans.find_map(|span| span)
    })
}

/// Where one override says something at a path of the CronJob, by its typed fields or by a patch.
pub fn said_by(over: &Override, path: &[&str]) -> Option<Span> {
    let typed = || whole(in_body(&over.layer.body, &Value::Null, &owned(path)), path.len());
    let steps = over.layer.body.patches.iter().rev().filter(|step| patching::for_cron_job(step));
    steps.map(|step| whole(in_patch(step, &Value::Null, &owned(path)), path.len())).find_map(|span| span).or_else(typed)
}

/// The nearest text that somebody wrote about a place of a finished CronJob: the last to say the value there, or, where
/// nobody did, what is said nearest above it. Nowhere if only built-in defaults speak of it.
pub fn origin(unit: &Unit, overrides: &[usize], object: &Value, pointer: &str) -> Option<Span> {
    let path = segments(pointer);
    let image = path.iter().rev().take(2).any(|member| member == "image");
    let layers = unit.layers_with(overrides).filter(|layer| layer.origin != BodyOrigin::BuiltIn);
    let layers = layers.filter(|layer| !(image && only_moves_images(&layer.body)));
    let layers = layers.filter_map(|layer| in_body(&layer.body, object, &path));
    let patches = overrides.iter().flat_map(|at| &unit.overrides[*at].layer.body.patches);
    let patches = patches.filter(|step| patching::for_cron_job(step)).filter_map(|step| in_patch(step, object, &path));
    // Of those that say as much of it the last one counts.
    let (spot, depth) = layers.chain(patches).filter(|(_, depth)| *depth > 0).max_by_key(|(_, depth)| *depth)?;
    Some(if depth == path.len() { spot.value } else { spot.key })
}

/// Whether a body says another registry of images and nothing else of them.
fn only_moves_images(body: &Body) -> bool {
    let moves = |parts: &Value| parts.as_object().is_some_and(|parts| parts.keys().all(|part| part == "registry"));
    let containers = body.containers.iter().map(|(_, part)| part).chain(&body.container);
    let said: Vec<&Value> = containers.filter_map(|part| part.value.get("image")).collect();
    let elsewhere = body.object.is_some() || body.pod_template.is_some() || body.pod.is_some();
    !elsewhere && said.into_iter().chain(body.images.iter().map(|rule| &rule.parts)).all(moves)
}

/// Where a patch says the text or number at a path of the CronJob.
pub(super) fn patched(unit: &Unit, overrides: &[usize], path: &[&str]) -> Option<Span> {
    let mut steps = overrides.iter().rev().flat_map(|at| unit.overrides[*at].layer.body.patches.iter().rev());
    let depth = path.len();
    steps.find_map(|step| {
        let of_job = patching::for_cron_job(step);
        if of_job { whole(in_patch(step, &Value::Null, &owned(path)), depth) } else { None }
    })
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|part| (*part).to_owned()).collect()
}

/// A spot that is the whole way down.
fn whole(found: Option<(Spot, usize)>, depth: usize) -> Option<Span> {
    found.filter(|(_, reached)| *reached == depth).map(|(spot, _)| spot.value)
}

/// Where something was written.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Its key.
    pub(super) key: Span,
    /// Its value.
    pub(super) value: Span,
}

impl From<&SpanTree> for Spot {
    fn from(spans: &SpanTree) -> Self {
        Self { key: spans.key, value: spans.value }
    }
}

/// The parts of a JSON pointer.
pub(super) fn segments(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

const KEYS: [&str; 6] = ["name", "mountPath", "devicePath", "containerPort", "topologyKey", "key"];

/// What tells an item of a list from its neighbours: its merge key, if it has one.
fn key_of(item: &Value) -> Option<(&'static str, &Value)> {
    KEYS.iter().find_map(|key| item.get(key).map(|value| (*key, value)))
}

/// A path whose list positions are replaced by what the items are called, so that it survives new neighbours.
fn keyed(object: &Value, path: &[String]) -> Vec<String> {
    let mut value = Some(object);
    let mut result = Vec::with_capacity(path.len());
    for name in path {
        match value {
            Some(Value::Array(items)) => {
                value = name.parse::<usize>().ok().and_then(|i| items.get(i));
                let key = value.and_then(key_of).map(|(key, value)| format!("{key}={value}"));
                result.push(key.unwrap_or_else(|| name.clone()));
            }
            Some(other) => {
                value = other.get(name);
                result.push(name.clone());
            }
            None => result.push(name.clone()),
        }
    }
    result
}

/// Walks down places beside the object; list items are found by equality, by key, or by position.
fn descend(spans: &SpanTree, said: &Value, object: Option<&Value>, path: &[String]) -> (Spot, usize) {
    let Some((name, rest)) = path.split_first() else { return (spans.into(), 0) };
    let (next, said_next, object_next) = match &spans.spots {
        Spots::Members(_) => (spans.member(name), said.get(name), object.and_then(|object| object.get(name))),
        Spots::Items(places) => {
            let index = name.parse::<usize>().unwrap_or(usize::MAX);
            let item = object.and_then(|object| object.get(index));
            let items = said.as_array().map(Vec::as_slice).unwrap_or_default();
            let same = |other: &Value| Some(other) == item;
            let alike = |other: &Value| item.and_then(key_of).is_some_and(|(key, value)| other.get(key) == Some(value));
            // Mostly it stands where it stood.
            let there = items.get(index).filter(|there| same(there)).map(|_| index);
            let at = there.or_else(|| items.iter().position(same)).or_else(|| items.iter().position(alike));
            let at = at.or((items.len() == object.and_then(Value::as_array).map_or(0, Vec::len)).then_some(index));
            (at.and_then(|at| places.get(at)), at.and_then(|at| items.get(at)), item)
        }
        Spots::Leaf | Spots::Source(_) => (None, None, None),
    };
    match (next, said_next) {
        (Some(next), Some(said)) => {
            let (spot, depth) = descend(next, said, object_next, rest);
            (spot, depth + 1)
        }
        _ => (spans.into(), 0),
    }
}

/// A part of a body that ends up below `prefix`.
fn below(part: &Located, object: &Value, prefix: &[&str], path: &[String]) -> Option<(Spot, usize)> {
    let rest = path.get(prefix.len()..)?;
    if !prefix.iter().zip(path).all(|(a, b)| a == b) {
        return None;
    }
    let (spot, depth) = descend(&part.spans, &part.value, path::at(object, prefix), rest);
    (depth > 0 || rest.is_empty()).then_some((spot, depth + prefix.len()))
}

/// The same for one member of a part that ends up elsewhere under the same name.
fn member_at(part: &Located, member: &str, object: &Value, prefix: &[&str], path: &[String]) -> Option<(Spot, usize)> {
    let (value, spans) = part.member(member)?;
    below(&Located { value: value.clone(), spans: spans.clone() }, object, &[prefix, &[member]].concat(), path)
}

/// The deepest text of a body that covers a path of the object.
fn in_body(body: &Body, object: &Value, path: &[String]) -> Option<(Spot, usize)> {
    let mut found: Vec<(Spot, usize)> = Vec::new();
    let is = |wanted: &[&str]| path.iter().map(String::as_str).eq(wanted.iter().copied());
    let spot = |span: Span| Spot { key: span, value: span };
    if let Some(file) = &body.object {
        found.extend(below(file, object, &[], path));
    }
    if let Some(expression) = body.schedule.expression.as_ref().filter(|_| is(&["spec", "schedule"])) {
        found.push((spot(expression.span), 2));
    }
    if let Some(zone) = body.schedule.time_zone.as_ref().filter(|_| is(&["spec", "timeZone"])) {
        found.push((spot(zone.span), 2));
    }
    if let Some(name) = body.object_name.as_ref().filter(|_| is(&["metadata", "name"])) {
        found.push((spot(name.span), 2));
    }
    if let Some(namespace) = body.namespace.as_ref().filter(|_| is(&["metadata", "namespace"])) {
        found.push((spot(namespace.span), 2));
    }
    for (member, parts) in [("labels", &body.labels), ("annotations", &body.annotations)] {
        found.extend(parts.iter().filter_map(|part| below(part, object, &["metadata", member], path)));
    }
    if let Some(job) = &body.job {
        found.extend(member_at(job, "restartPolicy", object, POD, path));
        for member in ["labels", "annotations"] {
            found.extend(member_at(job, member, object, JOB_METADATA, path));
        }
        found.extend(below(job, object, JOB, path));
        found.extend(below(job, object, &["spec"], path));
    }
    if let Some(pod) = &body.pod {
        for member in ["labels", "annotations"] {
            found.extend(member_at(pod, member, object, POD_METADATA, path));
        }
        found.extend(below(pod, object, POD, path));
    }
    if let Some(template) = &body.pod_template {
        found.extend(below(template, object, TEMPLATE, path));
    }
    found.extend(in_containers(body, object, path));
    found.into_iter().max_by_key(|(_, depth)| *depth)
}

/// `container`, `containers` and `images`: which container they mean is seen in the object.
fn in_containers(body: &Body, object: &Value, path: &[String]) -> Vec<(Spot, usize)> {
    let mut found = Vec::new();
    let depth = POD.len();
    let inside = POD.iter().zip(path).all(|(a, b)| a == b) && path.len() >= depth + 2;
    if !inside {
        // A fault of the pod as a whole, if nobody says more of it.
        if let Some(container) = &body.container
            && path.iter().map(String::as_str).eq(POD.iter().copied())
        {
            found.push((Spot { key: container.spans.key, value: container.spans.key }, depth - 1));
        }
        return found;
    }
    let (list, index) = (path[depth].as_str(), path[depth + 1].as_str());
    let item = path::at(object, POD).and_then(|pod| pod.get(list)?.get(index.parse::<usize>().ok()?));
    let rest = &path[depth + 2..];
    if let Some(container) = body.container.as_ref().filter(|_| list == "containers" && index == "0") {
        let (spot, more) = descend(&container.spans, &container.value, item, rest);
        found.push((spot, depth + 2 + more));
    }
    let name = item.and_then(|item| item.get("name")).and_then(Value::as_str);
    for (_, container) in body.containers.iter().filter(|(called, _)| Some(called.as_str()) == name) {
        let (spot, more) = descend(&container.spans, &container.value, item, rest);
        found.push((spot, depth + 2 + more));
    }
    if rest.first().is_some_and(|member| member == "image") {
        // The `reference` of an image volume is one step further down.
        let steps = if list == "volumes" { 4 } else { 3 };
        let reached = (depth + steps).min(path.len());
        let image = item.and_then(|item| item.get("image"));
        let image = image.and_then(|image| image.get("reference").unwrap_or(image).as_str());
        let rules = body.images.iter().filter(|rule| pod::may_give(rule, image));
        found.extend(rules.map(|rule| (Spot { key: rule.span, value: rule.span }, reached)));
    }
    found
}

/// The deepest text of a patch that covers a path of the object.
pub(super) fn in_patch(patch: &PatchStep, object: &Value, path: &[String]) -> Option<(Spot, usize)> {
    if patch.kind != PatchKind::Json {
        let (spot, depth) = descend(&patch.patch.spans, &patch.patch.value, Some(object), path);
        return Some((spot, depth));
    }
    let operations = patch.patch.value.as_array()?;
    let covering = operations.iter().enumerate().filter_map(|(i, operation)| {
        let spans = patch.patch.spans.item(i)?;
        // A test says nothing: it asks.
        if operation.get("op").and_then(Value::as_str) == Some("test") {
            return None;
        }
        let at = segments(operation.get("path")?.as_str()?);
        let common = at.iter().zip(path).take_while(|(a, b)| a == b || *a == "-").count();
        if common == at.len()
            && let (Some(value), Some(value_spans)) = (operation.get("value"), spans.member("value"))
        {
            let inner = at.iter().try_fold(object, |value, name| value.get(name));
            let (spot, depth) = descend(value_spans, value, inner, &path[common..]);
            return Some((spot, common + depth));
        }
        (common == path.len()).then(|| (Spot::from(spans.member("path").unwrap_or(spans)), common))
    });
    covering.max_by_key(|(_, depth)| *depth).or_else(|| Some(((&patch.patch.spans).into(), 0)))
}
