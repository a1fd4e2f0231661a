//! A variant: the key that distinguishes it, and how it is built. Clusters with equal keys share one rendering.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::blame::{self, Blame, Replay};
use super::fold::{Fold, FoldedCronJob};
use super::identity::NamespaceWatch;
use super::object::heaviest;
use super::orders::{ClusterOrder, Orders};
use super::path::{self, JOB, POD};

use super::references::{self, Scope, TaskNames};
use super::starts::{self, StartKey, StartSpot};
use super::{Manifest, Surroundings, flux, object, patching, resources};
use crate::diag::{Code, Diagnostic, Place, Severity};
use crate::model::{Body, Layer, Source, TimeZone, Timing, Unit, naming};
use crate::place::Decision;
use crate::tree::{Span, reach};
use crate::validate::{self, ResourceQuantities, SchemaNode, Valid, Version, names, nulls, requests};

/// What tells one variant from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VariantKey {
    /// The overrides that apply.
    pub(super) overrides: Vec<usize>,
    /// The values of all references used; `None` where one has no value.
    values: Vec<(String, Option<String>)>,
    /// The cluster's zone, where a layer asks for it.
    zone: Option<String>,
    /// The namespace of cluster or fleet.
    namespace: Option<String>,
    /// What the plan says of the cluster.
    order: ClusterOrder,
    /// When its copy starts.
    start: StartKey,
}

impl VariantKey {
    /// The references that stand in it.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }
}

/// A variant, built.
pub(super) struct RenderedVariant {
    /// Pods of one run.
    pub(super) instances: u32,
    pub(super) undone: bool,
    pub(super) manifests: Vec<Manifest>,
    pub(super) timing: Timing,
    pub(super) requests: Option<ResourceQuantities>,
    /// The finished CronJob.
    pub(super) cron_job: Value,
    /// The overrides that changed something.
    pub(super) changed: Vec<usize>,
    /// The entries of `images` that found no image by their name, and the names that there were.
    pub(super) missed: Vec<(Span, BTreeSet<String>)>,
    pub(super) diags: Vec<Diagnostic>,
    /// What Kubernetes says of it, by version, in the order in which the versions were given.
    pub(super) checked: Vec<Vec<Diagnostic>>,
}

/// The layers before overrides, folded once, where no reference stands in them.
pub(super) struct Prefix {
    state: Option<(FoldedCronJob, Vec<Diagnostic>)>,
}

/// So many layers and patches are laid over one another for one cluster: with each the whole object is looked at again.
const MAX_STEPS: usize = 500;

/// Says so if more layers and patches make one object than are laid over one another.
pub(super) fn too_many_steps(unit: &Unit, overrides: &[usize], around: Surroundings<'_>) -> Option<Diagnostic> {
    let steps = |layer: &Layer| 1 + layer.body.patches.len();
    let count: usize = unit.layers_with(overrides).map(steps).sum();
    if count <= MAX_STEPS {
        return None;
    }
    let place = overrides.first().map_or(unit.name, |first| unit.overrides[*first].name.span);
    let message = format!(
        "{count} layers and patches make the CronJob of task `{}`, and at most {MAX_STEPS} are laid over one another",
        around.sources.text(unit.name)
    );
    let diagnostic = Diagnostic::new(Code::YamlLimits, place, message);
    Some(diagnostic.help("put what they say into fewer overrides and patches, or narrow the clusters of each override"))
}

/// The references in the layers before overrides.
pub(super) fn own_names(unit: &Unit) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    unit.layers.iter().for_each(|layer| names_in(&layer.body, &mut names));
    names
}

