//! The advice of messages, applied as it is written: it works and keeps the meaning.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::git;
use crate::support::{self, fine, grumbled, run, said, wrong};

const CLUSTER: &str = "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n";

/// A fleet of one cluster and one task with these lines in its `spec`, below `placement`.
fn fleet(spec: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), spec);
    dir
}

fn write(dir: &Path, spec: &str) {
    let task = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: tt, namespace: ns}}\nspec:\n  placement: {{clusters: \"*\"}}\n{spec}"
    );
    let fleet = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n";
    let files = [("fleetcron.yaml", format!("{fleet}{CLUSTER}")), ("tasks/tt.yaml", task)];
    support::put(dir, &files.map(|(path, text)| (path.to_owned(), text)).to_vec());
}

const SCHEDULE: &str = "  schedule: {cron: \"0 3 * * *\", timeZone: Etc/UTC}\n";
const CONTAINER: &str = "  container: {image: \"r.example.com/a:1\"}\n";

/// A field at the wrong level, where the message says that it belongs, and the same task with it there.
#[test]
fn a_field_at_the_wrong_level_is_told_where_it_belongs_and_works_there() {
    for (wrong_line, help, right) in [
        ("  suspend: true\n", "move `suspend` into `job`", "  job: {suspend: true}\n"),
        (
            "  activeDeadlineSeconds: 60\n",
            "move `activeDeadlineSeconds` into `job`",
            "  job: {activeDeadlineSeconds: 60}\n",
        ),
        ("  nodeSelector: {disk: ssd}\n", "move `nodeSelector` into `pod`", "  pod: {nodeSelector: {disk: ssd}}\n"),
        (
            "  job: {nodeSelector: {disk: ssd}}\n",
            "move `nodeSelector` into `pod`, beside `job`",
            "  pod: {nodeSelector: {disk: ssd}}\n",
        ),
        ("  pod: {suspend: true}\n", "move `suspend` into `job`, beside `pod`", "  job: {suspend: true}\n"),
        (
            "  job: {startingDeadlineSecond: 60}\n",
            "did you mean `startingDeadlineSeconds`?",
            "  job: {startingDeadlineSeconds: 60}\n",
        ),
        (
            "  job: {activeDeadlineSecond: 60}\n",
            "did you mean `activeDeadlineSeconds`?",
            "  job: {activeDeadlineSeconds: 60}\n",
        ),
        (
            "  overrides: [{name: o, clusters: [eu-1], suspend: true}]\n",
            "move `suspend` into `job`",
            "  overrides: [{name: o, clusters: [eu-1], job: {suspend: true}}]\n",
        ),
    ] {
        let dir = fleet(&format!("{SCHEDULE}{CONTAINER}{wrong_line}"));
        let said = wrong(&run(dir.path(), &["build", "--dry-run"]), 1);
        assert!(said.contains(&format!("help: {help}\n")), "{wrong_line}: {said}");
        assert_eq!(said.matches("error[").count(), 1, "one mistake, one message: {said}");
        write(dir.path(), &format!("{SCHEDULE}{CONTAINER}{right}"));
        fine(&run(dir.path(), &["build", "--dry-run"]));
    }
    let dir = fleet(&format!(
        "{SCHEDULE}  container: {{image: \"r.example.com/a:1\", volumes: [{{name: v, emptyDir: {{}}}}]}}\n"
    ));
    let said = wrong(&run(dir.path(), &["build", "--dry-run"]), 1);
    assert!(said.contains("help: move `volumes` into `pod`, beside `container`\n"), "{said}");
    let dir = fleet(&format!("{SCHEDULE}  image: \"r.example.com/a:1\"\n"));
    let said = wrong(&run(dir.path(), &["build", "--dry-run"]), 1);
    assert!(said.contains("help: move `image` into `container`\n"), "{said}");
}

#[test]
fn a_time_of_day_is_offered_as_it_is_written_here() {
    let daily = |at: &str| format!("  schedule: {{daily: {{at: {at}}}, timeZone: Etc/UTC}}\n{CONTAINER}");
    for (written, meant) in [("5pm", "\"17:00\""), ("17h30", "\"17:30\""), ("\"5:15 am\"", "\"05:15\"")] {
        let dir = fleet(&daily(written));
        let said = wrong(&run(dir.path(), &["build", "--dry-run"]), 1);
        assert!(said.contains(&format!("help: write `{meant}`\n")), "{said}");
        write(dir.path(), &daily(meant));
        fine(&run(dir.path(), &["build", "--dry-run"]));
    }
}

