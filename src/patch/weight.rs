//! The size and depth of a value: bytes of its strings plus one per value. A value over a limit here is over it in any
//! encoding.

use serde_json::Value;

/// What etcd takes in one request unless its operator says otherwise: `DefaultMaxRequestBytes` in
/// `server/embed/config.go`, 1.5 MiB. No object beyond it can be stored.
pub const MAX_OBJECT: usize = 3 << 19;

/// How deep an edit may nest: deeper than any object of a cluster, and not so deep that walking through it ends the stack.
pub(super) const MAX_DEPTH: usize = 250;

/// How many values stand in each other.
pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The least number of bytes in which a value can be stored.
pub fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.values().map(weight).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_count_by_their_bytes_and_all_else_as_one() {
        assert_eq!(weight(&json!(null)), 1);
        assert_eq!(weight(&json!("é")), 3);
        assert_eq!(weight(&json!({"a long name": ["x", 100_000, {}], "b": false})), 7);
        assert_eq!(depth(&json!({"a": ["x", [1], {}], "b": {}})), 3);
    }
}
