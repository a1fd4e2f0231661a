//! `fleetcron timeline` as a user sees it: snapshots of the text, the other forms, and the questions of docs/howto.md.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{self, fine, program, said, wrong};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A fleet of three regions with daily, hourly, suspended and `@every` tasks, in a folder of its own.
fn fleet() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let api = "apiVersion: fleetcron.dev/v1alpha1\n";
    let cluster = |name: &str, region: &str, zone: &str| {
        let text = format!(
            "{api}kind: Cluster\nmetadata: {{name: {name}, labels: {{tier: gold}}}}\nspec: {{region: {region}, provider: aws, timeZone: {zone}}}\n"
        );
        (format!("clusters/{name}.yaml"), text)
    };
    let task = |name: &str, schedule: &str, more: &str| {
        let text = format!(
            "{api}kind: Task\nmetadata: {{name: {name}, namespace: billing}}\nspec:\n  schedule: {schedule}\n  placement: {{clusters: \"*\"}}\n  container: {{image: example.com/{name}:1, resources: {{requests: {{cpu: 250m, memory: 64Mi}}}}}}\n{more}"
        );
        (format!("tasks/{name}.yaml"), text)
    };
    let fleet = format!("{api}kind: Fleet\nmetadata: {{name: acme}}\nspec:\n  defaults: {{timeZone: Etc/UTC}}\n");
    let files = vec![
        ("fleetcron.yaml".to_owned(), fleet),
        cluster("eu-west-1-a", "eu-west-1", "Europe/Berlin"),
        cluster("eu-west-1-b", "eu-west-1", "Europe/Dublin"),
        cluster("us-east-1-a", "us-east-1", "America/New_York"),
        task("rollup", "{cron: \"0 2 * * *\", timeZone: cluster}", "  expectedDuration: 40m\n"),
        task("report", "\"0 2 * * 1-5\"", "  instances: 2\n  job: {startingDeadlineSeconds: 60}\n"),
        task("sync", "\"*/15 * * * *\"", "  job: {startingDeadlineSeconds: 60}\n"),
        task("poll", "\"@every 90m\"", ""),
        task("old", "\"0 2 * * *\"", "  job: {suspend: true}\n"),
        task("no-zone", "{cron: \"30 2 * * *\", timeZone: null}", ""),
    ];
    support::put(dir.path(), &files);
    dir
}

fn timeline(dir: &Path, args: &[&str], columns: &str, locale: &str) -> std::process::Output {
    let mut command = program(dir);
    command.env("COLUMNS", columns).env("LC_ALL", locale).args(["timeline", "--from", "2026-11-30"]).args(args);
    command.output().expect("the program starts")
}

/// Compares with a file of tests/timeline; `BLESS=1` writes it.
fn compare(name: &str, text: &str) {
    let path = root().join("tests/timeline").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
    }
    assert_eq!(text, fs::read_to_string(&path).expect("a snapshot"), "{name}");
}

#[test]
fn the_text_fits_80_and_160_columns_with_and_without_blocks_and_colour() {
    let dir = fleet();
    for (name, columns, locale, color) in [
        ("day-80.txt", "80", "C.UTF-8", "never"),
        ("day-160.txt", "160", "C.UTF-8", "never"),
        ("day-80-ascii.txt", "80", "C", "never"),
        ("day-80-colour.txt", "80", "en_US.utf8", "always"),
    ] {
        let text = fine(&timeline(dir.path(), &["--color", color], columns, locale));
        let wide: usize = columns.parse().expect("a number");
        let shown = text.lines().map(|line| line.replace("\u{1b}[1;33m", "").replace("\u{1b}[0m", "").chars().count());
        assert!(shown.into_iter().all(|columns| columns <= wide), "{name}\n{text}");
        assert_eq!(text.is_ascii(), locale == "C", "{name}");
        compare(name, &text);
    }
}

