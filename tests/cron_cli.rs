//! When things run, as a user is told: by `fleetcron cron` of any schedule, by `plan` and `explain` of a repository.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{self, grumbled, run, said};

/// Runs it in a folder that is no repository; its exit code, standard output, and standard error.
fn cron(args: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), &[&["cron"], args].concat());
    (output.status.code(), said(&output), grumbled(&output))
}

#[track_caller]
fn says(args: &[&str], text: &str) {
    assert_eq!(cron(args), (Some(0), text.to_owned(), String::new()));
}

#[track_caller]
fn refuses(args: &[&str], code: i32, text: &str) {
    assert_eq!(cron(args), (Some(code), String::new(), text.to_owned()));
}

#[track_caller]
fn json(args: &[&str]) -> Value {
    let (_, stdout, stderr) = cron(&[args, &["--format", "json"]].concat());
    assert_eq!(stderr, "");
    serde_json::from_str(&stdout).expect("one JSON document")
}

#[test]
fn a_zone_stands_beside_utc() {
    says(
        &["0 3 * * mon-fri", "--zone", "Europe/Berlin", "--from", "2026-03-27T12:00", "-n", "3"],
        "\
at 03:00 from Monday to Friday

Europe/Berlin                UTC
Mon 2026-03-30 03:00 +02:00  Mon 2026-03-30 01:00 +00:00
Tue 2026-03-31 03:00 +02:00  Tue 2026-03-31 01:00 +00:00
Wed 2026-04-01 03:00 +02:00  Wed 2026-04-01 01:00 +00:00
",
    );
}

#[test]
fn without_a_zone_it_is_utc() {
    says(
        &["@daily", "--from", "2026-03-28", "-n", "2"],
        "\
at 00:00 every day
no zone given: UTC

UTC
Sat 2026-03-28 00:00 +00:00
Sun 2026-03-29 00:00 +00:00
",
    );
}

#[test]
fn each_zone_has_its_own_runs_and_its_own_changes() {
    says(
        &["30 2 * * *", "--zone", "Europe/Berlin", "--zone", "America/New_York", "--from", "2026-03-27T12:00"],
        "\
at 02:30 every day

Europe/Berlin                America/New_York
Sat 2026-03-28 02:30 +01:00  Sat 2026-03-28 02:30 -04:00
Mon 2026-03-30 02:30 +02:00  Sun 2026-03-29 02:30 -04:00
Tue 2026-03-31 02:30 +02:00  Mon 2026-03-30 02:30 -04:00
Wed 2026-04-01 02:30 +02:00  Tue 2026-03-31 02:30 -04:00
Thu 2026-04-02 02:30 +02:00  Wed 2026-04-01 02:30 -04:00

odd[daylight-saving]: in Europe/Berlin clocks go from 02:00 to 03:00: no run at Sun 2026-03-29 02:30
odd[daylight-saving]: in Europe/Berlin clocks go from 03:00 to 02:00: two runs at Sun 2026-10-25 02:30
odd[daylight-saving]: in America/New_York clocks go from 02:00 to 03:00: no run at Sun 2027-03-14 02:30
  to lose and to double no run, choose a time that no change touches, or a zone without, such as UTC
",
    );
}

#[test]
fn a_time_that_comes_twice_is_shown_twice() {
    says(
        &["30 1 * * *", "--zone", "America/New_York", "--from", "2026-11-01", "-n", "3"],
        "\
at 01:30 every day

America/New_York             UTC
Sun 2026-11-01 01:30 -04:00  Sun 2026-11-01 05:30 +00:00
Sun 2026-11-01 01:30 -05:00  Sun 2026-11-01 06:30 +00:00
Mon 2026-11-02 01:30 -05:00  Mon 2026-11-02 06:30 +00:00

odd[daylight-saving]: in America/New_York clocks go from 02:00 to 01:00: two runs at Sun 2026-11-01 01:30
  to lose and to double no run, choose a time that no change touches, or a zone without, such as UTC
",
    );
}

