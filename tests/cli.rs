//! The program as a user runs it: exit codes, what goes to which stream, and what it leaves alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{self, fine, grumbled, run, said, wrong};

fn repository() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    support::put(dir.path(), &support::rich());
    dir
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn times(dir: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let entries = walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok);
    entries.map(|e| (e.path().to_owned(), e.metadata().expect("there").modified().expect("a time"))).collect()
}

fn edit(dir: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(file)).expect("text");
    assert!(text.contains(from), "{file} holds {from}");
    fs::write(dir.join(file), text.replacen(from, to, 1)).expect("a file");
}

const BROKEN: (&str, &str) = ("    image: registry.example.com:5000/team/hostile:1.10", "    imagge: a:1");

/// A hook whose words nobody reads to the end must stop the commit all the same.
#[test]
fn whoever_reads_no_further_is_told_the_truth_by_the_exit_code() {
    let home = tempfile::tempdir().expect("a folder");
    let broken =
        ("tasks/a.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nnonsense: 1\n".to_owned());
    support::put(home.path(), &vec![broken]);
    let mut command = support::program(home.path());
    command.arg("check").stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn build_writes_once_and_says_so() {
    let dir = repository();
    let first = fine(&run(dir.path(), &["build"]));
    assert!(first.contains("in rendered") && first.contains("new"), "{first}");
    assert!(support::read(&dir.path().join("rendered")) == support::right(&support::rich()));
    let before = times(&dir.path().join("rendered"));
    let second = fine(&run(dir.path(), &["build"]));
    assert!(second.contains("nothing to write: everything is up to date"), "{second}");
    assert_eq!(before, times(&dir.path().join("rendered")), "not even a time has moved");
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = repository();
    let text = fine(&run(dir.path(), &["build", "--dry-run"]));
    assert!(
        text.contains("would write") && text.contains("create rendered/eu-1/billing/hostile.cronjob.yaml"),
        "{text}"
    );
    assert!(!dir.path().join("rendered").exists());
}

#[test]
fn one_cluster_alone_can_be_written() {
    let dir = repository();
    fine(&run(dir.path(), &["build", "--cluster", "cn-1"]));
    let there = support::read(&dir.path().join("rendered"));
    assert!(!there.is_empty() && there.keys().all(|path| path.starts_with("cn-1/")), "{:?}", there.keys());
    let said = wrong(&run(dir.path(), &["build", "--cluster", "cn-2"]), 1);
    assert!(said.contains("there is no cluster `cn-2`; did you mean `cn-1`?"), "{said}");
}

#[test]
fn wrong_files_are_exit_code_one_and_nothing_is_written() {
    let dir = repository();
    edit(dir.path(), "tasks/hostile.yaml", BROKEN.0, BROKEN.1);
    for command in [&["build"][..], &["check"], &["render", "eu-1"]] {
        let output = run(dir.path(), command);
        let text = wrong(&output, 1);
        assert!(text.contains("imagge") && text.contains("tasks/hostile.yaml"), "{text}");
        assert_eq!(said(&output), "", "no result");
    }
    assert!(!dir.path().join("rendered").exists());
    let output = run(dir.path(), &["--format", "json", "build"]);
    wrong(&output, 1);
    let value = json(&output);
    assert_eq!(value["ok"], false);
    let found = value["diagnostics"].as_array().expect("a list");
    let first = found.iter().find(|found| found["code"] == "unknown-field").expect("the error");
    assert_eq!(first["place"]["path"], "tasks/hostile.yaml", "{first}");
    assert!(first["place"]["line"].is_u64() && first["code"].is_string() && first["severity"] == "error", "{first}");
}

#[test]
fn what_cannot_run_is_exit_code_two() {
    let dir = repository();
    for arguments in
        [&["build", "--no-such-flag"][..], &["no-such-command"], &["--root", "no-such-folder", "build"], &["render"]]
    {
        let output = run(dir.path(), arguments);
        assert!(!wrong(&output, 2).is_empty());
        assert_eq!(said(&output), "");
    }
    assert!(fine(&run(dir.path(), &["--help"])).contains("Exit codes"));
    assert!(fine(&run(dir.path(), &["--version"])).starts_with("fleetcron "));
}

#[test]
fn check_knows_clean_from_stale() {
    let dir = repository();
    let text = wrong(&run(dir.path(), &["check"]), 1);
    assert!(text.contains("there is no lock"), "{text}");
    fine(&run(dir.path(), &["build"]));
    fs::remove_file(dir.path().join("rendered/cn-1/billing/hostile.cronjob.yaml")).expect("removed");
    let text = wrong(&run(dir.path(), &["check"]), 1);
    assert!(text.contains("missing from the output"), "{text}");
    fine(&run(dir.path(), &["build"]));
    let text = fine(&run(dir.path(), &["check"]));
    assert!(text.contains("up to date"), "{text}");
    edit(dir.path(), "rendered/cn-1/billing/hostile.cronjob.yaml", "registry.cn", "registry.xx");
    let before = support::read(dir.path());
    let text = wrong(&run(dir.path(), &["check"]), 1);
    assert!(text.contains("rendered/cn-1/billing/hostile.cronjob.yaml") && text.contains("differs"), "{text}");
    assert!(before == support::read(dir.path()), "check writes nothing");
}

#[test]
fn deletions_are_guarded() {
    let dir = repository();
    fine(&run(dir.path(), &["build"]));
    let before = support::read(&dir.path().join("rendered"));
    let text = fs::read_to_string(dir.path().join("clusters/all.yaml")).expect("text");
    let kept: Vec<&str> = text.split("---\n").filter(|document| !document.contains("idle-1")).collect();
    fs::write(dir.path().join("clusters/all.yaml"), kept.join("---\n")).expect("a file");
    edit(
        dir.path(),
        "tasks/hostile.yaml",
        "clusters: [\"*\"], exclude: {match: {labels: {env: spare}}}",
        "clusters: [\"*\"]",
    );
    let text = wrong(&run(dir.path(), &["build"]), 1);
    assert!(text.contains("idle-1") && text.contains("--allow-deletions idle-1"), "{text}");
    assert!(before == support::read(&dir.path().join("rendered")), "nothing was written");
    fine(&run(dir.path(), &["build", "--allow-deletions", "idle-1"]));
    assert!(!dir.path().join("rendered/idle-1").exists());
}

#[test]
fn foreign_files_are_left_alone() {
    let dir = repository();
    support::put(&dir.path().join("rendered/eu-1"), &vec![("billing/mine.yaml".into(), "a: 1\n".into())]);
    let output = run(dir.path(), &["build"]);
    fine(&output);
    assert!(grumbled(&output).contains("rendered/eu-1/billing/mine.yaml"), "{}", grumbled(&output));
    assert_eq!(fs::read_to_string(dir.path().join("rendered/eu-1/billing/mine.yaml")).expect("there"), "a: 1\n");
    fs::write(dir.path().join("rendered/eu-1/billing/hostile.cronjob.yaml"), "mine: 1\n").expect("a file");
    let before = support::read(dir.path());
    let text = wrong(&run(dir.path(), &["build"]), 1);
    assert!(text.contains("hostile.cronjob.yaml"), "{text}");
    assert!(before == support::read(dir.path()));
}

#[test]
fn render_streams_one_cluster() {
    let dir = repository();
    let text = fine(&run(dir.path(), &["render", "eu-1"]));
    let expected: Vec<Vec<u8>> = support::right(&support::rich())
        .into_iter()
        .filter(|(path, _)| path.starts_with("eu-1/"))
        .map(|(_, bytes)| bytes)
        .collect();
    let expected: String = expected.iter().map(|bytes| format!("---\n{}", String::from_utf8_lossy(bytes))).collect();
    assert_eq!(text, expected);
    let text = wrong(&run(dir.path(), &["render", "eu-11"]), 1);
    assert!(text.contains("did you mean `eu-1`?"), "{text}");
    let value = json(&run(dir.path(), &["--format", "json", "render", "eu-1"]));
    assert_eq!(value["result"]["cluster"], "eu-1");
    assert!(value["result"]["files"][0]["manifest"].is_string());
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let dir = repository();
    let mut child = support::program(dir.path())
        .args(["render", "eu-1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    // One line, and then the pipe is closed.
    BufReader::with_capacity(1, child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(line, "---\n");
    assert_eq!(output.status.code(), Some(0), "{}", grumbled(&output));
    assert!(!grumbled(&output).contains("panicked") && !grumbled(&output).contains("ipe"), "{}", grumbled(&output));
}

#[test]
fn plan_says_what_runs_where() {
    let dir = repository();
    let text = fine(&run(dir.path(), &["plan"]));
    for word in ["TASK", "billing/hostile", "3 of 4", "template", "nothing runs on idle-1"] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    let text = fine(&run(dir.path(), &["plan", "--task", "existing"]));
    assert!(text.contains("existing") && !text.contains("hostile"), "{text}");
    let text = fine(&run(dir.path(), &["plan", "--cluster", "cn-1"]));
    assert!(text.contains("hostile") && !text.contains("existing"), "{text}");
    let value = json(&run(dir.path(), &["plan", "--format", "json"]));
    assert_eq!(value["ok"], true);
    let tasks = value["result"]["tasks"].as_array().expect("a list");
    assert_eq!(tasks.len(), 3);
    assert!(tasks.iter().all(|task| task["clusters"][0]["instances"] == 1 && task["task"].is_string()), "{value}");
    assert_eq!(value["result"]["idle"], serde_json::json!(["idle-1"]));
    assert!(
        wrong(&run(dir.path(), &["plan", "--task", "billing/hostil"]), 1).contains("did you mean `billing/hostile`?")
    );
}

#[test]
fn explain_says_why() {
    let dir = repository();
    let text = fine(&run(dir.path(), &["explain", "hostile"]));
    for word in
        ["billing/hostile", "runs on 3 of 4 clusters", "excluded", "with china", "tasks/hostile.yaml:", "patched"]
    {
        assert!(text.contains(word) || text.contains(&word.replace("with china", "china")), "{word} in\n{text}");
    }
    let text = fine(&run(dir.path(), &["explain", "billing/hostile", "cn-1"]));
    assert!(
        text.contains("override china changes it") && text.contains("--- cn-1/billing/hostile.cronjob.yaml"),
        "{text}"
    );
    let text = fine(&run(dir.path(), &["explain", "template", "dev-1"]));
    assert!(text.contains("does not run on dev-1") && text.contains("clusters/all.yaml:"), "{text}");
    let value = json(&run(dir.path(), &["explain", "hostile", "--format", "json"]));
    assert_eq!(value["result"]["task"], "billing/hostile");
    assert_eq!(value["result"]["clusters"].as_array().map(Vec::len), Some(4));
    let value = json(&run(dir.path(), &["explain", "hostile", "cn-1", "--format", "json"]));
    assert_eq!(value["result"]["overrides"][0]["changes"], true, "{value}");
    let text = wrong(&run(dir.path(), &["explain", "hostil"]), 1);
    assert!(text.contains("did you mean"), "{text}");
    let text = wrong(&run(dir.path(), &["explain", "hostile", "cn-9"]), 1);
    assert!(text.contains("did you mean `cn-1`?"), "{text}");
}

#[test]
fn explain_has_a_page_for_every_code_and_needs_no_repository() {
    let dir = tempfile::tempdir().expect("a folder");
    for code in fleetcron::diag::Code::ALL {
        assert_eq!(code.page(), fleetcron::diag::Code::named(code.name()).expect("it is known").page());
    }
    let text = fine(&run(dir.path(), &["explain", "unknown-field"]));
    assert!(text.contains("unknown-field"), "{text}");
    let value = json(&run(dir.path(), &["explain", "unknown-field", "--format", "json"]));
    assert_eq!(value["result"]["code"], "unknown-field");
}

#[test]
fn schemas_completions_and_manual_are_printed() {
    let dir = tempfile::tempdir().expect("a folder");
    let schema: Value = serde_json::from_str(&fine(&run(dir.path(), &["schema", "task"]))).expect("JSON");
    assert_eq!(schema["title"], "Task");
    fine(&run(dir.path(), &["schema", "--out", "schemas"]));
    let names: Vec<String> = fleetcron::cli::schema::all().into_iter().map(|(name, _)| name).collect();
    let mut there: Vec<String> = support::read(&dir.path().join("schemas")).into_keys().collect();
    there.sort_by_key(|name| names.iter().position(|known| known == name));
    assert_eq!(there, names);
    assert!(wrong(&run(dir.path(), &["schema", "Tusk"]), 1).contains("did you mean `Task`?"));
    assert!(fine(&run(dir.path(), &["completions", "bash"])).contains("_fleetcron"));
    assert!(fine(&run(dir.path(), &["man"])).contains(".TH fleetcron"));
    fine(&run(dir.path(), &["man", "--out", "man"]));
    assert!(dir.path().join("man/fleetcron-build.1").is_file());
}

/// A repository with a warning and no error.
fn warned() -> TempDir {
    let dir = repository();
    edit(dir.path(), "fleetcron.yaml", "namespace: batch, ", "");
    dir
}

#[test]
fn strict_makes_errors_of_warnings() {
    let dir = warned();
    let lenient = run(dir.path(), &["build", "--dry-run"]);
    fine(&lenient);
    assert!(grumbled(&lenient).contains("warning"), "{}", grumbled(&lenient));
    assert!(!said(&lenient).contains("warning"), "standard output carries results only");
    let text = wrong(&run(dir.path(), &["build", "--strict"]), 1);
    assert!(text.contains("error"), "{text}");
    assert!(!dir.path().join("rendered").exists());
}

#[test]
fn quiet_says_only_what_is_wrong() {
    let dir = warned();
    let output = run(dir.path(), &["build", "-q"]);
    fine(&output);
    assert_eq!(grumbled(&output), "");
    let output = run(dir.path(), &["build", "-q", "--color", "never"]);
    assert_eq!(grumbled(&output), "");
    edit(dir.path(), "tasks/hostile.yaml", BROKEN.0, BROKEN.1);
    assert!(wrong(&run(dir.path(), &["check", "-q"]), 1).contains("imagge"));
}

#[test]
fn the_root_is_found_from_below_and_colour_only_when_asked() {
    let dir = repository();
    fine(&run(&dir.path().join("tasks"), &["build"]));
    assert!(dir.path().join("rendered/eu-1").is_dir());
    edit(dir.path(), "tasks/hostile.yaml", BROKEN.0, BROKEN.1);
    assert!(!wrong(&run(dir.path(), &["check"]), 1).contains('\u{1b}'));
    assert!(wrong(&run(dir.path(), &["check", "--color", "always"]), 1).contains('\u{1b}'));
}

/// Reports point at secrets and do not show them, nor does any other report about the same line.
#[test]
fn what_looks_like_a_secret_is_in_no_report() {
    let home = tempfile::tempdir().expect("a folder");
    let repo = home.path();
    let cluster = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu}\n";
    fs::write(repo.join("cluster.yaml"), cluster).expect("written");
    let task = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: a, namespace: b}\nspec:\n  \
                schedule: \"0 3 * * *\"\n  placement: {clusters: \"*\"}\n  \
                container: {image: \"a:1\", env: {DB_PASSWORD: \"correct-hörse\"}, imge: x, command: [run]}\n";
    fs::write(repo.join("task.yaml"), task).expect("written");
    for format in ["text", "json"] {
        let run = run(repo, &["build", "--dry-run", "--format", format]);
        let told = format!("{}{}", said(&run), grumbled(&run));
        assert!(told.contains("unknown-field") && told.contains("secret-in-env"), "{told}");
        assert!(!told.contains("correct") && !told.contains("rse"), "{told}");
    }
}

/// What a drain takes away is no accident, also where the object's name is the cluster's own.
#[test]
fn a_drain_is_no_deletion_by_accident() {
    let dir = tempfile::tempdir().expect("a folder");
    let api = "apiVersion: fleetcron.dev/v1alpha1\n";
    let cluster = |name: &str| format!("{api}kind: Cluster\nmetadata: {{name: {name}}}\nspec: {{}}\n");
    let mut files: support::Files = ["one", "two"].map(|name| (format!("{name}.yaml"), cluster(name))).to_vec();
    files.extend((0..6).map(|n| {
        let spec =
            "placement: {clusters: \"*\"}, schedule: {cron: \"@daily\", timeZone: Etc/UTC}, container: {image: b}";
        let name =
            format!("metadata: {{name: t{n}, namespace: jobs}}\nspec: {{objectName: t{n}-$(cluster.name), {spec}}}");
        (format!("t{n}.yaml"), format!("{api}kind: Task\n{name}\n"))
    }));
    support::put(dir.path(), &files);
    fine(&run(dir.path(), &["build"]));
    edit(dir.path(), "two.yaml", "spec: {}", "spec: {taints: [{key: maintenance, effect: NoExecute}]}");
    fine(&run(dir.path(), &["build"]));
    assert!(!dir.path().join("rendered/two/jobs").exists());
}

#[test]
fn no_report_shows_a_secret() {
    let secret = |more: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{more}\n");
    let task = |more: &str| {
        format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: t}}\nspec:\n  schedule: 0 1 * * *\n  \
             placement: {{clusters: \"*\"}}\n  resources: [s.yaml]\n{more}\n"
        )
    };
    let plain = task("  container: {image: \"i:1\"}");
    let container = |env: &str| task(&format!("  container:\n    image: i:1\n    {env}"));
    let fine = secret("");
    for (secret, task) in [
        (secret("stringData: {password: Hunter2Hunter, token: 12345678}"), plain.clone()),
        (secret("stringData: Hunter2Hunter"), plain.clone()),
        (secret("stringData: {\"a b\": Hunter2Hunter}"), plain.clone()),
        (secret("strngData: {a: Hunter2Hunter}"), plain.clone()),
        (secret("stringData:\n  a: Hunter2Hunter\n  a: 12345678"), plain.clone()),
        (secret("stringData:\n  a: Hunter2Hunter\n b: [12345678"), plain.clone()),
        (secret("stringData:\n  a: |\n    Hunter2Hunter\n  b: \"12345678"), plain.clone()),
        (secret("stringData:\n  a: Hunter2Hunter\n b: [12345678").replace("Secret", "\"Secret\""), plain.clone()),
        (secret("stringData:\n  a: Hunter2Hunter\n b: [12345678").replace(": Secret", ":   'Secret'"), plain.clone()),
        (fine.clone(), container("env: [{name: DB_PASSWORD, value: 12345678}]")),
        (fine.clone(), container("env: [{name: DB_PASSWORD, value: [Hunter2Hunter]}]")),
        (fine.clone(), container("env: [{name: API_TOKEN, value: [hunter2]}]")),
        (fine.clone(), container("env: {DB_PASSWORD: Hunter2Hunter, DB_PASSWORD: 12345678}")),
        (fine.clone(), container("env: {DB_PASSWORD: Hunter2Hunter")),
        (fine.clone(), container("envs: {DB_PASSWORD: Hunter2Hunter}")),
        (fine.clone(), task("  container: {image: \"i:1\"}\n  variables: {password: Hunter2Hunter, foo: [1]}")),
    ] {
        let dir = repository();
        support::put(
            dir.path(),
            &vec![("tasks/t.yaml".to_owned(), task.clone()), ("tasks/s.yaml".to_owned(), secret.clone())],
        );
        for format in ["text", "json"] {
            let output = run(dir.path(), &["check", "--format", format]);
            let all = format!("{}{}", said(&output), grumbled(&output));
            assert!(all.contains("tasks/s.yaml") || all.contains("tasks/t.yaml"), "{all}");
            assert!(!all.to_lowercase().contains("hunter2") && !all.contains("12345678"), "{secret}{task}{all}");
        }
    }
}

#[test]
fn a_scalar_without_quotes_is_told_once_by_its_own_spelling() {
    for written in ["1.10", "0027", "on"] {
        let task = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: t}}\nspec:\n  schedule: 0 1 * * *\n  \
             placement: {{clusters: \"*\"}}\n  container:\n    image: i:1\n    \
             env: [{{name: V, value: {written}}}]\n"
        );
        let dir = repository();
        support::put(dir.path(), &vec![("tasks/t.yaml".to_owned(), task)]);
        let all = grumbled(&run(dir.path(), &["check"]));
        assert!(all.contains(&format!("quote it: `\"{written}\"`")), "{all}");
        assert_eq!(all.matches("tasks/t.yaml:9:").count(), 1, "{all}");
    }
}
