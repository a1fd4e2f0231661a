//! Whole repositories as users have them, run through the compiled binary. It looks into no room of the house.
//!
//! The one idea: a fixture is a folder that a reader can understand alone: `repo/` is what somebody wrote, `expect.stderr`
//! what they are told, `expect/` what is written, `expect.lock` what is recorded. `BLESS=1` rewrites the expectations; a review of their diff is a
//! review of what users see.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetcron::diag::Code;

/// What `case.toml` says.
#[derive(Debug)]
struct Case {
    name: String,
    folder: PathBuf,
    /// The command and its options, without `--root` and `--color`.
    args: Vec<String>,
    exit: i64,
    /// Whether standard output is compared too.
    stdout: bool,
    /// Whether `fleetcron.lock` is compared after the run.
    lock: bool,
    /// Whether it lies in a Git repository.
    git: bool,
    /// Whether `repo/` is committed; then `staged/` is laid over it and staged, and `change/` over that and not staged.
    commit: bool,
    /// A folder of the fixture that stands at `--out` before the run.
    out: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Setting {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
    Truth(bool),
}

/// Reads `key = value` lines: strings, integers, booleans and lists of strings, as TOML writes them.
fn settings(text: &str) -> BTreeMap<String, Setting> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("no `=` in {line:?}")));
    pairs.map(|(key, value)| (key.trim().to_owned(), setting(value.trim()))).collect()
}

fn setting(value: &str) -> Setting {
    let said: serde_json::Value = serde_json::from_str(value).unwrap_or_else(|_| panic!("cannot read {value}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_else(|| panic!("no string: {value}")).to_owned();
    match &said {
        serde_json::Value::Array(items) => Setting::Texts(items.iter().map(text).collect()),
        serde_json::Value::Bool(truth) => Setting::Truth(*truth),
        serde_json::Value::Number(number) => Setting::Number(number.as_i64().expect("an integer")),
        other => Setting::Text(text(other)),
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// All fixtures with a `case.toml`, by name.
fn cases() -> Vec<Case> {
    let folders = fs::read_dir(fixtures()).expect("fixtures").map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<Case> = folders.filter(|folder| folder.join("case.toml").is_file()).map(case).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn case(folder: PathBuf) -> Case {
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let text = fs::read_to_string(folder.join("case.toml")).expect("case.toml");
    let mut case = Case {
        name,
        folder,
        args: vec!["build".to_owned()],
        exit: 0,
        stdout: false,
        lock: false,
        git: false,
        commit: false,
        out: None,
    };
    for (key, value) in settings(&text) {
        match (key.as_str(), value) {
            ("args", Setting::Texts(args)) => case.args = args,
            ("exit", Setting::Number(exit)) => case.exit = exit,
            ("stdout", Setting::Truth(stdout)) => case.stdout = stdout,
            ("lock", Setting::Truth(lock)) => case.lock = lock,
            ("git", Setting::Truth(git)) => case.git = git,
            ("commit", Setting::Truth(commit)) => case.commit = commit,
            ("out", Setting::Text(out)) => case.out = Some(out),
            (key, value) => panic!("{}: `{key} = {value:?}` means nothing", case.name),
        }
    }
    case
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("a type");
        if kind.is_symlink() {
            symlink(fs::read_link(&source).expect("a link"), &target).expect("a link");
        } else if kind.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).expect("a copy");
        }
    }
}

/// The files below a folder; none if it does not exist.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let found = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let found = found.filter(|entry| !entry.file_type().is_dir());
    found
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("below").to_string_lossy().into_owned();
            (path, fs::read(entry.path()).unwrap_or_default())
        })
        .collect()
}

/// Commits a folder, stages what the fixture has in `staged/`, and lays its `change/` over the work tree.
fn committed(repo: &Path, fixture: &Path) {
    let repository = git2::Repository::init(repo).expect("a repository");
    let mut index = repository.index().expect("an index");
    let mut stage = || {
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("staged");
        index.write().expect("written");
        index.write_tree().expect("a tree")
    };
    let tree = repository.find_tree(stage()).expect("a tree");
    let author = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).expect("a name");
    repository.commit(Some("HEAD"), &author, &author, "one", &tree, &[]).expect("a commit");
    for folder in ["staged", "change"] {
        if fixture.join(folder).is_dir() {
            copy(&fixture.join(folder), repo);
        }
        if folder == "staged" {
            stage();
        }
    }
}

