//! `fleetcron import clusters`: each format as people have it, what is never copied, and files that are brought up to date.
//!
//! The one idea: a fixture is the objects with all their real fields, and the documents that a person would have written.
//! `BLESS=1` rewrites the latter.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{self, fine, grumbled, run, said};

fn fixture(format: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import").join(format);
    let yaml = folder.join("input.yaml");
    if yaml.is_file() { yaml } else { folder.join("input.json") }
}

fn import(dir: &Path, args: &[&str]) -> Output {
    run(dir, &[&["import", "clusters"], args].concat())
}

/// Imports a text from standard input.
fn piped(text: &str, args: &[&str]) -> Output {
    let dir = folder();
    let mut program = support::program(dir.path());
    program.args([&["import", "clusters"], args].concat());
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    child.wait_with_output().expect("an end")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// What a run that must fail had to say; it must have no result.
#[track_caller]
fn wrong(output: &Output, code: i32) -> String {
    assert_eq!(said(output), "", "no result");
    support::wrong(output, code)
}

const FORMATS: [&str; 5] = ["karmada", "ocm", "cluster-api", "argocd", "nodes"];

fn of(format: &str) -> Vec<String> {
    let cluster: &[&str] = if format == "nodes" { &["--cluster", "member-eu"] } else { &[] };
    let file = fixture(format).display().to_string();
    std::iter::once(file).chain(cluster.iter().map(|word| (*word).to_owned())).collect()
}

#[test]
fn every_format_gives_what_a_person_would_have_written() {
    let dir = folder();
    for format in FORMATS {
        let args = of(format);
        let text = fine(&import(dir.path(), &args.iter().map(String::as_str).collect::<Vec<_>>()));
        let expected = fixture(format).with_file_name("expect.yaml");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &text).expect("written");
        }
        assert_eq!(text, fs::read_to_string(&expected).expect("expect.yaml"), "{format}");
        for word in ["MARKER", "endpoint", "Secret", "secret", "https:", "uid", "annotations"] {
            assert!(!text.contains(word), "{format}: {word}");
        }
    }
}

#[test]
fn what_was_imported_is_accepted() {
    let dir = folder();
    let args: Vec<String> = FORMATS[..4].iter().flat_map(|format| of(format)).collect();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(["--into", "clusters"]);
    fine(&import(dir.path(), &args));
    // The capacity of a cluster that has one is brought up to date where it stands.
    let nodes = of("nodes");
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).chain(["--into", "clusters"]).collect();
    assert!(fine(&import(dir.path(), &nodes)).contains("update clusters/member-eu.yaml"));
    let cluster = "member-cn";
    let nodes: Vec<&str> = nodes.iter().map(|word| if *word == "member-eu" { cluster } else { word }).collect();
    assert!(fine(&import(dir.path(), &nodes)).contains("create clusters/member-cn.capacity.yaml"));
    let task = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: rollup, namespace: batch}\nspec:\n  \
        schedule: {cron: \"0 3 * * *\", timeZone: Etc/UTC}\n  placement: {match: {provider: [aws, gcp]}}\n  \
        container: {image: \"registry.example.com/rollup:1.4\"}\n";
    support::put(
        dir.path(),
        &vec![
            ("fleetcron.yaml".into(), "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: x}\n".into()),
            ("tasks/rollup.yaml".into(), task.into()),
        ],
    );
    let built = fine(&run(dir.path(), &["build"]));
    assert!(built.contains("1 task on 8 clusters"), "{built}");
    fine(&run(dir.path(), &["check", "--strict"]));
    assert!(fine(&run(dir.path(), &["plan"])).contains("3 of 8"), "gke-eu is drained, member-eu takes nothing new");
}

/// A text, and what of it must never be seen: plain, and as base64 at each offset.
const MARKERS: [&str; 4] = ["MARKER-TOKEN-9f8e", "MARKER-CERT-7d6c", "MARKER-PASSWORD-5b4a", "MARKER-KEY-3c2d"];

fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// The first trace of a marker in a text.
fn trace(text: &str) -> Option<String> {
    let coded = |marker: &'static str| {
        (0..3).map(move |offset| {
            let padded = encoded(&format!("{}{marker}", " ".repeat(offset)));
            padded.chars().skip(4).take(marker.len() / 3 * 4 - 4).collect::<String>()
        })
    };
    let coded = MARKERS.iter().flat_map(|marker| coded(marker));
    std::iter::once("MARKER".to_owned()).chain(coded).find(|trace| text.contains(trace))
}

fn hidden(output: &Output, of: &str) {
    let shown = format!("{}{}", said(output), grumbled(output));
    assert_eq!(trace(&shown), None, "{of}\n{shown}");
}

