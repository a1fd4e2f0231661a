//! Validates the quantities of the inventory as Kubernetes reads them.

use super::quantity;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::Model;

/// Every quantity of a capacity that Kubernetes would not read, or that is less than nothing.
pub fn capacities(model: &Model, diags: &mut Diagnostics) {
    for capacity in model.clusters.iter().chain(&model.misnamed).filter_map(|cluster| cluster.capacity.as_ref()) {
        for (name, value) in [&capacity.allocatable, &capacity.allocated, &capacity.allocating].into_iter().flatten() {
            match quantity::parse(value) {
                Ok(quantity) if quantity.is_negative() => {
                    let message = format!("`{name}` is {}, and a capacity may not be negative", **value);
                    diags.push(Diagnostic::new(Code::InvalidQuantity, value.span, message));
                }
                Ok(_) => {}
                Err(error) => {
                    let mut diagnostic = Diagnostic::new(Code::InvalidQuantity, value.span, error.message);
                    diagnostic.help.extend(error.help);
                    diags.push(diagnostic);
                }
            }
        }
    }
}
