//! How many pods one run has, from `instances` and `job.parallelism`.
//!
//! Under Duplicated it becomes a layer with `parallelism` and `completions`; where instances are shared out, each
//! cluster's share is written later.

use serde_json::{Value, json};

use super::context::DocumentContext;
use crate::diag::{Code, Diagnostic};
use crate::model::{Body, BodyOrigin, Layer};
use crate::tree::{Located, Span, SpanTree, Spanned, Spots};

/// `instances` of a document; a number that means nothing is refused.
pub(super) fn instances(said: Option<Spanned<u32>>, context: &mut DocumentContext<'_, '_>) -> Option<Spanned<u32>> {
    let number = said?;
    if number.value == 0 {
        let diagnostic = Diagnostic::new(Code::InvalidValue, number.span, "a task has at least one instance");
        context.diags.push(diagnostic.help("to keep it from running, write `job: {suspend: true}`"));
        return None;
    }
    Some(number)
}

/// Refuses a parallelism of the author's own that differs from `instances`.
pub(super) fn agrees(said: &Spanned<u32>, layers: &[&Layer], context: &mut DocumentContext<'_, '_>) {
    let number = said.value;
    let own = |layer: &&&Layer| matches!(layer.origin, BodyOrigin::Base(_) | BodyOrigin::Task);
    let parallelism = layers.iter().filter(own).rev().find_map(|layer| in_job(layer, "parallelism"));
    if let Some((value, span)) = parallelism
        && value.as_u64().is_some_and(|parallelism| parallelism != u64::from(number))
    {
        context.diags.push(
            Diagnostic::new(
                Code::InvalidValue,
                span,
                format!("`parallelism` is {value} and `instances` is {number}, and they are the same"),
            )
            .other(said.span, "`instances` is here")
            .help("keep `instances`: it becomes `parallelism` and `completions`"),
        );
    }
}

/// The layer that `instances` means behind `layers`: both fields, left out for 1; completions that somebody gives stay.
/// The parallelism of a file or of the defaults gives way.
pub(super) fn layer(said: &Spanned<u32>, layers: &[&Layer], context: &mut DocumentContext<'_, '_>) -> Layer {
    agrees(said, layers, context);
    let number = said.value;
    let own = |layer: &&&Layer| matches!(layer.origin, BodyOrigin::Base(_) | BodyOrigin::Task);
    let parallelism = layers.iter().filter(own).rev().find_map(|layer| in_job(layer, "parallelism"));
    let completions = layers.iter().rev().find_map(|layer| {
        let file = layer.body.object.as_ref().and_then(|file| file.value.pointer("/spec/jobTemplate/spec/completions"));
        in_job(layer, "completions").map(|(value, _)| value).or(file)
    });
    let wanted = if number == 1 { Value::Null } else { json!(number) };
    let mut fields = Vec::new();
    // What is no number stays, for the checks to refuse.
    if parallelism.is_none_or(|(value, _)| value.is_null() || value.is_u64()) {
        fields.push(("parallelism", wanted.clone()));
    }
    if completions.is_none_or(Value::is_null) {
        fields.push(("completions", wanted));
    }
    let leaf = || SpanTree::leaf(said.span);
    let spots = fields.iter().map(|(name, _)| ((*name).to_owned(), leaf())).collect();
    let value = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let job = Located { value: Value::Object(value), spans: SpanTree { spots: Spots::Members(spots), ..leaf() } };
    Layer { origin: BodyOrigin::Task, body: Body { job: Some(job), ..Body::default() } }
}

/// A field of `job` as a layer says it.
fn in_job<'a>(layer: &'a Layer, name: &str) -> Option<(&'a Value, Span)> {
    layer.body.job.as_ref()?.member(name).map(|(value, spans)| (value, spans.value))
}
