//! Places and builds templates of Karmada. A template is placed by its own policy; what is brought along goes where those
//! go that need it, so all are placed before any is built.

mod report;

pub(super) use report::report;
pub use report::why;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::compile::planning::Planned;
use crate::compile::{Ground, TaskResult};
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Gather, Place};
use crate::lint::{self, Running};
use crate::lock::{LockMode, PATH, Record};
use crate::model::karmada::{Obstacle, Policy, Template};
use crate::model::{Identity, Unit};
use crate::place::{
    self, Area, Decision, Demand, FailureCause, Passed, PlacementFailure, PlacementRules, PluginRefusal, Previous,
    Reason, RecordedPlacement, ReplicaRequest, ResourceAmounts, ScheduledReplicas, Verdict,
};
use crate::render::karmada::{self as rendering, OverrideReach, RenderTarget, RuleError, Templated};
use crate::render::{Effects, Rendered};
use crate::tree::Span;

/// What Karmada makes of a template, beside what a task has too.
#[derive(Clone, Debug, Default)]
pub struct KarmadaOutcome {
    /// Where its own policy places it, with its replicas, by index in the inventory.
    pub placed: Vec<(usize, i64)>,
    /// The name of the affinity group that worked.
    pub group: Option<String>,
    /// Why it was not placed.
    pub cause: Option<FailureCause>,
    /// Another scheduler is to place it.
    pub foreign: bool,
    /// The objects that bring it along and are placed somewhere.
    pub required_by: Vec<Identity>,
    /// Clusters that it is placed on and not sent to.
    pub suspended: Vec<usize>,
    /// What the override policies did, by variant.
    pub applied: Vec<Vec<rendering::Applied>>,
    /// Clusters that go without, because an override fails there.
    pub refused: Vec<(RuleError, Vec<usize>)>,
}

/// Where a template goes by its own policy.
#[derive(Default)]
struct Own {
    placed: Vec<(usize, i64)>,
    group: Option<usize>,
    failure: Option<PlacementFailure>,
    verdicts: Vec<Verdict>,
    planned: Planned,
    diags: Diagnostics,
    /// Another scheduler is to place it.
    foreign: bool,
}

/// All templates, placed.
pub(super) struct Settled {
    /// By unit; nothing where it is a task.
    own: Vec<Option<Own>>,
    /// Which units that are placed need a unit, and where it goes because of them.
    required: BTreeMap<usize, Required>,
    reach: OverrideReach,
}

/// Where a unit goes because others need it.
#[derive(Default)]
struct Required {
    by: Vec<Identity>,
    clusters: BTreeSet<usize>,
}

/// Places all templates.
pub(super) fn settle(ground: &Ground<'_>) -> Settled {
    let units = &ground.model.units;
    let own: Vec<Option<Own>> =
        units.par_iter().map(|unit| unit.template.as_ref().map(|template| own(unit, template, ground))).collect();
    let mut required: BTreeMap<usize, Required> = BTreeMap::new();
    if own.iter().any(Option::is_some) {
        let places: BTreeMap<&Identity, usize> =
            units.iter().enumerate().map(|(at, unit)| (&unit.identity, at)).collect();
        for (unit, own) in units.iter().zip(&own) {
            let (Some(template), Some(own)) = (&unit.template, own) else { continue };
            if own.placed.is_empty() {
                continue;
            }
            for needed in template.dependencies.iter().filter_map(|identity| places.get(identity)) {
                let required = required.entry(*needed).or_default();
                required.by.push(unit.identity.clone());
                required.clusters.extend(own.placed.iter().map(|(at, _)| *at));
            }
        }
    }
    let reach = OverrideReach::of(ground.model, ground.inventory);
    Settled { own, required, reach }
}

