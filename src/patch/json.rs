//! JSON patch (RFC 6902), by the `json-patch` crate.
//!
//! Patches are read strictly first, so what Kubernetes' library lets pass (a path without a slash, an index `-1`, an
//! `add` without value) is an error by operation and member. Nulls are kept, as the RFC says:
//! [`super::typed::strip_nulls`] is for the caller.

use super::error::{Operation, PatchError, PatchProblem, plain, type_name};
use super::pointer::{Pointer, index};
use super::weight::{MAX_DEPTH, depth};
use super::{MAX_OBJECT, weight};
use json_patch::jsonptr::PointerBuf;
use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchErrorKind, PatchOperation, RemoveOperation, ReplaceOperation,
};
use serde_json::{Map, Value};

/// A list of operations that is well formed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Patch(Vec<PointedOperation>);

#[derive(Clone, PartialEq, Debug)]
struct PointedOperation {
    op: Op,
    path: Pointer,
}

#[derive(Clone, PartialEq, Debug)]
enum Op {
    Add(Value),
    Remove,
    Replace(Value),
    Move(Pointer),
    Copy(Pointer),
    Test(Value),
}

impl Op {
    fn name(&self) -> &'static str {
        match self {
            Op::Add(_) => "add",
            Op::Remove => "remove",
            Op::Replace(_) => "replace",
            Op::Move(_) => "move",
            Op::Copy(_) => "copy",
            Op::Test(_) => "test",
        }
    }
}

const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

impl Patch {
    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The places that the operations write to, in order: `path`, and `from` of a move.
    pub fn writes(&self) -> impl Iterator<Item = &Pointer> {
        self.0.iter().flat_map(|step| {
            let from = if let Op::Move(from) = &step.op { Some(from) } else { None };
            let path = if let Op::Test(_) = &step.op { None } else { Some(&step.path) };
            from.into_iter().chain(path)
        })
    }
}

/// Reads a patch: a list of maps, each with `op`, `path` and what that operation needs. Other members are ignored, as
/// the RFC asks.
///
/// # Errors
/// The first operation that is not well formed; the pointer leads into `value`.
pub fn parse(value: &Value) -> Result<Patch, PatchError> {
    let Value::Array(operations) = value else {
        let what = "a JSON patch".to_owned();
        return Err(PatchError::here(PatchProblem::NotAList { what, found: type_name(value) }));
    };
    let steps = operations.iter().enumerate().map(|(number, operation)| {
        let text = |member| operation.get(member).and_then(Value::as_str).unwrap_or("").to_owned();
        parse_step(operation).map_err(|mut error| {
            error.operation = Some(Operation { index: number, op: text("op"), path: text("path") });
            error.under(number)
        })
    });
    steps.collect::<Result<_, _>>().map(Patch)
}

fn parse_step(value: &Value) -> Result<PointedOperation, PatchError> {
    let Value::Object(map) = value else {
        let what = "an operation".to_owned();
        return Err(PatchError::here(PatchProblem::NotAMap { what, found: type_name(value) }));
    };
    let op = string(map, "op", "an operation")?;
    if !OPERATIONS.contains(&op) {
        let error = PatchError::at("op", PatchProblem::UnknownOperation(op.to_owned()));
        return Err(error.help("it is add, remove, replace, move, copy or test"));
    }
    let path = pointer(map, "path", op)?;
    let value = || {
        let missing = || PatchError::here(PatchProblem::MissingMember { op: op.to_owned(), member: "value" });
        map.get("value").cloned().ok_or_else(missing)
    };
    let op = match op {
        "add" => Op::Add(value()?),
        "replace" => Op::Replace(value()?),
        "test" => Op::Test(value()?),
        "move" => Op::Move(pointer(map, "from", op)?),
        "copy" => Op::Copy(pointer(map, "from", op)?),
        _ => Op::Remove,
    };
    Ok(PointedOperation { op, path })
}

