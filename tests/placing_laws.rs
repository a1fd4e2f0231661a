//! The laws of placing with a record, over small random fleets.
//!
//! The one idea: a fleet is a value that is written as text, compiled, and compiled again with its own lock, or after one
//! thing in it has changed. Witnesses, clusters with a taint that nothing tolerates, carry the regions and labels that
//! are asked for and that no other has, so that a task never asks for what nobody has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use fleetcron::compile::{Compilation, compile_watched};
use fleetcron::diag::{Code, Diagnostics};
use fleetcron::lock::{self, Lock, LockMode, Record};
use fleetcron::tree::{FileId, SourceTree};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::support;

const API: &str = "apiVersion: fleetcron.dev/v1alpha1\n";
/// Pods that a cluster with a capacity offers.
const PODS: u64 = 9;
const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

#[derive(Clone, Debug, PartialEq)]
struct Cluster {
    region: u8,
    test: bool,
    /// Key and effect.
    taint: Option<(u8, usize)>,
    cpu: Option<u8>,
}

#[derive(Clone, Debug)]
enum Place {
    All,
    Region(u8),
    Env(bool),
    Fallback(u8, u8),
}

#[derive(Clone, Debug)]
enum Spread {
    Clusters(u8, u8),
    Regions(u8, u8),
    Both(u8, u8),
}

#[derive(Clone, Debug)]
enum Active {
    Max(u8),
    Env(bool, Option<u8>),
    Region(u8),
}

#[derive(Clone, Debug)]
struct Task {
    place: Place,
    /// The key of taints that it bears.
    bears: Option<u8>,
    strategy: &'static str,
    spread: Option<Spread>,
    instances: Option<u8>,
    completions: Option<u8>,
    active: Option<Active>,
    once: bool,
    /// Processors that one instance requests.
    cpu: u8,
}

#[derive(Clone, Debug)]
struct Fleet {
    clusters: BTreeMap<u8, Cluster>,
    tasks: BTreeMap<u8, Task>,
}

fn env(test: bool) -> &'static str {
    if test { "test" } else { "prod" }
}

impl Cluster {
    fn text(&self, name: &str) -> String {
        let mut text = format!(
            "{API}kind: Cluster\nmetadata: {{name: {name}, labels: {{env: {}}}}}\nspec:\n  region: r{}\n",
            env(self.test),
            self.region
        );
        if let Some((key, effect)) = self.taint {
            let _infallible = writeln!(text, "  taints: [{{key: k{key}, effect: {}}}]", EFFECTS[effect]);
        }
        if let Some(cpu) = self.cpu {
            let _infallible = writeln!(text, "  capacity: {{allocatable: {{cpu: \"{cpu}\", pods: \"9\"}}}}");
        }
        text
    }
}

impl Task {
    fn chooses(&self) -> bool {
        self.spread.is_some() || ["Aggregated", "DynamicWeight"].contains(&self.strategy)
    }

    fn divides(&self) -> bool {
        self.strategy != "Duplicated"
    }

