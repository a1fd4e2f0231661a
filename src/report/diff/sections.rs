//! Orders changes as a reviewer needs them: deletions, totals, then task by task. What is the same for many tasks or
//! clusters is one entry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diff::{Change, Changes, ClusterFact, ObjectChange, ObjectFate, TaskChanges, What};
use crate::model::TaintEffect;
use crate::report::consequences;
use crate::report::diff::totals::summary;
use crate::report::diff::words::{Words, words};
use crate::report::table::{count, names};

/// So many names are shown.
const NAMES: usize = 6;

/// So many lines of one kind are shown among the deletions.
const LINES: usize = 20;

/// A report.
#[derive(Debug, Default)]
pub struct Report<'c> {
    /// Updates that the API server refuses, and deletions that take more with them.
    pub consequences: Vec<String>,
    /// Copies that may start at once.
    pub starts: Vec<String>,
    /// What is lost; nothing if nothing is.
    pub deletions: Vec<String>,
    /// Whether the guard would stop it.
    pub guarded: bool,
    /// How much changes.
    pub summary: Vec<String>,
    /// What changes in the inventory.
    pub inventory: Vec<String>,
    /// What changes in tasks.
    pub entries: Vec<TaskSection<'c>>,
    /// Objects of no task.
    pub others: Vec<String>,
    /// Which files that comes from.
    pub sources: Option<String>,
}

/// One task, or tasks that share a change.
#[derive(Debug)]
pub struct TaskSection<'c> {
    /// What it is about.
    pub title: String,
    /// What changes, by where.
    pub blocks: Vec<Block>,
    /// What else is to be known.
    pub note: Option<String>,
    /// The objects that differ: of all its tasks, or of the first of many.
    pub documents: Vec<&'c ObjectChange>,
    /// It is told that these are those of one task among several.
    pub example: Option<&'c str>,
}

/// Changes that hold on the same clusters.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// Where.
    pub on: String,
    /// What.
    pub lines: Vec<Words>,
}

/// `a, b, c and 34 more`
pub fn list<'n>(all: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    // Of a long list the first few tell as much as some more.
    names(all.iter().copied(), if all.len() > NAMES { 3 } else { NAMES })
}

fn strings(all: &[String]) -> String {
    list(all.iter().map(String::as_str))
}

/// `2 clusters: a, b`
fn clusters(all: &[String]) -> String {
    format!("{}: {}", count(all.len(), "cluster"), strings(all))
}

/// The report of some changes.
pub fn report(changes: &Changes) -> Report<'_> {
    let mut report = Report { guarded: !changes.refusals.is_empty(), ..Report::default() };
    some(consequences::lines(&changes.consequences), "objects", &mut report.consequences);
    report.starts = consequences::starts(&changes.consequences);
    report.deletions = deletions(changes);
    report.summary = summary(changes);
    report.inventory = inventory(changes);
    report.entries = entries(changes);
    report.others = others(changes);
    report.sources = sources(changes);
    report
}

fn some(lines: Vec<String>, what: &str, into: &mut Vec<String>) {
    let left = lines.len().saturating_sub(LINES);
    into.extend(lines.into_iter().take(LINES));
    if left > 0 {
        into.push(format!("and {left} more {what}; `--format json` lists all"));
    }
}

