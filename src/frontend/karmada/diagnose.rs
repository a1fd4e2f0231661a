//! What Karmada ignores without a word, said at the place where it was written. What can only be known once templates are
//! placed is said by `compile`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::join::{PolicyClaim, Requirements};
use super::{KarmadaDocuments, Request};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::model::cluster_wide;
use crate::model::karmada::{
    Compatibility, DraftGroup, LabelRequirement, OverridePolicy, Policy, PolicyScope, ResourceSelector, TemplateKey,
    Terms,
};
use crate::tree::{FileId, Located, Span, SpanTree};

/// Fields of a PropagationPolicy that only count in a running control plane, or behind a feature gate that is off.
const RUNTIME: [(&str, &str); 7] = [
    ("preemption", "it takes objects from other policies only with the feature gate PropagationPolicyPreemption"),
    ("activationPreference", "it says when a changed policy counts, and here everything is applied at once"),
    ("conflictResolution", "it says what happens where an object exists already"),
    ("preserveResourcesOnDeletion", "it says what happens when the policy is deleted"),
    ("failover", "it moves what fails, with the feature gate Failover"),
    ("association", "it is the old name of `propagateDeps`, and is not read"),
    ("placement.workloadAffinity", "it needs the feature gate WorkloadAffinity"),
];

/// What is to be said of the documents, one by one.
pub(super) fn documents(documents: &KarmadaDocuments, request: &Request<'_, '_>, diags: &mut Diagnostics) {
    for ((_, kind), (span, count)) in &documents.unread {
        diags.push(unread(kind, *span, *count));
    }
    let mut said: BTreeSet<(FileId, &str)> = BTreeSet::new();
    for policy in &documents.policies {
        runtime_fields(policy, &mut said, diags);
        placement(policy, diags);
        selectors(&policy.selectors, diags);
        let path = ["spec", "placement"];
        affinities(policy, path.as_slice(), diags);
    }
    for policy in &documents.overrides {
        selectors(&policy.selectors, diags);
        empty_rules(policy, diags);
        for rule in &policy.rules {
            if rule.target.as_ref().is_some_and(|terms| !is_readable(terms)) {
                let mut path: Vec<&str> = rule.path.iter().map(String::as_str).collect();
                path.pop();
                path.push("targetCluster");
                diags.push(unreadable(policy.place(&path).value, "no cluster"));
            }
        }
    }
    for span in &documents.interpreted {
        diags.push(interpreter(*span, request.compatibility));
    }
}

/// Row: kinds that are not read.
fn unread(kind: &str, span: Span, count: usize) -> Diagnostic {
    let lost = match kind {
        "FederatedResourceQuota" => "no ResourceQuota is made of it",
        "CronFederatedHPA" | "FederatedHPA" => "nothing is scaled by it",
        "MultiClusterService" | "MultiClusterIngress" => "no Service or Ingress is made of it",
        "WorkloadRebalancer" => "nothing is placed anew by it",
        "ClusterTaintPolicy" => "no cluster is tainted by it",
        "Remedy" => "nothing is remedied by it",
        "ResourceInterpreterCustomization" | "ResourceInterpreterWebhookConfiguration" => {
            "replicas and health of its kind are as Karmada has them without it"
        }
        "Work" | "ResourceBinding" | "ClusterResourceBinding" => "Karmada writes it, and what it holds is not sent",
        _ => "it is left out",
    };
    let message = match count {
        1 => format!("a {kind} of Karmada is not read: {lost}"),
        n => format!("{n} documents of kind {kind} of Karmada are not read, this one the first: {lost}"),
    };
    Diagnostic::new(Code::KarmadaNotRead, span, message)
        .help("if they are for another tool, leave their files out: `sources: {exclude: [...]}` in the Fleet")
}

/// Row: an interpreter that gives CronJobs replicas.
fn interpreter(span: Span, compatibility: Compatibility) -> Diagnostic {
    match compatibility {
        Compatibility::Exact => Diagnostic::new(
            Code::KarmadaNotRead,
            span,
            "this customization is for CronJobs, and it is not run: they have no replicas here",
        )
        .help("write `karmada: {compatibility: intended}` in the Fleet, which gives CronJobs their parallelism as replicas"),
        Compatibility::Intended => Diagnostic::new(
            Code::KarmadaNotRead,
            span,
            "this customization is not run; CronJobs have their parallelism as replicas, as `compatibility: intended` says",
        )
        .severity(Severity::Note),
    }
}

