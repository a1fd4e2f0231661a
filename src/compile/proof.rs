//! Checks assertions over the whole output: `once`, shares that add up, fields that only the plan may set.
//!
//! The finished manifests are checked, not the plan, so no override or patch can evade it.

use std::collections::{BTreeMap, BTreeSet};

use super::TaskResult;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics};
use crate::model::{BodyOrigin, Idle, Layer, Model, Unit};
use crate::place::Decision;
use crate::render::{self, Rendered, Variant};
use crate::tree::Span;

/// The fields that the plan decides, with what decides them.
const SUSPEND: &[&str] = &["spec", "suspend"];
const SHARED: [&[&str]; 2] =
    [&["spec", "jobTemplate", "spec", "parallelism"], &["spec", "jobTemplate", "spec", "completions"]];

/// Overrides and layers that set what the plan decides.
pub(super) fn decided(unit: &Unit, rendered: &Rendered, diags: &mut Diagnostics) {
    let active = unit.active.as_ref().map(|active| active.span);
    let strategy = unit.placement.strategy_said.filter(|_| unit.placement.strategy.divides());
    let mut refuse = |name: &str, who: &str, said: Span, by: Span, what: &str, help: &str| {
        let message = format!("{who} sets `{name}`, which {what} decides");
        diags.push(
            Diagnostic::new(Code::DecidedField, said, message).other(by, format!("{what} is said here")).help(help),
        );
    };
    for (at, _) in rendered.effects.reaching() {
        let over = &unit.overrides[at];
        let who = format!("override `{}`", *over.name);
        if let (Some(by), Some(said)) = (active, render::said_by(over, SUSPEND)) {
            refuse("suspend", &who, said, by, "`active`", "remove it, and say in `active` which copies run");
        }
        let told = over.layer.body.job.as_ref().and_then(|job| job.member("shardEnv"));
        if let (Some(by), Some((_, spans))) = (strategy, told) {
            refuse(
                "shardEnv",
                &who,
                spans.value,
                by,
                "the strategy",
                "say it in the task: the pods of all clusters are numbered",
            );
        }
        for path in SHARED {
            if let (Some(by), Some(said)) = (strategy, render::said_by(over, path)) {
                let name = path.last().copied().unwrap_or_default();
                refuse(
                    name,
                    &who,
                    said,
                    by,
                    "the strategy",
                    "remove it: `instances` says how many, and they are shared out",
                );
            }
        }
    }
    // A file's and the settings' word is replaced; what an author says about this task is a contradiction.
    let own = |layer: &&&Layer| matches!(layer.origin, BodyOrigin::Base(_) | BodyOrigin::Task);
    let layers: Vec<&Layer> = unit.layers.iter().map(AsRef::as_ref).collect();
    if let Some(by) = active {
        for layer in layers.iter().filter(own) {
            let said = layer.body.job.as_ref().and_then(|job| job.member("suspend"));
            if let Some((_, spans)) = said.filter(|(value, _)| !value.is_null()) {
                let who = layer.origin.to_string();
                refuse(
                    "suspend",
                    &who,
                    spans.value,
                    by,
                    "`active`",
                    "remove it; `active: []` suspends the task everywhere",
                );
            }
        }
    }
}

/// Whether the finished manifests still say what the plan decides: a patch may replace what holds the field.
pub(super) fn undone(unit: &Unit, rendered: &Rendered, model: &Model, diags: &mut Diagnostics) {
    let undone = rendered.variants.iter().filter(|variant| variant.undone);
    let names: Vec<String> =
        undone.flat_map(|variant| &variant.clusters).map(|at| model.clusters[*at].name.value.clone()).collect();
    // What was said already, and what does not stand as it is, is not said to be undone too.
    if names.is_empty() || diags.has_errors() {
        return;
    }
    let by = unit.active.as_ref().map(|active| active.span).or(unit.placement.strategy_said);
    let message = format!("a patch of task `{}` undoes what the plan decides", unit.identity);
    let mut diagnostic = Diagnostic::new(Code::DecidedField, by.unwrap_or(unit.placement.span), message)
        .note("`suspend` of a task with `active`; `parallelism`, `completions` and `FLEETCRON_SHARD_*` of one that is shared out")
        .help("patch the fields that are meant, and not the whole of what holds these");
    let reaching = rendered.effects.reaching().map(|(at, _)| &unit.overrides[at]);
    for over in reaching.filter(|over| !over.layer.body.patches.is_empty()) {
        diagnostic = diagnostic.other(over.name.span, "this override patches it");
    }
    diagnostic.clusters = Some(Clusters { of: names.len(), names });
    diags.push(diagnostic);
}

