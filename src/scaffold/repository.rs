//! The files of a new fleet. Each file explains its own fields: a beginner reads them first and changes them next.

use super::FileText;

/// A folder of examples: three clusters of two providers, and one task for two of them.
const FILES: [(&str, &str); 4] = [
    (
        "clusters/eu-west-1-a.yaml",
        "# One target. Tasks choose it by its name, its place or its labels; its name is also that of its directory.
# Yours can be imported: `fleetcron import clusters --help`.
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata:
  name: eu-west-1-a
  labels: {env: prod}
spec:
  provider: aws
  region: eu-west-1
  zone: eu-west-1a
  timeZone: Europe/Dublin    # what `timeZone: cluster` in a task means here
",
    ),
    (
        "clusters/us-east-1-a.yaml",
        "apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata:
  name: us-east-1-a
  labels: {env: prod}
spec:
  provider: aws
  region: us-east-1
  zone: us-east-1a
  timeZone: America/New_York
",
    ),
    (
        "clusters/europe-west4-b.yaml",
        "apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata:
  name: europe-west4-b
  labels: {env: staging}
spec:
  provider: gcp
  region: europe-west4
  zone: europe-west4-b
  timeZone: Europe/Amsterdam
",
    ),
    (
        "tasks/hello.yaml",
        "# One task: what runs, when, and where. `fleetcron explain hello` says why it runs where it runs,
# `fleetcron new --help` makes the next one.
apiVersion: fleetcron.dev/v1alpha1
kind: Task
metadata: {name: hello, namespace: demo}
spec:
  description: Says hello from every production cluster
  placement:
    match: {labels: {env: prod}}
  schedule:
    daily: {at: \"03:00\"}
    timeZone: Etc/UTC
  job:
    concurrencyPolicy: Forbid
    startingDeadlineSeconds: 600
    activeDeadlineSeconds: 300
  container:
    image: busybox:1.37.0
    command: [echo, hello from $(cluster.name)]
    resources:
      requests: {cpu: 10m, memory: 16Mi}
      limits: {memory: 32Mi}
",
    ),
];

/// The files of a new fleet.
pub fn starter_files(name: &str) -> Vec<FileText> {
    let manifest = format!(
        "# The settings of this fleet; each has a default. `fleetcron schema Fleet` describes all of them.
apiVersion: fleetcron.dev/v1alpha1
kind: Fleet
metadata: {{name: {name}}}
spec:
  defaults:
    namespace: jobs              # where tasks go that name none
    timeZone: Etc/UTC            # of schedules that name none; `cluster` is each cluster's own
    kubernetesVersion: \"1.33\"    # of clusters that name none
  output:
    dir: rendered                # one directory a cluster, for Argo CD or Flux
    committed: true              # false: it goes to a branch, with `fleetcron build --commit-to rendered`
    namespaces: true             # a Namespace beside the tasks, which no deployer ever prunes
  guards:
    deletions: {{percent: 30, min: 5}}    # a build that would delete more of a cluster stops
"
    );
    let rest = FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    std::iter::once((crate::tree::MANIFEST.to_owned(), manifest)).chain(rest).collect()
}

/// The name of a folder as that of a fleet.
pub fn fleet_name(folder: Option<&str>) -> String {
    let folder = folder.unwrap_or_default().to_ascii_lowercase();
    let clean: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let clean = clean.trim_matches('-');
    let begins = clean.starts_with(|c: char| c.is_ascii_alphabetic());
    // Readers of YAML take a few short words for something else.
    if begins && (3..=40).contains(&clean.len()) && crate::scaffold::yaml_text::scalar(clean) == clean {
        clean.to_owned()
    } else {
        "fleet".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::fleet_name;

    #[test]
    fn a_name_needs_no_quotes() {
        for (folder, fleet) in [
            (Some("acme"), "acme"),
            (Some("Acme Jobs"), "acme-jobs"),
            (Some("yes"), "fleet"),
            (Some("2026"), "fleet"),
            (Some("…"), "fleet"),
            (None, "fleet"),
        ] {
            assert_eq!(fleet_name(folder), fleet, "{folder:?}");
        }
    }
}
