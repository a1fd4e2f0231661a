//! Answers that are refused: nothing on standard output, and a message that Argo CD can show.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{API, Git, Server, built, cluster, fine, fleet, path, refused, small, task};
use crate::support::{self, Files};

/// What Argo CD shows for a repository and parameters.
fn shown(files: &Files, parameters: &Value) -> String {
    let server = Server::new();
    let copy = server.send("1b4e28ba-2fa1-11d2-883f-0016d3cca427", files, "tasks", Git::Stub);
    let before = server.standing();
    let said = refused(&server.generate(&copy, parameters), &copy);
    assert!(before == server.standing(), "a refusal writes nothing");
    said
}

#[test]
fn a_mistake_is_told_with_its_place_and_what_to_do() {
    let (mut files, _) = built(&small());
    files[1].1 = task("rollup", "  job: {backoffLimitt: 1}\n");
    let said = shown(&files, &cluster("eu-1"));
    let expected = "tasks/rollup.yaml:8:9: error[unknown-field]: ";
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("`backoffLimitt`") && said.contains("\n  help: did you mean `backoffLimit`?\n"), "{said}");
    assert!(said.ends_with("shows the same with the lines in question\n"), "{said}");
}

#[test]
fn of_many_mistakes_some_are_told() {
    let (mut files, _) = built(&small());
    for at in 0..50 {
        files.push((
            format!("tasks/bad-{at:02}.yaml"),
            task(&format!("bad-{at}"), &format!("  job: {{field{at}: 1}}\n")),
        ));
    }
    let said = shown(&files, &cluster("eu-1"));
    assert_eq!(said.lines().filter(|line| line.contains("error[")).count(), 20, "{said}");
    assert!(said.contains("\nand 30 more errors\n"), "{said}");
}

#[test]
fn a_lock_that_is_not_there_or_behind_says_how_to_mend_it() {
    let (files, _) = built(&small());
    let without: Files = files.iter().filter(|(path, _)| path != "fleetcron.lock").cloned().collect();
    let said = shown(&without, &cluster("eu-1"));
    assert!(said.starts_with("fleetcron.lock: error[not-in-lock]: there is no lock to render\n"), "{said}");
    assert!(said.contains("  help: run `fleetcron build` and commit fleetcron.lock with the change\n"), "{said}");
    assert!(said.contains("manifest-generate-paths"), "{said}");
    let mut behind = files.clone();
    behind.push(("tasks/new.yaml".to_owned(), task("new", "")));
    let said = shown(&behind, &cluster("eu-1"));
    assert!(
        said.starts_with(
            "tasks/new.yaml:3:18: error[not-in-lock]: the lock does not say where task `billing/new` runs\n"
        ),
        "{said}"
    );
    assert!(said.contains("fleetcron build") && !said.contains("manifest-generate-paths"), "{said}");
}

#[test]
fn an_answer_that_would_delete_everything_is_none() {
    let mut files = small();
    files.push((
        "fleetcron.yaml".to_owned(),
        format!("{API}\nkind: Fleet\nmetadata: {{name: a}}\nspec: {{output: {{marker: {{when: never}}}}}}\n"),
    ));
    let (files, _) = built(&files);
    let said = shown(&files, &cluster("us-1"));
    assert!(said.starts_with("error: cluster `us-1` has no object"), "{said}");
    assert!(said.contains("`output.marker.when: never`") && said.contains("Set it to `idle`"), "{said}");
    let parameters = json!([{"name": "cluster", "string": "us-1"}, {"name": "tasks", "array": ["rollup"]}]);
    let said = shown(&files, &parameters);
    assert!(said.contains("none of the tasks rollup is placed on cluster `us-1`, but on eu-1"), "{said}");
    // Nothing of a fleet at all.
    let said = shown(&vec![("README.md".to_owned(), "nothing".to_owned())], &cluster("eu-1"));
    assert!(said.starts_with("error[no-clusters]: there is no cluster in this repository\n  help: "), "{said}");
}

