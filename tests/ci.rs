//! The job files in `integrations/`: docs/ci.md shows them as they are, they name only what exists, and what they run does
//! what it should in a clone like those of CI.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;

use crate::git::{Repo, git, scrub, task};
use crate::support::{grumbled, run, said};

const FILES: [&str; 2] = ["integrations/github/fleetcron.yaml", "integrations/gitlab/fleetcron.yml"];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a step of a job of GitHub runs.
fn step(job: &str, name: &str) -> String {
    let steps = yaml(FILES[0])["jobs"][job]["steps"].as_sequence().expect("steps").clone();
    let found = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("{job} has no `{name}`"));
    found["run"].as_str().expect("a script").to_owned()
}

/// The lines that GitLab runs, one script: those before each job, without what installs, and the job's own.
fn script(job: &str) -> String {
    let file = yaml(FILES[1]);
    let lines = |value: &Value| -> Vec<String> {
        let lines = value.as_sequence().expect("a script").iter();
        lines.map(|line| line.as_str().expect("a text").to_owned()).collect()
    };
    let installs = |line: &String| line.starts_with("cargo install") || line.starts_with("export PATH");
    let before: Vec<String> =
        lines(&file[".fleetcron"]["before_script"]).into_iter().filter(|line| !installs(line)).collect();
    [before, lines(&file[job]["script"])].concat().join("\n")
}

