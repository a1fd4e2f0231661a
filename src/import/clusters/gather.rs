//! Turns objects of all inputs into clusters: each object to its format, then names.
//!
//! A name is never changed silently: an invalid or duplicate one is an error that names the `--rename` to use.

use std::collections::BTreeMap;

use super::collector::Collector;
use super::imported::ImportedCluster;
use super::object::KubernetesObject;
use super::{argocd, capi, karmada, nodes, ocm};
use crate::diag::{Code, Diagnostic, Diagnostics, Place, nearest};
use crate::model::naming;
use crate::validate::names;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ImportRequest<'r> {
    /// The cluster whose nodes and pods the input holds.
    pub cluster: Option<&'r str>,
    /// Names of the input, and what to write instead.
    pub renames: &'r [(String, String)],
}

/// The clusters of the input in the order of their names, and what there is to say about them.
pub fn gather(
    objects: &[KubernetesObject],
    request: ImportRequest<'_>,
    diags: &mut Diagnostics,
) -> (Vec<ImportedCluster>, Vec<String>) {
    let mut collector = Collector { diags, notes: Vec::new() };
    let mut found: Vec<ImportedCluster> = Vec::new();
    let mut aside: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects {
        let one = match object {
            object if request.cluster.is_some() && nodes::is_part(object) => continue,
            _ if request.cluster.is_some() => None,
            object if object.is(karmada::GROUP, "Cluster") => Some(karmada::read(object, &mut collector)),
            object if object.is(ocm::GROUP, "ManagedCluster") => match ocm::read(object, &mut collector) {
                None => continue,
                found => found,
            },
            object if object.is(capi::GROUP, "Cluster") => Some(capi::read(object, objects, &mut collector)),
            object if argocd::is_cluster(object) => Some(argocd::read(object, &mut collector)),
            object if capi::is_part(object) => continue,
            _ => None,
        };
        match one {
            Some(one) if object.is_going() => {
                collector.note(format!("{} is being deleted and is left out", one.source))
            }
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
        found.extend(nodes::read(objects, cluster, &mut collector));
    }
    if !aside.is_empty() {
        let kinds: Vec<String> = aside.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        collector.note(format!("left aside, being no clusters: {}", kinds.join(", ")));
    }
    rename_and_check(&mut found, request.renames, collector.diags);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    (found, collector.notes)
}

/// Renames as was asked, and checks every name.
fn rename_and_check(found: &mut [ImportedCluster], renames: &[(String, String)], diags: &mut Diagnostics) {
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
            diags.push(diagnostic.did_you_mean(near));
        }
    }
    let mut first: BTreeMap<&str, &ImportedCluster> = BTreeMap::new();
    for one in found.iter() {
        let place = Place::Path(one.file.clone());
        if let Some(error) = refusal(one) {
            diags.push(Diagnostic { place, ..error });
            continue;
        }
        let Some(other) = first.insert(&one.name, one) else { continue };
        let message = format!("two clusters would be called `{}`: {} and {}", one.name, other.source, one.source);
        let help = format!("give one of them another name: `--rename {}=...`", one.full_name);
        diags.push(Diagnostic::at(Code::DuplicateName, place, message).help(help));
    }
}

/// What is wrong with the name of a cluster.
fn refusal(found: &ImportedCluster) -> Option<Diagnostic> {
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
