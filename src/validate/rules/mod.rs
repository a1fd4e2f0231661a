//! Rules beyond structure, after Kubernetes 1.36, one file per family. What has the wrong type is skipped: the
//! structure check reports it.

mod affinity;
mod annotations;
mod apply;
mod at;
mod beside;
mod claims;
mod containers;
mod env;
mod files;
mod found;
mod job;
mod later;
mod meta;
mod mounts;
mod pod;
mod policies;
mod ports;
mod probes;
mod projected;
mod resources;
mod security;
mod selector;
mod since;
mod spread;
mod storage;
mod tolerations;
mod volumes;
mod windows;

pub(super) use beside::object as beside;

use serde_json::Value;

use self::at::At;
use self::found::Findings;
use super::quantity::{self, Quantity};
use super::structure::{list, shown};
use super::{Finding, Options, SchemaNode, Valid, names};

/// Everything that is wrong with a CronJob beyond its structure and its schedule.
pub(super) fn cron_job(object: &Value, options: Options) -> (Vec<Finding>, Valid) {
    let mut found = Findings::new(options.version);
    let object = At::root(object);
    apply::object(&object, SchemaNode::cronjob(), &mut found);
    if let Some(metadata) = object.get("metadata") {
        name(&metadata, &mut found);
        meta::object(&metadata, &mut found);
    }
    if let Some(spec) = object.get("spec") {
        job::cron(&spec, &mut found);
        if let Some(template) = spec.get("jobTemplate") {
            if let Some(metadata) = template.get("metadata") {
                later::job_metadata(&metadata, &mut found);
            }
            if let Some(job) = template.get("spec") {
                whole_job(&object, &job, &mut found);
            }
        }
    }
    found.into_parts()
}

/// What server-side apply refuses of the lists of an object, beside what is refused anyway.
pub(super) fn apply_lists(object: &Value, findings: &mut Vec<Finding>) {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let shape = crate::patch::ListShape::of(text("apiVersion"), text("kind"));
    apply::lists(&At::root(object), shape, findings);
}

/// The same for a CronJob, whatever it says it is.
pub(super) fn apply_lists_of_cron_job(object: &Value, findings: &mut Vec<Finding>) {
    apply::lists(&At::root(object), crate::patch::ListShape::cron_job(), findings);
}

fn whole_job(object: &At<'_>, job: &At<'_>, found: &mut Findings) {
    job::check(job, found);
    if let Some(template) = job.get("template") {
        pod::template(&template, found);
    }
    later::check(object, job, found);
}

/// `ValidateCronJobCreate`; of a name that the server completes the beginning is judged, and its five letters counted.
fn name(metadata: &At<'_>, found: &mut Findings) {
    let (name, prefix) = (metadata.words("name"), metadata.words("generateName"));
    if !name.is_empty() {
        found.named(metadata, "name", names::cronjob_name);
    } else if metadata.has("name") && prefix.is_empty() {
        found.filled(metadata, "name");
    }
    if !prefix.is_empty() {
        found.named(metadata, "generateName", names::subdomain_prefix);
        if name.is_empty()
            && let Some(at) = metadata.get("generateName")
        {
            // `GenerateName` cuts what is longer than 58.
            let whole = format!("{}aaaaa", "a".repeat(prefix.len().min(58)));
            found.name(&at, names::cronjob_name(&whole));
        }
    }
    if !metadata.words("namespace").is_empty() {
        found.named(metadata, "namespace", names::namespace);
    }
}

/// The amount that stands there, if it is one.
fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => quantity::parse(text).ok(),
        Value::Number(number) => quantity::parse_number(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of the rules share. It knows no rule.
    //!
    //! A rule on a value gives the pointers of what it finds.

    use super::*;
    use crate::validate::{SCHEMA_VERSION, Version};

    /// No findings.
    pub(super) const NONE: [&str; 0] = [];

    /// What a rule finds, for the newest Kubernetes.
    pub(super) fn found_by(value: Value, rule: impl Fn(&At<'_>, &mut Findings)) -> Vec<String> {
        found_in(SCHEMA_VERSION.minor, value, rule)
    }

    /// What a rule finds, for Kubernetes 1.`minor`.
    pub(super) fn found_in(minor: u16, value: Value, rule: impl Fn(&At<'_>, &mut Findings)) -> Vec<String> {
        let mut found = Findings::new(Version { major: 1, minor });
        rule(&At::root(&value), &mut found);
        found.into_findings().into_iter().map(|finding| finding.pointer).collect()
    }
}
