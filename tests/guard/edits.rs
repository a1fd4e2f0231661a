//! No build removes the last copy of a task whose document still exists without the guard's word, over random edits.
//!
//! The oracle knows nothing of headers, locks or identities: each task has an image of its own, and a copy of it is a file
//! whose text names that image. It compares the listings before and after each build and counts by itself.
//!
//! `FLEETCRON_EDITS` sets how many edits are made in memory (2,000).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fleetcron::compile::compile;
use fleetcron::diff::{self, Allowed, Baseline, Consequences};
use fleetcron::lock;
use fleetcron::tree::{Difference, OutputTree, RepoPath, SourceTree};

use crate::support;

type Files = BTreeMap<String, Vec<u8>>;

/// A small generator, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

#[derive(Clone)]
struct Cluster {
    name: String,
    half: usize,
    taint: Option<&'static str>,
}

#[derive(Clone)]
struct Task {
    /// Its image is `example.com/t<id>:1`, whatever else changes.
    id: usize,
    name: String,
    namespace: Option<usize>,
    object: Option<usize>,
    folder: usize,
    placement: String,
    standby: bool,
    config: bool,
}

/// A repository as its author thinks of it.
#[derive(Clone)]
struct Fleet {
    clusters: Vec<Cluster>,
    tasks: Vec<Task>,
    default: usize,
    excluded: BTreeSet<usize>,
    namespaces: bool,
    made: usize,
}

const API: &str = "apiVersion: fleetcron.dev/v1alpha1";

impl Fleet {
    fn new(dice: &mut Dice) -> Self {
        let mut fleet = Self {
            clusters: Vec::new(),
            tasks: Vec::new(),
            default: 0,
            excluded: BTreeSet::new(),
            namespaces: false,
            made: 0,
        };
        for _ in 0..1 + dice.below(9) {
            fleet.add_cluster(dice);
        }
        for _ in 0..1 + dice.below(6) {
            fleet.add_task(dice);
        }
        fleet
    }

    fn add_cluster(&mut self, dice: &mut Dice) {
        self.made += 1;
        self.clusters.push(Cluster { name: format!("c{}", self.made), half: dice.below(2), taint: None });
    }

    fn add_task(&mut self, dice: &mut Dice) {
        self.made += 1;
        let task = Task {
            id: self.made,
            name: format!("n{}", self.made),
            namespace: (dice.below(2) == 0).then(|| dice.below(3)),
            object: None,
            folder: dice.below(3),
            placement: self.placement(dice),
            standby: false,
            config: dice.below(3) == 0,
        };
        self.tasks.push(task);
    }

    fn placement(&self, dice: &mut Dice) -> String {
        let any = |dice: &mut Dice| self.clusters[dice.below(self.clusters.len())].name.clone();
        match dice.below(8) {
            0 => "{clusters: []}".to_owned(),
            1 => format!("{{clusters: [{}]}}", any(dice)),
            2 => format!("{{clusters: [\"*\"], exclude: {{clusters: [{}]}}}}", any(dice)),
            3 | 4 => "{clusters: [\"*\"]}".to_owned(),
            half => format!("{{match: {{labels: {{half: h{}}}}}}}", half % 2),
        }
    }

