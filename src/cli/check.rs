//! `fleetcron check`: compiles and compares with the existing output, and writes nothing.
//!
//! A file that neither these inputs nor those of the base revision give was edited by hand; any other that differs is
//! stale. The fixes differ, so the messages do.

use std::collections::BTreeSet;

use serde_json::json;

use super::args::Check;
use super::base::{BaseLookup, BaseRevision, Published};
use super::compare;
use super::deletions::{AllowedBy, Basis};
use super::documents;
use super::fix::Fixes;
use super::ignored;
use super::line_ends;
use super::moved;
use super::outcome::{Failure, Outcome};
use super::renames::{self, Known, RemovalCommand};
use super::session::Session;
use jiff::civil::Date;

use crate::compile::Compilation;
use crate::diag::{Code, Diagnostic, Diagnostics, Place, Severity};
use crate::lock::LockMode;
use crate::repo::{self, View};
use crate::report::table::count;
use crate::tree::Difference;

/// So many files are named one by one, of each kind.
const SHOWN: usize = 20;

/// `--on`
fn parse_date(text: &str) -> Result<Date, Failure> {
    let date = text.parse::<Date>().ok().filter(|_| text.len() == "2027-01-04".len());
    date.ok_or_else(|| Failure::Run(format!("`--on {text}` is not a date: write it as `2027-01-04`")))
}

/// The pauses that should have been reviewed before a day.
fn overdue_pauses(compilation: &Compilation, on: Date) -> Vec<Diagnostic> {
    let overdue = |pause: &crate::model::Pause| {
        let review = pause.review_by.as_ref().filter(|review| review.value < on)?;
        let message = format!("pause `{}` was to be reviewed by {}, and it is {on}", *pause.name, review.value);
        let diagnostic = Diagnostic::new(Code::PauseOverdue, review.span, message);
        Some(diagnostic.help("remove the pause, or write a later day in `reviewBy`"))
    };
    compilation.model.fleet.pauses.iter().filter_map(overdue).collect()
}

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Check) -> Result<Outcome, Failure> {
    if !args.fix {
        return check(session, args);
    }
    drop(session.compile_as(&LockMode::Locked)?);
    let fixes = Fixes::collect(session, args.unsafe_fixes);
    if args.diff {
        let (patch, empty) = (fixes.patch(session.paint()), fixes.is_empty());
        session.diags = Diagnostics::new();
        let outcome = Outcome::data(patch.clone(), json!({"patch": patch}));
        return Ok(Outcome { remarks: vec![fixes.remark(true)], wrong: !empty, ..outcome });
    }
    fixes.write(session)?;
    let mut outcome = check(session, args)?;
    outcome.remarks.insert(0, fixes.remark(false));
    Ok(outcome)
}

/// Compiles, and compares with the output.
fn check(session: &mut Session, args: &Check) -> Result<Outcome, Failure> {
    let on = args.on.as_deref().map(parse_date).transpose()?;
    let compilation = session.compile_as(&LockMode::Locked)?;
    if let Some(on) = on {
        session.diags.extend(overdue_pauses(&compilation, on));
        session.diags.sort();
    }
    let own = |path: &str| path != crate::tree::GIT_ATTRIBUTES;
    let empty = !session.tree().files().any(|(_, file)| own(file.path.as_str()));
    if matches!(session.view, View::Index(_)) && empty && session.tree().problems().is_empty() {
        let say = "`fleetcron build`, then `git add -A`";
        session.diags = Diagnostics::new();
        return Err(Failure::files(format!("nothing of a fleet is staged, so there is nothing to check: {say}")));
    }
    let of_lock = |code: Code| code == Code::LockChanged;
    if session.diags.iter().any(|diagnostic| diagnostic.severity == Severity::Error && !of_lock(diagnostic.code)) {
        // A file that lost its documents may be the cause: no cluster, an unknown base. Without a base that is not known.
        let sought = args.out.is_none().then(|| BaseRevision::of(session, args.base.as_deref(), &mut Vec::new()));
        if let Some(Ok(BaseLookup { base: Some(base), .. })) = sought {
            documents::report_since(session, &compilation, &base);
        }
        return Ok(Outcome::wrong(Vec::new(), json!({"checked": false})));
    }
    let sizes = format!(
        "{} on {} give {}",
        count(compilation.model.units.len(), "task"),
        count(compilation.model.clusters.len(), "cluster"),
        count(compilation.output.len(), "file"),
    );
    let compared = compilation.model.fleet.output.committed || args.out.is_some();
    let mut remarks = Vec::new();
    // What stands in a folder that is named is what people have seen last there.
    let BaseLookup { base, unknown } = match args.out {
        Some(_) => BaseLookup::default(),
        None => BaseRevision::of(session, args.base.as_deref(), &mut remarks)?,
    };
    let mut standing =
        if compared { compare::standing(session, &compilation, &compilation.output)? } else { Difference::default() };
    let published = match &base {
        Some(base) => base.published(session, &compilation)?,
        // A lock that does not fit these inputs is an error already.
        None => Published { unknown, ..Published::default() },
    };
    if let Some(base) = &base {
        documents::report_since(session, &compilation, base);
    }
    let basis = Basis {
        difference: if base.is_some() { &published.difference } else { &standing },
        recorded: &published.recorded,
        since: base.as_ref().map(BaseRevision::title),
        unknown: published.unknown.as_deref(),
        partly: published.partly.as_deref(),
        allowed: &args.allow_deletions,
        way: if args.out.is_some() { AllowedBy::Option } else { AllowedBy::Hook },
        looks: &|_| true,
    };
    let dir = session.output(&compilation)?;
    let shown = session.shown(&dir);
    let removal = match session.view {
        View::Index(_) if !session.elsewhere() => RemovalCommand::Index(&shown),
        _ => RemovalCommand::Disk(&shown),
    };
    let since = base.as_ref().map(|base| (&published.difference, base.title()));
    let known = Known { existing: &[&standing], base: since, removal };
    let stopped = renames::report(session, &compilation, &known);
    match compare::refused(session, &compilation, &standing, &basis, &shown) {
        Ok(counted) => remarks.extend(counted),
        Err(outcome) => return Ok(Outcome { remarks, ..outcome }),
    }
    if stopped {
        return Ok(Outcome::wrong(remarks, json!({"checked": false})));
    }
    if !compared {
        let text = format!("{sizes}; the output is not committed and was not compared\n");
        return Ok(Outcome { remarks, ..Outcome::said(text, json!({"checked": true, "compared": false})) });
    }
    compare::strays(session, &compilation, &standing, &session.shown(&dir));
    let left = moved::told(session, &compilation, base.as_ref());
    let value = session.value(|| compare::value(&standing, false));
    if standing.is_empty() && !left {
        remarks.extend(ignored::remark(session, &compilation));
        return Ok(Outcome { remarks, ..Outcome::said(format!("{sizes}; the output is up to date\n"), value) });
    }
    let shown = session.shown(&dir);
    line_ends::told(session, &compilation, &mut standing, &shown)?;
    let edited = match &base {
        Some(base) => edited(session, &compilation, base, &standing)?,
        None => None,
    };
    tell(session, &standing, edited.as_ref(), &shown);
    let unknown = base.as_ref().and_then(BaseRevision::why);
    remarks.extend(unknown.map(|why| format!("note: it is not known who changed the output: {why}")));
    Ok(Outcome::wrong(remarks, value))
}

