//! A digest of the placement rules behind a recorded choice, without anything of the inventory.
//!
//! Placements that mean the same have the same digest: lists whose order has no meaning are sorted. It only detects
//! changed rules, so 64-bit FNV-1a will do.

use serde_json::{Value, json};

use crate::model::{Exclude, Match, Named, Placement, Selector, SpreadBy, Values};
use crate::place::{Demand, ResourceAmounts};

/// The digest of a placement, the instances and what one of them requests; `None` where there is no choice.
pub fn digest(placement: &Placement, demand: &Demand, request: &ResourceAmounts) -> Option<String> {
    if !placement.chooses() && placement.fallback.is_empty() {
        return None;
    }
    let text = json!({
        "placement": words(placement),
        "instances": demand.replicas,
        "request": request.iter().map(|(name, nanos)| json!([name, nanos.to_string()])).collect::<Vec<Value>>(),
    })
    .to_string();
    Some(hash(&text))
}

/// The digest of a text: 64-bit FNV-1a in hexadecimal digits.
pub fn hash(text: &str) -> String {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, fold))
}

fn words(placement: &Placement) -> Value {
    let tolerations = placement.tolerations.iter().map(|toleration| {
        let effect = toleration.effect.map(crate::model::TaintEffect::name);
        json!([toleration.key, toleration.exists, toleration.value, effect])
    });
    // Which label comes first matters to a spread; the order of groups is their meaning.
    let mut spread: Vec<&crate::model::SpreadConstraint> = placement.spread.iter().collect();
    spread.sort_by_key(|spread| match &spread.by {
        SpreadBy::Label(_) => None,
        by => Some(by.clone()),
    });
    let spread = spread.into_iter().map(|spread| json!([spread.by.to_string(), spread.min, spread.max]));
    let fallback = placement.fallback.iter().map(|group| json!([group.name.value, selector(&group.selector)]));
    let weights = placement.weights.iter().map(|weight| json!([weight.weight, selector(&weight.selector)]));
    json!({
        "selector": selector(&placement.selector),
        "tolerations": sorted(tolerations),
        "spread": spread.collect::<Vec<Value>>(),
        "fallback": fallback.collect::<Vec<Value>>(),
        "strategy": placement.strategy.name(),
        "weights": sorted(weights),
    })
}

fn selector(selector: &Selector) -> Value {
    let exclude = selector
        .exclude
        .as_ref()
        .map(|Exclude { clusters, matching }| json!([clusters.as_ref().map(named), matching.as_ref().map(matches)]));
    json!([selector.clusters.as_ref().map(named), selector.matching.as_ref().map(matches), exclude])
}

fn named(named: &Named) -> Value {
    match named {
        Named::All(_) => json!("*"),
        Named::Names(names) => sorted(names.value.iter().map(|name| json!(name.value))),
    }
}

fn matches(matching: &Match) -> Value {
    let texts = |list: &[crate::tree::Spanned<String>]| sorted(list.iter().map(|text| json!(text.value)));
    let values = |values: &Option<Values>| values.as_ref().map(|said| json!([said.not, texts(&said.values)]));
    let labels = matching.labels.iter().map(|(key, value)| json!([key.value, value.value]));
    let expressions = matching.expressions.iter().map(|expression| {
        json!([expression.key.value, format!("{:?}", expression.operator), texts(&expression.values)])
    });
    let places = [&matching.provider, &matching.region, &matching.zone].map(values);
    let mut words = vec![json!(places), sorted(labels), sorted(expressions)];
    // Members that came later count where they are used, so that records of before stay valid.
    if let Some(range) = &matching.kubernetes_version {
        words.push(json!(["kubernetesVersion", range.text.value]));
    }
    if !matching.any_of.is_empty() {
        words.push(json!(["anyOf", sorted(matching.any_of.iter().map(matches))]));
    }
    words.into()
}

fn sorted(items: impl Iterator<Item = Value>) -> Value {
    let mut items: Vec<Value> = items.collect();
    items.sort_by_cached_key(ToString::to_string);
    items.into()
}
