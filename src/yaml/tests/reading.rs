//! Types of the program out of nodes, and all errors in one go.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::read;
use super::{parsed, said};
use crate::diag::Diagnostics;
use crate::tree::{Keyed, Located, ScalarText, Spanned};

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Task {
    name: Spanned<String>,
    #[serde(default)]
    labels: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    variables: Keyed<Spanned<ScalarText>>,
    #[serde(default)]
    strategy: Option<Spanned<Strategy>>,
    #[serde(default)]
    container: Option<Located>,
    #[serde(default, deserialize_with = "crate::tree::present")]
    deadline: Option<Located>,
    #[serde(default)]
    steps: Vec<Spanned<Step>>,
    #[serde(default)]
    instances: Option<u32>,
}

#[derive(Deserialize, Debug, PartialEq)]
enum Strategy {
    Duplicated,
    Aggregated,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Step {
    by: String,
    max: Option<i32>,
}

fn task(text: &str) -> (Option<Task>, Vec<String>) {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", said(text, &parsed.diagnostics));
    let mut diags = Diagnostics::new();
    let task = read(&parsed.documents[0].root, &mut diags);
    diags.sort();
    (task, said(text, &diags))
}

#[test]
fn values_come_with_their_places() {
    let text = "name: é\nlabels: {a: b}\nvariables:\n  x: on\n  y1: 1_000\nstrategy: Duplicated\ncontainer:\n  env: {A: yes}\ndeadline: null\nsteps:\n- by: region\n  max: 3\n";
    let (task, said) = task(text);
    assert_eq!(said, [] as [&str; 0]);
    let task = task.unwrap();
    assert_eq!(&text[task.name.span.range()], "é");
    assert_eq!(task.variables[0].1.0, "on");
    assert_eq!(task.variables[1].1.0, "1_000");
    assert_eq!(&text[task.variables[1].0.span.range()], "y1");
    let container = task.container.unwrap();
    let env = container.spans.member("env").and_then(|env| env.member("A")).unwrap();
    assert_eq!(env.source(), Some("yes"));
    assert_eq!(&text[env.key.range()], "A");
    assert_eq!(container.value, serde_json::json!({"env": {"A": true}}));
    assert!(task.deadline.unwrap().value.is_null());
    assert_eq!(&text[task.steps[0].span.range()], "by: region\n  max: 3");
}

#[test]
fn all_errors_of_a_document_are_found_at_once() {
    let text = "name: 5\nlables: {}\nlabels: {a: on, b: [1], c: x}\nstrategy: Duplicate\nsteps:\n- bye: x\n- by: 3\n  max: x\n- max: 1\n- by: z\n  max: 5000000000\ninstances: -1\n";
    let (task, said) = task(text);
    assert!(task.is_none());
    assert_eq!(
        said,
        [
            "wrong-type: `name`: expected a string, found the number `5` [5]",
            "unknown-field: unknown field `lables` [lables]",
            "wrong-type: `labels.a`: expected a string, found the boolean `on` [on]",
            "wrong-type: `labels.b`: expected a string, found a list [[1]]",
            "invalid-value: `strategy`: `Duplicate` is not among the allowed values [Duplicate]",
            "unknown-field: unknown field `bye` in `steps[0]` [bye]",
            "wrong-type: `steps[1].by`: expected a string, found the number `3` [3]",
            "wrong-type: `steps[1].max`: expected a whole number, found the string `x` [x]",
            "missing-field: `by` is missing in `steps[2]` [max]",
            "invalid-value: `steps[3].max`: expected a whole number from -2147483648 to 2147483647, found the number `5000000000` [5000000000]",
            "invalid-value: `instances`: expected a whole number from 0 to 4294967295, found the number `-1` [-1]",
        ]
    );
}

#[test]
fn help_says_what_to_write() {
    let text = "name: on\nlables: {}\nstrategy: aggregated\n";
    let mut diags = Diagnostics::new();
    let none: Option<Task> = read(&parsed(text).documents[0].root, &mut diags);
    assert!(none.is_none());
    diags.sort();
    let help: Vec<_> = diags.iter().map(|d| d.help.join("; ")).collect();
    assert_eq!(
        help,
        [
            "quote it: `\"on\"`",
            "did you mean `labels`?",
            "did you mean `Aggregated`?; allowed: `Duplicated`, `Aggregated`"
        ]
    );
}

#[test]
fn a_short_form_beside_a_long_one_keeps_its_places() {
    #[derive(Debug, PartialEq)]
    enum Schedule {
        Cron(String),
        Parts(Parts),
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Parts {
        every: Spanned<String>,
        zone: Option<Spanned<String>>,
    }

    impl<'de> Deserialize<'de> for Schedule {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Either;

            impl<'de> serde::de::Visitor<'de> for Either {
                type Value = Schedule;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a string or a map")
                }

                fn visit_str<E>(self, text: &str) -> Result<Schedule, E> {
                    Ok(Schedule::Cron(text.to_owned()))
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Schedule, A::Error> {
                    Parts::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Schedule::Parts)
                }
            }

            deserializer.deserialize_any(Either)
        }
    }

