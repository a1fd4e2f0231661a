//! Reads selectors and placements. An empty list or map never means everything; only `"*"` does.

use super::context::DocumentContext;
use super::forms::{TextListOr, TextOrList};
use super::wire::{
    ExcludeSpec, ExpressionSpec, LabelsSpec, MatchSpec, NotInSpec, OperatorSpec, PlacementSpec, StrategySpec,
    TolerationOperatorSpec, TolerationSpec,
};
use super::{inventory, spreading};
use crate::diag::{Code, Diagnostic, Severity};
use crate::model::{
    Exclude, LabelExpression, Match, Named, Operator, Placement, Selector, TaintToleration, Values, VersionRange,
    VersionRequirement,
};
use crate::tree::Spanned;

/// Where references have no meaning, because they are what a cluster says once it is chosen.
pub(super) const SELECTING: (&str, &str) =
    ("where clusters are chosen", "name the clusters, or choose them by what they are: `match: {labels: {env: prod}}`");

/// A placement.
pub(super) fn placement(spec: Spanned<PlacementSpec>, context: &mut DocumentContext<'_, '_>) -> Placement {
    let span = spec.span;
    let spec = spec.value;
    let where_said = spec.clusters.as_ref().map(|c| c.span).or(spec.matching.as_ref().map(|m| m.span));
    match (&spec.fallback, where_said) {
        (None, None) => context.diags.push(
            Diagnostic::new(Code::EmptyPlacement, span, "this placement does not say where")
                .help("name `clusters`, or give `match`; `clusters: \"*\"` means everywhere"),
        ),
        (Some(fallback), Some(said)) => context.diags.push(
            Diagnostic::new(Code::InvalidValue, said, "`fallback` stands instead of `clusters` and `match`")
                .other(fallback.span, "the groups are here")
                .help("put it into each group, or leave out `fallback`; `exclude` may stand beside both"),
        ),
        _ => {}
    }
    spreading::check(
        spec.strategy.as_ref(),
        spec.spread.as_ref().map(|s| s.span),
        spec.weights.as_ref().map(|w| w.span),
        context,
    );
    // Beside StaticWeight it was refused.
    let spreads = spec.strategy.as_ref().is_none_or(|said| said.value != StrategySpec::StaticWeight);
    let mut selector = selector(spec.clusters, spec.matching, spec.exclude, context);
    if selector.says_nothing() && spec.fallback.is_none() {
        selector.unread = Some(span);
    }
    let tolerations = spec.tolerations.into_iter().flatten().map(|t| toleration(t, context)).collect();
    Placement {
        selector,
        tolerations,
        spread: spec.spread.map(|list| spreading::spread(list, context)).filter(|_| spreads).unwrap_or_default(),
        fallback: spec.fallback.map(|list| spreading::fallback(list, context)).unwrap_or_default(),
        strategy_said: spec.strategy.as_ref().map(|strategy| strategy.span),
        strategy: spec.strategy.map(|said| spreading::strategy(said.value)).unwrap_or_default(),
        weights: spec.weights.map(|list| spreading::weights(list, context)).unwrap_or_default(),
        span,
    }
}

fn toleration(spec: Spanned<TolerationSpec>, context: &mut DocumentContext<'_, '_>) -> TaintToleration {
    if let Some(value) = &spec.value.value {
        context.refuses_reference(value, SELECTING);
    }
    let exists = matches!(spec.value.operator, Some(TolerationOperatorSpec::Exists));
    if exists && let Some(value) = &spec.value.value {
        context.diags.push(
            Diagnostic::new(Code::InvalidValue, value.span, "a toleration with `operator: Exists` has no value")
                .help("remove `value`, or write `operator: Equal`"),
        );
    }
    TaintToleration {
        key: spec.value.key.unwrap_or_default(),
        exists,
        value: spec.value.value.map(|value| value.value).unwrap_or_default(),
        effect: spec.value.effect.map(inventory::effect),
        span: spec.span,
    }
}

