//! Reads Cluster and ClusterCapacity documents.
//!
//! A cluster's name is also a folder name: a DNS label, unique when case is ignored.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{DocumentContext, IN_ZONE};
use super::wire::{CapacityDocument, CapacitySpec, ClusterDocument, ClusterSpec, EffectSpec};
use super::{body, names};
use crate::diag::{Code, Diagnostic, Place, nearest};
use crate::model::{Cluster, ClusterCapacity, ClusterTaint, TaintEffect, release};
use crate::tree::{Span, Spanned};

/// The inventory, and the clusters whose names are refused.
pub(super) fn lower(
    documents: Vec<(Span, ClusterDocument)>,
    capacities: Vec<(Span, CapacityDocument)>,
    (unread, of_karmada): (&BTreeSet<String>, bool),
    context: &mut DocumentContext<'_, '_>,
) -> (Vec<Cluster>, Vec<Cluster>) {
    let mut misnamed: BTreeMap<String, Cluster> = BTreeMap::new();
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for (_, document) in documents {
        let cluster = lower_cluster(document, context);
        if let Some(diagnostic) = names::dns_label(&cluster.name, "a cluster") {
            context.diags.push(diagnostic.note("the name of a cluster is also the name of its output directory"));
            misnamed.insert(cluster.name.value.clone(), cluster);
            continue;
        }
        match clusters.get(&cluster.name.to_lowercase()) {
            Some(first) => context.diags.push(
                Diagnostic::new(
                    Code::DuplicateName,
                    cluster.name.span,
                    format!("there are two clusters of the name `{}`", *cluster.name),
                )
                .other(first.name.span, "the first is here"),
            ),
            None => {
                clusters.insert(cluster.name.to_lowercase(), cluster);
            }
        }
    }
    for (_, document) in capacities {
        let name = document.metadata.name;
        let capacity = lower_capacity(document.spec, name.span);
        let Some(cluster) = clusters.get_mut(&name.value).or_else(|| misnamed.get_mut(&name.value)) else {
            if unread.contains(&name.value) {
                continue;
            }
            let message = format!("there is no cluster `{}` to have this capacity", *name);
            let diagnostic = Diagnostic::new(Code::UnknownCluster, name.span, message);
            context.diags.push(diagnostic.did_you_mean(nearest(&name, clusters.keys().map(String::as_str))));
            continue;
        };
        if let Some(first) = &cluster.capacity {
            context.diags.push(
                Diagnostic::new(
                    Code::CapacityTwice,
                    name.span,
                    format!("the capacity of cluster `{}` is given twice", *name),
                )
                .other(first.span, "and here")
                .help("keep it in one place: `spec.capacity`, or a ClusterCapacity document"),
            );
            continue;
        }
        cluster.capacity = Some(capacity);
    }
    if clusters.is_empty() && !of_karmada && unread.is_empty() && misnamed.is_empty() && !context.diags.has_errors() {
        let diagnostic = Diagnostic::at(Code::NoClusters, Place::Whole, "there is no cluster in this repository")
            .help("describe each target in a document of `kind: Cluster`");
        let holds_cron_job = |text: &[u8]| text.windows(13).any(|part| part == b"kind: CronJob");
        let plain = context.library.sources.files().filter(|(_, file)| holds_cron_job(&file.bytes)).count();
        context.diags.push(match plain {
            0 => diagnostic,
            _ => diagnostic.help(format!(
                "{plain} files here hold plain CronJobs: `fleetcron import tasks DIR --into FLEET` makes a fleet of them"
            )),
        });
    }
    (clusters.into_values().collect(), misnamed.into_values().collect())
}

fn lower_cluster(document: ClusterDocument, context: &mut DocumentContext<'_, '_>) -> Cluster {
    let spec: ClusterSpec = document.spec.unwrap_or_default();
    let mut cluster = Cluster::bare(document.metadata.name);
    if let Some(labels) = &document.metadata.labels {
        for (key, spans) in body::members(labels, context) {
            match labels.value.get(key).and_then(|value| value.as_str()) {
                Some(value) => {
                    cluster.labels.insert(key.clone(), Spanned::new(value.to_owned(), spans.value));
                }
                None => context.diags.push(
                    Diagnostic::new(Code::WrongType, spans.value, format!("the label `{key}` is not a string"))
                        .help("put it in quotes"),
                ),
            }
        }
    }
    cluster.provider = spec.provider;
    cluster.region = spec.region;
    cluster.zones = match (spec.zones, spec.zone) {
        (Some(zones), Some(zone)) => {
            let message = "both `zones` and its short form `zone` are given";
            context.diags.push(Diagnostic::new(Code::InvalidValue, zone.span, message).help("keep `zones`"));
            zones
        }
        (Some(zones), None) => zones,
        (None, zone) => zone.into_iter().collect(),
    };
    for taint in spec.taints.into_iter().flatten() {
        cluster.taints.push(ClusterTaint {
            key: taint.value.key,
            value: taint.value.value.unwrap_or_default(),
            effect: effect(taint.value.effect),
            span: taint.span,
        });
    }
    let version = spec.kubernetes_version;
    cluster.release = version.as_ref().and_then(|text| Some(Spanned::new(release(text)?, text.span)));
    cluster.kubernetes_version = version.and_then(|text| context.version(&text));
    cluster.time_zone = spec.time_zone.filter(|zone| !context.refuses_reference(zone, IN_ZONE));
    if let Some(namespace) = &spec.namespace {
        names::check_namespace(namespace, context);
    }
    cluster.namespace = spec.namespace;
    cluster.variables = spec.variables.map(|located| body::variables(&located, context)).unwrap_or_default();
    cluster.capacity = spec.capacity.map(|capacity| lower_capacity(capacity.value, capacity.span));
    cluster
}

/// An effect as written.
pub(super) fn effect(effect: EffectSpec) -> TaintEffect {
    match effect {
        EffectSpec::NoSchedule => TaintEffect::NoSchedule,
        EffectSpec::NoExecute => TaintEffect::NoExecute,
        EffectSpec::PreferNoSchedule => TaintEffect::PreferNoSchedule,
    }
}

fn lower_capacity(spec: CapacitySpec, span: Span) -> ClusterCapacity {
    ClusterCapacity {
        allocatable: spec.allocatable.unwrap_or_default(),
        allocated: spec.allocated.unwrap_or_default(),
        allocating: spec.allocating.unwrap_or_default(),
        span,
    }
}
