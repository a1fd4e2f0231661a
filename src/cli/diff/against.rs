//! `fleetcron diff --against`: compares the output with existing manifests by meaning.
//!
//! It is a proof before a team switches over, so everything is counted: the same, different, only on one side, not
//! compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Drawn;
use crate::cli::args::Diff;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::terminal;
use crate::compile::{Compilation, MARKER_PREFIX};
use crate::diag::nearest;
use crate::diff::{self, ExistingObject, FieldChange, Ignored, ListKeys, Redaction, is_order_significant, is_redacted};
use crate::repo::{self, Manifests};
use crate::report::diff::sections::list;
use crate::report::diff::words::{self, Words};
use crate::report::escape::plain;
use crate::report::layout;
use crate::report::table::{self, count};
use crate::tree::ownership;

/// So many clusters have a line in the table.
const ROWS: usize = 100;

/// One cluster, compared.
#[derive(Default)]
struct ComparedCluster {
    same: usize,
    /// Objects that differ, with where.
    differing: Vec<(String, String, Vec<FieldChange>)>,
    /// Objects that only the folder has, with their files.
    theirs: Vec<(String, String)>,
    /// Objects that only the repository gives.
    ours: Vec<String>,
    /// Objects of fleetcron's own that only the repository gives.
    own: Vec<String>,
    /// Objects that only the folder has and only the repository gives, and that differ in nothing but their name.
    renamed: Vec<(String, String)>,
}

impl ComparedCluster {
    fn differs(&self) -> bool {
        !(self.differing.is_empty() && self.theirs.is_empty() && self.ours.is_empty())
    }
}

/// Runs it.
pub(super) fn run(session: &mut Session, args: &Diff, dir: &Path, drawn: Drawn) -> Result<Outcome, Failure> {
    if drawn.markdown {
        return Err(Failure::Run("`--format markdown` compares two revisions, not `--against` a folder".to_owned()));
    }
    let compilation = session.compile()?;
    if session.diags.has_errors() {
        return Err(Failure::Run("the repository does not compile, so nothing was compared".to_owned()));
    }
    // What is odd about the repository `check` says.
    session.diags = crate::diag::Diagnostics::new();
    session.progress.now("comparing");
    let place = session.place(dir);
    let mut manifests = repo::manifests(&place).map_err(|error| Failure::run(&error))?;
    let mut shown = dir.display().to_string();
    let layout = FolderLayout::of(&compilation, &manifests, args, dir)?;
    if let Some(folder) = &layout.folder {
        manifests = repo::manifests(&place.join(folder)).map_err(|error| Failure::run(&error))?;
        shown = dir.join(folder).display().to_string();
    }
    let mut ignored = Ignored::new();
    let (theirs, strangers) = by_cluster(&manifests, &layout, &shown)?;
    let ours = ours(&compilation);
    let redaction = Redaction::new(&[&compilation]);
    let mut reader = ManifestReader::default();
    let mut clusters: BTreeMap<String, ComparedCluster> = BTreeMap::new();
    let mut found = 0;
    // One cluster is held at a time: the objects of all would fill any memory.
    for name in theirs.keys().chain(layout.clusters.iter()).collect::<BTreeSet<&String>>() {
        let mut there = Vec::new();
        for (path, bytes) in theirs.get(name).into_iter().flatten() {
            let parsed = reader.read(&format!("{shown}/{path}"), bytes).map_err(Failure::Run)?;
            add(&mut ignored, &parsed.ignored);
            there.extend(parsed.objects(&format!("{shown}/{path}")));
        }
        found += there.len();
        let mut here = Vec::new();
        for (below, bytes) in ours.get(name.as_str()).into_iter().flatten() {
            // What cannot be read again is what another tool made, and stands on the other side if at all.
            let Ok(parsed) = reader.read(below, bytes) else { continue };
            here.extend(parsed.objects(below));
        }
        // A file that passes byte for byte stands once for each of its objects.
        let mut seen = BTreeSet::new();
        here.retain(|object| seen.insert(object.key.clone()));
        clusters.insert(name.clone(), compare(name, &there, &here, args.namespace.as_deref(), &redaction)?);
    }
    let compared: usize = clusters.values().map(|cluster| cluster.same + cluster.differing.len()).sum();
    if found == 0 {
        return Err(Failure::Run(format!("there is no manifest in `{}`: nothing was compared", plain(&shown))));
    }
    let differs = clusters.values().any(ComparedCluster::differs);
    let mut text =
        format!("{} -> {}\n\n", plain(&shown), session.opened().map_or("the working tree", |opened| opened.title()));
    text.push_str(&drawing(&clusters, &ignored, &shown));
    text.push_str(&verdict(&clusters, compared));
    let value = session.value(|| value(&clusters, &ignored, &strangers, &shown));
    let mut outcome = Outcome { wrong: differs, ..Outcome::result(text, value) };
    if !strangers.is_empty() && !drawn.quiet {
        let names: Vec<&str> = strangers.iter().map(String::as_str).collect();
        let most = if drawn.verbose { usize::MAX } else { 0 };
        let named = table::names(names.iter().copied(), most);
        let number = count(strangers.len(), "file");
        outcome.remarks.push(match drawn.verbose {
            true => format!("note: {number} in {} without an object: {}", plain(&shown), plain(&named)),
            false => format!("note: {number} in {} without an object; `-v` names them", plain(&shown)),
        });
    }
    std::mem::forget(compilation);
    Ok(outcome)
}