/// Places a template by its own policy.
fn own(unit: &Unit, template: &Template, ground: &Ground<'_>) -> Own {
    let nowhere = |passed: Passed| vec![Verdict::Passed(passed); ground.model.clusters.len()];
    let Some(policy) = template.policy.as_ref() else {
        return Own { verdicts: nowhere(Passed::Nothing), ..Own::default() };
    };
    if let Some(obstacle) = &template.obstacle {
        let foreign = matches!(obstacle, Obstacle::OtherScheduler);
        return Own { verdicts: nowhere(Passed::Nothing), foreign, ..Own::default() };
    }
    let compatibility = ground.model.fleet.karmada.compatibility;
    let (replicas, request) = rendering::replicas(template, compatibility).unwrap_or_default();
    let amounts: Option<ResourceAmounts> =
        request.map(|request| request.iter().map(|(name, amount)| (name.clone(), amount.nanos())).collect());
    let key = &template.key;
    let demand = Demand {
        replicas,
        request: amounts.as_ref().map(ReplicaRequest::new),
        api: Some((key.api_version.clone(), key.kind.clone())),
        ..Demand::default()
    };
    let rules = policy.draft.settle();
    let digest = digest(policy, &demand, amounts.as_ref());
    let entry = ground.lock.tasks.get(&unit.identity.to_string()).filter(|_| !ground.mode.forgets(&unit.identity));
    let recorded = entry.map(|entry| entry.recorded(digest.as_deref()));
    let previous = previous(recorded.as_ref(), rendering::replicas(template, compatibility).is_some());
    let planned = Planned {
        demand: demand.clone(),
        request: amounts.unwrap_or_default(),
        recorded,
        digest,
        ..Planned::default()
    };
    let mut own = Own { planned, ..Own::default() };
    let result = if *ground.mode == LockMode::Frozen {
        thaw(unit, policy, &own.planned, ground, &mut own.diags)
    } else {
        place::schedule(ground.inventory, &rules, &demand, &previous)
    };
    let group = match result {
        Ok(placed) => {
            own.placed = placed.shares;
            own.group = placed.group;
            placed.group
        }
        Err(failure) => {
            own.failure = Some(failure);
            None
        }
    };
    own.verdicts = verdicts(policy, &rules, (&demand, &previous), group, &own, ground);
    own
}

/// The recorded clusters as Karmada's previous result. What is no workload has no replicas there.
pub(in crate::compile) fn previous(recorded: Option<&RecordedPlacement>, workload: bool) -> Previous {
    let Some(recorded) = recorded else { return Previous::default() };
    let clusters = recorded.clusters.iter().map(|(name, number)| (name.clone(), if workload { *number } else { 0 }));
    Previous { clusters: clusters.collect(), group: recorded.group.clone(), ..Previous::default() }
}

/// What decides the choice, where there is one: the placement as it is written, and how much there is to place.
fn digest(policy: &Policy, demand: &Demand, request: Option<&ResourceAmounts>) -> Option<String> {
    let draft = &policy.draft;
    if draft.spread.is_empty() && draft.groups.is_empty() && !(draft.needs_capacity() && demand.is_workload()) {
        return None;
    }
    let placement = policy.document.value.pointer("/spec/placement").cloned().unwrap_or_default();
    let request: Vec<_> = request.into_iter().flatten().map(|(name, nanos)| json!([name, nanos.to_string()])).collect();
    let text = json!({"placement": placement, "instances": demand.replicas, "request": request}).to_string();
    Some(crate::lock::hash(&text))
}

/// Under a frozen lock the placement is what is recorded.
fn thaw(
    unit: &Unit,
    policy: &Policy,
    planned: &Planned,
    ground: &Ground<'_>,
    diags: &mut Diagnostics,
) -> Result<ScheduledReplicas, PlacementFailure> {
    let nothing = Ok(ScheduledReplicas { shares: Vec::new(), group: None });
    let mut refuse = |message: String| {
        if !ground.lock.broken {
            let diagnostic = Diagnostic::new(Code::NotInLock, unit.name, message);
            diags.push(diagnostic.help(format!("run `fleetcron build` and commit {PATH} with the change")));
        }
    };
    let Some(recorded) = planned.recorded.as_ref().filter(|recorded| !recorded.clusters.is_empty()) else {
        refuse(format!("the lock does not say where `{}` is placed", unit.identity));
        return nothing;
    };
    if !recorded.valid {
        refuse(format!("the lock was written for another placement of `{}`", unit.identity));
        return nothing;
    }
    let mut shares = Vec::new();
    for (name, number) in &recorded.clusters {
        let Some(at) = ground.inventory.find(name) else {
            refuse(format!("the lock puts `{}` on `{name}`, and there is no such cluster", unit.identity));
            return nothing;
        };
        shares.push((at, if planned.demand.is_workload() { *number } else { 0 }));
    }
    let groups = &policy.draft.groups;
    let group = recorded.group.as_ref().and_then(|name| groups.iter().position(|group| group.name == *name));
    Ok(ScheduledReplicas { shares, group })
}

