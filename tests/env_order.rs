//! The order of environment variables that refer to each other, against a small kubelet.
//!
//! The oracle expands the variables of the finished manifest from top to bottom, as `makeEnvironmentVariables` in
//! `pkg/kubelet/kubelet_pods.go` does, and knows nothing of how the order was found.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::compile::{Compilation, compile};
use fleetcron::diag::Code;
use fleetcron::tree::FileId;
use fleetcron::yaml;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::support::{self, Files};

const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// What a layer says of `env`.
#[derive(Clone, Debug)]
enum Env {
    /// Names with values; none removes.
    Map(BTreeMap<&'static str, Option<String>>),
    List(Vec<(&'static str, String)>),
}

#[derive(Clone, Debug)]
struct Layers {
    base: Option<Env>,
    task: Option<Env>,
    over: Option<Env>,
}

fn value() -> impl Strategy<Value = String> {
    let pieces =
        ["x", "$(A)", "$(B)", "$(C)", "$(D)", "$(E)", "$(F)", "$$(A)", "$$", "$(", "$(NOPE)", "$(cluster.name)"];
    prop::collection::vec(select(pieces.to_vec()), 0..3).prop_map(|pieces| pieces.concat())
}

fn env() -> impl Strategy<Value = Env> {
    let map = prop::collection::btree_map(select(NAMES.to_vec()), prop::option::weighted(0.9, value()), 0..6);
    let list = (Just(NAMES.to_vec()).prop_shuffle(), prop::collection::vec(value(), 0..6));
    prop_oneof![
        2 => map.prop_map(Env::Map),
        1 => list.prop_map(|(names, values)| Env::List(names.into_iter().zip(values).collect())),
    ]
}

fn layers() -> impl Strategy<Value = Layers> {
    let maybe = || prop::option::weighted(0.7, env());
    (maybe(), maybe(), maybe()).prop_map(|(base, task, over)| Layers { base, task, over })
}

/// A layer's `env` as JSON text, the keys of a map backwards if asked.
fn spelled(env: Option<&Env>, backwards: bool) -> String {
    let json = |text: &str| Value::from(text).to_string();
    match env {
        None => String::new(),
        Some(Env::List(list)) => {
            let entry =
                |(name, value): &(&str, String)| format!("{{\"name\": {}, \"value\": {}}}", json(name), json(value));
            format!("\"env\": [{}]", list.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Some(Env::Map(map)) => {
            let value = |value: &Option<String>| value.as_ref().map_or_else(|| "null".to_owned(), |text| json(text));
            let mut entries: Vec<String> =
                map.iter().map(|(name, of)| format!("{}: {}", json(name), value(of))).collect();
            if backwards {
                entries.reverse();
            }
            format!("\"env\": {{{}}}", entries.join(", "))
        }
    }
}

fn files(layers: &Layers, backwards: bool) -> Files {
    let head = |kind: &str, name: &str| {
        format!("apiVersion: fleetcron.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n")
    };
    let env = |env: &Option<Env>| spelled(env.as_ref(), backwards);
    let image = match &layers.task {
        Some(_) => format!("\"image\": \"a/b:1\", {}", env(&layers.task)),
        None => "\"image\": \"a/b:1\"".to_owned(),
    };
    let task = format!(
        "{}spec:\n  bases: [all]\n  placement: {{clusters: \"*\"}}\n  schedule: \"0 3 * * *\"\n  container: {{{image}}}\n  overrides:\n  \
         - {{name: o, clusters: [c2], labels: {{o: x}}, container: {{{}}}}}\n",
        head("Task", "t"),
        env(&layers.over)
    );
    vec![
        ("fleet.yaml".to_owned(), format!("{}spec: {{defaults: {{timeZone: Etc/UTC}}}}\n", head("Fleet", "f"))),
        ("c1.yaml".to_owned(), head("Cluster", "c1")),
        ("c2.yaml".to_owned(), head("Cluster", "c2")),
        ("base.yaml".to_owned(), format!("{}spec: {{container: {{{}}}}}\n", head("Base", "all"), env(&layers.base))),
        ("task.yaml".to_owned(), task),
    ]
}

/// The variables of the one container on a cluster.
fn variables(compilation: &Compilation, cluster: &str) -> Vec<(String, String)> {
    let output = support::output(compilation);
    let bytes = &output[&format!("{cluster}/default/t.cronjob.yaml")];
    let object = yaml::parse(FileId(0), bytes).documents[0].root.to_value();
    let env = object.pointer("/spec/jobTemplate/spec/template/spec/containers/0/env").and_then(Value::as_array);
    let text = |variable: &Value, member: &str| variable[member].as_str().expect("a text").to_owned();
    env.into_iter().flatten().map(|variable| (text(variable, "name"), text(variable, "value"))).collect()
}

/// `Expand`: the text with the references that are known replaced, and the names of the others.
fn expand(text: &str, known: &BTreeMap<&str, String>) -> (String, BTreeSet<String>) {
    let text: Vec<char> = text.chars().collect();
    let (mut result, mut unknown, mut at) = (String::new(), BTreeSet::new(), 0);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('$', Some('$')) => {
                result.push('$');
                at += 2;
            }
            ('$', Some('(')) => match text[at + 2..].iter().position(|c| *c == ')') {
                Some(length) => {
                    let name: String = text[at + 2..at + 2 + length].iter().collect();
                    match known.get(name.as_str()) {
                        Some(value) => result.push_str(value),
                        None => {
                            result.push_str(&format!("$({name})"));
                            unknown.insert(name);
                        }
                    }
                    at += length + 3;
                }
                None => {
                    result.push_str("$(");
                    at += 2;
                }
            },
            (character, _) => {
                result.push(character);
                at += 1;
            }
        }
    }
    (result, unknown)
}

/// The variables that a kubelet leaves with a reference to another that it has not reached yet.
fn unexpanded(env: &[(String, String)]) -> BTreeSet<(String, String)> {
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let mut left = BTreeSet::new();
    for (name, value) in env {
        let (text, unknown) = expand(value, &known);
        let later = unknown.into_iter().filter(|other| other != name && env.iter().any(|(there, _)| there == other));
        left.extend(later.map(|other| (name.clone(), other)));
        known.insert(name, text);
    }
    left
}

/// The names that a variable waits for.
fn needs<'a>(env: &'a [(String, String)], of: &'a (String, String)) -> Vec<&'a str> {
    let (_, names) = expand(&of.1, &BTreeMap::new());
    env.iter().map(|(name, _)| name.as_str()).filter(|name| *name != of.0 && names.contains(*name)).collect()
}

/// The first by name of those whose needs are met, again and again; none where variables wait for each other.
fn by_needs_and_name(env: &[(String, String)]) -> Option<Vec<String>> {
    let mut rest: BTreeMap<&str, Vec<&str>> = env.iter().map(|of| (of.0.as_str(), needs(env, of))).collect();
    let mut order = Vec::new();
    while !rest.is_empty() {
        let next = *rest.iter().find(|(_, needs)| needs.iter().all(|need| !rest.contains_key(need)))?.0;
        rest.remove(next);
        order.push(next.to_owned());
    }
    Some(order)
}

/// Who refers to whom, by the warnings.
fn warned(compilation: &Compilation) -> BTreeSet<(String, String)> {
    let warnings = compilation.diags.iter().filter(|diagnostic| diagnostic.code == Code::EnvOrder);
    let mut found = BTreeSet::new();
    for warning in warnings {
        assert_eq!(warning.others.len(), 1, "both places: {warning:?}");
        let mut names = warning.message.split('`').skip(1).step_by(2).map(str::to_owned);
        found.insert((names.next().expect("a name"), names.next().expect("another")));
    }
    found
}

/// The names that a layer removes.
fn removed(env: &Env) -> Vec<&'static str> {
    match env {
        Env::Map(map) => map.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect(),
        Env::List(_) => Vec::new(),
    }
}

fn names(env: &[(String, String)]) -> Vec<&str> {
    env.iter().map(|(name, _)| name.as_str()).collect()
}

proptest! {
    #![proptest_config(support::config(1500))]

    #[test]
    fn what_can_be_expanded_is_and_the_rest_is_warned_of(layers in layers()) {
        let sources = support::tree(&files(&layers, false));
        let compilation = compile(&sources);
        prop_assert_eq!(support::errors(&compilation, &sources), Vec::<String>::new());
        let envs = ["c1", "c2"].map(|cluster| variables(&compilation, cluster));
        let left: BTreeSet<(String, String)> = envs.iter().flat_map(|env| unexpanded(env)).collect();
        prop_assert_eq!(warned(&compilation), left);

        let given = |with_over: bool| [layers.base.as_ref(), layers.task.as_ref(), layers.over.as_ref().filter(|_| with_over)];
        for (env, with_over) in envs.iter().zip([false, true]) {
            let mut said = given(with_over).into_iter().flatten();
            // Maps alone: whatever has an order gets it.
            if said.clone().all(|env| matches!(env, Env::Map(_))) {
                let sorted = by_needs_and_name(env);
                prop_assert!(sorted.is_none() || unexpanded(env).is_empty(), "{:?}", env);
                if said.clone().count() == 1 && let Some(sorted) = sorted {
                    prop_assert_eq!(names(env), sorted);
                }
            }
            // The list that stands first keeps its order; a variable that is removed and said anew is a new one.
            if let Some(Env::List(list)) = said.next() {
                let removed: BTreeSet<&str> = said.flat_map(removed).collect();
                let list: Vec<_> = list.iter().filter(|(name, _)| !removed.contains(name)).collect();
                let kept: Vec<&str> = names(env).into_iter().filter(|name| list.iter().any(|(own, _)| own == name)).collect();
                let own: Vec<&str> = list.iter().map(|(name, _)| *name).filter(|name| kept.contains(name)).collect();
                prop_assert_eq!(kept, own);
            }
        }
        // How the keys of a map are ordered in the file does not show.
        let again = compile(&support::tree(&files(&layers, true)));
        prop_assert_eq!(support::output(&again), support::output(&compilation));
    }

    #[test]
    fn one_variable_is_added_before_the_first_that_refers_to_it(list in prop::collection::vec(value(), 0..5), at in 0..6usize) {
        let mut rest: Vec<&'static str> = NAMES.to_vec();
        let new = rest.remove(at);
        let list: Vec<(&'static str, String)> = rest.into_iter().zip(list).collect();
        let over = Env::Map(BTreeMap::from([(new, Some("x".to_owned()))]));
        let layers = Layers { base: None, task: Some(Env::List(list.clone())), over: Some(over) };
        let compilation = compile(&support::tree(&files(&layers, false)));
        let before = variables(&compilation, "c1");
        let place = before.iter().position(|(_, value)| expand(value, &BTreeMap::new()).1.contains(new));
        let mut expected = names(&before);
        expected.insert(place.unwrap_or(expected.len()), new);
        let after = variables(&compilation, "c2");
        prop_assert_eq!(names(&after), expected);
    }
}