/// Which cluster a file is for.
struct FolderLayout {
    /// All files are for this one; else the first folder of a path names it.
    only: Option<String>,
    /// Among folders that are called like clusters, the one that alone is compared.
    folder: Option<String>,
    /// The clusters that are compared.
    clusters: BTreeSet<String>,
}

impl FolderLayout {
    fn of(compilation: &Compilation, manifests: &Manifests, args: &Diff, dir: &Path) -> Result<Self, Failure> {
        let inventory: BTreeSet<String> =
            compilation.model.clusters.iter().map(|cluster| cluster.name.value.clone()).collect();
        let base = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let one = |name: &str| Self {
            only: Some(name.to_owned()),
            folder: None,
            clusters: BTreeSet::from([name.to_owned()]),
        };
        if let Some(name) = &args.cluster {
            if !inventory.contains(name) {
                let near = nearest(name, inventory.iter().map(String::as_str));
                let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(Failure::Run(format!("there is no cluster `{name}`{hint}")));
            }
            let of_another = manifests.folders.iter().find(|folder| inventory.contains(*folder));
            return match of_another {
                _ if base == name => Ok(one(name)),
                _ if manifests.folders.contains(name) => Ok(Self { folder: Some(name.clone()), ..one(name) }),
                Some(other) => Err(Failure::Run(format!(
                    "`{}` has a folder a cluster (`{other}`) and none that is called `{name}`: say which folder is that \
                     cluster's, with `--against {} --cluster {name}`",
                    dir.display(),
                    dir.join("FOLDER").display(),
                ))),
                None => Ok(one(name)),
            };
        }
        if manifests.folders.iter().any(|folder| inventory.contains(folder)) {
            return Ok(Self { only: None, folder: None, clusters: inventory });
        }
        match (inventory.contains(base), inventory.len()) {
            (true, _) => Ok(one(base)),
            (false, 1) => Ok(one(inventory.iter().next().map_or("", String::as_str))),
            (false, _) => Err(Failure::Run(format!(
                "no folder right below `{}` is called like a cluster: say which cluster it is of, with `--cluster NAME`",
                dir.display()
            ))),
        }
    }
}

/// Files by cluster: path and bytes.
type FilesByCluster<'f> = BTreeMap<String, Vec<(&'f str, &'f [u8])>>;

