//! `timeline --suggest`: staggers that bring the peaks under budget, as a patch of the task files.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use similar::TextDiff;

use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::timeline_text::{copies as copies_text, number};
use crate::compile::{self, Compilation};
use crate::cron::Zone;
use crate::model::{BodyOrigin, Unit};
use crate::report::escape::plain;
use crate::report::table::count;
use crate::timeline::{self, StaggerMove, Suggestion};
use crate::tree::{FileId, SourceTree, Span};

/// Lines around what differs.
const CONTEXT: usize = 2;

/// The text to insert at a byte of a file.
struct SuggestedEdit {
    file: FileId,
    at: usize,
    text: String,
    /// Bytes that go.
    remove: usize,
}

/// Proposes staggers for the whole fleet.
pub(super) fn run(session: &Session, compilation: &Compilation) -> Result<Outcome, Failure> {
    let model = &compilation.model;
    let copies = compile::copies(&compilation.plan);
    let year = model.fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year);
    let suggestion = timeline::suggest(model, &copies, &timeline::horizon(year));
    let mut edits: Vec<SuggestedEdit> = Vec::new();
    let mut by_hand: Vec<&StaggerMove> = Vec::new();
    for proposal in &suggestion.moves {
        match edit(&model.units[proposal.task], proposal, session.tree()) {
            Some(edit) => edits.push(edit),
            None => by_hand.push(proposal),
        }
    }
    let patch = patch(edits, session.tree());
    let text = text(&suggestion, &by_hand, &patch, compilation);
    let value = session.value(|| value(&suggestion, &patch, compilation));
    Ok(Outcome::result(text, value))
}

/// `stagger: {window: 30m}`
fn stagger_text(proposal: &StaggerMove) -> String {
    let salt = if proposal.salt.is_empty() { String::new() } else { format!(", salt: \"{}\"", proposal.salt) };
    format!("stagger: {{window: {}m{salt}}}", proposal.window_minutes)
}

/// Where a task says its stagger: in its own schedule, or in a new one that keeps the expression of its file or base.
fn edit(unit: &Unit, proposal: &StaggerMove, sources: &SourceTree) -> Option<SuggestedEdit> {
    let own = unit.layers.iter().rev().find(|layer| layer.origin == BodyOrigin::Task)?;
    let file = unit.name.file;
    let bytes = &sources.file(file).bytes;
    let stagger = stagger_text(proposal);
    if let Some(expression) = &own.body.schedule.expression {
        let span = expression.span;
        let written = std::str::from_utf8(bytes.get(span.range())?).ok()?;
        let line_start = bytes[..span.start as usize].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let before = std::str::from_utf8(&bytes[line_start..span.start as usize]).ok()?;
        return match before.trim_start() {
            // The short form: `schedule: "0 3 * * *"`.
            "schedule: " => Some(replace(span, format!("{{cron: {written}, {stagger}}}"))),
            // The long form on one line.
            before if before.starts_with("schedule: {") => Some(insert(span, format!(", {stagger}"))),
            // The long form on several lines.
            "cron: " | "every: " => {
                let indent = " ".repeat(before.len() - before.trim_start().len());
                Some(insert(span, format!("\n{indent}{stagger}")))
            }
            _ => None,
        };
    }
    if !own.body.schedule.is_empty() {
        return None;
    }
    let rest = std::str::from_utf8(bytes.get(unit.name.end as usize..)?).ok()?;
    let document = rest.split("\n---").next()?;
    let at = document.find("\nspec:\n")? + "\nspec:\n".len();
    let text = format!("  schedule: {{{stagger}}}\n");
    Some(SuggestedEdit { file, at: unit.name.end as usize + at, text, remove: 0 })
}

fn insert(span: Span, text: String) -> SuggestedEdit {
    SuggestedEdit { file: span.file, at: span.end as usize, text, remove: 0 }
}

fn replace(span: Span, text: String) -> SuggestedEdit {
    SuggestedEdit { file: span.file, at: span.start as usize, text, remove: (span.end - span.start) as usize }
}

/// The edits as a unified diff, file by file.
fn patch(edits: Vec<SuggestedEdit>, sources: &SourceTree) -> String {
    let mut by_file: BTreeMap<FileId, Vec<SuggestedEdit>> = BTreeMap::new();
    edits.into_iter().for_each(|edit| by_file.entry(edit.file).or_default().push(edit));
    let mut patch = String::new();
    for (file, mut edits) in by_file {
        let source = sources.file(file);
        let old = String::from_utf8_lossy(&source.bytes).into_owned();
        let mut new = old.clone();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.at));
        edits.iter().for_each(|edit| new.replace_range(edit.at..edit.at + edit.remove, &edit.text));
        let difference = TextDiff::from_lines(&old, &new);
        let mut unified = difference.unified_diff();
        unified.context_radius(CONTEXT).header(&format!("a/{}", source.path), &format!("b/{}", source.path));
        patch.push_str(&unified.to_string());
    }
    patch
}

fn text(suggestion: &Suggestion, by_hand: &[&StaggerMove], patch: &str, compilation: &Compilation) -> String {
    let mut text = String::new();
    for peak in &suggestion.peaks {
        let within = match peak.window_minutes {
            1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        text.push_str(&format!(
            "{}: at most {} starts in {within}, {} with this patch; the aim is {}\n",
            plain(&peak.name),
            number(peak.before),
            number(peak.after),
            number(peak.most),
        ));
    }
    if suggestion.moves.is_empty() {
        text.push_str("No stagger brings a peak down.\n");
        return text;
    }
    text.push_str(&format!("{} moved\n", count(suggestion.moves.len(), "task")));
    if suggestion.starts_at_once > 0 {
        text.push_str(&format!(
            "{} may start at once when it is applied: they have no `startingDeadlineSeconds`\n",
            copies_text(suggestion.starts_at_once, "")
        ));
    }
    for proposal in by_hand {
        let task = &compilation.model.units[proposal.task].identity;
        text.push_str(&format!("by hand: in task {task} write `{}` in `schedule`\n", stagger_text(proposal)));
    }
    if !patch.is_empty() {
        let lines: Vec<String> = patch.lines().map(plain).collect();
        text.push_str(&format!("\n{}\n", lines.join("\n")));
    }
    text
}

fn value(suggestion: &Suggestion, patch: &str, compilation: &Compilation) -> Value {
    let moves = suggestion.moves.iter().map(|proposal| {
        json!({
            "task": compilation.model.units[proposal.task].identity.to_string(),
            "windowMinutes": proposal.window_minutes,
            "salt": proposal.salt,
        })
    });
    let peaks = suggestion.peaks.iter().map(|peak| {
        json!({
            "name": peak.name,
            "windowMinutes": peak.window_minutes,
            "most": peak.most,
            "before": peak.before,
            "after": peak.after,
        })
    });
    json!({
        "moves": moves.collect::<Value>(),
        "peaks": peaks.collect::<Value>(),
        "copiesThatMayStartAtOnce": suggestion.starts_at_once,
        "patch": patch,
    })
}
