//! Errors of patches, as data. An error starts at the failing step and each caller adds its own step in front.

use super::pointer::{Pointer, PointerError};
use serde_json::Value;

/// Why a patch cannot be applied, and where in the patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct PatchError {
    /// The member of the patch that is to blame.
    pub pointer: Pointer,
    /// What is wrong with it.
    pub problem: Box<PatchProblem>,
    /// The operation of a JSON patch that failed.
    pub operation: Option<Operation>,
    /// What to do about it, if there is something to do.
    pub help: Option<String>,
}

/// One operation of a JSON patch, as an error names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its place in the patch, from 0.
    pub index: usize,
    /// `add`, `remove`, `replace`, `move`, `copy`, `test`, or what stood there instead; empty if nothing did.
    pub op: String,
    /// Its `path` as it was written; empty if it has none.
    pub path: String,
}

/// What is wrong with a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchProblem {
    /// A map was needed.
    #[error("{what} must be a map, not {found}")]
    NotAMap {
        /// What must be one.
        what: String,
        /// What it is.
        found: &'static str,
    },
    /// A list was needed.
    #[error("{what} must be a list, not {found}")]
    NotAList {
        /// What must be one.
        what: String,
        /// What it is.
        found: &'static str,
    },
    /// `$patch` says something else than `replace` or `delete`.
    #[error("unknown `$patch` directive `{0}`")]
    UnknownDirective(String),
    /// `$patch: merge` stands in a list element.
    #[error("`$patch: merge` has no meaning in a list")]
    MergeInList,
    /// A directive with a field name in it has none, or is misspelt.
    #[error("`{0}` is not a directive")]
    MalformedDirective(String),
    /// An element of a list that merges by key has no such key.
    #[error("{whose} has no `{key}`, by which this list is merged")]
    MissingMergeKey {
        /// The key.
        key: String,
        /// The patch's element, or one that was there before.
        whose: &'static str,
    },
    /// The key of an element is a map or a list.
    #[error("this list is merged by `{key}`, which cannot be {found}")]
    KeyIsNoScalar {
        /// The key.
        key: String,
        /// What it is.
        found: &'static str,
    },
    /// Two elements of one layer have the same key.
    #[error("two elements have the {key} `{value}`")]
    DuplicateKey {
        /// The key.
        key: String,
        /// What both say.
        value: String,
    },
    /// A merged list holds maps and scalars, or text and numbers.
    #[error("the elements of a merged list must be of one type, here {first} and {other}")]
    MixedElements {
        /// The type of the first element.
        first: &'static str,
        /// Another type that was met.
        other: &'static str,
    },
    /// A list that merges cannot hold this type.
    #[error("a merged list cannot hold {0}")]
    ElementType(&'static str),
    /// A directive names a field that is not a list.
    #[error("`{directive}` names no list of this object")]
    NoSuchList {
        /// The directive.
        directive: String,
    },
    /// `$retainKeys` leaves out a field that the same map sets.
    #[error("`$retainKeys` does not list `{0}`, which the patch sets")]
    NotRetained(String),
    /// The elements of the patch disagree with `$setElementOrder`.
    #[error("the elements are not in the order of `{directive}`, or are missing there")]
    OrderMismatch {
        /// The directive.
        directive: String,
    },
    /// There is nothing to put in order.
    #[error("`{directive}` puts in order a list that is empty")]
    NothingToOrder {
        /// The directive.
        directive: String,
    },
    /// The patch says that it is for another object.
    #[error("the patch is for {field} `{expected}`, but the object's is `{found}`")]
    WrongTarget {
        /// `apiVersion`, `kind` or `metadata.name`.
        field: &'static str,
        /// What the patch says.
        expected: String,
        /// What the object says.
        found: String,
    },
    /// There is no such operation.
    #[error("unknown operation `{0}`")]
    UnknownOperation(String),
    /// An operation lacks a member that it needs.
    #[error("`{op}` needs `{member}`")]
    MissingMember {
        /// The operation.
        op: String,
        /// `op`, `path`, `from` or `value`.
        member: &'static str,
    },
    /// A member of an operation has the wrong type.
    #[error("`{member}` must be a string, not {found}")]
    NotAString {
        /// The member.
        member: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The text of a pointer is wrong.
    #[error("{0}")]
    Pointer(#[from] PointerError),
    /// What should be an index is none.
    #[error("`{0}` is not the index of a list element")]
    BadIndex(String),
    /// The member that the operation is about does not exist.
    #[error("there is no `{0}`")]
    NoSuchMember(Pointer),
    /// A `test` did not hold.
    #[error("`{path}` is {found}, not {expected}")]
    TestFailed {
        /// What was tested.
        path: Pointer,
        /// What the test wants, as JSON.
        expected: String,
        /// What is there, as JSON.
        found: String,
    },
    /// A value would move into itself.
    #[error("`{0}` cannot move into itself")]
    MoveIntoItself(Pointer),
    /// What is copied and moved comes to more than an object can hold.
    #[error(
        "what this patch copies and moves comes to more than {} bytes, and no object can hold more",
        super::MAX_OBJECT
    )]
    CopiesTooMuch,
    /// A value would stand deeper than any object nests.
    #[error("with this operation the object nests more than {} deep", super::weight::MAX_DEPTH)]
    TooDeep,
    /// The whole document would be removed.
    #[error("the whole object cannot be removed by a patch")]
    WholeDocument,
}

impl PatchError {
    /// An error at the very place that is being looked at.
    pub(super) fn here(problem: impl Into<PatchProblem>) -> Self {
        let (pointer, problem) = (Pointer::root(), Box::new(problem.into()));
        Self { pointer, problem, operation: None, help: None }
    }

    /// An error at a member of what is being looked at.
    pub(super) fn at(token: impl ToString, problem: impl Into<PatchProblem>) -> Self {
        Self::here(problem).under(token)
    }

    /// The same error, seen one step further out.
    pub(super) fn under(mut self, token: impl ToString) -> Self {
        self.pointer.push_front(token.to_string());
        self
    }

    /// The same error with advice.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn place(&self) -> String {
        match &self.operation {
            Some(Operation { index, op, path }) if op.is_empty() && path.is_empty() => {
                format!("operation {index}: ")
            }
            Some(Operation { index, op, path }) => {
                format!("operation {index}, `{op}` of `{path}`: ")
            }
            None if self.pointer.is_root() => String::new(),
            None => format!("`{}`: ", self.pointer),
        }
    }
}

/// A value's type, as a message names it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A scalar as a message shows it: strings without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
