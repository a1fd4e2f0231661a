//! Finds containers of a pod: the only one, one by name, or all. A container that is addressed and missing is an error,
//! never a new container.

use serde_json::{Map, Value};

use super::fold::{Fold, did_you_mean, schema_at, shape_at};
use super::misplaced;
use super::nulls;
use super::path::{self, CONTAINERS, POD};
use crate::diag::{Code, Diagnostic};
use crate::model::{ImageRule, Source};
use crate::patch::image::{Image, ImageError, ImageParts, Rename};
use crate::patch::variables::FREE;
use crate::patch::{Pointer, images, typed};
use crate::tree::{Located, Span, SpanTree, Spanned};
use crate::validate::SchemaNode;

/// Merges `container` into the one container.
pub(super) fn container<'a>(fold: &mut Fold<'a>, part: &'a Located) {
    let list = path::at(&fold.state.object, POD).and_then(|pod| pod.get("containers")).and_then(Value::as_array);
    let names: Vec<String> = list.into_iter().flatten().map(|c| name_of(c).to_owned()).collect();
    if fold.unit.source != Source::Container && names.len() != 1 {
        let diagnostic = match names.as_slice() {
            [] => Diagnostic::new(
                Code::UnknownContainer,
                part.spans.key,
                "there is no container that `container` could mean",
            ),
            _ => Diagnostic::new(
                Code::AmbiguousContainer,
                part.spans.key,
                format!("`container` could mean each of {}", some(&names)),
            )
            .help("address one by its name: `containers: {NAME: {...}}`"),
        };
        return fold.troubles.push(diagnostic);
    }
    merge(fold, part, "containers", 0);
}

/// Merges one of `containers` into the container of that name, init containers too.
pub(super) fn named_container<'a>(fold: &mut Fold<'a>, name: &'a Spanned<String>, part: &'a Located) {
    let pod = path::at(&fold.state.object, POD);
    let of =
        |list: &str| pod.and_then(|pod| pod.get(list)).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for list in CONTAINERS {
        if let Some(at) = of(list).iter().position(|container| name_of(container) == name.value) {
            return merge(fold, part, list, at);
        }
    }
    let names: Vec<String> = CONTAINERS.into_iter().flat_map(of).map(|it| name_of(it).to_owned()).collect();
    let message = format!("there is no container `{}`", **name);
    let mut diagnostic = Diagnostic::new(Code::UnknownContainer, name.span, message)
        .did_you_mean(did_you_mean(name, names.iter().map(String::as_str)));
    if !names.is_empty() {
        diagnostic = diagnostic.note(format!("there is {}", some(&names)));
    }
    fold.troubles.push(diagnostic);
}

/// Forgets which variables had no place of their own: what comes after the layers takes the order as it is.
pub(super) fn settle_variables(object: &mut Value) {
    let Some(pod) = path::at_mut(object, POD) else { return };
    for list in CONTAINERS {
        let containers = pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        let lists = containers.filter_map(|container| container.get_mut("env")?.as_array_mut());
        for variable in lists.flatten().filter_map(Value::as_object_mut) {
            variable.remove(FREE);
        }
    }
}

/// The names of containers, as many as a reader takes in.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn name_of(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn merge<'a>(fold: &mut Fold<'a>, part: &'a Located, list: &str, index: usize) {
    let mut value = fold.expanded(part).into_owned();
    let parts = match value.get("image") {
        Some(Value::Object(parts)) => {
            let parts = parts.clone();
            value.as_object_mut().map(|map| map.remove("image"));
            Some(parts)
        }
        _ => None,
    };
    for name in value.as_object().into_iter().flat_map(Map::keys).cloned().collect::<Vec<String>>() {
        let span = part.spans.member(&name).map_or(part.span(), |spans| spans.key);
        if let Some(diagnostic) = misplaced::find("container", &name, span) {
            fold.troubles.push(diagnostic);
            value.as_object_mut().map(|map| map.remove(&name));
        }
    }
    let path = [POD, &[list]].concat();
    let shape = shape_at(&path).item();
    let schema = schema_at(&path).and_then(SchemaNode::item);
    let value = nulls::in_layer(&value, &part.spans, (schema, shape), &mut fold.troubles);
    let target = path::at_mut(&mut fold.state.object, POD)
        .and_then(|pod| pod.get_mut(list))
        .and_then(|items| items.get_mut(index));
    let Some(target) = target else { return };
    let merged = typed::merge(target, &value, shape);
    let set = parts.map(|parts| set_parts(target, &parts));
    if let Err(error) = merged {
        fold.troubles.push(super::fold::merge_trouble(&error, &part.spans));
    }
    if let Some(Err(error)) = set {
        let leaf = SpanTree::leaf(part.span());
        let spans = part.spans.member("image").unwrap_or(&leaf);
        fold.troubles.push(image_trouble(&error, spans));
    }
}

