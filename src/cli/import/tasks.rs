//! `fleetcron import tasks`: reads existing manifests, has a fleet made of them, and writes it once it is proven.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::args::{Global, ImportForm, ImportTasks};
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::terminal;
use crate::import::tasks::{ImportOddity, ImportOptions, Imported, SourceText, TaskForm, import};
use crate::repo::View;
use crate::report::escape::plain;
use crate::report::layout;
use crate::report::table::{self, count};
use crate::secrets;
use crate::sink;
use crate::tree::{SourceTree, may_hold_documents};

impl From<ImportForm> for TaskForm {
    fn from(form: ImportForm) -> Self {
        match form {
            ImportForm::Auto => Self::Auto,
            ImportForm::Native => Self::Native,
            ImportForm::Cronjob => Self::CronJob,
        }
    }
}

/// What a partial import left out, a line each.
const LEFT_OUT: &str = "import-left-out.txt";

/// So many oddities are shown as text.
const ODDITIES: usize = 10;

/// So many bytes of sources are read.
const MAX_BYTES: u64 = 2 << 30;

/// Files whose folder another tool renders, with the command that does.
const TOOLS: [(&str, &str, &str); 4] = [
    ("kustomization.yaml", "a Kustomize overlay", "kubectl kustomize"),
    ("kustomization.yml", "a Kustomize overlay", "kubectl kustomize"),
    ("Kustomization", "a Kustomize overlay", "kubectl kustomize"),
    ("Chart.yaml", "a Helm chart", "helm template NAME"),
];

/// Runs it.
pub(in crate::cli) fn tasks(args: &ImportTasks, global: &Global) -> Result<Outcome, Failure> {
    let texts = sources(args)?;
    if texts.is_empty() {
        let message =
            "there is no .yaml, .yml or .json file in the input; give a folder with a folder or a file a cluster";
        return Err(Failure::Files(message.to_owned()));
    }
    let options = ImportOptions {
        drop_labels: args.drop_labels.clone(),
        form: args.form.into(),
        partial: args.partial,
        explain: args.explain.clone(),
        fleet: None,
    };
    let existing = existing(&args.into, global)?;
    let imported = match import(&texts, existing.as_ref(), &options) {
        Ok(imported) => imported,
        Err(wrong) => {
            let mut outcome = Outcome::wrong(vec!["nothing was written".to_owned()], json!({"imported": false}));
            outcome.diags.extend(wrong);
            outcome.diags.sort();
            return Ok(outcome);
        }
    };
    let mut value = value(&imported);
    if !imported.unproven.is_empty() {
        value["imported"] = json!(false);
        let mut remarks: Vec<String> = imported.unproven.iter().take(20).map(|line| format!("error: {line}")).collect();
        if imported.unproven.len() > 20 {
            remarks.push(format!("error: and {} more", imported.unproven.len() - 20));
        }
        let help =
            "nothing was written: not every object comes out as it is in the input; `--partial` leaves these out";
        remarks.push(help.to_owned());
        return Ok(Outcome { text: String::new(), ..Outcome::wrong(remarks, value) });
    }
    if let Some(task) = &args.explain {
        if imported.explanation.is_empty() {
            return Err(Failure::files(format!("no task `{task}` would be written")));
        }
        return Ok(Outcome::result(
            format!("{}\n", imported.explanation.join("\n")),
            json!({"task": task, "reasons": imported.explanation}),
        ));
    }
    if imported.files.is_empty() && imported.left_out.is_empty() {
        let text = match imported.summary.there_already {
            0 => return Err(Failure::files("there is no CronJob in the input")),
            there => format!("nothing to import: the fleet gives {} already\n", count(there, "object")),
        };
        return Ok(Outcome::result(text, value));
    }
    let taken: Vec<&String> =
        imported.files.keys().filter(|path| args.into.join(path).symlink_metadata().is_ok()).collect();
    if !taken.is_empty() {
        let names = table::names(taken.iter().map(|path| path.as_str()), 10);
        let message = format!(
            "in `{}` there is {names} already; import into another folder with `--into DIR`",
            args.into.display()
        );
        return Err(Failure::Files(message));
    }
    if !args.dry_run {
        write(&imported, args)?;
    }
    let mut outcome = Outcome::result(summary(&imported, args), value);
    if !global.quiet {
        outcome.remarks = imported.notes.iter().map(|note| format!("note: {note}")).collect();
    }
    Ok(outcome)
}