/// What a run gave.
struct Ran {
    exit: i64,
    stdout: String,
    stderr: String,
    output: BTreeMap<String, Vec<u8>>,
    lock: String,
}

impl Case {
    /// Runs on a copy, so that nothing above the fixture, neither Git nor a manifest, has a say.
    fn run(&self) -> Ran {
        self.run_with(&[])
    }

    /// Runs with more options.
    fn run_with(&self, more: &[&str]) -> Ran {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let home = temporary.path();
        copy(&self.folder.join("repo"), &home.join("repo"));
        if self.git {
            git2::Repository::init(home.join("repo")).expect("a repository");
        }
        if self.commit {
            committed(&home.join("repo"), &self.folder);
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
        command.current_dir(home).args(&self.args).args(["--root", "repo", "--color", "never"]).args(more);
        command.env_remove("GITHUB_STEP_SUMMARY");
        let mut written = home.join("repo/rendered");
        if let Some(out) = &self.out {
            written = home.join("out");
            copy(&self.folder.join(out), &written);
            command.args(["--out", "out"]);
        }
        let run = command.output().expect("the binary runs");
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&*home.to_string_lossy(), "[TMP]").replace("/./", "/")
        };
        Ran {
            exit: run.status.code().map_or(-1, i64::from),
            stdout: text(&run.stdout),
            stderr: text(&run.stderr),
            output: files(&written),
            lock: fs::read_to_string(home.join("repo/fleetcron.lock")).unwrap_or_default(),
        }
    }

    /// Whether the output tree is compared.
    fn writes(&self) -> bool {
        self.folder.join("expect").is_dir() || (self.exit == 0 && self.args.first().is_some_and(|arg| arg == "build"))
    }

    fn bless(&self, ran: &Ran) {
        put(&self.folder.join("expect.stderr"), ran.stderr.as_bytes());
        if self.stdout {
            put(&self.folder.join("expect.stdout"), ran.stdout.as_bytes());
        }
        if self.lock {
            put(&self.folder.join("expect.lock"), ran.lock.as_bytes());
        }
        if self.writes() {
            let expect = self.folder.join("expect");
            if expect.is_dir() {
                fs::remove_dir_all(&expect).expect("removed");
            }
            for (path, bytes) in &ran.output {
                put(&expect.join(path), bytes);
            }
        }
    }

    /// The differences between what was expected and what a run gave.
    fn differences(&self, ran: &Ran) -> Vec<String> {
        let mut wrong = Vec::new();
        if ran.exit != self.exit {
            wrong.push(format!("exit code {} instead of {}\n{}", ran.exit, self.exit, ran.stderr));
        }
        let mut texts = vec![("expect.stderr", &ran.stderr)];
        if self.stdout {
            texts.push(("expect.stdout", &ran.stdout));
        }
        if self.lock {
            texts.push(("expect.lock", &ran.lock));
        }
        for (file, text) in texts {
            let expected = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
            if *text != expected {
                wrong.push(format!("{file}\n--- expected\n{expected}\n--- found\n{text}"));
            }
        }
        if self.writes() {
            let expected = files(&self.folder.join("expect"));
            let paths: BTreeSet<&String> = expected.keys().chain(ran.output.keys()).collect();
            for path in paths {
                match (expected.get(path), ran.output.get(path)) {
                    (Some(_), None) => wrong.push(format!("expect/{path} was not written")),
                    (None, Some(_)) => wrong.push(format!("{path} was written and is not expected")),
                    (a, b) if a != b => wrong.push(format!("{path} is not as in expect/")),
                    _ => {}
                }
            }
        }
        wrong
    }
}

/// What every fixture of `build` and `check` says in a format: its name, exit code, standard output and standard error.
pub(crate) fn reports(format: &str) -> Vec<(String, i64, String, String)> {
    let reporting = |case: &Case| {
        let command = case.args.first().is_some_and(|arg| arg == "build" || arg == "check");
        // A run that could not begin reports that alone, and no diagnostic to compare with.
        command && case.exit != 2 && !case.args.iter().any(|arg| arg == "--format")
    };
    let run = |case: Case| {
        let ran = case.run_with(&["--format", format]);
        (case.name, ran.exit, ran.stdout, ran.stderr)
    };
    cases().into_iter().filter(reporting).map(run).collect()
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, bytes).expect("written");
}

