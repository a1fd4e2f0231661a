//! Laws of the import, over generated fleets: what is compiled from a fleet and imported again compiles to the same
//! objects, whatever the order of files and clusters, and never to more text.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetcron::compile::compile;
use fleetcron::import::tasks::{ImportOptions, Imported, SourceText, import};
use fleetcron::tree::{FileId, RepoPath, SourceFile, SourceTree};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::support;

/// A task of a generated fleet.
#[derive(Clone, Debug)]
struct Task {
    name: String,
    clusters: Vec<usize>,
    schedule: &'static str,
    env: Vec<(&'static str, String)>,
    /// By cluster, what an override says.
    differs: Vec<(usize, &'static str)>,
    active: Option<usize>,
}

const CLUSTERS: [&str; 4] = ["eu-1", "eu-2", "us-1", "lab"];

fn task(number: usize) -> impl Strategy<Value = Task> {
    let value = prop_oneof![
        Just("https://db.$(cluster.name).example.com".to_owned()),
        Just("plain".to_owned()),
        Just("$(A) and more".to_owned()),
        "[a-z:#' ]{0,8}",
    ];
    let env = prop::collection::vec((select(vec!["A", "B", "C", "D"]), value), 0..4);
    let layers = select(vec![
        "container: {env: {B: other, Z: \"1\", A: null}}",
        "container: {resources: {limits: {memory: 1Gi}}}",
        "schedule: \"5 4 * * *\"",
        "labels: {tier: null, more: x}",
        "container: {args: [--fast, \"on\"]}",
    ]);
    (
        prop::sample::subsequence((0..CLUSTERS.len()).collect::<Vec<usize>>(), 1..=CLUSTERS.len()),
        select(vec!["0 3 * * *", "*/5 * * * *"]),
        env,
        prop::collection::vec((0..CLUSTERS.len(), layers), 0..3),
        prop::option::of(0..CLUSTERS.len()),
    )
        .prop_map(move |(clusters, schedule, mut env, mut differs, active)| {
            let mut seen = std::collections::HashSet::new();
            env.retain(|(name, _)| seen.insert(*name));
            differs.retain(|(cluster, _)| clusters.contains(cluster));
            differs.sort();
            differs.dedup_by_key(|(cluster, _)| *cluster);
            let active = active.filter(|at| clusters.contains(at));
            Task { name: format!("job-{number}"), clusters, schedule, env, differs, active }
        })
}

fn fleet() -> impl Strategy<Value = Vec<Task>> {
    (1..5_usize).prop_flat_map(|count| (0..count).map(|number| task(number).boxed()).collect::<Vec<_>>())
}

/// The fleet as documents.
fn tree(tasks: &[Task]) -> SourceTree {
    let mut text = String::from(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {defaults: {timeZone: Etc/UTC}}\n",
    );
    for cluster in CLUSTERS {
        text.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {cluster}}}\n"
        ));
    }
    for task in tasks {
        let names = |set: &[usize]| set.iter().map(|at| CLUSTERS[*at]).collect::<Vec<&str>>().join(", ");
        text.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {}, namespace: n, labels: {{tier: gold, app: {0}}}}}\nspec:\n  \
             placement: {{clusters: [{}]}}\n  schedule: \"{}\"\n",
            task.name,
            names(&task.clusters),
            task.schedule
        ));
        if let Some(active) = task.active {
            text.push_str(&format!("  active: [{}]\n", CLUSTERS[active]));
        }
        text.push_str(&format!("  container:\n    image: r.example.com/{}:1\n    env: [", task.name));
        let env =
            task.env.iter().map(|(name, value)| format!("{{name: {name}, value: {}}}", Value::String(value.clone())));
        text.push_str(&format!("{}]\n  overrides:\n", env.collect::<Vec<String>>().join(", ")));
        if task.differs.is_empty() {
            text.truncate(text.len() - "  overrides:\n".len());
        }
        for (cluster, layer) in &task.differs {
            text.push_str(&format!("    - name: on-{}\n      clusters: [{0}]\n      {layer}\n", CLUSTERS[*cluster]));
        }
    }
    SourceTree::of([("fleet.yaml", text.as_str())])
}

