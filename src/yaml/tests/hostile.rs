//! Whatever the bytes: no panic, spans inside the source. Whatever the text: written so that every reader gets it back.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::super::{Data, FieldOrder, Node, Parsed, emit, parse, uncarried};
use crate::diag::Place;
use crate::tree::FileId;

/// Maps with keys of the user's own, everywhere.
#[derive(Clone, Copy)]
struct Free;

impl FieldOrder for Free {
    fn is_ordered(&self) -> bool {
        false
    }

    fn field(&self, _: &str) -> Option<(usize, Self)> {
        None
    }

    fn other(&self) -> Self {
        Free
    }

    fn item(&self) -> Self {
        Free
    }
}

/// Pieces that mean something to some reader.
const PIECES: [&str; 64] = [
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "-",
    "- ",
    "---",
    "...",
    ":",
    ": ",
    "#",
    " #",
    "?",
    "? ",
    "!",
    "&a",
    "*a",
    "|",
    ">",
    "%",
    "@",
    "`",
    "'",
    "\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "<<",
    "~",
    "null",
    "yes",
    "No",
    "on",
    "y",
    "true",
    "0",
    "0x1f",
    "1_000",
    "1e3",
    ".5",
    "12:30",
    "2001-01-01",
    ".inf",
    "-",
    "+",
    "é",
    "日本",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffe}",
    "\0",
    "\u{1b}",
    "\u{a0}",
    "${X}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..6).prop_map(|pieces| pieces.concat()),
        proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..4)
            .prop_map(|pieces| pieces.join("a\n b\n\tc")),
        proptest::collection::vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect()),
        "[ -~]{0,12}",
        "[a-zA-Z0-9:/ .=_-]{0,20}",
        "x{1000,1100}",
    ]
    // What no manifest can carry is refused when it is read.
    .prop_map(|text: String| text.replace(|c: char| uncarried(c.encode_utf8(&mut [0; 4])).is_some(), ""))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|f| serde_json::Number::from_f64(f).map_or(Value::Null, Value::Number)),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((text(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Numbers as `kubectl` sees them: a float that is whole is whole.
fn whole(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64().map(|f| f.to_string().parse::<i64>()) {
            Some(Ok(whole)) if number.is_f64() => whole.into(),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(members) => Value::Object(members.into_iter().map(|(key, value)| (key, whole(value))).collect()),
        other => other,
    }
}

/// Every place that a file's reading names lies inside it and cuts no character.
fn inside(parsed: &Parsed, text: &str) {
    fn walk(node: &Node, text: &str) {
        assert!(text.get(node.span.range()).is_some(), "{:?} of {text:?}", node.span);
        match &node.data {
            Data::Seq(items) => items.iter().for_each(|item| walk(item, text)),
            Data::Map(entries) => {
                for entry in entries {
                    assert!(text.get(entry.key_span.range()).is_some(), "{:?} of {text:?}", entry.key_span);
                    walk(&entry.value, text);
                }
            }
            _ => {}
        }
    }
    parsed.documents.iter().for_each(|document| walk(&document.root, text));
    for diagnostic in parsed.diagnostics.iter().chain(&parsed.warnings) {
        let Place::Text(span) = diagnostic.place else { panic!("{diagnostic:?} has no place") };
        assert!(text.get(span.range()).is_some(), "{diagnostic:?} of {text:?}");
        for other in &diagnostic.others {
            assert!(text.get(other.span.range()).is_some(), "{diagnostic:?} of {text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse(FileId(0), &bytes);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            inside(&parsed, text);
        }
    }

    #[test]
    fn no_near_yaml_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..40)) {
        let text: String = pieces.concat();
        inside(&parse(FileId(0), text.as_bytes()), &text);
        let text = text.replace(['\u{85}', '\u{2028}', '\u{fffe}', '\0', '\u{1b}'], "a: 1\n");
        inside(&parse(FileId(0), text.as_bytes()), &text);
        let json = format!("{{{text}");
        inside(&parse(FileId(0), json.as_bytes()), &json);
    }

    #[test]
    fn what_is_written_is_read_back(value in value()) {
        let written = emit(&value, Free);
        let parsed = parse(FileId(0), written.as_bytes());
        prop_assert!(parsed.diagnostics.is_empty(), "{written}\n{:?}", parsed.diagnostics);
        prop_assert!(parsed.warnings.is_empty(), "{written}\n{:?}", parsed.warnings);
        let back = parsed.documents.first().map_or(Value::Null, |document| document.root.to_value());
        prop_assert_eq!(&back, &whole(value.clone()), "{}", written);
        prop_assert_eq!(emit(&value, Free), written);
    }

    #[test]
    fn a_reader_of_yaml_1_2_gets_the_same(value in value()) {
        let written = emit(&value, Free);
        let back: Value = serde_yaml::from_str(&written).map_err(|e| TestCaseError::fail(format!("{e}: {written}")))?;
        prop_assert_eq!(whole(back), whole(value), "{}", written);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn kubectl_gets_the_same() {
    let mut runner = TestRunner::deterministic();
    let mut items = Vec::new();
    let mut keys = Map::new();
    for _ in 0..3000 {
        let text = text().new_tree(&mut runner).expect("a text can be made").current();
        keys.insert(text.clone(), json!({ "value": text.clone() }));
        items.push(Value::String(text));
    }
    for text in PIECES {
        keys.insert(text.to_owned(), text.into());
        items.push(text.into());
    }
    items.extend([json!(1.5), json!(1e300), json!(-1e-7), json!(i64::MAX), json!([[["x"], []], {}])]);
    let value = json!({ "apiVersion": "probe.lab/v1", "kind": "Probe", "metadata": {"name": "p"}, "texts": items, "keys": keys });
    let child = Command::new("kubectl")
        .args(["patch", "--local", "-o", "json", "--type", "merge", "-p", "{}", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("kubectl is not installed: what it reads of our output was NOT compared");
        return;
    };
    let mut stdin = child.stdin.take().expect("the input is piped");
    let written = emit(&value, Free);
    let writer = std::thread::spawn(move || stdin.write_all(written.as_bytes()));
    let output = child.wait_with_output().expect("kubectl ends");
    writer.join().expect("the writer ends").expect("kubectl reads all");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let back: Value = serde_json::from_slice(&output.stdout).expect("kubectl writes JSON");
    for (ours, theirs) in
        value["texts"].as_array().into_iter().flatten().zip(back["texts"].as_array().into_iter().flatten())
    {
        assert_eq!(ours, theirs);
    }
    assert_eq!(back["keys"], value["keys"]);
    assert_eq!(back["texts"].as_array().map(Vec::len), value["texts"].as_array().map(Vec::len));
}