fn at<'s>(spans: &'s SpanTree, path: &str) -> Option<&'s SpanTree> {
    path.split('.').try_fold(spans, |spans, name| spans.member(name))
}

fn value<'v>(located: &'v Located, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(&located.value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

fn runtime_fields<'p>(policy: &'p Policy, said: &mut BTreeSet<(FileId, &'p str)>, diags: &mut Diagnostics) {
    for (field, why) in RUNTIME {
        let path = format!("spec.{field}");
        let Some(found) = value(&policy.document, &path) else { continue };
        if field == "preemption" && found != "Always" || field == "preserveResourcesOnDeletion" && found == false {
            continue;
        }
        let Some(spot) = at(&policy.document.spans, &path) else { continue };
        if said.insert((spot.key.file, field)) {
            let name = field.rsplit('.').next().unwrap_or(field);
            let message = format!("`{name}` has no effect on what is placed: {why}");
            diags.push(Diagnostic::new(Code::KarmadaRuntime, spot.key, message));
        }
    }
}

/// Rows: constraints beside a static weight, and constraints that select nothing.
fn placement(policy: &Policy, diags: &mut Diagnostics) {
    let draft = &policy.draft;
    let Some(spot) = at(&policy.document.spans, "spec.placement.spreadConstraints") else { return };
    if draft.spread.is_empty() {
        return;
    }
    let fixed = draft.scheduling.as_ref().is_some_and(|scheduling| {
        let weights = scheduling.weights.as_ref();
        scheduling.kind == "Divided"
            && scheduling.preference == "Weighted"
            && weights.is_none_or(|weights| weights.dynamic.is_empty() && !weights.fixed.is_empty())
    });
    if fixed {
        let message = "spread constraints are ignored beside a static weight: every cluster that fits is taken";
        let diagnostic = Diagnostic::new(Code::KarmadaIgnored, spot.key, message);
        diags.push(diagnostic.help("remove them, or write `dynamicWeight: AvailableReplicas`"));
        return;
    }
    for (number, spread) in draft.spread.iter().enumerate() {
        if matches!(spread.field.as_str(), "zone" | "provider") {
            let place = spot.item(number).map_or(spot.key, |spot| spot.value);
            let message = format!(
                "a constraint by {} does not select: it only leaves out clusters without a {}",
                spread.field, spread.field
            );
            diags.push(Diagnostic::new(Code::KarmadaIgnored, place, message).help("spread by `region` or `cluster`"));
        }
    }
}

/// Rows: labels beside a name, and labels that Kubernetes cannot read.
fn selectors(selectors: &[ResourceSelector], diags: &mut Diagnostics) {
    for selector in selectors {
        let Some(labels) = selector.labels_span else { continue };
        if !selector.name.is_empty() {
            let message = "the labels of a selector with a `name` are not looked at";
            let mut diagnostic = Diagnostic::new(Code::KarmadaIgnored, labels, message);
            diagnostic = selector.name_span.into_iter().fold(diagnostic, |d, span| d.other(span, "the name"));
            diags.push(diagnostic.help("remove `labelSelector`, or the name"));
        } else if !selector.is_readable() {
            diags.push(unreadable(labels, "no object"));
        }
    }
}

fn unreadable(span: Span, what: &str) -> Diagnostic {
    let message = format!("Kubernetes cannot read these labels as a selector, so to Karmada they select {what}");
    Diagnostic::new(Code::KarmadaIgnored, span, message)
        .help("write In or NotIn with values, Exists or DoesNotExist without, and well-formed keys and values")
}

fn is_readable(terms: &Terms) -> bool {
    let readable =
        |required: &LabelRequirement| required.operator().is_some_and(|operator| required.is_selector(operator));
    terms.labels.iter().flatten().all(readable)
}

fn affinities(policy: &Policy, path: &[&str], diags: &mut Diagnostics) {
    let draft = &policy.draft;
    let place = |tail: &[&str]| policy.place(&[path, tail].concat()).value;
    if draft.affinity.as_ref().is_some_and(|terms| !is_readable(terms)) {
        diags.push(unreadable(place(&["clusterAffinity", "labelSelector"]), "no cluster"));
    }
    let unread = |group: &&DraftGroup| !is_readable(&group.terms);
    for (number, _) in draft.groups.iter().enumerate().filter(|(_, group)| unread(group)) {
        let number = number.to_string();
        diags.push(unreadable(place(&["clusterAffinities", &number, "labelSelector"]), "no cluster"));
    }
}

/// Row: rules that change nothing.
fn empty_rules(policy: &OverridePolicy, diags: &mut Diagnostics) {
    for rule in policy.rules.iter().filter(|rule| rule.overriders.is_empty()) {
        let path: Vec<&str> = rule.path.iter().map(String::as_str).collect();
        let spot = policy.place(&path);
        let message = format!("{policy} has a rule without overriders: it changes nothing");
        diags.push(Diagnostic::new(Code::KarmadaIgnored, spot.key, message).help("remove it, or say what differs"));
    }
}

/// What is to be said of templates and the policies that select them.
pub(super) fn joined(
    documents: &KarmadaDocuments,
    claims: &[PolicyClaim<'_>],
    requires: &Requirements,
    diags: &mut Diagnostics,
) {
    let keys: Vec<&TemplateKey> = documents.templates.iter().map(|found| &found.key).collect();
    let selected = Selected::of(claims);
    for policy in &documents.policies {
        taking(&policy.selectors, &policy.scope, &policy.to_string(), &selected, &keys, diags);
    }
    for policy in &documents.overrides {
        taking(&policy.selectors, &policy.scope, &policy.to_string(), &selected, &keys, diags);
    }
    unselected(claims, requires, diags);
    obstacles(documents, claims, diags);
    absent(claims, requires, diags);
    accounts(claims, requires, diags);
    same_binding(claims, diags);
    namespaces(claims, diags);
    written_by_servers(claims, diags);
}

/// The templates, by what selectors ask of them.
struct Selected<'c> {
    by_kind: BTreeMap<(&'c str, &'c str), Vec<&'c PolicyClaim<'c>>>,
}

impl<'c> Selected<'c> {
    fn of(claims: &'c [PolicyClaim<'c>]) -> Self {
        let mut by_kind: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for claim in claims {
            let key = &claim.found.key;
            by_kind.entry((key.api_version.as_str(), key.kind.as_str())).or_default().push(claim);
        }
        Self { by_kind }
    }

    fn any(&self, selector: &ResourceSelector) -> bool {
        let of_kind = self.by_kind.get(&(selector.api_version.as_str(), selector.kind.as_str()));
        of_kind.into_iter().flatten().any(|claim| selector.priority(&claim.found.key, &claim.labels).is_some())
    }
}