/// What a tree compiles to, as the sources of an import; `None` where it does not compile, or has no task.
fn compiled(tree: &SourceTree) -> Option<Vec<SourceText>> {
    let compilation = compile(tree);
    let texts: Vec<SourceText> = (compilation.output.files())
        .filter(|(path, _)| path.as_str().ends_with("cronjob.yaml"))
        .map(|(path, bytes)| SourceText {
            cluster: path.first().to_owned(),
            path: path.to_string(),
            bytes: bytes.clone(),
        })
        .collect();
    (!compilation.diags.has_errors() && !texts.is_empty()).then_some(texts)
}

fn imported(texts: &[SourceText]) -> Imported {
    import(texts, None, &ImportOptions::default()).expect("the sources can be read")
}

fn files(imported: &Imported) -> SourceTree {
    let file = |(path, bytes): (&String, &Arc<[u8]>)| SourceFile {
        path: RepoPath::new(path).expect("a path"),
        bytes: bytes.clone(),
        link: false,
    };
    SourceTree::new(imported.files.iter().map(file).collect(), Vec::new())
}

/// The objects by path, `suspend: false` being what Kubernetes takes if nothing is written.
fn objects(texts: &[SourceText]) -> BTreeMap<String, Value> {
    let value = |text: &SourceText| {
        let mut value = fleetcron::yaml::parse(FileId(0), &text.bytes).documents[0].root.to_value();
        if value["spec"]["suspend"] == false {
            value["spec"].as_object_mut().expect("a map").remove("suspend");
        }
        (text.path.clone(), value)
    };
    texts.iter().map(value).collect()
}

fn lines<'b>(texts: impl Iterator<Item = &'b Arc<[u8]>>) -> usize {
    texts.map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count()).sum()
}

proptest! {
    #![proptest_config(support::config(60))]

    #[test]
    fn an_import_of_what_was_compiled_compiles_to_the_same_objects(tasks in fleet()) {
        let Some(texts) = compiled(&tree(&tasks)) else { return Ok(()) };
        let imported = imported(&texts);
        prop_assert!(imported.unproven.is_empty(), "{:#?}", imported.unproven);
        let again = compiled(&files(&imported)).expect("the import compiles");
        prop_assert_eq!(objects(&again), objects(&texts));
        // Never longer than the sources, the inventory and the settings.
        let inventory = 4 * CLUSTERS.len() + 8;
        prop_assert!(lines(imported.files.values()) <= lines(texts.iter().map(|text| &text.bytes)) + inventory);
    }

    #[test]
    fn the_order_of_files_never_shows(tasks in fleet(), seed in any::<u64>()) {
        let Some(mut texts) = compiled(&tree(&tasks)) else { return Ok(()) };
        let expected = imported(&texts).files;
        let key = |text: &SourceText| text.path.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17));
        texts.sort_by_key(key);
        prop_assert_eq!(imported(&texts).files, expected);
    }

    #[test]
    fn importing_into_the_result_changes_nothing(tasks in fleet()) {
        let Some(texts) = compiled(&tree(&tasks)) else { return Ok(()) };
        let fleet = files(&imported(&texts));
        let again = import(&texts, Some(&fleet), &ImportOptions::default()).expect("the sources can be read");
        prop_assert_eq!((again.files.len(), again.unproven.len(), again.summary.there_already), (0, 0, texts.len()));
    }
}

/// A fleet of so many clusters, whose names say what they are.
fn grown(count: usize) -> Vec<SourceText> {
    let mut texts = Vec::new();
    for number in 0..count {
        let cluster = format!("site-{number:03}");
        for task in 0..5 {
            let bytes = format!(
                "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: job-{task}, namespace: shop}}\nspec:\n  schedule: \"{task} 3 * * *\"\n  \
                 jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n          - name: main\n            \
                 image: r.example.com/job:{task}\n            args: [\"--at={cluster}\", \"--db=db.{cluster}.example.com\"]\n"
            );
            texts.push(SourceText {
                cluster: cluster.clone(),
                path: format!("{cluster}/{task}.yaml"),
                bytes: bytes.into_bytes().into(),
            });
        }
    }
    texts
}

#[test]
fn ten_times_the_clusters_add_their_inventory_alone() {
    let body = |count: usize| {
        let imported = imported(&grown(count));
        assert!(imported.unproven.is_empty(), "{:?}", imported.unproven);
        lines(imported.files.iter().filter(|(path, _)| path.as_str() != "clusters.yaml").map(|(_, bytes)| bytes))
    };
    assert_eq!(body(6), body(60));
}
