//! Step 1, filter: which clusters fit.
//!
//! Rules are tried in the order in which an author would name them, and the first that excludes is the reason. Matching
//! follows Karmada's `pkg/util/selector.go` (`ClusterMatches`, `matchZones`).

use std::ops::ControlFlow;

use super::decision::{FilteredProperty, Reason, Rule};
use super::holds::{self, Bearing};
use crate::model::{
    Cluster, ClusterTaint, LabelExpression, Match, Named, Operator, Placement, Selector, SpreadBy, TaintEffect,
    TaintToleration, Values, VersionRange,
};
use crate::tree::{Span, Spanned};

/// Hears of each rule that a placement has, and whether it refused the cluster; `Break` ends the questions.
type See<'s> = dyn FnMut(Rule, Option<Reason>) -> ControlFlow<Reason> + 's;

/// The first rule of a placement that refuses a cluster; `there` says that the cluster has the task already.
///
/// # Errors
/// That rule.
pub(super) fn fits(placement: &Placement, cluster: &Cluster, there: bool) -> Result<(), Reason> {
    first(|see| rules(placement, cluster, there, see))
}

/// Every rule of a placement in order, with the refusal of those that refuse the cluster.
pub fn examine(placement: &Placement, cluster: &Cluster, there: bool) -> Vec<(Rule, Option<Reason>)> {
    let mut all = Vec::new();
    let _goes_on = rules(placement, cluster, there, &mut |rule, refusal| {
        all.push((rule, refusal));
        ControlFlow::Continue(())
    });
    all
}

/// Whether a selector meets a cluster.
///
/// # Errors
/// The first part that does not hold.
pub fn matches(selector: &Selector, cluster: &Cluster) -> Result<(), Reason> {
    first(|see| selects(selector, cluster, see))
}

