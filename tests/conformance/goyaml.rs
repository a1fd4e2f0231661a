//! Block scalars, numbers and quoted texts as `sigs.k8s.io/yaml` reads them, byte for byte as they stand in the file:
//! recorded answers, and `kubectl kustomize` where it is installed.
//!
//! `kubectl apply` reads a file by lines and ends the last one with a newline (`LineReader.Read` in
//! `k8s.io/apimachinery/pkg/util/yaml`); go-yaml itself, kustomize and the API server do not, and so does this project.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fleetcron::tree::FileId;
use fleetcron::yaml::parse;
use serde_json::{Value, json};

use super::yaml::{DELIBERATE, kind, same};
use super::{counted, line, raw, say, texts, vectors};

const RECORDED: &str = "yaml-generated.jsonl.gz";

/// Refused although go-yaml reads it: a block scalar whose first lines are blank and deeper than a comment that follows.
/// go-yaml reads the empty text and drops the line with `#`, which the author may have meant as text; YAML 1.2 forbids it.
const UNFIT_COMMENT: &str = "yaml-syntax: the indentation fits nothing above";

/// How many texts kustomize is asked for in one run.
const BATCH: usize = 400;

/// How many generated texts are recorded.
const KEPT: usize = 600;

/// What our reader makes of a text: the `value` of its one operation, or the kind of refusal.
fn ours(text: &str) -> Result<Value, String> {
    let parsed = parse(FileId(0), text.as_bytes());
    if !parsed.diagnostics.is_empty() {
        return Err(kind(&parsed));
    }
    let document = parsed.documents.first().map_or(Value::Null, |document| document.root.to_value());
    Ok(document.pointer("/0/value").cloned().unwrap_or(Value::Null))
}

fn installed() -> bool {
    Command::new("kubectl").args(["kustomize", "--help"]).output().is_ok_and(|output| output.status.success())
}

/// What kustomize makes of the texts in one run, by their place; `None` if it refuses one.
fn ask(texts: &[&str], home: &Path) -> Option<Vec<Value>> {
    let mut objects = String::new();
    let mut kustomization = String::from("resources: [objects.yaml]\npatches:\n");
    for (at, text) in texts.iter().enumerate() {
        let _ = writeln!(objects, "---\napiVersion: v1\nkind: P\nmetadata: {{name: t{at}}}");
        let _ = writeln!(kustomization, "- {{target: {{kind: P, name: t{at}}}, path: {at}.yaml}}");
        std::fs::write(home.join(format!("{at}.yaml")), text).expect("a file");
    }
    std::fs::write(home.join("objects.yaml"), objects).expect("a file");
    std::fs::write(home.join("kustomization.yaml"), kustomization).expect("a file");
    let built = Command::new("kubectl").env("KUBECONFIG", "/dev/null").arg("kustomize").arg(home).output();
    let built = built.expect("kubectl starts");
    if !built.status.success() {
        return None;
    }
    // What kustomize wrote as YAML is turned into JSON by kubectl, so that no reader but Go's is in between.
    let mut reader = Command::new("kubectl")
        .env("KUBECONFIG", "/dev/null")
        .args(["label", "--local", "-f", "-", "-o", "json", "read=again"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("kubectl starts");
    let mut input = reader.stdin.take().expect("a pipe");
    let sender = std::thread::spawn(move || input.write_all(&built.stdout));
    let read = reader.wait_with_output().expect("kubectl ends");
    sender.join().expect("a thread").expect("kubectl reads");
    assert!(read.status.success(), "kubectl reads what kustomize writes");
    let mut answers = BTreeMap::new();
    for object in serde_json::Deserializer::from_slice(&read.stdout).into_iter::<Value>() {
        let object = object.expect("JSON");
        let name = object["metadata"]["name"].as_str().and_then(|name| name.strip_prefix('t')).expect("a name");
        answers.insert(name.parse::<usize>().expect("a number"), object["v"].clone());
    }
    assert_eq!(answers.len(), texts.len(), "{texts:?}\n{answers:?}\n{}", String::from_utf8_lossy(&read.stderr));
    Some(answers.into_values().collect())
}

/// What `kubectl patch` makes of one text; `None` if it cannot be read. It is asked where kustomize fails, which reads
/// not only the text but also what it wrote of others, and cannot read all of that.
fn ask_kubectl(text: &str, home: &Path) -> Option<Value> {
    let (object, patch) = (home.join("object.yaml"), home.join("patch.yaml"));
    std::fs::write(&object, "apiVersion: v1\nkind: P\nmetadata: {name: t}\n").expect("a file");
    std::fs::write(&patch, text).expect("a file");
    let mut command = Command::new("kubectl");
    command.env("KUBECONFIG", "/dev/null").args(["patch", "--local", "--type=json", "-o", "json", "-f"]);
    let patched = command.arg(object).arg("--patch-file").arg(patch).output().expect("kubectl starts");
    if !patched.status.success() {
        let said = String::from_utf8_lossy(&patched.stderr);
        assert!(said.contains("unable to parse"), "{text:?}: {said}");
        return None;
    }
    let object: Value = serde_json::from_slice(&patched.stdout).expect("JSON");
    Some(object["v"].clone())
}

/// The answers to all texts; those among which one is refused are asked for by halves.
fn answers<'t>(texts: &[&'t str], home: &Path, found: &mut BTreeMap<&'t str, Option<Value>>) {
    match (ask(texts, home), texts) {
        (Some(values), _) => found.extend(texts.iter().copied().zip(values.into_iter().map(Some))),
        (None, [only]) => {
            found.insert(only, ask_kubectl(only, home));
        }
        (None, _) => {
            let (first, second) = texts.split_at(texts.len() / 2);
            answers(first, home, found);
            answers(second, home, found);
        }
    }
}

