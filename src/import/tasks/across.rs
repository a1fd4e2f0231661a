//! References to the task itself and variables of tasks: texts that differ from task to task in the same way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::factor::FactoredTask;
use super::leaves::{Parts, below, step};
use super::template::{Refs, unify};
use super::variables::{name_for, unique};

/// A task with its differences as leaves, by the clusters that have them.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) parts: Parts,
    /// By clusters and path, what an override says there.
    pub(super) differences: BTreeMap<(Vec<usize>, String), Value>,
    pub(super) clusters: Vec<usize>,
    /// The body of the file that the task takes whole, and the name of its container where it has several.
    pub(super) file: Option<(Value, Option<String>)>,
}

impl Spread {
    pub(super) fn of(draft: FactoredTask) -> Self {
        let mut differences = BTreeMap::new();
        for (set, layer) in &draft.overrides {
            flatten(layer, String::new(), &mut |path, value| {
                _ = differences.insert((set.clone(), path), value.clone())
            });
        }
        let mut parts = draft.parts;
        if parts.leaves.get("container/name") == Some(&json!(draft.name)) {
            parts.leaves.insert("container/name".to_owned(), json!("$(task.name)"));
        }
        Self { name: draft.name, namespace: draft.namespace, parts, differences, clusters: draft.clusters, file: None }
    }
}

/// The layer of some leaves.
pub(super) fn layer_of<'v>(leaves: impl Iterator<Item = (&'v String, &'v Value)>) -> Value {
    let leaves = leaves.map(|(path, value)| (path.clone(), value.clone())).collect();
    Parts { leaves, orders: BTreeMap::new() }.to_body()
}

/// The members of a layer, lists as they are.
fn flatten(layer: &Value, path: String, put: &mut impl FnMut(String, &Value)) {
    match layer {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, member)| flatten(member, below(&path, &step(name)), put));
        }
        other => put(path, other),
    }
}

/// Paths whose values say nothing of the task.
fn is_plain(path: &str) -> bool {
    ["schedule", "timeZone", "placement", "active", "objectName", "namespace", "container/name", "resources", "cronJob"]
        .contains(&path)
        || path.contains("resources/")
        || path.starts_with("variables/")
}

/// Writes what follows from a task's name or namespace as a reference, where more tasks share it so.
pub(super) fn name_references(tasks: &mut [Spread]) {
    let refs: Vec<Refs> = tasks
        .iter()
        .map(|task| {
            let mut refs = vec![("$(task.name)".to_owned(), task.name.clone())];
            let namespace = task.namespace.iter().filter(|namespace| **namespace != task.name);
            refs.extend(namespace.map(|namespace| ("$(task.namespace)".to_owned(), namespace.clone())));
            refs
        })
        .collect();
    unify_leaves(tasks, &refs);
}

fn unify_leaves(tasks: &mut [Spread], refs: &[Refs]) {
    let paths: BTreeSet<String> = tasks.iter().flat_map(|task| task.parts.leaves.keys().cloned()).collect();
    for path in paths.into_iter().filter(|path| !is_plain(path)) {
        let having: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].parts.leaves.contains_key(&path)).collect();
        let values: Vec<Option<&Value>> = having.iter().map(|at| tasks[*at].parts.leaves.get(&path)).collect();
        let own: Vec<Refs> = having.iter().map(|at| refs[*at].clone()).collect();
        let unified = unify(&values, &own);
        for (at, value) in having.into_iter().zip(unified) {
            tasks[at].parts.leaves.extend(value.map(|value| (path.clone(), value)));
        }
    }
    let places: BTreeSet<(Vec<usize>, String)> =
        tasks.iter().flat_map(|task| task.differences.keys().cloned()).collect();
    for place in places.into_iter().filter(|(_, path)| !is_plain(path)) {
        let having: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].differences.contains_key(&place)).collect();
        let values: Vec<Option<&Value>> = having.iter().map(|at| tasks[*at].differences.get(&place)).collect();
        let own: Vec<Refs> = having.iter().map(|at| refs[*at].clone()).collect();
        let unified = unify(&values, &own);
        for (at, value) in having.into_iter().zip(unified) {
            tasks[at].differences.extend(value.map(|value| (place.clone(), value)));
        }
    }
}

/// At most so many variables are made of what tasks have in common: with more, a base hides what the job is.
const MOST: usize = 3;

/// A text by task.
type Texts = Vec<(usize, String)>;

/// The paths at which tasks have the same texts.
type Class = (Texts, Vec<String>);

/// Makes variables of tasks: a text that several fields of a task share, other ones in other tasks.
pub(super) fn name_variables(tasks: &mut [Spread], taken: &BTreeSet<String>) {
    let mut vectors: BTreeMap<String, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, task) in tasks.iter().enumerate() {
        for (path, value) in &task.parts.leaves {
            if let Some(text) = value.as_str().filter(|text| !is_plain(path) && text.len() > 2 && !text.contains("$("))
            {
                vectors.entry(path.clone()).or_default().push((at, text));
            }
        }
    }
    let mut classes: BTreeMap<Texts, Vec<String>> = BTreeMap::new();
    for (path, vector) in vectors {
        let distinct: BTreeSet<&str> = vector.iter().map(|(_, text)| *text).collect();
        if vector.len() > 2 && distinct.len() > 2 {
            let vector = vector.into_iter().map(|(at, text)| (at, text.to_owned())).collect();
            classes.entry(vector).or_default().push(path);
        }
    }
    let mut classes: Vec<Class> = classes.into_iter().filter(|(_, paths)| paths.len() > 1).collect();
    classes.sort_by(|(a, x), (b, y)| (y.len() * b.len()).cmp(&(x.len() * a.len())).then_with(|| x.cmp(y)));
    let mut names = taken.clone();
    names.extend(tasks.iter().flat_map(|task| variables_of(task).map(str::to_owned)).collect::<Vec<String>>());
    let mut refs: Vec<Refs> = vec![Refs::new(); tasks.len()];
    for (vector, paths) in classes.into_iter().take(MOST) {
        let short =
            paths.iter().map(|path| path.rsplit(['/', '~', '.']).next().unwrap_or(path)).min_by_key(|word| word.len());
        let name = unique(&name_for(short.unwrap_or("value").trim_start_matches(['1', '#'])), &mut names);
        for (at, text) in vector {
            tasks[at].parts.leaves.insert(format!("variables/{name}"), Value::String(text.clone()));
            refs[at].push((format!("$(var.{name})"), text));
        }
    }
    unify_leaves(tasks, &refs);
    drop_unused(tasks, &refs);
}

/// The names of a task's variables.
pub(super) fn variables_of(task: &Spread) -> impl Iterator<Item = &str> {
    task.parts.leaves.keys().filter_map(|path| path.strip_prefix("variables/"))
}

/// Takes variables away that no text of their task uses.
fn drop_unused(tasks: &mut [Spread], refs: &[Refs]) {
    for (task, refs) in tasks.iter_mut().zip(refs) {
        for (reference, _) in refs {
            let uses = |value: &Value| value.to_string().contains(reference.as_str());
            let used = task.parts.leaves.values().any(uses) || task.differences.values().any(uses);
            if !used {
                let name = reference.trim_start_matches("$(var.").trim_end_matches(')');
                task.parts.leaves.remove(&format!("variables/{name}"));
            }
        }
    }
}