    /// One thing that an author does, on purpose or not.
    fn edit(&mut self, dice: &mut Dice) {
        let placement = self.placement(dice);
        let (task, cluster) = (dice.below(self.tasks.len()), dice.below(self.clusters.len()));
        let (number, kind) = (dice.below(3), dice.below(20));
        match kind {
            0 if self.tasks.len() > 1 => _ = self.tasks.remove(task),
            1 if self.clusters.len() > 1 => _ = self.clusters.remove(cluster),
            2 => self.add_task(dice),
            3 => self.add_cluster(dice),
            4 => self.tasks[task].name = format!("n{}", 100 + dice.below(50)),
            5 => self.tasks[task].namespace = Some(number),
            6 => self.tasks[task].namespace = None,
            7 => self.tasks[task].object = Some(dice.below(50)),
            8 => self.tasks[task].object = None,
            9 => self.default = number,
            10 => _ = self.excluded.insert(number),
            11 => _ = self.excluded.remove(&number),
            12 => self.clusters[cluster].half = 1 - self.clusters[cluster].half,
            13 => self.clusters[cluster].taint = [None, Some("NoExecute"), Some("NoSchedule")][number],
            14 => self.tasks[task].standby = !self.tasks[task].standby,
            15 => self.namespaces = !self.namespaces,
            16 => self.tasks[task].folder = number,
            17 => self.clusters.iter_mut().for_each(|cluster| cluster.half = 1 - cluster.half),
            // Two tasks exchange their names.
            18 => {
                let other = dice.below(self.tasks.len());
                let name = std::mem::take(&mut self.tasks[task].name);
                let name = std::mem::replace(&mut self.tasks[other].name, name);
                self.tasks[task].name = if other == task { format!("n{}", 200 + number) } else { name };
            }
            _ => self.tasks[task].placement = placement,
        }
    }

    fn files(&self) -> Vec<(String, String)> {
        let excluded: Vec<String> = self.excluded.iter().map(|folder| format!("tasks/{folder}/**")).collect();
        let mut files = vec![(
            "fleetcron.yaml".to_owned(),
            format!(
                "{API}\nkind: Fleet\nmetadata: {{name: acme}}\nspec:\n  defaults: {{namespace: ns{}, timeZone: Etc/UTC}}\n  \
                 output: {{namespaces: {}}}\n  sources: {{exclude: [{}]}}\n",
                self.default,
                self.namespaces,
                excluded.join(", ")
            ),
        )];
        let mut inventory = String::new();
        for Cluster { name, half, taint } in &self.clusters {
            let taint = taint.map_or_else(String::new, |effect| format!("taints: [{{key: broken, effect: {effect}}}]"));
            let _infallible = writeln!(
                inventory,
                "---\n{API}\nkind: Cluster\nmetadata: {{name: {name}, labels: {{half: h{half}}}}}\nspec: {{{taint}}}"
            );
        }
        files.push(("clusters.yaml".to_owned(), inventory));
        for task in &self.tasks {
            let Task { id, name, folder, placement, .. } = task;
            let namespace = task.namespace.map_or_else(String::new, |at| format!(", namespace: ns{at}"));
            let object = task.object.map_or_else(String::new, |at| format!("  objectName: o{at}\n"));
            let standby = if task.standby { "  active: []\n" } else { "" };
            let config = if task.config { "  resources: [config.yml]\n" } else { "" };
            let text = format!(
                "{API}\nkind: Task\nmetadata: {{name: {name}{namespace}}}\nspec:\n  placement: {placement}\n{object}{standby}{config}  \
                 schedule: \"0 3 * * *\"\n  container: {{image: \"example.com/t{id}:1\"}}\n"
            );
            files.push((format!("tasks/{folder}/t{id}.yaml"), text));
            let name = format!("{API}\nkind: ConfigMap\nmetadata: {{name: config-{folder}}}\ndata: {{a: b}}\n");
            files.push((format!("tasks/{folder}/config.yml"), name.replace(API, "apiVersion: v1")));
        }
        files.sort();
        files.dedup();
        files
    }
}

/// What became of a build.
enum Built {
    /// The files are wrong: nothing was built.
    Wrong,
    /// The guard stopped it.
    Stopped,
    /// It went through.
    Done(Files),
}

/// Somewhere to build.
trait Place {
    /// Builds; what is stopped is built again with the names that the guard offers if `insist`.
    fn build(&mut self, fleet: &Fleet, insist: bool) -> Built;
}

/// The clusters of the copies of a task, by its image.
fn copies(output: &Files, id: usize) -> BTreeMap<String, &str> {
    let image = format!("image: \"example.com/t{id}:1\"");
    let plain = format!("image: example.com/t{id}:1");
    let mut found = BTreeMap::new();
    for (path, bytes) in output {
        let text = String::from_utf8_lossy(bytes);
        if text.contains(&image) || text.lines().any(|line| line.trim_start_matches([' ', '-']) == plain) {
            found.insert(path.split('/').next().unwrap_or_default().to_owned(), path.as_str());
        }
    }
    found
}