#[test]
fn credentials_appear_nowhere() {
    let [token, cert, password, key] = MARKERS;
    let config = json!({
        "bearerToken": token, "username": "admin", "password": password,
        "tlsClientConfig": {"caData": encoded(cert), "keyData": encoded(key)},
        "execProviderConfig": {"command": "x", "env": {"SECRET": key}},
    })
    .to_string();
    let server = format!("https://admin:{password}@eu.example.com:6443");
    let labels = json!({"argocd.argoproj.io/secret-type": "cluster", "env": "prod"});
    let applied = json!({"kubectl.kubernetes.io/last-applied-configuration": config});
    let secret = |name: Value, data: Value, plain: Value| {
        let metadata = json!({"name": name, "namespace": "argocd", "labels": labels, "annotations": applied});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data, "stringData": plain})
    };
    let data = json!({"name": encoded("eu"), "server": encoded(&server), "config": encoded(&config)});
    let plain = json!({"name": "eu", "server": server, "config": config});
    let with = |value: &Value, name: &str, new: Value| {
        let mut value = value.clone();
        value[name] = new;
        value
    };
    let right = secret(json!("eu"), data.clone(), Value::Null);
    assert!(trace(&data["config"].to_string()).is_some() && trace(&plain.to_string()).is_some(), "it would be seen");
    let slipped = json!({
        "argocd.argoproj.io/secret-type": "cluster", "config": token, "server": encoded(password), "bearerToken": token,
        "a": encoded(&config), "b": config, encoded(&config): "c", "d": server, "keyData": key,
    });
    let variants = [
        (right.clone(), 0),
        (secret(json!("eu"), Value::Null, plain.clone()), 0),
        // A name that is an address, or nothing that can be read.
        (secret(json!("eu"), with(&data, "name", json!(encoded(&server))), Value::Null), 1),
        (secret(json!("eu"), Value::Null, with(&plain, "name", json!(server))), 1),
        (secret(json!("eu"), with(&data, "name", json!(format!("!{token}"))), Value::Null), 1),
        (secret(json!("eu"), with(&data, "name", json!({"token": token})), Value::Null), 1),
        (secret(json!("eu"), with(&data, "name", Value::Null), Value::Null), 1),
        (secret(json!("eu"), json!([token, config]), Value::Null), 1),
        (secret(json!("eu"), json!(config), Value::Null), 1),
        // Values of other types, and members where none belong.
        (secret(json!("eu"), with(&data, "config", json!({"bearerToken": token})), Value::Null), 0),
        (with(&right, "config", json!(config)), 0),
        (with(&right, "spec", json!({"region": {"token": token}, "password": password})), 0),
        (with(&right, "kind", json!("Secrets")), 1),
        // Data under the labels.
        (with(&right, "metadata", json!({"name": "eu", "labels": slipped})), 0),
        (json!({"kind": "SecretList", "apiVersion": "v1", "items": [right.clone(), {"data": {"x": token}}]}), 0),
    ];
    let check = |text: &str, code: Option<i32>| {
        for args in [&["-"][..], &["-", "--format", "json"], &["-", "-v"], &["--into", "clusters"], &["--cluster", "x"]]
        {
            let output = piped(text, args);
            hidden(&output, text);
            if args == ["-"] && code.is_some() {
                assert_eq!(output.status.code(), code, "{text}\n{}{}", said(&output), grumbled(&output));
            }
        }
    };
    for (object, code) in &variants {
        check(&object.to_string(), Some(*code));
        check(&format!("--- # YAML\n{object}\n"), Some(*code));
    }
    let block = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: eu\n  labels: {{argocd.argoproj.io/secret-type: cluster}}\n\
         stringData:\n  name: eu\n  server: {server}\n  config: |\n    {config}\n"
    );
    check(&block, Some(0));
    let broken = [
        right.to_string().replace("\"data\":", "\"data\""),
        right.to_string().replace("\"name\":", &format!("\"{token}\":1 \"name\":")),
        right.to_string()[..right.to_string().len() - 5].to_owned(),
        block.replace("  config: |", " config: |"),
        block.replace("  config: |\n    ", "  config: \"\n"),
        block.replace("  config: |\n    ", "  config: "),
        block.replace("  config: |\n", &format!("  {token}: 1\n  {token}: 2\n  config: |\n")),
        block.replace("  config: |\n", &format!("  config: *{token}\n")),
        block.replace("  config: |\n", &format!("  config: !{token} x\n  [{token}]: |\n")),
        block.replace("  config: |\n", "  config: |\n\t"),
        block.replace("  server: ", "  server: @"),
        format!("{block}\u{7}"),
        format!("{block}--- {token} : {key} : x\n"),
    ];
    for text in &broken {
        check(text, None);
    }
    assert!(broken.iter().filter(|text| piped(text, &[]).status.code() == Some(1)).count() > 8, "they are broken");
    let text = wrong(&piped(&broken[3], &[]), 1);
    assert!(text.contains("-:9:") && text.contains("the text is not shown"), "{text}");
}

