//! What the copies of a task have that looks like a mistake: one unlike the others, one of a family unlike its siblings.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::group::Group;
use super::leaves::Leaves;
use super::selectors::Described;
use super::template::{cut, replace_words};

/// Something odd, for a person to look at.
#[derive(Clone, Debug)]
pub struct ImportOddity {
    /// The task.
    pub task: String,
    /// How many more tasks have the same there.
    pub also_tasks: usize,
    /// The clusters whose copy is unlike the others.
    pub clusters: Vec<String>,
    /// The field, by its path in the task.
    pub field: String,
    /// What most have; `None` if they have no such field.
    pub usual: Option<Value>,
    /// What these have.
    pub own: Option<Value>,
    /// How many have what is usual.
    pub others: usize,
    /// What is odd about it, in words.
    pub why: String,
    /// How many other fields differ in the same way.
    pub more: usize,
    /// How odd it is: more is odder.
    pub score: f64,
    /// It is other tasks of one image that tell, not other copies.
    pub by_siblings: bool,
}

/// A field of some copies that most others have otherwise.
#[derive(Clone, Debug)]
pub(super) struct OddityCandidate {
    set: Vec<usize>,
    field: String,
    usual: Option<Value>,
    own: Option<Value>,
    others: usize,
    copies: usize,
    /// No third value is there.
    only: bool,
}

/// The fields of a group that a minority has otherwise; values have references in them where references say them.
pub(super) fn candidates(copies: &[Leaves], clusters: &[usize]) -> Vec<OddityCandidate> {
    let mut found = Vec::new();
    if copies.len() < 3 {
        return found;
    }
    let paths: BTreeSet<&String> = copies.iter().flat_map(|leaves| leaves.keys()).collect();
    for path in paths {
        let mut values: BTreeMap<Option<String>, (Vec<usize>, Option<&Value>)> = BTreeMap::new();
        for (at, leaves) in copies.iter().enumerate() {
            let value = leaves.get(path);
            let entry = values.entry(value.map(Value::to_string)).or_insert_with(|| (Vec::new(), value));
            entry.0.push(clusters[at]);
        }
        if values.len() < 2 || values.len() * 2 > copies.len() + 1 {
            continue;
        }
        let Some(most) = values.values().map(|(set, _)| set.len()).max() else { continue };
        let Some((_, usual)) = values.values().find(|(set, _)| set.len() == most) else { continue };
        for (set, own) in values.values().filter(|(set, own)| set.len() < most && own != usual) {
            found.push(OddityCandidate {
                set: set.clone(),
                field: path.clone(),
                usual: usual.cloned(),
                own: own.cloned(),
                others: most,
                copies: copies.len(),
                only: values.len() == 2,
            });
        }
    }
    found
}

/// The oddities of all groups, the oddest first.
pub(super) fn rank(groups: &[Group], candidates: &[Vec<OddityCandidate>], clusters: &[Described]) -> Vec<ImportOddity> {
    // How often each set of clusters is a minority: one that always is has its reasons.
    let mut tasks_by_set: BTreeMap<&Vec<usize>, BTreeSet<usize>> = BTreeMap::new();
    for (task, found) in candidates.iter().enumerate() {
        found.iter().for_each(|candidate| _ = tasks_by_set.entry(&candidate.set).or_default().insert(task));
    }
    let all: usize = tasks_by_set.values().map(BTreeSet::len).sum();
    let mut oddities = Vec::new();
    for (task, found) in candidates.iter().enumerate() {
        let mut best: BTreeMap<&Vec<usize>, (f64, String, &OddityCandidate, usize)> = BTreeMap::new();
        for candidate in found {
            let (score, why) = judge(candidate, clusters);
            let rarity = (all as f64 / tasks_by_set[&candidate.set].len() as f64).log2().min(3.0) - 1.5;
            let score = score + rarity;
            let entry = best.entry(&candidate.set).or_insert_with(|| (f64::MIN, String::new(), candidate, 0));
            entry.3 += 1;
            if score > entry.0 {
                *entry = (score, why, candidate, entry.3);
            }
        }
        for (set, (score, why, candidate, count)) in best {
            // A copy that differs in many fields is another version of the job, and no slip.
            let score = score - (count as f64).log2() * 0.6;
            oddities.push(ImportOddity {
                task: title(&groups[task]),
                also_tasks: 0,
                by_siblings: false,
                clusters: set.iter().map(|at| clusters[*at].name.clone()).collect(),
                field: candidate.field.clone(),
                usual: candidate.usual.clone(),
                own: candidate.own.clone(),
                others: candidate.others,
                why,
                more: count - 1,
                score,
            });
        }
    }
    oddities.extend(missing(groups, clusters));
    oddities.extend(siblings(groups, clusters));
    oddities.extend(active(groups));
    let mut oddities = merged(oddities);
    oddities.retain(|oddity| oddity.score > 1.0);
    oddities.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| (&a.task, &a.field, &a.clusters).cmp(&(&b.task, &b.field, &b.clusters)))
    });
    oddities
}

