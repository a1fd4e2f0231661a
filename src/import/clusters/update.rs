//! Merges imported clusters into existing files.
//!
//! A document that means the same keeps its bytes, and so do its neighbours in the file. In one that differs, what the
//! input knows is replaced and the rest stays; only its comments are lost.

use serde_json::{Map, Value};

use super::amounts;
use super::imported::{DocumentOrder, ImportedCluster};
use crate::diag::{Code, Diagnostic, Place};
use crate::frontend::native::API_VERSION;
use crate::tree::FileId;
use crate::yaml;

/// A file that exists.
#[derive(Clone, Debug)]
pub struct InventoryFile {
    /// Its path as it is shown, which is also the path to write to.
    path: String,
    /// Its text between lines of `---`, each with the line before it.
    parts: Vec<StreamPart>,
    /// Its documents.
    documents: Vec<ClusterDocument>,
    /// It cannot be read, or only in part.
    broken: bool,
    /// It is JSON.
    json: bool,
}

/// What stands between two lines of `---`.
#[derive(Clone, Debug)]
struct StreamPart {
    /// The line of `---`; empty before the first.
    head: String,
    body: String,
    changed: bool,
}

/// A document of ours.
#[derive(Clone, Debug)]
struct ClusterDocument {
    /// `Cluster`, `ClusterCapacity`; empty for any other.
    kind: String,
    name: String,
    value: Value,
    /// Where it stands in the parts.
    part: usize,
}

/// What becomes of the files.
#[derive(Debug, Default)]
pub struct UpdatePlan {
    /// Paths to write, with their new text, in order.
    pub writes: Vec<(String, String)>,
    /// Those of them that do not exist yet.
    pub create: Vec<String>,
    /// Those that do.
    pub update: Vec<String>,
    /// Clusters whose documents stay as they are.
    pub unchanged: usize,
    /// Clusters that stand in the files and not in the input.
    pub gone: Vec<String>,
    /// What stands in the way.
    pub conflicts: Vec<Diagnostic>,
}

impl InventoryFile {
    /// Reads a file.
    pub fn read(path: String, bytes: &[u8]) -> InventoryFile {
        let parsed = yaml::parse(FileId(0), bytes);
        let text = String::from_utf8_lossy(bytes);
        let json = text.trim_start().starts_with('{');
        let (parts, ends) = parts(&text);
        let documents = parsed.documents.iter().map(|document| {
            let text = |name: &str| document.root.get(name).and_then(|node| node.as_str()).unwrap_or_default();
            let ours = text("apiVersion") == API_VERSION && matches!(text("kind"), "Cluster" | "ClusterCapacity");
            let name = document.root.get("metadata").and_then(|metadata| metadata.get("name"));
            ClusterDocument {
                kind: if ours { text("kind").to_owned() } else { String::new() },
                name: name.and_then(|name| name.as_str()).unwrap_or_default().to_owned(),
                value: document.root.to_value(),
                part: ends.partition_point(|end| *end <= document.root.span.start as usize),
            }
        });
        let documents = documents.collect();
        InventoryFile { path, parts, documents, broken: !parsed.diagnostics.is_empty(), json }
    }

    /// Whether it may hold clusters that nobody can tell.
    fn is_riddle(&self) -> bool {
        self.broken && self.parts.iter().any(|part| part.body.contains("fleetcron.dev/"))
    }

    /// Whether documents may be added to it: it is readable, and a cluster stands in it, or nothing at all.
    fn takes_more(&self) -> bool {
        let ours = self.documents.is_empty() || self.documents.iter().any(|document| !document.kind.is_empty());
        !self.broken && !self.json && ours
    }

    fn text(&self) -> String {
        self.parts.iter().map(|part| format!("{}{}", part.head, part.body)).collect()
    }

    fn replace(&mut self, at: usize, value: Value) {
        let part = &mut self.parts[self.documents[at].part];
        if !part.head.is_empty() {
            part.head = "---\n".to_owned();
        }
        part.body = yaml::emit(&value, DocumentOrder::Document);
        part.changed = true;
        self.documents[at].value = value;
    }

    fn append(&mut self, value: &Value) {
        let empty = self.documents.is_empty() && self.parts.iter().all(|part| part.body.trim().is_empty());
        if empty {
            self.parts.clear();
        }
        if let Some(last) = self.parts.last_mut().filter(|last| !last.body.ends_with('\n')) {
            last.body.push('\n');
        }
        let head = if empty { String::new() } else { "---\n".to_owned() };
        let (kind, name) = (value["kind"].as_str(), value["metadata"]["name"].as_str());
        self.documents.push(ClusterDocument {
            kind: kind.unwrap_or_default().to_owned(),
            name: name.unwrap_or_default().to_owned(),
            value: value.clone(),
            part: self.parts.len(),
        });
        self.parts.push(StreamPart { head, body: yaml::emit(value, DocumentOrder::Document), changed: true });
    }
}

