//! Finds bases: what several tasks say alike, at most two for a task.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::across::{Spread, layer_of};
use super::layer::{difference, lay};
use super::leaves::{LeafOrders, Parts, step};
use super::selectors::{Described, name_of, select};
use super::variables::unique;
use super::write::{self, WrittenEntry};

/// At most so many bases make a task: more would hide the job.
const MOST: usize = 2;

/// A base, and the tasks that have it.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) name: String,
    parts: Parts,
    differences: BTreeMap<(Vec<usize>, String), Value>,
    pub(super) users: Vec<usize>,
}

/// A task on its way: what its bases say already.
#[derive(Clone)]
struct Standing {
    bases: Vec<usize>,
    merged: Value,
    given: BTreeSet<(Vec<usize>, String)>,
    /// The texts of the units that the bases give, by path, and the orders of their lists.
    units: Arc<BTreeMap<String, String>>,
    orders: Arc<LeafOrders>,
    lines: usize,
}

impl Standing {
    fn new(merged: Value) -> Self {
        let (units, orders) = Default::default();
        let mut standing = Self { bases: Vec::new(), merged, given: BTreeSet::new(), units, orders, lines: 0 };
        standing.look();
        standing
    }

    /// Looks at what the bases give by now.
    fn look(&mut self) {
        let parts = Parts::of(&self.merged);
        self.units = Arc::new(units(&parts).into_iter().map(|(path, unit)| (path.to_owned(), unit.text)).collect());
        self.orders = Arc::new(parts.orders);
    }
}

/// Tasks with their bases.
pub(super) struct BasePlan<'t> {
    tasks: &'t [Spread],
    bodies: Vec<Value>,
    units: Vec<BTreeMap<&'t str, BaseUnit<'t>>>,
    clusters: &'t [Described],
    /// By task and clusters, what no layer says.
    patches: BTreeMap<usize, BTreeMap<Vec<usize>, Value>>,
    standing: Vec<Standing>,
    pub(super) bases: Vec<Base>,
}

/// What enters a base as a whole: a leaf, or an item of a list with all its leaves.
#[derive(Clone, Debug)]
struct BaseUnit<'t> {
    text: String,
    leaves: Vec<(&'t String, &'t Value)>,
}

/// Fields that a later layer can replace and not remove.
fn must_be_everywhere(path: &str) -> bool {
    ["placement", "active", "objectName", "namespace", "schedule", "container/image", "container/name"].contains(&path)
}

/// What tells a reader what the job is: a base holds it only for tasks that all have it so.
fn is_the_job(path: &str) -> bool {
    ["schedule", "container/image", "container/command", "container/args"].contains(&path)
}

/// Fields of a task alone: their paths are relative to its file.
const OF_TASK: [&str; 2] = ["resources", "cronJob"];

/// What a task says with no bases: the built-in defaults of the format, and of the Fleet.
pub(super) fn ground(job_defaults: &Map<String, Value>, time_zone: Option<&str>) -> Value {
    let mut job = json!({"activeDeadlineSeconds": 360});
    job.as_object_mut().into_iter().for_each(|job| job.extend(job_defaults.clone()));
    let mut pod = json!({"restartPolicy": "Never"});
    if let Value::Object(job) = &mut job {
        job.retain(|_, value| !value.is_null());
        if let Some(policy) = job.remove("restartPolicy") {
            pod["restartPolicy"] = policy;
        }
    }
    let mut ground = json!({"job": job, "pod": pod, "container": {"name": "$(task.name)"}});
    if let Some(zone) = time_zone {
        ground["timeZone"] = json!(zone);
    }
    ground
}

impl<'t> BasePlan<'t> {
    pub(super) fn new(tasks: &'t [Spread], clusters: &'t [Described], ground: &Value) -> Self {
        let bodies: Vec<Value> = tasks.iter().map(|task| task.parts.to_body()).collect();
        let units = tasks.iter().map(|task| units(&task.parts)).collect();
        let mut plan =
            Self { tasks, bodies, units, clusters, patches: BTreeMap::new(), standing: Vec::new(), bases: Vec::new() };
        for (at, task) in tasks.iter().enumerate() {
            let mut standing = Standing::new(task.file.as_ref().map_or(ground, |(body, _)| body).clone());
            standing.lines = plan.text(at, &standing).lines().count();
            plan.standing.push(standing);
        }
        plan
    }