#[test]
fn many_lost_times_are_counted_and_an_old_name_knows_the_new_one() {
    says(
        &["*/5 2 * * *", "--zone", "US/Eastern", "--from", "2026-03-08T01:58", "-n", "1"],
        "\
every 5 minutes from 02:00 to 02:55

US/Eastern                   UTC
Mon 2026-03-09 02:00 -04:00  Mon 2026-03-09 06:00 +00:00

odd[deprecated-time-zone]: US/Eastern is an old name
  write `America/New_York`: it keeps the same time
odd[daylight-saving]: in US/Eastern clocks go from 02:00 to 03:00: no run at Sun 2026-03-08 02:00, 02:05, 02:10 and 9 more
  to lose and to double no run, choose a time that no change touches, or a zone without, such as UTC
",
    );
}

#[test]
fn a_period_counts_from_the_moment() {
    says(
        &["@every 90m", "--zone", "Asia/Kolkata", "--from", "2026-03-07T12:00:30Z", "-n", "2"],
        "\
every 1 hour and 30 minutes, counted from the last run
counted here from Sat 2026-03-07 17:30:30 +05:30; the controller counts from the last run it made

Asia/Kolkata                    UTC
Sat 2026-03-07 19:00:30 +05:30  Sat 2026-03-07 13:30:30 +00:00
Sat 2026-03-07 20:30:30 +05:30  Sat 2026-03-07 15:00:30 +00:00
",
    );
}

#[test]
fn what_never_runs_says_why() {
    says(
        &["0 0 30 2 *", "--zone", "Europe/Berlin", "--from", "2026-01-01"],
        "\
never: there is no 30 February

odd[never-runs]: this schedule never runs: there is no 30 February
  Kubernetes accepts it and never starts a Job; `suspend: true` says that openly
",
    );
}

#[test]
fn the_search_ends() {
    says(
        &["0 0 29 2 *", "--from", "2092-01-01", "--zone", "UTC", "--zone", "Asia/Tokyo"],
        "\
at 00:00 on 29 February, in leap years

UTC                          Asia/Tokyo
Fri 2092-02-29 00:00 +00:00  Fri 2092-02-29 00:00 +09:00
Wed 2096-02-29 00:00 +00:00  Wed 2096-02-29 00:00 +09:00

UTC: no other run up to the end of 2101, where the search of Kubernetes ends
Asia/Tokyo: no other run up to the end of 2101, where the search of Kubernetes ends
",
    );
}

#[test]
fn oddities_say_what_to_write() {
    says(
        &["* */5 1 * mon", "--zone", "UTC", "--from", "2026-01-01", "-n", "1"],
        "\
every minute of the hours 00, 05, 10, 15 and 20 on day 1 of the month or on any Monday

UTC
Thu 2026-01-01 00:00 +00:00

odd[every-minute]: this runs every minute of those 5 hours
  write `0` for the minute to run once an hour
odd[both-days]: a day of the month and a day of the week: this runs on days that match either, not both
  write `*` for one of them; for both at once let the container look at the date
",
    );
}

#[test]
fn a_wrong_schedule_is_shown_with_its_wrong_part() {
    refuses(
        &["0 3 * * mon-sunday"],
        1,
        "\
error[invalid-schedule]: the day of the week is neither a number nor a name from `sun` to `sat`
  |
1 | 0 3 * * mon-sunday
  |         ^^^^^^^^^^
  |
  = help: write `mon-sat,sun`
",
    );
}

#[test]
fn a_wrong_zone_is_as_wrong() {
    refuses(
        &["0 3 * * *", "--zone", "europe/berlin"],
        1,
        "\
error[unknown-time-zone]: there is no such time zone in the IANA database
  |
1 | europe/berlin
  | ^^^^^^^^^^^^^
  |
  = help: write `Europe/Berlin`
",
    );
}

#[test]
fn a_wrong_moment_is_a_wrong_flag() {
    refuses(
        &["0 3 * * *", "--from", "tomorrow"],
        2,
        "\
error: `--from tomorrow` is no moment: write it as `2026-03-28`, `2026-03-28T12:00` or `2026-03-28T12:00:00Z`
",
    );
}

