//! Updates that the API server refuses, and deletions that take more with them: `diff` names them before the numbers, and
//! the guard counts them.

use serde_json::Value;

use super::{edit, hint};
use crate::git::{Repo, task};
use crate::support::{fine, grumbled, said, wrong};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: billing}\n";
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: reader}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n\
    subjects: [{kind: ServiceAccount, name: rollup, namespace: billing}]\n";
const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n";
const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ntype: Opaque\nstringData: {token: not-real}\n";
const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: store}\n\
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 10Gi}}}\n";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata: {name: gadgets.example.com}\n\
    spec: {group: example.com, scope: Namespaced, names: {kind: Gadget, plural: gadgets}, \
    versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n";
const GADGET: &str = "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: wheel}\n";

/// A repository whose task `rollup` brings an object, and whose task `report` stays beside it.
fn with(object: &str) -> Repo {
    let repo = Repo::new();
    repo.put("tasks/object.yaml", object);
    repo.put("tasks/wheel.yaml", GADGET);
    repo.put("tasks/rollup.yaml", &(task("rollup", "1.4") + "  resources: [object.yaml]\n"));
    repo.put("tasks/report.yaml", &(task("report", "2.0") + "  resources: [wheel.yaml]\n"));
    repo.build();
    repo.commit("with an object");
    repo
}

/// What `diff` tells above the numbers, its lines joined, and its result as JSON.
fn told(repo: &Repo) -> (String, Value) {
    let text = said(&repo.run(&["diff"]));
    let json = serde_json::from_str::<Value>(&said(&repo.run(&["diff", "--format", "json"]))).expect("JSON");
    let top = text.split(" touched, ").next().expect("a part").split_whitespace().collect::<Vec<&str>>().join(" ");
    (top, json["result"].clone())
}

/// The field whose change the API server refuses is named, and the object counts as deleted on each cluster.
#[track_caller]
fn refuses(object: &str, (old, new): (&str, &str), words: &str, field: &str) {
    let repo = with(object);
    edit(&repo, "tasks/object.yaml", old, new);
    let (top, json) = told(&repo);
    assert!(top.contains("refused updates, and deletions that take more with them") && top.contains(words), "{top}");
    assert_eq!(json["refusedUpdates"][0]["fields"], serde_json::json!([field]), "{json}");
    assert_eq!(json["refusedUpdates"][0]["tasks"], serde_json::json!(["billing/rollup"]));
    let markdown = said(&repo.run(&["diff", "--format", "markdown"]));
    assert!(markdown.contains("**Refused updates, and deletions that take more with them**"), "{markdown}");
    // Each of the three clusters has three objects of tasks more.
    repo.put("fleetcron.yaml", &super::fleet_document("{guards: {deletions: {percent: 10, min: 1}}}"));
    let stopped = wrong(&repo.run(&["build"]), 1);
    assert!(stopped.contains("error[deletions]: eu-1: 1 of "), "{stopped}");
    assert!(stopped.contains("warning[update-refused]: the API server refuses the update of "), "{stopped}");
    fine(&repo.run(&["build", "--allow-deletions", &hint(&stopped)]));
}

#[test]
fn another_role_ref_is_a_refused_update() {
    let words = "the API server refuses the update of RoleBinding billing/reader on 3 clusters";
    refuses(BINDING, ("kind: Role, name: reader", "kind: Role, name: writer"), words, "roleRef");
}

#[test]
fn other_data_of_an_immutable_config_map_is_a_refused_update() {
    let fixed = format!("{SETTINGS}immutable: true\n");
    refuses(&fixed, ("level: info", "level: debug"), "data cannot change", "data");
    refuses(&fixed, ("immutable: true", "immutable: false"), "immutable cannot change", "immutable");
}

#[test]
fn another_type_of_a_secret_is_a_refused_update() {
    refuses(SECRET, ("type: Opaque", "type: example.com/token"), "type cannot change", "type");
}

#[test]
fn a_smaller_claim_is_a_refused_update() {
    let field = "spec.resources.requests.storage";
    refuses(CLAIM, ("10Gi", "5Gi"), "spec.resources.requests.storage cannot get smaller", field);
    refuses(CLAIM, ("fast", "slow"), "spec.storageClassName cannot change", "spec.storageClassName");
}

