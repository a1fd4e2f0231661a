//! Objects beside CronJobs: which task each goes with, and the files that hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::SourceText;
use super::across::Spread;
use super::group::{Group, is_cron_job};
use super::read::{ReadObjects, Sources};
use super::selectors::{Described, name_of, select};
use super::template::{Refs, unify};
use super::write;
use crate::diff::ObjectKey;

/// Objects longer than this, and Secrets, have a file of their own.
const LONG: usize = 80;

/// What became of the objects beside CronJobs.
#[derive(Default)]
pub(super) struct BesideObject {
    /// The files, by path.
    pub(super) files: BTreeMap<String, Arc<[u8]>>,
    /// The objects that some task brings, by their number among those of the sources.
    pub(super) taken: BTreeSet<usize>,
    /// The objects that no task brings.
    pub(super) left: Vec<usize>,
}

/// Why a task brings an object; the strongest reason wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ResourceReason {
    /// Its pod names it.
    Pod,
    /// It gives rights to the ServiceAccount of its pod.
    Rights,
    /// It stands in the same file.
    File,
    /// Its name begins with the task's.
    Name,
    /// It is its namespace.
    Namespace,
}

/// Gives every object to a task of its cluster that has a reason to bring it, and adds it to the task's resources.
pub(super) fn attach(
    sources: &Sources,
    texts: &[SourceText],
    groups: &[Group],
    tasks: &mut [Spread],
    refs: &[Refs],
    described: &[Described],
) -> BesideObject {
    let mut beside = BesideObject::default();
    let others: Vec<(usize, &ReadObjects)> =
        sources.objects.iter().enumerate().filter(|(_, found)| !is_cron_job(found)).collect();
    // By task and object, the clusters that get it from that task.
    let mut owned: BTreeMap<(usize, &ObjectKey), Vec<(usize, usize)>> = BTreeMap::new();
    let reasons = Reasons::of(groups, &others);
    for (number, found) in &others {
        match reasons.owner(found) {
            Some(task) => {
                owned.entry((task, &found.key)).or_default().push((found.cluster, *number));
                beside.taken.insert(*number);
            }
            None => beside.left.push(*number),
        }
    }
    let mut drafts: BTreeMap<(usize, Vec<usize>), Vec<ResourceFile>> = BTreeMap::new();
    for ((task, key), copies) in owned {
        for (set, draft) in contents(key, &copies, sources, texts, refs) {
            drafts.entry((task, set)).or_default().push(draft);
        }
    }
    for ((task, set), drafts) in drafts {
        let spread = &mut tasks[task];
        let entries = files(spread, &set, drafts, described, &mut beside.files);
        if set == spread.clusters {
            spread.parts.leaves.insert("resources".to_owned(), entries);
        } else {
            spread.differences.insert((set, "resources".to_owned()), entries);
        }
    }
    beside
}

/// An object as it is written.
struct ResourceFile {
    key: ObjectKey,
    text: Arc<[u8]>,
    expand: bool,
    alone: bool,
}

/// The texts of an object with the clusters that have each: one for all where references say what differs.
fn contents(
    key: &ObjectKey,
    copies: &[(usize, usize)],
    sources: &Sources,
    texts: &[SourceText],
    refs: &[Refs],
) -> Vec<(Vec<usize>, ResourceFile)> {
    let values: Vec<Option<&Value>> = copies.iter().map(|(_, number)| Some(&*sources.objects[*number].value)).collect();
    let own: Vec<Refs> = copies.iter().map(|(cluster, _)| refs[*cluster].clone()).collect();
    let is_secret = key.kind == "Secret" || values.iter().flatten().any(|value| value.get("sops").is_some());
    let unified = if is_secret { Vec::new() } else { unify(&values, &own) };
    let mut by_text: BTreeMap<String, (Vec<usize>, usize, Option<Value>)> = BTreeMap::new();
    for (at, (cluster, number)) in copies.iter().enumerate() {
        let value = unified.get(at).cloned().flatten().unwrap_or_else(|| (*sources.objects[*number].value).clone());
        let entry = by_text.entry(value.to_string()).or_insert_with(|| (Vec::new(), *number, Some(value)));
        entry.0.push(*cluster);
    }
    by_text
        .into_values()
        .map(|(set, number, value)| {
            let found = &sources.objects[number];
            let value = value.unwrap_or_default();
            let expand = value != *found.value;
            // A Secret, encrypted or not, is copied and not written anew.
            let text: Arc<[u8]> = match is_secret && found.alone {
                true => texts[found.file].bytes.clone(),
                false => write::object(&value).into_bytes().into(),
            };
            let alone = is_secret || text.iter().filter(|byte| **byte == b'\n').count() > LONG;
            (set, ResourceFile { key: key.clone(), text, expand, alone })
        })
        .collect()
}

