//! `explain`: what every rule of a placement says about every cluster. Clusters that one rule alone excludes come
//! first.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::compile::{TaskResult, line};
use crate::model::{
    Cluster, LabelExpression, Match, Model, Named, Operator, Placement, Selector, SpreadBy, Unit, Values,
};
use crate::place::{self, Reason, Rule, Verdict};
use crate::report::layout;
use crate::report::table::{self, LongNames};
use crate::tree::{SourceTree, Span, Spanned};

/// So many clusters that the same rule alone keeps away are told one by one.
const APART: usize = 3;

/// A list of names takes no more lines.
const LINES: usize = 3;

/// Clusters by the words of the rule that refuses them.
type RuleGroups = Vec<(String, Vec<usize>)>;

/// The rules of one task with what they say about all clusters.
pub(super) struct Verdicts<'a> {
    unit: &'a Unit,
    built: &'a TaskResult,
    model: &'a Model,
    sources: &'a SourceTree,
    /// By cluster: every rule in order, with its refusal.
    rules: Vec<Vec<(Rule, Option<Reason>)>>,
}

impl<'a> Verdicts<'a> {
    /// Asks every rule about every cluster.
    pub(super) fn new(unit: &'a Unit, built: &'a TaskResult, model: &'a Model, sources: &'a SourceTree) -> Self {
        let rules = (0..model.clusters.len()).map(|at| examine(unit, built, model, at));
        let rules = rules.collect();
        Self { unit, built, model, sources, rules }
    }

    fn name(&self, at: usize) -> String {
        self.model.clusters[at].name.value.clone()
    }

    /// The refusals of a cluster.
    fn refusals(&self, at: usize) -> Vec<&Reason> {
        self.rules[at].iter().filter_map(|(_, refusal)| refusal.as_ref()).collect()
    }

    /// How many clusters pass every rule.
    pub(super) fn fitting(&self) -> usize {
        (0..self.rules.len()).filter(|at| self.built.decision.possible(*at)).count()
    }

    /// The rules, what each refuses in all and alone, and where it is said.
    fn counts(&self) -> Vec<(String, usize, usize, Option<Span>)> {
        let mut counts: Vec<(String, usize, usize, Option<Span>)> = Vec::new();
        for (at, rules) in self.rules.iter().enumerate() {
            let alone = self.refusals(at).len() == 1;
            for (rule, refusal) in rules {
                let name = rule.to_string();
                let known = counts.iter().position(|(known, ..)| *known == name);
                let known = known.unwrap_or_else(|| {
                    counts.push((name, 0, 0, None));
                    counts.len() - 1
                });
                if let Some(reason) = refusal {
                    counts[known].1 += 1;
                    counts[known].2 += usize::from(alone);
                    counts[known].3 = counts[known].3.or(reason.task());
                }
            }
        }
        counts
    }

    /// Those that one rule alone refuses, and the others by the rule that refuses them first; each by the words of the
    /// rule, the most clusters first.
    fn refused(&self) -> (RuleGroups, RuleGroups) {
        let (mut near, mut far) = (BTreeMap::new(), BTreeMap::new());
        for at in 0..self.rules.len() {
            match (self.refusals(at).as_slice(), &self.built.decision.verdicts[at]) {
                (_, Verdict::Chosen { .. } | Verdict::Passed(_)) => {}
                ([only], _) => near.entry(only.rule()).or_insert_with(Vec::new).push(at),
                (_, Verdict::Refused(reason)) => far.entry(reason.rule()).or_insert_with(Vec::new).push(at),
            }
        }
        let sorted = |map: BTreeMap<String, Vec<usize>>| {
            let mut list: RuleGroups = map.into_iter().collect();
            list.sort_by_key(|(_, clusters)| std::cmp::Reverse(clusters.len()));
            list
        };
        (sorted(near), sorted(far))
    }

    /// Where a refusal is said, in the task and in the inventory.
    fn places(&self, reason: &Reason) -> Vec<String> {
        reason.task().into_iter().chain(reason.inventory()).map(|span| line(self.sources, span)).collect()
    }

