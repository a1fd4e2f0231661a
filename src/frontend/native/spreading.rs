//! Reads spread, fallback, strategy, weights and active copies. What Karmada ignores silently is an error here.

use super::context::DocumentContext;
use super::forms::{ListOr, TextOrList};
use super::names;
use super::placing::{self, SELECTING};
use super::wire::{ActiveSpec, FallbackSpec, SpreadSpec, StrategySpec, WeightSpec};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{
    Active, FallbackGroup, InstanceStrategy, InstanceWeight, Named, Placement, SpreadBy, SpreadConstraint,
};
use crate::tree::{Span, Spanned};

/// The words that `by` knows, a label's key aside.
const BY: [&str; 5] = ["cluster", "region", "zone", "provider", "label:KEY"];

/// `strategy`
pub(super) fn strategy(spec: StrategySpec) -> InstanceStrategy {
    match spec {
        StrategySpec::Duplicated => InstanceStrategy::Duplicated,
        StrategySpec::Aggregated => InstanceStrategy::Aggregated,
        StrategySpec::DynamicWeight => InstanceStrategy::DynamicWeight,
        StrategySpec::StaticWeight => InstanceStrategy::StaticWeight,
    }
}

/// `spread`
pub(super) fn spread(
    list: Spanned<Vec<Spanned<SpreadSpec>>>,
    context: &mut DocumentContext<'_, '_>,
) -> Vec<SpreadConstraint> {
    if list.value.is_empty() {
        context.error(Code::InvalidValue, list.span, "this list is empty: say by what it spreads, or leave it out");
    }
    let mut all: Vec<SpreadConstraint> = Vec::new();
    for Spanned { value: spec, span } in list.value {
        let Some(by) = by(&spec.by, context) else { continue };
        if let Some(first) = all.iter().find(|first| first.by == by) {
            let message = format!("`{by}` is spread by twice");
            context
                .diags
                .push(Diagnostic::new(Code::InvalidValue, spec.by.span, message).other(first.span, "first here"));
            continue;
        }
        let least = |number: &Option<Spanned<u32>>, what: &str, context: &mut DocumentContext<'_, '_>| {
            if let Some(zero) = number.as_ref().filter(|number| number.value == 0) {
                let diagnostic =
                    Diagnostic::new(Code::InvalidValue, zero.span, format!("{what} of 0 {by}s means nothing"));
                context.diags.push(diagnostic.help("write a number from 1 on, or leave it out"));
            }
        };
        least(&spec.min, "a minimum", context);
        least(&spec.max, "a maximum", context);
        if let (Some(min), Some(max)) = (&spec.min, &spec.max)
            && max.value < min.value
        {
            let message = format!("`max` is {} and `min` is {}: no choice meets both", max.value, min.value);
            context
                .diags
                .push(Diagnostic::new(Code::InvalidValue, max.span, message).other(min.span, "the minimum is here"));
        }
        let min = spec.min.map_or(1, |min| min.value.max(1));
        // What was refused leads to no second message.
        let max = spec.max.map(|max| max.value).filter(|max| *max >= min);
        all.push(SpreadConstraint { by, min, max, span });
    }
    all
}