/// A text cut before each line of `---`, and where each part ends.
fn parts(text: &str) -> (Vec<StreamPart>, Vec<usize>) {
    let mut parts = vec![StreamPart { head: String::new(), body: String::new(), changed: false }];
    let (mut ends, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            ends.push(at);
            parts.push(StreamPart { head: line.to_owned(), body: String::new(), changed: false });
        } else if let Some(part) = parts.last_mut() {
            part.body.push_str(line);
        }
        at += line.len();
    }
    (parts, ends)
}

/// The stream of documents of all clusters.
pub fn stream(found: &[ImportedCluster]) -> String {
    let documents: Vec<String> = found.iter().map(|one| yaml::emit(&one.document(), DocumentOrder::Document)).collect();
    documents.join("---\n")
}

/// What becomes of the files. `place` gives the path of a document of a kind and a name that stands nowhere yet.
pub fn plan(
    mut files: Vec<InventoryFile>,
    found: &[ImportedCluster],
    place: impl Fn(&str, &str) -> String,
) -> UpdatePlan {
    let mut plan = UpdatePlan::default();
    for file in files.iter().filter(|file| file.is_riddle()) {
        let diagnostic = Diagnostic::at(
            Code::InvalidFile,
            Place::Path(file.path.clone()),
            "this file cannot be read, so nobody can tell which clusters it holds",
        );
        plan.conflicts.push(diagnostic.help("mend it first; `fleetcron check` says what is wrong"));
    }
    if !plan.conflicts.is_empty() {
        return plan;
    }
    let old = files.len();
    for one in found {
        let mut changed = false;
        for (kind, name, value) in documents(&files, one) {
            let held = files.iter().enumerate().find_map(|(at, file)| {
                let same = |document: &ClusterDocument| document.kind == kind && document.name == name;
                Some((at, file.documents.iter().position(same)?))
            });
            match held {
                Some((file, at)) if files[file].documents[at].value == value => {}
                Some((file, _)) if files[file].json => plan.conflicts.push(
                    Diagnostic::at(
                        Code::ForeignFile,
                        Place::Path(files[file].path.clone()),
                        format!("cluster `{name}` would change, and it stands in JSON, which is not edited"),
                    )
                    .help("write the file as YAML"),
                ),
                Some((file, at)) => {
                    files[file].replace(at, value);
                    changed = true;
                }
                None => {
                    changed = true;
                    let path = place(kind, name);
                    match files.iter_mut().find(|file| file.path == path) {
                        Some(file) if file.takes_more() => file.append(&value),
                        Some(_) => plan.conflicts.push(
                            Diagnostic::at(
                                Code::ForeignFile,
                                Place::Path(path),
                                format!("this file stands where cluster `{name}` belongs, and it holds no cluster"),
                            )
                            .help("move it away, or import into another place"),
                        ),
                        None => {
                            let mut file = InventoryFile::read(path, b"");
                            file.append(&value);
                            files.push(file);
                        }
                    }
                }
            }
        }
        plan.unchanged += usize::from(!changed);
    }
    for (at, file) in files.iter().enumerate() {
        let clusters = file.documents.iter().filter(|document| document.kind == "Cluster");
        let missing = clusters.filter(|document| !found.iter().any(|one| one.name == document.name));
        plan.gone.extend(missing.map(|document| document.name.clone()));
        if file.parts.iter().any(|part| part.changed) {
            if at < old { &mut plan.update } else { &mut plan.create }.push(file.path.clone());
            plan.writes.push((file.path.clone(), file.text()));
        }
    }
    if found.iter().all(|one| one.capacity_alone) {
        plan.gone.clear();
    }
    plan
}

