//! The revision that a run is compared with: its output and its lock. Deletions are counted against it and not against the
//! folder on disk, and a file that neither its inputs nor the present ones give was edited by hand.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::compare;
use super::outcome::Failure;
use super::session::{Session, output_dir};
use super::side::Side;
use crate::compile::{self, Compilation};
use crate::diag::Diagnostics;
use crate::diff::{self, RecordedCopies};
use crate::lock::{self, LockMode};
use crate::model::DocumentName;
use crate::repo::{self, Error, Opened, ReadSources, View};
use crate::tree::{Contents, Difference, OutputTree, RepoPath, SourceTree};

/// A revision to compare with.
pub(super) struct BaseRevision {
    view: View,
    opened: Opened,
    title: String,
    compiled: OnceCell<Result<Side, String>>,
}

/// A revision that was looked for.
#[derive(Default)]
pub(super) struct BaseLookup {
    /// The revision; `None` where nothing was before, or that is not known.
    pub(super) base: Option<BaseRevision>,
    /// Why it is not known.
    pub(super) unknown: Option<String>,
}

/// What a revision has of the output.
#[derive(Default)]
pub(super) struct Published {
    /// From there to the new output.
    pub(super) difference: Difference,
    /// Where its lock says that tasks run.
    pub(super) recorded: RecordedCopies,
    /// Why none of it is known.
    pub(super) unknown: Option<String>,
    /// Why only the lock is known.
    pub(super) partly: Option<String>,
}

impl BaseRevision {
    /// The revision that was asked for, or rather where our history left it; else the revision before the state that is
    /// looked at: HEAD, or the first parent.
    ///
    /// # Errors
    /// The one that was asked for cannot be read.
    pub(super) fn of(session: &Session, asked: Option<&str>, remarks: &mut Vec<String>) -> Result<BaseLookup, Failure> {
        let unknown = |why: String| Ok(BaseLookup { base: None, unknown: Some(why) });
        let revision = match asked {
            Some(asked) => repo::fork(&session.root, &session.view, asked),
            None => match repo::before(&session.root, &session.view) {
                Ok(Some(revision)) => revision,
                Ok(None) => return Ok(BaseLookup::default()),
                Err(why) => return unknown(why),
            },
        };
        let view = View::Revision(revision);
        match view.open(&session.root) {
            Ok(opened) => {
                let title = match asked {
                    Some(asked) if !opened.title().starts_with(asked) => {
                        format!("{} where it left {asked}", &opened.title().chars().take(7).collect::<String>())
                    }
                    _ => opened.title().to_owned(),
                };
                Ok(BaseLookup { base: Some(Self { view, opened, title, compiled: OnceCell::new() }), unknown: None })
            }
            // The folder of this fleet is new, so nothing in it can be lost.
            Err(error @ Error::NoFolder { .. }) => {
                remarks.push(format!("note: deletions were not counted, for nothing was there before: {error}"));
                Ok(BaseLookup::default())
            }
            Err(error) if asked.is_some() => Err(Failure::run(&error)),
            Err(error) => unknown(error.to_string()),
        }
    }

    /// What a reader knows it as.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// What is published there, compared with a compilation, below the output directory. The output that was committed
    /// there counts; where none was, what the inputs of that revision give; where they do not compile, its lock.
    pub(super) fn published(&self, session: &mut Session, compilation: &Compilation) -> Result<Published, Failure> {
        let dir = output_dir(compilation)?;
        let lock = self.lock();
        let recorded = lock.as_ref().ok().cloned().flatten().unwrap_or_default();
        let known = |difference: Difference, recorded| Published { difference, recorded, ..Published::default() };
        let committed = compilation.model.fleet.output.committed;
        if let Some(difference) = self.committed(&dir, compilation).filter(|_| committed) {
            return Ok(known(difference?, recorded));
        }
        let Some(side) = self.side(session) else {
            let why = self.why().unwrap_or_default();
            return Ok(match lock {
                Ok(None) if self.has_no_fleet() => Published::default(),
                Ok(Some(recorded)) if !recorded.is_empty() => {
                    let partly = Some(format!("{why}, so only the copies in its {} were", lock::PATH));
                    Published { recorded, partly, ..Published::default() }
                }
                Ok(_) => Published { unknown: Some(why), ..Published::default() },
                Err(unreadable) => {
                    Published { unknown: Some(format!("{why}, and {unreadable}")), ..Published::default() }
                }
            });
        };
        let elsewhere = output_dir(&side.compilation)?;
        if side.compilation.model.fleet.output.committed
            && elsewhere != dir
            && let Some(difference) = self.committed(&elsewhere, compilation)
        {
            return Ok(known(difference?, recorded));
        }
        let there = &side.compilation.output;
        let Ok(difference) = Difference::between(&compilation.output, &there.standing(), &mut there.contents());
        Ok(known(difference, recorded))
    }

