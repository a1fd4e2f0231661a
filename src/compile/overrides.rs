//! Overrides that reach nothing, reach the wrong cluster, or change nothing. It applies none.
//!
//! The one idea: an override in a task is about that task, so silence there is a mistake; one in a base or a
//! document of its own must matter to one of its tasks at least.

use std::collections::{BTreeMap, BTreeSet};

use super::Built;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Severity};
use crate::model::{Model, Override, Reach, Unit};
use crate::place::{self, Decision, Verdict};
use crate::render::Rendered;
use crate::tree::Span;

/// The overrides that stand in the task itself.
pub(super) fn own(
    unit: &Unit,
    decision: &Decision,
    rendered: &Rendered,
    model: &Model,
    faults: &BTreeSet<Span>,
    diags: &mut Diagnostics,
) {
    let placed = decision.chosen().count();
    if placed == 0 {
        return;
    }
    for (over, effect) in unit.overrides.iter().zip(&rendered.effects) {
        if over.reach != Reach::Task || faults.contains(&over.name.span) || over.selector.says_nothing() {
            continue;
        }
        let refused = refused(unit, over, decision, model, diags);
        let name = over.name.as_str();
        if effect.reached.is_empty() {
            let meets =
                |at: usize| decision.possible(at) && crate::place::matches(&over.selector, &model.clusters[at]).is_ok();
            if !refused && (0..model.clusters.len()).any(meets) {
                let message = format!("override `{name}` selects no cluster that task `{}` is on now", unit.identity);
                diags.push(
                    Diagnostic::new(Code::OverrideNotSelected, over.name.span, message)
                        .other(unit.placement.span, "it may be placed there another time"),
                );
            } else if !refused {
                diags.push(
                    Diagnostic::new(
                        Code::OverrideSelectsNothing,
                        over.name.span,
                        format!("override `{name}` selects no cluster that task `{}` runs on", unit.identity),
                    )
                    .other(unit.placement.span, "the task is placed here")
                    .help(format!("`fleetcron explain {}` lists them", unit.identity)),
                );
            }
            continue;
        }
        let idle: Vec<usize> = effect.reached.iter().copied().filter(|i| !effect.changed.contains(i)).collect();
        if idle.is_empty() {
            continue;
        }
        let (severity, message) = if idle.len() == effect.reached.len() {
            (Severity::Error, format!("override `{name}` changes nothing"))
        } else {
            (Severity::Warning, format!("override `{name}` changes nothing on some of its clusters"))
        };
        let unused: Vec<String> = over.layer.body.variables.keys().map(|name| format!("var.{name}")).collect();
        let unused = unused.iter().filter(|name| !rendered.references.contains(*name)).count();
        let says_only_that = over.layer.body.is_variables() && unused == over.layer.body.variables.len();
        let (message, help) = match over.layer.body.variables.keys().next().filter(|_| says_only_that) {
            Some(name) if unused == 1 => (
                format!("{message}: nothing in the task uses the variable `{name}`, and it sets no more"),
                format!("write `$(var.{name})` where the value belongs, or remove the override"),
            ),
            Some(name) => (
                format!("{message}: nothing in the task uses its variables, and it sets no more"),
                format!("write `$(var.{name})` where the value belongs, or remove the override"),
            ),
            None => (message, "what it says is said already: remove it, or narrow its clusters".to_owned()),
        };
        let names = idle.iter().map(|i| model.clusters[*i].name.value.clone()).collect();
        let mut diagnostic =
            Diagnostic::new(Code::OverrideWithoutEffect, over.name.span, message).severity(severity).help(help);
        diagnostic.clusters = Some(Clusters { names, of: placed });
        diags.push(diagnostic);
    }
}

/// Clusters that an override names and that the task's rules refuse, or that are not taken now; says whether there is any.
fn refused(unit: &Unit, over: &Override, decision: &Decision, model: &Model, diags: &mut Diagnostics) -> bool {
    let mut any = false;
    for name in over.named() {
        let Some(at) = model.clusters.iter().position(|cluster| *cluster.name == **name) else { continue };
        let reason = match &decision.verdicts[at] {
            Verdict::Chosen { .. } => continue,
            Verdict::Refused(reason) => reason,
            Verdict::Passed(passed) => {
                any = true;
                let message = format!(
                    "override `{}` is for cluster `{}`, and task `{}` is not there now",
                    *over.name, **name, unit.identity
                );
                let diagnostic = Diagnostic::new(Code::OverrideNotSelected, name.span, message);
                diags.push(diagnostic.other(passed.task().unwrap_or(unit.placement.span), passed.to_string()));
                continue;
            }
        };
        any = true;
        let mut diagnostic = Diagnostic::new(
            Code::OverrideNotPlaced,
            name.span,
            format!(
                "override `{}` is for cluster `{}`, and task `{}` does not run there",
                *over.name, **name, unit.identity
            ),
        )
        .other(reason.task().unwrap_or(unit.placement.span), reason.to_string());
        if let Some(span) = reason.inventory() {
            diagnostic = diagnostic.other(span, "the cluster says so here");
        }
        diags.push(diagnostic.help("remove it from the override, or place the task there"));
    }
    any
}

/// Whether an override meets a cluster that passes the task's rules, taken or not.
fn may_reach(over: &Override, decision: &Decision, model: &Model) -> bool {
    let meets = |at: usize| decision.possible(at) && place::matches(&over.selector, &model.clusters[at]).is_ok();
    (0..model.clusters.len()).any(meets)
}

/// The overrides of bases and documents: over all tasks they must reach something.
pub(super) fn shared(model: &Model, plan: &[Built], faults: &BTreeSet<Span>, diags: &mut Diagnostics) {
    let mut reached: BTreeMap<Span, (&Override, bool)> = BTreeMap::new();
    for (unit, built) in model.units.iter().zip(plan) {
        for (over, effect) in unit.overrides.iter().zip(&built.rendered.effects) {
            if over.reach == Reach::Shared {
                let any = &mut reached.entry(over.name.span).or_insert((over, false)).1;
                // A cluster that is possible and not taken now may be taken another time.
                *any = *any || !effect.reached.is_empty() || may_reach(over, &built.decision, model);
            }
        }
    }
    let unread =
        !model.unread_clusters.is_empty() || !model.misnamed.is_empty() || model.units.len() < model.tasks_seen;
    for (span, (over, any)) in reached {
        if !any && !unread && !faults.contains(&span) && !over.selector.says_nothing() {
            diags.push(
                Diagnostic::new(
                    Code::OverrideSelectsNothing,
                    span,
                    format!("override `{}` reaches no cluster of any of its tasks", *over.name),
                )
                .help("widen its selector, or remove it"),
            );
        }
    }
}
