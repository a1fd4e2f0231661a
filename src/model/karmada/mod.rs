//! What documents of Karmada mean: policies, override policies, templates. Rules with their sources:
//! `docs/karmada-parity.md`.

mod draft;
mod policy;
mod selector;
mod template;
mod terms;

pub use draft::{DraftGroup, DraftSpread, DraftToleration, DraftWeights, Objection, Scheduling, WrittenPlacement};
pub use policy::{OverridePolicy, OverrideRule, Policy, PolicyScope, Suspension};
pub use selector::{ResourceSelector, labels_of};
pub use template::{Compatibility, Obstacle, Template, TemplateKey};
pub use terms::{LabelRequirement, Terms, is_key, is_name};
