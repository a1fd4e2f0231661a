//! What a POST accepts and server-side apply refuses: duplicate items of lists that are maps or sets
//! (`sigs.k8s.io/structured-merge-diff`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::at::At;
use super::found::Found;
use crate::diag::{Code, Severity};
use crate::validate::{FindingKind, Schema};

/// Lists of a pod that are maps, with their key.
const POD_LISTS: [(&str, &str); 2] = [("imagePullSecrets", "name"), ("hostAliases", "ip")];

/// A whole object.
pub(crate) fn object(object: &At<'_>, schema: Schema, found: &mut Found) {
    for (field, value) in [("apiVersion", schema.group_version().unwrap_or_default()), ("kind", schema.name())] {
        if object.words(field).is_empty() {
            let message = format!("`{field}` is missing, and server-side apply needs it");
            found
                .add(object, Code::ApplyRefused, FindingKind::Apply, message)
                .at_key()
                .help(format!("write `{field}: {value}`"));
        }
    }
    if let Some(spec) = object.get("spec")
        && let Some(job) = spec.get("jobTemplate")
    {
        template(&job, found);
        if let Some(job) = job.get("spec")
            && let Some(pod) = job.get("template")
        {
            template(&pod, found);
        }
    }
    let Some(metadata) = object.get("metadata") else { return };
    if let Some(fields) = metadata.get("managedFields") {
        let message = "`managedFields` are the API server's own, and server-side apply refuses them".to_owned();
        found.add(&fields, Code::ApplyRefused, FindingKind::Apply, message).at_key().help("leave them out");
    }
    if let Some(uid) = metadata.get("uid").filter(|_| !metadata.words("uid").is_empty()) {
        let message =
            "an object with a `uid` is that object and no new one, and server-side apply refuses to make it".to_owned();
        found.add(&uid, Code::ApplyRefused, FindingKind::Apply, message).at_key().help("leave it out");
    }
    if let Some(version) = metadata.get("resourceVersion").filter(|_| !metadata.words("resourceVersion").is_empty()) {
        // `Create` in `k8s.io/apiserver/pkg/storage/etcd3/store.go`, to which a dry run does not come.
        let message = "an object with a `resourceVersion` cannot be made, only changed";
        let finding = found.refuse(&version, message).at_key();
        finding.help("leave it out: the API server writes it").severity = Severity::Warning;
    }
    twice(&metadata, "finalizers", |item| item.value().as_str().map(str::to_owned), found);
    twice(&metadata, "ownerReferences", |item| item.text("uid").map(str::to_owned), found);
}

/// The owners in the metadata of a template, of which nothing else is asked: they are copied nowhere.
fn template(template: &At<'_>, found: &mut Found) {
    let Some(metadata) = template.get("metadata") else { return };
    for owner in metadata.items("ownerReferences").filter(|owner| !owner.has("uid")) {
        let message = "`uid` is missing, by which server-side apply knows an owner".to_owned();
        found.add(&owner, Code::ApplyRefused, FindingKind::Apply, message).at_key().help("leave out the owner");
    }
    twice(&metadata, "ownerReferences", |item| item.text("uid").map(str::to_owned), found);
}

/// The lists of a pod and its containers.
pub(super) fn pod(pod: &At<'_>, found: &mut Found) {
    for (list, key) in POD_LISTS {
        // The key of `imagePullSecrets` has a default, the empty name.
        twice(pod, list, |item| item.text(key).or((key == "name").then_some("")).map(str::to_owned), found);
    }
    for list in ["containers", "initContainers"] {
        for container in pod.items(list) {
            twice(&container, "env", |item| item.text("name").map(str::to_owned), found);
            let port = |item: &At<'_>| {
                let protocol = item.text("protocol").filter(|text| !text.is_empty()).unwrap_or("TCP");
                Some(format!("{}/{protocol}", item.number("containerPort")?))
            };
            twice(&container, "ports", port, found);
            if let Some(resources) = container.get("resources") {
                twice(&resources, "claims", |item| claim(item, resources.list("claims")), found);
            }
        }
    }
}

