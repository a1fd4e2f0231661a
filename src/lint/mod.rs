//! Lints over the whole model and over what tasks run and when: accepted by Kubernetes, and probably not meant. One
//! file per lint.

mod inventory;
mod namespace;
mod overcommitted;
mod runs;
mod schedule;
mod standby;
mod zones;

pub use namespace::namespace;
pub use overcommitted::{Overcommitted, overcommitted};
pub use runs::{Present, RequiredObject, Running, running, wanted};
pub use schedule::{ScheduleVariant, code, possible_daylight, schedule};
pub use standby::standby;

use std::collections::BTreeSet;

use crate::diag::Diagnostics;
use crate::model::Model;
use crate::tree::Span;

/// Runs all rules over a model. Returns the places of the selectors at fault, so that what follows from them is not
/// said again.
pub fn model(model: &Model, diags: &mut Diagnostics) -> BTreeSet<Span> {
    zones::run(model, diags);
    inventory::run(model, diags)
}
