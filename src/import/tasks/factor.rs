//! Reduces the copies of one task to what most of them share and, by sets of clusters, what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::group::Group;
use super::layer::difference;
use super::leaves::{LeafOrders, Leaves, Parts};
use super::oddities::{OddityCandidate, candidates};
use super::selectors::{Described, select};
use super::template::{Refs, majority, unify};
use super::variables::{Pool, Split, as_reference, of_task, split};

/// A task before bases: everything that its file says.
#[derive(Clone, Debug)]
pub(super) struct FactoredTask {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    /// The body with placement, `active` and variables.
    pub(super) parts: Parts,
    /// What differs, by the clusters that have it.
    pub(super) overrides: BTreeMap<Vec<usize>, Value>,
    /// The clusters it is placed on.
    pub(super) clusters: Vec<usize>,
    /// What a few copies have otherwise.
    pub(super) odd: Vec<OddityCandidate>,
}

/// Paths whose texts hold no reference, because none is read there or a reader wants the plain value.
fn is_plain(path: &str) -> bool {
    path == "schedule"
        || path == "timeZone"
        || path.contains("resources/")
        || path.starts_with("job/") && !path.contains("labels") && !path.contains("annotations")
}

/// The leaves of a group's copies, side by side.
pub(super) struct Matrix {
    copies: Vec<Leaves>,
    orders: Vec<LeafOrders>,
    clusters: Vec<usize>,
    /// What differs and is not said by a reference, taken apart.
    splits: BTreeMap<String, Split>,
    /// What references alone say.
    unified: BTreeMap<String, Vec<Option<Value>>>,
}

impl Matrix {
    pub(super) fn of(group: &Group, refs: &[Refs]) -> Self {
        let parts: Vec<Parts> = group.copies.iter().map(|copy| Parts::of(&copy.body())).collect();
        let clusters: Vec<usize> = group.copies.iter().map(|copy| copy.cluster).collect();
        let own: Vec<Refs> = clusters.iter().map(|at| refs[*at].clone()).collect();
        let (copies, orders): (Vec<Leaves>, Vec<LeafOrders>) =
            parts.into_iter().map(|parts| (parts.leaves, parts.orders)).unzip();
        let mut matrix = Self { copies, orders, clusters, splits: BTreeMap::new(), unified: BTreeMap::new() };
        for path in matrix.paths() {
            let values = matrix.values(&path);
            if is_plain(&path) || values.windows(2).all(|pair| pair[0] == pair[1]) {
                continue;
            }
            let unified = unify(&values, &own);
            let mut given = unified.iter().flatten();
            let first = given.next();
            if given.all(|value| Some(value) == first) {
                matrix.unified.insert(path, unified);
                continue;
            }
            if let Some(split) = split(&path, &values) {
                matrix.splits.insert(path.clone(), split);
            }
            matrix.unified.insert(path, unified);
        }
        matrix
    }

    fn paths(&self) -> BTreeSet<String> {
        self.copies.iter().flat_map(|leaves| leaves.keys().cloned()).collect()
    }

    fn values(&self, path: &str) -> Vec<Option<&Value>> {
        self.copies.iter().map(|leaves| leaves.get(path)).collect()
    }

    /// Counts what could be variables of the clusters.
    pub(super) fn count(&self, pool: &mut Pool, refs: &[Refs]) {
        self.splits.values().for_each(|split| pool.count(split, &self.clusters, refs));
    }