/// What is lost.
fn deletions(changes: &Changes) -> Vec<String> {
    let mut lines = Vec::new();
    let inventory = &changes.inventory;
    let nothing = changes.totals.deleted == 0 && changes.tasks.iter().all(|task| task.there.1);
    if changes.refusals.is_empty() && (changes.is_empty() || nothing) {
        return lines;
    }
    if !changes.refusals.is_empty() {
        let names = changes.to_allow.join(",");
        lines.push(format!("the deletion guard would stop this: `--allow-deletions {names}` if it is meant"));
        some(changes.refusals.iter().map(ToString::to_string).collect(), "clusters and tasks", &mut lines);
    } else if changes.totals.deleted > 0 {
        lines.push("the deletion guard lets this pass".to_owned());
    }
    let refused = |name: &str| changes.refusals.iter().any(|refusal| refusal.cluster() == Some(name));
    let removed = inventory.removed.iter().filter(|(name, objects)| *objects > 0 && !refused(name));
    let removed = removed.map(|(name, objects)| {
        format!("cluster {name} is gone from the inventory: its {} go", count(*objects, "object"))
    });
    some(removed.collect(), "clusters", &mut lines);
    let renamed = inventory.renamed.iter().map(|renamed| {
        format!(
            "cluster {} is {} now: one directory is deleted and another created, so {} {} and {} under the new one{}; \
             running Jobs go with them, and their history is lost",
            renamed.from,
            renamed.to,
            count(renamed.gone, "object"),
            if renamed.gone == 1 { "goes" } else { "go" },
            match renamed.new {
                new if new != renamed.gone => format!("{} come", count(new, "object")),
                1 => "comes back".to_owned(),
                _ => "come back".to_owned(),
            },
            if renamed.differing.is_empty() { "" } else { ", not all of them as they were" },
        )
    });
    some(renamed.collect(), "clusters", &mut lines);
    let by_taint: BTreeMap<&str, usize> = changes.drained.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    let emptied = changes.emptied.iter().filter(|(name, _)| !refused(name) && !by_taint.contains_key(name.as_str()));
    let emptied = emptied.map(|(name, n)| format!("cluster {name} loses all {} of tasks", count(*n, "object")));
    some(emptied.collect(), "clusters", &mut lines);
    let drained = changes.drained.iter().map(|(name, number)| {
        let all = changes.emptied.iter().any(|(emptied, _)| emptied == name);
        let all = if all { ", all that tasks had there" } else { "" };
        format!("cluster {name} is drained by a NoExecute taint: {} go{all}", count(*number, "object"))
    });
    some(drained.collect(), "clusters", &mut lines);
    let gone = changes.tasks.iter().filter(|task| !task.there.1);
    let gone = gone.map(|task| {
        let on: BTreeSet<&str> = task.changes.iter().flat_map(|change| &change.clusters).map(String::as_str).collect();
        let others = task.documents.iter().filter(|document| document.object.is_some());
        let others: BTreeSet<&Option<String>> = others.map(|document| &document.old_path).collect();
        let with = if others.is_empty() { String::new() } else { format!(", with {}", count(others.len(), "object")) };
        let by = by(&task.sources);
        let (number, all) = (count(on.len(), "cluster"), list(on.iter().copied()));
        match (on.is_empty(), task.documents.is_empty()) {
            (true, _) => format!("task {} is removed, which ran nowhere{by}", task.name),
            (_, true) => {
                format!(
                    "task {} is removed{by}; its objects stay on {number}, {all}, for other tasks give them",
                    task.name
                )
            }
            _ => format!("task {} is removed{with}, from {number}: {all}{by}", task.name),
        }
    });
    some(gone.collect(), "tasks", &mut lines);
    let moved = changes.tasks.iter().filter(|task| task.there == (true, true)).filter_map(|task| {
        if let Some(was) = &task.was {
            let anew = task.changes.iter().filter(|change| matches!(change.what, What::Renamed { .. }));
            let on: BTreeSet<&String> = anew.flat_map(|change| &change.clusters).collect();
            // Where its CronJob has a name of its own, that stays.
            return (!on.is_empty()).then(|| {
                format!(
                    "task {was} is renamed to {}: a delete and a create on {}; running Jobs of the old one are deleted \
                     with it, and its history is lost",
                    task.name,
                    count(on.len(), "cluster")
                )
            });
        }
        let mut on: Vec<String> = Vec::new();
        for change in &task.changes {
            if let What::Left(why) = &change.what
                && !why.drained
                && !why.inventory
            {
                on.extend(change.clusters.clone());
            }
        }
        // The reader of this list knows a cluster by the name whose directory goes.
        let former = |name: &String| inventory.renamed.iter().find(|one| one.to == *name).map(|one| one.from.clone());
        let mut on: Vec<String> = on.iter().map(|name| former(name).unwrap_or_else(|| name.clone())).collect();
        on.sort_unstable();
        (!on.is_empty()).then(|| format!("task {} leaves {}", task.name, clusters(&on)))
    });
    some(moved.collect(), "tasks", &mut lines);
    let mut objects: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for task in changes.tasks.iter().filter(|task| task.there == (true, true)) {
        for change in &task.changes {
            let what = match &change.what {
                What::ObjectGone { object } => format!("{object} of task {}", task.was.as_ref().unwrap_or(&task.name)),
                What::Renamed { from, .. } if task.was.is_none() => {
                    format!("CronJob {from} of task {}, for it has another name now", task.name)
                }
                _ => continue,
            };
            objects.entry(what).or_default().extend(change.clusters.iter().map(String::as_str));
        }
    }
    let line = |(what, on): (String, BTreeSet<&str>)| {
        format!("{what}, goes from {}: {}", count(on.len(), "cluster"), list(on))
    };
    some(objects.into_iter().map(line).collect(), "objects", &mut lines);
    lines
}

