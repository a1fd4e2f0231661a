//! `diff`: its exit codes, what it says of each kind of change, what it never shows, and the proof against manifests that
//! stand. The history of a whole repository is in `history.rs`.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::git::{Repo, task};
use crate::support::{grumbled, said};

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Runs `diff`, which must find a difference and complain of nothing.
fn differs(repo: &Repo, args: &[&str]) -> String {
    let output = repo.run(&[&["diff"], args].concat());
    assert_eq!(code(&output), Some(1), "{args:?}\n{}{}", said(&output), grumbled(&output));
    said(&output)
}

#[test]
fn exit_codes_are_those_of_diff_or_those_of_terraform() {
    let repo = Repo::new();
    let exits = |args: &[&str]| {
        let plain = code(&repo.run(&[&["diff"], args].concat()));
        (plain, code(&repo.run(&[&["diff", "--detailed-exitcode"], args].concat())))
    };
    assert_eq!(exits(&[]), (Some(0), Some(0)), "nothing differs");
    assert_eq!(exits(&["nowhere"]), (Some(2), Some(1)), "there is no such revision");
    assert_eq!(exits(&["--nonsense"]), (Some(2), Some(1)));
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    assert_eq!(exits(&[]), (Some(1), Some(2)), "something differs");
    assert_eq!(exits(&["HEAD", "HEAD"]), (Some(0), Some(0)));
    assert_eq!(exits(&["--staged"]), (Some(0), Some(0)), "it is not staged");
    repo.git(&["add", "tasks"]);
    assert_eq!(exits(&["--staged"]), (Some(1), Some(2)));
    assert_eq!(exits(&["HEAD", "HEAD", "--staged"]), (Some(2), Some(1)));
}

#[test]
fn a_side_that_does_not_compile_is_named() {
    let repo = Repo::new();
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5").replace("placement", "placment"));
    let output = repo.run(&["diff"]);
    assert_eq!(code(&output), Some(2));
    let grumbled_ = grumbled(&output);
    assert!(grumbled_.contains("unknown-field") && grumbled_.contains("in the head, the working tree"), "{grumbled_}");
    assert!(said(&output).is_empty(), "an empty result is no result");
    let json = repo.run(&["diff", "--format", "json"]);
    let value: Value = serde_json::from_str(&said(&json)).expect("JSON");
    assert_eq!((code(&json), &value["ok"]), (Some(2), &Value::Bool(false)));
    assert_eq!(value["diagnostics"][0]["code"], "unknown-field");
    repo.commit("broken");
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    let output = repo.run(&["diff"]);
    assert!(grumbled(&output).contains("in the base, HEAD ("), "{}", grumbled(&output));
    let output = repo.run(&["diff", "HEAD", "HEAD"]);
    assert!(grumbled(&output).contains("and the base, HEAD ("), "{}", grumbled(&output));
}

#[test]
fn markdown_is_for_diff_alone() {
    let repo = Repo::new();
    for args in [&["plan"][..], &["check"], &["build"], &["diff", "--against", "rendered"]] {
        let output = repo.run(&[args, &["--format", "markdown"]].concat());
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(grumbled(&output).contains("--format markdown"), "{}", grumbled(&output));
    }
}

/// A task with what stands below `spec`.
fn with(spec: &str) -> String {
    task("rollup", "1.4") + spec
}

