//! Compares two inventories: clusters added, removed, renamed, and changed facts.
//!
//! A directory is a cluster, so a renamed cluster is one removed and one added, shown in one line.

use std::collections::{BTreeMap, BTreeSet};

use super::redaction::secret_names;
use super::task::ComparedState;
use crate::model::{Cluster, Model, TaintEffect};
use crate::secrets::{self, SecretNames};

/// What changes in the inventory.
#[derive(Clone, Debug, Default)]
pub struct InventoryChanges {
    /// Clusters that are new, with the number of their objects.
    pub added: Vec<(String, usize)>,
    /// Clusters that are gone, with the number of their objects.
    pub removed: Vec<(String, usize)>,
    /// Clusters that have another name now.
    pub renamed: Vec<Renamed>,
    /// What is said of others, with the clusters of which it is.
    pub said: Vec<(ClusterFact, Vec<String>)>,
}

/// A cluster that has another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Before.
    pub from: String,
    /// Now.
    pub to: String,
    /// How many objects are deleted under the old name.
    pub gone: usize,
    /// How many are created under the new one.
    pub new: usize,
    /// What is not the same under both names: the paths below the cluster's directory.
    pub differing: Vec<String>,
}

/// Something that is said of clusters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterFact {
    /// What: `taint`, `label tier`, `region`.
    pub what: String,
    /// What it was, if it was there.
    pub old: Option<String>,
    /// What it is, if it is there.
    pub new: Option<String>,
    /// What a taint that is new, or gone, does.
    pub effect: Option<TaintEffect>,
}

/// The text that stands for one that nobody may see.
pub const HIDDEN: &str = "(hidden)";

/// What is said of a cluster, by what it is about. Of capacities only that they are there is of interest here.
fn facts(cluster: &Cluster, names: &SecretNames) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let mut say = |what: &str, text: Option<String>| {
        facts.extend(text.map(|text| (what.to_owned(), text)));
    };
    say("provider", cluster.provider.as_ref().map(|said| said.value.clone()));
    say("region", cluster.region.as_ref().map(|said| said.value.clone()));
    let zones: Vec<&str> = cluster.zones.iter().map(|zone| zone.value.as_str()).collect();
    say("zones", (!zones.is_empty()).then(|| zones.join(", ")));
    say(
        "kubernetesVersion",
        cluster.kubernetes_version.as_ref().map(|said| format!("{}.{}", said.value.0, said.value.1)),
    );
    say("timeZone", cluster.time_zone.as_ref().map(|said| said.value.clone()));
    say("namespace", cluster.namespace.as_ref().map(|said| said.value.clone()));
    for (key, value) in &cluster.labels {
        let hidden = secrets::is_secret(key, &value.value, names);
        say(&format!("label {key}"), Some(if hidden { HIDDEN.to_owned() } else { value.value.clone() }));
    }
    for (name, value) in &cluster.variables {
        let value = value.value.clone().unwrap_or_else(|| "null".to_owned());
        let hidden = secrets::is_secret(name, &value, names);
        say(&format!("variable {name}"), Some(if hidden { HIDDEN.to_owned() } else { value }));
    }
    facts
}

/// What a cluster can take, as one text.
fn capacity(cluster: &Cluster) -> String {
    let Some(capacity) = &cluster.capacity else { return String::new() };
    let mut text = String::new();
    for part in [&capacity.allocatable, &capacity.allocated, &capacity.allocating] {
        part.iter().for_each(|(name, amount)| text.push_str(&format!("{name}={} ", amount.value)));
        text.push('|');
    }
    text
}

/// The facts of a cluster whose values nobody may see, to tell whether they changed.
fn covered(cluster: &Cluster, names: &SecretNames) -> BTreeMap<String, String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let variables = cluster.variables.iter().map(|(name, value)| ("variable", name, text(&value.value)));
    let labels = cluster.labels.iter().map(|(name, value)| ("label", name, value.value.clone()));
    let hidden = variables.chain(labels).filter(|(_, name, value)| secrets::is_secret(name, value, names));
    hidden.map(|(what, name, value)| (format!("{what} {name}"), value)).collect()
}

/// What changes in the inventory.
pub(super) fn inventory(before: ComparedState<'_>, after: ComparedState<'_>) -> InventoryChanges {
    let mut found = InventoryChanges::default();
    let (old, new) = (&before.compilation.model, &after.compilation.model);
    let (old_objects, new_objects) = (objects(before), objects(after));
    let counted = |of: &ObjectsByCluster<'_>, name: &str| of.get(name).map_or(0, BTreeSet::len);
    let gone: Vec<&Cluster> = absent(old, new);
    let come: Vec<&Cluster> = absent(new, old);
    let heirs = heirs((&gone, &old_objects), (&come, &new_objects));
    for cluster in &gone {
        let name = cluster.name.as_str();
        match heirs.get(name) {
            Some(to) => {
                let (gone, new) = (counted(&old_objects, name), counted(&new_objects, to));
                let differing = differing(old_objects.get(name), new_objects.get(to));
                found.renamed.push(Renamed { from: name.to_owned(), to: (*to).to_owned(), gone, new, differing });
            }
            None => found.removed.push((name.to_owned(), counted(&old_objects, name))),
        }
    }
    let taken: BTreeSet<&str> = heirs.values().copied().collect();
    let added = come.iter().map(|cluster| cluster.name.as_str()).filter(|name| !taken.contains(name));
    found.added = added.map(|name| (name.to_owned(), counted(&new_objects, name))).collect();
    let names = secret_names(old).join(&secret_names(new));
    let mut said: BTreeMap<ClusterFact, Vec<String>> = BTreeMap::new();
    for cluster in &new.clusters {
        let Some(was) = named(old, cluster.name.as_str()) else { continue };
        for fact in changed(was, cluster, &names) {
            said.entry(fact).or_default().push(cluster.name.value.clone());
        }
    }
    found.said = said.into_iter().collect();
    found
}

