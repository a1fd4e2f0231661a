//! Rules over the whole model: what is odd although each document by itself is fine. It changes nothing.
//!
//! The one idea: a rule that needs more than one document stands here, one file each, and says what it found by code.

mod inventory;
mod namespace;
mod overcommitted;
mod schedule;
mod standby;
mod zones;

pub use namespace::namespace;
pub use overcommitted::{Committed, overcommitted};
pub use schedule::{Variant, code, schedule};
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
