//! Nulls in a layer: what removes, and what is an empty text.
//!
//! A null that an author wrote (`null`, `~`) removes what an earlier layer gave. A key without a value in a map of texts
//! or amounts (`nodeSelector: {infra: }`) is what Kubernetes reads there, the empty text or 0, and so is any null in a
//! list that replaces the one before: there it has nothing to remove.

use std::borrow::Cow;

use serde_json::Value;

use crate::diag::{Code, Diagnostic};
use crate::patch::ListShape;
use crate::patch::table::List;
use crate::tree::{Span, SpanTree};
use crate::validate::nulls::{fill, holds_null, zero};
use crate::validate::{SchemaNode, ValueKind};

/// A part of a layer with its nulls filled in, and a warning for each key without a value.
pub(super) fn in_layer<'v>(
    value: &'v Value,
    spans: &SpanTree,
    (schema, shape): (Option<SchemaNode>, ListShape),
    troubles: &mut Vec<Diagnostic>,
) -> Cow<'v, Value> {
    match schema {
        Some(schema) if holds_null(value) => {
            let mut filled = value.clone();
            let mut walk = NullsWalk { troubles };
            walk.value(&mut filled, Some(spans), schema, shape);
            Cow::Owned(filled)
        }
        _ => Cow::Borrowed(value),
    }
}

struct NullsWalk<'t> {
    troubles: &'t mut Vec<Diagnostic>,
}

impl NullsWalk<'_> {
    fn value(&mut self, value: &mut Value, spans: Option<&SpanTree>, schema: SchemaNode, shape: ListShape) {
        match (schema.kind(), value) {
            (ValueKind::Object, Value::Object(members)) => {
                for (name, member) in members {
                    if let Some(schema) = schema.field(name) {
                        self.value(member, spans.and_then(|spans| spans.member(name)), schema, shape.field(name));
                    }
                }
            }
            (ValueKind::Map, Value::Object(members)) => {
                let Some(schema) = schema.item() else { return };
                for (key, member) in members {
                    let spans = spans.and_then(|spans| spans.member(key));
                    match spans.filter(|spans| member.is_null() && is_blank(spans.value)) {
                        Some(blank) => self.blank(key, member, blank.key, schema),
                        None => self.value(member, spans, schema, ListShape::UNKNOWN),
                    }
                }
            }
            // The list takes the place of the one before, so nothing in it can be removed.
            (ValueKind::List, list @ Value::Array(_)) if shape.list() == List::Atomic => fill(list, schema),
            (ValueKind::List, Value::Array(items)) => {
                let Some(schema) = schema.item() else { return };
                for (at, item) in items.iter_mut().enumerate() {
                    if item.is_null()
                        && let Some(zero) = zero(schema)
                    {
                        *item = zero;
                    }
                    self.value(item, spans.and_then(|spans| spans.item(at)), schema, shape.item());
                }
            }
            _ => {}
        }
    }

    fn blank(&mut self, key: &str, member: &mut Value, span: Span, schema: SchemaNode) {
        let Some(zero) = zero(schema) else { return };
        self.troubles.push(without_value(key, span, &zero));
        *member = zero;
    }
}

/// The author wrote nothing at all.
fn is_blank(span: Span) -> bool {
    span.range().is_empty()
}

fn without_value(key: &str, span: Span, zero: &Value) -> Diagnostic {
    let message = format!("`{key}` has no value, which Kubernetes reads as `{zero}`");
    Diagnostic::new(Code::AmbiguousScalar, span, message)
        .help(format!("write `{key}: {zero}`, or `{key}: null` to remove what an earlier layer gave"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{FileId, Located};
    use serde_json::json;

    /// The pod of a layer with its nulls filled in, and the keys that have no value.
    fn pod(text: &str) -> (Value, Vec<String>) {
        let parsed = crate::yaml::parse(FileId(0), text.as_bytes());
        let mut diags = crate::diag::Diagnostics::new();
        let located: Located = crate::yaml::read(&parsed.documents[0].root, &mut diags).expect("any value will do");
        let mut troubles = Vec::new();
        let kind = (Some(SchemaNode::pod_spec()), ListShape::pod_spec());
        let filled = in_layer(&located.value, &located.spans, kind, &mut troubles).into_owned();
        let said = troubles.iter().map(|trouble| trouble.message.split('`').nth(1).unwrap_or_default().to_owned());
        (filled, said.collect())
    }

    #[test]
    fn a_key_without_a_value_is_empty_and_a_written_null_removes() {
        let (filled, said) = pod("nodeSelector: {a: , b: null, c: ~, d: x}\noverhead:\n  cpu:\nhostname:\n");
        let meant = json!({"nodeSelector": {"a": "", "b": null, "c": null, "d": "x"}, "overhead": {"cpu": "0"},
            "hostname": null});
        assert_eq!((filled, said), (meant, vec!["a".to_owned(), "cpu".to_owned()]));
    }

    #[test]
    fn a_null_in_a_list_that_replaces_has_nothing_to_remove() {
        let (filled, said) = pod(
            "tolerations: [null]\nvolumes: [{name: v, csi: {volumeAttributes: {a: null, b: }}}]\naffinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {a: null, b: }}}]}}\n",
        );
        assert_eq!(filled["tolerations"], json!([{}]));
        assert_eq!(filled["volumes"][0]["csi"]["volumeAttributes"], json!({"a": null, "b": ""}));
        let terms = &filled["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        assert_eq!(terms[0]["labelSelector"]["matchLabels"], json!({"a": "", "b": ""}));
        assert_eq!(said, ["b"]);
    }
}