#[test]
fn weekdays_regions_zones_and_times_of_the_day() {
    let dir = fleet();
    for (name, args) in [
        ("weekdays.txt", &["--by", "weekday"][..]),
        ("regions.txt", &["--for", "7d", "--group-by", "region"]),
        ("own-zone.txt", &["--zone", "cluster", "--task", "rollup"]),
        ("at.txt", &["--at", "02:00"]),
        ("at-own-zone.txt", &["--at", "02:00", "--zone", "cluster"]),
        ("between.txt", &["--between", "23:00-01:30", "--zone", "Europe/Berlin"]),
        ("daylight-saving.txt", &["--daylight-saving", "2027"]),
        ("suggest.txt", &["--suggest"]),
    ] {
        compare(name, &fine(&timeline(dir.path(), args, "100", "C.UTF-8")));
    }
}

/// Counted by hand: of six tasks on three clusters one is suspended and one is `@every`.
#[test]
fn json_and_csv_count_the_same_starts() {
    let dir = fleet();
    let output = timeline(dir.path(), &["--format", "json"], "100", "C.UTF-8");
    let value: Value = serde_json::from_str(&said(&output)).expect("one document");
    let result = &value["result"];
    // 3 rollup, 3 report on a Monday, 3 * 96 sync, 3 no-zone.
    assert_eq!(result["starts"], 3 + 3 + 3 * 96 + 3);
    assert_eq!(result["instances"], 3 + 6 + 3 * 96 + 3);
    assert_eq!((&result["suspendedCopies"], &result["copiesWithoutTimeZone"]), (&3.into(), &3.into()));
    assert_eq!((&result["every"][0]["min"], &result["every"][0]["max"]), (&16.into(), &16.into()));
    // At 02:00 UTC: report and sync on three clusters, rollup in Dublin.
    assert_eq!(
        (&result["busiest"][0]["starts"], &result["busiest"][0]["at"]),
        (&7.into(), &"2026-11-30T02:00:00Z".into())
    );
    // 40 minutes of the runs in Berlin and Dublin do not overlap; each takes 250m and 64Mi, as each sync does.
    assert_eq!(result["atOnce"]["copiesWithoutDuration"], 9);
    let csv = fine(&timeline(dir.path(), &["--format", "csv"], "100", "C.UTF-8"));
    let starts: u64 = csv
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().expect("a count").parse::<u64>().expect("a number"))
        .sum();
    assert_eq!(starts, 297);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let dir = fleet();
    for (args, code, text) in [
        (&["--for", "soon"][..], 2, "`--for soon` is no length"),
        (&["--at", "25:00"], 2, "`--at 25:00` is no time of the day"),
        (&["--between", "01:00"], 2, "`--between 01:00` is no time of the day"),
        (&["--zone", "Europe/Munich"], 2, "`--zone Europe/Munich`: there is no such time zone"),
        (&["--task", "rollupp"], 1, "rollupp"),
        (&["--namespace", "billin"], 1, "billin"),
        (&["--group-by", "rack"], 2, "write cluster, region, provider, namespace or label:KEY"),
    ] {
        let said = wrong(&timeline(dir.path(), args, "100", "C.UTF-8"), code);
        assert!(said.contains(text), "{args:?}: {said}");
    }
    let plan = program(dir.path()).args(["plan", "--format", "csv"]).output().expect("the program starts");
    assert!(wrong(&plan, 2).contains("`--format csv` is there for `timeline` alone"));
}

#[test]
fn schedules_are_sorted_by_their_next_run() {
    let dir = fleet();
    let plan = |args: &[&str]| {
        let args = [&["plan", "--schedules", "--from", "2026-11-30T01:50"], args].concat();
        fine(&program(dir.path()).args(args).output().expect("the program starts"))
    };
    let tasks = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(1).map(|line| line.split(' ').next().unwrap_or_default().to_owned());
        lines.take_while(|task| !task.is_empty()).map(|task| task.replace("billing/", "")).collect()
    };
    // rollup has a zone for each cluster: Dublin at 02:00, New York at 07:00, Berlin on the next day at 01:00 UTC.
    let sorted = tasks(&plan(&["--sort", "time"]));
    assert_eq!(sorted, ["report", "rollup", "sync", "no-zone", "rollup", "rollup", "old", "poll"]);
    assert_eq!(tasks(&plan(&[])), ["no-zone", "old", "poll", "report", "rollup", "rollup", "rollup", "sync"]);
}

