//! What `plan` and `explain` say of tasks that are chosen for, shared out, fall back, stand by, or fit nowhere.
//!
//! The one idea: a small fleet where each way of placing has one task; how it reads at 80 and at 200 columns is kept in
//! `tests/placed/`, and `BLESS=1` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{self, Files, grumbled, said};

/// Name, region, more of its spec.
const CLUSTERS: [(&str, &str, &str); 6] = [
    (
        "eu-a",
        "eu-west-1",
        "capacity: {allocatable: {cpu: \"8\", memory: 32Gi, pods: \"110\"}, allocated: {cpu: \"2\"}}",
    ),
    ("eu-b", "eu-west-1", "capacity: {allocatable: {cpu: \"16\", memory: 64Gi, pods: \"110\"}}"),
    (
        "eu-c",
        "eu-north-1",
        "taints: [{key: maintenance, value: \"true\", effect: NoExecute}]\n  capacity: {allocatable: {cpu: \"64\", memory: 1Ti, pods: \"500\"}}",
    ),
    (
        "us-a",
        "us-east-1",
        "capacity: {allocatable: {cpu: \"12\", memory: 32Gi, pods: \"110\"}, allocating: {cpu: 500m}}",
    ),
    ("us-b", "us-east-1", "capacity: {allocatable: {cpu: \"4\", memory: 32Gi, pods: \"110\"}}"),
    ("us-c", "us-west-2", "provider: aws"),
];

/// Name, what stands in `spec`.
const TASKS: [(&str, &str); 9] = [
    ("aggregated", "instances: 30\n  placement: {clusters: \"*\", strategy: Aggregated}"),
    (
        "spread",
        "placement:\n    clusters: \"*\"\n    spread: [{by: region, min: 1, max: 2}, {by: cluster, min: 1, max: 4}]",
    ),
    (
        "fallback",
        "placement:\n    fallback:\n      - {name: north, match: {region: eu-north-1}}\n      - {name: west, match: {region: eu-west-1}}\n      - {name: rest, clusters: \"*\"}",
    ),
    (
        "standby",
        "placement: {clusters: [eu-a, eu-b, us-a], tolerations: [{operator: Exists}]}\n  active: {max: 1}\n  once: true\n  job: {startingDeadlineSeconds: 300}",
    ),
    (
        "weighted",
        "instances: 7\n  placement:\n    clusters: \"*\"\n    strategy: StaticWeight\n    weights: [{weight: 2, clusters: [eu-a]}, {weight: 1, clusters: [us-a]}]",
    ),
    ("everywhere", "placement: {clusters: \"*\", exclude: {clusters: [eu-b]}}"),
    ("dynamic", "instances: 11\n  placement: {match: {region: [eu-west-1, us-east-1]}, strategy: DynamicWeight}"),
    ("too-great", "instances: 400\n  placement: {clusters: \"*\", strategy: Aggregated}"),
    ("impossible", "placement: {match: {provider: aws, region: [eu-north-1, us-east-1]}}"),
];

fn files() -> Files {
    let mut files = vec![(
        "fleetcron.yaml".to_owned(),
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {defaults: {namespace: ops, timeZone: Etc/UTC}}\n"
            .to_owned(),
    )];
    for (name, region, spec) in CLUSTERS {
        let text = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n  region: {region}\n  {spec}\n"
        );
        files.push((format!("clusters/{name}.yaml"), text));
    }
    for (name, spec) in TASKS {
        let text = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n  schedule: \"0 3 * * *\"\n  container: {{image: \"x:1\", resources: {{requests: {{cpu: 500m, memory: 1Gi}}}}}}\n"
        );
        files.push((format!("tasks/{name}.yaml"), text));
    }
    files
}

/// The fleet without those tasks that fit nowhere, built once, so that all is recorded.
fn repository(without: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let left_out = |path: &str| without.iter().any(|name| path == format!("tasks/{name}.yaml"));
    let files: Files = files().into_iter().filter(|(path, _)| !left_out(path)).collect();
    support::put(dir.path(), &files);
    dir
}

const NOWHERE: [&str; 2] = ["too-great", "impossible"];

fn at(dir: &Path, columns: usize, args: &[&str]) -> String {
    let output = support::program(dir).args(args).env("COLUMNS", columns.to_string()).output().expect("it starts");
    said(&output)
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let output = support::run(dir, &[args, &["--format", "json"]].concat());
    let value: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    value["result"].clone()
}

