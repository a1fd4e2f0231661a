//! `fleetcron new`: creates a task from an image, a schedule and a placement, by flags or prompts.
//!
//! The repository is compiled with the new file in memory first; with an error nothing is written.

mod ask;
mod draft;
mod flags;
mod shown;
mod wizard;
mod words;

use std::path::{Component, Path};

use serde_json::json;

use self::wizard::Wizard;
use super::args::{Format, Global, New};
use super::moment;
use super::outcome::{Failure, Outcome};
use super::session::Session;
use crate::cron::Zone;
use crate::sink;
use crate::tree::RepoPath;

/// Runs it.
pub(super) fn run(
    session: &mut Session,
    args: &New,
    global: &Global,
    here: &Path,
    colored: bool,
) -> Result<Outcome, Failure> {
    let from = moment::from(&args.moment, &Zone::utc())?;
    let mut request = flags::task_request(args)?;
    let into = args.into.as_deref().map(|into| inside(session, &here.join(into))).transpose()?;
    let missing = request.missing_flags();
    let asks = !missing.is_empty() && global.format == Format::Text && ask::may();
    if !missing.is_empty() && !asks {
        let say = "say it by flags, or run it on a terminal, where it is asked";
        return Err(Failure::Run(format!("missing: {}; {say}", missing.join(", "))));
    }
    let before = session.compile()?;
    let draft = if asks {
        if session.diags.has_errors() {
            return Ok(nothing());
        }
        session.progress.done();
        session.progress = super::progress::Progress::new(false, &session.root);
        let desk = ask::Desk::open(colored)?;
        let namespace = wizard::usual_namespace(&before.model);
        let asked = Wizard { desk, session, into: into.as_ref(), from, colored, before, namespace }.ask(&request)?;
        let Some((all, draft)) = asked else {
            session.diags = crate::diag::Diagnostics::new();
            return Ok(nothing());
        };
        request = all;
        draft
    } else {
        let path = draft::path(session, &request, into.as_ref(), &before)?;
        draft::of(session, &request, path)?
    };
    draft::narrow(session, &draft);
    if session.diags.has_errors() {
        return Ok(nothing());
    }
    if !args.dry_run {
        let place = session.root.join(draft.path.as_str());
        sink::write_file(&place, draft.text.as_bytes()).map_err(|error| Failure::run(&error))?;
    }
    let mut text = match (args.dry_run, asks) {
        (true, false) => format!("would write {}:\n\n{}\n", draft.path, draft.text),
        (true, true) => format!("would write {}\n", draft.path),
        (false, _) => format!("wrote {}\n", draft.path),
    };
    // On a terminal all of it was shown before it was confirmed.
    if !asks {
        text.push_str(&shown::places(&draft));
        text.push_str(&shown::times(&draft, from));
        let differences = shown::differences(&draft, session);
        if !differences.is_empty() {
            text.push_str(&format!("\n{differences}"));
        }
    } else {
        session.diags = crate::diag::Diagnostics::new();
    }
    if !args.dry_run {
        text.push_str(&format!(
            "\nnext: fleetcron build; why it runs there: fleetcron explain {}\n",
            request.identity()
        ));
    }
    Ok(Outcome::said(text, session.value(|| shown::value(&draft, from, !args.dry_run))))
}

fn nothing() -> Outcome {
    Outcome::wrong(vec!["nothing was written".to_owned()], json!({"written": false}))
}

/// The path of a file below the root.
fn inside(session: &Session, file: &Path) -> Result<RepoPath, Failure> {
    let mut clean = std::path::PathBuf::new();
    for part in file.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    let shown = file.display();
    let root: std::path::PathBuf = session.root.components().filter(|part| *part != Component::CurDir).collect();
    let below = clean.strip_prefix(&root).map_err(|_| Failure::Run(format!("`{shown}` does not lie in the fleet")))?;
    let yaml =
        below.extension().is_some_and(|ending| ["yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
    let hidden = below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
    let path = below.to_str().and_then(|path| RepoPath::new(&path.replace(std::path::MAIN_SEPARATOR, "/")).ok());
    match path {
        Some(path) if yaml && !hidden => Ok(path),
        _ => Err(Failure::Run(format!("`{shown}` would not be read: a file of tasks ends in .yaml and is not hidden"))),
    }
}
