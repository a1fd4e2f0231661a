//! `fleetcron diff`: what a change does to each cluster; with `--against`, whether existing manifests mean the same.

mod against;

use super::args::{Diff, Format, Global, KarmadaMode, RevisionRange};
use super::documents;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::side::Side;
use super::terminal;
use crate::compile::{self, Compilation};
use crate::cron::Zone;
use crate::diag::Diagnostics;
use crate::diff::{self, Changes, ComparedState};
use crate::lock::LockMode;
use crate::model::karmada::Compatibility;
use crate::repo::{self, ReadSources, View};
use crate::report::diff::{json, markdown, sections, text};
use crate::report::paint::Paint;
use crate::timeline;

/// How a result is drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// The colours.
    pub(super) paint: Paint,
    /// Losses and numbers alone.
    pub(super) quiet: bool,
    /// Say more.
    pub(super) verbose: bool,
    /// For a comment on a pull request.
    pub(super) markdown: bool,
}

impl Drawn {
    /// As the options say; `colored` is whether standard output takes colour.
    pub(super) fn of(global: &Global, colored: bool) -> Self {
        let markdown = global.format == Format::Markdown;
        Self { paint: Paint::new(colored && !markdown), quiet: global.quiet, verbose: global.verbose, markdown }
    }
}

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Diff, drawn: Drawn) -> Result<Outcome, Failure> {
    if let Some(dir) = &args.against {
        return against::run(session, args, dir, drawn);
    }
    let alone =
        [("--cluster", args.cluster.is_some()), ("--namespace", args.namespace.is_some()), ("--at", args.at.is_some())];
    if let Some((option, _)) = alone.iter().find(|(_, given)| *given) {
        return Err(Failure::Run(format!("`{option}` of `diff` goes with `--against DIR` alone")));
    }
    if let Some(mode) = args.karmada {
        return modes(session, args, mode, drawn);
    }
    let range = RevisionRange::of(args)?;
    let mut base = range.base.clone();
    if let (true, Some(head)) = (range.forked, &range.head) {
        base = repo::merge_base(&session.root, &base, head).map_err(|error| Failure::run(&error))?;
    }
    let mut before = session.side_or_nothing(&View::Revision(base), &LockMode::Steady)?;
    if let (true, Some(head)) = (range.forked, &range.head) {
        before.title = format!("{}, where {head} left {}", &before.title[..7.min(before.title.len())], range.base);
    }
    let mut after = session.side_or_nothing(&session.view.clone(), &LockMode::Steady)?;
    let nothing = nothing(&mut [&mut before, &mut after]);
    let (before, after) = both(session, before, after)?;
    documents::report(session, &after.compilation, &after.sources, &before.compilation.documents, &before.title);
    let redaction = diff::Redaction::new(&[&before.compilation, &after.compilation]);
    session.progress.now("comparing");
    let changes = diff::changes(state(&before), state(&after), &redaction);
    let peaks = budget_peaks(&before.compilation, &after.compilation);
    let nothing = nothing.into_iter().chain(peaks).collect();
    let outcome = drawn_as(session, &changes, [&before.title, &after.title], nothing, args, drawn);
    // The process ends next: to take two large compilations down piece by piece would be work for nothing.
    std::mem::forget((before, after));
    Ok(outcome)
}

/// What another reading of the documents of Karmada would change.
fn modes(session: &mut Session, args: &Diff, mode: KarmadaMode, drawn: Drawn) -> Result<Outcome, Failure> {
    let before = session.side_or_nothing(&session.view.clone(), &LockMode::Steady)?;
    let (compatibility, word) = match mode {
        KarmadaMode::Exact => (Compatibility::Exact, "exact"),
        KarmadaMode::Intended => (Compatibility::Intended, "intended"),
    };
    let tree = before.sources.tree.clone();
    session.progress.now("compiling");
    let mut compilation = compile::compile_as(&tree, &LockMode::Steady, Some(compatibility), |_| {});
    let diags = std::mem::take(&mut compilation.diags);
    let title = format!("{} with `compatibility: {word}`", before.title);
    let after = Side { title, sources: ReadSources { tree, notes: Vec::new() }, compilation, diags };
    let (before, after) = both(session, before, after)?;
    let redaction = diff::Redaction::new(&[&before.compilation, &after.compilation]);
    let changes = diff::changes(state(&before), state(&after), &redaction);
    Ok(drawn_as(session, &changes, [&before.title, &after.title], Vec::new(), args, drawn))
}

