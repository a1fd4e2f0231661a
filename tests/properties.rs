//! The laws of the compiler, over generated repositories.
//!
//! The one idea: a repository is a list of documents as values. How they are spelled (their order, the order of keys,
//! the files they lie in) is drawn apart from what they say, and must not show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fleetcron::compile::compile;
use fleetcron::tree::{FileId, RepoPath, SourceFile, SourceTree};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::support::{self, Files};

type Output = BTreeMap<String, Vec<u8>>;

/// Strings that some reader of YAML takes for something else.
const HOSTILE: [&str; 24] = [
    "on",
    "y",
    "null",
    "~",
    "",
    " ",
    "0777",
    "1_000",
    "0x1F",
    "1e3",
    ".inf",
    "12:30:45",
    "2001-01-01",
    "- a",
    "a: b",
    "#",
    "---",
    "@a",
    "*a",
    "trail ",
    "a\n\nb\n",
    "é😀",
    "\u{a0}\u{2028}",
    "\t",
];

/// How a repository is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Sorted,
    Reversed,
    /// By a hash of the key with this seed.
    Shuffled(u64),
}

fn hash(text: &str, seed: u64) -> u64 {
    text.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
    })
}

fn entries(map: &Map<String, Value>, keys: Keys) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    match keys {
        Keys::Sorted => entries.sort_by_key(|(key, _)| *key),
        Keys::Reversed => entries.sort_by_key(|(key, _)| std::cmp::Reverse(*key)),
        Keys::Shuffled(seed) => entries.sort_by_key(|(key, _)| (hash(key, seed), *key)),
    }
    entries
}

/// A document as a person writes it: maps in blocks, the rest in JSON's form.
fn spell(value: &Value, depth: usize, keys: Keys, text: &mut String) {
    let Value::Object(map) = value else {
        // Raw, these two are refused: readers disagree about where a line ends.
        let json = value.to_string().replace('\u{2028}', "\\u2028");
        let _infallible = writeln!(text, " {json}");
        return;
    };
    if map.is_empty() {
        text.push_str(" {}\n");
        return;
    }
    if depth > 0 {
        text.push('\n');
    }
    for (key, value) in entries(map, keys) {
        let _infallible = write!(text, "{}{}:", "  ".repeat(depth), Value::from(key.as_str()));
        spell(value, depth + 1, keys, text);
    }
}

fn text(document: &Value, keys: Keys) -> String {
    let mut text = String::new();
    spell(document, 0, keys, &mut text);
    text
}

#[derive(Clone, Debug)]
struct ClusterPlan {
    env: &'static str,
    region: &'static str,
    provider: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct TaskPlan {
    form: u8,
    placement: u8,
    at: Index,
    base: bool,
    over: u8,
    strings: Vec<&'static str>,
    references: bool,
    resource: bool,
    marked: bool,
}

#[derive(Clone, Debug)]
struct Repository {
    clusters: Vec<ClusterPlan>,
    tasks: Vec<TaskPlan>,
}

fn repository() -> impl Strategy<Value = Repository> {
    let cluster = (select(vec!["prod", "dev"]), select(vec!["eu", "us"]), select(vec![None, Some("aws"), Some("gcp")]))
        .prop_map(|(env, region, provider)| ClusterPlan { env, region, provider });
    let strings = proptest::collection::vec(select(HOSTILE.to_vec()), 0..4);
    let task = (0..3u8, 0..4u8, any::<Index>(), any::<bool>(), 0..6u8, strings, any::<[bool; 3]>()).prop_map(
        |(form, placement, at, base, over, strings, [references, resource, marked])| TaskPlan {
            form,
            placement,
            at,
            base,
            over,
            strings,
            references,
            resource,
            marked,
        },
    );
    (proptest::collection::vec(cluster, 1..=6), proptest::collection::vec(task, 1..=6))
        .prop_map(|(clusters, tasks)| Repository { clusters, tasks })
}

fn document(kind: &str, metadata: Value, spec: Value) -> Value {
    json!({"apiVersion": fleetcron::frontend::native::API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})
}

impl Repository {
    /// The documents that mean something by themselves: they may lie anywhere.
    fn documents(&self) -> Vec<Value> {
        let mut all = vec![
            document(
                "Fleet",
                json!({"name": "acme"}),
                json!({"defaults": {"namespace": "batch", "timeZone": "Etc/UTC"}, "variables": [{"set": {"domain": "example.com"}}]}),
            ),
            document(
                "Base",
                json!({"name": "common"}),
                json!({"job": {"concurrencyPolicy": "Forbid"}, "labels": {"team": "billing"}, "annotations": {"example.com/on": "on"}}),
            ),
        ];
        all.extend((0..self.clusters.len()).map(|i| self.cluster(i)));
        all.extend((0..self.tasks.len()).map(|i| self.task(i)));
        if self.tasks.iter().any(|task| task.marked) {
            let names: Vec<String> =
                (0..self.tasks.len()).filter(|i| self.tasks[*i].marked).map(|i| format!("t{i}")).collect();
            all.push(document(
                "Override",
                json!({"name": "marked"}),
                json!({"tasks": {"names": names}, "clusters": ["*"], "annotations": {"example.com/marked": "0x10"}}),
            ));
        }
        all
    }

