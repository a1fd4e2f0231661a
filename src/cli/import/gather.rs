//! Turns objects of all inputs into clusters: each object to its format, then names.
//!
//! A name is never changed silently: an invalid or duplicate one is an error that names the `--rename` to use.

use std::collections::BTreeMap;

use super::amounts::Amounts;
use super::found::{Found, Taint};
use super::object::{Object, text};
use super::{argocd, capi, karmada, nodes, ocm};
use crate::diag::{Code, Diagnostic, Diagnostics, Place, nearest};
use crate::model::{TaintEffect, naming};
use crate::validate::quantity::QuantityError;
use crate::validate::{Version, names};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'r> {
    /// The cluster whose nodes and pods the input holds.
    pub(super) cluster: Option<&'r str>,
    /// Names of the input, and what to write instead.
    pub(super) renames: &'r [(String, String)],
}

/// Collects what was found, and what there is to say.
pub(super) struct Gather<'d> {
    diags: &'d mut Diagnostics,
    notes: Vec<String>,
}

/// The clusters of the input in the order of their names, and what there is to say about them.
pub(super) fn gather(objects: &[Object], request: Request<'_>, diags: &mut Diagnostics) -> (Vec<Found>, Vec<String>) {
    let mut gather = Gather { diags, notes: Vec::new() };
    let mut found: Vec<Found> = Vec::new();
    let mut aside: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects {
        let one = match object {
            object if request.cluster.is_some() && nodes::is_part(object) => continue,
            _ if request.cluster.is_some() => None,
            object if object.is(karmada::GROUP, "Cluster") => Some(karmada::read(object, &mut gather)),
            object if object.is(ocm::GROUP, "ManagedCluster") => match ocm::read(object, &mut gather) {
                None => continue,
                found => found,
            },
            object if object.is(capi::GROUP, "Cluster") => Some(capi::read(object, objects, &mut gather)),
            object if argocd::is_cluster(object) => Some(argocd::read(object, &mut gather)),
            object if capi::is_part(object) => continue,
            _ => None,
        };
        match one {
            Some(one) if object.is_going() => gather.note(format!("{} is being deleted and is left out", one.source)),
            Some(one) => found.push(one.settle()),
            None => {
                // What is no word is no kind, and it may be what must not be shown.
                let word =
                    (1..=63).contains(&object.kind.len()) && object.kind.bytes().all(|b| b.is_ascii_alphabetic());
                *aside.entry(if word { &object.kind } else { "other" }).or_default() += 1;
            }
        }
    }
    if let Some(cluster) = request.cluster {
        found.extend(nodes::read(objects, cluster, &mut gather));
    }
    if !aside.is_empty() {
        let kinds: Vec<String> = aside.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        gather.note(format!("left aside, being no clusters: {}", kinds.join(", ")));
    }
    gather.name(&mut found, request.renames);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    (found, gather.notes)
}

