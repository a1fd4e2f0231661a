//! What follows from a difference beyond its files: updates that the API server refuses, and deletions that take more with
//! them, with the clusters and tasks that they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::cascades::Takes;
use super::normal_objects::normal_objects;
use super::refused_updates::refused_fields;
use super::standing::ObjectKey;
use super::starts_at_once::{self, StartCause, StartsAtOnce};
use crate::compile::Compilation;
use crate::tree::{Difference, RepoPath, ownership};

/// An update that the API server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedUpdate {
    /// The object.
    pub object: String,
    /// The fields that cannot change, by their paths.
    pub fields: Vec<&'static str>,
    /// Its path below the directory of a cluster.
    pub path: String,
    /// The clusters, in order of name.
    pub clusters: Vec<String>,
    /// The tasks that bring the object.
    pub tasks: BTreeSet<String>,
}

/// A deletion that takes more with it than the deleted object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cascade {
    /// The object.
    pub object: String,
    /// What goes with it.
    pub takes: Takes,
    /// Its path below the directory of a cluster.
    pub path: String,
    /// The clusters, in order of name.
    pub clusters: Vec<String>,
    /// What the output still has there, and what is deleted all the same.
    pub taken: Vec<Taken>,
}

/// An object that the output has and that is deleted together with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The path below the output directory.
    pub path: RepoPath,
    /// The task whose CronJob it is.
    pub owner: Option<String>,
    /// The tasks that bring it.
    pub tasks: BTreeSet<String>,
    /// It is not there yet.
    pub created: bool,
}

impl Cascade {
    /// The tasks that have an object among what is taken.
    pub fn tasks(&self) -> BTreeSet<&str> {
        self.taken.iter().flat_map(|taken| &taken.tasks).map(String::as_str).collect()
    }

    /// The objects among what is taken that no task brings, by their paths below the directory of a cluster.
    pub fn others(&self) -> BTreeSet<&str> {
        let others = self.taken.iter().filter(|taken| taken.tasks.is_empty());
        others.map(|taken| below(&taken.path)).collect()
    }
}

/// What follows from a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Updates that are refused, in order of path.
    pub refused: Vec<RefusedUpdate>,
    /// Deletions that take more with them, in order of path.
    pub cascades: Vec<Cascade>,
    /// Copies that may start at once when the difference is applied.
    pub starts: Vec<StartsAtOnce>,
}

impl Consequences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.cascades.is_empty() && self.starts.is_empty()
    }
}

/// What follows from the difference between the existing output and that of a compilation.
pub fn consequences(after: &Compilation, difference: &Difference) -> Consequences {
    let refused = refused(difference);
    let cascades = cascades(after, difference);
    let updated = refused.iter().map(|update| update.path.as_str());
    let taken = cascades.iter().flat_map(|cascade| cascade.taken.iter().map(|taken| below(&taken.path)));
    let paths: BTreeSet<String> = updated.chain(taken).map(str::to_owned).collect();
    let starts = starts_at_once(difference);
    let mut found = Consequences { refused, cascades, starts };
    if paths.is_empty() {
        return found;
    }
    let tasks = bringers(after, &paths);
    let on = |path: &str, clusters: &[String]| -> BTreeSet<String> {
        let all = clusters.iter().filter_map(|cluster| tasks.get(&(cluster.as_str(), path)));
        all.flatten().cloned().collect()
    };
    for update in &mut found.refused {
        update.tasks = on(&update.path, &update.clusters);
    }
    for taken in found.cascades.iter_mut().flat_map(|cascade| &mut cascade.taken) {
        taken.tasks = on(below(&taken.path), &[taken.path.first().to_owned()]);
    }
    found
}

/// The path of a file below the directory of its cluster.
fn below(path: &RepoPath) -> &str {
    path.as_str().split_once('/').map_or("", |(_, below)| below)
}

fn refused(difference: &Difference) -> Vec<RefusedUpdate> {
    type Texts<'a> = (&'a str, &'a Arc<[u8]>, &'a Arc<[u8]>);
    let mut by_texts: BTreeMap<Texts<'_>, Vec<String>> = BTreeMap::new();
    for write in &difference.update {
        if let Some(former) = &write.former {
            let clusters = by_texts.entry((below(&write.path), former, &write.bytes)).or_default();
            clusters.push(write.path.first().to_owned());
        }
    }
    let mut found: BTreeMap<(String, String, Vec<&'static str>), Vec<String>> = BTreeMap::new();
    for ((path, former, bytes), clusters) in by_texts {
        // A file that cannot be read is not an object of ours, so no rule applies to it.
        let (Some(old), Some(new)) = (object_at(path, normal_objects(former)), object_at(path, normal_objects(bytes)))
        else {
            continue;
        };
        let fields = refused_fields(&old, &new);
        if let Some(key) = ObjectKey::of(&new).filter(|_| !fields.is_empty()) {
            found.entry((path.to_owned(), key.to_string(), fields)).or_default().extend(clusters);
        }
    }
    let update = |((path, object, fields), mut clusters): (_, Vec<String>)| {
        clusters.sort_unstable();
        RefusedUpdate { object, fields, path, clusters, tasks: BTreeSet::new() }
    };
    found.into_iter().map(update).collect()
}