    /// The lines of all tasks and bases.
    pub(super) fn lines(&self) -> usize {
        let bases: usize = self.bases.iter().map(|base| self.base_text(base).lines().count()).sum();
        bases + self.standing.iter().map(|standing| standing.lines).sum::<usize>()
    }

    /// Adds bases as long as the text gets shorter by it; with `wide` one for all tasks comes first.
    pub(super) fn fill(&mut self, wide: bool) {
        let families = self.families();
        if wide
            && let Some((base, gain)) = self.propose(&(0..self.tasks.len()).collect::<Vec<usize>>())
            && gain > 0
        {
            self.adopt(base);
        }
        // The gain of a family only falls as its tasks get bases, so what was computed last is a bound.
        let mut open: BinaryHeap<(i64, std::cmp::Reverse<usize>, usize)> = families
            .iter()
            .enumerate()
            .map(|(at, users)| (i64::MAX - users.len() as i64, std::cmp::Reverse(at), usize::MAX))
            .collect();
        let mut round = 0;
        while let Some((_, std::cmp::Reverse(at), seen)) = open.pop() {
            let fresh = seen == round;
            let Some((base, gain)) = self.propose(&families[at]).filter(|(_, gain)| *gain > 0) else { continue };
            let next = open.peek().map_or(i64::MIN, |(bound, _, _)| *bound);
            if fresh || gain >= next {
                self.adopt(base);
                round += 1;
                open.push((gain, std::cmp::Reverse(at), usize::MAX));
            } else {
                open.push((gain, std::cmp::Reverse(at), round));
            }
        }
    }

    /// Sets of tasks that have something in common.
    fn families(&self) -> Vec<Vec<usize>> {
        let mut found: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        let mut put = |kind: &str, value: &str, at: usize| {
            found.entry((kind.to_owned(), value.to_owned())).or_default().push(at);
        };
        for (at, task) in self.tasks.iter().enumerate() {
            put("all", "", at);
            put("namespace", task.namespace.as_deref().unwrap_or_default(), at);
            for (cut, _) in task.name.match_indices('-') {
                put("prefix", &task.name[..cut], at);
                put("suffix", &task.name[cut..], at);
            }
            for (path, value) in &task.parts.leaves {
                let Some(text) = value.as_str() else { continue };
                if path == "container/image" {
                    put(path, text.rsplit_once(':').map_or(text, |(name, _)| name), at);
                }
                let telling = ["labels/", "annotations/", "variables/"].iter().any(|part| path.starts_with(part))
                    || path.contains("/labels/")
                    || matches!(
                        path.as_str(),
                        "container/image" | "pod/serviceAccountName" | "container/envFrom" | "schedule"
                    );
                if telling {
                    put(path, text, at);
                }
            }
            for name in ["container/envFrom", "container/command"] {
                if let Some(value) = task.parts.leaves.get(name) {
                    put(name, &value.to_string(), at);
                }
            }
            if let Some(first) = task.parts.orders.get("container/env").and_then(|order| order.first()) {
                put("container/env", first, at);
            }
        }
        let distinct: BTreeSet<Vec<usize>> = found.into_values().filter(|users| users.len() > 1).collect();
        let mut families: Vec<Vec<usize>> = distinct.into_iter().collect();
        families.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        families
    }

    /// The best base for a family, without the tasks that it does not help, and the lines that it saves.
    fn propose(&self, family: &[usize]) -> Option<(Base, i64)> {
        let mut users: Vec<usize> = family.iter().copied().filter(|at| self.takes_another(*at)).collect();
        for _ in 0..4 {
            if users.len() < 2 {
                return None;
            }
            let base = self.base_of(&users);
            if base.parts.leaves.is_empty() && base.differences.is_empty() {
                return None;
            }
            let body = base.parts.to_body();
            let benefit = |at: &usize| {
                let before = self.standing[*at].lines as i64;
                before - self.text(*at, &self.with_base(*at, usize::MAX, &body, &base)).lines().count() as i64
            };
            let benefits: Vec<i64> = users.iter().map(benefit).collect();
            if benefits.iter().all(|benefit| *benefit > 1) {
                let own = self.base_text(&base).lines().count() as i64;
                return Some((base, benefits.iter().sum::<i64>() - own));
            }
            let kept = users.iter().zip(&benefits).filter(|(_, benefit)| **benefit > 1);
            users = kept.map(|(at, _)| *at).collect();
        }
        None
    }

