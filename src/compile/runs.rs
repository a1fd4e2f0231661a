//! Collects what each variant runs, and which objects its pods need, for lints.
//!
//! A task is examined while its CronJob is still a value; what it needs from others is resolved once all tasks are
//! there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TaskResult;
use crate::diag::{Clusters, Diagnostics, Gather};
use crate::lint::{self, Present, Running};
use crate::model::{Model, Unit};
use crate::render::{self, Rendered, Surroundings, Variant};

/// What one variant cannot do without, and on which clusters.
pub(super) struct VariantRequirement {
    object: lint::RequiredObject,
    clusters: Vec<usize>,
}

/// Looks at the variants of one task.
pub(super) struct Watch<'a> {
    unit: &'a Unit,
    around: Surroundings<'a>,
    said: Gather,
    wanted: Vec<VariantRequirement>,
}

impl<'a> Watch<'a> {
    /// Has seen nothing yet.
    pub(super) fn new(unit: &'a Unit, around: Surroundings<'a>) -> Self {
        Self { unit, around, said: Gather::default(), wanted: Vec::new() }
    }

    /// Looks at one variant.
    pub(super) fn look(&mut self, variant: &Variant, cron_job: &Value) {
        let unit = self.unit;
        let service = variant.manifests.iter().any(|manifest| manifest.kind == "Service");
        let said = |pointer: &str| render::origin(unit, &variant.overrides, cron_job, pointer).unwrap_or(unit.name);
        let running = Running::new(cron_job, service, &said, unit.name, self.around.sources);
        for diagnostic in lint::running(&running, self.around.fleet) {
            self.said.add(diagnostic, &variant.clusters);
        }
        for object in lint::wanted(&running, self.around.fleet) {
            self.wanted.push(VariantRequirement { object, clusters: variant.clusters.clone() });
        }
    }

    /// Says what was odd; returns what is to be asked for.
    pub(super) fn into_bag(self, rendered: &Rendered, diags: &mut Diagnostics) -> Vec<VariantRequirement> {
        let (placed, scopes) = (placed(rendered), self.around.scopes);
        self.said.into_bag(|cluster| scopes[cluster].cluster.name.as_str(), placed, diags);
        self.wanted
    }
}

/// How many clusters a task is placed on.
fn placed(rendered: &Rendered) -> usize {
    rendered.variants.iter().map(|variant| variant.clusters.len()).sum()
}

/// What no task brings, said once of each place that names it.
pub(super) fn missing(
    model: &Model,
    plan: &[TaskResult],
    wanted: Vec<Vec<VariantRequirement>>,
    diags: &mut Diagnostics,
) {
    // A task that could not be read may bring what another one lacks.
    if wanted.iter().all(Vec::is_empty) || model.has_unread_tasks() {
        return;
    }
    let mut present: Vec<Present<'_>> = model.clusters.iter().map(|_| Present::default()).collect();
    for variant in plan.iter().flat_map(|built| &built.rendered.variants) {
        for cluster in &variant.clusters {
            for made in &variant.manifests {
                present[*cluster].add(&made.kind, made.namespace.as_deref(), &made.name, &made.bytes);
            }
        }
    }
    // Tasks that share a base or a file name the same object at the same place.
    let mut found: BTreeMap<lint::RequiredObject, Clusters> = BTreeMap::new();
    for (built, wanted) in plan.iter().zip(wanted) {
        for VariantRequirement { object, clusters } in wanted {
            let lacking = clusters.iter().filter(|at| !object.is_met_by(&present[**at]));
            let names: Vec<String> = lacking.map(|at| model.clusters[*at].name.value.clone()).collect();
            if !names.is_empty() {
                let of = placed(&built.rendered);
                let all = found.entry(object).or_insert(Clusters { names: Vec::new(), of });
                all.add(&Clusters { names, of });
            }
        }
    }
    for (object, clusters) in found {
        let mut diagnostic = object.diagnostic();
        diagnostic.clusters = Some(clusters);
        diags.push(diagnostic);
    }
}