/// Writes the objects of one task and set of clusters into files, and returns the entries of `resources`.
fn files(
    task: &Spread,
    set: &[usize],
    drafts: Vec<ResourceFile>,
    described: &[Described],
    files: &mut BTreeMap<String, Arc<[u8]>>,
) -> Value {
    let folder = super::folder_of(task);
    let suffix = match set == task.clusters {
        true => String::new(),
        false => format!("-{}", name_of(set, &select(set, &task.clusters, described), described)),
    };
    let mut entries: Vec<(String, bool)> = Vec::new();
    let mut shared: BTreeMap<bool, Vec<u8>> = BTreeMap::new();
    for draft in drafts {
        if draft.alone {
            let name = format!("{}.{}{suffix}.yaml", draft.key.name.replace(':', "-"), draft.key.kind.to_lowercase());
            files.insert(format!("{folder}{name}"), draft.text);
            entries.push((name, draft.expand));
        } else {
            let text = shared.entry(draft.expand).or_default();
            if !text.is_empty() {
                text.extend(b"---\n");
            }
            text.extend(&*draft.text);
        }
    }
    for (expand, text) in shared {
        let name = format!("{}-resources{suffix}{}.yaml", task.name, if expand { "-expanded" } else { "" });
        files.insert(format!("{folder}{name}"), text.into());
        entries.push((name, expand));
    }
    entries.sort();
    entries
        .into_iter()
        .map(|(name, expand)| if expand { json!({"file": name, "expand": true}) } else { json!(name) })
        .collect()
}

/// Namespace and name of a CronJob, and the number of its task.
type NamedObject<'s> = (Option<&'s str>, &'s str, usize);

/// Cluster, kind, namespace and name of an object.
type ResourcePlace = (usize, String, Option<String>, String);

/// By cluster, what names, accounts and files the CronJobs have.
struct Reasons<'s> {
    /// The tasks with a reason to bring an object.
    wanted: BTreeMap<ResourcePlace, BTreeSet<(ResourceReason, usize)>>,
    files: BTreeMap<usize, BTreeSet<usize>>,
    /// By cluster, the namespaces and names of tasks.
    tasks: BTreeMap<usize, Vec<NamedObject<'s>>>,
}

