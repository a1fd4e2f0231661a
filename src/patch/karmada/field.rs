//! `fieldOverrider`: operations on a text that is itself JSON or YAML.
//! Source: `pkg/util/overridemanager/fieldoverrider.go`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::operations::{self, FieldDocument};
use super::{Fault, FieldOverrider, OverriderOperation, Problem, YamlTexts, members};
use crate::patch::Pointer;

/// Edits the text at the path.
pub(super) fn apply(object: &mut Value, overrider: &FieldOverrider, yaml: YamlTexts) -> Result<Vec<String>, Fault> {
    let path = overrider.path.as_str();
    let absent = |object: &Value| Problem::Missing { parent: String::new(), known: members(object) };
    let pointer = Pointer::parse(path).ok().filter(|pointer| pointer.get(object).is_some());
    let Some(pointer) = pointer else { return Err(Fault::new(path, absent(object))) };
    let Some(Value::String(text)) = pointer.get_mut(object) else {
        return Err(Fault::new(path, Problem::Not("a text")));
    };
    let new = if overrider.yaml.is_empty() {
        if text.is_empty() { Some(String::new()) } else { json(text, overrider)? }
    } else {
        Some(in_yaml(text, overrider, yaml)?)
    };
    let Some(new) = new else { return Err(Fault::new(path, Problem::Not("JSON"))) };
    let changed = new != *text;
    *text = new;
    Ok(changed.then(|| path.to_owned()).into_iter().collect())
}

fn in_yaml(text: &str, overrider: &FieldOverrider, yaml: YamlTexts) -> Result<String, Fault> {
    let mut value = (yaml.read)(text).ok_or_else(|| Fault::new(overrider.path.as_str(), Problem::Not("YAML")))?;
    edit(&mut value, &overrider.yaml)?;
    Ok((yaml.write)(&value))
}

fn json(text: &str, overrider: &FieldOverrider) -> Result<Option<String>, Fault> {
    let Ok(mut document) = serde_json::from_str::<OrderedValue>(text) else { return Ok(None) };
    edit(&mut document, &overrider.json)?;
    let mut new = String::new();
    document.write(&mut new);
    Ok(Some(new))
}

fn edit<D: FieldDocument>(document: &mut D, list: &[OverriderOperation]) -> Result<(), Fault> {
    if !document.plain().is_object() && !document.plain().is_array() {
        return Err(Fault::new("", Problem::Not("a map or a list")));
    }
    for (at, operation) in list.iter().enumerate() {
        operations::apply(document, operation).map_err(|fault| Fault { inner: Some(at), ..fault })?;
    }
    Ok(())
}

/// A JSON document whose members keep their order.
enum OrderedValue {
    Scalar(Value),
    List(Vec<OrderedValue>),
    Map(Vec<(String, OrderedValue)>),
}

impl OrderedValue {
    /// The text as Go writes it: nothing between the parts, and characters that HTML knows escaped
    /// (`encoding/json.Marshal`).
    fn write(&self, out: &mut String) {
        match self {
            OrderedValue::Scalar(value) => out.push_str(&escaped(&value.to_string())),
            OrderedValue::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            OrderedValue::Map(members) => {
                out.push('{');
                for (at, (name, member)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&escaped(&Value::from(name.as_str()).to_string()));
                    out.push(':');
                    member.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

impl FieldDocument for OrderedValue {
    fn new(value: &Value) -> Self {
        match value {
            Value::Array(items) => OrderedValue::List(items.iter().map(Self::new).collect()),
            Value::Object(map) => {
                OrderedValue::Map(map.iter().map(|(name, member)| (name.clone(), Self::new(member))).collect())
            }
            scalar => OrderedValue::Scalar(scalar.clone()),
        }
    }

    fn plain(&self) -> Value {
        match self {
            OrderedValue::Scalar(value) => value.clone(),
            OrderedValue::List(items) => items.iter().map(Self::plain).collect(),
            OrderedValue::Map(members) => members.iter().map(|(name, member)| (name.clone(), member.plain())).collect(),
        }
    }

    fn child(&mut self, token: &str) -> Option<&mut Self> {
        match self {
            OrderedValue::Map(members) => members.iter_mut().find(|(name, _)| name == token).map(|(_, member)| member),
            OrderedValue::List(items) => {
                let number: i64 = token.parse().ok()?;
                let at = if number < 0 { usize::try_from(number + items.len() as i64).ok()? } else { number as usize };
                items.get_mut(at)
            }
            OrderedValue::Scalar(_) => None,
        }
    }

    fn list(&mut self) -> Option<&mut Vec<Self>> {
        if let OrderedValue::List(items) = self { Some(items) } else { None }
    }

    fn set(&mut self, name: &str, value: Self) -> bool {
        let OrderedValue::Map(members) = self else { return false };
        match members.iter_mut().find(|(key, _)| key == name) {
            Some((_, member)) => *member = value,
            None => members.push((name.to_owned(), value)),
        }
        true
    }

    fn take(&mut self, name: &str) -> bool {
        let OrderedValue::Map(members) = self else { return false };
        let before = members.len();
        members.retain(|(key, _)| key != name);
        members.len() < before
    }
}

impl<'de> Deserialize<'de> for OrderedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextReader;
        impl<'de> Visitor<'de> for TextReader {
            type Value = OrderedValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<OrderedValue, E> {
                Ok(OrderedValue::Scalar(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OrderedValue, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(OrderedValue::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<OrderedValue, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = entries.next_entry()? {
                    members.push(member);
                }
                Ok(OrderedValue::Map(members))
            }
        }
        deserializer.deserialize_any(TextReader)
    }
}