fn objects(output: &Files) -> BTreeSet<&str> {
    let marker = |path: &str| path.contains("/fleetcron-") && path.ends_with(".configmap.yaml");
    output.keys().map(String::as_str).filter(|path| !marker(path)).collect()
}

fn many(lost: usize, before: usize) -> bool {
    lost >= 5 && lost * 100 > before * 30
}

/// Why the guard had to say a word about a change, by listings alone; `None` if it may be silent.
fn word(fleet: &Fleet, before: &Files, after: &Files) -> Option<String> {
    let drained = |cluster: &str| {
        let known = fleet.clusters.iter().find(|known| known.name == cluster);
        known.is_some_and(|cluster| cluster.taint == Some("NoExecute"))
    };
    for Task { id, name, .. } in &fleet.tasks {
        let (was, is) = (copies(before, *id), copies(after, *id));
        let was: BTreeMap<_, _> = was.into_iter().filter(|(cluster, _)| !drained(cluster)).collect();
        if !was.is_empty() && is.is_empty() {
            return Some(format!("the last copy of {name} is gone"));
        }
        let lost = was.values().filter(|path| !after.contains_key(**path)).count();
        if many(lost, was.len()) {
            return Some(format!("{lost} of {} copies of {name} are gone", was.len()));
        }
    }
    let (was, is) = (objects(before), objects(after));
    let of =
        |set: &BTreeSet<&str>, cluster: &str| set.iter().filter(|path| path.split('/').next() == Some(cluster)).count();
    let gone: BTreeSet<&str> = was.difference(&is).copied().collect();
    let clusters: BTreeSet<&str> = was.iter().filter_map(|path| path.split('/').next()).collect();
    for cluster in clusters.iter().filter(|cluster| !drained(cluster)) {
        if of(&is, cluster) == 0 || many(of(&gone, cluster), of(&was, cluster)) {
            return Some(format!("{cluster} loses {} of {} objects", of(&gone, cluster), of(&was, cluster)));
        }
    }
    let counts = |path: &&&str| !path.split('/').next().is_some_and(drained);
    let (gone, was) = (gone.iter().filter(counts).count(), was.iter().filter(counts).count());
    many(gone, was).then(|| format!("the fleet loses {gone} of {was} objects"))
}

/// Makes edits, builds after each, and holds every silent build against the oracle.
fn edits(number: usize, seed: u64, mut place: impl FnMut() -> Box<dyn Place>) -> [usize; 4] {
    let mut dice = Dice(seed);
    let [mut wrong, mut stopped, mut silent, mut lossy] = [0; 4];
    let mut done = 0;
    while done < number {
        let mut home = place();
        let mut fleet = Fleet::new(&mut dice);
        let Built::Done(mut output) = home.build(&fleet, false) else { continue };
        for _ in 0..40 {
            let before = fleet.clone();
            fleet.edit(&mut dice);
            done += 1;
            let insist = dice.below(2) == 0;
            match home.build(&fleet, insist) {
                Built::Wrong => {
                    wrong += 1;
                    fleet = before;
                }
                Built::Stopped => {
                    stopped += 1;
                    match insist {
                        true => {
                            let Built::Done(next) = home.build(&fleet, false) else { panic!("it was allowed") };
                            output = next;
                        }
                        false => fleet = before,
                    }
                }
                Built::Done(next) => {
                    let why = word(&fleet, &output, &next);
                    assert_eq!(why, None, "seed {seed}, edit {done}: the guard is silent\n{:#?}", fleet.files());
                    silent += 1;
                    lossy += usize::from(output.keys().any(|path| !next.contains_key(path)));
                    output = next;
                }
            }
        }
    }
    [wrong, stopped, silent, lossy]
}

