//! Compiles a task that is not written yet together with the repository, so that errors point into its future text.

use super::super::outcome::Failure;
use super::super::session::Session;
use crate::compile::Compilation;
use crate::diag::{Diagnostics, Place, Severity};
use crate::lock::LockMode;
use crate::repo::{self, Opened, Stands};
use crate::scaffold::task::TaskRequest;
use crate::scaffold::task_path::choose_task_path;
use crate::tree::{RepoPath, SourceFile};

/// The file as it would be, and what the repository would come to.
pub(super) struct TaskDraft {
    pub(super) path: RepoPath,
    pub(super) text: String,
    pub(super) compilation: Compilation,
    /// The place of the task among the units; `None` if it did not become one.
    pub(super) unit: Option<usize>,
}

/// Where the file goes.
pub(super) fn path(
    session: &Session,
    request: &TaskRequest,
    into: Option<&RepoPath>,
    before: &Compilation,
) -> Result<RepoPath, Failure> {
    let path = match into {
        Some(path) => path.clone(),
        None => {
            let path = choose_task_path(request.namespace.as_deref(), &request.name, &before.model, session.tree());
            RepoPath::new(&path).map_err(|error| Failure::Run(format!("`{path}`: {error}")))?
        }
    };
    let output = &before.model.fleet.output.dir;
    if path.as_str().strip_prefix(output.as_str()).is_some_and(|rest| rest.starts_with('/')) {
        return Err(Failure::files(format!("`{path}` lies in the output directory, which is not read")));
    }
    let place = session.root.join(path.as_str());
    if let Some(above) = repo::blocked(&place) {
        return Err(Failure::files(format!("`{}` is no folder, so `{path}` cannot be written", above.display())));
    }
    match repo::stands(&place).map_err(|error| Failure::run(&error))? {
        Stands::Nothing => Ok(path),
        _ => Err(Failure::files(format!(
            "`{path}` is there already, and is left as it is; say another with `--into FILE`"
        ))),
    }
}

/// Compiles the repository as it would be.
pub(super) fn of(session: &mut Session, request: &TaskRequest, path: RepoPath) -> Result<TaskDraft, Failure> {
    let text = request.file_text();
    let file = SourceFile { path: path.clone(), bytes: text.as_bytes().into(), link: false };
    let compilation = session.imagine(&[file], &LockMode::Steady)?;
    let tree = session.tree();
    let id = tree.get(&path).map(|(id, _)| id);
    let unit = compilation.model.units.iter().position(|unit| Some(unit.name.file) == id);
    if !session.diags.has_errors() {
        let ignored = match session.opened() {
            Some(Opened::Folder(worktree)) => !worktree.would_count(&path),
            _ => false,
        };
        if ignored {
            return Err(Failure::files(format!(
                "Git ignores `{path}`, so it would not be read: say another with `--into FILE`"
            )));
        }
        if unit.is_none() {
            let say = "so it would not be read: say another file with `--into FILE`";
            return Err(Failure::files(format!("`sources` in the Fleet leaves out `{path}`, {say}")));
        }
    }
    Ok(TaskDraft { path, text, compilation, unit })
}

/// Keeps of what was found only what is wrong, and what is said of this file.
pub(super) fn narrow(session: &mut Session, draft: &TaskDraft) {
    let id = session.tree().get(&draft.path).map(|(id, _)| id);
    let ours = |place: &Place| matches!(place, Place::Text(span) if Some(span.file) == id);
    let path = |place: &Place| matches!(place, Place::Path(path) if *path == draft.path.to_string());
    let mut kept = Diagnostics::new();
    kept.extend(
        session.diags.iter().filter(|d| d.severity == Severity::Error || ours(&d.place) || path(&d.place)).cloned(),
    );
    session.diags = kept;
}