#[test]
fn an_update_that_is_accepted_says_nothing() {
    let cases = [
        (SETTINGS, "level: info", "level: debug"),
        (SECRET, "not-real", "not-real-either"),
        (CLAIM, "10Gi", "20Gi"),
        (CLAIM, "10Gi", "10240Mi"),
        (BINDING, "name: rollup", "name: report"),
    ];
    for (object, old, new) in cases {
        let repo = with(object);
        edit(&repo, "tasks/object.yaml", old, new);
        let (top, json) = told(&repo);
        assert!(!top.contains("refused updates"), "{top}");
        assert_eq!(json["refusedUpdates"], serde_json::json!([]));
        assert_eq!(json["deletions"]["words"], serde_json::json!([]));
        let built = repo.run(&["build"]);
        fine(&built);
        assert!(!grumbled(&built).contains("update-refused"), "{}", grumbled(&built));
    }
}

#[test]
fn a_namespace_that_goes_while_another_task_stays_in_it_is_held() {
    let repo = with(NAMESPACE);
    repo.git(&["rm", "-q", "tasks/rollup.yaml", "tasks/object.yaml"]);
    let (top, json) = told(&repo);
    let words = "Namespace billing is deleted from 3 clusters (eu-1, us-1, us-2): everything in it is deleted with it; \
                 the output still has 6 objects of that (of task billing/report)";
    assert!(top.contains(words), "{top}");
    assert_eq!(json["cascades"][0]["tasks"], serde_json::json!(["billing/report"]));
    assert!(json["cascades"][0]["paths"].to_string().contains("eu-1/billing/report.cronjob.yaml"), "{json}");
    let stopped = wrong(&repo.run(&["build"]), 1);
    assert!(stopped.contains("task billing/report: no copy of it would be left: all its 3 copies"), "{stopped}");
    assert!(stopped.contains("error[deletions]: eu-1: it would be emptied"), "{stopped}");
    assert!(
        stopped.contains("warning[deletion-cascades]: Namespace `billing` is deleted: everything in it"),
        "{stopped}"
    );
    let names = hint(&stopped);
    fine(&repo.run(&["build", "--allow-deletions", &names]));
    repo.git(&["add", "-A"]);
    // The output is up to date; what it was built over still counts.
    assert!(wrong(&repo.run(&["check", "--staged"]), 1).contains("task billing/report: no copy of it would be left"));
    let allowed = repo.run(&["check", "--staged", "--strict", "--allow-deletions", &names]);
    fine(&allowed);
    assert!(grumbled(&allowed).contains("note[deletion-cascades]"), "{}", grumbled(&allowed));
}

#[test]
fn a_namespace_that_is_not_pruned_takes_nothing_with_it() {
    let kept = "metadata: {name: billing, annotations: {argocd.argoproj.io/sync-options: Prune=false}}";
    let repo = with(&NAMESPACE.replace("metadata: {name: billing}", kept));
    edit(&repo, "tasks/rollup.yaml", "  resources: [object.yaml]\n", "");
    let (_, json) = told(&repo);
    assert_eq!(json["cascades"], serde_json::json!([]));
    fine(&repo.run(&["build"]));
}

#[test]
fn a_custom_resource_definition_takes_the_objects_of_its_kind() {
    let repo = with(DEFINITION);
    edit(&repo, "tasks/rollup.yaml", "  resources: [object.yaml]\n", "");
    let (top, json) = told(&repo);
    let words = "CustomResourceDefinition gadgets.example.com is deleted from 3 clusters (eu-1, us-1, us-2): every object \
                 of kind Gadget.example.com is deleted with it; the output still has 3 objects of that (of task \
                 billing/report)";
    assert!(top.contains(words), "{top}");
    assert!(json["cascades"][0]["paths"].to_string().contains("eu-1/billing/wheel.gadget.example.com.yaml"), "{json}");
}

#[test]
fn a_claim_takes_its_data() {
    let repo = with(CLAIM);
    edit(&repo, "tasks/rollup.yaml", "  resources: [object.yaml]\n", "");
    let (top, json) = told(&repo);
    let words = "PersistentVolumeClaim billing/store is deleted from 3 clusters (eu-1, us-1, us-2): its data is deleted \
                 with it, unless the volume has the reclaim policy Retain";
    assert!(top.contains(words), "{top}");
    assert_eq!(json["cascades"][0]["paths"], serde_json::json!([]));
}
