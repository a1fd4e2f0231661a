//! The schemas: generated from the types, good for every right document, and no good for wrong ones.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support;

/// The documents of our kinds, as an editor's YAML 1.2 reader has them.
fn ours(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    let documents = serde_yaml::Deserializer::from_str(text).map_while(|document| Value::deserialize(document).ok());
    documents.filter(|value| value["apiVersion"] == fleetcron::frontend::native::API_VERSION).collect()
}

fn validators() -> Vec<(String, jsonschema::Validator)> {
    let all = fleetcron::cli::schema::all().into_iter();
    all.map(|(name, schema)| {
        let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, validator)
    })
    .collect()
}

/// The complaints of the schema of the document's kind, and of the schema of all kinds.
fn complaints(validators: &[(String, jsonschema::Validator)], document: &Value) -> [Vec<String>; 2] {
    let own = format!("{}.schema.json", document["kind"].as_str().unwrap_or_default().to_lowercase());
    [own.as_str(), "fleetcron.schema.json"].map(|wanted| {
        let found = validators.iter().find(|(name, _)| name == wanted);
        let (_, validator) = found.unwrap_or_else(|| panic!("there is no {wanted}"));
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    })
}

#[test]
fn the_files_are_what_the_types_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let bless = std::env::var_os("BLESS").is_some();
    for (name, schema) in fleetcron::cli::schema::all() {
        let text = format!("{schema:#}\n");
        let path = dir.join(&name);
        if bless {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &text).expect("a file");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "schemas/{name} is not what the types say: run with BLESS=1 and commit it");
    }
}

#[test]
fn every_right_document_is_right_to_its_schema() {
    let validators = validators();
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut look = |path: &str, text: &str| {
        for document in ours(text) {
            seen += 1;
            for complaint in complaints(&validators, &document).concat() {
                wrong.push(format!("{path}: {} {}: {complaint}", document["kind"], document["metadata"]["name"]));
            }
        }
    };
    for (path, text) in support::RICH {
        look(path, text);
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for case in fs::read_dir(fixtures).expect("a folder").filter_map(Result::ok) {
        if !case.path().join("expect").is_dir() {
            continue;
        }
        for (path, bytes) in support::read(&case.path().join("repo")) {
            if [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending)) {
                look(&format!("{}/{path}", case.path().display()), &String::from_utf8_lossy(&bytes));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 9, "{seen} documents");
}

#[test]
fn wrong_documents_are_wrong_to_their_schema() {
    let validators = validators();
    let version = fleetcron::frontend::native::API_VERSION;
    let task = |spec: Value| json!({"apiVersion": version, "kind": "Task", "metadata": {"name": "a"}, "spec": spec});
    let right = json!({"placement": {"clusters": ["*"]}, "schedule": "0 3 * * *", "container": {"image": "a:1"}});
    assert_eq!(complaints(&validators, &task(right.clone())), [Vec::<String>::new(), Vec::new()]);
    let with = |pointer: &str, value: Value| {
        let mut spec = right.clone();
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        spec.pointer_mut(parent).expect("a parent")[member] = value;
        task(spec)
    };
    for wrong in [
        with("/shedule", json!("0 3 * * *")),
        with("/schedule", json!(3)),
        with("/schedule", json!({"weekly": {"at": "03:00", "when": "Mon"}})),
        with("/container/imagge", json!("a:1")),
        with("/container/image", json!({"registy": "a"})),
        with("/container/args", json!("a")),
        with("/placement/clusters", json!(3)),
        with("/placement/regions", json!(["a"])),
        with("/job", json!({"backoffLimit": "many"})),
        with("/job", json!({"backofLimit": 1})),
        with("/pod", json!({"hostNetwork": "yes"})),
        with("/overrides", json!([{"clusters": ["a"]}])),
        with("/labels", json!(["a"])),
        json!({"apiVersion": version, "kind": "Cluster", "metadata": {"name": "a"}, "spec": {"regoin": "x"}}),
        json!({"apiVersion": version, "kind": "Cluster", "spec": {}}),
        json!({"apiVersion": version, "kind": "Fleet", "metadata": {"name": "a"}, "spec": {"output": {"dir": 3}}}),
        json!({"apiVersion": version, "kind": "Override", "metadata": {"name": "a"}, "spec": {"task": {}}}),
    ] {
        let [own, all] = complaints(&validators, &wrong);
        assert!(!own.is_empty(), "its own schema takes {wrong}");
        assert!(!all.is_empty(), "the schema of all kinds takes {wrong}");
    }
}