    /// The first verb, in lines.
    pub(super) fn text(&self, width: usize) -> String {
        let fitting = self.fitting();
        let all = table::count(self.rules.len(), "cluster");
        let mut text = format!("filter: {fitting} of {all} {}\n", if fitting == 1 { "fits" } else { "fit" });
        let counts = self.counts();
        if !counts.is_empty() && fitting < self.rules.len() {
            let rows: Vec<Vec<String>> = counts
                .iter()
                .map(|(rule, refuses, alone, _)| vec![format!("  {rule}"), refuses.to_string(), alone.to_string()])
                .collect();
            text.push_str(&table::wide(
                &["  RULE", "REFUSES", "ALONE", "SAID AT"],
                &rows,
                width,
                LongNames::OwnLine,
                |at, _| counts[at].3.map(|span| line(self.sources, span)).into_iter().collect(),
            ));
        }
        let (near, far) = self.refused();
        let placement = &self.unit.placement;
        // Where there is a choice, who fits is not taken yet.
        let chooses = placement.chooses() || placement.strategy.divides() || !placement.fallback.is_empty();
        let would = if chooses { "fit" } else { "be chosen" };
        for (rule, clusters) in &near {
            let reason = |at: usize| self.refusals(at)[0];
            let first = reason(clusters[0]);
            // What one line of the task refuses is one line here.
            if clusters.len() == 1 || clusters.len() <= APART && first.inventory().is_some() {
                for at in clusters {
                    let why = reason(*at);
                    let places = self.places(why).join(", ");
                    let said = format!("{} would {would} but for one rule: {why}, {places}", self.name(*at));
                    text.push_str(&layout::sentence(2, &said, width));
                }
                continue;
            }
            let mut places: Vec<String> = first.task().map(|span| line(self.sources, span)).into_iter().collect();
            places.extend(first.inventory().map(|span| format!("{} and so on", line(self.sources, span))));
            let same = clusters.iter().all(|at| reason(*at).to_string() == first.to_string());
            let rule = if same { first.to_string() } else { rule.clone() };
            let lead = format!("{} would {would} but for one rule: {rule}, {}:", clusters.len(), places.join(", "));
            text.push_str(&self.listed(&lead, clusters, width));
        }
        if !far.is_empty() && !near.is_empty() {
            text.push_str("  others, by the first rule that refuses them:\n");
        }
        for (rule, clusters) in &far {
            text.push_str(&self.listed(&format!("{} {rule}:", clusters.len()), clusters, width));
        }
        text
    }

    fn listed(&self, lead: &str, clusters: &[usize], width: usize) -> String {
        let names: Vec<String> = clusters.iter().map(|at| self.name(*at)).collect();
        indented(2, layout::names(lead, &names, width.saturating_sub(4), LINES))
    }

    /// What a cluster is told when nothing fits: the sorted counts as in Karmada's `FitError`.
    pub(super) fn histogram(&self) -> String {
        let mut parts: Vec<String> =
            self.built.decision.histogram().iter().map(|(rule, count)| format!("{count} {rule}")).collect();
        parts.sort();
        let total = self.rules.len();
        match parts.as_slice() {
            [] => format!("0/{total} clusters are available"),
            parts => format!("0/{total} clusters are available: {}", parts.join(", ")),
        }
    }

    /// The one change that would help most, in words: how, and which clusters it would bring.
    pub(super) fn nearest(&self, rule: place::NearMiss) -> (String, Vec<String>, Vec<String>) {
        let place::NearMiss { reason, clusters } = rule;
        let names: Vec<String> = clusters.iter().map(|at| self.name(*at)).collect();
        let fit = if names.len() == 1 { "1 more cluster would fit" } else { "more clusters would fit" };
        let fit = if names.len() == 1 { fit.to_owned() } else { format!("{} {fit}", names.len()) };
        let edit = match &reason {
            Reason::Taint { cluster, .. } => format!(
                "tolerate it at {}, or remove it at {}",
                line(self.sources, self.unit.placement.span),
                line(self.sources, *cluster)
            ),
            _ => format!("edit {}", self.places(&reason).join(" or ")),
        };
        let lead = format!("what would help most: but for `{}` alone, {fit} ({edit}):", reason.rule());
        (lead, names, self.places(&reason))
    }

    /// The rules for programs.
    pub(super) fn value(&self) -> Value {
        let one = |(rule, refuses, alone, span): &(String, usize, usize, Option<Span>)| {
            let place = span.map(|span| self.sources.place(span));
            json!({"rule": rule, "refuses": refuses, "alone": alone, "place": place})
        };
        self.counts().iter().map(one).collect()
    }

    /// Every rule about one cluster, for programs.
    pub(super) fn of(&self, at: usize) -> Value {
        value(&self.rules[at], self.unit, self.model, at, self.sources)
    }

    /// Whether one rule alone refuses a cluster.
    pub(super) fn is_near(&self, at: usize) -> bool {
        self.refusals(at).len() == 1
    }
}

