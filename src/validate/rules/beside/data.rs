//! ConfigMaps and Secrets: `ValidateConfigMap`, `ValidateSecret` in `pkg/apis/core/validation/validation.go`. Values
//! are never repeated.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::super::at::At;
use super::super::found::Findings;
use crate::diag::Code;
use crate::validate::{FindingKind, names};

/// `MaxSecretSize` in `pkg/apis/core/types.go`, for ConfigMaps as well.
const MOST: usize = 1024 * 1024;

pub(super) fn config_map(object: &At<'_>, found: &mut Findings) {
    let mut size = 0;
    for (key, entry) in object.entries("data") {
        found.key(&entry, names::config_map_key(key));
        size += entry.value().as_str().map_or(0, str::len);
    }
    for (key, entry) in object.entries("binaryData") {
        found.key(&entry, names::config_map_key(key));
        size += bytes(&entry, "write text under `data`, as it is", found);
        if let Some(data) = object.get("data")
            && let Some(other) = data.get(key)
        {
            found.refuse(&entry, "the key stands in `data` too").at_key().beside(&other);
        }
    }
    limit(object, size, found);
}

pub(super) fn secret(object: &At<'_>, found: &mut Findings) {
    let mut size = 0;
    let plain = object.map("stringData");
    for (key, entry) in object.entries("data") {
        found.key(&entry, names::config_map_key(key));
        let length = bytes(&entry, "write it as it is under `stringData`", found);
        // The server puts `stringData` over `data`.
        if plain.is_none_or(|plain| !plain.contains_key(key)) {
            size += length;
        }
    }
    for (key, entry) in object.entries("stringData") {
        found.key(&entry, names::config_map_key(key));
        size += entry.value().as_str().map_or(0, str::len);
    }
    limit(object, size, found);
    kind(object, found);
}

fn limit(object: &At<'_>, size: usize, found: &mut Findings) {
    if size > MOST {
        found.refuse(object, format!("the values have {size} bytes in all, and {MOST} are allowed"));
    }
}

/// How many bytes a text in base64 stands for; says so if it is none.
fn bytes(entry: &At<'_>, help: &str, found: &mut Findings) -> usize {
    let Some(text) = entry.value().as_str() else { return 0 };
    decoded(text).map_or_else(
        || {
            found.refuse(entry, "the value is not base64").help(help);
            0
        },
        |bytes| bytes.len(),
    )
}

/// What a text in base64 stands for, as `base64.StdEncoding` of Go reads it: line ends are passed over.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 || !digits.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in &digits[..digits.len() - padding] {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// What each type of Secret must hold; a type that is not of Kubernetes is the user's own.
fn kind(secret: &At<'_>, found: &mut Findings) {
    let has = |key: &str| value(secret, key).is_some();
    let lacking: &[&str] = match secret.words("type") {
        "kubernetes.io/service-account-token" => return account(secret, found),
        "kubernetes.io/basic-auth" if has("username") || has("password") => &[],
        "kubernetes.io/basic-auth" => &["username` or `password"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        _ => return,
    };
    for key in lacking {
        match value(secret, key) {
            None => lacks(secret, key, found),
            Some((at, bytes)) if key.starts_with(".docker") => {
                // The server reads it into a map, and null is one without entries.
                if serde_json::from_slice::<Option<BTreeMap<String, IgnoredAny>>>(&bytes).is_err() {
                    found.add(
                        at.get(key).as_ref().unwrap_or(&at),
                        Code::InvalidValue,
                        FindingKind::Rule,
                        "the value is not an object of JSON".to_owned(),
                    );
                }
            }
            Some((at, bytes)) if *key == "ssh-privatekey" && bytes.is_empty() => {
                found.refuse(&at, "`ssh-privatekey` is empty");
            }
            Some(_) => {}
        }
    }
}

/// The value of a key, and the map that has it: `stringData` stands over `data`.
fn value<'s>(secret: &'s At<'_>, key: &str) -> Option<(At<'s>, Vec<u8>)> {
    let text = |map: &'static str| {
        let at = secret.get(map)?;
        let text = at.text(key)?;
        Some((at, text))
    };
    if let Some((at, plain)) = text("stringData") {
        return Some((at, plain.as_bytes().to_vec()));
    }
    // What is not base64 was said.
    text("data").map(|(at, coded)| (at, decoded(coded).unwrap_or_else(|| b"null".to_vec())))
}

