//! Reads the documents of Karmada: policies, override policies, clusters, and the objects that they are about. They become
//! units beside those of native tasks.
//!
//! Everything counts as applied at once to an empty control plane. `docs/karmada-parity.md` names the rules and where each
//! of them comes from.

mod admit;
mod cluster;
mod depend;
mod diagnose;
mod join;
mod overriding;
mod template;
pub(crate) mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::library::Library;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::karmada::{Compatibility, OverridePolicy, Policy, PolicyScope};
use crate::model::{Cluster, Identity, KarmadaFacts, Unit};
use crate::tree::{FileId, Span, SpanTree, Spanned};
use crate::yaml::{self, Data, Node};

/// The apiVersion of policies.
const POLICY: &str = "policy.karmada.io/v1alpha1";
/// The apiVersion of clusters.
const CLUSTER: &str = "cluster.karmada.io/v1alpha1";
/// The kinds of policies.
const POLICIES: [&str; 4] =
    ["PropagationPolicy", "ClusterPropagationPolicy", "OverridePolicy", "ClusterOverridePolicy"];

/// The JSON Schema of every kind, by apiVersion and name.
pub fn schemas() -> Vec<(&'static str, &'static str, schemars::Schema)> {
    vec![
        (POLICY, "PropagationPolicy", schemars::schema_for!(wire::PolicyDocument)),
        (POLICY, "ClusterPropagationPolicy", schemars::schema_for!(wire::PolicyDocument)),
        (POLICY, "OverridePolicy", schemars::schema_for!(wire::OverrideDocument)),
        (POLICY, "ClusterOverridePolicy", schemars::schema_for!(wire::OverrideDocument)),
        (CLUSTER, "Cluster", schemars::schema_for!(wire::ClusterDocument)),
    ]
}

/// What documents of Karmada a file has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    /// A policy stands in it.
    pub(super) policies: bool,
    /// Another document of Karmada stands in it.
    pub(super) others: bool,
}

impl Met {
    /// Looks at one document.
    pub(super) fn see(&mut self, root: &Node) {
        for document in unfold(root) {
            let (version, kind) = (text(&document, "apiVersion"), text(&document, "kind"));
            self.policies |= version == POLICY && POLICIES.contains(&kind);
            self.others |= is_of_karmada(version);
        }
    }
}

/// Whether an apiVersion is one of Karmada's.
fn is_of_karmada(version: &str) -> bool {
    version.split_once('/').is_some_and(|(group, _)| group.ends_with(".karmada.io"))
}

/// What the documents of Karmada come to.
#[derive(Default)]
pub(super) struct Read {
    /// Clusters, in the order of the documents.
    pub(super) clusters: Vec<Cluster>,
    /// Units, in no order.
    pub(super) units: Vec<Unit>,
    /// What there is to know of them as a whole.
    pub(super) facts: KarmadaFacts,
    /// By file, what its documents are called.
    pub(super) names: BTreeMap<FileId, Vec<(String, Option<String>, String)>>,
}

/// Reads documents, and counts what is wrong with them.
pub(super) struct Reader<'d> {
    diags: &'d mut Diagnostics,
    /// How many mistakes were found.
    errors: usize,
}

impl Reader<'_> {
    fn read<T: DeserializeOwned>(&mut self, root: &Node) -> Option<T> {
        let mut found = Diagnostics::new();
        let value = yaml::read(root, &mut found);
        let wrong = found.has_errors();
        self.errors += usize::from(wrong);
        self.diags.extend(found);
        // kubectl refuses what has an unknown field, so the document does not exist.
        value.filter(|_| !wrong)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        self.diags.push(diagnostic);
    }
}

/// What Karmada's admission says of a document.
fn refuse(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::KarmadaRefused, span, message)
        .note("Karmada's admission refuses it, so to Karmada the document does not exist")
}

