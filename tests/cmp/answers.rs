//! Answers that are given: right, the same everywhere, and without a trace.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Git, Server, argo, cluster, fine, fleet, manifests, path};
use crate::support::{self, Files, grumbled, said};

/// A repository of that many objects, all in one cluster.
fn huge(objects: usize) -> Files {
    let api = "apiVersion: fleetcron.dev/v1alpha1";
    let mut files: Files = vec![(
        "clusters/all.yaml".into(),
        format!(
            "{api}\nkind: Cluster\nmetadata: {{name: eu-1}}\n---\n{api}\nkind: Cluster\nmetadata: {{name: us-1}}\n"
        ),
    )];
    let mut names = Vec::new();
    for (at, first) in (0..objects).step_by(2000).enumerate() {
        let maps = (first..objects.min(first + 2000)).map(|i| {
            format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{i:05}}}\ndata: {{text: \"number {i} of many <&>\"}}\n")
        });
        files.push((format!("tasks/maps-{at}.yaml"), maps.collect()));
        names.push(format!("maps-{at}.yaml"));
    }
    files.push((
        "tasks/task.yaml".into(),
        format!(
            "{api}\nkind: Task\nmetadata: {{name: big, namespace: jobs}}\nspec:\n  placement: {{clusters: [eu-1]}}\n  schedule: {{cron: \"0 3 * * *\", timeZone: Etc/UTC}}\n  container: {{image: \"app:1\"}}\n  resources: [{}]\n",
            names.join(", ")
        ),
    ));
    files
}

#[test]
fn the_answer_is_what_render_prints_and_build_writes() {
    let (files, output) = fleet();
    let server = Server::new();
    let plain = tempfile::tempdir().expect("a folder");
    support::put(plain.path(), &files);
    for name in ["eu-1", "cn-1", "dev-1", "idle-1"] {
        let rendered = support::run(plain.path(), &["render", name]);
        assert!(rendered.status.success(), "{}", grumbled(&rendered));
        let expected: Vec<Value> =
            manifests(&output, name).iter().map(|(_, bytes)| serde_yaml::from_slice(bytes).expect("YAML")).collect();
        let stream: Vec<u8> =
            manifests(&output, name).iter().flat_map(|(_, bytes)| [b"---\n", &bytes[..]].concat()).collect();
        for (at, (application, git)) in
            [(".", Git::Absent), ("clusters", Git::Stub), ("tasks/deep/er", Git::Absent), ("rendered/us-1", Git::Stub)]
                .into_iter()
                .enumerate()
        {
            let copy = server.send(&format!("{name}-{at}"), &files, application, git);
            let answer = server.generate(&copy, &cluster(name));
            assert_eq!(fine(&answer), expected, "{name} from {application}, {git:?}");
            assert!(answer.stdout == rendered.stdout, "{name} from {application}, {git:?}");
            assert!(answer.stdout == stream, "the bytes of {name} are those of its files");
            let grumbled = grumbled(&answer);
            let number = expected.len();
            let objects = if number == 1 { "object" } else { "objects" };
            let version = env!("CARGO_PKG_VERSION");
            let line = format!("fleetcron {version}: {number} {objects} for cluster {name} at 0123456\n");
            assert!(grumbled.ends_with(&line) && !grumbled.contains(path(&copy.top)), "{grumbled}");
        }
    }
}

#[test]
fn who_says_which_cluster_is_said() {
    let (files, output) = fleet();
    let server = Server::new();
    let copy = server.send("a", &files, "clusters/dev-1", Git::Absent);
    let asked = |environment: &[(&str, &str)], parameters: &Value| {
        let mut command = server.command(&copy, "generate", parameters);
        command.envs(environment.iter().copied());
        let answer = command.output().expect("the program starts");
        fine(&answer);
        let name = grumbled(&answer).lines().next().expect("a line").to_owned();
        let cluster = name.strip_prefix("fleetcron: cluster ").and_then(|rest| rest.split(',').next()).expect("a name");
        let stream: Vec<u8> =
            manifests(&output, cluster).iter().flat_map(|(_, bytes)| [b"---\n", &bytes[..]].concat()).collect();
        assert!(answer.stdout == stream, "{name}");
        name
    };
    let environment = [("ARGOCD_ENV_CLUSTER", "cn-1"), ("PARAM_CLUSTER", "idle-1")];
    assert_eq!(asked(&environment, &cluster("eu-1")), "fleetcron: cluster eu-1, as the parameter `cluster` says");
    assert_eq!(asked(&environment, &Value::Null), "fleetcron: cluster cn-1, as ARGOCD_ENV_CLUSTER says");
    assert_eq!(asked(&environment[1..], &Value::Null), "fleetcron: cluster idle-1, as PARAM_CLUSTER says");
    let by_folder = "fleetcron: cluster dev-1, as the last folder of the application's path says";
    assert_eq!(asked(&[], &Value::Null), by_folder);
    assert_eq!(asked(&[], &json!([])), by_folder);
}