    let all = |text: &str| {
        let mut diags = Diagnostics::new();
        let value: Option<BTreeMap<String, Schedule>> = read(&parsed(text).documents[0].root, &mut diags);
        diags.sort();
        (value, said(text, &diags))
    };
    let text = "é: x\nb: {every: 5m}\n";
    let (value, none) = all(text);
    assert_eq!(none, [] as [&str; 0]);
    let Some(Schedule::Parts(parts)) = value.as_ref().and_then(|value| value.get("b")) else { panic!("{value:?}") };
    assert_eq!(&text[parts.every.span.range()], "5m");
    assert_eq!(
        all("a: 5\nb: {evry: 5m, zone: [x], evary: 1}\nc: {every: 1}\nd: {}\n").1,
        [
            "wrong-type: `a`: expected a string or a map, found the number `5` [5]",
            "missing-field: `every` is missing in `b` [b]",
            "unknown-field: unknown field `evry` in `b` [evry]",
            "wrong-type: `b.zone`: expected a string, found a list [[x]]",
            "unknown-field: unknown field `evary` in `b` [evary]",
            "wrong-type: `c.every`: expected a string, found the number `1` [1]",
            "missing-field: `every` is missing in `d` [d]",
        ]
    );
}

#[test]
fn null_is_told_from_absence_where_it_matters() {
    let (task, _) = task("name: x\ndeadline:\ncontainer: ~\n");
    let task = task.unwrap();
    assert!(task.deadline.is_some_and(|deadline| deadline.value.is_null()));
    assert!(task.container.is_none());
}

#[test]
fn a_root_of_another_type_and_many_errors_end() {
    assert_eq!(task("[1]\n").1, ["wrong-type: expected a map, found a list [[1]]"]);
    let many = format!("name: x\nlabels:\n{}", (0..5000).map(|i| format!("  k{i}: {i}\n")).collect::<String>());
    assert_eq!(task(&many).1.len(), 100);
}

#[test]
fn schemas_see_through_the_places() {
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Wire {
        name: Spanned<String>,
        any: Option<Located>,
        map: Keyed<Spanned<ScalarText>>,
    }
    let schema = schemars::schema_for!(Wire);
    let properties = &schema.as_value()["properties"];
    assert_eq!(properties["name"]["type"], "string");
    assert_eq!(properties["map"]["additionalProperties"]["type"], serde_json::json!(["string", "number", "boolean"]));
    assert_eq!(schema.as_value()["required"], serde_json::json!(["name", "map"]));
}

/// `yaml_parser_scan_block_scalar` in go-yaml's `scannerc.go` adds the line breaks that it reads, and no other.
#[test]
fn scan_block_scalar_adds_no_newline_at_the_end_of_the_file() {
    let read = |text: &str| parsed(text).documents[0].root.to_value()["a"].clone();
    for (header, plain, ended, blank) in
        [("|", "x", "x\n", "x\n"), (">", "x", "x\n", "x\n"), ("|+", "x", "x\n", "x\n\n"), ("|-", "x", "x", "x")]
    {
        assert_eq!(read(&format!("a: {header}\n  x")), plain);
        assert_eq!(read(&format!("a: {header}\n  x\n")), ended);
        assert_eq!(read(&format!("a: {header}\n  x\n  ")), ended);
        assert_eq!(read(&format!("a: {header}\n  x\n\n")), blank);
    }
}