/// Rows: selectors that take nothing, and namespaced policies that select kinds without namespaces.
fn taking(
    selectors: &[ResourceSelector],
    scope: &PolicyScope,
    policy: &str,
    selected: &Selected<'_>,
    keys: &[&TemplateKey],
    diags: &mut Diagnostics,
) {
    for selector in selectors {
        let wide = cluster_wide(&serde_json::json!({"apiVersion": selector.api_version, "kind": selector.kind}));
        if wide && *scope != PolicyScope::Cluster {
            let message = format!(
                "{policy} stands in a namespace and selects a {}, which has none: it does nothing",
                selector.kind
            );
            let help = match selector.kind.as_str() {
                "Namespace" => "remove it: a Namespace goes to every cluster by itself",
                _ => "select it in a ClusterPropagationPolicy or ClusterOverridePolicy",
            };
            diags.push(Diagnostic::new(Code::KarmadaSelectsNothing, selector.span, message).help(help));
        } else if selector.is_readable() && !selected.any(selector) {
            diags.push(nothing(selector, policy, keys));
        }
    }
}

fn nothing(selector: &ResourceSelector, policy: &str, keys: &[&TemplateKey]) -> Diagnostic {
    let span = selector.name_span.unwrap_or(selector.span);
    let what = if selector.name.is_empty() {
        format!("{} of {}", selector.kind, selector.api_version)
    } else {
        format!("{} `{}`", selector.kind, selector.name)
    };
    let place =
        if selector.namespace.is_empty() { String::new() } else { format!(" in namespace `{}`", selector.namespace) };
    let message = format!("this selector of {policy} takes nothing: there is no {what}{place}");
    let diagnostic = Diagnostic::new(Code::KarmadaSelectsNothing, span, message);
    let of_kind: Vec<&&TemplateKey> = keys.iter().filter(|key| selector.meets_kind(key)).collect();
    let same_name = |key: &&&&TemplateKey| !selector.name.is_empty() && key.name == selector.name;
    if let Some(other) = of_kind.iter().find(same_name) {
        let namespace = other.namespace.as_deref().unwrap_or("no namespace");
        return diagnostic.note(format!("there is one of that name in `{namespace}`"));
    }
    if !of_kind.is_empty() {
        let names = of_kind.iter().map(|key| key.name.as_str());
        return diagnostic.did_you_mean(nearest(&selector.name, names));
    }
    let kinds: BTreeSet<&str> = keys.iter().map(|key| key.kind.as_str()).collect();
    let version = keys.iter().find(|key| key.kind == selector.kind).map(|key| key.api_version.as_str());
    match version {
        Some(version) => diagnostic.help(format!("the apiVersion of {} here is `{version}`", selector.kind)),
        None => diagnostic.did_you_mean(nearest(&selector.kind, kinds.iter().copied())),
    }
}

