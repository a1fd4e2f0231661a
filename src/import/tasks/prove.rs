//! Proves an import: what was written is compiled and compared with the sources, object by object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::read::ReadObjects;
use crate::compile::{self, Compilation};
use crate::diag::{Diagnostic, Place, Severity};
use crate::diff::ObjectKey;
use crate::tree::{FileId, RepoPath, SourceFile, SourceTree, ownership};
use crate::yaml;

/// What the compilation gives otherwise than the sources.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Objects that were compared and are equal.
    pub(super) equal: usize,
    /// Objects of the sources that come out otherwise, with what comes out, by number.
    pub(super) differing: Vec<(usize, Arc<Value>)>,
    /// Objects of the sources that do not come out, by number.
    pub(super) missing: Vec<usize>,
    /// Objects that come out and are in no source: cluster and name.
    pub(super) extra: Vec<(String, ObjectKey)>,
    /// Errors of the compilation: the file, if it has one, and the words.
    pub(super) errors: Vec<(Option<String>, String)>,
}

impl Proof {
    pub(super) fn holds(&self) -> bool {
        self.differing.is_empty() && self.missing.is_empty() && self.extra.is_empty() && self.errors.is_empty()
    }
}

/// A tree of texts over one that is there.
pub(super) fn tree(files: &BTreeMap<String, Arc<[u8]>>, existing: Option<&SourceTree>) -> SourceTree {
    let mut all: Vec<SourceFile> =
        existing.into_iter().flat_map(|tree| tree.files().map(|(_, file)| file.clone())).collect();
    let own = files.iter().filter_map(|(path, bytes)| {
        Some(SourceFile { path: RepoPath::new(path).ok()?, bytes: bytes.clone(), link: false })
    });
    all.extend(own);
    SourceTree::new(all, Vec::new())
}

/// Compiles and compares. `own` says which objects of the sources the import took; `before` are objects that an existing
/// fleet gives already.
pub(super) fn prove(
    tree: &SourceTree,
    clusters: &[String],
    own: &[&ReadObjects],
    before: &BTreeSet<(String, ObjectKey)>,
) -> (Proof, Compilation) {
    let compilation = compile::compile(tree);
    let mut proof = Proof::default();
    let errors = compilation.diags.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    proof.errors = errors.map(|diagnostic| in_words(diagnostic, tree)).collect();
    let mut given = objects(&compilation);
    for (at, found) in own.iter().enumerate() {
        let place = (clusters[found.cluster].clone(), found.key.clone());
        match given.remove(&place) {
            None => proof.missing.push(at),
            Some(value) if is_equal(&value, &found.value) => proof.equal += 1,
            Some(value) => proof.differing.push((at, value)),
        }
    }
    let is_marker = |key: &ObjectKey| key.kind == "ConfigMap" && key.name.starts_with(compile::MARKER_PREFIX);
    proof.extra = given.into_keys().filter(|place| !before.contains(place) && !is_marker(&place.1)).collect();
    (proof, compilation)
}

/// The objects of a compilation, by cluster and key. Clusters share texts, and each is read once.
pub(super) fn objects(compilation: &Compilation) -> BTreeMap<(String, ObjectKey), Arc<Value>> {
    let mut known: HashMap<Arc<[u8]>, Vec<Arc<Value>>> = HashMap::new();
    let mut found = BTreeMap::new();
    for (path, bytes) in compilation.output.files().filter(|(path, _)| ownership::is_manifest(path)) {
        let values = known.entry(bytes.clone()).or_insert_with(|| {
            let parsed = yaml::parse(FileId(0), bytes);
            parsed.documents.iter().map(|document| Arc::new(document.root.to_value())).collect()
        });
        for value in values {
            if let Some(key) = ObjectKey::of(value) {
                found.insert((path.first().to_owned(), key), value.clone());
            }
        }
    }
    found
}

/// Whether two objects are equal, the order of every list included. `suspend: false` is what Kubernetes takes if nothing
/// is written.
pub(super) fn is_equal(a: &Value, b: &Value) -> bool {
    a == b || a["kind"] == "CronJob" && awake(a) == awake(b)
}

fn awake(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(Value::Object(spec)) = object.get_mut("spec")
        && spec.get("suspend") == Some(&Value::Bool(false))
    {
        spec.remove("suspend");
    }
    object
}

/// An error with its place.
fn in_words(diagnostic: &Diagnostic, tree: &SourceTree) -> (Option<String>, String) {
    let (file, place) = match &diagnostic.place {
        Place::Text(span) => (Some(tree.file(span.file).path.to_string()), format!("{}: ", tree.place(*span))),
        Place::Path(path) => (Some(path.clone()), format!("{path}: ")),
        Place::Whole => (None, String::new()),
    };
    (file, format!("{place}{} [{}]", diagnostic.message, diagnostic.code.name()))
}