    /// The leaves of each copy with references and variables in them.
    fn resolved(&self, pool: &mut Pool, refs: &[Refs]) -> Vec<Leaves> {
        let mut copies = self.copies.clone();
        for (path, unified) in &self.unified {
            for (leaves, value) in copies.iter_mut().zip(unified) {
                if let Some(value) = value {
                    leaves.insert(path.clone(), value.clone());
                }
            }
        }
        let mut names = BTreeSet::new();
        // Variables of the task: their values by copy, and their names.
        let mut known: BTreeMap<Vec<(usize, String)>, String> = BTreeMap::new();
        for (path, split) in &self.splits {
            let clusters: Vec<usize> = split.members.iter().map(|at| self.clusters[*at]).collect();
            let own: Vec<&Refs> = clusters.iter().map(|at| &refs[*at]).collect();
            let Some(sample) = split.members.first().and_then(|at| self.copies[*at].get(path)) else { continue };
            let is_long = sample.to_string().len() > 160;
            let mut made: Vec<(Vec<(usize, String)>, String)> = Vec::new();
            let written = split.written(sample, |column| {
                if let Some(text) = as_reference(column, &own).or_else(|| pool.write(column, &clusters)) {
                    return Some(text);
                }
                let (prefix, middles, suffix, hint) = of_task(column);
                let values: Vec<(usize, String)> = split.members.iter().copied().zip(middles).collect();
                let name = match known
                    .get(&values)
                    .or_else(|| made.iter().find(|(own, _)| *own == values).map(|(_, name)| name))
                {
                    Some(name) => name.clone(),
                    None if is_long => {
                        let name = pool.name_of_task(hint, &mut names);
                        made.push((values, name.clone()));
                        name
                    }
                    None => return None,
                };
                Some(format!("{prefix}$(var.{name}){suffix}"))
            });
            let Some(written) = written else { continue };
            for at in &split.members {
                copies[*at].insert(path.clone(), written.clone());
            }
            for (values, name) in made {
                for (at, text) in &values {
                    copies[*at].insert(format!("variables/{name}"), Value::String(text.clone()));
                }
                known.insert(values, name);
            }
        }
        copies
    }
}

/// Makes the task of a group.
pub(super) fn factor(
    group: &Group,
    matrix: &Matrix,
    pool: &mut Pool,
    refs: &[Refs],
    clusters: &[Described],
) -> FactoredTask {
    let mut copies = matrix.resolved(pool, refs);
    let odd = candidates(&copies, &matrix.clusters);
    settle_suspend(group, &mut copies, clusters);
    let paths: BTreeSet<String> = copies.iter().flat_map(|leaves| leaves.keys().cloned()).collect();
    let medoid = medoid(&copies, &paths);
    let mut parts = Parts { leaves: Leaves::new(), orders: merged_orders(&matrix.orders, medoid) };
    let forced: BTreeSet<String> = forced_items(&mut parts.orders, &matrix.orders, &copies, medoid);
    let mut differing: BTreeMap<Vec<usize>, Vec<(&String, Option<&Value>)>> = BTreeMap::new();
    for path in &paths {
        let values: Vec<Option<&Value>> = copies.iter().map(|leaves| leaves.get(path)).collect();
        let mut shared = majority(&values, medoid);
        if shared.is_none() && forced.iter().any(|item| is_at_or_below(path, item)) {
            let present: Vec<Option<&Value>> = values.iter().copied().filter(Option::is_some).collect();
            shared = majority(&present, 0);
        }
        if let Some(shared) = shared {
            parts.leaves.insert(path.clone(), shared.clone());
        }
        let mut others: BTreeMap<Option<String>, (Vec<usize>, Option<&Value>)> = BTreeMap::new();
        for (at, value) in values.iter().enumerate().filter(|(_, value)| **value != shared) {
            let entry = others.entry(value.map(Value::to_string)).or_insert_with(|| (Vec::new(), *value));
            entry.0.push(at);
        }
        for (on, value) in others.into_values() {
            differing.entry(on).or_default().push((path, value));
        }
    }
    let base = parts.to_body();
    let mut overrides = BTreeMap::new();
    for (on, leaves) in differing {
        let mut own = parts.clone();
        for (path, value) in leaves {
            match value {
                Some(value) => own.leaves.insert(path.clone(), value.clone()),
                None => own.leaves.remove(path),
            };
        }
        append_missing(&mut own.orders, on.first().map(|at| &matrix.orders[*at]));
        let set: Vec<usize> = on.iter().map(|at| matrix.clusters[*at]).collect();
        if let Some(layer) = difference(&base, &own.to_body()) {
            overrides.insert(set, layer);
        }
    }
    let placed = matrix.clusters.clone();
    let all: Vec<usize> = (0..clusters.len()).collect();
    parts.leaves.insert("placement".to_owned(), select(&placed, &all, clusters));
    if let Some(name) = &group.object_name {
        parts.leaves.insert("objectName".to_owned(), Value::String(name.clone()));
    }
    if let Some(namespace) = &group.namespace_template {
        parts.leaves.insert("namespace".to_owned(), Value::String(namespace.clone()));
    }
    FactoredTask {
        name: group.name.clone(),
        namespace: group.namespace.clone(),
        parts,
        overrides,
        clusters: placed,
        odd,
    }
}