/// The state after, of a range that names one.
pub(super) fn head_of(said: &str) -> Option<String> {
    RevisionRange::head(said)
}

/// What it means that one of the states has no fleet: the first pull request adds one. If neither has, that is an error
/// and stays.
fn nothing([before, after]: &mut [&mut Side; 2]) -> Option<String> {
    let (side, means) = match (before.has_no_fleet(), after.has_no_fleet()) {
        (true, false) => (before, "everything is new"),
        (false, true) => (after, "everything goes"),
        _ => return None,
    };
    side.diags = Diagnostics::new();
    Some(format!("{} has no fleet: {means}", side.title))
}

/// What a change does to the peaks that budgets of both sides limit.
fn budget_peaks(before: &Compilation, after: &Compilation) -> Vec<String> {
    let peaks = |side: &Compilation| {
        let year = side.model.fleet.daylight_saving.clone().unwrap_or_else(Zone::release_year);
        timeline::budget_peaks(&side.model, &compile::copies(&side.plan), &timeline::horizon(year))
    };
    if after.model.fleet.budgets.is_empty() {
        return Vec::new();
    }
    let (old, new) = (peaks(before), peaks(after));
    let line = |peak: &timeline::BudgetPeak| {
        let was = old.iter().find(|old| (&old.budget, old.of) == (&peak.budget, peak.of))?.found;
        let word = if peak.found > was { "worse" } else { "better" };
        let (budget, of, now) = (&peak.budget, peak.of.name(), peak.found);
        (was != now).then(|| format!("budget {budget}, peak of {of}: {was} -> {now} ({word}; {} allowed)", peak.most))
    };
    new.iter().filter_map(line).collect()
}

fn state(side: &Side) -> ComparedState<'_> {
    ComparedState { compilation: &side.compilation, sources: &side.sources.tree }
}

/// Both sides, if both compile; else the errors of one of them go to the report, and it is said which that is.
fn both(session: &mut Session, before: Side, after: Side) -> Result<(Side, Side), Failure> {
    let (first, second) = (before.diags.has_errors(), after.diags.has_errors());
    let (broken, what, other) = match (first, second) {
        (false, false) => return Ok((before, after)),
        (true, false) => (before, "the base", None),
        (false, true) => (after, "the head", None),
        (true, true) => (after, "the head", Some(before.title)),
    };
    let title = broken.title.clone();
    session.show(broken);
    let also = other.map_or_else(String::new, |other| format!(", and the base, {other}, has errors too"));
    Err(Failure::Run(format!("in {what}, {title}: it does not compile, so nothing was compared{also}")))
}

fn drawn_as(
    session: &Session,
    changes: &Changes,
    titles: [&str; 2],
    first: Vec<String>,
    args: &Diff,
    drawn: Drawn,
) -> Outcome {
    let mut report = sections::report(changes);
    report.summary.splice(0..0, first);
    let text = if drawn.markdown {
        markdown::markdown(&report, titles, args.max_bytes as usize)
    } else {
        let words = text::text(&report, titles, terminal::width(), drawn.paint, drawn.quiet);
        if args.patch { words + &text::patches(changes, drawn.paint) } else { words }
    };
    let value = session.value(|| json::value(changes, &report, titles, args.patch));
    Outcome { wrong: !changes.is_empty(), ..Outcome::result(text, value) }
}
