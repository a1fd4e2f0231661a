//! The output as kustomize reads it, and so Flux: every cluster's directory builds, and gives the same objects. Without a
//! `kustomization.yaml` a directory holds manifests and nothing else, which is what Argo CD and Flux ask of a plain one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize as _;
use serde_json::Value;

use crate::support::{self, Files};

const API: &str = "apiVersion: fleetcron.dev/v1alpha1";

/// A fixture's repository.
fn fixture(name: &str) -> Files {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("repo");
    let text = |(path, bytes): (String, Vec<u8>)| Some((path, String::from_utf8(bytes).ok()?));
    support::read(&dir).into_iter().filter(|(path, _)| !path.starts_with("rendered/")).filter_map(text).collect()
}

/// A file that passes byte for byte, beside a cluster-wide object and one of a custom kind; one cluster is idle.
fn mixed() -> Files {
    let secret = "# kept\napiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: jobs}\ndata: {a: \"ENC[AES256_GCM,data:x]\"}\nsops: {version: 3.9.0}\n";
    let task = format!(
        "{API}\nkind: Task\nmetadata: {{name: report, namespace: jobs}}\nspec:\n  placement: {{clusters: [eu-1]}}\n  \
         schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  container: {{image: \"a/b:1\"}}\n  resources: [token.enc.yaml, more.yaml]\n"
    );
    let more = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n---\napiVersion: example.com/v1\nkind: Report\nmetadata: {name: all}\n";
    vec![
        (
            "clusters/all.yaml".into(),
            format!(
                "{API}\nkind: Cluster\nmetadata: {{name: eu-1}}\n---\n{API}\nkind: Cluster\nmetadata: {{name: us-1}}\n"
            ),
        ),
        ("tasks/report.yaml".into(), task),
        ("tasks/token.enc.yaml".into(), secret.into()),
        ("tasks/more.yaml".into(), more.into()),
    ]
}

/// The repositories, each with `output` settings.
fn repositories(kustomization: bool) -> Vec<(String, Files)> {
    let mut all = Vec::new();
    let names = ["quickstart", "active", "run-lints", "spreading", "capacity"];
    let fixtures = names.into_iter().map(|name| (name, fixture(name)));
    let found = fixtures.chain([("rich", support::rich()), ("mixed", mixed())]);
    for (name, files) in found {
        for (marker, namespaces) in [("idle", false), ("always", true)] {
            let output = format!(
                "{{kustomization: {kustomization}, namespaces: {namespaces}, fluxSubstitution: allow, marker: {{when: {marker}}}}}"
            );
            let mut files: Files = files.clone();
            match files.iter_mut().find(|(path, _)| path == "fleetcron.yaml") {
                Some((_, text)) => {
                    let mut fleet: Value = serde_yaml::from_str(text).expect("a fleet");
                    fleet["spec"]["output"] = serde_yaml::from_str(&output).expect("settings");
                    *text = fleet.to_string();
                }
                None => files.push((
                    "fleetcron.yaml".into(),
                    format!("{API}\nkind: Fleet\nmetadata: {{name: a}}\nspec: {{output: {output}}}\n"),
                )),
            }
            all.push((format!("{name}, marker {marker}, namespaces {namespaces}"), files));
        }
    }
    all
}

/// The output of a repository, cluster by cluster.
fn by_cluster(files: &Files) -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let mut clusters: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for (path, bytes) in support::right(files) {
        let (cluster, below) = path.split_once('/').expect("a cluster");
        clusters.entry(cluster.to_owned()).or_default().insert(below.to_owned(), bytes);
    }
    clusters
}

fn documents(bytes: &[u8]) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_slice(bytes);
    documents.map(|document| Value::deserialize(document).expect("YAML")).filter(|value| !value.is_null()).collect()
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(|object| {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
    });
    objects
}

#[test]
fn kustomize_builds_every_directory_to_the_same_objects() {
    if !Command::new("kubectl").arg("kustomize").arg("--help").output().is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: kubectl is not installed; no directory was built by kustomize");
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let mut built = 0;
    for (at, (name, files)) in repositories(true).into_iter().enumerate() {
        let mut variants = BTreeSet::new();
        for (cluster, found) in by_cluster(&files) {
            let dir = home.path().join(at.to_string()).join(&cluster);
            for (path, bytes) in &found {
                let path = dir.join(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, bytes).expect("a file");
            }
            // Directories with the same files build alike.
            if !variants.insert(found.keys().cloned().collect::<Vec<_>>()) {
                continue;
            }
            let output = Command::new("kubectl").env("KUBECONFIG", "/dev/null").arg("kustomize").arg(&dir).output();
            let output = output.expect("kubectl starts");
            assert!(output.status.success(), "{name}: {cluster}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(output.stderr.is_empty(), "{name}: {cluster}: {}", String::from_utf8_lossy(&output.stderr));
            let manifests =
                found.iter().filter(|(path, _)| !matches!(path.as_str(), "kustomization.yaml" | ".fleetcron"));
            let ours: Vec<Value> = manifests.flat_map(|(_, bytes)| documents(bytes)).collect();
            assert!(!ours.is_empty(), "{name}: {cluster}");
            assert_eq!(sorted(documents(&output.stdout)), sorted(ours), "{name}: {cluster}");
            built += 1;
        }
    }
    assert!(built >= 24, "{built} directories were built");
}

#[test]
fn a_plain_directory_holds_manifests_and_nothing_else() {
    let mut seen = 0;
    for (name, files) in repositories(false) {
        for (cluster, found) in by_cluster(&files) {
            let mut verbatim = BTreeSet::new();
            let mut objects = BTreeSet::new();
            for (path, bytes) in found.iter().filter(|(path, _)| *path != ".fleetcron") {
                // Argo CD reads all of these names as manifests, and kustomize those; nothing else may stand there.
                assert!(path.ends_with(".yaml") && !path.ends_with("kustomization.yaml"), "{name}: {cluster}/{path}");
                assert!(!path.split('/').any(|part| part.starts_with('.')), "{name}: {cluster}/{path}");
                let [object] = &documents(bytes)[..] else { panic!("{name}: {cluster}/{path} is not one object") };
                let text =
                    |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
                assert!(!text("/apiVersion").is_empty() && !text("/kind").is_empty(), "{name}: {cluster}/{path}");
                let identity =
                    (text("/apiVersion"), text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
                assert!(objects.insert(identity), "{name}: {cluster}/{path} stands there twice");
                assert!(!bytes.windows(24).any(|part| part == b"argocd:skip-file-renderi"), "{name}: {cluster}/{path}");
                if !fleetcron::tree::ownership::has_header(bytes) {
                    verbatim.insert(path.clone());
                }
                seen += 1;
            }
            let index = found.get(".fleetcron").map(|bytes| fleetcron::tree::ownership::read_index(bytes));
            assert_eq!(index.is_some(), !verbatim.is_empty(), "{name}: {cluster}: an index only where it is needed");
            assert_eq!(index.unwrap_or_default(), verbatim, "{name}: {cluster}");
        }
    }
    assert!(seen > 100, "{seen} manifests");
}