/// The clusters chosen, grouped by key, in order of their first cluster; `own` are the [`own_names`] of the unit.
pub(super) fn group(
    unit: &Unit,
    own: &BTreeSet<String>,
    (decision, orders): (&Decision, &Orders),
    around: Surroundings<'_>,
) -> Vec<(VariantKey, Vec<usize>)> {
    let mut theirs: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let zoned =
        |layer: &Layer| layer.body.schedule.time_zone.as_ref().is_some_and(|zone| zone.value == TimeZone::Cluster);
    let counts = |layer: &Layer| layer.body.job.as_ref().is_some_and(|job| job.member("shardEnv").is_some());
    let mut groups: BTreeMap<VariantKey, Vec<usize>> = BTreeMap::new();
    // Of many overrides that tasks share most select nothing of the inventory.
    let selecting: Vec<(usize, Option<&[usize]>)> = unit
        .overrides
        .iter()
        .enumerate()
        .map(|(at, over)| (at, around.reach.clusters(over)))
        .filter(|(_, clusters)| clusters.is_none_or(|clusters| !clusters.is_empty()))
        .collect();
    for (i, _) in decision.chosen() {
        let cluster = around.scopes[i].cluster;
        let selects = |(at, clusters): &(usize, Option<&[usize]>)| match clusters {
            Some(clusters) => clusters.binary_search(&i).is_ok(),
            None => crate::place::matches(&unit.overrides[*at].selector, cluster).is_ok(),
        };
        let overrides: Vec<usize> = selecting.iter().filter(|over| selects(over)).map(|(at, _)| *at).collect();
        for at in &overrides {
            theirs.entry(*at).or_insert_with(|| {
                let mut names = BTreeSet::new();
                names_in(&unit.overrides[*at].layer.body, &mut names);
                names
            });
        }
        let mut names: BTreeSet<&String> = own.iter().collect();
        names.extend(overrides.iter().filter_map(|at| theirs.get(at)).flatten());
        let values = if names.is_empty() {
            Vec::new()
        } else {
            let scope = scope(unit, &overrides, around, i);
            let value = |name: &String| scope.value(name).map(std::borrow::Cow::into_owned);
            names.into_iter().map(|name| (name.clone(), value(name))).collect()
        };
        let asks = unit.layers_with(&overrides).any(zoned);
        let order = orders.of(i, unit.layers_with(&overrides).any(counts));
        let zone = if asks { cluster.time_zone.as_ref().map(|zone| zone.value.clone()) } else { None };
        let namespace = default_namespace(around, i).map(str::to_owned);
        let spot = StartSpot { unit, overrides: &overrides, cluster, fleet: around.fleet, sources: around.sources };
        let start = starts::key(spot);
        let key = VariantKey { overrides, values, zone, namespace, order, start };
        groups.entry(key).or_default().push(i);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, clusters)| clusters[0]);
    groups
}

/// Where a task goes that names no namespace: the cluster's, the fleet's, or `default`.
fn default_namespace<'a>(around: Surroundings<'a>, cluster: usize) -> Option<&'a str> {
    let defaults = &around.fleet.defaults;
    let own = around.scopes[cluster].cluster.namespace.as_ref().map(|namespace| namespace.as_str());
    let fleet = || match (&defaults.namespace, defaults.namespace_said) {
        (Some(namespace), _) => Some(namespace.as_str()),
        (None, true) => None,
        (None, false) => Some("default"),
    };
    own.or_else(fleet)
}

/// The scope of a cluster after the task and its overrides have spoken.
fn scope<'a>(unit: &'a Unit, overrides: &[usize], around: Surroundings<'a>, cluster: usize) -> Scope<'a> {
    let mut scope = around.scopes[cluster].clone();
    unit.layers_with(overrides).for_each(|layer| scope.add(&layer.body.variables));
    scope.task = Some(TaskNames { name: &unit.identity.name, namespace: None });
    let said = unit.layers_with(overrides).filter_map(|layer| layer.body.namespace.as_ref()).next_back();
    let in_file = || unit.file_object()?.value.pointer("/metadata/namespace")?.as_str();
    let namespace = match said {
        // A namespace that names itself has no value, which is reported where it stands.
        Some(said) => Some(
            references::expand_text(said, &scope, &mut Vec::new()).map_or(Cow::Borrowed(said.as_str()), Cow::Owned),
        ),
        None => in_file().or_else(|| default_namespace(around, cluster)).map(Cow::Borrowed),
    };
    scope.task = Some(TaskNames { name: &unit.identity.name, namespace });
    scope
}

