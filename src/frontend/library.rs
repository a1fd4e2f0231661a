//! The files of a repository, each parsed once, and whether a file that cannot be parsed matters.
//!
//! Repositories hold Helm templates and other text. A file that is not YAML is an error only if it names fleetcron or
//! is referred to; else it is counted in a note.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::tree::{FileId, SourceFile, SourceTree, may_hold_documents};
use crate::yaml::{self, Encoding, Parsed};

/// The parsed files of a tree.
pub(crate) struct Library<'a> {
    /// The tree.
    pub(crate) sources: &'a SourceTree,
    /// By file; `None` for files whose name does not end like YAML or JSON.
    parsed: Vec<Option<Parsed>>,
    /// By file: whether its nodes were let go.
    spent: Vec<bool>,
}

/// The files that cannot be read as YAML.
#[derive(Default)]
pub(crate) struct Broken {
    /// Those of which it has been said what is wrong with them.
    pub(crate) told: BTreeSet<FileId>,
    /// Those that matter only if something refers to them.
    passed_over: BTreeSet<FileId>,
}

/// What a dialect makes of a file as soon as it is parsed.
pub(crate) struct Look<R> {
    /// What it read.
    pub(crate) read: R,
    /// Nobody else will ask for the nodes: they are let go at once, which is what keeps a large repository small.
    pub(crate) spent: bool,
}

impl<'a> Library<'a> {
    /// Parses every YAML and JSON file of a tree, and lets a dialect look at each.
    pub(crate) fn read<R: Send>(
        sources: &'a SourceTree,
        look: impl Fn(&Parsed, &SourceFile) -> Look<R> + Sync,
    ) -> (Self, Vec<Option<R>>) {
        let files: Vec<(FileId, &SourceFile)> = sources.files().collect();
        let read = files.par_iter().map(|(id, file)| {
            if !may_hold_documents(file.path.as_str()) {
                return (None, None, false);
            }
            let mut parsed = parse(*id, file);
            let Look { read, spent } = look(&parsed, file);
            if spent {
                parsed.documents = Vec::new();
            }
            (Some(parsed), Some(read), spent)
        });
        let (rest, spent): (Vec<_>, Vec<bool>) = read.map(|(parsed, read, spent)| ((parsed, read), spent)).unzip();
        let (parsed, read) = rest.into_iter().unzip();
        (Self { sources, parsed, spent }, read)
    }

    /// The documents of one file; they are read now if its name does not end like YAML, or again if they were let go.
    pub(crate) fn parsed(&self, id: FileId) -> Cow<'_, Parsed> {
        let at = id.0 as usize;
        match (self.parsed.get(at), self.spent.get(at)) {
            (Some(Some(parsed)), Some(false)) => Cow::Borrowed(parsed),
            _ => Cow::Owned(parse(id, self.sources.file(id))),
        }
    }

    /// Reports what is wrong with the files as texts, if they speak of us, and finds the others. Files that the settings
    /// do not look at are left alone.
    pub(crate) fn report(
        &self,
        takes: impl Fn(&SourceFile) -> bool,
        ours: impl Fn(&SourceFile) -> bool,
        diags: &mut Diagnostics,
    ) -> Broken {
        let mut broken = Broken::default();
        for ((id, file), parsed) in self.sources.files().zip(&self.parsed) {
            let Some(parsed) = parsed.as_ref().filter(|_| !file.link) else { continue };
            if parsed.diagnostics.is_empty() || !takes(file) {
                continue;
            }
            if ours(file) {
                diags.extend(parsed.diagnostics.iter().cloned());
                broken.told.insert(id);
            } else {
                broken.passed_over.insert(id);
            }
        }
        broken
    }

    /// Says of the broken files that nobody refers to how many they are.
    pub(crate) fn report_passed_over(&self, broken: &Broken, named: &BTreeSet<FileId>, diags: &mut Diagnostics) {
        let mut files = broken.passed_over.difference(named).map(|id| &self.sources.file(*id).path);
        let count = files.clone().count();
        if let Some(first) = files.next() {
            let message = match count {
                1 => format!("`{first}` cannot be read as YAML and was passed over"),
                n => format!("{n} files cannot be read as YAML and were passed over, `{first}` the first of them"),
            };
            diags.push(Diagnostic::at(Code::SkippedFile, Place::Whole, message));
        }
    }
}

/// Parses a file. For one of another encoding the command that converts it is given, which needs its path; no line of it
/// is shown, because it could not be searched for secrets.
fn parse(id: FileId, file: &SourceFile) -> Parsed {
    let mut parsed = yaml::parse(id, &file.bytes);
    if let Some(encoding) = Encoding::detect(&file.bytes) {
        let path = quoted(file.path.as_str());
        let command =
            format!("iconv -f {} -t UTF-8 {path} > fixed.yaml && mv fixed.yaml {path}", encoding.iconv_name());
        for diagnostic in parsed.diagnostics.iter_mut().filter(|found| found.code == Code::InvalidUtf8) {
            diagnostic.place = Place::Path(file.path.to_string());
            diagnostic.help.push(format!("convert it, in the fleet root: `{command}`"));
        }
    }
    parsed
}

/// A path as a word of the shell.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:".contains(c);
    if path.chars().all(plain) && !path.starts_with('-') {
        path.to_owned()
    } else {
        format!("'./{}'", path.replace('\'', r"'\''"))
    }
}
