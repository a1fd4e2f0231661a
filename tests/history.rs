//! A repository through thirteen commits, and what `diff` says of each. It looks into no room of the house.
//!
//! The one idea: `tests/history/` is read as a reviewer reads it, who did not see the commit: would you approve on it?
//! `BLESS=1` rewrites the files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::support::{grumbled, said};

const FLEET: &str = "apiVersion: fleetcron.dev/v1alpha1
kind: Fleet
metadata: {name: acme}
spec:
  defaults: {timeZone: Etc/UTC, job: {backoffLimit: 2}}
  variables:
    - set: {registry: registry.example.com}
  output: {namespaces: true}
  guards: {deletions: {percent: 30, min: 3}}
";

fn cluster(name: &str, spec: &str) -> String {
    let region = name.rsplit_once('-').map_or(name, |(region, _)| region);
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}, labels: {{env: prod}}}}\nspec:\n  \
         provider: aws\n  region: {region}\n{spec}"
    )
}

/// A task of that name; `placement` and more below `spec`.
fn task(namespace: &str, name: &str, placement: &str, schedule: &str, tag: &str, more: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         bases: [batch]\n  placement: {placement}\n  schedule: {schedule}\n  \
         container: {{image: $(var.registry)/{namespace}/{name}:{tag}}}\n{more}"
    )
}

const BASE: &str = "apiVersion: fleetcron.dev/v1alpha1
kind: Base
metadata: {name: batch}
spec:
  job: {concurrencyPolicy: Forbid, startingDeadlineSeconds: 300}
  container: {resources: {requests: {cpu: 100m, memory: 64Mi}}}
";

const PROD: &str = "{match: {labels: {env: prod}}}";

fn first(repo: &Repo) {
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    repo.put("fleetcron.yaml", FLEET);
    repo.put("bases/batch.yaml", BASE);
    for name in ["ap-south-1-a", "eu-west-1-a", "eu-west-1-b", "us-east-1-a", "us-east-1-b"] {
        repo.put(&format!("clusters/{name}.yaml"), &cluster(name, ""));
    }
    repo.put("tasks/billing/rollup.yaml", &task("billing", "rollup", PROD, "\"0 3 * * *\"", "1.4", ""));
    repo.put("tasks/billing/report.yaml", &task("billing", "report", PROD, "\"0 6 * * 1\"", "2.0", ""));
    let one = "{match: {region: [us-east-1]}, spread: [{by: cluster, max: 1}]}";
    repo.put("tasks/billing/payout.yaml", &task("billing", "payout", one, "\"*/10 * * * *\"", "0.9", ""));
    let active = "  active: {max: 1}\n";
    repo.put("tasks/search/reindex.yaml", &task("search", "reindex", PROD, "\"30 2 * * *\"", "7", active));
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sweep}\ndata: {days: \"30\"}\n";
    repo.put("tasks/platform/sweep-config.yaml", config);
    let with = "  resources: [sweep-config.yaml]\n";
    repo.put("tasks/platform/sweep.yaml", &task("platform", "sweep", PROD, "\"0 * * * *\"", "3.1", with));
    repo.put("tasks/platform/certs.yaml", &task("platform", "certs", "{clusters: \"*\"}", "\"@daily\"", "1", ""));
}

fn edit(repo: &Repo, path: &str, from: &str, to: &str) {
    let text = repo.text(path);
    assert!(text.contains(from), "{path} holds no `{from}`:\n{text}");
    repo.put(path, &text.replace(from, to));
}

fn remove(repo: &Repo, path: &str) {
    fs::remove_file(repo.dir.join(path)).expect("a file to remove");
}

/// What one commit does.
type Act = fn(&Repo);