/// Lines at an indent, the further ones two deeper.
pub(super) fn indented(indent: usize, lines: Vec<String>) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        text.extend(std::iter::repeat_n(' ', indent + if at == 0 { 0 } else { 2 }));
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn examine(unit: &Unit, built: &TaskResult, model: &Model, at: usize) -> Vec<(Rule, Option<Reason>)> {
    let cluster = &model.clusters[at];
    let recorded = built.planned.recorded.iter().flat_map(|recorded| &recorded.clusters);
    let there = recorded.into_iter().any(|(name, _)| **name == *cluster.name.value);
    place::examine(&unit.placement, cluster, there)
}

/// Every rule about one cluster, in lines: what is asked and what the cluster has, with the place of both.
pub(super) fn on(
    unit: &Unit,
    built: &TaskResult,
    model: &Model,
    at: usize,
    sources: &SourceTree,
    width: usize,
) -> (String, Value) {
    let rules = examine(unit, built, model, at);
    let asked = asked(&unit.placement, &model.clusters[at]);
    debug_assert_eq!(rules.len(), asked.len(), "each rule is asked once");
    let mut text = String::from("filter\n");
    for ((rule, refusal), asked) in rules.iter().zip(&asked) {
        let verdict = if refusal.is_some() { "refused" } else { "passed " };
        let place = |span: &Option<Span>| span.map_or_else(String::new, |span| format!(" ({})", line(sources, span)));
        let mut said = format!("{verdict} {rule}: {}{}", asked.asked, place(&asked.task));
        if !asked.has.is_empty() {
            said.push_str(&format!("; {}{}", asked.has, place(&asked.cluster)));
        }
        text.push_str(&layout::sentence(2, &said, width));
    }
    (text, value(&rules, unit, model, at, sources))
}

fn value(rules: &[(Rule, Option<Reason>)], unit: &Unit, model: &Model, at: usize, sources: &SourceTree) -> Value {
    let asked = asked(&unit.placement, &model.clusters[at]);
    let one = |((rule, refusal), asked): (&(Rule, Option<Reason>), &AskedRule)| {
        let place = |span: Option<Span>| span.map(|span| sources.place(span));
        json!({
            "rule": rule.to_string(),
            "passed": refusal.is_none(),
            "reason": refusal.as_ref().map(ToString::to_string),
            "asked": asked.asked,
            "has": asked.has,
            "task": place(asked.task),
            "inventory": place(asked.cluster),
        })
    };
    rules.iter().zip(&asked).map(one).collect()
}

/// What a rule asks and what a cluster has.
struct AskedRule {
    asked: String,
    task: Option<Span>,
    /// Nothing where the rule does not look at the cluster.
    has: String,
    cluster: Option<Span>,
}

/// What the rules of a placement ask of a cluster, in the order of [`place::examine`].
fn asked(placement: &Placement, cluster: &Cluster) -> Vec<AskedRule> {
    let mut all = Vec::new();
    selector(&placement.selector, cluster, &mut all);
    if let (Some(first), groups) = (placement.fallback.first(), &placement.fallback) {
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let met = groups.iter().filter(|group| place::matches(&group.selector, cluster).is_ok());
        let met: Vec<&str> = met.map(|group| group.name.as_str()).collect();
        all.push(AskedRule {
            asked: format!("one of {}", names.join(", ")),
            task: Some(first.name.span),
            has: if met.is_empty() { "it is in none".to_owned() } else { format!("it is in {}", met.join(", ")) },
            cluster: None,
        });
    }
    if let Some(first) = cluster.taints.first() {
        let tolerations = placement.tolerations.iter().map(|toleration| {
            let key = if toleration.key.is_empty() { "every key" } else { &toleration.key };
            let value = if toleration.exists { String::new() } else { format!("={}", toleration.value) };
            let effect = toleration.effect.map_or_else(String::new, |effect| format!(":{}", effect.name()));
            format!("{key}{value}{effect}")
        });
        let tolerations: Vec<String> = tolerations.collect();
        let taints: Vec<String> = cluster.taints.iter().map(ToString::to_string).collect();
        all.push(AskedRule {
            asked: match tolerations.as_slice() {
                [] => "nothing is tolerated".to_owned(),
                some => format!("tolerated: {}", some.join(", ")),
            },
            task: placement.tolerations.first().map(|toleration| toleration.span),
            has: format!("it has {}", taints.join(", ")),
            cluster: Some(first.span),
        });
    }
    for spread in &placement.spread {
        let (has, at) = match &spread.by {
            SpreadBy::Provider => said(cluster.provider.as_slice()),
            SpreadBy::Region => said(cluster.region.as_slice()),
            SpreadBy::Zone => said(&cluster.zones),
            SpreadBy::Label(key) => said(cluster.labels.get(key).map_or(&[][..], std::slice::from_ref)),
            SpreadBy::Cluster => continue,
        };
        all.push(AskedRule { asked: "it must have one".to_owned(), task: Some(spread.span), has, cluster: at });
    }
    all
}

