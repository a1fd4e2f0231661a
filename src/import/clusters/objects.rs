//! Parses the input into Kubernetes objects: YAML or JSON, several documents, lists unpacked.
//!
//! The input may hold credentials: fields that no importer needs are dropped while reading, and errors name a place and
//! a rule but never a value.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::object::KubernetesObject;
use crate::diag::{Code, Diagnostic, Diagnostics, Place};
use crate::tree::FileId;
use crate::yaml::{self, Data, Node};

/// The largest input that is read: the pods of a large cluster.
pub const MAX_BYTES: u64 = 256 << 20;

/// Members that are dropped wherever they stand: credentials, addresses, and what makes pods and nodes large.
const DROPPED: [&str; 35] = [
    "affinity",
    "annotations",
    "apiEnablements",
    "apiEndpoint",
    "args",
    "bearerToken",
    "caBundle",
    "command",
    "config",
    "containerStatuses",
    "controlPlaneEndpoint",
    "env",
    "envFrom",
    "ephemeralContainerStatuses",
    "ephemeralContainers",
    "image",
    "images",
    "impersonatorSecretRef",
    "initContainerStatuses",
    "kubeconfig",
    "lifecycle",
    "livenessProbe",
    "managedClusterClientConfigs",
    "managedFields",
    "password",
    "proxyHeader",
    "proxyURL",
    "readinessProbe",
    "secretRef",
    "securityContext",
    "server",
    "startupProbe",
    "tolerations",
    "volumeMounts",
    "volumes",
];

/// Whether a member is kept; labels are the user's own words, and of a Secret only the name matters.
fn keeps(under: &str, key: &str) -> bool {
    match under {
        "labels" => true,
        "data" | "stringData" => key == "name",
        _ => !DROPPED.contains(&key),
    }
}

/// Reads the objects of one input; what cannot be read is said without a word of it.
pub fn read(file: &str, bytes: &[u8], diags: &mut Diagnostics) -> Vec<KubernetesObject> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let json = matches!(first, Some(b'{' | b'['));
    let roots = match json.then(|| read_json(bytes)) {
        Some(Ok(roots)) => roots,
        // Lines of `---` may stand between JSON documents.
        Some(Err(_)) if bytes.len() <= yaml::MAX_BYTES => match read_yaml(file, bytes) {
            Ok(roots) => roots,
            Err(found) => {
                diags.extend(found);
                return Vec::new();
            }
        },
        Some(Err((line, column))) => {
            diags.push(silent(Code::YamlSyntax, file, line, column));
            return Vec::new();
        }
        None if bytes.len() > yaml::MAX_BYTES => {
            let message = format!("YAML of more than {} MiB is not read", yaml::MAX_BYTES >> 20);
            let diagnostic = Diagnostic::at(Code::YamlLimits, Place::Path(file.to_owned()), message);
            diags.push(diagnostic.help("write it as JSON: `kubectl get ... -o json`"));
            return Vec::new();
        }
        None => match read_yaml(file, bytes) {
            Ok(roots) => roots,
            Err(found) => {
                diags.extend(found);
                return Vec::new();
            }
        },
    };
    let mut objects = Vec::new();
    for root in roots {
        unpack(file, root, None, &mut objects);
    }
    objects
}

/// A complaint about a place of the input.
fn silent(code: Code, file: &str, line: usize, column: usize) -> Diagnostic {
    Diagnostic::at(code, Place::Path(format!("{file}:{line}:{column}")), code.summary())
        .note("the text is not shown, for it may hold credentials")
}

fn read_json(bytes: &[u8]) -> Result<Vec<Value>, (usize, usize)> {
    let mut roots = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    while reader.end().is_err() {
        match (Kept { under: "" }).deserialize(&mut reader) {
            Ok(root) => roots.push(root),
            Err(error) => return Err((error.line(), error.column())),
        }
    }
    Ok(roots)
}

