//! The Git hook that checks the index. An existing hook is never touched: its owner gets the lines to add.

use crate::repo::{Around, Stands};
use crate::scaffold::quote_for_shell;
use crate::scaffold::yaml_text::scalar;
use crate::tree::MANIFEST;

/// The name that Git looks for.
pub(super) const NAME: &str = "pre-commit";

/// What becomes of the hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HookFate {
    /// It is written.
    Write(String),
    /// It is written in the place of one that `init --hook` wrote for a folder in which there is no fleet any more.
    Replace(String, String),
    /// It is there already, or another one runs the same.
    There,
    /// It is there and may not be run.
    NotRunnable,
    /// Another one is there; these lines added to it would do.
    Taken(String),
    /// The folder of hooks is none: hooks are switched off.
    Off,
}

/// What becomes of it. With a `manifest` the hook minds only branches that have this fleet.
pub(super) fn fate(around: &Around, stands: &Stands, manifest: bool, runnable: bool, off: bool) -> HookFate {
    let guard = manifest.then(|| has_fleet(&around.prefix));
    let script = script(&around.prefix, guard.as_deref());
    match stands {
        _ if off => HookFate::Off,
        Stands::Nothing => HookFate::Write(script),
        Stands::File(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let mut lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
            let own = command(&around.prefix);
            let runs = |line: &str| line == own || line.strip_prefix(&*own).is_some_and(|rest| rest.starts_with(" ||"));
            let runs_already = lines.any(|line| runs(line.trim_end()));
            match former_fleet(&text) {
                _ if runs_already && runnable => HookFate::There,
                _ if runs_already => HookFate::NotRunnable,
                Some(former) if !around.top.join(&former).join(MANIFEST).is_file() => HookFate::Replace(script, former),
                _ => HookFate::Taken(lines_to_add(&around.prefix, guard.as_deref())),
            }
        }
        Stands::Other(_) => HookFate::Taken(lines_to_add(&around.prefix, guard.as_deref())),
    }
}

/// The folder of the fleet for which this program wrote a hook, if it is one that nobody changed since.
fn former_fleet(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("fleetcron check --staged"))?;
    let quoted = line.strip_prefix("fleetcron check --staged --root=").and_then(|rest| rest.strip_suffix(" || exit 1"));
    let former = quoted.map_or_else(String::new, |quoted| quoted.trim_matches('\'').replace("'\\''", "'"));
    let written = [script(&former, None), script(&former, Some(&has_fleet(&former)))];
    written.iter().any(|written| written == text).then_some(former)
}

/// What is run.
fn command(fleet: &str) -> String {
    if fleet.is_empty() {
        "fleetcron check --staged".to_owned()
    } else {
        format!("fleetcron check --staged --root={}", quote_for_shell(fleet))
    }
}

/// A command of the shell that tells whether what is committed, or what was before, has the fleet.
fn has_fleet(fleet: &str) -> String {
    let manifest = if fleet.is_empty() { MANIFEST.to_owned() } else { format!("{fleet}/{MANIFEST}") };
    let manifest = quote_for_shell(&manifest);
    format!("git cat-file -e :{manifest} 2>/dev/null || git cat-file -e HEAD:{manifest} 2>/dev/null")
}

fn script(fleet: &str, guard: Option<&str>) -> String {
    let guard = guard.map(|has_fleet| {
        format!(
            "# A branch, or another repository, without this fleet is none of its business.\n{has_fleet} || exit 0\n"
        )
    });
    format!(
        "#!/bin/sh
# Written by `fleetcron init --hook`: what is staged must compile, and the staged output must be what it gives.
# `git commit --no-verify` skips it once.
{}if ! command -v fleetcron >/dev/null 2>&1; then
  echo 'pre-commit: fleetcron is not on the PATH, so what is staged cannot be checked' >&2
  echo 'install it, or commit without this check: git commit --no-verify' >&2
  exit 1
fi
{} || exit 1
",
        guard.unwrap_or_default(),
        command(fleet)
    )
}

fn lines_to_add(fleet: &str, guard: Option<&str>) -> String {
    let lines = format!(
        "command -v fleetcron >/dev/null || {{ echo 'fleetcron is not on the PATH; git commit --no-verify skips this' >&2; exit 1; }}\n{} || exit 1\n",
        command(fleet)
    );
    match guard {
        Some(has_fleet) => format!("if {has_fleet}; then\n{lines}fi\n"),
        None => lines,
    }
}

/// What the pre-commit framework needs.
pub(super) fn snippet(fleet: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let repository = env!("CARGO_PKG_REPOSITORY");
    let root =
        if fleet.is_empty() { String::new() } else { format!("    args: [{}]\n", scalar(&format!("--root={fleet}"))) };
    format!("repos:\n- repo: {repository}\n  rev: v{version}\n  hooks:\n  - id: fleetcron-check\n{root}")
}
