//! One fleet in both dialects: what it comes to is the same, byte for byte.

use fleetcron::compile::compile;

use crate::support::{Files, output, tree};

const FLEET: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: both}\nspec: {karmada: {compatibility: intended}}\n";

const CLUSTERS: [&str; 4] = ["eu-a", "eu-b", "us-a", "us-b"];

/// A CronJob as a file has it.
fn cron_job(more: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: report, namespace: billing}}\nspec:\n  schedule: \"0 3 * * *\"\n  \
         timeZone: Etc/UTC\n  jobTemplate:\n    spec:\n{more}      template:\n        spec:\n          restartPolicy: Never\n          \
         containers: [{{name: main, image: \"registry.example.com/report:1.4\"}}]\n"
    )
}

fn file(path: &str, text: impl Into<String>) -> (String, String) {
    (path.to_owned(), text.into())
}

fn native(cron_job: &str, spec: &str) -> Files {
    let mut files = vec![file("fleetcron.yaml", FLEET), file("base/report.txt", cron_job)];
    for name in CLUSTERS {
        let region = name.split('-').next().unwrap_or_default();
        let text = format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{region: {region}}}\n"
        );
        files.push(file(&format!("clusters/{name}.yaml"), text));
    }
    let task = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: report, namespace: billing}}\nspec:\n  \
         cronJob: /base/report.txt\n{spec}"
    );
    files.push(file("tasks/report.yaml", task));
    files
}

fn karmada(cron_job: &str, policies: &str) -> Files {
    let mut files = vec![file("fleetcron.yaml", FLEET), file("report.yaml", cron_job), file("policies.yaml", policies)];
    for name in CLUSTERS {
        let region = name.split('-').next().unwrap_or_default();
        let text = format!(
            "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{syncMode: Push, region: {region}}}\n"
        );
        files.push(file(&format!("clusters/{name}.yaml"), text));
    }
    files
}

fn compare(native: &Files, karmada: &Files) {
    let [native, karmada] = [native, karmada].map(|files| {
        let compilation = compile(&tree(files));
        assert!(!compilation.diags.has_errors(), "{:?}", compilation.diags);
        output(&compilation)
    });
    let texts = |output: &std::collections::BTreeMap<String, Vec<u8>>| -> Vec<String> {
        output.iter().map(|(path, bytes)| format!("{path}\n{}", String::from_utf8_lossy(bytes))).collect()
    };
    assert_eq!(texts(&native), texts(&karmada));
    assert!(native.keys().any(|path| path.ends_with("report.cronjob.yaml")));
}

const POLICY: &str = "apiVersion: policy.karmada.io/v1alpha1\nkind: PropagationPolicy\nmetadata: {name: report, namespace: billing}\nspec:\n  \
                      resourceSelectors: [{apiVersion: batch/v1, kind: CronJob, name: report}]\n";

#[test]
fn a_task_by_name_is_one_policy() {
    let text = cron_job("");
    let policy = format!("{POLICY}  placement: {{clusterAffinity: {{clusterNames: [eu-a, us-a]}}}}\n");
    compare(&native(&text, "  placement: {clusters: [eu-a, us-a]}\n"), &karmada(&text, &policy));
}

#[test]
fn groups_weights_and_overrides_are_the_same_in_both() {
    let text = cron_job("      parallelism: 6\n      completions: 12\n");
    let spec = "  placement:\n    fallback: [{name: home, match: {region: eu}}, {name: far, match: {region: us}}]\n    strategy: StaticWeight\n    \
                weights: [{weight: 2, clusters: [eu-a]}, {weight: 1, clusters: [eu-b]}]\n  overrides:\n  - name: slow\n    clusters: [eu-b]\n    labels: {site: b}\n    \
                container: {image: \"registry.example.com/report:1.5\"}\n    patches:\n    - json: [{op: add, path: /spec/suspend, value: true}]\n";
    let policies = format!(
        "{POLICY}  placement:\n    clusterAffinities:\n    - affinityName: home\n      fieldSelector: \
         {{matchExpressions: [{{key: region, operator: In, values: [eu]}}]}}\n    - {{affinityName: far, clusterNames: [us-a, us-b]}}\n    replicaScheduling:\n      replicaSchedulingType: Divided\n      \
         replicaDivisionPreference: Weighted\n      weightPreference:\n        staticWeightList:\n        - {{weight: 2, targetCluster: {{clusterNames: \
         [eu-a]}}}}\n        - {{weight: 1, targetCluster: {{clusterNames: [eu-b]}}}}\n---\napiVersion: policy.karmada.io/v1alpha1\nkind: \
         OverridePolicy\nmetadata: {{name: slow, namespace: billing}}\nspec:\n  overrideRules:\n  - targetCluster: {{clusterNames: [eu-b]}}\n    \
         overriders:\n      labelsOverrider: [{{operator: add, value: {{site: b}}}}]\n      imageOverrider: [{{component: Tag, operator: replace, value: \
         \"1.5\"}}]\n      plaintext: [{{path: /spec/suspend, operator: replace, value: true}}]\n"
    );
    compare(&native(&text, spec), &karmada(&text, &policies));
}
