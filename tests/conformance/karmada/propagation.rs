//! Whole repositories of Karmada, written out as YAML and compiled, against what Karmada's own code makes of them: for each
//! cluster its objects, for each template its policy, clusters, group, and what went wrong.

use std::collections::{BTreeMap, BTreeSet};

use fleetcron::compile::{Compilation, KarmadaOutcome, compile};
use fleetcron::diag::{Place, Severity};
use fleetcron::model::Unit;
use fleetcron::model::karmada::{Obstacle, OverridePolicy, PolicyScope, Template, TemplateKey};
use fleetcron::tree::SourceTree;
use serde_json::{Map, Value, json};

use crate::conformance::{report, vectors};
use crate::support::{Files, output, tree};

/// A repository: each object in a file of its own, so that the place of a diagnostic says which it is about.
fn files(case: &Value, compatibility: &str) -> Files {
    let fleet = format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: case}}\nspec:\n  karmada: {{compatibility: {compatibility}}}\n  \
         output: {{marker: {{when: never}}, fluxSubstitution: allow}}\n"
    );
    let mut files = vec![("fleetcron.yaml".to_owned(), fleet)];
    for (at, object) in case["objects"].as_array().into_iter().flatten().enumerate() {
        files.push((path(at), format!("{object:#}\n")));
    }
    files
}

fn path(at: usize) -> String {
    format!("objects/{at:03}.yaml")
}

/// An object as the vectors name it.
fn name_of(key: &TemplateKey) -> String {
    match &key.namespace {
        Some(namespace) => format!("{}/{} {namespace}/{}", key.api_version, key.kind, key.name),
        None => format!("{}/{} {}", key.api_version, key.kind, key.name),
    }
}

fn short(key: &TemplateKey) -> String {
    let name = format!("{}-{}", key.name.to_lowercase(), key.kind.to_lowercase()).replace(':', ".");
    key.namespace.as_ref().map_or(name.clone(), |namespace| format!("{namespace}/{name}"))
}

/// The objects of each cluster.
fn clusters(compilation: &Compilation) -> Value {
    let mut clusters: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (path, bytes) in output(compilation) {
        let (cluster, _) = path.split_once('/').expect("a cluster's folder");
        let object: Value = serde_yaml::from_slice(&bytes).expect("YAML");
        clusters.entry(cluster.to_owned()).or_default().push(object);
    }
    json!(clusters.into_iter().map(|(name, objects)| (name, sorted(objects))).collect::<Map<_, _>>())
}

fn sorted(mut objects: Vec<Value>) -> Value {
    objects.sort_by_cached_key(ToString::to_string);
    Value::Array(objects)
}

fn policy_name(scope: &PolicyScope, kind: &str, name: &str) -> String {
    match scope {
        PolicyScope::Cluster => format!("{kind} {name}"),
        PolicyScope::Namespace(namespace) => format!("{kind} {namespace}/{name}"),
    }
}

fn list(names: impl IntoIterator<Item = String>) -> Value {
    json!(names.into_iter().collect::<BTreeSet<String>>())
}

struct Look<'c> {
    compilation: &'c Compilation,
}

