//! Every object of the inputs is in the output or in a message.
//!
//! The generator knows what it wrote: each object carries a mark of its own in an annotation, and each value is known to be
//! sound or not by Kubernetes' rules for names. The output is read again with another YAML reader; nothing of the
//! compiler's own knowledge of paths or names is asked.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support;
use fleetcron::compile::{Compilation, compile};
use fleetcron::diag::{Diagnostic, Place, Severity};
use fleetcron::tree::SourceTree;

/// Numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % sides as u64).expect("small")
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// What was written, and what has to come of it.
#[derive(Default)]
struct Written {
    files: Vec<(String, String)>,
    /// Cluster and mark of every object that is wanted.
    wanted: BTreeSet<(String, String)>,
    /// Files of which one has to be named by an error, for each value that is not sound.
    odd: Vec<Vec<String>>,
}

const ODD_NAMES: [&str; 7] = ["A_b", "../x", "a\nb", "a b", "-", ".", "x/../../y"];
const ODD_KINDS: [&str; 6] = ["Thing\n", "../../evil", "a/b", "5x", "Th ing", "\u{1b}[2J"];
const ODD_VERSIONS: [&str; 5] = ["../../x", "a/b/v1", "x/", "example.com/v1\n", "Example.com/v1"];
const ODD_NAMESPACES: [&str; 5] = ["../n", "A", "a.b", "n\n", ".."];

/// A part of an identity after a patch, and whether it is sound there.
fn patched(dice: &mut Dice, member: &str, number: usize) -> (Value, bool) {
    if !dice.one_in(3) {
        let sound = match member {
            "apiVersion" => json!("example.com/v2"),
            "kind" => json!("Widget"),
            _ => json!(format!("patched-{number}")),
        };
        return (sound, true);
    }
    let odd = [json!(5), json!(["x"]), json!(null), json!("../../x"), json!({"a": 1}), json!(true), json!("")];
    (dice.pick(&odd).clone(), false)
}

/// An object beside a task; `odd` says that one of its parts is not sound.
struct Beside {
    object: Value,
    odd: bool,
    /// The value of the variable `odd`, where a reference brings a part.
    variable: Option<String>,
}

fn beside(dice: &mut Dice, mark: &str, number: usize, may_refer: bool) -> Beside {
    let long = 200 + dice.roll(50);
    let (api, kind, name) = match dice.roll(4) {
        0 => ("v1", "ConfigMap", format!("{}-{number}", "c".repeat(long))),
        1 => ("rbac.authorization.k8s.io/v1", "ClusterRole", format!("system:A_{}-{number}", "r".repeat(long * 2))),
        2 => ("example.com/v1", "Thing", format!("thing.{number}")),
        _ => ("a.rather.long.group.of.an.operator.example.com/v1", "RatherLongKindOfThing", format!("t-{number}")),
    };
    let mut parts = BTreeMap::from([("apiVersion", api.to_owned()), ("kind", kind.to_owned()), ("name", name)]);
    if kind != "ClusterRole" && dice.one_in(3) {
        parts.insert("namespace", format!("own-{number}"));
    }
    let odd = dice.one_in(12);
    let mut changed = "";
    if odd {
        let (member, values): (&str, &[&str]) = match dice.roll(4) {
            0 => ("apiVersion", &ODD_VERSIONS),
            1 => ("kind", &ODD_KINDS),
            // Of a role more names are sound; these are not.
            2 if kind == "ClusterRole" => ("name", &["../x", ".", "x/../../y", "a\nb"]),
            2 => ("name", &ODD_NAMES),
            // A namespace of a cluster-wide object is left out with a warning.
            _ if kind == "ClusterRole" => ("kind", &ODD_KINDS),
            _ => ("namespace", &ODD_NAMESPACES),
        };
        parts.insert(member, (*dice.pick(values)).to_owned());
        changed = member;
    }
    let mut variable = None;
    if odd && may_refer && dice.one_in(2) {
        variable = parts.insert(changed, "$(var.odd)".to_owned());
    }
    let mut metadata = json!({"name": parts["name"], "annotations": {"mark": mark}});
    if let Some(namespace) = parts.get("namespace") {
        metadata["namespace"] = json!(namespace);
    }
    let mut object = json!({"apiVersion": parts["apiVersion"], "kind": parts["kind"], "metadata": metadata});
    if kind == "ClusterRole" {
        object["rules"] = json!([]);
    }
    Beside { object, odd, variable }
}