/// `, by tasks/a.yaml`
fn by(files: &[String]) -> String {
    if files.is_empty() { String::new() } else { format!(", by {}", strings(files)) }
}

/// What changes in the inventory, and in the guard.
fn inventory(changes: &Changes) -> Vec<String> {
    let inventory = &changes.inventory;
    let mut lines = Vec::new();
    let added = inventory.added.iter();
    some(
        added.map(|(name, objects)| format!("cluster {name} is new: it gets {}", count(*objects, "object"))).collect(),
        "clusters",
        &mut lines,
    );
    let removed = inventory.removed.iter();
    some(
        removed.map(|(name, objects)| format!("cluster {name} is gone, with {}", count(*objects, "object"))).collect(),
        "clusters",
        &mut lines,
    );
    let renamed = inventory.renamed.iter();
    let renamed = renamed.map(|one| {
        format!(
            "cluster {} is renamed to {}: {} deleted and {} created, every CronJob anew{}",
            one.from,
            one.to,
            count(one.gone, "object"),
            one.new,
            if one.differing.is_empty() {
                String::new()
            } else {
                format!("; not the same under both names: {}", one.differing.join(", "))
            }
        )
    });
    some(renamed.collect(), "clusters", &mut lines);
    some(inventory.said.iter().map(|(said, on)| fact(said, on, changes)).collect(), "changes", &mut lines);
    if let Some((old, new)) = &changes.moved {
        lines.push(format!(
            "the output directory is {new} now, and was {old}: whoever syncs {old} must be told before anything of it is \
             removed"
        ));
    }
    if let Some((old, new)) = changes.guards {
        lines.push(format!(
            "the deletion guard stops from {} deletions and more than {} percent on, before {} and {}",
            new.min, new.percent, old.min, old.percent
        ));
    }
    lines
}

/// What is said otherwise of some clusters, and what that does.
fn fact(said: &ClusterFact, on: &[String], changes: &Changes) -> String {
    let who = match on {
        [only] => format!("cluster {only}"),
        several => format!("on {}", clusters(several)),
    };
    let words = match (said.what.as_str(), &said.old, &said.new) {
        ("capacity", ..) => "capacity changed".to_owned(),
        (what, None, Some(new)) => format!("{what} {new} added"),
        (what, Some(old), None) => format!("{what} {old} removed"),
        (what, Some(old), Some(new)) if old == new => format!("{what}: changed (hidden)"),
        (what, old, new) => {
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            format!("{what}: {} -> {}", text(old), text(new))
        }
    };
    let means = match (said.effect, said.new.is_some()) {
        (Some(TaintEffect::NoExecute), true) => "; it drains what does not tolerate it",
        (Some(TaintEffect::NoSchedule), true) => "; it takes nothing new and keeps what is there",
        (Some(TaintEffect::PreferNoSchedule), true) => "; it is the last choice where there is one",
        (Some(_), false) => "; nothing moves back by itself",
        (None, _) => "",
    };
    let touched = |pick: fn(&What) -> bool| {
        let moves = |task: &&TaskChanges| {
            task.there == (true, true)
                && task
                    .changes
                    .iter()
                    .any(|change| pick(&change.what) && change.clusters.iter().any(|name| on.contains(name)))
        };
        changes.tasks.iter().filter(moves).count()
    };
    let left = touched(|what| matches!(what, What::Left(_)));
    let came = touched(|what| matches!(what, What::Came { .. }));
    let mut effect = Vec::new();
    if left > 0 {
        effect.push(format!("{} leave{}", count(left, "task"), if left == 1 { "s" } else { "" }));
    }
    if came > 0 {
        effect.push(format!("{} come{}", count(came, "task"), if came == 1 { "s" } else { "" }));
    }
    let effect = if effect.is_empty() { String::new() } else { format!(" ({})", effect.join(", ")) };
    format!("{who}: {words}{means}{effect}")
}