/// The verdict on each cluster, with the word of the policy behind it.
fn verdicts(
    policy: &Policy,
    rules: &PlacementRules,
    (demand, previous): (&Demand, &Previous),
    group: Option<usize>,
    own: &Own,
    ground: &Ground<'_>,
) -> Vec<Verdict> {
    let place = |path: &[&str]| policy.place(path).key;
    let placement = place(&["spec", "placement"]);
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(ground.model.clusters.len());
    for at in 0..ground.model.clusters.len() {
        let tried = group.or(matches!(rules.area, Area::Groups(_)).then_some(0));
        let refusal = place::refusals(ground.inventory, at, rules, tried, demand, previous).into_iter().next();
        verdicts.push(match refusal {
            Some(PluginRefusal::Taint(taint)) => {
                let taints = &ground.model.clusters[at].taints;
                let written = taints.iter().find(|known| known.key.value == taint.key && known.effect == taint.effect);
                let cluster = written.map_or(ground.model.clusters[at].name.span, |taint| taint.span);
                let words = written.map(ToString::to_string).unwrap_or_default();
                Verdict::Refused(Reason::Taint { taint: words, cluster, drains: false })
            }
            Some(refusal) => {
                let task = match refusal {
                    PluginRefusal::Affinity if tried.is_some() => place(&["spec", "placement", "clusterAffinities"]),
                    PluginRefusal::Affinity => place(&["spec", "placement", "clusterAffinity"]),
                    PluginRefusal::Spread(_) => place(&["spec", "placement", "spreadConstraints"]),
                    _ => policy.name.span,
                };
                Verdict::Refused(Reason::Karmada { words: refusal.to_string(), task })
            }
            None if own.failure.is_some() => Verdict::Passed(Passed::Nothing),
            None if !rules.spread.is_empty() => {
                Verdict::Passed(Passed::Spread { task: place(&["spec", "placement", "spreadConstraints"]) })
            }
            None => Verdict::Passed(Passed::Share { task: placement }),
        });
    }
    for (at, replicas) in &own.placed {
        verdicts[*at] = Verdict::Chosen { instances: u32::try_from(*replicas).unwrap_or(u32::MAX).max(1) };
    }
    verdicts
}

/// Where a template is sent: by its own policy and to those that need it, without the suspended clusters.
struct Sent {
    targets: Vec<RenderTarget>,
    suspended: Vec<usize>,
}

fn send(template: &Template, own: &Own, required: Option<&Required>, ground: &Ground<'_>) -> Sent {
    let workload = own.planned.demand.replicas > 0;
    let divides = template.policy.as_ref().is_some_and(|policy| policy.draft.divides());
    let whole = rendering::completions(template, ground.model.fleet.karmada.compatibility);
    let (places, numbers): (Vec<usize>, Vec<i64>) = own.placed.iter().copied().unzip();
    let completions: Vec<Option<i64>> = match whole.filter(|_| workload && divides) {
        Some(all) => in_order_of_names(all, &places, &numbers),
        None => vec![None; numbers.len()],
    };
    let mut targets: BTreeMap<usize, RenderTarget> = BTreeMap::new();
    for ((at, number), completions) in places.into_iter().zip(numbers).zip(completions) {
        targets.insert(at, RenderTarget { cluster: at, share: workload.then_some(number), completions });
    }
    let everywhere = 0..if template.everywhere { ground.model.clusters.len() } else { 0 };
    let unshared = required.into_iter().flat_map(|required| &required.clusters).copied().chain(everywhere.clone());
    for at in unshared {
        targets.entry(at).or_insert(RenderTarget { cluster: at, share: None, completions: None });
    }
    let suspension = template.policy.as_ref().map(|policy| policy.suspension.clone()).unwrap_or_default();
    let suspends =
        |at: usize| suspension.everywhere || suspension.clusters.contains(&ground.model.clusters[at].name.value);
    // What goes everywhere by itself is not the policy's to suspend.
    let suspended: Vec<usize> =
        targets.keys().copied().filter(|at| suspends(*at) && !everywhere.contains(at)).collect();
    targets.retain(|at, _| !suspended.contains(at));
    Sent { targets: targets.into_values().collect(), suspended }
}

