//! Renders the objects that go with a task: references, namespace, patches. An object without a namespace gets the
//! task's, and so do the subjects of its RoleBindings.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::apply_size;
use super::file_path;
use super::identity::{self, NamespaceWatch};
use super::object::{self, HEADER, Ordered};
use super::references::{self, Scope};
use super::{Manifest, beside, flux, patching};
use crate::diag::{Code, Diagnostic, Severity, nearest};
use crate::model::{Fleet, PatchStep, PatchTarget, Resource, ResourceFile, Unit, cluster_wide};
use crate::patch::{ListShape, MAX_OBJECT, typed, weight};
use crate::tree::{Located, SourceTree, Span, Spanned};
use crate::validate::{SchemaNode, nulls};
use crate::yaml;

/// What the objects beside a task need.
pub(super) struct Beside<'a> {
    pub(super) unit: &'a Unit,
    pub(super) overrides: &'a [usize],
    pub(super) scope: &'a Scope<'a>,
    pub(super) sources: &'a SourceTree,
    pub(super) fleet: &'a Fleet,
    /// The namespace of the CronJob.
    pub(super) namespace: Option<String>,
}

struct ResourceDraft<'a> {
    value: Value,
    object: &'a Located,
    /// The patches that changed it.
    patches: Vec<&'a PatchStep>,
    /// Which of them took its namespace.
    namespace: NamespaceWatch<'a>,
    file: &'a Arc<ResourceFile>,
    resource: &'a Resource,
}

/// Adds the manifests of the objects beside the CronJob.
pub(super) fn build<'a>(
    beside: &Beside<'a>,
    manifests: &mut Vec<Manifest>,
    changed: &mut Vec<usize>,
    diags: &mut Vec<Diagnostic>,
) {
    let unit = beside.unit;
    let version = beside::version(beside.fleet, beside.scope.cluster);
    let layers = unit.layers_with(beside.overrides);
    let (mut drafts, mut encrypted) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for resource in layers.flat_map(|layer| &layer.body.resources) {
        let Some(file) = &resource.file else { continue };
        if !seen.insert((file.id, resource.expand)) {
            continue;
        }
        if let Some(bytes) = &file.verbatim {
            encrypted.extend(&file.objects);
            for object in &file.objects {
                match manifest((&object.value, object), bytes, file, resource) {
                    Some(manifest) => manifests.push(manifest),
                    None => diags.extend(identity::no_path(&object.value, version, resource.span)),
                }
            }
            continue;
        }
        for object in &file.objects {
            let mut value = expanded(object, resource.expand, beside, diags);
            let said = object.spans.member("metadata").and_then(|metadata| metadata.member("namespace"));
            without_namespace(&mut value, said.map_or(object.span(), |spot| spot.key), diags);
            let (patches, namespace) = (Vec::new(), NamespaceWatch::default());
            drafts.push(ResourceDraft { value, object, patches, namespace, file, resource });
        }
    }
    for draft in &mut drafts {
        complete(&mut draft.value, beside.namespace.as_deref());
        beside.fleet.output.metadata.add_to(&mut draft.value);
    }
    patch(beside, &mut drafts, &encrypted, changed, diags);
    for mut draft in drafts {
        nulls::fill_object(&mut draft.value);
        typed::strip_nulls(&mut draft.value);
        // A patch may have made it an object of another kind.
        beside.namespace.iter().for_each(|namespace| give_namespace(&mut draft.value, namespace));
        without_namespace(&mut draft.value, draft.resource.span, diags);
        let span = draft.patches.last().map_or(draft.resource.span, |step| step.span);
        let changed = draft.resource.expand || !draft.patches.is_empty();
        let unfit = identity::unfit(&draft.value, span).filter(|_| changed);
        let is_unfit = unfit.is_some();
        diags.extend(unfit);
        diags.extend(draft.namespace.fault(&draft.value).filter(|_| !cluster_wide(&draft.value)));
        let made = beside::Made {
            value: &draft.value,
            object: draft.object,
            file: draft.file,
            expand: draft.resource.expand,
            patches: &draft.patches,
        };
        if weight(&draft.value) > MAX_OBJECT {
            let text = |name: &str| draft.value.get(name).and_then(Value::as_str).unwrap_or_default();
            let what = format!("the {} of the task", text("kind"));
            let place = object::heaviest(&draft.value);
            diags.push(object::too_large(&draft.value, &what, &place, span));
            continue;
        }
        // What is wrong with an object that cannot go with a task at all is not reported as well.
        if !is_unfit {
            beside::made(&made, version, diags);
        }
        flux::watch(&mut draft.value, beside.fleet, unit, diags);
        let mut bytes = HEADER.as_bytes().to_vec();
        yaml::emit_into(&mut bytes, &draft.value, Ordered(Some(SchemaNode::other_object())));
        diags.extend(apply_size::fault(&draft.value, bytes.len(), span));
        match manifest((&draft.value, draft.object), &bytes.into(), draft.file, draft.resource) {
            Some(manifest) => manifests.push(manifest),
            None => diags.extend(identity::no_path(&draft.value, version, span)),
        }
    }
}

