//! Laws of repositories of Karmada, over the recorded repositories and mutations of them.

use proptest::prelude::*;
use serde_json::Value;

use fleetcron::compile::{Compilation, compile};
use fleetcron::tree::SourceTree;

use crate::conformance::vectors;
use crate::support::{Files, config, output, tree};

/// The recorded repositories, each object a document.
fn repositories() -> Vec<Vec<Value>> {
    let cases = vectors("propagation").unwrap_or_default();
    cases.into_iter().map(|case| case["objects"].as_array().cloned().unwrap_or_default()).collect()
}

fn fleet(compatibility: &str) -> (String, String) {
    let text = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: laws}}\nspec: {{karmada: {{compatibility: {compatibility}}}}}\n"
    );
    ("fleetcron.yaml".to_owned(), text)
}

fn text(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{object}\n")).collect()
}

fn one_file(objects: &[Value], compatibility: &str) -> Files {
    vec![fleet(compatibility), ("all.yaml".to_owned(), text(objects))]
}

fn made(files: &Files) -> Compilation {
    compile(&tree(files))
}

/// The lock as a file.
fn with_lock(mut files: Files, compilation: &Compilation) -> Files {
    let lock = String::from_utf8(compilation.lock.bytes()).expect("text");
    files.push(("fleetcron.lock".to_owned(), lock));
    files
}

/// Labels and annotations that Karmada writes for itself.
fn holds_marks(object: &Value) -> bool {
    let marks =
        ["permanent-id", "karmada.io/managed", "policy.karmada.io/name", "binding.karmada.io/", "work.karmada.io/"];
    let keys = ["labels", "annotations"].into_iter().filter_map(|name| object["metadata"][name].as_object());
    keys.flat_map(|map| map.keys()).any(|key| marks.iter().any(|mark| key.contains(mark)))
}

#[test]
fn the_order_of_documents_and_files_never_shows() {
    for (at, objects) in repositories().into_iter().enumerate().filter(|(at, _)| at % 4 == 0) {
        let first = output(&made(&one_file(&objects, "exact")));
        let mut turned = objects.clone();
        turned.reverse();
        let half = turned.split_off(turned.len() / 2);
        let files = vec![fleet("exact"), ("z.yaml".to_owned(), text(&turned)), ("b/a.yaml".to_owned(), text(&half))];
        assert_eq!(first, output(&made(&files)), "repository {at}");
    }
}

#[test]
fn a_repository_compiled_with_its_own_lock_is_a_fixed_point() {
    for (at, objects) in repositories().into_iter().enumerate() {
        for mode in ["exact", "intended"].into_iter().filter(|mode| at % 4 == usize::from(*mode == "exact")) {
            let files = one_file(&objects, mode);
            let first = made(&files);
            let again = made(&with_lock(files, &first));
            assert_eq!(output(&first), output(&again), "repository {at}, {mode}");
            assert_eq!(first.lock, again.lock, "repository {at}, {mode}");
            assert!(again.drift.is_empty(), "repository {at}, {mode}: {:?}", again.drift);
        }
    }
}

#[test]
fn what_is_not_selected_or_loses_changes_no_byte() {
    for (at, objects) in repositories().into_iter().enumerate().filter(|(at, _)| at % 6 == 1) {
        let has_policy = objects.iter().any(|object| object["apiVersion"] == "policy.karmada.io/v1alpha1");
        let there = made(&one_file(&objects, "exact"));
        let before = output(&there);
        let mut more = objects.clone();
        more.push(serde_json::json!({
            "apiVersion": "example.com/v1", "kind": "Lonely", "metadata": {"name": "lonely", "namespace": "lonely"},
        }));
        assert_eq!(before, output(&made(&one_file(&more, "exact"))), "a template, repository {at}");
        // Of least priority, with a name that sorts last, and cluster-wide: it only has what nobody else has.
        let selectors: Vec<Value> = objects
            .iter()
            .filter(|object| object["kind"] == "PropagationPolicy" && object["spec"]["placement"].is_object())
            .filter(|object| object["spec"]["suspension"].is_null())
            .flat_map(|object| object["spec"]["resourceSelectors"].as_array().cloned().unwrap_or_default())
            .filter(|selector| selector["namespace"].is_string() && selector["name"].is_string())
            .collect();
        let won = |selector: &&Value| {
            there.model.units.iter().filter_map(|unit| unit.template.as_ref()).any(|template| {
                template.policy.is_some()
                    && template.key.kind == selector["kind"]
                    && template.key.name == selector["name"]
                    && template.key.namespace.as_deref() == selector["namespace"].as_str()
            })
        };
        let Some(selector) = selectors.iter().find(won).filter(|_| has_policy) else { continue };
        more.push(serde_json::json!({
            "apiVersion": "policy.karmada.io/v1alpha1", "kind": "ClusterPropagationPolicy", "metadata": {"name": "zzz"},
            "spec": {"priority": -1000, "resourceSelectors": [selector]},
        }));
        assert_eq!(before, output(&made(&one_file(&more, "exact"))), "a losing policy, repository {at}");
    }
}

