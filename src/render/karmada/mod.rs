//! Renders templates of Karmada: what Karmada would send to each cluster.
//!
//! An object is shown to the overriders as Karmada's control plane has stored it, with the API server's defaults and the
//! marks of its policy, and all of that is taken out again. Source: `pkg/controllers/binding/common.go ensureWork`,
//! `pkg/util/overridemanager/overridemanager.go`.

mod defaults;
mod overriding;
mod prune;
mod view;

pub use overriding::{Applied, OverrideReach, RuleError, overrider, place};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use self::overriding::override_object;
use super::object::{HEADER, Ordered, header};
use super::{Manifest, Surroundings, Variant, file_path, flux};
use crate::diag::{Code, Diagnostic, Gather, Severity};
use crate::model::karmada::{Compatibility, Template};
use crate::model::{Timing, Unit};
use crate::patch::image::Image;
use crate::patch::karmada::{Kind, OverrideError, Problem, Sees, YamlTexts};
use crate::patch::typed;
use crate::tree::{Span, reach};
use crate::validate::{self, ResourceQuantities, SchemaNode, nulls, requests};
use crate::yaml;

/// One cluster that an object is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderTarget {
    /// The cluster, by index in the inventory.
    pub cluster: usize,
    /// Its replicas, where the object is a workload.
    pub share: Option<i64>,
    /// Its completions, where those are shared out.
    pub completions: Option<i64>,
}

/// What tells the objects of two clusters apart: the share, the completions, and the override rules by their places.
type Key = (Option<i64>, Option<i64>, Vec<(usize, usize)>);

/// A template, rendered.
#[derive(Clone, Debug, Default)]
pub struct Templated {
    /// Clusters that get the same bytes.
    pub variants: Vec<Variant>,
    /// What the override policies did, by variant.
    pub applied: Vec<Vec<Applied>>,
    /// The objects, by variant.
    pub objects: Vec<Value>,
    /// Clusters that go without, because an override fails there.
    pub refused: Vec<(RuleError, Vec<usize>)>,
}

/// How YAML in a text is read and written.
pub const YAML: YamlTexts = YamlTexts { read: read_yaml, write: write_yaml };

fn read_yaml(text: &str) -> Option<Value> {
    let parsed = yaml::parse(crate::tree::FileId(0), text.as_bytes());
    let mut documents = parsed.documents.into_iter();
    let first = documents.next();
    let sound = parsed.diagnostics.is_empty() && documents.next().is_none();
    first.filter(|_| sound).map(|document| document.root.to_value())
}

fn write_yaml(value: &Value) -> String {
    yaml::emit(value, Ordered(None))
}

/// How many replicas an object has, and what one of them requests; nothing where it is no workload.
/// Source: `pkg/resourceinterpreter/default/native/replica.go`.
pub fn replicas(template: &Template, compatibility: Compatibility) -> Option<(i64, Option<ResourceQuantities>)> {
    let full = stored(template);
    let number = |pointer: &str| full.pointer(pointer).and_then(Value::as_i64);
    let of_job = |spec: &str| {
        let parallelism = number(&format!("{spec}/parallelism"));
        let completions = number(&format!("{spec}/completions"));
        (parallelism, completions)
    };
    let (count, pod) = match (template.key.group(), template.key.kind.as_str()) {
        ("apps", "Deployment" | "StatefulSet" | "ReplicaSet") => (number("/spec/replicas")?, "/spec/template/spec"),
        ("batch", "Job") => {
            let (parallelism, completions) = of_job("/spec");
            let parallelism = parallelism.unwrap_or_default();
            (completions.map_or(parallelism, |completions| completions.min(parallelism)), "/spec/template/spec")
        }
        ("batch", "CronJob") if compatibility == Compatibility::Intended => {
            let (parallelism, completions) = of_job("/spec/jobTemplate/spec");
            let parallelism = parallelism.unwrap_or(1);
            let count = completions.map_or(parallelism, |completions| completions.min(parallelism));
            (count, "/spec/jobTemplate/spec/template/spec")
        }
        ("", "Pod") => (1, "/spec"),
        _ => return None,
    };
    let request = full.pointer(pod).and_then(|pod| requests::of_pod(pod).ok()).filter(|amounts| !amounts.is_empty());
    Some((count, request))
}

