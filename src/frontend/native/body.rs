//! Turns the body of a task, base or override into a layer in normal form: `env` is a list, files are read in, numbers
//! in `env` are their source text.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::context::{DocumentContext, IN_ZONE};
use super::forms::TextOr;
use super::wire::{BodySpec, PatchSpec, ScheduleSpec};
use super::{durations, image, period, reserved, resource, starting};
use crate::diag::{Code, Diagnostic};
use crate::model::{Body, PatchKind, PatchStep, PatchTarget, ScheduleLayer, Variables};
use crate::patch::MAX_OBJECT;
use crate::patch::variables::FREE;
use crate::tree::{Located, Span, SpanTree, Spanned, Spots};
use crate::yaml;

/// The member that marks text from a file: references in it are not read.
pub(crate) const FROM_FILE: &str = crate::model::FROM_FILE;

/// The body alone, without what a task or override has beside it.
pub(super) fn lower(spec: BodySpec, context: &mut DocumentContext<'_, '_>) -> Body {
    let mut body = Body {
        schedule: spec.schedule.map(|said| schedule(said, context)).unwrap_or_default(),
        not_during: spec.not_during.map(|list| starting::windows(list, context)),
        expected_duration: spec.expected_duration.and_then(|said| durations::expected(said, context)),
        job: spec.job,
        pod: spec.pod,
        container: spec.container,
        labels: spec.labels.into_iter().collect(),
        annotations: spec.annotations.into_iter().collect(),
        namespace: spec.namespace,
        object_name: spec.object_name,
        variables: spec.variables.map(|located| variables(&located, context)).unwrap_or_default(),
        ..Body::default()
    };
    for part in [&mut body.job, &mut body.pod, &mut body.container] {
        require_map(part, context);
        part.iter().for_each(|part| reserved::check(&part.spans, context));
    }
    body.labels.iter().chain(&body.annotations).for_each(|part| reserved::check(&part.spans, context));
    for resource in spec.resources.into_iter().flatten() {
        body.resources.extend(resource::lower(resource, context));
    }
    if let Some(containers) = spec.containers {
        body.containers = by_name(containers, context);
    }
    for container in body.containers.iter_mut().map(|(_, container)| container).chain(&mut body.container) {
        image::check_parts(container, context);
        normal(container, context);
    }
    if let Some(pod) = &mut body.pod {
        normal_pod(pod, context);
    }
    body
}

/// No reference is read in a schedule.
const IN_SCHEDULE: (&str, &str) =
    ("in a schedule", "write the expression; where clusters differ, an override gives theirs");

/// A schedule, in which no reference is read: one that is refused leaves an expression that is never written, so that
/// nothing more is said of it.
fn schedule(mut said: Spanned<TextOr<ScheduleSpec>>, context: &mut DocumentContext<'_, '_>) -> ScheduleLayer {
    let mut check = |text: &mut Spanned<String>| {
        if context.refuses_reference(text, IN_SCHEDULE) {
            crate::model::REFUSED_SCHEDULE.clone_into(&mut text.value);
        }
    };
    match &mut said.value {
        TextOr::Text(text) => {
            let mut expression = Spanned::new(std::mem::take(text), said.span);
            check(&mut expression);
            *text = expression.value;
        }
        TextOr::Object(object) => {
            object.cron.iter_mut().for_each(check);
            if let Some(Some(zone)) = &object.time_zone
                && context.refuses_reference(zone, IN_ZONE)
            {
                object.time_zone = None;
            }
        }
    }
    period::schedule(said, context)
}

/// A whole PodTemplateSpec in normal form.
pub(super) fn pod_template(located: Located, context: &mut DocumentContext<'_, '_>) -> Option<Located> {
    let mut part = Some(located);
    require_map(&mut part, context);
    if let Some(template) = &mut part {
        reserved::check(&template.spans, context);
        with_member(template, "spec", |spec| normal_pod(spec, context));
    }
    part
}

fn require_map(part: &mut Option<Located>, context: &mut DocumentContext<'_, '_>) {
    if part.as_ref().is_some_and(|located| !located.value.is_object())
        && let Some(located) = part.take()
        && !located.value.is_null()
    {
        context.error(Code::WrongType, located.span(), "expected a map here");
    }
}