fn by(said: &Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<SpreadBy> {
    context.refuses_reference(said, SELECTING);
    match said.as_str() {
        "cluster" => Some(SpreadBy::Cluster),
        "region" => Some(SpreadBy::Region),
        "zone" => Some(SpreadBy::Zone),
        "provider" => Some(SpreadBy::Provider),
        other => match other.strip_prefix("label:") {
            Some(key) if !key.is_empty() => Some(SpreadBy::Label(key.to_owned())),
            _ => {
                let message = format!("`{other}` is nothing to spread by");
                let diagnostic = Diagnostic::new(Code::InvalidValue, said.span, message);
                let diagnostic = diagnostic.did_you_mean(nearest(other, BY));
                context.diags.push(diagnostic.help("spread by cluster, region, zone, provider or `label:KEY`"));
                None
            }
        },
    }
}

/// `active.per`: a cluster must be in one group, so neither zones nor clusters make any.
fn group_by(said: &Spanned<String>, max: Option<u32>, context: &mut DocumentContext<'_, '_>) -> Option<SpreadBy> {
    let by = by(said, context)?;
    if matches!(by, SpreadBy::Zone | SpreadBy::Cluster) {
        let message = format!("`{by}` makes no groups of clusters");
        let diagnostic = Diagnostic::new(Code::InvalidValue, said.span, message);
        context.diags.push(diagnostic.help("group by region, provider or `label:KEY`"));
        return None;
    }
    if max.is_none() {
        let message = "`per` makes groups in which `max` counts, and there is no `max`";
        context.diags.push(Diagnostic::new(Code::InvalidValue, said.span, message).help("write `max: 1` beside it"));
    }
    Some(by)
}

/// `fallback`
pub(super) fn fallback(list: Spanned<Vec<FallbackSpec>>, context: &mut DocumentContext<'_, '_>) -> Vec<FallbackGroup> {
    if list.value.is_empty() {
        context.error(Code::EmptyPlacement, list.span, "this list of groups is empty");
    }
    let mut groups: Vec<FallbackGroup> = Vec::new();
    for spec in list.value {
        let name = spec.name;
        if let Some(diagnostic) = names::dns_label(&name, "a group") {
            context.diags.push(diagnostic.note("it stands in the lock, as one word"));
        }
        if let Some(first) = groups.iter().find(|first| first.name.value == name.value) {
            let message = format!("there are two groups of the name `{}`", *name);
            context.diags.push(
                Diagnostic::new(Code::DuplicateName, name.span, message).other(first.name.span, "the first is here"),
            );
        }
        let mut selector = placing::selector(spec.clusters, spec.matching, spec.exclude, context);
        if selector.says_nothing() {
            selector.unread = Some(name.span);
            let message = format!("group `{}` does not say where", *name);
            context.diags.push(
                Diagnostic::new(Code::EmptyPlacement, name.span, message)
                    .help("name `clusters`, or give `match`; `clusters: \"*\"` means everywhere"),
            );
        }
        groups.push(FallbackGroup { name, selector });
    }
    groups
}

/// `weights`
pub(super) fn weights(list: Spanned<Vec<WeightSpec>>, context: &mut DocumentContext<'_, '_>) -> Vec<InstanceWeight> {
    let mut weights = Vec::new();
    for spec in list.value {
        let weight = spec.weight;
        if weight.value == 0 {
            let diagnostic = Diagnostic::new(Code::InvalidValue, weight.span, "a weight is at least 1");
            context.diags.push(diagnostic.help("to keep the task away from clusters, `exclude` them"));
        }
        let mut selector = placing::selector(spec.clusters, spec.matching, None, context);
        if selector.says_nothing() {
            selector.unread = Some(weight.span);
            context.diags.push(
                Diagnostic::new(Code::EmptyPlacement, weight.span, "this weight does not say for which clusters")
                    .help("name `clusters`, or give `match`"),
            );
        }
        weights.push(InstanceWeight { weight: weight.value, selector });
    }
    weights
}

/// Refuses what means nothing beside a strategy.
pub(super) fn check(
    strategy: Option<&Spanned<StrategySpec>>,
    spread: Option<Span>,
    weights: Option<Span>,
    context: &mut DocumentContext<'_, '_>,
) {
    let by_weight = strategy.filter(|said| said.value == StrategySpec::StaticWeight);
    if let (Some(said), Some(spread)) = (by_weight, spread) {
        context.diags.push(
            Diagnostic::new(Code::InvalidValue, spread, "StaticWeight goes to every cluster, so it cannot spread")
                .other(said.span, "the strategy is here")
                .help("leave out `spread`, or take another strategy: Karmada would ignore `spread` without a word"),
        );
    }
    if let (None, Some(weights)) = (by_weight, weights) {
        let diagnostic =
            Diagnostic::new(Code::InvalidValue, weights, "weights mean nothing without `strategy: StaticWeight`");
        let other = strategy.map(|said| said.span);
        let diagnostic = other.into_iter().fold(diagnostic, |d, span| d.other(span, "the strategy is here"));
        context.diags.push(diagnostic.help("write `strategy: StaticWeight`, or leave out `weights`"));
    }
}

/// Refuses `active` beside a strategy that shares instances out: the shares of the suspended copies would never run.
pub(super) fn check_active(active: Option<&Active>, placement: &Placement, context: &mut DocumentContext<'_, '_>) {
    let Some(active) = active.filter(|_| placement.strategy.divides()) else { return };
    let strategy = placement.strategy.name();
    let message = format!("{strategy} shares the instances out, and `active` would suspend some of the shares");
    let diagnostic = Diagnostic::new(Code::InvalidValue, active.span, message);
    let said = placement.strategy_said.into_iter();
    let diagnostic = said.fold(diagnostic, |diagnostic, span| diagnostic.other(span, "the strategy is here"));
    context.diags.push(diagnostic.help(if active.says_none() {
        "remove `active`; `job: {suspend: true}` suspends the task everywhere"
    } else if placement.weights.is_empty() {
        "remove `active`, so that every cluster runs its share; or write `strategy: Duplicated`, so that the active copy runs all instances"
    } else {
        "remove `active`, so that every cluster runs its share; or write `strategy: Duplicated` without `weights`, so that the active copy runs all instances"
    }));
}

/// `active` in either form.
pub(super) fn active(spec: Spanned<ListOr<ActiveSpec>>, context: &mut DocumentContext<'_, '_>) -> Active {
    let span = spec.span;
    let before = context.diags.len();
    let named = |names: Vec<Spanned<String>>, span: Span, context: &mut DocumentContext<'_, '_>| {
        if names.is_empty() {
            return Named::Names(Spanned::new(names, span));
        }
        placing::named(Spanned::new(TextOrList::List(names), span), context)
    };
    let (clusters, matching, exclude, max, per) = match spec.value {
        ListOr::List(names) => (Some(named(names, span, context)), None, None, None, None),
        ListOr::Object(ActiveSpec { clusters, matching, exclude, max, per }) => {
            if clusters.is_none() && matching.is_none() && exclude.is_none() && max.is_none() && per.is_none() {
                context.diags.push(
                    Diagnostic::new(Code::EmptyPlacement, span, "this `active` does not say which copies run")
                        .help("give `max: 1`, `match`, `exclude`, or a list of names; `active: []` means none"),
                );
            }
            let clusters = clusters.map(|clusters| match clusters.value {
                TextOrList::List(names) => named(names, clusters.span, context),
                text @ TextOrList::Text(_) => placing::named(Spanned::new(text, clusters.span), context),
            });
            let matching = matching.map(|matching| placing::matches(matching, context));
            let exclude = exclude.map(|exclude| placing::exclude(exclude, context));
            let per = per.and_then(|per| group_by(&per, max, context));
            (clusters, matching, exclude, max, per)
        }
    };
    Active { clusters, matching, exclude, max, per, span, unread: placing::has_errors_since(before, context) }
}
