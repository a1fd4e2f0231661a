//! Patches against the recorded answers of `kubectl patch --local`.
//!
//! kubectl decodes the patched object before it prints it. What it refuses only then is not the patch's business: such
//! cases are told by kubectl's own words and counted apart.

use super::{counted, report, vectors};
use fleetcron::patch::pointer::PointerError;
use fleetcron::patch::{ListShape, PatchError, PatchProblem, json, merge, strategic, typed};
use serde_json::Value;
use std::collections::BTreeMap;

type Counts = BTreeMap<String, usize>;

/// Why two answers differ, or under what they are counted apart; nothing if they simply agree.
enum Verdict {
    Agrees,
    Apart(&'static str, String),
    Differs(String),
}

use Verdict::{Agrees, Apart, Differs};

fn cases(kind: &str) -> Option<Vec<Value>> {
    let all = vectors("patch")?;
    Some(all.into_iter().filter(|case| case["type"] == kind).collect())
}

fn suite(kind: &str, judge: impl Fn(&Value) -> Verdict) {
    let Some(cases) = cases(kind) else { return };
    let name = format!("patch-{kind}");
    let (mut failures, mut apart) = (Vec::new(), BTreeMap::<&str, Counts>::new());
    for case in &cases {
        match judge(case) {
            Agrees => {}
            Apart(what, why) => *apart.entry(what).or_default().entry(why).or_default() += 1,
            Differs(how) => failures.push(format!("{}: {how}", case["id"].as_str().unwrap_or("?"))),
        }
    }
    for (what, counts) in &apart {
        counted(&name, what, counts);
    }
    report(&name, cases.len(), &failures);
}

const DECODING: &str = "refused by kubectl only when it decodes the result";
const LEAKS: &str = "clean here, kubectl leaves";

fn shape(case: &Value) -> ListShape {
    let word = |name: &str| case["base"][name].as_str().unwrap_or_default().to_owned();
    ListShape::of(&word("apiVersion"), &word("kind"))
}

fn error_of(case: &Value) -> Option<&str> {
    case["expect"]["error"].as_str().filter(|_| case["expect"].get("kind").is_none())
}

/// Whether kubectl's words say that the patch itself was fine.
fn decoding(error: &str) -> Option<&'static str> {
    [
        ("Object 'Kind' is missing", "kind removed"),
        ("unable to find api field", "unknown field"),
        ("data type is not struct", "unknown field"),
        ("cannot unmarshal", "wrong type"),
        ("unable to decode", "wrong type"),
    ]
    .into_iter()
    .find_map(|(words, class)| error.contains(words).then_some(class))
}

fn leaks(case: &Value) -> Option<&'static str> {
    let notes = case["notes"].as_array()?;
    let has = |note: &str| notes.iter().any(|n| n == note);
    match (has("kubectl-leaves-directive"), has("kubectl-leaves-null")) {
        (true, true) => Some("both"),
        (true, false) => Some("a directive"),
        (false, true) => Some("a null"),
        (false, false) => None,
    }
}

/// kubectl's answer as it should have been: without null members, directives, and what was only there to carry one.
fn cleaned(value: &Value, in_list: bool) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let directive = map.get("$patch").and_then(Value::as_str);
            if directive == Some("delete") || directive == Some("replace") && in_list {
                return None;
            }
            let members = map.iter().filter(|(key, v)| !is_directive(key) && !v.is_null());
            let members = members.filter_map(|(key, v)| Some((key.clone(), cleaned(v, false)?)));
            Some(Value::Object(members.collect()))
        }
        Value::Array(items) => Some(items.iter().filter_map(|item| cleaned(item, true)).collect()),
        scalar => Some(scalar.clone()),
    }
}

fn is_directive(key: &str) -> bool {
    let lists = ["$setElementOrder/", "$deleteFromPrimitiveList/"];
    key == "$patch" || key == "$retainKeys" || lists.iter().any(|prefix| key.starts_with(prefix))
}

fn is_clean(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(key, v)| !is_directive(key) && !v.is_null() && is_clean(v)),
        Value::Array(items) => items.iter().all(is_clean),
        _ => true,
    }
}

/// The same with numbers as kubectl prints them: `80.0` as `80`, and those beyond 64 bits with a sign rounded to a
/// floating-point number (ours keep their digits).
fn rounded(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, v)| (key.clone(), rounded(v))).collect(),
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Number(n) if !n.is_i64() => match n.as_f64() {
            Some(f) if f.fract() == 0.0 && f.abs() < 1e15 => Value::from(f as i64),
            f => Value::from(f),
        },
        scalar => scalar.clone(),
    }
}

