//! What a tag makes of a scalar: `!!int "1"`, `!!binary aGk=`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scalar::{self, Scalar};
use super::scan;
use crate::diag::{Code, Diagnostic};
use crate::tree::Span;

/// The meaning of a scalar under a tag of YAML's own namespace (`int` for `!!int`), its text, and what is wrong with it.
/// Any other tag makes a text of it.
pub(super) fn resolve<'v>(
    name: Option<&str>,
    value: Cow<'v, str>,
    span: Span,
) -> (Scalar, Cow<'v, str>, Option<Diagnostic>) {
    let Some(name @ ("null" | "bool" | "int" | "float" | "timestamp" | "binary")) = name else {
        return (Scalar::Text, value, None);
    };
    if name == "binary" {
        return binary(value, span);
    }
    match scalar::resolve_tagged(name, &value) {
        Some(resolved) => (resolved, value, None),
        None => {
            let message = format!("`{value}` cannot be read as `!!{name}`");
            (Scalar::Text, value, Some(Diagnostic::new(Code::YamlSyntax, span, message)))
        }
    }
}

fn binary(value: Cow<'_, str>, span: Span) -> (Scalar, Cow<'_, str>, Option<Diagnostic>) {
    let bare: String = value.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let wrong = match STANDARD.decode(bare).map(String::from_utf8) {
        Ok(Ok(text)) => {
            let wrong = scan::uncarried(&text).map(|character| scan::refused(span, character));
            return (Scalar::Text, Cow::Owned(text), wrong);
        }
        Ok(Err(_)) => {
            let message = "the `!!binary` value is not UTF-8 text, and a manifest cannot carry it";
            Diagnostic::new(Code::ControlCharacter, span, message)
        }
        Err(_) => Diagnostic::new(Code::YamlSyntax, span, "the `!!binary` value is not base64"),
    };
    (Scalar::Text, value, Some(wrong))
}
