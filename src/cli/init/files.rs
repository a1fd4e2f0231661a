//! What happens to each file that `init` would write: create, extend, already right, or in the way. Existing files are
//! never replaced.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::outcome::Failure;
use crate::repo::{self, Stands};
use crate::scaffold::{FileText, git_attributes};
use crate::sink;
use crate::tree::{Difference, RepoPath, SourceFile, Write};

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileFate {
    /// It is made.
    Create,
    /// Lines are added to it.
    Append,
    /// It is right as it is.
    Same,
    /// It stays as it is, and why.
    Kept(String),
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct PlannedFile {
    pub(super) path: String,
    pub(super) text: Vec<u8>,
    pub(super) fate: FileFate,
}

impl PlannedFile {
    /// Looks at what stands there.
    pub(super) fn look(root: &Path, (path, text): FileText) -> Result<Self, Failure> {
        let place = root.join(&path);
        let stands = repo::stands(&place).map_err(|error| Failure::run(&error))?;
        let text = text.into_bytes();
        let fate = match (stands, repo::blocked(&place)) {
            (_, Some(above)) => FileFate::Kept(format!("`{}` is no folder", shown(root, &above))),
            (Stands::Nothing, None) => FileFate::Create,
            (Stands::File(held), None) if held == text => FileFate::Same,
            (Stands::File(_), None) => FileFate::Kept("a file with other content is there".to_owned()),
            (Stands::Other(what), None) => FileFate::Kept(format!("{what} is there")),
        };
        Ok(Self { path, text, fate })
    }

    /// The attributes of Git, whose lines may join others.
    pub(super) fn attributes(root: &Path, output: &str) -> Result<Self, Failure> {
        let place = root.join(git_attributes::PATH);
        let stands = repo::stands(&place).map_err(|error| Failure::run(&error))?;
        let (text, fate) = match stands {
            Stands::Nothing => (git_attributes::add_missing_lines(b"", output), FileFate::Create),
            Stands::File(held) => {
                let text = git_attributes::add_missing_lines(&held, output);
                let fate = if text == held { FileFate::Same } else { FileFate::Append };
                (text, fate)
            }
            Stands::Other(what) => (Vec::new(), FileFate::Kept(format!("{what} is there"))),
        };
        Ok(Self { path: git_attributes::PATH.to_owned(), text, fate })
    }

    /// As the compiler reads it, if it is made.
    pub(super) fn source(&self) -> Option<SourceFile> {
        let path = RepoPath::new(&self.path).ok().filter(|_| self.fate == FileFate::Create)?;
        Some(SourceFile { path, bytes: self.text.clone().into(), link: false })
    }

    /// For programs.
    pub(super) fn value(&self) -> Value {
        let (fate, why) = match &self.fate {
            FileFate::Create => ("create", None),
            FileFate::Append => ("append", None),
            FileFate::Same => ("same", None),
            FileFate::Kept(why) => ("kept", Some(why)),
        };
        json!({"path": self.path, "fate": fate, "why": why})
    }
}

/// Writes what is to be written: new files all at once, then the lines that are added.
pub(super) fn write(root: &Path, files: &[PlannedFile]) -> Result<(), Failure> {
    let mut create = Vec::new();
    for file in files.iter().filter(|file| file.fate == FileFate::Create) {
        let path = RepoPath::new(&file.path).map_err(|error| Failure::run(&error))?;
        create.push(Write::new(path, file.text.clone().into()));
    }
    create.sort_by(|a, b| a.path.cmp(&b.path));
    let difference = Difference { create, ..Difference::default() };
    sink::directory::apply(root, &difference).map_err(|error| Failure::run(&error))?;
    for file in files.iter().filter(|file| file.fate == FileFate::Append) {
        sink::write_file(&root.join(&file.path), &file.text).map_err(|error| Failure::run(&error))?;
    }
    Ok(())
}

fn shown(root: &Path, path: &Path) -> String {
    let below: PathBuf = path.strip_prefix(root).unwrap_or(path).to_owned();
    below.display().to_string()
}
