//! Every document that was committed is still understood after its file was damaged, or the file is named in a message.
//!
//! The oracle reads no YAML: each document leaves a mark in the output (an image, a variable, an annotation, a namespace),
//! and a mark that is missing is looked for by the path of its file in what the program says.

use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A file of a repository, and the marks that its documents leave in the output.
struct File {
    path: &'static str,
    text: &'static str,
    marks: &'static [&'static str],
}

const FILES: [File; 6] = [
    File {
        path: "clusters/all.yaml",
        text: "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata:\n  name: eu-a\nspec:\n  variables: {mark: variable-a}\n---\n\
               apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata:\n  name: eu-b\nspec:\n  variables: {mark: variable-b}\n",
        marks: &["variable-a", "variable-b"],
    },
    File {
        path: "overrides/note.yaml",
        text: "apiVersion: fleetcron.dev/v1alpha1\nkind: Override\nmetadata:\n  name: note\nspec:\n  clusters: \"*\"\n  \
               annotations:\n    example.com/note: annotation-o\n",
        marks: &["annotation-o"],
    },
    File {
        path: "tasks/one.yaml",
        text: "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata:\n  name: one\nspec:\n  placement: {clusters: \"*\"}\n  \
               schedule: {cron: \"0 3 * * *\", timeZone: Etc/UTC}\n  container:\n    image: registry.example.com/image-one:1.0\n    \
               env: {MARK: $(var.mark)}\n",
        marks: &["image-one"],
    },
    File {
        path: "tasks/pair.yml",
        text: "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata:\n  name: two\nspec:\n  placement: {clusters: \"*\"}\n  \
               schedule: {cron: \"0 4 * * *\", timeZone: Etc/UTC}\n  container: {image: \"registry.example.com/image-two:1.0\", env: {MARK: $(var.mark)}}\n---\n\
               apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata:\n  name: three\nspec:\n  placement: {clusters: \"*\"}\n  \
               schedule: {cron: \"0 5 * * *\", timeZone: Etc/UTC}\n  container: {image: \"registry.example.com/image-three:1.0\", env: {MARK: $(var.mark)}}\n",
        marks: &["image-two", "image-three"],
    },
    File {
        path: "tasks/four.json",
        text: "{\"apiVersion\": \"fleetcron.dev/v1alpha1\", \"kind\": \"Task\", \"metadata\": {\"name\": \"four\"}, \"spec\": \
               {\"placement\": {\"clusters\": \"*\"}, \"schedule\": {\"cron\": \"0 6 * * *\", \"timeZone\": \"Etc/UTC\"}, \
               \"container\": {\"image\": \"registry.example.com/image-four:1.0\", \"env\": {\"MARK\": \"$(var.mark)\"}}}}\n",
        marks: &["image-four"],
    },
    File {
        path: "charts/job.yaml",
        text: "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Release.Name }}\n",
        marks: &[],
    },
];

/// The settings, with globs of `sources`.
fn fleet(sources: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: acme}}\nspec:\n  sources: {sources}\n  \
         defaults: {{namespace: namespace-f}}\n"
    )
}

