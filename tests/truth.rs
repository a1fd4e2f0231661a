//! What `diff` says is so: nothing goes that stays, nothing is new that was there, nothing changes that means the same,
//! and nothing that changes is left out. The last test compares what it says of random edits with the files themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::git::{Repo, task};
use crate::support::{grumbled, read, said};

/// Commits one state, puts another into the working tree, and says what `diff` says, on one line, and its exit code.
fn between(repo: &Repo, before: &[(&str, String)], after: &[(&str, String)], args: &[&str]) -> (i32, String) {
    let put = |files: &[(&str, String)]| {
        for folder in ["tasks", "clusters"] {
            let _absent = std::fs::remove_dir_all(repo.dir.join(folder));
        }
        files.iter().for_each(|(path, text)| repo.put(path, text));
    };
    put(before);
    let built = repo.run(&["build", "--allow-deletions", "all"]);
    assert!(built.status.success(), "{}", grumbled(&built));
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "before"]);
    put(after);
    let output = repo.run(&[&["diff"], args].concat());
    assert!(grumbled(&output).is_empty(), "{}", grumbled(&output));
    let code = output.status.code().expect("a code");
    (code, said(&output).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A cluster; more below `spec`.
fn cluster(name: &str, env: &str, more: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}, labels: {{env: {env}}}}}\nspec: \
         {{region: eu{more}}}\n"
    )
}

/// A task with more below `spec`.
fn with(name: &str, more: &str) -> String {
    task(name, "1") + more
}

/// Two clusters and these.
fn files(more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let clusters = [("clusters/a.yaml", cluster("a", "prod", "")), ("clusters/b.yaml", cluster("b", "test", ""))];
    clusters.into_iter().chain(more.iter().cloned()).collect()
}

fn config(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{k: \"{value}\"}}\n")
}

const SHARES: &str = "  resources: [shared.yaml]\n";

#[test]
fn what_another_task_has_too_stays() {
    let repo = Repo::empty();
    let state = |x: &str, w: &str, value: &str| {
        files(&[
            ("tasks/shared.yaml", config("shared", value)),
            ("tasks/x.yaml", with("x", x)),
            ("tasks/w.yaml", with("w", w)),
        ])
    };
    let both = state(SHARES, SHARES, "1");
    let (code, text) = between(&repo, &both, &state("", SHARES, "1"), &[]);
    assert!(code == 0 && text.contains("no object changes") && !text.contains("ConfigMap"), "{text}");
    let (code, text) = between(&repo, &state(SHARES, "", "1"), &state("", SHARES, "1"), &[]);
    assert!(code == 0 && !text.contains("goes") && !text.contains("is new"), "{text}");
    // It changes as it changes hands: that is one change, and no end and no beginning.
    let (code, text) = between(&repo, &state(SHARES, "", "1"), &state("", SHARES, "2"), &[]);
    assert!(code == 1 && text.contains("ConfigMap billing/shared: data.k: 1 -> 2"), "{text}");
    assert!(text.contains("2 objects: 2 changed") && !text.contains("goes") && !text.contains("is new"), "{text}");
    // Who is removed takes along what is its own.
    let alone = files(&[("tasks/shared.yaml", config("shared", "1")), ("tasks/w.yaml", with("w", SHARES))]);
    let (_, text) = between(&repo, &both, &alone, &["--patch"]);
    assert!(text.contains("task billing/x is removed, from 2 clusters") && !text.contains("ConfigMap"), "{text}");
    let (_, text) = between(&repo, &alone, &both, &[]);
    assert!(text.contains("task billing/x is new, on 2 clusters, by"), "{text}");
    let none = files(&[("tasks/w.yaml", with("w", ""))]);
    let (_, text) = between(&repo, &both, &none, &[]);
    assert!(text.contains("task billing/x is removed, with 1 object, from 2 clusters"), "{text}");
    assert!(text.contains("ConfigMap billing/shared of task billing/w, goes from 2 clusters"), "{text}");
}

