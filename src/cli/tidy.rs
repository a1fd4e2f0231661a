//! `fleetcron tidy`: proposes shorter text for tasks that exist, compiled and proven to give the same objects.
//!
//! The manifests that the tasks give are imported again, into the fleet without these tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::json;
use similar::TextDiff;

use super::args::Tidy;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use crate::compile::Compilation;
use crate::import::tasks::{ImportOptions, SourceText, import};
use crate::model::{Active, BodyOrigin, Named, Source, Unit};
use crate::report::table::{self, count};
use crate::sink;
use crate::tree::{RepoPath, SourceFile, SourceTree};

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Tidy) -> Result<Outcome, Failure> {
    let compilation = session.compile()?;
    if session.diags.has_errors() {
        return Err(Failure::Run("the repository does not compile, so nothing was compared".to_owned()));
    }
    // What is odd about the fleet `check` says.
    session.diags = crate::diag::Diagnostics::new();
    let tree = session.tree().clone();
    let chosen = choose(&compilation, &tree, args.task.as_deref())?;
    if chosen.tasks.is_empty() {
        let text =
            "no task can be tidied: each has a file of its own, a container, a plain placement and no resources\n";
        return Ok(Outcome::result(text.to_owned(), json!({"shorter": false, "changes": []})));
    }
    session.progress.now("factoring");
    let rest: Vec<SourceFile> =
        tree.files().filter(|(_, file)| !chosen.files.contains(&file.path)).map(|(_, file)| file.clone()).collect();
    let rest = SourceTree::new(rest, Vec::new());
    let texts = manifests(&compilation, &chosen);
    let imported = import(&texts, Some(&rest), &ImportOptions::default())
        .map_err(|_| Failure::Run("the manifests of these tasks cannot be read again".to_owned()))?;
    let old = lines(chosen.files.iter().filter_map(|path| tree.get(path)).map(|(_, file)| &*file.bytes));
    let new = lines(imported.files.values().map(|bytes| &**bytes));
    if !imported.unproven.is_empty() || imported.files.is_empty() || new >= old {
        let text = format!(
            "nothing to tidy: {} in {} are as short as they get\n",
            count(old, "line"),
            count(chosen.files.len(), "file")
        );
        return Ok(Outcome::result(text, json!({"shorter": false, "changes": []})));
    }
    let changes = changes(&chosen, &imported.files, &tree);
    let mut text = String::new();
    for change in &changes {
        text.push_str(&change.patch());
    }
    text.push_str(&format!(
        "\n{old} -> {}, {} compile to what they are\n",
        count(new, "line"),
        count(imported.summary.equal, "object")
    ));
    if args.write {
        for change in &changes {
            let path = session.root.join(&change.path);
            match &change.new {
                Some(new) => {
                    sink::write_file(&path, new.as_bytes()).map_err(|error| Failure::run(&error))?;
                }
                None => fs::remove_file(&path)
                    .map_err(|error| Failure::Run(format!("cannot remove `{}`: {error}", path.display())))?,
            }
        }
        text.push_str(&format!("wrote {}\n", count(changes.len(), "file")));
    }
    let paths: Vec<&String> = changes.iter().map(|change| &change.path).collect();
    let value = json!({"shorter": true, "before": old, "after": new, "written": args.write, "changes": paths});
    let mut outcome = Outcome::result(text, value);
    let commented = changes
        .iter()
        .filter(|change| change.old.as_ref().is_some_and(|old| old.contains("# ")))
        .map(|change| change.path.as_str());
    let commented: Vec<&str> = commented.collect();
    if !commented.is_empty() {
        outcome.remarks.push(format!("note: comments are lost in {}", table::names(commented.into_iter(), 5)));
    }
    Ok(outcome)
}

/// The tasks to tidy, by identity, with the files that hold them and what only they use.
struct ChosenTasks {
    tasks: BTreeMap<(Option<String>, String), RepoPath>,
    files: BTreeSet<RepoPath>,
}

