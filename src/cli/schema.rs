//! `fleetcron schema`: prints the JSON Schema of each kind.
//!
//! fleetcron's own shapes come from the types that read them, Kubernetes' shapes from the data that validates them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::args;
use super::outcome::{Failure, Outcome};
use crate::diag::nearest;
use crate::frontend::{karmada, native};
use crate::validate::{SchemaNode, ValueKind};

/// Runs it.
pub(super) fn run(args: &args::Schema) -> Result<Outcome, Failure> {
    if let Some(dir) = &args.out {
        let mut names = Vec::new();
        for (name, schema) in all() {
            let path = dir.join(&name);
            crate::sink::write_file(&path, pretty(&schema).as_bytes()).map_err(|error| Failure::run(&error))?;
            names.push(name);
        }
        return Ok(Outcome::result(format!("{}\n", names.join("\n")), json!({"files": names})));
    }
    let wanted = match &args.kind {
        None => "fleetcron.schema.json".to_owned(),
        Some(kind) => match native::KINDS.iter().find(|known| known.eq_ignore_ascii_case(kind)) {
            Some(known) => file_name(known),
            None => return Err(Failure::unknown("kind", kind, nearest(kind, native::KINDS))),
        },
    };
    let schema = all().into_iter().find(|(name, _)| *name == wanted).map(|(_, schema)| schema).unwrap_or_default();
    Ok(Outcome::data(pretty(&schema), schema))
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn file_name(kind: &str) -> String {
    format!("{}.schema.json", kind.to_lowercase())
}

/// Every schema with its file name: one a kind, and one that takes a document of any kind.
pub fn all() -> Vec<(String, Value)> {
    let mut files: Vec<(String, Value)> = Vec::new();
    let mut definitions = Map::new();
    let mut cases = Vec::new();
    for (kind, schema) in native::schemas() {
        let mut schema = schema.to_value();
        let own = schema.as_object_mut().and_then(|map| map.remove("$defs"));
        let mut needed: Map<String, Value> = own.and_then(|own| own.as_object().cloned()).unwrap_or_default();
        schema["properties"]["apiVersion"] = json!({"const": native::API_VERSION});
        schema["properties"]["kind"] = json!({"const": kind});
        schema["title"] = json!(kind);
        fill_in(&schema, &mut needed);
        cases.push(json!({
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"$ref": format!("#/$defs/{kind}")},
        }));
        definitions.extend(needed.clone());
        let mut alone = schema.clone();
        if let Value::Object(map) = &mut alone {
            map.insert("$defs".to_owned(), Value::Object(needed));
        }
        if let Value::Object(map) = &mut schema {
            map.remove("$schema");
        }
        definitions.insert(kind.to_owned(), schema);
        files.push((file_name(kind), alone));
    }
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fleetcron",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"apiVersion": {"const": native::API_VERSION}, "kind": {"enum": native::KINDS}},
        "allOf": cases,
        "$defs": definitions,
    });
    files.push(("fleetcron.schema.json".to_owned(), whole));
    files.extend(of_karmada());
    files
}

/// The schemas of the kinds of Karmada that are read.
fn of_karmada() -> Vec<(String, Value)> {
    let file = |(version, kind, schema): (&str, &str, schemars::Schema)| {
        let mut schema = schema.to_value();
        schema["properties"]["apiVersion"] = json!({"const": version});
        schema["properties"]["kind"] = json!({"const": kind});
        schema["title"] = json!(kind);
        (format!("karmada/{}", file_name(kind)), schema)
    };
    karmada::schemas().into_iter().map(file).collect()
}

/// Adds what is referred to and not defined: our forms of Kubernetes' shapes, and those shapes.
fn fill_in(schema: &Value, definitions: &mut Map<String, Value>) {
    let mut open: Vec<String> = Vec::new();
    references(schema, &mut open);
    definitions.values().for_each(|definition| references(definition, &mut open));
    let mut done: BTreeSet<String> = definitions.keys().cloned().collect();
    while let Some(name) = open.pop() {
        if !done.insert(name.clone()) {
            continue;
        }
        let definition = match name.strip_prefix("kubernetes.") {
            Some(shape) => SchemaNode::named(shape).map_or(json!({}), kubernetes),
            None => our_form(&name),
        };
        references(&definition, &mut open);
        definitions.insert(name, definition);
    }
}

fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
                names.push(name.to_owned());
            }
            map.values().for_each(|member| references(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

/// Shapes that are Kubernetes' with something added.
fn our_form(name: &str) -> Value {
    let strings = json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}});
    let metadata = [("labels", strings.clone()), ("annotations", strings)];
    let policy = json!({"enum": ["Never", "OnFailure", null]});
    match name {
        "fleetcron.job" => {
            let mut job = fields(SchemaNode::cronjob_spec(), &["schedule", "timeZone", "jobTemplate"]);
            job.extend(fields(SchemaNode::job_spec(), &["template", "suspend"]));
            job.extend(metadata.map(|(name, schema)| (name.to_owned(), schema)));
            job.insert("restartPolicy".to_owned(), policy);
            job.insert("shardEnv".to_owned(), json!({"type": ["boolean", "null"]}));
            closed(job)
        }
        "fleetcron.pod" => {
            let mut pod = fields(SchemaNode::pod_spec(), &[]);
            pod.extend(metadata.map(|(name, schema)| (name.to_owned(), schema)));
            pod.insert("restartPolicy".to_owned(), policy);
            for list in ["containers", "initContainers"] {
                pod.insert(
                    list.to_owned(),
                    json!({"type": ["array", "null"], "items": {"$ref": "#/$defs/fleetcron.container"}}),
                );
            }
            closed(pod)
        }
        "fleetcron.podTemplate" => {
            let mut template = fields(SchemaNode::pod_template(), &[]);
            let mut spec = fields(SchemaNode::pod_spec(), &[]);
            for list in ["containers", "initContainers"] {
                spec.insert(
                    list.to_owned(),
                    json!({"type": ["array", "null"], "items": {"$ref": "#/$defs/fleetcron.container"}}),
                );
            }
            template.insert("spec".to_owned(), closed(spec));
            closed(template)
        }
        "fleetcron.container" => {
            let mut container = fields(SchemaNode::container(), &[]);
            let part = json!({"type": ["string", "null"]});
            let parts = json!({
                "type": "object",
                "properties": {"registry": part, "repository": part, "tag": part, "digest": part},
                "additionalProperties": false,
            });
            container.insert("image".to_owned(), json!({"anyOf": [{"type": ["string", "null"]}, parts]}));
            let text = json!({"anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"fromFile": {"type": "string"}}, "required": ["fromFile"], "additionalProperties": false},
            ]});
            for list in ["command", "args"] {
                container.insert(list.to_owned(), json!({"type": ["array", "null"], "items": text}));
            }
            let listed = json!({"type": "array", "items": {"$ref": "#/$defs/kubernetes.EnvVar"}});
            let value = json!({"anyOf": [
                {"type": ["string", "number", "boolean", "null"]},
                {"type": "object", "properties": {"value": {"type": "string"}, "valueFrom": nullable(SchemaNode::named("EnvVarSource"))}, "additionalProperties": false},
            ]});
            container.insert(
                "env".to_owned(),
                json!({"anyOf": [{"type": "object", "additionalProperties": value}, listed, {"type": "null"}]}),
            );
            closed(container)
        }
        _ => json!({}),
    }
}

/// The fields of a shape, but some.
fn fields(schema: SchemaNode, but: &[&str]) -> Map<String, Value> {
    let known = schema.fields().iter().filter(|name| !but.contains(name));
    known.map(|name| ((*name).to_owned(), nullable(schema.field(name)))).collect()
}

fn closed(properties: Map<String, Value>) -> Value {
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// A value that null removes.
fn nullable(schema: Option<SchemaNode>) -> Value {
    match schema.map(reference) {
        None => json!({}),
        Some(Value::Object(mut map)) => match map.get_mut("type") {
            Some(Value::String(name)) => {
                let both = json!([name, "null"]);
                map.insert("type".to_owned(), both);
                if let Some(Value::Array(values)) = map.get_mut("enum") {
                    values.push(Value::Null);
                }
                Value::Object(map)
            }
            _ => json!({"anyOf": [map, {"type": "null"}]}),
        },
        Some(other) => other,
    }
}

/// A shape by reference if it has a name, else in place.
fn reference(schema: SchemaNode) -> Value {
    if schema.kind() == ValueKind::Object && !schema.name().is_empty() {
        return json!({"$ref": format!("#/$defs/kubernetes.{}", schema.name())});
    }
    kubernetes(schema)
}

fn kubernetes(schema: SchemaNode) -> Value {
    match schema.kind() {
        ValueKind::Object => closed(fields(schema, &[])),
        ValueKind::Map => json!({"type": "object", "additionalProperties": nullable(schema.item())}),
        ValueKind::List => json!({"type": "array", "items": schema.item().map_or(json!({}), reference)}),
        ValueKind::String => match schema.enum_values() {
            [] => json!({"type": "string"}),
            values => json!({"type": "string", "enum": values}),
        },
        ValueKind::Time => json!({"type": "string"}),
        ValueKind::Int32 | ValueKind::Int64 => json!({"type": "integer"}),
        ValueKind::Boolean => json!({"type": "boolean"}),
        ValueKind::Quantity => json!({"type": ["string", "number"]}),
        ValueKind::IntOrString => json!({"type": ["string", "integer"]}),
        ValueKind::Any => json!({}),
    }
}
