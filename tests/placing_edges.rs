//! Odd corners of placing that somebody once got past: each a small repository, built as a user would.
//!
//! The one idea: what must hold is looked at from outside, in what is said, in the lock and in the manifests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{self, grumbled, said};

const HEAD: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind:";

fn cluster(name: &str, spec: &str) -> String {
    format!("---\n{HEAD} Cluster\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn task(spec: &str) -> String {
    format!(
        "{HEAD} Task\nmetadata: {{name: t, namespace: ns}}\nspec:\n  schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  \
         container: {{image: \"x:1\"}}\n{spec}"
    )
}

fn repository(clusters: &[(&str, &str)], spec: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let inventory: String = clusters.iter().map(|(name, spec)| cluster(name, spec)).collect();
    support::put(dir.path(), &vec![("clusters.yaml".to_owned(), inventory), ("t.yaml".to_owned(), task(spec))]);
    dir
}

/// Exit code, and all that was said.
fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = support::run(dir, args);
    (output.status.code(), format!("{}{}", said(&output), grumbled(&output)))
}

fn lock(dir: &Path) -> String {
    fs::read_to_string(dir.join("fleetcron.lock")).unwrap_or_default()
}

const PLAIN: [(&str, &str); 3] = [("a", ""), ("b", ""), ("c", "")];

#[test]
fn an_idle_cluster_may_get_its_first_task() {
    let dir = repository(&PLAIN, "  placement: {clusters: [a]}\n");
    assert_eq!(run(dir.path(), &["build"]).0, Some(0));
    fs::write(dir.path().join("t.yaml"), task("  placement: {clusters: [a, b]}\n")).expect("a file");
    let (code, text) = run(dir.path(), &["build"]);
    assert_eq!(code, Some(0), "the marker of an idle cluster is no object of a task: {text}");
    fs::write(dir.path().join("t.yaml"), task("  placement: {clusters: [b]}\n")).expect("a file");
    let (code, text) = run(dir.path(), &["build"]);
    assert!(code == Some(1) && text.contains("a: it would be emptied"), "{text}");
}

#[test]
fn a_spread_gives_each_group_an_instance_if_there_are_enough() {
    let room = |region: &str, pods: u32| format!("region: {region}, capacity: {{allocatable: {{pods: \"{pods}\"}}}}");
    let specs = [room("r1", 5), room("r1", 5), room("r1", 5), room("r2", 5), room("r3", 2)];
    let clusters: Vec<(&str, &str)> =
        ["a", "b", "c", "d", "e"].into_iter().zip(specs.iter().map(String::as_str)).collect();
    let spec =
        "  placement: {clusters: \"*\", strategy: DynamicWeight, spread: [{by: region, min: 3}]}\n  instances: 3\n";
    let dir = repository(&clusters, spec);
    let (code, text) = run(dir.path(), &["build"]);
    assert_eq!(code, Some(0), "{text}");
    let lock = lock(dir.path());
    assert!(lock.contains("cluster d 1") && lock.contains("cluster e 1"), "a region got nothing:\n{lock}");
    assert!(run(dir.path(), &["build"]).1.contains("nothing to write"));
}

#[test]
fn what_is_no_number_of_pods_is_refused_where_instances_are_shared_out() {
    for wrong in ["parallelism: -3", "parallelism: x", "parallelism: 2.5", "completions: -4", "completions: [1]"] {
        let spec = format!("  placement: {{clusters: \"*\", strategy: StaticWeight}}\n  job: {{{wrong}}}\n");
        let dir = repository(&PLAIN, &spec);
        let (code, text) = run(dir.path(), &["build"]);
        assert_eq!(code, Some(1), "{wrong}: {text}");
        assert_eq!(text.matches("error[").count(), 1, "{wrong}: {text}");
    }
}

