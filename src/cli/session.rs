//! One run over one repository: its root, the state that is read, what it compiled to, and its diagnostics.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::args::{Format, Global};
use super::outcome::Failure;
use super::progress::Progress;
use super::scope::DiagnosticScope;
use super::side::Side;
use super::terminal;
use crate::compile::{self, Compilation};
use crate::diag::{Diagnostics, Severity};
use crate::lock::LockMode;
use crate::model::Model;
use crate::repo::{self, Opened, ReadSources, View};
use crate::report::ReportContext;
use crate::report::ci::TaskSource;
use crate::report::paint::Paint;
use crate::tree::{RepoPath, SourceFile, SourceTree};

/// A repository being worked on.
pub(super) struct Session {
    /// The fleet root.
    pub(super) root: PathBuf,
    /// The state that is looked at.
    pub(super) view: View,
    /// That state, once it was compiled.
    opened: Option<Opened>,
    /// Where `--out` points, if it was given.
    pub(super) out: Option<PathBuf>,
    /// `--out` as it was given.
    given: Option<PathBuf>,
    /// `output.dir` of what was compiled.
    pub(super) output_dir: String,
    /// The tasks of what was compiled, in order.
    pub(super) tasks: Vec<TaskSource>,
    strict: bool,
    json: bool,
    /// The colours of results.
    paint: Paint,
    /// Which diagnostics are printed.
    pub(super) scope: DiagnosticScope,
    sources: ReadSources,
    /// Git merges the lock by taking the lines of both sides, or there is no Git.
    pub(super) unions: bool,
    /// What was found, for the report.
    pub(super) diags: Diagnostics,
    /// What is being done, for whoever waits.
    pub(super) progress: Progress,
}

impl Session {
    /// Finds the root; reads nothing yet.
    pub(super) fn open(
        global: &Global,
        here: &Path,
        out: Option<&Path>,
        view: View,
        watched: bool,
    ) -> Result<Self, Failure> {
        let root = repo::find_root(here, global.root.as_deref()).map_err(|error| Failure::run(&error))?;
        Ok(Self::at(root, global, here, out, view, watched))
    }

    /// A session on the fleet of that folder.
    pub(super) fn at(
        root: PathBuf,
        global: &Global,
        here: &Path,
        out: Option<&Path>,
        view: View,
        watched: bool,
    ) -> Self {
        Self {
            progress: Progress::new(watched, &root),
            root,
            view,
            opened: None,
            out: out.map(|out| here.join(out)),
            given: out.map(Path::to_path_buf),
            output_dir: String::new(),
            tasks: Vec::new(),
            strict: global.strict,
            json: global.format == Format::Json,
            paint: Paint::new(super::paints(global)),
            scope: DiagnosticScope::default(),
            sources: ReadSources::default(),
            unions: true,
            diags: Diagnostics::new(),
        }
    }

    /// The texts that were read.
    pub(super) fn tree(&self) -> &SourceTree {
        &self.sources.tree
    }

    /// The texts that were read, and what is worth a word about them.
    pub(super) fn sources(&self) -> &ReadSources {
        &self.sources
    }

    /// What reading had to say.
    pub(super) fn notes(&self) -> &[repo::Note] {
        &self.sources.notes
    }

    /// Reads and compiles; what is recorded stays as long as it may.
    pub(super) fn compile(&mut self) -> Result<Compilation, Failure> {
        self.compile_as(&LockMode::Steady)
    }

    /// Reads and compiles, with the lock used as the mode says.
    pub(super) fn compile_as(&mut self, mode: &LockMode) -> Result<Compilation, Failure> {
        self.imagine(&[], mode)
    }

    /// Reads and compiles as if some files stood in the repository too; nothing is written.
    pub(super) fn imagine(&mut self, more: &[SourceFile], mode: &LockMode) -> Result<Compilation, Failure> {
        if !self.root.exists() {
            let side = Side::alone(more, mode, &mut self.progress)?;
            return Ok(self.take(side));
        }
        let opened = self.view.open(&self.root).map_err(|error| Failure::run(&error))?;
        let skip: Vec<PathBuf> = self.out.iter().cloned().collect();
        let side = Side::with(&opened, &skip, more, mode, &mut self.progress)?;
        if let Opened::Folder(worktree) = &opened {
            let lock = RepoPath::new(crate::lock::PATH).ok();
            let merge = lock.and_then(|lock| worktree.attribute(&lock, "merge"));
            self.unions = !worktree.has_git() || merge.as_deref() == Some("union");
        }
        self.opened = Some(opened);
        Ok(self.take(side))
    }

