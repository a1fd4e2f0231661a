//! JSON merge patch (RFC 7396), by the `json-patch` crate. A `$patch` directive in it is an error.

use super::Pointer;
use super::error::{PatchError, PatchProblem, type_name};
use super::strategic::is_directive;
use serde_json::Value;

/// Lays `patch` over `document`: maps merge, null removes, everything else replaces.
///
/// Returns the places in the patch of strategic directives (`$patch` and its like). They have no meaning here and
/// were left out.
///
/// # Errors
/// A patch that is not a map would replace the whole object; Kubernetes refuses it, and so do we.
pub fn apply(document: &mut Value, patch: &Value) -> Result<Vec<Pointer>, PatchError> {
    if !patch.is_object() {
        let what = "a merge patch".to_owned();
        return Err(PatchError::here(PatchProblem::NotAMap { what, found: type_name(patch) }));
    }
    let mut directives = Vec::new();
    let mut plain = patch.clone();
    find(patch, &mut Pointer::root(), &mut directives);
    leave_out(&mut plain, false);
    json_patch::merge(document, &plain);
    Ok(directives)
}

fn find(value: &Value, place: &mut Pointer, found: &mut Vec<Pointer>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if is_directive(key) {
                    found.push(place.join(key));
                } else {
                    place.push(key);
                    find(value, place, found);
                    place.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                place.push(index.to_string());
                find(value, place, found);
                place.pop();
            }
        }
        _ => {}
    }
}

/// Takes directives out everywhere, and null members out of maps that stand in lists: lists replace, so there a null
/// unsets nothing. Kubernetes' library does the same.
fn leave_out(value: &mut Value, in_list: bool) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !(is_directive(key) || in_list && value.is_null()));
            map.values_mut().for_each(|value| leave_out(value, in_list));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| leave_out(item, true)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(mut document: Value, patch: Value) -> Value {
        assert_eq!(apply(&mut document, &patch).unwrap(), []);
        document
    }

    #[test]
    fn the_test_cases_of_rfc_7396_hold() {
        for (document, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            assert_eq!(merged(document, patch), result);
        }
    }

    #[test]
    fn a_patch_that_is_no_map_is_refused() {
        for patch in [json!(["c"]), json!("bar"), json!(null)] {
            let mut document = json!({"a": 1});
            assert!(apply(&mut document, &patch).is_err());
            assert_eq!(document, json!({"a": 1}));
        }
    }

    #[test]
    fn a_null_inside_a_list_reaches_no_manifest() {
        let patch = json!({"l": [null, {"a": null, "b": [{"c": null}]}]});
        assert_eq!(merged(json!({}), patch), json!({"l": [null, {"b": [{}]}]}));
    }

    #[test]
    fn a_directive_is_left_out_and_told() {
        let mut document = json!({"a": {"b": 1}});
        let patch = json!({"a": {"$patch": "replace", "c": 2}, "l": [{"$retainKeys": [], "d": 1}]});
        let told: Vec<_> = apply(&mut document, &patch).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(document, json!({"a": {"b": 1, "c": 2}, "l": [{"d": 1}]}));
        assert_eq!(told, ["/a/$patch", "/l/0/$retainKeys"]);
    }
}
