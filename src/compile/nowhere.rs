//! Explains why a task is placed on no cluster, and which single change would help most.
//!
//! Like Karmada's `FitError`, it counts the rules that excluded clusters; beyond it, it finds the one rule that
//! excludes the most clusters alone.

use super::Ground;
use super::planning::Planned;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Severity};
use crate::lock::LockMode;
use crate::model::{InstanceStrategy, LintLevel, Unit};
use crate::place::{self, Decision, DecisionRequest, Passed, PlacementFailure, Verdict};

/// Says of a task that it lands nowhere, unless that is said already; and of clusters that count as full because nobody
/// says what they can take.
pub(super) fn check(unit: &Unit, decision: &Decision, planned: &Planned, ground: &Ground<'_>, diags: &mut Diagnostics) {
    let clusters = &ground.model.clusters;
    let lacking: Vec<String> = (0..clusters.len())
        .filter(|at| unit.placement.strategy.needs_capacity() && decision.possible(*at))
        .filter(|at| !clusters[*at].capacity.as_ref().is_some_and(|capacity| capacity.allocatable.contains_key("pods")))
        .map(|at| clusters[at].name.value.clone())
        .collect();
    let without: Vec<String> = (decision.verdicts.iter().zip(clusters))
        .filter(|(verdict, _)| matches!(verdict, Verdict::Passed(Passed::Share { .. })))
        .filter(|_| unit.placement.strategy == InstanceStrategy::StaticWeight)
        .map(|(_, cluster)| cluster.name.value.clone())
        .collect();
    let fitting = (0..clusters.len()).filter(|at| decision.possible(*at)).count();
    let nowhere = decision.chosen().next().is_none();
    if *ground.mode == LockMode::Frozen {
        return;
    }
    if !nowhere && !without.is_empty() {
        let message = format!("shares by weight leave clusters of task `{}` without an instance", unit.identity);
        let span = unit.placement.strategy_said.unwrap_or(unit.placement.span);
        let mut diagnostic = Diagnostic::new(Code::NoShare, span, message)
            .note("the task is not written there: no weight meets the cluster, or there are too few instances")
            .help("give more instances or another weight, or leave those clusters out of the placement");
        diagnostic.clusters = Some(Clusters { names: without, of: fitting });
        diags.push(diagnostic);
    }
    if !nowhere && unit.placement.strategy.divides() {
        unmet(unit, decision, planned, ground, diags);
    }
    const HELP: &str =
        "`kubectl get nodes,pods -A -o json | fleetcron import clusters --cluster NAME` writes a ClusterCapacity";
    if nowhere && !explained(unit, ground) {
        let mut diagnostic = nowhere_at_all(unit, decision, planned, ground);
        let lowered = ground.model.fleet.lints.get(Code::Nowhere.name()) == Some(&LintLevel::Warn);
        if lowered && !ground.lock.tasks.contains_key(&unit.identity.to_string()) {
            diagnostic = diagnostic.severity(Severity::Warning);
        } else if lowered {
            let said = "it stays an error, though `lints` lowers it: the lock records where the task was placed";
            diagnostic = diagnostic.note(said);
        }
        if !lacking.is_empty() {
            let said = format!("{} of them have no capacity, or none of pods, and take nothing", lacking.len());
            diagnostic = diagnostic.note(said).help(HELP);
        }
        diags.push(diagnostic);
    } else if !nowhere && !lacking.is_empty() {
        let strategy = unit.placement.strategy.name();
        let message = format!("{strategy} counts on what is free, and nobody says what clusters can take");
        let span = unit.placement.strategy_said.unwrap_or(unit.placement.span);
        let mut diagnostic = Diagnostic::new(Code::NoCapacity, span, message)
            .note("a cluster without a capacity, or with none of `pods`, takes nothing, as in Karmada")
            .help(HELP);
        diagnostic.clusters = Some(Clusters { names: lacking, of: fitting });
        diags.push(diagnostic);
    }
}