    /// Remembers what the report needs of it.
    fn take(&mut self, side: Side) -> Compilation {
        self.output_dir.clone_from(&side.compilation.model.fleet.output.dir);
        let units = side.compilation.model.units.iter();
        self.tasks = units.map(|unit| TaskSource { identity: unit.identity.clone(), name_span: unit.name }).collect();
        self.sources = side.sources;
        self.diags = side.diags;
        self.relevel(&side.compilation.model);
        side.compilation
    }

    /// Compiles another state of the same repository; what it has to say stays with it.
    pub(super) fn side(&mut self, view: &View, mode: &LockMode) -> Result<Side, Failure> {
        Side::compile(&self.root, view, mode, &mut self.progress)
    }

    /// As [`Session::side`]; a revision that does not have the folder of the fleet has no files.
    pub(super) fn side_or_nothing(&mut self, view: &View, mode: &LockMode) -> Result<Side, Failure> {
        match view.open(&self.root) {
            Ok(opened) => Side::of(&opened, &[], mode, &mut self.progress),
            Err(repo::Error::NoFolder { revision, .. }) => {
                Ok(Side { title: revision, ..Side::alone(&[], mode, &mut self.progress)? })
            }
            Err(error) => Err(Failure::run(&error)),
        }
    }

    /// Takes over what another state has to say, with its texts: for a report about that one.
    pub(super) fn show(&mut self, side: Side) {
        self.sources = side.sources;
        self.diags = side.diags;
    }

    /// The colours of results.
    pub(super) fn paint(&self) -> Paint {
        self.paint
    }

    /// Whether `--strict` was given.
    pub(super) fn strict(&self) -> bool {
        self.strict
    }

    /// The state that was compiled.
    pub(super) fn opened(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    /// What a report needs to know of this run.
    pub(super) fn report_context(&self) -> ReportContext<'_> {
        ReportContext {
            sources: self.tree(),
            width: terminal::width(),
            limit: terminal::known_width(),
            is_terminal: terminal::is_terminal(),
            paint: self.paint,
            wants_json: self.json,
        }
    }

    /// For programs: made only if one reads it.
    pub(super) fn value(&self, make: impl FnOnce() -> Value) -> Value {
        if self.json { make() } else { Value::Null }
    }

    /// Levels as the settings and `--strict` say.
    pub(super) fn relevel(&mut self, model: &Model) {
        compile::relevel(model, &mut self.diags);
        if self.strict {
            self.diags.relevel(|diagnostic| match diagnostic.severity {
                Severity::Warning => Some(Severity::Error),
                other => Some(other),
            });
        }
    }

    /// Whether the output is looked at where `--out` says.
    pub(super) fn elsewhere(&self) -> bool {
        self.out.is_some()
    }

    /// Where `--out`, or the folder to compare with, lies on this machine.
    pub(super) fn place(&self, given: &Path) -> PathBuf {
        self.out.clone().unwrap_or_else(|| given.to_path_buf())
    }

    /// The output directory as a reader knows it: `--out` as it was given, else relative to the root where it lies below.
    pub(super) fn shown(&self, dir: &Path) -> String {
        let own = || dir.strip_prefix(&self.root).unwrap_or(dir);
        self.given.as_deref().unwrap_or_else(own).display().to_string()
    }

    /// The output directory.
    ///
    /// It may not lead out of the root through a symbolic link; `--out` is the user's own and may be anywhere.
    pub(super) fn output(&self, compilation: &Compilation) -> Result<PathBuf, Failure> {
        if let Some(out) = &self.out {
            return Ok(out.clone());
        }
        let path = output_dir(compilation)?;
        match self.view {
            View::Folder => repo::output_dir(&self.root, &path).map_err(|error| Failure::run(&error)),
            View::Index(_) | View::Revision(_) => Ok(self.root.join(path.as_str())),
        }
    }
}

/// `output.dir`, relative to the root.
pub(super) fn output_dir(compilation: &Compilation) -> Result<RepoPath, Failure> {
    let dir = &compilation.model.fleet.output.dir;
    RepoPath::new(dir).map_err(|error| Failure::Run(format!("output.dir `{dir}`: {error}")))
}