/// The files of a fleet made of the existing CronJobs in a folder, for `init`.
pub(in crate::cli) fn fleet_of(source: &Path, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut left = MAX_BYTES;
    let mut texts = Vec::new();
    let files = files_below(source)?;
    for (file, cluster) in files.iter().zip(clusters_of(source, &files, None)?) {
        if let Some(cluster) = cluster {
            texts.push(text(&cluster, file, &mut left)?);
        }
    }
    let options = ImportOptions { fleet: Some(name.to_owned()), ..ImportOptions::default() };
    let imported = import(&texts, None, &options).map_err(|wrong| {
        Failure::Files(wrong.iter().map(|diagnostic| diagnostic.message.clone()).collect::<Vec<String>>().join("; "))
    })?;
    if let Some(first) = imported.unproven.first() {
        let more = imported.unproven.len() - 1;
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let message =
            format!("not every object would come out as it is: {first}{more}; `fleetcron import tasks` shows all");
        return Err(Failure::Files(message));
    }
    if imported.files.is_empty() {
        return Err(Failure::files(format!("there is no CronJob in `{}`", source.display())));
    }
    let text = |(path, bytes): (String, Arc<[u8]>)| match String::from_utf8(bytes.to_vec()) {
        Ok(text) => Ok((path, text)),
        Err(_) => Err(Failure::files(format!("`{path}` is not UTF-8 text"))),
    };
    imported.files.into_iter().map(text).collect()
}

/// Writes the files of the fleet, and under `--partial` the list of what was left out.
fn write(imported: &Imported, args: &ImportTasks) -> Result<(), Failure> {
    for (path, bytes) in &imported.files {
        sink::write_file(&args.into.join(path), bytes).map_err(|error| Failure::run(&error))?;
    }
    let list = args.into.join(LEFT_OUT);
    if !imported.left_out.is_empty() {
        let text = imported.left_out.iter().map(|line| format!("{line}\n")).collect::<String>();
        sink::write_file(&list, text.as_bytes()).map_err(|error| Failure::run(&error))?;
    } else if args.partial && list.is_file() {
        fs::remove_file(&list).map_err(|error| Failure::Run(format!("cannot remove `{}`: {error}", list.display())))?;
    }
    Ok(())
}

/// The fleet of the folder, if it holds one; one with errors is no ground to build on.
fn existing(into: &Path, global: &Global) -> Result<Option<SourceTree>, Failure> {
    if !into.is_dir() {
        return Ok(None);
    }
    let mut session = Session::at(into.to_owned(), global, into, None, View::Folder, false);
    let compilation = session.compile()?;
    if compilation.documents.is_empty() {
        return Ok(None);
    }
    if session.diags.has_errors() {
        let message = format!("the fleet in `{}` has errors: `fleetcron check --root {0}` shows them", into.display());
        return Err(Failure::Files(message));
    }
    Ok(Some(session.tree().clone()))
}

