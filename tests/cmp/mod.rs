//! The plugin of Argo CD as its server runs it. The server is played here: a copy without Git in a folder of any name,
//! nothing in the environment but what it gives, and an answer that is read as it reads it.
//!
//! Rules: argo-cd `cmpserver/plugin/plugin.go`, `util/kube.SplitYAML`, `reposerver/repository.newEnv`.

mod answers;
mod install;
mod refusals;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::support::{self, Files};

/// What becomes of `.git` on the way to a plugin.
#[derive(Clone, Copy, Debug)]
enum Git {
    /// It is left out.
    Absent,
    /// `--plugin-tar-exclude .git/*` leaves an empty folder.
    Stub,
}

/// The machine of a plugin: nothing but its own folders.
struct Server {
    home: tempfile::TempDir,
}

/// A copy of a repository.
struct Copy {
    top: PathBuf,
    /// The folder of the application.
    cwd: PathBuf,
    application: String,
}

impl Server {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        for dir in ["tmp/_cmp_server", "home"] {
            fs::create_dir_all(home.path().join(dir)).expect("a folder");
        }
        fs::set_permissions(home.path().join("home"), fs::Permissions::from_mode(0o555)).expect("a mode");
        Self { home }
    }

    /// Sends a repository; files are 0644 and folders 0755, whatever they were.
    fn send(&self, uuid: &str, files: &Files, application: &str, git: Git) -> Copy {
        let top = self.home.path().canonicalize().expect("a folder").join("tmp/_cmp_server").join(uuid);
        support::put(&top, files);
        let cwd = if application == "." { top.clone() } else { top.join(application) };
        fs::DirBuilder::new().recursive(true).mode(0o755).create(&cwd).expect("a folder");
        if let Git::Stub = git {
            fs::create_dir(top.join(".git")).expect("a folder");
        }
        for entry in walkdir::WalkDir::new(&top) {
            let entry = entry.expect("an entry");
            let mode = if entry.file_type().is_dir() { 0o755 } else { 0o644 };
            if !entry.file_type().is_symlink() {
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode)).expect("a mode");
            }
        }
        Copy { top, cwd, application: application.to_owned() }
    }

    /// The command as the server starts it.
    fn command(&self, copy: &Copy, what: &str, parameters: &Value) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
        command.args(["cmp", what]).current_dir(&copy.cwd).env_clear();
        // Of the container.
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.home.path().join("home"));
        command.env("TMPDIR", self.home.path().join("tmp"));
        // Of every request.
        command.env("ARGOCD_APP_NAME", "jobs").env("ARGOCD_APP_REVISION", "0123456789abcdef0123456789abcdef01234567");
        command.env("ARGOCD_APP_SOURCE_REPO_URL", "https://git.example.com/jobs.git");
        command.env("ARGOCD_APP_SOURCE_PATH", &copy.application).env("ARGOCD_APP_SOURCE_TARGET_REVISION", "main");
        if what == "generate" {
            command.env("ARGOCD_APP_NAMESPACE", "argocd").env("ARGOCD_APP_PROJECT_NAME", "default");
            command.env("KUBE_VERSION", "1.33").env("KUBE_API_VERSIONS", "v1,batch/v1");
            command.env("ARGOCD_APP_PARAMETERS", parameters.to_string());
        }
        command
    }

    fn generate(&self, copy: &Copy, parameters: &Value) -> Output {
        self.command(copy, "generate", parameters).output().expect("the program starts")
    }

    /// Everything on the machine: paths, kinds, bytes and times.
    fn standing(&self) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
        let entries = walkdir::WalkDir::new(self.home.path()).into_iter().map(|entry| entry.expect("an entry"));
        entries
            .map(|entry| {
                let bytes =
                    if entry.file_type().is_file() { fs::read(entry.path()).expect("bytes") } else { Vec::new() };
                (entry.path().to_owned(), (bytes, entry.metadata().expect("there").modified().expect("a time")))
            })
            .collect()
    }
}

const API: &str = "apiVersion: fleetcron.dev/v1alpha1";

/// A cluster and a task on it.
fn small() -> Files {
    vec![
        (
            "clusters/all.yaml".to_owned(),
            format!(
                "{API}\nkind: Cluster\nmetadata: {{name: eu-1}}\n---\n{API}\nkind: Cluster\nmetadata: {{name: us-1}}\n"
            ),
        ),
        ("tasks/rollup.yaml".to_owned(), task("rollup", "")),
    ]
}