#[test]
fn a_cron_job_that_another_task_takes_over_stays() {
    let repo = Repo::empty();
    let job = |name: &str, own: &str, tag: &str| {
        let text = task(name, tag).replace(&format!("/{name}:"), "/app:").replace("{image", "{name: main, image");
        text + &format!("  objectName: {own}\n")
    };
    let before = files(&[("tasks/p.yaml", job("p", "one", "1")), ("tasks/q.yaml", job("q", "two", "2"))]);
    // They change names: no CronJob goes, each runs what the other did.
    let swapped = files(&[("tasks/p.yaml", job("p", "two", "1")), ("tasks/q.yaml", job("q", "one", "2"))]);
    let (_, text) = between(&repo, &before, &swapped, &[]);
    assert!(text.contains("4 objects: 4 changed") && !text.contains("a delete and a create"), "{text}");
    assert!(
        !text.contains("goes") && text.contains("CronJob billing/one:") && text.contains("CronJob billing/two:"),
        "{text}"
    );
    // Two tasks take the place of one.
    let part = |name: &str, on: &str| job(name, "one", "2").replace("\"*\"", on);
    let split = files(&[("tasks/r.yaml", part("r", "[a]")), ("tasks/s.yaml", part("s", "[b]")), before[3].clone()]);
    let (_, text) = between(&repo, &before, &split, &[]);
    assert!(
        text.contains("task billing/p is removed, by tasks/p.yaml; its objects stay on 2 clusters, a, b,"),
        "{text}"
    );
    assert!(text.contains("2 objects: 2 changed") && !text.contains("guard"), "{text}");
}

#[test]
fn an_object_that_is_another_on_each_cluster_is_one() {
    let repo = Repo::empty();
    let own = "  resources: [{file: own.yaml, expand: true}]\n";
    let before = files(&[
        ("tasks/own.yaml", config("own", "$(cluster.name)")),
        ("tasks/x.yaml", with("x", own)),
        ("tasks/w.yaml", with("w", "")),
    ]);
    let after = files(&[("tasks/w.yaml", with("w", ""))]);
    let (_, text) = between(&repo, &before, &after, &[]);
    assert!(text.contains("task billing/x is removed, with 1 object, from 2 clusters"), "{text}");
    assert!(text.contains("4 objects: 4 deleted"), "{text}");
}