fn string<'a>(map: &'a Map<String, Value>, member: &'static str, op: &str) -> Result<&'a str, PatchError> {
    match map.get(member) {
        None => Err(PatchError::here(PatchProblem::MissingMember { op: op.to_owned(), member })),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(PatchError::at(member, PatchProblem::NotAString { member, found: type_name(other) })),
    }
}

fn pointer(map: &Map<String, Value>, member: &'static str, op: &str) -> Result<Pointer, PatchError> {
    Pointer::parse(string(map, member, op)?).map_err(|error| {
        let help = error.help();
        PatchError::at(member, error).help(help)
    })
}

/// Applies a patch, whole or not at all.
///
/// # Errors
/// The operation that failed, by number, and in `help` how far its pointer does lead.
pub fn apply(document: &mut Value, patch: &Patch) -> Result<(), PatchError> {
    let mut result = document.clone();
    let mut left = MAX_OBJECT;
    for (number, step) in patch.0.iter().enumerate() {
        apply_step(&mut result, step, &mut left).map_err(|mut error| {
            let (op, path) = (step.op.name().to_owned(), step.path.to_string());
            error.operation = Some(Operation { index: number, op, path });
            error.under(number)
        })?;
    }
    *document = result;
    Ok(())
}

/// One operation. `left` is how much may still be copied or moved: a copy of a copy doubles, so that few operations would
/// fill any memory.
fn apply_step(document: &mut Value, step: &PointedOperation, left: &mut usize) -> Result<(), PatchError> {
    let path = buffer(&step.path);
    let taken = match &step.op {
        Op::Move(from) | Op::Copy(from) => from.get(document),
        _ => None,
    };
    *left = left
        .checked_sub(taken.map_or(0, weight))
        .ok_or_else(|| PatchError::at("from", PatchProblem::CopiesTooMuch).help("write what is wanted as `value`"))?;
    let written = match &step.op {
        Op::Add(value) | Op::Replace(value) => Some(value),
        _ => taken,
    };
    if step.path.tokens().len() + written.map_or(0, depth) > MAX_DEPTH {
        return Err(PatchError::at("path", PatchProblem::TooDeep));
    }
    // A move that fails has taken its value out already; what is near is asked of what was there before.
    let moved = taken.filter(|_| matches!(step.op, Op::Move(_))).cloned();
    let operation = match &step.op {
        Op::Add(value) => PatchOperation::Add(AddOperation { path, value: value.clone() }),
        Op::Remove => PatchOperation::Remove(RemoveOperation { path }),
        Op::Replace(value) => PatchOperation::Replace(ReplaceOperation { path, value: value.clone() }),
        Op::Move(from) => PatchOperation::Move(MoveOperation { from: buffer(from), path }),
        Op::Copy(from) => PatchOperation::Copy(CopyOperation { from: buffer(from), path }),
        Op::Test(expected) => return test(document, &step.path, expected),
    };
    json_patch::patch_unsafe(document, std::slice::from_ref(&operation)).map_err(|error| {
        if let (Op::Move(from), Some(value)) = (&step.op, moved)
            && !matches!(error.kind, PatchErrorKind::InvalidFromPointer | PatchErrorKind::CannotMoveInsideItself)
        {
            put_back(document, from, value);
        }
        let before = &*document;
        match (error.kind, &step.op) {
            (PatchErrorKind::InvalidFromPointer, Op::Move(from) | Op::Copy(from)) => {
                missing(before, from, "from", false)
            }
            (PatchErrorKind::CannotMoveInsideItself, Op::Move(from)) => {
                PatchError::at("path", PatchProblem::MoveIntoItself(from.clone()))
            }
            (_, Op::Remove) if step.path.is_root() => PatchError::at("path", PatchProblem::WholeDocument),
            (_, op) => {
                let adds = matches!(op, Op::Add(_) | Op::Move(_) | Op::Copy(_));
                missing(before, &step.path, "path", adds)
            }
        }
    })
}

/// Undoes the first half of a move.
fn put_back(document: &mut Value, from: &Pointer, value: Value) {
    let back = PatchOperation::Add(AddOperation { path: buffer(from), value });
    let _where_it_was_there_is_room = json_patch::patch_unsafe(document, std::slice::from_ref(&back));
}