fn task(name: &str, more: &str) -> String {
    format!(
        "{API}\nkind: Task\nmetadata: {{name: {name}, namespace: billing}}\nspec:\n  placement: {{clusters: [eu-1]}}\n  \
         schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  container: {{image: \"a/b:1\"}}\n{more}"
    )
}

/// The parameter that names a cluster.
fn cluster(name: &str) -> Value {
    json!([{"name": "cluster", "string": name}])
}

/// [`support::rich`], with what a build records and writes.
fn fleet() -> (Files, BTreeMap<String, Vec<u8>>) {
    built(&support::rich())
}

/// A repository with its lock, and its output.
fn built(files: &Files) -> (Files, BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().expect("a folder");
    support::put(dir.path(), files);
    let output = support::run(dir.path(), &["build", "-q", "--out", "out"]);
    assert!(output.status.success(), "{}", support::grumbled(&output));
    let lock = fs::read_to_string(dir.path().join("fleetcron.lock")).expect("a lock");
    let with_lock = files.iter().cloned().chain([("fleetcron.lock".to_owned(), lock)]).collect();
    (with_lock, support::read(&dir.path().join("out")))
}

/// The manifests of a cluster among the files of a build, in path order.
fn manifests(output: &BTreeMap<String, Vec<u8>>, cluster: &str) -> Vec<(String, Vec<u8>)> {
    let of_cluster = |path: &str| path.starts_with(&format!("{cluster}/")) && path.ends_with(".yaml");
    output.iter().filter(|(path, _)| of_cluster(path)).map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

/// What Argo CD makes of an answer: the objects, or why it refuses them.
fn argo(stdout: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(stdout).map_err(|error| error.to_string())?;
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("---") {
            Some(rest) if rest.trim().is_empty() || rest.trim_start().starts_with('#') => parts.push(String::new()),
            Some(rest) => return Err(format!("after `---` stands {rest:?}")),
            None => parts.last_mut().expect("one").push_str(line),
        }
    }
    let mut objects = Vec::new();
    for part in parts {
        let mut documents = serde_yaml::Deserializer::from_str(&part);
        let Some(document) = documents.next() else { continue };
        let object = Value::deserialize(document).map_err(|error| format!("{error}: {part}"))?;
        if documents.next().is_some() {
            return Err(format!("two documents: {part}"));
        }
        if object.is_null() {
            continue;
        }
        // The plugin's server sends JSON, and the repository server reads that as YAML.
        let json = object.to_string();
        let printable = |c: char| {
            matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
                || c >= '\u{10000}'
        };
        if let Some(odd) = json.chars().find(|c| !printable(*c)) {
            return Err(format!("control characters are not allowed: {odd:?}"));
        }
        if json.contains('\u{85}') {
            return Err("a next line becomes a space".to_owned());
        }
        let again: Value = serde_yaml::from_str(&json).map_err(|error| error.to_string())?;
        if again != object {
            return Err(format!("{object} became {again}"));
        }
        for pointer in ["/apiVersion", "/kind", "/metadata/name"] {
            if object.pointer(pointer).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("Object '{pointer}' is missing in {object}"));
            }
        }
        if object.get("items").is_some_and(Value::is_array) {
            return Err(format!("a list: {object}"));
        }
        objects.push(object);
    }
    Ok(objects)
}

/// An answer that was given.
#[track_caller]
fn fine(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", support::grumbled(output));
    let objects = argo(&output.stdout).unwrap_or_else(|why| panic!("Argo CD refuses the answer: {why}"));
    assert!(!objects.is_empty(), "an empty answer deletes everything");
    objects
}

/// An answer that was refused: nothing on standard output, and what Argo CD would show.
#[track_caller]
fn refused(output: &Output, copy: &Copy) -> String {
    let said = support::grumbled(output);
    assert!(!output.status.success(), "{said}");
    assert!(output.stdout.is_empty(), "{}", support::said(output));
    assert!(!said.trim().is_empty(), "Argo CD would show nothing");
    assert!(!said.contains(path(&copy.top)), "a path of the machine: {said}");
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    assert!(said.len() < 20_000, "{} bytes", said.len());
    said
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}
