//! Handles text that Flux' variable substitution would change, as the settings say.
//!
//! Flux runs envsubst over the whole object: `${` begins a variable, `$$` is one `$` (fluxcd/pkg
//! `envsubst/parse/scan.go`).

use serde_json::{Map, Value};

use crate::diag::{Code, Diagnostic};
use crate::model::{Fleet, FluxSubstitution, ResourceFile, Unit};
use crate::tree::Located;

/// The label or annotation that keeps Flux from substituting in an object.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Does what the settings say about the texts of an object that Flux would change.
pub(super) fn watch(value: &mut Value, fleet: &Fleet, unit: &Unit, diags: &mut Vec<Diagnostic>) {
    if fleet.output.flux == FluxSubstitution::Allow || switched_off(value) {
        return;
    }
    let Some(found) = find(value) else { return };
    match fleet.output.flux {
        FluxSubstitution::Allow => {}
        FluxSubstitution::Escape => escape(value),
        FluxSubstitution::Disable => {
            let annotations = super::path::ensure(value, &["metadata", "annotations"]);
            annotations[SWITCH] = Value::String("disabled".to_owned());
        }
        FluxSubstitution::Warn => {
            let pointer: String =
                found.path.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
            let message = format!("a text of this task holds {}", found.said());
            diags.push(
                Diagnostic::new(Code::FluxSubstitution, unit.name, message)
                    .note(format!("`{}` at {pointer} in the manifest", found.text))
                    .help(
                        "set `output.fluxSubstitution`: `escape` or `disable` if Flux substitutes, `allow` if it does not",
                    ),
            );
        }
    }
}

/// What Flux would change in the readable part of a file that passes byte for byte, where nothing can be done about it.
pub(super) fn verbatim(object: &Located, file: &ResourceFile, fleet: &Fleet) -> Option<(Vec<String>, Diagnostic)> {
    if file.verbatim.is_none() || fleet.output.flux == FluxSubstitution::Allow || switched_off(&object.value) {
        return None;
    }
    // What SOPS keeps for itself is gone before Flux substitutes.
    let members = object.value.as_object()?.iter().filter(|(name, _)| *name != "sops");
    let found = members.into_iter().find_map(|(name, value)| Some(find(value)?.under(name)))?;
    let cannot = match fleet.output.flux {
        FluxSubstitution::Escape => ", and it cannot be escaped: an encrypted file passes byte for byte",
        FluxSubstitution::Disable => ", and no annotation can be set: an encrypted file passes byte for byte",
        FluxSubstitution::Allow | FluxSubstitution::Warn => "",
    };
    let message = format!("this encrypted object holds {}{cannot}", found.said());
    let diagnostic = Diagnostic::new(Code::FluxSubstitution, object.span(), message)
        .help(format!("write the annotation `{SWITCH}: disabled` into the file and encrypt it again"));
    Some((found.path, diagnostic))
}

/// Whether the author keeps Flux from substituting.
fn switched_off(value: &Value) -> bool {
    ["labels", "annotations"].iter().any(|map| {
        let said = value.get("metadata").and_then(|metadata| metadata.get(map)).and_then(|map| map.get(SWITCH));
        said.and_then(Value::as_str) == Some("disabled")
    })
}

/// A text that Flux would change.
struct SubstitutedText {
    /// The members on the way to it.
    path: Vec<String>,
    /// The text, from there on.
    text: String,
}

impl SubstitutedText {
    fn of(text: &str) -> Option<Self> {
        let from = &text[text.contains('$').then(|| acts(text))??..];
        let end = match from.strip_prefix("${") {
            Some(rest) => {
                rest.find(['}', '\n']).map_or(from.len(), |at| at + 2 + usize::from(rest[at..].starts_with('}')))
            }
            None => from.find([' ', '\n']).unwrap_or(from.len()),
        };
        Some(Self { path: Vec::new(), text: from[..end].chars().take(40).collect() })
    }

    fn under(mut self, step: impl ToString) -> Self {
        self.path.insert(0, step.to_string());
        self
    }

    fn said(&self) -> &'static str {
        if self.text.starts_with("${") {
            "`${`, which Flux replaces where substitution is on"
        } else {
            "`$$`, of which Flux leaves one `$` where substitution is on"
        }
    }
}

/// Where a text first holds something that envsubst acts on.
fn acts(text: &str) -> Option<usize> {
    text.match_indices('$').map(|(at, _)| at).find(|at| text[at + 1..].starts_with(['{', '$']))
}

/// The first text of an object that Flux would change, keys of maps included.
fn find(value: &Value) -> Option<SubstitutedText> {
    match value {
        Value::String(text) => SubstitutedText::of(text),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| Some(find(item)?.under(i))),
        Value::Object(map) => map.iter().find_map(|(key, item)| {
            let found = SubstitutedText::of(key).or_else(|| find(item))?;
            Some(found.under(key))
        }),
        _ => None,
    }
}

/// Doubles every `$` that envsubst would act on, in texts and in keys.
fn escape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('$') => *text = doubled(text),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(map) => {
            map.values_mut().for_each(escape);
            if map.keys().any(|key| acts(key).is_some()) {
                let members = std::mem::take(map);
                *map = members.into_iter().map(|(key, item)| (doubled(&key), item)).collect::<Map<_, _>>();
            }
        }
        _ => {}
    }
}

/// A text of which envsubst makes the one given: a run of several `$`, or any before `{`, twice as long.
fn doubled(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let end = rest.len() - rest[at..].trim_start_matches('$').len();
        out.push_str(&rest[..end]);
        if end - at > 1 || rest[end..].starts_with('{') {
            out.push_str(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_envsubst_acts_on_is_doubled() {
        let cases = [
            ("echo ${A}", "echo $${A}"),
            ("$A $(date) 5$", "$A $(date) 5$"),
            ("$$", "$$$$"),
            ("$$(HOME) $${A} $$${A}", "$$$$(HOME) $$$${A} $$$$$${A}"),
            ("é${é}$", "é$${é}$"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(doubled(text), expected);
            assert_eq!(acts(text).is_some(), text != expected, "{text}");
        }
    }
}
