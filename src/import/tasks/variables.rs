//! Finds variables of clusters: texts that differ from cluster to cluster in the same way at several places.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::template::{Refs, columns, cut, unify};

/// A text by cluster.
pub(super) type Vector = BTreeMap<usize, String>;

/// Where a text that differs stands in a leaf, and how it could be written.
pub(super) struct ValueColumn {
    /// For each copy of the class its own text.
    tokens: Vec<String>,
    /// What a person would call it.
    hint: String,
}

/// The copies of a leaf whose texts have one structure, taken apart.
pub(super) struct Split {
    /// The copies, by their place among the values.
    pub(super) members: Vec<usize>,
    /// For each string of the leaf its columns, those that differ and those that do not.
    strings: Vec<Vec<Piece>>,
}

enum Piece {
    Same(String),
    Differs(ValueColumn),
}

/// How often a vector of texts occurs.
#[derive(Clone, Debug, Default)]
struct Uses {
    weight: usize,
    names: BTreeMap<String, usize>,
}

/// All vectors of all leaves, and after [`Pool::choose`] the variables made of them.
#[derive(Default)]
pub(super) struct Pool {
    seen: HashMap<Vector, Uses>,
    variables: Vec<Variable>,
    /// By a cluster and its text, the variables that have it.
    index: HashMap<(usize, String), Vec<usize>>,
    /// The names of variables of clusters.
    names: BTreeSet<String>,
    /// The names of variables of tasks, which hide those of clusters.
    task_names: BTreeSet<String>,
}

/// A variable of the clusters.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) values: Vector,
    weight: usize,
    pub(super) used: bool,
}

/// The strings of a leaf in order; the name of a variable of `env` is none of them.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => {
            let is_item =
                members.contains_key("name") && (members.contains_key("value") || members.contains_key("valueFrom"));
            members
                .iter()
                .filter(|(key, _)| !(is_item && *key == "name"))
                .for_each(|(_, member)| strings(member, found));
        }
        _ => {}
    }
}

/// The leaf with other strings in their places.
fn with_strings(value: &Value, texts: &mut impl Iterator<Item = String>) -> Value {
    match value {
        Value::String(text) => Value::String(texts.next().unwrap_or_else(|| text.clone())),
        Value::Array(items) => items.iter().map(|item| with_strings(item, texts)).collect(),
        Value::Object(members) => {
            let is_item =
                members.contains_key("name") && (members.contains_key("value") || members.contains_key("valueFrom"));
            let member = |(key, member): (&String, &Value)| match is_item && key == "name" {
                true => (key.clone(), member.clone()),
                false => (key.clone(), with_strings(member, texts)),
            };
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// Everything about a leaf but its words: equal ones can be compared column by column.
fn structure(value: &Value) -> String {
    let mut texts = Vec::new();
    strings(value, &mut texts);
    let mut blanks = texts.iter().map(|text| {
        columns(text).iter().enumerate().map(|(at, token)| if at % 2 == 1 { *token } else { "_" }).collect::<String>()
    });
    with_strings(value, &mut blanks).to_string()
}

/// Takes a leaf apart that copies give differently; `None` if no two of them have one structure or nothing differs in it.
pub(super) fn split(path: &str, values: &[Option<&Value>]) -> Option<Split> {
    let mut classes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            classes.entry(structure(value)).or_default().push(at);
        }
    }
    let members = classes.into_values().rev().max_by_key(Vec::len).filter(|members| members.len() > 1)?;
    let texts: Vec<Vec<&str>> = members
        .iter()
        .map(|at| {
            let mut found = Vec::new();
            values[*at].into_iter().for_each(|value| strings(value, &mut found));
            found
        })
        .collect();
    let mut differs = false;
    let mut all = Vec::new();
    for string in 0..texts[0].len() {
        let tokens: Vec<Vec<&str>> = texts.iter().map(|texts| columns(texts[string])).collect();
        let mut pieces = Vec::new();
        for column in 0..tokens[0].len() {
            let own: Vec<&str> = tokens.iter().map(|tokens| tokens[column]).collect();
            if own.iter().all(|token| *token == own[0]) {
                pieces.push(Piece::Same(own[0].to_owned()));
                continue;
            }
            differs = true;
            // `--name=value`, `--name value` and `name="value"`: the last word before it.
            let before = tokens[0][..column].iter().step_by(2).rev().find(|token| token.len() > 2);
            let is_line = tokens[0].len() > 3;
            let hint = name_for(before.filter(|_| is_line).copied().unwrap_or_else(|| last_word(path)));
            pieces.push(Piece::Differs(ValueColumn {
                tokens: own.iter().map(|token| (*token).to_owned()).collect(),
                hint,
            }));
        }
        all.push(pieces);
    }
    differs.then_some(Split { members, strings: all })
}

/// The last step of a path, without the sign of a key.
fn last_word(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_start_matches('#')
}

/// A name in the manner of variables: `MEMBER_CLUSTER` and `--member-cluster` are `memberCluster`.
pub(super) fn name_for(text: &str) -> String {
    let is_upper = !text.chars().any(char::is_lowercase);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        let word = if is_upper { word.to_lowercase() } else { word.to_owned() };
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !name.is_empty() => name.extend(first.to_uppercase().chain(letters)),
            Some(first) => name.extend(first.to_lowercase().chain(letters)),
            None => {}
        }
    }
    let name: String = name.chars().take(40).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("value{name}") }
}