/// Row: templates that nothing selects, needs or sends.
fn unselected(claims: &[PolicyClaim<'_>], requires: &Requirements, diags: &mut Diagnostics) {
    let mut others: Vec<(&TemplateKey, Span)> = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let found = claim.found;
        let sent = super::template::goes_everywhere(&found.key, &found.object.value);
        if claim.winner.is_some() || requires.by(at).next().is_some() || sent {
            continue;
        }
        if found.key.kind == "CronJob" {
            let message = format!("no policy selects {}: it goes nowhere", found.key);
            diags
                .push(Diagnostic::new(Code::KarmadaUnselected, found.span, message).help(
                    "name it in the `resourceSelectors` of a policy, or leave its file out by `sources.exclude`",
                ));
        } else {
            others.push((&found.key, found.span));
        }
    }
    if let Some((first, span)) = others.first() {
        let message = match others.len() {
            1 => format!("no policy selects {first}: it goes nowhere"),
            n => format!(
                "no policy selects {n} objects that are no CronJobs, {first} the first of them: they go nowhere"
            ),
        };
        diags.push(Diagnostic::new(Code::KarmadaUnselected, *span, message).severity(Severity::Note));
    }
}

/// Row: policies that Karmada never places by.
fn obstacles(documents: &KarmadaDocuments, claims: &[PolicyClaim<'_>], diags: &mut Diagnostics) {
    let mut said = BTreeSet::new();
    for policy in claims.iter().filter_map(|claim| claim.winner.as_ref()).map(|winner| winner.policy) {
        if super::join::obstacle(policy, documents).is_none() || !said.insert(policy.name.span) {
            continue;
        }
        let there = |name: &str| {
            documents.overrides.iter().any(|known| known.scope == policy.scope && known.name.as_str() == name)
        };
        let missing: Vec<_> = policy.dependent_overrides.iter().filter(|name| !there(name)).collect();
        for name in &missing {
            let names = documents.overrides.iter().filter(|known| known.scope == policy.scope);
            let message = format!(
                "{policy} waits for override policy `{}`, and there is none: nothing it has is placed",
                ***name
            );
            let near = nearest(name, names.map(|known| known.name.as_str())).map(str::to_owned);
            diags.push(Diagnostic::new(Code::KarmadaNotPlaced, name.span, message).did_you_mean(near.as_deref()));
        }
        if !missing.is_empty() {
            continue;
        }
        if let Some(scheduler) = &policy.foreign_scheduler {
            let message =
                format!("{policy} leaves placing to the scheduler `{}`, so Karmada places nothing it has", **scheduler);
            diags.push(Diagnostic::new(Code::KarmadaNotPlaced, scheduler.span, message).help("remove `schedulerName`"));
        } else if let Some(class) = &policy.priority_class {
            let message = format!("there is no PriorityClass `{}`: Karmada places nothing that {policy} has", **class);
            diags.push(
                Diagnostic::new(Code::KarmadaNotPlaced, class.span, message)
                    .help("add the PriorityClass to the repository, or remove `schedulePriority`"),
            );
        }
    }
}

/// Row: what is brought along and is not in the repository.
fn absent(claims: &[PolicyClaim<'_>], requires: &Requirements, diags: &mut Diagnostics) {
    for (at, kind, name) in &requires.absent {
        let found = claims[*at].found;
        let message =
            format!("{} needs {kind} `{name}`, and it is not in the repository: it does not come along", found.key);
        diags.push(
            Diagnostic::new(Code::KarmadaDependency, found.span, message)
                .help("add it, or make sure that each cluster has it"),
        );
    }
}

/// Row: a ServiceAccount that comes along without the bindings that give it rights.
fn accounts(claims: &[PolicyClaim<'_>], requires: &Requirements, diags: &mut Diagnostics) {
    for (at, claim) in claims.iter().enumerate() {
        let key = &claim.found.key;
        if key.kind != "ServiceAccount" || requires.by(at).next().is_none() {
            continue;
        }
        let names_it = |subject: &Value| {
            subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount")
                && subject.get("name").and_then(Value::as_str) == Some(key.name.as_str())
                && subject.get("namespace").and_then(Value::as_str).or(key.namespace.as_deref())
                    == key.namespace.as_deref()
        };
        for binding in claims.iter().filter(|other| other.winner.is_none()) {
            let kind = binding.found.key.kind.as_str();
            let subjects = binding.found.object.value.get("subjects").and_then(Value::as_array).into_iter().flatten();
            if matches!(kind, "RoleBinding" | "ClusterRoleBinding") && subjects.into_iter().any(names_it) {
                let message = format!("{key} comes along, and {}, which gives it rights, does not", binding.found.key);
                diags.push(
                    Diagnostic::new(Code::KarmadaDependency, binding.found.span, message)
                        .other(claim.found.span, "the ServiceAccount")
                        .help("select the binding and its role in a policy"),
                );
            }
        }
    }
}

/// Row: two templates that fight for one ResourceBinding (`names.GenerateBindingName`).
fn same_binding(claims: &[PolicyClaim<'_>], diags: &mut Diagnostics) {
    let mut seen: BTreeMap<(Option<&str>, String), &PolicyClaim<'_>> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.winner.is_some()) {
        let key = &claim.found.key;
        let name = format!("{}-{}", key.name, key.kind).to_lowercase();
        match seen.get(&(key.namespace.as_deref(), name.clone())) {
            Some(first) => {
                let message = format!(
                    "{key} has the ResourceBinding of another object of that kind and name: in Karmada one of them is never sent"
                );
                diags.push(
                    Diagnostic::new(Code::KarmadaIgnored, claim.found.span, message)
                        .other(first.found.span, "the other"),
                );
            }
            None => drop(seen.insert((key.namespace.as_deref(), name), claim)),
        }
    }
}

/// Row: Namespaces go everywhere.
fn namespaces(claims: &[PolicyClaim<'_>], diags: &mut Diagnostics) {
    let sent = |claim: &&PolicyClaim<'_>| super::template::goes_everywhere(&claim.found.key, &claim.found.object.value);
    let mut everywhere = claims.iter().filter(sent);
    let Some(first) = everywhere.next() else { return };
    let message = match everywhere.count() {
        0 => format!("{} goes to every cluster, whatever policies say", first.found.key),
        n => format!("{} and {n} more go to every cluster, whatever policies say", first.found.key),
    };
    diags.push(
        Diagnostic::new(Code::KarmadaRuntime, first.found.span, message)
            .help("the label `namespace.karmada.io/skip-auto-propagation: \"true\"` keeps one from that"),
    );
}

/// Row: what a server wrote into an exported object.
fn written_by_servers(claims: &[PolicyClaim<'_>], diags: &mut Diagnostics) {
    const FIELDS: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"];
    let mut first: Option<Span> = None;
    let mut count = 0_usize;
    for claim in claims {
        let Some((metadata, spans)) = claim.found.object.member("metadata") else { continue };
        let field = FIELDS.iter().find(|name| metadata.get(**name).is_some_and(|value| !value.is_null()));
        let status =
            claim.found.object.member("status").filter(|(value, _)| !value.is_null()).map(|(_, spans)| spans.key);
        let place = field.and_then(|name| spans.member(name)).map(|spot| spot.key).or(status);
        count += usize::from(place.is_some());
        first = first.or(place);
    }
    let Some(span) = first else { return };
    let message = match count {
        1 => "this template holds what a server wrote; that is left out".to_owned(),
        n => format!("{n} templates hold what a server wrote, this one the first; that is left out"),
    };
    diags.push(
        Diagnostic::new(Code::ServerField, span, message)
            .help("remove it from the files, or run `fleetcron import karmada`"),
    );
}