/// The documents that a cluster should have: what stands there, brought up to what is known. A capacity goes where one
/// stands already, for two would be an error.
fn documents<'f>(files: &[InventoryFile], one: &'f ImportedCluster) -> Vec<(&'static str, &'f str, Value)> {
    let held = |kind: &str| {
        let mut all = files.iter().flat_map(|file| &file.documents);
        all.find(|document| document.kind == kind && document.name == one.name).map(|document| document.value.clone())
    };
    let name = one.name.as_str();
    let (cluster, capacity) = (held("Cluster"), held("ClusterCapacity"));
    if one.capacity_alone {
        let inside = cluster.filter(|cluster| capacity.is_none() && !cluster["spec"]["capacity"].is_null());
        return match (inside, capacity) {
            (Some(cluster), _) => vec![("Cluster", name, merged(cluster, one, true))],
            (None, Some(capacity)) => vec![("ClusterCapacity", name, refreshed(capacity, one))],
            (None, None) => vec![("ClusterCapacity", name, one.document())],
        };
    }
    let apart = capacity.is_some();
    let mut documents = Vec::new();
    match cluster {
        Some(cluster) => documents.push(("Cluster", name, merged(cluster, one, !apart))),
        None if apart => {
            let plain = ImportedCluster { capacity: super::imported::ImportedCapacity::default(), ..one.clone() };
            documents.push(("Cluster", name, plain.document()));
        }
        None => documents.push(("Cluster", name, one.document())),
    }
    documents.extend(capacity.map(|capacity| ("ClusterCapacity", name, refreshed(capacity, one))));
    documents
}

/// A Cluster brought up to what is known.
fn merged(mut cluster: Value, one: &ImportedCluster, capacity: bool) -> Value {
    let Some(members) = cluster.as_object_mut() else { return cluster };
    for (key, value) in &one.labels {
        if let Some(labels) = members.get_mut("metadata").and_then(Value::as_object_mut).and_then(|m| map(m, "labels"))
        {
            labels.insert(key.clone(), Value::String(value.clone()));
        }
    }
    in_map(members, "spec", |spec| {
        one.fill(spec);
        if capacity {
            in_map(spec, "capacity", |capacity| refresh(capacity, one));
        }
    });
    cluster
}

/// Edits the map under a key; where nothing comes of it, what stood there stays.
fn in_map(members: &mut Map<String, Value>, key: &str, edit: impl FnOnce(&mut Map<String, Value>)) {
    let before = members.get(key).cloned();
    let Some(inner) = map(members, key) else { return };
    edit(inner);
    if inner.is_empty() {
        match before {
            Some(before) if before.as_object().is_none_or(Map::is_empty) => {
                drop(members.insert(key.to_owned(), before))
            }
            _ => drop(members.remove(key)),
        }
    }
}

/// A ClusterCapacity brought up to what is known.
fn refreshed(mut document: Value, one: &ImportedCluster) -> Value {
    if let Some(spec) = document.as_object_mut().and_then(|members| map(members, "spec")) {
        refresh(spec, one);
    }
    document
}

fn refresh(capacity: &mut Map<String, Value>, one: &ImportedCluster) {
    for (name, known) in one.capacity.members() {
        let new = amounts::write(known);
        match capacity.get(name) {
            Some(old) if amounts::same(old, &new) => {}
            None if new.as_object().is_some_and(Map::is_empty) => {}
            _ => drop(capacity.insert(name.to_owned(), new)),
        }
    }
}