#[test]
fn every_kind_of_change_has_words() {
    let plain = task("rollup", "1.4");
    let at = |from: &str, to: &str| plain.replace(from, to);
    let job = |job: &str| with(&format!("  job: {{{job}}}\n"));
    let container = |more: &str| at("rollup:1.4\"", &format!("rollup:1.4\", {more}"));
    let pod = |containers: &str| {
        let template = format!("  podTemplate: {{spec: {{restartPolicy: Never, containers: [{containers}]}}}}\n");
        plain.split("  container:").next().unwrap_or_default().to_owned() + &template
    };
    let cases: Vec<(String, String, &str)> = vec![
        (plain.clone(), at("1.4", "1.5"), "image registry.example.com/billing/rollup: 1.4 -> 1.5"),
        (
            plain.clone(),
            at("example.com", "example.net"),
            "image registry registry.example.com -> registry.example.net",
        ),
        (
            at(":1.4", &format!(":1.4@sha256:{}", "a".repeat(64))),
            at(":1.4", &format!(":1.5@sha256:{}", "a".repeat(64))),
            "1.4 -> 1.5; the digest stays, so the same image runs",
        ),
        (plain.clone(), at(":1.4", ""), "image registry.example.com/billing/rollup: 1.4 -> none (latest)"),
        (plain.clone(), at("0 3 * * *", "*/30 * * * *"), "runs a day: 1 -> 48"),
        (plain.clone(), at("Etc/UTC", "Europe/Rome"), "time zone Etc/UTC -> Europe/Rome: at 03:00 every day there"),
        (plain.clone(), job("suspend: true, startingDeadlineSeconds: 60"), "suspended: no run starts from now on"),
        (job("suspend: true, startingDeadlineSeconds: 60"), plain.clone(), "no longer suspended: it runs again"),
        (
            plain.clone(),
            job("concurrencyPolicy: Forbid"),
            "concurrency Allow -> Forbid: a run that is due while another",
        ),
        (plain.clone(), job("startingDeadlineSeconds: 60"), "a run may start late by: any time -> 1 minute"),
        (plain.clone(), job("activeDeadlineSeconds: 7200"), "a run may take: 6 minutes -> 2 hours"),
        (plain.clone(), job("backoffLimit: 0"), "retries of a failed run: the default -> 0"),
        (plain.clone(), with("  instances: 3\n"), "instances 1 -> 3"),
        (plain.clone(), with("  active: {max: 1}\n"), "suspended: no run starts from now on"),
        (plain.clone(), with("  labels: {team: a}\n"), "label team added: a"),
        (plain.clone(), with("  pod: {labels: {team: a}}\n"), "pod label team added: a"),
        (plain.clone(), with("  pod: {serviceAccountName: batch}\n"), "pod serviceAccountName added: batch"),
        (plain.clone(), with("  description: Adds up\n"), "description added: \"Adds up\""),
        (plain.clone(), container("env: {A: b}"), "env A added: b"),
        (container("env: {A: b}"), container("env: {A: c}"), "env A: b -> c"),
        (container("env: {A: b}"), plain.clone(), "env A removed, was b"),
        (
            container("env: [{name: A, value: b}, {name: B, value: $(A)}]"),
            container("env: [{name: B, value: $(A)}, {name: A, value: b}]"),
            "order of env: A, B -> B, A",
        ),
        (container("args: [a, b]"), container("args: [a, c]"), "args: [\"a\",\"b\"] -> [\"a\",\"c\"]"),
        (
            container("args: [-c, \"a\\nb\\n\"]"),
            container("args: [-c, \"a\\nc\\n\"]"),
            "args[1]: 1 line added, 1 line removed",
        ),
        (container("resources: {limits: {memory: 64Mi}}"), plain.clone(), "memory limit: 64Mi -> none"),
        (
            pod("{name: a, image: \"x:1\"}, {name: b, image: \"y:1\"}"),
            pod("{name: a, image: \"x:1\"}"),
            "container b goes, image y:1",
        ),
        (
            pod("{name: a, image: \"x:1\"}, {name: b, image: \"y:1\"}"),
            pod("{name: a, image: \"x:1\"}, {name: b, image: \"y:2\"}"),
            "container b: image y: 1 -> 2",
        ),
        (plain.clone(), at("namespace: billing", "namespace: money"), "is renamed to money/rollup"),
        (
            plain.clone(),
            with("  objectName: other\n"),
            "CronJob billing/rollup -> billing/other: a delete and a create",
        ),
        (
            plain.clone(),
            at("clusters: \"*\"", "clusters: [eu-1, us-1]"),
            "no longer here: not named (tasks/rollup.yaml:5)",
        ),
        (
            at("clusters: \"*\"", "clusters: [eu-1, us-1]"),
            plain.clone(),
            "runs here now; before: not named (tasks/rollup.yaml:5)",
        ),
    ];
    let repo = Repo::new();
    for (before, after, words) in cases {
        repo.put("tasks/rollup.yaml", &before);
        repo.build();
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "before"]);
        repo.put("tasks/rollup.yaml", &after);
        let text = differs(&repo, &[]);
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(words), "wanted `{words}`\n{text}");
        let value: Value = serde_json::from_str(&differs(&repo, &["--format", "json"])).expect("JSON");
        let task = &value["result"]["tasks"][0];
        assert_eq!(value["result"]["tasks"].as_array().map(Vec::len), Some(1), "{text}");
        assert!(task["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{task}");
    }
}

