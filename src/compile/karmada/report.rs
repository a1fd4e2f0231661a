//! What Karmada does with templates and nobody would expect, once it is known where they go.

use std::collections::{BTreeMap, BTreeSet};

use super::{KarmadaOutcome, previous};
use crate::compile::{Ground, TaskResult};
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Severity};
use crate::model::TaintEffect;
use crate::model::Unit;
use crate::model::karmada::{Compatibility, OverridePolicy, Policy, PolicyScope, Template, labels_of};
use crate::patch::karmada::Kind;
use crate::place::{self, Demand};
use crate::render::karmada as rendering;
use crate::tree::Span;

/// A template with all that was decided about it.
struct Seen<'a> {
    unit: &'a Unit,
    template: &'a Template,
    built: &'a TaskResult,
    outcome: &'a KarmadaOutcome,
}

/// Says all of it.
pub(in crate::compile) fn report(plan: &[TaskResult], ground: &Ground<'_>, diags: &mut Diagnostics) {
    let seen: Vec<Seen<'_>> = ground
        .model
        .units
        .iter()
        .zip(plan)
        .filter_map(|(unit, built)| {
            let (template, outcome) = (unit.template.as_deref()?, built.karmada.as_deref()?);
            Some(Seen { unit, template, built, outcome })
        })
        .collect();
    if seen.is_empty() {
        return;
    }
    divisions(&seen, ground, diags);
    overflows(&seen, ground, diags);
    blind_overriders(&seen, ground, diags);
    idle_rules(&seen, diags);
    losers(&seen, ground, diags);
    priorities(&seen, diags);
    suspended(&seen, ground, diags);
    drained(&seen, ground, diags);
    finished_jobs(&seen, diags);
}

fn names(clusters: impl IntoIterator<Item = usize>, ground: &Ground<'_>) -> Vec<String> {
    let mut names: Vec<String> = clusters.into_iter().map(|at| ground.model.clusters[at].name.value.clone()).collect();
    names.sort();
    names
}

/// Where Karmada places a template, by index: as one that has no replicas.
fn exact(seen: &Seen<'_>, policy: &Policy, ground: &Ground<'_>) -> Option<BTreeSet<usize>> {
    let demand = Demand { replicas: 0, request: None, ..seen.built.planned.demand.clone() };
    let previous = previous(seen.built.planned.recorded.as_ref(), false);
    let placed = place::schedule(ground.inventory, &policy.draft.settle(), &demand, &previous).ok()?;
    Some(placed.shares.into_iter().map(|(at, _)| at).collect())
}

