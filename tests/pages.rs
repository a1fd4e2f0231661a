//! The pages of diagnostics: what each shows as an example is what the program says of it.
//!
//! The one idea: a page is read as a reader would use it. Its files go into a small fleet of two clusters and one task, its
//! commands are run there, and every report that it shows must be in what `fleetcron build` (or the command that the page
//! names) tells. `BLESS=1` writes what
//! is told into the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The fleet that pages speak of; what a page gives under the same path takes its place.
const FLEET: [(&str, &str); 5] = [
    (
        "clusters/eu-a.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-a, labels: {env: prod}}\nspec: {region: eu-west-1}\n",
    ),
    (
        "clusters/eu-b.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-b, labels: {env: test}}\nspec: {region: eu-west-2}\n",
    ),
    (
        "tasks/rollup.yaml",
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: rollup, namespace: billing}\nspec:\n  \
         schedule: \"0 3 * * *\"\n  placement: {clusters: \"*\"}\n  container: {image: registry.example.com/rollup:1.4}\n",
    ),
    ("tasks/rollup-sa.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: rollup}\n"),
    ("bases/graph.yaml", "apiVersion: fleetcron.dev/v1alpha1\nkind: Base\nmetadata: {name: graph}\nspec: {}\n"),
];

/// Pages whose example is told in words, because it is too long to show or is no text.
const IN_WORDS: [&str; 5] =
    ["client-side-apply", "description-too-long", "invalid-utf8", "object-too-large", "yaml-limits"];

/// What a page tells in words of its example.
fn prepare(page: &str, root: &Path) {
    let task = root.join("tasks/rollup.yaml");
    match page {
        "duplicate-name" => drop(fs::copy(task, root.join("tasks/again.yaml")).expect("a copy")),
        "no-clusters" => fs::remove_dir_all(root.join("clusters")).expect("removed"),
        "stale-output" => {
            run(root, &["build"]);
            let text = fs::read_to_string(&task).expect("the task").replace(":1.4", ":1.5");
            fs::write(task, text).expect("written");
        }
        "pause-overdue" => drop(run(root, &["build"])),
        "starts-at-once" => {
            let text = fs::read_to_string(&task).expect("the task");
            fs::write(&task, text.replace("12 3 * * *", "0 3 * * *")).expect("written");
            run(root, &["build"]);
            fs::write(task, text).expect("written");
        }
        "deletions" => drop(run(root, &["build"])),
        "edited-output" => {
            run(root, &["build"]);
            commit(root);
            let path = root.join("rendered/eu-a/billing/rollup.cronjob.yaml");
            let text = fs::read_to_string(&path).expect("a manifest").replace(":1.4", ":1.5");
            fs::write(path, text).expect("written");
        }
        "unstaged-output" => {
            run(root, &["build"]);
            commit(root);
            for (from, to) in [(":1.4", ":1.5"), (":1.5", ":1.6")] {
                let text = fs::read_to_string(&task).expect("the task").replace(from, to);
                fs::write(&task, text).expect("written");
                if to == ":1.5" {
                    stage(root);
                }
            }
            run(root, &["build"]);
        }
        "documents-gone" => {
            let text = fs::read_to_string(&task).expect("the page's file");
            let original = FLEET.iter().find(|(path, _)| *path == "tasks/rollup.yaml").expect("the task").1;
            fs::write(&task, original).expect("written");
            commit(root);
            fs::write(&task, text).expect("written");
        }
        "script-start" => fs::write(root.join("tasks/run.sh"), "#!/bin/sh\r\nexit 0\r\n").expect("written"),
        "lock-merge" => drop(git2::Repository::init(root).expect("a repository")),
        _ => {}
    }
}

/// Stages everything, in a repository that is made where there is none.
fn stage(root: &Path) -> (git2::Repository, git2::Oid) {
    let repository = git2::Repository::init(root).expect("a repository");
    let mut index = repository.index().expect("an index");
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("staged");
    index.write().expect("written");
    let tree = index.write_tree().expect("a tree");
    (repository, tree)
}

fn commit(root: &Path) {
    let (repository, tree) = stage(root);
    let tree = repository.find_tree(tree).expect("a tree");
    let author = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).expect("a name");
    repository.commit(Some("HEAD"), &author, &author, "one", &tree, &[]).expect("a commit");
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("written");
}

/// The command that a page is about.
fn command(page: &str) -> &'static [&'static str] {
    match page {
        "pause-overdue" => &["check", "--on", "2027-02-01"],
        "stale-output" | "edited-output" | "lock-changed" | "documents-gone" => &["check"],
        "unstaged-output" => &["build", "--stage"],
        "not-in-lock" => &["build", "--frozen"],
        _ => &["build"],
    }
}

fn run(root: &Path, command: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
    let ran =
        program.args(command).arg("--root").arg(root).args(["--color", "never"]).output().expect("the binary runs");
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// The blocks of a page's example: language, the path named before it, and the text.
fn blocks(page: &str) -> Vec<(String, Option<String>, String)> {
    let example = page.split("## Example").nth(1).expect("an example").split("\n## Fix").next().unwrap_or_default();
    let mut blocks = Vec::new();
    let mut parts = example.split("```");
    let mut before = parts.next().unwrap_or_default();
    while let (Some(block), Some(after)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').expect("a language");
        let named = before.trim().lines().next_back().and_then(|line| line.strip_prefix('`')?.strip_suffix("`:"));
        blocks.push((language.to_owned(), named.map(str::to_owned), text.to_owned()));
        before = after;
    }
    blocks
}

#[test]
fn what_a_page_shows_is_what_is_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
    let mut pages: Vec<PathBuf> =
        fs::read_dir(folder).expect("pages").map(|page| page.expect("a page").path()).collect();
    pages.sort();
    let mut wrong = Vec::new();
    for path in pages {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if IN_WORDS.contains(&name.as_str()) {
            continue;
        }
        let home = tempfile::tempdir().expect("a folder");
        let root = home.path();
        FLEET.iter().for_each(|(path, text)| put(root, path, text));
        let blocks = blocks(&fs::read_to_string(&path).expect("text"));
        for (_, named, text) in &blocks {
            named.iter().for_each(|path| put(root, path, text));
        }
        prepare(&name, root);
        for (_, _, text) in blocks.iter().filter(|(language, ..)| language == "sh") {
            let script = text.replace("fleetcron build", "true");
            assert!(Command::new("sh").arg("-c").arg(script).current_dir(root).status().expect("a shell").success());
        }
        let told = run(root, command(&name));
        for (_, _, text) in blocks.iter().filter(|(language, named, _)| language == "text" && named.is_none()) {
            // An example that is true already stays as its author chose it: it may show several messages.
            if told.contains(text.trim_end()) {
                continue;
            }
            let said = told.split("\n\n").find(|report| report.contains(&format!("[{name}]: ")));
            if let (Some(said), Some(_)) = (said, std::env::var_os("BLESS")) {
                let page = fs::read_to_string(&path).expect("text");
                fs::write(&path, page.replace(text.trim_end(), said.trim_end())).expect("written");
            } else {
                wrong.push(format!("{name}\n--- shown\n{text}--- said\n{told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