#[test]
fn every_fixture_gives_what_it_expects() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let ran = case.run();
        if bless {
            case.bless(&ran);
        }
        wrong.extend(case.differences(&ran).into_iter().map(|difference| format!("{}: {difference}", case.name)));
    }
    assert!(wrong.is_empty(), "{}\n\n`BLESS=1` rewrites the expectations", wrong.join("\n\n"));
}

#[test]
fn every_code_has_a_fixture() {
    let texts: Vec<String> =
        cases().iter().map(|case| fs::read_to_string(case.folder.join("expect.stderr")).unwrap_or_default()).collect();
    let shown = |code: &Code| texts.iter().any(|text| text.contains(&format!("[{}]", code.name())));
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !shown(code)).map(|code| code.name()).collect();
    assert!(missing.is_empty(), "no fixture shows {}", missing.join(", "));
}

/// Every mistake that a `mistakes.txt` lists is one error at the author's own line, and there is no other error.
#[test]
fn every_seeded_mistake_is_said_once() {
    let mut seen = 0;
    for case in cases() {
        let Ok(listed) = fs::read_to_string(case.folder.join("mistakes.txt")) else { continue };
        seen += 1;
        let told = fs::read_to_string(case.folder.join("expect.stderr")).expect("what is told");
        let wanted: Vec<&str> = listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let mut left = errors(&told);
        let mut missing = Vec::new();
        for line in &wanted {
            let mut words = line.split_whitespace();
            let (code, place) = (words.next().expect("a code"), words.next().expect("a place"));
            let clusters = words.next().and_then(|word| word.strip_prefix('[')?.strip_suffix(']'));
            let meets = |error: &Told| {
                error.code == code && error.place == place && clusters.is_none_or(|clusters| error.clusters == clusters)
            };
            match left.iter().position(meets) {
                Some(at) => drop(left.remove(at)),
                None => missing.push(*line),
            }
        }
        let name = &case.name;
        assert!(missing.is_empty() && left.is_empty(), "{name}: not said: {missing:#?}\nsaid beyond: {left:#?}");
    }
    assert!(seen > 1, "the lists of mistakes are gone");
}

/// An error of a report: its code, the place that its first arrow points to, and the clusters it concerns.
#[derive(Debug)]
struct Told {
    code: String,
    /// `path:line`; a path alone where there is no line.
    place: String,
    /// With commas between; empty where none are named.
    clusters: String,
}

/// The errors of a report.
fn errors(report: &str) -> Vec<Told> {
    let mut found: Vec<Told> = Vec::new();
    let mut code = None;
    let mut open = false;
    for line in report.lines() {
        let trimmed = line.trim_start();
        if let Some(rest) = line.strip_prefix("error[") {
            code = rest.split_once(']').map(|(name, _)| name.to_owned());
            open = true;
        } else if line.starts_with("warning[") || line.starts_with("note[") {
            open = false;
        } else if let Some(place) = trimmed.strip_prefix("--> ")
            && let Some(code) = code.take()
        {
            let mut parts = place.split(':');
            let path = parts.next().unwrap_or_default();
            let place = parts.next().map_or(path.to_owned(), |line| format!("{path}:{line}"));
            found.push(Told { code, place, clusters: String::new() });
        } else if let Some(note) = trimmed.strip_prefix("= note: on ")
            && let Some(last) = found.last_mut().filter(|_| open)
            && let Some((_, clusters)) = note.split_once(": ")
        {
            last.clusters = clusters.replace(", ", ",");
        }
    }
    found
}

#[test]
fn settings_are_read_as_toml_means_them() {
    let read =
        settings("# a comment\nargs = [\"check\", \"--strict\"]\nexit = 1\n\nstdout = true\nout = \"existing\"\n");
    assert_eq!(read["args"], Setting::Texts(vec!["check".to_owned(), "--strict".to_owned()]));
    assert_eq!(read["exit"], Setting::Number(1));
    assert_eq!(read["stdout"], Setting::Truth(true));
    assert_eq!(read["out"], Setting::Text("existing".to_owned()));
}