fn document(kind: &str, name: &str, spec: Value) -> Value {
    let mut document = json!({"apiVersion": "fleetcron.dev/v1alpha1", "kind": kind, "metadata": {"name": name}});
    document["spec"] = spec;
    document
}

fn stream(documents: &[Value]) -> String {
    documents.iter().map(|document| format!("---\n{document:#}\n")).collect()
}

fn task(dice: &mut Dice, at: usize, clusters: &[String], written: &mut Written) {
    let (file, beside_file) = (format!("tasks/t{at}.yaml"), format!("tasks/r{at}.txt"));
    let placed: Vec<String> = match dice.one_in(2) {
        true => clusters.to_vec(),
        false => clusters[dice.roll(clusters.len())..].to_vec(),
    };
    let mut wanted = vec![format!("t{at}")];
    let mut objects = Vec::new();
    let (mut variables, mut patches, mut resources) = (json!({}), Vec::new(), Vec::new());
    for number in 0..dice.roll(4) {
        let mark = format!("t{at}-r{number}");
        let made = beside(dice, &mark, at * 10 + number, variables.get("odd").is_none());
        wanted.push(mark);
        if made.odd {
            written.odd.push(vec![file.clone(), beside_file.clone()]);
        }
        if let Some(value) = &made.variable {
            variables["odd"] = json!(value);
        }
        let kind = made.object["kind"].as_str().expect("a text");
        let custom = !matches!(kind, "ConfigMap" | "ClusterRole");
        if !made.odd && dice.one_in(4) {
            let members: &[&str] = if custom { &["apiVersion", "kind", "name", "namespace"] } else { &["name"] };
            let member = *dice.pick(members);
            let (value, sound) = patched(dice, member, at * 10 + number);
            if !sound {
                written.odd.push(vec![file.clone(), beside_file.clone()]);
            }
            let merge = match member {
                "name" | "namespace" => json!({"metadata": {member: value}}),
                _ => json!({member: value}),
            };
            patches.push(json!({"merge": merge, "target": {"kind": kind, "name": made.object["metadata"]["name"]}}));
        }
        objects.push(made.object);
    }
    if !objects.is_empty() {
        resources.push(json!({"file": format!("r{at}.txt"), "expand": true}));
        written.files.push((beside_file, stream(&objects)));
    }
    if dice.one_in(3) {
        resources.push(json!({"file": "shared.txt"}));
        wanted.push("shared".to_owned());
    }
    let mut spec = json!({
        "placement": {"clusters": placed},
        "schedule": "0 3 * * *",
        "annotations": {"mark": format!("t{at}")},
        "container": {"image": "registry.example.com/a:1"},
        "variables": variables,
        "resources": resources,
    });
    match dice.roll(16) {
        0 => spec["namespace"] = json!(format!("ns-{at}")),
        1 => {
            spec["namespace"] = json!(*dice.pick(&ODD_NAMESPACES));
            written.odd.push(vec![file.clone()]);
        }
        2 => spec["objectName"] = json!(format!("other-{at}")),
        3 => {
            spec["objectName"] = json!(*dice.pick(&ODD_NAMES));
            written.odd.push(vec![file.clone()]);
        }
        4 => {
            let member = *dice.pick(&["name", "namespace"]);
            let (value, sound) = patched(dice, member, 100 + at);
            if !sound {
                written.odd.push(vec![file.clone()]);
            }
            patches.push(json!({"merge": {"metadata": {member: value}}}));
        }
        _ => {}
    }
    if !patches.is_empty() {
        let reached = &placed[dice.roll(placed.len())..];
        spec["overrides"] = json!([{"name": "identity", "clusters": reached, "patches": patches}]);
    }
    written.files.push((file, stream(&[document("Task", &format!("task-{at}"), spec)])));
    for cluster in &placed {
        written.wanted.extend(wanted.iter().map(|mark| (cluster.clone(), mark.clone())));
    }
}