/// Sets parts of a container's image.
fn set_parts(container: &mut Value, parts: &Map<String, Value>) -> Result<(), ImageError> {
    let parts = parts_of(parts);
    let image = match (container.get("image").and_then(Value::as_str), &parts.repository) {
        (Some(current), _) => Image::parse(current)?.with_parts(&parts)?,
        (None, Some(repository)) => Image::parse(repository)?.with_parts(&parts)?,
        (None, None) => return Err(ImageError::NoRepository(String::new())),
    };
    path::set(container, "image", image.to_string());
    Ok(())
}

/// The parts of an image as the author wrote them; what is no text was refused when it was read.
fn parts_of(map: &Map<String, Value>) -> ImageParts {
    let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
    ImageParts { registry: text("registry"), repository: text("repository"), tag: text("tag"), digest: digest_of(map) }
}

fn digest_of(map: &Map<String, Value>) -> Option<Option<String>> {
    map.get("digest").map(|digest| digest.as_str().map(str::to_owned))
}

/// Whether an entry of `images` may have given a finished image: of an entry for some images the name tells.
pub(super) fn may_give(rule: &ImageRule, image: Option<&str>) -> bool {
    let (Some(name), Some(Ok(image))) = (&rule.name, image.map(Image::parse)) else { return true };
    let renamed = rule.parts.get("newName").and_then(Value::as_str).unwrap_or(name);
    image.name() == renamed || crate::model::reference::first(renamed).is_some()
}

/// One of kustomize's `images`; what is no text was refused when it was read.
fn rename_of(name: &str, map: &Map<String, Value>) -> Rename {
    let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
    Rename { name: name.to_owned(), new_name: text("newName"), new_tag: text("newTag"), digest: digest_of(map) }
}

fn image_trouble(error: &ImageError, spans: &SpanTree) -> Diagnostic {
    let part = match error {
        ImageError::Part { part, .. } => part.trim_start_matches("a "),
        ImageError::DigestLost { .. } => "tag",
        ImageError::NoRepository(_) => "repository",
    };
    trouble_at(error, spans.member(part).map_or(spans.value, |spot| spot.value))
}

fn trouble_at(error: &ImageError, span: Span) -> Diagnostic {
    let code = if matches!(error, ImageError::DigestLost { .. }) { Code::DigestLost } else { Code::InvalidValue };
    let diagnostic = Diagnostic::new(code, span, error.to_string());
    match error.help() {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Applies one of `images` to all images of the pod: of containers, init containers and image volumes.
pub(super) fn images<'a>(fold: &mut Fold<'a>, rule: &'a ImageRule) {
    let mut parts = rule.parts.clone();
    if let Some(scope) = fold.scope {
        let mut troubles = Vec::new();
        super::references::expand(&mut parts, scope, &mut troubles);
        fold.report(troubles, &SpanTree::leaf(rule.span));
    }
    let Value::Object(parts) = parts else { return };
    let pod = Pointer::from_tokens(POD.iter().copied());
    let object = &mut fold.state.object;
    let error = match &rule.name {
        None => images::set_parts(object, &pod, &parts_of(&parts)).err(),
        Some(name) => match images::rename(object, &pod, &[rename_of(name, &parts)]) {
            Ok(met) => {
                if met == [0] {
                    let there = images::images(object, &pod).into_iter();
                    let names = there.filter_map(|(_, image)| Some(Image::parse(image).ok()?.name()));
                    fold.missed.push((rule.span, names.collect()));
                }
                None
            }
            Err(error) => Some(error),
        },
    };
    fold.troubles.extend(error.map(|at| trouble_at(&at.error, rule.span)));
}
