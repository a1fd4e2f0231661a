//! Replaces `$(cluster.…)`, `$(task.…)` and `$(var.…)` in the strings of a body.
//!
//! Everything else passes byte for byte: the kubelet's `$(VAR)`, a shell's `$(cmd)`, and `$$(...)`, which escapes as in
//! Kubernetes (`third_party/forked/golang/expansion`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diag::nearest;
use crate::model::reference::{find, first};
use crate::model::{Cluster, FROM_FILE, Fleet, Variables};
use crate::patch::MAX_OBJECT;
use crate::tree::Span;

/// What `$(task.…)` means.
#[derive(Clone, Debug)]
pub struct TaskNames<'a> {
    /// The task's name.
    pub name: &'a str,
    /// The namespace of its CronJob on the cluster; `None` where the destination decides.
    pub namespace: Option<Cow<'a, str>>,
}

/// What references mean on one cluster.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The task whose text is expanded; none while only the inventory is looked at.
    pub task: Option<TaskNames<'a>>,
    /// The variables, settled, and where each was said.
    pub variables: BTreeMap<&'a str, (&'a str, Span)>,
}

impl<'a> Scope<'a> {
    /// The variables that the fleet and the cluster itself give.
    pub fn new(fleet: &'a Fleet, cluster: &'a Cluster) -> Self {
        let mut scope = Self { cluster, task: None, variables: BTreeMap::new() };
        for set in &fleet.variables {
            if set.when.as_ref().is_none_or(|when| crate::place::matches(when, cluster).is_ok()) {
                scope.add(&set.set);
            }
        }
        scope.add(&cluster.variables);
        // Nothing follows from a selector that could not be read: its variables count as set, with one value or another.
        let unread = fleet.variables.iter().filter(|set| set.when.as_ref().is_some_and(|when| when.unread.is_some()));
        for (name, value) in unread.flat_map(|set| &set.set) {
            if let Some(text) = &value.value {
                scope.variables.entry(name).or_insert((text, value.span));
            }
        }
        scope
    }

    /// Lets a stronger layer speak.
    pub fn add(&mut self, variables: &'a Variables) {
        for (name, value) in variables {
            match &value.value {
                Some(text) => self.variables.insert(name, (text, value.span)),
                None => self.variables.remove(name.as_str()),
            };
        }
    }

    /// Where the variables that stand in a text got their values, each once.
    pub(super) fn said<'t>(&self, text: &'t str) -> BTreeMap<&'t str, Span> {
        let names = find(text).into_iter().filter_map(|reference| reference.name?.strip_prefix("var."));
        names.filter_map(|name| Some((name, self.variables.get(name)?.1))).collect()
    }

    /// The value of a reference, `cluster.name` say, without its brackets.
    pub fn value(&self, reference: &str) -> Option<Cow<'a, str>> {
        let cluster = self.cluster;
        if let Some(name) = reference.strip_prefix("var.") {
            return self.variables.get(name).map(|(text, _)| Cow::Borrowed(*text));
        }
        if let Some(member) = reference.strip_prefix("task.") {
            let task = self.task.as_ref()?;
            return match member {
                "name" => Some(Cow::Borrowed(task.name)),
                "namespace" => task.namespace.clone(),
                _ => None,
            };
        }
        let member = reference.strip_prefix("cluster.").unwrap_or(reference);
        if let Some(key) = member.strip_prefix("labels.") {
            return cluster.labels.get(key).map(|text| Cow::Borrowed(text.as_str()));
        }
        match member {
            "name" => Some(Cow::Borrowed(cluster.name.as_str())),
            "provider" => cluster.provider.as_ref().map(|provider| Cow::Borrowed(provider.as_str())),
            "region" => cluster.region.as_ref().map(|region| Cow::Borrowed(region.as_str())),
            "zones" if !cluster.zones.is_empty() => {
                let zones: Vec<&str> = cluster.zones.iter().map(|zone| zone.as_str()).collect();
                Some(Cow::Owned(zones.join(",")))
            }
            _ => None,
        }
    }

    /// Why a reference has no value, and what may have been meant.
    pub fn lacks(&self, reference: &str) -> (String, Option<String>) {
        if let Some(name) = reference.strip_prefix("var.") {
            let near = nearest(name, self.variables.keys().copied()).map(|near| format!("$(var.{near})"));
            return (format!("the variable `{name}` is not set"), near);
        }
        if let Some(member) = reference.strip_prefix("task.") {
            if member == "namespace" {
                return ("the task has no namespace here".to_owned(), None);
            }
            let near = nearest(member, ["name", "namespace"]).map(|near| format!("$(task.{near})"));
            return (format!("a task has no `{member}`: it has name and namespace"), near);
        }
        let member = reference.strip_prefix("cluster.").unwrap_or(reference);
        if let Some(key) = member.strip_prefix("labels.") {
            let near = nearest(key, self.cluster.labels.keys().map(String::as_str));
            return (format!("the cluster has no label `{key}`"), near.map(|near| format!("$(cluster.labels.{near})")));
        }
        if matches!(member, "provider" | "region" | "zones") {
            return (format!("the cluster has no {member}"), None);
        }
        let near = nearest(member, ["name", "provider", "region", "zones", "labels"]);
        (
            format!("a cluster has no `{member}`: it has name, provider, region, zones and labels.KEY"),
            near.map(|near| format!("$(cluster.{near})")),
        )
    }
}

