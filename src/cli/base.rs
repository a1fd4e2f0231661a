//! The revision that a run is compared with: what stood there before this change. It writes nothing and stops nothing.
//!
//! The one idea: a deletion is a surprise to whoever has the revision before, not to the folder on somebody's disk; and
//! who changed a file by hand is known by what the inputs of that revision gave.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::compare;
use super::outcome::Failure;
use super::session::{Session, output_dir};
use super::side::Side;
use crate::compile::Compilation;
use crate::lock::Mode;
use crate::repo::{self, Error, Opened, View};
use crate::tree::{Contents, Difference, OutputTree, RepoPath};

/// A revision to compare with.
pub(super) struct Base {
    view: View,
    opened: Opened,
    title: String,
    compiled: OnceCell<Result<Side, String>>,
}

impl Base {
    /// The one that was asked for, or rather where our history left it; else the revision before the state that is looked
    /// at: HEAD, or the first parent. `None` if there is none; and if it is only not known, that is said among the remarks.
    ///
    /// # Errors
    /// The one that was asked for cannot be read.
    pub(super) fn of(
        session: &Session,
        asked: Option<&str>,
        remarks: &mut Vec<String>,
    ) -> Result<Option<Self>, Failure> {
        let mut unknown = |why: String| {
            remarks.push(format!("note: what is deleted since the revision before was not counted: {why}"));
            Ok(None)
        };
        let revision = match asked {
            Some(asked) => repo::fork(&session.root, &session.view, asked),
            None => match repo::before(&session.root, &session.view) {
                Ok(Some(revision)) => revision,
                Ok(None) => return Ok(None),
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
                Ok(Some(Self { view, opened, title, compiled: OnceCell::new() }))
            }
            Err(error @ Error::NoFolder { .. }) => unknown(error.to_string()),
            Err(error) if asked.is_some() => Err(Failure::run(&error)),
            Err(error) => unknown(error.to_string()),
        }
    }

    /// What a reader knows it as.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// What changes from there to a compilation, below the output directory. The output that was committed there counts;
    /// where none was, what the inputs of that revision give, if they compile.
    pub(super) fn difference(
        &self,
        session: &mut Session,
        compilation: &Compilation,
        remarks: &mut Vec<String>,
    ) -> Result<Difference, Failure> {
        let dir = output_dir(compilation)?;
        let committed = compilation.model.fleet.output.committed;
        if let Some(difference) = self.committed(&dir, compilation).filter(|_| committed) {
            return difference;
        }
        let Some(side) = self.side(session) else {
            let why = self.why().unwrap_or_default();
            remarks.push(format!("note: what is deleted since {} was not counted: {why}", self.title));
            return Ok(Difference::default());
        };
        let elsewhere = output_dir(&side.compilation)?;
        if side.compilation.model.fleet.output.committed
            && elsewhere != dir
            && let Some(difference) = self.committed(&elsewhere, compilation)
        {
            return difference;
        }
        let there = &side.compilation.output;
        let Ok(difference) = Difference::between(&compilation.output, &there.standing(), &mut there.contents());
        Ok(difference)
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
        let compile = || session.side(&self.view, &Mode::Steady).map_err(|error| error.to_string());
        let side = self.compiled.get_or_init(compile).as_ref().ok()?;
        (!side.diags.has_errors()).then_some(side)
    }
}