#[test]
fn completions_of_their_own_are_told_beside_instances() {
    let repo = Repo::empty();
    let state = |instances: u32, completions: u32| {
        let more = format!("  instances: {instances}\n  job: {{completions: {completions}}}\n");
        files(&[("tasks/x.yaml", with("x", &more))])
    };
    let (_, text) = between(&repo, &state(2, 10), &state(3, 20), &[]);
    assert!(text.contains("instances 2 -> 3") && text.contains("job completions: 10 -> 20"), "{text}");
    let plain = |instances: u32| files(&[("tasks/x.yaml", with("x", &format!("  instances: {instances}\n")))]);
    let (_, text) = between(&repo, &plain(1), &plain(3), &[]);
    assert!(text.contains("instances 1 -> 3") && !text.contains("completions"), "{text}");
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let repo = Repo::empty();
    let state = |job: &str| files(&[("tasks/x.yaml", with("x", &format!("  job: {{{job}}}\n")))]);
    let (plain, spelt) = (state(""), state("suspend: false, concurrencyPolicy: Allow, backoffLimit: 6"));
    for (before, after) in [(&plain, &spelt), (&spelt, &plain)] {
        let (code, text) = between(&repo, before, after, &["--patch"]);
        assert!(code == 0 && text.contains("no object changes"), "{text}");
        assert!(text.contains("2 files are written otherwise and mean the same; `--patch` shows how"), "{text}");
        assert!(text.contains("# written otherwise, means the same, same on 2 clusters: a, b"), "{text}");
        assert!(!text.contains("suspended") && !text.contains("task billing/x"), "{text}");
    }
    let (code, json) = between(&repo, &plain, &spelt, &["--format", "json", "--patch"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let result = &json["result"];
    assert_eq!((code, &result["differs"], &result["totals"]["writtenOtherwise"]), (0, &false.into(), &2.into()));
    assert_eq!((&result["tasks"], &result["patches"][0]["means"]), (&Value::Array(Vec::new()), &"the same".into()));
    // Beside a change it is left out, and what becomes of a default by another field is not.
    let (_, text) = between(&repo, &plain, &state("suspend: false, failedJobsHistoryLimit: 5"), &[]);
    assert!(text.contains("failed runs kept: 1 -> 5") && !text.contains("suspended"), "{text}");
    // The copy that was chosen to run ran before, too.
    let one = files(&[("tasks/x.yaml", with("x", "  active: {max: 1}\n  job: {startingDeadlineSeconds: 60}\n"))]);
    let (_, text) = between(&repo, &state("startingDeadlineSeconds: 60"), &one, &[]);
    assert!(text.contains("on b suspended: no run starts") && !text.contains("runs again"), "{text}");
    assert!(text.contains("1 more file is written otherwise and means the same"), "{text}");
    // Of kinds that nobody here knows everything counts.
    let custom = |spec: &str| {
        let object = format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{{spec}}}\n");
        files(&[("tasks/shared.yaml", object), ("tasks/x.yaml", with("x", SHARES))])
    };
    let (code, text) = between(&repo, &custom("a: 1"), &custom("a: 1, suspend: false"), &[]);
    assert!(code == 1 && text.contains("spec.suspend added: false"), "{text}");
}

#[test]
fn long_values_are_the_same_only_to_their_end() {
    let repo = Repo::empty();
    let env = |name: &str, end: &str| {
        let value = format!("container: {{env: {{URL: {}{end}}}, ", "v".repeat(120));
        with(name, "").replace("container: {", &value)
    };
    let state = |x: &str, w: &str| files(&[("tasks/x.yaml", env("x", x)), ("tasks/w.yaml", env("w", w))]);
    let (_, text) = between(&repo, &state("old", "old"), &state("one", "two"), &[]);
    assert!(!text.contains("same change") && text.contains("vold -> ...") && text.contains("vtwo"), "{text}");
    let (_, text) = between(&repo, &state("old", "old"), &state("one", "one"), &[]);
    assert!(text.contains("same change in 2 tasks"), "{text}");
}

#[test]
fn a_task_with_another_name_gives_all_the_same() {
    let repo = Repo::empty();
    let brings = |name: &'static str, value: &str| {
        [
            (name, with(name.trim_start_matches("tasks/").trim_end_matches(".yaml"), "  resources: [own.yaml]\n")),
            ("tasks/own.yaml", config("own", value)),
        ]
    };
    let (_, text) = between(&repo, &files(&brings("tasks/old.yaml", "1")), &files(&brings("tasks/new.yaml", "2")), &[]);
    assert!(text.contains("task billing/old is removed") && text.contains("task billing/new is new"), "{text}");
    assert!(text.contains("ConfigMap billing/own: data.k: 1 -> 2"), "{text}");
    // Of two that look alike the one that gives all the same.
    let made = |name: &str, of: &str| with(name, &format!("  resources: [{of}.yaml]\n")).replace("billing/", "x/");
    let maps = |kept: &[&'static str]| -> Vec<(&'static str, String)> {
        let all = [("tasks/one.yaml", config("one", "1")), ("tasks/two.yaml", config("two", "2"))];
        all.into_iter().filter(|(path, _)| kept.contains(path)).collect()
    };
    let image = |text: String| text.replace("/aa:", "/i:").replace("/bb:", "/i:").replace("/cc:", "/i:");
    let mut before = files(&maps(&["tasks/one.yaml", "tasks/two.yaml"]));
    before.push(("tasks/aa.yaml", image(made("aa", "one"))));
    before.push(("tasks/bb.yaml", image(made("bb", "two"))));
    let mut after = files(&maps(&["tasks/two.yaml"]));
    after.push(("tasks/cc.yaml", image(made("cc", "two"))));
    let (_, text) = between(&repo, &before, &after, &[]);
    assert!(text.contains("task billing/bb is renamed to billing/cc"), "{text}");
    assert!(text.contains("task billing/aa is removed, with 1 object"), "{text}");
    // A CronJob that has a name of its own stays.
    // In another namespace all goes and all comes.
    let mine = |space: &str| {
        let text = with("x", "  resources: [own.yaml]\n").replace("namespace: billing", &format!("namespace: {space}"));
        files(&[("tasks/own.yaml", config("own", "1")), ("tasks/x.yaml", text)])
    };
    let (_, text) = between(&repo, &mine("billing"), &mine("money"), &[]);
    assert!(text.contains("ConfigMap billing/own of task billing/x, goes from 2 clusters"), "{text}");
    let named = |name: &str| {
        with(name, "  objectName: job\n")
            .replace(&format!("/{name}:"), "/i:")
            .replace("container: {", "container: {name: main, ")
    };
    let (code, text) = between(
        &repo,
        &files(&[("tasks/aa.yaml", named("aa"))]),
        &files(&[("tasks/bb.yaml", named("bb").replace("i:1", "i:2"))]),
        &[],
    );
    assert!(
        code == 1 && text.contains("task billing/aa is renamed to billing/bb") && text.contains("1 -> 2"),
        "{text}"
    );
    assert!(!text.contains("a delete and a create") && !text.contains("deletions"), "{text}");
}