const COMMITS: [(&str, Act); 13] = [
    ("add-a-task", |repo| {
        let eu = "{match: {region: [eu-west-1]}}";
        let text = task("billing", "invoices", eu, "{daily: {at: \"04:15\"}, timeZone: Europe/Dublin}", "1.0", "");
        repo.put("tasks/billing/invoices.yaml", &text);
    }),
    ("rename-a-task", |repo| {
        let text = repo.text("tasks/billing/report.yaml").replace("name: report,", "name: weekly-report,");
        repo.put("tasks/billing/weekly-report.yaml", &text);
        remove(repo, "tasks/billing/report.yaml");
    }),
    ("retarget-a-placement", |repo| {
        edit(repo, "tasks/platform/sweep.yaml", PROD, "{match: {region: [eu-west-1, us-east-1]}}");
    }),
    ("drain-a-cluster", |repo| {
        let taints = "  taints: [{key: maintenance, value: \"true\", effect: NoExecute}]\n";
        repo.put("clusters/us-east-1-a.yaml", &cluster("us-east-1-a", taints));
    }),
    ("another-registry-for-all", |repo| {
        edit(repo, "fleetcron.yaml", "registry: registry.example.com", "registry: mirror.example.net:5000");
    }),
    ("an-override-for-one-cluster", |repo| {
        let text = "apiVersion: fleetcron.dev/v1alpha1\nkind: Override\nmetadata: {name: small}\nspec:\n  \
             tasks: {namespaces: [billing]}\n  clusters: [eu-west-1-b]\n  \
             container: {resources: {limits: {memory: 96Mi}}, env: {LOG_LEVEL: debug, DB_PASSWORD: not-to-be-seen-1}}\n";
        repo.put("overrides/small.yaml", text);
    }),
    ("another-schedule-and-zone", |repo| {
        let to = "{cron: \"30 4 * * 1-5\", timeZone: Europe/Berlin}";
        edit(repo, "tasks/billing/rollup.yaml", "\"0 3 * * *\"", to);
        edit(repo, "overrides/small.yaml", "not-to-be-seen-1", "not-to-be-seen-2");
    }),
    ("delete-a-task", |repo| remove(repo, "tasks/billing/invoices.yaml")),
    ("rename-a-cluster", |repo| {
        remove(repo, "clusters/ap-south-1-a.yaml");
        let text = cluster("ap-south-1-a", "").replace("name: ap-south-1-a", "name: mumbai-a");
        repo.put("clusters/mumbai-a.yaml", &text);
    }),
    ("add-a-cluster", |repo| repo.put("clusters/sa-east-1-a.yaml", &cluster("sa-east-1-a", ""))),
    ("revert-the-override", |repo| remove(repo, "overrides/small.yaml")),
    ("a-comment-only", |repo| {
        let text = repo.text("tasks/billing/rollup.yaml");
        repo.put("tasks/billing/rollup.yaml", &format!("# The books close at night.\n{text}"));
    }),
    ("a-mass-deletion", |repo| {
        for name in ["billing/weekly-report", "billing/payout", "platform/sweep", "search/reindex"] {
            remove(repo, &format!("tasks/{name}.yaml"));
        }
        remove(repo, "tasks/platform/sweep-config.yaml");
    }),
];

/// The commits that the guard would stop.
const STOPPED: [&str; 3] = ["rename-a-task", "rename-a-cluster", "a-mass-deletion"];

/// A text without what a commit is called.
fn plain(text: &str) -> String {
    let mut parts = text.split('(');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let id = part.get(..8).filter(|id| id.ends_with(')') && id[..7].bytes().all(|byte| byte.is_ascii_hexdigit()));
        plain.push_str(if id.is_some() { "(1a2b3c4)" } else { "(" });
        plain.push_str(if id.is_some() { &part[8..] } else { part });
    }
    plain
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/history")
}

#[test]
fn a_reviewer_reads_thirteen_commits() {
    let bless = std::env::var_os("BLESS").is_some();
    let repo = Repo::empty();
    first(&repo);
    repo.build();
    repo.commit("first");
    let mut wrong = Vec::new();
    for (at, (name, act)) in COMMITS.iter().enumerate() {
        act(&repo);
        let mut args = vec!["build"];
        let allowed: Vec<&str> =
            ["ap-south-1-a", "eu-west-1-a", "eu-west-1-b", "us-east-1-a", "us-east-1-b", "mumbai-a", "sa-east-1-a"]
                .into();
        for cluster in &allowed {
            args.extend(["--allow-deletions", cluster]);
        }
        let built = repo.run(&args);
        assert!(built.status.success(), "{name}: {}", grumbled(&built));
        // Before it is committed the same is said of the working tree, and of what is staged.
        let uncommitted = repo.run(&["diff"]);
        repo.git(&["add", "-A"]);
        let staged = repo.run(&["diff", "--staged"]);
        repo.commit(name);
        let text = repo.run(&["diff", "HEAD~1", "HEAD"]);
        let body = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        assert_eq!(body(&said(&uncommitted)), body(&said(&text)), "{name}");
        assert_eq!(body(&said(&staged)), body(&said(&text)), "{name}");
        let same = *name == "a-comment-only";
        assert_eq!(text.status.code(), Some(i32::from(!same)), "{name}: {}", grumbled(&text));
        assert_eq!(said(&text).contains("would stop this"), STOPPED.contains(name), "{name}\n{}", said(&text));
        let patch = repo.run(&["diff", "HEAD~1", "HEAD", "--patch"]);
        let markdown = repo.run(&["diff", "HEAD~1", "HEAD", "--format", "markdown"]);
        let json = repo.run(&["diff", "HEAD~1", "HEAD", "--format", "json", "--patch"]);
        let value: serde_json::Value = serde_json::from_str(&said(&json)).expect("JSON");
        assert_eq!(value["result"]["differs"], !same, "{name}");
        for output in [&text, &patch, &markdown, &json] {
            assert!(!said(output).contains("not-to-be-seen"), "{name}\n{}", said(output));
            assert!(grumbled(output).is_empty(), "{name}\n{}", grumbled(output));
        }
        for (ending, found) in [("txt", said(&text)), ("patch", said(&patch)), ("md", said(&markdown))] {
            let shown = match ending {
                "txt" => true,
                "patch" => ["another-schedule-and-zone", "rename-a-task"].contains(name),
                _ => ["drain-a-cluster", "another-registry-for-all", "a-mass-deletion"].contains(name),
            };
            if !shown {
                continue;
            }
            let path = home().join(format!("{:02}-{name}.{ending}", at + 1));
            let found = plain(&found);
            if bless {
                fs::create_dir_all(home()).expect("a folder");
                fs::write(&path, &found).expect("written");
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if expected != found {
                wrong.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n\n`BLESS=1` rewrites the expectations", wrong.join("\n\n"));
}
