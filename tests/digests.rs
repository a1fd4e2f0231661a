//! The digest that the lock records for a placement, against a table of recorded ones.
//!
//! A lock that is in use names these digests; `build --frozen` and Argo CD's plugin stop at any other. The table in
//! `fixtures/digests` holds every field of a placement, in the spellings that the format allows, with the digest that the
//! first version of the lock recorded, and `recorded.lock` is such a lock.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fleetcron::compile::{Compilation, compile_watched};
use fleetcron::lock::{self, LockMode};
use fleetcron::tree::SourceTree;

use crate::support;

/// One row of the table.
struct Row {
    name: String,
    digest: Option<String>,
    spec: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/digests")
}

fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn rows() -> Vec<Row> {
    let table = text("placements.txt");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.splitn(3, ' ').map(str::to_owned);
            let mut word = || words.next().unwrap_or_else(|| panic!("three columns: {line}"));
            let (name, digest, spec) = (word(), word(), word());
            Row { name, digest: Some(digest).filter(|digest| digest != "-"), spec }
        })
        .collect()
}

/// The tasks of some rows in the fleet of the fixture.
fn tree(rows: &[Row], lock: Option<&str>) -> SourceTree {
    let document = |row: &Row| {
        format!(
            "---\napiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: {}}}\nspec: {}\n",
            row.name, row.spec
        )
    };
    let tasks: String = rows.iter().map(document).collect();
    let files = ["fleetcron.yaml", "clusters.yaml", "base/bases.yaml", "base/existing.yaml"];
    let files: Vec<(&str, String)> = files.into_iter().map(|path| (path, text(path))).collect();
    let own = [("tasks.yaml", tasks.as_str())].into_iter().chain(lock.map(|lock| (lock::PATH, lock)));
    SourceTree::of(files.iter().map(|(path, text)| (*path, text.as_str())).chain(own))
}

/// The digest of every task, also of those that are refused: each is planned all the same.
fn digests(compilation: &Compilation) -> Vec<(String, Option<String>)> {
    let units = compilation.model.units.iter().zip(&compilation.plan);
    units.map(|(unit, built)| (unit.identity.name.clone(), built.planned.digest.clone())).collect()
}

#[test]
fn every_placement_keeps_its_recorded_digest() {
    let rows = rows();
    let distinct: BTreeSet<&String> = rows.iter().filter_map(|row| row.digest.as_ref()).collect();
    assert!(rows.len() >= 490 && distinct.len() >= 280, "{} rows, {} digests", rows.len(), distinct.len());
    let mut expected: Vec<(String, Option<String>)> =
        rows.iter().map(|row| (row.name.clone(), row.digest.clone())).collect();
    expected.sort();
    let mut found = digests(&compile_watched(&tree(&rows, None), &LockMode::Steady, |_| {}));
    found.sort();
    assert_eq!(found.len(), expected.len(), "each row is one task");
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(found, expected, "every lock in use would be refused under --frozen");
    }
}

#[test]
fn a_recorded_lock_is_rendered_frozen_and_stays_as_it_is() {
    let lock = text("recorded.lock");
    let recorded: BTreeSet<&str> =
        lock.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once(' ')?.0)).collect();
    let rows: Vec<Row> = rows().into_iter().filter(|row| recorded.contains(row.name.as_str())).collect();
    assert!(rows.len() == recorded.len() && rows.len() >= 475, "{} rows, {} records", rows.len(), recorded.len());
    let sources = tree(&rows, Some(&lock));
    for mode in [LockMode::Frozen, LockMode::Locked] {
        let compilation = compile_watched(&sources, &mode, |_| {});
        let errors = support::errors(&compilation, &sources);
        assert!(errors.is_empty(), "{mode:?}: {errors:?}");
        assert_eq!(String::from_utf8_lossy(&compilation.lock.bytes()), lock, "{mode:?}");
    }
    let of = |mode| support::output(&compile_watched(&sources, &mode, |_| {}));
    assert!(of(LockMode::Frozen) == of(LockMode::Steady), "a sync renders what a build wrote");
}

/// A placement that is recorded, with a part of its `match`.
fn digest_of(matching: &str) -> Option<String> {
    let spec = format!(
        "{{placement: {{match: {matching}, spread: [{{by: cluster, max: 1}}]}}, schedule: \"0 3 * * *\", container: {{image: \"x:1\"}}}}"
    );
    let row = Row { name: "later".to_owned(), digest: None, spec };
    digests(&compile_watched(&tree(&[row], None), &LockMode::Steady, |_| {})).remove(0).1
}

#[test]
fn members_that_came_later_count_where_they_are_used() {
    let plain = digest_of("{region: [r1]}");
    let ranges = [
        "{region: [r1], kubernetesVersion: \">=1.27\"}",
        "{region: [r1], kubernetesVersion: \">=1.28\"}",
        "{region: [r1], anyOf: [{provider: aws}]}",
        "{region: [r1], anyOf: [{provider: aws}, {provider: gcp}]}",
        "{region: [r1], expressions: [{key: rank, operator: Gt, values: [\"1\"]}]}",
    ];
    let distinct: BTreeSet<Option<String>> = ranges.iter().map(|it| digest_of(it)).chain([plain]).collect();
    assert_eq!(distinct.len(), ranges.len() + 1);
    let turned = digest_of("{region: [r1], anyOf: [{provider: gcp}, {provider: aws}]}");
    assert_eq!(digest_of(ranges[3]), turned, "the order of alternatives means nothing");
}
