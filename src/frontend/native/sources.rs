//! `spec.sources` of the Fleet: which files are looked at, and what is left out by it although that is hardly meant.

use super::FileRead;
use super::wire::FleetDocument;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::model::DocumentName;
use crate::tree::{SourceFile, SourceTree, Spanned, may_hold_documents};

/// `spec.sources`.
#[derive(Default)]
pub(super) struct SourceGlobs {
    include: Option<Vec<Spanned<String>>>,
    exclude: Vec<Spanned<String>>,
}

impl SourceGlobs {
    /// What a Fleet document says of them.
    pub(super) fn of(document: &FleetDocument) -> Self {
        let said = document.spec.as_ref().and_then(|spec| spec.sources.as_ref());
        Self {
            include: said.and_then(|said| said.include.clone()),
            exclude: said.and_then(|said| said.exclude.clone()).unwrap_or_default(),
        }
    }

    /// Whether the file of that path is looked at.
    pub(super) fn takes(&self, path: &str) -> bool {
        let hit = |globs: &[Spanned<String>]| globs.iter().any(|glob| fast_glob::glob_match(glob.as_str(), path));
        self.include.as_deref().is_none_or(hit) && !hit(&self.exclude)
    }

    /// Reports each glob of `include` that matches no file: with it, a whole folder of tasks may be left out.
    pub(super) fn report_unmatched(&self, sources: &SourceTree, diags: &mut Diagnostics) {
        for glob in self.include.iter().flatten() {
            let hit = |path: &str| fast_glob::glob_match(glob.as_str(), path);
            let read = sources.files().any(|(_, file)| hit(file.path.as_str()));
            // What could not be read is there all the same, and has its own message.
            if read || sources.problems().iter().any(|problem| hit(&problem.path)) {
                continue;
            }
            let message = format!("no file matches `{}`", **glob);
            let diagnostic = Diagnostic::new(Code::MissingFile, glob.span, message);
            let diagnostic = match meant(glob, sources) {
                Some(meant) => diagnostic.help(format!("write `{meant}`, which matches")),
                None => diagnostic.help("remove it until there is such a file"),
            };
            diags.push(
                diagnostic.note("a glob is a path below the fleet root: `*` stays in a folder, `**` enters folders"),
            );
        }
    }
}

/// The glob that was probably meant by one that matches nothing.
fn meant(glob: &str, sources: &SourceTree) -> Option<String> {
    let paths = || sources.files().map(|(_, file)| file.path.as_str()).filter(|path| may_hold_documents(path));
    let matches = |glob: &String| paths().any(|path| fast_glob::glob_match(glob.as_str(), path));
    let clean = glob.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let (folder, rest) = clean.split_once('/').unwrap_or((clean, "**"));
    let known = paths().filter_map(|path| path.split_once('/').map(|(folder, _)| folder));
    let near = nearest(folder, known).map(|near| format!("{near}/{rest}"));
    let whole = [clean.to_owned(), format!("{clean}/**"), format!("{folder}/**")];
    whole.into_iter().chain(near).find(matches)
}

/// Warns of documents that stand in the file of the Fleet, which `sources` leaves out but for the Fleet.
pub(super) fn beside_fleet(source: &SourceFile, names: &[DocumentName]) -> Diagnostic {
    let others = names.iter().filter(|name| name.kind != "Fleet").map(ToString::to_string);
    let message = format!("`sources` leaves this file out, so only its Fleet is read and not {}", list(others));
    Diagnostic::path(Code::SkippedFile, &source.path, message)
        .severity(Severity::Warning)
        .help(format!("add `{}` to `sources.include`, or move them to another file", source.path))
}

/// Names, separated by commas; the last of many are counted.
fn list(names: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = names.collect();
    if names.len() > SHOWN {
        let more = names.len() - SHOWN;
        names.truncate(SHOWN);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// The documents of a symbolic link count at its target. Where `sources` takes the link and not the target, they count at
/// the link; several links to one file are then several documents of one name.
pub(super) fn take_links(
    sources: &SourceTree,
    links: Vec<Option<FileRead>>,
    files: &mut [Option<FileRead>],
    takes: impl Fn(&SourceFile) -> bool,
) {
    for ((id, source), link) in sources.files().zip(links) {
        let Some(link) = link.filter(|link| takes(source) && !link.names.is_empty()) else { continue };
        let target = |other: &SourceFile| !other.link && takes(other) && other.bytes == source.bytes;
        if !sources.files().any(|(_, other)| target(other)) {
            files[id.0 as usize] = Some(link);
        }
    }
}