impl ValueColumn {
    /// The ways to cut the column: the whole, at words, and as far as the texts agree. Prefix, middles, suffix.
    fn cuts(&self) -> Vec<(String, Vec<String>, String)> {
        let tokens: Vec<&str> = self.tokens.iter().map(String::as_str).collect();
        let owned = |(prefix, suffix, middles): (&str, &str, Vec<&str>)| {
            (prefix.to_owned(), middles.into_iter().map(str::to_owned).collect::<Vec<String>>(), suffix.to_owned())
        };
        let mut cuts = vec![(String::new(), self.tokens.clone(), String::new()), owned(cut(&tokens))];
        cuts.push(owned(cut_anywhere(&tokens)));
        cuts.dedup();
        cuts
    }
}

/// The common ends of texts, wherever in a word they begin.
fn cut_anywhere<'t>(texts: &[&'t str]) -> (&'t str, &'t str, Vec<&'t str>) {
    let (prefix, _, rest) = cut(texts);
    let first = rest.first().copied().unwrap_or_default();
    let common = |text: &&str| first.chars().rev().zip(text.chars().rev()).take_while(|(a, b)| a == b).count();
    let count = rest.iter().map(common).min().unwrap_or(0);
    let bytes: usize = first.chars().rev().take(count).map(char::len_utf8).sum();
    let whole = texts.first().copied().unwrap_or_default();
    // What the words gave up at the end belongs to the suffix too.
    let tail = whole.len() - prefix.len() - first.len() + bytes;
    let middles = texts.iter().map(|text| &text[prefix.len()..text.len() - tail]).collect();
    (prefix, &whole[whole.len() - tail..], middles)
}

impl Split {
    fn columns(&self) -> impl Iterator<Item = &ValueColumn> {
        self.strings.iter().flatten().filter_map(|piece| match piece {
            Piece::Differs(column) => Some(column),
            Piece::Same(_) => None,
        })
    }

    /// The leaf as it is written for all copies of the class, each column by `write`; `None` if one cannot be written.
    pub(super) fn written(
        &self,
        sample: &Value,
        mut write: impl FnMut(&ValueColumn) -> Option<String>,
    ) -> Option<Value> {
        let mut texts = Vec::new();
        for string in &self.strings {
            let mut text = String::new();
            for piece in string {
                match piece {
                    Piece::Same(same) => text.push_str(same),
                    Piece::Differs(column) => text.push_str(&write(column)?),
                }
            }
            texts.push(text);
        }
        Some(with_strings(sample, &mut texts.into_iter()))
    }
}

