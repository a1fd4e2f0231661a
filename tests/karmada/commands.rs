//! The commands that are about Karmada: what is imported compiles to the same, and another mode is shown before it is chosen.

use std::fs;

use crate::support::{program, put, run, said};

const EXPORT: &str = r#"apiVersion: v1
kind: List
items:
- apiVersion: cluster.karmada.io/v1alpha1
  kind: Cluster
  metadata: {name: eu-a, uid: 1-2, resourceVersion: "5", managedFields: [{manager: agent}]}
  spec:
    syncMode: Push
    apiEndpoint: https://10.0.0.1:6443
    secretRef: {name: eu-a, namespace: karmada-cluster}
    region: west
  status:
    kubernetesVersion: v1.33.1
    conditions: [{type: Ready, status: "True"}]
- apiVersion: batch/v1
  kind: CronJob
  metadata:
    name: report
    namespace: billing
    uid: 3-4
    labels: {app: report, propagationpolicy.karmada.io/permanent-id: x}
    annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
  spec:
    schedule: "0 3 * * *"
    timeZone: Etc/UTC
    jobTemplate:
      spec:
        parallelism: 2
        template:
          spec:
            restartPolicy: Never
            containers: [{name: main, image: "registry.example.com/report:1.4"}]
  status: {lastScheduleTime: "2026-01-01T03:00:00Z"}
- apiVersion: policy.karmada.io/v1alpha1
  kind: PropagationPolicy
  metadata: {name: report, namespace: billing, generation: 3}
  spec:
    resourceSelectors: [{apiVersion: batch/v1, kind: CronJob, name: report}]
    placement: {replicaScheduling: {replicaSchedulingType: Divided}}
- apiVersion: v1
  kind: Secret
  metadata: {name: token, namespace: billing}
  data: {token: aHVudGVyMg==}
- apiVersion: work.karmada.io/v1alpha2
  kind: ResourceBinding
  metadata: {name: report-cronjob, namespace: billing}
"#;

#[test]
fn an_export_becomes_a_repository_without_servers_and_secrets() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    fs::write(root.join("export.txt"), EXPORT).expect("written");
    let mut command = program(root);
    let export = root.join("export.txt");
    let ran =
        command.args(["import", "karmada", "--into"]).arg(root.join("in")).arg(&export).output().expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let stderr = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert!(stderr.contains("Secret `billing/token`") && stderr.contains("ResourceBinding"), "{stderr}");
    let mut texts = String::new();
    for path in [
        "clusters/eu-a.cluster.yaml",
        "policies/billing/report.propagationpolicy.yaml",
        "templates/billing/report.cronjob.yaml",
    ] {
        texts.push_str(
            &fs::read_to_string(root.join("in").join(path)).unwrap_or_else(|error| panic!("{path}: {error}")),
        );
    }
    for gone in [
        "uid",
        "resourceVersion",
        "managedFields",
        "10.0.0.1",
        "secretRef",
        "permanent-id",
        "last-applied",
        "conditions",
        "lastScheduleTime",
        "hunter",
        "generation",
    ] {
        assert!(!texts.contains(gone), "{gone}\n{texts}");
    }
    assert!(texts.contains("v1.33.1") && texts.contains("app: report"), "{texts}");
    let built = run(&root.join("in"), &["build"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    assert!(root.join("in/rendered/eu-a/billing/report.cronjob.yaml").is_file());
}

#[test]
fn another_mode_is_shown_before_it_is_chosen() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    put(root, &vec![("all.yaml".to_owned(), EXPORT.replace("eu-a", "a").to_owned())]);
    let same = run(root, &["diff", "--karmada", "exact"]);
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
    let more = EXPORT.replace("name: eu-a, uid: 1-2", "name: eu-b, uid: 2-3");
    put(
        root,
        &vec![("more.yaml".to_owned(), more.split("- apiVersion: batch/v1").next().unwrap_or_default().to_owned())],
    );
    let ran = run(root, &["diff", "--karmada", "intended"]);
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said(&ran).contains("instances 2 -> 1"), "{}", said(&ran));
}