/// What to say of a pointer that leads nowhere. `adds`: its last step need not exist.
fn missing(document: &Value, pointer: &Pointer, member: &str, adds: bool) -> PatchError {
    let mut parent = pointer.clone();
    let last = parent.pop();
    let length = parent.get(document).and_then(Value::as_array).map(Vec::len);
    match (last, length) {
        (Some(last), Some(length)) if index(&last).is_none() => {
            let error = PatchError::at(member, PatchProblem::BadIndex(last));
            let end = if adds { ", or `-` for the place behind the last" } else { "" };
            error.help(format!("`{parent}` is a list of {length}: write a number from 0{end}"))
        }
        (Some(_), Some(length)) if adds => {
            let error = PatchError::at(member, PatchProblem::NoSuchMember(pointer.clone()));
            error.help(format!("`{parent}` is a list of {length}: the highest place to add at is {length}, or `-`"))
        }
        _ => {
            let error = PatchError::at(member, PatchProblem::NoSuchMember(pointer.clone()));
            if let Some(meant) = joined(document, pointer, adds) {
                return error.help(format!("a `/` in a key is written `~1`: `{meant}`"));
            }
            let wanted = if adds { &parent } else { pointer };
            match wanted.nearest(document).or_else(|| pointer.nearest(document)) {
                Some(nearest) => error.help(nearest.to_string()),
                None => error,
            }
        }
    }
}

/// Maps whose keys are chosen by people and often hold a `/`.
const FREE_KEYS: [&str; 5] = ["annotations", "labels", "matchLabels", "nodeSelector", "data"];

/// The pointer that was meant by one whose steps are the parts of a key with a `/` in it: of a key that is there, or, to
/// add one, of a key below labels, annotations and their like.
fn joined(document: &Value, pointer: &Pointer, adds: bool) -> Option<Pointer> {
    let tokens = pointer.tokens();
    let mut place = document;
    for (at, token) in tokens.iter().enumerate() {
        let Value::Object(map) = place else { return None };
        let whole = |end: usize| tokens[at..end].join("/");
        if !map.contains_key(token) {
            let key = (at + 2..=tokens.len()).find(|end| map.contains_key(&whole(*end)));
            let free = at > 0 && FREE_KEYS.contains(&tokens[at - 1].as_str()) && token.contains('.');
            let end = key.or_else(|| (adds && free && tokens.len() == at + 2).then_some(tokens.len()))?;
            let steps = tokens[..at].iter().cloned().chain([whole(end)]).chain(tokens[end..].iter().cloned());
            return Some(Pointer::from_tokens(steps.collect::<Vec<String>>()));
        }
        place = &map[token];
    }
    None
}

fn test(document: &Value, path: &Pointer, expected: &Value) -> Result<(), PatchError> {
    let Some(found) = path.get(document) else {
        return Err(missing(document, path, "path", false));
    };
    if equal(found, expected) {
        return Ok(());
    }
    let (path, expected, found) = (path.clone(), short(expected), short(found));
    Err(PatchError::at("value", PatchProblem::TestFailed { path, expected, found }))
}

/// Equality as RFC 6902, 4.6 has it: numbers by value, `1` and `1.0` alike.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || ((x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| equal(x, y)))
        }
        (a, b) => a == b,
    }
}