/// Every script of both files.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("run"), Value::String(text)) => found.push(text.clone()),
                    (Some("script" | "before_script"), Value::Sequence(lines)) => {
                        found.push(lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

/// Runs a script as a runner does: it stops at the first command that fails.
fn bash(dir: &Path, script: &str, env: &[(&str, &str)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_fleetcron"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    scrub(&mut command);
    command.env("PATH", format!("{}:{path}", program.parent().expect("a folder").display()));
    command.env_remove("GITHUB_STEP_SUMMARY").env("RUNNER_TEMP", dir.join(".git"));
    command.args(["-e", "-o", "pipefail", "-c", script]).envs(env.iter().copied()).current_dir(dir);
    command.output().expect("bash starts")
}

fn executable(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, script).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// A fleet whose output is not committed, the bare repository it is pushed to, and a folder for clones.
struct Remote {
    repo: Repo,
    home: tempfile::TempDir,
}

impl Remote {
    fn new() -> Self {
        let remote = Self { repo: Repo::new(), home: tempfile::tempdir().expect("a folder") };
        let settings = "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {output: {committed: false}}\n";
        remote.repo.put("fleetcron.yaml", settings);
        remote.repo.git(&["rm", "-rq", "--cached", "rendered"]);
        fs::remove_dir_all(remote.repo.dir.join("rendered")).expect("removed");
        remote.repo.commit("nothing rendered");
        git(remote.home.path(), &["clone", "-q", "--bare", &remote.repo.dir.to_string_lossy(), "origin.git"]);
        remote.repo.git(&["remote", "add", "origin", &remote.url()]);
        remote
    }

    fn bare(&self) -> PathBuf {
        self.home.path().join("origin.git")
    }

    fn url(&self) -> String {
        format!("file://{}", self.bare().display())
    }

    /// Commits, and pushes to a branch.
    fn push(&self, branch: &str) {
        self.repo.git(&["add", "-A"]);
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
        self.repo.git(&["push", "-q", "origin", &format!("HEAD:refs/heads/{branch}")]);
    }

    fn clone(&self, name: &str, more: &[&str]) -> PathBuf {
        git(self.home.path(), &[&["clone", "-q"], more, &[&self.url(), name]].concat());
        self.home.path().join(name)
    }

    /// The commits of the rendered branch.
    fn rendered(&self) -> usize {
        if git(&self.bare(), &["for-each-ref", "refs/heads/rendered"]).is_empty() {
            return 0;
        }
        let count = git(&self.bare(), &["rev-list", "--count", "refs/heads/rendered"]);
        count.trim().parse().expect("a number")
    }
}

#[test]
fn the_page_shows_the_job_files_as_they_are() {
    let page = text("docs/ci.md");
    for file in FILES {
        assert!(page.contains(&format!("```yaml\n{}```\n", text(file))), "docs/ci.md does not hold {file} verbatim");
        assert!(page.contains(&format!("`{file}`")), "{file}");
    }
}

#[test]
fn every_script_is_one_for_bash() {
    let mut count = 0;
    for file in FILES {
        let mut all = Vec::new();
        scripts(&yaml(file), &mut all);
        count += all.len();
        for script in all {
            let read = Command::new("bash").args(["-n", "-c", &script]).output().expect("bash starts");
            assert!(read.status.success(), "{file}: {}\n{script}", grumbled(&read));
        }
    }
    assert!(count > 10, "only {count} scripts were found");
}

#[test]
fn the_job_files_name_only_options_that_exist() {
    let home = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for file in FILES.into_iter().chain(["docs/ci.md"]) {
        for line in text(file).lines() {
            for (at, _) in line.match_indices("fleetcron ") {
                let words: Vec<&str> = line[at..].split([' ', '`', '}', '(', ')', ',']).skip(1).collect();
                let name = words.first().copied().unwrap_or_default();
                if !matches!(name, "check" | "build" | "diff") {
                    continue;
                }
                let help = run(home.path(), &[name, "--help"]);
                if name == "diff" && !help.status.success() {
                    println!("skipped: this fleetcron has no `diff` yet: {file} could not be held to it");
                    continue;
                }
                let help = said(&help);
                for (at, word) in words.iter().enumerate() {
                    let Some(option) = word.split("--").nth(1).filter(|_| word.contains("--")) else { continue };
                    seen += 1;
                    assert!(help.contains(&format!("--{option}")), "{file}: `{name}` has no --{option}\n{line}");
                    if option == "format" {
                        let value = words[at + 1];
                        assert!(help.contains(&format!("- {value}:")), "{file}: no format {value}\n{help}");
                    }
                }
            }
        }
    }
    assert!(seen > 8, "only {seen} options were found");
}

/// A pull request, in a clone of one commit.
#[test]
fn a_pull_request_is_checked_against_its_target() {
    let remote = Remote::new();
    remote.push("main");
    remote.push("right");
    remote.repo.put("tasks/new.yaml", &task("new", "1").replace("schedule:", "shedule:"));
    remote.push("wrong");
    let clone = remote.clone("github", &["--depth", "1", "--branch", "wrong"]);
    let job = [step("check", "Fetch the target branch"), step("check", "Check")].join("\n");
    let output = bash(&clone, &job, &[("BASE", "main")]);
    assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
    assert!(said(&output).contains("title=unknown-field::"), "{}", said(&output));
    let scan = [step("scan", "Fetch the target branch"), step("scan", "Check")].join("\n");
    let output = bash(&clone, &scan, &[("BASE", "main")]);
    assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
    let log = fs::read_to_string(clone.join(".git/fleetcron.sarif")).expect("a log");
    assert!(log.contains("\"ruleId\": \"unknown-field\""), "{log}");
    // A push has no base.
    let output = bash(&clone, &step("scan", "Check"), &[("BASE", "")]);
    assert_eq!(output.status.code(), Some(1), "{}", grumbled(&output));
    // A base that was not fetched is said.
    let bare = remote.clone("shallow", &["--depth", "1", "--branch", "right"]);
    let output = bash(&bare, &step("check", "Check"), &[("BASE", "main")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(grumbled(&output).contains("this clone is shallow"), "{}", grumbled(&output));
}

#[test]
fn a_merge_request_has_two_reports_and_the_exit_code() {
    let remote = Remote::new();
    remote.push("main");
    let base = remote.repo.git(&["rev-parse", "HEAD"]);
    for (branch, good) in [("right", true), ("wrong", false)] {
        let text = task("new", "1");
        remote.repo.put("tasks/new.yaml", &if good { text } else { text.replace("schedule:", "shedule:") });
        if good {
            assert!(remote.repo.run(&["build"]).status.success());
            fs::remove_dir_all(remote.repo.dir.join("rendered")).expect("removed");
        }
        remote.push(branch);
        let clone = remote.clone(branch, &["--depth", "1", "--branch", branch]);
        fs::create_dir(clone.join(".fleetcron")).expect("a folder");
        let output = bash(&clone, &script("fleetcron-check"), &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim())]);
        assert_eq!(output.status.code(), Some(i32::from(!good)), "{}", grumbled(&output));
        let quality = fs::read_to_string(clone.join(".fleetcron/quality.json")).expect("a report");
        let tests = fs::read_to_string(clone.join(".fleetcron/tests.xml")).expect("a report");
        assert_eq!(quality.contains("unknown-field"), !good, "{quality}");
        assert_eq!(tests.contains("unknown-field"), !good, "{tests}");
        // A pipeline of a branch has no base.
        let output = bash(&clone, &script("fleetcron-check"), &[]);
        assert_eq!(output.status.code(), Some(i32::from(!good)), "{}", grumbled(&output));
    }
}

/// The first time, with nothing new, with something new, and where somebody else was quicker.
#[test]
fn the_rendered_branch_is_made_and_kept_up_to_date() {
    for job in ["github", "gitlab"] {
        let remote = Remote::new();
        remote.push("main");
        let target = remote.url();
        let render = |name: &str| {
            let clone = remote.clone(name, &["--branch", "main", "--single-branch"]);
            let script = if job == "github" { step("render", "Render") } else { script("fleetcron-render") };
            let output = bash(&clone, &script, &[("TARGET", &target)]);
            assert!(output.status.success(), "{job} {name}: {}{}", said(&output), grumbled(&output));
            (clone, said(&output) + &grumbled(&output))
        };
        let (_, log) = render("first");
        assert!(log.contains("the branch does not exist yet"), "{job}: {log}");
        assert_eq!(remote.rendered(), 1, "{job}: {log}");
        render("again");
        assert_eq!(remote.rendered(), 1, "{job}");
        remote.repo.put("tasks/rollup.yaml", &task("rollup", "1.5"));
        remote.push("main");
        let (clone, _) = render("changed");
        assert_eq!(remote.rendered(), 2, "{job}");
        // Somebody pushes between our commit and our push.
        remote.repo.put("tasks/report.yaml", &task("report", "2.1"));
        remote.push("main");
        let raced = remote.clone("raced", &["--branch", "main", "--single-branch"]);
        let theirs =
            "$(git commit-tree -p refs/remotes/origin/rendered -m theirs 'refs/remotes/origin/rendered^{tree}')";
        let push = format!("git push -q --no-verify \"$2\" \"{theirs}\":refs/heads/rendered");
        executable(
            &raced.join(".git/hooks/pre-push"),
            &format!("#!/bin/sh\n[ -e \"$0.done\" ] || {{ touch \"$0.done\"; {push}; }}\n"),
        );
        let job_script = if job == "github" { step("render", "Render") } else { script("fleetcron-render") };
        let output = bash(&raced, &job_script, &[("TARGET", &target)]);
        assert!(output.status.success(), "{job}: {}{}", said(&output), grumbled(&output));
        assert_eq!(remote.rendered(), 4, "{job}: theirs and ours");
        // The clone of an earlier run, as GitLab keeps it, whose branch is behind by now.
        remote.repo.put("tasks/rollup.yaml", &task("rollup", "1.6"));
        remote.push("main");
        render("quicker");
        remote.repo.put("tasks/rollup.yaml", &task("rollup", "1.7"));
        remote.push("main");
        git(&clone, &["pull", "-q", "--ff-only", "origin", "main"]);
        if job == "gitlab" {
            let output = bash(&clone, &script("fleetcron-render"), &[("TARGET", &target)]);
            assert!(output.status.success(), "{}", grumbled(&output));
            assert_eq!(remote.rendered(), 6);
        }
    }
}

/// The one comment is made the first time and brought up to date later; `asked` is what was asked of the service.
#[test]
fn there_is_one_comment() {
    for (own, asked) in [("", "POST repos/a/b/issues/7/comments"), ("https://own", "PATCH https://own")] {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path();
        fs::create_dir(dir.join(".git")).expect("a folder");
        fs::write(dir.join(".git/diff.md"), "1 task changes\n").expect("written");
        // It lists comments, or notes down what it is asked to do.
        let stub = "#!/bin/sh\ncase \"$*\" in *--paginate*) echo \"$OWN\" ;; *) echo \"$*\" >> asked ;; esac\n";
        executable(&dir.join("bin/gh"), stub);
        let script = format!("PATH=\"$PWD/bin:$PATH\"\n{}", step("check", "Comment"));
        let output = bash(dir, &script, &[("OWN", own), ("COMMENTS", "repos/a/b/issues/7/comments")]);
        assert!(output.status.success(), "{}", grumbled(&output));
        let told = fs::read_to_string(dir.join("asked")).expect("something was asked");
        assert!(told.lines().count() == 1 && told.contains(&format!("--method {asked} --field body=@")), "{told}");
        let body = fs::read_to_string(dir.join(".git/comment.md")).expect("a comment");
        assert_eq!(body, "<!-- fleetcron -->\n1 task changes\n");
    }
}

#[test]
fn there_is_one_note() {
    if Command::new("jq").arg("--version").output().is_err() {
        println!("skipped: jq is not installed: the note of the GitLab job was not tried");
        return;
    }
    let all = script("fleetcron-diff");
    let (_, script) = all.split_once("test \"$code\" -lt 2\n").expect("the script");
    let other = r#"{"id": 5, "body": "hello <!-- fleetcron -->"}"#;
    let own = r#"{"id": 6, "body": "<!-- fleetcron -->\nold"}"#;
    for (notes, asked) in [(format!("[{other}]"), "POST"), (format!("[{other}, {own}]"), "PUT")] {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path();
        fs::create_dir(dir.join(".fleetcron")).expect("a folder");
        fs::write(dir.join(".fleetcron/diff.md"), "1 \"task\" changes\n").expect("written");
        let stub = "#!/bin/sh\ncase \"$*\" in *per_page*) printf '%s' \"$NOTES\" ;; *) echo \"$*\" >> asked ;; esac\n";
        executable(&dir.join("bin/curl"), stub);
        let script = format!("PATH=\"$PWD/bin:$PATH\"\n{script}");
        let env = [
            ("NOTES", &*notes),
            ("CI_API_V4_URL", "https://api"),
            ("CI_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "7"),
        ];
        let output = bash(dir, &script, &[&env[..], &[("FLEETCRON_TOKEN", "t")]].concat());
        assert!(output.status.success(), "{}", grumbled(&output));
        let told = fs::read_to_string(dir.join("asked")).expect("something was asked");
        let end = if asked == "PUT" { "/merge_requests/7/notes/6\n" } else { "/merge_requests/7/notes\n" };
        assert!(
            told.lines().count() == 1 && told.contains(&format!("--request {asked} ")) && told.ends_with(end),
            "{told}"
        );
        let body = fs::read_to_string(dir.join(".fleetcron/note.json")).expect("a note");
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["body"], "<!-- fleetcron -->\n1 \"task\" changes\n");
    }
}