/// All references in a body, and in the resource files that it expands.
fn names_in(body: &Body, names: &mut BTreeSet<String>) {
    for part in [&body.job, &body.pod, &body.container, &body.pod_template].into_iter().flatten() {
        references::names_in(&part.value, names);
    }
    for part in body.containers.iter().map(|(_, part)| part).chain(&body.labels).chain(&body.annotations) {
        references::names_in(&part.value, names);
    }
    for text in [&body.namespace, &body.object_name].into_iter().flatten() {
        references::names_in(&Value::String(text.value.clone()), names);
    }
    body.images.iter().for_each(|rule| references::names_in(&rule.parts, names));
    body.patches.iter().for_each(|patch| patching::names_in(patch, names));
    for resource in body.resources.iter().filter(|resource| resource.expand) {
        for object in resource.file.iter().flat_map(|file| &file.objects) {
            references::names_in(&object.value, names);
        }
    }
}

/// Folds the layers before overrides, if nothing in them differs by cluster.
pub(super) fn prefix(unit: &Unit, own: &BTreeSet<String>, around: Surroundings<'_>) -> Prefix {
    if !own.is_empty() || unit.layers.len() > MAX_STEPS {
        return Prefix { state: None };
    }
    let mut fold = Fold::new(unit, around.sources, None);
    unit.layers.iter().for_each(|layer| fold.layer(layer));
    Prefix { state: Some((fold.state, fold.troubles)) }
}

/// The clusters of a variant by the Kubernetes they run.
pub(super) fn by_version(clusters: &[usize], around: Surroundings<'_>) -> BTreeMap<Version, Vec<usize>> {
    let mut versions: BTreeMap<Version, Vec<usize>> = BTreeMap::new();
    for i in clusters {
        let said = around.scopes[*i].cluster.kubernetes_version.as_ref();
        let (major, minor) = said.map_or(around.fleet.defaults.kubernetes_version, |version| version.value);
        let version = Version { major: narrow(major), minor: narrow(minor) };
        versions.entry(version).or_default().push(*i);
    }
    versions
}

fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Builds the variant of which `cluster` is one, and checks it once for each version.
pub(super) fn build<'v>(
    unit: &Unit,
    key: &VariantKey,
    cluster: usize,
    versions: impl Iterator<Item = &'v Version>,
    prefix: &Prefix,
    around: Surroundings<'_>,
) -> RenderedVariant {
    let scope = scope(unit, &key.overrides, around, cluster);
    let mut fold = match &prefix.state {
        Some((state, troubles)) => {
            let mut fold = Fold::from(unit, around.sources, Some(&scope), state.clone());
            fold.troubles.clone_from(troubles);
            fold
        }
        None => {
            let mut fold = Fold::new(unit, around.sources, Some(&scope));
            unit.layers.iter().for_each(|layer| fold.layer(layer));
            fold
        }
    };
    let mut changed = Vec::new();
    // The state before the first override is at hand; only later ones need a copy to compare with.
    let mut untouched = prefix.state.as_ref().map(|(state, _)| state);
    for at in &key.overrides {
        let layer = &unit.overrides[*at].layer;
        let troubles = fold.troubles.len();
        let differs = if only_patches(&layer.body) {
            fold.layer(layer);
            false
        } else {
            let before = untouched.take().map_or_else(|| Cow::Owned(fold.state.clone()), Cow::Borrowed);
            fold.layer(layer);
            *before != fold.state
        };
        // What was refused would have had an effect.
        if fold.troubles.len() > troubles || differs {
            changed.push(*at);
        }
    }
    let namespace = key.namespace.as_deref();
    fold.finish(&scope, namespace, unit.name);
    let told = fold.state.shard_env.clone();
    fold.troubles.extend(key.order.apply(&mut fold.state.object, told.as_ref()));
    let mut failed = false;
    let mut namespace_watch = NamespaceWatch::default();
    for at in &key.overrides {
        for step in unit.overrides[*at].layer.body.patches.iter().filter(|step| patching::for_cron_job(step)) {
            let before = fold.state.object.clone();
            let applied = patching::apply(&mut fold, step);
            nulls::as_read(&mut fold.state.object, SchemaNode::cronjob());
            namespace_watch.look(step, &before, &fold.state.object);
            failed |= !applied;
            if (!applied || before != fold.state.object) && !changed.contains(at) {
                changed.push(*at);
            }
        }
    }
    let spot = StartSpot {
        unit,
        overrides: &key.overrides,
        cluster: scope.cluster,
        fleet: around.fleet,
        sources: around.sources,
    };
    let spread = starts::settle(spot, &key.start, &mut fold.state, &mut fold.troubles);
    let expected_duration = fold.state.expected_duration;
    fold.forget_replaced();
    // A zone of the inventory or of the settings is judged where it stands, once.
    let said_elsewhere = match &fold.state.zone {
        Some(zone) if zone.value == TimeZone::Cluster => scope.cluster.time_zone.as_ref(),
        Some(zone) => around.fleet.defaults.time_zone.as_ref().filter(|default| default.span == zone.span),
        None => None,
    };
    let said_elsewhere = said_elsewhere.map(|zone| zone.value.clone());
    let zone_decided = fold.state.zone.as_ref().is_some_and(|zone| !matches!(zone.value, TimeZone::Name(_)))
        || blame::patched(unit, &key.overrides, &["spec", "timeZone"]).is_some();
    if fold.too_heavy {
        failed = true;
    }
    // Where a reference brought too much, that is the mistake.
    if fold.too_heavy && fold.troubles.iter().all(|trouble| trouble.code != Code::ObjectTooLarge) {
        let place = heaviest(&fold.state.object);
        let span = blame::origin(unit, &key.overrides, &fold.state.object, &place).unwrap_or(unit.name);
        fold.troubles.push(object::too_large(&fold.state.object, "the CronJob", &place, span));
    }
    let undone = !key.order.stands(&fold.state.object, told.as_ref().is_some_and(|told| told.value));
    let mut value = std::mem::take(&mut fold.state.object);
    let mut diags = std::mem::take(&mut fold.troubles);
    let missed = std::mem::take(&mut fold.missed);
    drop(fold);
    let replay = |version: Version| Replay {
        unit,
        overrides: &key.overrides,
        sources: around.sources,
        scope: &scope,
        default_namespace: namespace,
        version,
    };
    let mut checked: Vec<Vec<Diagnostic>> = Vec::new();
    let mut holds = None;
    for version in versions {
        // What was found for one version mostly holds for the next.
        let same = holds.filter(|valid: &Valid| valid.holds(*version)).and_then(|_| checked.last().cloned());
        checked.push(match same {
            _ if failed => Vec::new(),
            Some(same) => same,
            None => {
                let (found, valid) = check(&value, &replay(*version), said_elsewhere.as_deref(), &diags);
                holds = Some(valid);
                found
            }
        });
    }
    check_names(&value, unit, &key.overrides, &mut diags);
    diags.extend(namespace_watch.fault(&value));
    diags.sort_by_key(|diagnostic| diagnostic.code != Code::PatchFailed);
    let number = |name: &str| path::at(&value, JOB).and_then(|job| job.get(name)).and_then(Value::as_u64);
    // No more pods run at once than are wanted in all.
    let at_once = number("parallelism").map(|pods| number("completions").map_or(pods, |wanted| pods.min(wanted)));
    let instances = at_once.map_or(1, |pods| u32::try_from(pods).unwrap_or(u32::MAX));
    let requests = path::at(&value, POD).and_then(|pod| requests::of_pod(pod).ok());
    flux::watch(&mut value, around.fleet, unit, &mut diags);
    let timing = Timing { zone_decided, expected_duration, spread, ..Timing::of(&value) };
    let paused = starts::pause(spot, &key.start, &mut value, &mut diags);
    let timing = Timing { paused, ..timing };
    let cron_job = object::cron_job(&value, unit);
    let nameless = cron_job.is_none();
    let mut manifests: Vec<Manifest> = cron_job.into_iter().collect();
    let beside = resources::Beside {
        unit,
        overrides: &key.overrides,
        scope: &scope,
        sources: around.sources,
        fleet: around.fleet,
        namespace: reach(&value, "/metadata/namespace").and_then(Value::as_str).map(str::to_owned),
    };
    resources::build(&beside, &mut manifests, &mut changed, &mut diags);
    // Its name or namespace was refused, here or where it is written, and the CronJob is always the first.
    if nameless {
        manifests.clear();
    }
    variables_matter(unit, key, cluster, around, &mut changed);
    RenderedVariant { instances, undone, manifests, timing, requests, cron_job: value, changed, missed, diags, checked }
}

