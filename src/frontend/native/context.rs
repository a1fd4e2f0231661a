//! What lowering a document needs beside the document: the other files, and the bag. It holds no results.
//!
//! The one idea: a file that is referred to and is not there is asked for, not opened.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::frontend::library::Library;
use crate::tree::{FileId, RepoPath, Span, Spanned};

/// The surroundings of a document.
pub(super) struct Context<'l, 'c> {
    /// All files.
    pub(super) library: &'c Library<'l>,
    /// What is wrong.
    pub(super) diags: &'c mut Diagnostics,
    /// Files that are referred to and are not in the tree.
    pub(super) wanted: &'c mut BTreeSet<RepoPath>,
}

impl Context<'_, '_> {
    /// Reports an error at a place.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diags.push(Diagnostic::new(code, span, message));
    }

    /// The file that `reference`, standing at `span`, means.
    pub(super) fn file(&mut self, reference: &str, span: Span) -> Option<FileId> {
        let here = self.library.sources.file(span.file).path.clone();
        let path = match here.resolve(reference) {
            Ok(path) => path,
            Err(error) => {
                let diagnostic =
                    Diagnostic::new(Code::MissingFile, span, format!("`{reference}` is not a path here: {error}"))
                        .help("paths are relative to the file that names them; a leading `/` is the fleet root");
                self.diags.push(diagnostic);
                return None;
            }
        };
        if let Some((id, _)) = self.library.sources.get(&path) {
            return Some(id);
        }
        let diagnostic = Diagnostic::new(Code::MissingFile, span, format!("there is no file `{path}`"))
            .did_you_mean(self.near_file(&path).as_deref())
            .help("paths are relative to the file that names them; a leading `/` is the fleet root");
        self.diags.push(diagnostic);
        self.wanted.insert(path);
        None
    }

    fn near_file(&self, path: &RepoPath) -> Option<String> {
        let names = self.library.sources.files().map(|(_, file)| file.path.as_str());
        let same_name = self.library.sources.files().find(|(_, file)| file.path.file_name() == path.file_name());
        match same_name {
            Some((_, file)) => Some(format!("/{}", file.path)),
            None => crate::diag::nearest(path.as_str(), names).map(|near| format!("/{near}")),
        }
    }

    /// Checks a Kubernetes version as `"1.33"`.
    pub(super) fn version(&mut self, text: &Spanned<String>) -> Option<Spanned<(u32, u32)>> {
        let mut parts = text.trim_start_matches('v').splitn(3, '.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let version = number().zip(number());
        if version.is_none() {
            let message = format!("`{}` is not a Kubernetes version", **text);
            self.diags.push(
                Diagnostic::new(Code::InvalidValue, text.span, message).help("write major and minor: `\"1.33\"`"),
            );
        }
        version.map(|version| Spanned::new(version, text.span))
    }
}
