//! How much changes, in numbers.

use crate::diff::{Changes, ObjectChange};
use crate::report::table::count;

/// How much changes.
pub fn summary(changes: &Changes) -> Vec<String> {
    let totals = &changes.totals;
    let mut written = Vec::new();
    if totals.spelling > 0 {
        let (are, mean) = if totals.spelling == 1 { ("is", "means") } else { ("are", "mean") };
        let more = if changes.is_empty() { "file" } else { "more file" };
        let shown = changes.tasks.iter().chain(&changes.written).flat_map(|task| &task.documents);
        let shown = if shown.into_iter().any(ObjectChange::same) { "; `--patch` shows how" } else { "" };
        written.push(format!("{} {are} written otherwise and {mean} the same{shown}", count(totals.spelling, more)));
    }
    if totals.objects() == 0 {
        let besides = [
            (
                !changes.others.is_empty(),
                "a kustomization.yaml comes or goes, and who syncs the directory builds from it",
            ),
            (changes.moved.is_some(), "but all of them stand in another directory"),
        ];
        let besides = besides.iter().filter(|(so, _)| *so).map(|(_, words)| format!("; {words}"));
        let first = format!("no object changes{}", besides.collect::<String>());
        return std::iter::once(first).chain(written).collect();
    }
    let parts = [
        (totals.tasks_changed, "changed"),
        (totals.tasks_added, "added"),
        (totals.tasks_removed, "removed"),
        (totals.tasks_renamed, "renamed"),
    ];
    let mut said = Vec::new();
    for (number, what) in parts.into_iter().filter(|(number, _)| *number > 0) {
        said.push(if said.is_empty() {
            format!("{} {what}", count(number, "task"))
        } else {
            format!("{number} {what}")
        });
    }
    if said.is_empty() {
        said.push("no task changed".to_owned());
    }
    let untouched = totals.clusters - totals.touched.min(totals.clusters);
    let mut lines = vec![format!(
        "{}; {} of {} touched, {untouched} untouched",
        said.join(", "),
        totals.touched,
        count(totals.clusters, "cluster"),
    )];
    let all = totals.created + totals.changed + totals.deleted;
    let parts = [(totals.created, "new"), (totals.changed, "changed"), (totals.deleted, "deleted")];
    let said: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    lines.push(format!("{}: {}", count(all, "object"), said.join(", ")));
    lines.extend(written);
    lines
}