    /// Where the lock of that revision says that tasks run; `None` if it has no lock.
    fn lock(&self) -> Result<Option<RecordedCopies>, String> {
        let path = RepoPath::new(lock::PATH).map_err(|error| error.to_string())?;
        let read = self.opened.read_more(&ReadSources::default(), std::slice::from_ref(&path));
        let unreadable = || format!("its {} cannot be read", lock::PATH);
        if !read.tree.problems().is_empty() {
            return Err(unreadable());
        }
        let Some((id, file)) = read.tree.get(&path) else { return Ok(None) };
        let found = lock::read(id, &file.bytes, &mut Diagnostics::new());
        if found.broken { Err(unreadable()) } else { Ok(Some(diff::recorded(&found))) }
    }

    /// Whether that revision has no document of a fleet.
    fn has_no_fleet(&self) -> bool {
        matches!(self.compiled.get(), Some(Ok(side)) if side.has_no_fleet())
    }

    /// Some files as they were in that revision; what cannot be read is left out.
    pub(super) fn files(&self, paths: &[RepoPath]) -> SourceTree {
        self.opened.read_more(&ReadSources::default(), paths).tree
    }

    /// By file, the documents that were taken from it in that revision.
    pub(super) fn documents(&self, output_dir: &str) -> BTreeMap<RepoPath, Vec<DocumentName>> {
        compile::documents(&self.opened.read(output_dir, &[]).tree)
    }

    /// The difference to what was committed below a directory; `None` if nothing was.
    fn committed(&self, dir: &RepoPath, compilation: &Compilation) -> Option<Result<Difference, Failure>> {
        let Opened::Objects(objects) = &self.opened else { return None };
        let (existing, mut blobs) = match objects.existing(Some(dir), |_| true) {
            Ok(found) => found,
            Err(error) => return Some(Err(Failure::run(&error))),
        };
        let difference = match Difference::between(&compilation.output, &existing, &mut blobs) {
            Ok(difference) => difference,
            Err(error) => return Some(Err(Failure::run(&error))),
        };
        // Files of others are no output.
        let ours = difference.unchanged + difference.update.len() + difference.delete.len();
        (ours > 0).then_some(Ok(difference))
    }

    /// The paths below the output directory that stand there as they were committed in that revision, and all that were.
    pub(super) fn untouched(
        &self,
        session: &Session,
        compilation: &Compilation,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>), Failure> {
        let Opened::Objects(objects) = &self.opened else { return Ok(Default::default()) };
        let dir = output_dir(compilation)?;
        let (existing, mut blobs) = objects.existing(Some(&dir), |_| true).map_err(|error| Failure::run(&error))?;
        let mut committed = OutputTree::default();
        for path in existing.files() {
            let bytes = blobs.read(path, usize::MAX).map_err(|error| Failure::run(&error))?;
            committed.insert(path.clone(), bytes.into());
        }
        let changed = compare::standing(session, compilation, &committed)?;
        let changed: BTreeSet<&str> = compare::changes(&changed).map(|(_, path)| path.as_str()).collect();
        let all: BTreeSet<String> = committed.files().map(|(path, _)| path.to_string()).collect();
        let same = all.iter().filter(|path| !changed.contains(path.as_str())).cloned().collect();
        Ok((same, all))
    }

    /// What the inputs of that revision give; `None` if they do not compile.
    pub(super) fn output(&self, session: &mut Session) -> Option<&OutputTree> {
        self.side(session).map(|side| &side.compilation.output)
    }

    /// Where the output is committed in that revision; `None` if it is not, or not known.
    pub(super) fn output_dir(&self, session: &mut Session) -> Option<String> {
        let output = &self.side(session)?.compilation.model.fleet.output;
        output.committed.then(|| output.dir.clone())
    }

    /// Why what the inputs of that revision give is not known, if it was asked for and is not.
    pub(super) fn why(&self) -> Option<String> {
        match self.compiled.get()? {
            Ok(side) if side.diags.has_errors() => Some(format!("{} does not compile", side.title)),
            Ok(_) => None,
            Err(why) => Some(why.clone()),
        }
    }

    fn side(&self, session: &mut Session) -> Option<&Side> {
        let compile = || session.side(&self.view, &LockMode::Steady).map_err(|error| error.to_string());
        let side = self.compiled.get_or_init(compile).as_ref().ok()?;
        (!side.diags.has_errors()).then_some(side)
    }
}