/// Warns of shares that never run: an override suspends a cluster that some of the instances fall to. A task that is
/// suspended everywhere by its own word is meant so.
pub(super) fn suspended_shares(unit: &Unit, rendered: &Rendered, model: &Model, diags: &mut Diagnostics) {
    // Beside `active` the strategy is refused.
    if !unit.placement.strategy.divides() || unit.active.is_some() {
        return;
    }
    let everywhere = rendered.variants.iter().all(|variant| variant.timing.suspended);
    let mut lost: BTreeMap<Span, (Option<&str>, u64, Vec<String>)> = BTreeMap::new();
    for variant in rendered.variants.iter().filter(|variant| variant.timing.suspended) {
        let by = variant.overrides.iter().rev().map(|at| &unit.overrides[*at]);
        let by = by.filter_map(|over| Some((over.name.as_str(), render::said_by(over, SUSPEND)?))).next();
        if by.is_none() && everywhere {
            continue;
        }
        let said = by.map(|(_, span)| span).or_else(|| render::said(unit, &variant.overrides, SUSPEND));
        let (_, instances, names) =
            lost.entry(said.unwrap_or(unit.name)).or_insert_with(|| (by.map(|(name, _)| name), 0, Vec::new()));
        *instances += u64::from(variant.instances) * variant.clusters.len() as u64;
        names.extend(variant.clusters.iter().map(|at| model.clusters[*at].name.value.clone()));
    }
    let of = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    for (span, (by, instances, mut names)) in lost {
        names.sort();
        let who = by.map_or_else(|| "it".to_owned(), |name| format!("override `{name}`"));
        let count = if instances == 1 { "1 instance".to_owned() } else { format!("{instances} instances") };
        let message = format!("{who} suspends clusters that {count} of task `{}` fall to", unit.identity);
        let mut diagnostic = Diagnostic::new(Code::SuspendedShare, span, message)
            .note("what falls to a suspended cluster never runs, and no other cluster takes it over")
            .help("leave the cluster out with `exclude` in the placement, so that others take its share");
        diagnostic.clusters = Some(Clusters { names, of });
        diags.push(diagnostic);
    }
}

/// Whether the shares of the finished manifests are what was asked for.
pub(super) fn adds_up(unit: &Unit, decision: &Decision, rendered: &Rendered, wanted: i64, diags: &mut Diagnostics) {
    if !unit.placement.strategy.divides() || decision.chosen().next().is_none() {
        return;
    }
    let sum: i64 = rendered
        .variants
        .iter()
        .map(|variant| i64::from(variant.instances) * i64::try_from(variant.clusters.len()).unwrap_or(i64::MAX))
        .fold(0, i64::saturating_add);
    if sum != wanted {
        let span = unit.placement.strategy_said.unwrap_or(unit.placement.span);
        let message =
            format!("the shares of task `{}` come to {sum} instances, and {wanted} are asked for", unit.identity);
        let diagnostic = Diagnostic::new(Code::DecidedField, span, message);
        diags.push(diagnostic.help("an override or patch changes `parallelism` or `completions`: remove it"));
    }
}

/// Why the Jobs of a variant never start a pod though its CronJob is not suspended.
fn idle_reason(variant: &Variant) -> Option<Idle> {
    variant.timing.idle.filter(|_| !variant.timing.suspended)
}