/// The column as a reference of the cluster, if that says it for all.
pub(super) fn as_reference(column: &ValueColumn, refs: &[&Refs]) -> Option<String> {
    let values: Vec<Value> = column.tokens.iter().map(|token| Value::String(token.clone())).collect();
    let values: Vec<Option<&Value>> = values.iter().map(Some).collect();
    let refs: Vec<Refs> = refs.iter().map(|refs| (*refs).clone()).collect();
    let unified = unify(&values, &refs);
    let first = unified.first()?.clone()?;
    unified.iter().all(|value| value.as_ref() == Some(&first)).then(|| first.as_str().map(str::to_owned))?
}

impl Pool {
    /// Counts the columns of a leaf; `clusters` are those of the values.
    pub(super) fn count(&mut self, split: &Split, clusters: &[usize], refs: &[Refs]) {
        let own: Vec<&Refs> = split.members.iter().map(|at| &refs[clusters[*at]]).collect();
        for column in split.columns().filter(|column| as_reference(column, &own).is_none()) {
            for (_, middles, _) in column.cuts() {
                if !is_worth_a_name(&middles) {
                    continue;
                }
                let vector: Vector = split.members.iter().map(|at| clusters[*at]).zip(middles).collect();
                let uses = self.seen.entry(vector).or_default();
                uses.weight += 1;
                *uses.names.entry(column.hint.clone()).or_default() += 1;
            }
        }
    }

    /// Makes variables of the vectors that occur often enough. A vector of fewer clusters that says the same is the same.
    pub(super) fn choose(&mut self) {
        let mut seen: Vec<(Vector, Uses)> = std::mem::take(&mut self.seen).into_iter().collect();
        seen.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let mut merged: Vec<(Vector, Uses)> = Vec::new();
        let mut index: HashMap<(usize, String), Vec<usize>> = HashMap::new();
        for (vector, uses) in seen {
            let Some((cluster, text)) = vector.first_key_value() else { continue };
            let within = index.get(&(*cluster, text.clone())).into_iter().flatten().copied().find(|at| {
                let whole: &Vector = &merged[*at].0;
                vector.len() > 1 && vector.iter().all(|(cluster, text)| whole.get(cluster) == Some(text))
            });
            match within {
                Some(at) => {
                    merged[at].1.weight += uses.weight;
                    uses.names.into_iter().for_each(|(name, n)| *merged[at].1.names.entry(name).or_default() += n);
                }
                None => {
                    for (cluster, text) in &vector {
                        index.entry((*cluster, text.clone())).or_default().push(merged.len());
                    }
                    merged.push((vector, uses));
                }
            }
        }
        merged.retain(|(vector, uses)| pays(vector, uses.weight));
        merged.sort_by(|(a, x), (b, y)| y.weight.cmp(&x.weight).then_with(|| a.cmp(b)));
        for (values, uses) in merged {
            let best = uses.names.into_iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
            let name = best.map_or_else(|| "value".to_owned(), |(name, _)| name);
            for (cluster, text) in &values {
                self.index.entry((*cluster, text.clone())).or_default().push(self.variables.len());
            }
            self.variables.push(Variable { name, values, weight: uses.weight, used: false });
        }
    }

