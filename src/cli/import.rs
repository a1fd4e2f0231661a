//! `fleetcron import`: inventory from objects of other tools, tasks from existing CronJobs, durations from Jobs that ran.
//!
//! Only this file opens files. After any error nothing is printed and nothing is written. Credentials are never copied.

mod durations;
pub(super) mod repository;
mod tasks;

use std::fs;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub(super) use self::durations::durations;
pub(super) use self::tasks::{fleet_of, tasks};
use super::args::ImportClusters;
use super::outcome::{Failure, Outcome};
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::import::clusters::gather::{self, ImportRequest};
use crate::import::clusters::imported::ImportedCluster;
use crate::import::clusters::update::{InventoryFile, UpdatePlan};
use crate::import::clusters::{nodes, objects, update};
use crate::report::table::{self, count};
use crate::sink;
use crate::tree::may_hold_documents;

/// Runs it; `quiet` leaves out what is good to know and not wrong.
pub(super) fn clusters(args: &ImportClusters, quiet: bool) -> Result<Outcome, Failure> {
    let mut diags = Diagnostics::new();
    let mut objects = Vec::new();
    for (file, bytes) in inputs(&args.files)? {
        objects.extend(objects::read(&file, &bytes, &mut diags));
    }
    if args.cluster.is_none() && objects.iter().any(nodes::is_part) {
        let message = "the input holds nodes or pods: say which cluster they are of with `--cluster NAME`";
        return Err(Failure::Run(message.to_owned()));
    }
    let renames = args.renames.iter().map(|pair| renamed(pair)).collect::<Result<Vec<_>, Failure>>()?;
    let request = ImportRequest { cluster: args.cluster.as_deref(), renames: &renames };
    let (found, mut notes) = gather::gather(&objects, request, &mut diags);
    if found.is_empty() && !diags.has_errors() {
        let (what, help) = match args.cluster {
            Some(_) => ("node", "give it the output of `kubectl get nodes,pods -A -o json`"),
            None => (
                "cluster",
                "it reads Karmada, OCM and Cluster API clusters, Argo CD's cluster Secrets, and nodes and pods",
            ),
        };
        let message = format!("there is no {what} in the input");
        diags.push(Diagnostic::at(Code::NoClusters, Place::Whole, message).help(help));
    }
    let mut plan = UpdatePlan::default();
    if let Some(into) = args.into.as_deref().filter(|_| !diags.has_errors()) {
        plan = planned(into, &found)?;
        for (path, _) in plan.writes.iter().filter(|(path, _)| Path::new(path).is_symlink()) {
            let message = "a symbolic link stands where fleetcron must write";
            let diagnostic = Diagnostic::at(Code::ForeignFile, Place::Path(path.clone()), message);
            plan.conflicts.push(diagnostic.help("import into the folder of its target"));
        }
        diags.extend(std::mem::take(&mut plan.conflicts));
    }
    if diags.has_errors() {
        diags.sort();
        let nothing = args.into.iter().map(|_| "nothing was written".to_owned()).collect();
        return Ok(Outcome { diags, ..Outcome::wrong(nothing, json!({"imported": false})) });
    }
    let mut outcome = match &args.into {
        None => {
            let clusters: Vec<Value> = found.iter().map(ImportedCluster::document).collect();
            Outcome::data(update::stream(&found), json!({"clusters": clusters, "notes": notes}))
        }
        Some(into) => {
            if !args.dry_run {
                for (path, text) in &plan.writes {
                    sink::write_file(Path::new(path), text.as_bytes()).map_err(|error| Failure::run(&error))?;
                }
            }
            if !plan.gone.is_empty() {
                let gone = table::names(plan.gone.iter().map(String::as_str), 10);
                notes.push(format!("in the files and not in the input, left as they are: {gone}"));
            }
            let value = json!({
                "written": !args.dry_run,
                "create": plan.create,
                "update": plan.update,
                "unchanged": plan.unchanged,
                "gone": plan.gone,
                "notes": notes,
            });
            Outcome::said(summary(&plan, &found, into, args.dry_run), value)
        }
    };
    if !quiet {
        outcome.remarks = notes.iter().map(|note| format!("note: {note}")).collect();
    }
    Ok(outcome)
}

