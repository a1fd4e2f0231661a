//! The structural check against kube-apiserver 1.36, and the schema against what Kubernetes publishes.
//!
//! The one idea: what the server accepts has no error, and what it cannot decode has one. What it decodes and then
//! refuses is the business of other rules.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::diag::Severity;
use fleetcron::validate::{Options, SchemaNode, ValueKind, check};
use serde_json::Value;

use super::{line, vectors};

/// Refusals that are over before there is a JSON value: the server could not read the text, or read a key twice.
fn is_about_the_text(message: &str) -> bool {
    [
        "duplicate field",
        "already set in map",
        "json parse error: invalid character",
        "unexpected end of JSON input",
        "yaml: line",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// The manifest of a case, or the JSON or YAML that was sent.
fn manifest(case: &Value) -> Option<Value> {
    match case.get("manifest_raw").and_then(Value::as_str) {
        None => case.get("manifest").cloned(),
        Some(raw) if case["content_type"] == "application/json" => serde_json::from_str(raw).ok(),
        // Scalars of YAML 1.1 are the reader's business, not ours.
        Some(_) => None,
    }
}

fn errors(value: &Value) -> Vec<String> {
    let findings = check(value, SchemaNode::cronjob(), Options::default());
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| format!("{}: {}", finding.pointer, finding.message)).collect()
}

#[test]
fn what_the_server_accepts_has_no_error() {
    let Some(cases) = vectors("validation.jsonl.gz") else {
        return;
    };
    let (mut total, mut failed) = (0, Vec::new());
    for case in cases.iter().filter(|case| case["accepted"] == true) {
        let Some(manifest) = manifest(case) else {
            continue;
        };
        total += 1;
        let errors = errors(&manifest);
        if !errors.is_empty() {
            failed.push(format!("{}: {errors:?}", case["id"]));
        }
    }
    line("structure-accepted", total - failed.len(), total);
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn what_the_server_cannot_decode_has_an_error() {
    let Some(cases) = vectors("validation.jsonl.gz") else {
        return;
    };
    let (mut total, mut failed) = (0, Vec::new());
    for case in cases.iter().filter(|case| case["code"] == 400) {
        let message = case["message"].as_str().unwrap_or_default();
        let Some(manifest) = manifest(case).filter(|_| !is_about_the_text(message)) else {
            continue;
        };
        total += 1;
        if errors(&manifest).is_empty() {
            failed.push(format!("{}: {message}", case["id"]));
        }
    }
    line("structure-400", total - failed.len(), total);
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_schema_is_what_kubernetes_publishes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance/cronjob-openapi.json");
    let text = std::fs::read_to_string(path).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut published = BTreeMap::new();
    for (name, schema) in document["schemas"].as_object().unwrap() {
        let short = name.rsplit('.').next().unwrap();
        assert!(published.insert(short, schema).is_none(), "two shapes are called {short}");
    }
    let mut seen = BTreeSet::new();
    meet(SchemaNode::cronjob(), "CronJob", &published, &mut seen);
    let (ours, theirs): (Vec<_>, Vec<_>) = (seen.iter().copied().collect(), published.keys().copied().collect());
    assert_eq!(ours, theirs, "every shape is reached");
    line("structure-schema", ours.len(), theirs.len());
}

/// Compares a shape with the published one, and every shape below it.
fn meet<'a>(ours: SchemaNode, name: &'a str, published: &BTreeMap<&str, &'a Value>, seen: &mut BTreeSet<&'a str>) {
    if !seen.insert(name) {
        return;
    }
    let theirs = published[name];
    let leaf = match name {
        "Quantity" => Some(ValueKind::Quantity),
        "IntOrString" => Some(ValueKind::IntOrString),
        "Time" => Some(ValueKind::Time),
        "FieldsV1" => Some(ValueKind::Any),
        _ => None,
    };
    if let Some(leaf) = leaf {
        assert_eq!(ours.kind(), leaf);
        return;
    }
    assert_eq!((ours.name(), ours.kind(), ours.is_open()), (name, ValueKind::Object, false));
    let properties = theirs["properties"].as_object().unwrap();
    let sorted = |names: &[&'static str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(sorted(ours.fields()), properties.keys().cloned().collect(), "{name}");
    assert_eq!(ours.fields().len(), properties.len(), "{name}");
    assert_eq!(sorted(ours.required()), strings(&theirs["required"]), "{name}");
    for (field, property) in properties {
        compare(ours.field(field).unwrap(), property, &format!("{name}.{field}"), published, seen);
    }
}

fn compare<'a>(
    ours: SchemaNode,
    theirs: &'a Value,
    at: &str,
    published: &BTreeMap<&str, &'a Value>,
    seen: &mut BTreeSet<&'a str>,
) {
    let theirs = theirs.get("allOf").map_or(theirs, |all| &all[0]);
    if let Some(shape) = theirs["$ref"].as_str() {
        return meet(ours, shape.rsplit('.').next().unwrap(), published, seen);
    }
    let values: BTreeSet<_> = ours.enum_values().iter().map(|value| (*value).to_owned()).collect();
    assert_eq!(values, strings(&theirs["enum"]), "{at}");
    let kind = match (theirs["type"].as_str().unwrap(), theirs["format"].as_str()) {
        ("string", None) => ValueKind::String,
        ("boolean", None) => ValueKind::Boolean,
        ("integer", Some("int32")) => ValueKind::Int32,
        ("integer", Some("int64")) => ValueKind::Int64,
        ("array", None) => ValueKind::List,
        ("object", None) => ValueKind::Map,
        other => panic!("{at}: {other:?}"),
    };
    assert_eq!(ours.kind(), kind, "{at}");
    match kind {
        ValueKind::List => compare(ours.item().unwrap(), &theirs["items"], at, published, seen),
        ValueKind::Map => compare(ours.item().unwrap(), &theirs["additionalProperties"], at, published, seen),
        _ => assert_eq!(ours.item(), None, "{at}"),
    }
}

fn strings(list: &Value) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}