    fn cluster(&self, i: usize) -> Value {
        let ClusterPlan { env, region, provider } = &self.clusters[i];
        let mut spec = json!({"region": region, "variables": {"url": format!("https://c{i}.example.com")}});
        if let Some(provider) = provider {
            spec["provider"] = json!(provider);
        }
        document("Cluster", json!({"name": format!("c{i}"), "labels": {"env": env, "tier": "on"}}), spec)
    }

    fn task(&self, i: usize) -> Value {
        let task = &self.tasks[i];
        let at = task.at.index(self.clusters.len());
        let placement = match task.placement {
            0 => json!({"clusters": ["*"]}),
            1 => json!({"clusters": [format!("c{at}")]}),
            2 => json!({"match": {"labels": {"env": self.clusters[at].env}}}),
            _ => json!({"match": {"region": [self.clusters[at].region]}}),
        };
        let mut env = Map::new();
        for (n, string) in task.strings.iter().enumerate() {
            env.insert(format!("S{n}"), json!(string));
        }
        if task.references {
            env.insert("WHERE".into(), json!("$(cluster.name)/$(var.url)/$(var.domain)"));
        }
        let mut spec = json!({"placement": placement});
        if task.form == 0 {
            spec["container"] = json!({"image": "busybox:1.36", "args": task.strings});
        }
        if task.form == 1 {
            spec["podTemplate"] = json!({"spec": {
                "restartPolicy": "OnFailure",
                "containers": [{"name": "main", "image": "busybox:1.36", "args": task.strings, "resources": {"requests": {"cpu": "1"}}}],
            }});
        }
        if task.form == 2 {
            spec["cronJob"] = json!("/base/cronjob.yaml");
            spec["objectName"] = json!(format!("t{i}"));
        } else {
            spec["schedule"] = json!("*/5 3 * * *");
        }
        if !env.is_empty() {
            spec["container"]["env"] = Value::Object(env);
        }
        if task.base {
            spec["bases"] = json!(["common"]);
        }
        if task.resource {
            spec["resources"] = json!([format!("/base/config-{i}.yaml")]);
        }
        let body = match task.over {
            1 => Some(json!({"container": {"env": {"OVER": "no"}, "image": {"registry": "registry.example.com"}}})),
            2 => Some(json!({"patches": [{"json": [{"op": "add", "path": "/spec/suspend", "value": true}]}]})),
            3 => Some(json!({"patches": [{"merge": {"metadata": {"annotations": {"z": "1e3", "a": "~"}}}}]})),
            4 => Some(
                json!({"patches": [{"strategic": {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"tolerations": [{"key": "a", "operator": "Exists"}]}}}}}}}]}),
            ),
            5 => Some(json!({"schedule": "0 5 * * *", "pod": {"nodeSelector": {"z": "y", "b": "n"}}})),
            _ => None,
        };
        if let Some(mut body) = body {
            body["name"] = json!("here");
            body["clusters"] = json!([format!("c{at}")]);
            spec["overrides"] = json!([body]);
        }
        document("Task", json!({"name": format!("t{i}"), "namespace": "billing"}), spec)
    }

    /// The files that tasks refer to.
    fn beside(&self) -> Files {
        let cronjob = support::RICH.iter().find(|(path, _)| *path == "base/cronjob.yaml").expect("it is there").1;
        let mut files: Files = vec![("base/cronjob.yaml".into(), cronjob.into())];
        for i in (0..self.tasks.len()).filter(|i| self.tasks[*i].resource) {
            let text = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config-{i}}}\ndata: {{b: \"on\", a: '1_0'}}\n"
            );
            files.push((format!("base/config-{i}.yaml"), text));
        }
        files
    }

    /// One file a document.
    fn files(&self, keys: Keys) -> Files {
        spelled(&self.documents(), &self.beside(), keys)
    }
}