#[test]
fn a_pointer_into_a_key_with_a_slash_is_offered_with_its_escape() {
    let patched = |path: &str| {
        format!(
            "{SCHEDULE}{CONTAINER}  annotations: {{a.io/b: c}}\n  overrides: [{{name: o, clusters: [eu-1], patches: [{{json: [{{op: replace, path: {path}, value: d}}]}}]}}]\n"
        )
    };
    let dir = fleet(&patched("/metadata/annotations/a.io/b"));
    let said = wrong(&run(dir.path(), &["build", "--dry-run"]), 1);
    assert!(said.contains("help: a `/` in a key is written `~1`: `/metadata/annotations/a.io~1b`\n"), "{said}");
    write(dir.path(), &patched("/metadata/annotations/a.io~1b"));
    fine(&run(dir.path(), &["build", "--dry-run"]));
}

#[test]
fn lints_look_at_what_can_start() {
    let every_minute = "  schedule: {cron: \"* * * * *\"}\n  container: {image: r.example.com/a}\n";
    let dir = fleet(every_minute);
    let said = grumbled(&run(dir.path(), &["build", "--dry-run"]));
    assert!(said.contains("warning[every-minute]") || said.contains("warning[unpinned-image]"), "{said}");
    write(dir.path(), &format!("{every_minute}  job: {{suspend: true, startingDeadlineSeconds: 5}}\n"));
    assert_eq!(grumbled(&run(dir.path(), &["build", "--dry-run"])), "");
}

#[test]
fn outside_a_fleet_the_way_in_is_named_and_nothing_is_walked() {
    let dir = tempfile::tempdir().expect("a folder");
    support::put(
        dir.path(),
        &vec![("deep/down/below/a.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\n".to_owned())],
    );
    for args in [["plan"].as_slice(), &["check"], &["build"], &["explain", "tt"], &["new", "--dry-run"]] {
        let said = wrong(&run(dir.path(), args), 2);
        assert!(said.contains("no fleet was found") && said.contains("`fleetcron init`"), "{args:?}: {said}");
    }
    fine(&run(dir.path(), &["explain", "unknown-field"]));
    std::fs::remove_dir_all(dir.path().join("deep")).expect("gone");
    fine(&run(dir.path(), &["init"]));
    fine(&run(dir.path(), &["build"]));
}

/// What `explain` says would help most is applied here, and places the task; where nothing alone would, nothing is named.
#[test]
fn the_change_that_would_help_most_does_help() {
    let dir = fleet(&format!("{SCHEDULE}{CONTAINER}"));
    let tainted = CLUSTER.replace("eu-1", "eu-2")
        + "spec: {taints: [{key: full, effect: NoSchedule}], capacity: {allocatable: {cpu: \"4\", memory: 8Gi, pods: \"10\"}}}\n";
    std::fs::write(dir.path().join("fleetcron.yaml"), tainted).expect("a file");
    let nowhere = run(dir.path(), &["explain", "tt"]);
    assert!(
        said(&nowhere).contains("what would help most: but for `untolerated taint full:NoSchedule` alone"),
        "{}",
        said(&nowhere)
    );
    let tolerant = "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {name: tt, namespace: ns}\nspec:\n  placement: {clusters: \"*\", tolerations: [{key: full, operator: Exists}]}\n";
    let path = dir.path().join("tasks/tt.yaml");
    std::fs::write(&path, format!("{tolerant}{SCHEDULE}{CONTAINER}")).expect("a file");
    fine(&run(dir.path(), &["build", "--dry-run"]));
    // Without the taint there would be no room either.
    let many = tolerant.replace(", tolerations: [{key: full, operator: Exists}]", ", strategy: Aggregated");
    std::fs::write(&path, format!("{many}  instances: 400\n{SCHEDULE}{CONTAINER}")).expect("a file");
    let nowhere = run(dir.path(), &["explain", "tt"]);
    assert!(!said(&nowhere).contains("what would help most"), "{}", said(&nowhere));
    assert!(!grumbled(&nowhere).contains("would fit"), "{}", grumbled(&nowhere));
}

