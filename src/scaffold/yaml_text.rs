//! Pretty-prints YAML the way people write it: flow style for short maps, block style otherwise, plain scalars where
//! YAML 1.1 and 1.2 agree.

use serde_json::Value;

use crate::yaml::{FieldOrder, emit};

/// No line grows longer by what could stand on several.
const WIDTH: usize = 100;

/// A value with its order and its manner.
#[derive(Clone, Debug, PartialEq)]
pub enum PrettyValue {
    /// A text, quoted only where it must be.
    Text(String),
    /// A text in quotes, as schedules and times are written.
    Quoted(String),
    /// A number, `true`, `false`.
    Bare(String),
    /// A list, on one line if it is short.
    List(Vec<PrettyValue>),
    /// A list with a line for each item.
    Items(Vec<PrettyValue>),
    /// A map, on one line if it is short.
    Map(Vec<(String, PrettyValue)>),
    /// A map with a line for each member.
    Open(Vec<(String, PrettyValue)>),
}

/// Texts need no order.
#[derive(Clone, Copy)]
struct Plain;

impl FieldOrder for Plain {
    fn is_ordered(&self) -> bool {
        false
    }

    fn field(&self, _: &str) -> Option<(usize, Self)> {
        None
    }

    fn other(&self) -> Self {
        Plain
    }

    fn item(&self) -> Self {
        Plain
    }
}

/// A text as it may stand anywhere on a line.
pub fn scalar(text: &str) -> String {
    emit(&Value::String(text.to_owned()), Plain).trim_end_matches('\n').to_owned()
}

/// A text as a person writes it: options and amounts bare too, which the canonical text would quote.
fn plain(text: &str) -> String {
    let option = text.trim_start_matches('-');
    let dashes = text.len() - option.len();
    let is_option = (1..=2).contains(&dashes) && option.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_option && scalar(&format!("x{option}")) == format!("x{option}") {
        return text.to_owned();
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_amount = unit.len() < text.len() && ["s", "m", "h", "k", "M", "G", "Ki", "Mi", "Gi", "Ti"].contains(&unit);
    if is_amount { text.to_owned() } else { scalar(text) }
}

/// A key. `on` before a list is the format's own, and read as it is written; before a text it is a name of the user's, which
/// a reader of YAML takes for `true`.
fn key(text: &str, value: &PrettyValue) -> String {
    if text == "on" && matches!(value, PrettyValue::List(_)) { text.to_owned() } else { scalar(text) }
}

/// A document.
pub fn document(members: &[(String, PrettyValue)]) -> String {
    let mut out = String::new();
    open(&mut out, members, 0, false);
    out
}

impl PrettyValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts.
    pub fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().map(Self::text).collect())
    }

    /// One text, or a list of several.
    pub fn one_or_more(texts: &[String]) -> Self {
        match texts {
            [only] => Self::text(only),
            several => Self::texts(several),
        }
    }

    /// A map of texts.
    pub fn pairs(pairs: &[(String, String)]) -> Self {
        Self::Map(pairs.iter().map(|(key, value)| (key.clone(), Self::text(value))).collect())
    }

    /// On one line, if it may stand there.
    fn line(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) if text.contains('\n') => return None,
            Self::Text(text) => plain(text),
            Self::Quoted(text) => Value::String(text.clone()).to_string(),
            Self::Bare(text) => text.clone(),
            Self::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(Self::line).collect();
                format!("[{}]", items?.join(", "))
            }
            Self::Map(members) => {
                let member = |(key, value): &(String, PrettyValue)| {
                    Some(format!("{}: {}", self::key(key, value), value.line()?))
                };
                let members: Option<Vec<String>> = members.iter().map(member).collect();
                format!("{{{}}}", members?.join(", "))
            }
            Self::Items(_) | Self::Open(_) => return None,
        })
    }
}

/// Members, a line or more each; the first may continue a line that has begun.
fn open(out: &mut String, members: &[(String, PrettyValue)], indent: usize, mut begun: bool) {
    for (name, value) in members {
        if !begun {
            spaces(out, indent);
        }
        begun = false;
        let start = out.rfind('\n').map_or(0, |at| at + 1);
        out.push_str(&key(name, value));
        out.push(':');
        let room = WIDTH.saturating_sub(out.len() - start + 1);
        after(out, value, indent, room);
    }
}

/// What follows a key.
fn after(out: &mut String, value: &PrettyValue, indent: usize, room: usize) {
    let line = value.line();
    let short =
        |line: &String| line.chars().count() <= room || !matches!(value, PrettyValue::List(_) | PrettyValue::Map(_));
    if let Some(line) = line.filter(short) {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
        return;
    }
    match value {
        PrettyValue::Open(members) | PrettyValue::Map(members) => {
            out.push('\n');
            open(out, members, indent + 2, false);
        }
        PrettyValue::List(list) | PrettyValue::Items(list) => {
            out.push('\n');
            items(out, list, indent + 2);
        }
        PrettyValue::Text(text) | PrettyValue::Quoted(text) | PrettyValue::Bare(text) => {
            out.push(' ');
            block(out, text, indent + 2);
        }
    }
}