impl<'s> Reasons<'s> {
    fn of(groups: &'s [Group], others: &[(usize, &'s ReadObjects)]) -> Self {
        let mut reasons = Self { wanted: BTreeMap::new(), files: BTreeMap::new(), tasks: BTreeMap::new() };
        for (task, group) in groups.iter().enumerate() {
            for copy in &group.copies {
                let namespace = copy.object.pointer("/metadata/namespace").and_then(Value::as_str);
                let name = copy.object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                reasons.files.entry(copy.file).or_default().insert(task);
                reasons.tasks.entry(copy.cluster).or_default().push((namespace, name, task));
                let owned = namespace.map(str::to_owned);
                let mut want = |kind: &str, name: &str| {
                    let place = (copy.cluster, kind.to_owned(), owned.clone(), name.to_owned());
                    reasons.wanted.entry(place).or_default().insert((ResourceReason::Pod, task));
                };
                if let Some(pod) = copy.object.pointer("/spec/jobTemplate/spec/template/spec") {
                    names_in_pod(pod, &mut want);
                }
                if let Some(namespace) = namespace {
                    let place = (copy.cluster, "Namespace".to_owned(), None, namespace.to_owned());
                    reasons.wanted.entry(place).or_default().insert((ResourceReason::Namespace, task));
                }
            }
        }
        reasons.follow_rights(others);
        reasons
    }

    /// Bindings go with the task whose account they name, roles with their binding.
    fn follow_rights(&mut self, others: &[(usize, &'s ReadObjects)]) {
        for (_, found) in others.iter().filter(|(_, found)| found.key.kind.ends_with("RoleBinding")) {
            let own = found.key.namespace.as_deref();
            for subject in found.value.get("subjects").and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| subject.get(name).and_then(Value::as_str);
                if text("kind") != Some("ServiceAccount") {
                    continue;
                }
                let namespace = text("namespace").or(own).map(str::to_owned);
                let name = text("name").unwrap_or_default().to_owned();
                let account = (found.cluster, "ServiceAccount".to_owned(), namespace, name);
                let Some(tasks) = self.wanted.get(&account).cloned() else { continue };
                let mut add = |kind: &str, namespace: Option<&str>, name: &str| {
                    let place = (found.cluster, kind.to_owned(), namespace.map(str::to_owned), name.to_owned());
                    let entry = self.wanted.entry(place).or_default();
                    entry.extend(tasks.iter().map(|(_, task)| (ResourceReason::Rights, *task)));
                };
                add(&found.key.kind, own, &found.key.name);
                let role = |name: &str| found.value.pointer(&format!("/roleRef/{name}")).and_then(Value::as_str);
                match (role("kind"), role("name")) {
                    (Some("Role"), Some(name)) => add("Role", own, name),
                    (Some("ClusterRole"), Some(name)) => add("ClusterRole", None, name),
                    _ => {}
                }
            }
        }
    }

    /// The task that brings an object.
    fn owner(&self, found: &ReadObjects) -> Option<usize> {
        let key = &found.key;
        let place = (found.cluster, key.kind.clone(), key.namespace.clone(), key.name.clone());
        let mut best = self.wanted.get(&place).cloned().unwrap_or_default();
        best.extend(self.files.get(&found.file).into_iter().flatten().map(|task| (ResourceReason::File, *task)));
        for (namespace, name, task) in self.tasks.get(&found.cluster).into_iter().flatten() {
            let begins =
                key.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']));
            if begins && (key.namespace.is_none() || key.namespace.as_deref() == *namespace) {
                best.insert((ResourceReason::Name, *task));
            }
        }
        best.first().map(|(_, task)| *task)
    }
}

/// The objects that a pod names.
fn names_in_pod(pod: &Value, want: &mut impl FnMut(&str, &str)) {
    if let Some(name) = pod.get("serviceAccountName").or_else(|| pod.get("serviceAccount")).and_then(Value::as_str) {
        want("ServiceAccount", name);
    }
    for secret in pod.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten() {
        secret.get("name").and_then(Value::as_str).into_iter().for_each(|name| want("Secret", name));
    }
    for part in ["volumes", "containers", "initContainers"] {
        pod.get(part).into_iter().for_each(|part| names_in(part, want));
    }
}

fn names_in(value: &Value, want: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names_in(item, want)),
        Value::Object(members) => {
            for (name, member) in members {
                let own = |field: &str| member.get(field).and_then(Value::as_str);
                let named = match name.as_str() {
                    "configMap" | "configMapRef" | "configMapKeyRef" => own("name").map(|name| ("ConfigMap", name)),
                    "secret" => own("secretName").or_else(|| own("name")).map(|name| ("Secret", name)),
                    "secretRef" | "secretKeyRef" => own("name").map(|name| ("Secret", name)),
                    "persistentVolumeClaim" => own("claimName").map(|name| ("PersistentVolumeClaim", name)),
                    _ => None,
                };
                named.into_iter().for_each(|(kind, name)| want(kind, name));
                names_in(member, want);
            }
        }
        _ => {}
    }
}