/// The completions of a workload that shares them out.
pub fn completions(template: &Template, compatibility: Compatibility) -> Option<i64> {
    let pointer = match (template.key.group(), template.key.kind.as_str()) {
        ("batch", "Job") => "/spec/completions",
        ("batch", "CronJob") if compatibility == Compatibility::Intended => "/spec/jobTemplate/spec/completions",
        _ => return None,
    };
    stored(template).pointer(pointer).and_then(Value::as_i64)
}

/// The object without what means nothing, as the API server reads it.
fn written(template: &Template) -> Value {
    let mut value = template.object.value.clone();
    nulls::fill_object(&mut value);
    typed::strip_nulls(&mut value);
    value
}

/// The object as the control plane has stored it.
fn stored(template: &Template) -> Value {
    let mut value = written(template);
    defaults::fill(&mut value);
    value
}

/// Renders a template for its clusters. What is wrong goes into `said` with the clusters that have it.
pub fn template(
    unit: &Unit,
    template: &Template,
    targets: &[RenderTarget],
    reach: &OverrideReach,
    around: Surroundings<'_>,
    said: &mut Gather,
) -> Templated {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for target in targets {
        let key = (target.share, target.completions, reach.rules(template, target.cluster));
        groups.entry(key).or_default().push(target.cluster);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.iter_mut().for_each(|(_, clusters)| clusters.sort_unstable());
    groups.sort_by_key(|(_, clusters)| clusters[0]);
    let mut templated = Templated::default();
    for ((share, completions, rules), clusters) in groups {
        let made = build(template, (share, completions), &rules, around.fleet.karmada.compatibility);
        match made {
            Ok((value, applied)) => {
                let made = MadeObject { share, unit, template, clusters: &clusters, applied: &applied };
                if let Some((variant, object)) = finish(made, value, around, said) {
                    templated.variants.push(variant);
                    templated.objects.push(object);
                    templated.applied.push(applied);
                }
            }
            Err(error) => templated.refused.push((error, clusters)),
        }
    }
    templated
}

/// The object for one cluster.
fn build(
    template: &Template,
    (share, completions): (Option<i64>, Option<i64>),
    rules: &[(usize, usize)],
    compatibility: Compatibility,
) -> Result<(Value, Vec<Applied>), RuleError> {
    let written = written(template);
    // Without a share and overrides nobody sees the defaults that are taken out again.
    if share.is_none() && rules.is_empty() {
        let mut object = if template.verbatim.is_some() { template.object.value.clone() } else { written };
        prune::prune(&mut object);
        return Ok((object, Vec::new()));
    }
    let mut full = written.clone();
    defaults::fill(&mut full);
    let mut object = full.clone();
    if let Some(policy) = &template.policy {
        prune::claim(&mut object, policy);
    }
    revise(&mut object, template, share, completions, compatibility);
    let sees = match compatibility {
        Compatibility::Exact => Sees::Exact,
        Compatibility::Intended => Sees::CronJobs,
    };
    let applied = override_object(&mut object, template, rules, sees)?;
    if template.verbatim.is_some() {
        return untouched(template, applied);
    }
    prune::prune(&mut object);
    view::without_defaults(&mut object, &written, &full);
    if template.is_cron_job() && share == Some(1) {
        without_share(&mut object, &written);
    }
    Ok((object, applied))
}

/// Takes the share of 1 out of a CronJob whose author gave no parallelism: it is what is meant without.
fn without_share(object: &mut Value, written: &Value) {
    const SPEC: &str = "/spec/jobTemplate/spec";
    let said = written.pointer(SPEC).is_some_and(|spec| spec.get("parallelism").is_some());
    if said || object.get("kind").and_then(Value::as_str) != Some("CronJob") {
        return;
    }
    if let Some(Value::Object(spec)) = object.pointer_mut(SPEC)
        && spec.get("parallelism") == Some(&json!(1))
    {
        spec.remove("parallelism");
    }
}

/// An encrypted object passes byte for byte: an override that would change it cannot.
fn untouched(template: &Template, applied: Vec<Applied>) -> Result<(Value, Vec<Applied>), RuleError> {
    for Applied { policy, rule, effects } in &applied {
        if let Some(effect) = effects.iter().find(|effect| !effect.touched.is_empty()) {
            let error = OverrideError {
                kind: effect.kind,
                index: effect.index,
                inner: None,
                pointer: effect.touched[0].clone(),
                problem: Problem::Encrypted,
            };
            return Err(RuleError { policy: *policy, rule: *rule, error });
        }
    }
    Ok((template.object.value.clone(), applied))
}

/// Writes a cluster's share (`revisereplica.go`, `applyJobCompletions`).
fn revise(
    object: &mut Value,
    template: &Template,
    share: Option<i64>,
    completions: Option<i64>,
    compatibility: Compatibility,
) {
    let Some(share) = share else { return };
    let cron_job = template.is_cron_job() && compatibility == Compatibility::Intended;
    let (spec, member) = match (template.key.group(), template.key.kind.as_str()) {
        ("apps", "Deployment" | "StatefulSet" | "ReplicaSet") => ("/spec", "replicas"),
        ("batch", "Job") => ("/spec", "parallelism"),
        ("batch", "CronJob") if cron_job => ("/spec/jobTemplate/spec", "parallelism"),
        _ => return,
    };
    let Some(Value::Object(spec)) = object.pointer_mut(spec) else { return };
    spec.insert(member.to_owned(), json!(share));
    if let Some(completions) = completions {
        spec.insert("completions".to_owned(), json!(completions));
    }
}

/// Takes out of an object what a control plane and its tools wrote into it.
pub fn clean(object: &mut Value) {
    prune::prune(object);
    prune::without_tracking(object);
}

/// What one object was made of.
struct MadeObject<'m> {
    /// The replicas of each cluster, where the object is a workload.
    share: Option<i64>,
    unit: &'m Unit,
    template: &'m Template,
    clusters: &'m [usize],
    applied: &'m [Applied],
}