fn choose(compilation: &Compilation, tree: &SourceTree, asked: Option<&str>) -> Result<ChosenTasks, Failure> {
    let mut chosen = ChosenTasks { tasks: BTreeMap::new(), files: BTreeSet::new() };
    let mut kept_bases: BTreeSet<&str> = BTreeSet::new();
    let mut met = false;
    for unit in &compilation.model.units {
        let is_asked = asked.is_none_or(|asked| *asked == *unit.identity.name || *asked == *unit.identity.to_string());
        met |= is_asked;
        let path = &tree.file(unit.name.file).path;
        let alone = compilation.documents.get(path).is_some_and(|documents| documents.len() == 1);
        if is_asked && alone && is_plain(unit) {
            chosen.tasks.insert((unit.identity.namespace.clone(), unit.identity.name.clone()), path.clone());
            chosen.files.insert(path.clone());
        } else {
            kept_bases.extend(unit.layers.iter().filter_map(|layer| match &layer.origin {
                BodyOrigin::Base(name) => Some(name.as_str()),
                _ => None,
            }));
        }
    }
    if let (Some(asked), false) = (asked, met) {
        return Err(Failure::files(format!("there is no task `{asked}`")));
    }
    if asked.is_none() && !chosen.tasks.is_empty() {
        for (path, documents) in &compilation.documents {
            let own =
                |name: &crate::model::DocumentName| name.kind == "Base" && !kept_bases.contains(name.name.as_str());
            if documents.iter().all(own) {
                chosen.files.insert(path.clone());
            }
        }
    }
    Ok(chosen)
}

/// Whether nothing is lost of a task that is made anew from its manifests.
fn is_plain(unit: &Unit) -> bool {
    let placement = &unit.placement;
    let by_name = |active: &Active| {
        active.matching.is_none()
            && active.exclude.is_none()
            && active.max.is_none()
            && matches!(active.clusters, Some(Named::Names(_)))
    };
    let all = || unit.layers.iter().map(|layer| &layer.body).chain(unit.overrides.iter().map(|over| &over.layer.body));
    unit.source == Source::Container
        && unit.once.is_none()
        && unit.instances.is_none()
        && unit.active.as_ref().is_none_or(|active| by_name(active))
        && placement.spread.is_empty()
        && placement.fallback.is_empty()
        && placement.tolerations.is_empty()
        && placement.strategy_said.is_none()
        && all().all(|body| body.resources.is_empty())
}

/// What the tasks compile to, as the sources of an import.
fn manifests(compilation: &Compilation, chosen: &ChosenTasks) -> Vec<SourceText> {
    let mut texts = Vec::new();
    for (unit, built) in compilation.model.units.iter().zip(&compilation.plan) {
        if !chosen.tasks.contains_key(&(unit.identity.namespace.clone(), unit.identity.name.clone())) {
            continue;
        }
        for variant in &built.rendered.variants {
            for (cluster, manifest) in
                variant.clusters.iter().flat_map(|at| variant.manifests.iter().map(move |manifest| (at, manifest)))
            {
                let cluster = compilation.model.clusters[*cluster].name.value.clone();
                let path = format!("{cluster}/{}", manifest.path);
                let bytes = RepoPath::new(&path).ok().and_then(|path| compilation.output.get(&path).cloned());
                texts.extend(bytes.map(|bytes| SourceText { cluster, path, bytes }));
            }
        }
    }
    texts
}

/// A file before and after.
struct TidyChange {
    path: String,
    old: Option<String>,
    new: Option<String>,
}

impl TidyChange {
    fn patch(&self) -> String {
        let (old, new) = (self.old.as_deref().unwrap_or_default(), self.new.as_deref().unwrap_or_default());
        let name = |side: &str, text: &Option<String>| match text {
            Some(_) => format!("{side}/{}", self.path),
            None => "/dev/null".to_owned(),
        };
        TextDiff::from_lines(old, new).unified_diff().header(&name("a", &self.old), &name("b", &self.new)).to_string()
    }
}

/// The files that differ; a task keeps its path.
fn changes(chosen: &ChosenTasks, files: &BTreeMap<String, std::sync::Arc<[u8]>>, tree: &SourceTree) -> Vec<TidyChange> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut changed: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for path in &chosen.files {
        let old = tree.get(path).map(|(_, file)| text(&file.bytes));
        changed.insert(path.to_string(), (old, None));
    }
    for (path, bytes) in files {
        let own = chosen.tasks.iter().find(|((namespace, name), _)| {
            let folder = namespace.as_ref().map_or_else(String::new, |namespace| format!("{namespace}/"));
            *path == format!("tasks/{folder}{name}.yaml")
        });
        let place = own.map_or_else(|| path.clone(), |(_, place)| place.to_string());
        changed.entry(place).or_default().1 = Some(text(bytes));
    }
    changed
        .into_iter()
        .map(|(path, (old, new))| TidyChange { path, old, new })
        .filter(|change| change.old != change.new)
        .collect()
}

fn lines<'b>(texts: impl Iterator<Item = &'b [u8]>) -> usize {
    texts.map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count()).sum()
}