fn others(changes: &Changes) -> Vec<String> {
    // What a cluster gets, or loses, with its directory is told with the cluster.
    let inventory = &changes.inventory;
    let renamed = inventory.renamed.iter().flat_map(|one| [&one.from, &one.to]);
    let whole = inventory.added.iter().chain(&inventory.removed).map(|(name, _)| name).chain(renamed);
    let whole: BTreeSet<&String> = whole.collect();
    let mut groups: BTreeMap<(ObjectFate, Vec<&String>), Vec<&str>> = BTreeMap::new();
    for (fate, what, on) in &changes.others {
        let on: Vec<&String> = on.iter().filter(|name| !whole.contains(name)).collect();
        if !on.is_empty() {
            groups.entry((*fate, on)).or_default().push(what);
        }
    }
    let said = groups.into_iter().map(|((fate, on), what)| {
        let one = what.len() == 1;
        let verb = match fate {
            ObjectFate::New if one => "is new",
            ObjectFate::New => "are new",
            ObjectFate::Changed if one => "changes",
            ObjectFate::Changed => "change",
            ObjectFate::Gone if one => "goes",
            ObjectFate::Gone => "go",
        };
        let on: Vec<String> = on.into_iter().cloned().collect();
        format!("{} {verb} on {}", list(what), clusters(&on))
    });
    let mut lines = Vec::new();
    some(said.collect(), "objects", &mut lines);
    lines
}

/// The files that this comes from.
fn sources(changes: &Changes) -> Option<String> {
    let word = |(path, fate): &(String, ObjectFate)| match fate {
        ObjectFate::New => format!("{path} (new)"),
        ObjectFate::Changed => path.clone(),
        ObjectFate::Gone => format!("{path} (gone)"),
    };
    let files: Vec<String> = changes.sources.iter().map(word).collect();
    let verb = if files.len() == 1 { "differs" } else { "differ" };
    (!files.is_empty()).then(|| format!("{} {verb}: {}", count(files.len(), "source file"), strings(&files)))
}

/// A line of a task with the clusters on which it holds.
struct SectionLine<'c> {
    words: Words,
    change: &'c Change,
    rank: usize,
}

impl SectionLine<'_> {
    /// What tells it from others; where it holds everywhere the clusters do not.
    fn key(&self) -> String {
        let on = if self.change.everywhere { String::new() } else { self.change.clusters.join(" ") };
        // A long value is cut where it is shown; it is the same only if it is so to its end.
        let whole = match &self.change.what {
            What::Field { field, .. } if self.words.shared == self.words.line => {
                format!("{:?} {:?}", field.old, field.new)
            }
            _ => String::new(),
        };
        format!("{}\n{}\n{whole}\n{on}", self.words.shared, self.words.more.join("\n"))
    }
}

/// The order in which the changes of a task are told.
fn rank(what: &What) -> usize {
    match what {
        What::New { .. } | What::Gone => 0,
        What::Renamed { .. } => 1,
        What::Left(_) => 2,
        What::Came { .. } => 3,
        What::Active { .. } => 4,
        What::Group { .. } => 6,
        What::Instances { .. } => 7,
        What::When { .. } => 8,
        What::Field { object: None, field } if field.at().ends_with(".image") => 9,
        What::Field { object: None, .. } => 10,
        What::ObjectGone { .. } => 11,
        What::ObjectNew { .. } => 12,
        What::Field { object: Some(_), .. } => 13,
    }
}

