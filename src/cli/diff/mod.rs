//! `fleetcron diff`: what a change does to clusters, in words, before it is merged; and, with `--against`, whether what
//! stands somewhere means the same. It decides nothing and writes nothing.
//!
//! The one idea: the sources say what somebody typed; a reviewer wants to know what runs otherwise.

mod against;
mod eyes;
mod intake;
mod markdown;
mod meaning;
mod numbers;
mod patch;
mod report;
mod text;
mod texts;
mod value;
mod words;

use super::args::{Diff, Format, Global};
use super::outcome::{Failure, Outcome};
use super::session::Session;
use super::side::Side;
use crate::diff::{self, Changes, State};
use crate::lock::Mode;
use crate::repo::View;

/// How a result is drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// Losses in red.
    pub(super) red: bool,
    /// Losses and numbers alone.
    pub(super) quiet: bool,
    /// Say more.
    pub(super) verbose: bool,
    /// For a comment on a pull request.
    pub(super) markdown: bool,
}

impl Drawn {
    /// As the options say; `red` is whether standard output takes colour.
    pub(super) fn of(global: &Global, red: bool) -> Self {
        let markdown = global.format == Format::Markdown;
        Self { red: red && !markdown, quiet: global.quiet, verbose: global.verbose, markdown }
    }
}

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Diff, drawn: Drawn) -> Result<Outcome, Failure> {
    if let Some(dir) = &args.against {
        return against::run(session, args, dir, drawn);
    }
    let base = View::Revision(args.base.clone().unwrap_or_else(|| "HEAD".to_owned()));
    let before = session.side(&base, &Mode::Steady)?;
    let after = session.side(&session.view.clone(), &Mode::Steady)?;
    let (before, after) = both(session, before, after)?;
    let eyes = eyes::Eyes::of(&[&before.compilation, &after.compilation]);
    session.progress.now("comparing");
    let changes = diff::changes(state(&before), state(&after), &eyes);
    let outcome = drawn_as(session, &changes, [&before.title, &after.title], args, drawn);
    // The process ends next: to take two large compilations down piece by piece would be work for nothing.
    std::mem::forget((before, after));
    Ok(outcome)
}

fn state(side: &Side) -> State<'_> {
    State { compilation: &side.compilation, sources: &side.sources.tree }
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

fn drawn_as(session: &Session, changes: &Changes, titles: [&str; 2], args: &Diff, drawn: Drawn) -> Outcome {
    let report = report::report(changes);
    let text = if drawn.markdown {
        markdown::markdown(&report, titles, args.max_bytes as usize)
    } else {
        let words = text::text(&report, titles, drawn.red, drawn.quiet);
        if args.patch { words + &text::patches(changes, drawn.red) } else { words }
    };
    let value = session.value(|| value::value(changes, &report, titles, args.patch));
    Outcome { wrong: !changes.is_empty(), ..Outcome::result(text, value) }
}
