//! Reads files that a task refers to: an existing CronJob, and objects that go with the task. The files themselves stay
//! as they are.

use std::sync::Arc;

use serde_json::Value;

use super::context::DocumentContext;
use super::forms::TextOr;
use super::wire::{CronJobSpec, ResourceSpec};
use super::{body, reserved, server, sops, taken};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{Resource, ResourceFile};
use crate::patch::MAX_OBJECT;
use crate::tree::{FileId, Located, SourceFile, Span, SpanTree, Spanned, Spots};

/// The CronJob of a `cronJob` file.
pub(super) fn cron_job(spec: Spanned<TextOr<CronJobSpec>>, context: &mut DocumentContext<'_, '_>) -> Option<Located> {
    let (file, name) = match spec.value {
        TextOr::Text(file) => (Spanned::new(file, spec.span), None),
        TextOr::Object(object) => (object.file, object.name),
    };
    let id = context.file(&file, file.span)?;
    let objects = objects(id, file.span, context)?;
    context.files.name_as_cron_job(&file, id, &objects);
    let mut found: Vec<Located> =
        objects.into_iter().filter(|object| text(object, "kind") == Some("CronJob")).collect();
    let names: Vec<String> = found.iter().map(|object| object_name(object).to_owned()).collect();
    let path = &context.library.sources.file(id).path;
    if let Some(name) = name {
        found.retain(|object| object_name(object) == name.as_str());
        if found.is_empty() {
            let message = format!("`{path}` has no CronJob `{}`", *name);
            let near = nearest(&name, names.iter().map(String::as_str)).map(str::to_owned);
            let diagnostic = Diagnostic::new(Code::InvalidFile, name.span, message).did_you_mean(near.as_deref());
            context.diags.push(diagnostic);
            return None;
        }
    }
    let path = path.to_string();
    match found.len() {
        0 => {
            context.error(Code::InvalidFile, file.span, format!("`{path}` has no CronJob"));
            return None;
        }
        1 => {}
        n => {
            context.diags.push(
                Diagnostic::new(
                    Code::InvalidFile,
                    file.span,
                    format!("`{path}` has {n} CronJobs: {}", names.join(", ")),
                )
                .help(format!("say which: `cronJob: {{file: {}, name: {}}}`", *file, names[0])),
            );
            return None;
        }
    }
    let object = found.pop()?;
    reserved::check(&object.spans, context);
    check_version(&object, context);
    identity_is_text(&object, context).then_some(object)
}

/// Whether name and namespace, which stay as the file gives them, are texts: a number would count as none.
fn identity_is_text(object: &Located, context: &mut DocumentContext<'_, '_>) -> bool {
    let mut sound = true;
    let Some(metadata) = object.spans.member("metadata") else { return sound };
    for name in ["name", "namespace"] {
        let Some(value) = object.value.pointer(&format!("/metadata/{name}")) else { continue };
        if value.is_string() || value.is_null() {
            continue;
        }
        sound = false;
        let span = metadata.member(name).map_or(metadata.value, |spot| spot.value);
        let diagnostic = Diagnostic::new(Code::WrongType, span, format!("`metadata.{name}` must be a string"));
        let written = context.library.sources.text(span);
        let scalar = value.is_number() || value.is_boolean();
        context.diags.push(match scalar {
            true => diagnostic.help(format!("quote it: `\"{written}\"`")),
            false => diagnostic,
        });
    }
    sound
}

fn check_version(object: &Located, context: &mut DocumentContext<'_, '_>) {
    let Some((Value::String(version), spans)) = object.member("apiVersion") else {
        let diagnostic = Diagnostic::new(Code::MissingField, object.span(), "this CronJob has no apiVersion");
        context.diags.push(diagnostic.help("write `apiVersion: batch/v1`"));
        return;
    };
    match version.as_str() {
        "batch/v1" => {}
        "batch/v1beta1" | "batch/v2alpha1" => context.diags.push(
            Diagnostic::new(
                Code::DeprecatedApi,
                spans.value,
                format!("`{version}` is no longer served by Kubernetes (since 1.25); it is read as `batch/v1`"),
            )
            .help("write `apiVersion: batch/v1`"),
        ),
        other => context.diags.push(
            Diagnostic::new(Code::InvalidFile, spans.value, format!("`{other}` is not an apiVersion of a CronJob"))
                .help("write `apiVersion: batch/v1`"),
        ),
    }
}