/// Whether the pods of a task have one container only.
pub fn alone(task: &TaskChanges) -> bool {
    let one = |object: &Option<Value>| {
        let pod = object.as_ref().and_then(|object| object.pointer("/spec/jobTemplate/spec/template/spec"));
        let number = |list: &str| pod.and_then(|pod| pod.get(list)).and_then(Value::as_array).map_or(0, Vec::len);
        number("containers") <= 1 && number("initContainers") == 0
    };
    let jobs = task.documents.iter().filter(|document| document.object.is_none());
    jobs.map(|document| &document.compared).all(|compared| one(&compared.old) && one(&compared.new))
}

/// What changes, task by task.
fn entries(changes: &Changes) -> Vec<TaskSection<'_>> {
    let mut told: Vec<(&TaskChanges, Vec<SectionLine<'_>>)> = Vec::new();
    for task in changes.tasks.iter().filter(|task| task.there.1) {
        let alone = alone(task);
        let changes = task.changes.iter();
        let mut lines: Vec<SectionLine<'_>> = changes
            .map(|change| SectionLine { words: words(&change.what, alone), change, rank: rank(&change.what) })
            .collect();
        lines.sort_by_key(|line| line.rank);
        told.push((task, lines));
    }
    // Which tasks share a line; one that is new or renamed shares nothing.
    let mut by_line: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (task, lines)) in told.iter().enumerate() {
        for line in lines.iter().filter(|line| shares(task, line.change)) {
            let tasks = by_line.entry(line.key()).or_default();
            if tasks.last() != Some(&at) {
                tasks.push(at);
            }
        }
    }
    let shared = |line: &SectionLine<'_>, task: &TaskChanges| -> Option<&Vec<usize>> {
        let whole = shares(task, line.change);
        by_line.get(&line.key()).filter(|tasks| whole && tasks.len() > 1)
    };
    let mut entries = Vec::new();
    let mut groups: BTreeMap<&Vec<usize>, (usize, BTreeSet<String>)> = BTreeMap::new();
    for (at, (task, lines)) in told.iter().enumerate() {
        for line in lines {
            if let Some(tasks) = shared(line, task) {
                groups.entry(tasks).or_insert_with(|| (at, BTreeSet::new())).1.insert(line.key());
            }
        }
    }
    let mut own: Vec<(usize, TaskSection<'_>)> = Vec::new();
    for (at, (task, lines)) in told.iter().enumerate() {
        let mine: Vec<&SectionLine<'_>> = lines.iter().filter(|line| shared(line, task).is_none()).collect();
        if mine.is_empty() {
            continue;
        }
        let more = lines.len() - mine.len();
        let note = (more > 0).then(|| format!("and {} that it shares with other tasks, above", count(more, "change")));
        own.push((at, TaskSection { note, ..entry(task, &mine) }));
    }
    let mut sharing: Vec<(usize, TaskSection<'_>)> = Vec::new();
    for (tasks, (first, keys)) in &groups {
        let (task, lines) = &told[*first];
        let ours: Vec<&SectionLine<'_>> = lines.iter().filter(|line| keys.contains(&line.key())).collect();
        let mut blocks: Vec<Block> = Vec::new();
        for line in &ours {
            let mut on: BTreeSet<&str> = BTreeSet::new();
            for at in tasks.iter() {
                let alike = told[*at].1.iter().filter(|other| other.key() == line.key());
                on.extend(alike.flat_map(|other| &other.change.clusters).map(String::as_str));
            }
            let number = count(on.len(), "cluster");
            let every = if line.change.everywhere { "wherever they run, on " } else { "on " };
            let on = format!("{every}{number}: {}", list(on));
            let differ = tasks
                .iter()
                .any(|at| told[*at].1.iter().any(|other| other.key() == line.key() && other.words != line.words));
            let words = if differ {
                Words { line: line.words.shared.clone(), ..line.words.clone() }
            } else {
                line.words.clone()
            };
            add(&mut blocks, on, words);
        }
        let names: Vec<&str> = tasks.iter().map(|at| told[*at].0.name.as_str()).collect();
        let title = format!("same change in {}: {}", count(tasks.len(), "task"), list(names));
        // What only some of them are made of did not do it.
        let common = |file: &&String| tasks.iter().all(|at| told[*at].0.sources.contains(file));
        let files: Vec<String> = task.sources.iter().filter(common).cloned().collect();
        let title = format!("{title}{}", by(&files));
        let documents = task.documents.iter().collect();
        sharing.push((*first, TaskSection { title, blocks, note: None, documents, example: Some(&task.name) }));
    }
    sharing.sort_by_key(|(at, _)| *at);
    // New tasks and new names first, then what many share, then the others.
    let (early, late): (Vec<_>, Vec<_>) =
        own.into_iter().partition(|(at, _)| !told[*at].0.there.0 || told[*at].0.was.is_some());
    entries.extend(early.into_iter().chain(sharing).chain(late).map(|(_, entry)| entry));
    entries
}

/// Whether a change may be told together with that of other tasks: not of one that is new or has another name, and not
/// the half of a move.
fn shares(task: &TaskChanges, change: &Change) -> bool {
    let half = matches!(change.what, What::Left(_) | What::Came { .. }) && moves(task).is_some();
    task.there == (true, true) && task.was.is_none() && !half
}

/// From where to where a task moves, if it leaves clusters and comes to others.
fn moves(task: &TaskChanges) -> Option<(Vec<&str>, Vec<&str>)> {
    let on = |pick: fn(&What) -> bool| -> Vec<&str> {
        let picked = task.changes.iter().filter(|change| pick(&change.what));
        let mut names: Vec<&str> = picked.flat_map(|change| &change.clusters).map(String::as_str).collect();
        names.sort_unstable();
        names
    };
    let from = on(|what| matches!(what, What::Left(_)));
    let to = on(|what| matches!(what, What::Came { .. }));
    (!from.is_empty() && !to.is_empty()).then_some((from, to))
}

fn add(blocks: &mut Vec<Block>, on: String, words: Words) {
    match blocks.iter_mut().find(|block| block.on == on) {
        Some(block) => block.lines.push(words),
        None => blocks.push(Block { on, lines: vec![words] }),
    }
}

fn entry<'c>(task: &'c TaskChanges, lines: &[&SectionLine<'_>]) -> TaskSection<'c> {
    let touched: BTreeSet<&str> = task.changes.iter().flat_map(|change| &change.clusters).map(String::as_str).collect();
    let by = by(&task.sources);
    let title = match (task.there.0, &task.was) {
        (false, _) => {
            let new = task.documents.iter().filter(|document| document.old_path.is_none());
            let others: BTreeSet<&String> = new.filter_map(|document| document.object.as_ref()).collect();
            let with = if others.is_empty() {
                String::new()
            } else {
                format!(", with {}", list(others.iter().map(|name| name.as_str())))
            };
            format!("task {} is new, on {}{with}{by}", task.name, count(task.clusters.1, "cluster"))
        }
        (true, Some(was)) => {
            format!("task {was} is renamed to {}, on {}{by}", task.name, count(task.clusters.1, "cluster"))
        }
        (true, None) => {
            let of = task.clusters.0.max(task.clusters.1).max(touched.len());
            let number = match (touched.len(), of) {
                (_, 1) => "its only cluster".to_owned(),
                (2, 2) => "both clusters".to_owned(),
                (n, of) if n == of => format!("all {of} clusters"),
                (n, of) => format!("{n} of {of} clusters"),
            };
            match moves(task) {
                Some((from, to)) => format!("task {} moves from {} to {}{by}", task.name, list(from), list(to)),
                None => format!("task {} changes on {number}{by}", task.name),
            }
        }
    };
    let mut blocks = Vec::new();
    for line in lines {
        let on = &line.change.clusters;
        let on = match on.as_slice() {
            [only] => format!("on {only}"),
            both @ [_, _] if line.change.everywhere => format!("on both clusters: {}", strings(both)),
            several if line.change.everywhere => format!("on all {}", clusters(several)),
            several => format!("on {}", clusters(several)),
        };
        add(&mut blocks, on, line.words.clone());
    }
    TaskSection { title, blocks, note: None, documents: task.documents.iter().collect(), example: None }
}