/// What several tasks have alike is one question. The more tasks, the more it looks meant, unless it is told by siblings.
fn merged(oddities: Vec<ImportOddity>) -> Vec<ImportOddity> {
    let mut alike: BTreeMap<(String, String, Vec<String>, bool), Vec<ImportOddity>> = BTreeMap::new();
    for oddity in oddities {
        let own = oddity.own.as_ref().map_or_else(String::new, Value::to_string);
        let by_siblings = oddity.by_siblings;
        // Siblings tell on each cluster for itself.
        let clusters = if by_siblings { Vec::new() } else { oddity.clusters.clone() };
        alike.entry((oddity.field.clone(), own, clusters, by_siblings)).or_default().push(oddity);
    }
    let one = |((_, _, _, by_siblings), mut all): ((String, String, Vec<String>, bool), Vec<ImportOddity>)| {
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.task.cmp(&b.task)));
        let more = all.len() - 1;
        let mut first = all.swap_remove(0);
        first.also_tasks = more;
        if !by_siblings {
            first.score -= (more as f64 + 1.0).log2() * 0.7;
        }
        first
    };
    alike.into_iter().map(one).collect()
}

fn title(group: &Group) -> String {
    match &group.namespace {
        Some(namespace) => format!("{namespace}/{}", group.name),
        None => group.name.clone(),
    }
}

/// How odd a difference is, and why.
fn judge(candidate: &OddityCandidate, clusters: &[Described]) -> (f64, String) {
    let OddityCandidate { set, field, usual, own, others, copies, only } = candidate;
    let mut score = (*others as f64 / set.len() as f64).log2() + if *only { 1.0 } else { 0.0 };
    let mut why = format!("{others} of {copies} copies agree");
    if (*others as f64) < *copies as f64 * 0.6 || is_class(set, clusters) {
        score -= 3.0;
    }
    let lower = field.to_lowercase();
    if lower.contains("checksum") || lower.contains("hash") {
        score -= 4.0;
    }
    if field.starts_with("annotations") || lower.contains("description") {
        score -= 1.0;
    }
    let (bonus, words) = match (usual, own) {
        (Some(_), None) => (1.0, Some("it lacks the field".to_owned())),
        (None, Some(_)) => (0.5, Some("no other has the field".to_owned())),
        (Some(usual), Some(own)) => compare(field, usual, own, set, clusters),
        (None, None) => (0.0, None),
    };
    if let Some(words) = words {
        why = format!("{words}; {why}");
    }
    (score + bonus, why)
}

/// Whether a set is all clusters of a stem or label: they differ on purpose.
fn is_class(set: &[usize], clusters: &[Described]) -> bool {
    if set.len() < 2 {
        return false;
    }
    let names: Vec<&str> = set.iter().map(|at| clusters[*at].name.as_str()).collect();
    let (prefix, _, _) = cut(&names);
    let of_stem =
        prefix.len() > 1 && (0..clusters.len()).all(|at| clusters[at].name.starts_with(prefix) == set.contains(&at));
    let of_property = clusters[set[0]].properties.iter().any(|(key, value)| {
        (0..clusters.len()).all(|at| (clusters[at].properties.get(key) == Some(value)) == set.contains(&at))
    });
    of_stem || of_property
}

