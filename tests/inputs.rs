//! What is read, and what is not: endings, links, files without documents, and the version that a fleet requires.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const CLUSTER: &str = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-a}\n";

fn task(name: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {name}, namespace: batch}}\nspec:\n  \
         placement: {{clusters: \"*\"}}\n  schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  \
         container: {{image: \"registry.example.com/{name}:1.0\"}}\n"
    )
}

fn fleet(spec: &str) -> String {
    format!("apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: acme}}\nspec: {spec}\n")
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

/// Stages everything.
fn stage(root: &Path) -> git2::Repository {
    let repository = git2::Repository::init(root).expect("a repository");
    let mut index = repository.index().expect("an index");
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("staged");
    index.update_all(["*"], None).expect("staged");
    index.write().expect("written");
    repository
}

fn commit(root: &Path) {
    let repository = stage(root);
    let tree = repository.index().expect("an index").write_tree().expect("a tree");
    let tree = repository.find_tree(tree).expect("a tree");
    let author = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).expect("a name");
    let parent = repository.head().ok().map(|head| head.peel_to_commit().expect("a commit"));
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    repository.commit(Some("HEAD"), &author, &author, "one", &tree, &parents).expect("a commit");
}

/// The exit code, standard output and standard error.
fn run(root: &Path, args: &[&str]) -> (i32, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
    let program = program.args(args).args(["--root", ".", "--color", "never"]).current_dir(root);
    let ran = program.env("ARGOCD_APP_NAME", "app").output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ran.status.code().expect("a code"), text(&ran.stdout), text(&ran.stderr))
}

#[test]
fn the_required_version_is_checked_before_anything_else_by_every_command() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    put(root, "cluster.yaml", CLUSTER);
    put(root, "task.yaml", &task("one"));
    put(root, "fleetcron.yaml", &fleet("{requires: \">=0.1 <9\"}"));
    assert_eq!(run(root, &["build"]).0, 0);
    commit(root);
    // A later version may know fields, versions and kinds that this one refuses.
    put(root, "fleetcron.yaml", &fleet("{requires: \">=9.1 <9.2\", later: {field: true}}"));
    put(root, "later.yaml", "apiVersion: fleetcron.dev/v9\nkind: Later\n");
    stage(root);
    for args in [
        &["build"][..],
        &["build", "--stage"],
        &["build", "--dry-run", "-q"],
        &["check"],
        &["check", "--staged"],
        &["render", "eu-a"],
        &["plan"],
        &["explain", "one"],
        &["diff"],
        &["diff", "--staged"],
        &["new", "two", "--image", "busybox:1.36", "--schedule", "0 3 * * *", "--cluster", "eu-a"],
    ] {
        let (code, _, told) = run(root, args);
        assert_eq!(code, 2, "{args:?}: {told}");
        assert!(told.contains("fleetcron.yaml:4:18") && told.contains("`>=9.1 <9.2`"), "{args:?}: {told}");
        assert!(told.contains(env!("CARGO_PKG_VERSION")) && !told.contains("later"), "{args:?}: {told}");
    }
    let (code, answer, told) = run(root, &["cmp", "generate"]);
    assert!(code != 0 && answer.is_empty() && told.contains("`>=9.1 <9.2`"), "{told}");
    let (code, answer, _) = run(root, &["check", "--format", "json"]);
    assert!(code == 2 && answer.contains(">=9.1 <9.2"), "{answer}");
    // The base of a change may have required another version; the change itself is compiled.
    commit(root);
    put(root, "fleetcron.yaml", &fleet("{requires: \"<9\"}"));
    fs::remove_file(root.join("later.yaml")).expect("removed");
    let (code, _, told) = run(root, &["diff"]);
    assert!(code == 2 && told.contains("in HEAD"), "{told}");
    assert_eq!(run(root, &["build"]).0, 0);
}

#[test]
fn a_file_that_gives_no_document_any_more_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    put(root, "cluster.yaml", CLUSTER);
    for name in ["kept", "emptied", "moved", "deleted", "out", "aside"] {
        put(root, &format!("tasks/{name}.yaml"), &task(name));
    }
    put(root, "fleetcron.yaml", &fleet("{sources: {exclude: [drafts/**]}, output: {committed: false}}"));
    assert_eq!(run(root, &["build"]).0, 0);
    commit(root);
    put(root, "tasks/emptied.yaml", "# nothing\n");
    put(root, "tasks/moved.yaml", "");
    put(root, "tasks/other.yaml", &task("moved"));
    fs::remove_file(root.join("tasks/deleted.yaml")).expect("removed");
    fs::create_dir(root.join("drafts")).expect("a folder");
    fs::rename(root.join("tasks/aside.yaml"), root.join("drafts/aside.yaml")).expect("moved");
    put(
        root,
        "fleetcron.yaml",
        &fleet("{sources: {exclude: [drafts/**, tasks/out.yaml]}, output: {committed: false}}"),
    );
    stage(root);
    for args in [&["check"][..], &["check", "--staged"], &["check", "--base", "HEAD"], &["diff"], &["diff", "--staged"]]
    {
        let (_, _, told) = run(root, args);
        let places: Vec<&str> = told
            .split("\n\n")
            .filter(|report| report.starts_with("warning[documents-gone]"))
            .filter_map(|report| report.lines().nth(1)?.trim().strip_prefix("--> "))
            .collect();
        assert_eq!(places, ["drafts/aside.yaml", "tasks/emptied.yaml", "tasks/out.yaml"], "{args:?}: {told}");
    }
}

#[test]
fn endings_in_capitals_are_read_from_the_folder_the_index_and_a_revision() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    put(root, "CLUSTER.YAML", CLUSTER);
    put(root, "tasks/one.Yml", &task("one"));
    put(root, "tasks/two.JSON", &task("two"));
    assert_eq!(run(root, &["build"]).0, 0);
    commit(root);
    for state in [&[][..], &["--staged"], &["--at", "HEAD"]] {
        let (_, text, told) = run(root, &[&["render", "eu-a"], state].concat());
        assert!(text.contains("name: one") && text.contains("name: two"), "{state:?}: {told}");
    }
}

#[test]
fn links_lose_no_document() {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path();
    put(root, "clusters/a.yaml", CLUSTER);
    put(root, "library/one.yaml", &task("one"));
    put(root, ".shared/two.yaml", &task("two"));
    fs::create_dir(root.join("tasks")).expect("a folder");
    symlink("../library/one.yaml", root.join("tasks/one.yaml")).expect("a link");
    symlink("../.shared", root.join("tasks/more")).expect("a link");
    put(root, "fleetcron.yaml", &fleet("{sources: {include: [tasks/**, clusters/**]}}"));
    stage(root);
    for state in [&[][..], &["--staged"]] {
        let (_, text, told) = run(root, &[&["render", "eu-a"], state].concat());
        assert!(text.contains("name: one"), "{state:?}: {told}");
        assert!(told.contains("`tasks/more` is a symbolic link to `.shared`, which is hidden"), "{state:?}: {told}");
    }
    // Where both are looked at the document counts once.
    put(root, "fleetcron.yaml", &fleet("{}"));
    let (code, _, told) = run(root, &["render", "eu-a"]);
    assert_eq!(code, 0, "{told}");
}
