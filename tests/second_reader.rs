//! What we write, read by another: `kubectl` must see the very objects that our own reader sees.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use fleetcron::tree::FileId;
use serde_json::Value;

use crate::support;

/// How many manifests one process reads.
const BATCH: usize = 200;

fn kubectl() -> Option<Command> {
    let installed = Command::new("kubectl").args(["version", "--client"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: kubectl is not installed; nothing was read a second time");
        return None;
    }
    let mut command = Command::new("kubectl");
    command.env("KUBECONFIG", "/dev/null");
    command.args(["patch", "--local", "-o", "json", "--type", "merge", "-p", "{}", "-f"]);
    Some(command)
}

fn manifests(files: BTreeMap<String, Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let names = |path: &str| path.ends_with(".yaml") && !path.ends_with("/kustomization.yaml");
    files.into_iter().filter(|(path, _)| names(path)).collect()
}

/// Reads manifests with kubectl; they come back in the order in which they went.
fn second_opinion(manifests: &[(String, Vec<u8>)]) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut different = Vec::new();
    for batch in manifests.chunks(BATCH) {
        let Some(mut kubectl) = kubectl() else { return };
        let file = dir.path().join("batch.yaml");
        let mut stream = Vec::new();
        for (_, bytes) in batch {
            stream.extend_from_slice(b"---\n");
            stream.extend_from_slice(bytes);
            if !bytes.ends_with(b"\n") {
                stream.push(b'\n');
            }
        }
        fs::write(&file, &stream).expect("a file");
        let output = kubectl.arg(&file).output().expect("kubectl starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let theirs = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let theirs: Vec<Value> = theirs.map(|value| value.expect("JSON")).collect();
        assert_eq!(theirs.len(), batch.len(), "kubectl reads as many objects as were written");
        for ((path, bytes), theirs) in batch.iter().zip(theirs) {
            let parsed = fleetcron::yaml::parse(FileId(0), bytes);
            let ours: Vec<Value> = parsed.documents.iter().map(|document| document.root.to_value()).collect();
            if ours != [theirs.clone()] {
                different.push(format!("{path}:\n  ours   {ours:?}\n  theirs {theirs}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn kubectl_reads_the_fixtures_as_we_do() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for case in fs::read_dir(fixtures).expect("a folder").filter_map(Result::ok) {
        let name = case.file_name().to_string_lossy().into_owned();
        let files = manifests(support::read(&case.path().join("expect")));
        // Files that pass byte for byte are their author's, and may hold anything.
        let ours = files.into_iter().filter(|(_, bytes)| fleetcron::tree::ownership::has_header(bytes));
        found.extend(ours.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
    }
    found.sort();
    second_opinion(&found);
}

#[test]
fn kubectl_reads_hostile_strings_as_we_do() {
    let found = manifests(support::right(&support::rich()));
    assert!(found.len() > 8, "{} manifests", found.len());
    second_opinion(&found);
}
