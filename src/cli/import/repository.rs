//! `fleetcron import karmada`: objects exported from a control plane of Karmada become files of a repository.
//!
//! What a server wrote is left out, and so are credentials: addresses and references to Secrets of clusters, and Secrets as
//! a whole.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{inputs, named};
use crate::cli::args::ImportKarmada;
use crate::cli::outcome::{Failure, Outcome};
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::render::{Ordered, karmada};
use crate::report::table::count;
use crate::sink;
use crate::tree::{FileId, RepoPath};
use crate::validate::SchemaNode;
use crate::yaml;

/// Members of a Cluster's `spec` that are addresses and credentials.
const PRIVATE: [&str; 7] = [
    "id",
    "apiEndpoint",
    "secretRef",
    "impersonatorSecretRef",
    "insecureSkipTLSVerification",
    "proxyURL",
    "proxyHeader",
];

/// Members of a Cluster's `status` that placement reads.
const PLACING: [&str; 3] = ["kubernetesVersion", "apiEnablements", "resourceSummary"];

/// Runs it.
pub(in crate::cli) fn run(args: &ImportKarmada, quiet: bool) -> Result<Outcome, Failure> {
    let mut diags = Diagnostics::new();
    let mut objects = Vec::new();
    for (file, bytes) in inputs(&args.files)? {
        read(&file, &bytes, &mut objects, &mut diags);
    }
    let (mut files, mut left_out) = (BTreeMap::new(), Vec::new());
    for object in objects {
        take(object, &mut files, &mut left_out);
    }
    if files.is_empty() && !diags.has_errors() {
        let message = "there is no object in the input that a repository of Karmada could hold";
        let help = "give it the output of `kubectl get clusters.cluster.karmada.io,propagationpolicies,... -A -o yaml`";
        diags.push(Diagnostic::at(Code::ResourceInvalid, Place::Whole, message).help(help));
    }
    if diags.has_errors() {
        diags.sort();
        let nothing = args.into.iter().map(|_| "nothing was written".to_owned()).collect();
        return Ok(Outcome { diags, ..Outcome::wrong(nothing, json!({"imported": false})) });
    }
    let names: Vec<String> = files.keys().map(ToString::to_string).collect();
    let value = json!({"files": names, "leftOut": left_out, "written": args.into.is_some() && !args.dry_run});
    let mut outcome = match &args.into {
        None => {
            let texts: Vec<&str> = files.values().map(String::as_str).collect();
            Outcome::data(texts.join("---\n"), value)
        }
        Some(into) => write(into, &files, args.dry_run, value)?,
    };
    if !quiet {
        outcome.remarks = left_out.iter().map(|what| format!("note: left out: {what}")).collect();
    }
    Ok(outcome)
}

/// The objects of one input, lists unfolded.
fn read(file: &str, bytes: &[u8], objects: &mut Vec<Value>, diags: &mut Diagnostics) {
    let parsed = yaml::parse(FileId(0), bytes);
    if let Some(first) = parsed.diagnostics.first() {
        let diagnostic = Diagnostic::at(first.code, Place::Path(file.to_owned()), first.code.summary());
        diags.push(diagnostic.note("the text is not shown, for it may hold credentials"));
        return;
    }
    for document in &parsed.documents {
        let value = document.root.to_value();
        match value.get("items").and_then(Value::as_array) {
            Some(items) => objects.extend(items.iter().cloned()),
            None => objects.push(value),
        }
    }
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Cleans an object and gives it a path; what cannot be taken is named.
fn take(mut object: Value, files: &mut BTreeMap<RepoPath, String>, left_out: &mut Vec<String>) {
    let (version, kind) = (text(&object, "/apiVersion").to_owned(), text(&object, "/kind").to_owned());
    let (namespace, name) =
        (text(&object, "/metadata/namespace").to_owned(), text(&object, "/metadata/name").to_owned());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let full = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let mut refuse = |why: &str| left_out.push(format!("{kind} `{full}`, {why}"));
    let own = matches!(group, "policy.karmada.io" | "cluster.karmada.io");
    if kind.is_empty() || name.is_empty() {
        return refuse("it has no kind or no name");
    }
    if group.ends_with(".karmada.io") && !own {
        return refuse("Karmada writes it, or reads it at run time");
    }
    if group.is_empty() && kind == "Secret" {
        return refuse("a Secret does not belong in a repository as it is: encrypt it with SOPS");
    }
    let cluster = group == "cluster.karmada.io";
    let status = object.get("status").cloned();
    karmada::clean(&mut object);
    if cluster {
        keep_placing(&mut object, status.as_ref());
    }
    let folder = match (cluster, own, namespace.as_str()) {
        (true, ..) => "clusters".to_owned(),
        (_, true, "") => "policies".to_owned(),
        (_, true, namespace) => format!("policies/{namespace}"),
        (_, _, "") => "templates".to_owned(),
        (_, _, namespace) => format!("templates/{namespace}"),
    };
    let sound = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) && !part.starts_with('.')
    };
    let path = RepoPath::new(&format!("{folder}/{}.{}.yaml", name.replace(':', "."), kind.to_lowercase()));
    match path {
        Ok(path) if sound(&name) && (namespace.is_empty() || sound(&namespace)) && sound(&kind) => {
            files.insert(path, yaml::emit(&object, Ordered(Some(SchemaNode::other_object()))));
        }
        _ => refuse("no file can be named after it"),
    }
}

/// Of a Cluster what placement reads, without addresses and credentials.
fn keep_placing(object: &mut Value, status: Option<&Value>) {
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        PRIVATE.iter().for_each(|name| drop(spec.remove(*name)));
    }
    let kept: Map<String, Value> =
        PLACING.iter().filter_map(|name| Some(((*name).to_owned(), status?.get(*name)?.clone()))).collect();
    if let (false, Value::Object(object)) = (kept.is_empty(), object) {
        object.insert("status".to_owned(), Value::Object(kept));
    }
}

fn write(into: &Path, files: &BTreeMap<RepoPath, String>, dry: bool, value: Value) -> Result<Outcome, Failure> {
    named(into)?;
    let mut said = format!("{} into {}\n", count(files.len(), "object"), into.display());
    for (path, text) in files {
        let target = into.join(path.as_str());
        if target.is_symlink() {
            return Err(Failure::Run(format!("`{}` is a symbolic link", target.display())));
        }
        if !dry {
            sink::write_file(&target, text.as_bytes()).map_err(|error| Failure::run(&error))?;
        }
        said.push_str(&format!("  {} {path}\n", if dry { "would write" } else { "wrote" }));
    }
    Ok(Outcome::said(said, value))
}