#[test]
fn nothing_above_the_copy_counts() {
    let (files, _) = fleet();
    let server = Server::new();
    let copy = server.send("a", &files, "tasks", Git::Stub);
    let alone = server.generate(&copy, &cluster("eu-1"));
    fine(&alone);
    // A fleet and a repository around it, whose rules ignore everything.
    let around = server.home.path().join("tmp");
    let git = crate::git::git;
    git(&around, &["init", "-q"]);
    std::fs::write(around.join(".gitignore"), "*\n").expect("a file");
    let other = vec![
        (
            "fleetcron.yaml".to_owned(),
            "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\nmetadata: {name: other}\nspec: {nonsense: 1}\n"
                .to_owned(),
        ),
        ("_cmp_server/fleetcron.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\nkind: Fleet\n".to_owned()),
    ];
    support::put(&around, &other);
    let surrounded = server.generate(&copy, &cluster("eu-1"));
    assert!(surrounded.stdout == alone.stdout, "{}", grumbled(&surrounded));
    assert_eq!(grumbled(&surrounded), grumbled(&alone));
    // A fleet whose settings stand nowhere begins at the top of its copy, and not above.
    let (bare, _) = super::built(&super::small());
    let copy = server.send("b", &bare, "clusters", Git::Stub);
    fine(&server.generate(&copy, &cluster("eu-1")));
    // The repository's own fleet may lie below its top.
    let below = files.iter().map(|(path, text)| (format!("jobs/{path}"), text.clone())).collect();
    let copy = server.send("c", &below, "jobs/clusters", Git::Absent);
    assert!(server.generate(&copy, &cluster("eu-1")).stdout == alone.stdout);
}

#[test]
fn only_the_tasks_that_were_asked_for() {
    let (files, output) = fleet();
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Absent);
    let with = |tasks: Value| json!([{"name": "cluster", "string": "eu-1"}, {"name": "tasks", "array": tasks}]);
    let one = server.generate(&copy, &with(json!(["template"])));
    let files = ["eu-1/batch/template-config.configmap.yaml", "eu-1/batch/template.cronjob.yaml"];
    let stream: Vec<u8> = files.iter().flat_map(|file| [b"---\n", &output[*file][..]].concat()).collect();
    fine(&one);
    assert_eq!(said(&one), String::from_utf8(stream).expect("text"));
    let two = server.generate(&copy, &with(json!(["billing/hostile", "existing"])));
    let kinds: Vec<Value> = fine(&two).iter().map(|object| object["metadata"]["name"].clone()).collect();
    assert_eq!(kinds, ["existing", "hostile"]);
}

#[test]
fn a_cluster_that_is_idle_has_its_marker() {
    let (files, _) = fleet();
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Absent);
    let objects = fine(&server.generate(&copy, &cluster("idle-1")));
    let names: Vec<&str> = objects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect();
    assert_eq!(names, ["fleetcron-idle-1"]);
}

#[test]
fn a_run_leaves_no_trace_and_neither_does_a_killed_one() {
    let (files, _) = super::built(&huge(2500));
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Stub);
    let before = server.standing();
    let whole = server.generate(&copy, &cluster("eu-1"));
    assert_eq!(fine(&whole).len(), 2501);
    assert!(whole.stdout.len() > 200_000, "more than a pipe takes at once");
    assert!(before == server.standing(), "a run writes nothing");
    for moment in 0..8 {
        let mut command = server.command(&copy, "generate", &cluster("eu-1"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        if moment % 2 == 1 {
            // Its first byte is there, and nobody reads the others: it is writing.
            let mut first = [0];
            child.stdout.as_mut().expect("a pipe").read_exact(&mut first).expect("a byte");
            assert_eq!(&first, b"-");
        }
        child.kill().expect("a signal");
        assert!(!child.wait().expect("an end").success(), "it was killed");
        assert!(before == server.standing(), "a killed run leaves nothing");
    }
}

#[test]
fn twenty_thousand_objects_pass_and_too_many_bytes_are_refused() {
    let (files, output) = super::built(&huge(20_000));
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Absent);
    let answer = server.generate(&copy, &cluster("eu-1"));
    assert!(answer.status.success(), "{}", grumbled(&answer));
    let names = argo(&answer.stdout).expect("an answer").len();
    assert_eq!((names, manifests(&output, "eu-1").len()), (20_001, 20_001));
    let mut command = server.command(&copy, "generate", &cluster("eu-1"));
    let small = command.env("ARGOCD_GRPC_MAX_SIZE_MB", "1").output().expect("the program starts");
    let said = super::refused(&small, &copy);
    assert!(
        said.starts_with("error: the 20001 objects of this cluster are ") && said.contains("Argo CD sends 1 MB"),
        "{said}"
    );
    assert!(said.contains("commit the rendered manifests"), "{said}");
}

