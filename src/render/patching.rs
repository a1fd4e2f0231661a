//! The patches of an override, applied to a finished object. It makes no patch semantics; `patch` does.
//!
//! The one idea: a patch that fails says which override, which operation, which pointer, and what is there instead.

use serde_json::Value;

use super::fold::Fold;
use super::{references, spots};
use crate::diag::{Code, Diagnostic};
use crate::model::{PatchKind, PatchStep};
use crate::patch::{PatchError, Shape, json, merge, strategic};
use crate::tree::SpanTree;

/// Whether a patch is for the CronJob.
pub(super) fn for_cron_job(patch: &PatchStep) -> bool {
    patch.target.as_ref().is_none_or(|target| *target.kind == "CronJob")
}

/// Applies a patch to the object of a fold; says whether it did. A failure is put among the fold's troubles.
pub(super) fn apply<'a>(fold: &mut Fold<'a>, step: &'a PatchStep) -> bool {
    if let Some(name) = step.target.as_ref().and_then(|target| target.name.as_ref())
        && let Some(own) = fold.state.object.pointer("/metadata/name").and_then(Value::as_str)
        && own != name.as_str()
    {
        let message = format!("the patch is for CronJob `{}`, but the task's is `{own}`", **name);
        let diagnostic = Diagnostic::new(Code::PatchFailed, name.span, message);
        fold.troubles.push(diagnostic.help("leave `target` out: without it a patch is for the task's CronJob"));
        return false;
    }
    let patch = fold.expanded(&step.patch);
    match run(&mut fold.state.object, step.kind, &patch, Shape::cron_job()) {
        Ok(()) => true,
        Err(error) => {
            fold.troubles.push(trouble(step, &error));
            false
        }
    }
}

/// Applies a patch to any object.
pub(super) fn run(object: &mut Value, kind: PatchKind, patch: &Value, shape: Shape) -> Result<(), PatchError> {
    match kind {
        PatchKind::Strategic => {
            let mut patch = patch.clone();
            strategic::identify(&mut patch, object)?;
            strategic::apply(object, &patch, shape)
        }
        PatchKind::Merge => merge::apply(object, patch).map(|_| ()),
        PatchKind::Json => json::apply(object, &json::parse(patch)?),
    }
}

/// A patch that does not apply, at its own text.
pub(super) fn trouble(step: &PatchStep, error: &PatchError) -> Diagnostic {
    let root = &step.patch.spans;
    let (span, message) = match &error.operation {
        Some(operation) => {
            let spans: &SpanTree = root.item(operation.index).unwrap_or(root);
            let place = spans.member("path").unwrap_or(spans);
            let at = error.pointer.tokens();
            let inner = spots::deepest(root, at);
            let narrow = if at.len() > 1 { inner } else { place };
            let what =
                format!("operation {} of this patch (`{} {}`)", operation.index + 1, operation.op, operation.path);
            (narrow.value, format!("{what} does not apply: {}", error.problem))
        }
        None => {
            let spot = spots::deepest(root, error.pointer.tokens());
            (spot.key, format!("this patch does not apply: {}", error.problem))
        }
    };
    let mut diagnostic = Diagnostic::new(Code::PatchFailed, span, message);
    if let Some(help) = &error.help {
        diagnostic = diagnostic.help(help.clone());
    }
    diagnostic
}

/// The references that stand in a patch.
pub(super) fn names_in(step: &PatchStep, names: &mut std::collections::BTreeSet<String>) {
    references::names_in(&step.patch.value, names);
}
