//! `fleetcron new` with flags: the file is what was asked for, and with an error there is no file.

use serde_json::{Value, json};

use super::{Place, documents};
use crate::support::{grumbled, read, said};

/// What a task needs at least.
const LEAST: [&str; 6] =
    ["--image", "registry.example.com/pay/a:1", "--schedule", "5 3 * * *", "--time-zone", "Etc/UTC"];

/// Makes a task of that name with some flags more; its document.
fn made(place: &Place, name: &str, more: &[&str]) -> Value {
    let mut args = vec!["new", name];
    args.extend(LEAST);
    args.extend(more);
    let told = place.fine(&args);
    let path = told.lines().next().and_then(|line| line.strip_prefix("wrote ")).expect("a path");
    documents(&place.text(path)).remove(0)
}

#[test]
fn every_flag_is_in_the_file_and_nothing_else() {
    let place = Place::fleet();
    place.put(
        "bases/b.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Base\nmetadata: {name: b}\nspec: {labels: {team: pay}}\n",
    );
    let spec = |name: &str, more: &[&str]| made(&place, name, more)["spec"].take();
    let plain = made(&place, "demo/plain", &["--all"]);
    let expected = json!({
        "apiVersion": "fleetcron.dev/v1alpha1",
        "kind": "Task",
        "metadata": {"name": "plain", "namespace": "demo"},
        "spec": {
            "placement": {"clusters": "*"},
            "schedule": {"cron": "5 3 * * *", "timeZone": "Etc/UTC"},
            "container": {"image": "registry.example.com/pay/a:1"},
        },
    });
    assert_eq!(plain, expected);
    for (name, flags, member, value) in [
        ("p1", &["--region", "eu-west-1"][..], "placement", json!({"match": {"region": "eu-west-1"}})),
        (
            "p2",
            &["--region", "eu-west-1", "--region", "us-east-1"],
            "placement",
            json!({"match": {"region": ["eu-west-1", "us-east-1"]}}),
        ),
        (
            "p3",
            &["--provider", "aws", "--label", "env=prod"],
            "placement",
            json!({"match": {"provider": "aws", "labels": {"env": "prod"}}}),
        ),
        (
            "p4",
            &["--label", "env=prod", "--label", "env=staging"],
            "placement",
            json!({"match": {"expressions": [{"key": "env", "operator": "In", "values": ["prod", "staging"]}]}}),
        ),
        (
            "p5",
            &["--cluster", "eu-west-1-a", "--cluster", "us-east-1-a"],
            "placement",
            json!({"clusters": ["eu-west-1-a", "us-east-1-a"]}),
        ),
        ("p6", &["--zone", "us-east-1a"], "placement", json!({"match": {"zone": "us-east-1a"}})),
        (
            "p7",
            &["--all", "--exclude", "us-east-1-a"],
            "placement",
            json!({"clusters": "*", "exclude": {"clusters": ["us-east-1-a"]}}),
        ),
        (
            "p8",
            &["--all", "--strategy", "Duplicated", "--instances", "3"],
            "placement",
            json!({"clusters": "*", "strategy": "Duplicated"}),
        ),
        ("i", &["--all", "--instances", "3"], "instances", json!(3)),
        ("a1", &["--all", "--active", "us-east-1-a"], "active", json!(["us-east-1-a"])),
        ("a2", &["--all", "--active-max", "1"], "active", json!({"max": 1})),
        (
            "a3",
            &["--all", "--active-max", "1", "--active", "us-east-1-a"],
            "active",
            json!({"clusters": ["us-east-1-a"], "max": 1}),
        ),
        ("d", &["--all", "--description", "Does: it #1"], "description", json!("Does: it #1")),
        ("b", &["--all", "--base", "b"], "bases", json!(["b"])),
        (
            "o",
            &[
                "--all",
                "--override",
                "cluster=us-east-1-a:registry=r.example.com",
                "--override",
                "region=eu-west-1:suspend=true",
                "--override",
                "cluster=us-east-1-a:env.MODE=a=b:c",
                "--override",
                "region=eu-west-1:schedule=daily 04:00",
                "--override",
                "region=eu-west-1:tag=2",
            ],
            "overrides",
            json!([
                {"name": "eu-west-1", "match": {"region": "eu-west-1"}, "schedule": {"daily": {"at": "04:00"}}, "job": {"suspend": true}, "container": {"image": {"tag": "2"}}},
                {"name": "us-east-1-a", "clusters": ["us-east-1-a"], "container": {"image": {"registry": "r.example.com"}, "env": {"MODE": "a=b:c"}}},
            ]),
        ),
    ] {
        assert_eq!(spec(&format!("demo/{name}"), flags)[member], value, "{flags:?}");
    }
    place.fine(&["build"]);
    place.fine(&["check"]);
}