/// The CronJobs that may start at once because of their update, by cause.
fn starts_at_once(difference: &Difference) -> Vec<StartsAtOnce> {
    type Texts<'a> = (&'a str, &'a Arc<[u8]>, &'a Arc<[u8]>);
    let mut by_texts: BTreeMap<Texts<'_>, Vec<&str>> = BTreeMap::new();
    for write in difference.update.iter().filter(|write| write.path.as_str().ends_with(".cronjob.yaml")) {
        if let Some(former) = &write.former {
            by_texts.entry((below(&write.path), former, &write.bytes)).or_default().push(write.path.first());
        }
    }
    let mut found: BTreeMap<StartCause, StartsAtOnce> = BTreeMap::new();
    for ((path, former, bytes), clusters) in by_texts {
        let (Some(old), Some(new)) = (object_at(path, normal_objects(former)), object_at(path, normal_objects(bytes)))
        else {
            continue;
        };
        let Some(cause) = starts_at_once::cause(&old, &new) else { continue };
        let first = || StartsAtOnce { cause, copies: BTreeMap::new(), path: path.to_owned() };
        let task = ownership::owner(bytes).map(str::to_owned);
        let task = task.or_else(|| ObjectKey::of(&new).map(|key| key.to_string())).unwrap_or_default();
        let copies = &mut found.entry(cause).or_insert_with(first).copies;
        copies.entry(task).or_default().extend(clusters.into_iter().map(str::to_owned));
    }
    found.into_values().collect()
}

fn cascades(after: &Compilation, difference: &Difference) -> Vec<Cascade> {
    let mut by_texts: BTreeMap<(&str, &Arc<[u8]>), Vec<String>> = BTreeMap::new();
    for removal in &difference.delete {
        if let Some(former) = &removal.former {
            by_texts.entry((below(&removal.path), former)).or_default().push(removal.path.first().to_owned());
        }
    }
    let mut found: Vec<Cascade> = Vec::new();
    for ((path, former), clusters) in by_texts {
        let Some(object) = object_at(path, normal_objects(former)) else { continue };
        let (Some(takes), Some(key)) = (Takes::of(&object), ObjectKey::of(&object)) else { continue };
        let object = key.to_string();
        let same = |known: &&mut Cascade| known.path == path && known.object == object && known.takes == takes;
        match found.iter_mut().find(same) {
            Some(known) => known.clusters.extend(clusters),
            None => found.push(Cascade { object, takes, path: path.to_owned(), clusters, taken: Vec::new() }),
        }
    }
    if found.is_empty() {
        return found;
    }
    let created: BTreeSet<&RepoPath> = difference.create.iter().map(|write| &write.path).collect();
    for cascade in &mut found {
        cascade.clusters.sort_unstable();
        let files = after.output.files().filter(|(path, _)| ownership::is_manifest(path));
        let files = files.filter(|(path, _)| cascade.takes.takes(below(path)));
        let taken = files.filter(|(path, _)| cascade.clusters.iter().any(|cluster| cluster == path.first()));
        cascade.taken = taken
            .map(|(path, bytes)| Taken {
                path: path.clone(),
                owner: ownership::owner(bytes).map(str::to_owned),
                tasks: BTreeSet::new(),
                created: created.contains(path),
            })
            .collect();
    }
    found
}

/// The object of a file that its path is made of: a file that is written byte for byte may hold several.
fn object_at(path: &str, mut objects: Vec<Value>) -> Option<Value> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let text = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let named = |object: &Value| {
        let (Some(kind), Some(name)) = (text(object, "/kind"), text(object, "/metadata/name")) else { return false };
        let namespace = text(object, "/metadata/namespace");
        file == format!("{name}.{}.yaml", kind.to_lowercase())
            && namespace.is_none_or(|namespace| path.split('/').next() == Some(namespace.as_str()))
    };
    let at = objects.iter().position(named).or_else(|| (objects.len() == 1).then_some(0))?;
    Some(objects.swap_remove(at))
}

/// The tasks that bring the objects at some paths below the directory of a cluster, by cluster and path.
fn bringers<'a>(after: &'a Compilation, paths: &'a BTreeSet<String>) -> BTreeMap<(&'a str, &'a str), BTreeSet<String>> {
    let mut found: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for (unit, built) in after.model.units.iter().zip(&after.plan) {
        for variant in &built.rendered.variants {
            let wanted = variant.manifests.iter().filter_map(|manifest| paths.get(manifest.path.as_str()));
            for path in wanted {
                for cluster in &variant.clusters {
                    let cluster = after.model.clusters[*cluster].name.as_str();
                    found.entry((cluster, path)).or_default().insert(unit.identity.to_string());
                }
            }
        }
    }
    found
}