/// Name and namespace are also the path of the manifest, so nothing may climb in them. Where the task's own name is
/// bad that is said already.
fn check_names(value: &Value, unit: &Unit, overrides: &[usize], diags: &mut Vec<Diagnostic>) {
    let bodies = || unit.layers_with(overrides).map(|layer| &layer.body);
    let patched = overrides.iter().rev().find_map(|at| unit.overrides[*at].layer.body.patches.last()).map(|p| p.span);
    let text = |pointer: &str| reach(value, pointer).and_then(Value::as_str);
    let mut report = |error: names::NameError, said: Option<Span>| {
        let span = said.or(patched).unwrap_or(unit.name);
        let mut diagnostic = Diagnostic::new(error.code, span, error.message);
        diagnostic.help.extend(error.help);
        diags.push(diagnostic);
    };
    // What is missing or no text at all is found against the schema.
    let name = text("/metadata/name");
    let given = unit.object_name(overrides);
    let in_file = unit.name_in_file().filter(|in_file| given.is_none() && Some(in_file.value) == name);
    let mut dotted = None;
    if let (Some(in_file), Some(name)) = (in_file, name) {
        // What runs under the name already is held to the rule of the API server, not to the narrower one of ours.
        match names::cronjob_name(name) {
            Err(error) => {
                let near = naming::tidied(name, "-", 52);
                let help =
                    format!("`objectName: {}` in the task gives the object another name", near.trim_end_matches('-'));
                report(names::NameError { help: error.help.or(Some(help)), ..error }, Some(in_file.span));
            }
            Ok(()) => dotted = name.contains('.').then_some(in_file.span),
        }
    } else if let Some(name) = name
        && (given.is_some() || name != unit.identity.name)
        && let Err(error) = names::task_name(name)
    {
        report(error, given.map(|given| given.span));
    }
    if let Some(Err(error)) = text("/metadata/namespace").map(names::namespace) {
        let own = bodies().filter_map(|body| body.namespace.as_ref()).next_back().map(|said| said.span);
        let file = || {
            let object = bodies().find_map(|body| body.object.as_ref())?;
            object.spans.member("metadata")?.member("namespace").map(|spot| spot.value)
        };
        // That of the cluster or the fleet was refused where it stands.
        if let Some(said) = own.or_else(file).or(patched) {
            report(error, Some(said));
        }
    }
    diags.extend(dotted.zip(name).map(|(span, name)| name_with_dots(name, span)));
}

/// Kubernetes takes a CronJob name with dots; "for best compatibility, the name should follow the more restrictive rules
/// for a DNS label", for it becomes part of the host names of Pods (kubernetes.io, CronJob).
fn name_with_dots(name: &str, span: Span) -> Diagnostic {
    let message =
        format!("`{name}` has a dot: Kubernetes takes it, but names of Jobs and host names of Pods come from it");
    Diagnostic::new(Code::InvalidName, span, message).severity(Severity::Warning).help(format!(
        "`objectName: {}` in the task gives the object a name without dots, which makes it another object",
        name.replace('.', "-")
    ))
}

fn only_patches(body: &Body) -> bool {
    let nothing = Body { patches: Vec::new(), variables: BTreeMap::new(), ..Body::default() };
    body.schedule.is_empty()
        && body.not_during.is_none()
        && body.expected_duration.is_none()
        && [&body.job, &body.pod, &body.container].iter().all(|part| part.is_none())
        && body.containers.len() == nothing.containers.len()
        && body.labels.is_empty()
        && body.annotations.is_empty()
        && body.namespace.is_none()
        && body.object_name.is_none()
        && body.resources.is_empty()
        && body.images.is_empty()
}

/// An override that only sets variables has an effect if a reference has another value without it.
fn variables_matter(unit: &Unit, key: &VariantKey, cluster: usize, around: Surroundings<'_>, changed: &mut Vec<usize>) {
    for at in &key.overrides {
        if changed.contains(at) || unit.overrides[*at].layer.body.variables.is_empty() {
            continue;
        }
        let others: Vec<usize> = key.overrides.iter().copied().filter(|other| other != at).collect();
        let without = scope(unit, &others, around, cluster);
        let differs =
            |(name, value): &(String, Option<String>)| without.value(name).map(std::borrow::Cow::into_owned) != *value;
        if key.values.iter().any(differs) {
            changed.push(*at);
        }
    }
}