/// The containers of a pod in normal form.
fn normal_pod(pod: &mut Located, context: &mut DocumentContext<'_, '_>) {
    for list in ["initContainers", "containers"] {
        with_member(pod, list, |containers| {
            let Located { value: Value::Array(items), spans: SpanTree { spots: Spots::Items(places), .. } } =
                containers
            else {
                return;
            };
            for (item, place) in items.iter_mut().zip(places) {
                let mut container = Located { value: item.take(), spans: take(place) };
                normal(&mut container, context);
                *item = container.value;
                *place = container.spans;
            }
        });
    }
}

/// The places of a value that is put back at once.
fn take(spans: &mut SpanTree) -> SpanTree {
    let leaf = SpanTree { key: spans.key, value: spans.value, spots: Spots::Leaf };
    std::mem::replace(spans, leaf)
}

/// Edits one member of a map in place.
fn with_member(located: &mut Located, name: &str, edit: impl FnOnce(&mut Located)) {
    let Some(value) = located.value.get_mut(name) else { return };
    let Spots::Members(members) = &mut located.spans.spots else { return };
    let Some((_, spans)) = members.iter_mut().find(|(key, _)| key == name) else { return };
    let mut member = Located { value: value.take(), spans: take(spans) };
    edit(&mut member);
    *value = member.value;
    *spans = member.spans;
}

/// One container in normal form.
fn normal(container: &mut Located, context: &mut DocumentContext<'_, '_>) {
    if container.value.get("env").is_some_and(Value::is_object) {
        with_member(container, "env", |env| *env = env_list(env, context));
    } else if let Some(Value::Array(entries)) = container.value.get_mut("env") {
        entries.iter_mut().for_each(one_source);
    }
    context.room = MAX_OBJECT;
    files(&mut container.value, &container.spans, context);
}

/// A variable has a text or a source, so what is said last takes the place of the other.
fn one_source(entry: &mut Value) {
    let Value::Object(entry) = entry else { return };
    let other = match (entry.contains_key("value"), entry.contains_key("valueFrom")) {
        (true, false) => "valueFrom",
        (false, true) => "value",
        _ => return,
    };
    entry.insert(other.to_owned(), Value::Null);
}

/// `env` as a map becomes the list that it means, sorted by name; null marks an entry for removal.
fn env_list(env: &Located, context: &mut DocumentContext<'_, '_>) -> Located {
    let mut items = Vec::new();
    let mut places = Vec::new();
    let Some(map) = env.value.as_object() else { return env.clone() };
    let Spots::Members(members) = &env.spans.spots else { return env.clone() };
    let spots: HashMap<&str, &SpanTree> = members.iter().map(|(name, spans)| (name.as_str(), spans)).collect();
    for (name, value) in map {
        let Some(spans) = spots.get(name.as_str()).copied() else { continue };
        let mut entry = Map::new();
        entry.insert("name".to_owned(), Value::String(name.clone()));
        entry.insert(FREE.to_owned(), Value::Bool(true));
        let mut members = vec![("name".to_owned(), SpanTree::leaf(spans.key))];
        let mut whole = SpanTree { key: spans.key, value: spans.value, spots: Spots::Leaf };
        match value {
            Value::Null if spans.value.range().is_empty() => {
                let message = format!("the variable `{name}` has no value, which is read as the empty text");
                let help = format!("write `{name}: \"\"`, or `{name}: null` to remove what an earlier layer gave");
                context.diags.push(Diagnostic::new(Code::AmbiguousScalar, spans.key, message).help(help));
                entry.insert("value".to_owned(), Value::String(String::new()));
                entry.insert("valueFrom".to_owned(), Value::Null);
                members.push(("value".to_owned(), spans.clone()));
            }
            Value::Null => {
                entry.insert("$patch".to_owned(), Value::String("delete".to_owned()));
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    _ => spans.source().unwrap_or_default().to_owned(),
                };
                entry.insert("value".to_owned(), Value::String(text));
                entry.insert("valueFrom".to_owned(), Value::Null);
                members.push(("value".to_owned(), spans.clone()));
            }
            // A name alone: Kubernetes takes the empty text, and the object says no more than its author did.
            Value::Object(inner) if inner.is_empty() => {
                entry.insert("value".to_owned(), Value::Null);
                entry.insert("valueFrom".to_owned(), Value::Null);
            }
            Value::Object(inner) if inner.contains_key("valueFrom") || inner.contains_key("value") => {
                for (key, value) in inner {
                    if key == "name" {
                        check_own_name(name, value, spans, context);
                        continue;
                    }
                    entry.insert(key.clone(), value.clone());
                    members.extend(spans.member(key).map(|place| (key.clone(), place.clone())));
                }
                let other = if inner.contains_key("valueFrom") { "value" } else { "valueFrom" };
                entry.entry(other).or_insert(Value::Null);
            }
            _ => {
                context.diags.push(
                    Diagnostic::new(
                        Code::WrongType,
                        spans.value,
                        format!("the variable `{name}` has neither a text nor a source"),
                    )
                    .help("write a text, `{valueFrom: {...}}`, `{}` for the name alone, or null to remove it"),
                );
                continue;
            }
        }
        whole.spots = Spots::Members(members);
        items.push(Value::Object(entry));
        places.push(whole);
    }
    let spans = SpanTree { key: env.spans.key, value: env.spans.value, spots: Spots::Items(places) };
    Located { value: Value::Array(items), spans }
}

