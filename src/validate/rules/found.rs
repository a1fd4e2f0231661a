//! Collects findings of rules, with defaults for code, level and layer.

use super::at::At;
use crate::diag::{Code, Severity};
use crate::validate::names::NameError;
use crate::validate::{Finding, FindingKind, Valid, Version};

/// The findings of one object, for clusters of one version.
pub(crate) struct Findings {
    /// The Kubernetes that will be asked.
    pub(crate) version: Version,
    /// The versions for which the same would be found.
    valid: Valid,
    findings: Vec<Finding>,
}

impl Findings {
    pub(crate) fn new(version: Version) -> Findings {
        Findings { version, valid: Valid::default(), findings: Vec::new() }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// The findings, and for which versions they hold.
    pub(crate) fn into_parts(self) -> (Vec<Finding>, Valid) {
        (self.findings, self.valid)
    }

    /// Adds a finding as it is.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether the version is at least 1.`minor`; asked only where the answer matters to this very object.
    pub(crate) fn since(&mut self, minor: u16) -> bool {
        self.reached(Version { major: 1, minor })
    }

    /// Whether the version is at least that.
    pub(crate) fn reached(&mut self, version: Version) -> bool {
        self.valid.narrow(self.version, version)
    }

    /// Something that the API server refuses.
    pub(crate) fn refuse(&mut self, at: &At<'_>, message: impl Into<String>) -> &mut Finding {
        self.add(at, Code::InvalidValue, FindingKind::Rule, message.into())
    }

    /// Something with its own code, or of another layer.
    pub(crate) fn add(&mut self, at: &At<'_>, code: Code, kind: FindingKind, message: String) -> &mut Finding {
        self.findings.push_mut(Finding {
            pointer: at.pointer(),
            at_key: false,
            code,
            severity: code.severity(),
            message,
            help: Vec::new(),
            kind,
            within: None,
            beside: None,
        })
    }

    /// A field that must be there and is not, with the reason.
    pub(crate) fn missing(&mut self, at: &At<'_>, field: &str, why: &str) -> &mut Finding {
        let message = format!("`{field}` is missing in `{}`{why}", at.place());
        let finding = self.add(at, Code::MissingField, FindingKind::Rule, message);
        finding.severity = Severity::Error;
        finding.at_key = true;
        finding
    }

    /// A text that must not be empty, whose absence the schema finds.
    pub(crate) fn filled(&mut self, at: &At<'_>, field: &str) -> bool {
        let empty = at.text(field) == Some("");
        if let Some(field_at) = at.get(field).filter(|_| empty) {
            self.refuse(&field_at, format!("`{field}` is empty"));
        }
        !empty
    }

    /// A text that must be there and must not be empty, though the schema does not say so.
    pub(crate) fn required(&mut self, at: &At<'_>, field: &str) -> bool {
        if at.has(field) {
            return self.filled(at, field);
        }
        self.missing(at, field, "");
        false
    }

    /// What a rule about names says.
    pub(crate) fn name(&mut self, at: &At<'_>, said: Result<(), NameError>) -> bool {
        let Err(error) = said else { return true };
        let finding = self.add(at, error.code, FindingKind::Rule, error.message);
        finding.help.extend(error.help);
        false
    }

    /// What a rule about names says of the key of an entry.
    pub(crate) fn key(&mut self, at: &At<'_>, said: Result<(), NameError>) {
        if !self.name(at, said)
            && let Some(finding) = self.findings.last_mut()
        {
            finding.at_key = true;
        }
    }

    /// The same for the text under a field, if it has one.
    pub(crate) fn named(&mut self, at: &At<'_>, field: &str, rule: fn(&str) -> Result<(), NameError>) -> bool {
        match at.get(field).map(|field| (field, field.value().as_str())) {
            Some((field, Some(text))) => self.name(&field, rule(text)),
            _ => true,
        }
    }

    /// A number that must lie between two, both allowed.
    pub(crate) fn within(&mut self, at: &At<'_>, field: &str, least: i64, most: i64) {
        let Some(number) = at.number(field).filter(|number| !(least..=most).contains(number)) else { return };
        if let Some(field_at) = at.get(field) {
            self.refuse(&field_at, format!("`{field}` is {number}, and it must be between {least} and {most}"));
        }
    }

    /// A number that may not be negative, `ValidateNonnegativeField`.
    pub(crate) fn not_negative(&mut self, at: &At<'_>, field: &str) {
        let Some(number) = at.number(field).filter(|number| *number < 0) else { return };
        if let Some(field_at) = at.get(field) {
            self.refuse(&field_at, format!("`{field}` is {number}, and it may not be negative"))
                .help("write 0 or more");
        }
    }

    /// A list that is longer than the API server takes.
    pub(crate) fn at_most(&mut self, at: &At<'_>, field: &str, most: usize) {
        let count = at.list(field).len();
        if let Some(field_at) = at.get(field).filter(|_| count > most) {
            self.refuse(&field_at, format!("`{field}` has {count} items, and {most} are allowed"));
        }
    }

    /// A text that must be one of some, where the schema does not list them.
    pub(crate) fn one_of(&mut self, at: &At<'_>, field: &str, allowed: &[&str]) {
        let Some(text) = at.text(field).filter(|text| !allowed.contains(text)) else { return };
        let Some(field_at) = at.get(field) else { return };
        let message = format!("`{}` is not a value of `{field}`", super::shown(text));
        let meant = crate::diag::nearest(text, allowed.iter().copied());
        let finding = self.refuse(&field_at, message);
        finding.help.extend(meant.map(|meant| format!("did you mean `{meant}`?")));
        finding.help.push(format!("allowed are {}", super::list(allowed)));
    }
}

impl Finding {
    /// Whether the API server itself refuses the object for it.
    pub(crate) fn is_refusal(&self) -> bool {
        let later = matches!(self.kind, FindingKind::Later | FindingKind::Apply | FindingKind::Version);
        self.severity == Severity::Error && !later
    }

    /// Adds something to do.
    pub(crate) fn help(&mut self, text: impl Into<String>) -> &mut Finding {
        self.help.push(text.into());
        self
    }

    /// Points at the key rather than at the value.
    pub(crate) fn at_key(&mut self) -> &mut Finding {
        self.at_key = true;
        self
    }

    /// Names the other field that the fault combines with.
    pub(crate) fn beside(&mut self, other: &At<'_>) -> &mut Finding {
        self.beside = Some(other.pointer());
        self
    }
}
