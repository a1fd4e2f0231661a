//! Karmada's overriders: edits of one JSON object, in the order in which Karmada runs them.
//!
//! The object is edited as it is given. What an API server or Karmada itself puts into it first (defaults, the label and
//! annotations of the policy that has it) is put in by the caller, who also takes it out again.
//! Source: `pkg/util/overridemanager` of Karmada; `applyPolicyOverriders` there has the order.

mod containers;
mod field;
mod image;
mod maps;
mod operations;

use std::fmt;

use serde_json::Value;

/// What one rule of an override policy does (`policyv1alpha1.Overriders`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overriders {
    /// `imageOverrider`
    pub image: Vec<ImageOverrider>,
    /// `commandOverrider`
    pub command: Vec<ListOverrider>,
    /// `argsOverrider`
    pub args: Vec<ListOverrider>,
    /// `labelsOverrider`
    pub labels: Vec<MapOverrider>,
    /// `annotationsOverrider`
    pub annotations: Vec<MapOverrider>,
    /// `fieldOverrider`
    pub field: Vec<FieldOverrider>,
    /// `plaintext`
    pub plaintext: Vec<OverriderOperation>,
}

impl Overriders {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an overrider does with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaintextOperator {
    /// `add`
    Add,
    /// `remove`
    Remove,
    /// `replace`
    Replace,
}

impl PlaintextOperator {
    /// The operator of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "add" => Some(PlaintextOperator::Add),
            "remove" => Some(PlaintextOperator::Remove),
            "replace" => Some(PlaintextOperator::Replace),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            PlaintextOperator::Add => "add",
            PlaintextOperator::Remove => "remove",
            PlaintextOperator::Replace => "replace",
        }
    }
}

/// `imageOverrider`
#[derive(Clone, Debug, PartialEq)]
pub struct ImageOverrider {
    /// `predicate.path`
    pub path: Option<String>,
    /// `component`
    pub component: Component,
    /// `operator`
    pub operator: PlaintextOperator,
    /// `value`
    pub value: String,
}

/// The parts of an image that can be overridden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The host.
    Registry,
    /// The path at the host.
    Repository,
    /// The tag, or the digest.
    Tag,
}

/// `commandOverrider` and `argsOverrider`
#[derive(Clone, Debug, PartialEq)]
pub struct ListOverrider {
    /// `containerName`
    pub container: String,
    /// `operator`
    pub operator: PlaintextOperator,
    /// `value`
    pub value: Vec<String>,
}

/// `labelsOverrider` and `annotationsOverrider`
#[derive(Clone, Debug, PartialEq)]
pub struct MapOverrider {
    /// `operator`
    pub operator: PlaintextOperator,
    /// `value`
    pub value: Vec<(String, String)>,
}

/// `fieldOverrider`: edits a text that is itself JSON or YAML.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldOverrider {
    /// `fieldPath`
    pub path: String,
    /// `json`
    pub json: Vec<OverriderOperation>,
    /// `yaml`; it wins over `json`.
    pub yaml: Vec<OverriderOperation>,
}

/// One operation of `plaintext`, or of `json` and `yaml` in a `fieldOverrider`.
#[derive(Clone, Debug, PartialEq)]
pub struct OverriderOperation {
    /// `operator`
    pub operator: PlaintextOperator,
    /// `path`, or `subPath`
    pub path: String,
    /// `value`; an absent one is null.
    pub value: Value,
}

/// Whether the overriders for images, commands and arguments see the containers of a CronJob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// As in Karmada, which knows Pod, ReplicaSet, Deployment, DaemonSet, StatefulSet and Job.
    Exact,
    /// CronJobs too.
    CronJobs,
}

/// Reads and writes YAML texts for `fieldOverrider`: this module knows JSON only.
#[derive(Clone, Copy, Debug)]
pub struct YamlTexts {
    /// The value of a text, if it is YAML.
    pub read: fn(&str) -> Option<Value>,
    /// The text of a value, keys sorted.
    pub write: fn(&Value) -> String,
}

/// The lists of [`Overriders`], in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `imageOverrider`
    Image,
    /// `commandOverrider`
    Command,
    /// `argsOverrider`
    Args,
    /// `labelsOverrider`
    Labels,
    /// `annotationsOverrider`
    Annotations,
    /// `fieldOverrider`
    Field,
    /// `plaintext`
    Plaintext,
}

impl Kind {
    /// The name of the field.
    pub fn field(self) -> &'static str {
        match self {
            Kind::Image => "imageOverrider",
            Kind::Command => "commandOverrider",
            Kind::Args => "argsOverrider",
            Kind::Labels => "labelsOverrider",
            Kind::Annotations => "annotationsOverrider",
            Kind::Field => "fieldOverrider",
            Kind::Plaintext => "plaintext",
        }
    }
}