/// The files of the folder that hold objects, by cluster, and those that hold none.
fn by_cluster<'m>(
    manifests: &'m Manifests,
    layout: &FolderLayout,
    shown: &str,
) -> Result<(FilesByCluster<'m>, Vec<String>), Failure> {
    let mut found = FilesByCluster::new();
    let mut strangers = manifests.others.clone();
    let mut wrong = Vec::new();
    let mut loose = Vec::new();
    // All are read once before anything is compared, and again one cluster at a time.
    let read = |(path, bytes): &(String, Vec<u8>)| {
        let taken = diff::read_objects(&format!("{shown}/{path}"), bytes, &mut Ignored::new());
        taken.map(|taken| taken.objects.is_empty())
    };
    let mut known: HashMap<&[u8], bool> = HashMap::new();
    for file in &manifests.files {
        let (path, bytes) = (file.0.as_str(), file.1.as_slice());
        let empty = match known.get(bytes) {
            Some(empty) => *empty,
            None => match read(file) {
                Ok(empty) => *known.entry(bytes).or_insert(empty),
                Err(error) => {
                    wrong.push(error);
                    continue;
                }
            },
        };
        if empty {
            strangers.push(path.to_owned());
            continue;
        }
        let cluster = match (&layout.only, path.split_once('/')) {
            (Some(only), _) => only.clone(),
            (None, Some((folder, _))) => folder.to_owned(),
            (None, None) => {
                loose.push(path.to_owned());
                continue;
            }
        };
        found.entry(cluster).or_default().push((path, bytes));
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(10);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        wrong.truncate(10);
        return Err(Failure::Run(format!(
            "not every file can be read, so nothing was compared (no text is shown, for it may hold secrets):\n  {}{more}",
            wrong.join("\n  ")
        )));
    }
    if !loose.is_empty() {
        return Err(Failure::Run(format!(
            "`{}` has a folder a cluster, and these manifests are in none: {}",
            plain(shown),
            plain(&list(loose.iter().map(String::as_str)))
        )));
    }
    strangers.sort();
    Ok((found, strangers))
}

/// The files that the repository gives, by cluster: path below the cluster's folder, and bytes.
fn ours(compilation: &Compilation) -> BTreeMap<&str, Vec<(&str, &[u8])>> {
    let mut found: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
    for (path, bytes) in compilation.output.files().filter(|(path, _)| ownership::is_manifest(path)) {
        let below = path.as_str().split_once('/').map_or("", |(_, below)| below);
        found.entry(path.first()).or_default().push((below, bytes));
    }
    found
}

/// Texts that were read are kept up to so many bytes: clusters mostly have the same.
const KEPT: usize = 2 << 20;

/// Reads files, the same text once.
#[derive(Default)]
struct ManifestReader {
    known: HashMap<Vec<u8>, Rc<ParsedManifest>>,
    kept: usize,
}

/// What a text holds.
struct ParsedManifest {
    objects: Vec<ExistingObject>,
    ignored: Ignored,
}

impl ManifestReader {
    fn read(&mut self, file: &str, bytes: &[u8]) -> Result<Rc<ParsedManifest>, String> {
        if let Some(known) = self.known.get(bytes) {
            return Ok(known.clone());
        }
        let mut ignored = Ignored::new();
        let objects = diff::read_objects(file, bytes, &mut ignored)?.objects;
        let parsed = Rc::new(ParsedManifest { objects, ignored });
        if self.kept + bytes.len() <= KEPT {
            self.kept += bytes.len();
            self.known.insert(bytes.to_owned(), parsed.clone());
        }
        Ok(parsed)
    }
}

impl ParsedManifest {
    /// The objects, as those of a file.
    fn objects<'p>(&'p self, file: &'p str) -> impl Iterator<Item = ExistingObject> + 'p {
        self.objects.iter().map(move |object| ExistingObject { file: file.to_owned(), ..object.clone() })
    }
}

fn add(all: &mut Ignored, more: &Ignored) {
    for (what, n) in more {
        *all.entry(what.clone()).or_default() += n;
    }
}

/// Whether an object is fleetcron's own: the marker of an idle cluster, or a Namespace.
fn is_own(object: &ExistingObject, cluster: &str) -> bool {
    let key = &object.key;
    let marker = key.kind == "ConfigMap" && key.name == format!("{MARKER_PREFIX}{cluster}");
    let namespace = key.kind == "Namespace" && object.file == format!("{}.namespace.yaml", key.name);
    marker || namespace
}

fn compare(
    cluster: &str,
    theirs: &[ExistingObject],
    ours: &[ExistingObject],
    namespace: Option<&str>,
    redaction: &Redaction,
) -> Result<ComparedCluster, Failure> {
    let found = diff::against(theirs, ours, namespace);
    if let Some((key, first, second)) = found.twice.first() {
        let which = if first == second { format!("twice in {first}") } else { format!("in {first} and in {second}") };
        return Err(Failure::Run(plain(&format!("{key} stands {which}: nobody knows which of them counts"))));
    }
    let mut result = ComparedCluster::default();
    for pair in found.both {
        if Arc::ptr_eq(&pair.theirs.value, &pair.ours.value) || pair.theirs.value == pair.ours.value {
            result.same += 1;
            continue;
        }
        let (mut old, mut new) = (Value::clone(&pair.theirs.value), Value::clone(&pair.ours.value));
        redaction.redact(Some(&mut old), Some(&mut new));
        let mut fields = diff::fields(&old, &new, ListKeys::new(&new));
        if fields.is_empty() {
            let (old, new) = (&pair.theirs.value, &pair.ours.value);
            fields = diff::unseen(diff::fields(old, new, ListKeys::new(new)));
        }
        fields.retain(|field| !field.is_order() || is_order_significant(&field.path));
        if fields.is_empty() {
            result.same += 1;
        } else {
            result.differing.push((pair.ours.key.to_string(), pair.theirs.file.clone(), fields));
        }
    }
    result.renamed = renamed(&found.theirs, &found.ours);
    result.theirs = found.theirs.iter().map(|object| (object.key.to_string(), object.file.clone())).collect();
    for object in found.ours {
        let into = if is_own(object, cluster) { &mut result.own } else { &mut result.ours };
        into.push(object.key.to_string());
    }
    Ok(result)
}

