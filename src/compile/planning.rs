//! Plans one task: instances, placement, each cluster's share, active copies.
//!
//! The plan depends on the task, the inventory and the task's recorded placement, and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::lock::{self, LockMode, Record, RecordedTask};
use crate::model::{Active, Unit};
use crate::place::{
    self, Activation, Decision, DecisionRequest, Demand, RecordedPlacement, ReplicaRequest, ResourceAmounts, Verdict,
};
use crate::render::{self, Orders, RequestedRuns, Share};

/// What a task's plan rests on.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// How much there was to place.
    pub demand: Demand,
    /// What one instance requests, in billionths; known where the placement counts on it.
    pub request: ResourceAmounts,
    /// The record that the decision began with.
    pub recorded: Option<RecordedPlacement>,
    /// Which copies run, where `active` is said.
    pub activation: Option<Activation>,
    /// What decided the choice, where there was one.
    pub digest: Option<String>,
}

/// Plans a task.
pub(super) fn plan(unit: &Unit, ground: &Ground<'_>, diags: &mut Diagnostics) -> (Decision, Orders, Planned) {
    let wanted = wanted(unit, ground, diags);
    let request: ResourceAmounts =
        wanted.requests.iter().map(|(name, amount)| (name.clone(), amount.nanos())).collect();
    let replicas = replicas(unit, &wanted);
    let demand = Demand { replicas, request: Some(ReplicaRequest::new(&request)), ..Demand::default() };
    let digest = lock::digest(&unit.placement, &demand, &request);
    let entry = ground.lock.tasks.get(&unit.identity.to_string()).filter(|_| !ground.mode.forgets(&unit.identity));
    let recorded = entry.map(|entry| {
        let recorded = entry.recorded(digest.as_deref());
        RecordedPlacement { shrinks: shrinks(unit, entry, &demand, &request), ..recorded }
    });
    let clusters = &ground.model.clusters;
    let decision = if *ground.mode == LockMode::Frozen {
        lock::thaw(unit, entry, digest.as_deref(), demand.replicas, clusters).unwrap_or_else(|diagnostic| {
            // A lock that cannot be read is said once.
            if !ground.lock.broken {
                diags.push(*diagnostic);
            }
            Decision { verdicts: Vec::new(), group: None, kept: false, failure: None }.over(clusters.len())
        })
    } else {
        if let Some(entry) = entry.filter(|entry| !entry.contradictions.is_empty()) {
            let said = entry.contradictions.join(", ");
            let message = format!("the lock contradicts itself about task `{}`: {said}", unit.identity);
            diags.push(
                Diagnostic::new(Code::LockContradiction, entry.span, message)
                    .help("it is decided anew; the next build writes what comes of it"),
            );
        }
        place::decide(DecisionRequest {
            placement: &unit.placement,
            clusters,
            inventory: ground.inventory,
            demand: &demand,
            recorded: recorded.as_ref(),
        })
    };
    let activation = unit.active.as_ref().map(|active| {
        let ran = recorded.as_ref().map_or(&[][..], |recorded| &recorded.active);
        let activation = place::activate(active, clusters, &decision, ran);
        check_active(unit, active, &decision, &activation, ground, diags);
        if *ground.mode == LockMode::Frozen && decision.chosen().next().is_some() {
            let now = activation.running.iter().map(|at| clusters[*at].name.value.clone()).collect();
            diags.extend(entry.and_then(|entry| other_copies(unit, entry, now)));
        }
        activation
    });
    let orders = Orders {
        shares: unit.placement.strategy.divides().then(|| shares(unit, &wanted, &decision)),
        active: activation.as_ref().map(|activation| activation.running.iter().copied().collect()),
    };
    (decision, orders, Planned { demand, request, recorded, activation, digest })
}

/// What is asked for; nothing where no choice depends on it.
fn wanted(unit: &Unit, ground: &Ground<'_>, diags: &mut Diagnostics) -> RequestedRuns {
    let placement = &unit.placement;
    if !placement.chooses() && !placement.strategy.divides() && placement.fallback.is_empty() {
        return RequestedRuns::default();
    }
    let mut wanted = render::wanted(unit, ground.around);
    if placement.chooses() {
        diags.extend(wanted.trouble.take());
    }
    for (name, number) in [("parallelism", wanted.parallelism), ("completions", wanted.completions)] {
        if placement.strategy.divides() && number == Some(0) {
            let path = ["spec", "jobTemplate", "spec", name];
            let span = render::said(unit, &[], &path).unwrap_or(placement.span);
            let mut diagnostic =
                Diagnostic::new(Code::InvalidValue, span, format!("`{name}` is 0, so there is nothing to share out"));
            if let Some(strategy) = placement.strategy_said {
                diagnostic = diagnostic.other(strategy, "the strategy shares instances out");
            }
            diags.push(diagnostic.help("write `instances`, or leave out the strategy"));
        }
    }
    wanted
}

/// Instances are Karmada's replicas: never more than there are completions, as its `GetReplicas` of a Job has it.
fn replicas(unit: &Unit, wanted: &RequestedRuns) -> i64 {
    let said = unit.instances.as_ref().map(|said| i64::from(said.value)).or(wanted.parallelism).unwrap_or(1);
    wanted.completions.map_or(said, |completions| said.min(completions)).max(1)
}