fn compare(case: &Value, ours: Result<Value, PatchError>, normal: fn(&Value) -> Value) -> Verdict {
    let theirs = rounded(&case["expect"]);
    match (error_of(case), ours.map(|ours| rounded(&ours))) {
        (Some(error), ours) => match (decoding(error), ours) {
            (_, Err(_)) => Agrees,
            (Some(class), Ok(_)) => Apart(DECODING, class.into()),
            (None, Ok(_)) => Differs(format!("kubectl refuses: {error}")),
        },
        (None, Err(error)) => Differs(format!("refused here: {error}")),
        (None, Ok(ours)) => match leaks(case) {
            None if ours == theirs => Agrees,
            None => Differs(first_difference(&ours, &theirs, String::new())),
            Some(what) => {
                let (theirs, ours) = (normal(&theirs), normal(&ours));
                if ours == theirs {
                    Apart(LEAKS, what.into())
                } else {
                    Differs(first_difference(&ours, &theirs, "(cleaned) ".into()))
                }
            }
        },
    }
}

fn first_difference(ours: &Value, theirs: &Value, at: String) -> String {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()) {
                let (x, y) = (a.get(key), b.get(key));
                if x != y {
                    let at = format!("{at}/{key}");
                    return match (x, y) {
                        (Some(x), Some(y)) => first_difference(x, y, at),
                        (x, y) => format!("{at}: here {x:?}, kubectl {y:?}"),
                    };
                }
            }
            at
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let place = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(0);
            first_difference(&a[place], &b[place], format!("{at}/{place}"))
        }
        (ours, theirs) => format!("{at}: here {ours}, kubectl {theirs}"),
    }
}

#[test]
fn strategic_patches_do_what_kubectl_does() {
    suite("strategic", |case| {
        let mut ours = case["base"].clone();
        let result = strategic::apply(&mut ours, &case["patch"], shape(case)).map(|()| ours);
        if let Ok(ours) = &result
            && is_clean(&case["base"])
            && !is_clean(ours)
        {
            return Differs(format!("a directive or null is left: {ours}"));
        }
        compare(case, result, |theirs| cleaned(theirs, false).unwrap_or_default())
    });
}

#[test]
fn merge_patches_do_what_kubectl_does() {
    /// Here a directive has no meaning, so nothing but its own member goes.
    fn plain(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let members = map.iter().filter(|(key, _)| !is_directive(key));
                Value::Object(members.map(|(key, v)| (key.clone(), plain(v))).collect())
            }
            Value::Array(items) => items.iter().map(plain).collect(),
            scalar => scalar.clone(),
        }
    }
    suite("merge", |case| {
        let mut ours = case["base"].clone();
        let result = merge::apply(&mut ours, &case["patch"]);
        let told = result.as_ref().is_ok_and(|directives| !directives.is_empty());
        if error_of(case).is_none() && told != leaks(case).is_some() {
            return Differs("a directive is not told".into());
        }
        compare(case, result.map(|_| ours), plain)
    });
}

#[test]
fn json_patches_do_what_the_rfc_and_kubectl_agree_on() {
    const ON_PURPOSE: &str = "refused on purpose";
    const RFC: &str = "applied as the RFC says, refused by kubectl";
    fn without_nulls(value: &Value) -> Value {
        let mut value = value.clone();
        typed::strip_nulls(&mut value);
        value
    }
    suite("json", |case| {
        let mut ours = case["base"].clone();
        let result = json::parse(&case["patch"]).and_then(|patch| json::apply(&mut ours, &patch));
        match (error_of(case), result) {
            (None, Err(error)) => match deviation(&error) {
                Some(why) => Apart(ON_PURPOSE, why),
                None => Differs(format!("refused here: {error}")),
            },
            (Some(error), Ok(())) => match beyond_kubectl(error) {
                Some(why) => Apart(RFC, why.into()),
                None => compare(case, Ok(ours), without_nulls),
            },
            (_, result) => compare(case, result.map(|()| ours), without_nulls),
        }
    });
}

/// What Kubernetes' library lets pass against the RFC.
fn deviation(error: &PatchError) -> Option<String> {
    let op = error.operation.as_ref().map_or("", |operation| operation.op.as_str());
    match &*error.problem {
        PatchProblem::MissingMember { op, member: "value" } => Some(format!("{op} without value")),
        PatchProblem::Pointer(PointerError::NoSlash(_)) => Some("path without slash".into()),
        PatchProblem::Pointer(PointerError::Escape(_)) => Some("bad escape".into()),
        PatchProblem::BadIndex(index) if index.trim_start_matches(['-', '+']).parse::<u64>().is_ok() => {
            Some(format!("index {index}"))
        }
        PatchProblem::NoSuchMember(_) if matches!(op, "replace" | "copy" | "test") => {
            Some(format!("{op} of an absent member"))
        }
        _ => None,
    }
}

/// What the RFC allows and Kubernetes' library cannot do.
fn beyond_kubectl(error: &str) -> Option<&'static str> {
    [
        ("add operation does not apply: doc is missing path: \"\"", "add at the root"),
        ("copy operation does not apply: doc is missing from path: :", "copy of the root"),
    ]
    .into_iter()
    .find_map(|(words, class)| error.contains(words).then_some(class))
}
