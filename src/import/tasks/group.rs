//! Groups the CronJobs of all clusters into tasks: by kind, namespace and name, and by names that contain a value of their
//! own cluster in the same place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::body::take_apart;
use super::read::{ReadObjects, Sources};
use super::template::{Refs, replace_words};

/// One cluster's CronJob.
#[derive(Clone, Debug)]
pub(super) struct ClusterCopy {
    pub(super) cluster: usize,
    pub(super) object: Arc<Value>,
    /// `suspend`, where it is written.
    pub(super) suspend: Option<bool>,
    /// Why it cannot be written as a task's body.
    pub(super) needs_file: Option<String>,
    /// The number of its file.
    pub(super) file: usize,
}

impl ClusterCopy {
    /// The body that says what the object says. It is made anew each time: those of all copies would fill any memory.
    pub(super) fn body(&self) -> Value {
        take_apart(&self.object).map(|taken| taken.body).unwrap_or_default()
    }
}

/// The copies that become one task, by cluster.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    /// The name of the object, where it holds a reference.
    pub(super) object_name: Option<String>,
    /// The namespace, where it holds a reference.
    pub(super) namespace_template: Option<String>,
    pub(super) copies: Vec<ClusterCopy>,
}

/// A CronJob that no task can be made of, with the reason.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) cluster: usize,
    pub(super) object: String,
    pub(super) file: usize,
    pub(super) reason: String,
}

/// Namespace and name.
type GroupKey = (Option<String>, String);

/// Groups the CronJobs; `refs` are each cluster's own values.
pub(super) fn group(sources: &Sources, refs: &[Refs]) -> (Vec<Group>, Vec<Refused>) {
    let mut plain: BTreeMap<GroupKey, Vec<ClusterCopy>> = BTreeMap::new();
    let mut refused = Vec::new();
    for found in sources.objects.iter().filter(|found| is_cron_job(found)) {
        match take_apart(&found.value) {
            Some(taken) => {
                let (suspend, needs_file) = (taken.suspend, taken.needs_file);
                let copy = ClusterCopy {
                    cluster: found.cluster,
                    object: found.value.clone(),
                    suspend,
                    needs_file,
                    file: found.file,
                };
                plain.entry((found.key.namespace.clone(), found.key.name.clone())).or_default().push(copy);
            }
            None => refused.push(Refused {
                cluster: found.cluster,
                object: found.key.to_string(),
                file: found.file,
                reason: "it has no schedule, no container with an image, or fields of the wrong type".to_owned(),
            }),
        }
    }
    let mut groups = join_renamed(plain, refs);
    for group in &mut groups {
        group.copies.sort_by_key(|copy| copy.cluster);
    }
    groups.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    (groups, refused)
}

/// Whether an object is a CronJob of Kubernetes.
pub(super) fn is_cron_job(found: &ReadObjects) -> bool {
    found.key.kind == "CronJob" && found.key.group == "batch"
}

/// Joins identities that are equal once each cluster's own values are replaced, if no cluster has two of them.
fn join_renamed(plain: BTreeMap<GroupKey, Vec<ClusterCopy>>, refs: &[Refs]) -> Vec<Group> {
    let mut alike: BTreeMap<GroupKey, BTreeSet<GroupKey>> = BTreeMap::new();
    for (identity, copies) in &plain {
        let [copy] = copies.as_slice() else { continue };
        // The first of the cluster's values that the name or namespace holds.
        for (reference, value) in &refs[copy.cluster] {
            let name = replace_words(&identity.1, value, reference);
            let namespace = identity.0.as_ref().and_then(|namespace| replace_words(namespace, value, reference));
            if name.is_some() || namespace.is_some() {
                let template = (namespace.or(identity.0.clone()), name.unwrap_or_else(|| identity.1.clone()));
                alike.entry(template).or_default().insert(identity.clone());
                break;
            }
        }
    }
    let taken: BTreeSet<GroupKey> = plain.keys().cloned().collect();
    let mut groups = Vec::new();
    let mut plain = plain;
    let mut made: BTreeSet<GroupKey> = BTreeSet::new();
    for (template, members) in alike {
        let clusters: BTreeSet<usize> =
            members.iter().filter_map(|member| Some(plain.get(member)?.first()?.cluster)).collect();
        if members.len() < 2 || clusters.len() < members.len() {
            continue;
        }
        let name = without_references(&template.1);
        let namespace = template.0.as_deref().map(without_references);
        let identity = (namespace.clone(), name.clone());
        if name.is_empty() || taken.contains(&identity) || !made.insert(identity) {
            continue;
        }
        let copies = members.iter().filter_map(|member| plain.remove(member)).flatten().collect();
        groups.push(Group {
            object_name: template.1.contains("$(").then_some(template.1),
            namespace_template: template.0.filter(|namespace| namespace.contains("$(")),
            name,
            namespace,
            copies,
        });
    }
    groups.extend(plain.into_iter().map(|((namespace, name), copies)| Group {
        name,
        namespace,
        object_name: None,
        namespace_template: None,
        copies,
    }));
    groups
}

/// The name that is left without its references.
fn without_references(template: &str) -> String {
    let mut name = template.to_owned();
    while let Some(at) = name.find("$(") {
        let end = name[at..].find(')').map_or(name.len(), |end| at + end + 1);
        name.replace_range(at..end, "");
        name = name.replace("--", "-").replace("..", ".");
    }
    name.trim_matches(['-', '.']).to_owned()
}