/// The objects of a file: its documents, lists unfolded. A file that cannot be read is reported.
fn objects(id: FileId, span: Span, context: &mut DocumentContext<'_, '_>) -> Option<Vec<Located>> {
    let parsed = context.library.parsed(id);
    if !parsed.diagnostics.is_empty() {
        if context.broken.told.insert(id) {
            let library = context.library;
            context.diags.extend(broken(library.sources.file(id), id, &parsed.diagnostics, span));
        }
        return None;
    }
    context.diags.extend(parsed.warnings.iter().cloned());
    let mut objects = Vec::new();
    let mut usable = true;
    for document in &parsed.documents {
        let object = document.root.located();
        if !object.value.is_null() {
            usable &= unfold(object, span, &mut objects, context);
        }
    }
    if !usable {
        return None;
    }
    if !objects.iter().map(|object| sops::check(object, context)).fold(true, |sound, one| sound & one) {
        return None;
    }
    if !objects.iter().any(|object| object.value.get("sops").is_some()) {
        objects.iter_mut().for_each(|object| server::remove_fields(object, context));
    }
    Some(objects)
}

/// Adds an object, or the items of a list: `List`, or the list of one kind (`ConfigMapList`), whose items may leave out what
/// they are, as the API server writes them (`UnstructuredList.EachListItem` in
/// `k8s.io/apimachinery/pkg/apis/meta/v1/unstructured`). False if the file cannot be used.
fn unfold(object: Located, span: Span, into: &mut Vec<Located>, context: &mut DocumentContext<'_, '_>) -> bool {
    if !object.value.is_object() {
        let diagnostic = Diagnostic::new(Code::InvalidFile, object.span(), "this is not a Kubernetes object");
        context.diags.push(diagnostic.other(span, "the file is named here"));
        return false;
    }
    let has_items = object.value.get("items").is_some_and(Value::is_array);
    if has_items && object.value.get("sops").is_some() {
        let message = "a list that is encrypted as a whole cannot be taken apart";
        context.diags.push(
            Diagnostic::new(Code::ResourceInvalid, object.span(), message)
                .other(span, "the file is named here")
                .help("encrypt each object in a file of its own: it passes byte for byte"),
        );
        return false;
    }
    let of = text(&object, "kind").and_then(|kind| kind.strip_suffix("List")).map(str::to_owned);
    let Some(of) = of.filter(|_| has_items) else {
        into.push(object);
        return true;
    };
    let version = object.member("apiVersion").map(|(version, spans)| (version.clone(), spans.clone()));
    let kind = object.member("kind").map(|(_, spans)| (Value::String(of.clone()), spans.clone()));
    let whole = object.span();
    let places = match object.member("items") {
        Some((_, SpanTree { spots: Spots::Items(places), .. })) => places.clone(),
        _ => Vec::new(),
    };
    let mut usable = true;
    let Some(Value::Array(items)) = object.value.get("items") else { return usable };
    for (at, item) in items.iter().enumerate() {
        let spans = places.get(at).cloned().unwrap_or_else(|| SpanTree::leaf(whole));
        let mut item = Located { value: item.clone(), spans };
        if !of.is_empty() {
            let own = [("apiVersion", &version), ("kind", &kind)];
            own.into_iter().filter_map(|(name, own)| Some((name, own.as_ref()?))).for_each(|(name, (value, spans))| {
                add_member(&mut item, name, value, spans);
            });
        }
        usable &= unfold(item, span, into, context);
    }
    usable
}

/// Adds a member to a map that lacks it.
fn add_member(object: &mut Located, name: &str, value: &Value, spans: &SpanTree) {
    let (Value::Object(members), Spots::Members(places)) = (&mut object.value, &mut object.spans.spots) else { return };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), value.clone());
        places.push((name.to_owned(), spans.clone()));
    }
}

/// What is wrong with a file that is not YAML, named at `span`: a template in one message, another in those of the parser.
fn broken(file: &SourceFile, id: FileId, found: &[Diagnostic], span: Span) -> Vec<Diagnostic> {
    let text = String::from_utf8_lossy(&file.bytes);
    let Some(start) = text.find("{{") else {
        let mut found = found.to_vec();
        let named = found.iter_mut().take(1);
        named.for_each(|first| *first = first.clone().other(span, "the file is named here"));
        return found;
    };
    let line = text[start..].lines().next().unwrap_or_default();
    let end = line.find("}}").map_or(line.len(), |at| at + 2);
    vec![
        Diagnostic::new(Code::InvalidFile, span, format!("`{}` is a template, not YAML", file.path))
            .other(Span::new(id, start, start + end), "this is filled in by another tool")
            .help("name what the tool makes of it (`helm template`); what differs by cluster, overrides say"),
    ]
}

pub(super) fn text<'a>(object: &'a Located, name: &str) -> Option<&'a str> {
    object.value.get(name).and_then(Value::as_str)
}