/// Rows: a CronJob has no replicas to share out; what it would come to if it had.
fn divisions(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    let mut ignored: BTreeMap<Span, (&Seen<'_>, usize)> = BTreeMap::new();
    for seen in seen.iter().filter(|seen| seen.template.is_cron_job()) {
        let Some(policy) = &seen.template.policy else { continue };
        let span = policy.place(&["spec", "placement", "replicaScheduling"]).key;
        let divides = policy.draft.divides();
        if ground.model.fleet.karmada.compatibility == Compatibility::Exact {
            if divides && !seen.outcome.placed.is_empty() {
                ignored.entry(span).or_insert((seen, 0)).1 += 1;
            }
            continue;
        }
        if seen.outcome.cause.is_some() || seen.template.obstacle.is_some() {
            continue;
        }
        let Some(before) = exact(seen, policy, ground) else { continue };
        let now: BTreeSet<usize> = seen.outcome.placed.iter().map(|(at, _)| *at).collect();
        if divides {
            diags.push(shared_out(seen, span, (&before, &now), ground));
        } else if before != now {
            let span = policy.place(&["spec", "placement", "spreadConstraints"]).key;
            let message = format!(
                "{} goes to {} by what is free; Karmada takes {}, by name",
                seen.template.key,
                names(now, ground).join(", "),
                names(before, ground).join(", ")
            );
            diags.push(Diagnostic::new(Code::KarmadaRuntime, span, message).other(seen.unit.name, "the template"));
        }
    }
    for (span, (first, count)) in ignored {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!(
            "`replicaScheduling` has no effect on a CronJob: every cluster runs {}{more} whole",
            first.template.key
        );
        let mut diagnostic = Diagnostic::new(Code::KarmadaIgnored, span, message)
            .help("remove it; `karmada: {compatibility: intended}` in the Fleet shares out a CronJob's parallelism");
        let placed = names(first.outcome.placed.iter().map(|(at, _)| *at), ground);
        diagnostic.clusters = Some(Clusters { of: ground.model.clusters.len(), names: placed });
        diags.push(diagnostic);
    }
}

fn shared_out(
    seen: &Seen<'_>,
    span: Span,
    (before, now): (&BTreeSet<usize>, &BTreeSet<usize>),
    ground: &Ground<'_>,
) -> Diagnostic {
    let missing = names(before.difference(now).copied(), ground);
    let shares: Vec<String> = seen
        .outcome
        .placed
        .iter()
        .map(|(at, replicas)| format!("{replicas} on {}", *ground.model.clusters[*at].name))
        .collect();
    let shares = shares.join(", ");
    if missing.is_empty() {
        let message = format!(
            "the parallelism of {} is shared out: {shares}; in Karmada each cluster runs it whole",
            seen.template.key
        );
        return Diagnostic::new(Code::KarmadaRuntime, span, message).other(seen.unit.name, "the template");
    }
    let message = format!(
        "the division leaves {} out on {}, where Karmada runs it: {shares}",
        seen.template.key,
        missing.join(", ")
    );
    Diagnostic::new(Code::KarmadaIgnored, span, message)
        .other(seen.unit.name, "the template")
        .help("write `replicaSchedulingType: Duplicated` to run it on all of them")
}

/// Row: groups that are only used by what has replicas.
fn overflows(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    if ground.model.fleet.karmada.compatibility == Compatibility::Intended {
        return;
    }
    let mut said = BTreeSet::new();
    for seen in seen.iter().filter(|seen| seen.template.is_cron_job()) {
        let Some(policy) = &seen.template.policy else { continue };
        for (number, _) in policy.draft.groups.iter().enumerate().filter(|(_, group)| !group.overflow.is_empty()) {
            let number = number.to_string();
            let span = policy.place(&["spec", "placement", "clusterAffinities", &number, "overflowAffinities"]).key;
            if said.insert(span) {
                let message =
                    format!("`overflowAffinities` has no effect on {}: a CronJob has no replicas", seen.template.key);
                diags.push(Diagnostic::new(Code::KarmadaIgnored, span, message).help("remove it"));
            }
        }
    }
}

/// Row: overriders that do not see the containers of a CronJob.
fn blind_overriders(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    let exact = ground.model.fleet.karmada.compatibility == Compatibility::Exact;
    let mut said: BTreeSet<Span> = BTreeSet::new();
    for seen in seen.iter().filter(|seen| seen.template.is_cron_job()) {
        for applied in seen.outcome.applied.iter().flatten() {
            let policy = &seen.template.overrides[applied.policy];
            for effect in &applied.effects {
                let overriders = &policy.rules[applied.rule].overriders;
                let unseen = match effect.kind {
                    Kind::Image => overriders.image[effect.index].path.is_none(),
                    Kind::Command | Kind::Args => true,
                    _ => false,
                };
                let span = rendering::overrider(policy, applied.rule, effect.kind.field(), effect.index);
                let once = if exact { span } else { policy.name.span };
                if !unseen || !said.insert(once) {
                    continue;
                }
                diags.push(blind(effect.kind, span, seen, exact));
            }
        }
    }
}

fn blind(kind: Kind, span: Span, seen: &Seen<'_>, exact: bool) -> Diagnostic {
    if !exact {
        let message = format!(
            "`{}` is applied to {}; Karmada does nothing with it on a CronJob",
            kind.field(),
            seen.template.key
        );
        return Diagnostic::new(Code::KarmadaRuntime, span, message).other(seen.unit.name, "the template");
    }
    let message = format!(
        "`{}` has no effect on {}: it does not see the containers of a CronJob",
        kind.field(),
        seen.template.key
    );
    let help = match kind {
        Kind::Image => {
            "write `predicate: {path: /spec/jobTemplate/spec/template/spec/containers/0/image}` beside it, or use `plaintext`"
        }
        _ => "use `plaintext` with a path below /spec/jobTemplate/spec/template/spec/containers",
    };
    Diagnostic::new(Code::KarmadaIgnored, span, message).other(seen.unit.name, "the template").help(help)
}

/// Row: rules for clusters to which nothing goes that they are about.
fn idle_rules(seen: &[Seen<'_>], diags: &mut Diagnostics) {
    let mut ran: BTreeSet<(Span, usize)> = BTreeSet::new();
    let mut known: BTreeMap<Span, (&OverridePolicy, &Seen<'_>)> = BTreeMap::new();
    for seen in seen {
        let labels = labels_of(&seen.template.object.value);
        for policy in &seen.template.overrides {
            if policy.selects(&seen.template.key, &labels).is_some() {
                known.entry(policy.name.span).or_insert((policy, seen));
            }
        }
        let name = |at: usize| seen.template.overrides[at].name.span;
        ran.extend(seen.outcome.applied.iter().flatten().map(|applied| (name(applied.policy), applied.rule)));
        // What fails has run, and so may those behind it.
        for (error, _) in &seen.outcome.refused {
            let rules = seen.template.overrides[error.policy].rules.len();
            ran.extend((0..rules).map(|rule| (name(error.policy), rule)));
        }
    }
    for (span, (policy, seen)) in known {
        for (_, rule) in policy.rules.iter().enumerate().filter(|(number, _)| !ran.contains(&(span, *number))) {
            if rule.target.is_none() || rule.overriders.is_empty() {
                continue;
            }
            let mut path: Vec<&str> = rule.path.iter().map(String::as_str).collect();
            path.pop();
            path.push("targetCluster");
            let message = format!("{policy} has a rule for clusters to which nothing goes that it selects");
            diags.push(
                Diagnostic::new(Code::KarmadaSelectsNothing, policy.place(&path).key, message)
                    .other(seen.unit.name, format!("it selects {}, here", seen.template.key)),
            );
        }
    }
}

/// Row: selectors whose templates another policy has.
fn losers(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    struct Lost<'a> {
        first: &'a Seen<'a>,
        loser: &'a Policy,
        count: usize,
    }
    let mut lost: BTreeMap<(Span, Span), Lost<'_>> = BTreeMap::new();
    for seen in seen {
        let Some(winner) = &seen.template.policy else { continue };
        let labels = labels_of(&seen.template.object.value);
        for loser in &seen.template.losers {
            let selecting =
                loser.selectors.iter().filter(|selector| selector.priority(&seen.template.key, &labels).is_some());
            for selector in selecting {
                let span = selector.name_span.unwrap_or(selector.span);
                lost.entry((span, winner.name.span)).or_insert(Lost { first: seen, loser, count: 0 }).count += 1;
            }
        }
    }
    for ((span, _), Lost { first, loser, count }) in lost {
        let Some(winner) = &first.template.policy else { continue };
        let more = if count > 1 { format!(" and {} more objects", count - 1) } else { String::new() };
        let message = format!(
            "{} has {}{more}, and {loser} has nothing of it: {}",
            winner,
            first.template.key,
            why(winner, loser)
        );
        let mut diagnostic =
            Diagnostic::new(Code::KarmadaPrecedence, span, message).other(winner.name.span, "the policy that has it");
        let now: BTreeSet<usize> = first.outcome.placed.iter().map(|(at, _)| *at).collect();
        let demand = first.built.planned.demand.clone();
        let wanted = place::schedule(ground.inventory, &loser.draft.settle(), &demand, &place::Previous::default());
        let missing: Vec<String> = match wanted {
            Ok(placed) => names(placed.shares.iter().map(|(at, _)| *at).filter(|at| !now.contains(at)), ground),
            Err(_) => Vec::new(),
        };
        if !missing.is_empty() {
            diagnostic = diagnostic.note(format!("because of that it does not go to {}", missing.join(", ")));
        }
        diags.push(diagnostic);
    }
}

/// Why a policy comes before another.
pub fn why(winner: &Policy, loser: &Policy) -> String {
    match (&winner.scope, &loser.scope) {
        (PolicyScope::Namespace(_), PolicyScope::Cluster) => {
            "a policy of the namespace comes before a cluster-wide one".to_owned()
        }
        _ if winner.priority != loser.priority => {
            format!("its priority is {}, and not {}", winner.priority, loser.priority)
        }
        _ if winner.name.value < loser.name.value => {
            format!(
                "of equal priority, the selector that says more comes first, then the name: `{}` before `{}`",
                *winner.name, *loser.name
            )
        }
        _ => "of equal priority, the selector that says more comes first".to_owned(),
    }
}

/// Row: a priority that counts for nothing against a policy of the namespace.
fn priorities(seen: &[Seen<'_>], diags: &mut Diagnostics) {
    let mut said = BTreeSet::new();
    for seen in seen {
        let Some(winner) = seen.template.policy.as_ref().filter(|policy| policy.scope != PolicyScope::Cluster) else {
            continue;
        };
        for loser in &seen.template.losers {
            let over = loser.scope == PolicyScope::Cluster && loser.priority > winner.priority;
            let span = loser.place(&["spec", "priority"]).key;
            if over && said.insert((span, winner.name.span)) {
                let message = format!(
                    "this priority does not count against {winner}, which has {}: a policy of the namespace comes first",
                    seen.template.key
                );
                diags.push(
                    Diagnostic::new(Code::KarmadaRuntime, span, message)
                        .other(winner.name.span, "the policy of the namespace"),
                );
            }
        }
    }
}

/// Row: what is placed and not sent.
fn suspended(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    let mut all: BTreeMap<Span, (&Seen<'_>, usize, BTreeSet<usize>)> = BTreeMap::new();
    for seen in seen.iter().filter(|seen| !seen.outcome.suspended.is_empty()) {
        let Some(policy) = &seen.template.policy else { continue };
        let span = policy.place(&["spec", "suspension"]).key;
        let (_, count, clusters) = all.entry(span).or_insert((seen, 0, BTreeSet::new()));
        *count += 1;
        clusters.extend(&seen.outcome.suspended);
    }
    for (span, (first, count, clusters)) in all {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!("dispatching is suspended: {}{more} is placed and not sent", first.template.key);
        let mut diagnostic = Diagnostic::new(Code::KarmadaRuntime, span, message);
        diagnostic.clusters = Some(Clusters { of: ground.model.clusters.len(), names: names(clusters, ground) });
        diags.push(diagnostic);
    }
}

/// Row: a NoExecute taint drains nothing in Karmada unless it is told to.
fn drained(seen: &[Seen<'_>], ground: &Ground<'_>, diags: &mut Diagnostics) {
    let mut all: BTreeMap<Span, (usize, &Seen<'_>, usize)> = BTreeMap::new();
    for seen in seen {
        let Some(recorded) = &seen.built.planned.recorded else { continue };
        let Some(policy) = &seen.template.policy else { continue };
        let tolerations = policy.draft.settle().tolerations;
        for (at, _) in &seen.outcome.placed {
            let cluster = &ground.model.clusters[*at];
            if !recorded.clusters.iter().any(|(name, _)| *name == cluster.name.value) {
                continue;
            }
            for taint in cluster.taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute) {
                if !tolerations.iter().any(|toleration| place::tolerates(toleration, taint)) {
                    all.entry(taint.span).or_insert((*at, seen, 0)).2 += 1;
                }
            }
        }
    }
    for (span, (at, first, count)) in all {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!(
            "{}{more} stays on {} in spite of this taint: Karmada drains nothing by default",
            first.template.key, *ground.model.clusters[at].name
        );
        diags.push(Diagnostic::new(Code::KarmadaIgnored, span, message).note("a native task would be drained"));
    }
}

/// Row: a finished Job is not removed by its time to live.
fn finished_jobs(seen: &[Seen<'_>], diags: &mut Diagnostics) {
    for seen in seen.iter().filter(|seen| seen.template.key.kind == "Job" && seen.template.key.group() == "batch") {
        let spec = seen.template.object.member("spec").map(|(_, spans)| spans);
        let Some(field) = spec.and_then(|spec| spec.member("ttlSecondsAfterFinished")) else { continue };
        let message =
            format!("Karmada takes `ttlSecondsAfterFinished` out of {}, and so is it here", seen.template.key);
        diags.push(
            Diagnostic::new(Code::KarmadaIgnored, field.key, message)
                .severity(Severity::Note)
                .note("a Job that is removed when it is finished would be created again"),
        );
    }
}