#[test]
fn a_name_is_never_changed_in_silence() {
    let cluster = |name: &str, namespace: &str| {
        format!(
            "apiVersion: cluster.x-k8s.io/v1beta2\nkind: Cluster\nmetadata: {{name: {name}, namespace: {namespace}}}\n---\n"
        )
    };
    let text = wrong(&piped(&cluster("Prod.EU", "a"), &[]), 1);
    assert!(
        text.contains(
            "error[invalid-name]: `Prod.EU` cannot be the name of a cluster: upper case and `.` are not allowed"
        ),
        "{text}"
    );
    assert!(text.contains("run again with `--rename 'Prod.EU=prod-eu'`"), "{text}");
    assert!(fine(&piped(&cluster("Prod.EU", "a"), &["--rename", "Prod.EU=prod-eu"])).contains("name: prod-eu"));
    let long = "x".repeat(64);
    assert!(wrong(&piped(&cluster(&long, "a"), &[]), 1).contains("it has 64 characters, and 63 are allowed"));
    let two = cluster("eu", "a") + &cluster("eu", "b");
    let text = wrong(&piped(&two, &[]), 1);
    assert!(text.contains("two clusters would be called `eu`") && text.contains("`--rename b/eu=...`"), "{text}");
    assert!(fine(&piped(&two, &["--rename", "b/eu=eu-b"])).contains("name: eu-b"));
    assert!(wrong(&piped(&two, &["--rename", "b/eu=EU"]), 1).contains("`EU` cannot be"));
    assert!(wrong(&piped(&cluster("eu", "a"), &["--rename", "ue=x"]), 1).contains("there is no cluster `ue`"));
    wrong(&piped(&two, &["--rename", "x"]), 2);
}

#[test]
fn what_cannot_be_imported_is_said() {
    assert!(wrong(&piped("", &[]), 1).contains("error[no-clusters]: there is no cluster in the input"));
    assert!(wrong(&piped("kind: Pod\napiVersion: v1\n", &[]), 2).contains("--cluster NAME"));
    assert!(
        wrong(&piped("kind: Pod\napiVersion: v1\n", &["--cluster", "eu"]), 1).contains("there is no node in the input")
    );
    wrong(&import(folder().path(), &["no-such-file.yaml"]), 2);
    wrong(&piped("", &["--dry-run"]), 2);
    let karmada = "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {name: eu}\n\
        status: {kubernetesVersion: latest, resourceSummary: {allocatable: {cpu: many}}}\n";
    assert!(
        wrong(&piped(karmada, &[]), 1)
            .contains("error[invalid-quantity]: Karmada Cluster `eu`: `many` is not a quantity")
    );
    let going = "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\n\
        metadata: {name: us, deletionTimestamp: \"2026-01-01T00:00:00Z\"}\n---\n";
    let output = piped(&format!("{going}{}---\nkind: Thing\n", karmada.replace("many", "1")), &[]);
    assert!(!fine(&output).contains("name: us"));
    let notes = grumbled(&output);
    for note in ["`us` is being deleted", "its version cannot be read", "left aside, being no clusters: 1 Thing"] {
        assert!(notes.contains(note), "{note} in\n{notes}");
    }
    assert_eq!(grumbled(&piped(&karmada.replace("many", "1"), &["-q"])), "");
    let alone = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: \"4\"}}\n";
    let output = piped(alone, &["--cluster", "eu"]);
    assert!(fine(&output).ends_with("spec:\n  allocatable:\n    cpu: \"4\"\n"), "{}", said(&output));
    assert!(grumbled(&output).contains("there are no pods in the input"), "{}", grumbled(&output));
}