#[test]
fn on_a_cluster_with_another_name_fields_are_told() {
    let repo = Repo::empty();
    let state = |clusters: &[(&'static str, &str, &str)], tag: &str, more: &str| {
        let clusters = clusters.iter().map(|(path, name, env)| (*path, cluster(name, env, ", provider: aws")));
        let task = [("tasks/x.yaml", task("x", tag) + more)];
        clusters.chain(task).collect::<Vec<(&'static str, String)>>()
    };
    let before = state(&[("clusters/a.yaml", "a", "prod"), ("clusters/b.yaml", "b", "test")], "1", "");
    let after = state(&[("clusters/a.yaml", "a", "prod"), ("clusters/b.yaml", "c", "test")], "2", "");
    let (_, text) = between(&repo, &before, &after, &["--patch"]);
    assert!(text.contains("cluster b is renamed to c") && text.contains("on both clusters: a, c image"), "{text}");
    let only = "  overrides: [{name: o, clusters: [c], job: {backoffLimit: 1}}]\n";
    let after = state(&[("clusters/a.yaml", "a", "prod"), ("clusters/b.yaml", "c", "test")], "1", only);
    let (_, text) = between(&repo, &before, &after, &["--patch"]);
    assert!(text.contains("on c retries of a failed run: the default -> 1"), "{text}");
    assert!(text.contains("--- a/b/billing/x.cronjob.yaml +++ b/c/billing/x.cronjob.yaml"), "{text}");
    // A task that does not come along leaves, and does not go with the cluster.
    let away = task("x", "1").replace("\"*\"", "[a]");
    let mut after = state(&[("clusters/a.yaml", "a", "prod"), ("clusters/b.yaml", "c", "test")], "1", "");
    after[2].1 = away;
    let (_, text) = between(&repo, &before, &after, &[]);
    assert!(
        text.contains("on c no longer here: not named") && text.contains("task billing/x leaves 1 cluster: b"),
        "{text}"
    );
    // Of two that could be it the one that is described alike, whatever else has the same objects.
    let two = [("clusters/a.yaml", "a", "prod"), ("clusters/b.yaml", "e", "test"), ("clusters/c.yaml", "d", "other")];
    let (_, text) = between(&repo, &before, &state(&two, "1", &only.replace("[c]", "[e]")), &[]);
    assert!(text.contains("cluster b is renamed to e") && text.contains("cluster d is new"), "{text}");
}

#[test]
fn a_file_that_is_read_with_the_manifests_comes_and_goes() {
    let repo = Repo::empty();
    let state = |kustomization: bool| {
        let fleet = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec: {{output: {{kustomization: \
             {kustomization}}}}}\n"
        );
        files(&[("fleetcron.yaml", fleet), ("tasks/x.yaml", with("x", ""))])
    };
    for (from, words) in [(false, "is new"), (true, "goes")] {
        let (code, text) = between(&repo, &state(from), &state(!from), &[]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(&format!("kustomization.yaml {words} on 2 clusters: a, b")), "{text}");
        assert!(text.contains("no object changes; a kustomization.yaml comes or goes"), "{text}");
    }
    // Among manifests that come it is nothing of its own.
    let more = [state(true), files(&[("tasks/w.yaml", with("w", ""))])].concat();
    let (_, text) = between(&repo, &state(true), &more, &[]);
    assert!(!text.contains("kustomization"), "{text}");
}

#[test]
fn another_output_directory_is_told() {
    let repo = Repo::empty();
    let state = |dir: &str| {
        let fleet =
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {output: {dir: DIR}}\n";
        files(&[("fleetcron.yaml", fleet.replace("DIR", dir)), ("tasks/x.yaml", with("x", ""))])
    };
    let (code, text) = between(&repo, &state("one"), &state("two"), &[]);
    assert!(code == 1 && text.contains("the output directory is two now, and was one"), "{text}");
    assert!(text.contains("no object changes; but all of them stand in another directory"), "{text}");
}

#[test]
fn a_list_of_losses_counts_what_is_shared_once() {
    let repo = Repo::empty();
    let state = |on: &str| {
        let task = |name| with(name, SHARES).replace("\"*\"", on);
        files(&[("tasks/shared.yaml", config("shared", "1")), ("tasks/x.yaml", task("x")), ("tasks/w.yaml", task("w"))])
    };
    let (_, json) = between(&repo, &state("[a, b]"), &state("[a]"), &["--format", "json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["result"]["deletions"]["emptied"][0]["objects"], 3, "{json:#}");
}

#[test]
fn an_encrypted_file_that_was_only_signed_again_differs() {
    let repo = Repo::empty();
    let state = |mac: &str| {
        let enc = |text: &str| format!("ENC[AES256_GCM,data:{text},iv:a,tag:b,type:str]");
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: billing}}\nstringData:\n    k: {}\nsops:\n    \
             mac: {}\n    lastmodified: '2020-01-01T00:00:00Z'\n    version: 3.7.1\n    age: []\n    encrypted_regex: \
             ^(data|stringData)$\n",
            enc("aa"),
            enc(mac)
        );
        files(&[("tasks/shared.yaml", secret), ("tasks/x.yaml", with("x", SHARES))])
    };
    let (code, text) = between(&repo, &state("one"), &state("two"), &[]);
    assert!(code == 1 && text.contains("Secret billing/s: the encrypted file differs"), "{text}");
}

#[test]
fn a_task_that_is_suspended_here_and_runs_there_moves() {
    let repo = Repo::empty();
    let state = |on: &str| {
        let over = format!("  overrides: [{{name: o, clusters: [{on}], job: {{suspend: true}}}}]\n");
        files(&[("tasks/x.yaml", with("x", &over))])
    };
    let (_, text) = between(&repo, &state("a"), &state("b"), &[]);
    assert!(text.contains("the active copy moves from b to a"), "{text}");
    assert!(!text.contains("suspended: no run"), "{text}");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// One of these.
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of[usize::try_from(self.0 >> 33).expect("a small number") % of.len()]
    }
}

