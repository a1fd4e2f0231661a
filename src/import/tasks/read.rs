//! Reads existing manifests per cluster: lists unpacked, what a server wrote removed and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use crate::diag::{Code, Diagnostic, Place};
use crate::diff::ObjectKey;
use crate::patch::image::check_reference;
use crate::render::cluster_wide;
use crate::tree::FileId;
use crate::validate::nulls;
use crate::yaml;

/// One file of existing manifests.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The cluster it is for.
    pub cluster: String,
    /// Its path, for messages.
    pub path: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// An object of one cluster.
#[derive(Clone, Debug)]
pub(super) struct ReadObjects {
    /// The number of its cluster.
    pub(super) cluster: usize,
    pub(super) key: ObjectKey,
    pub(super) value: Arc<Value>,
    /// The number of its file.
    pub(super) file: usize,
    /// Whether the file holds nothing else, so that its text is the object's.
    pub(super) alone: bool,
}

/// What the sources hold.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The clusters, sorted.
    pub(super) clusters: Vec<String>,
    /// The objects, by cluster and key.
    pub(super) objects: Vec<ReadObjects>,
    /// What was left out, with how often.
    pub(super) dropped: BTreeMap<String, usize>,
    /// Documents that are no objects.
    pub(super) others: usize,
}

/// Members of the metadata that a server writes.
const SERVER: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Labels and annotations that deployers add to objects in a cluster.
const DEPLOYERS: [&str; 4] = [
    "argocd.argoproj.io/tracking-id",
    "cronjob.kubernetes.io/instantiate",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
];

/// Prefixes of such labels and annotations.
const DEPLOYER_PREFIXES: [&str; 7] = [
    "config.kubernetes.io/",
    "helm.toolkit.fluxcd.io/",
    "internal.config.kubernetes.io/",
    "kapp.k14s.io/",
    "kustomize.toolkit.fluxcd.io/checksum",
    "kustomize.toolkit.fluxcd.io/name",
    "objectset.rio.cattle.io/",
];

/// Reads all files; `known` are clusters that exist besides. Every file that cannot be read, and every object that two files of a cluster give differently, is an
/// error.
pub(super) fn read(texts: &[SourceText], drop_labels: &[String], known: &[String]) -> Result<Sources, Vec<Diagnostic>> {
    let own = texts.iter().map(|text| text.cluster.as_str());
    let names: BTreeSet<&str> = own.chain(known.iter().map(String::as_str)).collect();
    let clusters: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let read: Vec<Result<File, Box<Diagnostic>>> = texts
        .par_iter()
        .enumerate()
        .map(|(number, text)| {
            let cluster = clusters.binary_search(&text.cluster).unwrap_or_default();
            read_file(text, number, cluster, drop_labels)
        })
        .collect();
    let mut sources = Sources { clusters, ..Sources::default() };
    let mut wrong = Vec::new();
    for file in read {
        match file {
            Ok(file) => {
                sources.objects.extend(file.objects);
                sources.others += file.others;
                for (what, number) in file.dropped {
                    *sources.dropped.entry(what).or_default() += number;
                }
            }
            Err(diagnostic) => wrong.push(*diagnostic),
        }
    }
    sources
        .objects
        .sort_by(|a, b| (a.cluster, &a.key, &texts[a.file].path).cmp(&(b.cluster, &b.key, &texts[b.file].path)));
    let mut kept: Vec<ReadObjects> = Vec::with_capacity(sources.objects.len());
    for object in std::mem::take(&mut sources.objects) {
        match kept.last().filter(|last| (last.cluster, &last.key) == (object.cluster, &object.key)) {
            Some(last) if last.value == object.value => {}
            Some(last) => {
                let path = &texts[object.file].path;
                let message = format!(
                    "{} of cluster `{}` is in `{}` too, and differs there",
                    object.key, sources.clusters[object.cluster], texts[last.file].path
                );
                let diagnostic = Diagnostic::at(Code::DuplicateName, Place::Path(path.clone()), message);
                wrong.push(diagnostic.help("remove the one that no cluster has, or leave its file out of the input"));
            }
            None => kept.push(object),
        }
    }
    sources.objects = kept;
    if wrong.is_empty() { Ok(sources) } else { Err(wrong) }
}

/// What one file holds.
#[derive(Default)]
struct File {
    objects: Vec<ReadObjects>,
    dropped: BTreeMap<String, usize>,
    others: usize,
}

fn read_file(
    text: &SourceText,
    number: usize,
    cluster: usize,
    drop_labels: &[String],
) -> Result<File, Box<Diagnostic>> {
    let mut file = File::default();
    let mut values = Vec::new();
    // A dump of a cluster is long, and JSON has no other readers.
    if text.bytes.first() == Some(&b'{')
        && let Ok(value) = serde_json::from_slice::<Value>(&text.bytes)
    {
        unpack(value, None, &mut values);
    } else {
        let parsed = yaml::parse(FileId(0), &text.bytes);
        if let Some(wrong) = parsed.diagnostics.first() {
            return Err(Box::new(unreadable(text, wrong)));
        }
        for document in &parsed.documents {
            unpack(document.root.to_value(), None, &mut values);
        }
    }
    let alone = values.len() == 1;
    for mut value in values {
        let built = value["apiVersion"].as_str().is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"));
        if built || ObjectKey::of(&value).is_none() {
            file.others += usize::from(!value.is_null());
            continue;
        }
        clean(&mut value, drop_labels, &mut file.dropped);
        let Some(key) = ObjectKey::of(&value) else { continue };
        file.objects.push(ReadObjects { cluster, key, value: value.into(), file: number, alone });
    }
    Ok(file)
}

