//! One run over one repository: where it lies, what was read, what it compiled to. It draws nothing.
//!
//! The one idea: reading is repeated only if something was referred to that the first reading did not bring.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::args::{Format, Global};
use super::outcome::Failure;
use super::progress::Progress;
use crate::compile::{self, Compilation};
use crate::diag::{Diagnostics, Severity};
use crate::lock::Mode;
use crate::model::Model;
use crate::repo::{self, Sources, Worktree};
use crate::tree::{RepoPath, SourceTree};

/// A repository being worked on.
pub(super) struct Session {
    /// The fleet root.
    pub(super) root: PathBuf,
    /// Where `--out` points, if it was given.
    out: Option<PathBuf>,
    /// `--out` as it was given.
    given: Option<PathBuf>,
    strict: bool,
    json: bool,
    sources: Sources,
    /// Git merges the lock by taking the lines of both sides, or there is no Git.
    pub(super) unions: bool,
    /// What was found, for the report.
    pub(super) diags: Diagnostics,
    /// What is being done, for whoever waits.
    pub(super) progress: Progress,
}

impl Session {
    /// Finds the root; reads nothing yet.
    pub(super) fn open(global: &Global, here: &Path, out: Option<&Path>, watched: bool) -> Result<Self, Failure> {
        let root = repo::find_root(here, global.root.as_deref()).map_err(|error| Failure::run(&error))?;
        Ok(Self {
            root,
            out: out.map(|out| here.join(out)),
            given: out.map(Path::to_path_buf),
            strict: global.strict,
            json: global.format == Format::Json,
            sources: Sources::default(),
            unions: true,
            diags: Diagnostics::new(),
            progress: Progress::new(watched),
        })
    }

    /// The texts that were read.
    pub(super) fn tree(&self) -> &SourceTree {
        &self.sources.tree
    }

    /// What reading had to say.
    pub(super) fn notes(&self) -> &[repo::Note] {
        &self.sources.notes
    }

    /// Reads and compiles; what is recorded stays as long as it may.
    pub(super) fn compile(&mut self) -> Result<Compilation, Failure> {
        self.compile_as(&Mode::Steady)
    }

    /// Reads and compiles, with the lock used as the mode says.
    pub(super) fn compile_as(&mut self, mode: &Mode) -> Result<Compilation, Failure> {
        self.progress.now("reading");
        let worktree = Worktree::open(&self.root).map_err(|error| Failure::run(&error))?;
        let guess = crate::model::Fleet::default().output.dir;
        let (root, out) = (self.root.clone(), self.out.clone());
        let skip = |dir: &str| -> Vec<PathBuf> { out.iter().cloned().chain([root.join(dir)]).collect() };
        let mut sources = worktree.read(&skip(&guess));
        let mut compilation = self.compile_tree(&sources.tree, mode);
        let dir = compilation.model.fleet.output.dir.clone();
        let mut again = dir != guess;
        if again {
            sources = worktree.read(&skip(&dir));
            compilation.wanted = compile::wanted(&sources.tree);
        }
        if !compilation.wanted.is_empty() {
            let wanted: Vec<RepoPath> = compilation.wanted.iter().cloned().collect();
            let more = worktree.read_more(&sources, &wanted);
            again |= more.tree.files().len() != sources.tree.files().len()
                || more.tree.problems() != sources.tree.problems();
            sources = more;
        }
        if again {
            compilation = self.compile_tree(&sources.tree, mode);
        }
        let lock = RepoPath::new(crate::lock::PATH).ok();
        let merge = lock.and_then(|lock| worktree.attribute(&lock, "merge"));
        self.unions = !worktree.has_git() || merge.as_deref() == Some("union");
        self.sources = sources;
        self.diags = std::mem::take(&mut compilation.diags);
        self.relevel(&compilation.model);
        Ok(compilation)
    }

    fn compile_tree(&mut self, tree: &SourceTree, mode: &Mode) -> Compilation {
        compile::compile_watched(tree, mode, |stage| self.progress.now(stage.name()))
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
        let dir = &compilation.model.fleet.output.dir;
        let path = RepoPath::new(dir).map_err(|error| Failure::Run(format!("output.dir `{dir}`: {error}")))?;
        repo::output_dir(&self.root, &path).map_err(|error| Failure::run(&error))
    }
}