/// Checks an object and turns it into a manifest.
fn finish(
    made: MadeObject<'_>,
    mut value: Value,
    around: Surroundings<'_>,
    said: &mut Gather,
) -> Option<(Variant, Value)> {
    let MadeObject { unit, template, clusters, .. } = made;
    for diagnostic in check(&made, &value, around) {
        said.add(diagnostic, clusters);
    }
    let mut found = Vec::new();
    if template.verbatim.is_none() {
        flux::watch(&mut value, around.fleet, unit, &mut found);
    }
    found.into_iter().for_each(|diagnostic| said.add(diagnostic, clusters));
    if template.everywhere && around.fleet.output.namespaces {
        keep(&mut value);
    }
    let cron_job = reach(&value, "/kind").and_then(Value::as_str) == Some("CronJob") && template.is_cron_job();
    let (instances, requests) = carried(&value, made.share, cron_job);
    let timing = if cron_job { Timing::of(&value) } else { Timing::default() };
    let Some(manifest) = manifest(&made, &value, cron_job) else {
        said.add(unnamed(template), clusters);
        return None;
    };
    let variant = Variant {
        clusters: clusters.to_vec(),
        overrides: Vec::new(),
        instances,
        undone: false,
        manifests: vec![manifest],
        timing,
        requests,
    };
    Some((variant, value))
}

