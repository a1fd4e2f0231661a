//! Holds the API version of every manifest to what the clusters of the task serve.

use crate::diag::{Code, Diagnostic, Diagnostics, Gather, Severity};
use crate::model::{Cluster, Model};
use crate::render::{self, Rendered};
use crate::tree::Span;
use crate::validate::ages::{Age, age};

/// The version of the CronJobs that are written.
const CRON_JOB: (&str, &str) = ("batch/v1", "CronJob");

/// Reports the objects of a task that a cluster of it does not serve.
pub(super) fn check(rendered: &Rendered, model: &Model, diags: &mut Diagnostics) {
    let mut found = Gather::default();
    for variant in &rendered.variants {
        for at in &variant.clusters {
            let cluster = &model.clusters[*at];
            if let Some(age) = age(CRON_JOB.0, CRON_JOB.1)
                && let Some(diagnostic) = fault(age, CRON_JOB, where_said(cluster), cluster, model)
            {
                found.add(diagnostic, &[*at]);
            }
            for manifest in &variant.manifests {
                let Some(api) = &manifest.api else { continue };
                let kind = (api.value.as_str(), manifest.kind.rsplit('/').next().unwrap_or_default());
                let known = age(kind.0, kind.1);
                if let Some(diagnostic) = known.and_then(|age| fault(age, kind, api.span, cluster, model)) {
                    found.add(diagnostic, &[*at]);
                }
            }
        }
    }
    let placed = rendered.variants.iter().map(|variant| variant.clusters.len()).sum();
    found.into_bag(|cluster| model.clusters[cluster].name.as_str(), placed, diags);
}

/// The version of a cluster, or its name where the Fleet gives it.
fn where_said(cluster: &Cluster) -> Span {
    cluster.kubernetes_version.as_ref().map_or(cluster.name.span, |version| version.span)
}

/// What is wrong with an API version on a cluster. Of a cluster whose version is not stated, only that newer ones lack it.
fn fault(age: Age, (api, kind): (&str, &str), span: Span, cluster: &Cluster, model: &Model) -> Option<Diagnostic> {
    let version = render::kubernetes_version(&model.fleet, cluster);
    if version < age.first {
        let message = format!("`{api}` {kind} is new in Kubernetes {}, and the cluster is older", age.first);
        return Some(
            Diagnostic::new(Code::FieldTooNew, span, message)
                .help("bring the cluster up to date, or leave it out of the placement"),
        );
    }
    let gone = age.gone.filter(|gone| version >= *gone)?;
    let message = format!("`{api}` of {kind} is no longer served by Kubernetes (since {gone})");
    let stated = cluster.kubernetes_version.is_some();
    let severity = if stated { Severity::Error } else { Code::DeprecatedApi.severity() };
    let diagnostic = Diagnostic::new(Code::DeprecatedApi, span, message).severity(severity);
    Some(match age.instead {
        Some(instead) => diagnostic.help(format!("write `apiVersion: {instead}`")),
        None => diagnostic.help(format!("remove it from those clusters: nothing takes the place of {kind}")),
    })
}
