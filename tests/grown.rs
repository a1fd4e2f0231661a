//! CronJobs that nobody wrote: a plain one, and something grown on it at random, along the schema.
//!
//! The one idea: no rule panics on any of them, and what is accepted decodes: a second reader of schemas, with the
//! OpenAPI document of Kubernetes, knows every field and finds every value of its type. The growth is the same each time.

use fleetcron::diag::Severity;
use fleetcron::validate::{self, Options, SCHEMA_VERSION, SchemaNode, ValueKind, Version};
use serde_json::{Map, Value, json};

const COUNT: u64 = 20_000;

/// Numbers that look random: SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).expect("it is smaller")
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

fn plain() -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "grown", "labels": {"app": "grown"}},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": {
            "restartPolicy": "Never",
            "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [{"name": "main", "image": "busybox:1.36", "env": [{"name": "A", "value": "1"}],
                            "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        }}}}},
    })
}

fn text(field: &str, chance: &mut Chance) -> &'static str {
    if chance.one_in(12) {
        return chance.of(&[
            "",
            " ",
            "Bad Name",
            "é",
            "a/b/c",
            "..",
            "\u{0}",
            "0",
            "-",
            "$(A)",
            "a\nb",
            "100000000000",
        ]);
    }
    match field {
        "image" | "reference" => "busybox:1.36",
        "mountPath" | "path" | "devicePath" | "workingDir" => chance.of(&["/a", "a/b", "c"]),
        "ip" | "hostIP" | "nameservers" => chance.of(&["10.0.0.1", "::1"]),
        "fieldPath" => chance.of(&["metadata.name", "status.podIP", "metadata.labels['app']"]),
        "resource" => chance.of(&["limits.cpu", "requests.memory"]),
        "schedule" => chance.of(&["@daily", "*/5 * * * *"]),
        "timeZone" => chance.of(&["Etc/UTC", "Europe/Berlin"]),
        "managedBy" => "example.com/queue",
        "succeededIndexes" => chance.of(&["0", "0-1,3"]),
        "status" => chance.of(&["True", "False"]),
        "operator" => chance.of(&["In", "Exists"]),
        "namespace" | "namespaces" => "batch",
        _ => chance.of(&["main", "v", "a", "b-1", "x.io", "app"]),
    }
}

/// A value of a type, now and then of another; what is required is there, and some of what is not.
fn made(schema: SchemaNode, field: &str, depth: usize, chance: &mut Chance) -> Value {
    if chance.one_in(150) {
        return chance.of(&["true", "5", "-1.5", "\"x\"", "[]", "{}", "{\"a\": [{}]}"]).parse().expect("JSON");
    }
    match schema.kind() {
        ValueKind::Object => {
            let mut map = Map::new();
            for name in schema.fields() {
                let wanted = schema.required().contains(name) && !chance.one_in(40);
                if wanted || (depth < 5 && chance.one_in(5 + 2 * depth)) {
                    let inner = schema.field(name).expect("a field");
                    map.insert((*name).to_owned(), made(inner, name, depth + 1, chance));
                }
            }
            Value::Object(map)
        }
        ValueKind::Map => {
            let item = schema.item().expect("an item");
            let keys = if item.kind() == ValueKind::Quantity {
                ["cpu", "memory", "example.com/gpu"]
            } else {
                ["app", "x.io/y", "a"]
            };
            json!({ chance.of(&keys): made(item, field, depth + 1, chance) })
        }
        ValueKind::List => {
            let item = schema.item().expect("an item");
            let count = 1 + chance.below(2) - usize::from(chance.one_in(15));
            (0..count).map(|_| made(item, field, depth + 1, chance)).collect()
        }
        ValueKind::String if !schema.enum_values().is_empty() && !chance.one_in(20) => {
            json!(chance.of(schema.enum_values()))
        }
        ValueKind::String => json!(text(field, chance)),
        ValueKind::Int32 => json!(chance.of(&[0, 1, 2, 3, 5, 80, 420, -1, i32::MAX])),
        ValueKind::Int64 => json!(chance.of(&[0, 1, 30, 600, 3600, -1, i64::MAX])),
        ValueKind::Boolean => json!(chance.one_in(2)),
        ValueKind::Quantity => json!(chance.of(&["0", "1", "1", "500m", "1Gi", "-1"])),
        ValueKind::IntOrString => {
            if chance.one_in(2) {
                json!(80)
            } else {
                json!("http")
            }
        }
        ValueKind::Time => json!("2026-01-01T00:00:00Z"),
        ValueKind::Any => json!({}),
    }
}

