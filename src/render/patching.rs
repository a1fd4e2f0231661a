//! Applies the patches of an override to a finished object, and explains failures by override, operation and pointer.

use serde_json::Value;

use super::fold::{Fold, did_you_mean};
use super::{references, spots};
use crate::diag::{Code, Diagnostic};
use crate::model::{PatchKind, PatchStep};
use crate::patch::pointer::{Pointer, There};
use crate::patch::{ListShape, PatchError, json, merge, strategic};
use crate::tree::SpanTree;
use crate::validate::SchemaNode;

/// Whether a patch is for the CronJob.
pub(super) fn for_cron_job(patch: &PatchStep) -> bool {
    patch.target.as_ref().is_none_or(|target| match target.kind.as_str() {
        "CronJob" => true,
        // Any kind, and the CronJob among them.
        "*" => target.name.is_none(),
        _ => false,
    })
}

/// Applies a patch to the object of a fold; says whether it did. A failure is put among the fold's troubles.
pub(super) fn apply<'a>(fold: &mut Fold<'a>, step: &'a PatchStep) -> bool {
    if fold.too_heavy {
        return false;
    }
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
    match run(&mut fold.state.object, step.kind, &patch, ListShape::cron_job()) {
        Ok(()) => {
            fold.weigh();
            true
        }
        Err(error) => {
            let unset = unset(&error, &fold.state.object);
            fold.troubles.push(unset.into_iter().fold(trouble(step, &error), Diagnostic::help));
            false
        }
    }
}

/// Of a CronJob's member that is not there, and that a CronJob may have: how it is set. A slip is forgiven.
fn unset(error: &PatchError, object: &Value) -> Option<String> {
    let operation = error.operation.as_ref().filter(|operation| operation.op == "replace")?;
    let nearest = Pointer::parse(&operation.path).ok()?.nearest(object)?;
    let There::Map { similar: None, .. } = nearest.there else { return None };
    let schema = nearest.existing.tokens().iter().try_fold(SchemaNode::cronjob(), |schema, name| {
        if name.parse::<usize>().is_ok() { schema.item() } else { schema.field(name) }
    })?;
    let fields = schema.fields();
    let known = fields.iter().copied().find(|field| *field == nearest.missing);
    let field = known.or_else(|| did_you_mean(&nearest.missing, fields.iter().copied()))?;
    let last = nearest.existing.tokens().len() + 1 == Pointer::parse(&operation.path).ok()?.tokens().len();
    last.then(|| {
        format!("`{field}` is not set here: `op: add` with the path `{}` sets it", nearest.existing.join(field))
    })
}

/// Applies a patch to any object.
pub(super) fn run(object: &mut Value, kind: PatchKind, patch: &Value, shape: ListShape) -> Result<(), PatchError> {
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