#[test]
fn a_second_run_changes_only_what_changed() {
    let dir = folder();
    let karmada = fs::read_to_string(fixture("karmada")).expect("text");
    let put = |text: &str| fs::write(dir.path().join("in.yaml"), text).expect("written");
    let into = |args: &[&str]| import(dir.path(), &[&["in.yaml", "--into", "clusters"], args].concat());
    put(&karmada);
    let text = fine(&into(&["--dry-run"]));
    assert_eq!(
        text,
        "2 clusters into clusters, 0 unchanged\nwould write:\n  create clusters/member-cn.yaml\n  create clusters/member-eu.yaml\n"
    );
    assert!(!dir.path().join("clusters").exists());
    assert!(fine(&into(&[])).contains("wrote:"));
    let cn = dir.path().join("clusters/member-cn.yaml");
    let by_hand = format!("# mine\n{}  timeZone: Asia/Shanghai # ours\n", fs::read_to_string(&cn).expect("text"));
    fs::write(&cn, &by_hand).expect("written");
    let before = support::read(dir.path());
    assert!(fine(&into(&[])).contains("2 clusters into clusters, 2 unchanged\nnothing to write"));
    assert!(before == support::read(dir.path()));
    put(&karmada.replace("v1.33.4", "v1.34.0"));
    let output = into(&["--format", "json"]);
    let value: Value = serde_json::from_str(&fine(&output)).expect("JSON");
    assert_eq!(value["result"]["update"], json!(["clusters/member-eu.yaml"]), "{value}");
    assert_eq!(value["result"]["unchanged"], 1);
    assert_eq!(fs::read_to_string(&cn).expect("text"), by_hand, "comments stay in a file that does not change");
    put(&karmada.replace("v1.32.9", "v1.33.0").replace("member-eu", "member-us"));
    let output = into(&[]);
    assert!(fine(&output).contains("create clusters/member-us.yaml"));
    assert!(grumbled(&output).contains("in the files and not in the input, left as they are: member-eu"));
    assert!(dir.path().join("clusters/member-eu.yaml").exists());
    let text = fs::read_to_string(&cn).expect("text");
    assert!(text.contains("timeZone: Asia/Shanghai") && text.contains("\"1.33\""), "{text}");
    fs::rename(dir.path().join("clusters/member-eu.yaml"), dir.path().join("elsewhere.yaml")).expect("moved");
    symlink("../elsewhere.yaml", dir.path().join("clusters/member-eu.yaml")).expect("a link");
    put(&karmada.replace("v1.33.4", "v1.35.0"));
    let text = wrong(&into(&[]), 1);
    assert!(text.contains("a symbolic link stands"), "{text}");
    fs::remove_file(dir.path().join("clusters/member-eu.yaml")).expect("removed");
    fs::write(dir.path().join("clusters/member-eu.yaml"), "kind: Deployment\n").expect("written");
    put(&karmada);
    let before = support::read(dir.path());
    let text = wrong(&into(&[]), 1);
    assert!(text.contains("error[foreign-file]") && text.contains("clusters/member-eu.yaml"), "{text}");
    assert!(text.contains("nothing was written"), "{text}");
    assert!(before == support::read(dir.path()));
}

#[test]
fn one_file_can_hold_them_all() {
    let dir = folder();
    let file = fixture("karmada").display().to_string();
    fine(&import(dir.path(), &[&file, "--into", "all.yaml"]));
    let expected = fs::read_to_string(fixture("karmada").with_file_name("expect.yaml")).expect("text");
    assert_eq!(fs::read_to_string(dir.path().join("all.yaml")).expect("text"), expected);
    assert!(fine(&import(dir.path(), &[&file, "--into", "all.yaml"])).contains("nothing to write"));
    // A cluster is found in whatever file of the folder it stands.
    assert!(fine(&import(dir.path(), &[&file, "--into", "."])).contains("2 unchanged"));
    let ocm = fixture("ocm").display().to_string();
    fine(&import(dir.path(), &[&ocm, "--into", "all.yaml"]));
    let text = fs::read_to_string(dir.path().join("all.yaml")).expect("text");
    assert!(text.starts_with(&format!("{expected}---\n")) && text.contains("gke-eu"), "{text}");
}

/// Pods of a CronJob's Jobs come and go, and what a task was placed with is counted by the lock.
#[test]
fn pods_of_cron_jobs_are_no_part_of_a_capacity() {
    let node = json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n"},
        "status": {"allocatable": {"cpu": "8", "pods": "110"}}});
    let pod = |name: &str, owner: Value, bound: bool| {
        let spec = json!({"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]});
        let mut pod = json!({"kind": "Pod", "apiVersion": "v1", "spec": spec, "status": {"phase": "Running"},
            "metadata": {"name": name, "namespace": "jobs", "ownerReferences": [owner]}});
        if bound {
            pod["spec"]["nodeName"] = json!("n");
        }
        pod
    };
    let job =
        |name: &str| json!({"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": "u", "controller": true});
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-28390140", "uid": "u"});
    let items = json!([
        node,
        pod("a", job("rollup-28390140"), true),
        pod("b", job("rollup-nightly-128390140"), false),
        pod("c", job("rollup-2839014"), true),
        pod("d", job("28390140"), true),
        pod("e", job("rollup-28390140x"), false),
        pod("f", set, true),
    ]);
    let output =
        piped(&json!({"kind": "List", "apiVersion": "v1", "items": items}).to_string(), &["--cluster", "eu-1"]);
    let text = fine(&output);
    assert!(text.contains("  allocated:\n    cpu: \"3\"\n    pods: \"3\"\n"), "{text}");
    assert!(text.contains("  allocating:\n    cpu: \"1\"\n    pods: \"1\"\n"), "{text}");
    assert!(grumbled(&output).contains("pods of CronJobs are left out") && grumbled(&output).contains(": 2"));
}