const NAMES: [&str; 6] = ["p", "q", "r", "s", "t", "u"];

/// A fleet: four or five clusters, up to six tasks, and two objects that several tasks may bring.
fn fleet(dice: &mut Dice) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for name in ["a", "b", "c", "d"] {
        let taint = dice.one(&["", "", "", ", taints: [{key: m, effect: NoExecute}]"]);
        let called = format!("{name}{}", dice.one(&["", "", "", "", "2"]));
        files.insert(format!("clusters/{name}.yaml"), cluster(&called, dice.one(&["prod", "test"]), taint));
    }
    files.insert("clusters/z.yaml".to_owned(), cluster("z", "prod", ""));
    for name in ["one", "two"] {
        files.insert(format!("tasks/{name}.yaml"), config(name, dice.one(&["1", "2"])));
    }
    for name in NAMES {
        if dice.one(&["yes", "yes", "no"]) == "no" {
            continue;
        }
        let called = format!("{name}{}", dice.one(&["", "", "", "x"]));
        let more: [&[&str]; 4] = [
            &["", "", "", "", "", "  resources: [one.yaml]\n", "  resources: [two.yaml]\n"],
            &["", "", "", &format!("  objectName: {name}-own\n")],
            &["", "", "  instances: 2\n", "  labels: {team: x}\n"],
            &["", "", "  active: {max: 1}\n", "  job: {suspend: false, concurrencyPolicy: Allow}\n"],
        ];
        let more: String = more.iter().map(|choices| dice.one(choices)).collect();
        let text = task(&called, dice.one(&["1", "2"])).replace(&format!("/{called}:"), "/app:") + &more;
        let where_to = dice.one(&["\"*\"", "\"*\"", "[z]"]);
        files.insert(format!("tasks/{name}.yaml"), text.replace("\"*\"", where_to));
    }
    files
}