/// The pods that an object comes to on one cluster, and what one of them requests; none where it makes none.
fn carried(value: &Value, share: Option<i64>, cron_job: bool) -> (u32, Option<ResourceQuantities>) {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let pointer = match (cron_job, share) {
        (true, _) => "/spec/jobTemplate/spec/template/spec",
        (false, Some(_)) => "/spec/template/spec",
        (false, None) => return (0, Some(ResourceQuantities::new())),
    };
    let number = |name: &str| value.pointer(&format!("/spec/jobTemplate/spec/{name}")).and_then(Value::as_u64);
    let at_once = number("parallelism").map(|pods| number("completions").map_or(pods, |wanted| pods.min(wanted)));
    let instances = match share {
        Some(share) if !cron_job => count(u64::try_from(share).unwrap_or_default()),
        _ => at_once.map_or(1, count),
    };
    let pod = value.pointer(pointer).or_else(|| value.get("spec"));
    (instances, pod.and_then(|pod| requests::of_pod(pod).ok()))
}

/// Marks a Namespace, so that neither Argo CD nor Flux ever deletes it.
fn keep(value: &mut Value) {
    let annotations = super::path::ensure(value, &["metadata", "annotations"]);
    for (key, text) in [
        ("argocd.argoproj.io/sync-options", "Prune=false,Delete=false"),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    ] {
        if annotations.get(key).is_none() {
            annotations[key] = text.into();
        }
    }
}

fn unnamed(template: &Template) -> Diagnostic {
    let message = format!("no file can be named after {}", template.key);
    Diagnostic::new(Code::ResourceInvalid, template.span, message)
}

fn manifest(made: &MadeObject<'_>, value: &Value, cron_job: bool) -> Option<Manifest> {
    let template = made.template;
    let text = |pointer: &str| reach(value, pointer).and_then(Value::as_str);
    let namespace = match reach(value, "/metadata/namespace") {
        Some(namespace) => Some(namespace.as_str()?.to_owned()),
        None => None,
    };
    let name = text("/metadata/name")?.to_owned();
    text("/kind").filter(|kind| file_path::is_sound(kind))?;
    let (file_kind, kind) = super::resources::file_kind(value);
    let path = file_path::manifest(namespace.as_deref(), &name, &file_kind)?;
    let bytes: Arc<[u8]> = match &template.verbatim {
        Some(bytes) => bytes.clone(),
        None => {
            let schema = if cron_job { SchemaNode::cronjob() } else { SchemaNode::other_object() };
            let mut bytes = if cron_job { header(made.unit) } else { HEADER.to_owned() }.into_bytes();
            yaml::emit_into(&mut bytes, value, Ordered(Some(schema)));
            bytes.into()
        }
    };
    Some(Manifest {
        path,
        api: text("/apiVersion").map(|version| crate::tree::Spanned::new(version.to_owned(), template.span)),
        kind,
        namespace,
        name,
        bytes,
        file: (!cron_job).then_some(template.span.file),
        verbatim: template.verbatim.is_some(),
        span: template.span,
    })
}

/// What Kubernetes would refuse, said where it was written: in the template, or in the override that made it so.
fn check(made: &MadeObject<'_>, value: &Value, around: Surroundings<'_>) -> Vec<Diagnostic> {
    if made.template.verbatim.is_some() {
        return Vec::new();
    }
    let cluster = around.scopes[made.clusters[0]].cluster;
    let version = super::beside::version(around.fleet, cluster);
    let still = value.get("kind").and_then(Value::as_str) == Some("CronJob");
    let findings = if made.template.is_cron_job() && still {
        validate::cron_job(value, validate::Options { version, partial: false })
    } else {
        validate::object_beside(value, version)
    };
    let blame = |pointer: &str| -> (Span, Option<String>) {
        let by = made.applied.iter().rev().find(|applied| applied.touches(pointer));
        let by = by.map(|applied| format!("said by {}", made.template.overrides[applied.policy]));
        (origin(made.template, made.applied, pointer), by)
    };
    let diagnostic = |finding: validate::Finding| {
        let (span, by) = blame(&finding.pointer);
        let mut diagnostic = Diagnostic::new(finding.code, span, finding.message).severity(finding.severity);
        diagnostic.help = finding.help;
        let place = format!("at {} in the manifest", finding.pointer);
        diagnostic.note(by.map_or(place.clone(), |by| format!("{place}, {by}")))
    };
    let mut diags: Vec<Diagnostic> = findings.into_iter().map(diagnostic).collect();
    images(made, value, &mut diags);
    identity(made, value, &mut diags);
    diags
}

