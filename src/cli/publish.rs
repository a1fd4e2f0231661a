//! `fleetcron build --commit-to`: commits the output to a branch without a work tree, and pushes nothing.
//!
//! What is compared, guarded and committed is one tip of the branch. If the branch moved meanwhile, everything is done
//! again on top of it.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::json;

use super::args::Build;
use super::compare;
use super::deletions::{self, AllowedBy, Basis};
use super::line_ends;
use super::moment;
use super::outcome::{Failure, Outcome};
use super::renames::{self, Known, RemovalCommand};
use super::selection::{check_cluster_names, lock_mode};
use super::session::Session;
use crate::diff::RecordedCopies;
use crate::lock;
use crate::repo::{self, Ancestry, CommitOrigin, ReadSources, SOURCE_TRAILER, Tip, View};
use crate::report::table::count;
use crate::sink::branch::{self, CommitTarget, Committed, Message};
use crate::tree::{Difference, Existing, OutputTree, RepoPath};

/// How to commit the output of an earlier commit on purpose.
const ALL_THE_SAME: &str = "`--at HEAD` commits this one all the same";

/// So often it is tried to be the next one.
const TRIES: u32 = 200;

/// A lock that stays the same for so long is nobody's.
const STALE: Duration = Duration::from_secs(3);

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Build, name: &str) -> Result<Outcome, Failure> {
    // What is wrong with the branch itself is known before all the work.
    repo::tip(&session.root, name).map_err(|error| Failure::run(&error))?;
    let mut compilation = session.compile_as(&lock_mode(args))?;
    check_cluster_names(&compilation.model, &args.clusters)?;
    if session.diags.has_errors() {
        return Ok(Outcome::wrong(vec!["nothing was committed".to_owned()], json!({"written": false})));
    }
    session.progress.now("committing");
    let wanted = |cluster: &str| args.writes(cluster);
    compilation.output.retain_clusters(wanted);
    let origin = repo::origin(&session.root, &session.view);
    let changed = origin.is_some() && !is_committed(session);
    // The lock in the way, and how long it has been there.
    let mut held = None;
    for attempt in 0..TRIES {
        let tip = repo::tip(&session.root, name).map_err(|error| Failure::run(&error))?;
        if args.state.at.is_none()
            && let Some(newer) = superseded(session, name, &tip, origin.as_ref())?
        {
            let short = &newer[..newer.len().min(7)];
            let text = format!(
                "nothing was committed: {name} has the output of {short}, which comes after this commit; {ALL_THE_SAME}\n"
            );
            let mut value = value(name, &tip, &Difference::default(), None);
            value["overtakenBy"] = json!(newer);
            return Ok(Outcome::said(text, value));
        }
        let difference = difference(session, &tip, &compilation.output, wanted)?;
        let title = tip.ahead.clone().unwrap_or_else(|| name.to_owned());
        let known = Known { existing: &[&difference], base: None, removal: RemovalCommand::Branch(name) };
        let stopped = renames::report(session, &compilation, &known);
        let recorded = recorded_at(session, &tip);
        let basis = Basis {
            difference: &difference,
            recorded: &recorded,
            since: Some(&title),
            unknown: None,
            partly: None,
            allowed: &args.allow_deletions,
            way: AllowedBy::Option,
            looks: &wanted,
        };
        let refused = compare::refused(session, &compilation, &difference, &basis, name).err();
        let stopped = stopped.then(|| Outcome::wrong(Vec::new(), json!({"written": false})));
        if let Some(mut outcome) = refused.or(stopped) {
            outcome.remarks = vec!["nothing was committed".to_owned()];
            return Ok(outcome);
        }
        if difference.is_empty() {
            compare::strays(session, &compilation, &difference, name);
            let text = match &tip.commit {
                Some(commit) => format!("nothing to commit: {title} ({}) is up to date\n", &commit[..7]),
                None => "nothing to commit: there is no output\n".to_owned(),
            };
            return Ok(Outcome::said(text, value(name, &tip, &difference, None)));
        }
        let message = message(args, &difference, origin.as_ref(), changed);
        let target = CommitTarget { branch: name, parent: tip.commit.as_deref(), local: tip.local.as_deref() };
        let committed = branch::commit(&session.root, target, &difference, &message);
        match committed.map_err(|error| Failure::run(&error))? {
            Committed::Done { commit, tree } => {
                compare::strays(session, &compilation, &difference, name);
                let mut text = format!("{name}: {} ({})\n", &commit[..7], sizes(&difference));
                if let Some(ahead) = &tip.ahead {
                    let _infallible = writeln!(text, "  on top of {ahead}");
                }
                let mut outcome = Outcome::said(text, value(name, &tip, &difference, Some((&commit, &tree))));
                let written = difference.create.iter().chain(&difference.update).map(|write| &write.path);
                let main = origin.as_ref().filter(|_| args.state.at.is_none());
                if let Some(main) = main.and_then(|origin| repo::fetched_after(&session.root, &origin.id)) {
                    let say = "if a run for one of them found nothing to commit, this one turns it back";
                    outcome.remarks.push(format!("note: {main} has later commits than this one: {say}"));
                }
                if let Some((path, filter)) = compare::filtered(session, &compilation, written) {
                    let say = format!("files are committed as they are, without the filter `{filter}` of `{path}`");
                    outcome.remarks.push(format!("note: {say}"));
                }
                if changed {
                    let say = "there are changes that are not committed: the commit says so of its source";
                    outcome.remarks.push(format!("note: {say}"));
                }
                return Ok(outcome);
            }
            Committed::Moved => {
                let pause = pause(attempt);
                std::thread::sleep(pause);
                let lock = branch::lock_of(&session.root, name);
                held = lock.map(|lock| match held.take() {
                    Some((same, waited)) if same == lock => (lock, waited + pause),
                    _ => (lock, pause),
                });
                if let Some(((path, _), _)) = held.as_ref().filter(|(_, waited)| *waited > STALE) {
                    let why = "nobody touched it for seconds, so a killed process has left it";
                    let way = "remove it if no Git is at work there";
                    return Err(Failure::Run(format!(
                        "the branch `{name}` is locked by `{}`: {why}; {way}",
                        path.display()
                    )));
                }
            }
        }
    }
    Err(Failure::Run(format!(
        "the branch `{name}` was moved or locked by others {TRIES} times: run this again when fewer write to it"
    )))
}

