//! What `diff` and the reports never print: a secret, wherever it stands, and a character that a terminal would obey. And
//! which states, and which folders, it compares.

use std::fs;

use serde_json::Value;

use crate::git::{Repo, task};
use crate::support::{grumbled, said, wrong};

/// Two secrets, neither of which has a shape by which it could be known.
const SECRETS: [&str; 2] = ["hunTer2Xq", "hunTer3Zw"];

/// The forms in which a result can be had.
const FORMS: [&[&str]; 4] = [&[], &["--patch"], &["--format", "json", "--patch"], &["--format", "markdown"]];

fn differs(repo: &Repo, args: &[&str]) -> String {
    let output = repo.run(&[&["diff"], args].concat());
    assert_eq!(output.status.code(), Some(1), "{args:?}\n{}{}", said(&output), grumbled(&output));
    said(&output)
}

/// Where a container may hold a secret, by the name of a task; `SECRET` stands for it.
const HOLDERS: [(&str, &str); 24] = [
    ("flag", r#"args: ["--password=SECRET"]"#),
    ("flag-word", r#"args: ["--db-password", "SECRET"]"#),
    ("short-flag", r#"args: ["-p", "SECRET"]"#),
    ("shell-mysql", r#"command: [sh, -c, "mysql -pSECRET -h x"]"#),
    ("list-mysql", r#"command: [mysqldump, "-uroot", "-pSECRET"]"#),
    ("shell-flag", r#"command: [sh, -c, "run --password SECRET go"]"#),
    ("shell-curl", r#"command: [sh, -c, "curl -u admin:SECRET http://x"]"#),
    ("shell-header", r#"command: [sh, -c, 'curl -H "Authorization: Bearer SECRET" http://x']"#),
    ("shell-export", r#"command: [sh, -c, "export DB_PASSWORD='SECRET x'\nrun\n"]"#),
    ("url", r#"env: {DATABASE_URL: "postgres://u:SECRET@host/db"}"#),
    ("slash", r#"env: {DB_PASSWORD: "/SECRET"}"#),
    ("dollar", r#"env: {DB_PASSWORD: "$SECRET"}"#),
    ("auth", r#"env: {AUTH: SECRET}"#),
    ("credentials", r#"env: {CREDENTIALS: SECRET}"#),
    ("apikey", r#"env: {APIKEY: SECRET}"#),
    ("passwd", r#"env: {DB_PASSWD: SECRET}"#),
    ("pwd", r#"env: {DB_PWD: SECRET}"#),
    ("dsn", r#"env: {DSN: SECRET}"#),
    ("connection", r#"env: {CONNECTION_STRING: SECRET}"#),
    ("private", r#"env: {PRIVATE_KEY: SECRET}"#),
    ("json", r#"env: {CONFIG: '{"password": "SECRET"}'}"#),
    ("settings", r#"env: {CONN: "Server=x;Password=SECRET;"}"#),
    ("headers", r#"env: {HEADERS: "Authorization: Basic SECRET"}"#),
    (
        "probe",
        r#"livenessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, value: Bearer SECRET}]}}"#,
    ),
];

/// Objects that may hold one.
const OBJECTS: [(&str, &str); 5] = [
    ("config", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n  password: SECRET\n"),
    (
        "file",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: file}\ndata:\n  a.conf: |\n    user=x\n    password=SECRET\n  b.yaml: |\n    db:\n      password: SECRET\n",
    ),
    (
        "custom",
        "apiVersion: x.io/v1\nkind: Db\nmetadata: {name: custom}\nspec:\n  auth: {password: {value: SECRET}}\n  set: [{name: token, value: SECRET}]\n",
    ),
    ("number", "apiVersion: x.io/v1\nkind: Db\nmetadata: {name: number}\nspec: {password: NUMBER}\n"),
    ("secret", "apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {a: SECRET}\n"),
];

/// A repository in which all that holds a secret does.
fn put(repo: &Repo, at: usize) {
    let filled = |text: &str| text.replace("SECRET", SECRETS[at]).replace("NUMBER", ["7391827364", "7391827365"][at]);
    for (name, holder) in HOLDERS {
        let text = task(name, "1").replace(":1\"}", &format!(":1\", {}}}", filled(holder)));
        repo.put(&format!("tasks/{name}.yaml"), &text);
    }
    for (name, object) in OBJECTS {
        repo.put(&format!("tasks/{name}.yaml"), &(task(name, "1") + &format!("  resources: [{name}-object.yaml]\n")));
        repo.put(&format!("tasks/{name}-object.yaml"), &filled(object));
    }
    repo.put(
        "clusters/own.yaml",
        &filled(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: own, labels: {token: SECRET}}\n\
         spec: {variables: {dbPassword: SECRET, apiUrl: \"https://u:SECRET@x\"}}\n",
        ),
    );
    repo.put(
        "tasks/variable.yaml",
        &task("variable", "1")
            .replace("placement: {clusters: \"*\"}", "placement: {clusters: [own]}")
            .replace(":1\"}", ":1\", args: [\"a-$(var.dbPassword)-b\"]}"),
    );
}

#[test]
fn a_secret_is_hidden_wherever_it_stands_and_that_it_changed_is_told() {
    let repo = Repo::new();
    put(&repo, 0);
    repo.commit("first");
    put(&repo, 1);
    for form in FORMS {
        let text = differs(&repo, form);
        for secret in SECRETS.iter().chain(&["739182736", "aHVuVGVy"]) {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{form:?}");
        }
    }
    let value: Value = serde_json::from_str(&differs(&repo, &["--format", "json"])).expect("JSON");
    let tasks = value["result"]["tasks"].as_array().expect("tasks");
    for name in HOLDERS.iter().chain(&OBJECTS).map(|(name, _)| *name).chain(["variable"]) {
        let told = tasks.iter().find(|task| task["task"] == format!("billing/{name}"));
        let hidden = told.is_some_and(|task| task["changes"].to_string().contains("\"hidden\":true"));
        assert!(hidden, "{name}: {told:?}");
    }
    let text = differs(&repo, &[]);
    let changed =
        ["label token: changed (hidden)", "variable dbPassword: changed (hidden)", "env AUTH: changed (hidden)"];
    for words in changed {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn a_report_of_a_mistake_beside_a_secret_does_not_show_it() {
    let repo = Repo::new();
    put(&repo, 0);
    for (name, _) in HOLDERS {
        let path = format!("tasks/{name}.yaml");
        repo.put(&path, &repo.text(&path).replace("container: {image", "container: {imag: x, image"));
    }
    for form in [&["check"][..], &["check", "--format", "json"], &["check", "--format", "github"], &["diff"]] {
        let output = repo.run(form);
        let text = said(&output) + &grumbled(&output);
        assert!(output.status.code() != Some(0) && text.contains("imag"), "{text}");
        let line = text.lines().find(|line| SECRETS.iter().any(|secret| line.contains(secret)));
        assert_eq!(line, None, "{form:?}");
    }
}

#[test]
fn secrets_that_differ_are_not_told_to_be_the_same() {
    let repo = Repo::new();
    let with =
        |name: &str, secret: &str| task(name, "1").replace(":1\"}", &format!(":1\", env: {{TOKEN: {secret}}}}}"));
    for name in ["rollup", "report"] {
        repo.put(&format!("tasks/{name}.yaml"), &with(name, "aaaa1111"));
    }
    repo.commit("first");
    for (name, secret) in [("rollup", "bbbb2222"), ("report", "cccc3333")] {
        repo.put(&format!("tasks/{name}.yaml"), &with(name, secret));
    }
    let patch = differs(&repo, &["--patch"]);
    assert!(patch.contains("(hidden 1)") && patch.contains("(hidden 2)") && patch.contains("(hidden 3)"), "{patch}");
    repo.put("tasks/report.yaml", &with("report", "bbbb2222"));
    let text = differs(&repo, &[]);
    assert!(text.contains("same change in 2 tasks"), "{text}");
    let patch = differs(&repo, &["--patch"]);
    assert!(!patch.contains("(hidden 3)"), "the same secret has one number\n{patch}");
}

#[test]
fn nothing_that_a_terminal_obeys_or_nobody_sees_is_printed() {
    const ODD: [char; 5] = ['\u{1b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}'];
    let odd = "\\e[2J\\u202e\\u2066\\u200b\\ufeff`|<!-- @team\\nfake line";
    let repo = Repo::new();
    let clusters = repo.text("clusters/all.yaml");
    repo.put("clusters/all.yaml", &format!("{clusters}spec: {{variables: {{note: \"{odd}\"}}, region: \"r{odd}\"}}\n"));
    repo.put("tasks/rollup.yaml", &task("rollup", "1").replace(":1\"}", &format!(":1\", env: {{A: \"{odd}\"}}}}")));
    let stands = tempfile::tempdir().expect("a folder");
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"{odd}\"}}\n");
    fs::create_dir(stands.path().join("eu-1")).expect("a folder");
    fs::write(stands.path().join("eu-1/a.yaml"), object).expect("written");
    let folder = stands.path().to_str().expect("text");
    let forms: [&[&str]; 5] =
        [&["diff"], &["diff", "--patch"], &["diff", "--format", "markdown"], &["diff", "--against", folder], &["plan"]];
    for form in forms {
        let output = repo.run(form);
        let text = said(&output) + &grumbled(&output);
        assert!(form == ["plan"] || text.contains("fake"), "{form:?}\n{text}");
        let line = text.lines().find(|line| line.contains(ODD) || line.trim_start().starts_with("fake line"));
        assert_eq!(line, None, "{form:?}");
        if form.contains(&"markdown") {
            let outside: String = text.split("```").step_by(2).collect();
            assert!(!outside.contains("<!--") && !outside.contains("@team"), "{outside}");
        }
    }
}

#[test]
fn of_folders_that_are_called_like_clusters_only_the_one_that_is_asked_for_is_compared() {
    let repo = Repo::new();
    let there = tempfile::tempdir().expect("a folder");
    let folder = there.path().to_str().expect("text");
    assert!(repo.run(&["build", "--out", folder]).status.success());
    let against = |cluster: &str| repo.run(&["diff", "--against", folder, "--cluster", cluster]);
    let output = against("eu-1");
    assert_eq!(output.status.code(), Some(0), "{}{}", said(&output), grumbled(&output));
    assert!(said(&output).contains("2 objects on 1 cluster mean the same; nothing differs"), "{}", said(&output));
    fs::remove_dir_all(there.path().join("us-1")).expect("removed");
    let told = wrong(&against("us-1"), 2);
    assert!(told.contains("none that is called `us-1`") && told.contains("FOLDER --cluster us-1"), "{told}");
}

#[test]
fn null_in_a_map_of_texts_is_an_empty_text() {
    let repo = Repo::new();
    let with = |labels: &str| task("rollup", "1.4").replace("spec:\n", &format!("spec:\n  labels: {{{labels}}}\n"));
    repo.put("tasks/rollup.yaml", &with("a: \"\""));
    let there = tempfile::tempdir().expect("a folder");
    let folder = there.path().to_str().expect("text");
    assert!(repo.run(&["build", "--out", folder]).status.success());
    let path = there.path().join("eu-1/billing/rollup.cronjob.yaml");
    let text = fs::read_to_string(&path).expect("a manifest");
    assert!(text.contains("a: \"\""), "{text}");
    fs::write(&path, text.replace("a: \"\"", "a: null")).expect("written");
    let output = repo.run(&["diff", "--against", folder]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    fs::write(&path, text.replace("a: \"\"", "a: null\n    b: null")).expect("written");
    let output = repo.run(&["diff", "--against", folder]);
    assert_eq!(output.status.code(), Some(1), "a key without a value is there\n{}", said(&output));
}

#[test]
fn a_state_without_a_fleet_has_nothing_in_it() {
    for at in 0..2 {
        let repo = Repo::empty();
        repo.put("README.md", "# Later\n");
        repo.commit("nothing yet");
        let root = ["fleet/", ""][at];
        repo.put(
            &format!("{root}clusters/a.yaml"),
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\n",
        );
        repo.put(&format!("{root}tasks/rollup.yaml"), &task("rollup", "1"));
        repo.commit("the fleet");
        let run = |range: &[&str]| repo.run(&[&["diff"], range, &["--root", ["fleet", "."][at]]].concat());
        for (range, words, number) in [
            (["HEAD~1", "HEAD"], "HEAD~1 (0) has no fleet: everything is new", "1 object: 1 new"),
            (["HEAD", "HEAD~1"], "HEAD~1 (0) has no fleet: everything goes", "1 object: 1 deleted"),
        ] {
            let output = run(&range);
            assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
            let words = words.split_once(" (0)").expect("a title");
            let told = said(&output);
            assert!(told.contains(words.0) && told.contains(words.1) && told.contains(number), "{told}");
        }
        assert!(grumbled(&run(&["HEAD~1", "HEAD~1"])).contains("no-clusters"), "there is nothing to compare");
    }
}

#[test]
fn a_range_is_what_git_takes_it_for() {
    let repo = Repo::new();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
    repo.commit("topic");
    repo.git(&["checkout", "-q", "main"]);
    repo.put("tasks/report.yaml", &task("report", "2.1"));
    repo.commit("meanwhile");
    let two = differs(&repo, &["main..topic"]);
    assert_eq!(two, differs(&repo, &["main", "topic"]));
    assert!(two.contains("2.1 -> 2.0") && two.contains("1.4 -> 1.5"), "{two}");
    let three = differs(&repo, &["main...topic"]);
    assert!(!three.contains("2.1") && three.contains("1.4 -> 1.5"), "{three}");
    assert!(three.lines().next().is_some_and(|line| line.contains(", where topic left main -> topic (")), "{three}");
    assert_eq!(differs(&repo, &["topic.."]), differs(&repo, &["topic", "HEAD"]));
    let told = wrong(&repo.run(&["diff", "main..topic", "HEAD"]), 2);
    assert!(told.contains("names both states: write `fleetcron diff main topic`"), "{told}");
    let told = wrong(&repo.run(&["diff", "main...nowhere"]), 2);
    assert!(told.contains("there is no revision `nowhere`"), "{told}");
}