impl Look<'_> {
    fn cluster(&self, at: usize) -> String {
        self.compilation.model.clusters[at].name.value.clone()
    }

    fn key(&self, identity: &fleetcron::model::Identity) -> Option<&TemplateKey> {
        let units = &self.compilation.model.units;
        let unit = units.iter().find(|unit| unit.identity == *identity)?;
        unit.template.as_ref().map(|template| &template.key)
    }

    fn binding(&self, template: &Template, outcome: &KarmadaOutcome) -> Option<Value> {
        if template.policy.is_none() && outcome.required_by.is_empty()
            || matches!(template.obstacle, Some(Obstacle::Detect))
        {
            return None;
        }
        let mut binding = Map::new();
        if let Some(policy) = &template.policy {
            binding.insert("policy".into(), json!(policy_name(&policy.scope, policy.kind(), &policy.name)));
        }
        let placed = outcome.placed.iter().map(|(at, replicas)| format!("{} {replicas}", self.cluster(*at)));
        binding.insert("clusters".into(), list(placed));
        if let Some(group) = &outcome.group {
            binding.insert("affinity".into(), json!(group));
        }
        if !outcome.required_by.is_empty() {
            let names = outcome.required_by.iter().filter_map(|identity| self.key(identity)).map(short);
            binding.insert("requiredBy".into(), list(names));
        }
        let suspended = outcome.suspended.iter().map(|at| self.cluster(*at));
        let refused = outcome.refused.iter().flat_map(|(_, clusters)| clusters).map(|at| self.cluster(*at));
        for (name, list) in [("suspended", list(suspended)), ("refused", list(refused))] {
            if list.as_array().is_some_and(|list| !list.is_empty()) {
                binding.insert(name.into(), list);
            }
        }
        let reason = if outcome.foreign { Some("NotOurs") } else { outcome.cause.map(|cause| cause.name()) };
        if let Some(reason) = reason {
            binding.insert("reason".into(), json!(reason));
        }
        Some(Value::Object(binding))
    }

    /// By object, as it is called in the end, and by cluster the override policies that ran, sorted by scope and name as
    /// Karmada notes them (`AppliedOverrides.AscendOrder`).
    fn applied(&self, unit: &Unit, at: usize, applied: &mut Map<String, Value>) {
        let (Some(template), Some(outcome)) = (&unit.template, &self.compilation.plan[at].karmada) else { return };
        for (variant, rules) in self.compilation.plan[at].rendered.variants.iter().zip(&outcome.applied) {
            let mut names: Vec<String> = rules
                .iter()
                .map(|rule| {
                    let policy: &OverridePolicy = &template.overrides[rule.policy];
                    format!("{} {}", policy.kind(), policy.name.value)
                })
                .collect();
            if names.is_empty() {
                continue;
            }
            names.sort();
            let object: Value = serde_yaml::from_slice(&variant.manifests[0].bytes).expect("YAML");
            let key = TemplateKey {
                api_version: object["apiVersion"].as_str().unwrap_or_default().to_owned(),
                kind: object["kind"].as_str().unwrap_or_default().to_owned(),
                namespace: object["metadata"]["namespace"].as_str().map(str::to_owned),
                name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            };
            let of_object = applied.entry(name_of(&key)).or_insert_with(|| json!({}));
            for cluster in &variant.clusters {
                of_object[self.cluster(*cluster)] = json!(names);
            }
        }
    }
}

/// What the compilation comes to, in the words of the vectors.
fn ours(compilation: &Compilation, sources: &SourceTree, case: &Value) -> Value {
    let look = Look { compilation };
    let (mut bindings, mut failures) = (Map::new(), BTreeSet::new());
    let mut applied = Map::new();
    for (at, (unit, built)) in compilation.model.units.iter().zip(&compilation.plan).enumerate() {
        let (Some(template), Some(outcome)) = (&unit.template, &built.karmada) else { continue };
        let name = name_of(&template.key);
        if let Some(binding) = look.binding(template, outcome) {
            bindings.insert(name.clone(), binding);
        }
        look.applied(unit, at, &mut applied);
        if matches!(template.obstacle, Some(Obstacle::Detect)) {
            failures.insert(format!("{name} detect"));
        }
        for (_, clusters) in &outcome.refused {
            if template.everywhere {
                failures.extend(clusters.iter().map(|at| format!("{name} {} namespace", look.cluster(*at))));
            } else {
                failures.insert(format!("{name} work"));
            }
        }
    }
    let wrong: BTreeSet<String> = compilation
        .diags
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .filter_map(|diagnostic| match &diagnostic.place {
            Place::Text(span) => Some(sources.file(span.file).path.to_string()),
            _ => None,
        })
        .collect();
    for failure in case["expect"]["failures"].as_array().into_iter().flatten() {
        let stage = failure["stage"].as_str().unwrap_or_default();
        if !matches!(stage, "admission" | "duplicate") {
            continue;
        }
        let object = failure["object"].as_str().unwrap_or_default();
        let at = case["objects"].as_array().into_iter().flatten().position(|candidate| is(candidate, object));
        if at.is_some_and(|at| wrong.contains(&path(at))) {
            failures.insert(format!("{object} {stage}"));
        }
    }
    // What only those bring along that are placed nowhere goes nowhere too.
    let left = compilation.model.units.iter().zip(&compilation.plan).filter_map(|(unit, built)| {
        let (template, outcome) = (unit.template.as_ref()?, built.karmada.as_ref()?);
        let refused: usize = outcome.refused.iter().map(|(_, clusters)| clusters.len()).sum();
        let sent = template.everywhere && refused < compilation.model.clusters.len();
        let nowhere = template.policy.is_none() && outcome.required_by.is_empty() && !sent;
        nowhere.then(|| name_of(&template.key))
    });
    let unmatched = compilation.model.karmada.unmatched.iter().map(name_of).chain(left);
    // Without a policy no object is a template here, and none goes anywhere.
    let objects = case["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let has_policy = objects.iter().any(|object| object["apiVersion"] == "policy.karmada.io/v1alpha1");
    let others = objects.iter().filter(|object| object["apiVersion"] != "cluster.karmada.io/v1alpha1");
    let unmatched = unmatched.chain(others.filter(|_| !has_policy).map(|object| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let key = TemplateKey {
            api_version: text(&object["apiVersion"]).unwrap_or_default(),
            kind: text(&object["kind"]).unwrap_or_default(),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
        };
        name_of(&key)
    }));
    let keys = |keys: &[TemplateKey]| list(keys.iter().map(name_of));
    json!({
        "clusters": clusters(compilation),
        "bindings": bindings,
        "applied": applied,
        "unmatched": list(unmatched),
        "skipped": keys(&compilation.model.karmada.skipped),
        "failures": failures,
    })
}

