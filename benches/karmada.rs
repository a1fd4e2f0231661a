//! How long a fleet of Karmada takes beside the same fleet in native documents: `cargo bench --bench karmada`.
//!
//! 1,000 templates, 300 policies, 200 override policies and 200 clusters against as many tasks, bases and overrides.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement reads the clock")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use fleetcron::compile::compile;
use fleetcron::tree::SourceTree;

const TEMPLATES: usize = 1_000;
const POLICIES: usize = 300;
const OVERRIDES: usize = 200;
const CLUSTERS: usize = 200;
const ROUNDS: u32 = 5;

/// The CronJob of a template or of a task's file.
fn cron_job(number: usize) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: job-{number}, namespace: team-{}, labels: {{group: g{}}}}}\nspec:\n  schedule: \"0 3 * * *\"\n  \
         timeZone: Etc/UTC\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers: [{{name: main, image: \
         \"registry.example.com/job:{number}\"}}]\n",
        number % 20,
        number % POLICIES,
    )
}

fn karmada() -> SourceTree {
    let (mut clusters, mut policies, mut templates) = (String::new(), String::new(), String::new());
    for number in 0..CLUSTERS {
        write!(
            clusters,
            "---\napiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {{name: c{number}, labels: {{tier: t{}}}}}\nspec: {{syncMode: Push}}\n",
            number % 10
        )
        .expect("text");
    }
    for number in 0..POLICIES {
        write!(
            policies,
            "---\napiVersion: policy.karmada.io/v1alpha1\nkind: ClusterPropagationPolicy\nmetadata: {{name: p{number}}}\nspec:\n  resourceSelectors: \
             [{{apiVersion: batch/v1, kind: CronJob, labelSelector: {{matchLabels: {{group: g{number}}}}}}}]\n  placement: {{clusterAffinity: {{labelSelector: \
             {{matchLabels: {{tier: t{}}}}}}}}}\n",
            number % 10
        )
        .expect("text");
    }
    for number in 0..OVERRIDES {
        write!(
            policies,
            "---\napiVersion: policy.karmada.io/v1alpha1\nkind: ClusterOverridePolicy\nmetadata: {{name: o{number}}}\nspec:\n  resourceSelectors: \
             [{{apiVersion: batch/v1, kind: CronJob, labelSelector: {{matchLabels: {{group: g{number}}}}}}}]\n  overrideRules: [{{targetCluster: {{clusterNames: \
             [c{number}]}}, overriders: {{labelsOverrider: [{{operator: add, value: {{site: s{number}}}}}]}}}}]\n"
        )
        .expect("text");
    }
    (0..TEMPLATES).for_each(|number| templates.push_str(&format!("---\n{}", cron_job(number))));
    SourceTree::of([("clusters.yaml", &*clusters), ("policies.yaml", &*policies), ("templates.yaml", &*templates)])
}

fn native() -> SourceTree {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut clusters = String::new();
    for number in 0..CLUSTERS {
        write!(
            clusters,
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c{number}, labels: {{tier: t{}}}}}\n",
            number % 10
        )
        .expect("text");
    }
    files.push(("clusters.yaml".to_owned(), clusters));
    for number in 0..TEMPLATES {
        let group = number % POLICIES;
        let overrides = if group < OVERRIDES.min(CLUSTERS) {
            format!("  overrides: [{{name: site, clusters: [c{group}], labels: {{site: s{group}}}}}]\n")
        } else {
            String::new()
        };
        files.push((format!("base/{number}.txt"), cron_job(number)));
        files.push((
            format!("tasks/{number}.yaml"),
            format!(
                "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: job-{number}, namespace: team-{}}}\nspec:\n  cronJob: /base/{number}.txt\n  \
                 placement: {{match: {{labels: {{tier: t{}}}}}}}\n{overrides}",
                number % 20,
                group % 10
            ),
        ));
    }
    SourceTree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The shortest of some rounds.
fn measured(tree: &SourceTree) -> Duration {
    let round = || {
        let start = Instant::now();
        black_box(compile(tree));
        start.elapsed()
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn main() {
    let (karmada, native) = (karmada(), native());
    let errors = [&karmada, &native].map(|tree| compile(tree).diags.has_errors());
    println!("errors: {errors:?}");
    let (of_karmada, of_native) = (measured(&karmada), measured(&native));
    println!(
        "karmada {of_karmada:?}, native {of_native:?}, ratio {:.2}",
        of_karmada.as_secs_f64() / of_native.as_secs_f64()
    );
}