fn spelled(documents: &[Value], beside: &Files, keys: Keys) -> Files {
    let files = documents.iter().enumerate().map(|(i, document)| (format!("all/{i:02}.yaml"), text(document, keys)));
    files.chain(beside.iter().cloned()).collect()
}

/// What some files compile to, whether they are right or not.
fn compiled(files: &Files) -> Output {
    support::output(&compile(&support::tree(files)))
}

/// The output but for one cluster.
fn without(output: &Output, cluster: &str) -> Output {
    let elsewhere = output.iter().filter(|(path, _)| !path.starts_with(&format!("{cluster}/")));
    elsewhere.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

proptest! {
    #![proptest_config(support::config(96))]

    #[test]
    fn generated_repositories_are_right(repository in repository()) {
        let output = support::right(&repository.files(Keys::Sorted));
        let clusters: BTreeSet<&str> = output.keys().filter_map(|path| path.split('/').next()).collect();
        prop_assert_eq!(clusters.len(), repository.clusters.len(), "every cluster has a directory");
    }

    #[test]
    fn the_order_of_files_does_not_show(repository in repository(), seed in any::<u64>()) {
        let files = repository.files(Keys::Sorted);
        let mut shuffled: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile {
                path: RepoPath::new(path).expect("a clean path"),
                bytes: text.as_bytes().into(),
                link: false,
            })
            .collect();
        shuffled.sort_by_key(|file| hash(file.path.as_str(), seed));
        let other = compile(&SourceTree::new(shuffled, Vec::new()));
        prop_assert!(support::output(&other) == compiled(&files));
    }

    #[test]
    fn the_number_of_threads_does_not_show(repository in repository()) {
        let files = repository.files(Keys::Sorted);
        let sources = support::tree(&files);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let compilation = pool.install(|| compile(&sources));
            let said: Vec<String> = compilation.diags.iter().map(|d| format!("{d:?}")).collect();
            (support::output(&compilation), said)
        };
        prop_assert!(with(1) == with(4));
    }

    #[test]
    fn the_order_of_keys_does_not_show(repository in repository(), seed in any::<u64>()) {
        let sorted = compiled(&repository.files(Keys::Sorted));
        prop_assert!(compiled(&repository.files(Keys::Reversed)) == sorted);
        prop_assert!(compiled(&repository.files(Keys::Shuffled(seed))) == sorted);
    }

    #[test]
    fn where_documents_lie_does_not_show(repository in repository(), seed in any::<u64>(), files in 1..5u64) {
        let documents = repository.documents();
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_by_key(|i| hash(&i.to_string(), seed));
        for i in order {
            let file = hash(&i.to_string(), seed) % files;
            let folder = ["", "tasks/", "a/b/c/", "zz/"][(file % 4) as usize];
            let text = text(&documents[i], Keys::Shuffled(seed));
            let all = moved.entry(format!("{folder}f{file}.yml")).or_default();
            *all += &format!("---\n{text}");
        }
        let moved: Files = moved.into_iter().chain(repository.beside()).collect();
        prop_assert!(compiled(&moved) == compiled(&repository.files(Keys::Sorted)));
    }

    #[test]
    fn adding_a_task_moves_and_changes_no_other(repository in repository(), gone in any::<Index>()) {
        let all = repository.documents();
        let gone = format!("t{}", gone.index(repository.tasks.len()));
        let is = |document: &Value| document["kind"] == "Task" && document["metadata"]["name"] == gone.as_str();
        let fewer: Vec<Value> = all.iter().filter(|document| !is(document)).cloned().collect();
        let beside = repository.beside();
        let before = compiled(&spelled(&fewer, &beside, Keys::Sorted));
        let after = compiled(&spelled(&all, &beside, Keys::Sorted));
        for (path, bytes) in &before {
            // The marker of an idle cluster goes when the first task comes.
            if !path.contains("/fleetcron-") {
                prop_assert!(after.get(path) == Some(bytes), "{path}");
            }
        }
        for path in after.keys().filter(|path| !before.contains_key(*path)) {
            let number = gone.trim_start_matches('t');
            prop_assert!(path.ends_with(&format!("/{gone}.cronjob.yaml")) || path.ends_with(&format!("/config-{number}.configmap.yaml")), "{path}");
        }
    }

    #[test]
    fn one_cluster_changes_no_other(repository in repository(), at in any::<Index>(), task in any::<Index>(), how in 0..3u8) {
        let at = format!("c{}", at.index(repository.clusters.len()));
        let mut documents = repository.documents();
        let beside = repository.beside();
        let before = compiled(&spelled(&documents, &beside, Keys::Sorted));
        match how {
            0 | 1 => {
                let is = |document: &&mut Value| document["kind"] == "Cluster" && document["metadata"]["name"] == at.as_str();
                let cluster = documents.iter_mut().find(is).expect("it is there");
                if how == 0 {
                    cluster["metadata"]["labels"]["nobody-asks"] = json!("this");
                } else {
                    cluster["spec"]["variables"]["url"] = json!("https://elsewhere.example.com");
                }
            }
            _ => documents.push(document(
                "Override",
                json!({"name": "zz-one"}),
                json!({"tasks": {"names": [format!("t{}", task.index(repository.tasks.len()))]}, "clusters": [at], "annotations": {"one": "1"}}),
            )),
        }
        let after = compiled(&spelled(&documents, &beside, Keys::Sorted));
        prop_assert!(without(&before, &at) == without(&after, &at));
        if how == 0 {
            prop_assert!(before == after, "a label that nobody asks for changes nothing");
        }
    }

    #[test]
    fn what_is_written_is_read_alike_by_another_reader(repository in repository()) {
        for (path, bytes) in compiled(&repository.files(Keys::Sorted)) {
            let theirs: Value = serde_yaml::from_slice(&bytes).expect("YAML");
            let parsed = fleetcron::yaml::parse(FileId(0), &bytes);
            let ours: Vec<Value> = parsed.documents.iter().map(|document| document.root.to_value()).collect();
            prop_assert_eq!(ours, vec![theirs], "{}", path);
        }
    }
}

