//! Compares a JSON value with the schema: fields, types, ranges, quantities.
//!
//! Measured against kube-apiserver 1.36 with strict field validation: what it decodes passes here. Only a finding
//! allocates.

mod stray;
mod words;

pub(crate) use words::shown;
pub(super) use words::{list, wrong_type};

use serde_json::{Map, Number, Value};

use super::quantity::{self, QuantityError};
use super::{SCHEMA_VERSION, SchemaNode, ValueKind, Version};
use crate::diag::{Code, Severity, nearest};

/// What to look for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The Kubernetes that will be asked. If it is newer than our schema, a field or value that resembles nothing we know
    /// is a warning.
    pub version: Version,
    /// The value is a part that others will complete, an override say: nothing is missing from it.
    pub partial: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { version: SCHEMA_VERSION, partial: false }
    }
}

/// Something that Kubernetes would refuse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The member, as RFC 6901 writes it; for something missing, the object that lacks it.
    pub pointer: String,
    /// Point at the member's key rather than at its value, where it has a key.
    pub at_key: bool,
    /// Which mistake.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to do, if there is something to do.
    pub help: Vec<String>,
    /// Which rule found it.
    pub kind: FindingKind,
    /// The bytes of the text at the pointer that are to blame, where a part of it is.
    pub within: Option<std::ops::Range<usize>>,
    /// Another member that the fault combines with.
    pub beside: Option<String>,
}

/// Which rule found it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FindingKind {
    /// A field that does not exist.
    UnknownField,
    /// A value of another type.
    WrongType,
    /// A number that does not fit its type.
    OutOfRange,
    /// A field that must be there is not.
    Missing,
    /// A text that is not among the allowed ones.
    NotAllowed,
    /// A text that is not a quantity.
    Quantity,
    /// A text that is not a moment.
    Time,
    /// A restart policy that a Job's pod cannot have, or none.
    RestartPolicy,
    /// Another `apiVersion` or `kind` than the schema's.
    OtherKind,
    /// A schedule or a time zone that Kubernetes refuses.
    Timing,
    /// A rule beyond structure.
    Rule,
    /// The CronJob is accepted, and the Job or the Pod that is made of it is not.
    Later,
    /// A POST is accepted, and server-side apply is not.
    Apply,
    /// The cluster's version does not know it, or drops it.
    Version,
}

/// Required in the schema, but absent it is the zero value, and the API server takes that.
const ZERO_WILL_DO: [(&str, &str); 10] = [
    ("HTTPHeader", "value"),
    ("Sysctl", "value"),
    ("SleepAction", "seconds"),
    ("ISCSIVolumeSource", "lun"),
    ("PreferredSchedulingTerm", "preference"),
    ("PodFailurePolicy", "rules"),
    ("ScaleIOVolumeSource", "secretRef"),
    // Their features are off, so they are dropped unread.
    ("ClusterTrustBundleProjection", "path"),
    ("PodCertificateProjection", "keyType"),
    ("PodCertificateProjection", "signerName"),
];

/// Not required in the schema, but the API server asks for it. Source: `pkg/apis/core/validation/validation.go`
/// (`validateContainers`, `ValidatePodSpec`, whose containers cannot come from nowhere).
const ASKED_FOR: [(&str, &str); 3] = [("JobTemplateSpec", "spec"), ("PodTemplateSpec", "spec"), ("Container", "image")];

/// The empty text stands for the default. Source: `pkg/apis/{batch,core}/v1/defaults.go`, the fields that are no pointers.
const EMPTY_IS_DEFAULT: [(&str, &str); 11] = [
    ("CronJobSpec", "concurrencyPolicy"),
    ("PodSpec", "dnsPolicy"),
    ("Container", "imagePullPolicy"),
    ("Container", "terminationMessagePolicy"),
    ("EphemeralContainer", "imagePullPolicy"),
    ("EphemeralContainer", "terminationMessagePolicy"),
    ("ContainerPort", "protocol"),
    ("HTTPGetAction", "scheme"),
    ("Toleration", "operator"),
    ("Toleration", "effect"),
    ("ImageVolumeSource", "pullPolicy"),
];

/// Not enforced: 1.36 drops the field without a word as long as its feature is off.
const DROPPED: (&str, &str) = ("Lifecycle", "stopSignal");