/// Completions, shared out as the replicas are (`divideReplicasByJobCompletions`).
fn in_order_of_names(all: i64, places: &[usize], numbers: &[i64]) -> Vec<Option<i64>> {
    // Places compare as names do, and of two with the same claim the smaller name comes first.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|at| places[*at]);
    let sorted: Vec<i64> = order.iter().map(|at| numbers[*at]).collect();
    let shares = place::in_proportion(all, &sorted);
    let mut completions = vec![None; places.len()];
    for (at, share) in order.into_iter().zip(shares) {
        completions[at] = Some(share);
    }
    completions
}

/// Builds one template.
pub(super) fn build(at: usize, settled: &Settled, ground: &Ground<'_>) -> (TaskResult, Diagnostics) {
    let unit = &ground.model.units[at];
    let (Some(template), Some(own)) = (&unit.template, &settled.own[at]) else {
        return (TaskResult::unplaced(ground.model.clusters.len()), Diagnostics::new());
    };
    let mut diags = own.diags.clone();
    let required = settled.required.get(&at);
    let Sent { targets, suspended } = send(template, own, required, ground);
    let mut said = Gather::default();
    let Templated { variants, applied, objects, refused } =
        rendering::template(unit, template, &targets, &settled.reach, ground.around, &mut said);
    let name = |cluster: usize| ground.model.clusters[cluster].name.as_str();
    said.into_bag(name, targets.len(), &mut diags);
    let mut verdicts = own.verdicts.clone();
    for target in &targets {
        let instances = target.share.and_then(|share| u32::try_from(share).ok()).unwrap_or(1).max(1);
        verdicts[target.cluster] = Verdict::Chosen { instances };
    }
    for variant in &variants {
        for cluster in variant.clusters.iter().filter(|_| template.is_cron_job()) {
            verdicts[*cluster] = Verdict::Chosen { instances: variant.instances };
        }
    }
    let policy_place = |path: &[&str]| template.policy.as_ref().map_or(unit.name, |policy| policy.place(path).key);
    for cluster in &suspended {
        verdicts[*cluster] = Verdict::Passed(Passed::Suspended { task: policy_place(&["spec", "suspension"]) });
    }
    for (error, clusters) in &refused {
        let task = template.overrides[error.policy].name.span;
        clusters.iter().for_each(|cluster| verdicts[*cluster] = Verdict::Passed(Passed::OverrideFailed { task }));
        diags.push(failed_override(unit, template, error, clusters, targets.len(), ground));
    }
    unplaced(unit, template, own, ground, &mut diags);
    let decision = Decision { verdicts, group: None, kept: false, failure: own.failure.clone() };
    let rendered = Rendered { variants, effects: Effects::default(), references: BTreeSet::new() };
    if template.is_cron_job() {
        odd_runs(unit, template, (&rendered, &applied, &objects), ground, &mut diags);
    }
    let group = own.group.and_then(|group| template.policy.as_ref()?.draft.groups.get(group));
    let outcome = KarmadaOutcome {
        placed: own.placed.clone(),
        group: group.map(|group| group.name.clone()),
        cause: own.failure.as_ref().map(PlacementFailure::cause),
        foreign: own.foreign,
        required_by: required.map(|required| required.by.clone()).unwrap_or_default(),
        suspended,
        applied,
        refused,
    };
    let planned = own.planned.clone();
    (TaskResult { decision, planned, rendered, drained: Vec::new(), karmada: Some(Box::new(outcome)) }, diags)
}

/// Whether a diagnostic points into a part of a file.
fn is_within(found: &Diagnostic, part: Span) -> bool {
    matches!(found.place, Place::Text(span) if span.file == part.file && part.start <= span.start && span.end <= part.end)
}

/// What is odd about what a CronJob runs, and when.
fn odd_runs(
    unit: &Unit,
    template: &Template,
    (rendered, applied, objects): (&Rendered, &[Vec<rendering::Applied>], &[Value]),
    ground: &Ground<'_>,
    diags: &mut Diagnostics,
) {
    let sources = ground.around.sources;
    let mut said = Gather::default();
    for ((variant, applied), object) in rendered.variants.iter().zip(applied).zip(objects) {
        let origin = |pointer: &str| rendering::origin(template, applied, pointer);
        let running = Running::new(object, false, &origin, unit.name, sources);
        // An image that an override policy broke is reported at the policy, with what it made of which image.
        let is_new = |found: &Diagnostic| found.code != Code::InvalidImage || is_within(found, unit.document);
        let found = lint::running(&running, ground.around.fleet).into_iter().filter(is_new);
        found.for_each(|found| said.add(found, &variant.clusters));
        let at = |path: &[&str]| {
            let pointer: String = path.iter().map(|name| format!("/{name}")).collect();
            object.pointer(&pointer).map(|_| origin(&pointer))
        };
        let seen = lint::ScheduleVariant {
            timing: &variant.timing,
            clusters: variant.clusters.iter().map(|at| (*at, &ground.model.clusters[*at])).collect(),
            task: unit.name,
            said: &at,
        };
        for (found, clusters) in lint::schedule(&seen, ground.around.fleet, sources) {
            said.add(found, &clusters);
        }
    }
    let placed = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    said.into_bag(|cluster| ground.model.clusters[cluster].name.as_str(), placed, diags);
}