#[test]
fn no_object_holds_marks_of_karmada_and_both_readers_of_yaml_read_the_same() {
    for objects in repositories().into_iter().step_by(3) {
        for (path, bytes) in output(&made(&one_file(&objects, "exact"))) {
            let object: Value = serde_yaml::from_slice(&bytes).expect("YAML");
            assert!(!holds_marks(&object), "{path}: {object}");
            let parsed = fleetcron::yaml::parse(fleetcron::tree::FileId(0), &bytes);
            assert!(parsed.diagnostics.is_empty() && parsed.warnings.is_empty(), "{path}");
            assert_eq!(parsed.documents[0].root.to_value(), object, "{path}");
        }
    }
}

#[test]
fn exact_and_intended_agree_where_no_cron_job_is_divided_spread_or_overridden() {
    let mut seen = 0;
    for (at, objects) in repositories().into_iter().enumerate() {
        let words = text(&objects);
        // A CronJob that an override makes a Job of keeps the share that only `intended` writes.
        let told_apart =
            ["replicaScheduling", "overflowAffinities", "Overrider\"", "spreadConstraints", "\"path\":\"/kind\""];
        if told_apart.iter().any(|word| words.contains(word)) {
            continue;
        }
        seen += 1;
        let [exact, intended] = ["exact", "intended"].map(|mode| output(&made(&one_file(&objects, mode))));
        assert_eq!(exact, intended, "repository {at}");
    }
    assert!(seen > 50, "{seen} repositories");
}

/// Changes one member somewhere in a document: drops it, gives it another type, or swaps two.
fn mutate(value: &mut Value, path: &mut impl Iterator<Item = u32>) {
    let Some(turn) = path.next() else { return };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = &keys[turn as usize % keys.len()];
            match turn % 11 {
                0 => drop(map.remove(key)),
                1 => drop(map.insert(key.clone(), Value::Null)),
                2 => drop(map.insert(key.clone(), serde_json::json!([1, {"a": "b"}]))),
                3 => drop(map.insert(key.clone(), serde_json::json!(7))),
                4 => drop(map.insert(key.clone(), serde_json::json!("~"))),
                5 => {
                    let other = keys[(turn as usize + 1) % keys.len()].clone();
                    let (a, b) = (map[key].clone(), map[&other].clone());
                    map.insert(key.clone(), b);
                    map.insert(other, a);
                }
                _ => mutate(&mut map[key.as_str()], path),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = turn as usize % items.len();
            match turn % 7 {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => mutate(&mut items[at], path),
            }
        }
        other => *other = serde_json::json!({"turn": turn}),
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn no_mutation_of_a_repository_panics(
        case in any::<prop::sample::Index>(),
        object in any::<prop::sample::Index>(),
        path in prop::collection::vec(any::<u32>(), 1..12),
        intended in any::<bool>(),
    ) {
        thread_local!(static ALL: Vec<Vec<Value>> = repositories());
        let mut objects = ALL.with(|all| if all.is_empty() { Vec::new() } else { all[case.index(all.len())].clone() });
        if !objects.is_empty() {
            let at = object.index(objects.len());
            mutate(&mut objects[at], &mut path.into_iter());
        }
        let sources: SourceTree = tree(&one_file(&objects, if intended { "intended" } else { "exact" }));
        drop(compile(&sources));
    }
}
