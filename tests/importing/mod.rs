//! `fleetcron import tasks`: existing CronJobs become a fleet that compiles to the same objects.

mod laws;
mod walk;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{fine, grumbled, run, said, wrong};

/// A CronJob as a chart or a person leaves it.
fn cron_job(name: &str, schedule: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: {name}\n  namespace: shop\n  labels: {{app: {name}}}\nspec:\n  \
         schedule: \"{schedule}\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          \
         containers:\n          - name: main\n            image: {image}\n{more}"
    )
}

fn env(pairs: &[(&str, &str)]) -> String {
    let lines =
        pairs.iter().map(|(name, value)| format!("            - name: {name}\n              value: \"{value}\"\n"));
    format!("            env:\n{}", lines.collect::<String>())
}

/// Paths and texts.
type Files<'f> = &'f [(&'f str, &'f str)];

/// A folder with files, their folders made.
fn folder(files: Files<'_>) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }
    dir
}

fn import(dir: &Path, args: &[&str]) -> Output {
    run(dir, &[&["import", "tasks"], args].concat())
}

/// Three clusters: a task that names its cluster, one that is suspended on one, one with a resource of its own.
fn three() -> TempDir {
    let mut files: Vec<(String, String)> = Vec::new();
    for (cluster, suspend) in [("eu", "false"), ("us", "false"), ("lab", "true")] {
        let report = cron_job(
            "report",
            "0 3 * * *",
            "r.example.com/report:1.4",
            &env(&[("URL", &format!("https://db.{cluster}.example.com"))]),
        );
        let report = report.replace("  jobTemplate:", &format!("  suspend: {suspend}\n  jobTemplate:"));
        files.push((format!("now/{cluster}/report.yaml"), report));
        let schedule = if cluster == "lab" { "31 4 * * *" } else { "30 4 * * *" };
        let sweep = cron_job(
            "sweep",
            schedule,
            "r.example.com/sweep:2",
            "            envFrom:\n            - configMapRef: {name: sweep-env}\n",
        );
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: sweep-env, namespace: shop}}\ndata: {{at: {cluster}}}\n"
        );
        files.push((format!("now/{cluster}/sweep.yaml"), format!("{sweep}---\n{map}")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    folder(&files)
}

/// Builds the fleet and compares it with the sources, by a program that shares no code with this one.
fn compare(dir: &Path, sources: &str, fleet: &str) {
    fine(&run(&dir.join(fleet), &["build"]));
    let python = Command::new("python3").args(["-c", "import yaml"]).output();
    if !python.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: python3 with PyYAML is not there, so the fleet was not compared by another program");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/importing/compare.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(dir.join(sources))
        .arg(dir.join(fleet).join("rendered"))
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}{}", said(&output), grumbled(&output));
}

#[test]
fn copies_become_tasks_that_compile_to_the_same_objects() {
    let dir = three();
    let output = import(dir.path(), &["now", "--into", "fleet"]);
    fine(&output);
    let text = said(&output);
    assert!(text.contains("proven: 9 objects"), "{text}");
    assert!(text.contains("shop/sweep on lab") && text.contains("1 min off"), "{text}");
    let report = fs::read_to_string(dir.path().join("fleet/tasks/shop/report.yaml")).expect("a task");
    assert!(report.contains("https://db.$(cluster.name).example.com"), "{report}");
    assert!(report.contains("active: [eu, us]"), "{report}");
    let resources =
        fs::read_to_string(dir.path().join("fleet/tasks/shop/sweep-resources-expanded.yaml")).expect("a file");
    assert!(resources.contains("$(cluster.name)"), "{resources}");
    compare(dir.path(), "now", "fleet");
}

#[test]
fn what_is_suspended_stays_so_when_clusters_are_added() {
    let dir = three();
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let fleet = dir.path().join("fleet");
    fs::write(
        fleet.join("new.yaml"),
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: asia, labels: {env: prod}}\n",
    )
    .expect("written");
    fine(&run(&fleet, &["build"]));
    for (cluster, suspended) in [("eu", false), ("us", false), ("lab", true), ("asia", true)] {
        let text =
            fs::read_to_string(fleet.join(format!("rendered/{cluster}/shop/report.cronjob.yaml"))).expect("a manifest");
        assert!(text.contains(&format!("suspend: {suspended}")), "{cluster}: {text}");
    }
}