/// Takes the namespace from an object that can have none, as the API server does, and says so.
fn without_namespace(value: &mut Value, said: Span, diags: &mut Vec<Diagnostic>) {
    if !cluster_wide(value) {
        return;
    }
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if metadata.remove("namespace").is_none_or(|namespace| namespace.is_null()) {
        return;
    }
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let message = format!("a {kind} belongs to the whole cluster and has no namespace; it is left out");
    diags.push(
        Diagnostic::new(Code::ResourceInvalid, said, message)
            .severity(Severity::Warning)
            .help("remove `metadata.namespace`"),
    );
}

fn expanded(object: &Located, expand: bool, beside: &Beside<'_>, diags: &mut Vec<Diagnostic>) -> Value {
    let mut value = object.value.clone();
    let mut troubles = Vec::new();
    if expand {
        references::expand(&mut value, beside.scope, &mut troubles);
    } else {
        references::files_only(&mut value);
    }
    for trouble in troubles {
        let span = super::fold::place(&trouble, &object.spans, beside.sources);
        diags.push(super::fold::reference_trouble(trouble, span));
    }
    value
}

/// What the API server and the task give an object that does not say it itself.
pub(super) fn complete(value: &mut Value, namespace: Option<&str>) {
    nulls::fill_object(value);
    place(value, namespace);
}

/// Gives an object that belongs to a namespace and names none the task's.
fn give_namespace(value: &mut Value, namespace: &str) {
    if !cluster_wide(value)
        && let Some(Value::Object(metadata)) = value.get_mut("metadata")
    {
        let own = metadata.entry("namespace").or_insert(Value::Null);
        if own.is_null() {
            *own = Value::String(namespace.to_owned());
        }
    }
}

/// Gives an object the task's namespace, and the ServiceAccounts among a RoleBinding's subjects too.
fn place(value: &mut Value, namespace: Option<&str>) {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(namespace) = namespace else { return };
    give_namespace(value, namespace);
    if kind == "RoleBinding" || kind == "ClusterRoleBinding" {
        for subject in value.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
            if subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount")
                && let Value::Object(subject) = subject
            {
                subject.entry("namespace").or_insert_with(|| Value::String(namespace.to_owned()));
            }
        }
    }
}

/// The patches of overrides that are for an object beside the CronJob.
fn patch<'a>(
    beside: &Beside<'a>,
    drafts: &mut [ResourceDraft<'a>],
    encrypted: &[&Located],
    changed: &mut Vec<usize>,
    diags: &mut Vec<Diagnostic>,
) {
    for at in beside.overrides {
        let steps = &beside.unit.overrides[*at].layer.body.patches;
        for (step, target) in steps.iter().filter_map(|step| step.target.as_ref().map(|target| (step, target))) {
            if *target.kind == "CronJob" {
                continue;
            }
            // An object that passes byte for byte is no object that `*` could mean.
            let named = encrypted.iter().filter(|_| *target.kind != "*");
            if let Some(object) = named.clone().find(|object| is_target(&object.value, target)) {
                diags.push(for_encrypted(object, target));
                changed.push(*at);
                continue;
            }
            let Some(hits) = meant(drafts, step, target, diags) else {
                changed.push(*at);
                continue;
            };
            for hit in hits {
                if one(beside, &mut drafts[hit], step, diags) {
                    changed.push(*at);
                }
            }
        }
    }
    changed.sort_unstable();
    changed.dedup();
}

/// Patches one object; whether that changes it, or fails.
fn one<'a>(
    beside: &Beside<'a>,
    draft: &mut ResourceDraft<'a>,
    step: &'a PatchStep,
    diags: &mut Vec<Diagnostic>,
) -> bool {
    // It is refused as it is; what more patches would add is not asked.
    if weight(&draft.value) > MAX_OBJECT {
        return false;
    }
    let before = draft.value.clone();
    let mut patch = step.patch.value.clone();
    let mut troubles = Vec::new();
    references::expand(&mut patch, beside.scope, &mut troubles);
    for trouble in troubles {
        let span = super::fold::place(&trouble, &step.patch.spans, beside.sources);
        diags.push(super::fold::reference_trouble(trouble, span));
    }
    let text = |name: &str| draft.value.get(name).and_then(Value::as_str).unwrap_or_default();
    let shape = ListShape::of(text("apiVersion"), text("kind"));
    match patching::run(&mut draft.value, step.kind, &patch, shape) {
        Ok(()) if before == draft.value => false,
        Ok(()) => {
            draft.namespace.look(step, &before, &draft.value);
            draft.patches.push(step);
            true
        }
        Err(error) => {
            diags.push(patching::trouble(step, &error));
            true
        }
    }
}

/// Whether an object is what a patch is for.
fn is_target(object: &Value, target: &PatchTarget) -> bool {
    let is = |pointer: &str, text: &str| object.pointer(pointer).and_then(Value::as_str) == Some(text);
    is("/kind", &target.kind) && target.name.as_ref().is_none_or(|name| is("/metadata/name", name))
}