#[test]
fn no_secret_is_seen_in_any_form() {
    let repo = Repo::new();
    let secret = |text: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData: {{a: {text}, b: same-secret}}\n")
    };
    let task = |text: &str| {
        with("  resources: [key.yaml]\n")
            .replace("1.4\"}", &format!("1.4\", args: [--password, {text}], env: {{API_TOKEN: {text}A1b2C3d4}}}}"))
    };
    repo.put("tasks/key.yaml", &secret("first-secret"));
    repo.put("tasks/rollup.yaml", &task("first-secret"));
    repo.commit("first");
    repo.put("tasks/key.yaml", &secret("second-secret"));
    repo.put("tasks/rollup.yaml", &task("second-secret"));
    for args in [&[][..], &["--patch"], &["--format", "json", "--patch"], &["--format", "markdown"]] {
        let text = differs(&repo, args);
        assert!(!text.contains("-secret"), "{args:?}\n{text}");
        assert!(text.contains("hidden"), "{args:?}\n{text}");
    }
    let text = differs(&repo, &[]);
    for line in ["env API_TOKEN: changed (hidden)", "Secret billing/key: stringData.a: changed (hidden)"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("stringData.b"), "{text}");
}

/// Many tasks on many clusters.
fn wide() -> Repo {
    let repo = Repo::empty();
    for at in 0..40 {
        let text = format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c-{at:02}}}\n");
        repo.put(&format!("clusters/c-{at:02}.yaml"), &text);
    }
    (0..60).for_each(|at| repo.put(&format!("tasks/t-{at:02}.yaml"), &task(&format!("t-{at:02}"), "1")));
    repo.commit("wide");
    repo
}

#[test]
fn what_is_the_same_is_said_once_and_whatever_the_room_it_is_whole() {
    let repo = wide();
    for at in 0..60 {
        let text = task(&format!("t-{at:02}"), "2");
        let odd = at == 7;
        repo.put(&format!("tasks/t-{at:02}.yaml"), &if odd { text.replace("0 3", "0 4") } else { text });
    }
    let text = differs(&repo, &[]);
    assert!(
        text.contains("60 tasks changed; 40 of 40 clusters touched, 0 untouched\n2400 objects: 2400 changed"),
        "{text}"
    );
    assert_eq!(text.matches("image tag 1 -> 2").count(), 1, "{text}");
    assert!(text.contains("same change in 60 tasks: billing/t-00, billing/t-01, billing/t-02 and 57 more"), "{text}");
    assert!(text.contains("on 40 clusters: c-00, c-01, c-02 and 37 more"), "{text}");
    assert!(text.contains("task billing/t-07 changes on all 40 clusters"), "{text}");
    assert!(text.lines().count() < 25, "{text}");
    assert!(differs(&repo, &["--patch"]).contains("# same on 40 clusters: c-00, c-01, c-02 and 37 more\n"));
    (0..60).for_each(|at| repo.put(&format!("tasks/t-{at:02}.yaml"), &task(&format!("t-{at:02}"), &format!("2-{at}"))));
    let whole = differs(&repo, &["--format", "markdown"]);
    assert!(whole.len() <= 60_000 && whole.contains("2400 changed"));
    assert_eq!(whole.matches("<details>").count(), 60);
    for most in [30_000, 8_000, 3_000, 1_000, 500] {
        let text = differs(&repo, &["--format", "markdown", "--max-bytes", &most.to_string()]);
        assert!(text.len() <= most, "{most}: {}", text.len());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert_eq!(text.matches("```").count() % 2, 0, "{text}");
        assert!(text.contains("60 tasks changed") && text.contains("no room for"), "{most}\n{text}");
    }
}

