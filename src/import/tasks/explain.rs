//! Says in words why a task was factored as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::across::Spread;
use super::selectors::Described;
use crate::model::reference;

/// The reasons for the text of one task; `bases` are its bases with the lines that each saves it and its other users.
pub(super) fn explain(
    task: &Spread,
    bases: &[(String, usize)],
    clusters: &[Described],
    patched: &[Vec<usize>],
) -> Vec<String> {
    let names = |set: &[usize]| set.iter().map(|at| clusters[*at].name.as_str()).collect::<Vec<&str>>().join(", ");
    let mut lines = vec![format!("copies on {}", names(&task.clusters))];
    let mut references: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (path, value) in &task.parts.leaves {
        collect(value, &mut |found| _ = references.entry(found.to_owned()).or_default().insert(path));
    }
    for (reference, paths) in references {
        let paths: Vec<&str> = paths.into_iter().collect();
        lines.push(format!("{reference} stands for what differs in {}", shortened(&paths)));
    }
    if let Some(active) = task.parts.leaves.get("active") {
        let running: Vec<&str> = active.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        lines.push(format!(
            "`active` names {}: the other copies are suspended, and stay so whatever the inventory becomes",
            running.join(", ")
        ));
    }
    let mut sets: BTreeMap<&Vec<usize>, Vec<&str>> = BTreeMap::new();
    for (set, path) in task.differences.keys() {
        sets.entry(set).or_default().push(path);
    }
    for (set, paths) in sets {
        lines.push(format!(
            "{} of {} copies differ alike from the others in {}: {}",
            set.len(),
            task.clusters.len(),
            shortened(&paths),
            names(set)
        ));
    }
    for set in patched {
        lines.push(format!("a patch on {}: no layer says the order of items that these have", names(set)));
    }
    for (base, users) in bases {
        lines.push(format!("base `{base}` holds what {users} tasks say alike"));
    }
    if let Some((_, _)) = &task.file {
        lines.push(
            "the task takes an existing file whole: by `--form`, or because the format has no word for something in it"
                .to_owned(),
        );
    }
    lines
}

fn shortened(paths: &[&str]) -> String {
    let shown: Vec<&str> = paths.iter().take(6).copied().collect();
    let more = if paths.len() > 6 { format!(" and {} more", paths.len() - 6) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn collect(value: &Value, put: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => {
            reference::find(text).iter().for_each(|found| put(&text[found.start..found.end]));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, put)),
        Value::Object(members) => members.values().for_each(|member| collect(member, put)),
        _ => {}
    }
}
