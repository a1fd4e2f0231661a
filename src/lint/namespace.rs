//! `default-namespace`: objects go to `default` because no namespace is set. `defaults: {namespace: default}` makes it
//! a decision.

use crate::diag::{Clusters, Code, Diagnostic, Diagnostics};
use crate::model::{Cluster, Layer, Model, Unit};
use crate::place::{self, Decision};

/// Looks at one task, placed.
pub fn namespace(unit: &Unit, decision: &Decision, model: &Model, diags: &mut Diagnostics) {
    if model.fleet.unread
        || model.fleet.defaults.namespace_said
        || model.clusters.iter().all(|cluster| cluster.namespace.is_some())
        || unit.layers.iter().any(|layer| says(layer))
    {
        return;
    }
    let chosen: Vec<&Cluster> = decision.chosen().map(|(at, _)| &model.clusters[at]).collect();
    let nobody = |cluster: &&&Cluster| cluster.namespace.is_none() && !overridden(unit, cluster);
    let names: Vec<String> = chosen.iter().filter(nobody).map(|cluster| cluster.name.value.clone()).collect();
    if names.is_empty() {
        return;
    }
    let message = format!("task `{}` names no namespace and goes to `default`", unit.identity);
    let mut diagnostic = Diagnostic::new(Code::DefaultNamespace, unit.name, message)
        .help("write `metadata.namespace`, or `defaults: {namespace: default}` in the Fleet if it is meant");
    diagnostic.clusters = Some(Clusters { names, of: chosen.len() });
    diags.push(diagnostic);
}

/// Whether a layer says a namespace.
fn says(layer: &Layer) -> bool {
    let file = layer.body.object.as_ref().and_then(|object| object.value.pointer("/metadata/namespace"));
    layer.body.namespace.is_some() || file.is_some_and(serde_json::Value::is_string)
}

/// Whether an override says one for that cluster.
fn overridden(unit: &Unit, cluster: &Cluster) -> bool {
    unit.overrides.iter().any(|over| says(&over.layer) && place::matches(&over.selector, cluster).is_ok())
}