/// The manifests of a build, to compare with.
fn there(repo: &Repo) -> std::path::PathBuf {
    let there = repo.dir.parent().expect("a home").join("there");
    let _absent = fs::remove_dir_all(&there);
    for (path, bytes) in crate::support::read(&repo.dir.join("rendered")) {
        let path = there.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    there
}

fn against(repo: &Repo, dir: &std::path::Path, args: &[&str]) -> Output {
    repo.run(&[&["diff", "--against", dir.to_str().expect("text")], args].concat())
}

#[test]
fn what_stands_and_means_the_same_is_proven() {
    let repo = Repo::new();
    let there = there(&repo);
    let proof = "6 objects on 3 clusters mean the same; nothing differs";
    let output = against(&repo, &there, &[]);
    assert_eq!(
        (code(&output), said(&output).contains(proof)),
        (Some(0), true),
        "{}{}",
        said(&output),
        grumbled(&output)
    );
    assert!(said(&against(&repo, &there, &["--at", "HEAD"])).contains("-> HEAD ("));
    let file = there.join("eu-1/billing/rollup.cronjob.yaml");
    let text = fs::read_to_string(&file).expect("a manifest");
    // Other words for the same.
    for (from, to) in [
        ("batch/v1\n", "batch/v1beta1\n"),
        ("spec:\n  schedule", "spec:\n  concurrencyPolicy: Allow\n  suspend: false\n  schedule"),
        ("  namespace: billing\n", ""),
        ("metadata:\n", "metadata:\n  uid: x\n  labels: {argocd.argoproj.io/instance: a}\n"),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replacen(from, to, 1)).expect("written");
        let output = against(&repo, &there, &[]);
        assert_eq!((code(&output), said(&output).contains(proof)), (Some(0), true), "{to}{}", said(&output));
    }
    assert!(said(&against(&repo, &there, &[])).contains("label argocd.argoproj.io/instance (1)"));
    // Other meanings.
    for (from, to, words) in [
        ("0 3 * * *", "0 4 * * *", "spec.schedule: \"0 4 * * *\" -> \"0 3 * * *\""),
        ("rollup:1.4", "rollup:1.3", "image: registry.example.com/billing/rollup:1.3 ->"),
        ("spec:\n  schedule", "spec:\n  suspend: true\n  schedule", "spec.suspend removed, was true"),
        ("  timeZone: Etc/UTC\n", "", "spec.timeZone added: Etc/UTC"),
        ("metadata:\n", "metadata:\n  labels: {helm.sh/chart: a-1}\n", "helm.sh/chart"),
        ("metadata:\n", "metadata:\n  labels: {app.kubernetes.io/managed-by: Helm}\n", "app.kubernetes.io/managed-by"),
        ("metadata:\n", "metadata:\n  annotations: {kubernetes.io/description: x}\n", "kubernetes.io/description"),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replacen(from, to, 1)).expect("written");
        let output = against(&repo, &there, &[]);
        let found = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code(&output), Some(1), "{to}\n{found}");
        assert!(
            found.contains("CronJob billing/rollup differs on 1 cluster: eu-1") && found.contains(words),
            "{to}\n{found}"
        );
        assert!(
            found.contains("5 of 6 objects on 3 clusters mean the same; 1 differs, 0 only there, 0 only here"),
            "{found}"
        );
    }
    fs::write(&file, text.replacen("name: rollup", "name: rolldown", 1)).expect("written");
    let found = said(&against(&repo, &there, &[]));
    assert!(
        found.contains("CronJob billing/rolldown on 1 cluster: eu-1") && found.contains("1 only there, 1 only here"),
        "{found}"
    );
    let value: Value = serde_json::from_str(&said(&against(&repo, &there, &["--format", "json"]))).expect("JSON");
    assert_eq!(value["result"]["clusters"][0]["onlyHere"][0], "CronJob billing/rollup");
}

