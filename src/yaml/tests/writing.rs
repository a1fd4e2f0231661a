//! The canonical text, to the byte.

use serde_json::{Value, json};

use super::super::{FieldOrder, emit};

/// A toy schema: an object with ordered fields, a list of named things, and a map of the user's own.
#[derive(Clone, Copy)]
enum Toy {
    Object,
    Things,
    Thing,
    Free,
}

impl FieldOrder for Toy {
    fn is_ordered(&self) -> bool {
        matches!(self, Toy::Object | Toy::Thing)
    }

    fn field(&self, name: &str) -> Option<(usize, Self)> {
        let (names, shapes): (&[&str], &[Toy]) = match self {
            Toy::Object => (&["kind", "name", "labels", "things"], &[Toy::Free, Toy::Free, Toy::Free, Toy::Things]),
            Toy::Thing => (&["name", "value"], &[Toy::Free, Toy::Free]),
            Toy::Things | Toy::Free => (&[], &[]),
        };
        let place = names.iter().position(|known| *known == name)?;
        Some((place, shapes[place]))
    }

    fn other(&self) -> Self {
        Toy::Free
    }

    fn item(&self) -> Self {
        match self {
            Toy::Things => Toy::Thing,
            _ => Toy::Free,
        }
    }
}

fn plain(value: &Value) -> String {
    emit(value, Toy::Free)
}

#[test]
fn known_fields_come_in_order_and_unknown_ones_last() {
    let value = json!({
        "zeta": 1, "alpha": 2, "kind": "Toy", "name": "toy",
        "labels": {"value": "v", "name": "m", "a": null},
        "things": [{"x": [], "value": {}, "name": "a"}, {"value": [1, [2, 3]], "name": "b"}],
    });
    let expected = "\
kind: Toy
name: toy
labels:
  a: null
  name: m
  value: v
things:
- name: a
  value: {}
  x: []
- name: b
  value:
  - 1
  - - 2
    - 3
alpha: 2
zeta: 1
";
    assert_eq!(emit(&value, Toy::Object), expected);
}

#[test]
fn texts_of_several_lines_are_blocks_where_all_readers_agree() {
    let value = json!({
        "clip": "a\nb\n", "keep": "a\n\n", "strip": "a\n\nb", "tab": "a\n\tb\n",
        "space": "a \nb", "lead": " a\nb", "first": "\na", "odd": "a\u{7}\nb", "wide": "é\n日\n",
        "list": ["a\nb\n", {"x": "y\nz"}],
    });
    let expected = "\
clip: |
  a
  b
first: \"\\na\"
keep: |+
  a

lead: \" a\\nb\"
list:
- |
  a
  b
- x: |-
    y
    z
odd: \"a\\x07\\nb\"
space: \"a \\nb\"
strip: |-
  a

  b
tab: |
  a
  \tb
wide: |
  é
  日
";
    assert_eq!(plain(&value), expected);
}

#[test]
fn what_a_reader_could_mistake_is_quoted() {
    for bare in
        ["a", "nginx:1.27", "/bin/sh", "a b", "a=b", "_x", "Europe/Berlin", "x@y", "e3", "tRuE1", "a:b:c", "v1.0"]
    {
        assert_eq!(plain(&json!({ "a": bare })), format!("a: {bare}\n"));
    }
    for odd in [
        "",
        "on",
        "yES",
        "NULL",
        "y",
        "NaN",
        "inf",
        "0",
        "1_000",
        "0x1f",
        "1e3",
        ".5",
        "-",
        "--x",
        "12:30",
        "2001-01-01",
        "a:",
        "a: b",
        "a #b",
        "#",
        "~",
        "<<",
        "=",
        "a ",
        " a",
        "*",
        "&a",
        "!x",
        "%",
        "@x",
        "`",
        "{",
        "[",
        "a,b",
        "é",
        "${X}",
        "$(X)",
    ] {
        assert_eq!(plain(&json!({ "a": odd })), format!("a: \"{odd}\"\n"));
        assert_eq!(plain(&json!({ odd: 1 })), format!("\"{odd}\": 1\n"));
    }
    assert_eq!(
        plain(&json!("\"\\\t\r\0\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}")),
        "\"\\\"\\\\\\t\\r\\x00\\x7F\\x85\\u2028\\uFEFF\\uFFFF\"\n"
    );
}

#[test]
fn scalars_lists_and_floats_stand_alone() {
    assert_eq!(plain(&json!(null)), "null\n");
    assert_eq!(plain(&json!({})), "{}\n");
    assert_eq!(plain(&json!([])), "[]\n");
    assert_eq!(plain(&json!([1, "a\nb"])), "- 1\n- |-\n  a\n  b\n");
    assert_eq!(plain(&json!([1e21, 1.5, -1e-7, 1.25e-7])), "- 1.0e+21\n- 1.5\n- -1.0e-7\n- 1.25e-7\n");
}

#[test]
fn a_key_too_long_for_a_simple_one_gets_a_question_mark() {
    let long = "k".repeat(1100);
    assert_eq!(plain(&json!({ "m": {&long: {"a": [1]}} })), format!("m:\n  ? {long}\n  :\n    a:\n    - 1\n"));
    assert_eq!(plain(&json!([{&long: "x"}])), format!("- ? {long}\n  : x\n"));
}