pub(super) fn object_name(object: &Located) -> &str {
    object.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

/// One of `resources`.
pub(super) fn lower(spec: Spanned<TextOr<ResourceSpec>>, context: &mut DocumentContext<'_, '_>) -> Option<Resource> {
    let span = spec.span;
    let spec = match spec.value {
        TextOr::Text(file) => ResourceSpec { file: Spanned::new(file, span), expand: None },
        TextOr::Object(object) => object,
    };
    let expand = spec.expand.unwrap_or(false);
    let id = context.file(&spec.file, spec.file.span)?;
    let mut objects = objects(id, spec.file.span, context)?;
    context.files.name_as_resource(id);
    let path = context.library.sources.file(id).path.clone();
    if objects.is_empty() {
        context.error(Code::InvalidFile, spec.file.span, format!("`{path}` holds no object"));
        return None;
    }
    let sops = objects.iter().any(|object| object.value.get("sops").is_some());
    if sops && expand {
        context.diags.push(
            Diagnostic::new(
                Code::ResourceInvalid,
                span,
                format!("`{path}` is encrypted by SOPS and cannot be expanded"),
            )
            .help("remove `expand`: an encrypted file passes byte for byte"),
        );
        return None;
    }
    let mut sound = true;
    if !sops {
        context.files.set_aside_cron_jobs(&spec.file, &mut objects);
    }
    for object in &mut objects {
        sound &= check(object, sops, spec.file.span, context);
        if !sops {
            reserved::check(&object.spans, context);
            config_map_files(object, context);
        }
    }
    let verbatim = sops.then(|| context.library.sources.file(id).bytes.clone());
    if sops && objects.len() > 1 {
        let message = format!("`{path}` is encrypted by SOPS and holds {} documents", objects.len());
        let diagnostic = Diagnostic::new(Code::ResourceInvalid, span, message);
        context.diags.push(diagnostic.help("keep one encrypted object in a file: it passes byte for byte"));
        return None;
    }
    sound.then(|| Resource { span, expand, file: Some(Arc::new(ResourceFile { path, id, objects, verbatim })) })
}

/// Whether an object is a CronJob of Kubernetes; a kind of another group may have its name.
pub(super) fn is_cron_job(object: &Located) -> bool {
    let group = text(object, "apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    text(object, "kind") == Some("CronJob") && matches!(group, "batch" | "")
}

/// What holds for every object beside a task: it says what it is, and is for a cluster, and it is no CronJob.
fn check(object: &Located, sops: bool, named: Span, context: &mut DocumentContext<'_, '_>) -> bool {
    for (pointer, what) in [("/apiVersion", "apiVersion"), ("/kind", "kind"), ("/metadata/name", "metadata.name")] {
        if object.value.pointer(pointer).and_then(Value::as_str).is_none_or(str::is_empty) {
            let diagnostic =
                Diagnostic::new(Code::ResourceInvalid, object.span(), format!("this object has no `{what}`"));
            context.diags.push(diagnostic.other(named, "the file is named here"));
            return false;
        }
    }
    if object.value.get("items").is_some_and(Value::is_array) {
        let span = object.member("items").map_or(object.span(), |(_, spans)| spans.key);
        context.diags.push(
            Diagnostic::new(Code::ResourceInvalid, span, "an object with `items` is a list to Argo CD and kubectl")
                .other(named, "the file is named here")
                .help("write the items as documents of their own, or as one of `kind: List`"),
        );
        return false;
    }
    if let Some(fault) = taken::not_for_a_cluster(object) {
        context.diags.push(fault.other(named, "the file is named here"));
        return false;
    }
    if is_cron_job(object) {
        context.diags.push(taken::cron_job_beside(object, None).other(named, "the file is named here"));
        return false;
    }
    if sops && object.value.pointer("/metadata/namespace").is_none() {
        let span = object.member("metadata").map_or(object.span(), |(_, spans)| spans.key);
        context.diags.push(
            Diagnostic::new(Code::ResourceInvalid, span, "an object encrypted by SOPS needs its own namespace")
                .other(named, "the file is named here")
                .help("write `metadata.namespace` and encrypt again: an encrypted file passes byte for byte"),
        );
        return false;
    }
    true
}

/// `{fromFile: path}` for a value in `data` of a ConfigMap.
fn config_map_files(object: &mut Located, context: &mut DocumentContext<'_, '_>) {
    if text(object, "kind") != Some("ConfigMap") {
        return;
    }
    let Some(spans) = object.spans.member("data").cloned() else { return };
    let Some(Value::Object(data)) = object.value.get_mut("data") else { return };
    context.room = MAX_OBJECT;
    if let Spots::Members(members) = &spans.spots {
        for (key, place) in members {
            if let Some(value) = data.get_mut(key) {
                body::from_file(value, place, context);
            }
        }
    }
}