fn is_at_or_below(path: &str, item: &str) -> bool {
    path.strip_prefix(item).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is suspended stays suspended: where it differs, the copies that run are named.
fn settle_suspend(group: &Group, copies: &mut [Leaves], clusters: &[Described]) {
    let suspended: Vec<bool> = group.copies.iter().map(|copy| copy.suspend.unwrap_or(false)).collect();
    let written = group.copies.iter().filter(|copy| copy.suspend.is_some()).count();
    let (path, value) = if suspended.iter().all(|on| *on) {
        ("job/suspend", json!(true))
    } else if suspended.iter().any(|on| *on) {
        let running = group.copies.iter().zip(&suspended).filter(|(_, on)| !**on);
        ("active", running.map(|(copy, _)| json!(clusters[copy.cluster].name)).collect())
    } else if written * 2 > copies.len() {
        ("job/suspend", json!(false))
    } else {
        return;
    };
    copies.iter_mut().for_each(|leaves| _ = leaves.insert(path.to_owned(), value.clone()));
}

/// The copy that agrees with the most others.
fn medoid(copies: &[Leaves], paths: &BTreeSet<String>) -> usize {
    let mut agreement = vec![0_usize; copies.len()];
    for path in paths {
        let mut counts: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for (at, leaves) in copies.iter().enumerate() {
            counts.entry(leaves.get(path).map(Value::to_string)).or_default().push(at);
        }
        if counts.len() > 1 {
            counts.values().for_each(|same| same.iter().for_each(|at| agreement[*at] += same.len()));
        }
    }
    (0..copies.len()).rev().max_by_key(|at| agreement[*at]).unwrap_or(0)
}

/// For each list the order that the most copies have.
fn merged_orders(orders: &[LeafOrders], medoid: usize) -> LeafOrders {
    let paths: BTreeSet<&String> = orders.iter().flat_map(|orders| orders.keys()).collect();
    let mut merged = LeafOrders::new();
    for path in paths {
        let mut counts: BTreeMap<&Vec<String>, (usize, bool)> = BTreeMap::new();
        for (at, order) in orders.iter().enumerate().filter_map(|(at, orders)| Some((at, orders.get(path)?))) {
            let entry = counts.entry(order).or_default();
            entry.0 += 1;
            entry.1 |= at == medoid;
        }
        let best = counts.iter().max_by(|(a, x), (b, y)| x.cmp(y).then_with(|| b.cmp(a)));
        merged.extend(best.map(|(order, _)| (path.clone(), (*order).clone())));
    }
    merged
}

/// Items of some copies that stand before one that most have: they must stand in the shared list, and the other copies
/// remove them. Returns their paths and puts them into the orders.
fn forced_items(merged: &mut LeafOrders, orders: &[LeafOrders], copies: &[Leaves], medoid: usize) -> BTreeSet<String> {
    let mut forced = BTreeSet::new();
    for (path, order) in merged.iter_mut() {
        let is_shared = |key: &str| {
            let item = format!("{path}/#{}", super::leaves::step(key));
            let has =
                |leaves: &&Leaves| leaves.range(item.clone()..).next().is_some_and(|(at, _)| is_at_or_below(at, &item));
            let count = copies.iter().filter(has).count();
            count * 2 > copies.len() || count * 2 == copies.len() && has(&&copies[medoid])
        };
        order.retain(|key| is_shared(key));
        let sequences: BTreeSet<&Vec<String>> = orders.iter().filter_map(|orders| orders.get(path)).collect();
        // What every copy that has it keeps behind all shared items is appended; everything else is put in its place.
        let mut changed = true;
        while changed {
            changed = false;
            for sequence in &sequences {
                for (at, key) in sequence.iter().enumerate().rev() {
                    if order.contains(key) {
                        continue;
                    }
                    let next = sequence[at + 1..].iter().find_map(|later| order.iter().position(|own| own == later));
                    let at = match next {
                        Some(next) => next,
                        None if is_shared(key) => order.len(),
                        None => continue,
                    };
                    order.insert(at, key.clone());
                    forced.insert(format!("{path}/#{}", super::leaves::step(key)));
                    changed = true;
                }
            }
        }
    }
    forced
}

/// Puts the items that the shared list lacks behind it, in the order of the copy.
fn append_missing(orders: &mut LeafOrders, own: Option<&LeafOrders>) {
    for (path, sequence) in own.into_iter().flatten() {
        let order = orders.entry(path.clone()).or_default();
        let missing: Vec<String> = sequence.iter().filter(|key| !order.contains(key)).cloned().collect();
        order.extend(missing);
    }
}