/// The name of a claim, of which another request is named elsewhere; what is named twice in whole every server refuses.
fn claim(item: &At<'_>, all: &[Value]) -> Option<String> {
    let of = |claim: &Value, field: &str| claim.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, request) = (of(item.value(), "name"), of(item.value(), "request"));
    let same = |other: &&Value| {
        of(other, "name") == name && (of(other, "request") == request || of(other, "request").is_empty())
    };
    (!request.is_empty() && all.iter().filter(same).count() == 1).then_some(name)
}

fn twice(at: &At<'_>, list: &str, key: impl Fn(&At<'_>) -> Option<String>, found: &mut Found) {
    if at.list(list).len() < 2 {
        return;
    }
    let mut known = BTreeSet::new();
    for item in at.items(list) {
        let Some(key) = key(&item) else { continue };
        if known.contains(&key) {
            let what = if key.is_empty() { "an empty name".to_owned() } else { format!("`{}`", super::shown(&key)) };
            let message = format!("{what} stands in `{list}` twice, and server-side apply refuses that");
            found.add(&item, Code::ApplyRefused, FindingKind::Apply, message).help("leave out one of the two");
        }
        known.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::validate::SCHEMA_VERSION;
    use serde_json::json;

    #[test]
    fn nothing_stands_in_a_list_twice() {
        let container = json!({
            "env": [{"name": "A"}, {"name": "B"}, {"name": "A"}],
            "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "protocol": "TCP"}],
        });
        let spec = json!({"containers": [container], "imagePullSecrets": [{"name": "a"}, {}, {"name": "a"}]});
        assert_eq!(found_by(spec, pod), ["/imagePullSecrets/2", "/containers/0/env/2", "/containers/0/ports/2"]);
    }

    #[test]
    fn a_key_may_be_a_default_or_a_part() {
        let secrets = |second: Value| found_by(json!({"imagePullSecrets": [{}, second]}), pod).len();
        assert_eq!([secrets(json!({})), secrets(json!({"name": ""})), secrets(json!({"name": "a"}))], [1, 1, 0]);
        let claims = |first: &str, second: &str| {
            let claims = json!([{"name": "c", "request": first}, {"name": "c", "request": second}]);
            found_by(json!({"containers": [{"resources": {"claims": claims}}]}), pod)
        };
        assert_eq!(claims("a", "b"), ["/containers/0/resources/claims/1"]);
        assert_eq!([claims("a", "a"), claims("a", "")], [NONE, NONE]);
    }

    #[test]
    fn an_owner_of_a_template_needs_an_uid_to_be_applied() {
        let owners = |owners: Value| found_by(json!({"metadata": {"ownerReferences": owners}}), template);
        assert_eq!(owners(json!([{"uid": "a"}, {"uid": "b"}])), NONE);
        assert_eq!(
            owners(json!([{}, {"uid": "b"}, {"uid": "b"}])),
            [0, 2].map(|at| format!("/metadata/ownerReferences/{at}"))
        );
    }

    /// `k8s.io/apiserver/pkg/storage/etcd3.Create`
    #[test]
    fn create() {
        let mut found = Found::new(SCHEMA_VERSION);
        let given = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"resourceVersion": "1"}});
        object(&At::root(&given), Schema::cronjob(), &mut found);
        let said = found.into_findings().into_iter().map(|finding| (finding.pointer, finding.severity));
        assert_eq!(said.collect::<Vec<_>>(), [("/metadata/resourceVersion".to_owned(), Severity::Warning)]);
    }

    #[test]
    fn what_the_server_writes_nobody_applies() {
        let whole = |value| found_by(value, |at, found| object(at, Schema::cronjob(), found));
        let metadata = json!({"uid": "u", "managedFields": [], "finalizers": ["a.b/c", "a.b/c"]});
        let given = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata});
        assert_eq!(whole(given), ["/metadata/managedFields", "/metadata/uid", "/metadata/finalizers/1"]);
        assert_eq!(whole(json!({"kind": ""})), ["", ""]);
    }
}