/// What two values of a field have to do with each other.
fn compare(field: &str, usual: &Value, own: &Value, set: &[usize], clusters: &[Described]) -> (f64, Option<String>) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (usual_text, own_text) = (text(usual), text(own));
    let of_another = |at: &usize| {
        let name = &clusters[*at].name;
        name.len() > 2
            && !set.contains(at)
            && !usual_text.contains(name.as_str())
            && replace_words(&own_text, name, "$(x)").is_some()
    };
    if let Some(other) = (0..clusters.len()).find(|at| of_another(at)) {
        return (3.0, Some(format!("it names cluster `{}`", clusters[other].name)));
    }
    if field == "schedule"
        && let Some(minutes) = minutes_apart(&usual_text, &own_text)
    {
        return (2.0, Some(format!("it is {minutes} min off")));
    }
    if field.ends_with("image")
        && let Some((ours, theirs)) = tags(&own_text, &usual_text)
    {
        return match version_order(ours, theirs) {
            Some(Ordering::Less) => (2.5, Some("its image is older".to_owned())),
            Some(_) => (0.5, Some("its image is newer".to_owned())),
            None if first_word(ours) != first_word(theirs) => {
                (2.0, Some("its image has another kind of tag".to_owned()))
            }
            None => (0.0, None),
        };
    }
    if usual_text.eq_ignore_ascii_case(&own_text) || usual_text.trim() == own_text.trim() {
        return (2.0, Some("only case, blanks or type differ".to_owned()));
    }
    let same = usual_text.chars().zip(own_text.chars()).take_while(|(a, b)| a == b).count()
        + usual_text.chars().rev().zip(own_text.chars().rev()).take_while(|(a, b)| a == b).count();
    let longest = usual_text.chars().count().max(own_text.chars().count());
    if longest > 12 && same * 10 > longest * 8 {
        return (1.0, Some("the texts differ in little".to_owned()));
    }
    (0.0, None)
}

/// The minutes between two schedules that differ in their minute alone, if these are few.
fn minutes_apart(a: &str, b: &str) -> Option<u32> {
    let (minute_a, rest_a) = a.split_once(' ')?;
    let (minute_b, rest_b) = b.split_once(' ')?;
    let apart = minute_a.parse::<u32>().ok()?.abs_diff(minute_b.parse::<u32>().ok()?);
    let apart = apart.min(60_u32.saturating_sub(apart));
    (rest_a == rest_b && (1..=5).contains(&apart)).then_some(apart)
}

/// The tags of two images of one name.
fn tags<'t>(a: &'t str, b: &'t str) -> Option<(&'t str, &'t str)> {
    let (name_a, tag_a) = a.rsplit_once(':')?;
    let (name_b, tag_b) = b.rsplit_once(':')?;
    (name_a == name_b).then_some((tag_a, tag_b))
}

