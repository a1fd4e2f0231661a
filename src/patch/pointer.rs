//! JSON pointers (RFC 6901). [`Pointer::nearest`] says what exists near a missing place.

use serde_json::Value;
use std::fmt;

/// A place in a JSON document: the steps from its root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pointer(Vec<String>);

/// Why a text is not a [`Pointer`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// It is neither empty nor begins with `/`.
    #[error("the pointer `{0}` does not begin with `/`")]
    NoSlash(String),
    /// A `~` is followed by something else than `0` or `1`.
    #[error("in the pointer `{0}` a `~` stands that is neither `~0` nor `~1`")]
    Escape(String),
}

impl PointerError {
    /// What to write instead.
    pub fn help(&self) -> String {
        match self {
            PointerError::NoSlash(text) => format!("write `/{text}`"),
            PointerError::Escape(_) => "write `~0` for `~` and `~1` for `/` inside a name".into(),
        }
    }
}

/// How far a pointer that leads nowhere does lead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NearestPath {
    /// The longest part of the pointer that exists.
    pub existing: Pointer,
    /// The step that does not exist.
    pub missing: String,
    /// What stands where the pointer stops.
    pub there: There,
}

/// What stands where a pointer stops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum There {
    /// A map without the member; the member spelt most like it.
    Map {
        /// The nearest spelling, if one is near.
        similar: Option<String>,
        /// Its members, if they are few.
        members: Vec<String>,
    },
    /// A list that is shorter, or a step that is no index.
    List {
        /// How many elements it has.
        length: usize,
    },
    /// A scalar, which has no members.
    Scalar,
}

/// So many members are still read.
const FEW: usize = 8;

impl fmt::Display for NearestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.existing.is_root();
        let existing = if whole { "the object".to_owned() } else { format!("`{}`", self.existing) };
        match &self.there {
            There::Map { similar, members } => {
                write!(f, "{existing} has no `{}`", self.missing)?;
                match (similar, members.split_last()) {
                    (Some(similar), _) => write!(f, "; did you mean `{similar}`?"),
                    (None, Some((last, []))) => write!(f, "; it has `{last}`"),
                    (None, Some((last, rest))) => write!(f, "; it has `{}` and `{last}`", rest.join("`, `")),
                    (None, None) => Ok(()),
                }
            }
            There::List { length: 0 } => write!(f, "{existing} is an empty list"),
            There::List { length: 1 } => write!(f, "{existing} has 1 item, so its only index is 0"),
            There::List { length } => {
                write!(f, "{existing} has {length} items, so the last index is {}", length - 1)
            }
            There::Scalar => write!(f, "{existing} has no members"),
        }
    }
}

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads the text form: empty, or each step behind a `/`, with `~1` for `/` and `~0` for `~`.
    ///
    /// # Errors
    /// [`PointerError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PointerError::NoSlash(text.to_owned()));
        };
        rest.split('/')
            .map(|token| unescape(token).ok_or_else(|| PointerError::Escape(text.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A pointer of these steps, which are not escaped.
    pub fn from_tokens<T: Into<String>>(tokens: impl IntoIterator<Item = T>) -> Self {
        Self(tokens.into_iter().map(Into::into).collect())
    }

    /// The steps, not escaped.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether it is the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes one step further in.
    pub fn push(&mut self, token: impl Into<String>) {
        self.0.push(token.into());
    }

    /// Goes one step back out, and gives that step.
    pub fn pop(&mut self) -> Option<String> {
        self.0.pop()
    }

    /// The place one step further in.
    #[must_use]
    pub fn join(&self, token: impl ToString) -> Self {
        let mut longer = self.clone();
        longer.push(token.to_string());
        longer
    }

    /// Whether `self` is `outer` or lies inside it.
    pub fn starts_with(&self, outer: &Pointer) -> bool {
        self.0.starts_with(&outer.0)
    }

    /// The value there, if there is one.
    pub fn get<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, token| step(value, token))
    }

    /// The value there, to change.
    pub fn get_mut<'a>(&self, document: &'a mut Value) -> Option<&'a mut Value> {
        self.0.iter().try_fold(document, |value, token| match value {
            Value::Object(map) => map.get_mut(token),
            Value::Array(items) => items.get_mut(index(token)?),
            _ => None,
        })
    }

    /// How far it leads, if it leads nowhere.
    pub fn nearest(&self, document: &Value) -> Option<NearestPath> {
        let mut value = document;
        for (depth, token) in self.0.iter().enumerate() {
            let Some(next) = step(value, token) else {
                let existing = Self(self.0[..depth].to_vec());
                let there = match value {
                    Value::Object(map) => There::Map {
                        similar: similar(token, map.keys()).map(str::to_owned),
                        members: if map.len() <= FEW { map.keys().cloned().collect() } else { Vec::new() },
                    },
                    Value::Array(items) => There::List { length: items.len() },
                    _ => There::Scalar,
                };
                return Some(NearestPath { existing, missing: token.clone(), there });
            };
            value = next;
        }
        None
    }

    pub(super) fn push_front(&mut self, token: String) {
        self.0.insert(0, token);
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(f, "/{}", escape(token)))
    }
}

