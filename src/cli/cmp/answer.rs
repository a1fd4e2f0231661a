//! Checks the answer of the Argo CD plugin as Argo CD will read it.
//!
//! Argo CD reads it twice: the plugin server splits it at `---`, decodes each part and writes JSON; the repo server
//! reads that JSON as YAML. What a plain reader accepts may fail there.

use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::super::outcome::Failure;
use crate::tree::ownership::has_header;
use crate::tree::{FileId, RepoPath};
use crate::yaml;

/// What one MB is to Argo CD.
const MB: u64 = 1 << 20;

/// The manifests of an answer.
pub(super) type ManifestFiles<'a> = [(&'a RepoPath, &'a Arc<[u8]>)];

/// Whether Argo CD takes the manifests for what they are.
///
/// # Errors
/// It would not; what to do about it.
pub(super) fn check(files: &ManifestFiles<'_>, limit: u64) -> Result<(), Failure> {
    // One at a time in parallel, but of several the first is told.
    let faults = files.par_iter().filter_map(|(path, bytes)| fault(bytes).map(|fault| (path, fault)));
    if let Some((path, fault)) = faults.collect::<Vec<_>>().into_iter().next() {
        return Err(Failure::files(format!("`{}` {fault}", path.as_str())));
    }
    // In JSON one byte of a text may become six.
    let least: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    if least.saturating_mul(6) <= limit.saturating_mul(MB) {
        return Ok(());
    }
    let size: u64 = files.par_iter().map(|(_, bytes)| sent(bytes)).sum();
    if size <= limit.saturating_mul(MB) {
        return Ok(());
    }
    let (objects, size) = (files.len(), size.div_ceil(MB));
    Err(Failure::files(format!(
        "the {objects} objects of this cluster are {size} MB, and Argo CD sends {limit} MB (ARGOCD_GRPC_MAX_SIZE_MB): commit \
         the rendered manifests and let Argo CD read their folder, or split the application by the parameter `tasks`"
    )))
}

/// What is wrong with a manifest on its way.
fn fault(bytes: &[u8]) -> Option<String> {
    // What we write ourselves is one object, and holds no character that does not arrive.
    if has_header(bytes) {
        return None;
    }
    let mut objects = Vec::new();
    for part in parts(bytes) {
        let parsed = yaml::parse(FileId(0), part);
        if let Some(wrong) = parsed.diagnostics.first() {
            return Some(format!("cannot be read by Argo CD: {}", wrong.message));
        }
        objects.extend(parsed.documents.iter().map(|document| document.root.to_value()));
    }
    let text =
        |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    match objects.as_slice() {
        [object] if ["/apiVersion", "/kind", "/metadata/name"].iter().all(|pointer| text(object, pointer)) => None,
        [_] => Some("is no Kubernetes object to Argo CD: apiVersion, kind or metadata.name is missing".to_owned()),
        several => Some(format!("is {} objects to Argo CD, and one is expected", several.len())),
    }
}

/// A file as Argo CD cuts it (`YAMLReader` of k8s.io/apimachinery): at each line that begins with `---`, without that line.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if line.starts_with(b"---") {
            parts.push(&bytes[from..at]);
            from = next;
        }
        at = next;
    }
    parts.push(&bytes[from..]);
    parts
}

/// How many bytes an object is between the servers: JSON as Go writes it, and what frames a text in a message.
fn sent(bytes: &[u8]) -> u64 {
    const FRAME: usize = 6;
    let parsed = yaml::parse(FileId(0), bytes);
    let sizes = parsed.documents.iter().map(|document| {
        let json = document.root.to_value().to_string();
        // Go writes these as six bytes, so that JSON may stand in a web page.
        let escaped = json.bytes().filter(|byte| matches!(byte, b'<' | b'>' | b'&')).count();
        json.len() + 5 * escaped + FRAME
    });
    let size: usize = sizes.sum();
    // What cannot be read is as long as it is.
    (if size == 0 { bytes.len() } else { size }) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, limit: u64) -> Result<(), String> {
        let (path, bytes) = (RepoPath::new("eu/x.yaml").unwrap(), Arc::from(text.as_bytes()));
        check(&[(&path, &bytes)], limit).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_passes_byte_for_byte_is_read_as_argo_cd_reads_it() {
        let object = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
        for text in [
            object.to_owned(),
            format!("---\n{object}"),
            format!("--- # c\n{object}---\n"),
            format!("\u{feff}{object}"),
        ] {
            assert_eq!(checked(&text, 100), Ok(()), "{text:?}");
        }
        let cases = [
            (format!("%YAML 1.1\n---\n{object}"), "cannot be read by Argo CD"),
            (format!("{object}---\n{object}"), "is 2 objects"),
            ("# nothing\n".to_owned(), "is 0 objects"),
            ("apiVersion: v1\nkind: Secret\n".to_owned(), "is no Kubernetes object"),
            ("apiVersion: v1\nkind: Secret\nkind: A\nmetadata: {name: a}\n".to_owned(), "cannot be read by Argo CD"),
            (format!("{object}data: {{a: \"\\N\"}}\n"), "cannot be read by Argo CD: the control character U+0085"),
        ];
        for (text, expected) in cases {
            let why = checked(&text, 100).expect_err(&text);
            assert!(why.starts_with("`eu/x.yaml` ") && why.contains(expected), "{text:?}: {why}");
        }
    }

    #[test]
    fn the_size_is_that_of_the_json_that_go_writes() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"<\\n&\"}\n";
        let json = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"\u003c\n\u0026"}}"#;
        assert_eq!(sent(text.as_bytes()), json.len() as u64 + 6);
        let long = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: \"{}\"}}\n",
            "<".repeat(200_000)
        );
        assert!(checked(&long, 1).unwrap_err().contains("are 2 MB, and Argo CD sends 1 MB"));
        assert_eq!(checked(&long, 2), Ok(()));
    }
}