/// A value as a message shows it: JSON, but not pages of it.
fn short(value: &Value) -> String {
    let text = if value.is_string() { value.to_string() } else { plain(value) };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn buffer(pointer: &Pointer) -> PointerBuf {
    PointerBuf::from_tokens(pointer.tokens().iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn patched(mut document: Value, patch: Value) -> Result<Value, PatchError> {
        apply(&mut document, &parse(&patch)?).map(|()| document)
    }

    fn refusal(document: Value, patch: Value) -> (String, String) {
        let before = document.clone();
        let mut document = document;
        let result = parse(&patch).and_then(|patch| apply(&mut document, &patch));
        assert_eq!(document, before, "all or nothing");
        let error = result.unwrap_err();
        (error.to_string(), error.help.unwrap_or_default())
    }

    #[test]
    fn the_examples_of_rfc_6902_hold() {
        for (document, patch, result) in [
            (
                json!({"foo": "bar"}),
                json!([{"op": "add", "path": "/baz", "value": "qux"}]),
                json!({"baz": "qux", "foo": "bar"}),
            ),
            (
                json!({"foo": ["a", "b"]}),
                json!([{"op": "add", "path": "/foo/1", "value": "q"}]),
                json!({"foo": ["a", "q", "b"]}),
            ),
            (json!({"foo": ["a", "q", "b"]}), json!([{"op": "remove", "path": "/foo/1"}]), json!({"foo": ["a", "b"]})),
            (
                json!({"a": {"b": 1}, "c": {}}),
                json!([{"op": "move", "from": "/a/b", "path": "/c/d"}]),
                json!({"a": {}, "c": {"d": 1}}),
            ),
            (
                json!({"foo": [1, 2, 3]}),
                json!([{"op": "move", "from": "/foo/0", "path": "/foo/2"}]),
                json!({"foo": [2, 3, 1]}),
            ),
            (
                json!({"foo": "bar"}),
                json!([{"op": "add", "path": "/x", "value": null}]),
                json!({"foo": "bar", "x": null}),
            ),
            (json!({"foo": 1}), json!([{"op": "add", "path": "", "value": {"a": 1}, "xyz": 1}]), json!({"a": 1})),
            (
                json!({"/": 9, "~1": 10}),
                json!([{"op": "test", "path": "/~01", "value": 10}]),
                json!({"/": 9, "~1": 10}),
            ),
            (
                json!({"foo": ["bar"]}),
                json!([{"op": "add", "path": "/foo/-", "value": ["x"]}]),
                json!({"foo": ["bar", ["x"]]}),
            ),
        ] {
            assert_eq!(patched(document, patch.clone()).unwrap(), result, "{patch}");
        }
    }

    #[test]
    fn what_kubernetes_library_lets_pass_is_refused() {
        for (patch, message) in [
            (json!([{"op": "add", "path": "/x"}]), "operation 0, `add` of `/x`: `add` needs `value`"),
            (
                json!([{"op": "add", "path": "x", "value": 1}]),
                "operation 0, `add` of `x`: the pointer `x` does not begin with `/`",
            ),
            (
                json!([{"op": "add", "path": "/l/-1", "value": 1}]),
                "operation 0, `add` of `/l/-1`: `-1` is not the index of a list element",
            ),
            (
                json!([{"op": "remove", "path": "/l/01"}]),
                "operation 0, `remove` of `/l/01`: `01` is not the index of a list element",
            ),
            (
                json!([{"op": "test", "path": "/absent", "value": null}]),
                "operation 0, `test` of `/absent`: there is no `/absent`",
            ),
            (
                json!([{"op": "copy", "from": "/absent", "path": "/x"}]),
                "operation 0, `copy` of `/x`: there is no `/absent`",
            ),
            (
                json!([{"op": "replace", "path": "/absent", "value": 1}]),
                "operation 0, `replace` of `/absent`: there is no `/absent`",
            ),
            (json!([{"op": "ADD", "path": "/x", "value": 1}]), "operation 0, `ADD` of `/x`: unknown operation `ADD`"),
            (
                json!([{"op": "add", "path": "/a~2", "value": 1}]),
                "operation 0, `add` of `/a~2`: in the pointer `/a~2` a `~` stands that is neither `~0` nor `~1`",
            ),
        ] {
            assert_eq!(refusal(json!({"l": [1, 2]}), patch).0, message);
        }
    }

    #[test]
    fn a_failure_tells_what_is_near() {
        let document = json!({"spec": {"suspend": true, "l": [1, 2]}});
        for (patch, help) in [
            (
                json!([{"op": "replace", "path": "/spec/suspnd", "value": 1}]),
                "`/spec` has no `suspnd`; did you mean `suspend`?",
            ),
            (json!([{"op": "add", "path": "/spce/x", "value": 1}]), "the object has no `spce`; did you mean `spec`?"),
            (json!([{"op": "remove", "path": "/spec/l/2"}]), "`/spec/l` has 2 items, so the last index is 1"),
            (
                json!([{"op": "add", "path": "/spec/l/3", "value": 1}]),
                "`/spec/l` is a list of 2: the highest place to add at is 2, or `-`",
            ),
            (
                json!([{"op": "move", "from": "/spec/suspend", "path": "/spec/no/x"}]),
                "`/spec` has no `no`; it has `l` and `suspend`",
            ),
        ] {
            assert_eq!(refusal(document.clone(), patch).1, help);
        }
    }

    #[test]
    fn copies_of_copies_end_before_the_memory_does() {
        let double = json!({"op": "copy", "from": "/x", "path": "/x/-"});
        let patch = Value::Array(vec![double; 64]);
        let (message, help) = refusal(json!({"x": ["b".repeat(1000)]}), patch);
        assert!(
            message.starts_with("operation 10, `copy` of `/x/-`: what this patch copies and moves comes to more"),
            "{message}"
        );
        assert_eq!(help, "write what is wanted as `value`");
    }

    #[test]
    fn no_patch_nests_without_end() {
        let deeper = json!({"op": "copy", "from": "", "path": "/x"});
        let (message, _) = refusal(json!({"a": 1}), Value::Array(vec![deeper; 300]));
        assert_eq!(message, "operation 249, `copy` of `/x`: with this operation the object nests more than 250 deep");
        let path = "/x".repeat(251);
        let (message, _) = refusal(json!({}), json!([{"op": "add", "path": path, "value": 1}]));
        assert!(message.ends_with("the object nests more than 250 deep"), "{message}");
    }

    #[test]
    fn a_list_whose_equal_neighbours_fail_to_move_is_searched_as_it_was() {
        for list in [json!(["a", "a"]), json!(["a", "b"]), json!(["b", "a"])] {
            let patch = json!([{"op": "move", "from": "/l/0", "path": "/l/9"}]);
            let help = refusal(json!({ "l": list }), patch).1;
            assert_eq!(help, "`/l` is a list of 2: the highest place to add at is 2, or `-`");
        }
    }

    #[test]
    fn an_operation_that_fails_undoes_those_before_it() {
        let patch = json!([{"op": "remove", "path": "/a"}, {"op": "test", "path": "/b", "value": 2}]);
        let (message, _) = refusal(json!({"a": 1, "b": 1}), patch);
        assert_eq!(message, "operation 1, `test` of `/b`: `/b` is 1, not 2");
    }

    #[test]
    fn numbers_are_tested_by_value() {
        let patch = json!([{"op": "test", "path": "/a", "value": [1.0, {"b": 2}]}]);
        assert!(patched(json!({"a": [1, {"b": 2.0}]}), patch).is_ok());
    }

    #[test]
    fn a_value_moves_beside_itself_but_not_into_itself() {
        let document = json!({"a": {"b": 1}});
        let beside = json!([{"op": "move", "from": "/a", "path": "/ab"}]);
        assert_eq!(patched(document.clone(), beside).unwrap(), json!({"ab": {"b": 1}}));
        let into = json!([{"op": "move", "from": "/a", "path": "/a/c"}]);
        assert!(refusal(document, into).0.ends_with("`/a` cannot move into itself"));
    }

    fn operation() -> impl Strategy<Value = Value> {
        let op = prop::sample::select(OPERATIONS.to_vec());
        let place = || "(/[ab0-2-]){0,3}";
        (op, place(), place(), any::<Option<u8>>())
            .prop_map(|(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}))
    }

    proptest! {
        #[test]
        fn any_list_of_operations_applies_whole_or_not_at_all(
            operations in prop::collection::vec(operation(), 0..6)
        ) {
            let before = json!({"a": [1, {"b": 2}], "b": {"a": [], "0": 1}});
            let mut document = before.clone();
            let patch = parse(&Value::Array(operations)).unwrap();
            if apply(&mut document, &patch).is_err() {
                prop_assert_eq!(document, before);
            }
        }
    }
}