/// Says of a spread whose minimum the instances do not meet. Karmada lets it go unmet without a word.
fn unmet(unit: &Unit, decision: &Decision, planned: &Planned, ground: &Ground<'_>, diags: &mut Diagnostics) {
    let places: Vec<usize> = decision.chosen().map(|(at, _)| at).collect();
    let asked = DecisionRequest {
        placement: &unit.placement,
        clusters: &ground.model.clusters,
        inventory: ground.inventory,
        demand: &planned.demand,
        recorded: None,
    };
    for (spread, groups) in place::unmet(asked, &places) {
        let (task, by, min) = (&unit.identity, &spread.by, spread.min);
        let groups: Vec<&str> = groups.into_iter().collect();
        let has = groups.join(", ");
        let message =
            format!("the spread of task `{task}` asks for {min} by {by}, and its instances are on {has} alone");
        diags.push(
            Diagnostic::new(Code::UnmetSpread, spread.span, message)
                .note("no cluster elsewhere can take one; as soon as one can, an instance moves there")
                .help(format!(
                    "make room there, or ask for less with `min`; `fleetcron explain {task}` shows the room of each cluster"
                )),
        );
    }
}

/// Whether another diagnostic says already why a task lands nowhere.
fn explained(unit: &Unit, ground: &Ground<'_>) -> bool {
    let model = ground.model;
    ground.faults.contains(&unit.placement.span)
        || !model.unread_clusters.is_empty()
        || model.clusters.is_empty()
        || place::possible(&unit.placement, &model.misnamed).next().is_some()
}

fn nowhere_at_all(unit: &Unit, decision: &Decision, planned: &Planned, ground: &Ground<'_>) -> Diagnostic {
    let total = decision.verdicts.len();
    let placement = &unit.placement;
    let message = format!("task `{}` lands on no cluster", unit.identity);
    let mut diagnostic = Diagnostic::new(Code::Nowhere, placement.span, message);
    for (rule, count) in decision.histogram() {
        diagnostic = diagnostic.note(format!("{count} of {total}: {rule}"));
    }
    if let Some(failure) = &decision.failure {
        let fitting = (0..total).filter(|at| decision.possible(*at)).count();
        let words = in_words(failure, unit, planned, fitting);
        let alone = if placement.fallback.is_empty() { "" } else { "no fallback group alone will do: in all " };
        diagnostic = diagnostic.note(format!("{alone}{words}"));
    } else if let Some(nearest) = place::helpful_rule(DecisionRequest {
        placement,
        clusters: &ground.model.clusters,
        inventory: ground.inventory,
        demand: &planned.demand,
        recorded: None,
    }) {
        let (rule, count) = (nearest.reason.rule(), nearest.clusters.len());
        let clusters = if count == 1 { "1 cluster".to_owned() } else { format!("{count} clusters") };
        diagnostic = diagnostic.help(format!("but for `{rule}` alone, {clusters} would fit"));
    }
    diagnostic.help(format!("`fleetcron explain {}` shows the verdict of every cluster", unit.identity))
}

/// Why nothing was placed though clusters fit.
pub fn in_words(failure: &PlacementFailure, unit: &Unit, planned: &Planned, fitting: usize) -> String {
    let replicas = planned.demand.replicas;
    let fit = if fitting == 1 { "1 cluster fits".to_owned() } else { format!("{fitting} clusters fit") };
    match failure {
        PlacementFailure::TooFewGroups { of } => {
            let singular = of.strip_suffix('s').unwrap_or(of);
            let spread = unit.placement.spread.iter().find(|spread| spread.by.to_string() == singular);
            let min = spread.map_or(1, |spread| spread.min);
            format!("{fit}, and the spread asks for at least {min} by {singular}")
        }
        PlacementFailure::TooManyChoices => format!(
            "{fit}, and none of the choices among them that were tried meets every constraint of the spread: there are too \
             many to try all; lower `min`, or ask for fewer constraints"
        ),
        PlacementFailure::NoGroups => format!("{fit}, and no choice among them meets every constraint of the spread"),
        PlacementFailure::NoRoom { .. } | PlacementFailure::TooLittle { .. } => {
            let room = match failure {
                PlacementFailure::TooLittle { free, .. } => format!("; there is room for {free}"),
                _ => String::new(),
            };
            format!("{fit}, and together those that may be taken have no room for {replicas} instances{room}")
        }
        PlacementFailure::NoneFits { .. } | PlacementFailure::NoSuchSpread | PlacementFailure::NothingSelected => fit,
    }
}