/// In a map the key is the variable's name, so another `name` beside its value is a mistake.
fn check_own_name(name: &str, own: &Value, spans: &SpanTree, context: &mut DocumentContext<'_, '_>) {
    if own.as_str() == Some(name) {
        return;
    }
    let span = spans.member("name").map_or(spans.value, |spot| spot.value);
    let message = format!("the variable `{name}` has another `name` beside its value");
    let diagnostic = Diagnostic::new(Code::InvalidValue, span, message);
    context.diags.push(diagnostic.help("remove `name`: in a map of variables the key is the name"));
}

/// `{fromFile: path}` among the strings of `command` and `args`, at any depth, becomes the marked text of the file.
fn files(value: &mut Value, spans: &SpanTree, context: &mut DocumentContext<'_, '_>) {
    match (value, &spans.spots) {
        (Value::Object(map), Spots::Members(members)) => {
            for (key, place) in members {
                let Some(member) = map.get_mut(key) else { continue };
                let commands = key == "command" || key == "args";
                match (member, &place.spots) {
                    (Value::Array(items), Spots::Items(places)) if commands => {
                        for (item, place) in items.iter_mut().zip(places) {
                            from_file(item, place, context);
                        }
                    }
                    (member, _) => files(member, place, context),
                }
            }
        }
        (Value::Array(items), Spots::Items(places)) => {
            for (item, place) in items.iter_mut().zip(places) {
                files(item, place, context);
            }
        }
        _ => {}
    }
}

/// Replaces `{fromFile: path}` by the marked text of the file.
pub(super) fn from_file(item: &mut Value, spans: &SpanTree, context: &mut DocumentContext<'_, '_>) {
    let Some(map) = item.as_object() else { return };
    let Some((path, place)) = map.get("fromFile").zip(spans.member("fromFile")) else { return };
    let mut text = String::new();
    if map.len() != 1 {
        context.error(Code::UnknownField, spans.value, "`fromFile` stands alone in its map");
    } else if !path.is_string() {
        let diagnostic = Diagnostic::new(Code::WrongType, place.value, "`fromFile` is not a string")
            .help("write the path of a file");
        context.diags.push(match place.source() {
            Some(written) => diagnostic.help(format!("quote it: `\"{written}\"`")),
            None => diagnostic,
        });
    }
    let path = path.as_str().filter(|_| map.len() == 1);
    if let Some((path, id)) = path.and_then(|path| Some((path, context.file(path, place.value)?))) {
        match std::str::from_utf8(&context.library.sources.file(id).bytes) {
            // A large file that is named often would fill any memory. Told is the first that does not fit.
            Ok(found) if found.len() > context.room => {
                if context.room > 0 {
                    let message = format!("with the text of `{path}` there are more than {MAX_OBJECT} bytes here");
                    let diagnostic = Diagnostic::new(Code::ObjectTooLarge, place.value, message);
                    context
                        .diags
                        .push(diagnostic.help("no object can hold so much: put the file into the image or a volume"));
                }
                context.room = 0;
            }
            Ok(found) => match yaml::uncarried(found) {
                None => {
                    script_start(found, path, place.value, context);
                    context.room -= found.len();
                    found.clone_into(&mut text);
                }
                Some(character) => context.diags.push(yaml::refused(place.value, character)),
            },
            Err(_) => context.error(Code::InvalidFile, place.value, format!("`{path}` is not UTF-8 text")),
        }
    }
    let mut marked = Map::new();
    marked.insert(FROM_FILE.to_owned(), Value::String(text));
    *item = Value::Object(marked);
}

