//! What no layer can say, such as another order of a list, as JSON patches.

use serde_json::{Value, json};

use super::leaves::{key_text, keys_of};

use crate::diff::ListKeys;

/// The operations that turn one object into another: moves where only an order differs, else what differs.
pub(super) fn operations(from: &Value, to: &Value) -> Value {
    let mut moved = from.clone();
    let mut operations = Vec::new();
    reorder(&mut moved, to, ListKeys::new(from), &mut String::new(), &mut operations);
    replace(&moved, to, &mut String::new(), &mut operations);
    Value::Array(operations)
}

/// Adds, removes and replaces members; a list of another length is replaced as a whole.
fn replace(from: &Value, to: &Value, path: &mut String, operations: &mut Vec<Value>) {
    let length = path.len();
    match (from, to) {
        (from, to) if from == to => {}
        (Value::Object(from), Value::Object(to)) => {
            for name in from.keys().chain(to.keys().filter(|name| !from.contains_key(*name))) {
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                match (from.get(name), to.get(name)) {
                    (Some(old), Some(new)) => replace(old, new, path, operations),
                    (Some(_), None) => operations.push(json!({"op": "remove", "path": path})),
                    (None, Some(new)) => operations.push(json!({"op": "add", "path": path, "value": new})),
                    (None, None) => {}
                }
                path.truncate(length);
            }
        }
        (Value::Array(from), Value::Array(to)) if from.len() == to.len() => {
            for (at, (old, new)) in from.iter().zip(to).enumerate() {
                path.push_str(&format!("/{at}"));
                replace(old, new, path, operations);
                path.truncate(length);
            }
        }
        (_, to) => operations.push(json!({"op": "replace", "path": path, "value": to})),
    }
}

/// Puts the items of keyed lists into the order of `to`, where both have the same items.
fn reorder(value: &mut Value, to: &Value, lists: ListKeys, path: &mut String, operations: &mut Vec<Value>) {
    let length = path.len();
    match (value, to) {
        (Value::Object(members), Value::Object(others)) => {
            for (name, member) in members {
                let Some(other) = others.get(name) else { continue };
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                reorder(member, other, lists.field(name), path, operations);
                path.truncate(length);
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            if let Some(key) = lists.key().first() {
                order(items, others, key, path, operations);
            }
            for (at, (item, other)) in items.iter_mut().zip(others).enumerate() {
                path.push_str(&format!("/{at}"));
                reorder(item, other, lists.item(), path, operations);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn order(items: &mut Vec<Value>, others: &[Value], key: &str, path: &str, operations: &mut Vec<Value>) {
    let (Some(own), Some(wanted)) = (keys_of(items, key), keys_of(others, key)) else { return };
    let mut places: Vec<usize> = Vec::new();
    for name in &wanted {
        let Some(at) = own.iter().position(|own| own == name) else { return };
        places.push(at);
    }
    if own.len() != wanted.len() {
        return;
    }
    let staying = longest_run(&places);
    for at in 0..wanted.len() {
        if staying.contains(&at) {
            continue;
        }
        let place =
            |items: &[Value], name: &str| items.iter().position(|item| key_text(item, key).as_deref() == Some(name));
        let Some(from) = place(items, &wanted[at]) else { return };
        let item = items.remove(from);
        let to = match at.checked_sub(1).and_then(|before| place(items, &wanted[before])) {
            Some(before) => before + 1,
            None => 0,
        };
        items.insert(to, item);
        if from != to {
            operations.push(json!({"op": "move", "from": format!("{path}/{from}"), "path": format!("{path}/{to}")}));
        }
    }
}

/// The indices of a longest increasing run of some numbers.
fn longest_run(numbers: &[usize]) -> Vec<usize> {
    let mut length = vec![1; numbers.len()];
    let mut before = vec![None; numbers.len()];
    for at in 0..numbers.len() {
        for earlier in 0..at {
            if numbers[earlier] < numbers[at] && length[earlier] + 1 > length[at] {
                length[at] = length[earlier] + 1;
                before[at] = Some(earlier);
            }
        }
    }
    let mut run = Vec::new();
    let mut at = (0..numbers.len()).rev().max_by_key(|at| length[*at]);
    while let Some(here) = at {
        run.push(here);
        at = before[here];
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_order_is_as_few_moves_as_can_be() {
        let object = |names: &[&str]| {
            let env: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            let pod = json!({"containers": [{"name": "c", "env": env}]});
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}})
        };
        for names in [["a", "b", "c", "d"], ["d", "a", "b", "c"], ["b", "a", "d", "c"], ["d", "c", "b", "a"]] {
            let (from, to) = (object(&["a", "b", "c", "d"]), object(&names));
            let operations = operations(&from, &to);
            let patch: json_patch::Patch = serde_json::from_value(operations.clone()).expect("a patch");
            let mut patched = from.clone();
            json_patch::patch(&mut patched, &patch).expect("it applies");
            assert_eq!(patched, to);
            let moves = operations.as_array().expect("a list").len();
            assert_eq!(
                moves,
                match names[0] {
                    "a" => 0,
                    "d" if names[1] == "a" => 1,
                    "b" => 2,
                    _ => 3,
                }
            );
        }
    }
}
