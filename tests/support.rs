//! What several tests need: a rich repository with hostile strings, folders, and the program itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fleetcron::compile::{Compilation, compile};
use fleetcron::diag::Severity;
use fleetcron::tree::SourceTree;
use proptest::prelude::ProptestConfig;

/// A repository with every kind of document, the three forms of containers, and strings that readers misread.
pub(crate) const RICH: &[(&str, &str)] = &[
    (
        "fleetcron.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Fleet
metadata: {name: acme}
spec:
  defaults: {namespace: batch, timeZone: Etc/UTC}
  variables:
    - set: {domain: example.com, flag: on}
    - match: {region: [cn-north-1]}
      set: {domain: example.cn}
  output: {namespaces: true}
"#,
    ),
    (
        "clusters/all.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata:
  name: eu-1
  labels: {env: prod, tier: gold}
spec:
  provider: aws
  region: eu-west-1
  zones: [eu-west-1a, eu-west-1b]
  timeZone: Europe/Dublin
  variables: {apiUrl: https://api.eu.example.com}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: cn-1, labels: {env: prod, tier: silver}}
spec:
  provider: aws
  region: cn-north-1
  zone: cn-north-1a
  timeZone: Asia/Shanghai
  variables: {apiUrl: https://api.cn.example.com}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: dev-1, labels: {env: dev, tier: silver}}
spec:
  region: eu-west-1
  zone: eu-west-1a
  variables: {apiUrl: https://api.dev.example.com}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: idle-1, labels: {env: spare}}
spec:
  region: eu-west-1
  taints: [{key: maintenance, value: "true", effect: NoSchedule}]
  capacity:
    allocatable: {cpu: "64", memory: 256Gi, pods: "500"}
---
apiVersion: fleetcron.dev/v1alpha1
kind: ClusterCapacity
metadata: {name: dev-1}
spec:
  allocatable: {cpu: "8", memory: 32Gi, pods: "110"}
"#,
    ),
    (
        "bases/common.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Base
metadata: {name: common}
spec:
  job: {concurrencyPolicy: Forbid, backoffLimit: 2}
  labels: {team: billing}
  container:
    env: {FROM_BASE: "yes", DOMAIN: $(var.domain)}
    resources: {requests: {cpu: 100m, memory: 64Mi}}
"#,
    ),
    (
        "tasks/hostile.yaml",
        r##"apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: hostile, namespace: billing, annotations: {note: "a: b # c"}}
spec:
  description: "Reads: what others misread"
  bases: [common]
  placement: {clusters: ["*"], exclude: {match: {labels: {env: spare}}}}
  schedule: "*/5 3 * * *"
  container:
    image: registry.example.com:5000/team/hostile:1.10
    command: [sh, -c, "set -e\n\techo 'on' | tr -d \"'\"\n\n  exit 0\n"]
    args: ["on", "off", "y", "n", "null", "~", "", " ", "0777", "0o17", "1_000", "0x1F", "1e3", ".inf", ".nan", "12:30:45", "2001-01-01", "-", "?", ":", "- a", "? a", "a: b", "a #b", "#", "---", "...", "%TAG", "@a", "`a`", "!a", "&a", "*a", "|", ">", "<<", "=", "{", "[", "}", "]", ",", "'", "\"", "\\", "\t", "a\tb", "\n", "a\n", "a\n\n", "\na", " a\n b\n", "trail ", "é", "😀", "\u00a0", "\u2028", "\ufeff", "$(date)", "$$(HOME)", "${HOME}", "true", "False", "123456789012345678901234567890", "+1", "-0", "1.0", "0b1", "190:20:30"]
    env:
      A: on
      B: 0777
      C: 1_000
      D: 1.10
      E: ~
      URL: $(var.apiUrl)/v1
      WHERE: $(cluster.name)-$(cluster.region)
      FLAG: $(var.flag)
      POD: {valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  overrides:
    - name: china
      clusters: [cn-1]
      container: {image: {registry: registry.cn.example.com}, env: {MODE: "off", A: null}}
      schedule: "0 5 * * *"
    - name: patched
      match: {labels: {tier: silver}}
      patches:
        - json: [{op: add, path: /metadata/annotations/example.com~1x, value: "0x10"}]
        - merge: {spec: {suspend: true}}
        - strategic: {spec: {jobTemplate: {spec: {template: {spec: {hostAliases: [{ip: 10.0.0.1, hostnames: ["on"]}]}}}}}}
"##,
    ),
    (
        "tasks/template.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: template}
spec:
  placement: {match: {labels: {env: prod}}}
  schedule: {daily: {at: "03:00"}, timeZone: cluster}
  podTemplate:
    metadata: {labels: {"app.kubernetes.io/name": template}}
    spec:
      restartPolicy: OnFailure
      initContainers: [{name: first, image: busybox:1.36}]
      containers:
        - {name: main, image: "busybox:1.36", env: [{name: ZONES, value: $(cluster.zones)}]}
        - {name: side, image: "busybox:1.36"}
  containers: {side: {args: ["no"]}}
  resources: [template-config.yaml]
"#,
    ),
    (
        "tasks/template-config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: template-config}\ndata:\n  \"on\": \"yes\"\n  script.sh: |\n    #!/bin/sh\n    echo \"${A:-no}\"\n  empty: \"\"\n",
    ),
    (
        "tasks/existing.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: existing}
spec:
  placement: {clusters: [eu-1, dev-1]}
  cronJob: /base/cronjob.yaml
  container: {env: {EXTRA: "1"}}
"#,
    ),
    (
        "base/cronjob.yaml",
        r#"apiVersion: batch/v1
kind: CronJob
metadata: {name: existing, labels: {app: existing}}
spec:
  schedule: "@daily"
  timeZone: Etc/UTC
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {name: main, image: "busybox:1.36", args: ["010", "1e3"]}
"#,
    ),
    (
        "overrides/silver.yaml",
        r#"apiVersion: fleetcron.dev/v1alpha1
kind: Override
metadata: {name: silver}
spec:
  tasks: {names: [hostile, existing]}
  match: {labels: {tier: silver}}
  annotations: {example.com/tier: silver}
"#,
    ),
];

/// Files as owned texts.
pub(crate) type Files = Vec<(String, String)>;

/// [`RICH`], owned.
pub(crate) fn rich() -> Files {
    RICH.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The tree of some files.
pub(crate) fn tree(files: &Files) -> SourceTree {
    SourceTree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// What a compilation writes.
pub(crate) fn output(compilation: &Compilation) -> BTreeMap<String, Vec<u8>> {
    compilation.output.files().map(|(path, bytes)| (path.to_string(), bytes.to_vec())).collect()
}

/// The errors of a compilation, in words.
pub(crate) fn errors(compilation: &Compilation, sources: &SourceTree) -> Vec<String> {
    let errors = (&compilation.diags).into_iter().filter(|d| d.severity == Severity::Error);
    errors
        .map(|d| match &d.place {
            fleetcron::diag::Place::Text(span) => format!("{}: {}", sources.place(*span), d.message),
            _ => d.message.clone(),
        })
        .collect()
}

/// Compiles files that must be right.
pub(crate) fn right(files: &Files) -> BTreeMap<String, Vec<u8>> {
    let sources = tree(files);
    let compilation = compile(&sources);
    let errors = errors(&compilation, &sources);
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    output(&compilation)
}

/// Writes files below a folder.
pub(crate) fn put(dir: &Path, files: &Files) {
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// Every file below a folder.
pub(crate) fn read(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(dir).expect("below").to_string_lossy().replace('\\', "/");
            (path, fs::read(entry.path()).expect("bytes"))
        })
        .collect()
}

/// The program in a folder, its environment scrubbed.
pub(crate) fn program(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
    command.current_dir(dir).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
    command.env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// Runs the program to its end.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Output {
    program(dir).args(args).output().expect("the program starts")
}

/// Standard output as text.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Standard error as text.
pub(crate) fn grumbled(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// What a run that must succeed printed.
#[track_caller]
pub(crate) fn fine(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}{}", said(output), grumbled(output));
    said(output)
}

/// What a run that must fail, with that exit code, had to say.
#[track_caller]
pub(crate) fn wrong(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}{}", said(output), grumbled(output));
    grumbled(output)
}

/// `FLEETCRON_CASES` multiplies how many repositories are tried.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let times: u32 = std::env::var("FLEETCRON_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let cases = cases * times;
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() }
}
