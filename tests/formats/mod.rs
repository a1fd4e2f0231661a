//! The forms that services of CI read, as `build` and `check` write them: each is read back by a reader of its own and
//! held against `--format json` of the same run.

mod github;
mod gitlab;
mod junit;
mod sarif;

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::fixtures::reports;
use crate::git::{self, Repo};
use crate::support::{grumbled, said};

/// The formats of this module.
const ALL: [&str; 4] = ["github", "sarif", "gitlab", "junit"];

/// A fixture in a format, with the diagnostics that `--format json` gives of it, errors first.
struct Pair {
    name: String,
    text: String,
    log: String,
    diagnostics: Vec<Value>,
}

/// Every fixture in a format; exit codes are those of JSON.
fn pairs(format: &str) -> Vec<Pair> {
    let (told, known) = (reports(format), reports("json"));
    assert!(known.len() > 50 && known.len() == told.len(), "the fixtures are gone");
    let both = told.into_iter().zip(known);
    both.map(|((name, exit, text, log), (same, known, json, _))| {
        assert_eq!((&name, exit), (&same, known), "{log}");
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let diagnostics = errors_first(json["diagnostics"].as_array().expect("a list"));
        Pair { name, text, log, diagnostics }
    })
    .collect()
}

fn errors_first(list: &[Value]) -> Vec<Value> {
    let levels = ["error", "warning", "note"].into_iter();
    levels.flat_map(|level| list.iter().filter(move |one| one["severity"] == level).cloned()).collect()
}

/// What a format has of one diagnostic: its path from the top of the repository, its line, and its code.
type Seen = (String, String, u64);

/// Reads a report in a format: code, path and line of each entry, as far as there are.
fn seen(format: &str, text: &str) -> Vec<Seen> {
    match format {
        "github" => github::commands(text)
            .into_iter()
            .map(|command| {
                let line = command.properties.get("line").map_or(0, |line| line.parse().expect("a number"));
                let get = |name: &str| command.properties.get(name).cloned().unwrap_or_default();
                (get("title"), get("file"), line)
            })
            .collect(),
        "sarif" => sarif::results(text),
        "gitlab" => gitlab::entries(text),
        _ => junit::problems(text),
    }
}

/// A clean fleet in the folder `fleets/a` of a repository.
fn below() -> Repo {
    let repo = Repo::empty();
    repo.put("fleets/a/fleetcron.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\n");
    repo.put(
        "fleets/a/clusters.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n---\n\
         apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: us-1}\n",
    );
    repo.put("fleets/a/tasks/rollup.yaml", &git::task("rollup", "1.4"));
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    let built = git::run(&repo.dir.join("fleets/a"), &["build"]);
    assert!(built.status.success(), "{}", grumbled(&built));
    repo.commit("first");
    repo
}

fn in_fleet(repo: &Repo, args: &[&str], format: &str) -> Output {
    git::run(&repo.dir.join("fleets/a"), &[args, &["--format", format]].concat())
}

#[test]
fn paths_begin_at_the_top_of_the_repository() {
    let repo = below();
    let wrong = git::task("report", "1").replace("schedule:", "shedule:");
    repo.put("fleets/a/tasks/a,b:c %41.yaml", &wrong);
    for format in ALL {
        let output = in_fleet(&repo, &["check"], format);
        assert_eq!(output.status.code(), Some(1));
        let seen = seen(format, &said(&output));
        let wanted: Seen = ("unknown-field".to_owned(), "fleets/a/tasks/a,b:c %41.yaml".to_owned(), 6);
        assert!(seen.contains(&wanted), "{format}: {seen:?}");
        // The same from elsewhere, and of what is staged or committed.
        let there = git::run(
            Path::new("/"),
            &["check", "--root", &repo.dir.join("fleets/a").to_string_lossy(), "--format", format],
        );
        assert_eq!(said(&there), said(&output), "{format}");
    }
    repo.commit("wrong");
    for format in ALL {
        let plain = said(&in_fleet(&repo, &["check"], format));
        assert_eq!(said(&in_fleet(&repo, &["check", "--staged"], format)), plain, "{format}");
        assert_eq!(said(&in_fleet(&repo, &["check", "--at", "HEAD"], format)), plain, "{format}");
        let named = git::run(&repo.dir, &["check", "--at", "HEAD:fleets/a", "--format", format]);
        assert_eq!(said(&named), plain, "{format}");
    }
}