#[test]
fn importing_twice_changes_nothing_and_what_is_new_is_added() {
    let dir = three();
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let before = crate::support::read(&dir.path().join("fleet"));
    let output = import(dir.path(), &["now", "--into", "fleet"]);
    fine(&output);
    assert!(said(&output).contains("nothing to import"), "{}", said(&output));
    assert_eq!(crate::support::read(&dir.path().join("fleet")), before);
    let more = cron_job("late", "0 5 * * *", "r.example.com/late:1", "");
    fs::write(dir.path().join("now/eu/late.yaml"), more).expect("written");
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let after = crate::support::read(&dir.path().join("fleet"));
    assert_eq!(after.len(), before.len() + 1, "one task more, and no file changed");
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    compare(dir.path(), "now", "fleet");
}

#[test]
fn a_task_of_the_fleet_that_differs_is_reported_and_nothing_is_written() {
    let dir = three();
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let file = dir.path().join("now/eu/report.yaml");
    let text = fs::read_to_string(&file).expect("a manifest");
    fs::write(&file, text.replace("report:1.4", "report:1.5")).expect("written");
    let output = import(dir.path(), &["now", "--into", "fleet"]);
    let message = wrong(&output, 1);
    assert!(
        message.contains("CronJob shop/report of cluster `eu` is in the fleet already, and differs there"),
        "{message}"
    );
}

#[test]
fn every_layout_of_sources_gives_the_same_fleet() {
    let dir = three();
    fine(&import(dir.path(), &["now", "--into", "a"]));
    let expected = crate::support::read(&dir.path().join("a"));
    let mut streams = Vec::new();
    fs::create_dir_all(dir.path().join("streams")).expect("a folder");
    for cluster in ["eu", "us", "lab"] {
        let part =
            |name: &str| fs::read_to_string(dir.path().join(format!("now/{cluster}/{name}.yaml"))).expect("a manifest");
        let stream = format!("{}---\n{}", part("sweep"), part("report"));
        fs::write(dir.path().join(format!("streams/{cluster}.yaml")), stream).expect("written");
        fs::create_dir_all(dir.path().join(format!("deep/envs/{cluster}/apps"))).expect("a folder");
        for name in ["report", "sweep"] {
            fs::write(dir.path().join(format!("deep/envs/{cluster}/apps/{name}.yaml")), part(name)).expect("written");
        }
        streams.push(format!("{cluster}=streams/{cluster}.yaml"));
    }
    let named: Vec<&str> = streams.iter().flat_map(|pair| ["--cluster", pair.as_str()]).collect();
    for args in [&["streams"][..], &["deep", "--layout", "envs/{cluster}/**"], &named] {
        let into = dir.path().join("b");
        let _absent = fs::remove_dir_all(&into);
        fine(&import(dir.path(), &[args, &["--into", "b"]].concat()));
        assert_eq!(crate::support::read(&into), expected, "{args:?}");
    }
}

#[test]
fn a_dump_of_a_cluster_loses_what_the_server_wrote() {
    let dump = r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "a", "namespace": "shop", "uid": "x", "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        "spec": {"schedule": "0 3 * * *", "concurrencyPolicy": "Allow", "suspend": false, "failedJobsHistoryLimit": 1, "successfulJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"creationTimestamp": null}, "spec": {"template": {"metadata": {"creationTimestamp": null},
                "spec": {"restartPolicy": "Never", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
                    "containers": [{"name": "a", "image": "x:1", "imagePullPolicy": "IfNotPresent", "resources": {},
                        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}]}}}}},
        "status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}}]}"#;
    let dir = folder(&[("dump.json", dump)]);
    fine(&import(dir.path(), &["--cluster", "eu=dump.json", "--into", "fleet"]));
    let task = fs::read_to_string(dir.path().join("fleet/tasks/shop/a.yaml")).expect("a task");
    let expected = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: a, namespace: shop}\nspec:\n  placement: {clusters: [eu]}\n  \
                    schedule: \"0 3 * * *\"\n  container: {image: x:1}\n";
    assert_eq!(task, expected);
}

