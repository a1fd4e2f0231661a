//! Overriders against the recorded answers of Karmada's override manager, on bare objects: without the defaults of an API
//! server and without the marks of a policy.

use std::collections::BTreeMap;

use fleetcron::frontend::karmada::override_policies;
use fleetcron::model::karmada::{OverridePolicy, PolicyScope, TemplateKey, labels_of};
use fleetcron::patch::karmada::{Sees, apply};
use fleetcron::place::{Affinity, Candidate};
use fleetcron::render::karmada::YAML;
use fleetcron::tree::FileId;
use serde_json::{Value, json};

use crate::conformance::{report, vectors};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The cluster of a case, as placement sees it.
fn candidate(cluster: &Value) -> Candidate {
    let some = |value: &Value| Some(text(value)).filter(|text| !text.is_empty());
    let zones = cluster["spec"]["zones"].as_array().into_iter().flatten().map(text).collect();
    let labels: BTreeMap<String, String> =
        cluster["metadata"]["labels"].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect();
    Candidate {
        name: text(&cluster["metadata"]["name"]),
        labels,
        provider: some(&cluster["spec"]["provider"]),
        region: some(&cluster["spec"]["region"]),
        zones,
        ..Candidate::default()
    }
}

fn key(object: &Value) -> TemplateKey {
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    TemplateKey {
        api_version: text(&object["apiVersion"]),
        kind: text(&object["kind"]),
        namespace,
        name: text(&object["metadata"]["name"]),
    }
}

/// Runs the policies of one scope.
fn run(object: &mut Value, policies: &[OverridePolicy], wide: bool, cluster: &Candidate) -> Option<Vec<String>> {
    let (key, labels) = (key(object), object.clone());
    let labels = labels_of(&labels);
    let in_scope = |policy: &&OverridePolicy| match &policy.scope {
        PolicyScope::Cluster => wide,
        PolicyScope::Namespace(namespace) => !wide && Some(namespace) == key.namespace.as_ref(),
    };
    let mut selected: Vec<(u8, &str, &OverridePolicy)> = policies
        .iter()
        .filter(in_scope)
        .filter_map(|policy| Some((policy.selects(&key, &labels)?, policy.name.as_str(), policy)))
        .collect();
    selected.sort_by_key(|(implicit, name, _)| (*implicit, *name));
    let mut applied = Vec::new();
    for (_, name, policy) in selected {
        for rule in &policy.rules {
            if rule.target.as_ref().is_some_and(|terms| !Affinity::new(terms).meets(cluster)) {
                continue;
            }
            apply(object, &rule.overriders, Sees::Exact, YAML).ok()?;
            applied.push(format!("{}:{name}", if wide { "cluster" } else { "ns" }));
        }
    }
    Some(applied)
}

fn answer(case: &Value) -> Option<Value> {
    let documents = ["clusterOverridePolicies", "overridePolicies"];
    let documents = documents.iter().flat_map(|name| case[name].as_array().into_iter().flatten());
    let texts: Vec<String> = documents.map(|document| format!("{document:#}\n")).collect();
    let policies = override_policies(FileId(0), texts.join("---\n").as_bytes()).ok()?;
    let cluster = candidate(&case["cluster"]);
    let mut object = case["object"].clone();
    let mut applied = run(&mut object, &policies, true, &cluster)?;
    applied.extend(run(&mut object, &policies, false, &cluster)?);
    Some(json!({"object": object, "changed": object != case["object"], "applied": applied}))
}

#[test]
fn overriders_do_to_an_object_what_karmada_does() {
    let Some(cases) = vectors("override") else { return };
    let mut failures = Vec::new();
    for case in &cases {
        let expected = &case["expect"];
        let id = case["id"].as_str().unwrap_or("?");
        match (answer(case), expected.get("object")) {
            (None, None) => {}
            (None, Some(_)) => failures.push(format!("{id}: fails here")),
            (Some(_), None) => failures.push(format!("{id}: Karmada says {}", expected)),
            (Some(ours), Some(object)) => {
                if ours["object"] != *object {
                    failures.push(format!("{id}: here {}, Karmada {object}", ours["object"]));
                } else if ours["changed"] != expected["changed"] {
                    failures.push(format!("{id}: changed here {}", ours["changed"]));
                } else if expected.get("applied").is_some_and(|applied| *applied != ours["applied"]) {
                    failures.push(format!("{id}: applied here {}, Karmada {}", ours["applied"], expected["applied"]));
                }
            }
        }
    }
    report("override", cases.len(), &failures);
}
