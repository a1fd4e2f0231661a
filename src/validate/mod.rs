//! Finds what Kubernetes would refuse.
//!
//! The structure of a CronJob is data ([`schema`]) from a Kubernetes release; rules walk it beside a JSON value and
//! report findings by pointer. The caller knows the source text.

pub mod ages;
pub mod inventory;
pub mod names;
mod normal;
pub mod nulls;
mod once;
pub mod quantity;
pub mod requests;
mod rules;
pub mod schedule;
pub mod schema;
pub mod structure;
pub mod version;

pub use normal::{UNEXPANDED, normal};
pub use quantity::Quantity;
pub use requests::ResourceQuantities;
pub use schema::{SchemaNode, ValueKind};
pub(crate) use structure::shown;
pub use structure::{Finding, FindingKind, Options, check};
pub use version::{SCHEMA_VERSION, Valid, Version};

/// Everything that is wrong with an object beside a task, for a Kubernetes of that version.
pub fn object_beside(value: &serde_json::Value, version: Version) -> Vec<Finding> {
    let mut read = std::borrow::Cow::Borrowed(value);
    if nulls::holds_null(value) {
        nulls::fill_object(read.to_mut());
    }
    let mut findings = rules::beside(&read, version);
    rules::apply_lists(value, &mut findings);
    findings
}

/// Everything that is wrong with a CronJob: its structure, the rules beyond it, its schedule, and what fails later.
pub fn cron_job(value: &serde_json::Value, options: Options) -> Vec<Finding> {
    cron_job_for(value, options).0
}

/// The same, and the versions for which the same is found: of an object without news, all that we know.
pub fn cron_job_for(value: &serde_json::Value, options: Options) -> (Vec<Finding>, Valid) {
    let (written, mut read) = (value, std::borrow::Cow::Borrowed(value));
    if nulls::holds_null(value) {
        nulls::fill(read.to_mut(), SchemaNode::cronjob());
    }
    let value = read.as_ref();
    let mut findings = check(value, SchemaNode::cronjob(), options);
    let (beyond, mut valid) = rules::cron_job(value, options);
    // Of fields that we do not know a version newer than our schema may know more.
    valid.narrow(options.version, Version { minor: SCHEMA_VERSION.minor + 1, ..SCHEMA_VERSION });
    let rules = |mended: &serde_json::Value| rules::cron_job(mended, options).0;
    let beyond = once::told(value, &findings, beyond, rules);
    findings.extend(beyond);
    findings.extend(schedule::check(value));
    rules::apply_lists_of_cron_job(written, &mut findings);
    (findings, valid)
}
