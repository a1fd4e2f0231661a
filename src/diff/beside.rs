//! Objects that a task gains or loses and that another task may have too. Whether such an object is new on a cluster or
//! deleted follows from the whole output.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::objects::{Comparer, ObjectText};
use super::task::{ChangesBuilder, Sides, What, document};
use crate::compile::Manifest;
use crate::tree::RepoPath;

/// An object by kind and name.
pub(super) fn titled(manifest: &Manifest) -> String {
    format!("{} {}", manifest.kind, full(manifest))
}

/// Namespace and name of an object.
pub(super) fn full(manifest: &Manifest) -> String {
    match &manifest.namespace {
        Some(namespace) => format!("{namespace}/{}", manifest.name),
        None => manifest.name.clone(),
    }
}

impl<'a> Sides<'a> {
    /// What stood at a path below a cluster's directory before; the cluster has its name of now.
    pub(super) fn stood(&self, cluster: &str, path: &RepoPath) -> Option<&'a Arc<[u8]>> {
        let cluster = self.former(cluster);
        self.before.compilation.output.get(&RepoPath::new(&format!("{cluster}/{path}")).ok()?)
    }

    /// What stands there now.
    pub(super) fn stands(&self, cluster: &str, path: &RepoPath) -> Option<&'a Arc<[u8]>> {
        self.after.compilation.output.get(&RepoPath::new(&format!("{cluster}/{path}")).ok()?)
    }
}

/// An object that a task gives no longer on some clusters: it goes from those where no other task gives it. `told`:
/// something else says already that it does.
pub(super) fn went(
    sides: &Sides<'_>,
    manifest: &Manifest,
    clusters: &[&str],
    (job, told): (bool, bool),
    build: &mut ChangesBuilder,
    comparer: &mut Comparer<'_>,
) {
    let gone = clusters.iter().copied().filter(|name| sides.stands(name, &manifest.path).is_none());
    let gone: Vec<&str> = gone.collect();
    if gone.is_empty() {
        return;
    }
    let object = titled(manifest);
    if !told {
        build.add(What::ObjectGone { object: object.clone() }, gone.iter().copied());
    }
    let compared = comparer.pair(Some(ObjectText::of(manifest)), None, false);
    document((Some(&manifest.path), None), (!job).then_some(object), compared, (sides, &gone), build);
}

/// What stood at a place before, if anything did, and on which clusters it was that.
type Stood<'a> = (Option<&'a Arc<[u8]>>, Vec<&'a str>);

/// An object that a task gives on clusters where it did not: new, or what another task gave there before, which may have
/// been otherwise. `told`: something else says already that it is new.
pub(super) fn came(
    sides: &Sides<'_>,
    manifest: &Manifest,
    clusters: &[&str],
    (job, told): (bool, bool),
    build: &mut ChangesBuilder,
    comparer: &mut Comparer<'_>,
) {
    let mut by_text: BTreeMap<Option<&[u8]>, Stood<'_>> = BTreeMap::new();
    for name in clusters {
        let stood = sides.stood(name, &manifest.path);
        let key = stood.map(|bytes| &**bytes);
        by_text.entry(key).or_insert_with(|| (stood, Vec::new())).1.push(name);
    }
    let object = titled(manifest);
    for (stood, on) in by_text.into_values() {
        let paths = (stood.map(|_| &manifest.path), Some(&manifest.path));
        let old = stood.map(|bytes| ObjectText { bytes, ..ObjectText::of(manifest) });
        let compared = comparer.pair(old, Some(ObjectText::of(manifest)), false);
        if stood.is_none() && !told {
            build.add(What::ObjectNew { object: object.clone() }, on.iter().copied());
        }
        for field in &compared.fields {
            build.add(What::Field { object: Some(object.clone()), field: field.clone() }, on.iter().copied());
        }
        if !compared.alike() {
            document(paths, (!job).then(|| object.clone()), compared, (sides, &on), build);
        }
    }
}