/// The finished object against Kubernetes, and who is to blame; `known` is what was said of it before.
fn check(
    value: &Value,
    replay: &Replay<'_>,
    judged_zone: Option<&str>,
    known: &[Diagnostic],
) -> (Vec<Diagnostic>, Valid) {
    let (mut findings, valid) = validate::cron_job_for(value, replay.options());
    let zone = reach(value, "/spec/timeZone").and_then(Value::as_str);
    findings.retain(|finding| finding.code != Code::UnknownTimeZone || zone != judged_zone);
    // As texts name and namespace are held to our own, narrower rule.
    let is_name = |finding: &validate::Finding| {
        matches!(finding.pointer.as_str(), "/metadata/name" | "/metadata/namespace")
            && reach(value, &finding.pointer).is_some_and(Value::is_string)
    };
    findings.retain(|finding| !is_name(finding));
    // A container that nobody named is called after the task, whose name was judged where it stands.
    if replay.unit.source == Source::Container {
        let own = |finding: &validate::Finding| {
            finding.pointer.ends_with("/containers/0/name")
                && value.pointer(&finding.pointer).and_then(Value::as_str) == Some(replay.unit.identity.name.as_str())
        };
        findings.retain(|finding| !own(finding));
    }
    // It was said of `job.schedule` that it stands in the wrong place.
    let layers = replay.unit.layers.iter().map(AsRef::as_ref);
    let layers = layers.chain(replay.unit.overrides.iter().map(|over| &over.layer));
    let mut jobs = layers.filter_map(|layer| layer.body.job.as_ref());
    if jobs.any(|job| job.value.get("schedule").is_some()) {
        let lacks = |finding: &validate::Finding| {
            finding.code == Code::MissingField
                && finding.pointer == "/spec"
                && finding.message.starts_with("`schedule` ")
        };
        findings.retain(|finding| !lacks(finding));
    }
    let mut diags: Vec<Diagnostic> = Vec::new();
    if findings.is_empty() {
        return (diags, valid);
    }
    let mut said: HashSet<(Place, Code)> = known.iter().map(|known| (known.place.clone(), known.code)).collect();
    // What could not be merged is not there, and is not missing.
    let unmerged = known.iter().any(|known| known.code == Code::InvalidValue);
    for (finding, blame) in findings.iter().zip(replay.blame(&findings)) {
        let Blame { mut span, who, patch, beside } = blame;
        let written = replay.sources.text(span);
        if let Some(bytes) = finding.within.clone()
            && let Some(text) = value.pointer(&finding.pointer).and_then(Value::as_str)
        {
            span = replay.sources.part(span, text, bytes);
        }
        if unmerged && finding.code == Code::MissingField {
            continue;
        }
        // A reference that is not read is the mistake, whatever is wrong with its text.
        if !said.insert((Place::Text(span), finding.code))
            || said.contains(&(Place::Text(span), Code::UndefinedReference))
        {
            continue;
        }
        // The author of the short form knows of no list.
        let short = replay.unit.source == Source::Container && !patch;
        let message =
            if short { finding.message.replace("`containers[0]`", "`container`") } else { finding.message.clone() };
        let mut diagnostic = Diagnostic::new(finding.code, span, message).severity(finding.severity);
        diagnostic.help.clone_from(&finding.help);
        if let Some(other) = beside.filter(|other| *other != span) {
            diagnostic = diagnostic.other(other, "together with this");
        }
        let place = format!("at {} in the manifest", finding.pointer);
        diagnostic.notes.push(match who {
            Some(who) => format!("{place}, said by {who}"),
            None => place,
        });
        // A map or list that lacks something has more in it than what is wrong.
        if reach(value, &finding.pointer).is_some_and(Value::is_string) {
            let said = replay.scope.said(&written).into_iter().map(|(name, said)| (name, replay.sources.place(said)));
            diagnostic.notes.extend(said.map(|(name, place)| format!("`$(var.{name})` got its value at {place}")));
        }
        diags.push(diagnostic);
    }
    (diags, valid)
}