#[test]
fn what_an_application_asks_for_must_be_there() {
    let (files, _) = built(&small());
    let list = "the clusters are eu-1, us-1";
    let cases = [
        (Value::Null, "the application does not say which cluster it is for"),
        (cluster("eu-2"), "did you mean `eu-1`? the clusters are eu-1, us-1"),
        (cluster("../../../etc"), " asks for; the clusters are eu-1, us-1"),
        (cluster("eu-1/../us-1"), list),
        (cluster("eu-1\n\u{1b}[31mred\u{202e}"), "eu-1\\n\\u{1b}[31mred\\u{202e}"),
        (cluster(&"x".repeat(100_000)), "xxx..."),
        (
            json!([{"name": "cluster", "string": "eu-1"}, {"name": "tasks", "array": ["rolup"]}]),
            "did you mean `rollup`?",
        ),
        (json!([{"name": "cluster", "string": "eu-1"}, {"name": "task", "array": ["a"]}]), "did you mean `tasks`?"),
        (json!([{"name": "cluster\u{0}", "string": "eu-1"}]), "there is no parameter `cluster\\u{0}`"),
        (json!([{"name": "cluster", "array": ["eu-1"]}]), "write `string: NAME`"),
        (json!({"cluster": "eu-1"}), "is not an array of parameters"),
    ];
    for (parameters, expected) in cases {
        let said = shown(&files, &parameters);
        assert!(said.starts_with("error: ") && said.contains(expected), "{parameters}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn an_environment_that_is_no_text_is_told() {
    let (files, _) = built(&small());
    let server = Server::new();
    let copy = server.send("a", &files, "tasks", Git::Absent);
    let broken = OsStr::from_bytes(b"eu-\xff");
    for name in ["ARGOCD_APP_PARAMETERS", "ARGOCD_ENV_CLUSTER", "ARGOCD_APP_REVISION"] {
        let mut command = server.command(&copy, "generate", &Value::Null);
        let said = refused(&command.env(name, broken).output().expect("the program starts"), &copy);
        assert_eq!(said, format!("error: the environment variable {name} is not UTF-8 text\n"));
    }
    let mut command = server.command(&copy, "generate", &Value::Null);
    let said = refused(&command.env("ARGOCD_APP_PARAMETERS", "[{").output().expect("the program starts"), &copy);
    assert!(said.starts_with("error: ARGOCD_APP_PARAMETERS is not an array of parameters: "), "{said}");
    // What nobody reads may be anything.
    let mut command = server.command(&copy, "generate", &cluster("eu-1"));
    fine(&command.env("ARGOCD_ENV_OTHER", broken).output().expect("the program starts"));
}

#[test]
fn other_formats_and_a_folder_that_is_gone_are_refused() {
    let (files, _) = built(&small());
    let server = Server::new();
    let copy = server.send("a", &files, "tasks", Git::Absent);
    let mut command = server.command(&copy, "generate", &cluster("eu-1"));
    let said = refused(&command.args(["--format", "json"]).output().expect("the program starts"), &copy);
    assert!(said.contains("no other `--format`"), "{said}");
    let mut command = server.command(&copy, "generate", &cluster("eu-1"));
    refused(&command.args(["--root", "../nowhere"]).output().expect("the program starts"), &copy);
    // A reader that is gone has read nothing.
    let mut command = server.command(&copy, "generate", &cluster("eu-1"));
    let closed = std::fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = closed {
        let output = command.stdout(full).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2));
        assert!(support::grumbled(&output).starts_with("error: the answer could not be written: "));
    }
}

#[test]
fn a_link_out_of_the_tree_is_refused() {
    let (files, _) = built(&small());
    let server = Server::new();
    let copy = server.send("a", &files, "tasks", Git::Absent);
    let secret = server.home.path().join("home/../token.yaml");
    std::fs::write(&secret, "secret: hunter2\n").expect("a file");
    symlink(&secret, copy.top.join("tasks/link.yaml")).expect("a link");
    let output = server.generate(&copy, &cluster("eu-1"));
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = support::grumbled(&output);
    assert!(said.starts_with("tasks/link.yaml: error[link-outside]: ") && !said.contains("hunter2"), "{said}");
    assert!(!said.contains(path(&copy.top)), "{said}");
}

#[test]
fn names_that_would_break_the_page_are_shown_harmless() {
    let (mut files, _) = built(&small());
    let name = "evil\\n\\x1b[2J\\u202Eerror[none]: all is well";
    files
        .push(("tasks/evil.yaml".to_owned(), task("rollup", "").replace("name: rollup", &format!("name: \"{name}\""))));
    let said = shown(&files, &cluster("eu-1"));
    assert!(said.contains("tasks/evil.yaml:3:18: error[invalid-name]: "), "{said}");
    assert!(said.lines().all(|line| !line.starts_with("error[none]")), "{said}");
}