/// The manifests of the output, without what says nothing: comments, defaults that are written out, and the markers of
/// idle clusters, which are no task's.
fn manifests(repo: &Repo) -> BTreeMap<String, String> {
    let out = tempfile::tempdir().expect("a folder");
    let built = repo.run(&["build", "--allow-deletions", "all", "--out", out.path().to_str().expect("text")]);
    assert!(built.status.success(), "{}", grumbled(&built));
    let says =
        |line: &&str| !line.starts_with('#') && !["  suspend: false", "  concurrencyPolicy: Allow"].contains(line);
    let files =
        read(out.path()).into_iter().filter(|(path, _)| path.ends_with(".yaml") && !path.contains("/fleetcron-"));
    files
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).expect("text");
            (path, text.lines().filter(says).collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

#[test]
fn what_is_said_of_random_edits_is_what_the_files_say() {
    let mut dice = Dice(20_261_123);
    let mut told = BTreeSet::new();
    for round in 0..24 {
        let before = fleet(&mut dice);
        // A part of the files changes, as in a commit.
        let mut after = before.clone();
        for (path, text) in fleet(&mut dice) {
            if dice.one(&["keep", "keep", "put"]) == "put" {
                after.insert(path, text);
            }
        }
        for name in NAMES {
            if dice.one(&["keep", "keep", "keep", "drop"]) == "drop" {
                after.remove(&format!("tasks/{name}.yaml"));
            }
        }
        let repo = Repo::empty();
        before.iter().for_each(|(path, text)| repo.put(path, text));
        repo.build();
        let was = manifests(&repo);
        repo.commit("before");
        let _there = std::fs::remove_dir_all(repo.dir.join("tasks"));
        after.iter().for_each(|(path, text)| repo.put(path, text));
        let output = repo.run(&["diff", "--format", "json", "--patch"]);
        let is = manifests(&repo);
        let value: Value = serde_json::from_str(&said(&output)).expect("JSON");
        let result = &value["result"];

        let paths: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let differing: BTreeSet<&String> = paths.into_iter().filter(|path| was.get(*path) != is.get(*path)).collect();
        let context = || format!("round {round}\n{result:#}\n{differing:#?}");
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // Markers are counted as objects and are left out here.
        let marker = |change: &str| {
            let others = list(&result["others"]);
            let markers =
                others.iter().filter(|one| one["object"] == "the marker of an idle cluster" && one["change"] == change);
            markers.map(|one| list(&one["clusters"]).len()).sum::<usize>()
        };
        let number = |name: &str| usize::try_from(result["totals"][name].as_u64().expect("a number")).expect("small");
        let count = |keep: &dyn Fn(&String) -> bool| differing.iter().filter(|path| keep(path)).count();
        let new = count(&|path| !was.contains_key(path));
        let gone = count(&|path| !is.contains_key(path));
        assert_eq!(number("objectsCreated"), new + marker("created"), "{}", context());
        assert_eq!(number("objectsDeleted"), gone + marker("deleted"), "{}", context());
        assert_eq!(number("objectsChanged"), differing.len() - new - gone, "{}", context());
        let changes = new + gone + marker("created") + marker("deleted") + number("objectsChanged") > 0;
        assert_eq!(output.status.code(), Some(i32::from(changes)), "{}", context());

        // Every object that differs is shown, and no other; on a renamed cluster, only what is not as it was.
        let renamed: BTreeMap<String, String> =
            list(&result["inventory"]["renamed"]).iter().map(|one| (text(&one["to"]), text(&one["from"]))).collect();
        let former = |cluster: &String| renamed.get(cluster).unwrap_or(cluster).clone();
        let mut shown: BTreeSet<String> = BTreeSet::new();
        for patch in list(&result["patches"]).iter().filter(|patch| patch["means"] == "otherwise") {
            for cluster in list(&patch["clusters"]).iter().map(&text) {
                let sides = [("old", former(&cluster)), ("new", cluster)];
                let there = sides.iter().filter(|(side, _)| !patch[side].is_null());
                shown.extend(there.map(|(side, cluster)| format!("{cluster}/{}", text(&patch[side]))));
            }
        }
        let moved = |path: &String| {
            renamed.iter().any(|(to, from)| {
                let other = |dir: &str, now: &str| Some(format!("{now}/{}", path.strip_prefix(&format!("{dir}/"))?));
                let of_old = other(from, to).is_some_and(|other| was.get(path) == is.get(&other));
                of_old || other(to, from).is_some_and(|other| is.get(path) == was.get(&other))
            })
        };
        for path in &differing {
            assert!(shown.contains(*path) || moved(path), "{path} is not shown, {}", context());
        }
        for path in &shown {
            assert!(differing.contains(path), "{path} does not differ, {}", context());
        }

        // What is said to come or go does.
        let stands = |of: &BTreeMap<String, String>, cluster: &str, object: &str| {
            let (kind, name) = object.split_once(' ').expect("kind and name");
            of.contains_key(&format!("{cluster}/{name}.{}.yaml", kind.to_lowercase()))
        };
        for change in list(&result["tasks"]).iter().flat_map(|task| list(&task["changes"])) {
            told.insert(text(&change["kind"]));
            for cluster in list(&change["clusters"]).iter().map(&text) {
                let (old, new) = match change["kind"].as_str() {
                    Some("objectDeleted") => (Some(text(&change["object"])), None),
                    Some("objectCreated") => (None, Some(text(&change["object"]))),
                    Some("renamed") => {
                        let job = |side: &str| Some(format!("CronJob {}", text(&change[side])));
                        (job("from"), job("to"))
                    }
                    _ => continue,
                };
                for (object, then, now) in [(old, true, false), (new, false, true)] {
                    let Some(object) = object else { continue };
                    assert_eq!(stands(&was, &former(&cluster), &object), then, "{object} on {cluster}, {}", context());
                    assert_eq!(stands(&is, &cluster, &object), now, "{object} on {cluster}, {}", context());
                }
            }
        }
    }
    let kinds =
        ["new", "gone", "renamed", "left", "came", "active", "field", "instances", "objectCreated", "objectDeleted"];
    assert!(kinds.iter().all(|kind| told.contains(*kind)), "too little happened: {told:?}");
}