/// Pairs objects of one kind that are equal but for name and namespace, where only one fits on either side.
fn renamed(theirs: &[&ExistingObject], ours: &[&ExistingObject]) -> Vec<(String, String)> {
    // All but the name, as text: a key that sorts.
    let bare = |object: &ExistingObject| {
        let mut value = Value::clone(&object.value);
        if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            metadata.remove("name");
        }
        format!("{} {} {value}", object.key.group, object.key.kind)
    };
    let mut alike: BTreeMap<String, [Vec<&ExistingObject>; 2]> = BTreeMap::new();
    for (side, objects) in [theirs, ours].into_iter().enumerate() {
        objects.iter().for_each(|object| alike.entry(bare(object)).or_default()[side].push(object));
    }
    let pair = |sides: &[Vec<&ExistingObject>; 2]| match sides {
        [there, here] if there.len() == 1 && here.len() == 1 => {
            Some((there[0].key.to_string(), here[0].key.to_string()))
        }
        _ => None,
    };
    let mut pairs: Vec<_> = alike.values().filter_map(pair).collect();
    pairs.sort();
    pairs
}

/// Differences in words, and the clusters that have them.
type WordsOnClusters<'c> = (Vec<Words>, Vec<&'c str>);

fn drawing(clusters: &BTreeMap<String, ComparedCluster>, ignored: &Ignored, shown: &str) -> String {
    let width = terminal::width();
    let mut text = String::new();
    let differing: Vec<(&String, &ComparedCluster)> =
        clusters.iter().filter(|(_, cluster)| cluster.differs()).collect();
    let rows: Vec<(&String, &ComparedCluster)> =
        if clusters.len() <= ROWS { clusters.iter().collect() } else { differing.iter().copied().take(ROWS).collect() };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(name, cluster)| {
            let numbers = [cluster.same, cluster.differing.len(), cluster.theirs.len(), cluster.ours.len()];
            std::iter::once((*name).clone()).chain(numbers.iter().map(usize::to_string)).collect()
        })
        .collect();
    if !cells.is_empty() {
        text.push_str(&table::table(&["CLUSTER", "SAME", "DIFFERING", "ONLY THERE", "ONLY HERE"], &cells));
    }
    if clusters.len() > rows.len() {
        let left = differing.len().saturating_sub(rows.len());
        let same = clusters.len() - differing.len();
        text.push_str(&format!("and {} without a difference", count(same, "cluster")));
        text.push_str(&if left > 0 { format!(", {left} with one\n") } else { "\n".to_owned() });
    }
    let say = |text: &mut String, indent: usize, line: &str| text.push_str(&layout::sentence(indent, line, width));
    // The same difference on many clusters is told once, and so are objects that differ alike.
    let mut groups: BTreeMap<(&str, Vec<String>), WordsOnClusters<'_>> = BTreeMap::new();
    for (name, cluster) in &differing {
        for (object, _, fields) in &cluster.differing {
            let words: Vec<Words> = fields.iter().map(said).collect();
            // By the whole of what differs: words are cut, and do not tell one secret from another.
            let key = fields.iter().map(|field| format!("{field:?}")).collect();
            groups.entry((object, key)).or_insert_with(|| (words, Vec::new())).1.push(name);
        }
    }
    for ((object, _), (words, on)) in groups {
        text.push('\n');
        say(&mut text, 0, &format!("{object} differs on {}: {}", count(on.len(), "cluster"), list(on)));
        for words in words {
            say(&mut text, 2, &words.line);
            words.more.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
    }
    let by_object = |pick: &dyn Fn(&ComparedCluster) -> Vec<String>| -> BTreeMap<String, Vec<&str>> {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, cluster) in clusters {
            for object in pick(cluster) {
                found.entry(object).or_default().push(name);
            }
        }
        found
    };
    let there = by_object(&|cluster| cluster.theirs.iter().map(|(object, _)| object.clone()).collect());
    let here = by_object(&|cluster| cluster.ours.clone());
    let own = by_object(&|cluster| cluster.own.clone());
    let renamed = by_object(&|cluster| {
        cluster.renamed.iter().map(|(there, here)| format!("{there} would become {here}")).collect()
    });
    for (title, objects) in [
        ("renamed: these differ in nothing but the name, and are counted on both sides".to_owned(), renamed),
        (format!("only in {}: no task gives them, so they would be deleted, or left to nobody", plain(shown)), there),
        ("only here: these would be new".to_owned(), here),
        ("besides, fleetcron adds objects of its own, which say nothing about tasks".to_owned(), own),
    ] {
        if objects.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{title}\n"));
        for (object, on) in objects {
            say(&mut text, 2, &format!("{object} on {}: {}", count(on.len(), "cluster"), list(on)));
        }
    }
    if !ignored.is_empty() {
        text.push_str("\nnot compared, for tools and servers write them\n");
        for (what, number) in ignored {
            say(&mut text, 2, &format!("{what} ({number})"));
        }
    }
    text
}

