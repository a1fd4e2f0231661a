//! `default-namespace`: nobody said where a task's objects go, so they go to `default`. It does not move them.
//!
//! The one idea: a namespace by accident is a mistake; `defaults: {namespace: default}` makes it a decision.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::Model;

pub(super) fn run(model: &Model, diags: &mut Diagnostics) {
    if model.fleet.defaults.namespace_said || model.clusters.iter().any(|cluster| cluster.namespace.is_some()) {
        return;
    }
    for unit in &model.units {
        let said = unit.layers.iter().any(|layer| {
            let file = layer.body.object.as_ref().and_then(|object| object.value.pointer("/metadata/namespace"));
            layer.body.namespace.is_some() || file.is_some_and(serde_json::Value::is_string)
        });
        if !said {
            let message = format!("task `{}` names no namespace and goes to `default`", unit.identity);
            diags.push(
                Diagnostic::new(Code::DefaultNamespace, unit.name, message).help(
                    "write `metadata.namespace`, or `defaults: {namespace: default}` in the Fleet if it is meant",
                ),
            );
        }
    }
}
