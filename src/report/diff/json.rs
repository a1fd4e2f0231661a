//! Changes as JSON, ungrouped, with the words that people read. docs/json.md documents the members.

use serde_json::{Value, json};

use crate::diff::{self, Change, Changes, ObjectFate, TaskChanges, What, When};
use crate::report::consequences;
use crate::report::diff::patch;
use crate::report::diff::sections::{Report, alone};
use crate::report::diff::words::words;

/// The result of `diff`.
pub fn value(changes: &Changes, report: &Report<'_>, titles: [&str; 2], patches: bool) -> Value {
    let totals = &changes.totals;
    let named = |list: &[(String, usize)]| -> Vec<Value> {
        list.iter().map(|(name, objects)| json!({"cluster": name, "objects": objects})).collect()
    };
    let refusal = |refusal: &crate::diff::GuardRefusal| {
        json!({
            "cluster": refusal.cluster(),
            "task": refusal.task(),
            "deleted": refusal.deleted,
            "before": refusal.before,
            "dropped": refusal.dropped,
            "words": refusal.to_string(),
        })
    };
    let inventory = &changes.inventory;
    let renamed = inventory
        .renamed
        .iter()
        .map(|one| json!({"from": one.from, "to": one.to, "deleted": one.gone, "created": one.new, "differing": one.differing}));
    let said = inventory
        .said
        .iter()
        .map(|(said, on)| json!({"what": said.what, "old": said.old, "new": said.new, "clusters": on}));
    let others = changes
        .others
        .iter()
        .map(|(fate, what, on)| json!({"change": fate_word(*fate), "object": what, "clusters": on}));
    let sources = changes.sources.iter().map(|(path, fate)| json!({"path": path, "change": fate_word(*fate)}));
    let [refused_updates, cascades, starts_at_once] = consequences::values(&changes.consequences);
    let mut value = json!({
        "base": titles[0],
        "head": titles[1],
        "differs": !changes.is_empty(),
        "totals": {
            "tasks": totals.tasks,
            "tasksChanged": totals.tasks_changed,
            "tasksAdded": totals.tasks_added,
            "tasksRemoved": totals.tasks_removed,
            "tasksRenamed": totals.tasks_renamed,
            "clusters": totals.clusters,
            "clustersTouched": totals.touched,
            "objectsCreated": totals.created,
            "objectsChanged": totals.changed,
            "objectsDeleted": totals.deleted,
            "writtenOtherwise": totals.spelling,
        },
        "refusedUpdates": refused_updates,
        "cascades": cascades,
        "startsAtOnce": starts_at_once,
        "deletions": {
            "refusals": changes.refusals.iter().map(refusal).collect::<Vec<Value>>(),
            "allow": changes.to_allow,
            "dropped": named(&inventory.removed),
            "emptied": named(&changes.emptied),
            "drained": named(&changes.drained),
            "words": report.deletions,
        },
        "inventory": {
            "added": named(&inventory.added),
            "removed": named(&inventory.removed),
            "renamed": renamed.collect::<Vec<Value>>(),
            "changed": said.collect::<Vec<Value>>(),
        },
        "tasks": changes.tasks.iter().map(task).collect::<Vec<Value>>(),
        "moved": changes.moved.as_ref().map(|(from, to)| json!({"from": from, "to": to})),
        "others": others.collect::<Vec<Value>>(),
        "sources": sources.collect::<Vec<Value>>(),
    });
    if patches {
        let all = changes.tasks.iter().chain(&changes.written);
        let documents = all.flat_map(|task| task.documents.iter().map(move |document| (task, document)));
        let patch = documents.map(|(task, document)| {
            json!({
                "task": task.name,
                "old": document.old_path,
                "new": document.new_path,
                "clusters": document.clusters,
                "means": if document.same() { "the same" } else { "otherwise" },
                "diff": patch::unified(document),
            })
        });
        value["patches"] = patch.collect();
    }
    value
}

fn fate_word(fate: ObjectFate) -> &'static str {
    match fate {
        ObjectFate::New => "created",
        ObjectFate::Changed => "changed",
        ObjectFate::Gone => "deleted",
    }
}

fn task(task: &TaskChanges) -> Value {
    let kind = match (task.there, &task.was) {
        ((false, _), _) => "added",
        ((_, false), _) => "removed",
        (_, Some(_)) => "renamed",
        (_, None) => "changed",
    };
    let alone = alone(task);
    json!({
        "task": task.name,
        "was": task.was,
        "change": kind,
        "clusters": {"before": task.clusters.0, "after": task.clusters.1},
        "sources": task.sources,
        "changes": task.changes.iter().map(|one| change(one, alone)).collect::<Vec<Value>>(),
    })
}

fn when(when: &When) -> Value {
    json!({"schedule": when.schedule, "zone": when.zone, "suspended": when.suspended})
}

fn change(change: &Change, alone: bool) -> Value {
    let said = words(&change.what, alone);
    let (kind, mut value) = match &change.what {
        What::New { instances, when: at, images } => {
            ("new", json!({"instances": instances, "to": when(at), "images": images}))
        }
        What::Gone => ("gone", json!({})),
        What::Renamed { from, to } => ("renamed", json!({"from": from, "to": to})),
        What::Left(why) => ("left", json!({"because": why.words, "place": why.place})),
        What::Came { why, instances } => {
            ("came", json!({"because": why.words, "place": why.place, "instances": instances}))
        }
        What::Active { from, to, why } => {
            let because = why.as_ref().map(|why| &why.words);
            let place = why.as_ref().and_then(|why| why.place.as_ref());
            ("active", json!({"from": from, "to": to, "because": because, "place": place}))
        }
        What::Group { from, to } => ("group", json!({"from": from, "to": to})),
        What::Instances { from, to } => ("instances", json!({"from": from, "to": to})),
        What::When { from, to } => ("schedule", json!({"from": when(from), "to": when(to)})),
        What::Field { object, field } => {
            let hidden =
                field.old.as_ref().is_some_and(diff::is_redacted) || field.new.as_ref().is_some_and(diff::is_redacted);
            let value = json!({
                "object": object,
                "path": field.at(),
                "order": field.is_order(),
                "hidden": hidden,
                "from": field.old,
                "to": field.new,
            });
            ("field", value)
        }
        What::ObjectNew { object } => ("objectCreated", json!({"object": object})),
        What::ObjectGone { object } => ("objectDeleted", json!({"object": object})),
    };
    value["kind"] = kind.into();
    value["words"] = said.line.into();
    value["lines"] = said.more.into();
    value["clusters"] = json!(change.clusters);
    value["everywhere"] = change.everywhere.into();
    value
}