    fn text(&self, name: u8) -> String {
        let mut placement = match &self.place {
            Place::All => "clusters: \"*\"".to_owned(),
            Place::Region(region) => format!("match: {{region: r{region}}}"),
            Place::Env(test) => format!("match: {{labels: {{env: {}}}}}", env(*test)),
            Place::Fallback(one, two) => {
                format!(
                    "fallback: [{{name: one, match: {{region: r{one}}}}}, {{name: two, match: {{region: r{two}}}}}]"
                )
            }
        };
        let _infallible = write!(placement, ", strategy: {}", self.strategy);
        if let Some(key) = self.bears {
            let _infallible = write!(placement, ", tolerations: [{{key: k{key}, operator: Exists}}]");
        }
        let range = |by: &str, min: u8, more: u8| format!("{{by: {by}, min: {min}, max: {}}}", min + more);
        match &self.spread {
            Some(Spread::Clusters(min, more)) => {
                let _infallible = write!(placement, ", spread: [{}]", range("cluster", *min, *more));
            }
            Some(Spread::Regions(min, more)) => {
                let _infallible = write!(placement, ", spread: [{}]", range("region", *min, *more));
            }
            Some(Spread::Both(min, more)) => {
                let (regions, clusters) = (range("region", *min, 0), range("cluster", *min, *more));
                let _infallible = write!(placement, ", spread: [{regions}, {clusters}]");
            }
            None => {}
        }
        if self.strategy == "StaticWeight" {
            placement.push_str(", weights: [{weight: 3, match: {region: r0}}, {weight: 1, clusters: \"*\"}]");
        }
        let mut text = format!(
            "{API}kind: Task\nmetadata: {{name: t{name}, namespace: jobs}}\nspec:\n  placement: {{{placement}}}\n"
        );
        self.instances.iter().for_each(|n| text.push_str(&format!("  instances: {n}\n")));
        match &self.active {
            Some(Active::Max(max)) => text.push_str(&format!("  active: {{max: {max}}}\n")),
            Some(Active::Env(test, max)) => {
                let max = max.map(|max| format!(", max: {max}")).unwrap_or_default();
                text.push_str(&format!("  active: {{match: {{labels: {{env: {}}}}}{max}}}\n", env(*test)));
            }
            Some(Active::Region(region)) => text.push_str(&format!("  active: {{match: {{region: r{region}}}}}\n")),
            None => {}
        }
        if self.once {
            text.push_str("  once: true\n");
        }
        let completions = self.completions.map(|n| format!(", completions: {n}")).unwrap_or_default();
        text.push_str(&format!("  job: {{startingDeadlineSeconds: 300{completions}}}\n"));
        text.push_str("  schedule: {cron: \"0 3 * * *\", timeZone: Etc/UTC}\n");
        text.push_str("  container: {image: \"busybox:1.36\", resources: {requests: {cpu: \"");
        let _infallible = writeln!(text, "{}\"}}}}}}", self.cpu);
        text
    }
}

impl Fleet {
    /// The files, with a lock if there is one.
    fn tree(&self, lock: Option<&[u8]>) -> SourceTree {
        let tasks: String = self.tasks.iter().map(|(name, task)| format!("---\n{}", task.text(*name))).collect();
        let mut clusters = String::new();
        for (region, test) in [(0, false), (1, true), (2, false)] {
            let lacks = |asked: String, has: fn(&Cluster, u8, bool) -> bool| {
                tasks.contains(&asked) && !self.clusters.values().any(|cluster| has(cluster, region, test))
            };
            if lacks(format!("region: r{region}"), |cluster, region, _| cluster.region == region)
                || lacks(format!("env: {}", env(test)), |cluster, _, test| cluster.test == test)
            {
                let witness = Cluster { region, test, taint: Some((9, 1)), cpu: None };
                clusters.push_str(&format!("---\n{}", witness.text(&format!("w{region}"))));
            }
        }
        for (name, cluster) in &self.clusters {
            clusters.push_str(&format!("---\n{}", cluster.text(&format!("c{name}"))));
        }
        let lock = lock.map(|lock| (lock::PATH, std::str::from_utf8(lock).expect("text")));
        SourceTree::of([("clusters.yaml", clusters.as_str()), ("tasks.yaml", tasks.as_str())].into_iter().chain(lock))
    }

    fn compile(&self, lock: Option<&[u8]>, mode: &LockMode) -> Compilation {
        compile_watched(&self.tree(lock), mode, |_| {})
    }

    /// The same without the tasks that do not compile, with its lock; `None` if nothing is left.
    fn settled(mut self) -> Option<(Self, Compilation)> {
        let wrong = self.wrong(&self.compile(None, &LockMode::Steady), None);
        self.tasks.retain(|name, _| !wrong.contains(&format!("jobs/t{name}")));
        let compilation = self.compile(None, &LockMode::Steady);
        let errors = support::errors(&compilation, &self.tree(None));
        assert!(errors.is_empty(), "{errors:?}\n{self:?}");
        (!self.tasks.is_empty()).then_some((self, compilation))
    }

