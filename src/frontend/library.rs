//! The files of a repository, each parsed once. It decides only whether a file that cannot be parsed matters.
//!
//! The one idea: people keep Helm templates and other YAML beside their tasks. A file that is not YAML is a
//! mistake only if it speaks of us or is referred to; else it is counted and passed over.

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::tree::{FileId, RepoPath, SourceFile, SourceTree};
use crate::yaml::{self, Parsed};

/// The parsed files of a tree.
pub(crate) struct Library<'a> {
    /// The tree.
    pub(crate) sources: &'a SourceTree,
    parsed: Vec<Option<Parsed>>,
}

impl<'a> Library<'a> {
    /// Parses every YAML and JSON file of a tree.
    pub(crate) fn read(sources: &'a SourceTree) -> Self {
        let files: Vec<(FileId, &SourceFile)> = sources.files().collect();
        let parsed =
            files.par_iter().map(|(id, file)| is_yaml(&file.path).then(|| yaml::parse(*id, &file.bytes))).collect();
        Self { sources, parsed }
    }

    /// Files that may hold documents, with what was read.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (FileId, &'a SourceFile, &Parsed)> {
        let files = self.sources.files().zip(&self.parsed);
        files.filter_map(|((id, file), parsed)| {
            (!file.link).then_some(()).and(parsed.as_ref()).map(|parsed| (id, file, parsed))
        })
    }

    /// What was read of one file; a file whose name does not end like YAML is parsed now.
    pub(crate) fn parsed(&self, id: FileId) -> std::borrow::Cow<'_, Parsed> {
        match self.parsed.get(id.0 as usize) {
            Some(Some(parsed)) => std::borrow::Cow::Borrowed(parsed),
            _ => std::borrow::Cow::Owned(yaml::parse(id, &self.sources.file(id).bytes)),
        }
    }

    /// Reports what is wrong with the files as texts: those that speak of us in full, the others as a count. Files that
    /// the settings do not look at are left alone.
    pub(crate) fn report(
        &self,
        takes: impl Fn(&SourceFile) -> bool,
        ours: impl Fn(&SourceFile) -> bool,
        diags: &mut Diagnostics,
    ) {
        let mut passed_over = Vec::new();
        for (_, file, parsed) in self.documents() {
            if parsed.diagnostics.is_empty() || !takes(file) {
                continue;
            }
            if ours(file) {
                diags.extend(parsed.diagnostics.iter().cloned());
            } else {
                passed_over.push(file.path.to_string());
            }
        }
        if let Some(first) = passed_over.first() {
            let message = match passed_over.len() {
                1 => format!("`{first}` cannot be read as YAML and was passed over"),
                n => format!("{n} files cannot be read as YAML and were passed over, `{first}` the first of them"),
            };
            diags.push(Diagnostic::at(Code::SkippedFile, crate::diag::Place::Whole, message));
        }
    }
}

/// Whether a file's name says that it is YAML or JSON.
pub(crate) fn is_yaml(path: &RepoPath) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| path.file_name().ends_with(ending))
}