/// How long to wait for whoever was quicker: each process a little different, longer if it goes on.
fn pause(attempt: u32) -> Duration {
    Duration::from_millis(u64::from(2 + std::process::id() % 7 + attempt.min(40)))
}

/// What leads from a tip to the output.
fn difference(
    session: &Session,
    tip: &Tip,
    output: &OutputTree,
    wanted: impl Fn(&str) -> bool,
) -> Result<Difference, Failure> {
    let Some(commit) = &tip.commit else {
        let Ok(all) = Difference::between(output, &Existing::default(), &mut OutputTree::default().contents());
        return Ok(all);
    };
    let objects = repo::contents_of(&session.root, commit).map_err(|error| Failure::run(&error))?;
    let (existing, mut blobs) = objects.existing(None, wanted).map_err(|error| Failure::run(&error))?;
    Difference::between(output, &existing, &mut blobs).map_err(|error| Failure::run(&error))
}

/// Where tasks ran by the lock of the commit that the tip was made from. Where that commit is not here, the files of the
/// tip name the tasks that lose copies.
fn recorded_at(session: &Session, tip: &Tip) -> RecordedCopies {
    let source = tip.source.clone().map(View::Revision).and_then(|view| view.open(&session.root).ok());
    let lock = RepoPath::new(lock::PATH).ok();
    let read = source.zip(lock).map(|(source, lock)| source.read_more(&ReadSources::default(), &[lock]));
    read.map_or_else(RecordedCopies::new, |read| deletions::recorded(&read.tree))
}

/// Whether the files that were read are those of the commit that they come from.
fn is_committed(session: &Session) -> bool {
    if let View::Revision(_) = session.view {
        return true;
    }
    let Ok(head) = View::Revision("HEAD".to_owned()).open(&session.root) else { return false };
    let ours: Vec<RepoPath> = session.tree().files().map(|(_, file)| file.path.clone()).collect();
    let theirs = head.read_more(&head.read(&session.output_dir, &[]), &ours);
    let both = session.tree().files().zip(theirs.tree.files());
    theirs.tree.files().len() == ours.len()
        && both.into_iter().all(|((_, a), (_, b))| a.path == b.path && line_ends::alike(&a.bytes, &b.bytes))
}