    /// The tasks that an error speaks of.
    fn wrong(&self, compilation: &Compilation, lock: Option<&[u8]>) -> BTreeSet<String> {
        let sources = self.tree(lock);
        let errors = support::errors(compilation, &sources);
        let names = self.tasks.keys().map(|name| format!("jobs/t{name}"));
        let of = |task: &String| errors.iter().any(|error| error.contains(&format!("`{task}`")));
        let found: BTreeSet<String> = names.filter(of).collect();
        assert!(errors.iter().all(|error| found.iter().any(|task| error.contains(&format!("`{task}`")))), "{errors:?}");
        found
    }

    fn task(&self, identity: &str) -> &Task {
        &self.tasks[&identity.trim_start_matches("jobs/t").parse::<u8>().expect("a number")]
    }
}

fn a_cluster() -> impl Strategy<Value = Cluster> {
    let taint = prop_oneof![3 => Just(None), 2 => (0..2u8, 0..3usize).prop_map(Some)];
    let cpu = prop_oneof![1 => Just(None), 6 => (0..9u8).prop_map(Some)];
    (0..3u8, any::<bool>(), taint, cpu).prop_map(|(region, test, taint, cpu)| Cluster { region, test, taint, cpu })
}

fn a_task() -> impl Strategy<Value = Task> {
    let place = prop_oneof![
        3 => Just(Place::All),
        1 => (0..3u8).prop_map(Place::Region),
        1 => any::<bool>().prop_map(Place::Env),
        1 => (0..3u8, 1..3u8).prop_map(|(one, more)| Place::Fallback(one, (one + more) % 3)),
    ];
    let spread = prop_oneof![
        3 => Just(None),
        3 => (1..3u8, 0..3u8).prop_map(|(min, more)| Some(Spread::Clusters(min, more))),
        1 => (1..3u8, 0..2u8).prop_map(|(min, more)| Some(Spread::Regions(min, more))),
        1 => (1..3u8, 0..2u8).prop_map(|(min, more)| Some(Spread::Both(min, more))),
    ];
    let active = prop_oneof![
        3 => Just(None),
        3 => (1..3u8).prop_map(|max| Some(Active::Max(max))),
        1 => (any::<bool>(), proptest::option::of(1..3u8)).prop_map(|(test, max)| Some(Active::Env(test, max))),
        1 => (0..3u8).prop_map(|region| Some(Active::Region(region))),
    ];
    let strategy = select(vec!["Duplicated", "Duplicated", "Aggregated", "DynamicWeight", "StaticWeight"]);
    let numbers = (proptest::option::of(1..8u8), proptest::option::weighted(0.2, 1..20u8));
    let bears = proptest::option::of(0..2u8);
    (place, bears, strategy, spread, numbers, active).prop_map(|(place, bears, strategy, spread, numbers, active)| {
        let spread = spread.filter(|_| strategy != "StaticWeight");
        let (instances, completions) = numbers;
        // What shares instances out cannot have copies that stand by.
        let active = active.filter(|_| strategy == "Duplicated");
        Task { place, bears, strategy, spread, instances, completions, active, once: false, cpu: 1 }
    })
}

fn a_fleet() -> impl Strategy<Value = Fleet> {
    let clusters = proptest::collection::btree_map(0..8u8, a_cluster(), 1..7);
    let tasks = proptest::collection::btree_map(0..5u8, a_task(), 1..5);
    (clusters, tasks).prop_map(|(clusters, tasks)| Fleet { clusters, tasks })
}

/// Always the same cases, which nothing on disk adds to.
fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(0x5eed), ..Config::default() }
}

fn no_errors(fleet: &Fleet, compilation: &Compilation, lock: &[u8]) -> Result<(), TestCaseError> {
    let errors = support::errors(compilation, &fleet.tree(Some(lock)));
    prop_assert!(errors.is_empty(), "{errors:?}");
    Ok(())
}

