//! What real repositories and odd ones taught: whole compilations of small trees.

use super::*;
use crate::tree::RepoPath;

const CLUSTERS: &str = "\
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: a}
---
apiVersion: fleetcron.dev/v1alpha1
kind: Cluster
metadata: {name: b}
";

fn task(spec: &str) -> String {
    format!(
        "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: t, namespace: ns}}\nspec:\n  \
         placement: {{clusters: \"*\"}}\n{spec}"
    )
}

/// The codes of all errors, and the CronJob on cluster `a`.
fn compiled(spec: &str, others: &[(&str, &str)]) -> (Vec<&'static str>, String, Compilation) {
    let task = task(spec);
    let files = [("clusters.yaml", CLUSTERS), ("t.yaml", task.as_str())];
    let result = compile(&SourceTree::of(files.into_iter().chain(others.iter().copied())));
    let errors = result.diags.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code.name()).collect();
    let path = RepoPath::new("a/ns/t.cronjob.yaml").unwrap();
    let text = result.output.get(&path).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    (errors, text, result)
}

const SHORT: &str = "  schedule: \"0 3 * * *\"\n  container: {image: \"x:1\"}\n";

#[test]
fn the_template_of_a_task_stands_before_its_bases() {
    let base = "apiVersion: fleetcron.dev/v1alpha1\nkind: Base\nmetadata: {name: b}\n\
                spec: {container: {args: [from-base]}}\n";
    let spec = "  schedule: \"0 3 * * *\"\n  bases: [b]\n  \
                podTemplate: {spec: {restartPolicy: Never, containers: [{name: m, image: \"m:1\", args: [own]}]}}\n";
    let (errors, text, _) = compiled(spec, &[("b.yaml", base)]);
    assert_eq!(errors, [""; 0]);
    assert!(text.contains("- from-base"), "{text}");
}

#[test]
fn a_container_of_the_same_layers_pod_can_be_addressed() {
    let spec = format!(
        "{SHORT}  pod: {{initContainers: [{{name: i, image: \"i:1\"}}]}}\n  containers: {{i: {{args: [z]}}}}\n"
    );
    assert_eq!(compiled(&spec, &[]).0, [""; 0]);
}

#[test]
fn the_on_of_a_schedule_needs_no_quotes() {
    let spec = "  schedule: {weekly: {on: [Mon], at: \"03:00\"}, timeZone: Etc/UTC}\n  \
                container: {image: \"x:1\", env: {A: on}}\n";
    let (_, text, result) = compiled(spec, &[]);
    assert!(text.contains("0 3 * * 1") && text.contains("value: \"on\"\n"), "{text}");
    assert_eq!(result.diags.iter().count(), 0, "{:?}", result.diags);
}

#[test]
fn a_source_takes_the_place_of_a_text_in_lists_too() {
    let spec = "  schedule: \"0 3 * * *\"\n  container: {image: \"x:1\", env: [{name: A, value: gone}]}\n  overrides:\n  \
                - {name: o, clusters: [a], container: {env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]}}\n";
    let (errors, text, _) = compiled(spec, &[]);
    assert_eq!(errors, [""; 0]);
    assert!(!text.contains("gone") && text.contains("spec.nodeName"), "{text}");
}

#[test]
fn one_mistake_is_one_message() {
    let digest = "a".repeat(64);
    let lost = format!(
        "  schedule: \"0 3 * * *\"\n  container: {{image: \"x:1@sha256:{digest}\"}}\n  \
         overrides: [{{name: o, clusters: [a], container: {{image: {{tag: v2}}}}}}]\n"
    );
    let twice = "  schedule: \"0 3 * * *\"\n  container: {image: x, env: [{name: A, value: b}, {name: A, value: c}]}\n";
    for (spec, code) in [
        ("  schedule: {every: 7m}\n  container: {image: x}\n", "invalid-schedule"),
        (lost.as_str(), "digest-lost"),
        (twice, "invalid-value"),
    ] {
        assert_eq!(compiled(spec, &[]).0, [code], "{spec}");
    }
}