/// The objects of clusters, by path and bytes.
type ObjectsByCluster<'a> = BTreeMap<&'a str, BTreeSet<(&'a str, &'a [u8])>>;

/// Which cluster that came is which of those that are gone. Who is described alike comes first; of several, and of those
/// that are described otherwise and have the same objects for the greater part, who gets the most equal ones.
fn heirs<'c>(
    (gone, old): (&[&'c Cluster], &ObjectsByCluster<'_>),
    (come, new): (&[&'c Cluster], &ObjectsByCluster<'_>),
) -> BTreeMap<&'c str, &'c str> {
    let described = |all: &[&'c Cluster]| -> Vec<(&'c str, Description)> {
        all.iter().map(|cluster| (cluster.name.as_str(), described(cluster))).collect()
    };
    let (gone, come) = (described(gone), described(come));
    let shared = |from: &str, to: &str| match (old.get(from), new.get(to)) {
        (Some(old), Some(new)) => old.intersection(new).count(),
        _ => 0,
    };
    let mut heirs: BTreeMap<&str, &str> = BTreeMap::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for by_description in [true, false] {
        for (from, was) in &gone {
            if heirs.contains_key(from) {
                continue;
            }
            let alike = come.iter().filter(|(to, is)| match by_description {
                _ if taken.contains(to) => false,
                true => was == is,
                false => same_objects(old.get(from), new.get(to)),
            });
            let best = alike.max_by_key(|(to, _)| (shared(from, to), std::cmp::Reverse(*to)));
            if let Some((to, _)) = best {
                taken.insert(to);
                heirs.insert(from, to);
            }
        }
    }
    heirs
}

/// What is said otherwise of a cluster.
fn changed(was: &Cluster, is: &Cluster, names: &SecretNames) -> Vec<ClusterFact> {
    let mut found = Vec::new();
    let taints = |cluster: &Cluster| -> BTreeMap<String, TaintEffect> {
        cluster.taints.iter().map(|taint| (taint.to_string(), taint.effect)).collect()
    };
    let (old, new) = (taints(was), taints(is));
    for (taint, effect) in old.iter().filter(|(taint, _)| !new.contains_key(*taint)) {
        let what = "taint".to_owned();
        found.push(ClusterFact { what, old: Some(taint.clone()), new: None, effect: Some(*effect) });
    }
    for (taint, effect) in new.iter().filter(|(taint, _)| !old.contains_key(*taint)) {
        let what = "taint".to_owned();
        found.push(ClusterFact { what, old: None, new: Some(taint.clone()), effect: Some(*effect) });
    }
    let (old, new) = (facts(was, names), facts(is, names));
    let (old_hidden, new_hidden) = (covered(was, names), covered(is, names));
    for what in old.keys().chain(new.keys()).collect::<BTreeSet<&String>>() {
        if old.get(what) != new.get(what) || old_hidden.get(what) != new_hidden.get(what) {
            let (old, new) = (old.get(what).cloned(), new.get(what).cloned());
            found.push(ClusterFact { what: what.clone(), old, new, effect: None });
        }
    }
    if capacity(was) != capacity(is) {
        found.push(ClusterFact { what: "capacity".to_owned(), old: None, new: None, effect: None });
    }
    found
}

/// Everything that is said of a cluster but its name: facts, taints, capacity.
type Description = (BTreeMap<String, String>, Vec<String>, String);

/// The description of a cluster.
fn described(cluster: &Cluster) -> Description {
    let taints: Vec<String> = cluster.taints.iter().map(ToString::to_string).collect();
    (facts(cluster, &SecretNames::default()), taints, capacity(cluster))
}

/// The clusters of one model that the other lacks.
fn absent<'m>(of: &'m Model, from: &Model) -> Vec<&'m Cluster> {
    of.clusters.iter().filter(|cluster| named(from, cluster.name.as_str()).is_none()).collect()
}

fn named<'m>(model: &'m Model, name: &str) -> Option<&'m Cluster> {
    let at = model.clusters.binary_search_by(|known| known.name.value.as_str().cmp(name)).ok()?;
    Some(&model.clusters[at])
}

/// The objects of each cluster, by path below its directory and bytes, without the marker of an idle one.
fn objects(state: ComparedState<'_>) -> ObjectsByCluster<'_> {
    let mut found = ObjectsByCluster::new();
    for (path, bytes) in state.compilation.output.files() {
        if super::changes::counts(path) {
            let below = path.as_str().split_once('/').map_or("", |(_, below)| below);
            found.entry(path.first()).or_default().insert((below, bytes));
        }
    }
    found
}

/// The paths at which two clusters do not have the same bytes.
fn differing(old: Option<&BTreeSet<(&str, &[u8])>>, new: Option<&BTreeSet<(&str, &[u8])>>) -> Vec<String> {
    let nothing = BTreeSet::new();
    let both = old.unwrap_or(&nothing).symmetric_difference(new.unwrap_or(&nothing));
    let paths: BTreeSet<&str> = both.map(|(path, _)| *path).collect();
    paths.into_iter().map(str::to_owned).collect()
}

/// Whether two clusters have the same paths, and the greater part of them with the same bytes.
fn same_objects(old: Option<&BTreeSet<(&str, &[u8])>>, new: Option<&BTreeSet<(&str, &[u8])>>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let paths = old.iter().map(|(path, _)| path).eq(new.iter().map(|(path, _)| path));
    paths && old.intersection(new).count() * 2 > old.len()
}
