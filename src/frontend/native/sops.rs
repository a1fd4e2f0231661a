//! Holds files of SOPS to what they say of themselves: what must be encrypted is, and what is encrypted can be decrypted.
//!
//! Source: `shouldBeEncrypted` and `Tree.Encrypt` in `github.com/getsops/sops/v3/sops.go`.

use regex::Regex;
use serde_json::Value;

use super::context::DocumentContext;
use super::resource::text;
use crate::diag::{Code, Diagnostic, Severity};
use crate::tree::{Located, Span, SpanTree, Spots};

/// How an encrypted value begins.
const ENCRYPTED: &str = "ENC[";
/// What `flux build` and `flux diff` print instead of a value of a Secret, in `stringData` and in `data`.
const MASKED: [&str; 2] = ["**SOPS**", "KipTT1BTKio="];

/// Reports what is wrong with an object of a file; false if the file cannot be used.
pub(super) fn check(object: &Located, context: &mut DocumentContext<'_, '_>) -> bool {
    masked(object, context);
    let Some(settings) = object.value.get("sops") else { return without_settings(object, context) };
    if ["apiVersion", "kind"].iter().any(|name| text(object, name).is_some_and(is_encrypted)) {
        let message = "SOPS has encrypted all of this object, so it is not known what it is";
        context.diags.push(Diagnostic::new(Code::ResourceInvalid, object.span(), message).help(
            "encrypt its values alone: give the rule in .sops.yaml an `encrypted_regex` for `data` and `stringData`",
        ));
        return false;
    }
    let Some(rule) = EncryptionRule::of(settings) else { return true };
    let mut plain = Vec::new();
    leaves(&object.value, &object.spans, &mut Vec::new(), &mut |path, value, spans| {
        if path.first().is_none_or(|first| first != "sops") && rule.asks_for(path) && is_plain(value) {
            plain.push((path.join("."), spans.clone()));
        }
    });
    let sound = plain.is_empty();
    for (path, spans) in plain {
        let message = format!("`{path}` is plain text, and by the file's `sops` it must be encrypted");
        context.diags.push(
            Diagnostic::new(Code::ResourceInvalid, spans.key, message)
                .secret(spans.value)
                .note("the secret is in the repository, and SOPS refuses to decrypt the file")
                .help("add values with `sops edit FILE`, and replace this one, for it is known now"),
        );
    }
    sound
}

/// An encrypted value in a file that nothing decrypts.
fn without_settings(object: &Located, context: &mut DocumentContext<'_, '_>) -> bool {
    let mut first: Option<(String, Span)> = None;
    leaves(&object.value, &object.spans, &mut Vec::new(), &mut |path, value, spans| {
        if first.is_none() && value.as_str().is_some_and(is_encrypted) {
            first = Some((path.join("."), spans.value));
        }
    });
    let Some((path, span)) = first else { return true };
    let message = format!("`{path}` is encrypted by SOPS, and the file has no `sops` part");
    context.diags.push(
        Diagnostic::new(Code::ResourceInvalid, span, message)
            .note("nothing decrypts it: the text as it stands would reach the cluster")
            .help("bring back the `sops` part of the file, or encrypt it again"),
    );
    false
}

/// A value that a tool masked for a terminal, and that was saved.
fn masked(object: &Located, context: &mut DocumentContext<'_, '_>) {
    if text(object, "kind") != Some("Secret") {
        return;
    }
    leaves(&object.value, &object.spans, &mut Vec::new(), &mut |path, value, spans| {
        if value.as_str().is_some_and(|text| MASKED.contains(&text)) {
            let message = format!("`{}` is the mask that Flux prints instead of a secret", path.join("."));
            context.diags.push(
                Diagnostic::new(Code::ResourceInvalid, spans.value, message)
                    .severity(Severity::Warning)
                    .help("write the value itself, and encrypt it"),
            );
        }
    });
}

fn is_encrypted(text: &str) -> bool {
    text.starts_with(ENCRYPTED) && text.ends_with(']') && text.contains("data:")
}

/// SOPS leaves empty texts and null as they are.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && !is_encrypted(text),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Which values a file wants encrypted.
struct EncryptionRule {
    unencrypted_suffix: String,
    encrypted_suffix: String,
    unencrypted_regex: Option<Regex>,
    encrypted_regex: Option<Regex>,
}