/// Of a policy that places its template nowhere.
fn unplaced(unit: &Unit, template: &Template, own: &Own, ground: &Ground<'_>, diags: &mut Diagnostics) {
    let Some(policy) = &template.policy else { return };
    let placement = policy.place(&["spec", "placement"]).key;
    if let Some(failure) = &own.failure {
        let message = format!("{policy} places {} nowhere: {failure}", template.key);
        let mut diagnostic =
            Diagnostic::new(Code::KarmadaNotPlaced, placement, message).other(unit.name, "the template");
        for cluster in ground.model.clusters.iter().zip(&own.verdicts).take(8) {
            if let (cluster, Verdict::Refused(reason)) = cluster {
                diagnostic = diagnostic.note(format!("on {}: {reason}", *cluster.name));
            }
        }
        let open = policy.draft.spread.iter().any(|spread| spread.max == 0);
        if open && failure.cause() != FailureCause::NoClusterFit {
            diagnostic = diagnostic.help("write `maxGroups`: Karmada takes an absent one for 0");
        }
        diags.push(diagnostic);
    } else if own.placed.is_empty() && template.obstacle.is_none() && *ground.mode != LockMode::Frozen {
        let message = format!("{policy} places {} nowhere", template.key);
        diags.push(Diagnostic::new(Code::KarmadaNotPlaced, placement, message).other(unit.name, "the template"));
    }
}

/// An override that fails: Karmada sends the object to the other clusters, and nothing is written here.
fn failed_override(
    unit: &Unit,
    template: &Template,
    error: &RuleError,
    clusters: &[usize],
    of: usize,
    ground: &Ground<'_>,
) -> Diagnostic {
    let policy = &template.overrides[error.policy];
    let span = rendering::place(policy, error.rule, &error.error);
    let message = format!("{policy} fails on {}: {}", template.key, error.error);
    let mut diagnostic = Diagnostic::new(Code::PatchFailed, span, message)
        .other(unit.name, "the template")
        .note("Karmada would send it to the other clusters, and these would go without");
    if let crate::patch::karmada::Problem::Missing { parent, known } = &error.error.problem {
        if !known.is_empty() {
            let shown: Vec<&str> = known.iter().take(12).map(String::as_str).collect();
            let parent = if parent.is_empty() { "the object" } else { parent.as_str() };
            diagnostic = diagnostic.note(format!("in {parent} there is {}", shown.join(", ")));
        }
        let last = error.error.pointer.rsplit('/').next().unwrap_or_default();
        let near = crate::diag::nearest(last, known.iter().map(String::as_str));
        diagnostic = diagnostic.did_you_mean(near);
    }
    if policy.selectors.is_empty() && template.policy.is_none() {
        diagnostic = diagnostic.help("it selects everything: add `resourceSelectors` for what it is meant for");
    }
    let names = clusters.iter().map(|at| ground.model.clusters[*at].name.value.clone()).collect();
    diagnostic.clusters = Some(Clusters { names, of });
    diagnostic
}

/// What is recorded of a template: where its own policy places it.
pub(super) fn record(unit: &Unit, built: &TaskResult, ground: &Ground<'_>) -> Option<Record> {
    let outcome = built.karmada.as_ref()?;
    let name = |at: usize| ground.model.clusters[at].name.value.clone();
    let clusters: BTreeMap<String, i64> =
        outcome.placed.iter().map(|(at, replicas)| (name(*at), (*replicas).max(1))).collect();
    if clusters.is_empty() {
        return None;
    }
    let before = ground.lock.tasks.get(&unit.identity.to_string());
    Some(Record {
        clusters,
        group: outcome.group.clone(),
        active: BTreeSet::new(),
        digest: built.planned.digest.clone(),
        more: before.map(|entry| entry.record.more.clone()).unwrap_or_default(),
    })
}
