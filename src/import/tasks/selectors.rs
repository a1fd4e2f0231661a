//! The shortest selector that is true of some clusters and of no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::Cluster;

/// A cluster as selectors see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) name: String,
    /// `provider`, `region` and `labels.KEY` with their values.
    pub(super) properties: BTreeMap<String, String>,
}

impl Described {
    /// A cluster of which only the name is known.
    pub(super) fn bare(name: &str) -> Self {
        Self { name: name.to_owned(), properties: BTreeMap::new() }
    }

    /// A cluster of an inventory.
    pub(super) fn of(cluster: &Cluster) -> Self {
        let mut properties: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in [("provider", &cluster.provider), ("region", &cluster.region)] {
            properties.extend(value.iter().map(|value| (name.to_owned(), value.value.clone())));
        }
        properties.extend(cluster.labels.iter().map(|(key, value)| (format!("labels.{key}"), value.value.clone())));
        Self { name: cluster.name.value.clone(), properties }
    }
}

/// The selector for a set of clusters among those of `within`: everything that is in `within` and not in the set is not
/// selected. Clusters beyond `within` may be.
pub(super) fn select(set: &[usize], within: &[usize], clusters: &[Described]) -> Value {
    let names = |set: &[usize]| set.iter().map(|at| clusters[*at].name.as_str()).collect::<Vec<&str>>();
    let chosen: BTreeSet<usize> = set.iter().copied().collect();
    let others: Vec<usize> = within.iter().copied().filter(|at| !chosen.contains(at)).collect();
    if others.is_empty() && within.len() > 1 && within.len() == clusters.len() {
        return json!({"clusters": "*"});
    }
    if set.len() > 1
        && let Some(matching) = by_property(set, &others, clusters)
    {
        return json!({"match": matching});
    }
    if !others.is_empty() && others.len() <= 2 && set.len() > others.len() + 1 && within.len() == clusters.len() {
        return json!({"clusters": "*", "exclude": {"clusters": names(&others)}});
    }
    json!({"clusters": names(set)})
}

/// One property, then two, then one with several values, that all of the set have and none of the others.
fn by_property(set: &[usize], others: &[usize], clusters: &[Described]) -> Option<Value> {
    let first = &clusters[*set.first()?];
    let common: Vec<(&String, &String)> = (first.properties.iter())
        .filter(|(key, value)| set.iter().all(|at| clusters[*at].properties.get(*key) == Some(value)))
        .collect();
    let has = |at: &usize, (key, value): &(&String, &String)| clusters[*at].properties.get(*key) == Some(value);
    for one in &common {
        if !others.iter().any(|at| has(at, one)) {
            return Some(matching(&[(one.0, json!(one.1))]));
        }
    }
    for (number, one) in common.iter().enumerate() {
        for two in &common[number + 1..] {
            if !others.iter().any(|at| has(at, one) && has(at, two)) {
                return Some(matching(&[(one.0, json!(one.1)), (two.0, json!(two.1))]));
            }
        }
    }
    for key in first.properties.keys() {
        let values: Option<BTreeSet<&String>> = set.iter().map(|at| clusters[*at].properties.get(key)).collect();
        let Some(values) = values else { continue };
        let taken = |at: &usize| clusters[*at].properties.get(key).is_some_and(|value| values.contains(value));
        if values.len() < set.len() && !others.iter().any(taken) {
            return Some(matching(&[(key, json!(values))]));
        }
    }
    None
}

fn matching(asked: &[(&String, Value)]) -> Value {
    let mut matching = json!({});
    for (key, value) in asked {
        match key.strip_prefix("labels.") {
            Some(label) => matching["labels"][label] = value.clone(),
            None => matching[key.as_str()] = value.clone(),
        }
    }
    matching
}

/// A name for what differs on some clusters: what their names or the selector have in common.
pub(super) fn name_of(set: &[usize], selector: &Value, clusters: &[Described]) -> String {
    if let [only] = set {
        return clusters[*only].name.clone();
    }
    if let Some(matching) = selector.get("match") {
        let mut words = Vec::new();
        collect_words(matching, &mut words);
        return words.join("-");
    }
    if let Some(excluded) = selector.pointer("/exclude/clusters").and_then(Value::as_array) {
        let names: Vec<&str> = excluded.iter().filter_map(Value::as_str).collect();
        return format!("not-{}", names.join("-"));
    }
    let names: Vec<&str> = set.iter().map(|at| clusters[*at].name.as_str()).collect();
    let joined = names.join("-");
    let (prefix, _, _) = super::template::cut(&names);
    let stem = prefix.trim_end_matches(['-', '.', '_']);
    let is_own = |at: usize| clusters[at].name.starts_with(prefix) == set.contains(&at);
    if stem.len() > 1 && (0..clusters.len()).all(is_own) {
        return stem.to_owned();
    }
    if joined.len() <= 40 { joined } else { format!("{}-and-{}-more", names[0], names.len() - 1) }
}

fn collect_words(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(members) => members.values().for_each(|member| collect_words(member, words)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters() -> Vec<Described> {
        let one = |name: &str, env: &str, region: &str| Described {
            name: name.to_owned(),
            properties: [("labels.env".to_owned(), env.to_owned()), ("region".to_owned(), region.to_owned())].into(),
        };
        vec![one("a", "prod", "eu"), one("b", "prod", "us"), one("c", "test", "eu"), one("d", "stage", "us")]
    }

    #[test]
    fn the_shortest_true_selector_is_taken() {
        let clusters = clusters();
        let all = [0, 1, 2, 3];
        assert_eq!(select(&all, &all, &clusters), json!({"clusters": "*"}));
        assert_eq!(select(&[0, 1], &all, &clusters), json!({"match": {"labels": {"env": "prod"}}}));
        assert_eq!(select(&[0, 2], &all, &clusters), json!({"match": {"region": "eu"}}));
        assert_eq!(select(&[0], &all, &clusters), json!({"clusters": ["a"]}));
        assert_eq!(select(&[0, 3], &all, &clusters), json!({"clusters": ["a", "d"]}));
        assert_eq!(select(&[0, 1, 2], &all, &clusters), json!({"match": {"labels": {"env": ["prod", "test"]}}}));
    }
}
