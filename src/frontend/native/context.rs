//! What lowering a document needs beside the document: other files and the diagnostics. A file that is missing is asked
//! for, not opened.

use std::collections::BTreeSet;

use super::taken::TakenFiles;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::frontend::library::{Broken, Library};
use crate::model::reference;
use crate::tree::{FileId, RepoPath, Span, Spanned};

/// No reference is read in a time zone.
pub(super) const IN_ZONE: (&str, &str) =
    ("in `timeZone`", "name the zone; `timeZone: cluster` is each cluster's own, from `spec.timeZone` of its document");

/// The surroundings of a document.
pub(super) struct DocumentContext<'l, 'c> {
    /// All files.
    pub(super) library: &'c Library<'l>,
    /// What is wrong.
    pub(super) diags: &'c mut Diagnostics,
    /// Files that are referred to and are not in the tree.
    pub(super) wanted: &'c mut BTreeSet<RepoPath>,
    /// Files that cannot be read as YAML.
    pub(super) broken: &'c mut Broken,
    /// Files that documents refer to.
    pub(super) named: &'c mut BTreeSet<FileId>,
    /// How much text of files may still come into the container or the object that is read.
    pub(super) room: usize,
    /// The CronJobs and files that `cronJob` and `resources` name.
    pub(super) files: TakenFiles,
}

impl<'l, 'c> DocumentContext<'l, 'c> {
    /// Surroundings in which no file is named yet.
    pub(super) fn new(
        library: &'c Library<'l>,
        diags: &'c mut Diagnostics,
        wanted: &'c mut BTreeSet<RepoPath>,
        broken: &'c mut Broken,
        named: &'c mut BTreeSet<FileId>,
    ) -> Self {
        Self { library, diags, wanted, broken, named, room: 0, files: TakenFiles::default() }
    }
}

impl DocumentContext<'_, '_> {
    /// Reports an error at a place.
    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diags.push(Diagnostic::new(code, span, message));
    }

    /// Refuses a reference of ours where none is read: where that is, and what to write instead. Says whether it did.
    pub(super) fn refuses_reference(&mut self, text: &Spanned<String>, (place, help): (&str, &str)) -> bool {
        let Some(written) = reference::first(text) else { return false };
        let source = self.library.sources.text(text.span);
        let at = source.find(written).map_or(text.span, |at| {
            let start = text.span.start as usize + at;
            Span::new(text.span.file, start, start + written.len())
        });
        self.diags
            .push(Diagnostic::new(Code::UndefinedReference, at, format!("`{written}` is not read {place}")).help(help));
        true
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
            self.named.insert(id);
            return Some(id);
        }
        if self.library.sources.problems().iter().any(|problem| problem.path == path.as_str()) {
            // It is there, and why it cannot be read is said once.
            self.wanted.insert(path);
            return None;
        }
        let diagnostic = Diagnostic::new(Code::MissingFile, span, format!("there is no file `{path}`"));
        let diagnostic = match self.near_file(&path) {
            Some(near) => diagnostic.did_you_mean(Some(&near)),
            None => self.beside(&path, &here).into_iter().fold(diagnostic, Diagnostic::note),
        };
        self.diags
            .push(diagnostic.help("paths are relative to the file that names them; a leading `/` is the fleet root"));
        self.wanted.insert(path);
        None
    }

    /// The file that was probably meant: one nearly of that name in its folder, of that name elsewhere, or nearly there.
    fn near_file(&self, path: &RepoPath) -> Option<String> {
        let files = || self.library.sources.files().map(|(_, file)| &file.path);
        let beside = files().filter(|other| folder(other) == folder(path)).map(RepoPath::file_name);
        let rooted = |path: &str| Some(format!("/{path}"));
        if let Some(name) = nearest(path.file_name(), beside) {
            return rooted(&format!("{}{name}", folder(path)));
        }
        if let Some(same) = files().find(|other| other.file_name() == path.file_name()) {
            return rooted(same.as_str());
        }
        let strays = files().filter(|other| nearest(path.file_name(), [other.file_name()]).is_some());
        nearest(path.as_str(), strays.map(RepoPath::as_str)).and_then(rooted)
    }

    /// The files in the folder of a path, if they are few; `here` names the path.
    fn beside(&self, path: &RepoPath, here: &RepoPath) -> Option<String> {
        let files = self.library.sources.files().map(|(_, file)| &file.path);
        let names: Vec<&str> =
            files.filter(|other| folder(other) == folder(path) && *other != here).map(RepoPath::file_name).collect();
        let place = if folder(path).is_empty() { "the fleet root" } else { folder(path).trim_end_matches('/') };
        (1..=10).contains(&names.len()).then(|| format!("in {place} there is {}", names.join(", ")))
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

/// The folder of a path, with its last `/`; empty at the root.
fn folder(path: &RepoPath) -> &str {
    path.as_str().strip_suffix(path.file_name()).unwrap_or_default()
}