/// `then` is the lock: nothing changes, whoever looks and however.
fn rests(fleet: &Fleet, then: &Compilation) -> Result<(), TestCaseError> {
    let bytes = then.lock.bytes();
    for mode in [LockMode::Steady, LockMode::Locked, LockMode::Frozen] {
        let now = fleet.compile(Some(&bytes), &mode);
        no_errors(fleet, &now, &bytes)?;
        prop_assert!(support::output(&now) == support::output(then), "{mode:?}");
        prop_assert_eq!(&now.lock, &then.lock, "{:?}", mode);
        prop_assert!(now.drift.is_empty() && !now.lock_differs, "{mode:?}: {:?}", now.drift);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_second_build_changes_nothing_in_any_mode(fleet in a_fleet()) {
        if let Some((fleet, compilation)) = fleet.settled() {
            rests(&fleet, &compilation)?;
        }
    }

    /// Whatever was recorded before, one build settles it.
    #[test]
    fn one_build_settles_it(before in a_fleet(), fleet in a_fleet()) {
        if let (Some((_, before)), Some((mut fleet, _))) = (before.settled(), fleet.settled()) {
            let then = before.lock.bytes();
            let now = fleet.compile(Some(&then), &LockMode::Steady);
            let wrong = fleet.wrong(&now, Some(&then));
            fleet.tasks.retain(|name, _| !wrong.contains(&format!("jobs/t{name}")));
            let now = fleet.compile(Some(&then), &LockMode::Steady);
            no_errors(&fleet, &now, &then)?;
            if !fleet.tasks.is_empty() {
                rests(&fleet, &now)?;
            }
        }
    }

    #[test]
    fn the_order_of_lines_means_nothing(fleet in a_fleet(), order in any::<u64>()) {
        if let Some((fleet, then)) = fleet.settled() {
            let bytes = then.lock.bytes();
            let mut lines: Vec<&str> = std::str::from_utf8(&bytes).expect("text").lines().collect();
            lines.sort_by_key(|line| line.bytes().fold(order, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)));
            let shuffled = lines.join("\r\n");
            for mode in [LockMode::Steady, LockMode::Locked, LockMode::Frozen] {
                let now = fleet.compile(Some(shuffled.as_bytes()), &mode);
                no_errors(&fleet, &now, shuffled.as_bytes())?;
                prop_assert_eq!(&now.lock, &then.lock);
                prop_assert!(support::output(&now) == support::output(&then) && now.drift.is_empty());
            }
        }
    }

    #[test]
    fn removing_a_cluster_moves_only_what_is_on_it(fleet in a_fleet(), gone in any::<Index>()) {
        if let Some((mut fleet, then)) = fleet.settled() {
            let names: Vec<u8> = fleet.clusters.keys().copied().collect();
            let gone = names[gone.index(names.len())];
            fleet.clusters.remove(&gone);
            let gone = format!("c{gone}");
            let now = fleet.compile(Some(&then.lock.bytes()), &LockMode::Steady);
            for (task, record) in &then.lock.tasks {
                let said = fleet.task(task);
                let left = now.lock.tasks.get(task);
                if !record.clusters.contains_key(&gone) {
                    // Shares by weight follow the inventory.
                    if said.strategy != "StaticWeight" {
                        prop_assert_eq!(left, Some(record), "{}", task);
                    }
                } else if let Some(left) = left && said.spread.is_none() && !matches!(said.place, Place::Fallback(..)) {
                    for (name, instances) in record.clusters.iter().filter(|(name, _)| **name != gone) {
                        prop_assert!(left.clusters.get(name) >= Some(instances), "{task}: {name} in {left:?}");
                    }
                }
            }
            let moved: BTreeSet<&String> = now.drift.iter().map(|drift| &drift.task).collect();
            for task in moved {
                prop_assert!(then.lock.tasks[task].clusters.contains_key(&gone) || fleet.task(task).strategy == "StaticWeight");
            }
        }
    }

    #[test]
    fn adding_a_cluster_moves_nothing_that_is_recorded(fleet in a_fleet(), new in a_cluster()) {
        if let Some((mut fleet, then)) = fleet.settled() {
            fleet.clusters.insert(9, new);
            let lock = then.lock.bytes();
            let now = fleet.compile(Some(&lock), &LockMode::Steady);
            no_errors(&fleet, &now, &lock)?;
            // An instance moves where a spread asked for one and nobody had room.
            let unmet = |task: &str| {
                let mut found = then.diags.iter().filter(|found| found.code == Code::UnmetSpread);
                found.any(|found| found.message.contains(&format!("`{task}`")))
            };
            for (task, record) in then.lock.tasks.iter().filter(|(task, _)| !unmet(task)) {
                let (said, left) = (fleet.task(task), &now.lock.tasks[task]);
                if said.chooses() {
                    prop_assert_eq!(left, record, "{}", task);
                } else if !said.divides() {
                    let others: BTreeMap<&String, &i64> = left.clusters.iter().filter(|(name, _)| *name != "c9").collect();
                    prop_assert!(others.into_iter().eq(&record.clusters), "{task}: {left:?}");
                    prop_assert!(left.active.is_superset(&record.active), "{task}: {left:?}");
                }
                prop_assert_eq!(&left.group, &record.group);
            }
        }
    }

    #[test]
    fn shares_add_up(fleet in a_fleet()) {
        if let Some((fleet, compilation)) = fleet.settled() {
            for (name, task) in &fleet.tasks {
                let path = format!("/jobs/t{name}.cronjob.yaml");
                let found: Vec<String> = (compilation.output.files())
                    .filter(|(at, _)| at.to_string().ends_with(&path))
                    .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
                    .collect();
                let number = |text: &String, field: &str| -> u64 {
                    let line = text.lines().find_map(|line| line.trim().strip_prefix(field));
                    line.map_or(1, |number| number.trim().parse().expect("a number"))
                };
                let sum = |field: &str| found.iter().map(|text| number(text, field)).sum::<u64>();
                let (parallelism, completions) = (sum("parallelism:"), sum("completions:"));
                let instances = u64::from(task.instances.unwrap_or(1));
                let copies = if task.divides() { 1 } else { found.len() as u64 };
                let whole = task.completions.map_or(instances, u64::from);
                // Never more instances than completions, where they are shared out.
                let running = if task.divides() { instances.min(whole) } else { instances };
                prop_assert_eq!(parallelism, running * copies, "{:?}", found);
                prop_assert_eq!(completions, whole * copies, "{:?}", found);
                let record = &compilation.lock.tasks[&format!("jobs/t{name}")];
                prop_assert_eq!(record.clusters.len(), found.len());
                // What is recorded is how many pods a run has.
                let pods = running.min(whole) * copies;
                prop_assert_eq!(record.clusters.values().sum::<i64>(), i64::try_from(pods).expect("small"));
            }
        }
    }
}