/// A token is for a ServiceAccount, which an annotation names.
fn account(secret: &At<'_>, found: &mut Findings) {
    const ACCOUNT: &str = "kubernetes.io/service-account.name";
    let metadata = secret.get("metadata");
    let annotations = metadata.as_ref().and_then(|metadata| metadata.map("annotations"));
    let said = annotations.and_then(|map| map.get(ACCOUNT)).and_then(Value::as_str).unwrap_or_default();
    if said.is_empty() {
        let message = format!("the annotation `{ACCOUNT}` is missing, which a token of a ServiceAccount must have");
        found.add(metadata.as_ref().unwrap_or(secret), Code::MissingField, FindingKind::Rule, message).at_key();
    }
}

fn lacks(secret: &At<'_>, key: &str, found: &mut Findings) {
    let map = ["data", "stringData"].into_iter().find_map(|map| secret.get(map));
    let message = format!("`{key}` is missing, which a Secret of type `{}` must have", secret.words("type"));
    found.add(map.as_ref().unwrap_or(secret), Code::MissingField, FindingKind::Rule, message).at_key();
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::*;
    use serde_json::json;

    /// `pkg/apis/core/validation.ValidateConfigMap`
    #[test]
    fn validate_config_map() {
        let found = |value| found_by(value, config_map);
        assert_eq!(found(json!({"data": {"a.b_C-1": ""}, "binaryData": {"b": "aGk="}})), NONE);
        assert_eq!(found(json!({"data": {"a/b": "", "..": ""}})), ["/data/..", "/data/a~1b"]);
        assert_eq!(found(json!({"data": {"a": ""}, "binaryData": {"a": ""}})), ["/binaryData/a"]);
        assert_eq!(found(json!({"binaryData": {"a": "hi!"}})), ["/binaryData/a"]);
        assert_eq!(found(json!({"data": {"a": "x".repeat(MOST)}})), NONE);
        assert_eq!(found(json!({"data": {"a": "x".repeat(MOST), "b": "x"}})), [""]);
    }

    /// `pkg/apis/core/validation.ValidateSecret`
    #[test]
    fn validate_secret() {
        let found = |kind: &str, data: Value| {
            let name = "kubernetes.io/".to_owned() + kind;
            found_by(json!({"type": if kind.is_empty() { "" } else { &name }, "stringData": data}), secret)
        };
        assert_eq!(found("", json!({"a": "b"})), NONE);
        assert_eq!(found("tls", json!({"tls.crt": "", "tls.key": ""})), NONE);
        assert_eq!(found("tls", json!({})), ["/stringData", "/stringData"]);
        assert_eq!(found("basic-auth", json!({"password": ""})), NONE);
        assert_eq!(found("basic-auth", json!({"user": ""})), ["/stringData"]);
        assert_eq!(found("ssh-auth", json!({"ssh-privatekey": "x"})), NONE);
        assert_eq!(found("ssh-auth", json!({"ssh-privatekey": ""})), ["/stringData"]);
        for good in ["{}", "{\"auths\": {\"a.b\": {}}}", "null"] {
            assert_eq!(found("dockerconfigjson", json!({".dockerconfigjson": good})), NONE, "{good}");
        }
        for bad in ["", "{", "[1]", "\"x\"", "1"] {
            let pointers = found("dockerconfigjson", json!({".dockerconfigjson": bad}));
            assert_eq!(pointers, ["/stringData/.dockerconfigjson"], "{bad}");
        }
        assert_eq!(found("dockercfg", json!({})), ["/stringData"]);
        assert_eq!(found("service-account-token", json!({})), [""]);
        assert_eq!(
            found_by(json!({"type": "mine.com/x", "data": {"a b": "aGk=", "c": "hi"}}), secret),
            ["/data/a b", "/data/c"]
        );
        let coded = json!({"type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
        assert_eq!(found_by(coded, secret), NONE);
    }

    #[test]
    fn base64_is_read_as_go_reads_it() {
        for (text, bytes) in [("", &b""[..]), ("aGk=", b"hi"), ("aGkh", b"hi!"), ("aA==", b"h"), ("aG\nkh\n", b"hi!")] {
            assert_eq!(decoded(text).as_deref(), Some(bytes), "{text:?}");
        }
        for text in ["aGk", "aGk=\u{20}", "a===", "aGk_", "=aGk", "aG k", "héé="] {
            assert_eq!(decoded(text), None, "{text:?}");
        }
    }
}