/// What is put into a text to spoil it.
const POISON: [&str; 32] = [
    "",
    "\n",
    " ",
    "\t",
    ":",
    "- ",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "!!binary x",
    "!<",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "|\n",
    ">-9\n",
    "null",
    "~",
    "[]",
    "{}",
    "99999999999999999999999",
    "-1",
    "\0",
    "\u{feff}",
    "\u{2028}",
    "$(cluster.",
    "$(var.nobody)",
    "<<: *a",
];

proptest! {
    #![proptest_config(support::config(400))]

    #[test]
    fn no_text_makes_the_compiler_panic(
        repository in repository(),
        wounds in proptest::collection::vec((any::<Index>(), any::<Index>(), 0..40usize, select(POISON.to_vec()), any::<Option<u8>>()), 1..6),
    ) {
        let mut files: Vec<(String, Vec<u8>)> = repository
            .files(Keys::Sorted)
            .into_iter()
            .chain(support::rich())
            .map(|(path, text)| (path, text.into_bytes()))
            .collect();
        for (file, place, length, poison, byte) in wounds {
            let count = files.len();
            let bytes = &mut files[file.index(count)].1;
            let start = place.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            let put: Vec<u8> = poison.bytes().chain(byte).collect();
            bytes.splice(start..end, put);
        }
        let files = files.into_iter().map(|(path, bytes)| SourceFile {
            path: RepoPath::new(&path).expect("a clean path"),
            bytes: bytes.into(),
            link: false,
        });
        let sources = SourceTree::new(files.collect(), Vec::new());
        let compilation = compile(&sources);
        for diagnostic in &compilation.diags {
            if let fleetcron::diag::Place::Text(span) = &diagnostic.place {
                prop_assert!(span.start <= span.end && span.end as usize <= sources.file(span.file).bytes.len());
                let _shown = sources.place(*span);
            }
        }
    }
}

#[test]
fn the_folder_it_lies_in_does_not_show() {
    let build = |name: &str| {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join(name);
        support::put(&root, &support::rich());
        let output = support::run(&root, &["build"]);
        assert!(output.status.success(), "{}", support::grumbled(&output));
        (support::read(&root.join("rendered")), output.stdout)
    };
    let (one, said) = build("one");
    assert!(!one.is_empty());
    assert!((one, said) == build("another folder/deep é"));
}