/// A repository that was never written.
#[derive(Default)]
struct Memory {
    lock: Option<Vec<u8>>,
    output: OutputTree,
}

impl Place for Memory {
    fn build(&mut self, fleet: &Fleet, insist: bool) -> Built {
        let mut files = fleet.files();
        files.extend(
            self.lock.iter().map(|lock| ("fleetcron.lock".to_owned(), String::from_utf8_lossy(lock).into_owned())),
        );
        let sources = SourceTree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let compilation = compile(&sources);
        if compilation.diags.has_errors() {
            return Built::Wrong;
        }
        let (standing, mut contents) = (self.output.standing(), self.output.contents());
        let Ok(difference) = Difference::between(&compilation.output, &standing, &mut contents);
        let found = sources.get(&RepoPath::new("fleetcron.lock").expect("a path"));
        let found = found.map(|(id, file)| lock::read(id, &file.bytes, &mut fleetcron::diag::Diagnostics::new()));
        let recorded = found.map(|found| diff::recorded(&found)).unwrap_or_default();
        let (drained, consequences) = (BTreeSet::new(), Consequences::default());
        let baseline =
            Baseline { difference: &difference, recorded: &recorded, drained: &drained, consequences: &consequences };
        let losses = diff::losses(&compilation, baseline, |_| true);
        let guards = compilation.model.fleet.guards;
        let refusals = diff::guard(&losses, guards, &Allowed::default());
        let stopped = !refusals.is_empty();
        if stopped {
            assert!(!losses.losses.is_empty() || losses.tasks.values().any(|copies| !copies.lost.is_empty()));
            let names = diff::names_to_allow(&losses, guards, &Allowed::default(), &refusals);
            let left = diff::guard(&losses, guards, &Allowed::new(names));
            assert!(left.is_empty(), "{left:?}");
            if !insist {
                return Built::Stopped;
            }
        }
        self.lock = Some(compilation.lock.bytes());
        self.output = compilation.output;
        if stopped { Built::Stopped } else { Built::Done(listed(&self.output)) }
    }
}

fn listed(output: &OutputTree) -> Files {
    output.files().map(|(path, bytes): (&RepoPath, &Arc<[u8]>)| (path.to_string(), bytes.to_vec())).collect()
}

/// A repository on disk, and the program.
struct Disk(tempfile::TempDir);

impl Place for Disk {
    fn build(&mut self, fleet: &Fleet, insist: bool) -> Built {
        let dir = self.0.path();
        let _gone = fs::remove_dir_all(dir.join("tasks"));
        support::put(dir, &fleet.files());
        let listing = |dir: &Path| support::read(&dir.join("rendered"));
        let before = listing(dir);
        let built = support::run(dir, &["build"]);
        if built.status.success() {
            return Built::Done(listing(dir));
        }
        assert!(listing(dir) == before, "a build that fails writes nothing");
        let told = support::grumbled(&built);
        if !told.contains("error[deletions]") {
            return Built::Wrong;
        }
        if insist {
            support::fine(&support::run(dir, &["build", "--allow-deletions", &super::hint(&told)]));
        }
        Built::Stopped
    }
}

#[test]
fn no_last_copy_of_an_existing_task_goes_without_a_word() {
    let number = std::env::var("FLEETCRON_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let [wrong, stopped, silent, lossy] = edits(number, 0x5eed_cafe, || Box::<Memory>::default());
    println!("{number} edits: {wrong} wrong, {stopped} stopped, {silent} silent, {lossy} of them with deletions");
    assert!(stopped * 10 > number && lossy * 20 > number, "the edits are not of the kind that matters");
}

#[test]
fn no_build_on_disk_removes_the_last_copy_without_a_word() {
    let [wrong, stopped, silent, lossy] = edits(240, 0xd15c, || Box::new(Disk(tempfile::tempdir().expect("a folder"))));
    println!("{wrong} wrong, {stopped} stopped, {silent} silent, {lossy} of them with deletions");
    assert!(stopped > 20 && lossy > 10, "the edits are not of the kind that matters");
}
