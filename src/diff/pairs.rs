//! Matches the tasks of two compilations.
//!
//! By name; where a name is gone, a task that gives the same objects under other names is the same task.

use std::collections::BTreeMap;

use serde_json::Value;

use super::objects::{Comparer, ObjectText};
use super::task::{ComparedState, Pair, Sides};
use crate::model::{Identity, Unit};

/// The tasks of both sides, each with its other self.
pub(super) fn pairs(sides: &Sides<'_>, comparer: &Comparer<'_>) -> Vec<Pair> {
    let (before, after) = (sides.before, sides.after);
    let (old, new) = (&before.compilation.model.units, &after.compilation.model.units);
    let place = |units: &[Unit], unit: &Unit| units.binary_search_by(|known| known.identity.cmp(&unit.identity)).ok();
    let mut pairs: Vec<Pair> = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (at, unit) in old.iter().enumerate() {
        match place(new, unit) {
            Some(other) => pairs.push(Pair { before: Some(at), after: Some(other) }),
            None => gone.push(at),
        }
    }
    come.extend((0..new.len()).filter(|at| place(old, &new[*at]).is_none()));
    // A task that gives the very CronJobs of another is that one; then one that gives the same but for names; then one
    // of the same name in another namespace, if its CronJobs are the same, whatever else it brings.
    for by in [MatchedBy::Jobs, MatchedBy::Everything, MatchedBy::Name] {
        if gone.is_empty() || come.is_empty() {
            break;
        }
        let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in &gone {
            let key = by.key(before, *at, |name| sides.today(name), comparer);
            known.entry(key).or_default().push(*at);
        }
        come.retain(|at| {
            let key = by.key(after, *at, |name| name, comparer);
            let Some(alike) = known.get_mut(&key).filter(|alike| !alike.is_empty() && !key.is_empty()) else {
                return true;
            };
            // Of several alike, one with the same name in another namespace first.
            let same = alike.iter().position(|old_at| old[*old_at].identity.name == new[*at].identity.name);
            let was = alike.remove(same.unwrap_or(0));
            gone.retain(|other| *other != was);
            pairs.push(Pair { before: Some(was), after: Some(*at) });
            false
        });
    }
    pairs.extend(gone.into_iter().map(|at| Pair { before: Some(at), after: None }));
    pairs.extend(come.into_iter().map(|at| Pair { before: None, after: Some(at) }));
    pairs
}

/// By what a task is known again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MatchedBy {
    /// Where its CronJobs stand.
    Jobs,
    /// All its objects, and where they go.
    Everything,
    /// Its CronJobs, where they go, and its name without the namespace.
    Name,
}

impl MatchedBy {
    /// A text that is the same for the same task; empty for a task that gives nothing.
    fn key<'n>(
        self,
        state: ComparedState<'n>,
        unit: usize,
        called: impl Fn(&'n str) -> &'n str,
        comparer: &Comparer<'_>,
    ) -> String {
        let identity = &state.compilation.model.units[unit].identity;
        let clusters = &state.compilation.model.clusters;
        let mut parts: Vec<String> = Vec::new();
        for variant in &state.compilation.plan[unit].rendered.variants {
            let mut names: Vec<&str> = variant.clusters.iter().map(|at| called(clusters[*at].name.as_str())).collect();
            names.sort_unstable();
            let Some(job) = variant.manifests.first() else { continue };
            if self == MatchedBy::Jobs {
                parts.extend(names.iter().map(|name| format!("{name}/{}", job.path)));
                continue;
            }
            let all = if self == MatchedBy::Everything { &variant.manifests[..] } else { &variant.manifests[..1] };
            let mut objects: Vec<String> = all
                .iter()
                .map(|manifest| {
                    format!("{} {}", manifest.kind, bare(comparer.object(ObjectText::of(manifest)), identity))
                })
                .collect();
            objects.sort_unstable();
            let name = if self == MatchedBy::Name { identity.name.as_str() } else { "" };
            parts.push(format!("{name}\n{}\non {}", objects.join("\n"), names.join(" ")));
        }
        // Which variant is told first says nothing.
        parts.sort_unstable();
        parts.join("\n")
    }
}

/// An object without its name and namespace.
fn bare(mut object: Value, task: &Identity) -> Value {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("name");
        metadata.remove("namespace");
    }
    let pod = object.pointer_mut("/spec/jobTemplate/spec/template/spec");
    // A container that nobody named is called after its task.
    for container in pod.and_then(|pod| pod.get_mut("containers")).and_then(Value::as_array_mut).into_iter().flatten() {
        if container.get("name").and_then(Value::as_str) == Some(task.name.as_str()) {
            container["name"] = Value::Null;
        }
    }
    object
}