    /// Whether a task may have a further base; one that takes a file whole has none.
    fn takes_another(&self, at: usize) -> bool {
        self.standing[at].bases.len() < MOST && self.tasks[at].file.is_none()
    }

    /// Adds what no layer says, by task and clusters.
    pub(super) fn patch(&mut self, task: usize, set: Vec<usize>, operations: Value) {
        self.patches.entry(task).or_default().insert(set, json!([{"json": operations}]));
    }

    /// The bases of a task with the number of their users, and the clusters on which it is patched.
    pub(super) fn reasons(&self, task: usize) -> (Vec<(String, usize)>, Vec<Vec<usize>>) {
        let of = |base: &usize| self.bases.get(*base).map(|base| (base.name.clone(), base.users.len()));
        let bases = self.standing[task].bases.iter().filter_map(of).collect();
        (bases, self.patches.get(&task).into_iter().flat_map(|sets| sets.keys().cloned()).collect())
    }

    fn with_base(&self, at: usize, number: usize, body: &Value, base: &Base) -> Standing {
        let mut standing = self.standing[at].clone();
        standing.bases.push(number);
        lay(&mut standing.merged, body);
        standing.given.extend(base.differences.keys().cloned());
        standing
    }

    fn adopt(&mut self, base: Base) {
        let number = self.bases.len();
        let body = base.parts.to_body();
        for at in base.users.clone() {
            let mut standing = self.with_base(at, number, &body, &base);
            standing.look();
            standing.lines = self.text(at, &standing).lines().count();
            self.standing[at] = standing;
        }
        self.bases.push(base);
    }

    /// What most of some tasks say and their bases do not say yet.
    fn base_of(&self, users: &[usize]) -> Base {
        let mut parts = Parts::default();
        let mut by_path: BTreeMap<&str, HashMap<&str, Vec<usize>>> = BTreeMap::new();
        for at in users {
            for (path, unit) in &self.units[*at] {
                by_path.entry(path).or_default().entry(unit.text.as_str()).or_default().push(*at);
            }
        }
        let given = |at: &usize, path: &str| self.standing[*at].units.get(path);
        for (path, values) in by_path.iter().filter(|(path, _)| !path.contains('#')) {
            let best = values.iter().max_by(|(a, x), (b, y)| x.len().cmp(&y.len()).then_with(|| b.cmp(a)));
            let Some((text, having)) = best else { continue };
            let is_given = |at: &usize| given(at, path).is_some_and(|unit| unit == *text);
            let gains = having.iter().filter(|at| !is_given(at)).count() as i64;
            let others = values
                .iter()
                .filter(|(other, _)| *other != text)
                .flat_map(|(other, all)| all.iter().map(move |at| (other, at)));
            let losing =
                others.filter(|(other, at)| given(at, path).is_some_and(|unit| unit == **other)).count() as i64;
            let lacking = users.iter().filter(|at| !self.units[**at].contains_key(path)).count() as i64;
            let needless = path.starts_with("variables/");
            if lacking > 0 && must_be_everywhere(path) || gains - 1 - losing - (if needless { 0 } else { lacking }) <= 0
            {
                continue;
            }
            if is_the_job(path) && having.len() < users.len() || OF_TASK.contains(path) {
                continue;
            }
            let unit = &self.units[having[0]][path];
            parts.leaves.extend(unit.leaves.iter().map(|(path, value)| ((*path).clone(), (*value).clone())));
        }
        let lists: BTreeSet<&String> = users
            .iter()
            .flat_map(|at| self.tasks[*at].parts.orders.keys())
            .filter(|path| !path.contains('#'))
            .collect();
        for list in lists {
            self.common_items(list, users, &mut parts);
        }
        let shared = |place: &&(Vec<usize>, String)| {
            let value = self.tasks[users[0]].differences.get(*place);
            users.iter().all(|at| {
                self.tasks[*at].differences.get(*place) == value && !self.standing[*at].given.contains(*place)
            })
        };
        let differences = self.tasks[users[0]]
            .differences
            .keys()
            .filter(|(_, path)| !OF_TASK.contains(&path.as_str()))
            .filter(shared);
        let differences =
            differences.map(|place| (place.clone(), self.tasks[users[0]].differences[place].clone())).collect();
        Base { name: String::new(), parts, differences, users: users.to_vec() }
    }