/// Items, a line or more each.
fn items(out: &mut String, items: &[PrettyValue], indent: usize) {
    for item in items {
        spaces(out, indent);
        out.push_str("- ");
        match (item, item.line()) {
            (PrettyValue::Open(members), _) | (PrettyValue::Map(members), None) => open(out, members, indent + 2, true),
            (_, Some(line)) => {
                out.push_str(&line);
                out.push('\n');
            }
            (PrettyValue::Text(text) | PrettyValue::Quoted(text) | PrettyValue::Bare(text), None) => {
                block(out, text, indent + 2)
            }
            (PrettyValue::List(list) | PrettyValue::Items(list), None) => {
                out.push('\n');
                self::items(out, list, indent + 2);
            }
        }
    }
}

/// A text of several lines, behind what introduces it: as a block where it can be one.
fn block(out: &mut String, text: &str, indent: usize) {
    // The emitter knows when a block says the same; it is given an item, whose lines stand two deep.
    let item = emit(&Value::Array(vec![Value::String(text.to_owned())]), Plain);
    for (at, line) in item.trim_start_matches("- ").split_inclusive('\n').enumerate() {
        if at > 0 && !line.trim_end_matches('\n').is_empty() {
            spaces(out, indent.saturating_sub(2));
        }
        out.push_str(line);
    }
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileId;
    use crate::yaml;

    fn value(hand: &PrettyValue) -> Value {
        match hand {
            PrettyValue::Text(text) | PrettyValue::Quoted(text) => Value::String(text.clone()),
            PrettyValue::Bare(text) => serde_json::from_str(text).unwrap(),
            PrettyValue::List(items) | PrettyValue::Items(items) => items.iter().map(value).collect(),
            PrettyValue::Map(members) | PrettyValue::Open(members) => {
                Value::Object(members.iter().map(|(key, member)| (key.clone(), value(member))).collect())
            }
        }
    }

    #[test]
    fn every_manner_reads_back_as_the_same_value() {
        let hostile = [
            "",
            " ",
            "on",
            "y",
            "~",
            "null",
            "0777",
            "1_000",
            "1.10",
            "a: b",
            "a #b",
            "- a",
            "?",
            "{a}",
            "[b",
            "a,b",
            "]",
            "'",
            "\"",
            "\\",
            "\t",
            "line\nline",
            "set -e\n\techo on\n",
            "a\n\n",
            "\na",
            " a\n b",
            "trail \nx",
            "é",
            "😀",
            "\u{2028}",
            "$(var.x)",
            "--flag=a,b",
            "*a",
            "&a",
            "!a",
            "@daily",
            "%x",
            "`x`",
            "|",
            ">",
            "key:",
            "x:y",
            "-c",
            "--fast",
            "--a=b,c",
            "--",
            "-1",
            "-.inf",
            "---",
            "-a: b",
            "15m",
            "0x1F",
            "1e3",
            "100Mi",
            "12:30:45",
            "http://a.b/c?d=e#f",
            "=",
            "<<",
        ];
        let texts: Vec<PrettyValue> = hostile.iter().map(|text| PrettyValue::text(*text)).collect();
        let pairs: Vec<(String, PrettyValue)> = hostile
            .iter()
            .filter(|text| !text.contains('\n') && **text != "<<")
            .map(|text| ((*text).to_owned(), PrettyValue::text(*text)))
            .collect();
        let quoted = hostile.iter().filter(|text| text.is_ascii()).map(|text| PrettyValue::Quoted((*text).to_owned()));
        for item in texts.iter().cloned().chain(quoted) {
            let list = PrettyValue::List(vec![item.clone(), item.clone()]);
            let map = PrettyValue::Map(vec![("k".to_owned(), item.clone()), ("l".to_owned(), list.clone())]);
            let root = vec![
                ("a".to_owned(), item.clone()),
                (
                    "b".to_owned(),
                    PrettyValue::Items(vec![
                        item.clone(),
                        map.clone(),
                        PrettyValue::Open(vec![("x".to_owned(), map.clone())]),
                    ]),
                ),
                ("c".to_owned(), PrettyValue::Open(vec![("d".to_owned(), list), ("e".to_owned(), map)])),
                ("f".to_owned(), PrettyValue::Bare("7".to_owned())),
            ];
            read_back(&root);
        }
        read_back(&[("t".to_owned(), PrettyValue::List(texts)), ("m".to_owned(), PrettyValue::Map(pairs.clone()))]);
        read_back(&[("o".to_owned(), PrettyValue::Open(pairs))]);
    }

    fn read_back(root: &[(String, PrettyValue)]) {
        let text = document(root);
        let parsed = yaml::parse(FileId(0), text.as_bytes());
        assert!(parsed.diagnostics.is_empty(), "{text}\n{:?}", parsed.diagnostics);
        assert_eq!(parsed.documents[0].root.to_value(), value(&PrettyValue::Open(root.to_vec())), "{text}");
    }

    #[test]
    fn what_is_short_stands_on_one_line() {
        let member = |key: &str, value: PrettyValue| (key.to_owned(), value);
        let labels = PrettyValue::pairs(&[("env".to_owned(), "prod".to_owned())]);
        let script = PrettyValue::List(vec![PrettyValue::text("sh"), PrettyValue::text("a\nb\n")]);
        let text = document(&[
            member(
                "metadata",
                PrettyValue::Map(vec![member("name", PrettyValue::text("a")), member("labels", labels)]),
            ),
            member(
                "spec",
                PrettyValue::Open(vec![
                    member("at", PrettyValue::Quoted("03:00".to_owned())),
                    member("command", script),
                ]),
            ),
        ]);
        let expected = "metadata: {name: a, labels: {env: prod}}\nspec:\n  at: \"03:00\"\n  command:\n    - sh\n    - |\n      a\n      b\n";
        assert_eq!(text, expected);
    }
}