fn selector(selector: &Selector, cluster: &Cluster, all: &mut Vec<AskedRule>) {
    let none = String::new;
    if let Some(exclude) = &selector.exclude {
        let mut parts = Vec::new();
        parts.extend(exclude.clusters.as_ref().map(listed));
        parts.extend(exclude.matching.as_ref().map(|_| "those that `match` meets".to_owned()));
        let task = exclude.clusters.as_ref().map(place_of).or(exclude.matching.as_ref().map(|matching| matching.span));
        all.push(AskedRule { asked: format!("not {}", parts.join(" and ")), task, has: none(), cluster: None });
    }
    if let Some(named) = &selector.clusters {
        all.push(AskedRule { asked: listed(named), task: Some(place_of(named)), has: none(), cluster: None });
    }
    if let Some(matching) = &selector.matching {
        matched(matching, cluster, all);
    }
}

fn matched(matching: &Match, cluster: &Cluster, all: &mut Vec<AskedRule>) {
    for (values, has) in [
        (&matching.provider, cluster.provider.as_slice()),
        (&matching.region, cluster.region.as_slice()),
        (&matching.zone, cluster.zones.as_slice()),
    ] {
        if let Some(Values { not, values, span }) = values {
            let (has, cluster) = said(has);
            all.push(AskedRule { asked: format!("asked {}", in_words(*not, values)), task: Some(*span), has, cluster });
        }
    }
    let label = |key: &str| said(cluster.labels.get(key).map_or(&[][..], std::slice::from_ref));
    for (key, value) in &matching.labels {
        let (has, cluster) = label(key);
        all.push(AskedRule { asked: format!("asked {}", **value), task: Some(value.span), has, cluster });
    }
    for LabelExpression { key, operator, values, span } in &matching.expressions {
        let (has, cluster) = label(key);
        let asked = match operator {
            Operator::In => in_words(false, values),
            Operator::NotIn => in_words(true, values),
            Operator::Exists => "any".to_owned(),
            Operator::DoesNotExist => "none".to_owned(),
            Operator::Gt | Operator::Lt | Operator::SemVer => {
                format!("{}{}", operator.words(), in_words(false, values))
            }
        };
        all.push(AskedRule { asked: format!("asked {asked}"), task: Some(*span), has, cluster });
    }
    if let Some(range) = &matching.kubernetes_version {
        let has = cluster.release.as_ref().map_or_else(
            || "it states none".to_owned(),
            |release| format!("it is {}.{}.{}", release.value.0, release.value.1, release.value.2),
        );
        let at = cluster.release.as_ref().map(|release| release.span);
        all.push(AskedRule { asked: format!("asked {}", *range.text), task: Some(range.text.span), has, cluster: at });
    }
    if let (Some(first), Some(last)) = (matching.any_of.first(), matching.any_of.last()) {
        let task = Span { end: last.span.end, ..first.span };
        let asked = format!("one of {} must be met", matching.any_of.len());
        all.push(AskedRule { asked, task: Some(task), has: String::new(), cluster: None });
    }
}

fn in_words(not: bool, values: &[Spanned<String>]) -> String {
    let list: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
    let list = list.join(" or ");
    if not { format!("other than {list}") } else { list }
}

fn said(has: &[Spanned<String>]) -> (String, Option<Span>) {
    let list: Vec<&str> = has.iter().map(|value| value.as_str()).collect();
    let words = if list.is_empty() { "it has none".to_owned() } else { format!("it is {}", list.join(", ")) };
    (words, has.first().map(|value| value.span))
}

fn listed(named: &Named) -> String {
    match named {
        Named::All(_) => "all clusters".to_owned(),
        Named::Names(names) => {
            let names: Vec<&str> = names.value.iter().map(|name| name.as_str()).collect();
            match names.len() {
                0 => "none".to_owned(),
                1..=6 => names.join(", "),
                more => format!("{} and {} more", names[..6].join(", "), more - 6),
            }
        }
    }
}

fn place_of(named: &Named) -> Span {
    match named {
        Named::All(span) => *span,
        Named::Names(names) => names.span,
    }
}
