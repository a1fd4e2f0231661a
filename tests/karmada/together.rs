//! Native and Karmada documents side by side, and encrypted objects.

use fleetcron::compile::{Compilation, compile};
use fleetcron::diag::{Code, Severity};

use crate::support::{Files, output, tree};

const CLUSTER: &str =
    "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {name: a}\nspec: {syncMode: Push}\n";

const NATIVE: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: b}\n";

const CRON_JOB: &str = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report, namespace: billing}\nspec:\n  schedule: \"0 3 * * *\"\n  timeZone: Etc/UTC\n  \
                        jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers: [{name: main, image: \"registry.example.com/report:1.4\"}]\n";

const POLICY: &str = "apiVersion: policy.karmada.io/v1alpha1\nkind: PropagationPolicy\nmetadata: {name: p, namespace: billing}\nspec:\n  resourceSelectors:\n  - {apiVersion: \
                      batch/v1, kind: CronJob}\n  - {apiVersion: v1, kind: Secret}\n";

const TASK: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: NAME, namespace: billing}\nspec:\n  cronJob: /base/sweep.yaml\n  placement: {clusters: [a, b]}\n";

fn made(files: &[(&str, &str)]) -> Compilation {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let files: Files = files.iter().map(owned).collect();
    compile(&tree(&files))
}

fn errors(compilation: &Compilation) -> Vec<Code> {
    let errors = compilation.diags.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn clusters_of_both_dialects_are_clusters_to_both() {
    let task = TASK.replace("NAME", "sweep");
    let sweep = CRON_JOB.replace("name: report", "name: sweep");
    let compilation = made(&[
        ("a.yaml", CLUSTER),
        ("b.yaml", NATIVE),
        ("policy.yaml", POLICY),
        ("report.yaml", CRON_JOB),
        ("base/sweep.yaml", &sweep),
        ("task.yaml", &task),
    ]);
    assert_eq!(errors(&compilation), []);
    let output = output(&compilation);
    let paths: Vec<&str> = output.keys().map(String::as_str).collect();
    // What a task names is the task's, although the policy selects every CronJob.
    let expected = [
        "a/billing/report.cronjob.yaml",
        "a/billing/sweep.cronjob.yaml",
        "b/billing/report.cronjob.yaml",
        "b/billing/sweep.cronjob.yaml",
    ];
    assert_eq!(paths, expected);
    assert_eq!(compilation.model.units.iter().filter(|unit| unit.template.is_some()).count(), 1);
}

#[test]
fn one_name_in_both_dialects_is_an_error() {
    let twice = NATIVE.replace("name: b", "name: a");
    let compilation =
        made(&[("a.yaml", CLUSTER), ("b.yaml", &twice), ("policy.yaml", POLICY), ("report.yaml", CRON_JOB)]);
    assert_eq!(errors(&compilation), [Code::DuplicateName]);
    let task = TASK.replace("NAME", "report");
    let sweep = CRON_JOB.replace("metadata: {name: report", "metadata: {name: sweep");
    let compilation = made(&[
        ("a.yaml", CLUSTER),
        ("b.yaml", NATIVE),
        ("policy.yaml", POLICY),
        ("report.yaml", CRON_JOB),
        ("base/sweep.yaml", &sweep),
        ("task.yaml", &task),
    ]);
    assert!(errors(&compilation).contains(&Code::ObjectCollision), "{:?}", compilation.diags);
}

#[test]
fn an_encrypted_secret_passes_byte_for_byte_or_not_at_all() {
    let secret = "# kept\napiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: billing}\ndata:\n  token: ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]\nsops: {version: 3.9.0, mac: \"ENC[x]\"}\n";
    let files = [("a.yaml", CLUSTER), ("policy.yaml", POLICY), ("secret.yaml", secret)];
    let compilation = made(&files);
    assert_eq!(errors(&compilation), []);
    assert_eq!(output(&compilation)["a/billing/token.secret.yaml"], secret.as_bytes());
    let touching = "apiVersion: policy.karmada.io/v1alpha1\nkind: OverridePolicy\nmetadata: {name: o, namespace: billing}\nspec:\n  overrideRules: [{overriders: {labelsOverrider: \
                    [{operator: add, value: {a: b}}]}}]\n";
    let compilation = made(&[&files[..], &[("override.yaml", touching)]].concat());
    assert_eq!(errors(&compilation), [Code::PatchFailed]);
    assert!(!output(&compilation).contains_key("a/billing/token.secret.yaml"));
}

#[test]
fn objects_are_templates_only_where_there_is_a_policy() {
    let compilation = made(&[("a.yaml", CLUSTER), ("report.yaml", CRON_JOB)]);
    assert!(compilation.model.units.is_empty());
    assert!(output(&compilation).keys().all(|path| path.ends_with("configmap.yaml")));
}