/// A repository of Git with a fleet whose output is committed, and a hook that checks what is staged.
fn committed() -> (TempDir, impl Fn(&[&str]) -> Output) {
    let dir = fleet(&format!("{SCHEDULE}{CONTAINER}"));
    git::git(dir.path(), &["init", "-q"]);
    fine(&run(dir.path(), &["build"]));
    fine(&run(dir.path(), &["init", "--hook"]));
    git::git(dir.path(), &["add", "-A"]);
    let program = Path::new(env!("CARGO_BIN_EXE_fleetcron")).parent().expect("a folder").to_owned();
    let home = dir.path().to_owned();
    let commit = move |args: &[&str]| {
        let path = std::env::join_paths([program.clone(), "/usr/bin".into(), "/bin".into()]).expect("a path");
        git::git_command(&home).args(args).env("PATH", path).output().expect("git starts")
    };
    assert!(commit(&["commit", "-qm", "first"]).status.success());
    (dir, commit)
}

/// `git commit -a` throws its index away when a hook fails, so nothing is staged for `build --stage`.
#[test]
fn after_commit_of_all_the_advice_needs_no_index() {
    let (dir, commit) = committed();
    write(dir.path(), &format!("{SCHEDULE}  container: {{image: \"r.example.com/a:2\"}}\n"));
    let refused = commit(&["commit", "-qam", "second"]);
    let said = grumbled(&refused);
    assert!(!refused.status.success() && !said.contains("--stage"), "{said}");
    assert!(said.contains("run `fleetcron build`, then `git add rendered`, and commit again"), "{said}");
    fine(&run(dir.path(), &["build"]));
    git::git(dir.path(), &["add", "rendered"]);
    let second = commit(&["commit", "-qam", "second"]);
    assert!(second.status.success(), "{}", grumbled(&second));
}

#[test]
fn output_that_git_ignores_is_told_with_a_way_to_stage_it() {
    let (dir, commit) = committed();
    std::fs::write(dir.path().join(".gitignore"), "eu-2/\n").expect("a file");
    std::fs::write(dir.path().join("more.yaml"), CLUSTER.replace("eu-1", "eu-2")).expect("a file");
    let built = run(dir.path(), &["build"]);
    let said = grumbled(&built);
    assert!(said.contains("note: Git ignores `rendered/eu-2/"), "{said}");
    git::git(dir.path(), &["add", "-A"]);
    let refused = grumbled(&commit(&["commit", "-qm", "second"]));
    assert!(refused.contains("Git ignores this file") && refused.contains("`git add -f rendered`"), "{refused}");
    let rule = git::git(dir.path(), &["check-ignore", "-v", "rendered/eu-2/ns/tt.cronjob.yaml"]);
    assert!(rule.contains(".gitignore:1:eu-2/"), "{rule}");
    git::git(dir.path(), &["add", "-f", "rendered"]);
    let second = commit(&["commit", "-qm", "second"]);
    assert!(second.status.success(), "{}", grumbled(&second));
}

#[test]
fn the_hook_of_a_fleet_that_moved_is_replaced_and_any_other_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    git::git(dir.path(), &["init", "-q"]);
    fine(&run(dir.path(), &["init", "old"]));
    fine(&run(&dir.path().join("old"), &["init", "--hook"]));
    let hook = dir.path().join(".git/hooks/pre-commit");
    let read = || std::fs::read_to_string(&hook).expect("a hook");
    assert!(read().contains("--root=old"), "{}", read());
    std::fs::rename(dir.path().join("old"), dir.path().join("new")).expect("moved");
    let told = fine(&run(&dir.path().join("new"), &["init", "--hook"]));
    assert!(told.contains("replace") && read().contains("--root=new") && !read().contains("old"), "{told}{}", read());
    let own = format!("{}echo mine\n", read().replace("--root=new", "--root=gone"));
    std::fs::write(&hook, &own).expect("a file");
    let kept = run(&dir.path().join("new"), &["init", "--hook"]);
    assert!(grumbled(&kept).contains("another hook is there") && read() == own, "{}", grumbled(&kept));
}