/// The answers to all texts. Those that are known to fail a batch are asked for one by one: what our reader refuses, and
/// what holds a line that begins with a tab, which kustomize writes so that it cannot read it again.
fn all_answers<'t>(texts: &'t [String], home: &Path) -> BTreeMap<&'t str, Option<Value>> {
    let fails = |text: &&str| ours(text).map_or(true, |value| has_tab_first(&value));
    let (alone, together): (Vec<&str>, Vec<&str>) = texts.iter().map(String::as_str).partition(fails);
    let mut found = BTreeMap::new();
    together.chunks(BATCH).for_each(|batch| answers(batch, home, &mut found));
    found.extend(alone.into_iter().map(|text| (text, ask_kubectl(text, home))));
    found
}

/// Whether a line of a text begins with a tab, after spaces or none.
fn has_tab_first(value: &Value) -> bool {
    match value {
        Value::String(text) => text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')),
        Value::Array(items) => items.iter().any(has_tab_first),
        Value::Object(members) => members.values().any(has_tab_first),
        _ => false,
    }
}

/// Where we and go-yaml differ.
#[derive(Default)]
struct Compared {
    wrong: Vec<String>,
    refused: BTreeMap<String, usize>,
    lenient: usize,
}

impl Compared {
    fn look(&mut self, text: &str, theirs: Option<&Value>) {
        match (ours(text), theirs) {
            (Ok(own), Some(theirs)) if same(&own, theirs) => {}
            (Ok(own), Some(theirs)) => self.wrong.push(format!("{text:?}: {own} for {theirs}")),
            (Err(kind), Some(_))
                if !kind.starts_with("yaml-syntax")
                    || DELIBERATE.contains(&kind.as_str())
                    || kind == UNFIT_COMMENT && text.contains("# ") =>
            {
                *self.refused.entry(kind).or_default() += 1;
            }
            (Err(kind), Some(theirs)) => self.wrong.push(format!("{text:?}: refused, {kind}, for {theirs}")),
            (Ok(own), None) => self.wrong.push(format!("{text:?}: {own}, and go-yaml refuses it")),
            (Err(_), None) => self.lenient += 1,
        }
    }

    fn report(self, suite: &str, total: usize) {
        counted(suite, "refused on purpose", &self.refused);
        say(&format!("{suite}: refused by both: {}", self.lenient));
        for wrong in &self.wrong {
            say(&format!("  {wrong}"));
        }
        line(suite, total - self.wrong.len(), total);
        assert!(self.wrong.is_empty(), "{suite}: {} of {total} texts differ", self.wrong.len());
    }
}

/// The texts that are recorded.
fn recorded() -> Vec<String> {
    let mut all = texts::listed();
    all.extend((0..KEPT).map(texts::generated));
    all
}

#[test]
fn recorded_texts_are_read_as_go_yaml_reads_them() {
    let Some(cases) = vectors(RECORDED) else { return };
    let mut compared = Compared::default();
    for case in &cases {
        compared.look(case["text"].as_str().expect("a text"), case.get("json"));
    }
    compared.report("yaml-generated", cases.len());
}

/// `FLEETCRON_YAML_TEXTS` is how many texts are generated; with `BLESS=1` the answers to the first ones are recorded.
#[test]
fn generated_texts_are_read_as_kustomize_reads_them() {
    if !installed() {
        return say("SKIPPED: kubectl is not installed; no generated text was read by kustomize");
    }
    let home = tempfile::tempdir().expect("a folder");
    if std::env::var_os("BLESS").is_some() {
        let texts = recorded();
        let found = all_answers(&texts, home.path());
        let mut lines = String::new();
        for text in &texts {
            let case = match &found[text.as_str()] {
                Some(value) => json!({"text": text, "json": value}),
                None => json!({"text": text}),
            };
            let _ = writeln!(lines, "{case}");
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance").join(RECORDED);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(lines.as_bytes()).expect("a vector takes all");
        std::fs::write(path, packed.finish().expect("a vector takes all")).expect("a file");
    }
    let count = std::env::var("FLEETCRON_YAML_TEXTS").map_or(400, |count| count.parse().expect("a number"));
    // Others than the recorded ones.
    let texts: Vec<String> = (KEPT..KEPT + count).map(texts::generated).collect();
    let found = all_answers(&texts, home.path());
    let mut compared = Compared::default();
    for text in &texts {
        compared.look(text, found[text.as_str()].as_ref());
    }
    compared.report("yaml-kustomize", texts.len());
}

/// The list holds each text once, and the generator makes the same ones in every build.
#[test]
fn the_recorded_texts_are_those_that_are_made() {
    if raw(RECORDED).is_none() || std::env::var_os("FLEETCRON_VECTORS").is_some_and(|folder| !folder.is_empty()) {
        return;
    }
    let cases = vectors(RECORDED).expect("the project has its own");
    let recorded_texts: Vec<&str> = cases.iter().filter_map(|case| case["text"].as_str()).collect();
    assert_eq!(recorded_texts, recorded());
}