/// A selector from its three parts.
pub(super) fn selector(
    clusters: Option<Spanned<TextOrList>>,
    matching: Option<Spanned<MatchSpec>>,
    exclude: Option<ExcludeSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> Selector {
    let excluding = exclude.as_ref().and_then(|exclude| {
        exclude.clusters.as_ref().map(|part| part.span).or(exclude.matching.as_ref().map(|part| part.span))
    });
    let first = clusters.as_ref().map(|part| part.span).or(matching.as_ref().map(|part| part.span)).or(excluding);
    let before = context.diags.len();
    let selector = Selector {
        clusters: clusters.map(|clusters| named(clusters, context)),
        matching: matching.map(|matching| matches(matching, context)),
        exclude: exclude.map(|exclude| self::exclude(exclude, context)),
        unread: None,
    };
    Selector { unread: first.filter(|_| has_errors_since(before, context)), ..selector }
}

/// Clusters that are left out.
pub(super) fn exclude(spec: ExcludeSpec, context: &mut DocumentContext<'_, '_>) -> Exclude {
    Exclude {
        clusters: spec.clusters.map(|clusters| named(clusters, context)),
        matching: spec.matching.map(|matching| matches(matching, context)),
    }
}

/// Whether an error was reported since there were so many diagnostics.
pub(super) fn has_errors_since(before: usize, context: &DocumentContext<'_, '_>) -> bool {
    context.diags.iter().skip(before).any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// A list of names, or all.
pub(super) fn named(clusters: Spanned<TextOrList>, context: &mut DocumentContext<'_, '_>) -> Named {
    let span = clusters.span;
    let names = match clusters.value {
        TextOrList::Text(text) if text == "*" => return Named::All(span),
        TextOrList::Text(text) => {
            context.diags.push(
                Diagnostic::new(Code::InvalidValue, span, format!("`{text}` alone is not a list of clusters"))
                    .help(format!("write `[{text}]`; only `\"*\"`, everywhere, stands alone")),
            );
            vec![Spanned::new(text, span)]
        }
        TextOrList::List(names) => names,
    };
    if let [only] = names.as_slice()
        && **only == "*"
    {
        return Named::All(only.span);
    }
    if names.is_empty() {
        context.diags.push(
            Diagnostic::new(Code::EmptyPlacement, span, "this list of clusters is empty")
                .help("name at least one, or write `\"*\"` for all"),
        );
    }
    for (i, name) in names.iter().enumerate() {
        context.refuses_reference(name, SELECTING);
        if name.contains('*') {
            context.diags.push(
                Diagnostic::new(Code::InvalidValue, name.span, format!("`{}` is not the name of a cluster", **name))
                    .help("`*` stands alone and means all clusters; choose several by `match`"),
            );
        }
        if let Some(first) = names[..i].iter().find(|first| first.value == name.value) {
            context.diags.push(
                Diagnostic::new(Code::DuplicateName, name.span, format!("`{}` is named twice", **name))
                    .other(first.span, "first here"),
            );
        }
    }
    Named::Names(Spanned::new(names, span))
}

/// The properties that are asked for.
pub(super) fn matches(spec: Spanned<MatchSpec>, context: &mut DocumentContext<'_, '_>) -> Match {
    let span = spec.span;
    let spec = spec.value;
    let others = spec.kubernetes_version.is_some() || spec.any_of.is_some();
    let (labels, mut expressions) = labels(spec.labels, context);
    expressions.extend(spec.expressions.into_iter().flatten().map(|spec| expression(spec, context)));
    let matching = Match {
        provider: spec.provider.map(|v| values(v, context)),
        region: spec.region.map(|v| values(v, context)),
        zone: spec.zone.map(|v| values(v, context)),
        labels,
        expressions,
        kubernetes_version: spec.kubernetes_version.and_then(|text| version_range(text, context)),
        any_of: spec.any_of.map(|list| any_of(list, context)).unwrap_or_default(),
        span,
    };
    if matching.provider.is_none()
        && matching.region.is_none()
        && matching.zone.is_none()
        && matching.labels.is_empty()
        && matching.expressions.is_empty()
        && !others
    {
        context.diags.push(
            Diagnostic::new(Code::EmptyPlacement, span, "this `match` asks for nothing")
                .help("give provider, region, zone, labels, expressions, kubernetesVersion or anyOf; `clusters: \"*\"` means everywhere"),
        );
    }
    matching
}

/// `anyOf`.
fn any_of(list: Spanned<Vec<Spanned<MatchSpec>>>, context: &mut DocumentContext<'_, '_>) -> Vec<Match> {
    if list.value.is_empty() {
        context.error(Code::InvalidValue, list.span, "this list is empty: give at least one `match`");
    }
    list.value.into_iter().map(|spec| matches(spec, context)).collect()
}

/// A range of versions, reported if it is none.
fn version_range(text: Spanned<String>, context: &mut DocumentContext<'_, '_>) -> Option<VersionRange> {
    if context.refuses_reference(&text, SELECTING) {
        return None;
    }
    match VersionRequirement::parse(&text) {
        Ok(requirement) => Some(VersionRange { text, requirement }),
        Err(error) => {
            let message = format!("`{}` is not a range of versions: {error}", *text);
            // A bare version of a program means all that are compatible with it; of a cluster, that one.
            let bare =
                Some(error.condition.trim_start_matches('v')).filter(|it| it.starts_with(|c: char| c.is_ascii_digit()));
            let exact = bare.map(|bare| format!("={bare}")).filter(|range| VersionRequirement::parse(range).is_ok());
            let meant = exact.or(error.meant.clone()).filter(|_| error.condition == text.trim());
            let example = meant.as_deref().unwrap_or(">=1.27 <1.31");
            let diagnostic = Diagnostic::new(Code::InvalidValue, text.span, message);
            context.diags.push(diagnostic.help(format!(
                "write conditions with `>=`, `>`, `<`, `<=` or `=`, separated by spaces: `\"{example}\"`"
            )));
            None
        }
    }
}

fn values(spec: Spanned<TextListOr<NotInSpec>>, context: &mut DocumentContext<'_, '_>) -> Values {
    let span = spec.span;
    let (not, values) = match spec.value {
        TextListOr::Text(text) => (false, vec![Spanned::new(text, span)]),
        TextListOr::List(list) => (false, list),
        TextListOr::Object(contrary) => (true, contrary.not_in),
    };
    if values.is_empty() {
        context.error(Code::InvalidValue, span, "this list is empty: name at least one value");
    }
    for value in &values {
        context.refuses_reference(value, SELECTING);
    }
    Values { not, values, span }
}

/// The key and the value of a label.
pub(super) type SpannedLabel = (Spanned<String>, Spanned<String>);

/// What is asked of labels: single values, and lists and their contrary as expressions.
pub(super) fn labels(
    spec: Option<LabelsSpec>,
    context: &mut DocumentContext<'_, '_>,
) -> (Vec<SpannedLabel>, Vec<LabelExpression>) {
    let (mut labels, mut expressions) = (Vec::new(), Vec::new());
    for (key, asked) in spec.unwrap_or_default().0 {
        let single = matches!(asked.value, TextListOr::Text(_));
        let Values { not, mut values, span } = values(asked, context);
        match values.pop() {
            Some(value) if single => labels.push((key, value)),
            last => {
                values.extend(last);
                let operator = if not { Operator::NotIn } else { Operator::In };
                expressions.push(LabelExpression { key, operator, values, span });
            }
        }
    }
    (labels, expressions)
}

/// The number of Gt and Lt, the range of `SemVer`: one, and readable.
fn only_value(operator: Operator, values: &[Spanned<String>], context: &mut DocumentContext<'_, '_>) {
    if let Some(second) = values.get(1) {
        context.error(Code::InvalidValue, second.span, format!("`{operator:?}` takes one value"));
    }
    let Some(value) = values.first() else { return };
    if operator == Operator::SemVer {
        version_range(value.clone(), context);
    } else if value.parse::<i64>().is_err() {
        let message = format!("`{}` is not an integer, and `{operator:?}` compares integers", **value);
        context.error(Code::InvalidValue, value.span, message);
    }
}

/// A label expression, as `metav1.LabelSelectorRequirement` is checked.
pub(super) fn expression(spec: Spanned<ExpressionSpec>, context: &mut DocumentContext<'_, '_>) -> LabelExpression {
    let span = spec.span;
    let spec = spec.value;
    let values = spec.values.unwrap_or_default();
    for value in &values {
        context.refuses_reference(value, SELECTING);
    }
    let (operator, wants) = match spec.operator.value {
        OperatorSpec::In => (Operator::In, true),
        OperatorSpec::NotIn => (Operator::NotIn, true),
        OperatorSpec::Exists => (Operator::Exists, false),
        OperatorSpec::DoesNotExist => (Operator::DoesNotExist, false),
        OperatorSpec::Gt => (Operator::Gt, true),
        OperatorSpec::Lt => (Operator::Lt, true),
        OperatorSpec::SemVer => (Operator::SemVer, true),
    };
    if matches!(operator, Operator::Gt | Operator::Lt | Operator::SemVer) {
        only_value(operator, &values, context);
    }
    if wants && values.is_empty() {
        context.error(Code::InvalidValue, spec.operator.span, format!("`{operator:?}` needs `values`"));
    }
    if !wants && let Some(first) = values.first() {
        context.error(Code::InvalidValue, first.span, format!("`{operator:?}` has no `values`"));
    }
    LabelExpression { key: spec.key, operator, values, span }
}