/// Whether an object of a case is the one that a failure names.
fn is(object: &Value, name: &str) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, full) = name.split_once(' ').unwrap_or((name, ""));
    let own = full.rsplit('/').next().unwrap_or_default();
    format!("{}/{}", text(&object["apiVersion"]), text(&object["kind"])) == kind
        && text(&object["metadata"]["name"]) == own
}

/// The recorded answer in the same form.
///
/// Where the intended answer is not recorded for itself, it is the exact one, in which CronJobs have no replicas.
fn theirs(expected: &Value) -> Value {
    let mut bindings = Map::new();
    for (name, binding) in expected["bindings"].as_object().into_iter().flatten() {
        let mut own = binding.as_object().cloned().unwrap_or_default();
        own.remove("replicas");
        own.remove("error");
        let placed = binding["clusters"].as_array().into_iter().flatten();
        let placed = placed.map(|target| {
            let replicas = target["replicas"].as_i64().unwrap_or(0);
            format!("{} {replicas}", target["name"].as_str().unwrap_or_default())
        });
        own.insert("clusters".into(), list(placed));
        for part in ["requiredBy", "suspended", "refused"] {
            if let Some(Value::Array(names)) = own.get(part) {
                let names = list(names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()));
                own.insert(part.into(), names);
            }
        }
        bindings.insert(name.clone(), Value::Object(own));
    }
    let texts = |value: &Value| {
        list(value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap_or_default().to_owned()))
    };
    let failures = expected["failures"].as_array().into_iter().flatten().map(|failure| {
        let parts = ["object", "cluster", "stage"].map(|part| failure[part].as_str().unwrap_or_default());
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let clusters = expected["clusters"].as_object().into_iter().flatten();
    let clusters: Map<String, Value> = clusters
        .map(|(name, objects)| (name.clone(), sorted(objects.as_array().cloned().unwrap_or_default())))
        .collect();
    json!({
        "clusters": clusters,
        "bindings": bindings,
        "applied": expected.get("applied").cloned().unwrap_or_else(|| json!({})),
        "unmatched": texts(&expected["unmatched"]),
        "skipped": list(expected["skipped"].as_object().into_iter().flatten().map(|(name, _)| name.clone())),
        "failures": list(failures),
    })
}

/// The first place where two answers differ.
fn difference(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| {
                let absent = json!("(absent)");
                let (a, b) = (a.get(name).unwrap_or(&absent), b.get(name).unwrap_or(&absent));
                difference(a, b, &format!("{at}/{name}"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (a, b))| difference(a, b, &format!("{at}/{n}")))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{at}: here {a}, Karmada {b}")),
    }
}

/// An answer in which CronJobs have no replicas.
fn without_replicas(mut answer: Value) -> Value {
    for (name, binding) in answer["bindings"].as_object_mut().into_iter().flatten() {
        if name.starts_with("batch/v1/CronJob ") {
            let targets = binding["clusters"].as_array().cloned().unwrap_or_default();
            let name = |target: &Value| {
                target.as_str().and_then(|text| text.split(' ').next()).map(|name| format!("{name} 0"))
            };
            binding["clusters"] = list(targets.iter().filter_map(name));
        }
    }
    answer
}

fn suite(name: &str, compatibility: &str) {
    let Some(cases) = vectors("propagation") else { return };
    let mut failures = Vec::new();
    for case in &cases {
        let intended = case.get("expectIntended").filter(|_| compatibility == "intended");
        let expected = intended.unwrap_or(&case["expect"]);
        let sources = tree(&files(case, compatibility));
        let compilation = compile(&sources);
        let (mut ours, theirs) = (ours(&compilation, &sources, case), theirs(expected));
        if compatibility == "intended" && intended.is_none() {
            ours = without_replicas(ours);
        }
        if let Some(difference) = difference(&ours, &theirs, "") {
            failures.push(format!("{} {}: {difference}", case["id"].as_str().unwrap_or("?"), case["tags"]));
        } else if expected["failures"].as_array().is_some_and(|list| !list.is_empty())
            && !compilation.diags.has_errors()
        {
            failures.push(format!("{}: a failure without an error", case["id"].as_str().unwrap_or("?")));
        }
    }
    report(name, cases.len(), &failures);
}

#[test]
fn a_repository_of_karmada_comes_to_what_karmada_sends() {
    suite("propagation", "exact");
}

#[test]
fn a_repository_of_karmada_comes_to_what_was_intended() {
    suite("propagation-intended", "intended");
}