#[test]
fn nothing_climbs_and_nothing_vanishes() {
    for more in [
        "  namespace: ../../x\n",
        "  namespace: \"\"\n",
        "  objectName: ../x\n",
        "  overrides: [{name: o, clusters: [a], patches: [{merge: {metadata: {namespace: ../x}}}]}]\n",
    ] {
        assert_eq!(compiled(&format!("{SHORT}{more}"), &[]).0, ["invalid-name"], "{more}");
    }
}

#[test]
fn an_old_api_version_identifies_and_another_name_does_not() {
    let patch = |rest: &str| format!("{SHORT}  overrides: [{{name: o, clusters: [a], patches: [{rest}]}}]\n");
    let old = patch("{strategic: {apiVersion: batch/v1beta1, kind: CronJob, spec: {suspend: true}}}");
    let (errors, text, _) = compiled(&old, &[]);
    assert_eq!(errors, [""; 0]);
    assert!(text.contains("suspend: true"), "{text}");
    let other = patch("{merge: {spec: {suspend: true}}, target: {kind: CronJob, name: other}}");
    assert_eq!(compiled(&other, &[]).0, ["patch-failed"]);
}

#[test]
fn what_has_no_namespace_gets_none_and_its_namesakes_do() {
    let objects = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: p}\n\
                   ---\napiVersion: example.com/v1\nkind: Node\nmetadata: {name: q, labels: {l: ~}}\n";
    let (errors, _, result) = compiled(&format!("{SHORT}  resources: [r.yaml]\n"), &[("r.yaml", objects)]);
    assert_eq!(errors, [""; 0]);
    let get = |path: &str| result.output.get(&RepoPath::new(path).unwrap()).cloned();
    assert!(get("a/p.validatingadmissionpolicy.yaml").is_some());
    let node = get("a/ns/q.node.example.com.yaml").unwrap();
    assert!(String::from_utf8_lossy(&node).contains("l: \"\"\n"));
}

#[test]
fn the_pods_of_a_run_are_counted_whoever_says_them() {
    let file = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: t}\nspec: {schedule: \"0 3 * * *\", jobTemplate: \
                {spec: {parallelism: 4, completions: 8, template: {spec: {restartPolicy: Never, containers: \
                [{name: m, image: m}]}}}}}\n";
    let base = "apiVersion: fleetcron.dev/v1alpha1\nkind: Base\nmetadata: {name: b}\nspec: {instances: 5}\n";
    let patch = "  overrides: [{name: o, clusters: [b], patches: [{merge: {spec: {jobTemplate: {spec: {parallelism: 7}}}}}]}]\n";
    // What is said, parallelism and completions on `a`, and the instances on `a` and `b`.
    for (spec, parallelism, completions, instances) in [
        (SHORT.to_owned(), None, None, [1, 1]),
        (format!("{SHORT}  job: {{parallelism: 3}}\n"), Some(3), None, [3, 3]),
        (format!("{SHORT}  instances: 3\n"), Some(3), Some(3), [3, 3]),
        (format!("{SHORT}  instances: 3\n  job: {{parallelism: 3, completions: 9}}\n"), Some(3), Some(9), [3, 3]),
        // No more than three are wanted in all.
        (format!("{SHORT}  instances: 3\n{patch}"), Some(3), Some(3), [3, 3]),
        (format!("{SHORT}{patch}"), None, None, [1, 7]),
        (format!("{SHORT}  bases: [b]\n"), Some(5), Some(5), [5, 5]),
        (format!("{SHORT}  bases: [b]\n  instances: 1\n"), None, None, [1, 1]),
        ("  cronJob: c.yaml\n".to_owned(), Some(4), Some(8), [4, 4]),
        ("  cronJob: c.yaml\n  instances: 2\n".to_owned(), Some(2), Some(8), [2, 2]),
        ("  cronJob: c.yaml\n  instances: 1\n".to_owned(), None, Some(8), [1, 1]),
    ] {
        let (errors, text, result) = compiled(&spec, &[("c.yaml", file), ("b.yaml", base)]);
        assert_eq!(errors, [""; 0], "{spec}");
        let number = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().parse().ok());
        assert_eq!((number("parallelism:"), number("completions:")), (parallelism, completions), "{spec}\n{text}");
        let counted: Vec<u32> = result.plan[0].decision.chosen().map(|(_, n)| n).collect();
        assert_eq!(counted, instances, "{spec}");
    }
    let text = format!("{SHORT}  instances: 3\n  job: {{parallelism: \"3\"}}\n");
    assert_eq!(compiled(&text, &[]).0, ["wrong-type"]);
    let both = format!("{SHORT}  instances: 3\n  job: {{parallelism: 2}}\n");
    assert_eq!(compiled(&both, &[]).0, ["invalid-value"]);
    assert_eq!(compiled(&format!("{SHORT}  bases: [b]\n  job: {{parallelism: 2}}\n"), &[("b.yaml", base)]).0.len(), 1);
}

