//! `fleetcron cmp parameters`: announces the parameters that Argo CD's UI offers.
//!
//! An application of a broken repository must still open, so whatever cannot be read only shortens the list, and
//! standard error says why.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};

use super::super::args::Global;
use super::super::outcome::Failure;
use super::request::{CLUSTER, PluginRequest, TASKS};
use super::{PluginAnswer, PluginPlace};
use crate::diag::Diagnostics;
use crate::frontend;
use crate::model::{Fleet, Model};
use crate::repo::{Opened, Worktree};
use crate::report::table::names;

/// How many names a help lists.
const MOST: usize = 50;

/// Runs it.
pub(super) fn run(global: &Global, here: &Path, ask: &dyn Fn(&str) -> Option<OsString>) -> PluginAnswer {
    let mut remarks = Vec::new();
    let mut known = (Model::default(), None);
    match read(global, here, ask) {
        Ok(found) => known = found,
        Err(failure) => remarks.push(format!("fleetcron: the repository is not read: {failure}")),
    }
    let (model, folder) = known;
    let clusters: Vec<&str> = model.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let tasks: Vec<String> = model.units.iter().map(|unit| unit.identity.to_string()).collect();
    if clusters.is_empty() {
        remarks.push("fleetcron: no cluster was found".to_owned());
    }
    let offered = |what: &str, names: Option<String>| match names {
        Some(names) => format!("{what} There are: {names}."),
        None => what.to_owned(),
    };
    let list = |all: &[&str]| (!all.is_empty()).then(|| names(all.iter().copied(), MOST));
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let own = folder.filter(|folder| clusters.contains(&folder.as_str()));
    let cluster = json!({
        "name": CLUSTER,
        "title": "Cluster",
        "tooltip": offered(
            "The cluster whose manifests are wanted; if it is not given, the last folder of the application's path.",
            list(&clusters),
        ),
        "required": own.is_none(),
        "itemType": "string",
        "collectionType": "string",
        // Argo CD never sends what is shown here: it must be what counts where nothing is sent.
        "string": own.unwrap_or_default(),
    });
    let only = json!({
        "name": TASKS,
        "title": "Tasks",
        "tooltip": offered("Only the objects of these tasks, as name or namespace/name; all if it is not given.", list(&tasks)),
        "required": false,
        "itemType": "string",
        "collectionType": "array",
        "array": [],
    });
    let mut stdout = Value::Array(vec![cluster, only]).to_string().into_bytes();
    stdout.push(b'\n');
    PluginAnswer { stdout, remarks }
}

/// What the repository means, as far as it can be read, and the last folder of the application's path.
fn read(
    global: &Global,
    here: &Path,
    ask: &dyn Fn(&str) -> Option<OsString>,
) -> Result<(Model, Option<String>), Failure> {
    // Which cluster the application asks for plays no part, so neither does a mistake in that.
    let path = ask("ARGOCD_APP_SOURCE_PATH").and_then(|path| path.into_string().ok()).filter(|path| !path.is_empty());
    let request = PluginRequest { path, ..PluginRequest::default() };
    let place = PluginPlace::find(here, &request, global)?;
    let opened = Opened::Folder(Worktree::plain(&place.root).map_err(|error| Failure::run(&error))?);
    let guess = Fleet::default().output.dir;
    let mut model = frontend::understand(&opened.read(&guess, &[]).tree, &mut Diagnostics::new()).model;
    if model.fleet.output.dir != guess {
        let sources = opened.read(&model.fleet.output.dir, &[]);
        model = frontend::understand(&sources.tree, &mut Diagnostics::new()).model;
    }
    Ok((model, place.folder().map(str::to_owned)))
}