/// Everything in `value` that does not fit `schema`. A member that is null counts as absent.
pub fn check(value: &Value, schema: SchemaNode, options: Options) -> Vec<Finding> {
    let mut walk = StructureWalk { options, findings: Vec::new() };
    walk.value(value, schema, &Path { parent: None, step: PathStep::Root, owner: schema });
    walk.findings
}

/// A place in the value, as a chain of steps from it up to the root.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: PathStep<'a>,
    /// The schema of whatever contains the step.
    owner: SchemaNode,
}

#[derive(Clone, Copy)]
enum PathStep<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    fn key(&'a self, key: &'a str, owner: SchemaNode) -> Path<'a> {
        Path { parent: Some(self), step: PathStep::Key(key), owner }
    }

    fn index(&'a self, index: usize, owner: SchemaNode) -> Path<'a> {
        Path { parent: Some(self), step: PathStep::Index(index), owner }
    }

    /// The nearest key, with an index if there is one behind it: `containers[0]`.
    fn place(&self) -> String {
        match (self.step, self.parent) {
            (PathStep::Key(key), _) => words::shown(key),
            (PathStep::Index(index), Some(parent)) => format!("{}[{index}]", parent.place()),
            (PathStep::Index(index), None) => format!("[{index}]"),
            (PathStep::Root, _) => self.owner.name().to_owned(),
        }
    }

    /// The nearest key without index.
    fn name(&self) -> &str {
        match (self.step, self.parent) {
            (PathStep::Key(key), _) => key,
            (PathStep::Index(_), Some(parent)) => parent.name(),
            _ => "",
        }
    }

    /// Whether the place is below a key.
    fn is_below(&self, above: &str) -> bool {
        self.parent
            .is_some_and(|parent| matches!(parent.step, PathStep::Key(key) if key == above) || parent.is_below(above))
    }

    fn is_root(&self) -> bool {
        matches!(self.step, PathStep::Root)
    }

    fn pointer(&self) -> String {
        let mut text = self.parent.map(Path::pointer).unwrap_or_default();
        match self.step {
            PathStep::Root => {}
            PathStep::Key(key) => {
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            PathStep::Index(index) => text.push_str(&format!("/{index}")),
        }
        text
    }
}

struct StructureWalk {
    options: Options,
    findings: Vec<Finding>,
}

impl StructureWalk {
    fn value(&mut self, value: &Value, schema: SchemaNode, path: &Path<'_>) {
        match (schema.kind(), value) {
            (ValueKind::Any, _) | (ValueKind::Boolean, Value::Bool(_)) => {}
            (ValueKind::Object, Value::Object(map)) => self.object(map, schema, path),
            (ValueKind::Map, Value::Object(map)) => self.members(map, schema, path),
            (ValueKind::List, Value::Array(items)) => self.items(items, schema, path),
            (ValueKind::String, Value::String(text)) => self.text(text, schema, path),
            (ValueKind::Int32 | ValueKind::IntOrString, Value::Number(number)) => {
                self.integer(number, schema, path, true)
            }
            (ValueKind::Int64, Value::Number(number)) => self.integer(number, schema, path, false),
            (ValueKind::IntOrString, Value::String(_)) => {}
            (ValueKind::Quantity, Value::String(text)) => self.quantity(quantity::parse(text), path),
            (ValueKind::Quantity, Value::Number(number)) => self.quantity(quantity::parse_number(number), path),
            (ValueKind::Time, Value::String(text)) => self.time(text, path),
            _ => self.wrong_type(value, schema, path),
        }
    }

    fn object(&mut self, map: &Map<String, Value>, schema: SchemaNode, path: &Path<'_>) {
        for (key, value) in map {
            match schema.field(key) {
                Some(_) if value.is_null() => {}
                Some(field) => self.value(value, field, &path.key(key, schema)),
                None if schema.is_open() => {}
                None => self.unknown(key, map, schema, path),
            }
        }
        if !self.options.partial {
            self.missing(map, schema, path);
        }
        if let Some(group_version) = schema.group_version() {
            self.other_kind(map, "apiVersion", group_version, schema, path);
            self.other_kind(map, "kind", schema.name(), schema, path);
        }
    }

    fn members(&mut self, map: &Map<String, Value>, schema: SchemaNode, path: &Path<'_>) {
        let Some(item) = schema.item() else { return };
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            self.value(value, item, &path.key(key, schema));
        }
    }

    fn items(&mut self, items: &[Value], schema: SchemaNode, path: &Path<'_>) {
        let Some(item) = schema.item() else { return };
        for (index, value) in items.iter().enumerate() {
            let path = path.index(index, schema);
            match value {
                // Go reads null as an object without members.
                Value::Null if item.kind() == ValueKind::Object => self.object(&Map::new(), item, &path),
                Value::Null => {}
                value => self.value(value, item, &path),
            }
        }
    }

    fn missing(&mut self, map: &Map<String, Value>, schema: SchemaNode, path: &Path<'_>) {
        let absent = |field: &str| map.get(field).is_none_or(Value::is_null);
        let shape = schema.name();
        // Of the owners in a template a POST asks nothing.
        if shape == "OwnerReference" && path.is_below("jobTemplate") {
            return;
        }
        for field in schema.required() {
            if absent(field) && !ZERO_WILL_DO.contains(&(shape, *field)) {
                self.lacks(field, path);
            }
        }
        for (_, field) in ASKED_FOR.iter().filter(|(asking, _)| *asking == shape) {
            if absent(field) {
                self.lacks(field, path);
            }
        }
        if shape == "PodSpec" && absent("restartPolicy") && !self.misspelt("restartPolicy", path) {
            let message = format!(
                "`restartPolicy` is missing in `{}`, and the default `Always` cannot be in a Job",
                path.place()
            );
            let help = vec!["write `restartPolicy: Never` or `restartPolicy: OnFailure`".to_owned()];
            self.find(path, true, (Code::RestartPolicy, FindingKind::RestartPolicy), message, help);
        }
        if path.is_root() && (schema.group_version().is_some() || schema.is_open()) {
            let metadata = map.get("metadata").filter(|metadata| !metadata.is_null());
            let named = |field| metadata.is_some_and(|it| it.get(field).is_some_and(|name| !name.is_null()));
            // A `metadata` that is no map is a finding of its own.
            if metadata.is_none_or(Value::is_object) && !named("name") && !named("generateName") {
                let inner = path.key("metadata", schema);
                self.lacks("name", if metadata.is_some() { &inner } else { path });
            }
        }
    }

    /// Whether a field is there, misspelt, and that was said of this very map.
    fn misspelt(&self, field: &str, path: &Path<'_>) -> bool {
        let (here, meant) = (path.pointer(), stray::did_you_mean(field));
        self.findings.iter().any(|finding| {
            finding.kind == FindingKind::UnknownField
                && finding.help.contains(&meant)
                && finding.pointer.rsplit_once('/').is_some_and(|(map, _)| map == here)
        })
    }

    fn lacks(&mut self, field: &str, path: &Path<'_>) {
        if self.misspelt(field, path) {
            return;
        }
        let message = format!("`{field}` is missing in `{}`", path.place());
        self.find(path, true, (Code::MissingField, FindingKind::Missing), message, Vec::new());
    }

    fn other_kind(&mut self, map: &Map<String, Value>, field: &str, want: &str, schema: SchemaNode, path: &Path<'_>) {
        // The server takes the empty text for an absent one.
        if let Some(Value::String(found)) = map.get(field)
            && !found.is_empty()
            && found != want
        {
            let message = format!("`{field}` is `{}` where `{want}` must stand", words::shown(found));
            let rule = (Code::InvalidValue, FindingKind::OtherKind);
            self.find(&path.key(field, schema), false, rule, message, Vec::new());
        }
    }

    fn unknown(&mut self, key: &str, map: &Map<String, Value>, schema: SchemaNode, path: &Path<'_>) {
        let help = stray::proposal(key, map, schema, path);
        let severity = self.severity(help.is_some());
        let mut message = format!("there is no field `{}` in `{}`", words::shown(key), path.place());
        if severity == Severity::Warning {
            message.push_str(&format!(" that we know of: our schema is that of Kubernetes {}", super::SCHEMA_VERSION));
        }
        let help = help.or_else(|| stray::fields(schema)).into_iter().collect();
        let rule = (Code::UnknownField, FindingKind::UnknownField);
        self.find(&path.key(key, schema), true, rule, message, help).severity = severity;
    }

    fn text(&mut self, text: &str, schema: SchemaNode, path: &Path<'_>) {
        let values = schema.enum_values();
        if values.is_empty() {
            return;
        }
        let field = (path.owner.name(), path.name());
        if field == ("PodSpec", "restartPolicy") {
            self.restart_policy(text, path);
            return;
        }
        if values.contains(&text) || (text.is_empty() && EMPTY_IS_DEFAULT.contains(&field)) {
            return;
        }
        let meant = nearest(text, values.iter().copied());
        let message = format!("`{}` is not a value of `{}`", words::shown(text), words::shown(path.name()));
        let mut help: Vec<_> = meant.map(|meant| format!("did you mean `{meant}`?")).into_iter().collect();
        if values.len() <= 10 {
            help.push(format!("allowed are {}", words::list(values)));
        }
        let severity = match field {
            DROPPED => Severity::Warning,
            _ => self.severity(meant.is_some()),
        };
        self.find(path, false, (Code::InvalidValue, FindingKind::NotAllowed), message, help).severity = severity;
    }

    /// `validateJobTemplateSpec` and `ValidateJobSpec` in `pkg/apis/batch/validation/validation.go`.
    fn restart_policy(&mut self, text: &str, path: &Path<'_>) {
        let message = match text {
            "Never" | "OnFailure" => return,
            "Always" => "a Job's pod cannot be restarted always".to_owned(),
            _ => format!("`{}` is not a restart policy that a Job's pod can have", words::shown(text)),
        };
        let help = match nearest(text, ["Never", "OnFailure"]) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "write `Never` or `OnFailure`; the Job's `backoffLimit` says how often it is tried again".to_owned()
            }
        };
        self.find(path, false, (Code::RestartPolicy, FindingKind::RestartPolicy), message, vec![help]);
    }

    fn integer(&mut self, number: &Number, schema: SchemaNode, path: &Path<'_>, small: bool) {
        let (bits, fits) = match number.as_i64() {
            Some(value) if small => (32, i32::try_from(value).is_ok()),
            Some(_) => (64, true),
            None => (if small { 32 } else { 64 }, false),
        };
        if fits {
            return;
        }
        if number.is_f64() {
            self.wrong_type(&Value::Number(number.clone()), schema, path);
            return;
        }
        let message = format!("{number} does not fit `{}`, an integer of {bits} bits", words::shown(path.name()));
        self.find(path, false, (Code::InvalidValue, FindingKind::OutOfRange), message, Vec::new());
    }

    fn quantity(&mut self, parsed: Result<quantity::Quantity, QuantityError>, path: &Path<'_>) {
        if let Err(error) = parsed {
            let help = error.help.into_iter().collect();
            self.find(path, false, (Code::InvalidQuantity, FindingKind::Quantity), error.message, help);
        }
    }

    fn time(&mut self, text: &str, path: &Path<'_>) {
        if !words::is_moment(text) {
            let message = format!("`{}` is not a moment in the form `2006-01-02T15:04:05Z`", words::shown(text));
            self.find(path, false, (Code::InvalidValue, FindingKind::Time), message, Vec::new());
        }
    }

    fn wrong_type(&mut self, value: &Value, schema: SchemaNode, path: &Path<'_>) {
        let (message, help) = words::wrong_type(value, schema, path.name(), matches!(path.step, PathStep::Index(_)));
        let rule = (Code::WrongType, FindingKind::WrongType);
        self.find(path, false, rule, message, help.into_iter().collect());
    }

    /// How much something matters that we do not know, and that may resemble something we know.
    fn severity(&self, similar: bool) -> Severity {
        if self.options.version.newer_than_schema() && !similar { Severity::Warning } else { Severity::Error }
    }

    fn find(
        &mut self,
        path: &Path<'_>,
        at_key: bool,
        (code, kind): (Code, FindingKind),
        message: String,
        help: Vec<String>,
    ) -> &mut Finding {
        let pointer = path.pointer();
        let severity = Severity::Error;
        self.findings.push_mut(Finding {
            pointer,
            at_key,
            code,
            severity,
            message,
            help,
            kind,
            within: None,
            beside: None,
        })
    }
}

#[cfg(test)]
mod tests;