    /// The column as text with a variable of the clusters, the most frequent one that says it.
    pub(super) fn write(&mut self, column: &ValueColumn, clusters: &[usize]) -> Option<String> {
        let mut best: Option<(usize, usize, (String, String))> = None;
        for (rank, (prefix, middles, suffix)) in column.cuts().into_iter().enumerate() {
            let (Some(cluster), Some(text)) = (clusters.first(), middles.first()) else { continue };
            let says = |at: &usize| {
                clusters
                    .iter()
                    .zip(&middles)
                    .all(|(cluster, text)| self.variables[*at].values.get(cluster) == Some(text))
            };
            let found = self.index.get(&(*cluster, text.clone())).into_iter().flatten().copied().find(says);
            let Some(at) = found else { continue };
            let key = (self.variables[at].weight, usize::MAX - rank);
            if best.as_ref().is_none_or(|(old, old_rank, _)| key > (self.variables[*old].weight, *old_rank)) {
                best = Some((at, key.1, (prefix, suffix)));
            }
        }
        let (at, _, (prefix, suffix)) = best?;
        let variable = &mut self.variables[at];
        // Named when it is used, so that no name is lost to one that is not.
        if !variable.used {
            variable.used = true;
            let mut taken: BTreeSet<String> = self.names.union(&self.task_names).cloned().collect();
            variable.name = unique(&variable.name, &mut taken);
            self.names.insert(variable.name.clone());
        }
        Some(format!("{prefix}$(var.{}){suffix}", variable.name))
    }

    /// A name for a variable of a task that no variable of clusters has, and none of `own`, the task's.
    pub(super) fn name_of_task(&mut self, hint: &str, own: &mut BTreeSet<String>) -> String {
        let mut taken: BTreeSet<String> = self.names.union(own).cloned().collect();
        let name = unique(hint, &mut taken);
        own.insert(name.clone());
        self.task_names.insert(name.clone());
        name
    }

    /// The variables that are used.
    pub(super) fn used(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter().filter(|variable| variable.used)
    }
}

/// The column by a variable of the task: what comes before and after it, its values, and its name.
pub(super) fn of_task(column: &ValueColumn) -> (String, Vec<String>, String, &str) {
    let tokens: Vec<&str> = column.tokens.iter().map(String::as_str).collect();
    let (prefix, suffix, middles) = cut(&tokens);
    (prefix.to_owned(), middles.into_iter().map(str::to_owned).collect(), suffix.to_owned(), &column.hint)
}

/// Numbers, amounts and very short words say nothing under a name.
fn is_worth_a_name(texts: &[String]) -> bool {
    let is_amount = |text: &String| text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<f64>().is_ok();
    texts.iter().all(|text| text.is_empty() || text.len() > 2) && !texts.iter().any(is_amount)
}

/// Whether a variable is shorter than what it replaces.
fn pays(vector: &Vector, uses: usize) -> bool {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    vector.values().for_each(|text| *counts.entry(text).or_default() += 1);
    let most = counts.values().max().copied().unwrap_or(0);
    uses * (counts.len().saturating_sub(1)) > vector.len() - most + 3
}

/// A name that is not taken yet.
pub(super) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_that_differ_alike_at_several_places_become_one_variable() {
        let mut pool = Pool::default();
        let leaf = |end: &str| {
            let text = |name: &str, prefix: &str| json!(["-c", format!("run --cluster={name} --prefix={prefix}{end}")]);
            [text("alpha", "one01"), text("beta", "two02"), text("gamma", "three03")]
        };
        let refs: Vec<Refs> =
            ["alpha", "beta", "gamma"].map(|name| vec![("$(cluster.name)".to_owned(), name.to_owned())]).into();
        for end in ["cs", "cm", "cr"] {
            let leaf = leaf(end);
            let values: Vec<Option<&Value>> = leaf.iter().map(Some).collect();
            pool.count(&split("container/args", &values).expect("it differs"), &[0, 1, 2], &refs);
        }
        pool.choose();
        let leaf = leaf("cs");
        let values: Vec<Option<&Value>> = leaf.iter().map(Some).collect();
        let split = split("container/args", &values).expect("it differs");
        let own: Vec<&Refs> = refs.iter().collect();
        let written =
            split.written(&leaf[0], |column| as_reference(column, &own).or_else(|| pool.write(column, &[0, 1, 2])));
        assert_eq!(written, Some(json!(["-c", "run --cluster=$(cluster.name) --prefix=$(var.prefix)cs"])));
    }
}