#[test]
fn a_patch_cannot_undo_what_the_plan_decides() {
    let pod = "template: {spec: {restartPolicy: Never, containers: [{name: t, image: \"x:2\"}]}}";
    let shared = "  placement: {clusters: \"*\", strategy: StaticWeight}\n  instances: 3\n  \
                  job: {completions: 9, completionMode: Indexed, shardEnv: true}\n";
    let active = "  placement: {clusters: \"*\"}\n  active: [a]\n  once: true\n  job: {startingDeadlineSeconds: 60}\n";
    for (spec, patch) in [
        (shared, format!("json: [{{op: replace, path: /spec/jobTemplate/spec, value: {{{pod}}}}}]")),
        (shared, format!("strategic: {{spec: {{jobTemplate: {{spec: {{$patch: replace, {pod}}}}}}}}}")),
        (
            shared,
            "json: [{op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/env/0/value, value: \"99\"}]"
                .to_owned(),
        ),
        (
            active,
            format!(
                "json: [{{op: replace, path: /spec, value: {{schedule: \"0 4 * * *\", timeZone: Etc/UTC, jobTemplate: {{spec: {{{pod}}}}}}}}}]"
            ),
        ),
    ] {
        let dir =
            repository(&PLAIN, &format!("{spec}  overrides: [{{name: o, clusters: [b], patches: [{{{patch}}}]}}]\n"));
        let (code, text) = run(dir.path(), &["build"]);
        assert!(code == Some(1) && text.contains("error[decided-field]"), "{patch}: {text}");
        assert_eq!(text.matches("error[").count(), 1, "{patch}: {text}");
    }
}

#[test]
fn a_test_of_a_patch_sets_nothing() {
    let patch =
        "json: [{op: test, path: /spec/suspend, value: true}, {op: add, path: /metadata/labels, value: {a: b}}]";
    let spec = "  placement: {clusters: \"*\"}\n  active: [a]\n  job: {startingDeadlineSeconds: 60}\n";
    let dir = repository(&PLAIN, &format!("{spec}  overrides: [{{name: o, clusters: [b], patches: [{{{patch}}}]}}]\n"));
    let (code, text) = run(dir.path(), &["build"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn clusters_in_several_zones_stay_while_few_enough_zones_hold_them() {
    let names = ["c1", "c2", "c3", "c4", "c5", "c6"];
    let zones = |of: fn(usize) -> &'static str| -> Vec<(&str, &str)> {
        names.iter().enumerate().map(|(at, name)| (*name, of(at))).collect()
    };
    let spec = "  placement: {clusters: \"*\", spread: [{by: zone, min: 2, max: 2}]}\n";
    let dir = repository(&zones(|at| if at % 2 == 0 { "zones: [zx]" } else { "zones: [zy]" }), spec);
    assert_eq!(run(dir.path(), &["build"]).0, Some(0));
    let before = lock(dir.path());
    let more = zones(|at| {
        ["zones: [zx, zz]", "zones: [zy, zz]", "zones: [zx, zz]", "zones: [zy, zz]", "zones: [zx]", "zones: [zy]"][at]
    });
    let inventory: String = more.iter().map(|(name, spec)| cluster(name, spec)).collect();
    fs::write(dir.path().join("clusters.yaml"), inventory).expect("a file");
    assert_eq!(run(dir.path(), &["build"]).0, Some(0));
    assert_eq!(lock(dir.path()), before, "two zones hold them all");
}

#[test]
fn a_frozen_lock_must_name_a_group_that_its_clusters_are_in() {
    let spec = "  placement: {fallback: [{name: one, clusters: [a]}, {name: two, clusters: [b]}]}\n";
    let dir = repository(&PLAIN, spec);
    assert_eq!(run(dir.path(), &["build"]).0, Some(0));
    let good = lock(dir.path());
    assert_eq!(run(dir.path(), &["build", "--frozen"]).0, Some(0));
    for bad in [
        good.replace("group one", "group two"),
        good.replace("group one", "group nope"),
        good.replace("ns/t group one\n", ""),
    ] {
        fs::write(dir.path().join("fleetcron.lock"), &bad).expect("a file");
        let (code, text) = run(dir.path(), &["build", "--frozen"]);
        assert!(code == Some(1) && text.contains("error[not-in-lock]"), "{bad}: {text}");
    }
}

#[test]
fn the_reason_for_a_change_is_what_was_changed() {
    let dir = repository(&PLAIN, "  placement: {clusters: [a, b], strategy: StaticWeight}\n  instances: 2\n");
    assert_eq!(run(dir.path(), &["build"]).0, Some(0));
    let other = task("  placement: {clusters: [a, b], strategy: StaticWeight}\n  instances: 5\n");
    fs::write(dir.path().join("t.yaml"), other).expect("a file");
    assert!(run(dir.path(), &["build"]).1.contains("because `instances` is 5 (t.yaml:8)"));
    let weighted = "  placement: {clusters: [a, b], strategy: StaticWeight, weights: [{weight: 4, clusters: [a]}, {weight: 1, clusters: [b]}]}\n  instances: 5\n";
    fs::write(dir.path().join("t.yaml"), task(weighted)).expect("a file");
    assert!(run(dir.path(), &["build"]).1.contains("because shares follow the weights and the inventory"));
}