/// What one overrider did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverriderEffect {
    /// The list it stands in.
    pub kind: Kind,
    /// Its place in that list.
    pub index: usize,
    /// The pointers that it changed, in order; none if it changed nothing.
    pub touched: Vec<String>,
    /// It does not look at objects of this kind at all.
    pub blind: bool,
}

/// Why an overrider failed: then the object is not sent to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideError {
    /// The list it stands in.
    pub kind: Kind,
    /// Its place in that list.
    pub index: usize,
    /// The place in `json` or `yaml` of a `fieldOverrider`.
    pub inner: Option<usize>,
    /// The pointer that could not be followed, as it is written; empty if it is not that.
    pub pointer: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an overrider, seen with its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no such member, or no such place in a list.
    Missing {
        /// The last place of the pointer that is there, and the members it has.
        parent: String,
        /// The members or the number of items of that.
        known: Vec<String>,
    },
    /// There is something, and it is not what it must be.
    Not(&'static str),
    /// The image cannot be read.
    Image(String),
    /// The object is encrypted, and passes byte for byte.
    Encrypted,
}

impl fmt::Display for OverrideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Missing { .. } if self.pointer.is_empty() => f.write_str("there is nothing at an empty path"),
            Problem::Missing { .. } => write!(f, "there is nothing at `{}`", self.pointer),
            Problem::Not(what) if self.pointer.is_empty() => write!(f, "it is not {what}"),
            Problem::Not(what) => write!(f, "what stands at `{}` is not {what}", self.pointer),
            Problem::Encrypted => f.write_str("it would change an encrypted object, which passes byte for byte"),
            Problem::Image(text) => write!(f, "`{text}` cannot be read as an image"),
        }
    }
}

impl std::error::Error for OverrideError {}

/// A failure before it is known which overrider it belongs to.
pub(super) struct Fault {
    inner: Option<usize>,
    pointer: String,
    problem: Problem,
}

impl Fault {
    fn new(pointer: impl Into<String>, problem: Problem) -> Self {
        Self { inner: None, pointer: pointer.into(), problem }
    }

    fn under(self, kind: Kind, index: usize) -> OverrideError {
        let Fault { inner, pointer, problem } = self;
        OverrideError { kind, index, inner, pointer, problem }
    }
}

/// Applies the overriders of one rule. The effects are in the order in which they ran, one an overrider.
///
/// # Errors
/// The first overrider that fails; what those before it did stays in the object.
pub fn apply(
    object: &mut Value,
    overriders: &Overriders,
    sees: Sees,
    yaml: YamlTexts,
) -> Result<Vec<OverriderEffect>, OverrideError> {
    let mut effects = Vec::new();
    let blind = containers::pointer(object, sees).is_none();
    for (index, overrider) in overriders.image.iter().enumerate() {
        let touched = image::apply(object, overrider, sees).map_err(|fault| fault.under(Kind::Image, index))?;
        effects.push(OverriderEffect { kind: Kind::Image, index, touched, blind: blind && overrider.path.is_none() });
    }
    for (kind, member, list) in
        [(Kind::Command, "command", &overriders.command), (Kind::Args, "args", &overriders.args)]
    {
        for (index, overrider) in list.iter().enumerate() {
            let touched =
                containers::apply(object, member, overrider, sees).map_err(|fault| fault.under(kind, index))?;
            effects.push(OverriderEffect { kind, index, touched, blind });
        }
    }
    for (kind, member, list) in
        [(Kind::Labels, "labels", &overriders.labels), (Kind::Annotations, "annotations", &overriders.annotations)]
    {
        for (index, overrider) in list.iter().enumerate() {
            let touched = maps::apply(object, member, overrider).map_err(|fault| fault.under(kind, index))?;
            effects.push(OverriderEffect { kind, index, touched, blind: false });
        }
    }
    for (index, overrider) in overriders.field.iter().enumerate() {
        let touched = field::apply(object, overrider, yaml).map_err(|fault| fault.under(Kind::Field, index))?;
        effects.push(OverriderEffect { kind: Kind::Field, index, touched, blind: false });
    }
    for (index, operation) in overriders.plaintext.iter().enumerate() {
        let changed = operations::apply(object, operation).map_err(|fault| fault.under(Kind::Plaintext, index))?;
        let touched = if changed { vec![operation.path.clone()] } else { Vec::new() };
        effects.push(OverriderEffect { kind: Kind::Plaintext, index, touched, blind: false });
    }
    Ok(effects)
}

/// What a member of a JSON object may be called in a message.
fn members(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|at| at.to_string()).collect(),
        _ => Vec::new(),
    }
}
