//! Validates the objects that go with tasks, and finds the source to blame.
//!
//! A file is validated once as written; for what references and patches make of it only new errors are reported, at the
//! patch or at the file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::blame::{self, Spot};
use super::flux;
use super::references;
use super::resources;
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::model::{Cluster, Fleet, Model, PatchStep, ResourceFile};
use crate::tree::{Located, Span, SpanTree, Spots};
use crate::validate::{self, Finding, FindingKind, Version};

/// What is wrong with the resource files of all tasks, as they are written.
pub fn files(model: &Model, diags: &mut Diagnostics) {
    let newest = model.clusters.iter().map(|cluster| version(&model.fleet, cluster)).max();
    let newest = newest.unwrap_or(validate::SCHEMA_VERSION);
    let layers = model.units.iter().flat_map(|unit| {
        let overrides = unit.overrides.iter().map(|over| &over.layer);
        unit.layers.iter().map(AsRef::as_ref).chain(overrides)
    });
    let mut seen = BTreeSet::new();
    for resource in layers.flat_map(|layer| &layer.body.resources) {
        let Some(file) = resource.file.as_ref().filter(|file| seen.insert((file.id, resource.expand))) else {
            continue;
        };
        for object in &file.objects {
            for finding in written(object, file, resource.expand, newest) {
                let (spot, depth) = in_file(object, &blame::segments(&finding.pointer));
                diags.push(diagnostic(&finding, spot, depth, object));
            }
            if let Some((path, mut diagnostic)) = flux::verbatim(object, file, &model.fleet) {
                diagnostic.place = Place::Text(in_file(object, &path).0.value);
                diags.push(diagnostic);
            }
        }
    }
}

/// The version of a cluster.
pub fn version(fleet: &Fleet, cluster: &Cluster) -> Version {
    let (major, minor) =
        cluster.kubernetes_version.as_ref().map_or(fleet.defaults.kubernetes_version, |said| said.value);
    let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    Version { major: small(major), minor: small(minor) }
}

/// The faults of an object of a file by itself. What a reference stands for is not known yet, and of an encrypted object
/// only the metadata can be read.
fn written(object: &Located, file: &ResourceFile, expand: bool, version: Version) -> Vec<Finding> {
    let mut value = object.value.clone();
    if file.verbatim.is_some()
        && let Value::Object(members) = &mut value
    {
        members.retain(|name, _| matches!(name.as_str(), "apiVersion" | "kind" | "metadata"));
    }
    references::files_only(&mut value);
    // Any namespace will do: the task gives one.
    resources::complete(&mut value, Some("default"));
    let mut findings = validate::object_beside(&value, version);
    // A member that is null and unknown is not written: old clusters export such (`attributeRestrictions`).
    findings.retain(|finding| {
        finding.kind != FindingKind::UnknownField || value.pointer(&finding.pointer).is_none_or(|it| !it.is_null())
    });
    if expand {
        findings.retain(|finding| {
            !refers(value.pointer(&finding.pointer)) && !refers(Some(&Value::from(&*finding.pointer)))
        });
    }
    findings
}

/// Whether a reference of ours stands in a value.
fn refers(value: Option<&Value>) -> bool {
    let mut names = BTreeSet::new();
    value.into_iter().for_each(|value| references::names_in(value, &mut names));
    !names.is_empty()
}

/// What a task made of an object.
pub(super) struct Made<'a> {
    /// The finished object.
    pub(super) value: &'a Value,
    /// The object in its file.
    pub(super) object: &'a Located,
    /// Its file.
    pub(super) file: &'a ResourceFile,
    /// References in it were replaced.
    pub(super) expand: bool,
    /// The patches that changed it.
    pub(super) patches: &'a [&'a PatchStep],
}

/// The faults that references and patches brought.
pub(super) fn made(made: &Made<'_>, version: Version, diags: &mut Vec<Diagnostic>) {
    if !made.expand && made.patches.is_empty() {
        return;
    }
    let findings = validate::object_beside(made.value, version);
    if findings.is_empty() {
        return;
    }
    let known = written(made.object, made.file, made.expand, version);
    for finding in findings.iter().filter(|finding| !known.contains(finding)) {
        let path = blame::segments(&finding.pointer);
        let file = in_file(made.object, &path);
        let patches = made.patches.iter().filter_map(|step| blame::in_patch(step, made.value, &path));
        // Of those that say as much of it the last one counts.
        let (spot, depth) = std::iter::once(file).chain(patches).max_by_key(|(_, depth)| *depth).unwrap_or(file);
        let mut diagnostic = diagnostic(finding, spot, depth, made.object);
        if !finding.pointer.is_empty() {
            diagnostic = diagnostic.note(format!("at {} in the manifest", finding.pointer));
        }
        diags.push(diagnostic);
    }
}

/// The deepest place of a file on the way to a member, and how deep it is.
fn in_file(object: &Located, path: &[String]) -> (Spot, usize) {
    let mut spot: &SpanTree = &object.spans;
    for (depth, name) in path.iter().enumerate() {
        let next = match &spot.spots {
            Spots::Members(_) => spot.member(name),
            Spots::Items(_) => name.parse().ok().and_then(|at| spot.item(at)),
            Spots::Leaf | Spots::Source(_) => None,
        };
        match next {
            Some(next) => spot = next,
            None => return (spot.into(), depth),
        }
    }
    (spot.into(), path.len())
}

fn diagnostic(finding: &Finding, spot: Spot, depth: usize, object: &Located) -> Diagnostic {
    let path = blame::segments(&finding.pointer);
    // Of a whole object the line that says its kind is enough.
    let whole = object.spans.member("kind").filter(|_| spot.value == object.span()).map(|kind| kind.value);
    let span: Span = match whole {
        Some(kind) => kind,
        None if finding.at_key || depth < path.len() => spot.key,
        None => spot.value,
    };
    let mut diagnostic = Diagnostic::new(finding.code, span, finding.message.clone()).severity(finding.severity);
    diagnostic.help.clone_from(&finding.help);
    if let Some(other) = &finding.beside {
        let (other, _) = in_file(object, &blame::segments(other));
        diagnostic = diagnostic.other(other.key, "the other is here");
    }
    let kind = object.value.get("kind").and_then(Value::as_str);
    let value = matches!(path.first().map(String::as_str), Some("data" | "stringData")) && path.len() == 2;
    if kind == Some("Secret") && value && finding.code == Code::InvalidValue {
        diagnostic = diagnostic.secret(spot.value);
    }
    diagnostic
}