/// A patch of `--suggest` applies, compiles, and has the peak that it promises.
#[test]
fn a_suggested_patch_brings_the_peak_that_it_says() {
    let dir = fleet();
    let value = |args: &[&str]| -> Value {
        let output = timeline(dir.path(), &[args, &["--format", "json"]].concat(), "100", "C.UTF-8");
        serde_json::from_str::<Value>(&said(&output)).expect("one document")["result"].clone()
    };
    let before = value(&["--suggest"]);
    let peak = &before["peaks"][0];
    assert!(peak["after"].as_u64() < peak["before"].as_u64(), "{before}");
    fs::write(dir.path().join("x.patch"), before["patch"].as_str().expect("a patch")).expect("written");
    let patched = std::process::Command::new("git").args(["apply", "x.patch"]).current_dir(dir.path()).status();
    assert!(patched.expect("git is there").success());
    fs::remove_file(dir.path().join("x.patch")).expect("removed");
    assert_eq!(value(&["--suggest"])["peaks"][0]["before"], peak["after"]);
}

/// Every command of the page runs in a fleet that has what it names.
#[test]
fn every_question_of_the_howto_is_answered() {
    let dir = fleet();
    fine(&program(dir.path()).arg("build").output().expect("the program starts"));
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]);
        assert!(command.args(args).current_dir(dir.path()).output().expect("git is there").status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "a"]);
    let page = fs::read_to_string(root().join("docs/howto.md")).expect("the page");
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("fleetcron ")).collect();
    assert_eq!(commands.len(), 12);
    for command in commands {
        let output = program(dir.path()).args(command.split(' ')).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(0), "{command}: {}", support::grumbled(&output));
        assert!(!output.stdout.is_empty() || command.starts_with("check"), "{command}");
    }
}

/// Twenty runs of 1 to 20 minutes: the 95th percentile is 19 minutes. A Job without an owner, one that goes on, and a task
/// with too few runs change nothing.
#[test]
fn durations_come_from_the_jobs_that_ran() {
    let dir = fleet();
    let job = |task: &str, minutes: u32, more: &str| {
        format!(
            r#"{{"apiVersion": "batch/v1", "kind": "Job", "metadata": {{"name": "{task}-{minutes}", "namespace": "billing", "ownerReferences": [{{"kind": "CronJob", "name": "{task}"}}]}}, "status": {{"startTime": "2026-11-28T02:00:00Z"{more}}}}}"#
        )
    };
    let done = |minutes: u32| format!(r#", "completionTime": "2026-11-28T02:{minutes:02}:00Z""#);
    let mut jobs: Vec<String> = (1..=20).map(|minutes| job("report", minutes, &done(minutes))).collect();
    jobs.extend([job("rollup", 3, &done(3)), job("sync", 3, ""), job("nobody", 3, &done(3))]);
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, jobs.join(","));
    fs::write(dir.path().join("jobs.json"), list).expect("written");
    let import = |args: &[&str]| {
        let args = [&["import", "durations", "jobs.json"], args].concat();
        program(dir.path()).args(args).output().expect("the program starts")
    };
    let line = "  expectedDuration: 19m # 95th percentile of 20 runs until 2026-11-28\n";
    let before = fs::read_to_string(dir.path().join("tasks/report.yaml")).expect("a task");
    let said = fine(&import(&["--dry-run"]));
    assert!(
        said.contains("22 finished Jobs: would set `expectedDuration` of 1 task\n1 task with fewer than 5 runs"),
        "{said}"
    );
    assert!(said.contains(&format!("+{}", line.trim_end())), "{said}");
    assert_eq!(fs::read_to_string(dir.path().join("tasks/report.yaml")).expect("a task"), before);
    fine(&import(&[]));
    let after = fs::read_to_string(dir.path().join("tasks/report.yaml")).expect("a task");
    assert_eq!(after, before.replacen("spec:\n", &format!("spec:\n{line}"), 1));
    fine(&import(&[]));
    assert_eq!(
        fs::read_to_string(dir.path().join("tasks/report.yaml")).expect("a task"),
        after,
        "the line is replaced"
    );
    let text = fine(&timeline(dir.path(), &[], "100", "C.UTF-8"));
    assert!(text.contains("At once:"), "{text}");
    fs::write(dir.path().join("jobs.json"), "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}")
        .expect("written");
    assert!(wrong(&import(&[]), 1).contains("there is no finished Job of a CronJob in the input"));
}