/// One step of a pointer, escaped for the text form.
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// A list index as RFC 6901 writes it: digits without sign, space or leading zero.
pub(super) fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    let digits = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    if canonical && digits { token.parse().ok() } else { None }
}

fn step<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(token),
        Value::Array(items) => items.get(index(token)?),
        _ => None,
    }
}

fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

/// The name nearest to `word`, if it is near enough to be a slip. It is the rule of `diag`, which this room may
/// not name.
fn similar<'a>(word: &str, names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = |text: &str| text.chars().count();
    let near = |name: &'a String| {
        let other = name.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &other);
        let (longest, shortest) = (length(&lower).max(length(&other)), length(&lower).min(length(&other)));
        let contained = shortest >= 4 && (other.contains(&lower) || lower.contains(&other));
        match distance * 3 <= longest.max(3) {
            true => Some((distance, name)),
            false => contained.then_some((distance + longest, name)),
        }
    };
    names.filter_map(near).min().map(|(_, name)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn nearest(document: &Value, pointer: &str) -> String {
        Pointer::parse(pointer).unwrap().nearest(document).unwrap().to_string()
    }

    #[test]
    fn the_examples_of_rfc_6901_lead_where_it_says() {
        let document = json!({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7});
        for (text, value) in [
            ("/foo", json!(["bar", "baz"])),
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/m~0n", json!(8)),
            ("/ ", json!(7)),
        ] {
            assert_eq!(Pointer::parse(text).unwrap().get(&document), Some(&value), "{text}");
        }
        assert_eq!(Pointer::root().get(&document), Some(&document));
    }

    #[test]
    fn escapes_are_read_once() {
        assert_eq!(Pointer::parse("/a~01b").unwrap().tokens(), ["a~1b"]);
    }

    #[test]
    fn a_bad_text_is_refused_with_advice() {
        let error = Pointer::parse("spec/x").unwrap_err();
        assert_eq!(error.help(), "write `/spec/x`");
        assert!(matches!(Pointer::parse("/a~2").unwrap_err(), PointerError::Escape(_)));
        assert!(matches!(Pointer::parse("/a~").unwrap_err(), PointerError::Escape(_)));
    }

    #[test]
    fn only_plain_digits_are_an_index() {
        let list = json!([1, 2]);
        for token in ["-1", "01", "+1", "1e0", " 1", "-", "", "99999999999999999999"] {
            assert_eq!(Pointer::from_tokens([token]).get(&list), None, "{token}");
        }
    }

    #[test]
    fn a_missing_place_names_its_neighbours() {
        let document = json!({"spec": {"suspend": true, "x": [1, 2], "one": [1], "none": []}});
        assert_eq!(nearest(&document, "/spec/suspnd/y"), "`/spec` has no `suspnd`; did you mean `suspend`?");
        assert_eq!(nearest(&document, "/spec/isSuspended"), "`/spec` has no `isSuspended`; did you mean `suspend`?");
        assert_eq!(nearest(&document, "/spec/x/2"), "`/spec/x` has 2 items, so the last index is 1");
        assert_eq!(nearest(&document, "/spec/one/2"), "`/spec/one` has 1 item, so its only index is 0");
        assert_eq!(nearest(&document, "/spec/none/-"), "`/spec/none` is an empty list");
        assert_eq!(nearest(&document, "/spec/suspend/y"), "`/spec/suspend` has no members");
        assert_eq!(nearest(&document, "/zzz"), "the object has no `zzz`; it has `spec`");
        assert_eq!(nearest(&document, "/spec/zzz"), "`/spec` has no `zzz`; it has `none`, `one`, `suspend` and `x`");
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(tokens in prop::collection::vec(".*", 0..5)) {
            let pointer = Pointer::from_tokens(tokens);
            prop_assert_eq!(Pointer::parse(&pointer.to_string()), Ok(pointer));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Pointer::parse(&text);
        }
    }
}