impl Gather<'_> {
    /// Something to know, and nothing wrong.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A cluster of which only the name and the labels are known. A label that Kubernetes would refuse has strayed in from
    /// elsewhere in a broken object, and may be anything.
    pub(super) fn begin(&mut self, object: &Object, what: &str, name: &str) -> Found {
        let source = format!("{what} `{}`", object.full_name());
        let all = object.labels();
        let count = all.len();
        let fine = |key: &str, value: &str| names::label_key(key).is_ok() && names::label_value(value).is_ok();
        let labels: BTreeMap<String, String> = all.into_iter().filter(|(key, value)| fine(key, value)).collect();
        if labels.len() < count {
            self.note(format!("{source}: labels that Kubernetes would refuse are left out: {}", count - labels.len()));
        }
        let (full_name, file) = (object.full_name(), object.file.clone());
        Found { name: name.to_owned(), full_name, source, file, labels, ..Found::default() }
    }

    /// A version as `1.33`.
    pub(super) fn version(&mut self, found: &Found, text: Option<&str>) -> Option<String> {
        let text = text?;
        let version = Version::parse(text).map(|version| version.to_string());
        if version.is_none() {
            self.note(format!("{}: its version cannot be read and is left out", found.source));
        }
        version
    }

    /// Amounts of a cluster.
    pub(super) fn amounts(&mut self, found: &Found, amounts: Result<Amounts, QuantityError>) -> Amounts {
        self.amounts_in(&found.file, &found.source, amounts)
    }

    /// Amounts of an object.
    pub(super) fn amounts_of(&mut self, object: &Object, amounts: Result<Amounts, QuantityError>) -> Amounts {
        self.amounts_in(&object.file, &format!("{} `{}`", object.kind, object.full_name()), amounts)
    }

    /// The taints of an object, those aside that only say how it is at the hour; `effect` knows the words of its kind.
    pub(super) fn taints(
        &mut self,
        found: &Found,
        object: &Object,
        health: &[&str],
        effect: impl Fn(&str) -> Option<TaintEffect>,
    ) -> Vec<Taint> {
        let mut taints = Vec::new();
        for taint in object.list(&["spec", "taints"]) {
            let (Some(key), Some(word)) = (text(taint, &["key"]), text(taint, &["effect"])) else { continue };
            let why = match effect(word) {
                None => "has an unknown effect",
                Some(_) if health.contains(&key) => "is the health of the hour",
                Some(effect) => {
                    let value = text(taint, &["value"]).unwrap_or_default().to_owned();
                    taints.push(Taint { key: key.to_owned(), value, effect });
                    continue;
                }
            };
            self.note(format!("{}: the taint `{key}` {why} and is left out", found.source));
        }
        taints
    }

    fn amounts_in(&mut self, file: &str, source: &str, amounts: Result<Amounts, QuantityError>) -> Amounts {
        amounts.unwrap_or_else(|error| {
            let message = format!("{source}: {}", error.message);
            self.diags.push(Diagnostic::at(Code::InvalidQuantity, Place::Path(file.to_owned()), message));
            Amounts::new()
        })
    }

    /// Renames as was asked, and checks every name.
    fn name(&mut self, found: &mut [Found], renames: &[(String, String)]) {
        for (old, new) in renames {
            let mut used = false;
            let by_full_name = found.iter().any(|one| one.full_name == *old);
            for one in found.iter_mut() {
                if if by_full_name { one.full_name == *old } else { one.name == *old } {
                    one.name.clone_from(new);
                    used = true;
                }
            }
            if !used {
                let near = nearest(old, found.iter().map(|one| one.name.as_str()));
                let message = format!("`--rename {old}={new}`: there is no cluster `{old}` in the input");
                let diagnostic = Diagnostic::at(Code::UnknownCluster, Place::Whole, message);
                self.diags.push(diagnostic.did_you_mean(near));
            }
        }
        let mut first: BTreeMap<&str, &Found> = BTreeMap::new();
        for one in found.iter() {
            let place = Place::Path(one.file.clone());
            if let Some(error) = refusal(one) {
                self.diags.push(Diagnostic { place, ..error });
                continue;
            }
            let Some(other) = first.insert(&one.name, one) else { continue };
            let message = format!("two clusters would be called `{}`: {} and {}", one.name, other.source, one.source);
            let help = format!("give one of them another name: `--rename {}=...`", one.full_name);
            self.diags.push(Diagnostic::at(Code::DuplicateName, place, message).help(help));
        }
    }
}

/// What is wrong with the name of a cluster.
fn refusal(found: &Found) -> Option<Diagnostic> {
    let (name, full) = (&found.name, &found.full_name);
    if name.is_empty() {
        let message = format!("{} says no name that could be shown", found.source);
        let help = format!("give it one: `--rename {full}=...`");
        return Some(Diagnostic::at(Code::InvalidName, Place::Whole, message).help(help));
    }
    let error = names::dns1123_label(name).err()?;
    let why = match naming::fault(name, "-") {
        Some(fault) => fault,
        None => format!("it has {} characters, and 63 are allowed", name.len()),
    };
    let message = format!("`{}` cannot be the name of a cluster: {why}", name.escape_debug());
    let diagnostic = Diagnostic::at(error.code, Place::Whole, message);
    let diagnostic = diagnostic.note("the name of a cluster is also the name of its output directory");
    let meant = naming::tidied(name, "-", 63);
    let meant = if meant.is_empty() { "..." } else { &meant };
    Some(diagnostic.help(format!("run again with `--rename '{name}={meant}'`")))
}
