//! `fleetcron render`: prints one cluster's manifests. With any error, or without any manifest, it prints nothing and
//! fails.

use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Render;
use super::outcome::{Failure, Outcome};
use super::scope::DiagnosticScope;
use super::session::Session;
use crate::diag::nearest;
use crate::tree::RepoPath;
use crate::tree::ownership::is_manifest;

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Render) -> Result<Outcome, Failure> {
    let compilation = session.compile()?;
    if !compilation.model.clusters.iter().any(|cluster| *cluster.name == args.cluster) && !session.diags.has_errors() {
        let names = compilation.model.clusters.iter().map(|cluster| cluster.name.as_str());
        return Err(Failure::unknown("cluster", &args.cluster, nearest(&args.cluster, names)));
    }
    if session.diags.has_errors() {
        return Ok(Outcome::wrong(vec!["nothing was rendered".to_owned()], json!({"rendered": false})));
    }
    session.scope = DiagnosticScope::on_clusters(&compilation, std::slice::from_ref(&args.cluster));
    let manifests = || compilation.output.files().filter(|(path, _)| path.first() == args.cluster && is_manifest(path));
    if manifests().next().is_none() {
        let why = "no task runs there, and `output.marker` asks for no marker";
        return Err(Failure::files(format!("there is nothing to render for `{}`: {why}", args.cluster)));
    }
    let mut text = String::new();
    for (_, bytes) in manifests() {
        let manifest = String::from_utf8_lossy(bytes);
        text.push_str("---\n");
        text.push_str(&manifest);
        if !manifest.ends_with('\n') {
            text.push('\n');
        }
    }
    let value = session.value(|| {
        let file = |(path, bytes): (&RepoPath, &Arc<[u8]>)| {
            json!({"path": path.as_str(), "manifest": String::from_utf8_lossy(bytes)})
        };
        json!({"cluster": args.cluster, "files": manifests().map(file).collect::<Vec<Value>>()})
    });
    Ok(Outcome::data(text, value))
}
