//! `fleetcron new` on a real terminal: the four steps, a mistake on the way, a no, an interrupt.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use super::Place;
use crate::support::{grumbled, read, said};

const DOWN: &str = "\u{1b}[B";

/// What was on the screen in the end; `None` if there is no python to make a terminal.
fn typed(place: &Place, args: &[&str], steps: &[(&str, Vec<&str>)]) -> Option<String> {
    typed_on("xterm", place, args, steps)
}

/// The same on a terminal of another kind.
fn typed_on(term: &str, place: &Place, args: &[&str], steps: &[(&str, Vec<&str>)]) -> Option<String> {
    let there = place.command("python3", &place.dir).arg("--version").output().is_ok_and(|ran| ran.status.success());
    if !there {
        println!(
            "SKIPPED: `python3` is not installed, so there is no terminal and the questions of `new` are not tried"
        );
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/making/terminal.py");
    let mut command = place.command("python3", &place.dir);
    command.env_remove("COLUMNS").env_remove("NO_COLOR").env("TERM", term);
    let mut child = command
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_fleetcron"))
        .args(["new", "--from", "2026-03-28", "--color", "never"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    child.stdin.take().expect("a pipe").write_all(json!(steps).to_string().as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}\n{}", said(&output), grumbled(&output));
    Some(said(&output))
}

/// The keys of a line, and the key that ends it.
fn line(text: &str) -> Vec<&str> {
    text.split("").filter(|key| !key.is_empty()).chain(["\r"]).collect()
}

/// The steps of a whole task, up to the last question.
fn whole() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("name", line("rollup")),
        ("namespace", line("pay")),
        ("what it is for", line("Rolls up")),
        ("where", vec![DOWN, "\r"]),
        ("regions", vec![" ", DOWN, DOWN, " ", "\r"]),
        ("image", line("reg.example.com/pay/rollup:1")),
        ("command", line("")),
        ("arguments", line("--fast 'a b'")),
        ("environment", line("MODE=on")),
        ("environment", line("")),
        ("cpu", line("100m")),
        ("memory", line("")),
        ("schedule", vec!["\r"]),
        ("at", line("")),
        ("time zone", line("Europe/Berlin")),
        ("what differs", vec![DOWN, "\r"]),
        ("cluster", vec!["\r"]),
        ("how", vec!["\r"]),
        ("registry", line("eu.example.com")),
        ("what differs", vec!["\r"]),
    ]
}

#[test]
fn a_task_is_asked_for_in_four_steps() {
    let place = Place::fleet();
    let mut steps = whole();
    steps.push(("write tasks/rollup.yaml?", vec!["y"]));
    let Some(screen) = typed(&place, &[], &steps) else { return };
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/making/asked.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected, &screen).expect("written");
    }
    assert_eq!(screen, std::fs::read_to_string(&expected).expect("tests/making/asked.txt"));
    let file: Vec<&str> = screen.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let text = place.text("tasks/rollup.yaml");
    assert!(file.join("\n").contains(text.trim_end()), "what was confirmed is what was written");
    place.fine(&["build"]);
    place.fine(&["check"]);
}

#[test]
fn a_no_writes_nothing() {
    let place = Place::fleet();
    let before = read(&place.dir);
    let mut steps = whole();
    steps.push(("write tasks/rollup.yaml?", vec!["n"]));
    let Some(screen) = typed(&place, &[], &steps) else { return };
    assert!(screen.ends_with("nothing was written\n-- exit 1, cursor shown, keys as before\n"), "{screen}");
    assert_eq!(read(&place.dir), before);
}

#[test]
fn an_interrupt_leaves_nothing_written_and_the_terminal_in_order() {
    // In a line, in a choice that hides the cursor, at the last question.
    for (prompt, before_it) in [("name", 0), ("where", 3), ("write tasks", 20)] {
        let place = Place::fleet();
        let before = read(&place.dir);
        let mut steps = whole();
        steps.truncate(before_it);
        steps.push((prompt, vec!["\u{3}"]));
        let Some(screen) = typed(&place, &[], &steps) else { return };
        let end = "error: interrupted: nothing was written\n-- exit 2, cursor shown, keys as before\n";
        assert!(screen.ends_with(end), "{prompt}\n{screen}");
        assert_eq!(read(&place.dir), before);
    }
}

#[test]
fn a_mistake_is_shown_where_it_is_made_and_asked_again() {
    let place = Place::fleet();
    let flags = ["demo/x", "--all", "--namespace", "demo", "--description", "x", "--image", "a:1", "--command", "true"];
    let rest = ["--arg", "x", "--env", "A=1", "--request", "cpu=1"];
    let steps = [
        ("schedule", vec![DOWN, DOWN, DOWN, DOWN, "\r"]),
        ("every", line("7m")),
        ("time zone", line("")),
        ("the nearest are `6m` and `10m`", vec![]),
        ("schedule", vec![DOWN, DOWN, DOWN, DOWN, "\r"]),
        ("every", line("10m")),
        ("time zone", line("")),
        ("what differs", vec!["\r"]),
        ("write", vec!["\r"]),
    ];
    let Some(screen) = typed(&place, &[&flags[..], &rest].concat(), &steps) else { return };
    assert!(screen.contains("`7m` does not divide an hour evenly"), "{screen}");
    assert!(screen.ends_with("-- exit 0, cursor shown, keys as before\n"), "{screen}");
    assert!(place.text("tasks/x.yaml").contains("every: 10m"));
    assert!(!screen.contains("image ("), "what a flag says is not asked");

    // What the flags say wrongly cannot be mended by asking.
    let Some(screen) =
        typed(&place, &["demo/y", "--cluster", "nope", "--namespace", "demo", "--description", "x"], &[])
    else {
        return;
    };
    assert!(screen.contains("what the flags say is wrong") && screen.contains("exit 1"), "{screen}");
}

#[test]
fn a_terminal_that_cannot_move_the_cursor_is_asked_nothing() {
    let place = Place::fleet();
    let Some(screen) = typed_on("dumb", &place, &[], &[]) else { return };
    assert!(screen.contains("missing: NAME, --image") && screen.contains("exit 2"), "{screen}");
}