fn build(dir: &Path) {
    let output = support::run(dir, &["build"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", said(&output), grumbled(&output));
}

/// Compares with the kept text.
#[track_caller]
fn kept(name: &str, text: &str, columns: usize) {
    for line in text.lines() {
        let long = line.split(' ').any(|word| word.chars().count() > 24);
        assert!(line.chars().count() <= columns || long, "{name}: wider than {columns}: {line}");
        assert_eq!(line, line.trim_end(), "{name}");
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/placed").join(format!("{name}-{columns}.txt"));
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "{} is not what comes out: run with BLESS=1 and review it\n{text}", path.display());
}

#[test]
fn both_read_well_at_every_width() {
    let dir = repository(&[]);
    for columns in [80, 200] {
        kept("plan", &at(dir.path(), columns, &["plan"]), columns);
    }
    for (task, _) in TASKS {
        kept(task, &at(dir.path(), 80, &["explain", task, "--from", "2026-03-28"]), 80);
    }
}

/// Two hundred tasks on fifty clusters, by a fixed scramble: the fleet that the plan must be readable for.
fn fleet() -> Files {
    let odd = |number: usize| number.wrapping_mul(2_654_435_761) % 65_521;
    let mut clusters = String::new();
    for number in 0..50 {
        let (region, env) = (["eu-west-1", "eu-north-1", "us-east-1", "cn-north-1"][number % 4], odd(number) % 3);
        let env = ["prod", "prod", "test"][env];
        let taint = if number % 17 == 3 { "taints: [{key: maintenance, effect: NoSchedule}], " } else { "" };
        clusters.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {region}-{number:02}, labels: {{env: {env}}}}}\n\
             spec: {{region: {region}, {taint}capacity: {{allocatable: {{cpu: \"{}\", memory: 256Gi, pods: \"500\"}}}}}}\n",
            odd(number) % 61 + 16,
        ));
    }
    let mut tasks = String::new();
    for number in 0..200 {
        let placement = match odd(number) % 7 {
            0 => "{clusters: \"*\"}",
            1 => "{match: {labels: {env: prod}}}",
            2 => "{match: {region: [eu-west-1, eu-north-1]}, exclude: {clusters: [eu-west-1-04]}}",
            3 => "{clusters: [us-east-1-02, cn-north-1-07]}",
            4 => "{match: {labels: {env: prod}}, spread: [{by: region, min: 2, max: 3}, {by: cluster, max: 5}]}",
            5 => "{clusters: \"*\", strategy: Aggregated}",
            _ => "{match: {region: us-east-1}, strategy: DynamicWeight}",
        };
        let active =
            if odd(number) % 7 == 1 { "  active: {max: 1}\n  job: {startingDeadlineSeconds: 300}\n" } else { "" };
        tasks.push_str(&format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {}-{number:03}, namespace: {}}}\nspec:\n  \
             schedule: {{cron: \"{} 3 * * *\", timeZone: Etc/UTC}}\n  placement: {placement}\n  instances: {}\n{active}  \
             container: {{image: \"registry.example.com/x:1\", resources: {{requests: {{cpu: 250m, memory: 256Mi}}}}}}\n",
            ["rollup", "backup", "report", "sweep-expired-sessions"][number % 4],
            ["billing", "search", "identity"][number % 3],
            number % 60,
            if odd(number) % 7 > 4 { number % 40 + 1 } else { 1 },
        ));
    }
    vec![("clusters.yaml".to_owned(), clusters), ("tasks.yaml".to_owned(), tasks)]
}

#[test]
fn a_plan_of_two_hundred_tasks_on_fifty_clusters_reads_well_at_every_width() {
    let dir = tempfile::tempdir().expect("a folder");
    support::put(dir.path(), &fleet());
    for columns in [80, 200] {
        kept("fleet", &at(dir.path(), columns, &["plan"]), columns);
    }
}

fn cluster<'v>(value: &'v Value, name: &str) -> &'v Value {
    let clusters = value["clusters"].as_array().expect("a list");
    clusters.iter().find(|cluster| cluster["cluster"] == name).expect("the cluster")
}

#[test]
fn programs_are_told_all_of_it() {
    let dir = repository(&[]);
    let explained = |task: &str| json(dir.path(), &["explain", task]);
    let value = explained("aggregated");
    assert_eq!(value["choice"]["order"], serde_json::json!(["eu-b", "us-a", "eu-a", "us-b", "us-c"]));
    assert_eq!(value["choice"]["division"]["weights"], serde_json::json!([{"cluster": "eu-b", "weight": 32}]));
    assert_eq!(value["choice"]["requests"], serde_json::json!({"cpu": "500m", "memory": "1073741824"}));
    assert_eq!(cluster(&value, "us-a")["choice"]["room"], 23);
    assert_eq!(cluster(&value, "us-c")["choice"]["room"], Value::Null);
    assert_eq!(cluster(&value, "eu-c")["alone"], true);
    let groups = &explained("spread")["choice"]["spread"][0]["groups"];
    assert_eq!(
        groups[0],
        serde_json::json!({"group": "eu-west-1", "clusters": ["eu-b", "eu-a"], "score": 2000, "taken": true})
    );
    let groups = &explained("fallback")["choice"]["groups"];
    assert_eq!((&groups[0]["used"], &groups[0]["fit"]), (&Value::from(false), &Value::from(0)));
    assert_eq!(groups[0]["words"], "1 untolerated taint maintenance=true:NoExecute");
    assert_eq!((&groups[1]["used"], &groups[2]["words"]), (&Value::from(true), &Value::from("not tried")));
    let value = explained("standby");
    assert_eq!(value["choice"]["active"]["running"][0], serde_json::json!({"cluster": "eu-a", "because": "by name"}));
    assert_eq!(cluster(&value, "eu-b")["copy"], "standby");
    let value = explained("weighted");
    assert_eq!(
        (&cluster(&value, "eu-a")["instances"], &cluster(&value, "us-a")["instances"]),
        (&Value::from(5), &Value::from(2))
    );
    let value = explained("impossible");
    assert_eq!(value["nearest"]["clusters"], serde_json::json!(["us-a", "us-b"]));
    assert_eq!(
        value["histogram"],
        "0/6 clusters are available: 1 region is not eu-north-1 or us-east-1, 5 provider is not aws"
    );
    assert!(explained("too-great")["choice"]["failure"].as_str().is_some_and(|why| why.contains("room for 75")));
    let plan = json(dir.path(), &["plan", "--cluster", "eu-b"]);
    assert_eq!(cluster(&plan, "eu-b")["room"]["cpu"], serde_json::json!({"free": "16000m", "left": "-2500m"}));
    assert_eq!(cluster(&plan, "us-c")["room"], Value::Null);
    let standby = plan["tasks"].as_array().expect("a list").iter().find(|task| task["task"] == "standby");
    assert_eq!(standby.expect("there")["clusters"][0]["standby"], true);
}

#[test]
fn one_cluster_is_gone_through_rule_by_rule() {
    let dir = repository(&[]);
    let text = at(dir.path(), 80, &["explain", "everywhere", "eu-c"]);
    for line in [
        "  passed  exclude: not eu-b (tasks/everywhere.yaml:5)\n",
        "  refused taints: nothing is tolerated; it has maintenance=true:NoExecute\n    (clusters/eu-c.yaml:6)\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = at(dir.path(), 80, &["explain", "dynamic", "us-a", "--from", "2026-03-28"]);
    for line in [
        "  passed  match region: asked eu-west-1 or us-east-1 (tasks/dynamic.yaml:6);\n    it is us-east-1 (clusters/us-a.yaml:5)\n",
        "prioritize: no. 2 of 4; room for 23 more of cpu 500m, memory 1Gi\n",
        "assign: DynamicWeight, weight 23 of 75: it gets 3 of 11\n",
        "--- us-a/ops/dynamic.cronjob.yaml\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = at(dir.path(), 80, &["explain", "standby", "us-a", "--from", "2026-03-28"]);
    assert!(text.contains("its copy stands by, suspended: eu-a runs\n"), "{text}");
}

#[test]
fn what_is_recorded_is_told_from_what_is_chosen() {
    let dir = repository(&NOWHERE);
    build(dir.path());
    let text = at(dir.path(), 80, &["explain", "aggregated"]);
    assert!(text.contains("select, assign: kept as recorded in fleetcron.lock: eu-b (30)\n"), "{text}");
    assert!(text.contains("the next build changes nothing of that\n") && !text.contains("WEIGHT"), "{text}");
    assert!(!at(dir.path(), 80, &["plan"]).contains("next build"));
    let file = dir.path().join("tasks/aggregated.yaml");
    let before = fs::read_to_string(&file).expect("text");
    fs::write(&file, before.replace("instances: 30", "instances: 40")).expect("a file");
    let text = at(dir.path(), 80, &["explain", "aggregated"]);
    for words in ["shares 10 instances out by room", "30 of 40 are there already and stay", "on eu-b (31), us-a (9)\n"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(text.contains("the next build: now also on us-a; instances eu-b 30 -> 31"), "{text}");
    // The active copy goes where it is tolerated and stays; the cluster is drained of all else.
    let file = dir.path().join("clusters/eu-a.yaml");
    let before = fs::read_to_string(&file).expect("text");
    fs::write(&file, before.replace("spec:\n", "spec:\n  taints: [{key: d, effect: NoExecute}]\n")).expect("a file");
    let text = at(dir.path(), 80, &["explain", "standby"]);
    assert!(text.contains("eu-a runs: the choice is as recorded in fleetcron.lock\n"), "{text}");
    let file = dir.path().join("tasks/standby.yaml");
    let before = fs::read_to_string(&file).expect("text");
    fs::write(&file, before.replace("operator: Exists", "key: other, operator: Exists")).expect("a file");
    let text = at(dir.path(), 80, &["explain", "standby"]);
    assert!(text.contains("  eu-b runs: the choice is by name\n") && text.contains("active eu-a -> eu-b"), "{text}");
    let plan = at(dir.path(), 80, &["plan"]);
    assert!(plan.contains("the next build changes fleetcron.lock: ") && plan.contains("eu-a is now tainted"), "{plan}");
    kept("moved", &plan, 80);
}