/// Whether fewer instances are asked for than the record shares out, by the placement and requests that it was decided by.
fn shrinks(unit: &Unit, entry: &RecordedTask, demand: &Demand, request: &ResourceAmounts) -> bool {
    let recorded = entry.record.clusters.values().fold(0, |sum: i64, instances| sum.saturating_add(*instances));
    let then = || Demand { replicas: recorded, ..demand.clone() };
    unit.placement.strategy.divides()
        && recorded > demand.replicas
        && lock::digest(&unit.placement, &then(), request) == entry.record.digest
}

/// What each chosen cluster's share comes to. Explicit completions are divided as Karmada divides a Job's; instances
/// alone are the completions too; a parallelism alone adds nothing to them.
fn shares(unit: &Unit, wanted: &RequestedRuns, decision: &Decision) -> BTreeMap<usize, Share> {
    let (places, numbers): (Vec<usize>, Vec<i64>) =
        decision.chosen().map(|(at, instances)| (at, i64::from(instances))).unzip();
    let completions: Vec<Option<i64>> = match wanted.completions {
        Some(all) => place::in_proportion(all, &numbers).into_iter().map(Some).collect(),
        None if unit.instances.is_some() => {
            let left_out = |number: &i64| *number == 1 && !wanted.indexed;
            numbers.iter().map(|number| (!left_out(number)).then_some(*number)).collect()
        }
        None => vec![None; numbers.len()],
    };
    let counts = || completions.iter().zip(&numbers).map(|(completions, number)| completions.unwrap_or(*number));
    let total = counts().sum();
    let mut offset = 0;
    let mut shares = BTreeMap::new();
    for (((at, number), completions), count) in places.into_iter().zip(&numbers).zip(&completions).zip(counts()) {
        let parallelism = (*number != 1).then_some(*number);
        shares.insert(at, Share { parallelism, completions: *completions, offset, total });
        offset += count;
    }
    shares
}

/// Copies that are to run must be placed.
fn check_active(
    unit: &Unit,
    active: &Active,
    decision: &Decision,
    activation: &Activation,
    ground: &Ground<'_>,
    diags: &mut Diagnostics,
) {
    if active.says_none() || decision.chosen().next().is_none() {
        return;
    }
    let clusters = &ground.model.clusters;
    let mut refused = Vec::new();
    if let Some(crate::model::Named::Names(names)) = &active.clusters {
        for name in &names.value {
            let Some(at) = clusters.iter().position(|cluster| *cluster.name == **name) else { continue };
            match &decision.verdicts[at] {
                Verdict::Chosen { .. } => {}
                verdict => refused.push((name, verdict)),
            }
        }
    }
    if activation.running.is_empty() {
        if ground.faults.contains(&active.span) {
            return;
        }
        let message = format!("task `{}` is placed, and none of its copies is active", unit.identity);
        let mut diagnostic = Diagnostic::new(Code::NothingActive, active.span, message);
        for (name, verdict) in refused {
            let (why, place) = because(verdict);
            diagnostic = diagnostic.note(format!("on {}: {why}", **name));
            diagnostic = place.into_iter().fold(diagnostic, |d, span| d.other(span, "it is said here"));
        }
        let help = "let `active` meet a cluster that the task is placed on; `active: []` suspends it everywhere";
        diags.push(diagnostic.help(help));
        return;
    }
    for (name, verdict) in refused {
        let (why, place) = because(verdict);
        let message = format!("`active` names `{}`, and task `{}` does not run there: {why}", **name, unit.identity);
        let diagnostic = Diagnostic::new(Code::ActiveNotPlaced, name.span, message);
        diags.push(place.into_iter().fold(diagnostic, |d, span| d.other(span, "it is said here")));
    }
}

fn because(verdict: &Verdict) -> (String, Option<crate::tree::Span>) {
    match verdict {
        Verdict::Refused(reason) => (reason.to_string(), reason.inventory().or(reason.task())),
        Verdict::Passed(passed) => (passed.to_string(), passed.task()),
        Verdict::Chosen { .. } => (String::new(), None),
    }
}

/// Under a frozen lock the copies that run are those that it names.
fn other_copies(unit: &Unit, entry: &RecordedTask, now: BTreeSet<String>) -> Option<Diagnostic> {
    let record = &entry.record;
    let list = |names: &BTreeSet<String>| {
        if names.is_empty() { "none".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
    };
    (record.active != now).then(|| {
        let message = format!(
            "the lock says that of task `{}` {} is active, and by the inputs it is {}",
            unit.identity,
            list(&record.active),
            list(&now)
        );
        Diagnostic::new(Code::NotInLock, unit.name, message)
            .other(entry.span, "its facts begin here")
            .help(format!("run `fleetcron build` and commit {} with the change", lock::PATH))
    })
}

/// What is to be recorded of a task.
pub(super) fn record(unit: &Unit, decision: &Decision, planned: &Planned, ground: &Ground<'_>) -> Option<Record> {
    let name = |at: usize| ground.model.clusters[at].name.value.clone();
    let clusters: BTreeMap<String, i64> =
        decision.chosen().map(|(at, instances)| (name(at), i64::from(instances).max(1))).collect();
    if clusters.is_empty() {
        return None;
    }
    let running = planned.activation.iter().flat_map(|activation| &activation.running);
    let before = ground.lock.tasks.get(&unit.identity.to_string());
    Some(Record {
        clusters,
        group: decision.group.map(|group| unit.placement.fallback[group].name.value.clone()),
        active: running.map(|at| name(*at)).collect(),
        digest: planned.digest.clone(),
        more: before.map(|entry| entry.record.more.clone()).unwrap_or_default(),
    })
}
