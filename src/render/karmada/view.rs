//! The object as overriders see it, and back: defaults of the API server that nobody changed are taken out again.

use serde_json::Value;

use super::defaults;

/// Takes the defaults out of an object that were put into `full`, the defaulted form of `written`, and that it still has.
/// Filling them in again gives the same object.
pub(super) fn without_defaults(object: &mut Value, written: &Value, full: &Value) {
    let mut filled = object.clone();
    defaults::fill(&mut filled);
    let mut paths = Vec::new();
    collect(object, written, full, &mut String::new(), &mut paths);
    let mut thin = object.clone();
    paths.iter().rev().for_each(|path| remove(&mut thin, path));
    // An object of another kind is filled in otherwise anyway.
    if object.get("kind") != written.get("kind") || same(&thin, &filled) {
        *object = thin;
        return;
    }
    // Something would be filled in otherwise: member by member, as far as it goes.
    for path in paths.iter().rev() {
        let mut without = object.clone();
        remove(&mut without, path);
        if same(&without, &filled) {
            *object = without;
        }
    }
}

/// Whether an object is another once defaults are filled in. Two members are not looked at: which images are pulled, which
/// Karmada fixes by the tag from before the overrides, and the old name of `serviceAccountName`, which that overrules.
fn same(object: &Value, filled: &Value) -> bool {
    let mut again = object.clone();
    defaults::fill(&mut again);
    let mut filled = filled.clone();
    drop_unstable(&mut again);
    drop_unstable(&mut filled);
    again == filled
}

fn drop_unstable(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("imagePullPolicy");
            if map.contains_key("serviceAccountName") {
                map.remove("serviceAccount");
            }
            map.values_mut().for_each(drop_unstable);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_unstable),
        _ => {}
    }
}

/// The places of members that nobody wrote and that still are what was filled in.
fn collect(object: &Value, written: &Value, full: &Value, path: &mut String, paths: &mut Vec<String>) {
    let length = path.len();
    match object {
        Value::Object(map) => {
            for (name, member) in map {
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                match (written.get(name), full.get(name)) {
                    (None, Some(default)) if default == member => paths.push(path.clone()),
                    (in_written, Some(in_full)) => {
                        let in_written = in_written.unwrap_or(&Value::Null);
                        collect(member, in_written, in_full, path, paths);
                    }
                    _ => {}
                }
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let Some(in_full) = counterpart(item, at, full) else { continue };
                let in_written = counterpart(item, at, written).unwrap_or(&Value::Null);
                path.push('/');
                path.push_str(&at.to_string());
                collect(item, in_written, in_full, path, paths);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

/// The same item of another list: by its name, where it has one, so that an item put before it moves nothing.
fn counterpart<'v>(item: &Value, at: usize, list: &'v Value) -> Option<&'v Value> {
    let items = list.as_array()?;
    match item.get("name") {
        Some(name) => items.iter().find(|other| other.get("name") == Some(name)),
        None => items.get(at),
    }
}

fn remove(value: &mut Value, path: &str) {
    let Some((parent, name)) = path.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = value.pointer_mut(parent) {
        map.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}
