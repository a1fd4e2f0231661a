//! What a person could do next, as notes: tasks that differ in little and stay apart, labels that selectors could use.

use std::collections::{BTreeMap, BTreeSet};

use super::across::Spread;
use super::selectors::Described;

/// Tasks with at most so many different fields are told to be alike, the schedule aside.
const FEW: usize = 3;

/// A set of clusters that recurs in so many tasks is worth a label.
const OFTEN: usize = 3;

/// Notes about tasks that differ only in a few texts.
pub(super) fn alike(tasks: &[Spread]) -> Vec<String> {
    let mut by_fields: BTreeMap<String, Vec<&Spread>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.parts.leaves.len() > FEW * 2) {
        let fields: Vec<&str> = task.parts.leaves.keys().map(String::as_str).collect();
        let namespace = task.namespace.as_deref().unwrap_or_default();
        by_fields.entry(format!("{namespace} {}", fields.join(" "))).or_default().push(task);
    }
    let differing = |a: &Spread, b: &Spread| {
        let pairs = a.parts.leaves.iter().zip(b.parts.leaves.values());
        pairs.filter(|((path, one), other)| one != other && *path != "schedule").count()
    };
    let mut notes = Vec::new();
    for mut group in by_fields.into_values() {
        while let Some(first) = group.pop() {
            let (close, others): (Vec<&Spread>, Vec<&Spread>) =
                group.iter().partition(|task| differing(first, task) <= FEW);
            group = others;
            if close.is_empty() {
                continue;
            }
            let mut names: Vec<&str> =
                close.iter().map(|task| task.name.as_str()).chain([first.name.as_str()]).collect();
            names.sort_unstable();
            notes.push(format!("these differ only in a few texts and stay apart: {}", names.join(", ")));
        }
    }
    notes
}

/// Notes about sets of clusters that differ alike in several tasks and have a word of their names in common.
pub(super) fn labels(tasks: &[Spread], clusters: &[Described]) -> Vec<String> {
    let mut counts: BTreeMap<&Vec<usize>, BTreeSet<&str>> = BTreeMap::new();
    for task in tasks {
        for (set, _) in task.differences.keys().filter(|(set, _)| set.len() >= OFTEN) {
            counts.entry(set).or_default().insert(&task.name);
        }
    }
    let words = |at: usize| -> BTreeSet<&str> { clusters[at].name.split(['-', '.', '_']).collect() };
    let mut notes = Vec::new();
    for (set, tasks) in counts.into_iter().filter(|(set, tasks)| tasks.len() >= OFTEN && !has_label(set, clusters)) {
        let own = |word: &&&str| (0..clusters.len()).all(|at| words(at).contains(**word) == set.contains(&at));
        let first = words(set[0]);
        if let Some(word) = first.iter().find(own) {
            notes.push(format!(
                "{} tasks differ alike on the {} clusters with `{word}` in their names: with a label of their own, imported again, one selector would do",
                tasks.len(),
                set.len()
            ));
        }
    }
    notes
}

/// Whether a property of the inventory tells these clusters from all others.
fn has_label(set: &[usize], clusters: &[Described]) -> bool {
    clusters[set[0]].properties.iter().any(|(key, value)| {
        (0..clusters.len()).all(|at| (clusters[at].properties.get(key) == Some(value)) == set.contains(&at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tasks::leaves::Parts;
    use serde_json::{Value, json};

    fn task(name: &str, region: &str, set: Option<Vec<usize>>) -> Spread {
        let body = json!({"schedule": "0 3 * * *", "labels": {"a": "1", "b": "2", "c": "3", "d": "4"}, "container": {"image": "x:1", "name": "m", "args": [region]}});
        Spread {
            name: name.to_owned(),
            namespace: None,
            parts: Parts::of(&body),
            differences: set.into_iter().map(|set| ((set, "schedule".to_owned()), Value::Null)).collect(),
            clusters: vec![0],
            file: None,
        }
    }

    #[test]
    fn what_differs_in_little_is_named_and_a_word_of_names_is_offered_as_a_label() {
        let tasks: Vec<Spread> =
            ["backup-eu", "backup-us", "other"].map(|name| task(name, name, Some(vec![0, 1, 2]))).into();
        assert_eq!(alike(&tasks), ["these differ only in a few texts and stay apart: backup-eu, backup-us, other"]);
        let clusters: Vec<Described> = ["eu-a", "eu-b", "eu-c", "us-a"].map(Described::bare).into();
        assert_eq!(labels(&tasks, &clusters).len(), 1);
        assert!(labels(&tasks, &clusters)[0].starts_with("3 tasks differ alike on the 3 clusters with `eu`"));
        assert!(labels(&tasks[..2], &clusters).is_empty());
    }
}