/// The source of the tip, if it comes after ours: this run began before the one that made the tip, and ended after it.
///
/// # Errors
/// Which of the two comes after the other is not known.
fn superseded(
    session: &Session,
    name: &str,
    tip: &Tip,
    origin: Option<&CommitOrigin>,
) -> Result<Option<String>, Failure> {
    let Some(theirs) = &tip.source else { return Ok(None) };
    let short = &theirs[..theirs.len().min(7)];
    let unknown = |why: &str| {
        let what = format!("nothing was committed: {name} has the output of {short}");
        Err(Failure::Run(format!(
            "{what}, and whether that comes after this commit is not known: {why}; {ALL_THE_SAME}"
        )))
    };
    let Some(ours) = origin else {
        // A branch without a commit has nothing that could be earlier.
        return repo::before(&session.root, &session.view).map(|_| None).or_else(|why| unknown(&why));
    };
    match repo::order(&session.root, theirs, &ours.id) {
        Ancestry::After => Ok(Some(theirs.clone())),
        Ancestry::NotAfter => Ok(None),
        Ancestry::Unknown(why) => unknown(&why),
    }
}

/// What the commit says: where it comes from, what it changes, and the trailers.
fn message(args: &Build, difference: &Difference, origin: Option<&CommitOrigin>, changed: bool) -> Message {
    let mut text = match origin {
        Some(origin) => format!("Render {}: {}\n\n", &origin.id[..7], origin.subject),
        None => "Render files that are in no commit\n\n".to_owned(),
    };
    let _infallible = writeln!(text, "{}", sizes(difference));
    if let Some(shard) = args.shard {
        let _infallible = writeln!(text, "Shard {shard}");
    }
    if let Some(origin) = origin {
        let with = if changed { " with changes" } else { "" };
        let at = Timestamp::from_second(origin.seconds).unwrap_or_default();
        let offset = Offset::from_seconds(origin.offset * 60).unwrap_or(Offset::UTC);
        let _infallible = write!(
            text,
            "\n{SOURCE_TRAILER}: {}{with}\nFleetcron-source-author: {}\nFleetcron-source-date: {}\n",
            origin.id,
            origin.author,
            at.display_with_offset(offset)
        );
    }
    let person = |who: &str| {
        let named = |what: &str| std::env::var(format!("GIT_{who}_{what}")).ok().filter(|text| !text.is_empty());
        Some((plain(&named("NAME")?), plain(&named("EMAIL")?)))
    };
    // The same source gives the same commit: no clock is asked where there is one.
    let (seconds, offset) =
        origin.map_or_else(|| (moment::now().as_second(), 0), |origin| (origin.seconds, origin.offset));
    Message { text, author: person("AUTHOR"), committer: person("COMMITTER"), seconds, offset }
}

/// A name or address as Git takes it: without what would end it.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect::<String>().trim().to_owned()
}

/// `3 clusters: 2 files new, 1 changed`
fn sizes(difference: &Difference) -> String {
    let numbers =
        [(difference.create.len(), "new"), (difference.update.len(), "changed"), (difference.delete.len(), "removed")];
    let said: Vec<String> = numbers
        .iter()
        .filter(|(number, _)| *number > 0)
        .enumerate()
        .map(
            |(at, (number, what))| {
                if at == 0 { format!("{} {what}", count(*number, "file")) } else { format!("{number} {what}") }
            },
        )
        .collect();
    let clusters: std::collections::BTreeSet<&str> =
        compare::changes(difference).map(|(_, path)| path.first()).collect();
    format!("{}: {}", count(clusters.len(), "cluster"), said.join(", "))
}

fn value(name: &str, tip: &Tip, difference: &Difference, committed: Option<(&String, &String)>) -> serde_json::Value {
    let mut value = compare::value(difference, committed.is_some());
    value["branch"] = json!(name);
    value["parent"] = json!(tip.commit);
    value["commit"] = json!(committed.map(|(commit, _)| commit));
    value["tree"] = json!(committed.map(|(_, tree)| tree));
    value["overtakenBy"] = json!(null);
    value
}
