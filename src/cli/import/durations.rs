//! `fleetcron import durations`: `expectedDuration` of tasks from the Jobs that ran.
//!
//! A Job belongs to the task whose CronJob owns it by namespace and name. Its run took from `status.startTime` to
//! `status.completionTime`; the 95th percentile of all of them is written, rounded up to whole minutes, with the count and
//! the day of the last in a comment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use similar::TextDiff;

use super::inputs;
use crate::cli::args::ImportDurations;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::session::Session;
use crate::compile::Compilation;
use crate::diag::Diagnostics;
use crate::import::clusters::objects;
use crate::report::escape::plain;
use crate::report::table::count;
use crate::sink;
use crate::tree::{FileId, SourceTree, Span};

/// Of so many runs a percentile says something.
const FEWEST: usize = 5;

/// The field in a task file.
const FIELD: &str = "expectedDuration:";

/// The runs of one task.
#[derive(Default)]
struct JobRuns {
    seconds: Vec<i64>,
    last: Option<Timestamp>,
}

/// What is written for one task.
struct MeasuredTask {
    task: String,
    name: Span,
    minutes: i64,
    runs: usize,
    last: Timestamp,
}

/// Runs it.
pub(in crate::cli) fn durations(session: &mut Session, args: &ImportDurations) -> Result<Outcome, Failure> {
    let mut diags = Diagnostics::new();
    let mut objects = Vec::new();
    for (file, bytes) in inputs(&args.files)? {
        objects.extend(objects::read(&file, &bytes, &mut diags));
    }
    if diags.has_errors() {
        diags.sort();
        return Ok(Outcome { diags, ..Outcome::wrong(Vec::new(), json!({"imported": false})) });
    }
    let compilation = session.compile()?;
    let mut runs: BTreeMap<(String, String), JobRuns> = BTreeMap::new();
    let mut jobs = 0;
    for job in objects.iter().filter(|object| object.is("batch", "Job")) {
        let (Some(owner), Some(namespace)) =
            (owner(job.at(&["metadata", "ownerReferences"])), job.text(&["metadata", "namespace"]))
        else {
            continue;
        };
        let instant = |name: &str| job.text(&["status", name]).and_then(|text| text.parse::<Timestamp>().ok());
        let (Some(start), Some(end)) = (instant("startTime"), instant("completionTime")) else { continue };
        let took = end.as_second() - start.as_second();
        if took >= 0 {
            jobs += 1;
            let runs = runs.entry((namespace.to_owned(), owner)).or_default();
            runs.seconds.push(took);
            runs.last = runs.last.max(Some(end));
        }
    }
    if jobs == 0 {
        let message =
            "there is no finished Job of a CronJob in the input: give it the output of `kubectl get jobs -A -o json`";
        return Err(Failure::Files(message.to_owned()));
    }
    let (found, few) = match_tasks(&compilation, runs);
    write(session, &found, few, jobs, args.dry_run)
}

/// The CronJob that owns a Job.
fn owner(references: Option<&Value>) -> Option<String> {
    let mut owners = references?.as_array()?.iter().filter(|owner| owner.get("kind") == Some(&json!("CronJob")));
    owners.next()?.get("name")?.as_str().map(str::to_owned)
}

/// The duration of each task with enough runs, and how many have too few.
fn match_tasks(compilation: &Compilation, mut runs: BTreeMap<(String, String), JobRuns>) -> (Vec<MeasuredTask>, usize) {
    let (mut found, mut few) = (Vec::new(), 0);
    for (unit, built) in compilation.model.units.iter().zip(&compilation.plan) {
        let mut own = JobRuns::default();
        for manifest in built.rendered.variants.iter().filter_map(|variant| variant.manifests.first()) {
            let key = (manifest.namespace.clone().unwrap_or_default(), manifest.name.clone());
            let Some(more) = runs.remove(&key) else { continue };
            own.seconds.extend(more.seconds);
            own.last = own.last.max(more.last);
        }
        let Some(last) = own.last else { continue };
        if own.seconds.len() < FEWEST {
            few += 1;
            continue;
        }
        own.seconds.sort_unstable();
        let seconds = percentile(&own.seconds);
        let minutes = (seconds + 59).div_euclid(60).max(1);
        found.push(MeasuredTask {
            task: unit.identity.to_string(),
            name: unit.name,
            minutes,
            runs: own.seconds.len(),
            last,
        });
    }
    (found, few)
}

/// The 95th percentile by the nearest rank.
fn percentile(sorted: &[i64]) -> i64 {
    let rank = (sorted.len() * 95).div_ceil(100).max(1);
    sorted[rank - 1]
}