#[test]
fn many_at_once_answer_alike() {
    let (files, _) = fleet();
    let server = Server::new();
    let copies: Vec<_> = (0..8).map(|i| server.send(&format!("copy-{i}"), &files, "tasks", Git::Stub)).collect();
    let children: Vec<_> = copies
        .iter()
        .enumerate()
        .map(|(at, copy)| {
            let mut command = server.command(copy, "generate", &cluster("eu-1"));
            // However many threads are asked for, in whatever words.
            command.env("RAYON_NUM_THREADS", ["1", "3", "0", "many", "100000", "", "-1", "8"][at]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
        })
        .collect();
    let answers: Vec<_> = children.into_iter().map(|child| child.wait_with_output().expect("an end")).collect();
    for answer in &answers {
        fine(answer);
        assert!(answer.stdout == answers[0].stdout);
        assert_eq!(answer.stderr, answers[0].stderr);
    }
}

#[test]
fn another_kubernetes_than_the_inventory_says_is_told_and_changes_nothing() {
    let (files, _) = fleet();
    let said = |text: &str| {
        text.replace("  timeZone: Europe/Dublin\n", "  timeZone: Europe/Dublin\n  kubernetesVersion: \"1.33\"\n")
    };
    let (files, _) = super::built(&files.iter().map(|(path, text)| (path.clone(), said(text))).collect());
    let server = Server::new();
    let copy = server.send("a", &files, ".", Git::Absent);
    let with = |version: &str| {
        let mut command = server.command(&copy, "generate", &cluster("eu-1"));
        let answer = command.env("KUBE_VERSION", version).output().expect("the program starts");
        fine(&answer);
        (answer.stdout.clone(), grumbled(&answer).contains("runs Kubernetes"))
    };
    let (same, quiet) = with("v1.33.4");
    assert!(!quiet);
    for (version, noted) in
        [("1.31", true), ("v1.34+", true), ("1.33", false), ("", false), ("one", false), ("1", false)]
    {
        assert_eq!(with(version), (same.clone(), noted), "{version}");
    }
}

#[test]
fn parameters_are_offered_with_the_clusters_there_are() {
    let (files, _) = fleet();
    let server = Server::new();
    let offered = |copy: &super::Copy| -> Value {
        let answer = server.command(copy, "parameters", &Value::Null).output().expect("the program starts");
        assert!(answer.status.success(), "{}", grumbled(&answer));
        serde_json::from_slice(&answer.stdout).expect("JSON")
    };
    let found = offered(&server.send("a", &files, ".", Git::Stub));
    let names: Vec<&Value> = found.as_array().expect("an array").iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(names, ["cluster", "tasks"]);
    for parameter in found.as_array().expect("an array") {
        // The members that Argo CD knows (`ParameterAnnouncement`).
        let known = ["name", "title", "tooltip", "required", "itemType", "collectionType", "string", "array", "map"];
        assert!(
            parameter.as_object().expect("an object").keys().all(|key| known.contains(&key.as_str())),
            "{parameter}"
        );
    }
    assert_eq!((&found[0]["collectionType"], &found[0]["required"]), (&json!("string"), &json!(true)));
    assert!(found[0]["tooltip"].as_str().is_some_and(|text| text.ends_with("There are: cn-1, dev-1, eu-1, idle-1.")));
    assert!(
        found[1]["tooltip"]
            .as_str()
            .is_some_and(|text| text.ends_with("There are: existing, template, billing/hostile.")),
        "{found}"
    );
    let found = offered(&server.send("b", &files, "clusters/eu-1", Git::Absent));
    assert_eq!((&found[0]["string"], &found[0]["required"]), (&json!("eu-1"), &json!(false)));
    // Argo CD sends no default, so one that would not count is not shown, be it the only cluster there is.
    let one = "apiVersion: fleetcron.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n";
    let found = offered(&server.send("e", &vec![("clusters/all.yaml".to_owned(), one.to_owned())], ".", Git::Absent));
    assert_eq!((&found[0]["string"], &found[0]["required"]), (&json!(""), &json!(true)));
    // What is broken, or missing, is no reason to show nothing.
    let broken = vec![("clusters/all.yaml".to_owned(), "apiVersion: fleetcron.dev/v1alpha1\nkind: [\n".to_owned())];
    for (uuid, files) in [("c", broken), ("d", Vec::new())] {
        let found = offered(&server.send(uuid, &files, ".", Git::Absent));
        assert_eq!((found[0]["name"].as_str(), found[1]["name"].as_str()), (Some("cluster"), Some("tasks")));
    }
}
