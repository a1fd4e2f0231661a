//! What Karmada ignores or does that surprises, row by row as `docs/karmada.md` lists it: `fixtures/karmada/NN-NAME.yaml` is a
//! repository, and beside it stand what is said and what is written, in both modes. `BLESS=1` writes them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use fleetcron::compile::compile;
use fleetcron::diag::Place;
use fleetcron::tree::SourceTree;

use crate::support::{Files, output, tree};

/// How many rows there are.
const ROWS: usize = 37;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/karmada")
}

/// The repositories, by path.
fn repositories() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    paths.sort();
    paths
}

/// The files of a repository: a line `#### PATH` begins another one.
pub(super) fn files(text: &str, compatibility: &str) -> Files {
    let fleet = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: rows}}\nspec: {{karmada: {{compatibility: {compatibility}}}, \
         output: {{marker: {{when: never}}}}, lints: {{implicit-timeout: off}}}}\n"
    );
    let mut files = vec![("fleetcron.yaml".to_owned(), fleet)];
    let mut parts = text.split("#### ");
    files.push(("all.yaml".to_owned(), parts.next().unwrap_or_default().to_owned()));
    for part in parts {
        let (path, text) = part.split_once('\n').expect("a path");
        files.push((path.to_owned(), text.to_owned()));
    }
    files
}

/// What is said and what is written, as text.
fn told(files: &Files) -> String {
    let sources: SourceTree = tree(files);
    let compilation = compile(&sources);
    let mut text = String::new();
    for diagnostic in &compilation.diags {
        let place = match &diagnostic.place {
            Place::Text(span) => sources.place(*span),
            other => format!("{other:?}"),
        };
        let severity = format!("{:?}", diagnostic.severity).to_lowercase();
        writeln!(text, "{severity}[{}] {place}: {}", diagnostic.code.name(), diagnostic.message).expect("text");
        for other in &diagnostic.others {
            writeln!(text, "  {}: {}", sources.place(other.span), other.text).expect("text");
        }
        if let Some(clusters) = &diagnostic.clusters {
            writeln!(text, "  on {} of {}", clusters.names.join(", "), clusters.of).expect("text");
        }
        diagnostic.notes.iter().for_each(|note| writeln!(text, "  note: {note}").expect("text"));
        diagnostic.help.iter().for_each(|help| writeln!(text, "  help: {help}").expect("text"));
    }
    for (path, bytes) in output(&compilation) {
        writeln!(text, "\n{path}").expect("text");
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

#[test]
fn every_row_says_and_writes_what_it_did() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in repositories() {
        let text = fs::read_to_string(&path).expect("text");
        for mode in ["exact", "intended"] {
            let told = told(&files(&text, mode));
            let expected = path.with_extension(format!("{mode}.txt"));
            if bless {
                fs::write(&expected, &told).expect("written");
            }
            if fs::read_to_string(&expected).unwrap_or_default() != told {
                wrong.push(format!("{}\n{told}", expected.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_a_repository() {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.split('-').next()?.parse::<usize>().ok();
    let there: BTreeSet<usize> = repositories().iter().filter_map(number).collect();
    assert_eq!(there, (1..=ROWS).collect());
}