#[test]
fn hostile_words_come_through_to_the_manifest() {
    let place = Place::fleet();
    let hostile = [
        "on",
        "y",
        "~",
        "null",
        "0777",
        "1_000",
        "1.10",
        "1e3",
        "a: b",
        "a #b",
        "- a",
        "?",
        "{a}",
        "[b",
        "a,b",
        "'",
        "\"",
        "\\",
        "\t",
        "set -e\necho \"on\"\n",
        "a\n\n",
        "é",
        "😀",
        "--flag=a,b",
        "-c",
        "-1",
        "---",
        "*a",
        "&a",
        "!a",
        "@daily",
        "%x",
        "`x`",
        "|",
        ">",
        "x:y",
        "12:30",
        "15m",
        "0x1F",
        "$(date)",
        "${HOME}",
        " a ",
        "",
    ];
    let mut args = vec!["--cluster", "eu-west-1-a"];
    hostile.iter().for_each(|word| args.extend(["--arg", word]));
    let env: Vec<String> = hostile.iter().enumerate().map(|(at, word)| format!("V{at}={word}")).collect();
    env.iter().for_each(|pair| args.extend(["--env", pair]));
    args.extend(["--env", "on=y", "--override", "cluster=eu-west-1-a:env.y=on"]);
    made(&place, "demo/hostile", &args);
    place.fine(&["build"]);
    let manifest = &documents(&place.text("rendered/eu-west-1-a/demo/hostile.cronjob.yaml"))[0];
    let container = &manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(hostile.to_vec()));
    let expected: Vec<Value> =
        hostile.iter().enumerate().map(|(at, word)| json!({"name": format!("V{at}"), "value": word})).collect();
    let mut found = container["env"].as_array().expect("a list").clone();
    let words = found.extract_if(.., |member| member["name"] == "on" || member["name"] == "y").collect::<Vec<_>>();
    assert_eq!(words, [json!({"name": "on", "value": "y"}), json!({"name": "y", "value": "on"})]);
    let number = |value: &Value| value["name"].as_str().and_then(|name| name[1..].parse::<usize>().ok());
    found.sort_by_key(number);
    // An empty value is the same as none.
    found.iter_mut().filter(|member| member.get("value").is_none()).for_each(|member| member["value"] = json!(""));
    assert_eq!(found, expected);
}

