//! Reports documents written for Karmada, which this version does not read: one message names the first and counts the
//! rest.

use crate::diag::{Code, Diagnostic, Severity};
use crate::tree::{FileId, Span};
use crate::yaml::Node;

/// The groups whose documents the dialect is made of.
const GROUPS: [&str; 3] = ["policy.karmada.io/", "cluster.karmada.io/", "work.karmada.io/"];

/// Documents of Karmada in one file: the first, and how many.
#[derive(Default)]
pub(super) struct Met {
    first: Option<(Span, String)>,
    count: usize,
}

impl Met {
    /// Looks at one document.
    pub(super) fn see(&mut self, root: &Node) {
        let Some(version) = root.get("apiVersion") else { return };
        if version.as_str().is_some_and(|text| GROUPS.iter().any(|group| text.starts_with(group))) {
            let kind = root.get("kind").and_then(Node::as_str).unwrap_or("document");
            self.first.get_or_insert_with(|| (version.span, kind.to_owned()));
            self.count += 1;
        }
    }

    /// The file, if there is one.
    pub(super) fn file(&self) -> Option<FileId> {
        self.first.as_ref().map(|(span, _)| span.file)
    }

    /// What to say of those of all files.
    pub(super) fn diagnostic(all: Vec<Met>, severity: Severity) -> Option<Diagnostic> {
        let count: usize = all.iter().map(|met| met.count).sum();
        let (span, kind) = all.into_iter().find_map(|met| met.first)?;
        let message = match count {
            1 => format!("this {kind} of Karmada is not read by this version"),
            n => format!("{n} documents of Karmada are not read by this version, this {kind} the first of them"),
        };
        Some(
            Diagnostic::new(Code::NotSupported, span, message)
                .severity(severity)
                .help("say the same in documents of `fleetcron.dev/v1alpha1`: Cluster, Task, Override")
                .help("if they are for another tool, leave their files out: `sources: {exclude: [...]}` in the Fleet"),
        )
    }
}
