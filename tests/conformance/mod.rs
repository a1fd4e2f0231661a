//! Recorded answers of other programs, and whether we agree. They stand in `fixtures/conformance`, or in the folder
//! that `FLEETCRON_VECTORS` names. Each suite prints one line before it passes or fails.

mod goyaml;
mod karmada;
mod patch;
mod placement;
mod schedule;
mod structure;
mod texts;
mod time;
mod validation;
mod yaml;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use serde_json::Value;

/// Prints a line even where the test runner keeps the output of passing tests to itself.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("standard output is open");
}

/// The bytes of a file of vectors. `None`, said aloud, if the folder that the environment names has no such file.
pub(crate) fn raw(file: &str) -> Option<Vec<u8>> {
    let elsewhere = std::env::var_os("FLEETCRON_VECTORS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let path = elsewhere.clone().unwrap_or_else(own).join(file);
    if elsewhere.is_some() && !path.exists() {
        say(&format!("{}: absent", file.split('.').next().unwrap_or(file)));
        return None;
    }
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The cases of a `.jsonl.gz` file of vectors; the ending may be left out.
pub(crate) fn vectors(name: &str) -> Option<Vec<Value>> {
    let bytes = raw(&format!("{}.jsonl.gz", name.trim_end_matches(".jsonl.gz")))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("vectors are gzip");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("a line of vectors is JSON")).collect())
}

/// Prints a suite's line, and fails the test if a case failed. `failures` say which and how.
pub(crate) fn report(name: &str, total: usize, failures: &[String]) {
    line(name, total - failures.len(), total);
    for failure in failures {
        say(&format!("  {failure}"));
    }
    assert!(failures.is_empty(), "{name}: {} of {total} cases differ", failures.len());
}

/// Prints the line of a suite whose failures the caller shows.
pub(crate) fn line(suite: &str, ok: usize, total: usize) {
    say(&format!("{suite} {ok}/{total}"));
}

/// Prints what was counted apart, and why.
pub(crate) fn counted(name: &str, what: &str, counts: &BTreeMap<String, usize>) {
    let parts: Vec<_> = counts.iter().map(|(why, count)| format!("{why} {count}")).collect();
    if !parts.is_empty() {
        say(&format!("{name}: {what}: {}", parts.join(", ")));
    }
}
