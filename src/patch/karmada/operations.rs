//! One operation of RFC 6902 as Karmada's library runs it.
//! Source: `github.com/evanphx/json-patch/v5` (`patch.go`: `findObject`, `add`, `remove`, `replace`), default options.

use serde_json::{Map, Value};

use super::{Fault, OverriderOperation, PlaintextOperator, Problem, members};

/// A JSON document that operations edit: a [`Value`], or a text whose members keep their order.
pub(super) trait FieldDocument: Sized {
    /// A value of such a document.
    fn new(value: &Value) -> Self;
    /// The value without any order.
    fn plain(&self) -> Value;
    /// The member of that name, or the item at that place.
    fn child(&mut self, token: &str) -> Option<&mut Self>;
    /// The items, if this is a list.
    fn list(&mut self) -> Option<&mut Vec<Self>>;
    /// Sets a member, if this is a map.
    fn set(&mut self, name: &str, value: Self) -> bool;
    /// Takes a member out, if this is a map that has it.
    fn take(&mut self, name: &str) -> bool;
}

impl FieldDocument for Value {
    fn new(value: &Value) -> Self {
        value.clone()
    }

    fn plain(&self) -> Value {
        self.clone()
    }

    fn child(&mut self, token: &str) -> Option<&mut Self> {
        match self {
            Value::Object(map) => map.get_mut(token),
            Value::Array(items) => {
                let at = place(token, items.len())?;
                items.get_mut(at)
            }
            _ => None,
        }
    }

    fn list(&mut self) -> Option<&mut Vec<Self>> {
        self.as_array_mut()
    }

    fn set(&mut self, name: &str, value: Self) -> bool {
        self.as_object_mut().map(|map: &mut Map<String, Value>| map.insert(name.to_owned(), value)).is_some()
    }

    fn take(&mut self, name: &str) -> bool {
        self.as_object_mut().is_some_and(|map| map.remove(name).is_some())
    }
}

/// The place that a token names in a list of that length; a negative one counts from the end.
fn place(token: &str, length: usize) -> Option<usize> {
    let number: i64 = token.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let at = if number < 0 { number + length } else { number };
    usize::try_from(at).ok().filter(|_| at < length)
}

/// The tokens of a path. What stands before the first slash is passed over, and without any slash there is no place at
/// all (`findObject`).
fn tokens(path: &str) -> Option<Vec<String>> {
    let (_, rest) = path.split_once('/')?;
    Some(rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

/// Runs an operation; says whether it changed anything.
pub(super) fn apply<D: FieldDocument>(document: &mut D, operation: &OverriderOperation) -> Result<bool, Fault> {
    let before = document.plain();
    run(document, operation)?;
    Ok(document.plain() != before)
}

fn run<D: FieldDocument>(document: &mut D, operation: &OverriderOperation) -> Result<(), Fault> {
    let path = operation.path.as_str();
    let value = whole_numbers(&operation.value);
    if path.is_empty() && operation.operator != PlaintextOperator::Remove {
        if !value.is_object() && !value.is_array() {
            return Err(Fault::new(path, Problem::Not("an object")));
        }
        *document = D::new(&value);
        return Ok(());
    }
    let Some(tokens) = tokens(path) else { return Err(missing(document, &[], path)) };
    let whole = document.plain();
    let Some((last, parents)) = tokens.split_last() else { return Err(missing(document, &tokens, path)) };
    let absent = || missing_in(&whole, &tokens, path);
    let mut at = &mut *document;
    for token in parents {
        at = at.child(token).ok_or_else(absent)?;
    }
    let done = match operation.operator {
        PlaintextOperator::Add => add(at, last, D::new(&value)),
        PlaintextOperator::Remove => match at.list() {
            Some(items) => place(last, items.len()).map(|place| drop(items.remove(place))).is_some(),
            None => at.take(last),
        },
        PlaintextOperator::Replace => match at.child(last) {
            Some(member) => {
                *member = D::new(&value);
                true
            }
            None => false,
        },
    };
    if done { Ok(()) } else { Err(absent()) }
}

/// `partialArray.add` and `partialDoc.add`
fn add<D: FieldDocument>(parent: &mut D, token: &str, value: D) -> bool {
    let Some(items) = parent.list() else { return parent.set(token, value) };
    let at = if token == "-" { Some(items.len()) } else { place(token, items.len() + 1) };
    match at {
        Some(at) => {
            items.insert(at, value);
            true
        }
        None => false,
    }
}

/// Go writes a floating-point number that is whole without a fraction.
fn whole_numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(whole_numbers).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), whole_numbers(value))).collect(),
        _ => value.clone(),
    }
}

fn missing<D: FieldDocument>(document: &D, tokens: &[String], path: &str) -> Fault {
    missing_in(&document.plain(), tokens, path)
}

/// How far a path leads, and what is there.
fn missing_in(document: &Value, tokens: &[String], path: &str) -> Fault {
    let mut parent = String::new();
    let mut at = document;
    for token in tokens {
        let next = match at {
            Value::Object(map) => map.get(token),
            Value::Array(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
            _ => None,
        };
        let Some(next) = next else { break };
        parent.push('/');
        parent.push_str(&crate::patch::pointer::escape(token));
        at = next;
    }
    Fault::new(path, Problem::Missing { parent, known: members(at) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run_on(mut document: Value, operator: PlaintextOperator, path: &str, value: Value) -> Option<Value> {
        let operation = OverriderOperation { operator, path: path.to_owned(), value };
        apply(&mut document, &operation).ok().map(|_| document)
    }

    #[test]
    fn paths_are_followed_as_evanphx_follows_them() {
        let document = || json!({"a": [1, 2], "b": {"c": 1}, "d": 1});
        for (operator, path, value, expected) in [
            (PlaintextOperator::Add, "/a/-", json!(3), Some(json!({"a": [1, 2, 3], "b": {"c": 1}, "d": 1}))),
            (PlaintextOperator::Add, "/a/2", json!(3), Some(json!({"a": [1, 2, 3], "b": {"c": 1}, "d": 1}))),
            (PlaintextOperator::Add, "/a/3", json!(3), None),
            (PlaintextOperator::Remove, "/a/-1", json!(null), Some(json!({"a": [1], "b": {"c": 1}, "d": 1}))),
            (PlaintextOperator::Replace, "/b/x", json!(1), None),
            (PlaintextOperator::Add, "/b/x/y", json!(1), None),
            (PlaintextOperator::Add, "/b/x", json!(1.0), Some(json!({"a": [1, 2], "b": {"c": 1, "x": 1}, "d": 1}))),
            (PlaintextOperator::Replace, "b/d", json!(2), Some(json!({"a": [1, 2], "b": {"c": 1}, "d": 2}))),
            (PlaintextOperator::Remove, "d", json!(null), None),
            (PlaintextOperator::Replace, "/b/c", json!(null), Some(json!({"a": [1, 2], "b": {"c": null}, "d": 1}))),
        ] {
            assert_eq!(run_on(document(), operator, path, value), expected, "{path}");
        }
    }
}
