//! The revision that a run is compared with: what stood there before this change. It writes nothing and stops nothing.
//!
//! The one idea: a deletion is a surprise to whoever has the revision before, not to the folder on somebody's disk; and
//! who changed a file by hand is known by what the inputs of that revision gave.

use std::cell::OnceCell;

use super::outcome::Failure;
use super::session::{Session, output_dir};
use super::side::Side;
use crate::compile::Compilation;
use crate::lock::Mode;
use crate::repo::{Error, Opened, View};
use crate::tree::{Difference, OutputTree, RepoPath};

/// A revision to compare with.
pub(super) struct Base {
    view: View,
    opened: Opened,
    compiled: OnceCell<Result<Side, String>>,
}

impl Base {
    /// The one that was asked for; else the revision before the state that is looked at: HEAD, or the first parent of the
    /// revision. `None` if there is none.
    ///
    /// # Errors
    /// The one that was asked for cannot be read.
    pub(super) fn of(session: &Session, asked: Option<&str>) -> Result<Option<Self>, Failure> {
        let revision = match (asked, &session.view) {
            (Some(asked), _) => asked.to_owned(),
            (None, View::Folder | View::Index(_)) => "HEAD".to_owned(),
            (None, View::Revision(revision)) => match revision.split_once(':') {
                Some((revision, folder)) => format!("{revision}^:{folder}"),
                None => format!("{revision}^"),
            },
        };
        let view = View::Revision(revision);
        match view.open(&session.root) {
            Ok(opened) => Ok(Some(Self { view, opened, compiled: OnceCell::new() })),
            // The fleet is newer than that revision.
            Err(Error::NoFolder { .. }) => Ok(None),
            Err(error) if asked.is_some() => Err(Failure::run(&error)),
            Err(_) => Ok(None),
        }
    }

    /// What a reader knows it as.
    pub(super) fn title(&self) -> &str {
        self.opened.title()
    }

    /// What changes from there to a compilation, below the output directory. The output that was committed there counts;
    /// where none was, what the inputs of that revision give, if they compile.
    pub(super) fn difference(&self, session: &mut Session, compilation: &Compilation) -> Result<Difference, Failure> {
        let dir = output_dir(compilation)?;
        let committed = compilation.model.fleet.output.committed;
        if let Some(difference) = self.committed(&dir, compilation).filter(|_| committed) {
            return difference;
        }
        let Some(side) = self.side(session) else { return Ok(Difference::default()) };
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
        existing.files().next()?;
        let difference = Difference::between(&compilation.output, &existing, &mut blobs);
        Some(difference.map_err(|error| Failure::run(&error)))
    }

    /// What the inputs of that revision give; `None` if they do not compile.
    pub(super) fn output(&self, session: &mut Session) -> Option<&OutputTree> {
        self.side(session).map(|side| &side.compilation.output)
    }

    /// Why what the inputs of that revision give is not known, if it was asked for and is not.
    pub(super) fn unknown(&self) -> Option<String> {
        let why = match self.compiled.get()? {
            Ok(side) if side.diags.has_errors() => format!("{} does not compile", side.title),
            Ok(_) => return None,
            Err(why) => why.clone(),
        };
        Some(format!("note: it is not known who changed the output: {why}"))
    }

    fn side(&self, session: &mut Session) -> Option<&Side> {
        let compile = || session.side(&self.view, &Mode::Steady).map_err(|error| error.to_string());
        let side = self.compiled.get_or_init(compile).as_ref().ok()?;
        (!side.diags.has_errors()).then_some(side)
    }
}