/// Layers that each are small enough, and an object beside the task.
#[test]
fn no_object_is_larger_than_one_that_can_be_stored() {
    let long = "x".repeat(800_000);
    let spec = format!(
        "  schedule: \"0 3 * * *\"\n  container: {{image: \"x:1\", args: [{long}]}}\n  overrides:\n  \
         - {{name: o, clusters: [a], container: {{env: {{A: {long}}}}}}}\n  \
         - {{name: p, clusters: [a], patches: [{{merge: {{metadata: {{labels: {{never: laid}}}}}}}}]}}\n"
    );
    let (errors, _, result) = compiled(&spec, &[]);
    assert_eq!(errors, ["object-too-large"]);
    let error = result.diags.iter().find(|d| d.severity == Severity::Error).unwrap();
    assert_eq!(error.clusters.as_ref().unwrap().names.iter().map(String::as_str).collect::<Vec<_>>(), ["a"]);
    assert!(error.notes[0].starts_with("its longest text has 800000 bytes, at /spec/"), "{:?}", error.notes);

    let role = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r}}\n\
         rules: [{{apiGroups: [\"\"], resources: [pods], verbs: [get], resourceNames: [{long}, {long}]}}]\n"
    );
    assert_eq!(compiled(&format!("{SHORT}  resources: [r.yml]\n"), &[("r.yml", &role)]).0, ["object-too-large"]);
}

#[test]
fn a_large_file_that_is_named_often_is_told_once() {
    let script = "echo x\n".repeat(100_000);
    let names = ["{fromFile: run.sh}"; 1000].join(", ");
    let spec = format!("  schedule: \"0 3 * * *\"\n  container: {{image: \"x:1\", args: [{names}]}}\n");
    assert_eq!(compiled(&spec, &[("run.sh", &script)]).0, ["object-too-large"]);
    let config = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{{}}}\n",
        (0..100).map(|at| format!("k{at}: {{fromFile: run.sh}}")).collect::<Vec<_>>().join(", ")
    );
    let files = [("run.sh", script.as_str()), ("c.yml", config.as_str())];
    let errors = compiled(&format!("{SHORT}  resources: [c.yml]\n"), &files).0;
    assert_eq!(errors.iter().filter(|code| **code == "object-too-large").count(), 1, "{errors:?}");
}

#[test]
fn an_object_at_the_place_of_the_marker_is_not_replaced() {
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fleetcron-a, namespace: default}\ndata: {own: x}\n";
    let fleet = |when: &str| {
        format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec: {{output: {{marker: {{when: {when}}}}}}}\n"
        )
    };
    let spec = format!("{SHORT}  resources: [r.yaml]\n");
    let built = |when: &str| compiled(&spec, &[("r.yaml", object), ("fleetcron.yaml", &fleet(when))]);
    assert_eq!(built("always").0, ["object-collision"]);
    let (errors, _, result) = built("idle");
    assert_eq!(errors, [""; 0]);
    let bytes = result.output.get(&RepoPath::new("a/default/fleetcron-a.configmap.yaml").unwrap()).unwrap();
    assert!(String::from_utf8_lossy(bytes).contains("own: x"));
}

#[test]
fn a_null_namespace_of_a_file_is_that_of_the_task() {
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ~}\n";
    let (errors, _, result) = compiled(&format!("{SHORT}  resources: [r.yaml]\n"), &[("r.yaml", object)]);
    assert_eq!(errors, [""; 0]);
    assert!(result.output.get(&RepoPath::new("a/ns/c.configmap.yaml").unwrap()).is_some());
}