/// Grows something somewhere.
fn grow(value: &mut Value, schema: SchemaNode, field: &str, chance: &mut Chance) {
    match (schema.kind(), value) {
        (ValueKind::Object, Value::Object(map)) => {
            let names: Vec<&str> = schema.fields().iter().copied().filter(|name| *name != "status").collect();
            // What is there already leads further down.
            let there: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| map.get(*name).is_some_and(|it| it.is_object() || it.is_array()))
                .collect();
            let name = if !there.is_empty() && !chance.one_in(3) { chance.of(&there) } else { chance.of(&names) };
            let inner = schema.field(name).expect("a field");
            match map.get_mut(name) {
                Some(known) if !chance.one_in(8) => grow(known, inner, name, chance),
                _ => drop(map.insert(name.to_owned(), made(inner, name, 3, chance))),
            }
        }
        (ValueKind::List, Value::Array(items)) => {
            let item = schema.item().expect("an item");
            if items.is_empty() || chance.one_in(4) {
                items.push(made(item, field, 3, chance));
            } else {
                let at = chance.below(items.len());
                grow(&mut items[at], item, field, chance);
            }
        }
        (_, value) => *value = made(schema, field, 3, chance),
    }
}

/// The OpenAPI document as a JSON Schema that takes no unknown field. Which fields must be there is no question of
/// decoding, and the empty text stands for a default.
fn decoder() -> jsonschema::Validator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance/cronjob-openapi.json");
    let mut schemas: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the document")).expect("JSON");
    strict(&mut schemas);
    let root = "#/components/schemas/io.k8s.api.batch.v1.CronJob";
    let document = json!({"$ref": root, "components": {"schemas": schemas["schemas"]}});
    jsonschema::validator_for(&document).expect("a schema")
}

fn strict(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) && map.get("type") == Some(&json!("object")) {
                map.insert("additionalProperties".to_owned(), json!(false));
                map.remove("required");
            }
            if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut) {
                values.push(json!(""));
            }
            if map.get("format") == Some(&json!("int32")) {
                map.insert("minimum".to_owned(), json!(i32::MIN));
                map.insert("maximum".to_owned(), json!(i32::MAX));
            }
            map.values_mut().for_each(strict);
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

#[test]
fn what_is_found_holds_for_all_versions_that_it_says() {
    let mut shared = 0;
    for seed in 0..2000 {
        let mut chance = Chance(seed);
        let mut value = plain();
        for _ in 0..=chance.below(4) {
            grow(&mut value, SchemaNode::cronjob(), "", &mut chance);
        }
        let at =
            |minor| validate::cron_job_for(&value, Options { version: Version { major: 1, minor }, partial: false });
        let all: Vec<_> = (24..40).map(|minor| (Version { major: 1, minor }, at(minor))).collect();
        for (version, (findings, valid)) in &all {
            assert!(valid.holds(*version));
            for (other, (theirs, _)) in all.iter().filter(|(other, _)| valid.holds(*other) && other != version) {
                assert_eq!(findings, theirs, "{version} and {other}: {value}");
                shared += 1;
            }
        }
    }
    assert!(shared > 100_000, "{shared} pairs of versions share their findings: nearly all do");
}

#[test]
fn what_is_accepted_decodes_and_nothing_panics() {
    let decoder = decoder();
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    for seed in 0..COUNT {
        let mut chance = Chance(seed);
        let mut value = plain();
        for _ in 0..=chance.below(4) {
            grow(&mut value, SchemaNode::cronjob(), "", &mut chance);
        }
        let minor =
            if chance.one_in(4) { 20 + u16::try_from(chance.below(17)).expect("small") } else { SCHEMA_VERSION.minor };
        let findings = validate::cron_job(&value, Options { version: Version { major: 1, minor }, partial: false });
        for finding in &findings {
            assert!(finding.pointer.is_empty() || finding.pointer.starts_with('/'), "{finding:?}");
            assert!(value.pointer(&finding.pointer).is_some(), "{finding:?} points at nothing in {value}");
        }
        // A signal to stop is dropped unread, so a wrong one is a warning.
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error || finding.pointer.ends_with("/stopSignal"))
        {
            refused += 1;
            continue;
        }
        accepted += 1;
        wrong.extend(decoder.iter_errors(&value).map(|error| format!("{seed} {}: {error}", error.instance_path())));
    }
    assert!(wrong.is_empty(), "{} of {accepted}: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
    assert!(accepted > 2000 && refused > 2000, "{accepted} accepted, {refused} refused: the growth shows nothing");
    crate::conformance::say(&format!("grown {COUNT}: accepted {accepted}, refused {refused}"));
}
