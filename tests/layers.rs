//! The layers: a module uses only the modules of its row, and every file keeps its size and header.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules it may use; `*` is every module. A module that does not exist yet may be listed.
const LAYERS: [(&str, &str); 22] = [
    ("tree", ""),
    ("patch", ""),
    ("cron", ""),
    ("secrets", ""),
    ("diag", "tree"),
    ("yaml", "tree diag"),
    ("model", "tree patch"),
    ("frontend", "tree diag yaml patch model"),
    ("place", "tree model"),
    ("lock", "tree diag yaml model place"),
    ("render", "tree diag yaml patch cron model place validate"),
    ("validate", "diag model cron patch"),
    ("lint", "diag model place cron tree secrets patch validate"),
    ("compile", "tree patch cron diag yaml model frontend place lock render validate lint timeline"),
    ("diff", "tree patch cron secrets diag yaml model place lock validate render timeline compile"),
    (
        "report",
        "tree patch cron secrets diag yaml model frontend place lock validate lint render timeline compile diff",
    ),
    (
        "import",
        "tree patch cron secrets diag yaml model frontend place lock validate lint render timeline compile diff",
    ),
    ("scaffold", "tree patch cron secrets diag yaml model frontend place lock validate lint render timeline compile"),
    ("timeline", "tree model place cron diag"),
    ("repo", "tree"),
    ("sink", "tree"),
    ("cli", "*"),
];

/// The longest a file may grow.
const LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root().join(below)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a folder of the crate") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root().join(below)).expect("below").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

/// The text without line comments: links in documentation are no dependencies.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The modules that a text names, by `crate::module` or `crate::{module, …}`.
fn named(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    let code = code(text);
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
        match rest.strip_prefix('{') {
            None => {
                modules.insert(word(rest));
            }
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && c.is_alphanumeric() => {
                            modules.insert(word(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    modules
}

#[test]
fn a_module_names_only_what_stands_in_its_row() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        if matches!(path.as_str(), "lib.rs" | "main.rs") {
            continue;
        }
        let module = path.split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("src/{path}: `{module}` is not in the table"));
            continue;
        };
        for other in named(&text) {
            if other != module && *may != "*" && !may.split(' ').any(|name| name == other) {
                wrong.push(format!("src/{path}: `{module}` names `{other}`"));
            }
        }
        // `super` may climb to the root of its module and no further: a file `a/b.rs` twice would leave `a`.
        let depth = path.split('/').count() - usize::from(path.ends_with("/mod.rs"));
        let chain = "super::".repeat(depth);
        let tests = text.contains("mod tests {");
        if !tests && code(&text).contains(&chain) {
            wrong.push(format!("src/{path}: `{chain}` leaves the module"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_paths_sees_groups_and_not_comments() {
    let text = "use crate::{tree::{A, B}, diag};\n// crate::cli\nlet x = crate::yaml::parse();";
    assert_eq!(named(text), ["diag", "tree", "yaml"].map(str::to_owned).into());
}

#[test]
fn every_file_opens_with_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        if !text.starts_with("//!") {
            wrong.push(format!("src/{path}: it does not open with `//!`"));
        }
        let lines = text.lines().count();
        if lines > LINES {
            wrong.push(format!("src/{path}: {lines} lines; a noun is missing"));
        }
        for word in [concat!("TO", "DO"), concat!("FIX", "ME")] {
            if text.contains(word) {
                wrong.push(format!("src/{path}: it holds `{word}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("text");
    let declared: BTreeSet<&str> =
        main.lines().filter_map(|line| line.trim().strip_prefix("mod ")?.strip_suffix(';')).collect();
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(root().join("tests")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if name != "main" && (path.join("mod.rs").is_file() || path.extension().is_some_and(|ending| ending == "rs")) {
            there.insert(name);
        }
    }
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(declared, there, "every file in tests/ is declared in tests/main.rs");
}