/// The names of all references in a value, text from files aside.
pub(crate) fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(find(text).into_iter().map(|r| r.name.unwrap_or_default().to_owned())),
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        Value::Object(map) if map.contains_key(FROM_FILE) => {
            names.insert(FROM_FILE.to_owned());
        }
        Value::Object(map) => {
            for (key, member) in map {
                // None is read in a key, and that is said when the value is expanded.
                names.extend(find(key).into_iter().map(|r| r.name.unwrap_or_default().to_owned()));
                names_in(member, names);
            }
        }
        _ => {}
    }
}

/// A reference that has no value, or a value that a shell would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The pointer of the string within the value that was expanded.
    pub(crate) path: Vec<String>,
    /// The reference as written, brackets included.
    pub(crate) written: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What may have been meant.
    pub(crate) near: Option<String>,
    /// How often the same stands before it in its text.
    pub(crate) before: usize,
    /// How many other references of the same text have no value and are not told one by one.
    pub(crate) more: usize,
    /// Of which kind the trouble is.
    pub(crate) kind: TroubleKind,
}

/// So many references of one text that have no value are told one by one.
const TOLD: usize = 20;

/// What can be wrong with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TroubleKind {
    /// It has no value.
    Undefined,
    /// It stands in the key of a map, where none is read.
    InKey,
    /// It has a value, but an odd one.
    OddValue,
    /// With its value the text would be longer than an object can be.
    TooMuch,
}

/// How much text references may still bring: a long value that is named often would fill any memory. What is beyond it is
/// told at the first reference that does not fit, and from there on references stay as they are.
struct Room {
    left: usize,
    full: bool,
}

impl Room {
    /// As much as one object can hold.
    fn new() -> Self {
        Self { left: MAX_OBJECT, full: false }
    }
}

/// Replaces all references in the strings of a value and puts text from files in place.
pub(crate) fn expand(value: &mut Value, scope: &Scope<'_>, troubles: &mut Vec<Trouble>) {
    within(value, scope, &mut Vec::new(), troubles, &mut Room::new());
}