    /// The items that come next in most of the tasks' lists, one after another: only so a base can hold them in their order.
    fn common_items(&self, list: &str, users: &[usize], parts: &mut Parts) {
        let none = Vec::new();
        let mut rests: Vec<(usize, &[String])> = users
            .iter()
            .map(|at| {
                let own = self.tasks[*at].parts.orders.get(list).unwrap_or(&none);
                let there = self.standing[*at].orders.get(list).unwrap_or(&none);
                let given = own.iter().take_while(|key| there.contains(key)).count();
                (*at, &own[given..])
            })
            .collect();
        let mut order: Vec<String> = Vec::new();
        loop {
            let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
            rests.iter().filter_map(|(_, rest)| rest.first()).for_each(|key| *counts.entry(key).or_default() += 1);
            let mut candidates: Vec<(&String, usize)> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
            candidates.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
            let fits = |(key, count): &(&String, usize)| {
                let later = rests.iter().any(|(_, rest)| rest.iter().skip(1).any(|own| own == *key));
                let lacking = users.len() - count;
                !later && *count > lacking + 1 && !order.contains(key)
            };
            let Some((key, _)) = candidates.into_iter().find(fits) else { break };
            let key = key.clone();
            let path = format!("{list}/#{}", step(&key));
            let mut texts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            for (at, rest) in &mut rests {
                if rest.first() == Some(&key) {
                    *rest = &rest[1..];
                    if let Some(unit) = self.units[*at].get(path.as_str()) {
                        texts.entry(unit.text.as_str()).or_insert((0, *at)).0 += 1;
                    }
                }
            }
            let best = texts.iter().max_by(|(a, (n, _)), (b, (m, _))| n.cmp(m).then_with(|| b.cmp(a)));
            let Some((_, (_, at))) = best else { break };
            let unit = &self.units[*at][path.as_str()];
            parts.leaves.extend(unit.leaves.iter().map(|(path, value)| ((*path).clone(), (*value).clone())));
            // Lists within the item, the variables of a sidecar say.
            let inner = self.tasks[*at].parts.orders.iter().filter(|(inner, _)| inner.starts_with(&path));
            parts.orders.extend(inner.map(|(path, order)| (path.clone(), order.clone())));
            order.push(key);
        }
        if !order.is_empty() {
            parts.orders.insert(list.to_owned(), order);
        }
    }

    /// The text of a task.
    fn text(&self, at: usize, standing: &Standing) -> String {
        let task = &self.tasks[at];
        let names: Vec<String> = standing
            .bases
            .iter()
            .map(|base| self.bases.get(*base).map_or("base", |base| base.name.as_str()).to_owned())
            .collect();
        let own = task.differences.iter().filter(|(place, _)| !standing.given.contains(*place));
        let mut own: BTreeMap<(Vec<usize>, String), Value> =
            own.map(|(place, value)| (place.clone(), value.clone())).collect();
        for (set, patches) in self.patches.get(&at).into_iter().flatten() {
            own.insert((set.clone(), "patches".to_owned()), patches.clone());
        }
        let mut overrides = entries(own.iter(), &task.clusters, self.clusters);
        let mut layer = difference(&standing.merged, &self.bodies[at]).map(without_unset);
        if let Some((_, Some(container))) = &task.file {
            let layers = overrides.iter_mut().map(|entry| &mut entry.layer).chain(&mut layer);
            layers.for_each(|layer| address_container(layer, container));
        }
        write::task("Task", write::identity(&task.name, task.namespace.as_deref()), &names, layer, &overrides)
    }

