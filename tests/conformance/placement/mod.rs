//! Placement against the recorded answers of Karmada's scheduler: clusters, replicas, the group that worked, the reason of
//! a failure, and for each cluster the plugins that refuse it. In our own folder the words of a failure count too.
//!
//! The one idea: two kinds of answers hang on how Karmada computes, not on its rules: on the order an unstable sort leaves
//! among equals, and on sums that overflow 32 bits. They carry a tag and stand in a list with our own answer. Nothing
//! else may differ, and a row of the list that agrees after all is a failure too.

mod laws;
mod read;

use std::collections::BTreeMap;

use fleetcron::place::{
    self, Area, Objection, PlacementFailure, PlacementRules, PluginRefusal, Previous, ScheduledReplicas,
};
use serde_json::{Map, Value, json};

use super::{counted, report, vectors};

/// The rows that need not agree.
const LISTED: &str = include_str!("../../../fixtures/conformance/placement-differences.tsv");

/// The tags of such rows, and why.
const APART: [(&str, &str); 2] =
    [("go-pdqsort", "a stable sort instead of Go's"), ("f-int32", "sums that do not overflow 32 bits")];

/// What we say to a case, written as Karmada's answers are.
fn ours(case: &Value) -> (Value, Value) {
    let draft = read::draft(&case["placement"]);
    let rules = if case["admission"] == false { Ok(draft.settle()) } else { draft.admit() };
    match rules {
        Ok(rules) => decide(case, &rules),
        Err(objections) => {
            let text = |objection: &Objection| json!(format!("{}: {}", objection.path, objection.message));
            let errors: Vec<Value> = objections.iter().map(text).collect();
            (json!({"error": "admission", "stage": "admission", "admissionErrors": errors}), json!({}))
        }
    }
}

fn decide(case: &Value, rules: &PlacementRules) -> (Value, Value) {
    let (inventory, demand, previous) = (read::inventory(case), read::demand(case), read::previous(case));
    let outcome = place::schedule(&inventory, rules, &demand, &previous);
    let group = match &outcome {
        Ok(placed) => placed.group,
        Err(_) => first_tried(rules, &previous),
    };
    let mut filtered = Map::new();
    for (at, cluster) in inventory.clusters().iter().enumerate() {
        let refusals = place::refusals(&inventory, at, rules, group, &demand, &previous);
        let said = |refusal: &PluginRefusal| (refusal.plugin().to_owned(), json!(refusal.to_string()));
        let said: Map<String, Value> = match cluster.leaving {
            true => [("deleting".to_owned(), json!("skipped, no reason recorded"))].into_iter().collect(),
            false => refusals.iter().map(said).collect(),
        };
        if !said.is_empty() {
            filtered.insert(cluster.name.clone(), Value::Object(said));
        }
    }
    let name = |at: usize| inventory.clusters()[at].name.as_str();
    (outcome.map_or_else(|failure| refused(&failure), |placed| chosen(&placed, rules, name)), Value::Object(filtered))
}

fn chosen<'a>(placed: &ScheduledReplicas, rules: &PlacementRules, name: impl Fn(usize) -> &'a str) -> Value {
    let share = |(at, replicas): &(usize, i64)| json!({"name": name(*at), "replicas": replicas});
    let mut answer = json!({"clusters": placed.shares.iter().map(share).collect::<Vec<_>>()});
    if let (Area::Groups(groups), Some(at)) = (&rules.area, placed.group) {
        answer["affinity"] = json!(groups[at].name);
    }
    answer
}

fn refused(failure: &PlacementFailure) -> Value {
    json!({"error": failure.to_string(), "reason": failure.cause().name(), "stage": "schedule"})
}

fn first_tried(rules: &PlacementRules, previous: &Previous) -> Option<usize> {
    let Area::Groups(groups) = &rules.area else { return None };
    let named = previous.group.as_ref().filter(|_| !previous.fresh);
    named.and_then(|name| groups.iter().position(|group| group.name == *name)).or(Some(0))
}

fn sorted(list: &Value) -> Vec<String> {
    let mut list: Vec<String> = list.as_array().into_iter().flatten().map(Value::to_string).collect();
    list.sort();
    list
}

fn agrees(case: &Value, ours: &Value, words: bool) -> bool {
    let theirs = &case["expect"];
    let order = case["orderStable"] == false || ours["clusters"] == theirs["clusters"];
    let same = |key| ours[key] == theirs[key];
    let text = !words || (case["stable"] != true || same("error")) && same("admissionErrors");
    let parts = ["reason", "stage", "affinity"].into_iter().all(same);
    parts && order && text && sorted(&ours["clusters"]) == sorted(&theirs["clusters"])
}

/// The kind of a row that need not agree.
fn apart(case: &Value) -> Option<&'static str> {
    let tags = case["tags"].as_array()?;
    APART.iter().find(|(tag, _)| tags.iter().any(|has| has == tag)).map(|(_, why)| *why)
}

/// Our answers to the rows of the list, by id.
fn listed() -> BTreeMap<&'static str, Value> {
    let rows = LISTED.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let (id, answer) = line.split_once('\t').expect("a row is an id and an answer");
        (id, serde_json::from_str(answer).expect("an answer is JSON"))
    })
    .collect()
}

#[test]
fn placement() {
    let Some(cases) = vectors("placement") else { return };
    let elsewhere = std::env::var_os("FLEETCRON_VECTORS").is_some_and(|folder| !folder.is_empty());
    let mut listed = listed();
    let (mut failures, mut counts) = (Vec::new(), BTreeMap::new());
    for case in &cases {
        let (answer, filtered) = ours(case);
        let id = case["id"].as_str().expect("an id");
        let row = listed.remove(id).filter(|_| !elsewhere);
        let agrees = agrees(case, &answer, !elsewhere);
        let wrong = match (agrees, apart(case), row) {
            _ if filtered != case["filtered"] => format!("refused {filtered} instead of {}", case["filtered"]),
            (true, _, None) => continue,
            (true, _, Some(_)) => "agrees, and stands in the list".to_owned(),
            (false, Some(why), row) if elsewhere || row.as_ref() == Some(&answer) => {
                *counts.entry(why.to_owned()).or_insert(0) += 1;
                continue;
            }
            _ => format!("{answer} instead of {}", case["expect"]),
        };
        failures.push(format!("{id} {}: {wrong}", case["tags"]));
    }
    counted("placement", "listed", &counts);
    report("placement", cases.len(), &failures);
    assert!(elsewhere || listed.is_empty(), "the list names rows that do not exist");
}