/// The place of a path such as `spec.overrideRules[0].overriders`, as far as it leads.
fn at_path(spans: &SpanTree, path: &str) -> Span {
    let mut at = spans;
    for part in path.split(['.', '[']) {
        let next = match part.strip_suffix(']') {
            Some(number) => number.parse().ok().and_then(|number| at.item(number)),
            None => at.member(part),
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    at.value
}

/// The documents of a file: its own, or the items of a list, which may leave out what they are.
fn unfold(root: &Node) -> Vec<std::borrow::Cow<'_, Node>> {
    let items = root.get("items").and_then(Node::as_seq);
    let of = root.get("kind").and_then(Node::as_str).and_then(|kind| kind.strip_suffix("List"));
    let (Some(items), Some(of)) = (items, of) else { return vec![std::borrow::Cow::Borrowed(root)] };
    let complete = |item| if of.is_empty() { std::borrow::Cow::Borrowed(item) } else { completed(item, root, of) };
    items.iter().map(complete).collect()
}

/// An item of the list of one kind with the apiVersion and kind that it may leave out.
fn completed<'n>(item: &'n Node, list: &Node, kind: &str) -> std::borrow::Cow<'n, Node> {
    let mut item = item.clone();
    let Data::Map(entries) = &mut item.data else { return std::borrow::Cow::Owned(item) };
    for name in ["apiVersion", "kind"] {
        if entries.iter().any(|entry| entry.key == name) {
            continue;
        }
        if let Some(entry) = list.entry(name) {
            let mut entry = entry.clone();
            if name == "kind" {
                entry.value.data = Data::String(kind.to_owned());
            }
            entries.push(entry);
        }
    }
    std::borrow::Cow::Owned(item)
}

fn text<'n>(node: &'n Node, name: &str) -> &'n str {
    node.get(name).and_then(Node::as_str).unwrap_or_default()
}

/// `metadata.name` or `metadata.namespace` with its place; nothing if it is empty.
fn metadata(node: &Node, name: &str) -> Option<Spanned<String>> {
    let found = node.get("metadata")?.get(name)?;
    found.as_str().filter(|text| !text.is_empty()).map(|text| Spanned::new(text.to_owned(), found.span))
}

/// The admitted documents.
#[derive(Default)]
struct KarmadaDocuments {
    policies: Vec<Arc<Policy>>,
    overrides: Vec<Arc<OverridePolicy>>,
    clusters: Vec<Cluster>,
    templates: Vec<template::FoundTemplate>,
    /// Kinds of Karmada that are not read, with the first of each and how many there are.
    unread: BTreeMap<(String, String), (Span, usize)>,
    /// Customizations of Karmada's interpreter that are for CronJobs.
    interpreted: Vec<Span>,
    /// The first place of each object.
    seen: BTreeMap<(String, String, Option<String>, String), Span>,
}

/// What decides how the documents are read.
pub(super) struct Request<'r, 'l> {
    /// All files.
    pub(super) library: &'r Library<'l>,
    /// The files that are looked at and that no native document names.
    pub(super) files: &'r [FileId],
    /// Whether a document is one of fleetcron's own.
    pub(super) is_native: fn(&Node) -> bool,
    /// Objects are templates only where there is a policy.
    pub(super) policies: bool,
    /// `spec.karmada` of the Fleet.
    pub(super) compatibility: Compatibility,
}

/// Reads the documents of Karmada, and joins templates with policies.
pub(super) fn read(request: &Request<'_, '_>, diags: &mut Diagnostics) -> Read {
    let mut documents = KarmadaDocuments::default();
    let mut read = Read::default();
    let mut reader = Reader { diags, errors: 0 };
    let crds = template::Scopes::find(request);
    for file in request.files {
        let parsed = request.library.parsed(*file);
        let single = parsed.documents.len() == 1;
        for document in parsed.documents.iter().filter(|document| !(request.is_native)(&document.root)) {
            for root in unfold(&document.root) {
                let name = read_document(&root, (*file, single), request, &crds, &mut documents, &mut reader);
                read.names.entry(*file).or_default().extend(name);
            }
        }
    }
    diagnose::documents(&documents, request, reader.diags);
    let joined = join::join(&documents, reader.diags);
    read.clusters = documents.clusters;
    read.units = joined.units;
    read.facts = joined.facts;
    read
}

