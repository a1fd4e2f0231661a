//! One state of the repository (work tree, index or revision), read and compiled.
//!
//! Reading is repeated only if documents refer to files that the first pass did not bring.

use std::path::{Path, PathBuf};

use super::outcome::Failure;
use super::progress::Progress;
use crate::compile::{self, Compilation, Unmet};
use crate::diag::{Code, Diagnostics, Severity};
use crate::lock::LockMode;
use crate::repo::{Opened, ReadSources, View};
use crate::tree::{RepoPath, SourceFile, SourceTree};

/// A state of the repository, compiled.
pub(super) struct Side {
    /// What a reader knows it as: `the working tree`, `the index`, `HEAD (1a2b3c4)`.
    pub(super) title: String,
    /// What was read.
    pub(super) sources: ReadSources,
    /// What it comes to, its diagnostics taken out.
    pub(super) compilation: Compilation,
    /// What is wrong with it, its levels as its own settings say.
    pub(super) diags: Diagnostics,
}

impl Side {
    /// Opens, reads and compiles the fleet at `root`.
    pub(super) fn compile(root: &Path, view: &View, mode: &LockMode, progress: &mut Progress) -> Result<Self, Failure> {
        let opened = view.open(root).map_err(|error| Failure::run(&error))?;
        Self::of(&opened, &[], mode, progress)
    }

    /// Whether no document of a fleet is in it: it has no task, and nothing is wrong but that it has no cluster.
    pub(super) fn has_no_fleet(&self) -> bool {
        let mut errors = self.diags.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).peekable();
        let model = &self.compilation.model;
        model.units.is_empty()
            && model.clusters.is_empty()
            && errors.peek().is_some()
            && errors.all(|error| error.code == Code::NoClusters)
    }

    /// Compiles some files that stand nowhere yet.
    pub(super) fn alone(files: &[SourceFile], mode: &LockMode, progress: &mut Progress) -> Result<Self, Failure> {
        let sources = ReadSources { tree: SourceTree::new(files.to_vec(), Vec::new()), notes: Vec::new() };
        let mut compilation = compile::compile_watched(&sources.tree, mode, |stage| progress.now(stage.name()));
        let title = "what is not written yet".to_owned();
        met(&title, &compilation, &sources.tree)?;
        let diags = std::mem::take(&mut compilation.diags);
        Ok(Self { title, sources, compilation, diags })
    }

    /// Reads and compiles what was opened. Folders of the disk that hold output beside `output.dir` are in `skip`.
    pub(super) fn of(
        opened: &Opened,
        skip: &[PathBuf],
        mode: &LockMode,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        Self::with(opened, skip, &[], mode, progress)
    }

    /// As [`Side::of`], as if some files stood there too.
    pub(super) fn with(
        opened: &Opened,
        skip: &[PathBuf],
        more: &[SourceFile],
        mode: &LockMode,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        progress.now("reading");
        let guess = crate::model::Fleet::default().output.dir;
        let read = |dir: &str| {
            let read = opened.read(dir, skip);
            let files = read.tree.files().map(|(_, file)| file.clone()).chain(more.iter().cloned());
            ReadSources { tree: SourceTree::new(files.collect(), read.tree.problems().to_vec()), ..read }
        };
        let mut sources = if more.is_empty() { opened.read(&guess, skip) } else { read(&guess) };
        let mut tell = |tree: &SourceTree| compile::compile_watched(tree, mode, |stage| progress.now(stage.name()));
        let mut compilation = tell(&sources.tree);
        met(opened.title(), &compilation, &sources.tree)?;
        let dir = compilation.model.fleet.output.dir.clone();
        let mut again = dir != guess;
        if again {
            sources = if more.is_empty() { opened.read(&dir, skip) } else { read(&dir) };
            compilation.wanted = compile::wanted(&sources.tree);
        }
        if !compilation.wanted.is_empty() {
            let wanted: Vec<RepoPath> = compilation.wanted.iter().cloned().collect();
            let more = opened.read_more(&sources, &wanted);
            again |= more.tree.files().len() != sources.tree.files().len()
                || more.tree.problems() != sources.tree.problems();
            sources = more;
        }
        if again {
            compilation = tell(&sources.tree);
            met(opened.title(), &compilation, &sources.tree)?;
        }
        let diags = std::mem::take(&mut compilation.diags);
        Ok(Self { title: opened.title().to_owned(), sources, compilation, diags })
    }
}

/// Fails where the Fleet requires another version of fleetcron: nothing that this one makes of it can be trusted.
fn met(title: &str, compilation: &Compilation, tree: &SourceTree) -> Result<(), Failure> {
    let Some(unmet) = &compilation.unmet else { return Ok(()) };
    let Unmet { requirement, span, version } = unmet;
    Err(Failure::Run(format!(
        "{} in {title}: the fleet requires fleetcron `{requirement}`, and this is fleetcron {version}; \
         run a version that it allows, or change `requires`",
        tree.place(*span)
    )))
}