#[test]
fn output_is_found_where_it_lies() {
    let repo = below();
    let stale = |args: &[&str], path: &str| {
        for format in ALL {
            let output = in_fleet(&repo, args, format);
            assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
            let seen = seen(format, &said(&output));
            assert!(seen.iter().any(|one| one.1 == path && one.0 == "stale-output"), "{format}: {path} {seen:?}");
        }
    };
    repo.put("fleets/a/tasks/rollup.yaml", &git::task("rollup", "1.5"));
    stale(&["check"], "fleets/a/rendered/eu-1/billing/rollup.cronjob.yaml");
    // In another folder of the repository.
    let built = in_fleet(&repo, &["build", "--out", "../../out"], "text");
    assert!(built.status.success(), "{}", grumbled(&built));
    repo.put("fleets/a/tasks/rollup.yaml", &git::task("rollup", "1.6"));
    stale(&["check", "--out", "../../out"], "out/eu-1/billing/rollup.cronjob.yaml");
    // Outside it has no path that a service could show: the words have it, the place is the fleet.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let given = elsewhere.path().to_string_lossy();
    for format in ALL {
        let text = said(&in_fleet(&repo, &["check", "--out", &given], format));
        assert!(text.contains(&*given), "{format}: {text}");
        let wanted = if matches!(format, "sarif" | "gitlab") { "fleets/a/fleetcron.yaml" } else { "" };
        let seen = seen(format, &text);
        assert!(!seen.is_empty() && seen.iter().all(|one| one.1 == wanted), "{format}: {seen:?}");
    }
}

#[test]
fn a_run_that_fails_is_never_an_empty_success() {
    let empty = tempfile::tempdir().expect("a folder");
    for format in ALL {
        for (args, code) in [
            (&["check", "--root", "gone"][..], 2),
            (&["check", "--at", "HEAD"][..], 2),
            (&["build", "--cluster", "gone"][..], 1),
        ] {
            let output = match code {
                1 => in_fleet(&below(), args, format),
                _ => git::run(empty.path(), &[args, &["--format", format]].concat()),
            };
            let log = grumbled(&output);
            assert_eq!(output.status.code(), Some(code), "{log}");
            let why = log.lines().find_map(|line| line.strip_prefix("error: ")).expect("the plain line");
            let told = match format {
                "github" => {
                    github::commands(&said(&output)).iter().any(|one| one.kind == "error" && one.message == why)
                }
                "sarif" => sarif::failure(&said(&output)).as_deref() == Some(why),
                "gitlab" => gitlab::failure(&said(&output)).as_deref() == Some(why),
                _ => junit::failure(&said(&output)).as_deref() == Some(why),
            };
            assert!(told, "{format} {args:?}: {}", said(&output));
        }
    }
}

#[test]
fn a_format_that_makes_no_sense_is_refused() {
    let repo = below();
    for format in ALL {
        for command in [&["plan"][..], &["render", "eu-1"], &["explain", "rollup"], &["cron", "@daily"], &["schema"]] {
            let output = in_fleet(&repo, command, format);
            assert_eq!(output.status.code(), Some(2));
            assert_eq!(said(&output), "");
            let line = format!("error: `--format {format}` reports what `build` or `check` found");
            assert!(grumbled(&output).starts_with(&line), "{}", grumbled(&output));
        }
    }
}

/// The value of a variable that looks secret stands in no report, and nothing that could be guessed from does.
#[test]
fn no_report_shows_a_secret() {
    let repo = below();
    let summary = tempfile::NamedTempFile::new().expect("a file");
    let secret = "correct-horse-battery-9Zq";
    let mut task = git::task("report", "1");
    task =
        task.replace("container: {", &format!("container: {{env: {{DB_PASSWORD: {secret}, API_TOKEN: [{secret}]}}, "));
    repo.put("fleets/a/tasks/report.yaml", &task);
    for format in ALL {
        let mut command = crate::support::program(&repo.dir.join("fleets/a"));
        git::scrub(&mut command);
        command.env("GITHUB_STEP_SUMMARY", summary.path());
        let output = command.args(["check", "--format", format]).output().expect("it runs");
        let all = said(&output) + &grumbled(&output);
        assert!(all.contains("report.yaml") && !all.contains("battery"), "{format}: {all}");
    }
    let text = std::fs::read_to_string(summary.path()).expect("a summary");
    assert!(text.contains("report.yaml") && !text.contains("battery"), "{text}");
}
