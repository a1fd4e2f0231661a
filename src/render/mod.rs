//! Renders one task into manifests: layers, references, overrides, patches, bytes.
//!
//! Clusters are grouped into [`Variant`]s by everything that can differ (matching overrides, values of references,
//! zone, namespace), and each variant is merged, validated and emitted once.

mod apply_size;
mod beside;
mod blame;
mod file_path;
mod flux;
mod fold;
mod identity;
pub mod karmada;
mod misplaced;
mod nulls;
mod object;
mod orders;
mod patching;
mod path;
mod pod;
mod references;
mod resources;
mod sha256;
mod spots;
mod starts;
mod variant;
mod wanted;

pub use crate::model::cluster_wide;
pub use beside::{files, version as kubernetes_version};
pub use blame::{origin, said, said_by};
pub(crate) use object::Ordered;
pub use object::{HEADER, Manifest};
pub use orders::{Orders, Share};
pub use references::Scope;
pub use wanted::{RequestedRuns, wanted};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use self::variant::VariantKey;
use crate::diag::{Diagnostics, Gather};
use crate::model::{Fleet, Model, Override, Reach, Timing, Unit};
use crate::place::{self, Decision};
use crate::tree::{SourceTree, Span};
use crate::validate::ResourceQuantities;

/// Clusters of one task that get the same bytes.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The clusters, by index in the inventory.
    pub clusters: Vec<usize>,
    /// The overrides that apply, by index in the unit, in order of precedence.
    pub overrides: Vec<usize>,
    /// Pods of one run: the parallelism of the finished CronJob.
    pub instances: u32,
    /// A patch has undone what the plan decides: which copies run, a share, or what pods are told of it.
    pub undone: bool,
    /// The CronJob first, then the objects beside it.
    pub manifests: Vec<Manifest>,
    /// When its CronJob runs.
    pub timing: Timing,
    /// What one pod of the finished CronJob requests, if it can be read.
    pub requests: Option<ResourceQuantities>,
}

/// What one override did.
#[derive(Clone, Debug, Default)]
pub struct Effect {
    /// The chosen clusters that its selector meets.
    pub reached: Vec<usize>,
    /// Those of them on which it changed something.
    pub changed: Vec<usize>,
    /// By the place of an entry of `images` that names the images it is for: where there was none.
    pub missed: BTreeMap<Span, Missed>,
}

/// Clusters on which an entry of `images` found no image by its name.
#[derive(Clone, Debug, Default)]
pub struct Missed {
    /// The clusters.
    pub clusters: Vec<usize>,
    /// The names of the images that are there.
    pub names: BTreeSet<String>,
}

/// What the overrides of a task did. Most reach nothing where many tasks share them, and of these nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Effects(BTreeMap<usize, Effect>);

impl Effects {
    /// That of one override, by index in the unit.
    pub fn get(&self, at: usize) -> &Effect {
        const NONE: &Effect = &Effect { reached: Vec::new(), changed: Vec::new(), missed: BTreeMap::new() };
        self.0.get(&at).unwrap_or(NONE)
    }

    /// Those of the overrides that reach a cluster, with their index in the unit, in its order.
    pub fn reaching(&self) -> impl Iterator<Item = (usize, &Effect)> {
        self.0.iter().map(|(at, effect)| (*at, effect))
    }
}

/// A task, rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Its variants, in order of their first cluster.
    pub variants: Vec<Variant>,
    /// What its overrides did.
    pub effects: Effects,
    /// The references that stand in what was rendered, `var.domain` say.
    pub references: BTreeSet<String>,
}

/// What rendering needs beside the unit.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The settings.
    pub fleet: &'a Fleet,
    /// What references mean on each cluster, in the order of the inventory, before the task speaks.
    pub scopes: &'a [Scope<'a>],
    /// The texts, to show places in them.
    pub sources: &'a SourceTree,
    /// Which clusters the overrides that tasks share select.
    pub reach: &'a SharedReach,
}

/// Which clusters each override that tasks share selects: asked for each pair of a task and an override, and found once
/// for each override.
#[derive(Debug, Default)]
pub struct SharedReach(HashMap<usize, Vec<usize>>);

impl SharedReach {
    /// That of the overrides of all tasks.
    pub fn of(model: &Model) -> Self {
        let mut found = HashMap::new();
        let overrides = model.units.iter().flat_map(|unit| &unit.overrides);
        for over in overrides.filter(|over| over.reach == Reach::Shared) {
            found.entry(Arc::as_ptr(over).addr()).or_insert_with(|| {
                let selects = |at: &usize| place::matches(&over.selector, &model.clusters[*at]).is_ok();
                (0..model.clusters.len()).filter(selects).collect()
            });
        }
        Self(found)
    }

    /// The clusters that an override selects, by index in the inventory; `None` if no other task may have it.
    pub fn clusters(&self, over: &Arc<Override>) -> Option<&[usize]> {
        self.0.get(&Arc::as_ptr(over).addr()).map(Vec::as_slice)
    }
}

/// Renders a task for the clusters chosen, with what the plan says of each. `look` sees each variant with its CronJob
/// while that is a value and not only bytes.
pub fn render(
    unit: &Unit,
    (decision, orders): (&Decision, &Orders),
    around: Surroundings<'_>,
    mut look: impl FnMut(&Variant, &Value),
    diags: &mut Diagnostics,
) -> Rendered {
    let mut rendered = Rendered::default();
    let own = variant::own_names(unit);
    let groups = variant::group(unit, &own, (decision, orders), around);
    let chosen = decision.chosen().count();
    let prefix = variant::prefix(unit, &own, around);
    let mut said = Gather::default();
    for (key, clusters) in groups {
        let VariantKey { overrides, .. } = &key;
        rendered.references.extend(key.references().map(str::to_owned));
        for i in overrides {
            rendered.effects.0.entry(*i).or_default().reached.extend(&clusters);
        }
        if let Some(diagnostic) = variant::too_many_steps(unit, overrides, around) {
            said.add(diagnostic, &clusters);
            // What is not laid over the task is not without effect.
            for i in overrides {
                rendered.effects.0.entry(*i).or_default().changed.extend(&clusters);
            }
            continue;
        }
        let versions = variant::by_version(&clusters, around);
        let built = variant::build(unit, &key, clusters[0], versions.keys(), &prefix, around);
        for i in &built.changed {
            rendered.effects.0.entry(*i).or_default().changed.extend(&clusters);
        }
        for (span, names) in built.missed {
            for i in overrides.iter().filter(|i| unit.overrides[**i].layer.body.images.iter().any(|r| r.span == span)) {
                let missed = rendered.effects.0.entry(*i).or_default().missed.entry(span).or_default();
                missed.clusters.extend(&clusters);
                missed.names.extend(names.iter().cloned());
            }
        }
        for diagnostic in built.diags {
            said.add(diagnostic, &clusters);
        }
        for (of_version, clusters) in built.checked.into_iter().zip(versions.values()) {
            of_version.into_iter().for_each(|diagnostic| said.add(diagnostic, clusters));
        }
        let variant::RenderedVariant { instances, undone, manifests, timing, requests, cron_job, .. } = built;
        let variant = Variant { clusters, overrides: key.overrides, instances, undone, manifests, timing, requests };
        look(&variant, &cron_job);
        rendered.variants.push(variant);
    }
    said.into_bag(|cluster| around.scopes[cluster].cluster.name.as_str(), chosen, diags);
    rendered.variants.sort_by_key(|variant| variant.clusters[0]);
    for effect in rendered.effects.0.values_mut() {
        effect.reached.sort_unstable();
        effect.changed.sort_unstable();
    }
    rendered
}