/// The files of the input, each with its cluster.
fn sources(args: &ImportTasks) -> Result<Vec<SourceText>, Failure> {
    let mut texts = Vec::new();
    let mut left = MAX_BYTES;
    for pair in &args.clusters {
        let Some((name, path)) = pair.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty())
        else {
            return Err(Failure::Run(format!("`--cluster {pair}`: write `--cluster NAME=PATH`")));
        };
        if path == "-" {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(left).read_to_end(&mut bytes);
            read.map_err(|error| Failure::Run(format!("cannot read standard input: {error}")))?;
            texts.push(SourceText { cluster: name.to_owned(), path: "-".to_owned(), bytes: bytes.into() });
            continue;
        }
        for file in files_below(Path::new(path))? {
            texts.push(text(name, &file, &mut left)?);
        }
    }
    for source in &args.sources {
        if source.as_os_str() == "-" {
            let message = "standard input has no name: say whose it is with `--cluster NAME=-`";
            return Err(Failure::Run(message.to_owned()));
        }
        let files = files_below(source)?;
        let clusters = clusters_of(source, &files, args.layout.as_deref())?;
        for (file, cluster) in files.iter().zip(clusters) {
            if let Some(cluster) = cluster {
                texts.push(text(&cluster, file, &mut left)?);
            }
        }
    }
    texts.sort_by(|a, b| (&a.cluster, &a.path).cmp(&(&b.cluster, &b.path)));
    texts.dedup_by(|a, b| (&a.cluster, &a.path) == (&b.cluster, &b.path) && a.path != "-");
    Ok(texts)
}

fn text(cluster: &str, file: &Path, left: &mut u64) -> Result<SourceText, Failure> {
    let path = file.display().to_string();
    let bytes = fs::read(file).map_err(|error| Failure::Run(format!("cannot read `{path}`: {error}")))?;
    *left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
        Failure::Run(format!(
            "the input has more than {} MiB; import it in parts, with `--into` the same folder",
            MAX_BYTES >> 20
        ))
    })?;
    Ok(SourceText { cluster: cluster.to_owned(), path, bytes: Arc::from(bytes) })
}