/// Pods of one run and whether it is suspended, of every CronJob that was written, by cluster and task.
fn written(compilation: &Compilation) -> BTreeMap<(String, String), (u64, bool)> {
    let mut found = BTreeMap::new();
    for (path, bytes) in compilation.output.files() {
        let path = path.to_string();
        let Some((cluster, task)) = path.strip_suffix(".cronjob.yaml").and_then(|path| path.split_once("/jobs/"))
        else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
        let number = |name: &str| field(name).map_or(1, |number| number.parse::<u64>().expect("a number"));
        // Completions bound the pods only where they are given.
        let pods = number("parallelism:").min(field("completions:").map_or(u64::MAX, |_| number("completions:")));
        found.insert((cluster.to_owned(), task.to_owned()), (pods, text.contains("\n  suspend: true\n")));
    }
    found
}

/// The clusters of which more is asked than they have, worked out from the files that were written and the fleet: pods of
/// all copies that run, by what one of them requests, against what was put into the inventory.
fn too_full(fleet: &Fleet, compilation: &Compilation) -> BTreeSet<String> {
    let mut asked: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((cluster, task), (pods, suspended)) in written(compilation) {
        if !suspended {
            let sum = asked.entry(cluster).or_default();
            let cpu = u64::from(fleet.task(&format!("jobs/{task}")).cpu);
            *sum = (sum.0 + pods * cpu, sum.1 + pods);
        }
    }
    let full = fleet.clusters.iter().filter(|(name, cluster)| {
        let (cpu, pods) = asked.get(&format!("c{name}")).copied().unwrap_or_default();
        cluster.cpu.is_some_and(|offered| cpu > u64::from(offered) || pods > PODS)
    });
    full.map(|(name, _)| format!("c{name}")).collect()
}