fn repository(seed: u64) -> Written {
    let mut dice = Dice(seed);
    let mut written = Written::default();
    let mut clusters: Vec<String> = (0..1 + dice.roll(3)).map(|at| format!("cluster-{at}")).collect();
    if dice.one_in(12) {
        // The first: every task is placed on the last one too.
        clusters.insert(0, (*dice.pick(&["Bad_Name", "../up", "a.b", "."])).to_owned());
        written.odd.push(vec!["clusters.yaml".to_owned()]);
    }
    let documents: Vec<Value> = clusters.iter().map(|name| document("Cluster", name, json!({}))).collect();
    written.files.push(("clusters.yaml".to_owned(), stream(&documents)));
    let mut defaults = json!({"timeZone": "Etc/UTC", "namespace": "batch"});
    if dice.one_in(16) {
        defaults["namespace"] = json!(*dice.pick(&ODD_NAMESPACES));
        written.odd.push(vec!["fleetcron.yaml".to_owned()]);
    }
    let marker = *dice.pick(&["always", "idle", "never"]);
    let output = json!({"marker": {"when": marker}, "namespaces": dice.one_in(2), "kustomization": dice.one_in(2)});
    let fleet = document("Fleet", "fleet", json!({"defaults": defaults, "output": output}));
    written.files.push(("fleetcron.yaml".to_owned(), stream(&[fleet])));
    // It would be at the place of the marker of every cluster but the others'.
    let name = if dice.one_in(8) { "fleetcron-cluster-0" } else { "shared" };
    let meta = json!({"name": name, "namespace": "default", "annotations": {"mark": "shared"}});
    let shared = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta});
    written.files.push(("tasks/shared.txt".to_owned(), stream(&[shared])));
    for at in 0..1 + dice.roll(3) {
        task(&mut dice, at, &clusters, &mut written);
    }
    let at_marker = written.wanted.contains(&("cluster-0".to_owned(), "shared".to_owned()));
    if marker == "always" && name != "shared" && at_marker {
        let tasks = written.files.iter().map(|(path, _)| path.clone()).filter(|path| path.ends_with(".yaml"));
        written.odd.push(tasks.collect());
    }
    written
}

/// The files that an error names.
fn places(diagnostic: &Diagnostic, sources: &SourceTree) -> BTreeSet<String> {
    let own = match &diagnostic.place {
        Place::Text(span) => Some(sources.file(span.file).path.to_string()),
        Place::Path(path) => Some(path.clone()),
        Place::Whole => None,
    };
    let others = diagnostic.others.iter().map(|other| sources.file(other.span.file).path.to_string());
    own.into_iter().chain(others).collect()
}

/// The marks in the output, each with its cluster, read by another reader.
fn marks(compilation: &Compilation) -> Result<BTreeSet<(String, String)>, TestCaseError> {
    let mut found = BTreeSet::new();
    for (path, bytes) in compilation.output.files() {
        let (cluster, below) = path.as_str().split_once('/').expect("a directory a cluster");
        for part in path.as_str().split('/') {
            prop_assert!(part.len() <= 255 && !matches!(part, "." | ".."), "{}", path);
        }
        if below == "kustomization.yaml" {
            continue;
        }
        let object: serde_yaml::Value = serde_yaml::from_slice(bytes).expect("YAML");
        let metadata = &object["metadata"];
        let folder = below.split_once('/').map(|(folder, _)| folder);
        prop_assert_eq!(metadata["namespace"].as_str(), folder, "{}", path);
        if let Some(mark) = metadata["annotations"]["mark"].as_str() {
            prop_assert!(found.insert((cluster.to_owned(), mark.to_owned())), "{} is there twice", mark);
        }
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_object_is_in_the_output_or_in_a_message(seed in any::<u64>()) {
        let written = repository(seed);
        let sources = SourceTree::of(written.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let compilation = compile(&sources);
        let errors: Vec<&Diagnostic> =
            (&compilation.diags).into_iter().filter(|d| d.severity == Severity::Error).collect();
        let told = support::errors(&compilation, &sources);
        let named: BTreeSet<String> = errors.iter().flat_map(|error| places(error, &sources)).collect();
        for files in &written.odd {
            prop_assert!(files.iter().any(|file| named.contains(file)), "no error names {files:?}: {told:#?}");
        }
        if written.odd.is_empty() {
            prop_assert!(errors.is_empty(), "{told:#?}");
            let found = marks(&compilation)?;
            let lost: Vec<_> = written.wanted.difference(&found).collect();
            prop_assert!(lost.is_empty(), "{lost:?} of {:?}", written.files);
            prop_assert_eq!(found.len(), written.wanted.len());
        }
    }
}

/// The generator gives what the property is about.
#[test]
fn generated_repositories_are_sound_and_odd_alike() {
    let all: Vec<Written> = (0..400).map(repository).collect();
    let sound = all.iter().filter(|written| written.odd.is_empty()).count();
    assert!((120..320).contains(&sound), "{sound} of 400");
}
