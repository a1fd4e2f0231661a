//! What the tasks run, variant by variant, and what their pods cannot do without. It judges nothing; `lint` does.
//!
//! The one idea: a task is looked at while it is rendered, when its CronJob is still a value; what it needs of others is
//! kept, and asked for when all tasks are there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use super::Built;
use crate::diag::{Clusters, Code, Diagnostic, Diagnostics, Gather, Place};
use crate::lint::{self, Present, Running};
use crate::model::{Model, Unit};
use crate::render::{self, Rendered, Surroundings, Variant};

/// What was seen of one task.
pub(super) struct Seen {
    odd: Diagnostics,
    wanted: Vec<Wanted>,
}

/// What one variant cannot do without, and on which clusters.
struct Wanted {
    object: lint::Wanted,
    clusters: Vec<usize>,
}

/// Looks at the variants of one task.
pub(super) struct Watch<'a> {
    unit: &'a Unit,
    around: Surroundings<'a>,
    said: Gather,
    wanted: Vec<Wanted>,
}

impl<'a> Watch<'a> {
    /// Has seen nothing yet.
    pub(super) fn new(unit: &'a Unit, around: Surroundings<'a>) -> Self {
        Self { unit, around, said: Gather::default(), wanted: Vec::new() }
    }

    /// Looks at one variant.
    pub(super) fn look(&mut self, variant: &Variant, cron_job: &Value) {
        let unit = self.unit;
        let running = Running {
            cron_job,
            service: variant.manifests.iter().any(|manifest| manifest.kind == "Service"),
            said: &|pointer| render::origin(unit, &variant.overrides, cron_job, pointer).unwrap_or(unit.name),
            sources: self.around.sources,
        };
        for diagnostic in lint::running(&running, self.around.fleet) {
            self.said.add(diagnostic, &variant.clusters);
        }
        for object in lint::wanted(&running, self.around.fleet) {
            self.wanted.push(Wanted { object, clusters: variant.clusters.clone() });
        }
    }

    /// What was seen.
    pub(super) fn seen(self, rendered: &Rendered) -> Seen {
        let (placed, scopes) = (placed(rendered), self.around.scopes);
        let mut odd = Diagnostics::new();
        self.said.into_bag(|cluster| scopes[cluster].cluster.name.as_str(), placed, &mut odd);
        Seen { odd, wanted: self.wanted }
    }
}

/// What was odd about all tasks. Tasks that share a base or a file share its oddities, and each is said once.
fn say(odd: impl Iterator<Item = Diagnostics>, diags: &mut Diagnostics) {
    let mut all: BTreeMap<(Code, Place, String), (Diagnostic, usize)> = BTreeMap::new();
    for one in odd.flatten() {
        match all.entry((one.code, one.place.clone(), one.message.clone())) {
            Entry::Vacant(entry) => drop(entry.insert((one, 0))),
            Entry::Occupied(mut entry) => {
                let (first, more) = entry.get_mut();
                *more += 1;
                if let (Some(known), Some(new)) = (&mut first.clusters, one.clusters) {
                    join(known, &new);
                }
            }
        }
    }
    for (diagnostic, more) in all.into_values() {
        diags.push(match more {
            0 => diagnostic,
            1 => diagnostic.note("another task shares this text"),
            more => diagnostic.note(format!("{more} other tasks share this text")),
        });
    }
}

/// The clusters of two tasks.
fn join(known: &mut Clusters, new: &Clusters) {
    known.names.extend(new.names.iter().cloned());
    known.names.sort();
    known.names.dedup();
    known.of = known.of.max(new.of).max(known.names.len());
}

/// How many clusters a task is placed on.
fn placed(rendered: &Rendered) -> usize {
    rendered.variants.iter().map(|variant| variant.clusters.len()).sum()
}

/// Says what was odd about all tasks, and what no task brings.
pub(super) fn report(model: &Model, plan: &[Built], seen: Vec<Seen>, diags: &mut Diagnostics) {
    let (odd, wanted): (Vec<_>, Vec<_>) = seen.into_iter().map(|seen| (seen.odd, seen.wanted)).unzip();
    say(odd.into_iter(), diags);
    missing(model, plan, wanted, diags);
}

/// What no task brings, said once of each place that names it.
fn missing(model: &Model, plan: &[Built], wanted: Vec<Vec<Wanted>>, diags: &mut Diagnostics) {
    if wanted.iter().all(Vec::is_empty) {
        return;
    }
    let mut present: Vec<Vec<Present<'_>>> = model.clusters.iter().map(|_| Vec::new()).collect();
    for variant in plan.iter().flat_map(|built| &built.rendered.variants) {
        for cluster in &variant.clusters {
            present[*cluster].extend(variant.manifests.iter().map(|manifest| Present {
                kind: &manifest.kind,
                namespace: manifest.namespace.as_deref(),
                name: &manifest.name,
                text: &manifest.bytes,
            }));
        }
    }
    // Tasks that share a base or a file name the same object at the same place.
    let mut found: BTreeMap<lint::Wanted, Clusters> = BTreeMap::new();
    for (built, wanted) in plan.iter().zip(wanted) {
        for Wanted { object, clusters } in wanted {
            let lacking = clusters.iter().filter(|at| !present[**at].iter().any(|there| object.is_met_by(there)));
            let names: Vec<String> = lacking.map(|at| model.clusters[*at].name.value.clone()).collect();
            if !names.is_empty() {
                let of = placed(&built.rendered);
                let all = found.entry(object).or_insert(Clusters { names: Vec::new(), of });
                join(all, &Clusters { names, of });
            }
        }
    }
    for (object, clusters) in found {
        let mut diagnostic = object.diagnostic();
        diagnostic.clusters = Some(clusters);
        diags.push(diagnostic);
    }
}
