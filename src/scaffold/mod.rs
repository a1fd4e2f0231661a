//! Writes the text of new repositories and tasks, of CI jobs, and of the files that Argo CD and Flux need.
//!
//! Everything is text made from values: the command line looks at what exists and writes the files.

pub mod argocd;
pub mod ci;
pub mod flux;
pub mod git_attributes;
pub mod output_source;
pub mod remote_url;
pub mod repository;
pub mod schedule;
pub mod task;
pub mod task_override;
pub mod task_path;
pub mod yaml_text;

/// A file: its path below the root, and its text.
pub type FileText = (String, String);

/// A word as it is written in a shell command: quoted where it must be.
pub fn quote_for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if word.chars().all(plain) && !word.starts_with('-') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
