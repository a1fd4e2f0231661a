//! What Kubernetes would refuse, found before it is asked. It reads no file, knows no text and stops nothing.
//!
//! The one idea: the shape of a CronJob is data ([`schema`]), taken from a Kubernetes release; the rules walk it
//! beside a JSON value and say what they find with a pointer, and the caller, who holds the text, draws it.

pub mod inventory;
pub mod names;
pub mod quantity;
pub mod requests;
mod rules;
pub mod schedule;
pub mod schema;
pub mod structure;
pub mod version;

pub use quantity::Quantity;
pub use requests::Amounts;
pub use schema::{Kind, Schema};
pub(crate) use structure::shown;
pub use structure::{Finding, FindingKind, Options, check};
pub use version::{SCHEMA_VERSION, Version};

/// Everything that is wrong with an object beside a task, for a Kubernetes of that version.
pub fn object_beside(value: &serde_json::Value, version: Version) -> Vec<Finding> {
    rules::beside(value, version)
}

/// Everything that is wrong with a CronJob: its structure, the rules beyond it, its schedule, and what fails later.
pub fn cron_job(value: &serde_json::Value, options: Options) -> Vec<Finding> {
    let mut findings = check(value, Schema::cronjob(), options);
    findings.extend(rules::cron_job(value, options));
    findings.extend(schedule::check(value));
    findings
}