/// Reports a script that cannot start: `load_script` in `fs/binfmt_script.c` of Linux wants `#!` at the very beginning, and
/// takes all up to the line end for the interpreter, a carriage return too.
fn script_start(text: &str, path: &str, span: Span, context: &mut DocumentContext<'_, '_>) {
    let bare = text.trim_start_matches('\u{feff}');
    let first = bare.split('\n').next().unwrap_or_default();
    if !first.starts_with("#!") {
        return;
    }
    let (what, help) = if bare.len() < text.len() {
        (
            "begins with a byte order mark, and `#!` behind it is not read",
            "save the file as UTF-8 without a byte order mark",
        )
    } else if first.ends_with('\r') {
        (
            "has line ends of Windows, and no interpreter is called so",
            "save the file with line ends of Unix: `dos2unix FILE`",
        )
    } else {
        return;
    };
    let message = format!("the script `{path}` {what}");
    context.diags.push(
        Diagnostic::new(Code::ScriptStart, span, message)
            .help(help)
            .help("`* text eol=lf` in .gitattributes keeps it so"),
    );
}

/// `containers`: a map by name.
fn by_name(containers: Located, context: &mut DocumentContext<'_, '_>) -> Vec<(Spanned<String>, Located)> {
    let mut result = Vec::new();
    // Another type is refused here.
    if members(&containers, context).is_empty() {
        return result;
    }
    let Located { value: Value::Object(mut values), spans: SpanTree { spots: Spots::Members(members), .. } } =
        containers
    else {
        return result;
    };
    for (name, spans) in members {
        let Some(value) = values.remove(&name) else { continue };
        if value.is_null() {
            context.diags.push(
                Diagnostic::new(
                    Code::InvalidValue,
                    spans.value,
                    format!("the container `{name}` cannot be removed like this"),
                )
                .help("remove it by a patch: `patches: [{strategic: ...}]` with `$patch: delete`"),
            );
            continue;
        }
        reserved::check(&spans, context);
        let key = Spanned::new(name, spans.key);
        let mut part = Some(Located { value, spans });
        require_map(&mut part, context);
        result.extend(part.map(|part| (key, part)));
    }
    result
}

/// The members of a map with their places, in the author's order; another type is an error.
pub(super) fn members<'l>(located: &'l Located, context: &mut DocumentContext<'_, '_>) -> &'l [(String, SpanTree)] {
    match &located.spans.spots {
        Spots::Members(members) => members,
        _ if located.value.is_null() => &[],
        _ => {
            context.error(Code::WrongType, located.span(), "expected a map here");
            &[]
        }
    }
}

/// Variables: scalars become their source text, null unsets.
pub(super) fn variables(located: &Located, context: &mut DocumentContext<'_, '_>) -> Variables {
    let mut variables = Variables::new();
    for (key, spans) in members(located, context) {
        let text = match located.value.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(_) | Value::Bool(_)) => spans.source().map(str::to_owned),
            Some(_) => {
                context.error(Code::WrongType, spans.value, format!("the variable `{key}` is not a text"));
                continue;
            }
        };
        variables.insert(key.clone(), Spanned::new(text, spans.value));
    }
    variables
}

/// One of `patches`.
pub(super) fn patch(spec: Spanned<PatchSpec>, context: &mut DocumentContext<'_, '_>) -> Option<PatchStep> {
    let span = spec.span;
    let PatchSpec { strategic, merge, json, target } = spec.value;
    let kinds = [(PatchKind::Strategic, strategic), (PatchKind::Merge, merge), (PatchKind::Json, json)];
    let mut given: Vec<(PatchKind, Located)> =
        kinds.into_iter().filter_map(|(kind, patch)| patch.map(|patch| (kind, patch))).collect();
    if given.len() != 1 {
        let message =
            if given.is_empty() { "this patch patches nothing" } else { "this patch is of several kinds at once" };
        context.diags.push(
            Diagnostic::new(Code::InvalidValue, span, message).help("give exactly one of `strategic`, `merge`, `json`"),
        );
        return None;
    }
    let (kind, patch) = given.pop()?;
    reserved::check(&patch.spans, context);
    let target = target.map(|target| PatchTarget { kind: target.kind, name: target.name });
    Some(PatchStep { kind, patch, target, span })
}