/// The clusters that `overcommitted` names.
fn overcommitted(compilation: &Compilation) -> BTreeSet<String> {
    let found = (&compilation.diags).into_iter().filter(|found| found.code == Code::Overcommitted);
    found.flat_map(|found| found.clusters.iter().flat_map(|clusters| clusters.names.clone())).collect()
}

/// What grows: instances, and what one of them requests.
fn grow(task: &mut Task, more: u8, cpu: u8) {
    task.instances = Some(task.instances.unwrap_or(1) + more);
    task.cpu = cpu;
}

proptest! {
    #![proptest_config(config(300))]

    /// Whatever was recorded, and whatever grew, shrank, came or went since: what is negative is said, and nothing else.
    #[test]
    fn nothing_is_negative_without_a_word(
        before in a_fleet(), fleet in a_fleet(), same in any::<bool>(), more in 0..9u8, cpu in 1..4u8,
    ) {
        let Some((then, record)) = before.settled() else { return Ok(()) };
        let mut fleet = if same { then } else { fleet };
        fleet.tasks.values_mut().for_each(|task| grow(task, more, cpu));
        let lock = record.lock.bytes();
        let wrong = fleet.wrong(&fleet.compile(Some(&lock), &LockMode::Steady), Some(&lock));
        fleet.tasks.retain(|name, _| !wrong.contains(&format!("jobs/t{name}")));
        let now = fleet.compile(Some(&lock), &LockMode::Steady);
        no_errors(&fleet, &now, &lock)?;
        prop_assert_eq!(overcommitted(&now), too_full(&fleet, &now));
    }

    /// On growth the recorded copies count against what is free: no cluster gets more than a new task could put there, and
    /// what does not fit is refused as a new task is.
    #[test]
    fn growth_counts_what_is_recorded(fleet in a_fleet(), more in 0..9u8, cpu in 1..4u8) {
        let Some((mut fleet, then)) = fleet.settled() else { return Ok(()) };
        prop_assume!(more > 0 || cpu > 1);
        fleet.tasks.values_mut().for_each(|task| grow(task, more, cpu));
        let lock = then.lock.bytes();
        let wrong = fleet.wrong(&fleet.compile(Some(&lock), &LockMode::Steady), Some(&lock));
        let fresh = fleet.wrong(&fleet.compile(None, &LockMode::Steady), None);
        for task in &wrong {
            let said = fleet.task(task);
            prop_assert!(fresh.contains(task) || said.spread.is_some(), "{task} is refused and would fit as a new task");
        }
        fleet.tasks.retain(|name, _| !wrong.contains(&format!("jobs/t{name}")));
        let now = fleet.compile(Some(&lock), &LockMode::Steady);
        for ((cluster, task), (pods, _)) in written(&now) {
            let said = fleet.task(&format!("jobs/{task}"));
            // Instances that are more than the completions never run, and are not placed.
            let record = |lock: &Lock| lock.tasks[&format!("jobs/{task}")].clone();
            let grew = record(&now.lock).digest != record(&then.lock).digest;
            if ["Aggregated", "DynamicWeight"].contains(&said.strategy) && grew {
                let cluster: u8 = cluster.trim_start_matches('c').parse().expect("a number");
                let offered = u64::from(fleet.clusters[&cluster].cpu.unwrap_or(0));
                prop_assert!(pods * u64::from(said.cpu) <= offered && pods <= PODS, "{task} has {pods} pods on c{cluster}");
            }
        }
    }
}

/// The CronJobs of an output that run.
fn running(compilation: &Compilation) -> usize {
    let texts = compilation.output.files().filter(|(path, _)| path.to_string().ends_with(".cronjob.yaml"));
    let suspended = |text: &[u8]| text.split(|byte| *byte == b'\n').any(|line| line == b"  suspend: true");
    texts.filter(|(_, bytes)| !suspended(bytes)).count()
}

