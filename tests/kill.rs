//! Killed at any moment: each file is old or new, never half, and the next run finishes the work.
//!
//! `FLEETCRON_KILLS` sets how often (200), `FLEETCRON_KILL_SCALE=full` takes 200 tasks on 50 clusters.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{self, Files};

type Output = BTreeMap<String, Vec<u8>>;

/// A repository of that size; the versions differ in a third of the tasks, in which clusters and in what tasks there are.
fn corpus(tasks: usize, clusters: usize, second: bool) -> Files {
    let api = "apiVersion: fleetcron.dev/v1alpha1";
    let mut files: Files = vec![(
        "fleetcron.yaml".into(),
        format!(
            "{api}\nkind: Fleet\nmetadata: {{name: big}}\nspec: {{guards: {{deletions: {{percent: 100, min: 100000}}}}}}\n"
        ),
    )];
    let mut inventory = String::new();
    for i in 0..clusters {
        let env = ["prod", "dev", "test"][i % 3];
        let region = ["eu", "us", "cn", "sa"][i % 4];
        let _infallible = writeln!(
            inventory,
            "---\n{api}\nkind: Cluster\nmetadata: {{name: c-{i:03}, labels: {{env: {env}}}}}\nspec: {{region: {region}}}"
        );
    }
    files.push(("clusters/all.yaml".into(), inventory));
    for i in 0..tasks {
        // Some tasks exist in one version only, and some change their place.
        if i % 10 == usize::from(second) {
            continue;
        }
        let moved = i % 7 == 3 && second;
        let placement = match (i % 3, moved) {
            (0, _) => "{clusters: [\"*\"]}",
            (1, false) => "{match: {labels: {env: prod}}}",
            (1, true) => "{match: {labels: {env: dev}}}",
            (_, false) => "{match: {region: [eu, us]}}",
            (_, true) => "{match: {region: [us, cn]}}",
        };
        let tag = if second && i % 3 == 0 { "2.0" } else { "1.0" };
        // Long enough that a half-written file would be seen.
        let text = "echo a line of a script that is long enough\\n".repeat(20 + i % 50);
        files.push((
            format!("tasks/t-{i:03}.yaml"),
            format!(
                "{api}\nkind: Task\nmetadata: {{name: t-{i:03}, namespace: ns-{}}}\nspec:\n  placement: {placement}\n  schedule: {{cron: \"{} 3 * * *\", timeZone: Etc/UTC}}\n  container: {{image: \"app:{tag}\", command: [sh, -c, \"{text}\"]}}\n",
                i % 8,
                i % 60,
            ),
        ));
    }
    files
}

/// Puts a version in place of the other.
fn switch(dir: &Path, files: &Files) {
    let _gone = fs::remove_dir_all(dir.join("tasks"));
    support::put(dir, files);
}

/// What is wrong with an output that a killed run left, which is on its way between two versions.
fn half(out: &Path, a: &Output, b: &Output) -> Vec<String> {
    let mut wrong = Vec::new();
    let found = support::read(out);
    for (path, bytes) in &found {
        if path.split('/').any(|part| part.starts_with(fleetcron::tree::ownership::TEMPORARY)) {
            continue;
        }
        let (old, new) = (a.get(path), b.get(path));
        if old != Some(bytes) && new != Some(bytes) {
            wrong.push(format!("{path}: {} bytes, neither old nor new", bytes.len()));
        }
    }
    for path in a.keys().filter(|path| b.contains_key(*path) && !found.contains_key(*path)) {
        wrong.push(format!("{path}: gone, and it is in both versions"));
    }
    wrong
}

/// A small generator, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most.max(1)
    }
}

#[test]
#[cfg(unix)]
fn a_killed_build_leaves_every_file_old_or_new() {
    let kills: u32 = std::env::var("FLEETCRON_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let full = std::env::var("FLEETCRON_KILL_SCALE").is_ok_and(|scale| scale == "full");
    let (tasks, clusters) = if full { (200, 50) } else { (40, 12) };
    let inputs = [corpus(tasks, clusters, false), corpus(tasks, clusters, true)];
    let outputs = [support::right(&inputs[0]), support::right(&inputs[1])];
    let [a, b] = &outputs;
    let watched = a.iter().find(|(path, bytes)| b.get(*path).is_some_and(|other| other != *bytes));
    let (watched, _) = watched.expect("the versions differ");

    let temporary = tempfile::tempdir().expect("a folder");
    let root = temporary.path().join("repo");
    let out = temporary.path().join("out");
    let arguments = ["build", "--quiet", "--out", out.to_str().expect("text")];
    switch(&root, &inputs[0]);
    let build = || {
        let started = Instant::now();
        let output = support::run(&root, &arguments);
        assert!(output.status.success(), "{}", support::grumbled(&output));
        started.elapsed()
    };
    build();
    assert!(support::read(&out) == *a, "the program writes what the library compiles");
    switch(&root, &inputs[1]);
    let whole = build();
    let mut dice = Dice(0x5eed_cafe);
    let mut seconds = 1;
    let (mut between, mut finished) = (0, 0);
    for kill in 0..kills {
        seconds = 1 - seconds;
        switch(&root, &inputs[seconds]);
        let before = fs::read(out.join(watched)).expect("it is in both versions");
        let mut child = support::program(&root)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        if kill % 4 == 0 {
            // Any moment of the run.
            std::thread::sleep(Duration::from_micros(dice.below(whole.as_micros() as u64 * 11 / 10)));
        } else {
            // A moment after the first change, when it is writing.
            let started = Instant::now();
            while started.elapsed() < whole * 3 && fs::read(out.join(watched)).is_ok_and(|bytes| bytes == before) {
                std::hint::spin_loop();
            }
            std::thread::sleep(Duration::from_micros(dice.below(whole.as_micros() as u64 / 6)));
        }
        child.kill().expect("a signal");
        child.wait().expect("an end");
        let wrong = half(&out, a, b);
        assert!(wrong.is_empty(), "kill {kill}:\n{}", wrong.join("\n"));
        let found = support::read(&out);
        if found == outputs[seconds] {
            finished += 1;
        } else if found != outputs[1 - seconds] {
            between += 1;
        }
        if kill % 20 == 19 || kill + 1 == kills {
            build();
            assert!(support::read(&out) == outputs[seconds], "the next run finishes the work of the killed one");
            let folders = walkdir::WalkDir::new(&out).into_iter().filter_map(Result::ok);
            let empty = folders
                .filter(|e| e.file_type().is_dir() && fs::read_dir(e.path()).is_ok_and(|mut d| d.next().is_none()));
            assert_eq!(empty.count(), 0, "no empty folder is left");
        }
    }
    println!("{kills} kills over {} files: {between} in between, {finished} finished", a.len());
    assert!(kills < 50 || between > 0, "no kill met a run that was writing");
}