/// The files of a folder that may hold manifests, sorted; a file is its own. What another tool must render is an error.
fn files_below(source: &Path) -> Result<Vec<PathBuf>, Failure> {
    if source.is_file() {
        return Ok(vec![source.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(source).sort_by_file_name() {
        let entry = entry.map_err(|error| Failure::Run(format!("cannot read `{}`: {error}", source.display())))?;
        let name = entry.file_name().to_string_lossy();
        if let Some((_, what, command)) = TOOLS.iter().find(|(file, _, _)| *file == name) {
            let folder = entry.path().parent().unwrap_or(source).display().to_string();
            let message = format!(
                "`{folder}` is {what}: render it once for every cluster, as in `{command} {folder} > rendered/CLUSTER.yaml`, \
                 and import `rendered`"
            );
            return Err(Failure::Files(message));
        }
        let hidden = entry
            .path()
            .strip_prefix(source)
            .is_ok_and(|path| path.iter().any(|part| part.to_string_lossy().starts_with('.')));
        if entry.path().is_file() && may_hold_documents(&name) && !hidden {
            files.push(entry.path().to_owned());
        }
    }
    Ok(files)
}

/// Whose each file is: by `--layout`, else by the first folder, else by its own name. `None` for a file that the layout
/// does not meet.
fn clusters_of(source: &Path, files: &[PathBuf], layout: Option<&str>) -> Result<Vec<Option<String>>, Failure> {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if source.is_file() {
        return Ok(vec![Some(stem(source))]);
    }
    let below: Vec<&Path> = files.iter().map(|file| file.strip_prefix(source).unwrap_or(file)).collect();
    if let Some(layout) = layout {
        if !layout.contains("{cluster}") {
            return Err(Failure::Run(format!(
                "`--layout {layout}`: write where the name stands, as in `envs/{{cluster}}/**`"
            )));
        }
        return Ok(below.iter().map(|path| by_layout(layout, &path.to_string_lossy())).collect());
    }
    let folders: BTreeSet<_> =
        below.iter().filter(|path| path.iter().count() > 1).filter_map(|path| path.iter().next()).collect();
    if folders.is_empty() {
        return Ok(match are_streams(files)? {
            true => below.iter().map(|path| Some(stem(path))).collect(),
            false => {
                let name =
                    source.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
                below.iter().map(|_| name.clone()).collect()
            }
        });
    }
    if let Some(loose) = below.iter().find(|path| path.iter().count() == 1) {
        return Err(Failure::Files(format!(
            "`{}` has a folder a cluster, and `{}` is in none: say whose it is with `--cluster NAME=PATH`, or where names \
             stand with `--layout`",
            source.display(),
            loose.display()
        )));
    }
    Ok(below.iter().map(|path| path.iter().next().map(|first| first.to_string_lossy().into_owned())).collect())
}

/// Whether the files of a folder are one a cluster: two of them hold the same object.
fn are_streams(files: &[PathBuf]) -> Result<bool, Failure> {
    let mut names: BTreeMap<String, &PathBuf> = BTreeMap::new();
    for file in files {
        let bytes =
            fs::read(file).map_err(|error| Failure::Run(format!("cannot read `{}`: {error}", file.display())))?;
        for key in crate::import::tasks::keys(&bytes) {
            if names.insert(key, file).is_some_and(|other| other != file) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The part of a path that stands where a pattern has `{cluster}`.
fn by_layout(layout: &str, path: &str) -> Option<String> {
    let wanted: Vec<&str> = layout.split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let glob = layout.replace("{cluster}", "*");
    if !fast_glob::glob_match(&glob, path) {
        return None;
    }
    let at = wanted.iter().position(|part| part.contains("{cluster}"))?;
    // Behind `**` one counts from the end.
    let part = match wanted[..at].contains(&"**") {
        true => parts.get(parts.len().checked_sub(wanted.len() - at)?)?,
        false => parts.get(at)?,
    };
    let (prefix, suffix) = wanted[at].split_once("{cluster}")?;
    let name = part.strip_prefix(prefix)?;
    let name = if suffix.contains('*') { name.split('.').next()? } else { name.strip_suffix(suffix)? };
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

fn summary(imported: &Imported, args: &ImportTasks) -> String {
    let numbers = &imported.summary;
    let mut text = format!(
        "{} of {} in {}, {} lines\n",
        count(numbers.cron_jobs, "CronJob"),
        count(numbers.clusters, "cluster"),
        count(numbers.files_before, "file"),
        numbers.lines_before
    );
    text.push_str(&format!(
        "-> {}, {}, {}, {} in {}, {} lines\n",
        count(numbers.tasks, "task"),
        count(numbers.bases, "base"),
        count(numbers.overrides, "override"),
        count(numbers.variables, "variable"),
        count(imported.files.len(), "file"),
        numbers.lines_after
    ));
    text.push_str(&format!("proven: {} compile to what they are in the input\n", count(numbers.equal, "object")));
    if numbers.there_already > 0 {
        text.push_str(&format!("{} of the input are in the fleet already\n", count(numbers.there_already, "object")));
    }
    let verb = if args.dry_run { "would write" } else { "wrote" };
    text.push_str(&format!("{verb} {} into {}\n", count(imported.files.len(), "file"), args.into.display()));
    if !imported.left_out.is_empty() {
        text.push_str(&format!("\nleft out, and listed in {LEFT_OUT}\n"));
        text.extend(imported.left_out.iter().take(ODDITIES).map(|line| layout::sentence(2, line, terminal::width())));
    }
    if !imported.oddities.is_empty() {
        text.push_str("\nworth a question\n");
        text.extend(
            imported
                .oddities
                .iter()
                .take(ODDITIES)
                .map(|oddity| layout::sentence(2, &sentence(oddity), terminal::width())),
        );
        if imported.oddities.len() > ODDITIES {
            text.push_str(&format!("  and {} more with --format json\n", imported.oddities.len() - ODDITIES));
        }
    }
    text
}

/// An oddity as a sentence.
fn sentence(oddity: &ImportOddity) -> String {
    let on = match oddity.clusters.as_slice() {
        [] => String::new(),
        clusters => format!(" on {}", table::names(clusters.iter().map(String::as_str), 4)),
    };
    let field = oddity.field.replace("/#", "/");
    let more = match oddity.more {
        0 => String::new(),
        1 => "; so does 1 more field".to_owned(),
        more => format!("; so do {more} more fields"),
    };
    let task = match oddity.also_tasks {
        0 => oddity.task.clone(),
        more => format!("{} and {}", oddity.task, count(more, "more task")),
    };
    let why = &oddity.why;
    let (own, usual) = shown_pair(oddity);
    match (own, usual) {
        (None, None) => format!("{task}{on}: {why}"),
        (None, Some(usual)) => format!("{task}{on} has no {field}, usual is {usual}: {why}{more}"),
        (Some(own), None) => format!("{task}{on} has {field} {own}: {why}{more}"),
        (Some(own), Some(usual)) => format!("{task}{on} has {field} {own}, usual is {usual}: {why}{more}"),
    }
}

/// What these copies have and what is usual, as they may be shown: no secret, and where they begin alike only the end.
fn shown_pair(oddity: &ImportOddity) -> (Option<String>, Option<String>) {
    let own = oddity.own.as_ref().map(|value| text_of(&oddity.field, value));
    let usual = oddity.usual.as_ref().map(|value| text_of(&oddity.field, value));
    let alike = match (&own, &usual) {
        (Some(own), Some(usual)) => own.chars().zip(usual.chars()).take_while(|(a, b)| a == b).count(),
        _ => 0,
    };
    let name = oddity.field.rsplit(['/', '#']).next().unwrap_or_default();
    // The fleet that could name others does not exist yet.
    let names = secrets::SecretNames::default();
    let hides = |text: &String| secrets::is_secret(name, text, &names) || secrets::is_secret("", text, &names);
    let is_secret = own.iter().chain(&usual).any(hides);
    let skipped = if alike > 40 { alike - 20 } else { 0 };
    let shown = |text: String| match is_secret {
        true => "(hidden)".to_owned(),
        false => {
            let short: String = text.chars().skip(skipped).take(80).collect();
            let before = if skipped > 0 { "..." } else { "" };
            let rest = if text.chars().count() > skipped + 80 { "..." } else { "" };
            format!("`{before}{}{rest}`", plain(&short))
        }
    };
    (own.map(shown), usual.map(shown))
}

fn text_of(field: &str, value: &Value) -> String {
    match value {
        Value::Object(entry) if field.contains("/env/#") => match entry.get("value").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => entry.get("valueFrom").map_or_else(String::new, Value::to_string),
        },
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn value(imported: &Imported) -> Value {
    let numbers = &imported.summary;
    json!({
        "imported": true,
        "before": {"files": numbers.files_before, "lines": numbers.lines_before, "clusters": numbers.clusters, "cronJobs": numbers.cron_jobs},
        "after": {"files": imported.files.len(), "lines": numbers.lines_after, "tasks": numbers.tasks, "bases": numbers.bases,
            "overrides": numbers.overrides, "variables": numbers.variables, "nullLines": numbers.nulls},
        "equal": numbers.equal,
        "thereAlready": numbers.there_already,
        "unproven": imported.unproven,
        "leftOut": imported.left_out,
        "odd": imported.oddities.iter().map(|oddity| json!({
            "task": oddity.task, "alsoTasks": oddity.also_tasks, "clusters": oddity.clusters, "field": oddity.field, "why": oddity.why,
            "own": shown_pair(oddity).0, "usual": shown_pair(oddity).1,
            "others": oddity.others, "moreFields": oddity.more,
        })).collect::<Vec<Value>>(),
        "notes": imported.notes,
        "files": imported.files.keys().collect::<Vec<_>>(),
    })
}
