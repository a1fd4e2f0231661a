//! `imageOverrider`: parts of image references, wherever they stand.
//! Source: `pkg/util/overridemanager/imageoverride.go`, `pkg/util/imageparser/parser.go`.

use serde_json::Value;

use super::{Component, Fault, ImageOverrider, PlaintextOperator, Problem, Sees, containers};
use crate::patch::image::Image;

/// Edits the images of all containers, or the one text that the predicate names.
pub(super) fn apply(object: &mut Value, overrider: &ImageOverrider, sees: Sees) -> Result<Vec<String>, Fault> {
    if let Some(path) = &overrider.path {
        let pointer = path.as_str();
        let text = at_path(object, pointer)?;
        return edit(text, overrider, pointer).map(|changed| changed.then(|| pointer.to_owned()).into_iter().collect());
    }
    let Some(pointer) = containers::pointer(object, sees) else { return Ok(Vec::new()) };
    let containers = match object.pointer_mut(pointer) {
        Some(Value::Array(containers)) => containers,
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(_) => return Err(Fault::new(pointer, Problem::Not("a list"))),
    };
    let mut touched = Vec::new();
    for (at, container) in containers.iter_mut().enumerate() {
        let place = format!("{pointer}/{at}/image");
        let Some(container) = container.as_object_mut() else {
            return Err(Fault::new(place, Problem::Not("a text")));
        };
        let image = container.entry("image").or_insert_with(|| Value::String(String::new()));
        if edit(image, overrider, &place)? {
            touched.push(place);
        }
    }
    Ok(touched)
}

/// The text at a path that is split at its slashes and not unescaped (`obtainImageValue`).
fn at_path<'v>(object: &'v mut Value, path: &str) -> Result<&'v mut Value, Fault> {
    let absent = || Fault::new(path, Problem::Missing { parent: String::new(), known: Vec::new() });
    let mut at = object;
    for token in path.split('/').skip(1) {
        at = match at {
            Value::Object(map) => map.get_mut(token),
            Value::Array(items) => token.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
            _ => None,
        }
        .ok_or_else(absent)?;
    }
    if at.is_string() { Ok(at) } else { Err(Fault::new(path, Problem::Not("a text"))) }
}

fn edit(text: &mut Value, overrider: &ImageOverrider, place: &str) -> Result<bool, Fault> {
    let Some(old) = text.as_str() else { return Err(Fault::new(place, Problem::Not("a text"))) };
    let mut image = parse(old).ok_or_else(|| Fault::new(place, Problem::Image(old.to_owned())))?;
    image.edit(overrider);
    let new = image.text();
    let changed = new != old;
    *text = Value::String(new);
    Ok(changed)
}

/// `imageparser.Components`
struct Components {
    host: String,
    repository: String,
    tag: String,
    digest: String,
}

/// Takes an image apart. Of tag and digest only the tag is kept.
fn parse(text: &str) -> Option<Components> {
    let Image { registry, repository, tag, digest } = Image::parse(text).ok()?;
    let digest = if tag.is_some() { None } else { digest };
    Some(Components {
        host: registry.unwrap_or_default(),
        repository,
        tag: tag.unwrap_or_default(),
        digest: digest.unwrap_or_default(),
    })
}

impl Components {
    fn edit(&mut self, overrider: &ImageOverrider) {
        let value = overrider.value.as_str();
        let part = match overrider.component {
            Component::Registry => &mut self.host,
            Component::Repository => &mut self.repository,
            Component::Tag => return self.edit_tag(overrider.operator, value),
        };
        match overrider.operator {
            PlaintextOperator::Add => part.push_str(value),
            PlaintextOperator::Replace => value.clone_into(part),
            PlaintextOperator::Remove => part.clear(),
        }
    }

    /// A new tag or digest that is neither is passed over (`SetTagOrDigest`).
    fn edit_tag(&mut self, operator: PlaintextOperator, value: &str) {
        let old = if self.tag.is_empty() { &self.digest } else { &self.tag };
        let new = match operator {
            PlaintextOperator::Add => format!("{old}{value}"),
            PlaintextOperator::Replace => value.to_owned(),
            PlaintextOperator::Remove => {
                let part = if self.tag.is_empty() { &mut self.digest } else { &mut self.tag };
                part.clear();
                return;
            }
        };
        let with = |end: String| Image::parse(&format!("a{end}")).is_ok();
        if with(format!(":{new}")) {
            (self.tag, self.digest) = (new, String::new());
        } else if with(format!("@{new}")) {
            (self.tag, self.digest) = (String::new(), new);
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.host.is_empty() {
            text.push_str(&self.host);
            text.push('/');
        }
        text.push_str(&self.repository);
        if !self.tag.is_empty() {
            text.push(':');
            text.push_str(&self.tag);
        } else if !self.digest.is_empty() {
            text.push('@');
            text.push_str(&self.digest);
        }
        text
    }
}