/// That of the copies that `active` lets run one starts a pod; under `once` the proof of that says it.
pub(super) fn active_runs(unit: &Unit, rendered: &Rendered, model: &Model, diags: &mut Diagnostics) {
    let Some(active) = unit.active.as_ref().filter(|_| unit.once.is_none()) else { return };
    let started: Vec<&Variant> = rendered.variants.iter().filter(|variant| !variant.timing.suspended).collect();
    if started.is_empty() || started.iter().any(|variant| variant.timing.runs()) {
        return;
    }
    let message = format!("task `{}` is placed, and no active copy of it ever runs", unit.identity);
    let mut diagnostic = Diagnostic::new(Code::NothingActive, active.span, message);
    let idle: BTreeSet<Idle> = started.iter().filter_map(|variant| variant.timing.idle).collect();
    diagnostic = idle.iter().fold(diagnostic, |diagnostic, idle| diagnostic.note(idle.to_string()));
    let mut names: Vec<String> =
        started.iter().flat_map(|variant| &variant.clusters).map(|at| model.clusters[*at].name.value.clone()).collect();
    names.sort();
    let of = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    diagnostic.clusters = Some(Clusters { names, of });
    diags.push(diagnostic.help("remove what keeps its Jobs from starting a pod; `active: []` suspends it everywhere"));
}

/// That each task with `once` has exactly one active definition: of all manifests with its kind, namespace and name.
pub(super) fn once(model: &Model, plan: &[TaskResult], diags: &mut Diagnostics) {
    for (unit, built) in model.units.iter().zip(plan) {
        let Some(span) = unit.once.filter(|_| !unit.is_unread()) else { continue };
        // Where no copy is to run, or a patch undoes which, that is said already.
        let idle = built.planned.activation.as_ref().is_some_and(|active| active.running.is_empty());
        let meant = unit.active.as_ref().is_some_and(|active| active.says_none());
        if idle && !meant || unit.active.is_some() && built.rendered.variants.iter().any(|variant| variant.undone) {
            continue;
        }
        let own: BTreeSet<(Option<&str>, &str)> = definitions(built).map(|(name, ..)| name).collect();
        if own.is_empty() {
            continue;
        }
        let mut active: Vec<(String, &Unit)> = Vec::new();
        for (other, built) in model.units.iter().zip(plan) {
            for (name, clusters, runs) in definitions(built) {
                if runs && (own.contains(&name) || other.identity == unit.identity) {
                    active.extend(clusters.iter().map(|at| (model.clusters[*at].name.value.clone(), other)));
                }
            }
        }
        if active.len() == 1 {
            continue;
        }
        active.sort_by(|(a, _), (b, _)| a.cmp(b));
        let message = match active.len() {
            0 => format!("task `{}` runs once by its own word, and no definition of it is active", unit.identity),
            n => format!("task `{}` runs once by its own word, and {n} definitions of it are active", unit.identity),
        };
        let mut diagnostic = Diagnostic::new(Code::NotOnce, span, message);
        let mut others: BTreeSet<Span> = BTreeSet::new();
        for (_, other) in active.iter().filter(|(_, other)| other.identity != unit.identity) {
            if others.insert(other.name) {
                diagnostic = diagnostic.other(other.name, format!("task `{}` makes one too", other.identity));
            }
        }
        let names: Vec<String> = active.iter().map(|(name, _)| name.clone()).collect();
        let placed = built.decision.chosen().count().max(names.len());
        diagnostic.clusters = (!names.is_empty()).then_some(Clusters { names, of: placed });
        let idle: BTreeSet<Idle> = built.rendered.variants.iter().filter_map(idle_reason).collect();
        diagnostic = idle.iter().fold(diagnostic, |diagnostic, idle| diagnostic.note(idle.to_string()));
        diagnostic = match active.len() {
            0 if !idle.is_empty() => diagnostic.help("remove what keeps its Jobs from starting a pod"),
            0 => diagnostic.help("let one copy run: `active: {max: 1}`, and no `suspend`"),
            _ if !others.is_empty() => {
                diagnostic.help("give one of them another namespace, or another `objectName`, or suspend it")
            }
            _ => diagnostic.help(
                "write `active: {max: 1}`, which suspends the others, or `spread: [{by: cluster, max: 1}]`, which places it on one cluster",
            ),
        };
        diags.push(diagnostic);
    }
}

/// The CronJobs of a task: namespace and name, clusters, and whether they run.
fn definitions(built: &TaskResult) -> impl Iterator<Item = ((Option<&str>, &str), &[usize], bool)> {
    built.rendered.variants.iter().filter_map(|variant| {
        let manifest = variant.manifests.first()?;
        let name = (manifest.namespace.as_deref(), manifest.name.as_str());
        Some((name, variant.clusters.as_slice(), variant.timing.runs()))
    })
}