#[test]
fn no_secret_is_shown() {
    let (mut files, _) = built(&small());
    files.push((
        "tasks/secret.yaml".to_owned(),
        "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {token: {hunter2-is-the-word: true}}\ndata: {password: hunter2-is-the-word}\n".to_owned(),
    ));
    files.push((
        "tasks/more.yaml".to_owned(),
        task(
            "more",
            "  resources: [secret.yaml]\n  container: {env: {API_TOKEN: [ghp_hunter2hunter2hunter2hunter2hunter2]}}\n",
        ),
    ));
    let said = shown(&files, &cluster("eu-1"));
    assert!(said.contains("tasks/secret.yaml:"), "{said}");
    assert!(!said.contains("hunter2hunter2") && !said.contains("password: hunter2"), "{said}");
}

#[test]
fn what_argo_cd_would_change_or_refuse_is_found() {
    // DEL and its kin are errors wherever they come from.
    for text in ["\\x7F", "\\x80", "\\N", "\\u009F", "\\uFFFE"] {
        let mut files = small();
        files.push((
            "tasks/odd.yaml".to_owned(),
            task("odd", &format!("  labels: {{}}\n  annotations: {{a: \"{text}\"}}\n")),
        ));
        let said = shown(&files, &cluster("eu-1"));
        assert!(said.contains("tasks/odd.yaml:9:20: error[control-character]: "), "{text}: {said}");
    }
    let mut files = small();
    files.push(("tasks/script.sh".to_owned(), "echo \u{7f}\n".to_owned()));
    files.push((
        "tasks/odd.yaml".to_owned(),
        task("odd", "").replace("\"a/b:1\"", "\"a/b:1\", args: [{fromFile: script.sh}]"),
    ));
    files.push((
        "tasks/b.yaml".to_owned(),
        task("b", "  variables: {v: !!binary fw==}\n  annotations: {a: $(var.v)}\n"),
    ));
    let said = shown(&files, &cluster("eu-1"));
    assert_eq!(said.matches("error[control-character]: the control character U+007F (DEL)").count(), 2, "{said}");
    // A list of SOPS cannot pass byte for byte, nor be taken apart.
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: billing}\n";
    let sops = "sops: {version: 3.9.0}\n";
    for (text, expected) in [
        (
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: a, namespace: billing}}\n{sops}"
            ),
            "a list that is encrypted as a whole",
        ),
        (format!("{secret}items: []\n"), "is a list to Argo CD"),
        (format!("{secret}kind: Secret\n{sops}"), "duplicate-key"),
        (format!("{secret}{sops}---\n{secret}{sops}"), "holds 2 documents"),
    ] {
        let mut files = small();
        files.push(("tasks/s.enc.yaml".to_owned(), text.clone()));
        files.push(("tasks/t.yaml".to_owned(), task("t", "  resources: [s.enc.yaml]\n")));
        let said = shown(&files, &cluster("eu-1"));
        assert!(said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn a_file_that_passes_byte_for_byte_passes() {
    let secret = "# by SOPS\n---\napiVersion: v1\r\nkind: Secret\r\nmetadata: {name: token, namespace: billing}\r\ndata: {a: \"ENC[AES256_GCM,data:x]\"}\r\nsops: {version: 3.9.0}";
    let mut files = small();
    files.push(("tasks/s.enc.yaml".to_owned(), secret.to_owned()));
    files.push(("tasks/t.yaml".to_owned(), task("t", "  resources: [s.enc.yaml]\n")));
    let (files, output) = built(&files);
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Absent);
    let answer = server.generate(&copy, &cluster("eu-1"));
    let objects = fine(&answer);
    assert_eq!(objects.iter().filter(|object| object["kind"] == "Secret").count(), 1);
    assert_eq!(output["eu-1/billing/token.secret.yaml"], secret.as_bytes());
    assert!(answer.stdout.windows(secret.len()).any(|part| part == secret.as_bytes()), "the bytes are the author's");
    let (rich, _) = fleet();
    let copy = server.send("b", &rich, ".", Git::Absent);
    fine(&server.generate(&copy, &cluster("eu-1")));
}