fn read_yaml(file: &str, bytes: &[u8]) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let parsed = yaml::parse(FileId(0), bytes);
    if parsed.diagnostics.is_empty() {
        return Ok(parsed.documents.iter().map(|document| kept(&document.root, "")).collect());
    }
    let said = parsed.diagnostics.iter().take(10).map(|diagnostic| {
        let at = match diagnostic.place {
            Place::Text(span) => span.start as usize,
            Place::Path(_) | Place::Whole => 0,
        };
        let before = &bytes[..at.min(bytes.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        silent(diagnostic.code, file, line, column)
    });
    Err(said.collect())
}

/// The value of a node without what is dropped.
fn kept(node: &Node, under: &str) -> Value {
    match &node.data {
        Data::Seq(items) => Value::Array(items.iter().map(|item| kept(item, under)).collect()),
        Data::Map(entries) => {
            let entries = entries.iter().filter(|entry| keeps(under, &entry.key));
            Value::Object(entries.map(|entry| (entry.key.clone(), kept(&entry.value, &entry.key))).collect())
        }
        _ => node.to_value(),
    }
}

/// A JSON value without what is dropped; `under` is the key that it stands under.
struct Kept<'k> {
    under: &'k str,
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Kept { under: self.under })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if keeps(self.under, &key) {
                let value = members.next_value_seed(Kept { under: &key })?;
                map.insert(key, value);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(map))
    }
}

/// A list gives its items; those of a typed list may leave out what they are.
fn unpack(file: &str, root: Value, inherited: Option<(&str, &str)>, objects: &mut Vec<KubernetesObject>) {
    let root = match root {
        Value::Array(items) => return items.into_iter().for_each(|item| unpack(file, item, None, objects)),
        Value::Object(root) => root,
        _ => return,
    };
    let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
    let (version, kind) = (text("apiVersion"), text("kind"));
    let (of_version, of_kind) = inherited.unwrap_or_default();
    let (version, kind) = (version.unwrap_or(of_version.to_owned()), kind.unwrap_or(of_kind.to_owned()));
    match (kind.strip_suffix("List"), root.get("items")) {
        (Some(of), Some(Value::Array(_))) => {
            let mut root = root;
            let Some(Value::Array(items)) = root.remove("items") else { return };
            items.into_iter().for_each(|item| unpack(file, item, Some((&version, of)), objects));
        }
        _ => objects.push(KubernetesObject::new(file, &version, kind, Value::Object(root))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut diags = Diagnostics::new();
        let objects = read("-", text.as_bytes(), &mut diags);
        assert!(diags.is_empty(), "{diags:?}");
        objects.iter().map(|object| format!("{} {}", object.kind, object.full_name())).collect()
    }

    #[test]
    fn lists_arrays_and_streams_are_unpacked() {
        assert_eq!(names("kind: A\nmetadata: {name: x}\n---\nkind: B\nmetadata: {name: z}\n"), ["A x", "B z"]);
        assert_eq!(names(r#"{"kind": "A", "metadata": {"name": "x"}} {"kind": "B"}"#), ["A x", "B "]);
        assert_eq!(names(r#"[{"kind": "A"}, {"kind": "List", "items": [{"kind": "B"}]}]"#), ["A ", "B "]);
        assert_eq!(names("kind: NodeList\nitems: [{metadata: {name: x}}]"), ["Node x"]);
        assert_eq!(names("{\"kind\": \"A\"}\n---\n{\"kind\": \"B\"}"), ["A ", "B "]);
        assert_eq!(names(""), [""; 0]);
    }

    #[test]
    fn credentials_are_dropped_while_reading() {
        let text = r#"{"kind": "Secret", "metadata": {"annotations": {"a": "HIDDEN"}, "labels": {"config": "kept"}},
            "data": {"name": "kept", "config": "HIDDEN", "server": "HIDDEN", "x": {"y": ["HIDDEN"]}}}"#;
        for text in [text.to_owned(), format!("---\n{text}")] {
            let objects = read("-", text.as_bytes(), &mut Diagnostics::new());
            let shown = format!("{objects:?}");
            assert!(!shown.contains("HIDDEN"), "{shown}");
            assert_eq!(shown.matches("kept").count(), 2, "{shown}");
        }
    }

    #[test]
    fn a_complaint_has_a_place_and_no_text() {
        for (text, place) in [
            ("kind: Secret\ndata:\n  config: HIDDEN\n config: HIDDEN\n", "-:4:"),
            ("{\"kind\": \"Secret\",\n\"data\": {\"config\": \"HIDDEN\" \"HIDDEN\"}}", "-:2:"),
            ("data: *HIDDEN\n", "-:1:"),
            ("HIDDEN: 1\nHIDDEN: 2\n", "-:2:1"),
            ("data: \"HIDDEN", "-:1:"),
        ] {
            let mut diags = Diagnostics::new();
            read("-", text.as_bytes(), &mut diags);
            assert!(diags.has_errors(), "{text}");
            let shown = format!("{diags:?}");
            assert!(!shown.contains("HIDDEN") && shown.contains(place), "{shown}");
        }
    }
}