#[test]
fn a_patch_may_rename_and_move_an_object_but_not_to_nowhere() {
    let object = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: c}\n";
    let with = |merge: &str| {
        let target = "target: {kind: Thing, name: c}";
        let spec = format!(
            "{SHORT}  resources: [r.yaml]\n  overrides: [{{name: o, clusters: [a], patches: [{{merge: {merge}, {target}}}]}}]\n"
        );
        compiled(&spec, &[("r.yaml", object)])
    };
    for (merge, path) in [
        ("{metadata: {name: d}}", "a/ns/d.thing.example.com.yaml"),
        ("{metadata: {namespace: other}}", "a/other/c.thing.example.com.yaml"),
        ("{kind: Widget}", "a/ns/c.widget.example.com.yaml"),
        // A kind that belongs to a namespace gets the task's.
        ("{apiVersion: v1, kind: ConfigMap}", "a/ns/c.configmap.yaml"),
    ] {
        let (errors, _, result) = with(merge);
        assert_eq!(errors, [""; 0], "{merge}");
        assert!(result.output.get(&RepoPath::new(path).unwrap()).is_some(), "{merge}");
    }
    for (merge, code) in [
        ("{kind: null}", "missing-field"),
        ("{apiVersion: batch/v1, kind: CronJob}", "resource-invalid"),
        ("{apiVersion: fleetcron.dev/v1alpha1, kind: Task}", "resource-invalid"),
        ("{items: []}", "resource-invalid"),
        ("{metadata: null}", "resource-invalid"),
        ("{metadata: {namespace: null}}", "missing-field"),
        ("{metadata: {namespace: 5}}", "wrong-type"),
        ("{apiVersion: ../../x}", "invalid-value"),
    ] {
        assert_eq!(with(merge).0, [code], "{merge}");
    }
}

/// With each layer the whole object is looked at again, so the time would grow with the square of their number.
#[test]
fn more_layers_than_are_laid_over_one_another_are_one_error() {
    let overrides = |n: usize, on: &str| -> String {
        (0..n).map(|at| format!("  - {{name: o{at}, clusters: [{on}], container: {{env: {{A{at}: b}}}}}}\n")).collect()
    };
    let spec =
        format!("{SHORT}  overrides:\n{}{}", overrides(300, "a"), overrides(300, "b").replace("name: o", "name: p"));
    assert_eq!(compiled(&spec, &[]).0, [""; 0], "no cluster has more than 300");
    let spec = format!("{SHORT}  overrides:\n{}", overrides(600, "a"));
    let (errors, _, result) = compiled(&spec, &[]);
    assert_eq!(errors, ["yaml-limits"]);
    let error = result.diags.iter().find(|d| d.severity == Severity::Error).unwrap();
    assert_eq!(error.clusters.as_ref().unwrap().names, ["a"]);
}

/// Tasks times overrides is the square of the input, so nothing may be kept for each pair of them.
#[test]
fn what_is_wrong_with_an_override_of_many_tasks_is_found_once() {
    let many = |n: usize, text: &dyn Fn(usize) -> String| (0..n).map(text).collect::<Vec<_>>().join("---\n");
    let overrides = many(30, &|at| {
        format!(
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Override\nmetadata: {{name: o{at}}}\n\
             spec: {{match: {{region: [nowhere{at}]}}, container: {{env: {{A: b}}}}}}\n"
        )
    });
    let tasks = many(40, &|at| task(SHORT).replace("name: t,", &format!("name: t{at},")));
    let files = [("clusters.yaml", CLUSTERS), ("o.yaml", overrides.as_str()), ("t.yaml", tasks.as_str())];
    let sources = SourceTree::of(files);
    let model = frontend::understand(&sources, &mut Diagnostics::new()).model;
    assert!(model.units.len() == 40 && model.units.iter().all(|unit| unit.overrides.len() == 30));
    let mut found = Diagnostics::new();
    lint::model(&model, &mut found);
    assert_eq!(found.len(), 30);
    let result = compile(&sources);
    assert_eq!(result.diags.iter().filter(|d| d.code == Code::UnknownPlace).count(), 30);
    assert!(result.plan.iter().all(|built| built.rendered.effects.reaching().next().is_none()));
}