#[test]
fn hostile_and_odd_input_is_named_and_nothing_is_written() {
    let good = cron_job("a", "0 3 * * *", "x:1", "");
    let cases: [(Files<'_>, &[&str], &str); 7] = [
        (&[("now/eu/a.txt", "no manifest")], &["now"], "there is no .yaml, .yml or .json file"),
        (&[("now/eu/a.yaml", "just: text\n")], &["now"], "there is no CronJob in the input"),
        (&[("now/eu/a.yaml", "kind: Secret\ndata: {a: HIDDEN: HIDDEN\n")], &["now"], "now/eu/a.yaml"),
        (&[("now/eu/a.yaml", &good), ("now/eu/b.yaml", &good.replace("x:1", "x:2"))], &["now"], "differs there"),
        (&[("now/eu/a.yaml", &good), ("now/loose.yaml", &good)], &["now"], "`loose.yaml` is in none"),
        (
            &[("now/eu/kustomization.yaml", "resources: [a.yaml]\n")],
            &["now"],
            "is a Kustomize overlay: render it once for every cluster",
        ),
        (&[("now/eu/a.yaml", &good.replace("            image: x:1\n", ""))], &["now"], "no container with an image"),
    ];
    for (files, args, expected) in cases {
        let dir = folder(files);
        let output = import(dir.path(), &[args, &["--into", "fleet"]].concat());
        let message = wrong(&output, 1);
        assert!(message.contains(expected) && !message.contains("HIDDEN"), "{expected}: {message}");
        assert!(!dir.path().join("fleet").exists(), "{expected}");
    }
}

#[test]
fn an_image_that_no_runtime_takes_is_imported_as_it_stands_and_named() {
    let broken = cron_job("a", "0 3 * * *", "r.example.com/a:1.4@md5:ABC", "");
    let dir = folder(&[("now/eu/a.yaml", &broken), ("now/us/a.yaml", &broken)]);
    let output = import(dir.path(), &["now", "--into", "fleet"]);
    fine(&output);
    assert!(grumbled(&output).contains("`r.example.com/a:1.4@md5:ABC`"), "{}", grumbled(&output));
    compare(dir.path(), "now", "fleet");
    let check = run(dir.path(), &["check", "--root", "fleet"]);
    fine(&check);
    assert!(grumbled(&check).contains("warning[invalid-image]"), "{}", grumbled(&check));
}

#[test]
fn a_partial_import_lists_what_it_leaves_out_and_the_next_one_shortens_the_list() {
    let good = cron_job("a", "0 3 * * *", "x:1", "");
    let bad = cron_job("b", "0 99 * * *", "x:1", "");
    let dir = folder(&[("now/eu/a.yaml", &good), ("now/eu/b.yaml", &bad)]);
    let output = import(dir.path(), &["now", "--into", "fleet"]);
    assert!(wrong(&output, 1).contains("`--partial` leaves these out"));
    fine(&import(dir.path(), &["now", "--into", "fleet", "--partial"]));
    let list = dir.path().join("fleet/import-left-out.txt");
    assert!(fs::read_to_string(&list).expect("a list").contains("tasks/shop/b.yaml"));
    fs::write(dir.path().join("now/eu/b.yaml"), cron_job("b", "0 9 * * *", "x:1", "")).expect("written");
    fine(&import(dir.path(), &["now", "--into", "fleet", "--partial"]));
    assert!(!list.exists());
    compare(dir.path(), "now", "fleet");
}

#[test]
fn text_that_reads_like_a_reference_is_kept_in_a_file() {
    let odd = cron_job("odd", "0 3 * * *", "x:1", "            args: [\"$(var.own)\", a]\n");
    let comment = format!("# Why it runs so early.\n{odd}");
    let dir = folder(&[("now/eu/odd.yaml", &comment), ("now/us/odd.yaml", &odd.replace("0 3", "0 4"))]);
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let file = fs::read_to_string(dir.path().join("fleet/tasks/shop/odd.cronjob.yaml")).expect("a file");
    assert!(file.contains("# Why it runs so early.") && file.contains("$(var.own)"), "{file}");
    compare(dir.path(), "now", "fleet");
}

#[test]
fn names_that_hold_their_cluster_are_one_task() {
    let job = |cluster: &str| cron_job(&format!("backup-{cluster}"), "0 3 * * *", "x:1", &env(&[("AT", cluster)]));
    let (eu, us) = (job("eu"), job("us"));
    let dir = folder(&[("now/eu/a.yaml", &eu), ("now/us/a.yaml", &us)]);
    fine(&import(dir.path(), &["now", "--into", "fleet"]));
    let task = fs::read_to_string(dir.path().join("fleet/tasks/shop/backup.yaml")).expect("a task");
    assert!(task.contains("objectName: backup-$(cluster.name)"), "{task}");
    compare(dir.path(), "now", "fleet");
}

#[test]
fn the_form_can_be_chosen_and_each_task_is_explained() {
    let dir = three();
    fine(&import(dir.path(), &["now", "--into", "fleet", "--form", "cronjob"]));
    assert!(dir.path().join("fleet/tasks/shop/report.cronjob.yaml").is_file());
    compare(dir.path(), "now", "fleet");
    let output = import(dir.path(), &["now", "--into", "other", "--explain", "shop/report"]);
    fine(&output);
    assert!(said(&output).contains("$(cluster.name) stands for what differs"), "{}", said(&output));
    assert!(!dir.path().join("other").exists());
    assert!(wrong(&import(dir.path(), &["now", "--explain", "x"]), 1).contains("no task `x`"));
}

#[test]
fn a_secret_is_copied_and_never_shown() {
    let job = cron_job("a", "0 3 * * *", "x:1", "            envFrom:\n            - secretRef: {name: a-key}\n");
    let secret = |word: &str| {
        format!(
            "# kept\napiVersion: v1\nkind: Secret\nmetadata: {{name: a-key, namespace: shop}}\nstringData: {{key: {word}}}\n"
        )
    };
    let (one, two) = (secret("HUNTER2"), secret("HUNTER3"));
    let mut files = Vec::new();
    for cluster in ["eu", "us", "lab", "dev"] {
        files.push((format!("now/{cluster}/a.yaml"), job.clone()));
        files.push((format!("now/{cluster}/key.yaml"), if cluster == "lab" { two.clone() } else { one.clone() }));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let dir = folder(&files);
    let output = import(dir.path(), &["now", "--into", "fleet", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(!said(&output).contains("HUNTER") && !grumbled(&output).contains("HUNTER"));
    let kept =
        crate::support::read(&dir.path().join("fleet")).values().filter(|bytes| **bytes == *one.as_bytes()).count();
    assert_eq!(kept, 1, "one file holds the Secret of three clusters, byte for byte");
    compare(dir.path(), "now", "fleet");
}

#[test]
fn tidy_proposes_what_an_import_would_write_and_the_output_stays() {
    let task = |name: &str, minute: usize| {
        format!(
            "# Kept apart.\napiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  placement:\n    clusters:\n      - eu\n      - us\n  \
             schedule: \"{minute} 3 * * *\"\n  job:\n    backoffLimit: 2\n    concurrencyPolicy: Forbid\n  container:\n    image: r.example.com/{name}:1\n    env:\n      \
             - name: A\n        value: one\n      - name: B\n        value: two\n    resources:\n      requests:\n        cpu: 100m\n"
        )
    };
    let mut files: Vec<(String, String)> =
        ["a", "b", "c"].iter().enumerate().map(|(at, name)| (format!("jobs/{name}.yaml"), task(name, at))).collect();
    let document = |kind: &str, name: &str, spec: &str| {
        format!("apiVersion: fleetcron.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n{spec}")
    };
    files.push(("fleetcron.yaml".to_owned(), document("Fleet", "f", "spec: {defaults: {timeZone: Etc/UTC}}\n")));
    files.push((
        "clusters.yaml".to_owned(),
        format!("{}---\n{}", document("Cluster", "eu", ""), document("Cluster", "us", "")),
    ));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let dir = folder(&files);
    fine(&run(dir.path(), &["build"]));
    let before = crate::support::read(&dir.path().join("rendered"));
    let proposed = run(dir.path(), &["tidy"]);
    fine(&proposed);
    assert!(
        said(&proposed).contains("+++ b/jobs/a.yaml") && said(&proposed).contains("6 objects compile to what they are"),
        "{}",
        said(&proposed)
    );
    assert!(fs::read_to_string(dir.path().join("jobs/a.yaml")).expect("a task").starts_with("# Kept apart."));
    let written = run(dir.path(), &["tidy", "--write"]);
    fine(&written);
    assert!(grumbled(&written).contains("comments are lost in jobs/a.yaml"), "{}", grumbled(&written));
    assert!(!fs::read_to_string(dir.path().join("jobs/a.yaml")).expect("a task").contains("# Kept apart."));
    fine(&run(dir.path(), &["build"]));
    assert_eq!(crate::support::read(&dir.path().join("rendered")), before);
    assert!(said(&run(dir.path(), &["tidy"])).contains("nothing to tidy"));
    assert!(wrong(&run(dir.path(), &["tidy", "x"]), 1).contains("there is no task `x`"));
}

#[test]
fn init_makes_a_fleet_of_the_cron_jobs_that_are_there() {
    let dir = three();
    fine(&run(dir.path(), &["init", "--from", "now", "fleet"]));
    assert!(dir.path().join("fleet/tasks/shop/report.yaml").is_file());
    compare(dir.path(), "now", "fleet");
    let message = wrong(&run(dir.path(), &["init", "--from", "now", "fleet"]), 1);
    assert!(message.contains("is a fleet already"), "{message}");
    let plain = wrong(&run(&dir.path().join("now"), &["check", "--root", "."]), 1);
    assert!(plain.contains("`fleetcron import tasks DIR --into FLEET`"), "{plain}");
}