/// The map under a key, made if there is none.
fn map<'m>(members: &'m mut Map<String, Value>, key: &str) -> Option<&'m mut Map<String, Value>> {
    let value = members.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::clusters::imported::ImportedTaint;
    use crate::model::TaintEffect;

    fn eu() -> ImportedCluster {
        ImportedCluster {
            name: "eu".to_owned(),
            region: Some("eu-west-1".to_owned()),
            labels: [("env".to_owned(), "prod".to_owned())].into(),
            taints: Some(Vec::new()),
            version: Some("1.33".to_owned()),
            ..ImportedCluster::default()
        }
    }

    const EU: &str = "\
# Ours.
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: eu, labels: {env: prod, owner: me}}   # kept
spec: {region: eu-west-1, kubernetesVersion: v1.33.4, timeZone: Europe/Dublin, capacity: {allocatable: {cpu: 64000m}}}
";

    fn run(texts: &[(&str, &str)], found: &[ImportedCluster]) -> UpdatePlan {
        let files = texts.iter().map(|(path, text)| InventoryFile::read((*path).to_owned(), text.as_bytes())).collect();
        plan(files, found, |kind, name| match kind {
            "Cluster" => format!("{name}.yaml"),
            _ => format!("{name}.capacity.yaml"),
        })
    }

    #[test]
    fn what_means_the_same_keeps_its_bytes() {
        let plan = run(&[("eu.yaml", EU)], &[eu()]);
        assert!(plan.writes.is_empty() && plan.conflicts.is_empty(), "{plan:?}");
        assert_eq!(plan.unchanged, 1);
    }

    #[test]
    fn what_differs_keeps_what_only_a_person_writes() {
        let mut one = eu();
        one.region = Some("eu-west-2".to_owned());
        let taint = ImportedTaint { key: "drain".to_owned(), value: String::new(), effect: TaintEffect::NoExecute };
        one.taints = Some(vec![taint]);
        let plan = run(&[("eu.yaml", EU)], &[one.clone()]);
        assert_eq!(plan.update, ["eu.yaml"]);
        let text = "\
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata:
  name: eu
  labels:
    env: prod
    owner: me
spec:
  region: eu-west-2
  taints:
  - key: drain
    effect: NoExecute
  kubernetesVersion: v1.33.4
  timeZone: Europe/Dublin
  capacity:
    allocatable:
      cpu: \"64000m\"
";
        assert_eq!(plan.writes, [("eu.yaml".to_owned(), text.to_owned())]);
        assert!(run(&[("eu.yaml", text)], &[one]).writes.is_empty(), "a second run writes nothing");
        let lifted = run(&[("eu.yaml", text)], &[eu()]);
        assert!(!lifted.writes[0].1.contains("taints"), "a taint that was lifted is removed");
        for empty in ["", "spec: {}\n", "spec:\n", "spec: {capacity: {}}\n"] {
            let text = format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: eu}}\n{empty}");
            let plain =
                ImportedCluster { name: "eu".to_owned(), taints: Some(Vec::new()), ..ImportedCluster::default() };
            assert!(run(&[("eu.yaml", &text)], &[plain]).writes.is_empty(), "{empty}");
        }
        let unknowing =
            run(&[("eu.yaml", text)], &[ImportedCluster { name: "eu".to_owned(), ..ImportedCluster::default() }]);
        assert!(unknowing.writes.is_empty(), "what the input does not know of stays");
    }

    #[test]
    fn neighbours_in_a_file_keep_their_bytes() {
        let text = format!("# head\n---\n{EU}--- # second\nkind: Other\n\n---\n{}", EU.replace("eu,", "us,"));
        let us = ImportedCluster {
            name: "us".to_owned(),
            region: Some("us-east-1".to_owned()),
            ..ImportedCluster::default()
        };
        let new = ImportedCluster { name: "cn".to_owned(), ..ImportedCluster::default() };
        let plan = run(&[("all.yaml", &text)], &[eu(), us, new]);
        assert_eq!(
            (plan.update.as_slice(), plan.create.as_slice()),
            (&["all.yaml".to_owned()][..], &["cn.yaml".to_owned()][..])
        );
        let written = &plan.writes[0].1;
        assert!(
            written.starts_with(&format!("# head\n---\n{EU}--- # second\nkind: Other\n\n---\napiVersion:")),
            "{written}"
        );
        assert!(written.contains("us-east-1") && written.contains("owner: me"), "{written}");
    }

    #[test]
    fn a_capacity_goes_where_one_stands() {
        let mut one = eu();
        let four = [("cpu".to_owned(), crate::validate::Quantity::from_units(4))];
        one.capacity.allocatable = Some(four.into());
        let apart = "apiVersion: fleetcron.dev/v1alpha1\nkind: ClusterCapacity\nmetadata: {name: eu}\nspec: {allocatable: {cpu: 1}}\n";
        let plain = EU.replace(", capacity: {allocatable: {cpu: 64000m}}", "");
        let plan = run(&[("cap.yaml", apart), ("eu.yaml", &plain)], &[one.clone()]);
        assert_eq!(plan.update, ["cap.yaml"]);
        one.capacity_alone = true;
        let inside = run(&[("eu.yaml", EU)], &[one.clone()]);
        assert_eq!(inside.update, ["eu.yaml"]);
        assert!(inside.writes[0].1.contains("cpu: \"4\""), "{inside:?}");
        let new = run(&[("eu.yaml", &plain)], &[one]);
        assert_eq!(new.create, ["eu.capacity.yaml"]);
    }

    #[test]
    fn what_is_no_cluster_is_not_overwritten() {
        for (text, path) in
            [("kind: Deployment\n", "eu.yaml"), ("a: [", "eu.yaml"), ("apiVersion: fleetcron.dev/v1\na: [", "x.yaml")]
        {
            let plan = run(&[(path, text)], &[eu()]);
            assert_eq!(plan.conflicts.len(), 1, "{text}");
        }
        let json = r#"{"apiVersion": "fleetcron.dev/v1alpha1", "kind": "Cluster", "metadata": {"name": "eu"}}"#;
        assert_eq!(run(&[("eu.json", json)], &[eu()]).conflicts.len(), 1);
        assert!(run(&[("eu.yaml", "\n")], &[eu()]).conflicts.is_empty(), "an empty file is in nobody's way");
    }

    #[test]
    fn clusters_that_are_gone_are_told() {
        let plan = run(&[("eu.yaml", EU)], &[ImportedCluster { name: "us".to_owned(), ..ImportedCluster::default() }]);
        assert_eq!(plan.gone, ["eu"]);
    }
}
