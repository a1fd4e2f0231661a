//! What is installed into Argo CD: it parses, it fits together, and it runs commands that exist.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/argocd")
}

fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).expect(name);
    serde_yaml::from_str(&text).expect(name)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[test]
fn the_plugin_runs_commands_that_there_are() {
    let plugin = yaml("plugin.yaml");
    assert_eq!(plugin["apiVersion"], "argoproj.io/v1alpha1");
    assert_eq!(plugin["kind"], "ConfigManagementPlugin");
    assert_eq!(plugin["metadata"]["name"], "fleetcron");
    assert!(plugin["spec"].get("discover").is_none(), "it is named, and never discovered");
    for command in [&plugin["spec"]["generate"]["command"], &plugin["spec"]["parameters"]["dynamic"]["command"]] {
        let words = texts(command);
        // Without a shell: the first word is the program.
        assert_eq!(words.first(), Some(&"/usr/local/bin/fleetcron"), "{words:?}");
        let mut help = Command::new(env!("CARGO_BIN_EXE_fleetcron"));
        let output = help.args(&words[1..]).arg("--help").output().expect("the program starts");
        assert!(output.status.success(), "{words:?}");
    }
}

#[test]
fn the_sidecar_is_what_argo_cd_asks_of_one() {
    let patch = yaml("repo-server-patch.yaml");
    let pod = &patch["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["command"][0], "/var/run/argocd/argocd-cmp-server");
    assert_eq!(container["securityContext"]["runAsUser"], 999);
    assert_eq!(container["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    let mounts = container["volumeMounts"].as_array().expect("mounts");
    let at = |path: &str| mounts.iter().find(|mount| mount["mountPath"] == path).map(|mount| mount["name"].clone());
    assert_eq!(at("/var/run/argocd"), Some("var-files".into()));
    assert_eq!(at("/home/argocd/cmp-server/plugins"), Some("plugins".into()));
    let config = at("/home/argocd/cmp-server/config/plugin.yaml").expect("the plugin is mounted");
    let own = at("/tmp").expect("a folder of its own");
    let volume =
        |name: &Value| pod["volumes"].as_array().and_then(|all| all.iter().find(|volume| volume["name"] == *name));
    assert!(volume(&own).is_some_and(|volume| volume["emptyDir"].is_object()));
    let map = volume(&config).map(|volume| volume["configMap"]["name"].clone()).expect("a ConfigMap");
    let kustomization = yaml("kustomization.yaml");
    let generated = &kustomization["configMapGenerator"][0];
    assert_eq!(generated["name"], map);
    assert_eq!(texts(&generated["files"]), ["plugin.yaml"]);
}

#[test]
fn kustomize_puts_it_together() {
    let output = Command::new("kubectl").env("KUBECONFIG", "/dev/null").arg("kustomize").arg(folder()).output();
    let Ok(output) = output else {
        println!("SKIPPED: kubectl is not installed; integrations/argocd was not built");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let objects: Vec<Value> = serde_yaml::Deserializer::from_slice(&output.stdout)
        .map(|document| serde::Deserialize::deserialize(document).expect("an object"))
        .collect();
    let map = objects.iter().find(|object| object["kind"] == "ConfigMap").expect("the plugin");
    let plugin: Value = serde_yaml::from_str(map["data"]["plugin.yaml"].as_str().expect("text")).expect("YAML");
    assert_eq!(plugin, yaml("plugin.yaml"));
    let server = objects.iter().find(|object| object["metadata"]["name"] == "argocd-repo-server").expect("the server");
    let pod = &server["spec"]["template"]["spec"];
    let names: Vec<&Value> = pod["containers"].as_array().expect("containers").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["fleetcron", "argocd-repo-server"], "the sidecar stands beside what was there");
    let volume = pod["volumes"].as_array().and_then(|all| all.iter().find(|volume| volume.get("configMap").is_some()));
    // A changed plugin.yaml gives another name, and so a new pod that reads it.
    assert_eq!(volume.expect("a volume")["configMap"]["name"], map["metadata"]["name"]);
}

/// The YAML blocks of a page, document by document.
fn shown(page: &str) -> Vec<Value> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect(page);
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match &mut open {
            None if line.trim_start() == "```yaml" => open = Some((indent, String::new())),
            None => {}
            Some(_) if line.trim_start() == "```" => blocks.extend(open.take().map(|(_, block)| block)),
            Some((indent, block)) => {
                block.push_str(line.get(*indent..).unwrap_or_default());
                block.push('\n');
            }
        }
    }
    let documents = blocks.iter().flat_map(|block| serde_yaml::Deserializer::from_str(block));
    documents.map(|document| serde::Deserialize::deserialize(document).expect(page)).collect()
}

#[test]
fn what_the_pages_show_deletes_nothing_by_mistake() {
    let argo: Vec<Value> = [shown("docs/argocd.md"), shown("integrations/argocd/README.md")].concat();
    let flux = shown("docs/flux.md");
    let of_kind = |all: &[Value], kind: &str| -> Vec<Value> {
        all.iter().filter(|object| object["kind"] == kind).cloned().collect()
    };
    let [set] = &of_kind(&argo, "ApplicationSet")[..] else { panic!("one ApplicationSet is shown") };
    assert_eq!(set["spec"]["syncPolicy"]["applicationsSync"], "create-update");
    assert_eq!(set["spec"]["syncPolicy"]["preserveResourcesOnDeletion"], true);
    assert_eq!(set["spec"]["template"]["spec"]["source"]["directory"]["recurse"], true);
    assert_eq!(set["spec"]["template"]["spec"]["syncPolicy"]["automated"]["allowEmpty"], false);
    let [application] = &of_kind(&argo, "Application")[..] else { panic!("one Application is shown") };
    assert_eq!(application["spec"]["source"]["plugin"]["name"], yaml("plugin.yaml")["metadata"]["name"]);
    assert_eq!(application["spec"]["source"]["plugin"]["parameters"][0]["name"], "cluster");
    assert_eq!(application["spec"]["syncPolicy"]["automated"]["allowEmpty"], false);
    let install = &of_kind(&argo, "Kustomization")[0];
    let own = yaml("kustomization.yaml");
    for member in ["configMapGenerator", "patches", "images", "namespace"] {
        assert_eq!(install[member], own[member], "{member} of what is shown is that of the folder");
    }
    let [kustomization] = &of_kind(&flux, "Kustomization")[..] else { panic!("one Kustomization is shown") };
    assert_eq!((&kustomization["spec"]["prune"], kustomization["spec"].get("force")), (&true.into(), None));
    assert_eq!(kustomization["spec"]["sourceRef"]["name"], of_kind(&flux, "GitRepository")[0]["metadata"]["name"]);
}
