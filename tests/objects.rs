//! No object of a file that a task names is lost: it is in the output, or a message names it.
//!
//! Files of objects and tasks over them are generated. The oracle is a model of its own: it keeps what was put into each
//! file, and knows of the compiler only its output and its messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fleetcron::compile::compile;

use crate::support::{self, Files};

/// A small generator of numbers (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: &'static str,
    name: String,
    content: u64,
}

impl Object {
    /// Its members after `kind`, in flow style.
    fn body(&self) -> String {
        let (name, content) = (&self.name, self.content);
        match self.kind {
            "CronJob" => format!(
                "metadata: {{name: {name}}}, spec: {{schedule: \"{content} 3 * * *\", timeZone: Etc/UTC, jobTemplate: {{spec: \
                 {{activeDeadlineSeconds: 60, template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: \
                 \"registry.example.com/c:1\"}}]}}}}}}}}}}"
            ),
            "ConfigMap" => format!("data: {{content: \"{content}\"}}, metadata: {{name: {name}}}"),
            _ => format!("metadata: {{name: {name}, labels: {{content: \"{content}\"}}}}"),
        }
    }

    fn version(&self) -> &'static str {
        if self.kind == "CronJob" { "batch/v1" } else { "v1" }
    }

    fn text(&self) -> String {
        format!("{{apiVersion: {}, kind: {}, {}}}", self.version(), self.kind, self.body())
    }
}

/// A file of objects, spelled as documents, as a list, or as lists of one kind.
fn spelled(objects: &[Object], form: u64) -> String {
    let mut text = String::new();
    match form {
        0 => objects.iter().for_each(|object| writeln!(text, "---\n{}", object.text()).expect("text")),
        1 => {
            text.push_str("apiVersion: v1\nkind: List\nitems:\n");
            objects.iter().for_each(|object| writeln!(text, "- {}", object.text()).expect("text"));
        }
        _ => {
            for object in objects {
                let (version, kind, body) = (object.version(), object.kind, object.body());
                writeln!(text, "---\napiVersion: {version}\nkind: {kind}List\nitems: [{{{body}}}]").expect("text");
            }
        }
    }
    text
}

struct Task {
    /// The file and the CronJob in it.
    cron_job: Option<(usize, Object)>,
    object_name: bool,
    resources: Vec<usize>,
}

