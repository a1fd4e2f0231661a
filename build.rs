//! Records the target, and for releases the commit, for `fleetcron --version -v`.
//!
//! Other builds record no commit: a commit alone would make them compile the whole crate again.
#![allow(clippy::disallowed_methods, reason = "a build script reads the environment of Cargo")]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FLEETCRON_COMMIT");
    println!("cargo::rustc-env=FLEETCRON_TARGET={}", env::var("TARGET").unwrap_or_default());
    let given = env::var("FLEETCRON_COMMIT").ok().filter(|commit| !commit.is_empty());
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if let Some(commit) = given.or_else(|| release.then(head).flatten()) {
        println!("cargo::rustc-env=FLEETCRON_COMMIT={commit}");
    }
}

/// The commit that is checked out, if Git knows one.
fn head() -> Option<String> {
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "HEAD"])?);
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
