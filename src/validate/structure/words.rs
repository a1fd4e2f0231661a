//! Words for wrong values: "expected an integer, found the string `5`", with the text to write.

use serde_json::Value;

use crate::validate::{SchemaNode, ValueKind};

/// The message for a value of another type than the schema's, and what to write.
pub(in crate::validate) fn wrong_type(
    value: &Value,
    schema: SchemaNode,
    name: &str,
    in_list: bool,
) -> (String, Option<String>) {
    let place = match (name, in_list) {
        ("", _) => String::new(),
        (name, true) => format!(" in `{}`", shown(name)),
        (name, false) => format!(" for `{}`", shown(name)),
    };
    let message = format!("expected {}{place}, found {}", expected(schema.kind()), found(value));
    (message, what_to_write(value, schema, name, in_list))
}

fn expected(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Object | ValueKind::Map => "a map",
        ValueKind::List => "a list",
        ValueKind::String | ValueKind::Time => "a string",
        ValueKind::Int32 | ValueKind::Int64 => "an integer",
        ValueKind::Boolean => "`true` or `false`",
        ValueKind::Quantity => "a quantity",
        ValueKind::IntOrString => "an integer or a string",
        ValueKind::Any => "anything",
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean `{value}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(text) => format!("the string `{}`", shown(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

fn what_to_write(value: &Value, schema: SchemaNode, name: &str, in_list: bool) -> Option<String> {
    let item = schema.item();
    match (schema.kind(), value) {
        (ValueKind::String, Value::Number(number)) => Some(format!("write `\"{number}\"` in quotes")),
        (ValueKind::String, Value::Bool(value)) => Some(format!("write it in quotes, as in `\"{value}\"`")),
        (ValueKind::String, Value::Object(map)) if name == "value" && map.contains_key("valueFrom") => {
            Some("`valueFrom` stands beside `name`, in the place of `value`".to_owned())
        }
        (ValueKind::Int32 | ValueKind::Int64 | ValueKind::IntOrString, Value::Number(number)) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").filter(|whole| !whole.is_empty())?;
            Some(format!("write `{whole}`"))
        }
        (ValueKind::Int32 | ValueKind::Int64, Value::String(text)) => {
            let number: i64 = text.trim().parse().ok()?;
            Some(format!("write `{number}` without quotes"))
        }
        (ValueKind::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some("write `true` without quotes".to_owned()),
            "false" | "no" | "off" | "n" => Some("write `false` without quotes".to_owned()),
            _ => None,
        },
        (ValueKind::List, Value::Object(_)) if name == "env" => {
            Some("write each variable as `- name: NAME` with `value: ...` below it".to_owned())
        }
        (ValueKind::List, Value::Object(_)) => Some("begin each item with `- `".to_owned()),
        (ValueKind::List, Value::String(text)) if item.is_some_and(|item| item.kind() == ValueKind::String) => {
            Some(format!("write `{}: [\"{}\"]`", shown(name), shown(text)))
        }
        (ValueKind::Object, Value::String(text)) if !text.is_empty() && schema.position("name").is_some() => {
            let short = shown(text);
            Some(if in_list {
                format!("write `- name: {short}`")
            } else {
                format!("write `{}: {{name: {short}}}`", shown(name))
            })
        }
        _ => None,
    }
}

/// A text fit for a message: short, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars().take(60) {
        if c.is_control() { short.extend(c.escape_debug()) } else { short.push(c) }
    }
    if text.chars().nth(60).is_some() {
        short.push_str("...");
    }
    short
}

/// ``` `a`, `b` and `c` ```.
pub(in crate::validate) fn list(names: &[&str]) -> String {
    let quoted: Vec<_> =
        names.iter().map(|name| if name.is_empty() { "`\"\"`".to_owned() } else { format!("`{name}`") }).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// RFC 3339, which Go's `time.Parse` reads for `metav1.Time`.
pub(super) fn is_moment(text: &str) -> bool {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|part| part.parse::<u32>().ok())
    };
    let mark = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|b| marks.contains(b));
    let date = number(0, 4).is_some() && mark(4, b"-") && mark(7, b"-") && mark(10, b"T");
    let leap = number(0, 4).is_some_and(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let days = match number(5, 7) {
        Some(1 | 3 | 5 | 7 | 8 | 10 | 12) => 31,
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) => 28 + u32::from(leap),
        _ => 0,
    };
    let day = number(8, 10).is_some_and(|day| (1..=days).contains(&day));
    let time = mark(13, b":") && mark(16, b":") && number(11, 13).is_some_and(|hour| hour < 24);
    let minutes = number(14, 16).is_some_and(|it| it < 60) && number(17, 19).is_some_and(|it| it < 60);
    let Some(rest) = text.get(19..) else {
        return false;
    };
    let zone = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() { "" } else { zone }
        }
        None => rest,
    };
    let offset = |zone: &str| {
        let mut parts = zone.strip_prefix(['+', '-']).unwrap_or_default().split(':');
        let two = |part: Option<&str>| part.is_some_and(|it| it.len() == 2 && it.bytes().all(|b| b.is_ascii_digit()));
        two(parts.next()) && two(parts.next()) && parts.next().is_none()
    };
    date && day && time && minutes && (zone == "Z" || offset(zone))
}