/// What the objects of a file are called.
pub(super) fn keys(bytes: &[u8]) -> Vec<String> {
    let mut values = Vec::new();
    for document in &yaml::parse(FileId(0), bytes).documents {
        unpack(document.root.to_value(), None, &mut values);
    }
    values.iter().filter_map(|value| ObjectKey::of(value).map(|key| key.to_string())).collect()
}

/// An error of reading says the place and the rule, and never a word of the text, which may hold secrets.
fn unreadable(text: &SourceText, wrong: &Diagnostic) -> Diagnostic {
    let at = match wrong.place {
        Place::Text(span) => (span.start as usize).min(text.bytes.len()),
        Place::Path(_) | Place::Whole => 0,
    };
    let before = &text.bytes[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = format!("line {line}: {}", wrong.code.summary());
    Diagnostic::at(wrong.code, Place::Path(text.path.clone()), message)
        .help("correct the file, or leave it out of the input")
}

/// A list gives its items; those of a typed list may leave out what they are.
fn unpack(mut value: Value, of: Option<(&str, &str)>, values: &mut Vec<Value>) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let (Some((version, kind)), Value::Object(members)) = (of, &mut value) {
        members.entry("apiVersion").or_insert_with(|| version.into());
        members.entry("kind").or_insert_with(|| kind.into());
    }
    let (version, kind) = (text(&value, "apiVersion"), text(&value, "kind"));
    if let (Some(item), Some(Value::Array(items))) = (kind.strip_suffix("List"), value.get_mut("items")) {
        let of = (!item.is_empty()).then_some((version.as_str(), item));
        std::mem::take(items).into_iter().for_each(|item| unpack(item, of, values));
        return;
    }
    values.push(value);
}

/// Removes what a server wrote, and nulls that say nothing.
fn clean(value: &mut Value, drop_labels: &[String], dropped: &mut BTreeMap<String, usize>) {
    let mut count = |what: String| *dropped.entry(what).or_default() += 1;
    if value["apiVersion"] == "batch/v1beta1" && value["kind"] == "CronJob" {
        value["apiVersion"] = "batch/v1".into();
    }
    // An object that came from a server has an identity there; only of such one defaults are the server's words.
    let is_dump = value.pointer("/metadata/uid").is_some();
    if let Value::Object(members) = value
        && members.remove("status").is_some()
    {
        count("status".to_owned());
    }
    for pointer in ["/metadata", "/spec/jobTemplate/metadata", "/spec/jobTemplate/spec/template/metadata"] {
        let Some(Value::Object(metadata)) = value.pointer_mut(pointer) else { continue };
        for name in SERVER {
            if metadata.remove(name).is_some_and(|value| !value.is_null()) {
                count(format!("metadata.{name}"));
            }
        }
        if pointer != "/metadata" {
            for name in ["name", "generateName", "namespace"] {
                if metadata.remove(name).is_some_and(|value| !value.is_null()) {
                    count(format!("metadata.{name} of a template, which names nothing"));
                }
            }
        }
        for kind in ["labels", "annotations"] {
            let Some(Value::Object(all)) = metadata.get_mut(kind) else { continue };
            all.retain(|key, _| {
                let of_deployer = DEPLOYERS.contains(&key.as_str())
                    || DEPLOYER_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
                    || is_dump && (key == "argocd.argoproj.io/instance" || key.starts_with("meta.helm.sh/"));
                let unwanted = drop_labels.iter().any(|glob| fast_glob::glob_match(glob, key));
                if of_deployer || unwanted {
                    count(format!("{} {key}", &kind[..kind.len() - 1]));
                }
                !(of_deployer || unwanted)
            });
            if all.is_empty() {
                metadata.remove(kind);
            }
        }
        if metadata.is_empty() && pointer != "/metadata" {
            let (owner, _) = pointer.rsplit_once('/').unwrap_or_default();
            if let Some(Value::Object(owner)) = value.pointer_mut(owner) {
                owner.remove("metadata");
            }
        }
    }
    if cluster_wide(value)
        && let Some(Value::Object(metadata)) = value.get_mut("metadata")
    {
        metadata.remove("namespace");
    }
    nulls::fill_object(value);
    strip_nulls(value);
    if is_dump && value["kind"] == "CronJob" {
        super::defaults::remove(value, &mut count);
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// Images of CronJobs that are no image references, in order of text. The API server accepts them, and their pods stay in
/// `InvalidImageName`.
pub(super) fn broken_images(sources: &Sources) -> BTreeSet<&str> {
    let pods = sources.objects.iter().filter_map(|found| found.value.pointer("/spec/jobTemplate/spec/template/spec"));
    let containers = pods.flat_map(|pod| {
        ["initContainers", "containers"].into_iter().filter_map(|list| pod.get(list)?.as_array()).flatten()
    });
    let images = containers.filter_map(|container| container.get("image")?.as_str());
    images.filter(|image| !image.is_empty() && check_reference(image).is_err()).collect()
}
