//! Reports overrides that select nothing, select a wrong cluster, or change nothing.
//!
//! An override in a task is about that task, so having no effect is a mistake; one in a base or a document of its own
//! must affect at least one task.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::TaskResult;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::model::{Model, Override, Reach, Unit};
use crate::place::{Decision, Verdict};
use crate::render::{Effect, Rendered, SharedReach};
use crate::tree::{Span, Spanned};

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
    for (at, over) in unit.overrides.iter().enumerate() {
        let effect = rendered.effects.get(at);
        if over.reach != Reach::Task
            || faults.contains(&over.name.span)
            || over.selector.unread.is_some()
            || over.broken
        {
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
        if idle.len() < effect.reached.len() {
            diags.extend(missing_images(over, effect, model, placed));
        }
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

/// The entries of `images` that find no image by their name, while the override does something else.
fn missing_images<'a>(
    over: &'a Override,
    effect: &'a Effect,
    model: &'a Model,
    placed: usize,
) -> impl Iterator<Item = Diagnostic> + 'a {
    over.layer.body.images.iter().filter_map(move |rule| {
        let (name, missed) = (rule.name.as_ref()?, effect.missed.get(&rule.span)?);
        let everywhere = missed.clusters.len() == effect.reached.len();
        let severity = if everywhere { Severity::Error } else { Severity::Warning };
        let mut diagnostic = missing_image(name, &missed.names).severity(severity);
        let names = missed.clusters.iter().map(|at| model.clusters[*at].name.value.clone()).collect();
        diagnostic.clusters = Some(Clusters { names, of: placed });
        Some(diagnostic)
    })
}

/// That no image has a name which an entry of `images` is for.
fn missing_image(name: &Spanned<String>, there: &BTreeSet<String>) -> Diagnostic {
    const SHOWN: usize = 10;
    let message = format!("no image here has the name `{}`, so this entry changes nothing", **name);
    let diagnostic = Diagnostic::new(Code::OverrideWithoutEffect, name.span, message);
    let near = nearest(name, there.iter().map(String::as_str));
    let diagnostic = match near {
        Some(_) => diagnostic.did_you_mean(near),
        None => diagnostic.help("correct the name, or remove the entry"),
    };
    let shown: Vec<String> = there.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if there.len() > SHOWN { format!(" and {} more", there.len() - SHOWN) } else { String::new() };
    if shown.is_empty() {
        diagnostic
    } else {
        diagnostic.note(format!("the images here are {}{more}", shown.join(", ")))
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

/// An entry of `images` of a shared override, over all tasks that it reaches.
struct ImageEntryUse<'a> {
    name: &'a Spanned<String>,
    /// Some task has an image of that name.
    found: bool,
    /// The names that there are instead.
    there: BTreeSet<&'a str>,
}

/// The overrides of bases and documents: over all tasks they must reach something.
pub(super) fn shared(
    model: &Model,
    plan: &[TaskResult],
    reach: &SharedReach,
    faults: &BTreeSet<Span>,
    diags: &mut Diagnostics,
) {
    // By override: whether one of the clusters that it selects is a place of one of its tasks. Tasks times overrides is
    // the largest number here, so as little as possible is done for each.
    let mut known: HashMap<usize, bool> = HashMap::new();
    let mut shared: Vec<&Arc<Override>> = Vec::new();
    let mut images: BTreeMap<Span, ImageEntryUse<'_>> = BTreeMap::new();
    for (unit, built) in model.units.iter().zip(plan) {
        for (at, over) in unit.overrides.iter().enumerate().filter(|(_, over)| over.reach == Reach::Shared) {
            let any = known.entry(Arc::as_ptr(over).addr()).or_insert_with(|| {
                shared.push(over);
                false
            });
            let effect = built.rendered.effects.get(at);
            // A cluster that is possible and not taken now may be taken another time.
            let selected = || reach.clusters(over).unwrap_or_default();
            let may_reach = || selected().iter().any(|cluster| built.decision.possible(*cluster));
            *any = *any || !effect.reached.is_empty() || may_reach();
            if effect.reached.is_empty() || over.broken {
                continue;
            }
            for rule in &over.layer.body.images {
                let Some(name) = &rule.name else { continue };
                let entry =
                    images.entry(rule.span).or_insert(ImageEntryUse { name, found: false, there: BTreeSet::new() });
                match effect.missed.get(&rule.span) {
                    Some(missed) if missed.clusters.len() == effect.reached.len() => {
                        entry.there.extend(missed.names.iter().map(String::as_str));
                    }
                    _ => entry.found = true,
                }
            }
        }
    }
    let reached: BTreeMap<Span, (&Override, bool)> = shared
        .into_iter()
        .map(|over| (over.name.span, (over.as_ref(), known.get(&Arc::as_ptr(over).addr()).is_some_and(|any| *any))))
        .collect();
    let unread = !model.unread_clusters.is_empty() || !model.misnamed.is_empty() || model.has_unread_tasks();
    for sought in images.into_values().filter(|sought| !sought.found && !unread) {
        let there = sought.there.into_iter().map(str::to_owned).collect();
        diags.push(missing_image(sought.name, &there).severity(Severity::Warning));
    }
    for (span, (over, any)) in reached {
        if !any && !unread && !faults.contains(&span) && over.selector.unread.is_none() {
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
