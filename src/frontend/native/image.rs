//! Images as they are written: the parts that a container gives as a map, and `images` of an override.

use serde_json::{Map, Value};

use super::context::DocumentContext;
use super::wire::{ImagePartsSpec, ImageRuleSpec, ImagesSpec};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::ImageRule;
use crate::patch::image::Image;
use crate::tree::{Located, Spanned};

/// The parts that `image` takes as a map.
const PARTS: [&str; 4] = ["registry", "repository", "tag", "digest"];

/// No reference is read in the name by which an entry of `images` finds images.
const IN_NAME: (&str, &str) =
    ("in `name`", "write the name that the images have before this entry; `newName` and `newTag` take references");

/// Holds a container's `image` to the same as `images`: the parts that exist, and texts. A number or boolean is taken as
/// its source text from here on, so that nothing follows from the mistake.
pub(super) fn check_parts(container: &mut Located, context: &mut DocumentContext<'_, '_>) {
    let Some(spans) = container.spans.member("image") else { return };
    let Some(Value::Object(parts)) = container.value.get_mut("image") else { return };
    if parts.is_empty() {
        let diagnostic = Diagnostic::new(Code::InvalidValue, spans.value, "`image` gives no part of an image");
        context.diags.push(diagnostic.help(format!("give one of {}", list())));
    }
    for (name, part) in parts {
        let Some(spot) = spans.member(name) else { continue };
        if !PARTS.contains(&name.as_str()) {
            let diagnostic =
                Diagnostic::new(Code::UnknownField, spot.key, format!("unknown field `{name}` in `image`"));
            let near = nearest(name, PARTS);
            let diagnostic = diagnostic.did_you_mean(near);
            context.diags.push(if near.is_none() { diagnostic.help(format!("known: {}", list())) } else { diagnostic });
            continue;
        }
        let found = match part {
            Value::String(_) | Value::Null => continue,
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Array(_) => "a list",
            Value::Object(_) => "a map",
        };
        let message = format!("`image.{name}`: expected a string, found {found}");
        let diagnostic = Diagnostic::new(Code::WrongType, spot.value, message);
        context.diags.push(match spot.source() {
            Some(written) => {
                *part = Value::String(written.to_owned());
                diagnostic.help(format!("quote it: `\"{written}\"`"))
            }
            None => diagnostic,
        });
    }
}

fn list() -> String {
    PARTS.map(|part| format!("`{part}`")).join(", ")
}

/// `images`: the parts for all images of the pod, or kustomize's list.
pub(super) fn rules(spec: Spanned<ImagesSpec>, context: &mut DocumentContext<'_, '_>) -> Vec<ImageRule> {
    match spec.value {
        ImagesSpec::Parts(parts) => {
            let parts = parts_of(parts);
            if parts.is_empty() {
                let diagnostic = Diagnostic::new(Code::InvalidValue, spec.span, "`images` gives no part of an image");
                context.diags.push(diagnostic.help(format!("give one of {}", list())));
            }
            vec![ImageRule { name: None, parts: Value::Object(parts), span: spec.span }]
        }
        ImagesSpec::Rules(rules) => {
            if rules.is_empty() {
                let diagnostic = Diagnostic::new(Code::InvalidValue, spec.span, "`images` has no entry");
                context.diags.push(diagnostic.help("give an entry, or remove `images`"));
            }
            rules.into_iter().map(|rule| image_rule(rule, context)).collect()
        }
    }
}

fn parts_of(parts: ImagePartsSpec) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, part) in [("registry", parts.registry), ("repository", parts.repository), ("tag", parts.tag)] {
        map.extend(part.map(|part| (name.to_owned(), Value::String(part.value))));
    }
    map.extend(digest(parts.digest));
    map
}

fn digest(said: Option<Option<Spanned<String>>>) -> Option<(String, Value)> {
    let value = said?.map_or(Value::Null, |digest| Value::String(digest.value));
    Some(("digest".to_owned(), value))
}

fn image_rule(rule: Spanned<ImageRuleSpec>, context: &mut DocumentContext<'_, '_>) -> ImageRule {
    let Spanned { value: ImageRuleSpec { name, new_name, new_tag, digest: new_digest }, span } = rule;
    check_name(&name, context);
    let mut parts = Map::new();
    for (member, part) in [("newName", new_name), ("newTag", new_tag)] {
        parts.extend(part.map(|part| (member.to_owned(), Value::String(part.value))));
    }
    parts.extend(digest(new_digest));
    if parts.is_empty() {
        let message = format!("the entry for `{}` gives nothing new", *name);
        let diagnostic = Diagnostic::new(Code::InvalidValue, span, message);
        context.diags.push(diagnostic.help("give `newName`, `newTag` or `digest`, or remove the entry"));
    }
    ImageRule { name: Some(name), parts: Value::Object(parts), span }
}

/// A name that no image can have without tag and digest, by which kustomize compares it, finds nothing.
fn check_name(name: &Spanned<String>, context: &mut DocumentContext<'_, '_>) {
    if context.refuses_reference(name, IN_NAME) {
        return;
    }
    let diagnostic = match Image::parse(name) {
        Ok(image) if image.tag.is_none() && image.digest.is_none() => return,
        Ok(image) => {
            let what = if image.tag.is_some() { "tag" } else { "digest" };
            let message =
                format!("`{}` has a {what}, and `name` is compared with images without tag and digest", **name);
            Diagnostic::new(Code::InvalidValue, name.span, message).help(format!("write `name: {}`", image.name()))
        }
        Err(error) => {
            let diagnostic = Diagnostic::new(Code::InvalidValue, name.span, error.to_string());
            error.help().into_iter().fold(diagnostic, Diagnostic::help)
        }
    };
    context.diags.push(diagnostic);
}