/// The inputs with their names; nothing, and `-`, is standard input.
fn inputs(files: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    if files.is_empty() && std::io::stdin().is_terminal() {
        let message = "no FILE is given, and standard input is a terminal: try `kubectl get ... -o yaml | fleetcron import clusters`";
        return Err(Failure::Run(message.to_owned()));
    }
    let standard = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard[..] } else { files };
    let mut inputs = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let failed = |error: std::io::Error| Failure::Run(format!("cannot read `{name}`: {error}"));
        let mut bytes = Vec::new();
        let mut take = |reader: &mut dyn Read| reader.take(objects::MAX_BYTES + 1).read_to_end(&mut bytes);
        match name.as_str() {
            "-" => take(&mut std::io::stdin().lock()).map_err(failed)?,
            _ => take(&mut fs::File::open(file).map_err(failed)?).map_err(failed)?,
        };
        if bytes.len() as u64 > objects::MAX_BYTES {
            return Err(Failure::Run(format!("`{name}` has more than {} MiB", objects::MAX_BYTES >> 20)));
        }
        inputs.push((name, bytes));
    }
    Ok(inputs)
}

/// The two names of `--rename OLD=NEW`.
fn renamed(pair: &str) -> Result<(String, String), Failure> {
    match pair.rsplit_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err(Failure::Run(format!("`--rename {pair}`: write `--rename OLD=NEW`"))),
    }
}

/// What becomes of the files of `--into`.
fn planned(into: &Path, found: &[ImportedCluster]) -> Result<UpdatePlan, Failure> {
    let yaml = |path: &Path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    if yaml(into) && !into.is_dir() {
        let files = if into.try_exists().is_ok_and(|there| !there) { Vec::new() } else { vec![existing(into)?] };
        let path = named(into)?;
        return Ok(update::plan(files, found, |_, _| path.to_owned()));
    }
    let mut paths = Vec::new();
    match fs::read_dir(into) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(|error| unread(into, &error))?.path();
                if may_hold_documents(&path.to_string_lossy()) && path.is_file() {
                    paths.push(path);
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unread(into, &error)),
    }
    paths.sort();
    let files = paths.iter().map(|path| existing(path)).collect::<Result<Vec<InventoryFile>, Failure>>()?;
    let folder = named(into)?;
    Ok(update::plan(files, found, |kind, name| {
        let ending = if kind == "Cluster" { "yaml" } else { "capacity.yaml" };
        Path::new(folder).join(format!("{name}.{ending}")).display().to_string()
    }))
}

/// A file that is there.
fn existing(path: &Path) -> Result<InventoryFile, Failure> {
    let bytes = fs::read(path).map_err(|error| unread(path, &error))?;
    Ok(InventoryFile::read(named(path)?.to_owned(), &bytes))
}

/// A path as text, for it is written to by that.
fn named(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| Failure::Run(format!("the path `{}` is not UTF-8", path.display())))
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Run(format!("cannot read `{}`: {error}", path.display()))
}

fn summary(plan: &UpdatePlan, found: &[ImportedCluster], into: &Path, dry: bool) -> String {
    let what = if found.iter().all(|one| one.capacity_alone) { "the capacity of 1 cluster" } else { "" };
    let what = if what.is_empty() { count(found.len(), "cluster") } else { what.to_owned() };
    let mut text = format!("{what} into {}, {} unchanged\n", into.display(), plan.unchanged);
    if plan.writes.is_empty() {
        text.push_str("nothing to write: everything is up to date\n");
        return text;
    }
    text.push_str(if dry { "would write:\n" } else { "wrote:\n" });
    for (what, paths) in [("create", &plan.create), ("update", &plan.update)] {
        text.extend(paths.iter().map(|path| format!("  {what} {path}\n")));
    }
    text
}