/// The paths that were edited by hand; `None` if nobody can tell.
fn edited(
    session: &mut Session,
    compilation: &Compilation,
    base: &BaseRevision,
    standing: &Difference,
) -> Result<Option<BTreeSet<String>>, Failure> {
    let Some(output) = base.output(session) else { return Ok(None) };
    let from_base = compare::standing(session, compilation, output)?;
    let other: BTreeSet<&str> = compare::changes(&from_base).map(|(_, path)| path.as_str()).collect();
    // What stands there as it was committed was not edited since; if it was wrong then, nobody knows why.
    let (untouched, committed) = base.untouched(session, compilation)?;
    let both = compare::changes(standing).filter(|(_, path)| other.contains(path.as_str()));
    // And what was not there to be removed was not.
    let both = both.filter(|(what, path)| *what != "create" || committed.contains(path.as_str()));
    let paths = both.map(|(_, path)| path.as_str()).filter(|path| !untouched.contains(*path));
    Ok(Some(paths.map(str::to_owned).collect()))
}

fn tell(session: &mut Session, standing: &Difference, edited: Option<&BTreeSet<String>>, shown: &str) {
    let mend = match &session.view {
        View::Folder => "run `fleetcron build` and commit the result".to_owned(),
        // `git commit -a` and `git commit PATH` throw their index away when a hook fails: nothing stays staged.
        View::Index(Some(index)) if index.file_name().is_some_and(|name| name != "index") => {
            format!("run `fleetcron build`, then `git add {shown}`, and commit again")
        }
        View::Index(_) => format!("run `fleetcron build`, then `git add {shown}`; or `fleetcron build --stage`"),
        View::Revision(_) => "run `fleetcron build` on that revision and commit the result".to_owned(),
    };
    let mut told = [0_usize; 2];
    for (what, path) in compare::changes(standing) {
        let by_hand = edited.is_some_and(|edited| edited.contains(path.as_str()));
        let count = &mut told[usize::from(by_hand)];
        *count += 1;
        if *count > SHOWN {
            continue;
        }
        let code = if by_hand { Code::EditedOutput } else { Code::StaleOutput };
        let message = match (what, by_hand) {
            ("create", true) => "this file was removed by hand: the inputs give it, and gave it before",
            ("create", false) => "this file is missing from the output",
            ("update", true) => "this file was edited by hand: neither these inputs nor those before give it",
            ("update", false) if edited.is_some() => "this file is stale: it was not built with these inputs",
            ("update", false) => "this file differs from what the inputs give",
            (_, true) => "this file was put here by hand: neither these inputs nor those before give it",
            (_, false) => "this file is in the output and the inputs do not give it",
        };
        let place = Place::Path(format!("{shown}/{path}"));
        let diagnostic = Diagnostic::at(code, place, message);
        let ignored = || repo::first_ignored(&session.root, [format!("{shown}/{path}")]);
        let ignored = if what == "create" && matches!(session.view, View::Index(_)) { ignored() } else { None };
        session.diags.push(if let Some(path) = ignored {
            let help = format!("run `fleetcron build`; {}", ignored::way_out(&path, shown));
            diagnostic.note("Git ignores this file, so `git add` leaves it out").help(help)
        } else if by_hand {
            let keep = "to keep the change, make it in the task or in an override";
            diagnostic.help(format!("{keep}; then, or to drop it, {mend}"))
        } else {
            diagnostic.help(mend.clone())
        });
    }
    for (count, code, words) in [
        (told[0], Code::StaleOutput, "more files are not"),
        (told[1], Code::EditedOutput, "more files were edited by hand and are not"),
    ] {
        if count > SHOWN {
            let message = format!("{} {words} what the inputs give", count - SHOWN);
            let place = Place::Path(shown.to_owned());
            session.diags.push(Diagnostic::at(code, place, message).help("`--format json` lists all of them"));
        }
    }
    session.diags.sort();
}