/// What happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    /// Its name or folder changes.
    Move(&'static str),
    /// It is saved in another encoding.
    Encode { wide: bool, little: bool, marked: bool },
    /// Bytes that are no UTF-8 are put in.
    Latin(Index),
    /// A letter of the first line is left out, doubled, or changes its case: the apiVersion for the most part.
    Slip(Index, u8),
    /// The first line that names it is removed.
    NoVersion,
    /// Another spelling of the apiVersion.
    Version(&'static str),
    /// It ends early.
    Cut(Index),
    /// A character too many.
    Stray(Index, char),
    /// All of it stands below a key or in a list.
    Inside(&'static str),
    /// Nothing is left, or comments alone.
    Empty(&'static str),
    /// git-crypt encrypts it.
    Encrypted,
    /// The globs change.
    Sources(&'static str),
    /// Its folder becomes a repository of its own.
    Repository,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        select(vec![
            "{stem}.YAML",
            "{stem}.Yml",
            "{stem}.JSON",
            "other/{stem}.yaml",
            "{stem}.new.yaml",
            "jobs/sub/{stem}.yml"
        ])
        .prop_map(Damage::Move),
        any::<(bool, bool, bool)>().prop_map(|(wide, little, marked)| Damage::Encode { wide, little, marked }),
        any::<Index>().prop_map(Damage::Latin),
        (any::<Index>(), 0_u8..3).prop_map(|(at, how)| Damage::Slip(at, how)),
        Just(Damage::NoVersion),
        select(vec![
            "Fleetcron.dev/v1alpha1",
            "fleetcron.dev",
            "fleetcron.io/v1alpha1",
            "fleetcron.dev/v2",
            "v1alpha1",
            "",
            "FLEETCRON.DEV/V1ALPHA1"
        ])
        .prop_map(Damage::Version),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), select("-#:x\"'{[|>%&*!?\0\t \u{feff}".chars().collect::<Vec<_>>()))
            .prop_map(|(at, c)| Damage::Stray(at, c)),
        select(vec!["x:\n  ", "- ", "items:\n- ", "a: |\n  ", "a: {b: 1}\nc:\n  "]).prop_map(Damage::Inside),
        select(vec!["", "\n", "# moved\n", "---\n", "---\n# none\n---\n"]).prop_map(Damage::Empty),
        Just(Damage::Encrypted),
        select(vec![
            "{include: [tasks/*.yaml, clusters/**, overrides/**]}",
            "{include: [task/**, clusters/**, overrides/**]}",
            "{exclude: [tasks/**]}",
            "{exclude: [\"**/*.json\"]}",
            "{include: [\"*/all.yaml\", \"tasks/*\"]}",
        ])
        .prop_map(Damage::Sources),
        Just(Damage::Repository),
    ]
}

fn encode(text: &str, wide: bool, little: bool, marked: bool) -> Vec<u8> {
    let text = if marked { format!("\u{feff}{text}") } else { text.to_owned() };
    let mut bytes = Vec::new();
    let mut push = |mut unit: Vec<u8>| {
        if little {
            unit.reverse();
        }
        bytes.extend(unit);
    };
    if wide {
        text.chars().for_each(|c| push(u32::from(c).to_be_bytes().to_vec()));
    } else {
        text.encode_utf16().for_each(|unit| push(unit.to_be_bytes().to_vec()));
    }
    bytes
}

/// Damages a file; the path under which it is found then, and whether documents were removed on purpose.
fn apply(root: &Path, file: &File, damage: &Damage) -> String {
    let place = root.join(file.path);
    let text = file.text;
    let write = |bytes: &[u8]| fs::write(&place, bytes).expect("written");
    match damage {
        Damage::Move(pattern) => {
            let (folder, name) = file.path.rsplit_once('/').expect("a folder");
            let to = pattern.replace("{stem}", name.split('.').next().expect("a name"));
            let to = if to.contains('/') { to } else { format!("{folder}/{to}") };
            fs::create_dir_all(root.join(&to).parent().expect("a folder")).expect("a folder");
            fs::rename(&place, root.join(&to)).expect("moved");
            return to;
        }
        Damage::Encode { wide, little, marked } => write(&encode(text, *wide, *little, *marked)),
        Damage::Latin(at) => {
            let at = at.index(text.len());
            write(&[&text.as_bytes()[..at], b"caf\xe9", &text.as_bytes()[at..]].concat());
        }
        Damage::Slip(at, how) => {
            let at = at.index(text.find('\n').unwrap_or(text.len()).min(48));
            let letter = &text[at..=at];
            let other = if *letter == letter.to_uppercase() { letter.to_lowercase() } else { letter.to_uppercase() };
            let with = [String::new(), letter.repeat(2), other][usize::from(*how)].clone();
            write(format!("{}{with}{}", &text[..at], &text[at + 1..]).as_bytes());
        }
        Damage::NoVersion => write(
            text.replacen("apiVersion: fleetcron.dev/v1alpha1\n", "", 1)
                .replacen("\"apiVersion\": \"fleetcron.dev/v1alpha1\", ", "", 1)
                .as_bytes(),
        ),
        Damage::Version(version) => write(text.replacen("fleetcron.dev/v1alpha1", version, 1).as_bytes()),
        Damage::Cut(at) => write(&text.as_bytes()[..at.index(text.len())]),
        Damage::Stray(at, c) => {
            let at = at.index(text.len());
            write(format!("{}{c}{}", &text[..at], &text[at..]).as_bytes());
        }
        Damage::Inside(key) => {
            let indent = if key.ends_with("- ") { "  " } else { key.rsplit('\n').next().unwrap_or_default() };
            write(format!("{key}{}\n", text.trim_end().replace('\n', &format!("\n{indent}"))).as_bytes());
        }
        Damage::Empty(text) => write(text.as_bytes()),
        Damage::Encrypted => write(b"\0GITCRYPT\0\x17\x80\xff\n"),
        Damage::Sources(sources) => {
            fs::write(root.join("fleetcron.yaml"), fleet(sources)).expect("written");
            return "fleetcron.yaml".to_owned();
        }
        Damage::Repository => {
            git2::Repository::init(place.parent().expect("a folder")).expect("a repository");
        }
    }
    file.path.to_owned()
}

fn commit(root: &Path) {
    let repository = git2::Repository::init(root).expect("a repository");
    let mut index = repository.index().expect("an index");
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("staged");
    index.write().expect("written");
    let tree = repository.find_tree(index.write_tree().expect("a tree")).expect("a tree");
    let author = git2::Signature::new("a", "a@example.com", &git2::Time::new(0, 0)).expect("a name");
    repository.commit(Some("HEAD"), &author, &author, "one", &tree, &[]).expect("a commit");
}

fn run(root: &Path, args: &[&str]) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
    let ran = program.args(args).arg("--root").arg(root).args(["--color", "never"]).output().expect("the binary runs");
    let code = ran.status.code().expect("no signal, no panic");
    assert!(code < 3, "{}", String::from_utf8_lossy(&ran.stderr));
    (code == 0, String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// All text below a folder.
fn text_below(folder: &Path) -> String {
    let files =
        walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files.map(|entry| fs::read_to_string(entry.path()).expect("text")).collect()
}

/// Whether a mark may be missing without a word: its document was cut off a file that goes on with another one, as if its
/// author had removed it.
fn removed(root: &Path, file: &File, mark: &str) -> bool {
    let Ok(text) = fs::read_to_string(root.join(file.path)) else { return false };
    let parts = file.text.split("---\n");
    let whole = |part: &&str| text.starts_with(*part) || part.contains(mark);
    parts.clone().count() == 2 && parts.clone().all(|part| whole(&part)) && {
        let first = parts.clone().next().expect("two");
        let rest = text.get(first.len()..).unwrap_or_default();
        rest.chars().all(|c| c.is_whitespace() || c == '-')
    }
}

/// Whether a character more or less, or an early end, left the heads of all documents whole, so that they were read as
/// what is left of them. Documents behind the one in which a file ends are gone as if their author had removed them.
fn has_whole_heads(text: &str, file: &File, damage: &Damage) -> bool {
    let parts = text.split("fleetcron.dev/v1alpha1");
    let heads = parts.clone().count() - 1;
    match damage {
        Damage::Stray(..) | Damage::Slip(..) => heads == file.text.matches("fleetcron.dev/v1alpha1").count(),
        Damage::Cut(_) => heads > 0 && parts.last().is_some_and(|rest| !rest.contains("---")),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_of_damaged_files_are_understood_or_their_file_is_named(
        which in 0_usize..5,
        damage in damage(),
        narrow in any::<bool>(),
    ) {
        let home = tempfile::tempdir().expect("a folder");
        let root = home.path().join("repo");
        for file in &FILES {
            let place = root.join(file.path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::write(place, file.text).expect("written");
        }
        let sources = if narrow { "{include: [tasks/**, clusters/**, overrides/**]}" } else { "{}" };
        fs::write(root.join("fleetcron.yaml"), fleet(sources)).expect("written");
        let (fine, told) = run(&root, &["build"]);
        prop_assert!(fine, "{told}");
        commit(&root);
        let file = &FILES[which];
        let now = apply(&root, file, &damage);
        let (_, checked) = run(&root, &["check"]);
        let (built, told) = run(&root, &["build", "--out", &home.path().join("out").to_string_lossy(), "--allow-deletions", "all"]);
        if !built {
            // Nothing was written, and what is wrong in a document that was read may show elsewhere.
            let read = fs::read_to_string(root.join(file.path)).is_ok_and(|text| has_whole_heads(&text, file, &damage));
            let named = [&told, &checked].iter().any(|said| said.contains(&now) || said.contains(file.path));
            prop_assert!(named || read, "{now} is not named:\n{told}");
            return Ok(());
        }
        let output = text_below(&home.path().join("out"));
        // The settings, clusters and overrides leave their marks in tasks.
        let any = output.contains("image-");
        for file in &FILES {
            // A mark that is no longer in a file whose documents were read was changed and not lost.
            let text = fs::read_to_string(root.join(file.path)).unwrap_or_default();
            let changed = |mark: &str| has_whole_heads(&text, file, &damage) && !text.contains(mark);
            let seen = |mark: &str| output.contains(mark) || changed(mark) || !any && !mark.starts_with("image-");
            for mark in file.marks.iter().filter(|mark| !seen(mark)) {
                let named = checked.contains(file.path) || (file.path == FILES[which].path && checked.contains(&now));
                prop_assert!(named || removed(&root, file, mark), "{mark} of {} is gone:\n{checked}\n{told}", file.path);
            }
        }
        prop_assert!(!any || output.contains("namespace-f"), "the settings are gone:\n{checked}\n{told}");
    }
}
