//! Follows a JSON pointer without allocating.

use serde_json::Value;

/// As [`Value::pointer`].
pub fn reach<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return value.pointer(pointer);
    }
    pointer[1..].split('/').try_fold(value, |value, step| match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => {
            let plain = step == "0" || !step.starts_with(['0', '+']);
            items.get(step.parse::<usize>().ok().filter(|_| plain)?)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leads_where_the_pointer_of_the_library_leads() {
        let value = serde_json::json!({"a": [1, {"b": null, "": 2, "~": 3, "01": 4}], "a/b": 5});
        for pointer in [
            "", "/", "/a", "/a/0", "/a/1/b", "/a/1/", "/a/1/~0", "/a~1b", "/a/00", "/a/+1", "/a/2", "/a/1/01", "a",
            "/a/b",
        ] {
            assert_eq!(reach(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }
}