/// Which of two tags is the older, if they differ in their numbers alone.
fn version_order(a: &str, b: &str) -> Option<Ordering> {
    let words = |tag: &str| tag.split(|c: char| c.is_ascii_digit()).collect::<Vec<_>>().concat();
    let numbers = |tag: &str| -> Vec<u64> {
        tag.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let same = words(a) == words(b) && numbers(a).len() == numbers(b).len();
    Some(numbers(a).cmp(&numbers(b))).filter(|order| same && *order != Ordering::Equal)
}

/// The word with which a tag begins: `staging` of `staging-1.4`.
fn first_word(tag: &str) -> &str {
    tag.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// Tasks that stand on all clusters but one.
fn missing(groups: &[Group], clusters: &[Described]) -> Vec<ImportOddity> {
    let lacking = |group: &Group| -> Vec<usize> {
        (0..clusters.len()).filter(|at| group.copies.iter().all(|copy| copy.cluster != *at)).collect()
    };
    let mut by_cluster: BTreeMap<usize, Vec<&Group>> = BTreeMap::new();
    for group in groups.iter().filter(|_| clusters.len() > 2) {
        if let [only] = lacking(group)[..] {
            by_cluster.entry(only).or_default().push(group);
        }
    }
    let mut found = Vec::new();
    for (cluster, missing) in by_cluster {
        // A cluster that lacks many lacks them on purpose.
        let rarity = (groups.len() as f64 / missing.len() as f64).log2().min(3.0) - 1.5;
        for group in missing {
            found.push(ImportOddity {
                task: title(group),
                also_tasks: 0,
                by_siblings: false,
                clusters: vec![clusters[cluster].name.clone()],
                field: "placement".to_owned(),
                usual: None,
                own: None,
                others: clusters.len() - 1,
                why: "the task is on every other cluster".to_owned(),
                more: 0,
                score: ((clusters.len() - 1) as f64).log2() + rarity,
            });
        }
    }
    found
}

/// The clusters on which a task is unlike its siblings, how many of these agree, and how many are as it is.
type Unlike = (Vec<usize>, usize, usize);

/// Tasks of one image, cluster by cluster: one whose tag is unlike that of its siblings.
fn siblings(groups: &[Group], clusters: &[Described]) -> Vec<ImportOddity> {
    let mut families: BTreeMap<(usize, String), Vec<(usize, String)>> = BTreeMap::new();
    for (task, group) in groups.iter().enumerate() {
        for copy in &group.copies {
            let image = copy
                .object
                .pointer("/spec/jobTemplate/spec/template/spec/containers/0/image")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if let Some((name, tag)) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
                families.entry((copy.cluster, name.to_owned())).or_default().push((task, tag.to_owned()));
            }
        }
    }
    // By task, usual and own image: the clusters, and how many tasks there have either.
    let mut odd: BTreeMap<(usize, String, String), Unlike> = BTreeMap::new();
    for ((cluster, name), tags) in families.into_iter().filter(|(_, tags)| tags.len() > 2) {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        tags.iter().for_each(|(_, tag)| *counts.entry(tag).or_default() += 1);
        let Some((usual, most)) =
            counts.iter().max_by_key(|(_, count)| **count).map(|(tag, count)| ((*tag).clone(), *count))
        else {
            continue;
        };
        for (task, tag) in tags.iter().filter(|(_, tag)| *tag != usual && counts[tag] * 3 <= most) {
            let key = (*task, format!("{name}:{usual}"), format!("{name}:{tag}"));
            let entry = odd.entry(key).or_insert((Vec::new(), most, counts[tag]));
            entry.0.push(cluster);
        }
    }
    odd.into_iter()
        .map(|((task, usual, own), (set, most, few))| {
            let older = tags(&own, &usual).and_then(|(own, usual)| version_order(own, usual)) == Some(Ordering::Less);
            ImportOddity {
                task: title(&groups[task]),
                also_tasks: 0,
                by_siblings: true,
                clusters: set.iter().map(|at| clusters[*at].name.clone()).collect(),
                field: "container/image".to_owned(),
                usual: Some(usual.into()),
                own: Some(own.into()),
                others: most,
                why: format!(
                    "{most} other tasks of this image there have {}",
                    if older { "a newer one" } else { "another one" }
                ),
                more: 0,
                score: (most as f64 / few as f64).log2() + if older { 2.5 } else { 1.0 },
            }
        })
        .collect()
}

/// Tasks with another number of active copies than their siblings, where some are suspended.
fn active(groups: &[Group]) -> Vec<ImportOddity> {
    let mut by_placement: BTreeMap<Vec<usize>, Vec<(usize, usize)>> = BTreeMap::new();
    for (task, group) in groups.iter().enumerate() {
        let active = group.copies.iter().filter(|copy| copy.suspend != Some(true)).count();
        if active > 0 && active < group.copies.len() {
            by_placement
                .entry(group.copies.iter().map(|copy| copy.cluster).collect())
                .or_default()
                .push((task, active));
        }
    }
    let mut found = Vec::new();
    for tasks in by_placement.into_values().filter(|tasks| tasks.len() > 3) {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        tasks.iter().for_each(|(_, active)| *counts.entry(*active).or_default() += 1);
        let Some((usual, most)) = counts.iter().max_by_key(|(_, count)| **count).map(|(n, count)| (*n, *count)) else {
            continue;
        };
        for (task, active) in tasks.iter().filter(|(_, active)| counts[active] * 4 <= most) {
            found.push(ImportOddity {
                task: title(&groups[*task]),
                also_tasks: 0,
                by_siblings: false,
                clusters: Vec::new(),
                field: "active".to_owned(),
                usual: Some(usual.into()),
                own: Some((*active).into()),
                others: most,
                why: format!("{active} copies run, and of {most} other tasks on these clusters {usual}"),
                more: 0,
                score: (most as f64 / counts[active] as f64).log2() + 1.5,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_copy_unlike_all_others_is_found_with_the_reason() {
        let clusters: Vec<Described> = ["a-1", "b-1", "c-1", "d-1"].map(Described::bare).into();
        let judged = |field: &str, usual: Value, own: Option<Value>| {
            let leaves = |value: Option<&Value>| -> Leaves {
                value.map(|value| (field.to_owned(), value.clone())).into_iter().collect()
            };
            let copies = [leaves(Some(&usual)), leaves(Some(&usual)), leaves(own.as_ref()), leaves(Some(&usual))];
            let found = candidates(&copies, &[0, 1, 2, 3]);
            assert_eq!((found.len(), &found[0].set), (1, &vec![2]));
            judge(&found[0], &clusters).1
        };
        assert!(judged("schedule", json!("10 3 * * *"), Some(json!("11 3 * * *"))).starts_with("it is 1 min off"));
        assert!(judged("container/image", json!("x/y:v26"), Some(json!("x/y:v13"))).starts_with("its image is older"));
        assert!(judged("container/env/#A", json!({"name": "A", "value": "1"}), None).starts_with("it lacks the field"));
        assert!(
            judged("labels/at", json!("$(cluster.name)"), Some(json!("b-1"))).starts_with("it names cluster `b-1`")
        );
    }
}