#[test]
fn no_runs_at_all_is_a_wrong_flag() {
    let (code, stdout, stderr) = cron(&["0 3 * * *", "-n", "0"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("0 is not in 1..=1000"), "{stderr}");
}

#[test]
fn a_run_at_the_moment_itself_counts_and_now_is_the_moment_if_none_is_said() {
    let first = |from: &str| json(&["0 3 * * *", "--from", from])["result"]["zones"][0]["runs"][0]["utc"].clone();
    assert_eq!(first("2026-03-28T03:00:00Z"), "2026-03-28T03:00:00Z");
    assert_eq!(first("2026-03-28T03:00:00.5Z"), "2026-03-29T03:00:00Z");
    assert_eq!(first("2026-03-28T03:00:00+01:00"), "2026-03-28T03:00:00Z");
    assert_eq!(first("2026-03-28"), "2026-03-28T03:00:00Z");
    let value = json(&["* * * * *", "-n", "1"]);
    let moment = |value: &Value| value.as_str().expect("a text").parse::<jiff::Timestamp>().expect("an instant");
    let (from, run) = (moment(&value["result"]["from"]), moment(&value["result"]["zones"][0]["runs"][0]["utc"]));
    assert!((0..60).contains(&(run.as_second() - from.as_second())), "{value}");
    assert!(from > moment(&json!("2026-01-01T00:00:00Z")), "{value}");
}

#[test]
fn programs_get_the_same() {
    let value = json(&["30 2 1 * sun", "--zone", "US/Eastern", "--from", "2026-03-07", "-n", "2"]);
    assert_eq!(
        value,
        json!({
            "ok": true,
            "diagnostics": [],
            "result": {
                "expression": "30 2 1 * sun",
                "form": "fields",
                "from": "2026-03-07T05:00:00Z",
                "meaning": "at 02:30 on day 1 of the month or on any Sunday",
                "odd": [{
                    "kind": "both-days",
                    "at": [5, 12],
                    "message": "a day of the month and a day of the week: this runs on days that match either, not both",
                    "help": "write `*` for one of them; for both at once let the container look at the date",
                }],
                "zones": [{
                    "zone": "US/Eastern",
                    "current": "America/New_York",
                    "runs": [
                        {"utc": "2026-03-15T06:30:00Z", "local": "2026-03-15T02:30:00-04:00"},
                        {"utc": "2026-03-22T06:30:00Z", "local": "2026-03-22T02:30:00-04:00"},
                    ],
                    "end": null,
                    "shifts": [{
                        "at": "2026-03-08T07:00:00Z",
                        "before": "-05:00",
                        "after": "-04:00",
                        "skipped": ["2026-03-08T02:30:00"],
                        "doubled": [],
                        "added": [],
                    }],
                }],
            },
        })
    );
    let ends = |args: &[&str]| json(args)["result"]["zones"][0]["end"].clone();
    assert_eq!(ends(&["0 0 30 2 *"]), "never");
    assert_eq!(ends(&["0 0 29 2 *", "--from", "2096-03-01"]), "five-years");
    assert_eq!(ends(&["0 0 1 1 *", "--from", "9998-01-01"]), "calendar");
    assert_eq!(json(&["@every 5s"])["result"]["form"], "every");
    assert_eq!(
        json(&["@dayly"]),
        json!({"ok": false, "diagnostics": [], "error": "`@dayly`: Kubernetes knows no schedule of this name; write `@daily`"})
    );
}

/// The example that everybody reads, at a moment before clocks are set in Europe.
fn quickstart(args: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quickstart/repo");
    let output = run(&root, &[args, &["--from", "2026-03-27T12:00"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", grumbled(&output));
    said(&output)
}

#[test]
fn plan_lists_each_schedule_of_each_task() {
    assert_eq!(
        quickstart(&["plan", "--schedules"]),
        "\
TASK                    SCHEDULE       ZONE              NEXT RUN                     ON                                              MEANING
billing/invoice-rollup  0 3 * * *      Europe/Dublin     Sat 2026-03-28 03:00 +00:00  2 of 3: eu-west-1-a, eu-west-1-b                at 03:00 every day
billing/invoice-rollup  0 3 * * *      Europe/Amsterdam  Sat 2026-03-28 03:00 +01:00  1 of 3: europe-west4-a                          at 03:00 every day
billing/ledger-export   30 5 * * 1,4   Etc/UTC           Mon 2026-03-30 05:30 +00:00  all 3                                           at 05:30 on Monday and Thursday
platform/cert-check     0 */6 * * *    Etc/UTC           Fri 2026-03-27 12:00 +00:00  all 7                                           at 00:00, 06:00, 12:00 and 18:00 every day
platform/node-report    15 * * * *     Etc/UTC           Fri 2026-03-27 12:15 +00:00  3 of 5: cn-north-1-a, eu-west-1-a, us-east-1-a  at minute 15 of every hour
platform/node-report    15 */4 * * *   Etc/UTC           Fri 2026-03-27 12:15 +00:00  2 of 5: eu-west-1-b, europe-west4-a             at 00:15, 04:15, 08:15, 12:15, 16:15 and 20:15 every day
search/cache-warm       10 */2 * * *   Etc/UTC           Fri 2026-03-27 12:10 +00:00  all 3                                           every 2 hours from 00:10 to 22:10
search/reindex          15 1 1,15 * *  Europe/Berlin     Wed 2026-04-01 01:15 +02:00  all 3                                           at 01:15 on days 1 and 15 of every month

6 tasks with 8 schedules; next runs from Fri 2026-03-27 12:00 +00:00
"
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quickstart/repo");
    let args = ["plan", "--schedules", "--from", "2026-03-27T12:00", "--task", "node-report", "--task", "reindex"];
    let narrow = support::program(&root).args(args).env("COLUMNS", "60").output().expect("it starts");
    assert_eq!(
        said(&narrow),
        "\
platform/node-report
schedule `15 * * * *`: at minute 15 of every hour
  zone  Etc/UTC
  on    3 of 5: cn-north-1-a, eu-west-1-a, us-east-1-a
  next  Fri 2026-03-27 12:15 +00:00
schedule `15 */4 * * *`: at 00:15, 04:15, 08:15, 12:15,
  16:15 and 20:15 every day
  zone  Etc/UTC
  on    2 of 5: eu-west-1-b, europe-west4-a
  next  Fri 2026-03-27 12:15 +00:00

search/reindex
schedule `15 1 1,15 * *`: at 01:15 on days 1 and 15 of
  every month
  zone  Europe/Berlin
  on    all 3
  next  Wed 2026-04-01 01:15 +02:00

2 tasks with 3 schedules; next runs from Fri 2026-03-27 12:00 +00:00
"
    );
    let one = quickstart(&["plan", "--schedules", "--task", "node-report", "--cluster", "eu-west-1-b"]);
    assert_eq!(one.lines().filter(|line| line.contains("platform/node-report")).count(), 1, "{one}");
    assert!(one.contains("1 task with 1 schedule;"), "{one}");
}

#[test]
fn explain_says_when_a_task_runs() {
    let text = quickstart(&["explain", "invoice-rollup"]);
    let (_, when) = text.split_once("\n\nschedule ").expect("a schedule");
    assert_eq!(
        when,
        "\
 `0 3 * * *`: at 03:00 every day
  zone  Europe/Dublin
  on    2 of 3: eu-west-1-a, eu-west-1-b
  next  Sat 2026-03-28 03:00 +00:00, Sun 2026-03-29 03:00 +01:00, Mon 2026-03-30 03:00 +01:00
schedule `0 3 * * *`: at 03:00 every day
  zone  Europe/Amsterdam
  on    1 of 3: europe-west4-a
  next  Sat 2026-03-28 03:00 +01:00, Sun 2026-03-29 03:00 +02:00, Mon 2026-03-30 03:00 +02:00

concurrencyPolicy holds within one cluster: a run on one of the 3 does not stop a run on another
"
    );
    let text = quickstart(&["explain", "node-report", "us-east-1-a"]);
    let when = "
schedule `15 * * * *`: at minute 15 of every hour
  zone  Etc/UTC
  next  Fri 2026-03-27 12:15 +00:00, Fri 2026-03-27 13:15 +00:00, Fri 2026-03-27 14:15 +00:00
";
    assert!(text.contains(when), "{text}");
    assert!(!quickstart(&["explain", "invoice-rollup", "us-east-1-a"]).contains("schedule"));
}

#[test]
fn programs_are_told_when_tasks_run() {
    let value = |args: &[&str]| -> Value {
        let text = quickstart(&[args, &["--format", "json"]].concat());
        serde_json::from_str::<Value>(&text).expect("one JSON document")["result"].clone()
    };
    let schedule = |zone: &str, clusters: &[&str], runs: Value| {
        let meaning = "at 03:00 every day";
        json!({
            "expression": "0 3 * * *", "meaning": meaning, "zone": zone, "suspended": false, "clusters": clusters, "runs": runs,
        })
    };
    let first = json!([{"utc": "2026-03-28T03:00:00Z", "local": "2026-03-28T03:00:00+00:00"}]);
    let plan = value(&["plan", "--schedules", "--task", "invoice-rollup"]);
    assert_eq!(plan["from"], "2026-03-27T12:00:00Z");
    assert_eq!(plan["tasks"][0]["task"], "billing/invoice-rollup");
    assert_eq!(plan["tasks"][0]["schedules"][0], schedule("Europe/Dublin", &["eu-west-1-a", "eu-west-1-b"], first));
    let three = json!([
        {"utc": "2026-03-28T02:00:00Z", "local": "2026-03-28T03:00:00+01:00"},
        {"utc": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00"},
        {"utc": "2026-03-30T01:00:00Z", "local": "2026-03-30T03:00:00+02:00"},
    ]);
    let there = schedule("Europe/Amsterdam", &["europe-west4-a"], three);
    assert_eq!(value(&["explain", "invoice-rollup"])["schedules"][1], there);
    assert_eq!(value(&["explain", "invoice-rollup", "europe-west4-a"])["schedule"], there);
}

#[test]
fn what_has_no_next_run_says_why() {
    let task = |name: &str, schedule: &str, more: &str| {
        let text = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}}}\nspec:\n  placement: {{clusters: [\"*\"]}}\n  \
             schedule: {{cron: \"{schedule}\", timeZone: Etc/UTC}}\n  container: {{image: \"a:1\"}}\n{more}"
        );
        (format!("{name}.yaml"), text)
    };
    let cluster = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n---\n";
    let other = cluster.replace("eu-1", "eu-2");
    let dir = tempfile::tempdir().expect("a folder");
    let zoneless = task("zoneless", "0 3 * * *", "");
    let files = vec![
        ("clusters.yaml".to_owned(), format!("{cluster}{other}")),
        task("period", "@every 90m", ""),
        task("never", "0 0 30 2 *", ""),
        task("leap", "0 0 29 2 *", ""),
        (zoneless.0, zoneless.1.replace(", timeZone: Etc/UTC", "")),
        task("wrong", "61 * * * *", ""),
        task("held", "0 3 * * *", "  job: {suspend: true}\n"),
        task("held-here", "0 3 * * *", "  overrides: [{name: hold, clusters: [eu-1], job: {suspend: true}}]\n"),
    ];
    support::put(dir.path(), &files);
    let output = run(dir.path(), &["plan", "--schedules", "--from", "2096-03-01"]);
    assert_eq!(
        said(&output),
        "\
TASK       SCHEDULE    ZONE                        NEXT RUN                                    ON            MEANING
held       0 3 * * *   Etc/UTC                     none while it is suspended                  all 2         at 03:00 every day
held-here  0 3 * * *   Etc/UTC                     none while it is suspended                  1 of 2: eu-1  at 03:00 every day
held-here  0 3 * * *   Etc/UTC                     Thu 2096-03-01 03:00 +00:00                 1 of 2: eu-2  at 03:00 every day
leap       0 0 29 2 *  Etc/UTC                     none within five years                      all 2         at 00:00 on 29 February, in leap years
never      0 0 30 2 *  Etc/UTC                     never                                       all 2         never: there is no 30 February
period     @every 90m  Etc/UTC                     counted from the last run                   all 2         every 1 hour and 30 minutes, counted from the last run
wrong      61 * * * *  Etc/UTC                     none                                        all 2         refused
zoneless   0 3 * * *   none: the controller's own  Thu 2096-03-01 03:00 +00:00 if that is UTC  all 2         at 03:00 every day

7 tasks with 8 schedules; next runs from Thu 2096-03-01 00:00 +00:00
"
    );
    let zoneless = said(&run(dir.path(), &["explain", "zoneless", "eu-1", "--from", "2026-03-28"]));
    let when = "  zone  none: the controller's own\n  next  Sat 2026-03-28 03:00 +00:00, Sun 2026-03-29 03:00 +00:00, Mon 2026-03-30 03:00 +00:00 if that is UTC\n";
    assert!(zoneless.contains(when), "{zoneless}");
    assert_eq!(run(dir.path(), &["plan", "--from", "soon"]).status.code(), Some(2));
    assert_eq!(run(dir.path(), &["explain", "held", "--from", "soon"]).status.code(), Some(2));
}