/// Kubernetes reads a last line without a newline as it is, on both sides.
#[test]
fn a_block_scalar_at_the_end_of_a_manifest_is_compared_as_it_stands() {
    let repo = Repo::new();
    let note = |ending: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: note, namespace: billing}}\ndata:\n  text: |\n    one{ending}"
        )
    };
    repo.put("tasks/note.yaml", &note("\n"));
    repo.put("tasks/noted.yaml", &task("noted", "1").replace("spec:\n", "spec:\n  resources: [note.yaml]\n"));
    assert_eq!(code(&repo.run(&["build"])), Some(0));
    let there = there(&repo);
    let file = there.join("eu-1/billing/note.configmap.yaml");
    for (ending, differs) in [("\n", false), ("", true)] {
        fs::write(&file, note(ending)).expect("written");
        let found = said(&against(&repo, &there, &[]));
        assert_eq!(found.contains("ConfigMap billing/note differs on 1 cluster: eu-1"), differs, "{found}");
    }
}

#[test]
fn an_equal_object_of_two_files_is_one_and_another_name_is_a_rename() {
    let repo = Repo::new();
    let there = there(&repo);
    let role = |name: &str, verb: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, namespace: billing}}\n\
             rules: [{{apiGroups: [\"\"], resources: [pods], verbs: [{verb}]}}]\n"
        )
    };
    // A ClusterRole belongs to the whole cluster, whatever namespace is written.
    repo.put("tasks/role.yaml", &role("reader", "list"));
    repo.put("tasks/rollup.yaml", &(task("rollup", "1.4") + "  resources: [role.yaml]\n"));
    for cluster in ["eu-1", "us-1", "us-2"] {
        fs::write(there.join(cluster).join("role.yaml"), role("reader", "list")).expect("written");
    }
    let found = said(&against(&repo, &there, &[]));
    assert!(found.contains("9 objects on 3 clusters mean the same; nothing differs"), "{found}");
    fs::write(there.join("eu-1/again.yaml"), role("reader", "list")).expect("written");
    let found = said(&against(&repo, &there, &[]));
    assert!(found.contains("9 objects on 3 clusters mean the same; nothing differs"), "{found}");
    fs::write(there.join("eu-1/again.yaml"), role("reader", "watch")).expect("written");
    let stopped = against(&repo, &there, &[]);
    assert_eq!(code(&stopped), Some(2));
    assert!(grumbled(&stopped).contains("ClusterRole reader stands in"), "{}", grumbled(&stopped));
    // Twice there and nowhere here.
    for name in ["one.yaml", "two.yaml"] {
        fs::write(there.join("eu-1").join(name), role("other", "watch")).expect("written");
    }
    fs::remove_file(there.join("eu-1/again.yaml")).expect("removed");
    let found = said(&against(&repo, &there, &[]));
    assert!(found.contains("0 differ, 1 only there, 0 only here"), "{found}");
    // The same under another name.
    for name in ["one.yaml", "two.yaml", "role.yaml"] {
        fs::remove_file(there.join("eu-1").join(name)).expect("removed");
    }
    fs::write(there.join("eu-1/role.yaml"), role("lister", "list")).expect("written");
    let found = said(&against(&repo, &there, &[])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(found.contains("ClusterRole lister would become ClusterRole reader on 1 cluster: eu-1"), "{found}");
    assert!(found.contains("1 only there, 1 only here"), "{found}");
    let value: Value = serde_json::from_str(&said(&against(&repo, &there, &["--format", "json"]))).expect("JSON");
    assert_eq!(value["result"]["clusters"][0]["renamed"][0]["here"], "ClusterRole reader");
}

#[test]
fn one_cluster_lists_and_what_cannot_be_compared() {
    let repo = Repo::new();
    let there = there(&repo);
    let output = against(&repo, &there.join("eu-1"), &[]);
    assert!(said(&output).contains("2 objects on 1 cluster mean the same; nothing differs"), "{}", said(&output));
    let flat = there.join("eu-1/billing");
    let output = against(&repo, &flat, &["--cluster", "eu-1"]);
    assert!(said(&output).contains("2 objects on 1 cluster mean the same"), "{}", grumbled(&output));
    let refused = |dir: &std::path::Path, args: &[&str], words: &str| {
        let output = against(&repo, dir, args);
        assert_eq!(code(&output), Some(2), "{words}\n{}", said(&output));
        assert!(grumbled(&output).contains(words), "{words}\n{}", grumbled(&output));
        assert!(said(&output).is_empty());
    };
    refused(&flat, &[], "--cluster NAME");
    refused(&flat, &["--cluster", "eu-2"], "did you mean `eu-1`?");
    refused(&there.join("nowhere"), &[], "nowhere");
    fs::write(there.join("loose.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").expect("written");
    refused(&there, &[], "these manifests are in none: loose.yaml");
    fs::write(there.join("loose.yaml"), "values: no object\n").expect("written");
    let output = against(&repo, &there, &["-v"]);
    assert!(
        grumbled(&output).contains("1 file in") && grumbled(&output).contains("loose.yaml"),
        "{}",
        grumbled(&output)
    );
    fs::write(there.join("loose.yaml"), "a: [HIDDEN\n").expect("written");
    refused(&there, &[], "loose.yaml:");
    assert!(!grumbled(&against(&repo, &there, &[])).contains("HIDDEN"));
    fs::remove_file(there.join("loose.yaml")).expect("removed");
    let file = there.join("eu-1/billing/rollup.cronjob.yaml");
    let other = fs::read_to_string(&file).expect("a manifest").replace(":1.4", ":1.5");
    fs::write(there.join("eu-1/again.yaml"), other).expect("written");
    refused(&there, &[], "stands in ");
    fs::remove_file(there.join("eu-1/again.yaml")).expect("removed");
    fs::create_dir(there.join("eu-9")).expect("a folder");
    fs::copy(&file, there.join("eu-9/x.yaml")).expect("copied");
    let output = against(&repo, &there, &[]);
    assert!(
        said(&output).contains("CronJob billing/rollup on 1 cluster: eu-9") && code(&output) == Some(1),
        "{}",
        said(&output)
    );
    let empty = there.join("empty");
    fs::create_dir(&empty).expect("a folder");
    refused(&empty, &["--cluster", "eu-1"], "there is no manifest in");
}

#[test]
fn secrets_that_change_places_are_a_difference_that_is_not_shown() {
    let repo = Repo::new();
    let with = |args: &str| task("rollup", "1.4").replace("container: {", &format!("container: {{args: [{args}], "));
    repo.put("tasks/rollup.yaml", &with("--password, s3cr3tAAA1, --token, s3cr3tBBB2"));
    repo.build();
    repo.commit("one");
    let stands = tempfile::tempdir().expect("a folder");
    let built = repo.run(&["build", "--out", stands.path().to_str().expect("text")]);
    assert_eq!(code(&built), Some(0));
    repo.put("tasks/rollup.yaml", &with("--password, s3cr3tBBB2, --token, s3cr3tAAA1"));
    for args in [&[][..], &["--against", stands.path().to_str().expect("text")]] {
        let told = differs(&repo, args);
        assert!(told.contains("hidden") && !told.contains("s3cr3t"), "{args:?}: {told}");
    }
}

#[test]
fn what_does_not_come_back_under_the_new_name_of_a_cluster_is_named() {
    let repo = Repo::new();
    let clusters = repo.text("clusters/all.yaml").replace("us-2", "us-3");
    repo.put("clusters/all.yaml", &clusters);
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    let told = differs(&repo, &[]);
    assert!(told.contains("us-2 is renamed to us-3"), "{told}");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("not the same under both names: billing/rollup.cronjob.yaml"), "{told}");
    assert!(told.contains("not all of them as they were"), "{told}");
}