    fn base_text(&self, base: &Base) -> String {
        let all: Vec<usize> = (0..self.clusters.len()).collect();
        let overrides = entries(base.differences.iter(), &all, self.clusters);
        // A base is written as what it adds to nothing.
        let layer = difference(&json!({}), &base.parts.to_body());
        write::task("Base", json!({"name": base.name}), &[], layer, &overrides)
    }

    /// Names the bases and gives the text of all: bases with their names, tasks in their order.
    pub(super) fn written(&mut self, taken: &BTreeSet<String>) -> (Vec<(String, String)>, Vec<String>) {
        let mut taken = taken.clone();
        for at in 0..self.bases.len() {
            let name = unique(&self.name_for(&self.bases[at]), &mut taken);
            self.bases[at].name = name;
        }
        let bases = self.bases.iter().map(|base| (base.name.clone(), self.base_text(base))).collect();
        let tasks = (0..self.tasks.len()).map(|at| self.text(at, &self.standing[at])).collect();
        (bases, tasks)
    }

    /// What the names of its tasks have in common, else their image, else their namespace.
    fn name_for(&self, base: &Base) -> String {
        let names: Vec<&str> = base.users.iter().map(|at| self.tasks[*at].name.as_str()).collect();
        let (prefix, suffix, _) = super::template::cut(&names);
        for common in [prefix, suffix] {
            let common = common.trim_matches(['-', '.']);
            if common.len() > 2 {
                return common.to_owned();
            }
        }
        let of = |path: &str| base.parts.leaves.get(path).and_then(Value::as_str);
        let image = of("container/image").filter(|image| !image.contains("$("));
        if let Some(image) = image {
            let last = image.rsplit('/').next().unwrap_or(image);
            return last.split([':', '@']).next().unwrap_or(last).to_lowercase();
        }
        let spaces: BTreeSet<Option<&String>> =
            base.users.iter().map(|at| self.tasks[*at].namespace.as_ref()).collect();
        match spaces.into_iter().collect::<Vec<_>>()[..] {
            [Some(namespace)] => namespace.clone(),
            _ => "common".to_owned(),
        }
    }
}

/// Where a file has several containers, each is addressed by its name.
fn address_container(layer: &mut Value, name: &str) {
    if let Value::Object(members) = layer
        && let Some(container) = members.remove("container")
    {
        members.insert("containers".to_owned(), json!({name: container}));
    }
}

/// A variable of a base that a task does not use needs no word.
fn without_unset(mut layer: Value) -> Value {
    if let Some(Value::Object(variables)) = layer.get_mut("variables") {
        variables.retain(|_, value| !value.is_null());
        if variables.is_empty() {
            layer.as_object_mut().map(|layer| layer.remove("variables"));
        }
    }
    layer
}

/// Differences as overrides, one for each set of clusters.
fn entries<'v>(
    differences: impl Iterator<Item = (&'v (Vec<usize>, String), &'v Value)>,
    within: &[usize],
    clusters: &[Described],
) -> Vec<WrittenEntry> {
    let mut sets: BTreeMap<&Vec<usize>, Vec<(&String, &Value)>> = BTreeMap::new();
    for ((set, path), value) in differences {
        sets.entry(set).or_default().push((path, value));
    }
    let mut names = BTreeSet::new();
    let entry = |(set, leaves): (&Vec<usize>, Vec<(&String, &Value)>)| {
        let selector = select(set, within, clusters);
        let name = unique(&name_of(set, &selector, clusters), &mut names);
        WrittenEntry { name, selector, layer: layer_of(leaves.into_iter()) }
    };
    sets.into_iter().map(entry).collect()
}

/// The units of a body.
fn units(parts: &Parts) -> BTreeMap<&str, BaseUnit<'_>> {
    let mut units: BTreeMap<&str, BaseUnit<'_>> = BTreeMap::new();
    for (path, value) in &parts.leaves {
        let end =
            path.find("/#").map_or(path.len(), |at| path[at + 1..].find('/').map_or(path.len(), |end| at + 1 + end));
        let unit = units.entry(&path[..end]).or_insert_with(|| BaseUnit { text: String::new(), leaves: Vec::new() });
        if end < path.len() {
            unit.text.push_str(&path[end..]);
        }
        unit.text.push_str(&value.to_string());
        unit.leaves.push((path, value));
    }
    units
}