/// Reads one document; says what it is called if it is one of Karmada's.
fn read_document(
    root: &Node,
    (file, single): (FileId, bool),
    request: &Request<'_, '_>,
    scopes: &template::Scopes,
    documents: &mut KarmadaDocuments,
    reader: &mut Reader<'_>,
) -> Option<(String, Option<String>, String)> {
    let (version, kind) = (text(root, "apiVersion"), text(root, "kind"));
    let own = version == POLICY && POLICIES.contains(&kind) || version == CLUSTER && kind == "Cluster";
    if !own {
        if is_of_karmada(version) {
            let span = root.get("kind").map_or(root.span, |kind| kind.span);
            let target = root.get("spec").and_then(|spec| spec.get("target"));
            if kind == "ResourceInterpreterCustomization"
                && target.is_some_and(|target| text(target, "kind") == "CronJob")
            {
                documents.interpreted.push(span);
                return None;
            }
            let (_, count) = documents.unread.entry((version.to_owned(), kind.to_owned())).or_insert((span, 0));
            *count += 1;
        } else if request.policies {
            let source = request.library.sources.file(file);
            documents.templates.extend(template::find(root, source, single, scopes, &mut documents.seen, reader));
        }
        return None;
    }
    let Some(name) = metadata(root, "name") else {
        let span = root.get("metadata").map_or(root.span, |metadata| metadata.span);
        reader.push(Diagnostic::new(Code::MissingField, span, format!("this {kind} has no `metadata.name`")));
        return None;
    };
    let namespaced = matches!(kind, "PropagationPolicy" | "OverridePolicy");
    let namespace = namespaced
        .then(|| metadata(root, "namespace").map_or_else(|| "default".to_owned(), |namespace| namespace.value));
    let key = (version.to_owned(), kind.to_owned(), namespace.clone(), name.value.clone());
    if let Some(first) = documents.seen.get(&key) {
        let what = format!("{kind} `{}`", name.value);
        reader.push(admit::duplicate(name.span, *first, &what));
        return None;
    }
    documents.seen.insert(key, name.span);
    let scope = namespace.clone().map_or(PolicyScope::Cluster, PolicyScope::Namespace);
    let called = (kind.to_owned(), namespace, name.value.clone());
    match kind {
        "Cluster" => documents.clusters.extend(cluster::cluster(root, name, reader)),
        "PropagationPolicy" | "ClusterPropagationPolicy" => {
            documents.policies.extend(admit::policy(root, scope, name, reader).map(Arc::new));
        }
        _ => documents.overrides.extend(overriding::policy(root, scope, name, reader).map(Arc::new)),
    }
    Some(called)
}

/// Override policies of documents that are given as they are; for tests that ask about overriders alone.
///
/// # Errors
/// What Karmada's admission refuses, in the order of the text.
pub fn override_policies(file: FileId, text: &[u8]) -> Result<Vec<OverridePolicy>, Diagnostics> {
    let parsed = yaml::parse(file, text);
    let mut diags = Diagnostics::new();
    let mut reader = Reader { diags: &mut diags, errors: 0 };
    let mut policies = Vec::new();
    for document in &parsed.documents {
        let root = &document.root;
        let Some(name) = metadata(root, "name") else { continue };
        let namespace = metadata(root, "namespace").map_or_else(|| "default".to_owned(), |text| text.value);
        let scope = match self::text(root, "kind") {
            "ClusterOverridePolicy" => PolicyScope::Cluster,
            _ => PolicyScope::Namespace(namespace),
        };
        policies.extend(overriding::policy(root, scope, name, &mut reader));
    }
    if reader.errors > 0 { Err(diags) } else { Ok(policies) }
}

/// The identities of units that several documents make.
fn clashes(units: &[Unit]) -> BTreeSet<&Identity> {
    let mut seen = BTreeSet::new();
    units.iter().map(|unit| &unit.identity).filter(|identity| !seen.insert(*identity)).collect()
}