/// `FLEETCRON_ONCE_CASES` looks further.
#[test]
fn once_never_passes_with_other_than_one() {
    let cases = std::env::var("FLEETCRON_ONCE_CASES").ok().map_or(10_000, |n| n.parse::<usize>().expect("a number"));
    let mut runner = TestRunner::new(config(1));
    let fleet = (proptest::collection::btree_map(0..6u8, a_cluster(), 1..6), a_task(), any::<bool>());
    let began = Instant::now();
    let (mut passed, mut lock) = (0, None::<Vec<u8>>);
    for case in 0..cases {
        let (clusters, mut task, steady) = fleet.new_tree(&mut runner).expect("a fleet").current();
        task.once = true;
        let fleet = Fleet { clusters, tasks: BTreeMap::from([(0, task)]) };
        // Half of the fleets come after another one, whose record may mean anything to them.
        let compilation = fleet.compile(lock.as_deref().filter(|_| steady), &LockMode::Steady);
        if !compilation.diags.has_errors() {
            assert_eq!(running(&compilation), 1, "case {case}: {fleet:?}");
            passed += 1;
            lock = Some(compilation.lock.bytes());
        }
    }
    println!("{passed} of {cases} passed in {:.1} s", began.elapsed().as_secs_f32());
    assert!(passed * 10 > cases, "only {passed} of {cases} say anything");
}

const WORDS: [&str; 16] = [
    "# fleetcron.lock version 1",
    "# fleetcron.lock version 1.2: x",
    "# fleetcron.lock version 2",
    "<<<<<<< HEAD",
    "||||||| base",
    "=======",
    ">>>>>>> x",
    "a/b cluster c 1",
    "a/b cluster c 2",
    "a/b cluster d 99999999999999999999",
    "a/b group g",
    "a/b active c",
    "a/b digest 00",
    "a/b since 2031",
    "a/b  ",
    "\u{feff}",
];

fn a_word() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9./-]{0,8}"
}

fn a_record() -> impl Strategy<Value = Record> {
    let names = || proptest::collection::btree_set(a_word(), 0..3);
    let more = proptest::collection::btree_set((a_word(), a_word()).prop_map(|(a, b)| format!("x{a} {b}")), 0..2);
    (
        proptest::collection::btree_map(a_word(), 1..i64::MAX, 1..4),
        proptest::option::of(a_word()),
        names(),
        proptest::option::of(a_word()),
        more,
    )
        .prop_map(|(clusters, group, active, digest, more)| Record { clusters, group, active, digest, more })
}

fn read(bytes: &[u8]) -> (lock::ParsedLock, Diagnostics) {
    let mut diags = Diagnostics::new();
    let found = lock::read(FileId(0), bytes, &mut diags);
    (found, diags)
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn what_is_written_is_read(tasks in proptest::collection::btree_map(a_word(), a_record(), 0..4), minor in 1..9u32) {
        let lock = Lock { tasks, minor };
        let (found, diags) = read(&lock.bytes());
        let newer = lock.tasks.values().any(|record| !record.more.is_empty());
        prop_assert!(!found.broken && !diags.has_errors());
        prop_assert_eq!((&diags).into_iter().any(|diagnostic| diagnostic.code == Code::LockNewer), newer);
        let again = Lock { tasks: found.tasks.into_iter().map(|(task, entry)| (task, entry.record)).collect(), minor: found.minor };
        prop_assert_eq!(&again.tasks, &lock.tasks, "facts that it does not know are kept");
        prop_assert_eq!(again.bytes(), lock.bytes());
    }

    #[test]
    fn no_lock_makes_it_panic(
        lines in proptest::collection::vec(prop_oneof![select(WORDS.to_vec()).prop_map(|word| word.as_bytes().to_vec()), any::<Vec<u8>>()], 0..12),
        ends in select(vec!["\n", "\r\n", "", "\r"]),
    ) {
        let bytes = lines.join(ends.as_bytes());
        let (found, diags) = read(&bytes);
        prop_assert!(!found.broken || diags.has_errors());
        for diagnostic in &diags {
            if let fleetcron::diag::Place::Text(span) = &diagnostic.place {
                prop_assert!(span.start <= span.end && span.end as usize <= bytes.len());
            }
        }
        // And what was understood can be written and read.
        let lock = Lock { tasks: found.tasks.into_iter().map(|(task, entry)| (task, entry.record)).collect(), minor: found.minor };
        let (again, diags) = read(&lock.bytes());
        prop_assert!(!again.broken && !diags.has_errors() && again.tasks.values().all(|entry| entry.contradictions.is_empty()));
    }
}