/// Images that an overrider robbed of their digest, or that are no images any more.
fn images(made: &MadeObject<'_>, value: &Value, diags: &mut Vec<Diagnostic>) {
    for applied in made.applied {
        for effect in applied.effects.iter().filter(|effect| effect.kind == Kind::Image) {
            for pointer in &effect.touched {
                let text = |value: &Value| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
                let (Some(before), Some(after)) = (text(&made.template.object.value), text(value)) else { continue };
                let policy = &made.template.overrides[applied.policy];
                let span = overrider(policy, applied.rule, effect.kind.field(), effect.index);
                if Image::parse(&after).is_err() {
                    let message = format!("{policy} makes `{after}` of the image `{before}`, and that is no image");
                    diags.push(
                        Diagnostic::new(Code::InvalidValue, span, message).other(made.template.span, "the template"),
                    );
                } else if before.contains('@') && !after.contains('@') {
                    let message = format!("{policy} drops the digest of the image `{before}`: it becomes `{after}`");
                    diags.push(
                        Diagnostic::new(Code::DigestLost, span, message)
                            .severity(Severity::Warning)
                            .other(made.template.span, "the template"),
                    );
                }
            }
        }
    }
}

/// Objects that an override made others of.
fn identity(made: &MadeObject<'_>, value: &Value, diags: &mut Vec<Diagnostic>) {
    for pointer in ["/kind", "/apiVersion", "/metadata/name", "/metadata/namespace"] {
        let (before, after) = (made.template.object.value.pointer(pointer), value.pointer(pointer));
        if before == after {
            continue;
        }
        let Some(applied) = made.applied.iter().rev().find(|applied| applied.touches(pointer)) else { continue };
        let policy = &made.template.overrides[applied.policy];
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("nothing").to_owned();
        let name = pointer.trim_start_matches('/').replace('/', ".");
        let message = format!(
            "{policy} changes `{name}` of {} from `{}` to `{}`: it becomes another object",
            made.template.key,
            text(before),
            text(after)
        );
        let renamed = pointer.starts_with("/metadata");
        let code = if renamed { Code::ObjectRenamed } else { Code::ResourceInvalid };
        let severity = if renamed { Severity::Warning } else { Severity::Error };
        let span = applied.span(made.template, pointer);
        diags.push(Diagnostic::new(code, span, message).severity(severity).other(made.template.span, "the template"));
    }
}

/// Where the value at a pointer of a rendered object comes from: the overrider that changed it, or the text of the template
/// as far as the pointer leads there.
pub fn origin(template: &Template, applied: &[Applied], pointer: &str) -> Span {
    match applied.iter().rev().find(|applied| applied.touches(pointer)) {
        Some(applied) => applied.span(template, pointer),
        None => in_template(template, pointer),
    }
}

/// The place of a pointer in the text of a template, as far as it leads.
fn in_template(template: &Template, pointer: &str) -> Span {
    let mut at = &template.object.spans;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = at.member(&token).or_else(|| token.parse().ok().and_then(|number| at.item(number)));
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    if std::ptr::eq(at, &template.object.spans) { template.span } else { at.value }
}