fn first(ask: impl FnOnce(&mut See<'_>) -> ControlFlow<Reason>) -> Result<(), Reason> {
    match ask(&mut |_, refusal| refusal.map_or(ControlFlow::Continue(()), ControlFlow::Break)) {
        ControlFlow::Break(reason) => Err(reason),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn rules(placement: &Placement, cluster: &Cluster, there: bool, see: &mut See<'_>) -> ControlFlow<Reason> {
    selects(&placement.selector, cluster, see)?;
    if let Some(group) = placement.fallback.first() {
        let met = placement.fallback.iter().any(|group| matches(&group.selector, cluster).is_ok());
        see(Rule::Fallback, (!met).then_some(Reason::NoGroup { task: group.name.span }))?;
    }
    if !cluster.taints.is_empty() {
        let mut refusals = taint_refusals(&cluster.taints, &placement.tolerations, there).map(|taint| Reason::Taint {
            taint: taint.to_string(),
            cluster: taint.span,
            drains: taint.effect == TaintEffect::NoExecute,
        });
        see(Rule::Taints, refusals.next())?;
        refusals.try_for_each(|refusal| see(Rule::Taints, Some(refusal)))?;
    }
    for spread in &placement.spread {
        let (property, lacks) = match &spread.by {
            SpreadBy::Provider => (FilteredProperty::Provider, cluster.provider.is_none()),
            SpreadBy::Region => (FilteredProperty::Region, cluster.region.is_none()),
            SpreadBy::Zone => (FilteredProperty::Zone, cluster.zones.is_empty()),
            SpreadBy::Label(key) => (FilteredProperty::Label(key.clone()), !cluster.labels.contains_key(key)),
            SpreadBy::Cluster => continue,
        };
        let refusal = lacks.then_some(Reason::Lacks { property, task: spread.span });
        see(Rule::Spread(spread.by.clone()), refusal)?;
    }
    ControlFlow::Continue(())
}

fn selects(selector: &Selector, cluster: &Cluster, see: &mut See<'_>) -> ControlFlow<Reason> {
    if let Some(task) = selector.unread {
        see(Rule::Named, Some(Reason::NotNamed { task }))?;
    }
    if let Some(exclude) = &selector.exclude {
        let named = exclude.clusters.as_ref().and_then(|named| names(named, cluster));
        let matching = || exclude.matching.as_ref().filter(|matching| met(matching, cluster)).map(|m| m.span);
        see(Rule::Exclude, named.or_else(matching).map(|task| Reason::Excluded { task }))?;
    }
    if let Some(named) = &selector.clusters {
        let task = match named {
            Named::All(span) => *span,
            Named::Names(list) => list.span,
        };
        see(Rule::Named, names(named, cluster).is_none().then_some(Reason::NotNamed { task }))?;
    }
    selector.matching.as_ref().map_or(ControlFlow::Continue(()), |matching| meets(matching, cluster, see))
}

/// Where the cluster is named, if it is.
fn names(named: &Named, cluster: &Cluster) -> Option<Span> {
    match named {
        Named::All(span) => Some(*span),
        Named::Names(list) => list.value.iter().find(|name| ***name == *cluster.name).map(|name| name.span),
    }
}

fn met(matching: &Match, cluster: &Cluster) -> bool {
    first(|see| meets(matching, cluster, see)).is_ok()
}

fn meets(matching: &Match, cluster: &Cluster, see: &mut See<'_>) -> ControlFlow<Reason> {
    for (kind, values, has) in [
        (FilteredProperty::Provider, &matching.provider, cluster.provider.as_slice()),
        (FilteredProperty::Region, &matching.region, cluster.region.as_slice()),
        (FilteredProperty::Zone, &matching.zone, cluster.zones.as_slice()),
    ] {
        if let Some(values) = values {
            let refusal = property(kind.clone(), values, has).err();
            see(Rule::Property(kind), refusal)?;
        }
    }
    for (key, value) in &matching.labels {
        let has = cluster.labels.get(&**key);
        let refusal = has.is_none_or(|has| **has != **value);
        let refusal = refusal.then(|| refuse_label(key, value.to_string(), has, value.span));
        see(Rule::Property(FilteredProperty::Label(key.value.clone())), refusal)?;
    }
    for expression in &matching.expressions {
        let refusal = label_expression(expression, cluster).err();
        see(Rule::Property(FilteredProperty::Label(expression.key.value.clone())), refusal)?;
    }
    if let Some(range) = &matching.kubernetes_version {
        see(Rule::Property(FilteredProperty::KubernetesVersion), in_range(range, cluster).err())?;
    }
    if !matching.any_of.is_empty() {
        let refusal = any_of(&matching.any_of, cluster).err();
        see(Rule::Property(FilteredProperty::AnyOf), refusal)?;
    }
    ControlFlow::Continue(())
}

fn in_range(range: &VersionRange, cluster: &Cluster) -> Result<(), Reason> {
    let has = cluster.release.as_ref();
    if range.holds(has.map(|has| has.value)) {
        return Ok(());
    }
    Err(Reason::Property {
        property: FilteredProperty::KubernetesVersion,
        asked: range.text.value.clone(),
        has: has.map(|has| format!("{}.{}.{}", has.value.0, has.value.1, has.value.2)),
        task: range.text.span,
        cluster: has.map(|has| has.span),
    })
}

/// The reason names what the nearest of them asks: of the first what does not hold.
fn any_of(any: &[Match], cluster: &Cluster) -> Result<(), Reason> {
    if any.iter().any(|matching| met(matching, cluster)) {
        return Ok(());
    }
    let first = any.first().map(|matching| matching.span);
    let span = first.zip(any.last().map(|matching| matching.span));
    let task = span.map_or_else(|| cluster.name.span, |(first, last)| Span { end: last.end, ..first });
    let asked = format!("met by one of {}", any.len());
    Err(Reason::Property { property: FilteredProperty::AnyOf, asked, has: None, task, cluster: None })
}

/// In holds if one of the cluster's values is listed, NotIn if none is: also where the cluster has none.
fn property(property: FilteredProperty, asked: &Values, has: &[Spanned<String>]) -> Result<(), Reason> {
    let listed = |has: &str| asked.values.iter().any(|value| **value == *has);
    let operator = if asked.not { Operator::NotIn } else { Operator::In };
    if holds::holds(operator, has.iter().map(|has| has.as_str()), listed) {
        return Ok(());
    }
    let hit = has.iter().find(|has| listed(has.as_str()));
    Err(Reason::Property {
        property,
        asked: in_words(asked.not, &asked.values),
        has: if has.is_empty() { None } else { Some(join(has, ", ")) },
        task: asked.span,
        cluster: hit.or(has.first()).map(|value| value.span),
    })
}

fn label_expression(expression: &LabelExpression, cluster: &Cluster) -> Result<(), Reason> {
    let has = cluster.labels.get(&*expression.key);
    if expression.holds(has.map(|has| has.as_str())) {
        return Ok(());
    }
    let asked = format!("{}{}", expression.operator.words(), join(&expression.values, " or "));
    Err(refuse_label(&expression.key, asked, has, expression.span))
}

fn refuse_label(key: &str, asked: String, has: Option<&Spanned<String>>, task: Span) -> Reason {
    Reason::Property {
        property: FilteredProperty::Label(key.to_owned()),
        asked,
        has: has.map(|has| has.to_string()),
        task,
        cluster: has.map(|has| has.span),
    }
}

fn in_words(not: bool, values: &[Spanned<String>]) -> String {
    let list = join(values, " or ");
    if not { format!("other than {list}") } else { list }
}

fn join(values: &[Spanned<String>], between: &str) -> String {
    values.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(between)
}

/// The taints, in the cluster's order, that keep a task away and that nothing tolerates: NoExecute always, NoSchedule
/// what is not there yet, PreferNoSchedule nothing.
fn taint_refusals<'a>(
    taints: &'a [ClusterTaint],
    tolerations: &'a [TaintToleration],
    there: bool,
) -> impl Iterator<Item = &'a ClusterTaint> {
    taints
        .iter()
        .filter(move |taint| {
            taint.effect == TaintEffect::NoExecute || taint.effect == TaintEffect::NoSchedule && !there
        })
        .filter(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

fn tolerates(toleration: &TaintToleration, taint: &ClusterTaint) -> bool {
    let TaintToleration { key, exists, value, effect, .. } = toleration;
    Bearing { key, exists: *exists, value, effect: *effect }.tolerates(&taint.key, &taint.value, taint.effect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;

    const HERE: Span = Span { file: FileId(0), start: 0, end: 0 };

    fn said(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), HERE)
    }

    fn values(not: bool, list: &[&str]) -> Values {
        Values { not, values: list.iter().map(|text| said(text)).collect(), span: HERE }
    }

    fn cluster() -> Cluster {
        let mut cluster = Cluster::bare(said("a"));
        cluster.region = Some(said("eu-west-1"));
        cluster.zones = vec![said("eu-west-1a"), said("eu-west-1b")];
        cluster.labels.insert("env".to_owned(), said("prod"));
        cluster
    }

    fn with(edit: impl FnOnce(&mut Match)) -> Selector {
        let mut matching = Match {
            provider: None,
            region: None,
            zone: None,
            labels: vec![],
            expressions: vec![],
            kubernetes_version: None,
            any_of: vec![],
            span: HERE,
        };
        edit(&mut matching);
        Selector { matching: Some(matching), ..Selector::default() }
    }

    /// `pkg/util/selector.go matchZones`
    #[test]
    fn match_zones_in_means_some_zone_and_not_in_means_none() {
        let mut bare = cluster();
        bare.zones.clear();
        for (not, zones, here, without) in [
            (false, vec!["eu-west-1b", "x"], true, false),
            (false, vec!["x"], false, false),
            (true, vec!["eu-west-1b"], false, true),
            (true, vec!["x"], true, true),
        ] {
            let selector = with(|m| m.zone = Some(values(not, &zones)));
            assert_eq!(matches(&selector, &cluster()).is_ok(), here, "{not} {zones:?}");
            assert_eq!(matches(&selector, &bare).is_ok(), without, "{not} {zones:?} without zones");
        }
    }

    /// `metav1.LabelSelectorAsSelector`: NotIn and DoesNotExist hold where the label is absent.
    #[test]
    fn label_selector_operators() {
        for (operator, key, list, expected) in [
            (Operator::In, "env", vec!["prod"], true),
            (Operator::In, "tier", vec!["gold"], false),
            (Operator::NotIn, "tier", vec!["gold"], true),
            (Operator::NotIn, "env", vec!["prod"], false),
            (Operator::Exists, "env", vec![], true),
            (Operator::Exists, "tier", vec![], false),
            (Operator::DoesNotExist, "tier", vec![], true),
        ] {
            let expression =
                LabelExpression { key: said(key), operator, values: values(false, &list).values, span: HERE };
            let selector = with(|m| m.expressions = vec![expression]);
            assert_eq!(matches(&selector, &cluster()).is_ok(), expected, "{operator:?} {key}");
        }
    }

    #[test]
    fn a_version_that_nobody_states_is_in_no_range() {
        let range = |text: &str| {
            let requirement = crate::model::VersionRequirement::parse(text).unwrap();
            with(|m| m.kubernetes_version = Some(VersionRange { text: said(text), requirement }))
        };
        let of = |version| Cluster { release: version, ..cluster() };
        let at = |version| Some(Spanned::new(version, HERE));
        assert!(matches(&range(">=1.27 <1.31"), &of(at((1, 30, 9)))).is_ok());
        assert!(matches(&range(">=1.27 <1.31"), &of(at((1, 31, 0)))).is_err());
        assert!(matches(&range("<1.31"), &of(None)).is_err());
    }

    #[test]
    fn any_of_holds_if_one_does_and_the_rest_must_hold_too() {
        let region = |name: &str| with(|m| m.region = Some(values(false, &[name]))).matching.unwrap();
        let any = |names: &[&str]| with(|m| m.any_of = names.iter().map(|name| region(name)).collect());
        assert!(matches(&any(&["us", "eu-west-1"]), &cluster()).is_ok());
        assert!(matches(&any(&["us", "cn"]), &cluster()).is_err());
        let mut both = any(&["eu-west-1"]);
        both.matching.as_mut().unwrap().labels = vec![(said("env"), said("test"))];
        assert!(matches(&both, &cluster()).is_err());
    }

    /// `pkg/util/selector.go ClusterMatches`: exclude is looked at first.
    #[test]
    fn cluster_matches_exclude_wins() {
        let mut selector = with(|m| m.region = Some(values(false, &["eu-west-1"])));
        assert!(matches(&selector, &cluster()).is_ok());
        let list = Spanned::new(vec![said("a")], HERE);
        selector.exclude = Some(crate::model::Exclude { clusters: Some(Named::Names(list)), matching: None });
        assert!(matches!(matches(&selector, &cluster()), Err(Reason::Excluded { .. })));
    }

    /// `corev1.Toleration.ToleratesTaint`
    #[test]
    fn tolerates_taint() {
        let taint = |effect| ClusterTaint { key: said("maintenance"), value: "true".to_owned(), effect, span: HERE };
        let toleration = |key: &str, exists, value: &str, effect| TaintToleration {
            key: key.to_owned(),
            exists,
            value: value.to_owned(),
            effect,
            span: HERE,
        };
        let taints = [taint(TaintEffect::NoSchedule)];
        for (toleration, ok) in [
            (toleration("maintenance", true, "", None), true),
            (toleration("maintenance", false, "true", None), true),
            (toleration("maintenance", false, "", None), false),
            (toleration("", true, "", None), true),
            (toleration("", false, "true", None), true),
            (toleration("other", true, "", None), false),
            (toleration("maintenance", true, "", Some(TaintEffect::NoExecute)), false),
        ] {
            assert_eq!(
                taint_refusals(&taints, std::slice::from_ref(&toleration), false).next().is_none(),
                ok,
                "{toleration:?}"
            );
        }
        for (effect, new, there) in [
            (TaintEffect::PreferNoSchedule, true, true),
            (TaintEffect::NoSchedule, false, true),
            (TaintEffect::NoExecute, false, false),
        ] {
            assert_eq!(taint_refusals(&[taint(effect)], &[], false).next().is_none(), new, "{effect:?}");
            assert_eq!(taint_refusals(&[taint(effect)], &[], true).next().is_none(), there, "{effect:?} where it is");
        }
    }
}