#[test]
fn every_object_of_a_named_file_is_in_the_output_or_in_a_message() {
    let (mut fine, mut wrong) = (0, 0);
    for seed in 0..1000 {
        let mut numbers = Numbers(seed);
        let files: Vec<Vec<Object>> = (0..3)
            .map(|_| {
                let mut objects: Vec<Object> = (0..1 + numbers.below(4))
                    .map(|_| {
                        let kind = ["ConfigMap", "ServiceAccount", "ConfigMap", "CronJob"][numbers.below(4) as usize];
                        let name = format!("{}{}", kind.to_lowercase(), numbers.below(3));
                        Object { kind, name, content: numbers.below(5) / 4 }
                    })
                    .collect();
                // What two objects of one name in one file mean is not asked here.
                let mut seen = BTreeSet::new();
                objects.retain(|object| seen.insert((object.kind, object.name.clone())));
                objects
            })
            .collect();
        let tasks: Vec<Task> = (0..1 + numbers.below(3))
            .map(|_| {
                let file = numbers.below(3) as usize;
                let jobs: Vec<&Object> = files[file].iter().filter(|object| object.kind == "CronJob").collect();
                let pick = if jobs.is_empty() { None } else { Some(jobs[numbers.below(jobs.len() as u64) as usize]) };
                let resources = (0..3).filter(|_| numbers.below(3) == 0).collect();
                Task { cron_job: pick.map(|job| (file, job.clone())), object_name: numbers.below(3) == 0, resources }
            })
            .collect();
        let mut repo: Files = vec![(
            "fleet.yaml".to_owned(),
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {defaults: {namespace: ns}}\n---\n\
             apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: c}\n"
                .to_owned(),
        )];
        for (at, objects) in files.iter().enumerate() {
            repo.push((format!("objects/f{at}.yaml"), spelled(objects, numbers.below(3))));
        }
        for (at, task) in tasks.iter().enumerate() {
            let source = match &task.cron_job {
                Some((file, job)) => format!("cronJob: {{file: objects/f{file}.yaml, name: {}}}", job.name),
                None => "schedule: {cron: \"0 3 * * *\", timeZone: Etc/UTC}\n  container: {image: \"registry.example.com/c:1\"}"
                    .to_owned(),
            };
            let own = if task.object_name { format!("\n  objectName: own{at}") } else { String::new() };
            let resources: Vec<String> = task.resources.iter().map(|file| format!("objects/f{file}.yaml")).collect();
            repo.push((
                format!("t{at}.yaml"),
                format!(
                    "apiVersion: fleetcron.dev/v1alpha1\nkind: Task\nmetadata: {{name: task{at}}}\nspec:\n  \
                     placement: {{clusters: \"*\"}}\n  {source}{own}\n  resources: [{}]\n",
                    resources.join(", ")
                ),
            ));
        }
        let compilation = compile(&support::tree(&repo));
        let messages: String = (&compilation.diags).into_iter().map(|said| format!("{}\n", said.message)).collect();
        let show = || {
            let texts: Vec<String> = repo.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
            format!("seed {seed}\n{}\n{messages}", texts.join("\n"))
        };

        // What must be there, by file name, with the content; and whether it can be.
        let taken: BTreeSet<(usize, &Object)> =
            tasks.iter().filter_map(|task| task.cron_job.as_ref()).map(|(file, job)| (*file, job)).collect();
        let mut wanted: BTreeMap<String, (&'static str, u64)> = BTreeMap::new();
        let mut possible = true;
        for (at, task) in tasks.iter().enumerate() {
            let own = if task.object_name { format!("own{at}") } else { format!("task{at}") };
            let (name, content) = match &task.cron_job {
                Some((_, job)) if !task.object_name => (job.name.clone(), job.content),
                Some((_, job)) => (own, job.content),
                None => (own, 0),
            };
            possible &= wanted.insert(format!("c/ns/{name}.cronjob.yaml"), ("CronJob", content)).is_none();
            for file in &task.resources {
                for object in &files[*file] {
                    if object.kind == "CronJob" {
                        possible &= taken.contains(&(*file, object));
                        continue;
                    }
                    let path = format!("c/ns/{}.{}.yaml", object.name, object.kind.to_lowercase());
                    let known = wanted.insert(path, (object.kind, object.content));
                    possible &= known.is_none_or(|known| known == (object.kind, object.content));
                }
            }
        }
        assert_eq!(compilation.diags.has_errors(), !possible, "{}", show());
        if !possible {
            wrong += 1;
            continue;
        }
        fine += 1;
        let output = support::output(&compilation);
        let paths: BTreeSet<&String> = output.keys().collect();
        assert_eq!(paths, wanted.keys().collect::<BTreeSet<_>>(), "{}", show());
        for (path, (kind, content)) in &wanted {
            let text = String::from_utf8_lossy(&output[path]).into_owned();
            let mark = match *kind {
                "CronJob" => format!("schedule: \"{content} 3 * * *\""),
                _ => format!("content: \"{content}\""),
            };
            assert!(text.contains(&mark), "{path}\n{text}\n{}", show());
        }
        // An object of a file that only `cronJob` names goes nowhere, so a message names it.
        for (file, _) in &taken {
            if tasks.iter().any(|task| task.resources.contains(file)) {
                continue;
            }
            for object in files[*file].iter().filter(|object| !taken.contains(&(*file, object))) {
                assert!(messages.contains(&format!("{} `{}`", object.kind, object.name)), "{}", show());
            }
        }
    }
    assert!(fine > 100 && wrong > 100, "{fine} that compile and {wrong} that do not say something");
}