/// A patch for an object that passes byte for byte.
fn for_encrypted(object: &Located, target: &PatchTarget) -> Diagnostic {
    let name = object.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let message = format!("`{}/{name}` is encrypted by SOPS, and no patch can change it", *target.kind);
    let span = target.name.as_ref().map_or(target.kind.span, |name| name.span);
    Diagnostic::new(Code::PatchFailed, span, message).other(object.span(), "it is here").help(
        "an encrypted file passes byte for byte: keep another one for those clusters, in `resources` of the override",
    )
}

/// The objects that a patch is for: without a name all of the kind. `*` is any kind, and may be none.
fn meant(
    drafts: &[ResourceDraft<'_>],
    step: &PatchStep,
    target: &PatchTarget,
    diags: &mut Vec<Diagnostic>,
) -> Option<Vec<usize>> {
    let text = |draft: &ResourceDraft<'_>, pointer: &str| {
        draft.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let named =
        |draft: &ResourceDraft<'_>| target.name.as_ref().is_none_or(|name| **name == text(draft, "/metadata/name"));
    let any_kind = *target.kind == "*";
    let hits: Vec<usize> = (0..drafts.len())
        .filter(|i| any_kind || text(&drafts[*i], "/kind") == *target.kind)
        .filter(|i| named(&drafts[*i]))
        .collect();
    match hits.as_slice() {
        [_] => return Some(hits),
        _ if target.name.is_none() && (any_kind || !hits.is_empty()) => return Some(hits),
        [] => {
            let named = |d: &ResourceDraft<'_>| format!("{}/{}", text(d, "/kind"), text(d, "/metadata/name"));
            let all: Vec<String> = drafts.iter().map(named).collect();
            let known = ["CronJob".to_owned()].into_iter().chain(drafts.iter().map(|d| text(d, "/kind")));
            let kinds: BTreeSet<String> = known.collect();
            let (wanted, near) = match &target.name {
                Some(name) if kinds.contains(&target.kind.value) => {
                    let wanted = format!("{}/{}", *target.kind, **name);
                    let near = nearest(&wanted, all.iter().map(String::as_str)).map(str::to_owned);
                    (wanted, near)
                }
                name => {
                    let near = nearest(&target.kind, kinds.iter().map(String::as_str)).map(str::to_owned);
                    let name = name.as_ref().map_or_else(String::new, |name| format!("/{}", **name));
                    (format!("{}{name}", *target.kind), near)
                }
            };
            let kind_known = kinds.contains(&target.kind.value);
            let span = target.name.as_ref().filter(|_| kind_known).map_or(target.kind.span, |name| name.span);
            let diagnostic =
                Diagnostic::new(Code::PatchFailed, span, format!("the task has no object `{wanted}` beside it"))
                    .did_you_mean(near.as_deref());
            diags.push(if all.is_empty() {
                diagnostic.help(
                    "it has its CronJob only, which is meant without `target`; `resources` names files of other objects",
                )
            } else {
                diagnostic.note(format!("beside its CronJob it has {}", all.join(", ")))
            });
        }
        several => diags.push(
            Diagnostic::new(
                Code::PatchFailed,
                step.span,
                format!("{} objects of kind {} and of this name stand beside the task", several.len(), *target.kind),
            )
            .help(
                "leave out `name` to patch all of them, or put them into namespaces of their own by files of their own",
            ),
        ),
    }
    None
}

/// The kind in a file's name: `<kind>` for built-in ones, `<kind>.<group>` for others.
pub(super) fn file_kind(value: &Value) -> (String, String) {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let built_in = !group.contains('.') || group.ends_with(".k8s.io");
    if built_in {
        (kind.to_lowercase(), kind.to_owned())
    } else {
        (format!("{}.{group}", kind.to_lowercase()), format!("{group}/{kind}"))
    }
}

/// The manifest of an object with those bytes; `None` if its names cannot be part of a path.
fn manifest(
    (value, object): (&Value, &Located),
    bytes: &Arc<[u8]>,
    file: &ResourceFile,
    resource: &Resource,
) -> Option<Manifest> {
    // A namespace of another type would be left out of the path.
    let namespace = match value.pointer("/metadata/namespace") {
        Some(namespace) => Some(namespace.as_str()?.to_owned()),
        None => None,
    };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name")?.to_owned();
    let sound = text("/kind").is_some_and(file_path::is_sound);
    let (file_kind, kind) = file_kind(value);
    let path = file_path::manifest(namespace.as_deref(), &name, &file_kind).filter(|_| sound)?;
    let api_at = object.spans.member("apiVersion").map_or(object.span(), |spot| spot.value);
    Some(Manifest {
        path,
        kind,
        api: text("/apiVersion").map(|version| Spanned::new(version.to_owned(), api_at)),
        namespace,
        name,
        bytes: bytes.clone(),
        file: Some(file.id),
        verbatim: file.verbatim.is_some(),
        span: resource.span,
    })
}