#[test]
fn every_way_to_say_a_schedule() {
    let place = Place::fleet();
    for (at, (said, means)) in [
        ("every 15m", "every 15 minutes"),
        ("hourly 10", "at minute 10 of every hour"),
        ("daily 03:00", "at 03:00 every day"),
        ("weekly mon,thu 03:00", "at 03:00 on Monday and Thursday"),
        ("monthly 1,15 03:00", "at 03:00 on"),
        ("0 3 * * *", "at 03:00 every day"),
        ("@daily", "every day"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("demo/s{at}");
        let args = ["new", &name, "--image", "a:1", "--all", "--schedule", said, "--from", "2026-03-28"];
        let told = place.fine(&args);
        assert!(told.contains(means) && told.contains("next  ") && told.contains("runs on 3 of 3 clusters"), "{told}");
    }
}

#[test]
fn with_an_error_there_is_no_file() {
    let place = Place::fleet();
    let before = read(&place.dir);
    let refused = |code: i32, args: &[&str], parts: &[&str]| {
        let told = place.ends(code, &[&["new"], args].concat());
        parts.iter().for_each(|part| assert!(told.contains(part), "{part}\n{told}"));
        assert_eq!(read(&place.dir), before, "{args:?}");
    };
    let with = |more: &[&'static str]| [&LEAST[..], more].concat();
    refused(
        1,
        &[&["x"], &with(&["--region", "eu-wst-1"])[..]].concat(),
        &["tasks/x.yaml:6:21", "did you mean `eu-west-1`?", "nothing was written"],
    );
    refused(1, &[&["x"], &with(&["--label", "env=prd"])[..]].concat(), &["did you mean `prod`?"]);
    refused(1, &[&["x"], &with(&["--cluster", "eu-west-1"])[..]].concat(), &["eu-west-1-a"]);
    refused(1, &[&["Bad_Name"], &with(&["--all"])[..]].concat(), &["error[invalid-name]"]);
    refused(1, &[&["../../x"], &with(&["--all"])[..]].concat(), &["nothing was written"]);
    refused(
        1,
        &["x", "--image", "a:1", "--schedule", "61 * * * *", "--all"],
        &["error[invalid-schedule]", "tasks/x.yaml"],
    );
    refused(1, &["x", "--image", "a:1", "--schedule", "every 7m", "--all"], &["`6m` and `10m`"]);
    refused(
        1,
        &[&["x"], &with(&["--all", "--override", "cluster=nope:tag=2"])[..]].concat(),
        &["nope", "tasks/x.yaml"],
    );
    refused(1, &[&["x"], &with(&["--all", "--request", "cpu=lots"])[..]].concat(), &["error[invalid-quantity]"]);
    refused(
        1,
        &[&["x"], &with(&["--all", "--time-zone", "Etc/UTC"])[2..6], &["--image", "a:1", "--all", "--base", "gone"]]
            .concat(),
        &["error[unknown-base]"],
    );
    // What is there already.
    refused(1, &[&["demo/hello"], &with(&["--all"])[..]].concat(), &["`tasks/hello.yaml` is there already"]);
    refused(
        1,
        &[&["demo/hello"], &with(&["--all", "--into", "tasks/other.yaml"])[..]].concat(),
        &["error[duplicate-name]"],
    );
    refused(1, &[&["x"], &with(&["--all", "--into", "rendered/x.yaml"])[..]].concat(), &["output directory"]);
    refused(1, &[&["x"], &with(&["--all", "--into", "fleetcron.yaml/x.yaml"])[..]].concat(), &["is no folder"]);
    // What cannot be said so.
    refused(2, &[], &["missing: NAME, --image, --schedule, where it runs (--all, "]);
    refused(2, &["x", "--image", "a:1", "--all"], &["missing: --schedule;"]);
    refused(2, &[&["x"], &with(&["--all", "--into", "../x.yaml"])[..]].concat(), &["does not lie in the fleet"]);
    refused(2, &[&["x"], &with(&["--all", "--into", "tasks/x.txt"])[..]].concat(), &["ends in .yaml"]);
    refused(2, &[&["x"], &with(&["--all", "--env", "A"])[..]].concat(), &["`--env KEY=VALUE`"]);
    refused(2, &[&["x"], &with(&["--all", "--env", "A=1", "--env", "A=2"])[..]].concat(), &["given twice"]);
    refused(
        2,
        &[&["x"], &with(&["--all", "--override", "us-east-1-a:tag=2"])[..]].concat(),
        &["cluster=NAME:WHAT=VALUE"],
    );
    refused(2, &[&["x"], &with(&["--all", "--override", "region=a:nope=2"])[..]].concat(), &["env.NAME"]);
    refused(2, &[&["a/x", "--namespace", "b"], &with(&["--all"])[..]].concat(), &["two namespaces"]);
    refused(2, &["x", "--image", "a:1", "--schedule", "daily", "--all"], &["`daily 03:00`"]);
    refused(2, &[&["x"], &with(&["--all", "--from", "soon"])[..]].concat(), &["is no moment"]);
    // A mistake elsewhere stops it too, and is shown.
    place.put(
        "tasks/wrong.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: w}\nspec: {schedul: x}\n",
    );
    let told = place.ends(1, &[&["new", "x"], &with(&["--all"])[..]].concat());
    assert!(told.contains("tasks/wrong.yaml:4:8") && !place.dir.join("tasks/x.yaml").exists(), "{told}");
}

#[test]
fn a_file_that_would_not_be_read_is_not_written() {
    let place = Place::fleet();
    place.put(".gitignore", "drafts/\n");
    let with = |into: &str| place.ends(1, &[&["new", "demo/x", "--all", "--into", into], &LEAST[..]].concat());
    assert!(with("drafts/x.yaml").contains("Git ignores `drafts/x.yaml`"));
    let manifest = place.text("fleetcron.yaml").replace("spec:\n", "spec:\n  sources: {exclude: [later/**]}\n");
    place.put("fleetcron.yaml", &manifest);
    assert!(with("later/x.yaml").contains("leaves out `later/x.yaml`"));
    assert!(!place.dir.join("drafts").exists() && !place.dir.join("later").exists());
}

#[test]
fn a_dry_run_shows_the_file_and_lints_are_those_of_the_new_task() {
    let place = Place::fleet();
    place.put("tasks/old.yaml", &place.text("tasks/hello.yaml").replace("hello", "old").replace(":1.37.0", ""));
    let args = ["new", "demo/x", "--image", "busybox", "--all", "--schedule", "*/7 * * * *", "--dry-run"];
    let output = place.run(&args);
    assert!(
        output.status.success() && said(&output).contains("would write tasks/x.yaml:\n\napiVersion:"),
        "{}",
        said(&output)
    );
    let told = grumbled(&output);
    assert!(
        told.contains("unpinned-image") && told.contains("uneven-step") && !told.contains("tasks/old.yaml"),
        "{told}"
    );
    assert!(!place.dir.join("tasks/x.yaml").exists());
    let strict = place.ends(1, &[&args[..args.len() - 1], &["--strict"]].concat());
    assert!(strict.contains("nothing was written") && !place.dir.join("tasks/x.yaml").exists(), "{strict}");
    let value: Value = serde_json::from_str(&place.fine(&[&args[..], &["--format", "json"]].concat())).expect("JSON");
    assert_eq!(value["result"]["path"], "tasks/x.yaml");
    assert_eq!(value["result"]["clusters"][0], json!({"cluster": "eu-west-1-a", "instances": 1}));
    assert!(value["diagnostics"].as_array().is_some_and(|all| all.len() >= 2));
}

#[test]
fn the_file_goes_where_most_tasks_are() {
    let place = Place::fleet();
    let hello = place.text("tasks/hello.yaml");
    for name in ["a", "b"] {
        place.put(&format!("jobs/demo/{name}.yaml"), &hello.replace("hello", name));
    }
    let told = place.fine(&[&["new", "pay/x", "--all"], &LEAST[..]].concat());
    assert!(told.starts_with("wrote jobs/pay/x.yaml\n"), "{told}");
    let told = place.fine(&[&["new", "pay/y", "--all", "--into", "elsewhere/y.yml"], &LEAST[..]].concat());
    assert!(told.starts_with("wrote elsewhere/y.yml\n"), "{told}");
}