fn write(
    session: &Session,
    found: &[MeasuredTask],
    few: usize,
    jobs: usize,
    dry_run: bool,
) -> Result<Outcome, Failure> {
    let tree = session.tree();
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    let mut by_hand = Vec::new();
    // From the end of a file on, so that places before stay where they are.
    for one in found.iter().rev() {
        let old = String::from_utf8_lossy(&tree.file(one.name.file).bytes).into_owned();
        let text = texts.entry(one.name.file).or_insert(old);
        let line = format!(
            "  {FIELD} {}m # 95th percentile of {} runs until {}",
            one.minutes,
            one.runs,
            one.last.strftime("%Y-%m-%d")
        );
        if !set_line(text, one.name.end as usize, &line) {
            by_hand.push(format!("by hand: in task {} write `{}`", one.task, line.trim_start()));
        }
    }
    let patch = patch(&texts, tree);
    if !dry_run {
        for (file, text) in &texts {
            let path = session.root.join(tree.file(*file).path.as_str());
            sink::write_file(&path, text.as_bytes()).map_err(|error| Failure::run(&error))?;
        }
    }
    let verb = if dry_run { "would set" } else { "set" };
    let mut text = format!(
        "{}: {verb} `expectedDuration` of {}\n",
        count(jobs, "finished Job"),
        count(found.len() - by_hand.len(), "task")
    );
    if few > 0 {
        text.push_str(&format!("{} with fewer than {FEWEST} runs left as they are\n", count(few, "task")));
    }
    by_hand.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    if dry_run && !patch.is_empty() {
        let lines: Vec<String> = patch.lines().map(plain).collect();
        text.push_str(&format!("\n{}\n", lines.join("\n")));
    }
    let tasks = found
        .iter()
        .map(|one| json!({"task": one.task, "minutes": one.minutes, "runs": one.runs, "last": one.last.to_string()}));
    let value = json!({"jobs": jobs, "tasks": tasks.collect::<Vec<_>>(), "written": !dry_run, "patch": patch});
    Ok(Outcome::result(text, value))
}

/// Sets the line in the `spec` that follows a task's name; says whether it found that.
fn set_line(text: &mut String, after: usize, line: &str) -> bool {
    let document_end = text[after..].find("\n---").map_or(text.len(), |at| after + at);
    let Some(spec) = text[after..document_end].find("\nspec:\n").map(|at| after + at + "\nspec:\n".len()) else {
        return false;
    };
    let mut at = spec;
    for existing in text[spec..document_end].split_inclusive('\n') {
        if existing.starts_with(&format!("  {FIELD}")) {
            let end = at + existing.trim_end_matches('\n').len();
            text.replace_range(at..end, line);
            return true;
        }
        at += existing.len();
    }
    text.insert_str(spec, &format!("{line}\n"));
    true
}

fn patch(texts: &BTreeMap<FileId, String>, tree: &SourceTree) -> String {
    let mut patch = String::new();
    for (file, new) in texts {
        let source = tree.file(*file);
        let old = String::from_utf8_lossy(&source.bytes);
        let difference = TextDiff::from_lines(old.as_ref(), new.as_str());
        let mut unified = difference.unified_diff();
        unified.context_radius(2).header(&format!("a/{}", source.path), &format!("b/{}", source.path));
        patch.push_str(&unified.to_string());
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95th_percentile_is_a_run_that_took_place() {
        assert_eq!(percentile(&[7]), 7);
        assert_eq!(percentile(&(1..=20).collect::<Vec<_>>()), 19);
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>()), 95);
        assert_eq!(percentile(&[1, 2, 3, 4, 900]), 900);
    }

    #[test]
    fn a_line_is_replaced_or_added_in_its_own_document() {
        let mut text = "kind: Task\nmetadata: {name: a}\nspec:\n  schedule: x\n---\nmetadata: {name: b}\nspec:\n  expectedDuration: 1m\n".to_owned();
        let second = text.rfind("name: b").unwrap();
        assert!(set_line(&mut text, second, "  expectedDuration: 9m"));
        assert!(set_line(&mut text, 0, "  expectedDuration: 5m"));
        assert_eq!(
            text,
            "kind: Task\nmetadata: {name: a}\nspec:\n  expectedDuration: 5m\n  schedule: x\n---\nmetadata: {name: b}\nspec:\n  expectedDuration: 9m\n"
        );
        assert!(!set_line(&mut "metadata: {name: a}\nspec: {}\n".to_owned(), 0, "x"));
    }
}