impl EncryptionRule {
    /// None where a rule cannot be read, depends on comments, or is not recorded: SOPS records its default too.
    fn of(settings: &Value) -> Option<EncryptionRule> {
        let text = |name: &str| settings.get(name).and_then(Value::as_str).unwrap_or_default();
        if ["encrypted_comment_regex", "unencrypted_comment_regex"].iter().any(|name| !text(name).is_empty()) {
            return None;
        }
        let regex = |name: &str| match text(name) {
            "" => Ok(None),
            pattern => Regex::new(pattern).map(Some),
        };
        let rule = EncryptionRule {
            unencrypted_suffix: text("unencrypted_suffix").to_owned(),
            encrypted_suffix: text("encrypted_suffix").to_owned(),
            unencrypted_regex: regex("unencrypted_regex").ok()?,
            encrypted_regex: regex("encrypted_regex").ok()?,
        };
        let said = !rule.unencrypted_suffix.is_empty() || !rule.encrypted_suffix.is_empty();
        (said || rule.unencrypted_regex.is_some() || rule.encrypted_regex.is_some()).then_some(rule)
    }

    fn asks_for(&self, path: &[String]) -> bool {
        let mut encrypted = true;
        if !self.unencrypted_suffix.is_empty() && path.iter().any(|step| step.ends_with(&self.unencrypted_suffix)) {
            encrypted = false;
        }
        if !self.encrypted_suffix.is_empty() {
            encrypted = path.iter().any(|step| step.ends_with(&self.encrypted_suffix));
        }
        if let Some(regex) = &self.unencrypted_regex
            && path.iter().any(|step| regex.is_match(step))
        {
            encrypted = false;
        }
        if let Some(regex) = &self.encrypted_regex {
            encrypted = path.iter().any(|step| regex.is_match(step));
        }
        encrypted
    }
}

/// Every scalar, with the keys that lead to it and its place. Items of lists add no step, as in SOPS.
fn leaves(
    value: &Value,
    spans: &SpanTree,
    path: &mut Vec<String>,
    visit: &mut impl FnMut(&[String], &Value, &SpanTree),
) {
    match (value, &spans.spots) {
        (Value::Object(map), Spots::Members(members)) => {
            for (name, place) in members {
                let Some(member) = map.get(name) else { continue };
                path.push(name.clone());
                leaves(member, place, path, visit);
                path.pop();
            }
        }
        (Value::Array(items), Spots::Items(places)) => {
            for (item, place) in items.iter().zip(places) {
                leaves(item, place, path, visit);
            }
        }
        _ => visit(path, value, spans),
    }
}

#[cfg(test)]
mod tests {
    use super::{EncryptionRule, is_encrypted, is_plain};
    use serde_json::{Value, json};

    fn asks(settings: Value, path: &[&str]) -> bool {
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        EncryptionRule::of(&settings).is_some_and(|rule| rule.asks_for(&path))
    }

    /// `github.com/getsops/sops/v3.shouldBeEncrypted`
    #[test]
    fn should_be_encrypted() {
        let regex = json!({"encrypted_regex": "^(data|stringData)$"});
        assert!(asks(regex.clone(), &["stringData", "password"]));
        assert!(!asks(regex, &["metadata", "name"]));
        let default = json!({"unencrypted_suffix": "_unencrypted"});
        assert!(asks(default.clone(), &["metadata", "name"]));
        assert!(!asks(default, &["a_unencrypted", "b"]));
        assert!(!asks(json!({"version": "3.9.0"}), &["data", "a"]), "no rule is recorded");
        assert!(asks(json!({"encrypted_suffix": "_secret"}), &["a", "b_secret"]));
        assert!(!asks(json!({"unencrypted_regex": "^(kind|metadata)$"}), &["metadata", "name"]));
        assert!(!asks(json!({"encrypted_regex": "("}), &["data", "x"]), "what cannot be read asks for nothing");
    }

    #[test]
    fn an_empty_value_is_never_encrypted() {
        assert!(!is_plain(&json!("")) && !is_plain(&json!(null)));
        assert!(is_plain(&json!("x")) && is_plain(&json!(5)));
        assert!(is_encrypted("ENC[AES256_GCM,data:abc,iv:a=,tag:b==,type:str]"));
        assert!(!is_encrypted("ENC[x"));
    }
}
