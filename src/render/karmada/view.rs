//! The object as overriders see it, and back: defaults of the API server that nobody changed are taken out again.

use serde_json::Value;

use super::defaults;

/// Takes the defaults out of an object that were put into `full`, the defaulted form of `written`, and that it still has.
/// Filling them in again gives the same object.
pub(super) fn without_defaults(object: &mut Value, written: &Value, full: &Value) {
    let mut filled = object.clone();
    defaults::fill(&mut filled);
    let mut thin = object.clone();
    strip(&mut thin, Some(written), Some(full), Some(&filled), &|_| true);
    if same(&thin, &filled) {
        *object = thin;
        return;
    }
    // Something would be filled in otherwise: member by member, as far as it goes.
    let mut paths = Vec::new();
    collect(object, Some(written), Some(full), Some(&filled), &mut String::new(), &mut paths);
    for path in paths.iter().rev() {
        let mut without = object.clone();
        remove(&mut without, path);
        if same(&without, &filled) {
            *object = without;
        }
    }
}

/// Whether an object is another once defaults are filled in. Which images are pulled is not looked at: Karmada fixes that
/// by the tag from before the overrides.
fn same(object: &Value, filled: &Value) -> bool {
    let mut again = object.clone();
    defaults::fill(&mut again);
    let mut filled = filled.clone();
    drop_pull_policies(&mut again);
    drop_pull_policies(&mut filled);
    again == filled
}

fn drop_pull_policies(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("imagePullPolicy");
            map.values_mut().for_each(drop_pull_policies);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_pull_policies),
        _ => {}
    }
}

fn strip(
    object: &mut Value,
    written: Option<&Value>,
    full: Option<&Value>,
    filled: Option<&Value>,
    keep: &impl Fn(&str) -> bool,
) {
    match object {
        Value::Object(map) => {
            let names: Vec<String> = map.keys().cloned().collect();
            for name in names {
                let inner = |value: Option<&Value>| value.and_then(|value| value.get(&name)).cloned();
                let (in_written, in_full, in_filled) = (inner(written), inner(full), inner(filled));
                let Some(member) = map.get_mut(&name) else { continue };
                if in_written.is_none()
                    && is_default(member, in_full.as_ref(), in_filled.as_ref(), &name)
                    && keep(&name)
                {
                    map.remove(&name);
                    continue;
                }
                strip(member, in_written.as_ref(), in_full.as_ref(), in_filled.as_ref(), keep);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                let inner = |value: Option<&Value>| value.and_then(|value| value.get(at)).cloned();
                strip(item, inner(written).as_ref(), inner(full).as_ref(), inner(filled).as_ref(), keep);
            }
        }
        _ => {}
    }
}

/// Whether a member that nobody wrote is what was filled in. In a list that an override made longer the places do not
/// correspond; what the object itself would be filled in with counts there.
fn is_default(member: &Value, full: Option<&Value>, filled: Option<&Value>, name: &str) -> bool {
    full == Some(member) || full.is_none() && filled == Some(member) && name == "imagePullPolicy"
}

fn collect(
    object: &Value,
    written: Option<&Value>,
    full: Option<&Value>,
    filled: Option<&Value>,
    path: &mut String,
    paths: &mut Vec<String>,
) {
    let mut step = |token: String, member: &Value, inner: [Option<&Value>; 3], named: bool| {
        let length = path.len();
        path.push('/');
        path.push_str(&token.replace('~', "~0").replace('/', "~1"));
        if named && inner[0].is_none() && is_default(member, inner[1], inner[2], &token) {
            paths.push(path.clone());
        }
        collect(member, inner[0], inner[1], inner[2], path, paths);
        path.truncate(length);
    };
    match object {
        Value::Object(map) => {
            for (name, member) in map {
                let inner = [written, full, filled].map(|value| value.and_then(|value| value.get(name)));
                step(name.clone(), member, inner, true);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let inner = [written, full, filled].map(|value| value.and_then(|value| value.get(at)));
                step(at.to_string(), item, inner, false);
            }
        }
        _ => {}
    }
}

fn remove(value: &mut Value, path: &str) {
    let Some((parent, name)) = path.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = value.pointer_mut(parent) {
        map.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}