fn within(value: &mut Value, scope: &Scope<'_>, path: &mut Vec<String>, troubles: &mut Vec<Trouble>, room: &mut Room) {
    match value {
        Value::String(text) => {
            if let Some(expanded) = expanded(text, scope, path, troubles, room) {
                *text = expanded;
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                path.push(i.to_string());
                within(item, scope, path, troubles, room);
                path.pop();
            }
        }
        Value::Object(map) => {
            if let Some(text) = map.get_mut(FROM_FILE) {
                *value = text.take();
                return;
            }
            for (key, member) in map.iter_mut() {
                path.push(key.clone());
                if let Some(written) = first(key) {
                    let message = format!("`{written}` is not read in a key");
                    let (path, written) = (path.clone(), written.to_owned());
                    let kind = TroubleKind::InKey;
                    troubles.push(Trouble { path, written, message, near: None, before: 0, more: 0, kind });
                }
                within(member, scope, path, troubles, room);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Puts text from files in place and reads no reference.
pub(crate) fn files_only(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(files_only),
        Value::Object(map) => match map.get_mut(FROM_FILE) {
            Some(text) => *value = text.take(),
            None => map.values_mut().for_each(files_only),
        },
        _ => {}
    }
}

/// Whether a pointer leads to the `value` of one of `env`.
fn is_env_value(path: &[String]) -> bool {
    matches!(path, [.., env, _, value] if env == "env" && value == "value")
}

/// The text with its references replaced; `None` if it has none. A reference without a value stays as it is.
pub(crate) fn expand_text(text: &str, scope: &Scope<'_>, troubles: &mut Vec<Trouble>) -> Option<String> {
    expanded(text, scope, &[], troubles, &mut Room::new())
}

fn expanded(
    text: &str,
    scope: &Scope<'_>,
    path: &[String],
    troubles: &mut Vec<Trouble>,
    room: &mut Room,
) -> Option<String> {
    let references = find(text);
    if references.is_empty() {
        return None;
    }
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    // The same reference has the same trouble wherever it stands in a text, and is told at the first.
    let (mut odd, mut undefined) = (BTreeSet::new(), BTreeSet::new());
    let mut last = None;
    for reference in references {
        let written = &text[reference.start..reference.end];
        result.push_str(&text[done..reference.start]);
        done = reference.end;
        let trouble = |message: String, near: Option<String>, kind: TroubleKind| {
            let before = match kind {
                TroubleKind::TooMuch => text[..reference.start].matches(written).count(),
                TroubleKind::Undefined | TroubleKind::InKey | TroubleKind::OddValue => 0,
            };
            let (path, written) = (path.to_vec(), written.to_owned());
            Trouble { path, written, message, near, before, more: 0, kind }
        };
        match reference.name.and_then(|name| scope.value(name)) {
            Some(_) if room.full => result.push_str(written),
            Some(value) if value.len() > room.left => {
                let message = format!("with the value of `{written}` the text is longer than {MAX_OBJECT} bytes");
                troubles.push(trouble(message, None, TroubleKind::TooMuch));
                room.full = true;
                result.push_str(written);
            }
            Some(value) => {
                room.left -= value.len();
                // No shell reads a variable's value; the kubelet reads it, and expands `$(`.
                let whole = written == text && is_env_value(path);
                let quotes = value.contains(['`', '"', '\'', '\n']) && !whole;
                if (quotes || value.contains("$(")) && odd.insert(written) {
                    let message = format!("the value of `{written}` holds a quote, a backtick, a newline or `$(`");
                    troubles.push(trouble(message, None, TroubleKind::OddValue));
                }
                result.push_str(&value);
            }
            None => {
                result.push_str(written);
                if !undefined.insert(written) {
                    continue;
                }
                match last.filter(|_| undefined.len() > TOLD).and_then(|last: usize| troubles.get_mut(last)) {
                    Some(last) => last.more += 1,
                    None => {
                        let lacks = |name| scope.lacks(name);
                        let none = || ("this reference has no closing bracket".to_owned(), None);
                        let (message, near) = reference.name.map_or_else(none, lacks);
                        troubles.push(trouble(message, near, TroubleKind::Undefined));
                        last = Some(troubles.len() - 1);
                    }
                }
            }
        }
    }
    result.push_str(&text[done..]);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{FileId, Spanned};

    fn cluster() -> Cluster {
        let span = Span::new(FileId(0), 0, 0);
        let mut cluster = Cluster::bare(Spanned::new("eu".to_owned(), span));
        cluster.labels.insert("env".to_owned(), Spanned::new("prod".to_owned(), span));
        cluster
    }

    fn expanded(text: &str) -> (String, Vec<String>) {
        let cluster = cluster();
        let fleet = Fleet::default();
        let mut scope = Scope::new(&fleet, &cluster);
        scope.variables.insert("url", ("https://x", Span::new(FileId(0), 0, 0)));
        let mut troubles = Vec::new();
        let result = expand_text(text, &scope, &mut troubles).unwrap_or_else(|| text.to_owned());
        (result, troubles.into_iter().map(|trouble| trouble.message).collect())
    }

    #[test]
    fn ours_are_replaced_and_all_else_passes_byte_for_byte() {
        for (text, expected) in [
            ("$(cluster.name)-$(cluster.labels.env)", "eu-prod"),
            ("a $(var.url)/b", "a https://x/b"),
            (
                "$(POD_NAME) $(date +%s) $$(cluster.name) $(clusters) $(variable)",
                "$(POD_NAME) $(date +%s) $$(cluster.name) $(clusters) $(variable)",
            ),
            ("$$$(cluster.name)", "$$eu"),
            ("${X} $X $(", "${X} $X $("),
        ] {
            assert_eq!(expanded(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_said_and_stays() {
        for text in [
            "$(cluster.region)",
            "$(cluster.nam)",
            "$(task.nam)",
            "$(task.namespace)",
            "$(var.x)",
            "$(cluster.labels.tier)",
            "$(var.url",
        ] {
            let (result, troubles) = expanded(text);
            assert_eq!(result, text);
            assert_eq!(troubles.len(), 1, "{text}: {troubles:?}");
        }
    }

    #[test]
    fn a_reference_without_a_value_is_told_once_and_of_many_the_rest_is_counted() {
        assert_eq!(expanded(&"$(var.x)".repeat(1000)).1.len(), 1);
        let cluster = cluster();
        let fleet = Fleet::default();
        let scope = Scope::new(&fleet, &cluster);
        let text: String = (0..1000).map(|at| format!("$(var.x{at})$(cluster.name)")).collect();
        let mut troubles = Vec::new();
        let result = expand_text(&text, &scope, &mut troubles).unwrap();
        assert_eq!(result, text.replace("$(cluster.name)", "eu"), "all else is replaced");
        assert_eq!((troubles.len(), troubles.iter().map(|trouble| trouble.more).sum::<usize>()), (TOLD, 1000 - TOLD));
    }

    #[test]
    fn what_references_bring_is_bounded_and_told_once() {
        let cluster = cluster();
        let fleet = Fleet::default();
        let mut scope = Scope::new(&fleet, &cluster);
        let long = "x".repeat(MAX_OBJECT / 3);
        scope.variables.insert("long", (&long, Span::new(FileId(0), 0, 0)));
        let text = "$(var.long)".repeat(1000);
        let mut value = serde_json::json!(["$(var.long)", text, text]);
        let mut troubles = Vec::new();
        expand(&mut value, &scope, &mut troubles);
        assert_eq!(troubles.len(), 1, "{troubles:?}");
        assert_eq!(
            (troubles[0].kind, troubles[0].path.join("/"), troubles[0].before),
            (TroubleKind::TooMuch, "1".to_owned(), 2)
        );
        let rest = "$(var.long)".repeat(998);
        assert_eq!(value, serde_json::json!([long, format!("{long}{long}{rest}"), text]));
    }
}