/// A field, theirs and ours, by its path.
fn said(field: &FieldChange) -> Words {
    let hidden = field.old.as_ref().is_some_and(is_redacted) || field.new.as_ref().is_some_and(is_redacted);
    let words = words::plain(&field.at(), field);
    match (hidden, &field.old, &field.new) {
        (true, Some(_), Some(_)) => Words::of(format!("{}: changed (hidden)", field.at())),
        _ => words,
    }
}

/// What was proven, in one sentence.
fn verdict(clusters: &BTreeMap<String, ComparedCluster>, compared: usize) -> String {
    let sum = |pick: fn(&ComparedCluster) -> usize| clusters.values().map(pick).sum::<usize>();
    let (same, differing) = (sum(|cluster| cluster.same), sum(|cluster| cluster.differing.len()));
    let (theirs, ours) = (sum(|cluster| cluster.theirs.len()), sum(|cluster| cluster.ours.len()));
    let on = count(clusters.len(), "cluster");
    if differing + theirs + ours == 0 {
        let mean = if same == 1 { "means" } else { "mean" };
        return format!("\n{} on {on} {mean} the same; nothing differs\n", count(same, "object"));
    }
    let mean = if same == 1 { "means" } else { "mean" };
    format!(
        "\n{same} of {} on {on} {mean} the same; {differing} differ{}, {theirs} only there, {ours} only here\n",
        count(compared, "object"),
        if differing == 1 { "s" } else { "" },
    )
}

fn value(clusters: &BTreeMap<String, ComparedCluster>, ignored: &Ignored, strangers: &[String], shown: &str) -> Value {
    let field = |field: &FieldChange| {
        let hidden = field.old.as_ref().is_some_and(is_redacted) || field.new.as_ref().is_some_and(is_redacted);
        json!({"path": field.at(), "theirs": field.old, "ours": field.new, "hidden": hidden, "order": field.is_order()})
    };
    let one = |(name, cluster): (&String, &ComparedCluster)| {
        let differing = cluster.differing.iter().map(|(object, file, fields)| {
            json!({"object": object, "file": file, "fields": fields.iter().map(field).collect::<Vec<Value>>()})
        });
        let theirs = cluster.theirs.iter().map(|(object, file)| json!({"object": object, "file": file}));
        json!({
            "cluster": name,
            "same": cluster.same,
            "differing": differing.collect::<Vec<Value>>(),
            "onlyThere": theirs.collect::<Vec<Value>>(),
            "onlyHere": cluster.ours,
            "own": cluster.own,
            "renamed": cluster.renamed.iter().map(|(there, here)| json!({"there": there, "here": here})).collect::<Vec<Value>>(),
        })
    };
    json!({
        "against": shown,
        "differs": clusters.values().any(ComparedCluster::differs),
        "clusters": clusters.iter().map(one).collect::<Vec<Value>>(),
        "ignored": ignored,
        "noObjects": strangers,
    })
}
