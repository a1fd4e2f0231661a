//! The deletion guard: what it counts, where it applies, what it does when it cannot decide, and how deletions are allowed.

mod consequences;
mod edits;
mod levels;
mod undecided;

use crate::git::{Repo, scrub};
use crate::support::{self, grumbled};

/// A repository with that many clusters in each half, and that many tasks on the clusters of the first half, built and
/// committed; `fleet` is the spec of its Fleet.
fn halves(clusters: usize, tasks: usize, fleet: &str) -> Repo {
    let repo = Repo::empty();
    repo.put(".gitattributes", "fleetcron.lock merge=union\n");
    repo.put("fleetcron.yaml", &fleet_document(fleet));
    let document = |at: usize, half: &str| {
        format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {half}-{at:02}, labels: {{half: {half}}}}}\n"
        )
    };
    let documents = (0..clusters).flat_map(|at| [document(at, "one"), document(at, "two")]);
    repo.put("clusters/all.yaml", &documents.collect::<String>());
    for at in 0..tasks {
        repo.put(&format!("tasks/t{at}.yaml"), &task(&format!("t{at}")));
    }
    repo.build();
    repo.commit("first");
    repo
}

fn fleet_document(spec: &str) -> String {
    format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: acme}}\nspec: {spec}\n")
}

/// A task on the first half.
fn task(name: &str) -> String {
    crate::git::task(name, "1").replace("clusters: \"*\"", "match: {labels: {half: one}}")
}

/// Replaces text in a file that must hold it.
fn edit(repo: &Repo, path: &str, old: &str, new: &str) {
    let text = repo.text(path);
    assert!(text.contains(old), "{path}: {text}");
    repo.put(path, &text.replace(old, new));
}

/// The names that the printed help allows.
#[track_caller]
fn hint(told: &str) -> String {
    let mut hints = told.split("run again with `--allow-deletions ").skip(1);
    let hint = hints.next().unwrap_or_else(|| panic!("no hint: {told}"));
    assert!(hints.next().is_none(), "one hint is enough: {told}");
    hint.split('`').next().expect("a name").to_owned()
}

/// Standard error of a run with the variable set.
fn with_variable(repo: &Repo, value: &str, args: &[&str]) -> (Option<i32>, String) {
    let mut command = support::program(&repo.dir);
    scrub(&mut command);
    let output = command.env("FLEETCRON_ALLOW_DELETIONS", value).args(args).output().expect("the program starts");
    (output.status.code(), grumbled(&output))
}
